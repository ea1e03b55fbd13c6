/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What the headers of a request say of the protocol: its version, the format of
 * the answer, preferences, and what is not supported. */

#include "negotiate.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>

/* ---------------------------------------------------------------- versions */

#define V4_0 400
#define V4_01 401

/* A version in hundredths: 4.01 is less than 4.1.  0: it is none. */
static int version_of(const char *text)
{
    char *end = NULL;
    double version = text && apr_isdigit(*text) ? strtod(text, &end) : 0;

    return end && !*end && version < 100 ? (int)(version * 100 + 0.5) : 0;
}

const char *edu__negotiate_version(const edu_exchange_t *x)
{
    return version_of(edu__header(x, "OData-MaxVersion")) >= V4_01 ? "4.01"
                                                                   : "4.0";
}

static apr_status_t refuse_version(edu_exchange_t *x, const char *header)
{
    return edu_error_set(x->err, EDU_EBADREQUEST, header, x->p,
                         "%s has to be 4.0 or 4.01: this server knows no other "
                         "versions of OData.",
                         header);
}

static apr_status_t check_versions(edu_exchange_t *x)
{
    const char *sent = edu__header(x, "OData-Version");
    int version = version_of(sent);
    int most = version_of(edu__header(x, "OData-MaxVersion"));

    if (sent && version != V4_0 && version != V4_01) {
        return refuse_version(x, "OData-Version");
    }
    return most && most < V4_0 ? refuse_version(x, "OData-MaxVersion")
                               : APR_SUCCESS;
}

/* ------------------------------------------------------- what is not served */

/* Headers by which a POST is to be taken for another method: a rule of the
 * server for that method would not see it. */
const char *edu__negotiate_tunnel(const edu_exchange_t *x)
{
    static const char *const names[] = { "X-HTTP-Method",
                                         "X-HTTP-Method-Override",
                                         "X-Method-Override", NULL };
    const char *const *name = names;

    while (*name && !edu__header(x, *name)) {
        name++;
    }
    return *name;
}

/* Pages of one list are read one after another, each as of its own instant
 * (OData protocol 8.2.4). */
static apr_status_t check_isolation(edu_exchange_t *x)
{
    const char *name =
        edu__header(x, "OData-Isolation") ? "OData-Isolation" : "Isolation";
    const char *isolation = edu__header(x, name);

    if (!isolation) {
        return APR_SUCCESS;
    }
    return strcasecmp(isolation, "snapshot") == 0
               ? edu_error_set(x->err, EDU_EPRECONDITION, name, x->p,
                               "This server does not read from a snapshot. "
                               "Send the request without %s.",
                               name)
               : edu_error_set(x->err, EDU_EBADREQUEST, name, x->p,
                               "%s can only be snapshot.", name);
}

apr_status_t edu__negotiate_protocol(edu_exchange_t *x)
{
    const char *tunnel = edu__negotiate_tunnel(x);
    apr_status_t rv = check_versions(x);

    if (!rv && tunnel) {
        rv = edu_error_set(x->err, EDU_EBADREQUEST, tunnel, x->p,
                           "%s is not supported. Send the request by "
                           "the method itself.",
                           tunnel);
    }
    return rv ? rv : check_isolation(x);
}

/* ------------------------------------------------------------------- $query */

#define MAX_QUERY 65536 /* bytes of the options in a body */

apr_status_t edu__negotiate_query(edu_exchange_t *x, const char **query)
{
    const edu_request_t *req = x->req;
    const char *type = edu__header(x, "Content-Type"), *data;
    const char *coding = edu__header(x, "Content-Encoding"), *fault;
    apr_size_t len;
    apr_status_t rv;

    if (!type || !edu__http_is_text(type, x->p) ||
        (coding && strcasecmp(coding, "identity") != 0)) {
        return edu_error_set(x->err, EDU_EMEDIATYPE, "Content-Type", x->p,
                             "Send the query options as text/plain in UTF-8, "
                             "not compressed, as they would stand in a URL.");
    }
    rv = req->body(req->baton, &data, &len, MAX_QUERY, x->err, x->p);
    if (rv) {
        return rv;
    }
    while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r')) {
        len--;
    }
    data = apr_pstrmemdup(x->p, data, len);
    *query = *query ? apr_pstrcat(x->p, *query, "&", data, NULL) : data;
    fault = strlen(data) != len ? "The body has a NUL byte."
            : strchr(data, '#') ? "The body has a '#'. Write it as %23."
                                : NULL;
    return fault ? edu_error_set(x->err, EDU_EBADREQUEST, "body", x->p, "%s",
                                 fault)
                 : APR_SUCCESS;
}

/* ----------------------------------------------------------------- formats */

/* A count is a text, all else is JSON; a client that accepts JSON alone gets a
 * text all the same. */
apr_status_t edu__negotiate_format(edu_exchange_t *x)
{
    const char *accept = edu__header(x, "Accept");
    int text =
        x->route->options == EDU_OF_COUNT || x->path.part != EDU_PART_VALUE;

    if (x->route->options == EDU_OF_DOCUMENT) { /* it knows its formats */
        return APR_SUCCESS;
    }
    if (x->query.format.type) { /* $format */
        x->format = x->query.format;
        return APR_SUCCESS;
    }
    return edu__http_format(&x->format, accept, x->p) ||
                   (text && edu__http_accepts(accept, "text/plain", x->p))
               ? APR_SUCCESS
               : edu_error_set(
                     x->err, EDU_EACCEPT, "Accept", x->p,
                     text ? "The answer is text/plain, which the Accept header "
                            "rules out."
                          : "Answers are application/json, which the Accept "
                            "header rules out; its parameters can be "
                            "odata.metadata=minimal, none or full, "
                            "IEEE754Compatible, odata.streaming and "
                            "charset=utf-8.");
}

/* ------------------------------------------------------------- preferences */

void edu__negotiate_applied(edu_exchange_t *x, const char *name,
                            const char *value)
{
    apr_table_mergen(x->res->headers, "Preference-Applied",
                     apr_pstrcat(x->p, name, *value ? "=" : "", value, NULL));
}

/* The value of a preference, "" if it has none, or NULL.
 * @param name  with the prefix "odata."; out: as the client wrote it, for OData
 *              4.01 needs no prefix */
static const char *preference_of(const edu_exchange_t *x, const char **name)
{
    const char *prefer = edu__header(x, "Prefer"), *value;

    value = prefer ? edu__http_preference(prefer, *name, x->p) : NULL;
    if (!value && prefer && strncmp(*name, "odata.", 6) == 0) {
        *name += 6;
        value = edu__http_preference(prefer, *name, x->p);
    }
    return value;
}

int edu__negotiate_unknowns(const edu_exchange_t *x)
{
    return edu__http_prefers(edu__header(x, "Prefer"), EDU_UNKNOWNS, x->p);
}

/* Graph goes on, and so does a $batch without this preference (contract.md 6).
 */
int edu__negotiate_stops(edu_exchange_t *x)
{
    const char *name = "odata.continue-on-error";
    const char *value = preference_of(x, &name);
    int stops = value && strcasecmp(value, "false") == 0;

    if (value && (stops || !*value || strcasecmp(value, "true") == 0)) {
        edu__negotiate_applied(x, name, value);
    }
    return stops;
}

static void limit_page(edu_exchange_t *x)
{
    const char *name = "odata.maxpagesize";
    const char *value = preference_of(x, &name);
    apr_int64_t size = value ? apr_atoi64(value) : 0;

    if (size > 0 && !x->query.apply &&
        strspn(value, "0123456789") == strlen(value)) {
        x->query.top = size < x->query.top ? (int)size : x->query.top;
        edu__negotiate_applied(x, name, value);
    }
}

/* The answers to methods that change no entity are not prefered otherwise. */
static void choose_answer(edu_exchange_t *x)
{
    const char *name = "return";
    const char *value = preference_of(x, &name);

    x->minimal = value && strcasecmp(value, "minimal") == 0;
    x->representation = value && strcasecmp(value, "representation") == 0;
}

void edu__negotiate_prefer(edu_exchange_t *x)
{
    if (strcmp(x->route->method, "GET") != 0) {
        choose_answer(x);
    }
    else if (x->route->options & EDU_OF_COLLECTION) {
        limit_page(x);
    }
}
