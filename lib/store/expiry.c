/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Answers are kept for a time.  What is removed at once is little, so that no
 * request waits for it. */

#include "inner.h"

#include <apr_strings.h>

/* Reads the last row. */
static void read_last(const edu_call_t *call, void *out)
{
    const char **text = out;
    struct apr_dbd_row_t *row = NULL;

    while ((row = edu__call_next(call, row))) {
        *text = edu__call_column(call, row, 0);
    }
}

/* A statement with one parameter. */
static edu_call_t call_of(const edu_store_t *store, int sql, const char **arg,
                          edu_error_t *err, apr_pool_t *p)
{
    return (edu_call_t){
        .store = store, .sql = sql, .args = arg, .err = err, .p = p
    };
}

apr_status_t edu_store_expire(int *n, const edu_store_t *store,
                              edu_error_t *err, apr_pool_t *p)
{
    const char *now = apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT,
                                   (apr_uint64_t)edu__time_now());
    const char *until = "";
    edu_call_t call = call_of(store, EDU_SQL_EXPIRED, &now, err, p);
    apr_status_t ended, rv = edu__call_run(&call, read_last, &until);
    edu_tx_t tx;

    *n = 0;
    if (rv || !*until) {
        return rv;
    }
    edu__tx_init(&tx, store, p); /* for the writer lock */
    rv = edu__tx_begin(&tx, err);
    if (rv) {
        return rv;
    }
    call = call_of(&tx.store, EDU_SQL_EXPIRE, &until, err, p);
    rv = edu__call_run(&call, NULL, NULL);
    ended = edu__tx_end(&tx, rv != APR_SUCCESS, err);
    *n = call.affected;
    return rv ? rv : ended;
}
