# What `make run` serves, for a look at it by conf/run.sh.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
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
            "MODULE=$Bin/../lib/mod_edu_outcomes.so", "PORT=$port",
            "DATA=$data", "MPM=$ENV{EDU_MPM}", 'sh', "$Bin/../conf/run.sh";
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

# What others may read, but for the id of the process.
sub open_files {
    return grep { !/\.pid\z/ && (stat)[2] & 077 } glob "$data/*";
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
is(create(), 201, 'it serves');
ok(-e "$data/outcomes.db-wal", 'with a log beside the database');
is(join(' ', open_files()), '', 'nobody else may read what it keeps');
is((stat $data)[2] & 07777, 0711, 'nor see what that is');
like(dribble(), qr/^HTTP\/1.1 408 /, 'slow headers are not waited for');
ok(stop($pid), 'it stops');

# What earlier versions left for all to read.
chmod 0644, glob "$data/*";
chmod 0755, $data;
$pid = start();
is(create(), 201, 'it serves again');
is(join(' ', open_files()), '', 'and nobody else may read that any more');
is(request(GET => "$collection/\$count")->{body}, 2, 'all is there');
ok(stop($pid), 'it stops');
done_testing;
