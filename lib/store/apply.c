/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The one loop that all writes go through: each is done if its guard holds, and
 * leaves a record in the history, which is committed or undone with it.
 *
 * 1. A record is written after its write, in the same transaction or, where
 *    the database can, by the same statement; of rows below a deleted one,
 *    before the first of them goes.  A write that changes no row leaves none,
 *    so that one that is tried again, for its connection was lost, is recorded
 *    once.
 * 2. A record's number is drawn after the row is locked, and before COMMIT: no
 *    writer waits for the flush of another.  Of two changes of a row the later
 *    has the greater number, and so has a change that began when another had
 *    been acknowledged.  A class has no lock: of changes that went on side by
 *    side, the one with the lesser number may be seen later.
 * 3. So a reader that goes on from the greatest number it saw may miss such a
 *    change.  One that must not goes by feed.c. */

#include "inner.h"

/* How many writes share their memory. */
#define MAX_KEPT 16

/* Changes on their way. */
typedef struct apply_t {
    edu_failure_t *failed;
    const edu_store_t *store;
    const edu_changes_t *changes;
    const int *recorded; /* of each write that removes rows below, how many have
                            been recorded; NULL: none has yet */
    edu_error_t *err;
} apply_t;

/* Whether an attempt whose connection was lost before the answer did it. */
apr_status_t edu__write_look_back(int *applied, const edu_store_t *store,
                                  const edu_write_t *write, edu_error_t *err,
                                  apr_pool_t *p)
{
    const edu_row_t *after = write->after;
    edu_row_t now;
    apr_status_t rv =
        edu__store_get(&now, store, write->table, &write->key, err, p);

    *applied = !after
                   ? !now.stored
                   : now.stored && strcmp(now.version, after->version) == 0 &&
                         (!after->body || strcmp(now.body, after->body) == 0);
    return rv;
}

/* Why the guard of a write did not hold. */
static edu_result_e result_of(const edu_write_t *write)
{
    return write->op == EDU_INSERT || write->guard == EDU_IF_CHILDLESS
               ? EDU_EXISTS
           : write->op == EDU_LOCK ? EDU_MISSING
                                   : EDU_CHANGED;
}

/* Whether the statement of a write did what it should.
 * @return APR_EAGAIN: its guard did not hold */
static apr_status_t judge(const apply_t *it, const edu_write_t *write,
                          const edu_call_t *call)
{
    int applied = call->affected == 1 || write->guard == EDU_ALWAYS;
    apr_status_t rv = !applied && call->outcome_unknown
                          ? edu__write_look_back(&applied, call->store, write,
                                                 it->err, call->p)
                          : APR_SUCCESS;

    if (rv || applied) {
        return rv;
    }
    it->failed->result = result_of(write);
    return APR_EAGAIN;
}

/* Whether a statement that writes can record as well. */
static int records_within(const edu_store_t *store, const edu_write_t *write)
{
    return store->group && store->group->records_within &&
           write->op != EDU_DELETE_BELOW;
}

int edu__write_is_one(const edu_store_t *store, const edu_write_t *write)
{
    return !store->history || !edu__write_is_recorded(write) ||
           records_within(store, write);
}

/* Runs the statement of a write. */
static apr_status_t run(const apply_t *it, const edu_write_t *write,
                        edu_call_t *call)
{
    apr_status_t rv = edu__call_is_shared(call)
                          ? edu__call_share(call, NULL, NULL)
                          : edu__call_run(call, NULL, NULL);

    return rv ? rv : judge(it, write, call);
}

/* Runs a statement that only records, within the transaction of its write.
 * @param n  out: how many records it made */
static apr_status_t record(int *n, const apply_t *it, int sql,
                           const char **args, apr_pool_t *p)
{
    edu_call_t call = {
        .store = it->store, .sql = sql, .args = args, .err = it->err, .p = p
    };
    apr_status_t rv = edu__call_run(&call, NULL, NULL);

    *n = call.affected;
    return rv;
}

/* Records all rows that will be removed below another: a submission tells the
 * student of its outcomes, and goes before they do. */
static apr_status_t record_below(apply_t *it, apr_pool_t *p)
{
    const apr_array_header_t *writes = it->changes->writes;
    int *recorded = apr_pcalloc(p, writes->nelts * sizeof(*recorded));
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < writes->nelts; i++) {
        const edu_write_t *write = &APR_ARRAY_IDX(writes, i, edu_write_t);

        if (write->op == EDU_DELETE_BELOW) {
            edu_args_t args = { .n = 0 };
            int sql = edu__bind_record(&args, it->changes, write, p);

            rv = record(&recorded[i], it, sql, args.list, p);
        }
    }
    it->recorded = recorded;
    return rv;
}

/* Removes rows that have been recorded.  A row that another transaction adds
 * between the two would be removed without a record: then all is undone, and
 * may be tried again. */
static apr_status_t remove_below(const apply_t *it, const edu_write_t *write,
                                 edu_call_t *call)
{
    apr_status_t rv = run(it, write, call);

    if (!rv && it->recorded &&
        it->recorded[it->failed->write] != call->affected) {
        rv = edu__tx_break(call->store->tx, "rows were added meanwhile",
                           call->err, call->p);
    }
    return rv;
}

/* Does one write. */
static apr_status_t apply(const apply_t *it, const edu_write_t *write,
                          apr_pool_t *p)
{
    edu_args_t args;
    edu_call_t call = { .store = it->store,
                        .sql = edu__bind(&args, write),
                        .args = args.list,
                        .err = it->err,
                        .p = p };
    int first = args.n, sql = 0, recorded;
    apr_status_t rv;

    if (write->op == EDU_DELETE_BELOW) {
        return remove_below(it, write, &call);
    }
    if (it->store->history) {
        sql = edu__bind_record(&args, it->changes, write, p);
    }
    if (sql && records_within(it->store, write)) {
        call.record = first;
    }
    rv = run(it, write, &call);
    return rv || !sql || call.record || call.affected == 0
               ? rv
               : record(&recorded, it, sql, args.list + first, p);
}

apr_status_t edu__changes_apply(edu_failure_t *failed, const edu_store_t *store,
                                const edu_changes_t *changes, edu_error_t *err,
                                apr_pool_t *p)
{
    apply_t it = {
        .failed = failed, .store = store, .changes = changes, .err = err
    };
    int n = changes->writes->nelts;
    apr_pool_t *own = p;
    apr_status_t rv = APR_SUCCESS;

    if (n > MAX_KEPT) {
        apr_pool_create(&own, p);
    }
    for (int i = 0; !rv && i < n; i++) {
        const edu_write_t *write =
            &APR_ARRAY_IDX(changes->writes, i, edu_write_t);

        failed->write = i;
        if (store->history && write->op == EDU_DELETE_BELOW && !it.recorded) {
            rv = record_below(&it, p);
        }
        rv = rv ? rv : apply(&it, write, own);
        if (!rv && own != p) { /* else it holds the reason */
            apr_pool_clear(own);
        }
    }
    return rv;
}
