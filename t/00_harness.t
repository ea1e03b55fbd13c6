# The tools that judge everything else must be able to say no.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case;
use Edu::Match;
use Edu::Wire;
use JSON::PP ();
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
ok(!eval { expand('${nobody}', {}); 1 }, 'an unknown variable is no text');
ok(!eval { match_text('${:moon}', '', {}); 1 }, 'nor is an unknown kind');

my @exchanges = read_case("$Bin/data/harness");
is(scalar @exchanges, 2, 'a case of two exchanges');
is($exchanges[0]{body}, "{\n\n  \"a\": 1\n}", 'a body keeps its blank lines');
is($exchanges[1]{body}, "raw\n\xff\0\n", 'a body from a file keeps its bytes');
is_deeply($exchanges[0]{checks}, ['Allow: GET', '!ETag'], 'its checks');
is($exchanges[1]{want}, undef, 'an answer without a body to compare');

my $parse = \&Edu::Wire::parse;
my $answer = $parse->("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n"
    . "a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x\r\nd\r\n0\r\n"
    . "\r\n", 'GET');
is($answer->{status}, 200, 'an interim answer is passed over');
is(header($answer, 'A'), '1, 2', 'a header twice');
is($answer->{body}, 'abcd', 'a body in chunks');
is($parse->("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", 'GET')->{status},
   0, 'a body cut short is no answer');
is($parse->('', 'GET')->{status}, 0, 'nor is none');
done_testing;
