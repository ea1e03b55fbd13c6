# No change is missed while many write: sixteen clients write, some of them in
# transactions that are rolled back, and four follow a delta query meanwhile, one
# of them that of all outcomes of the class.
# In the end each has what the list has.  Most changes are of a thing of their
# own, so that a change that was missed is a thing that is missing.
#
# EDU_CHANGES is the number of changes, 2000 by default; 50,000 take ten minutes and
# more, which t/lane grants by EDU_LIMIT=3600.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use Test::More;
use Time::HiRes qw(sleep time);

log_expect('AH10159: ');    # event's, when all its threads are busy
# ours, where other work keeps the database: readers and writers come again
log_expect('EDU0002: .* 503 .* kept the request waiting too long');
my $WRITERS = 16;
my $READERS = 4;
my $CHANGES = $ENV{EDU_CHANGES} || 2000;

by_roster();

my $class = class('race', 'student');
my $list = "$class/assignments";
assignment($class, "a$_") for 1 .. 8;
submission("$list/a$_", "s$_", 'student') for 1 .. 4;
my $open = "$list/open/submissions/s/outcomes";

# ------------------------------------------------------------------ writers

my $made = 0;
sub fresh {
    my ($writer) = @_;
    return sprintf '%08x-%04x-4000-8000-%012x', $writer, $$ & 0xffff, ++$made;
}

sub outcome {
    my ($id) = @_;
    return { '@odata.type' => '#microsoft.graph.educationPointsOutcome',
             id => $id, points => { points => int rand 100 } };
}

# Each of these is one or several requests; returns what they changed.
my @KINDS = ([50, 'create'], [10, 'update'], [6, 'delete'], [5, 'taken'],
             [5, 'stale'], [8, 'group'], [8, 'undone'], [8, 'assignment']);

sub pick {
    my $n = rand 100;
    for (@KINDS) {
        $n -= $_->[0];
        return $_->[1] if $n < 0;
    }
    return 'create';
}

# Does something. @return the number of changes that were acknowledged
sub change {
    my ($writer, $mine) = @_;
    my $kind = pick();
    my $one = @$mine ? $mine->[rand @$mine] : undef;
    $kind = 'create' if !$one && $kind =~ /^(?:update|delete|taken|stale)$/;
    if ($kind eq 'create') {
        my $id = fresh($writer);
        my $status = ask('evy', POST => $open, outcome($id))->{status};
        push @$mine, $id if $status == 201;
        return $status == 201;
    }
    if ($kind eq 'update') {
        return ask('evy', PATCH => "$open/$one",
                   { points => { points => rand 100 } })->{status} == 200;
    }
    if ($kind eq 'delete') {
        @$mine = grep { $_ ne $one } @$mine;
        return ask('evy', DELETE => "$open/$one")->{status} == 204;
    }
    if ($kind eq 'taken') {
        ask('evy', POST => $open, outcome($one));
        return 0;
    }
    if ($kind eq 'stale') {
        ask('evy', PATCH => "$open/$one", { points => { points => 1 } },
            ['If-Match', '"0000000000000000"']);
        return 0;
    }
    if ($kind eq 'assignment') {
        return ask('evy', PATCH => "$list/a" . int(1 + rand 8),
                   { displayName => "$writer " . ++$made })->{status} == 200;
    }
    my @ids = map { fresh($writer) } 1 .. 3;
    my $n = 0;
    my @requests = map { { id => 'r' . ++$n, atomicityGroup => 'g',
        method => 'POST', url => "/education$open", body => outcome($_),
        headers => { 'Content-Type' => 'application/json' } } } @ids;
    $requests[2] = { %{ $requests[2] }, method => 'PATCH',
                     url => "/education$open/" . fresh($writer) }
        if $kind eq 'undone';
    my $answer = ask('evy', POST => '/roster/$batch',
                     { requests => \@requests });
    return scalar grep { /^20/ }
        map { $_->{status} } @{ got($answer)->{responses} };
}

sub write_all {
    my ($writer, $tell) = @_;
    my ($done, @mine) = (0);
    srand $writer;
    $done += change($writer, \@mine) while $done < $CHANGES / $WRITERS;
    $tell->("done$writer");
    return "wrote $done";
}

# ------------------------------------------------------------------ readers

my @READS = (
    [evy => $open], [evy => "$class/outcomes"], [evy => $list],
    [student => $list]);

# A busy server may say 503, and when to come again.
sub get {
    my ($user, $url) = @_;
    my $answer;
    for (1 .. 10) {
        $answer = ask($user, GET => $url);
        last if $answer->{status} != 503;
        sleep(header($answer, 'Retry-After') // last);
    }
    die "$url: $answer->{status} $answer->{body}\n" if $answer->{status} != 200;
    return got($answer);
}

sub place { return $_[0]{'@odata.id'} // $_[0]{id} }

# Follows the links to the next deltaLink.
sub follow {
    my ($reader) = @_;
    while (1) {
        my $page = get($reader->{user}, $reader->{url});
        for my $thing (@{ $page->{value} }) {
            my $place = place($thing);
            $reader->{told}++;
            if ($thing->{'@removed'}) {
                delete $reader->{things}{$place};
                next;
            }
            $reader->{again}++
                if ($reader->{things}{$place} // '') eq $thing->{'@odata.etag'};
            $reader->{things}{$place} = $thing->{'@odata.etag'};
        }
        my $next = $page->{'@odata.nextLink'};
        $reader->{url} = $next // $page->{'@odata.deltaLink'};
        return if !$next;
    }
}

sub read_all {
    my ($number, $running) = @_;
    my ($user, $path) = @{ $READS[$number] };
    my $reader = { user => $user, url => "$path/delta?\$top=999", told => 0,
                   again => 0 };
    my $rounds = 0;
    while ($running->()) {
        follow($reader);
        $rounds++;
        sleep 0.05 * $number;
    }
    follow($reader);
    my ($url, %all) = "$path?\$top=999";
    while ($url) {
        my $page = get($user, $url);
        $all{ place($_) } = $_->{'@odata.etag'} for @{ $page->{value} };
        $url = $page->{'@odata.nextLink'};
    }
    my $has = $reader->{things};
    my $missing = grep { !defined $has->{$_} } keys %all;
    my $old = grep { defined $has->{$_} && $has->{$_} ne $all{$_} } keys %all;
    my $more = grep { !defined $all{$_} } keys %$has;
    return "read $path: " . keys(%all) . " things, $rounds rounds,"
        . " $reader->{told} told, $reader->{again} again;"
        . " missing $missing, old $old, gone $more";
}

my @lines = crowd($WRITERS + $READERS, sub {
    my ($number, $running, $tell) = @_;
    return $number <= $WRITERS ? write_all($number, $tell)
                               : read_all($number - $WRITERS - 1, $running);
}, sub {
    my ($more) = @_;
    for my $writer (1 .. $WRITERS) {
        1 until $more->(1, "done$writer");
    }
});
my @wrote = grep { /^wrote/ } @lines;
my @read = grep { /^read/ } @lines;
is(scalar(@wrote), $WRITERS, 'all have written') or diag(@lines);
is(scalar(@read), $READERS, 'all have read') or diag(@lines);
for (@read) {
    note($_);
    like($_, qr/missing 0, old 0, gone 0$/, 'a reader has what the list has')
        or diag($_);
}
my $changes = 0;
$changes += $_ for map { /(\d+)/ } @wrote;
cmp_ok($changes, '>=', $CHANGES, 'of so many changes');
done_testing;
