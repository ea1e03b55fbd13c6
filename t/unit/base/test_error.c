/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Refusals: their codes, and the document that tells of them. */

#include "unit.h"

#include <apr_lib.h>

/* Independent of the library's table: status, code and inner code of each. */
/* clang-format off */
static const struct told_t {
    apr_status_t rv;
    int status;
    const char *code, *inner;
} told[] = {
    { EDU_EBADREQUEST, 400, "badRequest", NULL },
    { EDU_EGRADING, 400, "badRequest", "invalidGrading" },
    { EDU_EQUERY, 400, "BadRequest", NULL },
    { EDU_EEXPAND, 400, "ExpandNotSupported", NULL },
    { EDU_EORDERBY, 400, "20143", NULL },
    { EDU_EFOLDER, 400, "badRequest", "folderAlreadyExists" },
    { EDU_EUNAUTHORIZED, 401, "unauthorized", NULL },
    { EDU_EFORBIDDEN, 403, "forbidden", NULL },
    { EDU_ENOTFOUND, 404, "notFound", NULL },
    { EDU_ENOOUTCOME, 404, "20241", NULL },
    { EDU_EMETHOD, 405, "methodNotAllowed", NULL },
    { EDU_EACCEPT, 406, "notAcceptable", NULL },
    { EDU_ETIMEOUT, 408, "requestTimeout", NULL },
    { EDU_ECONFLICT, 409, "conflict", NULL },
    { EDU_ELENGTH, 411, "lengthRequired", NULL },
    { EDU_EPRECONDITION, 412, "preconditionFailed", NULL },
    { EDU_ETOOLARGE, 413, "requestEntityTooLarge", NULL },
    { EDU_EURITOOLONG, 414, "uriTooLong", NULL },
    { EDU_EMEDIATYPE, 415, "unsupportedMediaType", NULL },
    { EDU_ERANGE, 416, "rangeNotSatisfiable", NULL },
    { EDU_EEXPECTATION, 417, "expectationFailed", NULL },
    { EDU_EMISDIRECTED, 421, "misdirectedRequest", NULL },
    { EDU_EUPGRADE, 426, "upgradeRequired", NULL },
    { EDU_ENOCONDITION, 428, "preconditionRequired", NULL },
    { EDU_ETOOMANY, 429, "TooManyRequests", "429" },
    { EDU_EHEADERS, 431, "requestHeaderFieldsTooLarge", NULL },
    { EDU_EINTERNAL, 500, "internalServerError", NULL },
    { EDU_ENOTIMPL, 501, "notImplemented", NULL },
    { EDU_EGATEWAY, 502, "badGateway", NULL },
    { EDU_EUNAVAILABLE, 503, "serviceUnavailable", NULL },
    { EDU_EPAUSED, 503, "serviceUnavailable", NULL },
    { EDU_EGATEWAYTIMEOUT, 504, "gatewayTimeout", NULL },
    /* other statuses */
    { APR_EGENERAL, 500, "internalServerError", NULL },
    { APR_EINVAL, 500, "internalServerError", NULL },
    { EDU_EGATEWAYTIMEOUT + 1, 500, "internalServerError", NULL },
    { EDU_EBADREQUEST - 1, 500, "internalServerError", NULL },
};
/* clang-format on */

/* clang-format off */
static const struct http_t {
    int status;
    apr_status_t rv;
    const char *code;
} https[] = {
    { 400, EDU_EBADREQUEST, "badRequest" },
    { 401, EDU_EUNAUTHORIZED, "unauthorized" },
    { 403, EDU_EFORBIDDEN, "forbidden" },
    { 404, EDU_ENOTFOUND, "notFound" },
    { 405, EDU_EMETHOD, "methodNotAllowed" },
    { 408, EDU_ETIMEOUT, "requestTimeout" },
    { 411, EDU_ELENGTH, "lengthRequired" },
    { 413, EDU_ETOOLARGE, "requestEntityTooLarge" },
    { 414, EDU_EURITOOLONG, "uriTooLong" },
    { 415, EDU_EMEDIATYPE, "unsupportedMediaType" },
    { 431, EDU_EHEADERS, "requestHeaderFieldsTooLarge" },
    { 500, EDU_EINTERNAL, "internalServerError" },
    { 501, EDU_ENOTIMPL, "notImplemented" },
    { 502, EDU_EGATEWAY, "badGateway" },
    { 503, EDU_EUNAVAILABLE, "serviceUnavailable" },
    { 504, EDU_EGATEWAYTIMEOUT, "gatewayTimeout" },
    /* without a row: as their class */
    { 402, EDU_EBADREQUEST, "badRequest" },
    { 418, EDU_EBADREQUEST, "badRequest" },
    { 451, EDU_EBADREQUEST, "badRequest" },
    { 499, EDU_EBADREQUEST, "badRequest" },
    { 505, EDU_EINTERNAL, "internalServerError" },
    { 507, EDU_ENOSPACE, "insufficientStorage" },
    { 599, EDU_EINTERNAL, "internalServerError" },
};
/* clang-format on */

/* Clients' request ids, and whether they come back. */
/* clang-format off */
static const struct token_t {
    const char *in;
    int kept;
} tokens[] = {
    { "6fd8b6c5-1d2f-4bbd-9fc1-2e5d3d0f0d38", 1 },
    { "a", 1 },
    { "0", 1 },
    { "!#$%&'*+-.^_`|~", 1 },
    { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 1 },
    { NULL, 0 },
    { "", 0 },
    { " ", 0 },
    { "a b", 0 },
    { " a", 0 },
    { "a ", 0 },
    { "a\tb", 0 },
    { "a\r\nSet-Cookie: b", 0 },
    { "a\n", 0 },
    { "\"a\"", 0 },
    { "a,b", 0 },
    { "a;b", 0 },
    { "a:b", 0 },
    { "a/b", 0 },
    { "a\\b", 0 },
    { "<a>", 0 },
    { "{a}", 0 },
    { "(a)", 0 },
    { "a@b", 0 },
    { "a\x7f", 0 },
    { "a\x01", 0 },
    { "\xc3\xa9", 0 },
    { "a\xff", 0 },
};
/* clang-format on */

/* clang-format off */
static const struct document_t {
    const char *name;
    edu_error_t err;
    const char *client_request_id;
    const char *want; /* with ' for ", and the date and request id as ? */
} documents[] = {
    { "the least there is",
      { 404, "notFound", NULL, "Gone.", NULL, NULL, NULL, 0 },
      NULL,
      "{'error':{'code':'notFound','message':'Gone.',"
      "'innerError':{'date':'?','request-id':'?'}}}" },
    { "a target and a client's id",
      { 400, "badRequest", NULL, "No.", NULL, "points/points", NULL, 0 },
      "client-1",
      "{'error':{'code':'badRequest','message':'No.','target':'points/points',"
      "'innerError':{'date':'?','request-id':'?',"
      "'client-request-id':'client-1'}}}" },
    { "an inner error",
      { 400, "badRequest", "invalidGrading", "Bad request.", "Points!",
        "points/points", NULL, 0 },
      NULL,
      "{'error':{'code':'badRequest','message':'Bad request.',"
      "'target':'points/points','innerError':{'code':'invalidGrading',"
      "'message':'Points!','date':'?','request-id':'?'}}}" },
    { "the detail stays in the log",
      { 503, "serviceUnavailable", NULL, "Later.", NULL, NULL,
        "driver: secret", 1 },
      NULL,
      "{'error':{'code':'serviceUnavailable','message':'Later.',"
      "'innerError':{'date':'?','request-id':'?'}}}" },
    { "words that JSON escapes",
      { 400, "badRequest", NULL, "a\\b\n\xc3\xa9", NULL, "x/y", NULL, 0 },
      NULL,
      "{'error':{'code':'badRequest','message':'a\\\\b\\n\xc3\xa9',"
      "'target':'x/y','innerError':{'date':'?','request-id':'?'}}}" },
};
/* clang-format on */

static void test_told(const struct told_t *row, apr_pool_t *p)
{
    static const char *const target = "here";
    edu_error_t err;
    const char *table;

    memset(&err, 0x55, sizeof(err));
    is_int(edu_error_set(&err, row->rv, NULL, p, NULL), row->rv,
           "a refusal returns what it was given");
    is_int(err.status, row->status, apr_psprintf(p, "%s: status", row->code));
    is_str(err.code, row->code, "the code is the table's");
    is_str(err.inner, row->inner, "the inner code is the table's");
    ok(err.message && *err.message, "each refusal has a message of its own");
    table = err.message;
    is_str(err.inner_message, row->inner ? table : NULL,
           "an inner error repeats the message");
    ok(!err.target && !err.detail, "no target and no detail are set");

    edu_error_set(&err, row->rv, target, p, "%s is %d%%", "it", 7);
    ok(err.target == target, "the target is kept");
    is_str(row->inner ? err.inner_message : err.message, "it is 7%",
           "a given message is formatted");
    is_str(row->inner ? err.message : err.inner_message,
           row->inner ? table : NULL, "the other message is the table's");
}

static void test_http(const struct http_t *row, apr_pool_t *p)
{
    edu_error_t err;

    memset(&err, 0x55, sizeof(err));
    is_int(edu_error_http(&err, row->status), row->rv,
           apr_psprintf(p, "HTTP %d has its error", row->status));
    is_int(err.status, row->status, "an error of HTTP keeps its status");
    is_str(err.code, row->code, "an error of HTTP has a code");
    ok(err.message && *err.message, "an error of HTTP has a message");
    ok(!err.inner && !err.inner_message && !err.target && !err.detail,
       "an error of HTTP has nothing more");
}

static void test_token(const char *in, int kept, apr_pool_t *p)
{
    edu_trace_t trace = { "?", "?", "?" };

    edu_trace_init(&trace, in, NULL, p);
    ok(tap_same(trace.client_request_id, kept ? in : NULL),
       "client-request-id of %d bytes is %s", in ? (int)strlen(in) : -1,
       kept ? "echoed" : "dropped");
    ok(edu__is_guid(trace.request_id), "request-id is a GUID");
}

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

/* What a client sends as traceparent. */
static const struct {
    const char *in;
    int kept;
} parents[] = {
    {NULL,                                               0},
    { "",                                                0},
    { "00-" TRACE "-" SPAN "-01",                        1},
    { "cc-" TRACE "-" SPAN "-00",                        1},
    { "00-" TRACE "-" SPAN,                              0},
    { "00-" TRACE "-" SPAN "-1",                         0},
    { "00-" TRACE "-" SPAN "-011",                       0},
    { "00-" TRACE "-" SPAN "-01-x",                      0},
    { "00-" TRACE "-" SPAN "-0G",                        0},
    { "00-" TRACE "0-" SPAN "-01",                       0},
    { "00-" TRACE "-" SPAN "-01\n",                      0},
    { "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", 0},
};

static void test_parents(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(parents); i++) {
        edu_trace_t trace;

        edu_trace_init(&trace, NULL, parents[i].in, p);
        ok(tap_same(trace.parent, parents[i].kept ? parents[i].in : NULL),
           "a traceparent is %s: %s", parents[i].kept ? "kept" : "dropped",
           parents[i].in && !strchr(parents[i].in, '\n') ? parents[i].in
                                                         : "it is none");
    }
}

static void test_trace(apr_pool_t *p)
{
    edu_trace_t one, two;
    char longest[130];

    for (apr_size_t i = 0; i < COUNT(tokens); i++) {
        test_token(tokens[i].in, tokens[i].kept, p);
    }
    test_parents(p);
    memset(longest, 'x', sizeof(longest));
    longest[128] = '\0';
    test_token(longest, 1, p);
    longest[128] = 'x';
    longest[129] = '\0';
    test_token(longest, 0, p);
    edu_trace_init(&one, NULL, NULL, p);
    edu_trace_init(&two, NULL, NULL, p);
    ok(strcmp(one.request_id, two.request_id) != 0,
       "each request has an id of its own");
}

/* Whether `s` is written as pattern is, 0 for any digit. */
static int shaped(const char *s, const char *pattern)
{
    while (s && *s && (*pattern == '0' ? apr_isdigit(*s) : *s == *pattern)) {
        s++;
        pattern++;
    }
    return s && !*s && !*pattern;
}

static json_t *inner_of(json_t *doc)
{
    return json_object_get(json_object_get(doc, "error"), "innerError");
}

/* Whether the date is of this minute, in UTC. */
static int is_now(const char *date, apr_pool_t *p)
{
    edu_time_t t = 0;
    apr_status_t rv = edu__time_parse(&t, apr_pstrcat(p, date, "Z", NULL));
    edu_time_t age = edu__time_now() - t;

    return rv == APR_SUCCESS && age >= 0 && age < 600000000;
}

static void test_document(const struct document_t *row, apr_pool_t *p)
{
    edu_trace_t trace;
    const char *text;
    json_t *doc, *inner;

    edu_trace_init(&trace, row->client_request_id, NULL, p);
    text = edu_error_document(&row->err, &trace, p);
    doc = edu__json_load(text, p);
    inner = inner_of(doc);
    if (!ok(inner != NULL, "%s: the answer is a document", row->name)) {
        return;
    }
    ok(shaped(json_string_value(json_object_get(inner, "date")),
              "0000-00-00T00:00:00"),
       "the date has no fraction and no zone");
    ok(is_now(json_string_value(json_object_get(inner, "date")), p),
       "the date is now");
    is_str(json_string_value(json_object_get(inner, "request-id")),
           trace.request_id, "the request-id is there");
    json_object_set_new(inner, "date", json_string("?"));
    json_object_set_new(inner, "request-id", json_string("?"));
    is_str(edu__json_text(doc, p), quotes(row->want, p), row->name);
}

/* A path or a name that a client sent may be any bytes. */
static void test_bytes(apr_pool_t *p)
{
    edu_trace_t trace;
    edu_error_t err;
    json_t *doc;

    edu_trace_init(&trace, "client-1", NULL, p);
    edu_error_set(&err, EDU_EBADREQUEST, "points/\xff\xfe", p, "no \xc0\xaf");
    doc = edu__json_load(edu_error_document(&err, &trace, p), p);
    is_str(json_string_value(
               json_object_get(json_object_get(doc, "error"), "code")),
           "badRequest", "a target that is not UTF-8 leaves the document JSON");
    is_str(json_string_value(
               json_object_get(json_object_get(doc, "error"), "target")),
           "points/??", "the target is kept with ? for other bytes");
    is_str(json_string_value(
               json_object_get(json_object_get(doc, "error"), "message")),
           "no ??", "the message is kept with ? for other bytes");
    is_str(json_string_value(json_object_get(inner_of(doc), "request-id")),
           trace.request_id, "the document names the request");
    edu_error_set(&err, EDU_ENOOUTCOME, NULL, p, "no %s", "\xed\xa0\x80");
    doc = edu__json_load(edu_error_document(&err, &trace, p), p);
    ok(inner_of(doc) != NULL,
       "a message that is not UTF-8 leaves the document JSON");
}

static void tests(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(told); i++) {
        test_told(&told[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(https); i++) {
        test_http(&https[i], p);
    }
    for (int status = 400; status < 600; status++) {
        edu_error_t err;

        edu_error_http(&err, status);
        ok(err.status == status && err.code && err.message,
           "HTTP %d can be told", status);
    }
    for (int status = -102; status < 700; status += status == 399 ? 201 : 1) {
        edu_error_t err;

        edu_error_http(&err, status);
        is_int(err.status, 500,
               "a status that is no error of HTTP is told as 500");
    }
    test_trace(p);
    for (apr_size_t i = 0; i < COUNT(documents); i++) {
        test_document(&documents[i], p);
    }
    test_bytes(p);
}

TAP_MAIN(tests)
