/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Annotations of the vocabularies Org.OData.Core.V1, Org.OData.Capabilities.V1
 * and Org.OData.Aggregation.V1: what the tables say that can be done.  What is
 * not annotated is as these vocabularies have it by default. */

#include "apply.h"
#include "document.h"

#include <apr_strings.h>

#define CORE "@Org.OData.Core.V1."
#define CAPABILITIES "@Org.OData.Capabilities.V1."
#define AGGREGATION "@Org.OData.Aggregation.V1."

static void set_bool(json_t *to, const char *name, int is)
{
    json_object_set_new(to, name, json_boolean(is));
}

/* Adds a record. @return it, borrowed */
static json_t *add(json_t *to, const char *name)
{
    json_t *record = json_object();

    json_object_set_new(to, name, record);
    return record;
}

/* ------------------------------------------------------------- properties */

void edu__annotate_property(json_t *to, const edu_prop_t *prop)
{
    if (prop->flags & EDU_KEY) {
        set_bool(to, CORE "ComputedDefaultValue", 1);
    }
    else if (prop->flags & (EDU_SERVER_SET | EDU_STICKY)) {
        set_bool(to, CORE "Computed", 1);
    }
}

/* -------------------------------------------------------------- operations */

void edu__annotate_operation(json_t *to, const edu_node_t *operation)
{
    if (edu__outline_is_explicit(operation)) {
        set_bool(to, CORE "RequiresExplicitBinding", 1);
    }
}

/* Names those of such operations that a resource has. */
static void annotate_bindings(json_t *to, edu_resource_e at, apr_pool_t *p)
{
    json_t *names = json_array();

    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        if (node->from == at && node->bound && edu__outline_is_explicit(node)) {
            json_array_append_new(
                names,
                json_string(apr_pstrcat(p, EDU_NAMESPACE, node->name, NULL)));
        }
    }
    if (json_array_size(names)) {
        json_object_set_new(to, CORE "ExplicitOperationBindings", names);
    }
    else {
        edu__json_own(names, p);
    }
}

/* -------------------------------------------------------------- navigation */

static int has(edu_resource_e at, const char *method)
{
    return at != EDU_RES_ROOT && edu__outline_route(at, method) != NULL;
}

/* Whether a collection can be ordered by a property. */
static int is_sortable(const edu_prop_t *prop, const edu_route_t *route)
{
    return route->set->table == EDU_HISTORY
               ? strcmp(prop->name, "lastModifiedDateTime") == 0
               : !(prop->flags & EDU_COLLECTION) && prop->kind != EDU_COMPLEX;
}

static void add_path(json_t *paths, const edu_type_t *of,
                     const edu_type_t *declared, const char *name,
                     apr_pool_t *p)
{
    const char *path =
        edu__type_is(declared, of)
            ? name
            : apr_pstrcat(p, edu__outline_name(of, p), "/", name, NULL);

    json_array_append_new(paths, json_string(path));
}

/* The properties by which a list cannot be ordered. */
static json_t *unsortable(const edu_route_t *route, edu_dialect_e dialect,
                          apr_pool_t *p)
{
    const edu_type_t *declared = route->set->type;
    json_t *paths = json_array();

    for (int i = 0; edu__types[i]; i++) {
        const edu_type_t *type = edu__types[i];

        if (!edu__type_is(type, declared) && !edu__type_is(declared, type)) {
            continue;
        }
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if (edu__outline_has(prop, dialect) &&
                !edu__outline_is_entity(prop->type) &&
                !is_sortable(prop, route)) {
                add_path(paths, type, declared, prop->name, p);
            }
        }
    }
    return paths;
}

static int is_expandable(const edu_set_t *set, const char *name)
{
    for (const edu_nav_t *nav = edu__navs; nav->name; nav++) {
        if (nav->set == set->id && strcmp(nav->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The navigation properties that cannot be expanded. @return whether some can
 */
static int find_unexpandable(json_t *paths, const edu_set_t *set)
{
    int some = 0;

    for (const edu_node_t *node = edu__nodes; node->resource != EDU_RES_ROOT;
         node++) {
        int many;

        if (!node->name || *node->name == '$' || node->bound ||
            edu__outline_type(&many, node->from) != set->type || many) {
            continue;
        }
        if (is_expandable(set, node->name)) {
            some = 1;
        }
        else {
            json_array_append_new(paths, json_string(node->name));
        }
    }
    return some;
}

/* Restricts a list for some paths.  An annotation of none would say nothing,
 * and Olingo fails to read an empty collection. */
static void restrict_paths(json_t *to, const char *term, const char *name,
                           json_t *paths, apr_pool_t *p)
{
    if (json_array_size(paths)) {
        json_object_set_new(add(to, term), name, paths);
    }
    else {
        edu__json_own(paths, p);
    }
}

/* What a list does not take. */
static void annotate_list(json_t *to, const edu_route_t *route,
                          edu_dialect_e dialect, apr_pool_t *p)
{
    json_t *unexpandable = json_array();

    restrict_paths(to, CAPABILITIES "SortRestrictions", "NonSortableProperties",
                   unsortable(route, dialect, p), p);
    if (find_unexpandable(unexpandable, route->set)) {
        restrict_paths(to, CAPABILITIES "ExpandRestrictions",
                       "NonExpandableProperties", unexpandable, p);
    }
    else {
        set_bool(add(to, CAPABILITIES "ExpandRestrictions"), "Expandable", 0);
        edu__json_own(unexpandable, p);
    }
}

/* What can be done to the entities of a collection, each by its key. */
static void annotate_entities(json_t *to, edu_resource_e at, edu_resource_e key)
{
    json_t *record = add(to, CAPABILITIES "ReadRestrictions");
    int puts = has(key, "PUT"), patches = has(key, "PATCH");

    set_bool(record, "Readable", has(at, "GET"));
    set_bool(add(record, "ReadByKeyRestrictions"), "Readable", has(key, "GET"));
    record = add(to, CAPABILITIES "InsertRestrictions");
    set_bool(record, "Insertable", has(at, "POST"));
    record = add(to, CAPABILITIES "UpdateRestrictions");
    set_bool(record, "Updatable", puts || patches);
    if (puts || patches) {
        set_bool(record, "Upsertable", puts);
        json_object_set_new(record, "UpdateMethod",
                            json_string(!puts     ? "PATCH"
                                        : patches ? "PATCH,PUT"
                                                  : "PUT"));
        set_bool(record, "FilterSegmentSupported", 0);
    }
    record = add(to, CAPABILITIES "DeleteRestrictions");
    set_bool(record, "Deletable", has(key, "DELETE"));
    if (has(key, "DELETE")) {
        set_bool(record, "FilterSegmentSupported", 0);
    }
    if (key == EDU_RES_ROOT) {
        set_bool(to, CAPABILITIES "IndexableByKey", 0);
    }
}

void edu__annotate_single(json_t *to)
{
    set_bool(add(to, CAPABILITIES "UpdateRestrictions"), "Updatable", 0);
    set_bool(add(to, CAPABILITIES "DeleteRestrictions"), "Deletable", 0);
}

void edu__annotate_copy(json_t *to)
{
    json_t *record = add(to, CAPABILITIES "NavigationRestrictions");

    json_object_set_new(record, "Navigability", json_string("None"));
    json_object_set_new(record, "RestrictedProperties", json_array());
    edu__annotate_single(to);
}

void edu__annotate_navigation(json_t *to, edu_resource_e at,
                              edu_dialect_e dialect, apr_pool_t *p)
{
    const edu_node_t *key = edu__outline_key(at);
    const edu_route_t *route = edu__outline_route(at, "GET");
    int many;

    annotate_bindings(to, at, p);
    edu__outline_type(&many, at);
    if (!many) {
        set_bool(add(to, CAPABILITIES "ReadRestrictions"), "Readable",
                 route != NULL);
        edu__annotate_single(to);
        return;
    }
    annotate_entities(to, at, key ? key->resource : EDU_RES_ROOT);
    if (route) {
        annotate_list(to, route, dialect, p);
    }
}

void edu__annotate_empty(json_t *to)
{
    annotate_entities(to, EDU_RES_ROOT, EDU_RES_ROOT);
}

/* --------------------------------------------------------------- container */

/* What says whether all lists take a query option. */
static const struct {
    const char *name;
    const char *record; /* or NULL: the property is one of the defaults */
    const char *property;
} options[] = {
    {"top",      NULL,                 "TopSupported"    },
    { "skip",    NULL,                 "SkipSupported"   },
    { "compute", NULL,                 "ComputeSupported"},
    { "select",  "SelectSupport",      "Supported"       },
    { "count",   "CountRestrictions",  "Countable"       },
    { "filter",  "FilterRestrictions", "Filterable"      },
    { "orderby", "SortRestrictions",   "Sortable"        },
    { "expand",  "ExpandRestrictions", "Expandable"      },
    { "search",  "SearchRestrictions", "Searchable"      },
    { NULL,      NULL,                 NULL              }
};

/* What $apply can, of all lists. */
static void annotate_apply(json_t *to)
{
    json_t *record, *names = json_array();
    const char *name;

    for (int i = 0; (name = edu__apply_transformation(i)); i++) {
        json_array_append_new(names, json_string(name));
    }
    record = add(to, AGGREGATION "ApplySupportedDefaults");
    json_object_set_new(record, "Transformations", names);
    json_object_set_new(record, "Rollup", json_string("None"));
    set_bool(record, "From", 0);
}

void edu__annotate_container(json_t *to)
{
    json_t *record;
    int batches = has(EDU_RES_BATCH, "POST");

    json_object_set_new(to, CORE "ODataVersions", json_string("4.01"));
    set_bool(to, CORE "ConventionalIDs", 1);
    set_bool(to, CORE "DereferenceableIDs", 1);
    json_object_set_new(to, CAPABILITIES "SupportedFormats",
                        json_pack("[s]", "application/json"));
    json_object_set_new(
        to, CAPABILITIES "SupportedMetadataFormats",
        json_pack("[s,s]", "application/xml", "application/json"));
    set_bool(to, CAPABILITIES "KeyAsSegmentSupported", 1);
    set_bool(to, CAPABILITIES "AsynchronousRequestsSupported", 0);
    set_bool(to, CAPABILITIES "CrossJoinSupported", 0);
    set_bool(to, CAPABILITIES "BatchSupported", batches);
    record = add(to, CAPABILITIES "BatchSupport");
    set_bool(record, "Supported", batches);
    json_object_set_new(record, "SupportedFormats",
                        json_pack("[s]", "application/json"));
    if (edu__outline_takes("apply", EDU_OF_COLLECTION)) {
        annotate_apply(to);
    }
    record = add(to, CAPABILITIES "DefaultCapabilities");
    for (int i = 0; options[i].name; i++) {
        int takes = edu__outline_takes(options[i].name, EDU_OF_COLLECTION);

        set_bool(options[i].record ? add(record, options[i].record) : record,
                 options[i].property, takes);
    }
}
