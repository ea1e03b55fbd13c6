/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file delta.h
 * @brief Delta queries: sync, tell <- delta.
 */
#ifndef EDU_DELTA_H
#define EDU_DELTA_H

#include "api.h"
#include "feed.h"

#include <apr_hash.h>

/* ----------------------------------------------------------------- sync.c */

/** Where a client is in its synchronization: what its tokens say. */
typedef struct edu_sync_t {
    const char
        *list;       /**< the present state is read: the token of its next page,
                           "" for the first one; NULL: changes are */
    edu_time_t asof; /**< it has what time alone had changed until then */
    edu_time_t due;  /**< when time alone changes something next; 0: unknown */
    edu_feed_t feed; /**< the changes that it has */
    apr_int64_t part; /**< the number of a change that it has in part, as far as
                           the submission @a submission_id; 0: none */
    const char *submission_id;
} edu_sync_t;

/** The token of a position. @param about  the query that it is for
 *  @return APR_SUCCESS or EDU_EINTERNAL */
apr_status_t edu__sync_write(const char **token, const edu_sync_t *sync,
                             edu_exchange_t *x, const char *secret,
                             const char *about);

/** Read the token of a request.
 *  @return APR_SUCCESS; EDU_ESYNC: it is too old, or not for this query */
apr_status_t edu__sync_read(edu_sync_t *sync, edu_exchange_t *x,
                            const char *secret, const char *about);

/* ----------------------------------------------------------------- tell.c */

/** A page of a delta query. */
typedef struct edu_delta_t {
    edu_exchange_t *x;
    edu_exchange_t one;  /**< as x, with memory for one change */
    edu_response_t text; /**< of that */
    const char *secret, *about;
    const char *student; /**< whose view it is; NULL: that of staff */
    edu_interest_t interest;
    edu_sync_t was;         /**< where the client is */
    edu_sync_t next;        /**< where it is then */
    edu_feed_t now;         /**< the end of the feed */
    apr_hash_t *told;       /**< what this chunk of changes was told of */
    const edu_news_t *news; /**< the change that is being told */
    const edu_news_t *last; /**< the last one that was told */
    int shown, more;        /**< entities shown; there are more changes */
    apr_size_t bytes;       /**< of those shown */
} edu_delta_t;

/** Tell of delta->news: of what it changed as it is now, or that it is not
 *  there.  Nothing is said of what this chunk has told, nor of what a student
 *  neither sees nor saw. */
apr_status_t edu__tell_change(edu_delta_t *delta);

/** Tell of the assignments that have begun since, if time may have changed
 *  any. */
apr_status_t edu__tell_due(edu_delta_t *delta);

#endif /* EDU_DELTA_H */
