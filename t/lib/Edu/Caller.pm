package Edu::Caller;

# Requests by anybody, at the mounts of conf/access.conf, on one connection:
# there are thousands.

use strict;
use warnings;
use Edu::Wire;
use Exporter 'import';
use IO::Socket::INET ();
use JSON::PP ();

our @EXPORT = qw(call calls reads);

# Their bytes have to fit into a socket's buffer.
my $WINDOW = 32;

my $JSON = JSON::PP->new->utf8->canonical;
my ($socket, $left) = (undef, '');

sub connection {
    $left = '' if !$socket;
    return $socket //= IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => port(), Timeout => 60)
        // die "no server: $!\n";
}

# Reads until $enough says how long the message is.
sub fill {
    my ($enough) = @_;
    my $length;
    until (defined($length = $enough->()) && length $left >= $length) {
        sysread connection(), $left, 1 << 16, length $left or return;
    }
    return substr $left, 0, $length, '';
}

# The next answer, as the bytes of head and body.
sub next_answer {
    my ($method) = @_;
    my $head = fill(sub {
        my $end = index $left, "\r\n\r\n";
        return $end < 0 ? undef : $end + 4;
    }) // return;
    return $head . (next_answer($method) // return) if $head =~ m{^\S+ 1};
    return $head if $method eq 'HEAD' || $head =~ m{^\S+ (?:204|304)};
    if ($head =~ /^Content-Length: (\d+)/mi) {
        my $length = $1;
        return $head . (fill(sub { $length }) // return);
    }
    return $head if $head !~ /^Transfer-Encoding/mi;
    my $chunks = fill(sub {
        return $left =~ /(?:^|\r\n)0\r\n\r\n/g ? pos $left : undef;
    });
    return defined $chunks ? $head . $chunks : undef;
}

# The bytes of a request of a caller.
sub bytes_of {
    my ($who, $method, $target, $body, @headers) = @_;
    $body = $JSON->encode($body) if ref $body;
    my %given = map { lc $_->[0] => 1 } @headers;
    push @headers, ['Content-Type', 'application/json']
        if defined $body && !$given{'content-type'};
    push @headers, ['Content-Length', length($body // '')]
        if defined $body || $method !~ /^(?:GET|HEAD|OPTIONS|DELETE)$/;
    push @headers, map { ["Test-\u$_", encoded($who->{$_})] }
        grep { defined $who->{$_} } qw(user scopes roles application);
    return join '', "$method $target HTTP/1.1\r\nHost: localhost:", port(),
        "\r\n", map({ "$_->[0]: $_->[1]\r\n" } @headers), "\r\n", $body // '';
}

# One request of a caller: { user, scopes, roles }, user undef for nobody.
# Gives { status, headers, body } and "wire", the bytes of the answer.
sub call {
    my ($who, @request) = @_;
    return (reads($who, \@request))[0];
}

# The same of many requests [method, target, body, headers…].  The next ones are
# sent before the first is answered, and again if the server closes meanwhile:
# they have to be safe.
sub reads {
    my ($who, @requests) = @_;
    my (@answers, $failed);
    # a server that closes has them sent again: often, for it does at each 400
    @requests = map { [$_->[0], bytes_of($who, @$_)] } @requests;
    while (my @sent = splice @requests, 0, $WINDOW) {
        local $SIG{PIPE} = 'IGNORE';
        syswrite connection(), join '', map { $_->[1] } @sent;
        while (@sent && $socket) {
            my $method = $sent[0][0];
            my $reply = next_answer($method);
            $socket = undef if !defined $reply
                || $reply =~ /^Connection: close/mi;
            # a server may close an idle connection
            last if !defined $reply && !$failed++;
            $failed = 0;
            shift @sent;
            push @answers, { %{ Edu::Wire::parse($reply // '', $method) },
                             wire => $reply };
        }
        unshift @requests, @sent;
    }
    return @answers;
}

sub encoded { return $_[0] =~ s/([^\w.:\/-])/sprintf '%%%02X', ord $1/ger }

# Requests [method, url, body, headers] in one $batch; the same, in order, but
# for "wire".  A hash behind that has the rest of an item, such as
# dependsOn.
sub calls {
    my ($who, $mount, @requests) = @_;
    my $n = 0;
    my $answer = call($who, POST => "$mount/\$batch", { requests => [map {
        my ($method, $url, $body, $headers, $more) = @$_;
        { id => $n++ . '', method => $method, url => $url, %{ $more // {} },
          headers => { defined $body
                           ? ('Content-Type' => 'application/json') : (),
                       %{ $headers // {} } },
          defined $body ? (body => $body) : () } } @requests] });
    my @parts = split /(?<=[\[,])\{"id":"(\d+)","status":(\d+),?/,
        $answer->{body};
    shift @parts;
    my @answers;
    while (my ($id, $status, $rest) = splice @parts, 0, 3) {
        $answers[$id] = { status => $status, headers => {},
                          body => $rest =~ s/\}(?:,|\]\})\z//r };
    }
    my %none = (%$answer, status => "none ($answer->{status})");
    return map { $answers[$_] // \%none } 0 .. $#requests;
}

1;
