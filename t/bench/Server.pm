package Server;

# A server that is measured: its processes, its database, what it costs.

use strict;
use warnings;
use IO::Socket::INET ();
use POSIX qw(_exit setsid WNOHANG);
use Time::HiRes qw(sleep time);

my $PATIENCE = 20;    # seconds for a start, or for an end
my $TICKS    = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my %running;          # pid => 1, of all that was spawned

# Root's servers run as another user, as they would in earnest.
my ($UID, $GID);
for my $name (qw(www-data apache nobody)) {
    ($UID, $GID) = (getpwnam $name)[2, 3] if $> == 0 && !defined $UID;
}

# ------------------------------------------------------------------ processes

# Starts a command in a session of its own: Ctrl-C is for us, who end it in
# order.
sub spawn {
    my ($log, $env, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $running{$pid} = $pid if $pid;
    setsid();
    become_user();
    open STDIN,  '<',  '/dev/null';
    open STDOUT, '>>', $log;
    open STDERR, '>&', \*STDOUT;
    @ENV{ keys %$env } = values %$env;
    { exec @command }
    print STDERR "$command[0]: $!\n";
    _exit(127);
}

sub become_user {
    return unless defined $UID;
    $) = "$GID $GID";
    POSIX::setgid($GID);
    POSIX::setuid($UID);
}

# Runs a command as that user and returns what it prints.
sub output_of {
    my ($input, @command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        become_user();
        open(STDIN, '<', $input // '/dev/null') or _exit(126);
        open STDERR, '>&', \*STDOUT;
        { exec @command }
        print "$command[0]: $!\n";
        _exit(127);
    }
    my $text = do { local $/; <$out> } // '';
    close $out or die "$command[0] failed: $text\n";
    return $text;
}

sub end {
    my ($pid) = @_;
    my $until = time + $PATIENCE;
    kill 'TERM', $pid;
    sleep 0.02 until waitpid($pid, WNOHANG) || time > $until;
    kill 'KILL', -$pid;    # what outlived its parent
    delete $running{$pid};
}

# The latest first, as others wait for them.
sub end_all { end($_) for sort { $b <=> $a } keys %running }

# The process and all below it, as { pid => [fields of its stat] }.
sub tree {
    my %stat;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $file or next;
        my ($pid, $rest) = (<$in> // '') =~ /^(\d+) \(.*\) (.*)/ or next;
        $stat{$pid} = [split ' ', $rest];
    }
    my %tree;
    my @todo = grep { $stat{$_} } @_;
    while (defined(my $pid = shift @todo)) {
        $tree{$pid} = $stat{$pid};
        push @todo, grep { $stat{$_}[1] == $pid } keys %stat;
    }
    return \%tree;
}

# --------------------------------------------------------------------- server

# A row of the table of servers: name, program (httpd or go), mpm, db (sqlite3,
# pgsql or mysql), slow, group (EduOutcomesGroupCommit), admin (all are), shipped (by
# conf/run.conf, with more lines behind it).  tools is what they share, dir the
# server's own directory.
sub new {
    my ($class, %self) = @_;
    own_dir($self{dir}) if !-d $self{dir};
    return bless \%self, $class;
}

sub own_dir {
    mkdir $_[0] or die "$_[0]: $!\n";
    chown $UID, $GID, $_[0] if defined $UID;
}

sub start {
    my ($self) = @_;
    my $tools = $self->{tools};
    my %env = (LD_LIBRARY_PATH => $tools->{bench},
               $self->{slow} ? (LD_PRELOAD => $tools->{slow_flush}) : ());
    $self->start_database(\%env);
    $self->{port} = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                          Listen    => 1)->sockport;
    $self->spawn_one(
        \%env,
        $self->{program} eq 'httpd' ? $self->httpd : $self->go,
        sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                    PeerPort => $self->{port}) });
    return $self;
}

# One process of the server, awaited until $ready.
sub spawn_one {
    my ($self, $env, $command, $ready) = @_;
    my $log = "$self->{dir}/log";
    my $pid = spawn($log, $env, @$command);
    my $until = time + $PATIENCE;
    push @{ $self->{pids} }, $pid;
    until ($ready->()) {
        die "$self->{name} did not start:\n"
            . `tail -n 5 $log $self->{dir}/error_log 2>&1`
            if time > $until || waitpid $pid, WNOHANG;
        sleep 0.02;
    }
}

sub stop {
    my ($self) = @_;
    end($_) for reverse @{ delete $self->{pids} // [] };
}

sub httpd {
    my ($self) = @_;
    my ($tools, $dir) = @$self{qw(tools dir)};
    my ($file, $modules, %defines) =
        $self->{shipped} ? $self->shipped : $self->tuned;
    open my $conf, '>', "$dir/httpd.conf" or die "$dir/httpd.conf: $!\n";
    print $conf map({ "Define $_ \"$defines{$_}\"\n" } sort keys %defines),
        $tools->{load_modules}->($tools, $self->{mpm}, @$modules),
        "Include \"$tools->{bench}/$file\"\n", $self->{more} // '';
    close $conf or die "$dir/httpd.conf: $!\n";
    return [$tools->{httpd}, '-d', $dir, '-f', "$dir/httpd.conf",
            '-DFOREGROUND'];
}

# A configuration: its file, its modules, and what it wants to be defined.
sub tuned {
    my ($self) = @_;
    return ('httpd.conf', [],
        DATA   => $self->{dir},
        PORT   => $self->{port},
        STATIC => $self->{tools}{static},
        DRIVER => $self->{db},
        PARAMS => $self->params,
        GROUP  => $self->{group} // 'auto',
        ADMIN  => $self->{admin} ? 'true' : 'false',
        CONNECTIONS => $self->{db} eq 'sqlite3' ? 8 : 16);
}

# As conf/run.sh does it; the password is the same.
sub shipped {
    my ($self) = @_;
    open my $users, '>', "$self->{dir}/htpasswd" or die "htpasswd: $!\n";
    print $users "teacher:{SHA}ieSV55Qc+eQOaYDRSha/AjzNTJE=\n";
    close $users or die "htpasswd: $!\n";
    mkdir "$self->{dir}/www";
    return ('run.conf',
        [qw(log_config authn_file auth_basic authz_user reqtimeout)],
        DATA       => $self->{dir},
        PORT       => $self->{port},
        DB_DRIVER  => $self->{db},
        DB_PARAMS  => $self->params,
        AUTH_basic => 1,
        TLS_0      => 1);
}

sub params {
    my ($self) = @_;
    return $self->{db} eq 'pgsql'
        ? "host=$self->{dir} user=bench dbname=postgres"
        : $self->{db} eq 'mysql'
        ? "sock=$self->{dir}/sock,user=root,dbname=bench,fldsz=16777215,"
          . 'flags=CLIENT_FOUND_ROWS,reconnect=0'
        : $self->database;
}

sub go {
    my ($self) = @_;
    my @database = $self->{db} eq 'pgsql'
        ? ('-postgres', "host=$self->{dir} user=bench dbname=postgres sslmode=disable",
           '-connections', 16)
        : ('-sqlite', $self->database, '-connections', 4);
    return [$self->{tools}{peer}, '-listen', "127.0.0.1:$self->{port}",
            @database];
}

# ------------------------------------------------------------------- database

sub database { return "$_[0]{dir}/outcomes.db" }

# SQLite has no server; others have one of this server's own, so that its cost
# can be told.
sub start_database {
    my ($self, $env) = @_;
    $self->start_postgres($env) if $self->{db} eq 'pgsql';
    $self->start_mariadb($env) if $self->{db} eq 'mysql';
}

sub start_postgres {
    my ($self, $env) = @_;
    my ($tools, $dir) = @$self{qw(tools dir)};
    output_of(undef, "$tools->{postgres}/initdb", '-D', "$dir/cluster", '-A',
              'trust', '-E', 'UTF8', '--locale=C', '-U', 'bench', '-N')
        if !-d "$dir/cluster";
    $self->spawn_one(
        $env,
        ["$tools->{postgres}/postgres", '-D', "$dir/cluster", '-k', $dir,
         '-c', 'listen_addresses='],
        sub { eval { $self->sql('SELECT 1') } });
}

# Its directory for temporary tables is its own, too: MariaDB removes what others
# have there.
sub start_mariadb {
    my ($self, $env) = @_;
    my ($tools, $dir) = @$self{qw(tools dir)};
    my @own = ('--no-defaults', "--datadir=$dir/mysql");
    my $is_new = !-d "$dir/mysql";
    output_of(undef, 'mariadb-install-db', @own, '--skip-test-db',
              '--auth-root-authentication-method=normal') if $is_new;
    own_dir("$dir/tmp") if $is_new;
    $self->spawn_one(
        $env,
        [$tools->{mariadb}, @own, "--tmpdir=$dir/tmp", "--socket=$dir/sock",
         "--pid-file=$dir/pid", '--skip-networking'],
        sub { eval { output_of(undef, $self->mariadb('-e', 'SELECT 1')) } });
    output_of(undef, $self->mariadb('-e', 'CREATE DATABASE bench')) if $is_new;
}

sub mariadb {
    my ($self, @rest) = @_;
    return ('mariadb', '--no-defaults', "--socket=$self->{dir}/sock", '-u',
            'root', '-BN', @rest);
}

# The rows that all databases begin with: a copy of an SQLite database, or SQL.
sub fill {
    my ($self, $database, $sql) = @_;
    if ($self->{db} eq 'sqlite3') {
        output_of(undef, 'cp', $database, $self->database);
        return;
    }
    $self->start_database({});
    $self->sql(\$sql);
    $self->stop;
}

# Runs SQL from a string, or a file where \$file is given; returns the rows.
sub sql {
    my ($self, $sql) = @_;
    if ($self->{db} eq 'sqlite3') {
        return output_of(ref $sql ? $$sql : undef, 'sqlite3', '-bail', '-cmd',
                         '.timeout 10000', $self->database,
                         ref $sql ? () : $sql);
    }
    return output_of(ref $sql ? $$sql : undef,
                     $self->mariadb('bench', ref $sql ? () : ('-e', $sql)))
        if $self->{db} eq 'mysql';
    return output_of(undef, 'psql', '-h', $self->{dir}, '-U', 'bench', '-qAt1',
                     '-v', 'ON_ERROR_STOP=1', 'postgres',
                     ref $sql ? ('-f', $$sql) : ('-c', $sql));
}

# ----------------------------------------------------------------------- cost

# Seconds of all processes, those that ended included.
sub cpu {
    my ($self) = @_;
    my $ticks = 0;
    $ticks += $_ for map { @$_[11 .. 14] }
        values %{ tree(@{ $self->{pids} }) };
    return $ticks / $TICKS;
}

# Proportional set size in MiB.
sub memory {
    my ($self) = @_;
    my $kib = 0;
    local $_;
    for my $pid (keys %{ tree(@{ $self->{pids} }) }) {
        open my $in, '<', "/proc/$pid/smaps_rollup" or next;
        /^Pss:\s+(\d+)/ and $kib += $1 while <$in>;
    }
    return $kib / 1024;
}

1;
