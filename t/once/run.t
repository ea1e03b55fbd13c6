# conf/run.sh, which `make run` calls, serves a demonstration.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::Server;
use Edu::Wire;
use IO::Select ();
use IO::Socket::INET ();
use Test::More;

my $vars = lane()->{vars};
my $data = "$vars->{t_logs}/run";

# The suite's own port is the first of twenty that no other suite takes.
my ($port) = grep { IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $_, Listen => 1, ReuseAddr => 1) }
    port() + 2 .. port() + 19;
my $collection = "http://localhost:$port/v1.0/education/classes/c"
    . '/assignments/a/submissions/s/outcomes';

sub start {
    my (@options) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>>', "$data.out" or die "$data.out: $!";
        open STDERR, '>&', \*STDOUT or die "STDERR: $!";
        exec 'env', "HTTPD=$vars->{httpd}", "APXS=$vars->{apxs}",
            "MODULE=$Bin/../../lib/mod_edu_outcomes.so", "PORT=$port",
            "DATA=$data", "MPM=$ENV{EDU_MPM}", @options, 'sh', "$Bin/../../conf/run.sh";
    }
    await { request(GET => $collection)->{status} == 200 }
        or diag(`cat $data.out $data/error_log`);
    return $pid;
}

sub stop {
    my ($pid) = @_;
    kill TERM => $pid;
    return waitpid($pid, 0) == $pid;
}

# The files that other users may read, except the pid file.
sub open_files {
    return grep { !/\.pid\z/ && (stat)[2] & 077 } glob "$data/*";
}

# The lines that are printed for a second terminal.
sub printed {
    open my $out, '<', "$data.out" or die "$data.out: $!";
    return map { /^(curl .*)/ } <$out>;
}

sub create {
    return request(POST => $collection, [['Content-Type', 'application/json']],
                   '{}')->{status};
}

# The answer to headers that come a byte at a time and never end.
sub dribble {
    my $socket = IO::Socket::INET->new("127.0.0.1:$port") or return 'nobody';
    my $ready = IO::Select->new($socket);
    local $SIG{PIPE} = 'IGNORE';
    $socket->autoflush;
    print {$socket} "GET / HTTP/1.1\r\nX: ";
    await { print {$socket} 'x'; $ready->can_read(0.5) };
    return $ready->can_read(0) && <$socket> // 'nothing';
}

# What a browser is given, as a user of make run or as nobody.
sub browse {
    my ($path, $user) = @_;
    return request(GET => "http://localhost:$port$path", $user
        ? [['Authorization', "$user:demo"]] : [['Authorization', 'none']]);
}

sub said { return slurp("$data.out") }
sub classes { return browse('/v1.0/education/classes/$count', 'app')->{body} }

my $pid = start();
is(create(), 201, 'make run serves');
my ($first, @more) = map { scalar `$_ 2>/dev/null` } printed();
like($first, qr{^HTTP/1\.1 201 Created\r\n.*"points":85.*\n\z}s,
     'the first printed line creates, shows the status, and ends its line');
like($_, qr{^HTTP/1\.1 200 OK\r\n.*"points":\d+.*\n\z}s, 'the next one, too')
    for @more;
is(scalar @more, 2, 'there are two more');
like(said(), qr{^http://127\.0\.0\.1:$port/gradebook/$}m, 'and says where');
like(browse('/')->{body}, qr{href="gradebook/"}, 'a welcome leads on');
is(browse('/gradebook/')->{status}, 401, 'the gradebook asks for a password');
for (map { s{.*/www/}{}r } glob "$Bin/../../www/*") {
    my $answer = browse("/gradebook/$_", 'student');
    is($answer->{status}, 200, "$_ is served");
    like(header($answer, 'Content-Type'), qr{^(?:text/(?:html|css|javascript)|image/svg\+xml)$},
         "$_ has a type");
    like(header($answer, 'Content-Security-Policy'), qr/^default-src 'self';/, "$_ has a policy");
}
is(browse('/edu-status')->{status}, 200, 'its figures are shown');
is(browse("/$_", 'teacher')->{status}, 404, "$_ is not served")
    for qw(htpasswd outcomes.db httpd.conf);
ok(-e "$data/outcomes.db-wal", 'the log is beside the database');
is(join(' ', open_files()), '', 'other users may read no file');
is((stat $data)[2] & 07777, 0711, 'other users may not list the files');
like(dribble(), qr/^HTTP\/1.1 408 /, 'slow headers get 408');
ok(stop($pid), 'make run stops');

# Earlier versions left files that all could read.
chmod 0644, grep { -f } glob "$data/*";
chmod 0755, $data;
$pid = start();
is(create(), 201, 'make run serves again');
is(join(' ', open_files()), '',
   'files that others could read are closed to them');
is(request(GET => "$collection/\$count")->{body}, 2,
   'the outcomes of both runs are stored');
ok(stop($pid), 'make run stops again');

for my $says ('the term of the class History 9b is over',
              'there are classes already') {
    $pid = start('DEMO=1');
    ok(await(sub { said() =~ /^DEMO=1: $says/m }), "DEMO=1: $says")
        or diag(said());
    is(classes(), 1, 'there is one class');
    ok(stop($pid), 'make run with DEMO=1 stops');
}
done_testing;
