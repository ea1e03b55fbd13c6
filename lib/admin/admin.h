/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file admin.h
 * @brief Shared by the files of admin/ among themselves.
 *
 * open <- status <- rows <- verify; copy, history.
 */
#ifndef EDU_ADMIN_H
#define EDU_ADMIN_H

#include "edu_admin.h"
#include "whole.h"

#if !(EDU_SEES & EDU_WING_ADMIN)
#error "this file may not see lib/admin"
#endif

/* ------------------------------------------------------------------ open.c */

/** The time that a statement may take: 2/5 of this. */
#define EDU_ADMIN_TIMEOUT apr_time_from_sec(3600)

/** Whether the database is a file; its name is the params then. */
int edu__admin_is_file(const edu_admin_t *admin);

/**
 * Make an empty file that its owner and the owner's group alone may read.
 * @param like  the file or directory whose owner it gets, where the caller may
 *              give files away; NULL: the directory of @a file
 * @return APR_SUCCESS; EDU_ECONFLICT: it exists; EDU_EUNAVAILABLE
 */
apr_status_t edu__admin_make_file(const char *file, const char *like,
                                  edu_error_t *err, apr_pool_t *p);

/** Set the error of an administrator. @return rv */
apr_status_t edu__admin_fail(edu_admin_t *admin, apr_status_t rv,
                             const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Begin a transaction: see edu__whole_begin. */
apr_status_t edu__admin_begin(edu_call_t *call, edu_admin_t *admin, int alone);

/** Tell of progress. */
void edu__admin_tell(const edu_admin_t *admin, const edu_whole_t *table,
                     apr_int64_t done, apr_int64_t all);

/* ------------------------------------------------------------------ rows.c */

/** A stored document as a check takes it, without members that are null: those
 *  that need a value have it in the row. @return NULL: it is no JSON object */
json_t *edu__admin_document(const char *text, apr_pool_t *p);

/* ---------------------------------------------------------------- status.c */

/** Whether there is no schema yet, nor a file. */
int edu__admin_is_new(edu_admin_t *admin);

/** Check that the schema is of a version that the library works with, and of
 *  SQLite that there is a file. @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__admin_check(edu_admin_t *admin);

#endif /* EDU_ADMIN_H */
