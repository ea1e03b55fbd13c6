/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* $batch: what its transaction does when parts of it, or the store, fail. */

#include "api.h"
#include "database.h"

#include <dlfcn.h>

#define APR_WANT_IOVEC
#include <apr_want.h>

#define PLACE "/education/classes/c/assignments/a/submissions/s/outcomes"
#define POISON "/education/classes/poison/assignments/a/submissions/s/outcomes"
#define NONE PLACE "/00000000-aaaa-4bbb-8ccc-222222222222"
#define HEADERS "'headers':{'content-type':'application/json'}"
#define POINTS "'@odata.type':'#microsoft.graph.educationPointsOutcome'"
#define MANY 20

/* Requests of a batch; `more` begins with a comma. */
#define GET(id, url, more)                                                     \
    "{'id':'" id "','method':'GET','url':'" url "'" more "}"
#define POST(id, url, more)                                                    \
    "{'id':'" id "','method':'POST','url':'" url "'," HEADERS                  \
    ",'body':{" POINTS "}" more "}"
#define FAULTY(id, more)                                                       \
    "{'id':'" id "','method':'POST','url':'" PLACE "'," HEADERS                \
    ",'body':{'x':1}" more "}"
#define PATCH(id, more)                                                        \
    "{'id':'" id "','method':'PATCH','url':'" NONE "'," HEADERS                \
    ",'body':{}" more "}"
#define DELETE(id, more)                                                       \
    "{'id':'" id "','method':'DELETE','url':'" NONE "'" more "}"
#define GROUP ",'atomicityGroup':'g'"
#define AFTER(id) ",'dependsOn':['" id "']"

/* ------------------------------------------------------------- what is seen */

/* The turn of the writers: whether somebody has it, how often it was taken, and
 * how much was read meanwhile; and how much was written. */
static int held, turns, read_in_turn, written;

/* The statement that another writes just before the next turn. */
static database_t *other;
static const char *meanwhile;

static apr_status_t take(void *baton, apr_time_t until)
{
    (void)baton;
    (void)until;
    if (meanwhile) {
        database_run(other, meanwhile);
        meanwhile = NULL;
    }
    held = 1;
    turns++;
    return APR_SUCCESS;
}

static void pass(void *baton)
{
    (void)baton;
    held = 0;
}

/* Replaces apr_dbd's. */
int apr_dbd_pselect(const apr_dbd_driver_t *driver, apr_pool_t *p,
                    apr_dbd_t *handle, apr_dbd_results_t **rows,
                    apr_dbd_prepared_t *statement, int random, int nargs,
                    const char **args)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *,
                apr_dbd_results_t **, apr_dbd_prepared_t *, int, int,
                const char **);

    *(void **)&real = dlsym(RTLD_NEXT, "apr_dbd_pselect");
    read_in_turn += held;
    return real(driver, p, handle, rows, statement, random, nargs, args);
}

int apr_dbd_pquery(const apr_dbd_driver_t *driver, apr_pool_t *p,
                   apr_dbd_t *handle, int *affected,
                   apr_dbd_prepared_t *statement, int nargs, const char **args)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *, int *,
                apr_dbd_prepared_t *, int, const char **);

    *(void **)&real = dlsym(RTLD_NEXT, "apr_dbd_pquery");
    written++;
    return real(driver, p, handle, affected, statement, nargs, args);
}

static const char *refused; /* statements that begin with this fail */

int apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                  int *affected, const char *text)
{
    int (*real)(const apr_dbd_driver_t *, apr_dbd_t *, int *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "apr_dbd_query");
    return refused && strncmp(text, refused, strlen(refused)) == 0
               ? 1
               : real(driver, handle, affected, text);
}

/* Replaces apr's: a look at the clock takes 1 us, and time passes where a test
 * says so, however slow the machine is. */
static apr_interval_time_t ahead;

apr_time_t apr_time_now(void)
{
    static apr_time_t now = APR_TIME_C(1700000000000000);

    return ++now + ahead;
}

/* ----------------------------------------------------------------- requests */

typedef struct world_t {
    database_t *db;
    edu_store_t store;
    edu_mount_t mount;
    edu_caller_t caller;
    edu_trace_t trace;
    const char *body;
    int admits; /* there is a server to ask */
    int asked;  /* how often it was */
    int goes;   /* before which request the client does; 0: it stays */
    int late;   /* before which time goes by; 0: it does not */
    apr_interval_time_t lost; /* time that was lost */
    int begun;                /* requests so far */
    int loans;                /* loans of a connection, for one batch */
    apr_pool_t *p;
} world_t;

typedef struct answer_t {
    edu_response_t res;
    json_t *json;
} answer_t;

static const char *header(void *baton, const char *name)
{
    (void)baton;
    /* no request of the batch inherits it */
    if (strcasecmp(name, "If-Match") == 0) {
        return "\"of-the-batch\"";
    }
    return strcasecmp(name, "Content-Type") == 0 ? "application/json" : NULL;
}

static apr_status_t body(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    const world_t *world = baton;

    (void)max;
    (void)err;
    (void)p;
    *data = world->body;
    *len = strlen(world->body);
    return APR_SUCCESS;
}

/* A server that keeps /closed to itself. */
static apr_status_t admit(void *baton, edu_request_t *item, const char *method,
                          const char *url, edu_error_t *err, apr_pool_t *p)
{
    world_t *world = baton;

    (void)method;
    world->asked++;
    if (strncmp(url, "/closed", 7) == 0) {
        return edu_error_set(err, EDU_EFORBIDDEN, NULL, p, NULL);
    }
    item->path = url;
    item->query = NULL;
    return APR_SUCCESS;
}

static int gone(void *baton)
{
    world_t *world = baton;

    world->begun++;
    ahead = world->begun == world->late ? world->lost : 0;
    return world->goes && world->begun >= world->goes;
}

/* Sends a batch; its requests are separated by commas. */
static answer_t *ask(world_t *world, const char *requests)
{
    answer_t *answer = apr_pcalloc(world->p, sizeof(*answer));
    const edu_request_t req = { .method = "POST",
                                .path = "/$batch",
                                .base = "https://example.org/v1.0",
                                .mount = &world->mount,
                                .caller = &world->caller,
                                .trace = &world->trace,
                                .store = &world->store,
                                .header = header,
                                .body = body,
                                .admit = world->admits ? admit : NULL,
                                .gone = gone,
                                .baton = world };
    int opened = world->db->opened;

    world->body = quotes(
        apr_pstrcat(world->p, "{'requests':[", requests, "]}", NULL), world->p);
    world->asked = world->begun = turns = read_in_turn = written = 0;
    memset(&answer->res, 0x55, sizeof(answer->res));
    edu_service_run(&answer->res, &req, world->p);
    world->loans = world->db->opened - opened;
    answer->json = edu__json_load(text_of(&answer->res, world->p), world->p);
    return answer;
}

/* The statuses of the responses, in order. */
static const char *statuses(const answer_t *answer, apr_pool_t *p)
{
    const json_t *responses = json_object_get(answer->json, "responses");
    const char *text = "";

    for (size_t i = 0; i < json_array_size(responses); i++) {
        const json_t *response = json_array_get(responses, i);

        text = apr_psprintf(
            p, "%s%s%d", text, i ? " " : "",
            (int)json_integer_value(json_object_get(response, "status")));
    }
    return text;
}

static int stored(world_t *world)
{
    return atoi(
        database_ask(world->db, "SELECT count(*) FROM edu_outcome", world->p));
}

static void run(world_t *world, const char *sql)
{
    if (database_run(world->db, sql)) {
        fprintf(stderr, "# cannot run %s\n", sql);
        abort();
    }
}

static void reset(world_t *world)
{
    static const edu_mount_t mount = { .rules_alone = 1, .batch_max = MANY };
    static const edu_caller_t caller = USER("teacher");
    static const edu_lock_t lock = { take, pass, NULL };

    world->store = world->db->store;
    edu_group_create(&world->store.group, "sqlite3", &lock, 0, world->p);
    world->goes = world->late = ahead = 0;
    world->lost = EDU_TIMEOUT;
    world->mount = mount;
    world->caller = caller;
    world->admits = 1;
    edu_trace_init(&world->trace, NULL, NULL, world->p);
    edu_store_check(&world->store, &(edu_error_t){ 0 }, world->p);
    run(world, "DELETE FROM edu_outcome");
}

/* The connection is as it was lent: given back, and in no transaction. */
static void is_free(world_t *world, const char *what)
{
    is_int(world->db->opened, world->db->closed,
           apr_pstrcat(world->p, what, ": what was lent is given back", NULL));
    if (ok(database_run(world->db, "BEGIN IMMEDIATE") == 0,
           "%s: no transaction is left", what)) {
        run(world, "ROLLBACK");
    }
    else {
        database_run(world->db, "ROLLBACK");
    }
}

/* ----------------------------------------------------------------- outcomes */

/* clang-format off */
static const struct batch_row_t {
    const char *name, *requests, *statuses;
    int stored, loans;
} batches[] = {
    { "one write", POST("1", PLACE, ""), "201", 1, 1 },
    { "many writes", POST("1", PLACE, "") "," POST("2", PLACE, "") ","
      GET("3", PLACE, ""), "201 201 200", 2, 2 },
    { "a write that is refused", FAULTY("1", "") "," POST("2", PLACE, ""),
      "400 201", 1, 1 },
    { "writes of which none succeeds", FAULTY("1", "") "," FAULTY("2", ""),
      "400 400", 0, 0 },
    { "a group", POST("1", PLACE, GROUP) "," POST("2", PLACE, GROUP),
      "201 201", 2, 1 },
    { "a group whose last fails", POST("1", PLACE, "") ","
      POST("2", PLACE, GROUP) "," POST("3", PLACE, GROUP) ","
      FAULTY("4", GROUP),
      "201 424 424 400", 1, 1 },
    { "a group whose first fails", FAULTY("1", GROUP) ","
      POST("2", PLACE, GROUP), "400 424", 0, 0 },
    { "two groups", FAULTY("1", ",'atomicityGroup':'h'") ","
      POST("2", PLACE, GROUP) "," POST("3", PLACE, ",'atomicityGroup':'h'"),
      "400 201 424", 1, 1 },
    { "a group of which the server refuses a part", POST("1", PLACE, GROUP) ","
      POST("2", "/closed", GROUP), "424 403", 0, 1 },
    { "a group that needs what failed before", FAULTY("1", "") ","
      POST("2", PLACE, GROUP) "," POST("3", PLACE, GROUP AFTER("1")),
      "400 424 424", 0, 1 },
    { "a request that needs a failed group", POST("1", PLACE, GROUP) ","
      FAULTY("2", GROUP) "," POST("3", PLACE, AFTER("1")), "424 400 424", 0,
      1 },
    { "writes that the server refuses", POST("1", "/closed", "") ","
      POST("2", "/closed/too", ""), "403 403", 0, 0 },
    { "a write that the server refuses, and a read",
      POST("1", "/closed", "") "," GET("2", PLACE, ""), "403 200", 0, 1 },
    { "reads that the server refuses", GET("1", "/closed", "") ","
      GET("2", "/closed", AFTER("1")), "403 403", 0, 0 }
};
/* clang-format on */

static void test_batch(world_t *world, const struct batch_row_t *row)
{
    answer_t *answer;

    reset(world);
    answer = ask(world, row->requests);
    is_int(answer->res.status, 200, row->name);
    is_str(statuses(answer, world->p), row->statuses, row->name);
    is_int(stored(world), row->stored,
           apr_pstrcat(world->p, row->name, ": outcomes stored", NULL));
    is_int(world->loans, row->loans,
           apr_pstrcat(world->p, row->name, ": connections borrowed", NULL));
    is_free(world, row->name);
}

/* What stands between two requests of a group is tried when it is needed, or
 * the batch is refused; the group never happens although it depends on what
 * failed. */
static void test_group_order(world_t *world)
{
    reset(world);
    ask(world, POST("1", PLACE, GROUP) "," FAULTY("2", "") "," POST(
                   "3", PLACE, GROUP AFTER("2")));
    is_int(stored(world), 0,
           "a group is not done before a request that it depends on");
    is_free(world, "a group around a request that it depends on");
}

static void test_malformed(world_t *world, const char *requests,
                           const char *name)
{
    reset(world);
    is_int(ask(world, requests)->res.status, 400, name);
    is_int(stored(world), 0, apr_pstrcat(world->p, name, ": stored", NULL));
    is_free(world, name);
}

/* ------------------------------------------------------------------- server */

static void test_admit(world_t *world)
{
    answer_t *answer;

    reset(world);
    ask(world, GET("1", PLACE, "") "," POST("2", PLACE, AFTER("1")));
    is_int(world->asked, 2, "the server is asked once for each request");
    reset(world);
    world->admits = 0;
    answer = ask(world, POST("1", PLACE, "") "," GET("2", PLACE, ""));
    is_int(answer->res.status, 501, "a $batch without admit is refused");
    is_int(world->loans, 0, "a refused $batch borrows no connection");
    is_int(stored(world), 0, "a refused $batch stores nothing");
    reset(world);
    world->caller.authenticated = 0;
    is_int(ask(world, POST("1", PLACE, ""))->res.status, 401,
           "a $batch without a user is refused");
    is_int(world->asked, 0, "a $batch without a user asks the server nothing");
}

static void test_nested(world_t *world)
{
    answer_t *answer;

    reset(world);
    answer = ask(world, "{'id':'1','method':'POST','url':'/$batch'," HEADERS
                        ",'body':{'requests':[" POST("1", PLACE, "") "]}}");
    ok(atoi(statuses(answer, world->p)) >= 400, "batches do not nest");
    is_int(stored(world), 0, "a batch in a batch stores nothing");
    is_free(world, "a batch in a batch");
}

/* -------------------------------------------------------------------- store */

static apr_status_t lend_nothing(void *baton, edu_dbd_t *dbd, apr_pool_t *p)
{
    (void)baton;
    (void)dbd;
    (void)p;
    return APR_EGENERAL;
}

/* A header of the first request that failed. */
static const char *header_of(const answer_t *answer, const char *name)
{
    json_t *responses = json_object_get(answer->json, "responses"), *response;
    size_t i;

    json_array_foreach(responses, i, response)
    {
        if (json_integer_value(json_object_get(response, "status")) >= 500) {
            return json_string_value(
                json_object_get(json_object_get(response, "headers"), name));
        }
    }
    return NULL;
}

/* Something of the batch failed, and is not stored. */
static void is_unavailable(world_t *world, const answer_t *answer,
                           const char *says, int left, const char *what)
{
    is_str(statuses(answer, world->p), says, what);
    ok(header_of(answer, "Retry-After"),
       "%s: the failed request has Retry-After", what);
    ok(answer->res.error.detail, "%s: the log has a detail", what);
    is_int(stored(world), left, apr_pstrcat(world->p, what, ": stored", NULL));
    is_free(world, what);
}

static void test_down(world_t *world)
{
    const answer_t *answer;

    reset(world);
    world->store.open = lend_nothing;
    is_unavailable(world, ask(world, POST("1", PLACE, "")), "503", 0,
                   "the database is down");
    world->store.open = lend_nothing;
    answer = ask(world, GET("1", PLACE, "") "," GET("2", "/x", ""));
    is_str(statuses(answer, world->p), "503 404",
           "reads fail one by one, other requests do not");
    ok(answer->res.status == 200 && answer->res.error.detail,
       "the batch of failed reads has a detail for the log");
}

static void test_no_schema(world_t *world)
{
    reset(world);
    database_close(world->db);
    world->store.schema = EDU_SCHEMA_MANUAL;
    is_str(statuses(ask(world, POST("1", PLACE, "")), world->p), "503",
           "a batch without a schema is refused");
    is_free(world, "a batch without a schema");
}

/* All is well until the very end.  What the database refuses then was not done,
 * and each hears that of its own; of anything else nobody knows. */
static void test_commit(world_t *world)
{
    const char *requests = GET("0", PLACE, "") "," POST(
        "1", PLACE, "") "," POST("2", PLACE, GROUP) "," FAULTY("3", "");

    reset(world);
    refused = "COMMIT";
    is_unavailable(world, ask(world, requests), "200 503 503 400", 0,
                   "a commit that fails");
    refused = NULL;
    reset(world);
    run(world, "PRAGMA foreign_keys = ON");
    run(world, "CREATE TABLE parent (id TEXT PRIMARY KEY)");
    run(world, "CREATE TABLE child (id TEXT REFERENCES parent (id)"
               " DEFERRABLE INITIALLY DEFERRED)");
    run(world, "CREATE TRIGGER late AFTER INSERT ON edu_outcome"
               " BEGIN INSERT INTO child VALUES (NEW.id); END");
    is_str(statuses(ask(world, requests), world->p), "200 409 409 400",
           "a commit that is refused");
    is_int(stored(world), 0, "a commit that is refused stores nothing");
    is_free(world, "a commit that is refused");
    run(world, "DROP TRIGGER late");
    run(world, "DROP TABLE child");
    run(world, "DROP TABLE parent");
    is_str(statuses(ask(world, POST("1", PLACE, "")), world->p), "201",
           "the next batch is served");
}

/* A database may end the transaction by itself (of SQLite: when the disk is
 * full, memory is short, or by a trigger); what follows must not be written
 * outside of it, and nobody else suffers. */
static void test_rolled_back(world_t *world, const char *requests,
                             const char *says, int left, const char *what)
{
    reset(world);
    run(world, "CREATE TRIGGER poison BEFORE INSERT ON edu_outcome"
               " WHEN NEW.class_id = 'poison'"
               " BEGIN SELECT RAISE(ROLLBACK, 'poison'); END");
    is_unavailable(world, ask(world, requests), says, left, what);
    run(world, "DROP TRIGGER poison");
}

static void test_full(world_t *world)
{
    char *much = apr_palloc(world->p, 1024 * 1024 + 1);
    const char *pages, *large;
    answer_t *answer;

    memset(much, 'x', 1024 * 1024);
    much[1024 * 1024] = '\0';
    large = apr_pstrcat(
        world->p,
        "{'id':'2','method':'POST','url':'" PLACE "'," HEADERS
        ",'body':{'@odata.type':'#microsoft.graph.educationFeedbackOutcome',"
        "'feedback':{'text':{'contentType':'text','content':'",
        much, "'}}}}", NULL);
    reset(world);
    pages = database_ask(world->db, "PRAGMA page_count", world->p);
    database_ask(
        world->db,
        apr_psprintf(world->p, "PRAGMA max_page_count = %d", 10 + atoi(pages)),
        world->p);
    answer = ask(world, apr_pstrcat(world->p, POST("1", PLACE, "") ",", large,
                                    "," POST("3", PLACE, ""), NULL));
    is_str(statuses(answer, world->p), "201 507 201",
           "a full disk refuses only the write that does not fit");
    ok(!apr_table_get(answer->res.headers, "Retry-After") &&
           !strstr(text_of(&answer->res, world->p), "Retry-After"),
       "a full disk brings no Retry-After");
    ok(answer->res.error.detail, "a full disk brings a detail for the log");
    is_int(stored(world), 2, "the acknowledged writes are stored");
    is_free(world, "a full disk");
    database_ask(world->db, "PRAGMA max_page_count = 1000000", world->p);
}

/* clang-format off */
static const struct turn_row_t {
    const char *name, *requests, *statuses;
    int turns, reads; /* within them */
} turn_rows[] = {
    { "OPTIONS and reads", "{'id':'1','method':'OPTIONS','url':'" PLACE "'},"
      GET("2", PLACE, "") "," GET("3", PLACE "/$count", ""), "200 200 200", 0,
      0 },
    { "an unknown method", "{'id':'1','method':'BREW','url':'" PLACE "'},"
      GET("2", PLACE, ""), "405 200", 0, 0 },
    { "a path that is none", POST("1", "/nowhere", "") ","
      GET("2", PLACE, AFTER("1")) "," GET("3", PLACE, ""), "404 424 200", 0,
      0 },
    { "a write that is refused", FAULTY("1", "") "," GET("2", PLACE, ""),
      "400 200", 0, 0 },
    { "a write to nothing", PATCH("1", "") "," DELETE("2", GROUP) ","
      GET("3", PLACE, ""), "404 404 200", 0, 0 },
    { "reads around a write", GET("1", PLACE, "") "," POST("2", PLACE, "") ","
      GET("3", PLACE, "") "," GET("4", PLACE, ""), "200 201 200 200", 1, 0 },
    { "writes around a read", POST("1", PLACE, "") "," GET("2", PLACE, "") ","
      POST("3", PLACE, "") "," POST("4", PLACE, GROUP), "201 200 201 201", 2,
      0 },
    { "writes that are refused between", POST("1", PLACE, "") ","
      FAULTY("2", "") "," POST("3", "/closed", "") ",{'id':'4','method':"
      "'OPTIONS','url':'" PLACE "'}," POST("5", PLACE, ""),
      "201 400 403 200 201", 1, 0 },
    { "a group that reads", GET("1", PLACE, GROUP) "," GET("2", PLACE, GROUP)
      "," POST("3", "/closed", ""), "200 200 403", 0, 0 },
    { "a group that reads first", POST("1", PLACE, "") ","
      GET("2", PLACE, GROUP) "," POST("3", PLACE, GROUP), "201 200 201", 2,
      0 },
    { "a group that reads what it wrote", POST("1", PLACE, GROUP) ","
      GET("2", PLACE, GROUP) "," GET("3", PLACE, ""), "201 200 200", 1, 1 },
    { "a group that failed reads no more", POST("1", PLACE, GROUP) ","
      FAULTY("2", GROUP) "," GET("3", PLACE, GROUP), "424 400 424", 1, 0 }
};
/* clang-format on */

static void test_turns(world_t *world, const struct turn_row_t *row)
{
    reset(world);
    is_str(statuses(ask(world, row->requests), world->p), row->statuses,
           row->name);
    is_int(turns, row->turns,
           apr_pstrcat(world->p, row->name, ": turns", NULL));
    is_int(
        read_in_turn, row->reads,
        apr_pstrcat(world->p, row->name, ": reads that others wait for", NULL));
    is_free(world, row->name);
}

/* Nobody waits for the answer any more, or not longer than this. */
static void test_end(world_t *world)
{
    reset(world);
    world->goes = 3;
    is_str(statuses(ask(world,
                        POST("1", PLACE, "") "," POST("2", PLACE, "") "," POST(
                            "3", PLACE, "") "," GET("4", PLACE, "")),
                    world->p),
           "201 201 503 503", "no request begins when the client has gone");
    is_int(stored(world), 2, "requests that were done before stay done");
    is_free(world, "a client that has gone");

    reset(world);
    world->late = 2;
    is_unavailable(world,
                   ask(world, POST("1", PLACE, "") "," POST("2", PLACE, "")),
                   "201 503", 1, "a batch that takes too long");
    reset(world);
    world->late = 3;
    is_unavailable(
        world,
        ask(world, POST("1", PLACE, "") "," POST("2", PLACE, GROUP) "," GET(
                       "3", PLACE, GROUP) "," POST("4", PLACE, GROUP)),
        "201 424 503 424", 1, "a group that takes too long");

    reset(world);
    world->late = 2;
    world->lost = EDU_TIMEOUT / 50;
    is_unavailable(
        world, ask(world, POST("1", PLACE, GROUP) "," GET("2", PLACE, GROUP)),
        "424 503", 0, "a group that reads while others wait");
    reset(world);
    world->late = 2;
    world->lost = EDU_TIMEOUT / 50;
    is_str(statuses(
               ask(world, POST("1", PLACE, GROUP) "," POST("2", PLACE, GROUP)),
               world->p),
           "201 201", "a group that only writes has more time");
    reset(world);
    world->late = 2;
    world->lost = EDU_TIMEOUT / 4;
    is_unavailable(
        world, ask(world, POST("1", PLACE, GROUP) "," POST("2", PLACE, GROUP)),
        "424 503", 0, "a group that writes long while others wait");
    reset(world);
    world->late = 2;
    world->lost = apr_time_from_msec(100);
    turns = 0;
    is_str(statuses(ask(world, POST("1", PLACE, "") "," POST(
                                   "2", PLACE, "") "," POST("3", PLACE, "")),
                    world->p),
           "201 201 201", "writes that take long are done");
    is_int(turns, 2, "writes that take long let others in between");
    reset(world);
    world->late = 2;
    world->lost = EDU_TIMEOUT / 4;
    is_str(
        statuses(ask(world, GET("1", PLACE, GROUP) "," GET(
                                "2", PLACE, GROUP) "," POST("3", PLACE, GROUP)),
                 world->p),
        "200 200 201", "reads of a group before its writes cost no turn");
}

/* A group is nothing without its savepoint. */
static void test_savepoint(world_t *world)
{
    reset(world);
    refused = "SAVEPOINT";
    is_unavailable(world,
                   ask(world, POST("1", PLACE, GROUP) "," POST(
                                  "2", PLACE, GROUP) "," POST("3", PLACE, "")),
                   "503 424 201", 1, "a savepoint that cannot be set");
    refused = NULL;
}

/* ------------------------------------------------------------------ members */

#define MEMBERS 1000

/* A PUT of all members but some, of whom the first has another name. */
static const char *put_members(world_t *world, int from, int to,
                               const char *name)
{
    apr_array_header_t *users =
        apr_array_make(world->p, MEMBERS, sizeof(const char *));

    for (int i = from; i < to; i++) {
        APR_ARRAY_PUSH(users, const char *) =
            apr_psprintf(world->p, "{'id':'u%d','displayName':'%s'}", i,
                         i == from ? name : "");
    }
    return apr_pstrcat(world->p,
                       "{'id':'1','method':'PUT','url':'/education/classes/c/"
                       "members'," HEADERS ",'body':{'value':[",
                       apr_array_pstrcat(world->p, users, ','), "]}}", NULL);
}

static void is_put(world_t *world, const char *requests, int took, int writes,
                   const char *what)
{
    const answer_t *answer;

    world->caller.admin = 1;
    answer = ask(world, requests);
    is_str(statuses(answer, world->p), "204", what);
    is_int(turns, took, apr_pstrcat(world->p, what, ": turns", NULL));
    is_int(written, writes, apr_pstrcat(world->p, what, ": writes", NULL));
    is_int(read_in_turn, 0,
           apr_pstrcat(world->p, what, ": reads meanwhile", NULL));
}

static const char *count(world_t *world, const char *of)
{
    return database_ask(
        world->db, apr_pstrcat(world->p, "SELECT count(*) FROM ", of, NULL),
        world->p);
}

static void test_members(world_t *world)
{
    reset(world);
    run(world, "INSERT INTO edu_class (id) VALUES ('c')");
    is_put(world, put_members(world, 0, MEMBERS, "A"), 1, MEMBERS,
           "a PUT of new members");
    is_put(world, put_members(world, 0, MEMBERS, "A"), 0, 0,
           "the same PUT of members again");
    is_put(world, put_members(world, 1, MEMBERS + 1, "B"), 1, 3,
           "a PUT that removes, changes and adds a member");
    is_str(count(world, "edu_member"), apr_itoa(world->p, MEMBERS),
           "the class has the members of the list");
    is_str(database_ask(world->db,
                        "SELECT id FROM edu_member ORDER BY created DESC, id"
                        " LIMIT 1",
                        world->p),
           apr_psprintf(world->p, "u%d", MEMBERS),
           "the newest member is sorted last");

    meanwhile = "UPDATE edu_member SET version = 'x' WHERE id = 'u1'";
    is_str(
        statuses(ask(world, put_members(world, 1, MEMBERS + 1, "C")), world->p),
        "204", "a PUT that meets another's change is done");
    is_int(written, 2, "the first write finds the other's change");
    meanwhile = "DELETE FROM edu_class";
    world->caller.admin = 1;
    is_str(statuses(ask(world, put_members(world, 0, MEMBERS, "D")), world->p),
           "404", "a PUT of members is 404 when the class goes meanwhile");
    run(world, "DELETE FROM edu_member");
}

static void test_publish(world_t *world)
{
    reset(world);
    run(world, "INSERT INTO edu_class (id) VALUES ('c')");
    run(world, "INSERT INTO edu_assignment (class_id, id) VALUES ('c', 'a')");
    is_put(world, put_members(world, 0, MEMBERS, ""), 1, MEMBERS,
           "a PUT of the class to publish to");
    is_str(statuses(ask(world, "{'id':'1','method':'POST','url':'/education/"
                               "classes/c/assignments/a/publish'}"),
                    world->p),
           "200", "an assignment is published");
    is_int(turns, 1, "publish takes one turn");
    is_int(written, MEMBERS + 1,
           "publish writes the assignment and a submission for each");
    is_int(read_in_turn, 0, "publish reads nothing within its turn");
    is_str(count(world, "edu_submission"), apr_itoa(world->p, MEMBERS),
           "each student has a submission");
    run(world, "DELETE FROM edu_member");
    run(world, "DELETE FROM edu_class");
}

/* A change of an outcome touches its submission first.  Where another was
 * faster with the outcome, that is undone. */
static void test_half(world_t *world)
{
    static const char *const rows[] = {
        "DELETE FROM edu_submission", "DELETE FROM edu_assignment",
        "INSERT INTO edu_assignment (class_id, id) VALUES ('c', 'a')",
        "INSERT INTO edu_submission (class_id, assignment_id, id, user_id)"
        " VALUES ('c', 'a', 's', 'u')",
        INTO_OUTCOMES "VALUES ('c', 'a', 's',"
                      " 'ca05367a-b292-42d5-aff7-5d279feeace8', '1',"
                      " 'educationFeedbackOutcome', '1', '{\"@odata.type\":"
                      "\"#microsoft.graph.educationFeedbackOutcome\"}')"
    };

    reset(world);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        run(world, rows[i]);
    }
    meanwhile = "UPDATE edu_outcome SET version = '2'";
    is_str(statuses(ask(world, "{'id':'1','method':'PATCH','url':'" PLACE
                               "/ca05367a-b292-42d5-aff7-5d279feeace8',"
                               "'headers':{'Content-Type':'application/json',"
                               "'If-Match':'\\'1\\''},'body':{'feedback':"
                               "{'text':{'content':'x','contentType':"
                               "'text'}}}}"),
                    world->p),
           "412", "a PATCH in a $batch meets another's change");
    is_str(
        database_ask(world->db, "SELECT version FROM edu_submission", world->p),
        "0000000000000000", "the submission is not touched");
    run(world, "DELETE FROM edu_submission");
    run(world, "DELETE FROM edu_assignment");
}

/* A request that never succeeds is tried once more by itself, so that the
 * others do. */
static void test_never(world_t *world)
{
    static const char odd[] =
        "{'id':'2','method':'POST','url':'" PLACE "'," HEADERS
        ",'body':{'@odata.type':'#microsoft.graph.educationFeedbackOutcome',"
        "'feedback':{'text':{'contentType':'text','content':'odd'}}}}";
    answer_t *answer;

    reset(world);
    run(world, "ALTER TABLE edu_outcome ADD COLUMN rule TEXT DEFAULT ''"
               " CHECK (body NOT LIKE '%odd%')");
    ask(world, POST("1", PLACE, "")); /* the schema has changed */
    run(world, "DELETE FROM edu_outcome");
    answer = ask(world, apr_pstrcat(world->p, POST("1", PLACE, "") ",", odd,
                                    "," POST("3", PLACE, ""), NULL));
    is_str(statuses(answer, world->p), "201 409 201",
           "a constraint refuses only the write against it");
    is_int(written, 5, "the write against a constraint is tried twice");
    ok(answer->res.error.detail &&
           strstr(answer->res.error.detail, "CHECK constraint failed"),
       "the detail names the constraint");
    is_int(stored(world), 2, "the writes beside it are stored");
    answer = ask(world, odd);
    is_str(statuses(answer, world->p), "409",
           "a constraint refuses a single write");
    is_int(written, 2, "the single write is tried twice");
    is_free(world, "a constraint of the database");
    run(world, "ALTER TABLE edu_outcome DROP COLUMN rule");
}

/* It would fail within another. */
static void test_reads(world_t *world)
{
    reset(world);
    run(world, "BEGIN");
    is_str(
        statuses(ask(world, GET("1", PLACE, GROUP) "," GET(
                                "2", PLACE, GROUP) ",{'id':'3','method':"
                                                   "'HEAD','url':'" PLACE "'}"),
                 world->p),
        "200 200 200", "reads begin no transaction");
    is_int(database_run(world->db, "COMMIT"), 0, "reads end no transaction");
    is_str(statuses(ask(world, POST("1", PLACE, "")), world->p), "201",
           "a write is served after the reads");
    is_free(world, "reads");
}

/* ----------------------------------------------------------------- patience */

static const char *id_of(int i, apr_pool_t *p)
{
    return apr_psprintf(p, "%08x-aaaa-4bbb-8ccc-222222222222", i);
}

/* One request for each of many outcomes. */
static const char *to_each(const char *method, const char *with_body,
                           apr_pool_t *p)
{
    const char *requests = "";

    for (int i = 0; i < MANY; i++) {
        requests = apr_psprintf(
            p, "%s%s{'id':'%d','method':'%s','url':'" PLACE "/%s'%s%s}",
            requests, i ? "," : "", i, method, id_of(i, p),
            with_body ? "," HEADERS ",'body':" : "",
            with_body ? apr_psprintf(p, with_body, i) : "");
    }
    return requests;
}

static void test_many(world_t *world)
{
    const json_t *responses;
    answer_t *answer;

    reset(world);
    for (int i = 0; i < MANY; i++) {
        const char *id = id_of(i, world->p);
        const char *text =
            apr_psprintf(world->p,
                         "{" POINTS ",'@odata.etag':'\\'1\\'','id':'%s',"
                         "'lastModifiedBy':null,'lastModifiedDateTime':"
                         "'2020-01-01T00:00:00.0000000Z','points':null,"
                         "'publishedPoints':null}",
                         id);

        put_outcome(world->db, id, "educationPointsOutcome", "1",
                    quotes(text, world->p), world->p);
    }
    answer =
        ask(world, to_each("PATCH", "{'points':{'points':%d.5}}", world->p));
    is_int(turns, 1, "many updates are one transaction");
    is_int(world->loans, 2,
           "the transaction begins when the first update is to be written");
    is_free(world, "many updates");
    answer = ask(world, to_each("GET", NULL, world->p));
    responses = json_object_get(answer->json, "responses");
    is_int(json_array_size(responses), MANY, "all updates are answered");
    for (int i = 0; i < MANY; i++) {
        const json_t *response = json_array_get(responses, i);
        const json_t *points = json_object_get(
            json_object_get(json_object_get(response, "body"), "points"),
            "points");

        is_str(json_string_value(json_object_get(response, "id")),
               apr_itoa(world->p, i),
               "the answers are in the order of the requests");
        ok(json_number_value(points) == i + 0.5, "update %d was applied", i);
    }
}

static void tests(apr_pool_t *p)
{
    world_t world = { .p = p };

    apr_dbd_init(p);
    world.db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    other = world.db;
    for (apr_size_t i = 0; i < COUNT(batches); i++) {
        test_batch(&world, &batches[i]);
    }
    test_group_order(&world);
    test_malformed(&world, POST("1", PLACE, "") "," POST("1", PLACE, ""),
                   "two requests of one id");
    test_malformed(&world,
                   POST("1", PLACE, "") "," POST("2", PLACE, AFTER("2")),
                   "a request that depends on itself");
    test_malformed(&world, POST("1", PLACE, ",'atomicityGroup':1"),
                   "an atomicityGroup that is not a string");
    test_malformed(&world,
                   "{'id':'1','method':'POST','url':'" PLACE "','headers':"
                   "{'Content-Type':'application/json','If-Match':1},"
                   "'body':{" POINTS "}}",
                   "a header that is not a string");
    test_admit(&world);
    test_nested(&world);
    test_down(&world);
    test_commit(&world);
    test_rolled_back(
        &world,
        POST("1", PLACE, "") "," POST("2", POISON, "") "," POST("3", PLACE, ""),
        "201 503 201", 2, "a transaction that the database ended");
    test_rolled_back(&world,
                     POST("1", PLACE, GROUP) "," POST(
                         "2", POISON, GROUP) "," POST("3", PLACE, GROUP),
                     "424 503 424", 0,
                     "a transaction that the database ended in a group");
    test_rolled_back(&world, POST("1", POISON, "") "," POST("2", PLACE, GROUP),
                     "503 201", 1,
                     "a transaction that the database ended before a group");
    test_full(&world);
    test_never(&world);
    for (apr_size_t i = 0; i < COUNT(turn_rows); i++) {
        test_turns(&world, &turn_rows[i]);
    }
    test_end(&world);
    test_savepoint(&world);
    test_members(&world);
    test_publish(&world);
    test_half(&world);
    test_reads(&world);
    test_many(&world);
    test_no_schema(&world);
    database_close(world.db);
}

TAP_MAIN(tests)
