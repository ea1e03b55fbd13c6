/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What there is to know about a database, and its schema. */

#include "admin.h"

#include <apr_file_info.h>
#include <apr_strings.h>

/* The bytes of a file; -1: there is none. */
static apr_off_t size_of(const char *file, apr_pool_t *p)
{
    apr_finfo_t info;

    return file && !apr_stat(&info, file, APR_FINFO_SIZE, p) ? info.size : -1;
}

/* SQLite would make the file. */
static apr_status_t look(edu_condition_t *condition, edu_admin_t *admin)
{
    edu_call_t call = { .store = &admin->store,
                        .err = &admin->err,
                        .p = admin->p };

    return edu__admin_is_file(admin) && size_of(admin->params, admin->p) < 0
               ? edu__admin_fail(admin, EDU_EUNAVAILABLE,
                                 "there is no file %s. Check the name, or make "
                                 "a new database by the command schema init",
                                 admin->params)
               : edu__whole_look(condition, &call);
}

int edu__admin_is_new(edu_admin_t *admin)
{
    edu_condition_t condition = { .version = "" };
    int is_file = edu__admin_is_file(admin);

    return (is_file && size_of(admin->params, admin->p) < 0) ||
           (!look(&condition, admin) && !condition.version);
}

/* Sets the error of a schema that is of no use. */
static apr_status_t check(edu_admin_t *admin, const edu_condition_t *condition)
{
    return condition->usable ? APR_SUCCESS
           : condition->version
               ? edu__admin_fail(
                     admin, EDU_EUNAVAILABLE,
                     "the schema has version %s, but this program "
                     "works with version %s. Use the command schema "
                     "upgrade, or the program that belongs to the "
                     "database",
                     condition->version, condition->wanted)
               : edu__admin_fail(admin, EDU_EUNAVAILABLE,
                                 "the database has no schema. Use the command "
                                 "schema init");
}

apr_status_t edu__admin_check(edu_admin_t *admin)
{
    edu_condition_t condition;
    apr_status_t rv = look(&condition, admin);

    return rv ? rv : check(admin, &condition);
}

static apr_status_t count(apr_array_header_t *tables, edu_admin_t *admin)
{
    edu_call_t call;
    apr_status_t rv = edu__admin_begin(&call, admin, 0);

    if (rv) {
        return rv;
    }
    for (int i = 0; !rv && i < EDU_WHOLES; i++) {
        edu_admin_table_t *table = apr_array_push(tables);

        table->name = edu__wholes[i].name;
        rv = edu__whole_count(&table->rows, &call, &edu__wholes[i]);
    }
    edu__whole_end(&call, 1);
    return rv;
}

apr_status_t edu_admin_status(edu_admin_status_t *status, edu_admin_t *admin)
{
    apr_time_t began = apr_time_now();
    edu_condition_t condition;
    apr_status_t rv = look(&condition, admin);

    memset(status, 0, sizeof(*status));
    if (rv) {
        return rv;
    }
    status->latency = apr_time_now() - began;
    status->version = condition.version;
    status->wanted = condition.wanted;
    status->usable = condition.usable;
    status->size =
        size_of(edu__admin_is_file(admin) ? admin->params : NULL, admin->p);
    status->log_size = size_of(condition.log, admin->p);
    status->tables =
        apr_array_make(admin->p, EDU_WHOLES, sizeof(edu_admin_table_t));
    check(admin, &condition);
    return status->usable ? count(status->tables, admin) : APR_SUCCESS;
}

/* A connection of its own: one that is open was checked already. */
apr_status_t edu_admin_schema(edu_admin_t *admin)
{
    edu_store_t store = { .schema = EDU_SCHEMA_AUTO };
    apr_status_t rv =
        edu__admin_is_file(admin) && size_of(admin->params, admin->p) < 0
            ? edu__admin_make_file(admin->params, NULL, &admin->err, admin->p)
            : APR_SUCCESS;
    apr_pool_t *p;

    if (rv) {
        return rv;
    }
    apr_pool_create(&p, admin->p);
    edu_store_open(&store, admin->driver, admin->params, 1, 0, p);
    store.timeout = EDU_ADMIN_TIMEOUT;
    rv = edu_store_check(&store, &admin->err, admin->p);
    apr_pool_destroy(p);
    return rv;
}
