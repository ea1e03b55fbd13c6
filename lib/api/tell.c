/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What a delta query tells of a change: the row as it is now, by the view that
 * a GET has, or that it is not there.
 *
 * Students have a feed of their own: of outcomes what was shown to them, of
 * submissions their own.  What they do not see is told as removed only if they
 * saw it before.
 *
 * A page ends before something that is told and no longer fits.  What is passed
 * over takes no room, so that no page ends for what a student may not know. */

#include "delta.h"
#include "grading.h"
#include "page.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* -------------------------------------------------------------------- rows */

void edu__tell_begin(edu_delta_t *delta)
{
    delta->fits = delta->begins || (delta->shown < delta->x->query.top &&
                                    delta->bytes < EDU_PAGE_BYTES);
}

static void append(edu_delta_t *delta, const char *text)
{
    if (!delta->fits) {
        delta->more = 1;
        return;
    }
    delta->bytes += strlen(text);
    edu__append(delta->x, text);
    delta->shown++;
}

apr_status_t edu__tell_row(edu_delta_t *delta, const edu_row_t *row)
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
        if (!delta->more) {
            edu__note_row(one, row);
        }
    }
    return rv;
}

/* The member that says which outcome it is, across submissions as in lists. */
static const char *place_of(const edu_exchange_t *one, const edu_row_t *row)
{
    edu_path_t path = one->path;

    if (!edu__is_across(one) || one->format.metadata == EDU_METADATA_NONE) {
        return "";
    }
    path.user_root = NULL;
    edu__row_key(&path.key, one, row);
    return apr_pstrcat(one->p, ",\"@odata.id\":",
                       edu__json_quote(edu__path_url(&path, one->set, row->id,
                                                     one->req->base, one->p),
                                       one->p),
                       NULL);
}

/* A student cannot tell whether what is not shown exists. */
void edu__tell_removed(edu_delta_t *delta, const edu_row_t *row)
{
    apr_pool_t *p = delta->x->p;

    append(delta, apr_pstrcat(p, delta->shown ? "," : "",
                              "{\"@removed\":{\"reason\":\"",
                              delta->student ? "changed" : "deleted", "\"}",
                              place_of(&delta->one, row), ",\"id\":",
                              edu__json_quote(row->id, p), "}", NULL));
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

int edu__tell_once(edu_delta_t *delta, const edu_key_t *key)
{
    const char *name;

    if (!delta->told) { /* no change is told yet */
        return 1;
    }
    name = name_of(delta, key);
    if (is_told(delta, name)) {
        return 0;
    }
    note_told(delta, name);
    return 1;
}

apr_status_t edu__tell_role(const edu_delta_t *delta, const char *role)
{
    const edu_row_t row = { .registration = { .viewer_role = role } };
    edu_exchange_t any = *delta->x;

    any.path.key.assignment_id = NULL;
    return edu__access_settle(&any, &row);
}

apr_status_t edu__tell_had(edu_delta_t *delta, const char *assignment_id,
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
    *given =
        !rv && *body &&
        edu__is_given_to(delta->student, body,
                         edu__feed_effect(delta->news, one->store), one->p);
    return rv;
}

static edu_time_t start_of(const json_t *doc)
{
    const char *date =
        json_string_value(json_object_get(doc, "assignDateTime"));
    edu_time_t t;

    return date && !edu__time_parse(&t, date) ? t : 0;
}

void edu__tell_start(edu_delta_t *delta, const json_t *doc)
{
    edu_time_t start = start_of(doc);

    if (edu__assignment_waits(doc, delta->next.asof) && start &&
        start < delta->next.due) {
        delta->next.due = start;
    }
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
                              edu__time_now(), delta->one.p)));
}

apr_status_t edu__tell_outcome(edu_delta_t *delta, const edu_key_t *key,
                               int was)
{
    edu_exchange_t *one = &delta->one;
    edu_row_t row;
    apr_status_t rv;

    if (delta->told && is_told(delta, name_of(delta, key))) {
        return APR_SUCCESS;
    }
    rv = edu__store_get(&row, one->store, EDU_OUTCOME, key, one->err, one->p);
    rv = rv ? rv : edu__tell_role(delta, row.registration.viewer_role);
    rv = rv ? rv : edu__placeholder_get(one, &row, key->outcome_id);
    row.id = key->outcome_id;
    if (edu__is_across(one)) {
        row.assignment_id = key->assignment_id;
        row.parent_id = key->submission_id;
    }
    if (!rv && shows(delta, &row)) {
        edu__tell_once(delta, key);
        return edu__tell_row(delta, &row);
    }
    rv = !rv && was ? edu__tell_had(delta, key->assignment_id, &was) : rv;
    if (!rv && was) {
        edu__tell_once(delta, key);
        edu__tell_removed(delta, &row);
    }
    return rv;
}
