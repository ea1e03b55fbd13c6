/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The process that keeps databases in order: it removes answers that were kept
 * long enough, and checkpoints SQLite.  apr_dbd's driver lets a process do one
 * thing at a time with SQLite, so that a checkpoint in a child would block its
 * requests. */

#include "figures.h"

#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>
#include <mpm_common.h>

#include <unistd.h>

/* Between two checkpoints, and between two steps of what takes many. */
#define PAUSE apr_time_from_msec(100)

/* Between two looks for answers that were kept long enough. */
#define EXPIRE_EVERY apr_time_from_sec(5)

/* For so long the removal of answers may fail before the log says so: a
 * database may be away, or have no tables yet. */
#define EXPIRE_PATIENCE apr_time_from_sec(3600)

/** A database, as this process knows it. */
typedef struct kept_t {
    server_rec *s;
    const database_t *database;
    edu_store_t store;
    int checkpoints;      /**< it needs them */
    int failed;           /**< the last one has */
    apr_time_t due;       /**< the next removal of answers */
    apr_time_t succeeded; /**< the last one; 0: the log was told */
} kept_t;

static volatile sig_atomic_t is_over;

static void end(int sig)
{
    (void)sig;
    is_over = 1;
}

/* Of kept_t, one for each database. */
static apr_array_header_t *list_databases(server_rec *first, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(kept_t));

    for (server_rec *s = first; s; s = s->next) {
        database_t *database = edum_server_config(s)->database;

        if (database && database->first == s &&
            !edum_database_open(database, p)) {
            kept_t *kept = apr_array_push(list);

            *kept = (kept_t){ .s = s,
                              .database = database,
                              .store = edum_store(s, NULL, p),
                              .checkpoints = database->lock != NULL,
                              .succeeded = apr_time_now() };
            kept->due = kept->succeeded + EXPIRE_EVERY;
            kept->store.schema = EDU_SCHEMA_UNUSED;
        }
    }
    return list;
}

static void checkpoint(kept_t *kept, apr_pool_t *p)
{
    edu_error_t err;
    int failed = edu_store_checkpoint(&kept->store, &err, p) != APR_SUCCESS;

    if (!failed) {
        edum_watch_checkpoint(kept->database);
    }
    else if (!kept->failed && !edum_watch_is_away(kept->database)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, kept->s,
                     "EDU0011: a checkpoint failed and will be repeated; the "
                     "write-ahead log grows meanwhile: %s",
                     err.detail);
    }
    kept->failed = failed;
}

/* Removes some answers; if there may be more, it goes on after a pause, which
 * leaves the database to others. */
static void expire(kept_t *kept, apr_pool_t *p)
{
    edu_error_t err;
    int n;
    apr_status_t rv = edu_store_expire(&n, &kept->store, &err, p);
    apr_time_t now = apr_time_now();

    kept->due = now + (!rv && n ? 0 : EXPIRE_EVERY);
    if (!rv) {
        kept->succeeded = now;
    }
    else if (kept->succeeded && now - kept->succeeded > EXPIRE_PATIENCE) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, kept->s,
                     "EDU0016: kept answers (EduOutcomesRepeatabilityTTL) can "
                     "not be removed for an hour; the table edu_repeat grows: "
                     "%s",
                     err.detail);
        kept->succeeded = 0;
    }
}

static void keep(kept_t *kept, apr_pool_t *p)
{
    if (kept->checkpoints) {
        checkpoint(kept, p);
    }
    if (apr_time_now() < kept->due) {
        return;
    }
    if (edum_is_read_only(kept->s, p)) {
        ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, kept->s,
                     "EDU0017: kept answers stay: the server takes no changes "
                     "(EduOutcomesReadOnly)");
        kept->succeeded = apr_time_now();
        kept->due = kept->succeeded + EXPIRE_EVERY;
    }
    else {
        expire(kept, p);
    }
}

/* Runs until its parent ends it, or is gone. */
static void run(pid_t parent, server_rec *s, apr_pool_t *p)
{
    apr_array_header_t *list;
    apr_pool_t *scratch;

    /* An MPM may end its children by a signal to its group.  This process has
     * to close after them: SQLite removes its log when the last connection
     * closes, but not if two close at once. */
    setpgid(0, 0);
    apr_signal(SIGTERM, end);
    apr_signal(SIGINT, end);
    apr_signal(SIGHUP, SIG_IGN);
    apr_signal(SIGXFSZ, SIG_IGN); /* as httpd does: to fail is enough */
    apr_signal(AP_SIG_GRACEFUL, SIG_IGN);
    apr_signal(AP_SIG_GRACEFUL_STOP, SIG_IGN);
    ap_close_listeners();
    if (ap_run_drop_privileges(p, s)) {
        apr_sleep(apr_time_from_sec(1)); /* it has said why, and may again */
        exit(1);
    }
    apr_pool_create(&p, p);
    apr_pool_create(&scratch, p);
    list = list_databases(s, p);
    while (!is_over && getppid() == parent) {
        for (int i = 0; i < list->nelts && !is_over; i++) {
            keep(&APR_ARRAY_IDX(list, i, kept_t), scratch);
            apr_pool_clear(scratch);
        }
        apr_sleep(PAUSE);
    }
    apr_pool_destroy(p);
    exit(0);
}

/* Replaces a process that died. */
static void maintain(int reason, void *first, apr_wait_t status)
{
    int state;

    (void)status;
    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST) {
        apr_proc_other_child_unregister(first);
        if (!ap_mpm_query(AP_MPMQ_MPM_STATE, &state) &&
            state != AP_MPMQ_STOPPING) {
            edum_keeper_start(first);
        }
    }
}

apr_status_t edum_keeper_start(server_rec *first)
{
    apr_pool_t *p = first->process->pconf;
    apr_proc_t *proc = apr_pcalloc(p, sizeof(*proc));
    const pid_t parent = getpid();
    apr_status_t rv = apr_proc_fork(proc, p);

    if (rv == APR_INCHILD) {
        run(parent, first, p);
    }
    if (rv != APR_INPARENT) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, first,
                     "EDU0012: the process that keeps the databases in order "
                     "cannot start");
        return rv;
    }
    apr_pool_note_subprocess(p, proc, APR_KILL_AFTER_TIMEOUT);
    apr_proc_other_child_register(proc, maintain, first, NULL, p);
    return APR_SUCCESS;
}
