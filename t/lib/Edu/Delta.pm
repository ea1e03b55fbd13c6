package Edu::Delta;

# Readers of delta queries, where the roster decides who sees what.

use strict;
use warnings;
use Edu::School qw(ask by_roster collect got);
use Edu::Wire 'header';
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(agrees reader refused sync);

my $JSON = JSON::PP->new->utf8->canonical->pretty;

by_roster();

# A reader: { user, url, things }, with what it knows by its place, or by its id
# where lists have no places; for each round, what the round told.
sub reader {
    my ($user, $path, %more) = @_;
    my $reader = { user => $user, url => $path, things => {}, %more };
    sync($reader);
    return $reader;
}

sub key { return $_[0]{'@odata.id'} // $_[0]{id} }

# Follows the links to the next deltaLink; returns what was told, each as its id,
# or as the short name of its place, with a - before it if it was removed.
sub sync {
    my ($reader) = @_;
    my ($pages, $empty, @told) = (0, 0);
    while (1) {
        my $answer = ask($reader->{user}, GET => $reader->{url});
        die "$reader->{url}: $answer->{status} $answer->{body}\n"
            if $answer->{status} != 200;
        my $page = got($answer);
        die "no end\n" if ++$pages > 1000;
        $empty++ if !@{ $page->{value} };
        for my $thing (@{ $page->{value} }) {
            my $name = $reader->{name} ? $reader->{name}->($thing)
                : $thing->{id};
            if ($thing->{'@removed'}) {
                delete $reader->{things}{ key($thing) };
                push @told, "-$name";
                next;
            }
            $reader->{things}{ key($thing) } = $thing;
            push @told, $name;
        }
        @$reader{qw(pages empty page)} = ($pages, $empty, $page);
        $reader->{url} = $page->{'@odata.nextLink'}
            // $page->{'@odata.deltaLink'};
        return join ' ', sort @told if !$page->{'@odata.nextLink'};
    }
}

# What the reader has, and what a list has, each as JSON.
sub agrees {
    my ($reader, $list) = @_;
    my (undef, @rows) = collect($reader->{user}, $list);
    my %rows = map { key($_) => $_ } @rows;
    return ($JSON->encode($reader->{things}), $JSON->encode(\%rows));
}

# The answer to a request for a new start: status, code, and where to begin.
sub refused {
    my ($user, $path) = @_;
    my $answer = ask($user, GET => $path);
    my $where = header($answer, 'Location') // '';
    return "$answer->{status} " . (got($answer)->{error}{code} // '')
        . ($where =~ m{^http.*/delta$} ? ' there' : '');
}

1;
