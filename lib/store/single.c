/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Single rows of whole tables.  The statements are prepared, for there may be a
 * million of the same; most are those by which requests write. */

#include "inner.h"
#include "single.h"

/* How a table is written. */
typedef struct table_t {
    int insert, remove;  /* EDU_SQL_* */
    int update;          /* of a table that has numbers */
    int parents;         /* the first columns that name the row above */
    const char *version; /* the column that tells a change */
    const char *order;   /* the columns of an INSERT, a letter each, from a;
                            NULL: all that the database does not draw */
} table_t;

/* clang-format off */
static const table_t tables[EDU_WHOLES] = {
    [EDU_CLASS] = { EDU_SQL_INSERT + EDU_CLASS, EDU_SQL_DELETE + EDU_CLASS,
        0, 0, "version", NULL },
    [EDU_MEMBER] = { EDU_SQL_INSERT + EDU_MEMBER, EDU_SQL_DELETE + EDU_MEMBER,
        0, 1, "version", NULL },
    [EDU_ASSIGNMENT] = { EDU_SQL_INSERT + EDU_ASSIGNMENT,
        EDU_SQL_DELETE + EDU_ASSIGNMENT, 0, 1, "version", NULL },
    [EDU_SUBMISSION] = { EDU_SQL_INSERT + EDU_SUBMISSION,
        EDU_SQL_DELETE + EDU_SUBMISSION, 0, 2, "version", NULL },
    [EDU_OUTCOME] = { EDU_SQL_INSERT + EDU_OUTCOME,
        EDU_SQL_DELETE + EDU_OUTCOME, 0, 0, "version", "abcdefgihj" },
    [EDU_HISTORY] = { EDU_SQL_INSERT + EDU_HISTORY,
        EDU_SQL_DELETE + EDU_HISTORY, EDU_SQL_UPDATE + EDU_HISTORY, 0, "at",
        NULL },
    [EDU_REPEAT] = { EDU_SQL_INSERT + EDU_REPEAT, EDU_SQL_DELETE + EDU_REPEAT,
        0, 0, "expires", NULL },
    [EDU_WHOLE_READ] = { EDU_SQL_INSERT_READ, EDU_SQL_DELETE_READ,
        EDU_SQL_UPDATE_READ, 0, "at", NULL }
};
/* clang-format on */

int edu__single_column(const edu_whole_t *table, const char *name)
{
    int i = 0;

    while (strcmp(table->columns[i], name) != 0) {
        i++;
    }
    return i;
}

apr_status_t edu__single_get(const char *const **row, edu_tx_t *tx, int table,
                             const char *const *key, edu_error_t *err,
                             apr_pool_t *p)
{
    edu_call_t call = tx->call;
    edu_cursor_t cursor;
    apr_status_t rv;

    call.err = err;
    call.p = p;
    edu__cursor_open(&cursor, &call, &edu__wholes[table], key,
                     edu__wholes[table].keys, p);
    rv = edu__cursor_next(&cursor);
    *row = cursor.row;
    return rv;
}

/* Runs a statement that writes. @param n  out: the rows that it changed */
static apr_status_t run(apr_int64_t *n, edu_tx_t *tx, int sql, edu_args_t *args,
                        edu_error_t *err, apr_pool_t *p)
{
    edu_call_t call = {
        .store = &tx->store, .sql = sql, .args = args->list, .err = err, .p = p
    };
    apr_status_t rv = edu__call_run(&call, NULL, NULL);

    *n = rv ? 0 : call.affected;
    return rv;
}

/* Why an INSERT did nothing: the row above, an assignment or a class, has the
 * last of the parents for its id. */
static apr_status_t explain(edu_single_e *done, edu_tx_t *tx, int table,
                            const char *const *row, edu_error_t *err,
                            apr_pool_t *p)
{
    int parents = tables[table].parents;
    const char *const *above = NULL;
    apr_status_t rv =
        parents ? edu__single_get(&above, tx,
                                  parents == 1 ? EDU_CLASS : EDU_ASSIGNMENT,
                                  row, err, p)
                : APR_SUCCESS;

    *done = parents && !above ? EDU_SINGLE_ORPHAN : EDU_SINGLE_EXISTS;
    return rv;
}

/* Adds all columns but a number, in the order of an INSERT. */
static void add_columns(edu_args_t *args, int table, const char *const *row)
{
    const edu_whole_t *whole = &edu__wholes[table];
    const char *order = tables[table].order;

    for (int i = whole->drawn; i < edu__whole_width(whole); i++) {
        edu__args_add(args, row[order ? order[i] - 'a' : i]);
    }
}

/* Adds the key of a row, and what tells a change of it. */
static void add_guard(edu_args_t *args, int table, const char *const *row)
{
    const edu_whole_t *whole = &edu__wholes[table];

    for (int i = 0; i < whole->keys; i++) {
        edu__args_add(args, row[i]);
    }
    edu__args_add(args, row[edu__single_column(whole, tables[table].version)]);
}

apr_status_t edu__single_insert(edu_single_e *done, edu_tx_t *tx, int table,
                                const char *const *row, edu_error_t *err,
                                apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    apr_int64_t n;
    apr_status_t rv;

    add_columns(&args, table, row);
    for (int i = 0; i < tables[table].parents; i++) {
        edu__args_add(&args, row[i]);
    }
    rv = run(&n, tx, tables[table].insert, &args, err, p);
    *done = EDU_SINGLE_DONE;
    return rv || n ? rv : explain(done, tx, table, row, err, p);
}

apr_status_t edu__single_remove(edu_single_e *done, edu_tx_t *tx, int table,
                                const char *const *row, edu_error_t *err,
                                apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    apr_int64_t n;
    apr_status_t rv;

    add_guard(&args, table, row);
    rv = run(&n, tx, tables[table].remove, &args, err, p);
    *done = n ? EDU_SINGLE_DONE : EDU_SINGLE_CHANGED;
    return rv;
}

/* The order of records is that of their numbers. */
apr_status_t edu__single_change(edu_single_e *done, edu_tx_t *tx, int table,
                                const char *const *before,
                                const char *const *after, edu_error_t *err,
                                apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    apr_int64_t n;
    apr_status_t rv;

    if (!tables[table].update) {
        rv = edu__single_remove(done, tx, table, before, err, p);
        return rv || *done != EDU_SINGLE_DONE
                   ? rv
                   : edu__single_insert(done, tx, table, after, err, p);
    }
    add_columns(&args, table, after);
    add_guard(&args, table, before);
    rv = run(&n, tx, tables[table].update, &args, err, p);
    *done = n ? EDU_SINGLE_DONE : EDU_SINGLE_CHANGED;
    return rv;
}

apr_status_t edu__single_clear(apr_int64_t *n, edu_tx_t *tx,
                               const char *const *submission, edu_error_t *err,
                               apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };

    edu__args_add(&args, submission[0]);
    for (int i = 1; i <= 2; i++) {
        edu__args_add(&args, submission[i]);
        edu__args_add(&args, submission[i]);
    }
    return run(n, tx, EDU_SQL_DELETE_BELOW + EDU_OUTCOME, &args, err, p);
}
