package Edu::Case;

# Runs one folder of t/data/cases; t/README tells what exchange.http holds.

use strict;
use warnings;
use Edu::Log;
use Edu::Match;
use Edu::Wire;
use Exporter 'import';
use File::Basename 'basename';
use JSON ();
use Test::More;

our @EXPORT = qw(read_case run_case slurp);

my $JSON = JSON->new->utf8->allow_nonref;

sub slurp {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

# An instant as HTTP writes it.
sub http_date {
    my ($second, $minute, $hour, $day, $month, $year, $weekday) = gmtime $_[0];
    return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT',
        (qw(Sun Mon Tue Wed Thu Fri Sat))[$weekday], $day,
        (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$month],
        1900 + $year, $hour, $minute, $second;
}

# Start line, headers and the rest of a message.
sub message {
    my ($text) = @_;
    my ($head, $body) = split /\n\n/, $text, 2;
    my ($start, @head) = split /\n/, $head;
    $body =~ s/\n+\z// if defined $body;
    return ($start, \@head, defined $body && $body ne '' ? $body : undef);
}

# The exchanges of a folder, in order.
sub read_case {
    my ($dir) = @_;
    my ($intro, @parts) = split /^### */m, slurp("$dir/exchange.http");
    return map {
        my ($title, $text) = split /\n/, $_, 2;
        my ($request, $answer) = split m{^HTTP/1\.1 (?=\d)}m, $text, 2;
        die "$dir: $title: no answer\n" if !defined $answer;
        my %exchange = (title => $title);
        @exchange{qw(start headers body)} = message($request);
        $exchange{body} = slurp("$dir/$1")
            if ($exchange{body} // '') =~ /^< (\S+)\z/;
        @exchange{qw(status checks want)} = message($answer);
        $exchange{status} =~ s/ .*//;
        \%exchange;
    } @parts;
}

sub run_case {
    my ($dir) = @_;
    my $case = basename $dir;
    my %vars = (
        case     => $case,
        base     => base(),
        loud     => uc base(),
        second   => base('second'),
        sent_now => http_date(time),
        long_ago => http_date(time - 2 * 86400),
        far_off  => http_date(time + 2 * 86400),
        outcomes => "/education/classes/$case/assignments/a/submissions/s"
            . '/outcomes',
        context  => "\$metadata#education/classes('$case')/assignments('a')"
            . "/submissions('s')/outcomes",
        map { $_ => $JSON->encode({
            application => undef, device => undef,
            user => { id => $_, displayName => undef } }) } qw(teacher student),
    );
    my ($written, $refused);
    for my $exchange (read_case($dir)) {
        my $status = eval { run_exchange($case, $exchange, \%vars) };
        fail("$case: $exchange->{title}: $@") if $@;
        $written = 1 if $exchange->{status} < 300;
        $refused = 1 if $exchange->{start} =~ /^POST/;
    }
    # A refused request must not have stored anything.
    return if $written || !$refused;
    my $list = request(GET => "/v1.0$vars{outcomes}");
    like($list->{body}, qr/"value":\s*\[\]/, "$case: nothing was stored");
}

sub run_exchange {
    my ($case, $exchange, $vars) = @_;
    my $name = "$case: $exchange->{title}";
    my ($method, $target) = split ' ', expand($exchange->{start}, $vars), 2;
    my @headers = map { [split /: */, expand($_, $vars), 2] }
        @{ $exchange->{headers} };
    my $body = $exchange->{body};
    $body = expand($body, $vars) if defined $body;
    my $mark = log_mark();
    my $answer = request($method, $target, \@headers, $body);

    is($answer->{status}, $exchange->{status}, "$name: status")
        or diag($answer->{body});
    my $got = eval { $JSON->decode($answer->{body}) };
    my $no_json = $@;
    my ($foreign, %own);
    for (@{ $exchange->{checks} }) {
        if (/^~log (.*)/) {
            ok(log_await($mark, $1), "$name: is logged");
        }
        elsif (/^~ (.*)/) {
            my $pattern = expand($1, $vars);
            like($answer->{body}, qr/$pattern/, "$name: text");
        }
        elsif (/^!(.*)/) {
            is(header($answer, $1), undef, "$name: no $1");
        }
        else {
            my ($header, $want) = split /: */, $_, 2;
            agree(match_text($want, header($answer, $header) // '(none)',
                             $vars), "$name: $header");
            $own{$header} = 1;
            $foreign = 1 if lc $header eq 'content-type'
                && $want !~ m{^application/json\b};
        }
    }
    if (defined $exchange->{want}) {
        my $want = $JSON->decode(expand($exchange->{want}, $vars));
        agree($no_json || match_value($want, $got, $vars), "$name: body")
            or diag($answer->{body});
    }
    agree(house_rules($method, \@headers, $answer, $got, \%own),
          "$name: manners") unless $foreign;
}

# A test that passes when there is nothing wrong.
sub agree {
    my ($wrong, $name) = @_;
    diag($wrong) if !ok(!$wrong, $name);
    return !$wrong;
}

# The rules for every answer below a mount, whose JSON is $got, but for headers
# that a case expects itself; returns those that are broken.
sub house_rules {
    my ($method, $sent, $answer, $got, $own) = @_;
    my ($client_id) = map { $_->[1] =~ /^[!#\$%&'*+.^_`|~\w-]{1,128}\z/
                            ? $_->[1] : () }
        grep { lc $_->[0] eq 'client-request-id' } @$sent;
    # HTTP lets a 304 carry next to nothing.
    my %headers = ('Cache-Control' => 'no-store, private');
    if ($answer->{status} != 304) {
        $headers{'X-Content-Type-Options'} = 'nosniff';
        $headers{'request-id'} = '${id:guid}';
        $headers{'client-request-id'} = $client_id if $client_id;
    }
    my $bodiless = $method eq 'HEAD' || $answer->{status} =~ /^[23]04$/
        || $answer->{body} eq '' && $method eq 'OPTIONS';
    $headers{'Content-Type'} = 'application/json' unless $bodiless;
    my %vars;
    for (grep { !$own->{$_} } sort keys %headers) {
        my $given = header($answer, $_) // '(none)';
        # a parameter that was asked for
        $given =~ s/;.*// if /^Content-Type/ && $answer->{status} < 300
            && grep { lc $_->[0] eq 'accept' } @$sent;
        my $wrong = match_text($headers{$_}, $given, \%vars);
        return "$_: $wrong" if $wrong;
    }
    return 'client-request-id was made up'
        if !defined $client_id && header($answer, 'client-request-id');
    return $answer->{body} eq '' ? undef : 'there is a body' if $bodiless;
    return undef if header($answer, 'Content-Encoding');
    return 'not JSON' if !defined $got;
    return undef if $answer->{status} < 400;
    return match_error($got, $client_id, \%vars);
}

# Graph's error document, with nothing besides.
sub match_error {
    my ($got, $client_id, $vars) = @_;
    my %want = (
        code => '${:text}', message => '${:text}',
        innerError => { date => '${:date}', 'request-id' => '${id:guid}' });
    $want{innerError}{'client-request-id'} = $client_id if defined $client_id;
    my $error = ref $got eq 'HASH' && $got->{error};
    return 'no error' if ref $error ne 'HASH';
    return 'a value is missing' if ($error->{message} // '') =~ /\(null\)/;
    $want{target} = '${:text}' if exists $error->{target};
    my $inner = $error->{innerError};
    if (ref $inner eq 'HASH' && exists $inner->{code}) {
        $want{innerError}{$_} = '${:text}' for qw(code message);
    }
    return match_value({ error => \%want }, $got, $vars);
}

1;
