/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file shape.h
 * @brief Query options that are being read: query and shape share it, for an
 *        expansion has options of its own.
 */
#ifndef EDU_SHAPE_H
#define EDU_SHAPE_H

#include "odata.h"

/** Reads the options in the parentheses of an expansion.
 *  @param text  decoded, without the parentheses
 *  @return as edu__query_parse */
typedef apr_status_t edu_within_fn(edu_query_t *query, const char *text,
                                   edu_error_t *err, apr_pool_t *p);

#define EDU_MAX_TOP 999 /* as Graph (contract.md 4) */

/** A query that is being read. */
typedef struct edu_reader_t {
    edu_query_t *query;
    edu_within_fn *within;
    edu_error_t *err;
    apr_pool_t *p;
    int of; /**< EDU_OF_* */
} edu_reader_t;

/** Refuse the value of an option. @return EDU_EBADREQUEST */
apr_status_t edu__shape_bad_value(const edu_reader_t *reader,
                                  const char *option, const char *wants);

/** Read the value of an $expand. @return as edu__query_parse */
apr_status_t edu__shape_expand(edu_reader_t *reader, const char *value);

/** Read the value of a $select. @return as edu__query_parse */
apr_status_t edu__shape_select(edu_reader_t *reader, const char *value);

/**
 * The next part of a list, without blanks around it.  A separator in quotes or
 * in parentheses separates nothing.
 * @param rest  in: of the list; out: what follows the part; NULL: nothing
 */
char *edu__shape_part(const char **rest, char separator, apr_pool_t *p);

#endif /* EDU_SHAPE_H */
