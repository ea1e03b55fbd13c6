# The administrator's tool, edu-outcomes, over the database of a server that goes
# on: status, verify, backup, restore, copy, history.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Database;
use Edu::Lane;
use Edu::Log;
use Edu::School;
use Edu::Server;
use Edu::Tool;
use Edu::Wire;
use Test::More;

my $vars = lane()->{vars};
my $db = $ENV{EDU_DB};
my $dir = "$vars->{t_logs}/tool";
my $own = "$vars->{t_conf}/own.conf";
my $database = make_database($db, $ENV{EDU_DB_DIR}, 'tool');
my @tool = ('--database', $database);
$ENV{EDU_DB_NAME} = 'tool';    # for sql()
mkdir $dir or die "$dir: $!";

# The server of the suite, over that database.
sub serve_from {
    my ($params) = $_[0] =~ /:(.*)/s;
    stop_server();
    open my $conf, '>', $own or die "$own: $!";
    print $conf qq(DBDParams "$params"\n);
    close $conf;
    return start_server();
}

# The rows of each table that a result tells of.
sub rows { return { map { $_->{table} => $_->{rows} } @{ $_[0]{tables} } } }

# ------------------------------------------------------------ before a server
my ($code, $result) = tool_json(@tool, 'status');
is($code, 1, 'status of a database that has no schema fails');
if ($db eq 'sqlite3') {
    like($result->{error}, qr/there is no file .*schema init/, 'and says why');
}
else {
    is($result->{usable}, JSON::PP::false, 'and says why');
}
is((tool(@tool, 'backup', "$dir/none.db"))[0], 1, 'it cannot be backed up');
ok(!-e "$dir/none.db" && !-e "$dir/none.db.part", 'which leaves no file');
my ($shown, $statements) = tool(@tool, 'schema', 'show');
like($statements, qr/^CREATE TABLE IF NOT EXISTS edu_outcome .*;$/m,
     'schema show prints statements');
($code, $result) = tool_json(@tool, 'schema', 'init');
is($code, 0, 'schema init makes it');
is($result->{usable}, JSON::PP::true, 'the database is of use then');
is((tool(@tool, 'schema', 'upgrade'))[0], 0, 'schema upgrade may be repeated');

# -------------------------------------------------------------------- in order
log_expect("EDU0002: .* 503 ");
ok(serve_from($database), 'the server starts');
my $class = class('tool', map { "s$_" } 1 .. 3);
my $assignment = assignment($class, 'a');
for (1 .. 3) {
    my $submission = submission($assignment, "s$_");
    must('teacher', PATCH => "$submission/outcomes/$POINTS",
         { points => { points => 40 + $_ } });
    must('teacher', PATCH => "$submission/outcomes/$FEEDBACK", { feedback =>
        { text => { content => "\x{e4}'\\\n\%s", contentType => 'text' } } })
        if $_ > 1;
    must('teacher', POST => "$submission/return") if $_ > 2;
}
# The submissions of what is published are the server's own.
my $published = must('teacher', POST => "$class/assignments",
                     { displayName => 'b' })->{id};
must('teacher', POST => "$class/assignments/$published/publish", {});
my (undef, @server) =
    collect('teacher', "$class/assignments/$published/submissions");
my $first = $server[0];
@server = map { $_->{id} } @server;
must('teacher', POST =>
     "$class/assignments/$published/submissions/$first->{id}/return");
my $open = "$class/assignments/open/submissions/s/outcomes";
# longer than what is read together with other rows
must('teacher', POST => $open, { '@odata.type' =>
    '#microsoft.graph.educationFeedbackOutcome', feedback =>
    { text => { content => "long'" x 10_000, contentType => 'text' } } });
my $gone = path_of(request(POST => "/v1.0/education$open",
    [['Content-Type', 'application/json'], ['Idempotency-Key', '"tool"']], '{}'));
must('teacher', DELETE => $gone);
# Two with a history: created, changed twice, deleted, restored.
my (@lived, %numbers);
my $said = sub { return { '@odata.type' =>
    '#microsoft.graph.educationFeedbackOutcome', feedback =>
    { text => { content => "$_[0]", contentType => 'text' } } } };
for (1 .. 2) {
    my $id = must('teacher', POST => $open, $said->(0))->{id};
    must('teacher', PATCH => "$open/$id", $said->($_)) for 1 .. 2;
    my (undef, $version) = collect('teacher', "$open/$id/versions");
    must('teacher', DELETE => "$open/$id");
    must('teacher', POST => "$open/$id/versions/$version->{id}/restoreVersion");
    push @lived, $id;
    $numbers{$id} = [split ' ', sql("SELECT seq FROM edu_history WHERE"
                                    . " id = '$id' ORDER BY seq")];
}
# The oldest records may go, which the history tells.
sql("INSERT INTO edu_history (action, at) VALUES ('pruned', '0000000000000001')");
sql("DELETE FROM edu_history WHERE seq = $_") for @{ $numbers{$lived[1]} }[0, 1];
# Rows that go with a class, an assignment or a submission are no fault, either.
my $goner = class('goner', 's1');
for my $below (map { assignment($goner, $_) } 'a', 'b') {
    must('teacher', PATCH => submission($below, 's1') . "/outcomes/$POINTS",
         { points => { points => 1 } });
}
must('app', DELETE => $_) for "$goner/assignments/a/submissions/s1",
    "$goner/assignments/b", $goner;
my $graded = "$assignment/submissions/s1/outcomes/$POINTS";
my $etag = header(ask('teacher', GET => $graded), 'ETag');
my $delta = must('app', GET => "$class/outcomes/delta")->{'@odata.deltaLink'};

($code, $result) = tool_json(@tool, 'status');
is($code, 0, 'status succeeds');
is($result->{driver}, $db, 'it tells the driver');
my %there = %{ rows($result) };
is("@there{qw(edu_class edu_member edu_assignment edu_submission)}", '1 4 2 6',
   'it counts rows');
cmp_ok($result->{logBytes}, '>', 0, 'it tells the size of the log')
    if $db eq 'sqlite3';

($code, $result) = tool_json(@tool, 'verify');
is($code, 0, 'verify succeeds') or diag(explain($result));
is_deeply($result->{faults}, [], 'what the server wrote has no faults');
cmp_ok($result->{rows}, '>=', $there{edu_outcome} + $there{edu_history},
       'all rows were looked at');

($code, $result) = tool_json(@tool, 'history', 'tool', 'a', 's3');
is($code, 0, 'history succeeds');
is(join(', ', map { "$_->{action} $_->{entity}" } @{ $result->{records} }),
   'create submission, update outcome, update outcome, return submission,'
   . ' return outcome, return outcome, return outcome',
   'it tells of a submission and its outcomes');
($code, $result) = tool_json(@tool, 'history', 'tool', 'a', 's1', $POINTS);
my ($record) = @{ $result->{records} };
is(scalar @{ $result->{records} }, 1, 'or of one outcome');
is("$record->{user} $record->{student} $record->{address}",
   'teacher s1 127.0.0.1', 'it tells who did it, whose it is, from where');
is($record->{document}{points}{points}, 41, 'and has the document');

# -------------------------------------------------------------- backup, faults
my $backup = "$dir/backup.db";
($code, $result) = tool_json(@tool, 'backup', $backup);
is($code, 0, 'backup succeeds');
my %backed_up = map { $_->{table} => $_->{digest} } @{ $result->{tables} };
%there = %{ rows($result) };    # a process that begins to write marks the history
is((stat $backup)[2] & 07777, 0640, 'others cannot read the file');
ok(!-e "$backup.part" && !-e "$backup-wal", 'it is one file');
($code, $result) = tool_json(@tool, 'backup', $backup);
is($code, 1, 'an existing file is not overwritten');
like($result->{error}, qr/\Q$backup\E exists/, 'which is said');
is((tool('-d', "sqlite3:$backup", 'verify'))[0], 0, 'it has no faults');

# Each plants a fault: the statement, and where verify has to find it.
my $of = sub { "class_id = 'tool' AND assignment_id = 'a'"
               . " AND submission_id = '$_[0]' AND id = '$_[1]'" };
my $outcome = sub { 'UPDATE edu_outcome SET ' . $_[1] . ' WHERE '
                    . $of->($_[0], $POINTS) };
my $into = sub { my ($table, %row) = @_;
    return "INSERT INTO edu_$table (" . join(', ', sort keys %row)
        . ') VALUES (' . join(', ', map { "'$row{$_}'" } sort keys %row) . ')';
};
my $last = '(SELECT seq FROM (SELECT max(seq) AS seq FROM edu_history) h)';
my @faults = (
    ["UPDATE edu_class SET body = '{\"displayName\":5}' WHERE id = 'tool'",
     'edu_class tool body displayName', 'edu_class tool body'],
    [q{UPDATE edu_submission SET body = '{"status":"returned"}'}
     . q{ WHERE class_id = 'tool' AND id = 's1'}, 'edu_submission tool/a/s1 body'],
    ["DELETE FROM edu_assignment WHERE class_id = 'tool' AND id = '$published'",
     "edu_assignment tool/$published id",
     map { "edu_submission tool/$published/$_ assignment_id" } @server],
    [$into->('class', id => '..'), 'edu_class .. id'],
    ["UPDATE edu_member SET version = 'x' WHERE id = 's1'",
     'edu_member tool/s1 version'],
    [$into->('member', class_id => 'nowhere', id => 'u', role => 'student'),
     'edu_member nowhere/u class_id'],
    [$into->('member', class_id => 'tool', id => 'u', role => 'student',
             body => '[]'), 'edu_member tool/u body'],
    [$into->('assignment', class_id => 'nowhere', id => 'a'),
     'edu_assignment nowhere/a class_id'],
    [$into->('assignment', class_id => 'tool', id => 'b',
             body => '{"grading":{"maxPoints":"ten"}}'),
     'edu_assignment tool/b body grading/maxPoints'],
    [$into->('submission', class_id => 'tool', assignment_id => 'nowhere',
             id => 's', user_id => 'u'),
     'edu_submission tool/nowhere/s assignment_id'],
    [$into->('submission', class_id => 'tool', assignment_id => 'a',
             id => 't', user_id => '', modified_by => 'x'),
     'edu_submission tool/a/t user_id', 'edu_submission tool/a/t modified_by'],
    [$outcome->('s1', "body = 'x'"), "edu_outcome tool/a/s1/$POINTS body",
     "edu_outcome tool/a/s1/$POINTS body"],
    [$outcome->('s2', q{body = REPLACE(body, '"points":42', '"points":43')}),
     "edu_outcome tool/a/s2/$POINTS body"],
    [$outcome->('s3', q{shown = REPLACE(shown, '"points":43', '"points":-1'),}
                . " type = 'educationFeedbackOutcome'"),
     "edu_outcome tool/a/s3/$POINTS body \@odata.type",
     "edu_outcome tool/a/s3/$POINTS shown publishedPoints/points",
     "edu_outcome tool/a/s3/$POINTS shown \@odata.type"],
    ["UPDATE edu_outcome SET version = '00000000000000ff', shown = '{}' WHERE "
     . $of->('s2', $FEEDBACK),
     "edu_outcome tool/a/s2/$FEEDBACK body \@odata.etag",
     "edu_outcome tool/a/s2/$FEEDBACK shown"],
    ['DELETE FROM edu_outcome WHERE ' . $of->('s3', $FEEDBACK),
     "edu_outcome tool/a/s3/$FEEDBACK id"],
    [$into->('outcome', class_id => 'tool', assignment_id => 'open',
             submission_id => 's', id => ($gone =~ m{([^/]+)$})[0],
             created => '', type => 'educationOutcome', version => '',
             body => '{"@odata.type":"#microsoft.graph.educationOutcome",'
             . '"@odata.etag":"","id":"x"}'),
     "edu_outcome tool/open/s/GONE body id",
     "edu_outcome tool/open/s/GONE body \@odata.etag",
     "edu_outcome tool/open/s/GONE id"],
    [$into->('history', class_id => 'tool', action => '', at => 'soon',
             entity => 'grade', after_body => '7'),
     map { "edu_history LAST $_" } qw(entity action at after_body)],
    [$into->('history', class_id => 'tool', assignment_id => 'a',
             submission_id => 's9', id => 'o', entity => 'outcome',
             action => 'update', at => '', version => '0000000000000002'),
    ],
    [$into->('history', class_id => 'tool', assignment_id => 'a',
             submission_id => 's9', id => 'o', entity => 'outcome',
             action => 'update', at => '', version => '0000000000000001'),
     'edu_history tool/a/s9/o/LAST version'],
    [$into->('history', class_id => 'tool', assignment_id => 'a',
             submission_id => 's9', id => 'o', entity => 'outcome',
             action => 'update', at => '', version => '0000000000000003',
             before_body => '{"other":1}'),
     'edu_history tool/a/s9/o/LAST before_body'],
    # not of one row, though they read alike
    map({ [$into->('history', class_id => 'tool', assignment_id => 'a',
                   submission_id => $_->[0], id => $_->[1], entity => 'outcome',
                   action => 'update', at => '', version => $_->[2])] }
        ['t', 'u v', '0000000000000002'], ['t u', 'v', '0000000000000001']),
    (map { my $number = $numbers{$lived[0]}[$_];
           ["DELETE FROM edu_history WHERE seq = $number",
            "edu_history tool/open/s/$lived[0]/" . $numbers{$lived[0]}[$_ + 1]
            . ' before_body'] } 1, 3),
    [$into->('read', at => 'soon', assignment_id => '..', submission_id => '',
             id => '.', student => '..', user_id => 'x' x 128),
     map { "edu_read READ $_" } qw(at class_id assignment_id submission_id id
                                   student)],
    [$into->('read', at => '0000000000000001', lost => 'many', class_id => 'c',
             user_id => 'ada'),
     map { "edu_read READ $_" } qw(class_id user_id lost)],
    [$into->('repeat', id => 'r', request => 'q', created => '1', expires => '0',
             user_id => '..', body => '{"head":{"status":500}}'),
     (map { "edu_repeat r $_" } qw(id request created expires expires user_id)),
     'edu_repeat r body head/status'],
    [$into->('repeat', id => 'a' x 64, request => 'b' x 64, user_id => '',
             created => '0000000000000002', expires => '0000000000000001',
             body => '[]'),
     map { 'edu_repeat ' . 'a' x 64 . " $_" } qw(body expires)],
    ["UPDATE edu_secret SET secret = 'x'", 'edu_secret 1 secret'],
);
my @planted;
for my $fault (@faults) {
    my ($statement, @where) = @$fault;
    sql($statement);
    my ($id) = $gone =~ m{([^/]+)$};
    my %at = (GONE => $id);
    chomp(@at{qw(LAST READ)} = map { sql("SELECT max(seq) FROM edu_$_") }
              qw(history read));
    push @planted, map { s/(GONE|LAST|READ)/$at{$1}/r } @where;
}
($code, $result) = tool_json(@tool, 'verify');
is($code, 1, 'verify finds faults');
my @found = sort map { join ' ', @$_{qw(table key column)}, $_->{target} // () }
    @{ $result->{faults} };
is(join("\n", @found), join("\n", sort @planted), 'each where it was planted');
my (undef, $told) = tool(@tool, 'verify');
like($told, qr/there is no such row in edu_class/, 'people are told in words');

# ---------------------------------------------------------------------- restore
my $kept = slurp($backup);
($code, $result) = tool_json(@tool, 'restore', '--dry-run', $backup);
is($code, 0, 'a dry run of restore succeeds');
is_deeply(rows($result), \%there, 'it tells what would be restored');
is((tool(@tool, 'verify'))[0], 1, 'it restores nothing');
is((tool(@tool, 'restore', "$dir/none.db"))[0], 1, 'a file has to be there');

# A backup need not be writable.
chmod 0440, $backup or die "$backup: $!";

# Writers go on.  A line is the path that was acknowledged, and "after" if its
# request was sent after the restore.
my $done = "$dir/restored";
my @lines = crowd(4, sub {
    my ($number, $running, $tell) = @_;
    my @lines;
    while ($running->()) {
        my $after = -e $done ? 'after' : 'before';
        my $answer = request(POST => "/v1.0/education$open",
                             [['Content-Type', 'application/json']], '{}');
        push @lines, join ' ', $after, $answer->{status},
            path_of($answer) // '-';
        $tell->("$after $answer->{status}");
    }
    return @lines;
}, sub {
    my ($more) = @_;
    $more->(20, 'before 201');
    ($code, $result) = tool_json(@tool, 'restore', $backup);
    open my $file, '>', $done or die "$done: $!";
    close $file;
    $more->(20, 'after 201');
});
is($code, 0, 'restore succeeds under load') or diag($result->{error});
is(slurp($backup), $kept, 'and leaves the backup as it was');
is_deeply({ map { $_->{table} => $_->{digest} } @{ $result->{tables} } },
          \%backed_up, 'all is as it was backed up');
is(join(' ', grep { !/ (?:201|503) / } @lines), '',
   'no request fails but by 503');
is(join(' ', grep { /^after/ && !/ 201 / } @lines), '',
   'after it, all succeed');
my (undef, @now) = collect('teacher', $open);
my %stored = map { $_->{id} => 1 } @now;
my @lost = grep { /^after 201 / && !$stored{ (split m{/})[-1] } } @lines;
is("@lost", '', 'nothing acknowledged after it is lost');
my @stale = grep { /^before 201 / && $stored{ (split m{/})[-1] } } @lines;
cmp_ok(scalar @stale, '<', scalar(grep { /^before 201 / } @lines) - 10,
       'what was written before it is gone');
my ($query, $sound) = @{ database()->{sound} };
like(sql($query), $sound, 'the database is sound');
($code, $result) = tool_json(@tool, 'verify');
is($code, 0, 'it has no faults') or diag(explain($result));
is(header(ask('teacher', GET => $graded), 'ETag'), $etag,
   'what was backed up is served');

# ------------------------------------------------------------------------- copy
my $moved = make_database($db, $ENV{EDU_DB_DIR}, 'moved');
$result = (tool_json(@tool, 'copy', $moved, '-n'))[1];
is($result->{written}, JSON::PP::false, 'a dry run of copy copies nothing');
($code, $result) = tool_json(@tool, 'copy', $moved);
is($code, 0, 'copy succeeds') or diag($result->{error});
is_deeply(rows($result), rows((tool_json(@tool, 'status'))[1]),
          'all rows are copied');
($code, $result) = tool_json(@tool, 'copy', $moved);
is($code, 1, 'a database that is not empty is refused');
like($result->{error}, qr/not empty: edu_class has 1 rows/, 'which is said');
my $imported = make_database($db, $ENV{EDU_DB_DIR}, 'imported');
is((tool(@tool, 'export', '-y', '-o', "$dir/all.jsonl"))[0], 0,
   'export of what the server wrote succeeds');
tool('-d', $imported, 'schema', 'init');
($code, $result) = tool_json('-d', $imported, 'import', "$dir/all.jsonl");
is($code, 0, 'and so does its import') or diag(explain($result));
is((tool('-d', $imported, 'verify'))[0], 0, 'which has no faults');
open my $all, '<', "$dir/all.jsonl" or die "all.jsonl: $!";
my ($other) = grep { /"table":"outcome"/ && s/"points":42/"points":24/g } <$all>;
open my $one, '>', "$dir/one.jsonl" or die "one.jsonl: $!";
print {$one} $other;
close $one;
is((tool('-d', $imported, 'import', '--replace', "$dir/one.jsonl"))[0], 0,
   'a row may be replaced that the history has otherwise');
is((tool('-d', $imported, 'verify'))[0], 0, 'which is no fault');
ok(serve_from($moved), 'the server starts with the other database');
is(header(ask('teacher', GET => $graded), 'ETag'), $etag, 'all is there');
is(ask('teacher', PATCH => $graded, { points => { points => 9 } })->{status},
   200, 'it can be changed');
is(ask('app', GET => $delta)->{status}, 200, 'links of deltas stay good');
is((tool('-d', $moved, 'verify'))[0], 0, 'it has no faults');

unlink $own;
ok(stop_server() && start_server(), 'the suite goes on with its own');
done_testing;
