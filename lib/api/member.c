/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The members of a class. */

#include "verbs.h"

#include <apr_escape.h>
#include <apr_hash.h>
#include <apr_strings.h>

apr_status_t edu__roster_read(edu_exchange_t *x, apr_array_header_t **rows,
                              const char *role)
{
    edu_range_t range = { .only = role };
    edu_registration_t above;
    apr_array_header_t *chunk;
    apr_status_t rv;

    *rows = apr_array_make(x->p, EDU_CHUNK, sizeof(edu_row_t));
    do {
        if ((rv = edu__go_on(x)) ||
            (rv = edu__store_list(&chunk, &above, x->store, EDU_MEMBER,
                                  &x->path.key, &range, x->err, x->p))) {
            return rv;
        }
        apr_array_cat(*rows, chunk);
        range.after = (const edu_row_t *)chunk->elts + EDU_CHUNK - 1;
    } while (chunk->nelts == EDU_CHUNK);
    return APR_SUCCESS;
}

/* The role that a path names. */
static const char *role_of(const edu_exchange_t *x, const json_t *user)
{
    const char *role = json_string_value(json_object_get(user, "primaryRole"));

    return x->set->only ? x->set->only : role ? role : "student";
}

/* Gives a member, new or existing, the document of the body.  Without a body an
 * existing member keeps its document, apart from the role that the path gives.
 * @param row  its id is set
 * @param p    memory that is free again after the call
 * @return whether the member changes */
static int make_member(const edu_exchange_t *x, const edu_plan_t *plan,
                       edu_row_t *row, const json_t *body, const edu_row_t *was,
                       apr_pool_t *p)
{
    const char *role =
        !body && was->stored && !x->set->only ? was->role : role_of(x, body);
    json_t *old =
        was->stored ? edu__entity_load(&edu__user, was->body, p) : NULL;
    json_t *in =
        edu__json_own(body ? json_copy((json_t *)body) : json_object(), p);
    edu_change_t change;
    json_t *doc;

    /* the column decides, but the history has documents alone */
    json_object_set_new(in, "primaryRole", json_string(role));
    json_object_set_new(old, "primaryRole", json_string(was->role));
    edu__plan_change(&change, x, plan, old, was);
    change.id = row->id;
    change.replace = body != NULL;
    change.p = p;
    doc = edu__entity_merge(old, in, &change);
    *row =
        (edu_row_t){ .id = row->id,
                     .sort_key = was->stored ? was->sort_key : change.version,
                     .role = role,
                     .version = change.version };
    if (old && json_equal(old, doc)) {
        return 0;
    }
    row->body = apr_pstrdup(x->p, edu__json_text(doc, p));
    return 1;
}

/* Reads the class, and its assignments for those who join. */
static apr_status_t read_class(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv = edu__store_get(&plan->above, x->store, EDU_CLASS,
                                     &x->path.key, x->err, x->p);

    return rv ? rv : edu__assign_read(x, plan);
}

/* Refuses if the class does not exist. */
static apr_status_t check_class(edu_exchange_t *x, const edu_plan_t *plan)
{
    return plan->above.stored ? APR_SUCCESS : edu__no_entity(x, edu__classes);
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
                   user.resource == EDU_RES_USER
               ? user.user_id
               : NULL;
}

static apr_status_t check_add(edu_exchange_t *x, edu_plan_t *plan)
{
    const json_t *id = json_object_get(plan->body, "@odata.id");

    id = id ? id : json_object_get(plan->body, "@id"); /* OData 4.01 */
    x->path.key.member_id = referred(json_string_value(id), x->p);
    return x->path.key.member_id
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EBADREQUEST, "@odata.id", x->p,
                               "Name the user by \"@odata.id\": "
                               "\"…/education/users/{id}\".");
}

static apr_status_t read_add(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv = read_class(x, plan);

    return rv ? rv
              : edu__store_get(&plan->was, x->store, EDU_MEMBER, &x->path.key,
                               x->err, x->p);
}

static apr_status_t plan_add(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv;

    plan->status = 204;
    plan->row.id = x->path.key.member_id;
    if (plan->above.stored &&
        make_member(x, plan, &plan->row, NULL, &plan->was, x->p)) {
        edu__plan_row(x, plan, EDU_MEMBER, &plan->was, &plan->row);
    }
    rv = check_class(x, plan);
    return rv ? rv : edu__assign_to_joined(x, plan);
}

const edu_writer_t edu__member_add = { .action = "add",
                                       .unconditional = 1,
                                       .check = check_add,
                                       .read = read_add,
                                       .plan = plan_add };

static apr_status_t plan_remove(edu_exchange_t *x, edu_plan_t *plan)
{
    plan->status = 204;
    edu__plan_row(x, plan, EDU_MEMBER, &plan->was, NULL);
    return edu__check_conditions(x, &plan->was);
}

const edu_writer_t edu__member_remove = { .action = "remove",
                                          .read = edu__plan_read,
                                          .plan = plan_remove };

/* ----------------------------------------------------------- a list of all */

#define MAX_MEMBERS 16000 /* in a list that a PUT sends */

static const char *id_of(const json_t *user)
{
    return json_string_value(json_object_get(user, "id"));
}

/* The users that the body lists, by id. */
static apr_hash_t *users_of(const edu_exchange_t *x, const edu_plan_t *plan)
{
    apr_hash_t *users = apr_hash_make(x->p);
    json_t *user;
    size_t i;

    json_array_foreach(json_object_get(plan->body, "value"), i, user)
    {
        apr_hash_set(users, id_of(user), APR_HASH_KEY_STRING, user);
    }
    return users;
}

/* Reads a member whose document a list left out for its length.
 * @return APR_EAGAIN: the member is gone */
static apr_status_t complete(edu_exchange_t *x, edu_row_t *member)
{
    edu_key_t key = { .class_id = x->path.key.class_id,
                      .member_id = member->id };
    apr_status_t rv =
        edu__store_get(member, x->store, EDU_MEMBER, &key, x->err, x->p);

    return rv || member->stored ? rv : APR_EAGAIN;
}

/* Reads the rows of all members, with the documents of those in the body. */
static apr_status_t read_put(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_hash_t *users = users_of(x, plan);
    apr_status_t rv = read_class(x, plan);

    if (rv || (rv = edu__roster_read(x, &plan->rows, NULL))) {
        return rv;
    }
    for (int i = 0; !rv && i < plan->rows->nelts; i++) {
        edu_row_t *member = &APR_ARRAY_IDX(plan->rows, i, edu_row_t);

        if (!*member->body &&
            apr_hash_get(users, member->id, APR_HASH_KEY_STRING)) {
            rv = complete(x, member);
        }
    }
    return rv;
}

/* @param scratch  cleared
 * @return the row, or NULL: it is as it was */
static edu_row_t *plan_user(edu_exchange_t *x, edu_plan_t *plan,
                            const json_t *user, const edu_row_t *was,
                            apr_pool_t *scratch)
{
    edu_row_t *row = apr_pcalloc(x->p, sizeof(*row));
    int changes;

    row->id = id_of(user);
    changes = make_member(x, plan, row, user, was, scratch);
    apr_pool_clear(scratch);
    if (changes) {
        edu__plan_row(x, plan, EDU_MEMBER, was, row);
    }
    return changes ? row : NULL;
}

/* Changes or removes the existing members, and takes them off the list. */
static apr_status_t plan_members(edu_exchange_t *x, edu_plan_t *plan,
                                 apr_hash_t *users, apr_pool_t *scratch)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < plan->rows->nelts; i++) {
        const edu_row_t *was = &APR_ARRAY_IDX(plan->rows, i, edu_row_t);
        const json_t *user = apr_hash_get(users, was->id, APR_HASH_KEY_STRING);
        const edu_row_t *row = NULL;

        if (user) {
            row = plan_user(x, plan, user, was, scratch);
        }
        else if (!x->set->only || strcmp(was->role, x->set->only) == 0) {
            edu__plan_row(x, plan, EDU_MEMBER, was, NULL);
        }
        apr_hash_set(users, was->id, APR_HASH_KEY_STRING, NULL);
        rv = row ? edu__check_size(x, row, "value") : APR_SUCCESS;
    }
    return rv;
}

/* Adds the users who are left on the list, in its order, each created after the
 * one before. */
static apr_status_t plan_newcomers(edu_exchange_t *x, edu_plan_t *plan,
                                   apr_hash_t *users, apr_pool_t *scratch)
{
    edu_row_t none = { .stored = 0 };
    apr_status_t rv = APR_SUCCESS;
    json_t *user;
    size_t i;

    json_array_foreach(json_object_get(plan->body, "value"), i, user)
    {
        if (!rv && apr_hash_get(users, id_of(user), APR_HASH_KEY_STRING)) {
            const edu_row_t *row = plan_user(x, plan, user, &none, scratch);

            rv = edu__check_size(x, row, "value");
            none.version = row->version;
        }
    }
    return rv;
}

/* Replaces all members by a list: a user who is not on it is removed. */
static apr_status_t plan_put(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_hash_t *users = users_of(x, plan);
    apr_pool_t *scratch;
    apr_status_t rv = check_class(x, plan);

    plan->status = 204;
    apr_pool_create(&scratch, x->p);
    rv = rv ? rv : plan_members(x, plan, users, scratch);
    rv = rv ? rv : plan_newcomers(x, plan, users, scratch);
    return rv ? rv : edu__assign_to_joined(x, plan);
}

static apr_status_t check_put(edu_exchange_t *x, edu_plan_t *plan)
{
    json_t *users = json_object_get(plan->body, "value"), *user;
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
                             "A list may have at most %d %s.", MAX_MEMBERS,
                             x->set->name);
    }
    json_array_foreach(users, i, user)
    {
        const char *id = id_of(user);

        rv = edu__check(&edu__user, NULL, user, x->req->mount->dialect, x->err,
                        x->p);
        if (!rv && (!id || !edu__is_key(id))) {
            rv = edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                               "The id of a user has to be 1 to 128 bytes "
                               "without a slash, and neither . nor .. alone.");
        }
        if (!rv && apr_hash_get(seen, id, APR_HASH_KEY_STRING)) {
            rv = edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                               "The user %s is in the list twice.", id);
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

const edu_writer_t edu__members_put = {
    .unconditional = 1, .check = check_put, .read = read_put, .plan = plan_put
};
