# What a database will never store is told at once, as what it is, and costs
# nobody else anything.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $JSON_TYPE = ['Content-Type', 'application/json'];
my $collection =
    '/education/classes/never/assignments/a/submissions/s/outcomes';
my $odd = '{"@odata.type": "#microsoft.graph.educationFeedbackOutcome",'
    . ' "feedback": {"text": {"content": "never to be stored, told nobody",'
    . ' "contentType": "text"}}}';

sub create {
    return request(POST => "/v1.0$collection", [$JSON_TYPE], $_[0]);
}

# What holds of each refusal.
sub is_final {
    my ($answer, $status, $what) = @_;
    is($answer->{status}, $status, $what);
    is(header($answer, 'Retry-After'), undef, "$what: for good");
    unlike($answer->{body}, qr/sql|check|constraint|column|failed/i,
           "$what: in words of our own");
}

my $rule = "CHECK (body NOT LIKE '%never to be stored%')";
my ($add, $drop) = database()->{name} eq 'sqlite3'
    ? ("ADD COLUMN edu_rule TEXT DEFAULT '' $rule", 'DROP COLUMN edu_rule')
    : ("ADD CONSTRAINT edu_rule $rule", 'DROP CONSTRAINT edu_rule');
sql("ALTER TABLE edu_outcome $add");
is(create('{}')->{status}, 201, 'an administrator has a rule of their own');
my $mark = log_mark();
is_final(create($odd), 409, 'what is against it');
ok(log_await($mark, 'EDU0003: .* refused with 409 conflict: .*edu_rule'
             . '|EDU0003: .* refused with 409 conflict: .*CHECK'),
   'the log names the rule');
my @lines = Edu::Log::lines('error_log', $mark);
is(scalar(grep { /told nobody|DETAIL/ } @lines), 0,
   'and nothing of what was sent');
my @said = crowd(8, sub {
    my ($number) = @_;
    return map { create($number % 8 ? '{}' : $odd)->{status} } 1 .. 10;
});
is(join(' ', sort @said), join(' ', (201) x 70, (409) x 10),
   'writes that share a commit, or a statement, with it are done');
my $batch = request(POST => '/v1.0/$batch', [$JSON_TYPE],
    JSON::PP::encode_json({ requests => [map { {
        id => "$_", method => 'POST', url => $collection,
        headers => { 'Content-Type' => 'application/json' },
        body => JSON::PP::decode_json($_ == 2 ? $odd : '{}')
    } } 1 .. 3] }));
is(join(' ', $batch->{body} =~ /"status":(\d+)/g), '201 409 201',
   'and so is the rest of a batch');
sql("ALTER TABLE edu_outcome $drop");
is(create($odd)->{status}, 201, 'without the rule it is stored');

# SQLite has no length of a column.
my %narrow = (
    pgsql => ['ALTER COLUMN body TYPE VARCHAR(15000)',
              'ALTER COLUMN body TYPE TEXT'],
    mysql => ["MODIFY body VARCHAR(15000) NOT NULL DEFAULT '{}'",
              "MODIFY body MEDIUMTEXT NOT NULL DEFAULT '{}'"],
);
if (my $narrow = $narrow{ database()->{name} }) {
    my $long = '{"displayName": "' . 'x' x 20_000 . '"}';
    my @put = (PUT => '/v1.0/education/classes/never',
               [$JSON_TYPE, ['Authorization', 'app:demo']]);
    sql("ALTER TABLE edu_class $narrow->[0]");
    is(request(@put, '{"displayName": "x"}')->{status}, 201,
       'a column is narrow');
    is_final(request(@put, $long), 413, 'what is too long for it');
    sql("ALTER TABLE edu_class $narrow->[1]");
    is(request(@put, $long)->{status}, 200, 'in a wide one it is stored');
}

# MariaDB takes only so much at once, and closes the connection on more.
if (database()->{name} eq 'mysql') {
    my ($usual) = sql('SELECT @@max_allowed_packet') =~ /(\d+)/;
    my $large = $odd =~ s/told nobody/'x' x 2_000_000/er;
    log_expect('DBD.*Error: ');    # mod_dbd's, of connections that are killed
    sql('SET GLOBAL max_allowed_packet = 1048576');
    kill_connections();
    is_final(create($large), 413, 'what makes too large a packet');
    is(create('{}')->{status}, 201, 'the connection is as good as before');
    sql("SET GLOBAL max_allowed_packet = $usual");
    kill_connections();
    is(create($large)->{status}, 201, 'in a larger one it is stored');
}
done_testing;
