/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file verbs.h
 * @brief Verbs, and the way to them.
 *
 * key <- repeat <- write <- the methods of each entity set <- verbs <- dispatch
 * <- batch <- service.
 */
#ifndef EDU_VERBS_H
#define EDU_VERBS_H

#include "api.h"

/* ---------------------------------------------------------------- write.c */

/**
 * Read and parse the body of a request.
 * @return APR_SUCCESS; EDU_EMEDIATYPE; EDU_EBADREQUEST or EDU_EGRADING, as
 *         edu__json_parse; or as the server refuses it
 */
apr_status_t edu__read_body(edu_exchange_t *x, const json_t **body);

/** Check that a document is not too large to be stored (EduOutcomesMaxBody).
 *  @param what  the target of a refusal
 *  @return APR_SUCCESS or EDU_ETOOLARGE */
apr_status_t edu__check_size(edu_exchange_t *x, const edu_row_t *row,
                             const char *what);

/** The key by which a request can be sent again. */
typedef struct edu_repeat_t {
    const char *header; /**< that gives it */
    int has_result;     /**< answers tell it: it is of OASIS's kind */
    const char *id;     /**< of its row */
    edu_time_t begins;  /**< when it was first sent, or now */

    const apr_table_t *headers; /**< of the answer, before it is made */

    /* for repeat.c */
    const char *request; /**< what a repetition has in common; NULL: not yet
                              known */
    edu_row_t row;       /**< as it was read; stored 0: there is none */
} edu_repeat_t;

/** A change on its way: the rows that a verb read, and its plan. */
typedef struct edu_plan_t {
    /* of the request */
    const json_t *body;   /**< NULL: the verb takes none */
    edu_time_t now;       /**< the instant of the change */
    int round;            /**< how often it was overtaken */
    edu_repeat_t *repeat; /**< NULL: it has no key */

    /* read by the verb */
    edu_row_t was;            /**< the row of the path; stored 0: none */
    edu_row_t above;          /**< what that is below */
    apr_array_header_t *rows; /**< of edu_row_t: others beside or below it */
    apr_array_header_t *open; /**< of edu_row_t: see edu__assign_read */

    /* planned by the verb */
    edu_changes_t changes;
    edu_row_t row; /**< the row of the path then */
    int status;    /**< of the answer: 200 or 201 with that row, or 204 */
} edu_plan_t;

/** A stage of a write. @return APR_SUCCESS, or a refusal */
typedef apr_status_t edu_plan_fn(edu_exchange_t *x, edu_plan_t *plan);

/** A verb that writes. */
typedef struct edu_writer_t {
    const char *action; /**< its name, for people and the history; NULL: that of
                             the bound action, or of what each write does */
    int unconditional;  /**< EduOutcomesRequireIfMatch does not concern it */
    edu_plan_fn *check; /**< of the body alone; NULL: there is none to read */
    edu_plan_fn *read;  /**< reads the rows of the plan */
    edu_plan_fn *plan;  /**< pure: it neither reads rows nor the clock */
} edu_writer_t;

/** Read, plan, commit, answer; and start over if another change came between,
 *  with the conditions of the request: of two requests that name the same
 *  version, the later gets 412. */
apr_status_t edu__write(edu_exchange_t *x, const edu_writer_t *writer);

/** The check of a PATCH, whose body can only be checked together with the row
 *  that it changes: none. @return APR_SUCCESS */
edu_plan_fn edu__check_later;

/** Read the row that the path names into the plan, for an edu_writer_t.
 *  @return as edu__resource_read */
apr_status_t edu__plan_read(edu_exchange_t *x, edu_plan_t *plan);

/** Fill in the change of a row (without a version: a creation).  Its version
 *  is the plan's instant; neither that nor its stamp ever goes back.
 *  @param old  the row's document, or NULL */
void edu__plan_change(edu_change_t *change, const edu_exchange_t *x,
                      const edu_plan_t *plan, const json_t *old,
                      const edu_row_t *was);

/** Plan to replace a row by another, each with its id below the path.
 *  @param before  as it was read; stored 0: there was none
 *  @param after   NULL: it is deleted */
void edu__plan_row(const edu_exchange_t *x, edu_plan_t *plan, edu_table_e table,
                   const edu_row_t *before, const edu_row_t *after);

/** Plan to touch the path's submission: a new version, by the caller.
 *  @param as_read  its version; NULL: any that is earlier than the new one */
void edu__plan_touch(const edu_exchange_t *x, edu_plan_t *plan,
                     const char *as_read, const char *version);

/** The caller, as edu_row_t's by. */
const char *edu__caller_text(const edu_exchange_t *x);

/* ------------------------------------------------------------------ key.c */

/** The ticks for which an answer is kept. */
edu_time_t edu__kept_for(const edu_exchange_t *x);

/** Tell whether the request counts as one that can be sent again. */
void edu__key_tell(const edu_exchange_t *x, int accepted);

/**
 * Read the key of a request that writes (docs/repeatable-requests.md).
 * @param repeat  out: NULL: it has none
 * @return APR_SUCCESS; EDU_EBADREQUEST; EDU_EPRECONDITION: it is too old;
 *         EDU_ENOTIMPL: answers are not kept here
 */
apr_status_t edu__key_read(edu_exchange_t *x, edu_repeat_t **repeat);

/** Refuse a key of what has none. @param what  a $batch
 *  @return APR_SUCCESS: there is no key; or EDU_ENOTIMPL */
apr_status_t edu__key_refuse(edu_exchange_t *x, const char *what);

/* --------------------------------------------------------------- repeat.c */

/**
 * Settle access, then look for the answer that the request was given before.
 * @param plan  begun, with the body as it was sent
 * @return APR_SUCCESS: there is none; APR_EOF: it is that of the exchange now;
 *         EDU_EPRECONDITION or EDU_EUNPROCESSABLE: the key is of another
 *         request; or as edu__access_require or edu__store_get
 */
apr_status_t edu__repeat_find(edu_exchange_t *x, edu_plan_t *plan);

/** Plan to keep the answer of the exchange, which is ready to be sent. */
void edu__repeat_keep(const edu_exchange_t *x, edu_plan_t *plan);

/* ----------------------------------------------------------------- read.c */

/** Read the row that the path names. @return APR_SUCCESS or EDU_ENOTFOUND */
apr_status_t edu__resource_read(edu_exchange_t *x, edu_row_t *row);

edu_verb_fn edu__resource_get;

/* ------------------------------------------------------------- document.c */

edu_verb_fn edu__service, edu__education, edu__metadata, edu__openapi_get;

/* ------------------------------------------------------------- resource.c */

extern const edu_writer_t edu__resource_put, edu__resource_patch,
    edu__resource_delete;

/* -------------------------------------------------------------- outcome.c */

edu_verb_fn edu__outcome_get;

extern const edu_writer_t edu__outcome_create, edu__outcome_update,
    edu__outcome_delete;

/* ----------------------------------------------------------- submission.c */

/** Fill in the columns of a PUT submission besides its document, or refuse it.
 *  @param plan  rows: those of the same recipient */
apr_status_t edu__finish_submission(edu_exchange_t *x, edu_plan_t *plan,
                                    const json_t *doc);

extern const edu_writer_t edu__submission_act;

/* ------------------------------------------------------------ assigning.c */

/** Plan a submission for each recipient who has none, of the assignment that
 *  the plan's row is. @param plan  rows: the students of the class */
void edu__assign_to_class(const edu_exchange_t *x, edu_plan_t *plan,
                          const json_t *doc);

/** Read the assignments of the path's class that students who join may get, as
 *  plan->open: each with its id, the version of new submissions, and a document
 *  of the members that edu__assign_to_joined looks at. */
apr_status_t edu__assign_read(edu_exchange_t *x, edu_plan_t *plan);

/**
 * Plan a submission of each open assignment (contract.md 7) for each member of
 * the plan who is a student, and was none before.
 * @param plan  open: as edu__assign_read left it
 * @return APR_SUCCESS or EDU_EBADREQUEST: these are too many
 */
apr_status_t edu__assign_to_joined(edu_exchange_t *x, edu_plan_t *plan);

/* --------------------------------------------------------------- member.c */

/** Read all members of the path's class.
 *  @param rows  out: of edu_row_t
 *  @param role  of those alone, or NULL */
apr_status_t edu__roster_read(edu_exchange_t *x, apr_array_header_t **rows,
                              const char *role);

extern const edu_writer_t edu__member_add, edu__member_remove, edu__members_put;

/* ----------------------------------------------------------- assignment.c */

extern const edu_writer_t edu__assignment_create, edu__assignment_update,
    edu__assignment_publish, edu__assignment_activate, edu__assignment_folder;

/* -------------------------------------------------------------- version.c */

/** The rows of the history that a list of versions shows, as far as $filter and
 *  $orderby tell before they are read. */
edu_range_t edu__versions_range(const edu_exchange_t *x);

/** Check that what has no versions is there.
 *  @return APR_SUCCESS, EDU_ENOTFOUND or EDU_ENOOUTCOME */
apr_status_t edu__versions_none(edu_exchange_t *x);

edu_verb_fn edu__version_get;

extern const edu_writer_t edu__outcome_restore, edu__submission_restore;

/* ----------------------------------------------------------------- list.c */

edu_verb_fn edu__list, edu__count, edu__recent;

/** The member of an answer that leads on from a page.
 *  @param token  of the next page; NULL: this is the last one */
typedef const char *edu_link_fn(void *baton, const char *token);

/** As edu__list, with links of one's own. */
apr_status_t edu__list_linked(edu_exchange_t *x, edu_link_fn *link,
                              void *baton);

/* ---------------------------------------------------------------- delta.c */

edu_verb_fn edu__delta;

/* ---------------------------------------------------------------- verbs.c */

/** The function behind a route. */
typedef struct edu_verb_t {
    edu_verb_fn *run; /**< NULL: it writes */
    const edu_writer_t *write;
} edu_verb_t;

/** One for each of edu__routes, in the same order. */
extern const edu_verb_t edu__verbs[];

/* ------------------------------------------------------------- dispatch.c */

/**
 * Answer a request as edu_service_run does.
 * @param batch  the verb of $batch, of which nothing is known here
 */
void edu__dispatch(edu_response_t *res, const edu_request_t *req,
                   edu_verb_fn *batch, apr_pool_t *p);

/** Whether a method of a resource reads and does not write. */
int edu__dispatch_reads(const edu_path_t *path, const char *method);

/** Refuse a request without running it. @param err  borrowed */
void edu__dispatch_refuse(edu_response_t *res, const edu_request_t *req,
                          const edu_error_t *err, apr_pool_t *p);

/* ---------------------------------------------------------------- batch.c */

edu_verb_fn edu__batch_run;

#endif /* EDU_VERBS_H */
