# Children are killed while submissions are graded and returned: each is then
# returned with all that was graded, or not at all.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use Test::More;
use Time::HiRes 'sleep';

my $class = class('crash-actions');
my $assignment = assignment($class, 'a');
my @IDS = ($FEEDBACK, $POINTS, $RUBRIC);
my %grade = (
    $FEEDBACK => { feedback => { text => { content => 'Good' } } },
    $POINTS => { points => { points => 5 } },
    $RUBRIC => { rubricQualityFeedback => [
        { qualityId => 'style', feedback => { content => 'Fine' } }] },
);

# A request of a batch, of a group if one is named.
sub item {
    my ($id, $group, $method, $path, $body) = @_;
    return { id => $id, method => $method, url => "/education$path",
             $group ? (atomicityGroup => $group) : (),
             $body ? (headers => { 'Content-Type' => 'application/json' },
                      body => $body) : () };
}

sub grades {
    my ($group, $path) = @_;
    return map { item($_, $group, PATCH => "$path/outcomes/$_", $grade{$_}) }
        @IDS;
}

# The worst status of a batch, or of the answer if there is no other.
sub batch {
    my ($user, @items) = @_;
    my $answer = ask($user, POST => '/v1.0/$batch', { requests => \@items });
    return $answer->{status} if $answer->{status} != 200;
    my ($worst) = sort { $b <=> $a }
        map { $_->{status} } @{ got($answer)->{responses} };
    return $worst;
}

# Two ways from a submission that is there to one that is graded and returned.
my %way = (
    alone => sub {
        my ($path) = @_;
        my $graded = batch('teacher', grades('', $path));
        return $graded if $graded != 200;
        return ask('teacher', POST => "$path/return")->{status};
    },
    batch => sub {
        my ($path) = @_;
        return batch('teacher', grades('g', $path),
                     item('return', 'g', POST => "$path/return"));
    },
);

# How much of a submission is graded, and how much is published.
sub state_of {
    my ($path) = @_;
    my $submission = must('teacher', GET => "$path?\$expand=outcomes");
    my ($feedback, $points, $rubric) = @{ $submission->{outcomes} };
    my $quality = sub { $rubric->{$_[0]}[0]{feedback} };
    my @graded = grep { defined } $feedback->{feedback}, $points->{points},
        $quality->('rubricQualityFeedback');
    my @published = grep { defined } $feedback->{publishedFeedback},
        $points->{publishedPoints},
        $quality->('publishedRubricQualityFeedback');
    return join ' ', $submission->{status}, scalar @graded, scalar @published;
}

log_expect('AH10392: ');    # event's, when all are killed again and again
for my $kind (sort keys %way) {
    my @victims;
    my @lines = crowd(4, sub {
        my ($number, $running, $tell) = @_;
        my @said;
        for (my $i = 1; $running->(); $i++) {
            my $id = "$kind-$number-$i";
            my $path = "$assignment/submissions/$id";
            my $put = ask('app', PUT => $path,
                          { recipient => { userId => $id } })->{status};
            if ($put == 201) {
                my $status = $way{$kind}->($path);
                push @said, "$id $status";
                $tell->($status);
            }
            # Without a server there is nothing to hurry for.
            sleep 0.01 if !$put;
        }
        return @said;
    }, sub {
        my ($more) = @_;
        for (1 .. 5) {
            $more->(5, 200);
            my @children = server_children();
            kill KILL => @children;
            push @victims, @children;
        }
        $more->(5, 200);
    });
    my (%answers, %states, @torn, @lost);
    for (@lines) {
        my ($id, $status) = split;
        my $state = state_of("$assignment/submissions/$id");
        $answers{$status}++;
        $states{$state}++;
        # Graded by a batch of no group, it may be so in part.
        my $whole = $kind eq 'batch' ? qr/^(?:working 0 0|returned 3 3)$/
                                     : qr/^(?:working [0-3] 0|returned 3 3)$/;
        push @torn, "$id: $state" if $state !~ $whole;
        push @lost, "$id: $state"
            if $status == 200 && $state ne 'returned 3 3';
    }
    cmp_ok(scalar @victims, '>=', 5, "$kind: children are killed");
    cmp_ok($answers{200} // 0, '>', 4,
           "$kind: submissions are returned around the crashes");
    is("@torn", '', "$kind: no submission is graded or returned in part");
    is("@lost", '', "$kind: no acknowledged return is lost");
    is(join(' ', grep { !/^(0|200)$/ } keys %answers), '',
       "$kind: no other status is answered");
    note("$kind: ", explain(\%answers, \%states));
}
done_testing;
