// Licensed under the Apache License, Version 2.0; see LICENSE.

import com.microsoft.graph.core.content.BatchRequestContent;
import com.microsoft.graph.core.requests.BaseGraphRequestAdapter;
import com.microsoft.graph.core.tasks.PageIterator;
import com.microsoft.graph.education.classes.item.assignments.AssignmentsRequestBuilder;
import com.microsoft.graph.education.classes.item.assignments.item.submissions.item.EducationSubmissionItemRequestBuilder;
import com.microsoft.graph.education.classes.item.assignments.item.submissions.item.outcomes.item.EducationOutcomeItemRequestBuilder;
import com.microsoft.graph.models.EducationAssignment;
import com.microsoft.graph.models.EducationAssignmentPointsGrade;
import com.microsoft.graph.models.EducationAssignmentPointsGradeType;
import com.microsoft.graph.models.EducationAssignmentStatus;
import com.microsoft.graph.models.EducationFeedbackResourceOutcome;
import com.microsoft.graph.models.EducationLinkResource;
import com.microsoft.graph.models.EducationOutcome;
import com.microsoft.graph.models.EducationPointsOutcome;
import com.microsoft.graph.models.EducationSubmission;
import com.microsoft.graph.models.EducationSubmissionCollectionResponse;
import com.microsoft.graph.models.EducationSubmissionIndividualRecipient;
import com.microsoft.graph.models.EducationSubmissionStatus;
import com.microsoft.graph.models.odataerrors.ODataError;
import com.microsoft.graph.serviceclient.GraphServiceClient;
import com.microsoft.kiota.authentication.BasicAccessAuthenticationProvider;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Microsoft's Java SDK for Graph against this server. */
final class GraphTest {
    private final String myClass = System.getenv("EDU_CLASS");
    private final GraphServiceClient teacher = connect("teacher");
    private final GraphServiceClient student = connect("student");
    private String assignment;
    private String submission;
    private String outcome;

    private static GraphServiceClient connect(String user) {
        var auth = new BasicAccessAuthenticationProvider(user, "demo");
        return new GraphServiceClient(new BaseGraphRequestAdapter(
            auth, System.getenv("EDU_BASE") + "/v1.0"));
    }

    private AssignmentsRequestBuilder assignments(GraphServiceClient client) {
        return client.education().classes().byEducationClassId(myClass)
            .assignments();
    }

    private EducationSubmissionItemRequestBuilder submission() {
        return assignments(teacher).byEducationAssignmentId(assignment)
            .submissions().byEducationSubmissionId(submission);
    }

    private EducationOutcomeItemRequestBuilder outcome() {
        return submission().outcomes().byEducationOutcomeId(outcome);
    }

    private static ODataError thrown(Runnable request) {
        try {
            request.run();
        } catch (ODataError error) {
            return error;
        }
        return null;
    }

    private static EducationPointsOutcome points(float value) {
        var grade = new EducationAssignmentPointsGrade();
        grade.setPoints(value);
        var points = new EducationPointsOutcome();
        points.setPoints(grade);
        return points;
    }

    private static EducationPointsOutcome thePoints(List<EducationOutcome> all) {
        return (EducationPointsOutcome) all.stream()
            .filter(each -> each instanceof EducationPointsOutcome)
            .findFirst().orElseThrow();
    }

    private void assign() {
        var grading = new EducationAssignmentPointsGradeType();
        grading.setMaxPoints(100f);
        var essay = new EducationAssignment();
        essay.setDisplayName("Essay");
        essay.setDueDateTime(OffsetDateTime.parse("2099-12-18T22:59:59Z"));
        essay.setGrading(grading);
        var draft = assignments(teacher).post(essay);
        Tap.is(draft.getStatus(), EducationAssignmentStatus.Draft,
            "POST creates an assignment");
        assignment = draft.getId();
        var given = assignments(teacher).byEducationAssignmentId(assignment)
            .publish().post();
        Tap.is(given.getStatus(), EducationAssignmentStatus.Assigned,
            "publish gives it to the class");
    }

    private void turnIn() throws Exception {
        var first = assignments(teacher).byEducationAssignmentId(assignment)
            .submissions().get(config -> {
                config.queryParameters.top = 2;
                config.queryParameters.count = true;
                config.queryParameters.expand = new String[] {"outcomes"};
            });
        Tap.is(first.getValue().size(), 2, "$top is the size of a page");
        Tap.is(first.getOdataCount(), 5L, "$count counts all pages");
        var all = new TreeMap<String, EducationSubmission>();
        new PageIterator.Builder<EducationSubmission,
                                 EducationSubmissionCollectionResponse>()
            .client(teacher)
            .collectionPage(first)
            .collectionPageFactory(EducationSubmissionCollectionResponse
                ::createFromDiscriminatorValue)
            .processPageItemCallback(each -> {
                var recipient =
                    (EducationSubmissionIndividualRecipient) each.getRecipient();
                all.put(recipient.getUserId(), each);
                return true; // go on
            })
            .build().iterate();
        Tap.is(List.copyOf(all.keySet()),
            List.of("ada", "ben", "cleo", "dan", "student"),
            "PageIterator reads all pages");
        Tap.is(thePoints(all.get("ada").getOutcomes()).getPoints(), null,
            "$expand has the outcomes");
        submission = all.get("student").getId();
    }

    private void grade() {
        var listed = submission().outcomes().get().getValue();
        Tap.is(listed.stream().map(each -> each.getClass().getSimpleName())
            .sorted().toList(),
            List.of("EducationFeedbackOutcome", "EducationPointsOutcome"),
            "GET lists the outcomes, each of its class");
        outcome = thePoints(listed).getId();
        var read = (EducationPointsOutcome) outcome().get();
        Tap.is(read.getPoints(), null, "GET reads one, which is not graded");

        var etag = (String) read.getAdditionalData().get("@odata.etag");
        var patched = (EducationPointsOutcome) outcome().patch(points(85),
            config -> config.headers.add("If-Match", etag));
        Tap.is(patched.getPoints().getPoints(), 85f, "PATCH with If-Match grades");
        Tap.is(patched.getLastModifiedBy().getUser().getId(), "teacher",
            "as the user who signed in");

        // Of two graders who read the same outcome, the second is told.
        var lost = thrown(() -> outcome().patch(points(10),
            config -> config.headers.add("If-Match", etag)));
        Tap.is(lost.getResponseStatusCode(), 412, "a lost race throws ODataError");
        Tap.is(lost.getError().getCode(), "preconditionFailed", "with its code");
        Tap.is(((EducationPointsOutcome) outcome().get()).getPoints().getPoints(),
            85f, "the first PATCH stays");
    }

    private void attach() {
        var link = new EducationLinkResource();
        link.setDisplayName("How to cite");
        link.setLink("https://example.edu/cite");
        var attached = new EducationFeedbackResourceOutcome();
        attached.setFeedbackResource(link);
        var outcomes = submission().outcomes();
        var created = (EducationFeedbackResourceOutcome) outcomes.post(attached);
        Tap.is(((EducationLinkResource) created.getFeedbackResource()).getLink(),
            "https://example.edu/cite", "POST creates an outcome");
        var one = outcomes.byEducationOutcomeId(created.getId());
        one.delete();
        Tap.is(thrown(one::get).getError().getCode(), "20241", "DELETE removes it");
    }

    private void batch() throws Exception {
        var steps = new BatchRequestContent(teacher);
        var read = steps.addBatchRequestStep(outcome().toGetRequestInformation());
        var patch = steps.addBatchRequestStep(
            outcome().toPatchRequestInformation(points(95)));
        var none = steps.addBatchRequestStep(submission().outcomes()
            .byEducationOutcomeId("none").toGetRequestInformation());
        steps.getBatchRequestSteps().get(patch).addDependsOnId(read);
        var answers = teacher.getBatchRequestBuilder().post(steps, null);
        Tap.is(answers.getResponsesStatusCode(),
            Map.of(read, 200, patch, 200, none, 404),
            "$batch answers each of its requests");
        var patched = answers.getResponseById(patch,
            EducationPointsOutcome::createFromDiscriminatorValue);
        Tap.is(patched.getPoints().getPoints(), 95f, "with its body");
    }

    private EducationSubmissionStatus status() {
        return submission().get(config -> config.headers.add(
            "Prefer", "include-unknown-enum-members")).getStatus();
    }

    private void giveBack() {
        var mine = student.education().me().assignments()
            .byEducationAssignmentId(assignment)
            .submissions().byEducationSubmissionId(submission);
        mine.submit().post();
        Tap.is(status(), EducationSubmissionStatus.Submitted,
            "the student submits");
        mine.unsubmit().post();
        Tap.is(status(), EducationSubmissionStatus.Working, "and takes it back");
        Tap.is(thePoints(mine.outcomes().get().getValue()).getPoints(), null,
            "the student does not see a grade that is not returned");
        submission().returnEscaped().post();
        Tap.is(status(), EducationSubmissionStatus.Returned,
            "the teacher returns");
        Tap.is(thePoints(mine.outcomes().get().getValue()).getPublishedPoints()
            .getPoints(), 95f, "the student sees the grade");
        submission().reassign().post();
        Tap.is(status(), EducationSubmissionStatus.Reassigned,
            "the teacher reassigns");
        submission().excuse().post();
        Tap.is(status(), EducationSubmissionStatus.Excused,
            "the teacher excuses");
    }

    private void fail() {
        var unknown = thrown(() -> assignments(teacher)
            .byEducationAssignmentId("none").get());
        Tap.is(unknown.getResponseStatusCode() + unknown.getError().getCode(),
            "404notFound", "an unknown assignment throws 404");
        var forbidden = thrown(() -> assignments(student)
            .byEducationAssignmentId(assignment)
            .submissions().byEducationSubmissionId(submission)
            .outcomes().byEducationOutcomeId(outcome).patch(points(100)));
        Tap.is(forbidden.getResponseStatusCode() + forbidden.getError().getCode(),
            "403forbidden", "a student who grades throws 403");
        var wrong = thrown(() -> outcome().patch(points(-1))).getError();
        Tap.is(wrong.getTarget(), "points/points",
            "negative points throw an error with their target");
        Tap.is(wrong.getInnerError().getAdditionalData().get("code"),
            "invalidGrading", "with innerError");
        Tap.is(wrong.getInnerError().getRequestId().length(), 36,
            "and the request-id");
    }

    private void run() throws Exception {
        assign();
        turnIn();
        grade();
        attach();
        batch();
        giveBack();
        fail();
    }

    public static void main(String[] args) {
        Tap.run(() -> new GraphTest().run());
    }
}
