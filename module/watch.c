/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What the library reports of a database: the error log tells once that it
 * cannot be used, now and then while that lasts, and once that it can be used
 * again; all else are figures.  Processes share the state, so that one of them
 * speaks for all; it begins anew with each start. */

#include "figures.h"

#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_shm.h>

#include <signal.h>

/* Seconds between two lines of one outage.  There is one outage a second at
 * most, even where a database admits some connections and refuses others. */
#define REMIND 60

/** The connections of a process. */
struct edum_pool_t {
    apr_uint32_t pid; /**< 0: of none */
    apr_uint32_t open, lent;
};

/** A database, as all processes of a start know it; all 0 at first. */
struct edum_watch_t {
    apr_uint32_t away;         /**< since when, in s; 0: it can be used */
    apr_uint32_t told;         /**< when the log last said so */
    apr_uint32_t refused;      /**< requests since */
    apr_uint32_t checkpointed; /**< when, in s; 0: not yet */
    apr_uint32_t full;         /**< when the log last said that there is no
                                    room, in s; 0: not yet */
    apr_uint32_t n;            /**< of pools */
    edum_pool_t pools[];
};

static apr_uint32_t seconds(void)
{
    return (apr_uint32_t)apr_time_sec(apr_time_now());
}

/* --------------------------------------------------------------------- log */

/* Whether the log is to tell of what began then: once, and now and then. */
static int is_due(volatile apr_uint32_t *told, apr_uint32_t began,
                  apr_uint32_t now)
{
    apr_uint32_t last = apr_atomic_read32(told);

    return (last < began || now - last >= REMIND) &&
           apr_atomic_cas32(told, now, last) == last;
}

static void tell_away(const database_t *database, const char *why)
{
    edum_watch_t *watch = database->watch;
    apr_uint32_t now = seconds();

    apr_atomic_cas32(&watch->away, now, 0);
    if (is_due(&watch->told, apr_atomic_read32(&watch->away), now)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, database->first,
                     "EDU0007: the database cannot be used, and requests that "
                     "need it are answered 503: %s",
                     why);
    }
}

static void tell_back(const database_t *database)
{
    edum_watch_t *watch = database->watch;
    apr_uint32_t away = apr_atomic_read32(&watch->away), refused;

    if (!away || apr_atomic_cas32(&watch->away, 0, away) != away) {
        return;
    }
    refused = apr_atomic_xchg32(&watch->refused, 0);
    if (apr_atomic_read32(&watch->told) >= away) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->first,
                     "EDU0018: the database can be used again, after %u s; %u "
                     "requests were answered 503",
                     seconds() - away, refused);
    }
}

int edum_watch_refuses(const database_t *database)
{
    edum_watch_t *watch = database->watch;

    if (!apr_atomic_read32(&watch->away)) {
        return 0;
    }
    apr_atomic_inc32(&watch->refused);
    return 1;
}

int edum_watch_is_full_due(const database_t *database)
{
    return is_due(&database->watch->full, 0, seconds());
}

/* ----------------------------------------------------------------- reports */

/* A group of n is in the bucket of the least power of two that is no less. */
static int bucket_of(int n)
{
    int i = 0;

    while (i < EDUM_GROUP_BUCKETS - 1 && n > 1 << i) {
        i++;
    }
    return i;
}

void edum_watch_take(void *baton, const edu_report_t *report)
{
    database_t *database = baton;
    edum_pool_t *pool = database->pool;

    switch (report->what) {
    case EDU_REPORT_AWAY:
        tell_away(database, report->why);
        break;
    case EDU_REPORT_BACK:
        tell_back(database);
        break;
    case EDU_REPORT_POOL:
        if (pool) {
            apr_atomic_set32(&pool->open, report->open);
            apr_atomic_set32(&pool->lent, report->lent);
        }
        break;
    case EDU_REPORT_WAITED:
        edum_metrics_add(EDUM_WAITS, 0, 0, 1);
        edum_metrics_add(EDUM_WAITED, 0, 0, (apr_uint64_t)report->took);
        break;
    case EDU_REPORT_COMMITTED:
        edum_metrics_add(EDUM_GROUPS, bucket_of(report->requests), 0, 1);
        edum_metrics_add(EDUM_GROUPED, 0, 0, report->requests);
        break;
    }
}

/* ------------------------------------------------------------------ figures */

void edum_watch_make(database_t *database, apr_pool_t *p)
{
    apr_shm_t *shm;
    int n = 0;
    apr_size_t size;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &n);
    size = sizeof(edum_watch_t) + (apr_size_t)n * sizeof(edum_pool_t);
    /* without, each process speaks for itself */
    database->watch = apr_shm_create(&shm, size, NULL, p)
                          ? apr_palloc(p, size)
                          : apr_shm_baseaddr_get(shm);
    memset(database->watch, 0, size);
    database->watch->n = n;
}

/* A process that is gone leaves its place to another. */
static int is_alive(apr_uint32_t pid)
{
    return pid && kill((pid_t)pid, 0) == 0;
}

void edum_watch_enter(database_t *database)
{
    edum_watch_t *watch = database->watch;

    database->pool = NULL;
    for (apr_uint32_t i = 0; i < watch->n && !database->pool; i++) {
        edum_pool_t *pool = &watch->pools[i];
        apr_uint32_t pid = apr_atomic_read32(&pool->pid);

        if (!is_alive(pid) &&
            apr_atomic_cas32(&pool->pid, (apr_uint32_t)getpid(), pid) == pid) {
            apr_atomic_set32(&pool->open, 0);
            apr_atomic_set32(&pool->lent, 0);
            database->pool = pool;
        }
    }
}

void edum_watch_count(int *open, int *lent, const database_t *database)
{
    edum_watch_t *watch = database->watch;

    *open = *lent = 0;
    for (apr_uint32_t i = 0; i < watch->n; i++) {
        edum_pool_t *pool = &watch->pools[i];

        if (is_alive(apr_atomic_read32(&pool->pid))) {
            *open += (int)apr_atomic_read32(&pool->open);
            *lent += (int)apr_atomic_read32(&pool->lent);
        }
    }
}

int edum_watch_is_away(const database_t *database)
{
    return apr_atomic_read32(&database->watch->away) != 0;
}

void edum_watch_checkpoint(const database_t *database)
{
    apr_atomic_set32(&database->watch->checkpointed, seconds());
}

apr_uint32_t edum_watch_checkpointed(const database_t *database)
{
    return apr_atomic_read32(&database->watch->checkpointed);
}
