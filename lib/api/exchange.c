/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A request on its way: functions that all files above call. */

#include "api.h"

#include <apr_strings.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

const char *edu__header(const edu_exchange_t *x, const char *name)
{
    return x->req->header(x->req->baton, name);
}

void edu__append_bytes(edu_exchange_t *x, const char *text, apr_size_t len)
{
    struct iovec *part = apr_array_push(x->res->body);

    part->iov_base = (void *)text;
    part->iov_len = len;
}

void edu__append(edu_exchange_t *x, const char *text)
{
    edu__append_bytes(x, text, strlen(text));
}

void edu__append_context_url(edu_exchange_t *x, const char *url)
{
    edu__append(x, "{");
    if (x->format.metadata != EDU_METADATA_NONE) {
        edu__append(x, "\"@odata.context\":");
        edu__append(x, edu__json_quote(url, x->p));
    }
}

void edu__append_comma(edu_exchange_t *x)
{
    edu__append(x, x->format.metadata != EDU_METADATA_NONE ? "," : "");
}

void edu__drop_comma(edu_exchange_t *x, int at)
{
    struct iovec *part = &APR_ARRAY_IDX(x->res->body, at, struct iovec);

    if (x->format.metadata == EDU_METADATA_NONE) {
        part += part->iov_len == 0;
        part->iov_base = (char *)part->iov_base + 1;
        part->iov_len--;
    }
}

void edu__answer_json(edu_exchange_t *x, int status)
{
    x->res->status = status;
    apr_table_setn(x->res->headers, "Content-Type",
                   x->format.type ? x->format.type : EDU_JSON);
}

int edu__is_for_student(const edu_exchange_t *x)
{
    return (x->facts & (EDU_IS_STUDENT | EDU_IS_SELF)) &&
           !(x->facts & (EDU_IS_STAFF | EDU_IS_RULES));
}

int edu__is_across(const edu_exchange_t *x)
{
    const edu_key_t *key = &x->path.key;

    return (x->set->id == EDU_OUTCOMES && !key->submission_id) ||
           (x->set->id == EDU_SUBMISSIONS && !key->assignment_id);
}

int edu__is_placed(const edu_exchange_t *x)
{
    return edu__is_across(x) && x->path.resource != EDU_RES_RECENT;
}

void edu__row_key(edu_key_t *key, const edu_exchange_t *x, const edu_row_t *row)
{
    static const edu_table_e above[] = { [EDU_SUBMISSION] = EDU_ASSIGNMENT,
                                         [EDU_OUTCOME] = EDU_SUBMISSION,
                                         [EDU_HISTORY] = EDU_CLASS };
    edu_table_e table = x->set->table;

    *key = x->path.key;
    if (row->assignment_id && *row->assignment_id) {
        key->assignment_id = row->assignment_id;
    }
    if (row->parent_id && *row->parent_id) {
        *edu__key_id(key, above[table]) = row->parent_id;
    }
    *edu__key_id(key, table) = row->id;
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
        rv = edu_error_set(
            x->err, EDU_EUNAVAILABLE, NULL, x->p,
            "The $batch ran out of time before this request was done. Send the "
            "refused requests again, in smaller batches.");
        x->err->detail = "a $batch took longer than EduOutcomesTimeout";
    }
    return rv;
}

const char *edu__version_at(edu_time_t t, apr_pool_t *p)
{
    return apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)t);
}

static int is_noted(const apr_array_header_t *reads, const edu_read_t *read)
{
    for (int i = reads->nelts - 1; i >= 0; i--) {
        const edu_read_t *noted = &APR_ARRAY_IDX(reads, i, edu_read_t);
        int same = 1;

        for (int j = EDU_READ_CLASS; same && j <= EDU_READ_OUTCOME; j++) {
            same = strcmp(noted->texts[j], read->texts[j]) == 0;
        }
        if (same) {
            return 1;
        }
    }
    return 0;
}

/* Notes a read for the log. */
static void note_read(const edu_exchange_t *x, const char *assignment_id,
                      const char *submission_id, const char *student,
                      const char *id)
{
    const edu_caller_t *caller = x->req->caller;
    apr_array_header_t *reads = x->req->reads;
    edu_read_t read = {
        {
         [EDU_READ_AT] = edu__version_at(edu__time_now(), x->p),
         [EDU_READ_USER] = caller->user_id,
         [EDU_READ_APPLICATION] = caller->application,
         [EDU_READ_ADDRESS] = caller->address,
         [EDU_READ_REQUEST] = x->req->trace->request_id,
         [EDU_READ_CLASS] = x->path.key.class_id,
         [EDU_READ_ASSIGNMENT] = assignment_id,
         [EDU_READ_SUBMISSION] = submission_id,
         [EDU_READ_OUTCOME] = id,
         [EDU_READ_STUDENT] = student,
         }
    };

    for (int i = 0; i < EDU_READ_COLUMNS; i++) {
        read.texts[i] = read.texts[i] ? read.texts[i] : "";
    }
    if (is_noted(reads, &read)) {
        return;
    }
    for (int i = 0; i < EDU_READ_COLUMNS; i++) {
        read.texts[i] = apr_pstrdup(reads->pool, read.texts[i]);
    }
    APR_ARRAY_PUSH(reads, edu_read_t) = read;
}

void edu__note_read(const edu_exchange_t *x, const char *assignment_id,
                    const char *submission_id, const char *student,
                    const char *id)
{
    if (x->req->reads && x->req->mount->log_reads) {
        note_read(x, assignment_id, submission_id, student, id);
    }
}

apr_status_t edu__damaged(edu_exchange_t *x, const char *what, const char *id)
{
    apr_status_t rv = edu_error_set(x->err, EDU_EINTERNAL, NULL, x->p, NULL);

    x->err->detail = apr_psprintf(
        x->p, "the stored document of %s %s is not valid", what, id);
    return rv;
}

apr_status_t edu__no_entity(edu_exchange_t *x, const edu_set_t *set)
{
    return edu_error_set(x->err, EDU_ENOTFOUND, NULL, x->p,
                         "Entity not found. There is no %s with the id %s.%s",
                         set->type->name,
                         *edu__key_id(&x->path.key, set->table),
                         set->id != EDU_SUBMISSIONS
                             ? ""
                             : " Outcomes alone make none: an administrator "
                               "registers it by PUT, or publish makes one for "
                               "each student.");
}

apr_status_t edu__no_outcome(edu_exchange_t *x)
{
    return edu_error_set(x->err, EDU_ENOOUTCOME, NULL, x->p,
                         "Entity not found. Outcome id: %s",
                         x->path.key.outcome_id);
}
