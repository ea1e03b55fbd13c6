/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The versions of outcomes and submissions are rows of the history.  To restore
 * one is a change like any other: of an outcome that a PATCH, or a POST, makes
 * of its working members; of a submission that its status and stamps are those
 * of then. */

#include "grading.h"
#include "verbs.h"

#include <apr_strings.h>

/* ------------------------------------------------------------------ reading */

/* An instant of a $filter, as the history has it. */
static const char *instant_of(const edu_exchange_t *x, edu_bound_e bound)
{
    const edu_value_t *value =
        edu__filter_bound(x->query.filter, "lastModifiedDateTime", bound);

    return value ? edu__version_at(value->integer, x->p) : NULL;
}

/* A text of a $filter that a property has to equal. */
static const char *text_of(const edu_exchange_t *x, const char *path)
{
    const edu_value_t *value =
        edu__filter_bound(x->query.filter, path, EDU_EQUAL_TO);

    return value ? value->text.s : NULL;
}

/* The row that the path names, of which versions are read. */
static edu_table_e table_of(const edu_exchange_t *x)
{
    return x->path.key.outcome_id      ? EDU_OUTCOME
           : x->path.key.submission_id ? EDU_SUBMISSION
                                       : EDU_CLASS;
}

edu_range_t edu__versions_range(const edu_exchange_t *x)
{
    const apr_array_header_t *orders = x->query.orderby;
    edu_sought_t *sought = apr_palloc(x->p, sizeof(*sought));
    edu_key_t key = x->path.key;
    edu_table_e table = table_of(x);

    *sought = (edu_sought_t){ .student = text_of(x, "studentId"),
                              .user_id = text_of(x, "lastModifiedBy/user/id"),
                              .action = text_of(x, "action"),
                              .from = instant_of(x, EDU_AT_LEAST),
                              .to = instant_of(x, EDU_AT_MOST) };
    return (edu_range_t){
        .only = table == EDU_CLASS ? NULL : *edu__key_id(&key, table),
        .oldest = orders && !APR_ARRAY_IDX(orders, 0, edu_order_t).descending,
        .sought = sought
    };
}

apr_status_t edu__versions_none(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv =
        edu__store_get(&row, x->store, table_of(x), &x->path.key, x->err, x->p);

    if (!rv && x->path.key.outcome_id) {
        rv = edu__placeholder_get(x, &row, x->path.key.outcome_id);
    }
    if (rv || row.version) {
        return rv;
    }
    return x->path.key.outcome_id
               ? edu__no_outcome(x)
               : edu__no_entity(x, x->path.key.submission_id ? edu__submissions
                                                             : edu__classes);
}

/* Reads the version that the path names. */
static apr_status_t read_version(edu_exchange_t *x, edu_row_t *row)
{
    const edu_key_t *key = &x->path.key;
    edu_key_t own = *key;
    const edu_event_t *event;
    /* a row of history does not say whose the thing is */
    apr_status_t rv = edu__access_require(x);

    if (!rv) {
        rv = edu__store_get(row, x->store, EDU_HISTORY, key, x->err, x->p);
    }
    if (rv) {
        return rv;
    }
    event = row->event;
    if (event && strcmp(event->assignment_id, key->assignment_id) == 0 &&
        strcmp(event->submission_id, key->submission_id) == 0 &&
        strcmp(event->id, *edu__key_id(&own, table_of(x))) == 0 &&
        strcmp(event->entity, edu__table_name(table_of(x))) == 0) {
        return APR_SUCCESS;
    }
    return edu__no_entity(x, edu__outcome_versions);
}

apr_status_t edu__version_get(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv = read_version(x, &row);

    return rv ? rv : edu__answer_found(x, &row);
}

/* ---------------------------------------------------------------- restoring */

static apr_status_t conflict(edu_exchange_t *x, const char *why)
{
    return edu_error_set(x->err, EDU_ECONFLICT, NULL, x->p, "%s", why);
}

/* Reads the version to restore. */
static apr_status_t read_event(edu_exchange_t *x, const edu_event_t **event)
{
    edu_row_t row;
    apr_status_t rv = read_version(x, &row);

    if (rv) {
        return rv;
    }
    *event = row.event;
    return *row.event->after
               ? APR_SUCCESS
               : conflict(x, "This version is a deletion, which leaves nothing "
                             "to restore. Restore an earlier version.");
}

/* A student's work is restored to that student alone: the submission may have
 * been deleted since, and its id given to another. */
static apr_status_t check_student(edu_exchange_t *x, const edu_event_t *event,
                                  const char *now)
{
    return !*event->student || (now && strcmp(event->student, now) == 0)
               ? APR_SUCCESS
           : now ? conflict(x, "This version is of another student's work: the "
                               "submission was deleted since, and its id is "
                               "another student's now.")
                 : edu__no_entity(x, edu__submissions);
}

/* A copy of a value without the members that the server sets. */
static json_t *working(const edu_type_t *declared, const json_t *value)
{
    const edu_type_t *type = edu__type_of(declared, NULL, value);
    json_t *copy = json_copy((json_t *)value), *element;
    size_t i;

    json_array_foreach(copy, i, element)
    {
        json_array_set_new(copy, i, working(declared, element));
    }
    for (; json_is_object(copy) && type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            json_t *member = json_object_get(copy, prop->name);

            if (prop->flags & EDU_SERVER_SET) {
                json_object_del(copy, prop->name);
            }
            else if (member && prop->kind == EDU_COMPLEX) {
                json_object_set_new(copy, prop->name,
                                    working(prop->type, member));
            }
        }
    }
    return copy;
}

/* The body that restores a document, by the assignment as it is now. */
static apr_status_t make_body(edu_exchange_t *x, edu_plan_t *plan,
                              const char *text)
{
    const json_t *doc = edu__json_load(text, x->p);
    const edu_type_t *type = edu__type_of(&edu__outcome, NULL, doc);
    edu_row_t row = { .id = x->path.key.outcome_id,
                      .type = type ? type->name : "",
                      .version = "",
                      .body = text,
                      .stored = 1,
                      .registration = plan->was.registration };

    doc = json_is_object(doc) ? edu__view_outcome(x, &row) : NULL;
    if (!doc) {
        return edu__damaged(x, "outcome", row.id);
    }
    plan->body = edu__json_own(working(&edu__outcome, doc), x->p);
    return APR_SUCCESS;
}

/* An outcome that has no placeholder, and is gone, is created. */
static apr_status_t read_outcome(edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_event_t *event;
    apr_status_t rv = read_event(x, &event);

    rv = rv ? rv : edu__outcome_update.read(x, plan);
    rv = rv ? rv : check_student(x, event, plan->was.registration.user_id);
    rv = rv ? rv : edu__placeholder_get(x, &plan->was, x->path.key.outcome_id);
    rv = rv ? rv : make_body(x, plan, event->after);
    return rv || plan->was.version ? rv : edu__outcome_create.read(x, plan);
}

static apr_status_t plan_outcome(edu_exchange_t *x, edu_plan_t *plan)
{
    int is_there = plan->was.version != NULL;
    apr_status_t rv = is_there ? edu__check_blind(x) : APR_SUCCESS;

    rv = rv         ? rv
         : is_there ? edu__outcome_update.plan(x, plan)
                    : edu__outcome_create.plan(x, plan);
    plan->status = 204;
    return rv;
}

const edu_writer_t edu__outcome_restore = { .action = "restore",
                                            .unconditional = 1,
                                            .read = read_outcome,
                                            .plan = plan_outcome };

static apr_status_t read_submission(edu_exchange_t *x, edu_plan_t *plan)
{
    const edu_event_t *event;
    apr_status_t rv = read_event(x, &event);

    if (rv || (rv = edu__plan_read(x, plan))) {
        return rv;
    }
    plan->above.body = event->after;
    return check_student(x, event, plan->was.recipient);
}

/* Its outcomes have versions of their own. */
static apr_status_t plan_submission(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_row_t *row = &plan->row;
    edu_change_t change;
    apr_status_t rv = edu__check_conditions(x, &plan->was);

    plan->status = 204;
    if (rv || strcmp(plan->above.body, plan->was.body) == 0) {
        return rv;
    }
    edu__plan_change(&change, x, plan, NULL, &plan->was);
    *row = plan->was;
    row->version = change.version;
    row->modified_by = edu__caller_text(x);
    row->body = plan->above.body;
    edu__plan_row(x, plan, EDU_SUBMISSION, &plan->was, row);
    return APR_SUCCESS;
}

const edu_writer_t edu__submission_restore = { .action = "restore",
                                               .read = read_submission,
                                               .plan = plan_submission };
