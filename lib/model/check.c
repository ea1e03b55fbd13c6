/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Checks a JSON value by the type tables, and describes the first fault. */

#include "model.h"

#include <apr_strings.h>

#include <math.h>

/* An element is stored with all members of its type, even if few were sent. */
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

/* The path of `at`; that of the body itself is "body". */
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
                             "\"#" EDU_NAMESPACE "%s\" beside it.",
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
                         "%s is not supported: a group cannot be a recipient "
                         "here. Name students instead.",
                         type);
}

static apr_status_t bad_type(const check_t *c, const edu_type_t *declared,
                             const step_t *at)
{
    const step_t member = { .up = at, .name = "@odata.type" };

    return edu_error_set(
        c->err, EDU_EBADREQUEST, target_of(&member, c->p), c->p,
        "@odata.type is not a type that is allowed here. Send #" EDU_NAMESPACE
        "%s or a type derived from it.",
        declared->name);
}

/* ------------------------------------------------------------------ values */

/* Describes a valid value of this property, or returns NULL if `in` is one. */
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
                   : "a number within the range of a 32-bit float";
    case EDU_INT32:
        return json_is_integer(in) &&
                       json_integer_value(in) == (int)json_integer_value(in)
                   ? NULL
                   : "a 32-bit integer";
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

/* Why points are refused (contract.md 3.1, decisions.md 3), or NULL. */
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
    /* compared as the float32 that is stored */
    if ((float)points >= 9999999.0f) {
        return "Points must be less than 9999999 when using PointsGradeType.";
    }
    return NULL;
}

/* The sentinel of an evolvable enumeration is no value: a POST may not send it,
 * and a PATCH with it leaves the property alone (contract.md 4). */
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
                             "The collections of an entity may have at most %d "
                             "elements together. Send fewer.",
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

/* Non-nullable properties are required when a value is created. */
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
        return edu_error_set(
            c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
            "%s is abstract. Send the @odata.type of a type derived from it.",
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
        return edu_error_set(
            err, EDU_EBADREQUEST, "@odata.type", p,
            "The stored entity is a #" EDU_NAMESPACE
            "%s, and its type cannot change. Delete it and create another.",
            was ? was->name : declared->name);
    }
    return check_object(&c, declared, old, in, &body);
}
