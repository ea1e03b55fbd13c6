/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Every type of the outcomes model as a table, one property a line, in the
 * order in which answers carry them.  Names, kinds and nullability are those
 * of Microsoft's CSDL (contract.md 1), which does not say what is server-set:
 * see contract.md 1, 2.3 and 2.4.  Students and tokens without grades do not
 * see what is flagged so (decisions.md 6.1).  A rubric and a grading scheme are
 * entities behind navigation properties there; here they are complex values of
 * their assignment. */

#include "model.h"

/* The tables are aligned by hand. */
/* clang-format off */

#define PROPS(...)  (const edu_prop_t[]){ __VA_ARGS__, { 0 } }, NULL
#define VALUES(...) NULL, (const char *const[]){ __VA_ARGS__, NULL }

/* --------------------------------------------------------------- identity */

static const edu_type_t identity = { "identity", NULL, EDU_OPEN, PROPS(
    { "id",          EDU_STRING, 0, NULL },
    { "displayName", EDU_STRING, 0, NULL }) };

static const edu_type_t identity_set = { "identitySet", NULL, EDU_OPEN, PROPS(
    { "application", EDU_COMPLEX, 0, &identity },
    { "device",      EDU_COMPLEX, 0, &identity },
    { "user",        EDU_COMPLEX, 0, &identity }) };

/* --------------------------------------------------------------- feedback */

static const edu_type_t body_type = { "bodyType", NULL, 0, VALUES(
    "text", "html") };

static const edu_type_t item_body = { "educationItemBody", NULL, 0, PROPS(
    { "content",     EDU_STRING, 0, NULL },
    { "contentType", EDU_ENUM,   0, &body_type }) };

static const edu_type_t feedback = { "educationFeedback", NULL, 0, PROPS(
    { "feedbackBy",       EDU_COMPLEX,  EDU_STAMP, &identity_set },
    { "feedbackDateTime", EDU_DATETIME, EDU_STAMP, NULL },
    { "text",             EDU_COMPLEX,  0,         &item_body }) };

/* ----------------------------------------------------------------- points */

static const edu_type_t grade = {
    "educationAssignmentGrade", NULL, EDU_ABSTRACT, PROPS(
    { "gradedBy",       EDU_COMPLEX,  EDU_STAMP, &identity_set },
    { "gradedDateTime", EDU_DATETIME, EDU_STAMP, NULL }) };

static const edu_type_t points_grade = {
    "educationAssignmentPointsGrade", &grade, EDU_MIXED, PROPS(
    { "points", EDU_SINGLE, EDU_GRADE,               NULL },
    { "grade",  EDU_STRING, EDU_READONLY | EDU_BETA, NULL }) };

/* ----------------------------------------------------------------- rubric */

static const edu_type_t quality_feedback = {
    "rubricQualityFeedbackModel", NULL, 0, PROPS(
    { "qualityId", EDU_STRING,  0, NULL },
    { "feedback",  EDU_COMPLEX, 0, &item_body }) };

static const edu_type_t selected_column = {
    "rubricQualitySelectedColumnModel", NULL, 0, PROPS(
    { "qualityId", EDU_STRING, 0, NULL },
    { "columnId",  EDU_STRING, 0, NULL }) };

/* -------------------------------------------------------------- resources */

static const edu_type_t resource = {
    "educationResource", NULL, EDU_ABSTRACT, PROPS(
    { "createdBy",            EDU_COMPLEX,  EDU_CREATED, &identity_set },
    { "createdDateTime",      EDU_DATETIME, EDU_CREATED, NULL },
    { "displayName",          EDU_STRING,   0,           NULL },
    { "lastModifiedBy",       EDU_COMPLEX,  EDU_STAMP,   &identity_set },
    { "lastModifiedDateTime", EDU_DATETIME, EDU_STAMP,   NULL }) };

static const edu_type_t word_resource = {
    "educationWordResource", &resource, 0, PROPS(
    { "fileUrl", EDU_STRING, 0, NULL }) };

static const edu_type_t excel_resource = {
    "educationExcelResource", &resource, 0, PROPS(
    { "fileUrl", EDU_STRING, 0, NULL }) };

static const edu_type_t powerpoint_resource = {
    "educationPowerPointResource", &resource, 0, PROPS(
    { "fileUrl", EDU_STRING, 0, NULL }) };

static const edu_type_t file_resource = {
    "educationFileResource", &resource, 0, PROPS(
    { "fileUrl", EDU_STRING, 0, NULL }) };

static const edu_type_t media_resource = {
    "educationMediaResource", &resource, 0, PROPS(
    { "fileUrl", EDU_STRING, 0, NULL }) };

static const edu_type_t link_resource = {
    "educationLinkResource", &resource, 0, PROPS(
    { "link", EDU_STRING, 0, NULL }) };

static const edu_type_t linked_assignment_resource = {
    "educationLinkedAssignmentResource", &resource, 0, PROPS(
    { "url", EDU_STRING, 0, NULL }) };

static const edu_type_t channel_resource = {
    "educationChannelResource", &resource, 0, PROPS(
    { "url", EDU_STRING, 0, NULL }) };

static const edu_type_t external_resource = {
    "educationExternalResource", &resource, 0, PROPS(
    { "webUrl", EDU_STRING, 0, NULL }) };

static const edu_type_t teams_app_resource = {
    "educationTeamsAppResource", &resource, 0, PROPS(
    { "appIconWebUrl",           EDU_STRING, 0, NULL },
    { "appId",                   EDU_STRING, 0, NULL },
    { "teamsEmbeddedContentUrl", EDU_STRING, 0, NULL },
    { "webUrl",                  EDU_STRING, 0, NULL }) };

/* -------------------------------------------- resources: speaker progress */

static const edu_type_t ai_audience = {
    "educationAiFeedbackAudienceEngagementSettings", NULL, 0, PROPS(
    { "areEngagementStrategiesEnabled",          EDU_BOOL, EDU_REQUIRED, NULL },
    { "isCallToActionEnabled",                   EDU_BOOL, EDU_REQUIRED, NULL },
    { "isEmotionalAndIntellectualAppealEnabled", EDU_BOOL, EDU_REQUIRED, NULL }
    ) };

static const edu_type_t ai_content = {
    "educationAiFeedbackContentSettings", NULL, 0, PROPS(
    { "isMessageClarityEnabled",       EDU_BOOL, EDU_REQUIRED, NULL },
    { "isQualityOfInformationEnabled", EDU_BOOL, EDU_REQUIRED, NULL },
    { "isSpeechOrganizationEnabled",   EDU_BOOL, EDU_REQUIRED, NULL }) };

static const edu_type_t ai_delivery = {
    "educationAiFeedbackDeliverySettings", NULL, 0, PROPS(
    { "areRhetoricalTechniquesEnabled", EDU_BOOL, EDU_REQUIRED, NULL },
    { "isLanguageUseEnabled",           EDU_BOOL, EDU_REQUIRED, NULL },
    { "isStyleEnabled",                 EDU_BOOL, EDU_REQUIRED, NULL }) };

static const edu_type_t ai_settings = {
    "educationAiFeedbackSettings", NULL, 0, PROPS(
    { "audienceEngagementSettings", EDU_COMPLEX, 0, &ai_audience },
    { "contentSettings",            EDU_COMPLEX, 0, &ai_content },
    { "deliverySettings",           EDU_COMPLEX, 0, &ai_delivery }) };

static const edu_type_t speech_type = { "educationSpeechType", NULL, 0, VALUES(
    "informative", "personal", "persuasive", "unknownFutureValue") };

static const edu_type_t ai_criteria = {
    "educationAiFeedbackCriteria", NULL, 0, PROPS(
    { "aiFeedbackSettings", EDU_COMPLEX, EDU_REQUIRED, &ai_settings },
    { "speechType",         EDU_ENUM,    EDU_REQUIRED, &speech_type }) };

static const edu_type_t coach_audience = {
    "educationSpeakerCoachAudienceEngagementSettings", NULL, 0, PROPS(
    { "isBodyLanguageEnabled", EDU_BOOL, EDU_REQUIRED, NULL }) };

static const edu_type_t coach_content = {
    "educationSpeakerCoachContentSettings", NULL, 0, PROPS(
    { "isInclusivenessEnabled",      EDU_BOOL, EDU_REQUIRED, NULL },
    { "isRepetitiveLanguageEnabled", EDU_BOOL, EDU_REQUIRED, NULL }) };

static const edu_type_t coach_delivery = {
    "educationSpeakerCoachDeliverySettings", NULL, 0, PROPS(
    { "areFillerWordsEnabled",  EDU_BOOL, EDU_REQUIRED, NULL },
    { "isPaceEnabled",          EDU_BOOL, EDU_REQUIRED, NULL },
    { "isPitchEnabled",         EDU_BOOL, EDU_REQUIRED, NULL },
    { "isPronunciationEnabled", EDU_BOOL, EDU_REQUIRED, NULL }) };

static const edu_type_t coach_settings = {
    "educationSpeakerCoachSettings", NULL, 0, PROPS(
    { "audienceEngagementSettings", EDU_COMPLEX, 0, &coach_audience },
    { "contentSettings",            EDU_COMPLEX, 0, &coach_content },
    { "deliverySettings",           EDU_COMPLEX, 0, &coach_delivery }) };

static const edu_type_t speaker_progress_resource = {
    "educationSpeakerProgressResource", &resource, 0, PROPS(
    { "aiFeedbackCriteria",          EDU_COMPLEX, 0,            &ai_criteria },
    { "isAiFeedbackEnabled",         EDU_BOOL,    EDU_REQUIRED, NULL },
    { "isVideoRequired",             EDU_BOOL,    EDU_REQUIRED, NULL },
    { "maxRecordingAttempts",        EDU_INT32,   EDU_REQUIRED, NULL },
    { "presentationTitle",           EDU_STRING,  EDU_REQUIRED, NULL },
    { "recordingTimeLimitInMinutes", EDU_INT32,   EDU_REQUIRED, NULL },
    { "showRehearsalReportToStudentBeforeMediaUpload",
                                     EDU_BOOL,    EDU_REQUIRED, NULL },
    { "speakerCoachSettings",        EDU_COMPLEX, 0,         &coach_settings },
    { "spokenLanguageLocale",        EDU_STRING,  EDU_REQUIRED, NULL }) };

/* --------------------------------------------------------------- outcomes */

static const edu_type_t entity = {
    "entity", NULL, EDU_ENTITY | EDU_ABSTRACT, PROPS(
    { "id", EDU_STRING, EDU_KEY | EDU_REQUIRED, NULL }) };

/* Abstract in Graph's CSDL; the founding page creates it (decisions.md 1). */
const edu_type_t edu__outcome = { "educationOutcome", &entity, 0, PROPS(
    { "lastModifiedBy",       EDU_COMPLEX,  EDU_STAMP, &identity_set },
    { "lastModifiedDateTime", EDU_DATETIME, EDU_STAMP, NULL }) };

static const edu_type_t feedback_outcome = {
    "educationFeedbackOutcome", &edu__outcome, 0, PROPS(
    { "feedback",          EDU_COMPLEX, EDU_DRAFT,    &feedback },
    { "publishedFeedback", EDU_COMPLEX, EDU_READONLY, &feedback }) };

static const edu_type_t points_outcome = {
    "educationPointsOutcome", &edu__outcome, EDU_MIXED, PROPS(
    { "points",          EDU_COMPLEX, EDU_DRAFT,    &points_grade },
    { "publishedPoints", EDU_COMPLEX, EDU_READONLY, &points_grade }) };

static const edu_type_t rubric_outcome = {
    "educationRubricOutcome", &edu__outcome, 0, PROPS(
    { "rubricQualityFeedback",
      EDU_COMPLEX, EDU_COLLECTION | EDU_DRAFT,    &quality_feedback },
    { "rubricQualitySelectedLevels",
      EDU_COMPLEX, EDU_COLLECTION | EDU_DRAFT,    &selected_column },
    { "publishedRubricQualityFeedback",
      EDU_COMPLEX, EDU_COLLECTION | EDU_READONLY, &quality_feedback },
    { "publishedRubricQualitySelectedLevels",
      EDU_COMPLEX, EDU_COLLECTION | EDU_READONLY, &selected_column }) };

static const edu_type_t resource_status = {
    "educationFeedbackResourceOutcomeStatus", NULL, 0, VALUES(
    "notPublished", "pendingPublish", "published", "failedPublish",
    "unknownFutureValue") };

static const edu_type_t feedback_resource_outcome = {
    "educationFeedbackResourceOutcome", &edu__outcome, 0, PROPS(
    { "feedbackResource", EDU_COMPLEX, 0,           &resource },
    { "resourceStatus",   EDU_ENUM,    EDU_CREATED, &resource_status }) };

/* -------------------------------------------------------------- the roster */

const edu_type_t edu__root = { "educationRoot", NULL, EDU_ENTITY,
    PROPS({ 0 }) };

const edu_type_t edu__class = { "educationClass", &entity, 0, PROPS(
    { "classCode",            EDU_STRING,  0,            NULL },
    { "createdBy",            EDU_COMPLEX, EDU_CREATED,  &identity_set },
    { "description",          EDU_STRING,  0,            NULL },
    { "displayName",          EDU_STRING,  EDU_REQUIRED, NULL },
    { "externalId",           EDU_STRING,  0,            NULL },
    { "externalName",         EDU_STRING,  0,            NULL },
    { "externalSourceDetail", EDU_STRING,  0,            NULL },
    { "grade",                EDU_STRING,  0,            NULL },
    { "mailNickname",         EDU_STRING,  0,            NULL }) };

static const edu_type_t user_role = { "educationUserRole", NULL, 0, VALUES(
    "student", "teacher") };

const edu_type_t edu__user = { "educationUser", &entity, 0, PROPS(
    { "displayName",       EDU_STRING, 0, NULL },
    { "givenName",         EDU_STRING, 0, NULL },
    { "mail",              EDU_STRING, 0, NULL },
    { "primaryRole",       EDU_ENUM,   0, &user_role },
    { "surname",           EDU_STRING, 0, NULL },
    { "userPrincipalName", EDU_STRING, 0, NULL }) };

/* ------------------------------------------------------------- assignments */

static const edu_type_t grade_type = {
    "educationAssignmentGradeType", NULL, EDU_ABSTRACT, PROPS({ 0 }) };

static const edu_type_t points_grade_type = {
    "educationAssignmentPointsGradeType", &grade_type, 0, PROPS(
    { "maxPoints", EDU_SINGLE, EDU_GRADE, NULL }) };

static const edu_type_t rubric_criterion = {
    "rubricCriterion", NULL, 0, PROPS(
    { "description", EDU_COMPLEX, 0, &item_body }) };

/* Graph makes the ids of qualities and levels; here a client names them, so
 * that a PUT can be repeated. */
static const edu_type_t rubric_quality = { "rubricQuality", NULL, 0, PROPS(
    { "criteria",    EDU_COMPLEX, EDU_COLLECTION, &rubric_criterion },
    { "description", EDU_COMPLEX, 0,              &item_body },
    { "displayName", EDU_STRING,  0,              NULL },
    { "qualityId",   EDU_STRING,  EDU_REQUIRED,   NULL },
    { "weight",      EDU_SINGLE,  0,              NULL }) };

static const edu_type_t rubric_level = { "rubricLevel", NULL, 0, PROPS(
    { "description", EDU_COMPLEX, 0,            &item_body },
    { "displayName", EDU_STRING,  0,            NULL },
    { "grading",     EDU_COMPLEX, 0,            &grade_type },
    { "levelId",     EDU_STRING,  EDU_REQUIRED, NULL }) };

static const edu_type_t rubric = { "educationRubric", NULL, 0, PROPS(
    { "createdBy",            EDU_COMPLEX,  EDU_CREATED,    &identity_set },
    { "createdDateTime",      EDU_DATETIME, EDU_CREATED,    NULL },
    { "description",          EDU_COMPLEX,  0,              &item_body },
    { "displayName",          EDU_STRING,   0,              NULL },
    { "grading",              EDU_COMPLEX,  0,              &grade_type },
    { "id",                   EDU_STRING,   0,              NULL },
    { "lastModifiedBy",       EDU_COMPLEX,  EDU_STAMP,      &identity_set },
    { "lastModifiedDateTime", EDU_DATETIME, EDU_STAMP,      NULL },
    { "levels",               EDU_COMPLEX,  EDU_COLLECTION, &rubric_level },
    { "qualities",            EDU_COMPLEX,  EDU_COLLECTION, &rubric_quality }
    ) };

static const edu_type_t scheme_grade = {
    "educationGradingSchemeGrade", NULL, 0, PROPS(
    { "defaultPercentage", EDU_SINGLE, 0,            NULL },
    { "displayName",       EDU_STRING, EDU_REQUIRED, NULL },
    { "minPercentage",     EDU_SINGLE, EDU_REQUIRED, NULL }) };

static const edu_type_t grading_scheme = {
    "educationGradingScheme", NULL, 0, PROPS(
    { "displayName",             EDU_STRING,  0,              NULL },
    { "grades",                  EDU_COMPLEX, EDU_COLLECTION, &scheme_grade },
    { "hidePointsDuringGrading", EDU_BOOL,    0,              NULL },
    { "id",                      EDU_STRING,  0,              NULL }) };

static const edu_type_t assignment_recipient = {
    "educationAssignmentRecipient", NULL, EDU_ABSTRACT, PROPS({ 0 }) };

static const edu_type_t class_recipient = {
    "educationAssignmentClassRecipient", &assignment_recipient, 0,
    PROPS({ 0 }) };

static const edu_type_t group_recipient = {
    "educationAssignmentGroupRecipient", &assignment_recipient, EDU_UNSERVED,
    PROPS({ 0 }) };

static const edu_type_t individual_recipient = {
    "educationAssignmentIndividualRecipient", &assignment_recipient, 0, PROPS(
    { "recipients", EDU_STRING, EDU_COLLECTION, NULL }) };

static const edu_type_t added_student = {
    "educationAddedStudentAction", NULL, 0, VALUES(
    "none", "assignIfOpen", "unknownFutureValue") };

static const edu_type_t add_to_calendar = {
    "educationAddToCalendarOptions", NULL, 0, VALUES(
    "none", "studentsAndPublisher", "studentsAndTeamOwners",
    "unknownFutureValue", "studentsOnly") };

static const edu_type_t assignment_status = {
    "educationAssignmentStatus", NULL, 0, VALUES(
    "draft", "published", "assigned", "unknownFutureValue", "inactive") };

const edu_type_t edu__assignment = { "educationAssignment", &entity, 0, PROPS(
    { "addedStudentAction",      EDU_ENUM,     0, &added_student },
    { "addToCalendarAction",     EDU_ENUM,     0, &add_to_calendar },
    { "allowLateSubmissions",    EDU_BOOL,     0, NULL },
    { "allowStudentsToAddResourcesToSubmission",
                                 EDU_BOOL,     0, NULL },
    { "assignDateTime",          EDU_DATETIME, 0, NULL },
    { "assignedDateTime",        EDU_DATETIME, EDU_STICKY, NULL },
    { "assignTo",                EDU_COMPLEX,  0, &assignment_recipient },
    { "classId",                 EDU_STRING,   EDU_READONLY, NULL },
    { "closeDateTime",           EDU_DATETIME, 0, NULL },
    { "createdBy",               EDU_COMPLEX,  EDU_CREATED, &identity_set },
    { "createdDateTime",         EDU_DATETIME, EDU_CREATED, NULL },
    { "displayName",             EDU_STRING,   0, NULL },
    { "dueDateTime",             EDU_DATETIME, 0, NULL },
    { "feedbackResourcesFolderUrl",
                                 EDU_STRING,   EDU_STICKY, NULL },
    { "grading",                 EDU_COMPLEX,  0, &grade_type },
    { "gradingScheme",           EDU_COMPLEX,  EDU_GRADES, &grading_scheme },
    { "instructions",            EDU_COMPLEX,  0, &item_body },
    { "languageTag",             EDU_STRING,   0, NULL },
    { "lastModifiedBy",          EDU_COMPLEX,  EDU_STAMP, &identity_set },
    { "lastModifiedDateTime",    EDU_DATETIME, EDU_STAMP, NULL },
    { "moduleUrl",               EDU_STRING,   0, NULL },
    { "notificationChannelUrl",  EDU_STRING,   0, NULL },
    { "resourcesFolderUrl",      EDU_STRING,   EDU_STICKY, NULL },
    { "rubric",                  EDU_COMPLEX,  EDU_GRADES, &rubric },
    { "status",                  EDU_ENUM,     EDU_STICKY | EDU_FIRST,
                                                           &assignment_status },
    { "webUrl",                  EDU_STRING,   EDU_STICKY, NULL }) };

/* ------------------------------------------------------------- submissions */

static const edu_type_t submission_recipient = {
    "educationSubmissionRecipient", NULL, EDU_ABSTRACT, PROPS({ 0 }) };

static const edu_type_t submission_individual = {
    "educationSubmissionIndividualRecipient", &submission_recipient, 0, PROPS(
    { "userId", EDU_STRING, EDU_REQUIRED, NULL }) };

/* The CSDL lacks it, but a client would send it for a group. */
static const edu_type_t submission_group = {
    "educationSubmissionGroupRecipient", &submission_recipient, EDU_UNSERVED,
    PROPS({ 0 }) };

static const edu_type_t submission_status = {
    "educationSubmissionStatus", NULL, 0, VALUES(
    "working", "submitted", "released", "returned", "unknownFutureValue",
    "reassigned", "excused") };

/* Actions set all properties but the recipient (contract.md 3). */
const edu_type_t edu__submission = { "educationSubmission", &entity, 0, PROPS(
    { "assignmentId",         EDU_STRING,   EDU_READONLY, NULL },
    { "excusedBy",            EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "excusedDateTime",      EDU_DATETIME, EDU_READONLY, NULL },
    { "lastModifiedBy",       EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "lastModifiedDateTime", EDU_DATETIME, EDU_READONLY, NULL },
    { "reassignedBy",         EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "reassignedDateTime",   EDU_DATETIME, EDU_READONLY, NULL },
    { "recipient",            EDU_COMPLEX,  EDU_REQUIRED,
      &submission_recipient },
    { "resourcesFolderUrl",   EDU_STRING,   EDU_READONLY, NULL },
    { "returnedBy",           EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "returnedDateTime",     EDU_DATETIME, EDU_READONLY, NULL },
    { "status",               EDU_ENUM,     EDU_READONLY, &submission_status },
    { "submittedBy",          EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "submittedDateTime",    EDU_DATETIME, EDU_READONLY, NULL },
    { "unsubmittedBy",        EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "unsubmittedDateTime",  EDU_DATETIME, EDU_READONLY, NULL },
    { "webUrl",               EDU_STRING,   0,            NULL }) };

const edu_type_t edu__submission_resource = {
    "educationSubmissionResource", &entity, 0, PROPS(
    { "assignmentResourceUrl", EDU_STRING,  0, NULL },
    { "resource",              EDU_COMPLEX, 0, &resource }) };

/* ---------------------------------------------------------------- versions */

static const edu_type_t publication = { "publicationFacet", NULL, 0, PROPS(
    { "level",     EDU_STRING, 0, NULL },
    { "versionId", EDU_STRING, 0, NULL }) };

/* Graph's general type for versions of things; the derived one is ours
 * (decisions.md 5). */
static const edu_type_t base_version = {
    "baseItemVersion", &entity, EDU_ABSTRACT, PROPS(
    { "lastModifiedBy",       EDU_COMPLEX,  EDU_READONLY, &identity_set },
    { "lastModifiedDateTime", EDU_DATETIME, EDU_READONLY, NULL },
    { "publication",          EDU_COMPLEX,  EDU_READONLY, &publication }) };

const edu_type_t edu__version = { "educationVersion", &base_version, 0, PROPS(
    { "action",        EDU_STRING,  EDU_READONLY, NULL },
    { "entity",        EDU_STRING,  EDU_READONLY, NULL },
    { "derived",       EDU_BOOL,    EDU_READONLY, NULL },
    { "classId",       EDU_STRING,  EDU_READONLY, NULL },
    { "assignmentId",  EDU_STRING,  EDU_READONLY, NULL },
    { "submissionId",  EDU_STRING,  EDU_READONLY, NULL },
    { "outcomeId",     EDU_STRING,  EDU_READONLY, NULL },
    { "memberId",      EDU_STRING,  EDU_READONLY, NULL },
    { "studentId",     EDU_STRING,  EDU_READONLY, NULL },
    { "requestId",     EDU_STRING,  EDU_READONLY, NULL },
    { "clientAddress", EDU_STRING,  EDU_READONLY, NULL },
    { "class",         EDU_COMPLEX, EDU_READONLY, &edu__class },
    { "member",        EDU_COMPLEX, EDU_READONLY, &edu__user },
    { "assignment",    EDU_COMPLEX, EDU_READONLY, &edu__assignment },
    { "submission",    EDU_COMPLEX, EDU_READONLY, &edu__submission },
    { "outcome",       EDU_COMPLEX, EDU_READONLY, &edu__outcome },
    { "previous",      EDU_COMPLEX, EDU_READONLY, &entity }) };

const edu_type_t *const edu__types[] = {
    &edu__outcome, &feedback_outcome, &points_outcome, &rubric_outcome,
    &feedback_resource_outcome, &entity, &identity, &identity_set, &item_body,
    &feedback, &grade, &points_grade, &quality_feedback, &selected_column,
    &resource, &word_resource, &excel_resource, &powerpoint_resource,
    &file_resource, &media_resource, &link_resource,
    &linked_assignment_resource, &channel_resource, &external_resource,
    &teams_app_resource, &speaker_progress_resource, &ai_audience, &ai_content,
    &ai_delivery, &ai_settings, &ai_criteria, &coach_audience, &coach_content,
    &coach_delivery, &coach_settings, &edu__class, &edu__user,
    &edu__assignment, &edu__submission, &grade_type, &points_grade_type,
    &rubric_criterion, &rubric_quality, &rubric_level, &rubric, &scheme_grade,
    &grading_scheme, &assignment_recipient, &class_recipient, &group_recipient,
    &individual_recipient, &submission_recipient, &submission_individual,
    &submission_group, &base_version, &edu__version, &publication, &edu__root,
    &edu__submission_resource, NULL
};
