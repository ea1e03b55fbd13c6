/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Reads of outcomes of many submissions. */

#include "across.h"
#include "inner.h"

#include <apr_strings.h>

int edu__row_compare(const edu_row_t *a, const edu_row_t *b)
{
    int order = strcmp(a->assignment_id, b->assignment_id);

    order = order ? order : strcmp(a->parent_id, b->parent_id);
    return order ? order : strcmp(a->id, b->id);
}

static int in_order(const void *a, const void *b)
{
    return edu__row_compare(a, b);
}

edu_assignment_t *edu__across_assignment(const edu_across_t *across,
                                         const char *id)
{
    for (int i = 0; i < across->assignments->nelts; i++) {
        edu_assignment_t *assignment =
            APR_ARRAY_IDX(across->assignments, i, edu_assignment_t *);

        if (strcmp(assignment->id, id) == 0) {
            return assignment;
        }
    }
    return NULL;
}

static edu_assignment_t *assignment_at(const edu_call_t *call,
                                       struct apr_dbd_row_t *from, int id,
                                       int version, int body)
{
    edu_assignment_t *assignment = apr_pcalloc(call->p, sizeof(*assignment));

    assignment->id = edu__call_column(call, from, id);
    assignment->version = edu__call_column(call, from, version);
    assignment->body = edu__call_column(call, from, body);
    assignment->p = call->p;
    return assignment;
}

/* An outcome; or a submission, whose id is the parent's. */
static void read_row(const edu_call_t *call, edu_across_t *across,
                     struct apr_dbd_row_t *from)
{
    edu_row_t row = { .id = edu__call_column(call, from, 0),
                      .sort_key = "",
                      .kind = edu__call_column(call, from, 1),
                      .version = edu__call_column(call, from, 2),
                      .modified_by = "",
                      .body = edu__call_column(call, from, 3),
                      .parent_id = edu__call_column(call, from, 4),
                      .assignment_id = edu__call_column(call, from, 5),
                      .stored = 1 };
    const char *user = edu__call_column(call, from, 6);

    if (*row.parent_id && *user) {
        row.registration.user_id = user;
        row.registration.version = edu__call_column(call, from, 7);
    }
    if (*row.id) {
        APR_ARRAY_PUSH(across->outcomes, edu_row_t) = row;
    }
    else {
        APR_ARRAY_PUSH(across->submissions, edu_row_t) = row;
    }
}

static void read_across(const edu_call_t *call, void *out)
{
    edu_across_t *across = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        const char *role = edu__call_column(call, from, 0);

        if (*edu__call_column(call, from, 4)) {
            read_row(call, across, from);
            continue;
        }
        across->viewer_role = *role ? role : across->viewer_role;
        if (*edu__call_column(call, from, 5)) {
            APR_ARRAY_PUSH(across->assignments, edu_assignment_t *) =
                assignment_at(call, from, 5, 2, 3);
        }
    }
}

/* The assignment of a registered submission; one that did not come with it can
 * be had by its id. */
static edu_assignment_t *assignment_of(edu_across_t *across, const char *id,
                                       apr_pool_t *p)
{
    edu_assignment_t *assignment = edu__across_assignment(across, id);

    if (!assignment && across->alone) {
        assignment = apr_pcalloc(p, sizeof(*assignment));
        assignment->id = id;
        assignment->version = assignment->body = "";
        assignment->p = p;
        APR_ARRAY_PUSH(across->assignments, edu_assignment_t *) = assignment;
    }
    return assignment;
}

/* Databases need not keep the order of a part of a statement. */
static void finish(edu_across_t *across, apr_array_header_t *rows,
                   apr_pool_t *p)
{
    edu__rows_sort(rows, in_order);
    for (int i = 0; i < rows->nelts; i++) {
        edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        row->registration.viewer_role = across->viewer_role;
        row->registration.assignment =
            row->registration.user_id
                ? assignment_of(across, row->assignment_id, p)
                : NULL;
    }
}

static void add_all(edu_args_t *args, const char *const *values, int n)
{
    for (int i = 0; i < n; i++) {
        edu__args_add(args, values[i]);
    }
}

static void add_span(edu_args_t *args, const edu_key_t *key,
                     const edu_span_t *span)
{
    static const edu_row_t first;
    const edu_row_t *after = span->after ? span->after : &first;
    const char *class = key->class_id, *of = key->assignment_id;
    const char *from = of ? of : after->assignment_id;
    const char *with = span->registered ? "1" : "";
    const char *const rest[] = { class,
                                 from,
                                 after->parent_id,
                                 after->id,
                                 class,
                                 from,
                                 after->parent_id,
                                 class,
                                 from,
                                 of,
                                 class,
                                 with,
                                 class,
                                 of,
                                 with,
                                 class,
                                 of };

    edu__args_add(args, class);
    edu__args_add(args, key->viewer);
    edu__args_add(args, key->viewer);
    edu__args_add_next(args, key, span->only, of, after);
    add_all(args, rest, sizeof(rest) / sizeof(rest[0]));
}

static apr_status_t run(edu_across_t *across, edu_call_t *call)
{
    apr_pool_t *p = call->p;
    apr_status_t rv;

    *across =
        (edu_across_t){ .outcomes = apr_array_make(p, 8, sizeof(edu_row_t)),
                        .submissions = apr_array_make(p, 8, sizeof(edu_row_t)),
                        .assignments =
                            apr_array_make(p, 4, sizeof(edu_assignment_t *)),
                        .viewer_role = "" };
    rv = edu__call_run(call, read_across, across);
    across->alone = call->where != NULL;
    finish(across, across->outcomes, p);
    finish(across, across->submissions, p);
    return rv;
}

apr_status_t edu__store_across(edu_across_t *across, const edu_store_t *store,
                               const edu_key_t *key, const edu_span_t *span,
                               edu_error_t *err, apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = EDU_SQL_ACROSS_OUTCOMES,
                        .args = args.list,
                        .err = err,
                        .p = p };
    apr_status_t rv;

    /* a condition that a document defeats would end a transaction */
    call.where = store->tx ? NULL : span->where;
    add_span(&args, key, span);
    rv = run(across, &call);
    if (rv && call.where) {
        call.where = NULL;
        rv = run(across, &call);
    }
    across->whole = span->where && !call.where;
    return rv;
}

/* ------------------------------------------------------------------ numbers */

static void read_tallies(const edu_call_t *call, void *out)
{
    apr_array_header_t *tallies = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        edu_tally_t *tally = apr_array_push(tallies);

        *tally = (edu_tally_t){
            .assignment = *edu__call_column(call, from, 0)
                              ? assignment_at(call, from, 0, 1, 2)
                              : NULL,
            .number = apr_atoi64(edu__call_column(call, from, 3))
        };
        for (int i = 0; i < EDU_TALLIED; i++) {
            tally->with[i] = apr_atoi64(edu__call_column(call, from, 4 + i));
        }
    }
}

apr_status_t edu__store_tally(apr_array_header_t **tallies,
                              const edu_store_t *store, const edu_key_t *key,
                              const char *const ids[EDU_TALLIED],
                              edu_error_t *err, apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = EDU_SQL_TALLY_ACROSS_OUTCOMES,
                        .args = args.list,
                        .err = err,
                        .p = p };

    const char *const range[] = { key->class_id, key->assignment_id,
                                  key->assignment_id };

    *tallies = apr_array_make(p, 8, sizeof(edu_tally_t));
    add_all(&args, range, 3);
    add_all(&args, ids, EDU_TALLIED);
    add_all(&args, range, 3);
    return edu__call_run(&call, read_tallies, *tallies);
}
