/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file unit.h
 * @brief Shared by unit programs: JSON as a C string can carry it.
 */
#ifndef UNIT_H
#define UNIT_H

#include "base.h"
#include "tap.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The key of an outcome; of its collection, if `outcome` is NULL. */
#define OUTCOME_AT(class, assignment, submission, outcome)                     \
    {                                                                          \
        .class_id = (class), .assignment_id = (assignment),                    \
        .submission_id = (submission), .outcome_id = (outcome)                 \
    }

/* An authenticated caller. */
#define USER(id)                                                               \
    {                                                                          \
        .authenticated = 1, .user_id = (id), .scopes = EDU_SCOPES_ANY          \
    }

/* ' for ", so that a table row can be read. */
static inline const char *quotes(const char *s, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, s);

    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return copy;
}

/* The header and the body of a request of JSON: the baton is its text, or
 * NULL. */
static inline const char *json_header(void *baton, const char *name)
{
    (void)baton;
    return strcmp(name, "Content-Type") == 0 ? "application/json" : NULL;
}

static inline apr_status_t json_body(void *baton, const char **data,
                                     apr_size_t *len, apr_off_t max,
                                     edu_error_t *err, apr_pool_t *p)
{
    (void)max;
    (void)err;
    (void)p;
    *data = baton;
    *len = *data ? strlen(*data) : 0;
    return APR_SUCCESS;
}

/* A value from such a text, NULL for NULL; a test that is ill-written dies. */
static inline json_t *value(const char *s, apr_pool_t *p)
{
    json_error_t at;
    json_t *json;

    if (!s) {
        return NULL;
    }
    json =
        json_loads(quotes(s, p), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &at);
    if (!json) {
        fprintf(stderr, "# no JSON: %s: %s\n", at.text, s);
        abort();
    }
    return edu__json_own(json, p);
}

/* The body of a response in one piece. */
static inline const char *text_of(const edu_response_t *res, apr_pool_t *p)
{
    apr_array_header_t *parts =
        apr_array_make(p, res->body->nelts + 1, sizeof(const char *));

    for (int i = 0; i < res->body->nelts; i++) {
        const struct iovec *part = &APR_ARRAY_IDX(res->body, i, struct iovec);

        APR_ARRAY_PUSH(parts, const char *) =
            apr_pstrmemdup(p, part->iov_base, part->iov_len);
    }
    return apr_array_pstrcat(p, parts, 0);
}

#endif /* UNIT_H */
