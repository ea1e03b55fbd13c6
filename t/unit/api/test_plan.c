/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* The plans of requests, without a database: a folder of t/data/plans is a
 * case. before.json holds the rows that were read: was (a row), its
 * registration and outcomes, above (a row), rows, open; request.json the
 * request; plan.txt its plan, one line a write, and the answer's status; or the
 * refusal.  A GUID that is made is <guid>.  PLANS=update writes each plan.txt
 * anew. */

#include "verbs.h"
#include "unit.h"

#include <apr_file_io.h>

/* 2030, when all plans are made. */
#define NOW ((edu_time_t)1893456000 * EDU_TICKS_PER_SECOND)

/* A case on its way. */
typedef struct case_t {
    const char *folder;
    const char *texts; /* its files, where GUIDs are looked for */
    const json_t *before, *request;
    apr_pool_t *p;
} case_t;

static const char *text_at(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

/* ------------------------------------------------------------------- files */

static const char *read_text(const case_t *it, const char *name)
{
    const char *path = apr_pstrcat(it->p, it->folder, "/", name, NULL);
    apr_size_t len = 100000;
    char *text = apr_pcalloc(it->p, len + 1);
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, it->p)) {
        return "";
    }
    apr_file_read_full(file, text, len, &len);
    apr_file_close(file);
    return text;
}

static void write_text(const case_t *it, const char *name, const char *text)
{
    const char *path = apr_pstrcat(it->p, it->folder, "/", name, NULL);
    apr_file_t *file;

    apr_file_open(&file, path,
                  APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                  APR_FPROT_OS_DEFAULT, it->p);
    apr_file_puts(text, file);
    apr_file_close(file);
}

static const json_t *read_json(case_t *it, const char *name)
{
    const char *text = read_text(it, name);
    const json_t *json = edu__json_load(text, it->p);

    it->texts = apr_pstrcat(it->p, it->texts, text, NULL);
    if (!json) {
        fprintf(stderr, "# %s/%s is no JSON\n", it->folder, name);
        abort();
    }
    return json;
}

/* ------------------------------------------------------------ what was read */

static const char *json_at(const case_t *it, const json_t *row,
                           const char *name)
{
    const json_t *json = json_object_get(row, name);

    return json ? edu__json_text(json, it->p) : NULL;
}

static edu_row_t row_of(const case_t *it, const json_t *json)
{
    edu_row_t row = { .stored = 0 };

    if (json) {
        row = (edu_row_t){
            .id = text_at(json, "id"),
            .sort_key = text_at(json, "created"),
            .kind = text_at(json, "kind"),
            .version = text_at(json, "version"),
            .modified_by = json_at(it, json, "by"),
            .body = json_at(it, json, "body"),
            .parent_id = text_at(json, "parent"),
            .stored = 1,
        };
        row.sort_key = row.sort_key ? row.sort_key : row.version;
        row.modified_by = row.modified_by ? row.modified_by : "";
        row.parent_id = row.parent_id ? row.parent_id : "";
    }
    return row;
}

static apr_array_header_t *rows_of(const case_t *it, const char *name)
{
    const json_t *list = json_object_get(it->before, name);
    apr_array_header_t *rows = apr_array_make(it->p, 4, sizeof(edu_row_t));
    json_t *row;
    size_t i;

    json_array_foreach((json_t *)list, i, row)
    {
        APR_ARRAY_PUSH(rows, edu_row_t) = row_of(it, row);
    }
    return rows;
}

static edu_registration_t registration_of(const case_t *it)
{
    const json_t *json = json_object_get(it->before, "registration");
    const json_t *of = json_object_get(json, "assignment");
    edu_registration_t registration = { .user_id = text_at(json, "user"),
                                        .version = text_at(json, "version") };

    if (of) {
        registration.assignment =
            apr_pcalloc(it->p, sizeof(*registration.assignment));
        registration.assignment->id = "a";
        registration.assignment->version = text_at(of, "version");
        registration.assignment->body = json_at(it, of, "body");
        registration.assignment->p = it->p;
    }
    return registration;
}

/* ---------------------------------------------------------------- requests */

static const char *header(void *baton, const char *name)
{
    const case_t *it = baton;
    const char *value = text_at(json_object_get(it->request, "headers"), name);

    return value || strcmp(name, "Content-Type") != 0 ? value
                                                      : "application/json";
}

static const edu_verb_t *verb_of(edu_exchange_t *x)
{
    for (int i = 0; edu__routes[i].method; i++) {
        if (edu__routes[i].resource == x->path.resource &&
            strcmp(edu__routes[i].method, x->req->method) == 0) {
            x->route = &edu__routes[i];
            x->set = x->route->set;
            return &edu__verbs[i];
        }
    }
    fprintf(stderr, "# no route %s %s\n", x->req->method, x->req->path);
    abort();
}

/* The plan, without a store to read from. */
static apr_status_t make(edu_exchange_t *x, const case_t *it, edu_plan_t *plan)
{
    const edu_writer_t *writer = verb_of(x)->write;
    apr_status_t rv;

    *plan = (edu_plan_t){
        .body = json_object_get(it->request, "body"),
        .now = NOW,
        .round = (int)json_integer_value(json_object_get(it->request, "round")),
        .was = row_of(it, json_object_get(it->before, "was")),
        .above = row_of(it, json_object_get(it->before, "above")),
        .rows = rows_of(it, "rows"),
        .open = rows_of(it, "open"),
        .changes = {.action = writer->action,
                    .writes = apr_array_make(it->p, 4, sizeof(edu_write_t))},
    };
    plan->was.registration = registration_of(it);
    plan->was.outcomes = rows_of(it, "outcomes");
    rv = writer->check ? writer->check(x, plan) : APR_SUCCESS;
    return rv ? rv : writer->plan(x, plan);
}

/* ------------------------------------------------------------------ results */

/* Replaces each GUID that the case does not know. */
static const char *normal(const case_t *it, const char *text)
{
    char *copy = apr_pstrdup(it->p, text), *to = copy;

    for (const char *from = copy; *from;) {
        const char *guid = apr_pstrmemdup(it->p, from, 36);

        if (edu__is_guid(guid) && !strstr(it->texts, guid)) {
            memcpy(to, "<guid>", 6);
            to += 6;
            from += 36;
        }
        else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return copy;
}

static const char *refusal_of(const edu_error_t *err, apr_pool_t *p)
{
    return apr_psprintf(p, "refused %d %s: %s\n", err->status,
                        err->target ? err->target : err->code, err->message);
}

static const char *result_of(edu_exchange_t *x, const case_t *it)
{
    edu_plan_t plan;
    apr_status_t rv = make(x, it, &plan);

    if (!rv) {
        edu__changes_sort(&plan.changes);
        rv = edu__changes_check(&plan.changes, x->err, x->p);
    }
    return rv ? refusal_of(x->err, x->p)
              : apr_psprintf(
                    x->p, "%sanswer %d\n",
                    normal(it, edu__changes_print(&plan.changes, x->p)),
                    plan.status);
}

static void test_case(const char *folder, const char *name, apr_pool_t *p)
{
    case_t it = { .folder = apr_pstrcat(p, folder, "/", name, NULL),
                  .texts = "ca05367a-b292-42d5-aff7-5d279feeace8 "
                           "ea1351f6-ba33-4940-b2cb-6a7254af2dc8 "
                           "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b ",
                  .p = p };
    const edu_caller_t caller = USER("t");
    edu_mount_t mount = { .rules_alone = 1, .max_body = 100000 };
    edu_error_t err = { 0 };
    edu_request_t req = { .base = "https://example.org/v1.0",
                          .mount = &mount,
                          .caller = &caller,
                          .header = header,
                          .baton = &it };
    edu_exchange_t x = { .req = &req, .err = &err, .p = p };
    const char *result;

    it.before = read_json(&it, "before.json");
    it.request = read_json(&it, "request.json");
    mount.registered = json_is_true(json_object_get(it.request, "registered"));
    mount.trust_stamps =
        json_is_true(json_object_get(it.request, "trustStamps"));
    req.method = text_at(it.request, "method");
    req.path = text_at(it.request, "path");
    if (edu__path_parse(&x.path, req.path, &err, p)) {
        fprintf(stderr, "# %s is no path\n", req.path);
        abort();
    }
    result = result_of(&x, &it);
    if (getenv("PLANS")) {
        write_text(&it, "plan.txt", result);
    }
    is_str(result, read_text(&it, "plan.txt"), name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void tests(apr_pool_t *p)
{
    const char *top = getenv("top_srcdir");
    const char *folder = apr_pstrcat(p, top ? top : ".", "/t/data/plans", NULL);
    apr_array_header_t *names = apr_array_make(p, 64, sizeof(const char *));
    apr_finfo_t info;
    apr_dir_t *dir;

    if (!ok(!apr_dir_open(&dir, folder, p), "t/data/plans is there")) {
        return;
    }
    while (!apr_dir_read(&info, APR_FINFO_NAME, dir)) {
        if (info.name[0] != '.') {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, info.name);
        }
    }
    apr_dir_close(dir);
    qsort(names->elts, names->nelts, sizeof(const char *), by_name);
    for (int i = 0; i < names->nelts; i++) {
        test_case(folder, APR_ARRAY_IDX(names, i, const char *), p);
    }
    ok(names->nelts > 40, "there are plans of all verbs");
}

TAP_MAIN(tests)
