/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Reads: the parameters of statements, and the rows that they return.  Ids and
 * versions are made in C and bound as text; a conflict is told by the count of
 * affected rows, never by an error's text. */

#include "each.h"
#include "inner.h"

#include <apr_strings.h>

#include <stdlib.h>

/* --------------------------------------------------------------------- rows */

/* Reads the columns that all reads have in common. */
static edu_row_t row_at(const edu_call_t *call, struct apr_dbd_row_t *from)
{
    edu_row_t row = { .id = edu__call_column(call, from, 0),
                      .sort_key = edu__call_column(call, from, 1),
                      .kind = edu__call_column(call, from, 2),
                      .version = edu__call_column(call, from, 3),
                      .modified_by = edu__call_column(call, from, 4),
                      .body = edu__call_column(call, from, 5),
                      .parent_id = edu__call_column(call, from, 6),
                      .stored = 1 };

    return row;
}

/* Takes the viewer's role from its row. @return whether it is that row */
static int take_role(const char **role, const edu_row_t *row)
{
    if (!*row->version) {
        *role = row->id;
    }
    return !*row->version;
}

/* Reads rows, and the viewer's role. */
typedef struct rows_t {
    apr_array_header_t *rows;
    const char *role;
    int of_history;
} rows_t;

static void read_rows(const edu_call_t *call, void *out)
{
    rows_t *all = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        edu_row_t row =
            all->of_history ? edu__event_at(call, from) : row_at(call, from);

        if (!take_role(&all->role, &row)) {
            APR_ARRAY_PUSH(all->rows, edu_row_t) = row;
        }
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

/* Reads outcomes, and the registration of their submission, whose kind is the
 * viewer's role. */
typedef struct outcomes_t {
    apr_array_header_t *rows;
    const char *assignment_id;
    edu_registration_t registration;
    int single; /* with the version that its student sees */
} outcomes_t;

static int is_role(const char *kind)
{
    return !*kind || strcmp(kind, "student") == 0 ||
           strcmp(kind, "teacher") == 0;
}

static void read_outcomes(const edu_call_t *call, void *out)
{
    outcomes_t *outcomes = out;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        edu_row_t row = { .id = edu__call_column(call, from, 0),
                          .sort_key = edu__call_column(call, from, 1),
                          .kind = edu__call_column(call, from, 2),
                          .version = edu__call_column(call, from, 3),
                          .modified_by = "",
                          .body = edu__call_column(call, from, 4),
                          .parent_id = "",
                          .stored = 1 };

        if (!is_role(row.kind)) {
            if (outcomes->single) {
                row.shown_version = edu__call_column(call, from, 5);
            }
            APR_ARRAY_PUSH(outcomes->rows, edu_row_t) = row;
            continue;
        }
        outcomes->registration.viewer_role = row.kind;
        if (*row.id) {
            outcomes->registration.user_id = row.id;
            outcomes->registration.version = row.version;
            outcomes->registration.assignment =
                *row.body ? assignment_of(outcomes->assignment_id, row.sort_key,
                                          row.body, call->p)
                          : NULL;
        }
    }
}

/* Reads submissions with their outcomes and assignments. */
typedef struct submissions_t {
    apr_array_header_t *rows;
    apr_array_header_t *assignments; /* of edu_assignment_t * */
    const char *assignment_id;       /* NULL: each row says of which it is */
    const char *role;                /* of the viewer */
    int read;                        /* rows of all kinds */
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

static int by_key(const void *av, const void *bv)
{
    const edu_row_t *a = av, *b = bv;
    int order = strcmp(a->parent_id, b->parent_id);

    return order ? order : strcmp(a->id, b->id);
}

static int as_created(const void *av, const void *bv)
{
    const edu_row_t *a = av, *b = bv;
    int order = strcmp(a->sort_key, b->sort_key);

    return order ? order : strcmp(a->id, b->id);
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

void edu__rows_sort(apr_array_header_t *rows,
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

/* Moves outcomes, whose `by` is their assignment, to their submissions, which
 * are sorted. */
static void attach(apr_array_header_t *rows, const apr_array_header_t *outcomes)
{
    edu_row_t *row = NULL;

    for (int i = 0; i < outcomes->nelts; i++) {
        edu_row_t outcome = APR_ARRAY_IDX(outcomes, i, edu_row_t);
        const edu_row_t key = { .parent_id = outcome.modified_by,
                                .id = outcome.parent_id };

        if (!row || by_key(row, &key) != 0) {
            row = bsearch(&key, rows->elts, rows->nelts, sizeof(key), by_key);
        }
        if (row) {
            outcome.modified_by = outcome.parent_id = "";
            APR_ARRAY_PUSH(row->outcomes, edu_row_t) = outcome;
        }
    }
}

/* Completes submissions by the rows that came with them.
 * @param outcomes  NULL: none */
static void join(submissions_t *submissions, const apr_array_header_t *outcomes,
                 apr_pool_t *p)
{
    apr_array_header_t *rows = submissions->rows;

    edu__rows_sort(rows, by_key);
    for (int i = 0; i < rows->nelts; i++) {
        edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        row->outcomes = apr_array_make(p, 4, sizeof(edu_row_t));
        row->registration.user_id = row->recipient;
        row->registration.version = row->version;
        row->registration.viewer_role = submissions->role;
        row->registration.assignment =
            find_assignment(submissions, row->parent_id);
    }
    if (outcomes) {
        attach(rows, outcomes);
    }
    for (int i = 0; i < rows->nelts; i++) {
        edu__rows_sort(APR_ARRAY_IDX(rows, i, edu_row_t).outcomes, as_created);
    }
}

static void read_submissions(const edu_call_t *call, void *out)
{
    submissions_t *submissions = out;
    apr_array_header_t *outcomes = NULL;
    struct apr_dbd_row_t *from = NULL;

    while ((from = edu__call_next(call, from))) {
        edu_row_t row = row_at(call, from);
        const char *of = submissions->assignment_id
                             ? submissions->assignment_id
                             : edu__call_column(call, from, 7);

        submissions->read++;
        if (!*row.id) { /* an assignment, the viewer's role, or both */
            submissions->role = *row.kind ? row.kind : submissions->role;
            if (*row.parent_id) {
                APR_ARRAY_PUSH(submissions->assignments, edu_assignment_t *) =
                    assignment_of(row.parent_id, row.version, row.body,
                                  call->p);
            }
        }
        else if (take_role(&submissions->role, &row)) {
            continue;
        }
        else if (*row.parent_id) {
            row.modified_by = of;
            if (!outcomes) { /* their submissions came before, in most cases */
                outcomes =
                    apr_array_make(call->p, 4 * (submissions->rows->nelts + 1),
                                   sizeof(edu_row_t));
            }
            APR_ARRAY_PUSH(outcomes, edu_row_t) = row;
        }
        else {
            row.parent_id = of;
            APR_ARRAY_PUSH(submissions->rows, edu_row_t) = row;
        }
    }
    join(submissions, outcomes, call->p);
}

/* -------------------------------------------------------------------- reads */

/* The statements of a class begin with the viewer, whose role they tell. */
static void add_viewer(edu_args_t *args, const edu_key_t *key)
{
    edu__args_add(args, key->class_id);
    edu__args_add(args, key->viewer);
    edu__args_add(args, key->viewer);
}

static apr_status_t get_submission(edu_call_t *call, edu_args_t *args,
                                   const edu_key_t *key, edu_row_t *row)
{
    submissions_t submissions = { apr_array_make(call->p, 1, sizeof(edu_row_t)),
                                  apr_array_make(call->p, 1,
                                                 sizeof(edu_assignment_t *)),
                                  key->assignment_id, "", 0 };
    apr_status_t rv;

    edu__args_add(args, "1");
    edu__args_add_keys(args, 2, key);
    rv = edu__call_run(call, read_submissions, &submissions);
    if (submissions.rows->nelts) {
        *row = APR_ARRAY_IDX(submissions.rows, 0, edu_row_t);
    }
    row->registration.viewer_role = submissions.role;
    return rv;
}

static apr_status_t get_outcome(edu_call_t *call, edu_args_t *args,
                                const edu_key_t *key, edu_row_t *row)
{
    outcomes_t outcomes = { .rows =
                                apr_array_make(call->p, 1, sizeof(edu_row_t)),
                            .assignment_id = key->assignment_id,
                            .registration.viewer_role = "",
                            .single = 1 };
    apr_status_t rv;

    edu__args_add_keys(args, 3, key);
    rv = edu__call_share(call, read_outcomes, &outcomes);
    if (!rv && outcomes.rows->nelts) {
        *row = APR_ARRAY_IDX(outcomes.rows, 0, edu_row_t);
    }
    row->registration = outcomes.registration;
    return rv;
}

static apr_status_t get_other(edu_call_t *call, edu_table_e table,
                              edu_row_t *row)
{
    rows_t all = { apr_array_make(call->p, 1, sizeof(edu_row_t)), "",
                   table == EDU_HISTORY };
    apr_status_t rv = edu__call_run(call, read_rows, &all);

    if (!rv && all.rows->nelts) {
        *row = APR_ARRAY_IDX(all.rows, 0, edu_row_t);
    }
    row->registration.viewer_role = all.role;
    if (row->stored && table == EDU_ASSIGNMENT) {
        row->registration.viewer_role = row->role;
        row->role = "";
        row->registration.assignment =
            assignment_of(row->id, row->version, row->body, call->p);
    }
    return rv;
}

apr_status_t edu__store_get(edu_row_t *row, const edu_store_t *store,
                            edu_table_e table, const edu_key_t *key,
                            edu_error_t *err, apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    edu_key_t ids = *key;
    edu_call_t call = { .store = store,
                        .sql = EDU_SQL_GET + table,
                        .args = args.list,
                        .err = err,
                        .p = p };

    memset(row, 0, sizeof(*row));
    if (table != EDU_REPEAT) {
        add_viewer(&args, key);
    }
    edu__args_add_keys(&args, edu__shapes[table].keys, key);
    if (table == EDU_HISTORY) {
        edu__args_add_number(&args, key->version_id, "0");
    }
    else {
        edu__args_add(&args, *edu__key_id(&ids, table));
    }
    return table == EDU_OUTCOME      ? get_outcome(&call, &args, key, row)
           : table == EDU_SUBMISSION ? get_submission(&call, &args, key, row)
                                     : get_other(&call, table, row);
}

static void add_range(edu_args_t *args, edu_table_e table, const edu_key_t *key,
                      const edu_range_t *range)
{
    edu__args_add_range(args, table, key, range);
    edu__args_add_after(args, table, key, range);
}

/* Adds the parameters of a list of submissions behind its viewer. */
static void add_submissions(edu_args_t *args, int sql, const edu_key_t *key,
                            const edu_range_t *range)
{
    int of_assignment =
        sql == EDU_SQL_LIST + EDU_SUBMISSION || sql == EDU_SQL_LIST_AMONG;
    int ranges = sql == EDU_SQL_LIST + EDU_SUBMISSION ? 5
                 : of_assignment ? 2 /* or the student's own */
                                 : 1;

    for (int i = 0; i < ranges; i++) {
        add_range(args, EDU_SUBMISSION, key, range);
    }
    for (int i = 0; i <= of_assignment; i++) {
        edu__args_add(args, range->outcomes ? "1" : "");
    }
    edu__args_add_keys(args, range->since || range->across ? 1 : 2, key);
}

static apr_status_t list_submissions(edu_call_t *call, edu_args_t *args,
                                     edu_registration_t *above,
                                     const edu_key_t *key,
                                     const edu_range_t *range,
                                     apr_array_header_t *rows)
{
    int spans = range->since || range->across;
    submissions_t none = {
        rows, apr_array_make(call->p, 4, sizeof(edu_assignment_t *)),
        spans ? NULL : key->assignment_id, "", 0
    };
    submissions_t submissions = none;
    edu_args_t plain_args = *args;
    edu_call_t plain = *call;
    apr_status_t rv;

    if (call->sql == EDU_SQL_LIST + EDU_SUBMISSION) {
        plain.sql = EDU_SQL_LIST_AMONG;
        plain.args = plain_args.list;
        add_submissions(&plain_args, plain.sql, key, range);
        call->plain = &plain;
    }
    add_submissions(args, call->sql, key, range);
    rv = edu__call_run(call, read_submissions, &submissions);
    if (!rv && call->plain && submissions.read >= EDU_RANGE_MAX) {
        apr_array_clear(rows);
        apr_array_clear(none.assignments);
        submissions = none;
        rv = edu__call_run(&plain, read_submissions, &submissions);
    }
    above->viewer_role = submissions.role;
    if (range->since) {
        edu__rows_sort(rows, range->oldest ? oldest_first : newest_first);
    }
    else if (!rv && !spans) {
        above->assignment = find_assignment(&submissions, key->assignment_id);
    }
    return rv;
}

/* The statement returns the outcomes in no order. */
static apr_status_t list_outcomes(edu_call_t *call, edu_args_t *args,
                                  edu_registration_t *above,
                                  const edu_key_t *key,
                                  apr_array_header_t *rows)
{
    outcomes_t outcomes = { .rows = rows,
                            .assignment_id = key->assignment_id,
                            .registration.viewer_role = "" };
    apr_status_t rv;

    edu__args_add_keys(args, 3, key);
    rv = edu__call_run(call, read_outcomes, &outcomes);
    edu__rows_sort(rows, by_key);
    *above = outcomes.registration;
    return rv;
}

static int list_of(edu_table_e table, const edu_range_t *range)
{
    if (range->sought && range->oldest) {
        return range->only ? EDU_SQL_MY_HISTORY_LAST : EDU_SQL_HISTORY_LAST;
    }
    return range->across   ? EDU_SQL_ACROSS
           : range->oldest ? EDU_SQL_RECENT_LAST
           : range->since  ? EDU_SQL_RECENT
           : range->only   ? EDU_SQL_MINE + table
                           : EDU_SQL_LIST + table;
}

static apr_status_t list_others(edu_call_t *call, edu_registration_t *above,
                                const edu_range_t *range,
                                apr_array_header_t *rows)
{
    rows_t all = { rows, "", range->sought != NULL };
    apr_status_t rv = edu__call_run(call, read_rows, &all);

    edu__rows_sort(rows, !range->sought  ? by_key
                         : range->oldest ? oldest_first
                                         : newest_first);
    above->viewer_role = all.role;
    return rv;
}

/* Whether a list is of one class, and not of all classes or of a user's. */
static int is_of_class(edu_table_e table, const edu_range_t *range)
{
    return table != EDU_CLASS && !(table == EDU_ASSIGNMENT && range->only);
}

apr_status_t edu__store_list(apr_array_header_t **rows,
                             edu_registration_t *above,
                             const edu_store_t *store, edu_table_e table,
                             const edu_key_t *key, const edu_range_t *range,
                             edu_error_t *err, apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = list_of(table, range),
                        .args = args.list,
                        .err = err,
                        .p = p };

    memset(above, 0, sizeof(*above));
    *rows = apr_array_make(p, 8, sizeof(edu_row_t));
    if (is_of_class(table, range)) {
        add_viewer(&args, key);
    }
    if (table == EDU_SUBMISSION) {
        return list_submissions(&call, &args, above, key, range, *rows);
    }
    if (table == EDU_OUTCOME) { /* whose are they? */
        edu__args_add_keys(&args, 3, key);
    }
    add_range(&args, table, key, range);
    return table == EDU_OUTCOME ? list_outcomes(&call, &args, above, key, *rows)
                                : list_others(&call, above, range, *rows);
}

/* ------------------------------------------------------------ rows of many */

/* The parents as EDU_EACH takes them: their numbers sort as text. */
static const char *text_of(const apr_array_header_t *parents, apr_pool_t *p)
{
    apr_array_header_t *texts =
        apr_array_make(p, parents->nelts, sizeof(const char *));

    for (int i = 0; i < parents->nelts; i++) {
        const edu_parent_t *parent = &APR_ARRAY_IDX(parents, i, edu_parent_t);

        APR_ARRAY_PUSH(texts, const char *) = apr_pstrcat(
            p, "[\"", apr_psprintf(p, "%06d", i), "\",",
            edu__json_quote(parent->class_id, p), ",",
            edu__json_quote(parent->id, p), ",",
            edu__json_quote(parent->only ? parent->only : "", p), "]", NULL);
    }
    return apr_pstrcat(p, "[", apr_array_pstrcat(p, texts, ','), "]", NULL);
}

apr_status_t edu__store_each(apr_array_header_t **rows, const char **role,
                             const edu_store_t *store, edu_table_e table,
                             const edu_key_t *key, const edu_each_t *each,
                             edu_error_t *err, apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = table == EDU_MEMBER ? EDU_SQL_EACH_MEMBER
                               : table == EDU_ASSIGNMENT
                                   ? EDU_SQL_EACH_ASSIGNMENT
                                   : EDU_SQL_EACH_SUBMISSION,
                        .args = args.list,
                        .err = err,
                        .p = p };
    submissions_t submissions = {
        apr_array_make(p, 8, sizeof(edu_row_t)),
        apr_array_make(p, 1, sizeof(edu_assignment_t *)), NULL, "", 0
    };
    rows_t others = { submissions.rows, "", 0 };
    apr_status_t rv;

    *rows = submissions.rows;
    edu__args_add(&args, key->class_id);
    edu__args_add(&args, key->viewer);
    edu__args_add(&args, each->role);
    edu__args_add(&args, text_of(each->parents, p));
    if (table == EDU_SUBMISSION) {
        edu__args_add(&args, each->outcomes ? "1" : "");
        rv = edu__call_run(&call, read_submissions, &submissions);
        *role = submissions.role;
        return rv;
    }
    rv = edu__call_run(&call, read_rows, &others);
    edu__rows_sort(*rows, by_key);
    *role = others.role;
    return rv;
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
                              edu_table_e table, const edu_key_t *key,
                              const edu_range_t *range, edu_error_t *err,
                              apr_pool_t *p)
{
    edu_args_t args = { .n = 0 };
    edu_call_t call = { .store = store,
                        .sql = range->across  ? EDU_SQL_TALLY_ACROSS
                               : range->since ? EDU_SQL_TALLY_RECENT
                               : range->only  ? EDU_SQL_MY_TALLY + table
                                              : EDU_SQL_TALLY + table,
                        .args = args.list,
                        .err = err,
                        .p = p };

    *count = 0;
    if (table == EDU_OUTCOME) {
        add_viewer(&args, key);
    }
    if (range->across) {
        edu__args_add_keys(&args, 1, key);
    }
    edu__args_add_range(&args, table, key, range);
    return edu__call_run(&call, read_count, count);
}

apr_status_t edu__store_find(apr_array_header_t **rows,
                             const edu_store_t *store, const char *user_id,
                             const char *assignment_id, const char *teacher,
                             edu_error_t *err, apr_pool_t *p)
{
    const char *taught_by = teacher ? teacher : "";
    const char *args[] = { user_id, assignment_id, taught_by, taught_by };
    /* by our own roster, only the classes of the teacher are looked at */
    edu_call_t call = { .store = store,
                        .sql = teacher && !store->role_query
                                   ? EDU_SQL_FIND_TAUGHT
                                   : EDU_SQL_FIND,
                        .args = args,
                        .err = err,
                        .p = p };
    rows_t all = { apr_array_make(p, 1, sizeof(edu_row_t)), "", 0 };

    *rows = all.rows;
    return edu__call_run(&call, read_rows, &all);
}
