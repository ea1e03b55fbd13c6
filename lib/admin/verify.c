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

/* What the history itself says that it lacks: rows that came, or changed,
 * without a record; rows whose records changed with them; and the first records
 * of rows. */
typedef enum gap_e { UNTOLD, ALTERED, REMOVED, GAPS } gap_e;

static const struct {
    const char *action;
    gap_e gap;
} marks[] = {
    {"historyOff", UNTOLD },
    { "import",    UNTOLD },
    { "anonymize", ALTERED},
    { "erase",     ALTERED},
    { "erase",     REMOVED},
    { "pruned",    REMOVED}
};

/* The records of what has one key: of each table the last so far. */
typedef struct chain_t {
    const char *key[4];
    struct {
        apr_int64_t seq; /* 0: there is none */
        const char *version, *body;
        apr_pool_t *p;
    } last[TABLES];
    apr_int64_t gaps[GAPS]; /* the number of the last mark of each; or 0 */
    apr_pool_t *p;          /* of the key */
} chain_t;

static apr_int64_t number_of(const edu_cursor_t *at)
{
    return apr_atoi64(edu__cursor_text(at, "seq"));
}

static apr_status_t find_gaps(apr_int64_t *gaps, edu_verify_t *v)
{
    static const char *const no_class[] = { "" };
    edu_cursor_t at;
    apr_status_t rv;

    edu__cursor_open(&at, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     no_class, 1, v->admin->p);
    while (!(rv = edu__cursor_next(&at)) && at.row) {
        const char *action = edu__cursor_text(&at, "action");

        for (apr_size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
            apr_int64_t *gap = &gaps[marks[i].gap];

            if (strcmp(marks[i].action, action) == 0 && number_of(&at) > *gap) {
                *gap = number_of(&at);
            }
        }
    }
    return rv;
}

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

/* Whether a record follows on the last one of its row: it has the number of
 * that, or where there is none, or a change came without a record, the document
 * before it.  One that was imported may have neither. */
static void check_follows(const edu_verify_t *v, const chain_t *chain,
                          int table, const edu_cursor_t *at)
{
    const char *before = edu__cursor_text(at, "before_body");
    const char *body = chain->last[table].body;
    apr_int64_t last = chain->last[table].seq;
    apr_int64_t wanted = edu__event_before(before);

    if (wanted && wanted != last && (last || wanted > chain->gaps[REMOVED])) {
        edu__verify_fault(
            v, at, "before_body", NULL,
            apr_psprintf(v->p, "the record before it, %s, is missing", before));
    }
    if (!wanted && *before && last && strcmp(before, body) != 0 &&
        last > chain->gaps[UNTOLD] && last > chain->gaps[ALTERED]) {
        edu__verify_fault(v, at, "before_body", NULL,
                          apr_psprintf(v->p,
                                       "it is not what the record before it, "
                                       "%" APR_INT64_T_FMT ", has",
                                       last));
    }
    if (last && strcmp(chain->last[table].version,
                       edu__cursor_text(at, "version")) > 0) {
        edu__verify_fault(v, at, "version", NULL,
                          "it is earlier than that of the record before");
    }
}

static void keep(chain_t *chain, int table, const edu_cursor_t *at)
{
    apr_pool_t *p = chain->last[table].p;

    apr_pool_clear(p);
    chain->last[table].seq = number_of(at);
    chain->last[table].version =
        apr_pstrdup(p, edu__cursor_text(at, "version"));
    chain->last[table].body =
        apr_pstrdup(p, edu__cursor_text(at, "after_body"));
}

/* Reads all records of the next key. */
static apr_status_t read_chain(chain_t *chain, edu_verify_t *v,
                               edu_cursor_t *at)
{
    apr_status_t rv = APR_SUCCESS;

    apr_pool_clear(chain->p);
    for (int i = 0; i < 4; i++) {
        chain->key[i] = apr_pstrdup(chain->p, at->row[i]);
    }
    for (int i = 0; i < TABLES; i++) {
        chain->last[i].seq = 0;
    }
    while (!rv && at->row && compare(chain->key, at->row, 4) == 0) {
        int table = table_of(at);

        if (table < TABLES) {
            apr_pool_clear(v->p);
            check_follows(v, chain, table, at);
            keep(chain, table, at);
        }
        rv = edu__cursor_next(at);
    }
    return rv;
}

/* Compares a row with its last record. */
static void match(const edu_verify_t *v, const edu_cursor_t *at,
                  const chain_t *chain, int table)
{
    const char *body = chain->last[table].body;

    if (!*body) {
        edu__verify_fault(v, at, at->table->columns[at->table->keys - 1], NULL,
                          "the history says that it was deleted");
    }
    else if (strcmp(body, edu__cursor_text(at, "body")) != 0) {
        edu__verify_fault(v, at, "body", NULL,
                          apr_psprintf(v->p,
                                       "it is not what the history has under "
                                       "%" APR_INT64_T_FMT,
                                       chain->last[table].seq));
    }
}

/* A row that is recorded, and not there. */
static void miss(const edu_verify_t *v, const chain_t *chain, int table,
                 const char *const *row)
{
    const edu_cursor_t at = { .table = &edu__wholes[table], .row = row };

    edu__verify_fault(v, &at, at.table->columns[at.table->keys - 1], NULL,
                      apr_psprintf(v->p,
                                   "it is gone, but the history has it under "
                                   "%" APR_INT64_T_FMT,
                                   chain->last[table].seq));
}

/* Looks for the row of a record, further on than the last in its table. */
static apr_status_t follow(const edu_verify_t *v, const chain_t *chain,
                           int table, edu_cursor_t *at)
{
    int n = keys[table].n;
    const char *row[EDU_COLUMNS_MAX];
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < n; i++) {
        row[i] = chain->key[keys[table].columns[i]];
    }
    while (!rv && at->row && compare(at->row, row, n) < 0) {
        rv = edu__cursor_next(at);
    }
    if (!rv && at->row && compare(at->row, row, n) == 0) {
        match(v, at, chain, table);
    }
    else if (!rv && *chain->last[table].body) {
        miss(v, chain, table, row);
    }
    return rv;
}

static apr_status_t walk_history(edu_verify_t *v)
{
    edu_cursor_t rows[TABLES], records;
    chain_t chain = { .key = { NULL } };
    apr_status_t rv = find_gaps(chain.gaps, v);

    apr_pool_create(&chain.p, v->admin->p);
    for (int i = 0; !rv && i < TABLES; i++) {
        apr_pool_create(&chain.last[i].p, v->admin->p);
        edu__cursor_open(&rows[i], &v->call, &edu__wholes[i], NULL, 0,
                         v->admin->p);
        rv = edu__cursor_next(&rows[i]);
    }
    edu__cursor_open(&records, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     NULL, 0, v->admin->p);
    rv = rv ? rv : edu__cursor_next(&records);
    while (!rv && records.row && !(rv = read_chain(&chain, v, &records))) {
        apr_pool_clear(v->p);
        for (int i = 0; !rv && i < TABLES; i++) {
            if (chain.last[i].seq > chain.gaps[UNTOLD]) {
                rv = follow(v, &chain, i, &rows[i]);
            }
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
