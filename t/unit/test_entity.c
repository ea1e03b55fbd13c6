/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Outcomes made, changed and shown: whole documents, byte for byte. */

#include "unit.h"

#include <float.h>
#include <stdlib.h>

#define TYPE(name) "'@odata.type':'#microsoft.graph." name "'"
#define FEEDBACK TYPE("educationFeedbackOutcome")
#define POINTS TYPE("educationPointsOutcome")
#define RUBRIC TYPE("educationRubricOutcome")
#define RESOURCE TYPE("educationFeedbackResourceOutcome")
#define WORD TYPE("educationWordResource")
#define LINK TYPE("educationLinkResource")

#define ID "05d0f76c-1dfa-4442-926c-1b094828b505"
#define THEN "'2026-01-31T12:00:00.0000000Z'"
#define NOW "'2026-02-01T08:30:00.1234567Z'"
#define AFTER "'2026-02-02T00:00:00.0000000Z'"
#define BY(id)                                                                 \
    "{'application':null,'device':null,"                                       \
    "'user':{'id':'" id "','displayName':null}}"

#define BY_OLD BY("old")
#define BY_NEW BY("new")

/* What every outcome begins with: last changed by whom, when, to what. */
#define HEAD(type, version, by, at)                                            \
    type ",'@odata.etag':'\\'" version "\\'','id':'" ID                        \
         "','lastModifiedBy':" by ",'lastModifiedDateTime':" at
#define OLD(type) HEAD(type, "1", BY_OLD, THEN)
#define NEW(type) HEAD(type, "2", BY_NEW, NOW)

/* clang-format off */
static const struct change_row_t {
    const char *name, *old, *in, *want; /* with ' for "; want NULL: as old */
} changes[] = {
    /* each type made of nothing */
    { "an outcome", NULL, "{}", "{" NEW(TYPE("educationOutcome")) "}" },
    { "an outcome by name", NULL, "{" TYPE("educationOutcome") "}",
      "{" NEW(TYPE("educationOutcome")) "}" },
    { "a name without #", NULL,
      "{'@odata.type':'microsoft.graph.educationPointsOutcome'}",
      "{" NEW(POINTS) ",'points':null,'publishedPoints':null}" },
    { "feedback", NULL, "{" FEEDBACK "}",
      "{" NEW(FEEDBACK) ",'feedback':null,'publishedFeedback':null}" },
    { "points", NULL, "{" POINTS "}",
      "{" NEW(POINTS) ",'points':null,'publishedPoints':null}" },
    { "a rubric", NULL, "{" RUBRIC "}",
      "{" NEW(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}" },
    { "a feedback resource", NULL, "{" RESOURCE "}",
      "{" NEW(RESOURCE) ",'feedbackResource':null,"
      "'resourceStatus':'notPublished'}" },

    /* and of all there is; members in the order of the type */
    { "feedback, full", NULL,
      "{'feedback':{'text':{'contentType':'html','content':'<b>\xc3\xa9'}},"
      FEEDBACK "}",
      "{" NEW(FEEDBACK) ",'feedback':{'feedbackBy':" BY_NEW
      ",'feedbackDateTime':" NOW ",'text':{'content':'<b>\xc3\xa9',"
      "'contentType':'html'}},'publishedFeedback':null}" },
    { "feedback without text", NULL, "{" FEEDBACK ",'feedback':{}}",
      "{" NEW(FEEDBACK) ",'feedback':{'feedbackBy':" BY_NEW
      ",'feedbackDateTime':" NOW ",'text':null},'publishedFeedback':null}" },
    { "points, full", NULL,
      "{" POINTS ",'points':{" TYPE("educationAssignmentPointsGrade")
      ",'points':85.1}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':85.1},'publishedPoints':null}" },
    { "points not given yet", NULL, "{" POINTS ",'points':{}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':null},'publishedPoints':null}" },
    { "a rubric, full", NULL,
      "{" RUBRIC ",'rubricQualitySelectedLevels':[{'columnId':'c',"
      "'qualityId':'q'},{'qualityId':'r'},{}],"
      "'rubricQualityFeedback':[{'qualityId':'q',"
      "'feedback':{'content':'good','contentType':'text'}},"
      "{'feedback':null},{'feedback':{}}]}",
      "{" NEW(RUBRIC) ",'rubricQualityFeedback':[{'qualityId':'q',"
      "'feedback':{'content':'good','contentType':'text'}},"
      "{'qualityId':null,'feedback':null},{'qualityId':null,"
      "'feedback':{'content':null,'contentType':null}}],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':'c'},"
      "{'qualityId':'r','columnId':null},{'qualityId':null,"
      "'columnId':null}],'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}" },
    { "a feedback resource, full", NULL,
      "{" RESOURCE ",'feedbackResource':{'displayName':'d','fileUrl':'f',"
      "'@odata.type':'microsoft.graph.educationWordResource'}}",
      "{" NEW(RESOURCE) ",'feedbackResource':{" WORD ",'createdBy':" BY_NEW
      ",'createdDateTime':" NOW ",'displayName':'d','lastModifiedBy':"
      BY_NEW ",'lastModifiedDateTime':" NOW ",'fileUrl':'f'},"
      "'resourceStatus':'notPublished'}" },

    /* what the server sets is not the client's */
    { "what only the server sets is ignored", NULL,
      "{" POINTS ",'@odata.etag':'x','@odata.context':'x','a@b.c':1,"
      "'lastModifiedBy':{'user':{'id':'forger'}},"
      "'lastModifiedDateTime':'2001-01-01T00:00:00Z',"
      "'points':{'gradedBy':null,'gradedDateTime':null,'points':1},"
      "'publishedPoints':{'points':2}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':1},'publishedPoints':null}" },
    { "and a status and a creator, too", NULL,
      "{" RESOURCE ",'resourceStatus':'published','feedbackResource':{" LINK
      ",'createdBy':null,'createdDateTime':'2001-01-01T00:00:00Z'}}",
      "{" NEW(RESOURCE) ",'feedbackResource':{" LINK ",'createdBy':" BY_NEW
      ",'createdDateTime':" NOW ",'displayName':null,'lastModifiedBy':"
      BY_NEW ",'lastModifiedDateTime':" NOW ",'link':null},"
      "'resourceStatus':'notPublished'}" },

    /* a merge, at every depth */
    { "a member two levels down",
      "{" OLD(FEEDBACK) ",'feedback':{'feedbackBy':" BY_OLD
      ",'feedbackDateTime':" THEN ",'text':{'content':'a',"
      "'contentType':'html'}},'publishedFeedback':null}",
      "{'feedback':{'text':{'content':'b'}}}",
      "{" NEW(FEEDBACK) ",'feedback':{'feedbackBy':" BY_NEW
      ",'feedbackDateTime':" NOW ",'text':{'content':'b',"
      "'contentType':'html'}},'publishedFeedback':null}" },
    { "a value where there was null",
      "{" OLD(FEEDBACK) ",'feedback':null,'publishedFeedback':null}",
      "{'feedback':{'text':{'content':'b'}}}",
      "{" NEW(FEEDBACK) ",'feedback':{'feedbackBy':" BY_NEW
      ",'feedbackDateTime':" NOW ",'text':{'content':'b',"
      "'contentType':null}},'publishedFeedback':null}" },
    { "null where there was a value",
      "{" OLD(FEEDBACK) ",'feedback':{'feedbackBy':" BY_OLD
      ",'feedbackDateTime':" THEN ",'text':{'content':'a',"
      "'contentType':'html'}},'publishedFeedback':null}", "{'feedback':null}",
      "{" NEW(FEEDBACK) ",'feedback':null,'publishedFeedback':null}" },
    { "null further down",
      "{" OLD(FEEDBACK) ",'feedback':{'feedbackBy':" BY_OLD
      ",'feedbackDateTime':" THEN ",'text':{'content':'a',"
      "'contentType':'html'}},'publishedFeedback':null}",
      "{'feedback':{'text':null}}",
      "{" NEW(FEEDBACK) ",'feedback':{'feedbackBy':" BY_NEW
      ",'feedbackDateTime':" NOW ",'text':null},'publishedFeedback':null}" },
    { "null for one member",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':5},'publishedPoints':null}", "{'points':{'points':null}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':null},'publishedPoints':null}" },
    { "the published twin stays",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':5},'publishedPoints':{'gradedBy':" BY_OLD
      ",'gradedDateTime':" THEN ",'points':5}}",
      "{'points':{'points':6},'publishedPoints':{'points':7}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':6},'publishedPoints':{'gradedBy':" BY_OLD
      ",'gradedDateTime':" THEN ",'points':5}}" },
    { "an array is replaced whole",
      "{" OLD(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':'c'},"
      "{'qualityId':'r','columnId':'d'}],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}",
      "{'rubricQualitySelectedLevels':[{'qualityId':'q'}]}",
      "{" NEW(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':null}],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}" },
    { "an array is emptied",
      "{" OLD(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':'c'}],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[{'qualityId':'q',"
      "'columnId':'c'}]}",
      "{'rubricQualitySelectedLevels':[],"
      "'publishedRubricQualitySelectedLevels':[]}",
      "{" NEW(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[{'qualityId':'q',"
      "'columnId':'c'}]}" },
    { "order in an array is part of it",
      "{" OLD(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':'c'},"
      "{'qualityId':'r','columnId':'d'}],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}",
      "{'rubricQualitySelectedLevels':[{'qualityId':'r','columnId':'d'},"
      "{'qualityId':'q','columnId':'c'}]}",
      "{" NEW(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[{'qualityId':'r','columnId':'d'},"
      "{'qualityId':'q','columnId':'c'}],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}" },
    { "a resource keeps who made it",
      "{" OLD(RESOURCE) ",'feedbackResource':{" WORD ",'createdBy':" BY_OLD
      ",'createdDateTime':" THEN ",'displayName':'d','lastModifiedBy':"
      BY_OLD ",'lastModifiedDateTime':" THEN ",'fileUrl':'f'},"
      "'resourceStatus':'published'}",
      "{'feedbackResource':{'displayName':'e'}}",
      "{" NEW(RESOURCE) ",'feedbackResource':{" WORD ",'createdBy':" BY_OLD
      ",'createdDateTime':" THEN ",'displayName':'e','lastModifiedBy':"
      BY_NEW ",'lastModifiedDateTime':" NOW ",'fileUrl':'f'},"
      "'resourceStatus':'published'}" },
    { "another kind of resource is another resource",
      "{" OLD(RESOURCE) ",'feedbackResource':{" WORD ",'createdBy':" BY_OLD
      ",'createdDateTime':" THEN ",'displayName':'d','lastModifiedBy':"
      BY_OLD ",'lastModifiedDateTime':" THEN ",'fileUrl':'f'},"
      "'resourceStatus':'published'}",
      "{'feedbackResource':{" LINK ",'link':'l'}}",
      "{" NEW(RESOURCE) ",'feedbackResource':{" LINK ",'createdBy':" BY_NEW
      ",'createdDateTime':" NOW ",'displayName':null,'lastModifiedBy':"
      BY_NEW ",'lastModifiedDateTime':" NOW ",'link':'l'},"
      "'resourceStatus':'published'}" },
    { "even if nothing else differs",
      "{" OLD(RESOURCE) ",'feedbackResource':{" WORD ",'createdBy':" BY_OLD
      ",'createdDateTime':" THEN ",'displayName':null,'lastModifiedBy':"
      BY_OLD ",'lastModifiedDateTime':" THEN ",'fileUrl':'f'},"
      "'resourceStatus':'published'}",
      "{'feedbackResource':{" TYPE("educationExcelResource")
      ",'fileUrl':'f'}}",
      "{" NEW(RESOURCE) ",'feedbackResource':{"
      TYPE( "educationExcelResource") ",'createdBy':" BY_NEW
      ",'createdDateTime':" NOW ",'displayName':null,'lastModifiedBy':"
      BY_NEW ",'lastModifiedDateTime':" NOW ",'fileUrl':'f'},"
      "'resourceStatus':'published'}" },

    /* what changes nothing */
    { "nothing sent",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85.1},'publishedPoints':null}", "{}", NULL },
    { "the same points",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85.1},'publishedPoints':null}",
      "{'points':{'points':85.1}}", NULL },
    { "points that are the same float32",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85.1},'publishedPoints':null}",
      "{'points':{'points':85.0999984741}}", NULL },
    { "whole points with a point",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85},'publishedPoints':null}",
      "{'points':{'points':85.0}}", NULL },
    { "an empty object for an object",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85},'publishedPoints':null}", "{'points':{}}", NULL },
    { "null for null", "{" OLD(POINTS) ",'points':null,'publishedPoints':null}",
      "{'points':null}", NULL },
    { "an empty array for an empty one",
      "{" OLD(RUBRIC) ",'rubricQualityFeedback':[],"
      "'rubricQualitySelectedLevels':[],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}",
      "{'rubricQualityFeedback':[]}", NULL },
    { "the same array with less said",
      "{" OLD(RUBRIC) ",'rubricQualityFeedback':[{'qualityId':'q',"
      "'feedback':null}],'rubricQualitySelectedLevels':[],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[]}",
      "{'rubricQualityFeedback':[{'qualityId':'q'}]}", NULL },
    { "only what the server sets",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85},'publishedPoints':null}",
      "{'id':'x','@odata.etag':'x','lastModifiedBy':null,"
      "'lastModifiedDateTime':'2001-01-01T00:00:00Z',"
      "'points':{'gradedBy':{'robot':{}}},'publishedPoints':{'points':5}}",
      NULL },
    { "a letter, which the server would give",
      "{" OLD(POINTS) ",'points':{'gradedBy':" BY_OLD ",'gradedDateTime':"
      THEN ",'points':85},'publishedPoints':null}", "{'points':{'grade':'A'}}",
      NULL },
    { "the type of what is there",
      "{" OLD(RESOURCE) ",'feedbackResource':{" WORD ",'createdBy':" BY_OLD
      ",'createdDateTime':" THEN ",'displayName':'d','lastModifiedBy':"
      BY_OLD ",'lastModifiedDateTime':" THEN ",'fileUrl':'f'},"
      "'resourceStatus':'published'}",
      "{'@odata.type':'microsoft.graph.educationFeedbackResourceOutcome',"
      "'feedbackResource':{'@odata.type':"
      "'microsoft.graph.educationWordResource'},"
      "'resourceStatus':'notPublished'}", NULL },
};
/* clang-format on */

static void plan(edu_change_t *change, const edu_caller_t *caller, int trust,
                 apr_pool_t *p)
{
    change->caller = caller;
    change->id = ID;
    change->version = "2";
    change->trust = trust;
    change->p = p;
    edu__time_parse(&change->now, "2026-02-01T08:30:00.1234567Z");
}

static const edu_caller_t caller = { 1, "new", NULL, NULL };

static json_t *merged(const json_t *old, const json_t *in, int trust,
                      apr_pool_t *p)
{
    edu_change_t change;

    plan(&change, &caller, trust, p);
    return edu__entity_merge(old, in, &change);
}

/* Sending back what was read changes nothing, in neither dialect. */
static void test_again(const json_t *doc, apr_pool_t *p)
{
    const edu_type_t *type = edu__type_of(&edu__outcome, NULL, doc);
    const char *text = edu__json_text(doc, p);
    json_t *stored = edu__json_load(text, p);

    ok(json_equal(stored, doc), "what is written reads back");
    for (int trust = 0; trust < 2; trust++) {
        const char *shown = edu__entity_show(
            type->name, text, trust ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0, NULL,
            p);

        ok(json_equal(merged(stored, edu__json_load(shown, p), trust, p),
                      stored),
           "sent back, it changes nothing%s", trust ? ", in trust" : "");
        ok(json_equal(merged(stored, value("{}", p), trust, p), stored),
           "nor does an empty object");
    }
}

static void test_change(const struct change_row_t *row, apr_pool_t *p)
{
    json_t *old = value(row->old, p), *in = value(row->in, p);
    json_t *before = json_deep_copy(old), *asked = json_deep_copy(in);
    json_t *doc = merged(old, in, 0, p);

    is_str(edu__json_text(doc, p), quotes(row->want ? row->want : row->old, p),
           row->name);
    ok(!row->old || json_equal(doc, old) == !row->want, "and is told so");
    ok((!old || json_equal(before, old)) && json_equal(asked, in),
       "what was borrowed is unchanged");
    json_decref(before);
    json_decref(asked);
    test_again(doc, p);
}

/* ------------------------------------------------------------------- trust */

/* A migration brings its own stamps, and what it does not bring is stamped. */
/* clang-format off */
static const struct change_row_t trusts[] = {
    { "stamps are kept, their times in UTC", NULL,
      "{" POINTS ",'lastModifiedBy':" BY_OLD
      ",'lastModifiedDateTime':'2016-12-31T23:59:45.9968839+03:00',"
      "'points':{'gradedBy':" BY_OLD
      ",'gradedDateTime':'2019-07-15T22:36:02.123456789012-01:30',"
      "'points':75},'publishedPoints':{'gradedBy':null,"
      "'gradedDateTime':null,'points':70}}",
      "{" HEAD(POINTS, "2", BY_OLD, "'2016-12-31T20:59:45.9968839Z'")
      ",'points':{'gradedBy':" BY_OLD
      ",'gradedDateTime':'2019-07-16T00:06:02.1234567Z','points':75},"
      "'publishedPoints':{'gradedBy':null,'gradedDateTime':null,"
      "'points':70}}" },
    { "null is a stamp, too", NULL,
      "{" FEEDBACK ",'lastModifiedBy':null,'lastModifiedDateTime':null,"
      "'feedback':{'feedbackBy':null,'feedbackDateTime':null}}",
      "{" HEAD(FEEDBACK, "2", "null", "null")
      ",'feedback':{'feedbackBy':null,'feedbackDateTime':null,'text':null},"
      "'publishedFeedback':null}" },
    { "what is not brought is stamped", NULL,
      "{" POINTS ",'points':{'points':5},'publishedPoints':{'points':5}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':5},'publishedPoints':{'gradedBy':" BY_NEW
      ",'gradedDateTime':" NOW ",'points':5}}" },
    { "identities are open", NULL,
      "{'lastModifiedBy':{'user':{'tenantId':'t','id':'u','n':{'x':[1]},"
      "'a@b.c':1},'robot':{'id':7}}}",
      "{" HEAD(TYPE("educationOutcome"), "2",
               "{'application':null,'device':null,'user':{'id':'u',"
               "'displayName':null,'tenantId':'t','n':{'x':[1]}},"
               "'robot':{'id':7}}", NOW) "}" },
    { "a resource and its status", NULL,
      "{" RESOURCE ",'resourceStatus':'published','feedbackResource':{" LINK
      ",'createdBy':" BY_OLD ",'createdDateTime':" THEN ",'lastModifiedBy':"
      BY_OLD ",'lastModifiedDateTime':" THEN ",'link':'l'}}",
      "{" NEW(RESOURCE) ",'feedbackResource':{" LINK ",'createdBy':" BY_OLD
      ",'createdDateTime':" THEN ",'displayName':null,'lastModifiedBy':"
      BY_OLD ",'lastModifiedDateTime':" THEN ",'link':'l'},"
      "'resourceStatus':'published'}" },
    { "a letter", NULL, "{" POINTS ",'points':{'points':5,'grade':'B'}}",
      "{" NEW(POINTS) ",'points':{'gradedBy':" BY_NEW ",'gradedDateTime':"
      NOW ",'points':5,'grade':'B'},'publishedPoints':null}" },
    { "the id is still the server's", NULL, "{'id':'x'}",
      "{" NEW(TYPE("educationOutcome")) "}" },
    { "so is the version", NULL, "{'@odata.etag':'x'}",
      "{" NEW(TYPE("educationOutcome")) "}" },
    { "a status's sentinel says nothing", NULL,
      "{" RESOURCE ",'resourceStatus':'unknownFutureValue'}",
      "{" NEW(RESOURCE) ",'feedbackResource':null,"
      "'resourceStatus':'notPublished'}" },
    { "a time brought later",
      "{" OLD(POINTS) ",'points':null,'publishedPoints':null}",
      "{'lastModifiedDateTime':" AFTER "}",
      "{" HEAD(POINTS, "2", BY_NEW, AFTER) ",'points':null,"
      "'publishedPoints':null}" },
    { "an identity merges, too",
      "{" OLD(POINTS) ",'points':null,'publishedPoints':null}",
      "{'lastModifiedBy':{'user':{'displayName':'N','t':1}},"
      "'lastModifiedDateTime':" THEN "}",
      "{" HEAD(POINTS, "2",
               "{'application':null,'device':null,'user':{'id':'old',"
               "'displayName':'N','t':1}}", THEN)
      ",'points':null,'publishedPoints':null}" },
    { "a published twin",
      "{" OLD(POINTS) ",'points':null,'publishedPoints':null}",
      "{'publishedPoints':{'points':5,'gradedBy':null,"
      "'gradedDateTime':null}}",
      "{" NEW(POINTS) ",'points':null,'publishedPoints':{'gradedBy':null,"
      "'gradedDateTime':null,'points':5}}" },
};
/* clang-format on */

static void test_trust(const struct change_row_t *row, apr_pool_t *p)
{
    json_t *old = value(row->old, p);
    json_t *doc = merged(old, value(row->in, p), 1, p);

    is_str(edu__json_text(doc, p), quotes(row->want, p), row->name);
    test_again(doc, p);
}

/* ----------------------------------------------------------------- callers */

/* clang-format off */
static const struct who_t {
    const char *name;
    edu_caller_t caller;
    const char *want;
} whos[] = {
    { "nobody",
      { 0, NULL, NULL, NULL },
      "{'application':null,'device':null,"
      "'user':{'id':null,'displayName':null}}" },
    { "a user",
      { 1, "u", NULL, NULL },
      "{'application':null,'device':null,"
      "'user':{'id':'u','displayName':null}}" },
    { "a user with a name",
      { 1, "u", "N \xc3\xa9 \\\"", NULL },
      "{'application':null,'device':null,"
      "'user':{'id':'u','displayName':'N \xc3\xa9 \\\\\\''}}" },
    { "a user in an application",
      { 1, "u", "N", "a" },
      "{'application':{'id':'a','displayName':null},'device':null,"
      "'user':{'id':'u','displayName':'N'}}" },
    { "an application",
      { 1, NULL, NULL, "a" },
      "{'application':{'id':'a','displayName':null},'device':null,"
      "'user':{'id':null,'displayName':null}}" },
};
/* clang-format on */

static void test_who(const struct who_t *row, apr_pool_t *p)
{
    edu_change_t change;
    json_t *doc;

    plan(&change, &row->caller, 0, p);
    doc = edu__entity_merge(NULL, value("{}", p), &change);
    is_str(edu__json_text(json_object_get(doc, "lastModifiedBy"), p),
           quotes(row->want, p), row->name);
}

/* A name from a header or an expression may be any bytes: it may be lost, it
 * may not take the document with it. */
static void test_bytes(apr_pool_t *p)
{
    const edu_caller_t bytes = { 1, "u", "\xff", "\xfe" };
    edu_change_t change;
    const char *text;

    plan(&change, &bytes, 0, p);
    text = edu__json_text(
        edu__entity_merge(NULL, value("{" POINTS ",'points':{}}", p), &change),
        p);
    ok(strstr(text, "\"lastModifiedBy\":{\"application\":") &&
           strstr(text, "\"gradedBy\":{\"application\":") &&
           strstr(text, "\"id\":\"u\""),
       "a name that is not UTF-8 costs no more than itself");
}

/* ----------------------------------------------------------------- numbers */

/* Points as sent and as they read back. */
/* clang-format off */
static const struct number_t {
    const char *in, *out;
} numbers[] = {
    { "0", "0" },
    { "-0.0", "0" },
    { "0.0", "0" },
    { "1", "1" },
    { "85", "85" },
    { "85.0", "85" },
    { "8.5e1", "85" },
    { "85.1", "85.1" },
    { "0.1", "0.1" },
    { "0.2", "0.2" },
    { "0.3", "0.3" },
    { "0.7", "0.7" },
    { "1.1", "1.1" },
    { "2.675", "2.675" },
    { "33.3333333333", "33.333332" },
    { "66.6666666666", "66.666664" },
    { "99.99", "99.99" },
    { "85.123456789", "85.12346" },
    { "0.30000000000000004", "0.3" },
    { "16777.217", "16777.217" },
    { "16777216", "16777216" },
    { "16777217", "16777216" },
    { "16777219", "16777220" },
    { "123456.7", "123456.7" },
    { "1234567.8", "1234567.8" },
    { "9999998", "9999998" },
    { "9999998.4", "9999998" },
    { "9999998.9999", "9999999" },
    { "0.000001", "1e-6" },
    { "0.0001", "0.0001" },
};
/* clang-format on */

static const char *points_of(const json_t *in, apr_pool_t *p)
{
    json_t *body = value("{" POINTS ",'points':{}}", p), *doc;

    json_object_set(json_object_get(body, "points"), "points", (json_t *)in);
    doc = merged(NULL, body, 0, p);
    return edu__json_text(
        json_object_get(json_object_get(doc, "points"), "points"), p);
}

/* As JSON writes it; jansson has its own way with exponents. */
static int same_number(const char *got, const char *want)
{
    return strcmp(got, want) == 0 ||
           (strchr(want, 'e') && strtod(got, NULL) == strtod(want, NULL));
}

static void test_number(const struct number_t *row, apr_pool_t *p)
{
    const char *got = points_of(value(row->in, p), p);

    ok(same_number(got, row->out), "%s reads back as %s: %s", row->in, row->out,
       got);
    ok(strtof(got, NULL) == strtof(row->in, NULL), "which is the same float32");
    is_str(points_of(value(got, p), p), got, "and reads back as itself");
}

/* The smallest float32s and others far from a decimal keep their value, and
 * not more digits than nine. */
static void test_floats(apr_pool_t *p)
{
    static const float floats[] = {
        1e-45f,      1.1754942e-38f, FLT_MIN,    FLT_EPSILON, 1e-20f,
        0.33333334f, 1.0f / 7,       8388607.5f, 4194303.8f,  9999998.0f,
    };

    for (apr_size_t i = 0; i < COUNT(floats); i++) {
        json_t *in = edu__json_own(json_real(floats[i]), p);
        const char *got = points_of(in, p);

        ok(strtof(got, NULL) == floats[i] && strlen(got) <= 16,
           "%.9g is kept: %s", floats[i], got);
    }
}

/* What graders type reads back as they typed it. */
static void test_decimals(apr_pool_t *p)
{
    apr_pool_t *scratch;
    int wrong = 0;

    apr_pool_create(&scratch, p);
    for (int hundredths = 0; hundredths < 1000000; hundredths += 37) {
        char text[16];
        int len = apr_snprintf(text, sizeof(text), "%d.%02d", hundredths / 100,
                               hundredths % 100);

        while (text[len - 1] == '0') {
            text[--len] = '\0';
        }
        if (text[len - 1] == '.') {
            text[--len] = '\0';
        }
        wrong += strcmp(points_of(value(text, scratch), scratch), text) != 0;
        apr_pool_clear(scratch);
    }
    is_int(wrong, 0, "hundredths up to 9999.99 read back as they were");
}

/* -------------------------------------------------------------------- text */

/* clang-format off */
static const struct text_t {
    const char *in, *out;
} texts[] = {
    { "{ 'a' : [ 1 , { } ] }", "{'a':[1,{}]}" },
    { "85.1", "85.1" },
    { "0.1", "0.1" },
    { "1.0", "1.0" },
    { "123456789012345", "123456789012345" },
    { "9223372036854775807", "9223372036854775807" },
    { "0.123456789012345", "0.123456789012345" },
    { "'\xc3\xa9 \xf0\x9f\x8e\x93'", "'\xc3\xa9 \xf0\x9f\x8e\x93'" },
    { "'\\u00e9'", "'\xc3\xa9'" },
    { "'\\\\ \\n \\u0001 /'", "'\\\\ \\n \\u0001 /'" },
    { "null", "null" },
};
/* clang-format on */

static void test_text(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(texts); i++) {
        is_str(edu__json_text(value(texts[i].in, p), p),
               quotes(texts[i].out, p),
               apr_psprintf(p, "written: %s", texts[i].in));
    }
    is_str(edu__json_quote("a\"b\\c\n", p), "\"a\\\"b\\\\c\\n\"",
           "a string, quoted");
    ok(edu__json_is_utf8("") && edu__json_is_utf8("\xf0\x9f\x8e\x93") &&
           !edu__json_is_utf8("\xf0\x9f\x8e") && !edu__json_is_utf8("\xff"),
       "UTF-8 is told from what is none");
    ok(!edu__json_load("", p) && !edu__json_load("{", p) &&
           !edu__json_load("{}x", p),
       "what is no JSON is not loaded");
}

/* A text of each length around the size of a first buffer is whole. */
static void test_lengths(apr_pool_t *p)
{
    int wrong = 0;

    for (apr_size_t len = 0; len < 9000; len += len < 1900 ? 99 : 1) {
        char *s = apr_palloc(p, len + 1);
        const char *text;

        memset(s, 'x', len);
        s[len] = '\0';
        text = edu__json_quote(s, p);
        wrong += strlen(text) != len + 2 || text[len + 1] != '"';
    }
    is_int(wrong, 0, "texts of every length are whole");
}

/* ----------------------------------------------------------------- dialects */

#define GRADED(more) "'gradedBy':null,'gradedDateTime':null,'points':5" more

/* clang-format off */
static const struct shown_t {
    const char *name, *type, *stored;
    const char *v1, *beta; /* NULL: as it is stored */
} showns[] = {
    { "an outcome without points", "educationOutcome",
      "{" OLD(TYPE("educationOutcome")) "}", NULL, NULL },
    { "points without a letter", "educationPointsOutcome",
      "{" OLD(POINTS) ",'points':{" GRADED("") "},'publishedPoints':{"
      GRADED("") "}}", NULL,
      "{" OLD(POINTS) ",'points':{" GRADED(",'grade':null")
      "},'publishedPoints':{" GRADED(",'grade':null") "}}" },
    { "points with letters", "educationPointsOutcome",
      "{" OLD(POINTS) ",'points':{" GRADED(",'grade':'B'")
      "},'publishedPoints':{" GRADED(",'grade':'C'") "}}",
      "{" OLD(POINTS) ",'points':{" GRADED("") "},'publishedPoints':{"
      GRADED("") "}}", NULL },
    { "a letter in one of two", "educationPointsOutcome",
      "{" OLD(POINTS) ",'points':{" GRADED(",'grade':'B'")
      "},'publishedPoints':{" GRADED("") "}}",
      "{" OLD(POINTS) ",'points':{" GRADED("") "},'publishedPoints':{"
      GRADED("") "}}",
      "{" OLD(POINTS) ",'points':{" GRADED(",'grade':'B'")
      "},'publishedPoints':{" GRADED(",'grade':null") "}}" },
    { "no points", "educationPointsOutcome",
      "{" OLD(POINTS) ",'points':null,'publishedPoints':null}", NULL, NULL },
    { "points that are no whole number", "educationPointsOutcome",
      "{" OLD(POINTS) ",'points':{'gradedBy':null,'gradedDateTime':null,"
      "'points':85.1,'grade':'B'},'publishedPoints':null}",
      "{" OLD(POINTS) ",'points':{'gradedBy':null,'gradedDateTime':null,"
      "'points':85.1},'publishedPoints':null}", NULL },
    { "a text that reads like the member", "educationFeedbackOutcome",
      "{" OLD(FEEDBACK) ",'feedback':{'feedbackBy':null,"
      "'feedbackDateTime':null,'text':{'content':'grade',"
      "'contentType':null}},'publishedFeedback':null}", NULL, NULL },
    { "an identity's own member of that name", "educationOutcome",
      "{" HEAD(TYPE("educationOutcome"), "1",
               "{'application':null,'device':null,'user':{'id':'u',"
               "'displayName':null,'grade':'7b'},'grade':1}", THEN) "}",
      NULL, NULL },
};
/* clang-format on */

static void test_shown(const struct shown_t *row, apr_pool_t *p)
{
    const char *stored = quotes(row->stored, p);

    is_str(edu__entity_show(row->type, stored, EDU_DIALECT_V1_0, NULL, p),
           row->v1 ? quotes(row->v1, p) : stored,
           apr_psprintf(p, "%s, in v1.0", row->name));
    is_str(edu__entity_show(row->type, stored, EDU_DIALECT_BETA, NULL, p),
           row->beta ? quotes(row->beta, p) : stored,
           apr_psprintf(p, "%s, in beta", row->name));
}

/* What is stored is only ever what was written; should it not be, that is told
 * and not sent. */
static void test_damaged(apr_pool_t *p)
{
    static const char *const damaged[] = {
        "",   "{",    "{\"id\":1", "grade",
        "[]", "null", "\"grade\"", "{\"points\":{\"grade\":}}",
    };

    for (apr_size_t i = 0; i < 2 * COUNT(damaged); i++) {
        const char *text = damaged[i / 2];

        is_str(edu__entity_show("educationPointsOutcome", text,
                                i % 2 ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0,
                                NULL, p),
               NULL,
               apr_psprintf(p, "'%s' is no outcome in %s", text,
                            i % 2 ? "beta" : "v1.0"));
    }
}

/* ---------------------------------------------------------------- sentinel */

/* A PATCH with the sentinel of an evolvable enumeration leaves it alone. */
static void test_sentinel(apr_pool_t *p)
{
    static const char was[] = "{" OLD(RESOURCE) ",'feedbackResource':{" TYPE(
        "educationSpeakerProgressResource") ",'createdBy':null,"
                                            "'createdDateTime':null,'"
                                            "displayName':null,'lastModifiedBy'"
                                            ":null,"
                                            "'lastModifiedDateTime':null,'"
                                            "aiFeedbackCriteria':{"
                                            "'aiFeedbackSettings':{'"
                                            "audienceEngagementSettings':null,"
                                            "'contentSettings':null,'"
                                            "deliverySettings':null},"
                                            "'speechType':'personal'},'"
                                            "isAiFeedbackEnabled':true,"
                                            "'isVideoRequired':true,'"
                                            "maxRecordingAttempts':3,"
                                            "'presentationTitle':'t','"
                                            "recordingTimeLimitInMinutes':5,"
                                            "'showRehearsalReportToStudentBefor"
                                            "eMediaUpload':true,"
                                            "'speakerCoachSettings':null,'"
                                            "spokenLanguageLocale':'en'},"
                                            "'resourceStatus':'notPublished'}";
    json_t *old = value(was, p), *doc;

    doc = merged(old,
                 value("{'feedbackResource':{'aiFeedbackCriteria':"
                       "{'speechType':'unknownFutureValue'}}}",
                       p),
                 0, p);
    ok(json_equal(old, doc), "a sentinel changes nothing");
    doc = merged(old,
                 value("{'feedbackResource':{'aiFeedbackCriteria':"
                       "{'speechType':'informative'}}}",
                       p),
                 0, p);
    ok(strstr(edu__json_text(doc, p), "\"speechType\":\"informative\""),
       "another value does");
    test_again(doc, p);
}

static void tests(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < COUNT(changes); i++) {
        test_change(&changes[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(trusts); i++) {
        test_trust(&trusts[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(whos); i++) {
        test_who(&whos[i], p);
    }
    test_bytes(p);
    for (apr_size_t i = 0; i < COUNT(numbers); i++) {
        test_number(&numbers[i], p);
    }
    test_floats(p);
    test_decimals(p);
    test_text(p);
    test_lengths(p);
    for (apr_size_t i = 0; i < COUNT(showns); i++) {
        test_shown(&showns[i], p);
    }
    test_damaged(p);
    test_sentinel(p);
}

TAP_MAIN(tests)
