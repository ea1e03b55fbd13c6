# A database of another version than the module's: an earlier one has to be
# upgraded; a later one may have been, beneath us, by nodes that are newer.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case;
use Edu::Database;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Wire;
use File::Basename qw(basename dirname);
use Test::More;
use Time::HiRes 'sleep';

my $CLIENTS = $ENV{EDU_MPM} eq 'prefork' ? 6 : 16;
my $collection =
    '/v1.0/education/classes/upgrade/assignments/a/submissions/s/outcomes';
my $JSON_TYPE = ['Content-Type', 'application/json'];
my $db = database()->{name};
my $schema = slurp("$Bin/../conf/schema/$db.sql");
my $columns = join '', map { slurp($_) } grep { -e } "$Bin/../conf/schema/$db-2.sql";
my ($ours) = $schema =~ /VALUES \(1, '([\d.]+)'\)/;
my ($major) = $ours =~ /^(\d+)/;

sub create { return request(POST => $collection, [$JSON_TYPE], '{}') }

sub version {
    my ($version) = split /\n/, sql('SELECT version FROM edu_schema');
    return $version;
}

# The last directive holds.
sub policy {
    my ($policy) = @_;
    open my $conf, '>>', "$Bin/conf/database.conf" or die "database.conf: $!";
    print $conf "EduOutcomesSchema $policy\n";
    close $conf;
}

# Httpd anew, over a database with no more than this in it.
sub restart_over {
    my ($statements, $policy) = @_;
    stop_server();
    drop_tables();
    sql($statements) if $statements;
    policy($policy);
    return start_server();
}

# Httpd anew, over the same database, which it may change.
sub restart_auto {
    stop_server();
    policy('auto');
    return start_server();
}

# So many at once that every connection is used.
sub serves {
    my ($what) = @_;
    is(join(' ', crowd($CLIENTS, sub { create()->{status} })),
       join(' ', (201) x $CLIENTS), "$what: all connections serve");
}

# How a database is asked for tables and indexes by name.
my %NAMED = (
    sqlite3 => 'sqlite_master WHERE name',
    pgsql   => 'pg_class WHERE relname',
    mysql   => 'information_schema.statistics WHERE seq_in_index = 1'
        . ' AND table_schema = database() AND index_name',
);
my $can_undo = $db ne 'mysql';

sub number_of { return 0 + sql("SELECT count(*) FROM $NAMED{$db} = '$_[0]'") }

# The statements that make the database of an earlier version.
sub left_by {
    my ($dir) = @_;
    return join '', map { slurp($_) } grep { -e } "$dir/$db.sql",
        "$dir/rows.sql";
}

# As an administrator loads the files.
sub load {
    my ($was) = @_;
    sql($columns) if $was && $was < 3 && $columns;
    sql($schema);
}

# The database is empty, or of an earlier version.
my $mark;
for my $from ('', map { dirname $_ } glob "$Bin/data/upgrade/*/$db.sql") {
    my $what = $from ? basename $from : 'nothing';
    my $old = $from && left_by($from);
    my ($was) = $old =~ /VALUES \(1, '(.*?)'\)/;

    for my $policy ('manual', 'auto') {
        $mark = log_mark();
        ok(restart_over($old, $policy), "$policy, from $what: httpd starts");
        if ($policy eq 'manual' && $was && $was =~ /^$major\b/) {
            is(create()->{status}, 201, "$what is served as it is");
            is(version(), $was, 'the version stays with manual');
            load($was);
        }
        elsif ($policy eq 'manual') {
            is(create()->{status}, 503, "$what is not served");
            ok(log_await($mark, "EDU000[27]: .* Load .*schema/$db.sql"),
               'the log names the schema file to load');
            is(version(), $was, 'the version stays with manual') if $from;
            load($was);
        }
        serves("$policy, from $what");
        is(version(), $ours, 'the database has our version');
        is(number_of($_), 1, "the database has the index $_")
            for qw(edu_member_class edu_member_role edu_history_class
                   edu_history_row);
        is(number_of('edu_history_of'), 0, 'and not the one that it had');
        run_case($from) if $from;
    }
}

# Killed before it was over, it has not begun where that can be undone, and goes
# on elsewhere.
my $two = left_by("$Bin/data/upgrade/version-2");
my @steps = $schema =~ /(.*?;\n)/gs;
for my $step (grep { $steps[$_] =~ /^(?:ALTER|UPDATE|INSERT)/m } 0 .. $#steps) {
    my ($name) = $steps[$step] =~ /^([A-Z].*)/m;
    restart_over($two, 'manual');
    sql($columns) if $columns;
    sql(join '', @steps[0 .. $step]);
    crash_shell();
    is(number_of('edu_member_class'), $can_undo ? 0 : 1,
       "killed after '$name': an index is there where nothing is undone");
    is(version(), $name =~ /^INSERT/ && !$can_undo ? $ours : '2',
       'the version is the last to come');
    restart_auto();
    serves("an upgrade that was killed after '$name'");
    is(version(), $ours, 'it is upgraded by the next start');
    run_case("$Bin/data/upgrade/version-2");
}

# The last statement fails, and with it all before, where they can be undone.
$mark = log_mark();
restart_over('CREATE TABLE edu_schema (one INTEGER PRIMARY KEY)', 'auto');
is(create()->{status}, 503,
   'a write gets 503 after an upgrade that failed half-way');
ok(log_await($mark, 'EDU000[27]: .*cannot create the schema'),
   'the log says that the schema cannot be created');
is(number_of('edu_class'), 0, 'a failed upgrade leaves no table') if $can_undo;
sql('DROP TABLE edu_schema');
serves('a start after a failed upgrade');

# The upgrade succeeds once the cause has gone.
$mark = log_mark();
restart_over($two =~ s/(?<=CHECK [(]one = 1)/ AND version = '2'/r, 'auto');
is(create()->{status}, 503, 'a write gets 503 where the version cannot be set');
ok(log_await($mark, 'EDU000[27]: .*cannot create the schema'),
   'the log says that the schema cannot be upgraded');
is(version(), '2', 'the version stays');
is(number_of('edu_member_class'), 0, 'no index is left of the failed upgrade')
    if $can_undo;
sql('DROP TABLE edu_schema');
serves('a database that can be upgraded again');
is(version(), $ours, 'it has our version');

# All connections find that there is nothing, and set about it.
for (1 .. 5) {
    drop_tables();
    serves("race $_");
    is(version(), $ours, 'the race leaves our version');
}

# Newer nodes add to what we know while we serve, be it an index of a roster that
# is large.
restart_over($schema, 'manual');
sql("INSERT INTO edu_member (class_id, id, role) WITH RECURSIVE n(i) AS (SELECT 1"
    . ' UNION ALL SELECT i + 1 FROM n WHERE i < 300)'
    . " SELECT a.i, b.i, 'student' FROM n a, n b");
my $path = path_of(create());
my $submission =
    submission(assignment(class('upgrade-live', 'ada'), 'a'), 's', 'ada');
my %request = (
    POST  => \&create,
    GET   => sub { request(GET => $path) },
    LIST  => sub { request(GET => "$collection?\$top=5") },
    PATCH => sub { request(PATCH => $path, [$JSON_TYPE], '{}') },
    GRADE => sub { ask('teacher', PATCH => "$submission/outcomes/$POINTS",
                       { points => { points => 1 } }) },
    BOOK  => sub { ask('teacher', GET => "$submission?\$expand=outcomes") },
    MINE  => sub { request(GET => '/v1.0/education/me/assignments') },
);
my $later = "$major.9";
my %statuses = map { $_ => 1 } crowd($CLIENTS, sub {
    my ($number, $running) = @_;
    my @kinds = sort keys %request;
    my %seen;
    for (my $i = $number; $running->(); $i++) {
        my $kind = $kinds[$i % @kinds];
        my $answer = $request{$kind}->();
        $seen{ $answer->{status} =~ /^20[01]$/ ? 'fine'
               : "$kind $answer->{status} $answer->{body}" }++;
    }
    return keys %seen;
}, sub {
    for ($schema,
         'ALTER TABLE edu_outcome ADD COLUMN later INTEGER NOT NULL DEFAULT 0',
         'CREATE INDEX edu_outcome_later ON edu_outcome (later)',
         'ALTER TABLE edu_submission ADD COLUMN later INTEGER DEFAULT 1',
         'CREATE TABLE edu_later (id INTEGER)',
         "UPDATE edu_schema SET version = '$later'") {
        sleep 0.3;
        sql($_);
    }
    sleep 0.3;
});
is(join(' ', keys %statuses), 'fine',
   'no request notices added columns, indexes and tables');
stop_server();
start_server();
serves('a later version');
is(version(), $later, 'a start does not put the version back');
sql($schema);
is(version(), $later, 'our file does not put the version back');

# A database of another major version is refused.
my $next = $major + 1;
sql("UPDATE edu_schema SET version = '$next'");
stop_server();
$mark = log_mark();
start_server();
is(create()->{status}, 503, 'a write gets 503 over another major version');
ok(log_await($mark, "EDU000[27]: .* has schema version $next, .* works with"
             . " version $major. Use the module that belongs to the database"),
   'the log names both versions');
is(version(), $next, 'the other version is left as it is');
sql("UPDATE edu_schema SET version = '$ours'");
serves('our version, without a restart');
ok(restart_over('', 'auto'), 'the server is as before');
done_testing;
