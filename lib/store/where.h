/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file where.h
 * @brief Conditions on rows, for the database to look at.
 *
 * The caller looks at the rows again: a condition may let too many through, as
 * it does where numbers are nearly equal, but never too few.
 */
#ifndef EDU_WHERE_H
#define EDU_WHERE_H

#include "store.h"

typedef enum edu_where_e {
    EDU_WHERE_AND,   /**< all parts */
    EDU_WHERE_OR,    /**< some part */
    EDU_WHERE_KIND,  /**< the row's kind is the text */
    EDU_WHERE_NULL,  /**< there is no value */
    EDU_WHERE_ANY,   /**< there is one */
    EDU_WHERE_SAME,  /**< it is the text */
    EDU_WHERE_OTHER, /**< it is not, or there is none */
    EDU_WHERE_LEAST, /**< it is the text, or comes after it byte by byte */
    EDU_WHERE_MOST,
    EDU_WHERE_HOLDS,   /**< the text is a part of it */
    EDU_WHERE_WRITTEN, /**< the document has the text as it is, or something
                            that is written in another way: this is quicker to
                            see than a value */
    EDU_WHERE_SINCE, /**< as LEAST, of instants: what is none does not matter */
    EDU_WHERE_UNTIL, /**< as MOST, of instants */
    EDU_WHERE_NUMBER_LEAST,
    EDU_WHERE_NUMBER_MOST,
    EDU_WHERES
} edu_where_e;

typedef struct edu_where_t edu_where_t;

/** A condition on a row. */
struct edu_where_t {
    edu_where_e op;
    const apr_array_header_t *parts; /**< of AND, OR: const edu_where_t *; at
                                          least one */
    const apr_array_header_t *path;  /**< of a value in the document: const
                                          char *, which are names of ours */
    const char *text;
    double number;
};

/** Make a condition on a value. */
edu_where_t *edu__where(edu_where_e op, const apr_array_header_t *path,
                        apr_pool_t *p);

/** Join conditions by AND or OR. @param a, b  NULL: nothing is known of it */
const edu_where_t *edu__where_join(edu_where_e op, const edu_where_t *a,
                                   const edu_where_t *b, apr_pool_t *p);

#endif /* EDU_WHERE_H */
