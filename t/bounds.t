# The memory of a request is bounded: by a request of 5 MB, the child grows by no
# more than 64 MB, and keeps no more than that of many.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Lane;
use Edu::Log;
use Edu::School '$FEEDBACK';
use Edu::Server;
use Edu::Wire;
use MIME::Base64 'encode_base64';
use Test::More;

# A sanitizer keeps memory of its own.
my $MOST = ($ENV{EDU_SANITIZE} ? 1024 : 64) * 1024;    # kB
my $SIZE = 4_100_000;
my $vars = lane()->{vars};
my $own = "$vars->{t_conf}/own.conf";
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $ADMIN = ['Authorization', 'app:demo'];

# One child, which does one thing at a time, and time for slow machines.
sub restart {
    open my $out, '>', $own or die "$own: $!\n";
    print $out <<'CONF';
RequestReadTimeout header=60 body=60
<IfModule mpm_event_module>
    ServerLimit 1
    StartServers 1
    ThreadsPerChild 1
    MinSpareThreads 1
    MaxSpareThreads 1
    MaxRequestWorkers 1
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 1
    MinSpareServers 1
    MaxSpareServers 1
    MaxRequestWorkers 1
</IfModule>
CONF
    close $out;
    stop_server();
    start_server() or die "the server does not start\n";
    my ($child) = server_children();
    return $child;
}

# A figure of a process, in kB.
sub figure {
    my ($pid, $name) = @_;
    open my $status, '<', "/proc/$pid/status" or die "status: $!\n";
    my ($value) = map { /^$name:\s+(\d+) kB/ ? $1 : () } <$status>;
    return $value;
}

sub outcomes {
    my ($name) = @_;
    return "/education/classes/bounds/assignments/a/submissions/$name/outcomes";
}

# $open, as many of $part as fill a body, and $close.
sub filled {
    my ($open, $part, $comma, $close) = @_;
    my $n = int($SIZE / length "$part$comma");
    return $open . join($comma, ($part) x $n) . $close;
}

sub rubric {
    my ($count, $element) = @_;
    return '{"@odata.type":"#microsoft.graph.educationRubricOutcome",'
        . '"rubricQualityFeedback":[' . join(',', ($element) x $count) . ']}';
}

sub feedback {
    my ($text) = @_;
    return '{"@odata.type":"#microsoft.graph.educationFeedbackOutcome",'
        . '"feedback":{"text":{"contentType":"text","content":"' . $text
        . '"}}}';
}

# So many requests of a batch.
sub batch {
    my ($count, $method, $url, $body) = @_;
    return '{"requests":[' . join(',', map {
        qq({"id":"$_","method":"$method","url":"$url")
            . ($body ? ',"headers":{"Content-Type":"application/json"},'
                       . '"body":' . $body->($_) : '') . '}'
    } 1 .. $count) . ']}';
}

# A request in chunks of a byte, as curl sends what it reads byte by byte.
sub bytewise {
    my ($body) = @_;
    return join("\r\n", 'POST /v1.0' . outcomes('bytewise') . ' HTTP/1.1',
        'Host: localhost', 'Connection: close',
        'Authorization: Basic ' . encode_base64('teacher:demo', ''),
        'Content-Type: application/json', 'Transfer-Encoding: chunked', '', '')
        . $body =~ s/(.)/1\r\n$1\r\n/gr . "0\r\n\r\n";
}

sub users {
    my ($count, $more) = @_;
    return '{"value":[' . join(',', map { qq({"id":"u$_"$more}) } 1 .. $count)
        . ']}';
}

my $members = join ',', map { qq("m$_":$_) } 1 .. 99_000;

# Bodies that are sent to a collection of outcomes, and their answers.
my @bodies = (
    ['objects', 413, filled('[', '{}', ',', ']')],
    ['arrays', 413, filled('[', '[]', ',', ']')],
    ['members', 413, filled('{', '"":1', ',', '}')],
    ['arrays that stay open', 413, '[' x $SIZE],
    ['nothing but commas', 413, ',' x $SIZE],
    ['a name', 400, '{"' . 'x' x $SIZE . '":1}'],
    ['a string that stays open', 400, '{"' . 'x' x $SIZE],
    ['as many objects as there may be', 400, rubric(99_990, '{}')],
    ['members of a closed type', 400, "{$members}"],
    ['as many elements as there may be', 201, rubric(5000, '{}')],
    ['large elements', 201, rubric(5000, '{"qualityId":"' . 'x' x 600 . '"}')],
    ['members of an open type', 201,
     qq({"lastModifiedBy":{"user":{"id":"u",$members}}})],
    ['a text', 201, feedback('x' x 4_000_000)],
    ['a text of escapes', 201, feedback('\n' x 2_000_000)],
    ['a text of long escapes', 201, feedback('\u0001' x 660_000)],
    ['a text of pairs of escapes', 201, feedback('\ud83c\udf93' x 330_000)],
);

my $child = restart();
my $first;

# Sends a request, and checks by how much the child grew.
sub costs {
    my ($name, $status, @request) = @_;
    my $before = figure($child, 'VmRSS');
    open my $peak, '>', "/proc/$child/clear_refs" or die "clear_refs: $!\n";
    print $peak 5;
    close $peak or die "clear_refs: $!\n";
    my $answer = ref $request[0] ? $request[0]->() : request(@request);
    is($answer->{status}, $status, "$name: $status")
        or diag substr $answer->{body}, 0, 300;
    my $grown = figure($child, 'VmHWM') - $before;
    cmp_ok($grown, '<=', $MOST, "$name: $grown kB");
    return $answer;
}

request(POST => '/v1.0' . outcomes('first'), [$JSON_TYPE], '{}');
$first = figure($child, 'VmRSS');
for (@bodies) {
    my ($name, $status, $body) = @$_;
    # A mount that trusts stamps keeps the stamps of the body, too.
    for my $mount ('/v1.0', '/migrate') {
        my $answer = costs("$mount $name", $status, POST =>
            $mount . outcomes($name =~ s/\W//gr), [$JSON_TYPE], $body);
        my $path = path_of($answer) or next;
        costs("$mount $name, read", 200, GET => $path);
        costs("$mount $name, changed", 200, PATCH => $path, [$JSON_TYPE],
              $body =~ s/xx/yy/gr);
    }
}

costs('one byte a chunk', 201, sub {
    my $bytes = bytewise(feedback('x' x 1_000_000));
    return Edu::Wire::parse(Edu::Wire::talk(port(), $bytes), 'POST');
});
my $url = '/v1.0' . outcomes('batch');
sub batch_costs {
    my ($name, @batch) = @_;
    my $answer = costs("a batch of 20: $name", 200, POST => '/v1.0/$batch',
                       [$JSON_TYPE], batch(20, @batch));
    return join ' ', $answer->{body} =~ /"status":(\d+)/g;
}
my $text = feedback('x' x 200_000);
is(batch_costs('what is large', POST => $url, sub { $text }),
   join(' ', (201) x 20), 'all large outcomes of a batch are stored');

# Answers are kept until the last of a batch: they have an end, too.
my $large = path_of(request(POST => $url, [$JSON_TYPE],
                            feedback('x' x 4_000_000)));
my $some = join ' ', (200) x 2, (429) x 18;
is(batch_costs('reading what is large', GET => $large), $some,
   'reading large outcomes is refused from 6 MiB on');
is(batch_costs('changing it', PATCH => $large, sub {
    my $type = $_[0] % 2 ? 'html' : 'text';
    return qq({"feedback":{"text":{"contentType":"$type"}}});
}), $some, 'changing large outcomes is refused from 6 MiB on');
# 20 of these are too much, but not much work for a busy machine.
my $whole = path_of(request(POST => $url, [$JSON_TYPE],
                            feedback('x' x 1_000_000)));
for (['GET', 200], ['PATCH', 400]) {
    my ($method, $status) = @$_;
    is(batch_costs("$method of little", $method, "$whole?\$select=id",
                   $method eq 'GET' ? () : sub { '{"points":{}}' }),
       join(' ', ($status) x 20),
       'small answers about a large outcome are all given');
}
is(batch_costs('options', GET => $url . '?' . 'a&' x 100_000),
   join(' ', (414) x 20), 'a url longer than a request line is refused');

# An expression is looked at for so long; also the key of an order.
my $loops = 'rubricQualityFeedback/any(a:rubricQualityFeedback/any(b:'
    . "b/qualityId+eq+'x'))";
for my $option ('$filter=', '$orderby=', '$apply=groupby((id),aggregate(case('
                . "$loops:1)+with+sum+as+n))&\$count=") {
    my $rest = $option =~ /apply/ ? 'true' : $loops;
    costs("$option loops", 400,
          GET => '/v1.0' . outcomes('asmanyelementsastheremaybe')
              . "?$option$rest");
}

# A header in a batch is as long as the batch may be.
for (['Accept', 406, 'application/json', ';charset=utf-8'],
     ['Accept', 406, 'application/json', ';odata.metadata=none'],
     ['Accept', 406, 'application/json', ';x=y'],
     ['Accept', 200, '*/*', ',application/json;IEEE754Compatible=true'],
     ['Content-Type', 200, 'application/json', ';charset=utf-8'],
     ['Prefer', 200, 'a', ',odata.maxpagesize=5'],
     ['Prefer', 200, 'a', ';return=minimal'],
     ['If-Match', 412, "'W/1'", ",'v'"],
     ['If-None-Match', 200, "'W/1'", ",'v'"],
     ['Idempotency-Key', 200, 'a', 'a'],
     ['OData-MaxVersion', 200, '4.01', '0']) {
    my ($name, $status, $open, $part) = map { s/'/\\"/gr } @$_;
    my $answer = costs("a header $name", 200, POST => '/v1.0/$batch',
        [$JSON_TYPE], filled(qq({"requests":[{"id":"1","method":"GET","url":)
            . qq("$whole?\$select=id","headers":{"$name":"$open),
            $part, '', '"}}]}'));
    like($answer->{body}, qr/"status":$status\b/, "$name: $status");
}

my $class = '/v1.0/education/classes/bounds';
request(PUT => $class, [$JSON_TYPE, $ADMIN], '{"displayName":"b"}');
costs('too many members', 400, PUT => "$class/members", [$JSON_TYPE, $ADMIN],
      users(49_000, ''));
costs('members', 204, PUT => "$class/members", [$JSON_TYPE, $ADMIN],
      users(8000, ''));
costs('other members', 204, PUT => "$class/members", [$JSON_TYPE, $ADMIN],
      users(8000, ',"displayName":"' . 'x' x 320 . '"'));
costs('members, read', 200, GET => "$class/members?\$top=999", [$ADMIN]);
my $rubric = sub {
    my ($n, $more) = @_;
    return '{"rubric":{"displayName":"r","qualities":[' . join(',', map {
        qq({"qualityId":"$_$more"})
    } 1 .. $n) . ']}}';
};
my $put = [PUT => "$class/assignments/r", [$JSON_TYPE, $ADMIN]];
costs('a rubric of long ids', 413, @$put, $rubric->(4900, 'x' x 700));
costs('a rubric of escapes', 413, @$put, $rubric->(4900, '\u0001' x 100));
costs('a rubric of many', 201, @$put, $rubric->(4900, 'x' x 150));
costs('a submission of it', 201, PUT => "$class/assignments/r/submissions/s",
      [$JSON_TYPE, $ADMIN], '{"recipient":{"userId":"u1"}}');
for my $query ('', '?$orderby=id', '?$filter=id+ne+null') {
    costs("its outcomes $query", 200,
          GET => "$class/assignments/r/submissions/s/outcomes$query");
}
costs('no members', 204, PUT => "$class/members", [$JSON_TYPE, $ADMIN],
      users(0, ''));

# 80 MB are below one assignment.
request(PUT => "$class/assignments/w", [$JSON_TYPE, $ADMIN],
        '{"status":"assigned"}');
for my $s (map { "$class/assignments/w/submissions/$_" } 1 .. 20) {
    my ($id) = $s =~ /(\d+)$/;
    request(PUT => $s, [$JSON_TYPE, $ADMIN],
            qq({"recipient":{"userId":"u$id"}}));
    is(request(PATCH => "$s/outcomes/$FEEDBACK", [$JSON_TYPE],
               feedback('x' x 4_000_000))->{status}, 200, "$s is graded");
}
for (['/w?$expand=submissions($expand=outcomes)', 400],
     ['?$expand=submissions($select=id;$expand=outcomes($select=id))', 400],
     ['/w?$expand=submissions($orderby=status;$expand=outcomes)', 400],
     ['/w?$expand=submissions($top=1;$expand=outcomes)', 200],
     ['/w?$expand=submissions', 200],
     ['/w/submissions?$expand=outcomes', 200]) {
    my ($path, $status) = @$_;
    costs("assignments$path", $status, GET => "$class/assignments$path",
          [$ADMIN]);
}
request(DELETE => "$class/assignments/w", [$ADMIN]);

# Outcomes of 4 MB, each of which fills a page.
sub large_rows {
    my ($name, $rows) = @_;
    my $url = '/v1.0' . outcomes($name);
    for my $n (1 .. $rows) {
        is(request(POST => $url, [$JSON_TYPE],
                   feedback(chr(96 + $n * 7 % 23) . 'x' x 4_000_000))->{status},
           201, "large outcome $n is created");
    }
    return $url;
}

# The links are followed for so many pages, and the rows on them counted.
sub pages_of {
    my ($url, $query, $pages) = @_;
    my ($requests, %seen) = (0);
    $url .= "?$query";
    while ($url && $requests < $pages) {
        $requests++;
        my $answer = costs("page $requests of $query", 200, GET => $url);
        $seen{$1}++ while $answer->{body} =~ /"id":"([^"]{36})"/g;
        ($url) = $answer->{body} =~ /"\@odata.nextLink":"([^"]+)"/;
        cmp_ok(length $answer->{body}, '<', 5_000_000,
               'a page ends near 4 MiB');
    }
    is(keys %seen, $pages, "$pages pages of $query have as many rows");
    is($requests, $pages, 'each large row has a page of its own');
    return $url;
}

# 80 MB of them are more than a child may grow by.  Where each page takes all of
# them to be read, two show that, and a few outcomes are read to their end.
my ($MANY, $FEW) = (20, 4);
my ($pages, $few) = (large_rows('pages', $MANY), large_rows('few', $FEW));
for my $query ('', '$top=999', '$filter=feedback/text/content+ne+null') {
    is(pages_of($pages, $query, $MANY), undef, "$query ends after that");
}
for my $query ('$orderby=feedback/text/content',
               '$count=true&$filter=feedback/text/content+ne+null') {
    ok(pages_of($pages, $query, 2), "$query goes on after that");
    is(pages_of($few, $query, $FEW), undef, "$query of a few ends");
}
costs('a count', 200, GET => "$pages/\$count");

# The answer to another shows that what the last took is given back: httpd's
# child may crash if it is ended while it does that.
request(GET => '/v1.0' . outcomes('first'));
my $kept = figure($child, 'VmRSS') - $first;
cmp_ok($kept, '<=', $MOST, "the child keeps $kept kB after all requests");

# That there is but one to serve, by event and by prefork.
log_expect('AH00484: ');
log_expect('AH00161: ');
unlink $own;
stop_server();
ok(start_server(), 'the server starts with its configuration of before');
done_testing();
