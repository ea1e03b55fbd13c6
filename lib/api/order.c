/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Rows are shown in the order of an index, row by row; or in another order, for
 * which every row is visited and the first ones are remembered. */

#include "page.h"

#include <apr_strings.h>

/* Whether a row comes after the page before. */
static int follows(const edu_page_t *page, const edu_row_t *row)
{
    const edu_row_t *after = &page->token.row;
    int order = 0;

    if (page->timed || page->across) {
        order = strcmp(edu__page_lead(page, row), after->sort_key);
    }
    order = order ? order : strcmp(row->parent_id, after->parent_id);
    order = order ? order : strcmp(row->id, after->id);
    return page->timed && !page->range.oldest ? order < 0 : order > 0;
}

apr_status_t edu__page_show(edu_page_t *page, edu_row_t *row)
{
    const json_t *doc;
    int fits;
    apr_status_t rv = edu__page_match(page, row, &doc, &fits);

    if (rv || !fits) {
        return rv;
    }
    page->total++;
    if (*page->token.row.id && !follows(page, page->row)) {
        return APR_SUCCESS;
    }
    if (page->left > 0) {
        page->left--;
        return APR_SUCCESS;
    }
    if (!edu__page_is_full(page)) {
        int shown = page->shown;

        rv = edu__page_put(page, row);
        page->end = page->shown > shown ? page->row : page->end;
        if (rv || !page->full) {
            return rv;
        }
    }
    page->more = page->q->top > 0;
    page->done = !page->q->count || (!edu__page_filters(page) && !page->ended);
    return APR_SUCCESS;
}

/* The print of a row that a link to the next page knows it by. */
static edu_print_t print_of(const edu_page_t *page, const edu_row_t *row)
{
    return edu__print_of(row, edu__row_version(&page->one, row));
}

/* Rows of registered submissions that are equal in $orderby come in Graph's
 * order, that of creation. */
static apr_status_t position_of(edu_position_t *position,
                                const edu_page_t *page, const edu_row_t *row,
                                const json_t *doc)
{
    apr_status_t rv = edu__position_of(
        position, row, page->timed ? "" : edu__page_lead(page, row), doc,
        page->q, page->x->err, page->one.p);

    position->print = print_of(page, row);
    position->row = page->keeps ? page->row : NULL;
    return rv;
}

/* Finds the previous page's latest row that is unchanged. */
apr_status_t edu__page_seek(edu_page_t *page, edu_row_t *row)
{
    const edu_token_t *token = &page->token;
    edu_print_t print = print_of(page, row);
    int i = edu__print_find(token, print), fits;
    const json_t *doc;
    apr_status_t rv;

    if (i <= page->found || token->prints[i - 1].version != print.version) {
        return APR_SUCCESS;
    }
    rv = edu__page_match(page, row, &doc, &fits);
    if (rv || !fits) {
        return rv;
    }
    rv = position_of(&page->from, page, row, doc);
    if (!rv) {
        page->from.bytes =
            apr_pmemdup(page->x->p, page->from.bytes, page->from.len);
        page->found = i;
        page->done = i == token->n;
    }
    return rv;
}

/* Finds the position of a row; one that moved counts as shown. */
apr_status_t edu__page_weigh(edu_page_t *page, edu_row_t *row)
{
    const json_t *doc;
    edu_position_t position;
    int fits;
    apr_status_t rv = edu__page_match(page, row, &doc, &fits);

    if (rv || !fits) {
        return rv;
    }
    page->total++;
    rv = position_of(&position, page, row, doc);
    if (!rv && !edu__print_find(&page->token, position.print) &&
        (!page->from.bytes ||
         edu__position_compare(&position, &page->from) > 0)) {
        edu__first_add(page->first, &position);
    }
    return rv;
}

static const edu_position_t *at(const apr_array_header_t *positions, int i)
{
    return &APR_ARRAY_IDX(positions, i, edu_position_t);
}

apr_status_t edu__page_show_first(edu_page_t *page)
{
    int i = page->left, lost;
    const apr_array_header_t *positions = edu__first_list(page->first, &lost);
    apr_status_t rv = APR_SUCCESS;

    if (lost && positions->nelts <= page->left + page->q->top) {
        return edu_error_set(
            page->x->err, EDU_EBADREQUEST, "$skip", page->x->p,
            "There are too many rows to sort and skip. Follow each "
            "@odata.nextLink, or narrow the list by $filter.");
    }
    for (; !rv && i < positions->nelts && !edu__page_is_full(page); i++) {
        edu_row_t row = edu__position_row(at(positions, i));

        edu__page_begin_row(page);
        rv = edu__page_put(page, &row);
    }
    i -= page->full; /* the last one did not fit */
    if (i > page->left) {
        edu_row_t row = edu__position_row(at(positions, i - 1));

        page->end = &row;
        edu__page_keep_end(page);
    }
    page->more = page->q->top > 0 && i < positions->nelts;
    for (int j = page->left; edu__page_is_sorted(page) && j < i; j++) {
        edu__print_add(&page->next, at(positions, j)->print);
    }
    return rv;
}
