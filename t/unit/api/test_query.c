/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Query options: the expressions, the options, and the pages they make. */

#include "api.h"
#include "expr.h"
#include "database.h"

#include <apr_escape.h>
#include <dlfcn.h>

#define APR_WANT_IOVEC
#include <apr_want.h>

#define MOST 1000 /* parts of an expression */

#define V1 EDU_DIALECT_V1_0
#define BETA EDU_DIALECT_BETA

#define BASE "https://example.org/v1.0"
#define PLACE "/education/classes/c/assignments/a/submissions/s/outcomes"
#define JSON "Content-Type: application/json"
#define CONTEXT                                                                \
    BASE "/$metadata#education/classes('c')/assignments('a')/submissions"      \
         "('s')/outcomes"

#define GRAPH "microsoft.graph."
#define TYPE(name) "'@odata.type':'#" GRAPH name "'"
#define ID "05d0f76c-1dfa-4442-926c-1b094828b505"

/* Outcomes that filters are tried on: one of each type, and one of nulls. */
/* clang-format off */
#define POINTS \
    "{" TYPE("educationPointsOutcome") ",'id':'" ID "'," \
    "'lastModifiedBy':{'application':null," \
    "'user':{'id':'u1','displayName':'O\\u0027Neil'}}," \
    "'lastModifiedDateTime':'2024-08-14T06:37:17.7703021Z'," \
    "'points':{'gradedBy':null," \
    "'gradedDateTime':'2024-08-14T06:37:17.0000000Z'," \
    "'points':85.1,'grade':'B'}," \
    "'publishedPoints':null}"
#define NULLS \
    "{" TYPE("educationPointsOutcome") ",'id':'" ID "'," \
    "'lastModifiedBy':null,'lastModifiedDateTime':null," \
    "'points':{'points':null},'publishedPoints':null}"
#define SINGLE \
    "{" TYPE("educationPointsOutcome") ",'points':{'points':66.666664}}"
#define FEEDBACK \
    "{" TYPE("educationFeedbackOutcome") ",'id':'" ID "'," \
    "'feedback':{'text':" \
    "{'content':'Well \xc3\xa9t\xc3\xa9','contentType':'text'}}," \
    "'publishedFeedback':null}"
#define RUBRIC \
    "{" TYPE("educationRubricOutcome") ",'id':'" ID "'," \
    "'rubricQualityFeedback':[],'rubricQualitySelectedLevels':[]}"
#define QUALITIES \
    "{" TYPE("educationRubricOutcome") ",'id':'" ID "'," \
    "'rubricQualityFeedback':[" \
    "{'qualityId':'q1','feedback':{'content':'b'}}," \
    "{'qualityId':'q2','feedback':null}]," \
    "'rubricQualitySelectedLevels':[{'qualityId':'q1','columnId':'c2'}]}"
#define WORD \
    "{" TYPE("educationFeedbackResourceOutcome") ",'id':'" ID "'," \
    "'resourceStatus':'notPublished'," \
    "'feedbackResource':{" TYPE("educationWordResource") "," \
    "'displayName':'A','fileUrl':'x'}}"
#define SPEAKER \
    "{" TYPE("educationFeedbackResourceOutcome") ",'id':'" ID "'," \
    "'resourceStatus':'published'," \
    "'feedbackResource':{" TYPE("educationSpeakerProgressResource") "," \
    "'isVideoRequired':true,'isAiFeedbackEnabled':false," \
    "'maxRecordingAttempts':3}}"
/* clang-format on */

/* ------------------------------------------------------------------ filters */

/* clang-format off */
static const struct match_t {
    const char *filter, *outcome;
    int matches;
} matches[] = {
    /* numbers */
    { "points/points eq 85.1", POINTS, 1 },
    { "points/points ne 85.1", POINTS, 0 },
    { "points/points lt 85.1", POINTS, 0 },
    { "points/points le 85.1", POINTS, 1 },
    { "points/points gt 85.1", POINTS, 0 },
    { "points/points ge 85.1", POINTS, 1 },
    { "points/points eq 85", POINTS, 0 },
    { "points/points gt 85", POINTS, 1 },
    { "points/points ge 85", POINTS, 1 },
    { "points/points lt 86", POINTS, 1 },
    { "points/points le 86", POINTS, 1 },
    { "points/points ne 86", POINTS, 1 },
    { "points/points gt 85.2", POINTS, 0 },
    { "points/points gt -1", POINTS, 1 },
    { "points/points gt +1", POINTS, 1 },
    { "points/points eq 8.51e1", POINTS, 1 },
    { "points/points eq 8.51E+1", POINTS, 1 },
    { "points/points eq 851e-1", POINTS, 1 },
    { "points/points eq 85.10000000", POINTS, 1 },
    { "points/points lt 1e300", POINTS, 1 },
    { "85.1 eq points/points", POINTS, 1 },
    { "86 gt points/points", POINTS, 1 },
    { "86 lt points/points", POINTS, 0 },
    { "1 lt 2", POINTS, 1 },
    { "1 eq 2", POINTS, 0 },
    { "-1 lt 0", POINTS, 1 },
    { "points/points eq points/points", POINTS, 1 },
    { "points/points lt points/points", POINTS, 0 },
    { "feedbackResource/maxRecordingAttempts eq 3", SPEAKER, 1 },
    { "feedbackResource/maxRecordingAttempts ge 4", SPEAKER, 0 },
    { "feedbackResource/maxRecordingAttempts eq 16777217",
      "{" TYPE("educationFeedbackResourceOutcome") ",'feedbackResource':{"
      TYPE("educationSpeakerProgressResource")
      ",'maxRecordingAttempts':16777216}}", 0 },

    /* sent as 66.66666666666667, it is kept as a float32 and found again */
    { "points/points eq 66.66666666666667", SINGLE, 1 },
    { "66.66666666666667 eq points/points", SINGLE, 1 },
    { "points/points in (1,66.66666666666667)", SINGLE, 1 },
    { "points/points gt 66.66666666666667", SINGLE, 0 },
    { "points/points ne 66.66666666666667", SINGLE, 0 },
    { "points/points eq 66.666664", SINGLE, 1 },

    /* strings */
    { "id eq '" ID "'", POINTS, 1 },
    { "id ne '" ID "'", POINTS, 0 },
    { "id lt 'zz'", POINTS, 1 },
    { "id lt 'ZZ'", POINTS, 1 },
    { "id gt 'zz'", POINTS, 0 },
    { "id ge '0'", POINTS, 1 },
    { "id le '0'", POINTS, 0 },
    { "'a' lt 'b'", POINTS, 1 },
    { "'a' eq 'A'", POINTS, 0 },
    { "'' eq ''", POINTS, 1 },
    { "lastModifiedBy/user/displayName eq 'O''Neil'", POINTS, 1 },
    { "lastModifiedBy/user/displayName eq 'O''''Neil'", POINTS, 0 },
    { "lastModifiedBy/user/displayName eq ''", POINTS, 0 },
    { "lastModifiedBy/user/id eq 'U1'", POINTS, 0 },
    { "'''' eq ''''", POINTS, 1 },
    { "' and ' eq ' and '", POINTS, 1 },
    { "'(' eq '('", POINTS, 1 },
    { "feedback/text/content eq 'Well \xc3\xa9t\xc3\xa9'", FEEDBACK, 1 },
    { "feedback/text/content lt 'Well z'", FEEDBACK, 0 },

    /* ids */
    { "id eq '05D0F76C-1DFA-4442-926C-1B094828B505'", POINTS, 1 },
    { "'05D0F76C-1DFA-4442-926C-1B094828B505' eq id", POINTS, 1 },
    { "id in ('x','05D0F76C-1DFA-4442-926C-1B094828B505')", POINTS, 1 },
    { "'05D0F76C-1DFA-4442-926C-1B094828B505' in (id)", POINTS, 1 },

    /* booleans */
    { "true", POINTS, 1 },
    { "false", POINTS, 0 },
    { "true eq true", POINTS, 1 },
    { "true ne false", POINTS, 1 },
    { "feedbackResource/isVideoRequired", SPEAKER, 1 },
    { "feedbackResource/isVideoRequired eq true", SPEAKER, 1 },
    { "feedbackResource/isVideoRequired ne true", SPEAKER, 0 },
    { "feedbackResource/isVideoRequired eq false", SPEAKER, 0 },
    { "not feedbackResource/isAiFeedbackEnabled", SPEAKER, 1 },
    { "feedbackResource/isAiFeedbackEnabled", SPEAKER, 0 },
    { "feedbackResource/isAiFeedbackEnabled eq false", SPEAKER, 1 },
    { "feedbackResource/isVideoRequired", WORD, 0 },
    { "feedbackResource/isVideoRequired eq false", WORD, 0 },
    { "feedbackResource/isVideoRequired eq null", WORD, 1 },
    /* not null is null, which is not true (5.1.1.1.9) */
    { "not feedbackResource/isVideoRequired", WORD, 0 },
    { "not (feedbackResource/isVideoRequired and true)", WORD, 0 },
    { "not (feedbackResource/isVideoRequired and false)", WORD, 1 },
    { "not (feedbackResource/isVideoRequired or true)", WORD, 0 },
    { "not (feedbackResource/isVideoRequired or false)", WORD, 0 },

    /* enumerations */
    { "resourceStatus eq 'notPublished'", WORD, 1 },
    { "resourceStatus ne 'notPublished'", WORD, 0 },
    { "'published' eq resourceStatus", SPEAKER, 1 },
    { "resourceStatus eq 'published'", WORD, 0 },
    { "resourceStatus in ('published','notPublished')", WORD, 1 },
    { "resourceStatus in ('published','failedPublish')", WORD, 0 },
    { "resourceStatus eq 'unknownFutureValue'", WORD, 0 },
    { "resourceStatus eq null", POINTS, 1 },
    { "feedback/text/contentType eq 'text'", FEEDBACK, 1 },
    { "feedback/text/contentType eq 'html'", FEEDBACK, 0 },

    /* instants */
    { "lastModifiedDateTime eq 2024-08-14T06:37:17.7703021Z", POINTS, 1 },
    { "lastModifiedDateTime ne 2024-08-14T06:37:17.7703021Z", POINTS, 0 },
    { "lastModifiedDateTime eq 2024-08-14T09:37:17.7703021+03:00", POINTS, 1 },
    { "lastModifiedDateTime eq 2024-08-13T22:07:17.7703021-08:30", POINTS, 1 },
    { "lastModifiedDateTime eq 2024-08-14T06:37:17.770302199999Z", POINTS, 1 },
    { "lastModifiedDateTime gt 2024-08-14T06:37:17.770302Z", POINTS, 1 },
    { "lastModifiedDateTime lt 2024-08-14T06:37:18Z", POINTS, 1 },
    { "lastModifiedDateTime le 2024-08-14T06:37:17Z", POINTS, 0 },
    { "lastModifiedDateTime ge 2024-08-14T06:37Z", POINTS, 1 },
    { "lastModifiedDateTime lt 0001-01-01T00:00:00Z", POINTS, 0 },
    { "lastModifiedDateTime lt 9999-12-31T23:59:59Z", POINTS, 1 },
    { "2024-08-14T06:37:17Z lt lastModifiedDateTime", POINTS, 1 },
    { "points/gradedDateTime eq 2024-08-14T06:37:17Z", POINTS, 1 },
    { "points/gradedDateTime lt lastModifiedDateTime", POINTS, 1 },
    { "lastModifiedDateTime in (2024-08-14T06:37:17.7703021Z)", POINTS, 1 },
    { "(2024-08-14T06:37:17Z lt lastModifiedDateTime)", POINTS, 1 },

    /* null */
    { "null eq null", POINTS, 1 },
    { "null ne null", POINTS, 0 },
    { "null lt null", POINTS, 0 },
    { "null gt null", POINTS, 0 },
    { "null eq 5", POINTS, 0 },
    { "null ne 5", POINTS, 1 },
    { "null lt 5", POINTS, 0 },
    { "5 gt null", POINTS, 0 },
    { "points/points eq null", POINTS, 0 },
    { "points/points ne null", POINTS, 1 },
    { "points/points eq null", NULLS, 1 },
    { "points/points ne null", NULLS, 0 },
    { "points/points eq 0", NULLS, 0 },
    { "points/points ne 0", NULLS, 1 },
    { "points/points lt 100", NULLS, 0 },
    { "points/points le 100", NULLS, 0 },
    { "points/points gt -100", NULLS, 0 },
    { "points/points ge -100", NULLS, 0 },
    { "not (points/points lt 100)", NULLS, 1 },
    { "points/points lt 100", FEEDBACK, 0 },
    { "points/points eq null", FEEDBACK, 1 },
    { "points/points in (1,null)", NULLS, 1 },
    { "points/points in (0,1)", NULLS, 0 },
    { "null in (points/points)", NULLS, 1 },
    { "null in (points/points)", POINTS, 0 },
    { "lastModifiedDateTime eq null", NULLS, 1 },
    { "lastModifiedBy/user/id eq null", NULLS, 1 },
    { "lastModifiedBy/user/id lt 'x'", NULLS, 0 },
    { "publishedPoints eq null", POINTS, 1 },
    { "publishedPoints ne null", POINTS, 0 },
    { "null eq publishedPoints", POINTS, 1 },
    { "points eq null", POINTS, 0 },
    { "points ne null", POINTS, 1 },
    { "points eq null", FEEDBACK, 1 },
    { "points in (null)", FEEDBACK, 1 },
    { "lastModifiedBy/application eq null", POINTS, 1 },
    { "lastModifiedBy/user eq null", POINTS, 0 },
    { "lastModifiedBy/device/id eq null", POINTS, 1 },

    /* in */
    { "points/points in (1,85.1)", POINTS, 1 },
    { "points/points in ( 1 , 85.1 )", POINTS, 1 },
    { "points/points in(85.1)", POINTS, 1 },
    { "points/points in (1,2,3)", POINTS, 0 },
    { "1 in (1)", POINTS, 1 },
    { "'a,b' in ('a','b')", POINTS, 0 },
    { "'a,b' in ('a,b')", POINTS, 1 },
    { "feedbackResource/isVideoRequired in (true,false)", SPEAKER, 1 },
    { "feedbackResource/isVideoRequired in (true,false)", WORD, 0 },
    { "not (id in ('x'))", POINTS, 1 },
    { "id in ('x') or id in ('" ID "')", POINTS, 1 },
    { "id in ()", POINTS, 0 },
    { "id in ( )", POINTS, 0 },
    { "null in () or true", POINTS, 1 },
    { "not (points/points in ())", POINTS, 1 },
    /* a literal fits each property of a list by itself */
    { "'text' in (feedback/text/contentType,id)", FEEDBACK, 1 },
    { "'text' in (id,feedback/text/contentType)", FEEDBACK, 1 },
    { "'html' in (feedback/text/contentType,id)", FEEDBACK, 0 },
    { "'05D0F76C-1DFA-4442-926C-1B094828B505' in "
      "(lastModifiedBy/user/id,id)", POINTS, 1 },
    { "'Well \xc3\xa9t\xc3\xa9' in (id,feedback/text/content)", FEEDBACK, 1 },
    { "66.66666666666667 in (feedbackResource/maxRecordingAttempts,"
      "points/points)", SINGLE, 1 },
    { "66.66666666666667 in (points/points,"
      "feedbackResource/maxRecordingAttempts)", SINGLE, 1 },

    /* precedence */
    { "true or true and false", POINTS, 1 },
    { "(true or true) and false", POINTS, 0 },
    { "false and true or true", POINTS, 1 },
    { "false and (true or true)", POINTS, 0 },
    { "not false and false", POINTS, 0 },
    { "not (false and false)", POINTS, 1 },
    { "not true or true", POINTS, 1 },
    { "not (true or true)", POINTS, 0 },
    { "not not true", POINTS, 1 },
    { "not(true)", POINTS, 0 },
    { "not ((not (true)))", POINTS, 1 },
    { "true and not false", POINTS, 1 },
    { "((true))", POINTS, 1 },
    { "1 eq 1 and 2 eq 2 and 3 eq 4", POINTS, 0 },
    { "1 eq 2 or 2 eq 3 or 3 eq 3", POINTS, 1 },
    { "(1 eq 1)and(2 eq 2)", POINTS, 1 },
    { "points/points gt 80 and points/points lt 90", POINTS, 1 },
    { "points/points lt 80 or points/points gt 90", POINTS, 0 },

    /* white space */
    { "  points/points\teq  85.1  ", POINTS, 1 },
    { " ( true ) ", POINTS, 1 },
    { "isof ( '" GRAPH "educationPointsOutcome' )", POINTS, 1 },

    /* types */
    { "isof('" GRAPH "educationPointsOutcome')", POINTS, 1 },
    { "isof(" GRAPH "educationPointsOutcome)", POINTS, 1 },
    { "isof('" GRAPH "educationPointsOutcome')", FEEDBACK, 0 },
    { "isof(" GRAPH "educationFeedbackResourceOutcome)", WORD, 1 },
    { "isof('" GRAPH "educationFeedbackResourceOutcome')", POINTS, 0 },
    { "isof('" GRAPH "educationOutcome')", RUBRIC, 1 },
    { "isof('" GRAPH "educationRubricOutcome')", RUBRIC, 1 },
    { "isof('" GRAPH "educationRubricOutcome')", "{'id':'x'}", 0 },
    { "isof('" GRAPH "educationOutcome')", "{'id':'x'}", 1 },
    { "not isof('" GRAPH "educationRubricOutcome')", POINTS, 1 },
    { "isof('" GRAPH "educationPointsOutcome') and points/points gt 80", POINTS,
      1 },
    { "isof('" GRAPH "educationRubricOutcome') or isof('" GRAPH
      "educationPointsOutcome')", POINTS, 1 },
    
    /* casts */
    { GRAPH "educationPointsOutcome/points/points eq 85.1", POINTS, 1 },
    { GRAPH "educationPointsOutcome/points/points eq null", FEEDBACK, 1 },
    { GRAPH "educationFeedbackOutcome/feedback/text/contentType eq 'text'",
      FEEDBACK, 1 },
    { GRAPH "educationPointsOutcome/id eq '" ID "'", POINTS, 1 },
    { GRAPH "educationPointsOutcome/id eq '" ID "'", FEEDBACK, 0 },
    { GRAPH "educationPointsOutcome/id eq null", FEEDBACK, 1 },
    { GRAPH "educationOutcome/id eq '" ID "'", FEEDBACK, 1 },
    { "points/" GRAPH "educationAssignmentPointsGrade/points eq 85.1", POINTS,
      1 },
    { "feedbackResource/" GRAPH "educationWordResource/fileUrl eq 'x'", WORD,
      1 },
    { "feedbackResource/" GRAPH "educationExcelResource/fileUrl eq 'x'", WORD,
      0 },
    { "feedbackResource/" GRAPH "educationExcelResource/displayName eq null",
      WORD, 1 },
    { "feedbackResource/fileUrl eq 'x'", WORD, 1 },
    { "feedbackResource/displayName eq 'A'", WORD, 1 },
    { GRAPH "educationFeedbackResourceOutcome/feedbackResource/" GRAPH
      "educationWordResource/fileUrl eq 'x'", WORD, 1 },
    { "feedbackResource/" GRAPH "educationWordResource ne null", WORD, 1 },
    { "feedbackResource/" GRAPH "educationWordResource ne null", SPEAKER, 0 },
    { "feedbackResource/" GRAPH "educationWordResource eq null", SPEAKER, 1 },

    /* names of operators and functions have no case (4.01), values have */
    { "TRUE", POINTS, 1 },
    { "points/points EQ 85.1 AND NOT FALSE", POINTS, 1 },
    { "CONTAINS(id,'05d0') Or NULL ne null", POINTS, 1 },
    { "id IN ('x','" ID "')", POINTS, 1 },
    { "IsOf('" GRAPH "educationPointsOutcome')", POINTS, 1 },
    { "rubricQualityFeedback/Any(Q:Q/qualityId eq 'q')", QUALITIES, 0 },

    /* booleans have an order */
    { "true gt false and false lt true and true ge true", POINTS, 1 },
    { "true lt true", POINTS, 0 },

    /* types of functions are values */
    { "isof('" GRAPH "educationPointsOutcome') eq true", POINTS, 1 },
    { "isof(points," GRAPH "educationAssignmentPointsGrade)", POINTS, 1 },
    { "isof(points," GRAPH "educationAssignmentPointsGrade)", FEEDBACK, 0 },
    { "isof($it,'" GRAPH "educationPointsOutcome')", POINTS, 1 },
    { "isof(feedbackResource," GRAPH "educationWordResource)", WORD, 1 },
    { "isof(feedbackResource," GRAPH "educationExcelResource)", WORD, 0 },
    { "isof(points/points,Edm.Single)", POINTS, 1 },
    { "isof(points/points,Edm.Single)", NULLS, 0 },
    { "isof(points/points,Edm.String)", POINTS, 0 },
    { "isof(id,Edm.String) and isof(resourceStatus," GRAPH
      "educationFeedbackResourceOutcomeStatus)", SPEAKER, 1 },

    /* precedence of all operators */
    { "1 add 2 mul 3 eq 7", POINTS, 1 },
    { "(1 add 2) mul 3 eq 9", POINTS, 1 },
    { "10 sub 4 sub 3 eq 3", POINTS, 1 },
    { "100 div 10 div 2 eq 5", POINTS, 1 },
    { "-2 mul 3 eq -6", POINTS, 1 },
    { "- points/points lt 0", POINTS, 1 },
    { "-(2 add 3) eq -5", POINTS, 1 },
    { "--5 eq 5", POINTS, 1 },
    { "7 mod 4 mul 2 eq 6", POINTS, 1 },
    { "1 lt 2 eq true", POINTS, 1 },
    { "true eq 1 lt 2", POINTS, 1 },
    { "not false eq false", POINTS, 0 },
    { "not (false eq false)", POINTS, 0 },
    { "not id in ('x')", POINTS, 1 },
    { "1 add 1 eq 2 and 2 mul 2 eq 4 or false", POINTS, 1 },
    { "points/points eq 5 add 80.1", POINTS, 1 },

    /* arithmetic */
    { "7 div 2 eq 3", POINTS, 1 },
    { "-7 div 2 eq -3", POINTS, 1 },
    { "7 divby 2 eq 3.5", POINTS, 1 },
    { "7.0 div 2 eq 3.5", POINTS, 1 },
    { "7 mod 3 eq 1 and -7 mod 3 eq -1 and 7 mod -3 eq 1", POINTS, 1 },
    { "7.5 mod 2 eq 1.5", POINTS, 1 },
    { "points/points add 1 gt 86", POINTS, 1 },
    { "points/points sub 85 lt 1", POINTS, 1 },
    { "points/points mul 2 eq 170.2", POINTS, 1 },
    { "feedbackResource/maxRecordingAttempts add 1 eq 4", SPEAKER, 1 },
    { "feedbackResource/maxRecordingAttempts div 2 eq 1", SPEAKER, 1 },
    { "1 div 0 eq null", POINTS, 1 },
    { "1 mod 0 eq null and 1.5 mod 0 eq null", POINTS, 1 },
    { "1 divby 0 eq INF and -1 div 0.0 eq -INF", POINTS, 1 },
    { "0.0 div 0 ne 0.0 div 0", POINTS, 1 },
    { "points/points div 0 eq INF", POINTS, 1 },
    { "9223372036854775807 add 1 eq null", POINTS, 1 },
    { "-9223372036854775807 sub 2 eq null", POINTS, 1 },
    { "-9223372036854775808 sub 1 eq null", POINTS, 1 },
    { "-9223372036854775808 div -1 eq null", POINTS, 1 },
    { "-9223372036854775808 mod -1 eq 0", POINTS, 1 },
    { "-(-9223372036854775808) eq null", POINTS, 1 },
    { "-9223372036854775809 sub 1 eq null", POINTS, 0 },
    { "substring('abc',-9223372036854775808) eq 'abc'", POINTS, 1 },
    { "9223372036854775807 mul 2 eq null", POINTS, 1 },
    { "points/points add 1 eq null", NULLS, 1 },
    { "-points/points eq null", NULLS, 1 },
    { "1 add null eq null and null mul 2 eq null", POINTS, 1 },
    { "INF gt 1e308 and -INF lt -1e308 and INF eq INF", POINTS, 1 },
    { "NaN eq NaN or NaN lt 1 or NaN ge 1", POINTS, 0 },
    { "NaN ne NaN", POINTS, 1 },
    { "lastModifiedDateTime add duration'P1D' gt 2024-08-15T06:37:17Z", POINTS,
      1 },
    { "lastModifiedDateTime sub duration'PT37M17.7703021S' eq "
      "2024-08-14T06:00:00Z", POINTS, 1 },
    { "lastModifiedDateTime sub points/gradedDateTime lt duration'PT1S'",
      POINTS, 1 },
    { "duration'PT1H' mul 24 eq duration'P1D'", POINTS, 1 },
    { "2 mul duration'PT30M' eq duration'PT1H'", POINTS, 1 },
    { "duration'P1D' div 2 eq duration'PT12H'", POINTS, 1 },
    { "duration'P1D' divby 0 eq null", POINTS, 1 },
    { "duration'PT1H' add duration'-PT1H' eq duration'PT0S'", POINTS, 1 },
    { "-duration'PT1H' eq duration'-PT1H'", POINTS, 1 },
    { "2024-02-28 add duration'P2D' eq 2024-03-01", POINTS, 1 },
    { "2024-03-01 sub duration'PT1S' eq 2024-02-29", POINTS, 1 },
    { "2024-03-01 sub 2024-02-01 eq duration'P29D'", POINTS, 1 },
    { "9999-12-31 add duration'P1D' eq null", POINTS, 1 },
    { "0001-01-01T00:00:00Z sub duration'PT1S' eq null", POINTS, 1 },
    { "now() gt lastModifiedDateTime", POINTS, 1 },
    { "now() sub duration'P1D' lt now()", POINTS, 1 },
    { "lastModifiedDateTime gt mindatetime() and lastModifiedDateTime lt "
      "maxdatetime()", POINTS, 1 },

    /* literals of each kind */
    { "id eq " ID, POINTS, 1 },
    { "id eq 05D0F76C-1DFA-4442-926C-1B094828B505", POINTS, 1 },
    { "cast(id,Edm.Guid) eq " ID, POINTS, 1 },
    { "cast(id,Edm.Guid) eq '" ID "'", POINTS, 1 },
    { "id in (" ID ")", POINTS, 1 },
    { "a5d0f76c-1dfa-4442-926c-1b094828b505 ne id", POINTS, 1 },
    { "date(lastModifiedDateTime) eq 2024-08-14", POINTS, 1 },
    { "time(lastModifiedDateTime) gt 06:37", POINTS, 1 },
    { "time(lastModifiedDateTime) eq 06:37:17.7703021", POINTS, 1 },
    { "duration'P1DT2H3M4.5S' eq duration'PT26H3M4.5S'", POINTS, 1 },
    { "duration'PT1H' add duration'PT1H' eq 'PT2H'", POINTS, 1 },
    { "feedback/text/contentType eq " GRAPH "bodyType'text'", FEEDBACK, 1 },
    { GRAPH "bodyType'html' eq feedback/text/contentType", FEEDBACK, 0 },
    { "feedback/text/contentType in (" GRAPH "bodyType'html'," GRAPH
      "bodyType'text')", FEEDBACK, 1 },
    { "resourceStatus has 'published'", SPEAKER, 1 },
    { "resourceStatus has " GRAPH
      "educationFeedbackResourceOutcomeStatus'notPublished'", SPEAKER, 0 },
    { "resourceStatus has 'published' or true", POINTS, 1 },
    { "not (resourceStatus has 'published')", POINTS, 0 },
    { "12345678901 gt 2147483647", POINTS, 1 },
    { "99999999999999999999 gt 1", POINTS, 1 },

    /* strings */
    { "contains(feedback/text/content,'\xc3\xa9t')", FEEDBACK, 1 },
    { "contains(feedback/text/content,'')", FEEDBACK, 1 },
    { "contains(feedback/text/content,'well')", FEEDBACK, 0 },
    { "contains(feedback/text/content,'x')", POINTS, 0 },
    { "not contains(feedback/text/content,'x')", POINTS, 0 },
    { "contains(feedback/text/content,null) eq null", FEEDBACK, 1 },
    { "startswith(id,'05d0') and endswith(id,'505')", POINTS, 1 },
    { "startswith(id,'5') or endswith(id,'" ID "x')", POINTS, 0 },
    { "startswith(id,'') and endswith(id,'')", POINTS, 1 },
    { "length(feedback/text/content) eq 8", FEEDBACK, 1 },
    { "length('') eq 0", POINTS, 1 },
    { "length(feedback/text/content) eq null", POINTS, 1 },
    { "indexof(feedback/text/content,'t\xc3\xa9') eq 6", FEEDBACK, 1 },
    { "indexof(feedback/text/content,'z') eq -1", FEEDBACK, 1 },
    { "indexof(feedback/text/content,'') eq 0", FEEDBACK, 1 },
    { "substring(feedback/text/content,5) eq '\xc3\xa9t\xc3\xa9'", FEEDBACK,
      1 },
    { "substring(feedback/text/content,5,2) eq '\xc3\xa9t'", FEEDBACK, 1 },
    { "substring('abc',-2) eq 'bc' and substring('abc',-9) eq 'abc'", POINTS,
      1 },
    { "substring('abc',1,9) eq 'bc' and substring('abc',9) eq ''", POINTS, 1 },
    { "substring('abc',1,0) eq '' and substring('abc',1,-1) eq ''", POINTS, 1 },
    { "tolower('\xc3\x89 \xce\xa9 \xd0\x96 ABC\xc5\xb8') eq "
      "'\xc3\xa9 \xcf\x89 \xd0\xb6 abc\xc3\xbf'", POINTS, 1 },
    { "toupper('\xc3\xa9 \xcf\x89 \xd0\xb6 abc\xc3\xbf') eq "
      "'\xc3\x89 \xce\xa9 \xd0\x96 ABC\xc5\xb8'", POINTS, 1 },
    { "tolower(feedback/text/content) eq 'well \xc3\xa9t\xc3\xa9'", FEEDBACK,
      1 },
    { "toupper('\xf0\x9f\x98\x80\xe2\x82\xac') eq "
      "'\xf0\x9f\x98\x80\xe2\x82\xac'", POINTS, 1 },
    { "trim('\t \xc2\xa0x y\xe3\x80\x80 ') eq 'x y'", POINTS, 1 },
    { "trim('  ') eq '' and trim('') eq ''", POINTS, 1 },
    { "trim('\xc3\xa9 ') eq '\xc3\xa9'", POINTS, 1 },
    { "concat(concat('a',', '),'b') eq 'a, b'", POINTS, 1 },
    { "concat(id,null) eq null", POINTS, 1 },
    { "id in (concat('x','y'),concat('" ID "',''))", POINTS, 1 },
    { "tolower (id) eq '" ID "'", POINTS, 1 },

    /* times, all of UTC */
    { "year(lastModifiedDateTime) eq 2024 and month(lastModifiedDateTime) eq 8 "
      "and day(lastModifiedDateTime) eq 14", POINTS, 1 },
    { "hour(lastModifiedDateTime) eq 6 and minute(lastModifiedDateTime) eq 37 "
      "and second(lastModifiedDateTime) eq 17", POINTS, 1 },
    { "fractionalseconds(lastModifiedDateTime) eq 0.7703021", POINTS, 1 },
    { "year(2024-02-29) eq 2024 and month(2024-02-29) eq 2 and day(2024-02-29) "
      "eq 29", POINTS, 1 },
    { "year(0001-01-01) eq 1 and month(1969-12-31) eq 12 and day(9999-12-31) "
      "eq 31", POINTS, 1 },
    { "hour(23:59:58.5) eq 23 and fractionalseconds(23:59:58.5) eq 0.5",
      POINTS, 1 },
    { "hour(1969-12-31T23:00:00Z) eq 23", POINTS, 1 },
    { "totalseconds(duration'P1DT0.5S') eq 86400.5", POINTS, 1 },
    { "totaloffsetminutes(lastModifiedDateTime) eq 0", POINTS, 1 },
    { "year(lastModifiedDateTime) eq null", NULLS, 1 },

    /* numbers */
    { "round(85.5) eq 86 and round(-85.5) eq -86 and round(85.4) eq 85", POINTS,
      1 },
    { "floor(points/points) eq 85 and ceiling(points/points) eq 86", POINTS,
      1 },
    { "floor(-1.5) eq -2 and ceiling(-1.5) eq -1 and round(7) eq 7", POINTS,
      1 },
    { "round(points/points) eq null", NULLS, 1 },

    /* casts of values */
    { "cast(points/points,Edm.String) eq '85.1'", POINTS, 1 },
    { "cast(points/points,'Edm.Int32') eq 85", POINTS, 1 },
    { "cast(-1.9,Edm.Int32) eq -1", POINTS, 1 },
    { "cast(3000000000,Edm.Int32) eq null", POINTS, 1 },
    { "cast(3000000000,Edm.Int64) eq 3000000000", POINTS, 1 },
    { "cast(255,Edm.Byte) eq 255 and cast('-128',Edm.SByte) eq -128", POINTS,
      1 },
    { "cast(256,Edm.Byte) eq null and cast(-1,Edm.Byte) eq null", POINTS, 1 },
    { "cast('-129',Edm.SByte) eq null and cast(4e4,Edm.Int16) eq null", POINTS,
      1 },
    { "isof(256,Edm.Byte)", POINTS, 0 },
    { "cast(NaN,Edm.Int64) eq null and cast(INF,Edm.Decimal) eq null", POINTS,
      1 },
    { "cast('12',Edm.Int32) add 1 eq 13", POINTS, 1 },
    { "cast('1.5e3',Edm.Double) eq 1500", POINTS, 1 },
    { "cast('x',Edm.Int32) eq null and cast('1.5',Edm.Int32) eq null", POINTS,
      1 },
    { "cast(lastModifiedDateTime,Edm.String) eq "
      "'2024-08-14T06:37:17.7703021Z'", POINTS, 1 },
    { "cast('2024-08-14T09:37:17.7703021+03:00',Edm.DateTimeOffset) eq "
      "lastModifiedDateTime", POINTS, 1 },
    { "cast('2024-08-14',Edm.Date) eq date(lastModifiedDateTime)", POINTS, 1 },
    { "cast(2024-08-14,Edm.String) eq '2024-08-14'", POINTS, 1 },
    { "cast(06:37,Edm.String) eq '06:37:00.0000000'", POINTS, 1 },
    { "cast('06:37',Edm.TimeOfDay) eq 06:37", POINTS, 1 },
    { "cast(duration'P1DT2H',Edm.String) eq 'P1DT2H0M0S'", POINTS, 1 },
    { "cast('PT1H',Edm.Duration) eq duration'PT60M'", POINTS, 1 },
    { "cast(true,Edm.String) eq 'true'", POINTS, 1 },
    { "cast('FALSE',Edm.Boolean) eq false", POINTS, 1 },
    { "cast(feedback/text/contentType,Edm.String) eq 'text'", FEEDBACK, 1 },
    { "contains(cast(feedback/text/contentType,Edm.String),'ex')", FEEDBACK,
      1 },
    { "cast('text'," GRAPH "bodyType) eq feedback/text/contentType", FEEDBACK,
      1 },
    { "cast('red'," GRAPH "bodyType) eq null", FEEDBACK, 1 },
    { "cast(feedbackResource," GRAPH "educationWordResource) ne null", WORD,
      1 },
    { "cast(feedbackResource," GRAPH "educationExcelResource) eq null", WORD,
      1 },
    { "cast(" GRAPH "educationPointsOutcome) ne null", POINTS, 1 },
    { "cast(null,Edm.String) eq null", POINTS, 1 },
    { "cast(16777217,Edm.Single) eq 16777216", POINTS, 1 },

    /* case: the first that holds, or null */
    { "case(points/points gt 90:'A',points/points gt 80:'B',true:'C') eq 'B'",
      POINTS, 1 },
    { "case(points/points gt 90:1,points/points gt 80:2.5) eq null", NULLS, 1 },
    { "case(null:1,true:2) eq 2", POINTS, 1 },
    { "case(false:true)", POINTS, 0 },
    { "case(1 eq 1:true,true:false)", POINTS, 1 },

    /* collections */
    { "rubricQualityFeedback/$count eq 2", QUALITIES, 1 },
    { "rubricQualityFeedback/$count eq 0", POINTS, 1 },
    { "rubricQualityFeedback/any()", QUALITIES, 1 },
    { "rubricQualityFeedback/any()", RUBRIC, 0 },
    { "rubricQualityFeedback/any()", POINTS, 0 },
    { "not rubricQualityFeedback/any()", POINTS, 1 },
    { "rubricQualityFeedback/any(q:q/qualityId eq 'q1')", QUALITIES, 1 },
    { "rubricQualityFeedback/any(q:q/qualityId eq 'q3')", QUALITIES, 0 },
    { "rubricQualityFeedback/all(q:startswith(q/qualityId,'q'))", QUALITIES,
      1 },
    { "rubricQualityFeedback/all(q:q/qualityId eq 'q1')", QUALITIES, 0 },
    { "rubricQualityFeedback/all(q:false)", RUBRIC, 1 },
    { "rubricQualityFeedback/any(q:true)", RUBRIC, 0 },
    { "rubricQualityFeedback/any(q:q/feedback/content gt 'a')", QUALITIES, 1 },
    { "rubricQualityFeedback/all(q:q/feedback/content gt 'a')", QUALITIES, 0 },
    /* null is not true */
    { "rubricQualityFeedback/any(q:contains(q/feedback/content,'z'))",
      QUALITIES, 0 },
    { "not rubricQualityFeedback/any(q:contains(q/feedback/content,'z'))",
      QUALITIES, 1 },
    { "rubricQualityFeedback/any(q:rubricQualitySelectedLevels/any(l:"
      "l/qualityId eq q/qualityId and l/columnId eq 'c2'))", QUALITIES, 1 },
    { "rubricQualityFeedback/all(q:rubricQualitySelectedLevels/any(l:"
      "l/qualityId eq q/qualityId))", QUALITIES, 0 },
    { "rubricQualityFeedback/any(q:q/qualityId eq $it/id)", QUALITIES, 0 },
    { "rubricQualityFeedback/any(q:$it/id eq '" ID "' and id eq $it/id)",
      QUALITIES, 1 },
    { GRAPH "educationRubricOutcome/rubricQualityFeedback/any(q:q/qualityId "
      "eq 'q1')", QUALITIES, 1 },
    { "rubricQualityFeedback/any(q:q ne null)", QUALITIES, 1 },

    /* the entity itself */
    { "$it/points/points eq 85.1", POINTS, 1 },
    { "$it ne null", POINTS, 1 },
    { "$it/" GRAPH "educationPointsOutcome/points/points gt 80", POINTS, 1 },

    /* an alias that has no value is null */
    { "points/points eq @p", NULLS, 1 },

    /* what another program stored is null if it is of another kind */
    { "points/points eq null", "{" TYPE("educationPointsOutcome")
      ",'points':{'points':'5'}}", 1 },
    { "lastModifiedDateTime eq null", "{'lastModifiedDateTime':'soon'}", 1 },
    { "lastModifiedDateTime eq 2024-08-14T06:37:17Z",
      "{'lastModifiedDateTime':'2024-08-14T08:37:17+02:00'}", 1 },
};

static const struct refused_t {
    const char *filter;
    edu_dialect_e dialect;
    apr_status_t rv;
    const char *says;
} refused[] = {
    /* no filter at all */
    { "", V1, EDU_EQUERY, "missing" },
    { "   ", V1, EDU_EQUERY, "missing" },
    { "()", V1, EDU_EQUERY, "missing" },
    { "(", V1, EDU_EQUERY, "missing" },
    { ")", V1, EDU_EQUERY, "missing" },
    { "!", V1, EDU_EQUERY, "missing" },
    { "null", V1, EDU_EQUERY, "boolean" },
    { "5", V1, EDU_EQUERY, "boolean" },
    { "'true'", V1, EDU_EQUERY, "boolean" },
    { "id", V1, EDU_EQUERY, "boolean" },
    { "points", V1, EDU_EQUERY, "boolean" },
    { "points/points", V1, EDU_EQUERY, "boolean" },
    { "not id", V1, EDU_EQUERY, "boolean" },
    { "true and id", V1, EDU_EQUERY, "boolean" },

    /* that is not all, or too much */
    { "points/points eq", V1, EDU_EQUERY, "missing" },
    { "eq 5", V1, EDU_EQUERY, "'eq'" },
    { "id eq 'x' and", V1, EDU_EQUERY, "missing" },
    { "and id eq 'x'", V1, EDU_EQUERY, "'and'" },
    { "id eq 'x' or", V1, EDU_EQUERY, "missing" },
    { "not", V1, EDU_EQUERY, "missing" },
    { "id eq 'x' id eq 'x'", V1, EDU_EQUERY, "unexpected text" },
    { "id eq 'x')", V1, EDU_EQUERY, "unexpected text" },
    { "id eq 'x' xor true", V1, EDU_EQUERY, "unexpected text" },
    { "id eq 'x';", V1, EDU_EQUERY, "unexpected text" },
    { "id eq 'x'&", V1, EDU_EQUERY, "unexpected text" },
    { "true false", V1, EDU_EQUERY, "unexpected text" },
    { "1 eq 1 eq 1", V1, EDU_EQUERY, "compared" },
    { "id eq 'x'\n", V1, EDU_EQUERY, "unexpected text" },
    { "id = 'x'", V1, EDU_EQUERY, NULL },
    { "id == 'x'", V1, EDU_EQUERY, NULL },
    { "(id eq 'x'", V1, EDU_EQUERY, "not closed" },
    { "((id eq 'x')", V1, EDU_EQUERY, "not closed" },
    { "isof", V1, EDU_EQUERY, NULL },
    { "isof id eq 'x'", V1, EDU_EQUERY, NULL },
    { "isof true", V1, EDU_EQUERY, NULL },

    /* strings */
    { "id eq 'x", V1, EDU_EQUERY, "string is not closed" },
    { "id eq '", V1, EDU_EQUERY, "string is not closed" },
    { "id eq '''", V1, EDU_EQUERY, "string is not closed" },
    { "id eq 'x''", V1, EDU_EQUERY, "string is not closed" },
    { "id eq \"x\"", V1, EDU_EQUERY, "missing" },
    { "id eq '\xff'", V1, EDU_EQUERY, NULL },
    { "id eq '\xc3'", V1, EDU_EQUERY, NULL },
    { "\xff eq 'x'", V1, EDU_EQUERY, "missing" },
    { "id eq 'x'\xff", V1, EDU_EQUERY, "unexpected text" },
    { "\xc3\xa9 eq 'x'", V1, EDU_EQUERY, "missing" },
    { "isof('\xff')", V1, EDU_EQUERY, "isof" },

    /* numbers and instants */
    { "points/points eq 5x", V1, EDU_EQUERY, "'5x'" },
    { "points/points eq 5.5.5", V1, EDU_EQUERY, "'5.5.5'" },
    { "points/points eq -", V1, EDU_EQUERY, "missing" },
    { "points/points eq 0x55", V1, EDU_EQUERY, "'0x55'" },
    { "points/points eq -0x1p4", V1, EDU_EQUERY, NULL },
    { "points/points eq 5.", V1, EDU_EQUERY, "'5.'" },
    { "points/points eq -nan", V1, EDU_EQUERY, NULL },
    { "points/points eq +infinity", V1, EDU_EQUERY, NULL },
    { "points/points eq 1e", V1, EDU_EQUERY, "'1e'" },
    { "points/points eq 5,5", V1, EDU_EQUERY, "unexpected text" },
    { "lastModifiedDateTime eq '2024-08-14T06:37:17Z'", V1, EDU_EQUERY,
      "without quotes" },
    { "lastModifiedDateTime eq 2024-08-14", V1, EDU_EQUERY, "with a date" },
    { "lastModifiedDateTime eq 2024-08-14T06:37:17", V1, EDU_EQUERY, NULL },
    { "lastModifiedDateTime eq 2024-13-14T06:37:17Z", V1, EDU_EQUERY, NULL },
    { "lastModifiedDateTime eq 2024-02-30T06:37:17Z", V1, EDU_EQUERY, NULL },
    { "lastModifiedDateTime eq 2024-08-14T06:37:17Zx", V1, EDU_EQUERY, NULL },
    { "lastModifiedDateTime eq 2024-08-14T06:37:17Z 03:00", V1, EDU_EQUERY,
      "unexpected text after the expression; write a + as %2B (at '03:00', "
      "after 45 bytes)" },
    { "id eq 'x' \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
      "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
      "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9x\xc3\xa9\xc3\xa9", V1, EDU_EQUERY,
      "\xa9x', after 10 bytes)" },
    { "lastModifiedDateTime eq 2024", V1, EDU_EQUERY, "compared" },
    { "lastModifiedDateTime lt 10000-01-01T00:00:00Z", V1, EDU_EQUERY, NULL },

    /* operands that cannot be compared */
    { "points/points eq '5'", V1, EDU_EQUERY, "compared" },
    { "id eq 5", V1, EDU_EQUERY, "compared" },
    { "5 eq id", V1, EDU_EQUERY, "compared" },
    { "id eq true", V1, EDU_EQUERY, "compared" },
    { "true eq 1", V1, EDU_EQUERY, "compared" },
    { "feedbackResource/isVideoRequired eq 'true'", V1, EDU_EQUERY,
      "compared" },
    { "id eq points/points", V1, EDU_EQUERY, "compared" },
    { "id eq resourceStatus", V1, EDU_EQUERY, "compared" },
    { "points eq 5", V1, EDU_EQUERY, "complex" },
    { "points eq 'x'", V1, EDU_EQUERY, "complex" },
    { "points eq points", V1, EDU_EQUERY, "complex" },
    { "points eq publishedPoints", V1, EDU_EQUERY, "complex" },
    { "points lt null", V1, EDU_EQUERY,
      "the operator 'lt' is not defined for a complex value" },
    { "null ge points", V1, EDU_EQUERY, "complex" },
    { "points in (1)", V1, EDU_EQUERY, "complex" },
    { "resourceStatus eq 'x'", V1, EDU_EQUERY, "'x'" },
    { "resourceStatus eq ''", V1, EDU_EQUERY, "''" },
    { "resourceStatus eq 'Published'", V1, EDU_EQUERY, "'Published'" },
    { "resourceStatus in ('published','x')", V1, EDU_EQUERY, "'x'" },
    { "resourceStatus eq 1", V1, EDU_EQUERY, "enumeration" },
    { "resourceStatus lt 'published'", V1, EDU_EQUERY,
      "the operator 'lt' is not defined for an enumeration" },
    { "'x' in (resourceStatus,id)", V1, EDU_EQUERY, "'x'" },
    { "'x' in (id,resourceStatus)", V1, EDU_EQUERY, "'x'" },
    { "resourceStatus eq published", V1, EDU_EQUERY, "'published'" },

    /* lists */
    { "id in", V1, EDU_EQUERY, "parentheses" },
    { "id in 'x'", V1, EDU_EQUERY, "parentheses" },
    { "id in ('x'", V1, EDU_EQUERY, "not closed" },
    { "id in ('x',)", V1, EDU_EQUERY, "missing" },
    { "id in (,'x')", V1, EDU_EQUERY, "missing" },
    { "id in ('x' 'y')", V1, EDU_EQUERY, "not closed" },
    { "id in ('x',5)", V1, EDU_EQUERY, "compared" },
    { "points/points in (1,'2')", V1, EDU_EQUERY, "compared" },

    /* paths */
    { "colour eq 'x'", V1, EDU_EQUERY, "'colour'" },
    { "Id eq 'x'", V1, EDU_EQUERY, "'Id'" },
    { "points/colour eq 'x'", V1, EDU_EQUERY, "'colour'" },
    { "id/x eq 'x'", V1, EDU_EQUERY, "'id'" },
    { "points/points/x eq 5", V1, EDU_EQUERY, "'points'" },
    { "points/ eq 5", V1, EDU_EQUERY, NULL },
    { "/points eq null", V1, EDU_EQUERY, NULL },
    { "points//points eq 5", V1, EDU_EQUERY, NULL },
    { "lastModifiedBy/user/colour eq 'x'", V1, EDU_EQUERY, "'colour'" },
    { "points/grade eq 'B'", V1, EDU_EQUERY, "'grade'" },
    { "publishedPoints/grade eq 'B'", V1, EDU_EQUERY, "'grade'" },
    { "points/x eq 'B'", BETA, EDU_EQUERY, "'x'" },
    { GRAPH "educationPointsOutcome eq null", V1, EDU_EQUERY, "type" },
    { GRAPH "educationPointsOutcome/feedback eq null", V1, EDU_EQUERY,
      "'feedback'" },
    { GRAPH "nothing/points eq null", V1, EDU_EQUERY, "nothing" },
    { GRAPH "identity/id eq null", V1, EDU_EQUERY, "identity" },
    { "points/" GRAPH "identity/id eq null", V1, EDU_EQUERY, "identity" },
    { "rubricQualityFeedback eq null", V1, EDU_EQUERY, "collection" },
    { "null eq rubricQualitySelectedLevels", V1, EDU_EQUERY, "collection" },
    { "rubricQualityFeedback/qualityId eq 'x'", V1, EDU_EQUERY, "collection" },

    /* types */
    { "isof()", V1, EDU_EQUERY, "isof" },
    { "isof('')", V1, EDU_EQUERY, "isof" },
    { "isof('x')", V1, EDU_EQUERY, "isof" },
    { "isof(5)", V1, EDU_EQUERY, "isof" },
    { "isof('" GRAPH "identity')", V1, EDU_EQUERY, "isof" },
    { "isof(" GRAPH "educationResource)", V1, EDU_EQUERY, "isof" },
    { "isof('" GRAPH "educationPointsOutcome'", V1, EDU_EQUERY, "isof" },
    { "isof('" GRAPH "educationPointsOutcome)", V1, EDU_EQUERY, "not closed" },
    { "isof('" GRAPH "educationPointsOutcome','x')", V1, EDU_EQUERY, "isof" },

    /* functions */
    { "nothing(id)", V1, EDU_EQUERY, "there is no function 'nothing'" },
    { "points/contains(id)", V1, EDU_EQUERY, "'contains' is no function of" },
    { "contains(id)", V1, EDU_EQUERY, "'contains' does not take 1" },
    { "contains(id,'x'", V1, EDU_EQUERY, "not closed" },
    { "contains(id,)", V1, EDU_EQUERY, "missing" },
    { "contains(id,'x','y','z')", V1, EDU_EQUERY, "too many" },
    { "contains(id,5)", V1, EDU_EQUERY,
      "argument 2 of 'contains' has to be a string, and this is a number." },
    { "contains(points/points,'8')", V1, EDU_EQUERY, "argument 1" },
    { "contains(resourceStatus,'8')", V1, EDU_EQUERY, "an enumeration" },
    { "contains(points,'8')", V1, EDU_EQUERY, "a complex value" },
    { "contains(rubricQualityFeedback,'8')", V1, EDU_EQUERY, "collection" },
    { "length(5) eq 1", V1, EDU_EQUERY, "argument 1 of 'length'" },
    { "length(id)", V1, EDU_EQUERY, "boolean" },
    { "substring(id,1.5) eq 'x'", V1, EDU_EQUERY, "a whole number" },
    { "year(id) eq 1", V1, EDU_EQUERY, "a date, or a date and time" },
    { "hour(2024-01-01) eq 1", V1, EDU_EQUERY, "a time of day" },
    { "totalseconds(5) eq 1", V1, EDU_EQUERY, "a duration" },
    { "date(2024-01-01) eq 2024-01-01", V1, EDU_EQUERY, "a date and time" },
    { "round(id) eq 1", V1, EDU_EQUERY, "a number" },
    { "now(1) gt lastModifiedDateTime", V1, EDU_EQUERY, "'now'" },
    { "matchesPattern(id,'x')", V1, EDU_ENOTIMPL, "'matchesPattern'" },
    { "hassubset(id,id)", V1, EDU_ENOTIMPL, "'hassubset'" },

    /* logic */
    { "5 and true", V1, EDU_EQUERY,
      "'and' needs a boolean value, and this is a number" },
    { "true or id", V1, EDU_EQUERY, "'or' needs a boolean" },
    { "not points/points lt 5", V1, EDU_EQUERY, "Parentheses may be missing" },

    /* arithmetic */
    { "points/points add", V1, EDU_EQUERY, "missing" },
    { "points/points add 5", V1, EDU_EQUERY, "boolean" },
    { "id add 5 eq 5", V1, EDU_EQUERY,
      "the operator 'add' is not defined for a string and a number" },
    { "5 mod id eq 5", V1, EDU_EQUERY, "'mod'" },
    { "lastModifiedDateTime add 5 lt now()", V1, EDU_EQUERY, "'add'" },
    { "lastModifiedDateTime add lastModifiedDateTime lt now()", V1, EDU_EQUERY,
      "'add'" },
    { "duration'P1D' sub lastModifiedDateTime lt now()", V1, EDU_EQUERY,
      "'sub'" },
    { "duration'P1D' mod 2 eq duration'P1D'", V1, EDU_EQUERY, "'mod'" },
    { "-id eq 'x'", V1, EDU_EQUERY, "the sign '-' is not defined for" },
    { "-INFx eq 5", V1, EDU_EQUERY, NULL },
    { "5 lt nan", V1, EDU_EQUERY, "'nan'" },
    { "1 add 1 add true eq 2", V1, EDU_EQUERY, "a boolean" },

    /* literals */
    { "id eq binary'AQ'", V1, EDU_ENOTIMPL, "binary" },
    { "id eq geography'POINT(1 2)'", V1, EDU_ENOTIMPL, "geography" },
    { "duration'1D' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'P' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'PT' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'P1DT' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'P1M' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'PT1.S' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'P9999999999D' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'P999999999D' eq null", V1, EDU_EQUERY, "no duration" },
    { "duration'P1D", V1, EDU_EQUERY, "not closed" },
    { "25:00 eq null", V1, EDU_EQUERY, "'25:00'" },
    { "2024-02-30 eq null", V1, EDU_EQUERY, "'2024-02-30'" },
    { "colour'red' eq null", V1, EDU_EQUERY, "no enumeration 'colour'" },
    { GRAPH "bodyType'red' eq feedback/text/contentType", V1, EDU_EQUERY,
      "'red' is not a value of bodyType" },
    { GRAPH "bodyType'text' eq resourceStatus", V1, EDU_EQUERY,
      "an enumeration cannot be compared with an enumeration" },
    { "points/points has 'x'", V1, EDU_EQUERY, NULL },
    { "id has 'x'", V1, EDU_EQUERY, "the operator 'has' is not defined" },
    { "resourceStatus has 'x'", V1, EDU_EQUERY, "'x'" },
    { "resourceStatus lt null", V1, EDU_EQUERY, "'lt'" },

    /* types */
    { "isof(points/points,Edm.Nothing)", V1, EDU_EQUERY, "isof" },
    { "isof(points," GRAPH "identity)", V1, EDU_EQUERY,
      "isof needs a type derived from microsoft.graph.educationAssignment" },
    { "isof(points,Edm.String)", V1, EDU_EQUERY, "isof" },
    { "isof(id," GRAPH "identity)", V1, EDU_EQUERY, "isof of a string" },
    { "isof(rubricQualityFeedback,Edm.String)", V1, EDU_EQUERY, "collection" },
    { "cast(points/points) eq 5", V1, EDU_EQUERY, "cast" },
    { "cast(points/points,Edm.Date) eq 2024-01-01", V1, EDU_EQUERY,
      "cast of a number to 'Edm.Date' is not possible" },
    { "cast(id,Edm.Stream) eq 'x'", V1, EDU_EQUERY, "cast" },
    { "cast(Edm.String) eq 'x'", V1, EDU_EQUERY, "cast" },

    /* case */
    { "case()", V1, EDU_EQUERY, "missing" },
    { "case(true)", V1, EDU_EQUERY, "pairs" },
    { "case(true:1) eq 'x'", V1, EDU_EQUERY, "compared" },
    { "case(5:1) eq 1", V1, EDU_EQUERY, "case() needs a boolean" },
    { "case(true:1,false:'x') eq 1", V1, EDU_EQUERY,
      "the values of case() are a number and a string" },
    { "case(true:1", V1, EDU_EQUERY, "not closed" },

    /* lambda operators */
    { "id/any()", V1, EDU_EQUERY, "'id' is not a collection" },
    { "points/any(x:true)", V1, EDU_EQUERY, "'points' is not a collection" },
    { "rubricQualityFeedback/all()", V1, EDU_EQUERY, "need a name" },
    { "rubricQualityFeedback/any(true)", V1, EDU_EQUERY, "need a name" },
    { "rubricQualityFeedback/any(x:)", V1, EDU_EQUERY, "missing" },
    { "rubricQualityFeedback/any(x/y:true)", V1, EDU_EQUERY, "need a name" },
    { "rubricQualityFeedback/any(:true)", V1, EDU_EQUERY, "need a name" },
    { "rubricQualityFeedback/any(x:x)", V1, EDU_EQUERY, "boolean" },
    { "rubricQualityFeedback/any(x:5)", V1, EDU_EQUERY, "boolean" },
    { "rubricQualityFeedback/any(x:true", V1, EDU_EQUERY, "not closed" },
    { "rubricQualityFeedback/any(x:x/colour eq 'x')", V1, EDU_EQUERY,
      "rubricQualityFeedbackModel has no property 'colour'" },
    { "rubricQualityFeedback/any(x:x/qualityId/y eq 'x')", V1, EDU_EQUERY,
      "'qualityId' has no properties" },
    { "rubricQualityFeedback/any(x:true) and x/qualityId eq 'x'", V1,
      EDU_EQUERY, "'x'" },
    { "rubricQualityFeedback/any(x:rubricQualityFeedback/any(x:true))", V1,
      EDU_EQUERY, "the name 'x' is taken" },
    { "rubricQualityFeedback/any(qualityId eq 'x')", V1, EDU_EQUERY, NULL },
    { "rubricQualityFeedback/$count($filter=true) gt 1", V1, EDU_ENOTIMPL,
      "$count with options" },
    { "rubricQualityFeedback/$count/x gt 1", V1, EDU_EQUERY, "collection" },
    { "id/$count gt 1", V1, EDU_EQUERY, "'id'" },
    { "$count gt 1", V1, EDU_EQUERY, "'$count'" },
    { "$root/id eq 1", V1, EDU_ENOTIMPL, "'$root'" },
    { "$this eq 1", V1, EDU_ENOTIMPL, "'$this'" },

    /* what is not $it */
    { "$root/education/classes eq null", V1, EDU_ENOTIMPL, "'$root'" },
    { "$this eq null", V1, EDU_ENOTIMPL, "'$this'" },
    { "$it/colour eq null", V1, EDU_EQUERY, "'colour'" },
    { "$it eq $it", V1, EDU_EQUERY, "complex" },
    { "points/$it eq null", V1, EDU_EQUERY, "'$it'" },

    /* aliases */
    { "@p", V1, EDU_EQUERY, "boolean" },
    { "geo.distance(id,id) lt 1", V1, EDU_ENOTIMPL, "geo.distance" },
};
/* clang-format on */

/* Filters, orders and options of outcomes. */
static apr_status_t parse_filter(const edu_expr_t **filter, const char *text,
                                 edu_dialect_e dialect, edu_error_t *err,
                                 apr_pool_t *p)
{
    edu_query_t of = { .type = &edu__outcome,
                       .dialect = dialect,
                       .most_parts = MOST };

    return edu__filter_parse(filter, text, &of, err, p);
}

static apr_status_t parse_orders(apr_array_header_t **orders, const char *text,
                                 edu_dialect_e dialect, edu_error_t *err,
                                 apr_pool_t *p)
{
    edu_query_t of = { .type = &edu__outcome,
                       .dialect = dialect,
                       .most_parts = MOST };

    return edu__orderby_parse(orders, text, &of, err, p);
}

static apr_status_t parse_query(edu_query_t *query, const char *raw, int of,
                                edu_dialect_e dialect, edu_error_t *err,
                                apr_pool_t *p)
{
    *query = (edu_query_t){ .type = &edu__outcome,
                            .dialect = dialect,
                            .most_parts = MOST };
    return edu__query_parse(query, raw, of, err, p);
}

static void test_match(const struct match_t *row, apr_pool_t *p)
{
    const edu_expr_t *filter = NULL;
    edu_error_t err = { 0 };
    apr_status_t rv = parse_filter(&filter, row->filter, V1, &err, p);

    if (ok(!rv, "%s: is a filter", row->filter)) {
        ok(edu__filter_match(filter, value(row->outcome, p), p) == row->matches,
           "%s: %s %.70s", row->filter, row->matches ? "admits" : "does not",
           row->outcome);
    }
    else {
        fprintf(stderr, "#   got %s\n", err.message);
    }
}

static void test_refused(const struct refused_t *row, apr_pool_t *p)
{
    const edu_expr_t *filter;
    edu_error_t err = { 0 };
    apr_status_t rv = parse_filter(&filter, row->filter, row->dialect, &err, p);

    if (!ok(rv == row->rv && err.status == (rv == EDU_ENOTIMPL ? 501 : 400),
            "'%s' is refused", row->filter)) {
        fprintf(stderr, "#   got %d\n", (int)rv);
        return;
    }
    is_str(err.code, rv == EDU_ENOTIMPL ? "notImplemented" : "BadRequest",
           "the refusal has its code");
    is_str(err.target, "$filter", "the target of the refusal is the option");
    ok(edu__is_utf8(err.message), "the message is UTF-8");
    if (!ok(!row->says || strstr(err.message, row->says), "the message says %s",
            row->says ? row->says : "why")) {
        fprintf(stderr, "#   got %s\n", err.message);
    }
}

static void test_beta(apr_pool_t *p)
{
    const edu_expr_t *filter;
    edu_error_t err = { 0 };

    ok(!parse_filter(&filter, "points/grade eq 'B'", BETA, &err, p) &&
           edu__filter_match(filter, value(POINTS, p), p),
       "a filter in beta knows grade");
    ok(!parse_filter(&filter, "publishedPoints/grade eq null", BETA, &err, p) &&
           edu__filter_match(filter, value(POINTS, p), p),
       "a filter in beta knows a missing grade");
}

/* `n` times `open`, then `inside`, then as often `close`. */
static const char *nested(int n, const char *open, const char *inside,
                          const char *close, apr_pool_t *p)
{
    apr_array_header_t *parts =
        apr_array_make(p, 2 * n + 1, sizeof(const char *));

    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(parts, const char *) = open;
    }
    APR_ARRAY_PUSH(parts, const char *) = inside;
    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(parts, const char *) = close;
    }
    return apr_array_pstrcat(p, parts, 0);
}

static void test_limits(apr_pool_t *p)
{
    /* clang-format off */
    const struct {
        const char *name, *filter;
        int matches; /* -1: is refused */
    } rows[] = {
        { "49 parentheses", nested(49, "(", "true", ")", p), 1 },
        { "50 parentheses", nested(50, "(", "true", ")", p), -1 },
        { "4000 parentheses", nested(4000, "(", "true", ")", p), -1 },
        { "8000 open ones", nested(8000, "(", "", "", p), -1 },
        { "49 nots", nested(49, "not ", "true", "", p), 0 },
        { "50 nots", nested(50, "not ", "true", "", p), -1 },
        { "2000 nots", nested(2000, "not ", "true", "", p), -1 },
        { "499 ands", nested(499, "true and ", "true", "", p), 1 },
        { "500 ands", nested(500, "true and ", "true", "", p), -1 },
        { "499 ors", nested(499, "(false) or ", "false", "", p), 0 },
        { "500 ors", nested(500, "(false) or ", "false", "", p), -1 },
        { "a million ors", nested(1000000, "true or ", "true", "", p), -1 },
        { "499 in parentheses", nested(499, "((true)) and ", "(true)", "", p),
          1 },
        { "a list of 998", apr_pstrcat(p, "id in (", nested(997, "'',", "'x'",
          "", p), ")", NULL), 0 },
        { "a list of 999", apr_pstrcat(p, "id in (", nested(998, "'',", "'x'",
          "", p), ")", NULL), -1 },
        { "a list of 999 names", apr_pstrcat(p, "'x' in (", nested(998, "id,",
          "id", "", p), ")", NULL), -1 },
        { "810 parts, nested", nested(47, "not ", nested(190,
          "(1 eq 2) or ", "true", "", p), "", p), 1 },
        { "a cast 1001 times", nested(1000, GRAPH "educationPointsOutcome/",
          "id eq null", "", p), -1 },
        { "a long string", apr_pstrcat(p, "id ne '", nested(8000, "x", "", "",
          p), "'", NULL), 1 },
        { "8000 quotes", nested(8000, "'", "", "", p), -1 },
        { "a long string that is open", apr_pstrcat(p, "id ne '", nested(8000,
          "''", "", "", p), NULL), -1 },
        { "a long name", nested(8000, "x", " eq 5", "", p), -1 },
        { "a long path", nested(4000, "x/", "x eq 5", "", p), -1 },
        { "a long number", apr_pstrcat(p, "1 lt ", nested(300, "9", "", "", p),
          NULL), 1 },
        { "a number that is too long", apr_pstrcat(p, "1 lt ", nested(8000,
          "9", "", "", p), NULL), -1 },
        { "blanks", nested(8000, " ", "true", "", p), 1 },
        { "slashes", nested(8000, "/", "", "", p), -1 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const edu_expr_t *filter;
        edu_error_t err = { 0 };
        apr_status_t rv = parse_filter(&filter, rows[i].filter, V1, &err, p);

        ok(rv ? rv == EDU_EQUERY && rows[i].matches < 0
              : edu__filter_match(filter, value(POINTS, p), p) ==
                    rows[i].matches,
           "%s: %s", rows[i].name, rv ? "refused" : "parsed");
        ok(!rv || edu__is_utf8(err.message), "the message is UTF-8");
    }
}

/* A rubric outcome of many elements, with a long text. */
static json_t *large(int n, apr_pool_t *p)
{
    const char *content = nested(4000, "0123456789abcdef", "", "", p);

    return value(apr_pstrcat(p, "{'feedback':{'text':{'content':'", content,
                             "'}},'rubricQualityFeedback':[",
                             nested(n - 1, "{'qualityId':'q'},",
                                    "{'qualityId':'q'}", "", p),
                             "]}", NULL),
                 p);
}

/* Evaluation ends, whatever the document. */
static void test_steps(apr_pool_t *p)
{
    static const char text[] = "feedback/text/content";
    /* clang-format off */
    const struct {
        const char *name, *filter;
        int matches; /* -1: it costs too much */
    } rows[] = {
        { "one loop", "rubricQualityFeedback/any(a:a/qualityId eq 'x')", 0 },
        { "a loop in a loop", "rubricQualityFeedback/any(a:"
          "rubricQualityFeedback/any(b:a/qualityId ne b/qualityId))", -1 },
        { "the same that ends early", "rubricQualityFeedback/any(a:"
          "rubricQualityFeedback/any(b:a/qualityId eq b/qualityId))", 1 },
        { "five loops", "rubricQualityFeedback/all(a:rubricQualityFeedback/"
          "all(b:rubricQualityFeedback/all(c:rubricQualityFeedback/all(d:"
          "rubricQualityFeedback/all(e:true)))))", -1 },
        { "a hundred searches in 64 KB", nested(99, apr_pstrcat(p,
          "contains(", text, ",'xyz') or ", NULL), "true", "", p), 1 },
        { "a text and its copies", apr_pstrcat(p, "endswith(", nested(20,
          apr_pstrcat(p, "concat(", text, ",", NULL), text, ")", p),
          ",'f')", NULL), 1 },
        { "too many copies", apr_pstrcat(p, nested(8, apr_pstrcat(p,
          "endswith(", nested(20, apr_pstrcat(p, "concat(", text, ",", NULL),
          text, ")", p), ",'f') and ", NULL), "true", "", p), NULL), -1 },
        { "letters of copies", nested(120, apr_pstrcat(p,
          "contains(toupper(tolower(", text, ")),'x') or ", NULL), "true", "",
          p), -1 },
    };
    /* clang-format on */
    const json_t *doc = large(1000, p);

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const edu_expr_t *filter;
        edu_error_t err = { 0 };
        int rv = parse_filter(&filter, rows[i].filter, V1, &err, p);
        edu_query_t query = { .filter = rv ? NULL : filter };

        ok(!rv, "%s: is a filter", rows[i].name);
        is_int(edu__filter_match(filter, doc, p), rows[i].matches,
               rows[i].name);
        is_int(edu__query_admits(&rv, &query, doc, &err, p),
               rows[i].matches < 0 ? EDU_EQUERY : APR_SUCCESS,
               "one that costs too much is refused");
    }
}

/* So does that of all that a request looks at. */
static void test_all_steps(apr_pool_t *p)
{
    static const char raw[] =
        "$filter=rubricQualityFeedback/any(a:a/qualityId+eq+'x')"
        "&$orderby=rubricQualityFeedback/all(a:a/qualityId+eq+'q'),"
        "rubricQualityFeedback/any(a:rubricQualityFeedback/any(b:a/qualityId+"
        "ne+b/qualityId))";
    const json_t *doc = large(1000, p);
    const edu_order_t *keys;
    edu_error_t err = { 0 };
    edu_value_t value;
    edu_query_t query;
    int fits = -1;

    is_int(parse_query(&query, raw, EDU_OF_COLLECTION, V1, &err, p), 0,
           "a query with loops");
    keys = (const edu_order_t *)query.orderby->elts;
    ok(*query.steps > 1000000, "many rows can be looked at");
    ok(!edu__expr_find(&value, keys[0].key, doc, &query, "$orderby", &err, p) &&
           value.truth,
       "a key has a value");
    is_int(
        edu__expr_find(&value, keys[1].key, doc, &query, "$orderby", &err, p),
        EDU_EQUERY, "a key that costs too much has none");
    *query.steps = 10000;
    for (int i = 0; i < 2; i++) {
        is_int(edu__query_admits(&fits, &query, doc, &err, p), 0,
               "some rows are looked at");
    }
    is_int(
        edu__expr_find(&value, keys[0].key, doc, &query, "$orderby", &err, p),
        EDU_EQUERY, "too many are not");
    ok(strstr(err.message, "so many entities") != NULL, "%s", err.message);
    is_int(edu__query_admits(&fits, &query, doc, &err, p), EDU_EQUERY,
           "by no option");
}

/* An alias stands for its value, wherever it is used. */
static void test_aliases(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *query;
        int matches; /* -1: it is refused */
    } rows[] = {
        { "$filter=points/points+gt+@p&@p=80", 1 },
        { "@p=80&$filter=points/points+gt+@p", 1 },
        { "$filter=points/points+gt+@p&@p=90", 0 },
        { "$filter=points/points+gt+@p&@q=80", 0 },
        { "$filter=@a+or+@b&@a=points/points+gt+90&@b=points/points+gt+80", 1 },
        { "$filter=@a&@a=@b+and+@b&@b=true", 1 },
        { "$filter=points/points+eq+@p+add+@p&@p=42.55", 1 },
        { "$filter=@p+mul+2+eq+6&@p=1+add+2", 1 },
        { "$filter=id+in+@p&@p=('x','" ID "')", 1 },
        { "$filter=id+in+@p&@p=[\"x\",\"" ID "\"]", 1 },
        { "$filter=points/points+in+@p&@p=[1,85.1,null,true]", -1 },
        { "$filter=points/points+in+@p&@p=[1,85.1,null]", 1 },
        { "$filter=points/points+in+@p&@p=[[1]]", -1 },
        { "$filter=points/points+in+@p&@p=[1", -1 },
        { "$filter=id+in+@p&@p=@q&@q=()", 0 },
        { "$filter=id+in+@p&@p=@p", -1 },
        { "$filter=id+in+@p", -1 },
        { "$filter=@p&@p=@q&@q=@p", -1 },
        { "$filter=@p&@p=", -1 },
        { "$filter=@p&@p=true)", -1 },
        { "$filter=@p&@p=%ff", -1 },
        { "$filter=rubricQualityFeedback/any(x:x/qualityId+eq+@p)&@p=x", -1 },
        { "$filter=not+rubricQualityFeedback/any(x:x/qualityId+eq+@p)&@p=id",
          1 },
        { "$orderby=@p&@p=points/points", 1 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu_error_t err = { 0 };
        edu_query_t query;
        int fits = -1;

        if (!parse_query(&query, rows[i].query, EDU_OF_COLLECTION, V1, &err,
                         p)) {
            edu__query_admits(&fits, &query, value(POINTS, p), &err, p);
        }
        if (!ok(fits == rows[i].matches, "%s: %d", rows[i].query, fits)) {
            fprintf(stderr, "#   got %s\n", err.message);
        }
    }
}

/* Whatever is cut off or scrambled is refused or parsed, and never more. */
static void test_cut(apr_pool_t *p)
{
    static const char text[] =
        "not (points/points ge 85.1 and (isof('" GRAPH "educationOutcome') or "
        "id in ('x','y''z',null))) or lastModifiedDateTime lt "
        "2024-08-14T06:37:17.7703021+03:00";
    static const char others[] = "'()/,x \xff";
    const json_t *outcome = value(POINTS, p);
    int bad = 0;

    for (apr_size_t i = 0; i < sizeof(text); i++) {
        for (apr_size_t j = 0; j < sizeof(others); j++) {
            const edu_expr_t *filter;
            edu_error_t err = { 0 };
            char *copy = apr_pstrdup(p, text);
            apr_status_t rv;

            copy[i] = others[j];
            rv = parse_filter(&filter, copy, V1, &err, p);
            bad += rv ? rv != EDU_EQUERY && rv != EDU_ENOTIMPL
                      : edu__filter_match(filter, outcome, p) >> 1;
        }
    }
    is_int(bad, 0, "a scrambled filter is refused or parsed");
}

/* ------------------------------------------------------------------- orders */

/* clang-format off */
static const struct order_t {
    const char *text;
    edu_dialect_e dialect;
    const char *keys; /* "name+ name-", or NULL: it is refused */
    apr_status_t rv;
    const char *says;
} orders[] = {
    { "id", V1, "id+", 0, NULL },
    { "id asc", V1, "id+", 0, NULL },
    { "id desc", V1, "id-", 0, NULL },
    { " id  desc ", V1, "id-", 0, NULL },
    { "id,points/points", V1, "id+ points/points+", 0, NULL },
    /* a property named again decides nothing */
    { "id,points/points,id desc,id", V1, "id+ points/points+", 0, NULL },
    { "id desc,id", V1, "id-", 0, NULL },
    { "id desc,points/points asc", V1, "id- points/points+", 0, NULL },
    { "id , points/points desc", V1, "id+ points/points-", 0, NULL },
    { "points/points desc, id", V1, "points/points- id+", 0, NULL },
    { "lastModifiedDateTime,lastModifiedBy/user/id", V1,
      "lastModifiedDateTime+ lastModifiedBy/user/id+", 0, NULL },
    { GRAPH "educationPointsOutcome/points/points", V1,
      GRAPH "educationPointsOutcome/points/points+", 0, NULL },
    { "id DESC", V1, "id-", 0, NULL },
    { "rubricQualityFeedback/$count desc", V1, "rubricQualityFeedback/$count-",
      0, NULL },
    { "length(id) , tolower(id) desc", V1, "length(id)+ tolower(id)-", 0,
      NULL },
    { "points/points div 10,points/points mod 10 DESC", V1,
      "points/points div 10+ points/points mod 10-", 0, NULL },
    { "points/points gt 50 desc", V1, "points/points gt 50-", 0, NULL },
    { "rubricQualityFeedback/any(x:x/qualityId eq 'q')", V1,
      "rubricQualityFeedback/any(x:x/qualityId eq 'q')+", 0, NULL },
    { "$it/id", V1, "$it/id+", 0, NULL },
    { "resourceStatus", V1, "resourceStatus+", 0, NULL },
    { "feedbackResource/isVideoRequired", V1,
      "feedbackResource/isVideoRequired+", 0, NULL },
    { "points/grade", BETA, "points/grade+", 0, NULL },
    { "points/grade", V1, NULL, EDU_EQUERY, "'grade'" },
    { "", V1, NULL, EDU_EQUERY, "missing" },
    { ",", V1, NULL, EDU_EQUERY, "missing" },
    { "id,", V1, NULL, EDU_EQUERY, "missing" },
    { ",id", V1, NULL, EDU_EQUERY, "missing" },
    { "id points/points", V1, NULL, EDU_EQUERY, "unexpected text" },
    { "id descending", V1, NULL, EDU_EQUERY, "unexpected text" },
    { "id desc asc", V1, NULL, EDU_EQUERY, "unexpected text" },
    { "id;", V1, NULL, EDU_EQUERY, "unexpected text" },
    { "-id", V1, NULL, EDU_EQUERY, "the sign" },
    { "'id'", V1, NULL, EDU_EQUERY, "the same for all" },
    { "5", V1, NULL, EDU_EQUERY, "the same for all" },
    { "\xff", V1, NULL, EDU_EQUERY, "missing" },
    { "colour", V1, NULL, EDU_EQUERY, "'colour'" },
    { "id,colour", V1, NULL, EDU_EQUERY, "'colour'" },
    { "points", V1, NULL, EDU_EQUERY, "sorted by" },
    { "rubricQualityFeedback", V1, NULL, EDU_EQUERY, "collection" },
    { GRAPH "educationPointsOutcome", V1, NULL, EDU_EQUERY, "type" },
    { "$it", V1, NULL, EDU_EQUERY, "sorted by" },
    { "nothing(id)", V1, NULL, EDU_EQUERY, "'nothing'" },
    { "geo.length(id)", V1, NULL, EDU_ENOTIMPL, "'geo.length'" },
};
/* clang-format on */

static const char *keys_of(const apr_array_header_t *keys, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < keys->nelts; i++) {
        const edu_order_t *key = &APR_ARRAY_IDX(keys, i, edu_order_t);

        text = apr_pstrcat(p, text, i ? " " : "", key->path,
                           key->descending ? "-" : "+", NULL);
    }
    return text;
}

static void test_order(const struct order_t *row, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    apr_array_header_t *keys;
    apr_status_t rv = parse_orders(&keys, row->text, row->dialect, &err, p);

    if (!ok(rv == row->rv, "'%s' is %s", row->text,
            row->rv ? "refused" : "an order")) {
        fprintf(stderr, "#   got %s\n", rv ? err.message : "an order");
    }
    else if (rv) {
        is_str(err.target, "$orderby", "the target of the refusal is $orderby");
        if (!ok(strstr(err.message, row->says), "the message says %s",
                row->says)) {
            fprintf(stderr, "#   got %s\n", err.message);
        }
    }
    else {
        is_str(keys_of(keys, p), row->keys, "$orderby has these keys");
    }
}

/* @param text  NULL: null */
static edu_value_t literal(const char *text, apr_pool_t *p)
{
    const edu_expr_t *filter;
    edu_error_t err = { 0 };
    const char *all = apr_pstrcat(p, text ? text : "null", " eq null", NULL);

    ok(!parse_filter(&filter, all, V1, &err, p), "%s is a filter", all);
    return filter->parts[0]->literal;
}

static void test_compare(apr_pool_t *p)
{
    /* clang-format off */
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        { NULL, NULL, 0 },
        { NULL, "0", -1 },
        { NULL, "-5", -1 },
        { NULL, "''", -1 },
        { NULL, "false", -1 },
        { "1", "2", -1 },
        { "1", "1.0", 0 },
        { "85.1", "85.1001", -1 },
        { "-1", "0", -1 },
        { "0", "-0.0", 0 },
        { "9", "10", -1 },
        { "9999998", "9999999", -1 },
        { "'a'", "'b'", -1 },
        { "'B'", "'a'", -1 },
        { "'a'", "'a'", 0 },
        { "''", "'a'", -1 },
        { "'10'", "'9'", -1 },
        { "'z'", "'\xc3\xa9'", -1 },
        { "false", "true", -1 },
        { "true", "true", 0 },
        { "2024-08-14T06:37:17.0000000Z", "2024-08-14T06:37:17.0000001Z", -1 },
        { "2024-08-14T06:37:17Z", "2024-08-14T08:37:17+02:00", 0 },
        { "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", -1 },
        { "2024-08-14", "2024-08-15", -1 },
        { "23:59", "23:59:59.5", -1 },
        { "duration'-PT1S'", "duration'P1D'", -1 },
        { "duration'PT24H'", "duration'P1D'", 0 },
        { "INF", "1e308", 1 },
        { "-INF", "-1e308", -1 },
        { "INF", "NaN", -1 },
        { "NaN", "NaN", 0 },
        { "9223372036854775807", "9223372036854775806", 1 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu_value_t a = literal(rows[i].a, p), b = literal(rows[i].b, p);
        int there = edu__value_compare(&a, &b);
        int back = edu__value_compare(&b, &a);

        is_int((there > 0) - (there < 0), rows[i].order,
               apr_psprintf(p, "%s and %s", rows[i].a ? rows[i].a : "null",
                            rows[i].b ? rows[i].b : "null"));
        is_int((back > 0) - (back < 0), -rows[i].order,
               "the order is the opposite the other way round");
    }
}

/* ------------------------------------------------------------------ options */

#define OF_ALL EDU_OF_COLLECTION
#define OF_ONE EDU_OF_ENTITY

/* clang-format off */
static const struct option_row_t {
    const char *raw;
    int of;
    const char *want; /* as told() writes it; NULL: refused */
    apr_status_t rv;
    const char *target;
} option_rows[] = {
    { NULL, OF_ALL, "100 0", 0, NULL },
    { "", OF_ALL, "100 0", 0, NULL },
    { "&", OF_ALL, "100 0", 0, NULL },
    { "&&&", OF_ALL, "100 0", 0, NULL },

    /* of others */
    { "a=b", OF_ALL, "100 0 kept=a=b&", 0, NULL },
    { "a", OF_ALL, "100 0 kept=a&", 0, NULL },
    { "=b", OF_ALL, "100 0 kept==b&", 0, NULL },
    { "a=%zz", OF_ALL, "100 0 kept=a=%zz&", 0, NULL },
    { "a=\xff", OF_ALL, NULL, EDU_EBADREQUEST, "query" },
    { "\xc3\xa9=1", OF_ALL, NULL, EDU_EBADREQUEST, "query" },
    { "$top=1&$filter=id+ne+'\xc3%A9'", OF_ALL, NULL, EDU_EBADREQUEST,
      "query" },
    { "a=\n", 0, NULL, EDU_EBADREQUEST, "query" },
    { "a=\x7f", OF_ALL, NULL, EDU_EBADREQUEST, "query" },
    { "tops=0", OF_ALL, "100 0 kept=tops=0&", 0, NULL },
    { "Top=-0", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "api-version=1&$top=5&x=$top", OF_ALL,
      "5 0 kept=api-version=1&$top=5&x=$top&", 0, NULL },
    { "a=b", EDU_OF_COUNT, "100 0 kept=a=b&", 0, NULL },
    { "a=b", OF_ONE, "100 0 kept=a=b&", 0, NULL },
    { "a=b", 0, "100 0 kept=a=b&", 0, NULL },

    /* no options */
    { "$", OF_ALL, NULL, EDU_EBADREQUEST, "$" },
    { "$=1", OF_ALL, NULL, EDU_EBADREQUEST, "$" },
    { "$first=1", OF_ALL, NULL, EDU_EBADREQUEST, "$first" },
    { "$First=1", OF_ALL, NULL, EDU_EBADREQUEST, "$First" },
    { "$Top=1", OF_ALL, "1 0 kept=$Top=1&", 0, NULL },
    { "TOP=2&$SKIP=1", OF_ALL, "2 1 kept=TOP=2&", 0, NULL },
    { "$top=1&$Top=1", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "%24first=1", OF_ALL, NULL, EDU_EBADREQUEST, "$first" },
    { "$$top=1", OF_ALL, NULL, EDU_EBADREQUEST, "$$top" },
    { "$top =1", OF_ALL, NULL, EDU_EBADREQUEST, "$top " },
    { "%zz=1", OF_ALL, NULL, EDU_EBADREQUEST, NULL },
    { "$expand=x", OF_ALL, NULL, EDU_EEXPAND, "$expand" },
    { "expand=*", OF_ONE, NULL, EDU_EEXPAND, "$expand" },
    { "$expand=outcomes", OF_ALL, NULL, EDU_EEXPAND, "$expand" },
    { "search=x", OF_ALL, NULL, EDU_ENOTIMPL, "$search" },
    { "$apply=x", OF_ONE, NULL, EDU_EBADREQUEST, "$apply" },
    { "$apply=x", OF_ALL, NULL, EDU_EQUERY, "$apply" },
    { "$apply=nest(x)", OF_ALL, NULL, EDU_ENOTIMPL, "$apply" },
    { "apply=aggregate($count%20as%20n)&$top=1", OF_ALL, NULL, EDU_ENOTIMPL,
      "$top" },
    { "$compute=x", 0, NULL, EDU_ENOTIMPL, "$compute" },
    { "$deltatoken=x", OF_ALL, NULL, EDU_EBADREQUEST, "$deltatoken" },

    /* $top */
    { "$top=1", OF_ALL, "1 0 kept=$top=1&", 0, NULL },
    { "top=1", OF_ALL, "1 0 kept=top=1&", 0, NULL },
    { "%24top=1", OF_ALL, "1 0 kept=%24top=1&", 0, NULL },
    { "$top=%31%30", OF_ALL, "10 0 kept=$top=%31%30&", 0, NULL },
    { "$top=007", OF_ALL, "7 0 kept=$top=007&", 0, NULL },
    { "$top=999", OF_ALL, "999 0 kept=$top=999&", 0, NULL },
    { "$top=1000", OF_ALL, "999 0 kept=$top=1000&", 0, NULL },
    { "$top=1073741824", OF_ALL, "999 0 kept=$top=1073741824&", 0, NULL },
    { "$top=0", OF_ALL, "0 0 kept=$top=0&", 0, NULL },
    { "$top=-1", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=+1", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1.0", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=0x1", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=x", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1x", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1%00", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=%201", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=4294967297", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=99999999999999999999", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1=1", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1&$top=1", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1&top=2", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "top=1&%24top=2", OF_ALL, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1", OF_ONE, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1", EDU_OF_COUNT, NULL, EDU_EBADREQUEST, "$top" },
    { "$top=1", 0, NULL, EDU_EBADREQUEST, "$top" },

    /* $skip */
    { "$skip=0", OF_ALL, "100 0", 0, NULL },
    { "skip=5", OF_ALL, "100 5", 0, NULL },
    { "$skip=1073741824", OF_ALL, "100 1073741824", 0, NULL },
    { "$skip=-1", OF_ALL, NULL, EDU_EBADREQUEST, "$skip" },
    { "$skip=", OF_ALL, NULL, EDU_EBADREQUEST, "$skip" },
    { "$skip=1e1", OF_ALL, NULL, EDU_EBADREQUEST, "$skip" },
    { "$skip=9223372036854775808", OF_ALL, NULL, EDU_EBADREQUEST, "$skip" },
    { "$skip=1&$skip=1", OF_ALL, NULL, EDU_EBADREQUEST, "$skip" },
    { "$skip=1", OF_ONE, NULL, EDU_EBADREQUEST, "$skip" },
    { "$skip=1", EDU_OF_COUNT, NULL, EDU_EBADREQUEST, "$skip" },

    /* $count */
    { "$count=true", OF_ALL, "100 0 count kept=$count=true&", 0, NULL },
    { "count=true", OF_ALL, "100 0 count kept=count=true&", 0, NULL },
    { "$count=false", OF_ALL, "100 0 kept=$count=false&", 0, NULL },
    { "$count=1", OF_ALL, NULL, EDU_EBADREQUEST, "$count" },
    { "$count=True", OF_ALL, NULL, EDU_EBADREQUEST, "$count" },
    { "$count", OF_ALL, NULL, EDU_EBADREQUEST, "$count" },
    { "$count=true&count=true", OF_ALL, NULL, EDU_EBADREQUEST, "$count" },
    { "$count=true", OF_ONE, NULL, EDU_EBADREQUEST, "$count" },
    { "$count=true", EDU_OF_COUNT, NULL, EDU_EBADREQUEST, "$count" },

    /* $format */
    { "$format=json", OF_ALL, "100 0 kept=$format=json&", 0, NULL },
    { "$format=application/json", OF_ONE,
      "100 0 kept=$format=application/json&", 0, NULL },
    { "$format=application%2Fjson;odata.metadata=minimal", OF_ALL,
      "100 0 kept=$format=application%2Fjson;odata.metadata=minimal&", 0,
      NULL },
    { "$format=xml", OF_ALL, NULL, EDU_EACCEPT, "$format" },
    { "$format=atom", OF_ONE, NULL, EDU_EACCEPT, "$format" },
    { "$format=", OF_ALL, NULL, EDU_EACCEPT, "$format" },

    /* $filter */
    { "$filter=id%20eq%20'x'", OF_ALL,
      "100 0 filter kept=$filter=id%20eq%20'x'&", 0, NULL },
    { "$filter=id+eq+%27x%27", OF_ALL,
      "100 0 filter kept=$filter=id+eq+%27x%27&", 0, NULL },
    { "filter=id eq 'x'", EDU_OF_COUNT, "100 0 filter kept=filter=id eq 'x'&",
      0, NULL },
    { "$filter=id+eq+'a%26b%3Dc'", OF_ALL,
      "100 0 filter kept=$filter=id+eq+'a%26b%3Dc'&", 0, NULL },
    { "$filter=id+eq+'a=b'", OF_ALL, "100 0 filter kept=$filter=id+eq+'a=b'&",
      0, NULL },
    { "$filter=points/points+gt+%2B5", OF_ALL,
      "100 0 filter kept=$filter=points/points+gt+%2B5&", 0, NULL },
    { "$filter=lastModifiedDateTime+gt+2024-08-14T06:37:17%2B03:00", OF_ALL,
      "100 0 filter kept=$filter=lastModifiedDateTime+gt+"
      "2024-08-14T06:37:17%2B03:00&", 0, NULL },
    { "$filter=lastModifiedDateTime+gt+2024-08-14T06:37:17+03:00", OF_ALL, NULL,
      EDU_EQUERY, "$filter" },
    { "$filter=", OF_ALL, NULL, EDU_EQUERY, "$filter" },
    { "$filter", OF_ALL, NULL, EDU_EQUERY, "$filter" },
    { "$filter=id+eq+'a&b'", OF_ALL, NULL, EDU_EQUERY, "$filter" },
    { "$filter=x", OF_ALL, NULL, EDU_EQUERY, "$filter" },
    { "$filter=geo.length(id)", OF_ALL, NULL, EDU_ENOTIMPL, "$filter" },
    { "$filter=id+eq+'%ff'", OF_ALL, NULL, EDU_EBADREQUEST, "$filter" },
    { "$filter=id+eq+'\xff'", OF_ALL, NULL, EDU_EBADREQUEST, "query" },
    { "$filter=id+eq+'%zz'", OF_ALL, NULL, EDU_EBADREQUEST, "$filter" },
    { "$filter=id+eq+'%4'", OF_ALL, NULL, EDU_EBADREQUEST, "$filter" },
    { "$filter=id+eq+'%", OF_ALL, NULL, EDU_EBADREQUEST, "$filter" },
    { "$filter=id+eq+'x'%00", OF_ALL, NULL, EDU_EBADREQUEST, "$filter" },
    { "$filter=true&filter=true", OF_ALL, NULL, EDU_EBADREQUEST, "$filter" },
    { "$filter=true", OF_ONE, NULL, EDU_EBADREQUEST, "$filter" },

    /* $orderby */
    { "$orderby=id", OF_ALL, "100 0 by=id+ kept=$orderby=id&", 0, NULL },
    { "orderby=id+desc,points/points", OF_ALL,
      "100 0 by=id- points/points+ kept=orderby=id+desc,points/points&", 0,
      NULL },
    { "$orderby=id%20desc", OF_ALL, "100 0 by=id- kept=$orderby=id%20desc&", 0,
      NULL },
    { "$orderby=", OF_ALL, NULL, EDU_EQUERY, "$orderby" },
    { "$orderby=x", OF_ALL, NULL, EDU_EQUERY, "$orderby" },
    { "$orderby=id", OF_ONE, NULL, EDU_EBADREQUEST, "$orderby" },
    { "$orderby=id", EDU_OF_COUNT, NULL, EDU_EBADREQUEST, "$orderby" },

    /* $select */
    { "$select=id", OF_ALL, "100 0 select=id kept=$select=id&", 0, NULL },
    { "select=id,points", OF_ONE, "100 0 select=id,points "
      "kept=select=id,points&", 0, NULL },
    { "$select=id,+points", OF_ALL,
      "100 0 select=id,points kept=$select=id,+points&", 0, NULL },
    { "$select=id%2Cfeedback", OF_ALL,
      "100 0 select=id,feedback kept=$select=id%2Cfeedback&", 0, NULL },
    { "$select=rubricQualityFeedback", OF_ALL,
      "100 0 select=rubricQualityFeedback kept=$select=rubricQualityFeedback&",
      0, NULL },
    { "$select=" GRAPH "educationPointsOutcome/points", OF_ALL,
      "100 0 select=points kept=$select=" GRAPH
      "educationPointsOutcome/points&", 0, NULL },
    { "$select=" GRAPH "educationPointsOutcome/id", OF_ALL,
      "100 0 select=id kept=$select=" GRAPH "educationPointsOutcome/id&", 0,
      NULL },
    { "$select=id,points,id,points,id", OF_ALL, "100 0 select=id,points "
      "kept=$select=id,points,id,points,id&", 0, NULL },
    { "$select=*", OF_ALL, "100 0 kept=$select=*&", 0, NULL },
    { "$select=id,*", OF_ALL, "100 0 kept=$select=id,*&", 0, NULL },
    { "$select=*,x", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=x", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=Id", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=id,x", OF_ONE, NULL, EDU_EQUERY, "$select" },
    { "$select=user", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=grade", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=@odata.type", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=" GRAPH "nothing/points", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=x.y/points", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=" GRAPH "identity/id", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=" GRAPH "educationFeedbackOutcome/points", OF_ALL, NULL,
      EDU_EQUERY, "$select" },
    { "$select=" GRAPH "educationPointsOutcome", OF_ALL, NULL, EDU_EQUERY,
      "$select" },
    { "$select=", OF_ALL, NULL, EDU_EBADREQUEST, "$select" },
    { "$select=,", OF_ALL, NULL, EDU_EBADREQUEST, "$select" },
    { "$select", OF_ALL, NULL, EDU_EBADREQUEST, "$select" },
    { "$select=id&select=id", OF_ALL, NULL, EDU_EBADREQUEST, "$select" },
    { "$select=id", EDU_OF_COUNT, NULL, EDU_EBADREQUEST, "$select" },
    { "$select=id", 0, NULL, EDU_EBADREQUEST, "$select" },

    /* $skiptoken: bytes in hexadecimal */
    { "$skiptoken=0061ff", OF_ALL, "100 0 after=0061ff", 0, NULL },
    { "skipToken=%30%30", OF_ALL, "100 0 after=00", 0, NULL },
    { "$skiptoken=u0061", OF_ALL, "100 0 after=0061", 0, NULL },
    { "$skiptoken=", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=u", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=uu00", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=x", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=5", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=5b5", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=u5b5", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=zz", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=5B", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=5b:5b5b", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=%c3%a9", OF_ALL, NULL, EDU_EBADREQUEST, "$skiptoken" },
    { "$skiptoken=00&skiptoken=00", OF_ALL, NULL, EDU_EBADREQUEST,
      "$skiptoken" },
    { "$skiptoken=00", OF_ONE, NULL, EDU_EBADREQUEST, "$skiptoken" },

    /* $select of what is within */
    { "$select=points/points", OF_ONE,
      "100 0 select=points/points kept=$select=points/points&", 0, NULL },
    { "$select=id,feedback/text/content,feedback/feedbackBy", OF_ALL,
      "100 0 select=id,feedback/text/content,feedback/feedbackBy "
      "kept=$select=id,feedback/text/content,feedback/feedbackBy&", 0, NULL },
    { "$select=" GRAPH "educationPointsOutcome/points/" GRAPH
      "educationAssignmentPointsGrade/points", OF_ONE,
      "100 0 select=points/points kept=$select=" GRAPH
      "educationPointsOutcome/points/" GRAPH
      "educationAssignmentPointsGrade/points&", 0, NULL },
    { "$select=rubricQualityFeedback/qualityId", OF_ALL,
      "100 0 select=rubricQualityFeedback/qualityId "
      "kept=$select=rubricQualityFeedback/qualityId&", 0, NULL },
    { "$select=feedbackResource/fileUrl", OF_ALL,
      "100 0 select=feedbackResource/fileUrl "
      "kept=$select=feedbackResource/fileUrl&", 0, NULL },
    { "$select=points/points,points", OF_ALL,
      "100 0 select=points kept=$select=points/points,points&", 0, NULL },
    { "$select=points,points/points", OF_ALL,
      "100 0 select=points kept=$select=points,points/points&", 0, NULL },
    { "$select=points/none", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=points/grade", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=id/points", OF_ALL, NULL, EDU_EQUERY, "$select" },
    { "$select=" GRAPH "educationPointsOutcome", OF_ALL, NULL, EDU_EQUERY,
      "$select" },
    { "$select=points/" GRAPH "educationFeedback/text", OF_ALL, NULL,
      EDU_EQUERY, "$select" },

    /* together */
    { "x=1&$skip=3&$top=2&$count=true&$filter=true&$orderby=id&$select=id&y",
      OF_ALL, "2 3 count filter by=id+ select=id kept=x=1&$top=2&$count=true&"
      "$filter=true&$orderby=id&$select=id&y&", 0, NULL },
    { "$top=2&$skip=x&$filter=x", OF_ALL, NULL, EDU_EBADREQUEST, "$skip" },
};
/* clang-format on */

static const char *told(const edu_query_t *q, apr_pool_t *p);

/* The expansions as text: "outcomes,resources"; with the options of those that
 * have any. */
static const char *expanded(const edu_query_t *q, apr_pool_t *p)
{
    static const char *const shows[] = { "", "/$count", "/$ref" };
    const char *names = "";

    for (int i = 0; q->expands && i < q->expands->nelts; i++) {
        const edu_expand_t *expand =
            &APR_ARRAY_IDX(q->expands, i, edu_expand_t);
        const char *options = told(&expand->query, p);

        names = apr_pstrcat(p, names, *names ? "," : "", expand->nav->name,
                            shows[expand->shows],
                            strcmp(options, "999 0") ? "(" : NULL, options, ")",
                            NULL);
    }
    return names;
}

/* What is selected as text: "id,points/points". */
static const char *selected(const apr_array_header_t *picks, const char *above,
                            apr_pool_t *p)
{
    const char *names = "";

    for (int i = 0; picks && i < picks->nelts; i++) {
        const edu_pick_t *pick = &APR_ARRAY_IDX(picks, i, edu_pick_t);
        const char *path = apr_pstrcat(p, above, pick->name, NULL);

        names = apr_pstrcat(
            p, names, *names ? "," : "",
            pick->below
                ? selected(pick->below, apr_pstrcat(p, path, "/", NULL), p)
                : path,
            NULL);
    }
    return names;
}

static const char *told(const edu_query_t *q, apr_pool_t *p)
{
    return apr_pstrcat(
        p, apr_psprintf(p, "%d %d", q->top, q->skip), q->count ? " count" : "",
        q->filter ? " filter" : "", q->orderby ? " by=" : "",
        q->orderby ? keys_of(q->orderby, p) : "", q->select ? " select=" : "",
        selected(q->select, "", p), q->token ? " after=" : "",
        q->token ? apr_pescape_hex(p, q->token, q->token_len, 0) : "",
        q->expands ? " expand=" : "", expanded(q, p), *q->kept ? " kept=" : "",
        q->kept, NULL);
}

static void test_option(const struct option_row_t *row, apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_query_t query;
    apr_status_t rv = parse_query(&query, row->raw, row->of, V1, &err, p);

    if (!ok(rv == row->rv, "'%s' is %s", row->raw ? row->raw : "NULL",
            row->rv ? "refused" : "fine")) {
        fprintf(stderr, "#   got %s\n", rv ? err.message : told(&query, p));
    }
    else if (rv) {
        is_str(err.target, row->target, "the target is the option");
        ok(edu__is_utf8(err.message), "the message is UTF-8");
    }
    else {
        is_str(told(&query, p), row->want, "the query is read as it should");
    }
}

static void test_option_beta(apr_pool_t *p)
{
    edu_error_t err = { 0 };
    edu_query_t query;

    ok(!parse_query(&query, "$filter=points/grade+eq+'B'", OF_ALL, BETA, &err,
                    p) &&
           !parse_query(&query, "$orderby=points/grade", OF_ALL, BETA, &err, p),
       "beta's members are known in beta");
    ok(parse_query(&query, "$orderby=points/grade", OF_ALL, V1, &err, p) ==
           EDU_EQUERY,
       "beta's members are unknown in v1.0");
}

static void test_token(apr_pool_t *p)
{
    static const char bytes[] = "\0a\xff\n&=+%";

    for (apr_size_t len = 1; len <= sizeof(bytes); len++) {
        edu_error_t err = { 0 };
        edu_query_t query = { 0 };
        const char *token = edu__query_token(&query, bytes, len, p);

        is_int(strspn(token, "0123456789abcdef"), strlen(token),
               "a token is safe in a URL");
        ok(!parse_query(&query, apr_pstrcat(p, "$skiptoken=", token, NULL),
                        OF_ALL, V1, &err, p) &&
               query.token_len == len && !memcmp(query.token, bytes, len),
           "a token leads back to its bytes");
    }
}

/* Options, and names, are accepted up to their bound. */
static void test_numbers(apr_pool_t *p)
{
    /* clang-format off */
    const struct {
        const char *name, *query, *target; /* NULL: it is fine */
        apr_status_t rv;
    } rows[] = {
        { "100 options", nested(99, "a&", "a", "", p), NULL, 0 },
        { "101 options", nested(100, "a&", "a", "", p), "query",
          EDU_EBADREQUEST },
        { "100 options and nothing between", nested(99, "a&&&", "a", "&", p),
          NULL, 0 },
        { "a million options", nested(1000000, "a&", "", "", p), "query",
          EDU_EBADREQUEST },
        { "1000 names to select", apr_pstrcat(p, "$select=", nested(999, "id,",
          "id", "", p), NULL), NULL, 0 },
        { "1001 names to select", apr_pstrcat(p, "$select=", nested(1000, "id,",
          "id", "", p), NULL), "$select", EDU_EQUERY },
        { "1000 to expand", apr_pstrcat(p, "$expand=", nested(999, "outcomes,",
          "outcomes", "", p), NULL), NULL, 0 },
        { "1001 to expand", apr_pstrcat(p, "$expand=", nested(1000, "outcomes,",
          "*", "", p), NULL), "$expand", EDU_EQUERY },
        { "1000 to order by", apr_pstrcat(p, "$orderby=", nested(999,
          "id desc,", "id", "", p), NULL), NULL, 0 },
        { "1001 to order by", apr_pstrcat(p, "$orderby=", nested(1000, "id,",
          "id", "", p), NULL), "$orderby", EDU_EQUERY },
        { "501 of two steps", apr_pstrcat(p, "$orderby=", nested(500,
          "recipient/userId,", "id,id", "", p), NULL), "$orderby",
          EDU_EQUERY },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        edu_query_t query = { .type = &edu__submission,
                              .set = edu__submissions,
                              .most_parts = MOST };
        edu_error_t err = { 0 };
        apr_status_t rv =
            edu__query_parse(&query, rows[i].query, OF_ALL, &err, p);

        ok(rv == rows[i].rv && (!rv || tap_same(err.target, rows[i].target)),
           "%s: %s", rows[i].name, rv ? "refused" : "parsed");
        ok(rv != EDU_EQUERY || strstr(err.message, "EduOutcomesMaxExpression"),
           "a refusal by the limit names the limit");
    }
}

/* A text that looks like a token's is none. */
static void test_no_token(apr_pool_t *p)
{
    static const char *const raws[] = { "foo=skiptoken=u", "skiptokens=u",
                                        "$filter=true&x=$skiptoken=u",
                                        "$select=id&a=skiptoken=u5b5d" };

    for (apr_size_t i = 0; i < COUNT(raws); i++) {
        edu_error_t err = { 0 };
        edu_query_t query = { .type = &edu__submission };

        ok(!edu__query_parse(&query, raws[i], OF_ALL, &err, p) &&
               !query.unknowns,
           "%s is no token", raws[i]);
    }
}

/* A client that follows a link need not repeat the Prefer that led to it. */
static void test_token_knows(apr_pool_t *p)
{
    static const char filter[] = "$filter=status+eq+'excused'&$skiptoken=";

    for (int known = 0; known < 2; known++) {
        const edu_query_t before = { .unknowns = known };
        edu_query_t query = { .type = &edu__submission };
        edu_error_t err = { 0 };
        const char *token = edu__query_token(&before, "x", 1, p);
        apr_status_t rv = edu__query_parse(
            &query, apr_pstrcat(p, filter, token, NULL), OF_ALL, &err, p);

        is_int(rv, known ? APR_SUCCESS : EDU_EQUERY,
               "a token knows whether all members were known");
        is_int(query.unknowns, known,
               "the query learns from the token whether they were");
        ok(rv || (query.token_len == 1 && *query.token == 'x'),
           "a token leads to its bytes");
        is_int(strspn(token, "0123456789abcdefghijklmnopqrstuvwxyz"),
               strlen(token), "a token that knows is safe in a URL");
    }
}

/* --------------------------------------------------- what is above outcomes */

/* clang-format off */
#define WHO(id) "{'user':{'id':'" id "'}}"
#define SUBMISSION                                                             \
    "{'id':'s','assignmentId':'a','status':'reassigned',"                      \
    "'reassignedBy':" WHO("t") ",'returnedBy':" WHO("t") ","                   \
    "'reassignedDateTime':'2026-01-31T12:00:00.0000000Z',"                     \
    "'returnedDateTime':null,'recipient':{"                                    \
    TYPE("educationSubmissionIndividualRecipient") ",'userId':'u'}}"
#define ASSIGNMENT                                                             \
    "{'id':'a','displayName':'Essay','status':'inactive',"                     \
    "'allowLateSubmissions':true,'addToCalendarAction':'none',"                \
    "'dueDateTime':'2026-01-31T12:00:00.0000000Z',"                            \
    "'rubric':{'displayName':'r'},'grading':{"                                 \
    TYPE("educationAssignmentPointsGradeType") ",'maxPoints':99.5}}"
#define CLASS "{'id':'C-1','displayName':'Physics','grade':'9'}"

static const struct above_t {
    const edu_type_t *type;
    int unknowns;
    const char *filter, *doc;
    int matches;
    const char *refusal; /* part of the message, or NULL */
} aboves[] = {
    { &edu__class, 0, "displayName eq 'Physics'", CLASS, 1, NULL },
    { &edu__class, 0, "displayName lt 'Biology' or grade in ('8','9')", CLASS,
      1, NULL },
    { &edu__class, 0, "createdBy/user/id eq null", CLASS, 1, NULL },
    { &edu__class, 0, "points/points eq 5", CLASS, 0, "educationClass" },
    { &edu__class, 0, "isof('" GRAPH "educationClass')", CLASS, 1, NULL },
    { &edu__class, 0, "isof('" GRAPH "educationOutcome')", CLASS, 0,
      "educationClass" },
    { &edu__user, 0, "primaryRole eq 'teacher'", "{'primaryRole':'teacher'}", 1,
      NULL },
    { &edu__user, 0, "primaryRole eq 'pupil'", "{}", 0, "educationUserRole" },

    { &edu__assignment, 0, "grading/maxPoints gt 99", ASSIGNMENT, 1, NULL },
    { &edu__assignment, 0, "grading/" GRAPH
      "educationAssignmentPointsGradeType/maxPoints eq 99.5", ASSIGNMENT, 1,
      NULL },
    { &edu__assignment, 0, "rubric/displayName eq 'r'", ASSIGNMENT, 1, NULL },
    { &edu__assignment, 0, "rubric ne null and gradingScheme eq null",
      ASSIGNMENT, 1, NULL },
    { &edu__assignment, 0, "dueDateTime lt 2026-02-01T00:00:00Z", ASSIGNMENT, 1,
      NULL },
    { &edu__assignment, 0, "allowLateSubmissions", ASSIGNMENT, 1, NULL },
    { &edu__assignment, 1, "'inactive' in (status,displayName)", ASSIGNMENT, 1,
      NULL },
    { &edu__assignment, 1, "'inactive' in (displayName,status)", ASSIGNMENT, 1,
      NULL },
    { &edu__assignment, 0, "'draft' in (status,displayName)", ASSIGNMENT, 0,
      NULL },
    { &edu__assignment, 0, "'draft' in (displayName,status)", ASSIGNMENT, 0,
      NULL },
    { &edu__assignment, 0, "rubric/qualities eq null", ASSIGNMENT, 0,
      "collection" },
    { &edu__assignment, 0, "submissions eq null", ASSIGNMENT, 0,
      "'submissions'" },

    { &edu__submission, 0, "recipient/userId eq 'u'", SUBMISSION, 1, NULL },
    { &edu__submission, 0, "recipient/userId eq 'U'", SUBMISSION, 0, NULL },
    { &edu__submission, 0, "recipient/" GRAPH
      "educationSubmissionIndividualRecipient/userId eq 'u'", SUBMISSION, 1,
      NULL },
    { &edu__submission, 0, "reassignedBy/user/id eq 't' and returnedDateTime "
      "eq null", SUBMISSION, 1, NULL },
    { &edu__submission, 0, "reassignedDateTime ge 2026-01-31T12:00:00Z",
      SUBMISSION, 1, NULL },
    { &edu__submission, 0, "outcomes eq null", SUBMISSION, 0, "'outcomes'" },

    /* members behind the sentinel are for who knows them */
    { &edu__submission, 0, "status eq 'returned'", SUBMISSION, 0, NULL },
    { &edu__submission, 0, "status ne 'working'", SUBMISSION, 1, NULL },
    { &edu__submission, 0, "status in ('working','submitted','released')",
      SUBMISSION, 0, NULL },
    { &edu__submission, 0, "status eq 'unknownFutureValue'", SUBMISSION, 0,
      NULL },
    { &edu__submission, 0, "status eq 'reassigned'", SUBMISSION, 0,
      "Prefer: include-unknown-enum-members" },
    { &edu__submission, 0, "'excused' eq status", SUBMISSION, 0,
      "Prefer: include-unknown-enum-members" },
    { &edu__submission, 0, "status in ('working','reassigned')", SUBMISSION, 0,
      "'reassigned'" },
    { &edu__submission, 0, "status eq 'lost'", SUBMISSION, 0,
      "educationSubmissionStatus" },
    { &edu__submission, 1, "status eq 'reassigned'", SUBMISSION, 1, NULL },
    { &edu__submission, 1, "'excused' eq status", SUBMISSION, 0, NULL },
    { &edu__submission, 1, "status in ('working','reassigned')", SUBMISSION, 1,
      NULL },
    { &edu__submission, 1, "status eq 'returned'", SUBMISSION, 0, NULL },
    { &edu__submission, 1, "status eq 'lost'", SUBMISSION, 0,
      "educationSubmissionStatus" },
    { &edu__assignment, 0, "status eq 'inactive'", ASSIGNMENT, 0, "Prefer" },
    { &edu__assignment, 1, "status eq 'inactive'", ASSIGNMENT, 1, NULL },
    { &edu__assignment, 0, "addToCalendarAction eq 'studentsOnly'", ASSIGNMENT,
      0, "Prefer" },
    { &edu__assignment, 1, "addToCalendarAction ne 'studentsOnly'", ASSIGNMENT,
      1, NULL },
};
/* clang-format on */

static void test_above(const struct above_t *row, apr_pool_t *p)
{
    edu_query_t of = { .type = row->type, .unknowns = row->unknowns };
    const edu_expr_t *filter = NULL;
    edu_error_t err = { 0 };
    apr_status_t rv = edu__filter_parse(&filter, row->filter, &of, &err, p);

    if (!ok(rv == (row->refusal ? EDU_EQUERY : APR_SUCCESS), "%s of %s%s",
            row->filter, row->type->name, row->unknowns ? ", known" : "")) {
        fprintf(stderr, "#   got %s\n", rv ? err.message : "a filter");
    }
    else if (rv) {
        ok(strstr(err.message, row->refusal) && tap_same(err.target, "$filter"),
           "%s is refused by %s", row->filter, row->refusal);
    }
    else {
        is_int(edu__filter_match(filter, value(row->doc, p), p), row->matches,
               "the filter admits what it should");
    }
}

/* clang-format off */
static const struct above_option_t {
    const edu_type_t *type;
    struct option_row_t row;
    const char *says; /* or NULL */
} above_options[] = {
    /* $select, of this type alone */
    { &edu__submission, { "$select=id,status,recipient", OF_ALL,
      "100 0 select=id,status,recipient kept=$select=id,status,recipient&", 0,
      NULL }, NULL },
    { &edu__submission, { "$select=outcomes", OF_ONE,
      "100 0 select=outcomes kept=$select=outcomes&", 0, NULL }, NULL },
    { &edu__submission, { "$select=" GRAPH "educationSubmission/status", OF_ONE,
      "100 0 select=status kept=$select=" GRAPH "educationSubmission/status&",
      0, NULL }, NULL },
    { &edu__submission, { "$select=points", OF_ALL, NULL, EDU_EQUERY,
      "$select" }, "educationSubmission has no property 'points'" },
    { &edu__submission, { "$select=outcome", OF_ALL, NULL, EDU_EQUERY,
      "$select" }, "'outcome'" },
    { &edu__submission, { "$select=" GRAPH "educationOutcome/id", OF_ALL, NULL,
      EDU_EQUERY, "$select" }, NULL },
    { &edu__assignment, { "$select=rubric,dueDateTime", OF_ALL,
      "100 0 select=rubric,dueDateTime kept=$select=rubric,dueDateTime&", 0,
      NULL }, NULL },
    { &edu__class, { "$select=displayName", OF_ONE,
      "100 0 select=displayName kept=$select=displayName&", 0, NULL }, NULL },
    { &edu__class, { "$select=status", OF_ONE, NULL, EDU_EQUERY, "$select" },
      "educationClass" },

    /* $orderby */
    { &edu__submission, { "$orderby=submittedDateTime+desc,recipient/userId",
      OF_ALL, "100 0 by=submittedDateTime- recipient/userId+ kept=$orderby="
      "submittedDateTime+desc,recipient/userId&", 0, NULL }, NULL },
    { &edu__submission, { "$orderby=points/points", OF_ALL, NULL, EDU_EQUERY,
      "$orderby" }, "educationSubmission" },

    /* $expand: names, or all there are */
    { &edu__submission, { "$expand=outcomes", OF_ALL,
      "100 0 expand=outcomes kept=$expand=outcomes&", 0, NULL }, NULL },
    { &edu__submission, { "expand=outcomes", OF_ONE,
      "100 0 expand=outcomes kept=expand=outcomes&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=submittedResources,outcomes", OF_ALL,
      "100 0 expand=submittedResources,outcomes "
      "kept=$expand=submittedResources,outcomes&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=resources,+resources", OF_ALL,
      "100 0 expand=resources kept=$expand=resources,+resources&", 0, NULL },
      NULL },
    { &edu__submission, { "$expand=*", OF_ONE,
      "100 0 expand=outcomes,resources,submittedResources kept=$expand=*&", 0,
      NULL }, NULL },
    { &edu__submission, { "$expand=outcomes,*", OF_ALL,
      "100 0 expand=outcomes,resources,submittedResources "
      "kept=$expand=outcomes,*&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes&$select=id&$top=3", OF_ALL,
      "3 0 select=id expand=outcomes kept=$expand=outcomes&$select=id&$top=3&",
      0, NULL }, NULL },
    { &edu__submission, { "$expand=outcome", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "Expand is not allowed for property 'outcome'" },
    { &edu__submission, { "$expand=Outcomes", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "'Outcomes'" },
    { &edu__submission, { "$expand=outcomes,x", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "'x'" },
    { &edu__submission, { "$expand=status", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "'status'" },
    { &edu__submission, { "$expand=**", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "'**'" },
    { &edu__submission, { "$expand=", OF_ALL, NULL, EDU_EBADREQUEST,
      "$expand" }, NULL },
    { &edu__submission, { "$expand", OF_ALL, NULL, EDU_EBADREQUEST,
      "$expand" }, NULL },
    { &edu__submission, { "$expand=,", OF_ALL, NULL, EDU_EBADREQUEST,
      "$expand" }, NULL },
    { &edu__submission, { "$expand=outcomes&expand=outcomes", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, NULL },
    { &edu__submission, { "$expand=outcomes", EDU_OF_COUNT, NULL,
      EDU_EBADREQUEST, "$expand" }, NULL },

    /* $expand with options */
    { &edu__submission, { "$expand=outcomes($select=id)", OF_ALL,
      "100 0 expand=outcomes(999 0 select=id kept=$select=id&) "
      "kept=$expand=outcomes($select=id)&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes(%24filter=id%20eq%20'x;,)(''';"
      "$orderby=id+desc;$top=2;$skip=1;$count=true),resources", OF_ONE,
      "100 0 expand=outcomes(2 1 count filter by=id- kept=$filter=id+eq+"
      "%27x%3b%2c%29%28%27%27%27&$orderby=id+desc&$top=2&$count=true&),"
      "resources kept=$expand=outcomes(%24filter=id%20eq%20'x;,)(''';"
      "$orderby=id+desc;$top=2;$skip=1;$count=true),resources&", 0, NULL },
      NULL },
    { &edu__submission, { "$expand=+outcomes+(+top=3+;+)+", OF_ALL,
      "100 0 expand=outcomes(3 0 kept=top=3&) "
      "kept=$expand=+outcomes+(+top=3+;+)+&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes()", OF_ALL,
      "100 0 expand=outcomes kept=$expand=outcomes()&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=*,outcomes($top=0)", OF_ALL,
      "100 0 expand=outcomes(0 0 kept=$top=0&),resources,submittedResources "
      "kept=$expand=*,outcomes($top=0)&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes/$count", OF_ALL,
      "100 0 expand=outcomes/$count kept=$expand=outcomes/$count&", 0, NULL },
      NULL },
    { &edu__submission, { "$expand=outcomes/$count($filter=true)", OF_ALL,
      "100 0 expand=outcomes/$count(999 0 filter kept=$filter=true&) "
      "kept=$expand=outcomes/$count($filter=true)&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes/$ref($top=1)", OF_ALL,
      "100 0 expand=outcomes/$ref(1 0 kept=$top=1&) "
      "kept=$expand=outcomes/$ref($top=1)&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes/$ref($select=id)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "no use for $select" },
    { &edu__submission, { "$expand=outcomes/$count($skip=1)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "no use for" },
    { &edu__submission, { "$expand=outcomes/$count($top=998)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "no use for $top" },
    { &edu__submission, { "$expand=outcomes($select=id),outcomes", OF_ALL,
      "100 0 expand=outcomes(999 0 select=id kept=$select=id&) "
      "kept=$expand=outcomes($select=id),outcomes&", 0, NULL }, NULL },
    { &edu__submission, { "$expand=outcomes,outcomes($select=id)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "expanded twice" },
    { &edu__submission, { "$expand=outcomes($select=status)", OF_ALL, NULL,
      EDU_EQUERY, "$expand" }, "educationOutcome has no property 'status'" },
    { &edu__submission, { "$expand=outcomes($filter=status)", OF_ALL, NULL,
      EDU_EQUERY, "$expand" }, "filter clause" },
    { &edu__submission, { "$expand=outcomes($expand=outcomes)", OF_ALL, NULL,
      EDU_EEXPAND, "$expand" }, "'outcomes'" },
    { &edu__submission, { "$expand=outcomes($top=x)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "$top has to be" },
    { &edu__submission, { "$expand=outcomes($top=1;$top=2)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "$top has to be given once" },
    { &edu__submission, { "$expand=outcomes($skiptoken=00)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "does not apply here" },
    { &edu__submission, { "$expand=outcomes($format=json)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "does not apply here" },
    { &edu__submission, { "$expand=outcomes(x=1)", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "no such query option" },
    { &edu__submission, { "$expand=outcomes($select=id", OF_ALL, NULL,
      EDU_EBADREQUEST, "$expand" }, "not closed" },
    { &edu__submission, { "$expand=outcomes)", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "'outcomes)'" },
    { &edu__submission, { "$expand=*($top=1)", OF_ALL, NULL, EDU_EEXPAND,
      "$expand" }, "'*'" },
    { &edu__assignment, { "$expand=rubric&$select=id", OF_ALL,
      "100 0 select=id,rubric expand=rubric kept=$expand=rubric&$select=id&", 0,
      NULL }, NULL },

    /* there is more in OData than here */
    { &edu__submission, { "$expand=resources($top=1)", OF_ALL, NULL,
      EDU_ENOTIMPL, "$expand" }, "takes no options" },
    { &edu__assignment, { "$expand=rubric($select=id)", OF_ALL, NULL,
      EDU_ENOTIMPL, "$expand" }, "takes no options" },
    { &edu__submission, { "$expand=outcomes($levels=2)", OF_ALL, NULL,
      EDU_ENOTIMPL, "$expand" }, "$levels is not supported" },
    { &edu__submission, { "$expand=outcomes($search=x)", OF_ALL, NULL,
      EDU_ENOTIMPL, "$expand" }, "$search is not supported" },
    { &edu__submission, { "$expand=outcomes($compute=points/points as x)",
      OF_ALL, NULL, EDU_ENOTIMPL, "$expand" }, "$compute is not supported" },
    { &edu__submission, { "$expand=outcomes/points", OF_ALL, NULL,
      EDU_EQUERY, "$expand" }, "'outcomes/points'" },
    { &edu__submission, { "$expand=outcomes/" GRAPH "educationPointsOutcome",
      OF_ALL, NULL, EDU_ENOTIMPL, "$expand" }, NULL },
    { &edu__submission, { "$levels=2", OF_ALL, NULL, EDU_ENOTIMPL, "$levels" },
      NULL },
};
/* clang-format on */

static void test_above_option(const struct above_option_t *row, apr_pool_t *p)
{
    const struct option_row_t *is = &row->row;
    edu_query_t query = { .type = row->type,
                          .set = row->type == &edu__submission
                                     ? edu__submissions
                                     : edu__assignments };
    edu_error_t err = { 0 };
    apr_status_t rv = edu__query_parse(&query, is->raw, is->of, &err, p);

    if (!ok(rv == is->rv, "%s of %s: %s", is->raw, row->type->name,
            is->rv ? "refused" : "fine")) {
        fprintf(stderr, "#   got %s\n", rv ? err.message : told(&query, p));
    }
    else if (rv) {
        is_str(err.target, is->target, "the target is the option");
        ok(!row->says || strstr(err.message, row->says),
           "the message is as expected: %s", err.message);
    }
    else {
        is_str(told(&query, p), is->want, "the query is read as it should");
    }
}

/* ----------------------------------------------------------------- requests */

/* A server and its client, as far as the library sees them. */
typedef struct world_t {
    database_t *db;
    edu_mount_t mount;
    edu_caller_t caller;
    edu_trace_t trace;
    const char *body;
    const char *accept, *prefer;
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

    return strcmp(name, "Content-Type") == 0 ? "application/json"
           : strcmp(name, "Accept") == 0     ? world->accept
           : strcmp(name, "Prefer") == 0     ? world->prefer
                                             : NULL;
}

static apr_status_t body(void *baton, const char **data, apr_size_t *len,
                         apr_off_t max, edu_error_t *err, apr_pool_t *p)
{
    world_t *world = baton;

    (void)max;
    (void)err;
    *data = quotes(world->body, p);
    *len = strlen(*data);
    return APR_SUCCESS;
}

static answer_t *ask(world_t *world, const char *method, const char *path,
                     const char *query, const char *json)
{
    answer_t *answer = apr_pcalloc(world->p, sizeof(*answer));
    const edu_request_t req = { .method = method,
                                .path = path,
                                .query = query,
                                .base = BASE,
                                .mount = &world->mount,
                                .caller = &world->caller,
                                .trace = &world->trace,
                                .store = &world->db->store,
                                .header = header,
                                .body = body,
                                .baton = world };

    world->body = json;
    edu_service_run(&answer->res, &req, world->p);
    answer->text = text_of(&answer->res, world->p);
    answer->json = edu__json_load(answer->text, world->p);
    return answer;
}

static answer_t *list(world_t *world, const char *query)
{
    return ask(world, "GET", PLACE, query, NULL);
}

static const char *string_at(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

/* --------------------------------------------------------------------- rows */

/* Row n has n in its id; a later row has a greater id or version. */
static const char *id_of(int n, apr_pool_t *p)
{
    return apr_psprintf(p, "00000000-0000-4000-8000-%012d", n);
}

/* @param points  JSON */
static void put(world_t *world, int n, int created, const char *points)
{
    const char *id = id_of(n, world->p);
    const char *body = quotes(
        "{" TYPE(
            "educationPointsOutcome") ",'@odata.etag':'\\'%016d\\'','id':"
                                      "'%s','lastModifiedBy':null,'"
                                      "lastModifiedDateTime':null,'points':{"
                                      "'gradedBy':null,'gradedDateTime':null,'"
                                      "points':%s},"
                                      "'publishedPoints':null}",
        world->p);

    put_outcome(world->db, id, "educationPointsOutcome",
                apr_psprintf(world->p, "%016d", created),
                apr_psprintf(world->p, body, created, id, points), world->p);
}

static void reset(world_t *world)
{
    static const edu_mount_t mount = { .dialect = EDU_DIALECT_V1_0,
                                       .rules_alone = 1 };
    static const edu_caller_t caller = USER("teacher");

    world->mount = mount;
    world->caller = caller;
    world->accept = world->prefer = NULL;
    edu_trace_init(&world->trace, NULL, NULL, world->p);
    edu_store_check(&world->db->store, &(edu_error_t){ 0 }, world->p);
    database_run(world->db, "DELETE FROM edu_outcome");
}

/* Rows 1 to n.  Three at a time are created at once, and a third have no
 * points; the others' repeat. */
static void fill(world_t *world, int n)
{
    reset(world);
    for (int i = 1; i <= n; i++) {
        put(world, i, i / 3,
            i % 3 ? apr_psprintf(world->p, "%d.5", i * 7 % 5) : "null");
    }
}

/* "1 2 3": the rows of an answer, by the ends of their ids. */
static const char *rows_of(const answer_t *answer, apr_pool_t *p)
{
    const json_t *rows = json_object_get(answer->json, "value");
    apr_array_header_t *names = apr_array_make(p, 8, sizeof(const char *));

    if (answer->res.status != 200 || !json_is_array(rows)) {
        return answer->text;
    }
    for (apr_size_t i = 0; i < json_array_size(rows); i++) {
        const char *id = string_at(json_array_get(rows, i), "id");

        APR_ARRAY_PUSH(names, const char *) =
            id ? apr_itoa(p, atoi(id + 24)) : "?";
    }
    return apr_array_pstrcat(p, names, ' ');
}

/* The query of the next page, or NULL. */
static const char *next_of(const answer_t *answer)
{
    static const char place[] = BASE PLACE "?";
    const char *link = string_at(answer->json, "@odata.nextLink");

    if (!link) {
        return NULL;
    }
    ok(strncmp(link, place, sizeof(place) - 1) == 0,
       "the link to the next page is absolute");
    return link + sizeof(place) - 1;
}

/* ----------------------------------------------------------------- visiting */

/* Changes of others before a page. */
typedef void meddle_fn(world_t *world, int page);

/* All rows in the order in which pages show them. */
static const char *visit(world_t *world, const char *query, int top,
                         meddle_fn *meddle)
{
    apr_array_header_t *pages =
        apr_array_make(world->p, 8, sizeof(const char *));
    const char *next = query;
    int n = 0;

    for (; next && n < 1000; n++) {
        const answer_t *answer;
        const json_t *rows;

        if (n && meddle) {
            meddle(world, n);
        }
        answer = list(world, next);
        rows = json_object_get(answer->json, "value");
        if (answer->res.status != 200) {
            return answer->text;
        }
        next = next_of(answer);
        if (next ? (int)json_array_size(rows) != top
                 : (int)json_array_size(rows) > top) {
            ok(0, "a page has %d rows, not %d", (int)json_array_size(rows),
               top);
        }
        if (json_array_size(rows)) {
            APR_ARRAY_PUSH(pages, const char *) = rows_of(answer, world->p);
        }
    }
    ok(n < 1000, "there is a last page");
    return apr_array_pstrcat(world->p, pages, ' ');
}

typedef struct place_t {
    int row, key; /* key: -1 for null */
} place_t;

static int upward(const void *av, const void *bv)
{
    const place_t *a = av, *b = bv;

    return a->key != b->key ? a->key - b->key : a->row - b->row;
}

static int downward(const void *av, const void *bv)
{
    const place_t *a = av, *b = bv;

    return a->key != b->key ? b->key - a->key : a->row - b->row;
}

/* Rows 1 to n as fill() made them, 1: by rising, -1: by falling points. */
static const char *ordered(int n, int direction, apr_pool_t *p)
{
    place_t *places = apr_palloc(p, n * sizeof(*places));
    apr_array_header_t *names = apr_array_make(p, n, sizeof(const char *));

    for (int i = 0; i < n; i++) {
        places[i].row = i + 1;
        places[i].key = !direction ? 0 : (i + 1) % 3 ? (i + 1) * 7 % 5 : -1;
    }
    qsort(places, n, sizeof(*places), direction < 0 ? downward : upward);
    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(names, const char *) = apr_itoa(p, places[i].row);
    }
    return apr_array_pstrcat(p, names, ' ');
}

static void test_visits(world_t *world, int n)
{
    /* clang-format off */
    static const struct {
        const char *query;
        int direction;
    } orders_of[] = {
        { "", 0 },
        { "&$count=true", 0 },
        { "&$filter=true", 0 },
        { "&$orderby=points/points", 1 },
        { "&$orderby=points/points+asc", 1 },
        { "&$orderby=points/points+desc", -1 },
        { "&$orderby=points/points+desc&$count=true&$filter=true", -1 },
        { "&$orderby=publishedPoints/points", 0 },
        { "&$orderby=points/points,publishedPoints/points+desc,id", 1 },
        { "&$orderby=id", 0 },
    };
    /* clang-format on */
    static const int tops[] = { 1, 2, 3, 7, 8, 99, 100, 101, 249, 250, 999 };

    fill(world, n);
    for (apr_size_t i = 0; i < COUNT(orders_of); i++) {
        for (apr_size_t j = 0; j < COUNT(tops); j++) {
            /* where all rows are sorted for each page, few pages are enough */
            if (n > 7 && i && tops[j] < 7) {
                continue;
            }
            is_str(visit(world,
                         apr_psprintf(world->p, "$top=%d%s", tops[j],
                                      orders_of[i].query),
                         tops[j], NULL),
                   ordered(n, orders_of[i].direction, world->p),
                   apr_psprintf(world->p, "%d rows by %d%s", n, tops[j],
                                orders_of[i].query));
        }
    }
    ok(n > 100 || !next_of(list(world, NULL)), "few rows are one page");
    is_int(json_array_size(json_object_get(list(world, NULL)->json, "value")),
           n < 100 ? n : 100, "a page has up to 100 rows by default");
    is_int(world->db->opened, world->db->closed,
           "all pages give their connections back");
}

/* --------------------------------------------------------------- meanwhile */

#define MEDDLED 20 /* pages, or there would be no last one */

/* Rows that were there and stay are seen once, in order, whatever comes and
 * goes: here one goes that was seen, the last one seen among them, and one
 * comes before and one behind. */
static void come_and_go(world_t *world, int page)
{
    if (page > MEDDLED) {
        return;
    }
    database_run(world->db,
                 apr_psprintf(world->p,
                              "DELETE FROM edu_outcome WHERE id = '%s'",
                              id_of(page, world->p)));
    put(world, 1000 + page, 0, "0");
    put(world, 2000 + page, 900, "3.5");
}

/* Whether row n was visited `times` times. */
static int has_row(const char *visited, int n)
{
    int times = 0;
    char *state, *copy = strdup(visited);

    for (char *row = strtok_r(copy, " ", &state); row;
         row = strtok_r(NULL, " ", &state)) {
        times += atoi(row) == n;
    }
    free(copy);
    return times;
}

static void test_meanwhile(world_t *world, int n, int top, const char *query)
{
    const char *visited;
    int wrong = 0;

    fill(world, n);
    visited = visit(world, apr_psprintf(world->p, "$top=%d%s", top, query), top,
                    come_and_go);
    /* of each page at most one row went, those with the lowest numbers */
    for (int i = 1; i <= n; i++) {
        int gone = i <= MEDDLED &&
                   !database_ask(world->db,
                                 apr_psprintf(world->p,
                                              "SELECT id FROM edu_outcome "
                                              "WHERE id = '%s'",
                                              id_of(i, world->p)),
                                 world->p);
        int times = has_row(visited, i);

        wrong += gone ? times > 1 : times != 1;
    }
    for (int i = 1; i < 1000; i++) {
        wrong +=
            has_row(visited, 1000 + i) > 1 || has_row(visited, 2000 + i) > 1;
    }
    ok(!wrong, "%d rows by %d%s while others write: %s", n, top, query,
       visited);
}

/* The last row of a page goes, or changes its place, before the next. */
static void drop_last_seen(world_t *world, int page)
{
    database_run(world->db,
                 apr_psprintf(world->p,
                              "DELETE FROM edu_outcome WHERE id = '%s'",
                              id_of(2 * page, world->p)));
}

static void drop_next(world_t *world, int page)
{
    database_run(world->db,
                 apr_psprintf(world->p,
                              "DELETE FROM edu_outcome WHERE id = '%s'",
                              id_of(2 * page + page, world->p)));
}

static void drop_all(world_t *world, int page)
{
    (void)page;
    database_run(world->db, "DELETE FROM edu_outcome");
}

static void test_drops(world_t *world)
{
    fill(world, 7);
    is_str(visit(world, "$top=2", 2, drop_last_seen), "1 2 3 4 5 6 7",
           "pages go on when the last row seen goes");
    fill(world, 7);
    is_str(visit(world, "$top=2", 2, drop_next), "1 2 4 5 7",
           "pages go on when the next rows go");
    fill(world, 7);
    is_str(visit(world, "$top=2", 2, drop_all), "1 2",
           "pages end when all rows go");
    fill(world, 7);
    ok(strstr(visit(world, "$top=2&$orderby=points/points", 2, drop_all),
              "resyncRequired"),
       "sorted pages are 410 when all rows go");
}

/* ------------------------------------------------------------- combinations */

/* clang-format off */
static const struct page_t {
    const char *query, *rows;
    int count;        /* -1: none */
    const char *next; /* the link without its token; NULL: none */
} page_rows[] = {
    { NULL, "1 2 3 4 5 6 7", -1, NULL },
    { "", "1 2 3 4 5 6 7", -1, NULL },
    { "$top=3", "1 2 3", -1, "$top=3&" },
    { "top=3", "1 2 3", -1, "top=3&" },
    { "$top=7", "1 2 3 4 5 6 7", -1, NULL },
    { "$top=6", "1 2 3 4 5 6", -1, "$top=6&" },
    { "$skip=2", "3 4 5 6 7", -1, NULL },
    { "$skip=7", "", -1, NULL },
    { "$skip=1000", "", -1, NULL },
    { "$skip=1073741824&$top=999", "", -1, NULL },
    { "$skip=5&$top=2", "6 7", -1, NULL },
    { "$skip=5&$top=1", "6", -1, "$top=1&" },
    { "$top=2&$skip=2", "3 4", -1, "$top=2&" },
    { "$count=true", "1 2 3 4 5 6 7", 7, NULL },
    { "$count=false", "1 2 3 4 5 6 7", -1, NULL },
    { "$count=true&$top=2", "1 2", 7, "$count=true&$top=2&" },
    { "$count=true&$skip=3&$top=2", "4 5", 7, "$count=true&$top=2&" },
    { "$count=true&$skip=9", "", 7, NULL },
    { "$filter=points/points+ne+null", "1 2 4 5 7", -1, NULL },
    { "$filter=points/points+ne+null&$count=true&$top=2&$skip=1", "2 4", 5,
      "$filter=points/points+ne+null&$count=true&$top=2&" },
    { "$filter=points/points%20eq%20null&$top=1", "3", -1,
      "$filter=points/points%20eq%20null&$top=1&" },
    { "$filter=false", "", -1, NULL },
    { "$filter=false&$count=true", "", 0, NULL },
    /* of 1 to 7: 2.5 4.5 null 3.5 0.5 null 4.5 */
    { "$orderby=points/points", "3 6 5 1 4 2 7", -1, NULL },
    { "$orderby=points/points+desc", "2 7 4 1 5 3 6", -1, NULL },
    { "$orderby=points/points+desc&$skip=1&$top=2&$count=true", "7 4", 7,
      "$orderby=points/points+desc&$top=2&$count=true&" },
    { "$orderby=points/points+desc,id+desc", "7 2 4 1 5 6 3", -1, NULL },
    { "$orderby=id+desc&$filter=points/points+gt+2", "7 4 2 1", -1, NULL },
    { "$orderby=id+desc&$filter=points/points+gt+2&$top=3&x=y", "7 4 2", -1,
      "$orderby=id+desc&$filter=points/points+gt+2&$top=3&x=y&" },
    { "$skip=6&$orderby=id", "7", -1, NULL },
    { "$skip=8&$orderby=id", "", -1, NULL },
    { "$select=id&$top=2", "1 2", -1, "$select=id&$top=2&" },
    { "$format=json&$top=6", "1 2 3 4 5 6", -1, "$format=json&$top=6&" },
    { "$filter=isof('" GRAPH "educationPointsOutcome')&$top=6", "1 2 3 4 5 6",
      -1, "$filter=isof('" GRAPH "educationPointsOutcome')&$top=6&" },
    { "$filter=isof('" GRAPH "educationRubricOutcome')", "", -1, NULL },
};
/* clang-format on */

static void test_page(world_t *world, const struct page_t *row)
{
    const char *name = row->query ? row->query : "no options";
    const answer_t *answer = list(world, row->query);
    const json_t *count = json_object_get(answer->json, "@odata.count");
    const char *next, *token;

    is_str(rows_of(answer, world->p), row->rows, name);
    is_int(count ? json_integer_value(count) : -1, row->count,
           "the page has its count");
    next = next_of(answer);
    token = next ? strstr(next, "$skiptoken=") : NULL;
    is_str(token ? apr_pstrmemdup(world->p, next, token - next) : next,
           row->next, "the link keeps the options");
    ok(!next || (token &&
                 strspn(token + 11, "0123456789abcdef") == strlen(token + 11)),
       "the link ends in a token");
    is_str(apr_table_get(answer->res.headers, "Content-Type"),
           "application/json", "the page is JSON");
}

/* Each page tells the same count, and no page skips again. */
static void test_counts(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *query;
        int skip, count;
    } rows[] = {
        { "$top=3&$count=true", 0, 250 },
        { "$top=40&$count=true&$filter=points/points+ne+null", 0, 167 },
        { "$top=40&$count=true&$orderby=id+desc", 0, 250 },
        { "$top=40&$count=true&$filter=points/points+ne+null&$orderby="
          "points/points&$skip=7", 7, 167 },
        { "$top=50&$count=true&$skip=101", 101, 250 },
        { "$top=200&$count=true&$skip=150", 150, 250 },
    };
    /* clang-format on */

    fill(world, 250);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *next = rows[i].query;
        int seen = 0, wrong = 0;

        for (int page = 0; next && page < 300; page++) {
            const answer_t *answer = list(world, next);

            wrong += json_integer_value(json_object_get(
                         answer->json, "@odata.count")) != rows[i].count;
            seen += json_array_size(json_object_get(answer->json, "value"));
            next = next_of(answer);
        }
        is_int(wrong, 0,
               apr_psprintf(world->p, "%s: each page counts", rows[i].query));
        is_int(seen, rows[i].count - rows[i].skip,
               "all pages together have each row");
    }
}

static void test_count(world_t *world, int n)
{
    /* clang-format off */
    static const struct {
        const char *query;
        int each; /* of three */
    } rows[] = {
        { NULL, 3 },
        { "x=y", 3 },
        { "$filter=true", 3 },
        { "$filter=false", 0 },
        { "$filter=points/points+ne+null", 2 },
        { "filter=points/points%20eq%20null", 1 },
    };
    /* clang-format on */

    fill(world, n);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const answer_t *answer =
            ask(world, "GET", PLACE "/$count", rows[i].query, NULL);
        int want = rows[i].each == 3   ? n
                   : rows[i].each == 2 ? n - n / 3
                   : rows[i].each == 1 ? n / 3
                                       : 0;

        is_int(answer->res.status, 200, "$count is answered");
        is_str(answer->text, apr_itoa(world->p, want),
               rows[i].query ? rows[i].query : "no options");
        is_str(apr_table_get(answer->res.headers, "Content-Type"), "text/plain",
               "the count is text/plain");
    }
    world->accept = "text/plain";
    is_int(ask(world, "GET", PLACE "/$count", NULL, NULL)->res.status, 200,
           "a client that takes text/plain gets a count");
    is_int(list(world, NULL)->res.status, 406,
           "a client that takes text/plain alone gets no list");
    world->accept = "application/json";
    is_int(ask(world, "HEAD", PLACE "/$count", NULL, NULL)->res.status, 200,
           "a client that takes JSON alone gets a count");
    world->accept = "image/png";
    is_int(ask(world, "GET", PLACE "/$count", NULL, NULL)->res.status, 406,
           "a client that takes neither gets no count");
    world->accept = NULL;
    is_int(ask(world, "GET", PLACE "/$count", "$filter=x", NULL)->res.status,
           400, "a count with a bad filter is refused");
    is_str(ask(world, "GET",
               "/education/classes/c/assignments/a/submissions/none/outcomes/"
               "$count",
               NULL, NULL)
               ->text,
           "0", "an empty submission counts 0");
}

/* ------------------------------------------------------------------ $select */

/* "a b c": the names of an object's members. */
static const char *members(const json_t *object, apr_pool_t *p)
{
    const char *text = "";

    for (void *at = json_object_iter((json_t *)object); at;
         at = json_object_iter_next((json_t *)object, at)) {
        text = apr_pstrcat(p, text, *text ? " " : "", json_object_iter_key(at),
                           NULL);
    }
    return text;
}

#define NOTES "@odata.type @odata.etag"

static void test_select(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *select, *members, *context;
    } rows[] = {
        { "id,points", " id points", "(id,points)" },
        { "points,id", " id points", "(points,id)" },
        { "id", " id", "(id)" },
        { "publishedPoints", " publishedPoints", "(publishedPoints)" },
        { "feedback", "", "(feedback)" },
        { GRAPH "educationPointsOutcome/points", " points", NULL },
        { "*", " id lastModifiedBy lastModifiedDateTime points publishedPoints",
          NULL },
    };
    /* clang-format on */
    const char *one =
        apr_pstrcat(world->p, PLACE "/", id_of(1, world->p), NULL);

    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *query =
            apr_pstrcat(world->p, "$select=", rows[i].select, NULL);
        const char *context =
            rows[i].context
                ? apr_pstrcat(world->p, CONTEXT, rows[i].context, NULL)
                : NULL;
        const char *entity =
            context ? apr_pstrcat(world->p, context, "/$entity", NULL) : NULL;
        const char *notes = apr_pstrcat(world->p, NOTES, rows[i].members, NULL);
        const char *whole =
            apr_pstrcat(world->p, "@odata.context ", notes, NULL);
        const answer_t *answer;

        fill(world, 2);
        answer = list(world, query);
        is_str(
            members(json_array_get(json_object_get(answer->json, "value"), 1),
                    world->p),
            notes, query);
        if (context) {
            is_str(string_at(answer->json, "@odata.context"), context,
                   "the context of the list names the selected properties");
        }
        for (int verb = 0; verb < 3; verb++) {
            static const char *const verbs[] = { "GET", "PATCH", "POST" };
            const char *etag;

            answer = ask(world, verbs[verb], verb == 2 ? PLACE : one, query,
                         verb == 2 ? "{" TYPE("educationPointsOutcome") "}"
                                   : "{'points':{'points':9}}");
            is_int(answer->res.status, verb == 2 ? 201 : 200, verbs[verb]);
            is_str(members(answer->json, world->p), whole,
                   "the answer has the selected properties");
            if (entity) {
                is_str(string_at(answer->json, "@odata.context"), entity,
                       "the context names the selected properties");
            }
            etag = apr_table_get(answer->res.headers, "ETag");
            is_str(string_at(answer->json, "@odata.etag"), etag,
                   "@odata.etag is the ETag");
            ok(verb < 2 || apr_table_get(answer->res.headers, "Location"),
               "a POST has its Location");
        }
    }
    is_str(database_ask(world->db,
                        "SELECT count(*) FROM edu_outcome WHERE body LIKE "
                        "'%publishedPoints%'",
                        world->p),
           "3", "properties that are not selected are stored");
}

/* The bytes of the token that leads on from a query, in hexadecimal. */
static const char *token_after(world_t *world, const char *query)
{
    const char *next = next_of(list(world, query));

    return next ? strstr(next, "$skiptoken=") + 11 : "";
}

/* Behind the hash of their query and their kind, tokens have three texts, or
 * one to eight times 12 bytes. */
#define HEAD 18
#define TEXTS(created, parent, id) created "00" parent "00" id "00"
#define PRINT "0102030405060708090a0b0c"
#define PRINT_4 PRINT PRINT PRINT PRINT

/* The cost of a request in the database. */
static int statements, rows_read;

int apr_dbd_pselect(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                    apr_dbd_t *handle, apr_dbd_results_t **res,
                    apr_dbd_prepared_t *statement, int random, int nargs,
                    const char **args)
{
    __typeof__(apr_dbd_pselect) *real = dlsym(RTLD_NEXT, "apr_dbd_pselect");

    statements++;
    return real(driver, pool, handle, res, statement, random, nargs, args);
}

int apr_dbd_get_row(const apr_dbd_driver_t *driver, apr_pool_t *pool,
                    apr_dbd_results_t *res, apr_dbd_row_t **row, int n)
{
    __typeof__(apr_dbd_get_row) *real = dlsym(RTLD_NEXT, "apr_dbd_get_row");
    int rc = real(driver, pool, res, row, n);

    rows_read += rc == 0;
    return rc;
}

/* Rows of each table in one place; all submissions are recent. */
#define MANY "2000"
static const char *const many[] = {
    "DELETE FROM edu_class",
    "DELETE FROM edu_member",
    "DELETE FROM edu_assignment",
    "DELETE FROM edu_submission",
    "DELETE FROM edu_outcome",
    "DELETE FROM edu_history",
    "CREATE TEMP TABLE IF NOT EXISTS n AS WITH RECURSIVE n(i) AS (SELECT 10001"
    " UNION ALL SELECT i + 1 FROM n WHERE i < 10000 + " MANY ")"
    " SELECT i FROM n",
    "INSERT INTO edu_class (id) SELECT 'c' || i FROM n",
    "INSERT INTO edu_class (id) VALUES ('c')",
    "INSERT INTO edu_member (class_id, id, role) SELECT 'c', i,"
    " CASE WHEN i % 2 THEN 'student' ELSE 'teacher' END FROM n",
    "INSERT INTO edu_member (class_id, id, role)"
    " SELECT 'c' || i, 'u', 'student' FROM n",
    "INSERT INTO edu_assignment (class_id, id) SELECT 'c', i FROM n",
    "INSERT INTO edu_assignment (class_id, id) SELECT 'c' || i, i FROM n",
    "INSERT INTO edu_submission (class_id, assignment_id, id, user_id, version)"
    " SELECT 'c', 10001, i, i, printf('0%x%s', 4611686018427387904, i) FROM n",
    "INSERT INTO edu_history (class_id, assignment_id, submission_id, id,"
    " entity, action, student, user_id, at) SELECT 'c', 'a', 's', 'o',"
    " 'outcome', 'update', 's' || (i % 200), 'u' || (i % 100),"
    " printf('%016x', i) FROM n",
    INTO_OUTCOMES
    "SELECT 'c', 'a', 's', i, i,"
    " 'educationPointsOutcome', '1', '{\"points\":{\"points\":' || (i % 7)"
    " || '}}' FROM n",
};

/* Asks for a page, and tells of what it cost: "status statements rows". */
static const char *cost(world_t *world, const answer_t **answer,
                        const char *path, const char *query)
{
    statements = rows_read = 0;
    *answer = ask(world, "GET", path, query, NULL);
    return apr_psprintf(world->p, "%d %d %d", (*answer)->res.status, statements,
                        rows_read);
}

/* The first page costs as much as the last but one; an order or a filter costs
 * all chunks; a count costs the same for any number of rows. */
static void test_cost(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *path, *query;
        const char *first, *later; /* NULL: as the first */
        int page; /* which is the later */
    } rows[] = {
        { PLACE, "$top=10", "200 1 102", NULL, 150 },
        { PLACE, "$top=100", "200 1 102", NULL, 15 },
        { PLACE, "$top=10&$count=true", "200 2 103", NULL, 150 },
        { PLACE, "$top=1&$orderby=points/points", "200 20 2020", "200 21 2122",
          2 },
        { PLACE, "$filter=id+eq+'x'", "200 20 2020", NULL, 1 },
        { PLACE "/$count", NULL, "200 2 103", NULL, 1 },
        { PLACE "/$count", "$filter=id+ne+'x'", "200 20 2020", NULL, 1 },
        { "/education/classes", "$top=10", "200 1 101", NULL, 150 },
        { "/education/classes/c/members", "$top=10", "200 1 101", NULL, 150 },
        { "/education/classes/c/assignments", "$top=10", "200 1 101", NULL,
          150 },
        { "/education/classes/c/assignments/10001/submissions", "$top=10",
          "200 1 102", NULL, 150 },
        { "/education/classes/c/assignments/10001/submissions/$count", NULL,
          "200 2 103", NULL, 1 },
        { "/education/classes/c/assignments/10001/submissions",
          "$top=10&$expand=outcomes", "200 1 102", NULL, 150 },
        { "/education/classes/c/getRecentlyModifiedSubmissions", "$top=10",
          "200 1 102", NULL, 150 },
        { "/education/classes/c/getRecentlyModifiedSubmissions",
          "$top=10&$orderby=lastModifiedDateTime", "200 1 102", NULL, 150 },
        { "/education/classes/c/teachers", "$top=10", "200 1 101", NULL, 80 },
        { "/education/users/u/classes", "$top=10", "200 1 101", NULL, 150 },
        { "/education/users/u/assignments", "$top=10", "200 1 101", NULL,
          150 },
        { PLACE "/o/versions", "$top=10", "200 1 102", NULL, 150 },
        { "/education/classes/c/outcomeVersions", "$top=10", "200 1 102", NULL,
          150 },
        { "/education/classes/c/outcomeVersions",
          "$top=10&$orderby=lastModifiedDateTime", "200 1 102", NULL, 150 },
        /* the database looks for these */
        { "/education/classes/c/outcomeVersions", "$filter=studentId+eq+'s1'",
          "200 1 11", NULL, 1 },
        { "/education/classes/c/outcomeVersions",
          "$filter=lastModifiedBy/user/id+eq+'u1'+and+studentId+eq+'s101'",
          "200 1 11", NULL, 1 },
        { "/education/classes/c/outcomeVersions", "$filter=action+eq+'x'",
          "200 1 1", NULL, 1 },
        { "/education/classes/c/outcomeVersions",
          "$filter=lastModifiedDateTime+lt+1970-01-01T00:00:00.0010011Z",
          "200 1 12", NULL, 1 },
        { "/education/classes/c/outcomeVersions",
          "$filter=lastModifiedDateTime+ge+1970-01-01T00:00:00.0011991Z"
          "+and+lastModifiedDateTime+le+1970-01-01T00:00:00.0011992Z",
          "200 1 3", NULL, 1 },
        { "/education/classes/c/outcomeVersions",
          "$filter=studentId+eq+'s1'+or+action+eq+'x'", "200 20 2020", NULL,
          1 },
    };
    /* clang-format on */

    reset(world);
    world->caller.admin = 1;
    for (apr_size_t i = 0; i < COUNT(many); i++) {
        is_int(database_run(world->db, many[i]), 0, "many rows are loaded");
    }
    list(world, "$top=1"); /* finds a database that was changed */
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const answer_t *answer;
        const char *query = rows[i].query;
        const char *text = cost(world, &answer, rows[i].path, query);

        is_str(text, rows[i].first,
               apr_pstrcat(world->p, rows[i].path, "?", query, NULL));
        for (int page = 1; page < rows[i].page; page++) {
            query = string_at(answer->json, "@odata.nextLink");
            query = query ? strchr(query, '?') + 1 : "";
            text = cost(world, &answer, rows[i].path, query);
        }
        is_str(text, rows[i].later ? rows[i].later : rows[i].first,
               apr_psprintf(world->p, "page %d of %s", rows[i].page,
                            rows[i].path));
    }
}

/* A token that a client made up is refused, or a position like any other. */
static void test_made_up(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *by_id, *by_value;
        int status;
    } rows[] = {
        { TEXTS("", "", "7a"), PRINT, 0 },
        { TEXTS("", "", "0120"), PRINT_4 PRINT_4, 0 },
        { TEXTS("", "", "273b2d2d"), PRINT PRINT, 0 },
        { TEXTS("", "7a", "257325"), PRINT PRINT, 0 },
        { TEXTS("61", "", "7a"), PRINT, 410 },
        { TEXTS("", "", ""), "", 400 },
        { TEXTS("", "", "c3"), "00", 400 },
        { TEXTS("ff", "", "7a"), PRINT "00", 400 },
        { TEXTS("", "", "7a") "00", PRINT_4 PRINT_4 PRINT, 400 },
        { "7a", PRINT_4 PRINT_4 "00", 400 },
        { "00007a", "0102030405060708090a0b", 400 },
    };
    /* clang-format on */
    const char *heads[2];

    fill(world, 7);
    heads[0] = apr_pstrmemdup(world->p, token_after(world, "$top=1"), HEAD);
    heads[1] = apr_pstrmemdup(
        world->p, token_after(world, "$top=1&$orderby=points/points"), HEAD);
    for (apr_size_t i = 0; i < 2 * COUNT(rows); i++) {
        const char *rest = i % 2 ? rows[i / 2].by_value : rows[i / 2].by_id;
        int status = rows[i / 2].status ? rows[i / 2].status
                     : i % 2            ? 410
                                        : 200;
        const answer_t *answer = list(
            world, apr_pstrcat(world->p, "$skiptoken=", heads[i % 2], rest,
                               i % 2 ? "&$orderby=points/points" : "", NULL));

        ok(answer->res.status == status && answer->json, "after %s: %d", rest,
           answer->res.status);
    }
    is_str(rows_of(list(world, NULL), world->p), "1 2 3 4 5 6 7",
           "no made-up token changes a row");
}

/* A token is of one query, and of no other; which rows are shown of a page, and
 * what of them, is not for it to say. */
static void test_token_of(world_t *world)
{
    /* clang-format off */
    static const struct {
        const char *query;
        int like; /* the row that it can follow */
    } rows[] = {
        { "$top=2", 0 },
        { "$count=true&$top=3&$select=id&x=y", 0 },
        { "$top=2&$filter=true", 2 },
        { "$top=2&$filter=not+false", 3 },
        { "$top=2&$orderby=id", 4 },
        { "$top=2&$orderby=id&$filter=true", 5 },
        { "$top=2&$orderby=points/points", 6 },
        { "$top=2&$orderby=points/points+desc", 7 },
    };
    /* clang-format on */

    fill(world, 7);
    for (apr_size_t i = 0; i < COUNT(rows); i++) {
        const char *token = token_after(world, rows[i].query);

        ok(strlen(token) <= 2 * (8 + 1 + 8 * 12), "a token is short");
        for (apr_size_t j = 0; j < COUNT(rows); j++) {
            int status = list(world, apr_pstrcat(world->p, rows[j].query,
                                                 "&$skiptoken=", token, NULL))
                             ->res.status;

            is_int(status, rows[i].like == rows[j].like ? 200 : 400,
                   apr_psprintf(world->p, "a token of %s, sent with %s",
                                rows[i].query, rows[j].query));
        }
        is_int(ask(world, "GET",
                   "/education/classes/c/assignments/a/submissions/t/outcomes",
                   apr_pstrcat(world->p, rows[i].query, "&$skiptoken=", token,
                               NULL),
                   NULL)
                   ->res.status,
               400, "a token of another submission is refused");
    }
}

/* A link holds nothing that its rows are sorted by. */
static void test_token_tells_nothing(world_t *world)
{
    const char *hex = "33352e35"; /* 35.5 */
    const char *link;

    fill(world, 7);
    put(world, 8, 1, "35.5");
    link = token_after(world, "$top=1&$orderby=points/points+desc");
    ok(*link && !strstr(link, hex), "the token holds no grade: %s", link);
}

/* A stored text that is not JSON fails where options look inside. */
static void test_damaged(world_t *world)
{
    static const char *const queries[] = {
        "$filter=true",
        "$orderby=id",
        "$select=id",
        "$count=true&$orderby=id",
    };

    for (apr_size_t i = 0; i < COUNT(queries); i++) {
        fill(world, 2);
        database_run(world->db, "UPDATE edu_outcome SET body = '{secret}'");
        is_int(list(world, queries[i])->res.status, 500, queries[i]);
        ok(!strstr(list(world, queries[i])->text, "secret"),
           "the answer quotes nothing of a damaged document");
    }
    is_int(ask(world, "GET", PLACE "/$count", "$filter=true", NULL)->res.status,
           500, "a count by a filter fails at a damaged document");
    is_str(ask(world, "GET", PLACE "/$count", NULL, NULL)->text, "2",
           "a count of all reads no document");
}

/* The option that a filter of assignments asks for makes it succeed. */
static void test_prefer(world_t *world)
{
    static const char query[] = "$filter=status+eq+'inactive'";
    const char *path = "/education/classes/c/assignments";
    const answer_t *answer;

    reset(world);
    database_run(world->db, "INSERT INTO edu_class (id) VALUES ('c')");
    world->caller.admin = 1;
    answer = ask(world, "GET", path, query, NULL);
    ok(answer->res.status == 400 && strstr(answer->text, "Prefer"),
       "a filter by an unknown status asks for Prefer");
    world->prefer = "include-unknown-enum-members";
    answer = ask(world, "GET", path, query, NULL);
    is_int(answer->res.status, 200, "the filter is taken with Prefer");
    is_str(apr_table_get(answer->res.headers, "Preference-Applied"),
           world->prefer, "Preference-Applied repeats the preference");
}

/* A sort keeps as many of the first rows as 16 MiB hold: a position takes eight
 * KiB here. */
static void test_room(world_t *world)
{
    const char *orders = "id", *sorted;
    const answer_t *answer;

    for (int i = 0; i < 64; i++) {
        orders = apr_psprintf(world->p, "%s,concat(id,'%0127d')", orders, i);
    }
    fill(world, 2500);
    sorted = apr_pstrcat(world->p, "$select=id&$orderby=", orders, NULL);
    answer = list(world, apr_pstrcat(world->p, sorted, "&$top=3", NULL));
    is_str(rows_of(answer, world->p), "1 2 3", "the first rows are sorted");
    answer =
        list(world, apr_pstrcat(world->p, sorted, "&$top=3&$skip=400", NULL));
    is_str(rows_of(answer, world->p), "401 402 403", "some can be skipped");
    answer =
        list(world, apr_pstrcat(world->p, sorted, "&$top=3&$skip=2400", NULL));
    ok(answer->res.status == 400 && strstr(answer->text, "narrow the list"),
       "more than there is room for cannot");
}

/* Pages of many rows.  valgrind finds no more in them than in a few, and takes
 * minutes. */
static void test_many(world_t *world, const char *const *queries, int n)
{
    test_visits(world, 100);
    test_visits(world, 250);
    for (int i = 0; i < n; i++) {
        test_meanwhile(world, 250, 30, queries[i]);
        test_meanwhile(world, 250, 100, queries[i]);
    }
    test_counts(world);
    test_count(world, 250);
    test_cost(world);
    test_room(world);
}

static void test_requests(apr_pool_t *p)
{
    static const char *const queries[] = {
        "",
        "&$count=true",
        "&$orderby=points/points",
        "&$orderby=points/points+desc",
        "&$orderby=id+desc",
        "&$filter=points/points+ge+0+or+points/points+eq+null",
    };
    world_t world = { .p = p };

    world.db = database_make(":memory:", EDU_SCHEMA_AUTO, p);
    test_visits(&world, 0);
    test_visits(&world, 1);
    test_visits(&world, 7);
    test_visits(&world, 101);
    for (apr_size_t i = 0; i < COUNT(queries); i++) {
        test_meanwhile(&world, 7, 1, queries[i]);
        test_meanwhile(&world, 7, 2, queries[i]);
    }
    test_drops(&world);
    for (apr_size_t i = 0; i < COUNT(page_rows); i++) {
        fill(&world, 7);
        test_page(&world, &page_rows[i]);
    }
    test_count(&world, 0);
    test_count(&world, 7);
    test_select(&world);
    test_made_up(&world);
    if (!getenv("EDU_VALGRIND")) {
        test_many(&world, queries, COUNT(queries));
    }
    test_token_of(&world);
    test_token_tells_nothing(&world);
    test_damaged(&world);
    test_prefer(&world);
    is_int(world.db->opened, world.db->closed,
           "all requests give their connections back");
    database_close(world.db);
}

static void tests(apr_pool_t *p)
{
    apr_dbd_init(p);
    for (apr_size_t i = 0; i < COUNT(matches); i++) {
        test_match(&matches[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(refused); i++) {
        test_refused(&refused[i], p);
    }
    test_beta(p);
    test_limits(p);
    test_numbers(p);
    test_steps(p);
    test_all_steps(p);
    test_aliases(p);
    test_cut(p);
    for (apr_size_t i = 0; i < COUNT(orders); i++) {
        test_order(&orders[i], p);
    }
    test_compare(p);
    for (apr_size_t i = 0; i < COUNT(option_rows); i++) {
        test_option(&option_rows[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(aboves); i++) {
        test_above(&aboves[i], p);
    }
    for (apr_size_t i = 0; i < COUNT(above_options); i++) {
        test_above_option(&above_options[i], p);
    }
    test_option_beta(p);
    test_token(p);
    test_token_knows(p);
    test_no_token(p);
    test_requests(p);
}

TAP_MAIN(tests)
