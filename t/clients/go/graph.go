// Licensed under the Apache License, Version 2.0; see LICENSE.

// Microsoft's Go SDK for Graph against this server.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"slices"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoft/kiota-abstractions-go/store"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/education"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// Shorter names for what the SDK generates.
type (
	submissionBuilder = education.ClassesItemAssignmentsItemSubmissionsEducationSubmissionItemRequestBuilder
	outcomeBuilder    = education.ClassesItemAssignmentsItemSubmissionsItemOutcomesEducationOutcomeItemRequestBuilder
	patchOutcome      = education.ClassesItemAssignmentsItemSubmissionsItemOutcomesEducationOutcomeItemRequestBuilderPatchRequestConfiguration
	getSubmission     = education.ClassesItemAssignmentsItemSubmissionsEducationSubmissionItemRequestBuilderGetRequestConfiguration
	getSubmissions    = education.ClassesItemAssignmentsItemSubmissionsRequestBuilderGetRequestConfiguration
	querySubmissions  = education.ClassesItemAssignmentsItemSubmissionsRequestBuilderGetQueryParameters
)

var (
	ctx     = context.Background()
	base    = os.Getenv("EDU_BASE")
	myClass = os.Getenv("EDU_CLASS")
)

// What NewGraphServiceClient(adapter).Education() is, without the rest of the SDK,
// which takes as long again to compile.
func connect(login string) *education.EducationRequestBuilder {
	server := must(url.Parse(base))
	auth := must(authentication.NewApiKeyAuthenticationProviderWithValidHosts(
		"Basic "+base64.StdEncoding.EncodeToString([]byte(login)),
		"Authorization", authentication.HEADER_KEYLOCATION,
		[]string{server.Hostname()}))
	adapter := must(core.NewGraphRequestAdapterBase(auth, core.GraphClientOptions{}))
	abstractions.RegisterDefaultSerializer(
		func() serialization.SerializationWriterFactory {
			return jsonserialization.NewJsonSerializationWriterFactory()
		})
	abstractions.RegisterDefaultDeserializer(
		func() serialization.ParseNodeFactory {
			return jsonserialization.NewJsonParseNodeFactory()
		})
	adapter.SetBaseUrl(base + "/v1.0")
	adapter.EnableBackingStore(store.BackingStoreFactoryInstance)
	return education.NewEducationRequestBuilderInternal(nil, adapter)
}

// thrown is the SDK's error, if err is one.
func thrown[T any](_ T, err error) (int, odataerrors.MainErrorable) {
	var failure *odataerrors.ODataError
	if errors.As(err, &failure) {
		return failure.ResponseStatusCode, failure.GetErrorEscaped()
	}
	panic(err)
}

// isThrown checks a status and a code.
func isThrown(status int, failure odataerrors.MainErrorable, wanted int,
	code, what string) {
	is([]any{status, *failure.GetCode()}, []any{wanted, code}, what)
}

func header(name, value string) *abstractions.RequestHeaders {
	headers := abstractions.NewRequestHeaders()
	headers.Add(name, value)
	return headers
}

func pointer[T any](value T) *T { return &value }

func points(value float32) models.EducationOutcomeable {
	grade := models.NewEducationAssignmentPointsGrade()
	grade.SetPoints(&value)
	outcome := models.NewEducationPointsOutcome()
	outcome.SetPoints(grade)
	return outcome
}

func asPoints(outcome models.EducationOutcomeable) models.EducationPointsOutcomeable {
	return outcome.(models.EducationPointsOutcomeable)
}

func thePoints(all []models.EducationOutcomeable) models.EducationPointsOutcomeable {
	return asPoints(all[slices.IndexFunc(all, func(each models.EducationOutcomeable) bool {
		_, is := each.(models.EducationPointsOutcomeable)
		return is
	})])
}

func submissionOf(client *education.EducationRequestBuilder, assignment,
	submission string) *submissionBuilder {
	return client.Classes().ByEducationClassId(myClass).Assignments().
		ByEducationAssignmentId(assignment).Submissions().
		ByEducationSubmissionId(submission)
}

func assign(teacher *education.EducationRequestBuilder) string {
	grading := models.NewEducationAssignmentPointsGradeType()
	grading.SetMaxPoints(pointer(float32(100)))
	essay := models.NewEducationAssignment()
	essay.SetDisplayName(pointer("Essay"))
	essay.SetDueDateTime(pointer(time.Date(2099, 12, 18, 22, 59, 59, 0, time.UTC)))
	essay.SetGrading(grading)
	assignments := teacher.Classes().ByEducationClassId(myClass).Assignments()
	draft := must(assignments.Post(ctx, essay, nil))
	is(draft.GetStatus().String(), "draft", "POST creates an assignment")
	given := must(assignments.ByEducationAssignmentId(*draft.GetId()).Publish().
		Post(ctx, nil))
	is(given.GetStatus().String(), "assigned", "publish gives it to the class")
	return *draft.GetId()
}

func turnIn(teacher *education.EducationRequestBuilder, assignment string) string {
	first := must(teacher.Classes().ByEducationClassId(myClass).Assignments().
		ByEducationAssignmentId(assignment).Submissions().Get(ctx,
		&getSubmissions{QueryParameters: &querySubmissions{
			Top: pointer(int32(2)), Count: pointer(true),
			Expand: []string{"outcomes"}}}))
	is(len(first.GetValue()), 2, "$top is the size of a page")
	is(*first.GetOdataCount(), int64(5), "$count counts all pages")
	var students []string
	var mine string
	pages := must(core.NewPageIterator[models.EducationSubmissionable](
		first, teacher.RequestAdapter,
		models.CreateEducationSubmissionCollectionResponseFromDiscriminatorValue))
	done(pages.Iterate(ctx, func(each models.EducationSubmissionable) bool {
		student := *each.GetRecipient().(models.EducationSubmissionIndividualRecipientable).GetUserId()
		students = append(students, student)
		if student == "student" {
			mine = *each.GetId()
		}
		return true // go on
	}))
	slices.Sort(students)
	is(students, []string{"ada", "ben", "cleo", "dan", "student"},
		"PageIterator reads all pages")
	is(thePoints(first.GetValue()[0].GetOutcomes()).GetPoints(), nil,
		"$expand has the outcomes")
	return mine
}

func grade(submission *submissionBuilder) *outcomeBuilder {
	listed := must(submission.Outcomes().Get(ctx, nil)).GetValue()
	is(len(listed), 2, "GET lists the outcomes")
	outcome := submission.Outcomes().ByEducationOutcomeId(*thePoints(listed).GetId())
	read := must(outcome.Get(ctx, nil))
	is(asPoints(read).GetPoints(), nil, "GET reads one, which is not graded")

	etag := *read.GetAdditionalData()["@odata.etag"].(*string)
	patched := must(outcome.Patch(ctx, points(85),
		&patchOutcome{Headers: header("If-Match", etag)}))
	is(*asPoints(patched).GetPoints().GetPoints(), float32(85),
		"PATCH with If-Match grades")
	is(*patched.GetLastModifiedBy().GetUser().GetId(), "teacher",
		"as the user who signed in")

	// Of two graders who read the same outcome, the second is told.
	status, lost := thrown(outcome.Patch(ctx, points(10),
		&patchOutcome{Headers: header("If-Match", etag)}))
	isThrown(status, lost, 412, "preconditionFailed",
		"a lost race is an ODataError")
	is(*asPoints(must(outcome.Get(ctx, nil))).GetPoints().GetPoints(),
		float32(85), "the first PATCH stays")
	return outcome
}

func attach(submission *submissionBuilder) {
	link := models.NewEducationLinkResource()
	link.SetDisplayName(pointer("How to cite"))
	link.SetLink(pointer("https://example.edu/cite"))
	resource := models.NewEducationFeedbackResourceOutcome()
	resource.SetFeedbackResource(link)
	created := must(submission.Outcomes().Post(ctx, resource, nil)).(models.EducationFeedbackResourceOutcomeable)
	is(*created.GetFeedbackResource().(models.EducationLinkResourceable).GetLink(),
		"https://example.edu/cite", "POST creates an outcome")
	one := submission.Outcomes().ByEducationOutcomeId(*created.GetId())
	done(one.Delete(ctx, nil))
	status, gone := thrown(one.Get(ctx, nil))
	isThrown(status, gone, 404, "20241", "DELETE removes it")
}

func batch(submission *submissionBuilder, outcome *outcomeBuilder) {
	steps := core.NewBatchRequest(outcome.RequestAdapter)
	none := submission.Outcomes().ByEducationOutcomeId("none")
	read := must(steps.AddBatchRequestStep(
		*must(outcome.ToGetRequestInformation(ctx, nil))))
	patch := must(steps.AddBatchRequestStep(
		*must(outcome.ToPatchRequestInformation(ctx, points(95), nil))))
	missing := must(steps.AddBatchRequestStep(
		*must(none.ToGetRequestInformation(ctx, nil))))
	patch.DependsOnItem(read)
	answers := must(steps.Send(ctx, outcome.RequestAdapter))
	is(answers.GetStatusCodes(), map[string]int32{
		*read.GetId(): 200, *patch.GetId(): 200, *missing.GetId(): 404},
		"$batch answers each of its requests")
	patched := must(core.GetBatchResponseById[models.EducationPointsOutcomeable](
		answers, *patch.GetId(),
		models.CreateEducationOutcomeFromDiscriminatorValue))
	is(*patched.GetPoints().GetPoints(), float32(95), "with its body")
}

func giveBack(student *education.EducationRequestBuilder, assignment string,
	submission *submissionBuilder, id string) {
	mine := student.Me().Assignments().ByEducationAssignmentId(assignment).
		Submissions().ByEducationSubmissionId(id)
	status := func(wanted, what string) {
		read := must(submission.Get(ctx, &getSubmission{
			Headers: header("Prefer", "include-unknown-enum-members")}))
		is(read.GetStatus().String(), wanted, what)
	}
	seen := func() models.EducationPointsOutcomeable {
		return thePoints(must(mine.Outcomes().Get(ctx, nil)).GetValue())
	}
	must(mine.Submit().Post(ctx, nil))
	status("submitted", "the student submits")
	must(mine.Unsubmit().Post(ctx, nil))
	status("working", "and takes it back")
	is(seen().GetPoints(), nil,
		"the student does not see a grade that is not returned")
	must(submission.ReturnEscaped().Post(ctx, nil))
	status("returned", "the teacher returns")
	is(*seen().GetPublishedPoints().GetPoints(), float32(95),
		"the student sees the grade")
	must(submission.Reassign().Post(ctx, nil))
	status("reassigned", "the teacher reassigns")
	must(submission.Excuse().Post(ctx, nil))
	status("excused", "the teacher excuses")
}

func fail(teacher, student *education.EducationRequestBuilder, assignment,
	submission string, outcome *outcomeBuilder, id string) {
	status, unknown := thrown(teacher.Classes().ByEducationClassId(myClass).
		Assignments().ByEducationAssignmentId("none").Get(ctx, nil))
	isThrown(status, unknown, 404, "notFound",
		"an unknown assignment is an error of 404")
	status, forbidden := thrown(submissionOf(student, assignment, submission).
		Outcomes().ByEducationOutcomeId(id).Patch(ctx, points(100), nil))
	isThrown(status, forbidden, 403, "forbidden",
		"a student who grades gets an error of 403")
	status, wrong := thrown(outcome.Patch(ctx, points(-1), nil))
	isThrown(status, wrong, 400, "badRequest", "negative points are an error of 400")
	is(*wrong.GetTarget(), "points/points", "with target")
	inner := wrong.GetInnerError()
	is(*inner.GetAdditionalData()["code"].(*string), "invalidGrading",
		"with innerError")
	is(len(*inner.GetRequestId()), 36, "and with the request-id")
}

func main() {
	run(func() {
		teacher, student := connect("teacher:demo"), connect("student:demo")
		assignment := assign(teacher)
		id := turnIn(teacher, assignment)
		submission := submissionOf(teacher, assignment, id)
		outcome := grade(submission)
		attach(submission)
		batch(submission, outcome)
		giveBack(student, assignment, submission, id)
		fail(teacher, student, assignment, id, outcome,
			*must(outcome.Get(ctx, nil)).GetId())
	})
}
