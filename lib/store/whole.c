/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Whole tables.  Statements are made of the table of columns in sql.c, with
 * their values in them: what is prepared stays as long as a connection does. */

#include "driver.h"
#include "whole.h"

#include <apr_strings.h>

#include <stdlib.h>

/* The rows of a statement that reads, and of one that writes. */
#define READ_AT_ONCE 500
#define WRITTEN_AT_ONCE 50

/* How often a transaction that wants all tables is begun. */
#define TRIES 3

int edu__whole_width(const edu_whole_t *table)
{
    int n = 0;

    while (table->columns[n]) {
        n++;
    }
    return n;
}

/* ------------------------------------------------------------- transactions */

/* Runs statements, up to the NULL. */
static apr_status_t run_all(const edu_call_t *call, const char *const *texts)
{
    apr_status_t rv = APR_SUCCESS;

    for (; !rv && *texts; texts++) {
        int rc = edu__driver_execute(call, *texts);

        rv = rc ? edu__driver_failed(call, *texts, rc, 0) : APR_SUCCESS;
    }
    return rv;
}

static apr_status_t begin(edu_call_t *call, int alone)
{
    apr_status_t rv = edu__call_open(call);

    if (rv) {
        return rv;
    }
    rv = run_all(call, alone ? call->session->dialect->alone
                             : call->session->dialect->snapshot);
    if (rv) {
        edu__whole_end(call, 1);
    }
    return rv;
}

/* Writers that have locked some of the tables may want others: PostgreSQL ends
 * such a deadlock by an error for one of the two. */
apr_status_t edu__whole_begin(edu_call_t *call, int alone)
{
    apr_status_t rv;
    int tries = 0;

    do {
        rv = begin(call, alone);
    } while (rv == EDU_EUNAVAILABLE && alone && ++tries < TRIES);
    return rv;
}

apr_status_t edu__whole_end(edu_call_t *call, int undo)
{
    edu_error_t *err = call->err, ignored;
    apr_status_t rv;

    call->err = undo ? &ignored : err; /* the caller has described why */
    rv = edu__call_control(call, undo ? EDU_ROLLBACK : EDU_COMMIT);
    rv = rv ? rv : edu__call_flush(call);
    edu__call_close(call);
    call->err = err;
    return undo ? APR_SUCCESS : rv;
}

/* -------------------------------------------------------------- statements */

/* Runs one that changes rows. */
static apr_status_t execute(const edu_call_t *call, const char *what,
                            const char *text)
{
    int rc = edu__driver_execute(call, text);

    return rc ? edu__driver_failed(call, what, rc, 1) : APR_SUCCESS;
}

/* Asks for rows. */
static apr_status_t query(edu_call_t *call, const char *what, const char *text)
{
    int rc;

    call->control = text;
    call->session->streams = call->session->dialect->streams;
    call->session->cut = 0;
    do {
        rc = edu__driver_query(call);
    } while (edu__driver_is_locked(call, rc));
    return rc ? edu__driver_failed(call, what, rc, 0) : APR_SUCCESS;
}

/* Asks for one value. @param value  out: NULL: there is no row */
static apr_status_t ask(edu_call_t *call, const char *what, const char *text,
                        const char **value)
{
    struct apr_dbd_row_t *row = NULL;
    apr_status_t rv = query(call, what, text);

    *value = NULL;
    while (!rv && (row = edu__call_next(call, row))) {
        *value = edu__call_column(call, row, 0);
    }
    return rv;
}

static apr_status_t ask_number(apr_int64_t *n, edu_call_t *call,
                               const char *what, const char *text)
{
    const char *value;
    apr_status_t rv = ask(call, what, text, &value);

    *n = value ? apr_atoi64(value) : 0;
    return rv;
}

apr_status_t edu__whole_count(apr_int64_t *n, edu_call_t *call,
                              const edu_whole_t *table)
{
    return ask_number(n, call, table->name,
                      apr_psprintf(call->p, edu__sql_whole.count, table->name));
}

apr_status_t edu__whole_clear(edu_call_t *call, const edu_whole_t *table)
{
    return execute(call, table->name,
                   apr_psprintf(call->p, edu__sql_whole.clear, table->name));
}

apr_status_t edu__whole_draw(edu_call_t *call, const edu_whole_t *table)
{
    const char *draw = call->session->dialect->draw, *value;

    return table->drawn && draw
               ? ask(call, table->name,
                     apr_psprintf(call->p, draw, table->name, table->columns[0],
                                  table->columns[0], table->name),
                     &value)
               : APR_SUCCESS;
}

/* Joins texts, with a separator. */
static const char *join(const char *const *texts, int n, const char *separator,
                        apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, 2 * n, sizeof(const char *));

    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(parts, const char *) = i ? separator : "";
        APR_ARRAY_PUSH(parts, const char *) = texts[i];
    }
    return apr_array_pstrcat(p, parts, 0);
}

/* `(%s, %s), (%s, %s)`: a place for each value of some rows. */
static const char *places_of(int rows, int width, apr_pool_t *p)
{
    const char *list[WRITTEN_AT_ONCE], *places[EDU_COLUMNS_MAX];

    for (int i = 0; i < width; i++) {
        places[i] = "%s";
    }
    for (int i = 0; i < rows; i++) {
        list[i] =
            i ? list[0]
              : apr_pstrcat(p, "(", join(places, width, ", ", p), ")", NULL);
    }
    return join(list, rows, ", ", p);
}

/* @param n  at most WRITTEN_AT_ONCE */
static apr_status_t insert(const edu_call_t *call, const edu_whole_t *table,
                           const char *const *const *rows, int n)
{
    const char *args[WRITTEN_AT_ONCE * EDU_COLUMNS_MAX];
    int width = edu__whole_width(table);
    const char *text = apr_psprintf(call->p, edu__sql_whole.insert, table->name,
                                    join(table->columns, width, ", ", call->p),
                                    places_of(n, width, call->p));

    for (int i = 0; i < n; i++) {
        memcpy(args + i * width, rows[i], width * sizeof(*args));
    }
    return execute(call, table->name, edu__driver_fill(call, text, args));
}

apr_status_t edu__whole_insert(edu_call_t *call, const edu_whole_t *table,
                               const apr_array_header_t *rows)
{
    const char *const *const *all = (const char *const *const *)rows->elts;
    edu_call_t own = *call;
    apr_status_t rv = APR_SUCCESS;

    apr_pool_create(&own.p, call->p);
    for (int i = 0; !rv && i < rows->nelts; i += WRITTEN_AT_ONCE) {
        int left = rows->nelts - i;

        rv = insert(&own, table, all + i,
                    left < WRITTEN_AT_ONCE ? left : WRITTEN_AT_ONCE);
        if (!rv) { /* else the error is in there */
            apr_pool_clear(own.p);
        }
    }
    return rv;
}

apr_status_t edu__whole_attach(edu_call_t *call, const char *file)
{
    call->dbd.lost = 1; /* no other user of the connection expects the file */
    return execute(call, file,
                   edu__driver_fill(call, edu__sql_whole.attach, &file));
}

/* In the order of the key, for which the next page of the index is the last. */
apr_status_t edu__whole_take(apr_int64_t *same, edu_call_t *call,
                             const edu_whole_t *table)
{
    const char *columns =
        join(table->columns, edu__whole_width(table), ", ", call->p);
    apr_status_t rv =
        execute(call, table->name,
                apr_psprintf(call->p, edu__sql_whole.take, table->name, columns,
                             columns, table->name,
                             join(table->columns, table->keys, ", ", call->p)));

    return rv ? rv
              : ask_number(same, call, table->name,
                           apr_psprintf(call->p, edu__sql_whole.same,
                                        table->name, table->name));
}

/* ------------------------------------------------------------------ cursors */

void edu__cursor_open(edu_cursor_t *cursor, edu_call_t *call,
                      const edu_whole_t *table, const char *const *keys,
                      int fixed, apr_pool_t *p)
{
    memset(cursor, 0, sizeof(*cursor));
    cursor->table = table;
    cursor->call = call;
    cursor->fixed = cursor->level = fixed;
    for (int i = 0; i < fixed; i++) {
        cursor->after[i] = apr_pstrdup(p, keys[i]);
    }
    apr_pool_create(&cursor->pools[0], p);
    apr_pool_create(&cursor->pools[1], p);
    apr_pool_create(&cursor->own, p);
    cursor->rows =
        apr_array_make(cursor->pools[0], 0, sizeof(const char *const *));
}

/* The columns of a statement; of a row that is too long for many, those that
 * may be long are left out, and the last column says so.
 * @param whole  none is left out */
static const char *columns_of(const edu_whole_t *table, int whole,
                              apr_pool_t *p)
{
    int width = edu__whole_width(table), brief = width - table->longs;
    const char *columns[EDU_COLUMNS_MAX + 1], *lengths[EDU_COLUMNS_MAX];

    memcpy(columns, table->columns, width * sizeof(*columns));
    for (int i = 0; i < table->longs; i++) {
        lengths[i] =
            apr_pstrcat(p, EDU_OCTETS "(", columns[brief + i], ")", NULL);
    }
    columns[width] = "'' AS c";
    for (int i = brief; !whole && i <= width && table->longs; i++) {
        columns[i] = apr_psprintf(
            p, edu__sql_whole.brief, join(lengths, table->longs, " + ", p),
            i < width ? columns[i] : "''", i < width ? "''" : "'1'", i);
    }
    return join(columns, width + 1, ", ", p);
}

/* The condition of one range: the first n columns are those of the row before,
 * the next is greater. */
static const char *range_of(const edu_cursor_t *cursor, int n, int greater,
                            const char **args, int *count, apr_pool_t *p)
{
    const char *terms[EDU_COLUMNS_MAX];

    for (int i = 0; i < n + greater; i++) {
        terms[i] = apr_pstrcat(p, cursor->table->columns[i],
                               i < n ? " = %s" : " > %s", NULL);
        args[(*count)++] = cursor->after[i];
    }
    return n + greater ? join(terms, n + greater, " AND ", p) : "1 = 1";
}

/* The next rows.  No range of a key's index has all of them, so there is one
 * for each of its columns: the rest of the submission, of the assignment, of
 * the class, and all that come after. */
static const char *text_of_next(const edu_cursor_t *cursor, const char **args,
                                apr_pool_t *p)
{
    const edu_whole_t *table = cursor->table;
    int count = 0;

    return apr_psprintf(
        p, edu__sql_whole.range, columns_of(table, 0, p), table->name,
        range_of(cursor, cursor->level, cursor->begun, args, &count, p),
        join(table->columns, table->keys, ", ", p), READ_AT_ONCE);
}

static const char *const *read_row(const edu_call_t *call,
                                   struct apr_dbd_row_t *from, int width)
{
    const char **row = apr_palloc(call->p, (width + 1) * sizeof(*row));

    for (int i = 0; i <= width; i++) {
        row[i] = edu__call_column(call, from, i);
    }
    return row;
}

/* Reads rows by a statement. */
static apr_status_t read_rows(edu_call_t *call, const edu_whole_t *table,
                              const char *text, const char **args,
                              apr_array_header_t *rows)
{
    int width = edu__whole_width(table);
    struct apr_dbd_row_t *row = NULL;
    apr_status_t rv =
        query(call, table->name, edu__driver_fill(call, text, args));

    while (!rv && (row = edu__call_next(call, row))) {
        APR_ARRAY_PUSH(rows, const char *const *) = read_row(call, row, width);
    }
    return !rv && call->session->cut
               ? edu__driver_failed(call, table->name, 0, 0)
               : rv;
}

/* Reads a row whole of which parts were left out. */
static apr_status_t complete(edu_cursor_t *cursor)
{
    const edu_whole_t *table = cursor->table;
    const char *args[EDU_COLUMNS_MAX], *text;
    edu_call_t own = *cursor->call;
    apr_array_header_t *rows;
    apr_status_t rv;
    int count = 0;

    own.p = cursor->own;
    apr_pool_clear(own.p);
    rows = apr_array_make(own.p, 1, sizeof(const char *const *));
    text = apr_psprintf(own.p, edu__sql_whole.row, columns_of(table, 1, own.p),
                        table->name,
                        range_of(cursor, table->keys, 0, args, &count, own.p));
    rv = read_rows(&own, table, text, args, rows);
    if (!rv && rows->nelts == 1) {
        cursor->row = APR_ARRAY_IDX(rows, 0, const char *const *);
    }
    return rv;
}

/* Reads the rows of a range; those before live on until there are some. */
static apr_status_t read_more(edu_cursor_t *cursor)
{
    const char *args[EDU_COLUMNS_MAX], *text;
    edu_call_t own = *cursor->call;
    apr_array_header_t *rows;
    apr_status_t rv;

    own.p = cursor->pools[1];
    apr_pool_clear(own.p);
    rows = apr_array_make(own.p, READ_AT_ONCE, sizeof(const char *const *));
    text = text_of_next(cursor, args, own.p);
    rv = read_rows(&own, cursor->table, text, args, rows);
    if (rows->nelts) {
        cursor->pools[1] = cursor->pools[0];
        cursor->pools[0] = own.p;
        cursor->rows = rows;
        cursor->at = 0;
    }
    cursor->level = rows->nelts == READ_AT_ONCE ? cursor->table->keys - 1
                    : cursor->begun             ? cursor->level - 1
                                                : -1;
    cursor->ended = cursor->level < cursor->fixed;
    cursor->begun = 1;
    return rv;
}

apr_status_t edu__cursor_next(edu_cursor_t *cursor)
{
    const edu_whole_t *table = cursor->table;
    apr_status_t rv = APR_SUCCESS;

    while (!rv && cursor->at == cursor->rows->nelts && !cursor->ended) {
        rv = read_more(cursor);
    }
    cursor->row = NULL;
    if (rv || cursor->at == cursor->rows->nelts) {
        return rv;
    }
    cursor->row =
        APR_ARRAY_IDX(cursor->rows, cursor->at++, const char *const *);
    memcpy(cursor->after, cursor->row, table->keys * sizeof(*cursor->after));
    return *cursor->row[edu__whole_width(table)] ? complete(cursor) : rv;
}

/* The place of a column, which the table has. */
static int column_of(const edu_whole_t *table, const char *name)
{
    int i = 0;

    while (strcmp(table->columns[i], name) != 0) {
        i++;
    }
    return i;
}

const char *edu__cursor_text(const edu_cursor_t *cursor, const char *name)
{
    return cursor->row[column_of(cursor->table, name)];
}

apr_status_t edu__whole_pack(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p)
{
    edu_call_t call = { .store = store, .err = err, .p = p };
    apr_status_t rv = edu__call_open(&call);
    const char *mode;

    if (!rv && call.session->dialect->pack) {
        rv = ask(&call, "pack", call.session->dialect->pack, &mode);
    }
    edu__call_close(&call);
    return rv;
}

/* Whether the statements work with a version of the schema. */
static int is_usable(const char *version)
{
    return version && strcmp(version, EDU_SCHEMA_LEAST) >= 0 &&
           atoi(version) == atoi(EDU_SCHEMA_LEAST);
}

/* A database without a schema fails to tell its version. */
apr_status_t edu__whole_look(edu_condition_t *condition, edu_call_t *call)
{
    const edu_sql_dialect_t *dialect;
    apr_status_t rv = edu__call_open(call);

    *condition = (edu_condition_t){ .wanted = EDU_SCHEMA_VERSION };
    if (rv) {
        return rv;
    }
    dialect = call->session->dialect;
    ask(call, "edu_schema", edu__sql[EDU_SQL_VERSION].text,
        &condition->version);
    condition->usable = is_usable(condition->version);
    if (dialect->log) {
        rv = ask(call, "log", dialect->log, &condition->log);
    }
    edu__call_close(call);
    return rv;
}
