/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* System query options (OData 4.01 URL conventions, 5.1), as a table. */

#include "apply.h"
#include "expr.h"
#include "shape.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define DEFAULT_TOP 100
#define MAX_OPTIONS 100
#define MAX_STEPS 100000000 /* of a request: about a second */

typedef apr_status_t read_fn(edu_reader_t *reader, const char *value);

/* All options of OData.  One without a function is refused: an option is never
 * dropped (decisions.md 4). */
#define OPTION(name, of, kept) static read_fn read_##name;
#include "routes.inc"

/* clang-format off */
static const struct option_t {
    const char *name;
    int of;
    int kept; /* repeated in the link to the next page */
    read_fn *read;
} options[] = {
#define OPTION(name, of, kept) { "$" #name, of, kept, read_##name },
#define REFUSED(name) { "$" #name, 0, 0, NULL },
#include "routes.inc"
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

/* Reads a decimal number from `min` to 2^30, of digits only. */
static int read_number(const char *value, int min, int *number)
{
    apr_int64_t n = apr_strtoi64(value, NULL, 10);

    *number = (int)n;
    return *value && strspn(value, "0123456789") == strlen(value) && n >= min &&
           n <= 1 << 30;
}

static apr_status_t read_top(edu_reader_t *reader, const char *value)
{
    int *top = &reader->query->top;

    if (!read_number(value, 0, top)) {
        return edu__shape_bad_value(reader, "$top",
                                    "a whole number from 0 to 2^30");
    }
    *top = *top < EDU_MAX_TOP ? *top : EDU_MAX_TOP;
    return APR_SUCCESS;
}

static apr_status_t read_skip(edu_reader_t *reader, const char *value)
{
    return read_number(value, 0, &reader->query->skip)
               ? APR_SUCCESS
               : edu__shape_bad_value(reader, "$skip",
                                      "a whole number from 0 to 2^30");
}

static apr_status_t read_count(edu_reader_t *reader, const char *value)
{
    reader->query->count = strcmp(value, "true") == 0;
    return reader->query->count || strcmp(value, "false") == 0
               ? APR_SUCCESS
               : edu__shape_bad_value(reader, "$count", "true or false");
}

static apr_status_t read_format(edu_reader_t *reader, const char *value)
{
    edu_format_t *format = &reader->query->format;

    if (reader->of == EDU_OF_DOCUMENT) { /* which may have other formats */
        format->type = value;
        return APR_SUCCESS;
    }
    if (strcasecmp(value, "json") == 0) {
        value = EDU_JSON;
    }
    return edu__http_is_json(value, reader->p) &&
                   edu__http_format(format, value, reader->p)
               ? APR_SUCCESS
               : edu_error_set(reader->err, EDU_EACCEPT, "$format", reader->p,
                               "$format can only ask for json.");
}

/* The text of an option, and the aliases that it may use: what a link to the
 * next page is for. */
static const char *text_of(const edu_reader_t *reader, const char *value)
{
    const apr_array_header_t *aliases = reader->query->aliases;

    for (int i = 0; aliases && i < aliases->nelts; i++) {
        const edu_alias_t *alias = &APR_ARRAY_IDX(aliases, i, edu_alias_t);

        value = apr_pstrcat(reader->p, value, "&", alias->name, "=",
                            alias->value, NULL);
    }
    return value;
}

static apr_status_t read_filter(edu_reader_t *reader, const char *value)
{
    reader->query->filter_text = text_of(reader, value);
    return edu__filter_parse(&reader->query->filter, value, reader->query,
                             reader->err, reader->p);
}

static apr_status_t read_apply(edu_reader_t *reader, const char *value)
{
    return edu__apply_parse(&reader->query->apply, value, reader->query,
                            reader->err, reader->p);
}

static apr_status_t read_orderby(edu_reader_t *reader, const char *value)
{
    apr_array_header_t *orders;
    apr_status_t rv = edu__orderby_parse(&orders, value, reader->query,
                                         reader->err, reader->p);

    reader->query->orderby = orders;
    reader->query->orderby_text = text_of(reader, value);
    return rv;
}

static apr_status_t read_expand(edu_reader_t *reader, const char *value)
{
    return edu__shape_expand(reader, value);
}

static apr_status_t read_select(edu_reader_t *reader, const char *value)
{
    return edu__shape_select(reader, value);
}

/* A link works without the headers of the request that led to it (decisions.md
 * 4), so that its token has what they asked for. */
#define UNKNOWNS_TOO "u"

/* Hexadecimal: opaque to clients, and safe in a URL. */
const char *edu__query_token(const edu_query_t *query, const char *bytes,
                             apr_size_t len, apr_pool_t *p)
{
    return apr_pstrcat(p, query->unknowns ? UNKNOWNS_TOO : "",
                       apr_pescape_hex(p, bytes, len, 0), NULL);
}

/* apr_punescape_hex cannot take an odd number of digits. */
static apr_status_t read_token(edu_reader_t *reader, const char *value,
                               const char *option, const char *wants)
{
    const char *hex = value + (*value == *UNKNOWNS_TOO);
    apr_size_t len = strlen(hex);

    if (!len || len % 2 || strspn(hex, "0123456789abcdef") != len) {
        return edu__shape_bad_value(reader, option, wants);
    }
    reader->query->token =
        apr_punescape_hex(reader->p, hex, 0, &reader->query->token_len);
    return APR_SUCCESS;
}

static apr_status_t read_skiptoken(edu_reader_t *reader, const char *value)
{
    return read_token(reader, value, "$skiptoken",
                      "one from an @odata.nextLink");
}

static apr_status_t read_deltatoken(edu_reader_t *reader, const char *value)
{
    return read_token(reader, value, "$deltatoken",
                      "one from an @odata.deltaLink");
}

static int is_token(const struct option_t *option)
{
    return option &&
           (option->read == read_skiptoken || option->read == read_deltatoken);
}

/* One name=value. */
typedef struct item_t {
    const char *raw;
    const char *name, *value; /* decoded; NULL: malformed */
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

/* Whether the next page repeats an item, as it does unknown ones. */
static int is_kept(const item_t *item)
{
    return !item->option || item->option->kept;
}

/* Names that others give to options. */
static const char *const others[][2] = {
    {"$limit",     "$top"    },
    { "$first",    "$top"    },
    { "$pagesize", "$top"    },
    { "$offset",   "$skip"   },
    { "$sort",     "$orderby"},
    { "$where",    "$filter" },
    { "$fields",   "$select" },
    { "$include",  "$expand" }
};

static const char *near_option(const char *name, apr_pool_t *p)
{
    edu_near_t near = { .to = name };

    for (apr_size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        near.name = strcasecmp(others[i][0], name) ? near.name : others[i][1];
    }
    for (apr_size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        edu__near_try(&near, options[i].name);
    }
    return edu__near_hint(&near, p);
}

/* An option that OData does not know. */
static apr_status_t read_foreign(const edu_reader_t *reader, const char *name,
                                 int of)
{
    /* one that a blank or a second ? stands before is meant for OData */
    const char *meant = name ? name + strspn(name, " \t\r\n?") : "$";
    const struct option_t *option = meant != name ? option_of(meant) : NULL;
    int ours = *meant == '$' || option;

    return !ours && of != EDU_OF_INLINE
               ? APR_SUCCESS
               : edu_error_set(reader->err, EDU_EBADREQUEST, name, reader->p,
                               "OData has no such query option.%s",
                               name ? near_option(option ? option->name : meant,
                                                  reader->p)
                                    : "");
}

static apr_status_t read_item(edu_reader_t *reader, const item_t *item, int of,
                              unsigned *seen)
{
    const struct option_t *option = item->option;

    if (!option) {
        return read_foreign(reader, item->name, of);
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
    if (!item->value || !edu__is_utf8(item->value) ||
        (*seen & 1u << (option - options))) {
        return edu__shape_bad_value(reader, option->name,
                                    "given once, in UTF-8");
    }
    *seen |= 1u << (option - options);
    return option->read(reader, item->value);
}

/* What $apply leaves are no entities, for which the other options are. */
static apr_status_t check_apply(const edu_reader_t *reader, unsigned seen)
{
    for (apr_size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        read_fn *read = options[i].read;

        if (reader->query->apply && (seen & 1u << i) && read != read_apply &&
            read != read_count && read != read_format) {
            return edu_error_set(reader->err, EDU_ENOTIMPL, options[i].name,
                                 reader->p,
                                 "%s is not supported together with $apply, "
                                 "whose result comes whole. Write filter(…)/ "
                                 "at its beginning to choose rows.",
                                 options[i].name);
        }
    }
    return APR_SUCCESS;
}

/* A URL is ASCII (RFC 3986 2), and the link to the next page repeats it. */
static apr_status_t check_bytes(const edu_reader_t *reader, const char *raw)
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
static apr_status_t split(apr_array_header_t **items,
                          const edu_reader_t *reader, const char *raw)
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

/* An expanded property that is a part of its entity is selected with it. */
static void select_parts(edu_query_t *query)
{
    apr_array_header_t *picks = query->select;

    for (int i = 0; picks && query->expands && i < query->expands->nelts; i++) {
        const edu_nav_t *nav =
            APR_ARRAY_IDX(query->expands, i, edu_expand_t).nav;

        if (nav->at == EDU_RES_ROOT) {
            APR_ARRAY_PUSH(picks, edu_pick_t) = (edu_pick_t){ nav->name, NULL };
        }
    }
}

/* One name=value within an expansion. */
static item_t inline_item(const char *part, apr_pool_t *p)
{
    const char *equals = strchr(part, '=');
    const char *name = equals ? apr_pstrmemdup(p, part, equals - part) : part;
    item_t item = { .name = name,
                    .value = equals ? equals + 1 : "",
                    .option = option_of(name) };

    item.raw =
        apr_pstrcat(p, name, "=", apr_pescape_urlencoded(p, item.value), NULL);
    return item;
}

/* Reads the options of an expansion. */
static apr_status_t read_within(edu_query_t *query, const char *text,
                                edu_error_t *err, apr_pool_t *p)
{
    edu_reader_t reader = { query, read_within, err, p, EDU_OF_INLINE };
    const char *rest = text, *kept = "";
    unsigned seen = 0;
    apr_status_t rv = APR_SUCCESS;

    query->top = EDU_MAX_TOP;
    while (!rv && rest) {
        item_t item = inline_item(edu__shape_part(&rest, ';', p), p);

        if (*item.name) {
            rv = read_item(&reader, &item, EDU_OF_INLINE, &seen);
            kept = is_kept(&item) ? apr_pstrcat(p, kept, item.raw, "&", NULL)
                                  : kept;
        }
    }
    /* the value of an alias is outside of the parentheses */
    for (int i = 0; query->aliases && i < query->aliases->nelts; i++) {
        const edu_alias_t *alias =
            &APR_ARRAY_IDX(query->aliases, i, edu_alias_t);

        kept = apr_pstrcat(p, kept, alias->name, "=",
                           apr_pescape_urlencoded(p, alias->value), "&", NULL);
    }
    query->kept = kept;
    select_parts(query);
    return rv;
}

/* Parameter aliases, whose values are expressions. */
static apr_status_t read_aliases(const edu_reader_t *reader,
                                 const apr_array_header_t *items)
{
    apr_array_header_t *aliases =
        apr_array_make(reader->p, 0, sizeof(edu_alias_t));

    for (int i = 0; i < items->nelts; i++) {
        const item_t *item = &APR_ARRAY_IDX(items, i, item_t);

        if (!item->name || *item->name != '@') {
            continue;
        }
        if (!item->value || !edu__is_utf8(item->name) ||
            !edu__is_utf8(item->value)) {
            return edu__shape_bad_value(reader, item->name, "in UTF-8");
        }
        APR_ARRAY_PUSH(aliases, edu_alias_t) =
            (edu_alias_t){ item->name, item->value };
    }
    reader->query->aliases = aliases;
    return APR_SUCCESS;
}

apr_status_t edu__query_parse(edu_query_t *query, const char *raw, int of,
                              edu_error_t *err, apr_pool_t *p)
{
    edu_reader_t reader = { query, read_within, err, p, of };
    apr_array_header_t *items, *kept;
    unsigned seen = 0;
    apr_status_t rv = split(&items, &reader, raw ? raw : "");

    kept = apr_array_make(p, items->nelts + 1, sizeof(const char *));
    query->top = DEFAULT_TOP;
    query->steps = apr_palloc(p, sizeof(*query->steps));
    *query->steps = MAX_STEPS;
    /* the token decides how a $filter is read */
    for (int i = 0; !rv && i < items->nelts; i++) {
        const item_t *item = &APR_ARRAY_IDX(items, i, item_t);

        query->unknowns |= is_token(item->option) && item->value &&
                           *item->value == *UNKNOWNS_TOO;
        if (is_kept(item)) {
            APR_ARRAY_PUSH(kept, const char *) = item->raw;
        }
    }
    rv = rv ? rv : read_aliases(&reader, items);
    for (int i = 0; !rv && i < items->nelts; i++) {
        rv = read_item(&reader, &APR_ARRAY_IDX(items, i, item_t), of, &seen);
    }
    rv = rv ? rv : check_apply(&reader, seen);
    APR_ARRAY_PUSH(kept, const char *) = "";
    query->kept = apr_array_pstrcat(p, kept, '&');
    select_parts(query);
    return rv;
}
