// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The console of docs/metadata.md: its page, beside Swagger UI's files.

import { cp, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { base, elsewhere, makeClass, myClass, withBrowser } from "./browser.mjs";
import { is, run } from "./tap.mjs";

const { EDU_CERTIFICATE, top_srcdir } = process.env;

async function lay() {
    const console = `${dirname(EDU_CERTIFICATE)}/www/console`;
    const text = await readFile(`${top_srcdir}/docs/metadata.md`, "utf8");
    const [page] = text.match(/^ {4}<!DOCTYPE(?:.*\n)+? {4}<\/html>/m);
    await cp("node_modules/swagger-ui-dist", console, { recursive: true });
    await writeFile(`${console}/index.html`, page.replace(/^ {4}/gm, ""));
}

await run(() => withBrowser(async () => {
    await lay();
    await makeClass(`${myClass}-console`, "Console", {});
    const page = await elsewhere("localhost", { httpCredentials:
        { username: "teacher", password: "demo" } });
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`${base}/console/`);
    const operation = page.locator(".opblock-get").filter({
        has: page.locator('[data-path="/education/me/classes"]') });
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table .response");
    await answer.waitFor();
    is(await answer.locator(".response-col_status").textContent(), "200",
       "the console sends a request");
    is(/"displayName": "Console"/.test(await answer.textContent()), true,
       "and shows its answer");
    is(problems, [], "without an error");
}));
