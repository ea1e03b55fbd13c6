/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The answer of a request with a key is one more row that it writes, in the
 * transaction of all others: the same request then gets that answer, and
 * changes nothing.  Of two that come at once one finds the row written, and
 * plans anew.  The caller's rights are settled before the row is looked at.  A
 * refusal is not kept: it changed nothing. */

#include "verbs.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

/* The most bytes of an answer that is kept whole. */
#define MOST_BODY 65536

/* The headers of an answer that are kept; those of all answers are not. */
static const char *const kept[] = { "Content-Type",  "ETag",
                                    "Location",      "OData-EntityId",
                                    "OData-Version", "Preference-Applied",
                                    "Vary" };

#define KEPT (int)(sizeof(kept) / sizeof(kept[0]))

/* The mount point in an absolute URL. */
static const char *path_of(const char *base)
{
    const char *host = strstr(base, "://");
    const char *path = strchr(host ? host + 3 : base, '/');

    return path ? path : "";
}

/* What has to be the same in a repetition.  A caller who now sees less, or
 * more, is not shown what was answered. */
static const char *request_of(const edu_exchange_t *x, const json_t *body)
{
    const char *const parts[] = {
        x->req->method,
        path_of(x->req->base),
        x->path.canonical,
        x->req->query,
        edu__header(x, "If-Match"),
        edu__header(x, "If-None-Match"),
        body ? edu__json_text(body, x->p) : NULL,
        apr_psprintf(x->p, "%x", x->hides),
    };

    return edu__digest(parts, sizeof(parts) / sizeof(parts[0]), x->p);
}

/* Answers as a row says. @return APR_EOF, or as edu__damaged */
static apr_status_t answer(edu_exchange_t *x, const edu_row_t *row)
{
    const apr_array_header_t *members = edu__members_load(row->body, x->p);
    const char *head = members ? edu__member_text(members, "head", x->p) : NULL;
    const json_t *json = head ? edu__json_load(head, x->p) : NULL;
    const json_t *shows = json_object_get(json, "shows");
    const char *name;
    json_t *value;

    if (!json) {
        return edu__damaged(x, "answer", row->id);
    }
    /* another answer may have been made, and not kept */
    apr_array_clear(x->res->body);
    x->res->status = (int)json_integer_value(json_object_get(json, "status"));
    for (int i = 0; i < KEPT; i++) {
        apr_table_unset(x->res->headers, kept[i]);
    }
    json_object_foreach(json_object_get(json, "headers"), name, value)
    {
        apr_table_set(x->res->headers, name, json_string_value(value));
    }
    if (edu__member(members, "body")) {
        edu__append(x, edu__member_text(members, "body", x->p));
    }
    if (shows) {
        edu__note_read(x, x->path.key.assignment_id, x->path.key.submission_id,
                       json_string_value(json_object_get(shows, "student")),
                       json_string_value(json_object_get(shows, "outcome")));
    }
    return APR_EOF;
}

/* The key was sent with another request. */
static apr_status_t refuse_other(edu_exchange_t *x, const edu_repeat_t *repeat)
{
    if (repeat->has_result) {
        edu__key_tell(x, 0);
    }
    return edu_error_set(
        x->err, repeat->has_result ? EDU_EPRECONDITION : EDU_EUNPROCESSABLE,
        repeat->header, x->p,
        "This %s was sent with another request before: one of another method, "
        "path, query, condition or body, or by a caller with other rights. "
        "Send a new one with each request that is no repetition.",
        repeat->header);
}

/* Whether an answer is there, and not yet forgotten. */
static int is_kept(const edu_exchange_t *x, const edu_row_t *row,
                   edu_time_t now)
{
    return row->stored && strcmp(row->version, edu__version_at(now, x->p)) >= 0;
}

apr_status_t edu__repeat_find(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_repeat_t *repeat = plan->repeat;
    const edu_key_t key = { .repeat_id = repeat->id };
    apr_status_t rv = edu__access_require(x);

    rv = rv ? rv
            : edu__store_get(&repeat->row, x->store, EDU_REPEAT, &key, x->err,
                             x->p);
    if (rv) {
        return rv;
    }
    if (!repeat->request) { /* the plan may get another body later */
        repeat->request = request_of(x, plan->body);
    }
    return !is_kept(x, &repeat->row, plan->now) ? APR_SUCCESS
           : strcmp(repeat->row.kind, repeat->request) == 0
               ? answer(x, &repeat->row)
               : refuse_other(x, repeat);
}

/* The body of the answer as one text. */
static const char *body_of(const edu_exchange_t *x, apr_size_t *len)
{
    const apr_array_header_t *parts = x->res->body;
    struct iovec whole;

    whole.iov_base = apr_pstrcatv(x->p, (const struct iovec *)parts->elts,
                                  parts->nelts, &whole.iov_len);
    *len = whole.iov_len;
    return whole.iov_base;
}

static json_t *headers_of(const edu_exchange_t *x)
{
    json_t *headers = json_object();

    for (int i = 0; i < KEPT; i++) {
        const char *value = apr_table_get(x->res->headers, kept[i]);

        if (value) {
            json_object_set_new(headers, kept[i],
                                edu__json_string(value, x->p));
        }
    }
    return headers;
}

/* The student and the outcome that the answer shows, if reads are noted. */
static json_t *shows(const edu_exchange_t *x)
{
    const apr_array_header_t *reads = x->req->reads;
    const edu_read_t *read;

    if (!reads || !reads->nelts) {
        return NULL;
    }
    read = &APR_ARRAY_IDX(reads, reads->nelts - 1, edu_read_t);
    return json_pack("{s:s, s:s}", "student", read->texts[EDU_READ_STUDENT],
                     "outcome", read->texts[EDU_READ_OUTCOME]);
}

/* The answer as a document: {"head":{…},"body":…}.  A long one goes without its
 * body, which a client can read. */
static const char *document_of(const edu_exchange_t *x)
{
    apr_size_t len;
    const char *body = body_of(x, &len);
    int whole = len <= MOST_BODY;
    json_t *headers = headers_of(x), *head = json_object(), *note = shows(x);

    if (!whole) {
        json_object_del(headers, "Content-Type");
        json_object_set_new(headers, "Preference-Applied",
                            json_string("return=minimal"));
    }
    json_object_set_new(head, "status",
                        json_integer(whole ? x->res->status : 204));
    json_object_set_new(head, "headers", headers);
    if (note) {
        json_object_set_new(head, "shows", note);
    }
    return apr_pstrcat(
        x->p, "{\"head\":", edu__json_text(edu__json_own(head, x->p), x->p),
        whole && len ? ",\"body\":" : "", whole ? body : "", "}", NULL);
}

void edu__repeat_keep(const edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_repeat_t *repeat = plan->repeat;
    const char *user = x->req->caller->user_id;
    const edu_key_t key = { .repeat_id = repeat->id };
    int stored = repeat->row.stored;
    edu_row_t *row = apr_pcalloc(x->p, sizeof(*row));
    edu_write_t *write;

    row->id = repeat->id;
    row->kind = repeat->request;
    row->sort_key = edu__version_at(plan->now, x->p);
    row->version = edu__version_at(repeat->begins + edu__kept_for(x), x->p);
    row->modified_by = user ? user : "";
    row->body = document_of(x);
    write = edu__changes_add(&plan->changes, stored ? EDU_UPDATE : EDU_INSERT,
                             EDU_REPEAT,
                             stored ? EDU_IF_VERSION : EDU_IF_ABSENT, &key);
    write->before = stored ? &repeat->row : NULL;
    write->after = row;
}
