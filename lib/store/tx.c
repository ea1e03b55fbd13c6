/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Transactions and savepoints, the writer lock, and checkpoints. */

#include "inner.h"

/* The pages of a log after which it has to begin anew: 64 MiB of SQLite's,
 * half of the size at which a COMMIT makes a checkpoint. */
#define MAX_LOG 16384

/* A failed transaction has no savepoints. */
static apr_status_t begin_inner(edu_tx_t *tx)
{
    apr_status_t rv = edu__call_open(&tx->call);

    if (!rv) {
        rv = edu__call_control(&tx->call, EDU_SAVEPOINT);
        tx->outer->broken = rv;
    }
    return rv;
}

/* Waits for the lock of this process, which a dead one does not keep. */
static apr_status_t acquire_lock(const edu_call_t *call)
{
    const edu_group_t *group = call->store->group;
    apr_status_t rv = group && group->lock.acquire
                          ? group->lock.acquire(group->lock.baton, call->until)
                          : APR_SUCCESS;

    if (rv) {
        rv = edu_error_set(call->err, EDU_EUNAVAILABLE, NULL, call->p, NULL);
        call->err->detail = "a writer kept the request waiting too long";
    }
    return rv;
}

static void release_lock(const edu_call_t *call)
{
    const edu_group_t *group = call->store->group;

    if (group && group->lock.release) {
        group->lock.release(group->lock.baton);
    }
}

/* Own statements, for apr_dbd_transaction_start crashes on a dead connection,
 * and hides errors on a live one. */
static apr_status_t begin_outer(edu_tx_t *tx)
{
    apr_status_t rv = edu__call_open(&tx->call);

    if (rv) {
        return rv;
    }
    rv = acquire_lock(&tx->call);
    if (!rv && (rv = edu__call_control(&tx->call, EDU_BEGIN))) {
        release_lock(&tx->call);
    }
    if (rv) {
        edu__call_close(&tx->call);
    }
    return rv;
}

void edu__tx_init(edu_tx_t *tx, const edu_store_t *store, apr_pool_t *p)
{
    memset(tx, 0, sizeof(*tx));
    tx->outer = store->tx;
    tx->savepoints = store->tx && store->tx->savepoints;
    tx->call = (edu_call_t){ .store = store, .p = p };
    tx->store = *store;
    tx->store.tx = tx;
}

apr_status_t edu__tx_begin(edu_tx_t *tx, edu_error_t *err)
{
    apr_status_t rv = tx->outer ? edu__tx_begin(tx->outer, err) : APR_SUCCESS;

    if (rv || tx->begun) {
        return rv;
    }
    tx->call.err = err;
    rv = tx->outer ? begin_inner(tx) : begin_outer(tx);
    tx->begun = rv == APR_SUCCESS;
    return rv;
}

void edu__tx_restart(edu_tx_t *tx)
{
    tx->broken = edu__call_control(&tx->call, EDU_ROLLBACK);
    if (!tx->broken) {
        tx->broken = edu__call_control(&tx->call, EDU_BEGIN);
    }
}

apr_status_t edu__tx_break(edu_tx_t *tx, const char *why, edu_error_t *err,
                           apr_pool_t *p)
{
    tx->broken = edu_error_set(err, EDU_EUNAVAILABLE, NULL, p, NULL);
    err->detail = why;
    return tx->broken;
}

/* Whether a transaction is so old, ten times EduOutcomesTimeout, that it may no
 * longer be committed: readers of the feed do not wait for it (feed.c, 2).
 * It had half of one such time to begin in, up to call.until. */
static int is_overdue(const edu_tx_t *tx)
{
    return apr_time_now() >
           tx->call.until + edu__store_timeout(tx->call.store) / 2 * 19;
}

/* Whether there is anything to commit. */
static apr_status_t check(const edu_tx_t *tx)
{
    const edu_call_t *call = &tx->call;

    if (tx->broken) {
        edu_error_set(call->err, tx->broken, NULL, call->p, NULL);
        call->err->detail = edu__call_why(tx);
    }
    return tx->broken;
}

/* A failure in a savepoint may have ended the transaction: then the outer one
 * is lost as well. */
static apr_status_t end_inner(edu_tx_t *tx, int undo)
{
    apr_status_t rv = check(tx);

    if (!rv && undo) {
        rv = edu__call_control(&tx->call, EDU_ROLLBACK_TO);
    }
    if (!rv) {
        rv = edu__call_control(&tx->call, EDU_RELEASE);
    }
    tx->outer->broken = rv;
    return rv;
}

/* No transaction goes back to the pool open.  The log is flushed after the
 * writer lock is released, so that others write meanwhile.  A COMMIT that the
 * database refuses has done nothing, for sure. */
static apr_status_t end_outer(edu_tx_t *tx, int undo)
{
    int unknown, durable = edu__call_is_durable(&tx->call);
    apr_status_t rv = check(tx);
    edu_error_t ignored;

    if (!rv && !undo && is_overdue(tx)) {
        rv = edu__tx_break(tx, "the transaction took too long", tx->call.err,
                           tx->call.p);
    }
    if (!rv && !undo) {
        rv = edu__call_control(&tx->call, EDU_COMMIT);
        unknown = rv == EDU_EUNAVAILABLE && !edu__call_is_undone(&tx->call);
        tx->broken = unknown ? APR_SUCCESS : rv;
        tx->outcome_unknown = unknown && durable;
    }
    if (rv || undo) {
        tx->call.err = &ignored;
        edu__call_control(&tx->call, EDU_ROLLBACK);
    }
    release_lock(&tx->call);
    if (!rv && !undo) {
        rv = edu__call_flush(&tx->call);
    }
    edu__call_close(&tx->call);
    return rv;
}

apr_status_t edu__tx_end(edu_tx_t *tx, int undo, edu_error_t *err)
{
    edu_error_t ignored;

    if (!tx->begun) {
        return APR_SUCCESS;
    }
    tx->begun = 0;
    /* the caller has described why it undoes */
    tx->call.err = undo ? &ignored : err;
    return tx->outer ? end_inner(tx, undo) : end_outer(tx, undo);
}

/* The log can only begin anew when all of it is copied and flushed, which is
 * never so while others write.  They wait for the last copy alone, of what they
 * wrote since the one before. */
apr_status_t edu_store_checkpoint(const edu_store_t *store, edu_error_t *err,
                                  apr_pool_t *p)
{
    edu_call_t call = { .store = store, .err = err, .p = p };
    apr_status_t rv = edu__call_open(&call);
    int pages;

    if (rv) {
        return rv;
    }
    rv = edu__call_is_there(&call);
    rv = rv ? rv : edu__call_checkpoint(&call, &pages);
    if (!rv && pages > MAX_LOG && !(rv = edu__call_flush_data(&call)) &&
        !(rv = edu__call_checkpoint(&call, &pages)) &&
        !(rv = acquire_lock(&call))) {
        rv = edu__call_checkpoint(&call, &pages);
        release_lock(&call);
    }
    edu__call_close(&call);
    return rv;
}
