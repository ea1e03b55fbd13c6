/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Opening a database, and the pool of connections that the threads of a process
 * share.  Neither apr_reslist nor mod_dbd will do: both open a connection with
 * their lock held, so that a thread waits for as long as that takes. */

#include "inner.h"

#include <apr_dbd.h>
#include <apr_env.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#define MYSQL_DELIMS " \r\n\t;|,"

/* Parameters that MySQL's driver needs, and what happens without them. */
#define NEED(words, otherwise)                                                 \
    {                                                                          \
        words, "add " words " to DBDParams: without it " otherwise             \
    }
static const struct need_t {
    const char *words, *refusal;
} mysql_needs[] = {
    NEED("reconnect=0",
         "the driver reconnects silently and loses prepared statements"),
    NEED("flags=CLIENT_FOUND_ROWS",
         "an update that changes no value looks as if it found no row"),
    NEED("fldsz=16777215", "the driver truncates long documents"),
    {NULL, NULL}
};

/** One connection. */
typedef struct conn_t {
    struct conn_t *next; /**< next idle connection */
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_pool_t *pool; /**< its own: any thread may use it */
    apr_time_t since; /**< when it became idle */
    int losses;       /**< of all connections until then */
    int generation;   /**< of all connections when it was opened */
} conn_t;

/** The connections of a store. */
typedef struct conns_t {
    const char *driver, *params;
    void (*report)(void *reporter, const edu_report_t *report);
    void *reporter;
    int most;
    apr_interval_time_t expires;
    apr_thread_mutex_t *mutex; /**< for all below */
    apr_thread_cond_t *changed;
    conn_t *idle;   /**< the last one given back comes first */
    int count;      /**< connections that are lent, idle or being opened */
    int lent;       /**< and those that are not idle */
    int opening;    /**< one is being opened */
    int losses;     /**< connections that were lost */
    int generation; /**< connections of an earlier one are of no use: SQLite
                         goes on with a file as it was when it was opened */
} conns_t;

/* ------------------------------------------------------------ configuration */

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

const char *edu_store_refuse(const char *driver, const char *params,
                             apr_pool_t *p)
{
    const apr_dbd_driver_t *found;

    if (!driver || !params || !*params) {
        return "no database is configured. Add DBDriver sqlite3 and DBDParams "
               "/path/to/outcomes.db";
    }
    if (!edu__sql_dialect(driver)) {
        return apr_psprintf(p,
                            "DBDriver %s is not supported. Set DBDriver "
                            "sqlite3, pgsql or mysql",
                            driver);
    }
    /* SQLite would open :memory: anew for each connection, and resolve a
     * relative path against the current directory of the process */
    if (strcmp(driver, "sqlite3") == 0 && *params != '/') {
        return "DBDParams has to be the full path of a file, such as "
               "/path/to/outcomes.db";
    }
    apr_dbd_init(p);
    if (apr_dbd_get_driver(p, driver, &found)) {
        return apr_psprintf(p,
                            "the driver for DBDriver %s is not installed. On "
                            "Debian it is in libaprutil1-dbd-%s, on Fedora in "
                            "apr-util-%s",
                            driver, driver,
                            strcmp(driver, "sqlite3") ? driver : "sqlite");
    }
    return strcmp(driver, "mysql") == 0 ? refuse_mysql(params) : NULL;
}

/* Tells a driver, by its environment, how long connecting may take; libpq's
 * least is 2 s. */
static void limit_connecting(const char *driver, apr_interval_time_t timeout,
                             apr_pool_t *p)
{
    const edu_sql_dialect_t *dialect = edu__sql_dialect(driver);
    apr_time_t seconds = apr_time_sec(EDU_STATEMENT_SHARE(timeout));
    char *given;

    if (dialect && dialect->limit && apr_env_get(&given, dialect->limit, p)) {
        apr_env_set(
            dialect->limit,
            apr_psprintf(p, "%" APR_TIME_T_FMT, seconds > 2 ? seconds : 2), p);
    }
}

/* -------------------------------------------------------------- connections */

static void tell(const conns_t *conns, edu_report_t report)
{
    if (conns->report) {
        conns->report(conns->reporter, &report);
    }
}

/* Tells how many connections there are; the caller has the mutex. */
static void tell_counts(const conns_t *conns)
{
    tell(conns, (edu_report_t){ .what = EDU_REPORT_POOL,
                                .open = conns->count,
                                .lent = conns->lent });
}

/* Puts a driver's text on one line. */
static const char *on_one_line(const char *says, apr_pool_t *p)
{
    char *line = apr_pstrdup(p, says), *end = line;

    for (char *c = line; *c; c++) {
        *c = apr_iscntrl(*c) ? ' ' : *c;
        end = *c == ' ' ? end : c + 1;
    }
    *end = '\0';
    return line;
}

/* Closes connections that nobody uses. */
static void close_conns(conn_t *conn)
{
    while (conn) {
        conn_t *next = conn->next;

        apr_dbd_close(conn->driver, conn->handle);
        apr_pool_destroy(conn->pool);
        conn = next;
    }
}

/* @return NULL on failure, with dbd->why set */
static conn_t *open_conn(const conns_t *conns, int generation, edu_dbd_t *dbd,
                         apr_pool_t *p)
{
    apr_pool_t *own;
    conn_t *conn;
    const char *says = "it has not been found";
    apr_status_t rv;

    apr_pool_create_unmanaged_ex(&own, apr_pool_abort_get(p), NULL);
    conn = apr_pcalloc(own, sizeof(*conn));
    conn->pool = own;
    conn->generation = generation;
    rv = apr_dbd_get_driver(own, conns->driver, &conn->driver);
    rv = rv ? rv
            : apr_dbd_open_ex(conn->driver, own, conns->params, &conn->handle,
                              &says);
    if (rv) {
        says = on_one_line(says, p);
        dbd->why =
            apr_psprintf(p, "the %s driver says: %s%s", conns->driver, says,
                         edu__hint(conns->driver, conns->params, says, p));
        apr_pool_destroy(own);
        return NULL;
    }
    return conn;
}

/* Takes out the connections idle for that long; the caller has the mutex. */
static conn_t *take_idle(conns_t *conns, apr_interval_time_t age)
{
    const apr_time_t since = apr_time_now() - age;
    conn_t **at = &conns->idle, *taken;

    while (*at && (*at)->since > since) {
        at = &(*at)->next;
    }
    taken = *at;
    *at = NULL;
    for (conn_t *conn = taken; conn; conn = conn->next) {
        conns->count--;
    }
    return taken;
}

/* Waits for an idle connection, or for leave to open one; the caller has the
 * mutex.
 * @param conn  out: NULL: the caller opens one */
static apr_status_t wait_for(conn_t **conn, conns_t *conns, apr_time_t until)
{
    apr_time_t began = 0, now = 0;

    while (!conns->idle && (conns->opening || conns->count >= conns->most)) {
        now = apr_time_now();
        began = began ? began : now;
        if (now >= until) {
            break;
        }
        apr_thread_cond_timedwait(conns->changed, conns->mutex, until - now);
    }
    if (began) {
        tell(conns, (edu_report_t){ .what = EDU_REPORT_WAITED,
                                    .took = apr_time_now() - began });
    }
    if (began && now >= until) {
        return APR_TIMEUP;
    }
    conns->lent++;
    *conn = conns->idle;
    if (*conn) {
        conns->idle = (*conn)->next;
        (*conn)->next = NULL;
    }
    else {
        conns->opening = 1;
        conns->count++;
    }
    tell_counts(conns);
    return APR_SUCCESS;
}

static int answers(const conn_t *conn, apr_pool_t *p)
{
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;

    if (apr_dbd_select(conn->driver, p, conn->handle, &rows, edu__sql_probe,
                       1)) {
        return 0;
    }
    while (apr_dbd_get_row(conn->driver, p, rows, &row, -1) == 0) {
    }
    return 1;
}

static void discard(conns_t *conns, conn_t *conn)
{
    apr_thread_mutex_lock(conns->mutex);
    conns->count--;
    conns->lent--;
    tell_counts(conns);
    apr_thread_mutex_unlock(conns->mutex);
    apr_thread_cond_signal(conns->changed);
    close_conns(conn);
}

/* As wait_for.  A connection is seldom lost alone: those that were idle then
 * have to answer first.
 * @param generation  out: of a connection that the caller opens */
static apr_status_t take(conn_t **conn, int *generation, conns_t *conns,
                         apr_time_t until, apr_pool_t *p)
{
    apr_status_t rv;
    conn_t *expired;
    int doubtful, gone;

    do {
        apr_thread_mutex_lock(conns->mutex);
        expired = take_idle(conns, conns->expires);
        rv = wait_for(conn, conns, until);
        doubtful = !rv && *conn && (*conn)->losses != conns->losses;
        *generation = conns->generation;
        apr_thread_mutex_unlock(conns->mutex);
        close_conns(expired);
        gone = doubtful && !answers(*conn, p);
        if (gone) {
            discard(conns, *conn);
        }
    } while (gone);
    return rv;
}

static apr_status_t acquire(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    conns_t *conns = baton;
    conn_t *conn;
    int generation;
    apr_status_t rv = take(&conn, &generation, conns, dbd->until, p);

    if (rv) {
        return rv;
    }
    if (!conn) {
        conn = open_conn(conns, generation, dbd, p);
        apr_thread_mutex_lock(conns->mutex);
        conns->opening = 0;
        conns->count -= !conn;
        conns->lent -= !conn;
        tell_counts(conns);
        apr_thread_mutex_unlock(conns->mutex);
        apr_thread_cond_signal(conns->changed);
    }
    if (!conn) {
        return APR_EGENERAL;
    }
    dbd->params = conns->params;
    dbd->driver = conn->driver;
    dbd->handle = conn->handle;
    dbd->pool = conn->pool;
    dbd->owner = conn;
    return APR_SUCCESS;
}

static void release(void *baton, edu_dbd_t *dbd)
{
    conns_t *conns = baton;
    conn_t *conn = dbd->owner, *useless = NULL;
    int gone;

    apr_thread_mutex_lock(conns->mutex);
    conns->losses += dbd->lost;
    if (dbd->read_only && conn->generation == conns->generation) {
        conns->generation++;
        useless = take_idle(conns, 0);
    }
    gone = dbd->lost || conn->generation != conns->generation;
    if (!gone) {
        conn->since = apr_time_now();
        conn->losses = conns->losses;
        conn->next = conns->idle;
        conns->idle = conn;
        conns->lent--;
        tell_counts(conns);
    }
    apr_thread_mutex_unlock(conns->mutex);
    close_conns(useless);
    if (gone) {
        discard(conns, conn);
    }
    else {
        apr_thread_cond_signal(conns->changed);
    }
}

/* The threads that borrowed the others have ended. */
static apr_status_t close_idle(void *baton)
{
    conns_t *conns = baton;

    close_conns(conns->idle);
    conns->idle = NULL;
    return APR_SUCCESS;
}

apr_interval_time_t edu__store_timeout(const edu_store_t *store)
{
    return store->timeout ? store->timeout : EDU_TIMEOUT;
}

void edu_store_open(edu_store_t *store, const char *driver, const char *params,
                    int most, apr_interval_time_t expires, apr_pool_t *p)
{
    conns_t *conns = apr_pcalloc(p, sizeof(*conns));

    conns->driver = driver;
    conns->params = params;
    conns->report = store->report;
    conns->reporter = store->reporter;
    conns->most = most;
    conns->expires = expires ? expires : apr_time_now(); /* none is so old */
    apr_dbd_init(p);
    apr_thread_mutex_create(&conns->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_thread_cond_create(&conns->changed, p);
    apr_pool_pre_cleanup_register(p, conns, close_idle);
    limit_connecting(driver, edu__store_timeout(store), p);
    store->open = acquire;
    store->close = release;
    store->baton = conns;
}
