/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The life of a request: caller, path, method, headers, verb. */

#include "edu_private.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#define RETRY_AFTER "1" /* seconds, with a 503 */

#define JSON "application/json"

/* What can be done to what.  HEAD goes with GET, OPTIONS with everything. */
/* clang-format off */
static const struct verb_t {
    edu_resource_e at;
    const char *method;
    int options; /* EDU_OF_* */
    const char *type;
    edu_verb_fn *run;
} verbs[] = {
    { EDU_AT_BATCH,          "POST",   0,
      JSON, edu__batch_run },
    { EDU_AT_OUTCOMES,       "GET",    EDU_OF_COLLECTION,
      JSON, edu__outcome_list },
    { EDU_AT_OUTCOMES,       "POST",   EDU_OF_ENTITY,
      JSON, edu__outcome_create },
    { EDU_AT_OUTCOMES_REF,   "POST",   EDU_OF_ENTITY,
      JSON, edu__outcome_create },
    { EDU_AT_OUTCOMES_COUNT, "GET",    EDU_OF_COUNT,
      "text/plain", edu__outcome_count },
    { EDU_AT_OUTCOME,        "GET",    EDU_OF_ENTITY,
      JSON, edu__outcome_get },
    { EDU_AT_OUTCOME,        "PATCH",  EDU_OF_ENTITY,
      JSON, edu__outcome_update },
    { EDU_AT_OUTCOME,        "DELETE", 0,
      JSON, edu__outcome_delete }
};
/* clang-format on */

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

const char *edu__header(const edu_exchange_t *x, const char *name)
{
    return x->req->header(x->req->baton, name);
}

void edu__append(edu_exchange_t *x, const char *text)
{
    struct iovec *part = apr_array_push(x->res->body);

    part->iov_base = (void *)text;
    part->iov_len = strlen(text);
}

void edu__answer_json(edu_exchange_t *x, int status)
{
    x->res->status = status;
    apr_table_setn(x->res->headers, "Content-Type", JSON);
}

static const struct verb_t *verb_of(edu_resource_e at, const char *method)
{
    if (strcmp(method, "HEAD") == 0) {
        method = "GET";
    }
    for (apr_size_t i = 0; i < VERBS; i++) {
        if (verbs[i].at == at && strcmp(verbs[i].method, method) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

/* The methods of a resource for an Allow header, or NULL: it takes none. */
static const char *allowed(edu_resource_e at, apr_pool_t *p)
{
    const char *list = NULL;

    for (apr_size_t i = 0; i < VERBS; i++) {
        if (verbs[i].at == at) {
            list = apr_pstrcat(
                p, list ? list : "", list ? ", " : "", verbs[i].method,
                strcmp(verbs[i].method, "GET") ? "" : ", HEAD", NULL);
        }
    }
    return list ? apr_pstrcat(p, list, ", OPTIONS", NULL) : NULL;
}

/* Where there is no such verb: what there is, if anything. */
static apr_status_t answer_allow(edu_exchange_t *x)
{
    const char *allow = allowed(x->path.at, x->p);

    if (!allow) {
        return edu_error_set(x->err, EDU_ENOTFOUND, NULL, x->p, NULL);
    }
    apr_table_setn(x->res->headers, "Allow", allow);
    if (strcmp(x->req->method, "OPTIONS") != 0) {
        return edu_error_set(x->err, EDU_EMETHOD, NULL, x->p,
                             "This resource takes %s only.", allow);
    }
    x->res->status = 200;
    return APR_SUCCESS;
}

static apr_status_t dispatch(edu_exchange_t *x)
{
    const edu_request_t *req = x->req;
    const char *accept = edu__header(x, "Accept");
    const struct verb_t *verb;
    apr_status_t rv;

    if (!req->caller->authenticated && !req->mount->anonymous) {
        return edu_error_set(x->err, EDU_EUNAUTHORIZED, NULL, x->p, NULL);
    }
    rv = edu__path_parse(&x->path, req->path, x->err, x->p);
    if (rv) {
        return rv;
    }
    verb = verb_of(x->path.at, req->method);
    if (!verb) {
        return answer_allow(x);
    }
    if (accept && !edu__header_accepts(accept, JSON, x->p) &&
        !edu__header_accepts(accept, verb->type, x->p)) {
        return edu_error_set(x->err, EDU_EACCEPT, "Accept", x->p, NULL);
    }
    rv = edu__query_parse(&x->query, req->query, verb->options,
                          req->mount->dialect, x->err, x->p);
    return rv ? rv : verb->run(x);
}

/* OData 4.0 unless the client asks for 4.01 (OData protocol 8.2.6). */
static void common_headers(edu_exchange_t *x)
{
    const char *version = edu__header(x, "OData-MaxVersion");

    apr_table_setn(x->res->headers, "OData-Version",
                   version && strcmp(version, "4.01") == 0 ? "4.01" : "4.0");
    /* grades belong to one reader, and change */
    apr_table_setn(x->res->headers, "Cache-Control", "private, no-cache");
    apr_table_setn(x->res->headers, "request-id", x->req->trace->request_id);
    if (x->req->trace->client_request_id) {
        apr_table_setn(x->res->headers, "client-request-id",
                       x->req->trace->client_request_id);
    }
}

static void answer_error(edu_exchange_t *x)
{
    edu__answer_json(x, x->err->status);
    apr_table_unset(x->res->headers, "ETag");
    apr_table_unset(x->res->headers, "Location");
    if (x->err->status == 503) {
        apr_table_setn(x->res->headers, "Retry-After", RETRY_AFTER);
    }
    apr_array_clear(x->res->body);
    edu__append(x, edu_error_document(x->err, x->req->trace, x->p));
}

static edu_exchange_t begin(edu_response_t *res, const edu_request_t *req,
                            apr_pool_t *p)
{
    edu_exchange_t x = { .req = req, .res = res, .err = &res->error, .p = p };

    memset(res, 0, sizeof(*res));
    res->headers = apr_table_make(p, 8);
    res->body = apr_array_make(p, 8, sizeof(struct iovec));
    common_headers(&x);
    return x;
}

void edu__service_refuse(edu_response_t *res, const edu_request_t *req,
                         const edu_error_t *err, apr_pool_t *p)
{
    edu_exchange_t x = begin(res, req, p);

    res->error = *err;
    answer_error(&x);
}

void edu_service_run(edu_response_t *res, const edu_request_t *req,
                     apr_pool_t *p)
{
    edu_exchange_t x = begin(res, req, p);

    if (dispatch(&x)) {
        answer_error(&x);
    }
}
