-- Version 2 of the schema, as its file had it; its module stored rows.sql.
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE IF NOT EXISTS edu_class (
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL DEFAULT '',
    version VARCHAR(128) NOT NULL DEFAULT '0000000000000000',
    body MEDIUMTEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS edu_member (
    class_id VARCHAR(128) NOT NULL,
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL DEFAULT '',
    role VARCHAR(128) NOT NULL CHECK (role IN ('student', 'teacher')),
    version VARCHAR(128) NOT NULL DEFAULT '0000000000000000',
    body MEDIUMTEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IF NOT EXISTS edu_member_id ON edu_member (id);
CREATE TABLE IF NOT EXISTS edu_assignment (
    class_id VARCHAR(128) NOT NULL,
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL DEFAULT '',
    version VARCHAR(128) NOT NULL DEFAULT '0000000000000000',
    body MEDIUMTEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS edu_submission (
    class_id VARCHAR(128) NOT NULL,
    assignment_id VARCHAR(128) NOT NULL,
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL DEFAULT '',
    user_id VARCHAR(128) NOT NULL,
    version VARCHAR(128) NOT NULL DEFAULT '0000000000000000',
    modified_by MEDIUMTEXT NOT NULL DEFAULT '',
    body MEDIUMTEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, assignment_id, id),
    UNIQUE (class_id, assignment_id, user_id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IF NOT EXISTS edu_submission_version
    ON edu_submission (class_id, version);
CREATE TABLE IF NOT EXISTS edu_outcome (
    class_id VARCHAR(128) NOT NULL,
    assignment_id VARCHAR(128) NOT NULL,
    submission_id VARCHAR(128) NOT NULL,
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL,
    type VARCHAR(128) NOT NULL,
    version VARCHAR(128) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    PRIMARY KEY (class_id, assignment_id, submission_id, id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version VARCHAR(128) NOT NULL
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
INSERT INTO edu_schema (one, version) VALUES (1, '2')
    ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version));
