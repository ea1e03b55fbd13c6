/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Outcomes that follow a change of their assignment, of all its submissions:
 * the letters of points, the lists of rubrics and the placeholders do, and for
 * a student whether there is anything to see.
 *
 * They are read as a list across submissions is.  A page ends between two
 * submissions; the next one goes on after the last that was told. */

#include "delta.h"
#include "grading.h"
#include "page.h"

#include <apr_strings.h>

#include <stdlib.h>

/* An id after all ids. */
#define LAST_ID "~"

typedef struct follow_t {
    edu_delta_t *delta;
    edu_page_t page;         /* of a list across, of which parts are read */
    edu_exchange_t x;        /* the request for that list */
    edu_assignment_t before; /* as it was before the change */
    int was, is;             /* the view had, and has, its outcomes */
    const char *lost[EDU_SINGLETONS]; /* what submissions have no more */
    int losses;
    const char *told, *at; /* the last submission told, and the one that is */
    apr_pool_t *p;         /* memory for the whole */
} follow_t;

/* ----------------------------------------------------------------- deciding */

static int is_given(const follow_t *follow, const edu_assignment_t *assignment)
{
    const char *student = follow->delta->student;

    return *assignment->body &&
           (!student || edu__is_given_to(student, assignment->body,
                                         edu__time_now(), follow->p));
}

/* Finds the placeholders that went with the change. */
static apr_status_t find_lost(follow_t *follow, edu_assignment_t *now)
{
    apr_status_t rv = APR_SUCCESS;

    follow->losses = 0;
    for (int i = 0; !rv && i < EDU_SINGLETONS; i++) {
        const char *id = edu__singleton(i);
        int was, is;

        rv = edu__placeholder_due(&follow->x, &was, &follow->before, id);
        rv = rv ? rv : edu__placeholder_due(&follow->x, &is, now, id);
        if (!rv && was && !is) {
            follow->lost[follow->losses++] = id;
        }
    }
    return rv;
}

/* Decides by the assignment what is to be told of its outcomes.  What a student
 * sees no more goes as it was before: what the assignment has become since is
 * not to be seen in it. */
static apr_status_t decide(follow_t *follow)
{
    edu_assignment_t *now = follow->page.above.assignment;

    if (!now) {
        follow->is = follow->was = 0; /* each submission has gone by itself */
        return APR_SUCCESS;
    }
    edu__tell_start(follow->delta, edu__json_load(now->body, follow->p));
    follow->is = is_given(follow, now);
    if (follow->is && follow->was) {
        return find_lost(follow, now);
    }
    if (follow->was) {
        now->body = follow->before.body;
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ reading */

static int by_key(const void *a, const void *b)
{
    return edu__row_compare(a, b);
}

/* Adds the lost placeholders of a submission that are in this part, and not
 * stored.
 * @param all  sorted, but for what is added */
static void add_lost(follow_t *follow, apr_array_header_t *all, int stored,
                     const edu_row_t *of, const edu_row_t *from)
{
    for (int i = 0; i < follow->losses; i++) {
        edu_row_t row = { .id = follow->lost[i],
                          .parent_id = of->parent_id,
                          .assignment_id = of->assignment_id,
                          .registration = of->registration };

        if (edu__row_compare(&row, from) > 0 &&
            (follow->page.ended ||
             edu__row_compare(&row, &follow->page.last) <= 0) &&
            !bsearch(&row, all->elts, stored, sizeof(row), by_key)) {
            APR_ARRAY_PUSH(all, edu_row_t) = row;
        }
    }
}

/* Reads the next part of the outcomes, and decides what is told of them. */
static apr_status_t read_part(follow_t *follow, apr_array_header_t **rows)
{
    edu_page_t *page = &follow->page;
    const edu_row_t from = page->last;
    const apr_array_header_t *of;
    apr_status_t rv = edu__go_on(follow->delta->x);
    int stored;

    rv = rv ? rv : edu__across_read(page);
    rv = rv ? rv : edu__tell_role(follow->delta, page->above.viewer_role);
    rv = rv ? rv : decide(follow);
    rv = rv ? rv : edu__across_rows(page, rows);
    if (rv) {
        return rv;
    }
    of = page->part.submissions;
    stored = (*rows)->nelts;
    for (int i = 0; i < of->nelts; i++) {
        add_lost(follow, *rows, stored, &APR_ARRAY_IDX(of, i, edu_row_t),
                 &from);
    }
    qsort((*rows)->elts, (*rows)->nelts, sizeof(edu_row_t), by_key);
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ telling */

/* Tells of an outcome; one without a version is lost. */
static apr_status_t tell(follow_t *follow, const edu_row_t *row)
{
    edu_delta_t *delta = follow->delta;
    edu_key_t key = follow->x.path.key;

    key.submission_id = row->parent_id;
    key.outcome_id = row->id;
    if (follow->is && row->version && !*row->body) { /* it is too long */
        return edu__tell_outcome(delta, &key, 0);
    }
    if (!edu__tell_once(delta, &key)) {
        return APR_SUCCESS;
    }
    if (follow->is && row->version) {
        return edu__tell_row(delta, row);
    }
    edu__tell_removed(delta, row);
    return APR_SUCCESS;
}

static apr_status_t tell_part(follow_t *follow, const apr_array_header_t *rows)
{
    edu_delta_t *delta = follow->delta;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < rows->nelts && !delta->more; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        if (!row->registration
                 .user_id) { /* those of open ones follow nothing */
            continue;
        }
        if (strcmp(row->parent_id, follow->at) != 0) {
            follow->told = follow->at;
            follow->at = apr_pstrdup(follow->p, row->parent_id);
            edu__tell_begin(delta);
        }
        apr_pool_clear(delta->one.p);
        rv = tell(follow, row);
    }
    return rv;
}

/* Frees a part, whose last row the next goes on after. */
static void end_part(follow_t *follow)
{
    edu_row_t *last = &follow->page.last;

    *last = (edu_row_t){ .assignment_id = follow->x.path.key.assignment_id,
                         .parent_id = apr_pstrdup(follow->p, last->parent_id),
                         .id = apr_pstrdup(follow->p, last->id) };
    apr_pool_clear(follow->page.chunk);
}

static apr_status_t tell_all(follow_t *follow)
{
    edu_delta_t *delta = follow->delta;
    apr_array_header_t *rows;
    apr_status_t rv;

    do {
        rv = read_part(follow, &rows);
        if (rv || !(follow->is || follow->was)) {
            return rv;
        }
        rv = tell_part(follow, rows);
        end_part(follow);
    } while (!rv && !follow->page.ended && !delta->more);
    return rv;
}

/* Notes how far a change was told. */
static void note_part(const follow_t *follow, const edu_news_t *news)
{
    edu_sync_t *next = &follow->delta->next;

    if (follow->delta->more && *follow->told) {
        next->part = news->number;
        next->submission_id = apr_pstrdup(follow->delta->x->p, follow->told);
    }
}

static void begin(follow_t *follow, edu_delta_t *delta,
                  const char *assignment_id, const char *after)
{
    *follow = (follow_t){ .delta = delta, .told = after, .at = after };
    apr_pool_create(&follow->p, delta->x->p);
    follow->x = delta->one;
    follow->x.p = follow->p;
    follow->x.path.key.assignment_id = assignment_id;
    follow->before = (edu_assignment_t){
        .id = assignment_id, .version = "", .body = "", .p = follow->p
    };
    follow->page.x = &follow->x;
    follow->page.range.after = &follow->page.last;
    follow->page.last = (edu_row_t){ .assignment_id = assignment_id,
                                     .parent_id = after,
                                     .id = *after ? LAST_ID : "" };
    apr_pool_create(&follow->page.chunk, follow->p);
}

apr_status_t edu__follow(edu_delta_t *delta, const char *assignment_id,
                         const edu_news_t *news)
{
    const edu_sync_t *was = &delta->was;
    follow_t follow;
    apr_status_t rv = APR_SUCCESS;

    begin(&follow, delta, apr_pstrdup(delta->x->p, assignment_id),
          news && news->number == was->part ? was->submission_id : "");
    if (news) {
        rv = edu__feed_before(&follow.before.body, delta->x->store,
                              follow.x.path.key.class_id, assignment_id,
                              news->number, follow.x.err, follow.p);
        follow.was = !rv && is_given(&follow, &follow.before);
    }
    rv = rv ? rv : tell_all(&follow);
    if (!rv && news) {
        note_part(&follow, news);
    }
    apr_pool_destroy(follow.p);
    return rv;
}
