/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Members of a submission that follow from its deeds and its columns. */

#include "api.h"

#include <apr_strings.h>

/* The user of an action that was never taken is written out with nulls;
 * submittedBy names the student from the start (contract.md 1.3, example 42).
 */
static void fill_deeds(apr_array_header_t *members, const char *recipient,
                       apr_pool_t *p)
{
    static const char *const others[] = { "unsubmittedBy", "returnedBy",
                                          "reassignedBy", "excusedBy", NULL };
    const edu_caller_t student = { .user_id = recipient };
    const char *nobody = edu__identity_text(NULL, p);

    edu__member_replace(members, "submittedBy", "null",
                        edu__identity_text(&student, p));
    for (int i = 0; others[i]; i++) {
        edu__member_replace(members, others[i], "null", nobody);
    }
}

/* Clients that do not ask for reassigned and excused by Prefer are shown a
 * return instead (contract.md 3). */
static void mask_status(apr_array_header_t *members)
{
    static const struct news_t {
        const char *status, *by, *when;
    } news[] = {
        {"\"reassigned\"", "reassignedBy", "reassignedDateTime"},
        { "\"excused\"",   "excusedBy",    "excusedDateTime"   }
    };

    for (int i = 0; i < 2; i++) {
        if (edu__member_is(members, "status", news[i].status)) {
            edu__member_copy(members, "returnedBy", news[i].by);
            edu__member_copy(members, "returnedDateTime", news[i].when);
            edu__member_set(members, "status", "\"returned\"");
        }
    }
}

static const char *recipient_of(const char *user_id, apr_pool_t *p)
{
    return apr_pstrcat(p,
                       "{\"@odata.type\":\"#" EDU_NAMESPACE
                       "educationSubmissionIndividualRecipient\",\"userId\":",
                       edu__json_quote(user_id, p), "}", NULL);
}

/* The version of a submission is the instant of the last change of it or of an
 * outcome of it; that of one loaded by SQL may be 0. */
static void fill_modified(apr_array_header_t *members, const edu_row_t *row,
                          apr_pool_t *p)
{
    edu_time_t t = apr_strtoi64(row->version, NULL, 16);
    const char *who = row->modified_by && *row->modified_by
                          ? edu__json_tidy(row->modified_by, p)
                          : NULL;

    edu__member_set(members, "lastModifiedBy",
                    who ? who : edu__identity_text(NULL, p));
    edu__member_set(members, "lastModifiedDateTime",
                    t ? edu__json_quote(edu__time_format(t, p), p) : "null");
}

static const char *text_at(const apr_array_header_t *members, const char *deed,
                           const char *what, apr_pool_t *p)
{
    return edu__member_text(members, apr_pstrcat(p, deed, what, NULL), p);
}

/* For a student the last change is the last deed, or else the creation. */
static void fill_last_deed(apr_array_header_t *members, const edu_row_t *row,
                           apr_pool_t *p)
{
    static const char *const deeds[] = { "submitted", "unsubmitted",
                                         "returned",  "reassigned",
                                         "excused",   NULL };
    edu_time_t last = 0, t;
    const char *who = NULL;

    for (int i = 0; deeds[i]; i++) {
        const char *at = text_at(members, deeds[i], "DateTime", p);

        if (at && *at == '"' &&
            !edu__time_parse(&t, apr_pstrmemdup(p, at + 1, strlen(at) - 2)) &&
            t >= last) {
            last = t;
            who = text_at(members, deeds[i], "By", p);
        }
    }
    last = last ? last : apr_strtoi64(row->sort_key, NULL, 16);
    edu__member_set(members, "lastModifiedBy",
                    who && *who == '{' ? who : edu__identity_text(NULL, p));
    edu__member_set(members, "lastModifiedDateTime",
                    last ? edu__json_quote(edu__time_format(last, p), p)
                         : "null");
}

void edu__fill_submission(apr_array_header_t *members, const edu_exchange_t *x,
                          const edu_row_t *row)
{
    edu__member_set(members, "assignmentId",
                    edu__json_quote(row->parent_id, x->p));
    edu__member_set(members, "recipient", recipient_of(row->recipient, x->p));
    if (!edu__member_is(members, "status", "\"")) {
        edu__member_set(members, "status", "\"working\"");
    }
    if (edu__is_students(x)) {
        fill_last_deed(members, row, x->p);
    }
    else {
        fill_modified(members, row, x->p);
    }
    fill_deeds(members, row->recipient, x->p);
    if (!x->query.unknowns) {
        mask_status(members);
    }
}
