/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file edu_outcomes.h
 * @brief The public face of libeduoutcomes: the Microsoft Graph education
 *        outcomes API as a function from a request value to a response value.
 *
 * The library knows APR, apr-util and jansson, and no web server.  Its results
 * live as long as the pool it was given; no function frees anything.
 * It keeps no mutable state of its own, so any number of threads may call it,
 * each with its own pool.
 */
#ifndef EDU_OUTCOMES_H
#define EDU_OUTCOMES_H

#include "edu_version.h"

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ errors */

/**
 * Refusals and failures, as apr_status_t values of the user range.  Each has
 * one HTTP status and one Graph code: lib/base/error.c holds the table.
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
    EDU_ESYNC,          /**< 410 syncStateNotFound: so does a delta */
    EDU_ELENGTH,        /**< 411 lengthRequired */
    EDU_EPRECONDITION,  /**< 412 preconditionFailed */
    EDU_ETOOLARGE,      /**< 413 requestEntityTooLarge */
    EDU_EURITOOLONG,    /**< 414 uriTooLong */
    EDU_EMEDIATYPE,     /**< 415 unsupportedMediaType */
    EDU_ERANGE,         /**< 416 rangeNotSatisfiable */
    EDU_EEXPECTATION,   /**< 417 expectationFailed */
    EDU_EMISDIRECTED,   /**< 421 misdirectedRequest */
    EDU_EUNPROCESSABLE, /**< 422 unprocessableEntity: another request's key */
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
    EDU_EPAUSED,        /**< 503 serviceUnavailable: no changes for a while */
    EDU_ENOSPACE,       /**< 507 insufficientStorage */
    EDU_EGATEWAYTIMEOUT /**< 504 gatewayTimeout */
} edu_status_e;

/** One refusal: a part for the client, and a detail for the log alone. */
typedef struct edu_error_t {
    int status;                /**< HTTP status; 0: no error */
    const char *code;          /**< Graph's error.code */
    const char *inner;         /**< Graph's error.innerError.code, or NULL */
    const char *message;       /**< for the client */
    const char *inner_message; /**< Graph's error.innerError.message, or NULL */
    const char *target;        /**< path of the fault in the request, or NULL */
    const char *detail;        /**< for the log only (driver text), or NULL */
    int retry_after;           /**< seconds after which a repeat may help; 0: it
                                    will not */
} edu_error_t;

/**
 * Describe a refusal.  The deepest function that knows calls this, once.
 * @param err     filled in
 * @param rv      an edu_status_e; any other value becomes EDU_EINTERNAL
 * @param target  path of the fault (borrowed), or NULL
 * @param p       pool for the message
 * @param fmt     what was wrong and what to do, for the client; NULL: the
 *                message of the table
 * @return rv
 */
apr_status_t edu_error_set(edu_error_t *err, apr_status_t rv,
                           const char *target, apr_pool_t *p, const char *fmt,
                           ...) __attribute__((format(printf, 5, 6)));

/**
 * Describe a failure of the server outside the library.
 * @param err          filled in, with the message of the table
 * @param http_status  400 to 599; one without a row gets that of 400 or 500,
 *                     and any other number becomes 500
 * @return the edu_status_e of that HTTP status
 */
apr_status_t edu_error_http(edu_error_t *err, int http_status);

/** The ids of a request in answers and logs. */
typedef struct edu_trace_t {
    const char *request_id;        /**< ours, a GUID */
    const char *client_request_id; /**< the client's, vetted, or NULL */
    const char *parent;            /**< W3C's traceparent, vetted, or NULL */
} edu_trace_t;

/**
 * Name a request.
 * @param client_request_id  the client's header or NULL; it is echoed if it is
 *                           a token of at most 128 characters, else dropped
 * @param parent             the traceparent header (W3C Trace Context 3.2) or
 *                           NULL; dropped if it is malformed
 */
void edu_trace_init(edu_trace_t *trace, const char *client_request_id,
                    const char *parent, apr_pool_t *p);

/**
 * The Graph error document (contract.md 5): error.code, message, target and
 * innerError with date, request-id and client-request-id.
 */
const char *edu_error_document(const edu_error_t *err, const edu_trace_t *trace,
                               apr_pool_t *p);

/* ----------------------------------------------------------------- service */

/** The two versions of Graph; beta adds members (contract.md 1). */
typedef enum edu_dialect_e { EDU_DIALECT_V1_0, EDU_DIALECT_BETA } edu_dialect_e;

/** The permissions of Graph that a token grants, a bit each; those that write
 *  come with the bits of those that read. */
enum {
    EDU_SCOPE_READ_BASIC = 1,    /**< EduAssignments.ReadBasic */
    EDU_SCOPE_WRITE_BASIC = 2,   /**< EduAssignments.ReadWriteBasic */
    EDU_SCOPE_READ = 4,          /**< EduAssignments.Read */
    EDU_SCOPE_WRITE = 8,         /**< EduAssignments.ReadWrite */
    EDU_SCOPE_ROSTER_BASIC = 16, /**< EduRoster.ReadBasic */
    EDU_SCOPE_ROSTER_READ = 32,  /**< EduRoster.Read */
    EDU_SCOPE_ROSTER_WRITE = 64, /**< EduRoster.ReadWrite */
    EDU_SCOPES_ANY = 127         /**< where no permission is asked for */
};

/**
 * Read permissions as a token lists them.  Graph's names are compared exactly,
 * and any other is passed over.
 * @param list         separated by blanks or commas, or an array of JSON
 * @param application  their names end in .All
 * @return EDU_SCOPE_*, each with those that it comes with
 */
unsigned edu_scopes_read(const char *list, int application);

/** The caller as the server authenticated it; ids and names in UTF-8. */
typedef struct edu_caller_t {
    int authenticated;       /**< the server vouches for a user */
    const char *user_id;     /**< identitySet.user.id, or NULL */
    const char *user_name;   /**< identitySet.user.displayName, or NULL */
    const char *application; /**< identitySet.application.id, or NULL */
    const char *address;     /**< of the client, for the history, or NULL */
    int admin;               /**< may provision classes and the like */
    int teacher;             /**< is a teacher of every class */
    int app;                 /**< acts for itself, by an application token */
    unsigned scopes;         /**< EDU_SCOPE_* */
} edu_caller_t;

/** Read an id or a name: bytes other than UTF-8 are taken as Latin-1, in which
 *  mod_auth_openidc passes claims. @return UTF-8: @a s or a text from @a p */
const char *edu_utf8(const char *s, apr_pool_t *p);

/** The id of the class that a decoded path below a mount point leads through,
 *  in any of its spellings. @return NULL: there is none */
const char *edu_class_of(const char *path, apr_pool_t *p);

/** Whether a mount takes changes. */
typedef enum edu_writes_e {
    EDU_WRITES_TAKEN,
    EDU_WRITES_PAUSED, /**< not for now: 503 with Retry-After */
    EDU_WRITES_REFUSED /**< never: 403 */
} edu_writes_e;

/** Whether an origin, as a browser sends it, is one of these.
 *  @param origins  of const char *, or NULL: there are none */
int edu_is_among_origins(const char *origin, const apr_array_header_t *origins);

/** The settings of a mount point. */
typedef struct edu_mount_t {
    edu_dialect_e dialect;
    int rules_alone;      /**< the server's own rules decide, no roster does */
    int anonymous;        /**< serve callers without authentication */
    int public_documents; /**< serve them the documents that describe the
                               service */
    edu_writes_e writes;
    int require_if_match; /**< 428 for a blind PATCH or DELETE */
    int registered;       /**< serve registered submissions only */
    int batch_max;        /**< requests in a $batch */
    int trust_stamps;     /**< keep server-set members of a body (migration) */
    int log_reads;        /**< note whose outcomes an answer shows */
    int repeatable;       /**< seconds for which answers are kept for requests
                               that are sent again; 0: none are */
    apr_off_t max_body;   /**< bytes of a body and of a stored document; 0: any
                               number, in a request of a $batch */
    apr_off_t max_sent;   /**< bytes of a body, if fewer; 0: as max_body */
    int max_values;       /**< JSON values in a body; 0: any number */
    int max_line;         /**< bytes of a request line, which the method and the
                               url of a $batch's request make; 0: any number */
    int max_expression;   /**< parts (names, literals, operators) of a $filter,
                               $orderby, $select or $expand; 0: any number */
    const apr_array_header_t *origins; /**< of const char *: other origins whose
                                            pages may write; or NULL */
} edu_mount_t;

struct edu_store_t; /* edu_store.h */

/** The documents that describe the service to programs: service document,
 *  metadata, OpenAPI. */
typedef struct edu_documents_t edu_documents_t;

/** Render the documents once, for any number of requests.
 *  @return constant from then on, owned by @a p */
const edu_documents_t *edu_documents_make(apr_pool_t *p);

/** Whether a decoded path below a mount point is that of such a document. */
int edu_is_document(const char *path, apr_pool_t *p);

/** One read of outcomes, as it is recorded: its columns, each a text. */
typedef enum edu_read_e {
    EDU_READ_AT, /**< the instant, as versions are written; "": now */
    EDU_READ_USER,
    EDU_READ_APPLICATION,
    EDU_READ_ADDRESS,
    EDU_READ_REQUEST,
    EDU_READ_CLASS,
    EDU_READ_ASSIGNMENT,
    EDU_READ_SUBMISSION,
    EDU_READ_OUTCOME, /**< "": several of the submission */
    EDU_READ_STUDENT, /**< whose; "": nobody's, for it is not registered */
    EDU_READ_LOST,    /**< so many reads could not be recorded; all else but
                           the instant is "" then */
    EDU_READ_COLUMNS
} edu_read_e;

typedef struct edu_read_t {
    const char *texts[EDU_READ_COLUMNS];
} edu_read_t;

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
    const struct edu_store_t *store;
    const edu_documents_t *documents; /**< NULL: they are made when they are
                                           asked for */
    /** A request header (case-insensitive), or NULL. */
    const char *(*header)(void *baton, const char *name);
    /** Read the whole body, of at most @a max bytes; called at most once, and
     *  only if it is needed.  A refusal (EDU_ETOOLARGE, EDU_ETIMEOUT, …) is
     *  described in @a err. */
    apr_status_t (*body)(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p);
    /** Apply the server's access rules to another request, as if it came alone,
     *  and fill in the path, query, mount and caller of @a item; a refusal is
     *  described in @a err.  Called for the requests of a $batch, for the
     *  canonical path of a request that was spelled otherwise, and for the path
     *  through the class of a resource that was reached by another.
     *  @param url  below the mount point, with or without a first '/', or below
     *              the root of the server.
     *  NULL: there is no $batch, and no path has rules of its own. */
    apr_status_t (*admit)(void *baton, edu_request_t *item, const char *method,
                          const char *url, edu_error_t *err, apr_pool_t *p);
    /** Whether the client has gone; asked between the requests of a $batch and
     *  the chunks of a long read.  NULL: it never has. */
    int (*gone)(void *baton);
    /** The deadline of the answer; 0: none.  A $batch sets it for its requests:
     *  EduOutcomesTimeout after its own start. */
    apr_time_t until;
    /** Out, of edu_read_t: the students whose outcomes an answer of 200 or
     *  204 shows,
     *  where the mount notes it.  NULL: it does not. */
    apr_array_header_t *reads;
    /** The body, an object or an array, if it was read before; else NULL. */
    const struct json_t *json;
    /** What path says, if that was read before; else NULL. */
    const struct edu_path_t *says;
    int nested;    /**< part of a $batch */
    int rewritten; /**< the server applied its rules to another URL than that of
                        the path: admit is called for the path, too */
    void *baton;   /**< for header, body, admit and gone */
};

/** Headers of every answer, the server's own as well: grades are for one
 *  reader, are not kept on any disk, and are nothing but JSON. */
#define EDU_CACHE_CONTROL "no-store, private"
#define EDU_CONTENT_TYPE_OPTIONS "nosniff"

/** The first of them where it describes the service: behind public_documents,
 *  or not. */
#define EDU_CACHE_PUBLIC "public, max-age=600"
#define EDU_CACHE_PRIVATE "private, max-age=600"

/** A response as a value. */
typedef struct edu_response_t {
    int status;           /**< HTTP status */
    apr_table_t *headers; /**< to be sent; Content-Type if there is a body */
    apr_array_header_t *body; /**< of struct iovec, in order; may be empty */
    edu_error_t error;        /**< for the log; .status 0: no failure.  A
                                   request of a $batch may have failed alone */
} edu_response_t;

/**
 * Answer one request.  Never fails: an error becomes the answer.
 * @param res  filled in; its parts live as long as @a p
 * @param req  borrowed
 */
void edu_service_run(edu_response_t *res, const edu_request_t *req,
                     apr_pool_t *p);

#ifdef __cplusplus
}
#endif

#endif /* EDU_OUTCOMES_H */
