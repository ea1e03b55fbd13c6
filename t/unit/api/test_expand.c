/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* What is below the rows of a page is read by one statement a level, whatever
 * the number of rows; and a caller sees there what its own resource shows. */

#include "api.h"
#include "database.h"

#include <apr_escape.h>

#define BASE "https://example.org/v1.0"
#define CLASS "/education/classes/c"
#define LIST CLASS "/assignments"
#define MINE "/education/me/assignments"
#define TYPE(name) "'@odata.type':'#microsoft.graph." name "'"
#define POINTS "/outcomes/ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
#define ASSIGNMENTS 12
#define STUDENTS 3

/* ---------------------------------------------------------------- requests */

/* The answer to a request, and the number of its statements. */
typedef struct answer_t {
    int status, statements;
    const char *text, *tag;
    const json_t *json;
} answer_t;

/* @param user  behind a / where the server's rules decide alone */
static answer_t ask(database_t *db, const char *user, const char *method,
                    const char *path, const char *query, const char *json,
                    apr_pool_t *p)
{
    const edu_caller_t caller = { .authenticated = 1,
                                  .user_id = user + (*user == '/'),
                                  .scopes = EDU_SCOPES_ANY,
                                  .admin = strcmp(user, "admin") == 0 };
    const edu_mount_t mount = { .dialect = EDU_DIALECT_V1_0,
                                .rules_alone = *user == '/',
                                .max_body = 1048576,
                                .batch_max = 20 };
    edu_trace_t trace;
    edu_response_t res;
    const edu_request_t req = { .method = method,
                                .path = path,
                                .query = query,
                                .base = BASE,
                                .mount = &mount,
                                .caller = &caller,
                                .trace = &trace,
                                .store = &db->store,
                                .header = json_header,
                                .body = json_body,
                                .baton =
                                    json ? (void *)quotes(json, p) : NULL };
    int before = db->opened;
    answer_t answer;

    edu_trace_init(&trace, NULL, NULL, p);
    edu_service_run(&res, &req, p);
    answer.status = res.status;
    answer.statements = db->opened - before;
    answer.text = text_of(&res, p);
    answer.tag = apr_table_get(res.headers, "ETag");
    answer.json = edu__json_load(answer.text, p);
    return answer;
}

static void must(database_t *db, const char *user, const char *method,
                 const char *path, const char *json, apr_pool_t *p)
{
    answer_t answer = ask(db, user, method, path, NULL, json, p);

    if (answer.status >= 300) {
        fprintf(stderr, "# %s %s: %s\n", method, path, answer.text);
        abort();
    }
}

/* --------------------------------------------------------------- the world */

/* Assignments a-01 to a-12, of which the last is a draft; each has a submission
 * of each student, with points; that of s-1 is returned for the first. */
static void make(database_t *db, apr_pool_t *p)
{
    edu_store_check(&db->store, &(edu_error_t){ 0 }, p);
    must(db, "admin", "PUT", CLASS, "{'displayName':'Class'}", p);
    must(db, "admin", "PUT", CLASS "/members",
         "{'value':[{'id':'tea','primaryRole':'teacher'},{'id':'s-1'},"
         "{'id':'s-2'},{'id':'s-3'}]}",
         p);
    for (int a = 1; a <= ASSIGNMENTS; a++) {
        const char *path = apr_psprintf(p, LIST "/a-%02d", a);

        must(db, "admin", "PUT", path,
             apr_psprintf(
                 p,
                 "{'displayName':'Essay','status':'%s','grading':{" TYPE(
                     "educationAssignmentPointsGradeType") ",'maxPoints':100}}",
                 a < ASSIGNMENTS ? "assigned" : "draft"),
             p);
        for (int s = 1; s <= STUDENTS; s++) {
            const char *own = apr_psprintf(p, "%s/submissions/%d", path, s);

            must(db, "admin", "PUT", own,
                 apr_psprintf(
                     p,
                     "{'recipient':{" TYPE("educationSubmissionIndividualRecipi"
                                           "ent") ",'userId':'s-%d'}}",
                     s),
                 p);
            must(db, "tea", "PATCH", apr_pstrcat(p, own, POINTS, NULL),
                 apr_psprintf(p, "{'points':{'points':%d}}", 10 * a + s), p);
        }
    }
    must(db, "tea", "POST", LIST "/a-01/submissions/1/return", NULL, p);
}

/* -------------------------------------------------------------------- tests */

/* The values of a path of members in an answer, in order: each array is walked.
 * "value/submissions/id" */
static const char *values(const json_t *json, const char *path, apr_pool_t *p)
{
    const char *slash = strchr(path, '/'), *list = "";
    json_t *element;
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach((json_t *)json, i, element)
        {
            const char *more = values(element, path, p);

            list = apr_pstrcat(p, list, *list && *more ? " " : "", more, NULL);
        }
        return list;
    }
    if (!*path) {
        return json_is_string(json) ? json_string_value(json)
               : json_is_integer(json)
                   ? apr_psprintf(p, "%d", (int)json_integer_value(json))
               : json_is_null(json) ? "null"
                                    : "?";
    }
    json = json_object_get(json, slash ? apr_pstrmemdup(p, path, slash - path)
                                       : path);
    return json ? values(json, slash ? slash + 1 : "", p) : "";
}

/* clang-format off */
static const struct row_t {
    const char *user, *path, *query;
    int status, statements;
    const char *at, *want; /* see values() */
} rows[] = {
    { "tea", LIST, "$top=3&$expand=submissions", 200, 2,
      "value/submissions/id", "1 2 3 1 2 3 1 2 3" },
    { "tea", LIST, "$expand=submissions&$filter=id+gt+'a-11'", 200, 2,
      "value/submissions/id", "1 2 3" },
    { "tea", LIST,
      "$top=2&$expand=submissions($expand=outcomes($select=points/points;"
      "$filter=points/points+ne+null))", 200, 2,
      "value/submissions/outcomes/points/points", "11 12 13 21 22 23" },
    { "tea", LIST, "$top=2&$orderby=id+desc&$expand=submissions($select=id;"
      "$orderby=id+desc;$top=2;$count=true)", 200, 2,
      "value/submissions/id", "3 2 3 2" },
    { "tea", LIST, "$top=2&$expand=submissions($top=2;$count=true)", 200, 2,
      "value/submissions@odata.count", "3 3" },
    { "tea", LIST, "$top=1&$expand=submissions($filter=id+gt+@a;$top=1)&@a='1'",
      200, 2, "value/submissions/id", "2" },
    { "tea", LIST, "$top=2&$expand=submissions/$count", 200, 2,
      "value/submissions@odata.count", "3 3" },
    { "tea", LIST "/a-02", "$expand=submissions", 200, 2,
      "submissions/assignmentId", "a-02 a-02 a-02" },
    { "tea", CLASS, "$expand=assignments($select=id;$filter=id+lt+'a-03'),"
      "teachers($select=id),members($select=id)", 200, 4, "assignments/id",
      "a-01 a-02" },
    { "tea", CLASS, "$expand=*", 200, 4, "members/id", "s-1 s-2 s-3 tea" },
    { "tea", CLASS, "$expand=teachers", 200, 2, "teachers/id", "tea" },
    { "tea", CLASS, "$expand=assignments($top=3;$expand=submissions($expand="
      "outcomes/$count))", 200, 3,
      "assignments/submissions/outcomes@odata.count",
      "2 2 2 2 2 2 2 2 2" },
    { "admin", "/education/classes", "$expand=members($select=id)", 200, 2,
      "value/members/id", "s-1 s-2 s-3 tea" },

    /* a student */
    { "s-1", LIST, "$expand=submissions($select=id)", 200, 2,
      "value/submissions/id", "1 1 1 1 1 1 1 1 1 1 1" },
    { "s-2", LIST, "$top=2&$expand=submissions($expand=outcomes)", 200, 2,
      "value/submissions/outcomes/points", "null null" },
    { "s-1", LIST, "$top=2&$expand=submissions($expand=outcomes)", 200, 2,
      "value/submissions/outcomes/publishedPoints/points", "11" },
    { "s-1", LIST, "$expand=submissions($expand=outcomes($filter=points/points"
      "+gt+1))", 403, 1, "error/target", "$expand" },
    { "s-1", CLASS, "$expand=assignments($select=id)", 200, 2,
      "assignments/id", "a-01 a-02 a-03 a-04 a-05 a-06 a-07 a-08 a-09 a-10 a-11"
    },
    { "s-1", CLASS, "$expand=assignments/$count", 200, 2,
      "assignments@odata.count", "11" },
    { "s-1", MINE, "$top=3&$expand=submissions($expand=outcomes)", 200, 2,
      "value/submissions/recipient/userId", "s-1 s-1 s-1" },
    { "s-2", MINE, "$top=2&$expand=submissions($expand=outcomes)", 200, 2,
      "value/submissions/outcomes/points", "null null" },
    { "s-1", MINE, "$top=2&$expand=submissions($expand=outcomes($filter="
      "publishedPoints/points+gt+1))", 200, 2,
      "value/submissions/outcomes/publishedPoints/points", "11" },
    { "s-1", MINE, "$expand=submissions($expand=outcomes($filter=points/points"
      "+gt+1))", 403, 0, "error/target", "$expand" },
    { "s-1", MINE "/a-02", "$expand=submissions", 200, 3, "submissions/id",
      "1" },
    { "s-1", "/education/me/classes", "$expand=assignments($top=1;$select=id;"
      "$expand=submissions($select=id))", 200, 3,
      "value/assignments/submissions/id", "1" },
    { "tea", MINE, "$top=2&$expand=submissions($expand=outcomes)", 200, 2,
      "value/submissions/outcomes/points/points", "11 12 13 21 22 23" },
    { "admin", "/education/users/s-2/assignments", "$top=2&$expand=submissions"
      "($expand=outcomes)", 200, 2,
      "value/submissions/outcomes/points/points", "12 22" },
    { "s-2", "/education/users/s-1/assignments", "$expand=submissions", 403, 0,
      "error/code", "forbidden" },
    { "str", LIST, "$expand=submissions", 403, 1, "error/code", "forbidden"
    },

    /* as the submissions show by themselves there */
    { "/s-1", LIST, "$top=2&$expand=submissions($expand=outcomes)", 200, 2,
      "value/submissions/outcomes/points/points", "11 12 13 21 22 23" },
    { "/s-1", CLASS, "$expand=assignments($top=2;$expand=submissions)", 200, 3,
      "assignments/submissions/id", "1 2 3 1 2 3" },
    { "/s-1", LIST "/a-02/submissions", "$expand=outcomes", 200, 1,
      "value/outcomes/points/points", "21 22 23" },
};
/* clang-format on */

static void test_row(database_t *db, const struct row_t *row, apr_pool_t *p)
{
    answer_t got = ask(db, row->user, "GET", row->path, row->query, NULL, p);
    const char *at = got.json ? values(got.json, row->at, p) : "";

    if (!ok(got.status == row->status && got.statements == row->statements,
            "%s %s?%s: %d, %d statements", row->user, row->path, row->query,
            row->status, row->statements)) {
        fprintf(stderr, "#   got %d by %d: %s\n", got.status, got.statements,
                got.text);
    }
    is_str(at, row->want, row->at);
}

/* A level is what its own resource shows, byte for byte: versions and times do
 * not tell of drafts, either. */
static void test_same(database_t *db, const char *user, const char *list,
                      apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, list, "/a-02/submissions", NULL);
    answer_t own = ask(db, user, "GET", path, "$expand=outcomes", NULL, p);
    answer_t all = ask(
        db, user, "GET", list,
        "$filter=id+eq+'a-02'&$expand=submissions($expand=outcomes)", NULL, p);
    const json_t *assignment =
        json_array_get(json_object_get(all.json, "value"), 0);
    const json_t *level = json_object_get(assignment, "submissions");

    is_int(own.status, 200, path);
    is_str(edu__json_text(level, p),
           edu__json_text(json_object_get(own.json, "value"), p),
           "as the level of a list shows it");
}

/* ------------------------------------------------------------------- bounds */

/* Class d has three assignments with 110 long submissions each; class e has one
 * with 1001. */
static void make_large(database_t *db)
{
    static const char *const rows[] = {
        "INSERT INTO edu_class (id) VALUES ('d'), ('e')",
        "INSERT INTO edu_assignment (class_id, id) VALUES ('d', '1'),"
        " ('d', '2'), ('d', '3'), ('e', '0'), ('e', '1'), ('e', '2')",
        "WITH n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 110)"
        " INSERT INTO edu_submission (class_id, assignment_id, id, user_id,"
        " body) SELECT 'd', a.id, printf('%03d', n.n), n.n, '{\"webUrl\":\"'"
        " || hex(zeroblob(7000)) || '\"}' FROM n, edu_assignment a"
        " WHERE a.class_id = 'd'",
        "WITH n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1001)"
        " INSERT INTO edu_submission (class_id, assignment_id, id, user_id)"
        " SELECT 'e', '1', printf('%04d', n.n), n.n FROM n",
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        is_int(database_run(db, rows[i]), 0, rows[i]);
    }
}

/* A page ends where it would be too long. */
static void test_long(database_t *db, const char *order, apr_pool_t *p)
{
    static const char path[] = "/education/classes/d/assignments";
    const char *query = apr_pstrcat(
        p, "$expand=submissions($select=id,webUrl)&$select=id&$count=true",
        order, NULL);
    answer_t got = ask(db, "admin", "GET", path, query, NULL, p);
    const char *next = values(got.json, "@odata.nextLink", p);
    const char *first = *order ? "3 2" : "1 2", *last = *order ? "1" : "3";

    is_str(values(got.json, "value/id", p), first, "two of them fit a page");
    is_str(values(got.json, "@odata.count", p), "3", "all are counted");
    ok(*next, "there is a next page");
    got = ask(db, "admin", "GET", path,
              *next ? apr_punescape_url(p, strchr(next, '?') + 1, NULL, NULL, 0)
                    : NULL,
              NULL, p);
    is_str(values(got.json, "value/id", p), last, "which has the rest");
    is_str(values(got.json, "@odata.nextLink", p), "", "and is the last");
}

/* More rows than a statement reads. */
static void test_many(database_t *db, apr_pool_t *p)
{
    static const char path[] = "/education/classes/e/assignments";
    answer_t got = ask(db, "admin", "GET", path,
                       "$expand=submissions($select=id)&$select=id", NULL, p);
    const char *all = values(got.json, "value/submissions/id", p);
    const char *next;

    is_str(values(got.json, "value/id", p), "0 1 2",
           "a full assignment keeps none from being shown");
    ok(strlen(all) == 999 * 5 - 1 && strcmp(all + 998 * 5, "0999") == 0,
       "999 submissions are shown");
    next = values(got.json, "value/submissions@odata.nextLink", p);
    ok(*next, "the others have a link");
    got = ask(db, "admin", "GET",
              "/education/classes/e/assignments/1/submissions",
              strchr(next, '?') + 1, NULL, p);
    is_str(values(got.json, "value/id", p), "1000 1001", "which leads to them");
    got = ask(db, "admin", "GET", path,
              "$expand=submissions($select=id;$filter=id+ne+'x')", NULL, p);
    ok(got.status == 400 && strstr(got.text, "$top"),
       "of so many none are chosen: %d", got.status);
}

/* The link of a level has what the level was chosen by. */
static void test_alias(database_t *db, apr_pool_t *p)
{
    answer_t got =
        ask(db, "tea", "GET", LIST "/a-01",
            "$expand=submissions($filter=id+gt+@a;$top=1)&@a='1'", NULL, p);
    const char *next = values(got.json, "submissions@odata.nextLink", p);

    got = ask(db, "tea", "GET", LIST "/a-01/submissions",
              *next ? strchr(next, '?') + 1 : "$top=0", NULL, p);
    is_str(values(got.json, "value/id", p), "3", next);
}

/* What is below changes the entity tag. */
static void test_tag(database_t *db, apr_pool_t *p)
{
    answer_t before =
        ask(db, "tea", "GET", LIST "/a-03", "$expand=submissions", NULL, p);
    answer_t same =
        ask(db, "tea", "GET", LIST "/a-03", "$expand=submissions", NULL, p);
    answer_t after;

    is_str(before.tag, same.tag, "the same answer has the same entity tag");
    must(db, "tea", "PATCH", LIST "/a-03/submissions/2" POINTS,
         "{'points':{'points':1}}", p);
    after = ask(db, "tea", "GET", LIST "/a-03", "$expand=submissions", NULL, p);
    ok(strcmp(before.tag, after.tag) != 0, "what is below changes it: %s",
       after.tag);
}

static void tests(apr_pool_t *p)
{
    static const char *const users[] = { "tea", "s-1", "s-2" };
    database_t *db;

    apr_dbd_init(p);
    db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    make(db, p);
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_row(db, &rows[i], p);
    }
    for (size_t i = 0; i < COUNT(users); i++) {
        test_same(db, users[i], LIST, p);
        test_same(db, users[i], MINE, p);
    }
    make_large(db);
    test_long(db, "", p);
    test_long(db, "&$orderby=id+desc", p);
    test_many(db, p);
    test_tag(db, p);
    test_alias(db, p);
    database_close(db);
}

TAP_MAIN(tests)
