/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* JSON, read and written; jansson's references belong to pools. */

#include "base.h"

#include <apr_strings.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* The size of a text's values, measured without creating one. */
typedef struct shape_t {
    int depth;         /* of the deepest object or array */
    apr_size_t values; /* at least as many as there are */
} shape_t;

/* Returns the quote that ends a string, or the end of the text. */
static const char *end_of_string(const char *quote, const char *end)
{
    const char *at = quote + 1;

    while (at < end && *at != '"') {
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    }
    return at;
}

/* A value begins each object or array that is not empty, and follows each
 * comma. */
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
 * nested below `levels`. @return whether there is one */
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

/* Describes why jansson refused a text. */
static apr_status_t malformed(const json_error_t *at, edu_error_t *err,
                              apr_pool_t *p)
{
    /* points are the only numbers that may be large */
    apr_status_t rv = json_error_code(at) == json_error_numeric_overflow
                          ? EDU_EGRADING
                          : EDU_EBADREQUEST;

    return edu_error_set(err, rv, "body", p,
                         "This is not valid JSON: %s (line %d, column %d). "
                         "Write one JSON object "
                         "in UTF-8, in which no member occurs twice.",
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
                      "The request body has more than the %d values that "
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

/* A string without escapes is between its quotes. */
json_t *edu__json_read(const char *value, apr_size_t len)
{
    return *value == '"' && !memchr(value, '\\', len)
               ? json_stringn_nocheck(value + 1, len - 2)
               : json_loadb(value, len, JSON_DECODE_ANY, NULL);
}

const char *edu__json_text(const json_t *json, apr_pool_t *p)
{
    char small[2048], *text;
    apr_size_t len;

    /* an empty text would not be JSON */
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

/* A string has at most so many bytes for each of its own, and what is neither
 * a string nor around others has in all. */
#define MOST_ESCAPED 6
#define MOST_PLAIN 32

/* A length that edu__json_text does not exceed, which takes less to find. */
static apr_size_t bound(const json_t *json)
{
    apr_size_t size = MOST_PLAIN + MOST_ESCAPED * json_string_length(json);
    const char *name;
    json_t *member;
    size_t i;

    json_object_foreach((json_t *)json, name, member)
    {
        size += MOST_PLAIN + MOST_ESCAPED * strlen(name) + bound(member);
    }
    json_array_foreach(json, i, member)
    {
        size += bound(member) + 1;
    }
    return size;
}

int edu__json_fits(const json_t *json, apr_size_t max)
{
    return bound(json) <= max || edu__json_size(json) <= max;
}

json_t *edu__json_single(const json_t *in)
{
    float value = (float)json_number_value(in);
    char text[32];

    if (fabsf(value) < 1e15f && value == (float)(json_int_t)value) {
        return json_integer((json_int_t)value);
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtof(text, NULL) == value) {
            break;
        }
    }
    return json_real(strtod(text, NULL));
}

json_t *edu__json_string(const char *s, apr_pool_t *p)
{
    return json_string(edu__mend(s, p));
}

/* Writes a byte that a string cannot hold as it is. */
static char *escape(char *to, char c)
{
    static const char bytes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = strchr(bytes, c);

    if (!at) {
        return to + sprintf(to, "\\u%04X", c);
    }
    *to++ = '\\';
    *to++ = letters[at - bytes];
    return to;
}

static char *put(char *to, const char *from, apr_size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

const char *edu__json_quote(const char *s, apr_pool_t *p)
{
    const char *end = s + strlen(s), *plain;
    char *text = apr_palloc(p, 6 * (end - s) + sizeof("\"\"")), *to = text;

    *to++ = '"';
    for (; (plain = edu__end_of_plain(s, end)) < end; s = plain) {
        int width = edu__utf8_width(plain);

        to = put(to, s, plain - s);
        to = width == 1 ? escape(to, *plain)
             : width    ? put(to, plain, width)
                        : put(to, "?", 1);
        plain += width ? width : 1;
    }
    to = put(to, s, end - s);
    *to++ = '"';
    *to = '\0';
    return text;
}
