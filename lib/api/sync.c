/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The tokens of delta queries.  A token names a position in the history and
 * nothing else: each request that brings it has its rights checked anew.  It is
 * sealed all the same, for the position tells how much was changed meanwhile on
 * this server, drafts included, and a client that makes up positions would miss
 * changes without a word. */

#include "delta.h"

#include <apr_siphash.h>

#include <string.h>

/* Seven days. */
#define LIFE ((apr_int64_t)7 * 24 * 60 * 60)

/* Bytes of a number, and of a position without its gaps and texts. */
#define NUMBER 10
#define NUMBERS 10

typedef struct pen_t {
    char *at;
} pen_t;

/* A number that is not negative, seven bits a byte. */
static void put(pen_t *pen, apr_uint64_t n)
{
    for (; n > 0x7f; n >>= 7) {
        *pen->at++ = (char)(n | 0x80);
    }
    *pen->at++ = (char)n;
}

/* The same in as many bytes as any: the length of a token does not tell. */
static void put_wide(pen_t *pen, apr_uint64_t n)
{
    for (int i = 1; i < NUMBER; i++, n >>= 7) {
        *pen->at++ = (char)(n | 0x80);
    }
    *pen->at++ = (char)n;
}

static void put_text(pen_t *pen, const char *s)
{
    apr_size_t size = strlen(s) + 1;

    memcpy(pen->at, s, size);
    pen->at += size;
}

/* What is left to read; s is NULL once something was malformed. */
typedef struct eye_t {
    const char *s, *end;
} eye_t;

static apr_int64_t get(eye_t *eye)
{
    apr_uint64_t n = 0;

    for (int i = 0; eye->s && i < NUMBER && eye->s < eye->end; i++) {
        unsigned char byte = (unsigned char)*eye->s++;

        n |= (apr_uint64_t)(byte & 0x7f) << (7 * i);
        if (byte <= 0x7f) {
            return (apr_int64_t)n;
        }
    }
    eye->s = NULL;
    return 0;
}

static const char *get_text(eye_t *eye)
{
    const char *text = eye->s;
    const char *nul = text ? memchr(text, '\0', eye->end - text) : NULL;

    eye->s = nul ? nul + 1 : NULL;
    return nul ? text : "";
}

static apr_uint64_t hash_of(const char *about)
{
    static const unsigned char key[APR_SIPHASH_KSIZE];

    return apr_siphash24(about, strlen(about), key) >> 1;
}

static void put_feed(pen_t *pen, const edu_feed_t *feed)
{
    apr_int64_t last = 0, since = 0;

    put(pen, feed->high);
    put(pen, feed->told);
    put_text(pen, feed->at);
    put(pen, feed->gaps->nelts);
    for (int i = 0; i < feed->gaps->nelts; i++) {
        const edu_gap_t *gap = &APR_ARRAY_IDX(feed->gaps, i, edu_gap_t);

        put(pen, gap->from - last);
        put(pen, gap->to - gap->from);
        put(pen, gap->since - since);
        last = gap->to;
        since = gap->since;
    }
}

static void get_feed(edu_feed_t *feed, eye_t *eye, apr_pool_t *p)
{
    apr_int64_t n, last = 0, since = 0;

    feed->high = get(eye);
    feed->told = get(eye);
    feed->at = get_text(eye);
    feed->gaps = apr_array_make(p, 4, sizeof(edu_gap_t));
    for (n = get(eye); n > 0 && n <= EDU_GAPS_MAX && eye->s; n--) {
        edu_gap_t *gap = apr_array_push(feed->gaps);

        gap->from = last + get(eye);
        gap->to = gap->from + get(eye);
        gap->since = since + get(eye);
        last = gap->to;
        since = gap->since;
    }
}

apr_status_t edu__sync_write(const char **token, const edu_sync_t *sync,
                             edu_exchange_t *x, const char *secret,
                             const char *about)
{
    const char *list = sync->list ? sync->list : "";
    apr_size_t len, numbers = NUMBERS + 3 * (apr_size_t)EDU_GAPS_MAX;
    char *bytes =
        apr_palloc(x->p, NUMBER * numbers + strlen(sync->feed.at) +
                             strlen(sync->submission_id) + strlen(list) + 3);
    const char *sealed;
    pen_t pen = { bytes };

    put(&pen, hash_of(about));
    put(&pen, apr_time_sec(apr_time_now()));
    put(&pen, sync->list != NULL);
    put(&pen, sync->asof);
    put_wide(&pen, sync->due);
    put(&pen, sync->part);
    put_feed(&pen, &sync->feed);
    put_text(&pen, sync->submission_id);
    put_text(&pen, list);
    sealed = edu__seal(&len, secret, bytes, pen.at - bytes, x->p);
    *token = sealed ? edu__query_token(&x->query, sealed, len, x->p) : NULL;
    return sealed ? APR_SUCCESS
                  : edu_error_set(x->err, EDU_EINTERNAL, NULL, x->p, NULL);
}

apr_status_t edu__sync_read(edu_sync_t *sync, edu_exchange_t *x,
                            const char *secret, const char *about)
{
    apr_size_t len = 0;
    const char *bytes =
        edu__unseal(&len, secret, x->query.token, x->query.token_len, x->p);
    eye_t eye = { bytes, bytes + len };
    apr_int64_t now = apr_time_sec(apr_time_now());
    int fits = (apr_uint64_t)get(&eye) == hash_of(about);
    int fresh = now - get(&eye) <= LIFE;
    int lists = get(&eye) == 1;

    sync->asof = get(&eye);
    sync->due = get(&eye);
    sync->part = get(&eye);
    get_feed(&sync->feed, &eye, x->p);
    sync->submission_id = get_text(&eye);
    sync->list = get_text(&eye);
    sync->list = lists ? sync->list : NULL;
    return eye.s && fits && fresh
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_ESYNC, NULL, x->p, NULL);
}
