/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file across.h
 * @brief Outcomes of many submissions at once.
 */
#ifndef EDU_ACROSS_H
#define EDU_ACROSS_H

#include "where.h"

/** The outcomes to read. */
typedef struct edu_span_t {
    const char *only; /**< of this user's submissions alone; NULL: of all */
    const edu_where_t *where; /**< outcomes of which this holds, at least; NULL:
                                   all */
    int registered; /**< with the registered submissions of the same range */
    const edu_row_t *after; /**< go on after this assignment, parent and id */
} edu_span_t;

/** A part of the outcomes of a class, or of an assignment.  Lists are in the
 *  order of assignment, submission and id. */
typedef struct edu_across_t {
    apr_array_header_t *outcomes; /**< of edu_row_t: the stored ones */
    apr_array_header_t
        *submissions; /**< of edu_row_t: the registered ones, with
                                          registration and parent alone */
    apr_array_header_t *assignments; /**< of edu_assignment_t *: of the above,
                                          and of the key, if they exist */
    const char *viewer_role;
    int alone; /**< assignments may have to be read by their ids */
    int whole; /**< the database has not looked at the condition */
} edu_across_t;

/** Order rows by assignment, parent and id. */
int edu__row_compare(const edu_row_t *a, const edu_row_t *b);

/** Find an assignment; NULL: there is none. */
edu_assignment_t *edu__across_assignment(const edu_across_t *across,
                                         const char *id);

/**
 * Read the next outcomes of a class, or of the key's assignment, by one
 * statement: EDU_CHUNK of the stored ones, or less if there are no more, and as
 * many submissions.  Long documents are left out, as by edu__store_list.
 */
apr_status_t edu__store_across(edu_across_t *across, const edu_store_t *store,
                               const edu_key_t *key, const edu_span_t *span,
                               edu_error_t *err, apr_pool_t *p);

#define EDU_TALLIED 3

/** The numbers of an assignment's outcomes. */
typedef struct edu_tally_t {
    edu_assignment_t *assignment; /**< its document may be left out; NULL: of
                                       all, whether it has one or not */
    apr_int64_t number; /**< its registered submissions; of all: the outcomes */
    apr_int64_t with[EDU_TALLIED]; /**< of these have an outcome of that id */
} edu_tally_t;

/** Count the outcomes of a class, or of the key's assignment.
 *  @param tallies  of edu_tally_t: of all, and of each assignment */
apr_status_t edu__store_tally(apr_array_header_t **tallies,
                              const edu_store_t *store, const edu_key_t *key,
                              const char *const ids[EDU_TALLIED],
                              edu_error_t *err, apr_pool_t *p);

#endif /* EDU_ACROSS_H */
