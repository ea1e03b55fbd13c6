# Reads and changes all that the tests before left in the other tree's database:
# rows that an earlier release wrote are shown and changed as that one would.
use strict;
use warnings;
use Edu::School qw($FEEDBACK $POINTS ask);
use File::Basename 'basename';
use FindBin '$Bin';
use JSON::PP ();

my $JSON = JSON::PP->new->utf8->canonical;

# Returns all rows of a collection, following the links; none if it is refused.
sub rows {
    my ($path, @headers) = @_;
    my @rows;
    while (defined $path) {
        my $page = eval { $JSON->decode(ask('app', GET => $path, undef,
                                            @headers)->{body}) } // {};
        push @rows, @{ $page->{value} // [] };
        $path = $page->{'@odata.nextLink'};
    }
    return @rows;
}

# Returns the body of a PATCH that changes an outcome.
sub change {
    my ($outcome) = @_;
    return $outcome->{points} || $outcome->{id} eq $POINTS
        ? { points => { points => 3.5 } }
        : $outcome->{feedback} || $outcome->{id} eq $FEEDBACK
        ? { feedback => { text => { content => 'more', contentType => 'html' } } }
        : $outcome->{feedbackResource}
        ? { feedbackResource => { displayName => 'more' } }
        : { rubricQualityFeedback => [], rubricQualitySelectedLevels => [] };
}

sub outcomes {
    my ($at) = @_;
    my @outcomes = rows("$at?\$count=true");
    rows("$at?\$orderby=points/points+desc&\$top=3");
    rows("$at?\$filter=points/points+ge+1+or+feedback/text/content+ne+null"
         . '&$select=points,feedback');
    ask('app', GET => "$at/\$count");
    for (splice @outcomes, 0, 4) {
        my $one = "$at/$_->{id}";
        ask('app', GET => $one);
        ask('app', GET => "$one?\$select=id,points");
        ask('app', PATCH => $one, $_) for {}, $_, change($_);
        ask('app', GET => $one);
    }
    my ($last) = @outcomes;
    ask('app', DELETE => "$at/$last->{id}") if $last;
    rows($at);
}

# Reads and changes a registered submission; the actions take turns.
my $turn = 0;
sub submission {
    my ($at) = @_;
    ask('app', GET => $at);
    ask('app', GET => "$at?\$expand=outcomes&\$select=status");
    outcomes("$at/outcomes");
    my $action = qw(return reassign excuse submit unsubmit)[$turn++ % 5];
    ask('teacher', POST => "$at/$action");
    ask('app', GET => "$at?\$expand=*");
}

my @classes = map { "/classes/$_->{id}" } rows('/classes');
my @UNKNOWNS = ([Prefer => 'include-unknown-enum-members']);
for my $class (@classes) {
    rows("$class/$_") for qw(members teachers getRecentlyModifiedSubmissions);
    ask($_, GET => $class) for qw(app teacher student);
    for my $id (map { $_->{id} } rows("$class/assignments")) {
        my $at = "$class/assignments/$id";
        ask('app', GET => "$at?\$expand=*");
        rows("$at/submissions?\$expand=outcomes&\$top=2", @UNKNOWNS);
        ask('app', GET => "http://localhost:" . Edu::Wire::port()
            . "/beta/education$at/submissions?\$expand=outcomes");
        my @submissions = rows("$at/submissions");
        submission("$at/submissions/$_->{id}") for splice @submissions, 0, 3;
        ask('app', PUT => $at, { displayName => 'later', grading => {
            maxPoints => 7 } });
        rows("$at/submissions?\$expand=outcomes&\$orderby=id+desc");
    }
}
outcomes("/classes/$_/assignments/a/submissions/s/outcomes")
    for 'alike-open', 'naughty', map { basename $_ } glob "$Bin/../data/cases/*";
