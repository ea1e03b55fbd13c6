/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The one place where jansson's references meet pools. */

#include "edu_private.h"

#include <apr_strings.h>

#define MAX_DEPTH 32

/* Every decimal of up to 15 digits survives a double; with the 17 that tell
 * any two doubles apart, 85.1 would read back as 85.099999999999994. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

static apr_status_t release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

json_t *edu__json_own(json_t *json, apr_pool_t *p)
{
    apr_pool_cleanup_register(p, json, release, apr_pool_cleanup_null);
    return json;
}

json_t *edu__json_share(const json_t *json)
{
    return json_incref((json_t *)json);
}

/* The path of the first value below `left` more levels, or NULL. */
static const char *too_deep(const json_t *value, int left, apr_pool_t *p)
{
    const char *key, *below;
    json_t *member;
    size_t i;

    if (left == 0 && (json_is_object(value) || json_is_array(value))) {
        return "";
    }
    json_object_foreach((json_t *)value, key, member)
    {
        if ((below = too_deep(member, left - 1, p))) {
            return apr_pstrcat(p, key, *below ? "/" : "", below, NULL);
        }
    }
    json_array_foreach(value, i, member)
    {
        if ((below = too_deep(member, left - 1, p))) {
            return apr_psprintf(p, "%" APR_SIZE_T_FMT "%s%s", i,
                                *below ? "/" : "", below);
        }
    }
    return NULL;
}

json_t *edu__json_parse(const char *data, apr_size_t len, edu_error_t *err,
                        apr_pool_t *p)
{
    json_error_t at;
    const char *deep;
    json_t *json = json_loadb(data, len, JSON_REJECT_DUPLICATES, &at);

    /* jansson reads [1\0] as [1] */
    if (json && memchr(data, '\0', len)) {
        json_decref(json);
        edu_error_set(err, EDU_EBADREQUEST, "body", p,
                      "The request body contains a NUL byte.");
        return NULL;
    }
    if (!json) {
        /* the only numbers that outcomes have much room for are points */
        apr_status_t rv = json_error_code(&at) == json_error_numeric_overflow
                              ? EDU_EGRADING
                              : EDU_EBADREQUEST;

        edu_error_set(err, rv, "body", p,
                      "The request body is not the JSON this service reads: "
                      "%s (line %d, column %d). Send one UTF-8 JSON object in "
                      "which no member occurs twice.",
                      json_error_code(&at) == json_error_null_character
                          ? "\\u0000 in a string"
                          : at.text,
                      at.line, at.column);
        return NULL;
    }
    edu__json_own(json, p);
    if ((deep = too_deep(json, MAX_DEPTH, p))) {
        edu_error_set(err, EDU_EBADREQUEST, deep, p,
                      "The request body is nested deeper than %d levels.",
                      MAX_DEPTH);
        return NULL;
    }
    return json;
}

json_t *edu__json_load(const char *text, apr_pool_t *p)
{
    json_t *json = json_loads(text, 0, NULL);

    return json ? edu__json_own(json, p) : NULL;
}

const char *edu__json_text(const json_t *json, apr_pool_t *p)
{
    apr_size_t size = 2048, len;
    char *text = apr_palloc(p, size);

    /* nothing at all would be no JSON */
    json = json ? json : json_null();
    len = json_dumpb(json, text, size - 1, DUMP_FLAGS);
    if (len >= size) {
        text = apr_palloc(p, len + 1);
        json_dumpb(json, text, len, DUMP_FLAGS);
    }
    text[len] = '\0';
    return text;
}

/* How many bytes the character at `s` has, or 0: it is none (RFC 3629 4). */
static int width_of(const unsigned char *s)
{
    int width = *s < 0x80   ? 1
                : *s < 0xc2 ? 0
                : *s < 0xe0 ? 2
                : *s < 0xf0 ? 3
                : *s < 0xf5 ? 4
                            : 0;

    for (int i = 1; i < width; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* written longer than needed, a surrogate, or beyond the last */
    return (*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
                   (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f)
               ? 0
               : width;
}

/* Where a text ends, or is no UTF-8 any more. */
static char *end_of_utf8(const char *s)
{
    static const apr_uint64_t high = APR_UINT64_C(0x8080808080808080);
    const char *end = s + strlen(s);
    apr_uint64_t eight;
    int width = 1;

    while (s < end && width) {
        if (end - s >= 8 && !(memcpy(&eight, s, 8), eight & high)) {
            s += 8; /* most is ASCII */
        }
        else {
            width = width_of((const unsigned char *)s);
            s += width;
        }
    }
    return (char *)s;
}

int edu__json_is_utf8(const char *s)
{
    return *end_of_utf8(s) == '\0';
}

const char *edu__json_mend(const char *s, apr_pool_t *p)
{
    char *copy;

    if (!s || edu__json_is_utf8(s)) {
        return s;
    }
    copy = apr_pstrdup(p, s);
    for (char *at = end_of_utf8(copy); *at; at = end_of_utf8(at)) {
        *at = '?';
    }
    return copy;
}

json_t *edu__json_string(const char *s, apr_pool_t *p)
{
    return json_string(edu__json_mend(s, p));
}

const char *edu__json_quote(const char *s, apr_pool_t *p)
{
    return edu__json_text(edu__json_own(edu__json_string(s, p), p), p);
}
