# Reading submissions page by page while others write.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::School;
use Edu::Server;
use Edu::Wire;
use Test::More;

my $STAY = 90;
my $WRITERS = 3;
my @students = map { "stays$_" } 1 .. $STAY;
my $class = class('paging-submissions', @students);
my $assignment = assignment($class, 'a');
my $submissions = "$assignment/submissions";

must('teacher', POST => "$assignment/publish");
my (undef, @rows) = collect('teacher', $submissions);
my @stay = map { $_->{id} } @rows;
is(scalar @stay, $STAY, 'published');

# Every second of them is graded.
my $graded = 0;
my %points;
for my $id (@stay) {
    next if $graded++ % 2;
    must('teacher', PATCH => "$submissions/$id/outcomes/$POINTS",
         { points => { points => $graded } });
    $points{$id} = $graded;
}

# One writer makes submissions and deletes them again, the others grade and
# return what stays.
sub write_on {
    my ($number, $running, $tell) = @_;
    my $writes = 0;
    my @mine = @stay[grep { $_ % $WRITERS == $number - 1 } 0 .. $#stay];
    my @new;
    while ($running->()) {
        if ($number == 1) {
            push @new, submission($assignment, "new$$-$writes");
            must('app', DELETE => splice @new, rand @new, 1) if $writes % 2;
        }
        else {
            my $path = "$submissions/$mine[$writes % @mine]";
            must('teacher', PATCH => "$path/outcomes/$FEEDBACK",
                 { feedback => { text => { content => "$writes" } } });
            must('teacher', POST => "$path/return");
        }
        $tell->('writes') if ++$writes == 1;
    }
    must('app', DELETE => $_) for @new;
    return "writes $writes";
}

for (['in order of creation', "$submissions?\$top=7"],
     ['with outcomes', "$submissions?\$top=7&\$expand=outcomes"],
     ['sorted, counted',
      "$submissions?\$top=7&\$orderby=id+desc&\$count=true"],
     ['filtered, with outcomes', "$submissions?\$top=7&\$expand=outcomes"
      . '&$filter=recipient/microsoft.graph.educationSubmissionIndividual'
      . "Recipient/userId+ne+'stays1'"]) {
    my ($title, $url) = @$_;
    my ($pages, @seen, $died);
    my @lines = crowd($WRITERS, \&write_on, sub {
        $_[0]->($WRITERS, 'writes');
        ($pages, @seen) = eval { collect('teacher', $url) };
        $died = $@;
    });
    is($died, '', "$title: every page is answered");
    is(scalar(grep { /^writes [1-9]/ } @lines), $WRITERS,
       "$title: all writers write meanwhile") or diag("@lines");
    my %times;
    $times{ $_->{id} }++ for @seen;
    is(scalar(grep { $_ > 1 } values %times), 0,
       "$title: no submission comes twice");
    my $missing = grep { !$times{$_} } @stay;
    is($missing, $title =~ /filtered/ ? 1 : 0,
       "$title: no submission that stays is missing");
    cmp_ok($pages, '>=', ($STAY - 1) / 7, "$title: the list has many pages");
    if ($title =~ /sorted/) {
        my @ids = map { $_->{id} } @seen;
        is("@ids", join(' ', reverse sort @ids),
           "$title: the submissions are in order");
    }
    next if $title !~ /outcomes/;
    my (@wrong, @torn);
    for my $row (@seen) {
        my ($feedback, $points, $rubric) = @{ $row->{outcomes} };
        my $value = ($points->{points} // {})->{points} // 0;
        push @wrong, $row->{id} if @{ $row->{outcomes} } != 3
            || $rubric->{id} ne $RUBRIC
            || $value != ($points{ $row->{id} } // 0);
        # A return is seen whole, in the submission and in all its outcomes.
        push @torn, $row->{id} if $row->{status} eq 'returned'
            && (!$feedback->{publishedFeedback}
                || $value && !$points->{publishedPoints});
    }
    is("@wrong", '', "$title: each submission has its own outcomes");
    is("@torn", '',
       "$title: each submission and its outcomes are of one moment");
}
my ($pages, @last) = collect('teacher', $submissions);
is_deeply([map { $_->{id} } @last], \@stay,
          'in the end the list has the submissions that stayed');
is($pages, 1, 'a page has 100 submissions by default');
done_testing;
