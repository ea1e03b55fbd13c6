# The rules of `make run`: a student may read, and no spelling of a
# path leads around them.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::School qw($FEEDBACK $POINTS ask got must);
use Edu::Server;
use Edu::Wire;
use IO::Socket::INET ();
use Test::More;

my $vars = lane()->{vars};
my $data = "$vars->{t_logs}/run_rules";
my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
    ->sockport;
my $base = "http://localhost:$port/v1.0/education";

# As run.sh writes it.
sub write_file {
    my ($name, @text) = @_;
    open my $file, '>', "$data/$name" or die "$data/$name: $!\n";
    print $file @text;
    close $file;
}
mkdir $_ for $data, "$data/www";
write_file('outcomes.db');
write_file('htpasswd', slurp("$Bin/../conf/passwords"));
write_file('httpd.conf', map { "$_\n" }
    "Define DATA $data", "Define PORT $port", 'Define AUTH_basic',
    'Define TLS_0', 'Define DB_DRIVER sqlite3',
    "Define DB_PARAMS $data/outcomes.db",
    slurp("$Bin/../../modules.conf"), 'TypesConfig /dev/null',
    "Include $Bin/../../conf/run.conf");
my @httpd = ($vars->{httpd}, '-d', $data, '-f', "$data/httpd.conf");
is(system(@httpd), 0, 'the server starts');
ok(await { request(GET => "$base/classes")->{status} }, 'the server serves');

must('app', PUT => "$base/classes/c1", { displayName => 'c1' });
must('app', PUT => "$base/classes/c1/members", { value => [
    { id => 'teacher', primaryRole => 'teacher' }, { id => 'student' } ] });
must('app', PUT => "$base/classes/c1/assignments/a1",
     { grading => { maxPoints => 100 } });
must('teacher', POST => "$base/classes/c1/assignments/a1/publish");
my $row = must('teacher', GET => "$base/classes/c1/assignments/a1/submissions")
    ->{value}[0];
my $id = $row->{id};

# The ways to the student's own submission.
my @ways = map { my $class = $_; map { "$class/$_/$id" }
    qw(assignments/a1/submissions assignments('a1')/submissions) }
    qw(classes/c1 classes('c1') classes(%27c1%27) classes%28'c1'%29
       %63lasses/c1 classes/%631 me users/student users('student'));
push @ways, map { s{/\Q$id\E$}{('$id')}r } @ways;
my $grade = { points => { points => 100 } };
my $outcome = { '@odata.type' => '#microsoft.graph.educationFeedbackOutcome' };
my @attacks = (
    [PATCH => "outcomes/$POINTS", $grade],
    [PATCH => "outcomes('$POINTS')", $grade],
    [PATCH => 'outcomes/' . uc $POINTS, $grade],
    [DELETE => "outcomes/$FEEDBACK"],
    [POST => 'outcomes', $outcome],
    [POST => 'outcomes/$ref', $outcome],
    (map { my $action = $_; map { [POST => $_] } $action,
        "microsoft.graph.$action", "$action()", "microsoft.graph.$action()" }
        qw(return reassign excuse)),
);
for my $mount ('v1.0', 'beta') {
    my (@through, @shut, @requests);
    for my $way (@ways) {
        my $to = $base =~ s/v1\.0/$mount/r . "/$way";
        push @shut, $to if ask('student', GET => $to)->{status} != 200;
        for (@attacks) {
            my ($method, $path, $body) = @$_;
            my $status = ask('student', $method, "$to/$path", $body)->{status};
            push @through, "$method $way/$path: $status" if $status != 403;
            push @requests, { id => "$method $way/$path", method => $method,
                url => "/education/$way/$path", $body ? (body => $body,
                    headers => { 'Content-Type' => 'application/json' }) : () };
        }
    }
    is("@shut", '', "$mount: the student reads");
    is(join("\n", @through), '', "$mount: the student changes nothing");
    my %status;
    while (my @some = splice @requests, 0, 20) {
        my $answer = ask('student', POST => $base =~ s{v1\.0/.*}{$mount/\$batch}r,
                         { requests => \@some });
        $status{ $_->{id} } = $_->{status} for @{ got($answer)->{responses} };
    }
    is(join("\n", grep { $status{$_} != 403 } sort keys %status), '',
       "$mount: the student changes nothing in a batch");
    is(keys %status, @ways * @attacks,
       "$mount: all requests of the batches are answered");
}
is(ask('student', POST => "$base/me/assignments/a1/submissions/$id/submit")
   ->{status}, 200, 'the student hands in their own work');

is(system(@httpd, '-k', 'stop'), 0, 'the server stops');
ok(await { !-e "$data/httpd.pid" }, 'the server removes its pid file');
done_testing;
