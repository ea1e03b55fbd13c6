/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The documents that describe the service.  They tell of no person, so that a
 * client may keep them. */

#include "verbs.h"

#include <apr_strings.h>

/** A format of a document. */
typedef struct format_t {
    const char *name; /**< for $format; NULL ends a list */
    const char *type;
    edu_document_e document;
} format_t;

/* Finds the format that the client likes best; the first, if it does not say.
 * @return NULL: it likes none */
static const format_t *choose(edu_exchange_t *x, const format_t *formats)
{
    const char *asked = x->query.format.type;
    const char *accept = asked ? asked : edu__header(x, "Accept");
    const format_t *best = NULL;
    int most = 0;

    if (!accept) {
        return formats;
    }
    for (; formats->name; formats++) {
        int weight = strcmp(accept, formats->name) == 0
                         ? 1000
                         : edu__http_accepts(accept, formats->type, x->p);

        if (weight > most) {
            most = weight;
            best = formats;
        }
    }
    return best;
}

/* Checks the conditions of a request for what has this entity tag.
 * @return APR_EOF: it is to be answered 304 */
static apr_status_t check(edu_exchange_t *x, const char *version)
{
    const char *if_match = edu__header(x, "If-Match");
    const char *if_none = edu__header(x, "If-None-Match");

    if (if_match && !edu__http_names(if_match, version, 1)) {
        return edu_error_set(x->err, EDU_EPRECONDITION, "If-Match", x->p, NULL);
    }
    return if_none && edu__http_names(if_none, version, 0) ? APR_EOF
                                                           : APR_SUCCESS;
}

/* Answers with a document.
 * @param slot  what the request decides */
static apr_status_t answer(edu_exchange_t *x, const format_t *format,
                           const char *slot)
{
    const edu_documents_t *documents =
        x->req->documents ? x->req->documents : edu_documents_make(x->p);
    const edu_mount_t *mount = x->req->mount;
    const edu_document_t *document =
        edu__document(documents, mount->dialect, format->document);
    apr_table_t *headers = x->res->headers;
    const char *version = apr_pstrcat(
        x->p, document->digest,
        strcmp(apr_table_get(headers, "OData-Version"), "4.0") ? "-4" : "",
        NULL);
    apr_status_t rv = check(x, version);

    if (rv && rv != APR_EOF) {
        return rv;
    }
    apr_table_setn(headers, "ETag", edu__etag(version, x->p));
    apr_table_setn(headers, "Vary", "Accept, OData-MaxVersion");
    apr_table_setn(headers, "Cache-Control",
                   mount->public_documents ? EDU_CACHE_PUBLIC
                                           : EDU_CACHE_PRIVATE);
    x->res->status = 304;
    if (!rv) {
        edu__answer_json(x, 200);
        apr_table_setn(headers, "Content-Type", format->type);
        edu__append(x, document->head);
        edu__append(x, slot);
        edu__append(x, document->tail);
    }
    return APR_SUCCESS;
}

static apr_status_t refuse(edu_exchange_t *x, const char *formats)
{
    return edu_error_set(x->err, EDU_EACCEPT,
                         x->query.format.type ? "$format" : "Accept", x->p,
                         "This resource is %s. Ask for that.", formats);
}

/* Answers with a document of JSON, in which URLs are absolute. */
static apr_status_t answer_json(edu_exchange_t *x, edu_document_e document)
{
    const format_t formats[] = {
        {"json", "application/json", document},
        { NULL,  NULL,               0       }
    };
    const char *base = edu__json_quote(x->req->base, x->p);

    return choose(x, formats)
               ? answer(x, formats,
                        apr_pstrmemdup(x->p, base + 1, strlen(base) - 2))
               : refuse(x, "application/json");
}

apr_status_t edu__service(edu_exchange_t *x)
{
    return answer_json(x, EDU_DOC_SERVICE);
}

apr_status_t edu__education(edu_exchange_t *x)
{
    return answer_json(x, EDU_DOC_EDUCATION);
}

apr_status_t edu__openapi_get(edu_exchange_t *x)
{
    return answer_json(x, EDU_DOC_OPENAPI);
}

/* XML unless the client prefers JSON (OData JSON format 3.1; protocol 11.1.2):
 * generators of code read that. */
apr_status_t edu__metadata(edu_exchange_t *x)
{
    static const format_t formats[] = {
        {"xml",   "application/xml",  EDU_DOC_XML },
        { "json", "application/json", EDU_DOC_JSON},
        { NULL,   NULL,               0           }
    };
    const format_t *format = choose(x, formats);

    return format ? answer(x, format,
                           apr_table_get(x->res->headers, "OData-Version"))
                  : refuse(x, "application/xml or application/json");
}
