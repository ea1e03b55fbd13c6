/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Who is in a class, what its assignments hold, and paths that begin with a
 * person rather than a class. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_hash.h>
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
                               void *baton);

/* Runs `visit` over the members of the path's class.
 * @param role  of those alone, or NULL */
static apr_status_t each_member(edu_exchange_t *x, const char *role,
                                member_fn *visit, void *baton)
{
    edu_range_t range = { .only = role };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv;

    do {
        if ((rv = edu__go_on(x))) {
            return rv;
        }
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

/* What `body` makes of a member, who may not be there yet; NULL: whoever is
 * there already stays as they are, but for a role that this path gives.
 * @param p  for what is not needed any more when it returns
 * @return whether that is a change */
static int make_member(edu_exchange_t *x, edu_row_t *row, const char *id,
                       const json_t *body, const edu_row_t *was, apr_pool_t *p)
{
    json_t *old =
        was->stored ? edu__entity_load(&edu__user, was->body, p) : NULL;
    edu_change_t change;
    json_t *doc;

    edu__plan_change(&change, x, old, was);
    change.id = id;
    change.replace = body != NULL;
    change.p = p;
    doc = edu__entity_merge(old, body ? body : edu__json_own(json_object(), p),
                            &change);
    *row = (edu_row_t){ .id = id,
                        .created = was->stored ? was->created : change.version,
                        .kind = !body && was->stored && !x->set->only
                                    ? was->kind
                                    : role_of(x, body),
                        .version = change.version };
    if (old && json_equal(old, doc) && strcmp(was->kind, row->kind) == 0) {
        return 0;
    }
    row->body = apr_pstrdup(x->p, edu__json_text(doc, p));
    return 1;
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
    edu_row_t was, row;
    apr_status_t rv = check_class(x);

    (void)body;
    if (!rv) {
        rv = edu__store_get(&was, x->store, EDU_MEMBER, &x->path, x->err, x->p);
    }
    if (!rv && make_member(x, &row, x->path.member_id, NULL, &was, x->p)) {
        rv = edu__store_put(x->store, EDU_MEMBER, &x->path, &row, &was, x->err,
                            x->p);
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

#define MAX_MEMBERS 16000 /* of a list that is put */

/* A member as they are to be written. */
typedef struct entry_t {
    edu_row_t was, row; /* without an id: they go */
} entry_t;

/* What a list of users makes of the members of a class. */
typedef struct plan_t {
    apr_hash_t *users;           /* by id: those who are no members yet */
    apr_array_header_t *entries; /* of entry_t */
    apr_pool_t *scratch;
} plan_t;

static apr_status_t plan_entry(edu_exchange_t *x, plan_t *plan, const char *id,
                               const json_t *user, const edu_row_t *was)
{
    entry_t entry = { .was = *was };
    int changes =
        !user || make_member(x, &entry.row, id, user, was, plan->scratch);

    apr_pool_clear(plan->scratch);
    if (changes) {
        APR_ARRAY_PUSH(plan->entries, entry_t) = entry;
    }
    return changes && user ? edu__check_size(x, &entry.row, "value")
                           : APR_SUCCESS;
}

static apr_status_t plan_member(edu_exchange_t *x, const edu_row_t *member,
                                void *baton)
{
    plan_t *plan = baton;
    const json_t *user =
        apr_hash_get(plan->users, member->id, APR_HASH_KEY_STRING);
    edu_row_t whole;
    apr_status_t rv;

    apr_hash_set(plan->users, member->id, APR_HASH_KEY_STRING, NULL);
    if (user && !*member->body) { /* it is too long for a list */
        x->path.member_id = member->id;
        rv = edu__store_get(&whole, x->store, EDU_MEMBER, &x->path, x->err,
                            x->p);
        if (rv || !whole.stored) {
            return rv ? rv : APR_EAGAIN;
        }
        member = &whole;
    }
    return user || !x->set->only || strcmp(member->kind, x->set->only) == 0
               ? plan_entry(x, plan, member->id, user, member)
               : APR_SUCCESS;
}

/* Those of a list who are left, in its order, each created after the one
 * before. */
static apr_status_t plan_newcomers(edu_exchange_t *x, plan_t *plan,
                                   json_t *users)
{
    edu_row_t none = { .stored = 0 };
    apr_status_t rv = APR_SUCCESS;
    json_t *user;
    size_t i;

    json_array_foreach(users, i, user)
    {
        const char *id = json_string_value(json_object_get(user, "id"));

        if (!rv && apr_hash_get(plan->users, id, APR_HASH_KEY_STRING)) {
            rv = plan_entry(x, plan, id, user, &none);
            none.version =
                APR_ARRAY_IDX(plan->entries, plan->entries->nelts - 1, entry_t)
                    .row.version;
        }
    }
    return rv;
}

static apr_status_t write_entries(edu_exchange_t *x, void *baton)
{
    const plan_t *plan = baton;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < plan->entries->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(plan->entries, i, entry_t);

        rv = entry->row.id
                 ? edu__store_put(x->store, EDU_MEMBER, &x->path, &entry->row,
                                  &entry->was, x->err, plan->scratch)
                 : edu__store_remove(x->store, EDU_MEMBER, &x->path,
                                     entry->was.id, entry->was.version, x->err,
                                     plan->scratch);
        if (!rv) { /* else it holds the reason */
            apr_pool_clear(plan->scratch);
        }
    }
    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

/* All is read and compared before the transaction, which is but the writes. */
static apr_status_t put_once(edu_exchange_t *x, const json_t *body)
{
    json_t *users = json_object_get(body, "value"), *user;
    plan_t plan = { .users = apr_hash_make(x->p),
                    .entries = apr_array_make(x->p, (int)json_array_size(users),
                                              sizeof(entry_t)) };
    apr_status_t rv = check_class(x);
    size_t i;

    json_array_foreach(users, i, user)
    {
        apr_hash_set(plan.users, json_string_value(json_object_get(user, "id")),
                     APR_HASH_KEY_STRING, user);
    }
    apr_pool_create(&plan.scratch, x->p);
    if (rv || (rv = each_member(x, NULL, plan_member, &plan)) ||
        (rv = plan_newcomers(x, &plan, users))) {
        return rv;
    }
    return plan.entries->nelts ? edu__atomically(x, write_entries, &plan)
                               : APR_SUCCESS;
}

static apr_status_t check_users(edu_exchange_t *x, const json_t *body)
{
    json_t *users = json_object_get(body, "value"), *user;
    apr_hash_t *seen = apr_hash_make(x->p);
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    if (!json_is_array(users)) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "value", x->p,
                             "Send all %s as {\"value\": [{\"id\": …}, …]}.",
                             x->set->name);
    }
    if (json_array_size(users) > MAX_MEMBERS) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "value", x->p,
                             "A list has at most %d %s.", MAX_MEMBERS,
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
        if (!rv && apr_hash_get(seen, id, APR_HASH_KEY_STRING)) {
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
        apr_hash_set(seen, id, APR_HASH_KEY_STRING, user);
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

/* An action on an assignment: what it sets, and the students it is given to. */
typedef struct deed_t {
    edu_row_t was, row;
    json_t *doc;
    apr_hash_t *recipients;       /* whom the document names; NULL: all */
    apr_array_header_t *students; /* their ids; NULL: nobody */
} deed_t;

/* A submission for a student without one; one that is there stays as it is. */
static apr_status_t give(edu_exchange_t *x, const deed_t *deed,
                         const char *student)
{
    const edu_row_t row = { .id = edu__new_guid(x->p),
                            .created = deed->row.version,
                            .kind = student,
                            .version = deed->row.version,
                            .by = edu__caller_text(x),
                            .body = "{}" };
    apr_status_t rv = edu__store_insert(x->store, EDU_SUBMISSION, &x->path,
                                        &row, x->err, x->p);

    return rv == EDU_ECONFLICT ? APR_SUCCESS : rv;
}

static apr_status_t apply(edu_exchange_t *x, void *baton)
{
    const deed_t *deed = baton;
    const apr_array_header_t *students = deed->students;
    apr_status_t rv =
        edu__store_replace(x->store, EDU_ASSIGNMENT, &x->path, &deed->row,
                           deed->was.version, x->err, x->p);

    for (int i = 0; !rv && students && i < students->nelts; i++) {
        rv = give(x, deed, APR_ARRAY_IDX(students, i, const char *));
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

/* The students that an assignment names; NULL: it is given to all. */
static apr_hash_t *recipients_of(const json_t *assignment, apr_pool_t *p)
{
    json_t *recipients =
        json_object_get(json_object_get(assignment, "assignTo"), "recipients");
    apr_hash_t *ids = json_is_array(recipients) ? apr_hash_make(p) : NULL;
    json_t *id;
    size_t i;

    json_array_foreach(recipients, i, id)
    {
        if (json_is_string(id)) {
            apr_hash_set(ids, json_string_value(id), APR_HASH_KEY_STRING, id);
        }
    }
    return ids;
}

static apr_status_t add_student(edu_exchange_t *x, const edu_row_t *student,
                                void *baton)
{
    const deed_t *deed = baton;

    (void)x;
    if (!deed->recipients ||
        apr_hash_get(deed->recipients, student->id, APR_HASH_KEY_STRING)) {
        APR_ARRAY_PUSH(deed->students, const char *) = student->id;
    }
    return APR_SUCCESS;
}

/* SQL may have loaded recipients that a PUT refuses. */
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
    deed_t deed = { .students =
                        apr_array_make(x->p, 32, sizeof(const char *)) };
    apr_status_t rv = load(x, &deed);

    (void)body;
    if (rv || (rv = check_recipients(x, deed.doc))) {
        return rv;
    }
    deed.recipients = recipients_of(deed.doc, x->p);
    rv = each_member(x, "student", add_student, &deed);
    if (rv) {
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
    deed_t deed = { .students = NULL };
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
