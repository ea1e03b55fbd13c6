package Edu::Wire;

# One HTTP exchange on a connection of its own, byte for byte: a client library
# would repair what these tests send broken.

use strict;
use warnings;
use Edu::Lane;
use Exporter 'import';
use MIME::Base64 'encode_base64';
use Socket;

our @EXPORT = qw(port base header path_of request requests);

# Where the server listens, and what is told of each exchange as it went: bytes
# sent, bytes received.
our ($ADDRESS, $HEARD) = ('127.0.0.1');

my $PATIENCE = 180;    # seconds without a byte

# The port of a virtual host of extra.conf.in, or of the main server.
sub port {
    my ($vhost) = @_;
    return $vhost ? lane()->{vhosts}{$vhost}{port} : lane()->{vars}{port};
}

# The beginning of every absolute URL of that server.
sub base { return 'http://localhost:' . port(@_) }

# The value of a header, or undef; several are joined as HTTP allows.
sub header {
    my ($answer, $name) = @_;
    my $values = $answer->{headers}{ lc $name } or return;
    return join ', ', @$values;
}

# The path of a created entity, or undef.
sub path_of {
    my ($answer) = @_;
    my ($path) = (header($answer, 'Location') // '') =~ m{^http://[^/]+(/.*)};
    return $path;
}

# Sends $method $target with headers ([name, value], …) and a body or undef.
# Host, Authorization, Connection and the body's framing are added unless
# given; the value "none" leaves a header out.  "user:password" is short for
# Basic.  Returns { status, headers, body }, status 0 if there was no answer.
sub request {
    my ($method, $target, $headers, $body) = @_;
    my ($port, $bytes) = bytes_of($method, $target, 'close', $headers, $body);
    my $reply = talk($port, $bytes);
    $HEARD->($bytes, $reply) if $HEARD;
    return parse($reply, $method);
}

# The same for many, each a list of what request takes, over few connections of
# one server, as clients do that send before they are answered.
sub requests {
    my @answers;
    while (my @some = splice @_, 0, 50) {
        my ($port, $bytes) = (undef, '');
        for (@some) {
            my ($method, $target, @more) = @$_;
            my $last = $_ == $some[-1];
            ($port, my $request) =
                bytes_of($method, $target, $last ? 'close' : 'keep-alive', @more);
            $bytes .= $request;
        }
        my $reply = talk($port, $bytes);
        push @answers, map { take(\$reply, $_->[0]) } @some;
    }
    return @answers;
}

# A request's port and bytes.
sub bytes_of {
    my ($method, $target, $connection, $headers, $body) = @_;
    my $port = $target =~ s{^http://localhost:(\d+)}{} ? $1 : port();

    my %given = map { lc $_->[0] => 1 } @{ $headers || [] };
    my @send = grep { lc $_->[1] ne 'none' } @{ $headers || [] };
    my $add = sub { push @send, [@_] unless $given{ lc $_[0] } };
    $add->('Host', "localhost:$port");
    $add->('Authorization', 'teacher:demo');
    $add->('Connection', $connection);
    if ($given{'transfer-encoding'}) {
        $body //= '';
        my $size = int(length($body) / 3) + 1;
        $body = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
            unpack("(a$size)*", $body), '';
    }
    elsif (defined $body) {
        $add->('Content-Length', length $body);
    }

    my $bytes = "$method $target HTTP/1.1\r\n";
    for (@send) {
        my ($name, $value) = @$_;
        $value = 'Basic ' . encode_base64($value, '')
            if lc $name eq 'authorization' && $value =~ /^\w+:\w+$/;
        $bytes .= "$name: $value\r\n";
    }
    return ($port, "$bytes\r\n" . ($body // ''));
}

our $SENT;    # is called when a request is on its way

# All that comes back until the server closes.  There are many: IO::Socket would
# take as long as the server does.
sub talk {
    my ($port, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';    # an early refusal closes on our body
    socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
    setsockopt $socket, SOL_SOCKET, $_, pack 'l!l!', $PATIENCE, 0
        for SO_RCVTIMEO, SO_SNDTIMEO;
    connect $socket, pack_sockaddr_in($port, inet_aton($ADDRESS)) or return '';
    syswrite $socket, $bytes;
    $SENT->() if $SENT;
    my $reply = '';
    1 while sysread $socket, $reply, 65536, length $reply;
    return $reply;
}

# Status, headers and body of a reply; interim 1xx answers are dropped.
sub parse {
    my ($reply, $method) = @_;
    my $answer = take(\$reply, $method);
    # What follows the answer is its own.
    if ($answer->{status} && $reply ne '') {
        $answer->{status} = 0 if defined header($answer, 'Content-Length')
            && $method ne 'HEAD' && $answer->{status} != 304;
        $answer->{body} .= $reply;
    }
    return $answer;
}

# The same of the first of several, which is taken away.
sub take {
    my ($reply, $method) = @_;
    my ($status, $head);
    do {
        ($head, $$reply) = split /\r\n\r\n/, $$reply, 2;
        ($status) = ($head // '') =~ m{^HTTP/1\.[01] (\d{3})}
            or return { status => 0, headers => {}, body => $head // '' };
        $$reply //= '';
    } while $status < 200;

    my %headers;
    my (undef, @fields) = split /\r\n/, $head;
    for (@fields) {
        my ($name, $value) = split /:\s*/, $_, 2;
        push @{ $headers{ lc $name } }, $value;
    }
    my $answer = { status => $status, headers => \%headers, body => '' };
    if (lc(header($answer, 'Transfer-Encoding') // '') eq 'chunked') {
        while ($$reply =~ s/^([0-9a-f]+)[^\r\n]*\r\n//i and hex $1) {
            $answer->{body} .= substr $$reply, 0, hex $1, '';
            $$reply =~ s/^\r\n//;
        }
        $$reply =~ s/^\r\n//;
    }
    elsif ($method ne 'HEAD' && $status != 304) {
        my $length = header($answer, 'Content-Length') // 0;
        # A reply cut short is no answer.
        $answer->{status} = 0 if length $$reply < $length;
        $answer->{body} = substr $$reply, 0, $length, '';
    }
    return $answer;
}

1;
