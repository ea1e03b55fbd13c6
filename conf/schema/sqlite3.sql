-- The tables of mod_edu_outcomes for SQLite, schema version 3.1.
-- The module makes them by itself unless EduOutcomesSchema is manual; then:
--     sqlite3 -bail outcomes.db < sqlite3.sql
-- It adds what is missing to a database of an earlier version; to one before 3,
-- after sqlite3-2.sql.
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

-- A member of a class.  id is the user's, as EduOutcomesUserId gives it.
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
-- Without a status it is a draft, which takes no submissions.  Give it a new
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
-- identitySet of the user who last changed it or an outcome of it.
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
-- shown_version and shown are those that the student sees: as they were when it
-- was last published; empty until then.
CREATE TABLE IF NOT EXISTS edu_outcome (
    class_id TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL,
    type TEXT NOT NULL,
    version TEXT NOT NULL,
    body TEXT NOT NULL,
    shown_version TEXT NOT NULL DEFAULT '',
    shown TEXT NOT NULL DEFAULT '',
    UNIQUE (class_id, assignment_id, submission_id, id)
);

-- One row a change, written with it and never changed.  seq counts all changes in
-- the order of their commits; at is the instant, as a version; entity, action
-- and version say what was done to the row of these ids, derived what another
-- change brought about.  Then who did it, whose submission it is, and the
-- document before, or the seq of the row that has it, and after.
CREATE TABLE IF NOT EXISTS edu_history (
    seq INTEGER PRIMARY KEY,
    class_id TEXT NOT NULL DEFAULT '',
    assignment_id TEXT NOT NULL DEFAULT '',
    submission_id TEXT NOT NULL DEFAULT '',
    id TEXT NOT NULL DEFAULT '',
    entity TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL,
    derived TEXT NOT NULL DEFAULT '',
    shows TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '',
    student TEXT NOT NULL DEFAULT '',
    user_id TEXT NOT NULL DEFAULT '',
    user_name TEXT NOT NULL DEFAULT '',
    application TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL,
    before_body TEXT NOT NULL DEFAULT '',
    after_body TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS edu_history_class
    ON edu_history (class_id, seq);
CREATE INDEX IF NOT EXISTS edu_history_row
    ON edu_history (class_id, assignment_id, entity, version, submission_id, id);

-- One row for each time that outcomes were read, where EduOutcomesLogReads is
-- On: when, by whom, which, and whose; or lost, the number of reads before it that
-- could not be recorded.
CREATE TABLE IF NOT EXISTS edu_read (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    user_id TEXT NOT NULL DEFAULT '',
    application TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    class_id TEXT NOT NULL DEFAULT '',
    assignment_id TEXT NOT NULL DEFAULT '',
    submission_id TEXT NOT NULL DEFAULT '',
    id TEXT NOT NULL DEFAULT '',
    student TEXT NOT NULL DEFAULT '',
    lost TEXT NOT NULL DEFAULT ''
);

-- One row an answer, for as long as a client that lost it may send its request
-- again.  id is the digest of the key and of its caller, request that of the
-- request; after expires, an instant as a version, the row is of no use.
CREATE TABLE IF NOT EXISTS edu_repeat (
    id TEXT NOT NULL,
    created TEXT NOT NULL,
    request TEXT NOT NULL,
    expires TEXT NOT NULL,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (id)
);
CREATE INDEX IF NOT EXISTS edu_repeat_expires
    ON edu_repeat (expires);

-- The secret that the tokens of delta queries are sealed with; the module makes it.
-- Without the row it makes another, and clients begin again.
CREATE TABLE IF NOT EXISTS edu_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret TEXT NOT NULL
);

-- The version of this schema; the module refuses one that it does not know.
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
);

-- In its place version 3.1 has edu_history_row.
DROP INDEX IF EXISTS edu_history_of;

-- From a version before 3: students see the published documents.
UPDATE edu_outcome SET shown_version = version, shown = body
    WHERE shown_version = '' AND (SELECT version FROM edu_schema) < '3'
    AND (body LIKE '%"publishedFeedback":{%'
    OR body LIKE '%"publishedPoints":{%'
    OR body LIKE '%"publishedRubricQualityFeedback":[%"feedback":{%'
    OR body LIKE '%"publishedRubricQualitySelectedLevels":[%"columnId":"%'
    OR body LIKE '%"resourceStatus":"published"%');

INSERT INTO edu_schema (one, version) VALUES (1, '3.1')
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
    WHERE edu_schema.version < excluded.version;

COMMIT;
