/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Submissions: how they are shown, and the actions that lead them from one
 * status to the next (contract.md 3).  An action and what it does to outcomes
 * are one transaction. */

#include "edu_private.h"

#include <apr_strings.h>

/* ------------------------------------------------------------------ showing */

static const char *const deeds[] = { "submitted", "unsubmitted", "returned",
                                     "reassigned", "excused" };

static const char *by(const char *deed, apr_pool_t *p)
{
    return apr_pstrcat(p, deed, "By", NULL);
}

static const char *when(const char *deed, apr_pool_t *p)
{
    return apr_pstrcat(p, deed, "DateTime", NULL);
}

static void copy(json_t *doc, const char *to, const char *from)
{
    json_object_set_new(doc, to, edu__json_share(json_object_get(doc, from)));
}

/* Who never did a thing is written out as nobody; who is to submit stands in
 * submittedBy from the start (contract.md 1.3, example 42). */
static void fill_deeds(json_t *doc, const char *recipient, apr_pool_t *p)
{
    const edu_caller_t student = { .user_id = recipient };

    for (int i = 0; i < 5; i++) {
        if (json_is_null(json_object_get(doc, by(deeds[i], p)))) {
            json_object_set_new(doc, by(deeds[i], p),
                                edu__identity_set(i ? NULL : &student, p));
        }
    }
}

/* Reassigned and excused are news to older clients: unless told that they know,
 * they are shown what is like a return (contract.md 3). */
static void mask_status(json_t *doc, apr_pool_t *p)
{
    const char *status = json_string_value(json_object_get(doc, "status"));

    if (strcmp(status, "reassigned") == 0 || strcmp(status, "excused") == 0) {
        copy(doc, "returnedBy", by(status, p));
        copy(doc, "returnedDateTime", when(status, p));
        json_object_set_new(doc, "status", json_string("returned"));
    }
}

static json_t *recipient_of(const char *user_id)
{
    return json_pack("{s:s, s:s}", "@odata.type",
                     "#microsoft.graph.educationSubmissionIndividualRecipient",
                     "userId", user_id);
}

/* The version of a submission is the instant at which it, or an outcome of it,
 * changed last; of one that was loaded by SQL it may say nothing. */
static void fill_modified(json_t *doc, const edu_row_t *row, apr_pool_t *p)
{
    edu_time_t t = apr_strtoi64(row->version, NULL, 16);
    json_t *who = row->by && *row->by ? edu__json_load(row->by, p) : NULL;

    json_object_set_new(doc, "lastModifiedBy",
                        who ? edu__json_share(who)
                            : edu__identity_set(NULL, p));
    json_object_set_new(doc, "lastModifiedDateTime",
                        t ? json_string(edu__time_format(t, p)) : json_null());
}

json_t *edu__view_submission(const edu_exchange_t *x, const edu_row_t *row)
{
    json_t *doc = edu__view_entity(x, row);

    if (!doc) {
        return NULL;
    }
    json_object_set_new(doc, "assignmentId", json_string(row->parent));
    json_object_set_new(doc, "recipient", recipient_of(row->kind));
    if (!json_is_string(json_object_get(doc, "status"))) {
        json_object_set_new(doc, "status", json_string("working"));
    }
    fill_deeds(doc, row->kind, x->p);
    fill_modified(doc, row, x->p);
    if (!x->query.unknowns) {
        mask_status(doc, x->p);
    }
    return doc;
}

/* ---------------------------------------------------------------------- PUT */

const char *edu__caller_text(const edu_exchange_t *x)
{
    return edu__json_text(
        edu__json_own(edu__identity_set(x->req->caller, x->p), x->p), x->p);
}

static apr_status_t refuse(edu_exchange_t *x, const char *target,
                           const char *fmt, const char *what)
{
    return edu_error_set(x->err, EDU_ECONFLICT, target, x->p, fmt, what);
}

/* A student has one submission of an assignment. */
static apr_status_t check_recipient(edu_exchange_t *x, const char *user_id)
{
    const edu_range_t range = { .only = user_id };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv = edu__store_list(&rows, &above, x->store, EDU_SUBMISSION,
                                      &x->path, &range, x->err, x->p);

    return rv || rows->nelts == 0
               ? rv
               : refuse(x, "recipient/userId",
                        "This recipient has a submission of this assignment "
                        "already: %s. PUT that, or delete it first.",
                        APR_ARRAY_IDX(rows, 0, edu_row_t).id);
}

/* Outcomes that somebody wrote before the submission was registered know
 * nothing of Graph's rules for it; from now on nobody writes such. */
apr_status_t edu__confirm_submission(edu_exchange_t *x)
{
    const edu_range_t range = { .only = NULL };
    edu_registration_t above;
    apr_array_header_t *rows;
    apr_status_t rv = edu__store_list(&rows, &above, x->store, EDU_OUTCOME,
                                      &x->path, &range, x->err, x->p);

    return rv || rows->nelts == 0
               ? rv
               : refuse(x, NULL,
                        "There are outcomes at this path already, which was "
                        "not registered: %s is one. Delete them, or register "
                        "the submission under another id.",
                        APR_ARRAY_IDX(rows, 0, edu_row_t).id);
}

/* A submission that is moved here keeps who changed it last, and when. */
static void trust(const json_t *doc, edu_row_t *row, apr_pool_t *p)
{
    const json_t *who = json_object_get(doc, "lastModifiedBy");
    const char *at =
        json_string_value(json_object_get(doc, "lastModifiedDateTime"));
    edu_time_t t;

    if (json_is_object(who)) {
        row->by = edu__json_text(who, p);
    }
    if (at && !edu__time_parse(&t, at) && t > 0) {
        row->version = edu__version_at(t, p);
    }
}

apr_status_t edu__finish_submission(edu_exchange_t *x, json_t *doc,
                                    edu_row_t *row, const edu_row_t *was)
{
    const char *user_id = json_string_value(
        json_object_get(json_object_get(doc, "recipient"), "userId"));
    apr_status_t rv = APR_SUCCESS;

    if (!user_id || !edu__is_key(user_id)) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "recipient/userId", x->p,
                             "'userId' names the student whose submission this "
                             "is, as 1 to 128 bytes that can stand in a path.");
    }
    if (was->stored && strcmp(user_id, was->kind) != 0) {
        return refuse(x, "recipient/userId",
                      "This is the submission of %s and stays it. Delete it "
                      "first.",
                      was->kind);
    }
    if (!was->stored) {
        rv = check_recipient(x, user_id);
    }
    row->kind = user_id;
    row->by = edu__caller_text(x);
    if (!was->stored && x->req->mount->trust_stamps) {
        trust(doc, row, x->p);
    }
    return rv;
}

apr_status_t edu__submission_touch(edu_exchange_t *x, const char *version)
{
    apr_status_t rv = edu__store_touch(x->store, &x->path, version,
                                       edu__caller_text(x), x->err, x->p);

    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

/* ------------------------------------------------------------------ actions */

enum { WORKING = 1, SUBMITTED = 2, RETURNED = 4, REASSIGNED = 8, EXCUSED = 16 };

static const struct status_t {
    const char *name;
    int bit;
} statuses[] = {
    {"working",     WORKING   },
    { "submitted",  SUBMITTED },
    { "released",   RETURNED  }, /* what returned was called first */
    { "returned",   RETURNED  },
    { "reassigned", REASSIGNED},
    { "excused",    EXCUSED   }
};

typedef enum effect_e { NOTHING, PUBLISH, EMPTY } effect_e;

#define ANY (WORKING | SUBMITTED | RETURNED | REASSIGNED | EXCUSED)

/* clang-format off */
static const struct action_t {
    edu_resource_e at;
    const char *deed;   /* the prefix of its stamps */
    const char *status; /* it leads to */
    int from;
    effect_e effect;    /* on outcomes */
} actions[] = {
    { EDU_AT_SUBMIT,   "submitted",   "submitted",  ANY & ~SUBMITTED, NOTHING },
    { EDU_AT_UNSUBMIT, "unsubmitted", "working",    SUBMITTED,        NOTHING },
    { EDU_AT_RETURN,   "returned",    "returned",   ANY,              PUBLISH },
    { EDU_AT_REASSIGN, "reassigned",  "reassigned", ANY,              PUBLISH },
    { EDU_AT_EXCUSE,   "excused",     "excused",    ANY & ~EXCUSED,   EMPTY }
};
/* clang-format on */

/* What an action does, all of it. */
typedef struct act_t {
    const struct action_t *action;
    edu_row_t was, row;
    edu_change_t change;
} act_t;

static int bit_of(const json_t *doc)
{
    const char *name = json_string_value(json_object_get(doc, "status"));

    for (apr_size_t i = 0; name && i < sizeof(statuses) / sizeof(statuses[0]);
         i++) {
        if (strcmp(statuses[i].name, name) == 0) {
            return statuses[i].bit;
        }
    }
    return WORKING;
}

/* Writes an outcome anew, under the version of the action. */
static apr_status_t write_outcome(edu_exchange_t *x, const edu_row_t *was,
                                  json_t *doc, const act_t *act)
{
    edu_row_t row = *was;
    apr_status_t rv;

    row.version = act->change.version;
    row.stored = 1;
    row.body = edu__grading_text(&row, doc, x->p);
    rv = edu__check_size(x, &row, apr_pstrcat(x->p, "outcomes/", row.id, NULL));
    return rv ? rv
              : edu__store_put(x->store, EDU_OUTCOME, &x->path, &row, was,
                               x->err, x->p);
}

/* Graph writes the qualities of a rubric out when it returns or excuses, as
 * nobody's doing (contract.md 1.2). */
static void sign_as_system(json_t *doc, const act_t *act)
{
    json_object_set_new(doc, "lastModifiedBy",
                        edu__identity_set(NULL, act->change.p));
    json_object_set_new(
        doc, "lastModifiedDateTime",
        json_string(edu__time_format(act->change.now, act->change.p)));
}

static int is_rubric(const edu_row_t *row)
{
    return strcmp(row->kind, "educationRubricOutcome") == 0;
}

/* An untouched placeholder has nothing to publish. */
static apr_status_t publish(edu_exchange_t *x, const edu_row_t *row,
                            const act_t *act)
{
    json_t *doc;

    if (!row->stored && !is_rubric(row)) {
        return APR_SUCCESS;
    }
    doc = edu__view_outcome(x, row);
    if (!doc) {
        return edu__damaged(x, "outcome", row->id);
    }
    if (!row->stored) {
        sign_as_system(doc, act);
    }
    edu__entity_publish(doc, x->p);
    return write_outcome(x, row, doc, act);
}

/* What was graded is as if it never had been; files stay. */
static apr_status_t empty(edu_exchange_t *x, const edu_row_t *row,
                          const act_t *act)
{
    edu_row_t blank = { .registration = act->was.registration };
    json_t *doc;
    apr_status_t rv = APR_SUCCESS;

    if (!edu__singleton_id(row->kind)) {
        return APR_SUCCESS;
    }
    if (is_rubric(row)) {
        rv = edu__placeholder_get(x, &blank, row->id);
    }
    if (!rv && blank.version) {
        doc = edu__view_outcome(x, &blank);
        sign_as_system(doc, act);
        return write_outcome(x, row, doc, act);
    }
    if (!rv && row->stored) {
        rv = edu__store_remove(x->store, EDU_OUTCOME, &x->path, row->id,
                               row->version, x->err, x->p);
    }
    return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
}

/* The submission first: whoever writes an outcome of it waits for us, or has
 * changed its version. */
static apr_status_t apply(edu_exchange_t *x, void *baton)
{
    act_t *act = baton;
    apr_array_header_t *rows = act->was.outcomes;
    apr_status_t rv =
        edu__store_replace(x->store, EDU_SUBMISSION, &x->path, &act->row,
                           act->was.version, x->err, x->p);

    if (rv) {
        return rv == EDU_EPRECONDITION ? APR_EAGAIN : rv;
    }
    rv = edu__placeholders_add(x, &rows, &act->was.registration);
    for (int i = 0; !rv && i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        rv = act->action->effect == PUBLISH ? publish(x, row, act)
             : act->action->effect == EMPTY ? empty(x, row, act)
                                            : APR_SUCCESS;
    }
    return rv;
}

/* The date of an assignment if it has passed, or NULL. */
static const char *passed(const json_t *assignment, const char *name,
                          apr_pool_t *p)
{
    const char *date = json_string_value(json_object_get(assignment, name));
    edu_time_t t;

    return date && !edu__time_parse(&t, date) && t < edu__time_now()
               ? edu__time_format(t, p)
               : NULL;
}

/* An assignment takes submissions from when it is published until it closes,
 * or until it is due, if none may be late (decisions.md 3). */
static apr_status_t check_dates(edu_exchange_t *x, const act_t *act)
{
    const edu_assignment_t *assignment = act->was.registration.assignment;
    const json_t *doc;
    const char *status, *date;

    if (act->action->at != EDU_AT_SUBMIT || !assignment) {
        return APR_SUCCESS;
    }
    doc = edu__entity_load(&edu__assignment, assignment->body, x->p);
    if (!doc) {
        return edu__damaged(x, edu__assignment.name, assignment->id);
    }
    status = json_string_value(json_object_get(doc, "status"));
    if (!status || strcmp(status, "draft") == 0) {
        return refuse(x, "status", "%s",
                      "The assignment is a draft, which "
                      "takes no submissions. Publish it first.");
    }
    if ((date = passed(doc, "closeDateTime", x->p))) {
        return refuse(x, "closeDateTime", "The assignment closed at %s.", date);
    }
    if (json_is_false(json_object_get(doc, "allowLateSubmissions")) &&
        (date = passed(doc, "dueDateTime", x->p))) {
        return refuse(x, "dueDateTime",
                      "The assignment was due at %s and takes no late "
                      "submissions.",
                      date);
    }
    return APR_SUCCESS;
}

/* What the submission comes to be. */
static apr_status_t plan(edu_exchange_t *x, act_t *act)
{
    const struct action_t *action = act->action;
    json_t *doc = edu__entity_load(&edu__submission, act->was.body, x->p);
    apr_status_t rv;

    if (!doc) {
        return edu__damaged(x, edu__submission.name, act->was.id);
    }
    if (!(bit_of(doc) & action->from)) {
        const json_t *status = json_object_get(doc, "status");

        return refuse(x, "status",
                      action->at == EDU_AT_UNSUBMIT
                          ? "Only a submission that is submitted can be taken "
                            "back; this one is %s."
                          : "This submission is %s already.",
                      json_is_string(status) ? json_string_value(status)
                                             : "working");
    }
    rv = check_dates(x, act);
    if (rv) {
        return rv;
    }
    edu__plan_change(&act->change, x, NULL, &act->was);
    json_object_set_new(doc, "status", json_string(action->status));
    json_object_set_new(doc, by(action->deed, x->p),
                        edu__identity_set(x->req->caller, x->p));
    json_object_set_new(doc, when(action->deed, x->p),
                        json_string(edu__time_format(act->change.now, x->p)));
    act->row = act->was;
    act->row.version = act->change.version;
    act->row.by = edu__caller_text(x);
    act->row.body = edu__json_text(doc, x->p);
    return edu__check_size(x, &act->row, edu__submission.name);
}

static const struct action_t *action_at(edu_resource_e at)
{
    const struct action_t *action = actions;

    while (action->at != at) {
        action++;
    }
    return action;
}

static apr_status_t act_once(edu_exchange_t *x, const json_t *body)
{
    act_t act = { .action = action_at(x->path.at) };
    apr_status_t rv = edu__resource_read(x, &act.was);

    (void)body;
    if (rv || (rv = edu__check_conditions(x, &act.was)) ||
        (rv = plan(x, &act)) || (rv = edu__atomically(x, apply, &act))) {
        return rv;
    }
    return edu__answer_entity(
        x, 200,
        apr_pstrcat(x->p, x->req->base,
                    "/$metadata#microsoft.graph.educationSubmission", NULL),
        &act.row);
}

/* The body of an action, if any, says nothing. */
apr_status_t edu__submission_act(edu_exchange_t *x)
{
    apr_status_t rv = edu__check_blind(x);

    return rv ? rv : edu__settle(x, NULL, act_once);
}
