/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The life of a request: caller, path, method, headers, verb. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#define RETRY_AFTER "1" /* seconds, with what passes by itself */

#define JSON "application/json"

#define UNKNOWNS "include-unknown-enum-members" /* contract.md 3 */

/* Who may do a thing, beyond what the server's own access rules say. */
typedef enum who_e { ANYONE, MEMBER, TEACHER, ADMIN } who_e;

/* What can be done to what.  HEAD goes with GET, OPTIONS with everything. */
/* clang-format off */
static const struct verb_t {
    edu_resource_e at;
    const char *method;
    const edu_set_t *set;
    int options; /* EDU_OF_* */
    who_e who;
    edu_verb_fn *run;
} verbs[] = {
    { EDU_AT_BATCH, "POST", NULL, 0, ANYONE, edu__batch_run },

    { EDU_AT_CLASSES, "GET", &edu__classes, EDU_OF_COLLECTION, ADMIN,
      edu__list },
    { EDU_AT_OWN_CLASSES, "GET", &edu__classes, EDU_OF_COLLECTION, ANYONE,
      edu__list },
    { EDU_AT_CLASS, "GET", &edu__classes, EDU_OF_ENTITY, MEMBER,
      edu__resource_get },
    { EDU_AT_CLASS, "PUT", &edu__classes, EDU_OF_ENTITY, ADMIN,
      edu__resource_put },
    { EDU_AT_CLASS, "DELETE", &edu__classes, 0, ADMIN, edu__resource_delete },
    { EDU_AT_RECENT, "GET", &edu__submissions, EDU_OF_COLLECTION, ANYONE,
      edu__recent },

    { EDU_AT_MEMBERS, "GET", &edu__members, EDU_OF_COLLECTION, MEMBER,
      edu__list },
    { EDU_AT_MEMBERS, "PUT", &edu__members, 0, ADMIN, edu__members_put },
    { EDU_AT_MEMBERS_REF, "POST", &edu__members, 0, ADMIN, edu__member_add },
    { EDU_AT_MEMBER, "GET", &edu__members, EDU_OF_ENTITY, MEMBER,
      edu__resource_get },
    { EDU_AT_MEMBER_REF, "DELETE", &edu__members, 0, ADMIN,
      edu__member_remove },
    { EDU_AT_TEACHERS, "GET", &edu__teachers, EDU_OF_COLLECTION, MEMBER,
      edu__list },
    { EDU_AT_TEACHERS, "PUT", &edu__teachers, 0, ADMIN, edu__members_put },
    { EDU_AT_TEACHERS_REF, "POST", &edu__teachers, 0, ADMIN, edu__member_add },
    { EDU_AT_TEACHER, "GET", &edu__teachers, EDU_OF_ENTITY, MEMBER,
      edu__resource_get },
    { EDU_AT_TEACHER_REF, "DELETE", &edu__teachers, 0, ADMIN,
      edu__member_remove },

    { EDU_AT_ASSIGNMENTS, "GET", &edu__assignments, EDU_OF_COLLECTION, MEMBER,
      edu__list },
    { EDU_AT_OWN_ASSIGNMENTS, "GET", &edu__assignments, EDU_OF_COLLECTION,
      ANYONE, edu__list },
    { EDU_AT_ASSIGNMENT, "GET", &edu__assignments, EDU_OF_ENTITY, MEMBER,
      edu__resource_get },
    { EDU_AT_ASSIGNMENT, "PUT", &edu__assignments, EDU_OF_ENTITY, ADMIN,
      edu__resource_put },
    { EDU_AT_ASSIGNMENT, "DELETE", &edu__assignments, 0, ADMIN,
      edu__resource_delete },
    { EDU_AT_PUBLISH, "POST", &edu__assignments, 0, TEACHER,
      edu__assignment_publish },
    { EDU_AT_FOLDER, "POST", &edu__assignments, 0, TEACHER,
      edu__assignment_folder },
    { EDU_AT_FEEDBACK_FOLDER, "POST", &edu__assignments, 0, TEACHER,
      edu__assignment_folder },

    { EDU_AT_SUBMISSIONS, "GET", &edu__submissions, EDU_OF_COLLECTION, ANYONE,
      edu__list },
    { EDU_AT_SUBMISSIONS_COUNT, "GET", &edu__submissions, EDU_OF_COUNT, ANYONE,
      edu__count },
    { EDU_AT_SUBMISSION, "GET", &edu__submissions, EDU_OF_ENTITY, ANYONE,
      edu__resource_get },
    { EDU_AT_SUBMISSION, "PUT", &edu__submissions, EDU_OF_ENTITY, ADMIN,
      edu__resource_put },
    { EDU_AT_SUBMISSION, "DELETE", &edu__submissions, 0, ADMIN,
      edu__resource_delete },
    { EDU_AT_SUBMIT, "POST", &edu__submissions, 0, ANYONE,
      edu__submission_act },
    { EDU_AT_UNSUBMIT, "POST", &edu__submissions, 0, ANYONE,
      edu__submission_act },
    { EDU_AT_RETURN, "POST", &edu__submissions, 0, ANYONE,
      edu__submission_act },
    { EDU_AT_REASSIGN, "POST", &edu__submissions, 0, ANYONE,
      edu__submission_act },
    { EDU_AT_EXCUSE, "POST", &edu__submissions, 0, ANYONE,
      edu__submission_act },

    { EDU_AT_OUTCOMES, "GET", &edu__outcomes, EDU_OF_COLLECTION, ANYONE,
      edu__list },
    { EDU_AT_OUTCOMES, "POST", &edu__outcomes, EDU_OF_ENTITY, ANYONE,
      edu__outcome_create },
    { EDU_AT_OUTCOMES_REF, "POST", &edu__outcomes, EDU_OF_ENTITY, ANYONE,
      edu__outcome_create },
    { EDU_AT_OUTCOMES_COUNT, "GET", &edu__outcomes, EDU_OF_COUNT, ANYONE,
      edu__count },
    { EDU_AT_OUTCOME, "GET", &edu__outcomes, EDU_OF_ENTITY, ANYONE,
      edu__outcome_get },
    { EDU_AT_OUTCOME, "PATCH", &edu__outcomes, EDU_OF_ENTITY, ANYONE,
      edu__outcome_update },
    { EDU_AT_OUTCOME, "DELETE", &edu__outcomes, 0, ANYONE,
      edu__outcome_delete }
};
/* clang-format on */

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static apr_status_t check_caller(const edu_request_t *req, edu_error_t *err,
                                 apr_pool_t *p)
{
    /* browsers ask what they may do before they say for whom (Fetch 4.8) */
    return req->caller->authenticated || req->mount->anonymous ||
                   strcmp(req->method, "OPTIONS") == 0
               ? APR_SUCCESS
               : edu_error_set(err, EDU_EUNAUTHORIZED, NULL, p, NULL);
}

apr_status_t edu__admit_at(edu_request_t *req, const char *path,
                           edu_error_t *err, apr_pool_t *p)
{
    const char *query = req->query;
    const char *url = apr_pstrcat(p, apr_pescape_path(p, path, 1),
                                  query ? "?" : NULL, query, NULL);
    apr_status_t rv = req->admit(req->baton, req, req->method, url, err, p);

    if (!rv && strcmp(req->path, path) != 0) {
        return edu_error_set(err, EDU_ENOTFOUND, NULL, p,
                             "The server leads %s elsewhere.", path);
    }
    req->rewritten = 0;
    return rv ? rv : check_caller(req, err, p);
}

apr_status_t edu__admit_canonical(edu_request_t *req, const edu_path_t *path,
                                  edu_error_t *err, apr_pool_t *p)
{
    return !req->admit ||
                   (!req->rewritten && strcmp(req->path, path->canonical) == 0)
               ? APR_SUCCESS
               : edu__admit_at(req, path->canonical, err, p);
}

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

int edu__service_reads(const edu_request_t *req, apr_pool_t *p)
{
    const struct verb_t *verb;
    edu_path_t path;
    edu_error_t err;

    if (edu__path_parse(&path, req->path, &err, p)) {
        return 0;
    }
    verb = verb_of(path.at, req->method);
    return verb && strcmp(verb->method, "GET") == 0;
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

/* A count is a text, everything else is JSON; who accepts JSON alone gets a
 * count all the same. */
static int accepts(edu_exchange_t *x, const struct verb_t *verb)
{
    const char *accept = edu__header(x, "Accept");

    return !accept || edu__header_accepts(accept, JSON, x->p) ||
           (verb->options == EDU_OF_COUNT &&
            edu__header_accepts(accept, "text/plain", x->p));
}

static int may_write(const edu_exchange_t *x, const char *origin)
{
    const apr_array_header_t *origins = x->req->mount->origins;

    for (int i = 0; origins && i < origins->nelts; i++) {
        if (edu__header_is_origin(origin,
                                  APR_ARRAY_IDX(origins, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/* A browser adds what it knows of its user to a request of any page, but says
 * whose page it is (Fetch 3.1; Fetch Metadata 2.3); other clients say nothing.
 */
static apr_status_t check_site(edu_exchange_t *x)
{
    const char *origin = edu__header(x, "Origin");
    const char *site = edu__header(x, "Sec-Fetch-Site");
    const char *alien = NULL;

    if (origin && may_write(x, origin)) {
        return APR_SUCCESS;
    }
    if (origin && !edu__header_is_origin(origin, x->req->base)) {
        alien = "Origin";
    }
    else if (site && strcmp(site, "same-origin") && strcmp(site, "none")) {
        alien = "Sec-Fetch-Site";
    }
    return alien ? edu_error_set(x->err, EDU_EFORBIDDEN, alien, x->p,
                                 "%s says that a page of another site sent "
                                 "this. Only pages of this server may, and of "
                                 "origins that EduOutcomesAllowOrigin names.",
                                 alien)
                 : APR_SUCCESS;
}

/* What a form can send, browsers send for pages of other sites without asking,
 * also to an action, which looks at no body. */
static apr_status_t check_form(edu_exchange_t *x)
{
    return edu__header_is_form(edu__header(x, "Content-Type"), x->p)
               ? edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                               "A form's media type is not taken here. Send "
                               "application/json, or no Content-Type where "
                               "there is no body.")
               : APR_SUCCESS;
}

static apr_status_t check_condition(edu_exchange_t *x, const char *name)
{
    const char *field = edu__header(x, name);

    return field && edu__header_names(field, "", 0) < 0
               ? edu_error_set(x->err, EDU_EBADREQUEST, name, x->p,
                               "%s is * alone, or a list of entity tags in "
                               "quotes, such as \"0005fa11\", \"0005fa12\".",
                               name)
               : APR_SUCCESS;
}

/* What headers rule out, whatever is stored. */
static apr_status_t check_headers(edu_exchange_t *x, const struct verb_t *verb)
{
    int writes = strcmp(verb->method, "GET") != 0;
    apr_status_t rv = APR_SUCCESS;

    if (writes) {
        rv = check_site(x);
    }
    if (writes && !rv) {
        rv = check_form(x);
    }
    if (!rv && !accepts(x, verb)) {
        rv = edu_error_set(x->err, EDU_EACCEPT, "Accept", x->p, NULL);
    }
    if (!rv) {
        rv = check_condition(x, "If-Match");
    }
    return rv ? rv : check_condition(x, "If-None-Match");
}

static apr_status_t check_who(edu_exchange_t *x, who_e who)
{
    if (who == ADMIN && !x->req->caller->admin) {
        return edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                             "Only those may do this whom EduOutcomesAdmin "
                             "lets provision classes.");
    }
    return who == MEMBER || who == TEACHER
               ? edu__roster_check(x, who == TEACHER)
               : APR_SUCCESS;
}

/* What a verb needs to know before it runs. */
static apr_status_t prepare(edu_exchange_t *x, const struct verb_t *verb)
{
    const edu_set_t *set = verb->set;
    int unknowns;
    apr_status_t rv;

    x->set = set;
    if (set) {
        unknowns = set->evolves && edu__header_prefers(edu__header(x, "Prefer"),
                                                       UNKNOWNS, x->p);
        x->query = (edu_query_t){ .type = set->type,
                                  .expandable = set->expandable,
                                  .dialect = x->req->mount->dialect,
                                  .unknowns = unknowns,
                                  .most_parts = x->req->mount->max_expression };
        if (set->evolves) {
            apr_table_setn(x->res->headers, "Vary", "Prefer");
        }
        if (unknowns) {
            apr_table_setn(x->res->headers, "Preference-Applied", UNKNOWNS);
        }
    }
    rv =
        edu__query_parse(&x->query, x->req->query, verb->options, x->err, x->p);
    if (rv || (rv = edu__roster_resolve(x))) {
        return rv;
    }
    return check_who(x, verb->who);
}

apr_status_t edu__go_on(edu_exchange_t *x)
{
    const edu_request_t *req = x->req;
    apr_status_t rv = APR_SUCCESS;

    if (req->gone && req->gone(req->baton)) {
        return edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p,
                             "The client has gone.");
    }
    if (req->until && apr_time_now() >= req->until) {
        rv = edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p,
                           "The batch has had its time before this request "
                           "was done. Send what was refused once more, in "
                           "batches of fewer requests.");
        x->err->detail = "a $batch took longer than EduOutcomesTimeout";
    }
    return rv;
}

/* @param req  that of x */
static apr_status_t dispatch(edu_exchange_t *x, edu_request_t *req)
{
    const struct verb_t *verb;
    apr_status_t rv = req->nested ? edu__go_on(x) : APR_SUCCESS;

    if (rv || (rv = check_caller(req, x->err, x->p)) ||
        (rv = edu__path_parse(&x->path, req->path, x->err, x->p)) ||
        (rv = edu__admit_canonical(req, &x->path, x->err, x->p))) {
        return rv;
    }
    verb = verb_of(x->path.at, req->method);
    if (!verb) {
        return answer_allow(x);
    }
    rv = check_headers(x, verb);
    if (!rv) {
        rv = prepare(x, verb);
    }
    return rv ? rv : verb->run(x);
}

/* OData 4.0 unless the client asks for 4.01 (OData protocol 8.2.6). */
static void common_headers(edu_exchange_t *x)
{
    const char *version = edu__header(x, "OData-MaxVersion");

    apr_table_setn(x->res->headers, "OData-Version",
                   version && strcmp(version, "4.01") == 0 ? "4.01" : "4.0");
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
    edu__answer_json(x, x->err->status);
    apr_table_unset(x->res->headers, "ETag");
    apr_table_unset(x->res->headers, "Location");
    apr_table_unset(x->res->headers, "Preference-Applied");
    if (x->err->passes) {
        apr_table_setn(x->res->headers, "Retry-After", RETRY_AFTER);
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
    edu_request_t admitted = *req;
    edu_exchange_t x = begin(res, &admitted, p);

    if (dispatch(&x, &admitted)) {
        answer_error(&x);
    }
}
