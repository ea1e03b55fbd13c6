/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file move.h
 * @brief Shared by the files that move rows.
 *
 * line, csv, pseudonym, moved <- export, gradebook, oneroster, import, erase.
 */
#ifndef EDU_ADMIN_MOVE_H
#define EDU_ADMIN_MOVE_H

#include "admin.h"
#include "edu_move.h"
#include "model.h"
#include "single.h"

#include <apr_hash.h>

/* ----------------------------------------------------------------- moved.c */

/** Begin to read all tables as they are at one instant.
 *  @param moved  out: nothing yet
 *  @param p      out: memory until the end, of the administrator's */
apr_status_t edu__moved_begin(edu_moved_t *moved, edu_call_t *call,
                              apr_pool_t **p, edu_admin_t *admin);

/** Leave a row in the history: what was done to how many rows, when, by whom.
 *  Delta queries of an earlier instant begin anew.
 *  @param action  "import", "erase" or "anonymize" */
apr_status_t edu__moved_record(const edu_moved_t *moved, const char *action,
                               const char *by, edu_tx_t *tx, edu_error_t *err,
                               apr_pool_t *p);

/** Tell of progress now and then.
 *  @param all  0: it is not known */
void edu__moved_tell(const edu_admin_t *admin, int table, apr_int64_t done,
                     apr_int64_t all);

/** Set the error for a file that cannot be read or written.
 *  @return EDU_ENOSPACE, EDU_ENOTFOUND or EDU_EUNAVAILABLE */
apr_status_t edu__moved_failed(edu_admin_t *admin, const char *file,
                               apr_status_t rv);

/* ------------------------------------------------------------------ line.c */

/** Write a row as a line of JSON: its table, then its columns.  A document is a
 *  value where it is stored as we write JSON, else a string.
 *  @param table  one of edu__wholes */
apr_status_t edu__line_write(apr_file_t *out, int table, const char *const *row,
                             apr_pool_t *p);

/**
 * Read such a line, and check it: columns, ids, instants, and each document by
 * its type.
 * @param table  out: -1: it is not known
 * @param row    EDU_COLUMNS_MAX texts
 * @return APR_SUCCESS; or an edu_status_e, with the column at fault, and the
 *         path in it, as err->target
 */
apr_status_t edu__line_read(int *table, const char **row, const char *text,
                            apr_size_t len, edu_error_t *err, apr_pool_t *p);

/** Whether a column has a word that the library chooses, such as a role, and no
 *  id. */
int edu__line_is_word(int table, const char *column);

/** Read a line of any length. @param line  out: NULL: there is none
 *  @return APR_SUCCESS, or the failure of @a in */
apr_status_t edu__line_next(const char **line, apr_size_t *len, apr_file_t *in,
                            apr_pool_t *p);

/* ------------------------------------------------------------------- csv.c */

/** Write a row.
 *  @param fields  each NULL: an empty one
 *  @param safe    a text that a spreadsheet would take for a formula gets an
 *                 apostrophe in front */
apr_status_t edu__csv_write(apr_file_t *out, const char *const *fields, int n,
                            int safe);

/** A file that is read. */
typedef struct edu_csv_t {
    apr_file_t *file;
    apr_int64_t line; /**< the first of the row that was read last, from 1 */
    apr_int64_t next; /**< the first after it; 0 at first */
} edu_csv_t;

/** Read a row. @param fields  out: of const char *; NULL: there is none
 *  @return APR_SUCCESS; EDU_EBADREQUEST: a quote is not closed, or out of
 *          place; or the failure of the file */
apr_status_t edu__csv_read(apr_array_header_t **fields, edu_csv_t *csv,
                           edu_error_t *err, apr_pool_t *p);

/* ------------------------------------------------------------- pseudonym.c */

/** Ids to replace, and by what. */
typedef struct edu_pseudonyms_t {
    apr_hash_t *of;     /**< const char * by const char * */
    const char *secret; /**< of the digests; NULL: all become "erased" */
    apr_pool_t *p;
} edu_pseudonyms_t;

/** Replace the id of a user from now on.
 *  @return its pseudonym; an id that is a pseudonym keeps it */
const char *edu__pseudonym_add(edu_pseudonyms_t *pseudonyms, const char *id);

/** Replace another id, which holds that of the user, too. */
void edu__pseudonym_add_within(edu_pseudonyms_t *pseudonyms, const char *id,
                               const char *user_id);

/**
 * Replace what is in a row: columns that are such an id, and strings of
 * documents that are one, or have one between slashes; with an id goes the name
 * beside it, and of a member all that is known of the person.
 * @return a copy; NULL: there is nothing to replace
 */
const char **edu__pseudonym_apply(const edu_pseudonyms_t *pseudonyms, int table,
                                  const char *const *row, apr_pool_t *p);

#endif /* EDU_ADMIN_MOVE_H */
