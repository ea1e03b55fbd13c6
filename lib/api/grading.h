/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/**
 * @file grading.h
 * @brief How outcomes follow their assignment: grading <- placeholder.
 */
#ifndef EDU_GRADING_H
#define EDU_GRADING_H

#include "api.h"

#define EDU_POINTS_OUTCOME "educationPointsOutcome"
#define EDU_RUBRIC_OUTCOME "educationRubricOutcome"

/* -------------------------------------------------------------- grading.c */

/** A list of a rubric outcome. */
typedef struct edu_rubric_list_t {
    const char *name;
    const char *says; /**< the member with a quality's grade */
    int of_level;     /**< the grade is a level of the rubric */
} edu_rubric_list_t;

#define EDU_RUBRIC_LISTS 4

/** The lists, the working ones first. */
extern const edu_rubric_list_t edu__rubric_lists[EDU_RUBRIC_LISTS];

/** Read the members of an assignment as text, once.
 *  @return 0: the assignment is damaged */
int edu__grading_skim(edu_assignment_t *assignment);

/** Refuse an assignment whose outcomes would be too large: each of them has all
 *  qualities of the rubric. @return EDU_ETOOLARGE */
apr_status_t edu__finish_assignment(edu_exchange_t *x, const json_t *doc);

/**
 * Check the rubric's lists of a body, and fit them to the rubric.
 * @param in   in: the body; out: its lists have an element for each quality of
 *             the current rubric
 * @param was  the row that it changes; the body may repeat an element stored
 *             there, though its quality or level is gone
 * @param old  its document, or an excerpt, where the row does not have it
 * @return APR_SUCCESS or EDU_EBADREQUEST
 */
apr_status_t edu__grading_read(edu_exchange_t *x, const json_t **in,
                               const edu_row_t *was, const json_t *old);

/** The version of an outcome's view: the row's, followed by the assignment's if
 *  the outcome follows it.  A rubric outcome is stored with its version, and
 *  shown as it is stored while the version is the same. */
const char *edu__grading_version(const edu_row_t *row, edu_dialect_e dialect,
                                 apr_pool_t *p);

/** The text of a row's document for storing: without the letter, which follows
 *  the assignment. @param doc  changed */
const char *edu__grading_text(const edu_row_t *row, json_t *doc, apr_pool_t *p);

/** The text of a row's members for storing. @param members  changed */
const char *edu__grading_members_text(const edu_row_t *row,
                                      apr_array_header_t *members,
                                      apr_pool_t *p);

/** Let the student of an outcome see it from now on as it is in a row, without
 *  drafts. @param members  of the row's body; changed */
void edu__grading_show(edu_row_t *row, apr_array_header_t *members,
                       apr_pool_t *p);

/** Whether a row is stored as it would be published: with the qualities of the
 *  current rubric, and its points without a letter. */
int edu__grading_is_plain(const edu_row_t *row, apr_pool_t *p);

/** Whether a row may be shown as it is stored: its assignment adds nothing. */
int edu__grading_is_settled(const edu_row_t *row, edu_dialect_e dialect,
                            apr_pool_t *p);

/** Give points the letter of their current assignment.
 *  @return 0: the assignment is damaged */
int edu__grading_mark(json_t *doc, const edu_row_t *row);

/** Make a row's document follow the assignment, unless the row is settled: the
 *  letter of points, the qualities and levels of the rubric, the version.
 *  @return 0: the assignment is damaged */
int edu__grading_settle(json_t *doc, const edu_row_t *row,
                        edu_dialect_e dialect, apr_pool_t *p);

/* ---------------------------------------------------------- placeholder.c */

/** The constant id of a type's outcome in registered submissions (contract.md
 *  1.1); NULL: each outcome has its own id. @param type  its name */
const char *edu__singleton_id(const char *type);

/** The number of such types, and their ids, by number. */
#define EDU_SINGLETONS 3
const char *edu__singleton(int i);

/**
 * Add the placeholders to the stored outcomes of a submission (decisions.md 2),
 * and fill in the registration of each.
 * @param rows  of edu_row_t, in order of creation; replaced
 */
apr_status_t edu__placeholders_add(edu_exchange_t *x, apr_array_header_t **rows,
                                   const edu_registration_t *registration);

/** Whether the submissions of an assignment have the outcome of such an id. */
apr_status_t edu__placeholder_due(edu_exchange_t *x, int *due,
                                  edu_assignment_t *assignment, const char *id);

/** Make the row the placeholder of an id, unless an outcome is stored or the
 *  assignment has no such placeholder. */
apr_status_t edu__placeholder_get(edu_exchange_t *x, edu_row_t *row,
                                  const char *id);

#endif /* EDU_GRADING_H */
