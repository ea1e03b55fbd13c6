/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file roster.h
 * @brief Rows of OneRoster as requests: ask <- roster.
 */
#ifndef EDU_ADMIN_ROSTER_H
#define EDU_ADMIN_ROSTER_H

#include "move.h"

/** An import of OneRoster. */
typedef struct edu_roster_t {
    edu_moved_t *moved;
    edu_admin_t *admin;
    const edu_import_t *how;
    edu_mount_t mount;
    edu_caller_t caller;
    edu_tx_t tx;
    const char *file; /* that is read, and the line in it */
    apr_int64_t line;
    const apr_array_header_t *names;  /* of its columns */
    const apr_array_header_t *fields; /* of the row */
    apr_hash_t *users;                /* of const json_t, by id */
    apr_hash_t *members;              /* of json_t, by class */
    apr_hash_t *classes;              /* of the class, by line item */
    const char *body;                 /* of the request */
    apr_status_t failed;              /* the database did */
    apr_pool_t *p;                    /* of the row */
} edu_roster_t;

/** Tell a fault of the row that is read. */
void edu__roster_tell(edu_roster_t *it, const char *field, const char *message);

/** A field of the row, "" if the file has no such column. */
const char *edu__roster_field(const edu_roster_t *it, const char *name);

/** A field that is an id; NULL: it is none, which is told. */
const char *edu__roster_id(edu_roster_t *it, const char *name);

/** A field that is a number. @return 0: it is none, which is told */
int edu__roster_number(double *value, edu_roster_t *it, const char *name);

/** Send a request that has to succeed; a refusal is told.
 *  @param json  its body, or NULL; a reference to it is taken
 *  @return whether it did */
int edu__roster_must(edu_roster_t *it, const char *method, const char *path,
                     json_t *json);

/** Whether there is no entity yet, or it may be replaced. */
int edu__roster_is_free(edu_roster_t *it, const char *path);

#endif /* EDU_ADMIN_ROSTER_H */
