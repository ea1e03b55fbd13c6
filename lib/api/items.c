/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The requests of a batch: what they are, and what each may do. */

#include "batch.h"

#include <apr_lib.h>
#include <apr_strings.h>

edu_item_t *edu__batch_at(const edu_batch_t *batch, int i)
{
    return &APR_ARRAY_IDX(batch->items, i, edu_item_t);
}

static apr_status_t fault(const edu_batch_t *batch, int index,
                          const char *member, const char *says)
{
    return edu_error_set(batch->x->err, EDU_EBADREQUEST,
                         apr_psprintf(batch->x->p, "requests/%d%s%s", index,
                                      member ? "/" : "", member ? member : ""),
                         batch->x->p, "%s", says);
}

edu_item_t *edu__batch_item(const edu_batch_t *batch, const char *id)
{
    for (int i = 0; i < batch->items->nelts; i++) {
        edu_item_t *item = &APR_ARRAY_IDX(batch->items, i, edu_item_t);

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

/* A group is run at the place of its first member. */
const edu_item_t *edu__batch_first(const edu_batch_t *batch,
                                   const edu_item_t *item)
{
    const edu_item_t *first = (const edu_item_t *)batch->items->elts;

    while (item->group &&
           (!first->group || strcmp(first->group, item->group) != 0)) {
        first++;
    }
    return item->group ? first : item;
}

/* dependsOn may name only requests that are run before: earlier ones, outside
 * of its group or in it.  So requests are run in the order in which they were
 * sent. */
static apr_status_t check_dependencies(const edu_batch_t *batch,
                                       edu_item_t *item, int index)
{
    const json_t *depends = json_object_get(item->json, "dependsOn");
    json_t *id;
    size_t i;

    if (depends && !json_is_array(depends)) {
        return fault(batch, index, "dependsOn",
                     "'dependsOn' has to be an array of ids.");
    }
    json_array_foreach((json_t *)depends, i, id)
    {
        const edu_item_t *on =
            json_is_string(id) ? edu__batch_item(batch, json_string_value(id))
                               : NULL;

        if (!on || on == item ||
            (on >= edu__batch_first(batch, item) &&
             edu__batch_first(batch, on) != edu__batch_first(batch, item))) {
            return fault(batch, index, "dependsOn",
                         "'dependsOn' may name only requests before this one, "
                         "and before its atomicityGroup.");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_headers(const edu_batch_t *batch, edu_item_t *item,
                                 int index)
{
    const json_t *headers = json_object_get(item->json, "headers");
    const char *name;
    json_t *value;
    int fine = !headers || json_is_object(headers);

    item->headers = apr_table_make(batch->x->p, 4);
    json_object_foreach((json_t *)headers, name, value)
    {
        fine = fine && json_is_string(value);
        if (fine) {
            apr_table_addn(item->headers, name, json_string_value(value));
        }
    }
    return fine ? APR_SUCCESS
                : fault(batch, index, "headers",
                        "'headers' has to be an object of strings.");
}

/* The method of a request in a $batch is case-insensitive (OData JSON 4.01,
 * 19.1). */
static const char *upper(const char *s, apr_pool_t *p)
{
    char *upper = apr_pstrdup(p, s);

    for (char *c = upper; *c; c++) {
        *c = apr_toupper(*c);
    }
    return upper;
}

static apr_status_t read_item(edu_batch_t *batch, int index, const json_t *json)
{
    const json_t *group = json_object_get(json, "atomicityGroup");
    const char *id = text_of(json, "id");
    apr_status_t rv;
    edu_item_t *item;

    if (!id || edu__batch_item(batch, id)) {
        return fault(
            batch, index, "id",
            "'id' has to be a string that no other request of the $batch has.");
    }
    if (!text_of(json, "method") || !text_of(json, "url")) {
        return fault(batch, index, text_of(json, "method") ? "url" : "method",
                     "'method' and 'url' have to be strings.");
    }
    if (group && !json_is_string(group)) {
        return fault(batch, index, "atomicityGroup",
                     "'atomicityGroup' has to be a string.");
    }
    item = apr_array_push(batch->items);
    memset(item, 0, sizeof(*item));
    item->id = id;
    item->group = json_string_value(group);
    item->json = json;
    item->method = upper(text_of(json, "method"), batch->x->p);
    item->url = text_of(json, "url");
    rv = read_headers(batch, item, index);
    return rv ? rv : check_dependencies(batch, item, index);
}

apr_status_t edu__batch_read(edu_batch_t *batch, const json_t *body)
{
    const json_t *requests = json_object_get(body, "requests");
    int max = batch->x->req->mount->batch_max;
    apr_status_t rv = APR_SUCCESS;
    json_t *json;
    size_t i;

    if (!json_is_array(requests) || json_array_size(requests) == 0) {
        return edu_error_set(batch->x->err, EDU_EBADREQUEST, "requests",
                             batch->x->p,
                             "The body of a $batch has to be {\"requests\": "
                             "[…]} with at least one request.");
    }
    if (json_array_size(requests) > (size_t)max) {
        return edu_error_set(batch->x->err, EDU_EBADREQUEST, "requests",
                             batch->x->p,
                             "A $batch may have at most %d requests here. Send "
                             "the others in another.",
                             max);
    }
    /* items are pointed to: the array must not move */
    batch->items = apr_array_make(batch->x->p, max, sizeof(edu_item_t));
    json_array_foreach(requests, i, json)
    {
        rv = rv ? rv : read_item(batch, (int)i, json);
    }
    return rv;
}

/* ----------------------------------------------------------------- requests */

/* A header of the item.  Those of the $batch are not inherited, but the origin
 * is always that of the $batch. */
static const char *item_header(void *baton, const char *name)
{
    const edu_item_t *item = baton;

    return strcmp(name, "Origin") == 0 || strcmp(name, "Sec-Fetch-Site") == 0
               ? item->outer->header(item->outer->baton, name)
               : apr_table_get(item->headers, name);
}

static apr_status_t item_body(void *baton, const char **data, apr_size_t *len,
                              apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    const edu_item_t *item = baton;
    const json_t *body = json_object_get(item->json, "body");

    (void)max;
    (void)err;
    *data = !body ? ""
            : json_is_string(body) &&
                    edu__http_is_text(item_header(baton, "Content-Type"), p)
                ? json_string_value(body)
                : edu__json_text(body, p);
    *len = strlen(*data);
    return APR_SUCCESS;
}

static apr_status_t item_admit(void *baton, edu_request_t *other,
                               const char *method, const char *url,
                               edu_error_t *err, apr_pool_t *p)
{
    const edu_item_t *item = baton;

    return item->outer->admit(item->outer->baton, other, method, url, err, p);
}

static int item_gone(void *baton)
{
    const edu_item_t *item = baton;

    return item->outer->gone(item->outer->baton);
}

/* The url of an item from its path on: it may be absolute, if it names this
 * server. @return NULL: it names another */
static const char *local(const edu_item_t *item, apr_pool_t *p)
{
    apr_size_t scheme = strcspn(item->url, "/?#"), len;

    if (scheme < 2 || strncmp(item->url + scheme - 1, "://", 3) != 0) {
        return item->url;
    }
    len = scheme + 2 + strcspn(item->url + scheme + 2, "/?#");
    return edu__http_is_origin(apr_pstrmemdup(p, item->url, len),
                               item->req.base)
               ? item->url + len
               : NULL;
}

/* Applies the server's rules to the item, by any spelling of its path, and its
 * limit of a request line. */
static apr_status_t admit(edu_item_t *item, apr_pool_t *p)
{
    edu_request_t *req = &item->req;
    apr_size_t line =
        strlen(item->method) + strlen(item->url) + sizeof("  HTTP/1.1") - 1;
    const char *url = local(item, p);
    int max = req->mount->max_line;
    edu_path_t path;
    apr_status_t rv;

    if (max && line > (apr_size_t)max) {
        return edu_error_set(&item->refusal, EDU_EURITOOLONG, "url", p,
                             "The method and the url make a request line of "
                             "more than %d bytes. Send a shorter url.",
                             max);
    }
    if (!url) {
        return edu_error_set(&item->refusal, EDU_EBADREQUEST, "url", p,
                             "The url names another server. Send a path, or a "
                             "URL below %s.",
                             req->base);
    }
    rv = req->admit(item, req, item->method, url, &item->refusal, p);
    /* edu__dispatch refuses a path that does not exist */
    if (rv || edu__path_parse(&path, req->path, &item->refusal, p)) {
        return rv;
    }
    item->path = path;
    req->says = &item->path;
    rv = edu__admit_canonical(req, &item->path, &item->refusal, p);
    item->reads = !rv && edu__dispatch_reads(&item->path, req->method);
    return rv;
}

/* Called before any lock is taken. */
void edu__batch_prepare(edu_batch_t *batch, edu_item_t *item)
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
    item->req.reads =
        req->reads ? apr_array_make(batch->x->p, 2, sizeof(edu_read_t)) : NULL;
    item->req.nested = 1;
    item->outer = req;
    item->req.baton = item;
    if (!admit(item, batch->x->p)) {
        memset(&item->refusal, 0, sizeof(item->refusal));
    }
}
