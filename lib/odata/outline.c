/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What the tables say of types and resources, in the words of CSDL. */

#include "document.h"

#include <apr_strings.h>

const edu_route_t *edu__outline_route(edu_resource_e at, const char *method)
{
    for (const edu_route_t *route = edu__routes; route->method; route++) {
        if (route->resource == at && strcmp(route->method, method) == 0) {
            return route;
        }
    }
    return NULL;
}

const edu_node_t *edu__outline_key(edu_resource_e at)
{
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (node->from == at && !node->name) {
            return node;
        }
    }
    return NULL;
}

/* The type of a resource by itself, without a look at its entities. */
static const edu_type_t *type_of(int *many, edu_resource_e at)
{
    *many = 0;
    for (const edu_alone_t *alone = edu__alone; alone->type; alone++) {
        if (alone->resource == at) {
            return alone->type;
        }
    }
    for (const edu_route_t *route = edu__routes; route->method; route++) {
        if (route->resource == at && route->set) {
            *many = route->options == EDU_OF_COLLECTION;
            return route->set->type;
        }
    }
    return NULL;
}

const edu_type_t *edu__outline_type(int *many, edu_resource_e at)
{
    const edu_node_t *key = edu__outline_key(at);
    const edu_type_t *type = type_of(many, key ? key->resource : at);

    *many |= key != NULL;
    return type;
}

/* Whether a resource has entities of its own, or those of a function. */
static int is_place(const edu_node_t *node, int many)
{
    return !node->name || (*node->name != '$' && (!node->bound || many));
}

static int has_operation(edu_resource_e at, const char *name)
{
    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (node->from == at && node->bound && strcmp(node->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

int edu__outline_is_explicit(const edu_node_t *operation)
{
    int many, as;
    const edu_type_t *of = edu__outline_type(&many, operation->from);

    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (is_place(node, many) &&
            edu__outline_type(&as, node->resource) == of && as == many &&
            !has_operation(node->resource, operation->name)) {
            return 1;
        }
    }
    return 0;
}

int edu__outline_is_entity(const edu_type_t *type)
{
    while (type && !(type->flags & EDU_ENTITY)) {
        type = type->base;
    }
    return type != NULL;
}

int edu__outline_takes(const char *name, int of)
{
    for (const edu_option_t *option = edu__options; option->name; option++) {
        if (strcmp(option->name, name) == 0) {
            return (option->of & of) != 0;
        }
    }
    return 0;
}

int edu__outline_has(const edu_prop_t *prop, edu_dialect_e dialect)
{
    return !(prop->flags & EDU_BETA) || dialect == EDU_DIALECT_BETA;
}

apr_array_header_t *edu__outline_enums(apr_pool_t *p)
{
    apr_array_header_t *enums = apr_array_make(p, 8, sizeof(edu_type_t *));

    for (int i = 0; edu__types[i]; i++) {
        for (const edu_prop_t *prop = edu__types[i]->props; prop->name;
             prop++) {
            int known = prop->kind != EDU_ENUM;

            for (int j = 0; !known && j < enums->nelts; j++) {
                known =
                    APR_ARRAY_IDX(enums, j, const edu_type_t *) == prop->type;
            }
            if (!known) {
                APR_ARRAY_PUSH(enums, const edu_type_t *) = prop->type;
            }
        }
    }
    return enums;
}

const char *edu__outline_name(const edu_type_t *type, apr_pool_t *p)
{
    return apr_pstrcat(p, EDU_NAMESPACE, type->name, NULL);
}

const char *edu__outline_edm(const edu_prop_t *prop, apr_pool_t *p)
{
    static const char *const names[] = {
        [EDU_STRING] = "Edm.String",
        [EDU_SINGLE] = "Edm.Single",
        [EDU_INT32] = "Edm.Int32",
        [EDU_BOOL] = "Edm.Boolean",
        [EDU_DATETIME] = "Edm.DateTimeOffset",
    };

    return prop->type ? edu__outline_name(prop->type, p) : names[prop->kind];
}
