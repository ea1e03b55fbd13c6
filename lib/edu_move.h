/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_move.h
 * @brief What an administrator does to many rows: export, import, erase,
 *        anonymize.
 *
 * All of it works beside a server that reads and writes the same database.
 */
#ifndef EDU_MOVE_H
#define EDU_MOVE_H

#include "edu_admin.h"

#include <apr_file_io.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A fault of a file that is imported.  Its texts live until the function that
 *  is told returns. */
typedef struct edu_fault_t {
    const char *file;
    apr_int64_t line;    /**< from 1; 0: of the file as a whole */
    const char *field;   /**< the column, and the path in it; or NULL */
    const char *message; /**< what is wrong, and what to do */
} edu_fault_t;

/** The tables that rows are counted of. */
#define EDU_MOVED 8

/** What was moved. */
typedef struct edu_moved_t {
    apr_int64_t rows[EDU_MOVED];    /**< exported, imported, or changed */
    apr_int64_t removed[EDU_MOVED]; /**< erased, or replaced */
    apr_int64_t faults;             /**< told */
} edu_moved_t;

/** The name of a table. @param i  from 0 to EDU_MOVED - 1 */
const char *edu_moved_name(int i);

/* ------------------------------------------------------------------ export */

/** What to export. */
typedef struct edu_export_t {
    const char *class_id; /**< of this class alone; NULL: of all */
    const char *student;  /**< of this student alone; NULL: of all */
    int history;          /**< with the history */
    int reads;            /**< with the log of reads */
} edu_export_t;

/**
 * Write rows, as they are at one instant, as lines of JSON that
 * edu_import_lines reads: classes, members, assignments, submissions, outcomes,
 * and what else is asked for.  Memory does not grow with their number.  A
 * student's rows are all there also after the student left the class; they name
 * no other student.
 * @param moved  out: the rows that were written
 * @param out    written to, from its position on
 * @return APR_SUCCESS; EDU_ENOTFOUND: there is no such class or student;
 *         EDU_EUNAVAILABLE; EDU_ENOSPACE: @a out takes no more
 */
apr_status_t edu_export_lines(edu_moved_t *moved, edu_admin_t *admin,
                              const edu_export_t *what, apr_file_t *out);

/**
 * Write the gradebook of what->class_id as CSV (RFC 4180, UTF-8): a row for
 * each student who is in the class or has a submission, a column for each
 * assignment, the working points in the cells.  A text that a spreadsheet would
 * take for a formula begins with an apostrophe.
 * @return as edu_export_lines
 */
apr_status_t edu_export_gradebook(edu_moved_t *moved, edu_admin_t *admin,
                                  const edu_export_t *what, apr_file_t *out);

/**
 * Write results, and what they refer to, as the CSV files of OneRoster 1.2.
 * @param folder  that exists; files in it are replaced
 * @return as edu_export_lines
 */
apr_status_t edu_export_oneroster(edu_moved_t *moved, edu_admin_t *admin,
                                  const edu_export_t *what, const char *folder);

/* ------------------------------------------------------------------ import */

/** How to import. */
typedef struct edu_import_t {
    const char *by; /**< the user whom the history names */
    int dry_run;    /**< all is checked, and nothing is written */
    int replace;    /**< rows that exist are replaced; 0: they are faults */
    int keep_going; /**< faulty rows are left out; 0: nothing is imported if
                         there are any */
    void (*fault)(void *baton, const edu_fault_t *fault);
    void *baton;
    /** Of OneRoster: edu_service_run, which a row becomes requests to. */
    void (*serve)(edu_response_t *res, const edu_request_t *req, apr_pool_t *p);
} edu_import_t;

/**
 * Read rows as edu_export_lines writes them, in one transaction, and check each
 * document as the API does.  Delta queries begin anew.
 * @param moved  out: the rows that were read, and are there unless it failed
 * @param name   of the file, for faults
 * @return APR_SUCCESS; EDU_EBADREQUEST: there were faults, and nothing is
 *         imported; EDU_EUNAVAILABLE and the like
 */
apr_status_t edu_import_lines(edu_moved_t *moved, edu_admin_t *admin,
                              const edu_import_t *how, const char *name,
                              apr_file_t *in);

/**
 * Read classes, users, enrollments, line items and results from the CSV files
 * of OneRoster 1.2, and write them as an administrator who asks the API would,
 * in one transaction.
 * @param folder  with the files; those of other names are passed over
 * @return as edu_import_lines
 */
apr_status_t edu_import_oneroster(edu_moved_t *moved, edu_admin_t *admin,
                                  const edu_import_t *how, const char *folder);

/* ------------------------------------------------------------------- erase */

/** What to erase, or to make anonymous. */
typedef struct edu_erase_t {
    const char *by;      /**< the user whom the history names */
    int dry_run;         /**< rows are counted, and nothing is written */
    int anonymize;       /**< ids and names are replaced; 0: rows are removed */
    const char *student; /**< the id of a user; NULL: of classes */
    apr_time_t before;   /**< classes in which nothing has changed since */
} edu_erase_t;

/**
 * Erase, or make anonymous, a few rows in each transaction, until no table
 * holds the id of the student, or of any student in one of the classes; then
 * leave a row in the history that says so.  Of an erased student, rows of
 * others that name the id stay, with "erased" in its place.  Anonymous rows
 * stay all, and have a pseudonym, always the same for a user and a database, a
 * keyed digest.  Kept answers that name an id are removed.
 * @param moved  out: the rows that were changed and removed; of a dry run,
 *               would be
 * @return APR_SUCCESS; EDU_ENOTFOUND: no row holds the id, or no class is so
 *         old; EDU_EUNAVAILABLE and the like
 */
apr_status_t edu_erase(edu_moved_t *moved, edu_admin_t *admin,
                       const edu_erase_t *what);

#ifdef __cplusplus
}
#endif

#endif /* EDU_MOVE_H */
