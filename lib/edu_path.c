/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Resource paths: what there is, as a table of steps. */

#include "edu_private.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uuid.h>

#include <stddef.h>

#define MAX_KEY 128 /* bytes of an id, decoded (decisions.md 3) */

/* A step from one resource to the next: by name, or, where that is NULL, by a
 * key that is kept in the path. */
typedef struct node_t {
    edu_resource_e at, from;
    const char *name;
    apr_size_t key; /* offset in edu_path_t */
} node_t;

/* clang-format off */
#define KEY(member) NULL, offsetof(edu_path_t, member)
static const node_t nodes[] = {
    { EDU_AT_BATCH,        EDU_AT_ROOT,        "$batch",      0 },
    { EDU_AT_EDUCATION,    EDU_AT_ROOT,        "education",   0 },
    { EDU_AT_CLASSES,      EDU_AT_EDUCATION,   "classes",     0 },
    { EDU_AT_CLASS,        EDU_AT_CLASSES,     KEY(class_id)    },
    { EDU_AT_ASSIGNMENTS,  EDU_AT_CLASS,       "assignments", 0 },
    { EDU_AT_ASSIGNMENT,   EDU_AT_ASSIGNMENTS, KEY(assignment_id) },
    { EDU_AT_SUBMISSIONS,  EDU_AT_ASSIGNMENT,  "submissions", 0 },
    { EDU_AT_SUBMISSION,   EDU_AT_SUBMISSIONS, KEY(submission_id) },
    { EDU_AT_OUTCOMES,     EDU_AT_SUBMISSION,  "outcomes",    0 },
    { EDU_AT_OUTCOMES_REF, EDU_AT_OUTCOMES,    "$ref",        0 },
    { EDU_AT_OUTCOMES_COUNT, EDU_AT_OUTCOMES,  "$count",      0 },
    { EDU_AT_OUTCOME,      EDU_AT_OUTCOMES,    KEY(outcome_id)  }
};
/* clang-format on */

/* The step from `from` by this name, or by any key if `name` is NULL. */
static const node_t *step(edu_resource_e from, const char *name)
{
    for (apr_size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        if (nodes[i].from == from &&
            (name ? nodes[i].name && strcmp(nodes[i].name, name) == 0
                  : !nodes[i].name)) {
            return &nodes[i];
        }
    }
    return NULL;
}

static apr_status_t no_such_path(edu_error_t *err, apr_pool_t *p)
{
    return edu_error_set(err, EDU_ENOTFOUND, NULL, p,
                         "There is no resource at this path. Outcomes are at "
                         "/education/classes/{id}/assignments/{id}/submissions/"
                         "{id}/outcomes, spelled exactly so.");
}

int edu__is_guid(const char *s)
{
    for (int i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-'
                                                    : !apr_isxdigit(s[i])) {
            return 0;
        }
    }
    return s[36] == '\0';
}

const char *edu__new_guid(apr_pool_t *p)
{
    apr_uuid_t uuid;
    char *text = apr_palloc(p, APR_UUID_FORMATTED_LENGTH + 1);

    apr_uuid_get(&uuid);
    apr_uuid_format(text, &uuid);
    return text;
}

const char *edu__lower(const char *s, apr_pool_t *p)
{
    char *lower = apr_pstrdup(p, s);

    for (char *c = lower; *c; c++) {
        *c = apr_tolower(*c);
    }
    return lower;
}

/* Follow a key; `collection` names what it is a key of, for a refusal. */
static apr_status_t take_key(edu_path_t *path, const char *collection,
                             char *key, edu_error_t *err, apr_pool_t *p)
{
    const node_t *node = step(path->at, NULL);
    apr_size_t len = strlen(key);

    if (!node || *key == '$') {
        return no_such_path(err, p);
    }
    /* no client could follow a Location with a dot segment in it */
    if (len == 0 || len > MAX_KEY || strcmp(key, ".") == 0 ||
        strcmp(key, "..") == 0 || !edu__json_is_utf8(key)) {
        return edu_error_set(err, EDU_EBADREQUEST, collection, p,
                             "An id in the path has to be 1 to %d bytes of "
                             "UTF-8, and neither . nor .. alone.",
                             MAX_KEY);
    }
    path->at = node->at;
    *(const char **)((char *)path + node->key) = key;
    return APR_SUCCESS;
}

/* 'key' as OData writes it in parentheses, a quote doubled.  @return NULL if
 * it is none */
static char *unquote(char *s)
{
    char *to = s, *from = s;

    if (*from++ != '\'') {
        return NULL;
    }
    for (;; from++) {
        if (*from == '\'' && *++from != '\'') {
            break;
        }
        if (*from == '\0') {
            return NULL;
        }
        *to++ = *from;
    }
    *to = '\0';
    return strcmp(from, ")") == 0 ? s : NULL;
}

/* One segment: a name, name('key'), or a key. */
static apr_status_t take_segment(edu_path_t *path, const char **collection,
                                 char *segment, edu_error_t *err, apr_pool_t *p)
{
    const node_t *node = step(path->at, segment);
    char *open = strstr(segment, "('");

    if (!node && open) {
        *open = '\0';
        node = step(path->at, segment);
        if (node && step(node->at, NULL)) {
            char *key = unquote(open + 1);

            path->at = node->at;
            return key ? take_key(path, node->name, key, err, p)
                       : no_such_path(err, p);
        }
        *open = '(';
        node = NULL;
    }
    if (!node) {
        return *segment ? take_key(path, *collection, segment, err, p)
                        : no_such_path(err, p);
    }
    path->at = node->at;
    *collection = node->name;
    return APR_SUCCESS;
}

apr_status_t edu__path_parse(edu_path_t *path, const char *s, edu_error_t *err,
                             apr_pool_t *p)
{
    const char *collection = NULL;
    apr_status_t rv = APR_SUCCESS;
    char *next, *rest;

    memset(path, 0, sizeof(*path));
    if (*s != '/') {
        return no_such_path(err, p);
    }
    for (rest = apr_pstrdup(p, s + 1); rest && !rv; rest = next) {
        next = strchr(rest, '/');
        if (next) {
            *next++ = '\0';
        }
        rv = take_segment(path, &collection, rest, err, p);
    }
    if (!rv && path->outcome_id && edu__is_guid(path->outcome_id)) {
        path->outcome_id = edu__lower(path->outcome_id, p);
    }
    return rv;
}

const char *edu__path_url(const edu_path_t *path, const char *base,
                          apr_pool_t *p)
{
    const char *collection = apr_pstrcat(
        p, base, "/education/classes/",
        apr_pescape_path_segment(p, path->class_id), "/assignments/",
        apr_pescape_path_segment(p, path->assignment_id), "/submissions/",
        apr_pescape_path_segment(p, path->submission_id), "/outcomes", NULL);

    return path->outcome_id
               ? apr_pstrcat(p, collection, "/",
                             apr_pescape_path_segment(p, path->outcome_id),
                             NULL)
               : collection;
}

/* A key as it stands between quotes in a URL. */
static const char *quoted(const char *key, apr_pool_t *p)
{
    const char *quote = strchr(key, '\'');

    if (!quote) {
        return apr_pescape_path_segment(p, key);
    }
    return apr_pstrcat(
        p, apr_pescape_path_segment(p, apr_pstrmemdup(p, key, quote - key)),
        "''", quoted(quote + 1, p), NULL);
}

const char *edu__path_context(const edu_path_t *path, const char *base,
                              int entity, const apr_array_header_t *select,
                              apr_pool_t *p)
{
    const char *names =
        select
            ? apr_pstrcat(p, "(", apr_array_pstrcat(p, select, ','), ")", NULL)
            : "";

    return apr_pstrcat(p, base, "/$metadata#education/classes('",
                       quoted(path->class_id, p), "')/assignments('",
                       quoted(path->assignment_id, p), "')/submissions('",
                       quoted(path->submission_id, p), "')/outcomes", names,
                       entity ? "/$entity" : "", NULL);
}
