/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The store in SQLite, through apr_dbd's own driver and nothing of a server. */

#include "inner.h"
#include "database.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_thread_proc.h>
#include <dlfcn.h>

#define SECONDS(t) ((t) / (double)APR_USEC_PER_SEC)

/* The fate of the next write: the connection is lost before or after it is
 * done, and the caller cannot tell which. */
typedef enum fate_e { FINE, BEFORE, AFTER } fate_e;
static fate_e next_write;
static int no_answer, begun; /* transactions */
static fate_e next_commit;
static apr_interval_time_t slow_index; /* how long one takes to be made */

int apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *nrows,
                  const char *statement)
{
    __typeof__(apr_dbd_query) *real = dlsym(RTLD_NEXT, "apr_dbd_query");

    int commits = strcmp(statement, "COMMIT") == 0;
    fate_e fate = commits ? next_commit : FINE;

    next_commit = commits ? FINE : next_commit;
    begun += strncmp(statement, "BEGIN", 5) == 0;
    if (strstr(statement, " INDEX ")) {
        apr_sleep(slow_index);
    }
    if (fate == BEFORE) {
        return 1;
    }
    return real(driver, handle, nrows, statement) || fate == AFTER;
}

int apr_dbd_pquery(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                   apr_dbd_t *handle, int *nrows, apr_dbd_prepared_t *statement,
                   int nargs, const char **args)
{
    __typeof__(apr_dbd_pquery) *real = dlsym(RTLD_NEXT, "apr_dbd_pquery");
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
    __typeof__(apr_dbd_pselect) *real = dlsym(RTLD_NEXT, "apr_dbd_pselect");

    apr_sleep(slow_read);
    return real(driver, pool, handle, res, statement, random, nargs, args);
}

int apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                   apr_dbd_t *handle, apr_dbd_results_t **res,
                   const char *statement, int random)
{
    __typeof__(apr_dbd_select) *real = dlsym(RTLD_NEXT, "apr_dbd_select");
    int lost = no_answer;

    no_answer = 0;
    return lost ? 1 : real(driver, pool, handle, res, statement, random);
}

static const edu_key_t here = OUTCOME_AT("c", "a", "s", "id-1");

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

static apr_status_t insert_if(const edu_store_t *store, edu_guard_e guard,
                              const edu_key_t *key, const edu_row_t *row,
                              edu_error_t *err, apr_pool_t *p)
{
    edu_changes_t changes = no_changes(p);

    add_write(&changes, EDU_INSERT, EDU_OUTCOME, guard, key, row->id)->after =
        row;
    return commit(store, &changes, err, p);
}

static apr_status_t clear_rows(const edu_store_t *store, edu_table_e table,
                               const edu_key_t *key, edu_error_t *err,
                               apr_pool_t *p)
{
    edu_changes_t changes = no_changes(p);

    edu__changes_add(&changes, EDU_DELETE_BELOW, table, EDU_ALWAYS, key);
    return commit(store, &changes, err, p);
}

/* @param from  the version to be touched; NULL: any that is earlier */
static apr_status_t touch(const edu_store_t *store, const edu_key_t *key,
                          const char *from, const char *version, const char *by,
                          edu_error_t *err, apr_pool_t *p)
{
    const edu_row_t before = { .version = from };
    const edu_row_t after = { .version = version, .modified_by = by };
    edu_changes_t changes = no_changes(p);
    edu_write_t *write =
        edu__changes_add(&changes, EDU_TOUCH, EDU_SUBMISSION,
                         from ? EDU_IF_VERSION : EDU_IF_EARLIER, key);

    write->before = from ? &before : NULL;
    write->after = &after;
    return commit(store, &changes, err, p);
}

static apr_status_t lock(const edu_store_t *store, edu_table_e table,
                         edu_guard_e guard, const edu_key_t *key,
                         edu_error_t *err, apr_pool_t *p)
{
    edu_changes_t changes = no_changes(p);

    edu__changes_add(&changes, EDU_LOCK, table, guard, key);
    return commit(store, &changes, err, p);
}

static apr_status_t begin(edu_tx_t *tx, const edu_store_t *store,
                          edu_error_t *err, apr_pool_t *p)
{
    edu__tx_init(tx, store, p);
    return edu__tx_begin(tx, err);
}

static apr_status_t insert(database_t *db, const edu_key_t *path,
                           const char *id, const char *version,
                           const char *body, apr_pool_t *p)
{
    edu_error_t err = { 0 };

    return add_outcome(&db->store, path, id, "educationOutcome", version, body,
                       &err, p);
}

static apr_status_t replace(database_t *db, const edu_key_t *path,
                            const char *from, const char *to, const char *body,
                            apr_pool_t *p)
{
    const edu_row_t row = { .id = path->outcome_id,
                            .kind = "educationOutcome",
                            .version = to,
                            .body = body };
    edu_error_t err = { 0 };

    return replace_row(&db->store, EDU_OUTCOME, path, &row, from, &err, p);
}

static apr_status_t drop(database_t *db, const edu_key_t *path,
                         const char *version, apr_pool_t *p)
{
    edu_error_t err = { 0 };

    return remove_row(&db->store, EDU_OUTCOME, path, path->outcome_id, version,
                      &err, p);
}

/* The body at a path, or NULL. */
static const char *body_of(database_t *db, const edu_key_t *path, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row = { 0 };

    return edu__store_get(&row, &db->store, EDU_OUTCOME, path, &err, p) ||
                   !row.stored
               ? NULL
               : row.body;
}

/* "id=body id=body": a submission's outcomes, or NULL. */
static const char *list_of(database_t *db, const edu_key_t *path, apr_pool_t *p)
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
    is_str(err->message, table.message,
           "the message for the client is the table's");
    ok(!err->target && !err->inner,
       "the client gets no target and no inner code");
    if (!ok(err->detail && strstr(err->detail, detail),
            "the detail for the log says: %s", detail)) {
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
    ok(SECONDS(apr_time_now() - start) < 8, "a check fails in time");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

static void test_checks(database_t *db, const char *what, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    int most = 1;

    if (!ok(edu_store_check(&db->store, &err, p) == APR_SUCCESS, "%s", what)) {
        fprintf(stderr, "#   got %s\n", err.detail ? err.detail : "NULL");
    }
    is_int(edu_store_connections(&most, &db->store, &err, p), 0,
           "a database tells its limit of connections");
    is_int(most, 0, "SQLite has no limit of connections");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
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
    is_str(normal(file, p), all,
           "conf/schema/sqlite3.sql is the schema that is created");
    ok(!edu_store_schema("nothing") && !edu_store_schema(""),
       "another driver has no schema");
}

static void test_refuse(apr_pool_t *p)
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
        const char *says = edu_store_refuse(rows[i].driver, rows[i].params, p);

        ok(rows[i].fine ? !says : says && *says, "%s with %s is %s",
           rows[i].driver ? rows[i].driver : "no driver",
           rows[i].params ? rows[i].params : "nothing",
           rows[i].fine ? "taken" : "refused");
    }
}

static void run_all(database_t *db, const char *const *sql)
{
    for (; *sql; sql++) {
        is_int(database_run(db, *sql), 0, *sql);
    }
}

static void load_schema(database_t *db)
{
    run_all(db, edu_store_schema("sqlite3"));
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
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *file = in_directory(rows[i].file, p);
        database_t *db = database_make(file, rows[i].schema, p);
        database_t *other = database_make(file, EDU_SCHEMA_MANUAL, p);

        test_checks(db, "a schema is made", p);
        test_checks(db, "the schema that was made is found", p);
        test_checks(other, "the schema that was made is found by others", p);
        is_str(version_of(other, p), "3.1",
               "the schema that was made has our version");
        is_str(database_ask(other, "PRAGMA journal_mode", p), "wal",
               "the journal is a write-ahead log");
        is_str(database_ask(db, "PRAGMA synchronous", p), "1",
               "a COMMIT does not flush the write-ahead log");
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
       "no schema is made with manual");
    load_schema(admin);
    test_checks(db, "once it is loaded, the same connection works", p);
    database_run(admin, "DELETE FROM edu_schema");
    database_close(db);
    test_check_fails(db, "schema", "a schema without a version", p);
    database_run(admin, "INSERT INTO edu_schema VALUES (1, '3')");
    test_checks(db, "a schema whose version was put back", p);
    database_close(db);
    database_close(admin);
}

/* The schema from when there were outcomes only. */
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
    NULL
};

/* The rest of version 2, with published documents: the last of each pair is a
 * draft. */
#define OUTCOME(id, body)                                                      \
    "INSERT INTO edu_outcome VALUES ('c', 'a', 'r', '" id "', '1', 'T', '2', " \
    "'{" body "}')"
static const char *const version_2[] = {
    "CREATE TABLE edu_member (class_id TEXT NOT NULL, id TEXT NOT NULL, created"
    " TEXT NOT NULL DEFAULT '', role TEXT NOT NULL, version TEXT NOT NULL"
    " DEFAULT '0', body TEXT NOT NULL DEFAULT '{}', UNIQUE (class_id, id))",
    OUTCOME("f1", "\"publishedFeedback\":{\"text\":null}"),
    OUTCOME("f2", "\"feedback\":{\"text\":{\"content\":"
                  "\"\\\"publishedFeedback\\\":{\"}},"
                  "\"publishedFeedback\":null"),
    OUTCOME("p1", "\"points\":{\"points\":2},"
                  "\"publishedPoints\":{\"points\":1}"),
    OUTCOME("p2", "\"points\":{\"points\":2},\"publishedPoints\":null"),
    OUTCOME("q1", "\"rubricQualityFeedback\":[],"
                  "\"publishedRubricQualityFeedback\":[{\"qualityId\":\"a\","
                  "\"feedback\":null},{\"qualityId\":\"b\",\"feedback\":{}}],"
                  "\"publishedRubricQualitySelectedLevels\":[]"),
    OUTCOME("q2", "\"rubricQualityFeedback\":[{\"qualityId\":\"a\","
                  "\"feedback\":{}}],\"rubricQualitySelectedLevels\":[{"
                  "\"qualityId\":\"a\",\"columnId\":\"x\"}],"
                  "\"publishedRubricQualityFeedback\":[{\"qualityId\":\"a\","
                  "\"feedback\":null}],\"publishedRubricQualitySelectedLevels\""
                  ":[{\"qualityId\":\"a\",\"columnId\":null}]"),
    OUTCOME("r1", "\"feedbackResource\":null,\"resourceStatus\":\"published\""),
    OUTCOME("r2", "\"feedbackResource\":null,\"resourceStatus\":"
                  "\"notPublished\""),
    OUTCOME("s1", "\"publishedRubricQualityFeedback\":[],"
                  "\"publishedRubricQualitySelectedLevels\":[{\"qualityId\":"
                  "\"a\",\"columnId\":\"x\"}]"),
    "UPDATE edu_schema SET version = '2'",
    NULL
};

/* The parts of the schema, sorted. */
static const char *names_in(database_t *db, apr_pool_t *p)
{
    return database_ask(db,
                        "SELECT group_concat(name, ' ') FROM (SELECT name FROM"
                        " sqlite_master WHERE name LIKE 'edu_%' ORDER BY name)",
                        p);
}

/* A database of an earlier version gets what it lacks, and keeps what it has;
 * what was published is shown.  Or it is said who is to see to that. */
static void test_upgrade(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *file, *version;
        edu_schema_e schema;
    } rows[] = {
        { "one-auto.db", "1", EDU_SCHEMA_AUTO },
        { "one-default.db", "1", EDU_SCHEMA_DEFAULT },
        { "one-manual.db", "1", EDU_SCHEMA_MANUAL },
        { "two-auto.db", "2", EDU_SCHEMA_AUTO },
        { "two-default.db", "2", EDU_SCHEMA_DEFAULT },
        { "two-manual.db", "2", EDU_SCHEMA_MANUAL },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *file = in_directory(rows[i].file, p), *names;
        database_t *db = database_make(file, rows[i].schema, p);
        database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);
        int two = *rows[i].version == '2';

        run_all(admin, version_1);
        if (two) {
            run_all(admin, version_2);
        }
        names = names_in(admin, p);
        if (rows[i].schema == EDU_SCHEMA_MANUAL) {
            test_check_fails(
                db,
                apr_psprintf(p,
                             "has schema version %s, this module works with "
                             "version 3. Load schema/sqlite3-2.sql, then "
                             "schema/sqlite3.sql",
                             rows[i].version),
                file, p);
            is_str(version_of(admin, p), rows[i].version,
                   "the version stays with manual");
            is_str(names_in(admin, p), names, "no table is added with manual");
            run_all(admin, edu__sql_dialect("sqlite3")->columns);
            load_schema(admin);
        }
        /* what is upgraded when a process starts, has no deadline */
        db->store.timeout = apr_time_from_msec(1000);
        slow_index = apr_time_from_msec(300);
        test_checks(db, file, p);
        slow_index = db->store.timeout = 0;
        is_str(version_of(db, p), "3.1",
               "the upgraded database has our version");
        is_str(names_in(db, p),
               "edu_assignment edu_class edu_history edu_history_class "
               "edu_history_row edu_member edu_member_class edu_member_role "
               "edu_outcome edu_read edu_repeat edu_repeat_expires "
               "edu_schema edu_secret edu_submission edu_submission_version",
               "the upgraded database has all tables and indexes");
        is_str(body_of(db, &here, p), "{old}",
               "the upgraded database keeps its rows");
        is_str(database_ask(db,
                            "SELECT COALESCE(group_concat(id || shown_version,"
                            " ' '), '') FROM (SELECT * FROM edu_outcome WHERE"
                            " shown > '' ORDER BY id)",
                            p),
               two ? "f12 p12 q12 r12 s12" : "",
               "what was published is shown, and no draft is");
        database_close(admin);
        load_schema(admin);
        is_str(version_of(db, p), "3.1", "the schema can be loaded again");
        database_close(db);
        database_close(admin);
    }
}

/* An upgrade that fails half-way leaves the earlier version intact. */
static void test_half_way(apr_pool_t *p)
{
    const char *file = in_directory("half-way.db", p);
    database_t *db = database_make(file, EDU_SCHEMA_AUTO, p);
    database_t *admin = database_make(file, EDU_SCHEMA_MANUAL, p);

    run_all(admin, version_1);
    database_run(admin, "CREATE TABLE edu_submission_version (an_index INT)");
    test_check_fails(db, "edu_submission_version", "an upgrade that fails", p);
    is_str(version_of(admin, p), "1",
           "an upgrade that fails leaves the version");
    is_str(names_in(admin, p), "edu_outcome edu_schema edu_submission_version",
           "an upgrade that fails leaves no table");
    is_int(database_run(admin, "INSERT INTO edu_outcome VALUES ('c', 'a', 's',"
                               " 'id-2', '2', 'T', '1', '{new}')"),
           0, "the earlier version can be written to");
    database_run(admin, "DROP TABLE edu_submission_version");
    test_checks(db, "the next attempt succeeds", p);
    is_str(version_of(db, p), "3.1", "the next attempt brings our version");
    is_str(list_of(db, &here, p), "id-1={old} id-2={new}",
           "the next attempt keeps all rows");
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
        { "3.1", 1 }, { "3.2", 1 }, { "3.9", 1 },
        { "4", 0 }, { "4.1", 0 }, { "9", 0 }, { "x", 0 },
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
                                         ", this module works with version 3. "
                                         "Use the module",
                                         NULL),
                             version, p);
        }
        is_str(version_of(admin, p), version, "a check leaves the version");
        load_schema(admin);
        is_str(version_of(admin, p), version,
               "our schema file leaves the version");
    }
    database_close(db);
    database_close(admin);
}

static apr_status_t lend_late(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    apr_sleep(apr_time_from_msec(150));
    return database_lend(baton, dbd, p);
}

/* A request that has waited half its time does not begin to create tables. */
static void test_late(apr_pool_t *p)
{
    database_t *db =
        database_make(in_directory("late.db", p), EDU_SCHEMA_AUTO, p);

    db->store.timeout = apr_time_from_msec(200);
    db->store.open = lend_late;
    test_check_fails(db, "kept the request waiting", "a late connection", p);
    ok(!names_in(db, p), "a late connection makes no tables");
    db->store.open = database_lend;
    db->store.timeout = EDU_TIMEOUT;
    test_checks(db, "a connection in time makes the tables", p);
    database_close(db);
}

/* ------------------------------------------------------------------- rows */

static void test_rows(database_t *db, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row = { 0 };

    is_str(list_of(db, &here, p), "", "a new submission has no rows");
    is_int(edu__store_get(&row, &db->store, EDU_OUTCOME, &here, &err, p), 0,
           "a read of a missing row succeeds");
    ok(!row.stored && !row.version && !row.body,
       "the read row says that it is missing");
    is_int(replace(db, &here, "1", "2", "{}", p), EDU_EPRECONDITION,
           "a missing row is not replaced");
    is_int(drop(db, &here, "1", p), EDU_EPRECONDITION,
           "a missing row is not removed");
    is_str(list_of(db, &here, p), "", "failed writes make no row");

    is_int(insert(db, &here, "id-1", "1", "{1}", p), 0, "a row is inserted");
    is_int(edu__store_get(&row, &db->store, EDU_OUTCOME, &here, &err, p), 0,
           "an inserted row is read");
    ok(row.stored, "an inserted row is stored");
    is_str(row.id, "id-1", "the row has its id");
    is_str(row.kind, "educationOutcome", "the row has its type");
    is_str(row.version, "1", "the row has its version");
    is_str(row.body, "{1}", "the row has its document");
    is_int(insert(db, &here, "id-1", "9", "{9}", p), EDU_ECONFLICT,
           "an id is inserted once");
    is_str(body_of(db, &here, p), "{1}",
           "a second insert of an id changes nothing");
    is_int(insert(db, &here, "id-4", "3", "{4}", p), 0,
           "another row is inserted");
    is_int(insert(db, &here, "id-3", "2", "{3}", p), 0,
           "a row of an earlier time is inserted");
    is_int(insert(db, &here, "id-2", "3", "{2}", p), 0,
           "a row of the same time is inserted");
    is_str(list_of(db, &here, p), "id-1={1} id-2={2} id-3={3} id-4={4}",
           "a list is sorted by id");

    is_int(replace(db, &here, "0", "2", "{no}", p), EDU_EPRECONDITION,
           "a stale version replaces nothing");
    is_int(replace(db, &here, "", "2", "{no}", p), EDU_EPRECONDITION,
           "an empty version replaces nothing");
    is_str(body_of(db, &here, p), "{1}", "failed replaces change nothing");
    is_int(replace(db, &here, "1", "9", "{1b}", p), 0,
           "the right version replaces");
    is_int(replace(db, &here, "1", "3", "{no}", p), EDU_EPRECONDITION,
           "a version replaces once");
    is_str(list_of(db, &here, p), "id-1={1b} id-2={2} id-3={3} id-4={4}",
           "a replace changes its row alone");

    is_int(drop(db, &here, "1", p), EDU_EPRECONDITION,
           "a stale version removes nothing");
    is_int(drop(db, &here, "9", p), 0, "the right version removes");
    is_int(drop(db, &here, "9", p), EDU_EPRECONDITION,
           "a version removes once");
    is_str(list_of(db, &here, p), "id-2={2} id-3={3} id-4={4}",
           "a remove takes its row alone");
    is_int(insert(db, &here, "id-1", "5", "{}", p), 0,
           "the id of a removed row is free");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
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
static edu_key_t keyed(const char *key, int place)
{
    return (edu_key_t)OUTCOME_AT(place == 0 ? key : "k", place == 1 ? key : "k",
                                 place == 2 ? key : "k",
                                 place == 3 ? key : "k");
}

/* Each key stands in each place, its body naming the place. */
static void test_keys(database_t *db, apr_pool_t *p)
{
    int wrong = 0;

    for (apr_size_t i = 0; i < 4 * COUNT(keys); i++) {
        const char *key = keys[i / 4];
        const edu_key_t path = keyed(key, i % 4);
        const char *body = apr_psprintf(p, "{%d:%s}", (int)i, key);

        ok(insert(db, &path, path.outcome_id, key, body, p) == 0 &&
               tap_same(body_of(db, &path, p), body),
           "key %d in place %d", (int)i / 4, (int)i % 4);
    }
    for (apr_size_t i = 0; i < 4 * COUNT(keys); i++) {
        const char *key = keys[i / 4];
        const edu_key_t path = keyed(key, i % 4);

        wrong += replace(db, &path, key, "v", key, p) != 0;
        wrong += !tap_same(body_of(db, &path, p), key);
        wrong += drop(db, &path, "v", p) != 0;
        wrong += body_of(db, &path, p) != NULL;
    }
    is_int(wrong, 0, "each key is changed and removed by itself");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

/* An outcome's id is its own only within its submission. */
static void test_places(database_t *db, apr_pool_t *p)
{
    static const edu_key_t places[] = {
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
               "an id is of its own submission");
    }
    drop(db, &places[0], "1", p);
    is_str(list_of(db, &places[0], p), "",
           "an id is removed in its submission");
    is_str(list_of(db, &places[3], p), "same=3",
           "an id stays in other submissions");
}

static void test_bodies(database_t *db, apr_pool_t *p)
{
    static const apr_size_t sizes[] = { 0, 1, 4096, 65536, 4 << 20 };

    for (apr_size_t i = 0; i < COUNT(sizes); i++) {
        const edu_key_t path =
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
    edu_key_t path;
    const char *kind, *other, *by, *parent;
    const char *above; /* statement that adds the row above, if needed */
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
        if (row->parent_id && *row->parent_id) {
            text = apr_pstrcat(p, text, "@", row->parent_id, NULL);
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
                           const edu_key_t *path, const edu_range_t *range,
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
    edu_key_t path = it->path;

    return (edu_row_t){ .id = id ? id : *edu__key_id(&path, it->table),
                        .sort_key = created,
                        .kind =
                            id && it->table == EDU_SUBMISSION ? id : it->kind,
                        .version = "1",
                        .modified_by = it->by,
                        .body = "{1}" };
}

static void is_row(database_t *db, const struct table_t *it,
                   const edu_row_t *want, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_row_t row;

    memset(&row, 0x55, sizeof(row));
    is_int(edu__store_get(&row, &db->store, it->table, &it->path, &err, p), 0,
           "a read succeeds");
    if (!want) {
        ok(!row.stored && !row.id, "a missing row is told as missing");
        return;
    }
    ok(row.stored && tap_same(row.id, want->id) &&
           tap_same(row.sort_key, want->sort_key) &&
           tap_same(row.version, want->version) &&
           tap_same(row.body, want->body),
       "a row is read as it is stored");
    is_str(row.kind, want->kind, "a row is read with its kind");
    is_str(row.modified_by, want->modified_by,
           "a row is read with the user who changed it");
    is_str(row.parent_id, it->parent, "a row is read with its parent");
}

static void test_table(database_t *db, const struct table_t *it, apr_pool_t *p)
{
    const edu_store_t *store = &db->store;
    const edu_key_t *path = &it->path;
    edu_table_e table = it->table;
    edu_row_t row = row_of(it, NULL, "2"), changed = row;
    const edu_row_t later = row_of(it, "b", "3"), peer = row_of(it, "x", "2");
    edu_error_t err = { 0 };

    changed.kind = it->other;
    changed.version = "9";
    changed.modified_by = *it->by ? "{other}" : "";
    changed.body = "{9}";

    is_row(db, it, NULL, p);
    is_str(rows_in(db, table, path, &whole, p), "", it->name);
    is_int(replace_row(store, table, path, &row, "1", &err, p),
           EDU_EPRECONDITION, "a missing row of the table is not replaced");
    is_int(remove_row(store, table, path, row.id, "1", &err, p),
           EDU_EPRECONDITION, "a missing row of the table is not removed");

    if (it->above) {
        is_int(insert_row(store, table, path, &row, &err, p), EDU_ECONFLICT,
               "a row without a parent is not inserted");
        is_row(db, it, NULL, p);
        is_int(database_run(db, it->above), 0, "a parent is inserted");
    }
    is_int(insert_row(store, table, path, &later, &err, p), 0,
           "a row is inserted into the table");
    is_int(insert_row(store, table, path, &row, &err, p), 0,
           "an older row is inserted");
    is_int(insert_row(store, table, path, &peer, &err, p), 0,
           "a row of the same age is inserted");
    is_row(db, it, &row, p);
    is_int(insert_row(store, table, path, &changed, &err, p), EDU_ECONFLICT,
           "an id is taken once");
    is_row(db, it, &row, p);

    is_int(replace_row(store, table, path, &changed, "0", &err, p),
           EDU_EPRECONDITION, "a stale version of the table replaces nothing");
    is_row(db, it, &row, p);
    is_int(replace_row(store, table, path, &changed, "1", &err, p), 0,
           "the right version of the table replaces");
    if (table == EDU_SUBMISSION) { /* which keeps its student */
        changed.kind = row.kind;
    }
    is_row(db, it, &changed, p);
    is_int(replace_row(store, table, path, &row, "1", &err, p),
           EDU_EPRECONDITION, "a version of the table replaces once");

    is_int(remove_row(store, table, path, row.id, "1", &err, p),
           EDU_EPRECONDITION, "a stale version removes nothing");
    is_row(db, it, &changed, p);
    is_int(remove_row(store, table, path, row.id, "9", &err, p), 0,
           "the right version of the table removes");
    is_row(db, it, NULL, p);
    is_int(remove_row(store, table, path, "b", "1", &err, p), 0,
           "the older row of the table is removed");
    is_int(remove_row(store, table, path, "x", "1", &err, p), 0,
           "the row of the same age is removed");
    is_str(rows_in(db, table, path, &whole, p), "",
           "no row of the table is left");
    database_run(db, "DELETE FROM edu_class");
    database_run(db, "DELETE FROM edu_assignment");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
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
    INTO_OUTCOMES "VALUES"
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
static const edu_row_t after_1 = { .id = "1", .parent_id = "a" };
static const edu_row_t after_ac = { .id = "a", .parent_id = "c" };
static const edu_row_t after_bc = { .id = "b", .parent_id = "c" };
static const edu_row_t after_none = { .id = "",
                                      .parent_id = "",
                                      .version = "" };
static const edu_row_t after_7 = { .version = "7",
                                   .id = "2",
                                   .parent_id = "a" };
static const edu_row_t after_6 = { .version = "6",
                                   .id = "1",
                                   .parent_id = "b" };
static const edu_row_t after_5 = { .version = "5",
                                   .id = "1",
                                   .parent_id = "a" };

/* clang-format off */
static const struct ranged_t {
    edu_table_e table;
    edu_key_t path;
    edu_range_t range;
    const char *want;
} ranged[] = {
    { EDU_CLASS, IN_C, { .only = NULL }, "c d e" },
    { EDU_CLASS, IN_C, { .only = "s" }, "c:student e:student" },
    { EDU_CLASS, IN_C, { .only = "t" }, "c:teacher d:teacher" },
    { EDU_CLASS, IN_C, { .only = "x" }, "" },
    { EDU_CLASS, IN_C, { .after = &after_c }, "d e" },
    { EDU_CLASS, IN_C, { .after = &after_none }, "c d e" },
    { EDU_CLASS, IN_C, { .after = &after_z }, "" },
    { EDU_CLASS, IN_C, { .only = "s", .after = &after_c }, "e:student" },

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
    /* assignments of all the classes of a user */
    { EDU_ASSIGNMENT, { .class_id = NULL }, { .only = "t" },
      "a@c:teacher b@c:teacher a@d:teacher" },
    { EDU_ASSIGNMENT, { .class_id = NULL }, { .only = "s" },
      "a@c:student b@c:student" },
    { EDU_ASSIGNMENT, { .class_id = NULL }, { .only = "x" }, "" },
    { EDU_ASSIGNMENT, { .class_id = NULL },
      { .only = "t", .after = &after_ac }, "b@c:teacher a@d:teacher" },
    { EDU_ASSIGNMENT, { .class_id = NULL },
      { .only = "t", .after = &after_bc }, "a@d:teacher" },
    /* a user of no class has none, from any row on */
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
                   0, "a range can be counted");
            is_int((int)count, words(it->want),
                   "the count of a range is that of its rows");
        }
    }
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

/* Submissions may be modified at one time, and their ids need to differ in
 * their assignment only. */
static void test_loaded(database_t *db, apr_pool_t *p)
{
    static const edu_key_t path = IN_C;
    static const struct {
        edu_row_t after;
        int oldest;
        const char *want;
    } rows[] = {
  /* clang-format off */
        { { .version = NULL }, 0, "1@b:s[o:T] 2@a:r 1@a:s[p:T o:T]" },
        { { .version = NULL }, 1, "1@a:s[p:T o:T] 2@a:r 1@b:s[o:T]" },
        { { .version = "5", .id = "1", .parent_id = "b" }, 0,
          "2@a:r 1@a:s[p:T o:T]" },
        { { .version = "5", .id = "2", .parent_id = "a" }, 0,
          "1@a:s[p:T o:T]" },
        { { .version = "5", .id = "1", .parent_id = "a" }, 1,
          "2@a:r 1@b:s[o:T]" },
        { { .version = "5", .id = "2", .parent_id = "a" }, 1, "1@b:s[o:T]" },
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
    static const edu_key_t one = OUTCOME_AT("c", "a", "1", "o");
    static const edu_range_t recent = { .since = "0", .outcomes = 1 };
    static const edu_range_t expanded = { .outcomes = 1 };
    static const struct {
        edu_table_e table;
        edu_key_t path;
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
        for (int i = 0; i <= EDU_OUTCOME; i++) {
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
            is_int(strlen(row->body), len > 16384 ? 0 : len,
                   "a list leaves out a document of more than 16 KiB");
            if (lists[i].range == &expanded) {
                row = &APR_ARRAY_IDX(rows, 0, edu_row_t);
                row = &APR_ARRAY_IDX(row->outcomes, 0, edu_row_t);
                is_int(strlen(row->body), len > 16384 ? 0 : len,
                       "a list leaves out such a document of an expanded row");
            }
        }
        is_int(strlen(body_of(db, &one, p)), len,
               "a read of one row has the whole document");
    }
}

/* The first of 102 submissions, each with two outcomes, and nothing else. */
static apr_array_header_t *first_chunk(database_t *db, const char *how,
                                       apr_pool_t *p)
{
    static const edu_key_t path = { .class_id = "many", .assignment_id = "a" };
    static const edu_range_t range = { .outcomes = 1 };
    edu_registration_t above;
    apr_array_header_t *rows;
    edu_error_t err = { 0 };
    int wrong = 0;

    edu__store_list(&rows, &above, &db->store, EDU_SUBMISSION, &path, &range,
                    &err, p);
    is_int(rows->nelts, EDU_CHUNK, "a chunk has EDU_CHUNK rows");
    for (int i = 0; i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        wrong += row->outcomes->nelts != 2 || atoi(row->id) != i + 1 ||
                 !row->registration.assignment;
    }
    is_int(wrong, 0, how);
    return rows;
}

/* A chunk has the same number of submissions, whatever their outcomes, and
 * whatever lies among these. */
static void test_chunks(database_t *db, apr_pool_t *p)
{
    static const edu_key_t path = { .class_id = "many", .assignment_id = "a" };
    edu_range_t range = { .outcomes = 1 };
    apr_array_header_t *rows;

    database_run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                     " FROM n WHERE i < 102) INSERT INTO edu_submission"
                     " SELECT 'many', 'a', printf('%03d', i), i, i, '1', '',"
                     " '{}' FROM n");
    database_run(db, INTO_OUTCOMES
                 "SELECT class_id, assignment_id,"
                 " id, o, o, 'T', '1', '{}' FROM edu_submission,"
                 " (SELECT '1' AS o UNION SELECT '2') WHERE class_id ="
                 " 'many'");
    database_run(db, "INSERT INTO edu_assignment (class_id, id)"
                     " VALUES ('many', 'a')");
    rows =
        first_chunk(db, "the rows of a chunk are in order, with their own", p);
    range.after = &APR_ARRAY_IDX(rows, rows->nelts - 1, edu_row_t);
    is_str(rows_in(db, EDU_SUBMISSION, &path, &range, p), "102@a:102[1:T 2:T]",
           "the next chunk has the rest");
    database_run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                     " FROM n WHERE i < 1000) " INTO_OUTCOMES
                     "SELECT 'many', 'a', '050-' || (i % 2), i, i, 'T', '1',"
                     " '{}' FROM n");
    first_chunk(db, "a thousand outcomes of open submissions change nothing",
                p);
    database_run(db, "UPDATE edu_outcome SET submission_id = 'x'"
                     " WHERE class_id = 'many' AND submission_id LIKE '050-_'"
                     " AND id <> '1'");
    first_chunk(db, "one such outcome is passed over", p);
    database_run(db, "DELETE FROM edu_assignment WHERE class_id = 'many'");
}

/* Reading much is no waiting: a list comes to its end, however long it is. */
static void test_much(database_t *db, apr_pool_t *p)
{
    static const edu_key_t path = { .class_id = "c", .assignment_id = "a" };
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
    is_int((int)waited, 0, "a list that takes long is not waited for");
}

/* How many rows there are from the first chunk to the last. */
static int count_rows(database_t *db, edu_table_e table, const edu_key_t *path,
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

/* In a list of several parents, rows with the same id may meet at the end of a
 * chunk. */
static void test_namesakes(database_t *db, apr_pool_t *p)
{
    static const edu_key_t many = { .class_id = "many" }, none = { 0 };

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
        150, "no assignment of a student is lost between chunks");
}

/* A user's assignments in 200 classes are listed in order: some classes have
 * more assignments than a chunk has rows, some just as many, one, or none. */
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
    static const edu_key_t none = { 0 };
    edu_range_t range = { .only = "u" };
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;
    const char *text = "";

    for (apr_size_t i = 0; i < COUNT(classes); i++) {
        is_int(database_run(db, classes[i]), 0, "many classes are loaded");
    }
    do {
        if (edu__store_list(&rows, &above, &db->store, EDU_ASSIGNMENT, &none,
                            &range, &err, p)) {
            break;
        }
        for (int i = 0; i < rows->nelts; i++) {
            range.after = &APR_ARRAY_IDX(rows, i, edu_row_t);
            text = apr_pstrcat(p, text, " ", range.after->parent_id, "/",
                               range.after->id, NULL);
        }
    } while (rows->nelts == EDU_CHUNK);
    is_str(text,
           database_ask(db,
                        "SELECT group_concat(' ' || a, '') FROM (SELECT"
                        " class_id || '/' || id AS a FROM edu_assignment"
                        " ORDER BY class_id, id)",
                        p),
           "the assignments of a user are listed in order");
}

/* ------------------------------------------------------------ registrations */

static void is_registration(const edu_registration_t *got, const char *user_id,
                            const char *version, const char *assignment,
                            const char *what)
{
    const edu_assignment_t *of = got->assignment;

    is_str(got->user_id, user_id, what);
    is_str(got->version, version,
           "the registration has the version of the submission");
    is_str(of ? of->body : NULL, assignment,
           "the registration has its assignment");
    ok(!of || (*of->id && *of->version && !of->doc && !of->placeholders),
       "the assignment is not parsed yet");
}

static void test_registrations(database_t *db, apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *name;
        edu_key_t path;
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
                        rows[i].assignment,
                        "an outcome has the registration of its submission");
        edu__store_list(&list, &above, &db->store, EDU_OUTCOME, &rows[i].path,
                        &whole, &err, p);
        is_registration(&above, rows[i].user_id, rows[i].version,
                        rows[i].assignment,
                        "a list has the registration of its submission");
    }
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &rows[0].path, &err, p);
    is_registration(&row.registration, "s", "5", "{a}",
                    "a submission has its registration");
    is_str(text_of_rows(row.outcomes, p), "p:T o:T",
           "a submission is read with its outcomes");
    is_str(row.modified_by, "{by}",
           "a submission is read with the user who changed it");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &rows[5].path, &err, p);
    ok(!row.stored, "an open submission has no row");
    is_str(row.registration.user_id, NULL,
           "an open submission has no registration");
    edu__store_list(&list, &above, &db->store, EDU_SUBMISSION, &rows[0].path,
                    &whole, &err, p);
    is_registration(&above, NULL, NULL, "{a}",
                    "a list of submissions has an assignment, but no user");
    is_registration(&APR_ARRAY_IDX(list, 1, edu_row_t).registration, "r", "7",
                    "{a}", "each listed submission has its registration");
    edu__store_list(&list, &above, &db->store, EDU_SUBMISSION, &rows[0].path,
                    &(edu_range_t){ .since = "0" }, &err, p);
    is_registration(&above, NULL, NULL, NULL,
                    "a list of a class has no assignment");
    is_registration(&APR_ARRAY_IDX(list, 1, edu_row_t).registration, "s", "6",
                    "{b}", "each submission of a class has its own assignment");

    /* nobody is to load them without, but who can say */
    database_run(db, "DELETE FROM edu_assignment");
    edu__store_get(&row, &db->store, EDU_OUTCOME, &rows[0].path, &err, p);
    is_registration(&row.registration, "s", "5", NULL,
                    "an outcome without an assignment has its registration");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &rows[0].path, &err, p);
    is_registration(&row.registration, "s", "5", NULL,
                    "a submission without an assignment has its registration");
    edu__store_list(&list, &above, &db->store, EDU_SUBMISSION, &rows[0].path,
                    &whole, &err, p);
    is_registration(&above, NULL, NULL, NULL,
                    "a list without an assignment has no registration");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

/* Outcomes are added freely only where nobody can have registered the
 * submission; below an assignment somebody may do so at any time. */
static void test_open(database_t *db, apr_pool_t *p)
{
    static const edu_key_t open = OUTCOME_AT("c", "z", "9", NULL);
    static const edu_key_t given = OUTCOME_AT("c", "a", "9", NULL);
    static const edu_key_t gone = OUTCOME_AT("e", "g", "1", NULL);
    static const edu_key_t registered = OUTCOME_AT("c", "a", "1", NULL);
    static const edu_key_t nowhere = OUTCOME_AT("x", "1", "1", NULL);
    static const edu_key_t pupils = { .class_id = "c",
                                      .assignment_id = "z",
                                      .submission_id = "9",
                                      .viewer = "s" };
    static const edu_key_t teachers = { .class_id = "c",
                                        .assignment_id = "z",
                                        .submission_id = "9",
                                        .viewer = "t" };
    const edu_row_t old = {
        .id = "o", .sort_key = "9", .kind = "U", .version = "9", .body = "{}"
    };
    const edu_row_t fresh = {
        .id = "q", .sort_key = "9", .kind = "U", .version = "9", .body = "{}"
    };
    const edu_store_t *store = &db->store;
    edu_error_t err = { 0 };

    enrol(db);
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &open, &fresh, &err, p), 0,
           "an outcome goes into an open submission");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &open, &fresh, &err, p),
           EDU_ECONFLICT, "an outcome goes into an open submission once");
    is_str(rows_in(db, EDU_OUTCOME, &open, &whole, p), "q:U",
           "the outcome is in the open submission");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &given, &fresh, &err, p),
           EDU_ECONFLICT, "an outcome does not go below an assignment");
    is_str(rows_in(db, EDU_OUTCOME, &given, &whole, p), "o:T",
           "the submission below the assignment stays as it is");
    is_int(insert_if(store, EDU_IF_UNREGISTERED, &given, &fresh, &err, p), 0,
           "an outcome goes below an assignment if its submission is open");
    is_int(lock(store, EDU_ASSIGNMENT, EDU_IF_PRESENT, &given, &err, p), 0,
           "an assignment can be locked");
    is_int(lock(store, EDU_ASSIGNMENT, EDU_IF_PRESENT, &open, &err, p),
           EDU_EPRECONDITION, "a missing assignment cannot be locked");
    is_int(lock(store, EDU_SUBMISSION, EDU_ALWAYS, &registered, &err, p), 0,
           "a submission can be locked");
    is_int(lock(store, EDU_SUBMISSION, EDU_ALWAYS, &open, &err, p), 0,
           "a lock of a missing submission locks nothing");
    is_int(lock(store, EDU_SUBMISSION, EDU_IF_CHILDLESS, &registered, &err, p),
           EDU_ECONFLICT, "a submission with outcomes is not childless");
    database_run(db, "DELETE FROM edu_outcome WHERE submission_id = '1'");
    is_int(lock(store, EDU_SUBMISSION, EDU_IF_CHILDLESS, &registered, &err, p),
           0, "a submission without outcomes is childless");
    database_run(db,
                 INTO_OUTCOMES "VALUES"
                               " ('c', 'a', '1', 'o', '2', 'T', '1', '{1}'),"
                               " ('c', 'a', '1', 'p', '1', 'T', '1', '{2}')");
    database_run(db, "INSERT INTO edu_submission VALUES"
                     " ('e', 'g', '1', '1', 's', '1', '', '{}')");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &gone, &fresh, &err, p),
           EDU_ECONFLICT,
           "an outcome does not go into a registered submission without "
           "assignment");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &nowhere, &old, &err, p), 0,
           "an unknown path is open");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &pupils, &old, &err, p),
           EDU_ECONFLICT, "a viewer who learns in the class adds nothing");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &teachers, &old, &err, p), 0,
           "one who teaches it does");
    is_int(insert_if(store, EDU_IF_UNREGISTRABLE, &registered, &fresh, &err, p),
           EDU_ECONFLICT, "a registered submission is not open");
    is_int(insert_if(store, EDU_IF_UNREGISTERED, &registered, &fresh, &err, p),
           EDU_ECONFLICT, "a registered submission is not unregistered");
    is_str(rows_in(db, EDU_OUTCOME, &registered, &whole, p), "o:T p:T",
           "the registered submission stays as it is");
    is_int(insert_row(store, EDU_OUTCOME, &registered, &fresh, &err, p), 0,
           "a plain insert goes into the registered submission");
}

static void test_touch(database_t *db, apr_pool_t *p)
{
    static const edu_key_t path = OUTCOME_AT("c", "a", "1", "o");
    static const edu_key_t none = OUTCOME_AT("c", "a", "9", "o");
    edu_error_t err = { 0 };
    edu_row_t row;

    enrol(db);
    is_int(touch(&db->store, &path, NULL, "8", "{new}", &err, p), 0,
           "a submission is touched");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &path, &err, p);
    is_str(row.version, "8", "a touched submission has the version");
    is_str(row.modified_by, "{new}", "a touched submission has the user");
    is_str(row.body, "{1}", "a touched submission keeps its document");
    is_str(row.sort_key, "1",
           "a touched submission keeps its time of creation");
    is_str(database_ask(db,
                        "SELECT count(*) FROM edu_submission WHERE version "
                        "= '8' OR modified_by = '{new}'",
                        p),
           "1", "no other submission is touched");
    is_int(touch(&db->store, &path, NULL, "7", "{late}", &err, p),
           EDU_EPRECONDITION, "a touch does not go back to an earlier version");
    edu__store_get(&row, &db->store, EDU_SUBMISSION, &path, &err, p);
    ok(tap_same(row.version, "8") && tap_same(row.modified_by, "{new}"),
       "a failed touch changes nothing");
    is_int(touch(&db->store, &path, "7", "9", "{by}", &err, p),
           EDU_EPRECONDITION, "a touch of another version is refused");
    is_int(touch(&db->store, &path, "8", "9", "{by}", &err, p), 0,
           "a touch of the version that was read is done");
    is_int(touch(&db->store, &none, NULL, "8", "{new}", &err, p),
           EDU_EPRECONDITION, "an open submission cannot be touched");
    is_str(database_ask(db, "SELECT count(*) FROM edu_submission", p), "4",
           "a touch makes no row");
}

/* A recipient has one submission of an assignment. */
static void test_recipients(database_t *db, apr_pool_t *p)
{
    static const edu_key_t a = IN_CA;
    static const edu_key_t b = { .class_id = "c", .assignment_id = "b" };
    edu_row_t row = { .id = "3",
                      .sort_key = "3",
                      .kind = "r",
                      .version = "1",
                      .modified_by = "",
                      .body = "{}" };
    edu_error_t err = { 0 };

    enrol(db);
    is_int(insert_row(&db->store, EDU_SUBMISSION, &a, &row, &err, p),
           EDU_ECONFLICT, "a second submission of a recipient is refused");
    is_int(insert_row(&db->store, EDU_SUBMISSION, &b, &row, &err, p), 0,
           "a recipient has a submission of another assignment");
    row.kind = "x";
    is_int(insert_row(&db->store, EDU_SUBMISSION, &a, &row, &err, p), 0,
           "another recipient has a submission of the assignment");
}

/* Both statements find the same.
 * @param role_query  NULL: by the teacher's classes, not by the user's */
static void test_find(database_t *db, const char *role_query, apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *user_id, *assignment_id, *teacher, *want, *or;
    } rows[] = {
        { "s", "a", NULL, "c:student", NULL },
        { "s", "b", NULL, "c:student", NULL },
        { "t", "b", NULL, "c:teacher", NULL },
        { "t", "a", NULL, "c:teacher d:teacher", "d:teacher c:teacher" },
        { "t", "x", NULL, "", NULL },
        { "x", "a", NULL, "", NULL },
        { "s", "a", "t", "c:student", NULL },
        { "s", "a", "s", "", NULL },
        { "s", "a", "x", "", NULL },
    };
    /* clang-format on */

    enrol(db);
    db->store.role_query = role_query;
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu_error_t err = { 0 };
        apr_array_header_t *found;
        const char *text;

        edu__store_find(&found, &db->store, rows[i].user_id,
                        rows[i].assignment_id, rows[i].teacher, &err, p);
        text = text_of_rows(found, p);
        ok(tap_same(text, rows[i].want) || tap_same(text, rows[i].or),
           "%s finds %s: %s", rows[i].user_id, rows[i].assignment_id, text);
    }
    db->store.role_query = NULL;
}

/* ------------------------------------------------------------------ viewers */

/* An administrator's own query: u teaches c and learns in it, s is something
 * else. */
#define OWN_ROLES                                                              \
    "SELECT title FROM (SELECT 'c' AS class, 'u' AS person, 'student' AS "     \
    "title UNION ALL SELECT 'c', 'u', 'teacher' UNION ALL SELECT 'c', 's', "   \
    "'observer') WHERE class = %s AND person = %s"

/* Whether each read of a class tells this role, and these submissions: of an
 * assignment, recent ones, and those from the oldest on. */
static void is_seen(database_t *db, const char *viewer, const char *role,
                    const char *const *seen, apr_pool_t *p)
{
    static const edu_range_t ranges[] = {
        {.only = NULL},
        {            .since = "1"          },
        { .since = "1",           .oldest = 1 }
    };
    edu_key_t key = OUTCOME_AT("c", "a", "1", "o");
    edu_error_t err = { 0 };
    edu_registration_t above;
    apr_array_header_t *rows;
    edu_row_t row;

    key.viewer = viewer;
    key.member_id = "t";
    for (int table = 0; table <= EDU_HISTORY; table++) {
        is_int(edu__store_get(&row, &db->store, table, &key, &err, p), 0,
               "a row is read for a viewer");
        is_str(row.registration.viewer_role, role, "with the viewer's role");
        if (table != EDU_CLASS) {
            static const edu_sought_t any;
            edu_range_t all = ranges[0];

            all.sought = table == EDU_HISTORY ? &any : NULL;
            edu__store_list(&rows, &above, &db->store, table, &key, &all, &err,
                            p);
            is_str(above.viewer_role, role, "as are rows");
        }
    }
    key.outcome_id = "none";
    edu__store_get(&row, &db->store, EDU_OUTCOME, &key, &err, p);
    is_str(row.registration.viewer_role, role, "a missing row, too");
    for (int i = 0; i < 3; i++) {
        edu__store_list(&rows, &above, &db->store, EDU_SUBMISSION, &key,
                        &ranges[i], &err, p);
        is_str(above.viewer_role, role, "as are recent rows");
        is_str(text_of_rows(rows, p), seen[i],
               apr_psprintf(p, "%s sees these submissions", viewer));
    }
}

static void test_viewers(database_t *db, apr_pool_t *p)
{
    static const char *const all[] = { "1@a:s 2@a:r", "2@a:r 1@b:s 1@a:s",
                                       "1@a:s 1@b:s 2@a:r" };
    static const char *const none[] = { "", "", "" };
    static const char *const own[] = { "1@a:s", "1@b:s 1@a:s", "1@a:s 1@b:s" };

    enrol(db);
    is_seen(db, "t", "teacher", all, p);
    is_seen(db, "s", "student", own, p);
    is_seen(db, "x", "", none, p);
    is_seen(db, NULL, "", all, p);
    database_close(db);
    db->store.role_query = OWN_ROLES;
    is_seen(db, "u", "teacher", all, p);
    is_seen(db, "s", "", none, p);
    is_seen(db, "t", "", none, p);
    database_close(db);
    db->store.role_query = NULL;
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
        edu_key_t path;
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
        is_int(clear_rows(&db->store, rows[i].table, &rows[i].path, &err, p), 0,
               "rows below a path are cleared");
        is_str(counts(db, p), rows[i].left, "no other row is cleared");
    }
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

/* ------------------------------------------------------------ units of work */

static void add(const edu_store_t *store, const char *id, apr_pool_t *p)
{
    static const edu_key_t path = OUTCOME_AT("unit", "a", "s", NULL);
    edu_error_t err = { 0 };

    is_int(add_outcome(store, &path, id, "T", "1", "{}", &err, p), 0,
           apr_pstrcat(p, id, " is added", NULL));
}

static const char *units(database_t *db, apr_pool_t *p)
{
    static const edu_key_t path = OUTCOME_AT("unit", "a", "s", NULL);

    return rows_in(db, EDU_OUTCOME, &path, &whole, p);
}

/* No transaction is left behind, and no connection kept. */
static void is_over(database_t *db, const char *want, const char *what,
                    apr_pool_t *p)
{
    is_int(db->opened, db->closed, "all borrowed connections are given back");
    ok(database_run(db, "BEGIN") == 0 && database_run(db, "ROLLBACK") == 0,
       "%s: no transaction is left", what);
    is_str(units(db, p), want, what);
    database_run(db, "DELETE FROM edu_outcome WHERE class_id = 'unit'");
}

/* Nested units: those that fail are undone, and the others stay. */
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
    edu_tx_t unit[3];
    edu_error_t err = { 0 };

    is_int(begin(&unit[0], &db->store, &err, p), 0, "a transaction begins");
    add(&unit[0].store, "1", p);
    is_int(begin(&unit[1], &unit[0].store, &err, p), 0,
           "a savepoint begins in a transaction");
    add(&unit[1].store, "2", p);
    is_int(begin(&unit[2], &unit[1].store, &err, p), 0,
           "a savepoint begins in a savepoint");
    add(&unit[2].store, "3", p);
    is_int(db->opened - db->closed, 1,
           "transaction and savepoints use one connection");
    is_int(edu__tx_end(&unit[2], row->undo[2], &err), 0,
           "the inner savepoint ends");
    add(&unit[1].store, "4", p);
    is_int(edu__tx_end(&unit[1], row->undo[1], &err), 0,
           "the outer savepoint ends");
    add(&unit[0].store, "5", p);
    is_int(edu__tx_end(&unit[0], row->undo[0], &err), 0,
           "the transaction ends");
    is_over(db, row->left,
            apr_psprintf(p, "undone %d %d %d", row->undo[0], row->undo[1],
                         row->undo[2]),
            p);
}

/* Two in a row within one; each is for itself. */
static void test_siblings(database_t *db, apr_pool_t *p)
{
    edu_tx_t outer, inner;
    edu_error_t err = { 0 };

    begin(&outer, &db->store, &err, p);
    for (int i = 1; i <= 4; i++) {
        begin(&inner, &outer.store, &err, p);
        add(&inner.store, apr_itoa(p, i), p);
        is_int(edu__tx_end(&inner, i % 2, &err), 0,
               "one of many savepoints ends");
    }
    is_int(edu__tx_end(&outer, 0, &err), 0,
           "the transaction around many savepoints ends");
    is_over(db, "2:T 4:T", "every other one", p);
}

/* A condition that does not hold is no failure. */
static void test_refusal(database_t *db, apr_pool_t *p)
{
    static const edu_key_t path = OUTCOME_AT("unit", "a", "s", "1");
    edu_tx_t outer, inner;
    edu_error_t err = { 0 };

    begin(&outer, &db->store, &err, p);
    add(&outer.store, "1", p);
    begin(&inner, &outer.store, &err, p);
    is_int(add_outcome(&inner.store, &path, "1", "T", "1", "{}", &err, p),
           EDU_ECONFLICT, "a transaction sees its own rows");
    is_int(remove_row(&inner.store, EDU_OUTCOME, &path, "1", "0", &err, p),
           EDU_EPRECONDITION, "a transaction checks versions");
    add(&inner.store, "2", p);
    is_int(edu__tx_end(&inner, 0, &err), 0,
           "a refused write does not break the savepoint");
    is_int(edu__tx_end(&outer, 0, &err), 0,
           "a refused write does not break the transaction");
    is_over(db, "1:T 2:T", "all is stored", p);
}

/* Others see a unit when it is over, and may be who ends it. */
static void test_unseen(database_t *db, database_t *other, apr_pool_t *p)
{
    edu_tx_t outer, inner;
    edu_error_t err = { 0 };

    begin(&outer, &db->store, &err, p);
    begin(&inner, &outer.store, &err, p);
    add(&inner.store, "1", p);
    edu__tx_end(&inner, 0, &err);
    is_str(units(other, p), "",
           "others see nothing of a transaction before its end");
    edu__tx_end(&outer, 0, &err);
    is_str(units(other, p), "1:T",
           "others see all of a transaction after its end");
    is_over(db, "1:T", "over", p);
}

/* A statement that fails within may have taken the transaction with it: nothing
 * more is written, and nothing is kept. */
static void test_failure(database_t *db, int depth, apr_pool_t *p)
{
    static const edu_key_t path = OUTCOME_AT("poison", "a", "s", NULL);
    edu_tx_t outer, inner, late;
    edu_error_t err = { 0 };
    const edu_store_t *store;

    is_int(edu_store_check(&db->store, &err, p), 0, "statements are prepared");
    database_run(db, "CREATE TRIGGER poison BEFORE INSERT ON edu_outcome"
                     " WHEN NEW.class_id = 'poison'"
                     " BEGIN SELECT RAISE(ROLLBACK, 'poison'); END");
    is_int(edu_store_check(&db->store, &err, p), 0,
           "a trigger that fails is there");
    begin(&outer, &db->store, &err, p);
    add(&outer.store, "1", p);
    begin(&inner, &outer.store, &err, p);
    store = depth ? &inner.store : &outer.store;
    add(&inner.store, "2", p);
    if (!depth) {
        edu__tx_end(&inner, 0, &err);
    }
    test_unavailable(add_outcome(store, &path, "3", "T", "1", "{}", &err, p),
                     &err, "poison", "a statement that fails");
    is_int(add_outcome(store, &path, "4", "T", "1", "{}", &err, p),
           EDU_EUNAVAILABLE, "a broken transaction writes nothing");
    is_int(begin(&late, store, &err, p), EDU_EUNAVAILABLE,
           "no savepoint begins in a broken transaction");
    if (depth) {
        is_int(edu__tx_end(&inner, 0, &err), EDU_EUNAVAILABLE,
               "a broken savepoint does not end well");
        is_int(begin(&late, &outer.store, &err, p), EDU_EUNAVAILABLE,
               "no savepoint begins beside a broken one");
    }
    is_int(edu__tx_end(&outer, 0, &err), EDU_EUNAVAILABLE,
           "a broken transaction does not end well");
    database_run(db, "DROP TRIGGER poison");
    is_over(db, "", "nothing is stored", p);
}

/* ------------------------------------------------- what others do meanwhile */

/* Two rows that come, or go, as one. */
static apr_status_t write_two(database_t *db, const edu_key_t *key, edu_op_e op,
                              apr_pool_t *p)
{
    static const edu_row_t row = {
        .sort_key = "1", .kind = "T", .version = "1", .body = ""
    };
    edu_changes_t changes = no_changes(p);
    edu_error_t err = { 0 };

    for (int i = 0; i < 2; i++) {
        edu_write_t *write =
            add_write(&changes, op, EDU_OUTCOME,
                      op == EDU_INSERT ? EDU_IF_ABSENT : EDU_IF_VERSION, key,
                      apr_pstrcat(p, key->outcome_id, i ? "-two" : "", NULL));

        write->before = op == EDU_INSERT ? NULL : &row;
        write->after = op == EDU_INSERT ? &row : NULL;
    }
    return commit(&db->store, &changes, &err, p);
}

static int in_transaction(database_t *db, const edu_key_t *key, apr_pool_t *p)
{
    return write_two(db, key, EDU_INSERT, p) ||
           write_two(db, key, EDU_DELETE, p);
}

/* Every call that a stale statement could fail. */
static int call(database_t *db, int which, int round, apr_pool_t *p)
{
    const char *now = apr_itoa(p, round), *next = apr_itoa(p, round + 1);
    const char *fresh = apr_pstrcat(p, "new", now, NULL);
    const edu_key_t path = OUTCOME_AT("stale", "a", "s", "id");
    const edu_key_t other = OUTCOME_AT("stale", "a", "s", fresh);

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
        return in_transaction(db, &other, p);
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
    const edu_key_t path = OUTCOME_AT("stale", "a", "s", "id");
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
    is_int(db->closed, db->opened, "all borrowed connections are given back");
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
    is_int(rv, EDU_EUNAVAILABLE, "a write to a table that is gone fails, too");
    database_run(other, "ALTER TABLE hidden RENAME TO edu_outcome");
    ok(body_of(db, &here, p) != NULL, "a table that is back can be read");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

/* A connection that was lost is another connection. */
static void test_lost(database_t *db, apr_pool_t *p)
{
    ok(body_of(db, &here, p) != NULL, "a connection works");
    database_close(db);
    ok(body_of(db, &here, p) != NULL, "the next connection works");
    is_str(database_ask(db, "PRAGMA synchronous", p), "1",
           "the next connection has the same settings");
}

/* A write whose connection is lost is repeated on another, and what the first
 * try did is not taken for the doing of somebody else. */
static void test_cut(database_t *db, fate_e fate, apr_pool_t *p)
{
    const char *when = fate == BEFORE ? "before" : "after";
    edu_store_t store = db->store;
    const edu_key_t path = OUTCOME_AT("cut", "a", "s", "id");
    edu_row_t row = { .id = "id",
                      .sort_key = "1",
                      .kind = "educationOutcome",
                      .version = "1",
                      .body = "{1}" };
    edu_error_t err = { 0 };
    apr_status_t rv;

    /* a write that shares nothing is not in a transaction of its own */
    edu_group_create(&store.group, "sqlite3", NULL, 0, p);
    next_write = fate;
    rv = insert_if(&store, EDU_IF_UNREGISTRABLE, &path, &row, &err, p);
    ok(!rv && !next_write, "an open insert, cut off %s it is done", when);
    is_str(body_of(db, &path, p), "{1}", "the open insert is done");
    rv = insert_if(&store, EDU_IF_UNREGISTRABLE, &path, &row, &err, p);
    is_int(rv, EDU_ECONFLICT, "another insert finds the open insert");

    row.version = "2";
    row.body = "{2}";
    next_write = fate;
    rv = replace_row(&store, EDU_OUTCOME, &path, &row, "1", &err, p);
    ok(!rv && !next_write, "a change, cut off %s it is done", when);
    is_str(body_of(db, &path, p), "{2}", "the change is done");
    next_write = fate;
    row.version = "3";
    rv = replace_row(&store, EDU_OUTCOME, &path, &row, "1", &err, p);
    is_int(rv, EDU_EPRECONDITION,
           "a change of an old version is refused, cut off");
    row.version = "2";
    row.body = "{3}";
    rv = replace_row(&store, EDU_OUTCOME, &path, &row, "1", &err, p);
    is_int(rv, EDU_EPRECONDITION, "a change of an old version is refused");

    next_write = fate;
    rv = remove_row(&store, EDU_OUTCOME, &path, "id", "2", &err, p);
    ok(!rv && !next_write, "a removal, cut off %s it is done", when);
    is_str(body_of(db, &path, p), NULL, "the removal is done");

    next_write = fate;
    rv = insert_row(&store, EDU_OUTCOME, &path, &row, &err, p);
    ok(!rv && !next_write, "an insert, cut off %s it is done", when);
    is_str(body_of(db, &path, p), "{3}", "the insert is done");
    next_write = fate;
    row.body = "{4}";
    rv = insert_row(&store, EDU_OUTCOME, &path, &row, &err, p);
    is_int(rv, EDU_ECONFLICT, "an insert after another's is refused, cut off");
    rv = remove_row(&store, EDU_OUTCOME, &path, "id", "2", &err, p);
    is_int(rv, 0, "the row is removed");

    /* a transaction that was cut off is undone */
    next_write = fate;
    rv = write_two(db, &path, EDU_DELETE, p);
    is_int(rv, EDU_EPRECONDITION, "a removed row cannot be removed again");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
}

/* A COMMIT whose answer is lost has been done if its rows are there. */
static void test_lost_commit(database_t *db, apr_pool_t *p)
{
    const edu_key_t key = OUTCOME_AT("lost", "a", "s", "id");

    next_commit = BEFORE;
    is_int(write_two(db, &key, EDU_INSERT, p), EDU_EUNAVAILABLE,
           "a COMMIT that is cut off before it is done fails");
    is_str(body_of(db, &key, p), NULL, "it wrote nothing");
    next_commit = AFTER;
    is_int(write_two(db, &key, EDU_INSERT, p), 0,
           "a COMMIT that is cut off after it is done succeeds");
    is_str(body_of(db, &key, p), "", "it wrote its rows");
    next_commit = AFTER;
    is_int(write_two(db, &key, EDU_DELETE, p), 0,
           "a COMMIT of deletions is found out, too");
}

/* But not where it would have to be flushed. */
static void test_lost_flush(database_t *db, apr_pool_t *p)
{
    const edu_key_t key = OUTCOME_AT("lost", "a", "s", "id");

    next_commit = AFTER;
    is_int(write_two(db, &key, EDU_INSERT, p), EDU_EUNAVAILABLE,
           "a COMMIT that is cut off before its flush fails");
    is_int(write_two(db, &key, EDU_DELETE, p), 0, "its rows are there");
}

/* A statement takes no transaction that it would have for itself. */
static void test_alone(database_t *db, int group, apr_pool_t *p)
{
    edu_row_t row = { .id = apr_itoa(p, group),
                      .sort_key = "1",
                      .kind = "educationOutcome",
                      .version = "1",
                      .body = "{}" };
    edu_store_t store = db->store;
    edu_error_t err = { 0 };

    edu_group_create(&store.group, "sqlite3", NULL, group, p);
    begun = 0;
    is_int(insert_row(&store, EDU_OUTCOME, &here, &row, &err, p), 0,
           "a write without others is done");
    is_int(begun, 0, "a write without others begins no transaction");
}

static void test_locked(database_t *db, database_t *other, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    apr_time_t start;
    apr_status_t rv;

    is_int(database_run(other, "BEGIN EXCLUSIVE"), 0,
           "another connection locks the database");
    start = apr_time_now();
    rv = add_outcome(&db->store, &here, "locked", "educationOutcome", "1", "{}",
                     &err, p);
    test_unavailable(rv, &err, "locked", "a locked database");
    ok(SECONDS(apr_time_now() - start) < 8,
       "a write to a locked database fails in time");
    start = apr_time_now();
    ok(body_of(db, &here, p) != NULL && SECONDS(apr_time_now() - start) < 4,
       "reading goes on in a locked database");
    is_int(database_run(other, "COMMIT"), 0, "the lock is released");
    is_int(insert(db, &here, "locked", "1", "{}", p), 0,
           "a write is done after the lock");
    is_int(db->closed, db->opened, "all borrowed connections are given back");
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
    is_int(rv, 0, "a write waits for a lock");
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
    test_checks(db, "a database unlocked since", p);
    is_int(insert(db, &here, "id-1", "1", "{}", p), 0,
           "the database takes a row");
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
    edu_tx_t unit;
    edu_row_t out;
    apr_int64_t count;
    int most = 1;

#define NO_CONNECTION(call, what)                                              \
    test_unavailable((call), &err, "connection", "no connection" what)
    NO_CONNECTION(edu_store_check(&store, &err, p), "");
    NO_CONNECTION(edu_store_connections(&most, &store, &err, p), " to count");
    is_int(most, 0, "there is no limit without a connection");
    NO_CONNECTION(edu_store_checkpoint(&store, &err, p), " for a checkpoint");
    for (int i = 0; i <= EDU_OUTCOME; i++) {
        NO_CONNECTION(edu__store_get(&out, &store, i, &here, &err, p),
                      " to read by");
        NO_CONNECTION(
            edu__store_list(&rows, &above, &store, i, &here, &whole, &err, p),
            " to list by");
        NO_CONNECTION(insert_row(&store, i, &here, &row, &err, p),
                      " to write by");
        NO_CONNECTION(replace_row(&store, i, &here, &row, "1", &err, p),
                      " to change by");
        NO_CONNECTION(remove_row(&store, i, &here, "id", "1", &err, p),
                      " to remove by");
        if (i > EDU_CLASS) {
            NO_CONNECTION(clear_rows(&store, i, &here, &err, p),
                          " to clear by");
        }
    }
    NO_CONNECTION(edu__store_list(&rows, &above, &store, EDU_SUBMISSION, &here,
                                  &recent, &err, p),
                  " to list what is recent by");
    NO_CONNECTION(edu__store_count(&count, &store, EDU_SUBMISSION, &here,
                                   &recent, &err, p),
                  " to count it by");
    NO_CONNECTION(insert_if(&store, EDU_IF_UNREGISTRABLE, &here, &row, &err, p),
                  " to write to what is open by");
    NO_CONNECTION(touch(&store, &here, NULL, "1", "", &err, p), " to touch by");
    NO_CONNECTION(edu__store_find(&rows, &store, "u", "a", NULL, &err, p),
                  " to find by");
    NO_CONNECTION(begin(&unit, &store, &err, p), " to begin by");
    is_int(closed, 0, "a connection that was not borrowed is not given back");
}

/* Root may read anything, so these are no files of ours for anyone. */
static void test_unreadable(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *name, *file, *detail;
    } rows[] = {
        { "a file that is no database", "garbage.db", "not a database" },
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
       "a file that is no database is left alone");
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
    database_t *db, *other, *in_memory;

    apr_dbd_init(p);
    for (apr_size_t i = 0; i < COUNT(fate_rows); i++) {
        test_fate(&fate_rows[i], p);
    }
    make_directory(p);
    test_file(p);
    test_refuse(p);
    test_create(p);
    test_manual(p);
    test_upgrade(p);
    test_half_way(p);
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
    test_lost_flush(db, p);
    in_memory = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    test_checks(in_memory, "a database in memory is ready", p);
    test_lost_commit(in_memory, p);
    database_close(in_memory);
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
    test_find(db, NULL, p);
    test_find(db, "SELECT role FROM edu_member WHERE class_id = %s AND id = %s",
              p);
    test_viewers(db, p);
    test_clear(db, p);
    database_close(db);

    test_born_locked(p);
    test_no_connection(p);
    test_unreadable(p);
    remove_directory(p);
}

TAP_MAIN(tests)
