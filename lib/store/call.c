/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Statements run with a deadline, and again if the connection or the schema
 * went stale, so that either costs one retry instead of an outage. */

#include "driver.h"

#include <apr_strings.h>

#include <stdlib.h>

/* Half of a request's time is for waiting and retries. */
#define WAIT_SHARE(timeout) ((timeout) / 2)

/* A step that takes longer than this has waited for others. */
#define FREE_WAIT apr_time_from_msec(100)

/* A failing step is tried this often while there is time; the pauses grow to
 * 0.15 s in all. */
#define TRIES 5

const edu_store_t *edu__tx_reader(const edu_store_t *store)
{
    while (store->tx && !store->tx->begun) {
        store = store->tx->call.store;
    }
    return store;
}

/* The time for waiting is one budget for all statements of a request; a
 * statement that does not wait takes nothing from it. */
void edu__wait_charge(const edu_store_t *store, apr_time_t since)
{
    apr_interval_time_t took = apr_time_now() - since;

    if (store->waited && took > FREE_WAIT) {
        *store->waited += took;
    }
}

apr_time_t edu__wait_until(const edu_store_t *store)
{
    return apr_time_now() + WAIT_SHARE(edu__store_timeout(store)) -
           (store->waited ? *store->waited : 0);
}

apr_status_t edu__wait_check(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p)
{
    const edu_call_t call = { .store = store, .err = err, .p = p };

    return apr_time_now() < edu__wait_until(store)
               ? APR_SUCCESS
               : edu__unavailable(&call, "%s", EDU_NO_TIME);
}

void edu__report(const edu_store_t *store, edu_report_t report)
{
    if (store->report) {
        store->report(store->reporter, &report);
    }
}

/* @param why  NULL: it can be used */
static void report_state(const edu_call_t *call, const char *why)
{
    edu__report(call->store,
                (edu_report_t){ .what = why ? EDU_REPORT_AWAY : EDU_REPORT_BACK,
                                .why = why });
}

static apr_status_t no_connection(const edu_call_t *call, apr_status_t rv)
{
    const edu_tx_t *tx = call->store->tx;

    return tx ? edu__unavailable(call, "%s", edu__call_why(tx))
           : APR_STATUS_IS_TIMEUP(rv)
               ? edu__unavailable(call, "%s", EDU_NO_TIME)
               : edu__unavailable(call, "no database connection: %s",
                                  call->dbd.why);
}

static apr_status_t borrow(edu_call_t *call)
{
    const edu_store_t *store = call->store;
    apr_time_t now = apr_time_now();
    apr_status_t rv = APR_TIMEUP;

    call->session = NULL;
    call->until = edu__wait_until(store);
    call->dbd.until = call->until;
    call->dbd.why = "nobody says why";
    call->dbd.lost = call->dbd.read_only = 0;
    if (store->tx) {
        call->dbd = store->tx->call.dbd;
        rv = store->tx->broken;
    }
    else if (now < call->until) {
        rv = store->open(store->baton, &call->dbd, call->p);
    }
    if (rv) {
        int away = !store->tx && !APR_STATUS_IS_TIMEUP(rv);

        rv = no_connection(call, rv);
        if (away) {
            report_state(call, call->err->detail);
        }
        return rv;
    }
    rv = edu__session_find(call);
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
    if (call->session->suspect && !call->store->tx) {
        call->dbd.lost = !edu__driver_is_there(call);
        edu__session_drop(call);
    }
    if (!call->store->tx) {
        call->dbd.read_only = call->session->read_only;
        call->session->why = NULL; /* the request's memory has it */
        call->store->close(call->store->baton, &call->dbd);
    }
    call->session = NULL;
}

/* A failed transaction takes no further statement but its end. */
static void mark_suspect(const edu_call_t *call)
{
    if (call->store->tx) {
        call->session->suspect = 1;
    }
    else {
        edu__session_drop(call);
    }
}

/* Notes why a transaction failed, for all its requests, in memory that outlasts
 * this one. */
static void blame(const edu_call_t *call)
{
    const edu_tx_t *tx = call->store->tx;

    while (tx && tx->outer) {
        tx = tx->outer;
    }
    call->session->why =
        apr_pstrdup(tx ? tx->call.p : call->p, call->err->detail);
}

/* After a failure: give up, or retry with the same or another connection. */
typedef enum next_e { GIVE_UP, SAME, OTHER } next_e;

static next_e after_failure(edu_call_t *call, apr_status_t rv, int tries)
{
    int there;

    if (rv != EDU_EUNAVAILABLE) {
        return GIVE_UP;
    }
    there = edu__driver_is_there(call);
    call->dbd.lost = !there;
    edu__session_drop(call);
    return tries == TRIES || apr_time_now() >= call->until ? GIVE_UP
           : there                                         ? SAME
                                                           : OTHER;
}

/* Runs a step on a ready connection.  A step that fails is prepared anew and
 * tried again, on another connection if this one is lost.  It may fail more
 * than once while others change the schema.
 * @param what      the step, for the log
 * @param harmless  whether the step may be done twice
 * @return APR_SUCCESS, or EDU_EUNAVAILABLE; then the session may be NULL: the
 * connection is gone */
static apr_status_t run_with_retry(edu_call_t *call,
                                   int (*step)(edu_call_t *call),
                                   const char *what, int harmless)
{
    next_e next;

    for (int tries = 1;; tries++) {
        int was_ready = call->session->pool != NULL;
        apr_status_t rv = was_ready ? APR_SUCCESS : edu__session_prepare(call);
        int rc = 0;

        if (!rv && !was_ready) {
            report_state(call, NULL);
        }
        if (!rv && (rc = step(call))) {
            rv = edu__driver_failed(call, what, rc, !harmless);
        }
        if (!rv) {
            return APR_SUCCESS;
        }
        call->outcome_unknown |=
            rc && !harmless && rv == EDU_EUNAVAILABLE && !call->session->undone;
        next = after_failure(call, rv, tries);
        if (next == GIVE_UP) {
            if (!rc) {
                report_state(call, call->err->detail);
            }
            return rv;
        }
        call->waited = 1;
        apr_sleep(EDU_RETRY_PAUSE << (tries - 1));
        if (next == OTHER) {
            edu__call_close(call);
            rv = borrow(call);
            if (rv) {
                return rv;
            }
        }
    }
}

/* Runs a statement within a transaction.  It is not repeated: the failure may
 * have ended the transaction, and the repeat would stand alone. */
static apr_status_t run_in_tx(edu_call_t *call, const char *what, int harmless)
{
    int rc = edu__driver_run(call);
    apr_status_t rv =
        rc ? edu__driver_failed(call, what, rc, !harmless) : APR_SUCCESS;

    if (rv) {
        call->store->tx->broken = rv;
        blame(call);
        mark_suspect(call);
    }
    return rv;
}

/* @param out  the status of what was read from */
static void read_nothing(const edu_call_t *call, void *out)
{
    struct apr_dbd_row_t *row = NULL;

    /* drivers start over if they are not given the row before */
    while ((row = edu__call_next(call, row))) {
    }
    *(apr_status_t *)out = edu__call_is_there(call);
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

    if (rv || call->store->tx) {
        return rv;
    }
    rv = run_with_retry(call, do_nothing, "nothing", 1);
    if (rv) {
        edu__call_close(call);
    }
    edu__wait_charge(call->store, now);
    return rv;
}

static int control(edu_call_t *call)
{
    apr_time_t now = apr_time_now();
    int rc = edu__driver_execute(call, call->control);

    edu__wait_charge(call->store, now);
    return rc;
}

/* BEGIN may be retried on another connection: nothing is lost yet. */
apr_status_t edu__call_control(edu_call_t *call, edu_control_e what)
{
    const edu_tx_t *tx = call->store->tx;
    int rc, depth = 0;
    apr_status_t rv = APR_SUCCESS;

    if (!call->session) {
        return edu__unavailable(call, "the connection is lost");
    }
    for (; tx; tx = tx->outer) {
        depth++;
    }
    call->control =
        apr_psprintf(call->p, call->session->dialect->control[what], depth);
    if (what == EDU_BEGIN) {
        return run_with_retry(call, control, call->control, 1);
    }
    rc = control(call);
    if (rc) {
        rv = edu__driver_failed(call, call->control, rc, what == EDU_COMMIT);
        mark_suspect(call);
        blame(call);
    }
    return rv;
}

int edu__call_is_undone(const edu_call_t *call)
{
    return call->session && call->session->undone;
}

const char *edu__call_why(const edu_tx_t *tx)
{
    const struct edu_session_t *session = tx->call.session;

    return session && session->why ? session->why
                                   : "a statement of the transaction failed";
}

/* A connection that is read-only has been closed: another may have a file that
 * an administrator has mended, once no other of the process is open, for SQLite
 * shares among them how it has opened the file beside it. */
int edu__tx_again(const edu_tx_t *tx, int tries)
{
    int most = tx->broken == EDU_EUNAVAILABLE ? TRIES
               : tx->broken == EDU_EREADONLY  ? 3
                                              : 0;

    if (tx->outer || tries >= most || apr_time_now() >= tx->call.until) {
        return 0;
    }
    apr_sleep(EDU_RETRY_PAUSE << (tries - 1));
    return 1;
}

apr_status_t edu__call_run(edu_call_t *call, edu_read_fn *read, void *out)
{
    const char *what = edu__sql[call->sql].label;
    int harmless = edu__call_reads(call);
    apr_time_t now = apr_time_now();
    apr_status_t rv;

    call->store = edu__tx_reader(call->store);
    rv = borrow(call);
    edu__wait_charge(call->store, now);
    now = apr_time_now();
    call->outcome_unknown = call->waited = 0;
    if (!rv) {
        rv = call->store->tx
                 ? run_in_tx(call, what, harmless)
                 : run_with_retry(call, edu__driver_run, what, harmless);
    }
    /* a read waits for nobody: a long one had much to read */
    if (rv || !read || call->waited) {
        edu__wait_charge(call->store, now);
    }
    if (rv) {
        edu__call_close(call);
        return rv;
    }
    /* the error of an earlier try */
    memset(call->err, 0, sizeof(*call->err));
    if (read) {
        read(call, out);
        if (call->session->cut) {
            rv = edu__driver_failed(call, what, 0, 0);
        }
    }
    else if (!call->store->tx) {
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
    apr_status_t there = APR_SUCCESS;
    apr_status_t rv = edu__call_run(&call, read_nothing, &there);

    return rv ? rv : there;
}

/* Runs a query about the database.
 * @param last  out: its last column, or NULL */
static apr_status_t read_last(edu_call_t *call, const char *text,
                              const char **last)
{
    struct apr_dbd_row_t *row = NULL;
    apr_status_t rv;

    *last = NULL;
    if (!text) {
        return APR_SUCCESS;
    }
    call->control = text;
    rv = run_with_retry(call, edu__driver_query, text, 1);
    while (!rv && (row = edu__call_next(call, row))) {
        *last = edu__call_column(call, row, edu__call_columns(call) - 1);
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

apr_status_t edu__call_flush_data(edu_call_t *call)
{
    const char *name;
    apr_status_t rv = read_last(call, call->session->dialect->data, &name);

    return rv ? rv : edu__session_flush_data(call, name);
}

apr_status_t edu_store_connections(int *most, const edu_store_t *store,
                                   edu_error_t *err, apr_pool_t *p)
{
    edu_call_t call = { .store = store, .err = err, .p = p };
    apr_status_t rv = edu__call_open(&call);

    *most = 0;
    if (!rv) {
        rv = read_number(&call, call.session->dialect->max_connections, most);
        edu__call_close(&call);
    }
    return rv;
}
