/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The life of a request: path, caller, method, headers, verb. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uuid.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* How often a change that others keep overtaking is tried anew. */
#define MAX_ROUNDS 100

#define RETRY_AFTER "1" /* seconds, with a 503 */

/** One request on its way. */
typedef struct exchange_t {
    const edu_request_t *req;
    edu_response_t *res;
    edu_path_t path;
    edu_error_t *err;
    apr_pool_t *p;
} exchange_t;

typedef apr_status_t verb_fn(exchange_t *x);

static verb_fn list_outcomes, create_outcome, get_outcome, update_outcome,
    delete_outcome;

/* What can be done to what.  HEAD goes with GET, OPTIONS with everything. */
/* clang-format off */
static const struct verb_t {
    edu_resource_e at;
    const char *method;
    verb_fn *run;
} verbs[] = {
    { EDU_AT_OUTCOMES,     "GET",    list_outcomes  },
    { EDU_AT_OUTCOMES,     "POST",   create_outcome },
    { EDU_AT_OUTCOMES_REF, "POST",   create_outcome },
    { EDU_AT_OUTCOME,      "GET",    get_outcome    },
    { EDU_AT_OUTCOME,      "PATCH",  update_outcome },
    { EDU_AT_OUTCOME,      "DELETE", delete_outcome }
};
/* clang-format on */

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* ------------------------------------------------------------------ helpers */

static const char *header(const exchange_t *x, const char *name)
{
    return x->req->header(x->req->baton, name);
}

static void append(exchange_t *x, const char *text)
{
    struct iovec *part = apr_array_push(x->res->body);

    part->iov_base = (void *)text;
    part->iov_len = strlen(text);
}

static void answer_json(exchange_t *x, int status)
{
    x->res->status = status;
    apr_table_setn(x->res->headers, "Content-Type", "application/json");
}

/* `{"@odata.context":…` : what every answer with data begins with. */
static void append_context(exchange_t *x, int entity)
{
    append(x, "{\"@odata.context\":");
    append(x,
           edu__json_quote(
               edu__path_context(&x->path, x->req->base, entity, x->p), x->p));
}

static apr_status_t damaged(exchange_t *x, const edu_row_t *row)
{
    apr_status_t rv = edu_error_set(x->err, EDU_EINTERNAL, NULL, x->p, NULL);

    x->err->detail = apr_psprintf(
        x->p, "the stored document of outcome %s is no JSON", row->id);
    return rv;
}

/* A stored document in the dialect of the mount. */
static apr_status_t shown(exchange_t *x, const edu_row_t *row,
                          const char **text)
{
    *text =
        edu__entity_show(row->type, row->body, x->req->mount->dialect, x->p);
    return *text ? APR_SUCCESS : damaged(x, row);
}

static void set_etag(exchange_t *x, const char *version)
{
    apr_table_setn(x->res->headers, "ETag",
                   apr_pstrcat(x->p, "\"", version, "\"", NULL));
}

static apr_status_t answer_outcome(exchange_t *x, int status,
                                   const edu_row_t *row)
{
    const char *text;
    apr_status_t rv = shown(x, row, &text);

    if (rv) {
        return rv;
    }
    answer_json(x, status);
    set_etag(x, row->version);
    append_context(x, 1);
    append(x, ",");
    append(x, text + 1); /* the document without its opening brace */
    return APR_SUCCESS;
}

/* Whether a list of media ranges or codings, each with parameters, admits a
 * type (RFC 9110 12.5.1).  The most specific range that fits decides. */
static int admits(const char *accept, const char *type, apr_pool_t *p)
{
    int decided = -1, verdict = 0;
    char *range, *state;

    for (range = apr_strtok(apr_pstrdup(p, accept), ",", &state); range;
         range = apr_strtok(NULL, ",", &state)) {
        char *rest, *name = apr_strtok(range, "; \t", &rest);
        const char *q = NULL;
        int specific;

        for (char *param = apr_strtok(NULL, "; \t", &rest); name && param;
             param = apr_strtok(NULL, "; \t", &rest)) {
            if (apr_tolower(param[0]) == 'q' && param[1] == '=') {
                q = param + 2;
            }
        }
        specific = !name                                ? -1
                   : strcasecmp(name, type) == 0        ? 2
                   : strcmp(name, "application/*") == 0 ? 1
                   : strcmp(name, "*/*") == 0           ? 0
                                                        : -1;
        if (specific > decided) {
            decided = specific;
            verdict = !q || strspn(q, "0.") != strlen(q);
        }
    }
    return verdict;
}

/* --------------------------------------------------------------- conditions */

/* Whether a list of entity tags names this version (RFC 9110 13.1).  A weak
 * tag counts where `weak` allows it.  mod_deflate marks the tags of what it
 * compressed; the version it names is the same. */
static int names_version(const char *list, const char *version, int weak)
{
    apr_size_t len = strlen(version);

    while (*list) {
        int is_weak;

        list += strspn(list, ", \t");
        is_weak = strncmp(list, "W/", 2) == 0;
        list += is_weak ? 2 : 0;
        if (*list == '*') {
            return 1;
        }
        if (*list++ != '"') {
            return 0;
        }
        if ((weak || !is_weak) && strncmp(list, version, len) == 0 &&
            (list[len] == '"' || strncmp(list + len, "-gzip\"", 6) == 0)) {
            return 1;
        }
        list += strcspn(list, "\"");
        list += *list == '"';
    }
    return 0;
}

/* @return APR_SUCCESS, EDU_EPRECONDITION, or APR_EOF where a GET is to be
 * answered 304 */
static apr_status_t check_conditions(exchange_t *x, const char *version)
{
    const char *if_match = header(x, "If-Match");
    const char *if_none = header(x, "If-None-Match");

    if (if_match && !names_version(if_match, version, 0)) {
        return edu_error_set(x->err, EDU_EPRECONDITION, "If-Match", x->p, NULL);
    }
    if (if_none && names_version(if_none, version, 1)) {
        return strcmp(x->req->method, "GET") == 0 ||
                       strcmp(x->req->method, "HEAD") == 0
                   ? APR_EOF
                   : edu_error_set(x->err, EDU_EPRECONDITION, "If-None-Match",
                                   x->p, NULL);
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------- bodies */

/* application/json, in UTF-8 if it says so, not compressed. */
static apr_status_t check_media_type(exchange_t *x)
{
    const char *type = header(x, "Content-Type");
    const char *coding = header(x, "Content-Encoding");
    const char *charset;
    apr_size_t len = sizeof("application/json") - 1;

    if (coding && strcasecmp(coding, "identity") != 0) {
        return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Encoding", x->p,
                             NULL);
    }
    if (!type || strncasecmp(type, "application/json", len) != 0 ||
        (type[len] && !strchr("; \t", type[len]))) {
        return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                             NULL);
    }
    charset = edu__lower(type + len, x->p);
    charset = strstr(charset, "charset=");
    if (charset) {
        charset += sizeof("charset=") - 1;
        charset += *charset == '"';
        if (strncmp(charset, "utf-8", 5) != 0 ||
            (charset[5] && !strchr("\"; \t", charset[5]))) {
            return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                                 NULL);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_body(exchange_t *x, json_t **body)
{
    const char *data = NULL;
    apr_size_t len = 0;
    apr_status_t rv = check_media_type(x);

    if (!rv) {
        rv = x->req->body(x->req->baton, &data, &len, x->err, x->p);
    }
    if (rv) {
        return rv;
    }
    if (len == 0) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "body", x->p,
                             "The request has no body. Send the outcome as a "
                             "JSON object.");
    }
    *body = edu__json_parse(data, len, x->err, x->p);
    return *body ? APR_SUCCESS : EDU_EBADREQUEST;
}

/* -------------------------------------------------------------------- verbs */

static apr_status_t list_outcomes(exchange_t *x)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        edu__store_list(&rows, x->req->store, &x->path, x->err, x->p);

    if (rv) {
        return rv;
    }
    answer_json(x, 200);
    append_context(x, 0);
    append(x, ",\"value\":[");
    for (int i = 0; i < rows->nelts && !rv; i++) {
        const char *text;

        rv = shown(x, &APR_ARRAY_IDX(rows, i, edu_row_t), &text);
        append(x, i ? "," : "");
        append(x, rv ? "" : text);
    }
    append(x, "]}");
    return rv;
}

static apr_status_t get_outcome(exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv =
        edu__store_get(&row, x->req->store, &x->path, x->err, x->p);

    if (!rv) {
        rv = check_conditions(x, row.version);
    }
    if (rv == APR_EOF) {
        x->res->status = 304;
        set_etag(x, row.version);
        return APR_SUCCESS;
    }
    return rv ? rv : answer_outcome(x, 200, &row);
}

/* A time-ordered GUID (RFC 9562, version 7): a list in order of id is one in
 * order of creation, and inserts go to the end of the index. */
static const char *new_id(apr_pool_t *p)
{
    apr_uuid_t uuid;
    apr_uint64_t ms = apr_time_as_msec(apr_time_now());
    char *text = apr_palloc(p, APR_UUID_FORMATTED_LENGTH + 1);

    apr_uuid_get(&uuid);
    for (int i = 5; i >= 0; i--, ms >>= 8) {
        uuid.data[i] = (unsigned char)ms;
    }
    uuid.data[6] = (uuid.data[6] & 0x0f) | 0x70;
    uuid.data[8] = (uuid.data[8] & 0x3f) | 0x80;
    apr_uuid_format(text, &uuid);
    return text;
}

/* The id a POST asks for, or a fresh one (decisions.md 1). */
static apr_status_t choose_id(exchange_t *x, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "id"));

    if (id && !edu__is_guid(id)) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                             "'id' has to be a GUID. Leave it out and one is "
                             "made.");
    }
    x->path.outcome_id = id ? edu__lower(id, x->p) : new_id(x->p);
    return APR_SUCCESS;
}

/* What a change will carry.  A version is the instant of the change, and later
 * than every one before it, as is the time stamped. */
static void plan_change(edu_change_t *change, const exchange_t *x,
                        const json_t *old, const char *version)
{
    const char *last =
        json_string_value(json_object_get(old, "lastModifiedDateTime"));
    edu_time_t then;

    change->caller = x->req->caller;
    change->id = x->path.outcome_id;
    change->trust = x->req->mount->trust_stamps;
    change->p = x->p;
    change->now = edu__time_now();
    if (last && !edu__time_parse(&then, last) && change->now <= then) {
        change->now = then + 1;
    }
    then = version ? apr_strtoi64(version, NULL, 16) : 0;
    if (change->now <= then) {
        change->now = then + 1;
    }
    change->version = apr_psprintf(x->p, "%" APR_UINT64_T_HEX_FMT, change->now);
}

static void make_row(edu_row_t *row, const json_t *doc,
                     const edu_change_t *change)
{
    row->id = change->id;
    row->type = edu__type_of(&edu__outcome, NULL, doc)->name;
    row->version = change->version;
    row->body = edu__json_text(doc, change->p);
}

static apr_status_t create_outcome(exchange_t *x)
{
    json_t *body;
    edu_change_t change;
    edu_row_t row;
    apr_status_t rv = read_body(x, &body);

    if (rv) {
        return rv;
    }
    if (json_object_get(body, "@odata.id")) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "@odata.id", x->p,
                             "Outcomes belong to their submission: an existing "
                             "one cannot be referenced into it. Send the "
                             "outcome itself.");
    }
    if ((rv = edu__check(NULL, body, x->req->mount->dialect, x->err, x->p)) ||
        (rv = choose_id(x, body))) {
        return rv;
    }
    plan_change(&change, x, NULL, NULL);
    make_row(&row, edu__entity_merge(NULL, body, &change), &change);
    rv = edu__store_insert(x->req->store, &x->path, &row, x->err, x->p);
    if (rv == EDU_ECONFLICT) {
        return edu_error_set(x->err, rv, "id", x->p,
                             "An outcome with id %s exists already. Leave 'id' "
                             "out, or PATCH that outcome.",
                             row.id);
    }
    if (!rv) {
        apr_table_setn(x->res->headers, "Location",
                       edu__path_url(&x->path, x->req->base, x->p));
        rv = answer_outcome(x, 201, &row);
    }
    return rv;
}

static apr_status_t patch_once(exchange_t *x, const json_t *body)
{
    edu_row_t was, row;
    edu_change_t change;
    json_t *old, *doc;
    apr_status_t rv =
        edu__store_get(&was, x->req->store, &x->path, x->err, x->p);

    if (rv || (rv = check_conditions(x, was.version))) {
        return rv;
    }
    old = edu__json_load(was.body, x->p);
    if (!old) {
        return damaged(x, &was);
    }
    rv = edu__check(old, body, x->req->mount->dialect, x->err, x->p);
    if (rv) {
        return rv;
    }
    plan_change(&change, x, old, was.version);
    doc = edu__entity_merge(old, body, &change);
    if (json_equal(old, doc)) {
        return answer_outcome(x, 200, &was);
    }
    make_row(&row, doc, &change);
    rv = edu__store_replace(x->req->store, &x->path, &row, was.version, x->err,
                            x->p);
    if (rv == EDU_EPRECONDITION) {
        return APR_EAGAIN;
    }
    return rv ? rv : answer_outcome(x, 200, &row);
}

static apr_status_t delete_once(exchange_t *x, const json_t *body)
{
    edu_row_t was;
    apr_status_t rv =
        edu__store_get(&was, x->req->store, &x->path, x->err, x->p);

    (void)body;
    if (rv || (rv = check_conditions(x, was.version))) {
        return rv;
    }
    rv = edu__store_remove(x->req->store, &x->path, was.version, x->err, x->p);
    if (rv == EDU_EPRECONDITION) {
        return APR_EAGAIN;
    }
    x->res->status = 204;
    return rv;
}

/* One statement checks the version and makes the change, so another's change
 * in between makes this one start over, from its own condition on: of two that
 * name the same version, the later gets 412. */
static apr_status_t change_outcome(exchange_t *x, const json_t *body,
                                   apr_status_t (*once)(exchange_t *x,
                                                        const json_t *body))
{
    apr_status_t rv = APR_EAGAIN;

    if (x->req->mount->require_if_match && !header(x, "If-Match")) {
        return edu_error_set(x->err, EDU_ENOCONDITION, "If-Match", x->p, NULL);
    }
    for (int round = 0; rv == APR_EAGAIN && round < MAX_ROUNDS; round++) {
        rv = once(x, body);
    }
    return rv == APR_EAGAIN
               ? edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p, NULL)
               : rv;
}

static apr_status_t update_outcome(exchange_t *x)
{
    json_t *body;
    apr_status_t rv = read_body(x, &body);

    return rv ? rv : change_outcome(x, body, patch_once);
}

static apr_status_t delete_outcome(exchange_t *x)
{
    return change_outcome(x, NULL, delete_once);
}

/* ----------------------------------------------------------------- dispatch */

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

/* OData's options come later; until then they are refused, never dropped
 * (decisions.md 4).  Graph lets the $ of the known ones be left out. */
static apr_status_t check_query(exchange_t *x)
{
    static const char *const known[] = {
        "$apply",  "$compute",   "$count",  "$deltatoken", "$expand", "$filter",
        "$format", "$id",        "$levels", "$orderby",    "$search", "$select",
        "$skip",   "$skiptoken", "$top",    NULL
    };
    char *option, *state;

    if (!x->req->query) {
        return APR_SUCCESS;
    }
    for (option = apr_strtok(apr_pstrdup(x->p, x->req->query), "&", &state);
         option; option = apr_strtok(NULL, "&", &state)) {
        const char *name;

        option[strcspn(option, "=")] = '\0';
        name = apr_punescape_url(x->p, option, NULL, NULL, 1);
        for (int i = 0; name && known[i]; i++) {
            if (strcmp(name, known[i] + (*name != '$')) == 0) {
                return edu_error_set(x->err, EDU_ENOTIMPL, known[i], x->p,
                                     "The query option %s is not supported.",
                                     known[i]);
            }
        }
        if (!name || *name == '$') {
            return edu_error_set(x->err, EDU_EBADREQUEST, name, x->p,
                                 "OData has no such query option.");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t answer_options(exchange_t *x, const char *allow)
{
    x->res->status = 200;
    apr_table_setn(x->res->headers, "Allow", allow);
    return APR_SUCCESS;
}

static apr_status_t dispatch(exchange_t *x)
{
    const edu_request_t *req = x->req;
    const char *accept = header(x, "Accept");
    const struct verb_t *verb;
    const char *allow;
    apr_status_t rv;

    if (!req->caller->authenticated && !req->mount->anonymous) {
        return edu_error_set(x->err, EDU_EUNAUTHORIZED, NULL, x->p, NULL);
    }
    rv = edu__path_parse(&x->path, req->path, x->err, x->p);
    if (rv) {
        return rv;
    }
    allow = allowed(x->path.at, x->p);
    if (!allow) {
        return edu_error_set(x->err, EDU_ENOTFOUND, NULL, x->p, NULL);
    }
    if (strcmp(req->method, "OPTIONS") == 0) {
        return answer_options(x, allow);
    }
    verb = verb_of(x->path.at, req->method);
    if (!verb) {
        apr_table_setn(x->res->headers, "Allow", allow);
        return edu_error_set(x->err, EDU_EMETHOD, NULL, x->p,
                             "This resource takes %s only.", allow);
    }
    if (accept && !admits(accept, "application/json", x->p)) {
        return edu_error_set(x->err, EDU_EACCEPT, "Accept", x->p, NULL);
    }
    rv = check_query(x);
    return rv ? rv : verb->run(x);
}

/* OData 4.0 unless the client asks for 4.01 (OData protocol 8.2.6). */
static void common_headers(exchange_t *x)
{
    const char *version = header(x, "OData-MaxVersion");

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

static void answer_error(exchange_t *x)
{
    answer_json(x, x->err->status);
    apr_table_unset(x->res->headers, "ETag");
    apr_table_unset(x->res->headers, "Location");
    if (x->err->status == 503) {
        apr_table_setn(x->res->headers, "Retry-After", RETRY_AFTER);
    }
    apr_array_clear(x->res->body);
    append(x, edu_error_document(x->err, x->req->trace, x->p));
}

void edu_service_run(edu_response_t *res, const edu_request_t *req,
                     apr_pool_t *p)
{
    exchange_t x = { .req = req, .res = res, .err = &res->error, .p = p };

    memset(res, 0, sizeof(*res));
    res->headers = apr_table_make(p, 8);
    res->body = apr_array_make(p, 8, sizeof(struct iovec));
    common_headers(&x);
    if (dispatch(&x)) {
        answer_error(&x);
    }
}
