/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file delta.h
 * @brief Delta queries: tell <- follow <- change; sync and change <- delta.
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
    int fits;               /**< what is told now is on this page */
    int begins;             /**< all that has begun is on this page */
    apr_size_t bytes;       /**< of those shown */
} edu_delta_t;

/** Begin a change, or a part of it: all that is told of it is on this page, or
 *  nothing. */
void edu__tell_begin(edu_delta_t *delta);

/** Tell a row as it is; delta->more: it is on the next page. */
apr_status_t edu__tell_row(edu_delta_t *delta, const edu_row_t *row);

/** Tell that a row is not there; delta->more: on the next page. */
void edu__tell_removed(edu_delta_t *delta, const edu_row_t *row);

/** Note that an outcome is told.  @return 0: it was before */
int edu__tell_once(edu_delta_t *delta, const edu_key_t *key);

/** Tell an outcome as it is.
 *  @param was  the view had it before: tell that it has not, otherwise */
apr_status_t edu__tell_outcome(edu_delta_t *delta, const edu_key_t *key,
                               int was);

/** Note when an assignment begins, if it is yet to. */
void edu__tell_start(edu_delta_t *delta, const json_t *doc);

/** Check the role of the caller, which may have changed since it was settled;
 *  what the path names was settled then.
 *  @return as edu__access_settle */
apr_status_t edu__tell_role(const edu_delta_t *delta, const char *role);

/** Whether the student had an assignment before the change that is told; staff
 *  had. */
apr_status_t edu__tell_had(edu_delta_t *delta, const char *assignment_id,
                           int *given);

/* --------------------------------------------------------------- follow.c */

/**
 * Tell of the outcomes of all submissions of an assignment, page by page.
 * @param news  the change of the assignment; NULL: it has begun, and the view
 *              did not have it before
 */
apr_status_t edu__follow(edu_delta_t *delta, const char *assignment_id,
                         const edu_news_t *news);

/* --------------------------------------------------------------- change.c */

/** Tell of delta->news: of what it changed as it is now, or that it is not
 *  there.  Nothing is said of what this chunk has told, nor of what a student
 *  neither sees nor saw. */
apr_status_t edu__tell_change(edu_delta_t *delta);

/** Tell of the assignments that have begun since, or of their outcomes, if time
 *  may have changed any. */
apr_status_t edu__tell_due(edu_delta_t *delta);

#endif /* EDU_DELTA_H */
