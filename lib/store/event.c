/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Rows of the history, as events. */

#include "inner.h"
#include "whole.h"

#include <apr_strings.h>

/* Numbers of one width sort as text. */
static const char *padded(const char *number, apr_pool_t *p)
{
    return apr_psprintf(p, "%018" APR_INT64_T_FMT, apr_atoi64(number));
}

apr_int64_t edu__event_before(const char *before_body)
{
    return apr_atoi64(before_body);
}

static edu_event_t *event_at(const edu_call_t *call, struct apr_dbd_row_t *from)
{
    edu_event_t *event = apr_palloc(call->p, sizeof(*event));
    const char *before = edu__call_column(call, from, 16);

    *event = (edu_event_t){ .class_id = edu__call_column(call, from, 1),
                            .assignment_id = edu__call_column(call, from, 2),
                            .submission_id = edu__call_column(call, from, 3),
                            .id = edu__call_column(call, from, 4),
                            .entity = edu__call_column(call, from, 5),
                            .action = edu__call_column(call, from, 6),
                            .derived = edu__call_column(call, from, 7),
                            .version = edu__call_column(call, from, 8),
                            .student = edu__call_column(call, from, 9),
                            .user_id = edu__call_column(call, from, 10),
                            .user_name = edu__call_column(call, from, 11),
                            .application = edu__call_column(call, from, 12),
                            .address = edu__call_column(call, from, 13),
                            .request_id = edu__call_column(call, from, 14),
                            .at = edu__call_column(call, from, 15),
                            .before = edu__event_before(before) ? "" : before,
                            .after = edu__call_column(call, from, 17) };
    return event;
}

edu_row_t edu__event_at(const edu_call_t *call, struct apr_dbd_row_t *from)
{
    const char *number = edu__call_column(call, from, 0);
    const edu_event_t *event = event_at(call, from);

    if (strcmp(number, "0") == 0) {
        return (edu_row_t){ .id = event->class_id, .version = "" };
    }
    return (edu_row_t){ .id = number,
                        .sort_key = "",
                        .kind = "",
                        .version = padded(number, call->p),
                        .modified_by = "",
                        .body = *event->after == '-' ? "" : "{}",
                        .parent_id = "",
                        .stored = 1,
                        .event = event };
}
