/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Sealed texts: who lacks the secret can neither read nor make one, nor tell of
 * two whether they say the same.  A text of the sealed bytes is masked by the
 * numbers that SipHash, a keyed pseudorandom function, makes of a random nonce
 * and a counter; another key of the secret makes the tag of nonce and masked
 * bytes.  The length is told in steps of 128 bytes alone. */

#include "base.h"

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_siphash.h>
#include <apr_strings.h>

#define NONCE 16
#define COUNTER 8
#define TAG 8
#define LENGTH 2
#define STEP 128

/* The halves of a secret. */
typedef struct keys_t {
    unsigned char mask[APR_SIPHASH_KSIZE], tag[APR_SIPHASH_KSIZE];
} keys_t;

static int read_keys(keys_t *keys, const char *secret)
{
    apr_size_t len;
    unsigned char bytes[sizeof(*keys)];

    if (strlen(secret) != 2 * sizeof(*keys) ||
        apr_unescape_hex(bytes, secret, APR_ESCAPE_STRING, 0, &len) ||
        len != sizeof(*keys)) {
        return 0;
    }
    memcpy(keys->mask, bytes, APR_SIPHASH_KSIZE);
    memcpy(keys->tag, bytes + APR_SIPHASH_KSIZE, APR_SIPHASH_KSIZE);
    return 1;
}

/* Masks bytes, or unmasks them. @param sealed  of a nonce and the bytes */
static void mask(unsigned char *sealed, apr_size_t len, const keys_t *keys)
{
    unsigned char block[NONCE + COUNTER], stream[APR_SIPHASH_DSIZE];

    memcpy(block, sealed, NONCE);
    for (apr_size_t i = 0; i < len; i++) {
        if (i % sizeof(stream) == 0) {
            for (int j = 0; j < COUNTER; j++) {
                block[NONCE + j] = (unsigned char)((apr_uint64_t)i >> (8 * j));
            }
            apr_siphash24_auth(stream, block, sizeof(block), keys->mask);
        }
        sealed[NONCE + i] ^= stream[i % sizeof(stream)];
    }
}

const char *edu__seal(apr_size_t *sealed_len, const char *secret,
                      const char *bytes, apr_size_t len, apr_pool_t *p)
{
    apr_size_t masked = (LENGTH + len + STEP - 1) / STEP * STEP;
    unsigned char *sealed = apr_pcalloc(p, NONCE + masked + TAG);
    keys_t keys;

    if (len > 0xffff || !read_keys(&keys, secret) ||
        apr_generate_random_bytes(sealed, NONCE)) {
        return NULL;
    }
    sealed[NONCE] = (unsigned char)(len >> 8);
    sealed[NONCE + 1] = (unsigned char)len;
    memcpy(sealed + NONCE + LENGTH, bytes, len);
    mask(sealed, masked, &keys);
    apr_siphash24_auth(sealed + NONCE + masked, sealed, NONCE + masked,
                       keys.tag);
    *sealed_len = NONCE + masked + TAG;
    return (const char *)sealed;
}

const char *edu__unseal(apr_size_t *len, const char *secret,
                        const char *sealed_bytes, apr_size_t sealed_len,
                        apr_pool_t *p)
{
    unsigned char *sealed = apr_pmemdup(p, sealed_bytes, sealed_len);
    unsigned char tag[TAG], differs = 0;
    apr_size_t masked = sealed_len - NONCE - TAG;
    keys_t keys;

    if (sealed_len < NONCE + STEP + TAG || masked % STEP ||
        !read_keys(&keys, secret)) {
        return NULL;
    }
    apr_siphash24_auth(tag, sealed, NONCE + masked, keys.tag);
    for (int i = 0; i < TAG; i++) { /* in the same time for all */
        differs |= tag[i] ^ sealed[NONCE + masked + i];
    }
    if (differs) {
        return NULL;
    }
    mask(sealed, masked, &keys);
    *len = (apr_size_t)sealed[NONCE] << 8 | sealed[NONCE + 1];
    return *len <= masked - LENGTH ? (const char *)sealed + NONCE + LENGTH
                                   : NULL;
}
