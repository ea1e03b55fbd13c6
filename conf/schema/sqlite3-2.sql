-- The columns that a database of version 1 or 2 lacks, for SQLite alone.  Before
-- sqlite3.sql, once:
--     sqlite3 -bail outcomes.db < sqlite3-2.sql
-- "duplicate column name" says that they are there already.

BEGIN IMMEDIATE;
ALTER TABLE edu_outcome ADD COLUMN shown_version TEXT NOT NULL DEFAULT '';
ALTER TABLE edu_outcome ADD COLUMN shown TEXT NOT NULL DEFAULT '';
COMMIT;
