/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The server's own access rules: a request meets those of each path that its
 * resource has. */

#include "api.h"

#include <apr_escape.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* Credentials that were sent, but that no module of the server asked for. */
static int are_unread(const edu_request_t *req)
{
    return req->header && req->header(req->baton, "Authorization");
}

apr_status_t edu__check_caller(const edu_request_t *req, edu_error_t *err,
                               apr_pool_t *p)
{
    /* a browser's preflight comes without credentials (Fetch 4.8) */
    return req->caller->authenticated ||
                   (req->mount->anonymous && req->mount->rules_alone) ||
                   strcmp(req->method, "OPTIONS") == 0 ||
                   (req->mount->public_documents &&
                    edu_is_document(req->path, p))
               ? APR_SUCCESS
               : edu_error_set(
                     err, EDU_EUNAUTHORIZED, NULL, p,
                     are_unread(req)
                         ? "The credentials were not checked, for this "
                           "server asks for none here. Its "
                           "administrator has to set AuthType, and "
                           "Require valid-user."
                         : NULL);
}

/* Applies the server's rules to any decoded path of the same resource. */
static apr_status_t admit_at(edu_request_t *req, const char *path,
                             edu_error_t *err, apr_pool_t *p)
{
    const char *query = req->query;
    const char *url = apr_pstrcat(p, apr_pescape_path(p, path, 1),
                                  query ? "?" : NULL, query, NULL);
    apr_status_t rv = req->admit(req->baton, req, req->method, url, err, p);

    if (!rv && strcmp(req->path, path) != 0) {
        return edu_error_set(err, EDU_ENOTFOUND, NULL, p,
                             "The server redirects %s to another path.", path);
    }
    req->rewritten = 0;
    return rv ? rv : edu__check_caller(req, err, p);
}

/* Applies the rules of a resource to a request for a part of it, too. */
static apr_status_t admit_whole(edu_request_t *req, const char *whole,
                                edu_error_t *err, apr_pool_t *p)
{
    const char *path = req->path;
    apr_status_t rv = admit_at(req, whole, err, p);

    req->path = path;
    return rv;
}

apr_status_t edu__admit_canonical(edu_request_t *req, const edu_path_t *path,
                                  edu_error_t *err, apr_pool_t *p)
{
    apr_status_t rv = !req->admit || (!req->rewritten &&
                                      strcmp(req->path, path->canonical) == 0)
                          ? APR_SUCCESS
                          : admit_at(req, path->canonical, err, p);

    return rv || !req->admit || !path->whole || path->query
               ? rv
               : admit_whole(req, path->whole, err, p);
}

apr_status_t edu__admit_read(edu_request_t *req, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p)
{
    req->method = "GET";
    return req->admit ? admit_at(req, path->whole, err, p) : APR_SUCCESS;
}

/* Whether a request is one that students may make for their own work alone. */
static int is_personal(const edu_exchange_t *x)
{
    const char *caller = x->req->caller->user_id;

    return x->only_student && caller && strcmp(x->only_student, caller) == 0 &&
           (strcmp(x->req->method, "GET") == 0 ||
            strcmp(x->req->method, "HEAD") == 0 ||
            x->path.resource == EDU_RES_SUBMIT ||
            x->path.resource == EDU_RES_UNSUBMIT);
}

/* A path by the class instead of the person.
 * @param rest  what follows the person */
static const char *by_class(const edu_exchange_t *x, const char *rest)
{
    return apr_pstrcat(x->p, "/education/classes/", x->path.key.class_id, rest,
                       NULL);
}

/* A path of a person must not dodge the server's rules for a class: all that is
 * not the caller's own is checked by the path of its class, too. */
static apr_status_t check_rules(edu_exchange_t *x)
{
    const edu_path_t *path = &x->path;
    edu_request_t *req;
    apr_status_t rv;

    if (!x->req->admit || is_personal(x)) {
        return APR_SUCCESS;
    }
    x->req = req = apr_pmemdup(x->p, x->req, sizeof(*req));
    rv = admit_at(req, by_class(x, path->rest), x->err, x->p);
    return rv || !path->whole
               ? rv
               : admit_at(
                     req,
                     by_class(x, path->whole + (path->rest - path->canonical)),
                     x->err, x->p);
}

apr_status_t edu__find_owner(edu_exchange_t *x)
{
    if (!x->path.user_root) {
        return APR_SUCCESS;
    }
    if (strcmp(x->path.user_root, "me") == 0) {
        x->path.user_id = x->req->caller->user_id;
    }
    return x->path.user_id
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EUNAUTHORIZED, NULL, x->p,
                               "The server knows no id of the caller "
                               "(EduOutcomesUserId), whose /education/me this "
                               "would be.");
}

/* The members of an assignment that give it to students: all else is passed
 * over, which takes a tenth of the time of parsing it. */
static const json_t *giving_of(const char *text, apr_pool_t *p)
{
    static const edu_pick_t names[] = {
        {"assignDateTime", NULL},
        { "assignTo",      NULL},
        { "status",        NULL}
    };
    const apr_array_header_t picks = { .elt_size = sizeof(names[0]),
                                       .nelts = 3,
                                       .elts = (char *)names };
    const apr_array_header_t *members = edu__members_load(text, p);

    return members ? edu__json_load(edu__members_text(members, &picks, p), p)
                   : NULL;
}

/* A missing assignment takes the time, and the memory, that one of others does,
 * which is of this length. */
static const char nobodys[] =
    "{\"@odata.type\":\"#microsoft.graph.educationAssignment\",\"id\":"
    "\"5c9f7a0e-2f57-4f4e-9d2b-0d6f4f7a6f11\",\"status\":\"published\","
    "\"displayName\":\"Midterm 1\",\"instructions\":{\"contentType\":\"text\","
    "\"content\":\"Read chapters 1 to 3.\"},\"assignTo\":{\"@odata.type\":"
    "\"#microsoft.graph.educationAssignmentIndividualRecipient\","
    "\"recipients\":[\"\"]},\"grading\":{\"@odata.type\":"
    "\"#microsoft.graph.educationAssignmentPointsGradeType\",\"maxPoints\":"
    "100},\"dueDateTime\":\"2021-09-07T00:00:00Z\",\"closeDateTime\":null,"
    "\"allowLateSubmissions\":true,\"addedStudentAction\":\"none\","
    "\"rubric\":{\"displayName\":\"Essay\",\"qualities\":[{\"qualityId\":"
    "\"style\",\"displayName\":\"Style\"},{\"qualityId\":\"facts\","
    "\"displayName\":\"Facts\"}],\"levels\":[{\"levelId\":\"good\","
    "\"displayName\":\"Good\"},{\"levelId\":\"poor\",\"displayName\":"
    "\"Poor\"}]}}";

int edu__is_given_to(const char *user_id, const char *text, edu_time_t when,
                     apr_pool_t *p)
{
    const json_t *doc = giving_of(text ? text : apr_pstrdup(p, nobodys), p);
    apr_hash_t *ids = edu__assignment_recipients(doc, p);

    return text && strcmp(edu__assignment_status(doc, when), "draft") != 0 &&
           !edu__assignment_waits(doc, when) &&
           (!ids || apr_hash_get(ids, user_id, APR_HASH_KEY_STRING));
}

int edu__is_given(const edu_exchange_t *x, const char *text)
{
    return edu__is_given_to(x->req->caller->user_id, text, edu__time_now(),
                            x->p);
}

/* The classes by which an owner has an assignment: of the caller's own those
 * that the caller may know of, of others' those that the caller teaches. */
static apr_status_t find_classes(edu_exchange_t *x, const edu_row_t **class,
                                 int *n)
{
    int all = x->facts & (EDU_IS_SELF | EDU_IS_STAFF | EDU_IS_RULES);
    apr_array_header_t *rows;
    apr_status_t rv = edu__store_find(
        &rows, x->store, x->path.user_id, x->path.key.assignment_id,
        all ? NULL : x->req->caller->user_id, x->err, x->p);

    *n = 0;
    for (int i = 0; !rv && i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);
        int hidden = edu__is_for_student(x) && strcmp(row->role, "teacher") &&
                     !edu__is_given(x, *row->id ? row->body : NULL);

        if (*row->role && !hidden) {
            *class = row;
            (*n)++;
        }
    }
    return rv;
}

apr_status_t edu__find_class(edu_exchange_t *x, int *n)
{
    const edu_row_t *class = NULL;
    apr_status_t rv = find_classes(x, &class, n);

    if (rv || *n != 1) {
        return rv;
    }
    x->path.key.class_id = class->id;
    x->only_student =
        strcmp(class->role, "teacher") == 0 ? NULL : x->path.user_id;
    return check_rules(x);
}
