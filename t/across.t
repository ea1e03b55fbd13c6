# Lists across submissions have what the list of each submission has, in pages of
# any size, for each reader; and while others write.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::School;
use Edu::Server;
use Test::More;

by_roster();

my $long = 'x' x 20_000;    # documents that lists leave out
my $class = class('across', qw(ada bob student));

# Assignments with and without points and a rubric; one that students may not
# see yet, and one that is too long for a list.
my %body = (
    full  => undef,
    plain => { status => 'assigned' },
    draft => { status => 'draft', grading => { maxPoints => 10 } },
    heavy => { status => 'assigned', grading => { maxPoints => 10 },
               instructions => { content => $long } },
    none  => { status => 'assigned' },
);
my %path = map { $_ => assignment($class, $_, $body{$_}) } keys %body;
my %students = (full => [qw(ada bob student)], plain => [qw(bob student)],
                draft => ['student'], heavy => [qw(ada student)], none => []);
my @submissions;
for my $a (sort keys %students) {
    push @submissions, submission($path{$a}, "of-$_", $_)
        for @{ $students{$a} };
}
# open ones, beside those and in an assignment that is not stored
push @submissions, "$class/assignments/zoo/submissions/s",
    "$class/assignments/aaa/submissions/of-student";
my $points = 0;
for my $s (@submissions) {
    my $open = $s =~ m{/(?:zoo|aaa)/};
    $points++;
    my $of = { points => { points => $points } };
    if ($open) {
        must('teacher', POST => "$s/outcomes", { %$of,
             '@odata.type' => '#microsoft.graph.educationPointsOutcome' });
    }
    elsif ($s !~ /plain/) {
        must('teacher', PATCH => "$s/outcomes/$POINTS", $of);
    }
    must('teacher', PATCH => "$s/outcomes/$FEEDBACK",
         { feedback => { text => { content => "$points$long" } } })
        if !$open && $points % 2;
    must('teacher', POST => "$s/outcomes",
         { '@odata.type' => '#microsoft.graph.educationFeedbackResourceOutcome',
           feedbackResource => { '@odata.type' =>
               '#microsoft.graph.educationLinkResource', link => "https://$_" } })
        for $open ? () : 1 .. $points % 3;
    next if $open || $points % 2;
    must('teacher', POST => "$s/return");
    must('teacher', PATCH => "$s/outcomes/$POINTS", { points => { points => 99 } })
        if $s !~ /plain/;
}

# An outcome as the list of its submission has it.
sub bare {
    my ($outcome) = @_;
    return { map { ($_ => $outcome->{$_}) }
             grep { !/^\@(?:odata\.id|eduOutcomes)/ } keys %$outcome };
}

# What the lists of single submissions have, by assignment, submission and id.
sub each_of {
    my ($user, $a, $options) = @_;
    my %of;
    for my $s (@submissions) {
        my ($in, $id) = $s =~ m{/assignments/(\w+)/submissions/([\w-]+)$};
        next if defined $a && $in ne $a;
        my $answer = ask($user, GET => "$s/outcomes?\$top=999$options");
        next if $answer->{status} == 404;    # another student's
        $of{"$in $id $_->{id}"} = $_ for @{ got($answer)->{value} };
    }
    return \%of;
}

sub names {
    my ($rows) = @_;
    return map { join ' ', @$_{'@eduOutcomes.assignmentId',
                               '@eduOutcomes.submissionId', 'id'} } @$rows;
}

sub same_lists {
    my ($user, $a, $options, $title) = @_;
    my $url = (defined $a ? "$class/assignments/$a" : $class) . '/outcomes';
    my $each = each_of($user, $a, $options);
    my @want = sort keys %$each;
    for my $top (defined $a ? () : 2, 7, 999) {
        my ($pages, @rows) = collect($user, "$url?\$top=$top$options");
        my @got = names(\@rows);
        is_deeply(\@got, \@want, "$title: rows of pages of $top");
        is($pages, @want ? int((@want - 1) / $top) + 1 : 1, "$title: $top a page");
        is_deeply([map { bare($_) } @rows], [@$each{@got}],
                  "$title: as their submissions' lists have them") if $top == 7;
    }
    my $page = must($user, GET => "$url?\$top=2&\$count=true$options");
    is($page->{'@odata.count'}, @want, "$title: the count");
    $page = must($user, GET => $page->{'@odata.nextLink'})
        if $page->{'@odata.nextLink'};
    is($page->{'@odata.count'}, @want, "$title: the count of another page");
    my $count = ask($user, GET => "$url/\$count?" . $options =~ s/^&//r);
    is($count->{body}, @want, "$title: \$count") if $options !~ /orderby/;
    return;
}

for my $user ('teacher', 'adm', 'student') {
    for my $a (undef, $user eq 'adm' ? () : qw(full heavy none),
               $user eq 'teacher' ? qw(plain draft zoo) : ()) {
        my $title = "$user, " . ($a // 'class');
        same_lists($user, $a, '', $title);
        same_lists($user, $a, "&\$filter=publishedPoints/points+gt+2"
                   . "+or+feedback+eq+null" x ($user ne 'student'),
                   "$title, filtered");
    }
    my $more = "&\$orderby=lastModifiedDateTime,id+desc";
    my ($pages, @rows) = collect($user, "$class/outcomes?\$top=5$more");
    my %each = %{ each_of($user, undef, '') };
    is_deeply([sort(names(\@rows))], [sort keys %each],
              "$user, sorted: all, once");
    my @times = map { $_->{lastModifiedDateTime} // '' } @rows;
    is_deeply(\@times, [sort @times], "$user, sorted: in this order");
}

# Where an entity belongs.
my $page = must('teacher', GET => "$class/outcomes()?\$top=1&\$select=id"
                . "&\$filter=points/points+eq+1");
my $row = $page->{value}[0];
like($page->{'@odata.context'},
     qr/\$metadata#Collection\(microsoft\.graph\.educationOutcome\)$/,
     'the context of a function');
is($row->{'@eduOutcomes.studentId'}, 'student', 'the student');
my $one = must('teacher', GET => $row->{'@odata.id'});
is($one->{points}{points}, 1, 'its @odata.id leads to it');
is_deeply([sort keys %$row], [sort 'id', map({ "\@odata.$_" } qw(etag id type)),
    map { "\@eduOutcomes.$_" } qw(assignmentId submissionId studentId)],
    'it is said with $select as well');
my ($open) = grep { $_->{'@eduOutcomes.assignmentId'} eq 'zoo' }
    @{ must('teacher', GET => "$class/outcomes?\$top=999")->{value} };
ok(!exists $open->{'@eduOutcomes.studentId'}, 'an open submission has no student');
for my $call ('microsoft.graph.outcomes', 'outcomes()',
              'microsoft.graph.outcomes()') {
    my $answer = ask('teacher', GET => "$class/$call?\$top=1");
    is($answer->{status}, 200, $call);
    like($answer->{body}, qr{/classes/across/outcomes\?}, "$call: the next page");
}

# Submissions of the class.
my @registered = sort map { m{assignments/(\w+)/submissions/(.*)} ? "$1 $2" : () }
    grep { !/zoo|aaa/ } @submissions;
for my $top (1, 3, 999) {
    for my $expand ('', '&$expand=outcomes') {
        my (undef, @rows) =
            collect('teacher', "$class/submissions?\$top=$top$expand");
        is_deeply([map { "$_->{assignmentId} $_->{id}" } @rows], \@registered,
                  "submissions of the class, $top a page$expand");
        next if !$expand;
        my %of = %{ each_of('teacher', undef, '') };
        is(scalar(map { @{ $_->{outcomes} } } @rows),
           scalar(grep { !/^(?:zoo|aaa) / } keys %of), 'with their outcomes');
    }
    my (undef, @own) = collect('student', "$class/submissions?\$top=$top");
    is_deeply([map { "$_->{assignmentId} $_->{id}" } @own],
              [grep { /of-student/ && !/^draft/ } @registered],
              "a student's own, $top a page");
}
is(ask('teacher', GET => "$class/submissions/\$count")->{body}, @registered,
   'their number');
is(ask('student', GET => "$class/submissions/\$count")->{body}, 3,
   'a student counts no others');
my $refused = ask('student', GET => "$class/outcomes?\$filter=points/points+gt+1");
is($refused->{status}, 403, 'a student does not ask for drafts');
for my $path ("$class/outcomes", "$class/submissions", "$path{full}/outcomes") {
    my $bytes = join ' ', map { my $answer = ask('stranger', GET => $_);
        "$answer->{status} " . ($answer->{body} =~ s/"innerError".*//sr) }
        $path, $path =~ s/across/nothing/r;
    like($bytes, qr/^403 (.*) 403 \g1$/, "a stranger is told nothing by $path");
}
is(ask('student', GET => "$path{draft}/outcomes")->{status}, 404,
   'a student is told nothing of an assignment that is a draft');

# What the database looks at admits the same as what is looked at here: no id is
# "none", but a filter that asks for one takes all rows to decide.
my @values = (
    map({ ('points/points', $_) } 1, 3, '7.0', 99, '1e1'),
    map({ ('publishedPoints/points', $_) } 2, 8),
    map({ ('feedback/text/content', $_) } "'1$long'", "'7'", "'%s'", "''",
        "'it''s \\ \"%d\"'"),
    map({ ('lastModifiedDateTime', $_) } '2020-01-01T00:00:00Z',
        '2099-12-31T23:59:59.1234567Z', '2026-06-01T12:00:00+05:00'),
    map({ ('lastModifiedBy/user/id', $_) } "'teacher'", "'O''Hara'"),
    'microsoft.graph.educationPointsOutcome/points/points', '4',
    'microsoft.graph.educationFeedbackResourceOutcome/feedbackResource'
        . '/displayName', "'x'", 'points', 'null', 'feedback', 'null',
    'feedbackResource', 'null', 'publishedPoints', 'null',
    'points/gradedBy/user/id', "'teacher'");
my @pairs = map { [@values[2 * $_, 2 * $_ + 1]] } 0 .. @values / 2 - 1;
sub some { return $_[rand @_] }
sub atom {
    my ($path, $value) = @{ some(@pairs) };
    return some('isof', 'not isof') . '(microsoft.graph.education'
        . some('Points', 'Feedback', 'Rubric', '') . 'Outcome)' if !int rand 6;
    return "$path " . some('eq', 'ne') . ' null'
        if $value eq 'null' || !int rand 8;
    return some('contains', 'startswith', 'endswith') . "($path,$value)"
        if $value =~ /^'/ && !int rand 3;
    return "$path in ($value,$value)" if !int rand 8;
    return int rand 2 ? "$path " . some(qw(eq ne lt le gt ge)) . " $value"
                      : "$value " . some(qw(eq ne lt le gt ge)) . " $path";
}
sub filter {
    my ($depth) = @_;
    return atom() if !$depth || !int rand 3;
    return 'not (' . filter($depth - 1) . ')' if !int rand 6;
    return '(' . join(some(' and ', ' or '), map { filter($depth - 1) }
                      0 .. int rand 3) . ')';
}
srand(my $seed = $ENV{EDU_SEED} // time);
my (@wrong, %sizes);
for (1 .. 80) {
    my $filter = filter(3);
    my ($both, $alone) = map {
        my $answer = ask('teacher', GET => "$class/outcomes?\$top=999&\$select=id&\$filter="
                         . $_ =~ s/([^\w'()\/.,:-])/sprintf '%%%02X', ord $1/ger);
        $answer->{status} == 200
            ? join "\n", names(got($answer)->{value}) : "$answer->{status}";
    } "$filter or id eq 'none'", $filter;
    push @wrong, $filter if $both ne $alone;
    my $size = () = $alone =~ m{\n}g;
    $sizes{ $alone =~ m{\A\d+\z} ? $alone : $size }++;
}
is_deeply(\@wrong, [], "what a database admits (EDU_SEED=$seed)");
cmp_ok(keys %sizes, '>', 3, 'some filters admit many, others few')
    or diag(join ' ', %sizes);

# Other programs may write a character by its number.
must('teacher', PATCH => "$path{full}/submissions/of-ada/outcomes/$FEEDBACK",
     { feedback => { text => { content => 'so spelled', contentType => 'text' } } });
my $e = $ENV{EDU_DB} eq 'mysql' ? '\\\\u0065' : '\u0065';
sql("UPDATE edu_outcome SET body = replace(body, 'so spelled', 'so sp${e}lled')"
    . " WHERE class_id = 'across'");
for my $filter ("feedback/text/content eq 'so spelled'",
                "contains(feedback/text/content,'spelled')",
                "feedback/text/content in ('so spelled','none')") {
    is(scalar(@{ must('teacher', GET => "$class/outcomes?\$filter="
                      . $filter =~ s/ /%20/gr)->{value} }), 1, $filter);
}

# Or blanks beside a colon.
for my $as ('"lastModifiedDateTime": "', '"lastModifiedDateTime" :"') {
    for ([21, 'ge 2100'], [19, 'le 2000']) {
        my ($century, $when) = @$_;
        my $where = "WHERE class_id = 'across' AND assignment_id = 'full'"
            . " AND submission_id = 'of-ada' AND id = '$FEEDBACK'";
        sql("UPDATE edu_outcome SET body = replace(body,"
            . " '\"lastModifiedDateTime\":\"20', '$as$century') $where");
        my $list = must('teacher', GET => "$class/outcomes?\$filter="
                        . "lastModifiedDateTime%20$when-01-01T00:00:00Z" =~ s/ /%20/gr);
        is_deeply([names($list->{value})], ["full of-ada $FEEDBACK"],
                  "lastModifiedDateTime $when, as $as$century");
        sql("UPDATE edu_outcome SET body = replace(body, '$as$century',"
            . " '\"lastModifiedDateTime\":\"20') $where");
    }
}

# By the paths of a person.
my (undef, @mine) = collect('student', '/me/assignments/full/outcomes?$top=2');
is_deeply([names(\@mine)], [sort keys %{ each_of('student', 'full', '') }],
          'of one\'s own assignment');
my $ada = must('teacher', GET => '/users/ada/assignments/full/outcomes?$count=true');
is_deeply([names($ada->{value})], [sort grep { / of-ada / }
          keys %{ each_of('teacher', 'full', '') }], 'of a person alone');
is($ada->{'@odata.count'}, @{ $ada->{value} }, 'and their number');

# While others grade, return, delete and register, what stays comes once.
my @stay = map { "s$_" } 1 .. 40;
my $crowd = class('across-crowd', @stay, map { "new$_" } 1 .. 3);
my @at = map { assignment($crowd, $_) } qw(a b);
for my $a (@at) { submission($a, $_) for @stay }
sub write_on {
    my ($number, $running, $tell) = @_;
    my $writes = 0;
    while ($running->()) {
        my $a = $at[$writes % 2];
        if ($number == 1) {
            must('adm', DELETE => submission($a, "new$number"));
        }
        else {
            my $s = "$a/submissions/$stay[($writes * 7 + $number) % @stay]";
            must('teacher', PATCH => "$s/outcomes/$POINTS",
                 { points => { points => $writes } });
            must('teacher', DELETE => "$s/outcomes/$POINTS") if $writes % 3;
        }
        $tell->('writes') if ++$writes == 1;
    }
    return "writes $writes";
}
my ($died, @seen);
crowd(3, \&write_on, sub {
    $_[0]->(3, 'writes');
    @seen = eval { collect('teacher', "$crowd/outcomes?\$top=7") };
    $died = $@;
});
is($died, '', 'every page is answered');
shift @seen;
my %times;
$times{$_}++ for names(\@seen);
is(scalar(grep { $_ > 1 } values %times), 0, 'no outcome comes twice');
is(scalar(grep { / s\d/ } keys %times), 2 * @stay * 3, 'none is missing');

done_testing();
