/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The record of reads: each reader, and the student whose outcomes were read.
 * It is no part of the history: a read changes nothing, and no request waits
 * until it is recorded. */

#include "inner.h"

#include <apr_strings.h>

static apr_status_t insert(const edu_store_t *store, const edu_read_t *read,
                           edu_error_t *err, apr_pool_t *p)
{
    const char *args[EDU_READ_COLUMNS];
    edu_call_t call = { .store = store,
                        .sql = EDU_SQL_INSERT_READ,
                        .args = args,
                        .err = err,
                        .p = p };

    memcpy(args, read->texts, sizeof(args));
    if (!*args[EDU_READ_AT]) {
        args[EDU_READ_AT] = apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT,
                                         (apr_uint64_t)edu__time_now());
    }
    return edu__call_run(&call, NULL, NULL);
}

apr_status_t edu_store_record_reads(const edu_store_t *store,
                                    const edu_read_t *reads, int n,
                                    edu_error_t *err, apr_pool_t *p)
{
    edu_tx_t tx;
    apr_status_t ended, rv;

    edu__tx_init(&tx, store, p);
    rv = edu__tx_begin(&tx, err);
    if (rv) {
        return rv;
    }
    for (int i = 0; !rv && i < n; i++) {
        rv = insert(&tx.store, &reads[i], err, p);
    }
    ended = edu__tx_end(&tx, rv != APR_SUCCESS, err);
    return rv ? rv : ended;
}
