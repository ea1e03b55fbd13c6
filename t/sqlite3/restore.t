# A restore into a file of SQLite that is read meanwhile; one that is killed; and one
# into a file with triggers, or with columns in another order.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Tool;
use File::Temp 'tempdir';
use POSIX ();
use Test::More;
use Time::HiRes 'sleep';

my $ROWS = 2000;
my $dir = tempdir(CLEANUP => 1);
my ($live, $backup) = map { "$dir/$_.db" } 'live', 'backup';
my @restore = ('-d', "sqlite3:$live", 'restore', $backup);

sub sql {
    my ($file, $statement) = @_;
    open my $shell, '-|', 'sqlite3', '-bail', '-cmd', '.timeout 10000', $file,
        $statement or die "sqlite3: $!";
    local $/;
    my $out = <$shell> // '';
    close $shell or die "$statement failed\n";
    return $out;
}

# A database whose rows all say the same word.
sub make {
    my ($file, $word, $rows) = @_;
    unlink glob "$file*";
    (tool('-d', "sqlite3:$file", 'schema', 'init'))[0] == 0 or die "no $file\n";
    my $n = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n"
        . " WHERE n < $rows) INSERT INTO";
    my $body = qq('{"displayName":"$word' || hex(zeroblob(200)) || '"}' FROM n);
    sql($file, "BEGIN; $n edu_class (id, body) SELECT 'c' || n, $body;"
        . " $n edu_member (class_id, id, role, body)"
        . " SELECT 'c' || n, 's', 'student', $body;"
        . " $n edu_history (class_id, id, entity, action, at, after_body)"
        . " SELECT 'c' || n, 'c' || n, 'class', 'update', '', $body; COMMIT");
    return;
}

# A view of all tables at one moment: words, and rows.
my $SEEN = 'SELECT (SELECT group_concat(w) FROM ('
    . join(' UNION ', map { "SELECT substr($_->[1], 17, 3) AS w FROM edu_$_->[0]" }
           ['class', 'body'], ['member', 'body'], ['history', 'after_body'])
    . ')), (SELECT count(*) FROM edu_class), (SELECT count(*) FROM edu_member),'
    . ' (SELECT count(*) FROM edu_history)';
sub seen { return sql($live, $SEEN) }
my ($old, $new) = map { join('|', $_->[0], ($_->[1]) x 3) . "\n" }
    ['old', $ROWS], ['new', 2 * $ROWS];

# ------------------------------------------------------------------- readers
make($live, old => $ROWS);
make($backup, new => 2 * $ROWS);
is(seen(), $old, 'there are old rows');
my $pid = fork // die "fork: $!";
if (!$pid) {
    POSIX::_exit((tool(@restore))[0]);
}
my %seen;
do { $seen{ seen() }++ } until waitpid $pid, POSIX::WNOHANG();
is($?, 0, 'a restore succeeds while others read');
$seen{ seen() }++;
is(join('', sort keys %seen), join('', sort $new, grep { $seen{$_} } $old),
   'they see what was there, or what is restored, and no mixture');
is(sql($live, 'PRAGMA integrity_check'), "ok\n", 'the file is sound');

# -------------------------------------------------------------------- killed
# At several moments: once its log grows, rows are on their way.
for my $grown (0, 1e6, 3e6) {
    make($live, old => $ROWS);
    sql($live, 'PRAGMA wal_checkpoint(TRUNCATE)');
    $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';    # as tool() has it
        exec tool_path(), @restore or POSIX::_exit(1);
    }
    my $ended = 0;
    sleep 0.001 until (-s "$live-wal" // 0) > $grown
        or $ended = waitpid $pid, POSIX::WNOHANG();
    if (!$ended) {
        kill KILL => $pid;
        waitpid $pid, 0;
    }
    my $is = seen();
    ok($is eq $old || $is eq $new, "killed after $grown bytes, it has left all"
       . ' as it was, or as it was to be') or diag($is);
    is(sql($live, 'PRAGMA integrity_check'), "ok\n", 'the file is sound');
    is((tool(@restore))[0], 0, 'it may be run again');
    is(seen(), $new, 'and restores all');
}

# --------------------------------------------------------- the database's own
make($live, old => $ROWS);
sql($live, 'CREATE TRIGGER own AFTER INSERT ON edu_member BEGIN UPDATE edu_member'
    . q( SET role = 'teacher' WHERE class_id = NEW.class_id; END));
my ($code, $result) = tool_json(@restore);
is($code, 1, 'a trigger that changes what is restored makes it fail');
like($result->{error}, qr/edu_member differs from .* Nothing was changed/,
     'which is said');
is(seen(), $old, 'nothing was changed');
sql($live, 'DROP TRIGGER own');
sql($live, 'DROP TABLE edu_member; CREATE TABLE edu_member (body TEXT NOT NULL, role'
    . ' TEXT NOT NULL, version TEXT NOT NULL, created TEXT NOT NULL, id TEXT NOT'
    . ' NULL, class_id TEXT NOT NULL, UNIQUE (class_id, id))');
is((tool(@restore))[0], 0, 'columns may have another order');
is(sql($live, 'SELECT DISTINCT id, role FROM edu_member'), "s|student\n",
   'each gets its own');
is(seen(), $new, 'all is restored');
is((tool('-d', "sqlite3:$live", 'restore', $live))[0], 0,
   'a file may be restored from itself');
is(seen(), $new, 'and stays as it is');
done_testing;
