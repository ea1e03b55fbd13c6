/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Resource paths: the resources they name, and the URLs made of them. */

#include "odata.h"
#include "unit.h"

#include <apr_escape.h>

#define C "/education/classes/c"
#define CA C "/assignments/a"
#define CAS CA "/submissions/s"
#define GUID "05d0f76c-1dfa-4442-926c-1b094828b505"
#define UPPER "05D0F76C-1DFA-4442-926C-1B094828B505"

/* Paths of outcomes and above; ids may be NULL. */
/* clang-format off */
static const struct found_t {
    const char *path;
    edu_resource_e resource;
    const char *class_id, *assignment_id, *submission_id, *outcome_id;
} found[] = {
    { "/education", EDU_RES_EDUCATION, NULL, NULL, NULL, NULL },
    { "/education/classes", EDU_RES_CLASSES, NULL, NULL, NULL, NULL },
    { C, EDU_RES_CLASS, "c", NULL, NULL, NULL },
    { C "/assignments", EDU_RES_ASSIGNMENTS, "c", NULL, NULL, NULL },
    { CA, EDU_RES_ASSIGNMENT, "c", "a", NULL, NULL },
    { CA "/submissions", EDU_RES_SUBMISSIONS, "c", "a", NULL, NULL },
    { CAS, EDU_RES_SUBMISSION, "c", "a", "s", NULL },
    { CAS "/outcomes", EDU_RES_OUTCOMES, "c", "a", "s", NULL },
    { CAS "/outcomes/$ref", EDU_RES_OUTCOMES_REF, "c", "a", "s", NULL },
    { CAS "/outcomes/$count", EDU_RES_OUTCOMES_COUNT, "c", "a", "s", NULL },
    { CAS "/outcomes/o", EDU_RES_OUTCOME, "c", "a", "s", "o" },

    /* keys in parentheses */
    { "/education/classes('c')", EDU_RES_CLASS, "c", NULL, NULL, NULL },
    { "/education/classes('c')/assignments('a')", EDU_RES_ASSIGNMENT, "c", "a",
      NULL, NULL },
    { "/education/classes('c')/assignments('a')/submissions('s')/outcomes('o')",
      EDU_RES_OUTCOME, "c", "a", "s", "o" },
    { "/education/classes('c')/assignments/a/submissions('s')/outcomes/$ref",
      EDU_RES_OUTCOMES_REF, "c", "a", "s", NULL },
    { C "/assignments('a')/submissions/s/outcomes('o')", EDU_RES_OUTCOME, "c",
      "a", "s", "o" },

    /* quotes are doubled there, and only there */
    { "/education/classes('it''s')", EDU_RES_CLASS, "it's", NULL, NULL, NULL },
    { "/education/classes('''')", EDU_RES_CLASS, "'", NULL, NULL, NULL },
    { "/education/classes('''c''')", EDU_RES_CLASS, "'c'", NULL, NULL, NULL },
    { "/education/classes('a'',''b')", EDU_RES_CLASS, "a','b", NULL, NULL,
      NULL },
    { "/education/classes/it's", EDU_RES_CLASS, "it's", NULL, NULL, NULL },
    { "/education/classes/it''s", EDU_RES_CLASS, "it''s", NULL, NULL, NULL },
    { "/education/classes/'c'", EDU_RES_CLASS, "'c'", NULL, NULL, NULL },

    /* keys are opaque */
    { "/education/classes/x('y')", EDU_RES_CLASS, "x('y')", NULL, NULL, NULL },
    { "/education/classes/classes('y')", EDU_RES_CLASS, "classes('y')", NULL,
      NULL, NULL },
    { "/education/classes/('')", EDU_RES_CLASS, "('')", NULL, NULL, NULL },
    { "/education/classes('x(''y'')')", EDU_RES_CLASS, "x('y')", NULL, NULL,
      NULL },
    { "/education/classes/classes/assignments/assignments", EDU_RES_ASSIGNMENT,
      "classes", "assignments", NULL, NULL },
    { "/education/classes/assignments", EDU_RES_CLASS, "assignments", NULL,
      NULL,
      NULL },
    { "/education/classes/a$ref", EDU_RES_CLASS, "a$ref", NULL, NULL, NULL },
    { "/education/classes/a b%20{c}\\\"?#;=&+*", EDU_RES_CLASS,
      "a b%20{c}\\\"?#;=&+*", NULL, NULL, NULL },
    { "/education/classes(' ')", EDU_RES_CLASS, " ", NULL, NULL, NULL },
    { "/education/classes/\xe6\x95\x99\xe8\x82\xb2\xf0\x9f\x8e\x93",
      EDU_RES_CLASS, "\xe6\x95\x99\xe8\x82\xb2\xf0\x9f\x8e\x93", NULL, NULL,
      NULL },

    /* GUIDs of outcomes alone are compared without case */
    { CAS "/outcomes/" UPPER, EDU_RES_OUTCOME, "c", "a", "s", GUID },
    { CAS "/outcomes('" UPPER "')", EDU_RES_OUTCOME, "c", "a", "s", GUID },
    { CAS "/outcomes/" GUID, EDU_RES_OUTCOME, "c", "a", "s", GUID },
    { CAS "/outcomes/ABC", EDU_RES_OUTCOME, "c", "a", "s", "ABC" },
    { "/education/classes/" UPPER, EDU_RES_CLASS, UPPER, NULL, NULL, NULL },
    { C "/assignments/" UPPER, EDU_RES_ASSIGNMENT, "c", UPPER, NULL, NULL },
    { CA "/submissions/" UPPER, EDU_RES_SUBMISSION, "c", "a", UPPER, NULL },
};
/* clang-format on */

/* All other paths, with all that a path can have. */
#define USERS "/education/users/u"
#define ME "/education/me"
#define IN_C .key.class_id = "c"
#define IN_CA IN_C, .key.assignment_id = "a"
#define IN_CAS IN_CA, .key.submission_id = "s"
#define OF_ME .user_root = "me"
#define OF_U .user_root = "users('u')", .user_id = "u"
#define OWN_A .key.assignment_id = "a"
#define OWN_AS OWN_A, .key.submission_id = "s"

/* clang-format off */
static const struct place_t {
    const char *path;
    edu_path_t want;
} places[] = {
    { "/$batch", { .resource = EDU_RES_BATCH } },
    { CA "/submissions/$count",
      { .resource = EDU_RES_SUBMISSIONS_COUNT, IN_CA } },

    /* the roster */
    { C "/members", { .resource = EDU_RES_MEMBERS, IN_C } },
    { C "/members/$ref", { .resource = EDU_RES_MEMBERS_REF, IN_C } },
    { C "/members/m",
      { .resource = EDU_RES_MEMBER, IN_C, .key.member_id = "m" } },
    { C "/members('m')",
      { .resource = EDU_RES_MEMBER, IN_C, .key.member_id = "m" } },
    { C "/members/m/$ref",
      { .resource = EDU_RES_MEMBER_REF, IN_C, .key.member_id = "m" } },
    { C "/members('m')/$ref",
      { .resource = EDU_RES_MEMBER_REF, IN_C, .key.member_id = "m" } },
    { C "/members/it's/$ref",
      { .resource = EDU_RES_MEMBER_REF, IN_C, .key.member_id = "it's" } },
    { C "/members/members",
      { .resource = EDU_RES_MEMBER, IN_C, .key.member_id = "members" } },
    { C "/members/" UPPER,
      { .resource = EDU_RES_MEMBER, IN_C, .key.member_id = UPPER } },
    { C "/teachers", { .resource = EDU_RES_TEACHERS, IN_C } },
    { C "/teachers/$ref", { .resource = EDU_RES_TEACHERS_REF, IN_C } },
    { C "/teachers/m",
      { .resource = EDU_RES_TEACHER, IN_C, .key.member_id = "m" } },
    { C "/teachers('m')",
      { .resource = EDU_RES_TEACHER, IN_C, .key.member_id = "m" } },
    { C "/teachers/m/$ref",
      { .resource = EDU_RES_TEACHER_REF, IN_C, .key.member_id = "m" } },
    { C "/teachers('it''s')/$ref",
      { .resource = EDU_RES_TEACHER_REF, IN_C, .key.member_id = "it's" } },
    { "/education/classes('c')/teachers('m')/$ref",
      { .resource = EDU_RES_TEACHER_REF, IN_C, .key.member_id = "m" } },

    /* a function may have its parentheses */
    { C "/getRecentlyModifiedSubmissions",
      { .resource = EDU_RES_RECENT, IN_C } },
    { C "/getRecentlyModifiedSubmissions()",
      { .resource = EDU_RES_RECENT, IN_C } },
    { C "/getrecentlymodifiedsubmissions",
      { .resource = EDU_RES_RECENT, IN_C } },
    { C "/getrecentlymodifiedsubmissions()",
      { .resource = EDU_RES_RECENT, IN_C } },
    { C "/microsoft.graph.getRecentlyModifiedSubmissions",
      { .resource = EDU_RES_RECENT, IN_C } },
    { C "/microsoft.graph.getRecentlyModifiedSubmissions()",
      { .resource = EDU_RES_RECENT, IN_C } },
    { C "/microsoft.graph.getrecentlymodifiedsubmissions()",
      { .resource = EDU_RES_RECENT, IN_C } },
    { "/education/classes('c')/getRecentlyModifiedSubmissions()",
      { .resource = EDU_RES_RECENT, IN_C } },

    /* a call in the place of a key is a call */
    { C "/assignments/microsoft.graph.publish",
      { .resource = EDU_RES_ASSIGNMENT, IN_C,
        .key.assignment_id = "microsoft.graph.publish" } },
    { CA "/submissions/submit",
      { .resource = EDU_RES_SUBMISSION, IN_CA,
        .key.submission_id = "submit" } },
    { CAS "/outcomes/return()",
      { .resource = EDU_RES_OUTCOME, IN_CAS, .key.outcome_id = "return()" } },

    /* people: me */
    { ME, { .resource = EDU_RES_ME, OF_ME } },
    { ME "/classes", { .resource = EDU_RES_MY_CLASSES, OF_ME } },
    { ME "/assignments", { .resource = EDU_RES_MY_ASSIGNMENTS, OF_ME } },
    { ME "/assignments/a", { .resource = EDU_RES_ASSIGNMENT, OF_ME, OWN_A } },
    { ME "/assignments('a')",
      { .resource = EDU_RES_ASSIGNMENT, OF_ME, OWN_A } },
    { ME "/assignments/a/publish",
      { .resource = EDU_RES_PUBLISH, OF_ME, OWN_A } },
    { ME "/assignments/a/submissions",
      { .resource = EDU_RES_SUBMISSIONS, OF_ME, OWN_A } },
    { ME "/assignments/a/submissions/$count",
      { .resource = EDU_RES_SUBMISSIONS_COUNT, OF_ME, OWN_A } },
    { ME "/assignments/a/submissions/s",
      { .resource = EDU_RES_SUBMISSION, OF_ME, OWN_AS } },
    { ME "/assignments/a/submissions('s')/submit",
      { .resource = EDU_RES_SUBMIT, OF_ME, OWN_AS } },
    { ME "/assignments/a/submissions/s/outcomes",
      { .resource = EDU_RES_OUTCOMES, OF_ME, OWN_AS } },
    { ME "/assignments('a')/submissions('s')/outcomes('" UPPER "')",
      { .resource = EDU_RES_OUTCOME, OF_ME, OWN_AS, .key.outcome_id = GUID } },

    /* and others */
    { "/education/users", { .resource = EDU_RES_USERS } },
    { USERS, { .resource = EDU_RES_USER, OF_U } },
    { "/education/users('u')", { .resource = EDU_RES_USER, OF_U } },
    { "/education/users/me",
      { .resource = EDU_RES_USER, .user_root = "users('me')",
        .user_id = "me" } },
    { USERS "/classes", { .resource = EDU_RES_MY_CLASSES, OF_U } },
    { "/education/users('u')/classes",
      { .resource = EDU_RES_MY_CLASSES, OF_U } },
    { USERS "/assignments", { .resource = EDU_RES_MY_ASSIGNMENTS, OF_U } },
    { USERS "/assignments/a", { .resource = EDU_RES_ASSIGNMENT, OF_U, OWN_A } },
    { "/education/users('u')/assignments('a')",
      { .resource = EDU_RES_ASSIGNMENT, OF_U, OWN_A } },
    { USERS "/assignments/a/submissions/s/outcomes/o",
      { .resource = EDU_RES_OUTCOME, OF_U, OWN_AS, .key.outcome_id = "o" } },
    { "/education/users('it''s')/assignments",
      { .resource = EDU_RES_MY_ASSIGNMENTS, .user_root = "users('it''s')",
        .user_id = "it's" } },
    { "/education/users/it's/assignments/a",
      { .resource = EDU_RES_ASSIGNMENT, OWN_A, .user_root = "users('it''s')",
        .user_id = "it's" } },
    { "/education/users('''')/classes",
      { .resource = EDU_RES_MY_CLASSES, .user_root = "users('''')",
        .user_id = "'" } },
    { "/education/users/a b/classes",
      { .resource = EDU_RES_MY_CLASSES, .user_root = "users('a%20b')",
        .user_id = "a b" } },
    { "/education/users/" UPPER "/classes",
      { .resource = EDU_RES_MY_CLASSES, .user_root = "users('" UPPER "')",
        .user_id = UPPER } },
};

/* Actions, each by its name and by that in its namespace. */
static const struct action_t {
    const char *of, *name;
    edu_path_t want;
} actions[] = {
    { CA, "publish", { .resource = EDU_RES_PUBLISH, IN_CA } },
    { CA, "setUpResourcesFolder", { .resource = EDU_RES_FOLDER, IN_CA } },
    { CA, "setUpFeedbackResourcesFolder",
      { .resource = EDU_RES_FEEDBACK_FOLDER, IN_CA } },
    { CAS, "submit", { .resource = EDU_RES_SUBMIT, IN_CAS } },
    { CAS, "unsubmit", { .resource = EDU_RES_UNSUBMIT, IN_CAS } },
    { CAS, "return", { .resource = EDU_RES_RETURN, IN_CAS } },
    { CAS, "reassign", { .resource = EDU_RES_REASSIGN, IN_CAS } },
    { CAS, "excuse", { .resource = EDU_RES_EXCUSE, IN_CAS } },
    { ME "/assignments/a", "setUpFeedbackResourcesFolder",
      { .resource = EDU_RES_FEEDBACK_FOLDER, OF_ME, OWN_A } },
    { USERS "/assignments('a')/submissions/s", "return",
      { .resource = EDU_RES_RETURN, OF_U, OWN_AS } },
};
/* clang-format on */

static const char *const lost[] = {
    "//",
    "/metadata",
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
    CAS "/resources",
    CAS "/outcomes/o/grade",
    CAS "/outcomes/o/points/none",
    CAS "/outcomes/o/points/$value",
    CAS "/outcomes/o/id/$count",
    CAS "/outcomes/o/id/$value/$value",
    CAS "/outcomes/o/id/$query",
    CAS "/outcomes/o/rubricQualityFeedback/qualityId",
    CAS "/outcomes/$count/microsoft.graph.educationOutcome",
    CAS "/outcomes/o/microsoft.graph.educationClass",
    CAS "/outcomes/microsoft.graph.educationOutcome/$ref",
    CAS "/outcomes/o/microsoft.graph.educationOutcome/versions",
    CAS "/outcomes/$query/x",
    CAS "/outcomes/$query/$query",
    CAS "/outcomes/$value",
    CA "/publish/id",
    "/education/id",
    CAS "/outcomes/o/$ref",
    CAS "/outcomes/$ref/o",
    CAS "/outcomes('o')/$ref",
    CAS "/outcomes('o')/o",
    CAS "/members",
    CA "/teachers",
    C "/classes",
    C "/members/m/n",
    C "/members/m/submissions",
    C "/members/m/members",
    C "/members/$ref/m",
    C "/members/m/$ref/$ref",
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
    return a->resource == b->resource &&
           tap_same(a->key.class_id, b->key.class_id) &&
           tap_same(a->key.member_id, b->key.member_id) &&
           tap_same(a->key.assignment_id, b->key.assignment_id) &&
           tap_same(a->key.submission_id, b->key.submission_id) &&
           tap_same(a->key.outcome_id, b->key.outcome_id) &&
           tap_same(a->user_root, b->user_root) &&
           tap_same(a->user_id, b->user_id);
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
       "the canonical path of %s leads to the same", row->path);
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
    const edu_path_t want = { .resource = row->resource,
                              .key.class_id = row->class_id,
                              .key.assignment_id = row->assignment_id,
                              .key.submission_id = row->submission_id,
                              .key.outcome_id = row->outcome_id };

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
               "a key of 128 bytes is taken");
        strcpy(longest + 128, "x");
        s = apr_psprintf(p, forms[i % 2], keys[i / 2].before, keys[i / 2].name,
                         longest, keys[i / 2].after);
        test_bad(s, keys[i / 2].name, p);
    }
}

static const char *expand(const char *template, const char *id, apr_pool_t *p)
{
    return apr_psprintf(p, template, id, id, id, id);
}

static void test_escape(const struct escape_t *row, apr_pool_t *p)
{
    static const char base[] = "https://example.org:8443/v1.0";
    const edu_path_t path = { .resource = EDU_RES_OUTCOME,
                              .key = OUTCOME_AT(row->id, row->id, row->id,
                                                row->id) };
    const char *url = edu__path_url(&path, edu__outcomes, row->id, base, p);
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
       "the URL of %s leads back to it", row->id);
    want = apr_pstrcat(p, base,
                       expand("/$metadata#education/classes('%s')/assignments("
                              "'%s')/submissions('%s')/outcomes",
                              row->in_context, p),
                       NULL);
    is_str(edu__path_context(&path, edu__outcomes, base, p), want,
           "the context of its collection");
    is_str(edu__path_url(&path, edu__outcomes, NULL, base, p),
           apr_pstrmemdup(p, url, strrchr(url, '/') - url),
           "a URL without an id is that of the collection");
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
    { "/education/classes", edu__classes, "c", "classes/c", "classes" },
    { C, edu__classes, "c", "classes/c", "classes" },
    { C "/members", edu__members, "m", "classes/c/members/m",
      "classes('c')/members" },
    { C "/teachers/m", edu__teachers, "m", "classes/c/teachers/m",
      "classes('c')/teachers" },
    { CA, edu__assignments, "a", "classes/c/assignments/a",
      "classes('c')/assignments" },
    { CA "/submissions", edu__submissions, "s",
      "classes/c/assignments/a/submissions/s",
      "classes('c')/assignments('a')/submissions" },
    { CAS "/submit", edu__submissions, "s",
      "classes/c/assignments/a/submissions/s",
      "classes('c')/assignments('a')/submissions" },
    { "/education/classes/it's/assignments/a b/submissions", edu__submissions,
      "{s}", "classes/it's/assignments/a%20b/submissions/%7bs%7d",
      "classes('it''s')/assignments('a%20b')/submissions" },

    { ME "/classes", edu__classes, NULL, "me/classes", "me/classes" },
    { ME "/assignments", edu__assignments, "a", "me/assignments/a",
      "me/assignments" },
    { ME "/assignments/a/submissions", edu__submissions, "s",
      "me/assignments/a/submissions/s", "me/assignments('a')/submissions" },
    { ME "/assignments/a/submissions/s/outcomes", edu__outcomes, "o",
      "me/assignments/a/submissions/s/outcomes/o",
      "me/assignments('a')/submissions('s')/outcomes" },

    { USERS "/classes", edu__classes, NULL, "users('u')/classes",
      "users('u')/classes" },
    { USERS "/assignments", edu__assignments, "a", "users('u')/assignments/a",
      "users('u')/assignments" },
    { USERS "/assignments/a/submissions/s", edu__submissions, "s",
      "users('u')/assignments/a/submissions/s",
      "users('u')/assignments('a')/submissions" },
    { "/education/users('it''s')/assignments/it's/submissions/s/outcomes",
      edu__outcomes, "o",
      "users('it''s')/assignments/it's/submissions/s/outcomes/o",
      "users('it''s')/assignments('it''s')/submissions('s')/outcomes" },
    { "/education/users/a b{c}/assignments", edu__assignments, "a",
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
           tap_same(*edu__key_id(&again.key, row->set->table), row->id) &&
           tap_same(again.user_root, path.user_root) &&
           tap_same(again.user_id, path.user_id),
       "the URL of an entity leads to it");
    is_str(edu__path_context(&path, row->set, base, p),
           apr_pstrcat(p, base, "/$metadata#education/", row->context, NULL),
           "the context of a collection");
}

/* Paths of parts: what they are parts of, and their context URL. */
#define NS "microsoft.graph."
#define PARTS CAS "/outcomes/o"
#define CONTEXT                                                                \
    "b/$metadata#education/classes('c')/assignments('a')/submissions('s')/"    \
    "outcomes('o')"

/* clang-format off */
static const struct part_t {
    const char *path, *whole, *context;
    edu_resource_e resource;
    edu_part_e part;
} parts[] = {
    { PARTS "/id", PARTS, CONTEXT "/id", EDU_RES_OUTCOME, EDU_PART_VALUE },
    { PARTS "/points", PARTS, CONTEXT "/" NS "educationPointsOutcome/points",
      EDU_RES_OUTCOME, EDU_PART_VALUE },
    { PARTS "/points/points/$value", PARTS,
      CONTEXT "/" NS "educationPointsOutcome/points/points",
      EDU_RES_OUTCOME, EDU_PART_RAW },
    { PARTS "/rubricQualityFeedback/$count", PARTS,
      CONTEXT "/" NS "educationRubricOutcome/rubricQualityFeedback",
      EDU_RES_OUTCOME, EDU_PART_COUNT },
    { PARTS "/" NS "educationPointsOutcome/points", PARTS,
      CONTEXT "/" NS "educationPointsOutcome/points",
      EDU_RES_OUTCOME, EDU_PART_VALUE },
    { CAS "/outcomes/" NS "educationPointsOutcome/o/points", PARTS,
      CONTEXT "/" NS "educationPointsOutcome/points",
      EDU_RES_OUTCOME, EDU_PART_VALUE },
    { PARTS "/feedbackResource/" NS "educationLinkResource/link", PARTS,
      CONTEXT "/" NS "educationFeedbackResourceOutcome/feedbackResource/"
      NS "educationLinkResource/link", EDU_RES_OUTCOME, EDU_PART_VALUE },
    { PARTS "/" NS "educationOutcome", PARTS, NULL, EDU_RES_OUTCOME,
      EDU_PART_VALUE },
    { CAS "/outcomes/" NS "educationPointsOutcome/$count",
      CAS "/outcomes/$count", NULL, EDU_RES_OUTCOMES_COUNT, EDU_PART_VALUE },
    { CAS "/outcomes/" NS "educationPointsOutcome", CAS "/outcomes", NULL,
      EDU_RES_OUTCOMES, EDU_PART_VALUE },
    { CAS "/outcomes/$query", CAS "/outcomes", NULL, EDU_RES_OUTCOMES,
      EDU_PART_VALUE },
    { CA "/grading", CA, NULL, EDU_RES_ASSIGNMENT, EDU_PART_VALUE },
    { "/education/me/assignments/a/displayName",
      "/education/me/assignments/a", NULL, EDU_RES_ASSIGNMENT,
      EDU_PART_VALUE }
};
/* clang-format on */

static void test_part(const struct part_t *row, apr_pool_t *p)
{
    edu_error_t err;
    edu_path_t path;
    apr_status_t rv = edu__path_parse(&path, row->path, &err, p);

    ok(!rv && path.resource == row->resource && path.part == row->part,
       "%s is read of its resource", row->path);
    is_str(path.whole, row->whole, "rules of the resource hold for it");
    is_str(path.canonical, row->path, "as do its own");
    if (!rv && row->context) {
        is_str(
            edu__path_part_context(
                &path, edu__path_context(&path, edu__outcomes, "b", p), "o", p),
            row->context, "its context names all types");
    }
}

static void tests(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(parts); i++) {
        test_part(&parts[i], p);
    }
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
