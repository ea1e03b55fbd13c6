/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Texts: UTF-8, ids and GUIDs. */

#include "base.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uuid.h>

#define TICKS_PER_MS (EDU_TICKS_PER_SECOND / 1000)

/* ------------------------------------------------------------------- UTF-8 */

int edu__utf8_width(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
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
    /* an overlong form, a surrogate, or beyond the last character */
    return (*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
                   (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f)
               ? 0
               : width;
}

/* Eight bytes at once. */
static apr_uint64_t eight(const char *s)
{
    apr_uint64_t bytes;

    memcpy(&bytes, s, sizeof(bytes));
    return bytes;
}

/* A byte in each of eight. */
#define EACH(byte) ((byte)*APR_UINT64_C(0x0101010101010101))

/* Whether 8 or 32 bytes are ASCII. */
static int are_ascii(const char *s, int n)
{
    apr_uint64_t bytes = eight(s);

    if (n == 32) {
        bytes |= eight(s + 8) | eight(s + 16) | eight(s + 24);
    }
    return !(bytes & EACH(0x80));
}

/* Most is ASCII. */
static const char *end_of_ascii(const char *s, const char *end)
{
    while (end - s >= 32 && are_ascii(s, 32)) {
        s += 32;
    }
    while (end - s >= 8 && are_ascii(s, 8)) {
        s += 8;
    }
    while (s < end && !(*s & 0x80)) {
        s++;
    }
    return s;
}

/* Returns the first byte that is not UTF-8, or the end. */
static char *end_of_utf8(const char *s, const char *end)
{
    int width = 1;

    while (width && (s = end_of_ascii(s, end)) < end) {
        width = edu__utf8_width(s);
        s += width;
    }
    return (char *)s;
}

const char *edu__unmarked(const char *s)
{
    return strncmp(s, "\xef\xbb\xbf", 3) == 0 ? s + 3 : s;
}

int edu__are_utf8(const char *s, const char *end)
{
    return end_of_utf8(s, end) == end;
}

int edu__is_utf8(const char *s)
{
    return edu__are_utf8(s, s + strlen(s));
}

/* Of ASCII's bytes each takes one of these below zero: those less than a space,
 * a quote, a backslash. */
static int are_plain(apr_uint64_t bytes)
{
    return !((bytes | (bytes - EACH(' ')) | ((bytes ^ EACH('"')) - EACH(1)) |
              ((bytes ^ EACH('\\')) - EACH(1))) &
             EACH(0x80));
}

const char *edu__end_of_plain(const char *s, const char *end)
{
    while (end - s >= 8 && are_plain(eight(s))) {
        s += 8;
    }
    while (s < end && (signed char)*s >= ' ' && *s != '"' && *s != '\\') {
        s++;
    }
    return s;
}

const char *edu_utf8(const char *s, apr_pool_t *p)
{
    char *copy, *to;

    if (edu__is_utf8(s)) {
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

const char *edu__mend(const char *s, apr_pool_t *p)
{
    char *copy, *end;

    if (!s || edu__is_utf8(s)) {
        return s;
    }
    copy = apr_pstrdup(p, s);
    end = copy + strlen(copy);
    for (char *at = copy; (at = end_of_utf8(at, end)) < end;) {
        *at = '?';
    }
    return copy;
}

/* --------------------------------------------------------------------- ids */

int edu__is_guid(const char *s)
{
    for (int i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-'
                                                    : !apr_isxdigit(s[i])) {
            return 0;
        }
    }
    return s[36] == '\0';
}

/* A version 7 of RFC 9562 5.7, with 12 bits for a fraction of the millisecond
 * (6.2, method 3).  apr_uuid_get asks the kernel seven times and takes a lock,
 * and apr_uuid_format takes a twentieth of a GET. */
const char *edu__guid_at(edu_time_t t, apr_pool_t *p)
{
    static const char hex[] = "0123456789abcdef";
    apr_uint64_t ms = (apr_uint64_t)t / TICKS_PER_MS;
    unsigned fraction = (unsigned)(t % TICKS_PER_MS * 4096 / TICKS_PER_MS);
    unsigned char bytes[16];
    char *text = apr_palloc(p, APR_UUID_FORMATTED_LENGTH + 1), *to = text;

    apr_generate_random_bytes(bytes + 8, 8);
    for (int i = 0; i < 6; i++) {
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    }
    bytes[6] = (unsigned char)(0x70 | fraction >> 8);
    bytes[7] = (unsigned char)fraction;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i >= 4 && i <= 10 && i % 2 == 0) {
            *to++ = '-';
        }
        *to++ = hex[bytes[i] >> 4];
        *to++ = hex[bytes[i] & 15];
    }
    *to = '\0';
    return text;
}

const char *edu__new_guid(apr_pool_t *p)
{
    return edu__guid_at(edu__time_now(), p);
}

char *edu__lower(const char *s, apr_pool_t *p)
{
    char *lower = apr_pstrdup(p, s);

    for (char *c = lower; *c; c++) {
        *c = apr_tolower(*c);
    }
    return lower;
}

/* No client could follow a Location with a slash or a dot segment in it. */
int edu__is_key(const char *s)
{
    apr_size_t len = strlen(s);

    return len > 0 && len <= EDU_KEY_MAX && strcmp(s, ".") != 0 &&
           strcmp(s, "..") != 0 && !strchr(s, '/') && edu__is_utf8(s);
}

const char **edu__key_id(edu_key_t *key, edu_table_e table)
{
    const char **const ids[] = { [EDU_CLASS] = &key->class_id,
                                 [EDU_MEMBER] = &key->member_id,
                                 [EDU_ASSIGNMENT] = &key->assignment_id,
                                 [EDU_SUBMISSION] = &key->submission_id,
                                 [EDU_OUTCOME] = &key->outcome_id,
                                 [EDU_HISTORY] = &key->version_id,
                                 [EDU_REPEAT] = &key->repeat_id };

    return ids[table];
}
