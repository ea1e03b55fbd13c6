/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Entities, with the rows below them that $expand asks for: each level has
 * options of its own, and is shown as its own resource shows it. */

#include "below.h"
#include "grading.h"
#include "page.h"

#include <apr_strings.h>

/* ------------------------------------------------------------------- answer */

/* `,"name@odata.what":` */
static void append_name(edu_exchange_t *x, const edu_expand_t *expand,
                        const char *what)
{
    edu__append(x,
                apr_pstrcat(x->p, ",\"", expand->nav->name, what, "\":", NULL));
}

static void append_count(edu_exchange_t *x, const edu_expand_t *expand, int n)
{
    const char *quote = x->format.ieee754 ? "\"" : "";

    append_name(x, expand, "@odata.count");
    edu__append(x, apr_psprintf(x->p, "%s%d%s", quote, n, quote));
}

static void append_text(edu_exchange_t *x, const edu_expand_t *expand,
                        const char *what, const char *text)
{
    append_name(x, expand, what);
    edu__append(x, edu__json_quote(text, x->p));
}

static const edu_row_t *row_at(const edu_level_t *level, int i)
{
    return APR_ARRAY_IDX(level->rows, i, edu_row_t *);
}

/* The collection of the rows, where the rest of them is. */
static const char *next_link(const edu_exchange_t *x, const edu_level_t *level)
{
    const edu_query_t *q = &x->query;
    const edu_row_t *last = row_at(level, level->rows->nelts - 1);
    int graphs = x->set->table == EDU_OUTCOME && last->registration.user_id;
    edu_path_t path = x->path;
    edu_token_t token = {
        .row = {.sort_key = graphs ? last->sort_key : "",
                .parent_id = last->parent_id,
                .id = last->id}
    };

    for (int i = 0; q->orderby && i < level->rows->nelts; i++) {
        const edu_row_t *row = row_at(level, i);

        edu__print_add(&token, edu__print_of(row, edu__row_version(x, row)));
    }
    /* an id may be of several classes, but not all submissions are shown */
    if (path.key.class_id &&
        (x->set->table != EDU_SUBMISSION || !x->only_student)) {
        path.user_root = NULL;
    }
    return apr_pstrcat(
        x->p, edu__path_url(&path, x->set, NULL, x->req->base, x->p), "?",
        q->kept, "$skiptoken=",
        edu__token_write(&token, q,
                         edu__path_url(&path, x->set, NULL, "", x->p), x->p),
        NULL);
}

void edu__note_row(const edu_exchange_t *x, const edu_row_t *row)
{
    const edu_event_t *event = row->event;

    if (event && *event->submission_id) {
        edu__note_read(x, event->assignment_id, event->submission_id,
                       event->student, NULL);
    }
    else if (x->set->id == EDU_OUTCOMES) {
        edu_key_t key;

        edu__row_key(&key, x, row);
        edu__note_read(x, key.assignment_id, key.submission_id,
                       row->registration.user_id, x->path.key.outcome_id);
    }
    else if (edu__query_expands(&x->query, EDU_RES_OUTCOMES)) {
        edu__note_read(x, row->parent_id, row->id, row->recipient, NULL);
    }
}

/* A row of a level: its entity, which may have levels of its own.
 * @param open  the brace, with the comma before it */
static apr_status_t append_row(edu_exchange_t *x, const edu_expand_t *expand,
                               const edu_row_t *row, const char *open)
{
    edu__append(x, open);
    if (expand->shows == EDU_SHOWS_ROWS) {
        if (x->set->id == EDU_SUBMISSIONS) {
            edu__note_row(x, row);
        }
        return edu__append_entity(x, row);
    }
    edu__append(x, "\"@odata.id\":");
    edu__append(x, edu__json_quote(edu__link_of(x, row), x->p));
    edu__append(x, "}");
    return APR_SUCCESS;
}

/* The rows as a member, with what is to be said of them. */
static apr_status_t append_level(edu_exchange_t *x, const edu_expand_t *expand,
                                 const edu_level_t *level)
{
    int n = level->rows ? level->rows->nelts : 0;
    apr_status_t rv = APR_SUCCESS;

    if (x->query.count || expand->shows == EDU_SHOWS_COUNT) {
        append_count(x, expand, level->total);
    }
    if (expand->shows == EDU_SHOWS_COUNT) {
        return APR_SUCCESS;
    }
    append_name(x, expand, "");
    edu__append(x, "[");
    for (int i = 0; !rv && i < n; i++) {
        rv = append_row(x, expand, row_at(level, i), i ? ",{" : "{");
    }
    edu__append(x, "]");
    if (!rv && level->more) {
        append_text(x, expand, "@odata.nextLink", next_link(x, level));
    }
    return rv;
}

/* No files are kept here: of a set without rows the collection is empty. */
static void append_nothing(edu_exchange_t *x, const edu_expand_t *expand)
{
    if (expand->shows == EDU_SHOWS_COUNT) {
        append_count(x, expand, 0);
    }
    else {
        append_name(x, expand, "");
        edu__append(x, "[]");
    }
}

/* The context of an expansion, at the path of what it is of. */
static const char *context_of(const edu_exchange_t *x, const edu_path_t *path,
                              const edu_expand_t *expand, apr_pool_t *p)
{
    const edu_set_t unkept = { .name = expand->nav->name,
                               .depth = x->set->depth + 1 };
    const edu_set_t *set = expand->set ? expand->set : &unkept;

    return apr_pstrcat(
        p, ",\"", expand->nav->name, "@odata.context\":",
        edu__json_quote(
            apr_pstrcat(p, edu__path_context(path, set, x->req->base, p),
                        edu__query_shape(&expand->query, p), NULL),
            p),
        NULL);
}

/* The answer of a function has none in it (contract.md 3). */
static int has_contexts(const edu_exchange_t *x)
{
    return x->format.metadata != EDU_METADATA_NONE && !edu__is_across(x);
}

const edu_context_t *edu__contexts(const edu_exchange_t *x, apr_pool_t *p)
{
    static const char empty[] = "('')/";
    static const edu_row_t any = { .id = "", .role = "" };
    const apr_array_header_t *expands = x->query.expands;
    edu_context_t *contexts;

    if (!expands || !has_contexts(x)) {
        return NULL;
    }
    contexts = apr_palloc(p, expands->nelts * sizeof(*contexts));
    for (int i = 0; i < expands->nelts; i++) {
        const edu_expand_t *expand = &APR_ARRAY_IDX(expands, i, edu_expand_t);
        edu_exchange_t own = edu__below_of(x, &any, expand);
        const char *text = context_of(x, &own.path, expand, p);
        const char *at = strstr(text, empty);

        contexts[i] =
            at ? (edu_context_t){ apr_pstrmemdup(p, text, at + 2 - text),
                                  at + 2 }
               : (edu_context_t){ text, NULL };
    }
    return contexts;
}

static void append_context(edu_exchange_t *x, const edu_exchange_t *own,
                           const edu_row_t *row, int i)
{
    const edu_expand_t *expand =
        &APR_ARRAY_IDX(x->query.expands, i, edu_expand_t);

    if (!has_contexts(x) || expand->shows == EDU_SHOWS_COUNT) {
        return;
    }
    if (!x->contexts) {
        edu__append(x, context_of(x, &own->path, expand, x->p));
        return;
    }
    edu__append(x, x->contexts[i].before);
    if (x->contexts[i].after) {
        edu__append(x, edu__path_key(row->id, x->p)); /* has nothing to quote */
        edu__append(x, x->contexts[i].after);
    }
}

static apr_status_t append_expansion(edu_exchange_t *x, const edu_row_t *row,
                                     int i)
{
    const edu_expand_t *expand =
        &APR_ARRAY_IDX(x->query.expands, i, edu_expand_t);
    edu_exchange_t own = edu__below_of(x, row, expand);
    edu_level_t level = { .rows = NULL };
    apr_array_header_t *rows = row->outcomes;
    apr_status_t rv = APR_SUCCESS;

    append_context(x, &own, row, i);
    if (!expand->set) {
        append_nothing(x, expand);
        return APR_SUCCESS;
    }
    if (row->levels) {
        level = row->levels[i];
    }
    else if (rows) {
        rv = edu__placeholders_add(&own, &rows, &row->registration);
        rv = rv ? rv : edu__below_choose(&level, &own, rows, NULL);
    }
    return rv ? rv : append_level(&own, expand, &level);
}

apr_status_t edu__append_levels(edu_exchange_t *x, const edu_row_t *row)
{
    const apr_array_header_t *expands = x->query.expands;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; !rv && expands && i < expands->nelts; i++) {
        const edu_expand_t *expand = &APR_ARRAY_IDX(expands, i, edu_expand_t);

        /* a part of the entity is in it already */
        if (expand->set || !edu__prop_find(x->set->type, expand->nav->name)) {
            rv = append_expansion(x, row, i);
        }
    }
    return rv;
}

static void append_note(edu_exchange_t *x, const char *name, const char *value)
{
    if (value) {
        edu__append(x, apr_pstrcat(x->p, "\"", name, "\":",
                                   edu__json_quote(value, x->p), ",", NULL));
    }
}

const edu_prop_t edu__places[] = {
    {"@eduOutcomes.assignmentId",  EDU_STRING, EDU_READONLY, NULL},
    { "@eduOutcomes.submissionId", EDU_STRING, EDU_READONLY, NULL},
    { "@eduOutcomes.studentId",    EDU_STRING, EDU_READONLY, NULL},
    { NULL,                        EDU_STRING, 0,            NULL}
};

#define PLACES (sizeof(edu__places) / sizeof(edu__places[0]) - 1)

/* The values of these annotations; NULL: there is none. */
typedef struct place_t {
    const char *values[PLACES];
} place_t;

static place_t place_of(const edu_key_t *key, const edu_row_t *row)
{
    return (place_t){
        {key->assignment_id, key->submission_id, row->registration.user_id}
    };
}

json_t *edu__place(const edu_exchange_t *x, const edu_row_t *row,
                   const json_t *doc)
{
    json_t *copy = edu__json_own(json_copy((json_t *)doc), x->p);
    edu_key_t key;
    place_t place;

    edu__row_key(&key, x, row);
    place = place_of(&key, row);
    for (apr_size_t i = 0; i < PLACES; i++) {
        if (place.values[i]) {
            json_object_set_new(copy, edu__places[i].name,
                                edu__json_string(place.values[i], x->p));
        }
    }
    return copy;
}

/* Where an entity belongs, of a list that does not say so by its own URL. */
static void append_place(edu_exchange_t *x, const edu_row_t *row)
{
    edu_path_t path = x->path;
    place_t place;

    path.user_root = NULL;
    edu__row_key(&path.key, x, row);
    if (x->format.metadata != EDU_METADATA_FULL) { /* which has it already */
        append_note(x, "@odata.id",
                    edu__path_url(&path, x->set, row->id, x->req->base, x->p));
    }
    place = place_of(&path.key, row);
    for (apr_size_t i = 0; i < PLACES; i++) {
        append_note(x, edu__places[i].name, place.values[i]);
    }
}

apr_status_t edu__append_entity(edu_exchange_t *x, const edu_row_t *row)
{
    const char *text = edu__view_text(x, row);
    apr_status_t rv = APR_SUCCESS;
    int at;

    if (!text) {
        return edu__damaged(x, x->set->type->name, row->id);
    }
    if (edu__is_placed(x) && x->format.metadata != EDU_METADATA_NONE) {
        append_place(x, row);
    }
    if (x->query.expands) {
        edu__append_bytes(x, text + 1, strlen(text) - 2);
        at = x->res->body->nelts;
        rv = edu__append_levels(x, row);
        if (text[1] == '}' && at < x->res->body->nelts) {
            edu__drop_comma(x, at);
        }
        edu__append(x, "}");
    }
    else {
        edu__append(x, text + 1);
    }
    return rv;
}
