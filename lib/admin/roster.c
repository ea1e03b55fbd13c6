/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Classes, people, line items and results from the CSV files of OneRoster 1.2.
 * A row becomes requests to the API, in one transaction, so that its checks,
 * its history and its delta queries are those of any other client. */

#include "roster.h"

#include <apr_strings.h>

#define ROOT "/education/classes/"
#define POINTS "ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
#define FEEDBACK "ca05367a-b292-42d5-aff7-5d279feeace8"

#define MAX_BODY (16 << 20)

static void set(json_t *object, const char *name, const char *value,
                apr_pool_t *p)
{
    if (*value) {
        json_object_set_new(object, name, edu__json_string(value, p));
    }
}

/* A time; a day is its begin. */
static void set_time(json_t *object, const char *name, const char *value,
                     apr_pool_t *p)
{
    set(object, name,
        strlen(value) == 10 ? apr_pstrcat(p, value, "T00:00:00Z", NULL) : value,
        p);
}

/* --------------------------------------------------------------------- rows */

static void take_user(edu_roster_t *it)
{
    const char *id = edu__roster_id(it, "sourcedId");
    const char *given = edu__roster_field(it, "givenName"),
               *family = edu__roster_field(it, "familyName");
    apr_pool_t *p = it->admin->p;
    json_t *user;

    if (!id) {
        return;
    }
    family = strcmp(family, "-") == 0 ? "" : family; /* a person without one */
    user = edu__json_own(json_object(), p);
    set(user, "displayName",
        apr_pstrcat(it->p, given, *given && *family ? " " : "", family, NULL),
        it->p);
    set(user, "givenName", given, it->p);
    set(user, "surname", family, it->p);
    set(user, "mail", edu__roster_field(it, "email"), it->p);
    set(user, "userPrincipalName", edu__roster_field(it, "username"), it->p);
    apr_hash_set(it->users, apr_pstrdup(p, id), APR_HASH_KEY_STRING, user);
}

static void take_class(edu_roster_t *it)
{
    const char *id = edu__roster_id(it, "sourcedId"), *path;
    json_t *doc;

    if (!id) {
        return;
    }
    path = apr_pstrcat(it->p, ROOT, id, NULL);
    doc = json_object();
    set(doc, "displayName", edu__roster_field(it, "title"), it->p);
    set(doc, "classCode", edu__roster_field(it, "classCode"), it->p);
    set(doc, "grade", edu__roster_field(it, "grades"), it->p);
    edu__json_own(doc, it->p);
    if (edu__roster_is_free(it, path) &&
        edu__roster_must(it, "PUT", path, edu__json_share(doc))) {
        it->moved->rows[EDU_CLASS]++;
    }
}

/* Members are put as the list of their class, when all are read. */
static void take_enrollment(edu_roster_t *it)
{
    const char *class_id = edu__roster_id(it, "classSourcedId");
    const char *user_id = edu__roster_id(it, "userSourcedId");
    const char *role = edu__roster_field(it, "role");
    apr_pool_t *p = it->admin->p;
    json_t *list, *member;

    if (!class_id || !user_id) {
        return;
    }
    if (strcmp(role, "student") != 0 && strcmp(role, "teacher") != 0) {
        edu__roster_tell(
            it, "role",
            "A class has members of the roles student and teacher alone. "
            "Remove the line.");
        return;
    }
    list = apr_hash_get(it->members, class_id, APR_HASH_KEY_STRING);
    if (!list) {
        list = edu__json_own(json_array(), p);
        apr_hash_set(it->members, apr_pstrdup(p, class_id), APR_HASH_KEY_STRING,
                     list);
    }
    member = json_object();
    json_object_update(member,
                       apr_hash_get(it->users, user_id, APR_HASH_KEY_STRING));
    set(member, "id", user_id, it->p);
    set(member, "primaryRole", role, it->p);
    json_array_append_new(list, member);
}

static void put_members(edu_roster_t *it)
{
    const void *class_id;
    void *list;

    it->line = 0;
    for (apr_hash_index_t *at = apr_hash_first(it->admin->p, it->members);
         at && !it->failed; at = apr_hash_next(at)) {
        apr_hash_this(at, &class_id, NULL, &list);
        if (edu__roster_must(
                it, "PUT", apr_pstrcat(it->p, ROOT, class_id, "/members", NULL),
                json_pack("{s:o}", "value", edu__json_share(list)))) {
            it->moved->rows[EDU_MEMBER] += json_array_size(list);
        }
        apr_pool_clear(it->p);
    }
}

static void take_item(edu_roster_t *it)
{
    const char *id = edu__roster_id(it, "sourcedId");
    const char *class_id = edu__roster_id(it, "classSourcedId"), *path;
    double most = 0;
    json_t *doc;

    if (!id || !class_id ||
        (*edu__roster_field(it, "resultValueMax") &&
         !edu__roster_number(&most, it, "resultValueMax"))) {
        return;
    }
    apr_hash_set(it->classes, apr_pstrdup(it->admin->p, id),
                 APR_HASH_KEY_STRING, apr_pstrdup(it->admin->p, class_id));
    path = apr_pstrcat(it->p, ROOT, class_id, "/assignments/", id, NULL);
    doc = edu__json_own(json_object(), it->p);
    set(doc, "displayName", edu__roster_field(it, "title"), it->p);
    set(doc, "status", "assigned", it->p);
    set_time(doc, "assignDateTime", edu__roster_field(it, "assignDate"), it->p);
    set_time(doc, "dueDateTime", edu__roster_field(it, "dueDate"), it->p);
    if (*edu__roster_field(it, "description")) {
        json_object_set_new(
            doc, "instructions",
            json_pack(
                "{s:o, s:s}", "content",
                edu__json_string(edu__roster_field(it, "description"), it->p),
                "contentType", "text"));
    }
    json_object_set_new(
        doc, "grading",
        json_pack("{s:s, s:o}", "@odata.type",
                  "#" EDU_NAMESPACE "educationAssignmentPointsGradeType",
                  "maxPoints",
                  *edu__roster_field(it, "resultValueMax") ? json_real(most)
                                                           : json_null()));
    if (edu__roster_is_free(it, path) &&
        edu__roster_must(it, "PUT", path, edu__json_share(doc))) {
        it->moved->rows[EDU_ASSIGNMENT]++;
    }
}

/* ------------------------------------------------------------------ results */

/* Statuses of a result, and the action that leads to each; NULL: none does. */
static const char *const statuses[][2] = {
    {"exempt",            "excuse"},
    { "fully graded",     "return"},
    { "partially graded", NULL    },
    { "submitted",        NULL    },
    { "not submitted",    NULL    }
};

/* @return -1: there is no such status, which is told */
static int find_status(edu_roster_t *it)
{
    const char *status = edu__roster_field(it, "scoreStatus");

    for (int i = 0; i < (int)(sizeof(statuses) / sizeof(statuses[0])); i++) {
        if (strcmp(statuses[i][0], status) == 0) {
            return i;
        }
    }
    edu__roster_tell(
        it, "scoreStatus",
        "It is none of exempt, fully graded, not submitted, partially graded "
        "and submitted.");
    return -1;
}

static int put_outcomes(edu_roster_t *it, const char *path)
{
    const char *comment = edu__roster_field(it, "comment");
    double score;
    int done = 1;

    if (*edu__roster_field(it, "score")) {
        done = edu__roster_number(&score, it, "score") &&
               edu__roster_must(
                   it, "PATCH",
                   apr_pstrcat(it->p, path, "/outcomes/" POINTS, NULL),
                   json_pack("{s:{s:f}}", "points", "points", score));
    }
    if (done && *comment) {
        done = edu__roster_must(
            it, "PATCH", apr_pstrcat(it->p, path, "/outcomes/" FEEDBACK, NULL),
            json_pack("{s:{s:{s:o, s:s}}}", "feedback", "text", "content",
                      edu__json_string(comment, it->p), "contentType", "text"));
    }
    return done;
}

static void take_result(edu_roster_t *it)
{
    const char *id = edu__roster_id(it, "sourcedId");
    const char *item = edu__roster_id(it, "lineItemSourcedId");
    const char *user_id = edu__roster_id(it, "studentSourcedId");
    int status = find_status(it);
    const char *class_id, *path;

    if (!id || !item || !user_id || status < 0) {
        return;
    }
    class_id = apr_hash_get(it->classes, item, APR_HASH_KEY_STRING);
    class_id = class_id ? class_id : edu__roster_field(it, "classSourcedId");
    if (!*class_id) {
        edu__roster_tell(
            it, "lineItemSourcedId",
            "lineItems.csv has no such line item. Add it, or the column "
            "classSourcedId.");
        return;
    }
    path = apr_pstrcat(it->p, ROOT, class_id, "/assignments/", item,
                       "/submissions/", id, NULL);
    if (edu__roster_is_free(it, path) &&
        edu__roster_must(
            it, "PUT", path,
            json_pack("{s:{s:o}, s:s}", "recipient", "userId",
                      edu__json_string(user_id, it->p), "status",
                      status == 2 || status == 3 ? "submitted" : "working")) &&
        put_outcomes(it, path) &&
        (!statuses[status][1] ||
         edu__roster_must(
             it, "POST",
             apr_pstrcat(it->p, path, "/", statuses[status][1], NULL), NULL))) {
        it->moved->rows[EDU_SUBMISSION]++;
    }
}

/* -------------------------------------------------------------------- files */

/* A file, each after those that it needs. */
/* clang-format off */
static const struct file_t {
    const char *name;
    const char *needs; /* columns that it has to have */
    void (*take)(edu_roster_t *it);
    void (*end)(edu_roster_t *it);
} files[] = {
    { "users.csv", "sourcedId,givenName,familyName", take_user, NULL },
    { "classes.csv", "sourcedId,title", take_class, NULL },
    { "enrollments.csv", "classSourcedId,userSourcedId,role", take_enrollment,
      put_members },
    { "lineItems.csv", "sourcedId,title,dueDate,classSourcedId", take_item,
      NULL },
    { "results.csv", "sourcedId,lineItemSourcedId,studentSourcedId,scoreStatus",
      take_result, NULL }
};
/* clang-format on */

#define FILES (sizeof(files) / sizeof(files[0]))

/* Whether the first row has all columns that the file needs. */
static int check_names(edu_roster_t *it, const char *needs)
{
    char *list = apr_pstrdup(it->admin->p, needs), *state;
    int found = 1;

    it->fields = it->names; /* so that a column has its name for a field */
    for (char *name = apr_strtok(list, ",", &state); name;
         name = apr_strtok(NULL, ",", &state)) {
        if (!*edu__roster_field(it, name)) {
            edu__roster_tell(
                it, name,
                strchr(APR_ARRAY_IDX(it->names, 0, const char *), ';')
                    ? "The first row has no such column, but "
                      "semicolons. Save the file with commas."
                    : "The first row has no such column. Add it.");
            found = 0;
        }
    }
    return found;
}

static int is_utf8(const apr_array_header_t *fields)
{
    for (int i = 0; i < fields->nelts; i++) {
        if (!edu__is_utf8(APR_ARRAY_IDX(fields, i, const char *))) {
            return 0;
        }
    }
    return 1;
}

static void take_row(edu_roster_t *it, const struct file_t *file)
{
    if (it->fields->nelts != it->names->nelts) {
        edu__roster_tell(
            it, NULL,
            apr_psprintf(it->p,
                         "The row has %d fields, the first row %d. A field "
                         "with a comma is within quotes.",
                         it->fields->nelts, it->names->nelts));
    }
    else if (!is_utf8(it->fields)) {
        edu__roster_tell(it, NULL,
                         "The row is not UTF-8. Save the file as UTF-8.");
    }
    else {
        file->take(it);
    }
}

/* Reads a row. @return whether there is one; a fault ends the file */
static int next(edu_roster_t *it, apr_array_header_t **fields, edu_csv_t *csv,
                apr_pool_t *p)
{
    edu_error_t err = { 0 };
    apr_status_t rv = edu__csv_read(fields, csv, &err, p);

    it->line = csv->line;
    if (rv == EDU_EBADREQUEST) {
        edu__roster_tell(it, NULL, err.message);
    }
    else if (rv) {
        it->failed = edu__moved_failed(it->admin, it->file, rv);
    }
    return !rv && *fields;
}

/* @return whether there is one */
static int take_file(edu_roster_t *it, const struct file_t *file,
                     const char *folder)
{
    edu_csv_t csv = { NULL, 0, 0 };
    apr_array_header_t *fields;
    apr_status_t rv = apr_file_open(
        &csv.file, apr_pstrcat(it->admin->p, folder, "/", file->name, NULL),
        APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, it->admin->p);

    it->file = file->name;
    if (rv) {
        it->failed = APR_STATUS_IS_ENOENT(rv)
                         ? APR_SUCCESS
                         : edu__moved_failed(it->admin, file->name, rv);
        return 0;
    }
    if (next(it, &fields, &csv, it->admin->p)) {
        const char **first = (const char **)fields->elts;

        *first = edu__unmarked(*first);
        it->names = fields;
        if (check_names(it, file->needs)) {
            while (!it->failed && next(it, &fields, &csv, it->p)) {
                it->fields = fields;
                take_row(it, file);
                apr_pool_clear(it->p);
            }
        }
    }
    apr_file_close(csv.file);
    if (file->end && !it->failed) {
        file->end(it);
    }
    return 1;
}

/* A folder beside the one that is meant must not look imported. */
static apr_status_t no_files(edu_admin_t *admin, const char *folder)
{
    const char *list = files[0].name;

    for (apr_size_t i = 1; i < FILES; i++) {
        list = apr_pstrcat(admin->p, list, ", ", files[i].name, NULL);
    }
    return edu__admin_fail(admin, EDU_ENOTFOUND,
                           "%s has none of %s. Name the folder that they are "
                           "in; their names are spelled exactly so",
                           folder, list);
}

static void prepare(edu_roster_t *it)
{
    apr_pool_t *p = it->admin->p;

    it->mount = (edu_mount_t){ .dialect = EDU_DIALECT_BETA,
                               .trust_stamps = 1,
                               .max_body = MAX_BODY };
    it->caller = (edu_caller_t){ .authenticated = 1,
                                 .user_id = it->how->by,
                                 .application = "edu-outcomes",
                                 .admin = 1,
                                 .teacher = 1,
                                 .scopes = EDU_SCOPES_ANY };
    it->users = apr_hash_make(p);
    it->members = apr_hash_make(p);
    it->classes = apr_hash_make(p);
    apr_pool_create(&it->p, p);
    edu__tx_init(&it->tx, &it->admin->store, p);
    it->tx.savepoints = 1;
    it->tx.store.history = 1;
}

static int is_wanted(const edu_roster_t *it)
{
    return !it->failed && !it->how->dry_run &&
           (it->how->keep_going || !it->moved->faults);
}

apr_status_t edu_import_oneroster(edu_moved_t *moved, edu_admin_t *admin,
                                  const edu_import_t *how, const char *folder)
{
    edu_roster_t it = { .moved = moved, .admin = admin, .how = how };
    apr_status_t ended, rv = edu__admin_check(admin);
    edu_error_t err = { 0 };
    int found = 0;

    memset(moved, 0, sizeof(*moved));
    prepare(&it);
    rv = rv ? rv : edu__tx_begin(&it.tx, &admin->err);
    if (rv) {
        return rv;
    }
    for (apr_size_t i = 0; !it.failed && i < FILES; i++) {
        found += take_file(&it, &files[i], folder);
    }
    if (!it.failed && !found) {
        it.failed = no_files(admin, folder);
    }
    ended = edu__tx_end(&it.tx, !is_wanted(&it), &err);
    if (it.failed) {
        return it.failed;
    }
    if (ended) {
        admin->err = err;
        return ended;
    }
    if (moved->faults && !how->keep_going) {
        return edu__admin_fail(
            admin, EDU_EBADREQUEST,
            "nothing is imported, for rows are faulty (%" APR_INT64_T_FMT
            "). Mend them, or leave them "
            "out (--keep-going)",
            moved->faults);
    }
    return APR_SUCCESS;
}
