/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Planned changes: data that can be printed, checked and sorted without a
 * database. */

#include "inner.h"

#include <apr_strings.h>

#include <stdlib.h>

/* More rows than any request may write: beyond is a bug. */
#define MAX_WRITES 1000000

static const char *const ops[] = {
    [EDU_INSERT] = "insert", [EDU_UPDATE] = "update",
    [EDU_DELETE] = "delete", [EDU_DELETE_BELOW] = "delete-below",
    [EDU_TOUCH] = "touch",   [EDU_LOCK] = "lock",
};

static const char *const tables[EDU_TABLES] = {
    [EDU_CLASS] = "class",           [EDU_MEMBER] = "member",
    [EDU_ASSIGNMENT] = "assignment", [EDU_SUBMISSION] = "submission",
    [EDU_OUTCOME] = "outcome",       [EDU_HISTORY] = "history",
    [EDU_REPEAT] = "repeat",
};

static const char *const guards[] = {
    [EDU_ALWAYS] = "",
    [EDU_IF_ABSENT] = " if absent",
    [EDU_IF_UNREGISTERED] = " if unregistered",
    [EDU_IF_UNREGISTRABLE] = " if unregistrable",
    [EDU_IF_PRESENT] = " if present",
    [EDU_IF_CHILDLESS] = " if childless",
    [EDU_IF_VERSION] = " if version ",
    [EDU_IF_EARLIER] = " if earlier than ",
};

const char *edu__table_name(edu_table_e table)
{
    return tables[table];
}

edu_write_t *edu__changes_add(edu_changes_t *changes, edu_op_e op,
                              edu_table_e table, edu_guard_e guard,
                              const edu_key_t *key)
{
    edu_write_t *write = apr_array_push(changes->writes);

    memset(write, 0, sizeof(*write));
    write->op = op;
    write->table = table;
    write->guard = guard;
    write->key = *key;
    return write;
}

/* --------------------------------------------------------------- lock order */

static int compare(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_keys(const edu_key_t *a, const edu_key_t *b)
{
    int order = compare(a->class_id, b->class_id);

    order = order ? order : compare(a->assignment_id, b->assignment_id);
    order = order ? order : compare(a->submission_id, b->submission_id);
    order = order ? order : compare(a->outcome_id, b->outcome_id);
    order = order ? order : compare(a->member_id, b->member_id);
    return order ? order : compare(a->repeat_id, b->repeat_id);
}

static int compare_rows(const edu_write_t *a, const edu_write_t *b)
{
    int order = (int)a->table - (int)b->table;

    return order ? order : compare_keys(&a->key, &b->key);
}

int edu__write_is_of_row(const edu_write_t *a, const edu_write_t *b)
{
    return compare_rows(a, b) == 0;
}

/* Of those of one row the earlier version first, so that a touch does not find
 * a later one. */
int edu__write_compare(const void *av, const void *bv)
{
    const edu_write_t *a = av, *b = bv;
    int order = compare_rows(a, b);

    order = order ? order : (int)a->op - (int)b->op;
    return order ? order
                 : compare(a->after ? a->after->version : NULL,
                           b->after ? b->after->version : NULL);
}

static edu_write_t *write_at(const edu_changes_t *changes, int i)
{
    return &APR_ARRAY_IDX(changes->writes, i, edu_write_t);
}

/* Most plans are in order already. */
void edu__changes_sort(edu_changes_t *changes)
{
    const apr_array_header_t *writes = changes->writes;
    int sorted = 1;

    for (int i = 1; sorted && i < writes->nelts; i++) {
        sorted = edu__write_compare(write_at(changes, i - 1),
                                    write_at(changes, i)) <= 0;
    }
    if (!sorted) {
        qsort(writes->elts, writes->nelts, sizeof(edu_write_t),
              edu__write_compare);
    }
}

/* ------------------------------------------------------------------- checks */

/* The fault of a write, or NULL. @param last  the one before, or NULL */
static const char *fault_of(const edu_write_t *write, const edu_write_t *last)
{
    int changes_row = write->op == EDU_UPDATE || write->op == EDU_DELETE;

    if (last && edu__write_is_of_row(last, write) &&
        (write->op != EDU_LOCK || last->op == EDU_LOCK)) {
        return "writes the same row twice";
    }
    if (changes_row && (write->guard != EDU_IF_VERSION || !write->before)) {
        return "has no guard";
    }
    if ((write->op == EDU_INSERT || write->op == EDU_UPDATE ||
         write->op == EDU_TOUCH) &&
        !write->after) {
        return "has no row to write";
    }
    return NULL;
}

apr_status_t edu__changes_check(const edu_changes_t *changes, edu_error_t *err,
                                apr_pool_t *p)
{
    int n = changes->writes->nelts;
    const char *fault = n > MAX_WRITES ? "is of too many rows" : NULL;
    const edu_write_t *write = NULL, *last = NULL;

    for (int i = 0; !fault && i < n; i++, last = write) {
        write = write_at(changes, i);
        fault = fault_of(write, last);
    }
    if (!fault) {
        return APR_SUCCESS;
    }
    edu_error_set(err, EDU_EINTERNAL, NULL, p, NULL);
    err->detail = apr_psprintf(p, "the plan to %s %s: %s",
                               changes->action ? changes->action : "write",
                               fault, write ? edu__write_print(write, p) : "");
    return EDU_EINTERNAL;
}

/* ----------------------------------------------------------------- printing */

static const char *text_of_key(const edu_key_t *key, apr_pool_t *p)
{
    const char *const ids[] = { key->class_id,      key->member_id,
                                key->assignment_id, key->submission_id,
                                key->outcome_id,    key->repeat_id };
    const char *text = "";

    for (int i = 0; i < (int)(sizeof(ids) / sizeof(ids[0])); i++) {
        if (ids[i]) {
            text = apr_pstrcat(p, text, *text ? "/" : " ", ids[i], NULL);
        }
    }
    return text;
}

/* The new row: its kind, version, place in lists if that is another instant,
 * author and document, and what its student is to see. */
static const char *text_of_row(const edu_write_t *write, apr_pool_t *p)
{
    const edu_row_t *row = write->after;
    int placed = write->op == EDU_INSERT && row->sort_key &&
                 strcmp(row->sort_key, row->version) != 0;
    const char *const parts[] = {
        row->kind,
        row->version,
        placed ? apr_pstrcat(p, "created ", row->sort_key, NULL) : NULL,
        row->modified_by,
        row->body,
        row->shown ? apr_pstrcat(p, "shown ", row->shown, NULL) : NULL
    };
    const char *text = ":";

    for (int i = 0; i < (int)(sizeof(parts) / sizeof(parts[0])); i++) {
        if (parts[i] && *parts[i]) {
            text = apr_pstrcat(p, text, " ", parts[i], NULL);
        }
    }
    return text;
}

const char *edu__write_print(const edu_write_t *write, apr_pool_t *p)
{
    const edu_row_t *seen = write->guard == EDU_IF_VERSION   ? write->before
                            : write->guard == EDU_IF_EARLIER ? write->after
                                                             : NULL;

    return apr_pstrcat(p, ops[write->op], " ", tables[write->table],
                       text_of_key(&write->key, p), guards[write->guard],
                       seen ? seen->version : "",
                       write->after ? text_of_row(write, p) : "", NULL);
}

const char *edu__changes_print(const edu_changes_t *changes, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < changes->writes->nelts; i++) {
        text = apr_pstrcat(p, text, edu__write_print(write_at(changes, i), p),
                           "\n", NULL);
    }
    return text;
}
