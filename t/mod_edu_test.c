/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What the suite's httpd needs and no module of Apache's own does. */

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

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

/* Sets what an authentication module would of a user: claims of their own. */
static int claim(request_rec *r)
{
    const char *claim = apr_table_get(r->headers_in, "Test-Claim");

    if (claim && !r->main) {
        apr_table_setn(r->subprocess_env, "TEST_CLAIM", claim);
    }
    return DECLINED;
}

/* Refuses a class by its path, as modules do that look at a request early. */
static int parse_headers(request_rec *r)
{
    return strstr(r->uri, "/rules/education/classes/parsed") ? HTTP_FORBIDDEN
                                                             : DECLINED;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_check_authn(claim, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_header_parser(parse_headers, NULL, NULL, APR_HOOK_MIDDLE);
    ap_register_input_filter("EDU_TEST_REFUSE", refuse, NULL,
                             AP_FTYPE_CONTENT_SET);
}

AP_DECLARE_MODULE(edu_test) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
    AP_MODULE_FLAG_NONE
};
