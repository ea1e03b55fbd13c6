/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* How a database is named and opened, and who owns its files. */

#include "admin.h"

#include <apr_file_io.h>
#include <apr_file_info.h>
#include <apr_strings.h>

#include <unistd.h>

/* What MySQL's driver needs to be told: see edu_store_refuse. */
#define MYSQL_NEEDS ",fldsz=16777215,flags=CLIENT_FOUND_ROWS,reconnect=0"

int edu__admin_is_file(const edu_admin_t *admin)
{
    return strcmp(admin->driver, "sqlite3") == 0;
}

apr_status_t edu__admin_fail(edu_admin_t *admin, apr_status_t rv,
                             const char *fmt, ...)
{
    va_list args;

    edu_error_set(&admin->err, rv, NULL, admin->p, NULL);
    va_start(args, fmt);
    admin->err.detail = apr_pvsprintf(admin->p, fmt, args);
    va_end(args);
    return rv;
}

apr_status_t edu_admin_open(edu_admin_t *admin, const char *database,
                            apr_pool_t *p)
{
    const char *colon = strchr(database, ':'), *refusal;

    memset(admin, 0, sizeof(*admin));
    admin->p = p;
    if (!colon || !colon[1]) {
        return edu__admin_fail(admin, EDU_EBADREQUEST,
                               "%s names no database. Write sqlite3:/PATH, "
                               "pgsql:PARAMS or mysql:PARAMS, with PARAMS as "
                               "DBDParams has them",
                               database);
    }
    admin->driver = apr_pstrmemdup(p, database, colon - database);
    admin->params = colon + 1;
    if (strcmp(admin->driver, "mysql") == 0 &&
        edu_store_refuse(admin->driver, admin->params, p)) {
        admin->params = apr_pstrcat(p, admin->params, MYSQL_NEEDS, NULL);
    }
    refusal = edu_store_refuse(admin->driver, admin->params, p);
    if (refusal) {
        return edu__admin_fail(admin, EDU_EBADREQUEST, "%s: %s", database,
                               refusal);
    }
    admin->store.schema = EDU_SCHEMA_UNUSED;
    /* a connection is to fail soon; a statement may take long */
    /* one that reads, and one that writes meanwhile */
    edu_store_open(&admin->store, admin->driver, admin->params, 2, 0, p);
    admin->store.timeout = EDU_ADMIN_TIMEOUT;
    return APR_SUCCESS;
}

apr_status_t edu__admin_make_file(const char *file, const char *like,
                                  edu_error_t *err, apr_pool_t *p)
{
    const char *directory = apr_pstrmemdup(p, file, strrchr(file, '/') - file);
    apr_file_t *made;
    apr_finfo_t info;
    apr_status_t rv = apr_file_open(
        &made, file, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD, p);
    char says[120];

    if (rv) {
        int exists = APR_STATUS_IS_EEXIST(rv);

        apr_strerror(rv, says, sizeof(says));
        rv = edu_error_set(err, exists ? EDU_ECONFLICT : EDU_EUNAVAILABLE, NULL,
                           p, NULL);
        err->detail =
            exists ? apr_psprintf(p, "%s exists. Name another file", file)
                   : apr_psprintf(p, "%s cannot be made: %s", file, says);
        return rv;
    }
    apr_file_close(made);
    /* only root may give files away; others keep theirs */
    if (!apr_stat(&info, like ? like : directory, APR_FINFO_OWNER, p)) {
        (void)!chown(file, info.user, info.group);
    }
    return APR_SUCCESS;
}

apr_status_t edu__admin_begin(edu_call_t *call, edu_admin_t *admin, int alone)
{
    *call = (edu_call_t){ .store = &admin->store,
                          .err = &admin->err,
                          .p = admin->p };
    return edu__whole_begin(call, alone);
}

void edu__admin_tell(const edu_admin_t *admin, const edu_whole_t *table,
                     apr_int64_t done, apr_int64_t all)
{
    if (admin->progress) {
        admin->progress(admin->baton, table->name, done, all);
    }
}
