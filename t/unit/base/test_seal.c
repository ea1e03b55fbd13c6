/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Sealed texts open by their secret alone, and tell nothing before. */

#include "unit.h"

#define SECRET                                                                 \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1e"

static void test_one(const char *text, apr_size_t wanted, apr_pool_t *p)
{
    apr_size_t len, sealed_len, size = strlen(text) + 1;
    const char *sealed = edu__seal(&sealed_len, SECRET, text, size, p);
    const char *again = edu__seal(&len, SECRET, text, size, p);
    const char *opened = edu__unseal(&len, SECRET, sealed, sealed_len, p);
    int closed = 1;

    is_str(opened, text, "it opens");
    is_int(len, size, "with its length");
    is_int(sealed_len, wanted, "which is told in steps");
    ok(memcmp(sealed, again, sealed_len) != 0, "it is never sealed alike");
    ok(size < 5 || !strstr(sealed + 16, text), "nor to be read");
    ok(!edu__unseal(&len, OTHER, sealed, sealed_len, p), "by another secret");
    for (apr_size_t i = 0; i < sealed_len; i++) {
        char *changed = apr_pmemdup(p, sealed, sealed_len);

        changed[i] ^= 1;
        closed &= !edu__unseal(&len, SECRET, changed, sealed_len, p) &&
                  !edu__unseal(&len, SECRET, sealed, i, p);
    }
    ok(closed, "not after a change of any byte, nor cut");
}

static void tests(apr_pool_t *p)
{
    apr_size_t len;
    char *large = apr_pcalloc(p, 0x10000);

    test_one("", 152, p);
    test_one("ada", 152, p);
    test_one("0123456789012345678901234567890123456789"
             "0123456789012345678901234567890123456789"
             "0123456789012345678901234567890123456789"
             "0123456789",
             280, p);
    ok(!edu__seal(&len, SECRET, large, 0x10000, p), "one that is too long");
    ok(!edu__seal(&len, "00", "", 0, p), "a secret that is too short");
}

TAP_MAIN(tests)
