/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Lists of permissions are read. */

#include "unit.h"

#define A "EduAssignments."
#define R "EduRoster."

/* The bits, spelt out: 1 and 2 are to read and write without grades, 4 and 8
 * with them; 16, 32 and 64 are of the roster. */
enum {
    READ_BASIC = 1,
    WRITE_BASIC = 1 + 2,
    READ = 1 + 4,
    WRITE = 1 + 2 + 4 + 8,
    ROSTER_BASIC = 16,
    ROSTER_READ = 16 + 32,
    ROSTER_WRITE = 16 + 32 + 64
};

/* Lists, and what they grant to a user and to an application. */
/* clang-format off */
static const struct list_t {
    const char *list;
    unsigned user, application;
} lists[] = {
    { "", 0, 0 },
    { A "ReadBasic", READ_BASIC, 0 },
    { A "ReadWriteBasic", WRITE_BASIC, 0 },
    { A "Read", READ, 0 },
    { A "ReadWrite", WRITE, 0 },
    { R "ReadBasic", ROSTER_BASIC, 0 },
    { R "Read", ROSTER_READ, 0 },
    { R "ReadWrite", ROSTER_WRITE, 0 },
    { A "ReadBasic.All", 0, READ_BASIC },
    { A "ReadWriteBasic.All", 0, WRITE_BASIC },
    { A "Read.All", 0, READ },
    { A "ReadWrite.All", 0, WRITE },
    { R "ReadBasic.All", 0, ROSTER_BASIC },
    { R "Read.All", 0, ROSTER_READ },
    { R "ReadWrite.All", 0, ROSTER_WRITE },

    /* several of them */
    { A "ReadBasic " R "Read", READ_BASIC | ROSTER_READ, 0 },
    { A "Read," R "ReadBasic", READ | ROSTER_BASIC, 0 },
    { " , openid, " A "ReadWriteBasic ,\t" A "Read.All ,", WRITE_BASIC, READ },
    { "[\"" A "Read\", \"" R "Read.All\"]", READ, ROSTER_READ },

    /* none of them */
    { "eduassignments.read", 0, 0 },
    { A "ReadX", 0, 0 },
    { A "Rea", 0, 0 },
    { "X" A "Read", 0, 0 },
    { A "Read.all", 0, 0 },
    { A "Read.All.All", 0, 0 },
    { A "Read;" A "ReadWrite", 0, 0 },
    { ".All", 0, 0 },
    { "All", 0, 0 },
    { "https://graph.microsoft.com/" A "Read", 0, 0 },
};
/* clang-format on */

static void tests(apr_pool_t *p)
{
    (void)p;
    for (size_t i = 0; i < COUNT(lists); i++) {
        ok(edu_scopes_read(lists[i].list, 0) == lists[i].user, "'%s' of a user",
           lists[i].list);
        ok(edu_scopes_read(lists[i].list, 1) == lists[i].application,
           "'%s' of an application", lists[i].list);
    }
}

TAP_MAIN(tests)
