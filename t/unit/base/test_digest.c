/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Digests, by the examples of FIPS 180-4 and of other programs. */

#include "base.h"
#include "unit.h"

static const char *of(const char *text, apr_pool_t *p)
{
    return edu__digest(&text, 1, p);
}

static void test_examples(apr_pool_t *p)
{
    const char *million = memset(apr_pcalloc(p, 1000001), 'a', 1000000);

    is_str(of("", p),
           "e3b0c44298fc1c149afbf4c8996fb924"
           "27ae41e4649b934ca495991b7852b855",
           "the digest of nothing");
    is_str(of("abc", p),
           "ba7816bf8f01cfea414140de5dae2223"
           "b00361a396177a9cb410ff61f20015ad",
           "of one block");
    is_str(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", p),
           "248d6a61d20638b8e5c026930c3e6039"
           "a33ce45964ff2167f6ecedd419db06c1",
           "of two blocks");
    is_str(of(million, p),
           "cdc76e5c9914fb9281a1c7e284d73e67"
           "f1809a48a497200e046d39ccc7112cd0",
           "of a million bytes");
}

static void test_several(apr_pool_t *p)
{
    static const char *const lists[][3] = {
        {"ab",  "c" },
        { "a",    "bc" },
        { "ab",NULL, "c" },
        { "abc"}
    };

    for (size_t i = 1; i < COUNT(lists); i++) {
        ok(strcmp(edu__digest(lists[0], 3, p), edu__digest(lists[i], 3, p)),
           "texts keep their ends and their places");
    }
}

static void tests(apr_pool_t *p)
{
    test_examples(p);
    test_several(p);
}

TAP_MAIN(tests)
