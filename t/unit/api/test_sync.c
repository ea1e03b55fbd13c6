/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The tokens of delta queries: what they hold, and how long they are good. */

#include "delta.h"
#include "tap.h"

#include <apr_escape.h>
#include <apr_strings.h>

#define SECRET                                                                 \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define DAY ((apr_int64_t)24 * 60 * 60)
#define ABOUT "/education/classes/c/outcomes/delta\n"

static edu_sync_t position(apr_pool_t *p)
{
    edu_sync_t sync = { .asof = 17, .due = EDU_TIME_MAX, .part = 300 };
    edu_gap_t gap = { .from = 5, .to = 7, .since = 1000 };

    sync.submission_id = "s";
    sync.feed.high = 1000000;
    sync.feed.told = 9;
    sync.feed.at = "0000000000000010";
    sync.feed.gaps = apr_array_make(p, 1, sizeof(gap));
    APR_ARRAY_PUSH(sync.feed.gaps, edu_gap_t) = gap;
    return sync;
}

/* The bytes of a token. */
static const char *bytes_of(edu_exchange_t *x, const edu_sync_t *sync)
{
    const char *token = NULL;

    is_int(edu__sync_write(&token, sync, x, SECRET, ABOUT), APR_SUCCESS,
           "it is written");
    return apr_punescape_hex(x->p, token, 0, &x->query.token_len);
}

/* The number of seven bits a byte that begins there. */
static apr_uint64_t number_at(const char *bytes, apr_size_t *len)
{
    apr_uint64_t n = 0;

    for (*len = 0; bytes[*len] & 0x80; (*len)++) {
        n |= (apr_uint64_t)(bytes[*len] & 0x7f) << (7 * *len);
    }
    n |= (apr_uint64_t)bytes[*len] << (7 * *len);
    (*len)++;
    return n;
}

/* The same token, made so many seconds before. */
static const char *older(edu_exchange_t *x, const char *sealed,
                         apr_int64_t seconds)
{
    apr_size_t len, at, size;
    const char *token =
        edu__unseal(&len, SECRET, sealed, x->query.token_len, x->p);
    char *bytes = apr_pmemdup(x->p, token, len);
    apr_uint64_t made;

    number_at(bytes, &at); /* what it is about */
    made = number_at(bytes + at, &size) - seconds;
    for (apr_size_t i = 0; i < size; i++, made >>= 7) {
        bytes[at + i] = (char)((made & 0x7f) | (i + 1 < size ? 0x80 : 0));
    }
    return edu__seal(&x->query.token_len, SECRET, bytes, len, x->p);
}

static apr_status_t take(edu_exchange_t *x, edu_sync_t *sync, const char *about)
{
    *x->err = (edu_error_t){ 0 };
    return edu__sync_read(sync, x, SECRET, about);
}

static void test_whole(edu_exchange_t *x)
{
    edu_sync_t sync = position(x->p), got;
    const edu_gap_t *gap;

    x->query.token = bytes_of(x, &sync);
    is_int(take(x, &got, ABOUT), APR_SUCCESS, "it is read");
    is_int(got.asof, 17, "the instant");
    is_int(got.due == EDU_TIME_MAX, 1, "the next one");
    is_int(got.part, 300, "the change told in part");
    is_str(got.submission_id, "s", "as far as that");
    is_int(got.feed.high, 1000000, "the last change");
    is_str(got.feed.at, "0000000000000010", "and when it was");
    is_int(got.feed.gaps->nelts, 1, "what was missing");
    gap = &APR_ARRAY_IDX(got.feed.gaps, 0, edu_gap_t);
    is_int(gap->from == 5 && gap->to == 7 && gap->since == 1000, 1,
           "from, to and since");
    is_str(got.list, NULL, "no page of the state");
    sync.list = "abc";
    x->query.token = bytes_of(x, &sync);
    is_int(take(x, &got, ABOUT), APR_SUCCESS, "one of a page");
    is_str(got.list, "abc", "has it");
}

static void test_refused(edu_exchange_t *x)
{
    edu_sync_t sync = position(x->p), got;
    const char *token = bytes_of(x, &sync);
    apr_size_t len = x->query.token_len;

    x->query.token = token;
    is_int(take(x, &got, ABOUT "sue"), EDU_ESYNC, "one of another");
    x->query.token_len = len - 1;
    is_int(take(x, &got, ABOUT), EDU_ESYNC, "one that is cut");
    x->query.token_len = len;
    x->query.token = older(x, token, 7 * DAY - 5);
    is_int(take(x, &got, ABOUT), APR_SUCCESS, "one of seven days");
    x->query.token_len = len;
    x->query.token = older(x, token, 7 * DAY + 5);
    is_int(take(x, &got, ABOUT), EDU_ESYNC, "one that is older");
}

/* What is planned for a student, and what others write, is not to be told by a
 * length. */
static void test_length(edu_exchange_t *x)
{
    edu_sync_t sync = position(x->p);
    edu_gap_t gap = { .from = 70000, .to = 70001, .since = 90000 };
    apr_size_t len;

    bytes_of(x, &sync);
    len = x->query.token_len;
    sync.due = 1;
    bytes_of(x, &sync);
    is_int(x->query.token_len, len, "an instant that is due takes no room");
    sync.due = 0;
    bytes_of(x, &sync);
    is_int(x->query.token_len, len, "nor does none");
    APR_ARRAY_PUSH(sync.feed.gaps, edu_gap_t) = gap;
    bytes_of(x, &sync);
    is_int(x->query.token_len, len, "nor does what others write meanwhile");
    apr_array_clear(sync.feed.gaps);
    sync.feed.high = 7;
    bytes_of(x, &sync);
    is_int(x->query.token_len, len, "nor how much they have written");
}

static void test_all(apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_exchange_t x = { .err = &err, .p = p };

    test_whole(&x);
    test_refused(&x);
    test_length(&x);
}

TAP_MAIN(test_all)
