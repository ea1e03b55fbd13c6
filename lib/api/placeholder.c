/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Placeholders are the outcomes of registered submissions that nobody has
 * written to yet (contract.md 1.1; decisions.md 2).  They are made where
 * nothing is stored, so that a submission that an LMS loads by SQL has them as
 * well. */

#include "grading.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>

/* -------------------------------------------------------------- assignments */

/* A member of the rubric, or NULL. */
static const char *in_rubric(const edu_assignment_t *assignment,
                             const char *name)
{
    return edu__member(
        edu__members_at(edu__member(assignment->members, "rubric"),
                        assignment->p),
        name);
}

static int has_points(const edu_assignment_t *assignment)
{
    const char *max = edu__member(
        edu__members_at(in_rubric(assignment, "grading"), assignment->p),
        "maxPoints");

    return edu__member_is(assignment->members, "grading", "{") ||
           (max && (apr_isdigit(*max) || *max == '-'));
}

static int has_rubric(const edu_assignment_t *assignment)
{
    const char *qualities = in_rubric(assignment, "qualities");

    return qualities && *qualities == '[';
}

/* Every assignment takes feedback. */
static int has_feedback(const edu_assignment_t *assignment)
{
    (void)assignment;
    return 1;
}

/* --------------------------------------------------------------- singletons */

/* The outcomes of which each submission has one, in Graph's order, in which
 * they come before outcomes that were created at some time. */
/* clang-format off */
static const struct singleton_t {
    const char *type, *id, *sort_key;
    int (*due)(const edu_assignment_t *assignment);
} singletons[EDU_SINGLETONS] = {
    { "educationFeedbackOutcome", "ca05367a-b292-42d5-aff7-5d279feeace8",
      "0000000000000001", has_feedback },
    { EDU_POINTS_OUTCOME, "ea1351f6-ba33-4940-b2cb-6a7254af2dc8",
      "0000000000000002", has_points },
    { EDU_RUBRIC_OUTCOME, "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b",
      "0000000000000003", has_rubric }
};
/* clang-format on */

static const struct singleton_t *singleton_of(const char *type)
{
    for (int i = 0; i < EDU_SINGLETONS; i++) {
        if (strcmp(singletons[i].type, type) == 0) {
            return &singletons[i];
        }
    }
    return NULL;
}

const char *edu__singleton_id(const char *type)
{
    const struct singleton_t *singleton = singleton_of(type);

    return singleton ? singleton->id : NULL;
}

const char *edu__singleton(int i)
{
    return singletons[i].id;
}

apr_status_t edu__placeholder_due(edu_exchange_t *x, int *due,
                                  edu_assignment_t *assignment, const char *id)
{
    *due = 0;
    if (!edu__grading_skim(assignment)) {
        return edu__damaged(x, edu__assignment.name, assignment->id);
    }
    for (int i = 0; i < EDU_SINGLETONS; i++) {
        *due |=
            strcmp(singletons[i].id, id) == 0 && singletons[i].due(assignment);
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------- placeholders */

/* The ids of a rubric's qualities as they are written; each id once. */
static const apr_array_header_t *quality_ids(const edu_assignment_t *assignment)
{
    apr_pool_t *p = assignment->p;
    const apr_array_header_t *qualities =
        edu__members_at(in_rubric(assignment, "qualities"), p);
    apr_array_header_t *ids =
        apr_array_make(p, qualities->nelts, sizeof(const char *));
    apr_hash_t *seen = apr_hash_make(p);

    for (int i = 0; i < qualities->nelts; i++) {
        const char *quality = APR_ARRAY_IDX(qualities, i, edu_member_t).value;
        const char *id =
            edu__member_text(edu__members_at(quality, p), "qualityId", p);

        if (id && *id == '"' && !apr_hash_get(seen, id, APR_HASH_KEY_STRING)) {
            apr_hash_set(seen, id, APR_HASH_KEY_STRING, id);
            APR_ARRAY_PUSH(ids, const char *) = id;
        }
    }
    return ids;
}

/* The lists as fit_lists makes them from an empty outcome. */
static void blank_lists(apr_array_header_t *members,
                        const edu_assignment_t *assignment)
{
    apr_pool_t *p = assignment->p;
    const apr_array_header_t *ids = quality_ids(assignment);

    for (apr_size_t i = 0; i < EDU_RUBRIC_LISTS; i++) {
        apr_array_header_t *elements =
            apr_array_make(p, ids->nelts, sizeof(const char *));

        for (int j = 0; j < ids->nelts; j++) {
            APR_ARRAY_PUSH(elements, const char *) = apr_pstrcat(
                p, "{\"qualityId\":", APR_ARRAY_IDX(ids, j, const char *),
                ",\"", edu__rubric_lists[i].says, "\":null}", NULL);
        }
        edu__member_set(members, edu__rubric_lists[i].name,
                        apr_pstrcat(p, "[", apr_array_pstrcat(p, elements, ','),
                                    "]", NULL));
    }
}

static edu_row_t placeholder(const struct singleton_t *singleton,
                             const edu_assignment_t *assignment)
{
    apr_pool_t *p = assignment->p;
    apr_array_header_t *members = edu__entity_blank(
        edu__type_find(singleton->type), singleton->id, assignment->version, p);

    if (singleton->due == has_rubric) {
        blank_lists(members, assignment);
    }
    return (edu_row_t){ .id = singleton->id,
                        .sort_key = singleton->sort_key,
                        .type = singleton->type,
                        .version = assignment->version,
                        .body = edu__members_text(members, NULL, p),
                        .parent_id = "" };
}

/* The placeholder of a singleton, one for all submissions of an assignment that
 * was skimmed. @return NULL: it has none */
static const edu_row_t *get_placeholder(const struct singleton_t *singleton,
                                        edu_assignment_t *assignment)
{
    edu_row_t *made;

    if (!singleton->due(assignment)) {
        return NULL;
    }
    if (!assignment->placeholders) {
        assignment->placeholders =
            apr_pcalloc(assignment->p, EDU_SINGLETONS * sizeof(edu_row_t));
    }
    made = &assignment->placeholders[singleton - singletons];
    if (!made->id) {
        *made = placeholder(singleton, assignment);
    }
    return made;
}

static int is_among(const apr_array_header_t *rows, const char *id)
{
    for (int i = 0; i < rows->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(rows, i, edu_row_t).id, id) == 0) {
            return 1;
        }
    }
    return 0;
}

static int in_order(const void *av, const void *bv)
{
    const edu_row_t *a = av, *b = bv;
    int order = strcmp(a->sort_key, b->sort_key);

    return order ? order : strcmp(a->id, b->id);
}

/* A stored outcome takes the place of its placeholder, so that all stored ones
 * are among the first rows. */
apr_status_t edu__placeholders_add(edu_exchange_t *x, apr_array_header_t **rows,
                                   const edu_registration_t *registration)
{
    edu_assignment_t *assignment = registration->assignment;
    apr_array_header_t *all;

    if (!registration->user_id || !assignment) {
        return APR_SUCCESS;
    }
    if (!edu__grading_skim(assignment)) {
        return edu__damaged(x, edu__assignment.name, assignment->id);
    }
    all = apr_array_copy(x->p, *rows);
    for (int i = 0; i < EDU_SINGLETONS; i++) {
        const edu_row_t *row =
            is_among(*rows, singletons[i].id)
                ? NULL
                : get_placeholder(&singletons[i], assignment);

        if (row) {
            APR_ARRAY_PUSH(all, edu_row_t) = *row;
        }
    }
    for (int i = 0; i < all->nelts; i++) {
        APR_ARRAY_IDX(all, i, edu_row_t).registration = *registration;
    }
    if (all->nelts > (*rows)->nelts) {
        qsort(all->elts, all->nelts, sizeof(edu_row_t), in_order);
    }
    *rows = all;
    return APR_SUCCESS;
}

apr_status_t edu__placeholder_get(edu_exchange_t *x, edu_row_t *row,
                                  const char *id)
{
    const edu_registration_t registration = row->registration;
    edu_assignment_t *assignment = registration.assignment;
    const edu_row_t *found = NULL;

    if (row->stored || !registration.user_id || !assignment) {
        return APR_SUCCESS;
    }
    if (!edu__grading_skim(assignment)) {
        return edu__damaged(x, edu__assignment.name, assignment->id);
    }
    for (int i = 0; i < EDU_SINGLETONS; i++) {
        if (strcmp(singletons[i].id, id) == 0) {
            found = get_placeholder(&singletons[i], assignment);
        }
    }
    if (found) {
        *row = *found;
        row->registration = registration;
    }
    return APR_SUCCESS;
}
