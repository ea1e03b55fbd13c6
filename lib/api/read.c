/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* One entity is read. */

#include "verbs.h"

apr_status_t edu__resource_read(edu_exchange_t *x, edu_row_t *row)
{
    apr_status_t rv = edu__store_get(row, x->store, x->set->table, &x->path.key,
                                     x->err, x->p);

    if (rv || (rv = edu__access_settle(x, row))) {
        return rv;
    }
    if (!row->stored || (x->set->only && strcmp(x->set->only, row->role)) ||
        (x->only_student && x->set->id == EDU_SUBMISSIONS &&
         strcmp(x->only_student, row->recipient))) {
        return edu__no_entity(x, x->set);
    }
    return APR_SUCCESS;
}

apr_status_t edu__resource_get(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv = edu__resource_read(x, &row);

    return rv ? rv : edu__answer_found(x, &row);
}
