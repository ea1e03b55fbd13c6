# Power cuts at 200 instants while 16 clients write: every write that had been
# acknowledged is there, and its row in the history, whichever of those that were
# not flushed are.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Lane;
use Edu::Log;
use Edu::Power;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use File::Compare 'compare';
use IPC::Open2 'open2';
use Test::More;
use Time::HiRes 'sleep';

my ($CLIENTS, $CUTS) = (16, 200);
my %WAYS = (none => 'without what was not flushed', half => 'with half of it',
            torn => 'with half of its sectors');
my $vars = lane()->{vars};
my $own = "$vars->{t_conf}/own.conf";
my $dir = "$vars->{t_logs}/power";
my $class = '/classes/power';

# A page has two sectors.  A log of more than 16384 pages begins anew while
# writers wait; any other does when none is busy.
my $PAGE = 1024;
my $FULL = 16384 * $PAGE;
my $TEXT = 64 * $PAGE;    # in a batch

# ------------------------------------------------------------------- the load
# A client's N-th write, by its kind.  Each returns the answer, and for each
# outcome that it acknowledges: assignment, id, a member and its value.
my %write = (
    post => sub {
        my ($client, $n) = @_;
        my $text = "$client-$n-" . 'y' x rand 1000;
        my $answer = ask('teacher', POST =>
            "$class/assignments/own/submissions/s$client/outcomes",
            '{"@odata.type": "#microsoft.graph.educationFeedbackOutcome",'
            . qq( "feedback": {"text": {"content": "$text"}}}));
        my ($id) = (path_of($answer) // '') =~ m{([^/]+)$};
        return ($answer, ['own', $id // '', 'feedback.text.content', $text]);
    },
    patch => sub {
        my ($client, $n) = @_;
        my $answer = ask('teacher', PATCH =>
            "$class/assignments/single/submissions/s$client/outcomes/$POINTS",
            qq({"points": {"points": $n}}));
        return ($answer, ['single', $POINTS, 'points.points', $n]);
    },
    # The grade that this client gave last is published then.
    return => sub {
        my ($client, $n, $graded) = @_;
        my $answer = ask('teacher', POST =>
            "$class/assignments/single/submissions/s$client/return");
        return ($answer,
                ['single', $POINTS, 'publishedPoints.points', $graded]);
    },
    batch => sub {
        my ($client, $n) = @_;
        my $text = "$n " . chr(ord('a') + $n % 26) x $TEXT;
        my $item = sub {
            my ($id, $outcome, $body) = @_;
            return qq({"id": "$id", "atomicityGroup": "g", "method": "PATCH",)
                . qq( "url": "/education$class/assignments/group/submissions)
                . qq(/s$client/outcomes/$outcome", "body": $body, "headers":)
                . ' {"Content-Type": "application/json"}}';
        };
        my $answer = ask('teacher', POST => '/v1.0/$batch', '{"requests": ['
            . $item->(1, $POINTS, qq({"points": {"points": $n}})) . ', '
            . $item->(2, $FEEDBACK,
                      qq({"feedback": {"text": {"content": "$text"}}})) . ']}');
        my $done = () = $answer->{body} =~ /"status":200/g;
        $answer->{status} = 207 if $answer->{status} == 200 && $done != 2;
        return ($answer, ['group', $POINTS, 'points.points', $n],
                ['group', $FEEDBACK, 'feedback.text.content', $n]);
    },
);

# Lines for what was acknowledged, each with the instant, and for other answers.
sub write_on {
    my ($client, $running, $tell) = @_;
    my @order = qw(patch return post batch);
    my ($graded, @lines) = (0);
    for (my $n = 0; $running->(); $n++) {
        my $what = $order[$n % @order];
        my ($answer, @acknowledged) = $write{$what}->($client, $n, $graded);
        my $now = power_now();
        if ($answer->{status} =~ /^20[01]$/) {
            my $request = header($answer, 'request-id');
            push @lines,
                map { join "\t", $now, $what, "s$client", @$_, $request }
                @acknowledged;
            $graded = $n if $what eq 'patch';
            $tell->($what);
        }
        elsif ($answer->{status}) {
            push @lines, "$what: $answer->{status} $answer->{body}";
        }
        else {
            sleep 0.01;    # without a server there is nothing to hurry for
        }
    }
    return @lines;
}

# The log's first bytes are others each time that it begins anew.
sub head_of_log {
    open my $log, '<:raw', "$dir/power.db-wal" or return '';
    read $log, my $head, 32;
    return $head;
}

# The processes that have the log open without SQLite's lock on the database,
# which keeps others from removing the log.
sub without_lock {
    my $id = (stat "$dir/power.db")[1];
    open my $locks, '<', '/proc/locks' or die "locks: $!\n";
    my %locked = map { / READ +(\d+) \w+:\w+:$id / ? ($1 => 1) : () } <$locks>;
    return grep {
        !$locked{$_} && grep { (readlink // '') =~ m{/power\.db-wal$} }
            glob "/proc/$_/fd/*"
    } @_;
}

# Incidents meanwhile, and the instant at which the log had grown.
my (@happened, $grown);

sub incidents {
    my ($more) = @_;
    my $happens = sub {
        my ($what, $done) = @_;
        push @happened, $what if $more->(20, 'batch') && $done;
    };
    $happens->('served', 1);
    my $mark = log_mark();
    kill USR1 => server_pid();
    $happens->('restarted', log_await($mark, 'resuming normal operations'));
    $happens->('child killed', kill KILL => (server_children())[0]);
    $happens->('checkpoints killed', kill KILL => server_checkpointers());
    # clients are busy: a child may crash when it is stopped at once
    $happens->('stopped', stop_server() && start_server());
    my @pids = server_checkpointers();
    kill STOP => @pids;
    1 while -s "$dir/power.db-wal" <= $FULL && $more->(20, 'batch');
    $happens->('log grown', -s "$dir/power.db-wal" > $FULL);
    $grown = power_now();
    my $head = head_of_log();
    kill CONT => @pids;
    $happens->('log begun anew', await { head_of_log() ne $head });
    $happens->('locks kept', await {
        !without_lock(server_children(), server_checkpointers());
    } 20);
}

mkdir $dir or die "$dir: $!\n";
system('sqlite3', "$dir/power.db", "PRAGMA page_size = $PAGE; VACUUM") == 0
    or die "no database\n";
open my $conf, '>', $own or die "$own: $!\n";
print $conf qq(DBDParams "$dir/power.db"\n);
close $conf;
my %env = power_watch("$dir/power.db", "$Bin/../../lib/power.so");
@ENV{keys %env} = values %env;
stop_server();
ok(start_server(), 'the server starts, and is watched');

class('power', map { "s$_" } 1 .. $CLIENTS);
for my $name (qw(single group)) {
    my $assignment = assignment($class, $name, {
        status => 'assigned', grading => { maxPoints => 1_000_000 } });
    submission($assignment, "s$_") for 1 .. $CLIENTS;
}
log_expect('AH10(?:159|392): ');    # event's, of children that come and go
my $begin = power_now();
my @lines = crowd($CLIENTS, \&write_on, \&incidents);
my $end = power_now();
is(join(', ', @happened), 'served, restarted, child killed, checkpoints killed,'
   . ' stopped, log grown, log begun anew, locks kept',
   'it serves on, whatever happens');
my ($said, @acknowledged) = ('');
for (@lines) {
    if (/^\d+\t/) { push @acknowledged, $_ }
    else { $said .= "$_\n" }
}
is($said, '', 'all writes succeed');
for my $what (sort keys %write) {
    cmp_ok(scalar(grep { /^\d+\t$what\t/ } @acknowledged), '>', 50,
           "$what: they are many");
}

ok(stop_server(), 'the server stops');
my $stopped = power_now();
delete @ENV{keys %env};
unlink $own;
ok(start_server(), 'and the suite goes on with its own');

# ------------------------------------------------------------------- the cuts
# One shell for all cuts: this process is to hold the database and its log many
# times over, and such a process is slow to fork.
open2(my $told, my $shell, 'sqlite3 -batch 2>&1');

# The shell's answer to these lines about a database, which it then leaves alone.
sub sqlite {
    my ($file, @lines) = @_;
    print $shell map { "$_\n" } ".open '$file'", @lines, '.open :memory:',
        '.print done';
    my $text = '';
    while (defined(my $line = <$told>)) {
        return $text if $line eq "done\n";
        $text .= $line;
    }
    die "sqlite3 is gone: $text\n";
}

open my $list, '>', "$dir/list" or die "$dir/list: $!\n";
print $list map { "$_\n" } @acknowledged;
close $list;
is(sqlite("$dir/list.db",
    'CREATE TABLE ack (instant INTEGER, what, submission, assignment, id,'
    . ' member, value, request);', '.mode tabs', ".import '$dir/list' ack"), '',
   'what was acknowledged is noted');

# The faults of a database left at an instant: it is damaged; an outcome is
# lost, is not as it was posted, or is older than the last one acknowledged; a
# batch is there in part; a request has not as many rows in the history as it has
# writes; an outcome is not what its last row tells of.
sub examine {
    my ($file, $instant) = @_;
    return sqlite($file, '.output /dev/null',
        '.dbconfig no_ckpt_on_close on', '.output stdout', <<"SQL");
SELECT integrity_check FROM pragma_integrity_check
WHERE integrity_check <> 'ok';
SELECT count(*), 'submissions' FROM edu_submission
HAVING count(*) <> 2 * $CLIENTS;
ATTACH '$dir/list.db' AS list;
CREATE TEMP TABLE due AS
SELECT ack.*, max(CAST(value AS INTEGER)) AS least FROM ack
WHERE instant <= $instant GROUP BY assignment, submission, id, member;
CREATE TEMP TABLE found AS
SELECT due.*, json_extract(body, '\$.' || member) AS now
FROM due LEFT JOIN edu_outcome AS o ON class_id = 'power'
AND assignment_id = assignment AND submission_id = submission AND o.id = due.id;
SELECT 'lost', * FROM found
WHERE now IS NULL OR CASE what WHEN 'post' THEN now <> value
ELSE CAST(now AS INTEGER) < least END LIMIT 3;
SELECT 'in part', submission, group_concat(now) FROM (
SELECT DISTINCT submission, CAST(now AS INTEGER) AS now FROM found
WHERE what = 'batch') GROUP BY submission HAVING count(*) > 1;
CREATE TEMP TABLE told AS
SELECT request_id, count(*) AS n FROM edu_history
WHERE class_id = 'power' AND derived = '' GROUP BY request_id;
SELECT 'not told', request, what, told.n FROM ack
LEFT JOIN told ON request_id = request WHERE instant <= $instant
GROUP BY request HAVING told.n IS NOT count(*) LIMIT 3;
SELECT 'told otherwise', submission_id, id, version FROM edu_outcome AS o
WHERE class_id = 'power' AND version IS NOT (SELECT version
FROM edu_history AS h WHERE h.class_id = o.class_id
AND h.assignment_id = o.assignment_id AND h.submission_id = o.submission_id
AND h.id = o.id ORDER BY seq DESC LIMIT 1) LIMIT 3;
SQL
}

my @instants = sort { $a <=> $b }
    map { $begin + int rand($end - $begin) } 1 .. $CUTS;
my @ways = sort keys %WAYS;
my (%cuts, %wrong);
my @begun = power_replay([@instants, $stopped], sub {
    my ($instant, $leave) = @_;
    return $leave->("$dir/all.db", 'all') if $instant == $stopped;
    my $way = $ways[++$cuts{all} % @ways];
    $leave->("$dir/cut.db", $way);
    $cuts{$way}++;
    my $wrong = examine("$dir/cut.db", $instant);
    $wrong{$way} //= "$instant: $wrong" if $wrong ne '';
});
is($wrong{$_}, undef, "$cuts{$_} times, $WAYS{$_}: nothing is lost") for @ways;
ok(compare("$dir/all.db", "$dir/power.db") == 0 && !-e "$dir/all.db-wal"
   && !-e "$dir/power.db-wal", 'no write escaped the record');
cmp_ok(scalar(grep { $_ < $grown } @begun), '>', 2, 'the log was begun anew');
cmp_ok(scalar(grep { $_ > $grown } @begun), '>', 0, 'when it had grown, too');
system 'rm', '-r', $dir if Test::More->builder->is_passing;
done_testing;
