/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The paths and methods of the routes by OpenAPI 3.1. */

#include "document.h"

#include <apr_strings.h>

#define TITLE "Education outcomes"
#define SUMMARY                                                                \
    "The education outcomes of Microsoft Graph, from a school's own server. "  \
    "$metadata describes the same by OData."

/* What is the same in all documents; each key of a path is added. */
#define COMPONENTS                                                             \
    "{\"schemas\":{},\"parameters\":{"                                         \
    "\"If-Match\":{\"name\":\"If-Match\",\"in\":\"header\","                   \
    "\"description\":\"Entity tags that the entity must have.\","              \
    "\"schema\":{\"type\":\"string\"}},"                                       \
    "\"If-None-Match\":{\"name\":\"If-None-Match\",\"in\":\"header\","         \
    "\"description\":\"Entity tags that the client has.\","                    \
    "\"schema\":{\"type\":\"string\"}}},"                                      \
    "\"responses\":{\"error\":{\"description\":\"It is refused.\","            \
    "\"content\":{\"application/json\":{\"schema\":{"                          \
    "\"$ref\":\"" EDU_SCHEMAS "error\"}}}}},"                                  \
    "\"securitySchemes\":{"                                                    \
    "\"basic\":{\"type\":\"http\",\"scheme\":\"basic\"},"                      \
    "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}}"

/* Schemas that are of the protocol, and of no type. */
#define PROTOCOL                                                               \
    "{\"error\":{\"type\":\"object\",\"required\":[\"error\"],"                \
    "\"properties\":{\"error\":{\"type\":\"object\","                          \
    "\"required\":[\"code\",\"message\",\"innerError\"],\"properties\":{"      \
    "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"        \
    "\"target\":{\"type\":\"string\"},"                                        \
    "\"innerError\":{\"type\":\"object\"}}}}},"                                \
    "\"reference\":{\"type\":\"object\",\"required\":[\"@odata.id\"],"         \
    "\"properties\":{\"@odata.id\":{\"type\":\"string\"}}},"                   \
    "\"batch\":{\"type\":\"object\",\"required\":[\"requests\"],"              \
    "\"properties\":{\"requests\":{\"type\":\"array\",\"items\":{"             \
    "\"type\":\"object\",\"required\":[\"id\",\"method\",\"url\"],"            \
    "\"properties\":{\"id\":{\"type\":\"string\"},"                            \
    "\"method\":{\"type\":\"string\"},\"url\":{\"type\":\"string\"},"          \
    "\"headers\":{\"type\":\"object\"},\"body\":{},"                           \
    "\"atomicityGroup\":{\"type\":\"string\"},\"dependsOn\":{"                 \
    "\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}}}}"

#define SOME_TEXT "{\"type\":\"string\",\"minLength\":1}"

/* The values of query options that are not any text. */
static const struct {
    const char *name, *schema;
} values[] = {
    {"count",   "{\"type\":\"boolean\"}"                                     },
    { "expand", SOME_TEXT                                                    },
    { "filter", SOME_TEXT                                                    },
    { "format", SOME_TEXT                                                    },
    { "skip",   "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1073741824}"},
    { "top",    "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1073741824}"},
    { NULL,     "{\"type\":\"string\"}"                                      }
};

/* A path on its way. */
typedef struct place_t {
    const char *path;
    const char *name;         /* its names, with dots: of operations */
    const char *last;         /* its last name */
    const char *tag;          /* the last that leads to entities */
    int one;                  /* it is below one of those */
    apr_array_header_t *keys; /* const char *: of its parameters */
} place_t;

typedef struct writer_t {
    json_t *paths, *parameters;
    apr_pool_t *p;
} writer_t;

static json_t *parsed(const char *text, apr_pool_t *p)
{
    return edu__json_share(edu__json_load(text, p));
}

static json_t *component(const char *kind, const char *name, apr_pool_t *p)
{
    return json_pack("{s:s}", "$ref",
                     apr_pstrcat(p, "#/components/", kind, "/", name, NULL));
}

static json_t *content(json_t *schema)
{
    return json_pack("{s:{s:o}}", EDU_JSON, "schema", schema);
}

/* -------------------------------------------------------------- parameters */

/* "class" of key.class_id. */
static const char *key_name(const edu_node_t *node, apr_pool_t *p)
{
    const char *dot = strchr(node->member, '.');
    const char *name = dot ? dot + 1 : node->member;

    return apr_pstrmemdup(p, name, strlen(name) - (sizeof("_id") - 1));
}

static void add_key(const writer_t *w, const char *name)
{
    json_object_set_new(w->parameters, name,
                        json_pack("{s:s,s:s,s:b,s:{s:s,s:i,s:i}}", "name", name,
                                  "in", "path", "required", 1, "schema", "type",
                                  "string", "minLength", 1, "maxLength",
                                  EDU_KEY_MAX));
}

static void add_options(const writer_t *w)
{
    for (const edu_option_t *option = edu__options; option->name; option++) {
        int i = 0;

        while (values[i].name && strcmp(values[i].name, option->name) != 0) {
            i++;
        }
        if (option->of) {
            json_object_set_new(
                w->parameters, option->name,
                json_pack("{s:s,s:s,s:o}", "name",
                          apr_pstrcat(w->p, "$", option->name, NULL), "in",
                          "query", "schema", parsed(values[i].schema, w->p)));
        }
    }
}

static json_t *parameters_of(const writer_t *w, const place_t *place,
                             const edu_route_t *route)
{
    json_t *list = json_array();
    int reads = strcmp(route->method, "GET") == 0;

    for (int i = 0; i < place->keys->nelts; i++) {
        json_array_append_new(
            list, component("parameters",
                            APR_ARRAY_IDX(place->keys, i, const char *), w->p));
    }
    for (const edu_option_t *option = edu__options; option->name; option++) {
        if (option->of & route->options) {
            json_array_append_new(list,
                                  component("parameters", option->name, w->p));
        }
    }
    if (reads && route->options != EDU_OF_COUNT) {
        json_array_append_new(list,
                              component("parameters", "If-None-Match", w->p));
    }
    if (!reads && route->set) {
        json_array_append_new(list, component("parameters", "If-Match", w->p));
    }
    return list;
}

/* ------------------------------------------------------------------ bodies */

static int is_call(edu_resource_e at)
{
    return edu__call_of(at) != NULL;
}

/* The schema of a request's body, or NULL: it has none. */
static json_t *body_of(const edu_route_t *route, apr_pool_t *p)
{
    const edu_type_t *type = route->set ? route->set->type : NULL;

    if (strcmp(route->method, "GET") == 0 ||
        strcmp(route->method, "DELETE") == 0 || is_call(route->resource)) {
        return NULL;
    }
    if (!type) {
        return component("schemas", "batch", p);
    }
    if (route->answer != EDU_ANSWER_NONE) {
        return edu__schema_of(type, p);
    }
    return strcmp(route->method, "PUT") == 0
               ? json_pack("{s:s,s:[s],s:{s:{s:s,s:o}}}", "type", "object",
                           "required", "value", "properties", "value", "type",
                           "array", "items", edu__schema_of(type, p))
               : component("schemas", "reference", p);
}

static json_t *success(const edu_route_t *route, apr_pool_t *p)
{
    int many;
    const edu_type_t *type = edu__outline_type(&many, route->resource);

    many = route->options & (EDU_OF_COLLECTION | EDU_OF_DELTA);
    if (route->options == EDU_OF_COUNT) {
        return json_pack("{s:{s:{s:s}}}", "text/plain", "schema", "type",
                         "integer");
    }
    if (route->resource == EDU_RES_METADATA) {
        return json_pack("{s:{s:{s:s}},s:{s:{s:s}}}", "application/xml",
                         "schema", "type", "string", EDU_JSON, "schema", "type",
                         "object");
    }
    if (!type) {
        return content(json_pack("{s:s}", "type", "object"));
    }
    return content(many ? edu__schema_of_list(type, p)
                        : edu__schema_of(type, p));
}

static void add_answer(json_t *answers, const char *status, const char *says,
                       json_t *body)
{
    json_t *answer = json_pack("{s:s}", "description", says);

    if (body) {
        json_object_set_new(answer, "content", body);
    }
    json_object_set_new(answers, status, answer);
}

static json_t *answers_of(const edu_route_t *route, apr_pool_t *p)
{
    json_t *answers = json_object();
    int creates = route->options == EDU_OF_ENTITY;

    if (route->answer == EDU_ANSWER_NONE) {
        add_answer(answers, "204", "It is done.", NULL);
    }
    else if (strcmp(route->method, "POST") == 0 && creates) {
        add_answer(answers, "201", "It is created.", success(route, p));
    }
    else {
        add_answer(answers, "200", "It is done.", success(route, p));
    }
    if (strcmp(route->method, "PUT") == 0 && creates) {
        add_answer(answers, "201", "It is created.", success(route, p));
    }
    if (strcmp(route->method, "GET") == 0) {
        if (route->options != EDU_OF_COUNT) {
            add_answer(answers, "304", "The client has it.", NULL);
        }
    }
    else if (route->set && route->answer != EDU_ANSWER_NONE) {
        add_answer(answers, "204",
                   "It is done, and the client prefers no more.", NULL);
    }
    json_object_set_new(answers, "4XX", component("responses", "error", p));
    json_object_set_new(answers, "5XX", component("responses", "error", p));
    return answers;
}

/* -------------------------------------------------------------- operations */

/* What a method does. */
typedef struct deed_t {
    const char *method;
    const char *name; /* the end of an operation's name */
    const char *says; /* the beginning of its summary */
} deed_t;

static const deed_t *deed_of(const edu_route_t *route)
{
    static const deed_t call = { NULL, "call", "Call " };
    static const deed_t list = { NULL, "list", "List " };
    static const deed_t deeds[] = {
        {"POST",    "create", "Create "},
        { "PATCH",  "update", "Change "},
        { "PUT",    "put",    "Put "   },
        { "DELETE", "delete", "Delete "},
        { NULL,     "get",    "Get "   }
    };
    int i = 0;

    while (deeds[i].method && strcmp(deeds[i].method, route->method) != 0) {
        i++;
    }
    return is_call(route->resource)                                 ? &call
           : !deeds[i].method && route->options & EDU_OF_COLLECTION ? &list
                                                                    : &deeds[i];
}

/* Such as "Call publish of one of assignments". */
static const char *summary_of(const place_t *place, const edu_route_t *route,
                              apr_pool_t *p)
{
    int same = strcmp(place->last, place->tag) == 0;

    return apr_pstrcat(p, deed_of(route)->says, same ? "" : place->last,
                       same ? "" : " of ", place->one ? "one of " : "",
                       place->tag, NULL);
}

static void add_operation(const writer_t *w, const place_t *place,
                          const edu_route_t *route)
{
    json_t *item = json_object_get(w->paths, place->path), *body;
    json_t *operation =
        json_pack("{s:s,s:s,s:[s],s:o,s:o}", "operationId",
                  apr_pstrcat(w->p, *place->name ? place->name : place->tag,
                              ".", deed_of(route)->name, NULL),
                  "summary", summary_of(place, route, w->p), "tags", place->tag,
                  "parameters", parameters_of(w, place, route), "responses",
                  answers_of(route, w->p));

    if (!item) {
        item = json_object();
        json_object_set_new(w->paths, place->path, item);
    }
    if ((body = body_of(route, w->p))) {
        json_object_set_new(
            operation, "requestBody",
            json_pack("{s:b,s:o}", "required", 1, "content", content(body)));
    }
    json_object_set_new(item, edu__lower(route->method, w->p), operation);
}

static void visit(const writer_t *w, edu_resource_e at, const place_t *place);

/* Whether operations are told apart by a step: not by a sign, a call, or a
 * document. */
static int is_tag(const edu_node_t *node)
{
    int many;

    return !node->bound && *node->name != '$' &&
           (edu__outline_type(&many, node->resource) ||
            !edu__outline_route(node->resource, "GET"));
}

/* A step by a name. */
static void step_by_name(const writer_t *w, const edu_node_t *node, place_t *to)
{
    const char *bare = node->name + (*node->name == '$');
    int nested = bare != node->name && strcmp(to->last, to->tag) != 0;

    to->path = apr_pstrcat(w->p, to->path, "/", node->name, NULL);
    to->name = apr_pstrcat(w->p, to->name, *to->name ? "." : "", bare, NULL);
    to->last = nested ? apr_pstrcat(w->p, bare, " of ", to->last, NULL) : bare;
    if (is_tag(node)) {
        to->tag = node->name;
        to->one = 0;
    }
}

/* A step from a place: keys are its parameters. */
static void step(const writer_t *w, const edu_node_t *node,
                 const place_t *place)
{
    place_t to = *place;

    to.keys = apr_array_copy(w->p, place->keys);
    if (node->name) {
        step_by_name(w, node, &to);
    }
    else {
        const char *name = key_name(node, w->p);

        add_key(w, name);
        to.path = apr_pstrcat(w->p, place->path, "/{", name, "}", NULL);
        APR_ARRAY_PUSH(to.keys, const char *) = name;
        to.one = 1;
    }
    visit(w, node->resource, &to);
}

static int is_alias(const edu_node_t *node)
{
    return node->bound && node > edu__nodes &&
           node[-1].resource == node->resource;
}

/* All ways to all resources, but for other spellings of calls. */
static void visit(const writer_t *w, edu_resource_e at, const place_t *place)
{
    place_t root = *place;

    root.path = "/";
    for (const edu_route_t *route = edu__routes; route->method; route++) {
        if (route->resource == at) {
            add_operation(w, at == EDU_RES_ROOT ? &root : place, route);
        }
    }
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (node->from == at && !is_alias(node)) {
            step(w, node, place);
        }
    }
}

json_t *edu__openapi(edu_dialect_e dialect, apr_pool_t *p)
{
    json_t *components = parsed(COMPONENTS, p);
    json_t *schemas = json_object_get(components, "schemas");
    writer_t w = { json_object(), json_object_get(components, "parameters"),
                   p };
    const place_t root = {
        "",        "", "service",
        "service", 0,  apr_array_make(p, 5, sizeof(const char *))
    };

    json_object_update(schemas, edu__json_own(edu__schemas(dialect, p), p));
    json_object_update(schemas, edu__json_load(PROTOCOL, p));
    add_options(&w);
    visit(&w, EDU_RES_ROOT, &root);
    return edu__json_own(
        json_pack("{s:s,s:{s:s,s:s,s:s,s:{s:s,s:s}},s:[{s:s}],"
                  "s:[{s:[]},{s:[]},{}],s:o,s:o}",
                  "openapi", "3.1.0", "info", "title", TITLE, "version",
                  EDU_VERSION, "description", SUMMARY, "license", "name",
                  "Apache License 2.0", "identifier", "Apache-2.0", "servers",
                  "url", EDU_SLOT, "security", "basic", "bearer", "paths",
                  w.paths, "components", components),
        p);
}
