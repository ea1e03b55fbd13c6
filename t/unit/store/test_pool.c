/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* How a database is opened: the connections that threads share. */

#include "store.h"
#include "unit.h"

#include <apr_dbd.h>
#include <apr_env.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <dlfcn.h>

/* --------------------------------------------------------- in place of apr */

static int opened, closed; /* connections */
static const char
    *refusal;       /* why the next cannot be had, as the driver has it */
static int missing; /* there is no driver */
static apr_interval_time_t
    ahead; /* time that passes without being waited for */

/* Opening takes until it is let go. */
static apr_thread_mutex_t *mutex;
static apr_thread_cond_t *changed;
static int slow, entered;
static int waits; /* a thread does, for a connection */

apr_status_t apr_dbd_get_driver(apr_pool_t *p, const char *name,
                                const apr_dbd_driver_t **driver)
{
    (void)p;
    (void)name;
    *driver = NULL;
    return missing ? APR_EDSOOPEN : APR_SUCCESS;
}

apr_status_t apr_dbd_open_ex(const apr_dbd_driver_t *driver, apr_pool_t *p,
                             const char *params, apr_dbd_t **handle,
                             const char **error)
{
    static int handles[100];

    (void)driver;
    (void)params;
    apr_thread_mutex_lock(mutex);
    entered = 1;
    apr_thread_cond_broadcast(changed);
    while (slow) {
        apr_thread_cond_wait(changed, mutex);
    }
    apr_thread_mutex_unlock(mutex);
    if (refusal) {
        *error = apr_pstrdup(p, refusal);
        return APR_EGENERAL;
    }
    *handle = (apr_dbd_t *)&handles[opened++];
    return APR_SUCCESS;
}

apr_status_t apr_dbd_close(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    (void)driver;
    closed += handle != NULL;
    return APR_SUCCESS;
}

static const apr_dbd_t *dead; /* it does not answer */

int apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *p,
                   apr_dbd_t *handle, apr_dbd_results_t **rows,
                   const char *statement, int random)
{
    (void)driver;
    (void)p;
    (void)rows;
    (void)statement;
    (void)random;
    return handle == dead;
}

int apr_dbd_get_row(const apr_dbd_driver_t *driver, apr_pool_t *p,
                    apr_dbd_results_t *rows, apr_dbd_row_t **row, int number)
{
    (void)driver;
    (void)p;
    (void)rows;
    (void)row;
    (void)number;
    return -1;
}

apr_status_t apr_thread_cond_timedwait(apr_thread_cond_t *cond,
                                       apr_thread_mutex_t *with,
                                       apr_interval_time_t left)
{
    apr_status_t (*real)(apr_thread_cond_t *, apr_thread_mutex_t *,
                         apr_interval_time_t);

    *(void **)&real = dlsym(RTLD_NEXT, "apr_thread_cond_timedwait");
    apr_thread_mutex_lock(mutex);
    waits = 1;
    apr_thread_cond_broadcast(changed);
    apr_thread_mutex_unlock(mutex);
    return real(cond, with, left);
}

apr_time_t apr_time_now(void)
{
    apr_time_t (*real)(void);

    *(void **)&real = dlsym(RTLD_NEXT, "apr_time_now");
    return real() + ahead;
}

/* ------------------------------------------------------------------- stores */

/* What a store reported last, and how often a thread waited. */
static edu_report_t reported;
static int waited;

static void take(void *baton, const edu_report_t *report)
{
    (void)baton;
    if (report->what == EDU_REPORT_WAITED) {
        waited++;
    }
    else {
        reported = *report;
    }
}

static edu_store_t open_store(int most, apr_interval_time_t expires,
                              apr_pool_t *p)
{
    edu_store_t store = { .report = take };

    opened = closed = waited = 0;
    edu_store_open(&store, "mysql", "host=x", most, expires, p);
    return store;
}

/* Without waiting. */
static apr_status_t borrow(edu_dbd_t *dbd, const edu_store_t *store,
                           apr_pool_t *p)
{
    memset(dbd, 0, sizeof(*dbd));
    return store->open(store->baton, dbd, p);
}

static void give_back(const edu_store_t *store, edu_dbd_t *dbd)
{
    store->close(store->baton, dbd);
}

static void test_share(apr_pool_t *p)
{
    edu_store_t store = open_store(2, 0, p);
    edu_dbd_t one, two, three;

    is_int(opened, 0, "nothing is opened before it is wanted");
    borrow(&one, &store, p);
    borrow(&two, &store, p);
    ok(one.handle && two.handle && one.handle != two.handle && one.pool &&
           one.pool != two.pool,
       "two threads have two connections, each with a pool of its own");
    is_int(borrow(&three, &store, p), APR_TIMEUP, "there is no third");
    give_back(&store, &one);
    give_back(&store, &two);
    borrow(&three, &store, p);
    ok(three.handle == two.handle, "the last that was used is used first");
    give_back(&store, &three);
    is_int(opened, 2, "an idle connection is not opened again");
}

static int counts(int open, int lent)
{
    return reported.what == EDU_REPORT_POOL && reported.open == open &&
           reported.lent == lent;
}

static void test_reports(apr_pool_t *p)
{
    edu_store_t store = open_store(2, 0, p);
    edu_dbd_t one, two, three;

    borrow(&one, &store, p);
    ok(counts(1, 1), "one that is opened and lent is reported");
    borrow(&two, &store, p);
    ok(counts(2, 2), "two are");
    is_int(waited, 0, "without a wait");
    borrow(&three, &store, p);
    is_int(waited, 1, "which a thread has that gets none");
    ok(counts(2, 2), "and nothing else");
    give_back(&store, &one);
    ok(counts(2, 1), "what is given back is idle");
    two.lost = 1;
    give_back(&store, &two);
    ok(counts(1, 0), "what is lost is not");
    refusal = "no";
    borrow(&one, &store, p);
    borrow(&two, &store, p);
    refusal = NULL;
    ok(counts(1, 1), "nor what cannot be opened");
    give_back(&store, &one);
}

static void test_failure(apr_pool_t *p)
{
    edu_store_t store = open_store(1, 0, p);
    edu_dbd_t dbd;

    refusal = "no\n\troute\n";
    is_int(borrow(&dbd, &store, p), APR_EGENERAL,
           "a connection that cannot be opened is an error");
    is_str(dbd.why, "the mysql driver says: no  route", "the driver says why");
    refusal = NULL;
    is_int(borrow(&dbd, &store, p), APR_SUCCESS, "the next may succeed");
    give_back(&store, &dbd);
    missing = 1;
    store = open_store(1, 0, p);
    ok(borrow(&dbd, &store, p), "a driver that is not there is an error");
    ok(edu_store_refuse("pgsql", "dbname=x", p) &&
           strstr(edu_store_refuse("pgsql", "dbname=x", p),
                  "libaprutil1-dbd-pgsql"),
       "and refused, with what to install");
    missing = 0;
    is_str(edu_store_refuse("pgsql", "dbname=x", p), NULL, "else it is not");
}

static void test_lost(apr_pool_t *p)
{
    edu_store_t store = open_store(3, 0, p);
    edu_dbd_t dbds[3];

    for (int i = 0; i < 3; i++) {
        borrow(&dbds[i], &store, p);
    }
    give_back(&store, &dbds[0]);
    give_back(&store, &dbds[1]);
    dbds[2].lost = 1;
    dead = dbds[0].handle;
    give_back(&store, &dbds[2]);
    is_int(closed, 1, "one that is lost is closed");
    for (int i = 0; i < 3; i++) {
        borrow(&dbds[i], &store, p);
    }
    is_int(closed, 2, "of those that were idle then, one that is dead, too");
    is_int(opened, 5, "and others are opened");
    for (int i = 0; i < 3; i++) {
        give_back(&store, &dbds[i]);
    }
}

/* SQLite goes on with a file as it was when it was opened. */
static void test_read_only(apr_pool_t *p)
{
    edu_store_t store = open_store(3, 0, p);
    edu_dbd_t dbds[3];

    for (int i = 0; i < 3; i++) {
        borrow(&dbds[i], &store, p);
    }
    give_back(&store, &dbds[0]);
    dbds[1].read_only = 1;
    give_back(&store, &dbds[1]);
    is_int(closed, 2,
           "one that is read-only is closed, and those that are idle");
    borrow(&dbds[0], &store, p);
    is_int(opened, 4, "others are opened");
    give_back(&store, &dbds[2]);
    is_int(closed, 3,
           "one that was lent meanwhile is closed when it comes back");
    give_back(&store, &dbds[0]);
    borrow(&dbds[0], &store, p);
    is_int(opened, 4, "a later one is kept");
    give_back(&store, &dbds[0]);
}

static void test_expired(apr_pool_t *p)
{
    edu_store_t store = open_store(2, apr_time_from_sec(60), p);
    edu_dbd_t one, two;

    borrow(&one, &store, p);
    borrow(&two, &store, p);
    give_back(&store, &one);
    ahead += apr_time_from_sec(59);
    give_back(&store, &two);
    ahead += apr_time_from_sec(2);
    borrow(&two, &store, p);
    is_int(closed, 1, "one that was idle for too long is closed");
    is_int(opened, 2, "one that was not is used");
    give_back(&store, &two);

    store = open_store(1, 0, p);
    borrow(&one, &store, p);
    give_back(&store, &one);
    ahead += apr_time_from_sec(86400) * 3650;
    borrow(&one, &store, p);
    is_int(opened, 1, "or all are used for ever");
    give_back(&store, &one);
}

static void test_end(apr_pool_t *parent)
{
    apr_pool_t *p;
    edu_store_t store;
    edu_dbd_t one, two;

    apr_pool_create(&p, parent);
    store = open_store(2, 0, p);
    borrow(&one, &store, p);
    borrow(&two, &store, p);
    give_back(&store, &one);
    apr_pool_destroy(p);
    is_int(closed, 1, "the end of its pool closes what nobody uses");
    apr_pool_destroy(two.pool); /* its borrower would have ended */
}

static void test_limit(apr_pool_t *p)
{
    edu_store_t store = { .timeout = apr_time_from_sec(20) };
    char *seconds;

    apr_env_delete("PGCONNECT_TIMEOUT", p);
    edu_store_open(&store, "pgsql", "dbname=x", 1, 0, p);
    apr_env_get(&seconds, "PGCONNECT_TIMEOUT", p);
    is_str(seconds, "8", "connecting is limited by the timeout of requests");
    apr_env_set("PGCONNECT_TIMEOUT", "3", p);
    edu_store_open(&store, "pgsql", "dbname=x", 1, 0, p);
    apr_env_get(&seconds, "PGCONNECT_TIMEOUT", p);
    is_str(seconds, "3", "unless it is already");
}

/* ------------------------------------------------------------------ threads */

typedef struct client_t {
    edu_store_t *store;
    edu_dbd_t dbd;
    apr_status_t rv;
} client_t;

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *baton)
{
    client_t *client = baton;

    client->dbd.until = apr_time_now() + apr_time_from_sec(10);
    client->rv = client->store->open(client->store->baton, &client->dbd,
                                     apr_thread_pool_get(thread));
    return NULL;
}

static apr_thread_t *start(client_t *client, edu_store_t *store, apr_pool_t *p)
{
    apr_thread_t *thread;

    memset(client, 0, sizeof(*client));
    client->store = store;
    apr_thread_create(&thread, NULL, run, client, p);
    return thread;
}

static void until(const int *happens)
{
    apr_thread_mutex_lock(mutex);
    while (!*happens) {
        apr_thread_cond_wait(changed, mutex);
    }
    apr_thread_mutex_unlock(mutex);
}

/* apr_reslist, and mod_dbd with it, has the others wait for as long as it
 * takes. */
static void test_slow(apr_pool_t *p)
{
    edu_store_t store = open_store(2, 0, p);
    client_t client;
    edu_dbd_t dbd;
    apr_thread_t *thread;
    apr_status_t rv;

    slow = 1;
    entered = 0;
    thread = start(&client, &store, p);
    until(&entered);
    is_int(borrow(&dbd, &store, p), APR_TIMEUP,
           "a thread that waits for another to open gives up in time");
    apr_thread_mutex_lock(mutex);
    slow = 0;
    apr_thread_cond_broadcast(changed);
    apr_thread_mutex_unlock(mutex);
    apr_thread_join(&rv, thread);
    is_int(client.rv, APR_SUCCESS, "the thread that opens a connection has it");
    is_int(borrow(&dbd, &store, p), APR_SUCCESS,
           "another connection can be opened afterwards");
    give_back(&store, &dbd);
    give_back(&store, &client.dbd);
}

static void test_wait(apr_pool_t *p)
{
    edu_store_t store = open_store(1, 0, p);
    client_t client;
    edu_dbd_t dbd;
    apr_thread_t *thread;
    apr_status_t rv;

    for (int lost = 0; lost < 2; lost++) {
        borrow(&dbd, &store, p);
        waits = 0;
        thread = start(&client, &store, p);
        until(&waits);
        dbd.lost = lost;
        give_back(&store, &dbd);
        apr_thread_join(&rv, thread);
        is_int(client.rv, APR_SUCCESS,
               lost ? "a waiting thread replaces a lost connection"
                    : "a waiting thread gets a returned connection");
        give_back(&store, &client.dbd);
    }
    is_int(opened, 2, "one at a time");
}

static void tests(apr_pool_t *p)
{
    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_thread_cond_create(&changed, p);
    test_share(p);
    test_reports(p);
    test_failure(p);
    test_lost(p);
    test_read_only(p);
    test_expired(p);
    test_end(p);
    test_limit(p);
    test_slow(p);
    test_wait(p);
}

TAP_MAIN(tests)
