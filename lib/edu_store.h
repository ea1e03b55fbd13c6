/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_store.h
 * @brief The storage of libeduoutcomes: a database, its schema, and how the
 *        threads and processes that write to it work together.
 */
#ifndef EDU_STORE_FACE_H
#define EDU_STORE_FACE_H

#include "edu_outcomes.h"

#include <apr_user.h>

#ifdef __cplusplus
extern "C" {
#endif

struct apr_dbd_driver_t;
struct apr_dbd_t;

/** A borrowed database connection. */
typedef struct edu_dbd_t {
    const struct apr_dbd_driver_t *driver; /**< as apr_dbd_get_driver gives */
    struct apr_dbd_t *handle;              /**< as apr_dbd_open gives */
    apr_pool_t *pool;   /**< lives as long as the connection: statements are
                           kept in it */
    void *owner;        /**< for the lender */
    apr_time_t until;   /**< in: deadline for getting one */
    const char *why;    /**< out: the driver's reason why there is none */
    const char *params; /**< out: as apr_dbd_open got them, or NULL */
    int lost;           /**< in: the database no longer answers */
    int read_only;      /**< in: it was opened when its files could not be
                             written; so were others, perhaps */
} edu_dbd_t;

/** Whether the store may create its tables. */
typedef enum edu_schema_e {
    EDU_SCHEMA_DEFAULT, /**< create for SQLite, check for all others */
    EDU_SCHEMA_AUTO,    /**< create what is missing, or upgrade it */
    EDU_SCHEMA_MANUAL,  /**< an administrator loads the schema file */
    EDU_SCHEMA_UNUSED   /**< not checked: the store is kept in order */
} edu_schema_e;

/** What a store tells while it works. */
typedef enum edu_report_e {
    EDU_REPORT_AWAY,   /**< the database cannot be used */
    EDU_REPORT_BACK,   /**< a new connection can be used */
    EDU_REPORT_POOL,   /**< connections were opened, lent, given back, closed */
    EDU_REPORT_WAITED, /**< a thread had to wait for a connection */
    EDU_REPORT_COMMITTED /**< a transaction was */
} edu_report_e;

/** One report. */
typedef struct edu_report_t {
    edu_report_e what;
    const char *why;          /**< AWAY: the reason and its remedy */
    int open, lent;           /**< POOL: connections now; lent are open, too */
    apr_interval_time_t took; /**< WAITED */
    int requests;             /**< COMMITTED: whose changes it had */
} edu_report_t;

/** The threads of a process that use a database: see edu_group_create. */
typedef struct edu_group_t edu_group_t;

/** The storage of outcomes: a source of connections and a policy. */
typedef struct edu_store_t {
    /** Borrow a connection; the client gets a 503 for any failure. */
    apr_status_t (*open)(void *baton, edu_dbd_t *dbd, apr_pool_t *p);
    /** Give the connection back. */
    void (*close)(void *baton, edu_dbd_t *dbd);
    void *baton;
    edu_schema_e schema;
    apr_interval_time_t timeout; /**< the time that a request may wait; 0:
                                      EDU_TIMEOUT */
    apr_interval_time_t *waited; /**< the time that the request has waited;
                                      NULL: each statement has all the time */
    edu_group_t *group;          /**< NULL: each request commits alone */
    const char *role_query;      /**< an administrator's own query for the role
                                      in a class (%s) of a user (%s); NULL:
                                      the members decide */
    /** Take a report, at once: it may come with a lock held.  NULL: nobody
     *  does. */
    void (*report)(void *reporter, const edu_report_t *report);
    void *reporter;
    int history;         /**< changes are recorded */
    int read_only;       /**< the library writes nothing of its own: no
                                      schema, no mark of the history; of a file
                                      without one, not how SQLite logs */
    struct edu_tx_t *tx; /**< for the library: the transaction to work
                                      in; NULL from outside */
} edu_store_t;

/** The time that a request waits for its database by default. */
#define EDU_TIMEOUT apr_time_from_sec(5)

/** A lock among the processes that write to one database. */
typedef struct edu_lock_t {
    /** Wait for the lock until a time. */
    apr_status_t (*acquire)(void *baton, apr_time_t until);
    void (*release)(void *baton);
    void *baton;
} edu_lock_t;

/**
 * Let the threads of a process commit together: a thread that comes while
 * another commits waits, and the first that waits then commits for all.  With
 * PostgreSQL they also share the statements that read, add or change an
 * outcome.  Each gets its own answer, after its commit.
 * @param driver   the apr_dbd driver's name
 * @param lock     held by each transaction (copied), so that processes need
 *                 not wait for the database's own lock; NULL: they do
 * @param combine  0: each thread commits alone
 * @param p        lasts as long as requests are served; as for edu_store_open
 */
apr_status_t edu_group_create(edu_group_t **group, const char *driver,
                              const edu_lock_t *lock, int combine,
                              apr_pool_t *p);

/**
 * Copy the commits of a database from its log to the data file.  SQLite leaves
 * that to any COMMIT, while all others wait; if a process calls this several
 * times a second, no COMMIT has to copy.  The process should do nothing else,
 * for apr_dbd lets a process do one thing at a time with SQLite.
 * @param store  as of the other processes: its group has the same lock
 * @return APR_SUCCESS, also for a database that needs none of this; or
 *         EDU_EUNAVAILABLE
 */
apr_status_t edu_store_checkpoint(const edu_store_t *store, edu_error_t *err,
                                  apr_pool_t *p);

/**
 * Record who read whose outcomes: all of them, or none.
 * @return APR_SUCCESS; EDU_EUNAVAILABLE, EDU_EREADONLY or EDU_ENOSPACE, which
 *         may pass; or another error, which will not
 */
apr_status_t edu_store_record_reads(const edu_store_t *store,
                                    const edu_read_t *reads, int n,
                                    edu_error_t *err, apr_pool_t *p);

/**
 * Remove some of the answers that were kept for requests that are sent again,
 * and are of no use any more.
 * @param n  out: how many; 0: there are none left
 * @return APR_SUCCESS, or a failure of the database
 */
apr_status_t edu_store_expire(int *n, const edu_store_t *store,
                              edu_error_t *err, apr_pool_t *p);

/**
 * Check from its configuration alone whether a database can be used.
 * @param driver  the apr_dbd driver's name; NULL: none is configured
 * @param params  for apr_dbd_open, or NULL
 * @return NULL if it can, else the fault and its remedy for an administrator,
 *         in terms of mod_dbd's directives
 */
const char *edu_store_refuse(const char *driver, const char *params,
                             apr_pool_t *p);

/** A user of the operating system. */
typedef struct edu_user_t {
    const char *name;
    apr_uid_t uid;
    apr_gid_t gid;
} edu_user_t;

/**
 * Look whether a user may write to a database that is a file, and to the
 * directory that the file is in, by their modes alone.
 * @param driver  as for edu_store_refuse, like @a params
 * @return NULL: the user may, or the database is no file; else the fault and
 *         its remedy
 */
const char *edu_store_look(const char *driver, const char *params,
                           const edu_user_t *user, apr_pool_t *p);

/**
 * Open a database for all threads of a process.  If no connection is idle, a
 * thread opens one; one is opened at a time, and threads that wait give up at
 * their deadline.  The environment tells the driver how long connecting may
 * take, unless an administrator has set that; call this before there are other
 * threads.
 * @param store    gets its open, close and baton; its timeout and report have
 *                 been set
 * @param driver   as for edu_store_refuse, like @a params (both borrowed)
 * @param most     the greatest number of connections
 * @param expires  the time after which an idle one is closed; 0: never
 * @param p        closes all connections when it ends, before its sub-pools;
 *                 its allocator has a mutex, unless one thread alone uses it
 */
void edu_store_open(edu_store_t *store, const char *driver, const char *params,
                    int most, apr_interval_time_t expires, apr_pool_t *p);

/**
 * The statements that create the schema, or upgrade an earlier version, in
 * order, NULL-terminated.
 * @return NULL for an unknown driver
 */
const char *const *edu_store_schema(const char *driver);

/**
 * Open the store once and check that its schema exists in a version that the
 * library works with; create or upgrade it where the policy says so, which may
 * have to index all that is stored.
 * @return APR_SUCCESS, or EDU_EUNAVAILABLE with the reason and its remedy in
 *         err->detail; requests may still be served if the failed upgrade would
 *         only have made them faster
 */
apr_status_t edu_store_check(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p);

/**
 * Look up the role of a user in a class.
 * @param role  out: "teacher", "student", or "" where the user has none
 * @return APR_SUCCESS, EDU_EUNAVAILABLE or EDU_EINTERNAL
 */
apr_status_t edu_role_of(const char **role, const edu_store_t *store,
                         const char *class_id, const char *user_id,
                         edu_error_t *err, apr_pool_t *p);

/**
 * Look for a member of a class whose id differs from a user's in letter case
 * alone: ids compare exactly, so that the user is another.  Reads all members.
 * @param twin  out: the member's id, or NULL
 * @return APR_SUCCESS, EDU_EUNAVAILABLE or EDU_EINTERNAL
 */
apr_status_t edu_twin_of(const char **twin, const edu_store_t *store,
                         const char *class_id, const char *user_id,
                         edu_error_t *err, apr_pool_t *p);

/**
 * Ask how many connections a database admits from all its clients together,
 * apart from administrators.
 * @param most  out: 0: there is no limit, or no answer
 * @return APR_SUCCESS or EDU_EUNAVAILABLE
 */
apr_status_t edu_store_connections(int *most, const edu_store_t *store,
                                   edu_error_t *err, apr_pool_t *p);

#ifdef __cplusplus
}
#endif

#endif /* EDU_STORE_FACE_H */
