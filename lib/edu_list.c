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

#include <stdlib.h>

/* seven days (contract.md 3) */
#define RECENT ((edu_time_t)7 * 24 * 60 * 60 * EDU_TICKS_PER_SECOND)

/* How many bytes of documents end a page; and how many stay in memory where all
 * rows are looked at. */
#define PAGE_BYTES ((apr_size_t)4 * 1024 * 1024)

/* How much memory the places in an order may take. */
#define PLACES_BYTES ((apr_size_t)16 * 1024 * 1024)

/* How much of a text counts in an order. */
#define TEXT_BYTES 128

/* How many rows of a page its link knows, for some may move meanwhile. */
#define PRINTS 8

/* The place of a row in an order that no index has. */
typedef struct place_t {
    char *key; /* what sorts as bytes: see key_of */
    apr_size_t len, room;
    apr_size_t tail; /* where in it created, parent and id begin */
    apr_uint32_t version;
    const edu_row_t *row; /* NULL: to be read again */
} place_t;

/* A row as a link knows it. */
typedef struct print_t {
    apr_uint64_t row;
    apr_uint32_t version;
} print_t;

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
    apr_size_t again;           /* of the assignment of this row, if it had to
                                     be read again */
    edu_row_t after;            /* with which the page before ended */
    edu_row_t last;             /* with which this one ends */
    apr_array_header_t *places; /* of place_t */
    int made;                   /* of which so many have been in use */
    apr_size_t wanted;          /* how many of them will do */
    apr_size_t room;            /* bytes that they take */
    int sorted;                 /* that many are sorted, the rest comes before
                                     the last of them */
    int lost;                   /* more were wanted than there was room for */
    apr_size_t kept;            /* bytes of rows that stay */
    int keeps;                  /* those of this chunk do */
    const char *from;           /* the key after which the page begins; NULL:
                                     any */
    apr_size_t from_len;
    print_t prints[PRINTS]; /* of the last rows of the page before */
    int n_prints, found;    /* how many; the latest that is as it was */
};

/* ------------------------------------------------------------------- tokens */

/* A link tells where to go on by the place of the last row, if that does not
 * change: three texts, each with its NUL; or, if values make the order, by
 * prints of the last rows.  Nobody's grade gets into a log. */
#define BY_PLACE 'p'
#define BY_PRINTS 'r'
#define TEXTS 3
#define HASH_BYTES 8
#define VERSION_BYTES 4
#define PRINT_BYTES (HASH_BYTES + VERSION_BYTES)

#define FNV_BASIS 0xcbf29ce484222325U
#define FNV_PRIME 0x100000001b3U

/* FNV-1a, the final NUL with it. */
static apr_uint64_t hash(apr_uint64_t seed, const char *s)
{
    do {
        seed = (seed ^ (unsigned char)*s) * FNV_PRIME;
    } while (*s++);
    return seed;
}

static print_t print_of(const char *parent, const char *id, const char *version)
{
    return (print_t){ hash(hash(FNV_BASIS, parent), id),
                      (apr_uint32_t)hash(FNV_BASIS, version) };
}

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

/* What is asked for: no other query takes its tokens. */
static apr_uint64_t query_hash(const page_t *page)
{
    const edu_query_t *q = page->q;
    apr_uint64_t seed = hash(FNV_BASIS, url_of(page->x, ""));

    seed = hash(seed, q->filter_text ? q->filter_text : "");
    seed = hash(seed, q->orderby_text ? q->orderby_text : "");
    return hash(seed, q->unknowns ? "u" : "");
}

static char *put_number(char *to, apr_uint64_t n, int bytes)
{
    while (bytes--) {
        *to++ = (char)(n >> (8 * bytes));
    }
    return to;
}

static apr_uint64_t number_at(const char *from, int bytes)
{
    apr_uint64_t n = 0;

    while (bytes--) {
        n = n << 8 | (unsigned char)*from++;
    }
    return n;
}

static char *put_text(char *to, const char *s)
{
    apr_size_t size = strlen(s) + 1;

    memcpy(to, s, size);
    return to + size;
}

static const char *token_of(const page_t *page)
{
    const edu_row_t *last = &page->last;
    apr_size_t texts =
        strlen(last->created) + strlen(last->parent) + strlen(last->id) + TEXTS;
    char *bytes =
        apr_palloc(page->x->p, HASH_BYTES + 1 + texts + PRINTS * PRINT_BYTES);
    char *end = put_number(bytes, query_hash(page), HASH_BYTES);

    *end++ = page->n_prints ? BY_PRINTS : BY_PLACE;
    for (int i = 0; i < page->n_prints; i++) {
        end = put_number(end, page->prints[i].row, HASH_BYTES);
        end = put_number(end, page->prints[i].version, VERSION_BYTES);
    }
    if (!page->n_prints) {
        end = put_text(end, last->created);
        end = put_text(end, last->parent);
        end = put_text(end, last->id);
    }
    return edu__query_token(page->q, bytes, end - bytes, page->x->p);
}

/* All of the bytes have to be three texts that can be keys. */
static int read_place(page_t *page, const char *s, const char *end)
{
    const char *texts[TEXTS];

    for (int i = 0; i < TEXTS; i++) {
        const char *nul = s < end ? memchr(s, '\0', end - s) : NULL;

        if (!nul || nul - s > TEXT_BYTES || !edu__json_is_utf8(s)) {
            return 0;
        }
        texts[i] = s;
        s = nul + 1;
    }
    page->after.created = texts[0];
    page->after.version = texts[0];
    page->after.parent = texts[1];
    page->after.id = texts[2];
    return s == end && *page->after.id;
}

static int read_prints(page_t *page, const char *s, const char *end)
{
    if (end - s == 0 || (end - s) % PRINT_BYTES ||
        (end - s) / PRINT_BYTES > PRINTS) {
        return 0;
    }
    for (; s < end; s += PRINT_BYTES) {
        page->prints[page->n_prints++] =
            (print_t){ number_at(s, HASH_BYTES),
                       (apr_uint32_t)number_at(s + HASH_BYTES, VERSION_BYTES) };
    }
    return 1;
}

/* Whether values make the order. */
static int is_sorted(const page_t *page)
{
    return page->q->orderby && !page->range.since;
}

static apr_status_t read_token(page_t *page)
{
    const char *s = page->q->token;
    const char *end = s ? s + page->q->token_len : NULL;
    char kind = is_sorted(page) ? BY_PRINTS : BY_PLACE;

    if (!s) {
        return APR_SUCCESS;
    }
    if (end - s > HASH_BYTES && number_at(s, HASH_BYTES) == query_hash(page) &&
        s[HASH_BYTES] == kind &&
        (kind == BY_PRINTS ? read_prints : read_place)(page, s + HASH_BYTES + 1,
                                                       end)) {
        return APR_SUCCESS;
    }
    return edu_error_set(page->x->err, EDU_EBADREQUEST, "$skiptoken",
                         page->x->p,
                         "This $skiptoken is none of this query. Follow an "
                         "@odata.nextLink as it stands.");
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
    const edu_row_t *after = &page->after;
    int order = 0;

    if (page->range.since) {
        order = strcmp(row->version, after->version);
    }
    order = order ? order : strcmp(row->parent, after->parent);
    order = order ? order : strcmp(row->id, after->id);
    return page->range.since && !page->range.oldest ? order < 0 : order > 0;
}

/* A link goes on after this row, whatever becomes of its chunk. */
static void end_with(page_t *page, const edu_row_t *row)
{
    apr_pool_t *p = page->x->p;
    const char *instant = page->range.since  ? row->version
                          : page->registered ? row->created
                                             : "";

    page->last.created = apr_pstrdup(p, instant);
    page->last.parent = apr_pstrdup(p, row->parent);
    page->last.id = apr_pstrdup(p, row->id);
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
    if (*page->after.id && !follows(page, page->row)) {
        return APR_SUCCESS;
    }
    if (page->left > 0) {
        page->left--;
        return APR_SUCCESS;
    }
    if (!is_full(page)) {
        int shown = page->shown;

        rv = put(page, row);
        if (page->shown > shown) {
            end_with(page, page->row);
        }
        if (rv || !page->full) {
            return rv;
        }
    }
    page->more = page->q->top > 0;
    page->done = !page->q->count || (!page->q->filter && !page->ended);
    return APR_SUCCESS;
}

/* -------------------------------------------------------- in another order */

static apr_uint64_t bits_of(double number)
{
    apr_uint64_t bits;

    number += 0.0; /* there is no -0 */
    memcpy(&bits, &number, sizeof(bits));
    return bits >> 63 ? ~bits : bits | (apr_uint64_t)1 << 63;
}

/* Adds a value to a key: bytes that sort as edu__value_compare has it, but for
 * the end of a long text. */
static char *put_value(char *to, const json_t *value, int descending)
{
    char text[TEXT_BYTES + 1];
    char *begin = to;

    *to++ = value != NULL;
    if (json_is_string(value)) {
        apr_cpystrn(text, json_string_value(value), sizeof(text));
        to = put_text(to, text);
    }
    else if (json_is_boolean(value)) {
        *to++ = json_is_true(value);
    }
    else if (value) {
        to = put_number(to, bits_of(json_number_value(value)), 8);
    }
    for (; descending && begin < to; begin++) {
        *begin = (char)~*begin;
    }
    return to;
}

/* The place of a row: the values of $orderby, then what makes it unique.  Of
 * registered submissions Graph's order comes first, which is that of creation.
 */
static place_t key_of(const page_t *page, const edu_row_t *row,
                      const json_t *doc)
{
    const apr_array_header_t *orders = page->q->orderby;
    const char *created = page->registered ? row->created : "";
    int n = orders ? orders->nelts : 0;
    place_t place = { .row = page->keeps ? page->row : NULL };
    char *end = apr_palloc(page->one.p, n * (TEXT_BYTES + 2) + strlen(created) +
                                            strlen(row->parent) +
                                            strlen(row->id) + TEXTS);

    place.key = end;
    for (int i = 0; i < n; i++) {
        const edu_order_t *order = &APR_ARRAY_IDX(orders, i, edu_order_t);

        end = put_value(end, edu__operand_value(&order->operand, doc),
                        order->descending);
    }
    place.tail = end - place.key;
    end = put_text(end, created);
    end = put_text(end, row->parent);
    end = put_text(end, row->id);
    place.len = end - place.key;
    return place;
}

static int compare_keys(const char *a, apr_size_t a_len, const char *b,
                        apr_size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int in_order(const void *av, const void *bv)
{
    const place_t *a = av, *b = bv;

    return compare_keys(a->key, a->len, b->key, b->len);
}

/* Sorts the places, and forgets those that are not wanted; if there is no room,
 * half of them. */
static void sort_places(page_t *page, int crowded)
{
    apr_array_header_t *places = page->places;

    qsort(places->elts, places->nelts, sizeof(place_t), in_order);
    if (crowded && page->wanted > (apr_size_t)places->nelts / 2) {
        page->wanted = places->nelts / 2;
        page->lost = 1;
    }
    if ((apr_size_t)places->nelts >= page->wanted) {
        places->nelts = (int)page->wanted;
        page->sorted = places->nelts;
    }
}

/* Takes a place among those that come first; the memory of one that was
 * forgotten is used again. */
static void take_place(page_t *page, const place_t *it)
{
    apr_array_header_t *places = page->places;
    place_t *place;
    apr_size_t room;

    if (page->sorted &&
        in_order(it, &APR_ARRAY_IDX(places, page->sorted - 1, place_t)) > 0) {
        return;
    }
    place = apr_array_push(places);
    if (places->nelts > page->made) {
        page->made++;
        page->room += sizeof(place_t);
        place->room = 0;
    }
    if (place->room < it->len) {
        for (room = 64; room < it->len; room *= 2) {
        }
        place->key = apr_palloc(page->x->p, room);
        place->room = room;
        page->room += room;
    }
    memcpy(place->key, it->key, it->len);
    place->len = it->len;
    place->tail = it->tail;
    place->version = it->version;
    place->row = it->row;
}

/* Whether the page before has shown a row; and which of those it was.
 * @return from 1, or 0 */
static int print_among(const page_t *page, print_t print)
{
    for (int i = page->n_prints; i > 0; i--) {
        if (page->prints[i - 1].row == print.row) {
            return i;
        }
    }
    return 0;
}

/* Looks for the latest row of the page before that is as it was. */
static apr_status_t seek(page_t *page, edu_row_t *row)
{
    print_t print = print_of(row->parent, row->id, row->version);
    int i = print_among(page, print), fits;
    const json_t *doc;
    place_t place;
    apr_status_t rv;

    if (i <= page->found || page->prints[i - 1].version != print.version) {
        return APR_SUCCESS;
    }
    rv = match(page, row, &doc, &fits);
    if (!rv && fits) {
        place = key_of(page, row, doc);
        page->from = apr_pmemdup(page->x->p, place.key, place.len);
        page->from_len = place.len;
        page->found = i;
        page->done = i == page->n_prints;
    }
    return rv;
}

/* Finds the place of a row. */
static apr_status_t weigh(page_t *page, edu_row_t *row)
{
    const json_t *doc;
    place_t place;
    print_t print;
    int fits;
    apr_status_t rv = match(page, row, &doc, &fits);

    if (rv || !fits) {
        return rv;
    }
    page->total++;
    print = print_of(row->parent, row->id, row->version);
    place = key_of(page, row, doc);
    place.version = print.version;
    if (print_among(page, print) ||
        (page->from &&
         compare_keys(place.key, place.len, page->from, page->from_len) <= 0)) {
        return APR_SUCCESS;
    }
    take_place(page, &place);
    if ((apr_size_t)page->places->nelts >= 2 * page->wanted ||
        (page->room >= PLACES_BYTES && page->places->nelts == page->made)) {
        sort_places(page, page->room >= PLACES_BYTES);
    }
    return APR_SUCCESS;
}

/* The row of a place, which may have to be read again. */
static edu_row_t row_at(const place_t *place)
{
    const char *created = place->key + place->tail;
    const char *parent = created + strlen(created) + 1;

    return place->row ? *place->row
                      : (edu_row_t){ .created = created,
                                     .parent = parent,
                                     .id = parent + strlen(parent) + 1,
                                     .body = "" };
}

/* Of the last rows that were shown, of this page or before. */
static void add_print(page_t *page, const place_t *place)
{
    edu_row_t row = row_at(place);
    print_t print = print_of(row.parent, row.id, "");

    print.version = place->version;
    if (page->n_prints == PRINTS) {
        memmove(page->prints, page->prints + 1, (PRINTS - 1) * sizeof(print_t));
        page->n_prints--;
    }
    page->prints[page->n_prints++] = print;
}

static apr_status_t show_places(page_t *page)
{
    const apr_array_header_t *places = page->places;
    int i = page->left;
    apr_status_t rv = APR_SUCCESS;

    sort_places(page, 0);
    if (page->lost && places->nelts <= page->left + page->q->top) {
        return edu_error_set(page->x->err, EDU_EBADREQUEST, "$skip", page->x->p,
                             "So many rows cannot be sorted and skipped. "
                             "Follow each @odata.nextLink, or ask for less by "
                             "$filter.");
    }
    for (; !rv && i < places->nelts && !is_full(page); i++) {
        edu_row_t row = row_at(&APR_ARRAY_IDX(places, i, place_t));

        apr_pool_clear(page->one.p);
        page->again = 0;
        rv = put(page, &row);
    }
    i -= page->full; /* the last of them was too much */
    if (i > page->left) {
        edu_row_t row = row_at(&APR_ARRAY_IDX(places, i - 1, place_t));

        end_with(page, &row);
    }
    page->more = page->q->top > 0 && i < places->nelts;
    for (int j = page->left; is_sorted(page) && j < i; j++) {
        add_print(page, &APR_ARRAY_IDX(places, j, place_t));
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

        size += strlen(row->body) + size_of(row->outcomes);
    }
    return size;
}

static void begin_places(page_t *page)
{
    page->wanted = (apr_size_t)page->left + page->q->top + 1;
    page->places = apr_array_make(page->x->p, 8, sizeof(place_t));
}

/* What to do with rows, as far as it takes the first of them to tell. */
static apr_status_t choose(page_t *page, visit_fn **visit)
{
    const edu_query_t *q = page->q;

    *visit = show;
    page->registered = page->above.user_id != NULL;
    if (!page->range.since && !is_sorted(page) && q->token &&
        page->registered != (*page->after.created != '\0')) {
        return gone(page);
    }
    if (page->registered && !is_sorted(page)) {
        begin_places(page);
        if (q->token) {
            page->from = q->token + HASH_BYTES + 1;
            page->from_len = q->token_len - HASH_BYTES - 1;
        }
    }
    if (page->places) {
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
        apr_pool_clear(page->one.p);
        page->again = 0;
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

            page->keeps = page->places && page->kept + size <= PAGE_BYTES;
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
    int begun = *page->after.id && (page->range.since || !*page->after.created);
    apr_status_t rv = APR_SUCCESS;

    if (is_sorted(page)) {
        if (page->n_prints) {
            rv = walk(page, first, seek);
            rv = rv || page->found ? rv : gone(page);
        }
        begin_places(page);
    }
    if (!rv) {
        rv = walk(page, begun && !whole ? page->after : first, NULL);
    }
    if (!rv && page->places) {
        return show_places(page);
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
    *page = (page_t){
        .x = x,
        .q = &x->query,
        .range = range_of(x),
        .left = x->query.skip,
        .after = {.created = "", .parent = "", .id = ""}
    };
    page->text.body = apr_array_make(x->p, 4, sizeof(struct iovec));
    page->one = *x;
    page->one.res = &page->text;
    apr_pool_create(&page->one.p, x->p);
    return read_token(page);
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
               ? apr_pstrcat(x->p, count, ",\"@odata.nextLink\":",
                             edu__json_quote(
                                 apr_pstrcat(x->p, url_of(x, x->req->base), "?",
                                             page->q->kept, "$skiptoken=",
                                             token_of(page), NULL),
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
