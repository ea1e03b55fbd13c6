/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* A JSON value against the type tables: the first fault, with its path. */

#include "edu_private.h"

#include <apr_strings.h>

#include <math.h>

#define NAMESPACE "microsoft.graph."

/* Each is stored with all members of its type, however few were sent. */
#define MAX_ELEMENTS 5000

/* One step of the path to the value under check; the outermost has no name. */
typedef struct step_t {
    const struct step_t *up;
    const char *name; /* NULL: an array element */
    apr_size_t index;
} step_t;

typedef struct check_t {
    int create; /* the body makes an outcome */
    edu_dialect_e dialect;
    apr_size_t elements; /* of all collections so far */
    edu_error_t *err;
    apr_pool_t *p;
} check_t;

/* ---------------------------------------------------------------- look-ups */

const edu_type_t *edu__type_find(const char *name)
{
    name += *name == '#';
    if (strncmp(name, NAMESPACE, sizeof(NAMESPACE) - 1) == 0) {
        name += sizeof(NAMESPACE) - 1;
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

/* Where a type is abstract and one alone is derived from it, that is meant. */
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

/* The name of a value's type; OData 4.01 may leave "odata." out (JSON format,
 * 4.6). */
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

/* ------------------------------------------------------------------ faults */

static const char *path_of(const step_t *at, apr_pool_t *p)
{
    const char *name, *above;

    if (!at->up) {
        return "";
    }
    name = at->name ? at->name : apr_psprintf(p, "%" APR_SIZE_T_FMT, at->index);
    above = path_of(at->up, p);
    return apr_pstrcat(p, above, *above ? "/" : "", name, NULL);
}

/* Where `at` is; the body itself has no path of its own. */
static const char *target_of(const step_t *at, apr_pool_t *p)
{
    return at->up ? path_of(at, p) : "body";
}

/* "a, b, c": the values or types a client may choose from. */
static const char *enumerate(const edu_type_t *type, apr_pool_t *p)
{
    const char *list = type->values[0];

    for (int i = 1; type->values[i]; i++) {
        list = apr_pstrcat(p, list, ", ", type->values[i], NULL);
    }
    return list;
}

/* The derived type that has a property its base lacks, or NULL. */
static const edu_type_t *owner_of(const edu_type_t *base, const char *name)
{
    for (int i = 0; edu__types[i]; i++) {
        if (edu__types[i] != base && edu__type_is(edu__types[i], base) &&
            edu__prop_find(edu__types[i], name)) {
            return edu__types[i];
        }
    }
    return NULL;
}

static apr_status_t unknown_member(const check_t *c, const edu_type_t *type,
                                   const step_t *at)
{
    const edu_type_t *owner = owner_of(type, at->name);
    const char *target = target_of(at, c->p);

    if (owner) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target, c->p,
                             "%s has no property '%s'. Send \"@odata.type\": "
                             "\"#" NAMESPACE "%s\" beside it.",
                             type->name, at->name, owner->name);
    }
    return edu_error_set(c->err, EDU_EBADREQUEST, target, c->p,
                         "%s has no property '%s'. Names are case-sensitive.",
                         type->name, at->name);
}

apr_status_t edu__unserved(const char *type, const char *target,
                           edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ENOTIMPL, target, p,
                         "%s is not served: groups are no recipients here. "
                         "Name students instead.",
                         type);
}

static apr_status_t bad_type(const check_t *c, const edu_type_t *declared,
                             const step_t *at)
{
    const step_t member = { .up = at, .name = "@odata.type" };

    return edu_error_set(c->err, EDU_EBADREQUEST, target_of(&member, c->p),
                         c->p,
                         "@odata.type names no type that can stand here. Send "
                         "#" NAMESPACE "%s or a type derived from it.",
                         declared->name);
}

/* ------------------------------------------------------------------ values */

/* What a value of this property has to be, or NULL if this one is. */
static const char *misfit(const check_t *c, const edu_prop_t *prop,
                          const json_t *in)
{
    edu_time_t t;

    switch (prop->kind) {
    case EDU_STRING:
        return json_is_string(in) ? NULL : "a string";
    case EDU_SINGLE:
        return json_is_number(in) && isfinite((float)json_number_value(in))
                   ? NULL
                   : "a number of 32 bits";
    case EDU_INT32:
        return json_is_integer(in) &&
                       json_integer_value(in) == (int)json_integer_value(in)
                   ? NULL
                   : "a whole number of 32 bits";
    case EDU_BOOL:
        return json_is_boolean(in) ? NULL : "true or false";
    case EDU_DATETIME:
        return json_is_string(in) &&
                       edu__time_parse(&t, json_string_value(in)) == APR_SUCCESS
                   ? NULL
                   : "a date and time such as 2026-01-31T12:00:00Z";
    case EDU_ENUM:
        for (int i = 0; prop->type->values[i] && json_is_string(in); i++) {
            if (strcmp(prop->type->values[i], json_string_value(in)) == 0) {
                return NULL;
            }
        }
        return apr_pstrcat(c->p, "one of ", enumerate(prop->type, c->p), NULL);
    case EDU_COMPLEX:
        return json_is_object(in) ? NULL : "an object";
    }
    return NULL;
}

/* Why points cannot be granted (contract.md 3.1, decisions.md 3), or NULL. */
static const char *ungradable(const json_t *in)
{
    static const char *const no_numbers[] = { "INF", "-INF", "NaN" };
    double points = json_number_value(in);

    for (int i = 0; i < 3 && json_is_string(in); i++) {
        if (strcmp(json_string_value(in), no_numbers[i]) == 0) {
            return "Points must be a finite number.";
        }
    }
    if (points < 0) {
        return "Points must be 0 or more.";
    }
    /* as a float32, for that is what is kept */
    if ((float)points >= 9999999.0f) {
        return "Points must be less than 9999999 when using PointsGradeType.";
    }
    return NULL;
}

/* The sentinel of an evolvable enumeration says nothing: a POST may not send
 * it, a PATCH that does leaves the property alone (contract.md 4). */
static int is_sentinel(const edu_prop_t *prop, const json_t *in)
{
    return prop->kind == EDU_ENUM && !(prop->flags & EDU_SERVER_SET) &&
           json_is_string(in) &&
           strcmp(json_string_value(in), "unknownFutureValue") == 0;
}

static apr_status_t check_object(check_t *c, const edu_type_t *declared,
                                 const json_t *old, const json_t *in,
                                 const step_t *at);

static apr_status_t check_value(check_t *c, const edu_prop_t *prop,
                                const json_t *old, const json_t *in,
                                const step_t *at)
{
    const char *says;

    if ((prop->flags & EDU_GRADE) && (says = ungradable(in))) {
        return edu_error_set(c->err, EDU_EGRADING, target_of(at, c->p), c->p,
                             "%s", says);
    }
    if ((says = misfit(c, prop, in)) ||
        (c->create && is_sentinel(prop, in) &&
         (says = "a value other than the sentinel unknownFutureValue"))) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
                             "'%s' has to be %s.", prop->name, says);
    }
    return prop->kind == EDU_COMPLEX ? check_object(c, prop->type, old, in, at)
                                     : APR_SUCCESS;
}

static apr_status_t check_collection(check_t *c, const edu_prop_t *prop,
                                     const json_t *in, const step_t *at)
{
    step_t element = { .up = at };
    apr_status_t rv = APR_SUCCESS;

    if (!json_is_array(in)) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
                             "'%s' has to be an array.", prop->name);
    }
    c->elements += json_array_size(in);
    if (c->elements > MAX_ELEMENTS) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
                             "All collections of an entity may have %d "
                             "elements together.",
                             MAX_ELEMENTS);
    }
    for (; !rv && element.index < json_array_size(in); element.index++) {
        rv = check_value(c, prop, NULL, json_array_get(in, element.index),
                         &element);
    }
    return rv;
}

static apr_status_t check_member(check_t *c, const edu_type_t *type,
                                 const json_t *old, const json_t *in,
                                 const step_t *at)
{
    const edu_prop_t *prop = edu__prop_find(type, at->name);

    /* annotations: @odata.type is checked with its object, others ignored */
    if (strchr(at->name, '@')) {
        return APR_SUCCESS;
    }
    if (!prop || ((prop->flags & EDU_BETA) && c->dialect != EDU_DIALECT_BETA)) {
        return (type->flags & EDU_OPEN) ? APR_SUCCESS
                                        : unknown_member(c, type, at);
    }
    if (json_is_null(in)) {
        return (prop->flags & EDU_REQUIRED)
                   ? edu_error_set(c->err, EDU_EBADREQUEST, target_of(at, c->p),
                                   c->p, "'%s' cannot be null.", prop->name)
                   : APR_SUCCESS;
    }
    if (prop->flags & EDU_COLLECTION) {
        return check_collection(c, prop, in, at);
    }
    return check_value(c, prop, json_object_get(old, prop->name), in, at);
}

/* A value that comes to be has to have what cannot be null. */
static apr_status_t check_required(const check_t *c, const edu_type_t *type,
                                   const json_t *in, const step_t *at)
{
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            const step_t member = { .up = at, .name = prop->name };
            const json_t *value = json_object_get(in, prop->name);

            if ((prop->flags & EDU_REQUIRED) && !(prop->flags & EDU_KEY) &&
                (!value || is_sentinel(prop, value))) {
                return edu_error_set(c->err, EDU_EBADREQUEST,
                                     target_of(&member, c->p), c->p,
                                     "'%s' is missing.", prop->name);
            }
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_object(check_t *c, const edu_type_t *declared,
                                 const json_t *old, const json_t *in,
                                 const step_t *at)
{
    const edu_type_t *type = edu__type_of(declared, old, in);
    apr_status_t rv = APR_SUCCESS;
    step_t member = { .up = at };
    json_t *value;

    if (!type) {
        return bad_type(c, declared, at);
    }
    if (type->flags & EDU_UNSERVED) {
        return edu__unserved(type->name, target_of(at, c->p), c->err, c->p);
    }
    if (type->flags & EDU_ABSTRACT) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
                             "%s is abstract. Send an @odata.type that is "
                             "derived from it.",
                             type->name);
    }
    if (type != edu__type_of(declared, NULL, old)) {
        old = NULL;
    }
    json_object_foreach((json_t *)in, member.name, value)
    {
        if ((rv = check_member(c, type, old, value, &member))) {
            return rv;
        }
    }
    return json_is_object(old) ? APR_SUCCESS : check_required(c, type, in, at);
}

apr_status_t edu__check(const edu_type_t *declared, const json_t *old,
                        const json_t *in, edu_dialect_e dialect,
                        edu_error_t *err, apr_pool_t *p)
{
    const edu_type_t *was = edu__type_of(declared, NULL, old);
    check_t c = { !old, dialect, 0, err, p };
    const step_t body = { 0 };

    if (!json_is_object(in)) {
        return edu_error_set(err, EDU_EBADREQUEST, "body", p,
                             "The request body has to be one JSON object.");
    }
    if (old && edu__type_of(declared, old, in) != was) {
        return edu_error_set(err, EDU_EBADREQUEST, "@odata.type", p,
                             "What is stored is #" NAMESPACE
                             "%s and stays one. Delete it and create another "
                             "to change its type.",
                             was ? was->name : declared->name);
    }
    return check_object(&c, declared, old, in, &body);
}
