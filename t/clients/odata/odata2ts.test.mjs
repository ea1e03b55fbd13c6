// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// odata2ts: a client that is generated from $metadata lists and grades.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { is, run } from "./tap.mjs";

const { EDU_BASE: base, EDU_CLASS: myClass } = process.env;
const require = createRequire(import.meta.url);
const { FetchClient } = require("@odata2ts/http-client-fetch");
const headers = { Authorization: "Basic " + btoa("teacher:demo") };

async function generate() {
    const metadata = await fetch(`${base}/v1.0/$metadata`, {
        headers: { ...headers, Accept: "application/xml" },
    });
    writeFileSync("metadata.xml", await metadata.text());
    // What it generates is in the module system that the packages are in.
    writeFileSync("tsconfig.json", JSON.stringify({ compilerOptions: {
        target: "es2022", module: "nodenext", skipLibCheck: true } }));
    execFileSync("node_modules/.bin/odata2ts",
                 ["-s", "metadata.xml", "-o", "generated", "-m", "all"],
                 { stdio: ["ignore", process.stderr, process.stderr] });
    writeFileSync("generated/package.json", '{ "type": "commonjs" }');
    return require("./generated/MicrosoftGraphService.js");
}

await run(async () => {
    const { MicrosoftGraphService } = await generate();
    const service = new MicrosoftGraphService(
        new FetchClient({ headers }), `${base}/v1.0`);
    const { data: { id } } = await service.education().classes(myClass)
        .assignments().create({ displayName: "Essay", grading: {
            "@odata.type": "#microsoft.graph.educationAssignmentPointsGradeType",
            maxPoints: 100,
        } });
    const assignment = service.education().classes(myClass).assignments(id);
    is((await assignment.publish()).data.status, "assigned",
       "it creates an assignment and publishes it");

    const { data } = await assignment.submissions().query((builder, submission) =>
        builder.filter(submission.status.eq("working")).expand("outcomes")
            .count());
    is(data["@odata.count"], 5, "it filters and counts");
    const [submission] = data.value;
    const points = submission.outcomes.find((each) => "points" in each);
    is(points.points, null, "it expands");

    const outcome = assignment.submissions(submission.id).outcomes(points.id);
    const graded = await outcome.patch({
        "@odata.type": "#microsoft.graph.educationPointsOutcome",
        points: { points: 85 },
    });
    is(graded.data.points.points, 85, "it patches");
    const failure = await service.education().classes("nowhere").query()
        .catch((error) => error);
    is([failure.status, /nowhere/.test(failure.message)], [404, true],
       "it throws errors with their message");
});
