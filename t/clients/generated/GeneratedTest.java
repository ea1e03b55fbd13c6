// Licensed under the Apache License, Version 2.0; see LICENSE.

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AssignmentsApi;
import org.openapitools.client.api.AssignmentsApi.*;
import org.openapitools.client.api.OutcomesApi;
import org.openapitools.client.api.OutcomesApi.*;
import org.openapitools.client.api.SubmissionsApi;
import org.openapitools.client.api.SubmissionsApi.*;
import org.openapitools.client.model.*;

/** A client that openapi-generator makes of openapi.json grades a submission. */
final class GeneratedTest {
    private final String myClass = System.getenv("EDU_CLASS");
    private final ApiClient teacher = connect("teacher:demo");
    private final ApiClient student = connect("student:demo");
    private String assignment;
    private String submission;

    private static ApiClient connect(String login) {
        var client = new ApiClient();
        var basic = "Basic " + Base64.getEncoder().encodeToString(
            login.getBytes(UTF_8));
        client.setRequestInterceptor(
            request -> request.header("Authorization", basic));
        return client;
    }

    private static MicrosoftGraphEducationOutcomeAny points(float value) {
        return new MicrosoftGraphEducationOutcomeAny(
            new MicrosoftGraphEducationPointsOutcome().points(
                new MicrosoftGraphEducationAssignmentPointsGrade().points(value)));
    }

    /** The one outcome that is of points. */
    private static MicrosoftGraphEducationPointsOutcome thePoints(
        MicrosoftGraphEducationOutcomeCollectionResponse list) {
        return list.getValue().stream()
            .map(MicrosoftGraphEducationOutcomeAny::getActualInstance)
            .filter(MicrosoftGraphEducationPointsOutcome.class::isInstance)
            .map(MicrosoftGraphEducationPointsOutcome.class::cast)
            .findFirst().orElseThrow();
    }

    private void assign() throws ApiException {
        var api = new AssignmentsApi(teacher);
        var created = api.educationClassesAssignmentsCreate(
            APIEducationClassesAssignmentsCreateRequest.newBuilder()
                .propertyClass(myClass)
                .microsoftGraphEducationAssignment(
                    new MicrosoftGraphEducationAssignment().displayName("Essay")
                        .grading(new MicrosoftGraphEducationAssignmentPointsGradeType()
                            .maxPoints(100f)))
                .build());
        assignment = created.getId();
        var given = api.educationClassesAssignmentsPublishCall(
            APIEducationClassesAssignmentsPublishCallRequest.newBuilder()
                .propertyClass(myClass).assignment(assignment).build());
        Tap.is(String.valueOf(given.getStatus()), "assigned",
               "it creates an assignment and publishes it");
    }

    private void turnIn() throws ApiException {
        var listed = new SubmissionsApi(teacher).educationClassesAssignmentsSubmissionsList(
            APIEducationClassesAssignmentsSubmissionsListRequest.newBuilder()
                .propertyClass(myClass).assignment(assignment)
                .$filter("status eq 'working'").$count(true).build());
        Tap.is(listed.getAtOdataCount(), 5, "it filters and counts");
        submission = listed.getValue().stream()
            .filter(each -> "student".equals(each.getRecipient().getUserId()))
            .findFirst().orElseThrow().getId();
    }

    private MicrosoftGraphEducationOutcomeAny patch(String id, float value, String etag)
        throws ApiException {
        return new OutcomesApi(teacher)
            .educationClassesAssignmentsSubmissionsOutcomesUpdate(
                APIEducationClassesAssignmentsSubmissionsOutcomesUpdateRequest
                    .newBuilder().propertyClass(myClass).assignment(assignment)
                    .submission(submission).outcome(id).ifMatch(etag)
                    .microsoftGraphEducationOutcomeAny(points(value)).build());
    }

    private void grade() throws ApiException {
        var listed = new OutcomesApi(teacher)
            .educationClassesAssignmentsSubmissionsOutcomesList(
                APIEducationClassesAssignmentsSubmissionsOutcomesListRequest
                    .newBuilder().propertyClass(myClass).assignment(assignment)
                    .submission(submission).build());
        var read = thePoints(listed);
        Tap.is(read.getPoints(), null, "it lists outcomes, each of its type");
        var etag = read.getAtOdataEtag();
        var patched = patch(read.getId(), 85, etag)
            .getMicrosoftGraphEducationPointsOutcome();
        Tap.is(patched.getPoints().getPoints(), 85f, "it patches with If-Match");
        Tap.is(patched.getLastModifiedBy().getUser().getId(), "teacher",
               "as the user who signed in");
        try {
            patch(read.getId(), 10, etag);
            Tap.is("no exception", "412", "a lost race is an exception");
        } catch (ApiException lost) {
            Tap.is(lost.getCode(), 412, "a lost race is an exception");
            Tap.is(lost.getResponseBody().contains("preconditionFailed"), true,
                   "that has the error");
        }
    }

    private MicrosoftGraphEducationPointsOutcome seen() throws ApiException {
        return thePoints(new OutcomesApi(student)
            .educationMeAssignmentsSubmissionsOutcomesList(
                APIEducationMeAssignmentsSubmissionsOutcomesListRequest
                    .newBuilder().assignment(assignment).submission(submission)
                    .build()));
    }

    private void giveBack() throws ApiException {
        Tap.is(seen().getPoints(), null,
               "the student does not see a grade that is not returned");
        var returned = new SubmissionsApi(teacher)
            .educationClassesAssignmentsSubmissionsReturnCall(
                APIEducationClassesAssignmentsSubmissionsReturnCallRequest
                    .newBuilder().propertyClass(myClass).assignment(assignment)
                    .submission(submission).build());
        Tap.is(String.valueOf(returned.getStatus()), "returned", "it returns");
        Tap.is(seen().getPublishedPoints().getPoints(), 85f,
               "the student sees the grade");
    }

    private void tests() throws ApiException {
        assign();
        turnIn();
        grade();
        giveBack();
    }

    public static void main(String[] args) {
        Tap.run(new GeneratedTest()::tests);
    }
}
