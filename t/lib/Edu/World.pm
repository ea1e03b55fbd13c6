package Edu::World;

# A small world for matrix.t: its people, its things with all their paths, a
# mark in all that not everybody may read, and a way back to how it was.

use strict;
use warnings;
use Edu::Caller;
use Edu::Database;
use Edu::School qw($FEEDBACK $POINTS $RUBRIC);
use Exporter 'import';

our @EXPORT = qw(%BODY %GIVEN %OWNS %PEOPLE body_for build_world drop_world
    resources restore_world role_in state_of_world);

# Ids that stand for each other are of one length, so that answers that tell of
# them are, too.
my ($K, $L, $M, $V, $N) = map { "axs-$_" } qw(k l m v n);
our $NO_OUTCOME = '11111111-2222-4333-8444-555555555555';

# Members: all others are in no class. bob, a student, is a teacher elsewhere; v
# has no roster, n does not exist.
our %PEOPLE = (
    $K => { tea => 'teacher', ada => 'student', bob => 'student',
            cyn => 'student' },
    $L => { oth => 'teacher', out => 'student' },
    $M => { bob => 'teacher', out => 'student' },
);
sub role_in { return $PEOPLE{ $_[1] }{ $_[0] } }

# The students that an assignment is published and given to.
our %GIVEN = (
    $K => { 'a-raw' => 'ada bob cyn', 'a-ret' => 'ada bob cyn', 'a-drf' => '',
            'a-ltr' => '', 'a-her' => 'ada cyn', 'a-his' => 'bob',
            'a-off' => 'ada bob cyn', 'a-pst' => 'ada bob cyn', 'a-twn' => '' },
    $L => { 'a-lll' => 'out' },
    $M => { 'a-mmm' => 'out', 'a-twn' => 'out' },
    $V => { 'a-vvv' => '' },
);
# Their registered submissions; s-ada is ada's.
our %OWNS = (
    $K => { 'a-raw' => 'ada bob', 'a-ret' => 'ada bob', 'a-drf' => 'ada',
            'a-ltr' => 'ada', 'a-her' => 'ada cyn', 'a-his' => 'bob',
            'a-off' => 'ada', 'a-pst' => 'ada', 'a-twn' => 'bob' },
    $L => { 'a-lll' => 'out' },
    $M => { 'a-mmm' => 'out', 'a-twn' => 'out' },
    $V => { 'a-vvv' => 'ada' },
);

my %STATE = (
    'a-drf' => { status => 'draft' },
    'a-ltr' => { status => 'published',
                 assignDateTime => '2099-01-01T00:00:00Z' },
    'a-pst' => { status => 'published',
                 assignDateTime => '2020-01-01T00:00:00Z' },
    'a-off' => { status => 'inactive' },
    map({ my ($id, $to) = @$_; ($id => { assignTo => {
        '@odata.type' =>
            '#microsoft.graph.educationAssignmentIndividualRecipient',
        recipients => $to } }) }
        ['a-her', ['ada', 'cyn']], ['a-his', ['bob']]),
);

# A mark says which readers may see what it stands in: MARK-CLASS-READERS-…,
# where readers are "all" members, "staff", or a student and the staff; "grade"
# at its end, that a permission without grades does not show it.
sub mark { return join '-', 'MARK', @_ }

sub assignment {
    my ($class, $id, $status) = @_;
    my $c = substr $class, -1;
    my $given = $GIVEN{$class}{$id};
    my $readers = $given =~ tr/ // > 1 || $class ne $K && $given ? 'all'
        : $id eq 'a-her' ? 'her' : $id eq 'a-his' ? 'bob' : 'staff';
    return {
        displayName => mark($c, $readers, $id), status => 'assigned',
        instructions => { contentType => 'text',
                          content => mark($c, $readers, $id, 'text') },
        grading => { maxPoints => 100 },
        rubric => { displayName => mark($c, $readers, $id, 'grade'),
                    qualities => [{ qualityId => 'style' }],
                    levels => [{ levelId => 'good' }, { levelId => 'poor' }] },
        gradingScheme => { displayName => 'S', grades => [
            { displayName => 'A', minPercentage => 70 },
            { displayName => 'B', minPercentage => 0 } ] },
        %{ $STATE{$id} // {} },
    };
}

sub text { return { content => $_[0], contentType => 'text' } }

# All that a teacher can write to a submission; every reader's mark is in it.
sub grades {
    my ($mark, $points) = @_;
    my $grade = "$mark-grade";
    return (
        [PATCH => $POINTS, { points => { points => $points + 0 } }],
        [PATCH => $FEEDBACK, { feedback => { text => text($grade) } }],
        [PATCH => $RUBRIC, {
            rubricQualitySelectedLevels =>
                [{ qualityId => 'style', columnId => 'good' }],
            rubricQualityFeedback =>
                [{ qualityId => 'style', feedback => text($grade) }] }],
        [POST => '', { '@odata.type' =>
            '#microsoft.graph.educationFeedbackResourceOutcome',
            feedbackResource => {
                '@odata.type' => '#microsoft.graph.educationWordResource',
                displayName => $grade } }],
    );
}

# Points that say by themselves whose secret they are.
our %SECRETS = (
    '77.125' => 'MARK-k-staff-grade', '62.25' => 'MARK-k-staff-grade',
    '33.25' => 'MARK-l-staff-grade', '61.5' => 'MARK-k-ada-grade',
    '58.5' => 'MARK-k-bob-grade');

my $ADMIN = { user => 'adm' };
my %file;    # submission path => ids of its feedback files, in order
my %version; # path => one of its versions

sub must {
    my ($who, $method, $path, $body) = @_;
    my $answer = call($who, $method, "/roster/education$path", $body);
    die "$method $path: $answer->{status} $answer->{body}\n"
        if $answer->{status} !~ /^2/;
    return $answer->{body};
}

sub grade {
    my ($class, $a, $student, $mark, $points) = @_;
    my $s = "/classes/$class/assignments/$a/submissions/s-$student";
    my $teacher = { user => 'evy' };
    for (grades($mark, $points)) {
        my ($method, $id, $body) = @$_;
        my $answer = must($teacher, $method,
                          "$s/outcomes" . ($id ? "/$id" : ''), $body);
        push @{ $file{$s} }, $answer =~ /"id":"([-0-9a-f]{36})"/ if !$id;
    }
    return $s;
}

sub build_world {
    # A delta query looks through all that was recorded lately, which is much
    # where other tests were.
    sql("DELETE FROM edu_history WHERE class_id <> ''");
    # /me is about all classes: other tests have people of these names
    sql('DELETE FROM edu_member WHERE id IN ('
        . join(', ', map { "'$_'" } map { keys %$_ } values %PEOPLE) . ')');
    for my $class ($K, $L, $M, $V) {
        my $c = substr $class, -1;
        must($ADMIN, PUT => "/classes/$class",
             { displayName => mark($c, 'all') });
        must($ADMIN, PUT => "/classes/$class/members", { value => [
            map { { id => $_, primaryRole => $PEOPLE{$class}{$_},
                    displayName => mark($c, 'all', $_) } }
            sort keys %{ $PEOPLE{$class} }] }) if $PEOPLE{$class};
        for my $a (sort keys %{ $GIVEN{$class} }) {
            my $path = "/classes/$class/assignments/$a";
            my $body = assignment($class, $a);
            $body->{status} = 'draft' if "$class$a" eq "${K}a-twn";
            must($ADMIN, PUT => $path, $body);
            must($ADMIN, PUT => "$path/submissions/s-$_",
                 { recipient => { userId => $_ } })
                for split ' ', $OWNS{$class}{$a};
        }
    }
    # Before and after the return, and after drafts that followed it.
    grade($K, 'a-raw', $_, 'MARK-k-staff', '77.125') for qw(ada bob);
    grade($K, 'a-drf', 'ada', 'MARK-k-staff', '77.125');
    grade($K, 'a-his', 'bob', 'MARK-k-staff', '77.125');
    my %returned = (ada => '61.5', bob => '58.5');
    for my $student (sort keys %returned) {
        my $s = grade($K, 'a-ret', $student, "MARK-k-$student",
                      $returned{$student});
        must({ user => 'evy' }, POST => "$s/return");
        grade($K, 'a-ret', $student, 'MARK-k-staff', '62.25');
    }
    grade($L, 'a-lll', 'out', 'MARK-l-staff', '33.25');
    must({ user => 'ada' }, POST =>
         "/classes/$K/assignments/a-her/submissions/s-ada/submit");
    for my $a ('a-raw', 'a-ret') {
        my $s = "/classes/$K/assignments/$a/submissions/s-ada";
        for my $path ($s, map { "$s/outcomes/$_" } $POINTS, $file{$s}[0]) {
            my $answer = call({ user => 'evy' }, GET =>
                              "/roster/education$path/versions");
            ($version{$path}) = $answer->{body} =~ /"id":"([^"]+)"/;
        }
    }
    keep_world();
    return;
}

# ---------------------------------------------------------------------- undoing

my @TABLES = qw(class member assignment submission outcome);
my %ID = (class => 'id');

# SQLite tells at once whether another has written, which few of the cases do:
# what it said last, and the state then.
my ($written, $state) = ('', '');

sub of_world {
    my ($table) = @_;
    return ($ID{$table} // 'class_id') . ' IN (' .
        join(', ', map { "'$_'" } $K, $L, $M, $V, $N) . ')';
}

sub keep_world {
    sql("CREATE TABLE keep_$_ AS SELECT * FROM edu_$_ WHERE " . of_world($_))
        for @TABLES;
}

sub restore_world {
    my $quiet = join '; ', 'BEGIN', map({
        ("DELETE FROM edu_$_ WHERE " . of_world($_),
         "INSERT INTO edu_$_ SELECT * FROM keep_$_") } @TABLES), 'COMMIT';
    $written = '';
    return sql($quiet);
}

sub drop_world {
    return sql(join '; ', "DELETE FROM edu_history WHERE class_id LIKE 'axs-_'",
               map { ("DELETE FROM edu_$_ WHERE " . of_world($_),
                      "DROP TABLE keep_$_") } @TABLES);
}

# A text that differs after every write.
sub state_of_world {
    my $now = database()->{written} ? sql(database()->{written}) : '';
    return $state if $now && $now eq $written;
    $written = $now;
    return $state = sql('SELECT ' . join ', ', map({
        my $where = of_world($_);
        ("(SELECT count(*) FROM edu_$_ WHERE $where)",
         "(SELECT max(version) FROM edu_$_ WHERE $where)",
         "(SELECT sum(length(body)) FROM edu_$_ WHERE $where)") } @TABLES),
        '(SELECT max(seq) FROM edu_history)');
}

# ----------------------------------------------------------------------- things

# Rules of an entity hold for its properties (…_PROPERTY, _PART) and for those of
# a type (_CAST).  Suffixes of a class's, an assignment's, … path, and their nodes.
my @CLASS = (
    CLASS => '', CLASS_PROPERTY => '/displayName/$value',
    MEMBERS => '/members', MEMBERS_COUNT => '/members/$count',
    MEMBERS_REF => '/members/$ref', TEACHERS => '/teachers',
    TEACHERS_COUNT => '/teachers/$count', TEACHERS_REF => '/teachers/$ref',
    RECENT => '/getRecentlyModifiedSubmissions',
    CLASS_SUBMISSIONS => '/submissions',
    CLASS_SUBMISSIONS_COUNT => '/submissions/$count',
    CLASS_OUTCOMES => '/outcomes', CLASS_OUTCOMES_COUNT => '/outcomes/$count',
    CLASS_OUTCOMES_DELTA => '/outcomes/delta',
    CLASS_VERSIONS => '/outcomeVersions',
    CLASS_VERSIONS_COUNT => '/outcomeVersions/$count',
    ASSIGNMENTS => '/assignments', ASSIGNMENTS_COUNT => '/assignments/$count',
    ASSIGNMENTS_DELTA => '/assignments/delta');
my @ASSIGNMENT = (
    ASSIGNMENT => '', ASSIGNMENT_PROPERTY => '/displayName',
    ASSIGNMENT_PROPERTY => '/rubric', SUBMISSIONS => '/submissions',
    SUBMISSIONS_COUNT => '/submissions/$count',
    ASSIGNMENT_OUTCOMES => '/outcomes',
    ASSIGNMENT_OUTCOMES_COUNT => '/outcomes/$count',
    ASSIGNMENT_OUTCOMES_DELTA => '/outcomes/delta', PUBLISH => '/publish',
    ACTIVATE => '/activate', DEACTIVATE => '/deactivate',
    FOLDER => '/setUpResourcesFolder',
    FEEDBACK_FOLDER => '/setUpFeedbackResourcesFolder');
# In the place of V stands the version of the thing, if it has one.
my @SUBMISSION = (
    SUBMISSION => '', SUBMISSION_PROPERTY => '/status/$value',
    OUTCOMES_CAST => '/outcomes/microsoft.graph.educationFeedbackOutcome',
    OUTCOMES => '/outcomes', OUTCOMES_REF => '/outcomes/$ref',
    OUTCOMES_COUNT => '/outcomes/$count', OUTCOMES_DELTA => '/outcomes/delta',
    map({ uc($_) => "/$_" } qw(submit unsubmit return reassign excuse)),
    SUBMISSION_VERSIONS => '/versions',
    SUBMISSION_VERSIONS_COUNT => '/versions/$count',
    SUBMISSION_VERSION => '/versions/V',
    RESTORE_SUBMISSION => '/versions/V/restoreVersion');
my @OUTCOME = (
    OUTCOME => '', OUTCOME_PROPERTY => '/lastModifiedDateTime',
    OUTCOME_PART => '/points/points/$value', OUTCOME_PART =>
        '/microsoft.graph.educationFeedbackOutcome/feedback/text/content',
    OUTCOME_VERSIONS => '/versions',
    OUTCOME_VERSIONS_COUNT => '/versions/$count',
    OUTCOME_VERSION => '/versions/V',
    VERSION_PROPERTY => '/versions/V/action',
    RESTORE_OUTCOME => '/versions/V/restoreVersion');

# A thing: { node, path, class, there => it exists, way => "all", "class", "me"
# or the user of the path }, and in seen, submission and assignment the students
# that may see it and what it lies in; only => callers to ask for it, if not
# all.
sub things {
    my ($of, $path, @nodes) = @_;
    my @things;
    while (my ($node, $suffix) = splice @nodes, 0, 2) {
        my %thing = (%$of, node => $node, path => $path . $suffix);
        if ($suffix =~ m{/V}) {
            $thing{there} &&= $version{$path} ? 1 : 0;
            $thing{path} =~ s{/V}{'/' . ($version{$path} // '0' x 16)}e;
        }
        push @things, \%thing;
    }
    return @things;
}

sub seen { return { map { $_ => 1 } map { split ' ' } @_ } }

sub in_submission {
    my ($of, $path, $class, $a, $student) = @_;
    my ($given) = grep { $_ eq $student } split ' ', $GIVEN{$class}{$a} // '';
    my $there = grep { $_ eq $student } split ' ', $OWNS{$class}{$a} // '';
    my %of = (%$of, seen => seen($there ? $given // () : ()), there => $there);
    $of{submission} = $of{seen};
    my @things = things(\%of, "$path/submissions/s-$student", @SUBMISSION);
    my $plain = "/classes/$class/assignments/$a/submissions/s-$student";
    my ($first, $second) = @{ $file{$plain} // [] };
    my @more = ($FEEDBACK, $RUBRIC);
    @more = () if $a ne 'a-raw' || $of->{way} ne 'class';
    my %id = ($NO_OUTCOME => 0, map({ $_ => $there } $POINTS, @more),
              map { $_ => 1 } grep { $_ } $first, $second);
    for my $id (sort keys %id) {
        # a file is published by the return
        my $hidden = !$id{$id} || $second && $id eq $second
            || $first && !$second && $id eq $first;
        push @things, things({ %of, there => $id{$id},
            seen => $hidden ? {} : $of{seen} },
            "$path/submissions/s-$student/outcomes/$id", @OUTCOME);
    }
    return @things;
}

# The things below an assignment, by the way of a class or of a person.
sub in_assignment {
    my ($of, $path, $class, $a, @students) = @_;
    my %of = (%$of, class => $class, seen => seen($GIVEN{$class}{$a} // ''),
              there => defined $GIVEN{$class}{$a} ? 1 : 0);
    $of{assignment} = $of{seen};
    return (things(\%of, $path, @ASSIGNMENT),
            map { in_submission(\%of, $path, $class, $a, $_) } @students);
}

sub in_class {
    my ($class, %assignments) = @_;
    my $path = "/classes/$class";
    my %of = (class => $class, seen => seen(keys %{ $PEOPLE{$class} // {} }),
              there => $class ne $N, way => 'class');
    my @things = things(\%of, $path, @CLASS);
    for my $user (qw(ada tea xyz)) {
        my $role = role_in($user, $class) // '';
        for (['member', $role], ['teacher', $role eq 'teacher']) {
            my ($set, $there) = @$_;
            my %member = (%of, there => $there ? 1 : 0,
                          seen => $there ? $of{seen} : {});
            push @things, things(\%member, "$path/${set}s/$user",
                                 uc $set => '', uc $set . '_REF' => '/$ref',
                                 uc $set . '_PROPERTY' => '/displayName');
        }
        # a student's is for nobody but the student
        push @things, things({ %of, there => $role ? 1 : 0,
                               seen => $role eq 'student' ? seen($user) : {} },
                             "$path/members/$user",
                             MEMBER_DELTA => '/assignments/delta');
    }
    return (@things, map { in_assignment(\%of, "$path/assignments/$_", $class,
                                         $_, @{ $assignments{$_} }) }
            sort keys %assignments);
}

# All of them.
sub resources {
    my @things = things({ way => 'all', there => 1, seen => {} }, '',
                        ROOT => '/../', METADATA => '/../$metadata',
                        OPENAPI => '/../openapi.json',
                        EDUCATION => '', CLASSES => '/classes',
                        CLASSES_COUNT => '/classes/$count');
    push @things, in_class($K, 'a-raw' => [qw(ada bob non)],
        'a-ret' => [qw(ada bob)], 'a-drf' => [qw(ada non)], 'a-ltr' => ['ada'],
        'a-her' => [qw(ada cyn)], 'a-his' => ['bob'], 'a-off' => ['ada'],
        'a-pst' => ['ada'], 'a-non' => ['ada']);
    push @things, in_class($L, 'a-lll' => ['out']);
    push @things, in_class($V, 'a-vvv' => ['ada']);
    push @things, in_class($N, 'a-non' => ['ada']);
    for my $way ('me', 'ada', 'xyz') {
        my $path = $way eq 'me' ? '/me' : "/users/$way";
        my %of = (way => $way, there => $way ne 'xyz', seen => {});
        push @things, things(\%of, $path, MY_CLASSES => '/classes',
                             MY_CLASSES_COUNT => '/classes/$count',
                             MY_ASSIGNMENTS => '/assignments',
                             MY_ASSIGNMENTS_COUNT => '/assignments/$count');
        push @things, map { in_assignment(\%of, "$path/assignments/$_->[0]", $K,
                                          @$_) }
            ['a-raw', 'ada', $way eq 'me' ? 'bob' : ()], ['a-non', 'ada'],
            $way eq 'xyz' ? () : (['a-ret', 'ada'], ['a-drf', 'ada'],
                                  ['a-his', 'bob']);
        # hidden from bob in his other class, it is not in the way
        push @things, in_assignment({ %of, only => seen('bob out str') },
            "$path/assignments/a-twn", $M, 'a-twn', 'out') if $way eq 'me';
    }
    return @things;
}

# ----------------------------------------------------------------------- bodies

my $n = 0;

# The bodies to send; each is another, so that it changes something.
our %BODY = (
    class      => sub { { displayName => "K $n" } },
    members    => sub { { value => [{ id => 'tea', primaryRole => 'teacher' },
                                    { id => 'ada' }, { id => 'bob' },
                                    { id => "new$n" }] } },
    ref        => sub { { '@odata.id' =>
                          "http://localhost/v1.0/education/users/new$n" } },
    assignment => sub { { displayName => "New $n",
                          assignTo => { '@odata.type' => '#microsoft.graph'
                              . '.educationAssignmentClassRecipient' } } },
    put        => sub { { displayName => "Put $n" } },
    patch      => sub { { displayName => "Patched $n" } },
    submission => sub { { recipient => { userId => $_[0] },
                          webUrl => "https://example.org/$n" } },
    outcome    => sub { { '@odata.type' =>
                          '#microsoft.graph.educationFeedbackResourceOutcome',
                          feedbackResource => { '@odata.type' =>
                              '#microsoft.graph.educationLinkResource',
                              link => "https://example.org/$n" } } },
    grade      => sub {
        my ($path) = @_;
        return { points => { points => 40 + $n % 10000 / 16 } }
            if $path =~ /$POINTS/;
        return { feedback => { text => text("Patched $n") } }
            if $path =~ /$FEEDBACK/;
        return { rubricQualityFeedback =>
                 [{ qualityId => 'style', feedback => text("Patched $n") }] }
            if $path =~ /$RUBRIC/;
        return { feedbackResource => { '@odata.type' =>
                     '#microsoft.graph.educationWordResource',
                     displayName => "Patched $n" } };
    },
);

sub body_for {
    my ($name, $thing) = @_;
    $n++;
    return undef if !$name;
    my ($student) = $thing->{path} =~ m{/submissions/s-(\w+)};
    return $BODY{$name}->($name eq 'submission' ? $student : $thing->{path});
}

1;
