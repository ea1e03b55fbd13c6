/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file api.h
 * @brief Requests, their answers, and the caller's rights.
 *
 * exchange <- negotiate, grading, placeholder (grading.h) <- tag <- annotate,
 * deeds <- view <- inline, part <- reply <- admit <- access <- the verbs
 * (verbs.h).
 */
#ifndef EDU_API_H
#define EDU_API_H

#include "odata.h"
#include "store.h"

#if !(EDU_SEES & EDU_WING_API)
#error "this file may not see lib/api"
#endif

typedef struct edu_exchange_t edu_exchange_t;

/** What is around a row's key in the context of an expansion. */
typedef struct edu_context_t {
    const char *before, *after; /**< NULL: the key is not in it */
} edu_context_t;

/* ------------------------------------------------------------- exchange.c */

/** Facts about a caller; access.inc says what each of them may. */
enum {
    EDU_IS_ANYONE = 1,    /**< a caller */
    EDU_IS_SELF = 2,      /**< the owner of a path by /me or /users */
    EDU_IS_RECIPIENT = 4, /**< of the submission; of a list, which then has no
                               others */
    EDU_IS_STUDENT = 8,   /**< of the class, for what is published and given to
                               them */
    EDU_IS_TEACHER = 16,  /**< of the class, or of every class */
    EDU_IS_ADMIN = 32,    /**< EduOutcomesAdmin holds */
    EDU_IS_APP = 64,      /**< an application that acts for itself */
    EDU_IS_STAFF = EDU_IS_TEACHER | EDU_IS_ADMIN | EDU_IS_APP,
    EDU_IS_RULES = 128 /**< admitted by the server's rules, which decide
                               alone (EduOutcomesAccess none) */
};

/** A request on its way to its answer. */
struct edu_exchange_t {
    const edu_request_t *req;
    edu_response_t *res;
    const edu_store_t *store; /**< the request's, or one in a transaction */
    edu_path_t path;
    const edu_route_t *route;        /**< of the method */
    const edu_set_t *set;            /**< of the route; NULL: no collection */
    const struct edu_allow_t *allow; /**< who may; NULL: nobody, or not yet
                                          known */
    unsigned facts;                  /**< EDU_IS_*, as far as they are known */
    int granted;                     /**< one of them suffices */
    int presumed;   /**< EDU_IS_TEACHER is one that the write itself asks for */
    unsigned hides; /**< flags of the properties that the caller sees as null:
                         EDU_DRAFT, EDU_GRADES */
    const char *only_student; /**< the student whose submissions alone this path
                               shows, or NULL */
    const char *given_to; /**< the student given all its assignments, or NULL */
    edu_query_t query;
    const char *expanded; /**< the part of the version that says what the answer
                               expands; NULL: the row's own says it */
    const edu_context_t *contexts; /**< of a list's expansions, or NULL */
    edu_format_t format;           /**< of an answer in JSON */
    int minimal, representation;   /**< Prefer: return= */
    edu_error_t *err;
    apr_pool_t *p;
};

/** A verb: answers in x->res, or refuses in x->err. */
typedef apr_status_t edu_verb_fn(edu_exchange_t *x);

/** A request header, or NULL. */
const char *edu__header(const edu_exchange_t *x, const char *name);

/** Begin an object, with its context unless that is not asked for. */
void edu__append_context_url(edu_exchange_t *x, const char *url);

/** Add the comma behind that context. */
void edu__append_comma(edu_exchange_t *x);

/** Drop the comma of the first member behind that context, where there is none.
 *  @param at  the part of the body that begins with it; if that is empty, the
 *             next does */
void edu__drop_comma(edu_exchange_t *x, int at);

/** Begin an answer with a JSON body. */
void edu__answer_json(edu_exchange_t *x, int status);

/** Add to the body of the answer. @param text  borrowed until it is sent */
void edu__append(edu_exchange_t *x, const char *text);

/** Add so many bytes of a text. */
void edu__append_bytes(edu_exchange_t *x, const char *text, apr_size_t len);

/** Whether the answer is a student's view. */
int edu__is_for_student(const edu_exchange_t *x);

/** Whether a request lists outcomes or submissions across those above them. */
int edu__is_across(const edu_exchange_t *x);

/** Whether the rows of a list tell by annotations where they belong. */
int edu__is_placed(const edu_exchange_t *x);

/** The whole key of a row of x->set: that of the path, and the row's own. */
void edu__row_key(edu_key_t *key, const edu_exchange_t *x,
                  const edu_row_t *row);

/**
 * Check that a client still waits for the answer; called before each part of a
 * long task.
 * @return APR_SUCCESS; EDU_EUNAVAILABLE: the client has gone, or the time of
 *         the $batch is over
 */
apr_status_t edu__go_on(edu_exchange_t *x);

/** The version of a row that changed at an instant: of one width, so that
 *  versions sort as text. */
const char *edu__version_at(edu_time_t t, apr_pool_t *p);

/** Note whose outcomes an answer shows, once for each submission.
 *  @param student  NULL: it is not registered
 *  @param id       of the only outcome; NULL: several */
void edu__note_read(const edu_exchange_t *x, const char *assignment_id,
                    const char *submission_id, const char *student,
                    const char *id);

/** Refuse a damaged document: EDU_EINTERNAL. */
apr_status_t edu__damaged(edu_exchange_t *x, const char *what, const char *id);

/** Refuse a missing entity: EDU_ENOTFOUND. */
apr_status_t edu__no_entity(edu_exchange_t *x, const edu_set_t *set);

/** Refuse a missing outcome: EDU_ENOOUTCOME. */
apr_status_t edu__no_outcome(edu_exchange_t *x);

/* ------------------------------------------------------------------ tag.c */

/** Whether a student reads submissions, whose rows change with each draft. */
int edu__is_students(const edu_exchange_t *x);

/** Whether an assignment is assigned, but from a time to come on.
 *  @param members  of its document */
int edu__is_waiting(const apr_array_header_t *members, apr_pool_t *p);

/** The version of a row for its reader: the row's own.  That of a submission
 *  would tell a student of drafts: it is a hash of what the document says. */
const char *edu__row_version(const edu_exchange_t *x, const edu_row_t *row);

/** The version of a view, which its entity tag quotes. */
const char *edu__version_of(const edu_exchange_t *x, const edu_row_t *row);

/** The part of a version that says what an answer holds besides its row. */
const char *edu__text_version(const char *text, apr_pool_t *p);

/** The entity tag of a view. */
const char *edu__tag_of(const edu_exchange_t *x, const edu_row_t *row);

/* ---------------------------------------------------------------- deeds.c */

/** Fill in the members of a submission that its row has in columns, and those
 *  of its deeds. @param row  of the submission, with its parent */
void edu__fill_submission(apr_array_header_t *members, const edu_exchange_t *x,
                          const edu_row_t *row);

/* ------------------------------------------------------------- annotate.c */

/** The text of an entity of x->set with all control information, or with none,
 *  as x->format asks. @return NULL: it is damaged */
const char *edu__annotate(const edu_exchange_t *x, const edu_row_t *row,
                          const char *text);

/** The URL of a row, by which it is changed. */
const char *edu__link_of(const edu_exchange_t *x, const edu_row_t *row);

/* ----------------------------------------------------------------- view.c */

/** A row of x->set as the query wants it, but for what it expands: the stored
 *  text itself where it is already that. @return NULL: it is damaged */
const char *edu__view_text(const edu_exchange_t *x, const edu_row_t *row);

/** The same as a document, before $select, for filters and orders.
 *  @return owned by x->p, or NULL: it is damaged */
json_t *edu__view(const edu_exchange_t *x, edu_row_t *row);

/** The document of an outcome, whatever the set: the row's own, parsed once, or
 *  a copy where the assignment changes it. @return as edu__view */
json_t *edu__view_outcome(const edu_exchange_t *x, edu_row_t *row);

/* --------------------------------------------------------------- inline.c */

/** The annotations by which a list across tells where an entity belongs. */
extern const edu_prop_t edu__places[];

/** A copy of the document of an entity, with these annotations. */
json_t *edu__place(const edu_exchange_t *x, const edu_row_t *row,
                   const json_t *doc);

/** The entity of a row, as the query wants it, without its opening brace.
 *  @return APR_SUCCESS or as edu__damaged */
apr_status_t edu__append_entity(edu_exchange_t *x, const edu_row_t *row);

/** What the query expands of a row: a comma and a member, for each. */
apr_status_t edu__append_levels(edu_exchange_t *x, const edu_row_t *row);

/** The contexts of a list, which are the same for all its rows but for their
 *  keys; NULL: there are none. */
const edu_context_t *edu__contexts(const edu_exchange_t *x, apr_pool_t *p);

/** Note whose outcomes an answer shows by this row, as edu__note_read. */
void edu__note_row(const edu_exchange_t *x, const edu_row_t *row);

/* ----------------------------------------------------------------- part.c */

/** Check that an entity is of the type that its path names.
 *  @return APR_SUCCESS, EDU_ENOTFOUND or EDU_ENOOUTCOME */
apr_status_t edu__part_check(edu_exchange_t *x, const edu_row_t *row);

/** Answer with the part of an entity that its path names; 204: it is null.
 *  @return APR_SUCCESS, EDU_ENOTFOUND, or as edu__damaged */
apr_status_t edu__part_answer(edu_exchange_t *x, const edu_row_t *row);

/* ---------------------------------------------------------------- reply.c */

/** `{"@odata.context":…`: the beginning of every answer with data, or `{` where
 *  no control information is asked for.
 *  @param entity  1: of one entity, not of a collection */
void edu__append_context(edu_exchange_t *x, int entity);

/** Answer with one entity. */
apr_status_t edu__answer_entity(edu_exchange_t *x, int status,
                                const edu_row_t *row);

/** Answer a GET with an entity, or 304, or 412. */
apr_status_t edu__answer_found(edu_exchange_t *x, const edu_row_t *row);

/** Answer 201 with an entity and its Location. */
apr_status_t edu__answer_created(edu_exchange_t *x, const edu_row_t *row);

/** Answer 204 to a change, where that is preferred to the entity.
 *  @param created  1: the entity is new */
apr_status_t edu__answer_minimal(edu_exchange_t *x, const edu_row_t *row,
                                 int created);

/** Check If-Match and If-None-Match. @param row  without a version: there is
 *  none yet
 *  @return APR_SUCCESS, EDU_EPRECONDITION, or APR_EOF where a GET is to be
 *          answered 304 */
apr_status_t edu__check_conditions(edu_exchange_t *x, const edu_row_t *row);

/** Require If-Match, if the mount does.  Called before the body is read, so
 *  that a client that expects 100-continue need not send it.
 *  @return APR_SUCCESS or EDU_ENOCONDITION */
apr_status_t edu__check_blind(edu_exchange_t *x);

/* ---------------------------------------------------------------- admit.c */

/** Check that the caller is authenticated, or need not be.
 *  @return APR_SUCCESS or EDU_EUNAUTHORIZED */
apr_status_t edu__check_caller(const edu_request_t *req, edu_error_t *err,
                               apr_pool_t *p);

/** Apply the server's rules to the canonical path of a request too, unless
 *  they were applied to that already (decisions.md 3).
 *  @param req   out: as the rules of that path have it served
 *  @param path  of @a req
 *  @return APR_SUCCESS, or what the server refuses with */
apr_status_t edu__admit_canonical(edu_request_t *req, const edu_path_t *path,
                                  edu_error_t *err, apr_pool_t *p);

/** Have a POST to $query served as the GET that it stands for, as far as the
 *  server's rules for that allow. @param req  its query is that of the GET
 *  @return as edu__admit_canonical */
apr_status_t edu__admit_read(edu_request_t *req, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p);

/** Whether an assignment is published, as of now, and given to the caller.
 *  @param text  its document, or NULL */
int edu__is_given(const edu_exchange_t *x, const char *text);

/** The same for any user, as of any time. */
int edu__is_given_to(const char *user_id, const char *text, edu_time_t when,
                     apr_pool_t *p);

/** Find the owner of a path by /me or /users.
 *  @return APR_SUCCESS; EDU_EUNAUTHORIZED: the caller has no id */
apr_status_t edu__find_owner(edu_exchange_t *x);

/** Find the class through which an owner has an assignment, and apply the
 *  server's rules for that.
 *  @param n  out: how many there are; only of one is the path completed
 *  @return APR_SUCCESS, EDU_EUNAVAILABLE, or what the server refuses with */
apr_status_t edu__find_class(edu_exchange_t *x, int *n);

/* --------------------------------------------------------------- access.c */

/**
 * Find what is known of the caller and of the path before the verb reads, and
 * either grant or refuse access, or leave that to the first read of the class.
 * @return APR_SUCCESS: granted, or to be settled; EDU_EUNAUTHORIZED,
 *         EDU_EFORBIDDEN; of a path by /me or /users also EDU_ENOTFOUND,
 *         EDU_ECONFLICT, and what the server refuses the path by its class with
 */
apr_status_t edu__access_begin(edu_exchange_t *x);

/**
 * Settle access by the caller's role in the class.  Each read of a class's rows
 * for the key's viewer comes here before its rows are looked at.
 * @param row  what the path names, as it was read: its registration counts, and
 *             whether there is such an outcome
 * @return APR_SUCCESS; EDU_EFORBIDDEN: the caller is in no role that may;
 *         EDU_ENOTFOUND or EDU_ENOOUTCOME: it is not a student's to see
 */
apr_status_t edu__access_settle(edu_exchange_t *x, const edu_row_t *row);

/** Settle access, if no read has yet, by a read for that.
 *  @return as edu__access_settle, or EDU_EUNAVAILABLE */
apr_status_t edu__access_require(edu_exchange_t *x);

/** Take the caller for a teacher of the class until the role is read, for a
 *  write whose guard asks for that role itself (EDU_IF_UNREGISTRABLE). */
void edu__access_presume(edu_exchange_t *x);

/** Replace the result of a request by a refusal of access that was not settled
 *  yet: without access there is nothing to learn by a mistake in a request.
 *  @return @a rv, or as edu__access_require */
apr_status_t edu__access_end(edu_exchange_t *x, apr_status_t rv);

/** Whether a student's list shows a row: its assignment is published and given
 *  to the student.  Its documents must not have been left out. */
int edu__access_shows(const edu_exchange_t *x, const edu_row_t *row);

/** Check that the caller may read all that a query expands and is filtered or
 *  ordered by.
 *  @return APR_SUCCESS or EDU_EFORBIDDEN */
apr_status_t edu__check_query(edu_exchange_t *x);

/**
 * Check that the path of a request may show a submission's outcomes.
 * @return APR_SUCCESS; EDU_ENOTFOUND: it is not registered but has to be, or is
 *         another student's
 */
apr_status_t edu__admit(edu_exchange_t *x,
                        const edu_registration_t *registration);

#endif /* EDU_API_H */
