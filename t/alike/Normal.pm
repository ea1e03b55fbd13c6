package Normal;

# Names ids and instants that a server made, which cannot be the same in two
# servers, by the exchange in which each came first.  All other bytes stay.

use strict;
use warnings;
use IO::Uncompress::Gunzip qw(gunzip);
use POSIX 'strftime';

my $GUID    = qr/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
my $VERSION = qr/\b0[0-9a-f]{15}(?![0-9a-f])/;
my $TIME    = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z/;
my $DATE    = qr/(?<="date":")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=")/;

# One object for each server; instants before $since are ours, and stay.
sub new {
    my ($class, $since) = @_;
    return bless { names => {}, number => 0,
                   time    => strftime('%Y-%m-%dT%H:%M:%S', gmtime $since),
                   version => sprintf('%016x', $since * 10_000_000) }, $class;
}

# Returns the next exchange as [request, reply].
sub exchange {
    my ($self, $sent, $came) = @_;
    $self->{number}++;
    $self->{made} = {};
    return [$self->text($sent), $self->text(unpacked($came))];
}

# Returns the name of an id or instant: <kind exchange.number>.
sub name {
    my ($self, $kind, $value) = @_;
    return $self->{names}{$kind}{$value} //=
        "<$kind $self->{number}." . ++$self->{made}{$kind} . '>';
}

sub text {
    my ($self, $text) = @_;
    $text =~ s{(?<=skiptoken=)(u?)([0-9a-f]{20,})}{$1 . $self->token($2)}ge;
    $text =~ s{($GUID)|($TIME)|($VERSION)}{
        defined $1 ? $self->name(id => $1)
        : defined $2 ? ($2 lt $self->{time} ? $2 : $self->name(time => $2))
        : $3 lt $self->{version} ? $3 : $self->name(version => $3) }ge;
    $text =~ s/$DATE/<date>/g;
    $text =~ s/^Date: .*? GMT\r$/Date: <date>\r/m;
    return $text;
}

# Writes the parts of a token out (lib/api/position.c).
sub token {
    my ($self, $hex) = @_;
    my ($query, $kind, $rest) = unpack 'H16 a a*', pack 'H*', $hex;
    return $hex if $kind !~ /[pr]/;
    return "<$query p " . join('|', split /\0/, $rest, -1) . '>' if $kind eq 'p';
    return "<$query r " . join(' ', map {
        $self->name(row => unpack 'H16', $_)    # and a hash of its version
    } unpack '(a12)*', $rest) . '>';
}

# Undoes compression: ids and instants make a compressed body longer or shorter.
sub unpacked {
    my ($came) = @_;
    my ($head, $body) = split /(?<=\r\n\r\n)/, $came, 2;
    return $came if ($head // '') !~ /^Content-Encoding: gzip\r$/mi || !$body;
    if ($head =~ /^Transfer-Encoding: chunked\r$/mi) {
        my $chunks = $body;
        $body = '';
        while ($chunks =~ s/^([0-9a-f]+)\r\n//i and hex $1) {
            $body .= substr $chunks, 0, hex $1, '';
            $chunks =~ s/^\r\n//;
        }
    }
    gunzip(\$body, \my $text) or return $came;
    $head =~ s/^Content-Length: \d+\r\n//mi;
    return $head . $text;
}

1;
