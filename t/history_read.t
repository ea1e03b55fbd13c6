# Records of a class are read as versions, page by page, and restored.
# The rows are written here, so that instants, users and gaps are known.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::School;
use JSON::PP ();
use Test::More;

my $JSON = JSON::PP->new->utf8->canonical;

# An instant of 2026, by its second, as versions are written and as it is shown.
sub at { return sprintf '%016x', (1767225600 + $_[0]) * 10_000_000 }
sub shown { return sprintf '2026-01-01T00:%02d:%02d', $_[0] / 60, $_[0] % 60 }

my @COLUMNS = qw(class_id assignment_id submission_id id entity action derived
    version student user_id user_name application address request_id at
    before_body after_body);

# Records what happened, as so many rows.
sub record {
    my @rows = @_;
    sql('INSERT INTO edu_history (' . join(', ', @COLUMNS) . ') VALUES '
        . join ', ', map {
              my $row = $_;
              '(' . join(', ', map { "'" . ($row->{$_} // '') . "'" } @COLUMNS)
                  . ')'
          } @rows);
}

sub points {
    my ($id, $points) = @_;
    return $JSON->encode({ '@odata.type' =>
        '#microsoft.graph.educationPointsOutcome', id => $id,
        lastModifiedBy => undef, lastModifiedDateTime => undef,
        points => { gradedBy => undef, gradedDateTime => undef,
                    points => $points },
        publishedPoints => undef });
}

my $class = class('history', qw(ada bob));
my $essay = assignment($class, 'essay');
submission($essay, $_) for qw(ada bob);
my $ada = "$essay/submissions/ada";
sql("DELETE FROM edu_history WHERE class_id IN ('history', '')");
my %of = (class_id => 'history', assignment_id => 'essay');
record(
    { action => 'historyOn', at => at(1) },
    (map { { %of, submission_id => 'ada', id => $POINTS, entity => 'outcome',
             action => 'update', version => at($_), at => at($_),
             student => 'ada', user_id => $_ % 2 ? 'teacher' : 'aide',
             after_body => points($POINTS, $_) } } 2 .. 9),
    { %of, submission_id => 'bob', id => $POINTS, entity => 'outcome',
      action => 'return', version => at(10), at => at(10), student => 'bob',
      user_id => 'teacher', user_name => 'T. Each', application => 'gradebook',
      address => '192.0.2.7', request_id => 'r10',
      before_body => points($POINTS, 1), after_body => points($POINTS, 7) },
    { %of, submission_id => 'ada', id => 'ada', entity => 'submission',
      action => 'return', derived => '', version => at(11), at => at(11),
      student => 'ada', user_id => 'teacher',
      after_body => '{"status":"returned","returnedDateTime":'
          . '"2026-01-01T00:00:11Z"}' },
    { %of, submission_id => 'ada', id => $POINTS, entity => 'outcome',
      action => 'delete', derived => 1, version => at(12), at => at(12),
      student => 'ada', user_id => 'app' });

sub versions {
    my ($path, $user) = @_;
    return @{ must($user // 'teacher', GET => $path)->{value} };
}

# "action studentId" of each, to compare lists by.
sub told {
    return join ', ', map { join ' ', $_->{action}, $_->{studentId} // '-' } @_;
}

# ------------------------------------------------------------------ one outcome
my $versions = "$ada/outcomes/$POINTS/versions";
my @all = versions($versions);
is(join(' ', map { $_->{outcome} ? $_->{outcome}{points}{points} : '-' } @all),
   '- 9 8 7 6 5 4 3 2', 'the versions of an outcome come newest first');
is_deeply([map { JSON::PP::is_bool($_->{derived}) && $_->{derived} ? 1 : 0 }
           @all[0, 1]], [1, 0], 'derived changes are told from others');
my ($newest) = versions("$essay/submissions/bob/outcomes/$POINTS/versions");
my $id = delete $newest->{id};
like($id, qr/^\d+$/, 'a version has a number');
delete $newest->{$_} for '@odata.etag', 'outcome', 'previous';
is_deeply($newest, {
    lastModifiedBy => { application => { id => 'gradebook',
                                         displayName => undef },
                        device => undef,
                        user => { id => 'teacher', displayName => 'T. Each' } },
    lastModifiedDateTime => shown(10) . '.0000000Z',
    publication => { level => 'published', versionId => $id },
    action => 'return', entity => 'outcome', derived => JSON::PP::false,
    classId => 'history', assignmentId => 'essay', submissionId => 'bob',
    outcomeId => $POINTS, memberId => undef, studentId => 'bob',
    requestId => 'r10', clientAddress => '192.0.2.7', class => undef,
    member => undef, assignment => undef, submission => undef
}, 'a version says who did what, when and from where');
my $one = must('teacher', GET => "$versions/$all[1]{id}");
is($one->{outcome}{points}{points}, 9, 'a version is read by its number');
for (['of another outcome', "$ada/outcomes/$FEEDBACK/versions/$all[1]{id}"],
     ['of another submission',
      "$essay/submissions/bob/outcomes/$POINTS/versions/$all[1]{id}"],
     ['of a submission', "$ada/versions/$all[1]{id}"],
     ['that is no number', "$versions/x"],
     ['beyond all', "$versions/999999999999999999999"],
     ['of nothing', "$ada/outcomes/nothing/versions"]) {
    my ($what, $path) = @$_;
    is(ask('teacher', GET => $path)->{status}, 404, "a version $what: 404");
}
is_deeply([versions("$ada/outcomes/$RUBRIC/versions")], [],
          'what has no versions yet has an empty list');

# ------------------------------------------------------------------- submission
my ($was) = versions("$ada/versions");
is_deeply([@{ $was->{submission} }{qw(id status)},
           $was->{submission}{recipient}{userId}], ['ada', 'returned', 'ada'],
          'the versions of a submission are its own, not its outcomes');

# ------------------------------------------------------------------ whole class
my $list = "$class/outcomeVersions";
is(told(versions($list)), 'delete ada, return ada, return bob, '
   . join(', ', ('update ada') x 8) . ', historyOn -',
   'a class has all versions, and the marks of gaps');
for (['studentId eq \'bob\'', 'return bob'],
     ['lastModifiedBy/user/id eq \'aide\'', join ', ', ('update ada') x 4],
     ['action eq \'return\' and studentId eq \'ada\'', 'return ada'],
     ['lastModifiedDateTime ge ' . shown(10) . 'Z and lastModifiedDateTime lt '
      . shown(12) . 'Z', 'return ada, return bob'],
     ['lastModifiedDateTime eq ' . shown(11) . 'Z', 'return ada'],
     ['studentId eq \'bob\' or action eq \'delete\'', 'delete ada, return bob'],
     ['not (studentId eq \'ada\')', 'return bob, historyOn -'],
     ['studentId eq null', 'historyOn -'],
     ['derived', 'delete ada'],
     ['outcome/points/points gt 8', 'update ada'],
     ['submission/status eq \'returned\'', 'return ada'],
     ['studentId eq \'o\'\'hara\'', '']) {
    my ($filter, $want) = @$_;
    my $query = "\$filter=$filter";
    $query =~ s/([ '])/sprintf '%%%02X', ord $1/ge;
    is(told(versions("$list?$query")), $want, "\$filter=$filter");
    my $count = must('teacher', GET => "$list?\$count=true&\$top=1&$query");
    is($count->{'@odata.count'}, scalar(my @n = split /, /, $want),
       "\$count, \$filter=$filter");
    my (undef, @single) = collect('teacher', "$list?\$top=1&$query");
    is(told(@single), $want, "a row a page, \$filter=$filter");
}
is(must('teacher', GET => "$list?\$count=true&\$top=2")->{'@odata.count'}, 12,
   '$count counts all');
my ($pages, @rows) = collect('teacher', "$list?\$top=5");
is("$pages " . told(@rows), '3 ' . told(versions($list)),
   'pages follow each other');
is(told(map { @$_ } [reverse versions($list)]),
   told(versions("$list?\$orderby=lastModifiedDateTime")),
   '$orderby=lastModifiedDateTime turns it round');
($pages, @rows) =
    collect('teacher', "$list?\$top=5&\$orderby=lastModifiedDateTime%20asc");
is("$pages " . told(@rows), '3 ' . told(reverse versions($list)),
   'and pages follow each other then, too');
is(ask('teacher', GET => "$list?\$orderby=action")->{status}, 400,
   'another order is refused');
is_deeply([sort keys %{ (versions("$list?\$select=id,action"))[0] }],
          ['@odata.etag', 'action', 'id'], '$select leaves members out');

# Rows that are too long for a list are read one by one.
my $long = 'x' x 20000;
my $text = points($POINTS, 5);
$text =~ s/"lastModifiedBy":null/"lastModifiedBy":{"user":{"id":"$long"}}/;
record({ %of, submission_id => 'bob', id => $POINTS, entity => 'outcome',
         action => 'update', version => at(20), at => at(20), student => 'bob',
         user_id => 'teacher', after_body => $text });
is(length((versions($list))[0]{outcome}{lastModifiedBy}{user}{id}), 20000,
   'a long document is there, too');

# -------------------------------------------------------------------- restoring
sub restore {
    my ($path, @headers) = @_;
    return ask('teacher', POST => "$path/restoreVersion", undef, @headers)
        ->{status};
}
sub current { return must('teacher', GET => "$ada/outcomes/$POINTS") }

is(restore("$versions/$all[3]{id}"), 204, 'a version is restored');
is(current()->{points}{points}, 7, 'its working members are the working members');
is(current()->{points}{gradedBy}{user}{id}, 'teacher',
   'by the one who restored them');
must('teacher', POST => "$ada/return");
is(restore("$versions/$all[5]{id}"), 204, 'another one, after a return');
is(join(' ', map { current()->{$_}{points} } qw(points publishedPoints)), '5 7',
   'what is published stays until the next return');
is(restore("$versions/$all[0]{id}"), 409, 'a deletion cannot be restored');
is(restore("$versions/$all[5]{id}", ['If-Match', '"nothing"']), 412,
   'a condition has to hold');
is(ask('teacher', GET => "$versions/$all[5]{id}/restoreVersion")->{status}, 405,
   'GET restores nothing');
must('app', DELETE => "$ada/outcomes/$POINTS");
is(restore("$versions/$all[5]{id}"), 204, 'an outcome that is gone comes back');
is_deeply([current()->{points}{points}, current()->{publishedPoints}],
          [5, undef], 'unpublished');

# A document before says what it is, which its property does not: "entity".
my $twice = submission(assignment(class('history-twice', 'ada'), 'a'), 'ada');
must('teacher', POST => "$twice/return"), must('teacher', PATCH =>
    "$twice/outcomes/$POINTS", { points => { points => $_ } }) for 1, 2;
must('teacher', POST => "$twice/return");
for my $metadata ('minimal', 'full') {
    my $said = must('teacher', GET => "$twice/versions?\$top=1&\$format="
                    . "application/json;odata.metadata=$metadata");
    is($said->{value}[0]{previous}{'@odata.type'},
       '#microsoft.graph.educationSubmission',
       "the type of a submission before, $metadata");
}

# what is gone has versions, and none of them may match, or be left
my $marks = sql("SELECT count(*) FROM edu_history WHERE class_id = ''");
record(map { { class_id => 'history-gone', action => 'update', at => at($_) } }
       1 .. 101 - $marks);
my $gone = '/classes/history-gone/outcomeVersions';
is(must('app', GET => "$gone?\$filter=studentId%20eq%20'x'")->{value}[0], undef,
   'of a class that is gone no version may match');
is(scalar @{ must('app', GET => "$gone?\$top=200")->{value} }, 101,
   'or as many, with the marks, as are read at once');
is(ask('app', GET => '/classes/history-none/outcomeVersions?$filter=studentId'
       . "%20eq%20'x'")->{status}, 200, 'a filter tells nothing of a class');

# one of its own id, in a submission that nobody registered
my $open = '/classes/history-open/assignments/a/submissions/s';
my $guid = '11111111-2222-4333-8444-555555555555';
record({ class_id => 'history-open', assignment_id => 'a', submission_id => 's',
         id => $guid, entity => 'outcome', action => 'create', at => at(1),
         version => at(1), after_body => points($guid, 3) });
my ($made) = versions("$open/outcomes/$guid/versions", 'app');
is($made->{action}, 'create', 'versions outlive their class');
is(ask('app', POST => "$open/outcomes/$guid/versions/$made->{id}/restoreVersion")
   ->{status}, 204, 'an open outcome comes back');
is(must('app', GET => "$open/outcomes/$guid")->{points}{points}, 3,
   'with its id and its points');

is(restore("$ada/versions/$was->{id}"), 204, 'a submission is restored');
my $submission = must('teacher', GET => $ada);
is("$submission->{status} $submission->{returnedDateTime}",
   'returned 2026-01-01T00:00:11Z', 'its status and stamps');
is(current()->{points}{points}, 5, 'its outcomes are left as they are');

# a student's work is restored to that student alone
is(ask('app', DELETE => $ada)->{status}, 204, 'a submission is deleted');
is(restore("$versions/$all[5]{id}"), 404, 'its outcomes do not come back');
must('app', PUT => $ada, { recipient => { userId => 'another' } });
is(restore("$versions/$all[5]{id}"), 409, 'nor become those of another student');
is(restore("$ada/versions/$was->{id}"), 409, 'nor does its status');

done_testing;
