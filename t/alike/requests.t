# Requests from tables, for make alike: the answer of one server is what is
# expected of the other.  Each route by each method, caller and dialect; each
# option, condition, header and body where it has a meaning, and where it has
# none; all of it also in a $batch.
use strict;
use warnings;
use Edu::School qw($FEEDBACK $POINTS $RUBRIC);
use Edu::Wire;
use JSON::PP ();

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;
my $TYPE = '#microsoft.graph.education';
my @JSON_TYPE = ('Content-Type' => 'application/json');

# -------------------------------------------------------------------- sending

my %tags;    # path => [ETags that were seen, in order]
my $link;    # the latest @odata.nextLink

# Sends one request; in a header, TAG stands for the path's latest ETag, and OLD
# for the one before.
sub send_one {
    my ($who, $method, $target, $headers, $body) = @_;
    my ($path) = $target =~ /^([^?]*)/;
    my @headers = ([Authorization => $who eq 'none' ? 'none' : "$who:demo"]);
    for (my $i = 0; $headers && $i < @$headers; $i += 2) {
        my ($name, $value) = @$headers[$i, $i + 1];
        my ($tag, $old) = (reverse(@{ $tags{$path} // [] }), 0, 0);
        push @headers, [$name, $value =~ s/TAG/$tag/gr =~ s/OLD/$old/gr];
    }
    my $answer = request($method, $target, \@headers, $body);
    my $tag = (header($answer, 'ETag') // '') =~ s/"//gr;
    push @{ $tags{$path} }, $tag
        if $tag ne '' && $tag ne (($tags{$path} // [])->[-1] // '');
    return $answer;
}

sub follow {
    my ($who, $answer, $most) = @_;
    while ($most-- > 0
           && $answer->{body} =~ /"\@odata\.nextLink":"([^"]*)"/) {
        $link = $1;
        $answer = send_one($who, GET => $link);
    }
}

sub get {
    my ($who, $target, @headers) = @_;
    follow($who, send_one($who, GET => $target, \@headers), 2);
}

sub put {
    my ($method, $who, $path, $body, @headers) = @_;
    send_one($who, $method, "/v1.0/education$path",
             [defined $body ? @JSON_TYPE : (), @headers],
             ref $body ? $JSON->encode($body) : $body);
}

sub escaped { return $_[0] =~ s/([^\w\$'()*,.\/:=&+@-])/sprintf '%%%02X', ord $1/ger }

# ------------------------------------------------------------------ the school

my $k = '/classes/alike';
my $essay = "$k/assignments/essay";
my $open = '/classes/alike-open/assignments/a/submissions/s';
my @RULES = ('essay' => {}, bare => { grading => undef, rubric => undef,
                                      gradingScheme => undef },
             draft => { status => 'draft' },
             late => { dueDateTime => '2020-01-01T00:00:00Z',
                       allowLateSubmissions => JSON::PP::false },
             closed => { closeDateTime => '2020-01-01T00:00:00Z' },
             points => { rubric => undef });

sub text { return { content => $_[0], contentType => $_[1] // 'text' } }
sub feedback { return { feedback => { text => text(@_) } } }
sub points { return { points => { points => $_[0] } } }
sub of_type {
    my ($name, $body) = @_;
    return { '@odata.type' => "${TYPE}$name", %{ $body // {} } };
}
sub word {
    my ($name, $type) = @_;
    return of_type('FeedbackResourceOutcome', { feedbackResource => {
        '@odata.type' => $TYPE . ($type // 'Word') . 'Resource',
        displayName => $name } });
}
sub levels {
    my ($level, $said) = @_;
    return { rubricQualitySelectedLevels => [
                 { qualityId => 'style', columnId => $level }],
             rubricQualityFeedback => [
                 { qualityId => 'facts', feedback => text($said) }] };
}

sub found_school {
    put(PUT => 'app', $k, { displayName => 'Alike', classCode => 'k' });
    put(PUT => 'app', "$k/members", { value => [
        { id => 'teacher', primaryRole => 'teacher', displayName => 'T' },
        map { { id => $_, surname => "S $_" } } qw(student ada bo cy) ] });
    put(PUT => 'app', '/classes/alike-alien', { displayName => 'Alien' });
    put(PUT => 'app', '/classes/alike-alien/members',
        { value => [{ id => 'student' }] });
    for (my $i = 0; $i < @RULES; $i += 2) {
        my ($name, $more) = @RULES[$i, $i + 1];
        my $path = "$k/assignments/$name";
        put(PUT => 'app', $path, {
            displayName => $name, status => 'assigned',
            grading => { '@odata.type' => "${TYPE}AssignmentPointsGradeType",
                         maxPoints => 20 },
            rubric => { displayName => 'R',
                qualities => [map { { qualityId => $_ } } qw(style facts)],
                levels => [map { { levelId => $_ } } qw(good fair poor)] },
            gradingScheme => { displayName => 'Letters', grades => [
                { displayName => 'A', minPercentage => 90 },
                { displayName => 'B', minPercentage => 62.5 },
                { displayName => 'F', minPercentage => 0 }] },
            %$more });
        put(PUT => 'app', "$path/submissions/$_",
            { recipient => { userId => $_ } }) for qw(student ada bo cy);
    }
    put(POST => 'teacher', "$k/assignments/points/publish");
    grade($_) for qw(student ada bo);
    put(POST => 'teacher', "$essay/submissions/student/return");
    put(POST => 'teacher', "$essay/submissions/ada/reassign");
    put(POST => 'teacher', "$essay/submissions/bo/excuse");
    put(POST => 'student', "$k/assignments/bare/submissions/student/submit");
    fill_open();
}

sub grade {
    my ($student) = @_;
    my $at = "$essay/submissions/$student/outcomes";
    put(PATCH => 'teacher', "$at/$POINTS", points(length($student) * 2.5));
    put(PATCH => 'teacher', "$at/$FEEDBACK", feedback("Well, $student"));
    put(PATCH => 'teacher', "$at/$RUBRIC", levels('good', "Hm, $student"));
    put(POST => 'teacher', $at, word("$student.docx"));
}

# Creates outcomes of all types; every third id is the server's.
sub fill_open {
    my $n = 0;
    for my $body ((map { of_type('PointsOutcome', points($_)) }
                       0, 1, 2.5, 2.5, 100, 9999998, 0.1, 1e-7, 7, undef),
                  (map { of_type('FeedbackOutcome', feedback(@$_)) }
                       ['a'], ['b', 'html'], ["\x{e4}\x{1f600}"], ['']),
                  of_type('RubricOutcome', levels('x', 'y')),
                  of_type('Outcome'), {},
                  map { word("f $_", $_) } qw(Word Excel PowerPoint File Media
                      Link LinkedAssignment Channel External TeamsApp)) {
        my %id = $n++ % 3
            ? (id => sprintf '%08x-0000-4000-8000-000000000000', $n * 7919)
            : ();
        put(POST => 'teacher', "$open/outcomes", { %id, %$body });
    }
}

# ------------------------------------------------------------------- the tables

my $first = sprintf '%08x-0000-4000-8000-000000000000', 2 * 7919;
my $s = "$essay/submissions/student";
my @ROUTES = map { "/education$_" }
    '', '/classes', $k, "$k/members", "$k/members/\$ref", "$k/members/ada",
    "$k/members/ada/\$ref", "$k/teachers", "$k/teachers/\$ref",
    "$k/teachers/teacher", "$k/teachers/ada/\$ref",
    "$k/getRecentlyModifiedSubmissions", "$k/assignments", $essay,
    "$essay/publish", "$essay/setUpResourcesFolder",
    "$essay/setUpFeedbackResourcesFolder", "$essay/submissions",
    "$essay/submissions/\$count", $s, "$s/submit", "$s/unsubmit", "$s/return",
    "$s/reassign", "$s/excuse", "$s/outcomes", "$s/outcomes/\$ref",
    "$s/outcomes/\$count", "$s/outcomes/$POINTS", "$s/outcomes/$RUBRIC",
    "$open/outcomes", "$open/outcomes/\$count", "$open/outcomes/$first", $open,
    '/me', '/me/classes', '/me/assignments', '/me/assignments/essay',
    '/me/assignments/essay/submissions', '/users', '/users/student',
    '/users/student/classes', '/users/student/assignments',
    "/me/assignments/essay/submissions/student/outcomes/$POINTS",
    '/users/ada/assignments/essay/submissions/ada/outcomes';
my @ODD = map { "/education$_" }
    '/Classes', '/classes/', '/classes//members', "/classes('alike')",
    "/classes('al''ike')", "/classes('alike", "/classes(alike)",
    '/classes/%61like', '/classes/none', '/classes/none/members',
    '/classes/none/assignments', '/classes/none/assignments/a',
    '/classes/' . 'x' x 128, '/classes/' . 'x' x 129, '/classes/%ff',
    '/classes/%2e%2e', '/classes/a%2fb', '/classes/a%00', '/classes/$x',
    '/classes/alike-alien', '/classes/alike-alien/members',
    '/classes/alike-alien/assignments', "$k/members/none", "$k/teachers/ada",
    "$k/assignments/none", "$k/assignments/none/submissions",
    "$essay/submissions/none", "$essay/submissions/none/outcomes",
    "$essay/submissions/none/return", "$s/outcomes/none", "$s/outcomes/$first",
    "$s/outcomes/\U$POINTS", "$s/outcomes('$POINTS')", "$s/Return",
    "$s/microsoft.graph.return", "$s/microsoft.graph.return()", "$s/return()",
    "$s/microsoft.graph.outcomes", "$s/\$value", "$s/outcomes/\$value",
    "$k/microsoft.graph.getRecentlyModifiedSubmissions()",
    "$k/getrecentlymodifiedsubmissions", '/me/assignments/none',
    '/me/classes/alike', '/users/none/assignments',
    '/me/assignments/bare/submissions/student/outcomes',
    "/users('student')/assignments('essay')/submissions('student')/outcomes";

my @OPTIONS = map { escaped($_) }
    (map { "\$top=$_" } qw(0 1 2 3 999 1000 -1 x), ''), '$top=2&$skip=1',
    '$skip=1', '$skip=1000', '$skip=-1', '$skip=1&$skip=1', '$count=true',
    '$count=false', '$count=yes', '$count=true&$top=1', 'count=true&top=1',
    '$format=json', '$format=xml', '$format=application/json', '$search=x',
    '$apply=x', '$compute=x', '$deltatoken=x', '$index=1', '$levels=1',
    '$id=x', '$wrong=x', 'wrong=x&$top=1', '$skiptoken=', '$skiptoken=00',
    '$skiptoken=zz', '$skiptoken=u00', '$TOP=1', '%24top=1', '$select=id',
    '$select=id,id', '$select=*', '$select=', '$select=none',
    '$select=id,none', '$select=lastModifiedDateTime&$top=2',
    '$select=displayName,id', '$select=status', '$select=rubric',
    '$select=outcomes', '$select=points,feedback',
    '$select=microsoft.graph.educationPointsOutcome/points',
    '$expand=*', '$expand=outcomes', '$expand=outcomes,resources',
    '$expand=submittedResources', '$expand=outcomes($top=1)', '$expand=none',
    '$expand=rubric', '$expand=gradingScheme,rubric', '$expand=',
    '$expand=outcomes&$select=id,status', '$orderby=id', '$orderby=id desc',
    '$orderby=none', '$orderby=', '$orderby=lastModifiedDateTime',
    '$orderby=lastModifiedDateTime desc,id', '$orderby=displayName,id desc',
    '$orderby=status&$top=1', '$orderby=id asc asc', '$filter=',
    "\$filter=id eq 'ada'", '$filter=id ne null', '$filter=true',
    "\$filter=contains(id,'a')", '$filter=not (id eq null)&$count=true',
    "\$filter=id gt 'b'&\$top=1&\$count=true", "\$filter=id in ('ada','bo')",
    "\$filter=displayName eq 'x' or id le 'c'", '$filter=id eq 1';
my @OUTCOME_OPTIONS = map { escaped($_) }
    (map { "\$filter=isof($_)" } 'microsoft.graph.educationPointsOutcome',
         "'microsoft.graph.educationFeedbackOutcome'", 'educationOutcome',
         'none', ''),
    (map { "\$filter=points/points $_" } 'eq 2.5', 'ne 2.5', 'gt 2', 'ge 2.5',
         'lt 1e0', 'le 0.1', 'eq null', 'eq 0.1', 'in (1,7)', "eq 'x'",
         'eq points/points', 'gt', 'gt 1 and points/points lt 10',
         'gt 1 or feedback/text/content eq \'a\''),
    "\$filter=feedback/text/contentType eq 'html'",
    "\$filter=feedback/text/contentType eq 'none'",
    "\$filter=resourceStatus eq 'notPublished'",
    "\$filter=feedbackResource/displayName ge 'f L'",
    '$filter=feedbackResource/microsoft.graph.educationLinkResource/link eq null',
    '$filter=lastModifiedDateTime gt 2020-01-01T00:00:00Z',
    '$filter=lastModifiedDateTime lt 2020-01-01T00:00:00+01:00',
    "\$filter=lastModifiedBy/user/id eq 'teacher'",
    '$filter=rubricQualityFeedback eq null', '$filter=points eq null',
    '$filter=points eq points', '$filter=points/grade eq \'A\'',
    '$filter=((id eq null', '$filter=' . '(' x 60 . 'true', '$filter=not true',
    "\$filter=id eq '\U$first'", "\$filter=feedback/text/content eq 'it''s'",
    "\$filter=feedback/text/content eq '\xc3\xa4\xf0\x9f\x98\x80'",
    '$filter=points/points eq 1+1', '$filter=points/points eq INF',
    '$filter=true eq false or not false and id ne null',
    '$orderby=points/points', '$orderby=points/points desc&$top=3',
    '$orderby=feedback/text/content,id&$top=3', '$orderby=points',
    '$orderby=feedbackResource/displayName desc&$top=4&$count=true',
    '$orderby=points/points&$filter=points/points gt 1&$top=2&$count=true',
    '$orderby=points/points&$skip=2&$top=3', '$orderby=lastModifiedBy/user/id',
    "\$select=points&\$filter=points/points gt 1&\$top=2";
my @SUBMISSION_OPTIONS = map { escaped($_) }
    (map { "\$filter=status eq '$_'" } qw(working submitted returned reassigned
         excused none)),
    "\$filter=recipient/userId eq 'ada'", '$filter=returnedDateTime ne null',
    "\$filter=recipient/microsoft.graph.educationSubmissionIndividualRecipient"
        . "/userId eq 'bo'", '$filter=submittedBy/user/id eq \'student\'',
    '$filter=returnedDateTime gt 2020-01-01T00:00:00Z&$expand=outcomes',
    '$orderby=status,id desc&$top=2', '$orderby=returnedDateTime desc&$top=2',
    '$expand=outcomes&$top=1', '$expand=*&$top=2&$count=true',
    '$expand=outcomes&$filter=status ne null&$select=outcomes,id',
    '$expand=outcomes&$orderby=id desc&$top=1', '$orderby=lastModifiedDateTime',
    '$orderby=lastModifiedDateTime desc&$expand=outcomes&$top=2';

my @CONDITIONS = (
    ['If-Match' => '"TAG"'], ['If-Match' => '"OLD"'], ['If-Match' => '*'],
    ['If-Match' => 'W/"TAG"'], ['If-Match' => '"TAG-gzip"'],
    ['If-Match' => '"TAG-br"'], ['If-Match' => '"no", "TAG"'],
    ['If-Match' => '"no"'], ['If-Match' => 'TAG'], ['If-Match' => '"TAG'],
    ['If-Match' => '*, "TAG"'], ['If-Match' => ''],
    ['If-None-Match' => '"TAG"'], ['If-None-Match' => '"OLD"'],
    ['If-None-Match' => '*'], ['If-None-Match' => 'W/"TAG"'],
    ['If-None-Match' => '"TAG-gzip", "no"'], ['If-None-Match' => 'no'],
    ['If-Match' => '"TAG"', 'If-None-Match' => '"TAG"'],
    ['If-Modified-Since' => 'Sat, 01 Jan 2050 00:00:00 GMT'],
);

my @HEADERS = (
    (map { [Accept => $_] } 'application/json', 'text/plain', 'text/html',
         '*/*', 'application/*;q=0.1', 'application/json;q=0', '',
         'application/json;odata.metadata=none',
         'text/html, application/json;q=0.5'),
    (map { [Prefer => $_] } 'include-unknown-enum-members', 'x, y=1',
         'return=minimal', 'include-unknown-enum-members, odata.maxpagesize=1'),
    (map { ['OData-MaxVersion' => $_] } '4.0', '4.01', '3.0'),
    (map { ['client-request-id' => $_] } 'gradebook-42', 'a b', 'x' x 129),
    (map { ['Content-Type' => $_] } 'application/json', 'text/plain',
         'application/json; charset=utf-8', 'application/json; charset=latin1',
         'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
         'application/merge-patch+json', 'none', 'APPLICATION/JSON', ''),
    (map { [@JSON_TYPE, 'Content-Encoding' => $_] } 'gzip', 'identity', 'x'),
    (map { [@JSON_TYPE, Origin => $_] } 'https://evil.example', 'null',
         'http://localhost'),
    (map { [@JSON_TYPE, 'Sec-Fetch-Site' => $_] } 'cross-site', 'same-origin',
         'none', 'same-site'),
    (map { [@JSON_TYPE, Expect => $_] } '100-continue', 'x'),
    [@JSON_TYPE, 'Transfer-Encoding' => 'chunked'],
    [Range => 'bytes=0-3'], [Range => 'bytes=9999999-'],
    [@JSON_TYPE, 'X-HTTP-Method' => 'DELETE'],
);

# Bodies that are not JSON, or not an entity.
my @TEXTS = ('', '{', '[]', 'null', '1', '"x"', '{}', '{}{}', '{"a":1,"a":2}',
    '{"id":1}', '{"id":"x"}', "{\"id\":\"$first\"}", '{"none":1}',
    '{"@odata.type":1}', '{"@odata.type":"#microsoft.graph.none"}',
    "{\"\@odata.type\":\"${TYPE}Assignment\"}", '{"@odata.id":"x"}',
    '{"@odata.id":"https://h/v1.0/education/users/ada"}',
    '{"@odata.id":"/education/users/none"}', "{\"a\xff\":1}", '{"a":"\ud800"}',
    '{"a":"\u0000"}', '[' x 40, '{"a@b.c":' . '[' x 31 . ']' x 31 . '}',
    '{"value":[]}', '{"value":1}', '{"value":[1]}', '{"value":[{}]}',
    '{"value":[{"id":"ada"},{"id":"ada"}]}', '{"value":[{"id":"a/b"}]}',
    '{"value":[{"id":"student","primaryRole":"none"}]}', '{"requests":[]}',
    '{"lastModifiedDateTime":"yesterday"}', '{"lastModifiedBy":{"x":1}}',
    '{"lastModifiedDateTime":"2020-01-01T00:00:00Z"}');
my @OUTCOMES = (
    (map { of_type('PointsOutcome', points($_)) } -1, 0, 9999999, 9999998.6,
         1e300, '"x"', 'INF', 'NaN', '-INF', JSON::PP::true, [], 3.14159265,
         16777217, 1e-50, undef),
    (map { of_type('PointsOutcome', $_) } { points => undef },
         { points => 1 }, { points => {} }, { points => { points => 1,
           grade => 'A' } }, { feedback => {} }, { publishedPoints => undef },
         { points => { points => 1, gradedBy => { user => { id => 'x' } },
                       gradedDateTime => '2020-01-01T00:00:00+02:00' } },
         { points => { '@odata.type' => '#microsoft.graph.none' } },
         { points => points(2)->{points}, publishedPoints => { points => 7 } }),
    (map { of_type('FeedbackOutcome', $_) } feedback("\x{0}"), feedback('x',
         'none'), feedback('<p>x</p>', 'html'), { feedback => undef },
         { feedback => {} }, { feedback => { text => undef } },
         { feedback => { text => { content => 1 } } },
         { feedback => { text => { contentType => 'html' } } },
         { feedback => { feedbackBy => { user => { id => 'x', more => [1] } },
                         text => text('by') } }),
    (map { of_type('RubricOutcome', $_) } levels('good', 'x'),
         levels('none', 'x'), levels(undef, 'x'),
         { rubricQualitySelectedLevels => undef },
         { rubricQualitySelectedLevels => [] },
         { rubricQualitySelectedLevels => [undef] },
         { rubricQualitySelectedLevels => [{ qualityId => 'none' }] },
         { rubricQualitySelectedLevels => [({ qualityId => 'style' }) x 2] },
         { rubricQualityFeedback => [{ qualityId => 'style', feedback => 1 }] },
         { rubricQualityFeedback => [({}) x 5001] }),
    (map { of_type('FeedbackResourceOutcome', $_) }
         { feedbackResource => undef }, { feedbackResource => {} },
         { feedbackResource => of_type('Resource') },
         { feedbackResource => of_type('WordResource', { link => 'x' }) },
         { feedbackResource => of_type('LinkResource', { link => 'x' }) },
         { feedbackResource => of_type('LinkResource', { link => 1 }) },
         { resourceStatus => 'published', feedbackResource => undef },
         { resourceStatus => 'none' },
         { feedbackResource => of_type('SpeakerProgressResource') },
         { feedbackResource => of_type('SpeakerProgressResource', {
             isAiFeedbackEnabled => JSON::PP::true,
             isVideoRequired => JSON::PP::false, maxRecordingAttempts => 3,
             presentationTitle => 't', recordingTimeLimitInMinutes => 2147483648,
             showRehearsalReportToStudentBeforeMediaUpload => JSON::PP::true,
             spokenLanguageLocale => 'en' }) },
         { feedbackResource => of_type('SpeakerProgressResource', {
             isAiFeedbackEnabled => JSON::PP::true,
             isVideoRequired => JSON::PP::false, maxRecordingAttempts => 3,
             presentationTitle => 't', recordingTimeLimitInMinutes => 5,
             showRehearsalReportToStudentBeforeMediaUpload => JSON::PP::true,
             spokenLanguageLocale => 'en', aiFeedbackCriteria => {
                 speechType => 'unknownFutureValue',
                 aiFeedbackSettings => {} } }) }),
    of_type('Outcome', { points => undef }), points(3), feedback('untyped'),
    word('plain.docx'),
);
my @ASSIGNMENTS = ({}, { displayName => undef }, { displayName => 1 },
    { status => 'none' }, { status => 'published' }, { status => 'assigned' },
    { status => 'unknownFutureValue' }, { grading => { maxPoints => -1 } },
    { grading => { maxPoints => 50 } }, { grading => { none => 1 } },
    { rubric => { qualities => [{}] } },
    { rubric => { qualities => [({ qualityId => 'x' }) x 2], levels => [] } },
    { rubric => { qualities => [{ qualityId => 'x', weight => 'y' }] } },
    { gradingScheme => { grades => [{ displayName => 'A' }] } },
    { gradingScheme => { grades => [{ displayName => 'A',
                                      minPercentage => 101 }] } },
    { assignTo => of_type('AssignmentGroupRecipient') },
    { assignTo => of_type('AssignmentClassRecipient') },
    { assignTo => of_type('AssignmentIndividualRecipient',
                          { recipients => ['ada', 'none'] }) },
    { assignTo => of_type('AssignmentIndividualRecipient',
                          { recipients => [1] }) },
    { dueDateTime => 'x' }, { dueDateTime => '2030-01-01T00:00:00.12+01:00' },
    { dueDateTime => '2030-02-30T00:00:00Z' }, { classId => 'other' },
    { allowLateSubmissions => 1 }, { languageTag => "\x{e9}" },
    { resourcesFolderUrl => 'x' }, { id => 'other' });
my @SUBMISSIONS = ({}, { recipient => undef }, { recipient => {} },
    { recipient => { userId => 'none' } }, { recipient => { userId => 'ada' } },
    { recipient => { userId => 1 } }, { recipient => { userId => 'a/b' } },
    { recipient => of_type('SubmissionGroupRecipient') },
    { recipient => { userId => 'student' }, status => 'returned' },
    { recipient => { userId => 'student' }, webUrl => 'x' });

# -------------------------------------------------------------------- the order

found_school();

# routes, callers, dialects, options
for my $at (@ROUTES, @ODD) {
    for my $mount ('/v1.0', '/beta') {
        get($_, "$mount$at") for qw(app teacher student none);
    }
    send_one('teacher', $_, "/v1.0$at") for qw(HEAD OPTIONS TRACE get BREW);
}
my @COLLECTIONS = ('/education/classes', map { "/education$_" }
    "$k/members", "$k/teachers", "$k/assignments", "$essay/submissions",
    "$essay/submissions/\$count", "$s/outcomes", "$s/outcomes/\$count",
    "$open/outcomes", "$k/getRecentlyModifiedSubmissions",
    '/me/assignments/essay/submissions', '/me/classes', '/me/assignments');
for my $at (@COLLECTIONS, map { "/education$_" } $k, "$k/members/ada", $essay,
            $s, "$s/outcomes/$POINTS", "$open/outcomes/$first",
            "$essay/publish", '/none') {
    my $who = $at eq '/education/classes' ? 'app' : 'teacher';
    get($who, "/v1.0$at?$_") for @OPTIONS;
}
my @UNKNOWNS = (Prefer => 'include-unknown-enum-members');
for my $option (@OUTCOME_OPTIONS) {
    get('teacher', "$_?$option")
        for "/v1.0/education$open/outcomes", "/beta/education$s/outcomes",
            "/v1.0/education$open/outcomes/\$count";
}
for my $option (@SUBMISSION_OPTIONS) {
    for my $at ("$essay/submissions", "$k/getRecentlyModifiedSubmissions") {
        get('teacher', "/v1.0/education$at?$option");
        get('teacher', "/beta/education$at?$option", @UNKNOWNS);
    }
    get('student', '/v1.0/education/me/assignments/essay/submissions?'
        . $option);
}

# headers
for my $headers (@HEADERS) {
    send_one('teacher', GET => "/v1.0/education$_", $headers)
        for "$s/outcomes", "$s/outcomes/\$count", $s, '/none';
    send_one('teacher', POST => "/v1.0/education$open/outcomes", $headers,
             '{}');
    send_one('teacher', PATCH => "/v1.0/education$s/outcomes/$POINTS", $headers,
             '{"points":{"points":5}}');
    send_one('teacher', POST => "/v1.0/education$s/return", $headers);
    send_one('app', PUT => "/v1.0/education$k", $headers,
             '{"displayName":"Alike"}');
    send_one('teacher', POST => '/v1.0/$batch', $headers, '{"requests":[]}');
}

# conditions
for my $if (@CONDITIONS) {
    for my $mount ('/v1.0', '/strict') {
        for my $at ("$s/outcomes/$POINTS", "$open/outcomes/$first",
                    "$s/outcomes/$RUBRIC") {
            send_one('teacher', GET => "$mount/education$at");
            send_one('teacher', $_, "$mount/education$at", $if) for qw(GET HEAD);
            send_one('teacher', PATCH => "$mount/education$at",
                     [@JSON_TYPE, @$if], $_)
                for '{"points":{"points":6}}', '{"points":{"points":5}}', '{}',
                    '{';
            send_one('teacher', DELETE => "$mount/education$at", $if);
        }
        put(POST => 'teacher', "$open/outcomes",
            of_type('PointsOutcome', { %{ points(1) }, id => $first }));
    }
    for my $at ($k, $essay, "$k/members/ada", $s, "$s?\$expand=outcomes") {
        get('teacher', "/v1.0/education$at");
        get('teacher', "/v1.0/education$at", @$if);
    }
    put(PUT => 'app', $k, { displayName => "Alike @$if" }, @$if);
    put(PUT => 'app', $essay, { displayName => 'E', status => 'assigned',
        grading => { maxPoints => 20 } }, @$if);
    put(PUT => 'app', $s, { recipient => { userId => 'student' } }, @$if);
    put(POST => 'teacher', $_, undef, @$if)
        for "$essay/publish", map "$s/$_", qw(submit unsubmit return reassign
                                              excuse);
    put(DELETE => 'app', "$k/members/cy/\$ref", undef, @$if);
    put(POST => 'app', "$k/members/\$ref",
        { '@odata.id' => '/education/users/cy' }, @$if);
}
found_school();

# bodies
for my $text (@TEXTS) {
    send_one('teacher', POST => "/v1.0/education$_", \@JSON_TYPE, $text)
        for "$open/outcomes", "$s/outcomes", "$open/outcomes/\$ref",
            "$s/return";
    send_one('teacher', PATCH => "/v1.0/education$_", \@JSON_TYPE, $text)
        for "$open/outcomes/$first", "$s/outcomes/$FEEDBACK";
    send_one('app', PUT => "/v1.0/education$_", \@JSON_TYPE, $text)
        for '/classes/alike-text', '/classes/alike-alien/members',
            '/classes/alike-alien/teachers', "$k/assignments/text",
            "$essay/submissions/text";
    send_one('app', POST => "/v1.0/education$_", \@JSON_TYPE, $text)
        for "$k/members/\$ref", "$k/teachers/\$ref";
    send_one('teacher', POST => '/v1.0/$batch', \@JSON_TYPE, $text);
}
found_school();
for my $body (@OUTCOMES) {
    my $sent = $JSON->encode($body);
    for my $mount ('/v1.0', '/beta', '/migrate', '/registered', '/small') {
        send_one('teacher', POST => "$mount/education$_", \@JSON_TYPE, $sent)
            for "$open/outcomes", "$s/outcomes";
    }
    for my $mount ('/v1.0', '/beta') {
        send_one('teacher', PATCH => "$mount/education$_", \@JSON_TYPE, $sent)
            for map({ "$s/outcomes/$_" } $POINTS, $FEEDBACK, $RUBRIC),
                "$open/outcomes/$first",
                "$k/assignments/bare/submissions/ada/outcomes/$FEEDBACK";
    }
    send_one('student', PATCH => "/v1.0/education/me/assignments/essay"
             . "/submissions/student/outcomes/$POINTS", \@JSON_TYPE, $sent);
    get('teacher', "/beta/education$s/outcomes");
}
for my $body (@ASSIGNMENTS) {
    put(PUT => 'app', "$k/assignments/put", $body);
    put(PUT => 'app', "$k/assignments/new",
        { displayName => 'N', %$body });
    put(POST => 'teacher', "$k/assignments/$_/publish") for qw(put new);
    get('teacher', "/v1.0/education$k/assignments?\$top=3");
    # ids made at one instant have no order
    get('teacher', "/v1.0/education$k/assignments/new/submissions"
        . '?$orderby=recipient/userId');
    put(DELETE => 'app', "$k/assignments/new");
}
for my $body (@SUBMISSIONS) {
    put(PUT => 'app', "$essay/submissions/$_", $body) for qw(student put);
    put(PUT => 'app', "$k/assignments/none/submissions/put", $body);
    put(DELETE => 'app', "$essay/submissions/put");
}

# actions in each status
my @ACTIONS = qw(submit unsubmit return reassign excuse);
for my $rule (grep !ref, @RULES) {
    my $at = "$k/assignments/$rule/submissions/cy";
    put(PATCH => 'teacher', "$at/outcomes/$POINTS", points(13));
    for my $action (@ACTIONS) {
        for my $next (@ACTIONS) {
            put(POST => 'teacher', "$at/$action", undef, @UNKNOWNS);
            put(POST => 'teacher', "$at/$next");
        }
    }
    get('teacher', "/beta/education$at/outcomes");
    get('teacher', "/v1.0/education$at?\$expand=*");
}

# an assignment that changes while it is graded
for my $rubric ([qw(style)], [qw(facts new)], [], [qw(facts style new)]) {
    put(PUT => 'app', $essay, { displayName => 'E', status => 'assigned',
        grading => { maxPoints => 10 + @$rubric },
        rubric => { qualities => [map { { qualityId => $_ } } @$rubric],
                    levels => [map { { levelId => $_ } } qw(good new)] },
        gradingScheme => { grades => [{ displayName => "G@$rubric",
                                        minPercentage => 10 }] } });
    for my $student (qw(student ada bo)) {
        my $at = "$essay/submissions/$student";
        get('teacher', "/beta/education$at/outcomes");
        get('teacher', "/beta/education$at?\$expand=outcomes");
        put(PATCH => 'teacher', "$at/outcomes/$RUBRIC", $_)
            for levels('good', 'again'), levels('new', 'x'), {};
        put(POST => 'teacher', "$at/$_") for qw(return reassign);
        put(DELETE => 'teacher', "$at/outcomes/$_")
            for $RUBRIC, $POINTS, $FEEDBACK, $first;
        grade($student);
    }
    put(POST => 'teacher', "$essay/$_") for qw(setUpResourcesFolder
        setUpFeedbackResourcesFolder publish);
}

# rows that change between pages
my $round = 10;
for my $by ('', '&$orderby=points/points desc', '&$orderby=id desc') {
    my $at = "/v1.0/education$open/outcomes?\$top=2" . escaped($by);
    follow('teacher', send_one('teacher', GET => $at), 1);
    my $from = $link;
    put(PATCH => 'teacher', "$open/outcomes/$first", points(8));
    send_one('teacher', GET => $from);
    put(DELETE => 'teacher', "$open/outcomes/$first");
    send_one('teacher', GET => $from);
    send_one('teacher', GET => $from =~ s/outcomes\?/outcomes?\$count=true&/r);
    send_one('teacher', GET => $from =~ s/alike-open/alike-other/r);
    my @rows = @{ $JSON->decode(send_one('teacher', GET =>
        "/v1.0/education$open/outcomes?\$top=999")->{body})->{value} };
    put(PATCH => 'teacher', "$open/outcomes/$_->{id}",
        $_->{points} ? points($round) : $_->{feedback} ? feedback($round)
        : { feedbackResource => { displayName => "$round" } })
        for @rows;
    send_one('teacher', GET => $from);
    $round++;
}

# documents that are too long for a list, and are read one by one
put(PUT => 'app', "$k/members", { value => [
    { id => 'teacher', primaryRole => 'teacher' },
    map { { id => $_, surname => $_ x 9000 } } qw(student ada bo cy) ] })
    for 1, 2;
for my $n (1 .. 4) {
    put(POST => 'teacher', "$open/outcomes", of_type('FeedbackOutcome', {
        id => "0000000$n-0000-4000-8000-000000000000", %{ feedback($n x 20000) }
    }));
}
put(PATCH => 'teacher', "$s/outcomes/$FEEDBACK", feedback('long ' x 4000));
put(PUT => 'app', "$k/assignments/long", { displayName => 'l' x 20000,
    status => 'assigned', grading => { maxPoints => 3 } });
put(PUT => 'app', "$k/assignments/long/submissions/ada",
    { recipient => { userId => 'ada' } });
for my $option ('', "\$filter=id ge 'b'", '$orderby=id desc&$top=2', '$top=2',
                "\$filter=feedback/text/content ne 'x'&\$top=3&\$count=true") {
    get('teacher', "/v1.0/education$_?" . escaped($option))
        for "$k/members", "$k/assignments", "$open/outcomes", "$s/outcomes",
            "$essay/submissions", "$k/assignments/long/submissions";
    get('teacher', "/beta/education$_?\$expand=outcomes&" . escaped($option))
        for "$essay/submissions", "$k/assignments/long/submissions";
}
found_school();

# conflicts, and other odd requests
for (
    [PUT => 'app', "$essay/submissions/two", { recipient => { userId => 'ada' } }],
    [PUT => 'app', '/classes/alike-open', { displayName => 'O' }],
    [PUT => 'app', '/classes/alike-open/assignments/a', { displayName => 'A' }],
    [PUT => 'app', $open, { recipient => { userId => 'ada' } }],
    [POST => 'teacher', "$k/assignments/bare/submissions/ada/outcomes",
     of_type('PointsOutcome', { id => $first, %{ points(1) } })],
    [POST => 'teacher', "$k/assignments/bare/submissions/ada/outcomes",
     of_type('PointsOutcome', points(1))],
    (map { [POST => 'teacher', "$s/outcomes", word("$_.docx")] } 1 .. 6),
    [PUT => 'app', "/classes/it's", { displayName => "it's" }],
    [GET => 'app', "/classes('it''s')/members"],
    [GET => 'app', "/classes('it''s')/assignments('a''b')/submissions"],
    [GET => 'teacher', "$open/outcomes?" . join '&', map "a$_=1", 1 .. 101],
    [GET => 'teacher', "$open/outcomes?\$filter=\xe4"],
    [POST => 'teacher', "$open/outcomes", "\xef\xbb\xbf{}"],
    [POST => 'teacher', "$open/outcomes", { 'a@b.c' => [map { {} } 1 .. 9e4] }],
    (map { [GET => 'teacher', "$open/outcomes?\$filter=" . escaped($_)] }
         "id/x eq '1'", "rubricQualityFeedback/qualityId eq 'x'", 'id in 1',
         'id in ()', 'points/points in (points/points,1)', "id in ('a'",
         'points/microsoft.graph.educationRubric/x eq 1',
         'microsoft.graph.educationPointsOutcome eq null',
         "id eq '" . "\xc3\xa4" x 30 . "' x", "id eq 'open"),
) {
    put(@$_);
}
send_one('app', PUT => "/migrate/education$essay/submissions/bo", \@JSON_TYPE,
         $JSON->encode({ recipient => { userId => 'bo' }, %$_ }))
    for { lastModifiedDateTime => '2020-01-01T00:00:00Z' },
        { lastModifiedBy => { user => { id => 'x' } } };
send_one('teacher', POST => "/friends/education$open/outcomes",
         [@JSON_TYPE, Origin => $_], '{}')
    for 'https://gradebook.example', 'http://lms.example:8080', 'app://gradebook',
        'https://other.example';

# $batch
sub item {
    my ($id, $method, $url, $body, %more) = @_;
    return { id => "$id", method => $method, url => $url,
             defined $body ? (headers => { @JSON_TYPE }, body => $body) : (),
             %more };
}

sub batch {
    my ($who, $mount, @items) = @_;
    send_one($who, POST => "$mount/\$batch", \@JSON_TYPE,
             $JSON->encode({ requests => \@items }));
}

my $n = 0;
for my $who (qw(teacher student app)) {
    my @left = (map({ item($n++, GET => $_) } @ROUTES, @ODD),
                map({ item($n++, GET => "$_?\$top=1&\$count=true") }
                    @COLLECTIONS),
                map({ item($n++, $_, "/education$s/outcomes/$POINTS",
                           points(3)) } qw(PATCH patch DELETE BREW PUT)),
                map({ item($n++, POST => "/education$s/$_") } @ACTIONS));
    while (my @some = splice @left, 0, 20) { batch($who, '/v1.0', @some) }
}
while (my @some = splice @OUTCOMES, 0, 5) {
    for my $group (undef, 'g') {
        my %group = $group ? (atomicityGroup => $group) : ();
        for my $at ("$open/outcomes", "$s/outcomes") {
            batch('teacher', $_, map({ item($n++, POST => "/education$at", $_,
                                            %group) } @some))
                for '/v1.0', '/beta';
        }
    }
}
my $DEEP = [];
$DEEP = [$DEEP] for 1 .. 40;
my @grade = map { item($_, PATCH => "/education$essay/submissions/"
    . qw(student ada bo)[$_] . "/outcomes/$POINTS", points($_ + 1)) } 0 .. 2;
my $bad = item(9, PATCH => "/education$s/outcomes/$POINTS", points(-1));
my $look = item(8, GET => "/education$essay/submissions?\$expand=outcomes");
my $return = item(7, POST => "/education$s/return");
sub with { my ($item, %more) = @_; return { %$item, %more } }
my @g = (atomicityGroup => 'g');
for my $batch (
    [@grade], [@grade, $bad], [@grade, $look, $return],
    [map { with($_, @g) } @grade], [map { with($_, @g) } @grade, $bad],
    [map { with($_, @g) } @grade, $look, $return],
    [with($grade[0], @g), $look, with($grade[1], @g)],
    [with($grade[0], @g), with($bad, atomicityGroup => 'h'), $return],
    [$bad, with($grade[0], dependsOn => ['9'])],
    [$grade[0], with($grade[1], dependsOn => ['0'])],
    [with($grade[0], dependsOn => ['1']), $grade[1]],
    [with($grade[0], dependsOn => ['0'])], [with($grade[0], dependsOn => 'x')],
    [with($grade[0], dependsOn => ['none'])], [$grade[0], $grade[0]],
    [with($grade[0], @g), with($grade[1], @g, dependsOn => ['0'])],
    [with($bad, @g), with($grade[1], dependsOn => ['9'])],
    [with($grade[0], atomicityGroup => 1)], [with($grade[0], headers => 1)],
    [with($grade[0], headers => { 'If-Match' => '"no"', @JSON_TYPE })],
    [with($grade[0], headers => { 'If-Match' => '*', @JSON_TYPE })],
    [with($grade[0], headers => { 'content-type' => 'text/plain' })],
    [with($grade[0], body => undef)], [with($grade[0], body => 'text')],
    [with($grade[0], body => [])], [with($grade[0], body => { 'a@b' => $DEEP })], [with($grade[0], url => 'none')],
    [with($grade[0], url => "https://h/v1.0$grade[0]{url}")],
    [with($grade[0], url => "/v1.0$grade[0]{url}")],
    [with($grade[0], url => substr $grade[0]{url}, 1)],
    [with($grade[0], url => '/education/' . 'x' x 9000)],
    [with($grade[0], method => 1)], [{}], [1],
    [map { with($grade[0], id => "$_") } 1 .. 21],
    [item(1, POST => '/$batch', { requests => [] })],
    [map { item($_, PUT => "/education$k", { displayName => "B$_" }, @g) }
         1 .. 3],
    [item(1, PUT => "/education$k/assignments/b", { displayName => 'b' }, @g),
     item(2, PUT => "/education$k/assignments/b/submissions/s",
          { recipient => { userId => 'ada' } }, @g),
     item(3, POST => "/education$k/assignments/b/publish", undef, @g),
     item(4, POST => "/education$k/assignments/b/submissions/s/outcomes",
          word('b.docx'), @g),
     item(5, DELETE => "/education$k/assignments/b", undef, @g)],
) {
    batch($_, '/v1.0', @$batch) for qw(teacher app student);
    batch('teacher', $_, @$batch) for qw(/beta /strict /few /registered);
    get('teacher', "/v1.0/education$essay/submissions?\$expand=outcomes");
}

# other mount points
for my $mount (qw(/v1.0 /beta /open /strict /migrate /registered /throttled
                  /small /limited /named /latin1 /unguarded /denied /dressed
                  /few /preflight /preflight-too /friends /filtered /readonly
                  /mixed /either)) {
    for my $who (qw(teacher app none wrong)) {
        send_one($who, GET => "$mount/education$_")
            for "$s/outcomes", "$open/outcomes?\$top=2", $k;
        send_one($who, POST => "$mount/education$open/outcomes", \@JSON_TYPE, $_)
            for $JSON->encode(points(1)), $JSON->encode(of_type(
                'PointsOutcome', points(1))),
                $JSON->encode(of_type('FeedbackOutcome', feedback('x' x 2000)));
        send_one($who, PATCH => "$mount/education$s/outcomes/$POINTS",
                 \@JSON_TYPE, '{"points":{"points":2}}');
        send_one($who, OPTIONS => "$mount/education$s/outcomes");
        send_one($who, POST => "$mount/\$batch", \@JSON_TYPE,
                 $JSON->encode({ requests => [@grade[0, 1], $look] }));
    }
}

# all methods that write, at each route, the deepest first
found_school();
for my $method (qw(POST PATCH PUT DELETE)) {
    for my $who (qw(none student teacher app)) {
        for my $at (reverse sort { length $a <=> length $b || $a cmp $b }
                    @ROUTES, @ODD) {
            send_one($who, $method, "/v1.0$at", \@JSON_TYPE,
                     $method eq 'DELETE' ? undef : '{}');
        }
        get('app', "/v1.0/education$_")
            for '/classes', "$k/members", "$essay/submissions?\$expand=*";
    }
    found_school();
}
put(DELETE => 'app', $_) for $s, $essay, $k, $k;
get('app', "/v1.0/education$_") for '/classes', $k, "$s/outcomes";
