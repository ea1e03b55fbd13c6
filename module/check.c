/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What `httpd -t` and each start find in a configuration: mistakes that keep
 * Apache from starting, and what an administrator may not have meant. */

#include "mod_edu.h"

#include <unixd.h>

/* ----------------------------------------------------------------- refusals */

/* Refuses to serve callers whom nobody authenticated where roles decide.
 * @return OK, or what check_config returns */
static int check_sections(server_rec *s)
{
    const apr_array_header_t *sections = edum_server_config(s)->sections;

    for (int i = 0; i < sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(sections, i, section_t);

        if (section->conf->anonymous == 1 && section->conf->rules_alone != 1) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                         "EDU0031: EduOutcomes cannot start: "
                         "EduOutcomesAnonymous On in %s needs "
                         "EduOutcomesAccess none in the same section: a caller "
                         "without a name has no role",
                         section->path);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* ----------------------------------------------------------------- warnings */

/* Tells of databases whose rosters nobody can fill through this server. */
static void warn_unstaffed(const server_rec *first)
{
    for (const server_rec *s = first; s; s = s->next) {
        const server_config_t *conf = edum_server_config(s);

        if (conf->mounts->nelts > 0 && conf->database->first == s &&
            !conf->database->staffed) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                         "EDU0015: EduOutcomes is on, but no section names "
                         "administrators (EduOutcomesAdmin), who provision "
                         "classes, or teachers (EduOutcomesTeacher): every "
                         "request is refused until another program writes "
                         "members into the database");
        }
    }
}

static int lacks_auth(const mount_t *mount)
{
    return !mount->auth && mount->conf->anonymous != 1;
}

static int tells_passwords(const mount_t *mount)
{
    return mount->auth && strcasecmp(mount->auth, "Basic") == 0 &&
           !mount->secret;
}

/* The mounts of a server of which something holds, or NULL: there are none. */
static const char *those(const server_rec *s, int (*holds)(const mount_t *),
                         apr_pool_t *p)
{
    const apr_array_header_t *served = edum_server_config(s)->served;
    const char *list = NULL;

    for (int i = 0; i < served->nelts; i++) {
        const mount_t *mount = &APR_ARRAY_IDX(served, i, mount_t);

        if (holds(mount)) {
            list = apr_pstrcat(p, list ? list : "", list ? ", " : "",
                               *mount->path ? mount->path : "/", NULL);
        }
    }
    return list;
}

static void warn_mounts(const server_rec *s, apr_pool_t *p)
{
    const char *open = those(s, lacks_auth, p);
    const char *plain = those(s, tells_passwords, p);

    if (open) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                     "EDU0035: nothing authenticates the callers of %s, so "
                     "that each is answered 401. Let its <Location> have an "
                     "AuthType and a Require",
                     open);
    }
    if (plain) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                     "EDU0036: passwords and grades of %s go over the network "
                     "for all to read, by AuthType Basic without TLS. Set "
                     "SSLEngine On, or, where a proxy ends TLS, begin "
                     "ServerName with https://",
                     plain);
    }
}

/* Apache starts all the same: a directory may be mounted later. */
static void warn_database(const server_rec *s, apr_pool_t *p)
{
    const database_t *database = edum_server_config(s)->database;
    const edu_user_t user = { ap_unixd_config.user_name,
                              ap_unixd_config.user_id,
                              ap_unixd_config.group_id };
    edu_user_t own = { 0 };
    const char *fault;
    char *name = NULL;

    if (geteuid() != 0 && !apr_uid_current(&own.uid, &own.gid, p)) {
        apr_uid_name_get(&name, own.uid, p);
        own.name = name ? name : apr_ltoa(p, (long)own.uid);
    }
    fault = edu_store_look(database->driver, database->params,
                           own.name ? &own : &user, p);
    if (fault) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                     "EDU0038: the database cannot be used yet: %s", fault);
    }
}

static void warn_idle(const server_rec *first)
{
    const server_rec *s = first;

    while (s && edum_server_config(s)->mounts->nelts == 0 &&
           !edum_server_config(s)->asks) {
        s = s->next;
    }
    if (!s) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_NOTICE, 0, first,
                     "EDU0037: mod_edu_outcomes serves nothing: no <Location> "
                     "has EduOutcomes On");
    }
}

/* ------------------------------------------------------------------- hooks */

int edum_check_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *first)
{
    (void)plog;
    for (server_rec *s = first; s; s = s->next) {
        server_config_t *conf = edum_server_config(s);
        const char *refusal;

        conf->served = edum_mounts_find(s, first, p);
        if (conf->mounts->nelts == 0 && !conf->asks) {
            continue;
        }
        refusal = edu_store_refuse(conf->driver, conf->params, ptemp);
        if (refusal) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                         "EDU0006: EduOutcomes cannot start: %s", refusal);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        conf->database = edum_database_find(first, s, p);
        conf->database->staffed |= conf->staffed || conf->role_query;
        if (check_sections(s)) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        if (conf->database->first == s) {
            warn_database(s, ptemp);
        }
        warn_mounts(s, ptemp);
    }
    warn_unstaffed(first);
    warn_idle(first);
    return OK;
}

/* Tells at each start where the module leaves access to the server's rules. */
void edum_warn_sections(const server_rec *s)
{
    const apr_array_header_t *sections = edum_server_config(s)->sections;

    for (int i = 0; i < sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(sections, i, section_t);

        if (section->conf->rules_alone == 1) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         "EDU0032: EduOutcomesAccess none in %s: all callers "
                         "that Require admits there may grade, and read all "
                         "grades",
                         section->path);
        }
    }
}
