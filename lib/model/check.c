/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Checks a JSON value by the type tables, and describes the first fault. */

#include "model.h"

#include <apr_lib.h>
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

/* The annotation that SDKs and OData 3 call odataType, odata_type, odata.type.
 * @return NULL: it is none */
static const char *annotation_of(const char *name, apr_pool_t *p)
{
    char *rest;

    if (strncasecmp(name, "odata", 5) != 0) {
        return NULL;
    }
    name += 5;
    rest = apr_pstrdup(p, name + (*name && strchr("._", *name)));
    *rest = (char)apr_tolower(*rest);
    return *rest ? apr_pstrcat(p, "@odata.", rest, NULL) : NULL;
}

/* The property that has one of this name in its value, or NULL. */
static const char *above(const edu_type_t *type, const char *name)
{
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if (prop->kind == EDU_COMPLEX && !(prop->flags & EDU_COLLECTION) &&
                edu__prop_find(prop->type, name)) {
                return prop->name;
            }
        }
    }
    return NULL;
}

/* Whether a value has an entity in it, alone or in a list. */
static int is_envelope(const json_t *value)
{
    value = json_is_array(value) ? json_array_get(value, 0) : value;
    return json_object_get(value, "@odata.type") != NULL;
}

/* What to do about a member that a type does not have. */
static const char *cure_of(const check_t *c, const edu_type_t *type,
                           const char *name, const json_t *in)
{
    const char *place = above(type, name);
    edu_near_t near = { .to = name };

    edu__prop_near(&near, type, c->dialect);
    near.name = near.name ? near.name : annotation_of(name, c->p);
    return near.name ? edu__near_hint(&near, c->p)
           : place   ? apr_psprintf(c->p, " It belongs into '%s'.", place)
           : is_envelope(in) ? " Send what is in it by itself."
                             : " Leave it out.";
}

static apr_status_t unknown_member(const check_t *c, const edu_type_t *type,
                                   const json_t *in, const step_t *at)
{
    const edu_type_t *owner = owner_of(type, at->name);
    const char *target = target_of(at, c->p);

    if (edu__prop_find(type, at->name)) {
        return edu_error_set(
            c->err, EDU_EBADREQUEST, target, c->p,
            "'%s' is a property of Graph's beta, and this path "
            "serves v1.0. Leave it out.",
            at->name);
    }
    if (owner) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target, c->p,
                             "%s has no property '%s'. Send \"@odata.type\": "
                             "\"#" EDU_NAMESPACE "%s\" beside it.",
                             type->name, at->name, owner->name);
    }
    return edu_error_set(c->err, EDU_EBADREQUEST, target, c->p,
                         "%s has no property '%s'.%s", type->name, at->name,
                         cure_of(c, type, at->name, in));
}

apr_status_t edu__unserved(const char *type, const char *target,
                           edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ENOTIMPL, target, p,
                         "%s is not supported: a group cannot be a recipient "
                         "here. Name students instead.",
                         type);
}

/* The types of which a value of the declared one can be, as a list.
 * @param near  tries each, or NULL */
static const char *types_of(const edu_type_t *declared, edu_near_t *near,
                            apr_pool_t *p)
{
    const char *list = "";

    for (int i = 0; edu__types[i]; i++) {
        const edu_type_t *type = edu__types[i];

        if (edu__type_is(type, declared) &&
            !(type->flags & (EDU_ABSTRACT | EDU_UNSERVED))) {
            const char *name =
                apr_pstrcat(p, "#" EDU_NAMESPACE, type->name, NULL);

            if (near) {
                edu__near_try(near, name);
            }
            list = apr_pstrcat(p, list, *list ? ", " : "", name, NULL);
        }
    }
    return list;
}

/* Of a value whose type is missing, or none that is allowed there. */
static apr_status_t bad_type(const check_t *c, const edu_type_t *declared,
                             const json_t *in, const step_t *at)
{
    const step_t member = { .up = at, .name = "@odata.type" };
    const char *sent = json_string_value(json_object_get(in, "@odata.type"));
    edu_near_t near = { .to = sent ? sent : "" };
    const char *types = types_of(declared, &near, c->p);

    if (near.name) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target_of(&member, c->p),
                             c->p, "@odata.type names no kind of %s.%s",
                             declared->name, edu__near_hint(&near, c->p));
    }
    return edu_error_set(c->err, EDU_EBADREQUEST, target_of(&member, c->p),
                         c->p, "@odata.type names no kind of %s. Send %s%s.",
                         declared->name, strchr(types, ',') ? "one of " : "",
                         types);
}

/* ------------------------------------------------------------------ values */

/* What a value is, for messages. */
static const char *form_of(const json_t *in)
{
    static const char *const forms[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string",  [JSON_INTEGER] = "a number",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null"
    };

    return forms[json_typeof(in)];
}

/* The same of what a property takes. */
static const char *form_wanted(const edu_prop_t *prop)
{
    static const char *const forms[] = {
        [EDU_STRING] = "a string",   [EDU_SINGLE] = "a number",
        [EDU_INT32] = "a number",    [EDU_BOOL] = "true or false",
        [EDU_DATETIME] = "a string", [EDU_ENUM] = "a string",
        [EDU_COMPLEX] = "an object"
    };

    return forms[prop->kind];
}

/* Describes a valid value of this property, or returns NULL if `in` is one. */
static const char *misfit(const check_t *c, const edu_prop_t *prop,
                          const json_t *in)
{
    edu_time_t t;

    switch (prop->kind) {
    case EDU_STRING:
        return json_is_string(in) ? NULL : "a string";
    case EDU_SINGLE:
        return !json_is_number(in) ? "a number such as 85"
               : isfinite((float)json_number_value(in))
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
    int fits = strcmp(form_wanted(prop), form_of(in)) == 0;

    if ((prop->flags & EDU_GRADE) && (says = ungradable(in))) {
        return edu_error_set(c->err, EDU_EGRADING, target_of(at, c->p), c->p,
                             "%s", says);
    }
    if ((says = misfit(c, prop, in)) ||
        (c->create && is_sentinel(prop, in) &&
         (says = "a value other than the sentinel unknownFutureValue"))) {
        return edu_error_set(c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
                             "'%s' has to be %s%s%s.", prop->name, says,
                             fits ? "" : ", and this is ",
                             fits ? "" : form_of(in));
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
                             "'%s' has to be an array, and this is %s.",
                             prop->name, form_of(in));
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
    const char *note = strchr(at->name, '@');

    /* annotations: @odata.type is checked with its object, and others are
     * ignored, unless they would change something */
    if (note) {
        return strcmp(note, "@odata.bind") != 0 && strcmp(note, "@bind") != 0
                   ? APR_SUCCESS
                   : edu_error_set(c->err, EDU_ENOTIMPL, target_of(at, c->p),
                                   c->p,
                                   "'%s' is not supported. Send the entity "
                                   "itself, or a reference by POST to a /$ref.",
                                   at->name);
    }
    if (!prop || ((prop->flags & EDU_BETA) && c->dialect != EDU_DIALECT_BETA)) {
        return (type->flags & EDU_OPEN) ? APR_SUCCESS
                                        : unknown_member(c, type, in, at);
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
                                     "'%s' is missing. Send it.", prop->name);
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
        return bad_type(c, declared, in, at);
    }
    if (type->flags & EDU_UNSERVED) {
        return edu__unserved(type->name, target_of(at, c->p), c->err, c->p);
    }
    if (type->flags & EDU_ABSTRACT) {
        return edu_error_set(
            c->err, EDU_EBADREQUEST, target_of(at, c->p), c->p,
            "%s is abstract. Send as \"@odata.type\" one of %s.", type->name,
            types_of(type, NULL, c->p));
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
    const edu_type_t *type = edu__type_of(declared, old, in);
    check_t c = { !old, dialect, 0, err, p };
    const step_t body = { 0 };

    if (!json_is_object(in)) {
        return edu_error_set(err, EDU_EBADREQUEST, "body", p,
                             "The request body has to be one JSON object, and "
                             "this is %s.",
                             form_of(in));
    }
    if (old && type && type != was) {
        return edu_error_set(
            err, EDU_EBADREQUEST, "@odata.type", p,
            "The stored entity is a #" EDU_NAMESPACE
            "%s, and its type cannot change. Delete it and create another.",
            was ? was->name : declared->name);
    }
    return check_object(&c, declared, old, in, &body);
}
