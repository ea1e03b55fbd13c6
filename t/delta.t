# Delta queries: the present state, and then what has changed since, each time as
# the caller may see it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Delta;
use Edu::School;
use Edu::Server;
use POSIX 'strftime';
use Test::More;
use Time::HiRes qw(sleep time);

my $CLASS = 'deltas';
my $class = "/classes/$CLASS";
my $TYPE = '#microsoft.graph.educationFeedbackResourceOutcome';

# What the reader has is what a list has.
sub agreed {
    my ($reader, $list, $what) = @_;
    my ($has, $all) = agrees($reader, $list);
    return is($has, $all, $what);
}

class($CLASS, 'student', 'ada');

# ------------------------------------------------------------- assignments

my $list = "$class/assignments";
assignment($class, $_) for 'a1', 'a2', 'a3';
assignment($class, 'draft', { status => 'draft' });
my $pager = reader('teacher', "$list/delta?\$top=2");
my $teacher = reader('teacher', "$list/delta");
my $student = reader('student', "$list/delta");
is($pager->{pages}, 2, 'the state comes in pages');
is(join(' ', sort keys %{ $teacher->{things} }), 'a1 a2 a3 draft',
   'a teacher has drafts, too');
is(join(' ', sort keys %{ $student->{things} }), 'a1 a2 a3',
   'a student has none');
like($teacher->{page}{'@odata.context'},
     qr/\$metadata#Collection\(microsoft\.graph\.educationAssignment\)$/,
     'the context is a collection');
like($pager->{url}, qr{^http.*/assignments/delta\?\$top=2&\$deltatoken=},
     'the link is absolute and keeps $top');
is(sync($teacher), '', 'nothing has changed');
is(sync($student), '', 'nothing has changed for the student');
agreed($teacher, $list, 'a teacher has what the list has');
agreed($student, $list, 'so has a student');

must('teacher', PATCH => "$list/a1", { displayName => 'one' });
must('teacher', PATCH => "$list/draft", { displayName => 'secret' });
must('teacher', PATCH => "$list/a1", { displayName => 'One' });
my $fresh = must('teacher', POST => $list, { displayName => 'new',
    assignTo => { '@odata.type' =>
        '#microsoft.graph.educationAssignmentClassRecipient' } })->{id};
is(sync($teacher), join(' ', sort $fresh, 'a1', 'draft'),
   'what has changed is told once, as it is');
is(sync($student), 'a1', 'a student is told of no draft');
is($student->{things}{a1}{displayName}, 'One', 'and has the last name');
must('teacher', POST => "$list/$fresh/publish");
is(sync($teacher), $fresh, 'a publication is told');
is(sync($student), $fresh, 'also to students');
must('teacher', DELETE => "$list/$_") for $fresh, 'draft';
is(sync($teacher), join(' ', sort "-$fresh", '-draft'),
   'deletions are told');
is($teacher->{page}{value}[0]{'@removed'}{reason}, 'deleted', 'as such');
is(sync($student), "-$fresh", 'to students those of what they saw');
my $individual = '#microsoft.graph.educationAssignmentIndividualRecipient';
must('app', PUT => "$list/a2", { status => 'assigned', assignTo => {
    '@odata.type' => $individual, recipients => ['ada'] } });
is(sync($student), '-a2', 'what is taken away is removed');
is($student->{page}{value}[0]{'@removed'}{reason}, 'changed',
   'which does not tell whether it is deleted');
must('app', PUT => "$list/a2", { status => 'assigned', assignTo => {
    '@odata.type' => $individual, recipients => ['ada', 'student'] } });
is(sync($student), 'a2', 'what is given appears');
is(sync($teacher), 'a2', 'a teacher is told of two changes once');
must('app', PUT => "$list/never", { status => 'draft' });
must('app', DELETE => "$list/never");
is(sync($student), '', 'a draft that came and went was never there');
sync($teacher);
agreed($teacher, $list, 'a teacher still has what the list has');
agreed($student, $list, 'so has a student, after all');

# Pages end where a client wants them to, and no change is between them.
sync($pager);
must('teacher', PATCH => "$list/a$_", { displayName => "x$_" }) for 1 .. 3;
my $before = $pager->{url};
my $page = must('teacher', GET => $before);
is(scalar(@{ $page->{value} }), 2, 'a page of changes');
like($page->{'@odata.nextLink'}, qr/\$skiptoken=/, 'has a link to the next');
ok(!exists $page->{'@odata.deltaLink'}, 'and no deltaLink');
must('teacher', PATCH => "$list/a1", { displayName => 'between' });
$pager->{url} = $page->{'@odata.nextLink'};
$pager->{things}{ $_->{id} } = $_ for @{ $page->{value} };
is(sync($pager), 'a1 a3', 'a change between two pages is told');
agreed($pager, $list, 'and the reader has it');
$teacher->{url} = $before =~ s/top=2/top=9/r;
is(sync($teacher), 'a1 a2 a3', 'a link can be followed again');

# Time begins an assignment.
sync($student);
my $start = time + 2;
must('app', PUT => "$list/later", { status => 'assigned',
     assignDateTime => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $start + 1) });
is(sync($student), '', 'one that is yet to begin is not told');
is(sync($teacher), 'later', 'but to teachers');
is($teacher->{things}{later}{status}, 'published', 'as published');
ok(await { sync($student) eq 'later' }, 'once it begins, it is told');
is(sync($student), '', 'once');
ok(await { sync($teacher) eq 'later' }, 'also to teachers');
is($teacher->{things}{later}{status}, 'assigned', 'as assigned');

# One that was deleted before it began, an hour ago, was never there: its start,
# which comes meanwhile, is as it was to be.
$start = time + 1;
must('app', PUT => "$list/never", { status => 'assigned',
     assignDateTime => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $start + 1) });
is(sync($student), '', 'one that is yet to begin is not told, either');
must('app', DELETE => "$list/never");
sql(sprintf "UPDATE edu_history SET at = '%016x' WHERE assignment_id = 'never'"
    . " AND action = 'delete'", (time - 3600) * 10_000_000);
sleep 0.1 while time < $start + 1;
is(sync($student), '', 'one that never began is not told as removed');
sync($teacher);

# ------------------------------------------------- assignments of a member

my $member = reader('teacher', "$class/members/ada/assignments/delta");
my $own = reader('ada', "$class/members/ada/assignments/delta");
is(join(' ', sort keys %{ $member->{things} }), 'a1 a2 a3 later',
   'the assignments of a member');
is(join(' ', sort keys %{ $own->{things} }), 'a1 a2 a3 later',
   'the same for oneself');
must('app', PUT => "$list/a2", { status => 'assigned', assignTo => {
    '@odata.type' => $individual, recipients => ['student'] } });
is(sync($member), '-a2', 'one that is taken away');
is(sync($own), '-a2', 'the same for oneself');
is(ask('student', GET => "$class/members/ada/assignments/delta")->{status},
   404, 'those of others are not there');
is(ask('student', GET => "$class/members/nobody/assignments/delta")->{status},
   404, 'nor of nobody');
is(ask('teacher', GET => "$class/members/nobody/assignments/delta")->{status},
   404, 'nor for a teacher');
sync($teacher);
my $all = reader('teacher', "$class/members/teacher/assignments/delta");
agreed($all, $list, 'a teacher has all');

# ------------------------------------------------- outcomes of a submission

my $s = submission("$list/a1", 's', 'student');
my $outcomes = "$s/outcomes";
my $marks = reader('teacher', "$outcomes/delta()");
my $seen = reader('student', "$outcomes/microsoft.graph.delta()");
is(scalar(keys %{ $marks->{things} }), 3, 'placeholders are in the state');
must('teacher', PATCH => "$outcomes/$POINTS", { points => { points => 5 } });
is(sync($marks), $POINTS, 'points are told');
is(sync($seen), '', 'to students no drafts');
my $file = must('teacher', POST => $outcomes,
    { '@odata.type' => $TYPE, feedbackResource => {
        '@odata.type' => '#microsoft.graph.educationWordResource',
        displayName => 'f' } })->{id};
is(sync($marks), $file, 'a file is told');
must('teacher', DELETE => "$outcomes/$file");
is(sync($marks), "-$file", 'its deletion, too');
is(sync($seen), '', 'neither to students');
must('teacher', POST => "$s/return");
is(sync($marks), "$RUBRIC $POINTS", 'a return is told');
is(sync($seen), "$RUBRIC $POINTS", 'to students, too');
agreed($marks, $outcomes, 'a teacher has what the list has');
agreed($seen, $outcomes, 'so has a student');
must('teacher', PATCH => "$outcomes/$POINTS", { points => { points => 6 } });
is(sync($seen), '', 'a draft that follows is not');
must('app', DELETE => "$outcomes/$POINTS");
is(sync($marks), $POINTS, 'points that are deleted become empty');
is(sync($seen), $POINTS, 'for students, too');
must('teacher', PATCH => "$outcomes/$FEEDBACK",
     { feedback => { text => { content => 'x', contentType => 'text' } } });
must('app', DELETE => "$outcomes/$FEEDBACK");
sync($marks);
is(sync($seen), '', 'a draft that is deleted was never there');
agreed($marks, $outcomes, 'a teacher still has what the list has');
agreed($seen, $outcomes, 'so has a student, after all');
assignment($class, 'a1', { status => 'assigned' });
is(sync($marks), "-$POINTS $RUBRIC $FEEDBACK",
   'outcomes follow their assignment');
sync($seen);
agreed($marks, $outcomes, 'as the list has them');
agreed($seen, $outcomes, 'also for students');
must('app', DELETE => $s);
is(sync($marks), "-$RUBRIC -$FEEDBACK",
   'those of a deleted submission are gone');
is(ask('student', GET => $seen->{url})->{status}, 404,
   'which a student does not learn');

# --------------------------------------------------------------- refusals

my $delta = "$list/delta";
my ($token) = must('teacher', GET => $delta)->{'@odata.deltaLink'}
    =~ /deltatoken=(\w+)/;
is(refused('teacher', "$delta?\$deltatoken=" . ($token =~ s/(.)$/$1 eq '0' ? 1 : 0/er)),
   '410 syncStateNotFound there', 'a token that somebody made');
is(refused('student', "$delta?\$deltatoken=$token"),
   '410 syncStateNotFound there', "somebody else's token");
is(refused('teacher', "$outcomes/delta?\$deltatoken=$token"),
   '410 syncStateNotFound there', 'a token of another collection');
is(refused('teacher', "$delta?\$deltatoken=x"), '400 badRequest',
   'what is no token');
is(refused('teacher', "$delta?\$top=0"), '400 badRequest', 'pages of nothing');
is(refused('teacher', "$delta?\$$_"), '400 badRequest', "no \$$_")
    for 'filter=id eq 1', 'orderby=id', 'count=true', 'skip=1';
is(refused('teacher', '/classes/nowhere/assignments/delta'), '403 forbidden',
   'a class that is not there');
isnt($token, (must('teacher', GET => $delta)->{'@odata.deltaLink'}
              =~ /deltatoken=(\w+)/)[0],
     'two tokens of one state are not alike');

# What is gone from the history may have been a change.
my $old = must('teacher', GET => $delta)->{'@odata.deltaLink'};
sql("INSERT INTO edu_history (action, at) VALUES ('pruned', '"
    . sprintf('%016x', (time + 60) * 10_000_000) . "')");
is(refused('teacher', $old), '410 syncStateNotFound there',
   'what was pruned may have been news');
sql("DELETE FROM edu_history WHERE action = 'pruned'");
must('teacher', PATCH => "$list/a1", { displayName => 'last' });
$old = must('teacher', GET => $delta)->{'@odata.deltaLink'};
sql("DELETE FROM edu_history WHERE class_id = '$CLASS'");
is(refused('teacher', $old), '410 syncStateNotFound there',
   'a history that ends before the token');
done_testing;
