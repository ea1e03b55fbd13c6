/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file batch.h
 * @brief A $batch on its way, for the files that read it and run it: items <-
 *        batch.
 */
#ifndef EDU_BATCH_H
#define EDU_BATCH_H

#include "verbs.h"

/** One request of the batch. */
typedef struct edu_item_t {
    const char *id, *group;
    const char *method, *url;
    const json_t *json;
    apr_table_t *headers;
    const edu_request_t *outer;
    edu_request_t req;
    edu_response_t res;
    edu_error_t refusal; /**< why it is not run; .status 0: it is */
    edu_path_t path;     /**< empty: it cannot be read */
    int reads;           /**< and does no more */
} edu_item_t;

/** The requests of a batch, and the transaction that they share. */
typedef struct edu_batch_t {
    edu_exchange_t *x;
    apr_array_header_t *items; /**< of edu_item_t, as sent */
    edu_tx_t tx;               /**< of the turns from `first` on */
    int first;
    apr_time_t since;         /**< others wait for its end; 0: none do */
    apr_interval_time_t read; /**< of which its requests read for so long */
    apr_time_t until;         /**< no request begins later */
    int stops;                /**< at the first request that fails */
    int stopped;              /**< one has */
    apr_size_t answered; /**< bytes of answers, which are kept until the last */
} edu_batch_t;

/** Read the requests of a batch. @return APR_SUCCESS or EDU_EBADREQUEST */
apr_status_t edu__batch_read(edu_batch_t *batch, const json_t *body);

/** Find out what a request may do, before any lock is taken. */
void edu__batch_prepare(edu_batch_t *batch, edu_item_t *item);

edu_item_t *edu__batch_at(const edu_batch_t *batch, int i);

/** The request of this id among those that were read so far, or NULL. */
edu_item_t *edu__batch_item(const edu_batch_t *batch, const char *id);

/** The first of a request's group, at whose place the group is run; or the
 *  request itself, if it is of none. */
const edu_item_t *edu__batch_first(const edu_batch_t *batch,
                                   const edu_item_t *item);

#endif /* EDU_BATCH_H */
