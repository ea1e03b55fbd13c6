/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The module record and its hooks.  module/ has what they call; neither knows
 * JSON, SQL or OData. */

#include "module/figures.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_mutex.h>

/* -------------------------------------------------------------------- hooks */

/* Whether another module changed the path that was sent. */
static int is_rewritten(const request_rec *r)
{
    return !r->parsed_uri.path || strcmp(r->uri, r->parsed_uri.path) != 0;
}

/* The configuration at the path of a request; httpd has looked up that of the
 * path that was sent. */
static const dir_config_t *config_of_path(request_rec *r)
{
    ap_conf_vector_t *sent = r->per_dir_config;
    const dir_config_t *conf = edum_dir_config(r);

    if (is_rewritten(r)) {
        r->per_dir_config = r->server->lookup_defaults;
        ap_location_walk(r);
        conf = edum_dir_config(r);
        r->per_dir_config = sent;
    }
    return conf;
}

/* The module takes every path below a mount point before another one maps it to
 * a file: the path of a resource is no path on a disk. */
static int translate_name(request_rec *r)
{
    const dir_config_t *conf = config_of_path(r);

    edum_show_main(r);
    if (conf->enabled != 1 || !conf->mount || r->proxyreq ||
        !edum_is_below(r->uri, conf->mount)) {
        return DECLINED;
    }
    r->filename = EDUM_HANDLER ":";
    return OK;
}

/* Keeps httpd from walking the file system.  The per-directory configuration is
 * not that of the <Location> here, hence the mark. */
static int map_to_storage(request_rec *r)
{
    edum_show_main(r); /* a rule may have ended the translation before us */
    if (!r->filename || strcmp(r->filename, EDUM_HANDLER ":") != 0) {
        return DECLINED;
    }
    r->handler = EDUM_HANDLER;
    return OK;
}

/* The library's answer to a request.
 * @param reads  out, of edu_read_t: whose outcomes it shows; NULL: no section
 *               of the server asks */
static void serve(request_rec *r, const edu_trace_t *trace,
                  apr_array_header_t *reads, edu_response_t *res)
{
    const dir_config_t *conf = edum_dir_config(r);
    apr_interval_time_t waited = 0;
    const edu_store_t store = edum_store(r->server, &waited, r->pool);
    edu_request_t req = { .base = ap_construct_url(r->pool, conf->mount, r),
                          .trace = trace,
                          .store = &store,
                          .documents = edum_server_config(r->server)->documents,
                          .reads = reads,
                          .header = edum_header,
                          .body = edum_body,
                          .admit = edum_admit,
                          .gone = edum_is_gone,
                          .baton = r };

    edum_describe(&req, r);
    req.rewritten |= !ap_is_initial_req(r);
    edu_service_run(res, &req, r->pool);
}

static int handler(request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);
    apr_array_header_t *reads = NULL;
    edu_response_t res;
    edu_trace_t trace;
    int rv;

    if (!r->handler || strcmp(r->handler, EDUM_HANDLER) != 0 || !conf->mount) {
        return DECLINED;
    }
    edum_trace_init(&trace, r);
    /* a section may ask for it that holds for a request of a $batch alone */
    if (edum_server_config(r->server)->log_reads) {
        reads = apr_array_make(r->pool, 4, sizeof(edu_read_t));
    }
    serve(r, &trace, reads, &res);
    if (apr_table_get(r->notes, EDUM_ANSWERED)) {
        return AP_FILTER_ERROR;
    }
    rv = edum_answer(r, &trace, &res);
    edum_metrics_note(r, &trace, &res);
    if (reads && (res.status == HTTP_OK || res.status == HTTP_NO_CONTENT)) {
        edum_reads_note(r, reads);
    }
    return rv;
}

/* ----------------------------------------------------------------- start-up */

static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(p, EDUM_MUTEX, NULL, APR_LOCK_DEFAULT, 0) ? !OK
                                                                       : OK;
}

static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *first)
{
    int starts = ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG;
    apr_uint32_t *counted = edum_flag_make(p);
    const edu_documents_t *documents = starts ? edu_documents_make(p) : NULL;
    int databases = 0;
    apr_status_t rv;

    (void)plog;
    (void)ptemp;
    for (server_rec *s = first; s; s = s->next) {
        database_t *database = edum_server_config(s)->database;

        if (starts) {
            edum_warn_sections(s);
            edum_server_config(s)->documents = documents;
        }
        if (!database || database->first != s) {
            continue;
        }
        database->counted = counted;
        edum_watch_make(database, p);
        databases++;
        if (strcmp(database->driver, "sqlite3") == 0 &&
            edum_lock_find(database, s)) {
            return HTTP_INTERNAL_SERVER_ERROR; /* it has said why */
        }
    }
    if (databases && starts && (rv = edum_metrics_make(first))) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, first,
                     "EDU0034: nothing is counted: there is no memory that "
                     "children share");
    }
    if (databases && starts) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, first,
                     "EDU0050: mod_edu_outcomes " EDU_VERSION " serves");
    }
    return databases && starts && edum_keeper_start(first)
               ? HTTP_INTERNAL_SERVER_ERROR
               : OK;
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const after_us[] = { "mod_alias.c", "mod_proxy.c",
                                            "mod_userdir.c",
                                            "mod_vhost_alias.c", NULL };
    static const char *const rewriter[] = { "mod_rewrite.c", NULL };
    static const char *const rules[] = { "mod_authz_core.c", NULL };

    edum_authz_register(p);
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(edum_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(edum_dump_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(edum_databases_open, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(edum_begin_request, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_translate_name(translate_name, rewriter, after_us, APR_HOOK_FIRST);
    ap_hook_post_perdir_config(edum_parse_headers, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_perdir_config(edum_tell_origin, NULL, NULL, APR_HOOK_MIDDLE);
    /* mod_authz_core is the last to decide, and passes on what lacks a user */
    ap_hook_check_access_ex(edum_need_no_user, rules, NULL,
                            APR_HOOK_REALLY_LAST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(edum_note_user, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_fixups(edum_hide_main, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(edum_show_main, rewriter, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(edum_show_status, NULL, NULL, APR_HOOK_MIDDLE);
    edum_status_hook(p);
    ap_hook_log_transaction(edum_warn_of_twin, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(edum_insert_error_filter, NULL, NULL,
                                APR_HOOK_LAST);
    ap_register_output_filter(EDUM_ERROR_FILTER, edum_error_filter, NULL,
                              AP_FTYPE_CONTENT_SET);
}

module AP_MODULE_DECLARE_DATA edu_outcomes_module = {
    STANDARD20_MODULE_STUFF,  edum_dir_config_create,
    edum_dir_config_merge,    edum_server_config_create,
    edum_server_config_merge, edum_commands,
    register_hooks,           AP_MODULE_FLAG_NONE
};
