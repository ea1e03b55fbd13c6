/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A misspelt name leads to the one that is meant, and any other to none. */

#include "unit.h"

static const char *const names[] = { "id", "points", "feedback", "outcomes",
                                     "assignments" };

/* 64 and 65 bytes. */
#define LONG "0123456789012345678901234567890123456789012345678901234567890123"
#define LONGER LONG "4"

/* clang-format off */
static const struct near_t {
    const char *to, *name; /* NULL: none is near */
} nears[] = {
    { "points", "points" },
    { "POINTS", "points" },
    { "Id", "id" },
    { "point", "points" },
    { "pointss", "points" },
    { "pionts", "points" },
    { "paints", "points" },
    { "assigments", "assignments" },
    { "outcome", "outcomes" },

    { "", NULL },
    { "i", NULL },
    { "red", NULL },
    { "ids", NULL },
    { "pint", NULL },
    { "grades", NULL },
    { "feed", NULL },
    { "back", NULL },
    { "\xc3\xa4\xc3\xb6\xc3\xbc", NULL },
    { LONG, NULL },
    { LONGER, NULL },
};
/* clang-format on */

static void tests(apr_pool_t *p)
{
    edu_near_t none = { .to = "" };

    for (apr_size_t i = 0; i < COUNT(nears); i++) {
        const struct near_t *row = &nears[i];
        edu_near_t near = { .to = row->to };

        for (apr_size_t j = 0; j < COUNT(names); j++) {
            edu__near_try(&near, names[j]);
        }
        ok(tap_same(near.name, row->name), "'%.20s' is near %s", row->to,
           row->name ? row->name : "none");
    }
    edu__near_try(&none, LONGER);
    edu__near_try(&none, "");
    ok(!none.name && tap_same(edu__near_hint(&none, p), ""),
       "nothing is near nothing");
}

TAP_MAIN(tests)
