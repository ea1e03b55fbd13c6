#!/usr/bin/perl
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A whole term, played against the API that `make run` serves:
#
#     perl docs/term.pl [http://127.0.0.1:8080/v1.0] >gradebook.csv
#
# A class of 30, its teacher and three assignments of hers, grading, feedback, a
# revision, an excuse.  The gradebook goes to standard output as CSV, the story
# to standard error, a line a chapter; its last line and the exit status tell
# whether every answer and every number was what it has to be.
#
# Three users take part, whose password is in EDU_PASSWORD (or is demo): "app", or
# the name in EDU_SIS, enrols, as a school's information system would, "teacher"
# assigns and grades, and "student" is one of the class.  Each run makes a class of
# its own.
use strict;
use warnings;
use utf8;
use HTTP::Tiny;
use JSON::PP;
use MIME::Base64 'encode_base64';

my ($host) = ($ARGV[0] // 'http://127.0.0.1:8080/v1.0') =~ m{^(.+)/v1\.0/?\z}
    or die "usage: perl term.pl [http://127.0.0.1:8080/v1.0]\n";
my ($BASE, $BETA) = ("$host/v1.0", "$host/beta");
my $PASSWORD = $ENV{EDU_PASSWORD} // 'demo';
my $SIS = $ENV{EDU_SIS} // 'app';
my $JSON = JSON::PP->new->utf8->ascii->canonical;
# No network lies between this machine and itself: its certificate may be its own.
my $HTTP = HTTP::Tiny->new(timeout => 60,
    verify_SSL => $host !~ m{^https://(?:localhost|127\.0\.0\.1)(?::|\z)},
    no_proxy => join ',', '127.0.0.1', 'localhost', $ENV{no_proxy} // ());
for (*STDOUT, *STDERR) { binmode $_, ':encoding(UTF-8)'; $_->autoflush }

# ---------------------------------------------------------------------- tools

my ($last, $facts, @wrong) = ('none', 0);

sub chapter { printf STDERR "%-12s %s\n", $last = $_[0], $_[1] }

# Checks a claim; those that do not hold are told at the end.
sub fact {
    my ($what, $got, $want) = @_;
    $facts++;
    push @wrong, "wrong: $what: $got, not $want\n" if $got ne $want;
}

# An answer that was not promised is the end of the term.
sub promised {
    my ($want, $status, $request, $body, $answer) = @_;
    return if $status == $want;
    my $error = ref $answer ? $answer->{error} // {} : { message => $answer };
    my $says = join ' ', grep { $_ } @$error{qw(code target message)};
    print STDERR "\n$request ", $body ? $JSON->encode($body) : '',
        "\nis answered $status, not $want: $says\n",
        "FAILED: the term breaks off; the last chapter was: $last.\n";
    exit 1;
}

# One request of a user, which has to be answered with this status.
sub call {
    my ($want, $user, $method, $url, $body, %headers) = @_;
    $url = "$BASE/$url" if $url !~ /^http/;
    $headers{Authorization} = 'Basic ' . encode_base64("$user:$PASSWORD", '');
    $headers{'Content-Type'} = 'application/json' if $body;
    my $answer = $HTTP->request($method, $url, {
        headers => \%headers, $body ? (content => $JSON->encode($body)) : () });
    my $json = eval { $JSON->decode($answer->{content}) } // $answer->{content};
    promised($want, $answer->{status}, "$user: $method $url", $body, $json);
    return $json;
}

# Many requests [method, url, body], 20 at a time: all that a $batch writes is a
# single commit.  It succeeds as such, whatever its requests are answered.
sub batch {
    my ($user, @requests) = @_;
    while (my @part = splice @requests, 0, 20) {
        my %json = (headers => { 'Content-Type' => 'application/json' });
        my $answer = call(200, $user, POST => '$batch', { requests => [map {
            my ($method, $url, $body) = @{ $part[$_] };
            { id => "$_", method => $method, url => $url,
              $body ? (%json, body => $body) : () } } 0 .. $#part] });
        my %of = map { $_->{id} => $_ } @{ $answer->{responses} };
        for (0 .. $#part) {
            my ($method, $url, $body) = @{ $part[$_] };
            promised(200, $of{$_}{status} // 0,
                     "$user: batched $method $url", $body, $of{$_}{body});
        }
    }
}

# All of a list, page by page: @odata.nextLink leads from each to the next.
my $pages;
sub list {
    my ($user, $url, %headers) = @_;
    my @all;
    for ($pages = 0; $url; $pages++) {
        my $page = call(200, $user, GET => $url, undef, %headers);
        push @all, @{ $page->{value} };
        $url = $page->{'@odata.nextLink'};
    }
    return @all;
}

# A submission has one outcome of each of these kinds, by an id that is the same
# in all submissions, as in Microsoft Graph: no need to list before grading.
my %ID = (Feedback => 'ca05367a-b292-42d5-aff7-5d279feeace8',
          Points   => 'ea1351f6-ba33-4940-b2cb-6a7254af2dc8',
          Rubric   => '65a46d78-1a2b-4a7e-bcf8-78a22ac2611b');

sub type { return { '@odata.type' => "#microsoft.graph.$_[0]", @_[1 .. $#_] } }

sub grade {
    my ($submission, $kind, %members) = @_;
    return [PATCH => "$submission/outcomes/$ID{$kind}",
            type("education${kind}Outcome", %members)];
}

# All outcomes of a submission as one: each kind has members of its own.
sub merged { return map { %$_ } @{ $_[0]{outcomes} } }

# A client says by this that it knows the statuses reassigned and excused; to
# others they are shown as returned.
my @KNOWING = (Prefer => 'include-unknown-enum-members');

# ------------------------------------------------------------------- the term

my $run = sprintf '%x-%x', time, $$;
my $class = "education/classes/class-$run";
my @names = qw(quiz essay journal);
call(201, $SIS => PUT => $class, { displayName => 'History 9b' });

# A PUT of members is the whole list.  The first student is who can sign in, and
# the last has a name that no spreadsheet should compute.
my @students = map {
    { id => $_ == 1 ? 'student' : "$run-$_", primaryRole => 'student',
      displayName => $_ == 30 ? '=1+1'
          : (qw(Ångström Brown Chaudhry Davies O'Neill))[$_ % 5] . ', '
          . (qw(Aisha Ben Chloë Dan Ewa Finn))[$_ % 6] } } 1 .. 30;
my $teacher = { id => 'teacher', primaryRole => 'teacher',
                displayName => 'Ms Ek' };
sub enrol { call(204, $SIS => PUT => "$class/members", { value => \@_ }) }
enrol($teacher, @students[0 .. 28]);
chapter('Enrolment', '29 students and a teacher are in the class');

# A new assignment is a draft with an id of the server's.  Points; points with a
# rubric and a scheme that makes letters of them; neither.
my %id;
sub assign {
    my ($name, %members) = @_;
    my $draft = call(201, teacher => POST => "$class/assignments", {
        displayName => ucfirst $name, addedStudentAction => 'assignIfOpen',
        %members });
    fact("the status of the new $name", $draft->{status}, 'draft');
    $id{$name} = $draft->{id};
}
sub up_to { type('educationAssignmentPointsGradeType', maxPoints => $_[0]) }
assign('quiz', grading => up_to(10));
assign('essay', grading => up_to(100),
    rubric => { levels => [map { { levelId => $_ } } qw(good fair poor)],
                qualities => [map { { qualityId => $_ } } qw(sources style)] },
    gradingScheme => { grades => [
        map { { displayName => $_->[0], minPercentage => $_->[1] } }
        ['A', 90], ['B', 80], ['C', 70], ['D', 60], ['E', 0]] });
assign('journal');
my %at = map { $_ => "$class/assignments/$id{$_}" } @names;
fact('the points of the quiz', call(200, teacher => PATCH => $at{quiz},
    { grading => up_to(20) })->{grading}{maxPoints}, 20);

# Publishing gives each student a submission, and so does joining later if the
# assignment says so; the list tells whose is which.
my %of;
call(200, teacher => POST => "$at{$_}/publish") for @names;
enrol($teacher, @students);
for my $name (@names) {
    $of{$name}{ $_->{recipient}{userId} } = "$at{$name}/submissions/$_->{id}"
        for list(teacher => "$at{$name}/submissions");
    fact("submissions of the $name", scalar keys %{ $of{$name} }, 30);
}
my ($essay, @all) = ($of{essay}{student}, sort map { values %$_ } values %of);
chapter('Assignments', 'a quiz, an essay and a journal are published, also for'
    . ' one who joins late');

# A student's own work is below /me.  The school's system may hand in, too.
my $mine = "education/me/assignments/$id{essay}/submissions";
my ($own) = map { "$mine/$_->{id}" } list(student => $mine);
call(200, student => POST => "$own/submit");
batch($SIS => map { [POST => "$_/submit"] } grep { $_ ne $essay } @all);
chapter('Handing in', '90 submissions are in, one by its student in person');

# Levels and qualities have to be those of the assignment's rubric.
my @grades;
for my $n (1 .. 30) {
    my $student = $students[$n - 1]{id};
    my ($quiz, $essay, $journal) = map { $_->{$student} } @of{@names};
    my $points = 40 + 7 * $n % 31 * 2;
    my $level = $points >= 80 ? 'good' : $points >= 60 ? 'fair' : 'poor';
    my @words = (feedback => { text => {
        contentType => 'text', content => "This is “$level”." } });
    push @grades,
        grade($quiz, 'Points', points => { points => 5 + $n / 2 }),
        grade($essay, 'Points', points => { points => $points }),
        grade($essay, 'Rubric', rubricQualitySelectedLevels => [
            { qualityId => 'sources', columnId => $level },
            { qualityId => 'style', columnId => 'fair' }]),
        grade($essay, 'Feedback', @words), grade($journal, 'Feedback', @words);
}
batch(teacher => @grades);
chapter('Grading', @grades . ' outcomes are written, in batches of 20');

# A file of remarks is an outcome of its own, up to five a submission.
call(200, teacher => POST => "$at{essay}/setUpFeedbackResourcesFolder", {});
my $file = call(201, teacher => POST => "$essay/outcomes",
    type('educationFeedbackResourceOutcome', feedbackResource =>
        type('educationWordResource', displayName => 'Remarks.docx',
             fileUrl => "https://files.example.org/$run/Remarks.docx")));
chapter('Remarks', 'a file is added to an essay');

# Members with "published" in their name are for students: copies by `return`.
sub seen {
    my %own = map { merged($_) } list(student => "$_[0]?\$expand=outcomes");
    return join ' ', grep { defined } $own{publishedPoints}{points},
        $own{publishedRubricQualitySelectedLevels}[0]{columnId},
        $own{publishedFeedback}{text}{content};
}
fact('seen before the return', seen($mine), '');
batch(teacher => map { [POST => "$_/return"] } @all);
fact('seen after it', seen($mine), '54 poor This is “poor”.');
fact('seen below /users', seen($mine =~ s{/me/}{/users/student/}r),
     seen($mine));
fact('the file after it', call(200, student => GET =>
    "$own/outcomes/$file->{id}")->{resourceStatus}, 'published');
chapter('Return', 'all work is returned; the student sees 54 points');

# A second try.  With If-Match, no teacher overwrites a grade they have not read.
fact('reassigning', call(200, teacher => POST => "$essay/reassign", undef,
    @KNOWING)->{status}, 'reassigned');
call(200, student => POST => "$own/submit");
my $was = call(200, teacher => GET => "$essay/outcomes/$ID{Points}");
my @better = (@{ grade($essay, 'Points', points => { points => 76 }) },
              'If-Match' => $was->{'@odata.etag'});
call(200, teacher => @better);
call(412, teacher => @better);
fact('seen before the second return', seen($mine), '54 poor This is “poor”.');
call(200, teacher => POST => "$essay/return");
fact('seen after it', seen($mine), '76 poor This is “poor”.');
chapter('Revision', 'the essay is written anew; the student sees 76 points');

# Excused work is emptied of its outcomes, and counts nowhere.
my $ill = $students[14]{id};
fact('excusing', call(200, teacher => POST => "$of{essay}{$ill}/excuse", undef,
    @KNOWING)->{status}, 'excused');
chapter('Excuse', 'one student was ill, and needs no essay');

# -------------------------------------------------------------- the gradebook

# Submissions come with their outcomes, ten a page.  Letters are told by beta.
my (%book, %sum, %count, %status, %letters);
for my $name (@names) {
    for (list(teacher => "$BETA/$at{$name}/submissions?\$expand=outcomes"
                  . '&$top=10', @KNOWING)) {
        my %outcomes = merged($_);
        my ($points, $letter) =
            @{ $outcomes{publishedPoints} // {} }{qw(points grade)};
        $book{ $_->{recipient}{userId} }{$name} =
            [$points // '', $letter // '', $_->{status}];
        $status{"$name $_->{status}"}++;
        next if $_->{status} eq 'excused' || !defined $points;
        $sum{$name} += $points;
        $count{$name}++;
        $letters{$letter}++ if $letter;
    }
    fact("pages of the $name", $pages, 3);
}

# One cell of CSV; what spreadsheets would take for a formula begins with a '.
sub cell {
    my ($text) = @_;
    $text =~ s/"/""/g;
    return $text =~ /^[\s"']*[=+\-@\t\r]/ ? qq("'$text") : qq("$text");
}

print "Name,Quiz,Quiz status,Essay,Letter,Essay status,Journal status\n";
for (list(teacher => "$class/members?\$orderby=displayName&"
              . "\$filter=primaryRole+eq+'student'")) {
    my $row = $book{ $_->{id} };
    print join(',', map { cell($_) } $_->{displayName},
               @{ $row->{quiz} }[0, 2], @{ $row->{essay} },
               $row->{journal}[2]), "\n";
}
my %average = map { $_ => $sum{$_} / $count{$_} } keys %sum;
chapter('Gradebook', sprintf 'averages are %.2f in the quiz, %.2f in %d essays',
    @average{qw(quiz essay)}, $count{essay});

# Clients that do not know the status inactive are shown unknownFutureValue.
for my $name (@names) {
    call(200, teacher => POST => "$at{$name}/deactivate");
    fact("the $name at last", call(200, teacher => GET => $at{$name}, undef,
        @KNOWING)->{status}, 'inactive');
}
chapter('Vacation', 'the assignments are inactive');

# The numbers of this term are always the same.
sub tally { my %of = @_; return join ' ', map { "$_:$of{$_}" } sort keys %of }
fact('students', scalar keys %book, 30);
fact('statuses', tally(%status), 'essay excused:1 essay returned:29'
    . ' journal returned:30 quiz returned:30');
fact('how many have points', tally(%count), 'essay:29 quiz:30');
fact('sums', tally(%sum), 'essay:2088 quiz:382.5');
fact('averages', tally(%average), 'essay:72 quiz:12.75');
fact('letters', tally(%letters), 'A:6 B:5 C:6 D:4 E:8');
fact('the revised essay', "@{ $book{student}{essay} }", '76 C returned');
fact('the excused essay', "@{ $book{$ill}{essay} }", '  excused');
print STDERR @wrong, @wrong ? "FAILED: ${\ scalar @wrong} facts are wrong.\n"
                            : "OK: all $facts facts are right.\n";
exit(@wrong ? 1 : 0);
