-- Version 2 of the schema, as its file had it; its module stored rows.sql.
BEGIN;
CREATE TABLE IF NOT EXISTS edu_class (
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (id)
);
CREATE TABLE IF NOT EXISTS edu_member (
    class_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('student', 'teacher')),
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
);
CREATE INDEX IF NOT EXISTS edu_member_id ON edu_member (id);
CREATE TABLE IF NOT EXISTS edu_assignment (
    class_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created TEXT COLLATE "C" NOT NULL DEFAULT '',
    version TEXT COLLATE "C" NOT NULL DEFAULT '0000000000000000',
    body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
);
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
CREATE STATISTICS IF NOT EXISTS edu_submission_of (dependencies)
    ON class_id, assignment_id FROM edu_submission;
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
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT COLLATE "C" NOT NULL
);
INSERT INTO edu_schema (one, version) VALUES (1, '2')
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
    WHERE edu_schema.version < excluded.version;
COMMIT;
