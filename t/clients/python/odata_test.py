# Licensed under the Apache License, Version 2.0; see LICENSE.
"""python-odata, which takes all that it knows of a service from $metadata."""

import os

import requests
from odata import ODataService
from odata.exceptions import ODataError
from odata.flags import ODataServerFlags
from tap import is_, run

BASE, CLASS = os.environ["EDU_BASE"], os.environ["EDU_CLASS"]
SCHOOL = f"education/classes/{CLASS}"


def connect(user):
    session = requests.Session()
    session.auth = (user, "demo")
    return ODataService(
        f"{BASE}/v1.0", session=session, reflect_entities=True,
        quiet_progress=True,
        server_flags=ODataServerFlags(skip_null_properties=True))


def at(service, path, name):
    """The entity set at a path: those of $metadata are at the root."""
    return type(name, (service.types[f"microsoft.graph.{name}"],),
                {"__odata_collection__": path})


def act(service, entity, action):
    """Calls an action: python-odata finds no entity in what one returns."""
    return service.default_context.connection.execute_post(
        f"{entity.__odata__.instance_url}/microsoft.graph.{action}", {})


def refused(request):
    """What the server says to a request that it refuses."""
    try:
        request()
    except ODataError as error:
        return error


def reflect(service):
    outcome = service.types["microsoft.graph.educationOutcome"]
    points = service.types["microsoft.graph.educationPointsOutcome"]
    is_(issubclass(points, outcome), True, "types derive as $metadata says")
    is_(outcome.id.primary_key, True, "keys are keys")
    is_(points.points.is_collection, False, "properties have their types")
    is_(service.types["microsoft.graph.educationSubmission"]
        .outcomes.is_collection, True, "navigation leads on")


def assign(service, path):
    assignments = at(service, path, "educationAssignment")
    for name in ("Essay", "Poem", "Play"):
        draft = assignments()
        draft.displayName = name
        service.save(draft)
        is_(act(service, draft, "publish")["status"], "assigned",
            f"{name} is saved, and published")
    query = service.query(assignments)
    is_([each.displayName for each in query.filter(
            assignments.displayName.startswith("P"))
         .order_by(assignments.displayName.desc())],
        ["Poem", "Play"], "filter and order_by")
    is_(query.filter(assignments.displayName.lacks("P")).count(), 1, "count")
    is_([each["displayName"] for each in query.select(assignments.displayName)
         .order_by(assignments.displayName.asc()).offset(1).limit(1)],
        ["Play"], "select, offset and limit")
    essay = query.filter(assignments.displayName == "Essay").one()
    is_(essay.dueDateTime, None, "one reads an entity")
    return essay.id


def attach(service, path):
    links = at(service, path, "educationFeedbackResourceOutcome")
    link = links()
    link.feedbackResource = {
        "@odata.type": "#microsoft.graph.educationLinkResource",
        "displayName": "Model", "link": "https://example.org/model"}
    service.save(link)
    query = service.query(links).filter(links.id == link.id)
    is_(query.count(), 1, "an entity is added")
    service.delete(link)
    is_(query.count(), 0, "and deleted")


def grade(service, path):
    submissions = at(service, path, "educationSubmission")
    query = service.query(submissions)
    all_of = query.all()
    is_(len(all_of), 5, "all reads each submission")
    is_([len(each["outcomes"]) for each in query.raw(
            {"$expand": "outcomes", "$top": 2})], [1, 1], "raw takes any option")
    mine = f"{path}/{all_of[0].id}/outcomes"
    attach(service, mine)
    outcomes = at(service, mine, "educationFeedbackOutcome")
    feedback = service.query(outcomes).first()
    feedback.feedback = {"text": {"content": "Well done", "contentType": "text"}}
    service.save(feedback)
    again = service.query(outcomes).get(feedback.id)
    is_(again.feedback["text"]["content"], "Well done", "save and get")
    is_(service.query(outcomes).filter(
            "contains(feedback/text/content,'done')").count(), 1,
        "a filter on a nested property")
    again.feedback = {"text": {"content": 7}}
    error = refused(lambda: service.save(again))
    is_((error.status_code, error.code), ("HTTP 400", "badRequest"),
        "a mistake is an ODataError")
    is_(act(service, all_of[0], "return")["status"], "returned",
        "an action is called")


def tests():
    teacher = connect("teacher")
    reflect(teacher)
    essay = assign(teacher, f"{SCHOOL}/assignments")
    grade(teacher, f"{SCHOOL}/assignments/{essay}/submissions")


if __name__ == "__main__":
    run(tests)
