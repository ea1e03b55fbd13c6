/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What there is to tell of a change, and of assignments that time begins. */

#include "delta.h"
#include "grading.h"

#include <apr_strings.h>

/* ------------------------------------------------------------- assignments */

static int is_visible(const edu_delta_t *delta, const edu_row_t *row)
{
    return row->stored &&
           (!delta->student || edu__is_given_to(delta->student, row->body,
                                                edu__time_now(), delta->one.p));
}

static apr_status_t tell_assignment(edu_delta_t *delta)
{
    edu_exchange_t *one = &delta->one;
    edu_key_t key = one->path.key;
    edu_row_t row;
    int given;
    apr_status_t rv;

    key.assignment_id = delta->news->id;
    if (!edu__tell_once(delta, &key)) {
        return APR_SUCCESS;
    }
    rv = edu__store_get(&row, one->store, EDU_ASSIGNMENT, &key, one->err,
                        one->p);
    rv = rv ? rv : edu__tell_role(delta, row.registration.viewer_role);
    if (rv) {
        return rv;
    }
    if (row.stored) {
        edu__tell_start(delta, edu__json_load(row.body, one->p));
    }
    if (is_visible(delta, &row)) {
        return edu__tell_row(delta, &row);
    }
    rv = edu__tell_had(delta, key.assignment_id, &given);
    if (!rv && given) {
        row.id = key.assignment_id;
        edu__tell_removed(delta, &row);
    }
    return rv;
}

/* Tells of an assignment that has begun since, or of its outcomes. */
static apr_status_t tell_begun(edu_delta_t *delta, const edu_row_t *listed)
{
    edu_exchange_t *one = &delta->one;
    edu_key_t key = one->path.key;
    edu_row_t row = *listed;
    const json_t *doc;
    apr_status_t rv = APR_SUCCESS;

    key.assignment_id = row.id;
    if (!*row.body) {
        rv = edu__store_get(&row, one->store, EDU_ASSIGNMENT, &key, one->err,
                            one->p);
    }
    if (rv || !row.stored) {
        return rv;
    }
    doc = edu__json_load(row.body, one->p);
    edu__tell_start(delta, doc);
    edu__tell_begin(delta);
    if (!edu__assignment_waits(doc, delta->was.asof) ||
        edu__assignment_waits(doc, delta->next.asof) ||
        !is_visible(delta, &row)) {
        return APR_SUCCESS;
    }
    return one->set->id == EDU_ASSIGNMENTS
               ? edu__tell_row(delta, &row)
               : edu__follow(delta, key.assignment_id, NULL);
}

/* Whether time alone changes what is told: assignments, and which outcomes of a
 * class a student sees.  An assignment that is put off is a change, which the
 * query of its outcomes tells once it has begun. */
static int is_timed(const edu_delta_t *delta)
{
    const edu_exchange_t *x = delta->x;

    return x->set->id == EDU_ASSIGNMENTS ||
           (delta->student && !x->path.key.assignment_id);
}

apr_status_t edu__tell_due(edu_delta_t *delta)
{
    const edu_exchange_t *x = delta->x;
    edu_row_t after = { .id = "", .parent_id = "" };
    edu_range_t range = { .after = &after };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_pool_t *chunk;
    apr_status_t rv;

    if ((delta->was.due && delta->was.due > delta->next.asof) ||
        !is_timed(delta)) {
        return APR_SUCCESS;
    }
    delta->next.due = EDU_TIME_MAX;
    delta->begins = 1;
    apr_pool_create(&chunk, x->p);
    do {
        rv = edu__go_on(delta->x);
        rv = rv ? rv
                : edu__store_list(&rows, &above, x->store, EDU_ASSIGNMENT,
                                  &x->path.key, &range, x->err, chunk);
        for (int i = 0; !rv && i < rows->nelts; i++) {
            const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

            apr_pool_clear(delta->one.p);
            rv = tell_begun(delta, row);
            after.id = apr_pstrdup(x->p, row->id);
        }
    } while (!rv && rows->nelts == EDU_CHUNK);
    apr_pool_destroy(chunk);
    delta->begins = 0;
    return rv;
}

/* ---------------------------------------------------------------- outcomes */

/* Whether an outcome had a placeholder by the assignment before the change. */
static apr_status_t was_placeholder(edu_delta_t *delta, const char *id,
                                    int *was)
{
    edu_exchange_t *one = &delta->one;
    edu_assignment_t assignment = { .id = delta->news->assignment_id,
                                    .version = "",
                                    .p = one->p };
    edu_row_t row = {
        .registration = {.viewer_role = "",
                         .user_id = "",
                         .assignment = &assignment}
    };
    apr_status_t rv =
        edu__feed_before(&assignment.body, one->store, one->path.key.class_id,
                         assignment.id, delta->news->number, one->err, one->p);

    *was = 0;
    if (rv || !*assignment.body) {
        return rv;
    }
    rv = edu__placeholder_get(one, &row, id);
    *was = !rv && row.version;
    return rv;
}

/* Whether a submission is registered, and the student's if this is the view of
 * one: outcomes of open submissions follow nothing. */
static int is_theirs(const edu_delta_t *delta, const edu_registration_t *of)
{
    return of->user_id &&
           (!delta->student || strcmp(of->user_id, delta->student) == 0);
}

/* Tells of the stored outcomes of a submission. */
static apr_status_t tell_stored(edu_delta_t *delta, edu_key_t key)
{
    edu_exchange_t *one = &delta->one;
    edu_row_t last = { .parent_id = "", .id = "" };
    const edu_range_t range = { .after = &last };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv;

    do {
        rv = edu__store_list(&rows, &above, one->store, EDU_OUTCOME, &key,
                             &range, one->err, one->p);
        if (rv || !is_theirs(delta, &above)) {
            return rv;
        }
        for (int i = 0; !rv && i < rows->nelts && !delta->more; i++) {
            key.outcome_id = APR_ARRAY_IDX(rows, i, edu_row_t).id;
            rv = edu__tell_outcome(delta, &key, 1);
            last.id = key.outcome_id;
        }
    } while (!rv && rows->nelts == EDU_CHUNK && !delta->more);
    return rv;
}

/* Tells of all outcomes of a submission that has come or gone, or whose
 * assignment has changed. */
static apr_status_t tell_submission(edu_delta_t *delta, edu_key_t key)
{
    apr_status_t rv = tell_stored(delta, key);

    for (int i = 0; !rv && i < EDU_SINGLETONS && !delta->more; i++) {
        int was;

        key.outcome_id = edu__singleton(i);
        rv = was_placeholder(delta, key.outcome_id, &was);
        rv = rv ? rv : edu__tell_outcome(delta, &key, was);
    }
    return rv;
}

apr_status_t edu__tell_change(edu_delta_t *delta)
{
    const edu_news_t *news = delta->news;
    edu_key_t key = delta->one.path.key;

    edu__tell_begin(delta);
    if (delta->x->set->id == EDU_ASSIGNMENTS) {
        return tell_assignment(delta);
    }
    key.assignment_id = news->assignment_id;
    if (*news->submission_id) {
        key.submission_id = news->submission_id;
    }
    if (!key.submission_id) {
        return edu__follow(delta, key.assignment_id, news);
    }
    key.outcome_id = news->id;
    return strcmp(news->entity, edu__table_name(EDU_OUTCOME)) == 0
               ? edu__tell_outcome(delta, &key, 1)
               : tell_submission(delta, key);
}
