/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pages of entities.  Rows are read in the order of an index, chunk by chunk,
 * and a page goes on from the last row of the one before, told by its place in
 * the order, so that rows which come and go meanwhile are neither repeated nor
 * skipped.  An order that no index has takes all rows, of which those that come
 * first are remembered. */

#include "edu_private.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* seven days (contract.md 3) */
#define RECENT ((edu_time_t)7 * 24 * 60 * 60 * EDU_TICKS_PER_SECOND)

/* How many bytes of documents end a page; and how many stay in memory where all
 * rows are looked at. */
#define PAGE_BYTES ((apr_size_t)4 * 1024 * 1024)

/* What a row takes beside its document, drivers included. */
#define ROW_BYTES 1024

typedef struct page_t page_t;

/* Looks at one row after another. */
typedef apr_status_t visit_fn(page_t *page, edu_row_t *row);

struct page_t {
    edu_exchange_t *x;
    const edu_query_t *q;
    edu_range_t range;
    edu_exchange_t one; /* as x, with memory for one row */
    edu_response_t text;
    apr_pool_t *chunk; /* memory for a chunk of rows */
    edu_registration_t above;
    int registered;             /* as Graph has outcomes: a few, in an order of
                                     their own */
    apr_array_header_t *stored; /* of edu_row_t: those with a placeholder */
    const edu_row_t *row;       /* which is visited, in the chunk's memory */
    int done;                   /* the rest is of no interest */
    int ended;                  /* all rows were counted */
    apr_int64_t total;          /* which the filter admits */
    int left, shown;            /* rows to leave out first, and rows shown */
    int full, more;             /* another does not fit; there is one */
    apr_size_t bytes;           /* of those shown */
    int heavy;                  /* this row had to be read again */
    apr_size_t again;           /* bytes of its assignment, then */
    edu_token_t token;          /* with which the page before ended */
    edu_token_t next;           /* with which this one ends */
    const edu_row_t *end;       /* the last that was shown; NULL: next has it */
    int found;           /* of the token's prints, the latest row that is as it
                            was; 0: none */
    edu_position_t from; /* after which the page begins; without bytes: any */
    edu_first_t *first;  /* in an order that no index has; NULL: in one that has
                              one */
    apr_size_t kept;     /* bytes of rows that stay */
    int keeps;           /* those of this chunk do */
};

/* The URL of the list, without options. */
static const char *url_of(const edu_exchange_t *x, const char *base)
{
    return x->path.at == EDU_AT_RECENT
               ? apr_pstrcat(x->p,
                             edu__path_url(&x->path, &edu__classes,
                                           x->path.class_id, base, x->p),
                             "/getRecentlyModifiedSubmissions", NULL)
               : edu__path_url(&x->path, x->set, NULL, base, x->p);
}

/* Whether values make the order. */
static int is_sorted(const page_t *page)
{
    return page->q->orderby && !page->range.since;
}

static apr_status_t gone(page_t *page)
{
    return edu_error_set(page->x->err, EDU_EGONE, "$skiptoken", page->x->p,
                         NULL);
}

/* --------------------------------------------------------------------- rows */

/* Whether a list left out a document that is needed. */
static int is_short(const page_t *page, const edu_row_t *row)
{
    const edu_assignment_t *assignment = row->registration.assignment;
    int is = !*row->body;

    if (page->range.outcomes && row->outcomes) {
        is |= assignment && !*assignment->body;
        for (int i = 0; i < row->outcomes->nelts; i++) {
            is |= !*APR_ARRAY_IDX(row->outcomes, i, edu_row_t).body;
        }
    }
    return is;
}

/* Forgets the row before, if it is worth the locks of a pool. */
static void begin_row(page_t *page)
{
    if (page->heavy) {
        apr_pool_clear(page->one.p);
    }
    page->heavy = 0;
    page->again = 0;
}

/* Reads a row that a list left out something of; one that is gone has no
 * version any more. */
static apr_status_t complete(page_t *page, edu_row_t *row)
{
    const edu_exchange_t *one = &page->one;
    edu_table_e table = one->set->table;
    edu_path_t path = one->path;
    edu_row_t whole;
    apr_status_t rv;

    if (!is_short(page, row)) {
        return APR_SUCCESS;
    }
    if (*row->parent) {
        *edu__path_id(&path, table == EDU_SUBMISSION ? EDU_ASSIGNMENT
                                                     : EDU_CLASS) = row->parent;
    }
    *edu__path_id(&path, table) = row->id;
    page->heavy = 1;
    rv = edu__store_get(&whole, one->store, table, &path, one->err, one->p);
    if (!rv && whole.registration.assignment) {
        page->again = strlen(whole.registration.assignment->body);
    }
    *row = whole;
    return rv;
}

/* Whether the filter admits a row; and its document, if that is asked for. */
static apr_status_t match(page_t *page, edu_row_t *row, const json_t **doc,
                          int *fits)
{
    const edu_query_t *q = page->q;
    apr_status_t rv = APR_SUCCESS;

    *doc = NULL;
    *fits = 1;
    if (!q->filter && !is_sorted(page)) {
        return APR_SUCCESS;
    }
    rv = complete(page, row);
    if (rv || !row->version) {
        *fits = 0;
        return rv;
    }
    *doc = page->x->set->view(&page->one, row);
    if (!*doc) {
        return edu__damaged(&page->one, page->x->set->type->name, row->id);
    }
    *fits = !q->filter || edu__filter_match(q->filter, *doc);
    return APR_SUCCESS;
}

/* Shows a row, in memory that lasts, unless it is too much for the page. */
static apr_status_t put(page_t *page, edu_row_t *row)
{
    apr_array_header_t *parts = page->text.body;
    apr_status_t rv = complete(page, row);
    apr_size_t size = page->again;
    struct iovec *part;

    if (rv || !row->version) {
        return rv;
    }
    apr_array_clear(parts);
    edu__append(&page->one, page->shown ? ",{" : "{");
    rv = edu__append_entity(&page->one, row);
    if (rv) {
        return rv;
    }
    for (int i = 0; i < parts->nelts; i++) {
        size += APR_ARRAY_IDX(parts, i, struct iovec).iov_len;
    }
    page->bytes += size;
    page->full = page->bytes > PAGE_BYTES && page->shown > 0;
    if (!page->full) {
        part = apr_array_push(page->x->res->body);
        part->iov_base = apr_pstrcatv(page->x->p, (struct iovec *)parts->elts,
                                      parts->nelts, &part->iov_len);
        page->shown++;
    }
    return APR_SUCCESS;
}

static int is_full(const page_t *page)
{
    return page->full || page->shown >= page->q->top;
}

/* ------------------------------------------------ in the order of an index */

/* Whether a row comes after the page before. */
static int follows(const page_t *page, const edu_row_t *row)
{
    const edu_row_t *after = &page->token.row;
    int order = 0;

    if (page->range.since) {
        order = strcmp(row->version, after->version);
    }
    order = order ? order : strcmp(row->parent, after->parent);
    order = order ? order : strcmp(row->id, after->id);
    return page->range.since && !page->range.oldest ? order < 0 : order > 0;
}

/* Keeps where the page ends, before the memory of that row goes. */
static void keep_end(page_t *page)
{
    const edu_row_t *row = page->end;
    apr_pool_t *p = page->x->p;

    if (row) {
        const char *instant = page->range.since  ? row->version
                              : page->registered ? row->created
                                                 : "";

        page->next.row = (edu_row_t){ .created = apr_pstrdup(p, instant),
                                      .parent = apr_pstrdup(p, row->parent),
                                      .id = apr_pstrdup(p, row->id) };
    }
    page->end = NULL;
}

static apr_status_t show(page_t *page, edu_row_t *row)
{
    const json_t *doc;
    int fits;
    apr_status_t rv = match(page, row, &doc, &fits);

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
    if (!is_full(page)) {
        int shown = page->shown;

        rv = put(page, row);
        page->end = page->shown > shown ? page->row : page->end;
        if (rv || !page->full) {
            return rv;
        }
    }
    page->more = page->q->top > 0;
    page->done = !page->q->count || (!page->q->filter && !page->ended);
    return APR_SUCCESS;
}

/* -------------------------------------------------------- in another order */

/* Of registered submissions Graph's order comes after the values of $orderby,
 * which is that of creation. */
static edu_position_t position_of(const page_t *page, const edu_row_t *row,
                                  const json_t *doc)
{
    edu_position_t position =
        edu__position_of(row, page->registered ? row->created : "", doc,
                         page->q->orderby, page->one.p);

    position.row = page->keeps ? page->row : NULL;
    return position;
}

/* Looks for the latest row of the page before that is as it was. */
static apr_status_t seek(page_t *page, edu_row_t *row)
{
    const edu_token_t *token = &page->token;
    edu_print_t print = edu__print_of(row->parent, row->id, row->version);
    int i = edu__print_find(token, print), fits;
    const json_t *doc;
    apr_status_t rv;

    if (i <= page->found || token->prints[i - 1].version != print.version) {
        return APR_SUCCESS;
    }
    rv = match(page, row, &doc, &fits);
    if (!rv && fits) {
        page->from = position_of(page, row, doc);
        page->from.bytes =
            apr_pmemdup(page->x->p, page->from.bytes, page->from.len);
        page->found = i;
        page->done = i == token->n;
    }
    return rv;
}

/* Finds the position of a row.  One that moved was shown before. */
static apr_status_t weigh(page_t *page, edu_row_t *row)
{
    const json_t *doc;
    edu_position_t position;
    int fits;
    apr_status_t rv = match(page, row, &doc, &fits);

    if (rv || !fits) {
        return rv;
    }
    page->total++;
    position = position_of(page, row, doc);
    if (!edu__print_find(&page->token, position.print) &&
        (!page->from.bytes ||
         edu__position_compare(&position, &page->from) > 0)) {
        edu__first_add(page->first, &position);
    }
    return APR_SUCCESS;
}

static const edu_position_t *at(const apr_array_header_t *positions, int i)
{
    return &APR_ARRAY_IDX(positions, i, edu_position_t);
}

static apr_status_t show_first(page_t *page)
{
    int i = page->left, lost;
    const apr_array_header_t *positions = edu__first_list(page->first, &lost);
    apr_status_t rv = APR_SUCCESS;

    if (lost && positions->nelts <= page->left + page->q->top) {
        return edu_error_set(page->x->err, EDU_EBADREQUEST, "$skip", page->x->p,
                             "So many rows cannot be sorted and skipped. "
                             "Follow each @odata.nextLink, or ask for less by "
                             "$filter.");
    }
    for (; !rv && i < positions->nelts && !is_full(page); i++) {
        edu_row_t row = edu__position_row(at(positions, i));

        begin_row(page);
        rv = put(page, &row);
    }
    i -= page->full; /* the last of them was too much */
    if (i > page->left) {
        edu_row_t row = edu__position_row(at(positions, i - 1));

        page->end = &row;
        keep_end(page);
    }
    page->more = page->q->top > 0 && i < positions->nelts;
    for (int j = page->left; is_sorted(page) && j < i; j++) {
        edu__print_add(&page->next, at(positions, j)->print);
    }
    return rv;
}

/* ----------------------------------------------------------------- reading */

/* What of a collection the request is about. */
static edu_range_t range_of(const edu_exchange_t *x)
{
    const apr_array_header_t *orders = x->query.orderby;
    edu_range_t range = { .only = x->set == &edu__outcomes      ? NULL
                                  : x->set == &edu__submissions ? x->own
                                  : x->set->only                ? x->set->only
                                                 : x->path.user_id,
                          .outcomes = (x->query.expand & 1) != 0 };

    if (x->path.at == EDU_AT_RECENT) {
        range.since = edu__version_at(edu__time_now() - RECENT, x->p);
        range.oldest =
            orders && !APR_ARRAY_IDX(orders, 0, edu_order_t).descending;
    }
    return range;
}

/* Whether what stands above the rows lets them be seen. */
static apr_status_t look_above(edu_exchange_t *x,
                               const edu_registration_t *above, int none)
{
    edu_row_t parent;
    apr_status_t rv;

    if (x->set == &edu__outcomes) {
        return edu__admit(x, above);
    }
    if (x->set == &edu__submissions && x->path.at != EDU_AT_RECENT &&
        !above->assignment) {
        return edu__no_entity(x, &edu__assignments);
    }
    /* nothing in a class may mean that there is none */
    if (x->path.class_id && x->set != &edu__submissions && none) {
        rv = edu__store_get(&parent, x->store, EDU_CLASS, &x->path, x->err,
                            x->p);
        return rv || parent.stored ? rv : edu__no_entity(x, &edu__classes);
    }
    return APR_SUCCESS;
}

/* Reads what follows a row.  The memory of the chunk that the row is of lasts
 * until then, or longer if it is to stay. */
static apr_status_t read_chunk(page_t *page, apr_array_header_t **rows)
{
    const edu_exchange_t *x = page->x;
    apr_pool_t *before = page->chunk;
    apr_status_t rv = edu__go_on(page->x);

    if (rv) {
        return rv;
    }
    keep_end(page);
    apr_pool_clear(page->one.p);
    apr_pool_create(&page->chunk, x->p);
    rv = edu__store_list(rows, &page->above, x->store, x->set->table, &x->path,
                         &page->range, x->err, page->chunk);
    if (before && !page->keeps) {
        apr_pool_destroy(before);
    }
    page->ended = !rv && (*rows)->nelts < EDU_CHUNK;
    return rv ? rv : look_above(page->x, &page->above, (*rows)->nelts == 0);
}

static apr_size_t size_of(const apr_array_header_t *rows)
{
    apr_size_t size = 0;

    for (int i = 0; rows && i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        size += ROW_BYTES + strlen(row->body) + size_of(row->outcomes);
    }
    return size;
}

static void begin_first(page_t *page)
{
    page->first = edu__first_create((apr_size_t)page->left + page->q->top + 1,
                                    page->x->p);
}

/* What to do with rows, as far as it takes the first of them to tell. */
static apr_status_t choose(page_t *page, visit_fn **visit)
{
    const edu_query_t *q = page->q;

    *visit = show;
    page->registered = page->above.user_id != NULL;
    if (!page->range.since && !is_sorted(page) && q->token &&
        page->registered != (*page->token.row.created != '\0')) {
        return gone(page);
    }
    if (page->registered && !is_sorted(page)) {
        begin_first(page);
        if (q->token) {
            page->from =
                edu__position_of(&page->token.row, page->token.row.created,
                                 NULL, NULL, page->x->p);
        }
    }
    if (page->first) {
        *visit = weigh;
    }
    return APR_SUCCESS;
}

static apr_status_t visit_rows(page_t *page, const apr_array_header_t *rows,
                               visit_fn *visit)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < rows->nelts && !page->done; i++) {
        edu_row_t row = APR_ARRAY_IDX(rows, i, edu_row_t);
        const char *id = edu__singleton_id(row.kind);

        if (page->registered && id && row.stored && strcmp(id, row.id) == 0) {
            APR_ARRAY_PUSH(page->stored, edu_row_t) =
                (edu_row_t){ .id = id, .created = "" };
        }
        begin_row(page);
        page->row = &APR_ARRAY_IDX(rows, i, edu_row_t);
        rv = visit(page, &row);
    }
    return rv;
}

/* Of outcomes: by what they are shown. */
static void register_rows(const page_t *page, apr_array_header_t *rows)
{
    for (int i = 0; page->registered && i < rows->nelts; i++) {
        APR_ARRAY_IDX(rows, i, edu_row_t).registration = page->above;
    }
}

/* Visits the outcomes that are there without being stored. */
static apr_status_t visit_placeholders(page_t *page, visit_fn *visit)
{
    apr_array_header_t *rows = page->stored;
    apr_array_header_t *others =
        apr_array_make(page->x->p, 3, sizeof(edu_row_t));
    apr_status_t rv = edu__placeholders_add(page->x, &rows, &page->above);

    for (int i = 0; !rv && i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        if (row->version) {
            APR_ARRAY_PUSH(others, edu_row_t) = *row;
        }
    }
    page->keeps = 1;
    return rv ? rv : visit_rows(page, others, visit);
}

/* Visits all rows after one until they are of no interest.
 * @param visit  NULL: what the first rows tell to do */
static apr_status_t walk(page_t *page, edu_row_t last, visit_fn *visit)
{
    apr_array_header_t *rows;
    apr_status_t rv;

    page->done = 0;
    page->stored = apr_array_make(page->x->p, 3, sizeof(edu_row_t));
    page->range.after = &last;
    do {
        rv = read_chunk(page, &rows);
        page->registered = page->above.user_id != NULL;
        if (!rv && !visit) {
            rv = choose(page, &visit);
        }
        if (!rv && rows->nelts) {
            apr_size_t size = size_of(rows);

            page->keeps = page->first && page->kept + size <= PAGE_BYTES;
            page->kept += page->keeps ? size : 0;
            last = APR_ARRAY_IDX(rows, rows->nelts - 1, edu_row_t);
            register_rows(page, rows);
            rv = visit_rows(page, rows, visit);
        }
    } while (!rv && !page->ended && !page->done);
    if (!rv && page->registered && !page->done) {
        rv = visit_placeholders(page, visit);
    }
    return rv;
}

static apr_status_t gather(page_t *page)
{
    static const edu_row_t first = { .created = "", .parent = "", .id = "" };
    const edu_query_t *q = page->q;
    int whole = q->count && q->filter;
    const edu_row_t *after = &page->token.row;
    int begun = *after->id && (page->range.since || !*after->created);
    apr_status_t rv = APR_SUCCESS;

    if (is_sorted(page)) {
        if (page->token.n) {
            rv = walk(page, first, seek);
            rv = rv || page->found ? rv : gone(page);
        }
        begin_first(page);
    }
    if (!rv) {
        rv = walk(page, begun && !whole ? *after : first, NULL);
    }
    if (!rv && page->first) {
        return show_first(page);
    }
    if (!rv && q->count && !whole && (begun || !page->ended)) {
        rv = edu__store_count(&page->total, page->x->store, page->x->set->table,
                              &page->x->path, &page->range, page->x->err,
                              page->x->p);
    }
    return rv;
}

/* ------------------------------------------------------------------ answer */

static apr_status_t begin(page_t *page, edu_exchange_t *x)
{
    apr_status_t rv;

    *page = (page_t){
        .x = x, .q = &x->query, .range = range_of(x), .left = x->query.skip
    };
    page->text.body = apr_array_make(x->p, 4, sizeof(struct iovec));
    page->one = *x;
    page->one.res = &page->text;
    apr_pool_create(&page->one.p, x->p);
    rv = edu__token_read(&page->token, page->q, url_of(x, ""), is_sorted(page),
                         x->err, x->p);
    page->next = page->token;
    return rv;
}

/* What stands before the rows: how many there are, and where others are, by an
 * absolute URL that has all options (decisions.md 4). */
static const char *head_of(const page_t *page)
{
    const edu_exchange_t *x = page->x;
    const char *count =
        page->q->count
            ? apr_psprintf(x->p, ",\"@odata.count\":%" APR_INT64_T_FMT,
                           page->total)
            : "";

    return page->more
               ? apr_pstrcat(
                     x->p, count, ",\"@odata.nextLink\":",
                     edu__json_quote(
                         apr_pstrcat(x->p, url_of(x, x->req->base), "?",
                                     page->q->kept, "$skiptoken=",
                                     edu__token_write(&page->next, page->q,
                                                      url_of(x, ""), x->p),
                                     NULL),
                         x->p),
                     NULL)
               : count;
}

/* @param context  as in edu__append_context */
static apr_status_t answer_page(edu_exchange_t *x, const char *context)
{
    page_t page;
    struct iovec *head;
    int at;
    apr_status_t rv = begin(&page, x);

    if (rv) {
        return rv;
    }
    edu__answer_json(x, 200);
    edu__append_context(x, context, 0);
    at = x->res->body->nelts;
    edu__append(x, "");
    edu__append(x, ",\"value\":[");
    rv = gather(&page);
    if (rv) {
        return rv;
    }
    keep_end(&page);
    edu__append(x, "]}");
    head = &APR_ARRAY_IDX(x->res->body, at, struct iovec);
    head->iov_base = (void *)head_of(&page);
    head->iov_len = strlen(head->iov_base);
    return APR_SUCCESS;
}

apr_status_t edu__list(edu_exchange_t *x)
{
    return answer_page(x, NULL);
}

/* Newest first, unless the oldest are to be (contract.md 5, example 22). */
apr_status_t edu__recent(edu_exchange_t *x)
{
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
    return answer_page(x, context);
}

apr_status_t edu__count(edu_exchange_t *x)
{
    page_t page;
    apr_status_t rv;

    x->query.count = 1;
    x->query.top = 0;
    rv = begin(&page, x);
    rv = rv ? rv : gather(&page);
    if (rv) {
        return rv;
    }
    x->res->status = 200;
    apr_table_setn(x->res->headers, "Content-Type", "text/plain");
    edu__append(x, apr_psprintf(x->p, "%" APR_INT64_T_FMT, page.total));
    return APR_SUCCESS;
}
