/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The gradebook of a class as CSV.  A class fits in memory; its documents do
 * not have to. */

#include "move.h"

#include <apr_strings.h>

#include <stdlib.h>

/* A row. */
typedef struct student_t {
    const char *id, *name;
    const char **cells; /* one for each assignment; "" */
} student_t;

typedef struct gradebook_t {
    edu_moved_t *moved;
    edu_admin_t *admin;
    const edu_export_t *what;
    edu_call_t call;
    apr_array_header_t *titles; /* of const char *: the assignments */
    apr_hash_t *columns;        /* of apr_size_t *, by the assignment */
    apr_hash_t *students;       /* of student_t, by id */
    apr_hash_t *cells; /* of const char **, by "assignment/submission" */
    apr_pool_t *p;
} gradebook_t;

/* Takes a row of a table; memory of its own is short-lived. */
typedef void take_fn(gradebook_t *it, const char *const *row, apr_pool_t *own);

static const char *text_of(const char *const *row, int table,
                           const char *column)
{
    return row[edu__single_column(&edu__wholes[table], column)];
}

static const char *member_of(const char *text, const char *name, apr_pool_t *p)
{
    const char *value =
        json_string_value(json_object_get(edu__json_load(text, p), name));

    return value ? value : "";
}

static student_t *student_of(gradebook_t *it, const char *id)
{
    student_t *student = apr_hash_get(it->students, id, APR_HASH_KEY_STRING);

    if (!student) {
        student = apr_pcalloc(it->p, sizeof(*student));
        student->id = apr_pstrdup(it->p, id);
        student->name = "";
        student->cells =
            apr_pcalloc(it->p, it->titles->nelts * sizeof(*student->cells));
        apr_hash_set(it->students, student->id, APR_HASH_KEY_STRING, student);
    }
    return student;
}

static void take_assignment(gradebook_t *it, const char *const *row,
                            apr_pool_t *own)
{
    const char *name =
        member_of(text_of(row, EDU_ASSIGNMENT, "body"), "displayName", own);
    int *column = apr_palloc(it->p, sizeof(*column));

    *column = it->titles->nelts;
    apr_hash_set(it->columns, apr_pstrdup(it->p, row[1]), APR_HASH_KEY_STRING,
                 column);
    APR_ARRAY_PUSH(it->titles, const char *) =
        apr_pstrdup(it->p, *name ? name : row[1]);
}

static void take_member(gradebook_t *it, const char *const *row,
                        apr_pool_t *own)
{
    if (strcmp(text_of(row, EDU_MEMBER, "role"), "student") == 0) {
        student_of(it, row[1])->name =
            apr_pstrdup(it->p, member_of(text_of(row, EDU_MEMBER, "body"),
                                         "displayName", own));
    }
}

static const char *place_of(const char *const *row, apr_pool_t *p)
{
    return apr_pstrcat(p, row[1], "/", row[2], NULL);
}

static void take_submission(gradebook_t *it, const char *const *row,
                            apr_pool_t *own)
{
    student_t *student =
        student_of(it, text_of(row, EDU_SUBMISSION, "user_id"));
    const int *column = apr_hash_get(it->columns, row[1], APR_HASH_KEY_STRING);

    (void)own;
    if (column) {
        apr_hash_set(it->cells, place_of(row, it->p), APR_HASH_KEY_STRING,
                     &student->cells[*column]);
    }
}

static void take_outcome(gradebook_t *it, const char *const *row,
                         apr_pool_t *own)
{
    const char **cell =
        apr_hash_get(it->cells, place_of(row, own), APR_HASH_KEY_STRING);
    const json_t *points;

    if (cell && strcmp(text_of(row, EDU_OUTCOME, "type"),
                       "educationPointsOutcome") == 0) {
        points = json_object_get(
            edu__json_load(text_of(row, EDU_OUTCOME, "body"), own), "points");
        points = json_object_get(points, "points");
        *cell = json_is_number(points) ? edu__json_text(points, it->p) : NULL;
    }
}

/* Takes all rows of a table of the class. */
static apr_status_t take_all(gradebook_t *it, int table, take_fn *take)
{
    edu_cursor_t cursor;
    apr_status_t rv;
    apr_pool_t *own;

    apr_pool_create(&own, it->p);
    edu__cursor_open(&cursor, &it->call, &edu__wholes[table],
                     &it->what->class_id, 1, it->p);
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        take(it, cursor.row, own);
        it->moved->rows[table]++;
        apr_pool_clear(own);
    }
    apr_pool_destroy(own);
    return rv;
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(const student_t *const *)a)->id,
                  (*(const student_t *const *)b)->id);
}

static apr_status_t write_row(gradebook_t *it, apr_file_t *out, const char *id,
                              const char *name, const char *const *cells)
{
    int n = it->titles->nelts;
    const char **fields = apr_palloc(it->p, (n + 2) * sizeof(*fields));

    fields[0] = id;
    fields[1] = name;
    memcpy(fields + 2, cells, n * sizeof(*fields));
    return edu__csv_write(out, fields, n + 2, 1);
}

static apr_status_t write_all(gradebook_t *it, apr_file_t *out)
{
    apr_array_header_t *list =
        apr_array_make(it->p, 32, sizeof(const student_t *));
    apr_status_t rv = write_row(it, out, "student", "name",
                                (const char *const *)it->titles->elts);
    void *student;

    for (apr_hash_index_t *at = apr_hash_first(it->p, it->students); at;
         at = apr_hash_next(at)) {
        apr_hash_this(at, NULL, NULL, &student);
        APR_ARRAY_PUSH(list, const student_t *) = student;
    }
    qsort(list->elts, list->nelts, list->elt_size, by_id);
    for (int i = 0; !rv && i < list->nelts; i++) {
        const student_t *one = APR_ARRAY_IDX(list, i, const student_t *);

        if (!it->what->student || strcmp(one->id, it->what->student) == 0) {
            rv = write_row(it, out, one->id, one->name, one->cells);
        }
    }
    return rv ? rv : apr_file_flush(out);
}

static apr_status_t read_all(gradebook_t *it)
{
    apr_status_t rv = take_all(it, EDU_ASSIGNMENT, take_assignment);

    rv = rv ? rv : take_all(it, EDU_MEMBER, take_member);
    rv = rv ? rv : take_all(it, EDU_SUBMISSION, take_submission);
    return rv ? rv : take_all(it, EDU_OUTCOME, take_outcome);
}

apr_status_t edu_export_gradebook(edu_moved_t *moved, edu_admin_t *admin,
                                  const edu_export_t *what, apr_file_t *out)
{
    gradebook_t it = { .moved = moved, .admin = admin, .what = what };
    apr_status_t rv = edu__moved_begin(moved, &it.call, &it.p, admin);

    if (rv) {
        return rv;
    }
    it.titles = apr_array_make(it.p, 16, sizeof(const char *));
    it.columns = apr_hash_make(it.p);
    it.students = apr_hash_make(it.p);
    it.cells = apr_hash_make(it.p);
    rv = read_all(&it);
    edu__whole_end(&it.call, 1);
    if (rv) {
        return rv;
    }
    if (!it.titles->nelts && !apr_hash_count(it.students)) {
        return edu__admin_fail(admin, EDU_ENOTFOUND,
                               "there is no class %s, or it has neither "
                               "assignments nor students. Compare the id, "
                               "letter by letter",
                               what->class_id);
    }
    rv = write_all(&it, out);
    return rv ? edu__moved_failed(admin, "the output", rv) : APR_SUCCESS;
}
