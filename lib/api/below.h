/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file below.h
 * @brief The rows below others, as $expand asks for them: below <- inline.
 */
#ifndef EDU_BELOW_H
#define EDU_BELOW_H

#include "api.h"

/** The rows of one expansion of a row. */
typedef struct edu_level_t {
    apr_array_header_t *rows; /**< of edu_row_t *: those to show; NULL: none */
    int total;                /**< rows that its filter admits */
    int more;                 /**< some of them come after those to show */
} edu_level_t;

/** The request for the rows of an expansion of a row, as it would be if a
 *  client made it. */
edu_exchange_t edu__below_of(const edu_exchange_t *x, const edu_row_t *row,
                             const edu_expand_t *expand);

/** Choose the rows to show. @param x  as edu__below_of
 *  @param rows  of edu_row_t; they have to last
 *  @param room  the bytes that may be read, or NULL: any number; less after it
 *  @return also APR_INCOMPLETE: there is no room */
apr_status_t edu__below_choose(edu_level_t *level, const edu_exchange_t *x,
                               apr_array_header_t *rows, apr_off_t *room);

/** Whether the query of a request expands rows that have to be read. */
int edu__below_is_due(const edu_exchange_t *x);

/**
 * Read the levels below rows of x->set.
 * @param n  in: how many there are; out: how many of them, from the first on,
 *           have their levels now: at least one
 * @return APR_SUCCESS; EDU_EBADREQUEST: too much is below one; or
 *         EDU_EUNAVAILABLE
 */
apr_status_t edu__below_read(edu_exchange_t *x, edu_row_t **above, int *n,
                             apr_pool_t *p);

#endif /* EDU_BELOW_H */
