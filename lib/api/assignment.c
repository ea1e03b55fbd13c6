/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Verbs of assignments for teachers (contract.md 7).  An administrator PUTs
 * assignments as well: see resource.c. */

#include "grading.h"
#include "verbs.h"

#include <apr_strings.h>

/* The document of the row, once the conditions of the request hold. */
static apr_status_t load(edu_exchange_t *x, edu_plan_t *plan, json_t **doc)
{
    apr_status_t rv = edu__check_conditions(x, &plan->was);

    if (rv) {
        return rv;
    }
    *doc = edu__entity_load(&edu__assignment, plan->was.body, x->p);
    return *doc ? APR_SUCCESS
                : edu__damaged(x, edu__assignment.name, plan->was.id);
}

/* Writes the row of the plan with that document. */
static apr_status_t plan_document(edu_exchange_t *x, edu_plan_t *plan,
                                  const json_t *doc, const char *version)
{
    plan->row.version = version;
    plan->row.body = edu__json_text(doc, x->p);
    edu__plan_row(x, plan, EDU_ASSIGNMENT, &plan->was, &plan->row);
    return edu__check_size(x, &plan->row, edu__assignment.name);
}

/* Writes what an action made of the document. */
static apr_status_t plan_action(edu_exchange_t *x, edu_plan_t *plan,
                                json_t *doc)
{
    edu_change_t change;

    edu__plan_change(&change, x, plan, doc, &plan->was);
    json_object_set_new(doc, "lastModifiedBy",
                        edu__identity_set(x->req->caller, x->p));
    json_object_set_new(doc, "lastModifiedDateTime",
                        json_string(edu__time_format(change.now, x->p)));
    edu__entity_tag(doc, change.version, x->p);
    plan->row = plan->was;
    plan->status = 200;
    return plan_document(x, plan, doc, change.version);
}

/* Reads the rows of the assignment and of its class's students. */
static apr_status_t read_publish(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv = edu__plan_read(x, plan);

    return rv ? rv : edu__roster_read(x, &plan->rows, "student");
}

/* Refuses what a teacher cannot make of an assignment. @param old  or NULL */
static apr_status_t check_rules(edu_exchange_t *x, const edu_plan_t *plan,
                                const json_t *old, const json_t *doc)
{
    apr_status_t rv = edu__finish_assignment(x, doc);

    return rv ? rv : edu__assignment_check(old, doc, plan->now, x->err, x->p);
}

/* --------------------------------------------------------------------- POST */

static apr_status_t check_create(edu_exchange_t *x, edu_plan_t *plan)
{
    return edu__check(&edu__assignment, NULL, plan->body,
                      x->req->mount->dialect, x->err, x->p);
}

static apr_status_t read_create(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv = edu__store_get(&plan->above, x->store, EDU_CLASS,
                                     &x->path.key, x->err, x->p);

    return rv ? rv : edu__access_settle(x, &plan->above);
}

/* The body, with the values that Graph documents for members it lacks. */
static json_t *completed(const json_t *body, apr_pool_t *p)
{
    json_t *in = edu__json_own(
        json_pack("{s:s, s:s, s:b}", "addedStudentAction", "none",
                  "addToCalendarAction", "none", "allowLateSubmissions", 1),
        p);

    json_object_update(in, (json_t *)body);
    return in;
}

/* The id is the server's: one in the body is ignored, so that a client may send
 * an assignment that it read to get a copy (decisions.md 3). */
static apr_status_t plan_create(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_change_t change;
    json_t *doc;
    apr_status_t rv;

    if (!plan->above.stored) {
        return edu__no_entity(x, edu__classes);
    }
    edu__plan_change(&change, x, plan, NULL, &plan->was);
    change.id = edu__new_guid(x->p);
    doc = edu__entity_merge(NULL, completed(plan->body, x->p), &change);
    if ((rv = check_rules(x, plan, NULL, doc))) {
        return rv;
    }
    x->path.key.assignment_id = change.id;
    plan->row = (edu_row_t){ .id = change.id,
                             .sort_key = change.version,
                             .parent_id = x->path.key.class_id };
    plan->status = 201;
    return plan_document(x, plan, doc, change.version);
}

const edu_writer_t edu__assignment_create = { .action = "create",
                                              .unconditional = 1,
                                              .check = check_create,
                                              .read = read_create,
                                              .plan = plan_create };

/* -------------------------------------------------------------------- PATCH */

static apr_status_t read_update(edu_exchange_t *x, edu_plan_t *plan)
{
    return json_object_get(plan->body, "assignTo") ? read_publish(x, plan)
                                                   : edu__plan_read(x, plan);
}

/* Writes the changed document, and gives it to recipients who are new. */
static apr_status_t plan_changed(edu_exchange_t *x, edu_plan_t *plan,
                                 const json_t *old, json_t *doc,
                                 const char *version)
{
    int draft = strcmp(edu__assignment_status(doc, plan->now), "draft") == 0;
    apr_status_t rv = check_rules(x, plan, old, doc);

    if (rv) {
        return rv;
    }
    if (edu__assignment_waits(old, plan->now) && !draft) {
        edu__assignment_stamp(doc, plan->now, x->p);
    }
    rv = plan_document(x, plan, doc, version);
    if (!rv && !draft &&
        !json_equal(json_object_get(old, "assignTo"),
                    json_object_get(doc, "assignTo"))) {
        edu__assign_to_class(x, plan, doc);
    }
    return rv;
}

/* The body, without each null that the caller may have read in the place of
 * what the view hides: to send back what was read erases nothing (decisions.md
 * 3). */
static const json_t *as_shown(const edu_exchange_t *x, const json_t *body)
{
    const edu_prop_t *prop = edu__assignment.props;
    json_t *copy;

    if (!x->hides) {
        return body;
    }
    copy = edu__json_own(json_copy((json_t *)body), x->p);
    for (; prop->name; prop++) {
        if ((prop->flags & x->hides) &&
            json_is_null(json_object_get(copy, prop->name))) {
            json_object_del(copy, prop->name);
        }
    }
    return copy;
}

static apr_status_t plan_update(edu_exchange_t *x, edu_plan_t *plan)
{
    const json_t *body = as_shown(x, plan->body);
    edu_change_t change;
    json_t *old, *doc;
    apr_status_t rv = load(x, plan, &old);

    rv = rv ? rv
            : edu__check(&edu__assignment, old, body, x->req->mount->dialect,
                         x->err, x->p);
    if (rv) {
        return rv;
    }
    edu__plan_change(&change, x, plan, old, &plan->was);
    doc = edu__entity_merge(old, body, &change);
    plan->row = plan->was;
    plan->status = 200;
    return json_equal(old, doc)
               ? APR_SUCCESS
               : plan_changed(x, plan, old, doc, change.version);
}

const edu_writer_t edu__assignment_update = { .action = "update",
                                              .check = edu__check_later,
                                              .read = read_update,
                                              .plan = plan_update };

/* ------------------------------------------------------------------ actions */

/* Refuses what the status of the assignment, as it is shown, does not allow. */
static apr_status_t conflict(edu_exchange_t *x, const char *fmt,
                             const char *status)
{
    return edu_error_set(x->err, EDU_ECONFLICT, "status", x->p, fmt, status);
}

static apr_status_t plan_publish(edu_exchange_t *x, edu_plan_t *plan)
{
    const char *status;
    json_t *doc;
    apr_status_t rv = load(x, plan, &doc);

    if (rv || (rv = edu__assignment_check_recipients(doc, x->err, x->p))) {
        return rv;
    }
    status = edu__assignment_status(doc, plan->now);
    if (strcmp(status, "inactive") == 0) {
        return conflict(x, "This assignment is %s. Activate it instead.",
                        status);
    }
    json_object_set_new(doc, "status", json_string("assigned"));
    edu__assignment_stamp(doc, plan->now, x->p);
    rv = plan_action(x, plan, doc);
    if (!rv) {
        edu__assign_to_class(x, plan, doc);
    }
    return rv;
}

/* A second publish gives the assignment to students who joined since. */
const edu_writer_t edu__assignment_publish = { .read = read_publish,
                                               .plan = plan_publish };

/* From inactive to assigned, or back. */
static apr_status_t plan_activate(edu_exchange_t *x, edu_plan_t *plan)
{
    int on = x->path.resource == EDU_RES_ACTIVATE;
    const char *status;
    json_t *doc;
    apr_status_t rv = load(x, plan, &doc);

    if (rv) {
        return rv;
    }
    status = edu__assignment_status(doc, plan->now);
    if (strcmp(status, on ? "inactive" : "assigned") != 0) {
        return conflict(x,
                        on ? "Only an inactive assignment can be activated; "
                             "this one is %s."
                           : "Only an assigned assignment can be deactivated; "
                             "this one is %s.",
                        status);
    }
    json_object_set_new(doc, "status",
                        json_string(on ? "assigned" : "inactive"));
    return plan_action(x, plan, doc);
}

const edu_writer_t edu__assignment_activate = { .read = edu__plan_read,
                                                .plan = plan_activate };

/* ------------------------------------------------------------------ folders */

/* The folder is a name without a drive behind it, set once, so that clients
 * which look for a folder find one (contract.md 5). */
static apr_status_t plan_folder(edu_exchange_t *x, edu_plan_t *plan)
{
    int feedback = x->path.resource == EDU_RES_FEEDBACK_FOLDER;
    const char *member =
        feedback ? "feedbackResourcesFolderUrl" : "resourcesFolderUrl";
    json_t *doc;
    apr_status_t rv = load(x, plan, &doc);

    if (rv) {
        return rv;
    }
    if (json_is_string(json_object_get(doc, member))) {
        return edu_error_set(x->err, EDU_EFOLDER, member, x->p,
                             "%s folder already exists and has previously been "
                             "set up.",
                             feedback ? "Feedback resource" : "Resource");
    }
    json_object_set_new(
        doc, member,
        json_string(apr_pstrcat(x->p, "urn:uuid:", edu__new_guid(x->p), NULL)));
    return plan_action(x, plan, doc);
}

const edu_writer_t edu__assignment_folder = { .read = edu__plan_read,
                                              .plan = plan_folder };
