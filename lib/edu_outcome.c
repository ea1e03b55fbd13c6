/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What can be done to outcomes. */

#include "edu_private.h"

#include <apr_strings.h>

/* How often a change that others keep overtaking is tried anew. */
#define MAX_ROUNDS 100

/* ------------------------------------------------------------------ answers */

void edu__append_context(edu_exchange_t *x, int entity)
{
    const char *url = edu__path_context(&x->path, x->req->base, entity,
                                        x->query.select, x->p);

    edu__append(x, "{\"@odata.context\":");
    edu__append(x, edu__json_quote(url, x->p));
}

apr_status_t edu__damaged(edu_exchange_t *x, const edu_row_t *row)
{
    apr_status_t rv = edu_error_set(x->err, EDU_EINTERNAL, NULL, x->p, NULL);

    x->err->detail = apr_psprintf(
        x->p, "the stored document of outcome %s is no JSON", row->id);
    return rv;
}

apr_status_t edu__shown(edu_exchange_t *x, const edu_row_t *row,
                        const char **text)
{
    *text = edu__entity_show(row->type, row->body, x->req->mount->dialect,
                             x->query.select, x->p);
    return *text ? APR_SUCCESS : edu__damaged(x, row);
}

static void set_etag(edu_exchange_t *x, const char *version)
{
    apr_table_setn(x->res->headers, "ETag",
                   apr_pstrcat(x->p, "\"", version, "\"", NULL));
}

static apr_status_t answer_outcome(edu_exchange_t *x, int status,
                                   const edu_row_t *row)
{
    const char *text;
    apr_status_t rv = edu__shown(x, row, &text);

    if (rv) {
        return rv;
    }
    edu__answer_json(x, status);
    set_etag(x, row->version);
    edu__append_context(x, 1);
    edu__append(x, ",");
    edu__append(x, text + 1); /* the document without its opening brace */
    return APR_SUCCESS;
}

/* --------------------------------------------------------------- conditions */

/* @return APR_SUCCESS, EDU_EPRECONDITION, or APR_EOF where a GET is to be
 * answered 304 */
static apr_status_t check_conditions(edu_exchange_t *x, const char *version)
{
    const char *if_match = edu__header(x, "If-Match");
    const char *if_none = edu__header(x, "If-None-Match");

    if (if_match && !edu__header_names(if_match, version, 0)) {
        return edu_error_set(x->err, EDU_EPRECONDITION, "If-Match", x->p, NULL);
    }
    if (if_none && edu__header_names(if_none, version, 1)) {
        return strcmp(x->req->method, "GET") == 0 ||
                       strcmp(x->req->method, "HEAD") == 0
                   ? APR_EOF
                   : edu_error_set(x->err, EDU_EPRECONDITION, "If-None-Match",
                                   x->p, NULL);
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------- bodies */

static apr_status_t check_media_type(edu_exchange_t *x)
{
    const char *coding = edu__header(x, "Content-Encoding");

    if (coding && strcasecmp(coding, "identity") != 0) {
        return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Encoding", x->p,
                             NULL);
    }
    return edu__header_is_json(edu__header(x, "Content-Type"), x->p)
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                               NULL);
}

apr_status_t edu__read_body(edu_exchange_t *x, json_t **body)
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

apr_status_t edu__outcome_get(edu_exchange_t *x)
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

/* The id a POST asks for, or a fresh one (decisions.md 1). */
static apr_status_t choose_id(edu_exchange_t *x, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "id"));

    if (id && !edu__is_guid(id)) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                             "'id' has to be a GUID. Leave it out and one is "
                             "made.");
    }
    x->path.outcome_id = id ? edu__lower(id, x->p) : edu__new_guid(x->p);
    return APR_SUCCESS;
}

static edu_time_t later(edu_time_t now, edu_time_t then)
{
    return now > then ? now : then < EDU_TIME_MAX ? then + 1 : EDU_TIME_MAX;
}

/* What a change of `old` (or NULL) will carry.  Its version is its instant;
 * neither that nor its stamp goes back, whatever the clock says. */
static void plan_change(edu_change_t *change, const edu_exchange_t *x,
                        const json_t *old, const char *version)
{
    const char *last =
        json_string_value(json_object_get(old, "lastModifiedDateTime"));
    edu_time_t then, clock = edu__time_now();

    change->caller = x->req->caller;
    change->id = x->path.outcome_id;
    change->trust = x->req->mount->trust_stamps;
    change->p = x->p;
    change->now = clock;
    if (last && !edu__time_parse(&then, last)) {
        change->now = later(clock, then);
    }
    then = version ? apr_strtoi64(version, NULL, 16) : 0;
    /* of one width, so that versions sort as text */
    change->version = apr_psprintf(x->p, "%016" APR_UINT64_T_HEX_FMT,
                                   (apr_uint64_t)later(clock, then));
}

static void make_row(edu_row_t *row, const json_t *doc,
                     const edu_change_t *change)
{
    row->id = change->id;
    row->type = edu__type_of(&edu__outcome, NULL, doc)->name;
    row->version = change->version;
    row->body = edu__json_text(doc, change->p);
}

apr_status_t edu__outcome_create(edu_exchange_t *x)
{
    json_t *body;
    edu_change_t change;
    edu_row_t row;
    apr_status_t rv = edu__read_body(x, &body);

    if (rv) {
        return rv;
    }
    if (json_object_get(body, "@odata.id") &&
        !json_object_get(body, "@odata.type")) {
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

static apr_status_t patch_once(edu_exchange_t *x, const json_t *body)
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
    if (!json_is_object(old)) {
        return edu__damaged(x, &was);
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

static apr_status_t delete_once(edu_exchange_t *x, const json_t *body)
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

/* Before the body is read: a client that expects 100-continue need not send
 * it. */
static apr_status_t check_blind(edu_exchange_t *x)
{
    return x->req->mount->require_if_match && !edu__header(x, "If-Match")
               ? edu_error_set(x->err, EDU_ENOCONDITION, "If-Match", x->p, NULL)
               : APR_SUCCESS;
}

/* One statement checks the version and makes the change, so another's change
 * in between makes this one start over, from its own condition on: of two that
 * name the same version, the later gets 412. */
static apr_status_t settle(edu_exchange_t *x, const json_t *body,
                           apr_status_t (*once)(edu_exchange_t *x,
                                                const json_t *body))
{
    apr_status_t rv = APR_EAGAIN;

    for (int round = 0; rv == APR_EAGAIN && round < MAX_ROUNDS; round++) {
        rv = once(x, body);
    }
    return rv == APR_EAGAIN
               ? edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p, NULL)
               : rv;
}

apr_status_t edu__outcome_update(edu_exchange_t *x)
{
    json_t *body;
    apr_status_t rv = check_blind(x);

    if (!rv) {
        rv = edu__read_body(x, &body);
    }
    return rv ? rv : settle(x, body, patch_once);
}

apr_status_t edu__outcome_delete(edu_exchange_t *x)
{
    apr_status_t rv = check_blind(x);

    return rv ? rv : settle(x, NULL, delete_once);
}
