/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What request headers say, as far as answers depend on it. */

#include "edu_private.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* The next element of a list, without the blanks around it, or NULL: it is
 * over.  A separator within quotes separates nothing (RFC 9110 5.6.4). */
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

/* What a parameter says, unquoted, or NULL: it has another name. */
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

int edu__header_is_json(const char *content_type, apr_pool_t *p)
{
    char *rest = apr_pstrdup(p, content_type ? content_type : "");
    char *field = next(&rest, ','), *part = field ? next(&field, ';') : NULL;
    int fine = part && !*rest && strcasecmp(part, "application/json") == 0;

    while (fine && (part = next(&field, ';'))) {
        const char *charset = value_of(part, "charset");

        fine = !charset || strcasecmp(charset, "utf-8") == 0;
    }
    return fine;
}

int edu__header_is_form(const char *content_type, apr_pool_t *p)
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

/* Whether a range with these parameters admits anything. */
static int has_weight(char *params)
{
    const char *q = NULL;
    char *param;

    while (!q && (param = next(&params, ';'))) {
        q = value_of(param, "q");
    }
    return !q || strspn(q, "0.") != strlen(q);
}

int edu__header_accepts(const char *accept, const char *type, apr_pool_t *p)
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
                accepted = has_weight(field);
                decided = i;
            }
        }
    }
    return accepted;
}

int edu__header_prefers(const char *prefer, const char *preference,
                        apr_pool_t *p)
{
    char *rest = apr_pstrdup(p, prefer ? prefer : ""), *field;

    while ((field = next(&rest, ','))) {
        char *name = next(&field, ';');
        const char *value = name ? value_of(name, preference) : NULL;

        if (name && (strcasecmp(name, preference) == 0 || (value && !*value))) {
            return 1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------- conditions */

/* The opaque part of the entity tag that stands here, or NULL: none does
 * (RFC 9110 8.8.3). */
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

/* Whether a tag is that of a version, as it left us or as somebody on the way
 * compressed it; @param any  or shown in any way of ours. */
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

int edu__header_names(const char *tags, const char *version, int any)
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

/* How much of an origin counts: a scheme's own port does not. */
static apr_size_t extent(const char *origin, apr_size_t len)
{
    const char *port = strncasecmp(origin, "https:", 6) == 0 ? ":443" : ":80";
    apr_size_t end = strlen(port);

    return len > end && strncmp(origin + len - end, port, end) == 0 ? len - end
                                                                    : len;
}

int edu__header_is_origin(const char *origin, const char *url)
{
    const char *host = strstr(url, "://");
    apr_size_t len = extent(origin, strlen(origin));

    return host &&
           len == extent(url, (apr_size_t)(host + 3 - url) +
                                  strcspn(host + 3, "/")) &&
           strncasecmp(origin, url, len) == 0;
}
