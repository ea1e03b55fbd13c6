/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Entities made, changed and shown, by the type tables alone. */

#include "edu_private.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------- merge */

static json_t *merge(const edu_type_t *declared, const json_t *old,
                     const json_t *in, const edu_change_t *change);

/* The value of a property that nothing was said of. */
static json_t *empty(const edu_prop_t *prop)
{
    if (prop->flags & EDU_FIRST) {
        return json_string(prop->type->values[0]);
    }
    return (prop->flags & EDU_COLLECTION) ? json_array() : json_null();
}

json_t *edu__single(const json_t *in)
{
    float value = (float)json_number_value(in);
    char text[32];

    if (fabsf(value) < 1e15f && value == (float)(json_int_t)value) {
        return json_integer((json_int_t)value);
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtof(text, NULL) == value) {
            break;
        }
    }
    return json_real(strtod(text, NULL));
}

/* The instant itself, whatever its offset and digits were. */
static json_t *datetime(const json_t *in, const edu_change_t *change)
{
    edu_time_t t = 0;

    edu__time_parse(&t, json_string_value(in));
    return json_string(edu__time_format(t, change->p));
}

static json_t *value_of(const edu_prop_t *prop, const json_t *old,
                        const json_t *in, const edu_change_t *change)
{
    switch (prop->kind) {
    case EDU_COMPLEX:
        return merge(prop->type, old, in, change);
    case EDU_SINGLE:
        return edu__single(in);
    case EDU_DATETIME:
        return datetime(in, change);
    default:
        return edu__json_share(in);
    }
}

static json_t *collection_of(const edu_prop_t *prop, const json_t *in,
                             const edu_change_t *change)
{
    json_t *array = json_array();
    json_t *element;
    size_t i;

    json_array_foreach(in, i, element)
    {
        json_array_append_new(array, value_of(prop, NULL, element, change));
    }
    return array;
}

/* Whether the body speaks of a property: not if only the server may set it,
 * and not by an enumeration's sentinel (contract.md 4). */
static const json_t *sent(const edu_prop_t *prop, const json_t *in,
                          const edu_change_t *change)
{
    const json_t *value = json_object_get(in, prop->name);

    if ((prop->flags & EDU_KEY) ||
        ((prop->flags & EDU_SERVER_SET) && !change->trust)) {
        return NULL;
    }
    if (prop->kind == EDU_ENUM && json_is_string(value) &&
        strcmp(json_string_value(value), "unknownFutureValue") == 0) {
        return NULL;
    }
    return value;
}

static json_t *member(const edu_prop_t *prop, const json_t *old,
                      const json_t *in, const edu_change_t *change)
{
    const json_t *was = json_object_get(old, prop->name);
    const json_t *value = sent(prop, in, change);

    if (!value) {
        int kept = !change->replace ||
                   (prop->flags & (EDU_SERVER_SET | EDU_STICKY)) != 0;

        return was && kept ? edu__json_share(was) : empty(prop);
    }
    if (json_is_null(value)) {
        return empty(prop);
    }
    return (prop->flags & EDU_COLLECTION) ? collection_of(prop, value, change)
                                          : value_of(prop, was, value, change);
}

/* Base types first.  A member of beta is not stored while it says nothing, so
 * that what is stored is what v1.0 shows. */
static void members(json_t *out, const edu_type_t *type, const json_t *old,
                    const json_t *in, const edu_change_t *change)
{
    if (type->base) {
        members(out, type->base, old, in, change);
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        json_object_set_new(out, prop->name, member(prop, old, in, change));
        if ((prop->flags & EDU_BETA) &&
            json_is_null(json_object_get(out, prop->name))) {
            json_object_del(out, prop->name);
        }
    }
}

/* What an open type carries beyond its declared members. */
static void extras(json_t *out, const edu_type_t *type, const json_t *from)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)from, name, value)
    {
        if (!strchr(name, '@') && !edu__prop_find(type, name)) {
            json_object_set_new(out, name, edu__json_share(value));
        }
    }
}

/* A name comes from the server, in whatever encoding its users have. */
static json_t *text_or_null(const char *text, apr_pool_t *p)
{
    return text ? json_string(edu_utf8(text, p)) : json_null();
}

static json_t *identity(const char *id, const char *name, apr_pool_t *p)
{
    return json_pack("{s:o, s:o}", "id", text_or_null(id, p), "displayName",
                     text_or_null(name, p));
}

json_t *edu__identity_set(const edu_caller_t *by, apr_pool_t *p)
{
    static const edu_caller_t nobody;

    by = by ? by : &nobody;
    return json_pack("{s:o, s:n, s:o}", "application",
                     by->application ? identity(by->application, NULL, p)
                                     : json_null(),
                     "device", "user", identity(by->user_id, by->user_name, p));
}

/* What the server puts into a property of its own. */
static json_t *stamp_of(const edu_prop_t *prop, const edu_change_t *change)
{
    switch (prop->kind) {
    case EDU_COMPLEX:
        return edu__identity_set(change->caller, change->p);
    case EDU_DATETIME:
        return json_string(edu__time_format(change->now, change->p));
    case EDU_ENUM:
        return json_string(prop->type->values[0]);
    default:
        return json_string(change->id);
    }
}

static void stamp(json_t *out, const edu_type_t *type, int created,
                  const json_t *in, const edu_change_t *change)
{
    unsigned due = EDU_STAMP | (created ? EDU_CREATED | EDU_KEY : 0);

    if (type->base) {
        stamp(out, type->base, created, in, change);
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        if ((prop->flags & due) && !sent(prop, in, change)) {
            json_object_set_new(out, prop->name, stamp_of(prop, change));
        }
    }
}

void edu__entity_tag(json_t *doc, const char *version, apr_pool_t *p)
{
    json_object_set_new(doc, "@odata.etag",
                        json_string(apr_pstrcat(p, "\"", version, "\"", NULL)));
}

/* Annotations stand first.  Graph names a type where the declared one leaves
 * it open, as that of outcomes does (contract.md 1.3). */
static json_t *annotated(const edu_type_t *type, const edu_type_t *declared,
                         apr_pool_t *p)
{
    json_t *out = json_object();

    if (declared == &edu__outcome || type != declared) {
        json_object_set_new(
            out, "@odata.type",
            json_string(apr_pstrcat(p, "#microsoft.graph.", type->name, NULL)));
    }
    return out;
}

/* A new reference to `old` as `in` changes it, stamped if that is a change. */
static json_t *merge(const edu_type_t *declared, const json_t *old,
                     const json_t *in, const edu_change_t *change)
{
    const edu_type_t *type = edu__type_of(declared, old, in);
    json_t *out;

    /* what was loaded by SQL may be of no type that there is */
    type = type ? type : edu__type_of(declared, NULL, in);
    /* another type is another value */
    if (!json_is_object(old) || type != edu__type_of(declared, NULL, old)) {
        old = NULL;
    }
    out = annotated(type, declared, change->p);
    if (declared == change->type) { /* only an entity has a version */
        const json_t *etag = json_object_get(old, "@odata.etag");

        json_object_set_new(out, "@odata.etag",
                            etag ? edu__json_share(etag) : json_null());
    }
    members(out, type, old, in, change);
    if ((type->flags & EDU_OPEN) && !change->replace) {
        extras(out, type, old);
    }
    if (type->flags & EDU_OPEN) {
        extras(out, type, in);
    }
    if (!old || !json_equal(old, out)) {
        stamp(out, type, !old, in, change);
        if (declared == change->type) {
            edu__entity_tag(out, change->version, change->p);
        }
    }
    return out;
}

json_t *edu__entity_merge(const json_t *old, const json_t *in,
                          const edu_change_t *change)
{
    return edu__json_own(merge(change->type, old, in, change), change->p);
}

/* ------------------------------------------------------ blanks and copies */

/* Adds what a document lacks, base types first. */
static void complete(json_t *doc, const edu_type_t *type)
{
    if (type->base) {
        complete(doc, type->base);
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        if (!(prop->flags & EDU_BETA) && !json_object_get(doc, prop->name)) {
            json_object_set_new(doc, prop->name, empty(prop));
        }
    }
}

json_t *edu__entity_blank(const edu_type_t *type, const char *id,
                          const char *version, apr_pool_t *p)
{
    json_t *doc = edu__json_own(annotated(type, &edu__outcome, p), p);

    edu__entity_tag(doc, version, p);
    json_object_set_new(doc, "id", json_string(id));
    complete(doc, type);
    return doc;
}

json_t *edu__entity_load(const edu_type_t *type, const char *text,
                         apr_pool_t *p)
{
    json_t *doc = edu__json_load(text, p);

    if (!json_is_object(doc)) {
        return NULL;
    }
    if (!edu__type_of(type, NULL, doc)) {
        json_object_del(doc, "@odata.type");
    }
    complete(doc, type);
    return doc;
}

/* publishedPoints is the copy of points. */
static const char *twin_of(const char *published, apr_pool_t *p)
{
    char *name;

    if (strncmp(published, "published", 9) != 0) {
        return NULL;
    }
    name = apr_pstrdup(p, published + 9);
    *name = apr_tolower(*name);
    return name;
}

void edu__entity_publish(json_t *outcome, apr_pool_t *p)
{
    const edu_type_t *type = edu__type_of(&edu__outcome, NULL, outcome);

    for (const edu_prop_t *prop = type ? type->props : NULL; prop && prop->name;
         prop++) {
        const char *twin = twin_of(prop->name, p);

        if (twin) {
            json_object_set_new(outcome, prop->name,
                                json_deep_copy(json_object_get(outcome, twin)));
        }
        else if (prop->kind == EDU_ENUM && (prop->flags & EDU_CREATED)) {
            json_object_set_new(outcome, prop->name, json_string("published"));
        }
    }
}

/* ----------------------------------------------------------------- dialect */

/* Whether a value of this type can carry members of beta. */
static int knows_beta(const edu_type_t *type)
{
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if ((prop->flags & EDU_BETA) ||
                (prop->kind == EDU_COMPLEX && knows_beta(prop->type))) {
                return 1;
            }
        }
    }
    return 0;
}

/* Whether a stored text may hold a member of beta: no parse, for this is asked
 * of every document that v1.0 reads. */
static int mentions_beta(const char *text, apr_pool_t *p)
{
    for (int i = 0; edu__types[i]; i++) {
        for (const edu_prop_t *prop = edu__types[i]->props; prop->name;
             prop++) {
            if ((prop->flags & EDU_BETA) &&
                strstr(text, apr_pstrcat(p, "\"", prop->name, "\"", NULL))) {
                return 1;
            }
        }
    }
    return 0;
}

/* Adds the members of beta, or takes them away. */
static void translate(json_t *value, const edu_type_t *declared,
                      edu_dialect_e dialect)
{
    const edu_type_t *type = edu__type_of(declared, NULL, value);
    json_t *element;
    size_t i;

    json_array_foreach(value, i, element)
    {
        translate(element, declared, dialect);
    }
    if (!json_is_object(value)) {
        return;
    }
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            json_t *part = json_object_get(value, prop->name);

            if (prop->kind == EDU_COMPLEX) {
                translate(part, prop->type, dialect);
            }
            else if (!(prop->flags & EDU_BETA)) {
                continue;
            }
            else if (dialect == EDU_DIALECT_V1_0) {
                json_object_del(value, prop->name);
            }
            else if (!part) {
                json_object_set_new(value, prop->name, json_null());
            }
        }
    }
}

/* Whether a text can be spliced into an answer: a look at both ends, which a
 * cut-off document does not pass, and at its bytes. */
static int is_whole(const char *text)
{
    return strncmp(text, "{\"", 2) == 0 && text[strlen(text) - 1] == '}' &&
           edu__json_is_utf8(text);
}

void edu__entity_select(json_t *doc, const apr_array_header_t *select)
{
    const char *name;
    json_t *value;
    void *next;

    if (!select) {
        return;
    }
    json_object_foreach_safe(doc, next, name, value)
    {
        int wanted = strchr(name, '@') != NULL;

        for (int i = 0; i < select->nelts && !wanted; i++) {
            wanted = strcmp(APR_ARRAY_IDX(select, i, const char *), name) == 0;
        }
        if (!wanted) {
            json_object_del(doc, name);
        }
    }
}

const char *edu__entity_dress(json_t *doc, edu_dialect_e dialect,
                              const apr_array_header_t *select, apr_pool_t *p)
{
    translate(doc, &edu__outcome, dialect);
    edu__entity_select(doc, select);
    return edu__json_text(doc, p);
}

const char *edu__entity_show(const char *type, const char *text,
                             edu_dialect_e dialect,
                             const apr_array_header_t *select, apr_pool_t *p)
{
    json_t *doc;

    if (!select &&
        (dialect == EDU_DIALECT_BETA ? !knows_beta(edu__type_find(type))
                                     : !mentions_beta(text, p))) {
        return is_whole(text) ? text : NULL;
    }
    doc = edu__json_load(text, p);
    return json_is_object(doc) ? edu__entity_dress(doc, dialect, select, p)
                               : NULL;
}
