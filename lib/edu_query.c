/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* System query options (OData 4.01 URL conventions, 5.1), as a table. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define DEFAULT_TOP 100
#define MAX_TOP 999 /* as Graph (contract.md 4) */
#define MAX_OPTIONS 100

typedef struct reader_t {
    edu_query_t *query;
    edu_error_t *err;
    apr_pool_t *p;
} reader_t;

typedef apr_status_t read_fn(reader_t *reader, const char *value);

static read_fn read_count, read_expand, read_filter, read_format, read_orderby,
    read_select, read_skip, read_skiptoken, read_top;

/* What there is in OData, and what of it here.  A row without a function is
 * refused: an option is never dropped (decisions.md 4). */
/* clang-format off */
#define EVERYWHERE (EDU_OF_COLLECTION | EDU_OF_ENTITY)
static const struct option_t {
    const char *name;
    int of;
    int kept; /* repeated in the link to the next page */
    read_fn *read;
} options[] = {
    { "$apply",      0,                                0, NULL },
    { "$compute",    0,                                0, NULL },
    { "$count",      EDU_OF_COLLECTION,                1, read_count },
    { "$deltatoken", 0,                                0, NULL },
    { "$expand",     EVERYWHERE,                       1, read_expand },
    { "$filter",     EDU_OF_COLLECTION | EDU_OF_COUNT, 1, read_filter },
    { "$format",     EVERYWHERE,                       1, read_format },
    { "$id",         0,                                0, NULL },
    { "$index",      0,                                0, NULL },
    { "$levels",     0,                                0, NULL },
    { "$orderby",    EDU_OF_COLLECTION,                1, read_orderby },
    { "$search",     0,                                0, NULL },
    { "$select",     EVERYWHERE,                       1, read_select },
    { "$skip",       EDU_OF_COLLECTION,                0, read_skip },
    { "$skiptoken",  EDU_OF_COLLECTION,                0, read_skiptoken },
    { "$top",        EDU_OF_COLLECTION,                1, read_top }
};
/* clang-format on */

/* Names have no case (OData 4.01 URL conventions, 5.1): one of Microsoft's SDKs
 * writes $skipToken. */
static const struct option_t *option_of(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcasecmp(options[i].name + (*name != '$'), name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static apr_status_t bad_value(const reader_t *reader, const char *option,
                              const char *wants)
{
    return edu_error_set(reader->err, EDU_EBADREQUEST, option, reader->p,
                         "The query option %s has to be %s.", option, wants);
}

/* A decimal number from `min` to 2^30, digits only. */
static int read_number(const char *value, int min, int *number)
{
    apr_int64_t n = apr_strtoi64(value, NULL, 10);

    *number = (int)n;
    return *value && strspn(value, "0123456789") == strlen(value) && n >= min &&
           n <= 1 << 30;
}

static apr_status_t read_top(reader_t *reader, const char *value)
{
    int *top = &reader->query->top;

    if (!read_number(value, 0, top)) {
        return bad_value(reader, "$top", "a whole number from 0 to 2^30");
    }
    *top = *top < MAX_TOP ? *top : MAX_TOP;
    return APR_SUCCESS;
}

static apr_status_t read_skip(reader_t *reader, const char *value)
{
    return read_number(value, 0, &reader->query->skip)
               ? APR_SUCCESS
               : bad_value(reader, "$skip", "a whole number from 0 to 2^30");
}

static apr_status_t read_count(reader_t *reader, const char *value)
{
    reader->query->count = strcmp(value, "true") == 0;
    return reader->query->count || strcmp(value, "false") == 0
               ? APR_SUCCESS
               : bad_value(reader, "$count", "true or false");
}

static apr_status_t read_format(reader_t *reader, const char *value)
{
    return strcmp(value, "json") == 0 || edu__header_is_json(value, reader->p)
               ? APR_SUCCESS
               : edu_error_set(reader->err, EDU_EACCEPT, "$format", reader->p,
                               "Answers are json; $format can ask for nothing "
                               "else.");
}

static apr_status_t read_filter(reader_t *reader, const char *value)
{
    reader->query->filter_text = value;
    return edu__filter_parse(&reader->query->filter, value, reader->query,
                             reader->err, reader->p);
}

static apr_status_t read_orderby(reader_t *reader, const char *value)
{
    apr_array_header_t *orders;
    apr_status_t rv = edu__orderby_parse(&orders, value, reader->query,
                                         reader->err, reader->p);

    reader->query->orderby = orders;
    reader->query->orderby_text = value;
    return rv;
}

/* One name more of a list; 400 for too many. */
static apr_status_t spend(const reader_t *reader, const char *option,
                          int *names)
{
    int most = reader->query->most_parts;

    return !most || ++*names <= most
               ? APR_SUCCESS
               : edu_error_set(reader->err, EDU_EQUERY, option, reader->p,
                               "Invalid %s clause: " EDU_TOO_MANY_PARTS,
                               option + 1, most);
}

/* A navigation property that can be expanded. @return its index, or -1 */
static int expandable(const edu_query_t *query, const char *name)
{
    for (int i = 0; query->expandable && query->expandable[i]; i++) {
        if (strcmp(query->expandable[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Graph's words (contract.md 5) for what cannot be expanded. */
static apr_status_t read_expand(reader_t *reader, const char *value)
{
    char *state, *item;
    int names = 0;

    if (strchr(value, '(') || strchr(value, '/')) {
        return edu_error_set(reader->err, EDU_ENOTIMPL, "$expand", reader->p,
                             "Options within $expand are not supported. Name "
                             "what to expand, or *.");
    }
    for (item = apr_strtok(apr_pstrdup(reader->p, value), ", ", &state); item;
         item = apr_strtok(NULL, ", ", &state)) {
        int i = expandable(reader->query, item);

        if (spend(reader, "$expand", &names)) {
            return EDU_EQUERY;
        }
        if (strcmp(item, "*") == 0 && reader->query->expandable) {
            reader->query->expand = ~0u;
        }
        else if (i < 0) {
            return edu_error_set(reader->err, EDU_EEXPAND, "$expand", reader->p,
                                 "Expand is not allowed for property '%s' "
                                 "according to the entity schema.",
                                 item);
        }
        else {
            reader->query->expand |= 1u << i;
        }
    }
    return reader->query->expand ? APR_SUCCESS
                                 : bad_value(reader, "$expand",
                                             "a list of navigation properties");
}

/* Whether some type of entity, of `cast` or derived from it, has this. */
static int is_property(const edu_type_t *cast, const char *name,
                       edu_dialect_e dialect)
{
    for (int i = 0; edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], cast)) {
            const edu_prop_t *prop = edu__prop_find(edu__types[i], name);

            if (prop &&
                (!(prop->flags & EDU_BETA) || dialect == EDU_DIALECT_BETA)) {
                return 1;
            }
        }
    }
    return 0;
}

/* One item of a $select: a property, alone or behind its type as in
 * microsoft.graph.educationPointsOutcome/points.  @return its name, or NULL */
static const char *selected(const char *item, const reader_t *reader)
{
    const edu_query_t *query = reader->query;
    const char *slash = strchr(item, '/');
    const edu_type_t *cast = query->type;

    if (expandable(query, item) >= 0) {
        return item;
    }
    if (slash) {
        cast = edu__type_find(apr_pstrmemdup(reader->p, item, slash - item));
        item = slash + 1;
    }
    return cast && edu__type_is(cast, query->type) &&
                   is_property(cast, item, query->dialect)
               ? item
               : NULL;
}

static int is_among(const apr_array_header_t *names, const char *name)
{
    for (int i = 0; i < names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_select(reader_t *reader, const char *value)
{
    apr_array_header_t *names =
        apr_array_make(reader->p, 4, sizeof(const char *));
    char *state, *item;
    int count = 0;

    for (item = apr_strtok(apr_pstrdup(reader->p, value), ", ", &state); item;
         item = apr_strtok(NULL, ", ", &state)) {
        const char *name = strcmp(item, "*") ? selected(item, reader) : item;

        if (!name) {
            return edu_error_set(reader->err, EDU_EQUERY, "$select", reader->p,
                                 "Invalid select clause: %s has no property "
                                 "'%s'.",
                                 reader->query->type->name, item);
        }
        if (spend(reader, "$select", &count)) {
            return EDU_EQUERY;
        }
        if (!is_among(names, name)) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    if (names->nelts == 0) {
        return bad_value(reader, "$select", "a list of properties");
    }
    reader->query->select = is_among(names, "*") ? NULL : names;
    return APR_SUCCESS;
}

/* A link works without the headers of the request that led to it (decisions.md
 * 4), so that a token says what they said. */
#define UNKNOWNS_TOO "u"

/* Hexadecimal: opaque to clients, and safe in a URL. */
const char *edu__query_token(const edu_query_t *query, const char *bytes,
                             apr_size_t len, apr_pool_t *p)
{
    return apr_pstrcat(p, query->unknowns ? UNKNOWNS_TOO : "",
                       apr_pescape_hex(p, bytes, len, 0), NULL);
}

/* An odd number of digits is too much for apr_punescape_hex. */
static apr_status_t read_skiptoken(reader_t *reader, const char *value)
{
    const char *hex = value + (*value == *UNKNOWNS_TOO);
    apr_size_t len = strlen(hex);

    if (!len || len % 2 || strspn(hex, "0123456789abcdef") != len) {
        return bad_value(reader, "$skiptoken", "one from an @odata.nextLink");
    }
    reader->query->token =
        apr_punescape_hex(reader->p, hex, 0, &reader->query->token_len);
    return APR_SUCCESS;
}

/* One name=value. */
typedef struct item_t {
    const char *raw;
    const char *name, *value; /* decoded; NULL: they cannot be */
    const struct option_t *option;
} item_t;

static item_t item_of(const char *raw, apr_pool_t *p)
{
    const char *equals = strchr(raw, '=');
    const char *name = equals ? apr_pstrmemdup(p, raw, equals - raw) : raw;
    item_t item = {
        .raw = raw,
        .name = apr_punescape_url(p, name, NULL, NULL, 1),
        .value = equals ? apr_punescape_url(p, equals + 1, NULL, NULL, 1) : ""
    };

    item.option = item.name ? option_of(item.name) : NULL;
    return item;
}

/* Whether an item is kept for the next page; what is nobody's is kept, too. */
static int is_kept(const item_t *item)
{
    return !item->option || item->option->kept;
}

static apr_status_t read_item(reader_t *reader, const item_t *item, int of,
                              unsigned *seen)
{
    const struct option_t *option = item->option;

    if (!option) {
        return item->name && *item->name != '$'
                   ? APR_SUCCESS
                   : edu_error_set(reader->err, EDU_EBADREQUEST, item->name,
                                   reader->p,
                                   "OData has no such query option.");
    }
    if (!option->read) {
        return edu_error_set(reader->err, EDU_ENOTIMPL, option->name, reader->p,
                             "The query option %s is not supported.",
                             option->name);
    }
    if (!(option->of & of)) {
        return edu_error_set(
            reader->err, EDU_EBADREQUEST, option->name, reader->p,
            "The query option %s does not apply here.", option->name);
    }
    if (!item->value || !edu__json_is_utf8(item->value) ||
        (*seen & 1u << (option - options))) {
        return bad_value(reader, option->name, "given once, in UTF-8");
    }
    *seen |= 1u << (option - options);
    return option->read(reader, item->value);
}

/* A URL is ASCII (RFC 3986 2); what it is made into, such as the link to the
 * next page, has to be. */
static apr_status_t check_bytes(const reader_t *reader, const char *raw)
{
    while (*raw >= ' ' && *raw < 0x7f) {
        raw++;
    }
    return !*raw
               ? APR_SUCCESS
               : edu_error_set(reader->err, EDU_EBADREQUEST, "query", reader->p,
                               "The query holds the byte %02X. Write it as "
                               "%%%02X.",
                               (unsigned char)*raw, (unsigned char)*raw);
}

/* Splits a query into its options, MAX_OPTIONS at most. */
static apr_status_t split(apr_array_header_t **items, const reader_t *reader,
                          const char *raw)
{
    apr_status_t rv = check_bytes(reader, raw);
    char *state, *text;

    *items = apr_array_make(reader->p, 8, sizeof(item_t));
    if (rv) {
        return rv;
    }
    for (text = apr_strtok(apr_pstrdup(reader->p, raw), "&", &state); text;
         text = apr_strtok(NULL, "&", &state)) {
        if ((*items)->nelts == MAX_OPTIONS) {
            return edu_error_set(reader->err, EDU_EBADREQUEST, "query",
                                 reader->p, "A query holds at most %d options.",
                                 MAX_OPTIONS);
        }
        APR_ARRAY_PUSH(*items, item_t) = item_of(text, reader->p);
    }
    return APR_SUCCESS;
}

apr_status_t edu__query_parse(edu_query_t *query, const char *raw, int of,
                              edu_error_t *err, apr_pool_t *p)
{
    reader_t reader = { query, err, p };
    apr_array_header_t *items, *kept;
    unsigned seen = 0;
    apr_status_t rv = split(&items, &reader, raw ? raw : "");

    kept = apr_array_make(p, items->nelts + 1, sizeof(const char *));
    query->top = DEFAULT_TOP;
    /* a $filter is read by what a token says */
    for (int i = 0; !rv && i < items->nelts; i++) {
        const item_t *item = &APR_ARRAY_IDX(items, i, item_t);

        query->unknowns |= item->option &&
                           item->option->read == read_skiptoken &&
                           item->value && *item->value == *UNKNOWNS_TOO;
        if (is_kept(item)) {
            APR_ARRAY_PUSH(kept, const char *) = item->raw;
        }
    }
    for (int i = 0; !rv && i < items->nelts; i++) {
        rv = read_item(&reader, &APR_ARRAY_IDX(items, i, item_t), of, &seen);
    }
    APR_ARRAY_PUSH(kept, const char *) = "";
    query->kept = apr_array_pstrcat(p, kept, '&');
    return rv;
}
