package Edu::Database;

# The database below the httpd under test, as somebody else meets it: a shell on
# it, and its server.  t/driver tells which it is; t/databases starts it.

use strict;
use warnings;
use Edu::Server;
use Exporter 'import';
use IPC::Open2 'open2';

our @EXPORT = qw(database sql drop_tables lock_tables unlock_tables
    crash_shell kill_connections start_database stop_database);

my @TABLES = map { "edu_$_" } qw(class member assignment submission outcome);

# What differs.
#   begin     what the shell is told first
#   lock      nobody can write from here on, until
#   unlock
#   locked    what the error log says of it
#   kill      ends all connections but ours
#   sound     a query, and what it answers if the outcomes are in order
#   written   a query whose answer changes when another has written
#   stops     the ways in which its server can be stopped
my %DATABASE = (
    sqlite3 => {
        begin  => '.timeout 5000',
        lock   => 'BEGIN EXCLUSIVE',
        unlock => 'ROLLBACK',
        locked => 'locked',
        sound  => ['PRAGMA integrity_check', qr/^ok$/],
        written => 'PRAGMA data_version',
    },
    pgsql => {
        begin  => 'SET client_min_messages = warning',
        lock   => 'BEGIN; LOCK TABLE ' . join(', ', @TABLES, 'edu_read')
            . ' IN EXCLUSIVE MODE',
        unlock => 'ROLLBACK',
        locked => 'lock timeout',
        sound  => ['SELECT count(*) = count(DISTINCT (class_id, assignment_id,'
                   . ' submission_id, id)) FROM edu_outcome', qr/^t$/],
        stops  => ['fast', 'immediate'],
        kill   => 'SELECT count(pg_terminate_backend(pid))'
            . ' FROM pg_stat_activity WHERE datname = current_database()'
            . ' AND pid <> pg_backend_pid()',
    },
    mysql => {
        lock   => 'LOCK TABLES ' . join(', ', map { "$_ READ" } @TABLES,
                                         'edu_read'),
        unlock => 'UNLOCK TABLES',
        locked => 'Lock wait timeout',
        sound  => ['CHECK TABLE edu_outcome', qr/\tOK$/],
        stops  => ['TERM', 'KILL'],
    },
);

sub database { return { %{ $DATABASE{ $ENV{EDU_DB} } }, name => $ENV{EDU_DB} } }

sub command {
    my ($what, @more) = @_;
    return ($ENV{EDU_DATABASES}, $ENV{EDU_DB}, $what, $ENV{EDU_DB_DIR}, @more);
}

my ($pid, $out, $in);

# Runs statements in the one shell that a test has; returns what it printed.
sub sql {
    my ($statement) = @_;
    if (!$pid) {
        $pid = open2($out, $in, command('shell', $ENV{EDU_DB_NAME}));
        $in->autoflush;
        sql(database()->{begin}) if database()->{begin};
    }
    $statement .= ';' if $statement !~ /^\.|;\s*\z/;
    print {$in} "$statement\nSELECT 'edu done';\n";
    my $text = '';
    while (defined(my $line = <$out>)) {
        return $text if $line eq "edu done\n";
        $text .= $line;
    }
    die "the shell of $ENV{EDU_DB} is gone\n";
}

sub drop_tables {
    sql("DROP TABLE IF EXISTS $_")
        for @TABLES, qw(edu_history edu_read edu_repeat edu_schema);
}

sub lock_tables { sql(database()->{lock}) }
sub unlock_tables { sql(database()->{unlock}) }

# As an administrator would, or a failover.
sub kill_connections {
    return sql(database()->{kill}) if database()->{kill};
    my @ids = split ' ', sql('SELECT id FROM information_schema.processlist'
        . ' WHERE db = database() AND id <> connection_id()');
    # one that has gone by itself meanwhile is error 1094
    sql(join "\n", 'DELIMITER //', 'BEGIN NOT ATOMIC',
        'DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;',
        (map { "KILL CONNECTION $_;" } @ids), 'END//', 'DELIMITER ;');
}

# Not by the end of its input, which those may hold open whom a test forked.
sub leave {
    my ($signal) = @_;
    return if !$pid;
    kill $signal // 'TERM', $pid;
    waitpid $pid, 0;
    $pid = undef;
}

# Kills the shell in the middle of its work; the next statement has another.
sub crash_shell { leave('KILL') }

# The shell does not survive it.
sub stop_database {
    my (@mode) = @_;
    leave();
    return system(command('stop', @mode)) == 0;
}

sub start_database { return system(command('start')) == 0 }

END {
    my $status = $?;
    leave();
    $? = $status;
}

1;
