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

/* What else there is, with all that a path can have. */
#define USERS "/education/users/u"
#define ME "/education/me"
#define IN_C .class_id = "c"
#define IN_CA IN_C, .assignment_id = "a"
#define IN_CAS IN_CA, .submission_id = "s"
#define OF_ME .owner = "me"
#define OF_U .owner = "users('u')", .user_id = "u"
#define OWN_A .assignment_id = "a"
#define OWN_AS OWN_A, .submission_id = "s"

/* clang-format off */
static const struct place_t {
    const char *path;
    edu_path_t want;
} places[] = {
    { "/$batch", { .at = EDU_AT_BATCH } },
    { CA "/submissions/$count", { .at = EDU_AT_SUBMISSIONS_COUNT, IN_CA } },

    /* the roster */
    { C "/members", { .at = EDU_AT_MEMBERS, IN_C } },
    { C "/members/$ref", { .at = EDU_AT_MEMBERS_REF, IN_C } },
    { C "/members/m", { .at = EDU_AT_MEMBER, IN_C, .member_id = "m" } },
    { C "/members('m')", { .at = EDU_AT_MEMBER, IN_C, .member_id = "m" } },
    { C "/members/m/$ref",
      { .at = EDU_AT_MEMBER_REF, IN_C, .member_id = "m" } },
    { C "/members('m')/$ref",
      { .at = EDU_AT_MEMBER_REF, IN_C, .member_id = "m" } },
    { C "/members/it's/$ref",
      { .at = EDU_AT_MEMBER_REF, IN_C, .member_id = "it's" } },
    { C "/members/members",
      { .at = EDU_AT_MEMBER, IN_C, .member_id = "members" } },
    { C "/members/" UPPER, { .at = EDU_AT_MEMBER, IN_C, .member_id = UPPER } },
    { C "/teachers", { .at = EDU_AT_TEACHERS, IN_C } },
    { C "/teachers/$ref", { .at = EDU_AT_TEACHERS_REF, IN_C } },
    { C "/teachers/m", { .at = EDU_AT_TEACHER, IN_C, .member_id = "m" } },
    { C "/teachers('m')", { .at = EDU_AT_TEACHER, IN_C, .member_id = "m" } },
    { C "/teachers/m/$ref",
      { .at = EDU_AT_TEACHER_REF, IN_C, .member_id = "m" } },
    { C "/teachers('it''s')/$ref",
      { .at = EDU_AT_TEACHER_REF, IN_C, .member_id = "it's" } },
    { "/education/classes('c')/teachers('m')/$ref",
      { .at = EDU_AT_TEACHER_REF, IN_C, .member_id = "m" } },

    /* a function may have its parentheses */
    { C "/getRecentlyModifiedSubmissions", { .at = EDU_AT_RECENT, IN_C } },
    { C "/getRecentlyModifiedSubmissions()", { .at = EDU_AT_RECENT, IN_C } },
    { C "/getrecentlymodifiedsubmissions", { .at = EDU_AT_RECENT, IN_C } },
    { C "/getrecentlymodifiedsubmissions()", { .at = EDU_AT_RECENT, IN_C } },
    { C "/microsoft.graph.getRecentlyModifiedSubmissions",
      { .at = EDU_AT_RECENT, IN_C } },
    { C "/microsoft.graph.getRecentlyModifiedSubmissions()",
      { .at = EDU_AT_RECENT, IN_C } },
    { C "/microsoft.graph.getrecentlymodifiedsubmissions()",
      { .at = EDU_AT_RECENT, IN_C } },
    { "/education/classes('c')/getRecentlyModifiedSubmissions()",
      { .at = EDU_AT_RECENT, IN_C } },

    /* where a key stands, what looks like a call is one */
    { C "/assignments/microsoft.graph.publish",
      { .at = EDU_AT_ASSIGNMENT, IN_C,
        .assignment_id = "microsoft.graph.publish" } },
    { CA "/submissions/submit",
      { .at = EDU_AT_SUBMISSION, IN_CA, .submission_id = "submit" } },
    { CAS "/outcomes/return()",
      { .at = EDU_AT_OUTCOME, IN_CAS, .outcome_id = "return()" } },

    /* people: me */
    { ME, { .at = EDU_AT_ME, OF_ME } },
    { ME "/classes", { .at = EDU_AT_OWN_CLASSES, OF_ME } },
    { ME "/assignments", { .at = EDU_AT_OWN_ASSIGNMENTS, OF_ME } },
    { ME "/assignments/a", { .at = EDU_AT_ASSIGNMENT, OF_ME, OWN_A } },
    { ME "/assignments('a')", { .at = EDU_AT_ASSIGNMENT, OF_ME, OWN_A } },
    { ME "/assignments/a/publish", { .at = EDU_AT_PUBLISH, OF_ME, OWN_A } },
    { ME "/assignments/a/submissions",
      { .at = EDU_AT_SUBMISSIONS, OF_ME, OWN_A } },
    { ME "/assignments/a/submissions/$count",
      { .at = EDU_AT_SUBMISSIONS_COUNT, OF_ME, OWN_A } },
    { ME "/assignments/a/submissions/s",
      { .at = EDU_AT_SUBMISSION, OF_ME, OWN_AS } },
    { ME "/assignments/a/submissions('s')/submit",
      { .at = EDU_AT_SUBMIT, OF_ME, OWN_AS } },
    { ME "/assignments/a/submissions/s/outcomes",
      { .at = EDU_AT_OUTCOMES, OF_ME, OWN_AS } },
    { ME "/assignments('a')/submissions('s')/outcomes('" UPPER "')",
      { .at = EDU_AT_OUTCOME, OF_ME, OWN_AS, .outcome_id = GUID } },

    /* and others */
    { "/education/users", { .at = EDU_AT_USERS } },
    { USERS, { .at = EDU_AT_USER, OF_U } },
    { "/education/users('u')", { .at = EDU_AT_USER, OF_U } },
    { "/education/users/me",
      { .at = EDU_AT_USER, .owner = "users('me')", .user_id = "me" } },
    { USERS "/classes", { .at = EDU_AT_OWN_CLASSES, OF_U } },
    { "/education/users('u')/classes", { .at = EDU_AT_OWN_CLASSES, OF_U } },
    { USERS "/assignments", { .at = EDU_AT_OWN_ASSIGNMENTS, OF_U } },
    { USERS "/assignments/a", { .at = EDU_AT_ASSIGNMENT, OF_U, OWN_A } },
    { "/education/users('u')/assignments('a')",
      { .at = EDU_AT_ASSIGNMENT, OF_U, OWN_A } },
    { USERS "/assignments/a/submissions/s/outcomes/o",
      { .at = EDU_AT_OUTCOME, OF_U, OWN_AS, .outcome_id = "o" } },
    { "/education/users('it''s')/assignments",
      { .at = EDU_AT_OWN_ASSIGNMENTS, .owner = "users('it''s')",
        .user_id = "it's" } },
    { "/education/users/it's/assignments/a",
      { .at = EDU_AT_ASSIGNMENT, OWN_A, .owner = "users('it''s')",
        .user_id = "it's" } },
    { "/education/users('''')/classes",
      { .at = EDU_AT_OWN_CLASSES, .owner = "users('''')", .user_id = "'" } },
    { "/education/users/a b/classes",
      { .at = EDU_AT_OWN_CLASSES, .owner = "users('a%20b')",
        .user_id = "a b" } },
    { "/education/users/" UPPER "/classes",
      { .at = EDU_AT_OWN_CLASSES, .owner = "users('" UPPER "')",
        .user_id = UPPER } },
};

/* Actions, each by its name and by that in its namespace. */
static const struct action_t {
    const char *of, *name;
    edu_path_t want;
} actions[] = {
    { CA, "publish", { .at = EDU_AT_PUBLISH, IN_CA } },
    { CA, "setUpResourcesFolder", { .at = EDU_AT_FOLDER, IN_CA } },
    { CA, "setUpFeedbackResourcesFolder",
      { .at = EDU_AT_FEEDBACK_FOLDER, IN_CA } },
    { CAS, "submit", { .at = EDU_AT_SUBMIT, IN_CAS } },
    { CAS, "unsubmit", { .at = EDU_AT_UNSUBMIT, IN_CAS } },
    { CAS, "return", { .at = EDU_AT_RETURN, IN_CAS } },
    { CAS, "reassign", { .at = EDU_AT_REASSIGN, IN_CAS } },
    { CAS, "excuse", { .at = EDU_AT_EXCUSE, IN_CAS } },
    { ME "/assignments/a", "setUpFeedbackResourcesFolder",
      { .at = EDU_AT_FEEDBACK_FOLDER, OF_ME, OWN_A } },
    { USERS "/assignments('a')/submissions/s", "return",
      { .at = EDU_AT_RETURN, OF_U, OWN_AS } },
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
    CAS "/members",
    CA "/teachers",
    C "/submissions",
    C "/classes",
    C "/members/m/n",
    C "/members/m/assignments",
    C "/members/m/members",
    C "/members/$ref/m",
    C "/members/m/$ref/$ref",
    C "/teachers/$count",
    CA "/submissions/$ref",
    CA "/submissions/$count/s",
    CA "/submissions/$count('s')",

    /* people have classes and assignments, and no more */
    "/users/u",
    "/education/Me",
    "/education/Users/u",
    "/education/me('u')",
    "/education/me/",
    "/education/me/u",
    "/education/me/$ref",
    "/education/me/members",
    "/education/me/submissions",
    "/education/me/classes/c",
    "/education/me/classes('c')",
    "/education/me/assignments/",
    "/education/me/assignments/$count",
    "/education/me/assignments/a/a",
    "/education/me/getRecentlyModifiedSubmissions",
    "/education/users/",
    "/education/users/$ref",
    "/education/users('u",
    "/education/users('u')u",
    "/education/users('it's')",
    "/education/users/u/users",
    "/education/users/u/classes/c",
    "/education/users/u/members",
    "/education/users/u/Assignments",

    /* calls are of their own kind of thing, and nothing is below them */
    C "/publish",
    C "/microsoft.graph.publish",
    CA "/submit",
    CA "/getRecentlyModifiedSubmissions()",
    CAS "/publish",
    CAS "/setUpResourcesFolder",
    CAS "/outcomes/o/return",
    CAS "/submit/x",
    CAS "/submit/",
    CAS "/submit('x')",
    C "/getRecentlyModifiedSubmissions/s",
    C "/getRecentlyModifiedSubmissions('s')",
    C "/getRecentlyModifiedSubmissions(s)",
    C "/getRecentlyModifiedSubmissions(",
    C "/getRecentlyModifiedSubmissions()()",

    /* their names have their case, and one namespace */
    CAS "/Submit",
    CAS "/RETURN",
    CAS "/microsoft.graph.Return",
    CAS "/Microsoft.Graph.return",
    CAS "/#microsoft.graph.return",
    CAS "/graph.return",
    CAS "/microsoft.graph.",
    CAS "/microsoft.graph",
    CAS "/microsoft.graph.()",
    CAS "/microsoft.graph.microsoft.graph.return",
    CAS "/()",
    C "/GetRecentlyModifiedSubmissions",
    CA "/setupresourcesfolder",

    /* no collection has either */
    "/microsoft.graph.education",
    C "/microsoft.graph.members",
    C "/members()",
    C "/microsoft.graph.assignments",
    CA "/submissions()",
    CAS "/microsoft.graph.outcomes",
    CAS "/outcomes()",
    CAS "/outcomes()/o",

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
    { "/education/classes/.", "classes" },
    { "/education/classes('..')", "classes" },
    { C "/members('')", "members" },
    { C "/members/\xff/$ref", "members" },
    { C "/teachers/..", "teachers" },
    { C "/teachers('\xff')", "teachers" },
    { "/education/users('')/assignments", "users" },
    { "/education/users/\xff", "users" },
    { "/education/users/..", "users" },
    { ME "/assignments('')", "assignments" },
    { USERS "/assignments/\x80", "assignments" },
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

/* Each spelling, and the canonical one. */
#define LOWER "0b5f1f3e-7a52-4c1c-9d0e-1f2a3b4c5d6e"
#define RECENT "getRecentlyModifiedSubmissions"

/* clang-format off */
static const struct spelling_t {
    const char *path, *canonical;
} spellings[] = {
    { CAS "/outcomes", CAS "/outcomes" },
    { "/$batch", "/$batch" },
    { C "/members/$ref", C "/members/$ref" },
    { CA "/submissions/$count", CA "/submissions/$count" },
    { "/education/classes('c')", C },
    { "/education/classes('c')/assignments('a')/submissions('s')/outcomes('o')",
      CAS "/outcomes/o" },
    { "/education/classes('c')/members('m')/$ref", C "/members/m/$ref" },
    { "/education/classes('it''s')", "/education/classes/it's" },
    { "/education/classes/x('y')", "/education/classes/x('y')" },
    { "/education/classes/100%", "/education/classes/100%" },
    { "/education/classes/a b", "/education/classes/a b" },
    { CAS "/outcomes/0B5F1F3E-7A52-4C1C-9D0E-1F2A3B4C5D6E",
      CAS "/outcomes/" LOWER },
    { CAS "/outcomes('0B5F1F3E-7a52-4C1C-9d0e-1F2A3B4C5D6E')",
      CAS "/outcomes/" LOWER },
    { CAS "/outcomes/NONE", CAS "/outcomes/NONE" },
    { C "/teachers/" UPPER, C "/teachers/" UPPER },
    { CAS "/microsoft.graph.return", CAS "/return" },
    { CAS "/return()", CAS "/return" },
    { CAS "/microsoft.graph.excuse()", CAS "/excuse" },
    { CA "/microsoft.graph.publish()", CA "/publish" },
    { C "/getrecentlymodifiedsubmissions", C "/" RECENT },
    { C "/microsoft.graph.getrecentlymodifiedsubmissions()", C "/" RECENT },
    { C "/" RECENT "()", C "/" RECENT },
    { ME "/classes", ME "/classes" },
    { ME "/assignments('a')/submissions('s')/return()",
      ME "/assignments/a/submissions/s/return" },
    { "/education/users('u')/assignments('a')/submissions/s/outcomes",
      USERS "/assignments/a/submissions/s/outcomes" },
    { "/education/users('it''s')/classes", "/education/users/it's/classes" },
};
/* clang-format on */

static int same_path(const edu_path_t *a, const edu_path_t *b)
{
    return a->at == b->at && tap_same(a->class_id, b->class_id) &&
           tap_same(a->member_id, b->member_id) &&
           tap_same(a->assignment_id, b->assignment_id) &&
           tap_same(a->submission_id, b->submission_id) &&
           tap_same(a->outcome_id, b->outcome_id) &&
           tap_same(a->owner, b->owner) && tap_same(a->user_id, b->user_id);
}

/* The canonical path is a path to the same, and its own spelling. */
static void test_spelling(const struct spelling_t *row, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_path_t path, again;

    ok(!edu__path_parse(&path, row->path, &err, p) &&
           strcmp(path.canonical, row->canonical) == 0,
       "%s is canonically %s", row->path, row->canonical);
    ok(!edu__path_parse(&again, path.canonical, &err, p) &&
           same_path(&path, &again) &&
           strcmp(again.canonical, path.canonical) == 0,
       "which is the same");
}

static void test_place(const char *s, const edu_path_t *want, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_path_t path;
    apr_status_t rv;

    memset(&path, 0x55, sizeof(path));
    rv = edu__path_parse(&path, s, &err, p);
    ok(rv == APR_SUCCESS && same_path(&path, want), "%s is found", s);
}

static void test_found(const struct found_t *row, apr_pool_t *p)
{
    const edu_path_t want = { .at = row->at,
                              .class_id = row->class_id,
                              .assignment_id = row->assignment_id,
                              .submission_id = row->submission_id,
                              .outcome_id = row->outcome_id };

    test_place(row->path, &want, p);
}

static void test_action(const struct action_t *row, apr_pool_t *p)
{
    test_place(apr_pstrcat(p, row->of, "/", row->name, NULL), &row->want, p);
    test_place(apr_pstrcat(p, row->of, "/microsoft.graph.", row->name, NULL),
               &row->want, p);
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
        { C "/", "members", "/$ref" },
        { C "/", "teachers", "" },
        { "/education/", "users", "/classes" },
        { ME "/", "assignments", "/submissions" },
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

/* What an answer says of the collection of a path, or of one entity of it. */
static const char *context_of(const edu_path_t *path, const edu_set_t *set,
                              const char *base,
                              const apr_array_header_t *select, int entity,
                              apr_pool_t *p)
{
    const edu_request_t req = { .base = base };
    edu_response_t res = { .body = apr_array_make(p, 4, sizeof(struct iovec)) };
    edu_exchange_t x = { .req = &req,
                         .res = &res,
                         .path = *path,
                         .set = set,
                         .query = { .select = select },
                         .p = p };
    const json_t *doc;

    edu__append_context(&x, NULL, entity);
    doc = edu__json_load(apr_pstrcat(p, text_of(&res, p), "}", NULL), p);
    return json_string_value(json_object_get(doc, "@odata.context"));
}

/* With $select, and without an outcome. */
static void test_selected(const edu_path_t *path, const char *base,
                          const char *context, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    const char *url =
        edu__path_url(path, &edu__outcomes, path->outcome_id, base, p);

    APR_ARRAY_PUSH(names, const char *) = "id";
    is_str(context_of(path, &edu__outcomes, base, names, 0, p),
           apr_pstrcat(p, context, "(id)", NULL), "of what is selected");
    APR_ARRAY_PUSH(names, const char *) = "points";
    is_str(context_of(path, &edu__outcomes, base, names, 1, p),
           apr_pstrcat(p, context, "(id,points)/$entity", NULL),
           "of what is selected in one");
    is_str(edu__path_url(path, &edu__outcomes, NULL, base, p),
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
    const edu_path_t path = OUTCOME_AT(row->id, row->id, row->id, row->id);
    const char *url = edu__path_url(&path, &edu__outcomes, row->id, base, p);
    const char *want;
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
           same_path(&again, &path),
       "leads back to it");
    want = apr_pstrcat(p, base,
                       expand("/$metadata#education/classes('%s')/assignments("
                              "'%s')/submissions('%s')/outcomes",
                              row->in_context, p),
                       NULL);
    is_str(edu__path_context(&path, &edu__outcomes, base, p), want,
           "its collection");
    test_selected(&path, base, want, p);
    is_str(context_of(&path, &edu__outcomes, base, NULL, 1, p),
           apr_pstrcat(p, want, "/$entity", NULL), "its context");
}

/* ------------------------------------------------------------------- URLs */

/* Below /education: of each collection, the URL of one of its entities (or,
 * where nothing has one, of itself) and its context. */
/* clang-format off */
static const struct url_t {
    const char *path;
    const edu_set_t *set;
    const char *id, *url, *context;
} urls[] = {
    { "/education/classes", &edu__classes, "c", "classes/c", "classes" },
    { C, &edu__classes, "c", "classes/c", "classes" },
    { C "/members", &edu__members, "m", "classes/c/members/m",
      "classes('c')/members" },
    { C "/teachers/m", &edu__teachers, "m", "classes/c/teachers/m",
      "classes('c')/teachers" },
    { CA, &edu__assignments, "a", "classes/c/assignments/a",
      "classes('c')/assignments" },
    { CA "/submissions", &edu__submissions, "s",
      "classes/c/assignments/a/submissions/s",
      "classes('c')/assignments('a')/submissions" },
    { CAS "/submit", &edu__submissions, "s",
      "classes/c/assignments/a/submissions/s",
      "classes('c')/assignments('a')/submissions" },
    { "/education/classes/it's/assignments/a b/submissions", &edu__submissions,
      "{s}", "classes/it's/assignments/a%20b/submissions/%7bs%7d",
      "classes('it''s')/assignments('a%20b')/submissions" },

    { ME "/classes", &edu__classes, NULL, "me/classes", "me/classes" },
    { ME "/assignments", &edu__assignments, "a", "me/assignments/a",
      "me/assignments" },
    { ME "/assignments/a/submissions", &edu__submissions, "s",
      "me/assignments/a/submissions/s", "me/assignments('a')/submissions" },
    { ME "/assignments/a/submissions/s/outcomes", &edu__outcomes, "o",
      "me/assignments/a/submissions/s/outcomes/o",
      "me/assignments('a')/submissions('s')/outcomes" },

    { USERS "/classes", &edu__classes, NULL, "users('u')/classes",
      "users('u')/classes" },
    { USERS "/assignments", &edu__assignments, "a", "users('u')/assignments/a",
      "users('u')/assignments" },
    { USERS "/assignments/a/submissions/s", &edu__submissions, "s",
      "users('u')/assignments/a/submissions/s",
      "users('u')/assignments('a')/submissions" },
    { "/education/users('it''s')/assignments/it's/submissions/s/outcomes",
      &edu__outcomes, "o",
      "users('it''s')/assignments/it's/submissions/s/outcomes/o",
      "users('it''s')/assignments('it''s')/submissions('s')/outcomes" },
    { "/education/users/a b{c}/assignments", &edu__assignments, "a",
      "users('a%20b%7bc%7d')/assignments/a",
      "users('a%20b%7bc%7d')/assignments" },
};
/* clang-format on */

static void test_url(const struct url_t *row, apr_pool_t *p)
{
    static const char base[] = "https://example.org/v1.0";
    edu_error_t err;
    edu_path_t path, again;
    const char *url, *where;

    if (!ok(!edu__path_parse(&path, row->path, &err, p), "%s is found",
            row->path)) {
        return;
    }
    url = edu__path_url(&path, row->set, row->id, base, p);
    is_str(url, apr_pstrcat(p, base, "/education/", row->url, NULL),
           "the URL of an entity");
    where = apr_punescape_url(p, url + strlen(base), NULL, NULL, 0);
    ok(!edu__path_parse(&again, where, &err, p) &&
           tap_same(*edu__path_id(&again, row->set->table), row->id) &&
           tap_same(again.owner, path.owner) &&
           tap_same(again.user_id, path.user_id),
       "leads to it");
    is_str(edu__path_context(&path, row->set, base, p),
           apr_pstrcat(p, base, "/$metadata#education/", row->context, NULL),
           "the context of its collection");
    is_str(context_of(&path, row->set, base, NULL, 1, p),
           apr_pstrcat(p, base, "/$metadata#education/", row->context,
                       "/$entity", NULL),
           "and its own");
}

static void tests(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(found); i++) {
        test_found(&found[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(places); i++) {
        test_place(places[i].path, &places[i].want, p);
    }
    for (apr_size_t i = 0; i < COUNT(actions); i++) {
        test_action(&actions[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(spellings); i++) {
        test_spelling(&spellings[i], p);
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
    for (apr_size_t i = 0; i < COUNT(urls); i++) {
        test_url(&urls[i], p);
    }
}

TAP_MAIN(tests)
