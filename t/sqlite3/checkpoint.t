# SQLite's log is copied to the database by a process that does nothing else.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use Test::More;

my $collection =
    '/v1.0/education/classes/checkpoint/assignments/a/submissions/s/outcomes';
my $large = '{"@odata.type": "#microsoft.graph.educationFeedbackOutcome",'
    . ' "feedback": {"text": {"content": "' . 'x' x 4_000_000 . '",'
    . ' "contentType": "text"}}}';
my ($file) = sql('PRAGMA database_list') =~ /^0\|main\|(.*)$/m;
my $made = 0;

sub create {
    my ($body) = @_;
    my $answer = request(POST => $collection,
                         [['Content-Type', 'application/json']], $body);
    return ++$made if $answer->{status} == 201;
    diag("$answer->{status} $answer->{body}");
    return 0;
}

# Whether the database file alone, without its log, has all rows.
sub is_copied {
    my ($seconds) = @_;
    my $count = q{SELECT count(*) FROM edu_outcome}
        . q{ WHERE class_id = 'checkpoint'};
    return await {
        (`sqlite3 'file:$file?immutable=1' "$count" 2>&1`) eq "$made\n"
    } $seconds // 10;
}

# The one that there is, once it is not among these any more.
sub next_after {
    my %old = map { $_ => 1 } @_;
    return await {
        my @now = server_checkpointers();
        @now == 1 && !$old{ $now[0] } && $now[0];
    };
}

my $pid = next_after();
ok($pid, 'there is one process for checkpoints');
my ($child) = server_children();
is((stat "/proc/$pid")[4], (stat "/proc/$child")[4],
   'the process runs as the user that serves');
isnt(getpgrp $pid, getpgrp server_pid(),
     'a signal to all children does not reach the process: it closes last');
ok(create('{}') && is_copied(), 'the process copies written rows');

kill STOP => $pid;
my $size = -s $file;
ok(create($large), 'requests write while the process is stopped') for 1 .. 3;
is(-s $file, $size, 'requests do not copy the log');
kill CONT => $pid;
ok(is_copied(), 'the process copies the log once it runs');

kill KILL => $pid;
my $other = next_after($pid);
ok($other, 'a dead process is replaced');
ok(create('{}') && is_copied(), 'the new process copies the log');

my $mark = log_mark();
$size = (-s $file) + 4096;
is(system('prlimit', "--pid=$other", "--fsize=$size:"), 0,
   'the process has no room');
ok(create($large), 'requests write while the process has no room');
ok(log_await($mark, 'EDU0011: .*(?:disk|full)', 10),
   'the error log says that the checkpoint failed');
ok(!is_copied(1), 'the log is not copied without room');
is(system('prlimit', "--pid=$other", '--fsize=unlimited:'), 0,
   'the process has room again');
ok(is_copied(), 'the log is copied with room');

$mark = log_mark();
kill USR1 => server_pid();
ok(log_await($mark, 'resuming normal operations', 20), 'the server restarts');
$pid = next_after($other);
ok($pid, 'the restarted server has a new process');
ok(await { !kill 0, $other }, 'the old process ends');
ok(create('{}') && is_copied(),
   'the new process copies the log after a restart');

ok(stop_server(), 'the server stops');
ok(await { !kill 0, $pid }, 'the process stops with the server');
ok(!-e "$file-wal", 'the process leaves no log');
ok(start_server(), 'the server starts again');

$pid = next_after($pid);
freeze_server();    # none is forked while they are listed
my ($parent, @children) = (server_pid(), server_children());
kill KILL => $parent;
ok(await { !kill 0, $pid }, 'the process ends with a killed server');
kill KILL => @children;
await { !grep { kill 0, $_ } @children };
$mark = log_mark();
ok(start_server(), 'the killed server starts again');
ok(log_await($mark, 'AH00098: pid file .* overwritten'),
   'the log says that the server was not stopped in order');
ok(next_after($pid) && create('{}') && is_copied(),
   'the process of the started server copies the log');
done_testing;
