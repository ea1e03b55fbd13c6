/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Outcomes of registered submissions follow their assignment as it is now
 * (contract.md 1.2; decisions.md 3): points get their letter when they are
 * shown, and a rubric outcome shows the qualities of the current rubric. */

#include "grading.h"

#include <apr_strings.h>

/* -------------------------------------------------------------- assignments */

/* The elements of a list by id, in order; of two with the same id the first.
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

/* Parses the assignment once. @return 0: it is no JSON */
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

int edu__grading_skim(edu_assignment_t *assignment)
{
    if (!assignment->members) {
        assignment->members =
            edu__members_load(assignment->body, assignment->p);
    }
    return assignment->members != NULL;
}

static apr_status_t load(edu_exchange_t *x, edu_assignment_t *assignment)
{
    return parse(assignment)
               ? APR_SUCCESS
               : edu__damaged(x, edu__assignment.name, assignment->id);
}

/* ------------------------------------------------------------------- rubric */

/* clang-format off */
const edu_rubric_list_t edu__rubric_lists[EDU_RUBRIC_LISTS] = {
    { "rubricQualityFeedback",                "feedback", 0 },
    { "rubricQualitySelectedLevels",          "columnId", 1 },
    { "publishedRubricQualityFeedback",       "feedback", 0 },
    { "publishedRubricQualitySelectedLevels", "columnId", 1 }
};
/* clang-format on */

#define WORKING 2

/* A list with one element for each quality of the current rubric, in order: an
 * empty one if the quality is new or its level is gone.
 * @return a new reference */
static json_t *fit_list(const json_t *was, const edu_rubric_list_t *list,
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

/* Fits the lists of a document to the rubric; students see no working ones. */
static void fit_lists(json_t *doc, const edu_assignment_t *assignment,
                      apr_pool_t *p)
{
    for (apr_size_t i = 0; i < EDU_RUBRIC_LISTS; i++) {
        const json_t *was = json_object_get(doc, edu__rubric_lists[i].name);

        if (was && !json_is_null(was)) {
            json_object_set_new(
                doc, edu__rubric_lists[i].name,
                fit_list(was, &edu__rubric_lists[i], assignment, p));
        }
    }
}

/* An outcome has at most this many bytes for each quality, besides its id. */
#define ELEMENT_BYTES (sizeof("{\"qualityId\":,\"feedback\":null},") - 1)

apr_status_t edu__finish_assignment(edu_exchange_t *x, const json_t *doc)
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
    size *= EDU_RUBRIC_LISTS;
    return !max || size <= max
               ? APR_SUCCESS
               : edu_error_set(
                     x->err, EDU_ETOOLARGE, "rubric/qualities", x->p,
                     "An empty outcome by this rubric would have "
                     "%" APR_OFF_T_FMT " bytes; at most %" APR_OFF_T_FMT
                     " can be stored. Shorten the ids of the qualities.",
                     size, max);
}

/* ------------------------------------------------------------------ judging */

/* Refuses an element that fits no quality of the rubric. */
static apr_status_t refuse(edu_exchange_t *x, const edu_rubric_list_t *list,
                           apr_size_t i, const char *member, const char *fmt,
                           const char *id)
{
    return edu_error_set(
        x->err, EDU_EBADREQUEST,
        apr_psprintf(x->p, "%s/%" APR_SIZE_T_FMT "/%s", list->name, i, member),
        x->p, fmt, id ? id : "null");
}

/* Each element of a list is for another quality of the rubric.  An element
 * equal to a stored one may be for an earlier rubric: clients send back what
 * they were shown. */
static apr_status_t check_list(edu_exchange_t *x, const json_t *in,
                               const edu_rubric_list_t *list,
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
                          "The quality '%s' is in the list twice.", id);
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
    for (apr_size_t i = 0; i < EDU_RUBRIC_LISTS; i++) {
        if (json_object_get(in, edu__rubric_lists[i].name)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t edu__grading_read(edu_exchange_t *x, const json_t **in,
                               const edu_row_t *was, const json_t *old)
{
    edu_assignment_t *assignment = was->registration.assignment;
    const json_t *stored = was->doc ? was->doc : old;
    json_t *fitted;
    apr_status_t rv;

    if (!was->registration.user_id || !assignment || !speaks_of_rubric(*in)) {
        return APR_SUCCESS;
    }
    rv = load(x, assignment);
    if (rv) {
        return rv;
    }
    for (int i = 0; !rv && i < WORKING; i++) {
        rv = check_list(x, *in, &edu__rubric_lists[i], assignment, stored);
    }
    if (rv) {
        return rv;
    }
    fitted = edu__json_own(json_copy((json_t *)*in), x->p);
    for (int i = 0; i < EDU_RUBRIC_LISTS; i++) {
        if (json_is_null(json_object_get(fitted, edu__rubric_lists[i].name))) {
            json_object_set_new(fitted, edu__rubric_lists[i].name,
                                json_array());
        }
    }
    fit_lists(fitted, assignment, x->p);
    *in = fitted;
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------ showing */

static int is(const edu_row_t *row, const char *type)
{
    return strcmp(row->type, type) == 0;
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

    return assignment && (is(row, EDU_RUBRIC_OUTCOME) ||
                          (is(row, EDU_POINTS_OUTCOME) &&
                           dialect == EDU_DIALECT_BETA))
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

/* A followed outcome's points without their letter, as text. */
static const char *without_letter(const char *points, apr_pool_t *p)
{
    const apr_array_header_t *members = edu__members_at(points, p);
    apr_array_header_t *others = apr_array_make(p, 4, sizeof(edu_member_t));

    for (int i = 0; i < members->nelts; i++) {
        const edu_member_t *member = &APR_ARRAY_IDX(members, i, edu_member_t);

        if (member->name_len != 5 || strncmp(member->name, "grade", 5) != 0) {
            APR_ARRAY_PUSH(others, edu_member_t) = *member;
        }
    }
    return edu__members_text(others, NULL, p);
}

const char *edu__grading_members_text(const edu_row_t *row,
                                      apr_array_header_t *members,
                                      apr_pool_t *p)
{
    const char *points = edu__member(members, "points");

    /* nearly none has one, and if it is elsewhere in the text, so be it */
    if (followed(row) && points && *points == '{' &&
        strstr(points, "\"grade\":")) {
        edu__member_set(members, "points", without_letter(points, p));
    }
    edu__members_tag(members, edu__grading_version(row, EDU_DIALECT_V1_0, p),
                     p);
    return edu__members_text(members, NULL, p);
}

void edu__grading_show(edu_row_t *row, apr_array_header_t *members,
                       apr_pool_t *p)
{
    edu__entity_hide(members, edu__type_find(row->type), EDU_DRAFT);
    row->shown_version = row->version;
    row->shown = edu__members_text(members, NULL, p);
}

int edu__grading_is_plain(const edu_row_t *row, apr_pool_t *p)
{
    edu_assignment_t *assignment = followed(row);

    return row->stored && edu__grading_is_settled(row, EDU_DIALECT_V1_0, p) &&
           (!assignment || !is(row, EDU_POINTS_OUTCOME) ||
            (edu__grading_skim(assignment) &&
             !edu__member_is(assignment->members, "gradingScheme", "{")));
}

/* Whether a document has the entity tag of a version. */
static int is_tagged(const char *body, const char *version)
{
    static const char name[] = "\"@odata.etag\":\"\\\"", end[] = "\\\"\"";
    apr_size_t begin = sizeof(name) - 1, len = strlen(version);
    const char *tag = strstr(body, name);

    return tag && strncmp(tag + begin, version, len) == 0 &&
           strncmp(tag + begin + len, end, sizeof(end) - 1) == 0;
}

int edu__grading_is_settled(const edu_row_t *row, edu_dialect_e dialect,
                            apr_pool_t *p)
{
    const char *version = edu__grading_version(row, dialect, p);

    return is(row, EDU_RUBRIC_OUTCOME) ? is_tagged(row->body, version)
                                       : version == row->version;
}

int edu__grading_mark(json_t *doc, const edu_row_t *row)
{
    edu_assignment_t *assignment = followed(row);

    if (!assignment || !is(row, EDU_POINTS_OUTCOME)) {
        return 1;
    }
    if (!parse(assignment)) {
        return 0;
    }
    edu__letter_set(doc, assignment->doc);
    return 1;
}

int edu__grading_settle(json_t *doc, const edu_row_t *row,
                        edu_dialect_e dialect, apr_pool_t *p)
{
    edu_assignment_t *assignment = followed(row);

    edu__entity_tag(doc, edu__grading_version(row, dialect, p), p);
    if (!assignment || !is(row, EDU_RUBRIC_OUTCOME)) {
        return edu__grading_mark(doc, row);
    }
    if (!parse(assignment)) {
        return 0;
    }
    fit_lists(doc, assignment, p);
    return 1;
}
