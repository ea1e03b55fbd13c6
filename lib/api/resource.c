/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* PUT, PATCH and DELETE of any entity but an outcome; an assignment has a PATCH
 * of its own. */

#include "grading.h"
#include "verbs.h"

#include <apr_strings.h>

/* @param old  the entity that a PATCH changes; NULL: all is given */
static apr_status_t check_body(edu_exchange_t *x, const json_t *old,
                               const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "id"));
    apr_status_t rv = edu__check(x->set->type, old, body,
                                 x->req->mount->dialect, x->err, x->p);

    return rv || !id ||
                   strcmp(id, *edu__key_id(&x->path.key, x->set->table)) == 0
               ? rv
               : edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                               "'id' differs from the id in the path. Leave it "
                               "out, or write to the path of that id.");
}

static apr_status_t check_put(edu_exchange_t *x, edu_plan_t *plan)
{
    return check_body(x, NULL, plan->body);
}

static const edu_set_t *const parents[EDU_TABLES] = {
    [EDU_ASSIGNMENT] = edu__classes, [EDU_SUBMISSION] = edu__assignments
};

/* Reads what keeps a submission from being registered: one of the same
 * recipient, as rows, and outcomes at its path, as those of `was`. */
static apr_status_t read_rivals(edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_range_t whole = { .only = NULL };
    const edu_range_t theirs = { .only = json_string_value(json_object_get(
                                     json_object_get(plan->body, "recipient"),
                                     "userId")) };
    edu_registration_t above;
    apr_status_t rv =
        edu__store_list(&plan->was.outcomes, &above, x->store, EDU_OUTCOME,
                        &x->path.key, &whole, x->err, x->p);

    return rv || !theirs.only
               ? rv
               : edu__store_list(&plan->rows, &above, x->store, EDU_SUBMISSION,
                                 &x->path.key, &theirs, x->err, x->p);
}

static apr_status_t read_put(edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_set_t *parent = parents[x->set->table];
    apr_status_t rv = edu__store_get(&plan->was, x->store, x->set->table,
                                     &x->path.key, x->err, x->p);

    if (!rv && !plan->was.stored && parent) {
        rv = edu__store_get(&plan->above, x->store, parent->table, &x->path.key,
                            x->err, x->p);
    }
    return rv || plan->was.stored || x->set->id != EDU_SUBMISSIONS
               ? rv
               : read_rivals(x, plan);
}

static apr_status_t finish(edu_exchange_t *x, edu_plan_t *plan,
                           const json_t *doc)
{
    switch (x->set->id) {
    case EDU_ASSIGNMENTS:
        return edu__finish_assignment(x, doc);
    case EDU_SUBMISSIONS:
        return edu__finish_submission(x, plan, doc);
    default:
        return APR_SUCCESS;
    }
}

/* Outcomes that were written before the submission was registered do not keep
 * to Graph's rules; from now on none can be written. */
static apr_status_t plan_registration(edu_exchange_t *x, edu_plan_t *plan)
{
    const apr_array_header_t *outcomes = plan->was.outcomes;

    edu__changes_add(&plan->changes, EDU_LOCK, EDU_SUBMISSION, EDU_IF_CHILDLESS,
                     &x->path.key);
    return outcomes->nelts == 0
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_ECONFLICT, NULL, x->p,
                               "Outcomes were written to this path before it "
                               "was registered, such as %s. Delete them, or "
                               "register the submission under another id.",
                               APR_ARRAY_IDX(outcomes, 0, edu_row_t).id);
}

/* Makes the new row, by the body and the old row, if any. */
static void begin_row(const edu_exchange_t *x, edu_plan_t *plan,
                      const edu_change_t *change)
{
    edu_row_t *row = &plan->row;

    *row = plan->was;
    row->id = change->id;
    row->sort_key = plan->was.stored ? plan->was.sort_key : change->version;
    row->version = change->version;
    row->parent_id = x->set->id == EDU_SUBMISSIONS ? x->path.key.assignment_id
                                                   : x->path.key.class_id;
}

static apr_status_t plan_change(edu_exchange_t *x, edu_plan_t *plan,
                                int replace)
{
    const edu_row_t *was = &plan->was;
    edu_change_t change;
    json_t *old = NULL, *doc;
    apr_status_t rv = edu__check_conditions(x, was);

    /* the parent has to be there */
    if (!rv && !was->stored && parents[x->set->table] && !plan->above.stored) {
        rv = edu__no_entity(x, parents[x->set->table]);
    }
    if (rv) {
        return rv;
    }
    if (was->stored) {
        old = edu__entity_load(x->set->type, was->body, x->p);
        if (!old) {
            return edu__damaged(x, x->set->type->name, was->id);
        }
    }
    if (!replace && (rv = check_body(x, old, plan->body))) {
        return rv;
    }
    edu__plan_change(&change, x, plan, old, was);
    change.id = *edu__key_id(&x->path.key, x->set->table);
    change.replace = replace;
    doc = edu__entity_merge(old, plan->body, &change);
    begin_row(x, plan, &change);
    if ((rv = finish(x, plan, doc))) {
        return rv;
    }
    plan->status = was->stored ? 200 : 201;
    if (old && json_equal(old, doc)) {
        plan->row = *was;
        return APR_SUCCESS;
    }
    plan->row.body = edu__json_text(doc, x->p);
    edu__plan_row(x, plan, x->set->table, was, &plan->row);
    rv = edu__check_size(x, &plan->row, "body");
    return rv || was->stored || x->set->id != EDU_SUBMISSIONS
               ? rv
               : plan_registration(x, plan);
}

static apr_status_t plan_put(edu_exchange_t *x, edu_plan_t *plan)
{
    return plan_change(x, plan, 1);
}

const edu_writer_t edu__resource_put = {
    .unconditional = 1, .check = check_put, .read = read_put, .plan = plan_put
};

/* Creates what is not there yet (OData 4.01 Part 1, 11.4.4). */
static apr_status_t plan_patch(edu_exchange_t *x, edu_plan_t *plan)
{
    return plan_change(x, plan, 0);
}

const edu_writer_t edu__resource_patch = { .check = edu__check_later,
                                           .read = read_put,
                                           .plan = plan_patch };

/* Plans to delete a row and all rows below it. */
static apr_status_t plan_delete(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_table_e table = x->set->table;
    apr_status_t rv = edu__check_conditions(x, &plan->was);

    if (rv) {
        return rv;
    }
    edu__plan_row(x, plan, table, &plan->was, NULL);
    for (int i = table + 1; i <= EDU_OUTCOME; i++) {
        if (edu__shapes[i].keys > edu__shapes[table].keys) {
            edu__changes_add(&plan->changes, EDU_DELETE_BELOW, i, EDU_ALWAYS,
                             &x->path.key);
        }
    }
    plan->status = 204;
    return APR_SUCCESS;
}

const edu_writer_t edu__resource_delete = { .action = "delete",
                                            .read = edu__plan_read,
                                            .plan = plan_delete };
