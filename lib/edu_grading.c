/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What an assignment says of the outcomes of its registered submissions
 * (contract.md 1.1, 1.2; decisions.md 2, 3).  Outcomes follow the assignment as
 * it is now: placeholders are made where nothing is stored, so that a
 * submission that an LMS loads by SQL has them, too; the letter of points is
 * made when they are shown; a rubric outcome shows the qualities of the rubric
 * of now. */

#include "edu_private.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>

#define POINTS "educationPointsOutcome"
#define RUBRIC "educationRubricOutcome"

/* -------------------------------------------------------------- assignments */

/* The elements of a list by their id, in order; of two with one id the first.
 * @return owned by p */
static json_t *by_id(const json_t *list, const char *key, apr_pool_t *p)
{
    json_t *index = edu__json_own(json_object(), p);
    json_t *element;
    size_t i;

    json_array_foreach((json_t *)list, i, element)
    {
        const char *id = json_string_value(json_object_get(element, key));

        if (id && !json_object_get(index, id)) {
            json_object_set_new(index, id, edu__json_share(element));
        }
    }
    return index;
}

/* Parsed once, whatever it is asked for. @return 0: it is no JSON */
static int parse(edu_assignment_t *assignment)
{
    apr_pool_t *p = assignment->p;
    const json_t *rubric;

    if (!assignment->doc) {
        assignment->doc =
            edu__entity_load(&edu__assignment, assignment->body, p);
        rubric = json_object_get(assignment->doc, "rubric");
        assignment->qualities =
            by_id(json_object_get(rubric, "qualities"), "qualityId", p);
        assignment->levels =
            by_id(json_object_get(rubric, "levels"), "levelId", p);
    }
    return assignment->doc != NULL;
}

static apr_status_t load(edu_exchange_t *x, edu_assignment_t *assignment)
{
    return parse(assignment)
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

static int has_points(const json_t *assignment)
{
    const json_t *grading = json_object_get(assignment, "grading");

    return json_is_object(grading) || max_points(assignment);
}

static int has_rubric(const json_t *assignment)
{
    return json_is_array(
        json_object_get(json_object_get(assignment, "rubric"), "qualities"));
}

/* Feedback can be given on anything. */
static int has_feedback(const json_t *assignment)
{
    (void)assignment;
    return 1;
}

/* --------------------------------------------------------------- singletons */

/* The outcomes of which each submission has one, in the order in which Graph
 * lists them: before all that was created at an instant. */
/* clang-format off */
static const struct singleton_t {
    const char *type, *id, *created;
    int (*due)(const json_t *assignment);
} singletons[] = {
    { "educationFeedbackOutcome", "ca05367a-b292-42d5-aff7-5d279feeace8",
      "0000000000000001", has_feedback },
    { POINTS,                     "ea1351f6-ba33-4940-b2cb-6a7254af2dc8",
      "0000000000000002", has_points },
    { RUBRIC,                     "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b",
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

/* ------------------------------------------------------------------- rubric */

/* The lists of a rubric outcome, the working ones first. */
static const struct list_t {
    const char *name;
    const char *says; /* the member that says something of a quality */
    int of_level;     /* by a level of the rubric */
} lists[] = {
    {"rubricQualityFeedback",                 "feedback", 0},
    { "rubricQualitySelectedLevels",          "columnId", 1},
    { "publishedRubricQualityFeedback",       "feedback", 0},
    { "publishedRubricQualitySelectedLevels", "columnId", 1}
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))
#define WORKING 2

/* A list with one element for each quality that the rubric has now, in order:
 * an empty one for a quality that is new, or a level that is gone.
 * @return a new reference */
static json_t *fit_list(const json_t *was, const struct list_t *list,
                        const edu_assignment_t *assignment, apr_pool_t *p)
{
    const json_t *said = by_id(was, "qualityId", p);
    json_t *fitted = json_array(), *quality;
    const char *id;

    json_object_foreach((json_t *)assignment->qualities, id, quality)
    {
        json_t *element = json_object_get(said, id);
        const char *level =
            json_string_value(json_object_get(element, list->says));

        if (element && (!list->of_level || !level ||
                        json_object_get(assignment->levels, level))) {
            json_array_append_new(fitted, edu__json_share(element));
        }
        else {
            json_array_append_new(
                fitted, json_pack("{s:s, s:n}", "qualityId", id, list->says));
        }
    }
    return fitted;
}

/* Fits all lists that a document has to the rubric. */
static void fit_lists(json_t *doc, const edu_assignment_t *assignment,
                      apr_pool_t *p)
{
    for (apr_size_t i = 0; i < LISTS; i++) {
        const json_t *was = json_object_get(doc, lists[i].name);

        if (was) {
            json_object_set_new(doc, lists[i].name,
                                fit_list(was, &lists[i], assignment, p));
        }
    }
}

/* The most bytes that an outcome has of each quality, besides its id. */
#define ELEMENT_BYTES (sizeof("{\"qualityId\":,\"feedback\":null},") - 1)

apr_status_t edu__finish_assignment(edu_exchange_t *x, json_t *doc,
                                    edu_row_t *row, const edu_row_t *was)
{
    const json_t *rubric = json_object_get(doc, "rubric");
    apr_off_t max = x->req->mount->max_body, size = 0;
    json_t *quality;
    size_t i;

    json_array_foreach(json_object_get(rubric, "qualities"), i, quality)
    {
        size += edu__json_size(json_object_get(quality, "qualityId")) +
                ELEMENT_BYTES;
    }
    (void)row;
    (void)was;
    size *= LISTS;
    return !max || size <= max
               ? APR_SUCCESS
               : edu_error_set(x->err, EDU_ETOOLARGE, "rubric/qualities", x->p,
                               "An outcome by this rubric would have "
                               "%" APR_OFF_T_FMT
                               " bytes, though it says nothing yet; at most "
                               "%" APR_OFF_T_FMT
                               " are kept. Shorten the ids of the qualities.",
                               size, max);
}

/* ------------------------------------------------------------- placeholders */

static edu_row_t placeholder(const struct singleton_t *singleton,
                             const edu_assignment_t *assignment, apr_pool_t *p)
{
    json_t *doc = edu__entity_blank(edu__type_find(singleton->type),
                                    singleton->id, assignment->version, p);
    edu_row_t row = { .id = singleton->id,
                      .created = singleton->created,
                      .kind = singleton->type,
                      .version = assignment->version,
                      .parent = "" };

    if (singleton->due == has_rubric) {
        fit_lists(doc, assignment, p);
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
    rows = apr_array_make(assignment->p, SINGLETONS, sizeof(edu_row_t));
    for (apr_size_t i = 0; i < SINGLETONS; i++) {
        if (singletons[i].due(assignment->doc)) {
            APR_ARRAY_PUSH(rows, edu_row_t) =
                placeholder(&singletons[i], assignment, assignment->p);
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
                                   const edu_registration_t *registration)
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

        if (!is_among(*rows, row->id)) {
            APR_ARRAY_PUSH(all, edu_row_t) = *row;
        }
    }
    for (int i = 0; i < all->nelts; i++) {
        APR_ARRAY_IDX(all, i, edu_row_t).registration = *registration;
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

/* Refuses an element that fits no quality of the rubric. */
static apr_status_t refuse(edu_exchange_t *x, const struct list_t *list,
                           apr_size_t i, const char *member, const char *fmt,
                           const char *id)
{
    return edu_error_set(
        x->err, EDU_EBADREQUEST,
        apr_psprintf(x->p, "%s/%" APR_SIZE_T_FMT "/%s", list->name, i, member),
        x->p, fmt, id ? id : "null");
}

/* Each element of a list is of a quality of the rubric, and no two are of the
 * same.  Elements that are stored may be of an earlier rubric: a client sends
 * back what it was shown. */
static apr_status_t check_list(edu_exchange_t *x, const json_t *in,
                               const struct list_t *list,
                               const edu_assignment_t *assignment,
                               const json_t *stored)
{
    const json_t *sent = json_object_get(in, list->name);
    const json_t *first = by_id(sent, "qualityId", x->p);
    const json_t *had =
        by_id(json_object_get(stored, list->name), "qualityId", x->p);
    json_t *element;
    size_t i;

    json_array_foreach((json_t *)sent, i, element)
    {
        const char *id =
            json_string_value(json_object_get(element, "qualityId"));
        const char *level =
            json_string_value(json_object_get(element, list->says));

        if (id && json_object_get(first, id) != element) {
            return refuse(x, list, i, "qualityId",
                          "The quality '%s' stands in the list twice.", id);
        }
        if (id && json_equal(element, json_object_get(had, id))) {
            continue;
        }
        if (!id || !json_object_get(assignment->qualities, id)) {
            return refuse(x, list, i, "qualityId",
                          "The rubric of the assignment has no qualityId '%s'.",
                          id);
        }
        if (list->of_level && level &&
            !json_object_get(assignment->levels, level)) {
            return refuse(x, list, i, "columnId",
                          "The rubric of the assignment has no levelId '%s'.",
                          level);
        }
    }
    return APR_SUCCESS;
}

static int speaks_of_rubric(const json_t *in)
{
    for (apr_size_t i = 0; i < LISTS; i++) {
        if (json_object_get(in, lists[i].name)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t edu__grading_read(edu_exchange_t *x, const json_t **in,
                               const edu_row_t *was)
{
    edu_assignment_t *assignment = was->registration.assignment;
    const json_t *stored;
    json_t *fitted;
    apr_status_t rv;

    if (!was->registration.user_id || !assignment || !speaks_of_rubric(*in)) {
        return APR_SUCCESS;
    }
    rv = load(x, assignment);
    if (rv) {
        return rv;
    }
    stored = was->body ? edu__json_load(was->body, x->p) : NULL;
    for (int i = 0; !rv && i < WORKING; i++) {
        rv = check_list(x, *in, &lists[i], assignment, stored);
    }
    if (rv) {
        return rv;
    }
    fitted = edu__json_own(json_copy((json_t *)*in), x->p);
    fit_lists(fitted, assignment, x->p);
    *in = fitted;
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ letters */

/* A number of 0 or more, exactly: 8.7 has the digits 8, 7 and the order 0. */
typedef struct decimal_t {
    int n;     /* digits, of which the first is not 0; 0: the number is 0 */
    int order; /* the first counts 10^order */
    int digits[40]; /* as many as two int64 have together */
} decimal_t;

/* Drops the zeros that a number begins with. */
static void trim(decimal_t *d)
{
    int zeros = 0;

    while (zeros < d->n && d->digits[zeros] == 0) {
        zeros++;
    }
    d->n -= zeros;
    d->order -= zeros;
    memmove(d->digits, d->digits + zeros, d->n * sizeof(d->digits[0]));
}

/* The decimal that was written: any of 15 digits survives a double.  All but
 * digits is passed over: a sign, and the decimal point of any locale. */
static decimal_t decimal_of(const json_t *number)
{
    decimal_t d = { .n = 0 };
    char text[32];
    const char *c = text;

    if (json_is_integer(number)) {
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(number));
    }
    else {
        snprintf(text, sizeof(text), "%.14e", json_number_value(number));
    }
    for (; *c && *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9') {
            d.digits[d.n++] = *c - '0';
        }
    }
    d.order = *c ? atoi(c + 1) : d.n - 1;
    trim(&d);
    return d;
}

static decimal_t product_of(const decimal_t *a, const decimal_t *b)
{
    decimal_t d = { .n = a->n + b->n, .order = a->order + b->order + 1 };

    for (int i = a->n - 1; i >= 0; i--) {
        for (int j = b->n - 1; j >= 0; j--) {
            int sum = d.digits[i + j + 1] + a->digits[i] * b->digits[j];

            d.digits[i + j + 1] = sum % 10;
            d.digits[i + j] += sum / 10;
        }
    }
    trim(&d);
    return d;
}

/* @return <0, 0, >0 */
static int compare(const decimal_t *a, const decimal_t *b)
{
    if (a->n == 0 || b->n == 0) {
        return a->n - b->n;
    }
    if (a->order != b->order) {
        return a->order - b->order;
    }
    for (int i = 0; i < a->n || i < b->n; i++) {
        int x = i < a->n ? a->digits[i] : 0, y = i < b->n ? b->digits[i] : 0;

        if (x != y) {
            return x - y;
        }
    }
    return 0;
}

/* Whether points are so many per cent of max. */
static int reaches(const json_t *points, const json_t *max, const json_t *min)
{
    decimal_t a = decimal_of(points), b = decimal_of(max), c = decimal_of(min);

    a.order += 2;
    b = product_of(&b, &c);
    return json_number_value(min) <= 0 || compare(&a, &b) >= 0;
}

/* The best grade whose least percentage the points reach, or NULL. */
static const json_t *letter_for(const json_t *points, const json_t *max,
                                const json_t *grades)
{
    const json_t *best = NULL;
    json_t *grade;
    size_t i;

    json_array_foreach((json_t *)grades, i, grade)
    {
        const json_t *min = json_object_get(grade, "minPercentage");

        if (reaches(points, max, min) &&
            (!best ||
             json_number_value(min) >
                 json_number_value(json_object_get(best, "minPercentage")))) {
            best = grade;
        }
    }
    return json_object_get(best, "displayName");
}

void edu__grading_letter(json_t *outcome, const json_t *assignment)
{
    const json_t *scheme = json_object_get(assignment, "gradingScheme");
    json_t *points = json_object_get(outcome, "points");
    const json_t *value = json_object_get(points, "points");
    const json_t *max = max_points(assignment);
    const json_t *letter =
        json_is_number(value) && json_number_value(max) > 0
            ? letter_for(value, max, json_object_get(scheme, "grades"))
            : NULL;

    json_object_del(points, "grade");
    if (letter) {
        json_object_set_new(points, "grade", edu__json_share(letter));
    }
}

/* ------------------------------------------------------------------ showing */

static int is(const edu_row_t *row, const char *type)
{
    return strcmp(row->kind, type) == 0;
}

/* The assignment that a stored outcome follows, or NULL. */
static edu_assignment_t *followed(const edu_row_t *row)
{
    return row->stored && row->registration.user_id
               ? row->registration.assignment
               : NULL;
}

const char *edu__grading_version(const edu_row_t *row, edu_dialect_e dialect,
                                 apr_pool_t *p)
{
    const edu_assignment_t *assignment = followed(row);

    return assignment && (is(row, RUBRIC) ||
                          (is(row, POINTS) && dialect == EDU_DIALECT_BETA))
               ? apr_pstrcat(p, row->version, "-", assignment->version, NULL)
               : row->version;
}

const char *edu__grading_text(const edu_row_t *row, json_t *doc, apr_pool_t *p)
{
    if (followed(row)) {
        json_object_del(json_object_get(doc, "points"), "grade");
    }
    edu__entity_tag(doc, edu__grading_version(row, EDU_DIALECT_V1_0, p), p);
    return edu__json_text(doc, p);
}

int edu__grading_is_settled(const edu_row_t *row, edu_dialect_e dialect,
                            apr_pool_t *p)
{
    const char *version = edu__grading_version(row, dialect, p);

    return is(row, RUBRIC)
               ? strstr(row->body, apr_pstrcat(p, "\"@odata.etag\":\"\\\"",
                                               version, "\\\"\"", NULL)) != NULL
               : version == row->version;
}

int edu__grading_settle(json_t *doc, const edu_row_t *row,
                        edu_dialect_e dialect, apr_pool_t *p)
{
    edu_assignment_t *assignment = followed(row);

    edu__entity_tag(doc, edu__grading_version(row, dialect, p), p);
    if (!assignment || (!is(row, RUBRIC) && !is(row, POINTS))) {
        return 1;
    }
    if (!parse(assignment)) {
        return 0;
    }
    if (is(row, RUBRIC)) {
        fit_lists(doc, assignment, p);
    }
    else {
        edu__grading_letter(doc, assignment->doc);
    }
    return 1;
}
