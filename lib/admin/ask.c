/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What a row of OneRoster asks the API, and what is wrong with it. */

#include "roster.h"

#include <apr_strings.h>

#define APR_WANT_IOVEC
#include <apr_want.h>

#include <stdlib.h>
#include <strings.h>

#define MAX_FAULTS 1000

/* ------------------------------------------------------------------- faults */

void edu__roster_tell(edu_roster_t *it, const char *field, const char *message)
{
    const edu_fault_t fault = { it->file, it->line, field, message };

    it->moved->faults++;
    if (it->how->fault && it->moved->faults <= MAX_FAULTS) {
        it->how->fault(it->how->baton, &fault);
    }
}

/* The column that a member of a body comes from. */
static const char *column_of(const char *target)
{
    static const char *const columns[][2] = {
        {"displayName",            "title"           },
        { "dueDateTime",           "dueDate"         },
        { "assignDateTime",        "assignDate"      },
        { "grading/maxPoints",     "resultValueMax"  },
        { "points/points",         "score"           },
        { "feedback/text/content", "comment"         },
        { "recipient/userId",      "studentSourcedId"},
    };

    for (int i = 0; target && i < (int)(sizeof(columns) / sizeof(columns[0]));
         i++) {
        if (strcmp(columns[i][0], target) == 0) {
            return columns[i][1];
        }
    }
    return "sourcedId";
}

/* ----------------------------------------------------------------- requests */

static const char *header(void *baton, const char *name)
{
    const edu_roster_t *it = baton;

    return it->body && strcasecmp(name, "Content-Type") == 0
               ? "application/json"
               : NULL;
}

static apr_status_t body(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    const edu_roster_t *it = baton;

    (void)max;
    (void)err;
    (void)p;
    *data = it->body ? it->body : "";
    *len = strlen(*data);
    return APR_SUCCESS;
}

/* Sends a request. @param json  its body, or NULL @return the status */
static int call_api(edu_roster_t *it, edu_error_t *err, const char *method,
                    const char *path, json_t *json)
{
    edu_trace_t trace;
    edu_request_t req = { .method = method,
                          .path = path,
                          .base = "https://localhost",
                          .mount = &it->mount,
                          .caller = &it->caller,
                          .trace = &trace,
                          .store = &it->tx.store,
                          .header = header,
                          .body = body,
                          .baton = it };
    edu_response_t res;

    it->body = json ? edu__json_text(edu__json_own(json, it->p), it->p) : NULL;
    edu_trace_init(&trace, NULL, NULL, it->p);
    it->how->serve(&res, &req, it->p);
    *err = res.error;
    if (res.status >= 500) {
        it->failed = EDU_EUNAVAILABLE;
        it->admin->err = res.error;
    }
    return res.status;
}

int edu__roster_must(edu_roster_t *it, const char *method, const char *path,
                     json_t *json)
{
    edu_error_t err = { 0 };
    int status = call_api(it, &err, method, path, json);

    if (status >= 400 && !it->failed) {
        edu__roster_tell(it, column_of(err.target),
                         err.inner_message ? err.inner_message : err.message);
    }
    return status < 400;
}

int edu__roster_is_free(edu_roster_t *it, const char *path)
{
    edu_error_t err = { 0 };

    if (it->how->replace || call_api(it, &err, "GET", path, NULL) != 200) {
        return 1;
    }
    edu__roster_tell(
        it, "sourcedId",
        "It exists. Remove the line, or replace what exists (--replace).");
    return 0;
}

/* ------------------------------------------------------------------- fields */

const char *edu__roster_field(const edu_roster_t *it, const char *name)
{
    for (int i = 0; i < it->names->nelts && i < it->fields->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(it->names, i, const char *), name) == 0) {
            return APR_ARRAY_IDX(it->fields, i, const char *);
        }
    }
    return "";
}

const char *edu__roster_id(edu_roster_t *it, const char *name)
{
    const char *id = edu__roster_field(it, name);

    if (edu__is_key(id) && !strchr(id, '/')) {
        return id;
    }
    edu__roster_tell(it, name,
                     *id ? "An id has 1 to 128 bytes, and no slash."
                         : "It is missing.");
    return NULL;
}

int edu__roster_number(double *value, edu_roster_t *it, const char *name)
{
    const char *text = edu__roster_field(it, name);
    char *end;

    *value = strtod(text, &end);
    if (*text && !*end && strspn(text, "+-.0123456789eE") == strlen(text)) {
        return 1;
    }
    edu__roster_tell(it, name, "It is no number. Write it as 87.5.");
    return 0;
}
