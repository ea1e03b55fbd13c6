/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The directives, their arguments and refusals. */

#include "mod_edu.h"

#include <apr_fnmatch.h>
#include <apr_lib.h>

#include <stddef.h>

/* The path of a directive's <Location>, or NULL: its section is not one path
 * and all below it. */
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
    server_config_t *server = edum_server_config(cmd->server);
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
    len = strlen(location);
    conf->mount =
        apr_pstrmemdup(cmd->pool, location, len - (location[len - 1] == '/'));
    len = strlen(conf->mount);
    if (len >= 10 && strcmp(conf->mount + len - 10, "/education") == 0) {
        return "EduOutcomes On belongs one level up: clients add /education to "
               "the path of this <Location> by themselves";
    }
    for (int i = 0; i < server->mounts->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(server->mounts, i, const char *),
                   conf->mount) == 0) {
            return apr_psprintf(cmd->pool,
                                "EduOutcomes On stands in two sections for %s, "
                                "and one would win over the other: give each "
                                "its own path",
                                conf->mount);
        }
    }
    APR_ARRAY_PUSH(server->mounts, const char *) = conf->mount;
    return NULL;
}

/* Takes one of two words. @param to  out: whether it is the second */
static const char *choose(int *to, cmd_parms *cmd, const char *value,
                          const char *first, const char *second)
{
    *to = strcasecmp(value, second) == 0;
    return *to || strcasecmp(value, first) == 0
               ? NULL
               : apr_psprintf(cmd->pool, "%s is %s or %s, not %s",
                              cmd->cmd->name, first, second, value);
}

static const char *set_dialect(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;
    int beta;
    const char *refusal = choose(&beta, cmd, value, "v1.0", "beta");

    conf->dialect = beta ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0;
    return refusal;
}

/* Remembers a section for the checks of all of them, when all are read. */
static void note_section(cmd_parms *cmd, const dir_config_t *conf)
{
    apr_array_header_t *all = edum_server_config(cmd->server)->sections;

    for (int i = 0; i < all->nelts; i++) {
        if (APR_ARRAY_IDX(all, i, section_t).conf == conf) {
            return;
        }
    }
    APR_ARRAY_PUSH(all, section_t) =
        (section_t){ cmd->path ? cmd->path : "the server", conf };
}

static const char *set_access(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;
    const char *refusal =
        choose(&conf->rules_alone, cmd, value, "roster", "none");

    edum_server_config(cmd->server)->staffed |= conf->rules_alone;
    note_section(cmd, conf);
    return refusal;
}

/* The class and the user stand for the two %s, in this order. */
static const char *set_role_query(cmd_parms *cmd, void *dummy,
                                  const char *value)
{
    int slots = 0;

    (void)dummy;
    edum_server_config(cmd->server)->role_query = value;
    for (const char *at = strchr(value, '%'); at; at = strchr(at + 1, '%')) {
        slots = at[1] == 's' ? slots + 1 : 3;
    }
    return slots == 2 && strncasecmp(value, "SELECT ", 7) == 0
               ? NULL
               : apr_psprintf(cmd->pool,
                              "EduOutcomesRoleQuery is a SELECT with %%s for "
                              "the class, then %%s for the user, and no other "
                              "%%, such as \"SELECT role FROM enrolments WHERE "
                              "course = %%s AND login = %%s\", not %s",
                              value);
}

/* A file is one that somebody makes and removes while Apache runs. */
static const char *set_read_only(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;
    read_only_t *read_only = apr_pcalloc(cmd->pool, sizeof(*read_only));

    conf->read_only = read_only;
    read_only->on = strcasecmp(value, "on") == 0;
    if (read_only->on || strcasecmp(value, "off") == 0) {
        return NULL;
    }
    /* a word is no file that somebody meant: `yes` would refuse nothing */
    read_only->file =
        strchr(value, '/') ? ap_server_root_relative(cmd->pool, value) : NULL;
    return read_only->file
               ? NULL
               : apr_pstrcat(cmd->pool,
                             "EduOutcomesReadOnly is On, Off or the path of a "
                             "file, such as /var/lib/edu_outcomes/readonly, "
                             "not ",
                             value, NULL);
}

/* Stamps that every caller may forge are worth nothing. */
static const char *set_trust(cmd_parms *cmd, void *confv, int on)
{
    const dir_config_t *conf = confv;

    ap_set_flag_slot(cmd, confv, on);
    note_section(cmd, conf);
    return conf->anonymous == 1 && conf->trust_stamps == 1
               ? "EduOutcomesTrustStamps On lets a caller forge who graded: it "
                 "cannot be combined with EduOutcomesAnonymous On"
               : NULL;
}

static const char *set_max_body(cmd_parms *cmd, void *confv, const char *value)
{
    dir_config_t *conf = confv;
    apr_int64_t bytes;
    const char *err =
        edum_number_read(&bytes, cmd, value, "bytes", 2, APR_INT32_MAX);

    conf->max_body = bytes;
    return err;
}

/** A member of a configuration that a number is read into. */
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

static const slot_t nodes = { offsetof(server_config_t, nodes), "Apaches", 1,
                              1000 };
static const slot_t repeatable = { offsetof(server_config_t, repeatable),
                                   "seconds", 0, 30 * 86400 };
static const slot_t dbd_max = { offsetof(server_config_t, max), "connections",
                                1, 100000 };
static const slot_t dbd_exptime = { offsetof(server_config_t, expires),
                                    "seconds", 0, APR_INT32_MAX };

static const char *set_number(cmd_parms *cmd, void *confv, const char *value)
{
    const slot_t *slot = cmd->info;
    void *conf = cmd->cmd->req_override == RSRC_CONF
                     ? edum_server_config(cmd->server)
                     : confv;
    apr_int64_t n;
    const char *err =
        edum_number_read(&n, cmd, value, slot->what, slot->min, slot->max);

    *(int *)((char *)conf + slot->offset) = (int)n;
    return err;
}

/* An origin as browsers send it (RFC 6454 6.2); `null` and `*` would admit
 * every page. */
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
    return choose(&((dir_config_t *)confv)->registered, cmd, value, "any",
                  "registered");
}

static const char *set_metadata(cmd_parms *cmd, void *confv, const char *value)
{
    int authenticated;
    const char *refusal =
        choose(&authenticated, cmd, value, "public", "authenticated");

    ((dir_config_t *)confv)->public_documents = !authenticated;
    return refusal;
}

static ap_expr_info_t **slot_of(cmd_parms *cmd, void *confv)
{
    return (ap_expr_info_t **)((char *)confv + (apr_size_t)cmd->info);
}

static const char *set_identity(cmd_parms *cmd, void *confv, const char *value)
{
    return edum_expression_parse(slot_of(cmd, confv), cmd, value,
                                 AP_EXPR_FLAG_STRING_RESULT);
}

static const char *set_condition(cmd_parms *cmd, void *confv, const char *value)
{
    edum_server_config(cmd->server)->staffed = 1;
    return edum_expression_parse(slot_of(cmd, confv), cmd, value, 0);
}

static const char *set_schema(cmd_parms *cmd, void *dummy, const char *value)
{
    int manual;
    const char *refusal = choose(&manual, cmd, value, "auto", "manual");

    (void)dummy;
    edum_server_config(cmd->server)->schema =
        manual ? EDU_SCHEMA_MANUAL : EDU_SCHEMA_AUTO;
    return refusal;
}

static const char *set_timeout(cmd_parms *cmd, void *dummy, const char *value)
{
    apr_int64_t seconds;
    const char *err = edum_number_read(&seconds, cmd, value, "seconds", 2, 300);

    (void)dummy;
    edum_server_config(cmd->server)->timeout = apr_time_from_sec(seconds);
    return err;
}

static const char *set_text(cmd_parms *cmd, void *dummy, const char *value)
{
    char *conf = (char *)edum_server_config(cmd->server);

    (void)dummy;
    *(const char **)(conf + (apr_size_t)cmd->info) = value;
    return NULL;
}

/* The process learns from the server whether any <Location> needs a thread. */
static const char *set_log_reads(cmd_parms *cmd, void *confv, int on)
{
    dir_config_t *conf = confv;

    conf->log_reads = on;
    edum_server_config(cmd->server)->log_reads |= on;
    return NULL;
}

/* Directives of mod_dbd without effect here. */
static const char *pass_over(cmd_parms *cmd, void *dummy, const char *value)
{
    (void)cmd;
    (void)dummy;
    (void)value;
    return NULL;
}

static const char *set_group(cmd_parms *cmd, void *dummy, const char *value)
{
    server_config_t *conf = edum_server_config(cmd->server);

    (void)dummy;
    conf->group = strcasecmp(value, "off") != 0;
    return !conf->group || strcasecmp(value, "on") == 0 ||
                   strcasecmp(value, "auto") == 0
               ? NULL
               : apr_pstrcat(cmd->pool,
                             "EduOutcomesGroupCommit is auto, on or off, not ",
                             value, NULL);
}

static const char *set_history(cmd_parms *cmd, void *dummy, int on)
{
    (void)dummy;
    edum_server_config(cmd->server)->history = on;
    return NULL;
}

#define OFFSET(member) (void *)offsetof(dir_config_t, member)

/* clang-format off */
const command_rec edum_commands[] = {
    AP_INIT_FLAG("EduOutcomes", set_enabled, NULL, ACCESS_CONF,
                 "On: serve the education outcomes API below this <Location>"),
    AP_INIT_TAKE1("EduOutcomesDialect", set_dialect, NULL, ACCESS_CONF,
                  "v1.0 or beta: the version of Graph to speak here"),
    AP_INIT_TAKE1("EduOutcomesAccess", set_access, NULL, ACCESS_CONF,
                  "roster or none: the rights of a caller depend on a role in "
                  "the class, or on the server's own rules alone"),
    AP_INIT_FLAG("EduOutcomesAnonymous", set_trust, OFFSET(anonymous),
                 ACCESS_CONF,
                 "On: serve callers whom no module has authenticated"),
    AP_INIT_TAKE1("EduOutcomesReadOnly", set_read_only, NULL,
                  RSRC_CONF | ACCESS_CONF,
                  "On, Off or a file: refuse changes, always or while the file "
                  "exists"),
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
                    "origins whose pages may write, besides the server's own"),
    AP_INIT_TAKE1("EduOutcomesUserId", set_identity, OFFSET(user_id),
                  ACCESS_CONF, "expression for the id of the user"),
    AP_INIT_TAKE1("EduOutcomesUserName", set_identity, OFFSET(user_name),
                  ACCESS_CONF, "expression for the displayName of the user"),
    AP_INIT_TAKE1("EduOutcomesApplication", set_identity, OFFSET(application),
                  ACCESS_CONF, "expression for the id of the application"),
    AP_INIT_TAKE1("EduOutcomesAdmin", set_condition, OFFSET(admin),
                  ACCESS_CONF,
                  "a condition in quotes, such as \"%{REMOTE_USER} == 'sis'\": "
                  "the caller may provision classes"),
    AP_INIT_TAKE1("EduOutcomesScopes", set_identity, OFFSET(scopes),
                  ACCESS_CONF,
                  "expression for the permissions that a user's token grants"),
    AP_INIT_TAKE1("EduOutcomesAppRoles", set_identity, OFFSET(app_roles),
                  ACCESS_CONF,
                  "expression for the permissions of an application's token"),
    AP_INIT_TAKE1("EduOutcomesTeacher", set_condition, OFFSET(teacher),
                  ACCESS_CONF,
                  "a condition in quotes, such as \"%{REMOTE_USER} == 'ada'\": "
                  "the caller is a teacher of every class"),
    AP_INIT_TAKE1("EduOutcomesSubmissions", set_submissions, NULL, ACCESS_CONF,
                  "any or registered: which submissions are served"),
    AP_INIT_TAKE1("EduOutcomesMetadata", set_metadata, NULL, ACCESS_CONF,
                  "public or authenticated: who is served $metadata and the "
                  "other documents that describe the service"),
    AP_INIT_TAKE1("EduOutcomesRoleQuery", set_role_query, NULL, RSRC_CONF,
                  "query for the role in a class (%s) of a user (%s)"),
    AP_INIT_FLAG("EduOutcomesLogReads", set_log_reads, NULL, ACCESS_CONF,
                 "On: record who reads whose outcomes"),
    AP_INIT_TAKE1("EduOutcomesSchema", set_schema, NULL, RSRC_CONF,
                  "auto or manual: whether the module creates its tables"),
    AP_INIT_TAKE1("EduOutcomesTimeout", set_timeout, NULL, RSRC_CONF,
                  "how long a request may wait for the database, in seconds"),
    AP_INIT_TAKE1("EduOutcomesNodes", set_number, (void *)&nodes, RSRC_CONF,
                  "number of Apache servers that share the database"),
    AP_INIT_TAKE1("EduOutcomesGroupCommit", set_group, NULL, RSRC_CONF,
                  "auto, on or off: whether waiting writes share a commit"),
    AP_INIT_FLAG("EduOutcomesHistory", set_history, NULL, RSRC_CONF,
                 "Off: changes leave no record"),
    AP_INIT_TAKE1("EduOutcomesRepeatabilityTTL", set_number,
                  (void *)&repeatable, RSRC_CONF,
                  "how long a request can be sent again safely, in seconds"),
    /* in the words of mod_dbd, which may be loaded or not */
    AP_INIT_TAKE1("DBDriver", set_text,
                  (void *)offsetof(server_config_t, driver), RSRC_CONF,
                  "sqlite3, pgsql or mysql"),
    AP_INIT_TAKE1("DBDParams", set_text,
                  (void *)offsetof(server_config_t, params), RSRC_CONF,
                  "the database, as its driver expects it"),
    AP_INIT_TAKE1("DBDMax", set_number, (void *)&dbd_max, RSRC_CONF,
                  "the most connections of a process"),
    AP_INIT_TAKE1("DBDExptime", set_number, (void *)&dbd_exptime, RSRC_CONF,
                  "how long a connection may be idle, in seconds"),
    AP_INIT_TAKE1("DBDMin", pass_over, NULL, RSRC_CONF,
                  "ignored: connections are opened on demand"),
    AP_INIT_TAKE1("DBDKeep", pass_over, NULL, RSRC_CONF,
                  "ignored: DBDExptime alone closes idle connections"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
/* clang-format on */
