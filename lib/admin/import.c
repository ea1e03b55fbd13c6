/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Lines of JSON into tables, in one transaction. */

#include "move.h"

#include <apr_strings.h>

/* Lines that share their memory, and from one report of progress to the next;
 * faults that are told one by one. */
#define LINES_KEPT 64
#define MAX_FAULTS 1000

typedef struct import_t {
    edu_moved_t *moved;
    edu_admin_t *admin;
    const edu_import_t *how;
    const char *name; /* of the file */
    apr_int64_t line;
    edu_tx_t tx;
} import_t;

static void tell(import_t *it, const char *field, const char *message)
{
    const edu_fault_t fault = { it->name, it->line, field, message };

    it->moved->faults++;
    if (it->how->fault && it->moved->faults <= MAX_FAULTS) {
        it->how->fault(it->how->baton, &fault);
    }
}

static const char *why_not(edu_single_e done, int table)
{
    switch (done) {
    case EDU_SINGLE_EXISTS:
        return table == EDU_SUBMISSION
                   ? "The submission exists, or its student has another one of "
                     "the assignment. Remove the line, or replace what exists "
                     "(--replace)."
                   : "The row exists. Remove the line, or replace what exists "
                     "(--replace).";
    case EDU_SINGLE_ORPHAN:
        return table == EDU_SUBMISSION
                   ? "There is no such assignment. Import it first."
                   : "There is no such class. Import it first.";
    default:
        return "Another program writes the row at the same time. Repeat the "
               "import.";
    }
}

/* Removes the row that a line replaces. */
static apr_status_t make_room(edu_single_e *done, import_t *it, int table,
                              const char *const *row, edu_error_t *err,
                              apr_pool_t *p)
{
    const char *const *there = NULL;
    apr_status_t rv =
        edu__wholes[table].drawn
            ? APR_SUCCESS
            : edu__single_get(&there, &it->tx, table, row, err, p);

    *done = EDU_SINGLE_DONE;
    if (rv || !there) {
        return rv;
    }
    it->moved->removed[table]++;
    return edu__single_remove(done, &it->tx, table, there, err, p);
}

static apr_status_t take_row(import_t *it, int table, const char *const *row,
                             apr_pool_t *p)
{
    edu_error_t *err = &it->admin->err;
    edu_single_e done = EDU_SINGLE_DONE;
    apr_status_t rv = it->how->replace
                          ? make_room(&done, it, table, row, err, p)
                          : APR_SUCCESS;

    if (!rv && done == EDU_SINGLE_DONE) {
        rv = edu__single_insert(&done, &it->tx, table, row, err, p);
    }
    if (rv) {
        return rv;
    }
    if (done == EDU_SINGLE_DONE) {
        it->moved->rows[table]++;
    }
    else {
        tell(it, edu__wholes[table].columns[edu__wholes[table].keys - 1],
             why_not(done, table));
    }
    return APR_SUCCESS;
}

static apr_status_t take_line(import_t *it, const char *text, apr_size_t len,
                              apr_pool_t *p)
{
    const char *row[EDU_COLUMNS_MAX];
    edu_error_t err = { 0 };
    int table;

    if (strspn(text, " \t\r") == len) {
        return APR_SUCCESS;
    }
    if (edu__line_read(&table, row, text, len, &err, p)) {
        tell(it, err.target,
             err.inner_message ? err.inner_message : err.message);
        return APR_SUCCESS;
    }
    return take_row(it, table, row, p);
}

static apr_status_t take_all(import_t *it, apr_file_t *in)
{
    apr_status_t rv = APR_SUCCESS;
    const char *text;
    apr_size_t len;
    apr_pool_t *p;

    apr_pool_create(&p, it->admin->p);
    while (!rv) {
        rv = edu__line_next(&text, &len, in, p);
        if (rv) {
            return edu__moved_failed(it->admin, it->name, rv);
        }
        if (!text) {
            break;
        }
        it->line++;
        rv = take_line(it, text, len, p);
        if (!rv &&
            it->line % LINES_KEPT == 0) { /* else the error is in there */
            apr_pool_clear(p);
        }
    }
    return rv;
}

/* Whether what was read is to be written. */
static int is_wanted(const import_t *it)
{
    return !it->how->dry_run && (it->how->keep_going || !it->moved->faults);
}

apr_status_t edu_import_lines(edu_moved_t *moved, edu_admin_t *admin,
                              const edu_import_t *how, const char *name,
                              apr_file_t *in)
{
    import_t it = { .moved = moved, .admin = admin, .how = how, .name = name };
    apr_status_t ended, rv = edu__admin_check(admin);

    memset(moved, 0, sizeof(*moved));
    edu__tx_init(&it.tx, &admin->store, admin->p);
    rv = rv ? rv : edu__tx_begin(&it.tx, &admin->err);
    if (rv) {
        return rv;
    }
    rv = take_all(&it, in);
    if (!rv && is_wanted(&it)) {
        rv = edu__moved_record(moved, "import", how->by, &it.tx, &admin->err,
                               admin->p);
    }
    ended = edu__tx_end(&it.tx, rv || !is_wanted(&it), &admin->err);
    rv = rv ? rv : ended;
    if (!rv && moved->faults && !how->keep_going) {
        return edu__admin_fail(admin, EDU_EBADREQUEST,
                               "%s: nothing is imported, for %" APR_INT64_T_FMT
                               " of its lines are faulty. Mend them, or leave "
                               "them out (--keep-going)",
                               name, moved->faults);
    }
    return rv;
}
