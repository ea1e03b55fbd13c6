/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file inner.h
 * @brief Shared by the files of store/ among themselves.
 *
 * sql <- where, hint <- pool <- driver <- schema <- session <- call <- tx,
 * combine <- rows <- bind <- apply <- commit; call <- whole; changes.
 */
#ifndef EDU_INNER_H
#define EDU_INNER_H

#include "sql.h"

/* ---------------------------------------------------------------- where.c */

/** The words of a database. */
typedef struct edu_words_t {
    const edu_sql_dialect_t *dialect;
    /** Makes a text safe between its quotes. */
    const char *(*escape)(const void *baton, const char *text);
    const void *baton;
    apr_pool_t *p;
} edu_words_t;

/** A statement in these words, with its parameters and a condition in it. */
const char *edu__where_fill(const edu_words_t *words, const char *text,
                            const char **args, const edu_where_t *where);

/* ----------------------------------------------------------------- hint.c */

/** What to do about a failure, to be put behind the words of the driver.
 *  @param params  of the database, or NULL
 *  @return a text that begins with punctuation, or "" */
const char *edu__hint(const char *driver, const char *params, const char *says,
                      apr_pool_t *p);

/* ----------------------------------------------------------------- call.c */

/** The part of a request's time that one statement, or opening a connection,
 *  may take.  It is what remains when no further step is begun.  SQLite's
 *  driver takes up to 1.6 s of it. */
#define EDU_STATEMENT_SHARE(timeout) ((timeout) / 5 * 2)

struct apr_dbd_results_t;
struct apr_dbd_row_t;

/** A statement has at most this many parameters. */
#define EDU_ARGS_MAX 48

/** Reads all rows of a call. */
typedef void edu_read_fn(const edu_call_t *call, void *out);

/**
 * Borrow a connection, run a statement and give the connection back.
 * @param read  reads the rows of a SELECT; NULL for other statements
 * @return APR_SUCCESS, EDU_EUNAVAILABLE, or as edu__sql_fate
 */
apr_status_t edu__call_run(edu_call_t *call, edu_read_fn *read, void *out);

/** Rows of several calls, the first column of which is the number of the call;
 *  all 0 at first. */
typedef struct edu_part_t {
    int wanted;                /**< the number of the call that reads */
    int number;                /**< of the call that the next row is for; 0: not
                                    yet read; -1: there is no further row */
    struct apr_dbd_row_t *row; /**< next row */
} edu_part_t;

/** Make the next of several calls read its own rows of @a many, without the
 *  number. */
edu_call_t edu__call_part(const edu_call_t *call, const edu_call_t *many,
                          edu_part_t *part);

/** The next row, or NULL. @param row  the one before, or NULL */
struct apr_dbd_row_t *edu__call_next(const edu_call_t *call,
                                     struct apr_dbd_row_t *row);

/** A column of a row, from the call's pool. */
const char *edu__call_column(const edu_call_t *call, struct apr_dbd_row_t *row,
                             int i);

/** Whether a call's statement changes no rows. */
int edu__call_reads(const edu_call_t *call);

/** Let the server know. */
void edu__report(const edu_store_t *store, edu_report_t report);

/** Borrow a connection that is ready for statements.
 *  @return APR_SUCCESS, or EDU_EUNAVAILABLE: there is nothing to close */
apr_status_t edu__call_open(edu_call_t *call);

/** Give the connection back, if it is still there. */
void edu__call_close(edu_call_t *call);

/** Take the time since then from a request's time for waiting. */
void edu__wait_charge(const edu_store_t *store, apr_time_t since);

/** The time until which a request may still wait. */
apr_time_t edu__wait_until(const edu_store_t *store);

/** @return APR_SUCCESS, or EDU_EUNAVAILABLE: a request has no time to wait */
apr_status_t edu__wait_check(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p);

/** Run a statement of transaction control on an open connection; EDU_BEGIN may
 *  replace the connection by another. */
apr_status_t edu__call_control(edu_call_t *call, edu_control_e what);

/** Check that the log of an open connection was not removed.
 *  @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__call_is_there(const edu_call_t *call);

/** Flush the commits of an open connection, if COMMIT alone does not.
 *  @return APR_SUCCESS or EDU_EUNAVAILABLE, also if its log was removed */
apr_status_t edu__call_flush(const edu_call_t *call);

/** Whether the last failure tells that nothing of the transaction was done. */
int edu__call_is_undone(const edu_call_t *call);

/** Whether a COMMIT alone has on the disk what others see of it. */
int edu__call_is_durable(const edu_call_t *call);

/**
 * Copy commits from the log to the database, as far as readers allow.
 * @param call   with an open connection
 * @param pages  out: pages copied since the log began; 0: there is no log
 * @return APR_SUCCESS or EDU_EUNAVAILABLE
 */
apr_status_t edu__call_checkpoint(edu_call_t *call, int *pages);

/** Flush what was copied. @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__call_flush_data(edu_call_t *call);

/** The store to read by: the innermost transaction that has begun, or the store
 *  below all of them. */
const edu_store_t *edu__tx_reader(const edu_store_t *store);

/** The reason why a transaction is broken, for the log. */
const char *edu__call_why(const edu_tx_t *tx);

/* -------------------------------------------------------------- combine.c */

/** A queue of threads that want the same thing done. */
typedef struct edu_combiner_t edu_combiner_t;

/** A waiting thread.  It is the first member of the struct that says what the
 *  thread wants. */
typedef struct edu_waiter_t {
    int leads;                 /**< 0: another thread has done its work */
    struct edu_waiter_t *next; /**< next of the waiters that one leads */

    /* for combine.c alone */
    int waits;
    struct apr_thread_cond_t *cond; /**< NULL: it has not had to wait */
} edu_waiter_t;

/** A leader leads at most this many, itself among them. */
#define EDU_COMBINED_MAX 128

/** Wait until another thread has done the work, or until this one leads.
 *  @param own  all 0
 *  @return APR_SUCCESS; or an error, such as APR_TIMEUP if nobody has begun the
 *          work in time: the thread then works alone */
apr_status_t edu__combiner_enter(edu_combiner_t *combiner, edu_waiter_t *own,
                                 apr_time_t until);

/** Whether no thread waits. */
int edu__combiner_is_empty(edu_combiner_t *combiner);

/** Lead the threads that wait now as well: they are linked by own->next. */
void edu__combiner_collect(edu_combiner_t *combiner, edu_waiter_t *own);

/** Tell the led threads that their work is done, and let another thread lead.
 *  @param most  the number of leaders at once from now on */
void edu__combiner_leave(edu_combiner_t *combiner, edu_waiter_t *own, int most);

struct edu_group_t {
    edu_lock_t lock;         /**< acquire may be NULL */
    edu_combiner_t *commits; /**< NULL: each commit is a transaction */
    edu_combiner_t *calls[EDU_SQL_COUNT]; /**< NULL: each call is a statement */
    int records_within;  /**< a statement of a write can record it as well */
    apr_uint32_t marked; /**< atomic; 1: the history tells whether this process
                              records */
};

/** Whether a call can share a statement with others. */
int edu__call_is_shared(const edu_call_t *call);

/** As edu__call_run, in one statement with the calls of other threads where
 *  that is possible. */
apr_status_t edu__call_share(edu_call_t *call, edu_read_fn *read, void *out);

/* ----------------------------------------------------------------- rows.c */

/** Sort rows; databases mostly give them in the order of the index that they
 *  read. */
void edu__rows_sort(apr_array_header_t *rows,
                    int (*compare)(const void *a, const void *b));

/* ---------------------------------------------------------------- event.c */

/** A row of the history; or of the viewer's role, which has the number 0, and
 *  the role in the next column. */
edu_row_t edu__event_at(const edu_call_t *call, struct apr_dbd_row_t *from);

/* ------------------------------------------------------------------- tx.c */

/** Roll back and begin anew with the writer lock kept; a failure breaks tx. */
void edu__tx_restart(edu_tx_t *tx);

/** Let a transaction fail, for a reason that may have passed when it is tried
 *  again.  @return EDU_EUNAVAILABLE */
apr_status_t edu__tx_break(edu_tx_t *tx, const char *why, edu_error_t *err,
                           apr_pool_t *p);

/* ----------------------------------------------------------------- bind.c */

/** The parameters of a statement, in order. */
typedef struct edu_args_t {
    const char *list[EDU_ARGS_MAX];
    int n;
} edu_args_t;

/** Add a parameter. @param value  NULL: an empty one */
void edu__args_add(edu_args_t *args, const char *value);

/** Add the ids of the entities above the rows of a table. */
void edu__args_add_keys(edu_args_t *args, int keys, const edu_key_t *key);

/** Add those of a list: the range of its rows. */
void edu__args_add_range(edu_args_t *args, edu_table_e table,
                         const edu_key_t *key, const edu_range_t *range);

/** Add those of a list: the row that it continues after. */
void edu__args_add_after(edu_args_t *args, edu_table_e table,
                         const edu_key_t *key, const edu_range_t *range);

/** Add those of USER and NEXT_SUBMISSIONS.
 *  @param only   a user, or NULL
 *  @param of     an assignment alone, or NULL
 *  @param after  go on after this assignment and parent */
void edu__args_add_next(edu_args_t *args, const edu_key_t *key,
                        const char *only, const char *of,
                        const edu_row_t *after);

/** Add those of the history: the number of a row. @param id  NULL, or not a
 *  number: @a without */
void edu__args_add_number(edu_args_t *args, const char *id,
                          const char *without);

/** The statement of a write, and its parameters. @return EDU_SQL_* */
int edu__bind(edu_args_t *args, const edu_write_t *write);

/** Whether a write goes into the history: a touch and a kept answer tell of
 *  other writes, and a lock of none. */
int edu__write_is_recorded(const edu_write_t *write);

/** Add the parameters of the statement that records a write.
 *  @param write  of @a changes, which are in lock order
 *  @return EDU_SQL_*; 0: the write is not recorded */
int edu__bind_record(edu_args_t *args, const edu_changes_t *changes,
                     const edu_write_t *write, apr_pool_t *p);

/* ---------------------------------------------------------------- apply.c */

/** Whether a write is a single statement, with its record, if it has one. */
int edu__write_is_one(const edu_store_t *store, const edu_write_t *write);

/** Whether the row is as the write wants it. */
apr_status_t edu__write_look_back(int *applied, const edu_store_t *store,
                                  const edu_write_t *write, edu_error_t *err,
                                  apr_pool_t *p);

/** Write changes in lock order, and their records.
 *  @return as edu__store_commit; APR_EAGAIN: what came before is written */
apr_status_t edu__changes_apply(edu_failure_t *failed, const edu_store_t *store,
                                const edu_changes_t *changes, edu_error_t *err,
                                apr_pool_t *p);

#endif /* EDU_INNER_H */
