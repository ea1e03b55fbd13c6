/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Questions to the roster that the server itself has. */

#include "inner.h"

apr_status_t edu_role_of(const char **role, const edu_store_t *store,
                         const char *class_id, const char *user_id,
                         edu_error_t *err, apr_pool_t *p)
{
    const edu_key_t key = { .class_id = class_id, .viewer = user_id };
    edu_row_t row;
    apr_status_t rv = edu__store_get(&row, store, EDU_CLASS, &key, err, p);

    *role = row.registration.viewer_role;
    return rv;
}

static void read_id(const edu_call_t *call, void *out)
{
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        *(const char **)out = edu__call_column(call, from, 0);
    }
}

apr_status_t edu_twin_of(const char **twin, const edu_store_t *store,
                         const char *class_id, const char *user_id,
                         edu_error_t *err, apr_pool_t *p)
{
    const char *args[] = { class_id, user_id, user_id };
    edu_call_t call = {
        .store = store, .sql = EDU_SQL_TWIN, .args = args, .err = err, .p = p
    };

    *twin = NULL;
    return edu__call_run(&call, read_id, twin);
}
