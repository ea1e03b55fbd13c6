# A batch that reads for long does not block writers, whatever else is in it.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Edu::Log;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $JSON = JSON::PP->new->utf8;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $large = '/education/classes/turns/assignments/a/submissions/large/outcomes';
my $small = '/education/classes/turns/assignments/a/submissions/small/outcomes';

sub create { return request(POST => "/v1.0$small", [$JSON_TYPE], '{}') }

sql("INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id,"
    . ' created, type, version, body) WITH RECURSIVE n (i) AS (SELECT 1 UNION'
    . ' ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT'
    . " 'turns', 'a', 'large', printf('%08x-aaaa-4bbb-8ccc-222222222222', i),"
    . " printf('%016x', i), 'educationOutcome', '1', '{}' FROM n");
my @before = (
    { method => 'OPTIONS', url => $large },
    { method => 'BREW', url => $large },
    { method => 'POST', url => $small, body => { points => 1 },
      headers => { 'Content-Type' => 'application/json' } },
    { method => 'DELETE',
      url => "$small/00000000-aaaa-4bbb-8ccc-222222222222" },
    { method => 'POST', url => $small, body => {},
      headers => { 'Content-Type' => 'application/json' } },
);
my @reads = map { { method => 'GET',
                    url => "$large?\$filter=id%20eq%20'none'" } } 1 .. 10;
my $id = 0;
my $body = $JSON->encode({ requests => [map { { %$_, id => $id++ . '' } }
                                        @before, @reads] });
my $answer;
my @said = crowd(1, sub {
    my ($number, $running) = @_;
    my @statuses;
    push @statuses, create()->{status} while $running->();
    return @statuses;
}, sub { $answer = request(POST => '/v1.0/$batch', [$JSON_TYPE], $body) });
# On a slow machine its time is over before the last.
log_expect('a \$batch took longer than EduOutcomesTimeout');
like(join(' ', $answer->{body} =~ /"status":(\d+)/g),
     qr/^200 405 400 404 201( 200)+( 503)*$/, 'the batch is answered');
is(join(' ', grep { $_ != 201 } @said), '',
   'all writes are served during the batch');
# One may come before the batch does, and one be answered after it.
cmp_ok(scalar @said, '>', 2, 'several writes are served while the batch reads');
done_testing;
