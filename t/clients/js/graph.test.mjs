// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Microsoft's JavaScript SDK for Graph against this server.

import {
    BatchRequestContent, BatchResponseContent, Client, GraphError,
    HTTPMessageHandler, PageIterator, RetryHandler, TelemetryHandler,
} from "@microsoft/microsoft-graph-client";
import { is, run } from "./tap.mjs";

const { EDU_BASE: base, EDU_CLASS: myClass } = process.env;

// --------------------------------------------------------------------- client

// The SDK's own AuthenticationHandler sends Bearer only, and this stands in its
// place.  Where Apache takes tokens, pass authProvider and no middleware.
class BasicHandler {
    constructor(login) {
        this.authorization = "Basic " + Buffer.from(login).toString("base64");
    }

    async execute(context) {
        context.options.headers.Authorization = this.authorization;
        await this.next.execute(context);
    }

    setNext(next) {
        this.next = next;
    }
}

const connect = (login) => Client.initWithMiddleware({
    baseUrl: base, // such as https://localhost:8080, without /v1.0
    // Without the port.  To these hosts, and by https only, the SDK sends its
    // client-request-id, and its token if it has one.
    customHosts: new Set([new URL(base).hostname]),
    middleware: [
        new BasicHandler(login), new RetryHandler(), new TelemetryHandler(),
        new HTTPMessageHandler(),
    ],
});

const teacher = connect("teacher:demo");
const student = connect("student:demo");

// What the request throws.
const thrown = async (request) => {
    try {
        await request;
    } catch (error) {
        return error;
    }
};

const assignments = `/education/classes/${myClass}/assignments`;

// ----------------------------------------------------------------- assignment

async function assign() {
    const draft = await teacher.api(assignments).post({
        displayName: "Essay",
        dueDateTime: "2099-12-18T22:59:59Z",
        grading: {
            "@odata.type": "#microsoft.graph.educationAssignmentPointsGradeType",
            maxPoints: 100,
        },
    });
    is(draft.status, "draft", "POST creates an assignment");
    await teacher.api(`${assignments}/${draft.id}/publish`).post({});
    const assignment = await teacher.api(`${assignments}/${draft.id}`).get();
    is(assignment.status, "assigned", "publish gives it to the class");
    return `${assignments}/${draft.id}`;
}

// ----------------------------------------------------------------------- page

// All submissions, by the student's id.
async function turnIn(assignment) {
    const first = await teacher.api(`${assignment}/submissions`)
        .top(2).count().expand("outcomes").get();
    is(first.value.length, 2, "$top is the size of a page");
    is(first["@odata.count"], 5, "$count counts all pages");
    const submissions = new Map();
    await new PageIterator(teacher, first, (each) => {
        submissions.set(each.recipient.userId, each);
        return true; // go on
    }).iterate();
    is([...submissions.keys()].sort(), ["ada", "ben", "cleo", "dan", "student"],
       "PageIterator reads all pages");
    return submissions;
}

// ---------------------------------------------------------------------- patch

async function grade(submission) {
    const outcomes = `${submission}/outcomes`;
    const { value } = await teacher.api(outcomes).get();
    is(value.map((each) => each["@odata.type"]).sort(),
       ["#microsoft.graph.educationFeedbackOutcome",
        "#microsoft.graph.educationPointsOutcome"],
       "GET lists the outcomes");
    const { id } = value.find((each) => "points" in each);
    const one = `${outcomes}/${id}`;
    const read = await teacher.api(one).get();
    is(read.points, null, "GET reads one, which is not graded");

    const patched = await teacher.api(one)
        .header("If-Match", read["@odata.etag"])
        .patch({ points: { points: 85 } });
    is(patched.points.points, 85, "PATCH with If-Match grades");
    is(patched.lastModifiedBy.user.id, "teacher", "as the user who signed in");

    // Of two graders who read the same outcome, the second is told.
    const lost = await thrown(teacher.api(one)
        .header("If-Match", read["@odata.etag"])
        .patch({ points: { points: 10 } }));
    is(lost instanceof GraphError, true, "a lost race throws GraphError");
    is([lost.statusCode, lost.code], [412, "preconditionFailed"],
       "with its status and code");
    is((await teacher.api(one).get()).points.points, 85,
       "the first PATCH stays");
    return one;
}

// --------------------------------------------------------------------- create

async function attach(submission) {
    const outcomes = `${submission}/outcomes`;
    const created = await teacher.api(outcomes).post({
        "@odata.type": "#microsoft.graph.educationFeedbackResourceOutcome",
        feedbackResource: {
            "@odata.type": "#microsoft.graph.educationLinkResource",
            displayName: "How to cite",
            link: "https://example.edu/cite",
        },
    });
    is(created.feedbackResource.displayName, "How to cite",
       "POST creates an outcome");
    await teacher.api(`${outcomes}/${created.id}`).delete();
    is((await thrown(teacher.api(`${outcomes}/${created.id}`).get())).code,
       "20241", "DELETE removes it");
}

// ---------------------------------------------------------------------- batch

async function batch(submission, one) {
    // Node wants the whole URL of a Request; the SDK takes the host off again.
    const request = (method, path, body) => new Request(`${base}/v1.0${path}`, {
        method,
        headers: body && { "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
    });
    const steps = new BatchRequestContent([
        { id: "1", request: request("GET", one) },
        { id: "2", request: request("PATCH", one, { points: { points: 95 } }) },
        { id: "3", request: request("GET", `${submission}/outcomes/none`) },
        { id: "4", request: request("GET", one) },
    ]);
    for (const id of ["2", "3", "4"]) {
        steps.addDependency(id); // on the one before
    }
    const answers = new BatchResponseContent(
        await teacher.api("/$batch").post(await steps.getContent()));
    const answer = (id) => answers.getResponseById(id);
    is(["1", "2", "3", "4"].map((id) => answer(id).status),
       [200, 200, 404, 424], "$batch answers each of its requests");
    is((await answer("2").json()).points.points, 95, "with its body");
    is((await answer("3").json()).error.code, "20241", "or its error");
}

// -------------------------------------------------------------------- actions

async function giveBack(assignment, submission, one) {
    const mine = submission.replace(/classes\/\w+/, "me");
    const status = async () => (await teacher.api(submission)
        .header("Prefer", "include-unknown-enum-members").get()).status;
    const act = async (client, path, action) => {
        await client.api(`${path}/${action}`).post({});
        return status();
    };
    is(await act(student, mine, "submit"), "submitted",
       "the student submits");
    is(await act(student, mine, "unsubmit"), "working", "and takes it back");
    is((await student.api(`${mine}/outcomes`).get()).value
        .find((each) => "points" in each).points, null,
       "the student does not see a grade that is not returned");
    is(await act(teacher, submission, "return"), "returned",
       "the teacher returns");
    is((await student.api(`${mine}/outcomes`).get()).value
        .find((each) => "points" in each).publishedPoints.points, 95,
       "the student sees the grade");
    is(await act(teacher, submission, "reassign"), "reassigned",
       "the teacher reassigns");
    is(await act(teacher, submission, "excuse"), "excused",
       "the teacher excuses");
}

// --------------------------------------------------------------------- errors

async function fail(submission, one) {
    const unknown = await thrown(teacher.api(`${assignments}/none`).get());
    is([unknown.statusCode, unknown.code], [404, "notFound"],
       "an unknown assignment throws 404");
    const forbidden = await thrown(student.api(one).patch({ points: null }));
    is([forbidden.statusCode, forbidden.code], [403, "forbidden"],
       "a student who grades throws 403");
    const points = await thrown(teacher.api(one)
        .patch({ points: { points: -1 } }));
    is([points.statusCode, points.code,
        JSON.parse(points.body).innerError.code],
       [400, "badRequest", "invalidGrading"],
       "negative points throw 400, with innerError");
    is(typeof points.requestId, "string", "and the request-id");
}

await run(async () => {
    const assignment = await assign();
    const submissions = await turnIn(assignment);
    const submission =
        `${assignment}/submissions/${submissions.get("student").id}`;
    const one = await grade(submission);
    await attach(submission);
    await batch(submission, one);
    await giveBack(assignment, submission, one);
    await fail(submission, one);
});
