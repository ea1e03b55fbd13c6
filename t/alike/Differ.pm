package Differ;

# Compares exchanges, shows where they differ, and counts.

use strict;
use warnings;

my @COUNTS = qw(same coincide reworded differ);

# $reworded is a file of messages: lines "- old" and "+ new", with %s for quoted
# values.  At most $show differences are printed.
sub new {
    my ($class, $reworded, $show) = @_;
    open my $in, '<', $reworded or die "$reworded: $!\n";
    my (@words, $old);
    while (<$in>) {
        chomp;
        $old = $1 if /^- (.*)/;
        push @words, [pattern($old), $1] if /^\+ (.*)/;
    }
    return bless { words => \@words, show => $show,
                   map { $_ => 0 } @COUNTS }, $class;
}

sub pattern {
    my ($old) = @_;
    my $pattern = join '([^"]*)', map quotemeta, split /%s/, $old, -1;
    return qr/$pattern/;
}

# Puts the new messages into an old answer, whose Content-Length stays as it was.
sub reword {
    my ($self, $text) = @_;
    for (@{ $self->{words} }) {
        my ($old, $new) = @$_;
        $text =~ s{$old}{
            my @kept = map { substr $text, $-[$_], $+[$_] - $-[$_] } 1 .. $#-;
            $new =~ s/%s/shift(@kept) \/\/ ''/ger }ge;
    }
    return $text;
}

sub without_length { return $_[0] =~ s/^Content-Length: \d+\r\n//mir }

# Two instants of one request may fall into one microsecond, or be one by design:
# the number of the exchange alone is compared.
sub without_count { return $_[0] =~ s/<(?:time|version) \d+\K\.\d+//gr }

# Compares the exchanges of one test, two lists of [request, reply].
sub compare {
    my ($self, $name, $old, $new) = @_;
    for my $i (0 .. ($#$old > $#$new ? $#$old : $#$new)) {
        my ($was, $is) = ($old->[$i] // ['', ''], $new->[$i] // ['', '']);
        if (without_count($was->[0]) ne without_count($is->[0])) {
            $self->{differ}++;
            $self->tell("$name $i: another request was sent", $was->[0],
                        $is->[0]);
            # the exchanges that follow do not correspond
            last if $was->[0] =~ s/ .*//sr ne $is->[0] =~ s/ .*//sr;
        }
        else {
            my $what = $self->kind($was->[1], $is->[1]);
            $self->{$what}++;
            $self->tell("$name $i: " . request($was->[0]), $was->[1],
                        $is->[1]) if $what eq 'differ';
        }
    }
}

# Classifies two replies as one of @COUNTS.
sub kind {
    my ($self, $was, $is) = @_;
    return 'same' if $was eq $is;
    ($was, $is) = map without_count($_), $was, $is;
    return 'coincide' if $was eq $is;
    my $words = $self->reword($was);
    # the words of a refusal of HEAD are known by their length alone
    return ($words ne $was || is_bare_refusal($was))
        && without_length($words) eq without_length($is) ? 'reworded' : 'differ';
}

sub is_bare_refusal {
    return $_[0] =~ m{\AHTTP/1\.1 [45]} && $_[0] =~ /\r\n\r\n\z/;
}

# Shortens a request to a line or two.
sub request {
    my ($sent) = @_;
    my ($head, $body) = split /\r\n\r\n/, $sent, 2;
    my ($start, @headers) = split /\r\n/, $head;
    my @told = grep !/^(?:Host|Connection|Content-Length):/, @headers;
    return join "\n    ", "$start  [" . join('; ', @told) . ']',
        length $body ? printable(substr $body, 0, 300) : ();
}

sub printable { return $_[0] =~ s/([^ -~])/sprintf '\x%02x', ord $1/ger }

# Prints two texts from where they begin to differ; Content-Length counts only if
# all else is the same.
sub tell {
    my ($self, $title, $was, $is) = @_;
    return if $self->{differ} > $self->{show};
    my @short = map without_length($_), $was, $is;
    ($was, $is) = @short if $short[0] ne $short[1];
    my ($common) = ("$was" ^ "$is") =~ /^(\0*)/;
    my $from = length $common > 60 ? length($common) - 60 : 0;
    print "$title\n", map({ "  $_->[0] " . printable(substr $_->[1], $from, 200)
                                . "\n" } ['-', $was], ['+', $is]), "\n";
}

# No exchange at all is a failure, too.
sub failed { return $_[0]{differ} || !$_[0]{same} ? 1 : 0 }

sub summary {
    my ($self) = @_;
    my $all = 0;
    $all += $self->{$_} for @COUNTS;
    return join ', ', "$all requests", map "$self->{$_} $_", @COUNTS;
}

1;
