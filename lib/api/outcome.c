/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The methods of outcomes.  A write to an outcome of a registered submission
 * touches the submission as well, first and in one transaction, so that a
 * change of the whole submission notices it. */

#include "grading.h"
#include "verbs.h"

#include <apr_strings.h>

#define MAX_RESOURCES 5 /* feedback resources of a submission (contract.md 6) */

/* ------------------------------------------------------------------ reading */

/* Completes the outcome of the path by its placeholder, if it is not stored. */
static apr_status_t find(edu_exchange_t *x, edu_row_t *row)
{
    apr_status_t rv = edu__admit(x, &row->registration);

    if (rv || (rv = edu__placeholder_get(x, row, x->path.key.outcome_id))) {
        return rv;
    }
    return row->version ? APR_SUCCESS : edu__no_outcome(x);
}

static apr_status_t read_row(edu_exchange_t *x, const edu_key_t *key,
                             edu_row_t *row)
{
    apr_status_t rv =
        edu__store_get(row, x->store, EDU_OUTCOME, key, x->err, x->p);

    return rv ? rv : edu__access_settle(x, row);
}

apr_status_t edu__outcome_get(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv = read_row(x, &x->path.key, &row);

    return rv || (rv = find(x, &row)) ? rv : edu__answer_found(x, &row);
}

static apr_status_t read_outcome(edu_exchange_t *x, edu_plan_t *plan)
{
    return read_row(x, &x->path.key, &plan->was);
}

/* ----------------------------------------------------------------- planning */

/* Writes an outcome, and touches its submission.
 * @param after  NULL: it is deleted */
static void plan_write(const edu_exchange_t *x, edu_plan_t *plan,
                       const edu_row_t *after, const char *version)
{
    if (plan->was.registration.user_id) {
        edu__plan_touch(x, plan, NULL, version);
    }
    edu__plan_row(x, plan, EDU_OUTCOME, &plan->was, after);
}

/* Makes the new row of an outcome, by the body and the old row, if any.
 * @param old     its document, or an excerpt
 * @param stored  the members of which it is one, or NULL */
static apr_status_t make_row(edu_exchange_t *x, edu_plan_t *plan,
                             const char *id, const json_t *old,
                             const apr_array_header_t *stored)
{
    const edu_row_t *was = &plan->was;
    const json_t *body = plan->body;
    edu_row_t *row = &plan->row;
    edu_change_t change;
    json_t *doc;
    apr_status_t rv = edu__grading_read(x, &body, was, old);

    if (rv) {
        return rv;
    }
    edu__plan_change(&change, x, plan, old, was);
    change.id = id;
    doc = edu__entity_merge(old, body, &change);
    if (old && json_equal(old, doc)) {
        *row = *was;
        return APR_SUCCESS;
    }
    *row =
        (edu_row_t){ .id = id,
                     .sort_key = was->sort_key ? was->sort_key : change.version,
                     .type = edu__type_of(&edu__outcome, NULL, doc)->name,
                     .version = change.version,
                     .doc = stored ? NULL : doc,
                     .stored = 1,
                     .registration = was->registration };
    row->body =
        stored ? edu__grading_members_text(
                     row, edu__entity_complete(doc, old, stored, &change), x->p)
               : edu__grading_text(row, doc, x->p);
    if (change.trust &&
        edu__entity_publishes(body, edu__type_find(row->type))) {
        edu__grading_show(row, edu__members_load(row->body, x->p), x->p);
    }
    return edu__check_size(x, row, "body");
}

/* --------------------------------------------------------------------- POST */

/* The id that a POST names, or a new one (decisions.md 1). */
static apr_status_t choose_id(edu_exchange_t *x, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "id"));

    if (id && !edu__is_guid(id)) {
        return edu_error_set(
            x->err, EDU_EBADREQUEST, "id", x->p,
            "'id' has to be a GUID. Leave it out to get a new one.");
    }
    x->path.key.outcome_id = id ? edu__lower(id, x->p) : edu__new_guid(x->p);
    return APR_SUCCESS;
}

static apr_status_t check_create(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv;

    if (json_object_get(plan->body, "@odata.id") &&
        !json_object_get(plan->body, "@odata.type")) {
        return edu_error_set(
            x->err, EDU_EBADREQUEST, "@odata.id", x->p,
            "An outcome belongs to one submission; a reference "
            "cannot add it to another. Send the outcome "
            "itself.");
    }
    rv = edu__check(&edu__outcome, NULL, plan->body, x->req->mount->dialect,
                    x->err, x->p);
    return rv ? rv : choose_id(x, plan->body);
}

static const edu_type_t *type_of(const edu_plan_t *plan)
{
    return edu__type_of(&edu__outcome, NULL, plan->body);
}

/* Every other round tries the write of an open submission, for that is one
 * statement, which finds out whether it is open, and whether a role allows it.
 */
static int is_blind(const edu_exchange_t *x, const edu_plan_t *plan)
{
    return !x->req->mount->registered && !x->only_student &&
           plan->round % 2 == 0;
}

/* Reads the outcomes of a submission as rows, and its registration. */
static apr_status_t read_rows(edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_range_t whole = { .only = NULL };
    apr_status_t rv =
        edu__store_list(&plan->rows, &plan->was.registration, x->store,
                        EDU_OUTCOME, &x->path.key, &whole, x->err, x->p);

    return rv ? rv : edu__access_settle(x, &plan->was);
}

/* Reads the registration of the submission, and of a registered one the
 * outcome of this type, or the feedback resources, as rows. */
static apr_status_t read_create(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_key_t key = x->path.key;
    apr_status_t rv;

    memset(&plan->was, 0, sizeof(plan->was));
    if (is_blind(x, plan)) {
        edu__access_presume(x);
        return APR_SUCCESS;
    }
    key.outcome_id = edu__singleton_id(type_of(plan)->name);
    rv = key.outcome_id ? read_row(x, &key, &plan->was) : read_rows(x, plan);
    return rv || plan->was.registration.user_id
               ? rv
               : read_row(x, &x->path.key, &plan->was);
}

static apr_status_t taken(edu_exchange_t *x, const char *id)
{
    return edu_error_set(x->err, EDU_ECONFLICT, "id", x->p,
                         "An outcome with id %s exists already. Leave 'id' "
                         "out, or PATCH that outcome.",
                         id);
}

/* Refuses an id that is taken, or a feedback resource beyond the limit. */
static apr_status_t check_room(edu_exchange_t *x,
                               const apr_array_header_t *rows)
{
    int resources = 0;

    for (int i = 0; i < rows->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(rows, i, edu_row_t).id,
                   x->path.key.outcome_id) == 0) {
            return taken(x, x->path.key.outcome_id);
        }
        resources += !edu__singleton_id(APR_ARRAY_IDX(rows, i, edu_row_t).type);
    }
    return resources < MAX_RESOURCES
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EBADREQUEST, NULL, x->p,
                               "A submission has at most %d feedback "
                               "resources. Delete one first.",
                               MAX_RESOURCES);
}

/* The touch names the version that was read, so that no other feedback resource
 * was added meanwhile. */
static apr_status_t plan_resource(edu_exchange_t *x, edu_plan_t *plan)
{
    const char *as_read = plan->was.registration.version;
    apr_status_t rv = make_row(x, plan, x->path.key.outcome_id, NULL, NULL);

    if (rv || (rv = check_room(x, plan->rows))) {
        return rv;
    }
    edu__plan_touch(x, plan, as_read, plan->row.version);
    edu__plan_row(x, plan, EDU_OUTCOME, &plan->was, &plan->row);
    return APR_SUCCESS;
}

/* The outcome of a type that a submission has once. */
static apr_status_t plan_singleton(edu_exchange_t *x, edu_plan_t *plan,
                                   const char *id)
{
    const char *sent = json_string_value(json_object_get(plan->body, "id"));
    apr_status_t rv = edu__placeholder_get(x, &plan->was, id);

    if (rv || plan->was.version) {
        return rv ? rv : taken(x, id);
    }
    if (sent && strcasecmp(sent, id) != 0) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                             "In a registered submission this outcome has the "
                             "id %s. Leave 'id' out.",
                             id);
    }
    rv = make_row(x, plan, id, NULL, NULL);
    if (!rv) {
        plan_write(x, plan, &plan->row, plan->row.version);
    }
    return rv;
}

/* In a registered submission outcomes of most types exist from the start, and a
 * plain educationOutcome cannot exist. */
static apr_status_t plan_registered(edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_type_t *type = type_of(plan);
    const char *id = edu__singleton_id(type->name);

    if (type == &edu__outcome) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "@odata.type", x->p,
                             "A registered submission holds outcomes of the "
                             "types derived from educationOutcome. Send the "
                             "@odata.type of one.");
    }
    return id ? plan_singleton(x, plan, id) : plan_resource(x, plan);
}

/* The submission is not registered, but if its assignment exists, that may
 * happen at any time. */
static apr_status_t plan_unregistered(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_key_t key = { .class_id = x->path.key.class_id,
                      .assignment_id = x->path.key.assignment_id };
    int blind = is_blind(x, plan);
    apr_status_t rv = make_row(x, plan, x->path.key.outcome_id, NULL, NULL);

    if (!blind) {
        edu__changes_add(&plan->changes, EDU_LOCK, EDU_ASSIGNMENT,
                         EDU_IF_PRESENT, &key);
    }
    edu__changes_add(&plan->changes, EDU_INSERT, EDU_OUTCOME,
                     blind ? EDU_IF_UNREGISTRABLE : EDU_IF_UNREGISTERED,
                     &x->path.key)
        ->after = &plan->row;
    return rv;
}

static apr_status_t plan_create(edu_exchange_t *x, edu_plan_t *plan)
{
    apr_status_t rv = is_blind(x, plan)
                          ? APR_SUCCESS
                          : edu__admit(x, &plan->was.registration);

    plan->status = 201;
    if (rv) {
        return rv;
    }
    if (plan->was.registration.user_id) {
        return plan_registered(x, plan);
    }
    return plan->was.stored ? taken(x, x->path.key.outcome_id)
                            : plan_unregistered(x, plan);
}

const edu_writer_t edu__outcome_create = { .action = "create",
                                           .unconditional = 1,
                                           .check = check_create,
                                           .read = read_create,
                                           .plan = plan_create };

/* --------------------------------------------------------- PATCH and DELETE */

/* The document to change: as it is stored, without the assignment's letter, but
 * with the qualities of its rubric.
 * @param stored  out: the members of which it is the excerpt that the body
 *                speaks of; NULL: it is whole, for beta shows it again
 * @return NULL: it is damaged */
static json_t *document_of(const edu_exchange_t *x, edu_row_t *row,
                           const json_t *body, apr_array_header_t **stored)
{
    json_t *doc;

    *stored = NULL;
    if (!edu__grading_is_settled(row, EDU_DIALECT_V1_0, x->p)) {
        return edu__view_outcome(x, row);
    }
    if (x->req->mount->dialect == EDU_DIALECT_BETA) {
        doc = row->doc = edu__json_load(row->body, x->p);
    }
    else {
        *stored = edu__members_load(row->body, x->p);
        doc = *stored ? edu__entity_excerpt(*stored, body, x->p) : NULL;
    }
    return json_is_object(doc) && edu__type_of(&edu__outcome, NULL, doc) ? doc
                                                                         : NULL;
}

static apr_status_t plan_update(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_row_t *was = &plan->was;
    apr_array_header_t *stored;
    json_t *old;
    apr_status_t rv = find(x, was);

    plan->status = 200;
    if (rv || (rv = edu__check_conditions(x, was))) {
        return rv;
    }
    old = document_of(x, was, plan->body, &stored);
    if (!old) {
        return edu__damaged(x, "outcome", was->id);
    }
    if ((rv = edu__check(&edu__outcome, old, plan->body, x->req->mount->dialect,
                         x->err, x->p)) ||
        (rv = make_row(x, plan, was->id, old, stored))) {
        return rv;
    }
    if (plan->row.version != was->version) {
        plan_write(x, plan, &plan->row, plan->row.version);
    }
    return APR_SUCCESS;
}

const edu_writer_t edu__outcome_update = { .action = "update",
                                           .check = edu__check_later,
                                           .read = read_outcome,
                                           .plan = plan_update };

/* An outcome that has a placeholder becomes it again. */
static apr_status_t plan_delete(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_change_t change;
    apr_status_t rv = find(x, &plan->was);

    plan->status = 204;
    if (rv || (rv = edu__check_conditions(x, &plan->was))) {
        return rv;
    }
    edu__plan_change(&change, x, plan, NULL, &plan->was);
    if (plan->was.stored) {
        plan_write(x, plan, NULL, change.version);
    }
    return APR_SUCCESS;
}

const edu_writer_t edu__outcome_delete = { .action = "delete",
                                           .read = read_outcome,
                                           .plan = plan_delete };
