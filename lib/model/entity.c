/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Entities are created, merged and rendered by the type tables alone. */

#include "model.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* ------------------------------------------------------------------- merge */

static json_t *merge(const edu_type_t *declared, const json_t *old,
                     const json_t *in, const edu_change_t *change);

/* The value of a property that no body has set. */
static json_t *default_value(const edu_prop_t *prop)
{
    if (prop->flags & EDU_FIRST) {
        return json_string(prop->type->values[0]);
    }
    return (prop->flags & EDU_COLLECTION) ? json_array() : json_null();
}

/* The same instant in UTC, with seven digits. */
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
        return edu__json_single(in);
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

/* The properties of a body that are ignored, though their form was checked. */
static int is_ignored(const edu_prop_t *prop, const edu_change_t *change)
{
    unsigned flags = EDU_SERVER_SET | (change->replace ? 0 : EDU_STICKY);

    return (prop->flags & EDU_KEY) || ((prop->flags & flags) && !change->trust);
}

/* The client's value of a property, or NULL: server-set properties and the
 * sentinel of an enumeration are ignored (contract.md 4). */
static const json_t *client_value(const edu_prop_t *prop, const json_t *in,
                                  const edu_change_t *change)
{
    const json_t *value =
        is_ignored(prop, change) ? NULL : json_object_get(in, prop->name);

    if (prop->kind == EDU_ENUM && json_is_string(value) &&
        strcmp(json_string_value(value), "unknownFutureValue") == 0) {
        return NULL;
    }
    return value;
}

static json_t *merge_property(const edu_prop_t *prop, const json_t *old,
                              const json_t *in, const edu_change_t *change)
{
    const json_t *was = json_object_get(old, prop->name);
    const json_t *value = client_value(prop, in, change);

    if (!value) {
        int kept = !change->replace ||
                   (prop->flags & (EDU_SERVER_SET | EDU_STICKY)) != 0;

        return was && kept ? edu__json_share(was) : default_value(prop);
    }
    if (json_is_null(value)) {
        return default_value(prop);
    }
    return (prop->flags & EDU_COLLECTION) ? collection_of(prop, value, change)
                                          : value_of(prop, was, value, change);
}

/* Base types first.  A member of beta is not stored while it is null, so that
 * v1.0 shows the text as it is stored. */
static void merge_properties(json_t *out, const edu_type_t *type,
                             const json_t *old, const json_t *in,
                             const edu_change_t *change)
{
    if (type->base) {
        merge_properties(out, type->base, old, in, change);
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        json_object_set_new_nocheck(out, prop->name,
                                    merge_property(prop, old, in, change));
        if ((prop->flags & EDU_BETA) &&
            json_is_null(json_object_get(out, prop->name))) {
            json_object_del(out, prop->name);
        }
    }
}

/* Copies the members of an open type that it does not declare. */
static void copy_open_properties(json_t *out, const edu_type_t *type,
                                 const json_t *from)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)from, name, value)
    {
        if (!strchr(name, '@') && !edu__prop_find(type, name)) {
            json_object_set_new_nocheck(out, name, edu__json_share(value));
        }
    }
}

/* A name comes from the server in any encoding. */
static json_t *text_or_null(const char *text, apr_pool_t *p)
{
    return text ? json_string(edu_utf8(text, p)) : json_null();
}

static json_t *identity(const char *id, const char *name, apr_pool_t *p)
{
    json_t *made = json_object();

    json_object_set_new_nocheck(made, "id", text_or_null(id, p));
    json_object_set_new_nocheck(made, "displayName", text_or_null(name, p));
    return made;
}

json_t *edu__identity_set(const edu_caller_t *by, apr_pool_t *p)
{
    static const edu_caller_t nobody;
    json_t *set = json_object();

    by = by ? by : &nobody;
    json_object_set_new_nocheck(
        set, "application",
        by->application ? identity(by->application, NULL, p) : json_null());
    json_object_set_new_nocheck(set, "device", json_null());
    json_object_set_new_nocheck(set, "user",
                                identity(by->user_id, by->user_name, p));
    return set;
}

/* The value of a server-set property. */
static json_t *stamp_of(const edu_prop_t *prop, const edu_change_t *change)
{
    switch (prop->kind) {
    case EDU_COMPLEX:
        return edu__json_share(change->by);
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
        if ((prop->flags & due) && !client_value(prop, in, change)) {
            json_object_set_new_nocheck(out, prop->name,
                                        stamp_of(prop, change));
        }
    }
}

static const char *quoted_or_null(const char *text, apr_pool_t *p)
{
    return text ? edu__json_quote(edu_utf8(text, p), p) : "null";
}

static const char *identity_of(const char *id, const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, "{\"id\":", quoted_or_null(id, p),
                       ",\"displayName\":", quoted_or_null(name, p), "}", NULL);
}

const char *edu__identity_text(const edu_caller_t *by, apr_pool_t *p)
{
    if (!by) {
        return "{\"application\":null,\"device\":null,"
               "\"user\":{\"id\":null,\"displayName\":null}}";
    }
    return apr_pstrcat(p, "{\"application\":",
                       by->application ? identity_of(by->application, NULL, p)
                                       : "null",
                       ",\"device\":null,\"user\":",
                       identity_of(by->user_id, by->user_name, p), "}", NULL);
}

const char *edu__etag(const char *version, apr_pool_t *p)
{
    return apr_pstrcat(p, "\"", version, "\"", NULL);
}

void edu__entity_tag(json_t *doc, const char *version, apr_pool_t *p)
{
    json_object_set_new_nocheck(doc, "@odata.etag",
                                json_string(edu__etag(version, p)));
}

void edu__members_tag(apr_array_header_t *members, const char *version,
                      apr_pool_t *p)
{
    edu__member_set(members, "@odata.etag",
                    edu__json_quote(edu__etag(version, p), p));
}

/* Annotations come first.  Graph names a type where the declared one is
 * abstract, as that of outcomes is (contract.md 1.3). */
static json_t *annotated(const edu_type_t *type, const edu_type_t *declared,
                         apr_pool_t *p)
{
    json_t *out = json_object();

    if (declared == &edu__outcome || type != declared) {
        json_object_set_new_nocheck(
            out, "@odata.type",
            json_string(apr_pstrcat(p, "#" EDU_NAMESPACE, type->name, NULL)));
    }
    return out;
}

/* A new reference to `old` as `in` changes it, stamped if that is a change. */
static json_t *merge(const edu_type_t *declared, const json_t *old,
                     const json_t *in, const edu_change_t *change)
{
    const edu_type_t *type = edu__type_of(declared, old, in);
    json_t *out;

    /* a document loaded by SQL may name an unknown type */
    type = type ? type : edu__type_of(declared, NULL, in);
    /* a value of another type is replaced, not merged */
    if (!json_is_object(old) || type != edu__type_of(declared, NULL, old)) {
        old = NULL;
    }
    out = annotated(type, declared, change->p);
    if (declared == change->type) { /* only an entity has a version */
        const json_t *etag = json_object_get(old, "@odata.etag");

        if (etag || !old) { /* a document loaded by SQL has none */
            json_object_set_new_nocheck(
                out, "@odata.etag", etag ? edu__json_share(etag) : json_null());
        }
    }
    merge_properties(out, type, old, in, change);
    if ((type->flags & EDU_OPEN) && !change->replace) {
        copy_open_properties(out, type, old);
    }
    if (type->flags & EDU_OPEN) {
        copy_open_properties(out, type, in);
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
                          edu_change_t *change)
{
    change->by =
        edu__json_own(edu__identity_set(change->caller, change->p), change->p);
    return edu__json_own(merge(change->type, old, in, change), change->p);
}

/* ------------------------------------------------------ blanks and copies */

/* As default_value. */
static const char *default_text(const edu_prop_t *prop, apr_pool_t *p)
{
    if (prop->flags & EDU_FIRST) {
        return edu__json_quote(prop->type->values[0], p);
    }
    return (prop->flags & EDU_COLLECTION) ? "[]" : "null";
}

/* Adds what an entity lacks, base types first. */
static void complete(apr_array_header_t *members, const edu_type_t *type,
                     apr_pool_t *p)
{
    if (type->base) {
        complete(members, type->base, p);
    }
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        if (!(prop->flags & EDU_BETA) && !edu__member(members, prop->name)) {
            edu__member_set(members, prop->name, default_text(prop, p));
        }
    }
}

apr_array_header_t *edu__entity_blank(const edu_type_t *type, const char *id,
                                      const char *version, apr_pool_t *p)
{
    apr_array_header_t *members = apr_array_make(p, 16, sizeof(edu_member_t));

    edu__member_set(
        members, "@odata.type",
        apr_pstrcat(p, "\"#" EDU_NAMESPACE, type->name, "\"", NULL));
    edu__members_tag(members, version, p);
    edu__member_set(members, "id", edu__json_quote(id, p));
    complete(members, type, p);
    return members;
}

/* Of what names its type: no type that there is goes without saying. */
static apr_array_header_t *members_of_type(const edu_type_t *type,
                                           const char *text, apr_pool_t *p)
{
    json_t *doc = edu__json_load(text, p);

    if (!edu__type_of(type, NULL, doc)) {
        json_object_del(doc, "@odata.type");
    }
    return edu__members_load(edu__json_text(doc, p), p);
}

/* Takes all members of a type, base types first.
 * @return what follows them, or NULL: they are not these */
static const char *take(apr_array_header_t *members, const edu_type_t *type,
                        const char *at)
{
    if (type->base) {
        at = take(members, type->base, at);
    }
    for (const edu_prop_t *prop = type->props; at && prop->name; prop++) {
        at = edu__member_take(members, at, prop->name);
    }
    return at;
}

/* Nearly all documents were written here, so that each member is where it is
 * looked for first: none has to be searched, and none is missing.
 * @return NULL: this is another one */
static apr_array_header_t *members_in_order(const edu_type_t *type,
                                            const char *text, apr_pool_t *p)
{
    apr_array_header_t *members = apr_array_make(p, 32, sizeof(edu_member_t));
    const char *at = edu__member_take(members, text, "@odata.etag");

    at = at ? take(members, type, at) : NULL;
    return at && strcmp(at, "}") == 0 && edu__are_utf8(text, at) ? members
                                                                 : NULL;
}

apr_array_header_t *edu__entity_members(const edu_type_t *type,
                                        const char *text, apr_pool_t *p)
{
    apr_array_header_t *members = members_in_order(type, text, p);

    if (members) {
        return members;
    }
    members = edu__members_load(text, p);
    if (members && edu__member(members, "@odata.type")) {
        members = members_of_type(type, text, p);
    }
    if (members) {
        complete(members, type, p);
    }
    return members;
}

json_t *edu__entity_load(const edu_type_t *type, const char *text,
                         apr_pool_t *p)
{
    const apr_array_header_t *members = edu__entity_members(type, text, p);

    return members ? edu__json_load(edu__members_text(members, NULL, p), p)
                   : NULL;
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

void edu__entity_publish(apr_array_header_t *outcome, const edu_type_t *type,
                         apr_pool_t *p)
{
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        const char *twin = twin_of(prop->name, p);

        if (twin) {
            edu__member_copy(outcome, prop->name, twin);
        }
        else if (prop->kind == EDU_ENUM && (prop->flags & EDU_CREATED)) {
            edu__member_set(outcome, prop->name, "\"published\"");
        }
    }
}

int edu__entity_publishes(const json_t *in, const edu_type_t *type)
{
    for (const edu_prop_t *prop = type->props; prop->name; prop++) {
        const json_t *value = json_object_get(in, prop->name);
        const char *status = json_string_value(value);

        if ((prop->flags & EDU_READONLY)
                ? json_is_object(value) || json_array_size(value)
                : prop->kind == EDU_ENUM && status &&
                      strcmp(status, "published") == 0) {
            return 1;
        }
    }
    return 0;
}

void edu__entity_fill(apr_array_header_t *members, const edu_fill_t *fills,
                      int n)
{
    edu_member_t *all = (edu_member_t *)members->elts;

    for (int i = 0, at = 0; i < n; i++) {
        const edu_fill_t *fill = &fills[i];
        apr_size_t len = strlen(fill->name);
        int left = members->nelts;

        for (; left && (all[at].name_len != len ||
                        memcmp(all[at].name, fill->name, len) != 0);
             left--) {
            at = (at + 1) % members->nelts;
        }
        if (left && fill->value &&
            (!fill->nulls || *all[at].value == 'n')) { /* null alone does */
            all[at].value = fill->value;
            all[at].value_len = strlen(fill->value);
        }
    }
}

int edu__entity_hide(apr_array_header_t *members, const edu_type_t *type,
                     unsigned hides)
{
    int changed = 0;

    for (const edu_prop_t *prop = type->props; hides && prop->name; prop++) {
        if ((prop->flags & hides) && edu__member(members, prop->name) &&
            !edu__member_is(members, prop->name, "null")) {
            edu__member_set(members, prop->name, "null");
            changed++;
        }
    }
    return changed;
}

/* ----------------------------------------------------------------- dialect */

/* Whether a value of this type, which may be NULL, can carry members of beta.
 * @param text  and has them, for all that its text says: no parse, for this is
 *              asked of every document that v1.0 reads; NULL: never mind */
static int has_beta(const edu_type_t *type, const char *text, apr_pool_t *p)
{
    for (; type && (type->flags & EDU_MIXED); type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if (prop->kind == EDU_COMPLEX
                    /* of the one before, if that is a twin's, it is known */
                    ? (prop == type->props || prop->type != prop[-1].type) &&
                          has_beta(prop->type, text, p)
                    : (prop->flags & EDU_BETA) &&
                          (!text ||
                           strstr(text, apr_pstrcat(p, "\"", prop->name, "\"",
                                                    NULL)))) {
                return 1;
            }
        }
    }
    return 0;
}

/* Adds the members of beta, or removes them. */
static void apply_dialect(json_t *value, const edu_type_t *declared,
                          edu_dialect_e dialect)
{
    const edu_type_t *type = edu__type_of(declared, NULL, value);
    json_t *element;
    size_t i;

    json_array_foreach(value, i, element)
    {
        apply_dialect(element, declared, dialect);
    }
    if (!json_is_object(value)) {
        return;
    }
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            json_t *part = json_object_get(value, prop->name);

            if (prop->kind == EDU_COMPLEX) {
                apply_dialect(part, prop->type, dialect);
            }
            else if (!(prop->flags & EDU_BETA)) {
                continue;
            }
            else if (dialect == EDU_DIALECT_V1_0) {
                json_object_del(value, prop->name);
            }
            else if (!part) {
                json_object_set_new_nocheck(value, prop->name, json_null());
            }
        }
    }
}

/* Whether a text can be spliced into an answer: both ends are those of a
 * document that was not cut off, and its bytes are UTF-8. */
static int is_whole(const char *text)
{
    const char *end = text + strlen(text);

    return strncmp(text, "{\"", 2) == 0 && end[-1] == '}' &&
           edu__are_utf8(text, end);
}

const char *edu__entity_write(json_t *doc, edu_dialect_e dialect, apr_pool_t *p)
{
    apply_dialect(doc, &edu__outcome, dialect);
    return edu__json_text(doc, p);
}

const char *edu__entity_render(const char *type, const char *text, json_t *doc,
                               edu_dialect_e dialect, apr_pool_t *p)
{
    if (!has_beta(edu__type_find(type),
                  dialect == EDU_DIALECT_BETA ? NULL : text, p)) {
        return is_whole(text) ? text : NULL;
    }
    doc = doc ? doc : edu__json_load(text, p);
    return json_is_object(doc) ? edu__entity_write(doc, dialect, p) : NULL;
}
