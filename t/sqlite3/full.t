# A disk without room, as a process meets it that may not make its files any
# larger.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Database;
use Edu::Lane;
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

# There is room for the present rows and the log, not for the next writes.
sub limit {
    my ($bytes) = @_;
    return !grep { system('prlimit', "--pid=$_", "--fsize=$bytes:") }
        server_children();
}

my $log = lane()->{vars}{t_logs} . '/error_log';
my $small = create('{}');
is($small->{status}, 201, 'a write with room is served');
is(sql('PRAGMA journal_mode'), "wal\n", 'readers do not wait for writers');
my $path = path_of($small);

my $room = (-s $log) + 1_000_000;
cmp_ok($room, '<', 4_000_000, 'the error log is smaller than a write');
ok(limit($room), 'no file may grow any more');
my $mark = log_mark();
for (1 .. 6) {
    my $began = time;
    my $answer = create($large);
    is($answer->{status}, 507, "$_: a write without room gets 507");
    is(header($answer, 'Retry-After'), undef,
       "$_: the 507 has no Retry-After");
    cmp_ok(time - $began, '<', 5, "$_: the 507 comes in time");
}
ok(log_await($mark, 'EDU0002: .* 507 .*(?:disk|full)'),
   'the log says that the disk is full');
is(scalar(grep { /:error\].* EDU0002: .* 507 / }
             split /^/, substr slurp($log), $mark), 1,
   'once, for the disk may be its own');
is(request(GET => $path)->{status}, 200, 'stored outcomes can be read');

ok(limit('unlimited'), 'files may grow again');
is(join(' ', crowd(12, sub { create($large)->{status} })),
   join(' ', (201) x 12), 'the first write of each client is served');
done_testing;
