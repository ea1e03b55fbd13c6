/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The configuration, and how nested sections inherit it. */

#include "mod_edu.h"

void *edum_dir_config_create(apr_pool_t *p, char *path)
{
    dir_config_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)path;
    conf->enabled = UNSET;
    conf->dialect = UNSET;
    conf->rules_alone = UNSET;
    conf->anonymous = UNSET;
    conf->require_if_match = UNSET;
    conf->trust_stamps = UNSET;
    conf->log_reads = UNSET;
    conf->registered = UNSET;
    conf->public_documents = UNSET;
    conf->max_body = UNSET;
    conf->batch_max = UNSET;
    conf->max_values = UNSET;
    conf->max_expression = UNSET;
    return conf;
}

#define MERGE(member, unset)                                                   \
    conf->member = add->member == (unset) ? base->member : add->member

void *edum_dir_config_merge(apr_pool_t *p, void *basev, void *addv)
{
    const dir_config_t *base = basev, *add = addv;
    dir_config_t *conf = apr_palloc(p, sizeof(*conf));

    MERGE(enabled, UNSET);
    MERGE(mount, NULL);
    MERGE(dialect, UNSET);
    MERGE(rules_alone, UNSET);
    MERGE(anonymous, UNSET);
    MERGE(read_only, NULL);
    MERGE(require_if_match, UNSET);
    MERGE(trust_stamps, UNSET);
    MERGE(log_reads, UNSET);
    MERGE(registered, UNSET);
    MERGE(public_documents, UNSET);
    MERGE(max_body, UNSET);
    MERGE(batch_max, UNSET);
    MERGE(max_values, UNSET);
    MERGE(max_expression, UNSET);
    MERGE(user_id, NULL);
    MERGE(user_name, NULL);
    MERGE(application, NULL);
    MERGE(admin, NULL);
    MERGE(teacher, NULL);
    MERGE(scopes, NULL);
    MERGE(app_roles, NULL);
    MERGE(origins, NULL);
    return conf;
}

void *edum_server_config_create(apr_pool_t *p, server_rec *s)
{
    server_config_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)s;
    conf->max = UNSET;
    conf->expires = UNSET;
    conf->group = UNSET;
    conf->history = UNSET;
    conf->repeatable = UNSET;
    conf->mounts = apr_array_make(p, 2, sizeof(const char *));
    conf->sections = apr_array_make(p, 2, sizeof(section_t));
    return conf;
}

void *edum_server_config_merge(apr_pool_t *p, void *basev, void *addv)
{
    const server_config_t *base = basev, *add = addv;
    server_config_t *conf = apr_palloc(p, sizeof(*conf));

    MERGE(driver, NULL);
    MERGE(params, NULL);
    MERGE(max, UNSET);
    MERGE(expires, UNSET);
    MERGE(schema, EDU_SCHEMA_DEFAULT);
    MERGE(timeout, 0);
    MERGE(nodes, 0);
    conf->database = NULL;
    conf->served = NULL;
    conf->documents = NULL;
    MERGE(group, UNSET);
    MERGE(history, UNSET);
    MERGE(repeatable, UNSET);
    MERGE(role_query, NULL);
    MERGE(log_reads, 0);
    conf->mounts = apr_array_append(p, base->mounts, add->mounts);
    conf->asks = base->asks || add->asks;
    conf->staffed = base->staffed || add->staffed;
    conf->sections = add->sections; /* each is told once */
    return conf;
}

const dir_config_t *edum_dir_config(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &edu_outcomes_module);
}

server_config_t *edum_server_config(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &edu_outcomes_module);
}

/* A file that cannot be looked for may be there. */
edu_writes_e edum_writes(const dir_config_t *conf, apr_pool_t *p)
{
    const read_only_t *read_only = conf->read_only;
    apr_finfo_t info;
    apr_status_t rv;

    if (!read_only || !read_only->file) {
        return read_only && read_only->on ? EDU_WRITES_REFUSED
                                          : EDU_WRITES_TAKEN;
    }
    rv = apr_stat(&info, read_only->file, APR_FINFO_TYPE, p);
    return APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)
               ? EDU_WRITES_TAKEN
               : EDU_WRITES_PAUSED;
}

int edum_is_read_only(const server_rec *s, apr_pool_t *p)
{
    const dir_config_t *conf =
        ap_get_module_config(s->lookup_defaults, &edu_outcomes_module);

    return edum_writes(conf, p) != EDU_WRITES_TAKEN;
}
