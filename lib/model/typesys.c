/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Look-ups in the type tables. */

#include "model.h"

const edu_type_t *edu__type_find(const char *name)
{
    name += *name == '#';
    if (strncmp(name, EDU_NAMESPACE, sizeof(EDU_NAMESPACE) - 1) == 0) {
        name += sizeof(EDU_NAMESPACE) - 1;
    }
    for (int i = 0; edu__types[i]; i++) {
        if (strcmp(edu__types[i]->name, name) == 0) {
            return edu__types[i];
        }
    }
    return NULL;
}

int edu__type_is(const edu_type_t *type, const edu_type_t *base)
{
    while (type && type != base) {
        type = type->base;
    }
    return type != NULL;
}

const edu_prop_t *edu__prop_find(const edu_type_t *type, const char *name)
{
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if (strcmp(prop->name, name) == 0) {
                return prop;
            }
        }
    }
    return NULL;
}

void edu__prop_near(edu_near_t *near, const edu_type_t *type,
                    edu_dialect_e dialect)
{
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if (!(prop->flags & EDU_BETA) || dialect == EDU_DIALECT_BETA) {
                edu__near_try(near, prop->name);
            }
        }
    }
}

/* The only type that is derived from an abstract one is implied by it. */
static const edu_type_t *implied(const edu_type_t *declared)
{
    const edu_type_t *only = NULL;

    if (!(declared->flags & EDU_ABSTRACT)) {
        return declared;
    }
    for (int i = 0; edu__types[i]; i++) {
        if (edu__types[i]->base == declared &&
            !(edu__types[i]->flags & EDU_UNSERVED)) {
            if (only) {
                return declared;
            }
            only = edu__types[i];
        }
    }
    return only ? only : declared;
}

/* The name of a value's type; OData 4.01 allows @type (JSON format, 4.6). */
static const json_t *name_of(const json_t *value)
{
    const json_t *name = json_object_get(value, "@odata.type");

    return name ? name : json_object_get(value, "@type");
}

const edu_type_t *edu__type_of(const edu_type_t *declared, const json_t *old,
                               const json_t *in)
{
    const json_t *named = name_of(in);
    const edu_type_t *type;

    if (!named) {
        named = name_of(old);
    }
    if (!named) {
        return implied(declared);
    }
    type =
        json_is_string(named) ? edu__type_find(json_string_value(named)) : NULL;
    return edu__type_is(type, declared) ? type : NULL;
}
