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

# Whether the database holds all that was made, to somebody who sees no log.
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
   'which is of the user that serves');
isnt(getpgrp $pid, getpgrp server_pid(), 'what ends all children does not end'
     . ' it: it closes last');
ok(create('{}') && is_copied(), 'it copies what is written');

kill STOP => $pid;
my $size = -s $file;
ok(create($large), 'while it does not run') for 1 .. 3;
is(-s $file, $size, 'requests do not do its work');
kill CONT => $pid;
ok(is_copied(), 'it does once it can');

kill KILL => $pid;
my $other = next_after($pid);
ok($other, 'one that dies is replaced');
ok(create('{}') && is_copied(), 'and the other goes on');

my $mark = log_mark();
$size = (-s $file) + 4096;
is(system('prlimit', "--pid=$other", "--fsize=$size:"), 0, 'without room');
ok(create($large), 'others write');
ok(log_await($mark, 'EDU0011: .*(?:disk|full)', 10), 'and the log tells why');
ok(!is_copied(1), 'that it is not copied');
is(system('prlimit', "--pid=$other", '--fsize=unlimited:'), 0,
   'when there is room again');
ok(is_copied(), 'it is');

$mark = log_mark();
kill USR1 => server_pid();
ok(log_await($mark, 'resuming normal operations', 20), 'after a restart');
$pid = next_after($other);
ok($pid, 'there is another process');
ok(await { !kill 0, $other }, 'and the first is gone');
ok(create('{}') && is_copied(), 'the work goes on');

ok(stop_server(), 'when the server stops');
ok(await { !kill 0, $pid }, 'it does, too');
ok(!-e "$file-wal", 'and leaves no log');
ok(start_server(), 'it starts again');

$pid = next_after($pid);
freeze_server();    # none is forked while they are listed
my ($parent, @children) = (server_pid(), server_children());
kill KILL => $parent;
ok(await { !kill 0, $pid }, 'it does not outlive a server that was killed');
kill KILL => @children;
await { !grep { kill 0, $_ } @children };
$mark = log_mark();
ok(start_server(), 'which starts again');
ok(log_await($mark, 'AH00098: pid file .* overwritten'),
   'and says that it was not stopped in order');
ok(next_after($pid) && create('{}') && is_copied(), 'and copies');
done_testing;
