/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What can be done to outcomes.  A write to those of a registered submission
 * changes that as well, in one transaction and the submission first, so that
 * whoever changes it as a whole takes note. */

#include "edu_private.h"

#include <apr_strings.h>

#define MAX_RESOURCES 5 /* feedback resources of a submission (contract.md 6) */

json_t *edu__view_outcome(const edu_exchange_t *x, const edu_row_t *row)
{
    json_t *doc = edu__json_load(row->body, x->p);

    return json_is_object(doc) && edu__type_of(&edu__outcome, NULL, doc) &&
                   edu__grading_settle(doc, row, x->req->mount->dialect, x->p)
               ? doc
               : NULL;
}

const char *edu__outcome_show(const edu_exchange_t *x, const edu_row_t *row)
{
    edu_dialect_e dialect = x->req->mount->dialect;
    const apr_array_header_t *select =
        x->set == &edu__outcomes ? x->query.select : NULL;
    json_t *doc;

    if (edu__grading_is_settled(row, dialect, x->p)) {
        return edu__entity_show(row->kind, row->body, dialect, select, x->p);
    }
    doc = edu__view_outcome(x, row);
    return doc ? edu__entity_dress(doc, dialect, select, x->p) : NULL;
}

/* ------------------------------------------------------------------ reading */

/* The outcome that the path names, or its placeholder. */
static apr_status_t find(edu_exchange_t *x, edu_row_t *row)
{
    apr_status_t rv =
        edu__store_get(row, x->store, EDU_OUTCOME, &x->path, x->err, x->p);

    if (rv || (rv = edu__admit(x, &row->registration)) ||
        (rv = edu__placeholder_get(x, row, x->path.outcome_id))) {
        return rv;
    }
    return row->version ? APR_SUCCESS
                        : edu_error_set(x->err, EDU_ENOOUTCOME, NULL, x->p,
                                        "Entity not found. Outcome id: %s",
                                        x->path.outcome_id);
}

apr_status_t edu__outcome_get(edu_exchange_t *x)
{
    edu_row_t row;
    apr_status_t rv = find(x, &row);

    return rv ? rv : edu__answer_found(x, &row);
}

/* ------------------------------------------------------------------ writing */

/* A write: what comes to be of what there was. */
typedef struct write_t {
    edu_row_t *row; /* NULL: nothing */
    const edu_row_t *was;
    const char *version; /* of the submission, from now on */
} write_t;

static apr_status_t write_row(edu_exchange_t *x, const write_t *write)
{
    const edu_row_t *was = write->was;
    apr_status_t rv;

    if (write->row) {
        return edu__store_put(x->store, EDU_OUTCOME, &x->path, write->row, was,
                              x->err, x->p);
    }
    rv = edu__store_remove(x->store, EDU_OUTCOME, &x->path, was->id,
                           was->version, x->err, x->p);
    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

static apr_status_t write_both(edu_exchange_t *x, void *baton)
{
    const write_t *write = baton;
    apr_status_t rv = edu__submission_touch(x, write->version);

    return rv ? rv : write_row(x, write);
}

static apr_status_t write_outcome(edu_exchange_t *x, write_t *write)
{
    return write->was->registration.user_id
               ? edu__atomically(x, write_both, write)
               : write_row(x, write);
}

/* The outcome that a body makes of `was`, which may be nothing. */
static apr_status_t make_row(edu_exchange_t *x, edu_row_t *row,
                             const json_t *old, const json_t *body,
                             const edu_row_t *was)
{
    edu_change_t change;
    json_t *doc;
    apr_status_t rv = edu__grading_read(x, &body, was);

    if (rv) {
        return rv;
    }
    edu__plan_change(&change, x, old, was);
    change.id = x->path.outcome_id;
    doc = edu__entity_merge(old, body, &change);
    if (old && json_equal(old, doc)) {
        *row = *was;
        return APR_SUCCESS;
    }
    *row = (edu_row_t){ .id = change.id,
                        .created = was->created ? was->created : change.version,
                        .kind = edu__type_of(&edu__outcome, NULL, doc)->name,
                        .version = change.version,
                        .stored = 1,
                        .registration = was->registration };
    row->body = edu__grading_text(row, doc, x->p);
    return edu__check_size(x, row, "body");
}

/* --------------------------------------------------------------------- POST */

/* The id a POST asks for, or a fresh one (decisions.md 1). */
static apr_status_t choose_id(edu_exchange_t *x, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "id"));

    if (id && !edu__is_guid(id)) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                             "'id' has to be a GUID. Leave it out and one is "
                             "made.");
    }
    x->path.outcome_id = id ? edu__lower(id, x->p) : edu__new_guid(x->p);
    return APR_SUCCESS;
}

static apr_status_t taken(edu_exchange_t *x)
{
    return edu_error_set(x->err, EDU_ECONFLICT, "id", x->p,
                         "An outcome with id %s exists already. Leave 'id' "
                         "out, or PATCH that outcome.",
                         x->path.outcome_id);
}

/* As many feedback resources as there may be.  The submission was touched, so
 * that nobody else adds one meanwhile. */
static apr_status_t check_room(edu_exchange_t *x)
{
    const edu_range_t range = { .only = NULL };
    edu_registration_t registration;
    apr_array_header_t *rows;
    int resources = 0;
    apr_status_t rv =
        edu__store_list(&rows, &registration, x->store, EDU_OUTCOME, &x->path,
                        &range, x->err, x->p);

    for (int i = 0; !rv && i < rows->nelts; i++) {
        resources += !edu__singleton_id(APR_ARRAY_IDX(rows, i, edu_row_t).kind);
    }
    return rv || resources < MAX_RESOURCES
               ? rv
               : edu_error_set(x->err, EDU_EBADREQUEST, NULL, x->p,
                               "A submission has at most %d feedback "
                               "resources. Delete one first.",
                               MAX_RESOURCES);
}

static apr_status_t write_resource(edu_exchange_t *x, void *baton)
{
    const write_t *write = baton;
    apr_status_t rv = edu__submission_touch(x, write->version);

    return rv || (rv = check_room(x)) ? rv : write_row(x, write);
}

/* In Graph's world an outcome of most types exists already, and one that is
 * just an educationOutcome cannot.
 * @param was  what is known of the submission */
static apr_status_t create_registered(edu_exchange_t *x, const json_t *body,
                                      edu_row_t *row, edu_row_t *was)
{
    const edu_type_t *type = edu__type_of(&edu__outcome, NULL, body);
    const char *id = edu__singleton_id(type->name);
    const char *sent = json_string_value(json_object_get(body, "id"));
    write_t write = { row, was, NULL };
    apr_status_t rv = APR_SUCCESS;

    if (type == &edu__outcome) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "@odata.type", x->p,
                             "A registered submission holds outcomes of the "
                             "types derived from educationOutcome. Send the "
                             "@odata.type of one.");
    }
    if (id) {
        x->path.outcome_id = id;
        rv = edu__store_get(was, x->store, EDU_OUTCOME, &x->path, x->err, x->p);
        rv = rv ? rv : edu__placeholder_get(x, was, id);
    }
    if (!rv && was->version) {
        return taken(x);
    }
    if (!rv && id && sent && strcasecmp(sent, id) != 0) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "id", x->p,
                             "In a registered submission this outcome has the "
                             "id %s. Leave 'id' out.",
                             id);
    }
    if (rv || (rv = make_row(x, row, NULL, body, was))) {
        return rv;
    }
    write.version = row->version;
    if (id) {
        return write_outcome(x, &write);
    }
    return edu__atomically(x, write_resource, &write);
}

/* Nobody has registered the submission, but its assignment is there: then
 * somebody may do so now. */
static apr_status_t write_open(edu_exchange_t *x, void *row)
{
    edu_row_t was;
    apr_status_t rv = edu__store_hold(x->store, &x->path, x->err, x->p);

    if (!rv) {
        rv =
            edu__store_get(&was, x->store, EDU_OUTCOME, &x->path, x->err, x->p);
    }
    if (!rv && !was.stored && !was.registration.user_id) {
        return edu__store_put(x->store, EDU_OUTCOME, &x->path, row, &was,
                              x->err, x->p);
    }
    return rv && rv != EDU_EPRECONDITION ? rv : APR_EAGAIN;
}

/* First as if nobody had registered anything, for that is one statement; it
 * says whether that is so. */
static apr_status_t create_once(edu_exchange_t *x, const json_t *body)
{
    edu_row_t row, was = { .stored = 0 };
    apr_status_t rv = EDU_ECONFLICT;

    if (!x->req->mount->registered && !x->own) {
        rv = make_row(x, &row, NULL, body, &was);
        if (!rv) {
            rv = edu__store_insert_open(x->store, &x->path, &row, x->err, x->p);
        }
    }
    if (rv == EDU_ECONFLICT) {
        rv =
            edu__store_get(&was, x->store, EDU_OUTCOME, &x->path, x->err, x->p);
        if (!rv) {
            rv = edu__admit(x, &was.registration);
        }
        if (!rv && was.registration.user_id) {
            rv = create_registered(x, body, &row, &was);
        }
        else if (!rv) {
            rv = was.stored ? taken(x) : edu__atomically(x, write_open, &row);
        }
    }
    return rv ? rv : edu__answer_created(x, &row);
}

apr_status_t edu__outcome_create(edu_exchange_t *x)
{
    const json_t *body;
    apr_status_t rv = edu__read_body(x, &body);

    if (rv) {
        return rv;
    }
    if (json_object_get(body, "@odata.id") &&
        !json_object_get(body, "@odata.type")) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "@odata.id", x->p,
                             "Outcomes belong to their submission: an existing "
                             "one cannot be referenced into it. Send the "
                             "outcome itself.");
    }
    if ((rv = edu__check(&edu__outcome, NULL, body, x->req->mount->dialect,
                         x->err, x->p)) ||
        (rv = choose_id(x, body))) {
        return rv;
    }
    return edu__settle(x, body, create_once);
}

/* --------------------------------------------------------- PATCH and DELETE */

static apr_status_t patch_once(edu_exchange_t *x, const json_t *body)
{
    edu_row_t was, row;
    write_t write = { &row, &was, NULL };
    json_t *old;
    apr_status_t rv = find(x, &was);

    if (rv || (rv = edu__check_conditions(x, &was))) {
        return rv;
    }
    old = edu__view_outcome(x, &was);
    if (!old) {
        return edu__damaged(x, "outcome", was.id);
    }
    if ((rv = edu__check(&edu__outcome, old, body, x->req->mount->dialect,
                         x->err, x->p)) ||
        (rv = make_row(x, &row, old, body, &was))) {
        return rv;
    }
    write.version = row.version;
    if (row.version != was.version) {
        rv = write_outcome(x, &write);
    }
    return rv ? rv : edu__answer_entity(x, 200, NULL, &row);
}

/* What has a placeholder is empty again. */
static apr_status_t delete_once(edu_exchange_t *x, const json_t *body)
{
    edu_row_t was;
    edu_change_t change;
    write_t write = { NULL, &was, NULL };
    apr_status_t rv = find(x, &was);

    (void)body;
    if (rv || (rv = edu__check_conditions(x, &was))) {
        return rv;
    }
    edu__plan_change(&change, x, NULL, &was);
    write.version = change.version;
    if (was.stored) {
        rv = write_outcome(x, &write);
    }
    x->res->status = 204;
    return rv;
}

apr_status_t edu__outcome_update(edu_exchange_t *x)
{
    const json_t *body;
    apr_status_t rv = edu__check_blind(x);

    if (!rv) {
        rv = edu__read_body(x, &body);
    }
    return rv ? rv : edu__settle(x, body, patch_once);
}

apr_status_t edu__outcome_delete(edu_exchange_t *x)
{
    apr_status_t rv = edu__check_blind(x);

    return rv ? rv : edu__settle(x, NULL, delete_once);
}
