-- The tables of mod_edu_outcomes for MariaDB 10.11 and later, schema version 2.1.
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

-- Who is in it.  id is the user's, as EduOutcomesUserId gives it.
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
-- Without a status it is a draft, which nobody can submit to.  Give it a new
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
-- identitySet of who changed it, or an outcome of it, last.
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

-- The version of this schema; the module refuses one that it does not know.
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version VARCHAR(128) NOT NULL
) ENGINE=InnoDB
    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
INSERT INTO edu_schema (one, version) VALUES (1, '2.1')
    ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version));
