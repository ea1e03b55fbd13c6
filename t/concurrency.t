# Clients that come at the same time.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::School;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $CLIENTS = 8;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $collection =
    '/v1.0/education/classes/concurrency/assignments/a/submissions/s/outcomes';

sub create {
    my $answer = request(POST => $collection, [$JSON_TYPE],
        '{"@odata.type": "#microsoft.graph.educationPointsOutcome"}');
    my $path = path_of($answer);
    return ($path, header($answer, 'ETag'));
}

sub grade {
    my ($path, $points, @headers) = @_;
    return request(PATCH => $path, [$JSON_TYPE, @headers],
                   "{\"points\": {\"points\": $points}}");
}

# The answers of all clients, sorted: they start in the same moment.
sub race {
    my ($move) = @_;
    my $start = time + 0.1;
    return join ' ', sort { $a <=> $b } crowd($CLIENTS, sub {
        my ($number) = @_;
        my $wait = $start - time;
        sleep $wait if $wait > 0;
        return $move->($number)->{status};
    });
}

sub one_of {
    my ($one, $others) = @_;
    return join ' ', sort { $a <=> $b } $one, ($others) x ($CLIENTS - 1);
}

for my $round (1 .. 5) {
    my ($path, $etag) = create();
    is(race(sub { grade($path, $_[0], ['If-Match', $etag]) }),
       one_of(200, 412), "$round: one of all changes of a version succeeds");
}

for my $round (1 .. 5) {
    my ($path, $etag) = create();
    is(race(sub { request(DELETE => $path) }), one_of(204, 404),
       "$round: one of all deletes succeeds");
}

for my $round (1 .. 5) {
    my $id = sprintf '%08x-0000-4000-8000-000000000000', $round;
    is(race(sub { request(POST => $collection, [$JSON_TYPE],
                          "{\"id\": \"$id\"}") }),
       one_of(201, 409), "$round: one of all creations of an id succeeds");
}

# Without If-Match every write succeeds, each with a version of its own.
my ($path) = create();
my @patches = crowd($CLIENTS, sub {
    my ($number) = @_;
    return map {
        my $answer = grade($path, $number * 1000 + $_);
        "$answer->{status} " . (header($answer, 'ETag') // '');
    } 1 .. 10;
});
is(scalar(grep { /^200 / } @patches), $CLIENTS * 10,
   'all writes without If-Match succeed');
my %versions = map { $_ => 1 } @patches;
is(scalar(keys %versions), $CLIENTS * 10,
   'each write without If-Match makes a version of its own');

# With If-Match and retries no write is lost: each client adds one to the value
# that it read.
($path) = create();
grade($path, 0);
my @added = crowd($CLIENTS, sub {
    my $added = 0;
    while ($added < 5) {
        my $now = request(GET => $path);
        my $points = JSON::PP::decode_json($now->{body})->{points}{points};
        my $answer = grade($path, $points + 1,
                           ['If-Match', header($now, 'ETag')]);
        $added++ if $answer->{status} == 200;
        return "status $answer->{status}" if $answer->{status} !~ /^(200|412)$/;
    }
    return $added;
});
is("@added", join(' ', (5) x $CLIENTS), 'every client adds five by retrying');
like(request(GET => $path)->{body}, qr/"points":40\}/, 'no addition is lost');

# New outcomes do not meet.
my $before = request(GET => "$collection/\$count")->{body};
my @created = crowd($CLIENTS, sub {
    return map {
        my $answer = request(POST => $collection, [$JSON_TYPE], '{}');
        "$answer->{status} " . (header($answer, 'Location') // '');
    } 1 .. 25;
});
is(scalar(grep { /^201 / } @created), $CLIENTS * 25, 'all creations succeed');
my %ids = map { $_ => 1 } @created;
is(scalar(keys %ids), $CLIENTS * 25,
   'all created outcomes have ids of their own');
my $after = JSON::PP::decode_json(
    request(GET => "$collection?\$top=999")->{body});
is(@{ $after->{value} } - $before, $CLIENTS * 25,
   'all created outcomes are listed');

# The statement that adds an outcome asks for the role, too, where requests share
# it: it adds those of the teacher alone.
my $class = class('adders', 'pupil');
my @who = qw(teacher pupil somebody teacher);
my $open = "$class/assignments/none/submissions/s/outcomes";
my @answers = crowd($CLIENTS, sub {
    my ($number) = @_;
    my $user = $who[$number % @who];
    return map { "$user " . request(POST => "/roster/education$open",
        [$JSON_TYPE, ['Test-User', $user], ['Authorization', 'none']],
        '{}')->{status} } 1 .. 10;
});
my %answered;
$answered{$_}++ for @answers;
is_deeply(\%answered, { 'teacher 201' => 40, 'pupil 404' => 20,
                        'somebody 403' => 20 }, 'each is told by the own role');
is(ask('teacher', GET => "$open/\$count")->{body}, 40,
   'and what a teacher adds is there');

# Groups of a $batch that write to the same submissions, each in an order of its
# own, do not wait for each other: else the database ends all but one.
my @students = map { "s$_" } 1 .. 6;
my $assignment = assignment(class('concurrency', @students), 'group');
submission($assignment, $_) for @students;

sub grade_all {
    my ($points, @submissions) = @_;
    my $requests = join ', ', map { qq({"id": "$_", "atomicityGroup": "g",)
        . qq( "method": "PATCH", "url": "/education$assignment/submissions/$_)
        . qq(/outcomes/$POINTS", "body": {"points": {"points": $points}},)
        . ' "headers": {"Content-Type": "application/json"}}' } @submissions;
    my $answer = ask('teacher', POST => '/v1.0/$batch',
                     qq({"requests": [$requests]}));
    return $answer->{body} =~ /"status":(?!200)(\d+)/g;
}

is(join(' ', crowd($CLIENTS, sub {
    my ($number) = @_;
    return map { grade_all(10 * $number + $_,
                           $number % 2 ? @students : reverse @students) }
        1 .. 8;
})), '', 'groups in opposite orders succeed');
my %points = map { JSON::PP::decode_json(ask('teacher', GET =>
    "$assignment/submissions/$_/outcomes/$POINTS")->{body})
    ->{points}{points} => 1 } @students;
is(scalar(keys %points), 1, 'the last of all groups wrote to all submissions');
done_testing;
