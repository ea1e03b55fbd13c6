/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Versions of views, and their entity tags. */

#include "grading.h"

#include <apr_strings.h>

int edu__is_students(const edu_exchange_t *x)
{
    return x->set->id == EDU_SUBMISSIONS && (x->hides & EDU_DRAFT);
}

/* A text of the width of a version that differs where others do. */
static const char *digest_of(const apr_array_header_t *texts, apr_pool_t *p)
{
    return apr_pstrmemdup(
        p, edu__digest((const char *const *)texts->elts, texts->nelts, p), 16);
}

const char *edu__row_version(const edu_exchange_t *x, const edu_row_t *row)
{
    apr_array_header_t *says;

    if (!edu__is_students(x)) {
        return row->version;
    }
    says = apr_array_make(x->p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(says, const char *) = row->recipient;
    APR_ARRAY_PUSH(says, const char *) = row->body;
    return digest_of(says, x->p);
}

const char *edu__text_version(const char *text, apr_pool_t *p)
{
    apr_array_header_t *says = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(says, const char *) = text;
    return apr_pstrcat(p, "-", digest_of(says, p), NULL);
}

/* The versions of the outcomes in a student's view of a submission. */
static const char *outcomes_version(const edu_row_t *row, apr_pool_t *p)
{
    const apr_array_header_t *outcomes = row->outcomes;
    apr_array_header_t *says =
        apr_array_make(p, 2 * outcomes->nelts + 1, sizeof(const char *));

    for (int i = 0; i < outcomes->nelts; i++) {
        const edu_row_t *outcome = &APR_ARRAY_IDX(outcomes, i, edu_row_t);

        APR_ARRAY_PUSH(says, const char *) = outcome->id;
        APR_ARRAY_PUSH(says, const char *) = outcome->version;
    }
    return apr_pstrcat(p, "-", digest_of(says, p), NULL);
}

int edu__is_waiting(const apr_array_header_t *members, apr_pool_t *p)
{
    const char *date = edu__member_text(members, "assignDateTime", p);
    edu_time_t t;

    return date && *date == '"' &&
           edu__member_is(members, "status", "\"assigned\"") &&
           (edu__time_parse(&t,
                            apr_pstrmemdup(p, date + 1, strlen(date) - 2)) ||
            t > edu__time_now());
}

/* The part of a version that time changes. */
static const char *moment_of(const edu_exchange_t *x, const edu_row_t *row)
{
    const apr_array_header_t *members = x->set->id == EDU_ASSIGNMENTS
                                            ? edu__members_load(row->body, x->p)
                                            : NULL;

    return members && edu__is_waiting(members, x->p) ? "-waiting" : "";
}

/* Control information makes another representation, too. */
static const char *level_of(const edu_exchange_t *x)
{
    static const char *const levels[] = { [EDU_METADATA_MINIMAL] = "",
                                          [EDU_METADATA_NONE] = "-none",
                                          [EDU_METADATA_FULL] = "-full" };

    return levels[x->format.metadata];
}

/* A version with one more part; most views have none. */
static const char *with(const char *version, const char *part, apr_pool_t *p)
{
    return *part ? apr_pstrcat(p, version, part, NULL) : version;
}

/* The version of a view.  An entity with other names for its status, an
 * assignment that is yet to begin, or a submission with its outcomes, some of
 * which follow the assignment, is another representation (RFC 9110 8.8.3). */
const char *edu__version_of(const edu_exchange_t *x, const edu_row_t *row)
{
    const edu_assignment_t *assignment = row->registration.assignment;
    int expanded = x->set->id == EDU_SUBMISSIONS && x->query.expands;
    const char *version;

    if (x->set->id == EDU_OUTCOMES) {
        version = edu__grading_version(row, x->req->mount->dialect, x->p);
        return with(version, level_of(x), x->p);
    }
    version = with(edu__row_version(x, row), moment_of(x, row), x->p);
    version = with(version, x->query.unknowns ? "-all" : "", x->p);
    if (expanded && assignment) {
        version = apr_pstrcat(x->p, version, "-", assignment->version, NULL);
    }
    if (edu__is_students(x) &&
        edu__query_expands(&x->query, EDU_RES_OUTCOMES)) {
        version = with(version, outcomes_version(row, x->p), x->p);
    }
    version = with(version, level_of(x), x->p);
    return with(version, x->expanded ? x->expanded : "", x->p);
}

const char *edu__tag_of(const edu_exchange_t *x, const edu_row_t *row)
{
    return edu__etag(edu__version_of(x, row), x->p);
}
