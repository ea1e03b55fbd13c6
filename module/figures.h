/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file figures.h
 * @brief The figures of a server: counters, the state of databases, forms.
 */
#ifndef EDU_FIGURES_H
#define EDU_FIGURES_H

#include "mod_edu.h"

/* ------------------------------------------------------------------ metrics */

/** The counters; their table is edum_counters. */
typedef enum edum_counter_e {
    EDUM_REQUESTS,
    EDUM_REFUSALS,
    EDUM_SECONDS,
    EDUM_MICROSECONDS, /**< the sum of those */
    EDUM_GROUPS,
    EDUM_GROUPED, /**< the sum of those */
    EDUM_WAITS,
    EDUM_WAITED, /**< in µs */
    EDUM_READS_LOST,
    EDUM_COUNTERS
} edum_counter_e;

/** A label of samples. */
typedef struct edum_label_t {
    const char *name; /**< NULL: there is none, and one value */
    const char *const *values;
    int n;
} edum_label_t;

/** Samples of one kind, as Prometheus has them. */
typedef struct edum_family_t {
    const char *name, *kind;
    const char *help; /**< NULL: the sum of the histogram before */
    edum_label_t labels[2];
    int unit; /**< what is counted is so small a part of what is told; 0: it is
                   that */
} edum_family_t;

extern const edum_family_t edum_counters[EDUM_COUNTERS];

/** Buckets of EDUM_GROUPS: groups of 1, up to 2, 4, …, and any. */
#define EDUM_GROUP_BUCKETS 9

/** An answer of 5xx. */
typedef struct edum_failure_t {
    apr_time_t at;
    int status;
    char code[32], request_id[40];
} edum_failure_t;

/** The failures that are kept. */
#define EDUM_FAILURES 10

/** Share the counters among all children; those from before a graceful restart
 *  go on.  Without them the server serves all the same. */
apr_status_t edum_metrics_make(server_rec *s);

/** Add to a counter. @param i, j  the places of its labels' values, or 0 */
void edum_metrics_add(edum_counter_e counter, int i, int j, apr_uint64_t n);

/** Count an answer. */
void edum_metrics_note(const request_rec *r, const edu_trace_t *trace,
                       const edu_response_t *res);

apr_uint64_t edum_metrics_read(edum_counter_e counter, int i, int j);

/** When counting began. */
apr_time_t edum_metrics_since(void);

/** A failure, 0 the newest; NULL: there are no more. */
const edum_failure_t *edum_metrics_failure(int i);

/* -------------------------------------------------------------------- watch */

/** The figures and the state of a database, for all processes of a start to
 *  share: to be made before there are others. */
void edum_watch_make(database_t *database, apr_pool_t *p);

/** Find a place for the figures of this process. */
void edum_watch_enter(database_t *database);

/** Takes the reports of a store. @param database  a database_t */
void edum_watch_take(void *database, const edu_report_t *report);

/** Whether a request that is refused is one of many: the log has been told why.
 *  It is counted then. */
int edum_watch_refuses(const database_t *database);

/** Whether the error log is to tell that there is no room: once a minute, for
 *  it may be on the same disk. */
int edum_watch_is_full_due(const database_t *database);

/** Whether a database can not be used. */
int edum_watch_is_away(const database_t *database);

/** Count the connections of all processes. */
void edum_watch_count(int *open, int *lent, const database_t *database);

/** Note a checkpoint, and tell when the last one was, in seconds since 1970; 0:
 *  there was none. */
void edum_watch_checkpoint(const database_t *database);
apr_uint32_t edum_watch_checkpointed(const database_t *database);

/* -------------------------------------------------------------------- forms */

/** Samples on their way to a client. */
typedef struct edum_out_t {
    request_rec *r;
    const struct edum_form_t *form;
    int n; /**< samples so far */
} edum_out_t;

/** A form of the samples; labels are names, each with its value, and NULL. */
typedef struct edum_form_t {
    const char *type; /**< the media type; NULL: of mod_status's page */
    const char *head, *tail;
    void (*family)(const edum_out_t *out, const edum_family_t *family);
    void (*sample)(const edum_out_t *out, const char *name,
                   const char *const *labels, const char *value);
} edum_form_t;

extern const edum_form_t edum_as_text, edum_as_json, edum_as_page,
    edum_in_server_status, edum_in_short_status;

/* ------------------------------------------------------------------- status */

/** The handlers edu-outcomes-live, edu-outcomes-ready and
 *  edu-outcomes-status. */
int edum_show_status(request_rec *r);

/** Adds the figures to mod_status's page; for a hook of optional hooks. */
void edum_status_hook(apr_pool_t *p);

#endif /* EDU_FIGURES_H */
