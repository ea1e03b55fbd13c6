/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* $apply without a server: groups, values, and the bounds of both. */

#include "apply.h"
#include "unit.h"

/* Reads an $apply for outcomes. */
static apr_status_t read_apply(edu_query_t *query, const char *text,
                               edu_error_t *err, apr_pool_t *p)
{
    *query = (edu_query_t){ .type = &edu__outcome };
    return edu__apply_parse(&query->apply, text, query, err, p);
}

static json_t *rows_of(edu_groups_t *groups, apr_pool_t *p)
{
    json_t *rows = edu__json_own(json_array(), p);
    const edu_format_t format = { .metadata = EDU_METADATA_NONE };
    int n = edu__groups_sort(groups);

    for (int i = 0; i < n; i++) {
        json_array_append_new(rows,
                              edu__json_share(edu__json_load(
                                  edu__groups_text(groups, i, &format, p), p)));
    }
    return rows;
}

/* The result for documents, each of which is gone behind its row; or the
 * refusal. */
static const char *result(const char *text, const char *docs, apr_pool_t *p)
{
    json_t *list = value(docs, p), *doc;
    edu_error_t err;
    edu_query_t query;
    edu_groups_t *groups;
    apr_pool_t *one;
    size_t i;

    if (read_apply(&query, text, &err, p)) {
        return err.message;
    }
    groups = edu__groups_create(&query, p);
    apr_pool_create(&one, p);
    json_array_foreach(list, i, doc)
    {
        const char *own = edu__json_text(doc, one);

        if (edu__groups_add(groups, edu__json_load(own, one), &err)) {
            return err.message;
        }
        apr_pool_clear(one);
    }
    return edu__json_text(rows_of(groups, p), p);
}

/* ' stands for " */
/* clang-format off */
static const struct row_t {
    const char *apply, *docs, *want;
} rows[] = {
    { "aggregate($count as n)", "[]", "[{'n':0}]" },
    { "groupby((id))", "[]", "[]" },
    { "aggregate(points/points with average as m)",
      "[{'points':{'points':1}},{'points':{'points':2}},{'points':null},{}]",
      "[{'m':1.5}]" },
    /* what another program stored */
    { "aggregate(points/points with sum as s)",
      "[{'points':{'points':'1'}},{'points':7},{'points':{'points':2}}]",
      "[{'s':2}]" },
    /* bytes of one value and of another do not make those of a third */
    { "groupby((id,lastModifiedBy/user/id),aggregate($count as n))",
      "[{'id':'a','lastModifiedBy':{'user':{'id':'bc'}}},"
      "{'id':'ab','lastModifiedBy':{'user':{'id':'c'}}},"
      "{'id':'','lastModifiedBy':{'user':{'id':null}}},"
      "{'id':null,'lastModifiedBy':{'user':{'id':''}}}]",
      "[{'id':null,'lastModifiedBy':{'user':{'id':''}},'n':1},"
      "{'id':'','lastModifiedBy':{'user':{'id':null}},'n':1},"
      "{'id':'a','lastModifiedBy':{'user':{'id':'bc'}},'n':1},"
      "{'id':'ab','lastModifiedBy':{'user':{'id':'c'}},'n':1}]" },
    /* numbers that are equal are one */
    { "groupby((points/points),aggregate($count as n))",
      "[{'points':{'points':0}},{'points':{'points':-0.0}},"
      "{'points':{'points':1}},{'points':{'points':1.0}}]",
      "[{'points':{'points':0},'n':2},{'points':{'points':1},'n':2}]" },
    { "aggregate(points/points with countdistinct as n)",
      "[{'points':{'points':0}},{'points':{'points':-0.0}},"
      "{'points':{'points':1}},{'points':{'points':1.0}},{}]", "[{'n':2}]" },
    { "aggregate(length(id) add 9007199254740992 with countdistinct as n)",
      "[{'id':''},{'id':'a'},{'id':'ab'},{'id':'bc'}]", "[{'n':3}]" },
    /* a text that gives way to longer and to shorter ones */
    { "aggregate(id with max as x,id with min as y)",
      "[{'id':'b'},{'id':'bbb'},{'id':'c'},{'id':'abcdefgh'},{'id':''},"
      "{'id':'a'}]", "[{'x':'c','y':''}]" },
    { "aggregate(points/points divby 0 with max as x,"
      "points/points div 0 with min as y)",
      "[{'points':{'points':1}},{'points':{'points':0}}]",
      "[{'x':'NaN','y':'INF'}]" },
    { "aggregate(lastModifiedDateTime sub duration'PT1S' with max as x)",
      "[{'lastModifiedDateTime':'2024-01-01T00:00:01Z'}]",
      "[{'x':'2024-01-01T00:00:00.0000000Z'}]" },
    { "aggregate(totalseconds(duration'PT1.5S') with sum as x)", "[{},{}]",
      "[{'x':3}]" }
};
/* clang-format on */

static void computes(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *got = result(rows[i].apply, rows[i].docs, p);
        const char *want =
            *rows[i].want == '[' ? quotes(rows[i].want, p) : rows[i].want;

        is_str(got, want, rows[i].apply);
    }
}

/* Adds n rows whose ids differ, of some length.
 * @return how many there was room for */
static int fill(const char *apply, int n, int len, edu_error_t *err,
                apr_pool_t *p)
{
    edu_query_t query;
    edu_groups_t *groups;
    apr_pool_t *one;
    char *id = apr_palloc(p, len + 1);
    int i;

    if (read_apply(&query, apply, err, p)) {
        return -1;
    }
    groups = edu__groups_create(&query, p);
    apr_pool_create(&one, p);
    memset(id, '0', len);
    for (i = 0; i < n; i++) {
        json_t *doc = edu__json_own(json_object(), one);

        /* the number in its last digits, without a look at all the others */
        apr_snprintf(id + len - 8, 9, "%08d", i);
        json_object_set_new(doc, "id", json_stringn_nocheck(id, len));
        if (edu__groups_add(groups, doc, err)) {
            break;
        }
        apr_pool_clear(one);
    }
    return i;
}

#define MANY 400000 /* rows: twice those whose values fit into memory */

static void is_bounded(apr_pool_t *p)
{
    edu_error_t err = { .message = NULL };
    int n = fill("groupby((id))", EDU_MAX_GROUPS, 8, &err, p);

    ok(n == EDU_MAX_GROUPS, "there can be %d groups", EDU_MAX_GROUPS);
    n = fill("groupby((id))", EDU_MAX_GROUPS + 1, 8, &err, p);
    ok(n == EDU_MAX_GROUPS, "and no more");
    is_str(err.target, "$apply", "the refusal is of $apply");
    ok(err.status == 400 && strstr(err.message, "more than 10000 groups"),
       "and says why: %s", err.message);
    n = fill("groupby((id))", EDU_MAX_GROUPS, 10000, &err, p);
    ok(n > 500 && n < 2000, "nor longer ones: %d", n);
    ok(err.status == 400 && strstr(err.message, "more than 16 MiB"),
       "which says why: %s", err.message);
    n = fill("aggregate(id with countdistinct as n)", MANY, 8, &err, p);
    ok(n > 50000 && n < MANY / 2, "different values have a bound: %d", n);
    n = fill("aggregate(id with max as x,id with min as y)", MANY, 8, &err, p);
    ok(n == MANY, "the greatest of many rows takes no memory");
}

/* Texts that an expression makes are gone with their row. */
static void takes_time(apr_pool_t *p)
{
    const char *apply = "aggregate(concat(id,id) with max as x)";
    const char *text = "id";
    edu_error_t err = { .message = NULL };

    ok(fill(apply, 20000, 20000, &err, p) == 20000, "texts that are made");
    for (int i = 0; i < 7; i++) {
        text = apr_pstrcat(p, "concat(", text, ",", text, ")", NULL);
    }
    apply = apr_pstrcat(p, "aggregate(", text, " with max as x)", NULL);
    ok(fill(apply, 1, 1000000, &err, p) == 0, "a value that takes too long");
    ok(strstr(err.message, "Invalid apply clause: it takes too long"),
       "is refused, not null: %s", err.message);
}

static void tests(apr_pool_t *p)
{
    computes(p);
    is_bounded(p);
    takes_time(p);
}

TAP_MAIN(tests)
