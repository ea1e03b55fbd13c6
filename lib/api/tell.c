/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What a delta query tells of a change: the row as it is now, by the view that
 * a GET has, or that it is not there.
 *
 * Students have a feed of their own: of outcomes what was shown to them, of
 * submissions their own.  What they do not see is told as removed only if they
 * saw it before. */

#include "delta.h"
#include "grading.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* -------------------------------------------------------------------- rows */

static void append(edu_delta_t *delta, const char *text)
{
    delta->bytes += strlen(text);
    edu__append(delta->x, text);
    delta->shown++;
}

/* Tells a row as it is. */
static apr_status_t tell(edu_delta_t *delta, const edu_row_t *row)
{
    edu_exchange_t *one = &delta->one;
    apr_array_header_t *parts = delta->text.body;
    apr_size_t len;
    apr_status_t rv;

    apr_array_clear(parts);
    edu__append(one, delta->shown ? ",{" : "{");
    rv = edu__append_entity(one, row);
    if (!rv) {
        append(delta, apr_pstrcatv(delta->x->p, (struct iovec *)parts->elts,
                                   parts->nelts, &len));
        edu__note_row(one, row);
    }
    return rv;
}

/* Tells that a row is not there.  A student cannot tell whether it exists. */
static void tell_removed(edu_delta_t *delta, const char *id)
{
    append(delta, apr_pstrcat(delta->x->p, delta->shown ? "," : "",
                              "{\"@removed\":{\"reason\":\"",
                              delta->student ? "changed" : "deleted",
                              "\"},\"id\":", edu__json_quote(id, delta->x->p),
                              "}", NULL));
}

/* What delta->told has of a row. */
static const char *name_of(edu_delta_t *delta, const edu_key_t *key)
{
    return apr_pstrcat(apr_hash_pool_get(delta->told), key->assignment_id, "/",
                       key->submission_id ? key->submission_id : "", "/",
                       key->outcome_id ? key->outcome_id : "", NULL);
}

static int is_told(const edu_delta_t *delta, const char *name)
{
    return apr_hash_get(delta->told, name, APR_HASH_KEY_STRING) != NULL;
}

static void note_told(edu_delta_t *delta, const char *name)
{
    apr_hash_set(delta->told, name, APR_HASH_KEY_STRING, name);
}

/* Whether the student had an assignment before the change that is told. */
static apr_status_t was_given(edu_delta_t *delta, const char *assignment_id,
                              int *given)
{
    const edu_exchange_t *one = &delta->one;
    const char *body;
    apr_status_t rv;

    *given = 1;
    if (!delta->student) {
        return APR_SUCCESS;
    }
    rv = edu__feed_before(&body, one->store, one->path.key.class_id,
                          assignment_id, delta->news->number, one->err, one->p);
    *given = !rv && *body && edu__is_given_to(delta->student, body, one->p);
    return rv;
}

/* ------------------------------------------------------------- assignments */

static edu_time_t start_of(const json_t *doc)
{
    const char *date =
        json_string_value(json_object_get(doc, "assignDateTime"));
    edu_time_t t;

    return date && !edu__time_parse(&t, date) ? t : 0;
}

/* Notes when an assignment begins, if it is yet to. */
static void note_start(edu_delta_t *delta, const json_t *doc)
{
    edu_time_t start = start_of(doc);

    if (edu__assignment_waits(doc, delta->next.asof) && start &&
        (!delta->next.due || start < delta->next.due)) {
        delta->next.due = start;
    }
}

static int is_visible(const edu_delta_t *delta, const edu_row_t *row)
{
    return row->stored &&
           (!delta->student ||
            edu__is_given_to(delta->student, row->body, delta->one.p));
}

static apr_status_t tell_assignment(edu_delta_t *delta)
{
    edu_exchange_t *one = &delta->one;
    edu_key_t key = one->path.key;
    const char *name;
    edu_row_t row;
    int given;
    apr_status_t rv;

    key.assignment_id = delta->news->id;
    name = name_of(delta, &key);
    if (is_told(delta, name)) {
        return APR_SUCCESS;
    }
    note_told(delta, name);
    rv = edu__store_get(&row, one->store, EDU_ASSIGNMENT, &key, one->err,
                        one->p);
    rv = rv ? rv : edu__access_settle(delta->x, &row);
    if (rv) {
        return rv;
    }
    if (row.stored) {
        note_start(delta, edu__json_load(row.body, one->p));
    }
    if (is_visible(delta, &row)) {
        return tell(delta, &row);
    }
    rv = was_given(delta, key.assignment_id, &given);
    if (!rv && given) {
        tell_removed(delta, key.assignment_id);
    }
    return rv;
}

/* Tells of an assignment that has begun since. */
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
    note_start(delta, doc);
    return edu__assignment_waits(doc, delta->was.asof) &&
                   !edu__assignment_waits(doc, delta->next.asof) &&
                   is_visible(delta, &row)
               ? tell(delta, &row)
               : APR_SUCCESS;
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
        x->set->id != EDU_ASSIGNMENTS) {
        return APR_SUCCESS;
    }
    delta->next.due = EDU_TIME_MAX;
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
    return rv;
}

/* ---------------------------------------------------------------- outcomes */

/* Whether the view has an outcome, or its placeholder. */
static int shows(const edu_delta_t *delta, const edu_row_t *row)
{
    const edu_registration_t *of = &row->registration;

    return row->version &&
           (!delta->student ||
            (of->user_id && strcmp(of->user_id, delta->student) == 0 &&
             of->assignment &&
             edu__is_given_to(delta->student, of->assignment->body,
                              delta->one.p)));
}

/* Tells of the outcome of an id, which is one of the path of delta->one.
 * @param was  it was there before */
static apr_status_t tell_outcome(edu_delta_t *delta, const char *id, int was)
{
    edu_exchange_t *one = &delta->one;
    edu_key_t key = one->path.key;
    const char *name;
    edu_row_t row;
    apr_status_t rv;

    key.outcome_id = id;
    name = name_of(delta, &key);
    if (is_told(delta, name)) {
        return APR_SUCCESS;
    }
    rv = edu__store_get(&row, one->store, EDU_OUTCOME, &key, one->err, one->p);
    rv = rv ? rv : edu__access_settle(delta->x, &row);
    rv = rv ? rv : edu__placeholder_get(one, &row, id);
    if (!rv && shows(delta, &row)) {
        note_told(delta, name);
        return tell(delta, &row);
    }
    rv = !rv && was ? was_given(delta, key.assignment_id, &was) : rv;
    if (!rv && was) {
        note_told(delta, name);
        tell_removed(delta, id);
    }
    return rv;
}

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

/* Tells of all outcomes of a submission that has come or gone, or whose
 * assignment has changed. */
static apr_status_t tell_submission(edu_delta_t *delta)
{
    edu_exchange_t *one = &delta->one;
    const edu_range_t whole = { .only = NULL };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv = edu__store_list(&rows, &above, one->store, EDU_OUTCOME,
                                      &one->path.key, &whole, one->err, one->p);

    if (rv || !above.user_id) { /* those of open ones follow nothing */
        rows->nelts = 0;
    }
    for (int i = 0; !rv && i < rows->nelts; i++) {
        rv = tell_outcome(delta, APR_ARRAY_IDX(rows, i, edu_row_t).id, 1);
    }
    for (int i = 0; !rv && i < EDU_SINGLETONS; i++) {
        const char *id = edu__singleton(i);
        int was;

        rv = was_placeholder(delta, id, &was);
        rv = rv ? rv : tell_outcome(delta, id, was);
    }
    return rv;
}

apr_status_t edu__tell_change(edu_delta_t *delta)
{
    const edu_news_t *news = delta->news;
    edu_key_t *key = &delta->one.path.key;

    if (delta->x->set->id == EDU_ASSIGNMENTS) {
        return tell_assignment(delta);
    }
    key->assignment_id = news->assignment_id;
    if (*news->submission_id) {
        key->submission_id = news->submission_id;
    }
    return strcmp(news->entity, edu__table_name(EDU_OUTCOME)) == 0
               ? tell_outcome(delta, news->id, 1)
               : tell_submission(delta);
}
