-- The tables of mod_edu_outcomes for MariaDB 10.11 and later, schema version 3.1.
-- Load it as a user who may create tables; the one that Apache connects as needs
-- to select, insert, update and delete:
--     mariadb outcomes < mysql.sql
-- It adds what is missing to a database of an earlier version.  The module loads
-- it by itself where EduOutcomesSchema is auto.  Keys are compared and sorted
-- byte by byte, a blank at the end counts.
--
-- An LMS that keeps its roster in the same database may write the first four
-- tables itself.  Only columns without a default have to be given: created and
-- version order and date a row (the hexadecimal number of 100 ns since 1970, 16
-- digits), body is the entity as JSON, and may leave out any member.

-- A class.  body: {"displayName": "Physics 9b"}
CREATE TABLE IF NOT EXISTS edu_class (
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL DEFAULT '',
    version VARCHAR(128) NOT NULL DEFAULT '0000000000000000',
    body MEDIUMTEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- A member of a class.  id is the user's, as EduOutcomesUserId gives it.
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

-- An assignment.  body: {"displayName": "Essay", "status": "assigned",
-- "grading": {"@odata.type":
-- "#microsoft.graph.educationAssignmentPointsGradeType", "maxPoints": 100}}.
-- Without a status it is a draft, which takes no submissions.  Give it a new
-- version when grading, rubric or gradingScheme change: outcomes follow them.
CREATE TABLE IF NOT EXISTS edu_assignment (
    class_id VARCHAR(128) NOT NULL,
    id VARCHAR(128) NOT NULL,
    created VARCHAR(128) NOT NULL DEFAULT '',
    version VARCHAR(128) NOT NULL DEFAULT '0000000000000000',
    body MEDIUMTEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (class_id, id)
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- A registered submission.  user_id is the student's; modified_by is the
-- identitySet of the user who last changed it or an outcome of it.
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

-- One row an outcome, the module's own.  class_id, assignment_id, submission_id
-- and id are the ids of its path; created is its first version, by which lists
-- are ordered; version is what its ETag quotes; body is the document.
-- shown_version and shown are those that the student sees: as they were when it
-- was last published; empty until then.
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

-- One row a change, written with it and never changed.  seq counts all changes in
-- the order of their commits; at is the instant, as a version; entity, action
-- and version say what was done to the row of these ids, derived what another
-- change brought about.  Then who did it, whose submission it is, and the
-- document before, or the seq of the row that has it, and after.
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
CREATE INDEX IF NOT EXISTS edu_history_row
    ON edu_history (class_id, assignment_id, entity, version, submission_id, id);

-- One row for each time that outcomes were read, where EduOutcomesLogReads is
-- On: when, by whom, which, and whose; or lost, the number of reads before it that
-- could not be recorded.
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

-- One row an answer, for as long as a client that lost it may send its request
-- again.  id is the digest of the key and of its caller, request that of the
-- request; after expires, an instant as a version, the row is of no use.
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

-- The secret that the tokens of delta queries are sealed with; the module makes it.
-- Without the row it makes another, and clients begin again.
CREATE TABLE IF NOT EXISTS edu_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret VARCHAR(128) NOT NULL
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- The version of this schema; the module refuses one that it does not know.
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version VARCHAR(128) NOT NULL
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
-- The columns that a version before 3 lacks.
ALTER TABLE edu_outcome ADD COLUMN IF NOT EXISTS shown_version VARCHAR(128)
    NOT NULL DEFAULT '';
ALTER TABLE edu_outcome ADD COLUMN IF NOT EXISTS shown MEDIUMTEXT
    NOT NULL DEFAULT '';

-- In its place version 3.1 has edu_history_row.
DROP INDEX IF EXISTS edu_history_of ON edu_history;

-- From a version before 3: students see the published documents.
UPDATE edu_outcome SET shown_version = version, shown = body
    WHERE shown_version = '' AND (SELECT version FROM edu_schema) < '3'
    AND (body LIKE '%"publishedFeedback":{%'
    OR body LIKE '%"publishedPoints":{%'
    OR body LIKE '%"publishedRubricQualityFeedback":[%"feedback":{%'
    OR body LIKE '%"publishedRubricQualitySelectedLevels":[%"columnId":"%'
    OR body LIKE '%"resourceStatus":"published"%');

INSERT INTO edu_schema (one, version) VALUES (1, '3.1')
    ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version));
