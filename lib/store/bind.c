/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The statements of a write and of its record, and their parameters. */

#include "inner.h"

#include <apr_strings.h>

#include <assert.h>

void edu__args_add(edu_args_t *args, const char *value)
{
    assert(args->n < EDU_ARGS_MAX);
    args->list[args->n++] = value ? value : "";
}

void edu__args_add_keys(edu_args_t *args, int keys, const edu_key_t *key)
{
    const char *const ids[] = { key->class_id, key->assignment_id,
                                key->submission_id };

    for (int i = 0; i < keys; i++) {
        edu__args_add(args, ids[i]);
    }
}

/* A condition that an empty value switches off. */
static void add_option(edu_args_t *args, const char *value)
{
    edu__args_add(args, value);
    edu__args_add(args, value);
}

/* -------------------------------------------------------------------- reads */

#define MOST_DIGITS 18

void edu__args_add_number(edu_args_t *args, const char *id, const char *without)
{
    apr_size_t len = id ? strlen(id) : 0;
    int is_number =
        len && len <= MOST_DIGITS && strspn(id, "0123456789") == len;

    edu__args_add(args, is_number ? id : without);
}

/* All of a class, or those of one outcome or submission. */
static void add_history_of(edu_args_t *args, const edu_key_t *key,
                           const edu_range_t *range)
{
    edu_table_e table = key->outcome_id ? EDU_OUTCOME : EDU_SUBMISSION;

    edu__args_add_keys(args, range->only ? 3 : 1, key);
    if (range->only) {
        edu__args_add(args, range->only);
        edu__args_add(args, edu__table_name(table));
    }
}

void edu__args_add_range(edu_args_t *args, edu_table_e table,
                         const edu_key_t *key, const edu_range_t *range)
{
    if (range->sought) {
        add_history_of(args, key, range);
    }
    else if (range->since) {
        edu__args_add(args, key->class_id);
        edu__args_add(args, range->since);
    }
    else if (range->only && (table == EDU_CLASS || table == EDU_ASSIGNMENT)) {
        edu__args_add(args, range->only);
    }
    else if (!range->across) {
        edu__args_add_keys(args, edu__shapes[table].keys, key);
        if (range->only) {
            edu__args_add(args, range->only);
        }
    }
}

/* After all versions, which are hexadecimal. */
#define LAST_VERSION "~"

#define LAST_NUMBER "999999999999999999"

static void add_after_event(edu_args_t *args, const edu_range_t *range)
{
    const edu_sought_t *sought = range->sought;

    edu__args_add_number(args, range->after ? range->after->id : NULL,
                         range->oldest ? "0" : LAST_NUMBER);
    add_option(args, sought->student);
    add_option(args, sought->user_id);
    add_option(args, sought->action);
    edu__args_add(args, sought->from);
    edu__args_add(args, sought->to ? sought->to : LAST_VERSION);
}

static void add_after_recent(edu_args_t *args, const edu_range_t *range)
{
    const edu_row_t *after = range->after;
    const char *version = after ? after->version : NULL;

    if (range->oldest) { /* bounded: one row is wanted */
        version = version && strcmp(version, range->since) > 0 ? version
                                                               : range->since;
        args->list[args->n - 1] = version;
        edu__args_add(args, after && after->version ? after->version : NULL);
    }
    else {
        version = version ? version : LAST_VERSION;
        edu__args_add(args, version);
        edu__args_add(args, version);
    }
    edu__args_add(args, after ? after->parent_id : NULL);
    edu__args_add(args, after ? after->parent_id : NULL);
    edu__args_add(args, after ? after->id : NULL);
}

void edu__args_add_next(edu_args_t *args, const edu_key_t *key,
                        const char *only, const char *of,
                        const edu_row_t *after)
{
    const char *from = of ? of : after->assignment_id;

    edu__args_add(args, only);
    edu__args_add(args, key->class_id);
    edu__args_add(args, from);
    edu__args_add(args, after->parent_id);
    edu__args_add(args, key->class_id);
    edu__args_add(args, from);
    edu__args_add(args, of);
    edu__args_add(args, key->class_id);
    edu__args_add(args, from);
    add_option(args, of);
}

/* Submissions after one, which goes by its parent and id. */
static void add_across(edu_args_t *args, const edu_key_t *key,
                       const edu_range_t *range)
{
    const edu_row_t after = { .assignment_id =
                                  range->after ? range->after->parent_id : NULL,
                              .parent_id =
                                  range->after ? range->after->id : NULL };

    edu__args_add_next(args, key, range->only, NULL, &after);
}

void edu__args_add_after(edu_args_t *args, edu_table_e table,
                         const edu_key_t *key, const edu_range_t *range)
{
    const edu_row_t *after = range->after;

    if (range->sought) {
        add_after_event(args, range);
        if (!range->only) { /* the marks, too */
            add_after_event(args, range);
        }
    }
    else if (range->across) {
        add_across(args, key, range);
    }
    else if (range->since) {
        add_after_recent(args, range);
    }
    else if (range->only && table == EDU_ASSIGNMENT) {
        edu__args_add(args, after ? after->parent_id : NULL);
        edu__args_add(args, after ? after->id : NULL);
        edu__args_add(args, range->only);
        edu__args_add(args, after ? after->parent_id : NULL);
    }
    else {
        edu__args_add(args, after ? after->id : NULL);
    }
}

/* ------------------------------------------------------------------- writes */

/* The whole key of a row. */
static void add_key(edu_args_t *args, const edu_write_t *write)
{
    edu_key_t key = write->key;

    edu__args_add_keys(args, edu__shapes[write->table].keys, &key);
    edu__args_add(args, *edu__key_id(&key, write->table));
}

/* The columns that an update changes, too. */
static void add_values(edu_args_t *args, const edu_write_t *write)
{
    const struct edu_shape_t *shape = &edu__shapes[write->table];
    const edu_row_t *row = write->after;

    if (shape->kind && (shape->kind < 2 || write->op == EDU_INSERT)) {
        edu__args_add(args, row->kind);
    }
    edu__args_add(args, row->version);
    if (shape->modified_by) {
        edu__args_add(args, row->modified_by);
    }
    edu__args_add(args, row->body);
}

/* The document that an outcome's student sees. */
static void add_shown(edu_args_t *args, const edu_row_t *row)
{
    edu__args_add(args, row->shown_version);
    edu__args_add(args, row->shown);
}

static int bind_insert(edu_args_t *args, const edu_write_t *write)
{
    add_key(args, write);
    edu__args_add(args, write->after->sort_key);
    add_values(args, write);
    if (write->table != EDU_OUTCOME) { /* the row above has to be there */
        edu__args_add_keys(args, edu__shapes[write->table].keys, &write->key);
        return EDU_SQL_INSERT + write->table;
    }
    add_shown(args, write->after);
    if (write->guard == EDU_IF_UNREGISTRABLE) { /* the viewer teaches, too */
        edu__args_add(args, write->key.viewer);
        edu__args_add(args, write->key.class_id);
        edu__args_add(args, write->key.viewer);
    }
    if (write->guard == EDU_IF_UNREGISTERED ||
        write->guard == EDU_IF_UNREGISTRABLE) {
        edu__args_add_keys(args, 3, &write->key);
    }
    if (write->guard == EDU_IF_UNREGISTRABLE) {
        edu__args_add_keys(args, 2, &write->key);
        return EDU_SQL_INSERT_UNREGISTRABLE;
    }
    return write->guard == EDU_IF_UNREGISTERED ? EDU_SQL_INSERT_UNREGISTERED
                                               : EDU_SQL_INSERT + write->table;
}

static int bind_update(edu_args_t *args, const edu_write_t *write)
{
    int publishes = write->after->shown != NULL;

    add_values(args, write);
    if (publishes) {
        add_shown(args, write->after);
    }
    add_key(args, write);
    edu__args_add(args, write->before->version);
    return publishes ? EDU_SQL_PUBLISH : EDU_SQL_UPDATE + write->table;
}

static int bind_delete(edu_args_t *args, const edu_write_t *write)
{
    add_key(args, write);
    edu__args_add(args, write->before->version);
    return EDU_SQL_DELETE + write->table;
}

static int bind_delete_below(edu_args_t *args, const edu_write_t *write)
{
    int keys = edu__shapes[write->table].keys;

    edu__args_add(args, write->key.class_id);
    if (keys > 1) {
        add_option(args, write->key.assignment_id);
    }
    if (keys > 2) {
        add_option(args, write->key.submission_id);
    }
    return EDU_SQL_DELETE_BELOW + write->table;
}

/* Submissions alone are touched. */
static int bind_touch(edu_args_t *args, const edu_write_t *write)
{
    edu__args_add(args, write->after->version);
    edu__args_add(args, write->after->modified_by);
    add_key(args, write);
    edu__args_add(args, write->guard == EDU_IF_VERSION ? write->before->version
                                                       : write->after->version);
    return write->guard == EDU_IF_VERSION ? EDU_SQL_TOUCH_VERSION
                                          : EDU_SQL_TOUCH;
}

static int bind_lock(edu_args_t *args, const edu_write_t *write)
{
    add_key(args, write);
    if (write->guard == EDU_IF_CHILDLESS) {
        edu__args_add_keys(args, 3, &write->key);
        return EDU_SQL_LOCK_CHILDLESS;
    }
    return write->table == EDU_ASSIGNMENT ? EDU_SQL_LOCK_ASSIGNMENT
                                          : EDU_SQL_LOCK_SUBMISSION;
}

int edu__bind(edu_args_t *args, const edu_write_t *write)
{
    static int (*const binds[])(edu_args_t * args, const edu_write_t *write) = {
        [EDU_INSERT] = bind_insert, [EDU_UPDATE] = bind_update,
        [EDU_DELETE] = bind_delete, [EDU_DELETE_BELOW] = bind_delete_below,
        [EDU_TOUCH] = bind_touch,   [EDU_LOCK] = bind_lock,
    };

    args->n = 0;
    return binds[write->op](args, write);
}

/* ------------------------------------------------------------------ records */

/* The actions of verbs that name none. */
static const char *const deeds[] = {
    [EDU_INSERT] = "create",
    [EDU_UPDATE] = "update",
    [EDU_DELETE] = "delete",
    [EDU_DELETE_BELOW] = "delete",
};

int edu__write_is_recorded(const edu_write_t *write)
{
    return write->op != EDU_TOUCH && write->op != EDU_LOCK &&
           write->table != EDU_REPEAT;
}

/* Whether no client named the row: changes go down from the one that was. */
static int is_derived(const edu_changes_t *changes, const edu_write_t *write)
{
    const edu_write_t *named = (const edu_write_t *)changes->writes->elts;

    while (!edu__write_is_recorded(named)) {
        named++;
    }
    return write->table != named->table;
}

/* The student whose the row is, or NULL. */
static const char *student_of(const edu_write_t *write)
{
    const edu_row_t *row = write->after ? write->after : write->before;

    return write->table == EDU_SUBMISSION ? row->recipient
           : write->table == EDU_OUTCOME  ? row->registration.user_id
                                          : NULL;
}

/* "1" if a change alters what the student may see of outcomes: which there are,
 * what one of them shows, or what they follow. */
static const char *shows_of(const edu_write_t *write)
{
    const edu_row_t *before = write->before, *after = write->after;

    switch (write->table) {
    case EDU_ASSIGNMENT:
        return "1";
    case EDU_SUBMISSION:
        return write->op == EDU_UPDATE ? NULL : "1";
    case EDU_OUTCOME:
        return after ? (after->shown ? "1" : NULL)
               : before->shown_version && *before->shown_version ? "1"
                                                                 : NULL;
    default:
        return NULL;
    }
}

/* The author of a change, and its time. */
static void add_actor(edu_args_t *args, const edu_changes_t *changes,
                      apr_pool_t *p)
{
    static const edu_caller_t nobody;
    const edu_caller_t *caller = changes->caller ? changes->caller : &nobody;

    edu__args_add(args, caller->user_id);
    edu__args_add(args, caller->user_name);
    edu__args_add(args, caller->application);
    edu__args_add(args, caller->address);
    edu__args_add(args, changes->trace ? changes->trace->request_id : NULL);
    edu__args_add(args, apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT,
                                     (apr_uint64_t)changes->now));
}

/* The whole path of a row, and what it is. */
static void add_recorded_key(edu_args_t *args, const edu_write_t *write)
{
    edu_key_t key = write->key;

    edu__args_add_keys(args, 3, &key);
    edu__args_add(args, *edu__key_id(&key, write->table));
    edu__args_add(args, edu__table_name(write->table));
}

/* The document before, and the version by which the record of it is found, if
 * the document names that. */
static void add_before(edu_args_t *args, const edu_write_t *write)
{
    static const edu_row_t nothing = { .version = "", .body = "" };
    const edu_row_t *before = write->before ? write->before : &nothing;
    int named = before->body && strstr(before->body, before->version) != NULL;

    edu__args_add(args, before->body);
    add_recorded_key(args, write);
    edu__args_add(args, named ? before->version : NULL);
    edu__args_add(args, before->body);
}

int edu__bind_record(edu_args_t *args, const edu_changes_t *changes,
                     const edu_write_t *write, apr_pool_t *p)
{
    const edu_row_t *before = write->before, *after = write->after;

    if (!edu__write_is_recorded(write)) {
        return 0;
    }
    edu__args_add(args, changes->action ? changes->action : deeds[write->op]);
    if (write->op == EDU_DELETE_BELOW) {
        add_actor(args, changes, p);
        bind_delete_below(args, write);
        return EDU_SQL_RECORD_BELOW + write->table;
    }
    edu__args_add(args, is_derived(changes, write) ? "1" : NULL);
    edu__args_add(args, shows_of(write));
    edu__args_add(args, student_of(write));
    add_actor(args, changes, p);
    add_before(args, write);
    add_recorded_key(args, write);
    edu__args_add(args, after ? after->version : before->version);
    edu__args_add(args, after ? after->body : NULL);
    return EDU_SQL_RECORD;
}
