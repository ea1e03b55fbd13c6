-- Version 2 of the schema, as its file had it; its module stored rows.sql.
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS edu_class (
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (id)
);
CREATE TABLE IF NOT EXISTS edu_member (
    class_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL CHECK (role IN ('student', 'teacher')),
    version TEXT NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (class_id, id)
);
CREATE INDEX IF NOT EXISTS edu_member_id ON edu_member (id);
CREATE TABLE IF NOT EXISTS edu_assignment (
    class_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    UNIQUE (class_id, id)
);
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
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
);
INSERT INTO edu_schema (one, version) VALUES (1, '2')
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
    WHERE edu_schema.version < excluded.version;
COMMIT;
