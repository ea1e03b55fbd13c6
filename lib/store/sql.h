/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file sql.h
 * @brief What sql.c holds: the statements, and how databases differ.
 */
#ifndef EDU_SQL_H
#define EDU_SQL_H

#include "store.h"
#include "where.h"
#include "whole.h"

#if !(EDU_SEES & EDU_WING_INNER)
#error "this file may not see the inside of lib/store"
#endif

/** The statements.  A block has one for each edu_table_e. */
enum {
    EDU_SQL_VERSION,
    EDU_SQL_GET,
    EDU_SQL_LIST = EDU_SQL_GET + EDU_TABLES,
    EDU_SQL_MINE = EDU_SQL_LIST + EDU_TABLES,
    EDU_SQL_TALLY = EDU_SQL_MINE + EDU_TABLES,
    EDU_SQL_MY_TALLY = EDU_SQL_TALLY + EDU_TABLES,
    EDU_SQL_INSERT = EDU_SQL_MY_TALLY + EDU_TABLES,
    EDU_SQL_UPDATE = EDU_SQL_INSERT + EDU_TABLES,
    EDU_SQL_DELETE = EDU_SQL_UPDATE + EDU_TABLES,
    EDU_SQL_DELETE_BELOW = EDU_SQL_DELETE + EDU_TABLES,
    EDU_SQL_RECENT = EDU_SQL_DELETE_BELOW + EDU_TABLES,
    EDU_SQL_RECENT_LAST,
    EDU_SQL_ACROSS,
    EDU_SQL_ACROSS_OUTCOMES,
    EDU_SQL_HISTORY_LAST,
    EDU_SQL_MY_HISTORY_LAST,
    EDU_SQL_TALLY_RECENT,
    EDU_SQL_TALLY_ACROSS,
    EDU_SQL_TALLY_ACROSS_OUTCOMES,
    EDU_SQL_INSERT_UNREGISTERED,
    EDU_SQL_INSERT_UNREGISTRABLE,
    EDU_SQL_LOCK_ASSIGNMENT,
    EDU_SQL_LOCK_SUBMISSION,
    EDU_SQL_LOCK_CHILDLESS,
    EDU_SQL_PUBLISH,
    EDU_SQL_TOUCH,
    EDU_SQL_TOUCH_VERSION,
    EDU_SQL_FIND,
    EDU_SQL_FIND_TAUGHT,
    EDU_SQL_FEED_HEAD,
    EDU_SQL_FEED_ROW,
    EDU_SQL_FEED_GAPS,
    EDU_SQL_FEED,
    EDU_SQL_FEED_BEFORE,
    EDU_SQL_SECRET,
    EDU_SQL_INSERT_SECRET,
    EDU_SQL_TWIN,
    EDU_SQL_INSERT_READ,
    EDU_SQL_EXPIRED,
    EDU_SQL_EXPIRE,
    EDU_SQL_GET_MANY,
    EDU_SQL_INSERT_UNREGISTRABLE_MANY,
    EDU_SQL_UPDATE_MANY,
    EDU_SQL_RECORD,
    EDU_SQL_RECORD_BELOW,
    EDU_SQL_RECORD_INSERTS = EDU_SQL_RECORD_BELOW + EDU_TABLES,
    EDU_SQL_RECORD_UPDATES,
    EDU_SQL_EACH_MEMBER,
    EDU_SQL_EACH_ASSIGNMENT,
    EDU_SQL_EACH_SUBMISSION,
    EDU_SQL_UPDATE_READ,
    EDU_SQL_DELETE_READ,
    EDU_SQL_LIST_AMONG, /**< in place of EDU_SQL_LIST + EDU_SUBMISSION */
    EDU_SQL_COUNT
};

/** The most rows of EDU_SQL_LIST + EDU_SUBMISSION: if there are as many, some
 *  may be missing. */
#define EDU_RANGE_MAX 1001

/** A statement; all its parameters are text, but for %lld a number. */
typedef struct edu_sql_t {
    const char *label; /**< lower-case for PostgreSQL, which folds it */
    const char *text;  /**< an INSERT changes nothing where its key is taken */
    int share_lock;    /**< an INSERT: the rows that it reads stay until its
                            transaction ends */
    int writes;        /**< a WITH that changes rows */
    int batched_form;  /**< the statement that does the same for several calls,
                            where a database can; 0: there is none.  Each of
                            its parameters is the list of the calls' values,
                            separated by EDU_SEPARATOR.  The first column of a
                            row is the number of its call, from 1, in
                            ascending order; a write gives the numbers of the
                            calls that changed a row */
    int recorded_form; /**< the same for calls that are recorded: after the
                            parameters of batched_form it has the first of
                            EDU_SQL_RECORD's */
} edu_sql_t;

/** ASCII's unit separator, as in the statements of sql.c. */
#define EDU_SEPARATOR '\x1f'

extern const edu_sql_t edu__sql[EDU_SQL_COUNT];

/** The function of a statement that counts the bytes of a text. */
#define EDU_OCTETS "OCTET_LENGTH"

/** The function that tells the place of a text in another, from 1. */
#define EDU_PLACE "EDU_PLACE"

/** Stands for the database's own clock, in seconds. */
#define EDU_CLOCK "EDU_CLOCK()"

/** The function of a statement that stands for a query: the role of a user in a
 *  class. */
#define EDU_ROLE "EDU_ROLE"

/** The function of a statement that stands for a query: the rows n, class_id,
 *  id and student of a JSON array of arrays. */
#define EDU_EACH "EDU_EACH"

/** The function of a statement that stands for what a key equals: a value, and
 *  a table of a WITH that has no row if nothing is to be found. */
#define EDU_IF "EDU_IF"

/** Stands for the condition of a call on the row o, with AND before it; or for
 *  nothing. */
#define EDU_WHERE " EDU_WHERE"

/** Stands for edu__sql_found: the assignments of what was found. */
#define EDU_FOUND " EDU_FOUND"

/** Stands before a part of a WITH that is so small that it is looked up anew
 *  wherever it is named. */
#define EDU_INLINE "EDU_INLINE "

/** The statements of transaction control. */
typedef enum edu_control_e {
    EDU_BEGIN, /**< a transaction that will write */
    EDU_COMMIT,
    EDU_ROLLBACK,
    EDU_SAVEPOINT,
    EDU_ROLLBACK_TO,
    EDU_RELEASE,
    EDU_CONTROLS
} edu_control_e;

/** A failure that the same write always meets, as the driver reports it; or one
 *  by which the database undid the transaction, EDU_EUNAVAILABLE. */
typedef struct edu_fate_t {
    apr_status_t rv;  /**< error for the client; 0 ends a list */
    int code;         /**< result code; 0: any */
    const char *text; /**< part of the driver's text; NULL: any text */
} edu_fate_t;

/** A statement that prepares a connection. */
typedef struct edu_setting_t {
    const char *text; /**< NULL ends a list */
    int unit; /**< milliseconds in the unit of its %d, which is how long the
                   database may keep us waiting; 0: it has no %d, nor has
                   EDU_SETS_FILE: it changes the database for all */
} edu_setting_t;

#define EDU_SETS_FILE (-1)

/** All that differs among databases; sql.c has one for each. */
typedef struct edu_sql_dialect_t {
    const char *driver;     /**< its name in apr_dbd */
    int creates;            /**< creates the schema by default */
    int busy;               /**< result code for a locked database; 0: the
                             database itself waits */
    int duplicate;          /**< result code for a key that is taken; 0:
                             on_conflict keeps the INSERT from failing */
    int columns_are_pooled; /**< the columns of a row are in the call's pool */
    int random_access;      /**< rows are to be asked for in random order */
    int batches;            /**< it takes batched forms */
    int bounds;  /**< a range of an index ends where a subquery of it says */
    int streams; /**< rows of a statement that is not prepared come one by one:
                      the database may cut them off */
    const char *clock;  /**< its EDU_CLOCK */
    const char *octets; /**< its EDU_OCTETS, with %s for the text; NULL: as
                             that */
    const char *place;  /**< its EDU_PLACE */
    const char *each;   /**< its EDU_EACH, with %s for the array */
    const char *if_any; /**< its EDU_IF, with %s for the value and the table */
    /** The conditions on a row o: %p is the path of a value in its document, %k
     *  the last name of it in quotes, %t a text, %n a number, %% a %. */
    const char *where[EDU_WHERES];
    const char *path_prefix, *path_separator, *path_suffix; /**< of %p */
    const char *record_prefix, *record_suffix; /**< around a write that becomes
                             one statement with its EDU_SQL_RECORD; NULL: they
                             are two */
    const char *inlined; /**< its EDU_INLINE, where it would make a table of
                                 that part and where its version knows the
                                 words; NULL: it would not */
    /** The environment variable for the seconds that connecting may take; NULL:
     *  there is none. */
    const char *limit;
    /** The query for the number of connections that it admits; NULL: any
     *  number. */
    const char *max_connections;
    const char *for_share;   /**< end of a SELECT whose rows are to stay */
    const char *on_conflict; /**< end of an INSERT that passes over a key that
                             is taken */
    /** The command that drops a prepared statement, its label comes next; NULL:
     *  the statement goes with its pool. */
    const char *deallocate_prefix;
    /** The statements, up to a NULL, that begin a transaction over whole
     *  tables: one that reads what is there now, and one beside which nobody
     *  else writes. */
    const char *const *snapshot, *const *alone;
    /** The query that lets it draw keys above those of a table: %s its name,
     *  its key twice, its name; NULL: it does so by itself. */
    const char *draw;
    /** The query that makes a single file of it; NULL: it is none. */
    const char *pack;
    const char *control[EDU_CONTROLS]; /**< %d: the depth */
    const edu_setting_t *session;      /**< run by each new connection */
    const edu_fate_t *fates;           /**< of writes */
    /** The query for the bytes that it takes at once; it closes the connection
     *  without a word if it gets more.  NULL: it reports an error. */
    const char *packet;
    int too_large;   /**< the result code that it should have for more */
    const char *log; /**< query for the file that COMMIT writes to; no row:
                           there is none; NULL: COMMIT flushes by itself */
    const char *wal_no_sync; /**< setting that keeps COMMIT from flushing it */
    /** The query whose last column is the file that log is copied to. */
    const char *data;
    const char *checkpoint; /**< query that copies as much as it can from log to
                                 data; its last column counts the pages copied
                                 so far; NULL: the database does that itself */
    const char *const *schema;
    /** The query for a row, if a table of an earlier version lacks columns, and
     *  the statements that add them; NULL: schema does. */
    const char *lacks;
    const char *const *columns;
} edu_sql_dialect_t;

/**
 * Classify a failed write.
 * @param rc    the driver's result code
 * @param says  the first line of its text: others may quote what was sent
 * @return EDU_EUNAVAILABLE if another try may succeed; else the error for the
 *         client: EDU_EBADREQUEST, EDU_ECONSTRAINT, EDU_ETOOLARGE,
 *         EDU_EREADONLY, EDU_ENOSPACE
 */
apr_status_t edu__sql_fate(const edu_sql_dialect_t *dialect, int rc,
                           const char *says);

/** Whether such a failure tells that nothing was done, also by a COMMIT:
 *  another transaction came first, and the same may succeed now. */
int edu__sql_is_undone(const edu_sql_dialect_t *dialect, int rc,
                       const char *says);

/** The query for the last mark of the history, and the INSERT of another: %s
 *  what it says, %016 the instant. */
extern const char edu__sql_last_mark[], edu__sql_mark[];

/** That an assignment is of an outcome that was found. */
extern const char edu__sql_found[];

/** The statements over whole tables: %s stands for a part, %d for the most rows
 *  or a number, and what is filled in has the %s of parameters. */
extern const struct edu_sql_whole_t {
    const char *count, *clear, *insert;
    const char *range; /**< the next rows */
    const char *brief; /**< a column that may be left out */
    const char *row;
    /** SQLite's, of rows in a file that is attached; those that are the same in
     *  both are counted. */
    const char *attach, *take, *same;
} edu__sql_whole;

/** A query that every database answers, to see whether it is there. */
extern const char edu__sql_probe[];

/** The query for a role, unless the store has another. */
extern const char edu__sql_role[];

/** @return NULL for an unknown driver */
const edu_sql_dialect_t *edu__sql_dialect(const char *driver);

/** The version of the schema that the module creates: N or N.M, a digit each,
 *  so that versions sort as text.  A new M adds something that earlier modules
 *  of N do not notice: a table, an index or one in its place, a column with a
 *  default.  Any other change is a new N, which earlier modules refuse. */
#define EDU_SCHEMA_VERSION "3.1"

/** The least version that the statements need.  A process that starts adds a
 *  later M, which may make it faster, but requests do without. */
#define EDU_SCHEMA_LEAST "3"

#endif /* EDU_SQL_H */
