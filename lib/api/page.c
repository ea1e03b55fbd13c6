/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A page takes the rows that the filter admits, until it is full; a document
 * that the list left out is read again. */

#include "below.h"
#include "grading.h"
#include "page.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* Whether values make the order; for a student always, for that of an index of
 * times tells of drafts. */
int edu__page_is_sorted(const edu_page_t *page)
{
    return page->q->orderby && (!page->timed || (page->x->hides & EDU_DRAFT));
}

/* Whether a student's list leaves out rows that are not the student's. */
static int is_limited(const edu_page_t *page)
{
    const edu_exchange_t *x = page->x;

    return x->given_to ||
           (edu__is_for_student(x) &&
            (x->set->id == EDU_ASSIGNMENTS || page->range.since)) ||
           (page->range.across && (x->only_student || edu__is_for_student(x)));
}

int edu__page_filters(const edu_page_t *page)
{
    return page->q->filter || page->x->path.cast || is_limited(page);
}

/* Whether a row is of the type that the path names; entities of other sets than
 * outcomes have one type. */
static int is_cast(const edu_exchange_t *x, const edu_row_t *row)
{
    return !x->path.cast || x->set->id != EDU_OUTCOMES ||
           edu__type_is(edu__type_find(row->type), x->path.cast);
}

/* Whether the list left out a document that is needed here. */
static int is_short(const edu_page_t *page, const edu_row_t *row)
{
    const edu_assignment_t *assignment = row->registration.assignment;
    int is = !*row->body;

    if (is_limited(page) && !page->across) {
        is |= assignment && !*assignment->body;
    }
    if (page->range.outcomes && row->outcomes) {
        is |= assignment && !*assignment->body;
        for (int i = 0; i < row->outcomes->nelts; i++) {
            is |= !*APR_ARRAY_IDX(row->outcomes, i, edu_row_t).body;
        }
    }
    return is;
}

/* Frees the previous row's memory, if it is worth the locks of a pool. */
void edu__page_begin_row(edu_page_t *page)
{
    if (page->heavy) {
        apr_pool_clear(page->one.p);
    }
    page->heavy = 0;
    page->again = 0;
}

/* Whether an outcome that was read again is still of the students' whose
 * outcomes are listed. */
static int is_theirs(const edu_page_t *page, const edu_row_t *row)
{
    const char *only = page->x->only_student;
    const char *user = row->registration.user_id;

    return (!only || (user && strcmp(user, only) == 0)) &&
           edu__access_shows(&page->one, row);
}

/* Reads a row whose document the list left out; a row that is gone loses its
 * version. */
static apr_status_t complete(edu_page_t *page, edu_row_t *row)
{
    const edu_exchange_t *one = &page->one;
    edu_table_e table = one->set->table;
    edu_path_t path = one->path;
    edu_row_t whole;
    apr_status_t rv;

    if (!is_short(page, row)) {
        return APR_SUCCESS;
    }
    edu__row_key(&path.key, one, row);
    page->heavy = 1;
    rv = edu__store_get(&whole, one->store, table, &path.key, one->err, one->p);
    if (!rv && whole.version) {
        rv = edu__access_settle(page->x, &whole);
    }
    if (!rv && table == EDU_SUBMISSION && whole.registration.assignment) {
        page->again = strlen(whole.registration.assignment->body);
    }
    if (!rv && page->across) {
        rv = edu__placeholder_get(&page->one, &whole, row->id);
        whole.parent_id = row->parent_id;
        whole.assignment_id = row->assignment_id;
        whole.version = is_theirs(page, &whole) ? whole.version : NULL;
    }
    whole.kind =
        table == EDU_ASSIGNMENT || table == EDU_CLASS ? row->kind : whole.kind;
    *row = whole;
    return rv;
}

/* Whether a student sees the last change of a submission in the time that is
 * asked for; others' rows were chosen by it. */
static int is_recent(const edu_page_t *page, const json_t *doc)
{
    const char *at =
        json_string_value(json_object_get(doc, "lastModifiedDateTime"));
    edu_time_t t;

    return !page->range.since || !(page->x->hides & EDU_DRAFT) ||
           (at && !edu__time_parse(&t, at) &&
            t >= apr_strtoi64(page->range.since, NULL, 16));
}

/* Whether the values of a row matter, not only that there is one. */
static int is_looked_at(const edu_page_t *page)
{
    return page->q->filter || page->groups || edu__page_is_sorted(page);
}

/* Whether the filter admits a row; out: its document, if wanted. */
apr_status_t edu__page_match(edu_page_t *page, edu_row_t *row,
                             const json_t **doc, int *fits)
{
    const edu_query_t *q = page->q;
    apr_status_t rv = APR_SUCCESS;

    *doc = NULL;
    *fits = 1;
    if (!edu__page_filters(page) && !is_looked_at(page)) {
        return APR_SUCCESS;
    }
    rv = complete(page, row);
    *fits = !rv && row->version && edu__access_shows(&page->one, row) &&
            is_cast(page->x, row);
    if (!*fits || !is_looked_at(page)) {
        return rv;
    }
    *doc = edu__view(&page->one, row);
    if (!*doc) {
        return edu__damaged(&page->one, page->x->set->type->name, row->id);
    }
    if (q->noted) {
        *doc = edu__place(&page->one, row, *doc);
    }
    *fits = is_recent(page, *doc);
    return *fits ? edu__query_admits(fits, q, *doc, page->x->err, page->one.p)
                 : APR_SUCCESS;
}

/* The text of a row, in parts: of one whose levels are to be read without them
 * and its closing brace. */
static apr_status_t render(edu_page_t *page, const edu_row_t *row)
{
    const char *text;

    apr_array_clear(page->text.body);
    edu__append(&page->one, page->shown ? ",{" : "{");
    if (!page->rows) {
        return edu__append_entity(&page->one, row);
    }
    text = edu__view_text(&page->one, row);
    if (!text) {
        return edu__damaged(&page->one, page->x->set->type->name, row->id);
    }
    edu__append_bytes(&page->one, text + 1, strlen(text) - 2);
    return APR_SUCCESS;
}

/* The parts as one text in lasting memory, with its length. */
static struct iovec join(const edu_page_t *page)
{
    const apr_array_header_t *parts = page->text.body;
    struct iovec whole;

    whole.iov_base = apr_pstrcatv(page->x->p, (struct iovec *)parts->elts,
                                  parts->nelts, &whole.iov_len);
    return whole;
}

/* Keeps a row for its levels, and their place in the answer. */
static void keep(edu_page_t *page, const edu_row_t *row)
{
    apr_pool_t *p = page->x->p;
    edu_shown_t *shown = apr_array_push(page->rows);

    shown->row = (edu_row_t){ .id = apr_pstrdup(p, row->id),
                              .sort_key = apr_pstrdup(p, row->sort_key),
                              .kind = apr_pstrdup(p, row->kind),
                              .version = apr_pstrdup(p, row->version),
                              .modified_by = "",
                              .body = apr_pstrdup(p, row->body),
                              .parent_id = apr_pstrdup(p, row->parent_id),
                              .stored = row->stored };
    shown->print = edu__print_of(row, edu__row_version(&page->one, row));
    shown->part = page->x->res->body->nelts - 1;
    edu__append(page->x, "");
    edu__append(page->x, "}");
}

/* Shows a row, copied into lasting memory, unless the page is full. */
apr_status_t edu__page_put(edu_page_t *page, edu_row_t *row)
{
    apr_status_t rv = complete(page, row);
    apr_size_t size = page->again;

    if (rv || !row->version || (rv = render(page, row))) {
        return rv;
    }
    for (int i = 0; i < page->text.body->nelts; i++) {
        size += APR_ARRAY_IDX(page->text.body, i, struct iovec).iov_len;
    }
    page->bytes += size;
    page->full = page->bytes > EDU_PAGE_BYTES && page->shown > 0;
    if (!page->full) {
        APR_ARRAY_PUSH(page->x->res->body, struct iovec) = join(page);
        page->shown++;
        edu__note_row(page->x, row);
        if (page->rows) {
            keep(page, row);
        }
    }
    return APR_SUCCESS;
}

const char *edu__page_lead(const edu_page_t *page, const edu_row_t *row)
{
    return page->timed        ? row->version
           : page->across     ? row->assignment_id
           : page->registered ? row->sort_key
                              : "";
}

/* Ends the page before a row that was shown. */
static void cut(edu_page_t *page, int before)
{
    const edu_row_t *last =
        &APR_ARRAY_IDX(page->rows, before - 1, edu_shown_t).row;

    page->x->res->body->nelts =
        APR_ARRAY_IDX(page->rows, before, edu_shown_t).part;
    page->more = 1;
    page->next = page->token;
    if (!edu__page_is_sorted(page)) {
        page->next.row = (edu_row_t){ .sort_key = "",
                                      .parent_id = last->parent_id,
                                      .id = last->id };
    }
    for (int i = 0; edu__page_is_sorted(page) && i < before; i++) {
        edu__print_add(&page->next,
                       APR_ARRAY_IDX(page->rows, i, edu_shown_t).print);
    }
}

/* Shows the levels of some rows.
 * @param bytes  of the answer so far
 * @return APR_EOF: the page is cut */
static apr_status_t fill(edu_page_t *page, edu_exchange_t *x, int from, int to,
                         apr_size_t *bytes)
{
    apr_array_header_t *body = page->x->res->body;

    for (int i = from; i < to; i++) {
        edu_shown_t *shown = &APR_ARRAY_IDX(page->rows, i, edu_shown_t);
        struct iovec *part;
        apr_status_t rv;

        apr_array_clear(page->text.body);
        rv = edu__append_levels(x, &shown->row);
        if (rv) {
            return rv;
        }
        part = &APR_ARRAY_IDX(body, shown->part + 1, struct iovec);
        *part = join(page);
        *bytes += part[-1].iov_len + part->iov_len;
        if (*bytes > EDU_PAGE_BYTES && i > 0) {
            cut(page, i);
            return APR_EOF;
        }
    }
    return APR_SUCCESS;
}

apr_status_t edu__page_fill(edu_page_t *page)
{
    edu_exchange_t x = page->one;
    apr_size_t bytes = 0;
    apr_status_t rv = APR_SUCCESS;
    int n = page->rows ? page->rows->nelts : 0, some;

    apr_pool_create(&x.p, page->x->p);
    for (int from = 0; !rv && from < n; from += some) {
        apr_array_header_t *above;

        apr_pool_clear(x.p);
        above = apr_array_make(x.p, n - from, sizeof(edu_row_t *));
        for (int i = from; i < n; i++) {
            APR_ARRAY_PUSH(above, edu_row_t *) =
                &APR_ARRAY_IDX(page->rows, i, edu_shown_t).row;
        }
        some = n - from;
        rv = edu__below_read(&x, (edu_row_t **)above->elts, &some, x.p);
        rv = rv ? rv : fill(page, &x, from, from + some, &bytes);
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

int edu__page_is_full(const edu_page_t *page)
{
    return page->full || page->shown >= page->q->top;
}

/* Notes where the page ends, before the last row's memory is freed. */
void edu__page_keep_end(edu_page_t *page)
{
    const edu_row_t *row = page->end;
    apr_pool_t *p = page->x->p;

    if (row) {
        page->next.row =
            (edu_row_t){ .sort_key = apr_pstrdup(p, edu__page_lead(page, row)),
                         .parent_id = apr_pstrdup(p, row->parent_id),
                         .id = apr_pstrdup(p, row->id) };
    }
    page->end = NULL;
}
