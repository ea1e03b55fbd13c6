# Delta queries of the outcomes of a class, and of an assignment: what its list
# has, and then what has changed in it, each time as the caller may see it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Delta;
use Edu::School;
use Edu::Server;
use POSIX 'strftime';
use Test::More;
use Time::HiRes qw(sleep time);

my $class = '/classes/wide';
my $list = "$class/assignments";
my $TYPE = '#microsoft.graph.educationPointsOutcome';
my $RECIPIENTS =
    '#microsoft.graph.educationAssignmentIndividualRecipient';

# The short name of an outcome: assignment/submission/kind.
my %KIND = ($FEEDBACK => 'f', $POINTS => 'p', $RUBRIC => 'r');
sub name {
    my ($thing) = @_;
    my ($a, $s, $o) = ($thing->{'@odata.id'} // '/')
        =~ m{/assignments/([^/]+)/submissions/([^/]+)/outcomes/([^/]+)$};
    return 'nowhere' if !defined $o || $o ne $thing->{id};
    return "$a/$s/" . ($KIND{$o} // $o);
}

sub of { my ($user, $path) = @_; return reader($user, $path, name => \&name) }

sub agreed {
    my ($reader, $path, $what) = @_;
    my ($has, $all) = agrees($reader, $path);
    return is($has, $all, $what);
}

sub grade {
    my ($submission, $points) = @_;
    return must('teacher', PATCH => "$submission/outcomes/$POINTS",
                { points => { points => $points } });
}

sub fill { my ($s) = @_; return join ' ', map { "$s/$_" } qw(f p r) }

class('wide', 'student', 'ada');
assignment($class, $_) for 'a1', 'a2';
assignment($class, 'secret', { status => 'draft' });
my $s1 = submission("$list/a1", 's1', 'student');
my $s2 = submission("$list/a1", 's2', 'ada');
my $s3 = submission("$list/a2", 's3', 'student');
my $hidden = submission("$list/secret", 'sx', 'student');

# --------------------------------------------------------------- the state

my $teacher = of('teacher', "$class/outcomes/delta()");
my $pager = of('teacher', "$class/outcomes()/microsoft.graph.delta?\$top=2");
my $one = of('teacher', "$list/a1/outcomes()/delta()");
my $student = of('student', "$class/outcomes/delta");
my $own = of('student', "$list/a1/outcomes/delta?\$top=1");
agreed($teacher, "$class/outcomes", 'the state is the list');
agreed($pager, "$class/outcomes", 'also page by page');
is($pager->{pages}, 5, 'as many as it takes');
agreed($one, "$list/a1/outcomes", 'that of an assignment');
agreed($student, "$class/outcomes", "a student's");
agreed($own, "$list/a1/outcomes", "a student's of an assignment");
is(scalar(keys %{ $student->{things} }), 6, 'without what is not theirs');
is(sync($_), '', 'nothing has changed') for $teacher, $one, $student, $own;

# --------------------------------------------------------- drafts and returns

grade($s1, 5);
is(sync($teacher), 'a1/s1/p', 'points are told, with their place');
is(sync($one), 'a1/s1/p', 'also of the assignment');
is(sync($student), '', 'to students no drafts');
grade($s3, 4);
is(sync($one), '', 'nothing of other assignments');
must('teacher', POST => "$s1/return");
like(sync($teacher), qr{\ba1/s1/p a1/s1/r a2/s3/p$}, 'a return is told');
like(sync($student), qr{\ba1/s1/p\b}, 'to students, too');
like(sync($own), qr{\ba1/s1/p\b}, 'also of the assignment');
grade($s2, 3);
must('teacher', POST => "$s2/return");
is(sync($student), '', "what is others' is not told");
my $id = '00000000-0000-4000-8000-000000000001';
must('teacher', POST => "$list/a2/submissions/open/outcomes",
     { '@odata.type' => $TYPE, id => $id, points => { points => 1 } });
sync($one);
like(sync($teacher), qr{\ba2/open/$id\b}, 'outcomes without a submission');
is(sync($student), '', 'are for teachers');
must('teacher', PATCH => "$hidden/outcomes/$FEEDBACK",
     { feedback => { text => { content => 'x', contentType => 'text' } } });
must('teacher', POST => "$hidden/return");
is(sync($student), '', 'a return in a draft is not told');
like(sync($teacher), qr{\bsecret/sx/f\b}, 'but to teachers');
agreed($teacher, "$class/outcomes", 'a teacher has what the list has');
agreed($one, "$list/a1/outcomes", 'so has one of an assignment');
agreed($student, "$class/outcomes", 'and a student');
agreed($own, "$list/a1/outcomes", 'and a student of an assignment');

# --------------------------------------------------------------- deletions

must('app', DELETE => "$list/a2/submissions/open/outcomes/$id");
is(sync($teacher), "-a2/open/$id",
   'what is deleted has its place');
is($teacher->{page}{value}[-1]{'@removed'}{reason}, 'deleted',
   'and the reason');
is(sync($student), '', 'which no student is told');
must('app', DELETE => $s3);
is(sync($teacher), '-a2/s3/f -a2/s3/p -a2/s3/r',
   'those of a deleted submission go');
is(sync($student), '-a2/s3/f -a2/s3/p -a2/s3/r', 'for a student, too');
is($student->{page}{value}[0]{'@removed'}{reason}, 'changed',
   'which does not tell why');
$s3 = submission("$list/a2", 's3', 'student');
is(sync($teacher), fill('a2/s3'), 'those of a new one come');
is(sync($student), fill('a2/s3'), 'for a student, too');

# ------------------------------------------------------ what the assignment does

must('app', PUT => "$list/a2", { status => 'assigned',
                                 grading => { maxPoints => 100 } });
sync($pager);
is(sync($teacher), '-a2/s3/r a2/s3/f a2/s3/p',
   'outcomes follow their assignment');
is(sync($student), '-a2/s3/r a2/s3/f a2/s3/p', 'for a student, too');
is(sync($one), '', 'those of others do not');
assignment($class, 'a2');
is(sync($teacher), fill('a2/s3'), 'and again');
sync($pager);
sub rename_it { return must('teacher', PATCH => "$list/a1",
                             { displayName => $_[0] }) }
rename_it('one');
is(sync($teacher), fill('a1/s1') . ' ' . fill('a1/s2'), 'what is stored stays');
is($teacher->{pages}, 1, 'on one page');
is(sync($one), fill('a1/s1') . ' ' . fill('a1/s2'), 'also of the assignment');
sync($pager);
agreed($pager, "$class/outcomes", 'page by page, too');
my $before = $pager->{url};
rename_it('two');
submission("$list/a1", 's0', 'bob');
my $first = must('teacher', GET => $before);
is(join(' ', sort map { name($_) } @{ $first->{value} }), fill('a1/s0'),
   'a page ends behind a submission');
ok($first->{'@odata.nextLink'}, 'with a link to the next');
$_->{'@removed'} ? delete $pager->{things}{ $_->{'@odata.id'} }
    : ($pager->{things}{ $_->{'@odata.id'} } = $_) for @{ $first->{value} };
grade("$list/a1/submissions/s0", 9);
must('app', DELETE => $s2);
$pager->{url} = $first->{'@odata.nextLink'};
sync($pager);
agreed($pager, "$class/outcomes", 'no change is between two pages');
$pager->{url} = $before;
sync($pager);
agreed($pager, "$class/outcomes", 'a link can be followed again');
sync($_) for $teacher, $student, $one, $own;
agreed($teacher, "$class/outcomes", 'a teacher has what the list has');
agreed($student, "$class/outcomes", 'so has a student');

# ------------------------------------------------- what a student comes to see

must('app', PUT => "$list/a2", { status => 'assigned', assignTo => {
    '@odata.type' => $RECIPIENTS, recipients => ['ada'] } });
is(sync($student), '-a2/s3/f -a2/s3/p -a2/s3/r',
   'of an assignment that is taken away all goes, as it was');
must('app', PUT => "$list/a2", { status => 'draft', rubric => {
    qualities => [ { qualityId => 'q' } ] } });
is(sync($student), '', 'what becomes of it is not told');
assignment($class, 'a2');
is(sync($student), fill('a2/s3'), 'of one that is given all comes');
assignment($class, 'secret', { status => 'draft', grading => { maxPoints => 7 } });
is(sync($student), '', 'a draft that changes is not told');
assignment($class, 'secret');
like(sync($student), qr{^secret/sx/f secret/sx/p secret/sx/r$},
     'one that is published is, with what was returned before');
must('app', DELETE => "$list/secret");
is(sync($student), '-secret/sx/f -secret/sx/p -secret/sx/r',
   'one that is deleted goes');
sync($teacher);
agreed($teacher, "$class/outcomes", 'for a teacher, too');

# The outcomes of a draft that was deleted were never there.
assignment($class, 'never', { status => 'draft' });
submission("$list/never", 'sn', 'student');
must('app', DELETE => "$list/never");
is(sync($student), '', 'a draft that came and went was never there');

# Pages of a student do not end where drafts begin.
my $small = of('student', "$class/outcomes/delta?\$top=1");
must('teacher', POST => "$s1/return");
grade($s1, 6);
must('teacher', POST => "$s1/return");
assignment($class, 'secret', { status => 'draft', grading => { maxPoints => $_ } })
    for 1 .. 3;
like(sync($small), qr{a1/s1/p}, 'a change before drafts');
is($small->{empty}, 0, 'has no empty page behind it');

# Time begins an assignment.
sync($student);
my $start = time + 2;
my $late = { status => 'assigned', assignDateTime =>
    strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $start + 1) };
must('app', PUT => "$list/later", $late);
submission("$list/later", 'sl', 'student');
is(sync($student), '', 'what is yet to begin is not told');
sub await_it { for (1 .. 100) { return 1 if $_[0]->(); sleep 0.1 } return 0 }
ok(await_it(sub { sync($student) eq 'later/sl/f' }), 'once it begins, it is');
is(sync($student), '', 'once');
agreed($student, "$class/outcomes", 'the list has it, too');

# ------------------------------------------------------------------- many

# A document that lists leave out, and more submissions than are read at once.
my $many = class('wide-many', 'student');
my $m = assignment($many, 'm');
submission($m, "s$_", $_ == 55 ? 'student' : "u$_") for 10 .. 120;
my $long = 'x' x 20_000;
must('teacher', PATCH => "$m/submissions/s55/outcomes/$FEEDBACK",
     { feedback => { text => { content => $long, contentType => 'text' } } });
must('teacher', POST => "$m/submissions/s55/return");
my @all = map { of(@$_) } ['teacher', "$many/outcomes/delta?\$top=50"],
    ['teacher', "$m/outcomes/delta?\$top=999"],
    ['student', "$many/outcomes/delta"];
must('app', PUT => $m, { status => 'assigned', displayName => 'renamed',
                         grading => { maxPoints => 10 } });
sync($_) for @all;
agreed($_, "$many/outcomes", "$_->{user} has all of them") for @all;
is($all[0]{pages}, 7, 'in pages');
is($all[1]{pages}, 1, 'or in one');
is(scalar(keys %{ $all[1]{things} }), 2 * 111 + 1, 'one of them has a rubric');
my ($text) = grep { $_->{feedback} && $_->{feedback}{text} }
    values %{ $all[1]{things} };
is(length $text->{feedback}{text}{content}, length $long, 'and one is long');

# ---------------------------------------------------------------- refusals

my ($token) = must('teacher', GET => "$class/outcomes/delta")
    ->{'@odata.deltaLink'} =~ /deltatoken=(\w+)/;
my $delta = "$class/outcomes/delta?\$deltatoken";
is(refused('teacher', "$delta=" . ($token =~ s/(.)$/$1 eq '0' ? 1 : 0/er)),
   '410 syncStateNotFound there', 'a token that somebody made');
is(refused('teacher', "$delta=x"), '400 badRequest', 'what is no token');
is(refused('student', "$delta=$token"), '410 syncStateNotFound there',
   "somebody else's token");
is(refused('teacher', "$list/a1/outcomes/delta?\$deltatoken=$token"),
   '410 syncStateNotFound there', 'a token of another collection');
is(refused('teacher', "$class/outcomes/delta?\$$_"), '400 badRequest',
   "no \$$_")
    for 'filter=id eq 1', 'orderby=id', 'count=true', 'top=0', 'expand=x';
is(refused('mallory', "$class/outcomes/delta"), '403 forbidden',
   'nothing for strangers');
is(ask('student', GET => "$list/secret/outcomes/delta")->{status}, 404,
   'a draft is not there for students');
is(ask('student', GET => "$list/nowhere/outcomes/delta")->{status}, 404,
   'as what does not exist');
must('app', DELETE => "$list/a1");
is(ask('student', GET => $own->{url})->{status}, 404,
   'so is what was deleted since');
sync($one);
is(scalar(keys %{ $one->{things} }), 0, 'of which a teacher is told');
sync($student);
agreed($student, "$class/outcomes", 'a student still has what the list has');
done_testing;
