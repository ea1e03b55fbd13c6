/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The schema has to exist in a version that the statements work with; it is
 * created or upgraded where the policy says so. */

#include "driver.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <stdlib.h>

const char *const *edu_store_schema(const char *driver)
{
    const edu_sql_dialect_t *dialect = edu__sql_dialect(driver);

    return dialect ? dialect->schema : NULL;
}

static int creates(const edu_call_t *call)
{
    edu_schema_e schema = call->store->schema;

    return call->store->read_only         ? 0
           : schema == EDU_SCHEMA_DEFAULT ? call->session->dialect->creates
                                          : schema == EDU_SCHEMA_AUTO;
}

static apr_status_t define(const edu_call_t *call, const char *ddl)
{
    const char *says;
    int rc;

    if (apr_time_now() >= call->until) {
        return edu__unavailable(call, "cannot create the schema: " EDU_NO_TIME);
    }
    rc = edu__driver_execute(call, ddl);
    if (!rc) {
        return APR_SUCCESS;
    }
    says = edu__driver_says(call, rc);
    return edu__unavailable(
        call, "cannot create the schema; the %s driver says: %s%s",
        call->session->dialect->driver, says, edu__driver_hint(call, says));
}

static apr_status_t define_all(const edu_call_t *call, const char *const *ddl)
{
    apr_status_t rv = APR_SUCCESS;

    while (!rv && *ddl) {
        rv = define(call, *ddl++);
    }
    return rv;
}

/* Asks for one value.  The query is not prepared: creating the schema would
 * make it stale.
 * @param value  out: NULL: there is no row */
static int ask(edu_call_t *call, const char *query, const char **value)
{
    struct apr_dbd_row_t *row;
    int rc;

    call->control = query;
    do {
        rc = edu__driver_query(call);
    } while (edu__driver_is_locked(call, rc));
    *value = NULL;
    if (rc == 0 && (row = edu__call_next(call, NULL))) {
        *value = edu__call_column(call, row, 0);
    }
    while (rc == 0 && row) {
        row = edu__call_next(call, row);
    }
    return rc;
}

static int read_version(edu_call_t *call, const char **version)
{
    return ask(call, edu__sql[EDU_SQL_VERSION].text, version);
}

/* Adds the columns that a table of an earlier version lacks. */
static apr_status_t add_columns(edu_call_t *call)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *lacks = NULL;

    if (dialect->lacks) {
        ask(call, dialect->lacks, &lacks);
    }
    return lacks ? define_all(call, dialect->columns) : APR_SUCCESS;
}

/* Processes may race here, or die: the database undoes an unfinished schema, or
 * its statements can be repeated.  Once a process that starts has the lock, it
 * has no deadline. */
static apr_status_t create_schema(const edu_call_t *call)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    edu_call_t own = *call;
    apr_status_t rv = define(&own, dialect->schema[0]);

    if (call->upgrades) {
        own.until = APR_INT64_MAX;
    }
    rv = rv ? rv : add_columns(&own);
    rv = rv ? rv : define_all(&own, dialect->schema + 1);
    if (rv) {
        edu__driver_execute(call, dialect->control[EDU_ROLLBACK]);
    }
    return rv;
}

static int is_older(const char *version, const char *than)
{
    return !version || strcmp(version, than) < 0;
}

apr_status_t edu__schema_check(edu_call_t *call)
{
    const edu_sql_dialect_t *dialect = call->session->dialect;
    const char *wanted = call->upgrades ? EDU_SCHEMA_VERSION : EDU_SCHEMA_LEAST;
    const char *version;
    int rc = read_version(call, &version);

    if (is_older(version, wanted) && creates(call)) {
        apr_status_t rv = create_schema(call);

        if (rv) {
            return rv;
        }
        rc = read_version(call, &version);
    }
    if (!version) {
        return edu__unavailable(
            call,
            "the database has no schema; the %s driver says: "
            "%s. Load schema/%s.sql, or set EduOutcomesSchema "
            "auto",
            dialect->driver, edu__driver_says(call, rc), dialect->driver);
    }
    if (is_older(version, EDU_SCHEMA_LEAST)) {
        return edu__unavailable(
            call,
            "the database has schema version %s, this module "
            "works with version " EDU_SCHEMA_LEAST
            ". Load %sschema/%s.sql, which adds what is missing, "
            "or set EduOutcomesSchema auto",
            version,
            dialect->columns ? apr_psprintf(call->p, "schema/%s-2.sql, then ",
                                            dialect->driver)
                             : "",
            dialect->driver);
    }
    if (atoi(version) != atoi(EDU_SCHEMA_LEAST)) {
        return edu__unavailable(
            call,
            "the database has schema version %s, this module "
            "works with version " EDU_SCHEMA_LEAST
            ". Use the module that belongs to the database",
            version);
    }
    return APR_SUCCESS;
}

/* Processes that start together may each add the row, which does no harm.  One
 * that cannot, for the database takes no writes now, serves all the same. */
void edu__history_mark(const edu_call_t *call)
{
    edu_group_t *group = call->store->group;
    const char *mark = call->store->history ? "historyOn" : "historyOff";
    const char *last;
    apr_status_t rv;

    if (!group || call->store->read_only || apr_atomic_read32(&group->marked)) {
        return;
    }
    rv = edu__driver_ask(call, edu__sql_last_mark, &last);
    if (!rv && (!last || strcmp(last, mark) != 0)) {
        rv = define(call, apr_psprintf(call->p, edu__sql_mark, mark,
                                       (apr_uint64_t)edu__time_now()));
    }
    if (!rv) {
        apr_atomic_set32(&group->marked, 1);
    }
}
