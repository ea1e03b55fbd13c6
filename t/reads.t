# Reads of outcomes are recorded with their readers, and no request waits for it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use Test::More;
use Time::HiRes 'sleep';

my $class = class('reads', qw(ada bob student));
my $novel = assignment($class, 'novel');
submission($novel, $_) for qw(ada bob student);
my $ada = "$novel/submissions/ada";
my $open = '/classes/reads/assignments/open/submissions/s/outcomes';
must('teacher', POST => $open, {});
must('teacher', PATCH => "$ada/outcomes/$POINTS", { points => { points => 1 } });

# A request where reads are recorded.
sub logged {
    my ($user, $method, $path, $body, @headers) = @_;
    push @headers, ['Authorization', "$user:demo"];
    push @headers, ['Content-Type', 'application/json'] if defined $body;
    $path = "/education$path" if $path ne '/$batch';
    return request($method, "/logged$path", \@headers, $body);
}

# The recorded reads, a line each: user, class, assignment, submission, outcome,
# student.
sub recorded {
    my ($where) = @_;
    my $text = sql('SELECT ' . join(" || ' ' || ", 'user_id',
        map { "CASE WHEN $_ = '' THEN '-' ELSE $_ END" }
            qw(assignment_id submission_id id student))
        . ' FROM edu_read WHERE ' . ($where // "lost = ''") . ' ORDER BY seq')
        =~ s/\n\z//r;
    return split /\n/, $text;
}
sql("SET sql_mode = 'PIPES_AS_CONCAT'") if $ENV{EDU_DB} eq 'mysql';

my $batch = '{"requests":[' . join(',', map {
    my ($id, $url) = @$_;
    "{\"id\":\"$id\",\"method\":\"GET\",\"url\":\"/education$url\"}"
} [1, "$ada/outcomes"], [2, "$ada/outcomes/nothing"],
  [3, "$novel/submissions/bob/outcomes/$POINTS"]) . ']}';
my $tag = header(ask('teacher', GET => "$ada/outcomes/$POINTS"), 'ETag');

# [what, the request, what it has recorded]
my @reads = (
    ['an outcome', ['teacher', GET => "$ada/outcomes/$POINTS"],
     "teacher novel ada $POINTS ada"],
    ['a placeholder', ['teacher', GET => "$ada/outcomes/$FEEDBACK"],
     "teacher novel ada $FEEDBACK ada"],
    ['a list', ['teacher', GET => "$ada/outcomes"], 'teacher novel ada - ada'],
    ['a count', ['teacher', GET => "$ada/outcomes/\$count"],
     'teacher novel ada - ada'],
    ['of an open submission', ['teacher', GET => $open],
     'teacher open s - -'],
    ['one\'s own', ['student', GET => '/me/assignments/novel/submissions/student'
                    . '/outcomes'], 'student novel student - student'],
    ['expanded', ['teacher', GET => "$ada?\$expand=outcomes"],
     'teacher novel ada - ada'],
    ['the gradebook', ['teacher', GET => "$novel/submissions?\$expand=outcomes"],
     map { "teacher novel $_ - $_" } qw(ada bob student)],
    ['a page of it', ['teacher', GET => "$novel/submissions?\$expand=outcomes"
                      . '&$top=1&$skip=1'], 'teacher novel bob - bob'],
    ['outcomes of an assignment', ['teacher', GET => "$novel/outcomes"],
     map({ "teacher novel $_ - $_" } qw(ada bob student)), 'teacher novel - - -'],
    ['a page of those of a class', ['teacher', GET => "$class/outcomes?\$top=2"],
     'teacher novel ada - ada', 'teacher - - - -'],
    ['their number', ['teacher', GET => "$class/outcomes/\$count?\$filter="
                      . 'points/points%20eq%201'], 'teacher - - - -'],
    ['recent ones', ['teacher', GET => "$class/getRecentlyModifiedSubmissions"
                     . '?$expand=outcomes&$orderby=lastModifiedDateTime'],
     map { "teacher novel $_ - $_" } qw(bob student ada)],
    ['a $batch', ['teacher', POST => '/$batch', $batch],
     'teacher novel ada - ada', "teacher novel bob $POINTS bob"],
    # a length, a count and an empty list tell what a filter was asked for
    ['HEAD', ['teacher', HEAD => "$ada/outcomes"], 'teacher novel ada - ada'],
    ['a count by HEAD', ['teacher', HEAD => "$ada/outcomes/\$count"],
     'teacher novel ada - ada'],
    ['a page of no rows', ['teacher', GET => "$ada/outcomes?\$top=0&\$count=true"
                           . '&$filter=points/points%20eq%201'],
     'teacher novel ada - ada'],
    ['a list without a match', ['teacher', GET => "$ada/outcomes?\$filter="
                                . 'points/points%20eq%202'],
     'teacher novel ada - ada'],
    ['versions without a row', ['teacher', GET => "$class/outcomeVersions?\$top=0"
        . '&$count=true&$filter=outcome/points/points%20eq%201'],
     'teacher - - - -'],
    # so do values
    ['a mean', ['teacher', GET => "$ada/outcomes?\$apply="
                . 'aggregate(points/points%20with%20average%20as%20mean)'],
     'teacher novel ada - ada'],
    ['that of a class', ['teacher', GET => "$class/outcomes?\$apply="
                         . 'groupby((points/points))'], 'teacher - - - -'],
    ['that of versions', ['teacher', GET => "$class/outcomeVersions?\$apply="
                          . 'aggregate(outcome/points/points%20with%20max%20as%20x)'],
     'teacher - - - -'],
    # of a part, all of the outcome is noted, and null tells something, too
    ['a property', ['teacher', GET => "$ada/outcomes/$POINTS/points/points"],
     "teacher novel ada $POINTS ada"],
    ['its text', ['teacher', GET =>
        "$ada/outcomes/$POINTS/points/points/\$value"],
     "teacher novel ada $POINTS ada"],
    ['null', ['teacher', GET => "$ada/outcomes/$POINTS/publishedPoints"],
     "teacher novel ada $POINTS ada"],
    ['outcomes of a type', ['teacher', GET => "$ada/outcomes/"
        . 'microsoft.graph.educationFeedbackResourceOutcome'],
     'teacher novel ada - ada'],
    # none of these shows outcomes
    ['a property of none', ['teacher', GET => "$ada/outcomes/$POINTS/feedback"]],
    ['of a submission', ['teacher', GET => "$ada/status"]],
    ['a change that is refused', ['teacher', PATCH => "$ada/outcomes/$POINTS",
                                  '{"points":1}']],
    ['a submission alone', ['teacher', GET => $ada]],
    ['submissions alone', ['teacher', GET => "$novel/submissions"]],
    ['an assignment', ['teacher', GET => $novel]],
    ['a refusal', ['teacher', GET => "$ada/outcomes/nothing"]],
    ['a bad option', ['teacher', GET => "$ada/outcomes?\$top=x"]],
    ['304', ['teacher', GET => "$ada/outcomes/$POINTS", undef,
             ['If-None-Match', $tag]]],
    ['a change', ['teacher', PATCH => "$ada/outcomes/$POINTS",
                  '{"points":{"points":2}}'], "teacher novel ada $POINTS ada"],
    ['a change of nothing', ['teacher', PATCH => "$ada/outcomes/$POINTS", '{}'],
     "teacher novel ada $POINTS ada"],
    ['one in a $batch', ['teacher', POST => '/$batch', '{"requests":[{"id":"1",'
        . '"method":"PATCH","body":{},"headers":{"Content-Type":"application/json"'
        . "},\"url\":\"/education$ada/outcomes/$POINTS\"}]}"],
     "teacher novel ada $POINTS ada"],
    ['versions', ['teacher', GET => "$ada/outcomes/$POINTS/versions"],
     'teacher novel ada - ada'],
);
sql("INSERT INTO edu_history (class_id, assignment_id, submission_id, id,"
    . " entity, action, student, at) VALUES ('reads', 'novel', 'ada',"
    . " '$POINTS', 'outcome', 'update', 'ada', '0000000000000001')");
sql('DELETE FROM edu_read');
my @want;
for (@reads) {
    my ($what, $request, @rows) = @$_;
    logged(@$request);
    push @want, @rows;
    # what was asked for before is recorded before: in one process, at least
    await { @{[recorded()]} >= @want };
    is_deeply([splice @{[recorded()]}, -(@rows || 1)],
              [@rows ? @rows : $want[-1]], "recorded: $what");
}
is_deeply([recorded()], \@want, 'nothing else is recorded');
must('teacher', GET => "$ada/outcomes");
is(scalar @{[recorded()]}, scalar @want, 'nor is anything where it is off');
is(sql("SELECT count(*) FROM edu_read WHERE request_id = '' OR address = ''"
       . " OR length(at) <> 16"), "0\n", 'with request-id, address and instant');

# ----------------------------------------------------- a section for one class
# Neither a $batch nor another spelling of the path dodges it.
my $watched = '/assignments/a/submissions/s/outcomes';
sql('DELETE FROM edu_read');
must('teacher', GET => "/classes/watched$watched");
must('teacher', GET => "/classes('watched')$watched");
must('teacher', POST => '/v1.0/$batch', { requests => [ map {
    { id => $_, method => 'GET', url => "/education/classes$_$watched" }
} '/watched', "('watched')", '/reads' ] });
await { @{[recorded()]} >= 4 };
is_deeply([recorded()], [('teacher a s - -') x 4],
          'a section for one class records its reads alone');

# --------------------------------------------------------------- a process ends
# Reads that wait are written: the database is locked until the process is told to end.
for my $signal (qw(USR1 WINCH TERM)) {
    sql('DELETE FROM edu_read');
    lock_tables();
    is(scalar(grep { logged('teacher', GET => "$ada/outcomes")->{status} == 200 }
              1 .. 50), 50, "50 reads before $signal");
    my ($mark, $pid) = (log_mark(), server_pid());
    kill $signal => $pid;
    sleep 0.5;
    unlock_tables();
    if ($signal eq 'USR1') {
        log_await($mark, 'resuming normal operations');
    }
    else {
        await { has_ended($pid) };
        start_server();
    }
    await { @{[recorded()]} == 50 };
    is(scalar @{[recorded()]}, 50, 'and as many are recorded after it');
}

# ------------------------------------------------------- a database that is away
my @many = map { "m$_" } 1 .. 250;
sql('INSERT INTO edu_submission (class_id, assignment_id, id, user_id) VALUES '
    . join ', ', map { "('reads', 'many', '$_', '$_')" } @many);
sql("INSERT INTO edu_assignment (class_id, id) VALUES ('reads', 'many')");
my $all = '{"requests":[' . join(',', map {
    "{\"id\":\"$_\",\"method\":\"GET\",\"url\":\"/education/classes/reads"
        . '/assignments/many/submissions?$expand=outcomes&$top=250"}'
} 1 .. 20) . ']}';
sql('DELETE FROM edu_read');
my $mark = log_mark();
lock_tables();
my $rounds = $ENV{EDU_MPM} eq 'event' ? 10 : 40;
my $given = 0;
for (1 .. $rounds) {
    my $answer = logged('teacher', POST => '/$batch', $all);
    $given += 250 * (() = $answer->{body} =~ /"status":200,/g);
}
is($given, $rounds * 5000, 'reads are answered while none can be recorded');
ok(log_await($mark, 'EDU0020: \d+ reads of outcomes are not recorded: '),
   'the error log says that they are not recorded');
unlock_tables();
sub sum { return sql("SELECT count(*) FROM edu_read WHERE lost = ''")
    + sql("SELECT COALESCE(sum(CAST(lost AS DECIMAL)), 0) FROM edu_read"
          . " WHERE lost <> ''") }
# each process tells how many it lost with the next reads that it records
await { logged('teacher', GET => $novel); sum() == $given };
is(sum(), $given, 'then they are recorded, and the others are counted as lost');
cmp_ok(sql("SELECT count(*) FROM edu_read WHERE lost <> ''"), '>', 0,
       'what is lost is a row');

done_testing;
