/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file apply.h
 * @brief $apply: a list as few rows (OData Extension for Data Aggregation 4.0).
 *
 * apply reads it, aggregate computes it.
 */
#ifndef EDU_APPLY_H
#define EDU_APPLY_H

#include "odata.h"

/* ---------------------------------------------------------------- apply.c */

/** How the values of a group become one. */
typedef enum edu_method_e {
    EDU_METHOD_COUNT, /**< the number of rows */
    EDU_METHOD_SUM,
    EDU_METHOD_AVERAGE,
    EDU_METHOD_MIN,
    EDU_METHOD_MAX,
    EDU_METHOD_DISTINCT /**< the number of different values */
} edu_method_e;

/** A path whose values make the groups. */
typedef struct edu_grouping_t {
    const char *path;     /**< as written */
    const char *name;     /**< the names of its steps: points/points */
    const edu_expr_t *of; /**< an EDU_EXPR_PATH of a simple type */
} edu_grouping_t;

/** A value of each group. */
typedef struct edu_total_t {
    const char *alias;
    edu_method_e method;
    const edu_expr_t *of; /**< NULL of EDU_METHOD_COUNT */
} edu_total_t;

/** An $apply; its filters are the query's. */
typedef struct edu_apply_t {
    apr_array_header_t *groupings; /**< of edu_grouping_t; none: all rows are
                                        one group */
    apr_array_header_t *totals;    /**< of edu_total_t */
    const char *shape; /**< its result as a context URL has it: "(mean,n)" */
} edu_apply_t;

/**
 * Parse an $apply: any filter(…), then one groupby(…) or aggregate(…).
 * @param of  as of edu__filter_parse; gets the filter
 * @return APR_SUCCESS; EDU_EQUERY: it is malformed; EDU_ENOTIMPL: it has a
 *         transformation or a method that this server does not; both with
 *         err->target
 */
apr_status_t edu__apply_parse(const edu_apply_t **apply, const char *text,
                              edu_query_t *of, edu_error_t *err, apr_pool_t *p);

/** The name of the i-th transformation; NULL: there are no more. */
const char *edu__apply_transformation(int i);

/* ------------------------------------------------------------ aggregate.c */

/** How many groups there can be. */
#define EDU_MAX_GROUPS 10000

/** What all groups, with their different values, may take in memory. */
#define EDU_MAX_GROUP_BYTES ((apr_size_t)16 * 1024 * 1024)

/** The groups of the rows so far. */
typedef struct edu_groups_t edu_groups_t;

/** No rows yet; without groupings there is one group already. */
edu_groups_t *edu__groups_create(const edu_query_t *query, apr_pool_t *p);

/** Add a row. @param doc  its document, of which nothing is kept
 *  @return APR_SUCCESS; EDU_EBADREQUEST: the groups, or their values, are too
 *          many; EDU_EQUERY: to tell its values would take too much time */
apr_status_t edu__groups_add(edu_groups_t *groups, const json_t *doc,
                             edu_error_t *err);

/** Sort the groups by the values that make them. @return their number */
int edu__groups_sort(edu_groups_t *groups);

/** A group as a JSON object, without a type where that is plain. */
const char *edu__groups_text(const edu_groups_t *groups, int i,
                             const edu_format_t *format, apr_pool_t *p);

#endif /* EDU_APPLY_H */
