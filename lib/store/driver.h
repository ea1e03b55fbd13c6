/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file driver.h
 * @brief Shared by the files between a statement and its database.
 *
 * driver <- schema <- session <- call: a statement run once, the tables, a
 * connection that is ready, and statements run with retry and deadline.
 */
#ifndef EDU_DRIVER_H
#define EDU_DRIVER_H

#include "inner.h"

#define EDU_NO_TIME                                                            \
    "the database kept the request waiting too long. Find out what blocks "    \
    "it, or raise DBDMax or EduOutcomesTimeout"

#define EDU_RETRY_PAUSE apr_time_from_msec(10)

struct apr_dbd_prepared_t;
struct apr_file_t;

/** The state of a connection, kept in its pool. */
typedef struct edu_session_t {
    const edu_sql_dialect_t *dialect;
    apr_pool_t *pool; /**< memory of all below; NULL: the connection is
                             new or stale */
    int suspect;      /**< stale once its transaction is over */
    int streams;      /**< rows come while they are read, and their end may be a
                      failure */
    int cut;          /**< it was one */
    int read_only;    /**< it can write no more, another connection may */
    int undone;       /**< its last failure tells that nothing was done */
    const char *why;  /**< reason why its transaction failed */
    apr_int64_t packet;      /**< bytes that it takes at once; 0: any number */
    struct apr_file_t *log;  /**< see edu_sql_dialect_t; NULL: there is none */
    struct apr_file_t *data; /**< what the log is copied to; NULL: not yet */
    int generation;          /**< part of the labels, so that each is new */
    /** Once more for those that record as well. */
    struct apr_dbd_prepared_t *statements[2 * EDU_SQL_COUNT];
} edu_session_t;

/* --------------------------------------------------------------- driver.c */

/** Set an error that tells the client when to retry and the log the reason.
 *  @return EDU_EUNAVAILABLE */
apr_status_t edu__unavailable(const edu_call_t *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** What to do about what the driver of a call's connection says. */
const char *edu__driver_hint(const edu_call_t *call, const char *says);

/** The driver's text for a result code.  Notes that the connection is read-only
 *  if it says so. */
const char *edu__driver_says(const edu_call_t *call, int rc);

/** Set the error of a step that failed; a write may have failed for good.
 *  @return as edu__sql_fate */
apr_status_t edu__driver_failed(const edu_call_t *call, const char *what,
                                int rc, int writes);

/** Find the session of a call's connection, or make it for a new connection.
 *  @return APR_SUCCESS or EDU_EUNAVAILABLE: the driver is unknown */
apr_status_t edu__session_find(edu_call_t *call);

/** Drop all prepared statements: those from before a reconnect or a schema
 *  change never work again.  PostgreSQL's driver reconnects silently, so that
 *  after a failure the connection may be a new one. */
void edu__session_drop(const edu_call_t *call);

/** Whether the database answers. */
int edu__driver_is_there(const edu_call_t *call);

/** Whether to retry: the step met a lock, and there is time.  Pauses if so. */
int edu__driver_is_locked(const edu_call_t *call, int rc);

/** Run a call's statement, again while it meets locks and there is time.
 *  @return the driver's result code */
int edu__driver_run(edu_call_t *call);

/** The same for a statement that needs no preparing. */
int edu__driver_execute(const edu_call_t *call, const char *text);

/** Run the query call->control once, unprepared. */
int edu__driver_query(edu_call_t *call);

/** Run a statement about a connection.
 *  @param answer  out: the first column, NULL if there is no row; NULL to
 *                 ignore what SQLite answers where others do not */
apr_status_t edu__driver_ask(const edu_call_t *call, const char *text,
                             const char **answer);

/** A statement with its parameters in it, each quoted. */
const char *edu__driver_fill(const edu_call_t *call, const char *text,
                             const char **args);

/** The number of columns in the rows of a call. */
int edu__call_columns(const edu_call_t *call);

/* --------------------------------------------------------------- schema.c */

/** Check that the schema exists in a version that the statements work with;
 *  create or upgrade it where the policy says so. */
apr_status_t edu__schema_check(edu_call_t *call);

/** Let the history tell, once for a process, whether it records: by a row of no
 *  class, unless the last such row says so.  Without success, the next
 *  connection tries. */
void edu__history_mark(const edu_call_t *call);

/* -------------------------------------------------------------- session.c */

/** Make a new or a stale connection ready for statements. */
apr_status_t edu__session_prepare(const edu_call_t *call);

/** Flush the file that the log was copied to.
 *  @param name  of the file, which stays open; NULL: there is no file */
apr_status_t edu__session_flush_data(const edu_call_t *call, const char *name);

#endif /* EDU_DRIVER_H */
