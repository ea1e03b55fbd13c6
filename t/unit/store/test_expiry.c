/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Kept answers: how they are written beside other rows, and removed. */

#include "inner.h"
#include "database.h"

/* For a machine that is busy, or runs valgrind. */
#define PATIENCE apr_time_from_sec(60)

static const edu_key_t one = { .repeat_id = "one" };

/* The answer of a request. */
static edu_row_t answer(const char *request, const char *expires)
{
    return (edu_row_t){ .id = "one",
                        .sort_key = "01",
                        .kind = request,
                        .version = expires,
                        .modified_by = "ada",
                        .body = "{}" };
}

static edu_changes_t changes_of(apr_pool_t *p)
{
    return (edu_changes_t){ .now = 0xabc,
                            .writes =
                                apr_array_make(p, 2, sizeof(edu_write_t)) };
}

/* Writes an outcome with an answer. @param before  of the answer, or NULL */
static apr_status_t write_both(database_t *db, const char *id,
                               const edu_row_t *before, const edu_row_t *after,
                               apr_pool_t *p)
{
    static const edu_key_t place = OUTCOME_AT("c", "a", "s", NULL);
    edu_row_t outcome = {
        .id = id, .sort_key = "01", .type = "t", .version = "01", .body = "{}"
    };
    edu_changes_t changes = changes_of(p);
    edu_error_t err = { 0 };
    edu_write_t *write =
        edu__changes_add(&changes, before ? EDU_UPDATE : EDU_INSERT, EDU_REPEAT,
                         before ? EDU_IF_VERSION : EDU_IF_ABSENT, &one);

    write->before = before;
    write->after = after;
    add_write(&changes, EDU_INSERT, EDU_OUTCOME, EDU_IF_UNREGISTRABLE, &place,
              id)
        ->after = &outcome;
    return commit(&db->store, &changes, &err, p);
}

static const char *found(database_t *db, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row;

    edu__store_get(&row, &db->store, EDU_REPEAT, &one, &err, p);
    return row.stored ? apr_pstrcat(p, row.kind, " ", row.version, " ",
                                    row.modified_by, " ", row.body, NULL)
                      : "nothing";
}

static const char *count(database_t *db, const char *what, apr_pool_t *p)
{
    return database_ask(db, apr_pstrcat(p, "SELECT count(*) FROM ", what, NULL),
                        p);
}

static void test_written(database_t *db, apr_pool_t *p)
{
    const edu_row_t first = answer("a", "05"), other = answer("b", "06");

    is_str(found(db, p), "nothing", "no answer is kept");
    is_int(write_both(db, "1", NULL, &first, p), 0, "one is, with its change");
    is_str(found(db, p), "a 05 ada {}", "and found");
    is_int(write_both(db, "2", NULL, &other, p), EDU_ECONFLICT,
           "a second one finds it there");
    is_str(count(db, "edu_outcome", p), "1", "and its change is undone");
    is_int(write_both(db, "2", &other, &other, p), EDU_EPRECONDITION,
           "one of another time is not replaced");
    is_int(write_both(db, "2", &first, &other, p), 0, "that one is");
    is_str(found(db, p), "b 06 ada {}", "by the later answer");
    is_str(count(db, "edu_history", p), "2",
           "no answer is a row of the history");
}

static void test_expired(database_t *db, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    static const int steps[] = { 500, 100, 0 };
    int n;

    database_run(db, "INSERT INTO edu_repeat (id, created, request, expires,"
                     " user_id, body) WITH RECURSIVE n (i) AS (SELECT 1 UNION"
                     " ALL SELECT i + 1 FROM n WHERE i < 600) SELECT i, '', '',"
                     " printf('%016x', i), '', '' FROM n");
    database_run(db, "INSERT INTO edu_repeat (id, created, request, expires,"
                     " user_id, body) VALUES ('new', '', '',"
                     " '7000000000000000', '', '')");
    for (apr_size_t i = 0; i < COUNT(steps); i++) {
        is_int(edu_store_expire(&n, &db->store, &err, p), 0,
               "answers that have expired are removed");
        is_int(n, steps[i], "some at once");
    }
    is_str(count(db, "edu_repeat", p), "2", "those that have not stay");
}

static void tests(apr_pool_t *p)
{
    edu_error_t err = { 0 };
    database_t *db;

    apr_dbd_init(p);
    db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    db->store.history = 1;
    db->store.timeout = PATIENCE;
    is_int(edu_store_check(&db->store, &err, p), 0, "there is a database");
    test_written(db, p);
    test_expired(db, p);
}

TAP_MAIN(tests)
