// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Redocly's linter finds nothing to complain of in openapi.json.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { is, run } from "./tap.mjs";

const { EDU_BASE: base } = process.env;

// The document names the host that serves it, which here is localhost.
const config = { extends: ["recommended"],
                 rules: { "no-server-example.com": "off" } };

const lint = (name) => {
    const { stdout } = spawnSync("node_modules/.bin/redocly",
        ["lint", name, "--config", "redocly.yaml", "--format", "json",
         "--max-problems", "1000"],
        { encoding: "utf8", maxBuffer: 1 << 26, env: {
            ...process.env, REDOCLY_TELEMETRY: "off",
            REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" } });
    return JSON.parse(stdout);
};

await run(async () => {
    writeFileSync("redocly.yaml", JSON.stringify(config));
    for (const dialect of ["v1.0", "beta"]) {
        const answer = await fetch(`${base}/${dialect}/openapi.json`, {
            headers: { Authorization: "Basic " + btoa("teacher:demo") },
        });
        writeFileSync(`${dialect}.json`, await answer.text());
        const { totals, problems } = lint(`${dialect}.json`);
        is(problems.map(({ ruleId, location: [{ pointer }] }) =>
               `${ruleId} ${pointer}`), [], `${dialect}: no problem`);
        is([totals.errors, totals.warnings], [0, 0],
           `${dialect}: neither errors nor warnings`);
    }
});
