/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pages of entities.  Rows are read in the order of an index, chunk by chunk.
 * A page goes on after the last row of the page before, which its position in
 * the order identifies, so that rows that come and go meanwhile are neither
 * repeated nor skipped.  An order that no index has takes all rows, of which
 * the first ones are remembered. */

#include "below.h"
#include "grading.h"
#include "page.h"
#include "verbs.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* seven days (contract.md 3) */
#define RECENT ((edu_time_t)7 * 24 * 60 * 60 * EDU_TICKS_PER_SECOND)

/* A row takes this many bytes beside its document, in drivers as well. */
#define ROW_BYTES 1024

/* The URL of the list, without options. */
static const char *url_of(const edu_exchange_t *x, const char *base)
{
    const edu_key_t *key = &x->path.key;
    int of_class = !key->assignment_id;

    return edu__is_across(x)
               ? apr_pstrcat(x->p,
                             edu__path_url(
                                 &x->path,
                                 of_class ? edu__classes : edu__assignments,
                                 of_class ? key->class_id : key->assignment_id,
                                 base, x->p),
                             "/", edu__call_of(x->path.resource),
                             edu__path_cast(&x->path, x->p), NULL)
               : apr_pstrcat(x->p,
                             edu__path_url(&x->path, x->set, NULL, base, x->p),
                             edu__path_cast(&x->path, x->p), NULL);
}

static apr_status_t gone(edu_page_t *page)
{
    return edu_error_set(page->x->err, EDU_EGONE, "$skiptoken", page->x->p,
                         NULL);
}

/* ----------------------------------------------------------------- reading */

/* The student whose outcomes alone a filter admits, of lists that tell. */
static const char *student_of(const edu_exchange_t *x)
{
    const edu_value_t *value = edu__filter_bound(
        x->query.filter, "@eduOutcomes.studentId", EDU_EQUAL_TO);

    return value ? value->text.s : NULL;
}

/* The rows of a collection that the request is about. */
static edu_range_t range_of(const edu_exchange_t *x)
{
    const apr_array_header_t *orders = x->query.orderby;
    edu_range_t range = {
        .only = x->set->id == EDU_OUTCOMES      ? student_of(x)
                : x->set->id == EDU_SUBMISSIONS ? x->only_student
                : x->set->only                  ? x->set->only
                                                : x->path.user_id,
        .across = edu__is_across(x),
        .outcomes = edu__query_expands(&x->query, EDU_RES_OUTCOMES) != NULL
    };

    if (x->set->table == EDU_HISTORY) {
        return edu__versions_range(x);
    }
    if (x->path.resource == EDU_RES_RECENT) {
        range.across = 0;
        range.since = edu__version_at(edu__time_now() - RECENT, x->p);
        range.oldest =
            orders && !APR_ARRAY_IDX(orders, 0, edu_order_t).descending;
    }
    return range;
}

/* Any class and assignment may have outcomes, unless they have to be registered
 * (decisions.md 2). */
static apr_status_t look_for_class(edu_exchange_t *x,
                                   const edu_registration_t *above)
{
    edu_row_t class;
    apr_status_t rv = APR_SUCCESS;

    if (!x->req->mount->registered || above->assignment) {
        return APR_SUCCESS;
    }
    if (x->path.key.assignment_id) {
        return edu__no_entity(x, edu__assignments);
    }
    rv =
        edu__store_get(&class, x->store, EDU_CLASS, &x->path.key, x->err, x->p);
    return rv || class.stored ? rv : edu__no_entity(x, edu__classes);
}

/* Refuses if the entities above the rows are missing or out of reach. */
static apr_status_t look_above(edu_exchange_t *x,
                               const edu_registration_t *above, int none)
{
    edu_row_t parent;
    apr_status_t rv;

    if (edu__is_across(x)) {
        return none ? look_for_class(x, above) : APR_SUCCESS;
    }
    if (x->set->id == EDU_OUTCOMES) {
        return edu__admit(x, above);
    }
    if (x->set->table == EDU_HISTORY) {
        return none && !x->query.filter ? edu__versions_none(x) : APR_SUCCESS;
    }
    if (x->set->id == EDU_SUBMISSIONS && !above->assignment) {
        return edu__no_entity(x, edu__assignments);
    }
    /* a class without rows may be missing itself */
    if (x->path.key.class_id && x->set->id != EDU_SUBMISSIONS && none) {
        rv = edu__store_get(&parent, x->store, EDU_CLASS, &x->path.key, x->err,
                            x->p);
        return rv || parent.stored ? rv : edu__no_entity(x, edu__classes);
    }
    return APR_SUCCESS;
}

/* The order of an index tells when a teacher drafted: a student has that of the
 * values that are shown. */
static apr_status_t order_for_student(edu_exchange_t *x)
{
    apr_array_header_t *orders;
    apr_status_t rv;

    if (x->path.resource != EDU_RES_RECENT || !(x->hides & EDU_DRAFT) ||
        x->query.orderby) {
        return APR_SUCCESS;
    }
    rv = edu__orderby_parse(&orders, "lastModifiedDateTime desc", &x->query,
                            x->err, x->p);
    x->query.orderby = orders;
    return rv;
}

/* Settles access by what came with a chunk, and what follows from the role.  Of
 * a student's submissions only those came, and are counted. */
static apr_status_t settle(edu_page_t *page)
{
    edu_exchange_t *x = page->x;
    const edu_row_t row = { .registration = page->above };
    apr_status_t rv = edu__access_settle(x, &row);

    rv = rv ? rv : order_for_student(x);
    rv = rv ? rv
            : edu__token_check(&page->token, page->q, edu__page_is_sorted(page),
                               x->err, x->p);
    page->one.facts = x->facts;
    page->one.hides = x->hides;
    page->one.only_student = x->only_student;
    if (x->set->id == EDU_SUBMISSIONS && !edu__is_across(x)) {
        page->range.only = x->only_student;
    }
    return rv;
}

/* Reads the chunk after a row.  The memory of the row's own chunk lasts until
 * then, or longer if its rows stay. */
static apr_status_t read_chunk(edu_page_t *page, apr_array_header_t **rows)
{
    const edu_exchange_t *x = page->x;
    apr_pool_t *before = page->chunk;
    /* what has versions may be gone: a list that goes on is not missing */
    int goes_on = page->range.sought && *page->range.after->id;
    apr_status_t rv = edu__go_on(page->x);

    if (rv) {
        return rv;
    }
    edu__page_keep_end(page);
    apr_pool_clear(page->one.p);
    apr_pool_create(&page->chunk, x->p);
    rv = page->across
             ? edu__across_read(page)
             : edu__store_list(rows, &page->above, x->store, x->set->table,
                               &x->path.key, &page->range, x->err, page->chunk);
    if (!rv && !(rv = settle(page))) {
        rv = page->across ? edu__across_rows(page, rows) : APR_SUCCESS;
    }
    if (rv) {
        return rv;
    }
    if (before && !page->keeps) {
        apr_pool_destroy(before);
    }
    if (!page->across) {
        page->ended = (*rows)->nelts < EDU_CHUNK;
        page->last = (*rows)->nelts
                         ? APR_ARRAY_IDX(*rows, (*rows)->nelts - 1, edu_row_t)
                         : page->last;
    }
    return look_above(page->x, &page->above, (*rows)->nelts == 0 && !goes_on);
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

static void begin_first(edu_page_t *page)
{
    page->first = edu__first_create((apr_size_t)page->left + page->q->top + 1,
                                    page->x->p);
}

/* Chooses how to visit rows, which takes the first chunk to decide. */
static apr_status_t choose(edu_page_t *page, edu_visit_fn **visit)
{
    const edu_query_t *q = page->q;
    apr_status_t rv = APR_SUCCESS;

    *visit = edu__page_show;
    page->registered = page->above.user_id != NULL;
    if (!page->timed && !page->across && !edu__page_is_sorted(page) &&
        q->token && page->registered != (*page->token.row.sort_key != '\0')) {
        return gone(page);
    }
    if (page->registered || edu__page_is_sorted(page)) {
        begin_first(page);
        if (q->token && !page->token.n) {
            rv = edu__position_of(&page->from, &page->token.row,
                                  page->token.row.sort_key, NULL, NULL,
                                  page->x->err, page->x->p);
        }
    }
    if (page->first) {
        *visit = edu__page_weigh;
    }
    return rv;
}

static apr_status_t visit_rows(edu_page_t *page, const apr_array_header_t *rows,
                               edu_visit_fn *visit)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < rows->nelts && !page->done; i++) {
        edu_row_t row = APR_ARRAY_IDX(rows, i, edu_row_t);
        const char *id = edu__singleton_id(row.type);

        if (page->registered && id && row.stored && strcmp(id, row.id) == 0) {
            APR_ARRAY_PUSH(page->stored, edu_row_t) =
                (edu_row_t){ .id = id, .sort_key = "" };
        }
        edu__page_begin_row(page);
        page->row = &APR_ARRAY_IDX(rows, i, edu_row_t);
        rv = visit(page, &row);
    }
    return rv;
}

/* Gives outcomes their registration, for their views. */
static void register_rows(const edu_page_t *page, apr_array_header_t *rows)
{
    for (int i = 0; page->registered && i < rows->nelts; i++) {
        APR_ARRAY_IDX(rows, i, edu_row_t).registration = page->above;
    }
}

/* Visits the placeholders, which are not stored. */
static apr_status_t visit_placeholders(edu_page_t *page, edu_visit_fn *visit)
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

/* Visits the rows after one until the page is done.
 * @param visit  NULL: chosen by the first chunk */
static apr_status_t walk(edu_page_t *page, edu_row_t last, edu_visit_fn *visit)
{
    apr_array_header_t *rows;
    apr_status_t rv;

    page->done = 0;
    page->stored = apr_array_make(page->x->p, 3, sizeof(edu_row_t));
    page->last = last;
    page->range.after = &page->last;
    do {
        rv = read_chunk(page, &rows);
        page->registered = page->above.user_id != NULL;
        if (!rv && !visit) {
            rv = choose(page, &visit);
        }
        if (!rv && rows->nelts) {
            apr_size_t size = page->first ? size_of(rows) : 0;

            page->keeps = page->first && page->kept + size <= EDU_PAGE_BYTES;
            page->kept += page->keeps ? size : 0;
            register_rows(page, rows);
            rv = visit_rows(page, rows, visit);
        }
    } while (!rv && !page->ended && !page->done);
    if (!rv && page->registered && !page->done) {
        rv = visit_placeholders(page, visit);
    }
    return rv;
}

/* Before all rows. */
static const edu_row_t first = {
    .sort_key = "", .parent_id = "", .assignment_id = "", .id = ""
};

static apr_status_t gather(edu_page_t *page)
{
    const edu_query_t *q = page->q;
    const edu_row_t *after = &page->token.row;
    int begun =
        *after->id && (page->timed || page->across || !*after->sort_key);
    int whole;
    /* a student's page has to count all rows, which the first read may tell */
    apr_status_t rv =
        q->count && begun ? edu__access_require(page->x) : APR_SUCCESS;

    if (!rv && page->token.n) {
        rv = walk(page, first, edu__page_seek);
        rv = rv || page->found ? rv : gone(page);
    }
    whole = q->count && edu__page_filters(page);
    if (!rv) {
        rv = walk(page, begun && !whole ? *after : first, NULL);
    }
    whole = q->count && edu__page_filters(page);
    if (!rv && page->first) {
        return edu__page_show_first(page);
    }
    if (!rv && q->count && !whole && (begun || !page->ended)) {
        rv = page->across
                 ? edu__across_count(page)
                 : edu__store_count(&page->total, page->x->store,
                                    page->x->set->table, &page->x->path.key,
                                    &page->range, page->x->err, page->x->p);
    }
    return rv;
}

/* Notes the collection itself: of outcomes that no row shows, a filter tells by
 * the count and by the rows that are missing. */
static void note_whole(const edu_page_t *page)
{
    const edu_exchange_t *x = page->x;

    if (x->set->id == EDU_OUTCOMES ||
        (x->set->table == EDU_HISTORY && (x->query.filter || x->query.apply))) {
        edu__note_read(x, x->path.key.assignment_id, x->path.key.submission_id,
                       page->above.user_id, NULL);
    }
}

/* ------------------------------------------------------------------ answer */

static apr_status_t begin(edu_page_t *page, edu_exchange_t *x)
{
    apr_status_t rv;

    *page = (edu_page_t){
        .x = x, .q = &x->query, .range = range_of(x), .left = x->query.skip
    };
    page->text.body = apr_array_make(x->p, 4, sizeof(struct iovec));
    page->one = *x;
    page->one.res = &page->text;
    apr_pool_create(&page->one.p, x->p);
    page->one.contexts = edu__contexts(x, x->p);
    page->timed = page->range.since || page->range.sought;
    page->rows = edu__below_is_due(x) && x->query.top
                     ? apr_array_make(x->p, 16, sizeof(edu_shown_t))
                     : NULL;
    page->across = x->set->id == EDU_OUTCOMES && page->range.across;
    page->where = page->across ? edu__pushdown(x, x->p) : NULL;
    /* a row of history does not say whose the thing is */
    rv = x->set->table == EDU_HISTORY ? edu__access_require(x) : APR_SUCCESS;
    rv = rv ? rv
            : edu__token_read(&page->token, page->q, url_of(x, ""), x->err,
                              x->p);
    page->next = page->token;
    return rv;
}

/* The members before the rows: their count, and the link that leads on. */
static const char *head_of(const edu_page_t *page, edu_link_fn *link,
                           void *baton)
{
    const edu_exchange_t *x = page->x;
    const char *quote = x->format.ieee754 ? "\"" : "";
    const char *count =
        page->q->count
            ? apr_psprintf(x->p, ",\"@odata.count\":%s%" APR_INT64_T_FMT "%s",
                           quote, page->total, quote)
            : "";

    const char *token =
        page->more ? edu__token_write(&page->next, page->q, url_of(x, ""), x->p)
                   : NULL;

    return apr_pstrcat(x->p, count, link(baton, token), NULL);
}

/* The next page's absolute URL, which has all options (decisions.md 4). */
static const char *next_link(void *baton, const char *token)
{
    const edu_exchange_t *x = baton;

    return token ? apr_pstrcat(x->p, ",\"@odata.nextLink\":",
                               edu__json_quote(
                                   apr_pstrcat(x->p, url_of(x, x->req->base),
                                               "?", x->query.kept,
                                               "$skiptoken=", token, NULL),
                                   x->p),
                               NULL)
                 : "";
}

apr_status_t edu__list_linked(edu_exchange_t *x, edu_link_fn *link, void *baton)
{
    edu_page_t page;
    struct iovec *head;
    int at;
    apr_status_t rv = begin(&page, x);

    if (rv) {
        return rv;
    }
    edu__answer_json(x, 200);
    edu__append_context(x, 0);
    at = x->res->body->nelts;
    edu__append(x, "");
    edu__append(x, ",\"value\":[");
    rv = gather(&page);
    if (rv) {
        return rv;
    }
    note_whole(&page);
    edu__page_keep_end(&page);
    rv = edu__page_fill(&page);
    if (rv) {
        return rv;
    }
    edu__append(x, "]}");
    head = &APR_ARRAY_IDX(x->res->body, at, struct iovec);
    head->iov_base = (void *)head_of(&page, link, baton);
    head->iov_len = strlen(head->iov_base);
    edu__drop_comma(x, at);
    return APR_SUCCESS;
}

static apr_status_t answer_groups(edu_exchange_t *x)
{
    edu_page_t page;
    apr_status_t rv = begin(&page, x);

    if (!rv) {
        page.groups = edu__groups_create(&x->query, x->p);
        rv = walk(&page, first, edu__page_group);
    }
    if (!rv) {
        note_whole(&page);
        edu__page_show_groups(&page);
    }
    return rv;
}

static apr_status_t answer_page(edu_exchange_t *x)
{
    return x->query.apply ? answer_groups(x)
                          : edu__list_linked(x, next_link, x);
}

apr_status_t edu__list(edu_exchange_t *x)
{
    return answer_page(x);
}

/* Newest first, unless $orderby says otherwise (contract.md 5, example 22). */
apr_status_t edu__recent(edu_exchange_t *x)
{
    for (int i = 0; x->query.orderby && i < x->query.orderby->nelts; i++) {
        const edu_expr_t *key =
            APR_ARRAY_IDX(x->query.orderby, i, edu_order_t).key;

        if (key->op != EDU_EXPR_PATH || key->path->steps->nelts > 1 ||
            strcmp(key->path->prop->name, "lastModifiedDateTime") != 0) {
            return edu_error_set(x->err, EDU_EORDERBY, "$orderby", x->p,
                                 "The OData query is invalid. $orderby clause "
                                 "is only supported for these properties : "
                                 "(lastModifiedDateTime).");
        }
    }
    return answer_page(x);
}

apr_status_t edu__count(edu_exchange_t *x)
{
    edu_page_t page;
    apr_status_t rv;

    x->query.count = 1;
    x->query.top = 0;
    rv = begin(&page, x);
    rv = rv ? rv : gather(&page);
    if (rv) {
        return rv;
    }
    note_whole(&page);
    x->res->status = 200;
    apr_table_setn(x->res->headers, "Content-Type", "text/plain");
    edu__append(x, apr_psprintf(x->p, "%" APR_INT64_T_FMT, page.total));
    return APR_SUCCESS;
}
