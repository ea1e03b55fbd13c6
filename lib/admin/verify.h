/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file verify.h
 * @brief A check of all rows: rows <- verify.
 */
#ifndef EDU_ADMIN_VERIFY_H
#define EDU_ADMIN_VERIFY_H

#include "admin.h"

/** A check on its way. */
typedef struct edu_verify_t {
    edu_admin_t *admin;
    edu_call_t call;
    edu_admin_verdict_t *verdict;
    edu_admin_fault_fn *tell;
    void *baton;
    apr_pool_t *p; /**< of a row */
} edu_verify_t;

/** Tell a fault. @param target  the path of it in a document, or NULL */
void edu__verify_fault(const edu_verify_t *v, const edu_cursor_t *at,
                       const char *column, const char *target,
                       const char *message);

/** Check a row by itself. */
void edu__verify_row(const edu_verify_t *v, int table, const edu_cursor_t *at);

#endif /* EDU_ADMIN_VERIFY_H */
