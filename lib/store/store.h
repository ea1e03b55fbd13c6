/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file store.h
 * @brief Rows, how they are read and written, transactions.
 *
 * It knows ids, versions and texts, not what they mean.
 */
#ifndef EDU_STORE_H
#define EDU_STORE_H

#include "base.h"
#include "edu_store.h"

#if !(EDU_SEES & EDU_WING_STORE)
#error "this file may not see lib/store"
#endif

/* ----------------------------------------------------------------- rows.c */

typedef struct edu_row_t edu_row_t;

/** The columns of a table besides id, created, version and body. */
extern const struct edu_shape_t {
    int keys; /**< ids of the rows above: class, assignment, submission */
    int kind; /**< it has a kind; 2: that no update changes */
    int modified_by; /**< it has a by */
} edu__shapes[EDU_TABLES];

/** The assignment of outcomes: the parts that they need. */
typedef struct edu_assignment_t {
    const char *id;
    const char *version;
    const char *body;
    apr_pool_t *p; /**< memory of all below */

    /* NULL until needed */
    const apr_array_header_t *members; /**< of edu_member_t */
    const json_t *doc;
    const json_t *qualities; /**< of the rubric, by id, in order */
    const json_t *levels;    /**< of the rubric, by id */
    edu_row_t *placeholders; /**< each made when needed */
} edu_assignment_t;

/** The registration of a submission (decisions.md 2), and the reader. */
typedef struct edu_registration_t {
    const char *viewer_role; /**< of the key's viewer in the class: "teacher",
                                  "student", or "": neither */
    const char *user_id;     /**< the recipient; NULL: it is not registered */
    const char *version; /**< of the submission: changes with its outcomes */
    edu_assignment_t *assignment; /**< NULL: there is none */
} edu_registration_t;

/** A record of the history.  Texts are "" where there is none. */
typedef struct edu_event_t {
    const char *class_id; /**< "": of all, such as a gap in the history */
    const char *assignment_id, *submission_id, *id;
    const char *entity; /**< the name of its table; "": of no row */
    const char *action;
    const char *version; /**< of the row */
    const char *derived; /**< "1": a consequence of another row's change */
    const char *student;
    const char *user_id, *user_name, *application, *address;
    const char *request_id;
    const char *at;     /**< an instant, as versions are written */
    const char *before; /**< the document, if no record has it */
    const char *after;  /**< the document */
} edu_event_t;

/** One stored entity. */
struct edu_row_t {
    const char *id;
    const char *sort_key; /**< its first version, or a text that sorts so */
    union {
        const char *kind;      /**< or "" */
        const char *type;      /**< of an outcome, without namespace */
        const char *role;      /**< of a member, or of an assignment's reader */
        const char *recipient; /**< of a submission */
    };
    const char *version;     /**< quoted by the ETag */
    const char *modified_by; /**< of a submission: identitySet of its last user,
                                  or "" */
    const char *body;      /**< the document, compact JSON; "" if a list left it
                              out as too long: see edu__store_list */
    json_t *doc;           /**< the body, parsed; NULL until needed */
    const char *parent_id; /**< the id of the row above, or "" */
    const char *assignment_id; /**< of an outcome, in a list across several */
    int stored;                /**< 0: a placeholder */
    edu_registration_t registration; /**< of a submission, and its outcomes; of
                                          others the viewer's role, and of an
                                          assignment that is read by its id, the
                                          assignment */
    apr_array_header_t *outcomes;    /**< of a submission: of edu_row_t */
    struct edu_level_t *levels;      /**< for api/; NULL */
    /** Of an outcome that is to be written: the version and the body that its
     *  student is to see; NULL: what the student sees stays. */
    const char *shown_version, *shown;
    /** Of the history, else NULL: its id is the row's number, its version the
     *  same of one width. */
    const edu_event_t *event;
};

/** The rows of the history to read; each member may be NULL: any. */
typedef struct edu_sought_t {
    const char *student, *user_id, *action;
    const char *from, *to; /**< instants, as versions are written */
} edu_sought_t;

/** The rows to read. */
typedef struct edu_range_t {
    const char *only;  /**< of classes and assignments those of this user, of
                            submissions those to this recipient, of members
                            those with this role, of the history those of the
                            key's outcome or submission, by its id; NULL: all */
    const char *since; /**< of submissions: those of the class modified since
                            this version; NULL: all of the assignment */
    int oldest;        /**< of those, and of the history: the oldest first */
    int outcomes;      /**< of submissions: with their outcomes */
    int across;        /**< of submissions: those of the whole class */
    const edu_sought_t *sought; /**< of the history; NULL: another table */
    const edu_row_t *after; /**< the row to go on from, by its id, parent, and
                                 version or assignment; NULL: the first */
} edu_range_t;

/* Each of these is one statement or two, and returns EDU_EUNAVAILABLE if the
 * database cannot answer.  Those that read a class also read the role in it of
 * the key's viewer, without one "", and no rows for a viewer who has none. */

/**
 * Read the row that @a key names in a table.
 * @param row  its stored is 0 if there is none; the viewer's role, and the
 *             registration of an outcome's submission, are filled in even so
 */
apr_status_t edu__store_get(edu_row_t *row, const edu_store_t *store,
                            edu_table_e table, const edu_key_t *key,
                            edu_error_t *err, apr_pool_t *p);

/** The most rows that edu__store_list reads at once: a page of the usual size,
 *  and one more. */
#define EDU_CHUNK 101

/**
 * Read rows, at most EDU_CHUNK, in the order of their parents and ids; those
 * since a version in that of their versions.  Documents of more than 16 KiB,
 * also those of outcomes and of the assignments of recent submissions, are left
 * out ("") and can be had by edu__store_get.
 * @param rows   of edu_row_t
 * @param above  of outcomes: the registration of their submission; of an
 *               assignment's submissions: that of their assignment alone; the
 *               viewer's role, but of a user's classes and assignments
 */
apr_status_t edu__store_list(apr_array_header_t **rows,
                             edu_registration_t *above,
                             const edu_store_t *store, edu_table_e table,
                             const edu_key_t *key, const edu_range_t *range,
                             edu_error_t *err, apr_pool_t *p);

/** Count the rows that edu__store_list would read from the first on. */
apr_status_t edu__store_count(apr_int64_t *count, const edu_store_t *store,
                              edu_table_e table, const edu_key_t *key,
                              const edu_range_t *range, edu_error_t *err,
                              apr_pool_t *p);

/** Find the class of an assignment by a user in it, and a teacher if given.
 *  @param rows  of edu_row_t: id is the class, role the user's, the rest the
 *               assignment's; if there is none, one without an id */
apr_status_t edu__store_find(apr_array_header_t **rows,
                             const edu_store_t *store, const char *user_id,
                             const char *assignment_id, const char *teacher,
                             edu_error_t *err, apr_pool_t *p);

/* ------------------------------------------------------------------- tx.c */

/** One statement on its way. */
typedef struct edu_call_t {
    const edu_store_t *store;
    int sql;                         /**< EDU_SQL_* */
    const char **args;               /**< its parameters */
    const struct edu_where_t *where; /**< its EDU_WHERE; NULL: it has none */
    const struct edu_call_t *plain;  /**< one in place of a range; or NULL */
    int record; /**< the index of the first parameter of the statement that
                     records it, where both are one; 0: they are not */
    edu_error_t *err;
    apr_pool_t *p;
    int upgrades; /**< a schema that suffices is upgraded, too */
    int affected; /**< out: rows that a write changed */

    /* for call.c and below */
    edu_dbd_t dbd;
    struct edu_session_t *session;
    apr_time_t until;    /**< no attempt begins later */
    int waited;          /**< it took more than one attempt */
    const char *control; /**< the statement of transaction control */
    struct apr_dbd_results_t *rows;
    struct edu_part_t *part; /**< of the rows; NULL: all */
    int outcome_unknown;     /**< out: a failed try may have done it */
} edu_call_t;

/** The time that a request may wait. */
apr_interval_time_t edu__store_timeout(const edu_store_t *store);

/** A transaction over one connection, for a store to work in.  Within the
 *  transaction of a store it is a savepoint. */
typedef struct edu_tx_t {
    edu_store_t store;      /**< the store to use while it lasts */
    edu_call_t call;        /**< its connection */
    struct edu_tx_t *outer; /**< NULL: it is no savepoint */
    int begun;              /**< it is open */
    int savepoints;         /**< failed changes are undone; 0: they break the
                                 transaction if they are half written */
    int outcome_unknown;    /**< its COMMIT was lost; what others see of it, is
                                 durable */
    apr_status_t broken;    /**< the error for which it can only be rolled
                                 back, or APR_SUCCESS */
} edu_tx_t;

/** Make a transaction that begins with the first write to its store.  Until
 *  then it has no connection and no lock, and reads are outside of it. */
void edu__tx_init(edu_tx_t *tx, const edu_store_t *store, apr_pool_t *p);

/** Begin the transaction and those around it, unless they have begun.
 *  @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__tx_begin(edu_tx_t *tx, edu_error_t *err);

/**
 * End a transaction, if it has begun: all its writes are durable, or none is
 * done.
 * @param undo  roll it back
 * @param err   filled in if a statement of the end itself failed
 * @return APR_SUCCESS; or EDU_EUNAVAILABLE: nothing was written, or the outcome
 *         is unknown
 */
apr_status_t edu__tx_end(edu_tx_t *tx, int undo, edu_error_t *err);

/** Whether to repeat a transaction that has ended, after a pause: nothing of it
 *  was done, the statement that failed may succeed, as after a deadlock, and
 *  there is time.
 *  @param tries  the number of tries so far */
int edu__tx_again(const edu_tx_t *tx, int tries);

/* -------------------------------------------------------------- changes.c */

/** The operations of a write. */
typedef enum edu_op_e {
    EDU_INSERT,
    EDU_UPDATE,
    EDU_DELETE,
    EDU_DELETE_BELOW, /**< all rows of the table below the ids of the key */
    EDU_TOUCH,        /**< a submission gets a version and a user */
    EDU_LOCK          /**< others cannot change the row until the end of the
                           transaction */
} edu_op_e;

/** The conditions of a write, which its statement checks. */
typedef enum edu_guard_e {
    EDU_ALWAYS,           /**< none; no row may be changed, too */
    EDU_IF_ABSENT,        /**< INSERT: the key is free, of submissions also the
                        recipient, and the row above is there */
    EDU_IF_UNREGISTERED,  /**< INSERT of an outcome: its submission is not
                            registered, either */
    EDU_IF_UNREGISTRABLE, /**< nor can it be, for there is no assignment; and
                            the key's viewer, if any, teaches the class */
    EDU_IF_PRESENT,       /**< LOCK: the row is there */
    EDU_IF_CHILDLESS, /**< LOCK of a submission: it is, and has no outcomes */
    EDU_IF_VERSION,   /**< the row is of before's version */
    EDU_IF_EARLIER    /**< TOUCH: it is of an earlier one than after's */
} edu_guard_e;

/** One write: the row before and after. */
typedef struct edu_write_t {
    edu_op_e op;
    edu_table_e table;
    edu_guard_e guard;
    edu_key_t key;           /**< of DELETE_BELOW: the ids above */
    const edu_row_t *before; /**< as it was read; NULL: it was not */
    const edu_row_t *after;  /**< NULL: there is none */
} edu_write_t;

/** All writes of a request, as data: no connection, SQL, clock or callback. */
typedef struct edu_changes_t {
    const char *action; /**< the verb's name, for people and the history; NULL:
                             each write is called by its own op */
    const edu_caller_t *caller; /**< of the request */
    const edu_trace_t *trace;   /**< of the request, too */
    edu_time_t now;             /**< the instant of the change */
    apr_array_header_t *writes; /**< of edu_write_t */
} edu_changes_t;

/** Add a write; its before and after are for the caller to set. */
edu_write_t *edu__changes_add(edu_changes_t *changes, edu_op_e op,
                              edu_table_e table, edu_guard_e guard,
                              const edu_key_t *key);

/** Lock order: by table, key, op and version. @param a, b  of edu_write_t */
int edu__write_compare(const void *a, const void *b);

/** Whether two writes are of the same row. */
int edu__write_is_of_row(const edu_write_t *a, const edu_write_t *b);

/** The name of a table, for people and as the history has it. */
const char *edu__table_name(edu_table_e table);

/** Put the writes in lock order. */
void edu__changes_sort(edu_changes_t *changes);

/**
 * Check sorted changes for bugs: a row that is written twice, an update without
 * a guard, more rows than any request may change.
 * @return APR_SUCCESS or EDU_EINTERNAL
 */
apr_status_t edu__changes_check(const edu_changes_t *changes, edu_error_t *err,
                                apr_pool_t *p);

/** `update outcome c/a/s/o if version 01: educationPointsOutcome 02 {…}`:
 *  what has to hold, then the row's kind, version, author and document. */
const char *edu__write_print(const edu_write_t *write, apr_pool_t *p);

/** The same of all writes, a line each. */
const char *edu__changes_print(const edu_changes_t *changes, apr_pool_t *p);

/* --------------------------------------------------------------- commit.c */

/** Why the guard of the first write that failed did not hold. */
typedef enum edu_result_e {
    EDU_MISSING, /**< there is no such row */
    EDU_EXISTS,  /**< there is one already */
    EDU_CHANGED  /**< it has another version, or is gone */
} edu_result_e;

typedef struct edu_failure_t {
    int write; /**< which, in lock order */
    edu_result_e result;
} edu_failure_t;

/**
 * Write all changes, or none.  Changes that no transaction is open for may
 * share one with those of other threads; one of these then writes for all.
 * @param failed   out: the write whose guard did not hold
 * @param store    if its tx is open, that decides whether they last
 * @param changes  sorted in place; nothing to write is fine
 * @return APR_SUCCESS: they are written, and durable unless a tx is open;
 *         APR_EAGAIN: a guard did not hold, nothing is written; or the failure
 *         of the database: EDU_EUNAVAILABLE, EDU_ECONSTRAINT, EDU_ETOOLARGE,
 *         EDU_EBADREQUEST, EDU_EREADONLY, EDU_ENOSPACE
 */
apr_status_t edu__store_commit(edu_failure_t *failed, const edu_store_t *store,
                               edu_changes_t *changes, edu_error_t *err,
                               apr_pool_t *p);

#endif /* EDU_STORE_H */
