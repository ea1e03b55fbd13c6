-- The tables of mod_edu_outcomes for PostgreSQL 15 and later, schema version 2.1.
-- Load it as the owner of the database; the user that Apache connects as needs
-- to select, insert, update and delete:
--     psql -d outcomes -f pgsql.sql
-- It adds what is missing to a database of an earlier version.  The module loads
-- it by itself where EduOutcomesSchema is auto.  Keys are compared and sorted
-- byte by byte, whatever the locale of the database.
--
-- An LMS that keeps its roster in the same database may write the first four
-- tables itself.  Only columns without a default have to be given: created and
-- version order and date a row (the hexadecimal number of 100 ns since 1970, 16
-- digits), body is the entity as JSON, and may leave out any member.

BEGIN;

-- A class.  body: {"displayName": "Physics 9b"}
CREATE TABLE IF NOT EXISTS edu_class (
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (id)
);

-- Who is in it.  id is the user's, as EduOutcomesUserId gives it.
CREATE TABLE IF NOT EXISTS edu_member (
    class_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('student', 'teacher')),
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
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
    class_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
);

-- A registered submission.  user_id is the student's; modified_by is the
-- identitySet of who changed it, or an outcome of it, last.
CREATE TABLE IF NOT EXISTS edu_submission (
    class_id TEXT COLLATE "C" NOT NULL,
    assignment_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    user_id TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    modified_by TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, assignment_id, id),
    UNIQUE (class_id, assignment_id, user_id)
);
CREATE INDEX IF NOT EXISTS edu_submission_version
    ON edu_submission (class_id, version);
-- So that the planner knows that an assignment has many submissions.
CREATE STATISTICS IF NOT EXISTS edu_submission_of (dependencies)
    ON class_id, assignment_id FROM edu_submission;

-- One row an outcome, the module's own.  class_id, assignment_id, submission_id
-- and id are the ids of its path; created is its first version, by which lists
-- are ordered; version is what its ETag quotes; body is the document.
CREATE TABLE IF NOT EXISTS edu_outcome (
    class_id TEXT COLLATE "C" NOT NULL,
    assignment_id TEXT COLLATE "C" NOT NULL,
    submission_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (class_id, assignment_id, submission_id, id)
);

-- The version of this schema; the module refuses one that it does not know.
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT COLLATE "C" NOT NULL
);
INSERT INTO edu_schema (one, version) VALUES (1, '2.1')
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
    WHERE edu_schema.version < excluded.version;

COMMIT;
