# The tool edu-outcomes where a database makes no difference: how it is called,
# how it finds the database; and from each kind of database to each other.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/../lib";
use Edu::Case 'slurp';
use Edu::Lane;
use Edu::Tool;
use Test::More;

my $vars = lane()->{vars};
my $dir = "$vars->{t_logs}/tool_once";
mkdir $dir or die "$dir: $!";
my $file = "$dir/outcomes.db";
my @tool = ('-d', "sqlite3:$file");
is((tool(@tool, 'schema', 'init'))[0], 0, 'there is a database');
is((stat $file)[2] & 07777, 0640, 'that others cannot read');

# Files that are none of ours: another program's database, and a text.
my ($other, $text) = ("$dir/other.db", "$dir/text");
system('sqlite3', $other, 'CREATE TABLE theirs (id)') == 0 or die;
for ($text, "$text.zip", "$dir/cut.part") {
    open my $out, '>', $_ or die "$_: $!";
    print $out "no database\n" x 100;
    close $out;
}
my $theirs = slurp($other);

# ----------------------------------------------------------------------- calls
# Arguments, the exit status, what standard error says.
for (
    [[], 2, qr/name a command/],
    [['fly'], 2, qr/fly is no command/],
    [['--fly'], 2, qr/invalid option/],
    [['schema'], 2, qr/write: edu-outcomes schema init\|upgrade\|show/],
    [[@tool, 'schema', 'drop'], 2, qr/write: edu-outcomes schema init/],
    [[@tool, 'status', 'now'], 2, qr/write: edu-outcomes status/],
    [[@tool, 'status', '--dry-run'], 2, qr/status takes no option --dry-run/],
    [['-d', 'outcomes.db', 'status'], 2, qr/names no database/],
    [['-d', 'sqlite3:outcomes.db', 'status'], 2, qr/full path/],
    [['-d', 'pgsql:', 'status'], 2, qr/pgsql: names no database.*PARAMS/],
    [['-d', 'oracle:x', 'status'], 2, qr/not supported/],
    [[@tool, 'copy', 'x'], 2, qr/names no database/],
    [['-d', "sqlite3:$dir/none", 'status'], 1, qr/there is no file/],
    [['-d', "sqlite3:$dir/none", 'verify'], 1, qr/there is no file/],
    [['-d', "sqlite3:$dir", 'status'], 1, qr/./],
    [[@tool, 'restore', "$dir/none"], 1, qr/there is no file/],
    [[@tool, 'restore', $file], 0, qr/^$/],
    [[@tool, 'restore', $other], 1,
     qr/\Q$other\E is no backup: it has no tables of edu-outcomes\. Name/],
    [[@tool, 'restore', $text], 1, qr/\Q$text\E cannot be read as a backup: /],
    [['-d', "sqlite3:$other", 'status'], 1,
     qr/the database has no schema.*schema init/],
    [[@tool, 'backup', "$dir/none/backup.db"], 1,
     qr{none/backup\.db\.part cannot be made: No such file or directory}],
    [[@tool, 'backup', "$dir/cut"], 1,
     qr/cut\.part is of a backup that is under way, or was cut off.*remove it/],
    [[@tool, 'export', '-o', "$dir/cut"], 1,
     qr/cut\.part is of an export that is under way, or was cut off.*remove it/],
    [[@tool, 'export', '-o', $file], 1, qr/\Q$file\E exists\. Name another/],
    [[@tool, 'export', '-F', 'oneroster', '-o', $dir], 1,
     qr/\Q$dir\E exists\. Name another/],
    [[@tool, 'erase', '--before', '2999-12-31'], 2,
     qr/2999-12-31 is yet to come, and all classes would/],
    [[@tool, 'anonymize', '--before', '2999-12-31'], 2, qr/is yet to come/],
    [[@tool, 'erase', '--before', '2026-02-30'], 2, qr/2026-02-30 is no day/],
    [[@tool, 'import', '-F', 'oneroster', $text], 1,
     qr/\Q$text\E is neither a folder nor a \.zip/],
    [[@tool, 'import', '-F', 'oneroster', $dir], 1,
     qr/\Q$dir\E has none of users\.csv, classes\.csv, /],
    [[@tool, 'import', '-F', 'oneroster', "$dir/text.zip"], 1,
     qr/unzip cannot read or write \S*text\.zip \(its exit status is 9\)/],
    [[@tool, 'status'], 0, qr/^$/],
    [['-H', "$dir/none", 'status'], 2, qr/cannot be run.*--database/],
    [['-H', 'no-such-apachectl', 'status'], 2, qr/cannot be run.*--database/],
    [['-H', 'false', 'readonly', 'on'], 2,
     qr/refuses the configuration.*name the file by --file/],
    [['-H', 'false', 'status'], 2, qr/refuses the configuration/],
    [['-H', 'true', 'status'], 2, qr/no EduOutcomes On/],
) {
    my ($args, $code, $says) = @$_;
    my ($is, $out, $err) = tool(@$args);
    is($is, $code, "@$args: exit status");
    like($err, $says, "@$args: what it says");
    (my $is_json, my $result) = tool_json(@$args);
    is($is_json, $code, "@$args: the same with --json");
    like($result->{error} // '', $says, "@$args: and in JSON")
        if $err !~ /invalid option/;
}
is(slurp($other) eq $theirs, 1, 'who only looks changes no file');
like((tool('--help'))[1], qr/^  restore FILE$/m, '--help lists commands');
like((tool('restore', '--help'))[1], qr/--dry-run/, 'or tells of one');
like((tool('--version'))[1], qr/^edu-outcomes \d+\.\d+\.\d+$/, 'there is --version');

# What cannot be printed is a failure.
for my $what (['status'], ['verify', '--json'], ['--help']) {
    my $says = `${\ tool_path() } @tool @$what 2>&1 >/dev/full`;
    is($? >> 8, 1, "@$what: a full disk is a failure");
    like($says, qr/the output: No space left/, "@$what: which is said");
}

# A terminal has a progress bar, and a pipe has none.
my $size = `script -qec '${\ tool_path() } @tool verify' /dev/null`;
unlike($size, qr/%/, 'nothing to do has no progress');
system('sqlite3', $file, "INSERT INTO edu_class (id) VALUES ('c')") == 0 or die;
like(`script -qec '${\ tool_path() } @tool verify' /dev/null`,
     qr/edu_class +100% \[#+\]/, 'a terminal has a progress bar');
unlike(`script -qec '${\ tool_path() } @tool verify -q' /dev/null`, qr/%/,
       'but not with --quiet');
is((tool(@tool, 'verify'))[2], '', 'nor has a pipe');

# ------------------------------------------------------------------- read-only
my $closed = "$dir/closed";
for (['show', 0], ['on', 1], ['on', 1], ['show', 1], ['off', 0], ['off', 0]) {
    my ($what, $is) = @$_;
    my ($code, $result) = tool_json('readonly', $what, '--file', $closed);
    is("$code $result->{readOnly} " . (-e $closed ? 1 : 0), "0 $is $is",
       "readonly $what");
}
is((tool('readonly', 'on', '--file', "$dir/none/closed"))[0], 1,
   'a file that cannot be made is a failure');

# --------------------------------------------------------------- configuration
# Apache is asked as it is started.
sub configure {
    my ($lines) = @_;
    open my $conf, '>', "$dir/httpd.conf" or die "httpd.conf: $!";
    print $conf qq(ServerRoot "$vars->{t_dir}"\nServerName localhost\n),
        "Listen 127.0.0.1:1\nPidFile $dir/pid\nErrorLog $dir/error_log\n",
        qq(Include "$Bin/../../modules.conf"\n), $lines;
    close $conf;
}
my @ask = ('-H', $vars->{httpd}, '-c', "$dir/httpd.conf");
open my $more, '>', "$dir/more.conf" or die "more.conf: $!";
print $more "DBDriver sqlite3\nDBDParams $file\n";
close $more;
my $mount = "EduOutcomes On\n EduOutcomesAccess none\n";
configure("Include $dir/more.conf\n<Location /v1.0>\n $mount</Location>\n");
my ($code, $result) = tool_json(@ask, 'status');
is($code, 0, 'the configuration names the database')
    or diag($result->{error});
is($result->{file}, $file, 'also in a file that is included');
is((tool(@ask, 'status'))[2], '', 'and Apache says no word');
configure("Include $dir/more.conf\n<Location /v1.0>\n $mount</Location>\n"
    . "<VirtualHost *:1>\n DBDParams $dir/other.db\n"
    . " <Location /v1.0>\n  $mount </Location>\n</VirtualHost>\n");
($code, $result) = tool_json(@ask, 'status');
is($code, 2, 'of two, it takes none');
like($result->{error}, qr/has 2 of these.*--database/, 'which is said');
($code, $result) = tool_json(@ask, 'readonly', 'show');
is($code, 2, 'there may be no file');
like($result->{error}, qr/EduOutcomesReadOnly/, 'which is said, too');
configure("Include $dir/more.conf\nEduOutcomesFly\n");
like((tool(@ask, 'status'))[2], qr/'EduOutcomesFly'.*\n.*refuses/,
     'but why it refuses');
configure("Include $dir/more.conf\nEduOutcomesReadOnly $closed\n"
    . "<Location /v1.0>\n $mount</Location>\n");
for (['on', 1], ['show', 1], ['off', 0]) {
    my ($what, $is) = @$_;
    ($code, $result) = tool_json(@ask, 'readonly', $what);
    is("$code $result->{readOnly} " . (-e $closed ? 1 : 0), "0 $is $is",
       "readonly $what of the file that the configuration names");
}

# ------------------------------------------------------- from each kind to each
my %at = (sqlite3 => $dir);
for my $db ('pgsql', 'mysql') {
    next if system("$ENV{EDU_DATABASES} $db has 2>/dev/null");
    $at{$db} = "$dir/$db";
    mkdir $at{$db} or die "$db: $!";
    # a path that is short enough for a socket
    system($ENV{EDU_DATABASES}, $db, 'start', $at{$db}) == 0
        or die "no server of $db\n";
}
END {
    my $status = $?;
    for (grep { $_ ne 'sqlite3' } keys %at) {
        system $ENV{EDU_DATABASES}, $_, 'stop', $at{$_};
    }
    $? = $status;
}
my $long = 'x' x 20_000;
my $odd = q{"''\\n\\u0001%s%d\\\\ä€𝄞 "};
open my $sql, '|-', 'sqlite3', '-bail', $file or die "sqlite3: $!";
print $sql <<"END";
DELETE FROM edu_class;
INSERT INTO edu_class (id, body) VALUES ('c ä', '{"displayName":$odd}'), ('C ä', '{}');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203)
    INSERT INTO edu_outcome SELECT 'c' || i % 3, 'a' || i % 2, 's' || i % 7,
    'O' || i, '', 'educationOutcome', '00000000000000' || (10 + i % 90),
    '{"x":"' || CASE i % 100 WHEN 0 THEN '$long' ELSE 'y' END || '"}',
    CASE i % 2 WHEN 0 THEN '0000000000000001' ELSE '' END, '{}' FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
    INSERT INTO edu_history (seq, class_id, id, action, at, before_body)
    SELECT i * 3, 'c', 'o' || i, 'update', '', '$long' FROM n WHERE i % 10 = 0
    UNION ALL SELECT i * 3 + 1, 'c', 'o' || i % 4, 'update', '', '' FROM n;
INSERT INTO edu_read (seq, at) VALUES (7, '0000000000000001');
INSERT INTO edu_secret VALUES (1, 'secret');
END
close $sql or die "sqlite3 failed\n";

sub digests {
    my ($result) = @_;
    return { map { $_->{table} => $_->{digest} } @{ $result->{tables} } };
}
my (undef, $first) = tool_json(@tool, 'backup', "$dir/backup.db");

# What is cut off, here for its size, does not look complete.
for my $what (['backup'], ['export', '--history', '-o']) {
    system 'prlimit', '--fsize=65536', '--core=0', tool_path(), @tool, @$what,
        "$dir/half";
    isnt($?, 0, "@$what: it is cut off");
    is(-e "$dir/half" ? 1 : 0, 0, "@$what: and its file has no name yet");
    unlink glob "$dir/half*";
}
is((tool(@tool, 'export', '--history', '-o', "$dir/all"))[0], 0,
   'a whole export succeeds');
is(join(' ', map { s{.*/}{}r } glob "$dir/all*"), 'all', 'and has its name');
my $n = 0;
for my $from (sort keys %at) {
    my $source = make_database($from, $at{$from}, "from$n");
    is((tool(@tool, 'copy', $source))[0], 0, "there is something in $from");
    for my $to (sort keys %at) {
        my $target = make_database($to, $at{$to}, 'to' . $n++);
        my ($code, $result) = tool_json('-d', $source, 'copy', $target);
        is($code, 0, "from $from to $to: it is copied")
            or diag($result->{error});
        is_deeply(digests($result), digests($first),
                  "from $from to $to: and is the same");
    }
}
done_testing;
