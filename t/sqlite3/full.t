# A disk without room, as a process meets it that may not make its files any
# larger.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Apache::Test ();
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More;
use Time::HiRes 'time';

my $JSON_TYPE = ['Content-Type', 'application/json'];
my $collection =
    '/v1.0/education/classes/full/assignments/a/submissions/s/outcomes';
my $large = '{"@odata.type": "#microsoft.graph.educationFeedbackOutcome",'
    . ' "feedback": {"text": {"content": "' . 'x' x 4_000_000 . '",'
    . ' "contentType": "text"}}}';

sub create {
    my ($body) = @_;
    return request(POST => $collection, [$JSON_TYPE], $body);
}

# Room for what is there and for the log, not for as much again as is written.
sub limit {
    my ($bytes) = @_;
    return !grep { system('prlimit', "--pid=$_", "--fsize=$bytes:") }
        server_children();
}

my $log = Apache::Test::config()->{vars}{t_logs} . '/error_log';
my $small = create('{}');
is($small->{status}, 201, 'there is room');
is(sql('PRAGMA journal_mode'), "wal\n", 'readers do not wait for writers');
my $path = path_of($small);

my $room = (-s $log) + 1_000_000;
cmp_ok($room, '<', 4_000_000, 'the log is no larger than what is written');
ok(limit($room), 'then there is none');
my $mark = log_mark();
for (1 .. 6) {
    my $began = time;
    my $answer = create($large);
    is($answer->{status}, 507, "$_: what has no room is refused");
    is(header($answer, 'Retry-After'), undef,
       "$_: until somebody makes some");
    cmp_ok(time - $began, '<', 5, "$_: in time");
}
ok(log_await($mark, 'EDU0002: .* 507 .*(?:disk|full)'), 'the log says why');
is(request(GET => $path)->{status}, 200, 'what is there can be read');

ok(limit('unlimited'), 'when there is room again');
is(join(' ', crowd(12, sub { create($large)->{status} })),
   join(' ', (201) x 12), 'the first request of each is served');
done_testing;
