/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The one loop that all writes go through: each is done if its guard holds, and
 * leaves a record in the history, which is committed or undone with it.
 *
 * 1. A record is written after its write, in the same transaction or, where the
 *    database can, by the same statement.  A write that changes no row leaves
 *    none, so that one that is tried again, for its connection was lost, is
 *    recorded once.
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

/* Runs a statement that only records, within the transaction of its write. */
static apr_status_t record(edu_call_t *record, int sql, const edu_call_t *call,
                           const edu_args_t *args, int first)
{
    *record = (edu_call_t){ .store = call->store,
                            .sql = sql,
                            .args = (const char **)args->list + first,
                            .err = call->err,
                            .p = call->p };
    return edu__call_run(record, NULL, NULL);
}

/* Removes rows that are recorded first.  A row that another transaction adds
 * between the two would be removed without a record: then all is undone, and
 * may be tried again. */
static apr_status_t remove_below(const apply_t *it, const edu_write_t *write,
                                 edu_call_t *call, int sql,
                                 const edu_args_t *args, int first)
{
    edu_call_t recorded;
    apr_status_t rv = record(&recorded, sql, call, args, first);

    rv = rv ? rv : run(it, write, call);
    if (!rv && recorded.affected != call->affected) {
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
    edu_call_t recorded, call = { .store = it->store,
                                  .sql = edu__bind(&args, write),
                                  .args = args.list,
                                  .err = it->err,
                                  .p = p };
    int first = args.n;
    int sql =
        it->store->history ? edu__bind_record(&args, it->changes, write, p) : 0;
    apr_status_t rv;

    if (sql && write->op == EDU_DELETE_BELOW) {
        return remove_below(it, write, &call, sql, &args, first);
    }
    if (sql && records_within(it->store, write)) {
        call.record = first;
    }
    rv = run(it, write, &call);
    return rv || !sql || call.record || call.affected == 0
               ? rv
               : record(&recorded, sql, &call, &args, first);
}

apr_status_t edu__changes_apply(edu_failure_t *failed, const edu_store_t *store,
                                const edu_changes_t *changes, edu_error_t *err,
                                apr_pool_t *p)
{
    const apply_t it = {
        .failed = failed, .store = store, .changes = changes, .err = err
    };
    int n = changes->writes->nelts;
    apr_pool_t *own = p;
    apr_status_t rv = APR_SUCCESS;

    if (n > MAX_KEPT) {
        apr_pool_create(&own, p);
    }
    for (int i = 0; !rv && i < n; i++) {
        failed->write = i;
        rv = apply(&it, &APR_ARRAY_IDX(changes->writes, i, edu_write_t), own);
        if (!rv && own != p) { /* else it holds the reason */
            apr_pool_clear(own);
        }
    }
    return rv;
}
