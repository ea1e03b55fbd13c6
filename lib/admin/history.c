/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The history of a submission: user, time and change. */

#include "admin.h"

#include <apr_strings.h>

#include <string.h>

/* An instant as versions are written, as Graph writes it. */
static const char *instant_of(const char *at, apr_pool_t *p)
{
    return edu__time_format((edu_time_t)apr_strtoi64(at, NULL, 16), p);
}

static void push(apr_array_header_t *records, const edu_cursor_t *at,
                 apr_pool_t *p)
{
    edu_admin_record_t *record = apr_array_push(records);
    const char *before = edu__cursor_text(at, "before_body");
#define TEXT(name) apr_pstrdup(p, edu__cursor_text(at, name))

    *record = (edu_admin_record_t){ .number = TEXT("seq"),
                                    .submission_id = TEXT("submission_id"),
                                    .id = TEXT("id"),
                                    .entity = TEXT("entity"),
                                    .action = TEXT("action"),
                                    .at = instant_of(TEXT("at"), p),
                                    .student = TEXT("student"),
                                    .user_id = TEXT("user_id"),
                                    .user_name = TEXT("user_name"),
                                    .application = TEXT("application"),
                                    .address = TEXT("address"),
                                    .request_id = TEXT("request_id"),
                                    .document = TEXT("after_body"),
                                    .before = edu__event_before(before)
                                                  ? ""
                                                  : apr_pstrdup(p, before) };
#undef TEXT
}

/* Whether a record is of these. */
static int is_of(const edu_cursor_t *at, const char *const *ids, int n)
{
    static const char *const columns[] = { "class_id", "assignment_id",
                                           "submission_id", "id" };
    int i = 1;

    while (i < n && strcmp(edu__cursor_text(at, columns[i]), ids[i]) == 0) {
        i++;
    }
    return i == n;
}

apr_status_t edu_admin_history(edu_admin_t *admin, const char *const *ids,
                               int n, edu_admin_record_fn *tell, void *baton)
{
    apr_array_header_t *records =
        apr_array_make(admin->p, 16, sizeof(edu_admin_record_t));
    edu_call_t call;
    edu_cursor_t at;
    apr_status_t rv = edu__admin_check(admin);

    rv = rv ? rv : edu__admin_begin(&call, admin, 0);
    if (rv) {
        return rv;
    }
    edu__cursor_open(&at, &call, &edu__wholes[EDU_WHOLE_HISTORY_OF], ids, 1,
                     admin->p);
    while (!(rv = edu__cursor_next(&at)) && at.row) {
        if (is_of(&at, ids, n)) {
            push(records, &at, admin->p);
        }
    }
    edu__whole_end(&call, 1);
    for (int i = 0; !rv && i < records->nelts; i++) {
        tell(baton, &APR_ARRAY_IDX(records, i, edu_admin_record_t));
    }
    return rv;
}
