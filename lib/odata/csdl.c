/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The metadata document as a value: OData CSDL JSON 4.01. */

#include "document.h"

#include <apr_strings.h>

#define CONTAINER "GraphService"

/* A dialect's schema on its way. */
typedef struct schema_t {
    json_t *members; /* of the schema */
    edu_dialect_e dialect;
    apr_pool_t *p;
} schema_t;

static void set(json_t *to, const char *name, const char *value)
{
    json_object_set_new(to, name, json_string(value));
}

static void set_true(json_t *to, const char *name)
{
    json_object_set_new(to, name, json_true());
}

/* Adds an empty object. @return it, borrowed */
static json_t *add(json_t *to, const char *name, const char *kind)
{
    json_t *object = json_object();

    json_object_set_new(to, name, object);
    if (kind) {
        set(object, "$Kind", kind);
    }
    return object;
}

/* Says of which type a property, a parameter or a result is. */
static void set_type(json_t *to, const char *name, int many, int nullable)
{
    if (many) {
        set_true(to, "$Collection");
    }
    set(to, "$Type", name);
    if (nullable) {
        set_true(to, "$Nullable");
    }
}

/* A value that is an entity is contained in the one that has it. */
static void add_property(json_t *to, const edu_prop_t *prop, apr_pool_t *p)
{
    int is_entity = edu__outline_is_entity(prop->type);
    int many = (prop->flags & EDU_COLLECTION) != 0;
    json_t *object =
        add(to, prop->name, is_entity ? "NavigationProperty" : NULL);

    set_type(object, edu__outline_edm(prop, p), many,
             !many && !(prop->flags & EDU_REQUIRED));
    if (prop->kind == EDU_DATETIME) {
        json_object_set_new(object, "$Precision", json_integer(7));
    }
    if (is_entity) {
        set_true(object, "$ContainsTarget");
        edu__annotate_copy(object);
    }
    else {
        edu__annotate_property(object, prop);
    }
}

/* A resource below one of a type is reached by a navigation property of it. */
static void add_navigation(json_t *to, const edu_node_t *node,
                           const schema_t *schema)
{
    int many;
    const edu_type_t *type = edu__outline_type(&many, node->resource);
    json_t *object = add(to, node->name, "NavigationProperty");

    set_type(object, edu__outline_name(type, schema->p), many, !many);
    if (!node->elsewhere) {
        set_true(object, "$ContainsTarget");
    }
    edu__annotate_navigation(object, node->resource, schema->dialect,
                             schema->p);
}

static void add_navigations(json_t *to, const edu_type_t *type,
                            const schema_t *schema)
{
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        int many;

        if (node->name && *node->name != '$' && !node->bound &&
            !json_object_get(to, node->name) &&
            edu__outline_type(&many, node->from) == type && !many &&
            edu__outline_type(&many, node->resource)) {
            add_navigation(to, node, schema);
        }
    }
}

static void add_empties(json_t *to, const edu_type_t *type,
                        const schema_t *schema)
{
    for (const edu_empty_t *empty = edu__empties; empty->name; empty++) {
        int many;

        if (edu__outline_type(&many, empty->resource) == type) {
            json_t *object = add(to, empty->name, "NavigationProperty");

            set_type(object, edu__outline_name(empty->type, schema->p), 1, 0);
            set_true(object, "$ContainsTarget");
            edu__annotate_empty(object);
        }
    }
}

static void add_type(const schema_t *schema, const edu_type_t *type)
{
    int is_entity = edu__outline_is_entity(type);
    json_t *object = add(schema->members, type->name,
                         is_entity ? "EntityType" : "ComplexType");

    if (type->base) {
        set(object, "$BaseType", edu__outline_name(type->base, schema->p));
    }
    if (type->flags & EDU_ABSTRACT) {
        set_true(object, "$Abstract");
    }
    if (type->flags & EDU_OPEN) {
        set_true(object, "$OpenType");
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        if (prop->flags & EDU_KEY) {
            json_object_set_new(object, "$Key", json_pack("[s]", prop->name));
        }
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        if (edu__outline_has(prop, schema->dialect)) {
            add_property(object, prop, schema->p);
        }
    }
    if (is_entity) {
        add_navigations(object, type, schema);
        add_empties(object, type, schema);
    }
}

static void add_enum(const schema_t *schema, const edu_type_t *type)
{
    json_t *object = add(schema->members, type->name, "EnumType");

    for (int i = 0; type->values[i]; i++) {
        json_object_set_new(object, type->values[i], json_integer(i));
    }
}

/* -------------------------------------------------------------- operations */

/* Whether something can follow a function in a path. */
static int is_composable(edu_resource_e at)
{
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (node->from == at) {
            return 1;
        }
    }
    return 0;
}

/* Has an operation return what another of its name and binding does, too: the
 * nearest type that both are derived from. */
static void widen(json_t *result, const edu_type_t *other, apr_pool_t *p)
{
    const char *name = json_string_value(json_object_get(result, "$Type"));
    const edu_type_t *type = name ? edu__type_find(name) : NULL;

    while (type && !edu__type_is(other, type)) {
        type = type->base;
    }
    if (type) {
        set(result, "$Type", edu__outline_name(type, p));
    }
}

/* Finds the overload of an operation that is bound to the same type: there may
 * be one only, which then returns what both do. */
static json_t *same_binding(const json_t *overloads, const char *type, int many)
{
    json_t *overload;
    size_t i;

    json_array_foreach(overloads, i, overload)
    {
        const json_t *to =
            json_array_get(json_object_get(overload, "$Parameter"), 0);

        if (strcmp(json_string_value(json_object_get(to, "$Type")), type) ==
                0 &&
            many == json_is_true(json_object_get(to, "$Collection"))) {
            return overload;
        }
    }
    return NULL;
}

/* @param of    the type that it is bound to
 * @param many  or a collection of it */
static void add_overload(const schema_t *schema, const edu_node_t *node,
                         const edu_route_t *route, const edu_type_t *of,
                         int many)
{
    int is_function = strcmp(route->method, "GET") == 0;
    const edu_type_t *type = route->set->type;
    const char *name = edu__outline_name(of, schema->p);
    json_t *overloads = json_object_get(schema->members, node->name);
    json_t *object = same_binding(overloads, name, many), *parameter;

    if (object) {
        widen(json_object_get(object, "$ReturnType"), type, schema->p);
        return;
    }
    if (!overloads) {
        overloads = json_array();
        json_object_set_new(schema->members, node->name, overloads);
    }
    object = json_object();
    json_array_append_new(overloads, object);
    set(object, "$Kind", is_function ? "Function" : "Action");
    set_true(object, "$IsBound");
    if (is_function && is_composable(node->resource)) {
        set_true(object, "$IsComposable");
    }
    parameter = json_object();
    set(parameter, "$Name", "bindingParameter");
    set_type(parameter, name, many, 0);
    json_object_set_new(object, "$Parameter", json_array());
    json_array_append_new(json_object_get(object, "$Parameter"), parameter);
    if (route->answer != EDU_ANSWER_NONE) {
        set_type(add(object, "$ReturnType", NULL),
                 edu__outline_name(type, schema->p),
                 route->answer == EDU_ANSWER_TYPES, 0);
    }
    edu__annotate_operation(object, node);
}

/* The actions and functions, but for other spellings of their names, and those
 * of what is there for nothing else. */
static void add_operations(const schema_t *schema)
{
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        int is_alias = node > edu__nodes && node[-1].resource == node->resource;
        int many;
        const edu_type_t *of = edu__outline_type(&many, node->from);

        for (const edu_route_t *route = edu__routes; route->method; route++) {
            if (node->bound && of && !is_alias &&
                route->resource == node->resource) {
                add_overload(schema, node, route, of, many);
            }
        }
    }
}

/* --------------------------------------------------------------- container */

static void add_container(const schema_t *schema)
{
    json_t *container = add(schema->members, CONTAINER, "EntityContainer");

    for (const edu_alone_t *alone = edu__alone; alone->type; alone++) {
        for (const edu_node_t *node = edu__nodes;
             node->resource != EDU_RES_ROOT; node++) {
            if (node->resource == alone->resource &&
                node->from == EDU_RES_ROOT) {
                json_t *singleton = add(container, node->name, NULL);

                set(singleton, "$Type",
                    edu__outline_name(alone->type, schema->p));
                edu__annotate_single(singleton);
            }
        }
    }
    edu__annotate_container(container);
}

json_t *edu__csdl(edu_dialect_e dialect, apr_pool_t *p)
{
    json_t *csdl = edu__json_own(json_object(), p);
    const char *namespace =
        apr_pstrmemdup(p, EDU_NAMESPACE, sizeof(EDU_NAMESPACE) - 2);
    const apr_array_header_t *enums = edu__outline_enums(p);
    schema_t schema = { NULL, dialect, p };

    set(csdl, "$Version", EDU_SLOT);
    set(csdl, "$EntityContainer", EDU_NAMESPACE CONTAINER);
    schema.members = add(csdl, namespace, NULL);
    for (int i = 0; i < enums->nelts; i++) {
        add_enum(&schema, APR_ARRAY_IDX(enums, i, const edu_type_t *));
    }
    for (int i = 0; edu__types[i]; i++) {
        if (!(edu__types[i]->flags & EDU_UNSERVED)) {
            add_type(&schema, edu__types[i]);
        }
    }
    add_operations(&schema);
    add_container(&schema);
    return csdl;
}
