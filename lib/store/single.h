/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file single.h
 * @brief Single rows of whole tables, as whole.h reads them, in a transaction
 *        beside those of others.  Nothing of it is recorded.
 */
#ifndef EDU_SINGLE_H
#define EDU_SINGLE_H

#include "whole.h"

/** What writing a row has come to. */
typedef enum edu_single_e {
    EDU_SINGLE_DONE,
    EDU_SINGLE_EXISTS, /**< a row has its key, or its student */
    EDU_SINGLE_ORPHAN, /**< the row above it is missing */
    EDU_SINGLE_CHANGED /**< the row is not as it was read */
} edu_single_e;

/** The place of a column that a table has. */
int edu__single_column(const edu_whole_t *table, const char *name);

/** Read a row. @param row  out: its columns, or NULL: there is none
 *  @param table  one of edu__wholes
 *  @param key    its first columns */
apr_status_t edu__single_get(const char *const **row, edu_tx_t *tx, int table,
                             const char *const *key, edu_error_t *err,
                             apr_pool_t *p);

/** Insert a row.  A key that the database draws is drawn anew. */
apr_status_t edu__single_insert(edu_single_e *done, edu_tx_t *tx, int table,
                                const char *const *row, edu_error_t *err,
                                apr_pool_t *p);

/** Delete a row that was read. */
apr_status_t edu__single_remove(edu_single_e *done, edu_tx_t *tx, int table,
                                const char *const *row, edu_error_t *err,
                                apr_pool_t *p);

/** Put a row in the place of another, with a number where it has one, and the
 *  instant of a record, as they are. */
apr_status_t edu__single_change(edu_single_e *done, edu_tx_t *tx, int table,
                                const char *const *before,
                                const char *const *after, edu_error_t *err,
                                apr_pool_t *p);

/** Delete the outcomes of a submission. @param n  out: how many */
apr_status_t edu__single_clear(apr_int64_t *n, edu_tx_t *tx,
                               const char *const *submission, edu_error_t *err,
                               apr_pool_t *p);

#endif /* EDU_SINGLE_H */
