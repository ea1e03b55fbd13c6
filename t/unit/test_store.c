/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The store in SQLite, through apr_dbd's own driver and nothing of a server. */

#include "database.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_thread_proc.h>

#define SECONDS(t) ((t) / (double)APR_USEC_PER_SEC)

static const edu_path_t here = { EDU_AT_OUTCOME, "c", "a", "s", "id-1" };

/* Where a list begins. */
static const edu_row_t start = { .created = "", .id = "" };

/* --------------------------------------------------------------- scratch */

static const char *directory;

static void make_directory(apr_pool_t *p)
{
    const char *temp;
    char *name;

    apr_temp_dir_get(&temp, p);
    name = apr_pstrcat(p, temp, "/edu-test-XXXXXX", NULL);
    directory = mkdtemp(name);
    if (!directory) {
        fprintf(stderr, "# no directory in %s\n", temp);
        abort();
    }
}

static void remove_directory(apr_pool_t *p)
{
    apr_dir_t *dir;
    apr_finfo_t info;

    apr_dir_open(&dir, directory, p);
    while (!apr_dir_read(&info, APR_FINFO_NAME, dir)) {
        if (info.name[0] != '.') {
            const char *path = apr_pstrcat(p, directory, "/", info.name, NULL);

            if (apr_file_remove(path, p)) {
                apr_dir_remove(path, p);
            }
        }
    }
    apr_dir_close(dir);
    apr_dir_remove(directory, p);
}

static const char *in_directory(const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, directory, "/", name, NULL);
}

static void write_file(const char *name, const char *text, apr_pool_t *p)
{
    apr_file_t *file;

    apr_file_open(&file, name, APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                  APR_FPROT_OS_DEFAULT, p);
    apr_file_puts(text, file);
    apr_file_close(file);
}

static const char *read_file(const char *name, apr_pool_t *p)
{
    apr_file_t *file;
    apr_size_t len = 100000;
    char *text = apr_pcalloc(p, len + 1);

    if (apr_file_open(&file, name, APR_FOPEN_READ, 0, p)) {
        return NULL;
    }
    apr_file_read_full(file, text, len, &len);
    apr_file_close(file);
    return text;
}

/* ------------------------------------------------------------------ calls */

static apr_status_t insert(database_t *db, const edu_path_t *path,
                           const char *id, const char *version,
                           const char *body, apr_pool_t *p)
{
    const edu_row_t row = { id, NULL, "educationOutcome", version, body };
    edu_error_t err = { 0 };

    return edu__store_insert(&db->store, path, &row, &err, p);
}

static apr_status_t replace(database_t *db, const edu_path_t *path,
                            const char *from, const char *to, const char *body,
                            apr_pool_t *p)
{
    const edu_row_t row = { path->outcome_id, NULL, "educationOutcome", to,
                            body };
    edu_error_t err = { 0 };

    return edu__store_replace(&db->store, path, &row, from, &err, p);
}

static apr_status_t drop(database_t *db, const edu_path_t *path,
                         const char *version, apr_pool_t *p)
{
    edu_error_t err = { 0 };

    return edu__store_remove(&db->store, path, version, &err, p);
}

/* The body at a path, or NULL. */
static const char *body_of(database_t *db, const edu_path_t *path,
                           apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row = { 0 };

    return edu__store_get(&row, &db->store, path, &err, p) ? NULL : row.body;
}

/* "id=body id=body": a submission's outcomes, or NULL. */
static const char *list_of(database_t *db, const edu_path_t *path,
                           apr_pool_t *p)
{
    edu_error_t err = { 0 };
    apr_array_header_t *rows;
    const char *text = "";

    if (edu__store_list(&rows, &db->store, path, &start, &err, p)) {
        return NULL;
    }
    for (int i = 0; i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        text =
            apr_pstrcat(p, text, i ? " " : "", row->id, "=", row->body, NULL);
    }
    return text;
}

/* A refusal for the log, of which the client learns nothing. */
static void test_unavailable(apr_status_t rv, const edu_error_t *err,
                             const char *detail, const char *what)
{
    edu_error_t table;

    edu_error_http(&table, 503);
    if (!ok(rv == EDU_EUNAVAILABLE && err->status == 503, "%s: unavailable",
            what)) {
        return;
    }
    is_str(err->message, table.message, "the client learns no more");
    ok(!err->target && !err->inner, "nor by another member");
    if (!ok(err->detail && strstr(err->detail, detail), "the log learns of: %s",
            detail)) {
        fprintf(stderr, "#   got %s\n", err->detail ? err->detail : "NULL");
    }
}

static void test_check_fails(database_t *db, const char *detail,
                             const char *what, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    apr_time_t start = apr_time_now();
    apr_status_t rv = edu_store_check(&db->store, &err, p);

    test_unavailable(rv, &err, detail, what);
    ok(SECONDS(apr_time_now() - start) < 8, "soon enough");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

static void test_checks(database_t *db, const char *what, apr_pool_t *p)
{
    edu_error_t err = { 0 };

    if (!ok(edu_store_check(&db->store, &err, p) == APR_SUCCESS, "%s", what)) {
        fprintf(stderr, "#   got %s\n", err.detail ? err.detail : "NULL");
    }
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* ----------------------------------------------------------------- schema */

/* The text without comments, with one space for any white space, and none
 * inside parentheses or at an end. */
static const char *normal(const char *s, apr_pool_t *p)
{
    char *text = apr_palloc(p, strlen(s) + 1), *to = text;

    while (*s) {
        if (s[0] == '-' && s[1] == '-') {
            s += strcspn(s, "\n");
        }
        else if (apr_isspace(*s)) {
            s++;
            if (to > text && to[-1] != ' ' && to[-1] != '(' && to[-1] != ';') {
                *to++ = ' ';
            }
        }
        else {
            if (strchr(");", *s) && to > text && to[-1] == ' ') {
                to--;
            }
            *to++ = *s++;
        }
    }
    *to = '\0';
    return text;
}

static void test_file(apr_pool_t *p)
{
    const char *top = getenv("top_srcdir"), *file = NULL, *all = "";
    const char *const *sql = edu_store_schema("sqlite3");

    if (top) {
        file =
            read_file(apr_pstrcat(p, top, "/conf/schema/sqlite3.sql", NULL), p);
    }
    if (!ok(file != NULL, "conf/schema/sqlite3.sql is below $top_srcdir") ||
        !ok(sql != NULL, "the schema is known")) {
        return;
    }
    for (; *sql; sql++) {
        all = apr_pstrcat(p, all, normal(*sql, p), ";", NULL);
    }
    is_str(normal(file, p), all, "it is the schema that is created");
    ok(!edu_store_schema("nothing") && !edu_store_schema(""),
       "of another driver there is none");
}

static void test_refuse(void)
{
    /* clang-format off */
    static const struct {
        const char *driver, *params;
        int fine;
    } rows[] = {
        { "sqlite3", "/var/lib/outcomes.db", 1 },
        { "sqlite3", NULL, 0 },
        { "sqlite3", "", 0 },
        { "sqlite3", "outcomes.db", 0 },
        { "sqlite3", ":memory:", 0 },
        { "SQLite3", "/var/lib/outcomes.db", 0 },
        { "sqlite2", "/var/lib/outcomes.db", 0 },
        { "", "/var/lib/outcomes.db", 0 },
        { NULL, NULL, 0 },
        { NULL, "/var/lib/outcomes.db", 0 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *says = edu_store_refuse(rows[i].driver, rows[i].params);

        ok(rows[i].fine ? !says : says && *says, "%s with %s is %s",
           rows[i].driver ? rows[i].driver : "no driver",
           rows[i].params ? rows[i].params : "nothing",
           rows[i].fine ? "taken" : "refused");
    }
}

static void test_create(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *file;
        edu_schema_e schema;
    } rows[] = { { "auto.db", EDU_SCHEMA_AUTO },
                 { "default.db", EDU_SCHEMA_DEFAULT } };

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *file = in_directory(rows[i].file, p);
        database_t *db = database_make(file, rows[i].schema, p);
        database_t *other = database_make(file, EDU_SCHEMA_MANUAL, p);

        test_checks(db, "a schema is made", p);
        test_checks(db, "and found", p);
        test_checks(other, "by others, too", p);
        is_str(database_ask(other, "SELECT version FROM edu_schema", p), "1",
               "it has a version");
        is_str(database_ask(other, "PRAGMA journal_mode", p), "wal",
               "readers and a writer do not wait for each other");
        is_str(database_ask(db, "PRAGMA synchronous", p), "2",
               "an answer is durable");
        database_close(db);
        database_close(other);
    }
}

static void test_manual(apr_pool_t *p)
{
    const char *file = in_directory("manual.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_MANUAL, p);
    database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);
    const char *const *sql = edu_store_schema("sqlite3");

    test_check_fails(db, "schema/sqlite3.sql", "no schema", p);
    ok(!database_ask(admin, "SELECT name FROM sqlite_master", p),
       "and none is made");
    for (; *sql; sql++) {
        database_run(admin, *sql);
    }
    test_checks(db, "once it is loaded, the same connection works", p);
    database_run(admin, "UPDATE edu_schema SET version = '2'");
    database_close(db);
    test_check_fails(db, "version 2", "a schema of the future", p);
    db->store.schema = EDU_SCHEMA_AUTO;
    test_check_fails(db, "version 2", "a schema of the future, by auto", p);
    is_str(database_ask(admin, "SELECT version FROM edu_schema", p), "2",
           "which is left alone");
    database_run(admin, "DELETE FROM edu_schema");
    db->store.schema = EDU_SCHEMA_MANUAL;
    test_check_fails(db, "schema", "a schema without a version", p);
    database_run(admin, "INSERT INTO edu_schema VALUES (1, '1')");
    test_checks(db, "repaired", p);
    database_close(db);
    database_close(admin);
}

/* ------------------------------------------------------------------- rows */

static void test_rows(database_t *db, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row = { 0 };

    is_str(list_of(db, &here, p), "", "nothing is there");
    is_int(edu__store_get(&row, &db->store, &here, &err, p), EDU_ENOOUTCOME,
           "nothing is found");
    is_str(err.code, "20241", "by Graph's code");
    ok(err.message && strstr(err.message, "id-1"), "and says what");
    is_int(replace(db, &here, "1", "2", "{}", p), EDU_EPRECONDITION,
           "nothing is replaced");
    is_int(drop(db, &here, "1", p), EDU_EPRECONDITION, "nor removed");
    is_str(list_of(db, &here, p), "", "nothing came of it");

    is_int(insert(db, &here, "id-1", "1", "{1}", p), 0, "a row goes in");
    is_int(edu__store_get(&row, &db->store, &here, &err, p), 0,
           "and comes out");
    is_str(row.id, "id-1", "its id");
    is_str(row.type, "educationOutcome", "its type");
    is_str(row.version, "1", "its version");
    is_str(row.body, "{1}", "its document");
    is_int(insert(db, &here, "id-1", "9", "{9}", p), EDU_ECONFLICT,
           "not twice");
    is_str(body_of(db, &here, p), "{1}", "and not over it");
    is_int(insert(db, &here, "id-4", "3", "{4}", p), 0, "others go in");
    is_int(insert(db, &here, "id-3", "2", "{3}", p), 0, "in any order");
    is_int(insert(db, &here, "id-2", "3", "{2}", p), 0, "even at once");
    is_str(list_of(db, &here, p), "id-1={1} id-3={3} id-2={2} id-4={4}",
           "a list is in order of the first version, then of id");

    is_int(replace(db, &here, "0", "2", "{no}", p), EDU_EPRECONDITION,
           "a stale version replaces nothing");
    is_int(replace(db, &here, "", "2", "{no}", p), EDU_EPRECONDITION,
           "nor does none");
    is_str(body_of(db, &here, p), "{1}", "it stands");
    is_int(replace(db, &here, "1", "9", "{1b}", p), 0, "the right one does");
    is_int(replace(db, &here, "1", "3", "{no}", p), EDU_EPRECONDITION, "once");
    is_str(list_of(db, &here, p), "id-1={1b} id-3={3} id-2={2} id-4={4}",
           "in its place, and nothing else");

    is_int(drop(db, &here, "1", p), EDU_EPRECONDITION,
           "a stale version removes nothing");
    is_int(drop(db, &here, "9", p), 0, "the right one does");
    is_int(drop(db, &here, "9", p), EDU_EPRECONDITION, "once");
    is_str(list_of(db, &here, p), "id-3={3} id-2={2} id-4={4}",
           "and nothing else");
    is_int(insert(db, &here, "id-1", "5", "{}", p), 0, "its id is free again");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* Keys are exact, whatever is in them. */
static const char *const keys[] = {
    "x",
    "X",
    " x",
    "x ",
    "it's",
    "''",
    "'; DROP TABLE edu_outcome; --",
    "\"x\"",
    "100%",
    "%s",
    "%d%n%%",
    "x_",
    "_",
    "x\\",
    "x/y",
    "\xc3\xa9",
    "e\xcc\x81",
    "\xe6\x95\x99\xe8\x82\xb2",
    "\xf0\x9f\x8e\x93",
    "1",
    "01",
    "1.0",
    "NULL",
    "null",
    "\t\n",
};

/* Each key stands in each place, its body naming the place. */
static void test_keys(database_t *db, apr_pool_t *p)
{
    int wrong = 0;

    for (apr_size_t i = 0; i < 4 * COUNT(keys); i++) {
        const char *key = keys[i / 4];
        const edu_path_t path = { EDU_AT_OUTCOME, i % 4 == 0 ? key : "k",
                                  i % 4 == 1 ? key : "k",
                                  i % 4 == 2 ? key : "k",
                                  i % 4 == 3 ? key : "k" };
        const char *body = apr_psprintf(p, "{%d:%s}", (int)i, key);

        ok(insert(db, &path, path.outcome_id, key, body, p) == 0 &&
               tap_same(body_of(db, &path, p), body),
           "key %d in place %d", (int)i / 4, (int)i % 4);
    }
    for (apr_size_t i = 0; i < 4 * COUNT(keys); i++) {
        const char *key = keys[i / 4];
        const edu_path_t path = { EDU_AT_OUTCOME, i % 4 == 0 ? key : "k",
                                  i % 4 == 1 ? key : "k",
                                  i % 4 == 2 ? key : "k",
                                  i % 4 == 3 ? key : "k" };

        wrong += replace(db, &path, key, "v", key, p) != 0;
        wrong += !tap_same(body_of(db, &path, p), key);
        wrong += drop(db, &path, "v", p) != 0;
        wrong += body_of(db, &path, p) != NULL;
    }
    is_int(wrong, 0, "and each is changed and removed by itself");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* An outcome's id is its own only within its submission. */
static void test_places(database_t *db, apr_pool_t *p)
{
    static const edu_path_t places[] = {
        { EDU_AT_OUTCOME, "p", "a", "s", "same" },
        { EDU_AT_OUTCOME, "q", "a", "s", "same" },
        { EDU_AT_OUTCOME, "p", "b", "s", "same" },
        { EDU_AT_OUTCOME, "p", "a", "t", "same" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(places); i++) {
        is_int(insert(db, &places[i], "same", "1", apr_itoa(p, (int)i), p), 0,
               "an id is free in each submission");
    }
    for (apr_size_t i = 0; i < COUNT(places); i++) {
        is_str(list_of(db, &places[i], p), apr_psprintf(p, "same=%d", (int)i),
               "and stays there");
    }
    drop(db, &places[0], "1", p);
    is_str(list_of(db, &places[0], p), "", "removed in one");
    is_str(list_of(db, &places[3], p), "same=3", "and not in others");
}

static void test_bodies(database_t *db, apr_pool_t *p)
{
    static const apr_size_t sizes[] = { 0, 1, 4096, 65536, 4 << 20 };

    for (apr_size_t i = 0; i < COUNT(sizes); i++) {
        const edu_path_t path = { EDU_AT_OUTCOME, "big", "a", "s",
                                  apr_itoa(p, (int)sizes[i]) };
        char *body = apr_palloc(p, sizes[i] + 1);

        memset(body, '%', sizes[i]);
        body[sizes[i]] = '\0';
        ok(insert(db, &path, path.outcome_id, "1", body, p) == 0 &&
               tap_same(body_of(db, &path, p), body),
           "a document of %d bytes", (int)sizes[i]);
    }
}

/* ------------------------------------------------- what others do meanwhile */

/* Every call that a stale statement could fail. */
static int call(database_t *db, int which, int round, apr_pool_t *p)
{
    const char *now = apr_itoa(p, round), *next = apr_itoa(p, round + 1);
    const edu_path_t path = { EDU_AT_OUTCOME, "stale", "a", "s", "id" };

    switch (which) {
    case 0:
        return body_of(db, &path, p) == NULL;
    case 1:
        return !tap_same(list_of(db, &path, p),
                         apr_pstrcat(p, "id={", now, "}", NULL));
    case 2:
        return insert(db, &path, apr_pstrcat(p, "new", now, NULL), "1", "",
                      p) ||
               drop(db,
                    &(const edu_path_t){ EDU_AT_OUTCOME, "stale", "a", "s",
                                         apr_pstrcat(p, "new", now, NULL) },
                    "1", p);
    default:
        return replace(db, &path, now, next,
                       apr_pstrcat(p, "{", next, "}", NULL), p) ||
               replace(db, &path, next, now,
                       apr_pstrcat(p, "{", now, "}", NULL), p);
    }
}

/* Statements that are kept survive another's change of the schema: the first
 * call after it works. */
static void test_stale(database_t *db, database_t *other, apr_pool_t *p)
{
    static const char *const changes[] = {
        "CREATE INDEX edu_%d ON edu_outcome (version, type)",
        "ALTER TABLE edu_outcome ADD COLUMN x%d TEXT",
        "CREATE TABLE t%d (a)",
        "DROP TABLE t%d",
        "DROP INDEX edu_%d",
        "ANALYZE edu_outcome -- %d",
        "VACUUM -- %d",
    };
    const edu_path_t path = { EDU_AT_OUTCOME, "stale", "a", "s", "id" };
    int round = 1;

    insert(db, &path, "id", "1", "{1}", p);
    for (int which = 0; which < 4; which++) {
        ok(!call(db, which, round, p), "call %d works", which);
        for (apr_size_t i = 0; i < COUNT(changes); i++) {
            int rc = database_run(other, apr_psprintf(p, changes[i], which));

            ok(rc == 0 && !call(db, which, round, p), "call %d works after: %s",
               which, changes[i]);
        }
    }
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* A table that is gone is told, and no call before or after pays for it. */
static void test_gone(database_t *db, database_t *other, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row;
    apr_status_t rv;

    database_run(other, "ALTER TABLE edu_outcome RENAME TO hidden");
    rv = edu__store_get(&row, &db->store, &here, &err, p);
    test_unavailable(rv, &err, "edu_outcome", "a table that is gone");
    rv = insert(db, &here, "id-9", "1", "{}", p);
    is_int(rv, EDU_EUNAVAILABLE, "for every call");
    database_run(other, "ALTER TABLE hidden RENAME TO edu_outcome");
    ok(body_of(db, &here, p) != NULL, "back again, all is well");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* A connection that was lost is another connection. */
static void test_lost(database_t *db, apr_pool_t *p)
{
    ok(body_of(db, &here, p) != NULL, "a connection works");
    database_close(db);
    ok(body_of(db, &here, p) != NULL, "as does the next");
    is_str(database_ask(db, "PRAGMA synchronous", p), "2",
           "which is as durable");
}

static void test_locked(database_t *db, database_t *other, apr_pool_t *p)
{
    const edu_row_t row = { "locked", NULL, "educationOutcome", "1", "{}" };
    edu_error_t err = { 0 };
    apr_time_t start;
    apr_status_t rv;

    is_int(database_run(other, "BEGIN EXCLUSIVE"), 0, "another has a lock");
    start = apr_time_now();
    rv = edu__store_insert(&db->store, &here, &row, &err, p);
    test_unavailable(rv, &err, "locked", "a locked database");
    ok(SECONDS(apr_time_now() - start) < 8, "soon enough");
    start = apr_time_now();
    ok(body_of(db, &here, p) != NULL && SECONDS(apr_time_now() - start) < 1,
       "reading goes on");
    is_int(database_run(other, "COMMIT"), 0, "the lock is gone");
    is_int(insert(db, &here, "locked", "1", "{}", p), 0, "and writing works");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

static void *APR_THREAD_FUNC commit_later(apr_thread_t *thread, void *other)
{
    (void)thread;
    apr_sleep(apr_time_from_msec(1500));
    database_run(other, "COMMIT");
    return NULL; /* apr_thread_exit would leave its frame to ASan */
}

/* A lock that goes away in time costs that time and no more. */
static void test_waits(database_t *db, database_t *other, apr_pool_t *p)
{
    apr_thread_t *thread;
    apr_status_t rv;

    database_run(other, "BEGIN EXCLUSIVE");
    apr_thread_create(&thread, NULL, commit_later, other, p);
    rv = insert(db, &here, "waited", "1", "{}", p);
    is_int(rv, 0, "a lock is waited for");
    apr_thread_join(&rv, thread);
}

/* A new database that another has locked before its first use. */
static void test_born_locked(apr_pool_t *p)
{
    const char *file = in_directory("born.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_AUTO, p);
    database_t *other = database_make(file, EDU_SCHEMA_AUTO, p);

    database_run(other, "BEGIN EXCLUSIVE");
    database_run(other, "CREATE TABLE t (a)");
    test_check_fails(db, "locked", "a database locked from the start", p);
    database_run(other, "COMMIT");
    test_checks(db, "is fine afterwards", p);
    is_int(insert(db, &here, "id-1", "1", "{}", p), 0, "and takes a row");
    database_close(db);
    database_close(other);
}

/* ------------------------------------------------------ what cannot be read */

static apr_status_t lend_nothing(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    (void)baton;
    (void)dbd;
    (void)p;
    return APR_EGENERAL;
}

static void take_nothing(void *baton, edu_dbd_t *dbd)
{
    (void)dbd;
    ++*(int *)baton;
}

static void test_no_connection(apr_pool_t *p)
{
    int closed = 0;
    const edu_store_t store = { lend_nothing, take_nothing, &closed,
                                EDU_SCHEMA_AUTO };
    const edu_row_t row = { "id", NULL, "educationOutcome", "1", "{}" };
    edu_error_t err = { 0 };
    apr_array_header_t *rows;
    edu_row_t out;

    test_unavailable(edu_store_check(&store, &err, p), &err, "connection",
                     "no connection");
    test_unavailable(edu__store_get(&out, &store, &here, &err, p), &err,
                     "connection", "no connection to read by");
    test_unavailable(edu__store_list(&rows, &store, &here, &start, &err, p),
                     &err, "connection", "no connection to list by");
    test_unavailable(edu__store_insert(&store, &here, &row, &err, p), &err,
                     "connection", "no connection to write by");
    test_unavailable(edu__store_replace(&store, &here, &row, "1", &err, p),
                     &err, "connection", "no connection to change by");
    test_unavailable(edu__store_remove(&store, &here, "1", &err, p), &err,
                     "connection", "no connection to remove by");
    is_int(closed, 0, "what was not borrowed is not given back");
}

/* Root may read anything, so these are no files of ours for anyone. */
static void test_unreadable(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *name, *file, *detail;
    } rows[] = {
        { "a file that is none", "garbage.db", "not a database" },
        { "a directory", "directory.db", "connection" },
        { "a directory that is not there", "no/such.db", "connection" },
    };
    /* clang-format on */
    const char *garbage = in_directory("garbage.db", p);

    write_file(garbage,
               "This is no database, however often one may look at it; it is "
               "longer than a header, so that none can be mistaken for it.",
               p);
    apr_dir_make(in_directory("directory.db", p), APR_FPROT_OS_DEFAULT, p);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        database_t *db =
            database_make(in_directory(rows[i].file, p), EDU_SCHEMA_AUTO, p);

        test_check_fails(db, rows[i].detail, rows[i].name, p);
        database_close(db);
    }
    ok(strstr(read_file(garbage, p), "This is no database") != NULL,
       "what is not ours is left alone");
}

static void tests(apr_pool_t *p)
{
    database_t *db, *other;

    apr_dbd_init(p);
    make_directory(p);
    test_file(p);
    test_refuse();
    test_create(p);
    test_manual(p);

    db = database_make(in_directory("rows.db", p), EDU_SCHEMA_AUTO, p);
    other = database_make(db->file, EDU_SCHEMA_AUTO, p);
    test_rows(db, p);
    test_keys(db, p);
    test_places(db, p);
    test_bodies(db, p);
    test_stale(db, other, p);
    test_gone(db, other, p);
    test_lost(db, p);
    test_locked(db, other, p);
    test_waits(db, other, p);
    database_close(db);
    database_close(other);

    test_born_locked(p);
    test_no_connection(p);
    test_unreadable(p);
    remove_directory(p);
}

TAP_MAIN(tests)
