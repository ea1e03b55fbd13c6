/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pages of entities.  A page goes on from the last row of the one before, told
 * by its place in the order, so that rows which come and go meanwhile are
 * neither repeated nor skipped. */

#include "edu_private.h"

#include <apr_strings.h>

#include <stdlib.h>

/* seven days (contract.md 3) */
#define RECENT ((edu_time_t)7 * 24 * 60 * 60 * EDU_TICKS_PER_SECOND)

/* One row that may be shown. */
typedef struct item_t {
    edu_row_t row;
    const json_t *place; /* in the order, where that was asked for, else NULL */
    const edu_query_t *q;
} item_t;

typedef struct page_t {
    apr_array_header_t *items; /* of item_t, in order */
    int total;                 /* of rows that the filter admits */
} page_t;

/* -------------------------------------------------------------------- order */

#define PLACE 3 /* created, id and parent: what a place begins with */

/* The place of a row in the order, as a $skiptoken carries it (edu_query_t). */
static const json_t *place_of(const edu_query_t *q, const edu_row_t *row,
                              const json_t *doc, apr_pool_t *p)
{
    json_t *place = json_pack("[s, s, s]", row->created, row->id,
                              row->parent ? row->parent : "");

    for (int i = 0; q->orderby && i < q->orderby->nelts; i++) {
        const json_t *value = edu__operand_value(
            &APR_ARRAY_IDX(q->orderby, i, edu_order_t).operand, doc);

        json_array_append_new(place,
                              value ? edu__json_share(value) : json_null());
    }
    return edu__json_own(place, p);
}

/* What two places have at one index; null is nothing, as in a filter. */
static int compare_at(const json_t *a, const json_t *b, int i)
{
    const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);

    return edu__value_compare(json_is_null(x) ? NULL : x,
                              json_is_null(y) ? NULL : y);
}

/* By the keys of $orderby, then as created. */
static int compare_places(const edu_query_t *q, const json_t *a,
                          const json_t *b)
{
    int order = 0;

    for (int i = 0; !order && q->orderby && i < q->orderby->nelts; i++) {
        order = compare_at(a, b, i + PLACE);
        if (APR_ARRAY_IDX(q->orderby, i, edu_order_t).descending) {
            order = -order;
        }
    }
    for (int i = 0; !order && i < PLACE; i++) {
        order = compare_at(a, b, i);
    }
    return order;
}

static int in_order(const void *av, const void *bv)
{
    const item_t *a = av, *b = bv;

    return compare_places(a->q, a->place, b->place);
}

/* ------------------------------------------------------------------- gather */

/* Takes a row into the page if it belongs there. */
static apr_status_t admit(edu_exchange_t *x, const edu_query_t *q,
                          const edu_row_t *row, page_t *page)
{
    item_t item = { *row, NULL, q };
    const json_t *doc = NULL;

    if (q->filter || q->orderby) {
        doc = x->set->view(x, row);
        if (!doc) {
            return edu__damaged(x, x->set->type->name, row->id);
        }
    }
    if (q->filter && !edu__filter_match(q->filter, doc)) {
        return APR_SUCCESS;
    }
    page->total++;
    if (q->after || q->orderby) {
        item.place = place_of(q, row, doc, x->p);
    }
    if ((!q->after || compare_places(q, item.place, q->after) > 0) &&
        (q->orderby || page->items->nelts <= q->skip + q->top)) {
        APR_ARRAY_PUSH(page->items, item_t) = item;
    }
    return APR_SUCCESS;
}

/* What of a collection the request is about. */
static edu_range_t range_of(const edu_exchange_t *x)
{
    edu_range_t range = { .only = x->set->table == EDU_SUBMISSION ? x->own
                                  : x->set->only                  ? x->set->only
                                                 : x->path.user_id,
                          .outcomes = (x->query.expand & 1) != 0 };

    if (x->path.at == EDU_AT_RECENT) {
        range.since = edu__version_at(edu__time_now() - RECENT, x->p);
    }
    return range;
}

/* Whether what stands above the rows lets them be seen; and the outcomes that
 * are there without being stored. */
static apr_status_t look_above(edu_exchange_t *x,
                               const edu_registration_t *above,
                               apr_array_header_t **rows,
                               const edu_row_t *after)
{
    edu_row_t parent;
    apr_status_t rv;

    if (x->set == &edu__outcomes) {
        rv = edu__admit(x, above);
        return rv ? rv : edu__placeholders_add(x, rows, above, after);
    }
    if (x->set == &edu__submissions && x->path.at != EDU_AT_RECENT &&
        !above->assignment) {
        return edu__no_entity(x, &edu__assignments);
    }
    /* nothing in a class may mean that there is none */
    if (x->path.class_id && x->set != &edu__submissions &&
        (*rows)->nelts == 0) {
        rv = edu__store_get(&parent, x->store, EDU_CLASS, &x->path, x->err,
                            x->p);
        return rv || parent.stored ? rv : edu__no_entity(x, &edu__classes);
    }
    return APR_SUCCESS;
}

/* Reads chunk by chunk until the page is full and one row more is known of, or
 * to the end if the order or the count needs all rows. */
static apr_status_t gather(edu_exchange_t *x, const edu_query_t *q,
                           page_t *page)
{
    int more, all = q->orderby || q->count;
    edu_row_t last = { .created = "", .id = "", .parent = "" };
    edu_range_t range = range_of(x);
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv;

    page->items = apr_array_make(x->p, 8, sizeof(item_t));
    page->total = 0;
    if (q->after && !all) {
        last.created = json_string_value(json_array_get(q->after, 0));
        last.id = json_string_value(json_array_get(q->after, 1));
        last.parent = json_string_value(json_array_get(q->after, 2));
    }
    range.after = &last;
    do {
        rv = edu__store_list(&rows, &above, x->store, x->set->table, &x->path,
                             &range, x->err, x->p);
        more = !rv && rows->nelts == EDU_CHUNK;
        rv = rv ? rv : look_above(x, &above, &rows, &last);
        for (int i = 0; !rv && i < rows->nelts; i++) {
            last = APR_ARRAY_IDX(rows, i, edu_row_t);
            rv = admit(x, q, &last, page);
        }
    } while (!rv && more && (all || page->items->nelts <= q->skip + q->top));
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
    /* without an $orderby no document is asked */
    const json_t *place =
        last->place ? last->place : place_of(q, &last->row, NULL, x->p);
    const char *url =
        x->path.at == EDU_AT_RECENT
            ? apr_pstrcat(x->p,
                          edu__path_url(&x->path, &edu__classes,
                                        x->path.class_id, x->req->base, x->p),
                          "/getRecentlyModifiedSubmissions", NULL)
            : edu__path_url(&x->path, x->set, NULL, x->req->base, x->p);

    return apr_pstrcat(x->p, url, "?", q->kept,
                       "$skiptoken=", edu__query_token(q, place, x->p), NULL);
}

static apr_status_t append_items(edu_exchange_t *x, const edu_query_t *q,
                                 const page_t *page, int end)
{
    apr_status_t rv = APR_SUCCESS;

    edu__append(x, ",\"value\":[");
    for (int i = q->skip; !rv && i < end; i++) {
        edu__append(x, i > q->skip ? ",{" : "{");
        rv = edu__append_entity(x, &APR_ARRAY_IDX(page->items, i, item_t).row);
    }
    edu__append(x, "]}");
    return rv;
}

/* @param context  as in edu__append_context */
static apr_status_t answer_page(edu_exchange_t *x, const char *context)
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
    edu__append_context(x, context, 0);
    if (q->count) {
        edu__append(x, apr_psprintf(x->p, ",\"@odata.count\":%d", page.total));
    }
    if (q->top && end < page.items->nelts) {
        edu__append(x, ",\"@odata.nextLink\":");
        edu__append(
            x, edu__json_quote(
                   next_link(x, q, &APR_ARRAY_IDX(page.items, end - 1, item_t)),
                   x->p));
    }
    return append_items(x, q, &page, end);
}

apr_status_t edu__list(edu_exchange_t *x)
{
    return answer_page(x, NULL);
}

/* Newest first, and in no other way (contract.md 5, example 22). */
apr_status_t edu__recent(edu_exchange_t *x)
{
    static const char by_default[] = "lastModifiedDateTime desc";
    apr_array_header_t *orders;
    const char *context = apr_pstrcat(
        x->p, x->req->base,
        "/$metadata#Collection(microsoft.graph.educationSubmission)", NULL);

    for (int i = 0; x->query.orderby && i < x->query.orderby->nelts; i++) {
        const edu_order_t *order =
            &APR_ARRAY_IDX(x->query.orderby, i, edu_order_t);

        if (strcmp(order->operand.prop->name, "lastModifiedDateTime") != 0) {
            return edu_error_set(x->err, EDU_EORDERBY, "$orderby", x->p,
                                 "The OData query is invalid. $orderby clause "
                                 "is only supported for these properties : "
                                 "(lastModifiedDateTime).");
        }
    }
    if (!x->query.orderby) {
        edu__orderby_parse(&orders, by_default, &x->query, x->err, x->p);
        x->query.orderby = orders;
    }
    return answer_page(x, context);
}

apr_status_t edu__count(edu_exchange_t *x)
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
