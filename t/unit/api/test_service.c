/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Requests as values in, responses as values out; no server. */

#include "api.h"
#include "database.h"

#define APR_WANT_IOVEC
#include <apr_want.h>

#define BASE "https://example.org/v1.0"
#define PLACE "/education/classes/c/assignments/a/submissions/s/outcomes"
#define ID "05d0f76c-1dfa-4442-926c-1b094828b505"
#define OTHER "11111111-aaaa-4bbb-8ccc-222222222222"
#define ONE PLACE "/" ID
#define JSON "Content-Type: application/json"

#define TYPE(name) "'@odata.type':'#microsoft.graph." name "'"
#define POINTS TYPE("educationPointsOutcome")
#define FEEDBACK TYPE("educationFeedbackOutcome")
#define RUBRIC TYPE("educationRubricOutcome")

/* The outcome that is stored before each request, of version 1. */
#define STORED_AT(at)                                                          \
    "{" POINTS ",'@odata.etag':'\\'1\\'','id':'" ID "','lastModifiedBy':null," \
    "'lastModifiedDateTime':" at ",'points':{'gradedBy':null,"                 \
    "'gradedDateTime':null,'points':5},'publishedPoints':null}"
#define STORED STORED_AT("'2020-01-01T00:00:00.0000000Z'")

/* ----------------------------------------------------------------- requests */

/* A server and its client, as far as the library sees them. */
typedef struct world_t {
    database_t *db;
    const edu_store_t *store;
    edu_mount_t mount;
    edu_caller_t caller;
    edu_trace_t trace;
    const char *headers; /* "Name: value" by lines, or NULL */
    const char *body;
    apr_status_t refusal; /* of the body */
    int reads;            /* of the body */
    apr_pool_t *p;
} world_t;

typedef struct answer_t {
    edu_response_t res;
    const char *text;
    json_t *json; /* NULL: no body, or no JSON */
} answer_t;

static const char *header(void *baton, const char *name)
{
    const world_t *world = baton;
    apr_size_t len = strlen(name);

    for (const char *line = world->headers; line && *line;) {
        apr_size_t end = strcspn(line, "\n");

        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1;
            line += strspn(line, " ");
            return apr_pstrmemdup(world->p, line, strcspn(line, "\n"));
        }
        line += end + (line[end] == '\n');
    }
    return NULL;
}

static apr_status_t body(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    world_t *world = baton;

    (void)max;
    world->reads++;
    if (world->refusal) {
        return edu_error_set(err, world->refusal, NULL, p, "refused for 7");
    }
    *data = world->body;
    *len = world->body ? strlen(world->body) : 0;
    return APR_SUCCESS;
}

static answer_t *ask(world_t *world, const char *method, const char *path,
                     const char *query, const char *headers, const char *json)
{
    answer_t *answer = apr_pcalloc(world->p, sizeof(*answer));
    const edu_request_t req = { .method = method,
                                .path = path,
                                .query = query,
                                .base = BASE,
                                .mount = &world->mount,
                                .caller = &world->caller,
                                .trace = &world->trace,
                                .store = world->store,
                                .header = header,
                                .body = body,
                                .baton = world };

    world->headers = headers;
    world->body = json ? quotes(json, world->p) : NULL;
    world->reads = 0;
    memset(&answer->res, 0x55, sizeof(answer->res));
    edu_service_run(&answer->res, &req, world->p);
    answer->text = text_of(&answer->res, world->p);
    answer->json = edu__json_load(answer->text, world->p);
    return answer;
}

static const char *sent(const answer_t *answer, const char *name)
{
    return apr_table_get(answer->res.headers, name);
}

static const char *string_at(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static const json_t *error_of(const answer_t *answer)
{
    return json_object_get(answer->json, "error");
}

/* All that is stored, in one text. */
static const char *stored(world_t *world)
{
    return database_ask(world->db,
                        "SELECT group_concat(id || type || version || body)"
                        " FROM (SELECT * FROM edu_outcome ORDER BY id)",
                        world->p);
}

static void put(world_t *world, const char *id, const char *type,
                const char *version, const char *json)
{
    put_outcome(world->db, id, type, version, quotes(json, world->p), world->p);
}

/* The state before each request: one outcome, a signed-in user, v1.0. */
static void reset(world_t *world)
{
    static const edu_mount_t mount = { .dialect = EDU_DIALECT_V1_0,
                                       .rules_alone = 1 };
    static const edu_caller_t caller = USER("teacher");

    world->store = &world->db->store;
    world->mount = mount;
    world->caller = caller;
    world->refusal = APR_SUCCESS;
    edu_trace_init(&world->trace, "client-1", NULL, world->p);
    edu_store_check(world->store, &(edu_error_t){ 0 }, world->p);
    database_run(world->db, "DELETE FROM edu_outcome");
    put(world, ID, "educationPointsOutcome", "1", STORED);
}

/* Checks that hold for every answer. */
static int has_headers(const world_t *world, const answer_t *answer)
{
    return tap_same(sent(answer, "OData-Version"), "4.0") &&
           tap_same(sent(answer, "request-id"), world->trace.request_id) &&
           tap_same(sent(answer, "client-request-id"), "client-1") &&
           tap_same(sent(answer, "Cache-Control"), EDU_CACHE_CONTROL) &&
           tap_same(sent(answer, "X-Content-Type-Options"), "nosniff");
}

/* Checks that hold for every refusal: it has a document, and no details of the
 * failure. */
static int is_refusal(const world_t *world, const answer_t *answer)
{
    const json_t *error = error_of(answer);
    const json_t *inner = json_object_get(error, "innerError");

    return has_headers(world, answer) &&
           tap_same(sent(answer, "Content-Type"), "application/json") &&
           !sent(answer, "ETag") && !sent(answer, "Location") &&
           string_at(error, "code") && string_at(error, "message") &&
           tap_same(string_at(inner, "request-id"), world->trace.request_id) &&
           tap_same(string_at(inner, "client-request-id"), "client-1") &&
           answer->res.error.status == answer->res.status &&
           tap_same(answer->res.error.code, string_at(error, "code"));
}

/* ----------------------------------------------------------------- refusals */

/* clang-format off */
static const struct refusal_t {
    const char *name, *method, *path, *query, *headers, *body;
    int status;
    const char *code, *target;
    int reads; /* of the body */
} refusals[] = {
    /* paths */
    { "no path", "GET", "x", NULL, NULL, NULL, 404, "notFound", NULL, 0 },
    { "a resource without methods", "GET", "/education/me", NULL, NULL, NULL,
      404, "notFound", NULL, 0 },
    { "all classes", "GET", "/education/classes", NULL, NULL, NULL, 403,
      "forbidden", NULL, 0 },
    { "a submission", "GET", "/education/classes/c/assignments/a/submissions/s",
      NULL, NULL, NULL, 404, "notFound", NULL, 0 },
    { "OPTIONS of nothing", "OPTIONS", "/x", NULL, NULL, NULL, 404, "notFound",
      NULL, 0 },
    { "POST to nothing", "POST", "/x", NULL, JSON, "{}", 404, "notFound", NULL,
      0 },
    { "a slash too many", "GET", PLACE "/", NULL, NULL, NULL, 404, "notFound",
      NULL, 0 },
    { "a bad key", "GET", "/education/classes/\xff/assignments", NULL, NULL,
      NULL, 400, "badRequest", "classes", 0 },
    { "no such outcome", "GET", PLACE "/" OTHER, NULL, NULL, NULL, 404, "20241",
      NULL, 0 },
    { "PATCH of none", "PATCH", PLACE "/" OTHER, NULL, JSON, "{}", 404, "20241",
      NULL, 1 },
    { "DELETE of none", "DELETE", PLACE "/" OTHER, NULL, NULL, NULL, 404,
      "20241", NULL, 0 },
    { "DELETE of none on any condition", "DELETE", PLACE "/" OTHER, NULL,
      "If-Match: *", NULL, 404, "20241", NULL, 0 },
    { "an outcome of another submission", "GET",
      "/education/classes/c/assignments/a/submissions/t/outcomes/" ID, NULL,
      NULL, NULL, 404, "20241", NULL, 0 },

    /* methods */
    { "PUT of a collection", "PUT", PLACE, NULL, JSON, "{}", 405,
      "methodNotAllowed", NULL, 0 },
    { "PUT of an outcome", "PUT", ONE, NULL, JSON, "{}", 405,
      "methodNotAllowed", NULL, 0 },
    { "POST to an outcome", "POST", ONE, NULL, JSON, "{}", 405,
      "methodNotAllowed", NULL, 0 },
    { "DELETE of the collection", "DELETE", PLACE, NULL, NULL, NULL, 405,
      "methodNotAllowed", NULL, 0 },
    { "PATCH of the collection", "PATCH", PLACE, NULL, JSON, "{}", 405,
      "methodNotAllowed", NULL, 0 },
    { "GET of $ref", "GET", PLACE "/$ref", NULL, NULL, NULL, 405,
      "methodNotAllowed", NULL, 0 },
    { "DELETE of $ref", "DELETE", PLACE "/$ref", NULL, NULL, NULL, 405,
      "methodNotAllowed", NULL, 0 },
    { "HEAD of $ref", "HEAD", PLACE "/$ref", NULL, NULL, NULL, 405,
      "methodNotAllowed", NULL, 0 },
    { "a method in small letters", "get", PLACE, NULL, NULL, NULL, 405,
      "methodNotAllowed", NULL, 0 },
    { "a method nobody knows", "BREW", PLACE, NULL, NULL, NULL, 405,
      "methodNotAllowed", NULL, 0 },
    { "no method", "", PLACE, NULL, NULL, NULL, 405, "methodNotAllowed", NULL,
      0 },

    /* the answer's media type */
    { "an answer in HTML", "GET", PLACE, NULL, "Accept: text/html", NULL, 406,
      "notAcceptable", "Accept", 0 },
    { "a refused answer changes nothing", "PATCH", ONE, NULL,
      JSON "\nAccept: text/html", "{'points':null}", 406, "notAcceptable",
      "Accept", 0 },
    { "a refused answer removes nothing", "DELETE", ONE, NULL,
      "Accept: image/*", NULL, 406, "notAcceptable", "Accept", 0 },
    { "a refused answer creates nothing", "POST", PLACE, NULL,
      JSON "\nAccept: */*;q=0", "{}", 406, "notAcceptable", "Accept", 0 },

    /* the body's media type */
    { "no type", "POST", PLACE, NULL, NULL, "{}", 415, "unsupportedMediaType",
      "Content-Type", 0 },
    { "another type", "POST", PLACE, NULL, "Content-Type: text/plain", "{}",
      415, "unsupportedMediaType", "Content-Type", 0 },
    { "another type for a PATCH", "PATCH", ONE, NULL, "Content-Type: text/json",
      "{}", 415, "unsupportedMediaType", "Content-Type", 0 },
    { "compressed", "POST", PLACE, NULL, JSON "\nContent-Encoding: gzip", "{}",
      415, "unsupportedMediaType", "Content-Encoding", 0 },
    { "compressed otherwise", "PATCH", ONE, NULL,
      JSON "\nContent-Encoding: identity, br", "{}", 415,
      "unsupportedMediaType", "Content-Encoding", 0 },
    { "no body", "POST", PLACE, NULL, JSON, NULL, 400, "badRequest", "body",
      1 },
    { "an empty one", "PATCH", ONE, NULL, JSON, "", 400, "badRequest", "body",
      1 },
    { "no JSON", "POST", PLACE, NULL, JSON, "points=5", 400, "badRequest",
      "body", 1 },
    { "no JSON for a PATCH", "PATCH", ONE, NULL, JSON, "{", 400, "badRequest",
      "body", 1 },
    { "no object", "POST", PLACE, NULL, JSON, "[{}]", 400, "badRequest", "body",
      1 },
    { "bytes that are no text", "POST", PLACE, NULL, JSON, "{'a':'\xff'}", 400,
      "badRequest", NULL, 1 },
    { "a duplicate", "PATCH", ONE, NULL, JSON,
      "{'points':{'points':1,'points':2}}", 400, "badRequest", "body", 1 },

    /* what it says */
    { "an unknown member", "POST", PLACE, NULL, JSON, "{'colour':1}", 400,
      "badRequest", "colour", 1 },
    { "an unknown type", "POST", PLACE, NULL, JSON, "{'@odata.type':'#x'}", 400,
      "badRequest", "@odata.type", 1 },
    { "a member of beta", "PATCH", ONE, NULL, JSON, "{'points':{'grade':'A'}}",
      400, "badRequest", "points/grade", 1 },
    { "points out of range", "PATCH", ONE, NULL, JSON,
      "{'points':{'points':-1}}", 400, "badRequest", "points/points", 1 },
    { "another type of outcome", "PATCH", ONE, NULL, JSON, "{" FEEDBACK "}",
      400, "badRequest", "@odata.type", 1 },
    { "a reference", "POST", PLACE "/$ref", NULL, JSON,
      "{'@odata.id':'" BASE ONE "'}", 400, "badRequest", "@odata.id", 1 },
    { "an id that is no GUID", "POST", PLACE, NULL, JSON, "{'id':'1'}", 400,
      "badRequest", "id", 1 },
    { "an empty id", "POST", PLACE, NULL, JSON, "{'id':''}", 400, "badRequest",
      "id", 1 },
    { "an id that is taken", "POST", PLACE, NULL, JSON, "{'id':'" ID "'}", 409,
      "conflict", "id", 1 },
    { "an id that is taken, in other letters", "POST", PLACE "/$ref", NULL,
      JSON, "{'id':'05D0F76C-1DFA-4442-926C-1B094828B505'}", 409, "conflict",
      "id", 1 },

    /* conditions */
    { "a stale version", "PATCH", ONE, NULL, JSON "\nIf-Match: \"0\"",
      "{'points':null}", 412, "preconditionFailed", "If-Match", 1 },
    { "a stale version, and nothing to change", "PATCH", ONE, NULL,
      JSON "\nIf-Match: \"0\"", "{}", 412, "preconditionFailed", "If-Match",
      1 },
    { "a stale version to remove", "DELETE", ONE, NULL, "If-Match: \"0\"", NULL,
      412, "preconditionFailed", "If-Match", 0 },

    /* query options; test_query.c has their values */
    { "$apply", "GET", PLACE, "$apply=identity", NULL,
      NULL, 501, "notImplemented", "$apply", 0 },
    { "$compute", "GET", PLACE, "$compute=x", NULL,
      NULL, 501, "notImplemented", "$compute", 0 },
    { "$deltatoken", "GET", PLACE, "$deltatoken=x", NULL,
      NULL, 400, "badRequest", "$deltatoken", 0 },
    { "$expand", "GET", PLACE, "$expand=x", NULL,
      NULL, 400, "ExpandNotSupported", "$expand", 0 },
    { "$expand with options", "GET", PLACE, "$expand=x($top=1)", NULL,
      NULL, 400, "ExpandNotSupported", "$expand", 0 },
    { "$id", "GET", PLACE, "$id=x", NULL,
      NULL, 501, "notImplemented", "$id", 0 },
    { "$index", "GET", PLACE, "$index=x", NULL,
      NULL, 501, "notImplemented", "$index", 0 },
    { "$levels", "GET", PLACE, "$levels=x", NULL,
      NULL, 501, "notImplemented", "$levels", 0 },
    { "$search", "GET", PLACE, "$search=x", NULL,
      NULL, 501, "notImplemented", "$search", 0 },
    { "expand", "GET", PLACE, "expand=*", NULL,
      NULL, 400, "ExpandNotSupported", "$expand", 0 },
    { "$expand of one", "GET", ONE, "$expand=*", NULL,
      NULL, 400, "ExpandNotSupported", "$expand", 0 },
    { "$search in a count", "GET", PLACE "/$count", "$search=x", NULL,
      NULL, 501, "notImplemented", "$search", 0 },
    { "$top", "GET", PLACE, "$top=-1", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "top", "GET", PLACE, "top=-1", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "$select", "GET", ONE, "$select=colour", NULL,
      NULL, 400, "BadRequest", "$select", 0 },
    { "$filter, encoded", "GET", PLACE, "a=b&%24filter=id%20eq%20x", NULL,
      NULL, 400, "BadRequest", "$filter", 0 },
    { "$filter with a function", "GET", PLACE, "$filter=geo.length(id)", NULL,
      NULL, 501, "notImplemented", "$filter", 0 },
    { "$orderby", "GET", PLACE, "$orderby=colour", NULL,
      NULL, 400, "BadRequest", "$orderby", 0 },
    { "$count", "GET", PLACE, "$count=1", NULL,
      NULL, 400, "badRequest", "$count", 0 },
    { "$skip", "GET", PLACE, "$skip=-1", NULL,
      NULL, 400, "badRequest", "$skip", 0 },
    { "$skiptoken", "GET", PLACE, "$skiptoken=x", NULL,
      NULL, 400, "badRequest", "$skiptoken", 0 },
    { "$format", "GET", PLACE, "$format=xml", NULL,
      NULL, 406, "notAcceptable", "$format", 0 },
    { "an option without a value", "GET", PLACE, "$top", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "an option after others", "GET", PLACE, "&&x=1&$top=", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "an option to create by", "POST", PLACE, "$top=1", JSON,
      "{}", 400, "badRequest", "$top", 0 },
    { "an option to change by", "PATCH", ONE, "$filter=x", JSON,
      "{'points':null}", 400, "badRequest", "$filter", 0 },
    { "a selection of nothing to change by", "PATCH", ONE, "$select=x", JSON,
      "{'points':null}", 400, "BadRequest", "$select", 0 },
    { "an option to remove by", "DELETE", ONE, "$filter=x", NULL,
      NULL, 400, "badRequest", "$filter", 0 },
    { "a selection to remove by", "DELETE", ONE, "$select=id", NULL,
      NULL, 400, "badRequest", "$select", 0 },
    { "a page of one", "GET", ONE, "$top=1", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "a page of a count", "GET", PLACE "/$count", "$top=1", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "no option of OData's", "GET", PLACE, "$first=1", NULL,
      NULL, 400, "badRequest", "$first", 0 },
    { "in other letters", "GET", PLACE, "$Top=-1", NULL,
      NULL, 400, "badRequest", "$top", 0 },
    { "a dollar", "GET", PLACE, "$=1", NULL,
      NULL, 400, "badRequest", "$", 0 },
    { "an encoding that is none", "GET", PLACE, "%zz=1", NULL,
      NULL, 400, "badRequest", NULL, 0 },
    { "POST to a count", "POST", PLACE "/$count", NULL, JSON,
      "{}", 405, "methodNotAllowed", NULL, 0 },
    { "a count in HTML", "GET", PLACE "/$count", NULL, "Accept: text/html",
      NULL, 406, "notAcceptable", "Accept", 0 },
};
/* clang-format on */

static void test_refusal(world_t *world, const struct refusal_t *row)
{
    const char *before;
    const answer_t *answer;
    int opened;

    reset(world);
    before = stored(world);
    opened = world->db->opened - world->db->closed;
    answer =
        ask(world, row->method, row->path, row->query, row->headers, row->body);
    ok(answer->res.status == row->status &&
           tap_same(string_at(error_of(answer), "code"), row->code),
       "%s: %d, not %d %s", row->name, row->status, answer->res.status,
       answer->text);
    ok(!row->target ||
           tap_same(string_at(error_of(answer), "target"), row->target),
       "the target is %s", row->target ? row->target : "free");
    ok(is_refusal(world, answer), "the refusal has Graph's shape");
    is_int(world->reads, row->reads, "the body is read only if it is needed");
    is_str(stored(world), before, "a refused request stores nothing");
    is_int(world->db->opened - world->db->closed, opened,
           "the refused request gives its connections back");
}

/* ------------------------------------------------------------ media types */

/* clang-format off */
static const struct media_t {
    const char *field;
    int fine;
} accepts[] = {
    { "application/json", 1 },
    { "APPLICATION/JSON", 1 },
    { "application/*", 1 },
    { "*/*", 1 },
    { "application/json;odata.metadata=minimal", 1 },
    { "application/json; odata.metadata=minimal; q=0.5", 1 },
    { "application/json;q=0.001", 1 },
    { "application/json;q=1", 1 },
    { "application/json;q=1.000", 1 },
    { "text/html, application/json", 1 },
    { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1 },
    { "*/*;q=0, application/json", 1 },
    { "application/json, */*;q=0", 1 },
    { "application/*;q=0, application/json;q=0.1", 1 },
    { "*/*;q=0, application/*", 1 },
    { " application/json", 1 },
    { "text/html;q=0, */*", 1 },
    { "text/html", 0 },
    { "text/*", 0 },
    { "text/html, image/png", 0 },
    { "application/xml", 0 },
    { "application/jsonp", 0 },
    { "application/jso", 0 },
    { "application/json-patch", 0 },
    { "xapplication/json", 0 },
    { "application/json;q=0", 0 },
    { "application/json; q=0", 0 },
    { "application/json ;q=0", 0 },
    { "application/json;Q=0", 0 },
    { "application/json;q=0.0", 0 },
    { "application/json;q=0.000", 0 },
    { "application/json;odata.metadata=full;q=0", 0 },
    { "*/*;q=0", 0 },
    { "application/json;q=0, */*", 0 },
    { "*/*, application/json;q=0", 0 },
    { "application/json;q=0, application/*;q=1, */*;q=1", 0 },
    { "application/*;q=0, */*", 0 },
    { "application/json junk", 0 },
    { "text/html;x=\"a, application/json\"", 0 },
    { "text/html;x=\"\\\", application/json\"", 0 },
    { "application/json;x=\"a,b\";q=0", 0 },
    { "application/json;x=\"a;q=1\";q=0", 0 },
    { "text/html;x=\"a,b\", application/json", 1 },
    { "text/html;x=\"\\\"\", application/json", 1 },
}, contents[] = {
    { "application/json", 1 },
    { "Application/JSON", 1 },
    { "application/json;charset=utf-8", 1 },
    { "application/json; charset=UTF-8", 1 },
    { "application/json ; charset=\"utf-8\"", 1 },
    { "application/json;odata.metadata=minimal;IEEE754Compatible=false", 1 },
    { "application/json;odata.metadata=minimal;charset=utf-8", 1 },
    { "application/json;", 1 },
    { "application/json; charset=iso-8859-1", 0 },
    { "application/json; charset=utf-16", 0 },
    { "application/json; charset=utf-8x", 0 },
    { "application/json; charset=\"latin1\"", 0 },
    { "application/json; odata.metadata=none; charset=latin1", 0 },
    { "application/jsonp", 0 },
    { "application/json-patch+json", 0 },
    { "application/merge-patch+json", 0 },
    { "application/json, text/plain", 0 },
    { "application/json;x=y, text/plain", 0 },
    { "application/json, application/json", 0 },
    { "application/json junk", 0 },
    { "application/json;charset=utf-8;charset=utf-16", 0 },
    { "application/json;charset=\"utf-8\"x", 0 },
    { "application/json;charset=\"utf-8", 0 },
    { ";application/json", 0 },
    { "application/json;x=\"a, b; charset=utf-16\"", 1 },
    { "application/*", 0 },
    { "*/*", 0 },
    { "text/json", 0 },
    { "text/plain", 0 },
    { "application/x-www-form-urlencoded", 0 },
    { "multipart/form-data; boundary=application/json", 0 },
    { "", 0 },
};
/* clang-format on */

/* Whether a Prefer field holds include-unknown-enum-members. */
#define UNKNOWNS "include-unknown-enum-members"

/* clang-format off */
static const struct media_t prefers[] = {
    { UNKNOWNS, 1 },
    { "Include-Unknown-Enum-Members", 1 },
    { " " UNKNOWNS " ", 1 },
    { "return=minimal," UNKNOWNS, 1 },
    { "return=minimal, " UNKNOWNS ", odata.maxpagesize=5", 1 },
    { UNKNOWNS ",return=minimal", 1 },
    { ",, " UNKNOWNS, 1 },
    { "return=minimal; foo=\"bar\", " UNKNOWNS, 1 },
    { UNKNOWNS ";foo", 1 },
    { UNKNOWNS "; foo=\"bar\"", 1 },
    { "", 0 },
    { ",", 0 },
    { "return=minimal", 0 },
    { "include-unknown-enum", 0 },
    { UNKNOWNS "-too", 0 },
    { "x-" UNKNOWNS, 0 },
    { "return=" UNKNOWNS, 0 },
    { "foo;" UNKNOWNS, 0 },
    { "foo; " UNKNOWNS, 0 },
    { "foo=\"a, " UNKNOWNS ", b\"", 0 },
    { "foo=\"a\\\", " UNKNOWNS ", b\"", 0 },
    { "foo=\"\\\"\", " UNKNOWNS, 1 },
    { UNKNOWNS " foo", 0 },
    { UNKNOWNS "=false", 0 },
    { UNKNOWNS "=", 1 },
    { UNKNOWNS "=\"\"; foo", 1 },
};
/* clang-format on */

static void test_prefers(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(prefers); i++) {
        is_int(edu__http_prefers(prefers[i].field, UNKNOWNS, p),
               prefers[i].fine,
               apr_pstrcat(p, "Prefer: ", prefers[i].field, NULL));
    }
    is_int(edu__http_prefers(NULL, UNKNOWNS, p), 0,
           "a missing Prefer has no preference");
}

static void test_media(world_t *world)
{
    for (apr_size_t i = 0; i < COUNT(accepts); i++) {
        const char *field =
            apr_pstrcat(world->p, "Accept: ", accepts[i].field, NULL);

        reset(world);
        is_int(ask(world, "GET", PLACE, NULL, field, NULL)->res.status,
               accepts[i].fine ? 200 : 406, field);
    }
    for (apr_size_t i = 0; i < COUNT(contents); i++) {
        const char *field =
            apr_pstrcat(world->p, "Content-Type: ", contents[i].field, NULL);

        reset(world);
        is_int(ask(world, "POST", PLACE, NULL, field, "{}")->res.status,
               contents[i].fine ? 201 : 415, field);
    }
    reset(world);
    is_int(ask(world, "POST", PLACE, NULL, JSON "\nContent-Encoding: Identity",
               "{}")
               ->res.status,
           201, "Content-Encoding: identity is taken");
    is_int(ask(world, "GET", PLACE, NULL,
               "Content-Type: text/plain\nContent-Encoding: gzip", NULL)
               ->res.status,
           200, "a Content-Type on a GET is harmless");
}

/* ------------------------------------------------------------ other sites */

#define EVIL "Origin: https://evil.example"
#define CROSS "Sec-Fetch-Site: cross-site"

/* clang-format off */
static const struct site_t {
    const char *headers;
    const char *target; /* NULL: it may write */
} sites[] = {
    { "", NULL },
    { "Origin: https://example.org", NULL },
    { "Origin: https://example.org:443", NULL },
    { "Origin: HTTPS://Example.ORG", NULL },
    { "Origin: https://friend.example", NULL },
    { "Origin: https://friend.example:443", NULL },
    { "Origin: https://Friend.example\n" CROSS, NULL },
    { "Origin: http://friend.example:8080\nSec-Fetch-Site: same-site", NULL },
    { "Sec-Fetch-Site: same-origin", NULL },
    { "Sec-Fetch-Site: none", NULL },
    { "Origin: https://example.org\nSec-Fetch-Site: same-origin", NULL },

    { "Origin: https://friend.example:8443", "Origin" },
    { "Origin: http://friend.example", "Origin" },
    { "Origin: http://friend.example:80", "Origin" },
    { "Origin: https://friend.example.evil", "Origin" },
    { "Origin: https://friend.exampl", "Origin" },
    { "Origin: https://friend.example/", "Origin" },
    { "Origin: friend.example", "Origin" },
    { EVIL, "Origin" },
    { "Origin: https://example.org.evil", "Origin" },
    { "Origin: https://example.or", "Origin" },
    { "Origin: https://sub.example.org", "Origin" },
    { "Origin: http://example.org", "Origin" },
    { "Origin: https://example.org:80", "Origin" },
    { "Origin: https://example.org:4430", "Origin" },
    { "Origin: https://example.org@evil.example", "Origin" },
    { "Origin: https://example.org/", "Origin" },
    { "Origin: https://example.org/, https://evil.example", "Origin" },
    { "Origin: https://example.org, https://evil.example", "Origin" },
    { "Origin: https://evil.example, https://friend.example", "Origin" },
    { "Origin: https://example.org https://evil.example", "Origin" },
    { "Origin: null", "Origin" },
    { "Origin: ", "Origin" },
    { "Origin: *", "Origin" },
    { "Origin: null\n" CROSS, "Origin" },
    { EVIL "\nSec-Fetch-Site: same-origin", "Origin" },
    { CROSS, "Sec-Fetch-Site" },
    { "Sec-Fetch-Site: same-site", "Sec-Fetch-Site" },
    { "Sec-Fetch-Site: same-origin, cross-site", "Sec-Fetch-Site" },
    { "Sec-Fetch-Site: none, none", "Sec-Fetch-Site" },
    { "Sec-Fetch-Site: Same-Origin", "Sec-Fetch-Site" },
    { "Sec-Fetch-Site: same-originx", "Sec-Fetch-Site" },
    { "Sec-Fetch-Site: ", "Sec-Fetch-Site" },
    { "Origin: https://example.org\n" CROSS, "Sec-Fetch-Site" },
};
/* clang-format on */

static void test_site(world_t *world, const struct site_t *row)
{
    apr_array_header_t *friends =
        apr_array_make(world->p, 2, sizeof(const char *));
    const char *name =
        apr_pstrmemdup(world->p, row->headers, strcspn(row->headers, "\n"));
    const char *headers = apr_pstrcat(world->p, JSON "\n", row->headers, NULL);
    const answer_t *answer;

    APR_ARRAY_PUSH(friends, const char *) = "https://friend.example";
    APR_ARRAY_PUSH(friends, const char *) = "HTTP://friend.EXAMPLE:8080";
    reset(world);
    world->mount.origins = friends;
    is_int(ask(world, "GET", ONE, NULL, headers, NULL)->res.status, 200,
           "a page of another site may read");
    answer = ask(world, "POST", PLACE, NULL, headers, "{}");
    is_int(answer->res.status, row->target ? 403 : 201, name);
    is_str(string_at(error_of(answer), "target"), row->target,
           "the target is the header that names the site");
    is_int(world->reads, row->target ? 0 : 1,
           "a write from another site is refused unread");
}

/* One of each shape of path; what each takes, OPTIONS tells. */
static const char *const shapes[] = {
    "/$batch",
    "/education/classes",
    "/education/classes/c",
    "/education/classes/c/members",
    "/education/classes/c/members/$ref",
    "/education/classes/c/members/m/$ref",
    "/education/classes/c/teachers",
    "/education/classes/c/teachers/$ref",
    "/education/classes/c/teachers/m/$ref",
    "/education/classes/c/assignments/a",
    "/education/classes/c/assignments/a/publish",
    "/education/classes/c/assignments/a/setUpResourcesFolder",
    "/education/classes/c/assignments/a/setUpFeedbackResourcesFolder",
    "/education/classes/c/assignments/a/submissions/s",
    "/education/classes/c/assignments/a/submissions/s/submit",
    "/education/classes/c/assignments/a/submissions/s/unsubmit",
    "/education/classes/c/assignments/a/submissions/s/return",
    "/education/classes/c/assignments/a/submissions/s/reassign",
    "/education/classes/c/assignments/a/submissions/s/excuse",
    "/education/me/assignments/a/submissions/s/submit",
    PLACE,
    PLACE "/$ref",
    ONE,
    ONE "/versions/1/restoreVersion",
    ("/education/classes/c/assignments/a/submissions/s/versions/1/"
     "restoreVersion"),
};

/* Whatever a method but GET is done to. */
static void test_write(world_t *world, const char *method, const char *path)
{
    /* clang-format off */
    static const struct {
        const char *headers;
        int status;
        const char *target;
    } rows[] = {
        { EVIL, 403, "Origin" },
        { CROSS, 403, "Sec-Fetch-Site" },
        { "Content-Type: text/plain", 415, "Content-Type" },
        { "Content-Type: Text/Plain ;charset=utf-8", 415, "Content-Type" },
        { "Content-Type: application/x-www-form-urlencoded", 415,
          "Content-Type" },
        { "Content-Type: multipart/form-data; boundary=x", 415,
          "Content-Type" },
        { "Content-Type: application/json, text/plain", 415, "Content-Type" },
        { "If-Match: *x", 400, "If-Match" },
        { "If-None-Match: \"x\"*", 400, "If-None-Match" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const answer_t *answer;

        reset(world);
        world->caller.admin = 1;
        answer = ask(world, method, path, NULL, rows[i].headers, NULL);
        if (strstr(path, "/me/") && rows[i].status != 403) {
            is_int(answer->res.status, 404, "one's own is looked up before");
            continue;
        }
        ok(answer->res.status == rows[i].status &&
               tap_same(string_at(error_of(answer), "target"), rows[i].target),
           "%s %s, %s: %d", method, path, rows[i].headers, rows[i].status);
        is_int(world->reads, 0,
               "a write with the media type of a form is refused unread");
    }
}

static void test_sites(world_t *world)
{
    int writes = 0;

    for (apr_size_t i = 0; i < COUNT(sites); i++) {
        test_site(world, &sites[i]);
    }
    for (apr_size_t i = 0; i < COUNT(shapes); i++) {
        char *allow, *method, *state;

        reset(world);
        allow = apr_pstrdup(
            world->p,
            sent(ask(world, "OPTIONS", shapes[i], NULL, EVIL, NULL), "Allow"));
        for (method = apr_strtok(allow, ", ", &state); method;
             method = apr_strtok(NULL, ", ", &state)) {
            if (!strstr("GET HEAD OPTIONS", method)) {
                test_write(world, method, shapes[i]);
                writes++;
            }
        }
    }
    is_int(writes, 31, "all methods that write were tried");
}

/* ------------------------------------------------------------- conditions */

/* clang-format off */
static const struct condition_t {
    const char *method, *headers;
    int status;
} conditions[] = {
    { "PATCH", "If-Match: \"1\"", 200 },
    { "PATCH", "If-Match: *", 200 },
    { "PATCH", "If-Match: \"0\", \"1\"", 200 },
    { "PATCH", "If-Match: \"0\",\"1\",\"2\"", 200 },
    { "PATCH", "If-Match: W/\"1\", \"1\"", 200 },
    { "PATCH", "If-Match: \"1-gzip\"", 200 },
    { "PATCH", "If-Match: , \"1\"", 200 },
    { "PATCH", "If-Match: \"a,b\", \"1\"", 200 },
    { "PATCH", "If-Match: W/\"1\"", 200 },
    { "PATCH", "If-Match: \"0\"", 412 },
    { "PATCH", "If-Match: \"10\"", 412 },
    { "PATCH", "If-Match: \"01\"", 412 },
    { "PATCH", "If-Match: \"\"", 412 },
    { "PATCH", "If-Match: \"0,1\"", 412 },
    { "PATCH", "If-Match: \"0\", \"2\"", 412 },
    { "PATCH", "If-Match: \"1-gzi\"", 200 },
    { "PATCH", "If-Match: \"1-gzip-gzip\"", 200 },
    { "PATCH", "If-Match: \"1-br\"", 200 },
    { "PATCH", "If-Match: \"-gzip\"", 412 },
    { "PATCH", "If-Match: \"1.br\"", 412 },
    { "PATCH", "If-Match: W/\"1-br\"", 200 },
    { "PATCH", "If-Match: \"1-br", 400 },
    { "PATCH", "If-Match: \"1-", 400 },
    { "PATCH", "If-Match: 1", 400 },
    { "PATCH", "If-Match: \"1", 400 },
    { "PATCH", "If-Match: 1\"", 400 },
    { "PATCH", "If-Match: ", 412 },
    { "PATCH", "If-Match: w/\"1\"", 400 },
    { "PATCH", "If-Match: *x", 400 },
    { "PATCH", "If-Match: **", 400 },
    { "PATCH", "If-Match: W/*", 400 },
    { "PATCH", "If-Match: \"*\"", 412 },
    { "PATCH", "If-Match:  * ", 200 },
    { "PATCH", "If-Match: *, \"1\"", 400 },
    { "PATCH", "If-Match: *,", 400 },
    { "PATCH", "If-Match: , *", 400 },
    { "PATCH", "If-Match: \"1\", *", 400 },
    { "PATCH", "If-Match: \"0\", *", 400 },
    { "PATCH", "If-Match: \"0\"*", 400 },
    { "PATCH", "If-Match: \"1\"x", 400 },
    { "PATCH", "If-Match: \"1\" \"0\"", 400 },
    { "PATCH", "If-Match: \"1\"\"0\"", 400 },
    { "PATCH", "If-Match: \"1\";\"0\"", 400 },
    { "PATCH", "If-Match: \"1\", 0", 400 },
    { "PATCH", "If-Match: \"1\", \"0", 400 },
    { "PATCH", "If-Match: \"1\", W/0", 400 },
    { "PATCH", "If-Match: W/ \"1\"", 400 },
    { "PATCH", "If-Match: \"1\",\"a b\"", 400 },
    { "PATCH", "If-Match: \"1\",\"\x7f\"", 400 },
    { "PATCH", "If-Match: \"1\",\"\t\"", 400 },
    { "PATCH", "If-Match: \"1\",\"\xc3\xa9!\"", 200 },
    { "PATCH", "If-Match: \"1\" ,\t, ,W/\"\",", 200 },
    { "PATCH", "If-Match: ,", 412 },
    { "PATCH", "If-Match: W/\"0\"", 412 },
    { "PATCH", "If-Match: W/\"1-gzip\"", 200 },
    { "PATCH", "If-Match: \"1-zstd\"", 200 },
    { "PATCH", "If-Match: \"1-deflate\"", 200 },
    { "PATCH", "If-None-Match: *x", 400 },
    { "PATCH", "If-None-Match: 1", 400 },
    { "PATCH", "If-Match: \"1\"\nIf-None-Match: \"2", 400 },
    { "DELETE", "If-Match: *x", 400 },
    { "DELETE", "If-None-Match: \"2\"*", 400 },
    { "GET", "If-Match: *x", 400 },
    { "GET", "If-None-Match: *x", 400 },
    { "GET", "If-None-Match: \"2\",*", 400 },
    { "HEAD", "If-None-Match: 1", 400 },
    { "PATCH", "If-None-Match: \"1\"", 412 },
    { "PATCH", "If-None-Match: W/\"1\"", 412 },
    { "PATCH", "If-None-Match: *", 412 },
    { "PATCH", "If-None-Match: \"2\"", 200 },
    { "PATCH", "If-Match: \"1\"\nIf-None-Match: \"2\"", 200 },
    { "PATCH", "If-Match: \"1\"\nIf-None-Match: \"1\"", 412 },
    { "DELETE", "If-Match: \"1\"", 204 },
    { "DELETE", "If-Match: *", 204 },
    { "DELETE", "If-Match: \"1-gzip\"", 204 },
    { "DELETE", "If-Match: \"2\"", 412 },
    { "DELETE", "If-Match: W/\"1\"", 204 },
    { "DELETE", "If-None-Match: *", 412 },
    { "DELETE", "If-None-Match: \"2\"", 204 },
    { "GET", "If-Match: \"1\"", 200 },
    { "GET", "If-Match: *", 200 },
    { "GET", "If-Match: \"2\"", 412 },
    { "GET", "If-None-Match: \"1\"", 304 },
    { "GET", "If-None-Match: W/\"1\"", 304 },
    { "GET", "If-None-Match: *", 304 },
    { "GET", "If-None-Match: \"1-gzip\"", 304 },
    { "GET", "If-None-Match: \"0\", W/\"1-gzip\"", 304 },
    { "GET", "If-None-Match: \"2\"", 200 },
    { "GET", "If-None-Match: \"10\"", 200 },
    { "GET", "If-None-Match: \"1-gzi\"", 200 },
    { "GET", "If-None-Match: \"1-gzip-gzip\"", 200 },
    { "GET", "If-None-Match: W/\"1-br\"", 304 },
    { "GET", "If-None-Match: \"-gzip\"", 200 },
    { "GET", "If-None-Match: \"1-br\"", 304 },
    { "GET", "If-None-Match: \"1-zstd\"", 304 },
    { "GET", "If-None-Match: \"1-deflate\"", 304 },
    { "GET", "If-None-Match: \"1-all\"", 200 },
    { "GET", "If-None-Match: ", 200 },
    { "GET", "If-Match: \"1\"\nIf-None-Match: \"1\"", 304 },
    { "GET", "If-Match: \"2\"\nIf-None-Match: \"2\"", 412 },
    { "HEAD", "If-None-Match: \"1\"", 304 },
    { "HEAD", "If-None-Match: \"2\"", 200 },
    { "HEAD", "If-Match: \"2\"", 412 },
};
/* clang-format on */

/* A list of tags as long as a $batch can hold: each tag is compared once. */
static void test_many_tags(world_t *world)
{
    const char *tags = "\"0\"";

    for (int i = 0; i < 18; i++) {
        tags = apr_pstrcat(world->p, tags, ", ", tags, NULL);
    }
    is_int(edu__http_names(tags, "1", 1), 0,
           "a long list of other tags names no version");
    tags = apr_pstrcat(world->p, tags, ", W/\"1-br\"", NULL);
    is_int(edu__http_names(tags, "1", 0), 1,
           "a long list with the tag names the version");
}

static void test_condition(world_t *world, const struct condition_t *row)
{
    const char *before, *headers = row->headers;
    const answer_t *answer;
    int changes = row->status == 204 ||
                  (row->status == 200 && strcmp(row->method, "PATCH") == 0);

    reset(world);
    before = stored(world);
    if (strcmp(row->method, "PATCH") == 0) {
        headers = apr_pstrcat(world->p, JSON "\n", headers, NULL);
    }
    answer =
        ask(world, row->method, ONE, NULL, headers, "{'points':{'points':6}}");
    ok(answer->res.status == row->status, "%s %s: %d, not %d", row->method,
       apr_pstrmemdup(world->p, row->headers, strcspn(row->headers, "\n")),
       row->status, answer->res.status);
    ok(tap_same(stored(world), before) == !changes, "something is stored: %d",
       changes);
    ok(has_headers(world, answer), "the answer has the headers of all");
    if (row->status == 304) {
        ok(tap_same(sent(answer, "ETag"), "\"1\"") && !*answer->text &&
               !sent(answer, "Content-Type"),
           "a 304 has an ETag and no body");
    }
    if (row->status >= 400) {
        ok(is_refusal(world, answer),
           "the refused condition has Graph's shape");
    }
}

/* EduOutcomesRequireIfMatch */
static void test_strict(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *method, *headers;
        int status;
    } rows[] = {
        { "PATCH", JSON, 428 },
        { "DELETE", NULL, 428 },
        { "PATCH", JSON "\nIf-None-Match: \"2\"", 428 },
        { "PATCH", JSON "\nIf-Match: \"1\"", 200 },
        { "PATCH", JSON "\nIf-Match: *", 200 },
        { "DELETE", "If-Match: \"1\"", 204 },
        { "DELETE", "If-Match: \"2\"", 412 },
        { "GET", NULL, 200 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *before;
        const answer_t *answer;

        reset(world);
        world->mount.require_if_match = 1;
        before = stored(world);
        answer = ask(world, rows[i].method, ONE, NULL, rows[i].headers,
                     "{'points':null}");
        is_int(answer->res.status, rows[i].status,
               apr_psprintf(world->p, "blind changes are refused: %s, %d",
                            rows[i].method, rows[i].status));
        if (rows[i].status == 428) {
            is_str(string_at(error_of(answer), "code"), "preconditionRequired",
                   "the code is preconditionRequired");
            ok(is_refusal(world, answer),
               "a blind write is refused in Graph's shape");
            is_str(stored(world), before, "a blind write stores nothing");
            is_int(world->reads, 0, "a blind write is refused unread");
        }
    }
    reset(world);
    world->mount.require_if_match = 1;
    is_int(ask(world, "POST", PLACE, NULL, JSON, "{}")->res.status, 201,
           "a POST needs no condition");
}

/* -------------------------------------------------------------------- verbs */

static void test_methods(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *path, *allow;
    } rows[] = {
        { PLACE, "GET, HEAD, POST, OPTIONS" },
        { PLACE "/$ref", "POST, OPTIONS" },
        { PLACE "/$count", "GET, HEAD, OPTIONS" },
        { ONE, "GET, HEAD, PATCH, DELETE, OPTIONS" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const answer_t *answer;

        reset(world);
        answer = ask(world, "OPTIONS", rows[i].path, NULL, "Accept: text/html",
                     NULL);
        is_int(answer->res.status, 200, "OPTIONS is answered");
        is_str(sent(answer, "Allow"), rows[i].allow, "Allow lists the methods");
        ok(!*answer->text && !sent(answer, "Content-Type") &&
               has_headers(world, answer),
           "the answer to OPTIONS has no body");
        answer = ask(world, "TRACE", rows[i].path, NULL, NULL, NULL);
        is_int(answer->res.status, 405, "another method is refused");
        is_str(sent(answer, "Allow"), rows[i].allow,
               "the refusal has the same Allow");
    }
}

static void test_read(world_t *world)
{
    const answer_t *answer, *head;
    const char *doc;

    reset(world);
    doc = quotes(STORED, world->p);
    answer = ask(world, "GET", ONE, NULL, NULL, NULL);
    is_int(answer->res.status, 200, "an outcome is read");
    is_str(answer->text,
           apr_pstrcat(world->p,
                       "{\"@odata.context\":\"" BASE
                       "/$metadata#education/classes('c')/assignments('a')/"
                       "submissions('s')/outcomes/$entity\",",
                       doc + 1, NULL),
           "the answer is the stored text after its context");
    is_str(sent(answer, "ETag"), "\"1\"", "the ETag is the version");
    is_str(string_at(answer->json, "@odata.etag"), sent(answer, "ETag"),
           "@odata.etag is the ETag");
    is_str(sent(answer, "Content-Type"), "application/json",
           "the outcome is JSON");
    ok(has_headers(world, answer) && !answer->res.error.status,
       "a read has the headers of all");
    head = ask(world, "HEAD", ONE, NULL, NULL, NULL);
    ok(head->res.status == 200 &&
           tap_same(sent(head, "ETag"), sent(answer, "ETag")) &&
           tap_same(sent(head, "Content-Type"), sent(answer, "Content-Type")),
       "HEAD has the same headers");
    answer = ask(world, "GET", PLACE "('05D0F76C-1DFA-4442-926C-1B094828B505')",
                 NULL, NULL, NULL);
    is_int(answer->res.status, 200,
           "the other form of keys and other letters work");

    answer = ask(world, "GET", PLACE, NULL, NULL, NULL);
    is_str(answer->text,
           apr_pstrcat(world->p,
                       "{\"@odata.context\":\"" BASE
                       "/$metadata#education/classes('c')/assignments('a')/"
                       "submissions('s')/outcomes\",\"value\":[",
                       doc, "]}", NULL),
           "a list has one outcome");
    put(world, OTHER, "educationOutcome", "2", "{'id':'" OTHER "'}");
    answer = ask(world, "GET", PLACE, NULL, NULL, NULL);
    is_str(answer->text,
           apr_pstrcat(world->p,
                       "{\"@odata.context\":\"" BASE
                       "/$metadata#education/classes('c')/assignments('a')/"
                       "submissions('s')/outcomes\",\"value\":[",
                       doc, ",{\"id\":\"" OTHER "\"}]}", NULL),
           "a list has both outcomes, the older first");
    ok(has_headers(world, answer) && !sent(answer, "ETag"),
       "a list has no ETag");
    answer = ask(world, "GET",
                 "/education/classes/c/assignments/a/submissions/t/outcomes",
                 NULL, NULL, NULL);
    ok(answer->res.status == 200 && strstr(answer->text, ",\"value\":[]}"),
       "a list of an empty submission is empty");
    answer = ask(world, "GET", PLACE, "x=1&@p=1&flag&=&", NULL, NULL);
    is_int(answer->res.status, 200, "options of the client's own are ignored");
    answer = ask(world, "GET", PLACE "/00000000-0000-4000-8000-000000000000",
                 NULL, NULL, NULL);
    is_str(string_at(error_of(answer), "message"),
           "Entity not found. Outcome id: 00000000-0000-4000-8000-000000000000",
           "a missing outcome is named in Graph's words");
}

static void test_created(world_t *world, const char *path, const char *json,
                         const char *type)
{
    const answer_t *answer, *again;
    const char *where, *id;

    reset(world);
    answer = ask(world, "POST", path, NULL, JSON, json);
    where = sent(answer, "Location");
    id = string_at(answer->json, "id");
    ok(answer->res.status == 201, "created by %s", json);
    if (!ok(where && id && edu__is_guid(id) &&
                tap_same(where,
                         apr_pstrcat(world->p, BASE PLACE "/", id, NULL)),
            "Location is the URL of the new outcome")) {
        return;
    }
    ok(has_headers(world, answer), "a creation has the headers of all");
    is_str(string_at(answer->json, "@odata.type"), type,
           "the created outcome has its type");
    ok(sent(answer, "ETag") && tap_same(string_at(answer->json, "@odata.etag"),
                                        sent(answer, "ETag")),
       "the created outcome has its ETag");
    ok(strncmp(answer->text, "{\"@odata.context\":", 18) == 0 &&
           strstr(answer->text, "outcomes/$entity\","),
       "the created outcome has its context");
    again = ask(world, "GET", where + strlen(BASE), NULL, NULL, NULL);
    is_str(again->text, answer->text, "the created outcome reads back");
    is_str(sent(again, "ETag"), sent(answer, "ETag"),
           "the created outcome keeps its ETag");
}

static void test_create(world_t *world)
{
    const answer_t *one, *two, *list;

    test_created(world, PLACE, "{}", "#microsoft.graph.educationOutcome");
    test_created(world, PLACE, "{" POINTS ",'points':{'points':85.1}}",
                 "#microsoft.graph.educationPointsOutcome");
    test_created(world, PLACE "/$ref",
                 "{'@odata.type':'#microsoft.graph.educationOutcome'}",
                 "#microsoft.graph.educationOutcome");
    test_created(world, PLACE, "{'id':'11111111-AAAA-4bbb-8CCC-222222222222'}",
                 "#microsoft.graph.educationOutcome");
    is_str(string_at(ask(world, "GET", PLACE "/" OTHER, NULL, NULL, NULL)->json,
                     "id"),
           OTHER, "a client's id is stored in lower case");

    reset(world);
    world->caller.user_name = "T";
    world->caller.application = "app";
    one = ask(world, "POST", PLACE, NULL, JSON, "{}");
    is_str(
        edu__json_text(json_object_get(one->json, "lastModifiedBy"), world->p),
        quotes("{'application':{'id':'app','displayName':null},"
               "'device':null,'user':{'id':'teacher','displayName':'T'}}",
               world->p),
        "the created outcome names the caller");
    two = ask(world, "POST", PLACE, NULL, JSON, "{}");
    list = ask(world, "GET", PLACE, NULL, NULL, NULL);
    ok(strstr(list->text, string_at(one->json, "id")) <
           strstr(list->text, string_at(two->json, "id")),
       "a list is in order of creation");
}

static void test_update(world_t *world)
{
    const answer_t *answer, *again;
    int opened;

    reset(world);
    answer = ask(world, "PATCH", ONE, NULL, JSON, "{'points':{'points':6}}");
    is_int(answer->res.status, 200, "an outcome is changed");
    ok(strstr(answer->text, "\"points\":6}") &&
           strstr(answer->text, "outcomes/$entity\","),
       "the answer to a PATCH has the whole outcome");
    ok(sent(answer, "ETag") && strcmp(sent(answer, "ETag"), "\"1\"") != 0 &&
           tap_same(string_at(answer->json, "@odata.etag"),
                    sent(answer, "ETag")),
       "the changed outcome has another ETag");
    again = ask(world, "GET", ONE, NULL, NULL, NULL);
    is_str(again->text, answer->text, "the changed outcome reads back");

    opened = world->db->opened;
    again = ask(world, "PATCH", ONE, NULL, JSON,
                "{" POINTS ",'points':{'points':6.0}}");
    is_int(world->db->opened - opened, 1,
           "a PATCH that changes nothing only reads");
    is_str(again->text, answer->text,
           "a PATCH that changes nothing answers the outcome");
    is_str(sent(again, "ETag"), sent(answer, "ETag"),
           "a PATCH that changes nothing keeps the ETag");
}

static void test_delete(world_t *world)
{
    const answer_t *answer;

    reset(world);
    answer = ask(world, "DELETE", ONE, NULL, JSON, "{}");
    is_int(answer->res.status, 204, "an outcome is removed");
    ok(!*answer->text && !sent(answer, "Content-Type") &&
           has_headers(world, answer),
       "the answer to a DELETE has no body");
    is_int(world->reads, 0, "the body of a DELETE is not read");
    is_str(stored(world), NULL, "the deleted outcome is gone");
    is_int(ask(world, "DELETE", ONE, NULL, NULL, NULL)->res.status, 404,
           "a second DELETE is 404");
}

/* --------------------------------------------------------------- versions */

/* A version and a time never go back, whatever the clock or a migration did. */
static void test_later(world_t *world)
{
    const answer_t *one, *two;
    edu_time_t then = 0, now = 0;

    reset(world);
    database_run(world->db, "DELETE FROM edu_outcome");
    put(world, ID, "educationPointsOutcome", "0482c27630844000",
        STORED_AT("'2999-12-31T00:00:00.0000000Z'"));
    one = ask(world, "PATCH", ONE, NULL, JSON, "{'points':{'points':6}}");
    edu__time_parse(&then, "2999-12-31T00:00:00Z");
    edu__time_parse(&now, string_at(one->json, "lastModifiedDateTime"));
    ok(now > then,
       "a stamp is later than the last, even if that is in the future");
    two = ask(world, "PATCH", ONE, NULL, JSON, "{'points':{'points':7}}");
    ok(strcmp(string_at(one->json, "lastModifiedDateTime"),
              string_at(two->json, "lastModifiedDateTime")) < 0,
       "the next stamp is later still");
    ok(strcmp(sent(one, "ETag"), sent(two, "ETag")) != 0,
       "each change has its version");
}

/* A migration may bring the last instant there is. */
static void test_last_time(world_t *world)
{
    const answer_t *answer;
    const char *at;
    edu_time_t now;

    reset(world);
    world->mount.trust_stamps = 1;
    answer = ask(world, "POST", PLACE, NULL, JSON,
                 "{'id':'" OTHER "'," POINTS ",'lastModifiedDateTime':"
                 "'9999-12-31T23:59:59.9999999Z'}");
    is_str(string_at(answer->json, "lastModifiedDateTime"),
           "9999-12-31T23:59:59.9999999Z",
           "the last instant of all is migrated");
    world->mount.trust_stamps = 0;
    answer = ask(world, "PATCH", PLACE "/" OTHER, NULL, JSON,
                 "{'points':{'points':6}}");
    at = string_at(answer->json, "lastModifiedDateTime");
    is_int(answer->res.status, 200,
           "an outcome of the last instant can be changed");
    ok(at && edu__time_parse(&now, at) == APR_SUCCESS,
       "the stamp is a valid time: %s", at ? at : "none");
}

static void test_trust(world_t *world)
{
    static const char json[] =
        "{" POINTS ",'lastModifiedDateTime':'2016-12-31T23:59:45+03:00'}";
    const answer_t *answer;

    reset(world);
    answer = ask(world, "POST", PLACE, NULL, JSON, json);
    ok(answer->res.status == 201 &&
           !strstr(answer->text, "\"2016-12-31T20:59:45.0000000Z\""),
       "a client's stamps are ignored");
    world->mount.trust_stamps = 1;
    answer = ask(world, "POST", PLACE, NULL, JSON, json);
    is_str(string_at(answer->json, "lastModifiedDateTime"),
           "2016-12-31T20:59:45.0000000Z", "a migration's are kept");
}

/* ---------------------------------------------------- dialects and versions */

static void test_dialects(world_t *world)
{
    const answer_t *answer;

    reset(world);
    world->mount.dialect = EDU_DIALECT_BETA;
    answer = ask(world, "GET", ONE, NULL, NULL, NULL);
    ok(strstr(answer->text, "\"points\":5,\"grade\":null}"),
       "beta shows grade");
    answer = ask(world, "GET", PLACE, NULL, NULL, NULL);
    ok(strstr(answer->text, "\"points\":5,\"grade\":null}"),
       "beta shows grade in a list");
    answer = ask(world, "PATCH", ONE, NULL, JSON,
                 "{'points':{'points':5,'grade':'B'}}");
    ok(answer->res.status == 200 && tap_same(sent(answer, "ETag"), "\"1\""),
       "a client's grade is ignored");
    world->mount.trust_stamps = 1;
    answer = ask(world, "PATCH", ONE, NULL, JSON, "{'points':{'grade':'B'}}");
    ok(strstr(answer->text, "\"points\":5,\"grade\":\"B\"}"),
       "a migration's grade is kept");
    world->mount.dialect = EDU_DIALECT_V1_0;
    answer = ask(world, "GET", ONE, NULL, NULL, NULL);
    ok(answer->res.status == 200 && !strstr(answer->text, "grade\""),
       "v1.0 does not show grade");
    answer = ask(world, "GET", PLACE, NULL, NULL, NULL);
    ok(answer->res.status == 200 && !strstr(answer->text, "grade\""),
       "v1.0 does not show grade in a list");
}

static void test_odata_version(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *header, *version;
    } rows[] = {
        { NULL, "4.0" },
        { "OData-MaxVersion: 4.0", "4.0" },
        { "OData-MaxVersion: 4.01", "4.01" },
        { "odata-maxversion: 4.01", "4.01" },
        { "OData-MaxVersion: 3.0", "4.0" },
        { "OData-MaxVersion: ", "4.0" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        reset(world);
        is_str(sent(ask(world, "GET", PLACE, NULL, rows[i].header, NULL),
                    "OData-Version"),
               rows[i].version,
               "OData-Version is the one that the client asks for");
        is_str(sent(ask(world, "GET", "/x", NULL, rows[i].header, NULL),
                    "OData-Version"),
               rows[i].version,
               "a refusal has the OData-Version that the client asks for");
    }
}

/* ------------------------------------------------------------------ callers */

static void test_callers(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *method, *path;
    } rows[] = {
        { "GET", PLACE },      { "GET", ONE },    { "POST", PLACE },
        { "PATCH", ONE },      { "DELETE", ONE }, { "HEAD", ONE },
        { "GET", "/nowhere" }, { "BREW", PLACE }, { "options", ONE },
    };
    /* clang-format on */
    const answer_t *answer;

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *before;
        int opened;

        reset(world);
        world->caller.authenticated = 0;
        before = stored(world);
        opened = world->db->opened;
        answer = ask(world, rows[i].method, rows[i].path, NULL, JSON,
                     "{'points':null}");
        is_int(answer->res.status, 401,
               apr_psprintf(world->p, "nobody is refused: %s %s",
                            rows[i].method, rows[i].path));
        is_str(string_at(error_of(answer), "code"), "unauthorized",
               "the code is unauthorized");
        ok(is_refusal(world, answer) && !sent(answer, "Allow"),
           "a request without a user is refused in Graph's shape");
        is_int(world->reads + world->db->opened - opened, 0,
               "a request without a user reads neither body nor store");
        is_str(stored(world), before,
               "a request without a user stores nothing");
    }
    reset(world);
    world->caller = (edu_caller_t){ .scopes = EDU_SCOPES_ANY };
    is_str(sent(ask(world, "OPTIONS", ONE, NULL, NULL, NULL), "Allow"),
           "GET, HEAD, PATCH, DELETE, OPTIONS", "OPTIONS needs no user");
    world->mount.anonymous = 1;
    answer = ask(world, "POST", PLACE, NULL, JSON, "{}");
    is_int(answer->res.status, 201,
           "an anonymous mount serves a request without a user");
    is_str(edu__json_text(json_object_get(answer->json, "lastModifiedBy"),
                          world->p),
           quotes("{'application':null,'device':null,"
                  "'user':{'id':null,'displayName':null}}",
                  world->p),
           "lastModifiedBy then names no user");
}

/* A server that names no client's id. */
static void test_trace(world_t *world)
{
    const answer_t *answer;

    reset(world);
    world->trace.client_request_id = NULL;
    answer = ask(world, "GET", PLACE, NULL, NULL, NULL);
    ok(!sent(answer, "client-request-id") && sent(answer, "request-id"),
       "a missing client-request-id is not echoed");
    answer = ask(world, "GET", "/x", NULL, NULL, NULL);
    ok(!sent(answer, "client-request-id") &&
           !strstr(answer->text, "client-request-id"),
       "a refusal echoes no missing client-request-id");
}

/* --------------------------------------------------------- bodies that fail */

static void test_body_refused(world_t *world)
{
    /* clang-format off */
    static const struct {
        apr_status_t rv;
        int status;
        const char *code;
    } rows[] = {
        { EDU_ETOOLARGE, 413, "requestEntityTooLarge" },
        { EDU_ETIMEOUT, 408, "requestTimeout" },
        { EDU_EBADREQUEST, 400, "badRequest" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < 2 * COUNT(rows); i++) {
        const char *before;
        const answer_t *answer;

        reset(world);
        world->refusal = rows[i / 2].rv;
        before = stored(world);
        answer = i % 2 ? ask(world, "POST", PLACE, NULL, JSON, "{}")
                       : ask(world, "PATCH", ONE, NULL, JSON, "{}");
        is_int(answer->res.status, rows[i / 2].status,
               "a body that cannot be read is refused");
        is_str(string_at(error_of(answer), "code"), rows[i / 2].code,
               "the refusal has the reader's code");
        is_str(string_at(error_of(answer), "message"), "refused for 7",
               "the refusal has the reader's message");
        ok(is_refusal(world, answer) && world->reads == 1,
           "the body is read once and refused in Graph's shape");
        is_str(stored(world), before,
               "a body that cannot be read stores nothing");
    }
}

/* ------------------------------------------------------- stores that fail */

/* clang-format off */
static const struct {
    const char *method, *path;
} verbs[] = {
    { "GET", PLACE },  { "HEAD", PLACE },         { "GET", ONE },
    { "POST", PLACE }, { "POST", PLACE "/$ref" }, { "DELETE", ONE },
    { "PATCH", ONE },
};
/* clang-format on */

static apr_status_t lend_nothing(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    (void)baton;
    (void)dbd;
    (void)p;
    return APR_EGENERAL;
}

/* Details that a client must not see. */
static int leaks(const answer_t *answer)
{
    static const char *const words[] = {
        "edu_", "sql", "SQL", "driver", "table", "/tmp", "secret", "column",
    };
    int found = 0;

    for (apr_size_t i = 0; i < COUNT(words); i++) {
        found |= strstr(answer->text, words[i]) != NULL;
    }
    return found;
}

static void test_unavailable(world_t *world, const char *method,
                             const char *path, const char *what)
{
    const answer_t *answer = ask(world, method, path, NULL, JSON,
                                 "{" POINTS ",'points':{'points':6}}");

    ok(answer->res.status == 503 && is_refusal(world, answer),
       "%s: %s is refused", what, method);
    is_str(string_at(error_of(answer), "code"), "serviceUnavailable",
           "the code is serviceUnavailable");
    ok(sent(answer, "Retry-After") && atoi(sent(answer, "Retry-After")) > 0,
       "Retry-After is some seconds");
    ok(!leaks(answer) && answer->res.error.detail && *answer->res.error.detail,
       "only the log learns why");
}

static void test_down(world_t *world)
{
    const edu_store_t down = { .open = lend_nothing,
                               .close = database_take,
                               .baton = world->db,
                               .schema = EDU_SCHEMA_AUTO };

    for (apr_size_t i = 0; i < COUNT(verbs); i++) {
        reset(world);
        world->store = &down;
        test_unavailable(world, verbs[i].method, verbs[i].path, "down");
    }
    reset(world);
    world->store = &down;
    is_int(ask(world, "OPTIONS", PLACE, NULL, NULL, NULL)->res.status, 200,
           "OPTIONS works without the store");
    is_int(ask(world, "POST", PLACE, NULL, JSON, "{'x':1}")->res.status, 400,
           "a malformed body is refused without the store");
}

static void test_broken(world_t *world)
{
    for (apr_size_t i = 0; i < COUNT(verbs); i += 3) {
        reset(world);
        database_run(world->db, "ALTER TABLE edu_outcome RENAME TO secret");
        test_unavailable(world, verbs[i].method, verbs[i].path, "broken");
        database_run(world->db, "ALTER TABLE secret RENAME TO edu_outcome");
        is_int(ask(world, "GET", ONE, NULL, NULL, NULL)->res.status, 200,
               "a repaired store is read");
    }
}

/* A stored text that is no outcome is reported and not sent.  If a document is
 * sent as it is stored, only its ends are checked. */
/* clang-format off */
static const struct damaged_t {
    const char *text;
    int ends; /* in braces */
} damaged[] = {
    { "", 0 },
    { "{", 0 },
    { "}", 0 },
    { "secret", 0 },
    { "secret {}", 0 },
    { "{} secret", 0 },
    { "{'id':1", 0 },
    { "[]", 0 },
    { "null", 0 },
    { "5", 0 },
    { "'secret'", 0 },
    { "\xff", 0 },
    { "{'secret':1}}", 1 },
    { "{secret}", 1 },
};
/* clang-format on */

static void test_damaged(world_t *world, const struct damaged_t *row,
                         const char *method, const char *path,
                         edu_dialect_e dialect)
{
    const answer_t *answer;

    reset(world);
    world->mount.dialect = dialect;
    database_run(world->db, "DELETE FROM edu_outcome");
    put(world, ID, "educationPointsOutcome", "1", row->text);
    answer = ask(world, method, path, NULL, JSON, "{'points':{'points':6}}");
    ok(answer->res.status == 500 && is_refusal(world, answer) &&
           !leaks(answer) && answer->res.error.detail,
       "%s %s of damaged '%s' in %s: %d", method,
       strcmp(path, ONE) == 0 ? "one" : "all", row->text,
       dialect == EDU_DIALECT_BETA ? "beta" : "v1.0", answer->res.status);
}

static void test_damages(world_t *world)
{
    for (apr_size_t i = 0; i < COUNT(damaged); i++) {
        const struct damaged_t *row = &damaged[i];

        for (int beta = row->ends; beta < 2; beta++) {
            test_damaged(world, row, "GET", ONE, beta);
            test_damaged(world, row, "HEAD", ONE, beta);
            test_damaged(world, row, "GET", PLACE, beta);
        }
        test_damaged(world, row, "PATCH", ONE, EDU_DIALECT_V1_0);
        test_damaged(world, row, "PATCH", ONE, EDU_DIALECT_BETA);
    }
}

static void test_damaged_delete(world_t *world)
{
    reset(world);
    database_run(world->db, "UPDATE edu_outcome SET body = 'secret'");
    is_int(ask(world, "DELETE", ONE, NULL, NULL, NULL)->res.status, 204,
           "a damaged outcome can be removed");
}

/* -------------------------------------------------------------------- races */

/* A store where another comes between a read and the write after it. */
typedef struct race_t {
    world_t *world;
    const char *sql; /* the other's statement */
    int times;       /* how often, from the first call on */
} race_t;

static apr_status_t race_open(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    race_t *race = baton;

    return database_lend(race->world->db, dbd, p);
}

static void race_close(void *baton, edu_dbd_t *dbd)
{
    race_t *race = baton;

    database_take(race->world->db, dbd);
    if (race->times-- > 0) {
        database_run(race->world->db, race->sql);
    }
}

#define THEIRS                                                                 \
    "UPDATE edu_outcome SET version = '9', body = replace(body, "              \
    "'\"publishedPoints\":null', '\"publishedPoints\":{\"points\":3}')"

#define FLICKER                                                                \
    "UPDATE edu_outcome SET version = CASE version WHEN '9' THEN '8' ELSE "    \
    "'9' "                                                                     \
    "END"

/* clang-format off */
static const struct racing_t {
    const char *name, *method, *headers, *sql;
    int times, status;
    const char *there; /* part of the document stored after; NULL: none */
} racing[] = {
    { "the later of two who read version 1", "PATCH", JSON "\nIf-Match: \"1\"",
      THEIRS, 1, 412, "\"points\":5}" },
    { "one who reads whatever there is", "PATCH", JSON, THEIRS, 1, 200,
      "\"points\":6},\"publishedPoints\":{\"points\":3" },
    { "one who says so", "PATCH", JSON "\nIf-Match: *", THEIRS, 1, 200,
      "\"points\":6},\"publishedPoints\":{\"points\":3" },
    { "one who also names what comes", "PATCH", JSON "\nIf-Match: \"1\", \"9\"",
      THEIRS, 1, 200, "\"points\":6},\"publishedPoints\":{\"points\":3" },
    { "one who wants no version 9", "PATCH", JSON "\nIf-None-Match: \"9\"",
      THEIRS, 1, 412, "\"points\":5}" },
    { "the later of two who remove version 1", "DELETE", "If-Match: \"1\"",
      THEIRS, 1, 412, "\"points\":5}" },
    { "one who removes whatever there is", "DELETE", NULL, THEIRS, 1, 204,
      NULL },
    { "one who changes what is removed", "PATCH", JSON,
      "DELETE FROM edu_outcome", 1, 404, NULL },
    { "one who changes a version that is removed", "PATCH",
      JSON "\nIf-Match: \"1\"", "DELETE FROM edu_outcome", 1, 404, NULL },
    { "one who removes what is removed", "DELETE", NULL,
      "DELETE FROM edu_outcome", 1, 404, NULL },
    { "one who is overtaken three times", "PATCH", JSON, FLICKER, 5, 200,
      "\"points\":6}" },
    { "one whom others always overtake", "PATCH", JSON, FLICKER, 1 << 20, 200,
      "\"points\":6}" },
    { "one before whom others always come to remove", "DELETE", NULL, FLICKER,
      1 << 20, 204, NULL },
};
/* clang-format on */

static void test_racing(world_t *world, const struct racing_t *row)
{
    race_t race = { world, row->sql, row->times };
    const edu_store_t store = { .open = race_open,
                                .close = race_close,
                                .baton = &race,
                                .schema = EDU_SCHEMA_AUTO };
    const answer_t *answer;
    const char *after;

    reset(world);
    world->store = &store;
    answer = ask(world, row->method, ONE, NULL, row->headers,
                 "{'points':{'points':6}}");
    ok(answer->res.status == row->status, "%s: %d, not %d", row->name,
       row->status, answer->res.status);
    after = stored(world);
    if (!ok(row->there ? after && strstr(after, row->there) : !after,
            "the stored outcome is as expected")) {
        fprintf(stderr, "#   got %s\n", after ? after : "nothing");
    }
    if (row->status >= 400) {
        ok(is_refusal(world, answer),
           "a lost race is refused in Graph's shape");
    }
    if (row->status == 503) {
        ok(sent(answer, "Retry-After") != NULL, "a 503 has Retry-After");
    }
    ok(world->reads <= 1, "the body is read at most once");
    is_int(world->db->opened, world->db->closed,
           "all connections are given back");
}

/* ----------------------------------------------------------- what is loaded */

/* An LMS that writes tables by SQL may write anything. */
static const char *const loaded[] = {
    "",
    "{",
    "[]",
    "null",
    "{}",
    "{'id':5,'@odata.etag':[],'displayName':{},'createdBy':7}",
    "{'@odata.type':5}",
    "{'@odata.type':'#microsoft.graph.nothing'}",
    "{" POINTS ",'points':5,'publishedPoints':[]}",
    "{'lastModifiedDateTime':5,'lastModifiedBy':'x'}",
    "{'primaryRole':5}",
    "{'assignTo':5,'assignedDateTime':5,'resourcesFolderUrl':5}",
    "{'assignTo':{'recipients':'s'}}",
    "{'assignTo':{'recipients':[5,null,'s']}}",
    "{'grading':5,'rubric':5,'gradingScheme':5}",
    "{'grading':{'maxPoints':'x'},'rubric':{'qualities':{'q':1}}}",
    "{'grading':{'maxPoints':10},'rubric':{'qualities':[5,null,{}],"
    "'levels':[7]},'gradingScheme':{'grades':[5,{'minPercentage':'x'}]}}",
    "{'grading':{'maxPoints':10},"
    "'gradingScheme':{'grades':[{'minPercentage':0,'displayName':5}]}}",
    "{'status':5,'submittedBy':5}",
    "{'status':'lost'}",
    "{'status':'reassigned','reassignedBy':5}",
    "{'recipient':{'@odata.type':'#microsoft.graph.nothing','userId':5}}",
};

#define CLASS "/education/classes/c"
#define ESSAY CLASS "/assignments/a"
#define WORK ESSAY "/submissions/1"
#define FEEDBACK_ID "ca05367a-b292-42d5-aff7-5d279feeace8"
#define POINTS_ID "ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
#define RUBRIC_ID "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b"

/* clang-format off */
static const struct met_t {
    const char *method, *path, *query, *body;
} met[] = {
    { "GET", "/education/classes", "$filter=displayName+ne+'x'", NULL },
    { "GET", CLASS, NULL, NULL },
    { "PUT", CLASS, NULL, "{'displayName':'d'}" },
    { "DELETE", CLASS, NULL, NULL },
    { "GET", CLASS "/members", "$orderby=primaryRole", NULL },
    { "PUT", CLASS "/members", NULL, "{'value':[{'id':'s'},{'id':'q'}]}" },
    { "POST", CLASS "/members/$ref", NULL,
      "{'@odata.id':'https://x/users/s'}" },
    { "GET", CLASS "/assignments", "$filter=grading/maxPoints+gt+5&$expand=*",
      NULL },
    { "PUT", ESSAY, NULL, "{'rubric':{'qualities':[{'qualityId':'q'}]},"
      "'assignTo':{" TYPE("educationAssignmentIndividualRecipient")
      ",'recipients':['s']}}" },
    { "POST", ESSAY "/publish", NULL, NULL },
    { "POST", ESSAY "/setUpResourcesFolder", NULL, NULL },
    { "GET", ESSAY "/submissions", "$expand=*&$filter=status+eq+'working'"
      "&$orderby=lastModifiedDateTime", NULL },
    { "GET", WORK, "$expand=outcomes", NULL },
    { "PUT", WORK, NULL, "{'recipient':{'userId':'s'}}" },
    { "POST", WORK "/submit", NULL, NULL },
    { "POST", WORK "/return", NULL, NULL },
    { "POST", WORK "/excuse", NULL, NULL },
    { "GET", CLASS "/getRecentlyModifiedSubmissions", "$expand=outcomes",
      NULL },
    { "GET", WORK "/outcomes", "$filter=points/points+gt+1", NULL },
    { "PATCH", WORK "/outcomes/" POINTS_ID, NULL,
      "{" POINTS ",'points':{'points':5}}" },
    { "PATCH", WORK "/outcomes/" RUBRIC_ID, NULL,
      "{'rubricQualitySelectedLevels':[{'qualityId':'q'}]}" },
    { "POST", WORK "/outcomes", NULL, "{" POINTS ",'points':{'points':5}}" },
    { "GET", "/education/me/assignments", NULL, NULL },
    { "GET", "/education/users/s/assignments/a/submissions", NULL, NULL },
};
/* clang-format on */

static const char *const loading[] = {
    "DELETE FROM edu_class",
    "DELETE FROM edu_member",
    "DELETE FROM edu_assignment",
    "DELETE FROM edu_submission",
    "DELETE FROM edu_outcome",
    "INSERT INTO edu_class (id, body) VALUES ('c', '{\"displayName\":\"d\"}')",
    "INSERT INTO edu_member (class_id, id, role) VALUES ('c', 's', 'student'),"
    " ('c', 'teacher', 'teacher')",
    "INSERT INTO edu_assignment (class_id, id, body) VALUES ('c', 'a',"
    " '{\"rubric\":{\"qualities\":[{\"qualityId\":\"q\"}]},"
    "\"grading\":{\"maxPoints\":10}}')",
    "INSERT INTO edu_submission (class_id, assignment_id, id, user_id) VALUES"
    " ('c', 'a', '1', 's')",
    INTO_OUTCOMES "VALUES ('c', 'a', '1', '" POINTS_ID "', '2',"
                  " 'educationPointsOutcome', '1', '{\"points\":null}')",
};

/* A class with a submission and, unless `without`, an outcome. */
static void load(world_t *world, apr_size_t without)
{
    reset(world);
    for (apr_size_t i = 0; i + without < COUNT(loading); i++) {
        database_run(world->db, loading[i]);
    }
}

/* Whatever is in a column, there is an answer, and it is JSON. */
static void test_loaded(world_t *world, const char *column, const char *text)
{
    const char *table = apr_pstrmemdup(world->p, column, strcspn(column, "."));
    const char *sql =
        apr_psprintf(world->p, "UPDATE %s SET %s = '%s'", table,
                     column + strlen(table) + 1, quotes(text, world->p));
    int wrong = 0, written = -1;

    for (apr_size_t i = 0; i < COUNT(met); i++) {
        const answer_t *answer;

        if (database_written(world->db, world->p) != written) {
            load(world, 0);
            world->caller.admin = 1;
            database_run(world->db, sql);
            written = database_written(world->db, world->p);
        }
        answer = ask(world, met[i].method, met[i].path, met[i].query, JSON,
                     met[i].body);
        if (answer->res.status > 500 ||
            (!answer->json && answer->res.status != 204) ||
            world->db->opened != world->db->closed) {
            wrong++;
            fprintf(stderr, "# %s %s: %d %s\n", met[i].method, met[i].path,
                    answer->res.status, answer->text);
        }
    }
    ok(!wrong, "%s may be '%s'", column, text);
}

static void test_loads(world_t *world)
{
    static const char *const columns[] = {
        "edu_class.body",      "edu_member.body",  "edu_assignment.body",
        "edu_submission.body", "edu_outcome.body", "edu_submission.modified_by",
    };

    for (apr_size_t i = 0; i < COUNT(columns); i++) {
        for (apr_size_t j = 0; j < COUNT(loaded); j++) {
            test_loaded(world, columns[i], loaded[j]);
        }
    }
}

/* The log names the assignment, whether its outcomes are stored or not. */
static void test_damaged_assignment(world_t *world)
{
    /* clang-format off */
    static const char *const asked[][2] = {
        { WORK "/outcomes", NULL },
        { WORK, "$expand=outcomes" }, { WORK "/outcomes/" OTHER, NULL },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(asked); i++) {
        const answer_t *answer;

        load(world, 0);
        database_run(world->db, "UPDATE edu_assignment SET body = '{secret}'");
        database_run(world->db, INTO_OUTCOMES
                     "SELECT class_id, assignment_id,"
                     " submission_id, x.column1, created, x.column2, version,"
                     " body FROM edu_outcome, (VALUES ('" FEEDBACK_ID
                     "', 'educationFeedbackOutcome'), ('" RUBRIC_ID
                     "', 'educationRubricOutcome')) x");
        answer = ask(world, "GET", asked[i][0], asked[i][1], NULL, NULL);
        is_int(answer->res.status, 500, asked[i][0]);
        is_str(answer->res.error.detail,
               "the stored document of educationAssignment a is not valid",
               "the refusal names what is damaged");
        ok(!leaks(answer), "the answer quotes nothing of it");
    }
}

/* Documents stored with version 1, and as they are shown by the assignment
 * above, which has a quality q, ten points and no version.  A blank that is
 * shown proves that the text was not parsed. */
/* clang-format off */
static const struct followed_t {
    const char *name, *id, *type, *stored;
    const char *v1, *beta; /* a part of the answer */
} followeds[] = {
    { "feedback", OTHER, "educationFeedbackOutcome",
      "{'@odata.etag':'\\'1\\'', 'feedback':null}",
      "{'@odata.etag':'\\'1\\'', 'feedback':null}",
      "{'@odata.etag':'\\'1\\'', 'feedback':null}" },
    { "points", POINTS_ID, "educationPointsOutcome",
      "{'@odata.etag':'\\'1\\'', " POINTS ",'points':{'points':8.7}}",
      "{'@odata.etag':'\\'1\\'', " POINTS ",'points':{'points':8.7}}",
      "{'@odata.etag':'\\'1-0000000000000000\\''," POINTS
      ",'points':{'points':8.7,'grade':'A'" },
    { "points with a letter of before", POINTS_ID, "educationPointsOutcome",
      "{'@odata.etag':'\\'1\\''," POINTS ",'points':{'points':8.7,"
      "'grade':'B'},'publishedPoints':{'points':8.7,'grade':'C'}}",
      "{'@odata.etag':'\\'1\\''," POINTS ",'points':{'points':8.7},"
      "'publishedPoints':{'points':8.7}}",
      "'points':{'points':8.7,'grade':'A'},'publishedPoints':{'points':8.7,"
      "'grade':'C'}" },
    { "the published letter stays", POINTS_ID, "educationPointsOutcome",
      "{'@odata.etag':'\\'1\\''," POINTS ",'points':null,"
      "'publishedPoints':{'points':8.7,'grade':'C'}}",
      "'publishedPoints':{'points':8.7}", "{'points':8.7,'grade':'C'" },
    { "a rubric as it was", RUBRIC_ID, "educationRubricOutcome",
      "{'@odata.etag':'\\'1-0000000000000000\\'', " RUBRIC "}",
      "{'@odata.etag':'\\'1-0000000000000000\\'', " RUBRIC "}",
      "{'@odata.etag':'\\'1-0000000000000000\\'', " RUBRIC "}" },
    { "a rubric before it followed", RUBRIC_ID, "educationRubricOutcome",
      "{'@odata.etag':'\\'1\\'', " RUBRIC ",'rubricQualitySelectedLevels':"
      "[{'qualityId':'r','columnId':'l'}]}",
      "{'@odata.etag':'\\'1-0000000000000000\\''," RUBRIC
      ",'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':null}]}",
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':null}]" },
    { "a rubric of another version", RUBRIC_ID, "educationRubricOutcome",
      "{'@odata.etag':'\\'1-0000000000000001\\'', " RUBRIC
      ",'publishedRubricQualitySelectedLevels':[{'qualityId':'q',"
      "'columnId':'gone'},{'qualityId':'q','columnId':'l'}]}",
      "'publishedRubricQualitySelectedLevels':[{'qualityId':'q',"
      "'columnId':null}]}",
      "{'@odata.etag':'\\'1-0000000000000000\\''" },
};
/* clang-format on */

static void test_followed(world_t *world, const struct followed_t *row)
{
    const answer_t *answer;

    for (int beta = 0; beta < 2; beta++) {
        load(world, 1);
        world->mount.dialect = beta ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0;
        database_run(world->db,
                     "UPDATE edu_assignment SET body ="
                     " '{\"rubric\":{\"qualities\":[{\"qualityId\":\"q\"}]},"
                     "\"grading\":{\"maxPoints\":10},\"gradingScheme\":"
                     "{\"grades\":[{\"displayName\":\"A\",\"minPercentage\":"
                     "87}]}}'");
        database_run(
            world->db,
            apr_psprintf(world->p,
                         INTO_OUTCOMES "VALUES ('c', 'a',"
                                       " '1', '%s', '2', '%s', '1', '%s')",
                         row->id, row->type, quotes(row->stored, world->p)));
        answer = ask(world, "GET", WORK "/outcomes", NULL, NULL, NULL);
        ok(strstr(answer->text, quotes(beta ? row->beta : row->v1, world->p)),
           "%s, in %s: %s", row->name, beta ? "beta" : "v1.0", answer->text);
    }
}

/* A number below n, of a row that is the same in each run. */
static int below(unsigned *state, int n)
{
    *state = *state * 1103515245u + 12345u;
    return (int)(*state / 65536u % (unsigned)n);
}

/* Some of six ids in some order, with what else is said of each. */
static const char *some(unsigned *state, const char *key, const char *more,
                        apr_pool_t *p)
{
    int i = below(state, 6), step = below(state, 2) ? 1 : 5;
    const char *list = "";

    for (int n = below(state, 6); n > 0; n--, i = (i + step) % 6) {
        list = apr_psprintf(p, "%s%s{'%s':'%d'%s}", list, *list ? "," : "", key,
                            i, more);
    }
    return list;
}

/* Changes the rubric, publishes its outcome, or grades it, which is refused if
 * the rubric has no such thing. */
static void change_rubric(world_t *world, unsigned *state)
{
    static const char *const said[] = { ",'columnId':'1'", ",'columnId':'4'",
                                        ",'columnId':null" };
    apr_pool_t *p = world->p;

    switch (below(state, 4)) {
    case 0:
        ask(world, "PUT", ESSAY, NULL, JSON,
            apr_psprintf(p, "{'rubric':{'qualities':[%s],'levels':[%s]}}",
                         some(state, "qualityId", "", p),
                         some(state, "levelId", "", p)));
        break;
    case 1:
        ask(world, "POST", WORK "/return", NULL, NULL, NULL);
        break;
    default:
        ask(world, "PATCH", WORK "/outcomes/" RUBRIC_ID, NULL, JSON,
            apr_psprintf(p, "{'rubricQualitySelectedLevels':[%s]}",
                         some(state, "qualityId", said[below(state, 3)], p)));
    }
}

/* Whether the rubric outcome looks the same wherever it is shown, and sending
 * it back changes nothing. */
static int is_settled(world_t *world)
{
    static const struct {
        const char *path, *query;
    } others[] = {
        {WORK "/outcomes",  NULL               },
        { WORK "/outcomes", "$filter=id+ne+'x'"},
        { WORK,             "$expand=outcomes" }
    };
    const char *path = WORK "/outcomes/" RUBRIC_ID;
    const answer_t *one = ask(world, "GET", path, NULL, NULL, NULL);
    const char *shown = strstr(one->text, "\"@odata.type\"");
    const char *etag = sent(one, "ETag");
    const char *if_none = apr_pstrcat(world->p, "If-None-Match: ", etag, NULL);
    int settled = shown && tap_same(etag, string_at(one->json, "@odata.etag"));

    for (apr_size_t i = 0; settled && i < COUNT(others); i++) {
        settled = strstr(ask(world, "GET", others[i].path, others[i].query,
                             NULL, NULL)
                             ->text,
                         shown) != NULL;
    }
    if (settled) {
        one = ask(world, "PATCH", path, NULL, JSON,
                  apr_pstrcat(world->p, "{", shown, NULL));
        settled =
            tap_same(sent(one, "ETag"), etag) &&
            tap_same(strstr(one->text, "\"@odata.type\""), shown) &&
            ask(world, "GET", path, NULL, if_none, NULL)->res.status == 304;
    }
    return settled;
}

/* After any change of a rubric, an outcome sent as it is stored equals one that
 * is made anew. */
static void test_rubrics(world_t *world)
{
    unsigned state = 1;
    int settled = 0;

    load(world, 1);
    world->caller.admin = 1;
    for (int i = 0; i < 300; i++) {
        change_rubric(world, &state);
        settled += is_settled(world);
    }
    is_int(settled, 300, "an outcome is the same wherever it is shown");
}

static void tests(apr_pool_t *p)
{
    world_t world = { .p = p };

    apr_dbd_init(p);
    world.db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    for (apr_size_t i = 0; i < COUNT(refusals); i++) {
        test_refusal(&world, &refusals[i]);
    }
    test_media(&world);
    test_prefers(p);
    for (apr_size_t i = 0; i < COUNT(conditions); i++) {
        test_condition(&world, &conditions[i]);
    }
    test_many_tags(&world);
    test_sites(&world);
    test_strict(&world);
    test_methods(&world);
    test_read(&world);
    test_create(&world);
    test_update(&world);
    test_delete(&world);
    test_later(&world);
    test_last_time(&world);
    test_trust(&world);
    test_dialects(&world);
    test_odata_version(&world);
    test_callers(&world);
    test_trace(&world);
    test_body_refused(&world);
    test_down(&world);
    test_broken(&world);
    test_damages(&world);
    test_damaged_delete(&world);
    for (apr_size_t i = 0; i < COUNT(racing); i++) {
        test_racing(&world, &racing[i]);
    }
    test_loads(&world);
    test_damaged_assignment(&world);
    for (apr_size_t i = 0; i < COUNT(followeds); i++) {
        test_followed(&world, &followeds[i]);
    }
    test_rubrics(&world);
    database_close(world.db);
}

TAP_MAIN(tests)
