-- Version 3 of the schema, as its file had it; its module stored rows.sql.

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
CREATE INDEX IF NOT EXISTS edu_member_class
    ON edu_member (id, class_id);
CREATE INDEX IF NOT EXISTS edu_member_role
    ON edu_member (class_id, role, id);

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
    shown_version VARCHAR(128) NOT NULL DEFAULT '',
    shown MEDIUMTEXT NOT NULL DEFAULT '',
    PRIMARY KEY (class_id, assignment_id, submission_id, id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS edu_history (
    seq BIGINT AUTO_INCREMENT PRIMARY KEY,
    class_id VARCHAR(128) NOT NULL DEFAULT '',
    assignment_id VARCHAR(128) NOT NULL DEFAULT '',
    submission_id VARCHAR(128) NOT NULL DEFAULT '',
    id VARCHAR(128) NOT NULL DEFAULT '',
    entity VARCHAR(128) NOT NULL DEFAULT '',
    action VARCHAR(128) NOT NULL,
    derived VARCHAR(128) NOT NULL DEFAULT '',
    shows VARCHAR(128) NOT NULL DEFAULT '',
    version VARCHAR(128) NOT NULL DEFAULT '',
    student VARCHAR(128) NOT NULL DEFAULT '',
    user_id MEDIUMTEXT NOT NULL DEFAULT '',
    user_name MEDIUMTEXT NOT NULL DEFAULT '',
    application MEDIUMTEXT NOT NULL DEFAULT '',
    address VARCHAR(128) NOT NULL DEFAULT '',
    request_id VARCHAR(128) NOT NULL DEFAULT '',
    at VARCHAR(128) NOT NULL,
    before_body MEDIUMTEXT NOT NULL DEFAULT '',
    after_body MEDIUMTEXT NOT NULL DEFAULT ''
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IF NOT EXISTS edu_history_class
    ON edu_history (class_id, seq);
CREATE INDEX IF NOT EXISTS edu_history_of
    ON edu_history (class_id, assignment_id, submission_id, id, seq);

CREATE TABLE IF NOT EXISTS edu_read (
    seq BIGINT AUTO_INCREMENT PRIMARY KEY,
    at VARCHAR(128) NOT NULL,
    user_id MEDIUMTEXT NOT NULL DEFAULT '',
    application MEDIUMTEXT NOT NULL DEFAULT '',
    address VARCHAR(128) NOT NULL DEFAULT '',
    request_id VARCHAR(128) NOT NULL DEFAULT '',
    class_id VARCHAR(128) NOT NULL DEFAULT '',
    assignment_id VARCHAR(128) NOT NULL DEFAULT '',
    submission_id VARCHAR(128) NOT NULL DEFAULT '',
    id VARCHAR(128) NOT NULL DEFAULT '',
    student VARCHAR(128) NOT NULL DEFAULT '',
    lost VARCHAR(128) NOT NULL DEFAULT ''
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS edu_repeat (
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL,
    request VARCHAR(128) NOT NULL,
    expires VARCHAR(128) NOT NULL,
    user_id MEDIUMTEXT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IF NOT EXISTS edu_repeat_expires
    ON edu_repeat (expires);

CREATE TABLE IF NOT EXISTS edu_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret VARCHAR(128) NOT NULL
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version VARCHAR(128) NOT NULL
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
ALTER TABLE edu_outcome ADD COLUMN IF NOT EXISTS shown_version VARCHAR(128)
    NOT NULL DEFAULT '';
ALTER TABLE edu_outcome ADD COLUMN IF NOT EXISTS shown MEDIUMTEXT
    NOT NULL DEFAULT '';

UPDATE edu_outcome SET shown_version = version, shown = body
    WHERE shown_version = '' AND (SELECT version FROM edu_schema) < '3'
    AND (body LIKE '%"publishedFeedback":{%'
    OR body LIKE '%"publishedPoints":{%'
    OR body LIKE '%"publishedRubricQualityFeedback":[%"feedback":{%'
    OR body LIKE '%"publishedRubricQualitySelectedLevels":[%"columnId":"%'
    OR body LIKE '%"resourceStatus":"published"%');

INSERT INTO edu_schema (one, version) VALUES (1, '3')
    ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version));
