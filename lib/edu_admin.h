/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_admin.h
 * @brief What an administrator does with a database of libeduoutcomes: look at
 *        it, check it, copy it, back it up, restore it.
 *
 * A server may use the database meanwhile.
 */
#ifndef EDU_ADMIN_FACE_H
#define EDU_ADMIN_FACE_H

#include "edu_store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A database in the hands of an administrator. */
typedef struct edu_admin_t {
    edu_store_t store;
    const char *driver, *params; /**< as DBDriver and DBDParams have them */
    /** Is told how far something has come; NULL: nobody is.
     *  @param what  the table that is worked on
     *  @param done  rows of it
     *  @param all   rows that it has, or will have */
    void (*progress)(void *baton, const char *what, apr_int64_t done,
                     apr_int64_t all);
    void *baton;
    edu_error_t err; /**< of the last failure: detail, else message, says what
                          was wrong and what to do */
    apr_pool_t *p;
} edu_admin_t;

/**
 * Open a database.  Nothing is connected or created yet.
 * @param admin     filled in, without progress
 * @param database  "sqlite3:/path", "pgsql:host=…" or "mysql:host=…": a driver
 *                  and its DBDParams; what MySQL's driver needs is added
 * @param p         lasts as long as @a admin
 * @return APR_SUCCESS; or EDU_EBADREQUEST, with the reason in admin->err
 */
apr_status_t edu_admin_open(edu_admin_t *admin, const char *database,
                            apr_pool_t *p);

/* ------------------------------------------------------------------ status */

/** A table, and how many rows it has. */
typedef struct edu_admin_table_t {
    const char *name;
    apr_int64_t rows;
} edu_admin_table_t;

/** What there is to know about a database. */
typedef struct edu_admin_status_t {
    apr_interval_time_t latency; /**< of a connection and a first answer */
    const char *version;         /**< of its schema; NULL: it has none */
    const char *wanted;          /**< the version that this library creates */
    int usable;                  /**< the library works with that version; 0:
                                      admin->err says why not */
    apr_array_header_t *tables;  /**< of edu_admin_table_t; empty unless it is
                                      usable */
    apr_off_t size, log_size;    /**< bytes of the files of SQLite, and of its
                                      write-ahead log; -1: not known */
} edu_admin_status_t;

/** Look at a database. @return APR_SUCCESS; or EDU_EUNAVAILABLE: it does not
 *  answer */
apr_status_t edu_admin_status(edu_admin_status_t *status, edu_admin_t *admin);

/**
 * Create the schema, or upgrade that of an earlier version.
 * @return APR_SUCCESS: it is that of this library; or EDU_EUNAVAILABLE
 */
apr_status_t edu_admin_schema(edu_admin_t *admin);

/* ------------------------------------------------------------------ verify */

/** A fault of a row. */
typedef struct edu_admin_fault_t {
    const char *table;
    const char *key;     /**< the ids of the row, joined by "/" */
    const char *column;  /**< the column at fault */
    const char *target;  /**< the path of the fault in a document, or NULL */
    const char *message; /**< what is wrong */
} edu_admin_fault_t;

/** What verify found. */
typedef struct edu_admin_verdict_t {
    apr_int64_t rows;   /**< looked at */
    apr_int64_t faults; /**< told */
} edu_admin_verdict_t;

/** Is told a fault, which lives until it returns. */
typedef void edu_admin_fault_fn(void *baton, const edu_admin_fault_t *fault);

/**
 * Check all rows: keys, versions, each document against its type, records of
 * reads, answers that are kept, that the rows above are there, and that the
 * history has no gap and ends with what is stored.  All is seen as it is at one
 * instant.
 * @param tell   is told each fault
 * @param baton  for that
 * @return APR_SUCCESS, with faults or without; or EDU_EUNAVAILABLE
 */
apr_status_t edu_admin_verify(edu_admin_verdict_t *verdict, edu_admin_t *admin,
                              edu_admin_fault_fn *tell, void *baton);

/* -------------------------------------------------------------------- copy */

/** What was copied of a table. */
typedef struct edu_admin_copied_t {
    const char *name;
    apr_int64_t rows, replaced; /**< rows that there were before */
    const char
        *digest; /**< SHA-256 of all its rows, the same in both databases,
                             in hexadecimal; NULL: nothing was copied */
} edu_admin_copied_t;

/** What to do beside copying. */
enum {
    EDU_ADMIN_REPLACE = 1, /**< what there was is removed; without it, a
                                database that is not empty is refused */
    EDU_ADMIN_DRY_RUN = 2  /**< nothing is written: rows are counted */
};

/**
 * Copy all tables as they are at one instant into another database, in one
 * transaction: all is there, with the same counts and digests, or nothing has
 * changed.  Its schema is created if it has none.
 * @param copied  out: of edu_admin_copied_t
 * @param to      nobody else writes to it meanwhile; its err is set on failure,
 *                also of @a from
 * @param from    others may write to it
 * @param flags   EDU_ADMIN_*
 * @return APR_SUCCESS; EDU_ECONFLICT: @a to is not empty; EDU_EUNAVAILABLE, or
 *         another failure of the database
 */
apr_status_t edu_admin_copy(apr_array_header_t **copied, edu_admin_t *to,
                            edu_admin_t *from, unsigned flags);

/**
 * Copy all tables to a new file, a database of SQLite that edu_admin_restore
 * reads.  It belongs to the owner of the database that is backed up, if that is
 * a file, and nobody but the owner's group may read it.
 * @param file  must not exist; it is there once it is complete
 * @return as edu_admin_copy; EDU_ECONFLICT: the file is there already
 */
apr_status_t edu_admin_backup(apr_array_header_t **copied, edu_admin_t *admin,
                              const char *file);

/**
 * Replace all rows by those of a backup, in one transaction, while a server may
 * go on: writes wait for it, and what was acknowledged after it stays.
 * @param file   of edu_admin_backup, or another database of SQLite that nobody
 *               writes to
 * @param flags  EDU_ADMIN_DRY_RUN or 0
 * @return as edu_admin_copy; EDU_ENOTFOUND: there is no such file
 */
apr_status_t edu_admin_restore(apr_array_header_t **copied, edu_admin_t *admin,
                               const char *file, unsigned flags);

/* ----------------------------------------------------------------- history */

/** A record of the history.  Texts are "" where there is none. */
typedef struct edu_admin_record_t {
    const char *number;                /**< its place in the order of all */
    const char *submission_id, *id;    /**< of the row that was changed */
    const char *entity, *action;       /**< as "outcome", "update" */
    const char *at;                    /**< 2026-01-31T12:00:00.0000000Z */
    const char *student;               /**< whose submission it is */
    const char *user_id, *user_name;   /**< who did it */
    const char *application, *address; /**< by what, and from where */
    const char *request_id;
    const char *document; /**< after it, JSON; "": there is none */
    const char *before;   /**< before it, if no earlier record has it */
} edu_admin_record_t;

/** Is told a record, which lives as long as the pool of the administrator. */
typedef void edu_admin_record_fn(void *baton, const edu_admin_record_t *record);

/**
 * Tell the history of a submission and its outcomes, or of one outcome, the
 * oldest record first.
 * @param ids    of class, assignment, submission and outcome, from the class
 *               on
 * @param n      how many: 3 or 4
 * @return APR_SUCCESS, or EDU_EUNAVAILABLE
 */
apr_status_t edu_admin_history(edu_admin_t *admin, const char *const *ids,
                               int n, edu_admin_record_fn *tell, void *baton);

#ifdef __cplusplus
}
#endif

#endif /* EDU_ADMIN_FACE_H */
