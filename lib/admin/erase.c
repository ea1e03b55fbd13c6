/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Erases rows, or makes them anonymous, beside a server.  All tables are read
 * as they are at one instant; the rows that name somebody are read again and
 * changed, a few in each transaction, so that no writer waits for long.  Rows
 * that were written meanwhile are found by the next pass, until one finds none.
 */

#include "erase.h"

#include <apr_strings.h>

/* The rows of a transaction, and how often it is tried. */
#define BATCH 100
#define TRIES 100

/* The time after a pass in which requests end that had read a row before it
 * changed, and name the user in the history. */
#define UNDER_WAY apr_time_from_sec(1)

/* A pass for each writer that is as fast as we are would never end. */
#define MAX_PASSES 8

/* Submissions come first: what is theirs is known by them. */
static const int order[] = { EDU_SUBMISSION, EDU_OUTCOME, EDU_ASSIGNMENT,
                             EDU_MEMBER,     EDU_CLASS,   EDU_HISTORY,
                             EDU_WHOLE_READ, EDU_REPEAT };

/* ---------------------------------------------------------------- one row */

typedef enum verdict_e { KEEP, CHANGE, REMOVE } verdict_e;

static const char *key_of(const char *const *ids, apr_pool_t *p)
{
    return apr_pstrcat(p, ids[0], "/", ids[1], "/", ids[2], NULL);
}

static int is_same(const char *const *row, int table, const char *column,
                   const char *text)
{
    return strcmp(edu__erase_text(row, table, column), text) == 0;
}

/* Whether a row below a submission is below one of the student's. */
static int is_below(const edu_erasure_t *it, int table, const char *const *row,
                    apr_pool_t *p)
{
    int at = edu__single_column(&edu__wholes[table], "class_id");

    return apr_hash_get(it->submissions, key_of(row + at, p),
                        APR_HASH_KEY_STRING) != NULL;
}

/* Whether a row is the student's own. */
static int is_own(const edu_erasure_t *it, int table, const char *const *row,
                  apr_pool_t *p)
{
    const char *student = it->what->student;

    switch (table) {
    case EDU_MEMBER:
        return is_same(row, table, "id", student);
    case EDU_SUBMISSION:
        return is_same(row, table, "user_id", student);
    case EDU_OUTCOME:
        return is_same(row, table, "submission_id", student) ||
               is_below(it, table, row, p);
    case EDU_HISTORY:
        return is_same(row, table, "student", student) ||
               is_same(row, table, "id", student) ||
               is_below(it, table, row, p);
    case EDU_WHOLE_READ:
        return is_same(row, table, "student", student) ||
               is_below(it, table, row, p);
    }
    return 0;
}

/* Whether a row is of one of the classes; or, where rows are removed, was left
 * by one that was deleted before. */
static int is_of_classes(const edu_erasure_t *it, int table,
                         const char *const *row)
{
    const char *class_id;
    const edu_age_t *age;

    if (table == EDU_REPEAT) {
        return it->what->anonymize ||
               strcmp(edu__erase_text(row, table, "created"), it->before) < 0;
    }
    class_id =
        edu__erase_text(row, table, table == EDU_CLASS ? "id" : "class_id");
    age = apr_hash_get(it->classes, class_id, APR_HASH_KEY_STRING);
    if (age) {
        return age->old;
    }
    return *class_id && edu__wholes[table].drawn &&
           strcmp(edu__erase_text(row, table, "at"), it->before) < 0;
}

static verdict_e judge(const char **made[], edu_erasure_t *it, int table,
                       const char *const *row, apr_pool_t *p)
{
    if (it->classes && !is_of_classes(it, table, row)) {
        return KEEP;
    }
    if (!it->what->anonymize && (it->classes || is_own(it, table, row, p))) {
        return REMOVE;
    }
    *made = edu__pseudonym_apply(&it->names, table, row, p);
    return !*made ? KEEP : table == EDU_REPEAT ? REMOVE : CHANGE;
}

/* Notes what else goes with a submission that is the student's. */
static void note(edu_erasure_t *it, int table, const char *const *row)
{
    const char *user_id;

    if (table != EDU_SUBMISSION) {
        return;
    }
    user_id = edu__erase_text(row, table, "user_id");
    if (apr_hash_get(it->names.of, user_id, APR_HASH_KEY_STRING)) {
        edu__pseudonym_add_within(&it->names, row[2], user_id);
    }
    if (it->what->student && strcmp(user_id, it->what->student) == 0) {
        apr_hash_set(it->submissions, key_of(row, it->admin->p),
                     APR_HASH_KEY_STRING, "");
    }
}

/* ------------------------------------------------------------ a transaction */

/* Changes a row as it is now; one that has changed meanwhile may have become
 * another's. @param changed  out: others changed it at the same time */
static apr_status_t change(int *changed, edu_moved_t *moved, edu_erasure_t *it,
                           edu_tx_t *tx, int table, const char *const *key,
                           apr_pool_t *p)
{
    edu_error_t *err = &it->admin->err;
    edu_single_e done = EDU_SINGLE_DONE;
    const char *const *row;
    const char **made;
    apr_int64_t n = 0;
    verdict_e verdict;
    apr_status_t rv = edu__single_get(&row, tx, table, key, err, p);

    verdict = row ? judge(&made, it, table, row, p) : KEEP;
    if (rv || verdict == KEEP) {
        return rv;
    }
    if (verdict == CHANGE) {
        rv = edu__single_change(&done, tx, table, row, made, err, p);
        moved->rows[table]++;
    }
    else {
        rv = edu__single_remove(&done, tx, table, row, err, p);
        moved->removed[table]++;
        if (!rv && table == EDU_SUBMISSION) {
            rv = edu__single_clear(&n, tx, row, err, p);
            moved->removed[EDU_OUTCOME] += n;
        }
    }
    *changed |= done != EDU_SINGLE_DONE;
    return rv;
}

/* @param changed  out: it has to be done again */
static apr_status_t change_all(int *changed, edu_moved_t *moved,
                               edu_erasure_t *it, int table,
                               const apr_array_header_t *keys, apr_pool_t *p)
{
    apr_status_t ended, rv;
    edu_tx_t tx;

    edu__tx_init(&tx, &it->admin->store, p);
    rv = edu__tx_begin(&tx, &it->admin->err);
    if (rv) {
        return rv;
    }
    *changed = 0;
    for (int i = 0; !rv && !*changed && i < keys->nelts; i++) {
        rv = change(changed, moved, it, &tx, table,
                    APR_ARRAY_IDX(keys, i, const char *const *), p);
    }
    ended = edu__tx_end(&tx, rv || *changed, &it->admin->err);
    return rv ? rv : ended;
}

/* Changes the rows that were found, and forgets them. */
static apr_status_t flush(edu_moved_t *moved, edu_erasure_t *it, int table,
                          apr_array_header_t *keys)
{
    edu_moved_t own = *moved;
    int changed = keys->nelts > 0;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;

    apr_pool_create(&p, it->admin->p);
    for (int i = 0; !rv && changed && i < TRIES; i++) {
        own = *moved;
        rv = change_all(&changed, &own, it, table, keys, p);
    }
    if (!rv && changed) {
        rv = edu__admin_fail(it->admin, EDU_EUNAVAILABLE,
                             "others write to the same rows again and again. "
                             "Repeat the command");
    }
    *moved = own;
    if (!rv) { /* else the error is in there */
        apr_pool_destroy(p);
    }
    return rv;
}

/* ------------------------------------------------------------------- passes */

static void count(edu_moved_t *moved, int table, verdict_e verdict)
{
    moved->rows[table] += verdict == CHANGE;
    moved->removed[table] += verdict == REMOVE;
}

static const char *const *copy_of(const char *const *key, int n, apr_pool_t *p)
{
    const char **copy = apr_palloc(p, n * sizeof(*copy));

    for (int i = 0; i < n; i++) {
        copy[i] = apr_pstrdup(p, key[i]);
    }
    return copy;
}

/* Looks at all rows of a table. */
static apr_status_t pass_over(edu_moved_t *moved, edu_erasure_t *it,
                              edu_call_t *call, int table)
{
    apr_array_header_t *keys;
    edu_cursor_t cursor;
    apr_status_t rv;
    apr_pool_t *own, *p, *scratch;

    apr_pool_create(&own, it->admin->p);
    apr_pool_create(&p, own);
    apr_pool_create(&scratch, own);
    keys = apr_array_make(own, BATCH, sizeof(const char *const *));
    edu__cursor_open(&cursor, call, &edu__wholes[table], NULL, 0, own);
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        const char **made;
        verdict_e verdict;

        note(it, table, cursor.row);
        verdict = judge(&made, it, table, cursor.row, scratch);
        apr_pool_clear(scratch);
        if (it->what->dry_run) {
            count(moved, table, verdict);
        }
        else if (verdict != KEEP) {
            APR_ARRAY_PUSH(keys, const char *const *) =
                copy_of(cursor.row, edu__wholes[table].keys, p);
        }
        if (keys->nelts == BATCH) {
            rv = flush(moved, it, table, keys);
            apr_array_clear(keys);
            apr_pool_clear(p);
        }
        if (rv) {
            break;
        }
    }
    rv = rv ? rv : flush(moved, it, table, keys);
    apr_pool_destroy(own);
    return rv;
}

static apr_status_t pass(edu_moved_t *moved, edu_erasure_t *it)
{
    edu_call_t call;
    apr_status_t rv = edu__admin_begin(&call, it->admin, 0);

    if (rv) {
        return rv;
    }
    for (apr_size_t i = 0; !rv && i < sizeof(order) / sizeof(*order); i++) {
        rv = pass_over(moved, it, &call, order[i]);
    }
    edu__whole_end(&call, 1);
    return rv;
}

static apr_int64_t sum(const edu_moved_t *moved)
{
    apr_int64_t n = 0;

    for (int i = 0; i < EDU_MOVED; i++) {
        n += moved->rows[i] + moved->removed[i];
    }
    return n;
}

static apr_status_t record(const edu_moved_t *moved, edu_erasure_t *it)
{
    edu_error_t *err = &it->admin->err;
    apr_status_t ended, rv;
    edu_tx_t tx;

    edu__tx_init(&tx, &it->admin->store, it->admin->p);
    rv = edu__tx_begin(&tx, err);
    if (rv) {
        return rv;
    }
    rv = edu__moved_record(moved, it->what->anonymize ? "anonymize" : "erase",
                           it->what->by, &tx, err, it->admin->p);
    ended = edu__tx_end(&tx, rv != APR_SUCCESS, err);
    return rv ? rv : ended;
}

static apr_status_t nothing(edu_erasure_t *it)
{
    return it->classes
               ? edu__admin_fail(it->admin, EDU_ENOTFOUND,
                                 "all classes have changed since that date, or "
                                 "have no row with a date")
               : edu__admin_fail(it->admin, EDU_ENOTFOUND,
                                 "no row names the user %s. Compare the id, "
                                 "letter by letter, with that of a member",
                                 it->what->student);
}

apr_status_t edu_erase(edu_moved_t *moved, edu_admin_t *admin,
                       const edu_erase_t *what)
{
    edu_erasure_t it = { .admin = admin, .what = what };
    apr_int64_t before = -1;
    apr_status_t rv = edu__admin_check(admin);

    memset(moved, 0, sizeof(*moved));
    rv = rv ? rv : edu__erase_begin(&it);
    for (int i = 0; !rv && sum(moved) != before && i < MAX_PASSES; i++) {
        if (i) {
            apr_sleep(UNDER_WAY);
        }
        before = sum(moved);
        rv = pass(moved, &it);
        if (what->dry_run) {
            break;
        }
    }
    if (!rv && !sum(moved)) {
        return nothing(&it);
    }
    return rv || what->dry_run ? rv : record(moved, &it);
}
