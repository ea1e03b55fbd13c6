/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What request headers say, as far as answers depend on it. */

#include "edu_private.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* A parameter's value in "type; name=value; …", unquoted, or NULL. */
static const char *parameter(const char *field, const char *name, apr_pool_t *p)
{
    apr_size_t len = strlen(name);
    char *state, *param = apr_strtok(apr_pstrdup(p, field), "; \t", &state);

    while (param && (param = apr_strtok(NULL, "; \t", &state))) {
        if (strncasecmp(param, name, len) == 0 && param[len] == '=') {
            char *value = param + len + 1;

            value += *value == '"';
            value[strcspn(value, "\"")] = '\0';
            return value;
        }
    }
    return NULL;
}

/* Whether a header field names this media type, whatever its parameters. */
static int is_type(const char *field, const char *type)
{
    apr_size_t len = strlen(type);

    field += strspn(field, " \t");
    return strncasecmp(field, type, len) == 0 &&
           (field[len] == '\0' || strchr("; \t", field[len]));
}

int edu__header_is_json(const char *content_type, apr_pool_t *p)
{
    const char *charset;

    if (!content_type || !is_type(content_type, "application/json")) {
        return 0;
    }
    charset = parameter(content_type, "charset", p);
    return !charset || strcasecmp(charset, "utf-8") == 0;
}

int edu__header_accepts(const char *accept, const char *type, apr_pool_t *p)
{
    const char *main_type = apr_pstrmemdup(p, type, strcspn(type, "/"));
    const char *const ranges[] = { "*/*", apr_pstrcat(p, main_type, "/*", NULL),
                                   type };
    int decided = -1, accepted = 0;
    char *state, *field = apr_strtok(apr_pstrdup(p, accept), ",", &state);

    for (; field; field = apr_strtok(NULL, ",", &state)) {
        for (int i = 2; i > decided; i--) {
            if (is_type(field, ranges[i])) {
                const char *q = parameter(field, "q", p);

                accepted = !q || strspn(q, "0.") != strlen(q);
                decided = i;
            }
        }
    }
    return accepted;
}

int edu__header_names(const char *tags, const char *version, int weak)
{
    apr_size_t len = strlen(version);

    for (;;) {
        int is_weak;

        tags += strspn(tags, ", \t");
        is_weak = strncmp(tags, "W/", 2) == 0;
        tags += is_weak ? 2 : 0;
        if (*tags != '"') {
            return *tags == '*' && !is_weak;
        }
        tags++;
        if ((weak || !is_weak) && strncmp(tags, version, len) == 0 &&
            (tags[len] == '"' ||
             (weak ? strncmp(tags + len, "-gzip\"", 6) == 0
                   : tags[len] == '-' && strchr(tags + len, '"')))) {
            return 1;
        }
        tags += strcspn(tags, "\"");
        tags += *tags == '"';
    }
}

int edu__header_prefers(const char *prefer, const char *preference)
{
    apr_size_t len = strlen(preference);

    while (prefer && *prefer) {
        int quoted = 0;

        prefer += strspn(prefer, ", \t");
        if (strncasecmp(prefer, preference, len) == 0 &&
            (prefer[len] == '\0' || strchr(" \t,;=", prefer[len]))) {
            return 1;
        }
        for (; *prefer && (quoted || *prefer != ','); prefer++) {
            quoted ^= *prefer == '"';
        }
    }
    return 0;
}
