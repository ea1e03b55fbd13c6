/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The types as schemas of OpenAPI 3.1, which are those of JSON Schema 2020-12.
 * Each has all properties of its bases, too: that is what tools read best. */

#include "document.h"

#include <apr_strings.h>

static int is_served(const edu_type_t *type)
{
    return !(type->flags & (EDU_ABSTRACT | EDU_UNSERVED));
}

static json_t *reference(const edu_type_t *type, apr_pool_t *p)
{
    return json_pack(
        "{s:s}", "$ref",
        apr_pstrcat(p, EDU_SCHEMAS, edu__outline_name(type, p), NULL));
}

json_t *edu__schema_of(const edu_type_t *declared, apr_pool_t *p)
{
    json_t *any = json_array(), *mapping = json_object(), *schema;

    for (int i = 0; edu__types[i]; i++) {
        const edu_type_t *type = edu__types[i];

        if (edu__type_is(type, declared) && is_served(type)) {
            const char *name = edu__outline_name(type, p);

            json_array_append_new(any, reference(type, p));
            json_object_set_new(
                mapping, apr_pstrcat(p, "#", name, NULL),
                json_string(apr_pstrcat(p, EDU_SCHEMAS, name, NULL)));
        }
    }
    schema = json_array_size(any) > 1
                 ? json_pack("{s:O,s:{s:s,s:O}}", "anyOf", any, "discriminator",
                             "propertyName", "@odata.type", "mapping", mapping)
                 : edu__json_share(json_array_get(any, 0));
    edu__json_own(any, p);
    edu__json_own(mapping, p);
    return schema ? schema : json_object();
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
        json_pack("{s:{s:s}}", "@odata.type", "const",
                  apr_pstrcat(p, "#", edu__outline_name(type, p), NULL));

    for (const edu_type_t *of = type; of; of = of->base) {
        for (const edu_prop_t *prop = of->props; prop->name; prop++) {
            if (edu__outline_has(prop, dialect)) {
                json_object_set_new(properties, prop->name, property(prop, p));
            }
        }
    }
    return json_pack("{s:s,s:o}", "type", "object", "properties", properties);
}

json_t *edu__schemas(edu_dialect_e dialect, apr_pool_t *p)
{
    json_t *schemas = json_object();

    for (int i = 0; edu__types[i]; i++) {
        if (is_served(edu__types[i])) {
            json_object_set_new(schemas, edu__outline_name(edu__types[i], p),
                                schema(edu__types[i], dialect, p));
        }
    }
    return schemas;
}
