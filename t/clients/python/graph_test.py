# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Microsoft's Python SDK for Graph against this server."""

import asyncio
import base64
import os
from datetime import datetime, timezone
from urllib.parse import urlsplit

from kiota_abstractions.authentication import (
    ApiKeyAuthenticationProvider, KeyLocation)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.education.classes.item.assignments.item.submissions. \
    submissions_request_builder import SubmissionsRequestBuilder
from msgraph.generated.models.education_assignment import EducationAssignment
from msgraph.generated.models.education_assignment_points_grade import (
    EducationAssignmentPointsGrade)
from msgraph.generated.models.education_assignment_points_grade_type import (
    EducationAssignmentPointsGradeType)
from msgraph.generated.models.education_feedback_outcome import (
    EducationFeedbackOutcome)
from msgraph.generated.models.education_feedback_resource_outcome import (
    EducationFeedbackResourceOutcome)
from msgraph.generated.models.education_link_resource import EducationLinkResource
from msgraph.generated.models.education_points_outcome import (
    EducationPointsOutcome)
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks.page_iterator import PageIterator
from tap import is_, run

BASE, CLASS = os.environ["EDU_BASE"], os.environ["EDU_CLASS"]


def connect(login):
    basic = "Basic " + base64.b64encode(login.encode()).decode()
    auth = ApiKeyAuthenticationProvider(
        KeyLocation.Header, basic, "Authorization", [urlsplit(BASE).hostname])
    adapter = GraphRequestAdapter(auth)
    adapter.base_url = f"{BASE}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def thrown(request):
    """What the request throws."""
    try:
        await request
    except ODataError as error:
        return error


def header(name, value):
    config = RequestConfiguration()
    config.headers.add(name, value)
    return config


def points(value):
    return EducationPointsOutcome(
        points=EducationAssignmentPointsGrade(points=value))


def the_points(outcomes):
    return next(each for each in outcomes if isinstance(
        each, EducationPointsOutcome))


async def assign(assignments):
    draft = await assignments.post(EducationAssignment(
        display_name="Essay",
        due_date_time=datetime(2099, 12, 18, 22, 59, 59, tzinfo=timezone.utc),
        grading=EducationAssignmentPointsGradeType(max_points=100)))
    is_(draft.status.value, "draft", "POST creates an assignment")
    given = await assignments.by_education_assignment_id(
        draft.id).publish.post()
    is_(given.status.value, "assigned", "publish gives it to the class")
    return draft.id


async def turn_in(teacher, assignment):
    parameters = SubmissionsRequestBuilder. \
        SubmissionsRequestBuilderGetQueryParameters(
            top=2, count=True, expand=["outcomes"])
    first = await assignment.submissions.get(
        RequestConfiguration(query_parameters=parameters))
    is_(len(first.value), 2, "$top is the size of a page")
    is_(first.odata_count, 5, "$count counts all pages")
    submissions = {}

    def take(each):
        submissions[each.recipient.user_id] = each
        return True  # go on

    await PageIterator(first, teacher.request_adapter).iterate(take)
    is_(sorted(submissions), ["ada", "ben", "cleo", "dan", "student"],
        "PageIterator reads all pages")
    is_(the_points(submissions["ada"].outcomes).points, None,
        "$expand has the outcomes")
    return submissions["student"].id


async def grade(submission):
    listed = await submission.outcomes.get()
    is_(sorted(type(each).__name__ for each in listed.value),
        ["EducationFeedbackOutcome", "EducationPointsOutcome"],
        "GET lists the outcomes, each of its type")
    outcome_id = the_points(listed.value).id
    one = submission.outcomes.by_education_outcome_id(outcome_id)
    read = await one.get()
    is_(read.points, None, "GET reads one, which is not graded")

    etag = read.additional_data["@odata.etag"]
    patched = await one.patch(points(85.0), header("If-Match", etag))
    is_(patched.points.points, 85.0, "PATCH with If-Match grades")
    is_(patched.last_modified_by.user.id, "teacher", "as the user who signed in")

    # Of two graders who read the same outcome, the second is told.
    lost = await thrown(one.patch(points(10.0), header("If-Match", etag)))
    is_((lost.response_status_code, lost.error.code),
        (412, "preconditionFailed"), "a lost race throws ODataError")
    is_((await one.get()).points.points, 85.0, "the first PATCH stays")
    return outcome_id


async def attach(submission):
    created = await submission.outcomes.post(EducationFeedbackResourceOutcome(
        feedback_resource=EducationLinkResource(
            display_name="How to cite", link="https://example.edu/cite")))
    is_(created.feedback_resource.link, "https://example.edu/cite",
        "POST creates an outcome")
    one = submission.outcomes.by_education_outcome_id(created.id)
    await one.delete()
    is_((await thrown(one.get())).error.code, "20241", "DELETE removes it")


async def batch(teacher, submission, one):
    steps = BatchRequestContent()
    none = submission.outcomes.by_education_outcome_id("none")
    for request in (one.to_get_request_information(),
                    one.to_patch_request_information(points(95.0)),
                    none.to_get_request_information()):
        steps.add_request(None, BatchRequestItem(request))
    answers = await teacher.batch.post(steps)
    status = answers.get_response_status_codes()
    is_([status[each] for each in steps.requests], [200, 200, 404],
        "$batch answers each of its requests")
    # This version of the SDK does not read the bodies of a $batch.
    is_((await one.get()).points.points, 95.0, "and does what they ask for")


async def give_back(submission, mine):
    async def status():
        config = header("Prefer", "include-unknown-enum-members")
        return (await submission.get(config)).status.value

    await mine.submit.post()
    is_(await status(), "submitted", "the student submits")
    await mine.unsubmit.post()
    is_(await status(), "working", "and takes it back")
    is_(the_points((await mine.outcomes.get()).value).points, None,
        "the student does not see a grade that is not returned")
    await submission.return_.post()
    is_(await status(), "returned", "the teacher returns")
    is_(the_points((await mine.outcomes.get()).value).published_points.points,
        95.0, "the student sees the grade")
    await submission.reassign.post()
    is_(await status(), "reassigned", "the teacher reassigns")
    await submission.excuse.post()
    is_(await status(), "excused", "the teacher excuses")


async def fail(assignments, student_assignments, ids):
    unknown = await thrown(
        assignments.by_education_assignment_id("none").get())
    is_((unknown.response_status_code, unknown.error.code),
        (404, "notFound"), "an unknown assignment throws 404")
    one = the_outcome(student_assignments, *ids)
    forbidden = await thrown(one.patch(points(100.0)))
    is_((forbidden.response_status_code, forbidden.error.code),
        (403, "forbidden"), "a student who grades throws 403")
    wrong = await thrown(the_outcome(assignments, *ids).patch(points(-1.0)))
    is_((wrong.response_status_code, wrong.error.code, wrong.error.target,
         wrong.error.inner_error.additional_data["code"]),
        (400, "badRequest", "points/points", "invalidGrading"),
        "negative points throw 400, with target and innerError")
    is_(len(wrong.error.inner_error.request_id), 36, "and the request-id")


def the_submission(assignments, assignment_id, submission_id):
    return assignments.by_education_assignment_id(assignment_id) \
        .submissions.by_education_submission_id(submission_id)


def the_outcome(assignments, assignment_id, submission_id, outcome_id):
    return the_submission(assignments, assignment_id, submission_id) \
        .outcomes.by_education_outcome_id(outcome_id)


async def tests():
    teacher, student = connect("teacher:demo"), connect("student:demo")
    assignments = teacher.education.classes.by_education_class_id(
        CLASS).assignments
    assignment_id = await assign(assignments)
    submission_id = await turn_in(
        teacher, assignments.by_education_assignment_id(assignment_id))
    ids = assignment_id, submission_id
    submission = the_submission(assignments, *ids)
    outcome_id = await grade(submission)
    await attach(submission)
    await batch(teacher, submission,
                submission.outcomes.by_education_outcome_id(outcome_id))
    await give_back(
        submission, the_submission(student.education.me.assignments, *ids))
    await fail(assignments, student.education.classes.by_education_class_id(
        CLASS).assignments, (*ids, outcome_id))


run(lambda: asyncio.run(tests()))
