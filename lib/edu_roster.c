/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Who is in a class, what its assignments hold, and paths that begin with a
 * person rather than a class. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_strings.h>

/* ------------------------------------------------------------------- people */

/* Whether the caller's place in the class of the path is this one. */
apr_status_t edu__roster_check(edu_exchange_t *x, int teacher)
{
    edu_path_t path = x->path;
    edu_row_t row = { .stored = 0 };
    apr_status_t rv = APR_SUCCESS;

    if (x->req->caller->admin) {
        return APR_SUCCESS;
    }
    path.member_id = x->req->caller->user_id;
    if (path.member_id) {
        rv = edu__store_get(&row, x->store, EDU_MEMBER, &path, x->err, x->p);
    }
    if (rv || (row.stored && (!teacher || strcmp(row.kind, "teacher") == 0))) {
        return rv;
    }
    return edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                         "Only %s of the class may do this, and those whom "
                         "EduOutcomesAdmin lets provision classes.",
                         teacher ? "a teacher" : "members");
}

/* What students may do with what is theirs, and with nothing else. */
static int is_personal(const edu_exchange_t *x)
{
    const char *caller = x->req->caller->user_id;

    return x->own && caller && strcmp(x->own, caller) == 0 &&
           (strcmp(x->req->method, "GET") == 0 ||
            strcmp(x->req->method, "HEAD") == 0 ||
            x->path.at == EDU_AT_SUBMIT || x->path.at == EDU_AT_UNSUBMIT);
}

/* The rules that a server has for a class are not to be dodged by the path of
 * a person: all that is not the caller's own is asked for by its class, too. */
static apr_status_t check_rules(edu_exchange_t *x)
{
    edu_request_t *req;

    if (!x->req->admit || is_personal(x)) {
        return APR_SUCCESS;
    }
    x->req = req = apr_pmemdup(x->p, x->req, sizeof(*req));
    return edu__admit_at(req,
                         apr_pstrcat(x->p, "/education/classes/",
                                     x->path.class_id, x->path.tail, NULL),
                         x->err, x->p);
}

/* The class of an assignment by who is in it.  A teacher sees what everybody
 * handed in, a student what they did themselves. */
static apr_status_t resolve_class(edu_exchange_t *x)
{
    apr_array_header_t *rows;
    const edu_row_t *row;
    apr_status_t rv = edu__store_find(&rows, x->store, &x->path, x->err, x->p);

    if (rv) {
        return rv;
    }
    if (rows->nelts == 0) {
        return edu__no_entity(x, &edu__assignments);
    }
    if (rows->nelts > 1) {
        return edu_error_set(x->err, EDU_ECONFLICT, NULL, x->p,
                             "Several classes have an assignment %s. Ask by "
                             "/education/classes/{id} for that of one.",
                             x->path.assignment_id);
    }
    row = &APR_ARRAY_IDX(rows, 0, edu_row_t);
    x->path.class_id = row->id;
    x->own = strcmp(row->kind, "teacher") == 0 ? NULL : x->path.user_id;
    return check_rules(x);
}

/* Whose lists these are, or an administrator. */
static apr_status_t check_owner(edu_exchange_t *x)
{
    const edu_caller_t *caller = x->req->caller;

    return caller->admin || (caller->user_id &&
                             strcmp(caller->user_id, x->path.user_id) == 0)
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EFORBIDDEN, NULL, x->p,
                               "These lists are for their owner, and for those "
                               "whom EduOutcomesAdmin lets provision classes.");
}

apr_status_t edu__roster_resolve(edu_exchange_t *x)
{
    if (!x->path.owner) {
        return APR_SUCCESS;
    }
    if (strcmp(x->path.owner, "me") == 0) {
        x->path.user_id = x->req->caller->user_id;
    }
    if (!x->path.user_id) {
        return edu_error_set(x->err, EDU_EUNAUTHORIZED, NULL, x->p, NULL);
    }
    return x->path.assignment_id ? resolve_class(x) : check_owner(x);
}

json_t *edu__view_member(const edu_exchange_t *x, const edu_row_t *row)
{
    json_t *doc = edu__view_entity(x, row);

    if (doc) {
        json_object_set_new(doc, "primaryRole", json_string(row->kind));
    }
    return doc;
}

/* ------------------------------------------------------------------ members */

typedef apr_status_t member_fn(edu_exchange_t *x, const edu_row_t *member,
                               const void *baton);

/* Runs `visit` over the members of the path's class.
 * @param role  of those alone, or NULL */
static apr_status_t each_member(edu_exchange_t *x, const char *role,
                                member_fn *visit, const void *baton)
{
    edu_range_t range = { .only = role };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv;

    do {
        rv = edu__store_list(&rows, &above, x->store, EDU_MEMBER, &x->path,
                             &range, x->err, x->p);
        for (int i = 0; !rv && i < rows->nelts; i++) {
            range.after = &APR_ARRAY_IDX(rows, i, edu_row_t);
            rv = visit(x, range.after, baton);
        }
    } while (!rv && rows->nelts == EDU_CHUNK);
    return rv;
}

/* The role that a path is about. */
static const char *role_of(const edu_exchange_t *x, const json_t *user)
{
    const char *role = json_string_value(json_object_get(user, "primaryRole"));

    return x->set->only ? x->set->only : role ? role : "student";
}

/* Makes `body` the entry of the path's member; NULL: whoever is there already
 * stays as they are, but for a role that this path gives. */
static apr_status_t set_member(edu_exchange_t *x, const json_t *body)
{
    edu_row_t was, row;
    edu_change_t change;
    json_t *old, *doc;
    apr_status_t rv =
        edu__store_get(&was, x->store, EDU_MEMBER, &x->path, x->err, x->p);

    if (rv) {
        return rv;
    }
    old = was.stored ? edu__entity_load(&edu__user, was.body, x->p) : NULL;
    edu__plan_change(&change, x, old, &was);
    change.id = x->path.member_id;
    change.replace = body != NULL;
    doc = edu__entity_merge(
        old, body ? body : edu__json_own(json_object(), x->p), &change);
    row = (edu_row_t){ .id = change.id,
                       .created = was.stored ? was.created : change.version,
                       .kind = !body && was.stored && !x->set->only
                                   ? was.kind
                                   : role_of(x, body),
                       .version = change.version,
                       .body = edu__json_text(doc, x->p) };
    if (was.stored && json_equal(old, doc) && strcmp(was.kind, row.kind) == 0) {
        return APR_SUCCESS;
    }
    rv = edu__check_size(x, &row, "value");
    return rv ? rv
              : edu__store_put(x->store, EDU_MEMBER, &x->path, &row, &was,
                               x->err, x->p);
}

/* The class itself has to be there. */
static apr_status_t check_class(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv =
        edu__store_get(&row, x->store, EDU_CLASS, &x->path, x->err, x->p);

    return rv || row.stored ? rv : edu__no_entity(x, &edu__classes);
}

static apr_status_t add_once(edu_exchange_t *x, const json_t *body)
{
    apr_status_t rv = check_class(x);

    (void)body;
    if (!rv) {
        rv = set_member(x, NULL);
    }
    x->res->status = 204;
    return rv;
}

/* The id at the end of https://…/users/{id} or …/users('{id}'), or NULL. */
static const char *referred(const char *url, apr_pool_t *p)
{
    const char *at = NULL, *path;
    edu_path_t user;
    edu_error_t err;

    url = url ? apr_pstrmemdup(p, url, strcspn(url, "?#")) : "";
    while ((url = strstr(url, "/users"))) {
        at = url[6] == '/' || url[6] == '(' ? url : at;
        url++;
    }
    path = at ? apr_punescape_url(p, at, NULL, NULL, 0) : NULL;
    return path &&
                   !edu__path_parse(&user,
                                    apr_pstrcat(p, "/education", path, NULL),
                                    &err, p) &&
                   user.at == EDU_AT_USER
               ? user.user_id
               : NULL;
}

apr_status_t edu__member_add(edu_exchange_t *x)
{
    const json_t *body;
    apr_status_t rv = edu__read_body(x, &body);

    if (rv) {
        return rv;
    }
    x->path.member_id =
        referred(json_string_value(json_object_get(body, "@odata.id")), x->p);
    if (!x->path.member_id) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "@odata.id", x->p,
                             "Name the user by \"@odata.id\": "
                             "\"…/education/users/{id}\".");
    }
    return edu__settle(x, NULL, add_once);
}

static apr_status_t remove_once(edu_exchange_t *x, const json_t *body)
{
    edu_row_t row;
    apr_status_t rv = edu__resource_read(x, &row);

    (void)body;
    if (rv || (rv = edu__check_conditions(x, &row))) {
        return rv;
    }
    rv = edu__store_remove(x->store, EDU_MEMBER, &x->path, row.id, row.version,
                           x->err, x->p);
    x->res->status = 204;
    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

apr_status_t edu__member_remove(edu_exchange_t *x)
{
    apr_status_t rv = edu__check_blind(x);

    return rv ? rv : edu__settle(x, NULL, remove_once);
}

/* Where a list of users has this one, or its length. */
static size_t place_of(const json_t *users, const char *id)
{
    json_t *user;
    size_t i;

    json_array_foreach((json_t *)users, i, user)
    {
        if (strcmp(json_string_value(json_object_get(user, "id")), id) == 0) {
            break;
        }
    }
    return i;
}

static apr_status_t drop_other(edu_exchange_t *x, const edu_row_t *member,
                               const void *users)
{
    apr_status_t rv =
        place_of(users, member->id) < json_array_size(users)
            ? APR_SUCCESS
            : edu__store_remove(x->store, EDU_MEMBER, &x->path, member->id,
                                member->version, x->err, x->p);

    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

static apr_status_t put_members(edu_exchange_t *x, void *baton)
{
    const json_t *users = json_object_get(baton, "value");
    json_t *user;
    size_t i;
    apr_status_t rv = each_member(x, x->set->only, drop_other, users);

    json_array_foreach((json_t *)users, i, user)
    {
        if (!rv) {
            x->path.member_id = json_string_value(json_object_get(user, "id"));
            rv = set_member(x, user);
        }
    }
    return rv;
}

static apr_status_t put_once(edu_exchange_t *x, const json_t *body)
{
    apr_status_t rv = check_class(x);

    return rv ? rv : edu__atomically(x, put_members, (void *)body);
}

static apr_status_t check_users(edu_exchange_t *x, const json_t *body)
{
    json_t *users = json_object_get(body, "value"), *user;
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    if (!json_is_array(users)) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "value", x->p,
                             "Send all %s as {\"value\": [{\"id\": …}, …]}.",
                             x->set->name);
    }
    json_array_foreach(users, i, user)
    {
        const char *id = json_string_value(json_object_get(user, "id"));

        rv = edu__check(&edu__user, NULL, user, x->req->mount->dialect, x->err,
                        x->p);
        if (!rv && (!id || !edu__is_key(id))) {
            rv = edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                               "Each user has an id that can stand in a path: "
                               "1 to 128 bytes, no slash, and neither . nor .. "
                               "alone.");
        }
        if (!rv && place_of(users, id) < i) {
            rv = edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                               "The user %s stands in the list twice.", id);
        }
        if (rv) {
            int whole = strcmp(x->err->target, "body") == 0;

            x->err->target =
                apr_psprintf(x->p, "value/%" APR_SIZE_T_FMT "%s%s", i,
                             whole ? "" : "/", whole ? "" : x->err->target);
            return rv;
        }
    }
    return APR_SUCCESS;
}

/* The list as a whole: who is not in it is no member any more. */
apr_status_t edu__members_put(edu_exchange_t *x)
{
    const json_t *body;
    apr_status_t rv = edu__read_body(x, &body);

    if (rv || (rv = check_users(x, body)) ||
        (rv = edu__settle(x, body, put_once))) {
        return rv;
    }
    x->res->status = 204;
    return APR_SUCCESS;
}

/* -------------------------------------------------------------- assignments */

json_t *edu__view_assignment(const edu_exchange_t *x, const edu_row_t *row)
{
    json_t *doc = edu__view_entity(x, row);

    if (doc) {
        json_object_set_new(doc, "classId", json_string(row->parent));
        if (json_is_null(json_object_get(doc, "status"))) {
            json_object_set_new(doc, "status", json_string("draft"));
        }
    }
    return doc;
}

apr_status_t edu__finish_assignment(edu_exchange_t *x, json_t *doc,
                                    edu_row_t *row, const edu_row_t *was)
{
    (void)x;
    (void)row;
    (void)was;
    if (json_is_null(json_object_get(doc, "status"))) {
        json_object_set_new(doc, "status", json_string("draft"));
    }
    return APR_SUCCESS;
}

/* An action on an assignment: what it sets, and what else it does. */
typedef struct deed_t {
    edu_row_t was, row;
    json_t *doc;
    apr_status_t (*effect)(edu_exchange_t *x, const struct deed_t *deed);
} deed_t;

static apr_status_t apply(edu_exchange_t *x, void *baton)
{
    deed_t *deed = baton;
    apr_status_t rv =
        edu__store_replace(x->store, EDU_ASSIGNMENT, &x->path, &deed->row,
                           deed->was.version, x->err, x->p);

    if (!rv && deed->effect) {
        rv = deed->effect(x, deed);
    }
    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

static apr_status_t load(edu_exchange_t *x, deed_t *deed)
{
    apr_status_t rv = edu__resource_read(x, &deed->was);

    if (rv || (rv = edu__check_conditions(x, &deed->was))) {
        return rv;
    }
    deed->doc = edu__entity_load(&edu__assignment, deed->was.body, x->p);
    return deed->doc ? APR_SUCCESS
                     : edu__damaged(x, edu__assignment.name, deed->was.id);
}

/* Writes the assignment as the deed's document says. */
static apr_status_t perform(edu_exchange_t *x, deed_t *deed)
{
    edu_change_t change;
    apr_status_t rv;

    edu__plan_change(&change, x, deed->doc, &deed->was);
    json_object_set_new(deed->doc, "lastModifiedBy",
                        edu__identity_set(x->req->caller, x->p));
    json_object_set_new(deed->doc, "lastModifiedDateTime",
                        json_string(edu__time_format(change.now, x->p)));
    deed->row = deed->was;
    deed->row.version = change.version;
    deed->row.body = edu__json_text(deed->doc, x->p);
    rv = edu__check_size(x, &deed->row, edu__assignment.name);
    rv = rv ? rv : edu__atomically(x, apply, deed);
    return rv ? rv
              : edu__answer_entity(
                    x, 200,
                    apr_pstrcat(
                        x->p, x->req->base,
                        "/$metadata#microsoft.graph.educationAssignment", NULL),
                    &deed->row);
}

/* Whether an assignment is given to a student: to all, unless it names some. */
static int is_given(const json_t *assignment, const char *student)
{
    const json_t *recipients =
        json_object_get(json_object_get(assignment, "assignTo"), "recipients");
    json_t *id;
    size_t i;

    json_array_foreach((json_t *)recipients, i, id)
    {
        if (json_is_string(id) && strcmp(json_string_value(id), student) == 0) {
            return 1;
        }
    }
    return !json_is_array(recipients);
}

/* A submission for a student who has none yet: who has is left alone. */
static apr_status_t give(edu_exchange_t *x, const edu_row_t *student,
                         const void *baton)
{
    const deed_t *deed = baton;
    const edu_row_t row = { .id = edu__new_guid(x->p),
                            .created = deed->row.version,
                            .kind = student->id,
                            .version = deed->row.version,
                            .by = edu__caller_text(x),
                            .body = "{}" };
    apr_status_t rv = is_given(deed->doc, student->id)
                          ? edu__store_insert(x->store, EDU_SUBMISSION,
                                              &x->path, &row, x->err, x->p)
                          : APR_SUCCESS;

    return rv == EDU_ECONFLICT ? APR_SUCCESS : rv;
}

static apr_status_t give_all(edu_exchange_t *x, const deed_t *deed)
{
    return each_member(x, "student", give, deed);
}

/* What was loaded by SQL may name recipients that no PUT may. */
static apr_status_t check_recipients(edu_exchange_t *x,
                                     const json_t *assignment)
{
    const json_t *to = json_object_get(assignment, "assignTo");
    const edu_type_t *type = edu__type_of(
        edu__prop_find(&edu__assignment, "assignTo")->type, NULL, to);
    const char *name = json_string_value(json_object_get(to, "@odata.type"));

    return type && !(type->flags & EDU_UNSERVED)
               ? APR_SUCCESS
               : edu__unserved(name ? name : "That", "assignTo", x->err, x->p);
}

static apr_status_t publish_once(edu_exchange_t *x, const json_t *body)
{
    deed_t deed = { .effect = give_all };
    apr_status_t rv = load(x, &deed);

    (void)body;
    if (rv || (rv = check_recipients(x, deed.doc))) {
        return rv;
    }
    json_object_set_new(deed.doc, "status", json_string("assigned"));
    if (json_is_null(json_object_get(deed.doc, "assignedDateTime"))) {
        json_object_set_new(
            deed.doc, "assignedDateTime",
            json_string(edu__time_format(edu__time_now(), x->p)));
    }
    return perform(x, &deed);
}

/* Once more, it gives the assignment to who joined the class since. */
apr_status_t edu__assignment_publish(edu_exchange_t *x)
{
    apr_status_t rv = edu__check_blind(x);

    return rv ? rv : edu__settle(x, NULL, publish_once);
}

/* There is no drive behind it: the folder has a name, so that clients which
 * look for one find it, and it is set up once (contract.md 5). */
static apr_status_t folder_once(edu_exchange_t *x, const json_t *body)
{
    int feedback = x->path.at == EDU_AT_FEEDBACK_FOLDER;
    const char *member =
        feedback ? "feedbackResourcesFolderUrl" : "resourcesFolderUrl";
    deed_t deed = { .effect = NULL };
    apr_status_t rv = load(x, &deed);

    (void)body;
    if (rv) {
        return rv;
    }
    if (json_is_string(json_object_get(deed.doc, member))) {
        return edu_error_set(x->err, EDU_EFOLDER, member, x->p,
                             "%s folder already exists and has previously been "
                             "set up.",
                             feedback ? "Feedback resource" : "Resource");
    }
    json_object_set_new(
        deed.doc, member,
        json_string(apr_pstrcat(x->p, "urn:uuid:", edu__new_guid(x->p), NULL)));
    return perform(x, &deed);
}

apr_status_t edu__assignment_folder(edu_exchange_t *x)
{
    apr_status_t rv = edu__check_blind(x);

    return rv ? rv : edu__settle(x, NULL, folder_once);
}
