/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The name that a misspelt one is nearest to, for messages. */

#include "base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#define LONGEST 64 /* bytes of a name that is looked at */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* How many letters have to be put in, left out or replaced to make one name of
 * another; their case does not count (Wagner and Fischer, 1974). */
static int distance(const char *a, const char *b)
{
    int row[LONGEST + 1];
    int len = (int)strlen(b);

    for (int j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];

        row[0] = i;
        for (int j = 1; j <= len; j++) {
            int replaced =
                diagonal + (apr_tolower(a[i - 1]) != apr_tolower(b[j - 1]));

            diagonal = row[j];
            row[j] = least(replaced, 1 + least(row[j], row[j - 1]));
        }
    }
    return row[len];
}

void edu__near_try(edu_near_t *near, const char *name)
{
    apr_size_t sent = strlen(near->to), len = strlen(name);
    int d;

    if (sent > LONGEST || len > LONGEST || !len) {
        return;
    }
    d = distance(near->to, name);
    /* of a short name, little may be wrong, or it is another one */
    if (d <= (int)sent / 4 + (sent > 4) &&
        (!near->name || d < near->distance)) {
        near->name = name;
        near->distance = d;
    }
}

const char *edu__near_hint(const edu_near_t *near, apr_pool_t *p)
{
    return near->name ? apr_pstrcat(p, " Do you mean '", near->name, "'?", NULL)
                      : "";
}
