/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The ids of a request in answers and logs, and the error document. */

#include "base.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* Characters of an RFC 9110 token: nothing that could break a header or a log
 * line. */
static int is_token(const char *s)
{
    apr_size_t len = strlen(s);

    if (len == 0 || len > 128) {
        return 0;
    }
    while (apr_isalnum(*s) || (*s && strchr("!#$%&'*+-.^_`|~", *s))) {
        s++;
    }
    return *s == '\0';
}

/* Version, trace, span and flags, of which nothing else is read. */
static int is_parent(const char *s)
{
    static const apr_size_t ends[] = { 2, 35, 52, 55 };
    apr_size_t at = 0;

    for (int i = 0; i < 4; i++) {
        at += strspn(s + at, "0123456789abcdef");
        if (at != ends[i] || s[at] != (i < 3 ? '-' : '\0')) {
            return 0;
        }
        at++;
    }
    return 1;
}

void edu_trace_init(edu_trace_t *trace, const char *client_request_id,
                    const char *parent, apr_pool_t *p)
{
    trace->parent = parent && is_parent(parent) ? parent : NULL;
    trace->request_id = edu__new_guid(p);
    trace->client_request_id = client_request_id && is_token(client_request_id)
                                   ? client_request_id
                                   : NULL;
}

/* Graph's own spelling of this one date: no fraction, no zone. */
static const char *error_date(apr_pool_t *p)
{
    return apr_pstrmemdup(p, edu__time_format(edu__time_now(), p),
                          sizeof("2024-08-27T13:04:10") - 1);
}

const char *edu_error_document(const edu_error_t *err, const edu_trace_t *trace,
                               apr_pool_t *p)
{
    /* `*` leaves a member out where its value is NULL */
    json_t *doc = json_pack(
        "{s:{s:s, s:s, s:s*, s:{s:s*, s:s*, s:s, s:s, s:s*}}}", "error", "code",
        err->code, "message", err->message, "target", err->target, "innerError",
        "code", err->inner, "message", err->inner_message, "date",
        error_date(p), "request-id", trace->request_id, "client-request-id",
        trace->client_request_id);

    return edu__json_text(edu__json_own(doc, p), p);
}
