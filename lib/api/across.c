/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Outcomes of many submissions, in the order of assignment, submission and id:
 * the stored ones, and the placeholders of registered submissions at their
 * places, so that what is written meanwhile moves no other. */

#include "across.h"
#include "grading.h"
#include "page.h"

#include <apr_strings.h>

#include <stdlib.h>

/* An id after all ids. */
#define LAST_ID "~"

/* Outcomes and submissions on their way to one list. */
typedef struct merge_t {
    edu_page_t *page;
    edu_exchange_t x; /* the page's, with the memory of the chunk */
    apr_array_header_t *rows;
    int outcome, submission; /* the next ones */
    int bounded;             /* rows after the bound may not have been read */
    edu_row_t bound;
    apr_size_t loaded; /* bytes of documents that the list left out */
} merge_t;

static const edu_row_t *row_at(const apr_array_header_t *rows, int i)
{
    return i < rows->nelts ? &APR_ARRAY_IDX(rows, i, edu_row_t) : NULL;
}

static edu_row_t end_of(const edu_row_t *submission)
{
    return (edu_row_t){ .assignment_id = submission->assignment_id,
                        .parent_id = submission->parent_id,
                        .id = LAST_ID };
}

/* Both lists are complete up to here. */
static void set_bound(merge_t *merge)
{
    const apr_array_header_t *outcomes = merge->page->part.outcomes;
    const apr_array_header_t *submissions = merge->page->part.submissions;
    edu_row_t end;

    if (outcomes->nelts >= EDU_CHUNK) {
        merge->bound = *row_at(outcomes, outcomes->nelts - 1);
        merge->bounded = 1;
    }
    if (submissions->nelts >= EDU_CHUNK) {
        end = end_of(row_at(submissions, submissions->nelts - 1));
        if (!merge->bounded || edu__row_compare(&end, &merge->bound) < 0) {
            merge->bound = end;
        }
        merge->bounded = 1;
    }
}

/* Reads the document of an assignment that the list left out as too long. */
static apr_status_t load(edu_exchange_t *x, edu_assignment_t *assignment)
{
    edu_key_t key = x->path.key;
    edu_row_t row;
    apr_status_t rv;

    if (*assignment->body) {
        return APR_SUCCESS;
    }
    key.assignment_id = assignment->id;
    rv = edu__store_get(&row, x->store, EDU_ASSIGNMENT, &key, x->err,
                        assignment->p);
    if (!rv && row.stored) {
        assignment->body = row.body;
        assignment->version = row.version;
    }
    else { /* it has gone since */
        assignment->body = "{}";
    }
    return rv;
}

apr_status_t edu__across_read(edu_page_t *page)
{
    edu_exchange_t *x = page->x;
    int whole = page->part.whole; /* one refusal is enough */
    const edu_span_t span = { .only = x->only_student ? x->only_student
                                                      : page->range.only,
                              .where = whole ? NULL : page->where,
                              .registered = !page->where,
                              .after = page->range.after };
    edu_across_t *found = &page->part;
    apr_status_t rv = edu__store_across(found, x->store, &x->path.key, &span,
                                        x->err, page->chunk);

    found->whole |= whole;
    page->above = (edu_registration_t){ .viewer_role = found->viewer_role };
    if (!rv && x->path.key.assignment_id) {
        page->above.assignment =
            edu__across_assignment(found, x->path.key.assignment_id);
    }
    return rv || !page->above.assignment ? rv : load(x, page->above.assignment);
}

/* The stored outcomes of the next submission. */
static apr_array_header_t *take_stored(merge_t *merge, const edu_row_t *of)
{
    const apr_array_header_t *outcomes = merge->page->part.outcomes;
    apr_array_header_t *stored = apr_array_make(merge->x.p, 4, sizeof(*of));
    const edu_row_t *row;

    while ((row = row_at(outcomes, merge->outcome)) &&
           strcmp(row->parent_id, of->parent_id) == 0 &&
           strcmp(row->assignment_id, of->assignment_id) == 0) {
        APR_ARRAY_PUSH(stored, edu_row_t) = *row;
        merge->outcome++;
    }
    return stored;
}

static int by_key(const void *a, const void *b)
{
    return edu__row_compare(a, b);
}

/* Adds the outcomes of a submission, as far as the bound. */
static apr_status_t add(merge_t *merge, const edu_row_t *of,
                        apr_array_header_t *stored)
{
    apr_array_header_t *all = stored;
    apr_status_t rv = edu__placeholders_add(&merge->x, &all, &of->registration);

    for (int i = 0; !rv && i < all->nelts; i++) {
        edu_row_t *row = &APR_ARRAY_IDX(all, i, edu_row_t);

        row->assignment_id = of->assignment_id;
        row->parent_id = of->parent_id;
    }
    qsort(all->elts, all->nelts, sizeof(edu_row_t), by_key);
    for (int i = 0; !rv && i < all->nelts; i++) {
        const edu_row_t *row = row_at(all, i);

        if (edu__row_compare(row, &merge->page->last) > 0 &&
            (!merge->bounded || edu__row_compare(row, &merge->bound) <= 0)) {
            APR_ARRAY_PUSH(merge->rows, edu_row_t) = *row;
        }
    }
    return rv;
}

/* The next submission that has outcomes; NULL: there is none. */
static const edu_row_t *next_of(const merge_t *merge)
{
    const edu_across_t *found = &merge->page->part;
    const edu_row_t *outcome = row_at(found->outcomes, merge->outcome);
    const edu_row_t *submission = row_at(found->submissions, merge->submission);
    edu_row_t of;

    if (!outcome || !submission) {
        return outcome ? outcome : submission;
    }
    of = *outcome;
    of.id = submission->id;
    return edu__row_compare(&of, submission) < 0 ? outcome : submission;
}

/* Adds the outcomes of the next submission. @return APR_EOF: memory is short */
static apr_status_t add_next(merge_t *merge, const edu_row_t *of)
{
    edu_assignment_t *assignment = of->registration.assignment;
    apr_status_t rv = APR_SUCCESS;

    if (assignment && !*assignment->body) {
        if (merge->loaded >= EDU_PAGE_BYTES) {
            return APR_EOF;
        }
        rv = load(&merge->x, assignment);
        merge->loaded += strlen(assignment->body);
    }
    if (of == row_at(merge->page->part.submissions, merge->submission)) {
        merge->submission++;
    }
    return rv ? rv : add(merge, of, take_stored(merge, of));
}

apr_status_t edu__across_rows(edu_page_t *page, apr_array_header_t **rows)
{
    merge_t merge = { .page = page, .x = *page->x };
    const edu_row_t *of;
    apr_status_t rv = APR_SUCCESS;

    merge.x.p = page->chunk;
    merge.rows = *rows = apr_array_make(page->chunk, 16, sizeof(edu_row_t));
    set_bound(&merge);
    while (!rv && (of = next_of(&merge))) {
        rv = add_next(&merge, of);
        if (rv == APR_EOF) {
            break;
        }
        page->last = end_of(of);
    }
    page->ended = !merge.bounded && !rv;
    if (merge.bounded && !rv) {
        page->last = merge.bound;
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/* ------------------------------------------------------------------- number */

apr_status_t edu__across_count(edu_page_t *page)
{
    edu_exchange_t *x = page->x;
    const char *ids[EDU_TALLIED];
    apr_array_header_t *tallies;
    apr_status_t rv;

    page->total = 0;
    for (int i = 0; i < EDU_TALLIED; i++) {
        ids[i] = edu__singleton(i);
    }
    rv = edu__store_tally(&tallies, x->store, &x->path.key, ids, x->err, x->p);
    for (int i = 0; !rv && i < tallies->nelts; i++) {
        const edu_tally_t *tally = &APR_ARRAY_IDX(tallies, i, edu_tally_t);
        edu_assignment_t *assignment = tally->assignment;

        if (!assignment) {
            page->total += tally->number;
            continue;
        }
        rv = load(x, assignment);
        for (int j = 0; !rv && j < EDU_TALLIED; j++) {
            int due;

            rv = edu__placeholder_due(x, &due, assignment, ids[j]);
            page->total += due ? tally->number - tally->with[j] : 0;
        }
    }
    return rv;
}
