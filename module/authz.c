/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* `Require edu-role` and `Require edu-scope`, for any section; and what needs
 * no user. */

#include "figures.h"

#include <ap_provider.h>
#include <http_request.h>
#include <mod_auth.h>

enum { TEACHER = 1, STUDENT = 2, ADMIN = 4 };

static const struct {
    const char *name;
    int roles; /* one of which is asked for */
} roles[] = {
    {"teacher",  TEACHER          },
    { "student", STUDENT          },
    { "member",  TEACHER | STUDENT},
    { "admin",   ADMIN            },
    { NULL,      0                }
};

/** The roles that a `Require edu-role` asks for. */
typedef struct role_rule_t {
    int roles;
    ap_expr_info_t *of; /**< the class; NULL: that of the path */
} role_rule_t;

static int find_role(const char *name)
{
    int i = 0;

    while (roles[i].name && strcasecmp(roles[i].name, name) != 0) {
        i++;
    }
    return roles[i].roles;
}

/* The path is what such a rule is about: its expression may read it. */
static const char *parse_role(cmd_parms *cmd, const char *line,
                              const void **parsed)
{
    role_rule_t *rule = apr_pcalloc(cmd->pool, sizeof(*rule));
    const char *word, *err = NULL;

    edum_server_config(cmd->server)->asks = 1;
    *parsed = rule;
    while (*(word = ap_getword_conf(cmd->pool, &line)) && find_role(word)) {
        rule->roles |= find_role(word);
    }
    if (strcasecmp(word, "of") == 0 && *line) {
        word = ap_getword_conf(cmd->pool, &line);
        rule->of = ap_expr_parse_cmd(cmd, word, AP_EXPR_FLAG_STRING_RESULT,
                                     &err, NULL);
        word = line;
    }
    if (*word || !rule->roles) {
        err = apr_psprintf(cmd->pool,
                           "it takes one or more of teacher, student, member "
                           "and admin, and then, if need be, of and an "
                           "expression for the class, not '%s'",
                           word);
    }
    return err ? apr_pstrcat(cmd->pool, "Require edu-role: ", err, NULL) : NULL;
}

/* A failure is no denial, which `Require not` would make an admission of. */
static authz_status fail(request_rec *r, int level, const char *why)
{
    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "EDU0013: a Require cannot be decided: %s", why);
    return AUTHZ_GENERAL_ERROR;
}

static authz_status check_role(request_rec *r, const char *line,
                               const void *parsed)
{
    const role_rule_t *rule = parsed;
    const edu_caller_t *caller = edum_caller(r);
    int found = (caller->admin ? ADMIN : 0) | (caller->teacher ? TEACHER : 0);
    const char *class_id, *role;
    edu_store_t store;
    edu_error_t err;

    (void)line;
    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    if (!(found & rule->roles) && (rule->roles & (TEACHER | STUDENT)) &&
        caller->user_id &&
        (class_id = rule->of ? edum_expression_text(r, rule->of, NULL)
                             : edum_class(r))) {
        store = edum_store(r->server, NULL, r->pool);
        if (edu_role_of(&role, &store, class_id, caller->user_id, &err,
                        r->pool)) {
            return fail(
                r,
                edum_watch_refuses(edum_server_config(r->server)->database)
                    ? APLOG_INFO
                    : APLOG_ERR,
                err.detail ? err.detail : err.message);
        }
        found |= find_role(role);
    }
    return found & rule->roles ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

/** A permission that a `Require edu-scope` asks for. */
typedef struct scope_rule_t {
    unsigned scopes;
    int app;
} scope_rule_t;

static const char *parse_scopes(cmd_parms *cmd, const char *line,
                                const void **parsed)
{
    apr_array_header_t *rules =
        apr_array_make(cmd->pool, 2, sizeof(scope_rule_t));
    const char *name;

    *parsed = rules;
    while (*(name = ap_getword_conf(cmd->pool, &line))) {
        scope_rule_t *rule = apr_array_push(rules);

        rule->scopes = edu_scopes_read(name, 0);
        rule->app = !rule->scopes;
        if (rule->app) {
            rule->scopes = edu_scopes_read(name, 1);
        }
        if (!rule->scopes || strchr(name, ',')) {
            return apr_psprintf(cmd->pool,
                                "Require edu-scope: '%s' is no permission of "
                                "Graph such as EduAssignments.Read or, of an "
                                "application, EduAssignments.Read.All",
                                name);
        }
    }
    return rules->nelts ? NULL : "Require edu-scope takes one name or more";
}

static authz_status check_scopes(request_rec *r, const char *line,
                                 const void *parsed)
{
    const apr_array_header_t *rules = parsed;
    const dir_config_t *conf = edum_dir_config(r);
    const edu_caller_t *caller = edum_caller(r);

    (void)line;
    if (!conf->scopes && !conf->app_roles) {
        return fail(r, APLOG_ERR,
                    "edu-scope needs EduOutcomesScopes or "
                    "EduOutcomesAppRoles in its section");
    }
    for (int i = 0; i < rules->nelts; i++) {
        const scope_rule_t *rule = &APR_ARRAY_IDX(rules, i, scope_rule_t);

        if (r->user && caller->app == rule->app &&
            (caller->scopes & rule->scopes) == rule->scopes) {
            return AUTHZ_GRANTED;
        }
    }
    return r->user ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
}

int edum_need_no_user(request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);

    if (conf->enabled != 1 || !conf->mount ||
        !edum_is_below(r->uri, conf->mount)) {
        return DECLINED;
    }
    return edum_is_preflight(r) ||
                   (conf->public_documents == 1 &&
                    edu_is_document(r->uri + strlen(conf->mount), r->pool))
               ? OK
               : DECLINED;
}

void edum_authz_register(apr_pool_t *p)
{
    static const authz_provider role = { check_role, parse_role };
    static const authz_provider scope = { check_scopes, parse_scopes };

    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "edu-role",
                              AUTHZ_PROVIDER_VERSION, &role,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "edu-scope",
                              AUTHZ_PROVIDER_VERSION, &scope,
                              AP_AUTH_INTERNAL_PER_CONF);
}
