/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* How planned changes are written: all of them, or none.
 *
 * 1. Changes are written in lock order, by table and key, and so are those that
 *    share a transaction: no two wait for each other.
 * 2. One write is a statement by itself, unless writers take a lock first.  If
 *    its connection is lost it is tried again, and if that changes nothing the
 *    row tells whether the first try had done it.
 * 3. A thread that comes while another commits waits, and shares the next
 *    transaction: group commit.  Changes of several writes are undone by
 *    themselves, with a savepoint, only if that turns out to be needed: then
 *    the transaction starts over.
 * 4. If a statement ends the shared transaction, nothing of it was done, and
 *    each thread commits alone, for one of them may be the cause. */

#include "inner.h"

#include <apr_strings.h>

#include <stdlib.h>

/* The most threads that commit at a time: one, and another for each ms that a
 * commit takes, so that flushes go on side by side where they are slow. */
#define MAX_LEADERS 4

/* One thread's changes on their way, in the memory of that thread. */
typedef struct job_t {
    edu_waiter_t waiter;
    const edu_store_t *store;
    const edu_changes_t *changes;
    edu_failure_t *failed;
    edu_error_t *err;
    apr_pool_t *p;
    apr_status_t rv;
    int outcome_unknown; /* its COMMIT was lost */
    int alone; /* it shares no transaction, or one that broke: it is not done
                  yet */
} job_t;

static const edu_write_t *write_at(const job_t *job, int i)
{
    return &APR_ARRAY_IDX(job->changes->writes, i, edu_write_t);
}

static int is_several(const job_t *job)
{
    return job->changes->writes->nelts > 1;
}

static apr_status_t apply(const edu_store_t *store, const job_t *job)
{
    return edu__changes_apply(job->failed, store, job->changes, job->err,
                              job->p);
}

/* ------------------------------------------------------------- transactions */

/* A transaction, or a savepoint within that of the store. */
static apr_status_t run_in_tx(edu_tx_t *tx, const edu_store_t *store,
                              const job_t *job)
{
    apr_status_t ended, rv;

    edu__tx_init(tx, store, job->p);
    rv = edu__tx_begin(tx, job->err);
    if (rv) {
        return rv;
    }
    rv = apply(&tx->store, job);
    ended = edu__tx_end(tx, rv != APR_SUCCESS, job->err);
    return rv ? rv : ended;
}

static void tell(const edu_store_t *store, int requests)
{
    edu__report(store, (edu_report_t){ .what = EDU_REPORT_COMMITTED,
                                       .requests = requests });
}

static apr_status_t run_alone(job_t *job)
{
    edu_tx_t tx;
    apr_status_t rv;
    int tries = 0;

    do {
        rv = run_in_tx(&tx, job->store, job);
    } while (edu__tx_again(&tx, ++tries));
    job->outcome_unknown = rv && tx.outcome_unknown;
    if (!rv) {
        tell(job->store, 1);
    }
    return rv;
}

/* Writes of one set that others share a transaction with. */
static apr_status_t run_among(const edu_store_t *store, const job_t *job)
{
    edu_tx_t savepoint;

    return is_several(job) ? run_in_tx(&savepoint, store, job)
                           : apply(store, job);
}

/* ------------------------------------------------------------- group commit */

static job_t *next_of(const job_t *job)
{
    return (job_t *)job->waiter.next;
}

static int by_first_write(const void *av, const void *bv)
{
    return edu__write_compare(write_at(*(const job_t *const *)av, 0),
                              write_at(*(const job_t *const *)bv, 0));
}

/* The jobs of a leader and of all it leads, in lock order. */
static int collect(job_t **jobs, job_t *own)
{
    int n = 0;

    edu__combiner_collect(own->store->group->commits, &own->waiter);
    for (job_t *job = own; job; job = next_of(job)) {
        jobs[n++] = job;
    }
    qsort(jobs, n, sizeof(job_t *), by_first_write);
    return n;
}

/* Whether two jobs begin with the same row, so that both may be of one outcome
 * as well. */
static int meet(job_t *const *jobs, int n)
{
    int i = 1;

    while (i < n && !edu__write_is_of_row(write_at(jobs[i - 1], 0),
                                          write_at(jobs[i], 0))) {
        i++;
    }
    return i < n;
}

/* Whether writes before the guard that failed have to be undone. */
static int is_half_done(const job_t *job)
{
    return job->rv == APR_EAGAIN && job->failed->write > 0;
}

/* Writes in a transaction that is open. */
static apr_status_t run_within(edu_tx_t *tx, job_t *job)
{
    job->rv =
        tx->savepoints ? run_among(job->store, job) : apply(job->store, job);
    if (!tx->savepoints && is_half_done(job)) {
        tx->broken = EDU_EUNAVAILABLE;
    }
    return job->rv;
}

/* Commits the leader's changes and those of all threads that came before its
 * transaction began.  A guard of the first write that fails leaves nothing to
 * undo, and others fail where jobs meet: elsewhere, savepoints are needed only
 * if one did.  The outcome of a COMMIT that was lost is unknown.
 * @return how long the end of it took */
static apr_interval_time_t run_together(job_t *own)
{
    job_t *jobs[EDU_COMBINED_MAX];
    edu_error_t err;
    edu_tx_t tx;
    apr_status_t rv;
    apr_time_t ends;
    int n, savepoints;

    edu__tx_init(&tx, own->store, own->p);
    own->rv = edu__tx_begin(&tx, own->err);
    if (own->rv) {
        return 0;
    }
    n = collect(jobs, own);
    savepoints = meet(jobs, n);
    for (int i = 0; i < n && !tx.broken; i++) {
        jobs[i]->rv = savepoints ? run_among(&tx.store, jobs[i])
                                 : apply(&tx.store, jobs[i]);
        if (!savepoints && is_half_done(jobs[i])) {
            savepoints = 1;
            edu__tx_restart(&tx);
            i = -1;
        }
    }
    ends = apr_time_now();
    rv = edu__tx_end(&tx, 0, &err);
    ends = apr_time_now() - ends;
    if (!rv) {
        tell(own->store, n);
    }
    for (job_t *job = own; rv && job; job = next_of(job)) {
        job->alone = tx.broken != APR_SUCCESS;
        if (!job->alone && !job->rv) {
            job->outcome_unknown = tx.outcome_unknown;
            job->rv =
                edu_error_set(job->err, EDU_EUNAVAILABLE, NULL, job->p, NULL);
            job->err->detail = apr_pstrdup(job->p, err.detail);
        }
    }
    return ends;
}

/* Writes by one statement. */
static apr_status_t run_single(const job_t *job)
{
    apr_status_t rv = apply(job->store, job);

    if (!rv) {
        tell(job->store, 1);
    }
    return rv;
}

/* Whether a job is a transaction by itself: it is one statement, and there is
 * no lock that goes with a transaction. */
static int is_single(const job_t *job)
{
    const edu_group_t *group = job->store->group;

    return !is_several(job) && !(group && group->lock.acquire) &&
           edu__write_is_one(job->store, write_at(job, 0));
}

/* Whether a job shares no transaction: it writes to all of a class, and
 * without a writer lock no other job has to wait for that. */
static int is_apart(const job_t *job)
{
    const edu_write_t *first = write_at(job, 0);

    return is_several(job) && first->table < EDU_SUBMISSION &&
           first->op != EDU_LOCK && !job->store->group->lock.acquire;
}

/* Whether a job can share its only statement. */
static int is_shared(const job_t *job)
{
    edu_args_t args;
    edu_call_t call = { .store = job->store,
                        .sql = edu__bind(&args, write_at(job, 0)) };

    return !is_several(job) && edu__call_is_shared(&call);
}

/* How many may lead side by side after a commit that took so long.  There are
 * several only where writers take a lock: elsewhere the last to come could have
 * those before wait anew for the lock of a row. */
static int leaders_after(const job_t *own, apr_interval_time_t took)
{
    apr_interval_time_t ms = apr_time_as_msec(took);

    return !own->store->group->lock.acquire ? 1
           : ms < MAX_LEADERS - 1           ? 1 + (int)ms
                                            : MAX_LEADERS;
}

/* Waits for a leader, or leads.  A leader past its deadline hands leadership
 * on. */
static apr_status_t run_in_group(job_t *job)
{
    edu_combiner_t *commits = job->store->group->commits;
    apr_interval_time_t took = 0;
    apr_time_t now = apr_time_now();

    if (is_apart(job) || edu__combiner_enter(commits, &job->waiter,
                                             edu__wait_until(job->store))) {
        job->alone = 1;
    }
    edu__wait_charge(job->store, now);
    if (job->waiter.leads) {
        job->rv = edu__wait_check(job->store, job->err, job->p);
        if (!job->rv && is_single(job) && edu__combiner_is_empty(commits)) {
            job->rv = run_single(job);
        }
        else if (!job->rv) {
            took = run_together(job);
        }
        edu__combiner_leave(commits, &job->waiter, leaders_after(job, took));
    }
    return job->alone ? run_alone(job) : job->rv;
}

/* Finds out what became of a COMMIT that was lost, by the first row that it
 * would have written; of a row that is as it was nobody knows for how long.
 * @param rv  of the COMMIT */
static apr_status_t resolve(const job_t *job, apr_status_t rv)
{
    const edu_write_t *write = write_at(job, 0);
    edu_error_t err;
    int applied;

    for (int i = 1; (write->op == EDU_LOCK || write->op == EDU_DELETE_BELOW) &&
                    i < job->changes->writes->nelts;
         i++) {
        write = write_at(job, i);
    }
    if (edu__write_look_back(&applied, job->store, write, &err, job->p) ||
        !applied) {
        return rv;
    }
    memset(job->err, 0, sizeof(*job->err));
    return APR_SUCCESS;
}

apr_status_t edu__store_commit(edu_failure_t *failed, const edu_store_t *store,
                               edu_changes_t *changes, edu_error_t *err,
                               apr_pool_t *p)
{
    job_t job = {
        .store = store, .changes = changes, .failed = failed, .err = err, .p = p
    };
    apr_status_t rv;

    edu__changes_sort(changes);
    rv = edu__changes_check(changes, err, p);
    if (rv || changes->writes->nelts == 0) {
        return rv;
    }
    if (store->tx) {
        rv = edu__tx_begin(store->tx, err);
        return rv ? rv : run_within(store->tx, &job);
    }
    if (is_shared(&job)) {
        return apply(store, &job);
    }
    rv = store->group && store->group->commits ? run_in_group(&job)
         : is_single(&job)                     ? run_single(&job)
                                               : run_alone(&job);
    return job.outcome_unknown ? resolve(&job, rv) : rv;
}
