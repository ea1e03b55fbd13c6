/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The part of a stored entity that a body speaks of.  Parsing and writing the
 * whole document takes most of the time of a PATCH, though most of its members
 * stay as they are. */

#include "model.h"

#include <apr_strings.h>

static int has_escapes(const edu_member_t *member)
{
    return memchr(member->value, '\\', member->value_len) != NULL;
}

static json_t *excerpt(const apr_array_header_t *members, const json_t *in,
                       apr_pool_t *p);

/* @param said  what the body has for the member, or NULL
 * @return a new reference */
static json_t *excerpt_value(const edu_member_t *member, const json_t *said,
                             apr_pool_t *p)
{
    int plain = !has_escapes(member);

    if (*member->value == 'n') {
        return json_null();
    }
    if (!said && (*member->value != '"' || !plain)) {
        return json_true(); /* it stays, whatever it is */
    }
    return *member->value == '{' && json_is_object(said) && plain
               ? excerpt(edu__members_at(member->value, p), said, p)
               : edu__json_read(member->value, member->value_len);
}

static json_t *excerpt(const apr_array_header_t *members, const json_t *in,
                       apr_pool_t *p)
{
    json_t *out = json_object();

    for (int i = 0; i < members->nelts; i++) {
        const edu_member_t *member = &APR_ARRAY_IDX(members, i, edu_member_t);
        const char *name = apr_pstrmemdup(p, member->name, member->name_len);

        json_object_set_new_nocheck(
            out, name, excerpt_value(member, json_object_get(in, name), p));
    }
    return out;
}

json_t *edu__entity_excerpt(const apr_array_header_t *members, const json_t *in,
                            apr_pool_t *p)
{
    return edu__json_own(excerpt(members, in, p), p);
}

/* The text of a value that the merge made.
 * @param member  as it was stored, or NULL
 * @param was     its value in the excerpt */
static const char *text_of(json_t *value, const edu_member_t *member,
                           const json_t *was, const edu_change_t *change)
{
    apr_pool_t *p = change->p;

    if (value == change->by) {
        return edu__identity_text(change->caller, p);
    }
    if (json_is_string(value)) {
        return edu__json_quote(json_string_value(value), p);
    }
    return json_is_object(value) && json_is_object(was) && !has_escapes(member)
               ? edu__members_text(
                     edu__entity_complete(
                         value, was, edu__members_at(member->value, p), change),
                     NULL, p)
               : edu__json_text(value, p);
}

static edu_member_t complete(const char *name, json_t *value,
                             const edu_member_t *member, const json_t *was,
                             const edu_change_t *change)
{
    edu_member_t made;

    if (member && value == was) {
        return *member;
    }
    made.name = edu__json_quote(name, change->p) + 1;
    made.name_len = strlen(made.name) - 1;
    made.value = text_of(value, member, was, change);
    made.value_len = strlen(made.value);
    return made;
}

apr_array_header_t *edu__entity_complete(json_t *doc, const json_t *old,
                                         const apr_array_header_t *members,
                                         const edu_change_t *change)
{
    apr_array_header_t *out =
        apr_array_make(change->p, 16, sizeof(edu_member_t));
    const char *name;
    json_t *value;

    json_object_foreach(doc, name, value)
    {
        APR_ARRAY_PUSH(out, edu_member_t) =
            complete(name, value, edu__member_find(members, name),
                     json_object_get(old, name), change);
    }
    return out;
}
