/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Results as OneRoster 1.2 has them: CSV files, a row of this table each.  What
 * is not in the store, a school, a year and a course, is made up: one school,
 * one term, and a course for each class.  The ids of people are kept in memory
 * meanwhile, for a person has one row. */

#include "move.h"

#include <apr_strings.h>

#define SCHOOL "school"
#define TERM "term"
#define CATEGORY "uncategorised"
#define FIELDS 20

typedef struct roster_t {
    edu_moved_t *moved;
    edu_admin_t *admin;
    const edu_export_t *what;
    edu_call_t call;
    const char *begin, *end, *year; /* of the term */
    apr_file_t *out;                /* the file that is written */
    apr_hash_t *seen;               /* the people in it */
    apr_pool_t *own;                /* of a row */
} roster_t;

/* Writes the rows of a file that come from a row of a table. */
typedef apr_status_t put_fn(roster_t *it, const char *const *row);

/* ------------------------------------------------------------------- fields */

static const char *cell(const char *const *row, int table, const char *column)
{
    return row[edu__single_column(&edu__wholes[table], column)];
}

static const char *text(const json_t *doc, const char *name)
{
    const char *value = json_string_value(json_object_get(doc, name));

    return value ? value : "";
}

static json_t *load(roster_t *it, const char *body)
{
    return edu__json_load(body, it->own);
}

/* A time in milliseconds, or "". */
static const char *millis(const char *time, apr_pool_t *p)
{
    edu_time_t t;

    return edu__time_parse(&t, time)
               ? ""
               : apr_psprintf(p, "%.23sZ", edu__time_format(t, p));
}

/* The id of a line item: that of the assignment, if no other can have it. */
static const char *item_of(const char *class_id, const char *assignment_id,
                           apr_pool_t *p)
{
    return edu__is_guid(assignment_id)
               ? assignment_id
               : apr_pstrcat(p, class_id, ".", assignment_id, NULL);
}

/* Whether a row about a person is asked for and the first. */
static int is_new(roster_t *it, const char *id, const char *name)
{
    if (it->what->student && strcmp(id, it->what->student) != 0) {
        return 0;
    }
    if (apr_hash_get(it->seen, name, APR_HASH_KEY_STRING)) {
        return 0;
    }
    apr_hash_set(it->seen, apr_pstrdup(apr_hash_pool_get(it->seen), name),
                 APR_HASH_KEY_STRING, "");
    return 1;
}

/* Writes a row: its id, no status and no date, for files are whole (bulk). */
static apr_status_t put(roster_t *it, const char *id, const char *const *fields,
                        int n)
{
    const char *all[FIELDS + 3] = { id, "", "" };

    memcpy(all + 3, fields, n * sizeof(*fields));
    return edu__csv_write(it->out, all, n + 3, 0);
}

#define PUT(it, id, ...)                                                       \
    put(it, id, (const char *const[]){ __VA_ARGS__ },                          \
        sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* --------------------------------------------------------------------- rows */

static apr_status_t put_org(roster_t *it, const char *const *row)
{
    (void)row;
    return PUT(it, SCHOOL, "School", "school", "", "");
}

static apr_status_t put_session(roster_t *it, const char *const *row)
{
    (void)row;
    return PUT(it, TERM, it->year, "term", it->begin, it->end, "", it->year);
}

static apr_status_t put_category(roster_t *it, const char *const *row)
{
    (void)row;
    return PUT(it, CATEGORY, "Uncategorised", "");
}

static const char *title_of(roster_t *it, const char *id, const char *body)
{
    const char *name = text(load(it, body), "displayName");

    return *name ? name : id;
}

static apr_status_t put_course(roster_t *it, const char *const *row)
{
    return PUT(it, row[0], "",
               title_of(it, row[0], cell(row, EDU_CLASS, "body")), "", "",
               SCHOOL, "", "");
}

static apr_status_t put_class(roster_t *it, const char *const *row)
{
    json_t *doc = load(it, cell(row, EDU_CLASS, "body"));

    return PUT(it, row[0], title_of(it, row[0], cell(row, EDU_CLASS, "body")),
               text(doc, "grade"), row[0], text(doc, "classCode"), "scheduled",
               "", SCHOOL, TERM, "", "", "");
}

static apr_status_t put_user(roster_t *it, const char *id, const char *body)
{
    json_t *doc = load(it, body);
    const char *given = text(doc, "givenName"), *family = text(doc, "surname");
    const char *name = text(doc, "displayName");

    if (!is_new(it, id, id)) {
        return APR_SUCCESS;
    }
    return PUT(it, id, "true", text(doc, "userPrincipalName"), "",
               *given  ? given
               : *name ? name
                       : id,
               *family ? family : "-", "", "", text(doc, "mail"), "", "", "",
               "", "", "", "", "", "", SCHOOL, "");
}

static apr_status_t put_member(roster_t *it, const char *const *row)
{
    return put_user(it, row[1], cell(row, EDU_MEMBER, "body"));
}

/* One who left has results, and so a row. */
static apr_status_t put_leaver(roster_t *it, const char *const *row)
{
    return put_user(it, cell(row, EDU_SUBMISSION, "user_id"), "{}");
}

static apr_status_t put_role(roster_t *it, const char *user, const char *role)
{
    const char *id = apr_pstrcat(it->own, user, ".", role, NULL);

    return is_new(it, user, id)
               ? PUT(it, id, user, "primary", role, "", "", SCHOOL, "")
               : APR_SUCCESS;
}

static apr_status_t put_member_role(roster_t *it, const char *const *row)
{
    return put_role(it, row[1], cell(row, EDU_MEMBER, "role"));
}

static apr_status_t put_leaver_role(roster_t *it, const char *const *row)
{
    return put_role(it, cell(row, EDU_SUBMISSION, "user_id"), "student");
}

static apr_status_t put_enrolled(roster_t *it, const char *class_id,
                                 const char *user, const char *role)
{
    const char *id = apr_pstrcat(it->own, class_id, ".", user, NULL);

    return is_new(it, user, id)
               ? PUT(it, id, class_id, SCHOOL, user, role,
                     strcmp(role, "teacher") == 0 ? "true" : "", "", "")
               : APR_SUCCESS;
}

static apr_status_t put_enrollment(roster_t *it, const char *const *row)
{
    return put_enrolled(it, row[0], row[1], cell(row, EDU_MEMBER, "role"));
}

static apr_status_t put_left(roster_t *it, const char *const *row)
{
    return put_enrolled(it, row[0], cell(row, EDU_SUBMISSION, "user_id"),
                        "student");
}

static apr_status_t put_item(roster_t *it, const char *const *row)
{
    const char *body = cell(row, EDU_ASSIGNMENT, "body");
    json_t *doc = load(it, body);
    const char *assigned = millis(text(doc, "assignDateTime"), it->own);
    const char *due = millis(text(doc, "dueDateTime"), it->own);
    const json_t *most =
        json_object_get(json_object_get(doc, "grading"), "maxPoints");

    due = *due ? due : millis(text(doc, "closeDateTime"), it->own);
    return PUT(
        it, item_of(row[0], row[1], it->own), title_of(it, row[1], body),
        text(json_object_get(doc, "instructions"), "content"),
        *assigned ? assigned
                  : apr_pstrcat(it->own, it->begin, "T00:00:00.000Z", NULL),
        *due ? due : apr_pstrcat(it->own, it->end, "T00:00:00.000Z", NULL),
        row[0], CATEGORY, TERM, "0",
        json_is_number(most) ? edu__json_text(most, it->own) : "", SCHOOL);
}

/* ------------------------------------------------------------------ results */

/* The outcomes of a submission. */
typedef struct result_t {
    const json_t *points, *feedback;
} result_t;

/* Reads the outcomes of a submission. */
static apr_status_t read_outcomes(result_t *result, roster_t *it,
                                  const char *const *submission)
{
    edu_cursor_t cursor;
    apr_status_t rv;

    *result = (result_t){ NULL, NULL };
    edu__cursor_open(&cursor, &it->call, &edu__wholes[EDU_OUTCOME], submission,
                     3, it->own);
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        const char *type = cell(cursor.row, EDU_OUTCOME, "type");
        const char *body = cell(cursor.row, EDU_OUTCOME, "body");

        if (strcmp(type, "educationPointsOutcome") == 0) {
            result->points = load(it, body);
        }
        else if (strcmp(type, "educationFeedbackOutcome") == 0) {
            result->feedback = load(it, body);
        }
    }
    return rv;
}

static const char *status_of(const json_t *submission, int graded)
{
    const char *status = text(submission, "status");

    return strcmp(status, "excused") == 0          ? "exempt"
           : graded && !strcmp(status, "returned") ? "fully graded"
           : graded                                ? "partially graded"
           : strcmp(status, "submitted") == 0 || strcmp(status, "returned") == 0
               ? "submitted"
               : "not submitted";
}

/* The day of a change, as versions are written. */
static const char *day_of(const char *version, apr_pool_t *p)
{
    edu_time_t t = apr_strtoi64(version, NULL, 16);

    return apr_psprintf(p, "%.10s", edu__time_format(t, p));
}

static apr_status_t put_result(roster_t *it, const char *const *row)
{
    const char *user = cell(row, EDU_SUBMISSION, "user_id");
    const char *item = item_of(row[0], row[1], it->own);
    const char *date;
    const json_t *grade, *score;
    result_t result;
    apr_status_t rv;

    if (it->what->student && strcmp(user, it->what->student) != 0) {
        return APR_SUCCESS;
    }
    rv = read_outcomes(&result, it, row);
    if (rv) {
        return rv;
    }
    grade = json_object_get(result.points, "points");
    score = json_object_get(grade, "points");
    date = text(result.points, "lastModifiedDateTime");
    it->moved->rows[EDU_SUBMISSION]++;
    return PUT(it, apr_pstrcat(it->own, item, ".", user, NULL), item, user,
               status_of(load(it, cell(row, EDU_SUBMISSION, "body")),
                         json_is_number(score)),
               json_is_number(score) ? edu__json_text(score, it->own) : "",
               *date ? apr_psprintf(it->own, "%.10s", date)
                     : day_of(cell(row, EDU_SUBMISSION, "version"), it->own),
               text(json_object_get(
                        json_object_get(result.feedback, "feedback"), "text"),
                    "content"),
               text(grade, "grade"), row[0], "", "", "", "");
}

/* -------------------------------------------------------------------- files */

/* A file, and the tables that its rows come from; -1: it has one row. */
typedef struct file_t {
    const char *name, *columns; /* columns NULL: it is absent */
    int table, second;          /* -1: none */
    put_fn *put, *put_second;
} file_t;

/* clang-format off */
static const file_t files[] = {
    { "academicSessions", "title,type,startDate,endDate,parentSourcedId,"
      "schoolYear", -1, -1, put_session, NULL },
    { "categories", "title,weight", -1, -1, put_category, NULL },
    { "classes", "title,grades,courseSourcedId,classCode,classType,location,"
      "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
      EDU_CLASS, -1, put_class, NULL },
    { "classResources", NULL, 0, 0, NULL, NULL },
    { "courses", "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,"
      "subjects,subjectCodes", EDU_CLASS, -1, put_course, NULL },
    { "courseResources", NULL, 0, 0, NULL, NULL },
    { "demographics", NULL, 0, 0, NULL, NULL },
    { "enrollments", "classSourcedId,schoolSourcedId,userSourcedId,role,"
      "primary,beginDate,endDate", EDU_MEMBER, EDU_SUBMISSION, put_enrollment,
      put_left },
    { "lineItemLearningObjectiveIds", NULL, 0, 0, NULL, NULL },
    { "lineItems", "title,description,assignDate,dueDate,classSourcedId,"
      "categorySourcedId,academicSessionSourcedId,resultValueMin,"
      "resultValueMax,schoolSourcedId", EDU_ASSIGNMENT, -1, put_item, NULL },
    { "lineItemScoreScales", NULL, 0, 0, NULL, NULL },
    { "orgs", "name,type,identifier,parentSourcedId", -1, -1, put_org, NULL },
    { "resources", NULL, 0, 0, NULL, NULL },
    { "resultLearningObjectiveIds", NULL, 0, 0, NULL, NULL },
    { "results", "lineItemSourcedId,studentSourcedId,scoreStatus,score,"
      "scoreDate,comment,textScore,classSourcedId,inProgress,incomplete,late,"
      "missing", EDU_SUBMISSION, -1, put_result, NULL },
    { "resultScoreScales", NULL, 0, 0, NULL, NULL },
    { "roles", "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
      "userProfileSourcedId", EDU_MEMBER, EDU_SUBMISSION, put_member_role,
      put_leaver_role },
    { "scoreScales", NULL, 0, 0, NULL, NULL },
    { "userProfiles", NULL, 0, 0, NULL, NULL },
    { "userResources", NULL, 0, 0, NULL, NULL },
    { "users", "enabledUser,username,userIds,givenName,familyName,middleName,"
      "identifier,email,sms,phone,agentSourcedIds,grades,password,"
      "userMasterIdentifier,preferredGivenName,preferredMiddleName,"
      "preferredFamilyName,primaryOrgSourcedId,pronouns", EDU_MEMBER,
      EDU_SUBMISSION, put_member, put_leaver }
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static apr_status_t put_rows(roster_t *it, int table, put_fn *put_row)
{
    edu_cursor_t cursor;
    apr_status_t rv;

    if (table < 0) {
        return put_row ? put_row(it, NULL) : APR_SUCCESS;
    }
    edu__cursor_open(&cursor, &it->call, &edu__wholes[table],
                     &it->what->class_id, it->what->class_id != NULL,
                     apr_hash_pool_get(it->seen));
    while (!(rv = edu__cursor_next(&cursor)) && cursor.row) {
        rv = put_row(it, cursor.row);
        if (rv) {
            break;
        }
        apr_pool_clear(it->own);
    }
    return rv;
}

/* Opens a file of the folder for writing. */
static apr_status_t open_file(apr_file_t **out, const char *folder,
                              const char *name, apr_pool_t *p)
{
    return apr_file_open(out, apr_pstrcat(p, folder, "/", name, ".csv", NULL),
                         APR_FOPEN_WRITE | APR_FOPEN_CREATE |
                             APR_FOPEN_TRUNCATE | APR_FOPEN_BUFFERED,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, p);
}

static apr_status_t write_file(roster_t *it, const char *folder,
                               const file_t *file)
{
    const char *begin = "sourcedId,status,dateLastModified,";
    apr_status_t rv;
    apr_pool_t *p;

    apr_pool_create(&p, it->admin->p);
    it->seen = apr_hash_make(p);
    rv = open_file(&it->out, folder, file->name, p);
    rv = rv ? rv : apr_file_write_full(it->out, begin, strlen(begin), NULL);
    rv = rv ? rv
            : apr_file_write_full(it->out, file->columns, strlen(file->columns),
                                  NULL);
    rv = rv ? rv : apr_file_write_full(it->out, "\r\n", 2, NULL);
    rv = rv ? rv : put_rows(it, file->table, file->put);
    if (!rv && file->put_second) {
        rv = put_rows(it, file->second, file->put_second);
    }
    rv = rv ? rv : apr_file_close(it->out);
    if (rv && !it->admin->err.status) {
        rv = edu__moved_failed(it->admin, file->name, rv);
    }
    if (!rv) {
        apr_pool_destroy(p);
    }
    return rv;
}

static apr_status_t write_manifest(roster_t *it, const char *folder)
{
    static const char *const head[][2] = {
        {"propertyName",       "value"},
        { "manifest.version",  "1.0"  },
        { "oneroster.version", "1.2"  }
    };
    apr_file_t *out;
    apr_status_t rv = open_file(&out, folder, "manifest", it->admin->p);

    for (apr_size_t i = 0; !rv && i < COUNT(head); i++) {
        rv = edu__csv_write(out, head[i], 2, 0);
    }
    for (apr_size_t i = 0; !rv && i < COUNT(files); i++) {
        const char *fields[] = { apr_pstrcat(it->admin->p, "file.",
                                             files[i].name, NULL),
                                 files[i].columns ? "bulk" : "absent" };

        rv = edu__csv_write(out, fields, 2, 0);
    }
    rv = rv ? rv : apr_file_close(out);
    return rv ? edu__moved_failed(it->admin, "manifest.csv", rv) : rv;
}

/* The school year, from August on. */
static void find_year(roster_t *it)
{
    apr_time_exp_t now;
    int year;

    apr_time_exp_gmt(&now, apr_time_now());
    year = now.tm_year + 1900 - (now.tm_mon < 7);
    it->begin = apr_psprintf(it->admin->p, "%04d-08-01", year);
    it->end = apr_psprintf(it->admin->p, "%04d-08-01", year + 1);
    it->year = apr_psprintf(it->admin->p, "%04d", year + 1);
}

apr_status_t edu_export_oneroster(edu_moved_t *moved, edu_admin_t *admin,
                                  const edu_export_t *what, const char *folder)
{
    roster_t it = { .moved = moved, .admin = admin, .what = what };
    apr_status_t rv = edu__moved_begin(moved, &it.call, &it.own, admin);

    if (rv) {
        return rv;
    }
    find_year(&it);
    rv = write_manifest(&it, folder);
    for (apr_size_t i = 0; !rv && i < COUNT(files); i++) {
        if (files[i].columns) {
            rv = write_file(&it, folder, &files[i]);
        }
    }
    edu__whole_end(&it.call, 1);
    return rv;
}
