/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Rows as lines of JSON, each table after those that its rows need. */

#include "move.h"

#include <apr_strings.h>

#include <stdlib.h>

typedef struct export_t {
    edu_moved_t *moved;
    edu_admin_t *admin;
    const edu_export_t *what;
    apr_file_t *out;
    edu_call_t call;    /* the transaction */
    apr_hash_t *places; /* of the student: of const char **, the ids of each
                           class and assignment, and submission, joined */
    apr_int64_t all[EDU_MOVED]; /* rows that there are, to tell of progress; 0:
                                   it is not told */
    apr_pool_t *p;              /* of a row */
} export_t;

static const char *text_of(const char *const *row, int table,
                           const char *column)
{
    return row[edu__single_column(&edu__wholes[table], column)];
}

static apr_status_t put(export_t *it, int table, const char *const *row)
{
    apr_status_t rv = edu__line_write(it->out, table, row, it->p);

    apr_pool_clear(it->p);
    edu__moved_tell(it->admin, table, ++it->moved->rows[table], it->all[table]);
    return rv ? edu__moved_failed(it->admin, "the output", rv) : APR_SUCCESS;
}

/* ---------------------------------------------------------- of all, a class */

/* Whether a row of the history, or of the log of reads, is asked for. */
static int is_asked(const export_t *it, int table, const char *const *row)
{
    const edu_export_t *what = it->what;

    return (!what->class_id ||
            strcmp(text_of(row, table, "class_id"), what->class_id) == 0) &&
           (!what->student ||
            strcmp(text_of(row, table, "student"), what->student) == 0 ||
            (table == EDU_HISTORY &&
             strcmp(text_of(row, table, "entity"), "member") == 0 &&
             strcmp(text_of(row, table, "id"), what->student) == 0));
}

/* The rows of a table; of the class, where its key begins with that. */
static apr_status_t put_table(export_t *it, int table)
{
    int drawn = edu__wholes[table].drawn;
    edu_cursor_t cursor;
    apr_status_t rv;
    apr_pool_t *own;

    apr_pool_create(&own, it->admin->p);
    edu__cursor_open(&cursor, &it->call, &edu__wholes[table],
                     &it->what->class_id, it->what->class_id && !drawn, own);
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        if (!drawn || is_asked(it, table, cursor.row)) {
            rv = put(it, table, cursor.row);
        }
        if (rv) {
            break;
        }
    }
    apr_pool_destroy(own);
    return rv;
}

static apr_status_t count_all(export_t *it)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0;
         !rv && it->admin->progress && !it->what->class_id && i < EDU_MOVED;
         i++) {
        rv = edu__whole_count(&it->all[i], &it->call, &edu__wholes[i]);
    }
    return rv;
}

static apr_status_t put_tables(export_t *it, int first, int last)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = first; !rv && i <= last; i++) {
        rv = put_table(it, i);
    }
    return rv;
}

/* ------------------------------------------------------------- of a student */

/* Notes the ids of a row, and of the rows above it. */
static void note(export_t *it, const char *const *ids, int n)
{
    apr_pool_t *p = it->admin->p;
    const char **place = apr_pcalloc(p, 3 * sizeof(*place));
    const char *name = "";

    for (int i = 0; i < n; i++) {
        place[i] = apr_pstrdup(p, ids[i]);
        name = apr_pstrcat(p, name, "/", place[i], NULL);
    }
    apr_hash_set(it->places, name, APR_HASH_KEY_STRING, place);
    if (n > 1) {
        note(it, ids, n - 1);
    }
}

/* Finds where the student is, or was: no index leads there. */
static apr_status_t find(export_t *it, int table, const char *column, int ids)
{
    edu_cursor_t cursor;
    apr_status_t rv;
    apr_pool_t *own;

    apr_pool_create(&own, it->admin->p);
    edu__cursor_open(&cursor, &it->call, &edu__wholes[table],
                     &it->what->class_id, it->what->class_id != NULL, own);
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        if (strcmp(text_of(cursor.row, table, column), it->what->student) ==
            0) {
            note(it, cursor.row, ids);
        }
    }
    apr_pool_destroy(own);
    return rv;
}

/* An assignment without the names of other students. */
static const char *const *alone(const export_t *it, const char *const *row)
{
    int body = edu__single_column(&edu__wholes[EDU_ASSIGNMENT], "body");
    json_t *doc = edu__json_load(row[body], it->p);
    json_t *to = json_object_get(doc, "assignTo");
    const char **own;

    if (!json_is_array(json_object_get(to, "recipients"))) {
        return row;
    }
    json_object_set_new(to, "recipients", json_pack("[s]", it->what->student));
    own = apr_pmemdup(it->p, row,
                      edu__whole_width(&edu__wholes[EDU_ASSIGNMENT]) *
                          sizeof(*row));
    own[body] = edu__json_text(doc, it->p);
    return own;
}

/* Writes the rows of a table that begin with these ids. */
static apr_status_t put_below(export_t *it, int table, const char *const *ids,
                              int n)
{
    edu_cursor_t cursor;
    apr_status_t rv;
    apr_pool_t *own;

    apr_pool_create(&own, it->admin->p);
    edu__cursor_open(&cursor, &it->call, &edu__wholes[table], ids, n, own);
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        rv = put(it, table,
                 table == EDU_ASSIGNMENT ? alone(it, cursor.row) : cursor.row);
        if (rv) {
            break;
        }
    }
    apr_pool_destroy(own);
    return rv;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the places with so many ids, in order. */
static apr_array_header_t *places_of(const export_t *it, int ids)
{
    apr_array_header_t *names =
        apr_array_make(it->admin->p, 8, sizeof(const char *));
    const void *name;
    void *place;

    for (apr_hash_index_t *at = apr_hash_first(it->admin->p, it->places); at;
         at = apr_hash_next(at)) {
        const char *const *all;

        apr_hash_this(at, &name, NULL, &place);
        all = place;
        if (all[ids - 1] && (ids == 3 || !all[ids])) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    if (names->nelts) {
        qsort(names->elts, names->nelts, sizeof(const char *), by_name);
    }
    return names;
}

/* Writes, for each place, the rows of a table below it.
 * @param last  a further id; NULL: none */
static apr_status_t put_places(export_t *it, int table, int ids,
                               const char *last)
{
    apr_array_header_t *names = places_of(it, ids);
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && i < names->nelts; i++) {
        const char *const *place =
            apr_hash_get(it->places, APR_ARRAY_IDX(names, i, const char *),
                         APR_HASH_KEY_STRING);
        const char *key[4] = { place[0], place[1], place[2] };

        if (last) {
            key[ids] = last;
        }
        rv = put_below(it, table, key, ids + (last != NULL));
    }
    return rv;
}

static apr_status_t put_student(export_t *it)
{
    apr_status_t rv;

    it->places = apr_hash_make(it->admin->p);
    rv = find(it, EDU_MEMBER, "id", 1);
    rv = rv ? rv : find(it, EDU_SUBMISSION, "user_id", 3);
    rv = rv ? rv : put_places(it, EDU_CLASS, 1, NULL);
    rv = rv ? rv : put_places(it, EDU_MEMBER, 1, it->what->student);
    rv = rv ? rv : put_places(it, EDU_ASSIGNMENT, 2, NULL);
    rv = rv ? rv : put_places(it, EDU_SUBMISSION, 3, NULL);
    return rv ? rv : put_places(it, EDU_OUTCOME, 3, NULL);
}

/* --------------------------------------------------------------------- all */

static apr_status_t put_all(export_t *it)
{
    apr_status_t rv = it->what->student ? put_student(it) : count_all(it);

    if (!rv && !it->what->student) {
        rv = put_tables(it, EDU_CLASS, EDU_OUTCOME);
    }
    if (!rv && it->what->history) {
        rv = put_table(it, EDU_HISTORY);
    }
    return !rv && it->what->reads ? put_table(it, EDU_WHOLE_READ) : rv;
}

static apr_status_t nothing(const export_t *it)
{
    const edu_export_t *what = it->what;

    for (int i = 0; i < EDU_MOVED; i++) {
        if (it->moved->rows[i]) {
            return APR_SUCCESS;
        }
    }
    return what->student
               ? edu__admin_fail(it->admin, EDU_ENOTFOUND,
                                 "no class has the student %s. Compare the id, "
                                 "letter by letter, with that of a member",
                                 what->student)
           : what->class_id
               ? edu__admin_fail(it->admin, EDU_ENOTFOUND,
                                 "there is no class %s. Compare the id, letter "
                                 "by letter",
                                 what->class_id)
               : APR_SUCCESS;
}

apr_status_t edu_export_lines(edu_moved_t *moved, edu_admin_t *admin,
                              const edu_export_t *what, apr_file_t *out)
{
    export_t it = { .moved = moved, .admin = admin, .what = what, .out = out };
    apr_status_t rv = edu__moved_begin(moved, &it.call, &it.p, admin);

    if (rv) {
        return rv;
    }
    rv = put_all(&it);
    edu__whole_end(&it.call, 1);
    if (!rv && (rv = apr_file_flush(out))) {
        return edu__moved_failed(admin, "the output", rv);
    }
    return rv ? rv : nothing(&it);
}
