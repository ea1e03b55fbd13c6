/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Parts of an entity: it is read and shown as a whole, with all that a view
 * hides, and the part is cut out of its text. */

#include "api.h"

#include <apr_strings.h>

/* ------------------------------------------------------------------- types */

static apr_status_t missing(edu_exchange_t *x)
{
    return x->set->id == EDU_OUTCOMES ? edu__no_outcome(x)
                                      : edu__no_entity(x, x->set);
}

apr_status_t edu__part_check(edu_exchange_t *x, const edu_row_t *row)
{
    const edu_type_t *type =
        x->set->id == EDU_OUTCOMES ? edu__type_find(row->type) : x->set->type;

    return !x->path.cast || edu__type_is(type, x->path.cast) ? APR_SUCCESS
                                                             : missing(x);
}

/* Whether a value that names its type is of one. */
static int is_of(const apr_array_header_t *members, const edu_type_t *type,
                 apr_pool_t *p)
{
    const char *name = edu__member_text(members, "@odata.type", p);

    return name && *name == '"' &&
           edu__type_is(
               edu__type_find(apr_pstrmemdup(p, name + 1, strlen(name) - 2)),
               type);
}

/* ----------------------------------------------------------------- cutting */

static int is_null(const char *value)
{
    return strncmp(value, "null", 4) == 0;
}

/* Finds the value that the path leads to; null leads to null.
 * @param value  in: the entity
 * @return 0: it has no such value */
static int find(const char **value, const edu_exchange_t *x)
{
    const apr_array_header_t *legs = x->path.legs;

    for (int i = 0; i < legs->nelts && !is_null(*value); i++) {
        const edu_leg_t *leg = &APR_ARRAY_IDX(legs, i, edu_leg_t);
        const apr_array_header_t *members = edu__members_at(*value, x->p);

        *value = edu__member_text(members, leg->prop->name, x->p);
        if (!*value ||
            (leg->cast && !is_null(*value) && leg->cast != leg->prop->type &&
             !is_of(edu__members_at(*value, x->p), leg->cast, x->p))) {
            return 0;
        }
    }
    return 1;
}

static void append_text(edu_exchange_t *x, const char *text)
{
    x->res->status = 200;
    apr_table_setn(x->res->headers, "Content-Type", "text/plain;charset=utf-8");
    edu__append(x, text);
}

/* A value of a primitive type, as it stands in JSON, without that. */
static const char *raw(const char *value, apr_pool_t *p)
{
    const json_t *text =
        *value == '"' ? json_object_get(
                            edu__json_load(
                                apr_pstrcat(p, "{\"x\":", value, "}", NULL), p),
                            "x")
                      : NULL;

    return text ? apr_pstrmemdup(p, json_string_value(text),
                                 json_string_length(text))
                : value;
}

static void append_value(edu_exchange_t *x, const edu_row_t *row,
                         const char *value)
{
    const char *context = edu__path_part_context(
        &x->path, edu__path_context(&x->path, x->set, x->req->base, x->p),
        row->id, x->p);

    edu__answer_json(x, 200);
    edu__append_context_url(x, context);
    edu__append_comma(x);
    if (*value == '{') {
        edu__append(x, value + 1);
    }
    else {
        edu__append(x, "\"value\":");
        edu__append(x, value);
        edu__append(x, "}");
    }
}

apr_status_t edu__part_answer(edu_exchange_t *x, const edu_row_t *row)
{
    const char *text = edu__view_text(x, row);
    const char *value = text ? edu__json_tidy(text, x->p) : NULL;

    if (!value) {
        return edu__damaged(x, x->set->type->name, row->id);
    }
    if (!find(&value, x)) {
        return edu_error_set(x->err, EDU_ENOTFOUND, NULL, x->p,
                             "This entity has no such property: its type, or "
                             "that of a value in it, is another one.");
    }
    if (is_null(value)) {
        x->res->status = 204;
        apr_table_unset(x->res->headers, "Content-Type");
    }
    else if (x->path.part == EDU_PART_RAW) {
        append_text(x, raw(value, x->p));
    }
    else if (x->path.part == EDU_PART_COUNT) {
        append_text(x, apr_itoa(x->p, edu__members_at(value, x->p)->nelts));
    }
    else {
        append_value(x, row, value);
    }
    return APR_SUCCESS;
}
