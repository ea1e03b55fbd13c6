# Reading page by page while others write.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $ROWS = 300;
my $WRITERS = 4;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $collection =
    '/v1.0/education/classes/paging/assignments/a/submissions/s/outcomes';

# Points between 0 and 9, so that many are equal.
sub create {
    my ($points) = @_;
    my $answer = request(POST => $collection, [$JSON_TYPE],
        '{"@odata.type": "#microsoft.graph.educationPointsOutcome",'
        . "\"points\": {\"points\": $points}}");
    die "POST: $answer->{status}\n" if $answer->{status} != 201;
    my ($id) = path_of($answer) =~ m{([^/]+)\z};
    return $id;
}

sub remove {
    my ($id) = @_;
    my $answer = request(DELETE => "$collection/$id");
    die "DELETE: $answer->{status}\n" if $answer->{status} != 204;
}

# All outcomes from there on, following the links, and how many pages.  A
# sorted list begins again if all the rows that its link knows are gone.
sub read_all {
    my ($first) = @_;
    my ($url, $pages, @rows) = ($first, 0);
    while (defined $url) {
        my $answer = request(GET => $url);
        if ($answer->{status} == 410 && $first =~ /orderby/) {
            ($url, $pages, @rows) = ($first, 0);
            next;
        }
        die "GET $url: $answer->{status}\n" if $answer->{status} != 200;
        my $page = JSON::PP::decode_json($answer->{body});
        my $full = @{ $page->{value} } == 7;
        $url = $page->{'@odata.nextLink'};
        die "a short page in the middle\n" if defined $url && !$full;
        push @rows, @{ $page->{value} };
        $pages++;
        die "no end\n" if $pages > 1000;
    }
    return ($pages, @rows);
}

# Old outcomes that stay, each second one followed by one that will go.
my (@stay, @go);
for my $number (1 .. $ROWS) {
    push @stay, create($number % 10);
    push @go, create($number % 10) if $number % 2;
}

for (['in order of creation', ''],
     ['sorted', '&$orderby=points/points'],
     ['sorted downwards, counted', '&$orderby=points/points+desc&$count=true'],
     ['filtered', '&$filter=points/points+ge+0']) {
    my ($title, $options) = @$_;
    my ($pages, @rows, $died);
    # Each writer has old outcomes to delete and makes new ones, of which the
    # half go again.
    my @share = splice @go, 0, 36;
    my @lines = crowd($WRITERS, sub {
        my ($number, $running, $tell) = @_;
        my @mine = @share[grep { $_ % $WRITERS == $number - 1 } 0 .. $#share];
        my ($writes, @new) = (0);
        # Fewer than fill the pages that are taken for no end, or a database
        # that writes faster than it lists would never let it come.
        while ($running->() && $writes < 1000) {
            remove(shift @mine) if @mine;
            push @new, create($writes % 10);
            remove(splice @new, rand @new, 1) if $writes % 2;
            $tell->('writes') if ++$writes == 1;
        }
        remove($_) for @mine, @new;
        return $writes;
    }, sub {
        $_[0]->($WRITERS, 'writes');
        ($pages, @rows) = eval { read_all("$collection?\$top=7$options") };
        $died = $@;
    });
    is($died, '', "$title: every page is answered");
    is(scalar(grep { /^[1-9]/ } @lines), $WRITERS,
       "$title: all writers write meanwhile") or diag("@lines");

    my %seen;
    $seen{ $_->{id} }++ for @rows;
    is(scalar(grep { $_ > 1 } values %seen), 0,
       "$title: no outcome comes twice");
    is(scalar(grep { !$seen{$_} } @stay), 0,
       "$title: no outcome that stays is missing");
    cmp_ok($pages, '>=', $ROWS / 7, "$title: the list has many pages");
    my @points = map { $_->{points}{points} } @rows;
    @points = reverse @points if $options =~ /desc/;
    is("@points", join(' ', sort { $a <=> $b } @points),
       "$title: the outcomes are in order")
        if $options =~ /orderby/;
}

my (undef, @rows) = read_all("$collection?\$top=7");
is(scalar @rows, @stay + @go,
   'in the end the list has the outcomes that stayed');
is(request(GET => "$collection/\$count")->{body}, @stay + @go,
   'in the end the count is that of the list');
my $page = JSON::PP::decode_json(request(GET => $collection)->{body});
is(scalar @{ $page->{value} }, 100, 'a page has 100 outcomes by default');
done_testing;
