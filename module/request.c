/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Requests, as the library sees them and asks for more of them. */

#include "mod_edu.h"

#include <http_core.h>
#include <http_protocol.h>
#include <apr_buckets.h>
#include <apr_portable.h>

#include <poll.h>

#define DEFAULT_MAX_BODY (4 * 1024 * 1024) /* as Graph (decisions.md 3) */
#define DEFAULT_BATCH_MAX 20               /* as Graph (contract.md 6) */
#define DEFAULT_MAX_EXPRESSION 1000
#define DEFAULT_MAX_VALUES 100000
#define DEFAULT_REPEATABLE 86400 /* seconds */

const char *edum_header(void *baton, const char *name)
{
    const request_rec *r = baton;

    return apr_table_get(r->headers_in, name);
}

void edum_trace_init(edu_trace_t *trace, request_rec *r)
{
    edu_trace_init(trace, edum_header(r, "client-request-id"),
                   edum_header(r, "traceparent"), r->pool);
    apr_table_setn(r->notes, "EDU_REQUEST_ID", trace->request_id);
    if (trace->parent) {
        apr_table_setn(r->notes, "EDU_TRACEPARENT", trace->parent);
    }
}

const char *edum_trace_text(const edu_trace_t *trace, apr_pool_t *p)
{
    return apr_pstrcat(p, "request-id ", trace->request_id,
                       trace->parent ? ", traceparent " : NULL, trace->parent,
                       NULL);
}

static apr_status_t too_large(apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ETOOLARGE, "body", p,
                         "The request body is larger than the %" APR_OFF_T_FMT
                         " bytes that are taken here.",
                         max);
}

/* The number that Content-Length announces, or 0. */
static apr_off_t announced(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length = 0;

    return text && !apr_strtoff(&length, text, NULL, 10) ? length : 0;
}

/* A filter that refuses a body may have answered by itself. */
static apr_status_t break_off(request_rec *r, apr_status_t rv, edu_error_t *err)
{
    if (rv == AP_FILTER_ERROR) {
        apr_table_setn(r->notes, EDUM_ANSWERED, "");
    }
    return edu_error_http(err, ap_map_http_request_error(rv, HTTP_BAD_REQUEST));
}

/* The part of a body that has been read. */
typedef struct body_t {
    char *data;
    apr_size_t len, size; /* allocated */
} body_t;

/* Doubles the buffer, so that no more bytes are copied than are read. */
static void grow(body_t *body, apr_size_t len, apr_pool_t *p)
{
    apr_size_t size = body->size * 2 > len ? body->size * 2 : len;
    char *data;

    if (body->size >= len) {
        return;
    }
    data = apr_palloc(p, size);
    memcpy(data, body->data, body->len);
    body->data = data;
    body->size = size;
}

/* Adds the bytes of a brigade, and empties it: a bucket takes more memory than
 * the few bytes that may be in it. */
static apr_status_t take_part(body_t *body, request_rec *r,
                              apr_bucket_brigade *part, apr_off_t max,
                              edu_error_t *err, apr_pool_t *p)
{
    apr_off_t length = 0;
    apr_size_t room;
    apr_status_t rv = apr_brigade_length(part, 1, &length);

    if (!rv && (apr_off_t)body->len + length > max) {
        return too_large(max, err, p);
    }
    if (!rv) {
        grow(body, body->len + (apr_size_t)length, p);
        room = body->size - body->len;
        rv = apr_brigade_flatten(part, body->data + body->len, &room);
        body->len += room;
    }
    apr_brigade_cleanup(part);
    return rv ? break_off(r, rv, err) : APR_SUCCESS;
}

apr_status_t edum_body(void *baton, const char **data, apr_size_t *len,
                       apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    request_rec *r = baton;
    apr_bucket_brigade *part =
        apr_brigade_create(p, r->connection->bucket_alloc);
    apr_off_t size = announced(r);
    body_t body = { .size = size > 0 ? (apr_size_t)size : HUGE_STRING_LEN };
    apr_status_t rv = APR_SUCCESS;
    int ended = 0;

    if (size > max) {
        return too_large(max, err, p);
    }
    body.data = apr_palloc(p, body.size);
    while (!rv && !ended) {
        rv = ap_get_brigade(r->input_filters, part, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv) {
            return break_off(r, rv, err);
        }
        ended = !APR_BRIGADE_EMPTY(part) &&
                APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(part));
        rv = take_part(&body, r, part, max, err, p);
    }
    *data = body.data;
    *len = body.len;
    return rv;
}

static const edu_mount_t *mount_of(const request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);
    int repeatable = edum_server_config(r->server)->repeatable;
    edu_mount_t *mount = apr_pcalloc(r->pool, sizeof(*mount));

    mount->dialect = conf->dialect == UNSET ? EDU_DIALECT_V1_0 : conf->dialect;
    mount->rules_alone = conf->rules_alone == 1;
    mount->anonymous = conf->anonymous == 1;
    mount->writes = edum_writes(conf, r->pool);
    mount->require_if_match = conf->require_if_match == 1;
    mount->registered = conf->registered == 1;
    mount->public_documents = conf->public_documents == 1;
    mount->batch_max =
        conf->batch_max == UNSET ? DEFAULT_BATCH_MAX : conf->batch_max;
    mount->max_body =
        conf->max_body == UNSET ? DEFAULT_MAX_BODY : conf->max_body;
    mount->max_sent = ap_get_limit_req_body(r);
    mount->max_line = r->server->limit_req_line;
    mount->max_values =
        conf->max_values == UNSET ? DEFAULT_MAX_VALUES : conf->max_values;
    mount->max_expression = conf->max_expression == UNSET
                                ? DEFAULT_MAX_EXPRESSION
                                : conf->max_expression;
    mount->log_reads = conf->log_reads == 1;
    mount->repeatable = repeatable == UNSET ? DEFAULT_REPEATABLE : repeatable;
    /* an authenticated user has a name */
    mount->trust_stamps = conf->trust_stamps == 1 && r->user;
    mount->origins = conf->origins;
    return mount;
}

/* A token lists permissions for a user, or, if it has none, for an application
 * (Graph's scp and roles).  One for a user never makes an application. */
static void read_scopes(edu_caller_t *caller, request_rec *r,
                        const dir_config_t *conf)
{
    const char *scopes = edum_expression_text(r, conf->scopes, NULL);
    const char *roles =
        scopes ? NULL : edum_expression_text(r, conf->app_roles, NULL);

    if (scopes || roles) {
        caller->scopes = edu_scopes_read(scopes ? scopes : roles, !scopes);
        caller->app = !scopes && caller->scopes;
    }
    else if (!conf->scopes && !conf->app_roles) {
        caller->scopes = EDU_SCOPES_ANY;
    }
}

const edu_caller_t *edum_caller(request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);
    edu_caller_t *caller = apr_pcalloc(r->pool, sizeof(*caller));

    caller->authenticated = r->user != NULL;
    caller->user_id = edum_expression_text(r, conf->user_id, r->user);
    caller->user_name = edum_expression_text(r, conf->user_name, NULL);
    caller->application = edum_expression_text(r, conf->application, NULL);
    caller->address = r->useragent_ip;
    caller->admin = edum_expression_holds(r, conf->admin);
    caller->teacher = edum_expression_holds(r, conf->teacher);
    read_scopes(caller, r, conf);
    return caller;
}

int edum_is_below(const char *uri, const char *mount)
{
    apr_size_t len = strlen(mount);

    return strncmp(uri, mount, len) == 0 &&
           (uri[len] == '/' || uri[len] == '\0');
}

const char *edum_class(const request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);

    return conf->enabled == 1 && conf->mount &&
                   edum_is_below(r->uri, conf->mount)
               ? edu_class_of(r->uri + strlen(conf->mount), r->pool)
               : NULL;
}

/* Whether a request came by the canonical URL of its path: without needless
 * encoding, normalization or rewriting.  Some rules see the URL. */
static int is_plain(const request_rec *r)
{
    /* most paths have only characters that ap_escape_uri keeps */
    apr_size_t len = strspn(r->uri, "abcdefghijklmnopqrstuvwxyz"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789$-_.+!*'(),:@&=/~");
    const char *url = r->uri[len] ? ap_escape_uri(r->pool, r->uri) : r->uri;

    len = strlen(url);
    return strncmp(r->unparsed_uri, url, len) == 0 &&
           (r->unparsed_uri[len] == '?' || r->unparsed_uri[len] == '\0');
}

void edum_describe(edu_request_t *req, request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);

    req->method = r->method;
    req->path = r->uri + strlen(conf->mount);
    req->query = r->args;
    req->mount = mount_of(r);
    req->caller = edum_caller(r);
    req->rewritten = !is_plain(r);
}

int edum_is_gone(void *baton)
{
    const request_rec *r = baton;
    conn_rec *c = r->connection;
    apr_socket_t *socket = c->master ? NULL : ap_get_conn_socket(c);
    struct pollfd pfd = { .events = POLLRDHUP };

    if (c->aborted || !socket || apr_os_sock_get(&pfd.fd, socket)) {
        return c->aborted;
    }
    return poll(&pfd, 1, 0) == 1 &&
           (pfd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
