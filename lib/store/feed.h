/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file feed.h
 * @brief The history as a feed: which changes a reader has not yet seen.
 *
 * feed.c says why none is missed.
 */
#ifndef EDU_FEED_H
#define EDU_FEED_H

#include "store.h"

/** Numbers that were missing among those that a reader saw: a transaction that
 *  is still under way may have drawn them. */
typedef struct edu_gap_t {
    apr_int64_t from, to; /**< the first and the last */
    apr_int64_t since;    /**< when they were missed first, by the clock of the
                            database, in seconds */
} edu_gap_t;

/** A position has at most this many gaps. */
#define EDU_GAPS_MAX 512

/** A position in the feed: all numbers to @a high were seen, but its gaps. */
typedef struct edu_feed_t {
    apr_int64_t high;
    const char *at;           /**< the instant of the row @a high, or "" */
    apr_array_header_t *gaps; /**< of edu_gap_t, in order */
    apr_int64_t told;  /**< the last change of the page before in this round; 0:
                         a round begins */
    apr_int64_t clock; /**< now, by the clock of the database */
} edu_feed_t;

/** A change that the feed tells of. */
typedef struct edu_news_t {
    apr_int64_t number;
    const char *at;
    const char *entity; /**< the name of its table */
    const char *assignment_id, *submission_id, *id;
    int shows; /**< it alters what a student may see */
    int gone;  /**< it is a deletion */
} edu_news_t;

/** The changes to read, of a class; each member may be NULL: any. */
typedef struct edu_interest_t {
    const char *assignment_id, *submission_id;
    const char *entity; /**< a table's name; NULL: assignments, submissions that
                              come and go, and outcomes */
    const char *student; /**< assignments, and what alters what the student may
                              see of the rest */
} edu_interest_t;

/**
 * Look where the feed ends now.
 * @param now   out: its end
 * @param from  where the reader is; NULL: nowhere yet
 * @return APR_SUCCESS; EDU_ESYNC: changes after that may have been lost, for
 *         history was off, pruned, or is another; EDU_EUNAVAILABLE
 */
apr_status_t edu__feed_look(edu_feed_t *now, const edu_feed_t *from,
                            const edu_store_t *store, edu_error_t *err,
                            apr_pool_t *p);

/**
 * Read changes after a number, at most EDU_CHUNK, in the order of numbers.
 * @param rows   out: of edu_news_t
 * @param after  the number
 * @param to     the last one to read
 */
apr_status_t edu__feed_read(apr_array_header_t **rows, apr_int64_t after,
                            apr_int64_t to, const edu_store_t *store,
                            const edu_key_t *key,
                            const edu_interest_t *interest, edu_error_t *err,
                            apr_pool_t *p);

/** When a change had taken effect, at the latest; at most now. */
edu_time_t edu__feed_effect(const edu_news_t *news, const edu_store_t *store);

/** The number before the first that a reader has not seen. */
apr_int64_t edu__feed_begin(const edu_feed_t *from);

/** Whether a reader has not seen a number yet. */
int edu__feed_is_new(const edu_feed_t *from, apr_int64_t number);

/** Note that a reader has seen a number. */
void edu__feed_take(edu_feed_t *feed, apr_int64_t number);

/**
 * The position of a reader who has taken all changes up to one, and none after.
 * @param from  where the reader was
 * @param now   the end that was looked up; the changes are taken of both
 */
edu_feed_t edu__feed_until(const edu_feed_t *from, const edu_feed_t *now,
                           const edu_news_t *last, apr_pool_t *p);

/**
 * The document of an assignment as it was before a change, or the last that it
 * had.
 * @param body  out: "": none is known
 */
apr_status_t edu__feed_before(const char **body, const edu_store_t *store,
                              const char *class_id, const char *assignment_id,
                              apr_int64_t number, edu_error_t *err,
                              apr_pool_t *p);

/** The secret of the database, 64 hexadecimal digits, made when first needed:
 *  all processes and nodes share it. */
apr_status_t edu__store_secret(const char **secret, const edu_store_t *store,
                               edu_error_t *err, apr_pool_t *p);

#endif /* EDU_FEED_H */
