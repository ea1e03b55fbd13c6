/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Hostile input for the library, without a server: libFuzzer makes it, and each
 * answer has to keep what answers promise.  The environment's FUZZ names the
 * target; t/README tells what its input looks like. */

#include "api.h"
#include "expr.h"
#include "database.h"
#include "memory.h"

#include <apr_escape.h>
#include <sanitizer/lsan_interface.h>

#define ROOT "/v1.0"
#define BASE "https://example.org" ROOT

#define CLASS "/education/classes/c"
#define ASSIGNMENT CLASS "/assignments/a"
#define SUBMISSION ASSIGNMENT "/submissions/s"
#define OUTCOMES SUBMISSION "/outcomes"
#define FEEDBACK OUTCOMES "/ca05367a-b292-42d5-aff7-5d279feeace8"
#define POINTS OUTCOMES "/ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
#define RUBRIC OUTCOMES "/65a46d78-1a2b-4a7e-bcf8-78a22ac2611b"
/* nobody registered it */
#define OPEN "/education/classes/o/assignments/a/submissions/s/outcomes"
#define FILE_ID "00000000-0000-4000-8000-000000000000"

#define TYPE(name) "{'@odata.type':'#microsoft.graph.education" name "Outcome'"

#define LONG 65536      /* bytes of an input that repeats a part of itself */
#define FIXED (4 << 20) /* memory that any request may take, and what it may */
#define PER_BYTE 128    /* take for each byte that a client sent */
#define ROWS 64         /* more than any collection has at first */

/* ----------------------------------------------------------------- requests */

/* A server and its client, as far as the library sees them. */
static struct {
    apr_pool_t *p; /* lasts */
    database_t *db;
    const edu_documents_t *documents;
    edu_mount_t mount;
    edu_caller_t caller;
    int changes;         /* of the database, before the input */
    const char *headers; /* "Name: value" by lines, or NULL */
    const char *body;
    apr_size_t len;
    apr_size_t sent;     /* of the input, by its client */
    const char *damaged; /* a stored document, which may be refused, or NULL */
} world;

static const edu_caller_t admin = { .authenticated = 1,
                                    .scopes = EDU_SCOPES_ANY,
                                    .user_id = "teacher",
                                    .user_name = "T\xc3\xa9",
                                    .admin = 1 };
static const edu_caller_t student = { .authenticated = 1,
                                      .scopes = EDU_SCOPES_ANY,
                                      .user_id = "student" };

typedef struct answer_t {
    edu_response_t res;
    const char *text;
    const char *etag;
    json_t *json; /* NULL: no body, or no JSON */
} answer_t;

/* Content-Type is JSON unless it is said. */
static const char *header(void *baton, const char *name)
{
    apr_size_t len = strlen(name);
    const char *line = world.headers;

    (void)baton;
    while (line && *line) {
        apr_size_t end = strcspn(line, "\n");

        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1;
            line += strspn(line, " \t");
            return apr_pstrmemdup(scratch, line, strcspn(line, "\n"));
        }
        line += end + (line[end] == '\n');
    }
    return strcasecmp(name, "Content-Type") == 0 ? "application/json" : NULL;
}

static apr_status_t body(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    (void)baton;
    *data = world.body;
    *len = world.len;
    return (apr_off_t)world.len > max
               ? edu_error_set(err, EDU_ETOOLARGE, NULL, p, NULL)
               : APR_SUCCESS;
}

/* A server without rules: the path of a URL, and its query. */
static int take_url(edu_request_t *req, const char *url)
{
    apr_size_t end;

    if (strncmp(url, BASE, sizeof(BASE) - 1) == 0) {
        url += sizeof(BASE) - 1;
    }
    if (strncmp(url, ROOT "/", sizeof(ROOT)) == 0) {
        url += sizeof(ROOT) - 1;
    }
    url = apr_pstrcat(scratch, *url == '/' ? "" : "/", url, NULL);
    end = strcspn(url, "?#");
    req->query = url[end] == '?' ? apr_pstrmemdup(scratch, url + end + 1,
                                                  strcspn(url + end, "#") - 1)
                                 : NULL;
    req->path = apr_punescape_url(scratch, apr_pstrmemdup(scratch, url, end),
                                  "/", NULL, 0);
    return req->path != NULL;
}

static apr_status_t admit(void *baton, edu_request_t *item, const char *method,
                          const char *url, edu_error_t *err, apr_pool_t *p)
{
    (void)baton;
    (void)method;
    return take_url(item, url)
               ? APR_SUCCESS
               : edu_error_set(err, EDU_ENOTFOUND, NULL, p, NULL);
}

/* ------------------------------------------------------------------- checks */

static int check_header(void *baton, const char *name, const char *value)
{
    (void)baton;
    for (const char *c = value; *c; c++) {
        must((unsigned char)*c >= ' ' && *c != 0x7f,
             "no control character in %s: %s", name, value);
    }
    return 1;
}

/* Graph's error document. */
static void check_error(const json_t *json, const char *text)
{
    const json_t *error = json_object_get(json, "error");

    must(json_is_string(json_object_get(error, "code")) &&
             json_is_string(json_object_get(error, "message")) &&
             json_is_object(json_object_get(error, "innerError")),
         "an error has a code, a message and an innerError: %s", text);
}

static void check_status(int status, const char *text)
{
    must(status >= 100 && status <= 599 && status != 500 && status != 503,
         "a status of a server that can serve: %d %s", status, text);
}

/* The log alone learns which document it is. */
static void check_damaged(const answer_t *answer)
{
    const char *detail = answer->res.error.detail;

    must(detail && strncmp(detail, "the stored document of ", 23) == 0,
         "the log names a damaged document: %s", detail);
    must(strlen(world.damaged) < 8 || !strstr(answer->text, world.damaged),
         "the answer has nothing of it: %s", answer->text);
}

static void check(const answer_t *answer)
{
    const edu_response_t *res = &answer->res;
    const char *type = apr_table_get(res->headers, "Content-Type");

    if (world.damaged && res->status == 500) {
        check_damaged(answer);
    }
    else {
        check_status(res->status, answer->text);
    }
    apr_table_do(check_header, NULL, res->headers, NULL);
    must(!*answer->text || type, "what has a body has a type");
    must(!answer->etag || (strlen(answer->etag) > 2 && *answer->etag == '"'),
         "an entity tag: %s", answer->etag);
    must(!type || strcmp(type, "application/json") || answer->json,
         "JSON is JSON: %s", answer->text);
    must(res->status < 400 || res->error.status == res->status,
         "the log learns of %d", res->status);
    if (res->status >= 400) {
        check_error(answer->json, answer->text);
    }
}

/* What a request may cost does not depend on how its bytes are put. */
static void check_cost(size_t before)
{
    size_t cost = peak > before ? peak - before : 0;

    must(cost <= FIXED + PER_BYTE * world.sent,
         "a request of %" APR_SIZE_T_FMT " bytes takes %zu bytes of memory",
         world.sent, cost);
}

/* Asks, and looks at the answer. */
static answer_t serve(const char *method, const char *path, const char *query,
                      const char *json, apr_size_t len)
{
    edu_trace_t trace;
    const edu_request_t req = { .method = method,
                                .path = path,
                                .query = query,
                                .base = BASE,
                                .mount = &world.mount,
                                .caller = &world.caller,
                                .trace = &trace,
                                .store = &world.db->store,
                                .documents = world.documents,
                                .header = header,
                                .body = body,
                                .admit = admit };
    size_t before;
    answer_t answer;

    edu_trace_init(&trace, header(NULL, "client-request-id"),
                   header(NULL, "traceparent"), scratch);
    before = peak = live;
    world.body = json;
    world.len = len;
    memset(&answer.res, 0x55, sizeof(answer.res));
    edu_service_run(&answer.res, &req, scratch);
    check_cost(before);
    answer.text = text_of(&answer.res, scratch);
    answer.etag = apr_table_get(answer.res.headers, "ETag");
    answer.json = edu__json_load(answer.text, scratch);
    check(&answer);
    must(world.db->opened == world.db->closed, "what was lent is given back");
    return answer;
}

static answer_t ask(const char *method, const char *path, const char *json)
{
    return serve(method, path, NULL, json, json ? strlen(json) : 0);
}

/* Follows a URL of ours. */
static answer_t follow(const char *url)
{
    edu_request_t req = { .path = NULL };

    must(strncmp(url, BASE "/", sizeof(BASE)) == 0 && take_url(&req, url),
         "a link leads to us: %s", url);
    return serve("GET", req.path, req.query, NULL, 0);
}

static const char *string_at(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

/* ----------------------------------------------------------------- database */

static void run(const char *sql)
{
    if (database_run(world.db, sql)) {
        fprintf(stderr, "# cannot run %s\n", sql);
        abort();
    }
}

/* How many rows were written so far. */
static int changes(void)
{
    return atoi(database_ask(world.db, "SELECT total_changes()", scratch));
}

/* For each table of ours, what is to be done with it. */
static const char *each_table(const char *what)
{
    return database_ask(
        world.db,
        apr_psprintf(world.p,
                     "SELECT group_concat(replace('%s', '?', name), ';')"
                     " FROM sqlite_master WHERE type = 'table'"
                     " AND name LIKE 'edu~_%%' ESCAPE '~'",
                     what),
        world.p);
}

/* The database as it was before an input. */
static void restore(void)
{
    static const char *statements;

    if (!statements) {
        run(each_table("CREATE TEMP TABLE was_? AS SELECT * FROM ?"));
        statements = apr_pstrcat(
            world.p, "BEGIN;",
            each_table("DELETE FROM ?;INSERT INTO ? SELECT * FROM was_?"),
            ";COMMIT", NULL);
    }
    else if (changes() != world.changes) {
        run(statements);
    }
    world.changes = changes();
}

/* What there is at first, as a client makes it. */
/* clang-format off */
static const struct given_t {
    const char *method, *path, *json;
} given[] = {
    { "PUT", CLASS, "{'displayName':'Physics'}" },
    { "PUT", CLASS "/members", "{'value':[{'id':'teacher','primaryRole':"
      "'teacher'},{'id':'student'},{'id':'other','displayName':'\xc3\xa9'}]}" },
    { "PUT", ASSIGNMENT, "{'displayName':'Essay','grading':{'maxPoints':20},"
      "'gradingScheme':{'grades':[{'displayName':'F','minPercentage':0},"
      "{'displayName':'A','minPercentage':90}]},'rubric':{'qualities':["
      "{'qualityId':'style','criteria':[{'description':{'content':'x'}}]},"
      "{'qualityId':'facts'},{'qualityId':'length'}],'levels':[{'levelId':"
      "'good','grading':{'maxPoints':2}},{'levelId':'poor'}]}}" },
    { "PUT", CLASS "/assignments/b", "{'displayName':'Test'}" },
    { "PUT", SUBMISSION, "{'recipient':{'userId':'student'}}" },
    { "PUT", ASSIGNMENT "/submissions/t", "{'recipient':{'userId':'other'}}" },
    { "POST", ASSIGNMENT "/publish", NULL },
    { "PATCH", POINTS, "{'points':{'points':18.5}}" },
    { "PATCH", RUBRIC, "{'rubricQualitySelectedLevels':[{'qualityId':"
      "'style','columnId':'good'}]}" },
    { "POST", OUTCOMES, TYPE("FeedbackResource") ",'id':'" FILE_ID "',"
      "'feedbackResource':{'@odata.type':'#microsoft.graph."
      "educationLinkResource','displayName':'x','link':'https://x.org'}}" },
    { "POST", OPEN, TYPE("Points") ",'points':{'points':3}}" },
    { "POST", OPEN, TYPE("Points") ",'points':{'points':85.1}}" },
    { "POST", OPEN, TYPE("Feedback") ",'feedback':{'text':{'content':"
      "'It\\u0027s (not) bad','contentType':'text'}}}" },
    { "POST", OPEN, TYPE("Rubric") "}" },
    { "POST", OPEN, TYPE("FeedbackResource") ",'feedbackResource':"
      "{'@odata.type':'#microsoft.graph.educationWordResource',"
      "'displayName':'\xc3\xa9','fileUrl':'https://x.org/1'}}" },
    { "POST", SUBMISSION "/return", NULL }
};
/* clang-format on */

/* clang-format off */
static struct {
    const edu_type_t *type;
    const char *path;
    const json_t *list; /* of what there is at first */
} typed[] = {
    { &edu__outcome, OPEN, NULL },
    { &edu__submission, ASSIGNMENT "/submissions", NULL },
    { &edu__assignment, CLASS "/assignments", NULL },
    { &edu__class, "/education/classes", NULL },
    { &edu__user, CLASS "/members", NULL }
};
/* clang-format on */

static void start(void)
{
    apr_initialize();
    apr_pool_create(&world.p, NULL);
    apr_pool_create(&scratch, NULL);
    apr_dbd_init(world.p);
    world.db = database_make(":memory:", EDU_SCHEMA_AUTO, world.p);
    world.db->store.timeout = apr_time_from_sec(3600);
    world.documents = edu_documents_make(world.p);
    world.mount = (edu_mount_t){ .rules_alone = 1,
                                 .batch_max = 20,
                                 .repeatable = 86400,
                                 .max_body = 1 << 20,
                                 .max_values = 100000,
                                 .max_line = 8190,
                                 .max_expression = 1000 };
    world.caller = admin;
    must(!edu_store_check(&world.db->store, &(edu_error_t){ 0 }, world.p),
         "there is a database");
    for (apr_size_t i = 0; i < COUNT(given); i++) {
        const char *json = given[i].json;
        answer_t answer = ask(given[i].method, given[i].path,
                              json ? quotes(json, scratch) : NULL);

        must(answer.res.status < 300, "%s is given: %s", given[i].path,
             answer.text);
    }
    for (apr_size_t i = 0; i < COUNT(typed); i++) {
        const char *list = ask("GET", typed[i].path, NULL).text;

        typed[i].list = edu__json_load(list, world.p);
    }
    restore();
    apr_pool_clear(scratch);
}

/* ------------------------------------------------------------------ targets */

/* A byte begins an input, best a letter: its last five bits tell what is asked
 * for; 0x20, that in beta; 0x40, where nothing has to be registered and stamps
 * are not trusted; 0x80, by somebody who is no administrator. */
static void settle(unsigned char letter)
{
    world.mount.dialect = letter & 0x20 ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0;
    world.mount.registered = world.mount.trust_stamps = !(letter & 0x40);
    world.caller = letter & 0x80 ? student : admin;
}

typedef struct place_t {
    const char *method, *path, *json;
} place_t;

/* a and A are the first */
#define INDEX_OF(places, letter) ((((letter)-1) & 0x1f) % COUNT(places))

/* What an outcome, or another entity, is after it was changed: the same change
 * again, nothing, and all of it change nothing. */
static void check_settled(const char *method, const char *path,
                          const answer_t *once)
{
    int outcome = strcmp(method, "PATCH") == 0;
    answer_t got = ask("GET", path, NULL);
    answer_t again;

    must(got.res.status == 200 && tap_same(got.etag, once->etag),
         "GET after %s: %s", method, got.text);
    must(tap_same(got.text, once->text), "GET is what %s answered: %s\n%s",
         method, got.text, once->text);
    if (outcome) {
        again = ask("PATCH", path, "{}");
        must(again.res.status == 200 && tap_same(again.text, got.text),
             "an empty PATCH changes nothing: %s\n%s", again.text, got.text);
    }
    again = ask(method, path, got.text);
    must(again.res.status == 200 && tap_same(again.text, got.text),
         "%s of what GET gave changes nothing: %s\n%s", method, again.text,
         got.text);
}

/* clang-format off */
static const place_t bodies[] = {
    { "PATCH", POINTS, NULL },
    { "PATCH", FEEDBACK, NULL },
    { "PATCH", RUBRIC, NULL },
    { "PATCH", OUTCOMES "/" FILE_ID, NULL },
    { "POST", OPEN, NULL },
    { "POST", OUTCOMES "/$ref", NULL },
    { "PUT", CLASS, NULL },
    { "PUT", ASSIGNMENT, NULL },
    { "PUT", SUBMISSION, NULL },
    { "PUT", CLASS "/members", NULL },
    { "POST", CLASS "/members/$ref", NULL },
    { "POST", CLASS "/teachers/$ref", NULL },
    { "PUT", CLASS "/assignments/b/submissions/u", NULL }
};
/* clang-format on */

static void fuzz_body(char letter, const char *text, apr_size_t len)
{
    const place_t *place = &bodies[INDEX_OF(bodies, letter)];
    answer_t once = serve(place->method, place->path, NULL, text, len);
    const char *location = apr_table_get(once.res.headers, "Location");
    answer_t again;

    if (once.res.status >= 300) {
        must(changes() == world.changes, "what is refused changes nothing: %s",
             once.text);
        return;
    }
    if (strcmp(place->method, "POST") != 0) {
        again = serve(place->method, place->path, NULL, text, len);
        /* stamps that are trusted may say what else is told otherwise */
        must(world.mount.trust_stamps || (tap_same(again.etag, once.etag) &&
                                          tap_same(again.text, once.text)),
             "the same again changes nothing: %s\n%s", again.text, once.text);
        if (once.etag && !world.mount.trust_stamps) {
            check_settled(place->method, place->path, &once);
        }
    }
    else if (location) {
        again = follow(location);
        must(again.res.status == 200 && tap_same(again.text, once.text),
             "what was created is where it says: %s\n%s", again.text,
             once.text);
    }
    ask("POST", SUBMISSION "/return", NULL);
    ask("GET", OUTCOMES, NULL);
}

static void fuzz_batch(char letter, const char *text, apr_size_t len)
{
    answer_t answer = serve("POST", "/$batch", NULL, text, len);
    const json_t *responses = json_object_get(answer.json, "responses");
    json_t *response, *value;
    const char *name;
    size_t i;

    (void)letter;
    json_array_foreach((json_t *)responses, i, response)
    {
        const json_t *body = json_object_get(response, "body");
        int status = json_integer_value(json_object_get(response, "status"));

        check_status(status, answer.text);
        if (status >= 400 && body) {
            check_error(body, answer.text);
        }
        json_object_foreach(json_object_get(response, "headers"), name, value)
        {
            must(json_is_string(value), "a header is a string: %s",
                 answer.text);
            check_header(NULL, name, json_string_value(value));
        }
    }
    must(answer.res.status != 200 || json_array_size(responses),
         "each request has its answer: %s", answer.text);
}

static void fuzz_path(char letter, const char *text, apr_size_t len)
{
    static const char *const methods[] = { "OPTIONS", "GET", "PATCH",
                                           "POST",    "PUT", "DELETE" };
    edu_path_t path, same;
    edu_error_t err;

    (void)letter;
    (void)len;
    if (!edu__path_parse(&path, text, &err, scratch)) {
        must(!edu__path_parse(&same, path.canonical, &err, scratch) &&
                 tap_same(same.canonical, path.canonical) &&
                 same.resource == path.resource,
             "what is canonical is its own canonical path: %s", path.canonical);
        for (int table = 0; table <= EDU_OUTCOME; table++) {
            const char *id = *edu__key_id(&path.key, table);

            must(!id || edu__is_key(id), "an id in a path is one: %s", text);
            must(tap_same(id, *edu__key_id(&same.key, table)),
                 "a canonical path names the same: %s", text);
        }
    }
    for (apr_size_t i = 0; i < COUNT(methods); i++) {
        ask(methods[i], text, "{}");
    }
}

/* clang-format off */
static const place_t queries[] = {
    { "GET", OPEN, NULL },
    { "GET", OUTCOMES, NULL },
    { "GET", OPEN "/$count", NULL },
    { "GET", POINTS, NULL },
    { "GET", ASSIGNMENT "/submissions", NULL },
    { "GET", ASSIGNMENT "/submissions/$count", NULL },
    { "GET", SUBMISSION, NULL },
    { "GET", CLASS "/getRecentlyModifiedSubmissions", NULL },
    { "GET", CLASS "/members", NULL },
    { "GET", CLASS "/assignments", NULL },
    { "GET", "/education/me/assignments", NULL },
    { "GET", "/education/classes", NULL },
    { "POST", OPEN, TYPE("Points") "}" }
};
/* clang-format on */

/* All pages are there, and none shows what another did. */
static void fuzz_query(char letter, const char *text, apr_size_t len)
{
    const place_t *place = &queries[INDEX_OF(queries, letter)];
    const char *query = apr_pstrmemdup(scratch, text, strcspn(text, "#"));
    const char *json = place->json ? quotes(place->json, scratch) : NULL;
    answer_t page =
        serve(place->method, place->path, query, json, json ? strlen(json) : 0);
    json_t *seen = edu__json_own(json_object(), scratch);
    const json_t *count = json_object_get(page.json, "@odata.count"), *row;
    const char *link;
    json_int_t rows = 0;
    size_t i;

    (void)len;
    for (int pages = 0;; pages++) {
        rows += json_array_size(json_object_get(page.json, "value"));
        json_array_foreach(json_object_get(page.json, "value"), i, row)
        {
            const char *id = string_at(row, "id");

            must(!id || !json_object_get(seen, id), "%s is in one page", id);
            must(!id || !json_object_set_new(seen, id, json_true()), "memory");
        }
        link = string_at(page.json, "@odata.nextLink");
        if (!link) {
            break;
        }
        must(pages < ROWS, "pages end: %s", link);
        page = follow(link);
        must(page.res.status == 200, "a link is good: %s: %s", link, page.text);
    }
    /* what is escaped may be a $skip or a $top=0, too */
    must(!count || rows == json_integer_value(count) ||
             (rows < json_integer_value(count) && strpbrk(query, "%kK0")),
         "there are as many as are counted: %d", (int)rows);
}

/* ------------------------------------------------------------------- filter */

static void check_orders(const apr_array_header_t *orders, const json_t *a,
                         const json_t *b)
{
    const edu_query_t any = { 0 };
    edu_error_t err;
    edu_value_t x, y;

    for (int i = 0; i < orders->nelts; i++) {
        const edu_expr_t *key = APR_ARRAY_IDX(orders, i, edu_order_t).key;
        int slow =
            edu__expr_find(&x, key, a, &any, "$orderby", &err, scratch) ||
            edu__expr_find(&y, key, b, &any, "$orderby", &err, scratch);
        int order = slow ? 0 : edu__value_compare(&x, &y);
        int back = slow ? 0 : edu__value_compare(&y, &x);

        must((order < 0) == (back > 0) && (order == 0) == (back == 0),
             "an order has two directions");
    }
}

static void check_filter(const edu_expr_t *filter, const char *text,
                         edu_query_t *query, const json_t *docs)
{
    const edu_expr_t *same;
    edu_error_t err;
    const json_t *doc;
    size_t i;

    /* unless that is one more than it may be */
    if (edu__filter_parse(&same, apr_pstrcat(scratch, "(", text, ")", NULL),
                          query, &err, scratch)) {
        same = filter;
    }
    json_array_foreach(docs, i, doc)
    {
        must(edu__filter_match(filter, doc, scratch) ==
                 edu__filter_match(same, doc, scratch),
             "parentheses change nothing: %s", text);
    }
}

static void check_time(const char *text)
{
    edu_time_t time, again;

    if (!edu__time_parse(&time, text)) {
        const char *back = edu__time_format(time, scratch);

        must(!edu__time_parse(&again, back) && time == again,
             "a time is the same when it was written: %s %s", text, back);
    }
}

/* A $filter or an $orderby, decoded, or a time. */
static void fuzz_filter(char letter, const char *text, apr_size_t len)
{
    int which = INDEX_OF(typed, letter);
    const json_t *docs = json_object_get(typed[which].list, "value"), *doc;
    edu_query_t query = { .type = typed[which].type,
                          .dialect = world.mount.dialect,
                          .most_parts = world.mount.max_expression };
    apr_array_header_t *orders;
    const edu_expr_t *filter;
    edu_error_t err;
    size_t before = peak = live, i;

    (void)len;
    if (!edu__is_utf8(text)) {
        return;
    }
    if (!edu__filter_parse(&filter, text, &query, &err, scratch)) {
        check_filter(filter, text, &query, docs);
    }
    if (!edu__orderby_parse(&orders, text, &query, &err, scratch)) {
        json_array_foreach(docs, i, doc)
        {
            check_orders(orders, json_array_get(docs, 0), doc);
        }
    }
    check_cost(before);
    check_time(text);
}

/* ------------------------------------------------------------------ headers */

/* clang-format off */
static const place_t headed[] = {
    { "GET", POINTS, NULL },
    { "PATCH", POINTS, "{'points':{'points':7}}" },
    { "DELETE", OUTCOMES "/" FILE_ID, NULL },
    { "POST", OPEN, TYPE("Points") "}" },
    { "PUT", SUBMISSION, "{'recipient':{'userId':'student'}}" },
    { "POST", SUBMISSION "/return", NULL },
    { "GET", OUTCOMES, NULL },
    { "GET", OPEN "/$count", NULL },
    { "GET", SUBMISSION, NULL },
    { "POST", "/education/me/assignments/a/submissions/s/submit", NULL }
};
/* clang-format on */

/* The field as one without blanks around it. */
static const char *field(const char *name)
{
    char *value = apr_pstrdup(scratch, header(NULL, name));
    char *end = value ? value + strlen(value) : NULL;

    while (value && end > value && strchr(" \t", end[-1])) {
        *--end = '\0';
    }
    return value;
}

/* Lines of header fields; the first % is the version of what is there. */
static void fuzz_header(char letter, const char *text, apr_size_t len)
{
    const place_t *place = &headed[INDEX_OF(headed, letter)];
    const char *json = place->json ? quotes(place->json, scratch) : NULL;
    const char *tag = ask("GET", place->path, NULL).etag;
    const char *version =
        tag ? apr_pstrmemdup(scratch, tag + 1, strlen(tag) - 2) : "-";
    const char *condition;
    char *percent;
    answer_t answer;

    (void)len;
    if ((percent = strchr(text, '%'))) {
        *percent++ = '\0';
        text = apr_pstrcat(scratch, text, version, percent, NULL);
    }
    world.headers = text;
    world.mount.require_if_match = world.mount.registered;
    condition = field("If-Match");
    answer =
        serve(place->method, place->path, NULL, json, json ? strlen(json) : 0);
    must(answer.res.status >= 300 || !condition || !tag ||
             strcmp(condition, "*") == 0 || strstr(condition, version),
         "If-Match: %s is no condition that holds: %d", condition,
         answer.res.status);
    world.mount.require_if_match = 0;
    world.headers = NULL;
}

/* ------------------------------------------------------------------- stored */

/* clang-format off */
static const struct stored_t {
    const char *column, *where;
    int outcome;
} stored[] = {
    { "edu_class SET body", "id = 'c'", 0 },
    { "edu_member SET body", "id = 'student'", 0 },
    { "edu_assignment SET body", "id = 'a'", 0 },
    { "edu_submission SET body", "id = 's'", 0 },
    { "edu_submission SET modified_by", "id = 's'", 0 },
    { "edu_outcome SET body", "class_id = 'c' AND type LIKE '%Points%'", 1 },
    { "edu_outcome SET body", "class_id = 'c' AND type LIKE '%Rubric%'", 1 },
    { "edu_outcome SET body", "class_id = 'c' AND type LIKE '%Resource%'", 1 },
    { "edu_outcome SET body", "class_id = 'o'", 1 }
};
/* clang-format on */

/* What is cut from a text is what jansson makes of it. */
static const char *check_members(const char *text)
{
    const json_t *json = edu__json_load(text, scratch);
    const char *want = json ? edu__json_text(json, scratch) : NULL;
    const apr_array_header_t *members = edu__members_load(text, scratch);
    const char *got =
        members ? edu__members_text(members, NULL, scratch) : NULL;

    must(tap_same(edu__json_tidy(text, scratch), want), "tidy: %s", text);
    must(tap_same(got, want && *want == '{' ? want : NULL), "members: %s", got);
    return want;
}

/* Whether an answer with the text in it is as deep as jansson reads. */
static int is_shallow(const char *text)
{
    int depth = 0;

    for (; *text && depth < 1000; text++) {
        depth += *text == '{' || *text == '[';
    }
    return !*text;
}

static void ask_all(const char *query, int as_written)
{
    for (apr_size_t i = 0; i < COUNT(queries); i++) {
        const place_t *place = &queries[i];
        answer_t answer;

        if (*place->method == 'G' && !strstr(place->path, "$count")) {
            answer = serve("GET", place->path, query, NULL, 0);
            must(!as_written || tap_same(edu__json_text(answer.json, scratch),
                                         answer.text),
                 "an answer is as jansson writes it: %s", answer.text);
        }
    }
}

/* A text as SQL has it. */
static const char *quoted(const char *text)
{
    char *copy = apr_palloc(scratch, 2 * strlen(text) + 3), *to = copy;

    for (*to++ = '\''; *text; text++) {
        *to++ = *text;
        if (*text == '\'') {
            *to++ = '\'';
        }
    }
    *to++ = '\'';
    *to = '\0';
    return copy;
}

/* A document as another program may have stored it.  An outcome, which none
 * does, is looked at by its ends where it goes out as it is. */
static void fuzz_stored(char letter, const char *text, apr_size_t len)
{
    const struct stored_t *row = &stored[INDEX_OF(stored, letter)];
    const char *read = check_members(text);
    int plain;

    (void)len;
    if (!is_shallow(text) || (row->outcome && !read)) {
        return;
    }
    /* a context of its own would stand beside ours */
    plain = !row->outcome && read && !strstr(read, "@odata.context");
    world.damaged = text;
    run(apr_pstrcat(scratch, "UPDATE ", row->column, " = ", quoted(text),
                    " WHERE ", row->where, NULL));
    ask_all(NULL, plain);
    ask_all("$select=id,displayName,points,status", plain);
    ask_all("$filter=id+ne+'x'&$orderby=id", plain);
    ask("PATCH", POINTS, quotes("{'points':{'points':7}}", scratch));
    ask("POST", SUBMISSION "/return", NULL);
    ask("GET", OUTCOMES, NULL);
    ask("POST", SUBMISSION "/excuse", NULL);
    ask("GET", OUTCOMES, NULL);
    world.damaged = NULL;
}

/* --------------------------------------------------------------------- main */

/* clang-format off */
static const struct target_t {
    const char *name;
    void (*run)(char letter, const char *text, apr_size_t len);
    int binary; /* a text may have any byte in it, NUL too */
} targets[] = {
    { "path", fuzz_path, 0 },
    { "query", fuzz_query, 0 },
    { "filter", fuzz_filter, 0 },
    { "body", fuzz_body, 1 },
    { "batch", fuzz_batch, 1 },
    { "header", fuzz_header, 0 },
    { "stored", fuzz_stored, 0 }
};
/* clang-format on */

static const struct target_t *target(void)
{
    const char *name = getenv("FUZZ");

    for (apr_size_t i = 0; i < COUNT(targets); i++) {
        if (name && strcmp(targets[i].name, name) == 0) {
            return &targets[i];
        }
    }
    fprintf(stderr, "# FUZZ names no target\n");
    exit(2);
}

/* An input, in a block of just its size; what stands between two bytes 1 in it
 * is repeated, so that short inputs make long ones. */
static char *lengthen(const char *data, apr_size_t *len, apr_size_t extra)
{
    const char *end = data + *len;
    const char *part = memchr(data, 1, *len), *rest = NULL;
    apr_size_t times = 0, size = 0;
    char *text, *to;

    if (part && (rest = memchr(part + 1, 1, end - part - 1)) &&
        rest - part > 1) {
        size = rest - part - 1;
        times = LONG / size;
    }
    text = to = apr_palloc(scratch, *len + times * size + extra);
    if (times) {
        memcpy(to, data, part - data);
        to += part - data;
        for (apr_size_t i = 0; i < times; i++, to += size) {
            memcpy(to, part + 1, size);
        }
        data = rest + 1;
    }
    memcpy(to, data, end - data);
    to += end - data;
    *len = to - text;
    memset(to, '\0', extra);
    return text;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    target();
    /* what lasts is found by pools alone, whose memory is not looked through
     * for pointers */
    __lsan_disable();
    start();
    __lsan_enable();
    watch_memory();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct target_t *to = target();
    apr_size_t len = size - 1;
    const char *text;

    if (size == 0) {
        return 0;
    }
    text = lengthen((const char *)data + 1, &len, !to->binary);
    world.sent = to->binary ? len : strlen(text);
    settle(data[0]);
    to->run(data[0], text, world.sent);
    run("BEGIN IMMEDIATE;ROLLBACK");
    restore();
    apr_pool_clear(scratch);
    return 0;
}
