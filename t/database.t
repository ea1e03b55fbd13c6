# Other programs lock the database, and change its schema.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;
use Time::HiRes 'time';

my $collection =
    '/v1.0/education/classes/database/assignments/a/submissions/s/outcomes';
my $JSON_TYPE = ['Content-Type', 'application/json'];

sub create {
    return request(POST => $collection, [$JSON_TYPE],
        '{"@odata.type": "#microsoft.graph.educationPointsOutcome"}');
}

my $first = create();
is($first->{status}, 201, 'the database works');
my ($query, $answer) = database()->{sound}->@*;
like(sql($query), $answer, 'the database is sound');
my $path = path_of($first);

my %write = (
    POST   => \&create,
    PATCH  => sub { request(PATCH => $path, [$JSON_TYPE],
                            '{"points": {"points": 1}}') },
    DELETE => sub { request(DELETE => $path) },
);
lock_tables();
my $mark = log_mark();
my @refusals = crowd(scalar keys %write, sub {
    my $method = (sort keys %write)[$_[0] - 1];
    my $began = time;
    my $answer = $write{$method}->();
    return JSON::PP::encode_json({ %$answer, method => $method,
                                   seconds => time - $began });
});
for (@refusals) {
    my $answer = JSON::PP::decode_json($_);
    my $what = $answer->{method};
    is($answer->{status}, 503, "$what in a locked database is refused");
    cmp_ok($answer->{seconds}, '<', 8,
           "$what in a locked database is refused in time");
    like(header($answer, 'Retry-After') // '', qr/^[1-9]\d*$/,
         "$what in a locked database is told Retry-After");
    like($answer->{body}, qr/"code":"serviceUnavailable"/,
         "$what in a locked database gets serviceUnavailable");
    unlike($answer->{body}, qr/sql|database|locked/i,
           "$what in a locked database learns nothing of it");
}
# A request that waits for the writer lock does not get as far as the database's.
log_expect('EDU0002: .* 503 .*kept the request waiting too long');
my $locked = database()->{locked};
ok(log_await($mark, "EDU\\d{4}: .* 503 .*$locked"),
   'the log says that the database is locked');
is(request(GET => $path)->{status}, 200,
   'reading goes on in a locked database');
unlock_tables();
is(create()->{status}, 201, 'writing goes on when the lock is gone');
is(request(PATCH => $path, [$JSON_TYPE], '{"points": {"points": 1}}')->{status},
   200, 'a refused change succeeds when the lock is gone');

# A lock that goes away in time is only waited for.
my @answers = crowd(1, sub { create()->{status} }, sub {
    lock_tables();
    select undef, undef, undef, 0.5;
    unlock_tables();
});
is("@answers", '201', 'a write waits for a short lock');

# The schema changes below statements that are already prepared, on every
# connection of every child.
my @statuses = crowd(8, sub {
    my ($number, $running) = @_;
    my %seen;
    while ($running->()) {
        $seen{ create()->{status} }++;
        $seen{ request(GET => $path)->{status} }++;
        $seen{ request(GET => $collection)->{status} }++;
    }
    return keys %seen;
}, sub {
    for my $change (map { ("CREATE TABLE other_$_ (x INTEGER)",
                           "DROP TABLE other_$_") } 1 .. 5) {
        select undef, undef, undef, 0.2;
        sql($change);
    }
});
my %seen = map { $_ => 1 } @statuses;
is(join(' ', sort keys %seen), '200 201',
   'no request notices a change of schema');

done_testing;
