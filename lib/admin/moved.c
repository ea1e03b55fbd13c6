/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What was done to many rows is one row of the history. */

#include "move.h"

#include <apr_strings.h>

/* From one report of progress to the next. */
#define STEP 1024

const char *edu_moved_name(int i)
{
    return edu__wholes[i].name + strlen("edu_");
}

apr_status_t edu__moved_begin(edu_moved_t *moved, edu_call_t *call,
                              apr_pool_t **p, edu_admin_t *admin)
{
    apr_status_t rv = edu__admin_check(admin);

    memset(moved, 0, sizeof(*moved));
    if (rv) {
        return rv;
    }
    memset(&admin->err, 0, sizeof(admin->err));
    rv = edu__admin_begin(call, admin, 0);
    if (!rv) {
        apr_pool_create(p, admin->p);
    }
    return rv;
}

/* `{"member":1,"outcome":12}` */
static const char *counts_of(const edu_moved_t *moved, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < EDU_MOVED; i++) {
        apr_int64_t n = moved->rows[i] + moved->removed[i];

        if (n) {
            text = apr_psprintf(p, "%s%s\"%s\":%" APR_INT64_T_FMT, text,
                                *text ? "," : "", edu_moved_name(i), n);
        }
    }
    return apr_pstrcat(p, "{", text, "}", NULL);
}

apr_status_t edu__moved_record(const edu_moved_t *moved, const char *action,
                               const char *by, edu_tx_t *tx, edu_error_t *err,
                               apr_pool_t *p)
{
    const edu_whole_t *history = &edu__wholes[EDU_HISTORY];
    const char *row[EDU_COLUMNS_MAX];
    edu_single_e done;

    for (int i = 0; i < EDU_COLUMNS_MAX; i++) {
        row[i] = "";
    }
    row[edu__single_column(history, "action")] = action;
    row[edu__single_column(history, "user_id")] = by ? by : "";
    row[edu__single_column(history, "application")] = "edu-outcomes";
    row[edu__single_column(history, "at")] = apr_psprintf(
        p, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)edu__time_now());
    row[edu__single_column(history, "after_body")] = counts_of(moved, p);
    return edu__single_insert(&done, tx, EDU_HISTORY, row, err, p);
}

void edu__moved_tell(const edu_admin_t *admin, int table, apr_int64_t done,
                     apr_int64_t all)
{
    if (all && (done % STEP == 0 || done >= all)) {
        edu__admin_tell(admin, &edu__wholes[table], done, all);
    }
}

apr_status_t edu__moved_failed(edu_admin_t *admin, const char *file,
                               apr_status_t rv)
{
    char says[120];

    return edu__admin_fail(admin,
                           APR_STATUS_IS_ENOENT(rv)   ? EDU_ENOTFOUND
                           : APR_STATUS_IS_ENOSPC(rv) ? EDU_ENOSPACE
                                                      : EDU_EUNAVAILABLE,
                           "%s: %s", file,
                           apr_strerror(rv, says, sizeof(says)));
}
