// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The class of DEMO=1: each cell is what the API has, each view is accessible,
// and its student sees what is theirs.

import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import {
    accessible, api, base, cellOf, leave, list, read, visit, withBrowser,
} from "./browser.mjs";
import { is, run } from "./tap.mjs";

const { EDU_SCREENSHOT: picture, EDU_CERTIFICATE, top_srcdir } = process.env;
const PHONE = { viewport: { width: 360, height: 740 } };

function playTerm() {
    const term = spawnSync("perl", [`${top_srcdir}/docs/term.pl`, `${base}/v1.0`],
        { env: { ...process.env, SSL_CERT_FILE: EDU_CERTIFICATE },
          encoding: "utf8" });
    is(term.status, 0, "a term is played");
}

const mine = async () => (await list("student", "me/classes")).map(({ id }) => id);

// The class of the term, which is a new one each time.
async function demoClass() {
    const before = await mine();
    playTerm();
    const id = (await mine()).find((id) => !before.includes(id));
    const assignments = await list("teacher", `classes/${id}/assignments`);
    return { id, assignments, at: `#${id}`,
             essay: assignments.find((one) => one.displayName === "Essay").id };
}

const show = ({ status, outcomes }) => {
    const points = outcomes.find((one) => "points" in one)?.points;
    return [points?.points ?? "no points", points?.grade, status]
        .filter(Boolean).join(" ");
};

async function compare(page, demo) {
    const wanted = {}, shown = {};
    for (const { id } of demo.assignments) {
        for (const one of await list("teacher",
            `classes/${demo.id}/assignments/${id}/submissions?$expand=outcomes`)) {
            wanted[`${one.recipient.userId} ${id}`] = show(one);
        }
    }
    while (Object.keys(shown).length < 90) {
        for (const button of await page.locator("[data-cell]").all()) {
            const cell = JSON.parse(await button.getAttribute("data-cell"));
            shown[cell.join(" ")] = (await read(button)).replace(/. (?=\w+$)/, "");
        }
        const next = page.getByRole("button", { name: "Next students" });
        if (await next.isDisabled()) {
            break;
        }
        const first = page.locator("tbody th").first();
        const before = await first.textContent();
        await next.click();
        await page.waitForFunction((before) =>
            document.querySelector("tbody th")?.textContent !== before, before);
    }
    is(Object.keys(shown).length, 90, "all cells are shown");
    is(shown, wanted, "each cell is what the API has");
}

async function csv(page) {
    const [download] = await Promise.all([page.waitForEvent("download"),
        page.getByRole("button", { name: "Download CSV" }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    is(download.suggestedFilename(), "History-9b.csv", "the file has a name");
    is(lines.length, 32, "the file has a line for each student");
    is(lines[0].startsWith('\ufeff"Student","id","Quiz"'), true,
       "and its names of columns");
    is(lines.filter((line) => line.startsWith(`"'=1+1",`)).length, 1,
       "a formula is a text");
}

async function teacher(demo) {
    const page = await visit("teacher", demo.at);
    await page.getByText("Average 72", { exact: true }).waitFor();
    is(await page.getByText("Average 12.75", { exact: true }).count(), 1,
       "averages are shown");
    await compare(page, demo);
    await csv(page);
    await page.getByRole("link", { name: "Gradebook" }).click();
    await page.getByRole("link", { name: "History 9b" }).first().click();
    await page.locator("[data-cell]").first().waitFor();
    is(await page.getByRole("link", { name: "Server status" }).isVisible(), false,
       "a teacher is shown no status of the server");
    await leave(page, "teacher");
}

async function views(demo, locale, options) {
    const name = `${locale}${options.viewport ? " on a phone" : ""}${
        options.colorScheme ? " in the dark" : ""}`;
    const page = await visit("teacher", "", { locale, ...options });
    is(await page.locator("html").getAttribute("lang"), locale.slice(0, 2),
       `${name}: the language of the browser`);
    await accessible(page, `${name}: classes`);
    await page.goto(`${base}/gradebook/${demo.at}`);
    await page.locator("[data-cell]").first().waitFor();
    await accessible(page, `${name}: class`);
    await cellOf(page, "student", demo.essay).click();
    await page.locator("dialog summary").click();
    await page.locator("dialog details li").first().waitFor();
    await accessible(page, `${name}: cell`);
    await leave(page, name);
    const own = await visit("student", demo.at, { locale, ...options });
    await accessible(own, `${name}: student`);
    await own.locator("tbody button").first().click();
    await own.locator("dialog[open]").waitFor();
    await accessible(own, `${name}: student's cell`);
    await leave(own, `${name}: student`);
}

async function student(demo) {
    const page = await visit("student", demo.at);
    is(await page.locator("tbody tr").count(), 3, "a student has three rows");
    is(await read(page.getByRole("row", { name: /Essay/ })),
       "Essay76 of 100CreturnedDetails Essay", "with what was published");
    // What is drafted afterwards is not shown.
    const own = (await list("student", `classes/${demo.id}/submissions`))
        .find(({ assignmentId }) => assignmentId === demo.essay);
    const outcomes = `classes/${demo.id}/assignments/${demo.essay}/submissions/${
        own.id}/outcomes`;
    const [points, feedback] = ["Points", "Feedback"].map((type) =>
        ({ "@odata.type": `#microsoft.graph.education${type}Outcome` }));
    for (const one of await list("teacher", outcomes)) {
        const body = one["@odata.type"] === points["@odata.type"]
            ? { ...points, points: { points: 99 } }
            : one["@odata.type"] === feedback["@odata.type"]
                ? { ...feedback, feedback: { text: { content: "SECRET" } } } : null;
        if (body) {
            await api("teacher", "PATCH", `${outcomes}/${one.id}`, body);
        }
    }
    await page.reload();
    await page.getByRole("button", { name: "Details Essay" }).click();
    await page.getByText("This is “poor”.").waitFor();
    const all = await page.locator("body").textContent();
    is(/99|SECRET/.test(all), false, "a draft is not shown to its student");
    is(await page.locator("dialog a").getAttribute("rel"), "noopener noreferrer",
       "files lead elsewhere");
    await leave(page, "student");
}

async function administrator() {
    const page = await visit("app");
    const link = page.getByRole("link", { name: "Server status" });
    await link.waitFor();
    const answer = await fetch(await link.evaluate((to) => to.href));
    is(answer.status, 200, "a link leads an administrator to the status");
    await leave(page, "administrator");
}

// As in the middle of a term, when nobody's name is a formula.
async function screenshot(demo) {
    const members = await list("teacher", `classes/${demo.id}/members`);
    await api("app", "PUT", `classes/${demo.id}/members`, { value: members.map(
        ({ id, primaryRole, displayName }) => ({ id, primaryRole,
            displayName: displayName.replace(/^=.*/, "Zimmer, Zoë") })) });
    for (const { id } of demo.assignments) {
        await api("teacher", "POST",
            `classes/${demo.id}/assignments/${id}/activate`, {});
    }
    const page = await visit("teacher", demo.at,
        { viewport: { width: 1000, height: 640 } });
    await page.getByText("Average", { exact: false }).first().waitFor();
    await page.screenshot({ path: picture });
    await leave(page, "screenshot");
}

await run(() => withBrowser(async () => {
    const demo = await demoClass();
    await teacher(demo);
    await student(demo);
    await administrator();
    for (const locale of ["en-GB", "de-DE"]) {
        await views(demo, locale, {});
        await views(demo, locale, { ...PHONE, colorScheme: "dark" });
    }
    if (picture) {
        await screenshot(demo);
    }
}));
