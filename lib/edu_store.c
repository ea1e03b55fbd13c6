/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* All SQL.  Statements are prepared when a connection first needs them and
 * kept with it; a connection or a schema that went stale costs one retry, not
 * an outage.  Ids and versions are made in C and bound as text; a conflict is
 * told by the count of affected rows, never by an error's text. */

#include "edu_private.h"

#include <apr_dbd.h>
#include <apr_strings.h>

#define SCHEMA_VERSION "1"

/* How long a locked database is asked again before the answer is 503; the last
 * question may take SQLite's driver 1.6 s more. */
#define PATIENCE apr_time_from_sec(3)
#define PAUSE apr_time_from_msec(10)

/* How often a statement is tried that fails for another reason, the pauses
 * growing to 0.15 s in all. */
#define TRIES 5

#define HINT                                                                   \
    "Let the user that Apache runs as write to the database (of SQLite: to "   \
    "its directory, too)"
#define NO_CONNECTION                                                          \
    "no database connection; mod_dbd or its driver says more above. " HINT

typedef enum sql_e {
    SQL_VERSION,
    SQL_GET,
    SQL_LIST,
    SQL_INSERT,
    SQL_REPLACE,
    SQL_REMOVE,
    SQL_COUNT
} sql_e;

/* Labels are lower-case for PostgreSQL, which folds them. */
/* clang-format off */
#define THIS_SUBMISSION                                                        \
    " WHERE class_id = %s AND assignment_id = %s AND submission_id = %s"
static const struct {
    const char *label, *text;
} sql[SQL_COUNT] = {
    [SQL_VERSION] = { "edu_version",
        "SELECT version FROM edu_schema" },
    [SQL_GET] = { "edu_get",
        "SELECT id, created, type, version, body FROM edu_outcome"
        THIS_SUBMISSION " AND id = %s" },
    [SQL_LIST] = { "edu_list",
        "SELECT id, created, type, version, body FROM edu_outcome"
        THIS_SUBMISSION " AND (created > %s OR (created = %s AND id > %s))"
        " ORDER BY created, id LIMIT 100" /* EDU_CHUNK */ },
    [SQL_INSERT] = { "edu_insert",
        "INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id,"
        " created, type, version, body)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING" },
    [SQL_REPLACE] = { "edu_replace",
        "UPDATE edu_outcome SET version = %s, body = %s"
        THIS_SUBMISSION " AND id = %s AND version = %s" },
    [SQL_REMOVE] = { "edu_remove",
        "DELETE FROM edu_outcome"
        THIS_SUBMISSION " AND id = %s AND version = %s" }
};
/* clang-format on */

/* One row for each database; what differs among them is here. */
typedef struct dialect_t {
    const char *driver;         /* its name in apr_dbd */
    int creates;                /* the schema, unless told otherwise */
    int busy;                   /* its result code for a locked database */
    const char *begin;          /* a transaction that will write */
    const char *const *session; /* what each connection runs first */
    const char *const *schema;
} dialect_t;

/* WAL lets readers and a writer work side by side; FULL makes an answer
 * durable.  Both answer with a row, so they are run as queries. */
static const char *const sqlite_session[] = { "PRAGMA journal_mode=WAL",
                                              "PRAGMA synchronous=FULL", NULL };

/* The text of conf/schema/sqlite3.sql; a unit test holds the two together.
 * A rowid table with one index and the document last is what SQLite writes
 * fastest; the key leads with the class so that tables can be distributed. */
static const char *const sqlite_schema[] = {
    "CREATE TABLE IF NOT EXISTS edu_outcome ("
    " class_id TEXT NOT NULL,"
    " assignment_id TEXT NOT NULL,"
    " submission_id TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " created TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " body TEXT NOT NULL,"
    " UNIQUE (class_id, assignment_id, submission_id, id))",
    "CREATE TABLE IF NOT EXISTS edu_schema ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " version TEXT NOT NULL)",
    "INSERT INTO edu_schema (one, version) VALUES (1, '" SCHEMA_VERSION "')"
    " ON CONFLICT DO NOTHING",
    NULL
};

static const dialect_t dialects[] = {
    {.driver = "sqlite3",
     .creates = 1,
     .busy = 5, /* SQLITE_BUSY */
      .begin = "BEGIN IMMEDIATE",
     .session = sqlite_session,
     .schema = sqlite_schema},
};

static const dialect_t *dialect_of(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i].driver, driver) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

const char *edu_store_refuse(const char *driver, const char *params)
{
    if (!driver || !params || !*params) {
        return "no database is configured. Add DBDriver sqlite3 and DBDParams "
               "/path/to/outcomes.db";
    }
    if (!dialect_of(driver)) {
        return "this DBDriver is not supported. Set DBDriver sqlite3";
    }
    /* SQLite would open :memory: anew for each connection, and look for a
     * relative path wherever the process happens to be */
    if (strcmp(driver, "sqlite3") == 0 && *params != '/') {
        return "DBDParams has to be the full path of a file, such as "
               "/path/to/outcomes.db";
    }
    return NULL;
}

const char *const *edu_store_schema(const char *driver)
{
    const dialect_t *dialect = dialect_of(driver);

    return dialect ? dialect->schema : NULL;
}

/* ------------------------------------------------------------- connections */

/* What is kept with a connection, in its pool. */
typedef struct session_t {
    const dialect_t *dialect;
    int opened;       /* the dialect's session statements were run */
    apr_pool_t *pool; /* of the statements; NULL: the schema is to be checked */
    apr_dbd_prepared_t *statements[SQL_COUNT];
} session_t;

/* One statement on its way. */
typedef struct call_t {
    const edu_store_t *store;
    edu_dbd_t dbd;
    session_t *session;
    sql_e sql;
    const char **args;
    apr_time_t until;        /* how long to wait for a lock */
    apr_dbd_results_t *rows; /* out, of a SELECT */
    int affected;            /* out, of all others */
    edu_error_t *err;
    apr_pool_t *p;
} call_t;

static apr_status_t unavailable(const call_t *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The client learns when to come back; the log learns why. */
static apr_status_t unavailable(const call_t *call, const char *fmt, ...)
{
    apr_status_t rv =
        edu_error_set(call->err, EDU_EUNAVAILABLE, NULL, call->p, NULL);
    va_list args;

    va_start(args, fmt);
    call->err->detail = apr_pvsprintf(call->p, fmt, args);
    va_end(args);
    return rv;
}

static const char *driver_says(const call_t *call, int rc)
{
    const char *text = apr_dbd_error(call->dbd.driver, call->dbd.handle, rc);

    return text ? apr_pstrdup(call->p, text) : "nothing";
}

/* Whether what came to nothing is worth another try: it met a lock, and there
 * is time.  SQLite's driver waits by itself while a statement runs, not while
 * it is prepared. */
static int is_locked(const call_t *call, int rc)
{
    if (rc != call->session->dialect->busy || apr_time_now() >= call->until) {
        return 0;
    }
    apr_sleep(PAUSE);
    return 1;
}

/* Statements prepared before a reconnect or a schema change never work again:
 * forget them all. */
static void forget(session_t *session)
{
    if (session->pool) {
        apr_pool_destroy(session->pool);
    }
    memset(session->statements, 0, sizeof(session->statements));
    session->pool = NULL;
}

/* Runs the call's statement once.  @return the driver's result code */
static int run(call_t *call)
{
    const apr_dbd_driver_t *driver = call->dbd.driver;
    apr_dbd_prepared_t **statement = &call->session->statements[call->sql];
    int rc = 0;

    call->rows = NULL;
    if (!*statement) {
        rc = apr_dbd_prepare(driver, call->session->pool, call->dbd.handle,
                             sql[call->sql].text, sql[call->sql].label,
                             statement);
    }
    if (rc) {
        *statement = NULL;
    }
    else if (strncmp(sql[call->sql].text, "SELECT", 6) == 0) {
        /* random access: PostgreSQL's other way loses errors and time */
        rc = apr_dbd_pselect(driver, call->p, call->dbd.handle, &call->rows,
                             *statement, 1, 0, call->args);
    }
    else {
        rc = apr_dbd_pquery(driver, call->p, call->dbd.handle, &call->affected,
                            *statement, 0, call->args);
    }
    return rc;
}

static int run_patiently(call_t *call)
{
    int rc;

    do {
        rc = run(call);
    } while (is_locked(call, rc));
    return rc;
}

/* The next row of a result, or NULL.  @a row starts as NULL. */
static apr_dbd_row_t *next_row(const call_t *call, apr_dbd_row_t *row)
{
    return apr_dbd_get_row(call->dbd.driver, call->p, call->rows, &row, -1)
               ? NULL
               : row;
}

static const char *column(const call_t *call, apr_dbd_row_t *row, int i)
{
    return apr_pstrdup(call->p, apr_dbd_get_entry(call->dbd.driver, row, i));
}

/* ------------------------------------------------------------------ schema */

static int creates(const call_t *call)
{
    edu_schema_e schema = call->store->schema;

    return schema == EDU_SCHEMA_DEFAULT ? call->session->dialect->creates
                                        : schema == EDU_SCHEMA_AUTO;
}

/* Each statement is harmless to repeat and the version comes last, so that
 * processes may race here, or die. */
static apr_status_t create_schema(const call_t *call)
{
    const char *const *ddl = call->session->dialect->schema;
    int rc, affected;

    for (; *ddl; ddl++) {
        do {
            rc = apr_dbd_query(call->dbd.driver, call->dbd.handle, &affected,
                               *ddl);
        } while (is_locked(call, rc));
        if (rc) {
            return unavailable(call,
                               "cannot create the schema; the %s driver says: "
                               "%s. " HINT,
                               call->session->dialect->driver,
                               driver_says(call, rc));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_version(call_t *call, const char **version)
{
    apr_dbd_row_t *row;
    int rc = run_patiently(call);

    *version = NULL;
    if (rc == 0 && (row = next_row(call, NULL))) {
        *version = column(call, row, 0);
    }
    while (rc == 0 && row) {
        row = next_row(call, row);
    }
    return rc;
}

static apr_status_t check_schema(call_t *call)
{
    const char *version;
    int rc = read_version(call, &version);

    if (!version && creates(call)) {
        apr_status_t rv = create_schema(call);

        if (rv) {
            return rv;
        }
        rc = read_version(call, &version);
    }
    if (!version) {
        return unavailable(call,
                           "the database has no schema; the %s driver says: "
                           "%s. Load schema/%s.sql, or set EduOutcomesSchema "
                           "auto",
                           call->session->dialect->driver,
                           driver_says(call, rc),
                           call->session->dialect->driver);
    }
    if (strcmp(version, SCHEMA_VERSION) != 0) {
        return unavailable(call,
                           "the database has schema version %s, this module "
                           "works with version " SCHEMA_VERSION
                           ". Use the module that belongs to the database",
                           version);
    }
    return APR_SUCCESS;
}

static apr_status_t open_session(const call_t *call)
{
    const char *const *query = call->session->dialect->session;

    for (; *query; query++) {
        int rc;

        do {
            apr_dbd_results_t *rows = NULL;

            rc = apr_dbd_select(call->dbd.driver, call->p, call->dbd.handle,
                                &rows, *query, 1);
        } while (is_locked(call, rc));
        if (rc) {
            return unavailable(call, "%s failed; the %s driver says: %s. " HINT,
                               *query, call->session->dialect->driver,
                               driver_says(call, rc));
        }
    }
    call->session->opened = 1;
    return APR_SUCCESS;
}

/* Makes a new or a stale connection ready for statements. */
static apr_status_t settle(const call_t *call)
{
    call_t check = *call;
    apr_status_t rv = call->session->opened ? APR_SUCCESS : open_session(call);

    if (!rv) {
        apr_pool_create(&call->session->pool, call->dbd.pool);
        check.sql = SQL_VERSION;
        check.args = NULL;
        rv = check_schema(&check);
    }
    if (rv) {
        forget(call->session);
    }
    return rv;
}

/* ------------------------------------------------------------------- calls */

/* The session that belongs to a connection, made when it is first seen. */
static apr_status_t recall(call_t *call)
{
    const char *driver = apr_dbd_name(call->dbd.driver);
    void *kept = NULL;

    apr_pool_userdata_get(&kept, "edu_store", call->dbd.pool);
    call->session = kept;
    if (!kept) {
        call->session = apr_pcalloc(call->dbd.pool, sizeof(session_t));
        call->session->dialect = dialect_of(driver);
        apr_pool_userdata_setn(call->session, "edu_store", NULL,
                               call->dbd.pool);
    }
    return call->session->dialect
               ? APR_SUCCESS
               : unavailable(call, "the database driver %s is not supported",
                             driver);
}

static apr_status_t open_unit(void *baton, edu_dbd_t *dbd, apr_pool_t *p);

/* Whatever fails is prepared anew and tried again: it failed before it could
 * commit, or the repeat of a conditional write changes nothing.  Others may be
 * changing the schema just now, and more than once.  Not so within a unit: its
 * transaction may be gone with what failed, and a repeat would stand alone. */
static apr_status_t attempt(call_t *call)
{
    int max = call->store->open == open_unit ? 1 : TRIES;
    apr_status_t rv;
    int rc, tries = 0;

    do {
        if (tries > 0) {
            apr_sleep(PAUSE << (tries - 1));
        }
        rv = call->session->pool ? APR_SUCCESS : settle(call);
        rc = rv ? 0 : run_patiently(call);
        if (rc) {
            rv = unavailable(
                call, "%s failed; the %s driver says: %s", sql[call->sql].label,
                call->session->dialect->driver, driver_says(call, rc));
        }
        if (rv) {
            forget(call->session);
        }
    } while (rv && ++tries < max && apr_time_now() < call->until);
    return rv;
}

/* Borrows a connection and runs the call's statement on it.  A failure gives the
 * connection back. */
static apr_status_t begin(call_t *call)
{
    apr_status_t rv;

    call->until = apr_time_now() + PATIENCE;
    if (call->store->open(call->store->baton, &call->dbd, call->p)) {
        return unavailable(call, NO_CONNECTION);
    }
    rv = recall(call);
    if (!rv) {
        rv = attempt(call);
    }
    if (rv) {
        call->store->close(call->store->baton, &call->dbd);
        return rv;
    }
    /* of a try that was followed by a better one */
    memset(call->err, 0, sizeof(*call->err));
    return APR_SUCCESS;
}

/* One statement, and what `read` does with its rows. */
static apr_status_t
perform(call_t *call, void (*read)(const call_t *call, void *out), void *out)
{
    apr_status_t rv = begin(call);

    if (rv && call->store->open == open_unit) {
        ((edu_unit_t *)call->store->baton)->broken = 1;
    }
    if (rv) {
        return rv;
    }
    if (read) {
        read(call, out);
    }
    call->store->close(call->store->baton, &call->dbd);
    return APR_SUCCESS;
}

static void read_nothing(const call_t *call, void *out)
{
    (void)out;
    while (next_row(call, NULL)) {
    }
}

static void read_rows(const call_t *call, void *out)
{
    apr_array_header_t *rows = out;
    apr_dbd_row_t *row = NULL;

    while ((row = next_row(call, row))) {
        edu_row_t *to = apr_array_push(rows);

        to->id = column(call, row, 0);
        to->created = column(call, row, 1);
        to->type = column(call, row, 2);
        to->version = column(call, row, 3);
        to->body = column(call, row, 4);
    }
}

apr_status_t edu_store_check(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p)
{
    call_t call = { .store = store, .sql = SQL_VERSION, .err = err, .p = p };

    return perform(&call, read_nothing, NULL);
}

apr_status_t edu__store_get(edu_row_t *row, const edu_store_t *store,
                            const edu_path_t *path, edu_error_t *err,
                            apr_pool_t *p)
{
    const char *args[] = { path->class_id, path->assignment_id,
                           path->submission_id, path->outcome_id };
    call_t call = { store, .sql = SQL_GET, .args = args, .err = err, .p = p };
    apr_array_header_t *rows = apr_array_make(p, 1, sizeof(edu_row_t));
    apr_status_t rv = perform(&call, read_rows, rows);

    if (rv) {
        return rv;
    }
    if (rows->nelts == 0) {
        return edu_error_set(err, EDU_ENOOUTCOME, NULL, p,
                             "Entity not found. Outcome id: %s",
                             path->outcome_id);
    }
    *row = APR_ARRAY_IDX(rows, 0, edu_row_t);
    return APR_SUCCESS;
}

apr_status_t edu__store_list(apr_array_header_t **rows,
                             const edu_store_t *store, const edu_path_t *path,
                             const edu_row_t *after, edu_error_t *err,
                             apr_pool_t *p)
{
    const char *args[] = { path->class_id,      path->assignment_id,
                           path->submission_id, after->created,
                           after->created,      after->id };
    call_t call = { store, .sql = SQL_LIST, .args = args, .err = err, .p = p };

    *rows = apr_array_make(p, 8, sizeof(edu_row_t));
    return perform(&call, read_rows, *rows);
}

/* A write that its condition kept from changing anything is `otherwise`. */
static apr_status_t change(call_t *call, apr_status_t otherwise)
{
    apr_status_t rv = perform(call, NULL, NULL);

    if (rv || call->affected == 1) {
        return rv;
    }
    return edu_error_set(call->err, otherwise, NULL, call->p, NULL);
}

apr_status_t edu__store_insert(const edu_store_t *store, const edu_path_t *path,
                               const edu_row_t *row, edu_error_t *err,
                               apr_pool_t *p)
{
    const char *args[] = { path->class_id,      path->assignment_id,
                           path->submission_id, row->id,
                           row->version,        row->type,
                           row->version,        row->body };
    call_t call = { store, .sql = SQL_INSERT, .args = args, .err = err,
                    .p = p };

    return change(&call, EDU_ECONFLICT);
}

apr_status_t edu__store_replace(const edu_store_t *store,
                                const edu_path_t *path, const edu_row_t *row,
                                const char *version, edu_error_t *err,
                                apr_pool_t *p)
{
    const char *args[] = {
        row->version,        row->body, path->class_id, path->assignment_id,
        path->submission_id, row->id,   version
    };
    call_t call = { store, .sql = SQL_REPLACE, .args = args, .err = err,
                    .p = p };

    return change(&call, EDU_EPRECONDITION);
}

apr_status_t edu__store_remove(const edu_store_t *store, const edu_path_t *path,
                               const char *version, edu_error_t *err,
                               apr_pool_t *p)
{
    const char *args[] = { path->class_id, path->assignment_id,
                           path->submission_id, path->outcome_id, version };
    call_t call = { store, .sql = SQL_REMOVE, .args = args, .err = err,
                    .p = p };

    return change(&call, EDU_EPRECONDITION);
}

/* -------------------------------------------------------------- transactions */

/* What all calls of a unit share: one connection, lent again and again. */
static apr_status_t open_unit(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    const edu_unit_t *unit = baton;

    (void)p;
    *dbd = unit->dbd;
    return unit->broken ? APR_EGENERAL : APR_SUCCESS;
}

static void close_unit(void *baton, edu_dbd_t *dbd)
{
    (void)baton;
    (void)dbd;
}

/* Runs a statement of transaction control. @return the driver's result code */
static int control(const edu_unit_t *unit, const char *statement)
{
    int affected;

    return apr_dbd_query(unit->dbd.driver, unit->dbd.handle, &affected,
                         statement);
}

/* Through apr_dbd_query, for apr_dbd_transaction_start crashes on a connection
 * that is dead, and hides errors on one that is not. */
apr_status_t edu__unit_begin(edu_unit_t *unit, const edu_store_t *store,
                             edu_error_t *err, apr_pool_t *p)
{
    call_t call = { .store = store, .sql = SQL_VERSION, .err = err, .p = p };
    apr_status_t rv;
    int rc;

    unit->lender = store;
    unit->broken = 0;
    unit->store = *store;
    unit->store.open = open_unit;
    unit->store.close = close_unit;
    unit->store.baton = unit;
    rv = begin(&call);
    if (rv) {
        return rv;
    }
    unit->dbd = call.dbd;
    do {
        rc = control(unit, call.session->dialect->begin);
    } while (is_locked(&call, rc));
    if (rc) {
        rv = unavailable(&call, "%s failed; the %s driver says: %s",
                         call.session->dialect->begin,
                         call.session->dialect->driver, driver_says(&call, rc));
        store->close(store->baton, &unit->dbd);
    }
    return rv;
}

/* A broken unit has no transaction that a savepoint could be in. */
apr_status_t edu__unit_mark(edu_unit_t *unit)
{
    unit->broken = unit->broken || control(unit, "SAVEPOINT edu");
    return unit->broken ? APR_EGENERAL : APR_SUCCESS;
}

apr_status_t edu__unit_unmark(edu_unit_t *unit, int undo)
{
    unit->broken = unit->broken ||
                   (undo && control(unit, "ROLLBACK TO SAVEPOINT edu")) ||
                   control(unit, "RELEASE SAVEPOINT edu");
    return unit->broken ? APR_EGENERAL : APR_SUCCESS;
}

apr_status_t edu__unit_end(edu_unit_t *unit, edu_error_t *err, apr_pool_t *p)
{
    call_t call = {
        .store = unit->lender, .dbd = unit->dbd, .err = err, .p = p
    };
    int rc = unit->broken ? 1 : control(unit, "COMMIT");
    apr_status_t rv = APR_SUCCESS;

    if (rc) {
        rv = unavailable(&call,
                         "a batch could not be committed; the driver "
                         "says: %s",
                         driver_says(&call, rc));
        /* no transaction goes back to the pool open */
        control(unit, "ROLLBACK");
    }
    unit->lender->close(unit->lender->baton, &unit->dbd);
    return rv;
}
