/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Submissions, and the actions that lead them from one status to the next
 * (contract.md 3).  One transaction holds an action and its effect on outcomes.
 */

#include "grading.h"
#include "verbs.h"

#include <apr_strings.h>

/* ---------------------------------------------------------------------- PUT */

static apr_status_t refuse(edu_exchange_t *x, const char *target,
                           const char *fmt, const char *what)
{
    return edu_error_set(x->err, EDU_ECONFLICT, target, x->p, fmt, what);
}

/* A migrated submission keeps its last change: who made it, and when. */
static void trust(const json_t *doc, edu_row_t *row, apr_pool_t *p)
{
    const json_t *who = json_object_get(doc, "lastModifiedBy");
    const char *at =
        json_string_value(json_object_get(doc, "lastModifiedDateTime"));
    edu_time_t t;

    if (json_is_object(who)) {
        row->modified_by = edu__json_text(who, p);
    }
    if (at && !edu__time_parse(&t, at) && t > 0) {
        row->version = edu__version_at(t, p);
    }
}

/* A student has one submission of an assignment, which stays the student's. */
static apr_status_t check_recipient(edu_exchange_t *x, const edu_plan_t *plan,
                                    const char *user_id)
{
    if (!user_id || !edu__is_key(user_id)) {
        return edu_error_set(
            x->err, EDU_EBADREQUEST, "recipient/userId", x->p,
            "'userId' has to be the id of the student, of 1 to 128 bytes "
            "without a slash, and neither . nor .. alone.");
    }
    if (plan->was.stored) {
        return strcmp(user_id, plan->was.recipient) == 0
                   ? APR_SUCCESS
                   : refuse(x, "recipient/userId",
                            "This submission belongs to %s; its recipient "
                            "cannot change. Delete it and create another.",
                            plan->was.recipient);
    }
    return !plan->rows || plan->rows->nelts == 0
               ? APR_SUCCESS
               : refuse(x, "recipient/userId",
                        "The recipient already has a submission of this "
                        "assignment: %s. PUT that one, or delete it first.",
                        APR_ARRAY_IDX(plan->rows, 0, edu_row_t).id);
}

apr_status_t edu__finish_submission(edu_exchange_t *x, edu_plan_t *plan,
                                    const json_t *doc)
{
    const char *user_id = json_string_value(
        json_object_get(json_object_get(doc, "recipient"), "userId"));
    apr_status_t rv = check_recipient(x, plan, user_id);

    plan->row.recipient = user_id;
    plan->row.modified_by = edu__caller_text(x);
    if (!plan->was.stored && x->req->mount->trust_stamps) {
        trust(doc, &plan->row, x->p);
    }
    return rv;
}

/* ------------------------------------------------------------------ actions */

enum { WORKING = 1, SUBMITTED = 2, RETURNED = 4, REASSIGNED = 8, EXCUSED = 16 };

static const struct status_t {
    const char *name;
    int bit;
} statuses[] = {
    {"working",     WORKING   },
    { "submitted",  SUBMITTED },
    { "released",   RETURNED  }, /* the former name of returned */
    { "returned",   RETURNED  },
    { "reassigned", REASSIGNED},
    { "excused",    EXCUSED   }
};

typedef enum effect_e { NOTHING, PUBLISH, EMPTY } effect_e;

#define ANY (WORKING | SUBMITTED | RETURNED | REASSIGNED | EXCUSED)

/* clang-format off */
static const struct action_t {
    edu_resource_e resource;
    const char *deed;   /* prefix of its stamps */
    const char *status; /* new status */
    int from;
    effect_e effect;    /* on outcomes */
} actions[] = {
    { EDU_RES_SUBMIT,   "submitted",   "submitted",  ANY & ~SUBMITTED,
      NOTHING },
    { EDU_RES_UNSUBMIT, "unsubmitted", "working",    SUBMITTED,
      NOTHING },
    { EDU_RES_RETURN,   "returned",    "returned",   ANY,
      PUBLISH },
    { EDU_RES_REASSIGN, "reassigned",  "reassigned", ANY,
      PUBLISH },
    { EDU_RES_EXCUSE,   "excused",     "excused",    ANY & ~EXCUSED,
      EMPTY }
};
/* clang-format on */

/* An action that is being planned. */
typedef struct act_t {
    const struct action_t *action;
    edu_plan_t *plan;
    edu_change_t change;
} act_t;

/* @param status  as JSON; NULL or an unknown name: as of a new submission */
static int bit_of(const char *status)
{
    for (apr_size_t i = 0; status && i < sizeof(statuses) / sizeof(statuses[0]);
         i++) {
        apr_size_t len = strlen(statuses[i].name);

        if (strncmp(status + 1, statuses[i].name, len) == 0 &&
            status[len + 1] == '"') {
            return statuses[i].bit;
        }
    }
    return WORKING;
}

/* Writes an outcome with the version of the action, for its student to see. */
static apr_status_t plan_outcome(edu_exchange_t *x, const edu_row_t *was,
                                 apr_array_header_t *members, const act_t *act)
{
    edu_row_t *row = apr_pmemdup(x->p, was, sizeof(*was));

    row->doc = NULL;
    row->version = act->change.version;
    row->stored = 1;
    row->body = edu__grading_members_text(row, members, x->p);
    edu__grading_show(row, members, x->p);
    edu__plan_row(x, act->plan, EDU_OUTCOME, was, row);
    return edu__check_size(x, row,
                           apr_pstrcat(x->p, "outcomes/", row->id, NULL));
}

/* Return and excuse write out the qualities of a rubric; Graph names nobody as
 * their author (contract.md 1.2). */
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
    return strcmp(row->type, "educationRubricOutcome") == 0;
}

static apr_array_header_t *members_of(const json_t *doc, apr_pool_t *p)
{
    return edu__members_load(edu__json_text(doc, p), p);
}

/* The members of an outcome to publish, with its current letter and rubric;
 * NULL: the outcome is damaged. */
static apr_array_header_t *load(edu_exchange_t *x, edu_row_t *row,
                                const act_t *act)
{
    json_t *doc;

    if (edu__grading_is_plain(row, x->p)) {
        return edu__members_load(row->body, x->p);
    }
    doc = edu__view_outcome(x, row);
    if (!doc || !edu__grading_mark(doc, row)) {
        return NULL;
    }
    if (!row->stored) {
        sign_as_system(doc, act);
    }
    return members_of(doc, x->p);
}

/* A placeholder has nothing to publish, apart from a rubric's. */
static apr_status_t publish(edu_exchange_t *x, edu_row_t *row, const act_t *act)
{
    apr_array_header_t *members;
    const edu_type_t *type = edu__type_find(row->type);

    if (!row->stored && !is_rubric(row)) {
        return APR_SUCCESS;
    }
    members = load(x, row, act);
    if (!members || !type) {
        return edu__damaged(x, "outcome", row->id);
    }
    edu__entity_publish(members, type, x->p);
    return plan_outcome(x, row, members, act);
}

/* Takes a grade back to its placeholder; feedback files stay. */
static apr_status_t empty(edu_exchange_t *x, const edu_row_t *row,
                          const act_t *act)
{
    edu_row_t blank = { .registration = act->plan->was.registration };
    json_t *doc;
    apr_status_t rv = APR_SUCCESS;

    if (!edu__singleton_id(row->type)) {
        return APR_SUCCESS;
    }
    if (is_rubric(row)) {
        rv = edu__placeholder_get(x, &blank, row->id);
    }
    if (!rv && blank.version) {
        doc = edu__view_outcome(x, &blank);
        sign_as_system(doc, act);
        return plan_outcome(x, row, members_of(doc, x->p), act);
    }
    if (!rv && row->stored) {
        edu__plan_row(x, act->plan, EDU_OUTCOME, row, NULL);
    }
    return rv;
}

/* Plans the effect of the action on outcomes. */
static apr_status_t plan_outcomes(edu_exchange_t *x, const act_t *act)
{
    apr_array_header_t *rows = act->plan->was.outcomes;
    apr_status_t rv =
        edu__placeholders_add(x, &rows, &act->plan->was.registration);

    for (int i = 0; !rv && i < rows->nelts; i++) {
        edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        rv = act->action->effect == PUBLISH ? publish(x, row, act)
             : act->action->effect == EMPTY ? empty(x, row, act)
                                            : APR_SUCCESS;
    }
    return rv;
}

/* An assignment takes submissions once it is published, until it closes; if it
 * takes no late ones, until it is due (decisions.md 3). */
static apr_status_t check_dates(edu_exchange_t *x, const act_t *act)
{
    const edu_assignment_t *assignment = act->plan->was.registration.assignment;
    edu_time_t now = act->plan->now;
    const json_t *doc;
    const char *status;

    if (act->action->resource != EDU_RES_SUBMIT || !assignment) {
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
    if (edu__assignment_waits(doc, now)) {
        return refuse(
            x, "assignDateTime",
            "The assignment takes no submissions before %s.",
            json_string_value(json_object_get(doc, "assignDateTime")));
    }
    return edu__assignment_check_open(doc, now, x->err, x->p);
}

/* A status for a message. @param status  as JSON; or NULL */
static const char *name_of(const char *status, apr_pool_t *p)
{
    return status && *status == '"'
               ? apr_pstrmemdup(p, status + 1, strlen(status) - 2)
               : "working";
}

/* Plans the submission's new status and stamps. */
static apr_status_t plan_submission(edu_exchange_t *x, act_t *act)
{
    const struct action_t *action = act->action;
    const edu_row_t *was = &act->plan->was;
    edu_row_t *row = &act->plan->row;
    apr_array_header_t *members =
        edu__entity_members(&edu__submission, was->body, x->p);
    const char *status;
    apr_status_t rv;

    if (!members) {
        return edu__damaged(x, edu__submission.name, was->id);
    }
    status = edu__member_text(members, "status", x->p);
    if (!(bit_of(status) & action->from)) {
        return refuse(x, "status",
                      action->resource == EDU_RES_UNSUBMIT
                          ? "Only a submitted submission can "
                            "be unsubmitted; this one is %s."
                          : "This submission is already %s.",
                      name_of(status, x->p));
    }
    rv = check_dates(x, act);
    if (rv) {
        return rv;
    }
    edu__plan_change(&act->change, x, act->plan, NULL, was);
    *row = *was;
    row->version = act->change.version;
    row->modified_by = edu__caller_text(x);
    edu__members_tag(members, row->version, x->p);
    edu__member_set(members, "status", edu__json_quote(action->status, x->p));
    edu__member_set(members, apr_pstrcat(x->p, action->deed, "By", NULL),
                    row->modified_by);
    edu__member_set(
        members, apr_pstrcat(x->p, action->deed, "DateTime", NULL),
        edu__json_quote(edu__time_format(act->change.now, x->p), x->p));
    row->body = edu__members_text(members, NULL, x->p);
    edu__plan_row(x, act->plan, EDU_SUBMISSION, was, row);
    return edu__check_size(x, row, edu__submission.name);
}

static const struct action_t *action_at(edu_resource_e resource)
{
    const struct action_t *action = actions;

    while (action->resource != resource) {
        action++;
    }
    return action;
}

/* A concurrent write to an outcome changes the version of the submission. */
static apr_status_t plan_act(edu_exchange_t *x, edu_plan_t *plan)
{
    act_t act = { .action = action_at(x->path.resource), .plan = plan };
    apr_status_t rv = edu__check_conditions(x, &plan->was);

    plan->status = 200;
    return rv || (rv = plan_submission(x, &act)) ? rv : plan_outcomes(x, &act);
}

/* An action ignores its body. */
const edu_writer_t edu__submission_act = { .read = edu__plan_read,
                                           .plan = plan_act };
