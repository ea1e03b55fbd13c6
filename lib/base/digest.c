/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* SHA-256 (FIPS 180-4): apr-util has none. */

#include "base.h"

#include <apr_escape.h>

#include <string.h>

#define BLOCK 64 /* bytes */
#define SIZE 32  /* of a digest */

/* A digest on its way. */
typedef struct sha256_t {
    apr_uint32_t state[8];
    apr_uint64_t total; /* bytes so far */
    unsigned char block[BLOCK];
} sha256_t;

static const apr_uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                         0xa54ff53a, 0x510e527f, 0x9b05688c,
                                         0x1f83d9ab, 0x5be0cd19 };

static const apr_uint32_t constants[BLOCK] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static apr_uint32_t turned(apr_uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* The 64 words of a block. */
static void schedule(apr_uint32_t *w, const unsigned char *block)
{
    for (int i = 0; i < 16; i++, block += 4) {
        w[i] = (apr_uint32_t)block[0] << 24 | (apr_uint32_t)block[1] << 16 |
               (apr_uint32_t)block[2] << 8 | block[3];
    }
    for (int i = 16; i < BLOCK; i++) {
        apr_uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + (turned(a, 7) ^ turned(a, 18) ^ a >> 3) + w[i - 7] +
               (turned(b, 17) ^ turned(b, 19) ^ b >> 10);
    }
}

static void compress(sha256_t *sha)
{
    apr_uint32_t w[BLOCK], s[8];

    schedule(w, sha->block);
    memcpy(s, sha->state, sizeof(s));
    for (int i = 0; i < BLOCK; i++) {
        apr_uint32_t e = s[4], a = s[0];
        apr_uint32_t t = s[7] + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
                         ((e & s[5]) ^ (~e & s[6])) + constants[i] + w[i];
        apr_uint32_t u = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) +
                         ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, 7 * sizeof(*s));
        s[4] += t;
        s[0] = t + u;
    }
    for (int i = 0; i < 8; i++) {
        sha->state[i] += s[i];
    }
}

static void update(sha256_t *sha, const char *data, apr_size_t len)
{
    while (len) {
        apr_size_t used = sha->total % BLOCK;
        apr_size_t part = len < BLOCK - used ? len : BLOCK - used;

        memcpy(sha->block + used, data, part);
        sha->total += part;
        data += part;
        len -= part;
        if (used + part == BLOCK) {
            compress(sha);
        }
    }
}

/* Bytes of a number, the highest first. */
static void put(unsigned char *to, apr_uint64_t n, int bytes)
{
    while (bytes--) {
        *to++ = (unsigned char)(n >> 8 * bytes);
    }
}

/* Ends with a bit, zeros, and the length in bits. */
static void finish(unsigned char digest[SIZE], sha256_t *sha)
{
    static const char zeros[BLOCK];
    unsigned char length[8];

    put(length, sha->total * 8, 8);
    update(sha, "\x80", 1);
    update(sha, zeros, (BLOCK + 56 - sha->total % BLOCK) % BLOCK);
    update(sha, (const char *)length, 8);
    for (int i = 0; i < 8; i++) {
        put(digest + 4 * i, sha->state[i], 4);
    }
}

const char *edu__digest(const char *const *texts, int n, apr_pool_t *p)
{
    unsigned char digest[SIZE], length[8];
    sha256_t sha = { .total = 0 };

    memcpy(sha.state, initial, sizeof(initial));
    for (int i = 0; i < n; i++) {
        apr_size_t len = texts[i] ? strlen(texts[i]) : 0;

        if (n > 1) {
            put(length, len, 8);
            update(&sha, (const char *)length, 8);
        }
        update(&sha, texts[i], len);
    }
    finish(digest, &sha);
    return apr_pescape_hex(p, digest, SIZE, 0);
}
