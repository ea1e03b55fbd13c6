/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_private.h
 * @brief What the files of the library share among themselves.
 *
 * Arrows go down only: service -> path, query, and the verbs in outcome and
 * list; verbs -> header, filter, check, entity, store; entity -> check, json,
 * time; check -> types.  A json_t is born and owned in edu_json.c and borrowed
 * everywhere else.
 */
#ifndef EDU_PRIVATE_H
#define EDU_PRIVATE_H

#include "edu_outcomes.h"

#include <jansson.h>

/* ------------------------------------------------------------ edu_types.c */

/** The shape of one value. */
typedef enum edu_kind_e {
    EDU_STRING,   /**< Edm.String */
    EDU_SINGLE,   /**< Edm.Single: a float32 */
    EDU_INT32,    /**< Edm.Int32 */
    EDU_BOOL,     /**< Edm.Boolean */
    EDU_DATETIME, /**< Edm.DateTimeOffset */
    EDU_ENUM,     /**< a string of prop.type->values */
    EDU_COMPLEX   /**< an object of prop.type or of a type derived from it */
} edu_kind_e;

/** What else holds of a property; the sources are in edu_types.c. */
enum {
    EDU_COLLECTION = 1, /**< an array of such values; never null */
    EDU_REQUIRED = 2,   /**< Nullable=false */
    EDU_BETA = 4,       /**< a member of Graph beta only */
    EDU_KEY = 8,        /**< the entity's id: set once, never changed */
    EDU_READONLY = 16,  /**< set by the server in ways of its own */
    EDU_STAMP = 32,     /**< set by the server whenever its object changes */
    EDU_CREATED = 64,   /**< set by the server when its object is created */
    EDU_GRADE = 128     /**< points: 0 <= x < 9999999 (decisions.md 3) */
};

/** What the server sets, so that a client's value is ignored. */
#define EDU_SERVER_SET (EDU_KEY | EDU_READONLY | EDU_STAMP | EDU_CREATED)

/** What else holds of a type. */
enum {
    EDU_ABSTRACT = 1, /**< values are of a derived type */
    EDU_OPEN = 2      /**< members it does not declare are kept */
};

typedef struct edu_type_t edu_type_t;

typedef struct edu_prop_t {
    const char *name;
    edu_kind_e kind;
    unsigned flags;
    const edu_type_t *type; /**< of an EDU_COMPLEX or EDU_ENUM, else NULL */
} edu_prop_t;

struct edu_type_t {
    const char *name; /**< without namespace */
    const edu_type_t *base;
    unsigned flags;
    const edu_prop_t *props;   /**< its own; ends with a NULL name */
    const char *const *values; /**< of an enumeration, in order of value */
};

/** Every type that "@odata.type" can name, NULL-terminated. */
extern const edu_type_t *const edu__types[];

/** The declared type of the outcomes collection. */
extern const edu_type_t edu__outcome;

/* ------------------------------------------------------------- edu_time.c */

/** An instant: 100 ns ticks since 1970-01-01T00:00:00Z. */
typedef apr_int64_t edu_time_t;

#define EDU_TICKS_PER_SECOND 10000000
#define EDU_LAST_SECOND 253402300799LL /**< of year 9999 */
#define EDU_TIME_MAX ((EDU_LAST_SECOND + 1) * EDU_TICKS_PER_SECOND - 1)

/** The clock. */
edu_time_t edu__time_now(void);

/**
 * Read an Edm.DateTimeOffset (OData ABNF dateTimeOffsetValue): any offset, 0
 * to 12 digits of a second's fraction, of which seven are kept.
 * @return APR_SUCCESS, or APR_EINVAL if @a s is none or leaves years 1 to 9999
 */
apr_status_t edu__time_parse(edu_time_t *t, const char *s);

/** Write an instant up to EDU_TIME_MAX as Graph does: UTC, Z, seven digits
 *  (contract.md 1.3). */
const char *edu__time_format(edu_time_t t, apr_pool_t *p);

/* ------------------------------------------------------------- edu_json.c */

/**
 * Parse what a client sent: UTF-8, no NUL, no duplicate members, at most 32
 * levels deep (decisions.md 3).
 * @return a value owned by @a p, or NULL and in @a err EDU_EBADREQUEST, or
 *         EDU_EGRADING for a number that no double holds
 */
json_t *edu__json_parse(const char *data, apr_size_t len, edu_error_t *err,
                        apr_pool_t *p);

/** Parse what the store holds. @return owned by @a p, or NULL: not JSON. */
json_t *edu__json_load(const char *text, apr_pool_t *p);

/** Give a new reference to @a p. @return json, borrowed from now on */
json_t *edu__json_own(json_t *json, apr_pool_t *p);

/** A new reference to a borrowed value, for a `_new` setter. */
json_t *edu__json_share(const json_t *json);

/** Compact text; a real keeps the 15 digits that every decimal survives. */
const char *edu__json_text(const json_t *json, apr_pool_t *p);

/** A string as a JSON string, quotes and all. */
const char *edu__json_quote(const char *s, apr_pool_t *p);

/** Whether @a s is well-formed UTF-8. */
int edu__json_is_utf8(const char *s);

/* ------------------------------------------------------------ edu_check.c */

/** The type of this name, with or without '#' and namespace, or NULL. */
const edu_type_t *edu__type_find(const char *name);

/** Whether @a type is @a base or derived from it. */
int edu__type_is(const edu_type_t *type, const edu_type_t *base);

/** A property of @a type or of its bases, or NULL. */
const edu_prop_t *edu__prop_find(const edu_type_t *type, const char *name);

/**
 * The type of a value: what @a in names, else what @a old (may be NULL) is,
 * else @a declared.
 * @return NULL if @a in names no type that can stand where @a declared is
 */
const edu_type_t *edu__type_of(const edu_type_t *declared, const json_t *old,
                               const json_t *in);

/**
 * Check a request body against the type tables.
 * @param old      the stored outcome that a PATCH changes; NULL for a POST
 * @param in       the body
 * @param dialect  EDU_DIALECT_BETA admits the members of beta
 * @return APR_SUCCESS, EDU_EBADREQUEST or EDU_EGRADING with the path of the
 *         first fault as err->target
 */
apr_status_t edu__check(const json_t *old, const json_t *in,
                        edu_dialect_e dialect, edu_error_t *err, apr_pool_t *p);

/* ----------------------------------------------------------- edu_entity.c */

/** What the server knows of a change. */
typedef struct edu_change_t {
    const edu_caller_t *caller;
    const char *id;      /**< of a new outcome */
    const char *version; /**< the outcome's version after the change */
    edu_time_t now;
    int trust; /**< keep server-set members that the body carries */
    apr_pool_t *p;
} edu_change_t;

/**
 * The outcome after a change: absent members keep their value, complex values
 * merge, collections are replaced whole, null clears; whatever changed is
 * stamped, and only that (contract.md 2.3, 2.4).
 * @param old  the stored outcome, NULL to create one
 * @param in   a body that edu__check has passed
 * @return owned by change->p; equal to @a old if nothing changed
 */
json_t *edu__entity_merge(const json_t *old, const json_t *in,
                          const edu_change_t *change);

/**
 * A number as Edm.Single keeps it: the shortest decimal that reads back as the
 * same float32, so that 85.1 stays 85.1, and no fraction where there is none.
 * @return a new reference
 */
json_t *edu__single(const json_t *in);

/**
 * A stored document as one dialect shows it.  The stored text itself goes out
 * where it is already that.
 * @param select  names (const char *) of the members to show beside the
 *                annotations, or NULL: all
 * @return @a text or a text from @a p; NULL if @a text is plainly no object
 */
const char *edu__entity_show(const char *type, const char *text,
                             edu_dialect_e dialect,
                             const apr_array_header_t *select, apr_pool_t *p);

/* ----------------------------------------------------------- edu_filter.c */

/** One step of a path into an outcome. */
typedef struct edu_step_t {
    const char *name;
    const edu_type_t *declared; /**< of the value that has this member */
    const edu_type_t *cast;     /**< of which it has to be, or NULL */
} edu_step_t;

/** A path into an outcome, resolved against the type tables. */
typedef struct edu_operand_t {
    apr_array_header_t *steps; /**< of edu_step_t */
    const edu_prop_t *prop;    /**< what the last step names */
    const edu_type_t *cast;    /**< of which the value has to be, or NULL */
} edu_operand_t;

/** One key of an $orderby. */
typedef struct edu_order_t {
    edu_operand_t operand;
    int descending;
} edu_order_t;

/** A parsed $filter. */
typedef struct edu_filter_t edu_filter_t;

/**
 * Parse a $filter: comparisons, in, and, or, not, parentheses, isof with a
 * quoted or unquoted name, paths into complex values with or without casts.
 * @param text  decoded
 * @return APR_SUCCESS; EDU_EQUERY: it is none, with Graph's words for it;
 *         EDU_ENOTIMPL: it calls a function; both with err->target
 */
apr_status_t edu__filter_parse(const edu_filter_t **filter, const char *text,
                               edu_dialect_e dialect, edu_error_t *err,
                               apr_pool_t *p);

/** Parse an $orderby; as edu__filter_parse. @param orders  of edu_order_t */
apr_status_t edu__orderby_parse(apr_array_header_t **orders, const char *text,
                                edu_dialect_e dialect, edu_error_t *err,
                                apr_pool_t *p);

/** Whether a stored document passes. */
int edu__filter_match(const edu_filter_t *filter, const json_t *outcome);

/** What a path leads to in a stored document; NULL for null and nothing. */
const json_t *edu__operand_value(const edu_operand_t *operand,
                                 const json_t *outcome);

/** Order two values of one property, NULL (null) first: <0, 0, >0. */
int edu__value_compare(const json_t *a, const json_t *b);

/* ------------------------------------------------------------ edu_query.c */

/** Where query options are used. */
enum { EDU_OF_COLLECTION = 1, EDU_OF_ENTITY = 2, EDU_OF_COUNT = 4 };

/** The system query options of a request. */
typedef struct edu_query_t {
    const apr_array_header_t *select;  /**< of const char *; NULL: all */
    const apr_array_header_t *orderby; /**< of edu_order_t; NULL: as created */
    const edu_filter_t *filter;        /**< NULL: none */
    int top;                           /**< rows a page */
    int skip;                          /**< rows to leave out first */
    int count;                         /**< tell how many there are in all */
    const json_t *after; /**< the last row of the page before: an array of its
                              created, id and values of orderby; or NULL */
    const char *kept;    /**< the options that a next page repeats */
} edu_query_t;

/**
 * Parse a query string.  What begins with no $ is an option of Graph's if it
 * has the name of one, else of somebody else's, and ignored.
 * @param raw  undecoded, or NULL
 * @param of   one of EDU_OF_*
 * @return APR_SUCCESS; EDU_EBADREQUEST, EDU_EQUERY, or EDU_ENOTIMPL for an
 *         option that exists but not here; err->target names the option
 */
apr_status_t edu__query_parse(edu_query_t *query, const char *raw, int of,
                              edu_dialect_e dialect, edu_error_t *err,
                              apr_pool_t *p);

/** The $skiptoken that leads on from a row. @param after  as in edu_query_t */
const char *edu__query_token(const json_t *after, apr_pool_t *p);

/* ------------------------------------------------------------- edu_path.c */

/** What a path names. */
typedef enum edu_resource_e {
    EDU_AT_ROOT,
    EDU_AT_BATCH,
    EDU_AT_EDUCATION,
    EDU_AT_CLASSES,
    EDU_AT_CLASS,
    EDU_AT_ASSIGNMENTS,
    EDU_AT_ASSIGNMENT,
    EDU_AT_SUBMISSIONS,
    EDU_AT_SUBMISSION,
    EDU_AT_OUTCOMES,
    EDU_AT_OUTCOMES_REF,
    EDU_AT_OUTCOMES_COUNT,
    EDU_AT_OUTCOME
} edu_resource_e;

typedef struct edu_path_t {
    edu_resource_e at;
    const char *class_id;
    const char *assignment_id;
    const char *submission_id;
    const char *outcome_id; /**< lower-case if it is a GUID */
} edu_path_t;

/**
 * Resolve a decoded resource path.  Keys stand as segments or in parentheses.
 * @return APR_SUCCESS; EDU_ENOTFOUND: nothing has this path; EDU_EBADREQUEST:
 *         a key is empty, over 128 bytes or not UTF-8, err->target naming its
 *         collection
 */
apr_status_t edu__path_parse(edu_path_t *path, const char *s, edu_error_t *err,
                             apr_pool_t *p);

/** The absolute URL of an outcome, or, without an outcome_id, of the
 *  collection. */
const char *edu__path_url(const edu_path_t *path, const char *base,
                          apr_pool_t *p);

/** The context URL of the collection that @a path is in, or of one entity of
 *  it (contract.md 2.1, 2.2). @param select  as in edu_query_t */
const char *edu__path_context(const edu_path_t *path, const char *base,
                              int entity, const apr_array_header_t *select,
                              apr_pool_t *p);

/** Whether @a s is a GUID: 8-4-4-4-12 hexadecimal digits. */
int edu__is_guid(const char *s);

/** A fresh GUID. */
const char *edu__new_guid(apr_pool_t *p);

/** A lower-case copy, as GUIDs are stored and compared (decisions.md 3). */
const char *edu__lower(const char *s, apr_pool_t *p);

/* ----------------------------------------------------------- edu_header.c */

/** Whether a Content-Type (may be NULL) is application/json, in UTF-8 if it
 *  names a charset. */
int edu__header_is_json(const char *content_type, apr_pool_t *p);

/** Whether an Accept field admits a media type: of the ranges that fit, the
 *  most specific decides (RFC 9110 12.5.1). */
int edu__header_accepts(const char *accept, const char *type, apr_pool_t *p);

/**
 * Whether a list of entity tags, or *, names a version (RFC 9110 13.1).
 * mod_deflate ends the tags of what it compressed in -gzip; the version that
 * they name is the same.
 * @param weak  whether weak tags count: for If-None-Match, not for If-Match
 */
int edu__header_names(const char *tags, const char *version, int weak);

/* ------------------------------------------------------------ edu_store.c */

/** One stored outcome. */
typedef struct edu_row_t {
    const char *id;
    const char *created; /**< its first version */
    const char *type;    /**< the type's name, without namespace */
    const char *version; /**< what the ETag quotes */
    const char *body;    /**< the document, compact JSON */
} edu_row_t;

/* All of these return EDU_EUNAVAILABLE if the database cannot answer.  Each is
 * one statement, so that a condition and the write it guards are one. */

/** Read one outcome. @return APR_SUCCESS or EDU_ENOOUTCOME */
apr_status_t edu__store_get(edu_row_t *row, const edu_store_t *store,
                            const edu_path_t *path, edu_error_t *err,
                            apr_pool_t *p);

/** How many rows edu__store_list reads at once. */
#define EDU_CHUNK 100

/**
 * Read a submission's outcomes in the order in which they were created, at
 * most EDU_CHUNK of them.
 * @param rows   of edu_row_t
 * @param after  the row to go on from: created and id are looked at
 */
apr_status_t edu__store_list(apr_array_header_t **rows,
                             const edu_store_t *store, const edu_path_t *path,
                             const edu_row_t *after, edu_error_t *err,
                             apr_pool_t *p);

/** Add an outcome. @return APR_SUCCESS, or EDU_ECONFLICT: the id is taken */
apr_status_t edu__store_insert(const edu_store_t *store, const edu_path_t *path,
                               const edu_row_t *row, edu_error_t *err,
                               apr_pool_t *p);

/**
 * Replace an outcome if it still is of @a version.
 * @return APR_SUCCESS, or EDU_EPRECONDITION: another was faster
 */
apr_status_t edu__store_replace(const edu_store_t *store,
                                const edu_path_t *path, const edu_row_t *row,
                                const char *version, edu_error_t *err,
                                apr_pool_t *p);

/** Remove an outcome if it still is of @a version; as edu__store_replace. */
apr_status_t edu__store_remove(const edu_store_t *store, const edu_path_t *path,
                               const char *version, edu_error_t *err,
                               apr_pool_t *p);

/** A unit of work: one transaction over one connection, behind the face of a
 *  store, so that verbs need not know of it. */
typedef struct edu_unit_t {
    edu_store_t store; /**< to be used while the unit lasts */
    const edu_store_t *lender;
    edu_dbd_t dbd;
    int broken; /**< it can only be rolled back */
} edu_unit_t;

/** Begin. @return APR_SUCCESS; or EDU_EUNAVAILABLE, and there is no unit */
apr_status_t edu__unit_begin(edu_unit_t *unit, const edu_store_t *store,
                             edu_error_t *err, apr_pool_t *p);

/** Set a mark that edu__unit_unmark removes. */
apr_status_t edu__unit_mark(edu_unit_t *unit);

/** Remove the mark. @param undo  what was written since it was set */
apr_status_t edu__unit_unmark(edu_unit_t *unit, int undo);

/**
 * End: all that was written is durable, or nothing was.
 * @return APR_SUCCESS, or EDU_EUNAVAILABLE: nothing was written
 */
apr_status_t edu__unit_end(edu_unit_t *unit, edu_error_t *err, apr_pool_t *p);

/* ---------------------------------------------------------- edu_service.c */

/** One request on its way. */
typedef struct edu_exchange_t {
    const edu_request_t *req;
    edu_response_t *res;
    edu_path_t path;
    edu_query_t query;
    edu_error_t *err;
    apr_pool_t *p;
} edu_exchange_t;

/** A request header, or NULL. */
const char *edu__header(const edu_exchange_t *x, const char *name);

/** Begin an answer with a JSON body. */
void edu__answer_json(edu_exchange_t *x, int status);

/** Add to the body of the answer. @param text  borrowed until it is sent */
void edu__append(edu_exchange_t *x, const char *text);

/* ---------------------------------------------------------- edu_outcome.c */

/** Refuse a request without running it. @param err  borrowed */
void edu__service_refuse(edu_response_t *res, const edu_request_t *req,
                         const edu_error_t *err, apr_pool_t *p);

/**
 * Read and parse the body of a request.
 * @return APR_SUCCESS; EDU_EMEDIATYPE; EDU_EBADREQUEST or EDU_EGRADING, as
 *         edu__json_parse; or as the server refuses it
 */
apr_status_t edu__read_body(edu_exchange_t *x, json_t **body);

/** A stored document that is none: EDU_EINTERNAL. */
apr_status_t edu__damaged(edu_exchange_t *x, const edu_row_t *row);

/** A stored document in the dialect of the mount, as $select wants it.
 *  @return APR_SUCCESS or as edu__damaged */
apr_status_t edu__shown(edu_exchange_t *x, const edu_row_t *row,
                        const char **text);

/** `{"@odata.context":…`: what every answer with data begins with. */
void edu__append_context(edu_exchange_t *x, int entity);

/** A verb: answers in x->res, or says why not in x->err. */
typedef apr_status_t edu_verb_fn(edu_exchange_t *x);

edu_verb_fn edu__outcome_create, edu__outcome_get, edu__outcome_update,
    edu__outcome_delete;

/* ------------------------------------------------------------- edu_list.c */

edu_verb_fn edu__outcome_list, edu__outcome_count;

/* ------------------------------------------------------------ edu_batch.c */

edu_verb_fn edu__batch_run;

#endif /* EDU_PRIVATE_H */
