/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The permissions of Graph. */

#include "base.h"

#include <apr_strings.h>

/* Each with those that it comes with. */
enum {
    READ_BASIC = EDU_SCOPE_READ_BASIC,
    WRITE_BASIC = EDU_SCOPE_WRITE_BASIC | READ_BASIC,
    READ = EDU_SCOPE_READ | READ_BASIC,
    WRITE = EDU_SCOPE_WRITE | READ | WRITE_BASIC,
    ROSTER_BASIC = EDU_SCOPE_ROSTER_BASIC,
    ROSTER_READ = EDU_SCOPE_ROSTER_READ | ROSTER_BASIC,
    ROSTER_WRITE = EDU_SCOPE_ROSTER_WRITE | ROSTER_READ
};

/* clang-format off */
static const struct {
    const char *name;
    unsigned bits;
} scopes[] = {
    { "EduAssignments.ReadBasic", READ_BASIC },
    { "EduAssignments.ReadWriteBasic", WRITE_BASIC },
    { "EduAssignments.Read", READ },
    { "EduAssignments.ReadWrite", WRITE },
    { "EduRoster.ReadBasic", ROSTER_BASIC },
    { "EduRoster.Read", ROSTER_READ },
    { "EduRoster.ReadWrite", ROSTER_WRITE },
    { NULL, 0 }
};
/* clang-format on */

/* The bits of a name, of which its suffix is not a part. */
static unsigned bits_of(const char *name, apr_size_t len)
{
    for (int i = 0; scopes[i].name; i++) {
        if (strlen(scopes[i].name) == len &&
            memcmp(scopes[i].name, name, len) == 0) {
            return scopes[i].bits;
        }
    }
    return 0;
}

unsigned edu_scopes_read(const char *list, int application)
{
    static const char between[] = " ,\t\"", all[] = ".All";
    const apr_size_t suffix = application ? sizeof(all) - 1 : 0;
    unsigned bits = 0;
    apr_size_t len;

    for (; *list; list += len) {
        list += strspn(list, between);
        len = strcspn(list, between);
        if (len > suffix && memcmp(list + len - suffix, all, suffix) == 0) {
            bits |= bits_of(list, len - suffix);
        }
    }
    return bits;
}

const char *edu__scope_name(unsigned bit, int application, apr_pool_t *p)
{
    int i = 0;

    while (scopes[i].name && !(scopes[i].bits & bit)) {
        i++;
    }
    return apr_pstrcat(p, scopes[i].name ? scopes[i].name : "of Graph",
                       application ? ".All" : "", NULL);
}
