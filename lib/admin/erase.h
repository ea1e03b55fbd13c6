/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file erase.h
 * @brief Whose rows are erased: whose <- erase.
 */
#ifndef EDU_ADMIN_ERASE_H
#define EDU_ADMIN_ERASE_H

#include "move.h"

/** When a class changed last. */
typedef struct edu_age_t {
    const char *latest; /**< the greatest version of its rows, or "" */
    int old;            /**< it is erased */
} edu_age_t;

/** What is erased. */
typedef struct edu_erasure_t {
    edu_admin_t *admin;
    const edu_erase_t *what;
    edu_pseudonyms_t names;
    apr_hash_t *submissions; /**< of the student: "class/assignment/id" */
    apr_hash_t *classes;     /**< of edu_age_t, all that there are; NULL: of one
                                  student */
    const char *before;      /**< the instant, as versions are written */
} edu_erasure_t;

/** Find out whose rows are to be erased: the student's, or those of the classes
 *  that are old enough. */
apr_status_t edu__erase_begin(edu_erasure_t *it);

/** A column of a row. */
const char *edu__erase_text(const char *const *row, int table,
                            const char *column);

#endif /* EDU_ADMIN_ERASE_H */
