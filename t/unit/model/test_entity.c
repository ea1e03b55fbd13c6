/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Outcomes made, changed and shown: whole documents, byte for byte. */

#include "model.h"
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

/* The beginning of every outcome: its last change. */
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

    /* members that the server sets are not taken from the client */
    { "members that only the server sets are ignored", NULL,
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
    { "another type alone is a change",
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

    /* bodies that change nothing */
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

static void plan(edu_change_t *change, const edu_type_t *type,
                 const edu_caller_t *caller, int trust, apr_pool_t *p)
{
    memset(change, 0, sizeof(*change));
    change->type = type;
    change->caller = caller;
    change->id = ID;
    change->version = "2";
    change->trust = trust;
    change->p = p;
    edu__time_parse(&change->now, "2026-02-01T08:30:00.1234567Z");
}

static const edu_caller_t caller = USER("new");

/* The same by the text of the old document, of which only a part is parsed. */
static void test_excerpt(const json_t *old, const json_t *in, int trust,
                         json_t *want, apr_pool_t *p)
{
    apr_array_header_t *members = edu__members_load(edu__json_text(old, p), p);
    json_t *part = edu__entity_excerpt(members, in, p), *doc;
    edu_change_t change;

    plan(&change, &edu__outcome, &caller, trust, p);
    doc = edu__entity_merge(part, in, &change);
    is_str(edu__members_text(edu__entity_complete(doc, part, members, &change),
                             NULL, p),
           edu__json_text(want, p), "an excerpt gives the same document");
    ok(json_equal(part, doc) == json_equal(old, want),
       "and is changed as much");
}

static json_t *merged(const json_t *old, const json_t *in, int trust,
                      apr_pool_t *p)
{
    edu_change_t change;
    json_t *doc;

    plan(&change, &edu__outcome, &caller, trust, p);
    doc = edu__entity_merge(old, in, &change);
    if (old) {
        test_excerpt(old, in, trust, doc, p);
    }
    return doc;
}

/* Sending back what was read changes nothing, in neither dialect. */
static void test_again(const json_t *doc, apr_pool_t *p)
{
    const edu_type_t *type = edu__type_of(&edu__outcome, NULL, doc);
    const char *text = edu__json_text(doc, p);
    json_t *stored = edu__json_load(text, p);

    ok(json_equal(stored, doc), "a written document reads back");
    for (int trust = 0; trust < 2; trust++) {
        const char *shown =
            edu__entity_render(type->name, text, NULL,
                               trust ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0, p);

        ok(json_equal(merged(stored, edu__json_load(shown, p), trust, p),
                      stored),
           "sent back, it changes nothing%s", trust ? ", in trust" : "");
        ok(json_equal(merged(stored, value("{}", p), trust, p), stored),
           "an empty object changes nothing");
    }
}

static void test_change(const struct change_row_t *row, apr_pool_t *p)
{
    json_t *old = value(row->old, p), *in = value(row->in, p);
    json_t *before = json_deep_copy(old), *asked = json_deep_copy(in);
    json_t *doc = merged(old, in, 0, p);

    is_str(edu__json_text(doc, p), quotes(row->want ? row->want : row->old, p),
           row->name);
    ok(!row->old || json_equal(doc, old) == !row->want,
       "the document equals the old one if nothing changed");
    ok((!old || json_equal(before, old)) && json_equal(asked, in),
       "the old document and the body are unchanged");
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
    { "missing stamps are made", NULL,
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
    { "the version is still the server's", NULL, "{'@odata.etag':'x'}",
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
    { "identities with escapes",
      "{" HEAD(POINTS, "1", "{'a\\n':1,'a\\\\n':{'x':2},'user':{'id':'\\n'}}",
               THEN) ",'points':null,'publishedPoints':null}",
      "{'lastModifiedBy':{'a\\\\n':{'x':3},'user':{'id':'m'}},"
      "'lastModifiedDateTime':" THEN "}",
      "{" HEAD(POINTS, "2",
               "{'application':null,'device':null,'user':{'id':'m',"
               "'displayName':null},'a\\n':1,'a\\\\n':{'x':3}}", THEN)
      ",'points':null,'publishedPoints':null}" },
    { "members of an identity become others",
      "{" HEAD(POINTS, "1", "{'user':{'id':'u','displayName':null,'o':{'x':1},"
               "'k':{'x':1},'l':[1],'t':true}}",
               THEN) ",'points':null,'publishedPoints':null}",
      "{'lastModifiedBy':{'user':{'o':true,'l':{'y':1},'t':[2]}},"
      "'lastModifiedDateTime':" THEN "}",
      "{" HEAD(POINTS, "2",
               "{'application':null,'device':null,'user':{'id':'u',"
               "'displayName':null,'o':true,'k':{'x':1},'l':{'y':1},"
               "'t':[2]}}", THEN)
      ",'points':null,'publishedPoints':null}" },
    { "a new member of an identity needs escapes",
      "{" OLD(POINTS) ",'points':null,'publishedPoints':null}",
      "{'lastModifiedBy':{'user':{'\\'':'\\\\'}},"
      "'lastModifiedDateTime':" THEN "}",
      "{" HEAD(POINTS, "2",
               "{'application':null,'device':null,'user':{'id':'old',"
               "'displayName':null,'\\'':'\\\\'}}", THEN)
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

/* -------------------------------------------------------------------- PUT */

/* These documents may leave out null and empty arrays. */
/* clang-format off */
#define AT(version) "'@odata.etag':'\\'" version "\\'','id':'" ID "'"
#define SIGNED(name, by, at) "'" name "By':" by ",'" name "DateTime':" at
#define MADE_OLD SIGNED("created", BY_OLD, THEN)
#define MADE_NEW SIGNED("created", BY_NEW, NOW)
#define DONE_OLD SIGNED("lastModified", BY_OLD, THEN)
#define DONE_NEW SIGNED("lastModified", BY_NEW, NOW)

#define CLASS_OLD AT("1") ",'createdBy':" BY_OLD
#define CLASS_NEW AT("2") ",'createdBy':" BY_OLD
#define ASSIGNMENT_OLD AT("1") "," MADE_OLD "," DONE_OLD
#define ASSIGNMENT_NEW AT("2") "," MADE_OLD "," DONE_NEW
#define ASSIGNED                                                               \
    "'status':'assigned','assignedDateTime':" THEN                             \
    ",'resourcesFolderUrl':'r','feedbackResourcesFolderUrl':'f'"
#define STUDENT(id)                                                            \
    "'recipient':{" TYPE("educationSubmissionIndividualRecipient")             \
    ",'userId':'" id "'}"
#define MAX_POINTS(n)                                                          \
    "'grading':{" TYPE("educationAssignmentPointsGradeType")                   \
    ",'maxPoints':" n "}"

static const struct put_t {
    const edu_type_t *type;
    int trust;
    struct change_row_t row;
} put_rows[] = {
    /* made of nothing, and of the same again */
    { &edu__class, 0, { "a class", NULL, "{'displayName':'d','grade':'9'}",
      "{" AT("2") ",'createdBy':" BY_NEW ",'displayName':'d','grade':'9'}" } },
    { &edu__class, 0, { "the same class",
      "{" CLASS_OLD ",'displayName':'d','grade':'9'}",
      "{'displayName':'d','grade':'9'}", NULL } },
    { &edu__class, 0, { "a class as it was read",
      "{" CLASS_OLD ",'displayName':'d'}",
      "{" CLASS_OLD ",'displayName':'d','grade':null}", NULL } },
    { &edu__user, 0, { "a user", NULL, "{'givenName':'g'}",
      "{" AT("2") ",'givenName':'g'}" } },
    { &edu__submission, 0, { "a submission", NULL,
      "{'recipient':{'userId':'s'}}", "{" AT("2") "," STUDENT("s") "}" } },
    { &edu__submission, 0, { "the same submission",
      "{" AT("1") "," STUDENT("s") "}", "{'recipient':{'userId':'s'}}",
      NULL } },
    { &edu__assignment, 0, { "an assignment", NULL, "{'displayName':'d'}",
      "{" AT("2") "," MADE_NEW "," DONE_NEW ",'displayName':'d'}" } },
    { &edu__assignment, 0, { "an assignment of nothing", NULL, "{}",
      "{" AT("2") "," MADE_NEW "," DONE_NEW "}" } },

    /* members left out are cleared */
    { &edu__class, 0, { "a class without what it had",
      "{" CLASS_OLD ",'displayName':'d','grade':'9','description':'x'}",
      "{'displayName':'e'}", "{" CLASS_NEW ",'displayName':'e'}" } },
    { &edu__class, 0, { "a class without it, in so many words",
      "{" CLASS_OLD ",'displayName':'d','grade':'9'}",
      "{'displayName':'d','grade':null}", "{" CLASS_NEW
      ",'displayName':'d'}" } },
    { &edu__user, 0, { "a user of whom nothing is known",
      "{" AT("1") ",'givenName':'g','mail':'m','primaryRole':'teacher'}", "{}",
      "{" AT("2") "}" } },
    { &edu__submission, 0, { "a submission without its place",
      "{" AT("1") "," STUDENT("s") ",'webUrl':'w'}",
      "{'recipient':{'userId':'s'}}", "{" AT("2") "," STUDENT("s") "}" } },
    { &edu__assignment, 0, { "an assignment without points and a rubric",
      "{" ASSIGNMENT_OLD "," MAX_POINTS("9") ",'rubric':{'displayName':'r'},"
      "'gradingScheme':{'displayName':'s'},'displayName':'d'}",
      "{'displayName':'d'}", "{" ASSIGNMENT_NEW ",'displayName':'d'}" } },

    /* but not what the server sets, whatever the body says of it */
    { &edu__class, 0, { "a class of somebody else's",
      "{" CLASS_OLD ",'displayName':'d'}",
      "{'id':'x','@odata.etag':'x','createdBy':{'user':{'id':'forger'}},"
      "'displayName':'d'}", NULL } },
    { &edu__assignment, 0, { "an assignment of another class",
      "{" ASSIGNMENT_OLD ",'classId':'c'}",
      "{'classId':'d','createdBy':null,'createdDateTime':" NOW
      ",'lastModifiedBy':null}", NULL } },
    { &edu__submission, 0, { "a submission that was returned",
      "{" AT("1") "," STUDENT("s") ",'status':'returned',"
      SIGNED("returned", BY_OLD, THEN) ",'resourcesFolderUrl':'r'}",
      "{'recipient':{'userId':'s'},'status':'working','returnedBy':null,"
      "'resourcesFolderUrl':null}", NULL } },

    /* nor, unless the body speaks of it, what actions leave behind */
    { &edu__assignment, 0, { "an assignment that was published",
      "{" ASSIGNMENT_OLD "," ASSIGNED ",'displayName':'d'}",
      "{'displayName':'d'}", NULL } },
    { &edu__assignment, 0, { "a published assignment loses the rest",
      "{" ASSIGNMENT_OLD "," ASSIGNED ",'displayName':'d','dueDateTime':" THEN
      "}", "{'displayName':'d'}", "{" ASSIGNMENT_NEW "," ASSIGNED
      ",'displayName':'d'}" } },
    { &edu__assignment, 0, { "an assignment that is taken back",
      "{" ASSIGNMENT_OLD "," ASSIGNED "}",
      "{'status':'draft','assignedDateTime':null,'resourcesFolderUrl':'s'}",
      "{" ASSIGNMENT_NEW ",'status':'draft','resourcesFolderUrl':'s',"
      "'feedbackResourcesFolderUrl':'f'}" } },
    { &edu__assignment, 0, { "an assignment of some status",
      "{" ASSIGNMENT_OLD "," ASSIGNED "}", "{'status':'unknownFutureValue'}",
      NULL } },

    /* complex values are replaced, not merged */
    { &edu__assignment, 0, { "instructions of no type",
      "{" ASSIGNMENT_OLD ",'instructions':{'content':'a',"
      "'contentType':'html'}}", "{'instructions':{'content':'b'}}",
      "{" ASSIGNMENT_NEW ",'instructions':{'content':'b'}}" } },
    { &edu__assignment, 0, { "the same instructions",
      "{" ASSIGNMENT_OLD ",'instructions':{'content':'a',"
      "'contentType':null}}", "{'instructions':{'content':'a'}}", NULL } },
    { &edu__assignment, 0, { "points of an implied type",
      "{" ASSIGNMENT_OLD "}",
      "{'grading':{'maxPoints':99.50}}",
      "{" ASSIGNMENT_NEW "," MAX_POINTS("99.5") "}" } },
    { &edu__assignment, 0, { "the same points",
      "{" ASSIGNMENT_OLD "," MAX_POINTS("99.5") "}",
      "{'grading':{'maxPoints':99.5}}", NULL } },
    { &edu__assignment, 0, { "points with nothing to reach",
      "{" ASSIGNMENT_OLD "," MAX_POINTS("99.5") "}", "{'grading':{}}",
      "{" ASSIGNMENT_NEW "," MAX_POINTS("null") "}" } },
    { &edu__assignment, 0, { "students instead of the class",
      "{" ASSIGNMENT_OLD ",'assignTo':{"
      TYPE("educationAssignmentClassRecipient") "}}",
      "{'assignTo':{" TYPE("educationAssignmentIndividualRecipient")
      ",'recipients':['t','s']}}",
      "{" ASSIGNMENT_NEW ",'assignTo':{"
      TYPE("educationAssignmentIndividualRecipient")
      ",'recipients':['t','s']}}" } },
    { &edu__assignment, 0, { "other students",
      "{" ASSIGNMENT_OLD ",'assignTo':{"
      TYPE("educationAssignmentIndividualRecipient")
      ",'recipients':['t','s']}}",
      "{'assignTo':{" TYPE("educationAssignmentIndividualRecipient")
      ",'recipients':['s']}}",
      "{" ASSIGNMENT_NEW ",'assignTo':{"
      TYPE("educationAssignmentIndividualRecipient")
      ",'recipients':['s']}}" } },
    { &edu__assignment, 0, { "the same instant",
      "{" ASSIGNMENT_OLD ",'dueDateTime':" THEN "}",
      "{'dueDateTime':'2026-01-31T13:00+01:00'}", NULL } },
    { &edu__assignment, 0, { "a rubric",
      "{" ASSIGNMENT_OLD "}",
      "{'rubric':{'qualities':[{'qualityId':'q','weight':33.3333333333}],"
      "'levels':[{'levelId':'l','grading':{'maxPoints':4}}]}}",
      "{" ASSIGNMENT_NEW ",'rubric':{" MADE_NEW "," DONE_NEW
      ",'levels':[{'levelId':'l'," MAX_POINTS("4") "}],"
      "'qualities':[{'qualityId':'q','weight':33.333332}]}}" } },
    { &edu__assignment, 0, { "a rubric that changes keeps who made it",
      "{" ASSIGNMENT_OLD ",'rubric':{" MADE_OLD "," DONE_OLD
      ",'displayName':'d','levels':[{'levelId':'l'},{'levelId':'m'}],"
      "'qualities':[{'qualityId':'q'}]}}",
      "{'rubric':{'levels':[{'levelId':'m'}]}}",
      "{" ASSIGNMENT_NEW ",'rubric':{" MADE_OLD "," DONE_NEW
      ",'levels':[{'levelId':'m'}]}}" } },
    { &edu__assignment, 0, { "a rubric that does not change keeps its stamps",
      "{" ASSIGNMENT_OLD ",'rubric':{" MADE_OLD "," DONE_OLD
      ",'description':null,'displayName':'d','grading':null,'id':null,"
      "'levels':[],'qualities':[{'criteria':[],'description':null,"
      "'displayName':null,'qualityId':'q','weight':null}]}}",
      "{'displayName':'e','rubric':{'displayName':'d','qualities':["
      "{'qualityId':'q','weight':null}],'createdBy':null}}",
      "{" ASSIGNMENT_NEW ",'displayName':'e','rubric':{" MADE_OLD "," DONE_OLD
      ",'displayName':'d','qualities':[{'qualityId':'q'}]}}" } },
    { &edu__assignment, 0, { "a scheme",
      "{" ASSIGNMENT_OLD ",'gradingScheme':{'displayName':'s','grades':["
      "{'displayName':'A','minPercentage':90,'defaultPercentage':95}]}}",
      "{'gradingScheme':{'hidePointsDuringGrading':true,'grades':["
      "{'displayName':'A','minPercentage':91.0}]}}",
      "{" ASSIGNMENT_NEW ",'gradingScheme':{'hidePointsDuringGrading':true,"
      "'grades':[{'displayName':'A','minPercentage':91}]}}" } },

    /* a migration brings stamps; what it does not bring is kept or made */
    { &edu__class, 1, { "a class of a migration",
      "{" CLASS_OLD ",'displayName':'d'}",
      "{'displayName':'d','createdBy':" BY("first") "}",
      "{" AT("2") ",'displayName':'d','createdBy':" BY("first") "}" } },
    { &edu__class, 1, { "a class of which it says nothing",
      "{" CLASS_OLD ",'displayName':'d'}", "{'displayName':'d'}", NULL } },
    { &edu__assignment, 1, { "an assignment of a migration", NULL,
      "{" MADE_OLD ",'lastModifiedDateTime':" AFTER ",'classId':'c'}",
      "{" AT("2") "," MADE_OLD "," SIGNED("lastModified", BY_NEW, AFTER)
      ",'classId':'c'}" } },
    { &edu__submission, 1, { "a submission of a migration",
      "{" AT("1") "," STUDENT("s") "}",
      "{'recipient':{'userId':'s'},'status':'excused',"
      SIGNED("excused", BY_OLD, THEN) "}",
      "{" AT("2") "," STUDENT("s") ",'status':'excused',"
      SIGNED("excused", BY_OLD, THEN) "}" } },
    { &edu__class, 1, { "an identity is replaced whole",
      "{" AT("1") ",'displayName':'d','createdBy':{'user':{'id':'old',"
      "'tenantId':'t'},'robot':{'id':7}}}",
      "{'displayName':'d','createdBy':{'user':{'id':'first'}}}",
      "{" AT("2") ",'displayName':'d','createdBy':{'user':{'id':'first'}}}" } },
};
/* clang-format on */

static int is_empty(const json_t *value)
{
    return json_is_null(value) ||
           (json_is_array(value) && !json_array_size(value));
}

/* The name of a member that differs from `want`, which may leave out empty
 * members; NULL if none does. */
static const char *unlike(const json_t *got, const json_t *want,
                          const char *name)
{
    const char *member, *found = NULL;
    json_t *value;
    size_t i;

    if (json_is_object(got) && json_is_object(want)) {
        json_object_foreach((json_t *)got, member, value)
        {
            const json_t *wanted = json_object_get(want, member);

            found = found             ? found
                    : wanted          ? unlike(value, wanted, member)
                    : is_empty(value) ? NULL
                                      : member;
        }
        json_object_foreach((json_t *)want, member, value)
        {
            found = found || json_object_get(got, member) ? found : member;
        }
        return found;
    }
    if (json_is_array(got) && json_is_array(want)) {
        json_array_foreach((json_t *)got, i, value)
        {
            found =
                found ? found : unlike(value, json_array_get(want, i), name);
        }
        return json_array_size(got) == json_array_size(want) ? found : name;
    }
    return json_equal(got, want) ? NULL : name;
}

/* Whether a document has all members of its type. */
static int is_complete(const json_t *doc, const edu_type_t *type)
{
    for (; type; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if (!(prop->flags & EDU_BETA) &&
                !json_object_get(doc, prop->name)) {
                return 0;
            }
        }
    }
    return 1;
}

static json_t *put(const struct put_t *row, const json_t *old, apr_pool_t *p)
{
    edu_change_t change;

    plan(&change, row->type, &caller, row->trust, p);
    change.replace = 1;
    return edu__entity_merge(old, value(row->row.in, p), &change);
}

/* Old and new document are as they are read: they have what an LMS need not
 * write. */
static void test_put(const struct put_t *row, apr_pool_t *p)
{
    const char *old_text = row->row.old, *wrong;
    const char *want_text = row->row.want ? row->row.want : old_text;
    const json_t *old =
        old_text ? edu__entity_load(row->type, quotes(old_text, p), p) : NULL;
    const json_t *doc = put(row, old, p), *again;

    wrong =
        unlike(doc, edu__entity_load(row->type, quotes(want_text, p), p), "");
    if (!ok(!wrong, "PUT: %s", row->row.name)) {
        fprintf(stderr, "# %s in %s\n", wrong, edu__json_text(doc, p));
    }
    ok(!old || json_equal(doc, old) == !row->row.want,
       "the document equals the old one if nothing changed");
    ok(is_complete(doc, row->type), "the document is complete");
    again = edu__entity_load(row->type, edu__json_text(doc, p), p);
    ok(json_equal(again, doc), "a written document reads back");
    ok(json_equal(put(row, again, p), doc),
       "the same PUT again changes nothing");
}

/* ------------------------------------------------------ blanks and copies */

#define BLANK(type, rest)                                                      \
    "{" type                                                                   \
    "," AT("v") ",'lastModifiedBy':null,'lastModifiedDateTime':null" rest "}"

/* clang-format off */
static const struct blank_t {
    const char *type, *want;
} blanks[] = {
    { "educationOutcome", BLANK(TYPE("educationOutcome"), "") },
    { "educationFeedbackOutcome",
      BLANK(FEEDBACK, ",'feedback':null,'publishedFeedback':null") },
    { "educationPointsOutcome",
      BLANK(POINTS, ",'points':null,'publishedPoints':null") },
    { "educationRubricOutcome",
      BLANK(RUBRIC, ",'rubricQualityFeedback':[],"
            "'rubricQualitySelectedLevels':[],"
            "'publishedRubricQualityFeedback':[],"
            "'publishedRubricQualitySelectedLevels':[]") },
    { "educationFeedbackResourceOutcome",
      BLANK(RESOURCE, ",'feedbackResource':null,'resourceStatus':null") },
};
/* clang-format on */

static void test_blank(const struct blank_t *row, apr_pool_t *p)
{
    const char *text = edu__members_text(
        edu__entity_blank(edu__type_find(row->type), ID, "v", p), NULL, p);
    const json_t *doc = edu__json_load(text, p);

    is_str(text, quotes(row->want, p), row->type);
    ok(json_equal(merged(doc, value("{}", p), 0, p), doc),
       "an empty object changes no placeholder");
}

/* clang-format off */
static const struct load_t {
    const edu_type_t *type;
    const char *stored, *want; /* NULL: it cannot be read */
} loads[] = {
    { &edu__class, "{}",
      "{'id':null,'classCode':null,'createdBy':null,'description':null,"
      "'displayName':null,'externalId':null,'externalName':null,"
      "'externalSourceDetail':null,'grade':null,'mailNickname':null}" },
    { &edu__class,
      "{'displayName':'d','x':[1],'id':'c','createdBy':{'user':null}}",
      "{'displayName':'d','x':[1],'id':'c','createdBy':{'user':null},"
      "'classCode':null,'description':null,'externalId':null,"
      "'externalName':null,'externalSourceDetail':null,'grade':null,"
      "'mailNickname':null}" },
    { &edu__user, "{'mail':null,'surname':5}",
      "{'mail':null,'surname':5,'id':null,'displayName':null,"
      "'givenName':null,'primaryRole':null,'userPrincipalName':null}" },
    { &edu__outcome, "{" POINTS ",'points':{}}",
      "{" POINTS ",'points':{},'id':null,'lastModifiedBy':null,"
      "'lastModifiedDateTime':null}" },
    { &edu__class, "", NULL },
    { &edu__class, "{", NULL },
    { &edu__class, "[]", NULL },
    { &edu__class, "null", NULL },
    { &edu__class, "'{}'", NULL },
    { &edu__class, "{}{}", NULL },
};
/* clang-format on */

static void test_load(const struct load_t *row, apr_pool_t *p)
{
    const json_t *doc = edu__entity_load(row->type, quotes(row->stored, p), p);

    is_str(doc ? edu__json_text(doc, p) : NULL,
           row->want ? quotes(row->want, p) : NULL,
           apr_psprintf(p, "'%s' is read", row->stored));
}

#define GIVEN(points)                                                          \
    "{'gradedBy':null,'gradedDateTime':null,'points':" points "}"

/* Outcomes before and after: NULL: the same. */
/* clang-format off */
static const struct publish_t {
    const char *before, *after;
} publishes[] = {
    { "{" OLD(POINTS) ",'points':" GIVEN("5") ",'publishedPoints':null}",
      "{" OLD(POINTS) ",'points':" GIVEN("5") ",'publishedPoints':" GIVEN("5")
      "}" },
    { "{" OLD(POINTS) ",'points':" GIVEN("5") ",'publishedPoints':" GIVEN("4")
      "}",
      "{" OLD(POINTS) ",'points':" GIVEN("5") ",'publishedPoints':" GIVEN("5")
      "}" },
    { "{" OLD(POINTS) ",'points':null,'publishedPoints':" GIVEN("4") "}",
      "{" OLD(POINTS) ",'points':null,'publishedPoints':null}" },
    { "{" OLD(FEEDBACK) ",'feedback':{'text':{'content':'c'}},"
      "'publishedFeedback':null}",
      "{" OLD(FEEDBACK) ",'feedback':{'text':{'content':'c'}},"
      "'publishedFeedback':{'text':{'content':'c'}}}" },
    { "{" OLD(RUBRIC) ",'rubricQualityFeedback':[{'qualityId':'q'}],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':'c'}],"
      "'publishedRubricQualityFeedback':[],"
      "'publishedRubricQualitySelectedLevels':[{'qualityId':'r'}]}",
      "{" OLD(RUBRIC) ",'rubricQualityFeedback':[{'qualityId':'q'}],"
      "'rubricQualitySelectedLevels':[{'qualityId':'q','columnId':'c'}],"
      "'publishedRubricQualityFeedback':[{'qualityId':'q'}],"
      "'publishedRubricQualitySelectedLevels':[{'qualityId':'q',"
      "'columnId':'c'}]}" },
    { "{" OLD(RESOURCE) ",'feedbackResource':{" LINK ",'link':'l'},"
      "'resourceStatus':'notPublished'}",
      "{" OLD(RESOURCE) ",'feedbackResource':{" LINK ",'link':'l'},"
      "'resourceStatus':'published'}" },
    { "{" OLD(TYPE("educationOutcome")) "}", NULL },
    { "{" TYPE("x") ",'points':5,'publishedPoints':null}", NULL },
};
/* clang-format on */

static void test_publish(const struct publish_t *row, apr_pool_t *p)
{
    const json_t *doc = value(row->before, p);
    const edu_type_t *type = edu__type_of(&edu__outcome, NULL, doc);
    apr_array_header_t *members = edu__members_load(edu__json_text(doc, p), p);

    edu__entity_publish(members, type ? type : &edu__outcome, p);
    is_str(edu__members_text(members, NULL, p),
           quotes(row->after ? row->after : row->before, p),
           apr_psprintf(p, "published: %.60s", row->before));
}

/* -------------------------------------------------------- what a row knows */

static void test_fill(apr_pool_t *p)
{
    static const edu_fill_t fills[] = {
        {"b",   "1",  0},
        { "c",  "2",  0},
        { "cc", NULL, 0},
        { "d",  "3",  1},
        { "e",  "4",  1},
        { "a",  "5",  0},
        { "f",  "6",  0}
    };
    apr_array_header_t *members = edu__members_load(
        quotes("{'a':0,'c':0,'b':0,'cc':0,'d':0,'e':null}", p), p);
    apr_array_header_t *none = apr_array_make(p, 1, sizeof(edu_member_t));

    edu__entity_fill(members, fills, COUNT(fills));
    is_str(edu__members_text(members, NULL, p),
           quotes("{'a':5,'c':2,'b':1,'cc':0,'d':0,'e':4}", p),
           "in any order, a row's values are filled into members that are "
           "there, some of them only where there is null");
    edu__entity_fill(none, fills, COUNT(fills));
    ok(none->nelts == 0, "and into none, where there are none");
}

/* ----------------------------------------------------------------- callers */

/* clang-format off */
static const struct who_t {
    const char *name;
    edu_caller_t caller;
    const char *want;
} whos[] = {
    { "nobody",
      { .authenticated = 0 },
      "{'application':null,'device':null,"
      "'user':{'id':null,'displayName':null}}" },
    { "a user",
      USER("u"),
      "{'application':null,'device':null,"
      "'user':{'id':'u','displayName':null}}" },
    { "a user with a name",
      { .user_id = "u", .user_name = "N \xc3\xa9 \\\"" },
      "{'application':null,'device':null,"
      "'user':{'id':'u','displayName':'N \xc3\xa9 \\\\\\''}}" },
    { "a user in an application",
      { .user_id = "u", .user_name = "N", .application = "a" },
      "{'application':{'id':'a','displayName':null},'device':null,"
      "'user':{'id':'u','displayName':'N'}}" },
    { "an application",
      { .application = "a" },
      "{'application':{'id':'a','displayName':null},'device':null,"
      "'user':{'id':null,'displayName':null}}" },
};
/* clang-format on */

static void test_who(const struct who_t *row, apr_pool_t *p)
{
    edu_change_t change;
    json_t *doc;

    plan(&change, &edu__outcome, &row->caller, 0, p);
    doc = edu__entity_merge(NULL, value("{}", p), &change);
    is_str(edu__json_text(json_object_get(doc, "lastModifiedBy"), p),
           quotes(row->want, p), row->name);
    is_str(
        edu__json_text(edu__json_own(edu__identity_set(&row->caller, p), p), p),
        quotes(row->want, p), "the identity set alone is the same");
    is_str(edu__identity_text(&row->caller, p), quotes(row->want, p),
           "and so it is as text");
}

static void test_nobody(apr_pool_t *p)
{
    is_str(edu__json_text(edu__json_own(edu__identity_set(NULL, p), p), p),
           quotes(whos[0].want, p), "no caller is an identity set of nulls");
    is_str(edu__identity_text(NULL, p), quotes(whos[0].want, p),
           "no caller is a text of nulls");
}

/* A name from a header or an expression may be any bytes: it may be lost, it
 * may not take the document with it. */
static void test_bytes(apr_pool_t *p)
{
    const edu_caller_t bytes = { .user_id = "u",
                                 .user_name = "\xff",
                                 .application = "\xfe" };
    edu_change_t change;
    const char *text;

    plan(&change, &edu__outcome, &bytes, 0, p);
    text = edu__json_text(
        edu__entity_merge(NULL, value("{" POINTS ",'points':{}}", p), &change),
        p);
    ok(strstr(text,
              "\"lastModifiedBy\":{\"application\":{\"id\":\"\xc3\xbe\"") &&
           strstr(text, "\"gradedBy\":{\"application\":{\"id\":\"\xc3\xbe\"") &&
           strstr(text, "\"id\":\"u\",\"displayName\":\"\xc3\xbf\""),
       "a name that is not UTF-8 is Latin-1");
    is_str(edu_utf8("", p), "", "an empty text stays");
    is_str(edu_utf8("G\xc3\xbcnther", p), "G\xc3\xbcnther", "UTF-8 stays");
    is_str(edu_utf8("G\xfcnther\x80\x7f\xa0", p),
           "G\xc3\xbcnther\xc2\x80\x7f\xc2\xa0",
           "bytes that are not UTF-8 are read as Latin-1");
    is_str(edu_utf8("\xc3\xbc\xc3", p), "\xc3\x83\xc2\xbc\xc3\x83",
           "a text is read as Latin-1 as a whole");
    is_str(edu_utf8("\xed\xa0\x80", p), "\xc3\xad\xc2\xa0\xc2\x80",
           "half a surrogate is read as Latin-1");
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
    ok(strtof(got, NULL) == strtof(row->in, NULL),
       "%s reads back as the same float32", row->in);
    is_str(points_of(value(got, p), p), got,
           "a number that was read back reads back as itself");
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

/* Points read back as graders type them. */
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
           "a string is quoted and escaped");
    ok(edu__is_utf8("") && edu__is_utf8("\xf0\x9f\x8e\x93") &&
           !edu__is_utf8("\xf0\x9f\x8e") && !edu__is_utf8("\xff"),
       "UTF-8 is told from other bytes");
    ok(!edu__json_load("", p) && !edu__json_load("{", p) &&
           !edu__json_load("{}x", p),
       "a text that is not JSON is not loaded");
}

/* Any bytes are written as JSON; jansson is the judge. */
static void test_quoting(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *s, *quoted;
    } rows[] = {
        { "", "\"\"" },
        { "\xff", "\"?\"" },
        { "12345678\xc3", "\"12345678?\"" },
        { "\xc3\xa9\xc3", "\"\xc3\xa9?\"" },
        { "G\xfcnther", "\"G?nther\"" },
        { "\xed\xa0\x80x", "\"???x\"" },
        { "\xf0\x9f\x8e", "\"???\"" },
        { "\xf0\x9f\x8e\x93", "\"\xf0\x9f\x8e\x93\"" },
    };
    /* clang-format on */
    int wrong = 0;

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        is_str(edu__json_quote(rows[i].s, p), rows[i].quoted,
               "other bytes are quoted as ?");
    }
    is_str(edu__json_text(NULL, p), "null", "no value is written as null");
    for (int a = 1; a < 256; a++) {
        for (int b = 1; b < 256 * 6; b++) {
            /* the ends of all ranges of a third and a fourth byte */
            static const char more[][3] = { "",         "\x80",     "\xbf",
                                            "\x80\x80", "\xbf\xbf", "\xc0" };
            const char s[] = { 'x',
                               (char)a,
                               (char)(b / 6 ? b / 6 : 1),
                               more[b % 6][0],
                               more[b % 6][0] ? more[b % 6][1] : '\0',
                               '\0' };
            json_t *json = json_string(s);

            wrong += edu__is_utf8(s) != (json != NULL);
            json_decref(json);
        }
    }
    is_int(wrong, 0, "UTF-8 is what jansson takes for UTF-8");
    ok(!edu__entity_render("educationPointsOutcome", "{\"a\":\"\xff\"}", NULL,
                           EDU_DIALECT_V1_0, p),
       "a stored document that is not UTF-8 is damaged");
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

    is_str(edu__entity_render(row->type, stored, NULL, EDU_DIALECT_V1_0, p),
           row->v1 ? quotes(row->v1, p) : stored,
           apr_psprintf(p, "%s, in v1.0", row->name));
    is_str(edu__entity_render(row->type, stored, NULL, EDU_DIALECT_BETA, p),
           row->beta ? quotes(row->beta, p) : stored,
           apr_psprintf(p, "%s, in beta", row->name));
}

/* Whether a property of a type, or below one, is a member of beta. */
static int has_beta_below(const edu_type_t *type)
{
    for (; type && type->props; type = type->base) {
        for (const edu_prop_t *prop = type->props; prop->name; prop++) {
            if ((prop->flags & EDU_BETA) ||
                (prop->kind == EDU_COMPLEX && prop->type != type &&
                 has_beta_below(prop->type))) {
                return 1;
            }
        }
    }
    return 0;
}

static void test_mixed(apr_pool_t *p)
{
    for (int i = 0; edu__types[i]; i++) {
        is_int((edu__types[i]->flags & EDU_MIXED) != 0,
               has_beta_below(edu__types[i]),
               apr_psprintf(p, "%s says whether it has members of beta",
                            edu__types[i]->name));
    }
}

/* A stored document that the module did not write is reported and not sent. */
static void test_damaged(apr_pool_t *p)
{
    static const char *const damaged[] = {
        "",   "{",    "{\"id\":1", "grade",
        "[]", "null", "\"grade\"", "{\"points\":{\"grade\":}}",
    };

    for (apr_size_t i = 0; i < 2 * COUNT(damaged); i++) {
        const char *text = damaged[i / 2];

        is_str(edu__entity_render("educationPointsOutcome", text, NULL,
                                  i % 2 ? EDU_DIALECT_BETA : EDU_DIALECT_V1_0,
                                  p),
               NULL,
               apr_psprintf(p, "'%s' is no outcome in %s", text,
                            i % 2 ? "beta" : "v1.0"));
    }
}

/* ---------------------------------------------------------------- sentinel */

/* A PATCH with the sentinel of an evolvable enumeration leaves it alone. */
static void test_sentinel(apr_pool_t *p)
{
    /* clang-format off */
    static const char was[] =
        "{" OLD(RESOURCE) ",'feedbackResource':{"
        TYPE("educationSpeakerProgressResource") ",'createdBy':null,"
        "'createdDateTime':null,'displayName':null,'lastModifiedBy':null,"
        "'lastModifiedDateTime':null,"
        "'aiFeedbackCriteria':{'aiFeedbackSettings':{"
        "'audienceEngagementSettings':null,'contentSettings':null,"
        "'deliverySettings':null},"
        "'speechType':'personal'},'isAiFeedbackEnabled':true,"
        "'isVideoRequired':true,'maxRecordingAttempts':3,"
        "'presentationTitle':'t','recordingTimeLimitInMinutes':5,"
        "'showRehearsalReportToStudentBeforeMediaUpload':true,"
        "'speakerCoachSettings':null,'spokenLanguageLocale':'en'},"
        "'resourceStatus':'notPublished'}";
    /* clang-format on */
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
       "a value other than the sentinel changes");
    test_again(doc, p);
}

/* A stored document may be of a type that only a later module knows. */
static void test_of_later(apr_pool_t *p)
{
    static const struct put_t row = { .type = &edu__class,
                                      .row = { .in = "{'displayName':'d'}" } };
    const json_t *doc = put(&row, value("{" TYPE("x") ",'grade':'9'}", p), p);

    is_str(json_string_value(json_object_get(doc, "displayName")), "d",
           "a PUT replaces a document of an unknown type");
    ok(is_complete(doc, &edu__class), "the replaced document is complete");
}

/* ----------------------------------------------------------------- members */

/* As is, and as a text that is read by jansson. */
static int agree(const edu_type_t *type, const char *text, apr_pool_t *p)
{
    const apr_array_header_t *members = edu__entity_members(type, text, p);
    const apr_array_header_t *again =
        edu__entity_members(type, apr_pstrcat(p, " ", text, NULL), p);

    return members && again ? strcmp(edu__members_text(members, NULL, p),
                                     edu__members_text(again, NULL, p)) == 0
                            : members == again;
}

/* Documents that were written here are read in another way than others: with
 * any part of one left out, and any byte, it comes to the same. */
static void test_members(const edu_type_t *type, apr_pool_t *p)
{
    const char *seed = edu__members_text(
        edu__entity_members(
            type, quotes("{'@odata.etag':'\\'1\\'','id':'\xc3\xa9'}", p), p),
        NULL, p);
    apr_size_t len = strlen(seed);
    int wrong = 0;

    ok(agree(type, seed, p), "a %s is read", type->name);
    for (apr_size_t i = 0; i < len; i++) {
        for (const char *c = "\"{}:,0nx\x80 "; *c; c++) {
            char *text = apr_pstrdup(p, seed);

            text[i] = *c;
            wrong += !agree(type, text, p);
        }
        for (const char *end = seed + i; (end = strchr(end, ',')); end++) {
            wrong +=
                seed[i] == ',' &&
                !agree(type,
                       apr_pstrcat(p, apr_pstrmemdup(p, seed, i), end, NULL),
                       p);
        }
        wrong += !agree(type, apr_pstrmemdup(p, seed, i), p) ||
                 !agree(type, apr_pstrcat(p, seed, seed + i, NULL), p);
    }
    is_int(wrong, 0, "what is almost one is read as jansson reads it");
}

static void tests(apr_pool_t *p)
{
    test_members(&edu__submission, p);
    test_members(&edu__assignment, p);
    test_members(&edu__class, p);
    for (apr_size_t i = 0; i < COUNT(changes); i++) {
        test_change(&changes[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(trusts); i++) {
        test_trust(&trusts[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(put_rows); i++) {
        test_put(&put_rows[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(blanks); i++) {
        test_blank(&blanks[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(loads); i++) {
        test_load(&loads[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(publishes); i++) {
        test_publish(&publishes[i], p);
    }
    test_fill(p);
    for (apr_size_t i = 0; i < COUNT(whos); i++) {
        test_who(&whos[i], p);
    }
    test_nobody(p);
    test_bytes(p);
    for (apr_size_t i = 0; i < COUNT(numbers); i++) {
        test_number(&numbers[i], p);
    }
    test_floats(p);
    test_decimals(p);
    test_text(p);
    test_quoting(p);
    test_lengths(p);
    for (apr_size_t i = 0; i < COUNT(showns); i++) {
        test_shown(&showns[i], p);
    }
    test_mixed(p);
    test_damaged(p);
    test_sentinel(p);
    test_of_later(p);
}

TAP_MAIN(tests)
