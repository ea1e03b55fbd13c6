/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A row has a position in an order.  Here positions are written as bytes that
 * sort as the rows do, the first of many are kept in bounded memory, and the
 * link to the next page gets one. */

#include "page.h"

#include <apr_strings.h>

#include <stdlib.h>

/* The memory that the positions of one list may take. */
#define MAX_ROOM ((apr_size_t)16 * 1024 * 1024)

/* An order compares this many bytes of a text. */
#define MAX_TEXT 128

/* A token is a hash of its query, a kind, and where the page ended.  In the
 * order of an index that is the position of the last row: three texts, each
 * with its NUL.  If values make the order, it is the prints of the last rows
 * instead: a position would carry grades into the access log. */
#define BY_POSITION 'p'
#define BY_PRINTS 'r'
#define TEXTS 3
#define HASH_BYTES 8
#define VERSION_BYTES 4
#define PRINT_BYTES (HASH_BYTES + VERSION_BYTES)

#define SIGN_BIT ((apr_uint64_t)1 << 63)

#define FNV_BASIS 0xcbf29ce484222325U
#define FNV_PRIME 0x100000001b3U

struct edu_first_t {
    apr_array_header_t *list; /* of edu_position_t */
    int made;                 /* elements of the list ever used */
    apr_size_t wanted;        /* positions that the caller asks for */
    apr_size_t room;          /* bytes that the positions take */
    int sorted;               /* the first so many are sorted; each later one
                                 comes before the last of these */
    int lost;
};

/* ------------------------------------------------------------------- bytes */

/* FNV-1a of a text and its final NUL. */
static apr_uint64_t hash(apr_uint64_t seed, const char *s)
{
    do {
        seed = (seed ^ (unsigned char)*s) * FNV_PRIME;
    } while (*s++);
    return seed;
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

/* --------------------------------------------------------------- positions */

static apr_uint64_t bits_of(double number)
{
    apr_uint64_t bits;

    number += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &number, sizeof(bits));
    return bits >> 63 ? ~bits : bits | (apr_uint64_t)1 << 63;
}

/* Adds a value as bytes that sort as edu__value_compare sorts values, except
 * that a long text is cut. */
static char *put_value(char *to, const edu_value_t *value, int descending)
{
    char *begin = to;
    apr_size_t len;

    *to++ = value->kind != EDU_EDM_NULL;
    if (value->kind == EDU_EDM_BOOLEAN) {
        *to++ = value->truth != 0;
    }
    else if (edu__is_number(value->kind)) {
        to = put_number(to,
                        bits_of(edu__is_integer(value->kind)
                                    ? (double)value->integer
                                    : value->number),
                        8);
    }
    else if (value->kind == EDU_EDM_STRING || value->kind == EDU_EDM_ENUM ||
             value->kind == EDU_EDM_GUID) {
        len = value->text.len < MAX_TEXT ? value->text.len : MAX_TEXT;
        memcpy(to, value->text.s, len);
        to += len;
        *to++ = '\0';
    }
    else if (value->kind) {
        to = put_number(to, (apr_uint64_t)value->integer ^ SIGN_BIT, 8);
    }
    for (; descending && begin < to; begin++) {
        *begin = (char)~*begin;
    }
    return to;
}

apr_status_t edu__position_of(edu_position_t *position, const edu_row_t *row,
                              const char *created, const json_t *doc,
                              const edu_query_t *query, edu_error_t *err,
                              apr_pool_t *p)
{
    const apr_array_header_t *orders = query ? query->orderby : NULL;
    int n = orders ? orders->nelts : 0;
    apr_status_t rv = APR_SUCCESS;
    char *end =
        apr_palloc(p, n * (MAX_TEXT + 2) + strlen(created) +
                          strlen(row->parent_id) + strlen(row->id) + TEXTS);
    edu_value_t value;

    *position = (edu_position_t){ .bytes = end };
    for (int i = 0; !rv && i < n; i++) {
        const edu_order_t *order = &APR_ARRAY_IDX(orders, i, edu_order_t);

        rv = edu__expr_find(&value, order->key, doc, query, "$orderby", err, p);
        end = put_value(end, &value, order->descending);
    }
    position->tail = end - position->bytes;
    end = put_text(end, created);
    end = put_text(end, row->parent_id);
    end = put_text(end, row->id);
    position->len = end - position->bytes;
    return rv;
}

int edu__position_compare(const edu_position_t *a, const edu_position_t *b)
{
    int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

    return order ? order : (a->len > b->len) - (a->len < b->len);
}

edu_row_t edu__position_row(const edu_position_t *position)
{
    const char *created = position->bytes + position->tail;
    const char *parent = created + strlen(created) + 1;

    return position->row ? *position->row
                         : (edu_row_t){ .sort_key = created,
                                        .assignment_id = created,
                                        .parent_id = parent,
                                        .id = parent + strlen(parent) + 1,
                                        .body = "" };
}

/* ------------------------------------------------------- the first of many */

edu_first_t *edu__first_create(apr_size_t wanted, apr_pool_t *p)
{
    edu_first_t *first = apr_pcalloc(p, sizeof(*first));

    first->wanted = wanted;
    first->list = apr_array_make(p, 8, sizeof(edu_position_t));
    return first;
}

static int in_order(const void *a, const void *b)
{
    return edu__position_compare(a, b);
}

/* Sorts the positions and forgets those past the wanted number; if memory is
 * short, it forgets half of them. */
static void sort(edu_first_t *first, int crowded)
{
    apr_array_header_t *list = first->list;

    qsort(list->elts, list->nelts, sizeof(edu_position_t), in_order);
    if (crowded && first->wanted > (apr_size_t)list->nelts / 2) {
        first->wanted = list->nelts / 2;
        first->lost = 1;
    }
    if ((apr_size_t)list->nelts >= first->wanted) {
        list->nelts = (int)first->wanted;
        first->sorted = list->nelts;
    }
}

/* Copies a position into the memory of a forgotten one if that is large
 * enough. */
static void push(edu_first_t *first, const edu_position_t *position)
{
    edu_position_t *copy = apr_array_push(first->list);
    char *bytes = copy->bytes;
    apr_size_t room = copy->room;

    if (first->list->nelts > first->made) {
        first->made++;
        first->room += sizeof(*copy);
        room = 0;
    }
    if (room < position->len) {
        for (room = 64; room < position->len; room *= 2) {
        }
        bytes = apr_palloc(first->list->pool, room);
        first->room += room;
    }
    memcpy(bytes, position->bytes, position->len);
    *copy = *position;
    copy->bytes = bytes;
    copy->room = room;
}

void edu__first_add(edu_first_t *first, const edu_position_t *position)
{
    apr_array_header_t *list = first->list;
    int crowded;

    if (first->sorted &&
        in_order(position,
                 &APR_ARRAY_IDX(list, first->sorted - 1, edu_position_t)) > 0) {
        return;
    }
    push(first, position);
    crowded = first->room >= MAX_ROOM;
    if ((apr_size_t)list->nelts >= 2 * first->wanted ||
        (crowded && list->nelts == first->made)) {
        sort(first, crowded);
    }
}

const apr_array_header_t *edu__first_list(edu_first_t *first, int *lost)
{
    sort(first, 0);
    *lost = first->lost;
    return first->list;
}

/* ------------------------------------------------------------------ tokens */

edu_print_t edu__print_of(const edu_row_t *row, const char *version)
{
    const char *above = row->assignment_id ? row->assignment_id : "";

    return (edu_print_t){ hash(hash(hash(FNV_BASIS, above), row->parent_id),
                               row->id),
                          (apr_uint32_t)hash(FNV_BASIS, version) };
}

int edu__print_find(const edu_token_t *token, edu_print_t print)
{
    int i = token->n;

    while (i > 0 && token->prints[i - 1].row != print.row) {
        i--;
    }
    return i;
}

void edu__print_add(edu_token_t *token, edu_print_t print)
{
    if (token->n == EDU_PRINTS) {
        memmove(token->prints, token->prints + 1,
                (EDU_PRINTS - 1) * sizeof(edu_print_t));
        token->n--;
    }
    token->prints[token->n++] = print;
}

/* The hash of a query: a token is of use for that query only. */
static apr_uint64_t hash_of(const edu_query_t *q, const char *url)
{
    apr_uint64_t seed = hash(FNV_BASIS, url);

    seed = hash(seed, q->filter_text ? q->filter_text : "");
    seed = hash(seed, q->orderby_text ? q->orderby_text : "");
    return hash(seed, q->unknowns ? "u" : "");
}

const char *edu__token_write(const edu_token_t *token, const edu_query_t *q,
                             const char *url, apr_pool_t *p)
{
    const edu_row_t *row = &token->row;
    apr_size_t texts = strlen(row->sort_key) + strlen(row->parent_id) +
                       strlen(row->id) + TEXTS;
    char *bytes =
        apr_palloc(p, HASH_BYTES + 1 + texts + EDU_PRINTS * PRINT_BYTES);
    char *end = put_number(bytes, hash_of(q, url), HASH_BYTES);

    *end++ = token->n ? BY_PRINTS : BY_POSITION;
    for (int i = 0; i < token->n; i++) {
        end = put_number(end, token->prints[i].row, HASH_BYTES);
        end = put_number(end, token->prints[i].version, VERSION_BYTES);
    }
    if (!token->n) {
        end = put_text(end, row->sort_key);
        end = put_text(end, row->parent_id);
        end = put_text(end, row->id);
    }
    return edu__query_token(q, bytes, end - bytes, p);
}

/* The bytes have to be three texts, each of which can be a key. */
static int read_row(edu_row_t *row, const char *s, const char *end)
{
    const char *texts[TEXTS];

    for (int i = 0; i < TEXTS; i++) {
        const char *nul = s < end ? memchr(s, '\0', end - s) : NULL;

        if (!nul || nul - s > MAX_TEXT || !edu__is_utf8(s)) {
            return 0;
        }
        texts[i] = s;
        s = nul + 1;
    }
    row->sort_key = texts[0];
    row->version = texts[0];
    row->assignment_id = texts[0];
    row->parent_id = texts[1];
    row->id = texts[2];
    return s == end && *row->id;
}

static int read_prints(edu_token_t *token, const char *s, const char *end)
{
    if (end - s == 0 || (end - s) % PRINT_BYTES ||
        (end - s) / PRINT_BYTES > EDU_PRINTS) {
        return 0;
    }
    for (; s < end; s += PRINT_BYTES) {
        token->prints[token->n++] =
            (edu_print_t){ number_at(s, HASH_BYTES),
                           (apr_uint32_t)number_at(s + HASH_BYTES,
                                                   VERSION_BYTES) };
    }
    return 1;
}

static int read_rest(edu_token_t *token, const char *s, const char *end)
{
    return *s == BY_PRINTS     ? read_prints(token, s + 1, end)
           : *s == BY_POSITION ? read_row(&token->row, s + 1, end)
                               : 0;
}

static apr_status_t refuse(edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_EBADREQUEST, "$skiptoken", p,
                         "This $skiptoken belongs to another query. Follow an "
                         "@odata.nextLink as it stands.");
}

apr_status_t edu__token_read(edu_token_t *token, const edu_query_t *q,
                             const char *url, edu_error_t *err, apr_pool_t *p)
{
    const char *s = q->token;

    *token = (edu_token_t){
        .row = {.sort_key = "", .parent_id = "", .id = ""}
    };
    return !s || (q->token_len > HASH_BYTES &&
                  number_at(s, HASH_BYTES) == hash_of(q, url) &&
                  read_rest(token, s + HASH_BYTES, s + q->token_len))
               ? APR_SUCCESS
               : refuse(err, p);
}

apr_status_t edu__token_check(const edu_token_t *token, const edu_query_t *q,
                              int sorted, edu_error_t *err, apr_pool_t *p)
{
    return !q->token || (token->n > 0) == (sorted != 0) ? APR_SUCCESS
                                                        : refuse(err, p);
}
