# The database is somebody else's too.
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
like(sql($query), $answer, 'and is sound');
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
    cmp_ok($answer->{seconds}, '<', 8, "$what does not wait for ever");
    like(header($answer, 'Retry-After') // '', qr/^[1-9]\d*$/,
         "$what says when to come again");
    like($answer->{body}, qr/"code":"serviceUnavailable"/, "$what says why");
    unlike($answer->{body}, qr/sql|database|locked/i, "$what tells no more");
}
# Who waits for another's turn does not get as far as the lock.
log_expect('EDU0002: .* 503 .*kept the request waiting too long');
my $locked = database()->{locked};
ok(log_await($mark, "EDU\\d{4}: .* 503 .*$locked"), 'the log tells more');
is(request(GET => $path)->{status}, 200, 'reading goes on');
unlock_tables();
is(create()->{status}, 201, 'writing goes on when the lock is gone');
is(request(PATCH => $path, [$JSON_TYPE], '{"points": {"points": 1}}')->{status},
   200, 'also of what was refused');

# A lock that goes away in time is only waited for.
my @answers = crowd(1, sub { create()->{status} }, sub {
    lock_tables();
    select undef, undef, undef, 0.5;
    unlock_tables();
});
is("@answers", '201', 'a short lock is waited for');

# Somebody changes the schema below statements that are prepared already, on
# every connection of every child.
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
is(join(' ', sort keys %seen), '200 201', 'a change of schema is not noticed');

done_testing;
