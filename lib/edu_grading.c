/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What an assignment says of the outcomes of its registered submissions
 * (contract.md 1.1, 1.2; decisions.md 2).  Placeholders are never stored: they
 * are what is shown where nobody wrote yet, so that they follow the assignment,
 * and a submission that an LMS loads by SQL has them, too. */

#include "edu_private.h"

#include <apr_strings.h>

#include <stdlib.h>

/* -------------------------------------------------------------- assignments */

/* Parsed once, whatever it is asked for. */
static apr_status_t load(edu_exchange_t *x, edu_assignment_t *assignment)
{
    if (!assignment->doc) {
        assignment->doc =
            edu__entity_load(&edu__assignment, assignment->body, x->p);
    }
    return assignment->doc
               ? APR_SUCCESS
               : edu__damaged(x, edu__assignment.name, assignment->id);
}

static const json_t *max_points(const json_t *assignment)
{
    const json_t *rubric = json_object_get(assignment, "rubric");
    const json_t *max =
        json_object_get(json_object_get(assignment, "grading"), "maxPoints");

    if (!json_is_number(max)) {
        max = json_object_get(json_object_get(rubric, "grading"), "maxPoints");
    }
    return json_is_number(max) ? max : NULL;
}

static const json_t *qualities_of(const json_t *assignment)
{
    const json_t *qualities =
        json_object_get(json_object_get(assignment, "rubric"), "qualities");

    return json_is_array(qualities) ? qualities : NULL;
}

static int has_points(const json_t *assignment)
{
    const json_t *grading = json_object_get(assignment, "grading");

    return json_is_object(grading) || max_points(assignment);
}

static int has_rubric(const json_t *assignment)
{
    return qualities_of(assignment) != NULL;
}

/* Feedback can be given on anything. */
static int has_feedback(const json_t *assignment)
{
    (void)assignment;
    return 1;
}

/* ------------------------------------------------------------- placeholders */

/* The outcomes of which each submission has one, in the order in which Graph
 * lists them: before all that was created at an instant. */
/* clang-format off */
static const struct singleton_t {
    const char *type, *id, *created;
    int (*due)(const json_t *assignment);
} singletons[] = {
    { "educationFeedbackOutcome", "ca05367a-b292-42d5-aff7-5d279feeace8",
      "0000000000000001", has_feedback },
    { "educationPointsOutcome",   "ea1351f6-ba33-4940-b2cb-6a7254af2dc8",
      "0000000000000002", has_points },
    { "educationRubricOutcome",   "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b",
      "0000000000000003", has_rubric }
};
/* clang-format on */

#define SINGLETONS (sizeof(singletons) / sizeof(singletons[0]))

static const struct singleton_t *singleton_of(const char *type)
{
    for (apr_size_t i = 0; i < SINGLETONS; i++) {
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

/* Each quality of the rubric, with nothing said of it. */
static void list_qualities(json_t *doc, const json_t *assignment)
{
    static const struct {
        const char *name, *unsaid;
    } lists[] = {
        {"rubricQualityFeedback",                 "feedback"},
        { "rubricQualitySelectedLevels",          "columnId"},
        { "publishedRubricQualityFeedback",       "feedback"},
        { "publishedRubricQualitySelectedLevels", "columnId"}
    };
    json_t *quality;
    size_t i;

    json_array_foreach((json_t *)qualities_of(assignment), i, quality)
    {
        for (int j = 0; j < 4; j++) {
            json_array_append_new(
                json_object_get(doc, lists[j].name),
                json_pack("{s:O?, s:n}", "qualityId",
                          json_object_get(quality, "qualityId"),
                          lists[j].unsaid));
        }
    }
}

static edu_row_t placeholder(const struct singleton_t *singleton,
                             const edu_assignment_t *assignment, apr_pool_t *p)
{
    json_t *doc = edu__entity_blank(edu__type_find(singleton->type),
                                    singleton->id, assignment->version, p);
    edu_row_t row = { .id = singleton->id,
                      .created = singleton->created,
                      .kind = singleton->type,
                      .version = assignment->version };

    if (singleton->due == has_rubric) {
        list_qualities(doc, assignment->doc);
    }
    row.body = edu__json_text(doc, p);
    return row;
}

/* All placeholders of an assignment's submissions, made once. */
static apr_status_t placeholders_of(edu_exchange_t *x,
                                    edu_assignment_t *assignment)
{
    apr_array_header_t *rows;
    apr_status_t rv = load(x, assignment);

    if (rv || assignment->placeholders) {
        return rv;
    }
    rows = apr_array_make(x->p, SINGLETONS, sizeof(edu_row_t));
    for (apr_size_t i = 0; i < SINGLETONS; i++) {
        if (singletons[i].due(assignment->doc)) {
            APR_ARRAY_PUSH(rows, edu_row_t) =
                placeholder(&singletons[i], assignment, x->p);
        }
    }
    assignment->placeholders = rows;
    return APR_SUCCESS;
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
    int order = strcmp(a->created, b->created);

    return order ? order : strcmp(a->id, b->id);
}

/* What was written has the place of its placeholder, so that each of them is
 * among the first rows if it is stored at all. */
apr_status_t edu__placeholders_add(edu_exchange_t *x, apr_array_header_t **rows,
                                   const edu_registration_t *registration,
                                   const edu_row_t *after)
{
    edu_assignment_t *assignment = registration->assignment;
    apr_array_header_t *all;
    apr_status_t rv;

    if (!registration->user_id || !assignment) {
        return APR_SUCCESS;
    }
    rv = placeholders_of(x, assignment);
    if (rv) {
        return rv;
    }
    all = apr_array_copy(x->p, *rows);
    for (int i = 0; i < assignment->placeholders->nelts; i++) {
        const edu_row_t *row =
            &APR_ARRAY_IDX(assignment->placeholders, i, edu_row_t);

        if (!is_among(*rows, row->id) && (!after || in_order(row, after) > 0)) {
            APR_ARRAY_PUSH(all, edu_row_t) = *row;
        }
    }
    qsort(all->elts, all->nelts, sizeof(edu_row_t), in_order);
    *rows = all;
    return APR_SUCCESS;
}

apr_status_t edu__placeholder_get(edu_exchange_t *x, edu_row_t *row,
                                  const char *id)
{
    const edu_registration_t registration = row->registration;
    apr_status_t rv;

    if (row->stored || !registration.user_id || !registration.assignment) {
        return APR_SUCCESS;
    }
    rv = placeholders_of(x, registration.assignment);
    for (int i = 0; !rv && i < registration.assignment->placeholders->nelts;
         i++) {
        const edu_row_t *it =
            &APR_ARRAY_IDX(registration.assignment->placeholders, i, edu_row_t);

        if (strcmp(it->id, id) == 0) {
            *row = *it;
            row->registration = registration;
        }
    }
    return rv;
}

apr_status_t edu__admit(edu_exchange_t *x,
                        const edu_registration_t *registration)
{
    int known = registration->user_id != NULL;

    if (x->own ? !known || strcmp(x->own, registration->user_id) != 0
               : !known && x->req->mount->registered) {
        return edu__no_entity(x, &edu__submissions);
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ judging */

/* Whether an array of the rubric has an element with this id. */
static int has(const json_t *elements, const char *member, const json_t *id)
{
    json_t *element;
    size_t i;

    json_array_foreach((json_t *)elements, i, element)
    {
        if (json_equal(json_object_get(element, member), id)) {
            return 1;
        }
    }
    return 0;
}

/* Each element of a list names, by a member, an element of the rubric. */
static apr_status_t check_list(edu_exchange_t *x, const json_t *in,
                               const char *list, const char *member,
                               const json_t *elements, const char *key)
{
    json_t *element;
    size_t i;

    json_array_foreach(json_object_get(in, list), i, element)
    {
        const json_t *id = json_object_get(element, member);

        /* no column means that none is chosen; no quality means nothing */
        if (!has(elements, key, id) &&
            (json_is_string(id) || strcmp(member, "qualityId") == 0)) {
            return edu_error_set(
                x->err, EDU_EBADREQUEST,
                apr_psprintf(x->p, "%s/%" APR_SIZE_T_FMT "/%s", list, i,
                             member),
                x->p, "The rubric of the assignment has no %s '%s'.", key,
                json_is_string(id) ? json_string_value(id) : "null");
        }
    }
    return APR_SUCCESS;
}

apr_status_t edu__grading_check(edu_exchange_t *x, const json_t *in,
                                const edu_registration_t *registration)
{
    const json_t *rubric, *qualities, *levels;
    apr_status_t rv;

    if (!registration->user_id || !registration->assignment) {
        return APR_SUCCESS;
    }
    rv = load(x, registration->assignment);
    if (rv) {
        return rv;
    }
    rubric = json_object_get(registration->assignment->doc, "rubric");
    qualities = json_object_get(rubric, "qualities");
    levels = json_object_get(rubric, "levels");
    if ((rv = check_list(x, in, "rubricQualityFeedback", "qualityId", qualities,
                         "qualityId")) ||
        (rv = check_list(x, in, "rubricQualitySelectedLevels", "qualityId",
                         qualities, "qualityId"))) {
        return rv;
    }
    return check_list(x, in, "rubricQualitySelectedLevels", "columnId", levels,
                      "levelId");
}

/* The best grade whose least percentage the points reach, or NULL. */
static const json_t *letter_for(double percentage, const json_t *grades)
{
    const json_t *best = NULL;
    double least = -1;
    json_t *grade;
    size_t i;

    json_array_foreach((json_t *)grades, i, grade)
    {
        double min = json_number_value(json_object_get(grade, "minPercentage"));

        if (percentage >= min && min > least) {
            least = min;
            best = json_object_get(grade, "displayName");
        }
    }
    return best;
}

void edu__grading_letter(json_t *outcome, const json_t *assignment)
{
    const json_t *scheme = json_object_get(assignment, "gradingScheme");
    json_t *points = json_object_get(outcome, "points");
    const json_t *value = json_object_get(points, "points");
    double max = json_number_value(max_points(assignment));
    const json_t *letter =
        json_is_number(value) && max > 0
            ? letter_for(json_number_value(value) * 100 / max,
                         json_object_get(scheme, "grades"))
            : NULL;

    json_object_del(points, "grade");
    if (letter) {
        json_object_set_new(points, "grade", edu__json_share(letter));
    }
}
