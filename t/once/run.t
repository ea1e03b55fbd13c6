# conf/run.sh, which `make run` calls, serves a demonstration.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Apache::Test ();
use Edu::Server;
use Edu::Wire;
use IO::Select ();
use IO::Socket::INET ();
use Test::More;

my $vars = Apache::Test::config()->{vars};
my $data = "$vars->{t_logs}/run";

# The suite's own port is the first of twenty that no other suite takes.
my ($port) = grep { IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $_, Listen => 1, ReuseAddr => 1) }
    port() + 2 .. port() + 19;
my $collection = "http://localhost:$port/v1.0/education/classes/c"
    . '/assignments/a/submissions/s/outcomes';

sub start {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>>', "$data.out" or die "$data.out: $!";
        open STDERR, '>&', \*STDOUT or die "STDERR: $!";
        exec 'env', "HTTPD=$vars->{httpd}", "APXS=$vars->{apxs}",
            "MODULE=$Bin/../../lib/mod_edu_outcomes.so", "PORT=$port",
            "DATA=$data", "MPM=$ENV{EDU_MPM}", 'sh', "$Bin/../../conf/run.sh";
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

my $pid = start();
is(create(), 201, 'make run serves');
my ($first, @more) = map { scalar `$_ 2>/dev/null` } printed();
like($first, qr{^HTTP/1\.1 201 Created\r\n.*"points":85.*\n\z}s,
     'the first printed line creates, shows the status, and ends its line');
like($_, qr{^HTTP/1\.1 200 OK\r\n.*"points":\d+.*\n\z}s, 'the next one, too')
    for @more;
is(scalar @more, 2, 'there are two more');
ok(-e "$data/outcomes.db-wal", 'the log is beside the database');
is(join(' ', open_files()), '', 'other users may read no file');
is((stat $data)[2] & 07777, 0711, 'other users may not list the files');
like(dribble(), qr/^HTTP\/1.1 408 /, 'slow headers get 408');
ok(stop($pid), 'make run stops');

# Earlier versions left files that all could read.
chmod 0644, glob "$data/*";
chmod 0755, $data;
$pid = start();
is(create(), 201, 'make run serves again');
is(join(' ', open_files()), '',
   'files that others could read are closed to them');
is(request(GET => "$collection/\$count")->{body}, 2,
   'the outcomes of both runs are stored');
ok(stop($pid), 'make run stops again');
done_testing;
