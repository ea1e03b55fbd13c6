/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Answers: the context of what they hold. */

#include "api.h"
#include "unit.h"

/* The context URL of a path's collection, or of one entity of it. */
static const char *context_of(const edu_path_t *path, const edu_set_t *set,
                              const char *base, apr_array_header_t *select,
                              int entity, apr_pool_t *p)
{
    const edu_route_t route = { .answer = EDU_ANSWER_SET };
    const edu_request_t req = { .base = base };
    edu_response_t res = { .body = apr_array_make(p, 4, sizeof(struct iovec)) };
    edu_exchange_t x = { .req = &req,
                         .res = &res,
                         .path = *path,
                         .route = &route,
                         .set = set,
                         .query = { .select = select },
                         .p = p };
    const json_t *doc;

    edu__append_context(&x, entity);
    doc = edu__json_load(apr_pstrcat(p, text_of(&res, p), "}", NULL), p);
    return json_string_value(json_object_get(doc, "@odata.context"));
}

/* With $select, and without an outcome. */
static void test_selected(const edu_path_t *path, const char *base,
                          const char *context, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(edu_pick_t));

    APR_ARRAY_PUSH(names, edu_pick_t) = (edu_pick_t){ "id", NULL };
    is_str(context_of(path, edu__outcomes, base, names, 0, p),
           apr_pstrcat(p, context, "(id)", NULL),
           "the context of a list names the selected property");
    APR_ARRAY_PUSH(names, edu_pick_t) = (edu_pick_t){ "points", NULL };
    is_str(context_of(path, edu__outcomes, base, names, 1, p),
           apr_pstrcat(p, context, "(id,points)/$entity", NULL),
           "the context of an entity names the selected properties");
    is_str(context_of(path, edu__outcomes, base, NULL, 1, p),
           apr_pstrcat(p, context, "/$entity", NULL),
           "the context of an entity says so");
    is_str(context_of(path, edu__outcomes, base, NULL, 0, p), context,
           "the context of a list is that of the collection");
}

static void tests(apr_pool_t *p)
{
    static const char base[] = "https://example.org:8443/v1.0";
    static const char *const paths[] = {
        "/education/classes/it's/assignments/a b/submissions/s/outcomes/o",
        "/education/me/assignments/a/submissions/s/outcomes",
    };

    for (apr_size_t i = 0; i < COUNT(paths); i++) {
        edu_path_t path;
        edu_error_t err;

        ok(!edu__path_parse(&path, paths[i], &err, p), "%s is found", paths[i]);
        test_selected(&path, base,
                      edu__path_context(&path, edu__outcomes, base, p), p);
    }
}

TAP_MAIN(tests)
