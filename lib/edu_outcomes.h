/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_outcomes.h
 * @brief The public face of libeduoutcomes: the Microsoft Graph education
 *        outcomes API as a function from a request value to a response value.
 *
 * The library knows APR, apr-util and jansson, and no web server.  Whatever it
 * returns lives as long as the pool it was given; no function frees anything.
 * It keeps no mutable state of its own, so any number of threads may call it,
 * each with its own pool.
 */
#ifndef EDU_OUTCOMES_H
#define EDU_OUTCOMES_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The release of this library. */
#define EDU_VERSION "0.1.0"

/* ------------------------------------------------------------------ errors */

/**
 * What can go wrong, as apr_status_t values of the user range.  Each has one
 * HTTP status and one Graph code: edu_error.c holds the table.
 */
typedef enum edu_status_e {
    EDU_EBADREQUEST = APR_OS_START_USERERR + 4000, /**< 400 badRequest */
    EDU_EGRADING,       /**< 400 badRequest, inner invalidGrading */
    EDU_EQUERY,         /**< 400 BadRequest: a query option's expression */
    EDU_EEXPAND,        /**< 400 ExpandNotSupported */
    EDU_EORDERBY,       /**< 400 20143: no such order here */
    EDU_EFOLDER,        /**< 400 badRequest, inner folderAlreadyExists */
    EDU_EUNAUTHORIZED,  /**< 401 unauthorized */
    EDU_EFORBIDDEN,     /**< 403 forbidden */
    EDU_ENOTFOUND,      /**< 404 notFound: no such path */
    EDU_ENOOUTCOME,     /**< 404 20241: no such outcome */
    EDU_EMETHOD,        /**< 405 methodNotAllowed */
    EDU_EACCEPT,        /**< 406 notAcceptable */
    EDU_ETIMEOUT,       /**< 408 requestTimeout */
    EDU_ECONFLICT,      /**< 409 conflict */
    EDU_ECONSTRAINT,    /**< 409 conflict: with a rule of the database's own */
    EDU_EGONE,          /**< 410 resyncRequired: a page follows nothing */
    EDU_ELENGTH,        /**< 411 lengthRequired */
    EDU_EPRECONDITION,  /**< 412 preconditionFailed */
    EDU_ETOOLARGE,      /**< 413 requestEntityTooLarge */
    EDU_EURITOOLONG,    /**< 414 uriTooLong */
    EDU_EMEDIATYPE,     /**< 415 unsupportedMediaType */
    EDU_ERANGE,         /**< 416 rangeNotSatisfiable */
    EDU_EEXPECTATION,   /**< 417 expectationFailed */
    EDU_EMISDIRECTED,   /**< 421 misdirectedRequest */
    EDU_EUPGRADE,       /**< 426 upgradeRequired */
    EDU_EDEPENDENCY,    /**< 424 failedDependency: in a batch */
    EDU_ENOCONDITION,   /**< 428 preconditionRequired */
    EDU_ETOOMANY,       /**< 429 tooManyRequests */
    EDU_EHEADERS,       /**< 431 requestHeaderFieldsTooLarge */
    EDU_EINTERNAL,      /**< 500 internalServerError */
    EDU_ENOTIMPL,       /**< 501 notImplemented */
    EDU_EGATEWAY,       /**< 502 badGateway */
    EDU_EUNAVAILABLE,   /**< 503 serviceUnavailable */
    EDU_EREADONLY,      /**< 503 serviceUnavailable, until somebody mends it */
    EDU_ENOSPACE,       /**< 507 insufficientStorage */
    EDU_EGATEWAYTIMEOUT /**< 504 gatewayTimeout */
} edu_status_e;

/** One refusal: what the client reads, and what only the log may say. */
typedef struct edu_error_t {
    int status;                /**< HTTP status; 0: no error */
    const char *code;          /**< Graph's error.code */
    const char *inner;         /**< Graph's error.innerError.code, or NULL */
    const char *message;       /**< for the client */
    const char *inner_message; /**< Graph's error.innerError.message, or NULL */
    const char *target;        /**< path of the fault in the request, or NULL */
    const char *detail;        /**< for the log only (driver text), or NULL */
    int passes;                /**< by itself, so that a repeat may help */
} edu_error_t;

/**
 * Describe a refusal.  The deepest function that knows calls this, once.
 * @param err     filled in
 * @param rv      an edu_status_e; any other value is told as EDU_EINTERNAL
 * @param target  path of the fault (borrowed), or NULL
 * @param p       pool for the message
 * @param fmt     what was wrong and what to do, for the client; NULL: the
 *                table's own words
 * @return rv
 */
apr_status_t edu_error_set(edu_error_t *err, apr_status_t rv,
                           const char *target, apr_pool_t *p, const char *fmt,
                           ...) __attribute__((format(printf, 5, 6)));

/**
 * Describe a failure that a server met before or around the library.
 * @param err          filled in, with the table's own words
 * @param http_status  400 to 599; one without a row is told as its class, and
 *                     what is none as 500
 * @return the edu_status_e of that HTTP status
 */
apr_status_t edu_error_http(edu_error_t *err, int http_status);

/** What identifies one request in answers and logs. */
typedef struct edu_trace_t {
    const char *request_id;        /**< ours, a GUID */
    const char *client_request_id; /**< the client's, vetted, or NULL */
} edu_trace_t;

/**
 * Name a request.
 * @param client_request_id  the client's header or NULL; it is echoed if it is
 *                           a token of at most 128 characters, else dropped
 */
void edu_trace_init(edu_trace_t *trace, const char *client_request_id,
                    apr_pool_t *p);

/**
 * The Graph error document (contract.md 5): error.code, message, target and
 * innerError with date, request-id and client-request-id.
 */
const char *edu_error_document(const edu_error_t *err, const edu_trace_t *trace,
                               apr_pool_t *p);

/* ------------------------------------------------------------------- store */

struct apr_dbd_driver_t;
struct apr_dbd_t;

/** A borrowed database connection. */
typedef struct edu_dbd_t {
    const struct apr_dbd_driver_t *driver; /**< as apr_dbd_get_driver gives */
    struct apr_dbd_t *handle;              /**< as apr_dbd_open gives */
    apr_pool_t *pool; /**< lives as long as the connection: statements are
                           kept in it */
    void *owner;      /**< for the lender */
    apr_time_t until; /**< in: how long to wait for one */
} edu_dbd_t;

/** Whether the store may create its tables. */
typedef enum edu_schema_e {
    EDU_SCHEMA_DEFAULT, /**< create for SQLite, check for all others */
    EDU_SCHEMA_AUTO,    /**< create what is missing, or bring it up */
    EDU_SCHEMA_MANUAL,  /**< an administrator loads the schema file */
    EDU_SCHEMA_UNUSED   /**< nobody looks: only checkpoints are wanted */
} edu_schema_e;

/** The threads of a process that use a database: see edu_team_create. */
typedef struct edu_team_t edu_team_t;

/** Where outcomes are kept: a source of connections and a policy. */
typedef struct edu_store_t {
    /** Borrow a connection; any failure is told to the client as a 503. */
    apr_status_t (*open)(void *baton, edu_dbd_t *dbd, apr_pool_t *p);
    /** Give it back. */
    void (*close)(void *baton, edu_dbd_t *dbd);
    void *baton;
    edu_schema_e schema;
    apr_interval_time_t timeout; /**< how long a request may be kept waiting;
                                      0: EDU_TIMEOUT */
    apr_interval_time_t *waited; /**< how long one was kept waiting so far;
                                      NULL: each statement for itself */
    edu_team_t *team;            /**< NULL: each request is on its own */
} edu_store_t;

/** How long a request waits for its database unless told otherwise. */
#define EDU_TIMEOUT apr_time_from_sec(5)

/** A lock among the processes that write to one database. */
typedef struct edu_turn_t {
    /** Wait for it, until a time. */
    apr_status_t (*take)(void *baton, apr_time_t until);
    void (*pass)(void *baton);
    void *baton;
} edu_turn_t;

/**
 * Let the threads of a process work together: whoever comes while others are at
 * the same waits, and the first of those then does it for all.  What they share
 * is a transaction, for writes, or with PostgreSQL a statement, if it reads,
 * adds or changes an outcome.  Each still gets an answer of its own, and none
 * before its commit.
 * @param driver  the apr_dbd driver's name
 * @param turn    taken around each transaction (copied), so that processes do
 *                not meet in the database's own lock; NULL: they may
 * @param group   0: they share nothing; nor does who is there alone
 * @param p       as long as requests are served
 */
apr_status_t edu_team_create(edu_team_t **team, const char *driver,
                             const edu_turn_t *turn, int group, apr_pool_t *p);

/**
 * Copy what a database has committed from its log to where it belongs.  SQLite
 * leaves that to whoever happens to commit, while all others wait; where it is
 * done several times a second, no COMMIT has to.  Best by a process that does
 * nothing else, for apr_dbd lets a process do one thing at a time with SQLite.
 * @param store  that of the others: its team takes the same turn
 * @return APR_SUCCESS, also for a database that needs none of this; or
 *         EDU_EUNAVAILABLE
 */
apr_status_t edu_store_checkpoint(const edu_store_t *store, edu_error_t *err,
                                  apr_pool_t *p);

/**
 * Whether a database can be used, told by its configuration alone.
 * @param driver  the apr_dbd driver's name; NULL: none is configured
 * @param params  what apr_dbd_open will get, or NULL
 * @return NULL if it can, else what is wrong and what an administrator does
 *         about it, in terms of mod_dbd's directives
 */
const char *edu_store_refuse(const char *driver, const char *params);

/**
 * Tell a database's driver, by its environment, how long connecting may take,
 * unless an administrator has.  To be called while there is one thread.
 * @param timeout  as in edu_store_t
 */
void edu_store_limit(const char *driver, apr_interval_time_t timeout,
                     apr_pool_t *p);

/**
 * The statements that make the schema, or bring up one of an earlier version,
 * in order, NULL-terminated.
 * @return NULL for an unknown driver
 */
const char *const *edu_store_schema(const char *driver);

/**
 * Open the store once and see that its schema is there and of a version that we
 * can work with, making it or bringing it up where the policy says so.  That
 * takes as long as it takes to index what is there.
 * @return APR_SUCCESS or EDU_EUNAVAILABLE, err->detail saying why and what an
 *         administrator does about it; requests may be served all the same, if
 *         what failed only makes them faster
 */
apr_status_t edu_store_check(const edu_store_t *store, edu_error_t *err,
                             apr_pool_t *p);

/**
 * Ask how many connections a database admits, of all who use it together and
 * are no administrators.
 * @param most  0: it sets no limit, or did not answer
 * @return APR_SUCCESS or EDU_EUNAVAILABLE
 */
apr_status_t edu_store_connections(int *most, const edu_store_t *store,
                                   edu_error_t *err, apr_pool_t *p);

/* ----------------------------------------------------------------- service */

/** The two versions of Graph; beta adds members (contract.md 1). */
typedef enum edu_dialect_e { EDU_DIALECT_V1_0, EDU_DIALECT_BETA } edu_dialect_e;

/** The caller, as the server authenticated it; ids and names in UTF-8. */
typedef struct edu_caller_t {
    int authenticated;       /**< the server vouches for a user */
    const char *user_id;     /**< identitySet.user.id, or NULL */
    const char *user_name;   /**< identitySet.user.displayName, or NULL */
    const char *application; /**< identitySet.application.id, or NULL */
    int admin;               /**< may provision classes and their like */
} edu_caller_t;

/** Read an id or a name: bytes that are not UTF-8 are Latin-1, in which
 *  mod_auth_openidc passes claims. @return UTF-8: @a s or a text from @a p */
const char *edu_utf8(const char *s, apr_pool_t *p);

/** What an administrator chose for one mount point. */
typedef struct edu_mount_t {
    edu_dialect_e dialect;
    int anonymous;        /**< serve callers nobody authenticated */
    int require_if_match; /**< 428 for a blind PATCH or DELETE */
    int registered;       /**< serve registered submissions only */
    int batch_max;        /**< requests in a $batch */
    int trust_stamps;     /**< keep server-set members of a body (migration) */
    apr_off_t max_body;   /**< bytes, of a body and of what is stored; 0: a
                               request of a $batch may have any */
    apr_off_t max_sent;   /**< bytes of a body, if that is less; 0: it is not */
    int max_values;       /**< JSON values in a body; 0: any number */
    int max_line;         /**< bytes of a request line, which is what the method
                               and the url of a $batch's request come to; 0:
                               any number */
    int max_expression;   /**< parts (names, literals, operators) of a $filter,
                               $orderby, $select or $expand; 0: any number */
    const apr_array_header_t *origins; /**< of const char *: whose pages may
                                            write, beside our own; or NULL */
} edu_mount_t;

/** A request as a value. */
typedef struct edu_request_t edu_request_t;

struct edu_request_t {
    const char *method; /**< as on the wire, case-sensitive */
    const char *path;   /**< below the mount point, decoded once */
    const char *query;  /**< undecoded, without '?', or NULL */
    const char *base;   /**< absolute URL of the mount point, no final '/' */
    const edu_mount_t *mount;
    const edu_caller_t *caller;
    const edu_trace_t *trace;
    const edu_store_t *store;
    /** A request header (case-insensitive), or NULL. */
    const char *(*header)(void *baton, const char *name);
    /** Read the whole body, of at most @a max bytes, called at most once and
     *  only when it is needed; a refusal (EDU_ETOOLARGE, EDU_ETIMEOUT, …) is
     *  described in @a err. */
    apr_status_t (*body)(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p);
    /** Find out what another request may do, as the server's access rules would
     *  have it if it came alone, and fill in the path, query, mount and caller
     *  of @a item; a refusal is described in @a err.  Asked for the requests of
     *  a $batch, for the canonical path of what was asked for by another
     *  spelling, and for the path by its class of what has another.
     *  @param url  below the mount point, with or without a first '/', or below
     *              the root of the server.
     *  NULL: there is no $batch, and all paths are as good. */
    apr_status_t (*admit)(void *baton, edu_request_t *item, const char *method,
                          const char *url, edu_error_t *err, apr_pool_t *p);
    /** Whether the client has gone, so that nobody waits for the answer: asked
     *  between the requests of a $batch and the chunks of a long read.  NULL:
     *  it never has. */
    int (*gone)(void *baton);
    apr_time_t until; /**< when the answer has to be there, by the same clock;
                           0: there is no such time.  A $batch sets it for its
                           requests: EduOutcomesTimeout after its own start */
    /** The body, an object or an array that is read already; NULL: see body. */
    const struct json_t *json;
    int nested;    /**< it is of a $batch */
    int rewritten; /**< the server's rules were asked for another URL than that
                        of the path: admit is asked for it, too */
    void *baton;   /**< for header, body, admit and gone */
};

/** Every answer has these, also one that the server makes by itself: grades
 *  belong to one reader and stay on no disk, and are nothing but JSON. */
#define EDU_CACHE_CONTROL "no-store, private"
#define EDU_CONTENT_TYPE_OPTIONS "nosniff"

/** A response as a value. */
typedef struct edu_response_t {
    int status;           /**< HTTP status */
    apr_table_t *headers; /**< to be sent; Content-Type if there is a body */
    apr_array_header_t *body; /**< of struct iovec, in order; may be empty */
    edu_error_t error;        /**< for the log: .status 0 if all went well; what
                            failed within a $batch that did not */
} edu_response_t;

/**
 * Answer one request.  Never fails: what goes wrong becomes the answer.
 * @param res  filled in; its parts live as long as @a p
 * @param req  borrowed
 */
void edu_service_run(edu_response_t *res, const edu_request_t *req,
                     apr_pool_t *p);

#ifdef __cplusplus
}
#endif

#endif /* EDU_OUTCOMES_H */
