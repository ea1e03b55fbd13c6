/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file database.h
 * @brief A store without a server: one connection to SQLite, which
 *        the test itself uses, too.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include "store.h"
#include "unit.h"

#include <apr_dbd.h>

#include <stdlib.h>

/* Outcomes that were never published. */
#define INTO_OUTCOMES                                                          \
    "INSERT INTO edu_outcome (class_id, assignment_id, submission_id, id,"     \
    " created, type, version, body) "

typedef struct database_t {
    edu_store_t store; /* counts loans from the other */
    edu_store_t inner;
    apr_pool_t *p; /* of that */
    const char *file;
    edu_dbd_t dbd;      /* its connection, when it was borrowed last */
    int opened, closed; /* how often the store borrowed and gave back */
} database_t;

static inline apr_status_t database_lend(void *baton, edu_dbd_t *dbd,
                                         apr_pool_t *p)
{
    database_t *db = baton;
    apr_status_t rv = db->inner.open(db->inner.baton, dbd, p);

    if (!rv) {
        db->opened++;
        db->dbd = *dbd;
    }
    return rv;
}

static inline void database_take(void *baton, edu_dbd_t *dbd)
{
    database_t *db = baton;

    db->closed++;
    db->inner.close(db->inner.baton, dbd);
}

/* Ends the connection; the next loan makes another. */
static inline void database_close(database_t *db)
{
    apr_pool_clear(db->p);
    edu_store_open(&db->inner, "sqlite3", db->file, 1, 0, db->p);
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
    apr_pool_create(&db->p, p);
    database_close(db);
    return db;
}

/* The connection, lent or idle. */
static inline const edu_dbd_t *database_dbd(database_t *db)
{
    edu_dbd_t dbd = { .until = 0 };

    if (db->opened == db->closed) {
        if (database_lend(db, &dbd, db->p)) {
            fprintf(stderr, "# no connection: %s\n", dbd.why);
            abort();
        }
        database_take(db, &dbd);
    }
    return &db->dbd;
}

/* Runs a statement of the test's own. @return the driver's result code */
static inline int database_run(database_t *db, const char *sql)
{
    const edu_dbd_t *dbd = database_dbd(db);
    int affected;

    return apr_dbd_query(dbd->driver, dbd->handle, &affected, sql);
}

/* The first value that a query answers, or NULL. */
static inline const char *database_ask(database_t *db, const char *sql,
                                       apr_pool_t *p)
{
    const edu_dbd_t *dbd = database_dbd(db);
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;

    if (apr_dbd_select(dbd->driver, p, dbd->handle, &rows, sql, 1) ||
        apr_dbd_get_row(dbd->driver, p, rows, &row, -1)) {
        return NULL;
    }
    return apr_dbd_get_entry(dbd->driver, row, 0);
}

/* How many rows were written so far. */
static inline int database_written(database_t *db, apr_pool_t *p)
{
    return atoi(database_ask(db, "SELECT total_changes()", p));
}

/* ------------------------------------------------------------------ writes */

/* Commits changes of a test.
 * @return as edu__store_commit, with EDU_ECONFLICT for what exists and
 *         EDU_EPRECONDITION for what changed or is missing */
static inline apr_status_t commit(const edu_store_t *store,
                                  edu_changes_t *changes, edu_error_t *err,
                                  apr_pool_t *p)
{
    edu_failure_t failed;
    apr_status_t rv = edu__store_commit(&failed, store, changes, err, p);

    return rv != APR_EAGAIN              ? rv
           : failed.result == EDU_EXISTS ? EDU_ECONFLICT
                                         : EDU_EPRECONDITION;
}

/* Nothing yet. */
static inline edu_changes_t no_changes(apr_pool_t *p)
{
    return (edu_changes_t){ .action = "test",
                            .writes =
                                apr_array_make(p, 2, sizeof(edu_write_t)) };
}

/* Adds a write of the row that has this id below a key. */
static inline edu_write_t *add_write(edu_changes_t *changes, edu_op_e op,
                                     edu_table_e table, edu_guard_e guard,
                                     const edu_key_t *key, const char *id)
{
    edu_key_t own = *key;

    *edu__key_id(&own, table) = id;
    return edu__changes_add(changes, op, table, guard, &own);
}

static inline apr_status_t insert_row(const edu_store_t *store,
                                      edu_table_e table, const edu_key_t *key,
                                      const edu_row_t *row, edu_error_t *err,
                                      apr_pool_t *p)
{
    edu_changes_t changes = no_changes(p);

    add_write(&changes, EDU_INSERT, table, EDU_IF_ABSENT, key, row->id)->after =
        row;
    return commit(store, &changes, err, p);
}

static inline apr_status_t replace_row(const edu_store_t *store,
                                       edu_table_e table, const edu_key_t *key,
                                       const edu_row_t *row,
                                       const char *version, edu_error_t *err,
                                       apr_pool_t *p)
{
    const edu_row_t before = { .version = version };
    edu_changes_t changes = no_changes(p);
    edu_write_t *write =
        add_write(&changes, EDU_UPDATE, table, EDU_IF_VERSION, key, row->id);

    write->before = &before;
    write->after = row;
    return commit(store, &changes, err, p);
}

static inline apr_status_t remove_row(const edu_store_t *store,
                                      edu_table_e table, const edu_key_t *key,
                                      const char *id, const char *version,
                                      edu_error_t *err, apr_pool_t *p)
{
    const edu_row_t before = { .version = version };
    edu_changes_t changes = no_changes(p);

    add_write(&changes, EDU_DELETE, table, EDU_IF_VERSION, key, id)->before =
        &before;
    return commit(store, &changes, err, p);
}

/* Adds an outcome that is of its first version. */
static inline apr_status_t add_outcome(const edu_store_t *store,
                                       const edu_key_t *key, const char *id,
                                       const char *type, const char *version,
                                       const char *body, edu_error_t *err,
                                       apr_pool_t *p)
{
    const edu_row_t row = { .id = id,
                            .sort_key = version,
                            .kind = type,
                            .version = version,
                            .body = body };

    return insert_row(store, EDU_OUTCOME, key, &row, err, p);
}

/* Adds one that a test needs; without it, the test is none. */
static inline void put_outcome(database_t *db, const char *id, const char *type,
                               const char *version, const char *body,
                               apr_pool_t *p)
{
    static const edu_key_t path = OUTCOME_AT("c", "a", "s", NULL);
    edu_error_t err = { 0 };

    if (add_outcome(&db->store, &path, id, type, version, body, &err, p)) {
        fprintf(stderr, "# cannot store %s: %s\n", id, err.message);
        abort();
    }
}

#endif /* DATABASE_H */
