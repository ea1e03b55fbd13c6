/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Every row is checked.  Tables are read side by side in the order of their
 * keys, so that a row meets the one above it, and the history of its class,
 * without being looked up. */

#include "verify.h"
#include "edu_move.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <stdlib.h>

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
    [EDU_MEMBER] = { 2, { 0, 4 }      },
    [EDU_ASSIGNMENT] = { 2, { 0, 2 }      },
    [EDU_SUBMISSION] = { 3, { 0, 2, 3 }   },
    [EDU_OUTCOME] = { 4, { 0, 2, 3, 4 }}
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

/* The records of a row: the last so far. */
typedef struct chain_t {
    int table;
    const char *key[4];
    apr_int64_t seq;
    char *version;
    char *digest; /* of the document; "": the row was deleted */
} chain_t;

/* Those of a class. */
typedef struct chains_t {
    apr_int64_t gaps[GAPS];  /* the number of the last mark of each; or 0 */
    apr_array_header_t *all; /* chain_t * */
    apr_hash_t *by_key;
    apr_pool_t *p;
} chains_t;

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

/* Tells a fault of a record by the path of its row. */
static void fault(const edu_verify_t *v, const edu_cursor_t *at,
                  const char *column, const char *message)
{
    static const edu_whole_t table = {
        "edu_history",
        5,
        0,
        0,
        {"class_id", "assignment_id", "submission_id", "id", "seq"}
    };
    const char *row[] = { at->row[0], at->row[2], at->row[3], at->row[4],
                          at->row[1] };
    const edu_cursor_t record = { .table = &table, .row = row };

    edu__verify_fault(v, &record, column, NULL, message);
}

static const char *digest_of(const char *body, apr_pool_t *p)
{
    return *body ? edu__digest(&body, 1, p) : "";
}

/* Whether all that was done to a row after its last record is recorded. */
static int is_told(const chains_t *chains, const chain_t *chain)
{
    return chain->seq > chains->gaps[UNTOLD] &&
           chain->seq > chains->gaps[ALTERED];
}

/* Whether a record follows on the last one of its row: it has the number of
 * that, or where a change came without a record, the document before it, or
 * none after a deletion.  One that was imported may have neither. */
static void check_follows(const edu_verify_t *v, const chains_t *chains,
                          const chain_t *chain, const edu_cursor_t *at)
{
    const char *before = edu__cursor_text(at, "before_body");
    apr_int64_t wanted = edu__event_before(before), last = chain->seq;

    if (wanted && wanted != last && (last || wanted > chains->gaps[REMOVED])) {
        fault(
            v, at, "before_body",
            apr_psprintf(v->p, "the record before it, %s, is missing", before));
    }
    if (!wanted && is_told(chains, chain) &&
        strcmp(digest_of(before, v->p), chain->digest) != 0) {
        fault(v, at, "before_body",
              apr_psprintf(v->p,
                           "it is not what the record before it, "
                           "%" APR_INT64_T_FMT ", has",
                           last));
    }
    if (last && strcmp(chain->version, edu__cursor_text(at, "version")) > 0) {
        fault(v, at, "version", "it is earlier than that of the record before");
    }
}

/* Texts of a column have one length, mostly. */
static void put(char **to, const char *text, apr_pool_t *p)
{
    if (*to && strlen(*to) >= strlen(text)) {
        strcpy(*to, text);
    }
    else {
        *to = apr_pstrdup(p, text);
    }
}

/* The chain of a record, by its ids and entity, which stand side by side. */
static chain_t *chain_of(chains_t *chains, int table, const edu_cursor_t *at,
                         apr_pool_t *scratch)
{
    const char *key = edu__digest(at->row + 2, 4, scratch);
    chain_t *chain = apr_hash_get(chains->by_key, key, APR_HASH_KEY_STRING);

    if (!chain) {
        chain = apr_pcalloc(chains->p, sizeof(*chain));
        chain->table = table;
        for (int i = 0; i < keys[table].n; i++) {
            chain->key[i] =
                apr_pstrdup(chains->p, at->row[keys[table].columns[i]]);
        }
        apr_hash_set(chains->by_key, apr_pstrdup(chains->p, key),
                     APR_HASH_KEY_STRING, chain);
        APR_ARRAY_PUSH(chains->all, chain_t *) = chain;
    }
    return chain;
}

/* Reads all records of the next class. */
static apr_status_t read_class(chains_t *chains, edu_verify_t *v,
                               edu_cursor_t *at)
{
    const char *class_id;
    apr_status_t rv = APR_SUCCESS;

    apr_pool_clear(chains->p);
    chains->all = apr_array_make(chains->p, 64, sizeof(chain_t *));
    chains->by_key = apr_hash_make(chains->p);
    class_id = apr_pstrdup(chains->p, *at->row);
    while (!rv && at->row && strcmp(class_id, *at->row) == 0) {
        int table = table_of(at);

        if (table < TABLES) {
            chain_t *chain;

            apr_pool_clear(v->p);
            chain = chain_of(chains, table, at, v->p);
            check_follows(v, chains, chain, at);
            chain->seq = number_of(at);
            put(&chain->version, edu__cursor_text(at, "version"), chains->p);
            put(&chain->digest,
                digest_of(edu__cursor_text(at, "after_body"), v->p), chains->p);
        }
        rv = edu__cursor_next(at);
    }
    return rv;
}

/* Compares a row with its last record. */
static void match(const edu_verify_t *v, const edu_cursor_t *at,
                  const chain_t *chain)
{
    if (!*chain->digest) {
        edu__verify_fault(v, at, at->table->columns[at->table->keys - 1], NULL,
                          "the history says that it was deleted");
    }
    else if (strcmp(chain->digest,
                    digest_of(edu__cursor_text(at, "body"), v->p)) != 0) {
        edu__verify_fault(v, at, "body", NULL,
                          apr_psprintf(v->p,
                                       "it is not what the history has under "
                                       "%" APR_INT64_T_FMT,
                                       chain->seq));
    }
}

/* A row that is recorded, and not there. */
static void miss(const edu_verify_t *v, const chain_t *chain)
{
    const edu_cursor_t at = { .table = &edu__wholes[chain->table],
                              .row = chain->key };

    edu__verify_fault(v, &at, at.table->columns[at.table->keys - 1], NULL,
                      apr_psprintf(v->p,
                                   "it is gone, but the history has it under "
                                   "%" APR_INT64_T_FMT,
                                   chain->seq));
}

/* Looks for the row of records, further on than the last in its table. */
static apr_status_t follow(const edu_verify_t *v, const chain_t *chain,
                           edu_cursor_t *at)
{
    int n = keys[chain->table].n;
    apr_status_t rv = APR_SUCCESS;

    while (!rv && at->row && compare(at->row, chain->key, n) < 0) {
        rv = edu__cursor_next(at);
    }
    if (!rv && at->row && compare(at->row, chain->key, n) == 0) {
        match(v, at, chain);
    }
    else if (!rv && *chain->digest) {
        miss(v, chain);
    }
    return rv;
}

static int by_key(const void *a, const void *b)
{
    const chain_t *one = *(const chain_t *const *)a,
                  *other = *(const chain_t *const *)b;

    return one->table != other->table
               ? one->table - other->table
               : compare(one->key, other->key, keys[one->table].n);
}

static apr_status_t walk_history(edu_verify_t *v)
{
    edu_cursor_t rows[TABLES], records;
    chains_t chains = { .all = NULL };
    apr_status_t rv = find_gaps(chains.gaps, v);

    apr_pool_create(&chains.p, v->admin->p);
    for (int i = 0; !rv && i < TABLES; i++) {
        edu__cursor_open(&rows[i], &v->call, &edu__wholes[i], NULL, 0,
                         v->admin->p);
        rv = edu__cursor_next(&rows[i]);
    }
    edu__cursor_open(&records, &v->call, &edu__wholes[EDU_WHOLE_HISTORY_OF],
                     NULL, 0, v->admin->p);
    rv = rv ? rv : edu__cursor_next(&records);
    while (!rv && records.row && !(rv = read_class(&chains, v, &records))) {
        qsort(chains.all->elts, chains.all->nelts, sizeof(chain_t *), by_key);
        for (int i = 0; !rv && i < chains.all->nelts; i++) {
            const chain_t *chain = APR_ARRAY_IDX(chains.all, i, chain_t *);

            apr_pool_clear(v->p);
            if (chain->seq > chains.gaps[UNTOLD]) {
                rv = follow(v, chain, &rows[chain->table]);
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
