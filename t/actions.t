# Clients that grade, return, publish and provision at the same time.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $CLIENTS = 8;

# The answers of all clients, counted by status: they start in the same moment.
sub race {
    my ($move) = @_;
    my $start = time + 0.05;
    my %seen;
    $seen{$_}++ for crowd($CLIENTS, sub {
        my ($number) = @_;
        my $wait = $start - time;
        sleep $wait if $wait > 0;
        return map { $_->{status} } $move->($number);
    });
    return join ' ', map { "$_:$seen{$_}" } sort keys %seen;
}

sub one_of {
    my ($one, $others) = @_;
    return join ' ', sort "$one:1", "$others:" . ($CLIENTS - 1);
}

my $class = class('actions', 'student', 'ada');
my $assignment = assignment($class, 'a');

# ------------------------------------------------ grading while it is returned
# Two clients grade each outcome, every time otherwise; two return or reassign;
# two look.  A line tells what a client did: kind, value, begin, end, status.
my %body = (
    $POINTS => sub { { points => { points => $_[0] } } },
    $FEEDBACK => sub { { feedback => { text => { content => "$_[0]" } } } },
    $RUBRIC => sub { { rubricQualityFeedback => [
        { qualityId => 'style', feedback => { content => "$_[0]" } }] } },
);
my %working = (
    $POINTS => sub { ($_[0]{points} // {})->{points} },
    $FEEDBACK => sub { (($_[0]{feedback} // {})->{text} // {})->{content} },
    $RUBRIC => sub { ($_[0]{rubricQualityFeedback}[0]{feedback} // {})
                         ->{content} },
);
my %published = (
    $POINTS => sub { ($_[0]{publishedPoints} // {})->{points} },
    $FEEDBACK => sub { (($_[0]{publishedFeedback} // {})->{text} // {})
                           ->{content} },
    $RUBRIC => sub { ($_[0]{publishedRubricQualityFeedback}[0]{feedback} // {})
                         ->{content} },
);

my $submission = submission($assignment, 'graded', 'student');
my @ids = ($POINTS, $FEEDBACK, $RUBRIC);

sub grader {
    my ($number, $running, $tell) = @_;
    my $id = $ids[$number % 3];
    my @lines;
    for (my $value = $number * 100_000 + 1; $running->(); $value++) {
        my $began = time;
        my $answer = ask('teacher', PATCH => "$submission/outcomes/$id",
                         $body{$id}->($value));
        push @lines, join ' ', $id, $value, $began, time, $answer->{status};
        $tell->($id);
    }
    return @lines;
}

sub returner {
    my ($number, $running, $tell) = @_;
    my @lines;
    while ($running->()) {
        my $act = @lines % 2 ? 'reassign' : 'return';
        my $began = time;
        my $answer = ask('teacher', POST => "$submission/$act");
        push @lines, join ' ', 'return', header($answer, 'ETag') // '-', $began,
            time, $answer->{status};
        $tell->('return');
        sleep 0.02;
    }
    return @lines;
}

# Reads the submission again and again: no instant and no version goes back.
sub reader {
    my ($number, $running) = @_;
    my (%last, @lines);
    while ($running->()) {
        my $answer = ask('teacher', GET => "$submission?\$expand=outcomes");
        my $seen = got($answer);
        my %now = (
            submission => $seen->{lastModifiedDateTime},
            map { ("$_->{id}-stamp" => $_->{lastModifiedDateTime} // '',
                   "$_->{id}-tag" => $_->{'@odata.etag'}) }
                @{ $seen->{outcomes} });
        push @lines, map { "read back:$_ - - 200" }
            grep { $now{$_} lt ($last{$_} // '') } sort keys %now;
        push @lines, "read - - - $answer->{status}";
        %last = %now;
    }
    return @lines;
}

my @lines = crowd(10, sub {
    my ($number) = @_;
    return ($number <= 6 ? \&grader : $number <= 8 ? \&returner : \&reader)
        ->(@_);
}, sub {
    my ($more) = @_;
    $more->(100, $_) for @ids;
    $more->(10, 'return');
});
my (%did, %status);
for (@lines) {
    my ($what, $value, $began, $ended, $status) = split;
    $status{$status}++;
    push @{ $did{$what} },
        { value => $value, began => $began, ended => $ended };
}
is(join(' ', keys %status), '200',
   'grading and returning: all requests are answered 200')
    or diag(explain(\%status));
cmp_ok(scalar @{ $did{$_} // [] }, '>', 20, "$_ went on") for @ids;
cmp_ok(scalar @{ $did{return} // [] }, '>', 5, 'returning went on');
my %back = map { $_->{value} => 1 } grep { $_->{value} ne '-' } @{ $did{read} };
is(join(' ', sort keys %back), '', 'no time and no version goes back');

# The published grade is the one that the last return found: not a later one, and
# not one that was overwritten before.
my ($last) = sort { $b->{value} cmp $a->{value} } @{ $did{return} };
for my $outcome (@{ got(ask('teacher', GET => "$submission/outcomes"))
                        ->{value} }) {
    my $id = $outcome->{id};
    my $value = $published{$id}->($outcome) // 'nothing';
    my ($grade) = grep { $_->{value} eq $value } @{ $did{$id} };
    ok($grade, "$id: the published grade was given") or next;
    cmp_ok($grade->{began}, '<', $last->{ended},
           "$id: the published grade is from before the last return");
    is(scalar(grep { $_->{began} > $grade->{ended}
                     && $_->{ended} < $last->{began} } @{ $did{$id} }), 0,
       "$id: the published grade was the latest at that return");
}
must('teacher', POST => "$submission/return");
for my $outcome (@{ got(ask('teacher', GET => "$submission/outcomes"))
                        ->{value} }) {
    my $id = $outcome->{id};
    is($published{$id}->($outcome), $working{$id}->($outcome),
       "$id: the last return publishes the working grade");
}
note(scalar @lines, ' requests');

# --------------------------------------------------------- one of many succeeds
for my $round (1 .. 2) {
    my $path = submission($assignment, "race$round");
    is(race(sub { ask('student', POST => "$path/submit") }), one_of(200, 409),
       "$round: one of all submits succeeds");
    is(race(sub { ask('student', POST => "$path/unsubmit") }), one_of(200, 409),
       "$round: one of all unsubmits succeeds");
    is(race(sub { ask('teacher', POST => "$path/excuse") }), one_of(200, 409),
       "$round: one of all excuses succeeds");
    my $etag = header(ask('teacher', GET => $path), 'ETag');
    is(race(sub { ask('teacher', POST => "$path/return", undef,
                      ['If-Match', $etag]) }), one_of(200, 412),
       "$round: one of all returns of a version succeeds");
    is(race(sub { ask('app', PUT => "$assignment/submissions/of$round-$_[0]",
                      { recipient => { userId => "only$round" } }) }),
       one_of(201, 409), "$round: a student gets one submission");
    is(race(sub { ask('app', PUT => "$class/assignments/new$round", {}) }),
       '200:' . ($CLIENTS - 1) . ' 201:1',
       "$round: an assignment is created once");
    is(race(sub { ask('app', DELETE => "$class/assignments/new$round") }),
       one_of(204, 404), "$round: an assignment is deleted once");
    is(race(sub { ask('app', PUT => '/classes/actions2',
                      { displayName => "of client $_[0] in round $round" }) }),
       $round == 1 ? '200:' . ($CLIENTS - 1) . ' 201:1' : "200:$CLIENTS",
       "$round: a class is created once, and replaced by all");
    is(race(sub { ask('teacher', POST => "$class/assignments/a"
                      . '/setUpFeedbackResourcesFolder') }),
       $round == 1 ? one_of(200, 400) : "400:$CLIENTS",
       "$round: a folder is set up once");
}

# ------------------------------------------------------------------ publishing
my @students = map { "student$_" } 1 .. 12;
my $published = class('actions-publish', @students);
my $given = assignment($published, 'a');
for my $round (1 .. 2) {
    is(race(sub { ask('teacher', POST => "$given/publish") }), "200:$CLIENTS",
       "$round: every publish succeeds");
    my (undef, @rows) = collect('teacher', "$given/submissions");
    is(join(' ', sort map { $_->{recipient}{userId} } @rows),
       join(' ', sort @students), "$round: each student has one submission");
    for my $new (map { "late$round-$_" } 1 .. 5) {
        must('app', POST => "$published/members/\$ref",
             { '@odata.id' => "x/users/$new" });
        push @students, $new;
    }
}

# ----------------------------------------------- rules that are about them all
my $bare = assignment($class, 'bare', {});
my $resource = {
    '@odata.type' => '#microsoft.graph.educationFeedbackResourceOutcome',
    feedbackResource => {
        '@odata.type' => '#microsoft.graph.educationWordResource' } };
for my $round (1 .. 2) {
    my $path = submission($bare, "rules$round") . '/outcomes';
    is(race(sub { map { ask('teacher', POST => $path, $resource) } 1 .. 2 }),
       '201:5 400:' . (2 * $CLIENTS - 5),
       "$round: five feedback resources are created");
    is(ask('teacher', GET => "$path/\$count")->{body}, 6,
       "$round: the feedback outcome is counted, too");
    is(race(sub { ask('teacher', POST => $path, { '@odata.type' =>
                      '#microsoft.graph.educationPointsOutcome' }) }),
       one_of(201, 409), "$round: one outcome of a type is created");
}

# ----------------------------------------------- writes while a parent changes
# A submission is registered while clients write outcomes that no registered one
# could have.
my ($stray, %registered) = (0);
for my $round (1 .. 8) {
    my $path = "$bare/submissions/open$round";
    my $statuses = race(sub {
        my ($number) = @_;
        return $number % 4 ? ask('teacher', POST => "$path/outcomes", '{}')
                           : ask('app', PUT => $path,
                                 { recipient => { userId => "open$round" } });
    });
    $registered{$_}++ for map { /^(\d+)/ } split ' ', $statuses;
    my $is = ask('teacher', GET => $path)->{status} == 200;
    my (undef, @rows) = collect('teacher', "$path/outcomes");
    $stray++ if $is
        && grep { $_->{'@odata.type'} =~ /educationOutcome$/ } @rows;
}
is($stray, 0, 'a registered submission has no outcome of the time before');
is(join(' ', grep { !/^(20[01]|400|409)$/ } sort keys %registered), '',
   'registering and creating: no other status is answered');

# A write that is in time for a deletion is deleted, too; a later one finds no
# parent.
for my $level ([10, 'a submission', '/assignments/a/submissions/s'],
               [5, 'an assignment', '/assignments/a'], [5, 'a class', '']) {
    my ($rounds, $what, $below) = @$level;
    my ($title) = $what =~ /(\w+)$/;
    my (@left, %seen);
    for my $round (1 .. $rounds) {
        my $doomed = class("doomed-$title-$round", 'student');
        my $essay = assignment($doomed, 'a');
        my $path = submission($essay, 's', 'student');
        my @writes = (
            sub { ask('app', DELETE => "$doomed$below") },
            sub { ask('teacher', PATCH => "$path/outcomes/$POINTS",
                      $body{$POINTS}->($round)) },
            sub { ask('teacher', PATCH => "$path/outcomes/$FEEDBACK",
                      $body{$FEEDBACK}->($round)) },
            sub { ask('teacher', POST => "$path/return") },
            $title eq 'submission'
                ? ()
                : (sub { ask('app', PUT => "$essay/submissions/t",
                             { recipient => { userId => 'ada' } }) },
                   sub { ask('teacher', POST => "$essay/publish") }),
            $title eq 'class'
                ? (sub { ask('app', PUT => "$doomed/assignments/b", {}) },
                   sub { ask('app', POST => "$doomed/members/\$ref",
                             { '@odata.id' => 'x/users/eve' }) })
                : ());
        my $statuses = race(sub { $writes[($_[0] - 1) % @writes]->() });
        $seen{$_}++ for map { /^(\d+)/ } split ' ', $statuses;
        my $rest = join ' ', map { sql("SELECT count(*) FROM edu_$_ WHERE "
            . "class_id = 'doomed-$title-$round'" . (
                $title eq 'class' || /member|assignment$/ ? ''
                : " AND assignment_id = 'a'")) =~ /(\d+)/ }
            'outcome', $title eq 'submission' ? () : 'submission',
            $title eq 'class' ? qw(assignment member) : ();
        push @left, $rest if $rest =~ /[1-9]/;
    }
    is(join(', ', @left), '', "no row is left below $what that was deleted");
    is(join(' ', grep { !/^(20[0-4]|40[349])$/ } sort keys %seen), '',
       "deleting $what: no other status is answered");
}
# ------------------------------------------------------------ a locked database
my $locked = submission($assignment, 'locked');
must('teacher', PATCH => "$locked/outcomes/$POINTS", $body{$POINTS}->(5));
my @while_locked = (
    [teacher => POST => "$locked/return"],
    [teacher => POST => "$locked/excuse"],
    [teacher => POST => "$assignment/publish"],
    [app => PUT => "$class/assignments/locked", {}],
    [app => PUT => "$class/members", { value => [] }],
    [app => POST => "$class/members/\$ref", { '@odata.id' => 'x/users/eve' }],
    [app => DELETE => $locked], [app => DELETE => $class],
);
my $mark = log_mark();
lock_tables();
my @refused = crowd(scalar @while_locked, sub {
    my @what = @{ $while_locked[$_[0] - 1] };
    my $began = time;
    my $answer = ask(@what);
    return join ' ', "@what[1, 2]:", $answer->{status},
        header($answer, 'Retry-After') // 'never',
        time - $began < 8 ? 'soon' : 'late',
        $answer->{body} =~ /sql|database|locked"/i ? 'chatty' : 'discreet';
});
unlock_tables();
is(scalar(grep { /: 503 [1-9]\d* soon discreet$/ } @refused),
   scalar @while_locked,
   'a locked database: each write gets 503, soon and discreetly')
    or diag(explain(\@refused));
# Where there are more of them than connections, some do not even get that far.
log_expect('EDU0002: .* 503 .*kept the request waiting too long');
my $says = database()->{locked};
ok(log_await($mark, "EDU\\d{4}: .* 503 .*$says"),
   'the log says that the database is locked');
is(got(ask('teacher', GET => "$locked?\$expand=outcomes"))->{status}, 'working',
   'a refused return changes nothing');
is(must('teacher', POST => "$locked/return")->{status}, 'returned',
   'the return succeeds later');
done_testing;
