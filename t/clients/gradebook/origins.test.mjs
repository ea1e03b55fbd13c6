// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Pages of other origins, one of which EduOutcomesAllowOrigin names, use the API.

import { base, elsewhere, myClass, withBrowser } from "./browser.mjs";
import { is, run } from "./tap.mjs";

// In the page: a request as `teacher`, and what the page is let see of the answer.
async function ask({ method, url, body, headers }) {
    try {
        const answer = await fetch(url, {
            method, body: body && JSON.stringify(body), headers: {
                Authorization: `Basic ${btoa("teacher:demo")}`,
                ...body && { "Content-Type": "application/json" }, ...headers } });
        return { status: answer.status, etag: answer.headers.get("ETag"),
                 location: answer.headers.get("Location"),
                 value: await answer.json() };
    } catch (error) {
        return { refused: error.message };
    }
}

const outcomes = `${base}/v1.0/education/classes/${myClass}-origins/assignments/a`
    + "/submissions/s/outcomes";
const outcome = { "@odata.type": "#microsoft.graph.educationPointsOutcome",
                  points: { points: 1 } };

await run(() => withBrowser(async () => {
    const page = await elsewhere("gradebook.test");
    const made = await page.evaluate(ask,
        { method: "POST", url: outcomes, body: outcome });
    is(made.status, 201, "an allowed origin: POST");
    is(made.location?.startsWith(outcomes), true, "Location is readable");
    const url = `${outcomes}/${made.value.id}`;
    const got = await page.evaluate(ask, { method: "GET", url });
    is([got.status, got.etag], [200, got.value["@odata.etag"]],
       "GET, and ETag is readable");
    const patch = (page, points) => page.evaluate(ask, {
        method: "PATCH", url, body: { points: { points } },
        headers: { "If-Match": got.etag } });
    is((await patch(page, 2)).status, 200, "PATCH with If-Match");
    is((await patch(page, 3)).status, 412, "which is honoured");
    const foreign = await elsewhere("foreign.test");
    const refused = { refused: "Failed to fetch" };
    is(await foreign.evaluate(ask, { method: "GET", url }), refused,
       "a foreign origin: GET");
    is(await foreign.evaluate(ask,
        { method: "POST", url: outcomes, body: outcome }), refused, "POST");
    is(await patch(foreign, 4), refused, "PATCH");
    const all = await page.evaluate(ask, { method: "GET", url: outcomes });
    is(all.value.value.map((one) => one.points.points), [2],
       "nothing of it is stored");
}));
