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

/* ------------------------------------------------------------------ reading */

/* What a text would come to, told without making anything of it. */
typedef struct shape_t {
    int depth;         /* of the deepest object or array */
    apr_size_t values; /* at least as many as there are */
} shape_t;

/* The quote that ends a string, or the end of all. */
static const char *end_of_string(const char *quote, const char *end)
{
    const char *at = quote + 1;

    while (at < end && *at != '"') {
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    }
    return at;
}

/* A value stands at the beginning of each object or array that is not empty,
 * and behind each comma. */
static shape_t measure(const char *at, const char *end)
{
    shape_t shape = { 0, 1 };
    int depth = 0, opened = 0;

    for (; at < end; at++) {
        if (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
            continue;
        }
        shape.values += *at == ',' || (opened && *at != ']' && *at != '}');
        opened = *at == '[' || *at == '{';
        depth += opened - (*at == ']' || *at == '}');
        shape.depth = depth > shape.depth ? depth : shape.depth;
        if (*at == '"') {
            at = end_of_string(at, end);
        }
    }
    return shape;
}

/* Collects, innermost first, the names that lead to the first object or array
 * below so many levels. @return whether there is one */
static int find_deep(apr_array_header_t *names, const json_t *value, int levels,
                     apr_pool_t *p)
{
    const char *key;
    json_t *member;
    size_t i;

    if (levels == 0 && (json_is_object(value) || json_is_array(value))) {
        return 1;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        if (find_deep(names, member, levels - 1, p)) {
            APR_ARRAY_PUSH(names, const char *) = key;
            return 1;
        }
    }
    json_array_foreach(value, i, member)
    {
        if (find_deep(names, member, levels - 1, p)) {
            APR_ARRAY_PUSH(names, const char *) =
                apr_psprintf(p, "%" APR_SIZE_T_FMT, i);
            return 1;
        }
    }
    return 0;
}

apr_status_t edu__json_check_depth(const json_t *json, edu_error_t *err,
                                   apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 8, sizeof(const char *));
    apr_array_header_t *path;

    if (!find_deep(names, json, MAX_DEPTH, p)) {
        return APR_SUCCESS;
    }
    path = apr_array_make(p, names->nelts, sizeof(const char *));
    while (names->nelts) {
        APR_ARRAY_PUSH(path, const char *) =
            *(const char **)apr_array_pop(names);
    }
    return edu_error_set(err, EDU_EBADREQUEST, apr_array_pstrcat(p, path, '/'),
                         p, "The request body is nested deeper than %d levels.",
                         MAX_DEPTH);
}

/* Why jansson made nothing of a text. */
static apr_status_t malformed(const json_error_t *at, edu_error_t *err,
                              apr_pool_t *p)
{
    /* the only numbers that outcomes have much room for are points */
    apr_status_t rv = json_error_code(at) == json_error_numeric_overflow
                          ? EDU_EGRADING
                          : EDU_EBADREQUEST;

    return edu_error_set(err, rv, "body", p,
                         "The request body is not the JSON this service reads: "
                         "%s (line %d, column %d). Send one UTF-8 JSON object "
                         "in which no member occurs twice.",
                         json_error_code(at) == json_error_null_character
                             ? "\\u0000 in a string"
                             : at->text,
                         at->line, at->column);
}

json_t *edu__json_parse(const char *data, apr_size_t len, int most, int deep,
                        edu_error_t *err, apr_pool_t *p)
{
    static const char mark[] = { '\xef', '\xbb', '\xbf' };
    json_error_t at;
    shape_t shape;
    json_t *json;

    if (len >= sizeof(mark) && memcmp(data, mark, sizeof(mark)) == 0) {
        data += sizeof(mark);
        len -= sizeof(mark);
    }
    shape = measure(data, data + len);
    if (most && shape.values > (apr_size_t)most) {
        edu_error_set(err, EDU_ETOOLARGE, "body", p,
                      "The request body holds more than the %d values that "
                      "EduOutcomesMaxValues allows. Send less at once.",
                      most);
        return NULL;
    }
    json = json_loadb(data, len, JSON_REJECT_DUPLICATES, &at);
    if (!json) {
        malformed(&at, err, p);
        return NULL;
    }
    edu__json_own(json, p);
    /* jansson reads [1\0] as [1] */
    if (memchr(data, '\0', len)) {
        edu_error_set(err, EDU_EBADREQUEST, "body", p,
                      "The request body contains a NUL byte.");
        return NULL;
    }
    return deep || shape.depth <= MAX_DEPTH ||
                   !edu__json_check_depth(json, err, p)
               ? json
               : NULL;
}

json_t *edu__json_load(const char *text, apr_pool_t *p)
{
    json_t *json = json_loads(text, 0, NULL);

    return json ? edu__json_own(json, p) : NULL;
}

const char *edu__json_text(const json_t *json, apr_pool_t *p)
{
    char small[2048], *text;
    apr_size_t len;

    /* nothing at all would be no JSON */
    json = json ? json : json_null();
    len = json_dumpb(json, small, sizeof(small), DUMP_FLAGS);
    if (len <= sizeof(small)) {
        return apr_pstrmemdup(p, small, len);
    }
    text = apr_palloc(p, len + 1);
    json_dumpb(json, text, len, DUMP_FLAGS);
    text[len] = '\0';
    return text;
}

apr_size_t edu__json_size(const json_t *json)
{
    return json_dumpb(json, NULL, 0, DUMP_FLAGS);
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
static char *end_of_utf8(const char *s, const char *end)
{
    static const apr_uint64_t high = APR_UINT64_C(0x8080808080808080);
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
    const char *end = s + strlen(s);

    return end_of_utf8(s, end) == end;
}

const char *edu_utf8(const char *s, apr_pool_t *p)
{
    char *copy, *to;

    if (edu__json_is_utf8(s)) {
        return s;
    }
    copy = to = apr_palloc(p, 2 * strlen(s) + 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c < 0x80) {
            *to++ = *s;
        }
        else {
            *to++ = (char)(0xc0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *to = '\0';
    return copy;
}

const char *edu__json_mend(const char *s, apr_pool_t *p)
{
    char *copy, *end;

    if (!s || edu__json_is_utf8(s)) {
        return s;
    }
    copy = apr_pstrdup(p, s);
    end = copy + strlen(copy);
    for (char *at = copy; (at = end_of_utf8(at, end)) < end;) {
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
