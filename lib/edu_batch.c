/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* $batch (contract.md 6): many requests in one, each answered as if it had come
 * alone.  Those that write one after another share a transaction, so that they
 * cost one commit; an atomicityGroup is a savepoint within it. */

#include "edu_private.h"

#include <apr_lib.h>
#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#define MAX_ANSWERS (6 << 20) /* bytes, before another request is run */

/* While a transaction is open others wait, for half of the timeout.  One that
 * requests share ends after so long; a group begins no request after such a
 * part of the timeout, and may read for another. */
#define SHARED apr_time_from_msec(100)
#define GROUPED 4
#define READING 50

/* One request of the batch. */
typedef struct item_t {
    const char *id, *group;
    const char *method, *url;
    const json_t *json;
    const edu_request_t *outer;
    edu_request_t req;
    edu_response_t res;
    edu_error_t refusal; /* why it is not even tried; .status 0: it is */
    int reads;           /* and does no more */
} item_t;

typedef struct batch_t {
    edu_exchange_t *x;
    apr_array_header_t *items; /* of item_t, as sent */
    edu_unit_t unit;           /* of the turns from `first` on */
    int first;
    apr_time_t since;         /* others wait for its end; 0: they do not */
    apr_interval_time_t read; /* of which its requests read for so long */
    apr_time_t until;         /* no request begins later */
    apr_size_t answered; /* bytes of answers, which are kept until the last */
} batch_t;

/* ------------------------------------------------------------------ reading */

static apr_status_t fault(const batch_t *batch, int index, const char *member,
                          const char *says)
{
    return edu_error_set(batch->x->err, EDU_EBADREQUEST,
                         apr_psprintf(batch->x->p, "requests/%d%s%s", index,
                                      member ? "/" : "", member ? member : ""),
                         batch->x->p, "%s", says);
}

static item_t *item_of(const batch_t *batch, const char *id)
{
    for (int i = 0; i < batch->items->nelts; i++) {
        item_t *item = &APR_ARRAY_IDX(batch->items, i, item_t);

        if (strcmp(item->id, id) == 0) {
            return item;
        }
    }
    return NULL;
}

static const char *text_of(const json_t *json, const char *member)
{
    return json_string_value(json_object_get(json, member));
}

/* Where a group has its turn: at the first of its members. */
static const item_t *turn_of(const batch_t *batch, const item_t *item)
{
    const item_t *first = (const item_t *)batch->items->elts;

    while (item->group &&
           (!first->group || strcmp(first->group, item->group) != 0)) {
        first++;
    }
    return item->group ? first : item;
}

/* dependsOn may name only what has its turn before, or is of the same group and
 * stands before, so that the order sent is an order to work in. */
static apr_status_t check_dependencies(const batch_t *batch, item_t *item,
                                       int index)
{
    const json_t *depends = json_object_get(item->json, "dependsOn");
    json_t *id;
    size_t i;

    if (depends && !json_is_array(depends)) {
        return fault(batch, index, "dependsOn",
                     "dependsOn is an array of ids.");
    }
    json_array_foreach((json_t *)depends, i, id)
    {
        const item_t *on =
            json_is_string(id) ? item_of(batch, json_string_value(id)) : NULL;

        if (!on || on == item ||
            (on >= turn_of(batch, item) &&
             turn_of(batch, on) != turn_of(batch, item))) {
            return fault(batch, index, "dependsOn",
                         "dependsOn names the ids of requests that stand "
                         "before this one, and before the atomicityGroup that "
                         "this one is of.");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_headers(const batch_t *batch, int index,
                                  const json_t *headers)
{
    const char *name;
    json_t *value;
    int fine = !headers || json_is_object(headers);

    json_object_foreach((json_t *)headers, name, value)
    {
        fine = fine && json_is_string(value);
    }
    return fine ? APR_SUCCESS
                : fault(batch, index, "headers",
                        "headers is an object of strings.");
}

/* The method of a batch's request has no case (OData JSON 4.01, 19.1), that of
 * one alone has. */
static const char *upper(const char *s, apr_pool_t *p)
{
    char *upper = apr_pstrdup(p, s);

    for (char *c = upper; *c; c++) {
        *c = apr_toupper(*c);
    }
    return upper;
}

static apr_status_t read_item(batch_t *batch, int index, const json_t *json)
{
    const json_t *group = json_object_get(json, "atomicityGroup");
    const char *id = text_of(json, "id");
    apr_status_t rv;
    item_t *item;

    if (!id || item_of(batch, id)) {
        return fault(batch, index, "id",
                     "Each request has an id of its own, a string.");
    }
    if (!text_of(json, "method") || !text_of(json, "url")) {
        return fault(batch, index, text_of(json, "method") ? "url" : "method",
                     "Each request has a method and a url, both strings.");
    }
    if (group && !json_is_string(group)) {
        return fault(batch, index, "atomicityGroup",
                     "atomicityGroup is a string.");
    }
    item = apr_array_push(batch->items);
    memset(item, 0, sizeof(*item));
    item->id = id;
    item->group = json_string_value(group);
    item->json = json;
    item->method = upper(text_of(json, "method"), batch->x->p);
    item->url = text_of(json, "url");
    rv = check_headers(batch, index, json_object_get(json, "headers"));
    return rv ? rv : check_dependencies(batch, item, index);
}

static apr_status_t read_items(batch_t *batch, const json_t *body)
{
    const json_t *requests = json_object_get(body, "requests");
    int max = batch->x->req->mount->batch_max;
    apr_status_t rv = APR_SUCCESS;
    json_t *json;
    size_t i;

    if (!json_is_array(requests) || json_array_size(requests) == 0) {
        return edu_error_set(batch->x->err, EDU_EBADREQUEST, "requests",
                             batch->x->p,
                             "A batch is {\"requests\": […]} with one request "
                             "or more.");
    }
    if (json_array_size(requests) > (size_t)max) {
        return edu_error_set(batch->x->err, EDU_EBADREQUEST, "requests",
                             batch->x->p,
                             "A batch holds at most %d requests here.", max);
    }
    /* items are pointed to: the array must not move */
    batch->items = apr_array_make(batch->x->p, max, sizeof(item_t));
    json_array_foreach(requests, i, json)
    {
        rv = rv ? rv : read_item(batch, (int)i, json);
    }
    return rv;
}

/* ----------------------------------------------------------------- requests */

/* A header of the item: those of the batch are not inherited, but where it
 * comes from is not for the item to say. */
static const char *item_header(void *baton, const char *name)
{
    const item_t *item = baton;
    const char *key;
    json_t *value;

    if (strcmp(name, "Origin") == 0 || strcmp(name, "Sec-Fetch-Site") == 0) {
        return item->outer->header(item->outer->baton, name);
    }
    json_object_foreach(json_object_get(item->json, "headers"), key, value)
    {
        if (strcasecmp(key, name) == 0) {
            return json_string_value(value);
        }
    }
    return NULL;
}

static apr_status_t item_body(void *baton, const char **data, apr_size_t *len,
                              apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    const item_t *item = baton;
    const json_t *body = json_object_get(item->json, "body");

    (void)max;
    (void)err;
    *data = body ? edu__json_text(body, p) : "";
    *len = strlen(*data);
    return APR_SUCCESS;
}

static apr_status_t item_admit(void *baton, edu_request_t *other,
                               const char *method, const char *url,
                               edu_error_t *err, apr_pool_t *p)
{
    const item_t *item = baton;

    return item->outer->admit(item->outer->baton, other, method, url, err, p);
}

static int item_gone(void *baton)
{
    const item_t *item = baton;

    return item->outer->gone(item->outer->baton);
}

/* Lets the server find out what the item may do, by whatever spelling of its
 * path; it reads no longer line than from a client. */
static apr_status_t admit(item_t *item, apr_pool_t *p)
{
    edu_request_t *req = &item->req;
    apr_size_t line =
        strlen(item->method) + strlen(item->url) + sizeof("  HTTP/1.1") - 1;
    int max = req->mount->max_line;
    edu_path_t path;
    apr_status_t rv;

    if (max && line > (apr_size_t)max) {
        return edu_error_set(&item->refusal, EDU_EURITOOLONG, "url", p,
                             "The method and the url make a request line of "
                             "more than %d bytes. Send a shorter url.",
                             max);
    }
    rv = req->admit(item, req, item->method, item->url, &item->refusal, p);
    /* edu_service_run refuses a path that does not exist */
    if (rv || edu__path_parse(&path, req->path, &item->refusal, p)) {
        return rv;
    }
    return edu__admit_canonical(req, &path, &item->refusal, p);
}

/* Before any lock is taken. */
static void prepare(batch_t *batch, item_t *item)
{
    const edu_request_t *req = batch->x->req;
    const json_t *body = json_object_get(item->json, "body");

    item->req = *req;
    item->req.method = item->method;
    item->req.header = item_header;
    item->req.body = item_body;
    item->req.json = json_is_object(body) || json_is_array(body) ? body : NULL;
    item->req.admit = item_admit;
    item->req.gone = req->gone ? item_gone : NULL;
    item->req.nested = 1;
    item->outer = req;
    item->req.baton = item;
    if (!admit(item, batch->x->p)) {
        memset(&item->refusal, 0, sizeof(item->refusal));
        item->reads = edu__service_reads(&item->req, batch->x->p);
    }
}

/* ------------------------------------------------------------------ running */

static item_t *item_at(const batch_t *batch, int i)
{
    return &APR_ARRAY_IDX(batch->items, i, item_t);
}

/* The next request that has its turn together with one, or NULL. */
static item_t *next_of(const batch_t *batch, const item_t *item)
{
    const char *group = item->group;
    item_t *end = item_at(batch, batch->items->nelts);
    item_t *next = (item_t *)item + 1;

    while (next < end &&
           (!group || !next->group || strcmp(next->group, group) != 0)) {
        next++;
    }
    return next < end ? next : NULL;
}

/* Whether something that the item depends on has failed. */
static int is_let_down(const batch_t *batch, const item_t *item)
{
    const json_t *depends = json_object_get(item->json, "dependsOn");
    json_t *id;
    size_t i;

    json_array_foreach((json_t *)depends, i, id)
    {
        if (item_of(batch, json_string_value(id))->res.status >= 400) {
            return 1;
        }
    }
    return 0;
}

/* An answer lasts, and nothing else of its request. */
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

/* In memory of its own: of a batch as of a single request. */
static void serve(item_t *item, apr_pool_t *p)
{
    apr_pool_t *own;

    apr_pool_create(&own, p);
    edu_service_run(&item->res, &item->req, own);
    keep(&item->res, p);
    apr_pool_destroy(own);
}

/* When a request has to be done.  Once a group has written, all that it does
 * keeps others waiting. */
static apr_time_t end_of(const batch_t *batch, const item_t *item)
{
    apr_interval_time_t all = edu__store_timeout(batch->x->req->store);
    apr_time_t end = item->reads ? apr_time_now() + all / READING - batch->read
                                 : batch->since + all / GROUPED;

    return item->group && batch->since && end < batch->until ? end
                                                             : batch->until;
}

/* @param store   of a unit
 * @param failed  another of its group has */
static void run(batch_t *batch, item_t *item, const edu_store_t *store,
                int failed)
{
    apr_pool_t *p = batch->x->p;
    edu_error_t err = item->refusal;
    apr_time_t began = apr_time_now();

    if (!err.status && (failed || is_let_down(batch, item))) {
        edu_error_set(&err, EDU_EDEPENDENCY, NULL, p, NULL);
    }
    if (!err.status && batch->answered > MAX_ANSWERS) {
        edu_error_set(&err, EDU_ETOOMANY, NULL, p,
                      "The answers of this batch have come to %d MiB already. "
                      "Send this request again in another.",
                      MAX_ANSWERS >> 20);
    }
    if (err.status) {
        edu__service_refuse(&item->res, &item->req, &err, p);
    }
    else {
        item->req.store = store;
        item->req.until = end_of(batch, item);
        serve(item, p);
    }
    if (batch->since) {
        batch->read += item->reads ? apr_time_now() - began : 0;
    }
    else if (batch->unit.begun) {
        batch->since = apr_time_now();
    }
    for (int i = 0; i < item->res.body->nelts; i++) {
        batch->answered +=
            APR_ARRAY_IDX(item->res.body, i, struct iovec).iov_len;
    }
}

/* Answers with an error where a turn would have succeeded. */
static void take_back(batch_t *batch, item_t *item, const edu_error_t *err)
{
    for (; item; item = next_of(batch, item)) {
        if (item->res.status < 400) {
            edu__service_refuse(&item->res, &item->req, err, batch->x->p);
        }
    }
}

/* All requests of a group, wherever they stand, or none. */
static void run_group(batch_t *batch, item_t *first)
{
    apr_pool_t *p = batch->x->p;
    edu_unit_t mark;
    edu_error_t err;
    int failed = 0;

    edu__unit_init(&mark, &batch->unit.store, p);
    for (item_t *item = first; item; item = next_of(batch, item)) {
        run(batch, item, &mark.store, failed);
        failed |= item->res.status >= 400;
    }
    if (edu__unit_end(&mark, failed, &err) || failed) {
        edu_error_set(&err, EDU_EDEPENDENCY, NULL, p, NULL);
        take_back(batch, first, &err);
    }
}

static void run_turn(batch_t *batch, item_t *item)
{
    if (item->group) {
        run_group(batch, item);
    }
    else {
        run(batch, item, &batch->unit.store, 0);
    }
}

static void renew(batch_t *batch)
{
    edu__unit_init(&batch->unit, batch->x->req->store, batch->x->p);
    batch->since = batch->read = 0;
}

/* One turn in a transaction of its own. */
static void run_alone(batch_t *batch, item_t *turn)
{
    edu_error_t err;
    apr_status_t rv;
    int tries = 0;

    do {
        renew(batch);
        run_turn(batch, turn);
        rv = edu__unit_end(&batch->unit, 0, &err);
    } while (rv && edu__call_again(&batch->unit, ++tries));
    if (rv) {
        take_back(batch, turn, &err);
    }
}

/* Nothing is acknowledged before it is durable.  If a statement ended the
 * transaction, nothing of it was done, and each turn is taken alone: that may
 * be one's fault.  Of a COMMIT that fails nobody may know.
 * @param end  of the turns that the transaction is of */
static void commit(batch_t *batch, int end)
{
    edu_error_t err;
    apr_status_t rv = edu__unit_end(&batch->unit, 0, &err);
    int broken = batch->unit.broken;

    for (int i = batch->first; rv && i < end; i++) {
        item_t *item = item_at(batch, i);

        if (turn_of(batch, item) == item) {
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

static int reads(const batch_t *batch, const item_t *turn)
{
    int found = 0;

    for (; turn && !found; turn = next_of(batch, turn)) {
        found = turn->reads;
    }
    return found;
}

/* Requests that write one after another share a transaction.  Reading may take
 * long, and others want to write: a request that reads ends it first, unless it
 * is of a group, which has to see what it wrote. */
static void run_all(batch_t *batch)
{
    int n = batch->items->nelts;

    renew(batch);
    for (int i = 0; i < n; i++) {
        item_t *item = item_at(batch, i);

        if (turn_of(batch, item) != item) {
            continue;
        }
        if (reads(batch, item)) {
            commit(batch, i);
        }
        run_turn(batch, item);
        if (batch->unit.broken ||
            (batch->since && apr_time_now() - batch->since >= SHARED)) {
            commit(batch, i + 1);
        }
        else if (!batch->unit.begun) {
            batch->first = i + 1;
        }
    }
    commit(batch, n);
}

/* ------------------------------------------------------------------- answer */

/* Headers on their way into an item's answer. */
typedef struct headers_t {
    json_t *json;
    apr_pool_t *p;
} headers_t;

static int add_header(void *to, const char *name, const char *value)
{
    headers_t *headers = to;

    json_object_set_new(headers->json, name,
                        edu__json_string(value, headers->p));
    return 1;
}

static void append_item(edu_exchange_t *x, const item_t *item)
{
    const edu_response_t *res = &item->res;
    headers_t headers = { edu__json_own(json_object(), x->p), x->p };

    apr_table_do(add_header, &headers, res->headers, NULL);
    edu__append(x, "{\"id\":");
    edu__append(x, edu__json_quote(item->id, x->p));
    edu__append(x,
                apr_psprintf(x->p, ",\"status\":%d,\"headers\":", res->status));
    edu__append(x, edu__json_text(headers.json, x->p));
    if (res->body->nelts && strcmp(item->req.method, "HEAD") != 0) {
        const char *type = apr_table_get(res->headers, "Content-Type");
        const char *text = APR_ARRAY_IDX(res->body, 0, struct iovec).iov_base;

        edu__append(x, ",\"body\":");
        if (strcmp(type, "application/json") == 0) {
            apr_array_cat(x->res->body, res->body);
        }
        else {
            edu__append(x, edu__json_quote(text, x->p));
        }
    }
    edu__append(x, "}");
}

static apr_status_t answer(batch_t *batch)
{
    edu_exchange_t *x = batch->x;

    edu__answer_json(x, 200);
    edu__append(x, "{\"responses\":[");
    for (int i = 0; i < batch->items->nelts; i++) {
        const item_t *item = &APR_ARRAY_IDX(batch->items, i, item_t);

        const edu_error_t *error = &item->res.error;

        edu__append(x, i ? "," : "");
        append_item(x, item);
        /* what failed first is for the log, though the batch did not */
        if (error->detail && (!x->err->status ||
                              (x->err->status < 500 && error->status >= 500))) {
            *x->err = *error;
        }
    }
    edu__append(x, "]}");
    return APR_SUCCESS;
}

apr_status_t edu__batch_run(edu_exchange_t *x)
{
    batch_t batch = { .x = x,
                      .until =
                          apr_time_now() + edu__store_timeout(x->req->store) };
    const json_t *body;
    apr_status_t rv;

    if (!x->req->admit || x->req->nested) {
        return edu_error_set(x->err, EDU_ENOTIMPL, NULL, x->p,
                             "There is no $batch here, nor one in another.");
    }
    rv = edu__read_body(x, &body);
    if (rv || (rv = read_items(&batch, body))) {
        return rv;
    }
    for (int i = 0; i < batch.items->nelts; i++) {
        prepare(&batch, item_at(&batch, i));
    }
    run_all(&batch);
    return answer(&batch);
}
