/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file whole.h
 * @brief Whole tables, column by column: for programs that check, copy or
 *        export a database.
 *
 * A row is the texts of its columns.  Rows are read in the order of their keys,
 * which is the same in all databases: byte by byte, numbers by value.
 */
#ifndef EDU_WHOLE_H
#define EDU_WHOLE_H

#include "store.h"

/** The tables: those of edu_table_e, and these. */
enum {
    EDU_WHOLE_READ = EDU_TABLES,
    EDU_WHOLE_SECRET,
    EDU_WHOLES,
    /** The history once more, class by class. */
    EDU_WHOLE_HISTORY_OF = EDU_WHOLES,
    EDU_WHOLE_VIEWS
};

#define EDU_COLUMNS_MAX 20

/** A table. */
typedef struct edu_whole_t {
    const char *name;
    int keys;  /**< so many columns, the first, are its key */
    int longs; /**< so many columns, the last, may be long */
    int drawn; /**< the database draws its key, a number */
    const char *columns[EDU_COLUMNS_MAX]; /**< ends with NULL */
} edu_whole_t;

/** Each table comes after those that its rows are below. */
extern const edu_whole_t edu__wholes[EDU_WHOLE_VIEWS];

/** The number of the record that has the document before a change.
 *  @param before_body  the column: that number, a document, or ""
 *  @return 0: it is none */
apr_int64_t edu__event_before(const char *before_body);

/** The number of columns. */
int edu__whole_width(const edu_whole_t *table);

/**
 * Begin a transaction for whole tables, on a connection of its own.
 * @param call   its store, err and p; p lasts until the end
 * @param alone  0: it reads, and sees nothing that others write from here on;
 *               1: until its end nobody else writes to any of the tables
 * @return APR_SUCCESS or EDU_EUNAVAILABLE: there is nothing to end
 */
apr_status_t edu__whole_begin(edu_call_t *call, int alone);

/** End it. @param undo  roll it back
 *  @return APR_SUCCESS: what was written is durable; or EDU_EUNAVAILABLE */
apr_status_t edu__whole_end(edu_call_t *call, int undo);

/** Count the rows of a table. */
apr_status_t edu__whole_count(apr_int64_t *n, edu_call_t *call,
                              const edu_whole_t *table);

/** Remove all rows of a table. */
apr_status_t edu__whole_clear(edu_call_t *call, const edu_whole_t *table);

/**
 * Insert rows as they are.
 * @param rows  of const char *const *: the columns of each
 * @return APR_SUCCESS, or as edu__sql_fate: the transaction can only be undone
 */
apr_status_t edu__whole_insert(edu_call_t *call, const edu_whole_t *table,
                               const apr_array_header_t *rows);

/** Open another file of SQLite beside the database, until the transaction ends,
 *  and with it the connection. */
apr_status_t edu__whole_attach(edu_call_t *call, const char *file);

/** Insert all rows of a table of that file.
 *  @param same  out: so many rows of both are the same, column by column
 *  @return as edu__whole_insert */
apr_status_t edu__whole_take(apr_int64_t *same, edu_call_t *call,
                             const edu_whole_t *table);

/** Let the database draw keys above all that were inserted. */
apr_status_t edu__whole_draw(edu_call_t *call, const edu_whole_t *table);

/** A position in a table. */
typedef struct edu_cursor_t {
    const edu_whole_t *table;
    const char *const *row; /**< the columns; NULL: there is no further row */

    /* for whole.c */
    edu_call_t *call;
    int fixed; /**< so many columns are the same in all rows */
    const char *after[EDU_COLUMNS_MAX];
    apr_array_header_t *rows; /**< of const char *const * */
    int at, begun, ended;
    int level; /**< of the next range: so many columns are those of after */
    apr_pool_t *own;      /**< of a row that is too long for them */
    apr_pool_t *pools[2]; /**< of these rows, and of those before */
} edu_cursor_t;

/**
 * Begin to read a table, in the transaction of @a call.  Several cursors may
 * share it.
 * @param keys   the first columns of the rows to read
 * @param fixed  how many; 0: all rows are read
 */
void edu__cursor_open(edu_cursor_t *cursor, edu_call_t *call,
                      const edu_whole_t *table, const char *const *keys,
                      int fixed, apr_pool_t *p);

/** Go to the next, or the first row, which lives until the next call.
 *  @return APR_SUCCESS, also at the end; or EDU_EUNAVAILABLE */
apr_status_t edu__cursor_next(edu_cursor_t *cursor);

/** A column of the row, by its name. */
const char *edu__cursor_text(const edu_cursor_t *cursor, const char *name);

/** Leave a database of SQLite as one file, without a log beside it, if nobody
 *  else has it open. */
apr_status_t edu__whole_pack(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p);

/** The state of a database. */
typedef struct edu_condition_t {
    const char *version; /**< of its schema; NULL: it has none */
    const char *wanted;  /**< that of this library */
    int usable;          /**< the statements work with it */
    const char *log;     /**< the file of its write-ahead log; NULL: none that
                              is known */
} edu_condition_t;

/** Look at a database that may have no schema.
 *  @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__whole_look(edu_condition_t *condition, edu_call_t *call);

#endif /* EDU_WHOLE_H */
