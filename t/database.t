# The database is somebody else's too.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Apache::Test ();
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use IPC::Open2 'open2';
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

# A shell on the server's database; returns what a statement printed.
my $file = Apache::Test::config()->{vars}{t_logs} . '/outcomes.db';
my $shell = open2(my $out, my $in, 'sqlite3', '-batch', $file);
$in->autoflush;
sub sql {
    my ($statement) = @_;
    print {$in} "$statement;\n.print done\n";
    my $text = '';
    while (defined(my $line = <$out>) ) {
        return $text if $line eq "done\n";
        $text .= $line;
    }
    die "sqlite3 is gone\n";
}

my $first = create();
is($first->{status}, 201, 'the database works');
is(sql('PRAGMA integrity_check'), "ok\n", 'and is sound');
is(sql('PRAGMA journal_mode'), "wal\n", 'its readers do not wait for writers');
my ($path) = header($first, 'Location') =~ m{^http://[^/]+(/.*)};

my %write = (
    POST   => \&create,
    PATCH  => sub { request(PATCH => $path, [$JSON_TYPE],
                            '{"points": {"points": 1}}') },
    DELETE => sub { request(DELETE => $path) },
);
sql('BEGIN EXCLUSIVE');
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
ok(log_await($mark, 'EDU\d{4}: .* 503 .*locked'), 'the log tells more');
is(request(GET => $path)->{status}, 200, 'reading goes on');
sql('ROLLBACK');
is(create()->{status}, 201, 'writing goes on when the lock is gone');
is(request(PATCH => $path, [$JSON_TYPE], '{"points": {"points": 1}}')->{status},
   200, 'also of what was refused');

# A lock that goes away in time is only waited for.
my @answers = crowd(1, sub { create()->{status} }, sub {
    sql('BEGIN EXCLUSIVE');
    select undef, undef, undef, 0.5;
    sql('ROLLBACK');
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
    for my $change (map { ("CREATE TABLE other_$_ (x)",
                           "DROP TABLE other_$_") } 1 .. 5) {
        select undef, undef, undef, 0.2;
        # The shell, too, may have to wait for a writer.
        sql(".timeout 5000\n$change");
    }
});
my %seen = map { $_ => 1 } @statuses;
is(join(' ', sort keys %seen), '200 201', 'a change of schema is not noticed');

close $in;
waitpid $shell, 0;
done_testing;
