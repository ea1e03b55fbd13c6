/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file odata.h
 * @brief URLs: resource paths, query options, expressions.
 *
 * routes <- path; filter <- query.  No file here knows a request or the store.
 */
#ifndef EDU_ODATA_H
#define EDU_ODATA_H

#include "tree.h"

#if !(EDU_SEES & EDU_WING_ODATA)
#error "this file may not see lib/odata"
#endif

/* --------------------------------------------------------------- routes.c */

/** The entity sets. */
typedef enum edu_set_e {
#define SET(id, name, type, table, depth, only, evolves) EDU_##id,
#include "routes.inc"
    EDU_SETS
} edu_set_e;

/** An entity set; routes.inc explains the members. */
typedef struct edu_set_t {
    edu_set_e id;
    const char *name;
    const edu_type_t *type;
    edu_table_e table;
    int depth;
    const char *only; /**< or NULL */
    int evolves;
} edu_set_t;

extern const edu_set_t edu__sets[EDU_SETS];

#define edu__classes (&edu__sets[EDU_CLASSES])
#define edu__members (&edu__sets[EDU_MEMBERS])
#define edu__teachers (&edu__sets[EDU_TEACHERS])
#define edu__assignments (&edu__sets[EDU_ASSIGNMENTS])
#define edu__submissions (&edu__sets[EDU_SUBMISSIONS])
#define edu__outcomes (&edu__sets[EDU_OUTCOMES])
#define edu__outcome_versions (&edu__sets[EDU_OUTCOME_VERSIONS])
#define edu__submission_versions (&edu__sets[EDU_SUBMISSION_VERSIONS])
#define edu__class_versions (&edu__sets[EDU_CLASS_VERSIONS])
#define edu__none NULL

/** The resources that a path can name. */
typedef enum edu_resource_e {
    EDU_RES_ROOT,
#define NODE(at, from, segment) EDU_RES_##at,
#include "routes.inc"
} edu_resource_e;

/** A step of a path from one resource to the next: by a name or, if that is
 *  NULL, by a key. */
typedef struct edu_node_t {
    edu_resource_e resource, from;
    const char *name;
    apr_size_t key;     /**< offset in edu_path_t */
    const char *member; /**< the name of that member */
    int bound;     /**< an action or a function: its namespace may be named */
    int elsewhere; /**< leads to entities that the one before has not */
} edu_node_t;

/** Ends with EDU_RES_ROOT.  Aliases follow their canonical name. */
extern const edu_node_t edu__nodes[];

/** A navigation property. */
typedef struct edu_nav_t {
    edu_set_e set;     /**< of the entities that have it */
    const char *name;  /**< NULL ends the table */
    edu_resource_e at; /**< the resource that it leads to; EDU_RES_ROOT: a part
                            of the entity, or nothing that is kept here */
} edu_nav_t;

extern const edu_nav_t edu__navs[];

/** The name of a bound action or function; NULL: the resource is none. */
const char *edu__call_of(edu_resource_e resource);

/** What may follow a resource: " /a, /{id}", or "". */
const char *edu__path_steps(edu_resource_e resource, apr_pool_t *p);

/** Where query options are used. */
enum {
    EDU_OF_NOTHING = 0,
    EDU_OF_COLLECTION = 1,
    EDU_OF_ENTITY = 2,
    EDU_OF_COUNT = 4,
    EDU_OF_INLINE = 8,    /**< within $expand */
    EDU_OF_DOCUMENT = 16, /**< what tells of the service, and of no person */
    EDU_OF_DELTA = 32,    /**< what has changed in a collection */
    EDU_OF_PROPERTY = 64  /**< of an entity */
};

/** The kinds of context of an answer. */
typedef enum edu_answer_e {
    EDU_ANSWER_SET,   /**< the collection of the path, or an entity of it */
    EDU_ANSWER_TYPE,  /**< the type alone, as actions do */
    EDU_ANSWER_TYPES, /**< the collection of a type, as functions do */
    EDU_ANSWER_NONE   /**< none: 204 */
} edu_answer_e;

/** A method of a resource. */
typedef struct edu_route_t {
    edu_resource_e resource;
    const char *method;   /**< NULL ends the table */
    const edu_set_t *set; /**< NULL: none */
    int options;          /**< EDU_OF_* */
    edu_answer_e answer;
} edu_route_t;

extern const edu_route_t edu__routes[];

/** The route of a method; NULL: the resource has no such method. */
const edu_route_t *edu__route_of(edu_resource_e resource, const char *method);

/* ----------------------------------------------------------------- path.c */

/** A step from an entity, or from a complex value of it, to a property. */
typedef struct edu_leg_t {
    const edu_prop_t *prop;
    const edu_type_t *of;   /**< the type that has it, where a value of the
                                 declared type need not; else NULL */
    const edu_type_t *cast; /**< the path names this type next, or NULL */
} edu_leg_t;

/** What a path reads of the values that its legs lead to. */
typedef enum edu_part_e {
    EDU_PART_VALUE, /**< the value in JSON */
    EDU_PART_RAW,   /**< $value: the value of a primitive type, as text */
    EDU_PART_COUNT  /**< $count: the number of values */
} edu_part_e;

typedef struct edu_path_t {
    edu_resource_e resource;
    edu_key_t key;
    const edu_type_t *cast;   /**< of which the entities of the resource have to
                                 be, or NULL */
    apr_array_header_t *legs; /**< of edu_leg_t: to a property of the resource;
                                   NULL: the path names itself */
    edu_part_e part;
    int query;             /**< $query: the options of a GET are in the body */
    const char *user_root; /**< the segments that the path has instead of a
                                 class, as in a context URL: me or users('…');
                                 NULL: it has a class */
    const char *user_id;   /**< whose; NULL for me and without an owner */
    const char *canonical; /**< the path in the one spelling that rules of the
                                 server are written for, decoded */
    const char *whole;     /**< the same of the resource itself, where the path
                                names a part or a type of it, or $query: their
                                rules hold, too; else NULL */
    const char *rest;      /**< with an owner: what follows it in that, from
                                 the slash on */
} edu_path_t;

/**
 * Resolve a decoded resource path, in any of its spellings: keys as segments or
 * in parentheses, actions and functions with or without their namespace.
 * @return APR_SUCCESS; EDU_ENOTFOUND: no resource has this path;
 *         EDU_EBADREQUEST: a key is empty, over 128 bytes or not UTF-8,
 *         err->target naming its collection
 */
apr_status_t edu__path_parse(edu_path_t *path, const char *s, edu_error_t *err,
                             apr_pool_t *p);

/** The absolute URL of an entity, or, without an @a id, of the collection. */
const char *edu__path_url(const edu_path_t *path, const edu_set_t *set,
                          const char *id, const char *base, apr_pool_t *p);

/** The URL of a user, by which a reference names a member. */
const char *edu__path_user(const char *id, const char *base, apr_pool_t *p);

/** A key as a URL has it between quotes. */
const char *edu__path_key(const char *key, apr_pool_t *p);

/** The context URL of a set, up to its name (contract.md 2.1, 2.2). */
const char *edu__path_context(const edu_path_t *path, const edu_set_t *set,
                              const char *base, apr_pool_t *p);

/** The type that the path names, as a segment with its slash, or "". */
const char *edu__path_cast(const edu_path_t *path, apr_pool_t *p);

/** The context URL of the property that the legs of a path lead to.
 *  @param context  of the set of the entity with this @a id */
const char *edu__path_part_context(const edu_path_t *path, const char *context,
                                   const char *id, apr_pool_t *p);

/** The context URL of a type, or of a collection of it. */
const char *edu__type_context(const edu_type_t *type, int collection,
                              const char *base, apr_pool_t *p);

/* --------------------------------------------------------------- filter.c */

/** One key of an $orderby. */
typedef struct edu_order_t {
    const char *path; /**< as written */
    const edu_expr_t *key;
    int descending;
} edu_order_t;

/** A parameter alias: @name=value in the query. */
typedef struct edu_alias_t {
    const char *name; /**< with its @ */
    const char *value;
} edu_alias_t;

typedef struct edu_query_t edu_query_t;

/** Parse an $orderby; as edu__filter_parse.  A repeated key is left out.
 *  @param orders  of edu_order_t */
apr_status_t edu__orderby_parse(apr_array_header_t **orders, const char *text,
                                edu_query_t *of, edu_error_t *err,
                                apr_pool_t *p);

/** Whether a document passes a filter. @param p  has no less memory after it
 *  @return 1 or 0; -1: to tell would take too much time */
int edu__filter_match(const edu_expr_t *filter, const json_t *entity,
                      apr_pool_t *p);

/** Whether a document passes the $filter of a query, if it has one.
 *  @return APR_SUCCESS, or EDU_EQUERY: to tell would take too much time */
apr_status_t edu__query_admits(int *fits, const edu_query_t *query,
                               const json_t *entity, edu_error_t *err,
                               apr_pool_t *p);

/** The value of an expression for a document; as edu__query_admits. */
apr_status_t edu__expr_find(edu_value_t *value, const edu_expr_t *expr,
                            const json_t *entity, const edu_query_t *query,
                            const char *option, edu_error_t *err,
                            apr_pool_t *p);

/** The bounds that a filter sets for the values of a path. */
typedef enum edu_bound_e {
    EDU_EQUAL_TO,
    EDU_AT_LEAST,
    EDU_AT_MOST
} edu_bound_e;

/** The literal that bounds a path in every document which passes a filter;
 *  NULL: there is none, for all that a glance at its `and`s says.
 *  @param filter  or NULL
 *  @param path    the names of its steps, such as lastModifiedBy/user/id */
const edu_value_t *edu__filter_bound(const edu_expr_t *filter, const char *path,
                                     edu_bound_e bound);

/** Order two values of one type, null first: <0, 0, >0. */
int edu__value_compare(const edu_value_t *a, const edu_value_t *b);

/* ---------------------------------------------------------------- query.c */

/** The system query options of a request. */
struct edu_query_t {
    /* in; all else is zero */
    const edu_type_t *type;
    const edu_prop_t *notes; /**< annotations of the rows; NULL: none */
    const edu_set_t *set;    /**< whose navigation is expanded; NULL: none */
    edu_dialect_e dialect;
    int unknowns;       /**< Prefer: include-unknown-enum-members */
    int most_parts;     /**< of an expression; 0: any number */
    apr_int64_t *steps; /**< left for all rows; NULL: any number.  Out: some */
    const apr_array_header_t *aliases; /**< of edu_alias_t, or NULL. Out: all */

    /* out */
    apr_array_header_t *select;        /**< of edu_pick_t; NULL: all */
    const apr_array_header_t *expands; /**< of edu_expand_t; NULL: none */
    const apr_array_header_t *orderby; /**< of edu_order_t; NULL: by id */
    const edu_expr_t *filter;          /**< NULL: none */
    const struct edu_apply_t *apply; /**< NULL: none; its filter is in filter */
    const char *orderby_text, *filter_text; /**< of which they were read */
    unsigned uses;       /**< EDU_DRAFT, EDU_GRADES: an expression uses it */
    const char *used;    /**< the last option that does, or NULL */
    int noted;           /**< an expression uses an annotation */
    int top;             /**< rows a page */
    int skip;            /**< rows to skip first */
    int count;           /**< the answer has @odata.count */
    edu_format_t format; /**< of $format; without a type: there is none */
    const char *token; /**< the bytes of a $skiptoken or $deltatoken, or NULL */
    apr_size_t token_len;
    const char *kept; /**< the options that the next page repeats */
};

/**
 * Parse a query string.  An option without $ is Graph's if it has the name of
 * one; others are ignored.
 * @param raw  undecoded, or NULL
 * @param of   one of EDU_OF_*
 * @return APR_SUCCESS; EDU_EBADREQUEST, EDU_EQUERY, EDU_EEXPAND, or
 *         EDU_ENOTIMPL for an option that exists but not here; err->target
 *         names the option
 */
apr_status_t edu__query_parse(edu_query_t *query, const char *raw, int of,
                              edu_error_t *err, apr_pool_t *p);

/** What is shown of a navigation property. */
typedef enum edu_shows_e {
    EDU_SHOWS_ROWS,
    EDU_SHOWS_COUNT,
    EDU_SHOWS_REFS
} edu_shows_e;

/** An expanded navigation property. */
typedef struct edu_expand_t {
    const edu_nav_t *nav;
    const edu_route_t *route; /**< of GET; NULL: nav leads to no resource */
    const edu_set_t *set;     /**< of the rows; NULL: likewise */
    edu_shows_e shows;
    edu_query_t query; /**< its own options */
} edu_expand_t;

/** The expansion that leads to a resource, or NULL. */
const edu_expand_t *edu__query_expands(const edu_query_t *query,
                                       edu_resource_e at);

/** The selected and expanded properties as a context URL has them:
 *  "(id,status,outcomes())", or "". */
const char *edu__query_shape(const edu_query_t *query, apr_pool_t *p);

/** The token from which the query of a next page reads these bytes. */
const char *edu__query_token(const edu_query_t *query, const char *bytes,
                             apr_size_t len, apr_pool_t *p);

/* ------------------------------------------------------------ documents.c */

/** The documents that tell of the service. */
typedef enum edu_document_e {
    EDU_DOC_SERVICE,   /**< the service document */
    EDU_DOC_EDUCATION, /**< the one singleton */
    EDU_DOC_XML,       /**< the metadata as CSDL XML */
    EDU_DOC_JSON,      /**< the same as CSDL JSON */
    EDU_DOC_OPENAPI,   /**< OpenAPI 3.1 */
    EDU_DOCS
} edu_document_e;

/** A document; the request decides what stands between its halves: the version
 *  of OData in metadata, the URL of the mount in the others. */
typedef struct edu_document_t {
    const char *head, *tail;
    const char *digest; /**< of both */
} edu_document_t;

const edu_document_t *edu__document(const struct edu_documents_t *documents,
                                    edu_dialect_e dialect,
                                    edu_document_e which);

#endif /* EDU_ODATA_H */
