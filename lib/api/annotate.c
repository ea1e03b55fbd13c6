/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Control information as the client asks for it (OData JSON 4.01, 3.1 and 4.6):
 * none, or all of it.  What is stored has the minimal one. */

#include "api.h"

#include <apr_strings.h>

/* -------------------------------------------------------------------- none */

static int is_annotation(const char *name)
{
    return *name == '@' || strstr(name, "@odata.") != NULL;
}

/* Removes all annotations from a value. */
static void strip(json_t *value)
{
    const char *name;
    json_t *part;
    void *next;
    size_t i;

    json_array_foreach(value, i, part)
    {
        strip(part);
    }
    json_object_foreach_safe(value, next, name, part)
    {
        if (is_annotation(name)) {
            json_object_del(value, name);
        }
        else {
            strip(part);
        }
    }
}

/* -------------------------------------------------------------------- full */

static void put(json_t *to, const char *name, const char *text, apr_pool_t *p)
{
    json_object_set_new(to, name, edu__json_string(text, p));
}

/* The type of a property, as its annotation has it; NULL: JSON says as much. */
static const char *type_of(const edu_prop_t *prop, apr_pool_t *p)
{
    static const char *const names[] = { [EDU_STRING] = "String",
                                         [EDU_SINGLE] = "Single",
                                         [EDU_INT32] = "Int32",
                                         [EDU_BOOL] = "Boolean",
                                         [EDU_DATETIME] = "DateTimeOffset" };
    const char *name =
        prop->type ? apr_pstrcat(p, EDU_NAMESPACE, prop->type->name, NULL)
                   : names[prop->kind];

    if (prop->flags & EDU_COLLECTION) {
        return apr_pstrcat(p, "#Collection(", name, ")", NULL);
    }
    return prop->kind == EDU_STRING || prop->kind == EDU_BOOL ||
                   prop->kind == EDU_COMPLEX
               ? NULL
               : apr_pstrcat(p, "#", name, NULL);
}

static json_t *typed(const edu_type_t *declared, const json_t *value,
                     apr_pool_t *p);

/* Adds the members of an object of a type, each behind its own. */
static void add_members(json_t *to, const edu_type_t *type, const json_t *value,
                        apr_pool_t *p)
{
    const char *name;
    json_t *part;

    json_object_foreach((json_t *)value, name, part)
    {
        const edu_prop_t *prop = edu__prop_find(type, name);
        const char *says =
            prop && !json_is_null(part) ? type_of(prop, p) : NULL;

        if (says) {
            put(to, apr_pstrcat(p, name, "@odata.type", NULL), says, p);
        }
        if (prop && prop->kind == EDU_COMPLEX) {
            json_object_set_new(to, name, typed(prop->type, part, p));
        }
        else if (!json_object_get(to, name)) {
            json_object_set_new(to, name, edu__json_share(part));
        }
    }
}

/* A copy of a complex value, or of an array of them, with all types.
 * @return a new reference */
static json_t *typed(const edu_type_t *declared, const json_t *value,
                     apr_pool_t *p)
{
    const edu_type_t *type = edu__type_of(declared, NULL, value);
    json_t *copy, *part;
    size_t i;

    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach((json_t *)value, i, part)
        {
            json_array_append_new(copy, typed(declared, part, p));
        }
        return copy;
    }
    if (!json_is_object(value) || !type) {
        return edu__json_share(value);
    }
    copy = json_object();
    put(copy, "@odata.type",
        apr_pstrcat(p, "#" EDU_NAMESPACE, type->name, NULL), p);
    add_members(copy, type, value, p);
    return copy;
}

const char *edu__link_of(const edu_exchange_t *x, const edu_row_t *row)
{
    edu_path_t path = x->path;

    if (edu__is_across(x)) {
        path.user_root = NULL;
        edu__row_key(&path.key, x, row);
    }
    else if (x->set->table != EDU_HISTORY && row->parent_id &&
             *row->parent_id) {
        *edu__key_id(&path.key, x->set->table == EDU_SUBMISSION ? EDU_ASSIGNMENT
                                                                : EDU_CLASS) =
            row->parent_id;
    }
    /* there is no class below a user, and an id may be of several classes */
    if (x->set->table == EDU_CLASS || path.key.class_id) {
        path.user_root = NULL;
    }
    return edu__path_url(&path, x->set, row->id, x->req->base, x->p);
}

/* The entity-id: of a member that of the user, as a reference to it has; a row
 * of a class's history has none. */
static void add_links(json_t *to, const edu_exchange_t *x, const edu_row_t *row)
{
    const char *url = edu__link_of(x, row);

    if (x->set->id == EDU_CLASS_VERSIONS) {
        json_object_set_new(to, "@odata.id", json_null());
        return;
    }
    put(to, "@odata.id",
        x->set->table == EDU_MEMBER
            ? edu__path_user(row->id, x->req->base, x->p)
            : url,
        x->p);
    put(to, "@odata.editLink", url, x->p);
}

/* The resource of a set's entities. */
static edu_resource_e entity_of(const edu_set_t *set)
{
    const edu_route_t *route = edu__routes;

    while (route->method &&
           (route->set != set || route->options != EDU_OF_ENTITY ||
            strcmp(route->method, "GET") != 0)) {
        route++;
    }
    return route->resource;
}

/* The collections below an entity. */
static void add_navigation(json_t *to, const edu_exchange_t *x,
                           const edu_row_t *row)
{
    const edu_resource_e at = entity_of(x->set);
    const char *url = edu__link_of(x, row);

    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        const edu_route_t *route = edu__route_of(node->resource, "GET");

        if (node->from == at && node->name && !node->bound && route &&
            (route->options & EDU_OF_COLLECTION)) {
            put(to,
                apr_pstrcat(x->p, node->name, "@odata.navigationLink", NULL),
                apr_pstrcat(x->p, url, "/", node->name, NULL), x->p);
        }
    }
}

static json_t *full(const edu_exchange_t *x, const edu_row_t *row,
                    const json_t *doc)
{
    const edu_type_t *type = edu__type_of(x->set->type, NULL, doc);
    json_t *all = edu__json_own(json_object(), x->p);

    type = type ? type : x->set->type;
    put(all, "@odata.type",
        apr_pstrcat(x->p, "#" EDU_NAMESPACE, type->name, NULL), x->p);
    add_links(all, x, row);
    put(all, "@odata.etag", edu__tag_of(x, row), x->p);
    add_members(all, type, doc, x->p);
    if (!x->query.select) {
        add_navigation(all, x, row);
    }
    return all;
}

const char *edu__annotate(const edu_exchange_t *x, const edu_row_t *row,
                          const char *text)
{
    json_t *doc = edu__json_load(text, x->p);

    if (!json_is_object(doc)) {
        return NULL;
    }
    if (x->format.metadata == EDU_METADATA_FULL) {
        doc = full(x, row, doc);
    }
    else {
        strip(doc);
    }
    return edu__json_text(doc, x->p);
}
