/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A module of the suite's httpd: it behaves as no module of Apache's does, and
 * says where a child crashed. */

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>
#include <apr_strings.h>

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

/* SetInputFilter EDU_TEST_REFUSE: refuses a body as web application firewalls
 * do, by an answer of its own, whose status the request names. */
static apr_status_t refuse(ap_filter_t *f, apr_bucket_brigade *bb,
                           ap_input_mode_t mode, apr_read_type_e block,
                           apr_off_t bytes)
{
    request_rec *r = f->r;
    const char *status = apr_table_get(r->headers_in, "Test-Status");
    apr_bucket_brigade *answer =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);

    (void)bb;
    (void)mode;
    (void)block;
    (void)bytes;
    ap_remove_input_filter(f);
    APR_BRIGADE_INSERT_TAIL(
        answer, ap_bucket_error_create(status ? atoi(status) : 403, NULL,
                                       r->pool, answer->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(answer,
                            apr_bucket_eos_create(answer->bucket_alloc));
    ap_pass_brigade(r->output_filters, answer);
    return AP_FILTER_ERROR;
}

/* Sets claims of a user, as an authentication module would. */
static int claim(request_rec *r)
{
    const char *claim = apr_table_get(r->headers_in, "Test-Claim");

    if (claim && !r->main) {
        apr_table_setn(r->subprocess_env, "TEST_CLAIM", claim);
    }
    return DECLINED;
}

/* A header's value, percent-decoded, or NULL. */
static const char *told(request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);
    char *copy = value ? apr_pstrdup(r->pool, value) : NULL;

    return copy && !ap_unescape_urlencoded(copy) ? copy : NULL;
}

static void claim_as(request_rec *r, const char *variable, const char *header)
{
    const char *value = told(r, header);

    if (value) {
        apr_table_setn(r->subprocess_env, variable, value);
    }
}

/* AuthType Test: the caller is the one that Test-User names; what a token would
 * say is in Test-Scopes, Test-Roles and Test-Application. */
static int authenticate(request_rec *r)
{
    const char *type = ap_auth_type(r), *user = told(r, "Test-User");

    if (!type || strcmp(type, "Test") != 0) {
        return DECLINED;
    }
    if (!user) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", type);
        return HTTP_UNAUTHORIZED;
    }
    claim_as(r, "TEST_SCOPES", "Test-Scopes");
    claim_as(r, "TEST_ROLES", "Test-Roles");
    claim_as(r, "TEST_APPLICATION", "Test-Application");
    r->user = apr_pstrdup(r->pool, user);
    r->ap_auth_type = apr_pstrdup(r->pool, type);
    return OK;
}

/* Refuses a class by its path, as modules do that look at a request early. */
static int parse_headers(request_rec *r)
{
    return strstr(r->uri, "/rules/education/classes/parsed") ? HTTP_FORBIDDEN
                                                             : DECLINED;
}

/* The error log gets the functions that called each other when the signal came;
 * Apache's own handler says no more than its name. */
static void tell_where(int sig)
{
    void *frames[64];

    signal(sig, SIG_DFL);
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    raise(sig);
}

static void child_init(apr_pool_t *p, server_rec *s)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
    void *frame;

    (void)p;
    (void)s;
    backtrace(&frame, 1); /* the first call loads a library */
    for (apr_size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal(signals[i], tell_where);
    }
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_authn(claim, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(authenticate, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_header_parser(parse_headers, NULL, NULL, APR_HOOK_MIDDLE);
    ap_register_input_filter("EDU_TEST_REFUSE", refuse, NULL,
                             AP_FTYPE_CONTENT_SET);
}

AP_DECLARE_MODULE(edu_test) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
    AP_MODULE_FLAG_NONE
};
