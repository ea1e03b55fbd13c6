-- The tables of mod_edu_outcomes for SQLite, schema version 1.
-- The module makes them by itself unless EduOutcomesSchema is manual; then:
--     sqlite3 outcomes.db < sqlite3.sql

-- One row an outcome.  class_id, assignment_id, submission_id and id are the
-- ids of its path; created is its first version, by which lists are ordered;
-- version is what its ETag quotes, the hexadecimal number of 100 ns since 1970
-- at which it was made; body is the document.
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
INSERT INTO edu_schema (one, version) VALUES (1, '1') ON CONFLICT DO NOTHING;
