/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A user that the roster spells otherwise is refused as any stranger, and an
 * administrator should know why. */

#include "mod_edu.h"

#include <apr_atomic.h>

#define FOUND APR_UINT32_MAX /* nobody looks any more */

/* Whether to look: until a twin is found, once a second at most, so that
 * strangers cannot make this process read rosters. */
static int is_due(volatile apr_uint32_t *looked)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t last = apr_atomic_read32(looked);

    return last != FOUND && last != now &&
           apr_atomic_cas32(looked, now, last) == last;
}

int edum_warn_of_twin(request_rec *r)
{
    database_t *database = edum_server_config(r->server)->database;
    const char *class_id, *user, *twin;
    edu_store_t store;
    edu_error_t err;

    if (r->status != HTTP_FORBIDDEN || !r->user ||
        !(class_id = edum_class(r)) || !(user = edum_caller(r)->user_id) ||
        !is_due(&database->looked)) {
        return DECLINED;
    }
    store = edum_store(r->server, NULL, r->pool);
    if (!edu_twin_of(&twin, &store, class_id, user, &err, r->pool) && twin) {
        apr_atomic_set32(&database->looked, FOUND);
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "EDU0014: '%s' was refused in the class '%s', which has "
                      "a member '%s': ids that differ in the case of a letter "
                      "are those of two people. If they are one, let "
                      "EduOutcomesUserId be %%{tolower:...} of what it is now, "
                      "and provision ids in lower case. This process looks for "
                      "no others",
                      user, class_id, twin);
    }
    return DECLINED;
}
