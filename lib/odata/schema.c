/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The types as schemas of OpenAPI 3.1, which are those of JSON Schema 2020-12.
 * Each has all properties of its bases, too: that is what tools read best. */

#include "document.h"

#include <apr_strings.h>

/* The endings of what is said beside a type: of one of it or of a type that is
 * derived from it, and of a list, which has the name of Microsoft's. */
#define ANY ".any"
#define LIST "CollectionResponse"

static int is_served(const edu_type_t *type)
{
    return !(type->flags & (EDU_ABSTRACT | EDU_UNSERVED));
}

/* How many types a value can be of that is declared as of a type. */
static int variants(const edu_type_t *declared)
{
    int n = 0;

    for (int i = 0; edu__types[i]; i++) {
        n += edu__type_is(edu__types[i], declared) && is_served(edu__types[i]);
    }
    return n;
}

/* What is said of a type elsewhere, under its name and an ending. */
static json_t *beside(const edu_type_t *type, const char *ending, apr_pool_t *p)
{
    return json_pack(
        "{s:s}", "$ref",
        apr_pstrcat(p, EDU_SCHEMAS, edu__outline_name(type, p), ending, NULL));
}

json_t *edu__schema_of(const edu_type_t *declared, apr_pool_t *p)
{
    if (variants(declared) > 1) {
        return beside(declared, ANY, p);
    }
    for (int i = 0; edu__types[i]; i++) {
        if (edu__type_is(edu__types[i], declared) && is_served(edu__types[i])) {
            return beside(edu__types[i], "", p);
        }
    }
    return json_object();
}

json_t *edu__schema_of_list(const edu_type_t *declared, apr_pool_t *p)
{
    return beside(declared, LIST, p);
}

/* One of a type or of a type derived from it. */
static json_t *any_of(const edu_type_t *declared, apr_pool_t *p)
{
    json_t *any = json_array(), *mapping = json_object();

    for (int i = 0; edu__types[i]; i++) {
        const edu_type_t *type = edu__types[i];

        if (edu__type_is(type, declared) && is_served(type)) {
            const char *name = edu__outline_name(type, p);

            json_array_append_new(any, beside(type, "", p));
            json_object_set_new(
                mapping, apr_pstrcat(p, "#", name, NULL),
                json_string(apr_pstrcat(p, EDU_SCHEMAS, name, NULL)));
        }
    }
    return json_pack("{s:o,s:{s:s,s:o}}", "anyOf", any, "discriminator",
                     "propertyName", "@odata.type", "mapping", mapping);
}

/* What a list answers with. */
static json_t *list_of(const edu_type_t *type, apr_pool_t *p)
{
    return json_pack(
        "{s:s,s:[s],s:{s:{s:s},s:{s:s},s:{s:s},s:{s:s},s:{s:s,s:o}}}", "type",
        "object", "required", "value", "properties", "@odata.context", "type",
        "string", "@odata.count", "type", "integer", "@odata.nextLink", "type",
        "string", "@odata.deltaLink", "type", "string", "value", "type",
        "array", "items", edu__schema_of(type, p));
}

static json_t *one_of(const edu_type_t *enumeration, int nullable)
{
    json_t *values = json_array();

    for (int i = 0; enumeration->values[i]; i++) {
        json_array_append_new(values, json_string(enumeration->values[i]));
    }
    if (nullable) {
        json_array_append_new(values, json_null());
    }
    return json_pack("{s:o}", "enum", values);
}

/* A primitive value. */
static json_t *simple(const edu_prop_t *prop, int nullable)
{
    static const struct {
        const char *type, *format;
    } of[] = {
        [EDU_STRING] = {"string",   NULL       },
        [EDU_SINGLE] = { "number",  "float"    },
        [EDU_INT32] = { "integer", "int32"    },
        [EDU_BOOL] = { "boolean", NULL       },
        [EDU_DATETIME] = { "string",  "date-time"},
    };
    const char *type = of[prop->kind].type;
    json_t *schema = nullable ? json_pack("{s:[s,s]}", "type", type, "null")
                              : json_pack("{s:s}", "type", type);

    if (of[prop->kind].format) {
        json_object_set_new(schema, "format",
                            json_string(of[prop->kind].format));
    }
    if (prop->flags & EDU_GRADE) {
        json_object_set_new(schema, "minimum", json_integer(0));
        json_object_set_new(schema, "exclusiveMaximum", json_integer(9999999));
    }
    return schema;
}

static json_t *value_of(const edu_prop_t *prop, int nullable, apr_pool_t *p)
{
    json_t *schema;

    if (prop->kind == EDU_ENUM) {
        return one_of(prop->type, nullable);
    }
    if (prop->kind != EDU_COMPLEX) {
        return simple(prop, nullable);
    }
    schema = edu__schema_of(prop->type, p);
    return nullable
               ? json_pack("{s:[o,{s:s}]}", "anyOf", schema, "type", "null")
               : schema;
}

static json_t *property(const edu_prop_t *prop, apr_pool_t *p)
{
    json_t *schema = prop->flags & EDU_COLLECTION
                         ? json_pack("{s:s,s:o}", "type", "array", "items",
                                     value_of(prop, 0, p))
                         : value_of(prop, !(prop->flags & EDU_REQUIRED), p);

    if (prop->flags & EDU_SERVER_SET & ~EDU_KEY) {
        json_object_set_new(schema, "readOnly", json_true());
    }
    return schema;
}

static json_t *schema(const edu_type_t *type, edu_dialect_e dialect,
                      apr_pool_t *p)
{
    json_t *properties =
        json_pack("{s:{s:s,s:s}}", "@odata.type", "type", "string", "const",
                  apr_pstrcat(p, "#", edu__outline_name(type, p), NULL));

    if (edu__outline_is_entity(type)) {
        json_object_set_new(
            properties, "@odata.etag",
            json_pack("{s:s,s:b}", "type", "string", "readOnly", 1));
    }
    for (const edu_type_t *of = type; of; of = of->base) {
        for (const edu_prop_t *prop = of->props; prop->name; prop++) {
            if (edu__outline_has(prop, dialect)) {
                json_object_set_new(properties, prop->name, property(prop, p));
            }
        }
    }
    return json_pack("{s:s,s:o}", "type", "object", "properties", properties);
}

static void add(json_t *schemas, const edu_type_t *type, const char *ending,
                json_t *schema, apr_pool_t *p)
{
    json_object_set_new(
        schemas, apr_pstrcat(p, edu__outline_name(type, p), ending, NULL),
        schema);
}

json_t *edu__schemas(edu_dialect_e dialect, apr_pool_t *p)
{
    json_t *schemas = json_object();

    for (int i = 0; edu__types[i]; i++) {
        if (is_served(edu__types[i])) {
            add(schemas, edu__types[i], "", schema(edu__types[i], dialect, p),
                p);
        }
        if (variants(edu__types[i]) > 1) {
            add(schemas, edu__types[i], ANY, any_of(edu__types[i], p), p);
        }
    }
    for (int i = 0; i < EDU_SETS; i++) {
        const edu_type_t *type = edu__sets[i].type;

        add(schemas, type, LIST, list_of(type, p), p);
    }
    return schemas;
}
