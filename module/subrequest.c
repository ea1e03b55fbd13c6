/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A subrequest for each request of a $batch meets the rules that the request
 * would meet if it came alone. */

#include "mod_edu.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_lib.h>

/** State of a request that may make subrequests. */
typedef struct asker_t {
    int asks;                     /**< it is making one */
    const apr_table_t *received;  /**< its environment before any rewriting */
    const apr_table_t *rewritten; /**< its environment before authentication */
    apr_table_t *env;             /**< for subrequests; NULL: none was made */
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

int edum_hide_main(request_rec *r)
{
    if (is_asked(r)) {
        asker_t *asker = asker_of(r) ? asker_of(r) : make_asker(r);

        asker->main = r->main;
        r->main = NULL;
    }
    return DECLINED;
}

int edum_show_main(request_rec *r)
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

int edum_begin_request(request_rec *r)
{
    if (is_asked(r)) {
        r->protocol = r->main->protocol;
        r->proto_num = r->main->proto_num;
        r->the_request = apr_pstrcat(r->pool, r->method, " ", r->unparsed_uri,
                                     " ", r->protocol, NULL);
        r->subprocess_env = apr_table_copy(r->pool, asker_of(r->main)->env);
        /* httpd removes the headers of a body */
        r->headers_in = apr_table_copy(r->pool, r->main->headers_in);
        run_setenvif(r, ap_hook_get_post_read_request());
        edum_hide_main(r);
    }
    else if (edum_server_config(r->server)->mounts->nelts > 0) {
        make_asker(r);
    }
    return DECLINED;
}

int edum_parse_headers(request_rec *r)
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
        /* as decl_die: no module decided */
        rv = rv == OK         ? HTTP_OK
             : rv == DECLINED ? HTTP_INTERNAL_SERVER_ERROR
                              : rv;
    }
    return rv;
}

/* The URL of a request in a $batch, as a request line has it: blanks and
 * controls are percent-encoded, a fragment is removed. */
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

apr_status_t edum_admit(void *baton, edu_request_t *item, const char *method,
                        const char *url, edu_error_t *err, apr_pool_t *p)
{
    request_rec *outer = baton, *r;
    const char *mount = edum_dir_config(outer)->mount;
    asker_t *asker = prepare_asker(outer);
    int status;

    url = apr_pstrcat(p, *url == '/' ? "" : "/", as_sent(url, p), NULL);
    if (!edum_is_below(url, mount)) {
        url = apr_pstrcat(p, ap_escape_uri(p, mount), url, NULL);
    }
    asker->asks = 1;
    r = ap_sub_req_method_uri(method, url, outer, NULL);
    asker->asks = 0;
    status = check_access(r, outer);
    if (ap_is_HTTP_ERROR(status)) {
        return edum_refuse(err, r, status);
    }
    /* a redirected path is refused, too */
    if (status != HTTP_OK || !r->handler ||
        strcmp(r->handler, EDUM_HANDLER) != 0 ||
        strcmp(edum_dir_config(r)->mount, mount) != 0) {
        return edu_error_http(err, HTTP_NOT_FOUND);
    }
    edum_describe(item, r);
    return APR_SUCCESS;
}
