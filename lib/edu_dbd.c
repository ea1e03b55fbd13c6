/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* How statements are run.  They are prepared when a connection first needs them
 * and kept with it; a connection or a schema that went stale costs one retry,
 * not an outage. */

#include "edu_private.h"

#include <apr_dbd.h>
#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include <stdlib.h>

/* Of a request's time half is for waiting and trying again; what then is under
 * way, a statement or a connection, has two fifths.  SQLite's driver takes up
 * to 1.6 s of that. */
#define PATIENCE(timeout) ((timeout) / 2)
#define REST(timeout) ((timeout) / 5 * 2)
#define PAUSE apr_time_from_msec(10)

/* What takes longer than this was kept waiting. */
#define SMOOTH apr_time_from_msec(100)

/* How often something is tried that fails while there is time, the pauses
 * growing to 0.15 s in all. */
#define TRIES 5

#define MYSQL_DELIMS " \r\n\t;|,"

#define HINT                                                                   \
    "Let the user that Apache runs as write to the database (of SQLite: to "   \
    "its directory, too)"
#define NO_TIME                                                                \
    "the database kept the request waiting too long. See what keeps it, or "   \
    "raise DBDMax or EduOutcomesTimeout"
#define NO_CONNECTION                                                          \
    "no database connection; mod_dbd or its driver says more above. " HINT

/* What MySQL's driver has to be told, and what would happen otherwise. */
#define NEED(words, otherwise)                                                 \
    {                                                                          \
        words, "add " words " to DBDParams: without it " otherwise             \
    }
static const struct need_t {
    const char *words, *refusal;
} mysql_needs[] = {
    NEED("reconnect=0", "the driver reconnects without a word, and what was "
                        "prepared is lost"),
    NEED("flags=CLIENT_FOUND_ROWS", "a change to what is there already looks "
                                    "like a change to nothing"),
    NEED("fldsz=16777215", "the driver cuts long documents off"),
    {NULL, NULL}
};

/* Whether a list of parameters has these words, as the driver splits it. */
static int has(const char *params, const char *words)
{
    apr_size_t len = strlen(words);
    const char *at = params;

    while ((at = strstr(at, words))) {
        if ((at == params || strchr(MYSQL_DELIMS, at[-1])) &&
            (at[len] == '\0' || strchr(MYSQL_DELIMS, at[len]))) {
            return 1;
        }
        at++;
    }
    return 0;
}

static const char *refuse_mysql(const char *params)
{
    const struct need_t *need = mysql_needs;

    while (need->words && has(params, need->words)) {
        need++;
    }
    return need->refusal;
}

const char *edu_store_refuse(const char *driver, const char *params)
{
    if (!driver || !params || !*params) {
        return "no database is configured. Add DBDriver sqlite3 and DBDParams "
               "/path/to/outcomes.db";
    }
    if (!edu__sql_dialect(driver)) {
        return "this DBDriver is not supported. Set DBDriver sqlite3, pgsql or "
               "mysql";
    }
    /* SQLite would open :memory: anew for each connection, and look for a
     * relative path wherever the process happens to be */
    if (strcmp(driver, "sqlite3") == 0 && *params != '/') {
        return "DBDParams has to be the full path of a file, such as "
               "/path/to/outcomes.db";
    }
    return strcmp(driver, "mysql") == 0 ? refuse_mysql(params) : NULL;
}

/* 2 s are the least that libpq can. */
void edu_store_limit(const char *driver, apr_interval_time_t timeout,
                     apr_pool_t *p)
{
    const edu_sql_dialect_t *dialect = edu__sql_dialect(driver);
    apr_time_t seconds = apr_time_sec(REST(timeout ? timeout : EDU_TIMEOUT));
    char *given;

    if (dialect && dialect->limit && apr_env_get(&given, dialect->limit, p)) {
        apr_env_set(
            dialect->limit,
            apr_psprintf(p, "%" APR_TIME_T_FMT, seconds > 2 ? seconds : 2), p);
    }
}

const char *const *edu_store_schema(const char *driver)
{
    const edu_sql_dialect_t *dialect = edu__sql_dialect(driver);

    return dialect ? dialect->schema : NULL;
}

/* ------------------------------------------------------------- connections */

/* What is kept with a connection, in its pool. */
typedef struct edu_session_t {
    const edu_sql_dialect_t *dialect;
    apr_pool_t *pool;   /* of all below; NULL: nothing is known of the
                         connection */
    int doubtful;       /* as pool NULL, once its transaction is over */
    const char *why;    /* its transaction failed */
    apr_int64_t packet; /* how many bytes it takes at once; 0: any */
    apr_file_t *log;    /* see edu_sql_dialect_t; NULL: there is none */
    apr_file_t *data;   /* what the log is copied to; NULL until then */
    int generation;     /* part of the labels, so that none is there already */
    apr_dbd_prepared_t *statements[EDU_SQL_COUNT];
} edu_session_t;

static apr_status_t unavailable(const edu_call_t *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

apr_interval_time_t edu__store_timeout(const edu_store_t *store)
{
    return store->timeout ? store->timeout : EDU_TIMEOUT;
}

/* The client learns when to come back; the log learns why. */
static apr_status_t unavailable(const edu_call_t *call, const char *fmt, ...)
{
    apr_status_t rv =
        edu_error_set(call->err, EDU_EUNAVAILABLE, NULL, call->p, NULL);
    va_list args;

    va_start(args, fmt);
    call->err->detail = apr_pvsprintf(call->p, fmt, args);
    va_end(args);
    return rv;
}

static const char *driver_says(const edu_call_t *call, int rc)
{
    const char *text = apr_dbd_error(call->dbd.driver, call->dbd.handle, rc);

    return text ? apr_pstrdup(call->p, text) : "nothing";
}

/* A step failed; if it writes, for good perhaps.  Further lines of PostgreSQL's
 * quote what is stored, which is not for the log. */
static apr_status_t failed(const edu_call_t *call, const char *what, int rc,
                           int writes)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *all = driver_says(call, rc);
    const char *says = apr_pstrmemdup(call->p, all, strcspn(all, "\n"));
    apr_status_t rv =
        writes ? edu__sql_fate(dialect, rc, says) : EDU_EUNAVAILABLE;

    edu_error_set(call->err, rv, NULL, call->p,
                  rv == EDU_ETOOLARGE     ? "What the request has to store is "
                                            "longer than the database takes."
                  : rv == EDU_EBADREQUEST ? "The database cannot store a text "
                                            "that the request holds or makes."
                                          : NULL);
    call->err->detail =
        apr_psprintf(call->p, "%s failed; the %s driver says: %s", what,
                     dialect->driver, says);
    return rv;
}

/* Whether what came to nothing is worth another try: it met a lock, and there
 * is time.  SQLite's driver waits by itself while a statement runs, not while
 * it is prepared. */
static int is_locked(const edu_call_t *call, int rc)
{
    if (!rc || rc != call->session->dialect->busy ||
        apr_time_now() >= call->until) {
        return 0;
    }
    apr_sleep(PAUSE);
    return 1;
}

static const char *label_of(const edu_call_t *call, int sql)
{
    return apr_psprintf(call->p, "%s_%d", edu__sql[sql].label,
                        call->session->generation);
}

/* Statements prepared before a reconnect or a schema change never work again,
 * and the driver of PostgreSQL reconnects without a word: what fails may be
 * another connection from here on, so that nothing is kept. */
static void forget(const edu_call_t *call)
{
    edu_session_t *session = call->session;
    const char *drop = session->dialect->drop;
    int affected;

    for (int i = 0; drop && i < EDU_SQL_COUNT; i++) {
        if (session->statements[i]) {
            apr_dbd_query(call->dbd.driver, call->dbd.handle, &affected,
                          apr_pstrcat(call->p, drop, label_of(call, i), NULL));
        }
    }
    if (session->pool) {
        apr_pool_destroy(session->pool);
    }
    memset(session->statements, 0, sizeof(session->statements));
    session->pool = NULL;
    session->log = NULL;
    session->doubtful = 0;
    session->why = NULL;
    session->generation++;
}

/* A transaction that failed takes no statement but its end. */
static void doubt(const edu_call_t *call)
{
    if (edu__unit_of(call->store)) {
        call->session->doubtful = 1;
    }
    else {
        forget(call);
    }
}

/* Whether there is a database at the other end. */
static int is_there(const edu_call_t *call)
{
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;

    if (apr_dbd_select(call->dbd.driver, call->p, call->dbd.handle, &rows,
                       edu__sql_probe, call->session->dialect->random)) {
        return 0;
    }
    while (apr_dbd_get_row(call->dbd.driver, call->p, rows, &row, -1) == 0) {
    }
    return 1;
}

static int begins(const edu_call_t *call, const char *verb)
{
    return strncmp(edu__sql[call->sql].text, verb, strlen(verb)) == 0;
}

/* The text of a statement, in the words of the database. */
static const char *text_of(const edu_call_t *call)
{
    const char *octets = call->session->dialect->octets;
    const char *text = edu__sql[call->sql].text, *at;

    while (octets && (at = strstr(text, EDU_OCTETS))) {
        text = apr_pstrcat(call->p, apr_pstrmemdup(call->p, text, at - text),
                           octets, at + strlen(EDU_OCTETS), NULL);
    }
    return text;
}

static int prepare(edu_call_t *call)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *text = text_of(call);

    if (begins(call, "INSERT")) {
        text = apr_pstrcat(call->p, text,
                           edu__sql[call->sql].keeps ? dialect->keep : "",
                           dialect->once, NULL);
    }
    return apr_dbd_prepare(call->dbd.driver, call->session->pool,
                           call->dbd.handle, text, label_of(call, call->sql),
                           &call->session->statements[call->sql]);
}

/* Whether a call's parameters are more than the database takes at once, with
 * what is sent along with them. */
static int is_too_large(const edu_call_t *call)
{
    const char *text = edu__sql[call->sql].text;
    apr_int64_t bytes = 1024;

    if (!call->session->packet) {
        return 0;
    }
    for (int i = 0; (text = strstr(text, "%s")); i++) {
        bytes += strlen(call->args[i]) + sizeof("%s");
        text += 2;
    }
    return bytes > call->session->packet;
}

/* Runs the call's statement once.  @return the driver's result code */
static int run(edu_call_t *call)
{
    const apr_dbd_driver_t *driver = call->dbd.driver;
    apr_dbd_prepared_t **statement = &call->session->statements[call->sql];
    int rc = 0;

    call->rows = NULL;
    if (is_too_large(call)) {
        return call->session->dialect->too_large;
    }
    if (!*statement) {
        rc = prepare(call);
    }
    if (rc) {
        *statement = NULL;
    }
    else if (begins(call, "SELECT") || begins(call, "WITH")) {
        rc = apr_dbd_pselect(driver, call->p, call->dbd.handle, &call->rows,
                             *statement, call->session->dialect->random, 0,
                             call->args);
    }
    else {
        rc = apr_dbd_pquery(driver, call->p, call->dbd.handle, &call->affected,
                            *statement, 0, call->args);
    }
    if (rc && rc == call->session->dialect->duplicate) {
        call->affected = 0;
        rc = 0;
    }
    return rc;
}

static int run_patiently(edu_call_t *call)
{
    int rc;

    for (rc = run(call); is_locked(call, rc); rc = run(call)) {
        call->waited = 1;
    }
    return rc;
}

/* The same for a statement that needs no preparing. */
static int execute(const edu_call_t *call, const char *text)
{
    int rc, affected;

    do {
        rc = apr_dbd_query(call->dbd.driver, call->dbd.handle, &affected, text);
    } while (is_locked(call, rc));
    return rc;
}

static apr_dbd_row_t *advance(const edu_call_t *call, apr_dbd_row_t *row)
{
    return apr_dbd_get_row(call->dbd.driver, call->p, call->rows, &row, -1)
               ? NULL
               : row;
}

/* What the driver gives, before any column is left out. */
static const char *datum(const edu_call_t *call, apr_dbd_row_t *row, int i)
{
    const char *value = NULL;

    apr_dbd_datum_get(call->dbd.driver, row, i, APR_DBD_TYPE_TEXT, &value);
    return value ? value : "";
}

apr_dbd_row_t *edu__call_next(const edu_call_t *call, apr_dbd_row_t *row)
{
    edu_part_t *part = call->part;

    if (!part) {
        return advance(call, row);
    }
    if (row || !part->number) {
        part->row = advance(call, part->row);
        part->number = part->row ? atoi(datum(call, part->row, 0)) : -1;
    }
    return part->number == part->wanted ? part->row : NULL;
}

edu_call_t edu__call_part(const edu_call_t *call, const edu_call_t *many,
                          edu_part_t *part)
{
    edu_call_t own = *call;

    own.dbd = many->dbd;
    own.session = many->session;
    own.rows = many->rows;
    own.part = part;
    part->wanted++;
    return own;
}

/* By datum, for what MySQL's driver gives as an entry may not end. */
const char *edu__call_column(const edu_call_t *call, apr_dbd_row_t *row, int i)
{
    const char *value = datum(call, row, call->part ? i + 1 : i);

    return call->session->dialect->lasting ? value
                                           : apr_pstrdup(call->p, value);
}

/* ------------------------------------------------------------------ schema */

static int creates(const edu_call_t *call)
{
    edu_schema_e schema = call->store->schema;

    return schema == EDU_SCHEMA_DEFAULT ? call->session->dialect->creates
                                        : schema == EDU_SCHEMA_AUTO;
}

static apr_status_t define(const edu_call_t *call, const char *ddl)
{
    int rc;

    if (apr_time_now() >= call->until) {
        return unavailable(call, "cannot create the schema: " NO_TIME);
    }
    rc = execute(call, ddl);
    return rc ? unavailable(call,
                            "cannot create the schema; the %s driver says: "
                            "%s. " HINT,
                            call->session->dialect->driver,
                            driver_says(call, rc))
              : APR_SUCCESS;
}

/* Processes may race here, or die: what they made is undone, or may be made
 * again.  Once it is the turn of one that starts, it takes its time. */
static apr_status_t create_schema(const edu_call_t *call)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *const *ddl = dialect->schema;
    edu_call_t own = *call;
    apr_status_t rv = define(&own, *ddl++);

    if (call->upgrades) {
        own.until = APR_INT64_MAX;
    }
    while (!rv && *ddl) {
        rv = define(&own, *ddl++);
    }
    if (rv) {
        execute(call, dialect->control[EDU_ROLLBACK]);
    }
    return rv;
}

static int query(edu_call_t *call)
{
    call->rows = NULL;
    return apr_dbd_select(call->dbd.driver, call->p, call->dbd.handle,
                          &call->rows, call->control,
                          call->session->dialect->random);
}

/* Unprepared, for what is made in between may be the end of what is. */
static int read_version(edu_call_t *call, const char **version)
{
    apr_dbd_row_t *row;
    int rc;

    call->control = edu__sql[EDU_SQL_VERSION].text;
    do {
        rc = query(call);
    } while (is_locked(call, rc));
    *version = NULL;
    if (rc == 0 && (row = edu__call_next(call, NULL))) {
        *version = edu__call_column(call, row, 0);
    }
    while (rc == 0 && row) {
        row = edu__call_next(call, row);
    }
    return rc;
}

static int is_older(const char *version, const char *than)
{
    return !version || strcmp(version, than) < 0;
}

static apr_status_t check_schema(edu_call_t *call)
{
    const char *wanted = call->upgrades ? EDU_SCHEMA_VERSION : EDU_SCHEMA_LEAST;
    const char *version;
    int rc = read_version(call, &version);

    if (is_older(version, wanted) && creates(call)) {
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
    if (is_older(version, EDU_SCHEMA_LEAST)) {
        return unavailable(call,
                           "the database has schema version %s, this module "
                           "works with version " EDU_SCHEMA_LEAST
                           ". Load schema/%s.sql, which adds what is missing, "
                           "or set EduOutcomesSchema auto",
                           version, call->session->dialect->driver);
    }
    if (atoi(version) != atoi(EDU_SCHEMA_LEAST)) {
        return unavailable(call,
                           "the database has schema version %s, this module "
                           "works with version " EDU_SCHEMA_LEAST
                           ". Use the module that belongs to the database",
                           version);
    }
    return APR_SUCCESS;
}

/* Runs a statement about a connection.
 * @param answer  out: its first column, or NULL if there is no row; NULL: what
 *                SQLite answers where others do not is of no use */
static apr_status_t ask(const edu_call_t *call, const char *text,
                        const char **answer)
{
    const apr_dbd_driver_t *driver = call->dbd.driver;
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row = NULL;
    int rc;

    do {
        rows = NULL;
        rc = apr_dbd_select(driver, call->p, call->dbd.handle, &rows, text, 1);
    } while (is_locked(call, rc));
    if (rc) {
        return unavailable(call, "%s failed; the %s driver says: %s. " HINT,
                           text, call->session->dialect->driver,
                           driver_says(call, rc));
    }
    if (answer) {
        *answer = rows && !apr_dbd_get_row(driver, call->p, rows, &row, -1)
                      ? edu__call_column(call, row, 0)
                      : NULL;
    }
    return APR_SUCCESS;
}

static apr_status_t open_session(const edu_call_t *call)
{
    const edu_setting_t *setting = call->session->dialect->session;
    int ms = (int)apr_time_as_msec(REST(edu__store_timeout(call->store)));
    apr_status_t rv = APR_SUCCESS;

    for (; !rv && setting->text; setting++) {
        const char *text = setting->unit
                               ? apr_psprintf(call->p, setting->text,
                                              (ms - 1) / setting->unit + 1)
                               : setting->text;

        rv = ask(call, text, NULL);
    }
    return rv;
}

/* @param name  of a file that the database has open, too; NULL: none */
static apr_status_t open_file(const edu_call_t *call, const char *name,
                              apr_file_t **file, apr_pool_t *p)
{
    *file = NULL;
    if (name &&
        apr_file_open(file, name, APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT, p)) {
        *file = NULL;
        return unavailable(call, "%s cannot be opened. " HINT, name);
    }
    return APR_SUCCESS;
}

/* The database has its log open, which thus stays the same for as long as the
 * connection lives.  A file that was open before tells of all errors after. */
static apr_status_t open_log(const edu_call_t *call)
{
    edu_session_t *session = call->session;
    const char *name = NULL;
    apr_status_t rv = session->dialect->log
                          ? ask(call, session->dialect->log, &name)
                          : APR_SUCCESS;

    rv = rv ? rv : open_file(call, name, &session->log, session->pool);
    return !rv && session->log ? ask(call, session->dialect->lazy, NULL) : rv;
}

static apr_status_t flush(const edu_call_t *call, apr_file_t *file)
{
    const char *name;

    if (!file || apr_file_datasync(file) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    apr_file_name_get(&name, file);
    return unavailable(call,
                       "%s cannot be flushed: it may lack what was just "
                       "written. See to the disk",
                       name);
}

apr_status_t edu__call_flush(const edu_call_t *call)
{
    return call->session ? flush(call, call->session->log) : APR_SUCCESS;
}

static apr_status_t ask_packet(const edu_call_t *call)
{
    edu_call_t own = *call;
    apr_dbd_row_t *row = NULL;

    call->session->packet = 0;
    own.control = call->session->dialect->packet;
    if (own.control && query(&own)) {
        return unavailable(call, "%s failed", own.control);
    }
    while (own.control && (row = edu__call_next(&own, row))) {
        call->session->packet = apr_atoi64(edu__call_column(&own, row, 0));
    }
    return APR_SUCCESS;
}

/* Makes a new or a stale connection ready for statements. */
static apr_status_t settle(const edu_call_t *call)
{
    edu_call_t check = *call;
    apr_status_t rv;

    apr_pool_create(&call->session->pool, call->dbd.pool);
    rv = open_session(call);
    rv = rv ? rv : ask_packet(call);
    if (!rv && call->store->schema != EDU_SCHEMA_UNUSED) {
        rv = check_schema(&check);
    }
    return rv ? rv : open_log(call);
}

/* ------------------------------------------------------------------- calls */

/* The session that belongs to a connection, made when it is first seen. */
static apr_status_t recall(edu_call_t *call)
{
    const char *driver = apr_dbd_name(call->dbd.driver);
    void *kept = NULL;

    apr_pool_userdata_get(&kept, "edu_store", call->dbd.pool);
    call->session = kept;
    if (!kept) {
        call->session = apr_pcalloc(call->dbd.pool, sizeof(edu_session_t));
        call->session->dialect = edu__sql_dialect(driver);
        apr_pool_userdata_setn(call->session, "edu_store", NULL,
                               call->dbd.pool);
    }
    return call->session->dialect
               ? APR_SUCCESS
               : unavailable(call, "the database driver %s is not supported",
                             driver);
}

/* A request has only so much time for waiting, however many statements it
 * takes; what goes smoothly takes none of it. */
void edu__call_charge(const edu_store_t *store, apr_time_t since)
{
    apr_interval_time_t took = apr_time_now() - since;

    if (store->waited && took > SMOOTH) {
        *store->waited += took;
    }
}

apr_time_t edu__call_until(const edu_store_t *store)
{
    return apr_time_now() + PATIENCE(edu__store_timeout(store)) -
           (store->waited ? *store->waited : 0);
}

apr_status_t edu__call_patience(const edu_store_t *store, edu_error_t *err,
                                apr_pool_t *p)
{
    const edu_call_t call = { .store = store, .err = err, .p = p };

    return apr_time_now() < edu__call_until(store)
               ? APR_SUCCESS
               : unavailable(&call, "%s", NO_TIME);
}

/* Borrows a connection. */
static apr_status_t borrow(edu_call_t *call)
{
    const edu_store_t *store = call->store;
    edu_unit_t *unit = edu__unit_of(store);
    apr_time_t now = apr_time_now();
    apr_status_t rv = APR_TIMEUP;

    call->session = NULL;
    call->until = edu__call_until(store);
    call->dbd.until = call->until;
    if (now < call->until) {
        rv = store->open(store->baton, &call->dbd, call->p);
    }
    if (rv) {
        return unavailable(call, "%s",
                           unit                       ? edu__call_why(unit)
                           : APR_STATUS_IS_TIMEUP(rv) ? NO_TIME
                                                      : NO_CONNECTION);
    }
    rv = recall(call);
    if (rv) {
        edu__call_close(call);
    }
    return rv;
}

void edu__call_close(edu_call_t *call)
{
    if (!call->session) {
        return;
    }
    if (call->session->doubtful && !edu__unit_of(call->store)) {
        forget(call);
    }
    call->session = NULL;
    call->store->close(call->store->baton, &call->dbd);
}

/* Why a transaction failed is told of all its requests, whose memory may not
 * last as long. */
static void blame(const edu_call_t *call)
{
    const edu_unit_t *unit = edu__unit_of(call->store);

    while (unit && unit->outer) {
        unit = unit->outer;
    }
    call->session->why =
        apr_pstrdup(unit ? unit->call.p : call->p, call->err->detail);
}

/* What to do after a failure: begin again, and with which connection. */
typedef enum next_e { GIVE_UP, SAME, OTHER } next_e;

static next_e look(edu_call_t *call, apr_status_t rv, int tries)
{
    int there;

    if (edu__unit_of(call->store)) {
        blame(call);
        doubt(call);
        return GIVE_UP;
    }
    if (rv != EDU_EUNAVAILABLE) {
        return GIVE_UP;
    }
    there = is_there(call);
    forget(call);
    return tries == TRIES || apr_time_now() >= call->until ? GIVE_UP
           : there                                         ? SAME
                                                           : OTHER;
}

/* Runs a step on a connection that is ready for it: what fails is prepared anew
 * and tried again, on another connection if this one is lost.  Others may be
 * changing the schema just now, and more than once.  Not so within a unit: its
 * transaction may be gone with what failed, and a repeat would stand alone.
 * @param what     the step, for the log
 * @param harmless to be done twice
 * @return APR_SUCCESS; or EDU_EUNAVAILABLE, and the session may be NULL: there
 *         is no connection any more */
static apr_status_t insist(edu_call_t *call, int (*step)(edu_call_t *call),
                           const char *what, int harmless)
{
    next_e next;

    for (int tries = 1;; tries++) {
        apr_status_t rv = call->session->pool ? APR_SUCCESS : settle(call);
        int rc = 0;

        if (!rv && (rc = step(call))) {
            rv = failed(call, what, rc, !harmless);
        }
        if (!rv) {
            return APR_SUCCESS;
        }
        call->unsure |= rc && !harmless && rv == EDU_EUNAVAILABLE;
        next = look(call, rv, tries);
        if (next == GIVE_UP) {
            return rv;
        }
        call->waited = 1;
        apr_sleep(PAUSE << (tries - 1));
        if (next == OTHER) {
            edu__call_close(call);
            rv = borrow(call);
            if (rv) {
                return rv;
            }
        }
    }
}

static void read_nothing(const edu_call_t *call, void *out)
{
    apr_dbd_row_t *row = NULL;

    (void)out;
    /* each after the one before: drivers begin anew without */
    while ((row = edu__call_next(call, row))) {
    }
}

static int do_nothing(edu_call_t *call)
{
    (void)call;
    return 0;
}

apr_status_t edu__call_open(edu_call_t *call)
{
    apr_time_t now = apr_time_now();
    apr_status_t rv = borrow(call);

    if (rv || edu__unit_of(call->store)) {
        return rv;
    }
    rv = insist(call, do_nothing, "nothing", 1);
    if (rv) {
        edu__call_close(call);
    }
    edu__call_charge(call->store, now);
    return rv;
}

static int control(edu_call_t *call)
{
    apr_time_t now = apr_time_now();
    int rc = execute(call, call->control);

    edu__call_charge(call->store, now);
    return rc;
}

/* Nothing is lost with a connection before its transaction begins. */
apr_status_t edu__call_control(edu_call_t *call, edu_control_e what)
{
    edu_unit_t *unit = edu__unit_of(call->store);
    int rc, depth = 0;
    apr_status_t rv = APR_SUCCESS;

    if (!call->session) {
        return unavailable(call, "the connection is lost");
    }
    for (; unit; unit = unit->outer) {
        depth++;
    }
    call->control =
        apr_psprintf(call->p, call->session->dialect->control[what], depth);
    if (what == EDU_BEGIN) {
        return insist(call, control, call->control, 1);
    }
    rc = control(call);
    if (rc) {
        rv = failed(call, call->control, rc, what == EDU_COMMIT);
        doubt(call);
        blame(call);
    }
    return rv;
}

const char *edu__call_why(const edu_unit_t *unit)
{
    const struct edu_session_t *session = unit->call.session;

    return session && session->why ? session->why
                                   : "a statement of the transaction failed";
}

int edu__call_again(const edu_unit_t *unit, int tries)
{
    if (unit->outer || unit->broken != EDU_EUNAVAILABLE || tries >= TRIES ||
        apr_time_now() >= unit->call.until) {
        return 0;
    }
    apr_sleep(PAUSE << (tries - 1));
    return 1;
}

apr_status_t edu__call_run(edu_call_t *call, edu_read_fn *read, void *out)
{
    apr_time_t now = apr_time_now();
    edu_unit_t *unit;
    apr_status_t rv;

    call->store = edu__unit_reader(call->store);
    unit = edu__unit_of(call->store);
    rv = borrow(call);
    edu__call_charge(call->store, now);
    now = apr_time_now();
    call->unsure = call->waited = 0;
    if (!rv) {
        rv = insist(call, run_patiently, edu__sql[call->sql].label,
                    begins(call, "SELECT"));
    }
    /* a read waits for nobody: if it took long, there was much to read */
    if (rv || !read || call->waited) {
        edu__call_charge(call->store, now);
    }
    if (rv) {
        if (unit) {
            unit->broken = rv;
        }
        edu__call_close(call);
        return rv;
    }
    /* of a try that was followed by a better one */
    memset(call->err, 0, sizeof(*call->err));
    if (read) {
        read(call, out);
    }
    else if (!unit) {
        rv = edu__call_flush(call);
    }
    edu__call_close(call);
    return rv;
}

apr_status_t edu_store_check(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p)
{
    edu_call_t call = { .store = store,
                        .sql = EDU_SQL_VERSION,
                        .err = err,
                        .p = p,
                        .upgrades = 1 };

    return edu__call_run(&call, read_nothing, NULL);
}

/* Asks about the database: what ends the answer, or NULL. */
static apr_status_t read_last(edu_call_t *call, const char *text,
                              const char **last)
{
    apr_dbd_row_t *row = NULL;
    apr_status_t rv;

    *last = NULL;
    if (!text) {
        return APR_SUCCESS;
    }
    call->control = text;
    rv = insist(call, query, text, 1);
    while (!rv && (row = edu__call_next(call, row))) {
        int columns = apr_dbd_num_cols(call->dbd.driver, call->rows);

        *last = edu__call_column(call, row, columns - 1);
    }
    return rv;
}

static apr_status_t read_number(edu_call_t *call, const char *text, int *n)
{
    const char *last;
    apr_status_t rv = read_last(call, text, &last);

    *n = last ? atoi(last) : 0;
    return rv;
}

apr_status_t edu__call_checkpoint(edu_call_t *call, int *pages)
{
    return read_number(call, call->session->dialect->checkpoint, pages);
}

/* Stays open: to close it would let go of the locks that SQLite has on it. */
apr_status_t edu__call_flush_data(edu_call_t *call)
{
    edu_session_t *session = call->session;
    const char *name;
    apr_status_t rv = APR_SUCCESS;

    if (!session->data) {
        rv = read_last(call, session->dialect->data, &name);
        rv = rv ? rv : open_file(call, name, &session->data, call->dbd.pool);
    }
    return rv ? rv : flush(call, session->data);
}

apr_status_t edu_store_connections(int *most, const edu_store_t *store,
                                   edu_error_t *err, apr_pool_t *p)
{
    edu_call_t call = { .store = store, .err = err, .p = p };
    apr_status_t rv = edu__call_open(&call);

    *most = 0;
    if (!rv) {
        rv = read_number(&call, call.session->dialect->most, most);
        edu__call_close(&call);
    }
    return rv;
}
