/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file database.h
 * @brief A store without a server: one connection of apr_dbd to SQLite.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include "unit.h"

#include <apr_dbd.h>

#include <stdlib.h>

typedef struct database_t {
    edu_store_t store;
    edu_dbd_t dbd;
    const char *file;
    int opened, closed; /* how often the store borrowed and gave back */
} database_t;

static inline const apr_dbd_driver_t *sqlite_driver(apr_pool_t *p)
{
    const apr_dbd_driver_t *driver = NULL;

    if (apr_dbd_get_driver(p, "sqlite3", &driver)) {
        fprintf(stderr, "# apr_dbd has no driver for sqlite3\n");
        abort();
    }
    return driver;
}

/* The connection, made when it is first borrowed. */
static inline apr_status_t database_lend(void *baton, edu_dbd_t *dbd,
                                         apr_pool_t *p)
{
    database_t *db = baton;
    apr_dbd_t *handle;
    apr_status_t rv;

    if (!db->dbd.handle) {
        rv = apr_dbd_open(db->dbd.driver, db->dbd.pool, db->file, &handle);
        if (rv) {
            return rv;
        }
        db->dbd.handle = handle;
    }
    (void)p;
    db->opened++;
    *dbd = db->dbd;
    return APR_SUCCESS;
}

static inline void database_take(void *baton, edu_dbd_t *dbd)
{
    database_t *db = baton;

    (void)dbd;
    db->closed++;
}

static inline database_t *database_make(const char *file, edu_schema_e schema,
                                        apr_pool_t *p)
{
    database_t *db = apr_pcalloc(p, sizeof(*db));

    db->store.open = database_lend;
    db->store.close = database_take;
    db->store.baton = db;
    db->store.schema = schema;
    db->file = file;
    db->dbd.driver = sqlite_driver(p);
    apr_pool_create(&db->dbd.pool, p);
    return db;
}

/* Ends the connection; the next loan makes another. */
static inline void database_close(database_t *db)
{
    if (db->dbd.handle) {
        apr_dbd_close(db->dbd.driver, db->dbd.handle);
    }
    apr_pool_clear(db->dbd.pool);
    db->dbd.handle = NULL;
}

/* Runs a statement of the test's own. @return the driver's result code */
static inline int database_run(database_t *db, const char *sql)
{
    edu_dbd_t dbd;
    int affected;

    if (database_lend(db, &dbd, db->dbd.pool)) {
        return -1;
    }
    database_take(db, &dbd);
    return apr_dbd_query(dbd.driver, dbd.handle, &affected, sql);
}

/* The first value that a query answers, or NULL. */
static inline const char *database_ask(database_t *db, const char *sql,
                                       apr_pool_t *p)
{
    edu_dbd_t dbd;
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;

    if (database_lend(db, &dbd, p)) {
        return NULL;
    }
    database_take(db, &dbd);
    if (apr_dbd_select(dbd.driver, p, dbd.handle, &rows, sql, 1) ||
        apr_dbd_get_row(dbd.driver, p, rows, &row, -1)) {
        return NULL;
    }
    return apr_dbd_get_entry(dbd.driver, row, 0);
}

/* Adds an outcome that is of its first version. */
static inline apr_status_t add_outcome(const edu_store_t *store,
                                       const edu_path_t *path, const char *id,
                                       const char *type, const char *version,
                                       const char *body, edu_error_t *err,
                                       apr_pool_t *p)
{
    const edu_row_t row = { .id = id,
                            .created = version,
                            .kind = type,
                            .version = version,
                            .body = body };

    return edu__store_insert(store, EDU_OUTCOME, path, &row, err, p);
}

/* Adds one that a test needs; without it, the test is none. */
static inline void put_outcome(database_t *db, const char *id, const char *type,
                               const char *version, const char *body,
                               apr_pool_t *p)
{
    static const edu_path_t path = OUTCOME_AT("c", "a", "s", NULL);
    edu_error_t err = { 0 };

    if (add_outcome(&db->store, &path, id, type, version, body, &err, p)) {
        fprintf(stderr, "# cannot store %s: %s\n", id, err.message);
        abort();
    }
}

#endif /* DATABASE_H */
