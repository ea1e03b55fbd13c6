/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Transactions, behind the face of a store. */

#include "edu_private.h"

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

/* A savepoint in the unit that has the transaction.  A broken one has none that
 * it could be in. */
static apr_status_t begin_inner(edu_unit_t *unit)
{
    apr_status_t rv = edu__call_open(&unit->call);

    if (!rv) {
        rv = edu__call_control(&unit->call, EDU_SAVEPOINT);
        unit->outer->broken = rv != APR_SUCCESS;
    }
    return rv;
}

/* Statements of our own, for apr_dbd_transaction_start crashes on a connection
 * that is dead, and hides errors on one that is not. */
static apr_status_t begin_outer(edu_unit_t *unit)
{
    apr_status_t rv = edu__call_open(&unit->call);

    if (!rv && (rv = edu__call_control(&unit->call, EDU_BEGIN))) {
        edu__call_close(&unit->call);
    }
    return rv;
}

apr_status_t edu__unit_begin(edu_unit_t *unit, const edu_store_t *store,
                             edu_error_t *err, apr_pool_t *p)
{
    memset(unit, 0, sizeof(*unit));
    unit->outer = edu__unit_of(store);
    unit->call = (edu_call_t){ .store = store, .err = err, .p = p };
    unit->store = *store;
    unit->store.open = lend;
    unit->store.close = take_back;
    unit->store.baton = unit;
    return unit->outer ? begin_inner(unit) : begin_outer(unit);
}

/* Whether there is anything to commit. */
static apr_status_t check(const edu_unit_t *unit)
{
    const edu_call_t *call = &unit->call;
    apr_status_t rv = unit->broken ? edu_error_set(call->err, EDU_EUNAVAILABLE,
                                                   NULL, call->p, NULL)
                                   : APR_SUCCESS;

    if (rv) {
        call->err->detail = edu__call_why(unit);
    }
    return rv;
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
    unit->outer->broken = rv != APR_SUCCESS;
    return rv;
}

/* No transaction goes back to the pool open. */
static apr_status_t end_outer(edu_unit_t *unit, int undo)
{
    apr_status_t rv = check(unit);
    edu_error_t ignored;

    if (!rv && !undo) {
        rv = edu__call_control(&unit->call, EDU_COMMIT);
    }
    if (rv || undo) {
        unit->call.err = &ignored;
        edu__call_control(&unit->call, EDU_ROLLBACK);
    }
    edu__call_close(&unit->call);
    return rv;
}

apr_status_t edu__unit_end(edu_unit_t *unit, int undo, edu_error_t *err)
{
    edu_error_t ignored;

    /* who undoes has said why */
    unit->call.err = undo ? &ignored : err;
    return unit->outer ? end_inner(unit, undo) : end_outer(unit, undo);
}
