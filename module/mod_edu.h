/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/** @file mod_edu.h
 *
 *  Declarations of the module's files, in the order in which they call each
 *  other: no file calls one that follows it.
 */
#ifndef MOD_EDU_H
#define MOD_EDU_H

#include "edu_store.h"

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <ap_expr.h>
#include <util_filter.h>
#include <apr_global_mutex.h>
#include <apr_strings.h>

APLOG_USE_MODULE(edu_outcomes);

/* ------------------------------------------------------------ configuration */

#define UNSET (-1)

/** What EduOutcomesReadOnly says. */
typedef struct read_only_t {
    int on;
    const char *file; /**< on while this file exists; NULL: as above */
} read_only_t;

/** The configuration of a <Location>. */
typedef struct dir_config_t {
    int enabled;
    const char *mount; /**< the <Location> of EduOutcomes On, no final '/' */
    int dialect;       /**< an edu_dialect_e */
    int rules_alone;   /**< EduOutcomesAccess none */
    int anonymous;
    const read_only_t *read_only; /**< NULL: writes are taken */
    int require_if_match;
    int trust_stamps;
    int log_reads;        /**< record who reads outcomes */
    int registered;       /**< registered submissions only */
    int public_documents; /**< EduOutcomesMetadata public */
    apr_off_t max_body;   /**< bytes */
    int batch_max;        /**< requests */
    int max_values;       /**< of JSON */
    int max_expression;   /**< parts */
    ap_expr_info_t *user_id;
    ap_expr_info_t *user_name;
    ap_expr_info_t *application;
    ap_expr_info_t *admin, *teacher; /**< conditions, not texts */
    ap_expr_info_t *scopes;          /**< those that a user's token grants */
    ap_expr_info_t *app_roles;       /**< and those of an application's own */
    apr_array_header_t *origins;     /**< of const char * */
} dir_config_t;

/** A section in which a directive of access stands. */
typedef struct section_t {
    const char *path;
    const dir_config_t *conf; /**< of its own, not what it inherits */
} section_t;

/** A mount point as requests find it: with what all sections say of it. */
typedef struct mount_t {
    const char *path;
    const dir_config_t *conf;
    const char *auth; /**< AuthType; NULL: nothing authenticates */
    int secret; /**< nobody reads what goes over the network, if it does */
} mount_t;

typedef struct edum_reads_t edum_reads_t;
typedef struct edum_watch_t edum_watch_t;
typedef struct edum_pool_t edum_pool_t;

/** A database, shared by all threads of a process. */
typedef struct database_t {
    const char *driver, *params;
    int max; /**< connections of a process */
    apr_interval_time_t expires;
    const server_rec *first;  /**< of the servers that share it */
    apr_uint32_t *counted;    /**< of all children: one has counted; or NULL */
    apr_global_mutex_t *lock; /**< of its writers; NULL: it has its own */
    edu_store_t store;        /**< of this process */
    int staffed;              /**< of one of its servers */
    apr_uint32_t looked;      /**< when this process last looked for a twin */
    edum_reads_t *reads;      /**< to be recorded; NULL: none are */
    edum_watch_t *watch;      /**< of all processes */
    edum_pool_t *pool;        /**< what watch knows of this one; or NULL */
} database_t;

/** The configuration of a server. */
typedef struct server_config_t {
    const char *driver, *params;
    int max;     /**< DBDMax */
    int expires; /**< DBDExptime, in seconds */
    edu_schema_e schema;
    apr_interval_time_t timeout;
    int nodes;                  /**< Apaches that share the database; 0: one */
    int group;                  /**< EduOutcomesGroupCommit; 0: off */
    int history;                /**< EduOutcomesHistory; 0: off */
    int repeatable;             /**< EduOutcomesRepeatabilityTTL, in seconds */
    const char *role_query;     /**< EduOutcomesRoleQuery, or NULL */
    int log_reads;              /**< a <Location> of it records reads */
    apr_array_header_t *mounts; /**< of const char *, for early errors */
    int asks;                   /**< a Require asks for roles */
    int staffed;                /**< a section names teachers or administrators,
                                     or needs neither */
    apr_array_header_t *sections; /**< of section_t: those that leave access to
                                       the server, or want no user */
    const apr_array_header_t *served; /**< of mount_t */
    database_t *database;             /**< NULL: nothing is served */
    const edu_documents_t *documents; /**< of all servers */
} server_config_t;

void *edum_dir_config_create(apr_pool_t *p, char *path);
void *edum_dir_config_merge(apr_pool_t *p, void *basev, void *addv);
void *edum_server_config_create(apr_pool_t *p, server_rec *s);
void *edum_server_config_merge(apr_pool_t *p, void *basev, void *addv);

/** The configuration of a request. */
const dir_config_t *edum_dir_config(const request_rec *r);

server_config_t *edum_server_config(const server_rec *s);

/** Whether writes are taken now, for a <Location>. */
edu_writes_e edum_writes(const dir_config_t *conf, apr_pool_t *p);

/** Whether nothing is to be written to the database of a server: outside of any
 *  <Location>, EduOutcomesReadOnly is about that. */
int edum_is_read_only(const server_rec *s, apr_pool_t *p);

/* -------------------------------------------------------------- expressions */

/**
 * Read an expression that says who a caller is or what it may do.  It may name
 * what no client can choose; ap_expr's other variables, functions and operators
 * are refused.
 * @param expr   out
 * @param flags  AP_EXPR_FLAG_STRING_RESULT or 0: a text or a condition
 * @return NULL, or a refusal with its reason
 */
const char *edum_expression_parse(ap_expr_info_t **expr, cmd_parms *cmd,
                                  const char *value, unsigned flags);

/** The text of an expression in UTF-8, or of @a otherwise if @a expr is NULL.
 *  @return NULL if it is empty, or failed, which is logged */
const char *edum_expression_text(request_rec *r, const ap_expr_info_t *expr,
                                 const char *otherwise);

/** Whether a condition is set and holds; a failure is logged. */
int edum_expression_holds(request_rec *r, const ap_expr_info_t *expr);

/* -------------------------------------------------------------- directives */

/** Read the number of a directive.
 *  @param n     out
 *  @param what  it counts: "bytes" and "seconds" have units
 *  @return NULL, or a refusal */
const char *edum_number_read(apr_int64_t *n, cmd_parms *cmd, const char *value,
                             const char *what, int min, int max);

/** The directives: the one table of the syntax. */
extern const command_rec edum_commands[];

/* ----------------------------------------------------------------- database */

#define EDUM_MUTEX "edu-outcomes" /* for the Mutex directive */

/** The database of a server, which may be shared with an earlier one. */
database_t *edum_database_find(const server_rec *first, const server_rec *s,
                               apr_pool_t *p);

/** Give a database a writer lock.  It outlives restarts, for old children may
 *  still write. */
apr_status_t edum_lock_find(database_t *database, server_rec *s);

/** Prepare a database for this process.  Without its lock it can still be
 *  used. */
apr_status_t edum_database_open(database_t *database, apr_pool_t *p);

/** The database of a server, as it is used now.
 *  @param waited  by one request, or NULL
 *  @param p       for temporary memory */
edu_store_t edum_store(const server_rec *s, apr_interval_time_t *waited,
                       apr_pool_t *p);

/** A flag of all children, or NULL: a warning is not worth a failing start. */
apr_uint32_t *edum_flag_make(apr_pool_t *p);

/* ------------------------------------------------------------------- mounts */

/** The mount points of a server, each once. @return of mount_t */
apr_array_header_t *edum_mounts_find(const server_rec *s,
                                     const server_rec *main, apr_pool_t *p);

/* -------------------------------------------------------------------- check */

/** A hook, also run by httpd -t: finds mistakes, databases and mounts. */
int edum_check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *first);

/** Print what the tool edu-outcomes asks httpd -t for. */
void edum_dump_config(apr_pool_t *p, server_rec *s);

/** What is told at each start, but not by httpd -t. */
void edum_warn_sections(const server_rec *s);

/* -------------------------------------------------------------------- reads */

/** Start the thread of this process that records who reads the outcomes of a
 *  database.  It ends with @a p, and writes what waits before.
 *  @param s  of the servers that share it, for the log and its settings */
apr_status_t edum_reads_start(database_t *database, server_rec *s,
                              apr_pool_t *p);

/** Have the reads of a request recorded; it does not wait for that.
 *  @param list  of edu_read_t */
void edum_reads_note(const request_rec *r, const apr_array_header_t *list);

/* -------------------------------------------------------------------- child */

/** The child_init hook: prepares the databases of this child, and logs which
 *  cannot be used.  The first request tries again: no start of Apache depends
 *  on a database. */
void edum_databases_open(apr_pool_t *p, server_rec *s);

/* ------------------------------------------------------------------- keeper */

/** Start the process that keeps all databases in order; it is replaced when it
 *  dies. */
apr_status_t edum_keeper_start(server_rec *first);

/* ------------------------------------------------------------------ request */

#define EDUM_HANDLER "edu-outcomes"
#define EDUM_ANSWERED "edu-outcomes-answered" /* note: by an input filter */

/** Whether a path is a mount point or below it. */
int edum_is_below(const char *uri, const char *mount);

/** The caller of a request, from its pool. */
const edu_caller_t *edum_caller(request_rec *r);

/** The id of the class that the path of a request leads through, or NULL: it is
 *  not below a mount, or names none. */
const char *edum_class(const request_rec *r);

/** Name a request, for its answer, the error log and, as notes, the access log:
 *  EDU_REQUEST_ID and, of what the client sent, EDU_TRACEPARENT; edum_answer
 *  adds EDU_ERROR, the code of a refusal. */
void edum_trace_init(edu_trace_t *trace, request_rec *r);

/** The names of a request in a line of the error log. */
const char *edum_trace_text(const edu_trace_t *trace, apr_pool_t *p);

/** Fill an edu_request_t from a request_rec. */
void edum_describe(edu_request_t *req, request_rec *r);

/** Members of edu_request_t, whose baton is a request_rec. */
const char *edum_header(void *baton, const char *name);

/** Read up to EduOutcomesMaxBody bytes.  Content-Length may be missing, or
 *  count bytes that a filter then inflates. */
apr_status_t edum_body(void *baton, const char **data, apr_size_t *len,
                       apr_off_t max, edu_error_t *err, apr_pool_t *p);

/** Whether the client has closed its connection, told without reading from it.
 *  A client that closes only its own half, and would still read the answer,
 *  looks the same, and is rare.  A stream of HTTP/2 shares its connection:
 *  mod_http2 says when it is reset. */
int edum_is_gone(void *baton);

/* ----------------------------------------------------------------- origins */

/** Whether a browser asks if a page that EduOutcomesAllowOrigin names may send
 *  a request: it asks without credentials. */
int edum_is_preflight(const request_rec *r);

/** A hook: has the answer say that such a page may see it. */
int edum_tell_origin(request_rec *r);

/* ------------------------------------------------------------------- authz */

/** A hook that runs when the server's rules would admit a request if it had a
 *  user: what EduOutcomesMetadata makes public needs none, nor does a preflight
 *  of a page that EduOutcomesAllowOrigin names. */
int edum_need_no_user(request_rec *r);

/** Register what `Require edu-role` and `Require edu-scope` mean. */
void edum_authz_register(apr_pool_t *p);

/* ------------------------------------------------------------- subrequests */

/** A member of edu_request_t: a subrequest goes through the access checks that
 *  the request would meet if it came alone, and is not run. */
apr_status_t edum_admit(void *baton, edu_request_t *item, const char *method,
                        const char *url, edu_error_t *err, apr_pool_t *p);

/** A hook that runs before any other module: a request keeps the environment
 *  it begins with, and a subrequest gets a request line and what httpd makes of
 *  one. */
int edum_begin_request(request_rec *r);

/** A hook: the same before authentication. */
int edum_parse_headers(request_rec *r);

/** Hooks that run before and after mod_rewrite's: it passes over rules with
 *  [R], also [R=403], and [NS] in a subrequest, and gives it its parent's
 *  SCRIPT_URL. */
int edum_hide_main(request_rec *r);
int edum_show_main(request_rec *r);

/** A hook that runs when the answer has been sent, so that it takes no time of
 *  the client's: warns, once a process, if a caller that was refused is a
 *  member of the class but for the case of letters. */
int edum_warn_of_twin(request_rec *r);

/* ----------------------------------------------------------------- response */

#define EDUM_ERROR_FILTER "EDU_OUTCOMES_ERROR"

/** Logs and sends the library's answer.
 *  @return  what a handler returns */
int edum_answer(request_rec *r, const edu_trace_t *trace,
                const edu_response_t *res);

/** A hook that runs between authentication and the access rules: a user is
 *  signed in. */
int edum_note_user(request_rec *r);

/** Describes why the server refuses a request by itself: edu_error_http, with
 *  words for users who are signed in, or whose credentials are wrong. */
apr_status_t edum_refuse(edu_error_t *err, request_rec *r, int status);

/** A hook: has refusals that Apache makes by itself, below a mount point, go
 *  through the filter. */
void edum_insert_error_filter(request_rec *r);

/** Puts Graph's error document in the place of Apache's page. */
apr_status_t edum_error_filter(ap_filter_t *f, apr_bucket_brigade *page);

#endif
