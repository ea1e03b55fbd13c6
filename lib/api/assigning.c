/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Submissions of students who are given an assignment: when it is published, or
 * when they join its class (contract.md 3, 7). */

#include "verbs.h"

#include <apr_strings.h>

/* The most pairs of a student who joins and an open assignment of the class. */
#define MAX_PAIRS 50000

/* Creates a submission for a student who has none; an existing one stays.
 * Submissions are listed by their ids, which are in the order of the plan. */
static void plan_submission(const edu_exchange_t *x, edu_plan_t *plan,
                            const edu_row_t *assignment, const char *student)
{
    edu_key_t key = { .class_id = x->path.key.class_id,
                      .assignment_id = assignment->id };
    edu_row_t *row = apr_pcalloc(x->p, sizeof(*row));
    int before = plan->changes.writes->nelts;

    row->id = key.submission_id =
        edu__guid_at(plan->now + before * EDU_GUID_STEP, x->p);
    row->sort_key = row->version = assignment->version;
    row->recipient = student;
    row->modified_by = edu__caller_text(x);
    row->body = "{}";
    edu__changes_add(&plan->changes, EDU_INSERT, EDU_SUBMISSION, EDU_ALWAYS,
                     &key)
        ->after = row;
}

/* Creates those of an assignment for the students it is for.
 * @param assignment  id, and the version of the submissions
 * @param ids         of const char * */
static void plan_submissions(const edu_exchange_t *x, edu_plan_t *plan,
                             const edu_row_t *assignment, const json_t *doc,
                             const apr_array_header_t *ids)
{
    apr_hash_t *recipients = edu__assignment_recipients(doc, x->p);

    for (int i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);

        if (!recipients || apr_hash_get(recipients, id, APR_HASH_KEY_STRING)) {
            plan_submission(x, plan, assignment, id);
        }
    }
}

void edu__assign_to_class(const edu_exchange_t *x, edu_plan_t *plan,
                          const json_t *doc)
{
    apr_array_header_t *ids =
        apr_array_make(x->p, plan->rows->nelts, sizeof(const char *));

    for (int i = 0; i < plan->rows->nelts; i++) {
        APR_ARRAY_PUSH(ids, const char *) =
            APR_ARRAY_IDX(plan->rows, i, edu_row_t).id;
    }
    plan_submissions(x, plan, &plan->row, doc, ids);
}

/* ---------------------------------------------------------- who joins later */

/* Keeps what tells whether an assignment is for students who join. */
static apr_status_t keep(edu_exchange_t *x, edu_plan_t *plan,
                         const edu_row_t *row, apr_pool_t *scratch)
{
    static const edu_pick_t names[] = {
        {"addedStudentAction",    NULL},
        { "allowLateSubmissions", NULL},
        { "assignTo",             NULL},
        { "closeDateTime",        NULL},
        { "dueDateTime",          NULL},
        { "status",               NULL}
    };
    const apr_array_header_t select = { .elt_size = sizeof(names[0]),
                                        .nelts = 6,
                                        .elts = (char *)names };
    const edu_key_t key = { .class_id = x->path.key.class_id,
                            .assignment_id = row->id };
    const apr_array_header_t *members;
    edu_row_t whole = *row;
    apr_status_t rv =
        *row->body ? APR_SUCCESS /* else a list left it out for its length */
                   : edu__store_get(&whole, x->store, EDU_ASSIGNMENT, &key,
                                    x->err, scratch);

    if (rv || !whole.stored || !strstr(whole.body, "assignIfOpen")) {
        return rv;
    }
    members = edu__members_load(whole.body, scratch);
    if (members) {
        APR_ARRAY_PUSH(plan->open, edu_row_t) =
            (edu_row_t){ .id = apr_pstrdup(x->p, row->id),
                         .version = edu__version_at(plan->now, x->p),
                         .body = edu__members_text(members, &select, x->p) };
    }
    return APR_SUCCESS;
}

apr_status_t edu__assign_read(edu_exchange_t *x, edu_plan_t *plan)
{
    edu_row_t last = { .parent_id = x->path.key.class_id };
    edu_range_t range = { .only = NULL };
    const edu_key_t class = { .class_id = x->path.key.class_id };
    edu_registration_t above;
    apr_array_header_t *chunk;
    apr_pool_t *scratch;
    apr_status_t rv;

    plan->open = apr_array_make(x->p, 4, sizeof(edu_row_t));
    apr_pool_create(&scratch, x->p);
    do {
        apr_pool_clear(scratch);
        rv = edu__go_on(x);
        rv = rv ? rv
                : edu__store_list(&chunk, &above, x->store, EDU_ASSIGNMENT,
                                  &class, &range, x->err, scratch);
        for (int i = 0; !rv && i < chunk->nelts; i++) {
            const edu_row_t *row = &APR_ARRAY_IDX(chunk, i, edu_row_t);

            last.id = row->id;
            rv = keep(x, plan, row, scratch);
        }
        last.id = apr_pstrdup(x->p, last.id);
        range.after = &last;
    } while (!rv && chunk->nelts == EDU_CHUNK);
    return rv;
}

/* The ids of the planned members who are students, and were not before. */
static const apr_array_header_t *joined(const edu_changes_t *changes,
                                        apr_pool_t *p)
{
    apr_array_header_t *ids = apr_array_make(p, 4, sizeof(const char *));

    for (int i = 0; i < changes->writes->nelts; i++) {
        const edu_write_t *write =
            &APR_ARRAY_IDX(changes->writes, i, edu_write_t);

        if (write->after && strcmp(write->after->role, "student") == 0 &&
            (!write->before || strcmp(write->before->role, "student") != 0)) {
            APR_ARRAY_PUSH(ids, const char *) = write->after->id;
        }
    }
    return ids;
}

static int is_said(const json_t *doc, const char *name, const char *value)
{
    const char *says = json_string_value(json_object_get(doc, name));

    return says && strcmp(says, value) == 0;
}

/* Whether students who join get an assignment, at once or when it begins. */
static int is_open(const json_t *doc, edu_time_t now, apr_pool_t *p)
{
    edu_error_t closed;

    return is_said(doc, "addedStudentAction", "assignIfOpen") &&
           is_said(doc, "status", "assigned") &&
           !edu__assignment_check_open(doc, now, &closed, p);
}

apr_status_t edu__assign_to_joined(edu_exchange_t *x, edu_plan_t *plan)
{
    const apr_array_header_t *ids = joined(&plan->changes, x->p);

    if (plan->open->nelts && ids->nelts > MAX_PAIRS / plan->open->nelts) {
        return edu_error_set(x->err, EDU_EBADREQUEST, "value", x->p,
                             "%d students would get %d assignments of the "
                             "class. Add fewer students at once.",
                             ids->nelts, plan->open->nelts);
    }
    for (int i = 0; ids->nelts && i < plan->open->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(plan->open, i, edu_row_t);
        const json_t *doc = edu__json_load(row->body, x->p);

        if (is_open(doc, plan->now, x->p)) {
            plan_submissions(x, plan, row, doc, ids);
        }
    }
    return APR_SUCCESS;
}
