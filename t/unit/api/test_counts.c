/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Counts how often a request parses and writes JSON, which costs more than all
 * else that is done in memory.  A read does neither; a stored document is
 * parsed once, if it is changed or compared. */

#include "api.h"
#include "database.h"

#define BASE "https://example.org/v1.0"
#define CLASS "/education/classes/c"
#define ASSIGNMENT CLASS "/assignments/a"
#define LIST ASSIGNMENT "/submissions"
#define GRADED LIST "/graded"
#define OUTCOMES GRADED "/outcomes"
#define FEEDBACK "/ca05367a-b292-42d5-aff7-5d279feeace8"
#define POINTS "/ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
#define RUBRIC "/65a46d78-1a2b-4a7e-bcf8-78a22ac2611b"
#define OPEN CLASS "/assignments/none/submissions/s/outcomes"
#define ONE "/00000000-0000-4000-8000-000000000001"
#define TYPE(name) "'@odata.type':'#microsoft.graph." name "'"
#define RECIPIENT(id)                                                          \
    "{'recipient':{" TYPE(                                                     \
        "educationSubmissionIndividualRecipient") ",'userId':'" id "'}}"

/* ---------------------------------------------------------------- counting */

/* The linker leads all calls of the program's here (Makefile.am). */
json_t *__real_json_loads(const char *text, size_t flags, json_error_t *err);
json_t *__real_json_loadb(const char *data, size_t len, size_t flags,
                          json_error_t *err);
size_t __real_json_dumpb(const json_t *json, char *to, size_t size,
                         size_t flags);
json_t *__wrap_json_loads(const char *text, size_t flags, json_error_t *err);
json_t *__wrap_json_loadb(const char *data, size_t len, size_t flags,
                          json_error_t *err);
size_t __wrap_json_dumpb(const json_t *json, char *to, size_t size,
                         size_t flags);

int __real_apr_dbd_pselect(const apr_dbd_driver_t *driver, apr_pool_t *p,
                           apr_dbd_t *handle, apr_dbd_results_t **rows,
                           apr_dbd_prepared_t *statement, int random, int n,
                           const char **args);
int __wrap_apr_dbd_pselect(const apr_dbd_driver_t *driver, apr_pool_t *p,
                           apr_dbd_t *handle, apr_dbd_results_t **rows,
                           apr_dbd_prepared_t *statement, int random, int n,
                           const char **args);
int __real_apr_dbd_get_row(const apr_dbd_driver_t *driver, apr_pool_t *p,
                           apr_dbd_results_t *rows, apr_dbd_row_t **row, int n);
int __wrap_apr_dbd_get_row(const apr_dbd_driver_t *driver, apr_pool_t *p,
                           apr_dbd_results_t *rows, apr_dbd_row_t **row, int n);

static int parses, dumps, selects, reads;

int __wrap_apr_dbd_pselect(const apr_dbd_driver_t *driver, apr_pool_t *p,
                           apr_dbd_t *handle, apr_dbd_results_t **rows,
                           apr_dbd_prepared_t *statement, int random, int n,
                           const char **args)
{
    selects++;
    return __real_apr_dbd_pselect(driver, p, handle, rows, statement, random, n,
                                  args);
}

int __wrap_apr_dbd_get_row(const apr_dbd_driver_t *driver, apr_pool_t *p,
                           apr_dbd_results_t *rows, apr_dbd_row_t **row, int n)
{
    int rc = __real_apr_dbd_get_row(driver, p, rows, row, n);

    reads += rc == 0;
    return rc;
}

json_t *__wrap_json_loads(const char *text, size_t flags, json_error_t *err)
{
    parses++;
    return __real_json_loads(text, flags, err);
}

json_t *__wrap_json_loadb(const char *data, size_t len, size_t flags,
                          json_error_t *err)
{
    parses++;
    return __real_json_loadb(data, len, flags, err);
}

size_t __wrap_json_dumpb(const json_t *json, char *to, size_t size,
                         size_t flags)
{
    dumps++;
    return __real_json_dumpb(json, to, size, flags);
}

/* ---------------------------------------------------------------- requests */

/* Counts for a request in a $batch; and how often the server's rules are asked,
 * which takes longest. */
static int admitted;

static apr_status_t admit(void *baton, edu_request_t *item, const char *method,
                          const char *url, edu_error_t *err, apr_pool_t *p)
{
    (void)baton;
    (void)err;
    item->method = method;
    item->path = apr_pstrdup(p, url);
    admitted++;
    return APR_SUCCESS;
}

static const edu_caller_t teacher = { .authenticated = 1,
                                      .user_id = "teacher",
                                      .scopes = EDU_SCOPES_ANY,
                                      .admin = 1 };
static const edu_caller_t stranger = { .authenticated = 1,
                                       .user_id = "nobody",
                                       .scopes = EDU_SCOPES_ANY };
static const edu_caller_t student = { .authenticated = 1,
                                      .user_id = "s1",
                                      .scopes = EDU_SCOPES_ANY };

/* @return the status */
static int ask(database_t *db, const edu_caller_t *caller,
               edu_dialect_e dialect, const char *method, const char *path,
               const char *query, const char *json, apr_pool_t *p)
{
    const edu_mount_t mount = { .rules_alone = caller->admin,
                                .dialect = dialect,
                                .max_body = 1048576,
                                .batch_max = 20 };
    edu_trace_t trace;
    edu_response_t res;
    const edu_request_t req = { .method = method,
                                .path = path,
                                .query = query,
                                .base = BASE,
                                .mount = &mount,
                                .caller = caller,
                                .trace = &trace,
                                .store = &db->store,
                                .header = json_header,
                                .body = json_body,
                                .admit = admit,
                                .baton =
                                    json ? (void *)quotes(json, p) : NULL };

    edu_trace_init(&trace, NULL, NULL, p);
    parses = dumps = selects = reads = admitted = 0;
    edu_service_run(&res, &req, p);
    if (res.status >= 400 && caller->admin) {
        fprintf(stderr, "# %s %s: %s\n", method, path, text_of(&res, p));
    }
    return res.status;
}

/* Rows before each request: a class with a graded submission, an untouched one,
 * and 120 outcomes of an open submission. */
/* clang-format off */
static const struct given_t {
    const char *method, *path, *body;
} given[] = {
    { "PUT", CLASS, "{'displayName':'Class'}" },
    { "PUT", CLASS "/members", "{'value':[{'id':'teacher','primaryRole':"
      "'teacher'},{'id':'s1'},{'id':'s2'}]}" },
    { "PUT", ASSIGNMENT, "{'displayName':'Essay','status':'assigned',"
      "'grading':{" TYPE("educationAssignmentPointsGradeType")
      ",'maxPoints':100},'rubric':{'qualities':[{'qualityId':'q1'},"
      "{'qualityId':'q2'}],'levels':[{'levelId':'l1'}]}}" },
    { "PUT", GRADED, RECIPIENT("s1") },
    { "PUT", LIST "/blank", RECIPIENT("s2") },
    { "PUT", CLASS "/assignments/draft", "{'displayName':'Later','status':"
      "'draft'}" },
    { "PUT", CLASS "/assignments/draft/submissions/s", RECIPIENT("s1") },
    { "PATCH", OUTCOMES FEEDBACK, "{'feedback':{'text':{'content':'Good.',"
      "'contentType':'text'}}}" },
    { "PATCH", OUTCOMES POINTS, "{'points':{'points':85}}" },
    { "PATCH", OUTCOMES RUBRIC, "{'rubricQualitySelectedLevels':[{'qualityId':"
      "'q1','columnId':'l1'}]}" },
};

static const struct row_t {
    const char *name, *method, *path, *query, *body;
    int beta, status, parses, dumps;
} rows[] = {
    { "GET of an outcome", "GET", OPEN ONE, NULL, NULL, 0, 200, 0, 0 },
    { "list of 100", "GET", OPEN, NULL, NULL, 0, 200, 0, 0 },
    { "list of 100, beta", "GET", OPEN, NULL, NULL, 1, 200, 100, 100 },
    { "$select of 100", "GET", OPEN, "$select=id,points", NULL, 0, 200, 0, 0 },
    { "$filter of 100", "GET", OPEN, "$filter=id%20ne%20'1'", NULL, 0, 200, 101,
      0 },
    { "$filter and $select of 100", "GET", OPEN,
      "$filter=id%20ne%20'1'&$select=id", NULL, 0, 200, 101, 0 },
    { "POST", "POST", OPEN, NULL, "{" TYPE("educationPointsOutcome")
      ",'points':{'points':1}}", 0, 201, 1, 1 },
    { "POST, beta", "POST", OPEN, NULL, "{" TYPE("educationPointsOutcome")
      ",'points':{'points':1}}", 1, 201, 1, 2 },
    { "PATCH", "PATCH", OPEN ONE, NULL, "{'points':{'points':2}}", 0, 200, 2,
      1 },
    { "DELETE", "DELETE", OPEN "/00000000-0000-4000-8000-000000000120", NULL,
      NULL, 0, 204, 0, 0 },

    { "GET of a registered outcome", "GET", OUTCOMES POINTS, NULL, NULL, 0, 200,
      0, 0 },
    { "of a rubric outcome", "GET", OUTCOMES RUBRIC, NULL, NULL, 0, 200, 0, 0 },
    { "registered list", "GET", OUTCOMES, NULL, NULL, 0, 200, 0, 0 },
    { "of placeholders", "GET", LIST "/blank/outcomes", NULL, NULL, 0, 200, 0,
      0 },
    { "GET of a placeholder", "GET", LIST "/blank/outcomes" POINTS, NULL, NULL,
      0, 200, 0, 0 },
    { "registered PATCH", "PATCH", OUTCOMES POINTS, NULL,
      "{'points':{'points':90}}", 0, 200, 2, 1 },
    { "PATCH of a placeholder", "PATCH", LIST "/blank/outcomes" FEEDBACK, NULL,
      "{'feedback':{'text':{'content':'Good.','contentType':'text'}}}", 0, 200,
      1, 1 },
    { "PATCH of the rubric", "PATCH", OUTCOMES RUBRIC, NULL,
      "{'rubricQualitySelectedLevels':[{'qualityId':'q2','columnId':'l1'}]}", 0,
      200, 3, 1 },
    { "registered DELETE", "DELETE", OUTCOMES FEEDBACK, NULL, NULL, 0, 204, 0,
      0 },

    { "GET of a class", "GET", CLASS, NULL, NULL, 0, 200, 0, 0 },
    { "members", "GET", CLASS "/members", NULL, NULL, 0, 200, 0, 0 },
    { "GET of an assignment", "GET", ASSIGNMENT, NULL, NULL, 0, 200, 0, 0 },
    { "GET of a submission", "GET", GRADED, NULL, NULL, 0, 200, 0, 0 },
    { "submissions", "GET", LIST, NULL, NULL, 0, 200, 0, 0 },
    { "gradebook", "GET", LIST, "$expand=outcomes", NULL, 0, 200, 0, 0 },
    { "$filter of submissions", "GET", LIST,
      "$filter=status%20eq%20'working'&$select=id", NULL, 0, 200, 2, 0 },
    { "PUT of a submission as it is", "PUT", GRADED, NULL, RECIPIENT("s1"), 0,
      200, 2, 0 },
    { "return", "POST", GRADED "/return", NULL, NULL, 0, 200, 0, 0 },
    { "$batch of 2 PATCHes", "POST", "/$batch", NULL,
      "{'requests':[{'id':'1','method':'PATCH','url':'" OUTCOMES POINTS
      "','headers':{'Content-Type':'application/json'},"
      "'body':{'points':{'points':1}}},{'id':'2','method':'PATCH','url':'"
      OUTCOMES POINTS "','headers':{'Content-Type':'application/json'},"
      "'body':{'points':{'points':2}}}]}", 0, 200, 3, 2 },

    { "registered list, beta", "GET", OUTCOMES, NULL, NULL, 1, 200, 2, 1 },
    { "gradebook, beta", "GET", LIST, "$expand=outcomes", NULL, 1, 200, 3, 2 },
    { "PUT of the assignment", "PUT", ASSIGNMENT, NULL,
      "{'displayName':'Essay',"
      "'rubric':{'qualities':[{'qualityId':'q2'},{'qualityId':'q3'}]}}", 0, 200,
      2, 3 },
    { "registered list by another rubric", "GET", OUTCOMES, NULL, NULL, 0, 200,
      2, 1 },
};
/* clang-format on */

static void test_row(database_t *db, const struct row_t *row, apr_pool_t *p)
{
    int status =
        ask(db, &teacher, row->beta ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0,
            row->method, row->path, row->query, row->body, p);

    if (!ok(status == row->status && parses == row->parses &&
                dumps == row->dumps,
            "%s: %d parses, %d dumps", row->name, row->parses, row->dumps)) {
        fprintf(stderr, "#  %d: %d parses, %d dumps\n", status, parses, dumps);
    }
}

/* A hidden thing takes as much as a missing one: statements, their rows,
 * documents, and questions to the server's rules. */
/* clang-format off */
#define NONE CLASS "/assignments/none"
#define DRAFT CLASS "/assignments/draft"
#define OTHER "/education/classes/none"
#define MY "/education/me/assignments"
static const struct hidden_t {
    const edu_caller_t *caller;
    const char *there, *missing, *below;
} hidden[] = {
    { &student, DRAFT, NONE, "" },
    { &student, DRAFT, NONE, "/submissions" },
    { &student, DRAFT, NONE, "/submissions/$count" },
    { &student, DRAFT, NONE, "/submissions/x" },
    { &student, DRAFT, NONE, "/submissions/s" },
    { &student, DRAFT "/submissions/s", DRAFT "/submissions/x", "" },
    { &student, DRAFT, NONE, "/submissions/s/versions" },
    { &student, DRAFT, NONE, "/outcomes" },
    { &student, DRAFT, NONE, "/outcomes/$count" },
    { &student, DRAFT, NONE, "/outcomes/delta" },
    { &student, DRAFT, NONE, "/submissions/x/outcomes" },
    { &student, DRAFT, NONE, "/submissions/s/outcomes" },
    { &student, DRAFT, NONE, "/submissions/s/outcomes/$count" },
    { &student, DRAFT, NONE, "/submissions/s/outcomes/delta" },
    { &student, DRAFT, NONE, "/submissions/s/outcomes" POINTS },
    { &student, MY "/draft", MY "/none", "" },
    { &student, MY "/draft", MY "/none", "/submissions" },
    { &student, MY "/draft", MY "/none", "/submissions/s" },
    { &student, MY "/draft", MY "/none", "/submissions/s/outcomes" },
    { &student, "/education/users/s1/assignments/draft",
      "/education/users/s1/assignments/none", "" },
    { &student, LIST "/blank", LIST "/none", "" },
    { &student, LIST "/blank", LIST "/none", "/versions" },
    { &student, LIST "/blank", LIST "/none", "/outcomes" },
    { &student, LIST "/blank", LIST "/none", "/outcomes/$count" },
    { &student, LIST "/blank", LIST "/none", "/outcomes/delta" },
    { &student, LIST "/blank", LIST "/none", "/outcomes" POINTS },
    { &student, LIST "/blank", LIST "/none", "/outcomes" FEEDBACK },
    { &student, "/education/users/s2",
      "/education/users/none", "/assignments/a" },
    { &student, "/education/users/s2",
      "/education/users/none", "/assignments" },
    { &student, "/education/users/s2", "/education/users/none", "/classes" },
    { &stranger, CLASS, OTHER, "" },
    { &stranger, CLASS, OTHER, "/members" },
    { &stranger, CLASS, OTHER, "/members/s1" },
    { &stranger, CLASS, OTHER, "/teachers" },
    { &stranger, CLASS, OTHER, "/assignments" },
    { &stranger, CLASS, OTHER, "/assignments/a" },
    { &stranger, CLASS, OTHER, "/assignments/delta" },
    { &stranger, CLASS, OTHER, "/submissions" },
    { &stranger, CLASS, OTHER, "/outcomes" },
    { &stranger, CLASS, OTHER, "/outcomes/$count" },
    { &stranger, CLASS, OTHER, "/outcomes/delta" },
    { &stranger, CLASS, OTHER, "/outcomeVersions" },
    { &stranger, CLASS, OTHER, "/getRecentlyModifiedSubmissions" },
    { &stranger, CLASS, OTHER, "/assignments/a/submissions" },
    { &stranger, CLASS, OTHER, "/assignments/a/submissions/graded" },
    { &stranger, CLASS, OTHER, "/assignments/a/submissions/graded/outcomes" },
    { &stranger, CLASS,
      OTHER, "/assignments/a/submissions/graded/outcomes" POINTS },
    { &stranger, "/education/users/s1",
      "/education/users/none", "/assignments/a" },
};
/* clang-format on */

/* The work of a refusal. */
static const char *effort(database_t *db, const struct hidden_t *pair,
                          const char *root, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, root, pair->below, NULL);
    int status =
        ask(db, pair->caller, EDU_DIALECT_V1_0, "GET", path, NULL, NULL, p);

    return apr_psprintf(p,
                        "%d: %d statements, %d rows, %d parses, %d dumps, "
                        "%d rules",
                        status, selects, reads, parses, dumps, admitted);
}

static void test_hidden(database_t *db, apr_pool_t *p)
{
    for (size_t i = 0; i < COUNT(hidden); i++) {
        const struct hidden_t *pair = &hidden[i];

        is_str(effort(db, pair, pair->there, p),
               effort(db, pair, pair->missing, p),
               apr_psprintf(p, "%s%s is hidden from %s", pair->there,
                            pair->below, pair->caller->user_id));
    }
}

static void prepare(database_t *db, apr_pool_t *p)
{
    edu_store_check(&db->store, &(edu_error_t){ 0 }, p);
    for (size_t i = 0; i < COUNT(given); i++) {
        ok(ask(db, &teacher, EDU_DIALECT_V1_0, given[i].method, given[i].path,
               NULL, given[i].body, p) < 300,
           "given: %s %s", given[i].method, given[i].path);
    }
    for (int i = 1; i <= 120; i++) {
        ask(db, &teacher, EDU_DIALECT_V1_0, "POST", OPEN, NULL,
            apr_psprintf(
                p,
                "{" TYPE(
                    "educationPointsOutcome") ",'id':"
                                              "'00000000-0000-4000-8000-%012d',"
                                              "'points':{'points':%d}}",
                i, i),
            p);
    }
}

static void tests(apr_pool_t *p)
{
    database_t *db;

    apr_dbd_init(p);
    db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    prepare(db, p);
    test_hidden(db, p);
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_row(db, &rows[i], p);
    }
    database_close(db);
}

TAP_MAIN(tests)
