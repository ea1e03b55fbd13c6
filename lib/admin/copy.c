/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* All tables go from one database into another, and are compared there before
 * the transaction ends.  A backup is a copy in a new file, and a restore is one
 * out of it: of SQLite into SQLite, by the database itself, for nobody else can
 * write meanwhile. */

#include "admin.h"

#include <apr_file_io.h>
#include <apr_strings.h>

/* The rows that are written at once. */
#define BATCH 500

typedef struct copy_t {
    edu_admin_t *to, *from;
    edu_call_t into, out; /* their transactions */
    unsigned flags;
    int attached; /* files both: SQLite itself copies from one to the other */
    apr_array_header_t *copied; /* of edu_admin_copied_t */
} copy_t;

/* -------------------------------------------------------------------- rows */

/* The digest of a row and of all before it. */
static const char *digest(const char *before, const edu_cursor_t *at,
                          apr_pool_t *p)
{
    int width = edu__whole_width(at->table);
    const char *texts[EDU_COLUMNS_MAX + 1] = { before };

    memcpy(texts + 1, at->row, width * sizeof(*texts));
    return edu__digest(texts, width + 1, p);
}

/* Two pools: what one has is the start of what goes into the other. */
static apr_pool_t *turn(apr_pool_t **pools)
{
    apr_pool_t *p = pools[1];

    pools[1] = pools[0];
    pools[0] = p;
    apr_pool_clear(p);
    return p;
}

/** Rows on their way. */
typedef struct load_t {
    apr_array_header_t *rows; /**< of const char *const * */
    apr_pool_t *p;            /**< of them */
} load_t;

static void take(load_t *load, const edu_cursor_t *at)
{
    int width = edu__whole_width(at->table);
    const char **row = apr_palloc(load->p, width * sizeof(*row));

    for (int i = 0; i < width; i++) {
        row[i] = apr_pstrdup(load->p, at->row[i]);
    }
    APR_ARRAY_PUSH(load->rows, const char *const *) = row;
}

static apr_status_t unload(load_t *load, copy_t *copy, const edu_whole_t *table)
{
    apr_status_t rv = APR_SUCCESS;

    if (load->rows && load->rows->nelts) {
        rv = edu__whole_insert(&copy->into, table, load->rows);
        apr_pool_clear(load->p);
    }
    load->rows = apr_array_make(load->p, BATCH, sizeof(const char *const *));
    return rv;
}

/* Reads a table to its end.
 * @param done  out: its digest and rows
 * @param copy  it is told of, and the rows are written unless SQLite copies
 *              them; NULL: neither */
static apr_status_t read_table(edu_admin_copied_t *done, edu_call_t *call,
                               const edu_whole_t *table, copy_t *copy,
                               apr_int64_t all)
{
    load_t load = { NULL, NULL };
    const char *sum = edu__digest(NULL, 0, call->p);
    apr_pool_t *pools[2];
    edu_cursor_t at;
    apr_status_t rv;

    apr_pool_create(&pools[0], call->p);
    apr_pool_create(&pools[1], call->p);
    apr_pool_create(&load.p, call->p);
    edu__cursor_open(&at, call, table, NULL, 0, call->p);
    rv = unload(&load, copy, table);
    while (!rv && !(rv = edu__cursor_next(&at)) && at.row) {
        sum = digest(sum, &at, turn(pools));
        done->rows++;
        if (copy && !copy->attached) {
            take(&load, &at);
        }
        if (copy && (done->rows % BATCH == 0 || done->rows == all)) {
            rv = unload(&load, copy, table);
            edu__admin_tell(copy->to, table, done->rows, all);
        }
    }
    done->digest = apr_pstrdup(call->p, sum);
    return rv;
}

/* ------------------------------------------------------------------- tables */

static edu_admin_copied_t *copied_of(const copy_t *copy, int table)
{
    return &APR_ARRAY_IDX(copy->copied, table, edu_admin_copied_t);
}

/* Counts what would be copied of a table.
 * @param into  NULL: there is no table yet */
static apr_status_t count_table(copy_t *copy, int table, edu_call_t *into)
{
    edu_admin_copied_t *done = copied_of(copy, table);
    apr_status_t rv =
        edu__whole_count(&done->rows, &copy->out, &edu__wholes[table]);

    return rv || !into
               ? rv
               : edu__whole_count(&done->replaced, into, &edu__wholes[table]);
}

static apr_status_t differs(copy_t *copy, int table)
{
    return edu__admin_fail(
        copy->to, EDU_EINTERNAL,
        "%s differs from what was copied into it. Nothing was changed. Look "
        "for a trigger of the database's own, and for a program that writes to "
        "what is copied",
        edu__wholes[table].name);
}

/* Reads a table that is to be copied, and writes it, unless SQLite will. */
static apr_status_t read_source(copy_t *copy, int table)
{
    edu_admin_copied_t *done = copied_of(copy, table);
    apr_int64_t all;
    apr_status_t rv = count_table(copy, table, NULL);

    all = done->rows;
    done->rows = 0;
    return rv ? rv
              : read_table(done, &copy->out, &edu__wholes[table], copy, all);
}

/* Copies a table, and reads what was written. */
static apr_status_t fill(copy_t *copy, int table)
{
    const edu_whole_t *whole = &edu__wholes[table];
    edu_admin_copied_t check = { 0 };
    apr_status_t rv = read_source(copy, table);

    rv = rv ? rv : edu__whole_draw(&copy->into, whole);
    rv = rv ? rv : read_table(&check, &copy->into, whole, NULL, 0);
    return !rv && strcmp(check.digest, copied_of(copy, table)->digest) != 0
               ? differs(copy, table)
               : rv;
}

/* Lets SQLite copy a table, and compare it. */
static apr_status_t take_table(copy_t *copy, int table)
{
    apr_int64_t same;
    apr_status_t rv = edu__whole_take(&same, &copy->into, &edu__wholes[table]);

    return !rv && same != copied_of(copy, table)->rows ? differs(copy, table)
                                                       : rv;
}

static apr_status_t copy_table(copy_t *copy, int table)
{
    edu_admin_copied_t *done = copied_of(copy, table);
    apr_status_t rv =
        edu__whole_count(&done->replaced, &copy->into, &edu__wholes[table]);

    if (!rv && done->replaced) {
        rv = edu__whole_clear(&copy->into, &edu__wholes[table]);
    }
    return rv               ? rv
           : copy->attached ? take_table(copy, table)
                            : fill(copy, table);
}

static apr_status_t check_empty(copy_t *copy)
{
    apr_int64_t rows = 0;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && !rows && i < EDU_WHOLES; i++) {
        rv = edu__whole_count(&rows, &copy->into, &edu__wholes[i]);
        if (rows) {
            rv = edu__admin_fail(copy->to, EDU_ECONFLICT,
                                 "the database to copy to is not empty: %s has "
                                 "%" APR_INT64_T_FMT
                                 " rows. Name another, or remove its tables",
                                 edu__wholes[i].name, rows);
        }
    }
    return rv;
}

/* Nobody else writes from the beginning of the transaction on: what can be done
 * before it is. */
static apr_status_t copy_tables(copy_t *copy)
{
    apr_status_t ended, rv = APR_SUCCESS;

    for (int i = 0; !rv && copy->attached && i < EDU_WHOLES; i++) {
        rv = read_source(copy, i);
    }
    rv = rv ? rv : edu__admin_begin(&copy->into, copy->to, 1);
    if (rv) {
        return rv;
    }
    if (!(copy->flags & EDU_ADMIN_REPLACE)) {
        rv = check_empty(copy);
    }
    if (!rv && copy->attached) {
        rv = edu__whole_attach(&copy->into, copy->from->params);
    }
    for (int i = 0; !rv && i < EDU_WHOLES; i++) {
        rv = copy_table(copy, i);
    }
    ended = edu__whole_end(&copy->into, rv != APR_SUCCESS);
    return rv ? rv : ended;
}

/* A dry run. */
static apr_status_t count_tables(copy_t *copy)
{
    int is_new = edu__admin_is_new(copy->to);
    apr_status_t rv = is_new ? APR_SUCCESS : edu__admin_check(copy->to);

    rv = rv || is_new ? rv : edu__admin_begin(&copy->into, copy->to, 0);
    if (rv) {
        return rv;
    }
    if (!is_new && !(copy->flags & EDU_ADMIN_REPLACE)) {
        rv = check_empty(copy);
    }
    for (int i = 0; !rv && i < EDU_WHOLES; i++) {
        rv = count_table(copy, i, is_new ? NULL : &copy->into);
    }
    if (!is_new) {
        edu__whole_end(&copy->into, 1);
    }
    return rv;
}

/* A failure of either is told of the one to copy to. */
apr_status_t edu_admin_copy(apr_array_header_t **copied, edu_admin_t *to,
                            edu_admin_t *from, unsigned flags)
{
    copy_t copy = { .to = to, .from = from, .flags = flags };
    apr_status_t rv = edu__admin_check(from);

    copy.attached = flags & EDU_ADMIN_REPLACE && edu__admin_is_file(to) &&
                    edu__admin_is_file(from);
    copy.copied = *copied =
        apr_array_make(to->p, EDU_WHOLES, sizeof(edu_admin_copied_t));
    for (int i = 0; i < EDU_WHOLES; i++) {
        APR_ARRAY_PUSH(copy.copied, edu_admin_copied_t) =
            (edu_admin_copied_t){ .name = edu__wholes[i].name };
    }
    rv = rv ? rv : edu__admin_begin(&copy.out, from, 0);
    if (rv) {
        to->err = from->err;
        return rv;
    }
    copy.out.err = &to->err;
    if (flags & EDU_ADMIN_DRY_RUN) {
        rv = count_tables(&copy);
    }
    else {
        rv = flags & EDU_ADMIN_REPLACE ? edu__admin_check(to)
                                       : edu_admin_schema(to);
        rv = rv ? rv : copy_tables(&copy);
    }
    edu__whole_end(&copy.out, 1);
    return rv;
}

/* ------------------------------------------------------------------ backups */

/* The full name of a file that a user names. */
static apr_status_t full_name(char **full, edu_admin_t *admin, const char *file)
{
    char *here;
    apr_status_t rv = apr_filepath_get(&here, 0, admin->p);

    rv = rv ? rv : apr_filepath_merge(full, here, file, 0, admin->p);
    return rv ? edu__admin_fail(admin, EDU_EBADREQUEST,
                                "%s is no name of a file", file)
              : APR_SUCCESS;
}

static int exists(const char *file, apr_pool_t *p)
{
    apr_finfo_t info;

    return apr_stat(&info, file, APR_FINFO_TYPE, p) == APR_SUCCESS;
}

/* Opens a file as a database. */
static apr_status_t open_file(edu_admin_t *opened, edu_admin_t *admin,
                              const char *file, apr_pool_t *p)
{
    apr_status_t rv = edu_admin_open(
        opened, apr_pstrcat(admin->p, "sqlite3:", file, NULL), p);

    if (rv) {
        edu__admin_fail(admin, rv, "%s", opened->err.detail);
    }
    opened->progress = admin->progress;
    opened->baton = admin->baton;
    return rv;
}

/* Errors outlive the connection to a file, which they name. */
static apr_status_t keep_error(edu_admin_t *admin, apr_status_t rv,
                               const char *file, const edu_error_t *err)
{
    return rv ? edu__admin_fail(admin, rv, "%s: %s", file,
                                err->detail ? err->detail : err->message)
              : rv;
}

/* Copies into a file that nobody knows yet. */
static apr_status_t fill_file(apr_array_header_t **copied, edu_admin_t *admin,
                              const char *file)
{
    edu_admin_t to;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, admin->p);
    rv = open_file(&to, admin, file, p);
    if (!rv) {
        rv = edu_admin_copy(copied, &to, admin, 0);
        rv = rv ? rv : edu__whole_pack(&to.store, &to.err, p);
        keep_error(admin, rv, file, &to.err);
    }
    for (int i = 0; !rv && i < (*copied)->nelts; i++) {
        edu_admin_copied_t *one =
            &APR_ARRAY_IDX(*copied, i, edu_admin_copied_t);

        one->digest = apr_pstrdup(admin->p, one->digest);
    }
    if (!rv) {
        *copied = apr_array_copy(admin->p, *copied);
    }
    apr_pool_destroy(p); /* which closes the file */
    return rv;
}

apr_status_t edu_admin_backup(apr_array_header_t **copied, edu_admin_t *admin,
                              const char *file)
{
    const char *part;
    char *full;
    apr_status_t rv = edu__admin_check(admin);

    rv = rv ? rv : full_name(&full, admin, file);
    if (!rv && exists(full, admin->p)) {
        rv = edu__admin_fail(admin, EDU_ECONFLICT,
                             "%s exists. Name another file", full);
    }
    if (rv) {
        return rv;
    }
    part = apr_pstrcat(admin->p, full, ".part", NULL);
    if (exists(part, admin->p)) {
        return edu__admin_fail(
            admin, EDU_ECONFLICT,
            "%s is of a backup that is under way, or was cut "
            "off. Wait for that, or remove it",
            part);
    }
    rv = edu__admin_make_file(part,
                              edu__admin_is_file(admin) ? admin->params : NULL,
                              &admin->err, admin->p);
    if (rv) {
        return rv;
    }
    rv = fill_file(copied, admin, part);
    if (!rv && apr_file_rename(part, full, admin->p)) {
        rv = edu__admin_fail(admin, EDU_EUNAVAILABLE,
                             "%s cannot be given its name %s", part, full);
    }
    if (rv) {
        apr_file_remove(part, admin->p);
    }
    return rv;
}

/* Looks whether a file is a backup, and leaves it as it is. */
static apr_status_t open_backup(edu_admin_t *from, edu_admin_t *admin,
                                const char *file, apr_pool_t *p)
{
    apr_status_t rv = open_file(from, admin, file, p);

    if (rv) {
        return rv;
    }
    from->store.read_only = 1;
    rv = edu__admin_check(from);
    return !rv ? rv
           : edu__admin_is_new(from)
               ? edu__admin_fail(admin, rv,
                                 "%s is no backup: it has no tables of "
                                 "edu-outcomes. Name another file",
                                 file)
               : edu__admin_fail(admin, rv, "%s cannot be read as a backup: %s",
                                 file, from->err.detail);
}

apr_status_t edu_admin_restore(apr_array_header_t **copied, edu_admin_t *admin,
                               const char *file, unsigned flags)
{
    edu_admin_t from;
    apr_pool_t *p;
    char *full;
    apr_status_t rv = full_name(&full, admin, file);

    if (!rv && !exists(full, admin->p)) {
        rv = edu__admin_fail(admin, EDU_ENOTFOUND, "there is no file %s", full);
    }
    if (rv) {
        return rv;
    }
    apr_pool_create(&p, admin->p);
    rv = open_backup(&from, admin, full, p);
    rv = rv ? rv
            : edu_admin_copy(copied, admin, &from, flags | EDU_ADMIN_REPLACE);
    apr_pool_destroy(p);
    return rv;
}
