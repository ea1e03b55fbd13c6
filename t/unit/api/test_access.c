/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The table of rights by examples: caller, request and status; no server. */

#include "api.h"
#include "database.h"

#include <apr_lib.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#define POINTS_ID "ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
#define NO_ID "11111111-aaaa-4bbb-8ccc-222222222222"

/* ----------------------------------------------------------------- a class */

/* Sue and bob learn in c, tea teaches there.  The assignment a is given to all,
 * b to bob; d and w are drafts, f begins in the future.  Nobody is in class n;
 * in m, sue alone has another w, which is none. */
static const char *const school[] = {
    "DELETE FROM edu_class",
    "DELETE FROM edu_member",
    "DELETE FROM edu_assignment",
    "DELETE FROM edu_submission",
    "DELETE FROM edu_outcome",
    "INSERT INTO edu_class (id, created, version) VALUES ('c', '1', '1'),"
    " ('n', '1', '1'), ('m', '1', '1')",
    "INSERT INTO edu_member (class_id, id, role, version) VALUES"
    " ('c', 'sue', 'student', '0000000000000001'), ('c', 'bob', 'student', "
    "'0000000000000001'),"
    " ('c', 'tea', 'teacher', '0000000000000001'),"
    " ('m', 'sue', 'student', '0000000000000001')",
    "INSERT INTO edu_assignment (class_id, id, version, body) VALUES"
    " ('c', 'a', '1', '{\"status\":\"assigned\"}'),"
    " ('c', 'b', '1', '{\"status\":\"assigned\",\"assignTo\":{\"@odata.type\":"
    "\"#microsoft.graph.educationAssignmentIndividualRecipient\","
    "\"recipients\":[\"bob\"]}}'),"
    " ('c', 'd', '1', '{\"status\":\"draft\"}'),"
    " ('c', 'f', '1', '{\"status\":\"published\",\"assignDateTime\":"
    "\"2099-01-01T00:00:00Z\"}'),"
    " ('c', 'w', '1', '{\"status\":\"draft\"}'),"
    " ('m', 'w', '1', '{\"status\":\"assigned\"}'),"
    " ('n', 'a', '1', '{\"status\":\"assigned\"}')",
    "INSERT INTO edu_submission (class_id, assignment_id, id, user_id, version)"
    " VALUES ('c', 'a', 'sue', 'sue', '0000000000000001'), ('c', 'a', 'bob', "
    "'bob', '0000000000000001'),"
    " ('c', 'b', 'sue', 'sue', '0000000000000001'), ('c', 'd', 'sue', 'sue', "
    "'0000000000000001'),"
    " ('c', 'f', 'sue', 'sue', '0000000000000001'), ('n', 'a', 'sue', 'sue', "
    "'0000000000000001')",
};

typedef struct world_t {
    database_t *db;
    edu_mount_t mount;
    edu_caller_t caller;
    edu_trace_t trace;
    const char *headers; /* "Name: value", or NULL */
    const char *body;
    int written; /* until the last reset */
    apr_pool_t *p;
} world_t;

static const char *header(void *baton, const char *name)
{
    const world_t *world = baton;
    apr_size_t len = strlen(name);

    return world->headers && strncasecmp(world->headers, name, len) == 0
               ? world->headers + len + 2
               : NULL;
}

static apr_status_t body(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    const world_t *world = baton;

    (void)max, (void)err, (void)p;
    *data = world->body;
    *len = strlen(world->body);
    return APR_SUCCESS;
}

/* The answer, without its date: its text and headers. @param status  out */
static const char *ask(world_t *world, int *status, const char *method,
                       const char *path, const char *query)
{
    const edu_store_t *store = &world->db->store;
    const edu_request_t req = { .method = method,
                                .path = path,
                                .query = query,
                                .base = "https://example.org/v1.0",
                                .mount = &world->mount,
                                .caller = &world->caller,
                                .trace = &world->trace,
                                .store = store,
                                .header = header,
                                .body = body,
                                .baton = world };
    edu_response_t res;
    const apr_array_header_t *sent;
    const char *text, *date;

    edu_service_run(&res, &req, world->p);
    *status = res.status;
    text = apr_pstrcatv(world->p, (struct iovec *)res.body->elts,
                        res.body->nelts, NULL);
    if ((date = strstr(text, "\"date\":\""))) {
        text = apr_psprintf(world->p, "%.*s%s", (int)(date - text), text,
                            date + strlen("\"date\":\"2026-01-01T00:00:00\","));
    }
    sent = apr_table_elts(res.headers);
    for (int i = 0; i < sent->nelts; i++) {
        const apr_table_entry_t *one =
            &APR_ARRAY_IDX(sent, i, apr_table_entry_t);

        text =
            apr_pstrcat(world->p, text, "\n", one->key, ": ", one->val, NULL);
    }
    return text;
}

/* Where nothing was written, all is as it was. */
static void reset(world_t *world)
{
    int written = database_written(world->db, world->p);

    for (apr_size_t i = 0; written != world->written && i < COUNT(school);
         i++) {
        if (database_run(world->db, school[i])) {
            fprintf(stderr, "# cannot run %s\n", school[i]);
            abort();
        }
    }
    world->written = database_written(world->db, world->p);
    world->headers = NULL;
    world->mount = (edu_mount_t){ .dialect = EDU_DIALECT_V1_0 };
}

/* ----------------------------------------------------------------- callers */

/* clang-format off */
static const struct {
    const char *name;
    edu_caller_t caller;
    int rules_alone;
} callers[] = {
    { "nobody",      { .scopes = EDU_SCOPES_ANY }, 0 },
    { "a stranger",  USER("str"), 0 },
    { "sue",         USER("sue"), 0 },
    { "Sue",         USER("Sue"), 0 },
    { "tea",         USER("tea"), 0 },
    { "a teacher everywhere",
      { .authenticated = 1, .user_id = "evy", .scopes = EDU_SCOPES_ANY,
        .teacher = 1 }, 0 },
    { "an administrator",
      { .authenticated = 1, .user_id = "adm", .scopes = EDU_SCOPES_ANY,
        .admin = 1 }, 0 },
    { "an application",
      { .authenticated = 1, .user_id = "tea", .scopes = EDU_SCOPES_ANY,
        .app = 1 }, 0 },
    { "a stranger where rules decide alone", USER("str"), 1 },
    { "sue where rules decide alone", USER("sue"), 1 },
};

#define C "/education/classes/c"
#define A C "/assignments/a"
#define MINE A "/submissions/sue"
#define X "/education/classes/x/assignments/x/submissions/x"
#define MY "/education/me/assignments"
#define BOBS "/education/users/bob/assignments"
#define FEEDBACK_ID "ca05367a-b292-42d5-aff7-5d279feeace8"
#define OUTCOME_BODY \
    "{\"@odata.type\":\"#microsoft.graph.educationFeedbackResourceOutcome\"," \
    "\"feedbackResource\":{\"@odata.type\":" \
    "\"#microsoft.graph.educationLinkResource\",\"link\":\"https://x\"}}"

/* The statuses are of the callers above, in their order: nobody, stranger, sue,
 * Sue, tea, teacher, administrator, application; then of stranger and sue where
 * the rules decide alone. */
static const struct {
    const char *method, *path, *body;
    int want[COUNT(callers)];
} rows[] = {
    /*  no   str  sue  Sue  tea  evy  adm  app  str  sue */
    { "GET", C, NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", "/education/classes", NULL,
      { 401, 403, 403, 403, 403, 403, 200, 200, 403, 403 } },
    { "GET", "/education/classes/x", NULL,
      { 401, 403, 403, 403, 403, 404, 404, 404, 403, 403 } },
    { "GET", "/education/classes/n", NULL,
      { 401, 403, 403, 403, 403, 200, 200, 200, 403, 403 } },
    { "PUT", C, "{\"displayName\":\"x\"}",
      { 401, 403, 403, 403, 403, 403, 200, 403, 403, 403 } },
    { "DELETE", C, NULL,
      { 401, 403, 403, 403, 403, 403, 204, 403, 403, 403 } },
    { "GET", C "/members", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/members/bob", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/members/xyz", NULL,
      { 401, 403, 404, 403, 404, 404, 404, 404, 403, 404 } },
    { "PUT", C "/members", "{\"value\":[]}",
      { 401, 403, 403, 403, 403, 403, 204, 403, 403, 403 } },
    { "GET", C "/teachers", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/getRecentlyModifiedSubmissions", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },

    { "GET", C "/assignments", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 403, 200 } },
    { "POST", C "/assignments", "{\"displayName\":\"x\"}",
      { 401, 403, 403, 403, 201, 201, 201, 201, 403, 403 } },
    { "GET", A, NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/assignments/b", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/assignments/d", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/assignments/f", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", C "/assignments/x", NULL,
      { 401, 403, 404, 403, 404, 404, 404, 404, 403, 404 } },
    { "PATCH", A, "{\"displayName\":\"y\"}",
      { 401, 403, 403, 403, 200, 200, 200, 200, 403, 403 } },
    { "PATCH", C "/assignments/d", "{\"displayName\":\"y\"}",
      { 401, 403, 404, 403, 200, 200, 200, 200, 403, 403 } },
    { "PATCH", C "/assignments/x", "{\"displayName\":\"y\"}",
      { 401, 403, 404, 403, 404, 404, 404, 404, 403, 403 } },
    { "PUT", A, "{\"displayName\":\"z\"}",
      { 401, 403, 403, 403, 403, 403, 200, 403, 403, 403 } },
    { "DELETE", A, NULL,
      { 401, 403, 403, 403, 204, 204, 204, 204, 403, 403 } },
    { "POST", A "/publish", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 403, 403 } },
    { "POST", A "/deactivate", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 403, 403, 403 } },
    { "POST", C "/assignments/d/publish", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 403, 403 } },
    { "POST", A "/setUpResourcesFolder", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 403, 403 } },
    { "POST", A "/setUpFeedbackResourcesFolder", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 403, 403, 403 } },

    { "GET", A "/submissions", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", A "/submissions/$count", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", C "/assignments/d/submissions", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", C "/assignments/x/submissions", NULL,
      { 401, 403, 404, 403, 404, 404, 404, 404, 404, 404 } },
    { "GET", MINE, NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", A "/submissions/bob", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", A "/submissions/x", NULL,
      { 401, 403, 404, 403, 404, 404, 404, 404, 404, 404 } },
    { "GET", C "/assignments/b/submissions/sue", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", C "/assignments/d/submissions/sue", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", C "/assignments/f/submissions/sue", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", "/education/classes/n/assignments/a/submissions/sue", NULL,
      { 401, 403, 403, 403, 403, 200, 200, 200, 200, 200 } },
    { "PUT", A "/submissions/n", "{\"recipient\":{\"userId\":\"n\"}}",
      { 401, 403, 403, 403, 403, 403, 201, 403, 403, 403 } },
    { "DELETE", MINE, NULL,
      { 401, 403, 403, 403, 403, 403, 204, 403, 403, 403 } },
    { "POST", MINE "/submit", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "POST", A "/submissions/bob/submit", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "POST", MINE "/return", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 200, 200 } },
    { "POST", A "/submissions/bob/return", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "POST", A "/submissions/x/return", NULL,
      { 401, 403, 404, 403, 404, 404, 404, 404, 404, 404 } },
    { "POST", MINE "/reassign", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 200, 200 } },
    { "POST", MINE "/excuse", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", MINE "/versions", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 403, 403 } },
    { "GET", C "/outcomeVersions", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 403, 403 } },

    { "GET", MINE "/outcomes", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", MINE "/outcomes/$count", NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", A "/submissions/bob/outcomes", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", A "/submissions/x/outcomes", NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "POST", MINE "/outcomes", OUTCOME_BODY,
      { 401, 403, 403, 403, 201, 201, 201, 201, 201, 201 } },
    { "POST", A "/submissions/bob/outcomes", OUTCOME_BODY,
      { 401, 403, 404, 403, 201, 201, 201, 201, 201, 201 } },
    { "POST", A "/submissions/x/outcomes", OUTCOME_BODY,
      { 401, 403, 404, 403, 201, 201, 201, 201, 201, 201 } },
    { "POST", MINE "/outcomes/$ref", OUTCOME_BODY,
      { 401, 403, 403, 403, 201, 201, 201, 201, 201, 201 } },
    { "POST", X "/outcomes", OUTCOME_BODY,
      { 401, 403, 403, 403, 403, 201, 201, 201, 201, 201 } },
    { "GET", MINE "/outcomes/" FEEDBACK_ID, NULL,
      { 401, 403, 200, 403, 200, 200, 200, 200, 200, 200 } },
    { "GET", MINE "/outcomes/" NO_ID, NULL,
      { 401, 403, 404, 403, 404, 404, 404, 404, 404, 404 } },
    { "GET", A "/submissions/bob/outcomes/" FEEDBACK_ID, NULL,
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "PATCH", MINE "/outcomes/" FEEDBACK_ID,
      "{\"feedback\":{\"text\":{\"content\":\"x\"}}}",
      { 401, 403, 403, 403, 200, 200, 200, 200, 200, 200 } },
    { "PATCH", MINE "/outcomes/" NO_ID, "{}",
      { 401, 403, 404, 403, 404, 404, 404, 404, 404, 404 } },
    { "PATCH", A "/submissions/bob/outcomes/" FEEDBACK_ID, "{}",
      { 401, 403, 404, 403, 200, 200, 200, 200, 200, 200 } },
    { "DELETE", MINE "/outcomes/" FEEDBACK_ID, NULL,
      { 401, 403, 403, 403, 204, 204, 204, 403, 204, 204 } },

    { "GET", "/education/me/classes", NULL,
      { 401, 200, 200, 200, 200, 200, 200, 200, 200, 200 } },
    { "GET", MY, NULL,
      { 401, 200, 200, 200, 200, 200, 200, 200, 200, 200 } },
    { "GET", MY "/a", NULL,
      { 401, 404, 200, 404, 200, 404, 404, 200, 404, 200 } },
    { "GET", MY "/d", NULL,
      { 401, 404, 404, 404, 200, 404, 404, 200, 404, 200 } },
    { "PUT", MY "/d", "{}",
      { 401, 404, 404, 404, 403, 404, 404, 403, 404, 403 } },
    { "PUT", MY "/a", "{\"displayName\":\"q\"}",
      { 401, 404, 403, 404, 403, 404, 404, 403, 404, 403 } },
    { "GET", MY "/w", NULL,
      { 401, 404, 200, 404, 200, 404, 404, 200, 404, 409 } },
    { "GET", MY "/x", NULL,
      { 401, 404, 404, 404, 404, 404, 404, 404, 404, 404 } },
    { "GET", MY "/a/submissions/sue", NULL,
      { 401, 404, 200, 404, 200, 404, 404, 200, 404, 200 } },
    { "GET", MY "/a/submissions/bob", NULL,
      { 401, 404, 404, 404, 200, 404, 404, 200, 404, 404 } },
    { "POST", MY "/a/submissions/sue/submit", NULL,
      { 401, 404, 200, 404, 200, 404, 404, 200, 404, 200 } },
    { "POST", MY "/a/submissions/sue/return", NULL,
      { 401, 404, 403, 404, 200, 404, 404, 200, 404, 200 } },
    { "GET", "/education/users/bob/classes", NULL,
      { 401, 403, 403, 403, 403, 200, 200, 200, 403, 403 } },
    { "GET", BOBS, NULL,
      { 401, 403, 403, 403, 403, 200, 200, 200, 403, 403 } },
    { "GET", BOBS "/a", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 403, 200 } },
    { "GET", BOBS "/x", NULL,
      { 401, 403, 403, 403, 403, 404, 404, 404, 404, 404 } },
    { "GET", "/education/users/xyz/assignments/a", NULL,
      { 401, 403, 403, 403, 403, 404, 404, 404, 404, 404 } },
    { "GET", BOBS "/a/submissions/bob/outcomes", NULL,
      { 401, 403, 403, 403, 200, 200, 200, 200, 200, 200 } },
};
/* clang-format on */

static void be(world_t *world, int who)
{
    world->caller = callers[who].caller;
    world->mount.rules_alone = callers[who].rules_alone;
}

/* All that is stored, in one text. */
static const char *stored(world_t *world)
{
    static const char *const tables[] = { "class", "member", "assignment",
                                          "submission", "outcome" };
    const char *text = "";

    for (apr_size_t i = 0; i < COUNT(tables); i++) {
        const char *rows = database_ask(
            world->db,
            apr_psprintf(world->p,
                         "SELECT group_concat(id || version || body)"
                         " FROM edu_%s",
                         tables[i]),
            world->p);

        text = apr_pstrcat(world->p, text, rows ? rows : "", "|", NULL);
    }
    return text;
}

static void test_row(world_t *world, int i, int who)
{
    const char *before;
    int status;

    reset(world);
    be(world, who);
    before = stored(world);
    world->body = rows[i].body ? rows[i].body : "";
    world->headers = rows[i].body ? "Content-Type: application/json" : NULL;
    ask(world, &status, rows[i].method, rows[i].path, NULL);
    is_int(status, rows[i].want[who],
           apr_psprintf(world->p, "%s: %s %s", callers[who].name,
                        rows[i].method, rows[i].path));
    if (status >= 400) {
        is_str(stored(world), before, "and nothing is written");
    }
}

/* A mistake in a request tells a caller without access nothing. */
static void test_mistakes(world_t *world, int i, int who)
{
    static const struct {
        const char *query, *header, *body;
    } mistakes[] = {
        {"$filter=(",    NULL,                             "" },
        { "$nonsense=1", NULL,                             "" },
        { NULL,          "Accept: text/html",              "" },
        { NULL,          "If-Match: nonsense",             "" },
        { NULL,          "Content-Type: text/plain",       "" },
        { NULL,          "Content-Type: application/json", "{"},
        { NULL,          "If-None-Match: *",               "" },
    };
    int want = rows[i].want[who];

    for (apr_size_t k = 0; k < COUNT(mistakes) && want / 100 == 4; k++) {
        int status, other;
        const char *plain, *answer;

        reset(world);
        be(world, who);
        world->body = rows[i].body ? rows[i].body : "";
        plain = ask(world, &status, rows[i].method, rows[i].path, NULL);
        world->headers = mistakes[k].header;
        world->body = mistakes[k].body;
        world->mount.require_if_match = 1;
        answer =
            ask(world, &other, rows[i].method, rows[i].path, mistakes[k].query);
        if (want == 403 || (want == 404 && who == 2 &&
                            strstr(rows[i].path, "/assignments/"))) {
            is_str(answer, plain,
                   apr_psprintf(world->p, "%s: a mistaken %s %s (%d)",
                                callers[who].name, rows[i].method, rows[i].path,
                                (int)k));
        }
    }
}

/* ------------------------------------------------------------------ secrets */

/* Pairs that must not be told apart: answers differ by the id alone, as long
 * in both. */
static void test_secrets(world_t *world)
{
    static const struct {
        int who;
        const char *method, *there, *missing;
    } pairs[] = {
  /* clang-format off */
        { 1, "GET", C, "/education/classes/x" },
        { 1, "GET", A, C "/assignments/x" },
        { 1, "DELETE", A, "/education/classes/x" },
        { 1, "GET", MINE "/outcomes", X "/outcomes/$count" },
        { 1, "GET", MY "/a", MY "/x" },
        { 1, "GET", BOBS "/a", "/education/users/xyz/assignments/a" },
        { 1, "GET", BOBS "/a", "/education/users/bob/classes" },
        { 2, "GET", C "/assignments/d", C "/assignments/x" },
        { 2, "GET", C "/assignments/b", C "/assignments/x" },
        { 2, "PATCH", C "/assignments/f", C "/assignments/x" },
        { 2, "GET", A "/submissions/bob", A "/submissions/xyz" },
        { 2, "GET", A "/submissions/bob/outcomes",
          A "/submissions/xyz/outcomes" },
        { 2, "POST", A "/submissions/bob/return", A "/submissions/xyz/return" },
        { 2, "GET", C "/assignments/d/submissions/sue",
          C "/assignments/x/submissions/sue" },
        { 2, "GET", MY "/d", MY "/x" },
        { 2, "PUT", MY "/d", MY "/x" },
        { 2, "GET", MY "/d/submissions/sue", MY "/x/submissions/sue" },
        { 2, "GET", MY "/a/submissions/bob", MY "/a/submissions/xyz" },
        { 2, "GET", "/education/classes/n", "/education/classes/x" },
  /* clang-format on */
    };

    for (apr_size_t i = 0; i < COUNT(pairs); i++) {
        int status, other;
        const char *there, *missing, *told;

        reset(world);
        be(world, pairs[i].who);
        world->body = "";
        there = ask(world, &status, pairs[i].method, pairs[i].there, NULL);
        missing = ask(world, &other, pairs[i].method, pairs[i].missing, NULL);
        told = strstr(missing, "xyz");
        if (told && strstr(there, "bob")) {
            missing = apr_psprintf(world->p, "%.*sbob%s", (int)(told - missing),
                                   missing, told + 3);
        }
        else if ((told = strstr(missing, "the id x"))) {
            char *same = apr_pstrdup(world->p, missing);

            same[told - missing + 7] = strstr(there, "the id ")[7];
            missing = same;
        }
        is_str(there, missing, pairs[i].there);
    }
}

/* A list of a student has what is the student's alone, and counts it. */
static void test_lists(world_t *world)
{
    static const struct {
        int who;
        const char *path, *query, *want;
    } lists[] = {
  /* clang-format off */
        { 2, C "/assignments", "$count=true", "1 a" },
        { 2, C "/assignments", "$count=true&$orderby=displayName", "1 a" },
        { 2, C "/assignments", "$count=true&$top=1", "1 a" },
        { 2, C "/assignments", "$filter=status eq 'draft'&$count=true", "0" },
        { 4, C "/assignments", "$count=true", "5 a b d f w" },
        { 2, MY, "$count=true", "2 a w" },
        { 4, MY, "$count=true", "5 a b d f w" },
        { 2, A "/submissions", "$count=true", "1 sue" },
        { 2, A "/submissions", "$count=true&$orderby=id desc", "1 sue" },
        { 4, A "/submissions", "$count=true", "2 bob sue" },
        { 2, MY "/a/submissions", "$count=true", "1 sue" },
        { 5, BOBS "/a/submissions", "$count=true", "1 bob" },
        { 9, A "/submissions", "$count=true", "2 bob sue" },
  /* clang-format on */
    };

    for (apr_size_t i = 0; i < COUNT(lists); i++) {
        int status;
        const char *text;
        json_t *doc, *row;
        size_t k;
        char *got;

        reset(world);
        be(world, lists[i].who);
        text = ask(world, &status, "GET", lists[i].path,
                   apr_pstrcat(world->p, lists[i].query, NULL));
        doc = edu__json_load(
            apr_pstrmemdup(world->p, text, strcspn(text, "\n")), world->p);
        got = apr_psprintf(
            world->p, "%d",
            (int)json_integer_value(json_object_get(doc, "@odata.count")));
        json_array_foreach(json_object_get(doc, "value"), k, row)
        {
            got = apr_pstrcat(world->p, got, " ",
                              json_string_value(json_object_get(row, "id")),
                              NULL);
        }
        is_str(got, lists[i].want,
               apr_psprintf(world->p, "%s: %s?%s", callers[lists[i].who].name,
                            lists[i].path, lists[i].query));
    }
}

#define RECENT C "/getRecentlyModifiedSubmissions"
#define OPEN C "/assignments/x/submissions/x/outcomes"
#define POINTS_BODY                                                            \
    "{\"@odata.type\":\"#microsoft.graph.educationPointsOutcome\"}"

/* Asks, and counts the statements or transactions. */
static int trips_of(world_t *world, const char **text, const char *method,
                    const char *path, const char *query)
{
    int before = world->db->opened, status;

    *text = ask(world, &status, method, path, query);
    return world->db->opened - before;
}

/* The role takes no round trip of its own.  A POST tries to write before it
 * reads. */
static void test_trips(world_t *world)
{
    static const struct {
        const char *method, *path, *body;
        int others, teachers; /* their trips */
    } asks[] = {
  /* clang-format off */
        { "GET", C, "", 1, 1 },
        { "GET", C "/members", "", 1, 1 },
        { "GET", A, "", 1, 1 },
        { "GET", C "/assignments", "", 1, 1 },
        { "GET", MINE, "", 1, 1 },
        { "GET", A "/submissions", "", 1, 1 },
        { "GET", MINE "/outcomes", "", 1, 1 },
        { "GET", MINE "/outcomes/" NO_ID, "", 1, 1 },
        { "GET", RECENT, "", 1, 1 },
        { "GET", RECENT "?$orderby=lastModifiedDateTime", "", 1, 1 },
        { "POST", OPEN, OUTCOME_BODY, 2, 1 },
        { "POST", OPEN, POINTS_BODY, 2, 1 },
        { "POST", MINE "/outcomes", OUTCOME_BODY, 2, 3 },
        { "POST", MINE "/outcomes", POINTS_BODY, 2, 3 },
  /* clang-format on */
    };

    for (apr_size_t i = 0; i < COUNT(asks); i++) {
        const char *query = strchr(asks[i].path, '?'), *text;

        for (int who = 1; who <= 6; who++) {
            int trips;

            reset(world);
            be(world, who);
            world->headers = "Content-Type: application/json";
            world->body = asks[i].body;
            trips = trips_of(world, &text, asks[i].method,
                             query ? apr_pstrmemdup(world->p, asks[i].path,
                                                    query - asks[i].path)
                                   : asks[i].path,
                             query ? query + 1 : NULL);
            is_int(trips, who < 4 ? asks[i].others : asks[i].teachers,
                   apr_psprintf(world->p, "%s: trips of %s %s %s",
                                callers[who].name, asks[i].method, asks[i].path,
                                asks[i].body));
        }
    }
}

/* The query of the link to the next page. */
static const char *next_of(const world_t *world, const char *text)
{
    const char *next = strstr(text, "nextLink\":\"");

    next = next ? strchr(next, '?') + 1 : "";
    return apr_pstrmemdup(world->p, next, strcspn(next, "\""));
}

/* The pages of a student are in an order of their own, and go on in that, or
 * end. */
static void test_recent(world_t *world)
{
    static const char *const both[] = { A "/submissions/sue/submit",
                                        C "/assignments/e/submissions/sue"
                                          "/submit" };
    const char *text, *students, *teachers;
    int status;

    reset(world);
    database_run(world->db, "INSERT INTO edu_assignment (class_id, id, body)"
                            " VALUES ('c', 'e', '{\"status\":\"assigned\"}')");
    database_run(world->db,
                 "INSERT INTO edu_submission (class_id, assignment_id, id,"
                 " user_id) VALUES ('c', 'e', 'sue', 'sue')");
    be(world, 2);
    world->body = "";
    for (apr_size_t i = 0; i < COUNT(both); i++) {
        ask(world, &status, "POST", both[i], NULL);
        is_int(status, 200, both[i]);
    }
    is_int(trips_of(world, &text, "GET", RECENT, "$top=1"), 1,
           "a student's first page is one statement");
    students = next_of(world, text);
    ok(strstr(text, "\"assignmentId\":\"e\""), "it has the last deed: %s",
       text);
    is_int(trips_of(world, &text, "GET", RECENT, students), 2,
           "the next looks for its end, and goes on");
    ok(strstr(text, "\"assignmentId\":\"a\"") && !*next_of(world, text),
       "it has the other: %s", text);
    be(world, 4);
    is_int(trips_of(world, &text, "GET", RECENT, "$top=1"), 1,
           "a teacher's first page is one statement");
    teachers = next_of(world, text);
    is_int(trips_of(world, &text, "GET", RECENT, teachers), 1,
           "and so is the next");
    ok(strstr(text, "\"assignmentId\":\"a\""), "it has the other: %s", text);
    ask(world, &status, "GET", RECENT, students);
    is_int(status, 400, "a teacher does not go on in a student's order");
    be(world, 2);
    ask(world, &status, "GET", RECENT, teachers);
    is_int(status, 400, "nor a student in a teacher's");
}

/* Lends the connection once before the teacher becomes a student. */
static int loans;

static apr_status_t lend(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    database_t *db = baton;

    if (loans++ == 1) {
        database_run(db,
                     "UPDATE edu_member SET role = 'student' WHERE id = 'tea'");
    }
    return database_lend(baton, dbd, p);
}

/* The rows of each statement go by its own role. */
static void test_changes(world_t *world)
{
    int status;

    reset(world);
    be(world, 4);
    database_run(world->db,
                 "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1"
                 " FROM n WHERE i < 300) INSERT INTO edu_submission (class_id,"
                 " assignment_id, id, user_id, version) SELECT 'c', 'a', i, i,"
                 " '1' FROM n");
    ask(world, &status, "GET", A "/submissions", "$top=200");
    is_int(status, 200, "a teacher reads two chunks");
    loans = 0;
    world->db->store.open = lend;
    ask(world, &status, "GET", A "/submissions", "$top=200");
    world->db->store.open = database_lend;
    is_int(status, 403, "a teacher who is none any more does not");
}

/* ------------------------------------------------------------------- scopes */

static void test_scopes(world_t *world)
{
    static const struct {
        int who;
        const char *granted, *method, *path;
        int want;
        const char *lacks;
    } asks[] = {
  /* clang-format off */
        { 4, "", "GET", MINE "/outcomes", 403, "EduAssignments.Read." },
        { 4, "EduAssignments.ReadBasic", "GET", MINE "/outcomes", 403,
          "EduAssignments.Read." },
        { 4, "EduAssignments.Read", "GET", MINE "/outcomes", 200, NULL },
        { 4, "EduAssignments.Read", "POST", MINE "/return", 403,
          "EduAssignments.ReadWrite." },
        { 4, "EduAssignments.ReadWriteBasic", "POST", MINE "/return", 403,
          "EduAssignments.ReadWrite." },
        { 4, "EduAssignments.ReadWrite", "POST", MINE "/return", 200, NULL },
        { 4, "EduAssignments.ReadBasic", "GET", A "/submissions", 200, NULL },
        { 4, "EduAssignments.ReadBasic", "GET",
          A "/submissions?$expand=outcomes", 403, "EduAssignments.Read," },
        { 4, "EduAssignments.ReadBasic", "POST", A "/publish", 403,
          "EduAssignments.ReadWriteBasic." },
        { 4, "EduAssignments.ReadWrite", "GET", C "/members", 403,
          "EduRoster.ReadBasic." },
        { 4, "EduRoster.Read", "GET", C "/members", 200, NULL },
        { 4, "EduAssignments.ReadWrite", "POST", MINE "/submit", 200, NULL },
        { 1, "EduAssignments.ReadWrite", "GET", MINE "/outcomes", 403, NULL },
        { 7, "EduAssignments.Read.All", "GET", MINE "/outcomes", 200, NULL },
        { 7, "EduAssignments.Read.All", "POST", MINE "/return", 403,
          "EduAssignments.ReadWrite.All." },
        { 7, "EduAssignments.ReadWrite.All", "POST", MINE "/return", 200,
          NULL },
        { 7, "EduAssignments.ReadWrite.All", "POST", A "/deactivate", 403,
          NULL },
  /* clang-format on */
    };

    for (apr_size_t i = 0; i < COUNT(asks); i++) {
        const char *query = strchr(asks[i].path, '?'), *text;
        int status;

        reset(world);
        be(world, asks[i].who);
        world->body = "";
        world->caller.scopes =
            edu_scopes_read(asks[i].granted, world->caller.app);
        text = ask(
            world, &status, asks[i].method,
            query ? apr_pstrmemdup(world->p, asks[i].path, query - asks[i].path)
                  : asks[i].path,
            query ? query + 1 : NULL);
        is_int(status, asks[i].want,
               apr_psprintf(world->p, "%s with %s: %s %s",
                            callers[asks[i].who].name, asks[i].granted,
                            asks[i].method, asks[i].path));
        ok(!asks[i].lacks || strstr(text, asks[i].lacks),
           "what is missing is named: %s", text);
    }
}

static void tests(apr_pool_t *p)
{
    world_t world = { .written = -1, .p = p };

    world.db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    edu_trace_init(&world.trace, NULL, NULL, p);
    edu_store_check(&world.db->store, &(edu_error_t){ 0 }, p);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        for (apr_size_t who = 0; who < COUNT(callers); who++) {
            test_row(&world, (int)i, (int)who);
            test_mistakes(&world, (int)i, (int)who);
        }
    }
    test_secrets(&world);
    test_lists(&world);
    test_trips(&world);
    test_recent(&world);
    test_changes(&world);
    test_scopes(&world);
    database_close(world.db);
}

TAP_MAIN(tests)
