# Every change leaves a row in the history, with who made it and what it left; a
# request that changes nothing leaves none.  Reading it: history_read.t.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Lane;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;
use Time::HiRes 'sleep';

my $CLASS = 'history';
my $class = "/classes/$CLASS";
my $last = 0;

# New rows, as lists of columns; NAMES are those of $class, or of no class.
sub news {
    my ($columns, $of) = @_;
    my @rows = map { chomp; [split /[|\t]/, $_, -1] } split /^/,
        sql("SELECT seq, $columns FROM edu_history WHERE class_id = '"
            . ($of // $CLASS) . "' AND seq > $last ORDER BY seq");
    $last = $rows[-1][0] if @rows;
    return map { shift @$_; $_ } @rows;
}

# The rows that a request leaves: action, entity, the row's id, whether it is
# derived, student, and which documents there are.
sub told {
    return join "\n", map {
        my ($action, $entity, $id, $derived, $student, $before, $after) = @$_;
        join ' ', $action, $entity, $id, ($derived ? 'derived' : ()),
            ($student ne '' ? "of $student" : ()),
            ($before ? 'before' : ()), ($after ? 'after' : ());
    } news('action, entity, id, derived, student,'
           . " CASE WHEN before_body LIKE '{%' THEN 1 ELSE 0 END,"
           . " CASE after_body WHEN '' THEN 0 ELSE 1 END");
}

# Does it, and compares what that leaves.
sub leaves {
    my ($what, $status, $request, @rows) = @_;
    my ($user, $method, $path, $body) = @$request;
    my $answer = ask($user, $method, $path, $body);
    is($answer->{status}, $status, "$what: status");
    is(told(), join("\n", @rows), "$what: rows");
    return $answer;
}

my $a = "$class/assignments/a";
my $s = "$a/submissions/s";
my $outcomes = "$s/outcomes";
my $open = "$class/assignments/open/submissions/s/outcomes";

leaves('a new class', 201,
       [app => PUT => $class, { displayName => 'one' }],
       "create class $CLASS after");
leaves('the same class', 200,
       [app => PUT => $class, { displayName => 'one' }]);
leaves('another name', 200,
       [app => PUT => $class, { displayName => 'two' }],
       "update class $CLASS after");
leaves('a roster', 204,
       [app => PUT => "$class/members",
        { value => [{ id => 'ada' },
                    { id => 'teacher', primaryRole => 'teacher' }] }],
       'create member ada after', 'create member teacher after');
leaves('another roster', 204,
       [app => PUT => "$class/members",
        { value => [{ id => 'student' },
                    { id => 'teacher', primaryRole => 'teacher',
                      displayName => 'T' }] }],
       'delete member ada', 'create member student after',
       'update member teacher after');
leaves('an assignment', 201,
       [app => PUT => $a, { grading => { maxPoints => 10 },
            rubric => { qualities => [{ qualityId => 'q' }],
                        levels => [{ levelId => 'l' }] } }],
       'create assignment a after');
leaves('a submission', 201,
       [app => PUT => $s, { recipient => { userId => 'student' } }],
       'create submission s of student after');
leaves('its publication', 200, [teacher => POST => "$a/publish"],
       'publish assignment a after');
leaves('a submitted submission', 200, [student => POST => "$s/submit"],
       'submit submission s of student after');
leaves('points', 200,
       [teacher => PATCH => "$outcomes/$POINTS", { points => { points => 5 } }],
       "update outcome $POINTS of student after");
leaves('the same points', 200,
       [teacher => PATCH => "$outcomes/$POINTS",
        { points => { points => 5 } }]);
leaves('other points', 200,
       [teacher => PATCH => "$outcomes/$POINTS", { points => { points => 6 } }],
       "update outcome $POINTS of student after");
leaves('too many points', 400,
       [teacher => PATCH => "$outcomes/$POINTS",
        { points => { points => 'x' } }]);
leaves('a return', 200, [teacher => POST => "$s/return"],
       'return submission s of student before after',
       "return outcome $RUBRIC derived of student after",
       "return outcome $POINTS derived of student after");
leaves('an excuse', 200, [teacher => POST => "$s/excuse"],
       'excuse submission s of student after',
       "excuse outcome $RUBRIC derived of student after",
       "excuse outcome $POINTS derived of student");
leaves('a second excuse', 409, [teacher => POST => "$s/excuse"]);
leaves('a folder', 200, [teacher => POST => "$a/setUpResourcesFolder"],
       'setUpResourcesFolder assignment a after');

my $answer = ask('teacher', POST => $open, {});
my ($id) = path_of($answer) =~ m{([^/]+)$};
is(told(), "create outcome $id after", 'an outcome that is open: rows');
leaves('its deletion', 204, [teacher => DELETE => "$open/$id"],
       "delete outcome $id");
leaves('another deletion', 404, [teacher => DELETE => "$open/$id"]);

# The author, the address and the request.
$answer = ask('teacher', PATCH => "$outcomes/$POINTS",
              { points => { points => 7 } });
my ($who) = news('user_id, address, request_id, version, at, after_body');
is("@$who[0, 1]", 'teacher 127.0.0.1', 'the row tells who, and from where');
is($who->[2], header($answer, 'request-id'), 'it tells the request');
is(qq("$who->[3]"), header($answer, 'ETag'), 'it tells the version');
is($who->[4], $who->[3], 'it tells the instant');
like($who->[5], qr/"points":7\b/, 'it has the document');

# Several requests, each its own rows, of one transaction or not.
my $item = sub {
    my ($n, $points, $group) = @_;
    return { id => "$n", $group ? (atomicityGroup => $group) : (),
             method => 'PATCH', url => "/education$outcomes/$POINTS",
             headers => { 'Content-Type' => 'application/json' },
             body => { points => { points => $points } } };
};
leaves('a $batch', 200, [teacher => POST => '/v1.0/$batch', { requests => [
    $item->(1, 1), $item->(2, 1), $item->(3, 'x'), $item->(4, 2)] }],
    ("update outcome $POINTS of student after") x 2);
leaves('a change set', 200, [teacher => POST => '/v1.0/$batch',
    { requests => [$item->(1, 3, 'g'), $item->(2, 4, 'g')] }],
    ("update outcome $POINTS of student after") x 2);
leaves('one that fails', 200, [teacher => POST => '/v1.0/$batch',
    { requests => [$item->(1, 5, 'g'), $item->(2, 'x', 'g')] }]);

# Written by SQL: the first change keeps what was before.
sql("UPDATE edu_assignment SET body = '{}' WHERE class_id = '$CLASS'");
sql("INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id,"
    . " created, type, version, body) VALUES ('$CLASS', 'open', 's', 'old', '',"
    . " 'educationOutcome', '0000000000000001',"
    . " '{\"\@odata.type\":\"#microsoft.graph.educationOutcome\"}')");
leaves('what was there before', 204, [teacher => DELETE => "$open/old"],
       'delete outcome old before');

# It stays when all else is gone, and tells of all that goes.
my $before = sql("SELECT count(*) FROM edu_history WHERE class_id = '$CLASS'");
ask('teacher', POST => $open, {});
($id) = told() =~ /create outcome (\S+)/;
leaves('an assignment that goes', 204, [app => DELETE => $a],
       'delete assignment a before',
       'delete submission s derived of student before',
       "delete outcome $RUBRIC derived of student",
       "delete outcome $POINTS derived of student");
# Another changes the outcome while its class goes.
sql('BEGIN');
sql("UPDATE edu_outcome SET version = '00000000000000ff'"
    . " WHERE class_id = '$CLASS' AND id = '$id'");
my ($status) = crowd(1, sub { ask('app', DELETE => $class)->{status} },
                     sub { sleep 0.5; sql('COMMIT') });
is($status, 204, 'a class that goes: status');
is(told(), join("\n", "delete class $CLASS", 'delete member student derived',
                'delete member teacher derived',
                "delete outcome $id derived before"),
   'a class that goes: rows');
is(sql("SELECT version FROM edu_history WHERE class_id = '$CLASS'"
       . " AND id = '$id' AND action = 'delete'"), "00000000000000ff\n",
   'a row that goes is told of as it is removed');
is(sql("SELECT count(*) FROM edu_history WHERE class_id = '$CLASS'"),
   $before + 9 . "\n", 'all that was told before is there');

# Off, and on again: a gap is told.
my $own = lane()->{vars}{t_conf} . '/own.conf';
sub start_with {
    my ($line) = @_;
    stop_server();
    open my $conf, '>', $own or die "$own: $!\n";
    print $conf "$line\n";
    close $conf;
    return start_server();
}

# Whether the last start records; the tool's work is of no class, either.
sub mark {
    return sql("SELECT action FROM edu_history WHERE class_id = ''"
               . " AND action LIKE 'history%' ORDER BY seq DESC LIMIT 1");
}

is(mark(), "historyOn\n", 'the first start says that it records');
my $other = "$class-off";
must('app', PUT => $other, { displayName => 'off' });
my %since = map { $_ => must('app', GET => "$other/$_/delta")
                      ->{'@odata.deltaLink'} } 'assignments', 'outcomes';
ok(start_with('EduOutcomesHistory Off'), 'it starts without');
leaves('a class, unrecorded', 201,
       [app => PUT => $class, { displayName => 'one' }]);
is(mark(), "historyOff\n", 'a start that does not record says so');
for (sort keys %since) {
    my $answer = ask('app', GET => "$other/$_/delta");
    is($answer->{status}, 501, "there is no delta of $_ then");
    like($answer->{body}, qr/EduOutcomesHistory Off/, 'which says why');
    is(ask('app', GET => $since{$_})->{status}, 501, 'nor by an old link');
}
ok(start_with(''), 'it starts with it');
leaves('that class, recorded', 200,
       [app => PUT => $class, { displayName => 'two' }],
       "update class $CLASS before after");
is(mark(), "historyOn\n", 'so does one that does');
is(ask('app', GET => $since{$_})->{status}, 410,
   "what changed of $_ meanwhile is unknown") for sort keys %since;
unlink $own;
done_testing;
