/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The rows below others, as $expand asks for them: read by one statement for
 * each level of a page, not for each row, and chosen by the options of the
 * level.  Each is read, and seen, as its own resource shows it. */

#include "below.h"
#include "each.h"
#include "page.h"

#include <apr_strings.h>

#include <stdlib.h>

/* The rows that one row of an answer may have below it at all levels, and a
 * little more than a page reads at once. */
#define MOST_ROWS 10000

/* The bytes of their documents, from which no more rows are read. */
#define MOST_BYTES ((apr_off_t)8 * 1024 * 1024)

/* ------------------------------------------------------------------- views */

/* Whether the caller sees what is below a row as a student of its class.  In
 * lists of one's own each row has one's role. */
static int is_students(const edu_exchange_t *x, const edu_row_t *row)
{
    return (x->hides & EDU_DRAFT) ||
           (x->set->table < EDU_SUBMISSION && edu__is_for_student(x) &&
            strcmp(row->role, "teacher") != 0);
}

/* Whether the caller has no role in the class of a row of one's own list. */
static int is_stranger(const edu_exchange_t *x, const edu_row_t *row)
{
    return x->path.user_root && !x->path.key.class_id &&
           edu__is_for_student(x) && !*row->role;
}

/* The student whose submissions alone are shown below a row, or NULL. */
static const char *student_of(const edu_exchange_t *x, const edu_row_t *row)
{
    if (is_students(x, row)) {
        return x->req->caller->user_id;
    }
    return x->only_student || x->path.key.class_id || !x->path.user_root ||
                   strcmp(row->role, "teacher") == 0
               ? x->only_student
               : x->path.user_id;
}

edu_exchange_t edu__below_of(const edu_exchange_t *x, const edu_row_t *row,
                             const edu_expand_t *expand)
{
    edu_table_e table = x->set->table;
    edu_exchange_t own = *x;
    edu_key_t key;

    if (is_students(x, row)) {
        own.hides |= EDU_DRAFT;
        own.path.key.viewer = x->req->caller->user_id;
    }
    else if (x->path.user_root && table < EDU_SUBMISSION &&
             strcmp(row->role, "teacher") == 0) {
        own.facts |= EDU_IS_TEACHER;
    }
    own.only_student = student_of(x, row);
    edu__row_key(&key, &own, row);
    own.path.key = key;
    own.path.resource = expand->nav->at;
    if (table == EDU_CLASS) { /* the caller's paths have no class */
        own.path.user_root = NULL;
    }
    own.path.cast = NULL;
    own.route = expand->route;
    own.set = expand->set;
    own.contexts = NULL;
    own.query = expand->query;
    return own;
}

/* Between two statements a role may change. */
static apr_status_t check_role(const edu_exchange_t *x, const char *role)
{
    const char *was = x->hides & EDU_DRAFT ? "student" : "teacher";

    return !x->path.key.viewer || strcmp(role, was) == 0
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_EUNAVAILABLE, NULL, x->p,
                               "The caller's role in the class has just "
                               "changed. Send the request again.");
}

/* ------------------------------------------------------------------- choice */

static int is_short(const edu_row_t *row)
{
    int is = !*row->body;

    for (int i = 0; row->outcomes && i < row->outcomes->nelts; i++) {
        is |= !*APR_ARRAY_IDX(row->outcomes, i, edu_row_t).body;
    }
    return is;
}

/* The bytes of a row's documents. */
static apr_off_t size_of(const edu_row_t *row)
{
    apr_off_t size = strlen(row->body);

    for (int i = 0; row->outcomes && i < row->outcomes->nelts; i++) {
        size += strlen(APR_ARRAY_IDX(row->outcomes, i, edu_row_t).body);
    }
    return size;
}

/* Reads a row whose document the statement left out; a row that is gone loses
 * its version.
 * @return APR_INCOMPLETE: there is no room for it */
static apr_status_t complete(const edu_exchange_t *x, edu_row_t *row,
                             apr_off_t *room)
{
    edu_table_e table = x->set->table;
    edu_key_t key = x->path.key;
    edu_row_t whole;
    apr_status_t rv;

    if (!is_short(row)) {
        return APR_SUCCESS;
    }
    if (room && *room <= 0) {
        return APR_INCOMPLETE;
    }
    *edu__key_id(&key, table) = row->id;
    rv = edu__store_get(&whole, x->store, table, &key, x->err, x->p);
    rv = rv ? rv : check_role(x, whole.registration.viewer_role);
    whole.kind = table == EDU_ASSIGNMENT ? row->kind : whole.kind;
    *row = whole;
    if (room && !rv) {
        *room -= size_of(row);
    }
    return rv;
}

/* Whether the level admits a row; out: its document, if wanted. */
static apr_status_t match(const edu_exchange_t *x, edu_row_t *row,
                          const json_t **doc, int *fits)
{
    const edu_query_t *q = &x->query;

    *doc = NULL;
    *fits = row->version && edu__access_shows(x, row);
    if (!*fits || (!q->filter && !q->orderby)) {
        return APR_SUCCESS;
    }
    *doc = edu__view(x, row);
    if (!*doc) {
        return edu__damaged((edu_exchange_t *)x, x->set->type->name, row->id);
    }
    return edu__query_admits(fits, q, *doc, x->err, x->p);
}

static int in_order(const void *a, const void *b)
{
    return edu__position_compare(a, b);
}

/* Without an order rows come as their resource has them; outcomes that are
 * equal in it come in Graph's order. */
static apr_status_t find(apr_array_header_t *found, const edu_exchange_t *x,
                         apr_array_header_t *rows, apr_off_t *room)
{
    const edu_query_t *q = &x->query;
    /* one more than is shown tells that there are more */
    int most = q->orderby || q->count ? rows->nelts : q->skip + q->top + 1;
    int parses = q->filter || q->orderby;
    apr_status_t rv = APR_SUCCESS;
    edu_exchange_t one = *x;

    if (parses) {
        apr_pool_create(&one.p, x->p);
    }
    for (int i = 0; !rv && i < rows->nelts && found->nelts < most; i++) {
        edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);
        edu_position_t position = { .row = row };
        const json_t *doc;
        json_t *was;
        int fits = 0;

        rv = complete(x, row, room);
        was = row->doc;
        rv = rv ? rv : match(&one, row, &doc, &fits);
        if (!rv && fits && q->orderby) {
            rv = edu__position_of(&position, row, row->sort_key, doc, q, x->err,
                                  one.p);
            position.bytes = apr_pmemdup(x->p, position.bytes, position.len);
            position.row = row;
        }
        if (!rv && fits) {
            APR_ARRAY_PUSH(found, edu_position_t) = position;
        }
        row->doc = was; /* parsed, a document takes many times its memory */
        if (!rv && parses) { /* else the message is there */
            apr_pool_clear(one.p);
        }
    }
    if (q->orderby) {
        qsort(found->elts, found->nelts, sizeof(edu_position_t), in_order);
    }
    return rv;
}

apr_status_t edu__below_choose(edu_level_t *level, const edu_exchange_t *x,
                               apr_array_header_t *rows, apr_off_t *room)
{
    const edu_query_t *q = &x->query;
    apr_array_header_t *found =
        apr_array_make(x->p, rows->nelts + 1, sizeof(edu_position_t));
    apr_status_t rv = find(found, x, rows, room);
    int skip = q->skip < found->nelts ? q->skip : found->nelts;
    int shown = found->nelts - skip < q->top ? found->nelts - skip : q->top;

    level->total = found->nelts;
    level->more = shown && skip + shown < found->nelts;
    level->rows = apr_array_make(x->p, shown + 1, sizeof(edu_row_t *));
    for (int i = skip; i < skip + shown; i++) {
        APR_ARRAY_PUSH(level->rows, edu_row_t *) =
            (edu_row_t *)APR_ARRAY_IDX(found, i, edu_position_t).row;
    }
    return rv;
}

/* ------------------------------------------------------------------ reading */

/* Rows that come with the row above them are not read. */
static int is_read(const edu_exchange_t *x, const edu_expand_t *expand)
{
    return expand->set && x->set->id != EDU_SUBMISSIONS;
}

int edu__below_is_due(const edu_exchange_t *x)
{
    const apr_array_header_t *expands = x->query.expands;

    for (int i = 0; expands && i < expands->nelts; i++) {
        if (is_read(x, &APR_ARRAY_IDX(expands, i, edu_expand_t))) {
            return 1;
        }
    }
    return 0;
}

/* What may be read yet below a row. */
typedef struct left_t {
    int rows;
    apr_off_t bytes;
} left_t;

static int is_spent(const left_t *left)
{
    return left->rows <= 0 || left->bytes <= 0;
}

/* One level of rows that is being read. */
typedef struct reading_t {
    edu_exchange_t *x; /* of the rows above */
    edu_row_t **above;
    int n;  /* of these, so many get all levels */
    int at; /* the index of the expansion */
    const edu_expand_t *expand;
    left_t *left;
    apr_pool_t *p;
} reading_t;

static apr_status_t refuse_many(const reading_t *r)
{
    return edu_error_set(
        r->x->err, EDU_EBADREQUEST, "$expand", r->x->p,
        "There are too many %s below one row to expand them: more than %d. Ask "
        "for fewer by $top or $filter at the level above, or list the %s by "
        "themselves.",
        r->expand->nav->name, EDU_EACH_MAX, r->expand->nav->name);
}

/* Whether the level is chosen from all of its rows, and not from the first. */
static int is_choosy(const reading_t *r)
{
    const edu_query_t *q = &r->expand->query;

    return q->filter || q->orderby || q->skip || q->count ||
           r->expand->shows == EDU_SHOWS_COUNT ||
           (r->expand->set->id == EDU_ASSIGNMENTS && edu__is_for_student(r->x));
}

/* Gives a row what its parent knows. */
static void settle(const reading_t *r, edu_row_t *row, edu_row_t *parent)
{
    edu_assignment_t *assignment = parent->registration.assignment;

    row->parent_id = parent->id;
    if (r->expand->set->table == EDU_ASSIGNMENT) {
        row->kind = parent->kind;
    }
    if (r->expand->set->table == EDU_SUBMISSION && !assignment) {
        assignment = apr_pcalloc(r->p, sizeof(*assignment));
        *assignment = (edu_assignment_t){ .id = parent->id,
                                          .version = parent->version,
                                          .body = parent->body,
                                          .p = r->p };
        parent->registration.assignment = assignment;
    }
    if (r->expand->set->table == EDU_SUBMISSION) {
        row->registration.assignment = assignment;
    }
}

/* Chooses the rows of each parent.
 * @param which  the indices of the parents, by their number
 * @param full   there are more rows than these */
static apr_status_t distribute(reading_t *r, apr_array_header_t *rows,
                               const apr_array_header_t *which, int full)
{
    apr_status_t rv = APR_SUCCESS;
    int i = 0;

    for (int n = 0; !rv && n < which->nelts; n++) {
        int at = APR_ARRAY_IDX(which, n, int);
        edu_row_t *parent = r->above[at];
        edu_exchange_t own = edu__below_of(r->x, parent, r->expand);
        apr_array_header_t *its = apr_array_make(r->p, 4, sizeof(edu_row_t));

        for (; i < rows->nelts &&
               atoi(APR_ARRAY_IDX(rows, i, edu_row_t).parent_id) == n;
             i++) {
            edu_row_t *row = apr_array_push(its);

            *row = APR_ARRAY_IDX(rows, i, edu_row_t);
            settle(r, row, parent);
        }
        if (full && i == rows->nelts && n > 0) {
            r->n = r->n < at ? r->n : at;
            return APR_SUCCESS;
        }
        if (full && i == rows->nelts && is_choosy(r)) {
            return refuse_many(r);
        }
        if (full && i == rows->nelts && n + 1 < which->nelts) {
            int next = APR_ARRAY_IDX(which, n + 1, int);

            r->n = r->n < next ? r->n : next;
        }
        own.p = r->p;
        rv = edu__below_choose(&parent->levels[r->at], &own, its,
                               &r->left->bytes);
        if (rv == APR_INCOMPLETE) {
            r->n = r->n < at ? r->n : at;
            return APR_SUCCESS;
        }
        if (full && i == rows->nelts) {
            return rv;
        }
    }
    return rv;
}

/* Reads the level for the rows that are seen in one way. */
static apr_status_t read_view(reading_t *r, int students)
{
    edu_exchange_t *x = r->x;
    apr_array_header_t *parents =
        apr_array_make(r->p, r->n, sizeof(edu_parent_t));
    apr_array_header_t *which = apr_array_make(r->p, r->n, sizeof(int)), *rows;
    const edu_each_t each = { .parents = parents,
                              .role = x->path.key.class_id ? NULL
                                      : students           ? "student"
                                                           : "",
                              .outcomes = edu__query_expands(
                                              &r->expand->query,
                                              EDU_RES_OUTCOMES) != NULL };
    const char *role;
    apr_status_t rv;

    for (int i = 0; i < r->n; i++) {
        const edu_row_t *row = r->above[i];

        if (is_students(x, row) == students && !is_stranger(x, row)) {
            APR_ARRAY_PUSH(which, int) = i;
            APR_ARRAY_PUSH(parents, edu_parent_t) =
                (edu_parent_t){ .class_id = x->set->table == EDU_CLASS
                                                ? row->id
                                                : row->parent_id,
                                .id = row->id,
                                .only = r->expand->set->table == EDU_SUBMISSION
                                            ? student_of(x, row)
                                            : r->expand->set->only };
        }
    }
    if (!which->nelts) {
        return APR_SUCCESS;
    }
    rv = edu__go_on(x);
    rv = rv ? rv
            : edu__store_each(&rows, &role, x->store, r->expand->set->table,
                              &x->path.key, &each, x->err, r->p);
    rv = rv ? rv : check_role(x, role);
    if (rv) {
        return rv;
    }
    for (int i = 0; i < rows->nelts; i++) {
        const edu_row_t *row = &APR_ARRAY_IDX(rows, i, edu_row_t);

        r->left->rows -= 1 + (row->outcomes ? row->outcomes->nelts : 0);
        r->left->bytes -= size_of(row);
    }
    return distribute(r, rows, which, rows->nelts > EDU_EACH_MAX);
}

static apr_status_t read_all(edu_exchange_t *x, edu_row_t **above, int *n,
                             left_t *left, apr_pool_t *p);

/* Reads what is below the rows of the level. */
static apr_status_t read_deeper(reading_t *r)
{
    apr_array_header_t *all = apr_array_make(r->p, 8, sizeof(edu_row_t *));
    apr_array_header_t *of = apr_array_make(r->p, 8, sizeof(int));
    edu_exchange_t own = *r->x;
    apr_status_t rv = APR_SUCCESS;
    int done = 0, some = 1;

    own.set = r->expand->set;
    own.query = r->expand->query;
    if (!edu__below_is_due(&own)) {
        return APR_SUCCESS;
    }
    for (int i = 0; i < r->n; i++) {
        const apr_array_header_t *rows = r->above[i]->levels[r->at].rows;

        for (int j = 0; rows && j < rows->nelts; j++) {
            APR_ARRAY_PUSH(all, edu_row_t *) =
                APR_ARRAY_IDX(rows, j, edu_row_t *);
            APR_ARRAY_PUSH(of, int) = i;
        }
    }
    while (!rv && some && done < all->nelts && !is_spent(r->left)) {
        some = all->nelts - done;
        rv = read_all(&own, (edu_row_t **)all->elts + done, &some, r->left,
                      r->p);
        done += some;
    }
    if (!rv && done < all->nelts) {
        r->n = APR_ARRAY_IDX(of, done, int);
    }
    return rv;
}

/* @param n  out: may be 0 */
static apr_status_t read_all(edu_exchange_t *x, edu_row_t **above, int *n,
                             left_t *left, apr_pool_t *p)
{
    const apr_array_header_t *expands = x->query.expands;
    reading_t r = { .x = x, .above = above, .n = *n, .left = left, .p = p };
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < *n; i++) {
        above[i]->levels = apr_pcalloc(p, expands->nelts * sizeof(edu_level_t));
    }
    for (r.at = 0; !rv && r.at < expands->nelts; r.at++) {
        r.expand = &APR_ARRAY_IDX(expands, r.at, edu_expand_t);
        if (is_read(x, r.expand)) {
            rv = read_view(&r, 0);
            rv = rv ? rv : read_view(&r, 1);
            rv = rv ? rv : read_deeper(&r);
        }
    }
    *n = r.n;
    return rv;
}

apr_status_t edu__below_read(edu_exchange_t *x, edu_row_t **above, int *n,
                             apr_pool_t *p)
{
    left_t left = { MOST_ROWS, MOST_BYTES };
    edu_exchange_t own = *x;
    apr_status_t rv;

    if (x->facts & EDU_IS_RULES) {
        own.path.key.viewer = NULL; /* what is below shows all, as by itself */
    }
    rv = read_all(&own, above, n, &left, p);
    return rv || *n > 0
               ? rv
               : edu_error_set(
                     x->err, EDU_EBADREQUEST, "$expand", p,
                     "There is too much below one row to expand it: more than "
                     "%d rows, or %d MiB. Ask for fewer by $top or $filter at "
                     "a level of $expand, or list what is below by itself.",
                     MOST_ROWS, (int)(MOST_BYTES >> 20));
}
