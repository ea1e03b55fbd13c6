/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What is stored and how it is found: the parameters of statements, and what
 * their rows say.  Ids and versions are made in C and bound as text; a conflict
 * is told by the count of affected rows, never by an error's text. */

#include "edu_private.h"

#include <apr_strings.h>

#include <assert.h>
#include <stdlib.h>

/* --------------------------------------------------------------------- rows */

/* Reads the columns that all reads have in common. */
static edu_row_t row_at(const edu_call_t *call, struct apr_dbd_row_t *from)
{
    edu_row_t row = { .id = edu__call_column(call, from, 0),
                      .created = edu__call_column(call, from, 1),
                      .kind = edu__call_column(call, from, 2),
                      .version = edu__call_column(call, from, 3),
                      .by = edu__call_column(call, from, 4),
                      .body = edu__call_column(call, from, 5),
                      .parent = edu__call_column(call, from, 6),
                      .stored = 1 };

    return row;
}

static void read_rows(const edu_call_t *call, void *out)
{
    apr_array_header_t *rows = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        APR_ARRAY_PUSH(rows, edu_row_t) = row_at(call, from);
    }
}

static edu_assignment_t *assignment_of(const char *id, const char *version,
                                       const char *body, apr_pool_t *p)
{
    edu_assignment_t *assignment = apr_pcalloc(p, sizeof(*assignment));

    assignment->id = id;
    assignment->version = version;
    assignment->body = body;
    assignment->p = p;
    return assignment;
}

/* Outcomes, and what is known of their submission. */
typedef struct outcomes_t {
    apr_array_header_t *rows;
    const char *assignment_id;
    edu_registration_t registration;
} outcomes_t;

static void read_outcomes(const edu_call_t *call, void *out)
{
    outcomes_t *outcomes = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        edu_row_t row = { .id = edu__call_column(call, from, 0),
                          .created = edu__call_column(call, from, 1),
                          .kind = edu__call_column(call, from, 2),
                          .version = edu__call_column(call, from, 3),
                          .by = "",
                          .body = edu__call_column(call, from, 4),
                          .parent = "",
                          .stored = 1 };

        if (*row.kind) {
            APR_ARRAY_PUSH(outcomes->rows, edu_row_t) = row;
            continue;
        }
        outcomes->registration.user_id = row.id;
        outcomes->registration.version = row.version;
        outcomes->registration.assignment =
            *row.body ? assignment_of(outcomes->assignment_id, row.created,
                                      row.body, call->p)
                      : NULL;
    }
}

/* Submissions with their outcomes, and the assignments that they are of. */
typedef struct submissions_t {
    apr_array_header_t *rows;
    apr_array_header_t *assignments; /* of edu_assignment_t * */
} submissions_t;

static edu_assignment_t *find_assignment(const submissions_t *submissions,
                                         const char *id)
{
    for (int i = 0; i < submissions->assignments->nelts; i++) {
        edu_assignment_t *assignment =
            APR_ARRAY_IDX(submissions->assignments, i, edu_assignment_t *);

        if (strcmp(assignment->id, id) == 0) {
            return assignment;
        }
    }
    return NULL;
}

/* A submission with one of its outcomes, as a row of a join. */
typedef struct pair_t {
    edu_row_t row, outcome;
} pair_t;

static int by_key(const void *av, const void *bv)
{
    const edu_row_t *a = av, *b = bv;
    int order = strcmp(a->parent, b->parent);

    return order ? order : strcmp(a->id, b->id);
}

static int as_created(const edu_row_t *a, const edu_row_t *b)
{
    int order = strcmp(a->created, b->created);

    return order ? order : strcmp(a->id, b->id);
}

static int by_keys(const void *av, const void *bv)
{
    const pair_t *a = av, *b = bv;
    int order = by_key(&a->row, &b->row);

    return order ? order : as_created(&a->outcome, &b->outcome);
}

static int oldest_first(const void *av, const void *bv)
{
    const edu_row_t *a = av, *b = bv;
    int order = strcmp(a->version, b->version);

    return order ? order : by_key(a, b);
}

static int newest_first(const void *av, const void *bv)
{
    return oldest_first(bv, av);
}

/* Databases mostly give rows in the order of the index that they read. */
static void sort_rows(apr_array_header_t *rows,
                      int (*compare)(const void *a, const void *b))
{
    int sorted = 1;

    for (int i = 1; sorted && i < rows->nelts; i++) {
        sorted = compare(&APR_ARRAY_IDX(rows, i - 1, edu_row_t),
                         &APR_ARRAY_IDX(rows, i, edu_row_t)) <= 0;
    }
    if (!sorted) {
        qsort(rows->elts, rows->nelts, sizeof(edu_row_t), compare);
    }
}

/* Makes a row of what is of one submission.  Joins have no order. */
static void join(submissions_t *submissions, apr_array_header_t *pairs,
                 apr_pool_t *p)
{
    edu_row_t *row = NULL;

    qsort(pairs->elts, pairs->nelts, sizeof(pair_t), by_keys);
    for (int i = 0; i < pairs->nelts; i++) {
        const pair_t *pair = &APR_ARRAY_IDX(pairs, i, pair_t);

        if (!row || by_key(row, &pair->row) != 0) {
            row = apr_array_push(submissions->rows);
            *row = pair->row;
            row->outcomes = apr_array_make(p, 4, sizeof(edu_row_t));
            row->registration.user_id = row->kind;
            row->registration.version = row->version;
            row->registration.assignment =
                find_assignment(submissions, row->parent);
        }
        if (*pair->outcome.id) {
            APR_ARRAY_PUSH(row->outcomes, edu_row_t) = pair->outcome;
        }
    }
}

static edu_row_t outcome_at(const edu_call_t *call, struct apr_dbd_row_t *from)
{
    return (edu_row_t){ .id = edu__call_column(call, from, 7),
                        .created = edu__call_column(call, from, 8),
                        .kind = edu__call_column(call, from, 9),
                        .version = edu__call_column(call, from, 10),
                        .body = edu__call_column(call, from, 11),
                        .stored = 1 };
}

/* Assignments have no id, but a parent. */
static void read_submissions(const edu_call_t *call, void *out)
{
    submissions_t *submissions = out;
    apr_array_header_t *pairs = apr_array_make(call->p, 8, sizeof(pair_t));
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        edu_row_t row = row_at(call, from);

        if (*row.id) {
            APR_ARRAY_PUSH(pairs, pair_t) =
                (pair_t){ row, outcome_at(call, from) };
        }
        else {
            APR_ARRAY_PUSH(submissions->assignments, edu_assignment_t *) =
                assignment_of(row.parent, row.version, row.body, call->p);
        }
    }
    join(submissions, pairs, call->p);
}

/* --------------------------------------------------------------- parameters */

/* The arguments of a statement, in order. */
typedef struct args_t {
    const char *list[EDU_ARGS_MAX];
    int n;
} args_t;

static void add(args_t *args, const char *value)
{
    assert(args->n < EDU_ARGS_MAX);
    args->list[args->n++] = value ? value : "";
}

/* The ids that stand above the rows of a table. */
static void add_keys(args_t *args, int keys, const edu_path_t *path)
{
    const char *const ids[] = { path->class_id, path->assignment_id,
                                path->submission_id };

    for (int i = 0; i < keys; i++) {
        add(args, ids[i]);
    }
}

/* Which rows a list is of. */
static void add_range(args_t *args, edu_table_e table, const edu_path_t *path,
                      const edu_range_t *range)
{
    if (range->since) {
        add(args, path->class_id);
        add(args, range->since);
    }
    else if (range->only && (table == EDU_CLASS || table == EDU_ASSIGNMENT)) {
        add(args, range->only);
    }
    else {
        add_keys(args, edu__shapes[table].keys, path);
        if (range->only) {
            add(args, range->only);
        }
    }
}

/* After all versions, which are hexadecimal. */
#define LAST_VERSION "~"

static void add_after_recent(args_t *args, const edu_range_t *range)
{
    const edu_row_t *after = range->after;
    const char *version = after ? after->version : NULL;

    if (range->oldest) { /* one bound, for it is one that is looked for */
        version = version && strcmp(version, range->since) > 0 ? version
                                                               : range->since;
        args->list[args->n - 1] = version;
        add(args, after && after->version ? after->version : NULL);
    }
    else {
        version = version ? version : LAST_VERSION;
        add(args, version);
        add(args, version);
    }
    add(args, after ? after->parent : NULL);
    add(args, after ? after->parent : NULL);
    add(args, after ? after->id : NULL);
}

static void add_after(args_t *args, edu_table_e table, const edu_range_t *range)
{
    const edu_row_t *after = range->after;

    if (range->since) {
        add_after_recent(args, range);
    }
    else if (range->only && table == EDU_ASSIGNMENT) {
        add(args, after ? after->parent : NULL);
        add(args, after ? after->id : NULL);
        add(args, range->only);
        add(args, after ? after->parent : NULL);
    }
    else {
        add(args, after ? after->id : NULL);
    }
}

/* A condition that an empty value makes no condition. */
static void add_option(args_t *args, const char *value)
{
    add(args, value);
    add(args, value);
}

/* -------------------------------------------------------------------- reads */

static apr_status_t get_submission(edu_call_t *call, args_t *args,
                                   const edu_path_t *path,
                                   apr_array_header_t *rows)
{
    submissions_t submissions = {
        rows, apr_array_make(call->p, 1, sizeof(edu_assignment_t *))
    };

    add(args, "1");
    add_keys(args, 2, path);
    return edu__call_run(call, read_submissions, &submissions);
}

static apr_status_t get_outcome(edu_call_t *call, args_t *args,
                                const edu_path_t *path, edu_row_t *row)
{
    outcomes_t outcomes = { .rows =
                                apr_array_make(call->p, 1, sizeof(edu_row_t)),
                            .assignment_id = path->assignment_id };
    apr_status_t rv;

    add_keys(args, 3, path);
    rv = edu__call_share(call, read_outcomes, &outcomes);
    if (!rv && outcomes.rows->nelts) {
        *row = APR_ARRAY_IDX(outcomes.rows, 0, edu_row_t);
    }
    row->registration = outcomes.registration;
    return rv;
}

apr_status_t edu__store_get(edu_row_t *row, const edu_store_t *store,
                            edu_table_e table, const edu_path_t *path,
                            edu_error_t *err, apr_pool_t *p)
{
    args_t args = { .n = 0 };
    edu_path_t ids = *path;
    edu_call_t call = { .store = store,
                        .sql = EDU_SQL_GET + table,
                        .args = args.list,
                        .err = err,
                        .p = p };
    apr_array_header_t *rows = apr_array_make(p, 1, sizeof(edu_row_t));
    apr_status_t rv;

    memset(row, 0, sizeof(*row));
    add_keys(&args, edu__shapes[table].keys, path);
    add(&args, *edu__path_id(&ids, table));
    if (table == EDU_OUTCOME) {
        return get_outcome(&call, &args, path, row);
    }
    rv = table == EDU_SUBMISSION ? get_submission(&call, &args, path, rows)
                                 : edu__call_run(&call, read_rows, rows);
    if (!rv && rows->nelts) {
        *row = APR_ARRAY_IDX(rows, 0, edu_row_t);
    }
    return rv;
}

static apr_status_t list_submissions(edu_call_t *call, args_t *args,
                                     edu_registration_t *above,
                                     const edu_path_t *path,
                                     const edu_range_t *range,
                                     apr_array_header_t *rows)
{
    submissions_t submissions = {
        rows, apr_array_make(call->p, 4, sizeof(edu_assignment_t *))
    };
    apr_status_t rv;

    add(args, range->outcomes ? "1" : "");
    add_keys(args, range->since ? 1 : 2, path);
    rv = edu__call_run(call, read_submissions, &submissions);
    if (range->since) {
        sort_rows(rows, range->oldest ? oldest_first : newest_first);
    }
    else if (!rv) {
        above->assignment = find_assignment(&submissions, path->assignment_id);
    }
    return rv;
}

/* The statement says which outcomes follow, but not in which order. */
static apr_status_t list_outcomes(edu_call_t *call, args_t *args,
                                  edu_registration_t *above,
                                  const edu_path_t *path,
                                  apr_array_header_t *rows)
{
    outcomes_t outcomes = { .rows = rows,
                            .assignment_id = path->assignment_id };
    apr_status_t rv;

    add_keys(args, 3, path);
    rv = edu__call_run(call, read_outcomes, &outcomes);
    sort_rows(rows, by_key);
    *above = outcomes.registration;
    return rv;
}

apr_status_t edu__store_list(apr_array_header_t **rows,
                             edu_registration_t *above,
                             const edu_store_t *store, edu_table_e table,
                             const edu_path_t *path, const edu_range_t *range,
                             edu_error_t *err, apr_pool_t *p)
{
    args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = range->oldest  ? EDU_SQL_RECENT_LAST
                               : range->since ? EDU_SQL_RECENT
                               : range->only  ? EDU_SQL_MINE + table
                                              : EDU_SQL_LIST + table,
                        .args = args.list,
                        .err = err,
                        .p = p };

    memset(above, 0, sizeof(*above));
    *rows = apr_array_make(p, 8, sizeof(edu_row_t));
    add_range(&args, table, path, range);
    add_after(&args, table, range);
    return table == EDU_SUBMISSION
               ? list_submissions(&call, &args, above, path, range, *rows)
           : table == EDU_OUTCOME
               ? list_outcomes(&call, &args, above, path, *rows)
               : edu__call_run(&call, read_rows, *rows);
}

static void read_count(const edu_call_t *call, void *out)
{
    apr_int64_t *count = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        *count = apr_atoi64(edu__call_column(call, from, 0));
    }
}

apr_status_t edu__store_count(apr_int64_t *count, const edu_store_t *store,
                              edu_table_e table, const edu_path_t *path,
                              const edu_range_t *range, edu_error_t *err,
                              apr_pool_t *p)
{
    args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = range->since  ? EDU_SQL_TALLY_RECENT
                               : range->only ? EDU_SQL_MY_TALLY + table
                                             : EDU_SQL_TALLY + table,
                        .args = args.list,
                        .err = err,
                        .p = p };

    *count = 0;
    add_range(&args, table, path, range);
    return edu__call_run(&call, read_count, count);
}

apr_status_t edu__store_find(apr_array_header_t **rows,
                             const edu_store_t *store, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p)
{
    const char *args[] = { path->user_id, path->assignment_id };
    edu_call_t call = {
        .store = store, .sql = EDU_SQL_FIND, .args = args, .err = err, .p = p
    };

    *rows = apr_array_make(p, 1, sizeof(edu_row_t));
    return edu__call_run(&call, read_rows, *rows);
}

/* ------------------------------------------------------------------- writes */

/* A write, which a unit may run in the thread of another. */
static apr_status_t run_write(const edu_store_t *store, void *baton)
{
    edu_call_t *call = baton;

    call->store = store;
    return edu__call_run(call, NULL, NULL);
}

/* What a write makes of a row, or of several. */
typedef struct aim_t {
    const edu_path_t *path;
    const char *id; /* NULL: it is done in units only, or twice is as good as
                       once */
    edu_table_e table;
    const edu_row_t *row; /* NULL: nothing */
} aim_t;

/* Whether the row is as the write would have it: a try did that whose
 * connection was lost before the answer. */
static apr_status_t look_back(int *done, const edu_store_t *store,
                              const aim_t *aim, edu_error_t *err, apr_pool_t *p)
{
    edu_path_t path = *aim->path;
    edu_row_t now;
    apr_status_t rv;

    *edu__path_id(&path, aim->table) = aim->id;
    rv = edu__store_get(&now, store, aim->table, &path, err, p);
    *done = !aim->row
                ? !now.stored
                : now.stored && strcmp(now.version, aim->row->version) == 0 &&
                      strcmp(now.body, aim->row->body) == 0;
    return rv;
}

/* Runs a write. @param otherwise  what it is if its condition kept it from
 * changing anything; APR_SUCCESS: that is fine, too */
static apr_status_t change(const edu_store_t *store, int sql, args_t *args,
                           apr_status_t otherwise, const aim_t *aim,
                           edu_error_t *err, apr_pool_t *p)
{
    edu_call_t call = {
        .store = store, .sql = sql, .args = args->list, .err = err, .p = p
    };
    apr_status_t rv =
        edu__call_is_shared(&call)
            ? edu__call_share(&call, NULL, NULL)
            : edu__unit_run(store, aim->path, run_write, &call, 0, err, p);
    int done = call.affected == 1 || !otherwise;

    if (!rv && !done && call.unsure && aim->id) {
        rv = look_back(&done, store, aim, err, p);
    }
    return rv || done ? rv : edu_error_set(err, otherwise, NULL, p, NULL);
}

static void add_row(args_t *args, edu_table_e table, const edu_path_t *path,
                    const edu_row_t *row)
{
    add_keys(args, edu__shapes[table].keys, path);
    add(args, row->id);
    add(args, row->created);
    if (edu__shapes[table].kind) {
        add(args, row->kind);
    }
    add(args, row->version);
    if (edu__shapes[table].by) {
        add(args, row->by);
    }
    add(args, row->body);
}

apr_status_t edu__store_insert(const edu_store_t *store, edu_table_e table,
                               const edu_path_t *path, const edu_row_t *row,
                               edu_error_t *err, apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add_row(&args, table, path, row);
    if (table != EDU_OUTCOME) { /* the row above, which has to be there */
        add_keys(&args, edu__shapes[table].keys, path);
    }
    return change(store, EDU_SQL_INSERT + table, &args, EDU_ECONFLICT,
                  &(aim_t){ path, row->id, table, row }, err, p);
}

apr_status_t edu__store_insert_open(const edu_store_t *store,
                                    const edu_path_t *path,
                                    const edu_row_t *row, edu_error_t *err,
                                    apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add_row(&args, EDU_OUTCOME, path, row);
    add_keys(&args, 3, path);
    add_keys(&args, 2, path);
    return change(store, EDU_SQL_OPEN, &args, EDU_ECONFLICT,
                  &(aim_t){ path, row->id, EDU_OUTCOME, row }, err, p);
}

apr_status_t edu__store_replace(const edu_store_t *store, edu_table_e table,
                                const edu_path_t *path, const edu_row_t *row,
                                const char *version, edu_error_t *err,
                                apr_pool_t *p)
{
    args_t args = { .n = 0 };

    if (edu__shapes[table].kind) {
        add(&args, row->kind);
    }
    add(&args, row->version);
    if (edu__shapes[table].by) {
        add(&args, row->by);
    }
    add(&args, row->body);
    add_keys(&args, edu__shapes[table].keys, path);
    add(&args, row->id);
    add(&args, version);
    return change(store, EDU_SQL_REPLACE + table, &args, EDU_EPRECONDITION,
                  &(aim_t){ path, row->id, table, row }, err, p);
}

apr_status_t edu__store_put(const edu_store_t *store, edu_table_e table,
                            const edu_path_t *path, const edu_row_t *row,
                            const edu_row_t *was, edu_error_t *err,
                            apr_pool_t *p)
{
    apr_status_t rv =
        was->stored
            ? edu__store_replace(store, table, path, row, was->version, err, p)
            : edu__store_insert(store, table, path, row, err, p);

    return rv == EDU_EPRECONDITION || rv == EDU_ECONFLICT ? APR_EAGAIN : rv;
}

apr_status_t edu__store_remove(const edu_store_t *store, edu_table_e table,
                               const edu_path_t *path, const char *id,
                               const char *version, edu_error_t *err,
                               apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add_keys(&args, edu__shapes[table].keys, path);
    add(&args, id);
    add(&args, version);
    return change(store, EDU_SQL_REMOVE + table, &args, EDU_EPRECONDITION,
                  &(aim_t){ path, id, table, NULL }, err, p);
}

apr_status_t edu__store_clear(const edu_store_t *store, edu_table_e table,
                              const edu_path_t *path, edu_error_t *err,
                              apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add(&args, path->class_id);
    if (edu__shapes[table].keys > 1) {
        add_option(&args, path->assignment_id);
    }
    if (edu__shapes[table].keys > 2) {
        add_option(&args, path->submission_id);
    }
    return change(store, EDU_SQL_CLEAR + table, &args, APR_SUCCESS,
                  &(aim_t){ .path = path }, err, p);
}

apr_status_t edu__store_touch(const edu_store_t *store, const edu_path_t *path,
                              const char *version, const char *by,
                              edu_error_t *err, apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add(&args, version);
    add(&args, by);
    add_keys(&args, 3, path);
    add(&args, version);
    return change(store, EDU_SQL_TOUCH, &args, EDU_EPRECONDITION,
                  &(aim_t){ .path = path }, err, p);
}

apr_status_t edu__store_hold(const edu_store_t *store, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add_keys(&args, 2, path);
    return change(store, EDU_SQL_HOLD, &args, EDU_EPRECONDITION,
                  &(aim_t){ .path = path }, err, p);
}

apr_status_t edu__store_lock(const edu_store_t *store, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p)
{
    args_t args = { .n = 0 };

    add_keys(&args, 3, path);
    return change(store, EDU_SQL_LOCK, &args, APR_SUCCESS,
                  &(aim_t){ .path = path }, err, p);
}
