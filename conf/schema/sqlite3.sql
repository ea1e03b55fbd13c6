-- The tables of mod_edu_outcomes for SQLite, schema version 2.1.
-- The module makes them by itself unless EduOutcomesSchema is manual; then:
--     sqlite3 -bail outcomes.db < sqlite3.sql
-- It adds what is missing to a database of an earlier version.
--
-- An LMS that keeps its roster in the same database may write the first four
-- tables itself.  Only columns without a default have to be given: created and
-- version order and date a row (the hexadecimal number of 100 ns since 1970, 16
-- digits), body is the entity as JSON, and may leave out any member.

BEGIN IMMEDIATE;

-- A class.  body: {"displayName": "Physics 9b"}
CREATE TABLE IF NOT EXISTS edu_class (
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (id)
);

-- Who is in it.  id is the user's, as EduOutcomesUserId gives it.
CREATE TABLE IF NOT EXISTS edu_member (
    class_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL CHECK (role IN ('student', 'teacher')),
    version TEXT NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (class_id, id)
);
CREATE INDEX IF NOT EXISTS edu_member_class
    ON edu_member (id, class_id);
CREATE INDEX IF NOT EXISTS edu_member_role
    ON edu_member (class_id, role, id);

-- An assignment.  body: {"displayName": "Essay", "status": "assigned",
-- "grading": {"@odata.type":
-- "#microsoft.graph.educationAssignmentPointsGradeType", "maxPoints": 100}}.
-- Without a status it is a draft, which nobody can submit to.  Give it a new
-- version when grading, rubric or gradingScheme change: outcomes follow them.
CREATE TABLE IF NOT EXISTS edu_assignment (
    class_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (class_id, id)
);

-- A registered submission.  user_id is the student's; modified_by is the
-- identitySet of who changed it, or an outcome of it, last.
CREATE TABLE IF NOT EXISTS edu_submission (
    class_id TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    user_id TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '0000000000000000',
    modified_by TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (class_id, assignment_id, id),
    UNIQUE (class_id, assignment_id, user_id)
);
CREATE INDEX IF NOT EXISTS edu_submission_version
    ON edu_submission (class_id, version);

-- One row an outcome, the module's own.  class_id, assignment_id, submission_id
-- and id are the ids of its path; created is its first version, by which lists
-- are ordered; version is what its ETag quotes; body is the document.
CREATE TABLE IF NOT EXISTS edu_outcome (
    class_id TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL,
    type TEXT NOT NULL,
    version TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (class_id, assignment_id, submission_id, id)
);

-- The version of this schema; the module refuses one that it does not know.
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
);
INSERT INTO edu_schema (one, version) VALUES (1, '2.1')
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
    WHERE edu_schema.version < excluded.version;

COMMIT;
