# A write that a database will never store is refused at once, with its reason,
# and without harm to other writes.
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

# Checks the rules for each refusal.
sub is_final {
    my ($answer, $status, $what) = @_;
    is($answer->{status}, $status, $what);
    is(header($answer, 'Retry-After'), undef, "$what: there is no Retry-After");
    unlike($answer->{body}, qr/sql|check|constraint|column|failed/i,
           "$what: the answer does not quote the database");
}

my $rule = "CHECK (body NOT LIKE '%never to be stored%')";
my ($add, $drop) = database()->{name} eq 'sqlite3'
    ? ("ADD COLUMN edu_rule TEXT DEFAULT '' $rule", 'DROP COLUMN edu_rule')
    : ("ADD CONSTRAINT edu_rule $rule", 'DROP CONSTRAINT edu_rule');
sql("ALTER TABLE edu_outcome $add");
is(create('{}')->{status}, 201, 'a row that keeps to the constraint is stored');
my $mark = log_mark();
is_final(create($odd), 409, 'a row against the constraint is refused');
ok(log_await($mark, 'EDU0003: .* refused with 409 conflict: .*edu_rule'
             . '|EDU0003: .* refused with 409 conflict: .*CHECK'),
   'the log names the constraint');
my @lines = Edu::Log::lines('error_log', $mark);
is(scalar(grep { /told nobody|DETAIL/ } @lines), 0,
   'the log has nothing of the body');
my @said = crowd(8, sub {
    my ($number) = @_;
    return map { create($number % 8 ? '{}' : $odd)->{status} } 1 .. 10;
});
is(join(' ', sort @said), join(' ', (201) x 70, (409) x 10),
   'writes that share a commit or a statement with a refused one are done');
my $batch = request(POST => '/v1.0/$batch', [$JSON_TYPE],
    JSON::PP::encode_json({ requests => [map { {
        id => "$_", method => 'POST', url => $collection,
        headers => { 'Content-Type' => 'application/json' },
        body => JSON::PP::decode_json($_ == 2 ? $odd : '{}')
    } } 1 .. 3] }));
is(join(' ', $batch->{body} =~ /"status":(\d+)/g), '201 409 201',
   'the other requests of a batch are done');
sql("ALTER TABLE edu_outcome $drop");
is(create($odd)->{status}, 201, 'the row is stored without the constraint');

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
       'a short document fits a narrow column');
    is_final(request(@put, $long), 413,
             'a document longer than the column is refused');
    sql("ALTER TABLE edu_class $narrow->[1]");
    is(request(@put, $long)->{status}, 200,
       'the document is stored in a wide column');
}

# MariaDB takes only so much at once, and closes the connection on more.
if (database()->{name} eq 'mysql') {
    my ($usual) = sql('SELECT @@max_allowed_packet') =~ /(\d+)/;
    my $large = $odd =~ s/told nobody/'x' x 2_000_000/er;
    sql('SET GLOBAL max_allowed_packet = 1048576');
    kill_connections();
    is_final(create($large), 413,
             'a document that makes too large a packet is refused');
    is(create('{}')->{status}, 201, 'the next write is served');
    sql("SET GLOBAL max_allowed_packet = $usual");
    kill_connections();
    is(create($large)->{status}, 201,
       'the document is stored with a larger packet');
}
done_testing;
