# An LMS writes classes, members, assignments and submissions by plain SQL, and
# only the columns that have no default.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::School;
use Edu::Wire;
use JSON::PP ();
use Test::More;

# Rows of a table, as lists of quoted values.
sub load {
    my ($table, $columns, @rows) = @_;
    sql("INSERT INTO edu_$table ($columns) VALUES " . join ', ',
        map { '(' . join(', ', map { "'$_'" } @$_) . ')' } @rows);
}

load('class', 'id', ['roster'], ['roster2']);
load('member', 'class_id, id, role', ['roster', 'teacher', 'teacher'],
     ['roster', 'student', 'student'], ['roster', 'ada', 'student'],
     ['roster2', 'student', 'student']);
load('assignment', 'class_id, id', ['roster', 'bare']);
load('assignment', 'class_id, id, body',
     ['roster', 'essay', '{"status": "assigned",'
      . ' "grading": {"maxPoints": 10}, "rubric":'
      . ' {"qualities": [{"qualityId": "style"}],'
      . ' "levels": [{"levelId": "good"}]}}']);
load('submission', 'class_id, assignment_id, id, user_id',
     ['roster', 'bare', '1', 'student'], ['roster', 'essay', '1', 'student']);

my $class = '/classes/roster';
my $essay = "$class/assignments/essay";
my $one = "$essay/submissions/1";

# ------------------------------------------------------------------- reading
is(got(ask('teacher', GET => $class))->{displayName}, undef,
   'a class loaded by SQL has no name');
is_deeply([map { "$_->{id} $_->{primaryRole}" }
           @{ got(ask('student', GET => "$class/members"))->{value} }],
          ['ada student', 'student student', 'teacher teacher'],
          'a class has the members of its rows');
is_deeply([map { "$_->{id} $_->{status}" }
           @{ got(ask('student', GET => "$class/assignments"))->{value} }],
          ['bare draft', 'essay assigned'],
          'a class has the assignments of its rows');
sub outcomes {
    my ($submission) = @_;
    return @{ got(ask('teacher', GET => "$submission/outcomes"))->{value} };
}
is(join(' ', map { $_->{id} }
        outcomes("$class/assignments/bare/submissions/1")), $FEEDBACK,
   'a bare assignment has a feedback placeholder');
is(join(' ', map { $_->{id} } outcomes($one)), "$FEEDBACK $POINTS $RUBRIC",
   'an assignment has the placeholders that it asks for');
is_deeply((outcomes($one))[2]{rubricQualitySelectedLevels},
          [{ qualityId => 'style', columnId => undef }],
          'the rubric placeholder has the qualities of the rubric');

my $answer = ask('teacher', GET => $one);
my $nobody = { application => undef, device => undef,
               user => { id => undef, displayName => undef } };
my $submission = got($answer);
is("$submission->{status} $submission->{recipient}{userId}", 'working student',
   'a submission is working, and its student the recipient');
is_deeply([@$submission{qw(lastModifiedBy lastModifiedDateTime)}],
          [$nobody, undef],
          'a submission without modified_by was never modified');
is(ask('teacher', GET => $one, undef, ['If-None-Match',
       header($answer, 'ETag')])->{status}, 304,
       'a submission answers 304 for its ETag');
is(got(ask('student', GET => '/me/assignments/essay/submissions'))
   ->{value}[0]{id}, '1', 'the student finds the submission');
is_deeply(got(ask('teacher', GET => "$class/getRecentlyModifiedSubmissions"))
          ->{value}, [], 'a submission without a version is not recent');

# ------------------------------------------------------------------- writing
is(ask('teacher', PATCH => "$one/outcomes/$POINTS",
       { points => { points => 8 } })->{status}, 200,
       'a submission loaded by SQL can be graded');
is(ask('teacher', PATCH => "$one/outcomes/$RUBRIC",
       { rubricQualityFeedback => [{ qualityId => 'x' }] })->{status}, 400,
   'an unknown quality of its rubric is refused');
is(got(ask('teacher', POST => "$one/return"))->{status}, 'returned',
   'the submission is returned');
is((outcomes($one))[1]{publishedPoints}{points}, 8, 'the return publishes');
is_deeply([map { $_->{id} } @{ got(ask('teacher',
           GET => "$class/getRecentlyModifiedSubmissions"))->{value} }],
          ['1'], 'the returned submission is recent');
is(ask('teacher', POST => "$one/excuse")->{status}, 200,
   'the submission is excused');
is((outcomes($one))[1]{publishedPoints}, undef, 'the excuse empties');
is(ask('teacher', POST => "$one/submit")->{status}, 200,
   'the submission is submitted');

for my $assignment ($essay, "$class/assignments/bare") {
    is(ask('teacher', POST => "$assignment/publish")->{status}, 200,
       'an assignment loaded by SQL is published');
    my %of = map { $_->{recipient}{userId} => $_->{id} }
        @{ got(ask('teacher', GET => "$assignment/submissions"))->{value} };
    is(join(' ', sort keys %of), 'ada student',
       'each student has one submission');
    is($of{student}, '1', 'a student keeps the submission that was loaded');
}

for (['a class', '', { displayName => 'Roster' }],
     ['a submission', '/assignments/bare/submissions/1',
      { recipient => { userId => 'student' } }],
     ['an assignment', '/assignments/bare', {}]) {
    my ($title, $path, $body) = @$_;
    my @answers = map { ask('app', PUT => "$class$path", $body) } 1 .. 2;
    is(join(' ', map { $_->{status} } @answers), '200 200',
       "$title can be PUT over it");
    is(header($answers[1], 'ETag'), header($answers[0], 'ETag'),
       "$title has the same ETag after the second PUT");
}
is(ask('app', PUT => "$essay/submissions/2",
       { recipient => { userId => 'student' } })->{status}, 409,
   'a second submission of a student is refused');

# A new version is all that it takes.
my $before = header(ask('teacher', GET => "$one?\$expand=outcomes"), 'ETag');
sql("UPDATE edu_assignment SET body = '{}', version = '0000000000000001'"
    . " WHERE class_id = 'roster' AND id = 'essay'");
is(scalar(grep { $_->{id} eq $POINTS && !$_->{points} } outcomes($one)), 0,
   'an outcome follows its changed assignment');
is(ask('teacher', GET => "$one?\$expand=outcomes", undef,
       ['If-None-Match', $before])->{status}, 200,
       'the changed assignment changes the ETag');

# ---------------------------------------------- many rows of no certain order
my $ROWS = 250;
load('assignment', 'class_id, id', ['roster', 'many']);
load('submission', 'class_id, assignment_id, id, user_id',
     map { ['roster', 'many', $_, "user$_"] } 1 .. $ROWS);
for my $options ('$top=7', '$top=7&$expand=outcomes',
                 '$top=7&$orderby=lastModifiedDateTime') {
    my ($pages, @rows) = collect('teacher',
        "$class/assignments/many/submissions?$options");
    my %seen = map { $_->{id} => 1 } @rows;
    is(@rows . ' ' . keys %seen, "$ROWS $ROWS",
       "$options: each submission comes once");
    is($pages, int(($ROWS + 6) / 7), "$options: the list has many pages");
    is(scalar(grep { @{ $_->{outcomes} } != 1 } @rows), 0,
       "$options: each submission has its placeholder") if $options =~ /expand/;
}
is(ask('teacher', GET => "$class/assignments/many/submissions/\$count")->{body},
   $ROWS, 'the submissions are counted');

# A large class can be published to, and replaced, as a whole.
load('class', 'id', ['large']);
load('member', 'class_id, id, role', ['large', 'teacher', 'teacher'],
     map { ['large', "user$_", 'student'] } 1 .. $ROWS);
load('assignment', 'class_id, id', ['large', 'a']);
is(ask('teacher', POST => '/classes/large/assignments/a/publish')->{status},
   200, 'an assignment is published to a large class');
my (undef, @given) = collect('teacher',
    '/classes/large/assignments/a/submissions?$select=recipient');
is(join(' ', map { $_->{recipient}{userId} } @given),
   join(' ', sort map { "user$_" } 1 .. $ROWS),
   'each student of a large class has a submission, in the order of the class');
is(ask('app', PUT => '/classes/large/members',
       { value => [map { { id => "user$_" } } 1, $ROWS] })->{status}, 204,
   'a large class is replaced by a small one');
my (undef, @stayed) = collect('app', '/classes/large/members?$top=1');
is(join(' ', sort map { $_->{id} } @stayed), "user1 user$ROWS",
   'the small class has two members');

# A student who joins a class gets each of its open assignments, however many and
# however long they are.
load('class', 'id', ['open']);
load('assignment', 'class_id, id, body', map {
         my $note = $_ == $ROWS ? 'x' x 20000 : '';
         ['open', sprintf('a%03d', $_), '{"addedStudentAction": "assignIfOpen",'
          . qq( "status": "assigned", "displayName": "$note"})] } 1 .. $ROWS);
is(ask('app', POST => '/classes/open/members/$ref',
       { '@odata.id' => 'https://example.org/v1.0/education/users/joins' })
   ->{status}, 204, 'a student joins a class of many assignments');
is(sql("SELECT count(DISTINCT assignment_id) FROM edu_submission"
       . " WHERE class_id = 'open' AND user_id = 'joins'"), "$ROWS\n",
   'the student has a submission of each');

# Ids need not differ from class to class.
load('assignment', 'class_id, id', map { ["roster$_", 'same'] } '', '2');
for my $options ('$top=100', '$top=1', '$top=1&$orderby=id') {
    my (undef, @rows) = collect('student', '/me/assignments?$filter=id+eq+'
                                . "'same'&$options");
    is(join(' ', sort map { $_->{classId} } @rows), 'roster roster2',
       "$options: assignments of one id in two classes");
}
is(ask('student', GET => '/me/assignments/same')->{status}, 409,
   'an id that is in two classes is refused');

# Nor from assignment to assignment.
load('class', 'id', ['roster3']);
load('assignment', 'class_id, id, body', map {
    ['roster3', $_, '{"grading": {"maxPoints": 10}}'] } 'a' .. 'c');
my $now = sprintf '%016x', time * 10_000_000;
my $week = 7 * 24 * 60 * 60;
load('submission', 'class_id, assignment_id, id, user_id, version',
     (map { ['roster3', $_, 'same', 'student', $now] } 'a' .. 'c'),
     ['roster3', 'a', 'recent', 'ada',
      sprintf '%016x', (time - $week + 60) * 10_000_000],
     ['roster3', 'b', 'old', 'ada',
      sprintf '%016x', (time - $week - 60) * 10_000_000]);
for my $assignment ('a' .. 'c') {
    ask('teacher', PATCH => "/classes/roster3/assignments/$assignment"
        . "/submissions/same/outcomes/$_", '{"points": {"points": 1}}')
        for $POINTS;
    ask('teacher', PATCH => "/classes/roster3/assignments/$assignment"
        . "/submissions/same/outcomes/$_",
        '{"feedback": {"text": {"content": "x"}}}') for $FEEDBACK;
}
for my $options ('$top=100', '$top=1', '$top=100&$expand=outcomes',
                 '$top=1&$expand=outcomes') {
    my (undef, @rows) = collect('teacher',
        "/classes/roster3/getRecentlyModifiedSubmissions?$options");
    is(join(' ', sort map { "$_->{assignmentId}/$_->{id}" } @rows),
       'a/recent a/same b/same c/same',
       "recent, $options: each submission comes once");
    is(scalar(grep { @{ $_->{outcomes} } != 2 } @rows), 0,
       "recent, $options: each submission has its outcomes")
        if $options =~ /expand/;
}

# -------------------------------------------------- documents that are not so
load('submission', 'class_id, assignment_id, id, user_id',
     ['roster', 'gone', '1', 'student']);
is(ask('teacher', GET => "$class/assignments/gone/submissions")->{status}, 404,
   'submissions of a missing assignment are refused');
isnt(ask('teacher', GET => "$class/assignments/gone/submissions/1$_")->{status},
     0, "a submission of a missing assignment is answered: $_") for '', '?$expand=outcomes',
     '/outcomes';

load('class', 'id', ['broken']);
load('member', 'class_id, id, role', ['broken', 'teacher', 'teacher'],
     ['broken', 'student', 'student']);
my %wrong = (
    numbers => '{"displayName": 5, "status": 5, "grading": 5, "rubric": 5,'
        . ' "gradingScheme": 5, "assignTo": 5, "lastModifiedDateTime": 5,'
        . ' "assignedDateTime": 5}',
    lists => '{"grading": [], "rubric": {"qualities": [5, {}, null],'
        . ' "levels": [5]}, "gradingScheme": {"grades": [5, {}]},'
        . ' "assignTo": {"recipients": [5, null, "student"]}}',
    strings => '{"grading": {"maxPoints": "x"}, "rubric": {"qualities": "x"},'
        . ' "gradingScheme": {"grades": "x"}, "assignTo": {"recipients": "x"},'
        . ' "dueDateTime": "x", "status": "x", "@odata.type": "x"}',
    nulls => '{"grading": null, "rubric": null, "assignTo": null,'
        . ' "status": null, "@odata.etag": null, "id": null}',
);
for my $kind (sort keys %wrong) {
    load('assignment', 'class_id, id, body', ['broken', $kind, $wrong{$kind}]);
    load('submission', 'class_id, assignment_id, id, user_id, body',
         ['broken', $kind, '1', 'student', '{"status": 5, "webUrl": [],'
          . ' "recipient": 5, "returnedBy": "x", "returnedDateTime": 5}'],
         ['broken', $kind, '2', 'ada',
          '{"status": "lost", "submittedBy": []}']);
}
for my $kind (sort keys %wrong) {
    my $assignment = "/classes/broken/assignments/$kind";
    my $submissions = "$assignment/submissions";
    my @requests = (
        [GET => $assignment], [GET => "$assignment/submissions"],
        [GET => '/classes/broken/assignments?$orderby=displayName,dueDateTime'],
        [GET => '/classes/broken/assignments?$filter=displayName+eq+'
            . "'x'+or+status+eq+'draft'+or+dueDateTime+gt"
            . '+2020-01-01T00:00:00Z'],
        [GET => "$submissions?\$orderby=returnedDateTime,status,webUrl"
            . '&$expand=*'],
        [GET => "$submissions?\$filter=returnedBy/user/id+eq+'x'+or+status+eq+"
            . "'working'"],
        [GET => "$submissions/1/outcomes"],
        [PATCH => "$submissions/1/outcomes/$POINTS",
            { points => { points => 5 } }],
        [PATCH => "$submissions/1/outcomes/$RUBRIC",
            { rubricQualitySelectedLevels => [{ qualityId => 'x' }] }],
        [POST => "$submissions/1/return"], [POST => "$submissions/2/excuse"],
        [POST => "$assignment/publish"],
        [POST => "$assignment/setUpResourcesFolder"],
        [PUT => "$submissions/1", { recipient => { userId => 'student' } }],
        [PUT => $assignment, { grading => { maxPoints => 5 } }],
        [PATCH => "$submissions/1/outcomes/$POINTS",
            { points => { points => 4 } }],
    );
    is(join(' ', grep { /^[05]/ } map {
           my $answer = ask($_->[0] eq 'PUT' ? 'app' : 'teacher', @$_);
           "$answer->{status}:$_->[0]:$_->[1]" } @requests), '',
       "documents of $kind make no request fail");
}

# A document that is no assignment is logged, and harms no other request.
my %damaged = (text => 'no JSON', list => '[]');
for my $kind (sort keys %damaged) {
    my $mark = log_mark();
    load('assignment', 'class_id, id, body',
         ['broken', $kind, $damaged{$kind}]);
    is(ask('teacher', GET => "/classes/broken/assignments/$kind")->{status},
       500, "$kind: a text that is no document is 500");
    ok(log_await($mark, "EDU0002: .*document of educationAssignment $kind"),
       "$kind: the log names the damaged document");
    is(join(' ', grep { !$_ } map { ask(@$_)->{status} }
            [app => PUT => "/classes/broken/assignments/$kind", {}],
            [teacher => POST => "/classes/broken/assignments/$kind/publish"]),
       '', "$kind: requests for the damaged document are answered");
    is(ask('app', DELETE => "/classes/broken/assignments/$kind")->{status}, 204,
       "$kind: the damaged document can be deleted");
}
# A part of no known type.
load('assignment', 'class_id, id, body', ['broken', 'part',
     '{"grading": {"@odata.type": "x"}, "assignTo": {"@odata.type": "y",'
     . ' "recipients": ["student"]}}']);
load('submission', 'class_id, assignment_id, id, user_id',
     ['broken', 'part', '1', 'student']);
my $part = '/classes/broken/assignments/part';
is(join(' ', grep { /^[05]/ } map {
       my $answer = ask(@$_);
       "$answer->{status}:$_->[1]:$_->[2]" }
       [teacher => GET => $part],
       [teacher => GET => "$part/submissions/1/outcomes"],
       [teacher => PATCH => "$part/submissions/1/outcomes/$FEEDBACK",
           { feedback => { text => { content => 'x' } } }],
       [teacher => POST => "$part/submissions/1/return"],
       [app => PUT => "$part/submissions/1",
           { recipient => { userId => 'student' } }]), '',
   'a part of an unknown type makes no request fail');

# Recipients that no PUT may name are not taken for others.
for my $type ('y', 'microsoft.graph.educationAssignmentGroupRecipient') {
    my $id = 'to-' . lc substr $type, -9;
    load('assignment', 'class_id, id, body', ['broken', $id,
         '{"addedStudentAction": "assignIfOpen", "status": "assigned",'
         . qq( "assignTo": {"\@odata.type": "$type",)
         . qq( "recipients": ["student", "student$id"]}})]);
    my $refused = ask(teacher => POST => "/classes/broken/assignments/$id/publish");
    is("$refused->{status} " . got($refused)->{error}{target}, '501 assignTo',
       "$type: publish is refused");
    is(ask(app => POST => '/classes/broken/members/$ref', { '@odata.id' =>
           "https://example.org/v1.0/education/users/student$id" })->{status},
       204, 'a student joins');
    is_deeply(got(ask(teacher => GET => "/classes/broken/assignments/$id/submissions"))
              ->{value}, [], 'no student gets a submission');
    is(ask(app => PUT => "/classes/broken/assignments/$id", {})->{status}, 200,
       'the assignment can be replaced');
}
done_testing;
