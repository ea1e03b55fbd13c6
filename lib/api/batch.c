/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* $batch (contract.md 6): many requests in one, each answered as if it had come
 * alone.  Those that write one after another share a transaction, so that they
 * cost one commit; an atomicityGroup is a savepoint within it. */

#include "batch.h"
#include "negotiate.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#define MAX_ANSWERS (6 << 20) /* bytes; no request is run beyond */

/* While a transaction is open others wait, for half of the timeout.  One that
 * requests share ends after so long; a group begins no request after such a
 * part of the timeout, and may read for another. */
#define SHARED apr_time_from_msec(100)
#define GROUPED 4
#define READING 50

/* ------------------------------------------------------------------ running */

/* The next request that is run together with one, or NULL. */
static edu_item_t *next_of(const edu_batch_t *batch, const edu_item_t *item)
{
    const char *group = item->group;
    edu_item_t *end = edu__batch_at(batch, batch->items->nelts);
    edu_item_t *next = (edu_item_t *)item + 1;

    while (next < end &&
           (!group || !next->group || strcmp(next->group, group) != 0)) {
        next++;
    }
    return next < end ? next : NULL;
}

/* Whether something that the item depends on has failed. */
static int is_let_down(const edu_batch_t *batch, const edu_item_t *item)
{
    const json_t *depends = json_object_get(item->json, "dependsOn");
    json_t *id;
    size_t i;

    json_array_foreach((json_t *)depends, i, id)
    {
        if (edu__batch_item(batch, json_string_value(id))->res.status >= 400) {
            return 1;
        }
    }
    return 0;
}

/* Keeps an answer; all other memory of its request is freed. */
static void keep(edu_response_t *res, apr_pool_t *p)
{
    const struct iovec *parts = (const struct iovec *)res->body->elts;
    edu_error_t *err = &res->error;
    struct iovec whole;

    whole.iov_base = apr_pstrcatv(p, parts, res->body->nelts, &whole.iov_len);
    res->headers = apr_table_clone(p, res->headers);
    res->body = apr_array_make(p, 1, sizeof(struct iovec));
    if (whole.iov_len) {
        APR_ARRAY_PUSH(res->body, struct iovec) = whole;
    }
    err->message = apr_pstrdup(p, err->message);
    err->inner_message = apr_pstrdup(p, err->inner_message);
    err->target = apr_pstrdup(p, err->target);
    err->detail = apr_pstrdup(p, err->detail);
}

static apr_status_t refuse_batch(edu_exchange_t *x)
{
    return edu_error_set(x->err, EDU_ENOTIMPL, NULL, x->p,
                         "$batch is not supported here, nor within a $batch.");
}

/* Runs a request in memory of its own, as if it came alone. */
static void serve(edu_item_t *item, apr_pool_t *p)
{
    apr_pool_t *own;

    apr_pool_create(&own, p);
    edu__dispatch(&item->res, &item->req, refuse_batch, own);
    keep(&item->res, p);
    apr_pool_destroy(own);
}

/* The deadline of a request.  Once a group has written, others wait for all
 * that it does. */
static apr_time_t end_of(const edu_batch_t *batch, const edu_item_t *item)
{
    apr_interval_time_t all = edu__store_timeout(batch->x->req->store);
    apr_time_t end = item->reads ? apr_time_now() + all / READING - batch->read
                                 : batch->since + all / GROUPED;

    return item->group && batch->since && end < batch->until ? end
                                                             : batch->until;
}

/* @param store   with a transaction
 * @param failed  another of its group has */
static void run(edu_batch_t *batch, edu_item_t *item, const edu_store_t *store,
                int failed)
{
    apr_pool_t *p = batch->x->p;
    edu_error_t err = item->refusal;
    apr_time_t began = apr_time_now();

    if (batch->stopped) {
        edu_error_set(
            &err, EDU_EDEPENDENCY, NULL, p,
            "An earlier request of the $batch failed, and by Prefer: "
            "odata.continue-on-error=false it ends there; nothing was "
            "done.");
    }
    else if (!err.status && (failed || is_let_down(batch, item))) {
        edu_error_set(&err, EDU_EDEPENDENCY, NULL, p, NULL);
    }
    if (!err.status && batch->answered > MAX_ANSWERS) {
        edu_error_set(&err, EDU_ETOOMANY, NULL, p,
                      "The answers of this $batch have reached %d MiB. Send "
                      "this request again in another.",
                      MAX_ANSWERS >> 20);
    }
    if (err.status) {
        edu__dispatch_refuse(&item->res, &item->req, &err, p);
    }
    else {
        item->req.store = store;
        item->req.until = end_of(batch, item);
        serve(item, p);
    }
    if (batch->since) {
        batch->read += item->reads ? apr_time_now() - began : 0;
    }
    else if (batch->tx.begun) {
        batch->since = apr_time_now();
    }
    for (int i = 0; i < item->res.body->nelts; i++) {
        batch->answered +=
            APR_ARRAY_IDX(item->res.body, i, struct iovec).iov_len;
    }
}

/* Replaces the successes of a turn by an error. */
static void take_back(edu_batch_t *batch, edu_item_t *item,
                      const edu_error_t *err)
{
    for (; item; item = next_of(batch, item)) {
        if (item->res.status < 400) {
            edu__dispatch_refuse(&item->res, &item->req, err, batch->x->p);
        }
    }
}

/* Plans a lock of a submission, unless there is one.
 * @return whether it comes after all others in lock order */
static int plan_lock(edu_changes_t *locks, const edu_key_t *key)
{
    const edu_write_t *lock =
        edu__changes_add(locks, EDU_LOCK, EDU_SUBMISSION, EDU_ALWAYS, key);
    const edu_write_t *other = (const edu_write_t *)locks->writes->elts;
    int last = 1;

    for (; other < lock; other++) {
        if (edu__write_is_of_row(other, lock)) {
            apr_array_pop(locks->writes);
            return other == lock - 1;
        }
        last &= edu__write_compare(other, lock) < 0;
    }
    return last;
}

/* Plans locks of the submissions that a group writes to.
 * @return whether it comes to them in lock order */
static int plan_locks(edu_changes_t *locks, const edu_batch_t *batch,
                      const edu_item_t *item)
{
    int sorted = 1;

    for (; item; item = next_of(batch, item)) {
        edu_key_t key = item->path.key;

        key.outcome_id = NULL;
        if (!item->reads && !item->refusal.status && key.class_id &&
            key.submission_id) {
            sorted &= plan_lock(locks, &key);
        }
    }
    return sorted;
}

/* Two groups that came to the same submissions in different orders would wait
 * for each other.  Where locking fails, so does what the group writes. */
static void lock_in_order(edu_batch_t *batch, const edu_item_t *first)
{
    const edu_request_t *req = batch->x->req;
    apr_pool_t *p = batch->x->p;
    edu_changes_t locks = { .action = "lock",
                            .caller = req->caller,
                            .trace = req->trace,
                            .now = edu__time_now(),
                            .writes = apr_array_make(p, batch->items->nelts,
                                                     sizeof(edu_write_t)) };
    edu_failure_t failed;
    edu_error_t err;

    if (!plan_locks(&locks, batch, first)) {
        edu__store_commit(&failed, &batch->tx.store, &locks, &err, p);
    }
}

/* Runs all requests of a group, or undoes them. */
static void run_group(edu_batch_t *batch, edu_item_t *first)
{
    apr_pool_t *p = batch->x->p;
    edu_tx_t mark;
    edu_error_t err;
    int failed = 0;

    lock_in_order(batch, first);
    edu__tx_init(&mark, &batch->tx.store, p);
    for (edu_item_t *item = first; item; item = next_of(batch, item)) {
        run(batch, item, &mark.store, failed);
        failed |= item->res.status >= 400;
    }
    if (edu__tx_end(&mark, failed, &err) || failed) {
        edu_error_set(&err, EDU_EDEPENDENCY, NULL, p, NULL);
        take_back(batch, first, &err);
    }
}

static int has_failed(const edu_batch_t *batch, const edu_item_t *turn)
{
    while (turn && turn->res.status < 400) {
        turn = next_of(batch, turn);
    }
    return turn != NULL;
}

static void run_turn(edu_batch_t *batch, edu_item_t *item)
{
    if (item->group) {
        run_group(batch, item);
    }
    else {
        run(batch, item, &batch->tx.store, 0);
    }
}

static void renew(edu_batch_t *batch)
{
    edu__tx_init(&batch->tx, batch->x->req->store, batch->x->p);
    batch->since = batch->read = 0;
}

/* Runs one turn in a transaction of its own. */
static void run_alone(edu_batch_t *batch, edu_item_t *turn)
{
    edu_error_t err;
    apr_status_t rv;
    int tries = 0;

    do {
        renew(batch);
        batch->tx.savepoints = 1;
        run_turn(batch, turn);
        rv = edu__tx_end(&batch->tx, 0, &err);
    } while (rv && edu__tx_again(&batch->tx, ++tries));
    if (rv) {
        take_back(batch, turn, &err);
    }
}

/* No write is acknowledged before it is durable.  If a statement ended the
 * transaction, nothing of it was done, and each turn runs alone: one of them
 * may be the cause.  The outcome of a COMMIT that fails may be unknown.
 * @param end  of the turns that the transaction is of */
static void commit(edu_batch_t *batch, int end)
{
    edu_error_t err;
    apr_status_t rv = edu__tx_end(&batch->tx, 0, &err);
    int broken = batch->tx.broken;

    for (int i = batch->first; rv && i < end; i++) {
        edu_item_t *item = edu__batch_at(batch, i);

        if (edu__batch_first(batch, item) == item) {
            if (broken) {
                run_alone(batch, item);
            }
            else {
                take_back(batch, item, &err);
            }
        }
    }
    renew(batch);
    batch->first = end;
}

static int reads(const edu_batch_t *batch, const edu_item_t *turn)
{
    int found = 0;

    for (; turn && !found; turn = next_of(batch, turn)) {
        found = turn->reads;
    }
    return found;
}

/* Requests that write one after another share a transaction.  A request that
 * reads may take long while others want to write: it ends the transaction
 * first, unless it is of a group, which has to see its own writes. */
static void run_all(edu_batch_t *batch)
{
    int n = batch->items->nelts;

    renew(batch);
    for (int i = 0; i < n; i++) {
        edu_item_t *item = edu__batch_at(batch, i);

        if (edu__batch_first(batch, item) != item) {
            continue;
        }
        if (reads(batch, item)) {
            commit(batch, i);
        }
        run_turn(batch, item);
        if (batch->tx.broken || batch->stops ||
            (batch->since && apr_time_now() - batch->since >= SHARED)) {
            commit(batch, i + 1);
        }
        else if (!batch->tx.begun) {
            batch->first = i + 1;
        }
        batch->stopped |= batch->stops && has_failed(batch, item);
    }
    commit(batch, n);
}

/* ------------------------------------------------------------------- answer */

/* Adds a member to the headers of an item's answer. */
static int add_header(void *to, const char *name, const char *value)
{
    edu_exchange_t *x = to;
    const struct iovec *last =
        &APR_ARRAY_IDX(x->res->body, x->res->body->nelts - 1, struct iovec);

    edu__append(x, *(const char *)last->iov_base == '{' ? "" : ",");
    edu__append(x, edu__json_quote(name, x->p));
    edu__append(x, ":");
    edu__append(x, edu__json_quote(value, x->p));
    return 1;
}

static void append_item(edu_exchange_t *x, const edu_item_t *item)
{
    const edu_response_t *res = &item->res;

    edu__append(x, "{\"id\":");
    edu__append(x, edu__json_quote(item->id, x->p));
    edu__append(x,
                apr_psprintf(x->p, ",\"status\":%d,\"headers\":", res->status));
    edu__append(x, "{");
    apr_table_do(add_header, x, res->headers, NULL);
    edu__append(x, "}");
    if (res->body->nelts && strcmp(item->req.method, "HEAD") != 0) {
        const char *type = apr_table_get(res->headers, "Content-Type");
        const char *text = APR_ARRAY_IDX(res->body, 0, struct iovec).iov_base;

        edu__append(x, ",\"body\":");
        if (strncmp(type, EDU_JSON, sizeof(EDU_JSON) - 1) == 0) {
            apr_array_cat(x->res->body, res->body);
        }
        else {
            edu__append(x, edu__json_quote(text, x->p));
        }
    }
    edu__append(x, "}");
}

static apr_status_t answer(edu_batch_t *batch)
{
    edu_exchange_t *x = batch->x;

    edu__answer_json(x, 200);
    edu__append(x, "{\"responses\":[");
    for (int i = 0; i < batch->items->nelts; i++) {
        const edu_item_t *item = &APR_ARRAY_IDX(batch->items, i, edu_item_t);

        const edu_error_t *error = &item->res.error;

        edu__append(x, i ? "," : "");
        append_item(x, item);
        if (item->req.reads &&
            (item->res.status == 200 || item->res.status == 204)) {
            apr_array_cat(x->req->reads, item->req.reads);
        }
        /* the first failure is logged, though the $batch did not fail */
        if (error->detail && (!x->err->status ||
                              (x->err->status < 500 && error->status >= 500))) {
            *x->err = *error;
        }
    }
    edu__append(x, "]}");
    return APR_SUCCESS;
}

/* OData's other format of a $batch. */
static apr_status_t check_multipart(edu_exchange_t *x)
{
    const char *type = edu__header(x, "Content-Type");

    return type && strncasecmp(type, "multipart/", 10) == 0
               ? edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                               "A $batch is taken as application/json alone, "
                               "as in Graph, and not as multipart/mixed. Send "
                               "{\"requests\": [{\"id\", \"method\", "
                               "\"url\"}, …]}.")
               : APR_SUCCESS;
}

apr_status_t edu__batch_run(edu_exchange_t *x)
{
    edu_batch_t batch = {
        .x = x, .until = apr_time_now() + edu__store_timeout(x->req->store)
    };
    const json_t *body;
    apr_status_t rv;

    if (!x->req->admit) {
        return refuse_batch(x);
    }
    rv = check_multipart(x);
    rv = rv ? rv : edu__key_refuse(x, "A $batch");
    rv = rv ? rv : edu__read_body(x, &body);
    if (rv || (rv = edu__batch_read(&batch, body))) {
        return rv;
    }
    for (int i = 0; i < batch.items->nelts; i++) {
        edu__batch_prepare(&batch, edu__batch_at(&batch, i));
    }
    batch.stops = edu__negotiate_stops(x);
    run_all(&batch);
    return answer(&batch);
}
