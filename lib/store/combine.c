/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A combining queue: one waiting thread, the leader, does the work of all.  It
 * combines transactions into one, which is group commit, and calls of one
 * statement into one of several rows. */

#include "inner.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <assert.h>

struct edu_combiner_t {
    apr_thread_mutex_t *mutex;   /* over all below */
    apr_array_header_t *idle;    /* apr_thread_cond_t *, of no waiter */
    edu_waiter_t *first, **last; /* in order of arrival */
    int leaders, most;           /* how many there are, and may be */
};

/* Makes a queue. @param p  lasts as long as threads come */
static apr_status_t make(edu_combiner_t **combiner, apr_pool_t *p)
{
    *combiner = apr_pcalloc(p, sizeof(**combiner));
    (*combiner)->last = &(*combiner)->first;
    (*combiner)->most = 1;
    apr_pool_create(&p, p); /* not thread-safe: used with the mutex only */
    (*combiner)->idle = apr_array_make(p, 64, sizeof(apr_thread_cond_t *));
    return apr_thread_mutex_create(&(*combiner)->mutex,
                                   APR_THREAD_MUTEX_DEFAULT, p);
}

/* Takes the first waiters off the queue.  The caller holds the mutex. */
static edu_waiter_t *dequeue(edu_combiner_t *combiner, int most)
{
    edu_waiter_t *waiters = combiner->first, **end = &waiters;

    while (*end && most--) {
        end = &(*end)->next;
    }
    combiner->first = *end;
    *end = NULL;
    if (!combiner->first) {
        combiner->last = &combiner->first;
    }
    return waiters;
}

/* Takes one waiter off the queue. @return 0: it is not there any more */
static int withdraw(edu_combiner_t *combiner, const edu_waiter_t *own)
{
    edu_waiter_t **at = &combiner->first;

    while (*at && *at != own) {
        at = &(*at)->next;
    }
    if (!*at) {
        return 0;
    }
    *at = own->next;
    if (combiner->last == &own->next) {
        combiner->last = at;
    }
    return 1;
}

/* Waits until the work is done or the waiter is to lead.  The caller holds the
 * mutex.  A waiter that a leader has collected cannot leave before it is told.
 */
static apr_status_t wait_in(edu_combiner_t *combiner, edu_waiter_t *own,
                            apr_time_t until)
{
    *combiner->last = own;
    combiner->last = &own->next;
    own->waits = 1;
    while (own->waits) {
        apr_interval_time_t left = until - apr_time_now();

        if (left > 0) {
            apr_thread_cond_timedwait(own->cond, combiner->mutex, left);
        }
        else if (withdraw(combiner, own)) {
            return APR_TIMEUP;
        }
        else {
            apr_thread_cond_wait(own->cond, combiner->mutex);
        }
    }
    return APR_SUCCESS;
}

apr_status_t edu__combiner_enter(edu_combiner_t *combiner, edu_waiter_t *own,
                                 apr_time_t until)
{
    apr_thread_cond_t **idle;
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(combiner->mutex);
    if (combiner->leaders < combiner->most) {
        combiner->leaders++;
        own->leads = 1;
    }
    else if ((idle = apr_array_pop(combiner->idle))) {
        own->cond = *idle;
    }
    else {
        rv = apr_thread_cond_create(&own->cond, combiner->idle->pool);
    }
    if (!rv && own->cond) {
        rv = wait_in(combiner, own, until);
        APR_ARRAY_PUSH(combiner->idle, apr_thread_cond_t *) = own->cond;
    }
    apr_thread_mutex_unlock(combiner->mutex);
    return rv;
}

int edu__combiner_is_empty(edu_combiner_t *combiner)
{
    int empty;

    apr_thread_mutex_lock(combiner->mutex);
    empty = !combiner->first;
    apr_thread_mutex_unlock(combiner->mutex);
    return empty;
}

/* Yields once, so that threads about to enter make it into this round: on a
 * busy machine it grows by 7 to 20 %, and on an idle one it takes no time. */
void edu__combiner_collect(edu_combiner_t *combiner, edu_waiter_t *own)
{
    apr_thread_yield();
    apr_thread_mutex_lock(combiner->mutex);
    own->next = dequeue(combiner, EDU_COMBINED_MAX - 1);
    apr_thread_mutex_unlock(combiner->mutex);
}

static apr_thread_cond_t *release(edu_waiter_t *waiter, int leads)
{
    waiter->leads = leads;
    waiter->waits = 0;
    return waiter->cond;
}

/* Signals after unlocking: a woken waiter would block on the mutex, and may
 * free its node as soon as it runs. */
void edu__combiner_leave(edu_combiner_t *combiner, edu_waiter_t *own, int most)
{
    apr_thread_cond_t *conds[EDU_COMBINED_MAX];
    edu_waiter_t *waiter;
    int n = 0;

    apr_thread_mutex_lock(combiner->mutex);
    combiner->leaders--;
    combiner->most = most;
    waiter = combiner->leaders < most ? dequeue(combiner, 1) : NULL;
    if (waiter) {
        combiner->leaders++;
        conds[n++] = release(waiter, 1);
    }
    for (waiter = own->next; waiter; waiter = waiter->next) {
        conds[n++] = release(waiter, 0);
    }
    apr_thread_mutex_unlock(combiner->mutex);
    for (int i = 0; i < n; i++) {
        apr_thread_cond_signal(conds[i]);
    }
}

/* ------------------------------------------------------- shared statements */

/* One statement is under way at a time, and another for each 10 ms that it
 * takes: as long as a database is quick, more of them are more work for it. */
#define SLOW apr_time_from_msec(10)

/* How long a call waits for others, which may be stuck with their connection,
 * before it has a statement and a connection of its own. */
#define MAX_WAIT apr_time_from_sec(1)

/* The most bytes of a list; beyond, a statement of its own costs no more. */
#define MAX_LIST 1000000

apr_status_t edu_group_create(edu_group_t **group, const char *driver,
                              const edu_lock_t *lock, int combine,
                              apr_pool_t *p)
{
    const edu_sql_dialect_t *dialect = edu__sql_dialect(driver);
    apr_status_t rv = APR_SUCCESS;

    *group = apr_pcalloc(p, sizeof(**group));
    if (lock) {
        (*group)->lock = *lock;
    }
    (*group)->records_within = dialect->record_prefix != NULL;
    if (combine) {
        rv = make(&(*group)->commits, p);
    }
    for (int sql = 0; combine && dialect->batches && sql < EDU_SQL_COUNT;
         sql++) {
        if (!rv && edu__sql[sql].batched_form) {
            rv = make(&(*group)->calls[sql], p);
        }
    }
    return rv;
}

/* One call on its way, in the memory of its own thread. */
typedef struct sharer_t {
    edu_waiter_t waiter;
    edu_call_t *call;
    edu_read_fn *read;
    void *out;
    apr_status_t rv;
    int alone; /* it is not known to be done */
} sharer_t;

/* The number of a statement's parameters. */
static int count_params(const char *text)
{
    int n = 0;

    while ((text = strstr(text, "%s"))) {
        text += 2;
        n++;
    }
    return n;
}

/* The queue of calls of one statement, or NULL. */
static edu_combiner_t *combiner_of(const edu_call_t *call)
{
    const edu_store_t *store = call->store;

    return store->group && !store->tx ? store->group->calls[call->sql] : NULL;
}

int edu__call_is_shared(const edu_call_t *call)
{
    return combiner_of(call) != NULL;
}

static sharer_t *next_of(const sharer_t *sharer)
{
    return (sharer_t *)sharer->waiter.next;
}

static int count(const sharer_t *first)
{
    int n = 0;

    for (; first; first = next_of(first)) {
        n++;
    }
    return n;
}

/* Joins the i-th parameters of all calls; NULL: they make no list. */
static const char *join(const sharer_t *first, int i, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 16, sizeof(char *));
    apr_size_t len = 0;

    for (; first; first = next_of(first)) {
        const char *arg = first->call->args[i];

        len += strlen(arg);
        if (len > MAX_LIST || strchr(arg, EDU_SEPARATOR)) {
            return NULL;
        }
        APR_ARRAY_PUSH(list, const char *) = arg;
    }
    return apr_array_pstrcat(p, list, EDU_SEPARATOR);
}

/* Reads for all, in the order of their numbers; the rows of a write are those
 * that it changed. */
static void read_many(const edu_call_t *many, void *out)
{
    edu_part_t part = { 0 };

    for (sharer_t *sharer = out; sharer; sharer = next_of(sharer)) {
        edu_call_t call = edu__call_part(sharer->call, many, &part);
        struct apr_dbd_row_t *row = NULL;

        if (sharer->read) {
            sharer->read(&call, sharer->out);
            continue;
        }
        while ((row = edu__call_next(&call, row))) {
            sharer->call->affected++;
        }
    }
}

/* Runs one statement for all.  All are recorded, or none is: it is one database
 * that they wait for. */
static apr_status_t run_many(sharer_t *first, edu_call_t *many)
{
    const edu_call_t *call = first->call;
    int own = count_params(edu__sql[edu__sql[call->sql].batched_form].text);
    int n = count_params(edu__sql[many->sql].text);

    assert(n <= EDU_ARGS_MAX);
    for (int i = 0; i < n; i++) {
        many->args[i] =
            join(first, i < own ? i : call->record + i - own, many->p);
        if (!many->args[i]) {
            return APR_EINVAL;
        }
    }
    return edu__call_run(many, read_many, first);
}

/* A write is a transaction by itself. */
static void tell(const edu_call_t *call, int requests)
{
    if (!edu__call_reads(call)) {
        edu__report(call->store, (edu_report_t){ .what = EDU_REPORT_COMMITTED,
                                                 .requests = requests });
    }
}

/* If that fails, each runs a statement of its own: one may be the cause. */
static void run_together(sharer_t *first, int requests)
{
    const edu_call_t *call = first->call;
    const char *args[EDU_ARGS_MAX];
    edu_error_t err = { 0 };
    edu_call_t many = { .store = call->store,
                        .sql = call->record ? edu__sql[call->sql].recorded_form
                                            : edu__sql[call->sql].batched_form,
                        .args = args,
                        .err = &err,
                        .p = call->p };
    apr_status_t rv = run_many(first, &many);

    if (!rv) {
        tell(call, requests);
    }
    for (; first; first = next_of(first)) {
        first->alone = rv != APR_SUCCESS;
        first->call->outcome_unknown = many.outcome_unknown;
    }
}

static apr_status_t run_alone(const sharer_t *sharer)
{
    edu_call_t *call = sharer->call;
    const int unknown = call->outcome_unknown;
    apr_status_t rv = edu__call_run(call, sharer->read, sharer->out);

    call->outcome_unknown |= unknown;
    if (!rv) {
        tell(call, 1);
    }
    return rv;
}

/* A leader past its deadline hands leadership on. */
static void lead(edu_combiner_t *combiner, sharer_t *own)
{
    const edu_call_t *call = own->call;
    apr_time_t now = apr_time_now();

    own->rv = edu__wait_check(call->store, call->err, call->p);
    if (!own->rv) {
        edu__combiner_collect(combiner, &own->waiter);
        if (own->waiter.next) {
            run_together(own, count(own));
        }
        else {
            own->rv = run_alone(own);
        }
    }
    edu__combiner_leave(combiner, &own->waiter,
                        1 + (int)((apr_time_now() - now) / SLOW));
}

apr_status_t edu__call_share(edu_call_t *call, edu_read_fn *read, void *out)
{
    sharer_t own = { .call = call, .read = read, .out = out };
    apr_time_t now = apr_time_now();
    edu_combiner_t *combiner;

    call->store = edu__tx_reader(call->store);
    combiner = combiner_of(call);
    if (!combiner) {
        return edu__call_run(call, read, out);
    }
    if (edu__combiner_enter(combiner, &own.waiter, now + MAX_WAIT)) {
        own.alone = 1;
    }
    edu__wait_charge(call->store, now);
    if (own.waiter.leads) {
        lead(combiner, &own);
    }
    return own.alone ? run_alone(&own) : own.rv;
}
