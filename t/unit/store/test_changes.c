/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Planned changes: how they are printed, sorted and checked. */

#include "unit.h"

#include "store.h"

static const edu_row_t row = {
    .kind = "T", .version = "2", .modified_by = "{by}", .body = "{2}"
};
static const edu_row_t old = { .version = "1" };

/* clang-format off */
#define C    { .class_id = "c" }
#define CM   { .class_id = "c", .member_id = "m" }
#define CA   { .class_id = "c", .assignment_id = "a" }
#define CAS  OUTCOME_AT("c", "a", "s", NULL)
#define CASO OUTCOME_AT("c", "a", "s", "o")

static const struct printed_t {
    edu_write_t write;
    const char *text, *fault;
} writes[] = {
    { { EDU_INSERT, EDU_CLASS, EDU_IF_ABSENT, C, NULL, &row },
      "insert class c if absent: T 2 {by} {2}", NULL },
    { { EDU_INSERT, EDU_SUBMISSION, EDU_ALWAYS, CAS, NULL,
        &row },
      "insert submission c/a/s: T 2 {by} {2}", NULL },
    { { EDU_INSERT, EDU_OUTCOME, EDU_IF_UNREGISTERED,
        CASO, NULL, &row },
      "insert outcome c/a/s/o if unregistered: T 2 {by} {2}", NULL },
    { { EDU_INSERT, EDU_OUTCOME, EDU_IF_UNREGISTRABLE,
        CASO, NULL, &row },
      "insert outcome c/a/s/o if unregistrable: T 2 {by} {2}", NULL },
    { { EDU_INSERT, EDU_CLASS, EDU_IF_ABSENT, C, NULL, NULL },
      "insert class c if absent", "has no row to write" },
    { { EDU_UPDATE, EDU_MEMBER, EDU_IF_VERSION, CM, &old, &row },
      "update member c/m if version 1: T 2 {by} {2}", NULL },
    { { EDU_UPDATE, EDU_MEMBER, EDU_ALWAYS, CM, &old, &row },
      "update member c/m: T 2 {by} {2}", "has no guard" },
    { { EDU_UPDATE, EDU_MEMBER, EDU_IF_PRESENT, CM, NULL, &row },
      "update member c/m if present: T 2 {by} {2}", "has no guard" },
    { { EDU_DELETE, EDU_ASSIGNMENT, EDU_IF_VERSION, CA, &old,
        NULL },
      "delete assignment c/a if version 1", NULL },
    { { EDU_DELETE, EDU_ASSIGNMENT, EDU_ALWAYS, CA, NULL,
        NULL },
      "delete assignment c/a", "has no guard" },
    { { EDU_DELETE_BELOW, EDU_OUTCOME, EDU_ALWAYS, CA, NULL,
        NULL },
      "delete-below outcome c/a", NULL },
    { { EDU_TOUCH, EDU_SUBMISSION, EDU_IF_EARLIER, CAS,
        NULL, &row },
      "touch submission c/a/s if earlier than 2: T 2 {by} {2}", NULL },
    { { EDU_TOUCH, EDU_SUBMISSION, EDU_IF_VERSION, CAS,
        &old, &row },
      "touch submission c/a/s if version 1: T 2 {by} {2}", NULL },
    { { EDU_LOCK, EDU_ASSIGNMENT, EDU_IF_PRESENT, CA, NULL,
        NULL },
      "lock assignment c/a if present", NULL },
    { { EDU_LOCK, EDU_SUBMISSION, EDU_IF_CHILDLESS, CAS,
        NULL, NULL },
      "lock submission c/a/s if childless", NULL },
};
/* clang-format on */

static edu_changes_t changes_of(const int *which, int n, apr_pool_t *p)
{
    edu_changes_t changes = { .action = "test" };

    changes.writes = apr_array_make(p, n, sizeof(edu_write_t));
    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(changes.writes, edu_write_t) = writes[which[i]].write;
    }
    return changes;
}

static void test_write(int i, apr_pool_t *p)
{
    const struct printed_t *it = &writes[i];
    edu_changes_t changes = changes_of(&i, 1, p);
    edu_error_t err = { 0 };
    const char *detail = it->fault
                             ? apr_pstrcat(p, "the plan to test ", it->fault,
                                           ": ", it->text, NULL)
                             : NULL;

    is_str(edu__write_print(&it->write, p), it->text,
           apr_psprintf(p, "write %d is printed", i));
    is_str(edu__changes_print(&changes, p),
           apr_pstrcat(p, it->text, "\n", NULL),
           apr_psprintf(p, "changes of write %d are a line", i));
    is_int(edu__changes_check(&changes, &err, p),
           it->fault ? EDU_EINTERNAL : APR_SUCCESS,
           apr_psprintf(p, "write %d is checked", i));
    is_str(err.detail, detail, apr_psprintf(p, "the fault of write %d", i));
}

/* Writes by their number in any order, how they are sorted, and what then is
 * wrong with them. */
/* clang-format off */
static const struct order_t {
    int n, given[4], sorted[4];
    const char *fault;
} orders[] = {
    { 4, { 11, 8, 5, 0 }, { 0, 5, 8, 11 }, NULL },
    { 3, { 2, 11, 13 }, { 13, 11, 2 }, NULL },
    { 2, { 14, 1 }, { 1, 14 }, NULL },
    { 2, { 0, 0 }, { 0, 0 }, "writes the same row twice" },
    { 2, { 11, 1 }, { 1, 11 }, "writes the same row twice" },
    { 2, { 13, 13 }, { 13, 13 }, "writes the same row twice" },
    { 2, { 10, 2 }, { 10, 2 }, NULL },
    { 0, { 0 }, { 0 }, NULL },
};
/* clang-format on */

static void test_order(int i, apr_pool_t *p)
{
    const struct order_t *it = &orders[i];
    edu_changes_t changes = changes_of(it->given, it->n, p);
    edu_changes_t sorted = changes_of(it->sorted, it->n, p);
    edu_error_t err = { 0 };

    edu__changes_sort(&changes);
    is_str(edu__changes_print(&changes, p), edu__changes_print(&sorted, p),
           apr_psprintf(p, "order %d is by table, key and op", i));
    is_int(edu__changes_check(&changes, &err, p),
           it->fault ? EDU_EINTERNAL : APR_SUCCESS,
           apr_psprintf(p, "order %d is checked", i));
    ok(!it->fault || strstr(err.detail, it->fault), "order %d: %s", i,
       it->fault ? it->fault : "nothing is wrong");
}

/* Only the number is looked at. */
static void test_many(apr_pool_t *p)
{
    edu_changes_t changes = changes_of(NULL, 0, p);
    edu_error_t err = { 0 };

    changes.writes->nelts = 1000001;
    is_int(edu__changes_check(&changes, &err, p), EDU_EINTERNAL,
           "changes of a million and one rows are a bug");
    is_str(err.detail, "the plan to test is of too many rows: ",
           "the detail tells that bug");
    is_int(err.status, 500, "the client is told of a server's error");
}

static void tests(apr_pool_t *p)
{
    for (int i = 0; i < (int)COUNT(writes); i++) {
        test_write(i, p);
    }
    for (int i = 0; i < (int)COUNT(orders); i++) {
        test_order(i, p);
    }
    test_many(p);
}

TAP_MAIN(tests)
