/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The rows that writes leave in the history, one each, and writes that leave
 * none. */

#include "inner.h"
#include "database.h"

#include <apr_file_io.h>

#include <dlfcn.h>
#include <unistd.h>

/* A document that names its version; what is before the @ is shown. */
#define DOCUMENT(text, version) text "@" version
#define SHOWN(body) "substr(" body ", 1, instr(" body " || '@', '@') - 1)"

/* For a machine that is busy, or runs valgrind. */
#define PATIENCE apr_time_from_sec(60)

static const edu_key_t place = OUTCOME_AT("c", "a", "s", NULL);
static const edu_caller_t caller = { .user_id = "ada",
                                     .user_name = "Ada",
                                     .application = "book",
                                     .address = "::1" };
static const edu_trace_t trace = { .request_id = "r1" };

static edu_changes_t changes_of(const char *action, apr_pool_t *p)
{
    return (edu_changes_t){ .action = action,
                            .caller = &caller,
                            .trace = &trace,
                            .now = 0xabc,
                            .writes =
                                apr_array_make(p, 4, sizeof(edu_write_t)) };
}

/* The records since the last look: action, row, version, student, the documents
 * before and after, and the author if that is wrong. */
static const char *news(database_t *db, apr_pool_t *p)
{
    const char *rows = database_ask(
        db,
        "SELECT COALESCE(group_concat(text, '; '), '') FROM (SELECT"
        " action || ' ' || entity || ' ' || class_id || '/' || "
        "assignment_id"
        " || '/' || submission_id || '/' || id || CASE derived "
        "WHEN '1'"
        " THEN ' derived' ELSE derived END || ' ' || version || "
        "CASE student"
        " WHEN '' THEN '' ELSE ' of ' || student END || ' ' "
        "|| " SHOWN("before_body") " || '>' || " SHOWN(
            "after_body") " || CASE WHEN user_id = 'ada'"
                          " AND user_name = 'Ada' AND application "
                          "= 'book' AND address = '::1'"
                          " AND request_id = 'r1' AND at = "
                          "'0000000000000abc' THEN ''"
                          " ELSE ' by ' || user_id || at END AS "
                          "text"
                          " FROM edu_history ORDER BY seq)",
        p);

    database_run(db, "DELETE FROM edu_history");
    return rows;
}

static void empty(database_t *db)
{
    static const char *const tables[] = { "class",      "member",  "assignment",
                                          "submission", "outcome", "history" };

    for (apr_size_t i = 0; i < COUNT(tables); i++) {
        char sql[64];

        snprintf(sql, sizeof(sql), "DELETE FROM edu_%s", tables[i]);
        database_run(db, sql);
    }
}

/* A row of an outcome whose submission is registered. */
static edu_row_t outcome(const char *version, const char *body)
{
    return (edu_row_t){ .id = "o",
                        .sort_key = "01",
                        .type = "t",
                        .version = version,
                        .body = body,
                        .registration = { .user_id = "ben" } };
}

static apr_status_t write_one(database_t *db, const char *action, edu_op_e op,
                              edu_guard_e guard, const edu_row_t *before,
                              const edu_row_t *after, apr_pool_t *p)
{
    edu_changes_t changes = changes_of(action, p);
    edu_error_t err = { 0 };
    edu_write_t *write =
        add_write(&changes, op, EDU_OUTCOME, guard, &place, "o");

    write->before = before;
    write->after = after;
    return commit(&db->store, &changes, &err, p);
}

static void test_one(database_t *db, apr_pool_t *p)
{
    const edu_row_t one = outcome("01", DOCUMENT("{1}", "01")),
                    two = outcome("02", DOCUMENT("{2}", "02")),
                    three = outcome("03", DOCUMENT("{3}", "03"));

    empty(db);
    is_int(write_one(db, "create", EDU_INSERT, EDU_IF_ABSENT, NULL, &one, p), 0,
           "an outcome is created");
    is_int(write_one(db, "create", EDU_INSERT, EDU_IF_ABSENT, NULL, &two, p),
           EDU_ECONFLICT, "it is not created again");
    is_int(write_one(db, "update", EDU_UPDATE, EDU_IF_VERSION, &one, &two, p),
           0, "it is updated");
    is_int(write_one(db, "update", EDU_UPDATE, EDU_IF_VERSION, &one, &three, p),
           EDU_EPRECONDITION, "an update of another version fails");
    is_int(
        write_one(db, "restore", EDU_UPDATE, EDU_IF_VERSION, &two, &three, p),
        0, "an action updates it");
    is_int(write_one(db, NULL, EDU_DELETE, EDU_IF_VERSION, &three, NULL, p), 0,
           "it is deleted");
    is_str(news(db, p),
           "create outcome c/a/s/o 01 of ben >{1}; "
           "update outcome c/a/s/o 02 of ben 1>{2}; "
           "restore outcome c/a/s/o 03 of ben 2>{3}; "
           "delete outcome c/a/s/o 03 of ben 3>",
           "each change that was done has a row, which names the one before");
}

/* A document from before is kept once, where the history does not have it. */
static void test_before(database_t *db, apr_pool_t *p)
{
    const edu_row_t one = outcome("01", DOCUMENT("{1}", "01")),
                    two = outcome("02", DOCUMENT("{2}", "02")),
                    three = outcome("03", DOCUMENT("{3}", "03"));

    empty(db);
    db->store.history = 0;
    is_int(write_one(db, "create", EDU_INSERT, EDU_IF_ABSENT, NULL, &one, p), 0,
           "an outcome is created without history");
    is_str(news(db, p), "", "that leaves no row");
    db->store.history = 1;
    write_one(db, "update", EDU_UPDATE, EDU_IF_VERSION, &one, &two, p);
    write_one(db, "update", EDU_UPDATE, EDU_IF_VERSION, &two, &three, p);
    is_str(news(db, p),
           "update outcome c/a/s/o 02 of ben {1}>{2}; "
           "update outcome c/a/s/o 03 of ben 1>{3}",
           "the first change has the document before it");
    empty(db);
    db->store.history = 0;
    write_one(db, "create", EDU_INSERT, EDU_IF_ABSENT, NULL, &one, p);
    db->store.history = 1;
    write_one(db, "delete", EDU_DELETE, EDU_IF_VERSION, &one, NULL, p);
    is_str(news(db, p), "delete outcome c/a/s/o 01 of ben {1}>",
           "so has a deletion that is the first");
}

/* A submission and the outcomes that go with it: of all or of nothing. */
static void test_several(database_t *db, apr_pool_t *p)
{
    const edu_row_t submission = { .id = "s",
                                   .sort_key = "01",
                                   .recipient = "ben",
                                   .version = "01",
                                   .modified_by = "",
                                   .body = "{s}" };
    const edu_row_t one = outcome("01", "{1}"), two = outcome("02", "{2}");
    edu_changes_t changes = changes_of("return", p);
    edu_error_t err = { 0 };
    edu_write_t *write;

    empty(db);
    database_run(db, "INSERT INTO edu_class (id) VALUES ('c')");
    database_run(db, "INSERT INTO edu_assignment (class_id, id)"
                     " VALUES ('c', 'a')");
    add_write(&changes, EDU_INSERT, EDU_OUTCOME, EDU_IF_ABSENT, &place, "o")
        ->after = &one;
    add_write(&changes, EDU_INSERT, EDU_SUBMISSION, EDU_IF_ABSENT, &place, "s")
        ->after = &submission;
    add_write(&changes, EDU_LOCK, EDU_ASSIGNMENT, EDU_IF_PRESENT, &place, "a");
    is_int(commit(&db->store, &changes, &err, p), 0,
           "a submission and an outcome are written");
    is_str(news(db, p),
           "return submission c/a/s/s 01 of ben >{s}; "
           "return outcome c/a/s/o derived 01 of ben >{1}",
           "what no client named is derived, and a lock leaves no row");

    changes = changes_of("update", p);
    write = add_write(&changes, EDU_TOUCH, EDU_SUBMISSION, EDU_IF_EARLIER,
                      &place, "s");
    write->after = &(edu_row_t){ .version = "02", .modified_by = "" };
    write = add_write(&changes, EDU_UPDATE, EDU_OUTCOME, EDU_IF_VERSION, &place,
                      "o");
    write->before = &one;
    write->after = &two;
    is_int(commit(&db->store, &changes, &err, p), 0,
           "an outcome is updated with its submission touched");
    is_str(news(db, p), "update outcome c/a/s/o 02 of ben {1}>{2}",
           "a touch leaves no row, and derives nothing");

    changes = changes_of("return", p);
    write = add_write(&changes, EDU_UPDATE, EDU_SUBMISSION, EDU_IF_VERSION,
                      &place, "s");
    write->before = &(edu_row_t){ .version = "02" };
    write->after = &submission;
    write = add_write(&changes, EDU_UPDATE, EDU_OUTCOME, EDU_IF_VERSION, &place,
                      "o");
    write->before = &one;
    write->after = &two;
    is_int(commit(&db->store, &changes, &err, p), EDU_EPRECONDITION,
           "a change of which the second write fails is undone");
    is_str(news(db, p), "", "it leaves no row");

    changes = changes_of("publish", p);
    add_write(&changes, EDU_INSERT, EDU_SUBMISSION, EDU_ALWAYS, &place, "s")
        ->after = &submission;
    is_int(commit(&db->store, &changes, &err, p), 0,
           "a submission that is there already is passed over");
    is_str(news(db, p), "", "that leaves no row");
}

/* A class, with rows that only SQL knows of. */
static void test_below(database_t *db, apr_pool_t *p)
{
    static const edu_row_t class = { .version = "0000000000000000",
                                     .body = "{}" };
    static const edu_key_t key = { .class_id = "c" };
    edu_changes_t changes = changes_of("delete", p);
    edu_error_t err = { 0 };

    empty(db);
    database_run(db, "INSERT INTO edu_class (id) VALUES ('c'), ('d')");
    database_run(db, "INSERT INTO edu_member (class_id, id, role)"
                     " VALUES ('c', 'ben', 'student'), ('d', 'b', 'student')");
    database_run(db, "INSERT INTO edu_assignment (class_id, id)"
                     " VALUES ('c', 'a'), ('d', 'a')");
    database_run(db, "INSERT INTO edu_submission (class_id, assignment_id, id,"
                     " user_id) VALUES ('c', 'a', 's', 'ben'),"
                     " ('d', 'a', 's', 'b')");
    database_run(db, "INSERT INTO edu_outcome (class_id, assignment_id,"
                     " submission_id, id, created, type, version, body) VALUES"
                     " ('c', 'a', 's', 'o', '', 't', '07', '{o}'),"
                     " ('c', 'z', 'z', 'o', '', 't', '08', '{z}'),"
                     " ('d', 'a', 's', 'o', '', 't', '07', '{o}')");
    add_write(&changes, EDU_DELETE, EDU_CLASS, EDU_IF_VERSION, &key, "c")
        ->before = &class;
    for (int i = EDU_MEMBER; i <= EDU_OUTCOME; i++) {
        edu__changes_add(&changes, EDU_DELETE_BELOW, i, EDU_ALWAYS, &key);
    }
    is_int(commit(&db->store, &changes, &err, p), 0, "a class is deleted");
    is_str(news(db, p),
           "delete class c///c 0000000000000000 {}>; "
           "delete member c///ben derived 0000000000000000 {}>; "
           "delete assignment c/a//a derived 0000000000000000 {}>; "
           "delete submission c/a/s/s derived 0000000000000000 of ben {}>; "
           "delete outcome c/a/s/o derived 07 of ben {o}>; "
           "delete outcome c/z/z/o derived 08 {z}>",
           "all that was below has a row");
    is_str(database_ask(db, "SELECT count(*) FROM edu_outcome", p), "1",
           "and is gone, but for other classes");
}

/* A row that another adds between the record of those below and their removal,
 * as other databases allow: the first time only. */
static database_t *late;
static int removals;

int apr_dbd_pquery(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                   apr_dbd_t *handle, int *nrows, apr_dbd_prepared_t *statement,
                   int nargs, const char **args)
{
    __typeof__(apr_dbd_pquery) *real = dlsym(RTLD_NEXT, "apr_dbd_pquery");
    if (strcmp(args[0], "late") == 0 && removals++ == 0) {
        database_run(late, "INSERT INTO edu_outcome (class_id, assignment_id,"
                           " submission_id, id, created, type, version, body)"
                           " VALUES ('late', 'a', 's', 'z', '', 't', '1', '')");
    }
    return real(driver, pool, handle, nrows, statement, nargs, args);
}

static void test_late(database_t *db, apr_pool_t *p)
{
    static const edu_key_t key = { .class_id = "late" };
    edu_changes_t changes = changes_of("delete", p);
    edu_error_t err = { 0 };

    empty(db);
    database_run(db, "INSERT INTO edu_outcome (class_id, assignment_id,"
                     " submission_id, id, created, type, version, body)"
                     " VALUES ('late', 'a', 's', 'o', '', 't', '1', '')");
    edu__changes_add(&changes, EDU_DELETE_BELOW, EDU_OUTCOME, EDU_ALWAYS, &key);
    late = db;
    is_int(commit(&db->store, &changes, &err, p), 0,
           "rows are removed though one came meanwhile");
    is_int(removals, 2, "that is tried again as a whole");
    is_str(news(db, p), "delete outcome late/a/s/o derived 1 >",
           "no row is removed without a record");
    is_str(database_ask(db, "SELECT count(*) FROM edu_outcome", p), "0",
           "all are removed");
}

/* A change that cannot be recorded is not done. */
static void test_refused(database_t *db, apr_pool_t *p)
{
    const edu_row_t one = outcome("01", "{1}");

    empty(db);
    database_run(db, "CREATE TRIGGER refuse BEFORE INSERT ON edu_history"
                     " BEGIN SELECT RAISE(ABORT, 'constraint failed'); END");
    is_int(write_one(db, "create", EDU_INSERT, EDU_IF_ABSENT, NULL, &one, p),
           EDU_ECONSTRAINT, "a change that is not recorded fails");
    is_str(database_ask(db, "SELECT count(*) FROM edu_outcome", p), "0",
           "it is not done");
    database_run(db, "DROP TRIGGER refuse");
}

/* The marks of whether changes are recorded. */
static const char *marks(database_t *db, apr_pool_t *p)
{
    return database_ask(db,
                        "SELECT COALESCE(group_concat(action, ' '), '') FROM"
                        " (SELECT action FROM edu_history WHERE class_id = ''"
                        " AND at > '' ORDER BY seq)",
                        p);
}

/* One after another, each a process with this setting. */
static void test_marks(const char *file, apr_pool_t *p)
{
    static const struct {
        int history;
        const char *marks;
    } starts[] = {
        {0,  "historyOff"                               },
        { 0, "historyOff"                               },
        { 1, "historyOff historyOn"                     },
        { 1, "historyOff historyOn"                     },
        { 0, "historyOff historyOn historyOff"          },
        { 1, "historyOff historyOn historyOff historyOn"},
    };
    edu_error_t err = { 0 };

    for (apr_size_t i = 0; i < COUNT(starts); i++) {
        database_t *db = database_make(file, EDU_SCHEMA_AUTO, p);

        edu_group_create(&db->store.group, "sqlite3", NULL, 1, p);
        db->store.history = starts[i].history;
        db->store.timeout = PATIENCE;
        is_int(edu_store_check(&db->store, &err, p), 0, "a process starts");
        database_close(db);
        is_int(edu_store_check(&db->store, &err, p), 0, "it connects again");
        is_str(marks(db, p), starts[i].marks,
               "a start that records otherwise than the last says so");
        database_close(db);
    }
}

static void tests(apr_pool_t *p)
{
    const char *temp, *file;
    edu_error_t err = { 0 };
    database_t *db;

    apr_dbd_init(p);
    db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    apr_temp_dir_get(&temp, p);
    file = apr_psprintf(p, "%s/edu-history-%d.db", temp, (int)getpid());
    db->store.history = 1;
    db->store.timeout = PATIENCE;
    is_int(edu_store_check(&db->store, &err, p), 0, "there is a database");
    test_one(db, p);
    test_before(db, p);
    test_several(db, p);
    test_below(db, p);
    test_late(db, p);
    test_refused(db, p);
    database_close(db);
    test_marks(file, p);
    apr_file_remove(file, p);
}

TAP_MAIN(tests)
