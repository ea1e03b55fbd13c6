/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_private.h
 * @brief What the files of the library share among themselves.
 *
 * Arrows go down only: service -> path, query, and the verbs in outcome,
 * submission, roster, list and batch; list -> place; verbs -> resource,
 * grading; these -> header, filter, check, entity, store; store -> share,
 * unit; these -> queue, dbd; dbd -> sql; entity -> check, json, time; check ->
 * types.  A json_t is born and owned in edu_json.c and borrowed everywhere
 * else.
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
    EDU_GRADE = 128,    /**< points: 0 <= x < 9999999 (decisions.md 3) */
    EDU_STICKY = 256,   /**< kept by a PUT that does not speak of it */
    EDU_FIRST = 512     /**< instead of null, the first of its enumeration */
};

/** What the server sets, so that a client's value is ignored. */
#define EDU_SERVER_SET (EDU_KEY | EDU_READONLY | EDU_STAMP | EDU_CREATED)

/** What else holds of a type. */
enum {
    EDU_ABSTRACT = 1, /**< values are of a derived type */
    EDU_OPEN = 2,     /**< members it does not declare are kept */
    EDU_UNSERVED = 4  /**< known, but what it says cannot be done */
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

/** The declared types of the collections. */
extern const edu_type_t edu__outcome, edu__submission, edu__assignment,
    edu__class, edu__user;

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
 * Parse what a client sent: UTF-8, with a byte order mark or without (RFC 8259
 * 8.1), no NUL, no duplicate members, at most 32 levels deep (decisions.md 3).
 * @param most  how many values it may hold, which are counted before anything
 *              is made of them; 0: any number
 * @param deep  it may be deeper
 * @return a value owned by @a p, or NULL and in @a err EDU_EBADREQUEST,
 *         EDU_ETOOLARGE, or EDU_EGRADING for a number that no double holds
 */
json_t *edu__json_parse(const char *data, apr_size_t len, int most, int deep,
                        edu_error_t *err, apr_pool_t *p);

/** Whether a part of what was parsed so is by itself at most 32 levels deep.
 *  @return APR_SUCCESS or EDU_EBADREQUEST */
apr_status_t edu__json_check_depth(const json_t *json, edu_error_t *err,
                                   apr_pool_t *p);

/** Parse what the store holds. @return owned by @a p, or NULL: not JSON. */
json_t *edu__json_load(const char *text, apr_pool_t *p);

/** Give a new reference to @a p. @return json, borrowed from now on */
json_t *edu__json_own(json_t *json, apr_pool_t *p);

/** A new reference to a borrowed value, for a `_new` setter. */
json_t *edu__json_share(const json_t *json);

/** Compact text; a real keeps the 15 digits that every decimal survives.
 *  @param json  NULL is written as null, for an empty text is no JSON */
const char *edu__json_text(const json_t *json, apr_pool_t *p);

/** The length of that. */
apr_size_t edu__json_size(const json_t *json);

/** A string as a JSON string, quotes and all. @param s  as edu__json_mend */
const char *edu__json_quote(const char *s, apr_pool_t *p);

/** A new reference to a JSON string. @param s  as edu__json_mend */
json_t *edu__json_string(const char *s, apr_pool_t *p);

/** Whether @a s is well-formed UTF-8. */
int edu__json_is_utf8(const char *s);

/** A text as JSON can hold it: a copy with ? for each byte that is not UTF-8;
 *  or @a s itself. */
const char *edu__json_mend(const char *s, apr_pool_t *p);

/* ------------------------------------------------------------ edu_check.c */

/** The type of this name, with or without '#' and namespace, or NULL. */
const edu_type_t *edu__type_find(const char *name);

/** Whether @a type is @a base or derived from it. */
int edu__type_is(const edu_type_t *type, const edu_type_t *base);

/** A property of @a type or of its bases, or NULL. */
const edu_prop_t *edu__prop_find(const edu_type_t *type, const char *name);

/**
 * The type of a value: what @a in names, else what @a old (may be NULL) is,
 * else @a declared, or, where that is abstract, the only type derived from it.
 * @return NULL if @a in names no type that can stand where @a declared is
 */
const edu_type_t *edu__type_of(const edu_type_t *declared, const json_t *old,
                               const json_t *in);

/**
 * Check a request body against the type tables.
 * @param declared the type of the collection
 * @param old      the stored entity that a PATCH changes; NULL for a POST
 * @param in       the body
 * @param dialect  EDU_DIALECT_BETA admits the members of beta
 * @return APR_SUCCESS; EDU_EBADREQUEST, EDU_EGRADING, or EDU_ENOTIMPL for a
 *         type that is not served, with the path of the first fault as
 *         err->target
 */
apr_status_t edu__check(const edu_type_t *declared, const json_t *old,
                        const json_t *in, edu_dialect_e dialect,
                        edu_error_t *err, apr_pool_t *p);

/** Refuse recipients that are groups: EDU_ENOTIMPL (decisions.md 3).
 *  @param type  its name */
apr_status_t edu__unserved(const char *type, const char *target,
                           edu_error_t *err, apr_pool_t *p);

/* ----------------------------------------------------------- edu_entity.c */

/** What the server knows of a change. */
typedef struct edu_change_t {
    const edu_type_t *type; /**< of the collection */
    const edu_caller_t *caller;
    const char *id;      /**< of a new entity */
    const char *version; /**< the entity's version after the change */
    edu_time_t now;
    int trust;   /**< keep server-set members that the body carries */
    int replace; /**< a PUT: what the body leaves out is cleared */
    apr_pool_t *p;
} edu_change_t;

/**
 * The entity after a change: absent members keep their value, complex values
 * merge, collections are replaced whole, null clears; whatever changed is
 * stamped, and only that (contract.md 2.3, 2.4).
 * @param old  the stored entity, NULL to create one
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

/** What the server puts where it names who did something. @param by  may be
 *  NULL: nobody, or the system itself. @return a new reference */
json_t *edu__identity_set(const edu_caller_t *by, apr_pool_t *p);

/** An entity of which nothing is said yet. @return owned by @a p */
json_t *edu__entity_blank(const edu_type_t *type, const char *id,
                          const char *version, apr_pool_t *p);

/**
 * Parse a stored entity and add the members of its type that it lacks: an LMS
 * that loads tables by SQL need not write them all.
 * @return owned by @a p, or NULL: it is no object
 */
json_t *edu__entity_load(const edu_type_t *type, const char *text,
                         apr_pool_t *p);

/** Give a document the ETag of a version. */
void edu__entity_tag(json_t *doc, const char *version, apr_pool_t *p);

/** Take away the members that were not selected; annotations stay.
 *  @param select  as in edu_query_t; NULL: nothing is taken away */
void edu__entity_select(json_t *entity, const apr_array_header_t *select);

/** Make each published member of an outcome a copy of its working twin, or,
 *  where it has none, say so by its status (contract.md 3). */
void edu__entity_publish(json_t *outcome, apr_pool_t *p);

/** An outcome's document as one dialect shows it. @param doc  changed
 *  @param select  as in edu_query_t */
const char *edu__entity_dress(json_t *doc, edu_dialect_e dialect,
                              const apr_array_header_t *select, apr_pool_t *p);

/**
 * A stored outcome as one dialect shows it.  The stored text itself goes out
 * where it is already that.
 * @param select  names (const char *) of the members to show beside the
 *                annotations, or NULL: all
 * @return @a text or a text from @a p; NULL if @a text is plainly no object
 */
const char *edu__entity_show(const char *type, const char *text,
                             edu_dialect_e dialect,
                             const apr_array_header_t *select, apr_pool_t *p);

/* ----------------------------------------------------------- edu_filter.c */

/** One step of a path into an entity. */
typedef struct edu_step_t {
    const char *name;
    const edu_type_t *declared; /**< of the value that has this member */
    const edu_type_t *cast;     /**< of which it has to be, or NULL */
} edu_step_t;

/** A path into an entity, resolved against the type tables. */
typedef struct edu_operand_t {
    apr_array_header_t *steps; /**< of edu_step_t */
    const edu_prop_t *prop;    /**< what the last step names */
    const edu_type_t *cast;    /**< of which the value has to be, or NULL */
} edu_operand_t;

/** One key of an $orderby. */
typedef struct edu_order_t {
    const char *path; /**< as written */
    edu_operand_t operand;
    int descending;
} edu_order_t;

/** A parsed $filter. */
typedef struct edu_filter_t edu_filter_t;

typedef struct edu_query_t edu_query_t;

/** What an expression with more is told; %d is how many it may have. */
#define EDU_TOO_MANY_PARTS                                                     \
    "it has more than the %d parts (names, literals and operators) that "      \
    "EduOutcomesMaxExpression allows. Ask for less at once."

/**
 * Parse a $filter: comparisons, in, and, or, not, parentheses, isof with a
 * quoted or unquoted name, paths into complex values with or without casts.
 * @param text  decoded
 * @param of    its type, dialect and unknowns are looked at
 * @return APR_SUCCESS; EDU_EQUERY: it is none, with Graph's words for it;
 *         EDU_ENOTIMPL: it calls a function; both with err->target
 */
apr_status_t edu__filter_parse(const edu_filter_t **filter, const char *text,
                               const edu_query_t *of, edu_error_t *err,
                               apr_pool_t *p);

/** Parse an $orderby; as edu__filter_parse.  A key that was there before is
 *  left out. @param orders  of edu_order_t */
apr_status_t edu__orderby_parse(apr_array_header_t **orders, const char *text,
                                const edu_query_t *of, edu_error_t *err,
                                apr_pool_t *p);

/** Whether a document passes. */
int edu__filter_match(const edu_filter_t *filter, const json_t *entity);

/** What a path leads to in a document; NULL for null and nothing. */
const json_t *edu__operand_value(const edu_operand_t *operand,
                                 const json_t *entity);

/** Order two values of one property, NULL (null) first: <0, 0, >0. */
int edu__value_compare(const json_t *a, const json_t *b);

/* ------------------------------------------------------------ edu_query.c */

/** Where query options are used. */
enum { EDU_OF_COLLECTION = 1, EDU_OF_ENTITY = 2, EDU_OF_COUNT = 4 };

/** The system query options of a request. */
struct edu_query_t {
    /* in: what they are options of; all else is zero */
    const edu_type_t *type;
    const char *const *expandable; /**< navigation properties; NULL: none */
    edu_dialect_e dialect;
    int unknowns;   /**< Prefer: include-unknown-enum-members */
    int most_parts; /**< of an expression; 0: any number */

    /* out */
    const apr_array_header_t *select;       /**< of const char *; NULL: all */
    const apr_array_header_t *orderby;      /**< of edu_order_t; NULL: by id */
    const edu_filter_t *filter;             /**< NULL: none */
    const char *orderby_text, *filter_text; /**< of which they were read */
    unsigned expand;   /**< bit i: the i-th that is expandable */
    int top;           /**< rows a page */
    int skip;          /**< rows to leave out first */
    int count;         /**< tell how many there are in all */
    const char *token; /**< the bytes of a $skiptoken, or NULL */
    apr_size_t token_len;
    const char *kept; /**< the options that a next page repeats */
};

/**
 * Parse a query string.  What begins with no $ is an option of Graph's if it
 * has the name of one, else of somebody else's, and ignored.
 * @param raw  undecoded, or NULL
 * @param of   one of EDU_OF_*
 * @return APR_SUCCESS; EDU_EBADREQUEST, EDU_EQUERY, EDU_EEXPAND, or
 *         EDU_ENOTIMPL for an option that exists but not here; err->target
 *         names the option
 */
apr_status_t edu__query_parse(edu_query_t *query, const char *raw, int of,
                              edu_error_t *err, apr_pool_t *p);

/** The $skiptoken of which the query of a next page reads these bytes. */
const char *edu__query_token(const edu_query_t *query, const char *bytes,
                             apr_size_t len, apr_pool_t *p);

/* ------------------------------------------------------------- edu_path.c */

/** What a path names. */
typedef enum edu_resource_e {
    EDU_AT_ROOT,
    EDU_AT_BATCH,
    EDU_AT_EDUCATION,
    EDU_AT_CLASSES,
    EDU_AT_CLASS,
    EDU_AT_RECENT,
    EDU_AT_MEMBERS,
    EDU_AT_MEMBERS_REF,
    EDU_AT_MEMBER,
    EDU_AT_MEMBER_REF,
    EDU_AT_TEACHERS,
    EDU_AT_TEACHERS_REF,
    EDU_AT_TEACHER,
    EDU_AT_TEACHER_REF,
    EDU_AT_ASSIGNMENTS,
    EDU_AT_ASSIGNMENT,
    EDU_AT_PUBLISH,
    EDU_AT_FOLDER,
    EDU_AT_FEEDBACK_FOLDER,
    EDU_AT_SUBMISSIONS,
    EDU_AT_SUBMISSIONS_COUNT,
    EDU_AT_SUBMISSION,
    EDU_AT_SUBMIT,
    EDU_AT_UNSUBMIT,
    EDU_AT_RETURN,
    EDU_AT_REASSIGN,
    EDU_AT_EXCUSE,
    EDU_AT_OUTCOMES,
    EDU_AT_OUTCOMES_REF,
    EDU_AT_OUTCOMES_COUNT,
    EDU_AT_OUTCOME,
    EDU_AT_ME,
    EDU_AT_USERS,
    EDU_AT_USER,
    EDU_AT_OWN_CLASSES,
    EDU_AT_OWN_ASSIGNMENTS
} edu_resource_e;

typedef struct edu_path_t {
    edu_resource_e at;
    const char *class_id;
    const char *member_id;
    const char *assignment_id;
    const char *submission_id;
    const char *outcome_id; /**< lower-case if it is a GUID */
    const char *owner;      /**< the segments that the path has instead of a
                                 class, as in a context URL: me or users('…');
                                 NULL: it has a class */
    const char *user_id;    /**< whose; NULL for me and without an owner */
    const char *canonical;  /**< the path in the one spelling that rules of the
                                 server are written for, decoded */
    const char *tail;       /**< with an owner: what follows it in that, from
                                 the slash on */
} edu_path_t;

/** What the store keeps, a table each. */
typedef enum edu_table_e {
    EDU_CLASS,
    EDU_MEMBER,
    EDU_ASSIGNMENT,
    EDU_SUBMISSION,
    EDU_OUTCOME,
    EDU_TABLES
} edu_table_e;

typedef struct edu_exchange_t edu_exchange_t;
typedef struct edu_row_t edu_row_t;

/** A collection of entities of one type. */
typedef struct edu_set_t {
    const char *name; /**< in paths */
    const edu_type_t *type;
    edu_table_e table;
    int depth;        /**< how many ids stand above it in a path */
    const char *only; /**< what its rows' kind has to be, or NULL */
    int evolves;      /**< it has enumerations with members behind a sentinel */
    const char *const *expandable; /**< NULL-terminated, or NULL */
    /** The document of a row as it is shown, before $select.
     *  @return owned by x->p, or NULL: it is damaged */
    json_t *(*view)(const edu_exchange_t *x, const edu_row_t *row);
    /** Finish what a PUT makes of @a was: defaults in the document, what the
     *  row has beside it; or refuse.  NULL: nothing to do. */
    apr_status_t (*finish)(edu_exchange_t *x, json_t *doc, edu_row_t *row,
                           const edu_row_t *was);
    /** Refuse what a PUT has just created, in the same transaction.  NULL:
     *  nothing to ask. */
    apr_status_t (*confirm)(edu_exchange_t *x);
} edu_set_t;

extern const edu_set_t edu__classes, edu__members, edu__teachers,
    edu__assignments, edu__submissions, edu__outcomes;

/**
 * Resolve a decoded resource path, in any of its spellings: keys as segments or
 * in parentheses, actions and functions with or without their namespace.
 * @return APR_SUCCESS; EDU_ENOTFOUND: nothing has this path; EDU_EBADREQUEST:
 *         a key is empty, over 128 bytes or not UTF-8, err->target naming its
 *         collection
 */
apr_status_t edu__path_parse(edu_path_t *path, const char *s, edu_error_t *err,
                             apr_pool_t *p);

/** The id that a path has of a table's row, a member of @a path; may be NULL
 *  in it. */
const char **edu__path_id(edu_path_t *path, edu_table_e table);

/** The absolute URL of an entity, or, without an @a id, of the collection. */
const char *edu__path_url(const edu_path_t *path, const edu_set_t *set,
                          const char *id, const char *base, apr_pool_t *p);

/** The context URL of a collection, without what follows its name
 *  (contract.md 2.1, 2.2). */
const char *edu__path_context(const edu_path_t *path, const edu_set_t *set,
                              const char *base, apr_pool_t *p);

/** Whether @a s can be an id in a path: 1 to 128 bytes of UTF-8 (decisions.md
 *  3), no dot segment. */
int edu__is_key(const char *s);

/** Whether @a s is a GUID: 8-4-4-4-12 hexadecimal digits. */
int edu__is_guid(const char *s);

/** A fresh GUID: of two, the one that was made later sorts last. */
const char *edu__new_guid(apr_pool_t *p);

/** A lower-case copy, as GUIDs are stored and compared (decisions.md 3). */
char *edu__lower(const char *s, apr_pool_t *p);

/* ----------------------------------------------------------- edu_header.c */

/** Whether a Content-Type (may be NULL) is application/json, in UTF-8 if it
 *  names a charset. */
int edu__header_is_json(const char *content_type, apr_pool_t *p);

/** Whether a Content-Type (may be NULL) is, or lists, one that a form of any
 *  page can send (HTML 4.10.21.7). */
int edu__header_is_form(const char *content_type, apr_pool_t *p);

/** Whether an Accept field admits a media type: of the ranges that fit, the
 *  most specific decides (RFC 9110 12.5.1). */
int edu__header_accepts(const char *accept, const char *type, apr_pool_t *p);

/** Whether a Prefer field (may be NULL) holds a preference without a value, or
 *  with an empty one, which is the same (RFC 7240 2). */
int edu__header_prefers(const char *prefer, const char *preference,
                        apr_pool_t *p);

/**
 * Whether If-Match or If-None-Match names a version (RFC 9110 13.1).  Proxies
 * that compress make a tag weak, or append the coding to it; the version that
 * it names is the same (decisions.md 4).
 * @param any  for If-Match: tags count, too, that end in a - of our own, which
 *             is another representation of the version; 0: for If-None-Match,
 *             for what they name looks otherwise
 * @return 1 or 0; -1: this is neither * alone nor a list of entity tags
 */
int edu__header_names(const char *tags, const char *version, int any);

/** Whether an Origin field is the origin of a URL (RFC 6454 5). */
int edu__header_is_origin(const char *origin, const char *url);

/* -------------------------------------------------------------- edu_sql.c */

/** The statements.  A block has one for each edu_table_e. */
enum {
    EDU_SQL_VERSION,
    EDU_SQL_GET,
    EDU_SQL_LIST = EDU_SQL_GET + EDU_TABLES,
    EDU_SQL_MINE = EDU_SQL_LIST + EDU_TABLES,
    EDU_SQL_TALLY = EDU_SQL_MINE + EDU_TABLES,
    EDU_SQL_MY_TALLY = EDU_SQL_TALLY + EDU_TABLES,
    EDU_SQL_INSERT = EDU_SQL_MY_TALLY + EDU_TABLES,
    EDU_SQL_REPLACE = EDU_SQL_INSERT + EDU_TABLES,
    EDU_SQL_REMOVE = EDU_SQL_REPLACE + EDU_TABLES,
    EDU_SQL_CLEAR = EDU_SQL_REMOVE + EDU_TABLES,
    EDU_SQL_RECENT = EDU_SQL_CLEAR + EDU_TABLES,
    EDU_SQL_RECENT_LAST,
    EDU_SQL_TALLY_RECENT,
    EDU_SQL_OPEN,
    EDU_SQL_HOLD,
    EDU_SQL_LOCK,
    EDU_SQL_TOUCH,
    EDU_SQL_FIND,
    EDU_SQL_GET_MANY,
    EDU_SQL_OPEN_MANY,
    EDU_SQL_REPLACE_MANY,
    EDU_SQL_COUNT
};

/** A statement; all its parameters are text. */
typedef struct edu_sql_t {
    const char *label; /**< lower-case for PostgreSQL, which folds it */
    const char *text;  /**< an INSERT changes nothing where its key is taken */
    int keeps;         /**< what it reads stays until its transaction ends */
    int many; /**< what does the same for several calls, where a database can:
                   its parameters are lists of theirs, from the first on, with
                   an EDU_SEPARATOR between two; before the columns of a row
                   comes the number of the call that it is for, from 1, in which
                   order they are; of a write those that changed a row; 0: there
                   is none */
} edu_sql_t;

/** ASCII's unit separator, as edu_sql.c has it, too. */
#define EDU_SEPARATOR '\x1f'

extern const edu_sql_t edu__sql[EDU_SQL_COUNT];

/** What a table has beside id, created, version and body. */
extern const struct edu_shape_t {
    int keys; /**< ids of the rows above: class, assignment, submission */
    int kind; /**< it has a kind */
    int by;   /**< it has a by */
} edu__shapes[EDU_TABLES];

/** How many bytes a text has, in a statement. */
#define EDU_OCTETS "OCTET_LENGTH"

/** The statements of transaction control. */
typedef enum edu_control_e {
    EDU_BEGIN, /**< one that will write */
    EDU_COMMIT,
    EDU_ROLLBACK,
    EDU_SAVEPOINT,
    EDU_ROLLBACK_TO,
    EDU_RELEASE,
    EDU_CONTROLS
} edu_control_e;

/** What a write fails by that can never succeed, as the driver tells it. */
typedef struct edu_fate_t {
    apr_status_t rv;  /**< what the client is told; 0 ends a list */
    int code;         /**< the result code; 0: any */
    const char *text; /**< what its words hold; NULL: anything */
} edu_fate_t;

/** A statement that prepares a connection. */
typedef struct edu_setting_t {
    const char *text; /**< NULL ends a list */
    int unit; /**< its %d is how long the database may keep us waiting, in so
                   many milliseconds; 0: it has none */
} edu_setting_t;

/** One row for each database; what differs among them is here. */
typedef struct edu_sql_dialect_t {
    const char *driver; /**< its name in apr_dbd */
    int creates;        /**< the schema, unless told otherwise */
    int busy;           /**< its result code for a locked database; 0: the
                             database itself waits */
    int duplicate;      /**< its result code for a key that is taken; 0: what
                             ends an INSERT keeps it from failing */
    int lasting;        /**< the columns of a row are in the call's pool */
    int random;         /**< rows have to be asked for as if in any order */
    int many;           /**< it can do what several calls ask for in one */
    const char *octets; /**< what it has in place of EDU_OCTETS; NULL: that */
    const char *limit;  /**< the environment's variable for how many seconds
                            connecting may take; NULL: there is none */
    const char *most;   /**< the query for how many connections it admits; NULL:
                            as many as there are */
    const char *keep;   /**< what ends a SELECT so that its rows stay */
    const char *once;   /**< what ends an INSERT so that it passes over
                             a key that is taken */
    const char *drop;   /**< before the label of a prepared statement that is to
                             go; NULL: it goes with its pool */
    const char *control[EDU_CONTROLS]; /**< %d: how deep it is */
    const edu_setting_t *session;      /**< what each connection runs first */
    const edu_fate_t *fates;           /**< of writes */
    const char *packet; /**< a query for how many bytes it takes at once, and
                             else closes the connection without a word; NULL:
                             it says so */
    int too_large;      /**< its result code for more, if it had one */
    const char *log;    /**< a query for the file that it commits to; no row: to
                           none; NULL: a COMMIT sees to that by itself */
    const char *lazy;   /**< what keeps a COMMIT from flushing that file */
    const char *data; /**< a query that ends with the file that is copied to */
    const char *checkpoint; /**< a query that copies from there what it can, and
                                 ends its row with how many pages of it have
                                 been; NULL: that is not for us to do */
    const char *const *schema;
} edu_sql_dialect_t;

/**
 * What comes of a write that failed.
 * @param rc    the driver's result code
 * @param says  the first line of its words: others may quote what was sent
 * @return EDU_EUNAVAILABLE where another try may succeed; else what to tell the
 *         client: EDU_EBADREQUEST, EDU_ECONSTRAINT, EDU_ETOOLARGE,
 *         EDU_EREADONLY, EDU_ENOSPACE
 */
apr_status_t edu__sql_fate(const edu_sql_dialect_t *dialect, int rc,
                           const char *says);

/** A query that any database answers that is there. */
extern const char edu__sql_probe[];

/** @return NULL for an unknown driver */
const edu_sql_dialect_t *edu__sql_dialect(const char *driver);

/** The version of the schema that is made: N or N.M, a digit each, so that
 *  versions sort as text.  A new M adds what earlier modules of N do not
 *  notice: a table, an index, a column with a default.  Anything else is a new
 *  N, which they refuse. */
#define EDU_SCHEMA_VERSION "2.1"

/** The least version that the statements need.  What is only faster by a later
 *  M is added when a process starts, and nobody is refused for want of it. */
#define EDU_SCHEMA_LEAST "2"

/* -------------------------------------------------------------- edu_dbd.c */

struct apr_dbd_results_t;
struct apr_dbd_row_t;

/** The most parameters that a statement has. */
#define EDU_ARGS_MAX 20

/** One statement on its way. */
typedef struct edu_call_t {
    const edu_store_t *store;
    int sql;           /**< EDU_SQL_* */
    const char **args; /**< its parameters */
    edu_error_t *err;
    apr_pool_t *p;

    int upgrades; /**< a schema that suffices is brought up, too */
    int affected; /**< out: rows that a write changed */

    /* of edu_dbd.c alone */
    edu_dbd_t dbd;
    struct edu_session_t *session;
    apr_time_t until;    /**< no try begins later */
    int waited;          /**< it took more than one try */
    const char *control; /**< the statement of transaction control */
    struct apr_dbd_results_t *rows;
    struct edu_part_t *part; /**< of the rows; NULL: all */
    int unsure; /**< out: a try that failed may have done it all the same, as
                     where the connection was lost before the answer */
} edu_call_t;

/** What a read does with its rows, all of them. */
typedef void edu_read_fn(const edu_call_t *call, void *out);

/**
 * Borrow a connection, run a statement and give the connection back.
 * @param read  of a SELECT; NULL of all others
 * @return APR_SUCCESS, EDU_EUNAVAILABLE, or as edu__sql_fate
 */
apr_status_t edu__call_run(edu_call_t *call, edu_read_fn *read, void *out);

/** Rows of several calls, whose first column tells whose they are; all 0 at
 *  first. */
typedef struct edu_part_t {
    int wanted;                /**< the number of the call that reads */
    int number;                /**< of the call that the next row is for; 0: it
                                    is to be looked at; -1: there is none */
    struct apr_dbd_row_t *row; /**< the next */
} edu_part_t;

/** The next of several calls, each in turn, as it can read what is for it of
 *  the rows of @a many: without that column. */
edu_call_t edu__call_part(const edu_call_t *call, const edu_call_t *many,
                          edu_part_t *part);

/** The next row, or NULL. @param row  the one before, or NULL */
struct apr_dbd_row_t *edu__call_next(const edu_call_t *call,
                                     struct apr_dbd_row_t *row);

/** A column of a row, from the call's pool. */
const char *edu__call_column(const edu_call_t *call, struct apr_dbd_row_t *row,
                             int i);

/** Borrow a connection that is ready for statements; EDU_EUNAVAILABLE, and
 *  there is none to close. */
apr_status_t edu__call_open(edu_call_t *call);

/** Give it back, if there still is one. */
void edu__call_close(edu_call_t *call);

/** Say that a request waited since then: of its time, so much less is left. */
void edu__call_charge(const edu_store_t *store, apr_time_t since);

/** How long a request may be kept waiting. */
apr_interval_time_t edu__store_timeout(const edu_store_t *store);

/** Until when a request may still wait. */
apr_time_t edu__call_until(const edu_store_t *store);

/** Whether a request has time left to wait; else EDU_EUNAVAILABLE. */
apr_status_t edu__call_patience(const edu_store_t *store, edu_error_t *err,
                                apr_pool_t *p);

/** Run a statement of transaction control on an open connection; EDU_BEGIN may
 *  put another in its place. */
apr_status_t edu__call_control(edu_call_t *call, edu_control_e what);

/** Have what was committed on an open connection on the disk, if COMMIT alone
 *  does not see to that. @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__call_flush(const edu_call_t *call);

/**
 * Copy what is committed from the log to the database, as far as readers let
 * it, on an open connection.
 * @param pages  so many have been copied since the log began; 0: there is none
 * @return APR_SUCCESS or EDU_EUNAVAILABLE
 */
apr_status_t edu__call_checkpoint(edu_call_t *call, int *pages);

/** Have what was copied on the disk. @return APR_SUCCESS or EDU_EUNAVAILABLE */
apr_status_t edu__call_flush_data(edu_call_t *call);

/* ------------------------------------------------------------ edu_queue.c */

/** Threads that come for the same thing: whoever comes while others are at it
 *  waits, and the first of those then does it for all. */
typedef struct edu_queue_t edu_queue_t;

/** The place of one, in its own memory; what it came for begins with it. */
typedef struct edu_place_t {
    int leads;                /**< else it is done, by another */
    struct edu_place_t *next; /**< of those that the first leads */

    /* of edu_queue.c alone */
    int waits;
    struct apr_thread_cond_t *news; /**< that it does not any more */
} edu_place_t;

/** How many one may lead, with itself. */
#define EDU_QUEUE_MAX 128

/** Make a queue. @param p  as long as threads come */
apr_status_t edu__queue_create(edu_queue_t **queue, apr_pool_t *p);

/** Wait until all is done, or one is to lead. @param own  all 0
 *  @return APR_SUCCESS; or an error, such as that it is late and nobody has
 *          begun, and one is on one's own */
apr_status_t edu__queue_up(edu_queue_t *queue, edu_place_t *own,
                           apr_time_t until);

/** Whether nobody waits. */
int edu__queue_is_empty(edu_queue_t *queue);

/** Lead those as well who wait now: see own->next. */
void edu__queue_take(edu_queue_t *queue, edu_place_t *own);

/** Tell those that it is done, and have another lead.
 *  @param most  how many may be at it side by side from now on */
void edu__queue_leave(edu_queue_t *queue, edu_place_t *own, int most);

/* ------------------------------------------------------------ edu_share.c */

struct edu_team_t {
    edu_turn_t turn;                   /**< take may be NULL */
    edu_queue_t *units;                /**< NULL: each write is a transaction */
    edu_queue_t *calls[EDU_SQL_COUNT]; /**< NULL: each call is a statement */
};

/** Whether a call can share a statement with others. */
int edu__call_is_shared(const edu_call_t *call);

/** As edu__call_run; with those of other threads that wait for the same, if it
 *  can. */
apr_status_t edu__call_share(edu_call_t *call, edu_read_fn *read, void *out);

/* ------------------------------------------------------------- edu_unit.c */

/** A unit of work: one transaction over one connection, behind the face of a
 *  store, so that verbs need not know of it.  A unit over the store of another
 *  is a savepoint in that. */
typedef struct edu_unit_t {
    edu_store_t store;        /**< to be used while the unit lasts */
    edu_call_t call;          /**< its connection */
    struct edu_unit_t *outer; /**< NULL: it has the transaction */
    int begun;                /**< its transaction, or savepoint, is open */
    apr_status_t broken;      /**< why it can only be rolled back, or
                                   APR_SUCCESS */
} edu_unit_t;

/** The unit whose store this is, or NULL. */
edu_unit_t *edu__unit_of(const edu_store_t *store);

/** The store to read by: of units within each other the innermost that has
 *  begun, or what they are over. @param store  of a unit or none */
const edu_store_t *edu__unit_reader(const edu_store_t *store);

/** Make a unit that begins with the first write to its store: until then it
 *  holds neither a connection nor a lock, and reads as if there were none. */
void edu__unit_init(edu_unit_t *unit, const edu_store_t *store, apr_pool_t *p);

/** Begin at once. @return APR_SUCCESS; or EDU_EUNAVAILABLE, and there is no
 *  unit */
apr_status_t edu__unit_begin(edu_unit_t *unit, const edu_store_t *store,
                             edu_error_t *err, apr_pool_t *p);

/**
 * End, where it has begun: all that was written is durable, or nothing was.
 * @param undo  give up what was written
 * @param err   described where a statement of the end itself failed
 * @return APR_SUCCESS; or EDU_EUNAVAILABLE: nothing was written, or nobody
 *         knows
 */
apr_status_t edu__unit_end(edu_unit_t *unit, int undo, edu_error_t *err);

/** Why a unit is broken, for the log; of edu_dbd.c, which knows. */
const char *edu__call_why(const edu_unit_t *unit);

/** Whether to do all of a unit anew that has ended, after a pause: a statement
 *  of it failed that need not, as where the database ended one of two
 *  transactions that waited for each other, so that nothing was done; and there
 *  is time.
 *  @param tries  so far */
int edu__call_again(const edu_unit_t *unit, int tries);

/** Something to be written. @param store  a unit's */
typedef apr_status_t edu_work_fn(const edu_store_t *store, void *baton);

/**
 * Do some work in a transaction, which it may share with that of others; it
 * then runs in the thread of one of them while its own waits.
 * @param path   where; those who share one work in the order of their paths
 * @param whole  it is of several statements: all or none of them are done
 * @return what the work returns (anything but APR_SUCCESS undoes it), or
 *         EDU_EUNAVAILABLE
 */
apr_status_t edu__unit_run(const edu_store_t *store, const edu_path_t *path,
                           edu_work_fn *work, void *baton, int whole,
                           edu_error_t *err, apr_pool_t *p);

/* ------------------------------------------------------------ edu_store.c */

/** What outcomes need to know of the assignment they belong to. */
typedef struct edu_assignment_t {
    const char *id;
    const char *version;
    const char *body;
    apr_pool_t *p;           /**< where it is kept */
    const json_t *doc;       /**< NULL until it is asked for */
    const json_t *qualities; /**< of the rubric, by id, in order; as doc */
    const json_t *levels;    /**< of the rubric, by id; as doc */
    const apr_array_header_t *placeholders; /**< of edu_row_t; as doc */
} edu_assignment_t;

/** What is known of a submission that somebody registered (decisions.md 2). */
typedef struct edu_registration_t {
    const char *user_id; /**< the recipient; NULL: it is not registered */
    const char *version; /**< of the submission: changes with its outcomes */
    edu_assignment_t *assignment; /**< NULL: there is none (any more) */
} edu_registration_t;

/** One stored entity. */
struct edu_row_t {
    const char *id;
    const char *created; /**< its first version, or what sorts like one */
    const char *kind;    /**< of an outcome its type, without namespace; of a
                              member the role; of a submission the recipient */
    const char *version; /**< what the ETag quotes */
    const char *by;      /**< of a submission: identitySet of who changed it
                              or its outcomes last, or "" */
    const char *body;    /**< the document, compact JSON; of a list "" if it
                              is long: see edu__store_list */
    const char *parent;  /**< the id of the row above, or "" */
    int stored;          /**< it is not a placeholder */
    edu_registration_t registration; /**< of a submission, and its outcomes: */
    apr_array_header_t *outcomes;    /**< of edu_row_t */
};

/** Which rows to read. */
typedef struct edu_range_t {
    const char *only;  /**< of classes and assignments those of this user, of
                            submissions those to this recipient, of members
                            those with this role; NULL: all */
    const char *since; /**< of submissions: those of the whole class that were
                            modified since this version; NULL: all of the
                            assignment */
    int oldest;        /**< of those: the oldest first, not the newest */
    int outcomes;      /**< of submissions: with their outcomes */
    const edu_row_t *after; /**< the row to go on from: id and parent are looked
                                 at, and version where since is given; NULL:
                                 from the first */
} edu_range_t;

/* All of these return EDU_EUNAVAILABLE if the database cannot answer, and those
 * that write what edu__sql_fate does if it never will.  Each is one statement,
 * so that a condition and the write it guards are one. */

/**
 * Read the row that @a path names in a table.
 * @param row  its stored is 0 if there is none; the registration of an
 *             outcome's submission is told all the same
 */
apr_status_t edu__store_get(edu_row_t *row, const edu_store_t *store,
                            edu_table_e table, const edu_path_t *path,
                            edu_error_t *err, apr_pool_t *p);

/** How many rows edu__store_list reads at once: a page of the usual size, and
 *  whether there is more. */
#define EDU_CHUNK 101

/**
 * Read rows, at most EDU_CHUNK, in the order of their parents and ids; those
 * since a version in that of their versions.  Documents of more than 16 KiB,
 * also those of outcomes and of the assignments of recent submissions, are left
 * out ("") and can be had by edu__store_get.
 * @param rows   of edu_row_t
 * @param above  of outcomes: the registration of their submission; of an
 *               assignment's submissions: that of their assignment alone
 */
apr_status_t edu__store_list(apr_array_header_t **rows,
                             edu_registration_t *above,
                             const edu_store_t *store, edu_table_e table,
                             const edu_path_t *path, const edu_range_t *range,
                             edu_error_t *err, apr_pool_t *p);

/** Count the rows that edu__store_list would read from the first on. */
apr_status_t edu__store_count(apr_int64_t *count, const edu_store_t *store,
                              edu_table_e table, const edu_path_t *path,
                              const edu_range_t *range, edu_error_t *err,
                              apr_pool_t *p);

/** Find the class of an assignment by the path's user, who is in it.
 *  @param rows  of edu_row_t: id is the class, kind the role */
apr_status_t edu__store_find(apr_array_header_t **rows,
                             const edu_store_t *store, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p);

/** Add a row. @return APR_SUCCESS, or EDU_ECONFLICT: the id is taken, a
 *  recipient has a submission already, or the row above is gone */
apr_status_t edu__store_insert(const edu_store_t *store, edu_table_e table,
                               const edu_path_t *path, const edu_row_t *row,
                               edu_error_t *err, apr_pool_t *p);

/** Add an outcome to a submission that nobody can have registered. @return as
 *  edu__store_insert; EDU_ECONFLICT also if it is, or if its assignment is
 *  there, below which it may be at any time */
apr_status_t edu__store_insert_open(const edu_store_t *store,
                                    const edu_path_t *path,
                                    const edu_row_t *row, edu_error_t *err,
                                    apr_pool_t *p);

/**
 * Replace a row if it still is of @a version.
 * @return APR_SUCCESS, or EDU_EPRECONDITION: another was faster
 */
apr_status_t edu__store_replace(const edu_store_t *store, edu_table_e table,
                                const edu_path_t *path, const edu_row_t *row,
                                const char *version, edu_error_t *err,
                                apr_pool_t *p);

/**
 * Write a row in the place of one that was read.
 * @param was  its stored may be 0: there was none
 * @return APR_SUCCESS, or APR_EAGAIN: another was faster, read again
 */
apr_status_t edu__store_put(const edu_store_t *store, edu_table_e table,
                            const edu_path_t *path, const edu_row_t *row,
                            const edu_row_t *was, edu_error_t *err,
                            apr_pool_t *p);

/** Remove a row if it still is of @a version; as edu__store_replace. */
apr_status_t edu__store_remove(const edu_store_t *store, edu_table_e table,
                               const edu_path_t *path, const char *id,
                               const char *version, edu_error_t *err,
                               apr_pool_t *p);

/** Remove all rows of a table below the ids that @a path has. */
apr_status_t edu__store_clear(const edu_store_t *store, edu_table_e table,
                              const edu_path_t *path, edu_error_t *err,
                              apr_pool_t *p);

/** Keep others from registering submissions of the path's assignment until the
 *  unit ends. @return APR_SUCCESS, or EDU_EPRECONDITION: it is not there */
apr_status_t edu__store_hold(const edu_store_t *store, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p);

/** Keep all others from changing the path's submission, if it is registered,
 *  until the unit ends. */
apr_status_t edu__store_lock(const edu_store_t *store, const edu_path_t *path,
                             edu_error_t *err, apr_pool_t *p);

/** Give the path's submission a new version, and say who changed it.
 *  @return APR_SUCCESS, or EDU_EPRECONDITION: it has a later one, or is gone */
apr_status_t edu__store_touch(const edu_store_t *store, const edu_path_t *path,
                              const char *version, const char *by,
                              edu_error_t *err, apr_pool_t *p);

/* ----------------------------------------------------------- edu_place.c */

/** A row as a link to the next page knows it: hashes. */
typedef struct edu_print_t {
    apr_uint64_t row;
    apr_uint32_t version;
} edu_print_t;

/** The position of a row in an order that no index has. */
typedef struct edu_position_t {
    char *bytes; /**< which sort as the rows do */
    apr_size_t len, room;
    apr_size_t tail; /**< where in them created, parent and id begin */
    edu_print_t print;
    const edu_row_t *row; /**< NULL: to be read again */
} edu_position_t;

/**
 * The position of a row: the values of $orderby, then its @a created, parent
 * and id.  Of a text the first 128 bytes count.
 * @param doc     of which the values are; NULL if there are no orders
 * @param orders  of edu_order_t, or NULL
 * @return its row is NULL
 */
edu_position_t edu__position_of(const edu_row_t *row, const char *created,
                                const json_t *doc,
                                const apr_array_header_t *orders,
                                apr_pool_t *p);

/** <0, 0, >0 */
int edu__position_compare(const edu_position_t *a, const edu_position_t *b);

/** Its row, or, with an empty body, one to be read again. */
edu_row_t edu__position_row(const edu_position_t *position);

/** The first of many positions, in 16 MiB at most. */
typedef struct edu_first_t edu_first_t;

/** @param wanted  how many of them will do */
edu_first_t *edu__first_create(apr_size_t wanted, apr_pool_t *p);

/** Add a position, which is copied. */
void edu__first_add(edu_first_t *first, const edu_position_t *position);

/** The first of those that were added, in order.
 *  @param lost  out: there was no room for all that were wanted
 *  @return of edu_position_t */
const apr_array_header_t *edu__first_list(edu_first_t *first, int *lost);

/** How many rows of a page its link knows, for some may move meanwhile. */
#define EDU_PRINTS 8

/** Where a page ends and the next goes on: a $skiptoken. */
typedef struct edu_token_t {
    edu_row_t row; /**< the last: its created (or version), parent and id, or
                        "" */
    edu_print_t prints[EDU_PRINTS]; /**< if values make the order: of the last
                                         rows */
    int n;                          /**< so many */
} edu_token_t;

/** How a token knows a row. */
edu_print_t edu__print_of(const char *parent, const char *id,
                          const char *version);

/** Which of a token's prints is of this row, from 1; 0: none. */
int edu__print_find(const edu_token_t *token, edu_print_t print);

/** Add the print of the last row; the first of too many goes. */
void edu__print_add(edu_token_t *token, edu_print_t print);

/** The text of a token. @param url  of the list, without options */
const char *edu__token_write(const edu_token_t *token, const edu_query_t *q,
                             const char *url, apr_pool_t *p);

/**
 * Read the token of a query, if it has one.
 * @param url     as it was written for
 * @param sorted  values make the order
 * @return APR_SUCCESS, or EDU_EBADREQUEST: it is of another query, or none
 */
apr_status_t edu__token_read(edu_token_t *token, const edu_query_t *q,
                             const char *url, int sorted, edu_error_t *err,
                             apr_pool_t *p);

/* ---------------------------------------------------------- edu_service.c */

/** One request on its way. */
struct edu_exchange_t {
    const edu_request_t *req;
    edu_response_t *res;
    const edu_store_t *store; /**< the request's, or a unit over it */
    edu_path_t path;
    const edu_set_t *set; /**< what the path leads to; NULL: no collection */
    const char *own;      /**< the student whose submissions alone are to be
                               seen through this path, or NULL */
    edu_query_t query;
    edu_error_t *err;
    apr_pool_t *p;
};

/** A verb: answers in x->res, or says why not in x->err. */
typedef apr_status_t edu_verb_fn(edu_exchange_t *x);

/**
 * Have the server's rules asked for the canonical path of a request too, unless
 * that is what they were asked for already (decisions.md 3).
 * @param req   out: as the rules of that path have it served
 * @param path  of @a req
 * @return APR_SUCCESS, or what the server refuses with
 */
apr_status_t edu__admit_canonical(edu_request_t *req, const edu_path_t *path,
                                  edu_error_t *err, apr_pool_t *p);

/** The same for any @a path, decoded, that leads to what the request is for. */
apr_status_t edu__admit_at(edu_request_t *req, const char *path,
                           edu_error_t *err, apr_pool_t *p);

/** A request header, or NULL. */
const char *edu__header(const edu_exchange_t *x, const char *name);

/** Begin an answer with a JSON body. */
void edu__answer_json(edu_exchange_t *x, int status);

/** Add to the body of the answer. @param text  borrowed until it is sent */
void edu__append(edu_exchange_t *x, const char *text);

/**
 * Whether there is still somebody to work for: to be asked before each part of
 * what may take long.
 * @return APR_SUCCESS; EDU_EUNAVAILABLE: the client has gone, or the batch that
 *         the request is of has had its time
 */
apr_status_t edu__go_on(edu_exchange_t *x);

/** Whether a request reads what is stored, and does no more, as the table of
 *  verbs has it.  What is refused before any verb neither reads nor writes. */
int edu__service_reads(const edu_request_t *req, apr_pool_t *p);

/** Refuse a request without running it. @param err  borrowed */
void edu__service_refuse(edu_response_t *res, const edu_request_t *req,
                         const edu_error_t *err, apr_pool_t *p);

/* --------------------------------------------------------- edu_resource.c */

/**
 * Read and parse the body of a request.
 * @return APR_SUCCESS; EDU_EMEDIATYPE; EDU_EBADREQUEST or EDU_EGRADING, as
 *         edu__json_parse; or as the server refuses it
 */
apr_status_t edu__read_body(edu_exchange_t *x, const json_t **body);

/** Whether a document is not too large to be stored (EduOutcomesMaxBody).
 *  @param what  the target of a refusal: what it is a document of
 *  @return APR_SUCCESS or EDU_ETOOLARGE */
apr_status_t edu__check_size(edu_exchange_t *x, const edu_row_t *row,
                             const char *what);

/** A stored document that is none: EDU_EINTERNAL. */
apr_status_t edu__damaged(edu_exchange_t *x, const char *what, const char *id);

/** `{"@odata.context":…`: what every answer with data begins with.
 *  @param url  the context, or NULL: that of x->set */
void edu__append_context(edu_exchange_t *x, const char *url, int entity);

/** The entity of a row, as the query wants it, without its opening brace.
 *  @return APR_SUCCESS or as edu__damaged */
apr_status_t edu__append_entity(edu_exchange_t *x, const edu_row_t *row);

/** Answer with one entity. @param context  as in edu__append_context */
apr_status_t edu__answer_entity(edu_exchange_t *x, int status,
                                const char *context, const edu_row_t *row);

/** Answer a GET with an entity, or 304, or 412. */
apr_status_t edu__answer_found(edu_exchange_t *x, const edu_row_t *row);

/** Answer 201 with an entity and where it is. */
apr_status_t edu__answer_created(edu_exchange_t *x, const edu_row_t *row);

/** Check If-Match and If-None-Match. @param row  without a version: there is
 *  none yet
 *  @return APR_SUCCESS, EDU_EPRECONDITION, or APR_EOF where a GET is to be
 *          answered 304 */
apr_status_t edu__check_conditions(edu_exchange_t *x, const edu_row_t *row);

/** Before the body is read: a client that expects 100-continue need not send
 *  it. @return APR_SUCCESS or EDU_ENOCONDITION */
apr_status_t edu__check_blind(edu_exchange_t *x);

/** The version of what changed at an instant: of one width, so that versions
 *  sort as text. */
const char *edu__version_at(edu_time_t t, apr_pool_t *p);

/** What a change of a row (without a version: a creation) will carry.  Its
 *  version is its instant; neither that nor its stamp goes back, whatever the
 *  clock says.
 *  @param old  the row's document, or NULL */
void edu__plan_change(edu_change_t *change, const edu_exchange_t *x,
                      const json_t *old, const edu_row_t *was);

/** An attempt at a change. @return APR_EAGAIN: another was faster */
typedef apr_status_t edu_once_fn(edu_exchange_t *x, const json_t *body);

/**
 * Run what another's change in between makes start over, from its own
 * condition on: of two that name the same version, the later gets 412.
 * @param once  returns APR_EAGAIN to be run again
 */
apr_status_t edu__settle(edu_exchange_t *x, const json_t *body,
                         edu_once_fn *once);

/** Do something as a whole or not at all. @param work  with x->store a unit */
apr_status_t edu__atomically(edu_exchange_t *x,
                             apr_status_t (*work)(edu_exchange_t *x,
                                                  void *baton),
                             void *baton);

/** No such entity: EDU_ENOTFOUND. */
apr_status_t edu__no_entity(edu_exchange_t *x, const edu_set_t *set);

/** The document of a row of an ordinary set: all members, its id and ETag. */
json_t *edu__view_entity(const edu_exchange_t *x, const edu_row_t *row);

/** Those of the other sets; see edu_set_t. */
json_t *edu__view_member(const edu_exchange_t *x, const edu_row_t *row);
json_t *edu__view_assignment(const edu_exchange_t *x, const edu_row_t *row);
json_t *edu__view_submission(const edu_exchange_t *x, const edu_row_t *row);
json_t *edu__view_outcome(const edu_exchange_t *x, const edu_row_t *row);
apr_status_t edu__finish_submission(edu_exchange_t *x, json_t *doc,
                                    edu_row_t *row, const edu_row_t *was);
apr_status_t edu__confirm_submission(edu_exchange_t *x);

/** Read the row that the path names. @return APR_SUCCESS or EDU_ENOTFOUND */
apr_status_t edu__resource_read(edu_exchange_t *x, edu_row_t *row);

edu_verb_fn edu__resource_get, edu__resource_put, edu__resource_delete;

/* ---------------------------------------------------------- edu_grading.c */

/** The id that the outcome of a type has in each registered submission
 *  (contract.md 1.1), or NULL: it has one of its own. @param type  its name */
const char *edu__singleton_id(const char *type);

/**
 * Whether the path of a request may see a submission's outcomes.
 * @return APR_SUCCESS; EDU_ENOTFOUND: it is not registered but would have to
 *         be, or is somebody else's
 */
apr_status_t edu__admit(edu_exchange_t *x,
                        const edu_registration_t *registration);

/** Refuse an assignment whose outcomes could not be kept, for each has all
 *  qualities of the rubric. @return EDU_ETOOLARGE */
apr_status_t edu__finish_assignment(edu_exchange_t *x, json_t *doc,
                                    edu_row_t *row, const edu_row_t *was);

/**
 * The outcomes of a submission, with the placeholders that nobody wrote to yet
 * (decisions.md 2).  Each is told its registration.
 * @param rows  of edu_row_t, in order of creation; replaced
 */
apr_status_t edu__placeholders_add(edu_exchange_t *x, apr_array_header_t **rows,
                                   const edu_registration_t *registration);

/** The placeholder of an id, if there is one and nothing is stored: it
 *  becomes the row. */
apr_status_t edu__placeholder_get(edu_exchange_t *x, edu_row_t *row,
                                  const char *id);

/**
 * Check what a body says of the rubric, and fit its lists to that.
 * @param in   in: the body; out: with an element for each quality that the
 *             rubric has now in each list that it has
 * @param was  the row that it changes; elements that are stored there may be
 *             sent back, though their quality or level is gone
 * @return APR_SUCCESS or EDU_EBADREQUEST
 */
apr_status_t edu__grading_read(edu_exchange_t *x, const json_t **in,
                               const edu_row_t *was);

/** Set the letter that an assignment's scheme gives for points, compared as
 *  the decimals that they are (decisions.md 3). */
void edu__grading_letter(json_t *outcome, const json_t *assignment);

/** The version of an outcome as it is shown: that of its row, and, where it
 *  follows its assignment, that of the assignment.  A rubric outcome is stored
 *  with it, and is shown as it is stored while the version is the same. */
const char *edu__grading_version(const edu_row_t *row, edu_dialect_e dialect,
                                 apr_pool_t *p);

/** The text of a row's document to be stored: without the letter that follows
 *  the assignment. @param doc  changed */
const char *edu__grading_text(const edu_row_t *row, json_t *doc, apr_pool_t *p);

/** Whether its assignment lets a row be shown as it is stored. */
int edu__grading_is_settled(const edu_row_t *row, edu_dialect_e dialect,
                            apr_pool_t *p);

/** Have a row's document follow the assignment: the letter of the points, the
 *  qualities and levels of the rubric, the version.
 *  @return 0: the assignment is damaged */
int edu__grading_settle(json_t *doc, const edu_row_t *row,
                        edu_dialect_e dialect, apr_pool_t *p);

/* ---------------------------------------------------------- edu_outcome.c */

/** An outcome as the mount's dialect and the query show it: the stored text
 *  itself where it is already that. @return NULL: it is damaged */
const char *edu__outcome_show(const edu_exchange_t *x, const edu_row_t *row);

edu_verb_fn edu__outcome_create, edu__outcome_get, edu__outcome_update,
    edu__outcome_delete;

/* ------------------------------------------------------- edu_submission.c */

/** Who asks, as edu_row_t's by. */
const char *edu__caller_text(const edu_exchange_t *x);

/** Give the path's submission a new version, as the caller's doing.
 *  @return APR_SUCCESS; APR_EAGAIN: another was faster, read again */
apr_status_t edu__submission_touch(edu_exchange_t *x, const char *version);

edu_verb_fn edu__submission_act;

/* ----------------------------------------------------------- edu_roster.c */

/** Learn who the owner of a path is and which class it leads through.
 *  @return APR_SUCCESS; EDU_EUNAUTHORIZED, EDU_ENOTFOUND, EDU_ECONFLICT; what
 *          the server refuses the path by its class with */
apr_status_t edu__roster_resolve(edu_exchange_t *x);

/** Whether the caller is in the path's class. @param teacher  as a teacher
 *  @return APR_SUCCESS or EDU_EFORBIDDEN */
apr_status_t edu__roster_check(edu_exchange_t *x, int teacher);

edu_verb_fn edu__member_add, edu__member_remove, edu__members_put,
    edu__assignment_publish, edu__assignment_folder;

/* ------------------------------------------------------------- edu_list.c */

edu_verb_fn edu__list, edu__count, edu__recent;

/* ------------------------------------------------------------ edu_batch.c */

edu_verb_fn edu__batch_run;

#endif /* EDU_PRIVATE_H */
