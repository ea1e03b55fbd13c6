/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Fields of HTTP: media types, preferences, entity tags, origins. */

#include "base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>

/* Returns the next element of a list, without the blanks around it, or NULL at
 * its end.  A separator within quotes separates nothing (RFC 9110 5.6.4). */
static char *next(char **rest, char separator)
{
    char *start = *rest + strspn(*rest, " \t"), *end = start;
    int quoted = 0;

    if (!*start) {
        return NULL;
    }
    for (; *end && (quoted || *end != separator); end++) {
        quoted ^= *end == '"';
        end += quoted && *end == '\\' && end[1];
    }
    *rest = end + (*end != '\0');
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *end = '\0';
    return start;
}

/* Returns the value of a parameter, unquoted; NULL: it has another name. */
static const char *value_of(char *param, const char *name)
{
    apr_size_t len = strlen(name), end;
    char *value;

    if (strncasecmp(param, name, len) != 0 || param[len] != '=') {
        return NULL;
    }
    value = param + len + 1;
    end = strlen(value);
    if (end > 1 && *value == '"' && value[end - 1] == '"') {
        value[end - 1] = '\0';
        value++;
    }
    return value;
}

/* Whether a Content-Type is a media type, in UTF-8 if it names a charset. */
static int is_type(const char *content_type, const char *type, apr_pool_t *p)
{
    char *rest = apr_pstrdup(p, content_type ? content_type : "");
    char *field = next(&rest, ','), *part = field ? next(&field, ';') : NULL;
    int fine = part && !*rest && strcasecmp(part, type) == 0;

    while (fine && (part = next(&field, ';'))) {
        const char *charset = value_of(part, "charset");

        fine = !charset || strcasecmp(charset, "utf-8") == 0;
    }
    return fine;
}

int edu__http_is_json(const char *content_type, apr_pool_t *p)
{
    return is_type(content_type, EDU_JSON, p);
}

int edu__http_is_text(const char *content_type, apr_pool_t *p)
{
    return is_type(content_type, "text/plain", p);
}

int edu__http_is_form(const char *content_type, apr_pool_t *p)
{
    static const char *const forms[] = { "application/x-www-form-urlencoded",
                                         "multipart/form-data", "text/plain",
                                         NULL };
    char *rest = apr_pstrdup(p, content_type ? content_type : ""), *field;

    while ((field = next(&rest, ','))) {
        const char *type = next(&field, ';');

        for (int i = 0; type && forms[i]; i++) {
            if (strcasecmp(type, forms[i]) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/* The weight, in thousandths, of a media range with these parameters. */
static int weight_of(char *params)
{
    const char *q = NULL;
    char *param;
    int weight = 0;

    while (!q && (param = next(&params, ';'))) {
        q = value_of(param, "q");
    }
    if (!q || *q != '0') {
        return 1000;
    }
    for (int digit = 100; digit && *q; digit /= *q == '.' ? 1 : 10) {
        q++;
        weight += apr_isdigit(*q) ? (*q - '0') * digit : 0;
    }
    return weight;
}

int edu__http_accepts(const char *accept, const char *type, apr_pool_t *p)
{
    const char *main_type = apr_pstrmemdup(p, type, strcspn(type, "/"));
    const char *const ranges[] = { "*/*", apr_pstrcat(p, main_type, "/*", NULL),
                                   type };
    int decided = -1, accepted = 0;
    char *rest = apr_pstrdup(p, accept), *field;

    while ((field = next(&rest, ','))) {
        const char *range = next(&field, ';');

        for (int i = 2; range && i > decided; i--) {
            if (strcasecmp(range, ranges[i]) == 0) {
                accepted = weight_of(field);
                decided = i;
            }
        }
    }
    return accepted;
}

/* ---------------------------------------------------------------- formats */

/* A media range of an Accept field, as far as JSON is concerned. */
typedef struct range_t {
    edu_format_t format;
    double weight;
    int strange; /* it has a parameter that no answer has */
} range_t;

static int is_among(const char *value, const char *const *words)
{
    while (*words && strcasecmp(*words, value) != 0) {
        words++;
    }
    return *words != NULL;
}

/* Adds a parameter that answers repeat.  It comes once (RFC 6838 4.3): a client
 * that sends it over and over makes no type long.
 * @return 0: it comes again */
static int repeat(edu_format_t *format, const char *prefix, const char *name,
                  const char *value, apr_pool_t *p)
{
    if (strstr(format->type, name)) {
        return 0;
    }
    format->type = apr_pstrcat(p, format->type, ";", prefix, name, value, NULL);
    return 1;
}

/* Reads one of the parameters of JSON, which answers repeat unless it changes
 * nothing in them.
 * @return 0: it is none, or no answer has its value */
static int take_format(edu_format_t *format, char *param, apr_pool_t *p)
{
    static const char *const levels[] = { "minimal", "none", "full", NULL };
    static const char *const booleans[] = { "true", "false", NULL };
    int prefixed = strncasecmp(param, "odata.", 6) == 0;
    char *name = param + (prefixed ? 6 : 0);
    const char *value;

    if ((value = value_of(name, "metadata"))) {
        format->metadata = strcasecmp(value, "none") == 0 ? EDU_METADATA_NONE
                           : strcasecmp(value, "full") == 0
                               ? EDU_METADATA_FULL
                               : EDU_METADATA_MINIMAL;
        return is_among(value, levels) &&
               repeat(format, prefixed ? "odata." : "", "metadata=", value, p);
    }
    if (!prefixed && (value = value_of(name, "charset"))) {
        return strcasecmp(value, "utf-8") == 0 &&
               repeat(format, "", "charset=", "utf-8", p);
    }
    if (!prefixed && (value = value_of(name, "IEEE754Compatible"))) {
        format->ieee754 = strcasecmp(value, "true") == 0;
        return is_among(value, booleans) &&
               repeat(format, "", "IEEE754Compatible=", value, p);
    }
    value = value_of(name, "streaming");
    value = value || prefixed ? value : value_of(name, "ExponentialDecimals");
    return value && is_among(value, booleans);
}

static void take_params(range_t *range, char *params, apr_pool_t *p)
{
    const char *q;
    char *param;

    range->format = (edu_format_t){ .type = EDU_JSON };
    range->weight = 1;
    range->strange = 0;
    while ((param = next(&params, ';'))) {
        if ((q = value_of(param, "q"))) {
            range->weight =
                strspn(q, "0123456789.") == strlen(q) ? strtod(q, NULL) : 1;
            return;
        }
        /* one may be empty (RFC 9110 5.6.6) */
        range->strange |= *param && !take_format(&range->format, param, p);
    }
}

static int is_bare(const range_t *range)
{
    return !range->strange && strcmp(range->format.type, EDU_JSON) == 0;
}

int edu__http_format(edu_format_t *format, const char *accept, apr_pool_t *p)
{
    static const char *const ranges[] = { EDU_JSON, "application/*", "*/*" };
    double wide = accept ? 0 : 1, best = 0;
    char *rest = apr_pstrdup(p, accept ? accept : ""), *field;
    int decided = 3;

    *format = (edu_format_t){ .type = EDU_JSON };
    while ((field = next(&rest, ','))) {
        const char *name = next(&field, ';');
        range_t range;

        for (int i = 0; name && i < 3; i++) {
            if (strcasecmp(name, ranges[i]) != 0) {
                continue;
            }
            take_params(&range, field, p);
            if (i == 0 && !range.strange && range.weight > best) {
                best = range.weight;
                *format = range.format;
            }
            /* of the ranges that admit JSON as it is, the narrowest decides */
            if (i < decided && (i > 0 || is_bare(&range))) {
                decided = i;
                wide = range.weight;
            }
        }
    }
    if (wide > best) {
        *format = (edu_format_t){ .type = EDU_JSON };
    }
    return wide > 0 || best > 0;
}

/* ------------------------------------------------------------ preferences */

const char *edu__http_preference(const char *prefer, const char *name,
                                 apr_pool_t *p)
{
    char *rest = apr_pstrdup(p, prefer ? prefer : ""), *field;

    while ((field = next(&rest, ','))) {
        char *preference = next(&field, ';');
        const char *value = preference ? value_of(preference, name) : NULL;

        if (value || (preference && strcasecmp(preference, name) == 0)) {
            return value ? value : "";
        }
    }
    return NULL;
}

int edu__http_prefers(const char *prefer, const char *preference, apr_pool_t *p)
{
    const char *value = edu__http_preference(prefer, preference, p);

    return value && !*value;
}

/* ------------------------------------------------------------- conditions */

/* Reads an entity tag (RFC 9110 8.8.3). @return its opaque part, or NULL */
static const char *take_tag(const char **tags, apr_size_t *len)
{
    const char *tag = *tags + (strncmp(*tags, "W/", 2) == 0 ? 2 : 0), *end;

    if (*tag++ != '"') {
        return NULL;
    }
    for (end = tag; *end && *end != '"'; end++) {
        if (*end == ' ' || apr_iscntrl(*end)) {
            return NULL;
        }
    }
    *tags = end + (*end == '"');
    *len = (apr_size_t)(end - tag);
    return *end ? tag : NULL;
}

/* Whether a tag names a version, as this server sent it or as a proxy that
 * compresses changed it.
 * @param any  tags of other representations of the version count, too */
static int is_of(const char *tag, apr_size_t len, const char *version, int any)
{
    static const char *const codings[] = { "",         "-gzip", "-br",
                                           "-deflate", "-zstd", NULL };
    apr_size_t bare = strlen(version);

    if (len < bare || strncmp(tag, version, bare) != 0) {
        return 0;
    }
    for (int i = 0; codings[i]; i++) {
        if (strlen(codings[i]) == len - bare &&
            strncmp(tag + bare, codings[i], len - bare) == 0) {
            return 1;
        }
    }
    return any && tag[bare] == '-';
}

int edu__http_names(const char *tags, const char *version, int any)
{
    int named = 0;

    tags += strspn(tags, " \t");
    if (*tags == '*') {
        tags++;
        return tags[strspn(tags, " \t")] ? -1 : 1;
    }
    while (*(tags += strspn(tags, ", \t"))) {
        apr_size_t len = 0;
        const char *tag = take_tag(&tags, &len);

        tags += strspn(tags, " \t");
        if (!tag || (*tags && *tags != ',')) {
            return -1;
        }
        named |= is_of(tag, len, version, any);
    }
    return named;
}

/* ---------------------------------------------------------------- origins */

/* The length of an origin without its scheme's default port. */
static apr_size_t extent(const char *origin, apr_size_t len)
{
    const char *port = strncasecmp(origin, "https:", 6) == 0 ? ":443" : ":80";
    apr_size_t end = strlen(port);

    return len > end && strncmp(origin + len - end, port, end) == 0 ? len - end
                                                                    : len;
}

int edu__http_is_origin(const char *origin, const char *url)
{
    const char *host = strstr(url, "://");
    apr_size_t len = extent(origin, strlen(origin));

    return host &&
           len == extent(url, (apr_size_t)(host + 3 - url) +
                                  strcspn(host + 3, "/")) &&
           strncasecmp(origin, url, len) == 0;
}

int edu_is_among_origins(const char *origin, const apr_array_header_t *origins)
{
    for (int i = 0; origins && i < origins->nelts; i++) {
        if (edu__http_is_origin(origin,
                                APR_ARRAY_IDX(origins, i, const char *))) {
            return 1;
        }
    }
    return 0;
}
