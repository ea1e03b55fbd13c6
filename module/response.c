/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Answers of the library, and Graph's error document instead of Apache's
 * pages. */

#include "figures.h"

#include <http_core.h>
#include <http_protocol.h>
#include <apr_buckets.h>

#define FLUSH_MAX 8000          /* bytes of a small answer */
#define WHOLE_MAX (1024 * 1024) /* of one that is sent in one piece */

#define SIGNED_IN "edu-outcomes-signed-in" /* a note of the request */

/* A 401 names an authentication scheme (RFC 9110 11.6.1): the configured one,
 * or, if there is none, Bearer, which Graph's clients use. */
static void challenge(request_rec *r)
{
    if (ap_auth_type(r)) {
        ap_note_auth_failure(r);
    }
    else {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", "Bearer");
    }
}

int edum_note_user(request_rec *r)
{
    apr_table_setn(r->notes, SIGNED_IN, "");
    return DECLINED;
}

apr_status_t edum_refuse(edu_error_t *err, request_rec *r, int status)
{
    apr_status_t rv = edu_error_http(err, status);
    int unauthorized = status == HTTP_UNAUTHORIZED;

    if ((unauthorized || status == HTTP_FORBIDDEN) && r->user &&
        apr_table_get(r->notes, SIGNED_IN)) {
        return edu_error_set(err, rv, NULL, r->pool,
                             "You are signed in as '%s', whom this server's "
                             "access rules do not admit here. Ask its "
                             "administrator, or sign in as another user.",
                             edu_utf8(r->user, r->pool));
    }
    if (unauthorized && apr_table_get(r->headers_in, "Authorization")) {
        return edu_error_set(err, rv, NULL, r->pool,
                             "The credentials were not accepted. Check the "
                             "name, the password or the token, and send what "
                             "the WWW-Authenticate header asks for.");
    }
    return rv;
}

static int set_header(void *to, const char *name, const char *value)
{
    apr_table_setn(to, name, value);
    return 1;
}

/* A refusal is for the client; a failure is for the administrator. */
static void log_answer(request_rec *r, const edu_trace_t *trace,
                       const edu_response_t *res)
{
    const edu_error_t *err = &res->error;
    const database_t *database = edum_server_config(r->server)->database;
    int known = err->detail && err->status == HTTP_SERVICE_UNAVAILABLE
                    ? edum_watch_refuses(database)
                    : err->detail && err->status == HTTP_INSUFFICIENT_STORAGE &&
                          !edum_watch_is_full_due(database);

    if (err->status >= 500 && err->detail) {
        ap_log_rerror(APLOG_MARK, known ? APLOG_INFO : APLOG_ERR, 0, r,
                      "EDU0002: %s: %d %s: %s", edum_trace_text(trace, r->pool),
                      err->status, err->code, err->detail);
    }
    else if (err->status) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "EDU0003: %s: refused with %d %s%s%s%s%s",
                      edum_trace_text(trace, r->pool), err->status, err->code,
                      err->target ? " at " : "",
                      err->target ? ap_escape_logitem(r->pool, err->target)
                                  : "",
                      err->detail ? ": " : "", err->detail ? err->detail : "");
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "EDU0004: %s: answered %d",
                      edum_trace_text(trace, r->pool), res->status);
    }
}

/* A small body goes in one piece, for each costs a bucket; a large one is not
 * copied. */
static apr_size_t put_body(apr_bucket_brigade *bb,
                           const apr_array_header_t *body, apr_pool_t *p)
{
    const struct iovec *parts = (const struct iovec *)body->elts;
    struct iovec whole;
    apr_size_t length = 0;
    int n = body->nelts;

    for (int i = 0; i < n; i++) {
        length += parts[i].iov_len;
    }
    if (length <= WHOLE_MAX) {
        whole.iov_base = apr_pstrcatv(p, parts, n, &whole.iov_len);
        parts = &whole;
        n = 1;
    }
    for (int i = 0; i < n; i++) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(parts[i].iov_base,
                                                           parts[i].iov_len, p,
                                                           bb->bucket_alloc));
    }
    return length;
}

static int send_response(request_rec *r, const edu_response_t *res)
{
    apr_table_t *headers =
        ap_is_HTTP_ERROR(res->status) ? r->err_headers_out : r->headers_out;
    apr_bucket_brigade *bb =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_size_t length = 0;

    r->status = res->status;
    apr_table_do(set_header, headers, res->headers, NULL);
    apr_table_unset(headers, "Content-Type"); /* made by httpd */
    if (r->method_number != M_GET || r->header_only) {
        /* else httpd would cut the answer (RFC 9110 14.2) */
        apr_table_unset(r->headers_in, "Range");
        apr_table_unset(r->headers_in, "Request-Range");
    }
    if (res->body->nelts) {
        ap_set_content_type(r, apr_table_get(res->headers, "Content-Type"));
        length = put_body(bb, res->body, r->pool);
    }
    if (length || res->status == HTTP_OK) {
        ap_set_content_length(r, (apr_off_t)length);
    }
    /* httpd would keep a small answer back and look for a further request
     * first: under the event MPM that costs two changes of thread */
    if (length <= FLUSH_MAX) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(bb->bucket_alloc));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    ap_pass_brigade(r->output_filters, bb);
    return OK;
}

int edum_answer(request_rec *r, const edu_trace_t *trace,
                const edu_response_t *res)
{
    log_answer(r, trace, res);
    if (res->error.status) {
        apr_table_setn(r->notes, "EDU_ERROR", res->error.code);
    }
    if (res->status == HTTP_UNAUTHORIZED) {
        challenge(r);
    }
    return send_response(r, res);
}

/* The path of the request, or NULL; of a request line that is too long Apache
 * keeps only the line. */
static const char *asked_for(const request_rec *r)
{
    const char *space =
        r->uri || !r->the_request ? NULL : strchr(r->the_request, ' ');

    return space ? space + 1 : r->uri;
}

/* Whether a refusal that Apache makes by itself is below a mount point.  Apache
 * makes some before the <Location> is known. */
static int is_ours(const request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);
    const apr_array_header_t *mounts = edum_server_config(r->server)->mounts;
    const char *path = asked_for(r);

    for (int i = 0; conf->enabled == UNSET && path && i < mounts->nelts; i++) {
        if (edum_is_below(path, APR_ARRAY_IDX(mounts, i, const char *))) {
            return 1;
        }
    }
    return conf->enabled == 1;
}

void edum_insert_error_filter(request_rec *r)
{
    if (ap_is_HTTP_ERROR(r->status) && is_ours(r)) {
        ap_add_output_filter(EDUM_ERROR_FILTER, NULL, r, r->connection);
    }
}

apr_status_t edum_error_filter(ap_filter_t *f, apr_bucket_brigade *page)
{
    request_rec *r = f->r;
    apr_bucket_brigade *bb;
    edu_error_t err;
    edu_trace_t trace;
    const char *doc;

    apr_brigade_cleanup(page);
    if (f->ctx) {
        return APR_SUCCESS;
    }
    f->ctx = f;
    edum_refuse(&err, r, r->status);
    edum_trace_init(&trace, r);
    doc = edu_error_document(&err, &trace, r->pool);
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, strlen(doc));
    apr_table_setn(r->headers_out, "request-id", trace.request_id);
    apr_table_setn(r->headers_out, "Cache-Control", EDU_CACHE_CONTROL);
    apr_table_setn(r->headers_out, "X-Content-Type-Options",
                   EDU_CONTENT_TYPE_OPTIONS);
    ap_log_rerror(APLOG_MARK, r->status >= 500 ? APLOG_ERR : APLOG_INFO, 0, r,
                  "EDU0005: %s: Apache refused with %d",
                  edum_trace_text(&trace, r->pool), r->status);
    bb = apr_brigade_create(r->pool, f->c->bucket_alloc);
    apr_brigade_puts(bb, NULL, NULL, doc);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return ap_pass_brigade(f->next, bb);
}
