// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Microsoft's JavaScript SDK for Graph against this server: it creates, lists,
// patches, batches and pages through outcomes.  While `make run TLS=1` serves,
// run this from the root of the clone, with Node 20 or later:
//
//   d=$(mktemp -d) && npm install --prefix "$d" @microsoft/microsoft-graph-client@3 && cp docs/graph-sdk.mjs "$d" && NODE_EXTRA_CA_CERTS=run/localhost.crt node "$d/graph-sdk.mjs"
//
// BASE=https://... names another server, LOGIN=user:password another user.

import assert from "node:assert/strict";
import {
    BatchRequestContent, BatchResponseContent, Client, HTTPMessageHandler,
    PageIterator, RetryHandler, TelemetryHandler,
} from "@microsoft/microsoft-graph-client";

const { BASE = "https://localhost:8080", LOGIN = "teacher:demo" } = process.env;

// The SDK's own AuthenticationHandler sends Bearer only, and this stands in its
// place.  Where Apache takes tokens, pass authProvider and no middleware.
class BasicHandler {
    async execute(context) {
        context.options.headers.Authorization =
            "Basic " + Buffer.from(LOGIN).toString("base64");
        await this.next.execute(context);
    }

    setNext(next) {
        this.next = next;
    }
}

const client = Client.initWithMiddleware({
    baseUrl: BASE,
    // Without the port.  To these hosts, and by https only, the SDK sends its
    // client-request-id, and its token if it has one.
    customHosts: new Set([new URL(BASE).hostname]),
    middleware: [
        new BasicHandler(), new RetryHandler(), new TelemetryHandler(),
        new HTTPMessageHandler(),
    ],
});

// A submission that nobody wrote to before, so that this can be run again.
const outcomes = "/education/classes/c1/assignments/a1/submissions/" +
    `sdk-${crypto.randomUUID()}/outcomes`;
const outcome = (points) => ({
    "@odata.type": "#microsoft.graph.educationPointsOutcome",
    points: { points },
});

// ------------------------------------------------------------ create and list

const created = await client.api(outcomes).post(outcome(85));
assert.equal(created["@odata.type"], "#microsoft.graph.educationPointsOutcome");
assert.equal(created.points.points, 85);
assert.equal(created.lastModifiedBy.user.id, LOGIN.split(":")[0]);

const listed = await client.api(outcomes).get();
assert.deepEqual(listed.value.map((each) => each.id), [created.id]);

// ---------------------------------------------------------------------- patch

const one = `${outcomes}/${created.id}`;
const patched = await client.api(one)
    .header("If-Match", created["@odata.etag"])
    .patch({ points: { points: 90 } });
assert.equal(patched.points.points, 90);

// Of two graders who read the same outcome, the second is told.
await assert.rejects(
    client.api(one).header("If-Match", created["@odata.etag"])
        .patch({ points: { points: 10 } }),
    { statusCode: 412, code: "preconditionFailed" });
assert.equal((await client.api(one).get()).points.points, 90);

// ---------------------------------------------------------------------- batch

// Node wants the whole URL of a Request; the SDK takes the host off again.
const request = (method, path, body) => new Request(`${BASE}/v1.0${path}`, {
    method,
    headers: body && { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
});
const batch = new BatchRequestContent([
    { id: "1", request: request("POST", outcomes, outcome(70)) },
    { id: "2", request: request("PATCH", one, { points: { points: 95 } }) },
    { id: "3", request: request("GET", `${outcomes}/${crypto.randomUUID()}`) },
    { id: "4", request: request("GET", outcomes) },
]);
for (const id of ["2", "3", "4"]) {
    batch.addDependency(id); // on the one before
}
const answers = new BatchResponseContent(
    await client.api("/$batch").post(await batch.getContent()));
const status = (id) => answers.getResponseById(id).status;
assert.deepEqual(["1", "2", "3", "4"].map(status), [201, 200, 404, 424]);
assert.equal((await answers.getResponseById("2").json()).points.points, 95);
assert.equal((await answers.getResponseById("3").json()).error.code, "20241");

// ----------------------------------------------------------------------- page

for (const points of [60, 50, 40]) {
    await client.api(outcomes).post(outcome(points));
}
const seen = [];
const first = await client.api(outcomes)
    .select("id,points").orderby("points/points desc").top(2).count().get();
assert.equal(first["@odata.count"], 5);
assert.equal(first.value.length, 2);
assert.ok(first["@odata.nextLink"]);
await new PageIterator(client, first, (each) => {
    seen.push(each.points.points);
    return true; // go on
}).iterate();
assert.deepEqual(seen, [95, 70, 60, 50, 40]);

console.log("passed: created, listed, patched, batched and paged by the SDK");
