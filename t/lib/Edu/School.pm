package Edu::School;

# A class with all that is in it, for tests that need more than one exchange.

use strict;
use warnings;
use Edu::Wire;
use Exporter 'import';
use JSON 'decode_json';
use JSON::PP ();

our @EXPORT = qw($FEEDBACK $POINTS $RUBRIC ask assignment by_roster class
    collect got must submission);

# The constant ids of Graph's outcomes.
our $FEEDBACK = 'ca05367a-b292-42d5-aff7-5d279feeace8';
our $POINTS   = 'ea1351f6-ba33-4940-b2cb-6a7254af2dc8';
our $RUBRIC   = '65a46d78-1a2b-4a7e-bcf8-78a22ac2611b';

# JSON reads by JSON::XS, much faster than JSON::PP; but that would write a number
# that was printed before as a text.
my $JSON = JSON::PP->new->utf8->canonical;

my $mount = '/v1.0';

# From here on the roster decides what a user may, whatever the user is called;
# "app" still provisions.
sub by_roster { $mount = '/roster' }

# One request by "user", with a body of JSON if there is one.
sub ask {
    my ($user, $method, $path, $body, @headers) = @_;
    push @headers, $mount eq '/v1.0' ? ['Authorization', "$user:demo"]
        : (['Authorization', 'none'],
           ['Test-User', $user eq 'app' ? 'adm' : $user]);
    push @headers, ['Content-Type', 'application/json'] if defined $body;
    $path = "$mount/education$path" if $path !~ m{^(?:http|/v1\.0/|/roster/)};
    return request($method, $path, \@headers,
                   ref $body ? $JSON->encode($body) : $body);
}

# The JSON of an answer.
sub got { return decode_json($_[0]{body}) }

# As ask, but the request has to succeed; returns the answer's JSON, if any.
sub must {
    my $answer = ask(@_);
    die "@_[0 .. 2]: $answer->{status} $answer->{body}\n"
        if $answer->{status} !~ /^2/;
    return $answer->{body} =~ /^\{/ ? got($answer) : undef;
}

# All rows from there on, following the links, and how many pages that took.
sub collect {
    my ($user, $url) = @_;
    my ($pages, @rows) = (0);
    while (defined $url) {
        my $page = must($user, GET => $url);
        $url = $page->{'@odata.nextLink'};
        push @rows, @{ $page->{value} };
        die "no end\n" if ++$pages > 1000;
    }
    return ($pages, @rows);
}

# A class with its teacher and these students; the path of it.
sub class {
    my ($id, @students) = @_;
    must('app', PUT => "/classes/$id", { displayName => $id });
    must('app', PUT => "/classes/$id/members", { value => [
        { id => 'teacher', primaryRole => 'teacher' },
        map { { id => $_ } } @students ] });
    return "/classes/$id";
}

# An assignment with points and a rubric, or as it is said.
sub assignment {
    my ($class, $id, $body) = @_;
    must('app', PUT => "$class/assignments/$id", $body // {
        status => 'assigned', grading => { maxPoints => 100 },
        rubric => { qualities => [ { qualityId => 'style' } ],
                    levels => [ { levelId => 'good' } ] } });
    return "$class/assignments/$id";
}

sub submission {
    my ($assignment, $id, $student) = @_;
    must('app', PUT => "$assignment/submissions/$id",
         { recipient => { userId => $student // $id } });
    return "$assignment/submissions/$id";
}

1;
