/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The store in SQLite, through apr_dbd's own driver and nothing of a server. */

#include "database.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_thread_proc.h>
#include <dlfcn.h>

#define SECONDS(t) ((t) / (double)APR_USEC_PER_SEC)

/* What becomes of the next write: the connection is lost before or after it is
 * done, and the caller learns of neither. */
typedef enum fate_e { FINE, BEFORE, AFTER } fate_e;
static fate_e next_write;
static int no_answer, begun;           /* transactions */
static apr_interval_time_t slow_index; /* how long one takes to be made */

int apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *nrows,
                  const char *statement)
{
    int (*real)(const apr_dbd_driver_t *, apr_dbd_t *, int *, const char *) =
        dlsym(RTLD_NEXT, "apr_dbd_query");

    begun += strncmp(statement, "BEGIN", 5) == 0;
    if (strstr(statement, " INDEX ")) {
        apr_sleep(slow_index);
    }
    return real(driver, handle, nrows, statement);
}

int apr_dbd_pquery(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                   apr_dbd_t *handle, int *nrows, apr_dbd_prepared_t *statement,
                   int nargs, const char **args)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *, int *,
                apr_dbd_prepared_t *, int, const char **) =
        dlsym(RTLD_NEXT, "apr_dbd_pquery");
    int rc = next_write == BEFORE
                 ? 1
                 : real(driver, pool, handle, nrows, statement, nargs, args);

    no_answer = next_write != FINE;
    next_write = FINE;
    return no_answer ? 1 : rc;
}

/* How long the next reads take. */
static apr_interval_time_t slow_read;

int apr_dbd_pselect(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                    apr_dbd_t *handle, apr_dbd_results_t **res,
                    apr_dbd_prepared_t *statement, int random, int nargs,
                    const char **args)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *,
                apr_dbd_results_t **, apr_dbd_prepared_t *, int, int,
                const char **) = dlsym(RTLD_NEXT, "apr_dbd_pselect");

    apr_sleep(slow_read);
    return real(driver, pool, handle, res, statement, random, nargs, args);
}

int apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                   apr_dbd_t *handle, apr_dbd_results_t **res,
                   const char *statement, int random)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *,
                apr_dbd_results_t **, const char *, int) =
        dlsym(RTLD_NEXT, "apr_dbd_select");
    int lost = no_answer;

    no_answer = 0;
    return lost ? 1 : real(driver, pool, handle, res, statement, random);
}

static const edu_path_t here = OUTCOME_AT("c", "a", "s", "id-1");

/* All rows. */
static const edu_range_t whole = { .after = NULL };

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
    edu_error_t err = { 0 };

    return add_outcome(&db->store, path, id, "educationOutcome", version, body,
                       &err, p);
}

static apr_status_t replace(database_t *db, const edu_path_t *path,
                            const char *from, const char *to, const char *body,
                            apr_pool_t *p)
{
    const edu_row_t row = { .id = path->outcome_id,
                            .kind = "educationOutcome",
                            .version = to,
                            .body = body };
    edu_error_t err = { 0 };

    return edu__store_replace(&db->store, EDU_OUTCOME, path, &row, from, &err,
                              p);
}

static apr_status_t drop(database_t *db, const edu_path_t *path,
                         const char *version, apr_pool_t *p)
{
    edu_error_t err = { 0 };

    return edu__store_remove(&db->store, EDU_OUTCOME, path, path->outcome_id,
                             version, &err, p);
}

/* The body at a path, or NULL. */
static const char *body_of(database_t *db, const edu_path_t *path,
                           apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row = { 0 };

    return edu__store_get(&row, &db->store, EDU_OUTCOME, path, &err, p) ||
                   !row.stored
               ? NULL
               : row.body;
}

/* "id=body id=body": a submission's outcomes, or NULL. */
static const char *list_of(database_t *db, const edu_path_t *path,
                           apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;
    const char *text = "";

    if (edu__store_list(&rows, &above, &db->store, EDU_OUTCOME, path, &whole,
                        &err, p)) {
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
    int most = 1;

    if (!ok(edu_store_check(&db->store, &err, p) == APR_SUCCESS, "%s", what)) {
        fprintf(stderr, "#   got %s\n", err.detail ? err.detail : "NULL");
    }
    is_int(edu_store_connections(&most, &db->store, &err, p), 0, "and");
    is_int(most, 0, "a file admits all that come");
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

static void load_schema(database_t *db)
{
    const char *const *sql = edu_store_schema("sqlite3");

    for (; *sql; sql++) {
        is_int(database_run(db, *sql), 0, "the schema is loaded");
    }
}

static const char *version_of(database_t *db, apr_pool_t *p)
{
    return database_ask(db, "SELECT version FROM edu_schema", p);
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
        is_str(version_of(other, p), "2.1", "it has a version");
        is_str(database_ask(other, "PRAGMA journal_mode", p), "wal",
               "readers and a writer do not wait for each other");
        is_str(database_ask(db, "PRAGMA synchronous", p), "1",
               "a COMMIT leaves the flush to us");
        database_close(db);
        database_close(other);
    }
}

static void test_manual(apr_pool_t *p)
{
    const char *file = in_directory("manual.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_MANUAL, p);
    database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

    test_check_fails(db, "schema/sqlite3.sql", "no schema", p);
    ok(!database_ask(admin, "SELECT name FROM sqlite_master", p),
       "and none is made");
    load_schema(admin);
    test_checks(db, "once it is loaded, the same connection works", p);
    database_run(admin, "DELETE FROM edu_schema");
    database_close(db);
    test_check_fails(db, "schema", "a schema without a version", p);
    database_run(admin, "INSERT INTO edu_schema VALUES (1, '2')");
    test_checks(db, "repaired", p);
    database_close(db);
    database_close(admin);
}

/* What the module made before there was more than outcomes. */
static const char *const version_1[] = {
    "CREATE TABLE edu_outcome (class_id TEXT NOT NULL, assignment_id TEXT NOT "
    "NULL, submission_id TEXT NOT NULL, id TEXT NOT NULL, created TEXT NOT "
    "NULL, type TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL, "
    "UNIQUE (class_id, assignment_id, submission_id, id))",
    "CREATE TABLE edu_schema (one INTEGER PRIMARY KEY CHECK (one = 1), "
    "version TEXT NOT NULL)",
    "INSERT INTO edu_schema VALUES (1, '1')",
    "INSERT INTO edu_outcome VALUES ('c', 'a', 's', 'id-1', '1', "
    "'educationOutcome', '1', '{old}')",
};

static void make_version_1(database_t *db)
{
    for (apr_size_t i = 0; i < COUNT(version_1); i++) {
        is_int(database_run(db, version_1[i]), 0, "version 1 is made");
    }
}

/* What the schema consists of, sorted. */
static const char *names_in(database_t *db, apr_pool_t *p)
{
    return database_ask(db,
                        "SELECT group_concat(name, ' ') FROM (SELECT name FROM"
                        " sqlite_master WHERE name LIKE 'edu_%' ORDER BY name)",
                        p);
}

/* A database of an earlier version gets what it lacks, and keeps what it has;
 * or it is said who is to see to that. */
static void test_upgrade(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *file;
        edu_schema_e schema;
    } rows[] = {
        { "old-auto.db", EDU_SCHEMA_AUTO },
        { "old-default.db", EDU_SCHEMA_DEFAULT },
        { "old-manual.db", EDU_SCHEMA_MANUAL },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *file = in_directory(rows[i].file, p);
        database_t *db = database_make(file, rows[i].schema, p);
        database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

        make_version_1(admin);
        if (rows[i].schema == EDU_SCHEMA_MANUAL) {
            test_check_fails(db,
                             "has schema version 1, this module works with "
                             "version 2. Load schema/sqlite3.sql",
                             file, p);
            is_str(version_of(admin, p), "1", "which is left alone");
            is_str(names_in(admin, p), "edu_outcome edu_schema",
                   "and nothing is added");
            load_schema(admin);
        }
        test_checks(db, file, p);
        is_str(version_of(db, p), "2.1", "it is of our version now");
        is_str(names_in(db, p),
               "edu_assignment edu_class edu_member edu_member_class "
               "edu_member_role edu_outcome edu_schema edu_submission "
               "edu_submission_version",
               "with all there has to be");
        is_str(body_of(db, &here, p), "{old}", "and what there was");
        database_close(db);
        database_close(admin);
    }
}

/* What fails half-way leaves the earlier version as it was, to those that work
 * with it. */
static void test_half_way(apr_pool_t *p)
{
    const char *file = in_directory("half-way.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_AUTO, p);
    database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

    make_version_1(admin);
    database_run(admin, "CREATE TABLE edu_submission_version (an_index INT)");
    test_check_fails(db, "edu_submission_version", "an upgrade that fails", p);
    is_str(version_of(admin, p), "1", "has not begun");
    is_str(names_in(admin, p), "edu_outcome edu_schema edu_submission_version",
           "and left nothing");
    is_int(database_run(admin, "INSERT INTO edu_outcome VALUES ('c', 'a', 's',"
                               " 'id-2', '2', 'T', '1', '{new}')"),
           0, "the earlier version is in use");
    database_run(admin, "DROP TABLE edu_submission_version");
    test_checks(db, "the next attempt succeeds", p);
    is_str(version_of(db, p), "2.1", "as it should");
    is_str(list_of(db, &here, p), "id-1={old} id-2={new}", "with all there is");
    database_close(db);
    database_close(admin);
}

/* A database as version 2 left it, which lacks nothing but what makes lists
 * faster. */
static void make_version_2(database_t *db)
{
    static const char *const changes[] = {
        "DROP INDEX edu_member_class", "DROP INDEX edu_member_role",
        "CREATE INDEX edu_member_id ON edu_member (id)",
        "UPDATE edu_schema SET version = '2'"
    };

    load_schema(db);
    for (apr_size_t i = 0; i < COUNT(changes); i++) {
        is_int(database_run(db, changes[i]), 0, "version 2 is made");
    }
}

/* What suffices is served, and brought up only when a process starts, which has
 * all the time that it takes. */
static void test_suffices(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *file, *version;
        edu_schema_e schema;
        int starts;
    } rows[] = {
        { "two-auto.db", "2.1", EDU_SCHEMA_AUTO, 1 },
        { "two-default.db", "2.1", EDU_SCHEMA_DEFAULT, 1 },
        { "two-manual.db", "2", EDU_SCHEMA_MANUAL, 1 },
        { "two-request.db", "2", EDU_SCHEMA_AUTO, 0 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *file = in_directory(rows[i].file, p);
        database_t *db = database_make(file, rows[i].schema, p);
        database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

        make_version_2(admin);
        if (rows[i].starts) {
            db->store.timeout = apr_time_from_msec(100);
            slow_index = apr_time_from_msec(60);
            test_checks(db, file, p);
            slow_index = 0;
        }
        is_str(list_of(db, &here, p), "", "it is served");
        is_str(version_of(db, p), rows[i].version, file);
        is_str(database_ask(db,
                            "SELECT count(*) FROM sqlite_master WHERE"
                            " name IN ('edu_member_class',"
                            " 'edu_member_role')",
                            p),
               rows[i].version[1] ? "2" : "0", "with as many indexes");
        database_close(db);
        database_close(admin);
    }
}

/* Nor is anybody refused where that fails. */
static void test_suffices_still(apr_pool_t *p)
{
    const char *file = in_directory("two-fails.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_AUTO, p);
    database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

    make_version_2(admin);
    database_run(admin, "CREATE TABLE edu_member_role (an_index INT)");
    test_check_fails(db, "edu_member_role", "what only makes it faster", p);
    is_str(list_of(db, &here, p), "", "is not needed");
    is_str(version_of(admin, p), "2", "the version stays");
    ok(!strstr(names_in(admin, p), "edu_member_class"), "and all is undone");
    database_close(db);
    database_close(admin);
}

/* A later version is served if it only adds to ours; none is put back, not even
 * by those who took it for an earlier one. */
static void test_later(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *version;
        int fine;
    } rows[] = {
        { "2.1", 1 }, { "2.2", 1 }, { "2.9", 1 },
        { "3", 0 }, { "3.1", 0 }, { "9", 0 }, { "x", 0 },
    };
    /* clang-format on */
    const char *file = in_directory("later.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_AUTO, p);
    database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

    test_checks(db, "a database of our version", p);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *version = rows[i].version;

        database_close(db);
        database_run(admin, apr_psprintf(p,
                                         "UPDATE edu_schema SET version ="
                                         " '%s'",
                                         version));
        if (rows[i].fine) {
            test_checks(db, version, p);
        }
        else {
            test_check_fails(db,
                             apr_pstrcat(p, "schema version ", version,
                                         ", this module works with version 2. "
                                         "Use the module",
                                         NULL),
                             version, p);
        }
        is_str(version_of(admin, p), version, "it is left alone");
        load_schema(admin);
        is_str(version_of(admin, p), version, "whoever loads an earlier one");
    }
    database_close(db);
    database_close(admin);
}

static apr_status_t lend_late(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    apr_sleep(apr_time_from_msec(150));
    return database_lend(baton, dbd, p);
}

/* Who has waited half its time does not begin to make tables. */
static void test_late(apr_pool_t *p)
{
    database_t *db =
        database_make(in_directory("late.db", p), EDU_SCHEMA_AUTO, p);

    db->store.timeout = apr_time_from_msec(200);
    db->store.open = lend_late;
    test_check_fails(db, "kept the request waiting", "a late connection", p);
    ok(!names_in(db, p), "nothing is made");
    db->store.open = database_lend;
    db->store.timeout = EDU_TIMEOUT;
    test_checks(db, "one in time makes it", p);
    database_close(db);
}

/* ------------------------------------------------------------------- rows */

static void test_rows(database_t *db, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row = { 0 };

    is_str(list_of(db, &here, p), "", "nothing is there");
    is_int(edu__store_get(&row, &db->store, EDU_OUTCOME, &here, &err, p), 0,
           "nothing is found");
    ok(!row.stored && !row.version && !row.body, "and says so");
    is_int(replace(db, &here, "1", "2", "{}", p), EDU_EPRECONDITION,
           "nothing is replaced");
    is_int(drop(db, &here, "1", p), EDU_EPRECONDITION, "nor removed");
    is_str(list_of(db, &here, p), "", "nothing came of it");

    is_int(insert(db, &here, "id-1", "1", "{1}", p), 0, "a row goes in");
    is_int(edu__store_get(&row, &db->store, EDU_OUTCOME, &here, &err, p), 0,
           "and comes out");
    ok(row.stored, "as stored");
    is_str(row.id, "id-1", "its id");
    is_str(row.kind, "educationOutcome", "its type");
    is_str(row.version, "1", "its version");
    is_str(row.body, "{1}", "its document");
    is_int(insert(db, &here, "id-1", "9", "{9}", p), EDU_ECONFLICT,
           "not twice");
    is_str(body_of(db, &here, p), "{1}", "and not over it");
    is_int(insert(db, &here, "id-4", "3", "{4}", p), 0, "others go in");
    is_int(insert(db, &here, "id-3", "2", "{3}", p), 0, "in any order");
    is_int(insert(db, &here, "id-2", "3", "{2}", p), 0, "even at once");
    is_str(list_of(db, &here, p), "id-1={1} id-2={2} id-3={3} id-4={4}",
           "a list is in order of id");

    is_int(replace(db, &here, "0", "2", "{no}", p), EDU_EPRECONDITION,
           "a stale version replaces nothing");
    is_int(replace(db, &here, "", "2", "{no}", p), EDU_EPRECONDITION,
           "nor does none");
    is_str(body_of(db, &here, p), "{1}", "it stands");
    is_int(replace(db, &here, "1", "9", "{1b}", p), 0, "the right one does");
    is_int(replace(db, &here, "1", "3", "{no}", p), EDU_EPRECONDITION, "once");
    is_str(list_of(db, &here, p), "id-1={1b} id-2={2} id-3={3} id-4={4}",
           "in its place, and nothing else");

    is_int(drop(db, &here, "1", p), EDU_EPRECONDITION,
           "a stale version removes nothing");
    is_int(drop(db, &here, "9", p), 0, "the right one does");
    is_int(drop(db, &here, "9", p), EDU_EPRECONDITION, "once");
    is_str(list_of(db, &here, p), "id-2={2} id-3={3} id-4={4}",
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

/* A path with a key in one of its four places. */
static edu_path_t keyed(const char *key, int place)
{
    return (edu_path_t)OUTCOME_AT(
        place == 0 ? key : "k", place == 1 ? key : "k", place == 2 ? key : "k",
        place == 3 ? key : "k");
}

/* Each key stands in each place, its body naming the place. */
static void test_keys(database_t *db, apr_pool_t *p)
{
    int wrong = 0;

    for (apr_size_t i = 0; i < 4 * COUNT(keys); i++) {
        const char *key = keys[i / 4];
        const edu_path_t path = keyed(key, i % 4);
        const char *body = apr_psprintf(p, "{%d:%s}", (int)i, key);

        ok(insert(db, &path, path.outcome_id, key, body, p) == 0 &&
               tap_same(body_of(db, &path, p), body),
           "key %d in place %d", (int)i / 4, (int)i % 4);
    }
    for (apr_size_t i = 0; i < 4 * COUNT(keys); i++) {
        const char *key = keys[i / 4];
        const edu_path_t path = keyed(key, i % 4);

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
        OUTCOME_AT("p", "a", "s", "same"),
        OUTCOME_AT("q", "a", "s", "same"),
        OUTCOME_AT("p", "b", "s", "same"),
        OUTCOME_AT("p", "a", "t", "same"),
    };

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
        const edu_path_t path =
            OUTCOME_AT("big", "a", "s", apr_itoa(p, (int)sizes[i]));
        char *body = apr_palloc(p, sizes[i] + 1);

        memset(body, '%', sizes[i]);
        body[sizes[i]] = '\0';
        ok(insert(db, &path, path.outcome_id, "1", body, p) == 0 &&
               tap_same(body_of(db, &path, p), body),
           "a document of %d bytes", (int)sizes[i]);
    }
}

/* ------------------------------------------------------------- every table */

/* A row's place, and what it has beside its id, version and document. */
/* clang-format off */
static const struct table_t {
    const char *name;
    edu_table_e table;
    edu_path_t path;
    const char *kind, *other, *by, *parent;
    const char *above; /* what puts there the row above, if it has to be */
} tables[] = {
    { "a class", EDU_CLASS, { .class_id = "t" }, "", "", "", "", NULL },
    { "a member", EDU_MEMBER, { .class_id = "t", .member_id = "m" }, "student",
      "teacher", "", "t", "INSERT INTO edu_class (id) VALUES ('t')" },
    { "an assignment", EDU_ASSIGNMENT,
      { .class_id = "t", .assignment_id = "m" },
      "", "", "", "t", "INSERT INTO edu_class (id) VALUES ('t')" },
    { "a submission", EDU_SUBMISSION,
      { .class_id = "t", .assignment_id = "a", .submission_id = "m" }, "u", "v",
      "{by}", "a",
      "INSERT INTO edu_assignment (class_id, id) VALUES ('t', 'a')" },
    { "an outcome", EDU_OUTCOME, OUTCOME_AT("t", "a", "s", "m"),
      "educationOutcome", "educationPointsOutcome", "", "", NULL },
};
/* clang-format on */

/* "id@parent:kind[outcome outcome]": rows, and what they have of that. */
static const char *text_of_rows(const apr_array_header_t *rows, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        text = apr_pstrcat(p, text, i ? " " : "", row->id, NULL);
        if (row->parent && *row->parent) {
            text = apr_pstrcat(p, text, "@", row->parent, NULL);
        }
        if (row->kind && *row->kind) {
            text = apr_pstrcat(p, text, ":", row->kind, NULL);
        }
        if (row->outcomes && row->outcomes->nelts) {
            text = apr_pstrcat(p, text, "[", text_of_rows(row->outcomes, p),
                               "]", NULL);
        }
    }
    return text;
}

static const char *rows_in(database_t *db, edu_table_e table,
                           const edu_path_t *path, const edu_range_t *range,
                           apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;

    return edu__store_list(&rows, &above, &db->store, table, path, range, &err,
                           p)
               ? err.detail
               : text_of_rows(rows, p);
}

/* The row of a table's path, or another beside it. */
static edu_row_t row_of(const struct table_t *it, const char *id,
                        const char *created)
{
    edu_path_t path = it->path;

    return (edu_row_t){ .id = id ? id : *edu__path_id(&path, it->table),
                        .created = created,
                        .kind =
                            id && it->table == EDU_SUBMISSION ? id : it->kind,
                        .version = "1",
                        .by = it->by,
                        .body = "{1}" };
}

static void is_row(database_t *db, const struct table_t *it,
                   const edu_row_t *want, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row;

    memset(&row, 0x55, sizeof(row));
    is_int(edu__store_get(&row, &db->store, it->table, &it->path, &err, p), 0,
           "it is read");
    if (!want) {
        ok(!row.stored && !row.id, "and is not there");
        return;
    }
    ok(row.stored && tap_same(row.id, want->id) &&
           tap_same(row.created, want->created) &&
           tap_same(row.version, want->version) &&
           tap_same(row.body, want->body),
       "as it is stored");
    is_str(row.kind, want->kind, "with its kind");
    is_str(row.by, want->by, "with who did it");
    is_str(row.parent, it->parent, "with what is above");
}

static void test_table(database_t *db, const struct table_t *it, apr_pool_t *p)
{
    const edu_store_t *store = &db->store;
    const edu_path_t *path = &it->path;
    edu_table_e table = it->table;
    edu_row_t row = row_of(it, NULL, "2"), changed = row;
    const edu_row_t later = row_of(it, "b", "3"), peer = row_of(it, "x", "2");
    edu_error_t err = { 0 };

    changed.kind = it->other;
    changed.version = "9";
    changed.by = *it->by ? "{other}" : "";
    changed.body = "{9}";

    is_row(db, it, NULL, p);
    is_str(rows_in(db, table, path, &whole, p), "", it->name);
    is_int(edu__store_replace(store, table, path, &row, "1", &err, p),
           EDU_EPRECONDITION, "what is not there is not replaced");
    is_int(edu__store_remove(store, table, path, row.id, "1", &err, p),
           EDU_EPRECONDITION, "nor removed");

    if (it->above) {
        is_int(edu__store_insert(store, table, path, &row, &err, p),
               EDU_ECONFLICT, "nothing goes in below what is not there");
        is_row(db, it, NULL, p);
        is_int(database_run(db, it->above), 0, "something is above");
    }
    is_int(edu__store_insert(store, table, path, &later, &err, p), 0,
           "a row goes in");
    is_int(edu__store_insert(store, table, path, &row, &err, p), 0,
           "and one that is older");
    is_int(edu__store_insert(store, table, path, &peer, &err, p), 0,
           "and one that is as old");
    is_row(db, it, &row, p);
    is_int(edu__store_insert(store, table, path, &changed, &err, p),
           EDU_ECONFLICT, "an id is taken once");
    is_row(db, it, &row, p);

    is_int(edu__store_replace(store, table, path, &changed, "0", &err, p),
           EDU_EPRECONDITION, "a stale version replaces nothing");
    is_row(db, it, &row, p);
    is_int(edu__store_replace(store, table, path, &changed, "1", &err, p), 0,
           "the right one does");
    is_row(db, it, &changed, p);
    is_int(edu__store_replace(store, table, path, &row, "1", &err, p),
           EDU_EPRECONDITION, "once");

    is_int(edu__store_remove(store, table, path, row.id, "1", &err, p),
           EDU_EPRECONDITION, "a stale version removes nothing");
    is_row(db, it, &changed, p);
    is_int(edu__store_remove(store, table, path, row.id, "9", &err, p), 0,
           "the right one does");
    is_row(db, it, NULL, p);
    is_int(edu__store_remove(store, table, path, "b", "1", &err, p), 0,
           "as of any other row");
    is_int(edu__store_remove(store, table, path, "x", "1", &err, p), 0,
           "of the table");
    is_str(rows_in(db, table, path, &whole, p), "", "and nothing is left");
    database_run(db, "DELETE FROM edu_class");
    database_run(db, "DELETE FROM edu_assignment");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* -------------------------------------------------------------- the roster */

/* Two classes and part of a third; submission 9 is registered by nobody. */
static const char *const roster[] = {
    "DELETE FROM edu_class",
    "DELETE FROM edu_member",
    "DELETE FROM edu_assignment",
    "DELETE FROM edu_submission",
    "DELETE FROM edu_outcome",
    "INSERT INTO edu_class VALUES ('c', '1', '1', '{}'), ('d', '2', '1', '{}'),"
    " ('e', '3', '1', '{}')",
    "INSERT INTO edu_member VALUES ('c', 't', '1', 'teacher', '1', '{}'),"
    " ('c', 's', '2', 'student', '1', '{}'),"
    " ('c', 'r', '2', 'student', '1', '{}'),"
    " ('d', 't', '1', 'teacher', '1', '{}'),"
    " ('e', 's', '1', 'student', '1', '{}')",
    "INSERT INTO edu_assignment VALUES ('c', 'a', '1', '4', '{a}'),"
    " ('c', 'b', '2', '5', '{b}'), ('d', 'a', '3', '1', '{d}')",
    "INSERT INTO edu_submission VALUES"
    " ('c', 'a', '1', '1', 's', '5', '{by}', '{1}'),"
    " ('c', 'a', '2', '2', 'r', '7', '', '{2}'),"
    " ('c', 'b', '1', '3', 's', '6', '', '{3}'),"
    " ('d', 'a', '1', '1', 'x', '9', '', '{4}')",
    "INSERT INTO edu_outcome VALUES"
    " ('c', 'a', '1', 'o', '2', 'T', '1', '{1}'),"
    " ('c', 'a', '1', 'p', '1', 'T', '1', '{2}'),"
    " ('c', 'b', '1', 'o', '15', 'T', '1', '{3}'),"
    " ('d', 'a', '1', 'o', '1', 'T', '1', '{4}'),"
    " ('c', 'a', '9', 'o', '1', 'T', '1', '{5}')",
};

static void enrol(database_t *db)
{
    for (apr_size_t i = 0; i < COUNT(roster); i++) {
        if (database_run(db, roster[i])) {
            fprintf(stderr, "# cannot run %s\n", roster[i]);
            abort();
        }
    }
}

#define IN_C                                                                   \
    {                                                                          \
        .class_id = "c"                                                        \
    }
#define IN_CA                                                                  \
    {                                                                          \
        .class_id = "c", .assignment_id = "a"                                  \
    }
#define IN_CA1 OUTCOME_AT("c", "a", "1", NULL)

static const edu_row_t after_c = { .id = "c" };
static const edu_row_t after_r = { .id = "r" };
static const edu_row_t after_z = { .id = "z" };
static const edu_row_t after_1 = { .id = "1", .parent = "a" };
static const edu_row_t after_ac = { .id = "a", .parent = "c" };
static const edu_row_t after_bc = { .id = "b", .parent = "c" };
static const edu_row_t after_none = { .id = "", .parent = "", .version = "" };
static const edu_row_t after_7 = { .version = "7", .id = "2", .parent = "a" };
static const edu_row_t after_6 = { .version = "6", .id = "1", .parent = "b" };
static const edu_row_t after_5 = { .version = "5", .id = "1", .parent = "a" };

/* clang-format off */
static const struct ranged_t {
    edu_table_e table;
    edu_path_t path;
    edu_range_t range;
    const char *want;
} ranged[] = {
    { EDU_CLASS, IN_C, { .only = NULL }, "c d e" },
    { EDU_CLASS, IN_C, { .only = "s" }, "c e" },
    { EDU_CLASS, IN_C, { .only = "t" }, "c d" },
    { EDU_CLASS, IN_C, { .only = "x" }, "" },
    { EDU_CLASS, IN_C, { .after = &after_c }, "d e" },
    { EDU_CLASS, IN_C, { .after = &after_none }, "c d e" },
    { EDU_CLASS, IN_C, { .after = &after_z }, "" },
    { EDU_CLASS, IN_C, { .only = "s", .after = &after_c }, "e" },

    { EDU_MEMBER, IN_C, { .only = NULL },
      "r@c:student s@c:student t@c:teacher" },
    { EDU_MEMBER, IN_C, { .only = "teacher" }, "t@c:teacher" },
    { EDU_MEMBER, IN_C, { .only = "student" }, "r@c:student s@c:student" },
    { EDU_MEMBER, IN_C, { .after = &after_r }, "s@c:student t@c:teacher" },
    { EDU_MEMBER, IN_C, { .only = "student", .after = &after_r },
      "s@c:student" },
    { EDU_MEMBER, { .class_id = "e" }, { .only = NULL }, "s@e:student" },
    { EDU_MEMBER, { .class_id = "x" }, { .only = NULL }, "" },

    { EDU_ASSIGNMENT, IN_C, { .only = NULL }, "a@c b@c" },
    { EDU_ASSIGNMENT, IN_C, { .after = &after_ac }, "b@c" },
    { EDU_ASSIGNMENT, { .class_id = "d" }, { .only = NULL }, "a@d" },
    { EDU_ASSIGNMENT, { .class_id = "e" }, { .only = NULL }, "" },
    /* of whichever classes somebody is in */
    { EDU_ASSIGNMENT, { .class_id = NULL }, { .only = "t" }, "a@c b@c a@d" },
    { EDU_ASSIGNMENT, { .class_id = NULL }, { .only = "s" }, "a@c b@c" },
    { EDU_ASSIGNMENT, { .class_id = NULL }, { .only = "x" }, "" },
    { EDU_ASSIGNMENT, { .class_id = NULL },
      { .only = "t", .after = &after_ac }, "b@c a@d" },
    { EDU_ASSIGNMENT, { .class_id = NULL },
      { .only = "t", .after = &after_bc }, "a@d" },
    /* whoever is in no class has nothing of it, wherever they begin */
    { EDU_ASSIGNMENT, { .class_id = NULL },
      { .only = "x", .after = &after_ac }, "" },

    { EDU_SUBMISSION, IN_CA, { .only = NULL }, "1@a:s 2@a:r" },
    { EDU_SUBMISSION, IN_CA, { .only = "r" }, "2@a:r" },
    { EDU_SUBMISSION, IN_CA, { .only = "r", .after = &after_1 }, "2@a:r" },
    { EDU_SUBMISSION, IN_CA, { .only = "x" }, "" },
    { EDU_SUBMISSION, IN_CA, { .after = &after_1 }, "2@a:r" },
    { EDU_SUBMISSION, IN_CA, { .after = &after_7 }, "" },
    { EDU_SUBMISSION, IN_CA, { .outcomes = 1 }, "1@a:s[p:T o:T] 2@a:r" },
    { EDU_SUBMISSION, IN_CA, { .outcomes = 1, .only = "s" },
      "1@a:s[p:T o:T]" },
    { EDU_SUBMISSION, IN_CA, { .outcomes = 1, .after = &after_1 }, "2@a:r" },
    { EDU_SUBMISSION, { .class_id = "c", .assignment_id = "x" },
      { .only = NULL }, "" },

    /* of the whole class */
    { EDU_SUBMISSION, IN_C, { .since = "0" }, "2@a:r 1@b:s 1@a:s" },
    { EDU_SUBMISSION, IN_C, { .since = "6" }, "2@a:r 1@b:s" },
    { EDU_SUBMISSION, IN_C, { .since = "7" }, "2@a:r" },
    { EDU_SUBMISSION, IN_C, { .since = "8" }, "" },
    { EDU_SUBMISSION, IN_C, { .since = "5", .outcomes = 1 },
      "2@a:r 1@b:s[o:T] 1@a:s[p:T o:T]" },
    { EDU_SUBMISSION, IN_C, { .since = "6", .outcomes = 1 },
      "2@a:r 1@b:s[o:T]" },
    { EDU_SUBMISSION, IN_C, { .since = "0", .after = &after_7 },
      "1@b:s 1@a:s" },
    { EDU_SUBMISSION, IN_CA, { .since = "0", .after = &after_6 }, "1@a:s" },
    { EDU_SUBMISSION, IN_CA, { .since = "6", .after = &after_6 }, "" },
    { EDU_SUBMISSION, { .class_id = "d" }, { .since = "0" }, "1@a:x" },
    /* the oldest first */
    { EDU_SUBMISSION, IN_C, { .since = "0", .oldest = 1 },
      "1@a:s 1@b:s 2@a:r" },
    { EDU_SUBMISSION, IN_C, { .since = "6", .oldest = 1, .after = &after_none },
      "1@b:s 2@a:r" },
    { EDU_SUBMISSION, IN_C,
      { .since = "0", .oldest = 1, .outcomes = 1, .after = &after_5 },
      "1@b:s[o:T] 2@a:r" },
    { EDU_SUBMISSION, IN_C, { .since = "7", .oldest = 1, .after = &after_5 },
      "2@a:r" },
    { EDU_SUBMISSION, IN_C, { .since = "0", .oldest = 1, .after = &after_7 },
      "" },

    { EDU_OUTCOME, IN_CA1, { .only = NULL }, "o:T p:T" },
    { EDU_OUTCOME, IN_CA1, { .after = &after_c }, "o:T p:T" },
    { EDU_OUTCOME, IN_CA1, { .after = &after_r }, "" },
    { EDU_OUTCOME, OUTCOME_AT("c", "a", "9", NULL), { .only = NULL }, "o:T" },
    { EDU_OUTCOME, OUTCOME_AT("c", "a", "2", NULL), { .only = NULL }, "" },
};
/* clang-format on */

/* How many rows text_of_rows tells of. */
static int words(const char *text)
{
    int n = *text != '\0', inner = 0;

    for (; *text; text++) {
        inner += (*text == '[') - (*text == ']');
        n += *text == ' ' && !inner;
    }
    return n;
}

static void test_ranges(database_t *db, apr_pool_t *p)
{
    enrol(db);
    for (apr_size_t i = 0; i < COUNT(ranged); i++) {
        const struct ranged_t *it = &ranged[i];
        edu_error_t err = { 0 };
        apr_int64_t count;

        is_str(rows_in(db, it->table, &it->path, &it->range, p), it->want,
               apr_psprintf(p, "range %d: these rows, in order", (int)i));
        if (!it->range.after) {
            is_int(edu__store_count(&count, &db->store, it->table, &it->path,
                                    &it->range, &err, p),
                   0, "they can be counted");
            is_int((int)count, words(it->want), "and are so many");
        }
    }
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* Submissions may be modified at one time, and their ids need to differ in
 * their assignment only. */
static void test_loaded(database_t *db, apr_pool_t *p)
{
    static const edu_path_t path = IN_C;
    static const struct {
        edu_row_t after;
        int oldest;
        const char *want;
    } rows[] = {
  /* clang-format off */
        { { .version = NULL }, 0, "1@b:s[o:T] 2@a:r 1@a:s[p:T o:T]" },
        { { .version = NULL }, 1, "1@a:s[p:T o:T] 2@a:r 1@b:s[o:T]" },
        { { .version = "5", .id = "1", .parent = "b" }, 0,
          "2@a:r 1@a:s[p:T o:T]" },
        { { .version = "5", .id = "2", .parent = "a" }, 0, "1@a:s[p:T o:T]" },
        { { .version = "5", .id = "1", .parent = "a" }, 1,
          "2@a:r 1@b:s[o:T]" },
        { { .version = "5", .id = "2", .parent = "a" }, 1, "1@b:s[o:T]" },
  /* clang-format on */
    };

    enrol(db);
    database_run(db, "UPDATE edu_submission SET version = '5'");
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu_range_t range = { .since = "0",
                              .outcomes = 1,
                              .oldest = rows[i].oldest,
                              .after = &rows[i].after };

        is_str(rows_in(db, EDU_SUBMISSION, &path, &range, p), rows[i].want,
               "submissions of one id are kept apart");
    }
}

/* Lists leave long documents out; a read of the row alone has them. */
static void test_long(database_t *db, apr_pool_t *p)
{
    static const edu_path_t one = OUTCOME_AT("c", "a", "1", "o");
    static const edu_range_t recent = { .since = "0", .outcomes = 1 };
    static const edu_range_t expanded = { .outcomes = 1 };
    static const struct {
        edu_table_e table;
        edu_path_t path;
        const edu_range_t *range;
    } lists[] = {
        {EDU_CLASS,       IN_C,   &whole   },
        { EDU_MEMBER,     IN_C,   &whole   },
        { EDU_ASSIGNMENT, IN_C,   &whole   },
        { EDU_SUBMISSION, IN_CA,  &expanded},
        { EDU_SUBMISSION, IN_CA,  &recent  },
        { EDU_OUTCOME,    IN_CA1, &whole   },
    };

    for (int len = 16384; len <= 16385; len++) {
        enrol(db);
        for (int i = 0; i < EDU_TABLES; i++) {
            static const char *const names[] = { "class", "member",
                                                 "assignment", "submission",
                                                 "outcome" };

            database_run(db, apr_psprintf(p,
                                          "UPDATE edu_%s SET body ="
                                          " printf('%%.*c', %d, 'x')",
                                          names[i], len));
        }
        for (apr_size_t i = 0; i < COUNT(lists); i++) {
            edu_error_t err = { 0 };
            edu_registration_t above;
            apr_array_header_t *rows;
            const edu_row_t *row;

            edu__store_list(&rows, &above, &db->store, lists[i].table,
                            &lists[i].path, lists[i].range, &err, p);
            row = &APR_ARRAY_IDX(rows, rows->nelts - 1, edu_row_t);
            is_int(strlen(row->body), len > 16384 ? 0 : len, "of a list");
            if (lists[i].range == &expanded) {
                row = &APR_ARRAY_IDX(rows, 0, edu_row_t);
                row = &APR_ARRAY_IDX(row->outcomes, 0, edu_row_t);
                is_int(strlen(row->body), len > 16384 ? 0 : len, "and inside");
            }
        }
        is_int(strlen(body_of(db, &one, p)), len, "by itself");
    }
}

/* A chunk has so many submissions, whatever is in them. */
static void test_chunks(database_t *db, apr_pool_t *p)
{
    static const edu_path_t path = { .class_id = "many", .assignment_id = "a" };
    edu_range_t range = { .outcomes = 1 };
    edu_registration_t above;
    apr_array_header_t *rows;
    edu_error_t err = { 0 };
    int wrong = 0;

    database_run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                     " FROM n WHERE i < 102) INSERT INTO edu_submission"
                     " SELECT 'many', 'a', printf('%03d', i), i, i, '1', '',"
                     " '{}' FROM n");
    database_run(db, "INSERT INTO edu_outcome SELECT class_id, assignment_id,"
                     " id, o, o, 'T', '1', '{}' FROM edu_submission,"
                     " (SELECT '1' AS o UNION SELECT '2') WHERE class_id ="
                     " 'many'");
    edu__store_list(&rows, &above, &db->store, EDU_SUBMISSION, &path, &range,
                    &err, p);
    is_int(rows->nelts, EDU_CHUNK, "a list has so many rows");
    for (int i = 0; i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        wrong += row->outcomes->nelts != 2 || atoi(row->id) != i + 1;
    }
    is_int(wrong, 0, "in order, with their outcomes");
    range.after = &APR_ARRAY_IDX(rows, rows->nelts - 1, edu_row_t);
    is_str(rows_in(db, EDU_SUBMISSION, &path, &range, p), "102@a:102[1:T 2:T]",
           "and the next the rest");
}

/* Reading much is no waiting: a list comes to its end, however long it is. */
static void test_much(database_t *db, apr_pool_t *p)
{
    static const edu_path_t path = { .class_id = "c", .assignment_id = "a" };
    apr_interval_time_t waited = 0;
    edu_store_t store = db->store;
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;

    store.timeout = apr_time_from_msec(300);
    store.waited = &waited;
    slow_read = apr_time_from_msec(110);
    for (int i = 0; i < 4; i++) {
        is_int(edu__store_list(&rows, &above, &store, EDU_SUBMISSION, &path,
                               &whole, &err, p),
               0, "a list that takes long is read");
    }
    slow_read = 0;
    is_int((int)waited, 0, "and was not waited for");
}

/* How many rows there are from the first chunk to the last. */
static int count_rows(database_t *db, edu_table_e table, const edu_path_t *path,
                      edu_range_t range, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;
    int count = 0;

    do {
        if (edu__store_list(&rows, &above, &db->store, table, path, &range,
                            &err, p)) {
            return -1;
        }
        count += rows->nelts;
        range.after = &APR_ARRAY_IDX(rows, rows->nelts - 1, edu_row_t);
    } while (rows->nelts == EDU_CHUNK);
    return count;
}

/* Where rows of several parents are listed, those of one id may stand at the
 * end of a chunk. */
static void test_namesakes(database_t *db, apr_pool_t *p)
{
    static const edu_path_t many = { .class_id = "many" }, none = { 0 };

    database_run(db, "DELETE FROM edu_submission");
    database_run(db, "DELETE FROM edu_assignment");
    database_run(db, "DELETE FROM edu_member");
    database_run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                     " FROM n WHERE i < 50) INSERT INTO edu_submission"
                     " (class_id, assignment_id, id, user_id)"
                     " SELECT 'many', a, i, i FROM n, (SELECT 'a' AS a UNION"
                     " SELECT 'b' UNION SELECT 'c')");
    database_run(db, "INSERT INTO edu_assignment (class_id, id)"
                     " SELECT assignment_id, id FROM edu_submission");
    database_run(db, "INSERT INTO edu_member (class_id, id, role) VALUES"
                     " ('a', 'u', 'student'), ('b', 'u', 'student'),"
                     " ('c', 'u', 'student')");
    is_int(
        count_rows(db, EDU_SUBMISSION, &many, (edu_range_t){ .since = "0" }, p),
        150, "no submission of a class is lost between chunks");
    is_int(
        count_rows(db, EDU_ASSIGNMENT, &none, (edu_range_t){ .only = "u" }, p),
        150, "nor an assignment of a student");
}

/* What of 200 classes is one's own is listed in order: some have more
 * assignments than a chunk has rows, some just as many, one, or none. */
static void test_mine(database_t *db, apr_pool_t *p)
{
    static const char *const classes[] = {
        "DELETE FROM edu_assignment",
        "DELETE FROM edu_member",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 400) INSERT INTO edu_member (class_id, id, role)"
        " SELECT 'c' || i, substr('uv', 1 + i % 2, 1), 'student' FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 250) INSERT INTO edu_assignment (class_id, id)"
        " SELECT class_id, i FROM edu_member, n WHERE i <= CASE"
        " substr(class_id, -1) WHEN '0' THEN 1 WHEN '2' THEN 3 WHEN '4' THEN"
        " CASE WHEN class_id < 'c14' THEN 250 ELSE 101 END ELSE 0 END",
    };
    static const edu_path_t none = { 0 };
    edu_range_t range = { .only = "u" };
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;
    const char *text = "";

    for (apr_size_t i = 0; i < COUNT(classes); i++) {
        is_int(database_run(db, classes[i]), 0, "many classes");
    }
    do {
        if (edu__store_list(&rows, &above, &db->store, EDU_ASSIGNMENT, &none,
                            &range, &err, p)) {
            break;
        }
        for (int i = 0; i < rows->nelts; i++) {
            range.after = &APR_ARRAY_IDX(rows, i, edu_row_t);
            text = apr_pstrcat(p, text, " ", range.after->parent, "/",
                               range.after->id, NULL);
        }
    } while (rows->nelts == EDU_CHUNK);
    is_str(text,
           database_ask(db,
                        "SELECT group_concat(' ' || a, '') FROM (SELECT"
                        " class_id || '/' || id AS a FROM edu_assignment"
                        " ORDER BY class_id, id)",
                        p),
           "each in its place");
}

/* ------------------------------------------------------------ registrations */

static void is_registration(const edu_registration_t *got, const char *user_id,
                            const char *version, const char *assignment,
                            const char *what)
{
    const edu_assignment_t *of = got->assignment;

    is_str(got->user_id, user_id, what);
    is_str(got->version, version, "of this version");
    is_str(of ? of->body : NULL, assignment, "graded like this");
    ok(!of || (*of->id && *of->version && !of->doc && !of->placeholders),
       "which is not looked at yet");
}

static void test_registrations(database_t *db, apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *name;
        edu_path_t path;
        int stored;
        const char *user_id, *version, *assignment;
    } rows[] = {
        { "an outcome", OUTCOME_AT("c", "a", "1", "o"), 1, "s", "5", "{a}" },
        { "no outcome", OUTCOME_AT("c", "a", "1", "x"), 0, "s", "5", "{a}" },
        { "no outcome at all", OUTCOME_AT("c", "a", "2", "o"), 0, "r", "7",
          "{a}" },
        { "one of a namesake", OUTCOME_AT("c", "b", "1", "o"), 1, "s", "6",
          "{b}" },
        { "one of another class", OUTCOME_AT("d", "a", "1", "o"), 1, "x", "9",
          "{d}" },
        { "one that is open", OUTCOME_AT("c", "a", "9", "o"), 1, NULL, NULL,
          NULL },
        { "nothing anywhere", OUTCOME_AT("e", "a", "1", "o"), 0, NULL, NULL,
          NULL },
    };
    /* clang-format on */
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *list;
    edu_row_t row;

    enrol(db);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu__store_get(&row, &db->store, EDU_OUTCOME, &rows[i].path, &err, p);
        is_int(row.stored, rows[i].stored, rows[i].name);
        is_registration(&row.registration, rows[i].user_id, rows[i].version,
                        rows[i].assignment, "is somebody's");
        edu__store_list(&list, &above, &db->store, EDU_OUTCOME, &rows[i].path,
                        &whole, &err, p);
        is_registration(&above, rows[i].user_id, rows[i].version,
                        rows[i].assignment, "as is the list");
    }
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &rows[0].path, &err, p);
    is_registration(&row.registration, "s", "5", "{a}", "a submission");
    is_str(text_of_rows(row.outcomes, p), "p:T o:T", "has its outcomes");
    is_str(row.by, "{by}", "and who changed them");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &rows[5].path, &err, p);
    ok(!row.stored, "one that is open has no row");
    is_str(row.registration.user_id, NULL, "and is nobody's");
    edu__store_list(&list, &above, &db->store, EDU_SUBMISSION, &rows[0].path,
                    &whole, &err, p);
    is_registration(&above, NULL, NULL, "{a}", "above submissions is nobody");
    is_registration(&APR_ARRAY_IDX(list, 1, edu_row_t).registration, "r", "7",
                    "{a}", "but each is somebody's");
    edu__store_list(&list, &above, &db->store, EDU_SUBMISSION, &rows[0].path,
                    &(edu_range_t){ .since = "0" }, &err, p);
    is_registration(&above, NULL, NULL, NULL, "and above a class's nothing");
    is_registration(&APR_ARRAY_IDX(list, 1, edu_row_t).registration, "s", "6",
                    "{b}", "each is of its own assignment");

    /* nobody is to load them without, but who can say */
    database_run(db, "DELETE FROM edu_assignment");
    edu__store_get(&row, &db->store, EDU_OUTCOME, &rows[0].path, &err, p);
    is_registration(&row.registration, "s", "5", NULL,
                    "an outcome without an assignment");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &rows[0].path, &err, p);
    is_registration(&row.registration, "s", "5", NULL, "nor a submission");
    edu__store_list(&list, &above, &db->store, EDU_SUBMISSION, &rows[0].path,
                    &whole, &err, p);
    is_registration(&above, NULL, NULL, NULL, "nor all of them");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* Outcomes are added freely only where nobody can have registered the
 * submission; below an assignment somebody may do so at any time. */
static void test_open(database_t *db, apr_pool_t *p)
{
    static const edu_path_t open = OUTCOME_AT("c", "z", "9", NULL);
    static const edu_path_t given = OUTCOME_AT("c", "a", "9", NULL);
    static const edu_path_t gone = OUTCOME_AT("e", "g", "1", NULL);
    static const edu_path_t registered = OUTCOME_AT("c", "a", "1", NULL);
    static const edu_path_t nowhere = OUTCOME_AT("x", "1", "1", NULL);
    const edu_row_t old = {
        .id = "o", .created = "9", .kind = "U", .version = "9", .body = "{}"
    };
    const edu_row_t fresh = {
        .id = "q", .created = "9", .kind = "U", .version = "9", .body = "{}"
    };
    const edu_store_t *store = &db->store;
    edu_error_t err = { 0 };

    enrol(db);
    is_int(edu__store_insert_open(store, &open, &fresh, &err, p), 0,
           "an outcome goes into an open submission");
    is_int(edu__store_insert_open(store, &open, &fresh, &err, p), EDU_ECONFLICT,
           "but not twice");
    is_str(rows_in(db, EDU_OUTCOME, &open, &whole, p), "q:U", "and is there");
    is_int(edu__store_insert_open(store, &given, &fresh, &err, p),
           EDU_ECONFLICT, "nor below an assignment");
    is_str(rows_in(db, EDU_OUTCOME, &given, &whole, p), "o:T",
           "which stays as it is");
    is_int(edu__store_hold(store, &given, &err, p), 0, "that can be held");
    is_int(edu__store_hold(store, &open, &err, p), EDU_EPRECONDITION,
           "where it is");
    database_run(db, "INSERT INTO edu_submission VALUES"
                     " ('e', 'g', '1', '1', 's', '1', '', '{}')");
    is_int(edu__store_insert_open(store, &gone, &fresh, &err, p), EDU_ECONFLICT,
           "nor into what is registered, whose assignment is gone");
    is_int(edu__store_insert_open(store, &nowhere, &old, &err, p), 0,
           "all that nobody knows of is open");
    is_int(edu__store_insert_open(store, &registered, &fresh, &err, p),
           EDU_ECONFLICT, "what is registered is not");
    is_str(rows_in(db, EDU_OUTCOME, &registered, &whole, p), "o:T p:T",
           "and stays as it is");
    is_int(edu__store_insert(store, EDU_OUTCOME, &registered, &fresh, &err, p),
           0, "unless one knows");
}

static void test_touch(database_t *db, apr_pool_t *p)
{
    static const edu_path_t path = OUTCOME_AT("c", "a", "1", "o");
    static const edu_path_t none = OUTCOME_AT("c", "a", "9", "o");
    edu_error_t err = { 0 };
    edu_row_t row;

    enrol(db);
    is_int(edu__store_touch(&db->store, &path, "8", "{new}", &err, p), 0,
           "a submission is touched");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &path, &err, p);
    is_str(row.version, "8", "it has the version");
    is_str(row.by, "{new}", "and by whom");
    is_str(row.body, "{1}", "and its document");
    is_str(row.created, "1", "and its age");
    is_str(database_ask(db,
                        "SELECT count(*) FROM edu_submission WHERE version "
                        "= '8' OR modified_by = '{new}'",
                        p),
           "1", "it alone");
    is_int(edu__store_touch(&db->store, &path, "7", "{late}", &err, p),
           EDU_EPRECONDITION, "but not back to an earlier version");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &path, &err, p);
    ok(tap_same(row.version, "8") && tap_same(row.by, "{new}"), "it stands");
    is_int(edu__store_touch(&db->store, &none, "8", "{new}", &err, p),
           EDU_EPRECONDITION, "one that is open is not there");
    is_str(database_ask(db, "SELECT count(*) FROM edu_submission", p), "4",
           "and gets none");
}

/* A recipient has one submission of an assignment. */
static void test_recipients(database_t *db, apr_pool_t *p)
{
    static const edu_path_t a = IN_CA;
    static const edu_path_t b = { .class_id = "c", .assignment_id = "b" };
    edu_row_t row = { .id = "3",
                      .created = "3",
                      .kind = "r",
                      .version = "1",
                      .by = "",
                      .body = "{}" };
    edu_error_t err = { 0 };

    enrol(db);
    is_int(edu__store_insert(&db->store, EDU_SUBMISSION, &a, &row, &err, p),
           EDU_ECONFLICT, "a recipient has one submission");
    is_int(edu__store_insert(&db->store, EDU_SUBMISSION, &b, &row, &err, p), 0,
           "of each assignment");
    row.kind = "x";
    is_int(edu__store_insert(&db->store, EDU_SUBMISSION, &a, &row, &err, p), 0,
           "as has each recipient");
}

static void test_find(database_t *db, apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *user_id, *assignment_id, *want, *or;
    } rows[] = {
        { "s", "a", "c:student", NULL },
        { "s", "b", "c:student", NULL },
        { "t", "b", "c:teacher", NULL },
        { "t", "a", "c:teacher d:teacher", "d:teacher c:teacher" },
        { "t", "x", "", NULL },
        { "x", "a", "", NULL },
    };
    /* clang-format on */

    enrol(db);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const edu_path_t path = { .user_id = rows[i].user_id,
                                  .assignment_id = rows[i].assignment_id };
        edu_error_t err = { 0 };
        apr_array_header_t *found;
        const char *text;

        edu__store_find(&found, &db->store, &path, &err, p);
        text = text_of_rows(found, p);
        ok(tap_same(text, rows[i].want) || tap_same(text, rows[i].or),
           "%s finds %s: %s", rows[i].user_id, rows[i].assignment_id, text);
    }
}

/* ---------------------------------------------------------------- clearing */

/* How many rows each table has, in the order of edu_table_e. */
static const char *counts(database_t *db, apr_pool_t *p)
{
    return database_ask(db,
                        "SELECT (SELECT count(*) FROM edu_class) || ' ' ||"
                        " (SELECT count(*) FROM edu_member) || ' ' ||"
                        " (SELECT count(*) FROM edu_assignment) || ' ' ||"
                        " (SELECT count(*) FROM edu_submission) || ' ' ||"
                        " (SELECT count(*) FROM edu_outcome)",
                        p);
}

static void test_clear(database_t *db, apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        edu_table_e table;
        edu_path_t path;
        const char *left;
    } rows[] = {
        { EDU_MEMBER, IN_C, "3 2 3 4 5" },
        { EDU_ASSIGNMENT, IN_C, "3 5 1 4 5" },
        { EDU_SUBMISSION, IN_C, "3 5 3 1 5" },
        { EDU_SUBMISSION, IN_CA, "3 5 3 2 5" },
        { EDU_OUTCOME, IN_C, "3 5 3 4 1" },
        { EDU_OUTCOME, IN_CA, "3 5 3 4 2" },
        { EDU_OUTCOME, IN_CA1, "3 5 3 4 3" },
        { EDU_OUTCOME, OUTCOME_AT("c", "a", "2", NULL), "3 5 3 4 5" },
        { EDU_MEMBER, { .class_id = "x" }, "3 5 3 4 5" },
        { EDU_OUTCOME, { .class_id = "" }, "3 5 3 4 5" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu_error_t err = { 0 };

        enrol(db);
        is_int(
            edu__store_clear(&db->store, rows[i].table, &rows[i].path, &err, p),
            0, "what is below is cleared");
        is_str(counts(db, p), rows[i].left, "and nothing else");
    }
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* ------------------------------------------------------------ units of work */

static void add(const edu_store_t *store, const char *id, apr_pool_t *p)
{
    static const edu_path_t path = OUTCOME_AT("unit", "a", "s", NULL);
    edu_error_t err = { 0 };

    is_int(add_outcome(store, &path, id, "T", "1", "{}", &err, p), 0,
           apr_pstrcat(p, id, " is added", NULL));
}

static const char *units(database_t *db, apr_pool_t *p)
{
    static const edu_path_t path = OUTCOME_AT("unit", "a", "s", NULL);

    return rows_in(db, EDU_OUTCOME, &path, &whole, p);
}

/* No transaction is left behind, and no connection kept. */
static void is_over(database_t *db, const char *want, const char *what,
                    apr_pool_t *p)
{
    is_int(db->opened, db->closed, "what was borrowed is given back");
    ok(database_run(db, "BEGIN") == 0 && database_run(db, "ROLLBACK") == 0,
       "%s: no transaction is left", what);
    is_str(units(db, p), want, what);
    database_run(db, "DELETE FROM edu_outcome WHERE class_id = 'unit'");
}

/* A unit in a unit in a unit: which of them are undone, and what is left. */
/* clang-format off */
static const struct nested_t {
    int undo[3]; /* from the outermost to the innermost */
    const char *left;
} nested[] = {
    { { 0, 0, 0 }, "1:T 2:T 3:T 4:T 5:T" },
    { { 0, 0, 1 }, "1:T 2:T 4:T 5:T" },
    { { 0, 1, 0 }, "1:T 5:T" },
    { { 0, 1, 1 }, "1:T 5:T" },
    { { 1, 0, 0 }, "" },
    { { 1, 0, 1 }, "" },
    { { 1, 1, 1 }, "" },
};
/* clang-format on */

static void test_nested(database_t *db, const struct nested_t *row,
                        apr_pool_t *p)
{
    edu_unit_t unit[3];
    edu_error_t err = { 0 };

    is_int(edu__unit_begin(&unit[0], &db->store, &err, p), 0, "a unit begins");
    add(&unit[0].store, "1", p);
    is_int(edu__unit_begin(&unit[1], &unit[0].store, &err, p), 0, "and within");
    add(&unit[1].store, "2", p);
    is_int(edu__unit_begin(&unit[2], &unit[1].store, &err, p), 0, "and again");
    add(&unit[2].store, "3", p);
    is_int(db->opened - db->closed, 1, "by one connection");
    is_int(edu__unit_end(&unit[2], row->undo[2], &err), 0, "it ends");
    add(&unit[1].store, "4", p);
    is_int(edu__unit_end(&unit[1], row->undo[1], &err), 0, "as does it");
    add(&unit[0].store, "5", p);
    is_int(edu__unit_end(&unit[0], row->undo[0], &err), 0, "and it");
    is_over(db, row->left,
            apr_psprintf(p, "undone %d %d %d", row->undo[0], row->undo[1],
                         row->undo[2]),
            p);
}

/* Two in a row within one; each is for itself. */
static void test_siblings(database_t *db, apr_pool_t *p)
{
    edu_unit_t outer, inner;
    edu_error_t err = { 0 };

    edu__unit_begin(&outer, &db->store, &err, p);
    for (int i = 1; i <= 4; i++) {
        edu__unit_begin(&inner, &outer.store, &err, p);
        add(&inner.store, apr_itoa(p, i), p);
        is_int(edu__unit_end(&inner, i % 2, &err), 0, "one of many ends");
    }
    is_int(edu__unit_end(&outer, 0, &err), 0, "and the whole");
    is_over(db, "2:T 4:T", "every other one", p);
}

/* A condition that does not hold is no failure. */
static void test_refusal(database_t *db, apr_pool_t *p)
{
    static const edu_path_t path = OUTCOME_AT("unit", "a", "s", "1");
    edu_unit_t outer, inner;
    edu_error_t err = { 0 };

    edu__unit_begin(&outer, &db->store, &err, p);
    add(&outer.store, "1", p);
    edu__unit_begin(&inner, &outer.store, &err, p);
    is_int(add_outcome(&inner.store, &path, "1", "T", "1", "{}", &err, p),
           EDU_ECONFLICT, "what the unit wrote is there for it");
    is_int(
        edu__store_remove(&inner.store, EDU_OUTCOME, &path, "1", "0", &err, p),
        EDU_EPRECONDITION, "by its version");
    add(&inner.store, "2", p);
    is_int(edu__unit_end(&inner, 0, &err), 0, "and that breaks nothing");
    is_int(edu__unit_end(&outer, 0, &err), 0, "at all");
    is_over(db, "1:T 2:T", "all is stored", p);
}

/* Others see a unit when it is over, and may be who ends it. */
static void test_unseen(database_t *db, database_t *other, apr_pool_t *p)
{
    edu_unit_t outer, inner;
    edu_error_t err = { 0 };

    edu__unit_begin(&outer, &db->store, &err, p);
    edu__unit_begin(&inner, &outer.store, &err, p);
    add(&inner.store, "1", p);
    edu__unit_end(&inner, 0, &err);
    is_str(units(other, p), "", "nothing is seen before the end");
    edu__unit_end(&outer, 0, &err);
    is_str(units(other, p), "1:T", "but all after it");
    is_over(db, "1:T", "over", p);
}

/* A statement that fails within may have taken the transaction with it: nothing
 * more is written, and nothing is kept. */
static void test_failure(database_t *db, int depth, apr_pool_t *p)
{
    static const edu_path_t path = OUTCOME_AT("poison", "a", "s", NULL);
    edu_unit_t outer, inner, late;
    edu_error_t err = { 0 };
    const edu_store_t *store;

    is_int(edu_store_check(&db->store, &err, p), 0, "all is prepared");
    database_run(db, "CREATE TRIGGER poison BEFORE INSERT ON edu_outcome"
                     " WHEN NEW.class_id = 'poison'"
                     " BEGIN SELECT RAISE(ROLLBACK, 'poison'); END");
    is_int(edu_store_check(&db->store, &err, p), 0, "a trap is set");
    edu__unit_begin(&outer, &db->store, &err, p);
    add(&outer.store, "1", p);
    edu__unit_begin(&inner, &outer.store, &err, p);
    store = depth ? &inner.store : &outer.store;
    add(&inner.store, "2", p);
    if (!depth) {
        edu__unit_end(&inner, 0, &err);
    }
    test_unavailable(add_outcome(store, &path, "3", "T", "1", "{}", &err, p),
                     &err, "poison", "a statement that fails");
    is_int(add_outcome(store, &path, "4", "T", "1", "{}", &err, p),
           EDU_EUNAVAILABLE, "nothing more is written");
    is_int(edu__unit_begin(&late, store, &err, p), EDU_EUNAVAILABLE,
           "nor begun");
    if (depth) {
        is_int(edu__unit_end(&inner, 0, &err), EDU_EUNAVAILABLE,
               "it cannot end well");
        is_int(edu__unit_begin(&late, &outer.store, &err, p), EDU_EUNAVAILABLE,
               "and nothing begins");
    }
    is_int(edu__unit_end(&outer, 0, &err), EDU_EUNAVAILABLE,
           "nor can the whole");
    database_run(db, "DROP TRIGGER poison");
    is_over(db, "", "nothing is stored", p);
}

/* ------------------------------------------------- what others do meanwhile */

typedef struct two_t {
    const edu_path_t *path;
    edu_error_t err;
    apr_pool_t *p;
} two_t;

/* Two writes as one. */
static apr_status_t write_two(const edu_store_t *store, void *baton)
{
    two_t *two = baton;
    const char *id = two->path->outcome_id;
    apr_status_t rv =
        add_outcome(store, two->path, id, "T", "1", "", &two->err, two->p);

    return rv ? rv
              : edu__store_remove(store, EDU_OUTCOME, two->path, id, "1",
                                  &two->err, two->p);
}

static int in_unit(database_t *db, const edu_path_t *path, apr_pool_t *p)
{
    two_t two = { path, { 0 }, p };

    return edu__unit_run(&db->store, &here, write_two, &two, 1, &two.err, p);
}

/* Every call that a stale statement could fail. */
static int call(database_t *db, int which, int round, apr_pool_t *p)
{
    const char *now = apr_itoa(p, round), *next = apr_itoa(p, round + 1);
    const char *fresh = apr_pstrcat(p, "new", now, NULL);
    const edu_path_t path = OUTCOME_AT("stale", "a", "s", "id");
    const edu_path_t other = OUTCOME_AT("stale", "a", "s", fresh);

    switch (which) {
    case 0:
        return body_of(db, &path, p) == NULL;
    case 1:
        return !tap_same(list_of(db, &path, p),
                         apr_pstrcat(p, "id={", now, "}", NULL));
    case 2:
        return insert(db, &path, fresh, "1", "", p) || drop(db, &other, "1", p);
    case 3:
        return replace(db, &path, now, next,
                       apr_pstrcat(p, "{", next, "}", NULL), p) ||
               replace(db, &path, next, now,
                       apr_pstrcat(p, "{", now, "}", NULL), p);
    default:
        return in_unit(db, &other, p);
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
    const edu_path_t path = OUTCOME_AT("stale", "a", "s", "id");
    int round = 1;

    insert(db, &path, "id", "1", "{1}", p);
    for (int which = 0; which < 5; which++) {
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
    rv = edu__store_get(&row, &db->store, EDU_OUTCOME, &here, &err, p);
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
    is_str(database_ask(db, "PRAGMA synchronous", p), "1",
           "which is as durable");
}

/* A write whose connection is lost is repeated on another, and what the first
 * try did is not taken for the doing of somebody else. */
static void test_cut(database_t *db, fate_e fate, apr_pool_t *p)
{
    const char *when = fate == BEFORE ? "before" : "after";
    edu_store_t store = db->store;
    const edu_path_t path = OUTCOME_AT("cut", "a", "s", "id");
    edu_row_t row = { .id = "id",
                      .created = "1",
                      .kind = "educationOutcome",
                      .version = "1",
                      .body = "{1}" };
    edu_error_t err = { 0 };
    apr_status_t rv;

    /* a write that shares nothing is not in a transaction of its own */
    edu_team_create(&store.team, "sqlite3", NULL, 0, p);
    next_write = fate;
    rv = edu__store_insert_open(&store, &path, &row, &err, p);
    ok(!rv && !next_write, "an open insert, cut off %s it is done", when);
    is_str(body_of(db, &path, p), "{1}", "is there");
    rv = edu__store_insert_open(&store, &path, &row, &err, p);
    is_int(rv, EDU_ECONFLICT, "which another insert finds");

    row.version = "2";
    row.body = "{2}";
    next_write = fate;
    rv = edu__store_replace(&store, EDU_OUTCOME, &path, &row, "1", &err, p);
    ok(!rv && !next_write, "a change, cut off %s it is done", when);
    is_str(body_of(db, &path, p), "{2}", "is there");
    next_write = fate;
    row.version = "3";
    rv = edu__store_replace(&store, EDU_OUTCOME, &path, &row, "1", &err, p);
    is_int(rv, EDU_EPRECONDITION, "one of an old version is refused, cut off");
    row.version = "2";
    row.body = "{3}";
    rv = edu__store_replace(&store, EDU_OUTCOME, &path, &row, "1", &err, p);
    is_int(rv, EDU_EPRECONDITION, "or not");

    next_write = fate;
    rv = edu__store_remove(&store, EDU_OUTCOME, &path, "id", "2", &err, p);
    ok(!rv && !next_write, "a removal, cut off %s it is done", when);
    is_str(body_of(db, &path, p), NULL, "is done");

    next_write = fate;
    rv = edu__store_insert(&store, EDU_OUTCOME, &path, &row, &err, p);
    ok(!rv && !next_write, "an insert, cut off %s it is done", when);
    is_str(body_of(db, &path, p), "{3}", "is there");
    next_write = fate;
    row.body = "{4}";
    rv = edu__store_insert(&store, EDU_OUTCOME, &path, &row, &err, p);
    is_int(rv, EDU_ECONFLICT, "one that another was faster than is refused");
    rv = edu__store_remove(&store, EDU_OUTCOME, &path, "id", "2", &err, p);
    is_int(rv, 0, "all is removed");

    /* a transaction that was cut off is undone */
    next_write = fate;
    rv = edu__store_remove(&db->store, EDU_OUTCOME, &path, "id", "2", &err, p);
    is_int(rv, EDU_EPRECONDITION, "what is gone cannot be removed");
    is_int(db->closed, db->opened, "what was borrowed is given back");
}

/* A statement takes no transaction that it would have for itself. */
static void test_alone(database_t *db, int group, apr_pool_t *p)
{
    edu_row_t row = { .id = apr_itoa(p, group),
                      .created = "1",
                      .kind = "educationOutcome",
                      .version = "1",
                      .body = "{}" };
    edu_store_t store = db->store;
    edu_error_t err = { 0 };

    edu_team_create(&store.team, "sqlite3", NULL, group, p);
    begun = 0;
    is_int(edu__store_insert(&store, EDU_OUTCOME, &here, &row, &err, p), 0,
           "a write alone");
    is_int(begun, 0, "is a transaction by itself");
}

static void test_locked(database_t *db, database_t *other, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    apr_time_t start;
    apr_status_t rv;

    is_int(database_run(other, "BEGIN EXCLUSIVE"), 0, "another has a lock");
    start = apr_time_now();
    rv = add_outcome(&db->store, &here, "locked", "educationOutcome", "1", "{}",
                     &err, p);
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
    const edu_store_t store = { .open = lend_nothing,
                                .close = take_nothing,
                                .baton = &closed,
                                .schema = EDU_SCHEMA_AUTO };
    const edu_row_t row = { .id = "id", .version = "1", .body = "{}" };
    const edu_range_t recent = { .since = "1" };
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;
    edu_unit_t unit;
    edu_row_t out;
    apr_int64_t count;
    int most = 1;

#define NO_CONNECTION(call, what)                                              \
    test_unavailable((call), &err, "connection", "no connection" what)
    NO_CONNECTION(edu_store_check(&store, &err, p), "");
    NO_CONNECTION(edu_store_connections(&most, &store, &err, p), " to count");
    is_int(most, 0, "and no number of them");
    NO_CONNECTION(edu_store_checkpoint(&store, &err, p), " for a checkpoint");
    for (int i = 0; i < EDU_TABLES; i++) {
        NO_CONNECTION(edu__store_get(&out, &store, i, &here, &err, p),
                      " to read by");
        NO_CONNECTION(
            edu__store_list(&rows, &above, &store, i, &here, &whole, &err, p),
            " to list by");
        NO_CONNECTION(edu__store_insert(&store, i, &here, &row, &err, p),
                      " to write by");
        NO_CONNECTION(edu__store_replace(&store, i, &here, &row, "1", &err, p),
                      " to change by");
        NO_CONNECTION(edu__store_remove(&store, i, &here, "id", "1", &err, p),
                      " to remove by");
        if (i > EDU_CLASS) {
            NO_CONNECTION(edu__store_clear(&store, i, &here, &err, p),
                          " to clear by");
        }
    }
    NO_CONNECTION(edu__store_list(&rows, &above, &store, EDU_SUBMISSION, &here,
                                  &recent, &err, p),
                  " to list what is recent by");
    NO_CONNECTION(edu__store_count(&count, &store, EDU_SUBMISSION, &here,
                                   &recent, &err, p),
                  " to count it by");
    NO_CONNECTION(edu__store_insert_open(&store, &here, &row, &err, p),
                  " to write to what is open by");
    NO_CONNECTION(edu__store_touch(&store, &here, "1", "", &err, p),
                  " to touch by");
    NO_CONNECTION(edu__store_find(&rows, &store, &here, &err, p),
                  " to find by");
    NO_CONNECTION(edu__unit_begin(&unit, &store, &err, p), " to begin by");
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

/* clang-format off */
static const struct fate_row_t {
    const char *driver;
    int code;
    const char *says;
    apr_status_t rv;
} fate_rows[] = {
    { "sqlite3", 1, "CHECK constraint failed: rule", EDU_ECONSTRAINT },
    { "sqlite3", 1, "NOT NULL constraint failed: edu_outcome.type",
      EDU_ECONSTRAINT },
    { "sqlite3", 1, "string or blob too big", EDU_ETOOLARGE },
    { "sqlite3", 1, "database or disk is full", EDU_ENOSPACE },
    { "sqlite3", 1, "disk I/O error", EDU_ENOSPACE },
    { "sqlite3", 1, "attempt to write a readonly database", EDU_EREADONLY },
    { "sqlite3", 5, "database is locked", EDU_EUNAVAILABLE },
    { "sqlite3", 1, "no such table: edu_outcome", EDU_EUNAVAILABLE },
    { "sqlite3", 1, "database schema has changed", EDU_EUNAVAILABLE },
    { "pgsql", 7, "ERROR:  value too long for type character varying(9)",
      EDU_ETOOLARGE },
    { "pgsql", 7, "ERROR:  new row for relation \"edu_class\" violates check "
      "constraint \"rule\"",
      EDU_ECONSTRAINT },
    { "pgsql", 7, "ERROR:  invalid byte sequence for encoding \"UTF8\": 0xff",
      EDU_EBADREQUEST },
    { "pgsql", 7, "ERROR:  could not extend \"1\": No space left on device",
      EDU_ENOSPACE },
    { "pgsql", 7, "ERROR:  canceling statement due to lock timeout",
      EDU_EUNAVAILABLE },
    { "pgsql", 7, "ERROR:  cannot execute INSERT in a read-only transaction",
      EDU_EUNAVAILABLE },
    { "pgsql", 7, "FEHLER:  alles anders", EDU_EUNAVAILABLE },
    { "mysql", 1406, "", EDU_ETOOLARGE },
    { "mysql", 4025, "", EDU_ECONSTRAINT },
    { "mysql", 1366, "", EDU_EBADREQUEST },
    { "mysql", 1114, "The table 'edu_outcome' is full", EDU_ENOSPACE },
    { "mysql", 1030, "Got error 28 \"No space left on device\" from storage "
      "engine InnoDB", EDU_ENOSPACE },
    { "mysql", 1213, "Deadlock found", EDU_EUNAVAILABLE },
    { "mysql", 2013, "Lost connection", EDU_EUNAVAILABLE },
    { "mysql", 1205, "Lock wait timeout exceeded", EDU_EUNAVAILABLE }
};
/* clang-format on */

static void test_fate(const struct fate_row_t *row, apr_pool_t *p)
{
    is_int(edu__sql_fate(edu__sql_dialect(row->driver), row->code, row->says),
           row->rv,
           apr_psprintf(p, "%s: %d %s", row->driver, row->code, row->says));
}

static void tests(apr_pool_t *p)
{
    database_t *db, *other;

    apr_dbd_init(p);
    for (apr_size_t i = 0; i < COUNT(fate_rows); i++) {
        test_fate(&fate_rows[i], p);
    }
    make_directory(p);
    test_file(p);
    test_refuse();
    test_create(p);
    test_manual(p);
    test_upgrade(p);
    test_half_way(p);
    test_suffices(p);
    test_suffices_still(p);
    test_later(p);
    test_late(p);

    db = database_make(in_directory("rows.db", p), EDU_SCHEMA_AUTO, p);
    other = database_make(db->file, EDU_SCHEMA_AUTO, p);
    test_rows(db, p);
    test_keys(db, p);
    test_places(db, p);
    test_bodies(db, p);
    for (apr_size_t i = 0; i < COUNT(tables); i++) {
        test_table(db, &tables[i], p);
    }
    test_stale(db, other, p);
    test_gone(db, other, p);
    test_lost(db, p);
    test_cut(db, BEFORE, p);
    test_cut(db, AFTER, p);
    test_alone(db, 0, p);
    test_alone(db, 1, p);
    test_locked(db, other, p);
    test_waits(db, other, p);
    database_close(db);
    database_close(other);

    db = database_make(in_directory("units.db", p), EDU_SCHEMA_AUTO, p);
    other = database_make(db->file, EDU_SCHEMA_AUTO, p);
    for (apr_size_t i = 0; i < COUNT(nested); i++) {
        test_nested(db, &nested[i], p);
    }
    test_siblings(db, p);
    test_refusal(db, p);
    test_unseen(db, other, p);
    test_failure(db, 0, p);
    test_failure(db, 1, p);
    database_close(db);
    database_close(other);

    db = database_make(in_directory("roster.db", p), EDU_SCHEMA_AUTO, p);
    test_checks(db, "a database for a roster", p);
    test_ranges(db, p);
    test_loaded(db, p);
    test_long(db, p);
    test_much(db, p);
    test_chunks(db, p);
    test_namesakes(db, p);
    test_mine(db, p);
    test_registrations(db, p);
    test_open(db, p);
    test_touch(db, p);
    test_recipients(db, p);
    test_find(db, p);
    test_clear(db, p);
    database_close(db);

    test_born_locked(p);
    test_no_connection(p);
    test_unreadable(p);
    remove_directory(p);
}

TAP_MAIN(tests)
