# Hard text: the big list of naughty strings reads back as it was written, and
# the JSON of Nicolas Seriot's JSONTestSuite is taken or refused as it should.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Wire;
use JSON::PP ();
use MIME::Base64 'decode_base64';
use Test::More;

my $json = JSON::PP->new->utf8->allow_nonref;
my $root = '/v1.0/education/classes/naughty/assignments/a/submissions';

sub post {
    my ($submission, $body) = @_;
    return request(POST => "$root/$submission/outcomes",
                   [['Content-Type', 'application/json']], $body);
}

sub list {
    my ($submission) = @_;
    my $answer = request(GET => "$root/$submission/outcomes?\$top=999");
    return @{ $json->decode($answer->{body})->{value} };
}

# As feedback, escaped where JSON has to and not where it need not.
my @strings = @{ $json->decode(slurp("$Bin/data/naughty/blns.json")) };
for my $string (@strings) {
    post('strings', $json->encode({
        '@odata.type' => '#microsoft.graph.educationFeedbackOutcome',
        feedback => { text => { content => $string, contentType => 'text' } },
    }));
}
my @read = map { $_->{feedback}{text}{content} } list('strings');
is_deeply([sort @read], [sort @strings],
          @strings . ' naughty strings read back as they were written');

# Refused by decision, though JSON: duplicate members, and NUL, which neither
# the columns of a database nor C strings can hold.
my %refused = map { +"y_$_.json" => 1 } qw(
    object_duplicated_key object_duplicated_key_and_value
    object_escaped_null_in_key string_null_escape
);
my $suite = $json->decode(slurp("$Bin/data/naughty/jsontestsuite.json"));
my $taken = 0;
for my $name (sort keys %$suite) {
    my $document = decode_base64($suite->{$name});
    # As the value of an annotation, which is ignored, any document may stand.
    my $status = post('suite', "{\"x\@example.y\": $document}")->{status};
    $taken++ if $status == 201;
    if ($name =~ /^y/ && !$refused{$name}) {
        is($status, 201, "$name is JSON");
    }
    elsif ($name =~ /^i/) {
        like($status, qr/^(201|400)$/, "$name is taken or refused");
    }
    else {
        is($status, 400, "$name is refused");
        is(post('suite', $document)->{status}, 400,
           "$name is refused as a body, too");
    }
}
is(scalar(list('suite')), $taken, 'no refused document is stored');
done_testing;
