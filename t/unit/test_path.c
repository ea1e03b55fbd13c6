/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Resource paths: what they name, and the URLs made of them. */

#include "unit.h"

#include <apr_escape.h>

#define C "/education/classes/c"
#define CA C "/assignments/a"
#define CAS CA "/submissions/s"
#define GUID "05d0f76c-1dfa-4442-926c-1b094828b505"
#define UPPER "05D0F76C-1DFA-4442-926C-1B094828B505"

/* What there is: the ids may be NULL. */
/* clang-format off */
static const struct found_t {
    const char *path;
    edu_resource_e at;
    const char *class_id, *assignment_id, *submission_id, *outcome_id;
} found[] = {
    { "/education", EDU_AT_EDUCATION, NULL, NULL, NULL, NULL },
    { "/education/classes", EDU_AT_CLASSES, NULL, NULL, NULL, NULL },
    { C, EDU_AT_CLASS, "c", NULL, NULL, NULL },
    { C "/assignments", EDU_AT_ASSIGNMENTS, "c", NULL, NULL, NULL },
    { CA, EDU_AT_ASSIGNMENT, "c", "a", NULL, NULL },
    { CA "/submissions", EDU_AT_SUBMISSIONS, "c", "a", NULL, NULL },
    { CAS, EDU_AT_SUBMISSION, "c", "a", "s", NULL },
    { CAS "/outcomes", EDU_AT_OUTCOMES, "c", "a", "s", NULL },
    { CAS "/outcomes/$ref", EDU_AT_OUTCOMES_REF, "c", "a", "s", NULL },
    { CAS "/outcomes/$count", EDU_AT_OUTCOMES_COUNT, "c", "a", "s", NULL },
    { CAS "/outcomes/o", EDU_AT_OUTCOME, "c", "a", "s", "o" },

    /* keys in parentheses */
    { "/education/classes('c')", EDU_AT_CLASS, "c", NULL, NULL, NULL },
    { "/education/classes('c')/assignments('a')", EDU_AT_ASSIGNMENT, "c", "a",
      NULL, NULL },
    { "/education/classes('c')/assignments('a')/submissions('s')/outcomes('o')",
      EDU_AT_OUTCOME, "c", "a", "s", "o" },
    { "/education/classes('c')/assignments/a/submissions('s')/outcomes/$ref",
      EDU_AT_OUTCOMES_REF, "c", "a", "s", NULL },
    { C "/assignments('a')/submissions/s/outcomes('o')", EDU_AT_OUTCOME, "c",
      "a", "s", "o" },

    /* quotes are doubled there, and only there */
    { "/education/classes('it''s')", EDU_AT_CLASS, "it's", NULL, NULL, NULL },
    { "/education/classes('''')", EDU_AT_CLASS, "'", NULL, NULL, NULL },
    { "/education/classes('''c''')", EDU_AT_CLASS, "'c'", NULL, NULL, NULL },
    { "/education/classes('a'',''b')", EDU_AT_CLASS, "a','b", NULL, NULL,
      NULL },
    { "/education/classes/it's", EDU_AT_CLASS, "it's", NULL, NULL, NULL },
    { "/education/classes/it''s", EDU_AT_CLASS, "it''s", NULL, NULL, NULL },
    { "/education/classes/'c'", EDU_AT_CLASS, "'c'", NULL, NULL, NULL },

    /* keys are opaque */
    { "/education/classes/x('y')", EDU_AT_CLASS, "x('y')", NULL, NULL, NULL },
    { "/education/classes/classes('y')", EDU_AT_CLASS, "classes('y')", NULL,
      NULL, NULL },
    { "/education/classes/('')", EDU_AT_CLASS, "('')", NULL, NULL, NULL },
    { "/education/classes('x(''y'')')", EDU_AT_CLASS, "x('y')", NULL, NULL,
      NULL },
    { "/education/classes/classes/assignments/assignments", EDU_AT_ASSIGNMENT,
      "classes", "assignments", NULL, NULL },
    { "/education/classes/assignments", EDU_AT_CLASS, "assignments", NULL, NULL,
      NULL },
    { "/education/classes/a$ref", EDU_AT_CLASS, "a$ref", NULL, NULL, NULL },
    { "/education/classes/a b%20{c}\\\"?#;=&+*", EDU_AT_CLASS,
      "a b%20{c}\\\"?#;=&+*", NULL, NULL, NULL },
    { "/education/classes(' ')", EDU_AT_CLASS, " ", NULL, NULL, NULL },
    { "/education/classes/\xe6\x95\x99\xe8\x82\xb2\xf0\x9f\x8e\x93",
      EDU_AT_CLASS, "\xe6\x95\x99\xe8\x82\xb2\xf0\x9f\x8e\x93", NULL, NULL,
      NULL },

    /* GUIDs of outcomes alone are compared without case */
    { CAS "/outcomes/" UPPER, EDU_AT_OUTCOME, "c", "a", "s", GUID },
    { CAS "/outcomes('" UPPER "')", EDU_AT_OUTCOME, "c", "a", "s", GUID },
    { CAS "/outcomes/" GUID, EDU_AT_OUTCOME, "c", "a", "s", GUID },
    { CAS "/outcomes/ABC", EDU_AT_OUTCOME, "c", "a", "s", "ABC" },
    { "/education/classes/" UPPER, EDU_AT_CLASS, UPPER, NULL, NULL, NULL },
    { C "/assignments/" UPPER, EDU_AT_ASSIGNMENT, "c", UPPER, NULL, NULL },
    { CA "/submissions/" UPPER, EDU_AT_SUBMISSION, "c", "a", UPPER, NULL },
};
/* clang-format on */

static const char *const lost[] = {
    "",
    "/",
    "education",
    "education/classes",
    "//education",
    "/education/",
    "/education//classes",
    "/education/classes/",
    "/education/classes//assignments",
    "/education/classes/c/",
    CAS "/outcomes/",
    CAS "/outcomes//o",
    CAS "/outcomes/o/",
    CAS "/outcomes/$ref/",
    CAS "/outcomes/$count/",
    CAS "/outcomes/o/$count",
    CAS "/outcomes/$count('o')",
    CAS "/$count",

    /* letters have their case */
    "/Education",
    "/EDUCATION/classes",
    "/education/Classes",
    "/education/Classes('c')",
    C "/Assignments",
    CA "/submissionS",
    CAS "/Outcomes",
    CAS "/outcomes/$Ref",
    CAS "/outcomes/$REF",

    /* nothing of this name */
    "/me",
    "/education/schools",
    "/education/me/assignments/a",
    "/education/c",
    "/educationclasses",
    C "/c",
    C "/outcomes",
    CAS "/resources",
    CAS "/outcomes/o/points",
    CAS "/outcomes/o/$ref",
    CAS "/outcomes/$ref/o",
    CAS "/outcomes('o')/$ref",
    CAS "/outcomes('o')/o",

    /* names that are no keys */
    "/education/classes/$count",
    "/education/classes/$ref",
    C "/assignments/$value",
    CAS "/outcomes/$entity",
    CAS "/$ref",

    /* parentheses that hold no key */
    "/education('c')",
    "/education/classes(c)",
    "/education/classes()",
    "/education/classes(1)",
    "/education/classes(\"c\")",
    "/education/classes(id='c')",
    "/education/classes('c'",
    "/education/classes('c",
    "/education/classes('",
    "/education/classes(''c')",
    "/education/classes('c'')",
    "/education/classes('c'd')",
    "/education/classes('c')d",
    "/education/classes('c'))",
    "/education/classes('c' )",
    "/education/classes( 'c')",
    "/education/classes ('c')",
    "/education/classes('c')('d')",
    "/education/classes('c')c",
    "/education/classes('c/d')",
    "/education/classes/c('d')/assignments('a",
    CAS "/outcomes/$ref('o')",
};

/* Keys that cannot be, and the collection each is a key of. */
/* clang-format off */
static const struct bad_t {
    const char *path, *target;
} bad[] = {
    { "/education/classes('')", "classes" },
    { C "/assignments('')/submissions", "assignments" },
    { CAS "/outcomes('')", "outcomes" },
    { "/education/classes/\xff", "classes" },
    { "/education/classes('\xff')", "classes" },
    { "/education/classes/c\xc3", "classes" },
    { "/education/classes/\xc0\xaf", "classes" },
    { "/education/classes/\xe0\x80\xaf", "classes" },
    { "/education/classes/\xed\xa0\x80", "classes" },
    { "/education/classes/\xf4\x90\x80\x80", "classes" },
    { C "/assignments/\x80/submissions/s/outcomes", "assignments" },
    { C "/assignments('\x80')/submissions/s/outcomes", "assignments" },
    { CA "/submissions/\xfe", "submissions" },
    { CA "/submissions('\xfe')/outcomes/o", "submissions" },
    { CAS "/outcomes/\xc3\x28", "outcomes" },
    { CAS "/outcomes('\xc3\x28')", "outcomes" },
};
/* clang-format on */

/* clang-format off */
static const struct guid_t {
    const char *s;
    int is;
} guids[] = {
    { GUID, 1 },
    { UPPER, 1 },
    { "00000000-0000-0000-0000-000000000000", 1 },
    { "ffffffff-FFFF-ffff-FFFF-ffffffffffff", 1 },
    { "", 0 },
    { "05d0f76c", 0 },
    { "05d0f76c-1dfa-4442-926c-1b094828b50", 0 },
    { "05d0f76c-1dfa-4442-926c-1b094828b5055", 0 },
    { "{05d0f76c-1dfa-4442-926c-1b094828b505}", 0 },
    { "05d0f76c1dfa4442926c1b094828b505", 0 },
    { "05d0f76c-1dfa-4442-926c-1b094828b50g", 0 },
    { "05d0f76c-1dfa-4442-926c_1b094828b505", 0 },
    { "05d0f76-c1dfa-4442-926c-1b094828b505", 0 },
    { "05d0f76c-1dfa-4442-926c-1b094828b505 ", 0 },
};
/* clang-format on */

/* Ids as they stand in Location and between the quotes of a context. */
/* clang-format off */
static const struct escape_t {
    const char *id, *in_url, *in_context;
} escapes[] = {
    { "c", "c", "c" },
    { GUID, GUID, GUID },
    { "it's", "it's", "it''s" },
    { "''", "''", "''''" },
    { "a b", "a%20b", "a%20b" },
    { "{c}", "%7bc%7d", "%7bc%7d" },
    { "'{ '", "'%7b%20'", "''%7b%20''" },
    { "100%", "100%25", "100%25" },
    { "a?b#c", "a%3fb%23c", "a%3fb%23c" },
    { "\"<>\\^`|", "%22%3c%3e%5c%5e%60%7c", "%22%3c%3e%5c%5e%60%7c" },
    { "\xc3\xa9", "%c3%a9", "%c3%a9" },
    { "x('y')", "x('y')", "x(''y'')" },
};
/* clang-format on */

static void test_found(const struct found_t *row, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_path_t path;
    apr_status_t rv;

    memset(&path, 0x55, sizeof(path));
    rv = edu__path_parse(&path, row->path, &err, p);
    ok(rv == APR_SUCCESS && path.at == row->at &&
           tap_same(path.class_id, row->class_id) &&
           tap_same(path.assignment_id, row->assignment_id) &&
           tap_same(path.submission_id, row->submission_id) &&
           tap_same(path.outcome_id, row->outcome_id),
       "%s is found", row->path);
}

static void test_lost(const char *s, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_path_t path;
    apr_status_t rv = edu__path_parse(&path, s, &err, p);

    ok(rv == EDU_ENOTFOUND && err.status == 404, "'%s' is not found", s);
}

static void test_bad(const char *s, const char *target, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_path_t path;
    apr_status_t rv = edu__path_parse(&path, s, &err, p);

    ok(rv == EDU_EBADREQUEST && err.status == 400 &&
           tap_same(err.target, target),
       "a bad key of %s is refused", target);
}

/* Every key at the limit of its length, by both forms. */
static void test_length(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *before, *name, *after;
    } keys[] = {
        { "/education/", "classes", "/assignments/a" },
        { C "/", "assignments", "/submissions" },
        { CA "/", "submissions", "/outcomes" },
        { CAS "/", "outcomes", "" },
    };
    /* clang-format on */
    static const char *const forms[] = { "%s%s/%s%s", "%s%s('%s')%s" };
    char longest[130];
    edu_error_t err;
    edu_path_t path;

    for (int i = 0; i < 128; i += 2) {
        memcpy(longest + i, "\xc3\xa9", 2);
    }
    for (apr_size_t i = 0; i < 2 * COUNT(keys); i++) {
        const char *s;

        strcpy(longest + 128, "");
        s = apr_psprintf(p, forms[i % 2], keys[i / 2].before, keys[i / 2].name,
                         longest, keys[i / 2].after);
        is_int(edu__path_parse(&path, s, &err, p), APR_SUCCESS,
               "a key of 128 bytes is one");
        strcpy(longest + 128, "x");
        s = apr_psprintf(p, forms[i % 2], keys[i / 2].before, keys[i / 2].name,
                         longest, keys[i / 2].after);
        test_bad(s, keys[i / 2].name, p);
    }
}

/* With $select, and without an outcome. */
static void test_selected(const edu_path_t *path, const char *base,
                          const char *context, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    edu_path_t collection = *path;
    const char *url = edu__path_url(path, base, p);

    APR_ARRAY_PUSH(names, const char *) = "id";
    is_str(edu__path_context(path, base, 0, names, p),
           apr_pstrcat(p, context, "(id)", NULL), "of what is selected");
    APR_ARRAY_PUSH(names, const char *) = "points";
    is_str(edu__path_context(path, base, 1, names, p),
           apr_pstrcat(p, context, "(id,points)/$entity", NULL),
           "of what is selected in one");
    collection.outcome_id = NULL;
    is_str(edu__path_url(&collection, base, p),
           apr_pstrmemdup(p, url, strrchr(url, '/') - url),
           "the URL of the collection");
}

static const char *expand(const char *template, const char *id, apr_pool_t *p)
{
    return apr_psprintf(p, template, id, id, id, id);
}

static void test_escape(const struct escape_t *row, apr_pool_t *p)
{
    static const char base[] = "https://example.org:8443/v1.0";
    const edu_path_t path = { EDU_AT_OUTCOME, row->id, row->id, row->id,
                              row->id };
    const char *url = edu__path_url(&path, base, p), *want;
    edu_error_t err;
    edu_path_t again;

    is_str(url,
           apr_pstrcat(p, base,
                       expand("/education/classes/%s/assignments/%s/submissions"
                              "/%s/outcomes/%s",
                              row->in_url, p),
                       NULL),
           apr_psprintf(p, "the URL of %s", row->id));
    ok(!edu__path_parse(&again,
                        apr_punescape_url(p, url + strlen(base), NULL, NULL, 0),
                        &err, p) &&
           tap_same(again.class_id, row->id) &&
           tap_same(again.outcome_id, row->id),
       "leads back to it");
    want = apr_pstrcat(p, base,
                       expand("/$metadata#education/classes('%s')/assignments("
                              "'%s')/submissions('%s')/outcomes",
                              row->in_context, p),
                       NULL);
    is_str(edu__path_context(&path, base, 0, NULL, p), want, "its collection");
    test_selected(&path, base, want, p);
    is_str(edu__path_context(&path, base, 1, NULL, p),
           apr_pstrcat(p, want, "/$entity", NULL), "its context");
}

static void tests(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(found); i++) {
        test_found(&found[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(lost); i++) {
        test_lost(lost[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(bad); i++) {
        test_bad(bad[i].path, bad[i].target, p);
    }
    test_length(p);
    for (apr_size_t i = 0; i < COUNT(guids); i++) {
        is_int(edu__is_guid(guids[i].s), guids[i].is,
               apr_psprintf(p, "'%s' is %s GUID", guids[i].s,
                            guids[i].is ? "a" : "no"));
    }
    is_str(edu__lower("aZ-0\xc3\x89[", p), "az-0\xc3\x89[",
           "only ASCII has a lower case");
    for (apr_size_t i = 0; i < COUNT(escapes); i++) {
        test_escape(&escapes[i], p);
    }
}

TAP_MAIN(tests)
