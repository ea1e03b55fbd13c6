/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The entry of the library. */

#include "verbs.h"

void edu_service_run(edu_response_t *res, const edu_request_t *req,
                     apr_pool_t *p)
{
    edu__dispatch(res, req, edu__batch_run, p);
}
