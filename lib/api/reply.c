/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Answers with entities, and the conditions of requests. */

#include "below.h"
#include "negotiate.h"
#include "grading.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

static void set_etag(edu_exchange_t *x, const edu_row_t *row)
{
    apr_table_setn(x->res->headers, "ETag", edu__tag_of(x, row));
}

void edu__append_context(edu_exchange_t *x, int entity)
{
    const char *base = x->req->base;
    const char *url =
        x->route->answer == EDU_ANSWER_SET
            ? apr_pstrcat(x->p, edu__path_context(&x->path, x->set, base, x->p),
                          edu__path_cast(&x->path, x->p),
                          edu__query_shape(&x->query, x->p),
                          entity ? "/$entity" : "", NULL)
            : apr_pstrcat(
                  x->p,
                  edu__type_context(x->set->type,
                                    x->route->answer == EDU_ANSWER_TYPES, base,
                                    x->p),
                  x->query.apply ? edu__query_shape(&x->query, x->p) : "",
                  NULL);

    edu__append_context_url(x, url);
}

/* The whole answer with what is expanded, which makes it another representation
 * of its version. */
static apr_status_t append_whole(edu_exchange_t *x, const edu_row_t *row)
{
    edu_row_t own = *row, *above[] = { &own };
    const apr_array_header_t *body = x->res->body;
    int due = edu__below_is_due(x), n = 1;
    apr_status_t rv = due ? edu__below_read(x, above, &n, x->p) : APR_SUCCESS;

    if (rv) {
        return rv;
    }
    edu__note_row(x, row);
    if (x->path.legs) {
        return edu__part_answer(x, row);
    }
    edu__append_context(x, 1);
    edu__append_comma(x);
    rv = edu__append_entity(x, &own);
    if (!rv && due) {
        x->expanded = edu__text_version(
            apr_pstrcatv(x->p, (struct iovec *)body->elts, body->nelts, NULL),
            x->p);
    }
    return rv;
}

apr_status_t edu__answer_entity(edu_exchange_t *x, int status,
                                const edu_row_t *row)
{
    apr_status_t rv;

    edu__answer_json(x, status);
    rv = append_whole(x, row);
    set_etag(x, row);
    return rv;
}

static const char *locate(edu_exchange_t *x, const edu_row_t *row)
{
    const char *url =
        edu__path_url(&x->path, x->set, row->id, x->req->base, x->p);

    apr_table_setn(x->res->headers, "Location", url);
    return url;
}

apr_status_t edu__answer_created(edu_exchange_t *x, const edu_row_t *row)
{
    locate(x, row);
    return edu__answer_entity(x, 201, row);
}

apr_status_t edu__answer_minimal(edu_exchange_t *x, const edu_row_t *row,
                                 int created)
{
    x->res->status = 204;
    set_etag(x, row);
    if (created) {
        apr_table_setn(x->res->headers, "OData-EntityId", locate(x, row));
    }
    edu__negotiate_applied(x, "return", "minimal");
    return APR_SUCCESS;
}

apr_status_t edu__check_conditions(edu_exchange_t *x, const edu_row_t *row)
{
    const char *version = row->version ? edu__row_version(x, row) : NULL;
    const char *if_match = edu__header(x, "If-Match");
    const char *if_none = edu__header(x, "If-None-Match");

    if (if_match && (!version || !edu__http_names(if_match, version, 1))) {
        return edu_error_set(x->err, EDU_EPRECONDITION, "If-Match", x->p, NULL);
    }
    if (if_none && version &&
        edu__http_names(if_none, edu__version_of(x, row), 0)) {
        return strcmp(x->req->method, "GET") == 0 ||
                       strcmp(x->req->method, "HEAD") == 0
                   ? APR_EOF
                   : edu_error_set(x->err, EDU_EPRECONDITION, "If-None-Match",
                                   x->p, NULL);
    }
    return APR_SUCCESS;
}

apr_status_t edu__check_blind(edu_exchange_t *x)
{
    return x->req->mount->require_if_match && !edu__header(x, "If-Match")
               ? edu_error_set(x->err, EDU_ENOCONDITION, "If-Match", x->p, NULL)
               : APR_SUCCESS;
}

apr_status_t edu__answer_found(edu_exchange_t *x, const edu_row_t *row)
{
    int due = edu__below_is_due(x);
    apr_status_t rv = edu__part_check(x, row);

    rv = rv || !due ? rv : append_whole(x, row);
    rv = rv ? rv : edu__check_conditions(x, row);
    if (rv == APR_EOF) {
        apr_array_clear(x->res->body);
        x->res->status = 304;
        set_etag(x, row);
        return APR_SUCCESS;
    }
    if (rv) {
        return rv;
    }
    edu__answer_json(x, 200);
    rv = due ? APR_SUCCESS : append_whole(x, row);
    set_etag(x, row);
    return rv;
}
