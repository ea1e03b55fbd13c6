-- Version 3 of the schema, as its file had it; its module stored rows.sql.

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
CREATE INDEX IF NOT EXISTS edu_member_class
    ON edu_member (id, class_id);
CREATE INDEX IF NOT EXISTS edu_member_role
    ON edu_member (class_id, role, id);

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
    shown_version TEXT NOT NULL DEFAULT '',
    shown TEXT NOT NULL DEFAULT '',
    UNIQUE (class_id, assignment_id, submission_id, id)
);

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
CREATE INDEX IF NOT EXISTS edu_history_of
    ON edu_history (class_id, assignment_id, submission_id, id, seq);

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

CREATE TABLE IF NOT EXISTS edu_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
);
UPDATE edu_outcome SET shown_version = version, shown = body
    WHERE shown_version = '' AND (SELECT version FROM edu_schema) < '3'
    AND (body LIKE '%"publishedFeedback":{%'
    OR body LIKE '%"publishedPoints":{%'
    OR body LIKE '%"publishedRubricQualityFeedback":[%"feedback":{%'
    OR body LIKE '%"publishedRubricQualitySelectedLevels":[%"columnId":"%'
    OR body LIKE '%"resourceStatus":"published"%');

INSERT INTO edu_schema (one, version) VALUES (1, '3')
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
    WHERE edu_schema.version < excluded.version;

COMMIT;
