/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file each.h
 * @brief The rows below each of many rows, in one statement.
 */
#ifndef EDU_EACH_H
#define EDU_EACH_H

#include "store.h"

/** A row whose children are wanted. */
typedef struct edu_parent_t {
    const char *class_id;
    const char *id;   /**< of an assignment; of a class any */
    const char *only; /**< of submissions those to this recipient, of members
                           those with this role; NULL: all */
} edu_parent_t;

/** The rows to read. */
typedef struct edu_each_t {
    const apr_array_header_t *parents; /**< of edu_parent_t */
    const char *role; /**< the viewer's in all of the classes, where the key
                           does not name one; NULL: it does */
    int outcomes;     /**< of submissions: with their outcomes */
} edu_each_t;

/** One statement reads at most so many rows, and one more if there is one. */
#define EDU_EACH_MAX 1000

/**
 * Read the rows below each parent, in the order of the parents and of their
 * ids.  Long documents are left out as edu__store_list does.
 * @param rows   of edu_row_t: the parent_id of each is the number of its
 *               parent, from 0, in six digits; a submission has no assignment
 * @param role   out: of the key's viewer in the key's class, or as given
 * @param table  EDU_MEMBER, EDU_ASSIGNMENT or EDU_SUBMISSION
 */
apr_status_t edu__store_each(apr_array_header_t **rows, const char **role,
                             const edu_store_t *store, edu_table_e table,
                             const edu_key_t *key, const edu_each_t *each,
                             edu_error_t *err, apr_pool_t *p);

#endif /* EDU_EACH_H */
