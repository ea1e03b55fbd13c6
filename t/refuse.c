/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Preloaded, it has the database refuse a COMMIT: it rolls back, and sends the
 * statement that EDU_REFUSE_BY has, whose failure the server is told.  Each
 * file 1 to 9 in the directory EDU_REFUSE stands for one refusal; "always" for
 * any number. */

#include <apr_dbd.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_refused(void)
{
    const char *dir = getenv("EDU_REFUSE");
    char name[4096];

    if (!dir) {
        return 0;
    }
    for (int i = 1; i < 10; i++) {
        snprintf(name, sizeof(name), "%s/%d", dir, i);
        if (unlink(name) == 0) {
            return 1;
        }
    }
    snprintf(name, sizeof(name), "%s/always", dir);
    return access(name, F_OK) == 0;
}

int apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *nrows,
                  const char *statement)
{
    __typeof__(apr_dbd_query) *real = dlsym(RTLD_NEXT, "apr_dbd_query");

    if (strcmp(statement, "COMMIT") == 0 && is_refused()) {
        real(driver, handle, nrows, "ROLLBACK");
        statement = getenv("EDU_REFUSE_BY");
    }
    return real(driver, handle, nrows, statement);
}
