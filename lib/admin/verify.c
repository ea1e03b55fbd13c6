/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Every row is checked.  Tables are read side by side in the order of their
 * keys, so that a row meets the one above it, and the history of its own,
 * without being looked up. */

#include "verify.h"
#include "edu_move.h"

#include <apr_strings.h>

/* Progress is told after so many rows. */
#define STEP 1000

/* ------------------------------------------------------------------- walks */

/* How the first n columns of two rows compare. */
static int compare(const char *const *a, const char *const *b, int n)
{
    int order = 0;

    for (int i = 0; !order && i < n; i++) {
        order = strcmp(a[i], b[i]);
    }
    return order;
}

/* Looks for the row above this one, further on than the last.
 * @param above  its keys are the first of this row's */
static apr_status_t find_above(const edu_verify_t *v, const edu_cursor_t *at,
                               edu_cursor_t *above)
{
    int n = above->table->keys;
    apr_status_t rv = APR_SUCCESS;

    while (!rv && above->row && compare(above->row, at->row, n) < 0) {
        rv = edu__cursor_next(above);
    }
    if (!rv && (!above->row || compare(above->row, at->row, n) != 0)) {
        edu__verify_fault(v, at, at->table->columns[n - 1], NULL,
                          apr_psprintf(v->p, "there is no such row in %s",
                                       above->table->name));
    }
    return rv;
}

/* The table of the rows above; -1: there is none. */
static int above_of(int table)
{
    return table == EDU_MEMBER || table == EDU_ASSIGNMENT ? EDU_CLASS
           : table == EDU_SUBMISSION                      ? EDU_ASSIGNMENT
                                                          : -1;
}

static apr_status_t walk(edu_verify_t *v, int table)
{
    const edu_whole_t *whole = &edu__wholes[table];
    int upper = above_of(table);
    edu_cursor_t at, above;
    apr_int64_t all, done = 0;
    apr_status_t rv = edu__whole_count(&all, &v->call, whole);

    edu__cursor_open(&at, &v->call, whole, NULL, 0, v->admin->p);
    if (!rv && upper >= 0) {
        edu__cursor_open(&above, &v->call, &edu__wholes[upper], NULL, 0,
                         v->admin->p);
        rv = edu__cursor_next(&above);
    }
    while (!rv && !(rv = edu__cursor_next(&at)) && at.row) {
        apr_pool_clear(v->p);
        edu__verify_row(v, table, &at);
        if (upper >= 0) {
            rv = find_above(v, &at, &above);
        }
        if (++done % STEP == 0 || done == all) {
            edu__admin_tell(v->admin, whole, done, all);
        }
    }
    v->verdict->rows += done;
    return rv;
}

/* ----------------------------------------------------------------- history */

/* The last record of a row. */
typedef struct last_t {
    const char *key[4]; /* NULL: there is no further one */
    int table;
    const char *seq, *version, *body;
    apr_pool_t *p;
} last_t;

/* The number of the last mark that history is off, or that rows came without
 * it; 0: there is none. */
typedef struct gaps_t {
    apr_int64_t off;
} gaps_t;

static apr_status_t find_gaps(gaps_t *gaps, edu_verify_t *v)
{
    static const char *const no_class[] = { "" };
    edu_cursor_t at;
    apr_status_t rv;

    gaps->off = 0;
    edu__cursor_open(&at, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     no_class, 1, v->admin->p);
    while (!(rv = edu__cursor_next(&at)) && at.row) {
        const char *action = edu__cursor_text(&at, "action");

        if (strcmp(action, "historyOff") == 0 ||
            strcmp(action, "import") == 0) {
            apr_int64_t seq = apr_atoi64(edu__cursor_text(&at, "seq"));

            gaps->off = seq > gaps->off ? seq : gaps->off;
        }
    }
    return rv;
}

/* The columns of a record that are the key of the row. */
static const struct {
    int n, columns[4];
} keys[] = {
    [EDU_CLASS] = {1,  { 0 }         },
    [EDU_MEMBER] = { 2, { 0, 3 }      },
    [EDU_ASSIGNMENT] = { 2, { 0, 1 }      },
    [EDU_SUBMISSION] = { 3, { 0, 1, 2 }   },
    [EDU_OUTCOME] = { 4, { 0, 1, 2, 3 }}
};

#define TABLES (int)(sizeof(keys) / sizeof(keys[0]))

/* The table of the row that a record is of. @return TABLES: of none */
static int table_of(const edu_cursor_t *at)
{
    const char *entity = edu__cursor_text(at, "entity");
    int i = 0;

    while (i < TABLES && strcmp(edu_moved_name(i), entity) != 0) {
        i++;
    }
    return *at->row[0] ? i : TABLES;
}

static void keep(last_t *last, const edu_cursor_t *at)
{
    apr_pool_clear(last->p);
    for (int i = 0; i < 4; i++) {
        last->key[i] = apr_pstrdup(last->p, at->row[i]);
    }
    last->table = table_of(at);
    last->seq = apr_pstrdup(last->p, edu__cursor_text(at, "seq"));
    last->version = apr_pstrdup(last->p, edu__cursor_text(at, "version"));
    last->body = apr_pstrdup(last->p, edu__cursor_text(at, "after_body"));
}

/* Reads the records of the next row, up to its last; records of one row are
 * in the order of their versions. */
static apr_status_t read_last(last_t *last, edu_verify_t *v, edu_cursor_t *at)
{
    apr_status_t rv = APR_SUCCESS;

    last->key[0] = NULL;
    while (!rv && at->row &&
           (!last->key[0] || compare(last->key, at->row, 4) == 0)) {
        if (table_of(at) < TABLES) {
            apr_pool_clear(v->p);
            if (last->key[0] &&
                strcmp(last->version, edu__cursor_text(at, "version")) > 0) {
                edu__verify_fault(
                    v, at, "version", NULL,
                    "it is earlier than that of the record before");
            }
            keep(last, at);
        }
        rv = edu__cursor_next(at);
    }
    return rv;
}

/* Compares a row with its last record. */
static void match(const edu_verify_t *v, const edu_cursor_t *at,
                  const last_t *last)
{
    if (!*last->body) {
        edu__verify_fault(v, at, at->table->columns[at->table->keys - 1], NULL,
                          "the history says that it was deleted");
    }
    else if (strcmp(last->body, edu__cursor_text(at, "body")) != 0) {
        edu__verify_fault(
            v, at, "body", NULL,
            apr_psprintf(v->p, "it is not what the history has under %s",
                         last->seq));
    }
}

/* A row that is recorded, and not there. */
static void miss(const edu_verify_t *v, const last_t *last,
                 const char *const *row)
{
    const edu_cursor_t at = { .table = &edu__wholes[last->table], .row = row };

    edu__verify_fault(
        v, &at, at.table->columns[at.table->keys - 1], NULL,
        apr_psprintf(v->p, "it is gone, but the history has it under %s",
                     last->seq));
}

/* A row that was imported, or written while history was off, has no record. */
static int is_told(const last_t *last, const gaps_t *gaps)
{
    return apr_atoi64(last->seq) > gaps->off;
}

/* Looks for the row of a record, further on than the last in its table. */
static apr_status_t follow(const edu_verify_t *v, const last_t *last,
                           edu_cursor_t *at)
{
    int n = keys[last->table].n;
    const char *row[EDU_COLUMNS_MAX];
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < n; i++) {
        row[i] = last->key[keys[last->table].columns[i]];
    }
    while (!rv && at->row && compare(at->row, row, n) < 0) {
        rv = edu__cursor_next(at);
    }
    if (!rv && at->row && compare(at->row, row, n) == 0) {
        match(v, at, last);
    }
    else if (!rv && *last->body) {
        miss(v, last, row);
    }
    return rv;
}

static apr_status_t walk_history(edu_verify_t *v)
{
    edu_cursor_t rows[TABLES], records;
    last_t last = { .key = { NULL } };
    gaps_t gaps;
    apr_status_t rv = find_gaps(&gaps, v);

    apr_pool_create(&last.p, v->admin->p);
    for (int i = 0; !rv && i < TABLES; i++) {
        edu__cursor_open(&rows[i], &v->call, &edu__wholes[i], NULL, 0,
                         v->admin->p);
        rv = edu__cursor_next(&rows[i]);
    }
    edu__cursor_open(&records, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     NULL, 0, v->admin->p);
    rv = rv ? rv : edu__cursor_next(&records);
    while (!rv && !(rv = read_last(&last, v, &records)) && last.key[0]) {
        apr_pool_clear(v->p);
        if (is_told(&last, &gaps)) {
            rv = follow(v, &last, &rows[last.table]);
        }
    }
    return rv;
}

apr_status_t edu_admin_verify(edu_admin_verdict_t *verdict, edu_admin_t *admin,
                              edu_admin_fault_fn *tell, void *baton)
{
    edu_verify_t v = {
        .admin = admin, .verdict = verdict, .tell = tell, .baton = baton
    };
    apr_status_t rv = edu__admin_check(admin);

    memset(verdict, 0, sizeof(*verdict));
    rv = rv ? rv : edu__admin_begin(&v.call, admin, 0);
    if (rv) {
        return rv;
    }
    apr_pool_create(&v.p, admin->p);
    for (int i = 0; !rv && i < EDU_WHOLES; i++) {
        rv = walk(&v, i);
    }
    rv = rv ? rv : walk_history(&v);
    edu__whole_end(&v.call, 1);
    return rv;
}
