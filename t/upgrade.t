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
my $schema = slurp("$Bin/../schema/$db.sql");
my ($ours) = $schema =~ /VALUES \(1, '([\d.]+)'\)/;
my ($major) = $ours =~ /^(\d+)/;

sub create { return request(POST => $collection, [$JSON_TYPE], '{}') }

sub version {
    my ($version) = split /\n/, sql('SELECT version FROM edu_schema');
    return $version;
}

# Httpd anew, over a database with no more than this in it.
sub restart_over {
    my ($statements, $policy) = @_;
    stop_server();
    drop_tables();
    sql($statements) if $statements;
    open my $conf, '>>', "$Bin/conf/database.conf" or die "database.conf: $!";
    print $conf "EduOutcomesSchema $policy\n";
    close $conf;
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

# What one of an earlier version left.
sub left_by {
    my ($dir) = @_;
    return join '', map { slurp($_) } grep { -e } "$dir/$db.sql",
        "$dir/rows.sql";
}

# From nothing, and from what modules of earlier versions left.  That of our own
# major version is served as it is.
my $mark;
for my $from ('', map { dirname $_ } glob "$Bin/data/upgrade/*/$db.sql") {
    my $what = $from ? basename $from : 'nothing';
    my $old = $from && left_by($from);
    my ($was) = $old =~ /VALUES \(1, '(.*?)'\)/;
    my $suffices = ($was // '') =~ /^$major/;

    for my $policy ('manual', 'auto') {
        $mark = log_mark();
        ok(restart_over($old, $policy), "$policy, from $what: httpd starts");
        if ($policy eq 'manual') {
            if ($suffices) {
                serves("$what as it is");
                run_case($from);
            }
            else {
                is(create()->{status}, 503, "$what is not served");
                ok(log_await($mark, "EDU000[27]: .* Load schema/$db.sql"),
                   'the log says what is to be done');
            }
            is(version(), $was, 'nothing was done') if $from;
            sql($schema);
        }
        serves("$policy, from $what");
        is(version(), $ours, 'and it is of our version');
        is(number_of($_), 1, "with $_") for qw(edu_member_class edu_member_role);
        run_case($from) if $from && !($suffices && $policy eq 'manual');
    }
}

my $two = left_by("$Bin/data/upgrade/version-2");

# Killed before it was over, it has not begun.
if ($can_undo) {
    restart_over($two, 'manual');
    sql($schema =~ /(.*)^COMMIT;/ms);
    crash_shell();
    serves('an upgrade that was killed');
    is(version(), '2', 'has not begun');
    is(number_of('edu_member_class'), 0, 'and left nothing');
    sql($schema);
    is(version(), $ours, 'the next one succeeds');
}

# The last statement fails, and with it all before, where they can be undone.
$mark = log_mark();
restart_over('CREATE TABLE edu_schema (one INTEGER PRIMARY KEY)', 'auto');
is(create()->{status}, 503, 'an upgrade fails half-way');
ok(log_await($mark, 'EDU000[27]: .*cannot create the schema'),
   'the log says so');
is(number_of('edu_class'), 0, 'and nothing of it is left') if $can_undo;
sql('DROP TABLE edu_schema');
serves('the next one succeeds');

# What only makes requests faster is in nobody's way if it fails.
$mark = log_mark();
restart_over($two =~ s/(?<=CHECK [(]one = 1)/ AND version = '2'/r, 'auto');
ok(log_await($mark, 'EDU0007: .*cannot create the schema'),
   'an upgrade fails that is not needed');
serves('without it');
is(version(), '2', 'which is as it was');
is(number_of('edu_member_class'), 0, 'and lacks what it lacked') if $can_undo;
sql('DROP TABLE edu_schema');
stop_server();
start_server();
serves('the next start');
is(version(), $ours, 'adds it');

# All connections find that there is nothing, and set about it.
for (1 .. 5) {
    drop_tables();
    serves("race $_");
    is(version(), $ours, 'and it ends well');
}

# Newer nodes add to what we know while we serve, be it an index of a roster that
# is large.
restart_over($two, 'manual');
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
is(join(' ', keys %statuses), 'fine', 'what is added is not noticed');
stop_server();
start_server();
serves('a later version');
is(version(), $later, 'it is not put back');
sql($schema);
is(version(), $later, 'nor by our file');

# What else changes is not for us.
my $next = $major + 1;
sql("UPDATE edu_schema SET version = '$next'");
stop_server();
$mark = log_mark();
start_server();
is(create()->{status}, 503, 'a version that is not ours is refused');
ok(log_await($mark, "EDU000[27]: .* has schema version $next, .* works with"
             . " version $major. Use the module that belongs to the database"),
   'the log says so');
is(version(), $next, 'and it is left alone');
sql("UPDATE edu_schema SET version = '$ours'");
serves('one that is ours, without a restart');
done_testing;
