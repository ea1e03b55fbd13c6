/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Pages of other origins (EduOutcomesAllowOrigin).  A browser asks first, by a
 * preflight without credentials, whether such a page may send a request, and
 * shows it an answer only if that names the page's origin (Fetch 3.2).  Headers
 * for errors go with every answer, also with one that Apache makes. */

#include "mod_edu.h"

/* With credentials, * would stand for a header of this name. */
static const char asks_with[] =
    "Accept, Authorization, client-request-id, Content-Type, Idempotency-Key, "
    "If-Match, If-None-Match, OData-MaxVersion, OData-Version, Prefer, "
    "Repeatability-First-Sent, Repeatability-Request-ID, SdkVersion, "
    "traceparent";
static const char shows[] =
    "client-request-id, ETag, Location, OData-EntityId, OData-Version, "
    "Preference-Applied, Repeatability-Result, request-id, Retry-After";

/* The origin of a request if its page is one that is named, or NULL. */
static const char *origin_of(const request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);
    const char *origin = apr_table_get(r->headers_in, "Origin");

    return conf->enabled == 1 && origin &&
                   edu_is_among_origins(origin, conf->origins)
               ? origin
               : NULL;
}

int edum_is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS &&
           apr_table_get(r->headers_in, "Access-Control-Request-Method") &&
           origin_of(r) != NULL;
}

int edum_tell_origin(request_rec *r)
{
    const dir_config_t *conf = edum_dir_config(r);
    const char *origin = origin_of(r);
    apr_table_t *headers = r->err_headers_out;

    if (r->main || conf->enabled != 1 || !conf->origins) {
        return DECLINED;
    }
    apr_table_mergen(headers, "Vary", "Origin");
    if (!origin) {
        return DECLINED;
    }
    apr_table_setn(headers, "Access-Control-Allow-Origin", origin);
    apr_table_setn(headers, "Access-Control-Allow-Credentials", "true");
    if (edum_is_preflight(r)) {
        apr_table_setn(headers, "Access-Control-Allow-Methods",
                       "GET, HEAD, POST, PATCH, PUT, DELETE");
        apr_table_setn(headers, "Access-Control-Allow-Headers", asks_with);
        apr_table_setn(headers, "Access-Control-Max-Age", "600");
    }
    else {
        apr_table_setn(headers, "Access-Control-Expose-Headers", shows);
    }
    return DECLINED;
}
