// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The gradebook of `make run` in a headless Chromium, and the API beside it.

import axe from "axe-core";
import { chromium } from "playwright-core";
import { is } from "./tap.mjs";

export const { EDU_BASE: base, EDU_CLASS: myClass } = process.env;
export const POINTS = "ea1351f6-ba33-4940-b2cb-6a7254af2dc8";
export const RUBRIC = "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b";
export const FEEDBACK = "ca05367a-b292-42d5-aff7-5d279feeace8";

// ------------------------------------------------------------------------ API

/** A request of a user, which has to be answered 2xx. */
export async function api(user, method, path, body, headers = {}) {
    const answer = await fetch(`${base}/beta/education/${path}`, {
        method, body: body && JSON.stringify(body), headers: {
            Authorization: "Basic " + Buffer.from(`${user}:demo`)
                .toString("base64"),
            Prefer: "include-unknown-enum-members",
            ...body && { "Content-Type": "application/json" }, ...headers } });
    const text = await answer.text();
    if (!answer.ok) {
        throw new Error(`${user}: ${method} ${path}: ${answer.status} ${text}`);
    }
    return text && JSON.parse(text);
}

/** All of a list. */
export async function list(user, path) {
    const rows = [];
    while (path) {
        const page = await api(user, "GET", path);
        rows.push(...page.value);
        path = page["@odata.nextLink"]?.split("/education/")[1];
    }
    return rows;
}

/** Makes a class with students { id: name } and gives the names of its parts. */
export async function makeClass(id, name, students) {
    await api("app", "PUT", `classes/${id}`, { displayName: name });
    await api("app", "PUT", `classes/${id}/members`, { value: [
        { id: "teacher", primaryRole: "teacher" },
        ...Object.entries(students).map(([id, displayName]) =>
            ({ id, displayName, primaryRole: "student" }))] });
    return `classes/${id}`;
}

/** A published assignment, by an id. */
export async function assign(inClass, id, members) {
    await api("app", "PUT", `${inClass}/assignments/${id}`, members);
    await api("teacher", "POST", `${inClass}/assignments/${id}/publish`);
    const rows = await list("teacher", `${inClass}/assignments/${id}/submissions`);
    return new Map(rows.map((one) => [one.recipient.userId,
        `${inClass}/assignments/${id}/submissions/${one.id}`]));
}

// -------------------------------------------------------------------- browser

let browser;

/** Runs tests with a browser, which is closed after them. */
export async function withBrowser(tests) {
    browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: ["--host-resolver-rules=MAP *.test 127.0.0.1"] });
    try {
        await tests();
    } finally {
        await browser.close();
    }
}

/** The welcome of `make run`, by another name of the host: of another origin. */
export async function elsewhere(host, options = {}) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true,
                                               ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(base.replace("localhost", host));
    return page;
}

/**
 * A page of a user of the gradebook, in a browser profile of its own.  What the
 * browser complains of, a violation of the policy among it, is in its problems.
 */
export async function visit(user, hash = "", options = {}) {
    const context = await browser.newContext({
        ignoreHTTPSErrors: true, locale: "en-GB", timezoneId: "UTC",
        httpCredentials: { username: user, password: "demo" }, ...options });
    await context.addInitScript(axe.source);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.problems = [];
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) {
            page.problems.push(message.text());
        }
    });
    page.on("pageerror", (error) => page.problems.push(error.message));
    page.on("dialog", (dialog) => {
        page.problems.push(dialog.message());
        dialog.dismiss();
    });
    await page.goto(`${base}/gradebook/${hash}`);
    await page.locator("h1").waitFor();
    return page;
}

/** Ends a visit; nothing was to complain of. */
export async function leave(page, what) {
    is(page.problems, [], `${what}: no error, no violation of the policy`);
    await page.context().close();
}

/** What axe finds, and whether the page is wider than its window. */
export async function accessible(page, what) {
    const found = await page.evaluate(async () =>
        (await axe.run({ resultTypes: ["violations"] })).violations.map(
            ({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) =>
                `${html}\n${failureSummary}`)]));
    is(found, [], `${what}: axe finds nothing`);
    is(await page.evaluate(() => document.documentElement.scrollWidth
                           <= innerWidth), true, `${what}: fits its window`);
}

/** The button of a student's row in an assignment's column. */
export const cellOf = (page, student, assignment) => page.locator(
    `[data-cell=${JSON.stringify(JSON.stringify([student, assignment]))}]`);

/** What is read of an element: its text with single blanks. */
export const read = async (locator) =>
    (await locator.textContent()).replace(/\s+/g, " ").trim();
