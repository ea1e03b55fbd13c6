# The tools that judge everything else must be able to say no.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib", "$Bin/alike";
use Differ;
use Edu::Case;
use Edu::Match;
use Edu::Wire;
use JSON::PP ();
use Normal;
use Test::More;

# want, got, what must be complained of ('' for nothing)
my @values = (
    ['1', '1.0', ''],
    ['1', '2', 'want 1, got 2'],
    ['1', '"1"', 'want number, got string'],
    ['"1"', '1', 'want string, got number'],
    ['null', 'null', ''],
    ['null', 'false', 'want null, got boolean'],
    ['false', '0', 'want boolean, got number'],
    ['true', 'false', 'the other boolean'],
    ['[]', '{}', 'want array, got object'],
    ['[1,2]', '[2,1]', '/0: want 1'],
    ['[1]', '[1,2]', 'want 1 elements, got 2'],
    ['{"a":1}', '{"a":1}', ''],
    ['{"a":1}', '{"a":1,"b":2}', 'unexpected b'],
    ['{"a":1,"b":2}', '{"a":1}', 'member b is missing'],
    ['{"a":null}', '{}', 'member a is missing'],
    ['{"a":1,"...":true}', '{"a":1,"b":2}', ''],
    ['{"a":{"b":[0,{"c":"d"}]}}', '{"a":{"b":[0,{"c":"e"}]}}', '/a/b/1/c: '],
    ['"${:any}"', '{"a":1}', ''],
    ['"${:text}"', '{"a":1}', 'want string, got object'],
    ['"${:guid}"', '"ca05367a-b292-42d5-aff7-5d279feeace8"', ''],
    ['"${:guid}"', '"CA05367A-B292-42D5-AFF7-5D279FEEACE8"', 'want ${:guid}'],
    ['"${:time}"', '"2024-08-14T06:37:17.7703021Z"', ''],
    ['"${:time}"', '"2024-08-14T06:37:17Z"', 'want ${:time}'],
    ['"a.c"', '"abc"', 'want a.c'],
    ['["${x:text}","${x:text}"]', '["a","a"]', ''],
    ['["${x:text}","${x:text}"]', '["a","b"]', 'x was a, is b'],
    ['["${x:text}","${y:text!x}"]', '["a","a"]', 'must differ from x'],
    ['["${x:text}","${y:text>x}"]', '["b","a"]', 'must come after x'],
    ['["${x:text}","${y:text>x}"]', '["a","b"]', ''],
);
for (@values) {
    my ($want, $got, $complaint) = @$_;
    my $json = JSON::PP->new->allow_nonref;
    my $says = match_value($json->decode($want), $json->decode($got), {});
    like($says // '', $complaint eq '' ? qr/^$/ : qr/\Q$complaint\E/,
         "$want and $got");
}
ok(!eval { expand('${nobody}', {}); 1 }, 'an unknown variable is refused');
ok(!eval { match_text('${:moon}', '', {}); 1 }, 'an unknown kind is refused');

my @exchanges = read_case("$Bin/data/harness");
is(scalar @exchanges, 2, 'the case has two exchanges');
is($exchanges[0]{body}, "{\n\n  \"a\": 1\n}", 'a body keeps its blank lines');
is($exchanges[1]{body}, "raw\n\xff\0\n", 'a body from a file keeps its bytes');
is_deeply($exchanges[0]{checks}, ['Allow: GET', '!ETag'],
          'an exchange has its checks');
is($exchanges[1]{want}, undef, 'an answer without a body has none to compare');

my $parse = \&Edu::Wire::parse;
my $answer = $parse->("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n"
    . "a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x\r\nd\r\n0\r\n"
    . "\r\n", 'GET');
is($answer->{status}, 200, 'an interim answer is skipped');
is(header($answer, 'A'), '1, 2', 'a header that occurs twice is joined');
is($answer->{body}, 'abcd', 'a body in chunks is put together');
is($parse->("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", 'GET')->{status},
   0, 'a body cut short is a failure');
is($parse->('', 'GET')->{status}, 0, 'no answer is a failure');

# What two servers answered, and what make alike says of it.  <1> and <2> stand
# for ids, <v> and <w> for versions, <s> and <t> for times that servers made.
my %made = (
    1 => ['01900000-0000-7000-8000-000000000001',
          '01900000-0000-7000-8000-00000000000a'],
    2 => ['01900000-0000-7000-8000-000000000002',
          '01900000-0000-7000-8000-00000000000b'],
    v => ['003a000000000001', '003a00000000000a'],
    w => ['003a000000000002', '003a00000000000b'],
    s => ['2030-01-01T00:00:00.0000001Z', '2030-01-01T00:00:00.0000002Z'],
    t => ['2030-01-01T00:00:01.0000001Z', '2030-01-01T00:00:01.0000002Z'],
);
my $differ = Differ->new("$Bin/data/harness/reworded");
for (
    ['{"a":1}', '{"a":1}', 'same', 'equal bytes are the same'],
    ['<1> <v> <s> <1>', '<1> <v> <s> <1>', 'same',
     'ids, versions and times of a server are the same'],
    ["Date: Mon, 01 GMT\r\n", "Date: Tue, 02 GMT\r\n", 'same',
     'dates are the same'],
    ['{"a":1}', '{"a": 1}', 'differ', 'a space differs'],
    ['{"a":1,"b":2}', '{"b":2,"a":1}', 'differ', 'swapped members differ'],
    ['{"a":1}', '{"a":1.0}', 'differ', 'another form of a number differs'],
    ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 201 OK\r\n", 'differ',
     'another status differs'],
    ["A: 1\r\nB: 2\r\n", "B: 2\r\nA: 1\r\n", 'differ',
     'swapped headers differ'],
    ["Content-Length: 1\r\n", "Content-Length: 2\r\n", 'differ',
     'another length differs'],
    ['<1> <2> <1>', '<1> <2> <2>', 'differ', 'another known id differs'],
    ['2020-01-01T00:00:00.0000001Z', '2020-01-01T00:00:00.0000002Z', 'differ',
     'times that no server made differ'],
    ['<s> <t> <t>', '<s> <t> <s>', 'coincide',
     'two times of one answer may coincide'],
    ['"no \'x\' here"', '"here is no \'x\'"', 'reworded',
     'a listed message is reworded'],
    ['"no \'x\' here"', '"here is no \'y\'"', 'differ',
     'a reworded message that quotes something else differs'],
    ["HTTP/1.1 404 \r\nContent-Length: 1\r\n\r\n",
     "HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\n", 'reworded',
     'a refusal without its body may have another length'],
    ["HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n",
     "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n", 'differ',
     'another answer without its body may not'],
) {
    my ($old, $new, $what, $name) = @$_;
    my @sides = map {
        my ($side, $text) = ($_, $_ ? $new : $old);
        $text =~ s/<([12vwst])>/$made{$1}[$side]/g;
        Normal->new(1_600_000_000)->exchange('', $text)->[1];
    } 0, 1;
    is($differ->kind(@sides), $what, "alike: $name");
}
done_testing;
