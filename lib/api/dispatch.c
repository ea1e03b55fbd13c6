/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A request is led to its verb: caller, path, method, headers. */

#include "verbs.h"
#include "negotiate.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* A part of a resource is read by the resource's GET, and only read. */
static int is_part(const edu_path_t *path)
{
    return path->legs || path->cast;
}

static const edu_route_t *route_of(const edu_path_t *path, const char *method)
{
    const char *as = strcmp(method, "HEAD") == 0 ? "GET" : method;

    return path->query || (is_part(path) && strcmp(as, "GET") != 0)
               ? NULL
               : edu__route_of(path->resource, as);
}

/* Whether a POST asks for what a GET of its path's resource gives. */
static int is_query(const edu_path_t *path, const char *method)
{
    return path->query && strcmp(method, "POST") == 0;
}

int edu__dispatch_reads(const edu_path_t *path, const char *method)
{
    const edu_route_t *route = route_of(path, method);

    return path->query ? is_query(path, method)
                       : route && strcmp(route->method, "GET") == 0;
}

/* The methods of a resource for an Allow header, or NULL: it takes none. */
static const char *allowed(const edu_path_t *path, apr_pool_t *p)
{
    const char *list = NULL;

    if (path->query || is_part(path)) {
        return path->query ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    }

    for (const edu_route_t *route = edu__routes; route->method; route++) {
        if (route->resource == path->resource) {
            list = apr_pstrcat(
                p, list ? list : "", list ? ", " : "", route->method,
                strcmp(route->method, "GET") ? "" : ", HEAD", NULL);
        }
    }
    return list ? apr_pstrcat(p, list, ", OPTIONS", NULL) : NULL;
}

/* What follows a path where a method is taken that its own resource does not
 * take: an id, $ref; or NULL. */
static const char *beyond(const edu_exchange_t *x, const char *method)
{
    const edu_node_t *node = edu__nodes;

    while (node->resource != EDU_RES_ROOT &&
           (node->from != x->path.resource ||
            (node->name && strcmp(node->name, "$ref") != 0) ||
            !edu__route_of(node->resource, method))) {
        node++;
    }
    return node->resource == EDU_RES_ROOT ? NULL
           : node->name                   ? node->name
                                          : "{id}";
}

/* Where to send a method that the resource does not take, or what to send in
 * place. */
static const char *instead(edu_exchange_t *x, const char *allow)
{
    const char *method = x->req->method, *tunnel = edu__negotiate_tunnel(x);
    const char *to = beyond(x, method);

    if (tunnel) {
        return apr_pstrcat(x->p, " Send the method itself: ", tunnel,
                           " is not supported.", NULL);
    }
    if (strcmp(method, "PUT") == 0 && strstr(allow, "PATCH")) {
        return " Change it by PATCH.";
    }
    if (to) {
        return apr_psprintf(x->p, " %s goes to this path with /%s behind it.",
                            method, to);
    }
    to = strcmp(method, "POST") == 0 ? beyond(x, "PUT") : NULL;
    if (!to && strcmp(method, "POST") == 0 && strstr(allow, "PATCH")) {
        return " Change it by PATCH.";
    }
    return to ? apr_psprintf(x->p,
                             " Create one by PUT: this path with /%s "
                             "behind it.",
                             to)
              : "";
}

/* Without such a method: Allow lists the others, if there are any. */
static apr_status_t answer_allow(edu_exchange_t *x)
{
    const char *allow = allowed(&x->path, x->p);

    if (!allow) {
        return edu_error_set(x->err, EDU_ENOTFOUND, NULL, x->p,
                             "There is no resource at this path itself. Go on "
                             "with%s.",
                             edu__path_steps(x->path.resource, x->p));
    }
    apr_table_setn(x->res->headers, "Allow", allow);
    if (strcmp(x->req->method, "OPTIONS") != 0) {
        return edu_error_set(x->err, EDU_EMETHOD, NULL, x->p,
                             "This resource takes %s only.%s", allow,
                             instead(x, allow));
    }
    x->res->status = 200;
    return APR_SUCCESS;
}

static int writes(const edu_exchange_t *x)
{
    return strcmp(x->route->method, "GET") != 0;
}

/* Whether the mount takes changes.  A $batch may read: those of its requests
 * are refused that write. */
static apr_status_t check_writes(edu_exchange_t *x)
{
    const edu_writes_e take = x->req->mount->writes;

    return take == EDU_WRITES_TAKEN || !writes(x) ||
                   x->path.resource == EDU_RES_BATCH
               ? APR_SUCCESS
           : take == EDU_WRITES_PAUSED
               ? edu_error_set(x->err, EDU_EPAUSED, NULL, x->p, NULL)
               : edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                               "This service can only be read: its "
                               "administrator has switched changes off "
                               "(EduOutcomesReadOnly).");
}

/* A browser sends its user's credentials with a request of any page, but says
 * whose page it is (Fetch 3.1; Fetch Metadata 2.3); other clients do not. */
static apr_status_t check_site(edu_exchange_t *x)
{
    const char *origin = edu__header(x, "Origin");
    const char *site = edu__header(x, "Sec-Fetch-Site");
    const char *alien = NULL;

    if (!writes(x) ||
        (origin && edu_is_among_origins(origin, x->req->mount->origins))) {
        return APR_SUCCESS;
    }
    if (origin && !edu__http_is_origin(origin, x->req->base)) {
        alien = "Origin";
    }
    else if (site && strcmp(site, "same-origin") && strcmp(site, "none")) {
        alien = "Sec-Fetch-Site";
    }
    return alien ? edu_error_set(
                       x->err, EDU_EFORBIDDEN, alien, x->p,
                       "%s names another site. Only pages of this server and "
                       "of the origins in EduOutcomesAllowOrigin may write.",
                       alien)
                 : APR_SUCCESS;
}

/* Browsers send forms of other sites' pages without a preflight, also to an
 * action, which reads no body. */
static apr_status_t check_form(edu_exchange_t *x)
{
    return edu__http_is_form(edu__header(x, "Content-Type"), x->p)
               ? edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                               "A form of another site can send this media "
                               "type, so it is not accepted. Send "
                               "application/json, or no Content-Type if there "
                               "is no body.")
               : APR_SUCCESS;
}

static apr_status_t check_condition(edu_exchange_t *x, const char *name)
{
    const char *field = edu__header(x, name);

    return field && edu__http_names(field, "", 0) < 0
               ? edu_error_set(x->err, EDU_EBADREQUEST, name, x->p,
                               "%s has to be * alone, or a list of entity tags "
                               "in quotes, such as \"0005fa11\", \"0005fa12\".",
                               name)
               : APR_SUCCESS;
}

/* Refuses by headers alone, before anything is read. */
static apr_status_t check_headers(edu_exchange_t *x)
{
    apr_status_t rv = writes(x) ? check_form(x) : APR_SUCCESS;

    rv = rv ? rv : edu__negotiate_protocol(x);
    rv = rv ? rv : check_condition(x, "If-Match");
    return rv ? rv : check_condition(x, "If-None-Match");
}

static int options_of(const edu_exchange_t *x)
{
    return !x->path.legs                    ? x->route->options
           : x->path.part == EDU_PART_VALUE ? EDU_OF_PROPERTY
                                            : EDU_OF_NOTHING;
}

/* Prepares the exchange for its verb. */
static apr_status_t prepare(edu_exchange_t *x)
{
    const edu_set_t *set = x->route->set;
    int unknowns = edu__negotiate_unknowns(x);
    apr_status_t rv;

    x->set = set;
    if (set) {
        x->query =
            (edu_query_t){ .type = x->path.cast ? x->path.cast : set->type,
                           .set = set,
                           .notes = edu__is_placed(x) ? edu__places : NULL,
                           .dialect = x->req->mount->dialect,
                           .unknowns = unknowns,
                           .most_parts = x->req->mount->max_expression };
    }
    rv =
        edu__query_parse(&x->query, x->req->query, options_of(x), x->err, x->p);
    if (set && (set->evolves || x->query.expands)) {
        apr_table_setn(x->res->headers, "Vary", "Prefer");
        if (unknowns) {
            edu__negotiate_applied(x, EDU_UNKNOWNS, "");
        }
    }
    else {
        x->query.unknowns = 0;
    }
    if (rv || (rv = edu__negotiate_format(x)) || (rv = edu__check_query(x))) {
        return rv;
    }
    edu__negotiate_prefer(x);
    return APR_SUCCESS;
}

/* What is wrong with a body, said once the caller has access. */
typedef struct fault_t {
    apr_status_t rv;
    edu_error_t err;
} fault_t;

/* Makes a POST to $query the GET that it stands for. */
static apr_status_t ask(edu_exchange_t *x, edu_request_t *req, fault_t *fault)
{
    fault->rv = edu__negotiate_query(x, &req->query);
    fault->err = *x->err;
    memset(x->err, 0, sizeof(*x->err));
    x->path.query = 0;
    return edu__admit_read(req, &x->path, x->err, x->p);
}

static apr_status_t read_path(edu_exchange_t *x)
{
    if (!x->req->says) {
        return edu__path_parse(&x->path, x->req->path, x->err, x->p);
    }
    x->path = *x->req->says;
    return APR_SUCCESS;
}

/* Finds what is to run, with all that keeps it from running.
 * @param verb  out: NULL: the request is answered
 * @param req   that of x */
static apr_status_t find(const edu_verb_t **verb, edu_exchange_t *x,
                         edu_request_t *req)
{
    fault_t fault = { .rv = APR_SUCCESS };
    apr_status_t rv = req->nested ? edu__go_on(x) : APR_SUCCESS;

    *verb = NULL;
    if (rv || (rv = edu__check_caller(req, x->err, x->p)) ||
        (rv = read_path(x)) ||
        (rv = edu__admit_canonical(req, &x->path, x->err, x->p))) {
        return rv;
    }
    if (is_query(&x->path, req->method) && (rv = ask(x, req, &fault))) {
        return rv;
    }
    x->route = route_of(&x->path, req->method);
    if (!x->route) {
        return answer_allow(x);
    }
    *verb = &edu__verbs[x->route - edu__routes];
    if ((rv = check_site(x)) || (rv = edu__access_begin(x)) ||
        (rv = check_writes(x)) || (rv = check_headers(x))) {
        return rv;
    }
    if (fault.rv) {
        *x->err = fault.err;
        return fault.rv;
    }
    return prepare(x);
}

static void common_headers(edu_exchange_t *x)
{
    apr_table_setn(x->res->headers, "OData-Version", edu__negotiate_version(x));
    apr_table_setn(x->res->headers, "Cache-Control", EDU_CACHE_CONTROL);
    apr_table_setn(x->res->headers, "X-Content-Type-Options",
                   EDU_CONTENT_TYPE_OPTIONS);
    apr_table_setn(x->res->headers, "request-id", x->req->trace->request_id);
    if (x->req->trace->client_request_id) {
        apr_table_setn(x->res->headers, "client-request-id",
                       x->req->trace->client_request_id);
    }
}

static void answer_error(edu_exchange_t *x)
{
    x->format.type = NULL;
    edu__answer_json(x, x->err->status);
    apr_table_unset(x->res->headers, "ETag");
    if (x->err->status != 410) { /* where to begin again */
        apr_table_unset(x->res->headers, "Location");
    }
    apr_table_unset(x->res->headers, "Preference-Applied");
    apr_table_unset(x->res->headers, "Vary");
    if (x->err->retry_after) {
        apr_table_setn(x->res->headers, "Retry-After",
                       apr_itoa(x->p, x->err->retry_after));
    }
    apr_array_clear(x->res->body);
    edu__append(x, edu_error_document(x->err, x->req->trace, x->p));
}

static edu_exchange_t begin(edu_response_t *res, const edu_request_t *req,
                            apr_pool_t *p)
{
    edu_exchange_t x = {
        .req = req, .res = res, .store = req->store, .err = &res->error, .p = p
    };

    memset(res, 0, sizeof(*res));
    res->headers = apr_table_make(p, 8);
    res->body = apr_array_make(p, 8, sizeof(struct iovec));
    common_headers(&x);
    return x;
}

void edu__dispatch_refuse(edu_response_t *res, const edu_request_t *req,
                          const edu_error_t *err, apr_pool_t *p)
{
    edu_exchange_t x = begin(res, req, p);

    res->error = *err;
    answer_error(&x);
}

void edu__dispatch(edu_response_t *res, const edu_request_t *req,
                   edu_verb_fn *batch, apr_pool_t *p)
{
    edu_request_t admitted = *req;
    edu_exchange_t x = begin(res, &admitted, p);
    const edu_verb_t *verb;
    apr_status_t rv;

    rv = find(&verb, &x, &admitted);
    if (!rv && verb) {
        rv = verb->run           ? verb->run(&x)
             : verb->write->plan ? edu__write(&x, verb->write)
                                 : batch(&x);
    }
    rv = edu__access_end(&x, rv);
    if (rv) {
        answer_error(&x);
    }
}
