package Seed;

# The rows that all servers begin with, and the paths that lead to them;
# load.lua knows the same paths.

use strict;
use warnings;
use Exporter 'import';
use Run;
use Server;

our @EXPORT = qw($GRADEBOOK $ID $OUTCOMES_OF $SUBMISSION_OF register rows_of
    seed write_sql);

my $SUBMISSIONS = 2000;    # that nobody registered
my $ON_PAGES    = 250;     # outcomes in the submission that fills pages
my $ON_ONE      = 104;     # and in those that fill one page each
my $ASSIGNMENTS = 67;      # of registered submissions, one of each student
my $STUDENTS    = 30;

our $OUTCOMES_OF =
    '/v1.0/education/classes/%s/assignments/a1/submissions/s%04d/outcomes';
our $ID = '%08x-000%d-4000-8000-000000000000';

our $SUBMISSION_OF =
    '/v1.0/education/classes/%s/assignments/a%02d/submissions/s%02d';
our $GRADEBOOK = '/v1.0/education/classes/school/assignments/a00/submissions'
    . '?$expand=outcomes';

# Those four, copied into every submission.
my $OPEN = <<END;
BEGIN;
CREATE TEMP TABLE one AS
  SELECT row_number() OVER (ORDER BY created, id) AS n, * FROM edu_outcome
  WHERE class_id = 'read';
DELETE FROM edu_outcome WHERE class_id = 'read';
CREATE TEMP TABLE copies AS
  WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i
                          WHERE i + 1 < $SUBMISSIONS)
  SELECT 'read' AS class, printf('s%04d', i) AS submission,
    printf('$ID', i, n) AS new_id, one.* FROM i, one
  UNION ALL
  SELECT 'page', 's0000', printf('$ID', i, n), one.* FROM i, one
  WHERE i < $ON_PAGES AND n = i % 4 + 1
  UNION ALL
  SELECT 'page', printf('s%04d', (4 * i + n - 1) / $ON_ONE + 1),
    printf('$ID', i, n), one.* FROM i, one
  WHERE 4 * i + n - 1 < $ON_ONE * $ASSIGNMENTS;
INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id, created,
    type, version, body)
  SELECT class, 'a1', submission, new_id, created, type, version,
    replace(body, id, new_id) FROM copies ORDER BY class, submission, n;
COMMIT;
END

# A class with one assignment and one submission becomes one with many: 'school';
# 'handed' is the same again, for what is returned gets longer.
my $REGISTERED = <<END;
BEGIN;
CREATE TEMP TABLE place AS
  WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i
                          WHERE i + 1 < $ASSIGNMENTS),
  k(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM k WHERE k + 1 < $STUDENTS)
  SELECT class, printf('a%02d', i) AS assignment, printf('s%02d', k) AS id,
    printf('u%02d', k) AS student
  FROM (SELECT 'school' AS class UNION ALL SELECT 'handed'), i, k;
CREATE TEMP TABLE one_class AS SELECT * FROM edu_class;
CREATE TEMP TABLE one_assignment AS SELECT * FROM edu_assignment;
CREATE TEMP TABLE one_submission AS SELECT * FROM edu_submission;
CREATE TEMP TABLE three AS
  SELECT * FROM edu_outcome WHERE class_id = 'school';
INSERT INTO edu_class SELECT 'handed', created, version, body FROM one_class;
INSERT INTO edu_member SELECT 'handed', id, created, role, version, body
  FROM edu_member;
DELETE FROM edu_assignment;
DELETE FROM edu_submission;
DELETE FROM edu_outcome WHERE class_id = 'school';
INSERT INTO edu_assignment SELECT DISTINCT class, assignment, created, version,
    replace(body, '"id":"a00"', '"id":"' || assignment || '"')
  FROM place, one_assignment;
INSERT INTO edu_submission SELECT class, assignment, place.id, created, student,
    version, modified_by, replace(replace(body, '"id":"s00"',
    '"id":"' || place.id || '"'), '"u00"', '"' || student || '"')
  FROM place, one_submission;
INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id, created,
    type, version, body)
  SELECT class, assignment, place.id, three.id, created, type, version, body
  FROM place, three;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
END

my $ASSIGNMENT =
    '{"displayName":"Essay","status":"assigned",'
    . '"dueDateTime":"2026-12-18T22:59:59Z","grading":{"@odata.type":'
    . '"#microsoft.graph.educationAssignmentPointsGradeType",'
    . '"maxPoints":1000000},"rubric":{"displayName":"Essays","qualities":'
    . '[{"qualityId":"9a145aa8-f3d9-43a1-8f77-5387ff0693f2",'
    . '"displayName":"Style"}],"levels":'
    . '[{"levelId":"4fb17a1d-5681-46c2-a295-4e305c3eae23",'
    . '"displayName":"Good"}]}}';

# Makes a class with one registered submission. @return its path
sub register {
    my ($server) = @_;
    my $class = '/v1.0/education/classes/school';
    my $submission = sprintf $SUBMISSION_OF, 'school', 0, 0;
    my $students = join ',', map sprintf('{"id":"u%02d"}', $_),
        0 .. $STUDENTS - 1;
    ask($server, PUT => $class, '{"displayName":"Physics 9b"}');
    ask($server, PUT => "$class/members",
        qq({"value":[{"id":"teacher","primaryRole":"teacher"},$students]}));
    ask($server, PUT => "$class/assignments/a00", $ASSIGNMENT);
    ask($server, PUT => $submission, '{"recipient":{"@odata.type":'
        . '"#microsoft.graph.educationSubmissionIndividualRecipient",'
        . '"userId":"u00"}}');
    ask($server, PATCH => "$submission/outcomes/$SINGLETONS[$_]", $OUTCOMES[$_])
        for 0 .. $#SINGLETONS;
    return $submission;
}

# What goes before and behind rows that SQLite wrote down, in other databases.
my %AROUND = (
    pgsql => ['BEGIN', 'COMMIT; ANALYZE'],
    mysql => ["SET sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'; BEGIN",
              'COMMIT; ANALYZE TABLE edu_class, edu_member, edu_assignment,'
              . ' edu_submission, edu_outcome'],
);

# The SQL that makes a database with these rows.
sub write_sql {
    my ($db, $rows, $file) = @_;
    my $schema = "$ENV{top_srcdir}/conf/schema/$db.sql";
    open my $in, '<', $schema or die "$schema: $!\n";
    write_file($file, join '', <$in>,
               map "$_;\n", $AROUND{$db}[0], $rows, $AROUND{$db}[1]);
}

# The statements that make the rows of an SQLite database.
sub rows_of {
    my ($server) = @_;
    return join '', map Server::output_of(
        undef, 'sqlite3', $server->database, '-cmd', ".mode insert edu_$_",
        "SELECT * FROM edu_$_ ORDER BY rowid"),
        qw(class member assignment submission outcome);
}

# Another tree's configuration need not know who is one.
my $ADMIN = "<Location /v1.0>\nEduOutcomesAdmin true\n</Location>\n";

# The module writes the first documents, so that they are what it stores; all
# databases then begin with the same rows.
sub seed {
    my ($tools, $mpm) = @_;
    my $first = Server->new(name => 'seed', program => 'httpd', mpm => $mpm,
                            db => 'sqlite3', more => $ADMIN,
                            dir => "$tools->{dir}/seed", tools => $tools);
    $first->start;
    ask($first, POST => sprintf($OUTCOMES_OF, 'read', 0), $_) for @OUTCOMES;
    register($first);
    $first->stop;
    $first->sql($OPEN . $REGISTERED);
    my $rows = rows_of($first);
    write_sql($_, $rows, "$tools->{dir}/$_.sql") for keys %AROUND;
    return $first->database;
}

1;
