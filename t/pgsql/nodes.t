# Three nodes behind a balancer, over a database with a replica, all as conf/cluster
# has them: a node is killed, then the database fails over, and nothing that was
# acknowledged is lost.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::Log;
use Edu::Recipe 'recipe';
use Edu::Server;
use Edu::Wire;
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $PATIENCE = 10;    # BalancerMember's timeout
my $CLIENTS = 6;
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $POINTS = '#microsoft.graph.educationPointsOutcome';

my $vars = lane()->{vars};
my $root = "$Bin/../..";
my $modules = slurp("$root/modules.conf");
my $served = "$vars->{t_logs}/served";    # which node answered what
my %db = map { $_ => "$vars->{t_logs}/$_" } 'db1', 'db2';

# ------------------------------------------------------------------ databases

sub databases { return system($ENV{EDU_DATABASES}, 'pgsql', @_) == 0 }

sub query {
    my ($db, $statement, $name) = @_;
    $name //= 'postgres';
    return `echo "$statement" |
        '$ENV{EDU_DATABASES}' pgsql shell '$db{$db}' $name`;
}

sub put {
    my ($file, @text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} @text;
    close $out;
}

sub start_databases {
    mkdir $_ for values %db;
    # Requests do not wait until the database finds a deadlock.
    my $deadlock = "deadlock_timeout = 60s\n";
    put("$db{db1}/settings.conf", recipe('conf/cluster/postgresql.conf'), $deadlock);
    put("$db{db2}/settings.conf", recipe('conf/cluster/postgresql.conf',
        q{names = 'db2'} => q{names = ''}), $deadlock);
    return databases('start', $db{db1})
        && databases('follow', $db{db2}, $db{db1})
        && databases('start', $db{db2})
        && await { query('db1', 'SELECT sync_state FROM pg_stat_replication')
                   eq "sync\n" }
        && databases('make', $db{db1}, 'outcomes')
        && await { query('db2', q{SELECT 1 FROM pg_database
                                  WHERE datname = 'outcomes'}) eq "1\n" };
}

# -------------------------------------------------------------------- servers

# The suite's own port is the first of twenty that no other suite takes.
my ($front, @nodes) = grep { IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $_, Listen => 1, ReuseAddr => 1) }
    port() + 2 .. port() + 19;
@nodes = @nodes[0 .. 2];

sub pid_of {
    my ($port) = @_;
    my $file = "$vars->{t_logs}/$port/pid";
    return -f $file && slurp($file) + 0;
}

# They log where the suite does, so that all complaints are found in one place.
# Without a text it is started again.
sub start_apache {
    my ($port, @text) = @_;
    my $dir = "$vars->{t_logs}/$port";
    mkdir $dir;
    put("$dir/httpd.conf", $modules, <<"END", @text) if @text;
ServerRoot $root/t
DefaultRuntimeDir $dir
PidFile $dir/pid
ErrorLog $vars->{t_logs}/error_log
LogLevel info
Listen 127.0.0.1:$port
TypesConfig /dev/null
StartServers 2
MaxRequestWorkers 32
<IfModule !mpm_prefork_module>
    ThreadsPerChild 16
</IfModule>
END
    return system("'$vars->{httpd}' -f '$dir/httpd.conf' >>'$dir/out' 2>&1") == 0
        && await { request(GET => "http://localhost:$port/")->{status} };
}

# Of the databases the replica comes first, which is to be passed over.
sub start_node {
    my ($port) = @_;
    return start_apache($port, recipe('conf/cluster/node.conf',
        'db1.example,db2.example' => "$db{db2},$db{db1}",
        'user=apache password=secret' => 'user=edu',
        'https://outcomes.example' => "http://localhost:$front",
        '/etc/edu_outcomes.htpasswd' => "$root/t/conf/passwords"));
}

sub start_balancer {
    my ($from) = $modules =~ m{^LoadModule \S+ (.*)/}m;
    return start_apache($front, "ServerName localhost\n",
        (map { "LoadModule ${_}_module $from/mod_$_.so\n" } 'slotmem_shm',
            'proxy', 'proxy_http', 'proxy_balancer', 'lbmethod_byrequests',
            'proxy_hcheck', grep { $modules !~ /\b${_}_module/ } 'headers'),
        "CustomLog $served \"%{BALANCER_WORKER_NAME}e %m %>s\"\n",
        recipe('conf/cluster/balancer.conf', map {
            ("node$_.example" => "127.0.0.1:$nodes[$_ - 1]") } 1 .. 3));
}

# All of it, at once: it is the group of its first process.
sub kill_node {
    my ($port) = @_;
    my $pid = pid_of($port);
    return kill(KILL => -$pid) && await { has_ended($pid) };
}

# Counts the answers in the balancer's log whose lines match.
sub count_served {
    my ($regex) = @_;
    return scalar grep { /$regex/ } split /^/, slurp($served);
}

# Until as many more are.
sub serve {
    my ($count, $regex) = @_;
    my $before = count_served($regex);
    return await { count_served($regex) >= $before + $count } 30;
}

$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
my $test = $$;
END {
    if ($$ == $test) {
        my $status = $?;
        # one after another, the balancer first: children of event that are to end
        # while connections close crash now and then, without any module of ours
        for my $pid (grep { $_ } map { pid_of($_) } $front, @nodes) {
            kill TERM => $pid;
            await { has_ended($pid) };
        }
        databases('stop', $db{$_}, 'immediate')
            for grep { -f "$db{$_}/data/postmaster.pid" } sort keys %db;
        $? = $status;
    }
}

# -------------------------------------------------------------------- clients

my $origin = "http://localhost:$front";

# The $i-th outcome of a client.  Its id is the client's choice, so that a POST
# that is done twice is found out: 409.
sub at {
    my ($server, $client, $i) = @_;
    return ("$server/v1.0/education/classes/nodes/assignments/a/submissions"
        . "/s$client/outcomes", sprintf '%08x-0000-4000-8000-%012x', $client, $i);
}

sub create {
    my ($collection, $id) = at(@_);
    return request(POST => $collection, [$JSON_TYPE],
        JSON::PP::encode_json({ '@odata.type' => $POINTS, id => $id }));
}

sub grade {
    my ($collection, $id) = at(@_);
    return request(PATCH => "$collection/$id", [$JSON_TYPE],
        JSON::PP::encode_json({ points => { points => $_[3] // $_[2] } }));
}

sub look_up {
    my ($collection, $id) = at(@_);
    return request(GET => "$collection/$id");
}

# A client's day; a line is "kind status seconds retry-after client i".
sub client {
    my ($number, $running) = @_;
    my @lines;
    for (my $i = 1; $running->(); $i++) {
        for ([POST => \&create], [PATCH => \&grade], [GET => \&look_up]) {
            my ($kind, $ask) = @$_;
            my $began = time;
            my $answer = $ask->($origin, $number, $i);
            push @lines, sprintf '%s %s %.2f %s %d %d', $kind,
                $answer->{status}, time - $began,
                header($answer, 'Retry-After') // '-', $number, $i;
            last if $answer->{status} >= 500;
        }
        sleep 0.02;
    }
    return @lines;
}

# ------------------------------------------------------------------ the story

ok(start_databases(), 'a database and its replica start') or die;
ok(start_node($_), 'a node starts') or die for @nodes;
ok(start_balancer(), 'a balancer starts') or die;
my $answer = create($origin, 0, 0);
is($answer->{status}, 201, 'a request to the balancer is served') or die;
like(header($answer, 'Location'), qr/^$origin\//,
     'links lead back to the balancer');

# Who fails says so in the log: nodes of the database, event of threads that
# wait; the balancer of a node.
log_expect($_)
    for 'EDU0002: .* 503 ', 'EDU0007: ', 'AH10159: ', 'AH00957: ', 'AH00959: ',
    'AH01114: ', 'AH01084: ', 'AH01102: ', 'AH00898: ';

# The primary sends no more to the replica, until each client waits for it, maybe
# for the commit of another.
my $sender;
sub cut_off {
    $sender = query('db1', 'SELECT pid FROM pg_stat_replication') + 0;
    return kill(STOP => $sender) && await {
        my $before = count_served(qr/^/);
        sleep 0.3;
        count_served(qr/^/) == $before
            && query('db1', 'SELECT count(*) FROM pg_stat_activity'
                . q{ WHERE wait_event = 'SyncRep'}) > 0 };
}

my ($victim, @left) = @nodes;
my @lines = crowd($CLIENTS, \&client, sub {
    ok(serve(10, qr/:$_ \w+ 2/), 'each node serves a share') for @nodes;

    # A write that the node had sent is done, though no client learns of it.
    ok(cut_off(), 'without the replica, writes wait');
    is(look_up($origin, 0, 0)->{status}, 200,
       'reads do not wait for the replica');
    ok(kill_node($victim), 'a node is killed');
    kill CONT => $sender;
    ok(serve(60, qr/ 20[01]$/), 'the other nodes go on');

    # Writes that the replica does not have yet are lost with the primary.
    ok(cut_off(), 'writes wait again');
    my ($primary) = slurp("$db{db1}/data/postmaster.pid") =~ /^(\d+)/;
    kill QUIT => $primary;
    kill KILL => $sender;
    ok(await { has_ended($primary) }, 'the primary dies');
    ok(serve(3, qr/ 503$/), 'requests get 503 without the primary');
    is(query('db2', 'SELECT pg_promote()'), "t\n", 'the replica is promoted');
    my $promoted = time;
    for my $node (@left) {
        my $i = 0;
        ok(await { create("http://localhost:$node", $node, ++$i)->{status} == 201 },
           'a node writes after the promotion');
    }
    cmp_ok(time - $promoted, '<', $PATIENCE,
           'the nodes write soon after the promotion');
    ok(serve(60, qr/ 20[01]$/), 'clients are served after the promotion');
});

# As many at once as there are connections.
is(join(' ', grep { !/^20[01]$/ } crowd(16, sub {
    my ($number) = @_;
    return map { (look_up($_, 0, 0)->{status},
                  create($_, 100 + $number, /(\d+)$/)->{status}) }
        map { "http://localhost:$_" } @left;
})), '', 'all connections of all nodes serve without a restart');

# Writes that share a transaction are done in the same order everywhere: else two
# would wait for each other until they are refused.  While one row is locked,
# there come to be many that share.
create($origin, 200, $_) for 1 .. 6;
is(join(' ', crowd(24, sub {
    my ($number, $running) = @_;
    my $node = 'http://localhost:' . $left[$number % @left];
    my @refused;
    for (my $i = 1; $running->(); $i++) {
        my $answer = grade($node, 200, 1 + int rand 6, 1000 * $number + $i);
        push @refused, $answer->{status} if $answer->{status} != 200;
    }
    return @refused;
}, sub {
    for (1 .. 4) {
        query('db2', q{BEGIN; UPDATE edu_outcome SET version = version}
            . q{ WHERE submission_id = 's200' AND id LIKE '%1';}
            . q{ SELECT pg_sleep(0.3); COMMIT}, 'outcomes');
        sleep 0.2;
    }
})), '', 'many changes of the same rows end in time');

my (%statuses, @late, @bare, @wrong);
for (@lines) {
    my ($kind, $status, $seconds, $retry, $number, $i) = split;
    $statuses{"$kind $status"}++;
    push @late, $_ if $seconds > $PATIENCE;
    push @bare, $_ if $status == 503 && $retry !~ /^[1-9]\d*$/;
    next if "$kind $status" !~ /^(?:POST 201|PATCH 200)$/;
    my $now = look_up($origin, $number, $i);
    push @wrong, $_ if $now->{status} != 200 || $kind eq 'PATCH'
        && JSON::PP::decode_json($now->{body})->{points}{points} != $i;
}
note(join ', ', map { "$_: $statuses{$_} times" } sort keys %statuses);
is(join(' ', grep { !/^POST 201$|^(?:GET|PATCH) 200$| 50[23]$/ } keys %statuses),
   '', 'all requests get success, 502 or 503, and none is done twice');
is("@late", '', 'all requests are answered in time');
is("@bare", '', 'each 503 has Retry-After');
is("@wrong", '',
   'all acknowledged writes are stored as they were acknowledged');

my $mark = log_mark();
ok(start_apache($victim), 'the killed node starts');
ok(log_await($mark, 'AH00098: pid file .* overwritten'),
   'the log says that the node was not stopped in order');
crowd(2, sub {
    my ($number, $running) = @_;
    look_up($origin, 0, 0) while $running->();
    return;
}, sub { ok(serve(10, qr/:$victim \w+ 2/), 'and has its share again') });
done_testing;
