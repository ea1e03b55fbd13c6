/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Members of a submission that follow from its deeds and its columns. */

#include "api.h"

#include <apr_strings.h>

/* Clients that do not ask for reassigned and excused by Prefer are shown a
 * return instead (contract.md 3). */
static void mask_status(apr_array_header_t *members, const char *status)
{
    static const struct news_t {
        const char *status, *by, *when;
    } news[] = {
        {"\"reassigned\"", "reassignedBy", "reassignedDateTime"},
        { "\"excused\"",   "excusedBy",    "excusedDateTime"   }
    };

    for (int i = 0; i < 2; i++) {
        if (strncmp(status, news[i].status, strlen(news[i].status)) == 0) {
            edu__member_copy(members, "returnedBy", news[i].by);
            edu__member_copy(members, "returnedDateTime", news[i].when);
            edu__member_set(members, "status", "\"returned\"");
        }
    }
}

/* The last change that a reader sees. */
typedef struct last_t {
    const char *who; /* NULL: nobody */
    edu_time_t when; /* 0: unknown */
} last_t;

static const char *recipient_of(const char *user_id, apr_pool_t *p)
{
    return apr_pstrcat(p,
                       "{\"@odata.type\":\"#" EDU_NAMESPACE
                       "educationSubmissionIndividualRecipient\",\"userId\":",
                       edu__json_quote(user_id, p), "}", NULL);
}

/* The version of a submission is the instant of the last change of it or of an
 * outcome of it; that of one loaded by SQL may be 0. */
static last_t last_change(const edu_row_t *row, apr_pool_t *p)
{
    return (last_t){ row->modified_by && *row->modified_by
                         ? edu__json_tidy(row->modified_by, p)
                         : NULL,
                     apr_strtoi64(row->version, NULL, 16) };
}

static const char *text_at(const apr_array_header_t *members, const char *deed,
                           const char *what, apr_pool_t *p)
{
    return edu__member_text(members, apr_pstrcat(p, deed, what, NULL), p);
}

/* For a student the last change is the last deed, or else the creation. */
static last_t last_deed(const apr_array_header_t *members, const edu_row_t *row,
                        apr_pool_t *p)
{
    static const char *const deeds[] = { "submitted", "unsubmitted",
                                         "returned",  "reassigned",
                                         "excused",   NULL };
    last_t last = { NULL, 0 };
    edu_time_t t;

    for (int i = 0; deeds[i]; i++) {
        const char *at = text_at(members, deeds[i], "DateTime", p);

        if (at && *at == '"' &&
            !edu__time_parse(&t, apr_pstrmemdup(p, at + 1, strlen(at) - 2)) &&
            t >= last.when) {
            last.when = t;
            last.who = text_at(members, deeds[i], "By", p);
        }
    }
    last.when = last.when ? last.when : apr_strtoi64(row->sort_key, NULL, 16);
    last.who = last.who && *last.who == '{' ? last.who : NULL;
    return last;
}

/* The user of an action that was never taken is written out with nulls;
 * submittedBy names the student from the start (contract.md 1.3, example 42).
 */
void edu__fill_submission(apr_array_header_t *members, const edu_exchange_t *x,
                          const edu_row_t *row)
{
    const edu_caller_t student = { .user_id = row->recipient };
    const char *own = edu__identity_text(&student, x->p);
    const char *nobody = edu__identity_text(NULL, x->p);
    const char *recipient = recipient_of(row->recipient, x->p);
    const char *assignment = edu__json_quote(row->parent_id, x->p);
    const char *status = edu__member(members, "status");
    int known = status && *status == '"';
    last_t last = edu__is_students(x) ? last_deed(members, row, x->p)
                                      : last_change(row, x->p);
    const char *who = last.who ? last.who : nobody;
    const char *when =
        last.when ? edu__json_quote(edu__time_format(last.when, x->p), x->p)
                  : "null";
    const char *named = known ? NULL : "\"working\"";
    const edu_fill_t fills[] = {
        {"assignmentId",          assignment, 0},
        { "excusedBy",            nobody,     1},
        { "lastModifiedBy",       who,        0},
        { "lastModifiedDateTime", when,       0},
        { "reassignedBy",         nobody,     1},
        { "recipient",            recipient,  0},
        { "returnedBy",           nobody,     1},
        { "status",               named,      0},
        { "submittedBy",          own,        1},
        { "unsubmittedBy",        nobody,     1}
    };

    edu__entity_fill(members, fills, sizeof(fills) / sizeof(fills[0]));
    if (known && !x->query.unknowns) {
        mask_status(members, status);
    }
}
