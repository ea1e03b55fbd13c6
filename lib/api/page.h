/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file page.h
 * @brief The page of a list that is being made, for the files that make it:
 *        position, page and across serve order and group, which serve list.
 */
#ifndef EDU_PAGE_H
#define EDU_PAGE_H

#include "across.h"
#include "api.h"
#include "apply.h"

/* ------------------------------------------------------------- position.c */

/** A print: hashes by which a link to the next page knows a row again. */
typedef struct edu_print_t {
    apr_uint64_t row;
    apr_uint32_t version;
} edu_print_t;

/** The position of a row in an order that no index has. */
typedef struct edu_position_t {
    char *bytes; /**< they sort as the rows do */
    apr_size_t len, room;
    apr_size_t tail; /**< offset of created, parent and id */
    edu_print_t print;
    const edu_row_t *row; /**< NULL: has to be read again */
} edu_position_t;

/**
 * The position of a row: the values of $orderby, then its @a created, parent
 * and id.  Of a text the first 128 bytes count.
 * @param position  its row is NULL, it has no print
 * @param doc       of which the values are; NULL if there are no orders
 * @param query     whose orders there are, or NULL
 * @return as edu__expr_find
 */
apr_status_t edu__position_of(edu_position_t *position, const edu_row_t *row,
                              const char *created, const json_t *doc,
                              const edu_query_t *query, edu_error_t *err,
                              apr_pool_t *p);

/** @return less than, equal to or greater than 0, as memcmp */
int edu__position_compare(const edu_position_t *a, const edu_position_t *b);

/** The row of a position; if its body is empty, it has to be read again. */
edu_row_t edu__position_row(const edu_position_t *position);

/** A collector of the first of many positions, in 16 MiB at most. */
typedef struct edu_first_t edu_first_t;

/** @param wanted  the number of positions to keep */
edu_first_t *edu__first_create(apr_size_t wanted, apr_pool_t *p);

/** Add a copy of a position. */
void edu__first_add(edu_first_t *first, const edu_position_t *position);

/** The first of the added positions, in order.
 *  @param lost  out: memory did not do for all the wanted ones
 *  @return of edu_position_t */
const apr_array_header_t *edu__first_list(edu_first_t *first, int *lost);

/** The number of rows that a link knows: some of them may move meanwhile. */
#define EDU_PRINTS 8

/** A $skiptoken: the end of one page, where the next goes on. */
typedef struct edu_token_t {
    edu_row_t row; /**< created (or version), parent and id of the last
                        row, or "" */
    edu_print_t prints[EDU_PRINTS]; /**< of the last rows, if values make the
                                         order */
    int n;                          /**< number of prints */
} edu_token_t;

/** The print of a row. */
edu_print_t edu__print_of(const edu_row_t *row, const char *version);

/** The number of the token's print that is of this row, from 1; 0: none. */
int edu__print_find(const edu_token_t *token, edu_print_t print);

/** Add the print of the last row; the oldest goes if there are too many. */
void edu__print_add(edu_token_t *token, edu_print_t print);

/** The text of a token. @param url  of the list, without options */
const char *edu__token_write(const edu_token_t *token, const edu_query_t *q,
                             const char *url, apr_pool_t *p);

/**
 * Read the token of a query, if it has one.
 * @param url  as it was written for
 * @return APR_SUCCESS, or EDU_EBADREQUEST: not a token, or of another query
 */
apr_status_t edu__token_read(edu_token_t *token, const edu_query_t *q,
                             const char *url, edu_error_t *err, apr_pool_t *p);

/** Check that the token of a query, if it has one, is of an order that values
 *  make, or is not.
 *  @return as edu__token_read */
apr_status_t edu__token_check(const edu_token_t *token, const edu_query_t *q,
                              int sorted, edu_error_t *err, apr_pool_t *p);

/* ----------------------------------------------------------------- page.c */

/** A page ends after this many bytes of documents; an order that looks at all
 *  rows keeps as many in memory. */
#define EDU_PAGE_BYTES ((apr_size_t)4 * 1024 * 1024)

typedef struct edu_page_t edu_page_t;

/** A row that is shown without its levels yet. */
typedef struct edu_shown_t {
    edu_row_t row;
    edu_print_t print;
    int part; /**< the index of its text in the answer, before its levels */
} edu_shown_t;

/** Visits one row after another. */
typedef apr_status_t edu_visit_fn(edu_page_t *page, edu_row_t *row);

struct edu_page_t {
    edu_exchange_t *x;
    const edu_query_t *q;
    edu_range_t range;
    edu_exchange_t one; /**< as x, with memory for one row */
    edu_response_t text;
    apr_pool_t *chunk; /**< memory for a chunk of rows */
    edu_registration_t above;
    edu_across_t part;          /**< of this chunk, if it is across */
    int across;                 /**< outcomes of several submissions */
    const edu_where_t *where;   /**< of these; NULL: all are looked at here */
    int timed;                  /**< an index has the order of changes */
    int registered;             /**< outcomes, few, in Graph's order */
    apr_array_header_t *stored; /**< of edu_row_t: stored outcomes that have a
                                     placeholder */
    edu_row_t last;             /**< the next chunk goes on after it */
    const edu_row_t *row;       /**< row visited, in the chunk's memory */
    int done;                   /**< no further row is of interest */
    int ended;                  /**< all rows were counted */
    apr_int64_t total;          /**< rows that the filter admits */
    int left, shown;            /**< rows to leave out first, and rows shown */
    int full, more;             /**< the next row does not fit; there is one */
    apr_size_t bytes;           /**< of the rows shown */
    int heavy;                  /**< this row had to be read again */
    apr_size_t again;           /**< bytes of its assignment in that case */
    edu_token_t token;          /**< where the page before ended */
    edu_token_t next;           /**< where this one ends */
    const edu_row_t *end;       /**< last row shown; NULL: next has it */
    int found; /**< the number of the token's print whose row is the latest
                    unchanged one; 0: none */
    edu_position_t from; /**< where the page begins; without bytes: anywhere */
    edu_first_t *first;  /**< the first rows in an order that no index has;
                              NULL: an index has it */
    apr_array_header_t *rows; /**< of edu_shown_t: those shown, whose levels
                                   are to be read; NULL: there are none */
    edu_groups_t *groups; /**< of the rows, by $apply; NULL: they are shown */
    apr_size_t kept;      /**< bytes of rows that stay in memory */
    int keeps;            /**< the rows of this chunk stay */
};

/** Whether values make the order. */
int edu__page_is_sorted(const edu_page_t *page);

/** Whether some rows are left out: by $filter, or from a student's list. */
int edu__page_filters(const edu_page_t *page);

/** Free the previous row's memory, if it is worth the locks of a pool. */
void edu__page_begin_row(edu_page_t *page);

/** Whether the filter admits a row; out: its document, if wanted. */
apr_status_t edu__page_match(edu_page_t *page, edu_row_t *row,
                             const json_t **doc, int *fits);

/** Show a row, copied into lasting memory, unless the page is full. */
apr_status_t edu__page_put(edu_page_t *page, edu_row_t *row);

/** Read and show what is expanded of the rows shown; the page ends before the
 *  row with which it would be too long. */
apr_status_t edu__page_fill(edu_page_t *page);

/** Whether the page takes no further row. */
int edu__page_is_full(const edu_page_t *page);

/** Note where the page ends, before the last row's memory is freed. */
void edu__page_keep_end(edu_page_t *page);

/** The text that comes before parent and id in the order of an index: of
 *  outcomes across submissions the assignment, else an instant, or "". */
const char *edu__page_lead(const edu_page_t *page, const edu_row_t *row);

/* ------------------------------------------------------------- pushdown.c */

/** What the database can look at of a $filter on outcomes.
 *  @return NULL: nothing, or placeholders may pass as well */
const edu_where_t *edu__pushdown(const edu_exchange_t *x, apr_pool_t *p);

/* --------------------------------------------------------------- across.c */

/** Read the next outcomes across submissions into page->part, and what is
 *  above them. */
apr_status_t edu__across_read(edu_page_t *page);

/** Make rows of them, with placeholders; finds page->last and page->ended. */
apr_status_t edu__across_rows(edu_page_t *page, apr_array_header_t **rows);

/** Add the number of all outcomes to page->total. */
apr_status_t edu__across_count(edu_page_t *page);

/* ---------------------------------------------------------------- order.c */

/** Show rows in the order of an index. */
apr_status_t edu__page_show(edu_page_t *page, edu_row_t *row);

/** Find the previous page's latest row that is unchanged. */
apr_status_t edu__page_seek(edu_page_t *page, edu_row_t *row);

/** Find the position of a row; one that moved counts as shown. */
apr_status_t edu__page_weigh(edu_page_t *page, edu_row_t *row);

/** Show the first rows in an order that no index has. */
apr_status_t edu__page_show_first(edu_page_t *page);

/* ---------------------------------------------------------------- group.c */

/** Add a row to its group. */
apr_status_t edu__page_group(edu_page_t *page, edu_row_t *row);

/** Answer with the groups. */
void edu__page_show_groups(edu_page_t *page);

#endif /* EDU_PAGE_H */
