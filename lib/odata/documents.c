/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The documents that describe the service, each rendered once. */

#include "document.h"

#include <apr_strings.h>

#define DIALECTS 2

struct edu_documents_t {
    edu_document_t of[DIALECTS][EDU_DOCS];
};

/* Cuts a text at its slot. */
static edu_document_t cut(const char *text, apr_pool_t *p)
{
    char *head = apr_pstrdup(p, text), *slot = strstr(head, EDU_SLOT);

    *slot = '\0';
    return (edu_document_t){ head, slot + 1, edu__digest(&text, 1, p) };
}

/* The singletons, which lead to all else. */
static const char *service(apr_pool_t *p)
{
    json_t *entries = json_array();
    json_t *service = json_pack("{s:s,s:o}", "@odata.context",
                                EDU_SLOT "/$metadata", "value", entries);

    for (const edu_alone_t *alone = edu__alone; alone->type; alone++) {
        for (const edu_node_t *node = edu__nodes;
             node->resource != EDU_RES_ROOT; node++) {
            if (node->resource == alone->resource &&
                node->from == EDU_RES_ROOT) {
                json_array_append_new(
                    entries, json_pack("{s:s,s:s,s:s}", "name", node->name,
                                       "kind", "Singleton", "url", node->name));
            }
        }
    }
    return edu__json_text(edu__json_own(service, p), p);
}

const edu_documents_t *edu_documents_make(apr_pool_t *p)
{
    edu_documents_t *documents = apr_pcalloc(p, sizeof(*documents));
    apr_pool_t *scratch;

    apr_pool_create(&scratch, p);
    for (int i = 0; i < DIALECTS; i++) {
        edu_document_t *of = documents->of[i];
        json_t *csdl = edu__csdl((edu_dialect_e)i, scratch);

        of[EDU_DOC_SERVICE] = cut(service(scratch), p);
        of[EDU_DOC_EDUCATION] =
            cut("{\"@odata.context\":\"" EDU_SLOT "/$metadata#education\"}", p);
        of[EDU_DOC_XML] = cut(edu__csdl_xml(csdl, scratch), p);
        of[EDU_DOC_JSON] = cut(edu__json_text(csdl, scratch), p);
        of[EDU_DOC_OPENAPI] = cut(
            edu__json_text(edu__openapi((edu_dialect_e)i, scratch), scratch),
            p);
    }
    apr_pool_destroy(scratch);
    return documents;
}

const edu_document_t *edu__document(const edu_documents_t *documents,
                                    edu_dialect_e dialect, edu_document_e which)
{
    return &documents->of[dialect][which];
}

int edu_is_document(const char *path, apr_pool_t *p)
{
    const edu_route_t *route;
    edu_path_t parsed;
    edu_error_t err;

    if (edu__path_parse(&parsed, path, &err, p)) {
        return 0;
    }
    route = edu__outline_route(parsed.resource, "GET");
    return route && route->options == EDU_OF_DOCUMENT;
}
