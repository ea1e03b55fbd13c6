/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The Apache face of libeduoutcomes: directives, hooks, reading a body, writing
 * a reply, logging.  It holds no JSON, no SQL and no OData. */

#include "edu_outcomes.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <ap_expr.h>
#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_buckets.h>
#include <apr_dbd.h>
#include <apr_fnmatch.h>
#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_optional.h>
#include <apr_portable.h>
#include <apr_shm.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <mod_dbd.h>
#include <mpm_common.h>
#include <util_mutex.h>

#include <poll.h>
#include <stddef.h>
#include <unistd.h>

module AP_MODULE_DECLARE_DATA edu_outcomes_module;

#define HANDLER "edu-outcomes"
#define MUTEX "edu-outcomes" /* for the Mutex directive */
#define ERROR_FILTER "EDU_OUTCOMES_ERROR"
#define ANSWERED "edu-outcomes-answered" /* note: by an input filter */
#define FLUSH_MAX 8000                   /* bytes of a small answer */
#define WHOLE_MAX (1024 * 1024)          /* of one that is sent in one piece */
#define DEFAULT_MAX_BODY (4 * 1024 * 1024) /* as Graph (decisions.md 3) */
#define DEFAULT_BATCH_MAX 20               /* as Graph (contract.md 6) */
#define DEFAULT_MAX_EXPRESSION 1000
#define DEFAULT_MAX_VALUES 100000

/* ------------------------------------------------------------ configuration */

#define UNSET (-1)

/** What holds in a <Location>. */
typedef struct dir_config_t {
    int enabled;
    const char *mount; /**< the <Location> of EduOutcomes On, no final '/' */
    int dialect;       /**< an edu_dialect_e */
    int anonymous;
    int require_if_match;
    int trust_stamps;
    int registered;     /**< registered submissions only */
    apr_off_t max_body; /**< bytes */
    int batch_max;      /**< requests */
    int max_values;     /**< of JSON */
    int max_expression; /**< parts */
    ap_expr_info_t *user_id;
    ap_expr_info_t *user_name;
    ap_expr_info_t *application;
    ap_expr_info_t *admin;       /**< a condition, not a text */
    apr_array_header_t *origins; /**< of const char * */
} dir_config_t;

/** The way to a pool of mod_dbd's, which itself would keep a request waiting
 *  for ever. */
typedef struct gate_t {
    const char *driver, *params; /**< of the pool */
    int free;                    /**< how many more connections there may be */
    int idle;                    /**< how many wait in the pool */
    int opening;                 /**< one is being made */
    int down;                    /**< the last could not be had */
    const server_rec *first;     /**< of the servers that share it */
    apr_uint32_t *counted;       /**< of all children: one has counted; or
                                      NULL */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
} gate_t;

/** What holds in a server. */
typedef struct server_config_t {
    edu_schema_e schema;
    apr_interval_time_t timeout;
    int nodes;                  /**< Apaches that share the database; 0: one */
    gate_t *gate;               /**< NULL: nothing is served */
    int group;                  /**< EduOutcomesGroupCommit; 0: off */
    apr_array_header_t *mounts; /**< of const char *, for early errors */
    apr_global_mutex_t *turn;   /**< to write; of all servers that share a
                                     database */
    edu_team_t *team;           /**< of this process, as turn */
} server_config_t;

static APR_OPTIONAL_FN_TYPE(ap_dbd_open) * dbd_open;
static APR_OPTIONAL_FN_TYPE(ap_dbd_close) * dbd_close;

static void *create_dir_config(apr_pool_t *p, char *path)
{
    dir_config_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)path;
    conf->enabled = UNSET;
    conf->dialect = UNSET;
    conf->anonymous = UNSET;
    conf->require_if_match = UNSET;
    conf->trust_stamps = UNSET;
    conf->registered = UNSET;
    conf->max_body = UNSET;
    conf->batch_max = UNSET;
    conf->max_values = UNSET;
    conf->max_expression = UNSET;
    return conf;
}

#define MERGE(member, unset)                                                   \
    conf->member = add->member == (unset) ? base->member : add->member

static void *merge_dir_config(apr_pool_t *p, void *basev, void *addv)
{
    const dir_config_t *base = basev, *add = addv;
    dir_config_t *conf = apr_palloc(p, sizeof(*conf));

    MERGE(enabled, UNSET);
    MERGE(mount, NULL);
    MERGE(dialect, UNSET);
    MERGE(anonymous, UNSET);
    MERGE(require_if_match, UNSET);
    MERGE(trust_stamps, UNSET);
    MERGE(registered, UNSET);
    MERGE(max_body, UNSET);
    MERGE(batch_max, UNSET);
    MERGE(max_values, UNSET);
    MERGE(max_expression, UNSET);
    MERGE(user_id, NULL);
    MERGE(user_name, NULL);
    MERGE(application, NULL);
    MERGE(admin, NULL);
    MERGE(origins, NULL);
    return conf;
}

static void *create_server_config(apr_pool_t *p, server_rec *s)
{
    server_config_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)s;
    conf->group = UNSET;
    conf->mounts = apr_array_make(p, 2, sizeof(const char *));
    return conf;
}

static void *merge_server_config(apr_pool_t *p, void *basev, void *addv)
{
    const server_config_t *base = basev, *add = addv;
    server_config_t *conf = apr_palloc(p, sizeof(*conf));

    MERGE(schema, EDU_SCHEMA_DEFAULT);
    MERGE(timeout, 0);
    MERGE(nodes, 0);
    conf->gate = NULL;
    conf->turn = NULL;
    conf->team = NULL;
    MERGE(group, UNSET);
    conf->mounts = apr_array_append(p, base->mounts, add->mounts);
    return conf;
}

static const dir_config_t *dir_config(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &edu_outcomes_module);
}

static server_config_t *server_config(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &edu_outcomes_module);
}

/* --------------------------------------------------------------- directives */

/* The path of the <Location> a directive stands in, or NULL: it stands in
 * something whose extent is not one path and all below it. */
static const char *location_of(cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;

    return section && strcasecmp(section->directive, "<Location") == 0 &&
                   *section->args != '~' && cmd->path && *cmd->path == '/' &&
                   !apr_fnmatch_test(cmd->path)
               ? cmd->path
               : NULL;
}

static const char *set_enabled(cmd_parms *cmd, void *confv, int on)
{
    dir_config_t *conf = confv;
    server_config_t *server =
        ap_get_module_config(cmd->server->module_config, &edu_outcomes_module);
    const char *location = location_of(cmd);
    apr_size_t len;

    conf->enabled = on;
    if (!on) {
        return NULL;
    }
    if (!location) {
        return "EduOutcomes On has to stand in a <Location /path> without "
               "wildcards: that path is what clients use as the base URL";
    }
    dbd_open = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    dbd_close = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);
    if (!dbd_open || !dbd_close) {
        return "EduOutcomes needs mod_dbd: load it first, on Debian with "
               "'a2enmod dbd'";
    }
    len = strlen(location);
    conf->mount =
        apr_pstrmemdup(cmd->pool, location, len - (location[len - 1] == '/'));
    len = strlen(conf->mount);
    if (len >= 10 && strcmp(conf->mount + len - 10, "/education") == 0) {
        return "EduOutcomes On belongs one level up: clients add /education to "
               "the path of this <Location> by themselves";
    }
    APR_ARRAY_PUSH(server->mounts, const char *) = conf->mount;
    return NULL;
}

static const char *set_dialect(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;

    if (strcasecmp(value, "v1.0") == 0) {
        conf->dialect = EDU_DIALECT_V1_0;
    }
    else if (strcasecmp(value, "beta") == 0) {
        conf->dialect = EDU_DIALECT_BETA;
    }
    else {
        return apr_pstrcat(
            cmd->pool, "EduOutcomesDialect is v1.0 or beta, not ", value, NULL);
    }
    return NULL;
}

/* Stamps that anybody may forge are worth nothing. */
static const char *set_trust(cmd_parms *cmd, void *confv, int on)
{
    const dir_config_t *conf = confv;

    ap_set_flag_slot(cmd, confv, on);
    return conf->anonymous == 1 && conf->trust_stamps == 1
               ? "EduOutcomesTrustStamps On lets a caller write who graded: it "
                 "cannot stand beside EduOutcomesAnonymous On"
               : NULL;
}

/* Reads the number that a directive takes, or returns what is wrong. */
static const char *read_number(apr_int64_t *n, cmd_parms *cmd,
                               const char *value, const char *what, int min,
                               int max)
{
    char *end;

    *n = apr_strtoi64(value, &end, 10);
    return *end || *n < min || *n > max
               ? apr_psprintf(cmd->pool,
                              "%s is a number of %s from %d to %d, not %s",
                              cmd->cmd->name, what, min, max, value)
               : NULL;
}

static const char *set_max_body(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;
    apr_int64_t bytes;
    const char *err =
        read_number(&bytes, cmd, value, "bytes", 2, APR_INT32_MAX);

    conf->max_body = bytes;
    return err;
}

/** A member of dir_config_t that a number is read into. */
typedef struct slot_t {
    apr_size_t offset;
    const char *what; /**< it counts */
    int min, max;
} slot_t;

static const slot_t batch_max = { offsetof(dir_config_t, batch_max), "requests",
                                  1, 1000 };
static const slot_t max_values = { offsetof(dir_config_t, max_values), "values",
                                   100, 10000000 };
static const slot_t max_expression = { offsetof(dir_config_t, max_expression),
                                       "parts", 10, 100000 };

static const char *set_number(cmd_parms *cmd, void *confv, const char *value)
{
    const slot_t *slot = cmd->info;
    apr_int64_t n;
    const char *err =
        read_number(&n, cmd, value, slot->what, slot->min, slot->max);

    *(int *)((char *)confv + slot->offset) = (int)n;
    return err;
}

/* An origin as browsers send it (RFC 6454 6.2); `null` and `*` would be those
 * of any page. */
static const char *add_origin(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;
    const char *host = strstr(value, "://");

    if (!host || host == value || !host[3] || strpbrk(host + 3, "/?#@*, ")) {
        return apr_psprintf(cmd->pool,
                            "EduOutcomesAllowOrigin is a list of origins such "
                            "as https://gradebook.example, without a path, not "
                            "%s",
                            value);
    }
    if (!conf->origins) {
        conf->origins = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(conf->origins, const char *) = value;
    return NULL;
}

static const char *set_submissions(cmd_parms *cmd, void *confv,
                                   const char *value)
{
    dir_config_t *conf = confv;

    conf->registered = strcasecmp(value, "registered") == 0;
    return conf->registered || strcasecmp(value, "any") == 0
               ? NULL
               : apr_pstrcat(
                     cmd->pool,
                     "EduOutcomesSubmissions is any or registered, not ", value,
                     NULL);
}

/* Who somebody is comes from the server, never from what a client can send. */
static const char *set_expression(cmd_parms *cmd, void *confv,
                                  const char *value, unsigned flags)
{
    static const char *const from_client[] = {
        "%{HTTP:",       "%{HTTP_",        "%{REQ:",
        "%{REQ_NOVARY:", "%{REQUEST_",     "%{QUERY_",
        "%{THE_REQUEST", "%{SERVER_NAME",  "%{PATH_",
        "%{DOCUMENT_",   "%{CONTENT_TYPE", "HTTP(",
        "REQ(",          "REQ_NOVARY(",    NULL
    };
    ap_expr_info_t **expr =
        (ap_expr_info_t **)((char *)confv + (apr_size_t)cmd->info);
    const char *err = NULL;
    char *upper = apr_palloc(cmd->temp_pool, strlen(value) + 1), *to = upper;

    /* req ('X') is req('X') */
    for (const char *c = value; *c; c++) {
        *to = apr_toupper(*c);
        to += !apr_isspace(*c);
    }
    *to = '\0';
    for (int i = 0; from_client[i]; i++) {
        if (strstr(upper, from_client[i])) {
            return apr_psprintf(cmd->pool,
                                "%s must not read the request (%s): a client "
                                "could claim to be anybody. Use what the "
                                "authentication module sets, such as "
                                "%%{REMOTE_USER} or %%{env:OIDC_CLAIM_oid}",
                                cmd->cmd->name, value);
        }
    }
    *expr = ap_expr_parse_cmd(cmd, value, flags, &err, NULL);
    return err ? apr_psprintf(cmd->pool, "%s: cannot parse '%s': %s",
                              cmd->cmd->name, value, err)
               : NULL;
}

static const char *set_identity(cmd_parms *cmd, void *confv, const char *value)
{
    return set_expression(cmd, confv, value, AP_EXPR_FLAG_STRING_RESULT);
}

static const char *set_condition(cmd_parms *cmd, void *confv, const char *value)
{
    return set_expression(cmd, confv, value, 0);
}

static const char *set_schema(cmd_parms *cmd, void *dummy, const char *value)
{
    server_config_t *conf =
        ap_get_module_config(cmd->server->module_config, &edu_outcomes_module);

    (void)dummy;
    if (strcasecmp(value, "auto") == 0) {
        conf->schema = EDU_SCHEMA_AUTO;
    }
    else if (strcasecmp(value, "manual") == 0) {
        conf->schema = EDU_SCHEMA_MANUAL;
    }
    else {
        return apr_pstrcat(cmd->pool,
                           "EduOutcomesSchema is auto or manual, not ", value,
                           NULL);
    }
    return NULL;
}

static const char *set_timeout(cmd_parms *cmd, void *dummy, const char *value)
{
    apr_int64_t seconds;
    const char *err = read_number(&seconds, cmd, value, "seconds", 2, 300);

    (void)dummy;
    server_config(cmd->server)->timeout = apr_time_from_sec(seconds);
    return err;
}

static const char *set_nodes(cmd_parms *cmd, void *dummy, const char *value)
{
    apr_int64_t nodes;
    const char *err = read_number(&nodes, cmd, value, "Apaches", 1, 1000);

    (void)dummy;
    server_config(cmd->server)->nodes = (int)nodes;
    return err;
}

static const char *set_group(cmd_parms *cmd, void *dummy, const char *value)
{
    server_config_t *conf = server_config(cmd->server);

    (void)dummy;
    conf->group = strcasecmp(value, "off") != 0;
    return !conf->group || strcasecmp(value, "on") == 0 ||
                   strcasecmp(value, "auto") == 0
               ? NULL
               : apr_pstrcat(cmd->pool,
                             "EduOutcomesGroupCommit is auto, on or off, not ",
                             value, NULL);
}

#define OFFSET(member) (void *)offsetof(dir_config_t, member)

/* clang-format off */
static const command_rec commands[] = {
    AP_INIT_FLAG("EduOutcomes", set_enabled, NULL, ACCESS_CONF,
                 "On: serve the education outcomes API below this <Location>"),
    AP_INIT_TAKE1("EduOutcomesDialect", set_dialect, NULL, ACCESS_CONF,
                  "v1.0 or beta: the version of Graph to speak here"),
    AP_INIT_FLAG("EduOutcomesAnonymous", set_trust, OFFSET(anonymous),
                 ACCESS_CONF,
                 "On: serve callers whom no module has authenticated"),
    AP_INIT_FLAG("EduOutcomesRequireIfMatch", ap_set_flag_slot,
                 OFFSET(require_if_match), ACCESS_CONF,
                 "On: refuse a change without If-Match"),
    AP_INIT_FLAG("EduOutcomesTrustStamps", set_trust, OFFSET(trust_stamps),
                 ACCESS_CONF,
                 "On: keep the server-set members of a body, for migrations"),
    AP_INIT_TAKE1("EduOutcomesMaxBody", set_max_body, NULL, ACCESS_CONF,
                  "the largest request body, in bytes"),
    AP_INIT_TAKE1("EduOutcomesMaxValues", set_number, (void *)&max_values,
                  ACCESS_CONF, "the most JSON values in a request body"),
    AP_INIT_TAKE1("EduOutcomesMaxExpression", set_number,
                  (void *)&max_expression, ACCESS_CONF,
                  "the most parts of a $filter, $orderby, $select or $expand"),
    AP_INIT_TAKE1("EduOutcomesBatchMax", set_number, (void *)&batch_max,
                  ACCESS_CONF, "the most requests in a $batch"),
    AP_INIT_ITERATE("EduOutcomesAllowOrigin", add_origin, NULL, ACCESS_CONF,
                    "origins whose pages may write, beside the server's own"),
    AP_INIT_TAKE1("EduOutcomesUserId", set_identity, OFFSET(user_id),
                  ACCESS_CONF, "expression for the id of the user"),
    AP_INIT_TAKE1("EduOutcomesUserName", set_identity, OFFSET(user_name),
                  ACCESS_CONF, "expression for the displayName of the user"),
    AP_INIT_TAKE1("EduOutcomesApplication", set_identity, OFFSET(application),
                  ACCESS_CONF, "expression for the id of the application"),
    AP_INIT_TAKE1("EduOutcomesAdmin", set_condition, OFFSET(admin),
                  ACCESS_CONF,
                  "expression that holds for who may provision classes"),
    AP_INIT_TAKE1("EduOutcomesSubmissions", set_submissions, NULL, ACCESS_CONF,
                  "any or registered: which submissions are served"),
    AP_INIT_TAKE1("EduOutcomesSchema", set_schema, NULL, RSRC_CONF,
                  "auto or manual: whether the module makes its tables"),
    AP_INIT_TAKE1("EduOutcomesTimeout", set_timeout, NULL, RSRC_CONF,
                  "how long a request may wait for the database, in seconds"),
    AP_INIT_TAKE1("EduOutcomesNodes", set_nodes, NULL, RSRC_CONF,
                  "how many Apaches such as this share the database"),
    AP_INIT_TAKE1("EduOutcomesGroupCommit", set_group, NULL, RSRC_CONF,
                  "auto, on or off: whether waiting writes share a commit"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
/* clang-format on */

/* -------------------------------------------------------------------- store */

static int is_shut(const gate_t *gate)
{
    return gate->free == 0 ||
           (gate->opening && (gate->down || gate->idle <= 0));
}

/* Who wants a connection goes through the gate.  One that has to be made is
 * made by one thread at a time, as mod_dbd has it anyway, but who waits here
 * can give up.
 * @param from_pool  out: there is one already, alive or dead
 * @param alone      out: nobody else may make one meanwhile */
static apr_status_t enter(gate_t *gate, int *from_pool, int *alone,
                          apr_time_t until)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(gate->mutex);
    while (!rv && is_shut(gate)) {
        apr_interval_time_t left = until - apr_time_now();

        if (left > 0) {
            apr_thread_cond_timedwait(gate->changed, gate->mutex, left);
        }
        else {
            rv = APR_TIMEUP;
        }
    }
    if (!rv) {
        *from_pool = gate->idle > 0;
        *alone = gate->down || !*from_pool;
        gate->free--;
        gate->idle -= *from_pool;
        gate->opening |= *alone;
    }
    apr_thread_mutex_unlock(gate->mutex);
    return rv;
}

/* A connection that the pool had is no news to those who wait. */
static void note(gate_t *gate, int alone, int succeeded)
{
    if (succeeded && !alone) {
        return;
    }
    apr_thread_mutex_lock(gate->mutex);
    gate->free += !succeeded;
    gate->down = !succeeded;
    if (alone) {
        gate->opening = 0;
    }
    apr_thread_cond_broadcast(gate->changed);
    apr_thread_mutex_unlock(gate->mutex);
}

static void leave(gate_t *gate)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->free++;
    gate->idle++;
    apr_thread_mutex_unlock(gate->mutex);
    apr_thread_cond_signal(gate->changed);
}

/* mod_dbd finds a dead connection in its pool, throws it away and gives none:
 * the next may be alive, and behind the last is a new one. */
static apr_status_t borrow(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    server_rec *s = baton;
    gate_t *gate = server_config(s)->gate;
    int from_pool, alone;
    ap_dbd_t *rec;

    do {
        apr_status_t rv = enter(gate, &from_pool, &alone, dbd->until);

        if (rv) {
            return rv;
        }
        rec = dbd_open(p, s);
        note(gate, alone, rec != NULL);
    } while (!rec && from_pool);
    if (!rec) {
        return APR_EGENERAL;
    }
    dbd->driver = rec->driver;
    dbd->handle = rec->handle;
    dbd->pool = rec->pool;
    dbd->owner = rec;
    return APR_SUCCESS;
}

static void give_back(void *baton, edu_dbd_t *dbd)
{
    dbd_close(baton, dbd->owner);
    leave(server_config(baton)->gate);
}

/* @param waited  by one request, or NULL */
static edu_store_t store_of(server_rec *s, apr_interval_time_t *waited)
{
    edu_store_t store = { .open = borrow,
                          .close = give_back,
                          .baton = s,
                          .schema = server_config(s)->schema,
                          .timeout = server_config(s)->timeout,
                          .waited = waited,
                          .team = server_config(s)->team };

    return store;
}

/* ------------------------------------------------------------------ request */

static const char *read_header(void *baton, const char *name)
{
    const request_rec *r = baton;

    return apr_table_get(r->headers_in, name);
}

static apr_status_t too_large(apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ETOOLARGE, "body", p,
                         "The request body is larger than the %" APR_OFF_T_FMT
                         " bytes that are taken here.",
                         max);
}

/* What Content-Length announces, or 0. */
static apr_off_t announced(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length = 0;

    return text && !apr_strtoff(&length, text, NULL, 10) ? length : 0;
}

/* A filter that refuses a body may have answered by itself. */
static apr_status_t break_off(request_rec *r, apr_status_t rv, edu_error_t *err)
{
    if (rv == AP_FILTER_ERROR) {
        apr_table_setn(r->notes, ANSWERED, "");
    }
    return edu_error_http(err, ap_map_http_request_error(rv, HTTP_BAD_REQUEST));
}

/* A body as far as it has come. */
typedef struct body_t {
    char *data;
    apr_size_t len, size; /* of which size there is room */
} body_t;

/* As much again, so that what is copied in all is no more than what is read. */
static void grow(body_t *body, apr_size_t len, apr_pool_t *p)
{
    apr_size_t size = body->size * 2 > len ? body->size * 2 : len;
    char *data;

    if (body->size >= len) {
        return;
    }
    data = apr_palloc(p, size);
    memcpy(data, body->data, body->len);
    body->data = data;
    body->size = size;
}

/* Adds what a brigade holds, and empties it: a bucket takes more memory than
 * the few bytes that may be in it. */
static apr_status_t take_part(body_t *body, request_rec *r,
                              apr_bucket_brigade *part, apr_off_t max,
                              edu_error_t *err, apr_pool_t *p)
{
    apr_off_t length = 0;
    apr_size_t room;
    apr_status_t rv = apr_brigade_length(part, 1, &length);

    if (!rv && (apr_off_t)body->len + length > max) {
        return too_large(max, err, p);
    }
    if (!rv) {
        grow(body, body->len + (apr_size_t)length, p);
        room = body->size - body->len;
        rv = apr_brigade_flatten(part, body->data + body->len, &room);
        body->len += room;
    }
    apr_brigade_cleanup(part);
    return rv ? break_off(r, rv, err) : APR_SUCCESS;
}

/* Up to EduOutcomesMaxBody bytes, whatever Content-Length says: it may be
 * absent, or count what a filter then inflates. */
static apr_status_t read_body(void *baton, const char **data, apr_size_t *len,
                              apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    request_rec *r = baton;
    apr_bucket_brigade *part =
        apr_brigade_create(p, r->connection->bucket_alloc);
    apr_off_t size = announced(r);
    body_t body = { .size = size > 0 ? (apr_size_t)size : HUGE_STRING_LEN };
    apr_status_t rv = APR_SUCCESS;
    int ended = 0;

    if (size > max) {
        return too_large(max, err, p);
    }
    body.data = apr_palloc(p, body.size);
    while (!rv && !ended) {
        rv = ap_get_brigade(r->input_filters, part, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv) {
            return break_off(r, rv, err);
        }
        ended = !APR_BRIGADE_EMPTY(part) &&
                APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(part));
        rv = take_part(&body, r, part, max, err, p);
    }
    *data = body.data;
    *len = body.len;
    return rv;
}

/* The value of an identity directive, or NULL where it gives none. */
static const char *evaluate(request_rec *r, ap_expr_info_t *expr,
                            const char *otherwise)
{
    const char *err = NULL, *value = otherwise;

    if (expr) {
        value = ap_expr_str_exec(r, expr, &err);
    }
    if (err) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "EDU0001: an identity expression failed: %s", err);
        return NULL;
    }
    return value && *value ? edu_utf8(value, r->pool) : NULL;
}

/* Whether a condition is set and holds. */
static int holds(request_rec *r, ap_expr_info_t *expr)
{
    const char *err = NULL;
    int rc = expr ? ap_expr_exec(r, expr, &err) : 0;

    if (err) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "EDU0008: EduOutcomesAdmin failed: %s", err);
    }
    return rc > 0;
}

/* Whether a path is a mount point or below it. */
static int is_below(const char *uri, const char *mount)
{
    apr_size_t len = strlen(mount);

    return strncmp(uri, mount, len) == 0 &&
           (uri[len] == '/' || uri[len] == '\0');
}

/* ----------------------------------------------------------------- response */

/* A 401 names a way to sign in (RFC 9110 11.6.1): the configured one, or, where
 * the administrator forgot it, what Graph's clients speak. */
static void challenge(request_rec *r)
{
    if (ap_auth_type(r)) {
        ap_note_auth_failure(r);
    }
    else {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", "Bearer");
    }
}

static int set_header(void *to, const char *name, const char *value)
{
    apr_table_setn(to, name, value);
    return 1;
}

/* A refusal is for the client, who is told; a failure is for us. */
static void log_answer(request_rec *r, const edu_trace_t *trace,
                       const edu_response_t *res)
{
    const edu_error_t *err = &res->error;

    if (err->status >= 500 && err->detail) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "EDU0002: request-id %s: %d %s: %s", trace->request_id,
                      err->status, err->code, err->detail);
    }
    else if (err->status) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "EDU0003: request-id %s: refused with %d %s%s%s%s%s",
                      trace->request_id, err->status, err->code,
                      err->target ? " at " : "",
                      err->target ? ap_escape_logitem(r->pool, err->target)
                                  : "",
                      err->detail ? ": " : "", err->detail ? err->detail : "");
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "EDU0004: request-id %s: answered %d", trace->request_id,
                      res->status);
    }
}

/* A small body goes in one piece, for each costs a bucket; a large one is not
 * copied. */
static apr_size_t put_body(apr_bucket_brigade *bb,
                           const apr_array_header_t *body, apr_pool_t *p)
{
    const struct iovec *parts = (const struct iovec *)body->elts;
    struct iovec whole;
    apr_size_t length = 0;
    int n = body->nelts;

    for (int i = 0; i < n; i++) {
        length += parts[i].iov_len;
    }
    if (length <= WHOLE_MAX) {
        whole.iov_base = apr_pstrcatv(p, parts, n, &whole.iov_len);
        parts = &whole;
        n = 1;
    }
    for (int i = 0; i < n; i++) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(parts[i].iov_base,
                                                           parts[i].iov_len, p,
                                                           bb->bucket_alloc));
    }
    return length;
}

static int send_response(request_rec *r, const edu_response_t *res)
{
    apr_table_t *headers =
        ap_is_HTTP_ERROR(res->status) ? r->err_headers_out : r->headers_out;
    apr_bucket_brigade *bb =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_size_t length = 0;

    r->status = res->status;
    apr_table_do(set_header, headers, res->headers, NULL);
    apr_table_unset(headers, "Content-Type"); /* of httpd's own making */
    if (r->method_number != M_GET || r->header_only) {
        /* else httpd would cut the answer (RFC 9110 14.2) */
        apr_table_unset(r->headers_in, "Range");
        apr_table_unset(r->headers_in, "Request-Range");
    }
    if (res->body->nelts) {
        ap_set_content_type(r, apr_table_get(res->headers, "Content-Type"));
        length = put_body(bb, res->body, r->pool);
    }
    if (length || res->status == HTTP_OK) {
        ap_set_content_length(r, (apr_off_t)length);
    }
    /* httpd would keep a small answer back and look for a further request
     * first: under the event MPM that costs two changes of thread */
    if (length <= FLUSH_MAX) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(bb->bucket_alloc));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    ap_pass_brigade(r->output_filters, bb);
    return OK;
}

/* -------------------------------------------------------------------- hooks */

static int show_main(request_rec *r);

/* Whether another module gave the request a path other than that sent. */
static int is_rewritten(const request_rec *r)
{
    return !r->parsed_uri.path || strcmp(r->uri, r->parsed_uri.path) != 0;
}

/* What holds at the path of a request: httpd has looked at that sent only. */
static const dir_config_t *config_of_path(request_rec *r)
{
    ap_conf_vector_t *sent = r->per_dir_config;
    const dir_config_t *conf = dir_config(r);

    if (is_rewritten(r)) {
        r->per_dir_config = r->server->lookup_defaults;
        ap_location_walk(r);
        conf = dir_config(r);
        r->per_dir_config = sent;
    }
    return conf;
}

/* Everything below a mount point is ours, before any module maps it to a file:
 * the path of a resource is not a path on a disk. */
static int translate_name(request_rec *r)
{
    const dir_config_t *conf = config_of_path(r);

    show_main(r);
    if (conf->enabled != 1 || !conf->mount || r->proxyreq ||
        !is_below(r->uri, conf->mount)) {
        return DECLINED;
    }
    r->filename = HANDLER ":";
    return OK;
}

/* The walk through the file system ends before it begins.  The per-directory
 * configuration is not that of the <Location> here, hence the mark. */
static int map_to_storage(request_rec *r)
{
    show_main(r); /* a rule may have ended the translation before us */
    if (!r->filename || strcmp(r->filename, HANDLER ":") != 0) {
        return DECLINED;
    }
    r->handler = HANDLER;
    return OK;
}

static const edu_mount_t *mount_of(const request_rec *r)
{
    const dir_config_t *conf = dir_config(r);
    edu_mount_t *mount = apr_pcalloc(r->pool, sizeof(*mount));

    mount->dialect = conf->dialect == UNSET ? EDU_DIALECT_V1_0 : conf->dialect;
    mount->anonymous = conf->anonymous == 1;
    mount->require_if_match = conf->require_if_match == 1;
    mount->registered = conf->registered == 1;
    mount->batch_max =
        conf->batch_max == UNSET ? DEFAULT_BATCH_MAX : conf->batch_max;
    mount->max_body =
        conf->max_body == UNSET ? DEFAULT_MAX_BODY : conf->max_body;
    mount->max_sent = ap_get_limit_req_body(r);
    mount->max_line = r->server->limit_req_line;
    mount->max_values =
        conf->max_values == UNSET ? DEFAULT_MAX_VALUES : conf->max_values;
    mount->max_expression = conf->max_expression == UNSET
                                ? DEFAULT_MAX_EXPRESSION
                                : conf->max_expression;
    /* whoever vouches has to have a name */
    mount->trust_stamps = conf->trust_stamps == 1 && r->user;
    mount->origins = conf->origins;
    return mount;
}

static const edu_caller_t *caller_of(request_rec *r)
{
    const dir_config_t *conf = dir_config(r);
    edu_caller_t *caller = apr_pcalloc(r->pool, sizeof(*caller));

    caller->authenticated = r->user != NULL;
    caller->user_id = evaluate(r, conf->user_id, r->user);
    caller->user_name = evaluate(r, conf->user_name, NULL);
    caller->application = evaluate(r, conf->application, NULL);
    caller->admin = holds(r, conf->admin);
    return caller;
}

/* Whether a request came by the one URL of its path: nothing is encoded that
 * need not be, normalized or rewritten.  Some rules see the URL. */
static int is_plain(const request_rec *r)
{
    /* most paths have no more than what ap_escape_uri leaves as it is */
    apr_size_t len = strspn(r->uri, "abcdefghijklmnopqrstuvwxyz"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789$-_.+!*'(),:@&=/~");
    const char *url = r->uri[len] ? ap_escape_uri(r->pool, r->uri) : r->uri;

    len = strlen(url);
    return strncmp(r->unparsed_uri, url, len) == 0 &&
           (r->unparsed_uri[len] == '?' || r->unparsed_uri[len] == '\0');
}

/* What Apache knows of a request. */
static void describe(edu_request_t *req, request_rec *r)
{
    const dir_config_t *conf = dir_config(r);

    req->method = r->method;
    req->path = r->uri + strlen(conf->mount);
    req->query = r->args;
    req->mount = mount_of(r);
    req->caller = caller_of(r);
    req->rewritten = !is_plain(r);
}

/* ------------------------------------------------------------- subrequests */

/** Of a request that may make subrequests to ask for rules. */
typedef struct asker_t {
    int asks;                     /**< it is making one */
    const apr_table_t *received;  /**< its environment before any rewriting */
    const apr_table_t *rewritten; /**< and before a user was asked for */
    apr_table_t *env;  /**< what subrequests begin with; NULL: none was made */
    request_rec *main; /**< hidden, of a subrequest; NULL: it is not */
} asker_t;

static asker_t *asker_of(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &edu_outcomes_module);
}

/* <LocationMatch> captures, and mod_rewrite keeps for redirects, parts of
 * another path. */
static int unset_path(void *env, const char *name, const char *value)
{
    static const char *const prefixes[] = { AP_REG_MATCH, "REDIRECT_SCRIPT_UR",
                                            NULL };

    (void)value;
    for (int i = 0; prefixes[i]; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            apr_table_unset(env, name);
        }
    }
    return 1;
}

static asker_t *make_asker(request_rec *r)
{
    asker_t *asker = apr_pcalloc(r->pool, sizeof(*asker));
    apr_table_t *received = apr_table_copy(r->pool, r->subprocess_env);

    apr_table_do(unset_path, received, r->subprocess_env, NULL);
    asker->received = received;
    asker->rewritten = asker->received;
    ap_set_module_config(r->request_config, &edu_outcomes_module, asker);
    return asker;
}

static int is_asked(const request_rec *r)
{
    const asker_t *asker = r->main ? asker_of(r->main) : NULL;

    return asker && asker->asks;
}

/* mod_rewrite passes over rules with [R], also [R=403], and [NS] in a
 * subrequest, and gives it its parent's SCRIPT_URL. */
static int hide_main(request_rec *r)
{
    if (is_asked(r)) {
        asker_t *asker = asker_of(r) ? asker_of(r) : make_asker(r);

        asker->main = r->main;
        r->main = NULL;
    }
    return DECLINED;
}

static int show_main(request_rec *r)
{
    asker_t *asker = asker_of(r);

    if (asker && asker->main) {
        r->main = asker->main;
        asker->main = NULL;
    }
    return DECLINED;
}

/* Runs mod_setenvif's part of a hook: httpd has no such hook for subrequests.
 * @param hooks  of ap_LINK_header_parser_t, as of every hook of a request */
static void run_setenvif(request_rec *r, const apr_array_header_t *hooks)
{
    for (int i = 0; hooks && i < hooks->nelts; i++) {
        const ap_LINK_header_parser_t *hook =
            &APR_ARRAY_IDX(hooks, i, ap_LINK_header_parser_t);

        if (strcmp(hook->szName, "mod_setenvif.c") == 0) {
            hook->pFunc(r);
        }
    }
}

static int is_set(const apr_table_t *env, const char *name, const char *value)
{
    const char *is = apr_table_get(env, name);

    return is && strcmp(is, value) == 0;
}

static int unset_same(void *env, const char *name, const char *value)
{
    if (is_set(env, name, value)) {
        apr_table_unset(env, name);
    }
    return 1;
}

static int inherit(void *baton, const char *name, const char *value)
{
    const asker_t *asker = baton;

    if (!is_set(asker->rewritten, name, value)) {
        apr_table_setn(asker->env, name, value);
    }
    return 1;
}

/* A subrequest begins with the environment that its parent began with, without
 * what RewriteRule or SetEnvIf concluded from the parent's path, but with what
 * an authentication module set: httpd may spare it that. */
static asker_t *prepare_asker(request_rec *r)
{
    asker_t *asker = asker_of(r) ? asker_of(r) : make_asker(r);
    request_rec again = *r;

    if (!asker->env) {
        again.request_config = ap_create_request_config(r->pool);
        again.subprocess_env = apr_table_make(r->pool, 8);
        run_setenvif(&again, ap_hook_get_post_read_request());
        run_setenvif(&again, ap_hook_get_header_parser());
        asker->env = apr_table_copy(r->pool, asker->received);
        apr_table_do(inherit, asker, r->subprocess_env, NULL);
        apr_table_do(unset_same, asker->env, again.subprocess_env, NULL);
    }
    return asker;
}

/* Runs before any other module: a request keeps the environment it begins with,
 * and a subrequest gets a request line and what httpd makes of one. */
static int begin_request(request_rec *r)
{
    if (is_asked(r)) {
        r->protocol = r->main->protocol;
        r->proto_num = r->main->proto_num;
        r->the_request = apr_pstrcat(r->pool, r->method, " ", r->unparsed_uri,
                                     " ", r->protocol, NULL);
        r->subprocess_env = apr_table_copy(r->pool, asker_of(r->main)->env);
        /* httpd takes away those of a body */
        r->headers_in = apr_table_copy(r->pool, r->main->headers_in);
        run_setenvif(r, ap_hook_get_post_read_request());
        hide_main(r);
    }
    else if (server_config(r->server)->mounts->nelts > 0) {
        make_asker(r);
    }
    return DECLINED;
}

/* The same before authentication. */
static int parse_headers(request_rec *r)
{
    asker_t *asker = asker_of(r);

    if (is_asked(r)) {
        return ap_run_header_parser(r);
    }
    if (asker && !apr_is_empty_table(r->subprocess_env)) {
        asker->rewritten = apr_table_copy(r->pool, r->subprocess_env);
    }
    return DECLINED;
}

/* As in ap_process_request_internal, but the user may be known already. */
static int authorize(request_rec *r)
{
    int any = ap_satisfies(r) == SATISFY_ANY;
    int rv = ap_run_access_checker(r);

    if ((rv == OK) == any) {
        return rv;
    }
    rv = ap_run_access_checker_ex(r);
    if (rv != DECLINED && (rv != OK || ap_run_force_authn(r) != OK)) {
        return rv;
    }
    rv = r->user ? OK : ap_run_check_user_id(r);
    return rv == OK ? ap_run_auth_checker(r) : rv;
}

/* Whether a subrequest may be made.  httpd spares one that has its parent's
 * configuration the checks, but they may depend on its method, its path and
 * its environment. */
static int check_access(request_rec *r, const request_rec *parent)
{
    int rv = r->status;

    if (rv == HTTP_OK && r->per_dir_config == parent->per_dir_config) {
        rv = authorize(r);
        /* as decl_die: no module could tell */
        rv = rv == OK         ? HTTP_OK
             : rv == DECLINED ? HTTP_INTERNAL_SERVER_ERROR
                              : rv;
    }
    return rv;
}

/* The URL of a request in a batch as it would stand on a request line: blanks
 * and controls are percent-encoded, a fragment is not sent. */
static const char *as_sent(const char *url, apr_pool_t *p)
{
    char *line = apr_palloc(p, 3 * strlen(url) + 1), *to = line;

    for (; *url && *url != '#'; url++) {
        if (apr_iscntrl(*url) || *url == ' ') {
            to += apr_snprintf(to, 4, "%%%02X", (unsigned char)*url);
        }
        else {
            *to++ = *url;
        }
    }
    *to = '\0';
    return line;
}

/* A subrequest goes through the access checks that the request would meet if it
 * came alone.  It is not run: what it may do is all that is asked. */
static apr_status_t admit(void *baton, edu_request_t *item, const char *method,
                          const char *url, edu_error_t *err, apr_pool_t *p)
{
    request_rec *outer = baton, *r;
    const char *mount = dir_config(outer)->mount;
    asker_t *asker = prepare_asker(outer);
    int status;

    url = apr_pstrcat(p, *url == '/' ? "" : "/", as_sent(url, p), NULL);
    if (!is_below(url, mount)) {
        url = apr_pstrcat(p, ap_escape_uri(p, mount), url, NULL);
    }
    asker->asks = 1;
    r = ap_sub_req_method_uri(method, url, outer, NULL);
    asker->asks = 0;
    status = check_access(r, outer);
    if (ap_is_HTTP_ERROR(status)) {
        return edu_error_http(err, status);
    }
    /* what is redirected is not here either */
    if (status != HTTP_OK || !r->handler || strcmp(r->handler, HANDLER) != 0 ||
        strcmp(dir_config(r)->mount, mount) != 0) {
        return edu_error_http(err, HTTP_NOT_FOUND);
    }
    describe(item, r);
    return APR_SUCCESS;
}

/* Whether the client has closed its connection, told without reading from it.
 * One that closes only its own half, and would still read the answer, looks the
 * same as one that is no more, and is as rare as the other is common.  A stream
 * of HTTP/2 shares its connection: mod_http2 says when it is reset. */
static int is_gone(void *baton)
{
    const request_rec *r = baton;
    conn_rec *c = r->connection;
    apr_socket_t *socket = c->master ? NULL : ap_get_conn_socket(c);
    struct pollfd pfd = { .events = POLLRDHUP };

    if (c->aborted || !socket || apr_os_sock_get(&pfd.fd, socket)) {
        return c->aborted;
    }
    return poll(&pfd, 1, 0) == 1 &&
           (pfd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* ------------------------------------------------------------------ answers */

/* The library's answer to a request. */
static void serve(request_rec *r, const edu_trace_t *trace, edu_response_t *res)
{
    const dir_config_t *conf = dir_config(r);
    apr_interval_time_t waited = 0;
    const edu_store_t store = store_of(r->server, &waited);
    edu_request_t req = { .base = ap_construct_url(r->pool, conf->mount, r),
                          .trace = trace,
                          .store = &store,
                          .header = read_header,
                          .body = read_body,
                          .admit = admit,
                          .gone = is_gone,
                          .baton = r };

    describe(&req, r);
    req.rewritten |= !ap_is_initial_req(r);
    edu_service_run(res, &req, r->pool);
}

static int handler(request_rec *r)
{
    const dir_config_t *conf = dir_config(r);
    edu_response_t res;
    edu_trace_t trace;

    if (!r->handler || strcmp(r->handler, HANDLER) != 0 || !conf->mount) {
        return DECLINED;
    }
    edu_trace_init(&trace, apr_table_get(r->headers_in, "client-request-id"),
                   r->pool);
    serve(r, &trace, &res);
    if (apr_table_get(r->notes, ANSWERED)) {
        return AP_FILTER_ERROR;
    }
    log_answer(r, &trace, &res);
    if (res.status == HTTP_UNAUTHORIZED) {
        challenge(r);
    }
    return send_response(r, &res);
}

/* The path that was asked for, or NULL: all that Apache keeps of a request line
 * that is too long is the line. */
static const char *asked_for(const request_rec *r)
{
    const char *space =
        r->uri || !r->the_request ? NULL : strchr(r->the_request, ' ');

    return space ? space + 1 : r->uri;
}

/* Whether a refusal that Apache makes by itself is below a mount point.  Some
 * come before the <Location> is known. */
static int is_ours(const request_rec *r)
{
    const dir_config_t *conf = dir_config(r);
    const apr_array_header_t *mounts = server_config(r->server)->mounts;
    const char *path = asked_for(r);

    for (int i = 0; conf->enabled == UNSET && path && i < mounts->nelts; i++) {
        if (is_below(path, APR_ARRAY_IDX(mounts, i, const char *))) {
            return 1;
        }
    }
    return conf->enabled == 1;
}

static void insert_error_filter(request_rec *r)
{
    if (ap_is_HTTP_ERROR(r->status) && is_ours(r)) {
        ap_add_output_filter(ERROR_FILTER, NULL, r, r->connection);
    }
}

/* Puts Graph's error document in the place of Apache's page. */
static apr_status_t error_filter(ap_filter_t *f, apr_bucket_brigade *page)
{
    request_rec *r = f->r;
    apr_bucket_brigade *bb;
    edu_error_t err;
    edu_trace_t trace;
    const char *doc;

    apr_brigade_cleanup(page);
    if (f->ctx) {
        return APR_SUCCESS;
    }
    f->ctx = f;
    edu_error_http(&err, r->status);
    edu_trace_init(&trace, apr_table_get(r->headers_in, "client-request-id"),
                   r->pool);
    doc = edu_error_document(&err, &trace, r->pool);
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, strlen(doc));
    apr_table_setn(r->headers_out, "request-id", trace.request_id);
    apr_table_setn(r->headers_out, "Cache-Control", EDU_CACHE_CONTROL);
    apr_table_setn(r->headers_out, "X-Content-Type-Options",
                   EDU_CONTENT_TYPE_OPTIONS);
    ap_log_rerror(APLOG_MARK, r->status >= 500 ? APLOG_ERR : APLOG_INFO, 0, r,
                  "EDU0005: request-id %s: Apache refused with %d",
                  trace.request_id, r->status);
    bb = apr_brigade_create(r->pool, f->c->bucket_alloc);
    apr_brigade_puts(bb, NULL, NULL, doc);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return ap_pass_brigade(f->next, bb);
}

/* ----------------------------------------------------------------- start-up */

/* The argument of the last such directive among siblings, or NULL. */
static const char *argument(const ap_directive_t *d, const char *name,
                            apr_pool_t *p)
{
    const char *found = NULL;

    for (; d; d = d->next) {
        if (strcasecmp(d->directive, name) == 0) {
            const char *args = d->args;

            found = ap_getword_conf(p, &args);
        }
    }
    return found;
}

/* mod_dbd keeps its configuration to itself, so the directives are asked: those
 * of the server's own <VirtualHost>, else the main server's. */
static const char *dbd_setting(const server_rec *s, const char *name,
                               apr_pool_t *p)
{
    const char *found = NULL;

    for (const ap_directive_t *d = ap_conftree; d; d = d->next) {
        if (strcasecmp(d->directive, "<VirtualHost") == 0 && s->defn_name &&
            d->line_num == (int)s->defn_line_number &&
            strcmp(d->filename, s->defn_name) == 0) {
            found = argument(d->first_child, name, p);
        }
    }
    return found ? found : argument(ap_conftree, name, p);
}

static int number(const char *text, int otherwise)
{
    return text && atoi(text) > 0 ? atoi(text) : otherwise;
}

/* Servers with the same database share a pool, hence a gate. */
static gate_t *make_gate(const server_rec *first, const server_rec *s,
                         apr_pool_t *p)
{
    gate_t *gate = apr_pcalloc(p, sizeof(*gate));

    gate->first = s;
    gate->driver = dbd_setting(s, "DBDriver", p);
    gate->params = dbd_setting(s, "DBDParams", p);
    for (; first != s; first = first->next) {
        gate_t *other = server_config(first)->gate;

        if (other && strcmp(other->driver, gate->driver) == 0 &&
            strcmp(other->params, gate->params) == 0) {
            return other;
        }
    }
    /* mod_dbd's own defaults */
    gate->free = number(dbd_setting(s, "DBDMax", p), 10);
    gate->idle = number(dbd_setting(s, "DBDMin", p), 1);
    return gate;
}

/* Also run by httpd -t. */
static int check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *first)
{
    (void)plog;
    for (server_rec *s = first; s; s = s->next) {
        server_config_t *conf =
            ap_get_module_config(s->module_config, &edu_outcomes_module);
        const char *driver = dbd_setting(s, "DBDriver", ptemp);
        const char *refusal;

        if (conf->mounts->nelts == 0) {
            continue;
        }
        refusal = edu_store_refuse(driver, dbd_setting(s, "DBDParams", ptemp));
        if (refusal) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                         "EDU0006: EduOutcomes cannot start: %s", refusal);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        conf->gate = make_gate(first, s, p);
        edu_store_limit(driver, conf->timeout, ptemp);
    }
    return OK;
}

static void open_gate(gate_t *gate, apr_pool_t *p)
{
    if (!gate->mutex) {
        apr_thread_mutex_create(&gate->mutex, APR_THREAD_MUTEX_DEFAULT, p);
        apr_thread_cond_create(&gate->changed, p);
    }
}

static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(p, MUTEX, NULL, APR_LOCK_DEFAULT, 0) ? !OK : OK;
}

/* The lock of a database; it outlives restarts, as old children do that still
 * write. */
static apr_status_t find_turn(apr_global_mutex_t **turn, const char *params,
                              server_rec *s)
{
    apr_pool_t *p = s->process->pool;
    apr_hash_t **turns = ap_retained_data_get(MUTEX);
    apr_status_t rv = APR_SUCCESS;

    if (!turns) {
        turns = ap_retained_data_create(MUTEX, sizeof(*turns));
        *turns = apr_hash_make(p);
    }
    *turn = apr_hash_get(*turns, params, APR_HASH_KEY_STRING);
    if (!*turn &&
        !(rv = ap_global_mutex_create(turn, NULL, MUTEX, NULL, s, p, 0))) {
        apr_hash_set(*turns, apr_pstrdup(p, params), APR_HASH_KEY_STRING,
                     *turn);
    }
    return rv;
}

/* A flag of all children, or NULL: a warning is not worth a failing start. */
static apr_uint32_t *make_flag(apr_pool_t *p)
{
    apr_shm_t *shm;
    apr_uint32_t *flag = NULL;

    if (!apr_shm_create(&shm, sizeof(*flag), NULL, p)) {
        flag = apr_shm_baseaddr_get(shm);
        apr_atomic_set32(flag, 0);
    }
    return flag;
}

static apr_status_t take_turn(void *baton, apr_time_t until)
{
    apr_interval_time_t left = until - apr_time_now();
    apr_status_t rv = apr_global_mutex_timedlock(baton, left > 0 ? left : 0);

    return rv == APR_ENOTIMPL ? apr_global_mutex_lock(baton) : rv;
}

static void pass_turn(void *baton)
{
    apr_global_mutex_unlock(baton);
}

/* Who shares a turn is of one team, too. */
static apr_status_t make_team(server_rec *s, server_rec *first, apr_pool_t *p)
{
    server_config_t *conf = server_config(s);
    edu_turn_t turn = { take_turn, pass_turn, NULL };
    apr_status_t rv = APR_SUCCESS;

    for (; first != s; first = first->next) {
        if (conf->turn && server_config(first)->turn == conf->turn) {
            conf->team = server_config(first)->team;
            return APR_SUCCESS;
        }
    }
    if (conf->turn) {
        rv = apr_global_mutex_child_init(
            &conf->turn, apr_global_mutex_lockfile(conf->turn), p);
    }
    turn.baton = conf->turn;
    return rv ? rv
              : edu_team_create(&conf->team, conf->gate->driver,
                                conf->turn ? &turn : NULL, conf->group != 0, p);
}

/* -------------------------------------------------------------- checkpoints */

#define CHECKPOINT_PAUSE apr_time_from_msec(100)

/** What the process that checkpoints knows of a database. */
typedef struct checkpoint_t {
    server_rec *s;
    edu_store_t store;
    edu_dbd_t dbd; /**< its only connection; the handle is NULL until then */
    int failed;    /**< the last time */
} checkpoint_t;

static volatile sig_atomic_t is_over;

static void end_checkpoints(int sig)
{
    (void)sig;
    is_over = 1;
}

static apr_status_t open_own(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    checkpoint_t *of = baton;
    const char *params = server_config(of->s)->gate->params;
    apr_status_t rv = of->dbd.handle
                          ? APR_SUCCESS
                          : apr_dbd_open(of->dbd.driver, of->dbd.pool, params,
                                         &of->dbd.handle);

    (void)p;
    *dbd = of->dbd;
    return rv;
}

static void keep_own(void *baton, edu_dbd_t *dbd)
{
    (void)baton;
    (void)dbd;
}

static checkpoint_t *make_checkpoint(server_rec *s, apr_pool_t *p)
{
    checkpoint_t *of = apr_pcalloc(p, sizeof(*of));

    of->s = s;
    of->store = store_of(s, NULL);
    of->store.open = open_own;
    of->store.close = keep_own;
    of->store.baton = of;
    of->store.schema = EDU_SCHEMA_UNUSED;
    apr_pool_create(&of->dbd.pool, p);
    apr_dbd_get_driver(p, server_config(s)->gate->driver, &of->dbd.driver);
    return of;
}

/* Of checkpoint_t *, one for each database. */
static apr_array_header_t *list_checkpoints(server_rec *first, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(checkpoint_t *));

    for (server_rec *s = first; s; s = s->next) {
        const server_config_t *conf = server_config(s);

        if (conf->turn && conf->gate->first == s && !make_team(s, first, p)) {
            APR_ARRAY_PUSH(list, checkpoint_t *) = make_checkpoint(s, p);
        }
    }
    return list;
}

static void checkpoint(checkpoint_t *of, apr_pool_t *p)
{
    edu_error_t err;
    int failed = edu_store_checkpoint(&of->store, &err, p) != APR_SUCCESS;

    if (failed && !of->failed) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, of->s,
                     "EDU0011: a checkpoint failed, and is tried again; the "
                     "log of the database grows meanwhile: %s",
                     err.detail);
    }
    of->failed = failed;
}

/* Lives as long as its parent wants, or is there. */
static void run_checkpoints(pid_t parent, server_rec *s, apr_pool_t *p)
{
    apr_array_header_t *list;
    apr_pool_t *scratch;

    /* A MPM that ends its children by a signal to its group would end this
     * one, too; but SQLite's log is removed by whoever closes last, and by
     * nobody if two do so at once. */
    setpgid(0, 0);
    apr_signal(SIGTERM, end_checkpoints);
    apr_signal(SIGINT, end_checkpoints);
    apr_signal(SIGHUP, SIG_IGN);
    apr_signal(SIGXFSZ, SIG_IGN); /* as httpd does: to fail is enough */
    apr_signal(AP_SIG_GRACEFUL, SIG_IGN);
    apr_signal(AP_SIG_GRACEFUL_STOP, SIG_IGN);
    ap_close_listeners();
    if (ap_run_drop_privileges(p, s)) {
        apr_sleep(apr_time_from_sec(1)); /* it has said why, and may again */
        exit(1);
    }
    apr_pool_create(&p, p);
    apr_pool_create(&scratch, p);
    list = list_checkpoints(s, p);
    while (!is_over && getppid() == parent) {
        for (int i = 0; i < list->nelts && !is_over; i++) {
            checkpoint(APR_ARRAY_IDX(list, i, checkpoint_t *), scratch);
            apr_pool_clear(scratch);
        }
        apr_sleep(CHECKPOINT_PAUSE);
    }
    for (int i = 0; i < list->nelts; i++) {
        const edu_dbd_t *dbd = &APR_ARRAY_IDX(list, i, checkpoint_t *)->dbd;

        if (dbd->handle) {
            apr_dbd_close(dbd->driver, dbd->handle);
        }
    }
    exit(0);
}

static apr_status_t start_checkpoints(server_rec *first);

/* One that died is replaced. */
static void maintain_checkpoints(int reason, void *first, apr_wait_t status)
{
    int state;

    (void)status;
    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST) {
        apr_proc_other_child_unregister(first);
        if (!ap_mpm_query(AP_MPMQ_MPM_STATE, &state) &&
            state != AP_MPMQ_STOPPING) {
            start_checkpoints(first);
        }
    }
}

/* SQLite's driver lets a process do one thing at a time, so that only a process
 * of its own can checkpoint without keeping requests waiting. */
static apr_status_t start_checkpoints(server_rec *first)
{
    apr_pool_t *p = first->process->pconf;
    apr_proc_t *proc = apr_pcalloc(p, sizeof(*proc));
    const pid_t parent = getpid();
    apr_status_t rv = apr_proc_fork(proc, p);

    if (rv == APR_INCHILD) {
        run_checkpoints(parent, first, p);
    }
    if (rv != APR_INPARENT) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, first,
                     "EDU0012: no process for checkpoints");
        return rv;
    }
    apr_pool_note_subprocess(p, proc, APR_KILL_AFTER_TIMEOUT);
    apr_proc_other_child_register(proc, maintain_checkpoints, first, NULL, p);
    return APR_SUCCESS;
}

/* SQLite lets one writer in and has all others ask again and again; a lock of
 * ours lets them in in order. */
static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *first)
{
    int starts = ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG;
    apr_uint32_t *counted = make_flag(p);
    int turns = 0;

    (void)plog;
    (void)ptemp;
    for (server_rec *s = first; s; s = s->next) {
        server_config_t *conf = server_config(s);

        if (!conf->gate) {
            continue;
        }
        conf->gate->counted = counted;
        if (strcmp(conf->gate->driver, "sqlite3") == 0) {
            if (find_turn(&conf->turn, conf->gate->params, s)) {
                return HTTP_INTERNAL_SERVER_ERROR; /* it has said why */
            }
            turns = 1;
        }
    }
    return turns && starts && start_checkpoints(first)
               ? HTTP_INTERNAL_SERVER_ERROR
               : OK;
}

/* How many connections each child may open to the databases of one driver,
 * which are taken to be of one server.  Without threads nobody asks for more
 * than mod_dbd opens by itself. */
static int count_pools(const server_rec *s, const char *driver, int threaded)
{
    int n = 0;

    for (; s; s = s->next) {
        const gate_t *gate = server_config(s)->gate;

        if (gate && gate->first == s && strcmp(gate->driver, driver) == 0) {
            n += threaded ? gate->free : gate->idle;
        }
    }
    return n;
}

/* Says, once a start, if a database does not admit all connections that all
 * nodes may open together. */
static void count_connections(const edu_store_t *store, server_rec *s,
                              const server_rec *first, apr_pool_t *p)
{
    const gate_t *gate = server_config(s)->gate;
    int nodes = server_config(s)->nodes ? server_config(s)->nodes : 1;
    int threaded = 0, children = 0, each, most;
    const char *limit;
    apr_int64_t all;
    edu_error_t err;

    if (!gate->counted || apr_atomic_cas32(gate->counted, 1, 0)) {
        return;
    }
    if (edu_store_connections(&most, store, &err, p) || !most) {
        apr_atomic_set32(gate->counted, 0); /* others may know */
        return;
    }
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    limit = threaded ? "DBDMax" : "DBDMin";
    each = count_pools(first, gate->driver, threaded);
    all = (apr_int64_t)nodes * children * each;
    if (all > most) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "EDU0010: %" APR_INT64_T_FMT " connections may be wanted "
                     "(EduOutcomesNodes %d x %d children x %s %d), but the "
                     "database admits %d; requests that get none are answered "
                     "503. Lower %s, or MaxRequestWorkers for fewer children, "
                     "or raise max_connections of the database",
                     all, nodes, children, limit, each, most, limit);
    }
}

/* Tells of a database that cannot be used before the first request does.  It is
 * tried again then: no start of Apache depends on a database. */
static void child_init(apr_pool_t *p, server_rec *s)
{
    server_rec *first = s;
    apr_pool_t *scratch;
    apr_status_t rv;

    apr_pool_create(&scratch, p);
    for (; s; s = s->next) {
        const edu_store_t store = store_of(s, NULL);
        edu_error_t err;

        if (!server_config(s)->gate) {
            continue;
        }
        open_gate(server_config(s)->gate, p);
        if (edu_store_check(&store, &err, scratch)) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "EDU0007: %s",
                         err.detail);
        }
        else {
            count_connections(&store, s, first, scratch);
        }
        if ((rv = make_team(s, first, p))) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                         "EDU0009: no lock for writers; they may be slow");
        }
    }
    apr_pool_destroy(scratch);
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const after_us[] = { "mod_alias.c", "mod_proxy.c",
                                            "mod_userdir.c",
                                            "mod_vhost_alias.c", NULL };
    static const char *const before_us[] = { "mod_dbd.c", NULL };
    static const char *const rewriter[] = { "mod_rewrite.c", NULL };

    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, before_us, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(begin_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_translate_name(translate_name, rewriter, after_us, APR_HOOK_FIRST);
    ap_hook_post_perdir_config(parse_headers, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_fixups(hide_main, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(show_main, rewriter, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(insert_error_filter, NULL, NULL, APR_HOOK_LAST);
    ap_register_output_filter(ERROR_FILTER, error_filter, NULL,
                              AP_FTYPE_CONTENT_SET);
}

AP_DECLARE_MODULE(edu_outcomes) = {
    STANDARD20_MODULE_STUFF, create_dir_config,   merge_dir_config,
    create_server_config,    merge_server_config, commands,
    register_hooks,          AP_MODULE_FLAG_NONE
};
