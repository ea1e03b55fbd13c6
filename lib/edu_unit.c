/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Transactions, behind the face of a store, and how writers share them. */

#include "edu_private.h"

#include <apr_strings.h>

#include <stdlib.h>

/* The most who commit at a time: one, and another for each ms that a commit
 * takes, so that flushes go on side by side where they are slow. */
#define MAX_LEADERS 4

/* How many pages the log of a database may have before it is to begin anew: 64
 * MiB of SQLite's, half of what a COMMIT would put an end to by itself. */
#define MAX_LOG 16384

/* One write on its way, in the memory of its own thread. */
typedef struct job_t {
    edu_place_t place;
    const edu_store_t *store;
    const edu_path_t *path;
    edu_work_fn *work;
    void *baton;
    int whole;
    edu_error_t *err;
    apr_pool_t *p;
    apr_status_t rv;
    int broken; /* it shares no transaction, or one that was: it is not done
                   yet */
} job_t;

/* What all calls of a unit share: one connection, lent again and again. */
static apr_status_t lend(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    const edu_unit_t *unit = baton;

    (void)p;
    *dbd = unit->call.dbd;
    return unit->broken ? APR_EGENERAL : APR_SUCCESS;
}

static void take_back(void *baton, edu_dbd_t *dbd)
{
    (void)baton;
    (void)dbd;
}

edu_unit_t *edu__unit_of(const edu_store_t *store)
{
    return store->open == lend ? store->baton : NULL;
}

const edu_store_t *edu__unit_reader(const edu_store_t *store)
{
    const edu_unit_t *unit = edu__unit_of(store);

    return unit && !unit->begun ? edu__unit_reader(unit->call.store) : store;
}

/* A savepoint in the unit that has the transaction.  A broken one has none that
 * it could be in. */
static apr_status_t begin_inner(edu_unit_t *unit)
{
    apr_status_t rv = edu__call_open(&unit->call);

    if (!rv) {
        rv = edu__call_control(&unit->call, EDU_SAVEPOINT);
        unit->outer->broken = rv;
    }
    return rv;
}

/* Waits for the turn of this process, which a dead one does not keep. */
static apr_status_t take_turn(const edu_call_t *call)
{
    const edu_team_t *team = call->store->team;
    apr_status_t rv = team && team->turn.take
                          ? team->turn.take(team->turn.baton, call->until)
                          : APR_SUCCESS;

    if (rv) {
        rv = edu_error_set(call->err, EDU_EUNAVAILABLE, NULL, call->p, NULL);
        call->err->detail = "a writer kept the request waiting too long";
    }
    return rv;
}

static void pass_turn(const edu_call_t *call)
{
    const edu_team_t *team = call->store->team;

    if (team && team->turn.pass) {
        team->turn.pass(team->turn.baton);
    }
}

/* Statements of our own, for apr_dbd_transaction_start crashes on a connection
 * that is dead, and hides errors on one that is not. */
static apr_status_t begin_outer(edu_unit_t *unit)
{
    apr_status_t rv = edu__call_open(&unit->call);

    if (rv) {
        return rv;
    }
    rv = take_turn(&unit->call);
    if (!rv && (rv = edu__call_control(&unit->call, EDU_BEGIN))) {
        pass_turn(&unit->call);
    }
    if (rv) {
        edu__call_close(&unit->call);
    }
    return rv;
}

void edu__unit_init(edu_unit_t *unit, const edu_store_t *store, apr_pool_t *p)
{
    memset(unit, 0, sizeof(*unit));
    unit->outer = edu__unit_of(store);
    unit->call = (edu_call_t){ .store = store, .p = p };
    unit->store = *store;
    unit->store.open = lend;
    unit->store.close = take_back;
    unit->store.baton = unit;
}

/* Of units within each other, the outermost first. */
static apr_status_t begin(edu_unit_t *unit, edu_error_t *err)
{
    apr_status_t rv = unit->outer ? begin(unit->outer, err) : APR_SUCCESS;

    if (rv || unit->begun) {
        return rv;
    }
    unit->call.err = err;
    rv = unit->outer ? begin_inner(unit) : begin_outer(unit);
    unit->begun = rv == APR_SUCCESS;
    return rv;
}

apr_status_t edu__unit_begin(edu_unit_t *unit, const edu_store_t *store,
                             edu_error_t *err, apr_pool_t *p)
{
    edu__unit_init(unit, store, p);
    return begin(unit, err);
}

/* Whether there is anything to commit. */
static apr_status_t check(const edu_unit_t *unit)
{
    const edu_call_t *call = &unit->call;

    if (unit->broken) {
        edu_error_set(call->err, unit->broken, NULL, call->p, NULL);
        call->err->detail = edu__call_why(unit);
    }
    return unit->broken;
}

/* What failed in it may have ended the transaction: then nothing of the outer
 * unit is left either. */
static apr_status_t end_inner(edu_unit_t *unit, int undo)
{
    apr_status_t rv = check(unit);

    if (!rv && undo) {
        rv = edu__call_control(&unit->call, EDU_ROLLBACK_TO);
    }
    if (!rv) {
        rv = edu__call_control(&unit->call, EDU_RELEASE);
    }
    unit->outer->broken = rv;
    return rv;
}

/* No transaction goes back to the pool open.  Others write while this one is
 * flushed.  A COMMIT that the database refuses has done nothing, for sure. */
static apr_status_t end_outer(edu_unit_t *unit, int undo)
{
    apr_status_t rv = check(unit);
    edu_error_t ignored;

    if (!rv && !undo) {
        rv = edu__call_control(&unit->call, EDU_COMMIT);
        unit->broken = rv == EDU_EUNAVAILABLE ? APR_SUCCESS : rv;
    }
    if (rv || undo) {
        unit->call.err = &ignored;
        edu__call_control(&unit->call, EDU_ROLLBACK);
    }
    pass_turn(&unit->call);
    if (!rv && !undo) {
        rv = edu__call_flush(&unit->call);
    }
    edu__call_close(&unit->call);
    return rv;
}

apr_status_t edu__unit_end(edu_unit_t *unit, int undo, edu_error_t *err)
{
    edu_error_t ignored;

    if (!unit->begun) {
        return APR_SUCCESS;
    }
    unit->begun = 0;
    /* who undoes has said why */
    unit->call.err = undo ? &ignored : err;
    return unit->outer ? end_inner(unit, undo) : end_outer(unit, undo);
}

/* A log begins anew when all of it is copied and flushed, which is never so
 * while others write.  They wait for what they wrote since the last that was
 * done beside them. */
apr_status_t edu_store_checkpoint(const edu_store_t *store, edu_error_t *err,
                                  apr_pool_t *p)
{
    edu_call_t call = { .store = store, .err = err, .p = p };
    apr_status_t rv = edu__call_open(&call);
    int pages;

    if (rv) {
        return rv;
    }
    rv = edu__call_checkpoint(&call, &pages);
    if (!rv && pages > MAX_LOG && !(rv = edu__call_flush_data(&call)) &&
        !(rv = edu__call_checkpoint(&call, &pages)) &&
        !(rv = take_turn(&call))) {
        rv = edu__call_checkpoint(&call, &pages);
        pass_turn(&call);
    }
    edu__call_close(&call);
    return rv;
}

/* --------------------------------------------------------------- together */

/* One job in a unit of its own. */
static apr_status_t run_once(edu_unit_t *unit, const edu_store_t *store,
                             const job_t *job)
{
    apr_status_t ended, rv = edu__unit_begin(unit, store, job->err, job->p);

    if (rv) {
        return rv;
    }
    rv = job->work(&unit->store, job->baton);
    ended = edu__unit_end(unit, rv != APR_SUCCESS, job->err);
    return rv ? rv : ended;
}

static apr_status_t run_alone(const job_t *job)
{
    edu_unit_t unit;
    apr_status_t rv;
    int tries = 0;

    do {
        rv = run_once(&unit, job->store, job);
    } while (edu__call_again(&unit, ++tries));
    return rv;
}

/* One job among others in their unit: what is of several statements is set
 * apart, so that it can be undone by itself. */
static apr_status_t run_among(const edu_store_t *store, const job_t *job)
{
    edu_unit_t unit;

    return job->whole ? run_once(&unit, store, job)
                      : job->work(store, job->baton);
}

static int compare(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* In which order all groups lock rows: so no two wait for each other. */
static int by_path(const void *av, const void *bv)
{
    const edu_path_t *a = (*(const job_t *const *)av)->path;
    const edu_path_t *b = (*(const job_t *const *)bv)->path;
    int order = compare(a->class_id, b->class_id);

    order = order ? order : compare(a->assignment_id, b->assignment_id);
    order = order ? order : compare(a->submission_id, b->submission_id);
    return order ? order : compare(a->outcome_id, b->outcome_id);
}

/* Whether a job is a transaction by itself: it is one statement, and writers
 * take no turns, which go with a transaction. */
static int is_single(const job_t *job)
{
    const edu_team_t *team = job->store->team;

    return !job->whole && team && !team->turn.take;
}

/* Whether a job goes without others: it may write to all of a class, and where
 * writers take no turns, none has to wait for that. */
static int is_apart(const job_t *job)
{
    return job->whole && !job->path->submission_id &&
           !job->store->team->turn.take;
}

static job_t *next_of(const job_t *job)
{
    return (job_t *)job->place.next;
}

/* Runs the leader's job and those of all who came before its transaction began.
 * If a statement ends the transaction, none was done, and each does its own:
 * that may be one's fault alone.  Of a COMMIT that fails nobody may know.
 * @return how long the end of it took */
static apr_interval_time_t run_together(job_t *own)
{
    const edu_team_t *team = own->store->team;
    job_t *jobs[EDU_QUEUE_MAX];
    edu_error_t err;
    edu_unit_t unit;
    apr_status_t rv;
    apr_time_t ends;
    int n = 0;

    own->rv = edu__unit_begin(&unit, own->store, own->err, own->p);
    if (own->rv) {
        return 0;
    }
    edu__queue_take(team->units, &own->place);
    for (job_t *job = own; job; job = next_of(job)) {
        jobs[n++] = job;
    }
    if (!team->turn.take) {
        qsort(jobs, n, sizeof(job_t *), by_path);
    }
    for (int i = 0; i < n && !unit.broken; i++) {
        jobs[i]->rv = run_among(&unit.store, jobs[i]);
    }
    ends = apr_time_now();
    rv = edu__unit_end(&unit, 0, &err);
    ends = apr_time_now() - ends;
    for (job_t *job = own; rv && job; job = next_of(job)) {
        job->broken = unit.broken != APR_SUCCESS;
        if (!job->broken && !job->rv) {
            job->rv =
                edu_error_set(job->err, EDU_EUNAVAILABLE, NULL, job->p, NULL);
            job->err->detail = apr_pstrdup(job->p, err.detail);
        }
    }
    return ends;
}

/* Commits for all who came meanwhile; who has waited too long has another do
 * that.  Without turns whoever came last could have those before wait anew for
 * the lock of a row: then one leads, which is the first of them. */
static void lead(job_t *own)
{
    edu_team_t *team = own->store->team;
    apr_interval_time_t ms = 0;
    int most = 1;

    own->rv = edu__call_patience(own->store, own->err, own->p);
    if (!own->rv && is_single(own) && edu__queue_is_empty(team->units)) {
        own->rv = own->work(own->store, own->baton);
    }
    else if (!own->rv) {
        ms = apr_time_as_msec(run_together(own));
    }
    if (team->turn.take) {
        most = ms < MAX_LEADERS - 1 ? 1 + (int)ms : MAX_LEADERS;
    }
    edu__queue_leave(team->units, &own->place, most);
}

apr_status_t edu__unit_run(const edu_store_t *store, const edu_path_t *path,
                           edu_work_fn *work, void *baton, int whole,
                           edu_error_t *err, apr_pool_t *p)
{
    job_t job = { .store = store,
                  .path = path,
                  .work = work,
                  .baton = baton,
                  .whole = whole,
                  .err = err,
                  .p = p };
    edu_queue_t *queue = store->team ? store->team->units : NULL;
    apr_time_t now = apr_time_now();
    edu_unit_t *unit = edu__unit_of(store);

    if (unit) {
        apr_status_t rv = begin(unit, err);

        return rv ? rv : run_among(store, &job);
    }
    if (is_single(&job) && !queue) {
        return work(store, baton);
    }
    if (!queue || is_apart(&job) ||
        edu__queue_up(queue, &job.place, edu__call_until(store))) {
        job.broken = 1;
    }
    edu__call_charge(store, now);
    if (job.place.leads) {
        lead(&job);
    }
    return job.broken ? run_alone(&job) : job.rv;
}
