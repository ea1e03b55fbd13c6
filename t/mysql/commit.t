# A COMMIT that the database refuses for the sake of another transaction, as Galera
# does: nothing was done, and what was to be written is planned anew.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Database;
use Edu::Lane;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use JSON::PP ();
use Test::More;

my $dir = lane()->{vars}{t_logs} . '/refuse';
my %env = (EDU_PRELOAD => "$Bin/../../lib/refuse.so", EDU_REFUSE => $dir,
    EDU_REFUSE_BY => "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213,"
        . " MESSAGE_TEXT = 'Deadlock found when trying to get lock'");
mkdir $dir or die "$dir: $!";
chmod 0777, $dir;

sub refuse {
    for my $name (@_) {
        open my $file, '>', "$dir/$name" or die "$name: $!";
    }
    return;
}

# The statements that are still to be refused.
sub left { return join ' ', map { s{.*/}{}r } glob "$dir/*" }

@ENV{keys %env} = values %env;
stop_server();
ok(start_server(), 'the server starts, with a database that refuses');
my $class = class('refused', 'ada');
my $essay = assignment($class, 'a');
my $points = submission($essay, 'ada') . "/outcomes/$POINTS";
sub patch {
    return ask('teacher', PATCH => $points, { points => { points => $_[0] } });
}
sub points { return must('teacher', GET => $points)->{points}{points} }
my $records = "SELECT count(*) FROM edu_history WHERE class_id = 'refused'"
    . " AND entity = 'outcome'";

refuse(1, 2);
is(patch(1)->{status}, 200, 'a change is written, though refused twice');
is(left(), '', 'it was');
is(sql($records), "1\n", 'and once');

refuse(1);
my $answer = request(POST => '/v1.0/$batch', [['Content-Type', 'application/json']],
    JSON::PP->new->encode({ requests => [
        map +{ id => "$_", atomicityGroup => 'g', method => 'PATCH',
               url => "/education$points",
               headers => { 'Content-Type' => 'application/json' },
               body => { points => { points => $_ } } }, 2, 3 ] }));
is(join(' ', map { $_->{status} } @{ got($answer)->{responses} }), '200 200',
   'so is a group of a $batch');
is(left() . points(), 3, 'all of it');

# One row that all change, each by 1.
refuse(1 .. 9);
my $added = 0;
$added += $_ for crowd(6, sub {
    my $done = 0;
    for (1 .. 400) {
        my $read = ask('teacher', GET => $points);
        my $status = request(PATCH => "/v1.0/education$points",
            [['Content-Type', 'application/json'],
             ['If-Match', header($read, 'ETag')]],
            '{"points":{"points":' . (got($read)->{points}{points} + 1) . '}}')
            ->{status};
        $done += $status == 200;
        return -1000 if $status !~ /^(?:200|412)$/;
        last if $done == 5;
    }
    return $done;
});
is($added, 30, 'changes that meet are written, or 412');
is(points(), 33, 'each once');
is(left(), '', 'though COMMITs were refused');

log_expect('EDU0002: .* 503 .*Deadlock');
refuse('always');
$answer = patch(99);
is($answer->{status}, 503, 'what is refused again and again is 503');
ok(header($answer, 'Retry-After'), 'which tells when to repeat it');
unlink "$dir/always";
is(points(), 33, 'and was not done');
is(patch(34)->{status}, 200, 'afterwards all is well');

delete @ENV{keys %env};
ok(stop_server() && start_server(), 'the suite goes on with its own');
done_testing;
