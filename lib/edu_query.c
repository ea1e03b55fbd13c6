/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* System query options (OData 4.01 URL conventions, 5.1), as a table. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define DEFAULT_TOP 100
#define MAX_TOP 999 /* as Graph (contract.md 4) */

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

    if (!read_number(value, 1, top)) {
        return bad_value(reader, "$top", "a whole number from 1 to 2^30");
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
    return edu__filter_parse(&reader->query->filter, value, reader->query,
                             reader->err, reader->p);
}

static apr_status_t read_orderby(reader_t *reader, const char *value)
{
    apr_array_header_t *orders;
    apr_status_t rv = edu__orderby_parse(&orders, value, reader->query,
                                         reader->err, reader->p);

    reader->query->orderby = orders;
    return rv;
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

    if (strchr(value, '(') || strchr(value, '/')) {
        return edu_error_set(reader->err, EDU_ENOTIMPL, "$expand", reader->p,
                             "Options within $expand are not supported. Name "
                             "what to expand, or *.");
    }
    for (item = apr_strtok(apr_pstrdup(reader->p, value), ", ", &state); item;
         item = apr_strtok(NULL, ", ", &state)) {
        int i = expandable(reader->query, item);

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

static apr_status_t read_select(reader_t *reader, const char *value)
{
    apr_array_header_t *names =
        apr_array_make(reader->p, 4, sizeof(const char *));
    char *state, *item;
    int all = 0;

    for (item = apr_strtok(apr_pstrdup(reader->p, value), ", ", &state); item;
         item = apr_strtok(NULL, ", ", &state)) {
        const char *name = strcmp(item, "*") ? selected(item, reader) : item;

        if (!name) {
            return edu_error_set(reader->err, EDU_EQUERY, "$select", reader->p,
                                 "Invalid select clause: %s has no property "
                                 "'%s'.",
                                 reader->query->type->name, item);
        }
        all |= name == item && *name == '*';
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    if (names->nelts == 0) {
        return bad_value(reader, "$select", "a list of properties");
    }
    reader->query->select = all ? NULL : names;
    return APR_SUCCESS;
}

/* A link works without the headers of the request that led to it (decisions.md
 * 4), so that a token says what they said. */
#define UNKNOWNS_TOO "u"

/* JSON in hexadecimal: opaque to clients, and safe in a URL. */
const char *edu__query_token(const edu_query_t *query, const json_t *after,
                             apr_pool_t *p)
{
    const char *text = edu__json_text(after, p);

    return apr_pstrcat(p, query->unknowns ? UNKNOWNS_TOO : "",
                       apr_pescape_hex(p, text, strlen(text), 0), NULL);
}

static apr_status_t read_skiptoken(reader_t *reader, const char *value)
{
    const char *hex = value + (*value == *UNKNOWNS_TOO);
    apr_size_t len = 0;
    const void *bytes = apr_punescape_hex(reader->p, hex, 0, &len);
    const char *text = bytes ? apr_pstrmemdup(reader->p, bytes, len) : "";
    const json_t *after = edu__json_load(text, reader->p);

    if (!json_is_string(json_array_get(after, 0)) ||
        !json_is_string(json_array_get(after, 1)) ||
        !json_is_string(json_array_get(after, 2))) {
        return bad_value(reader, "$skiptoken", "one from an @odata.nextLink");
    }
    reader->query->after = after;
    return APR_SUCCESS;
}

/* Decode and read one name=value. */
static apr_status_t read_option(reader_t *reader, const char *raw, int of,
                                unsigned *seen)
{
    char *item = apr_pstrdup(reader->p, raw);
    char *equals = strchr(item, '=');
    const struct option_t *option;
    const char *name, *value;

    if (equals) {
        *equals++ = '\0';
    }
    name = apr_punescape_url(reader->p, item, NULL, NULL, 1);
    value = equals ? apr_punescape_url(reader->p, equals, NULL, NULL, 1) : "";
    option = name ? option_of(name) : NULL;
    if (!option && (!name || *name == '$')) {
        return edu_error_set(reader->err, EDU_EBADREQUEST, name, reader->p,
                             "OData has no such query option.");
    }
    if (option ? option->kept : edu__json_is_utf8(raw)) {
        reader->query->kept =
            apr_pstrcat(reader->p, reader->query->kept, raw, "&", NULL);
    }
    if (!option) {
        return APR_SUCCESS;
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
    if (!value || !edu__json_is_utf8(value) ||
        (*seen & 1u << (option - options))) {
        return bad_value(reader, option->name, "given once, in UTF-8");
    }
    *seen |= 1u << (option - options);
    return option->read(reader, value);
}

apr_status_t edu__query_parse(edu_query_t *query, const char *raw, int of,
                              edu_error_t *err, apr_pool_t *p)
{
    reader_t reader = { query, err, p };
    apr_status_t rv = APR_SUCCESS;
    unsigned seen = 0;
    char *state, *item;

    /* known before a $filter is read */
    query->unknowns |= raw && strstr(raw, "skiptoken=" UNKNOWNS_TOO) != NULL;
    query->top = DEFAULT_TOP;
    query->kept = "";
    for (item = raw ? apr_strtok(apr_pstrdup(p, raw), "&", &state) : NULL;
         item && !rv; item = apr_strtok(NULL, "&", &state)) {
        rv = read_option(&reader, item, of, &seen);
    }
    return rv;
}
