/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* All SQL, as data: the statements, and what differs among databases.  Every
 * parameter is text.  A read answers rows of one shape (edu_row_t); what a
 * request needs besides comes in the same statement as further rows.  No column
 * that is read is ever NULL, for not all drivers tell that from empty text. */

#include "edu_private.h"

/* The statements are aligned by hand. */
/* clang-format off */

/* ------------------------------------------------------------------ pieces */

#define OF_CLASS      " class_id = %s"
#define OF_ASSIGNMENT OF_CLASS " AND assignment_id = %s"
#define OF_SUBMISSION OF_ASSIGNMENT " AND submission_id = %s"

/* Rows after one in the order of a key, which is a scan of its index; the limit
 * is EDU_CHUNK. */
#define LIMIT   " LIMIT 101"
#define AFTER   " id > %s ORDER BY id" LIMIT
#define AND_AFTER " AND" AFTER

/* The documents of rows that are looked for one by one, and of lists, where a
 * long one is left out: drivers keep all that a statement reads.  PostgreSQL
 * knows their bytes without reading them. */
#define WHOLE(body) body
#define SHORT(body) "CASE WHEN " EDU_OCTETS "(" body ") <= 16384 THEN "       \
                    body " ELSE '' END"

#define ONE " id = %s"
#define AS_READ " AND id = %s AND version = %s"

/* An INSERT of what belongs below another row is of that row, which is kept
 * from going until all can see what was added. */
#define IN_CLASS " FROM edu_class WHERE id = %s"

/* No row, or the one that says whose submission this is and how it is graded:
 * of kind '', its id the recipient, its created and body the version and the
 * document of the assignment. */
#define REGISTRATION_OF(class, assignment, submission)                        \
    "SELECT s.user_id, COALESCE(a.version, ''), '', s.version,"               \
    " COALESCE(a.body, '')"                                                   \
    " FROM edu_submission s LEFT JOIN edu_assignment a"                       \
    " ON a.class_id = s.class_id AND a.id = s.assignment_id"                  \
    " WHERE s.class_id = " class " AND s.assignment_id = " assignment         \
    " AND s.id = " submission
#define REGISTRATION REGISTRATION_OF("%s", "%s", "%s")

#define CLASS(show)      "SELECT c.id, c.created, '', c.version, '', "        \
                         show("c.body") ", '' FROM "
#define MEMBER(show)     "SELECT id, created, role, version, '', "            \
                         show("body") ", class_id FROM edu_member WHERE"
#define ASSIGNMENT(show) "SELECT a.id, a.created, '' AS kind, a.version,"     \
                         " '' AS modified_by, " show("a.body") " AS body,"    \
                         " a.class_id FROM "
#define OUTCOME(show)    "SELECT id, created, type, version, " show("body")   \
                         " FROM edu_outcome WHERE"

/* What somebody's classes lead to.  What is left of a LEFT JOIN is read first,
 * in the order of an index, whatever a database takes to be cheaper; COALESCE
 * keeps it from being another JOIN. */
#define MY_CLASS      "edu_member m LEFT JOIN edu_class c"                    \
                      " ON c.id = m.class_id"                                 \
                      " WHERE COALESCE(c.id, '') > '' AND m.id = %s"
#define MY_ASSIGNMENT "edu_member m LEFT JOIN edu_assignment a"               \
                      " ON a.class_id = m.class_id"                           \
                      " WHERE COALESCE(a.id, '') > '' AND m.id = %s"

/* Those of the next classes that have any, of each the first, as many as a page
 * may take: what is sorted for it does not grow with what is theirs. */
#define OF_THAT(id, which)                                                    \
    "(SELECT " id " FROM edu_assignment b WHERE b.class_id = m.class_id"      \
    which ")"
#define NEXT_ASSIGNMENT                                                       \
    "(SELECT m.class_id, COALESCE("                                           \
    OF_THAT("b.id", " ORDER BY b.id LIMIT 1 OFFSET 100") ", "                 \
    OF_THAT("max(b.id)", "") ") AS last_id FROM edu_member m"                 \
    " WHERE m.id = %s AND m.class_id > %s AND "                               \
    OF_THAT("b.id", " ORDER BY b.id LIMIT 1") " > ''"                         \
    " ORDER BY m.class_id" LIMIT ") k LEFT JOIN edu_assignment a"             \
    " ON a.class_id = k.class_id AND a.id <= k.last_id"

#define GET_OUTCOME(class, assignment, submission, id)                        \
    OUTCOME(WHOLE) " class_id = " class " AND assignment_id = " assignment           \
    " AND submission_id = " submission " AND id = " id                        \
    " UNION ALL " REGISTRATION_OF(class, assignment, submission)

#define INTO_OUTCOME                                                          \
    "INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id,"    \
    " created, type, version, body) "

/* Nobody has registered the submission, nor may at any time. */
#define OPEN(class, assignment, submission)                                   \
    " WHERE NOT EXISTS (SELECT 1 FROM edu_submission"                         \
    " WHERE class_id = " class " AND assignment_id = " assignment             \
    " AND id = " submission ") AND NOT EXISTS (SELECT 1 FROM edu_assignment"  \
    " WHERE class_id = " class " AND id = " assignment ")"

/* Of several calls, as PostgreSQL can: a row for each, n its number.  What is
 * within a SELECT has the same plan for any number of calls. */
#define EACH      "(SELECT string_to_array(%s, chr(31)))"
#define FOUR      EACH ", " EACH ", " EACH ", " EACH
#define NUMBERED  ") WITH ORDINALITY AS k "
#define KEY       "class_id, assignment_id, submission_id, id"

/* Submissions, each with its outcomes where the parameter is 1, and, with an
 * empty id, the assignments that they are of: a page of a gradebook is one
 * statement. */
#define THOSE(those)                                                          \
    "(SELECT class_id, assignment_id, id, created, user_id, version,"         \
    " modified_by, body FROM edu_submission WHERE" those ")"
#define SUBMISSION(those, show, assignment, assignments)                      \
    "SELECT s.id, s.created, s.user_id, s.version, s.modified_by, "           \
    show("s.body") ", s.assignment_id, COALESCE(o.id, ''),"                   \
    " COALESCE(o.created, ''), COALESCE(o.type, ''),"                         \
    " COALESCE(o.version, ''), COALESCE(" show("o.body") ", '')"              \
    " FROM " those " s LEFT JOIN edu_outcome o ON %s = '1'"                   \
    " AND o.class_id = s.class_id AND o.assignment_id = s.assignment_id"      \
    " AND o.submission_id = s.id"                                             \
    " UNION ALL SELECT '', '', '', a.version, '', " assignment ", a.id,"      \
    " '', '', '', '', '' FROM edu_assignment a WHERE a.class_id = %s AND "    \
    assignments
#define THAT_ASSIGNMENT "a.id = %s"

/* Those of a class by when they were modified, since some instant. */
#define RECENT(those)                                                         \
    "WITH s AS " THOSE(OF_CLASS " AND version >= %s AND" those) " "           \
    SUBMISSION("s", SHORT, SHORT("a.body"),                                   \
               "a.id IN (SELECT assignment_id FROM s)")

/* -------------------------------------------------------------- statements */

const edu_sql_t edu__sql[EDU_SQL_COUNT] = {
    [EDU_SQL_VERSION] = { .label = "edu_version", .text =
        "SELECT version FROM edu_schema" },

    [EDU_SQL_GET + EDU_CLASS] = { .label = "edu_get_class", .text =
        CLASS(WHOLE) "edu_class c WHERE" ONE },
    [EDU_SQL_GET + EDU_MEMBER] = { .label = "edu_get_member", .text =
        MEMBER(WHOLE) OF_CLASS " AND" ONE },
    [EDU_SQL_GET + EDU_ASSIGNMENT] = { .label = "edu_get_assignment", .text =
        ASSIGNMENT(WHOLE) "edu_assignment a WHERE" OF_CLASS " AND" ONE },
    [EDU_SQL_GET + EDU_SUBMISSION] = { .label = "edu_get_submission", .text =
        SUBMISSION(THOSE(OF_ASSIGNMENT " AND" ONE), WHOLE, "a.body",
                   THAT_ASSIGNMENT) },
    [EDU_SQL_GET + EDU_OUTCOME] = { .label = "edu_get_outcome", .text =
        GET_OUTCOME("%s", "%s", "%s", "%s"), .many = EDU_SQL_GET_MANY },

    [EDU_SQL_LIST + EDU_CLASS] = { .label = "edu_list_class", .text =
        CLASS(SHORT) "edu_class c WHERE" AFTER },
    [EDU_SQL_LIST + EDU_MEMBER] = { .label = "edu_list_member", .text =
        MEMBER(SHORT) OF_CLASS AND_AFTER },
    [EDU_SQL_LIST + EDU_ASSIGNMENT] = { .label = "edu_list_assignment", .text =
        ASSIGNMENT(SHORT) "edu_assignment a WHERE" OF_CLASS AND_AFTER },
    [EDU_SQL_LIST + EDU_SUBMISSION] = { .label = "edu_list_submission", .text =
        SUBMISSION(THOSE(OF_ASSIGNMENT AND_AFTER), SHORT, "a.body",
                   THAT_ASSIGNMENT) },
    [EDU_SQL_LIST + EDU_OUTCOME] = { .label = "edu_list_outcome", .text =
        "SELECT * FROM (" OUTCOME(SHORT) OF_SUBMISSION AND_AFTER ") o"
        " UNION ALL " REGISTRATION },

    /* statements of their own, not conditions that may be empty: for those,
     * all rows would be read */
    [EDU_SQL_MINE + EDU_CLASS] = { .label = "edu_my_class", .text =
        CLASS(SHORT) MY_CLASS " AND m.class_id > %s ORDER BY m.class_id" LIMIT },
    [EDU_SQL_MINE + EDU_MEMBER] = { .label = "edu_my_member", .text =
        MEMBER(SHORT) OF_CLASS " AND role = %s" AND_AFTER },
    [EDU_SQL_MINE + EDU_ASSIGNMENT] = { .label = "edu_my_assignment", .text =
        "SELECT * FROM (" ASSIGNMENT(SHORT) MY_ASSIGNMENT
        " AND m.class_id = %s AND a.id > %s ORDER BY a.id" LIMIT ") o"
        " UNION ALL SELECT * FROM (" ASSIGNMENT(SHORT) NEXT_ASSIGNMENT
        " ORDER BY a.class_id, a.id" LIMIT ") p"
        " ORDER BY 7, 1" LIMIT },
    [EDU_SQL_MINE + EDU_SUBMISSION] = { .label = "edu_my_submission", .text =
        SUBMISSION(THOSE(OF_ASSIGNMENT " AND user_id = %s" AND_AFTER), SHORT,
                   "a.body", THAT_ASSIGNMENT) },
    [EDU_SQL_RECENT] = { .label = "edu_list_recent", .text =
        RECENT(" version <= %s AND (version < %s OR assignment_id < %s"
               " OR (assignment_id = %s AND id < %s))"
               " ORDER BY version DESC, assignment_id DESC, id DESC" LIMIT) },
    [EDU_SQL_RECENT_LAST] = { .label = "edu_list_recent_last", .text =
        RECENT(" (version > %s OR assignment_id > %s"
               " OR (assignment_id = %s AND id > %s))"
               " ORDER BY version, assignment_id, id" LIMIT) },

    /* how many there are in all */
    [EDU_SQL_TALLY + EDU_CLASS] = { .label = "edu_tally_class", .text =
        "SELECT count(*) FROM edu_class" },
    [EDU_SQL_TALLY + EDU_MEMBER] = { .label = "edu_tally_member", .text =
        "SELECT count(*) FROM edu_member WHERE" OF_CLASS },
    [EDU_SQL_TALLY + EDU_ASSIGNMENT] = { .label = "edu_tally_assignment", .text =
        "SELECT count(*) FROM edu_assignment WHERE" OF_CLASS },
    [EDU_SQL_TALLY + EDU_SUBMISSION] = { .label = "edu_tally_submission", .text =
        "SELECT count(*) FROM edu_submission WHERE" OF_ASSIGNMENT },
    [EDU_SQL_TALLY + EDU_OUTCOME] = { .label = "edu_tally_outcome", .text =
        "SELECT count(*) FROM edu_outcome WHERE" OF_SUBMISSION },
    [EDU_SQL_MY_TALLY + EDU_CLASS] = { .label = "edu_tally_my_class", .text =
        "SELECT count(*) FROM " MY_CLASS },
    [EDU_SQL_MY_TALLY + EDU_MEMBER] = { .label = "edu_tally_my_member", .text =
        "SELECT count(*) FROM edu_member WHERE" OF_CLASS " AND role = %s" },
    [EDU_SQL_MY_TALLY + EDU_ASSIGNMENT] = { .label = "edu_tally_my_assignment",
        .text = "SELECT count(*) FROM " MY_ASSIGNMENT },
    [EDU_SQL_MY_TALLY + EDU_SUBMISSION] = { .label = "edu_tally_my_submission",
        .text = "SELECT count(*) FROM edu_submission WHERE" OF_ASSIGNMENT
        " AND user_id = %s" },
    [EDU_SQL_TALLY_RECENT] = { .label = "edu_tally_recent", .text =
        "SELECT count(*) FROM edu_submission WHERE" OF_CLASS
        " AND version >= %s" },
    [EDU_SQL_FIND] = { .label = "edu_find", .text =
        "SELECT m.class_id, '', m.role, '', '', '', ''"
        " FROM edu_member m JOIN edu_assignment a ON a.class_id = m.class_id"
        " WHERE m.id = %s AND a.id = %s" },

    [EDU_SQL_INSERT + EDU_CLASS] = { .label = "edu_insert_class", .text =
        "INSERT INTO edu_class (id, created, version, body)"
        " VALUES (%s, %s, %s, %s)" },
    [EDU_SQL_INSERT + EDU_MEMBER] = { .label = "edu_insert_member", .text =
        "INSERT INTO edu_member (class_id, id, created, role, version, body)"
        " SELECT %s, %s, %s, %s, %s, %s" IN_CLASS, .keeps = 1 },
    [EDU_SQL_INSERT + EDU_ASSIGNMENT] = { .label = "edu_insert_assignment", .text =
        "INSERT INTO edu_assignment (class_id, id, created, version, body)"
        " SELECT %s, %s, %s, %s, %s" IN_CLASS, .keeps = 1 },
    [EDU_SQL_INSERT + EDU_SUBMISSION] = { .label = "edu_insert_submission", .text =
        "INSERT INTO edu_submission (class_id, assignment_id, id, created,"
        " user_id, version, modified_by, body)"
        " SELECT %s, %s, %s, %s, %s, %s, %s, %s"
        " FROM edu_assignment WHERE" OF_CLASS " AND" ONE, .keeps = 1 },
    [EDU_SQL_INSERT + EDU_OUTCOME] = { .label = "edu_insert_outcome", .text =
        INTO_OUTCOME "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)" },
    [EDU_SQL_OPEN] = { .label = "edu_insert_open", .text =
        INTO_OUTCOME "SELECT %s, %s, %s, %s, %s, %s, %s, %s"
        OPEN("%s", "%s", "%s"), .many = EDU_SQL_OPEN_MANY },
    /* an UPDATE, for that is how all of them lock a row */
    [EDU_SQL_LOCK] = { .label = "edu_lock", .text =
        "UPDATE edu_submission SET version = version"
        " WHERE" OF_ASSIGNMENT " AND" ONE },
    [EDU_SQL_HOLD] = { .label = "edu_hold", .text =
        "UPDATE edu_assignment SET version = version"
        " WHERE" OF_CLASS " AND" ONE },

    [EDU_SQL_REPLACE + EDU_CLASS] = { .label = "edu_replace_class", .text =
        "UPDATE edu_class SET version = %s, body = %s"
        " WHERE id = %s AND version = %s" },
    [EDU_SQL_REPLACE + EDU_MEMBER] = { .label = "edu_replace_member", .text =
        "UPDATE edu_member SET role = %s, version = %s, body = %s"
        " WHERE" OF_CLASS AS_READ },
    [EDU_SQL_REPLACE + EDU_ASSIGNMENT] = { .label = "edu_replace_assignment", .text =
        "UPDATE edu_assignment SET version = %s, body = %s"
        " WHERE" OF_CLASS AS_READ },
    [EDU_SQL_REPLACE + EDU_SUBMISSION] = { .label = "edu_replace_submission", .text =
        "UPDATE edu_submission SET user_id = %s, version = %s,"
        " modified_by = %s, body = %s"
        " WHERE" OF_ASSIGNMENT AS_READ },
    [EDU_SQL_REPLACE + EDU_OUTCOME] = { .label = "edu_replace_outcome", .text =
        "UPDATE edu_outcome SET type = %s, version = %s, body = %s"
        " WHERE" OF_SUBMISSION AS_READ, .many = EDU_SQL_REPLACE_MANY },
    [EDU_SQL_TOUCH] = { .label = "edu_touch", .text =
        "UPDATE edu_submission SET version = %s, modified_by = %s"
        " WHERE" OF_ASSIGNMENT " AND" ONE " AND version < %s" },

    [EDU_SQL_REMOVE + EDU_CLASS] = { .label = "edu_remove_class", .text =
        "DELETE FROM edu_class WHERE id = %s AND version = %s" },
    [EDU_SQL_REMOVE + EDU_MEMBER] = { .label = "edu_remove_member", .text =
        "DELETE FROM edu_member WHERE" OF_CLASS AS_READ },
    [EDU_SQL_REMOVE + EDU_ASSIGNMENT] = { .label = "edu_remove_assignment", .text =
        "DELETE FROM edu_assignment WHERE" OF_CLASS AS_READ },
    [EDU_SQL_REMOVE + EDU_SUBMISSION] = { .label = "edu_remove_submission", .text =
        "DELETE FROM edu_submission WHERE" OF_ASSIGNMENT AS_READ },
    [EDU_SQL_REMOVE + EDU_OUTCOME] = { .label = "edu_remove_outcome", .text =
        "DELETE FROM edu_outcome WHERE" OF_SUBMISSION AS_READ },

    /* what stands below a class, an assignment or a submission that goes */
    [EDU_SQL_CLEAR + EDU_MEMBER] = { .label = "edu_clear_member", .text =
        "DELETE FROM edu_member WHERE" OF_CLASS },
    [EDU_SQL_CLEAR + EDU_ASSIGNMENT] = { .label = "edu_clear_assignment", .text =
        "DELETE FROM edu_assignment WHERE" OF_CLASS },
    [EDU_SQL_CLEAR + EDU_SUBMISSION] = { .label = "edu_clear_submission", .text =
        "DELETE FROM edu_submission WHERE" OF_CLASS
        " AND (%s = '' OR assignment_id = %s)" },
    [EDU_SQL_CLEAR + EDU_OUTCOME] = { .label = "edu_clear_outcome", .text =
        "DELETE FROM edu_outcome WHERE" OF_CLASS
        " AND (%s = '' OR assignment_id = %s)"
        " AND (%s = '' OR submission_id = %s)" },

    [EDU_SQL_GET_MANY] = { .label = "edu_get_outcomes", .text =
        "SELECT k.n, r.* FROM unnest(" FOUR NUMBERED "(" KEY ", n)"
        " CROSS JOIN LATERAL ("
        GET_OUTCOME("k.class_id", "k.assignment_id", "k.submission_id", "k.id")
        ") r ORDER BY k.n" },
    /* rows are locked in one order, so that no two wait for each other */
    [EDU_SQL_OPEN_MANY] = { .label = "edu_insert_opens", .text =
        "WITH k AS (SELECT * FROM unnest(" FOUR ", " FOUR NUMBERED
        "(" KEY ", created, type, version, body, n)), made AS ("
        INTO_OUTCOME "SELECT " KEY ", created, type, version, body FROM k"
        OPEN("k.class_id", "k.assignment_id", "k.submission_id")
        " ORDER BY " KEY " ON CONFLICT DO NOTHING RETURNING " KEY ")"
        " SELECT min(n) FROM (SELECT " KEY ", n FROM k"
        " UNION ALL SELECT " KEY ", NULL FROM made) u GROUP BY " KEY
        " HAVING count(*) > count(n) ORDER BY 1" },
    [EDU_SQL_REPLACE_MANY] = { .label = "edu_replace_outcomes", .text =
        "WITH k AS (SELECT * FROM unnest(" FOUR ", " FOUR NUMBERED
        "(type, version, body, " KEY ", was, n) ORDER BY " KEY "), made AS ("
        "UPDATE edu_outcome o SET type = k.type, version = k.version,"
        " body = k.body FROM k CROSS JOIN LATERAL (SELECT ctid AS place"
        " FROM edu_outcome WHERE class_id = k.class_id"
        " AND assignment_id = k.assignment_id"
        " AND submission_id = k.submission_id AND id = k.id OFFSET 0) p"
        " WHERE o.ctid = p.place AND o.version = k.was RETURNING n)"
        " SELECT n FROM made ORDER BY n" },
};

const struct edu_shape_t edu__shapes[EDU_TABLES] = {
    /*                   keys kind by */
    [EDU_CLASS]      = { 0,   0,   0 },
    [EDU_MEMBER]     = { 1,   1,   0 },
    [EDU_ASSIGNMENT] = { 1,   0,   0 },
    [EDU_SUBMISSION] = { 2,   1,   1 },
    [EDU_OUTCOME]    = { 3,   1,   0 }
};

/* --------------------------------------------------------------- databases */

/* The text of conf/schema/, one file for each database; a guard holds the two
 * together.  Tables with the document last are what SQLite writes fastest; keys
 * lead with the class so that tables can be distributed.  Each statement may be
 * repeated, over any other version too; that comes last, and never goes back.
 *   id       type of what is a key: compared and sorted byte by byte
 *   text     type of what is none
 *   unique   PRIMARY KEY, or where that would be slower UNIQUE
 *   options  of a table
 *   update   of the version that is there already
 * All is one transaction where the database can undo it, and has no limit of
 * time, for an index may be one of many rows. */
#define SCHEMA(id, text, unique, options, update)                             \
    "CREATE TABLE IF NOT EXISTS edu_class ("                                  \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (id))" options,                                              \
    "CREATE TABLE IF NOT EXISTS edu_member ("                                 \
    " class_id " id " NOT NULL,"                                              \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " role " id " NOT NULL CHECK (role IN ('student', 'teacher')),"           \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (class_id, id))" options,                                    \
    "CREATE INDEX IF NOT EXISTS edu_member_class"                             \
    " ON edu_member (id, class_id)",                                          \
    "CREATE INDEX IF NOT EXISTS edu_member_role"                              \
    " ON edu_member (class_id, role, id)",                                    \
    "CREATE TABLE IF NOT EXISTS edu_assignment ("                             \
    " class_id " id " NOT NULL,"                                              \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (class_id, id))" options,                                    \
    "CREATE TABLE IF NOT EXISTS edu_submission ("                             \
    " class_id " id " NOT NULL,"                                              \
    " assignment_id " id " NOT NULL,"                                         \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL DEFAULT '',"                                    \
    " user_id " id " NOT NULL,"                                               \
    " version " id " NOT NULL DEFAULT '0000000000000000',"                    \
    " modified_by " text " NOT NULL DEFAULT '',"                              \
    " body " text " NOT NULL DEFAULT '{}',"                                   \
    " " unique " (class_id, assignment_id, id),"                              \
    " UNIQUE (class_id, assignment_id, user_id))" options,                    \
    "CREATE INDEX IF NOT EXISTS edu_submission_version"                       \
    " ON edu_submission (class_id, version)",                                 \
    "CREATE TABLE IF NOT EXISTS edu_outcome ("                                \
    " class_id " id " NOT NULL,"                                              \
    " assignment_id " id " NOT NULL,"                                         \
    " submission_id " id " NOT NULL,"                                         \
    " id " id " NOT NULL,"                                                    \
    " created " id " NOT NULL,"                                               \
    " type " id " NOT NULL,"                                                  \
    " version " id " NOT NULL,"                                               \
    " body " text " NOT NULL,"                                                \
    " " unique " (class_id, assignment_id, submission_id, id))" options,      \
    "CREATE TABLE IF NOT EXISTS edu_schema ("                                 \
    " one INTEGER PRIMARY KEY CHECK (one = 1),"                               \
    " version " id " NOT NULL)" options,                                      \
    "INSERT INTO edu_schema (one, version)"                                   \
    " VALUES (1, '" EDU_SCHEMA_VERSION "') " update

#define UPSERT "ON CONFLICT (one) DO UPDATE SET version = excluded.version"   \
               " WHERE edu_schema.version < excluded.version"

static const char *const sqlite3_schema[] = {
    "BEGIN IMMEDIATE",
    SCHEMA("TEXT", "TEXT", "UNIQUE", "", UPSERT),
    "COMMIT",
    NULL
};

/* Without the statistics it takes an assignment to tell as much apart as a
 * submission does, and reads all of the assignment to find one. */
static const char *const pgsql_schema[] = {
    "BEGIN",
    "SET LOCAL statement_timeout = 0",
    SCHEMA("TEXT COLLATE \"C\"", "TEXT", "PRIMARY KEY", "", UPSERT),
    "CREATE STATISTICS IF NOT EXISTS edu_submission_of (dependencies)"
    " ON class_id, assignment_id FROM edu_submission",
    "COMMIT",
    NULL
};

/* Four keys of 128 characters are within the 3072 bytes of an InnoDB index.
 * Without nopad an id would equal the same with a blank behind it. */
static const char *const mysql_schema[] = {
    "SET @edu_time = @@max_statement_time, SESSION max_statement_time = 0",
    SCHEMA("VARCHAR(128)", "MEDIUMTEXT", "PRIMARY KEY",
           " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
           "ON DUPLICATE KEY UPDATE version ="
           " GREATEST(version, VALUES(version))"),
    "SET SESSION max_statement_time = @edu_time",
    NULL
};

/* WAL lets readers and a writer work side by side; FULL makes an answer durable,
 * where there is no WAL.  Half the usual page cache is as fast, for each commit of
 * another connection empties it.  A COMMIT checkpoints where nobody else has seen
 * to that for 128 MiB. */
static const edu_setting_t sqlite3_session[] = {
    { "PRAGMA journal_mode=WAL", 0 },
    { "PRAGMA synchronous=FULL", 0 },
    { "PRAGMA cache_size=-1000", 0 },
    { "PRAGMA wal_autocheckpoint=32768", 0 },
    { NULL, 0 }
};

/* A change that waits for another has to see what that left behind, hence the
 * level of isolation.  Waiting for a lock ends first, so that the log can tell
 * it from a statement that takes too long.  There is an index for every read:
 * a plan made when a table was small would read all of it when it is not, and
 * lock rows in an order of its own; a plan for a small class would sort a large
 * one for each page, rather than read it in order. */
static const edu_setting_t pgsql_session[] = {
    { "SELECT set_config('enable_seqscan', 'off', false),"
      " set_config('enable_bitmapscan', 'off', false),"
      " set_config('enable_hashjoin', 'off', false),"
      " set_config('enable_mergejoin', 'off', false)", 0 },
    { "SET client_encoding = 'UTF8'", 0 },
    { "SET default_transaction_isolation = 'read committed'", 0 },
    { "SET lock_timeout = %d", 1 },
    { "SET statement_timeout = '%d.2s'", 1000 },
    { NULL, 0 }
};

/* STRICT: what is too long is an error, not cut. */
static const edu_setting_t mysql_session[] = {
    { "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin", 0 },
    { "SET SESSION sql_mode = 'STRICT_ALL_TABLES'", 0 },
    { "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", 0 },
    { "SET SESSION innodb_lock_wait_timeout = %d", 1000 },
    { "SET SESSION lock_wait_timeout = %d", 1000 },
    { "SET SESSION max_statement_time = %d.2", 1000 },
    { NULL, 0 }
};

/* Apart from MySQL's, drivers tell all failures by one result code; the words
 * of SQLite are always these, those of PostgreSQL where its lc_messages are
 * English, and unknown ones are taken for what may pass.  SQLite has no other
 * word for a quota or a limit that is reached than that of a disk that fails.
 */
static const edu_fate_t sqlite3_fates[] = {
    { EDU_ETOOLARGE, 0, "string or blob too big" },
    { EDU_ECONSTRAINT, 0, "constraint failed" },
    { EDU_EREADONLY, 0, "attempt to write a readonly database" },
    { EDU_ENOSPACE, 0, "database or disk is full" },
    { EDU_ENOSPACE, 0, "disk I/O error" },
    { 0, 0, NULL }
};

static const edu_fate_t pgsql_fates[] = {
    { EDU_ETOOLARGE, 0, "value too long for type" },
    { EDU_ETOOLARGE, 0, "row is too big" },
    { EDU_ETOOLARGE, 0, "index row size" },
    { EDU_ETOOLARGE, 0, "index row requires" },
    { EDU_ETOOLARGE, 0, "invalid memory alloc request size" },
    { EDU_EBADREQUEST, 0, "invalid byte sequence for encoding" },
    { EDU_EBADREQUEST, 0, "has no equivalent in encoding" },
    { EDU_ECONSTRAINT, 0, " violates " },
    { EDU_ENOSPACE, 0, "No space left on device" },
    { EDU_ENOSPACE, 0, "Disk quota exceeded" },
    { 0, 0, NULL }
};

static const edu_fate_t mysql_fates[] = {
    { EDU_ETOOLARGE, 1406, NULL },   /* ER_DATA_TOO_LONG */
    { EDU_ETOOLARGE, 1118, NULL },   /* ER_TOO_BIG_ROWSIZE */
    { EDU_ETOOLARGE, 1153, NULL },   /* ER_NET_PACKET_TOO_LARGE */
    { EDU_EBADREQUEST, 1366, NULL }, /* ER_TRUNCATED_WRONG_VALUE_FOR_FIELD */
    { EDU_ECONSTRAINT, 1048, NULL }, /* ER_BAD_NULL_ERROR */
    { EDU_ECONSTRAINT, 1264, NULL }, /* ER_WARN_DATA_OUT_OF_RANGE */
    { EDU_ECONSTRAINT, 1451, NULL }, /* ER_ROW_IS_REFERENCED_2 */
    { EDU_ECONSTRAINT, 1452, NULL }, /* ER_NO_REFERENCED_ROW_2 */
    { EDU_ECONSTRAINT, 1644, NULL }, /* ER_SIGNAL_EXCEPTION */
    { EDU_ECONSTRAINT, 3819, NULL }, /* ER_CHECK_CONSTRAINT_VIOLATED */
    { EDU_ECONSTRAINT, 4025, NULL }, /* ER_CONSTRAINT_FAILED */
    { EDU_ENOSPACE, 1021, NULL },    /* ER_DISK_FULL */
    { EDU_ENOSPACE, 1114, NULL },    /* ER_RECORD_FILE_FULL */
    { EDU_ENOSPACE, 0, "No space left on device" },
    { EDU_ENOSPACE, 0, "Disk quota exceeded" },
    { 0, 0, NULL }
};

/* Of each depth another: in MariaDB one takes the place of its namesake. */
#define SAVEPOINTS "SAVEPOINT edu_%d", "ROLLBACK TO SAVEPOINT edu_%d",        \
                   "RELEASE SAVEPOINT edu_%d"

/* Some are kept for administrators; the second setting came with 16. */
#define PGSQL_MOST                                                            \
    "SELECT current_setting('max_connections')::int"                          \
    " - current_setting('superuser_reserved_connections')::int"               \
    " - COALESCE(current_setting('reserved_connections', true), '0')::int"

static const edu_sql_dialect_t dialects[] = {
    { .driver = "sqlite3",
      .creates = 1,
      .busy = 5, /* SQLITE_BUSY */
      .lasting = 1,
      .octets = "LENGTH",
      .keep = "",
      .once = " ON CONFLICT DO NOTHING",
      .control = { "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", SAVEPOINTS },
      .session = sqlite3_session,
      .fates = sqlite3_fates,
      .log = "SELECT file || '-wal'"
             " FROM pragma_database_list, pragma_journal_mode"
             " WHERE name = 'main' AND journal_mode = 'wal'",
      .lazy = "PRAGMA synchronous=NORMAL",
      .data = "PRAGMA database_list",
      .checkpoint = "PRAGMA wal_checkpoint(PASSIVE)",
      .schema = sqlite3_schema },
    { .driver = "pgsql",
      .random = 1,
      .many = 1,
      .limit = "PGCONNECT_TIMEOUT",
      .most = PGSQL_MOST,
      .keep = " FOR SHARE",
      .once = " ON CONFLICT DO NOTHING",
      .drop = "DEALLOCATE ",
      .control = { "BEGIN", "COMMIT", "ROLLBACK", SAVEPOINTS },
      .session = pgsql_session,
      .fates = pgsql_fates,
      .schema = pgsql_schema },
    { .driver = "mysql",
      .duplicate = 1062, /* ER_DUP_ENTRY */
      .most = "SELECT @@max_connections",
      .packet = "SELECT @@max_allowed_packet",
      .too_large = 1153, /* ER_NET_PACKET_TOO_LARGE */
      .keep = " LOCK IN SHARE MODE",
      .once = "",
      .control = { "BEGIN", "COMMIT", "ROLLBACK", SAVEPOINTS },
      .session = mysql_session,
      .fates = mysql_fates,
      .schema = mysql_schema },
};

const char edu__sql_probe[] = "SELECT 1";

/* clang-format on */

const edu_sql_dialect_t *edu__sql_dialect(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i].driver, driver) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

apr_status_t edu__sql_fate(const edu_sql_dialect_t *dialect, int rc,
                           const char *says)
{
    for (const edu_fate_t *fate = dialect->fates; fate->rv; fate++) {
        if ((!fate->code || fate->code == rc) &&
            (!fate->text || strstr(says, fate->text))) {
            return fate->rv;
        }
    }
    return EDU_EUNAVAILABLE;
}
