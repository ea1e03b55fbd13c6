/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pages of outcomes.  A page goes on from the last row of the one before, told
 * by its place in the order, so that rows which come and go meanwhile are
 * neither repeated nor skipped. */

#include "edu_private.h"

#include <apr_strings.h>

#include <stdlib.h>

/* One row that may be shown. */
typedef struct item_t {
    edu_row_t row;
    const json_t *doc;    /* parsed only where a query option asks for it */
    const edu_query_t *q; /* for the comparison function */
} item_t;

typedef struct page_t {
    apr_array_header_t *items; /* of item_t, in order */
    int total;                 /* of rows that the filter admits */
} page_t;

/* -------------------------------------------------------------------- order */

static int by_creation(const char *a_created, const char *a_id,
                       const char *b_created, const char *b_id)
{
    int order = strcmp(a_created, b_created);

    return order ? order : strcmp(a_id, b_id);
}

static int in_order(const void *av, const void *bv)
{
    const item_t *a = av, *b = bv;
    const apr_array_header_t *keys = a->q->orderby;

    for (int i = 0; keys && i < keys->nelts; i++) {
        const edu_order_t *key = &APR_ARRAY_IDX(keys, i, edu_order_t);
        int order =
            edu__value_compare(edu__operand_value(&key->operand, a->doc),
                               edu__operand_value(&key->operand, b->doc));

        if (order) {
            return key->descending ? -order : order;
        }
    }
    return by_creation(a->row.created, a->row.id, b->row.created, b->row.id);
}

/* Whether an item comes behind the last one of the page before. */
static int is_after(const item_t *item, const edu_query_t *q)
{
    for (int i = 0; q->orderby && i < q->orderby->nelts; i++) {
        const edu_order_t *key = &APR_ARRAY_IDX(q->orderby, i, edu_order_t);
        const json_t *last = json_array_get(q->after, i + 2);
        int order =
            edu__value_compare(edu__operand_value(&key->operand, item->doc),
                               json_is_null(last) ? NULL : last);

        if (order) {
            return key->descending ? order < 0 : order > 0;
        }
    }
    return by_creation(item->row.created, item->row.id,
                       json_string_value(json_array_get(q->after, 0)),
                       json_string_value(json_array_get(q->after, 1))) > 0;
}

/* The place of an item in the order, for the next page to go on from. */
static const json_t *place_of(const item_t *item, apr_pool_t *p)
{
    json_t *place = json_pack("[s, s]", item->row.created, item->row.id);
    const apr_array_header_t *keys = item->q->orderby;

    for (int i = 0; keys && i < keys->nelts; i++) {
        const json_t *value = edu__operand_value(
            &APR_ARRAY_IDX(keys, i, edu_order_t).operand, item->doc);

        json_array_append_new(place,
                              value ? edu__json_share(value) : json_null());
    }
    return edu__json_own(place, p);
}

/* ------------------------------------------------------------------- gather */

/* Takes a row into the page if it belongs there. */
static apr_status_t admit(edu_exchange_t *x, const edu_query_t *q,
                          const edu_row_t *row, page_t *page)
{
    item_t item = { *row, NULL, q };

    if (q->filter || q->orderby) {
        item.doc = edu__json_load(row->body, x->p);
        if (!json_is_object(item.doc)) {
            return edu__damaged(x, row);
        }
    }
    if (q->filter && !edu__filter_match(q->filter, item.doc)) {
        return APR_SUCCESS;
    }
    page->total++;
    if ((!q->after || is_after(&item, q)) &&
        (q->orderby || page->items->nelts <= q->skip + q->top)) {
        APR_ARRAY_PUSH(page->items, item_t) = item;
    }
    return APR_SUCCESS;
}

/* Reads chunk by chunk until the page is full and one row more is known of, or
 * to the end if the order or the count needs all rows. */
static apr_status_t gather(edu_exchange_t *x, const edu_query_t *q,
                           page_t *page)
{
    int all = q->orderby || q->count;
    edu_row_t last = { .created = "", .id = "" };
    apr_array_header_t *rows;
    apr_status_t rv;

    page->items = apr_array_make(x->p, 8, sizeof(item_t));
    page->total = 0;
    if (q->after && !all) {
        last.created = json_string_value(json_array_get(q->after, 0));
        last.id = json_string_value(json_array_get(q->after, 1));
    }
    do {
        rv = edu__store_list(&rows, x->req->store, &x->path, &last, x->err,
                             x->p);
        for (int i = 0; !rv && i < rows->nelts; i++) {
            last = APR_ARRAY_IDX(rows, i, edu_row_t);
            rv = admit(x, q, &last, page);
        }
    } while (!rv && rows->nelts == EDU_CHUNK &&
             (all || page->items->nelts <= q->skip + q->top));
    if (!rv && q->orderby) {
        qsort(page->items->elts, page->items->nelts, sizeof(item_t), in_order);
    }
    return rv;
}

/* ------------------------------------------------------------------- answer */

/* Absolute, with all options but the place to go on from (decisions.md 4). */
static const char *next_link(const edu_exchange_t *x, const edu_query_t *q,
                             const item_t *last)
{
    return apr_pstrcat(
        x->p, edu__path_url(&x->path, x->req->base, x->p), "?", q->kept,
        "$skiptoken=", edu__query_token(place_of(last, x->p), x->p), NULL);
}

static apr_status_t append_items(edu_exchange_t *x, const edu_query_t *q,
                                 const page_t *page, int end)
{
    const char *text;
    apr_status_t rv = APR_SUCCESS;

    edu__append(x, ",\"value\":[");
    for (int i = q->skip; !rv && i < end; i++) {
        rv = edu__shown(x, &APR_ARRAY_IDX(page->items, i, item_t).row, &text);
        edu__append(x, i > q->skip ? "," : "");
        edu__append(x, rv ? "" : text);
    }
    edu__append(x, "]}");
    return rv;
}

apr_status_t edu__outcome_list(edu_exchange_t *x)
{
    const edu_query_t *q = &x->query;
    page_t page;
    int end;
    apr_status_t rv = gather(x, q, &page);

    if (rv) {
        return rv;
    }
    end = page.items->nelts - q->skip > q->top ? q->skip + q->top
                                               : page.items->nelts;
    edu__answer_json(x, 200);
    edu__append_context(x, 0);
    if (q->count) {
        edu__append(x, apr_psprintf(x->p, ",\"@odata.count\":%d", page.total));
    }
    if (end < page.items->nelts) {
        edu__append(x, ",\"@odata.nextLink\":");
        edu__append(
            x, edu__json_quote(
                   next_link(x, q, &APR_ARRAY_IDX(page.items, end - 1, item_t)),
                   x->p));
    }
    return append_items(x, q, &page, end);
}

apr_status_t edu__outcome_count(edu_exchange_t *x)
{
    page_t page;
    apr_status_t rv;

    x->query.count = 1;
    x->query.top = 0;
    rv = gather(x, &x->query, &page);
    if (rv) {
        return rv;
    }
    x->res->status = 200;
    apr_table_setn(x->res->headers, "Content-Type", "text/plain");
    edu__append(x, apr_itoa(x->p, page.total));
    return APR_SUCCESS;
}
