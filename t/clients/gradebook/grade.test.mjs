// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Teachers grade a class of their own: by mouse, by keyboard, at the same time as
// another, and with names and texts that mean harm.

import { readFile } from "node:fs/promises";
import {
    api, assign, cellOf, FEEDBACK, leave, list, makeClass, myClass, POINTS, read,
    RUBRIC as RUBRIC_ID, visit, withBrowser,
} from "./browser.mjs";
import { is, run } from "./tap.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const closed = (page) => page.locator("dialog:not([open])").waitFor(
    { state: "attached" });
const focused = (page) => page.evaluate(() =>
    document.activeElement.dataset.cell ?? document.activeElement.id);
const cell = (student, assignment) => JSON.stringify([student, assignment]);
const points = async (submission) => {
    const one = await api("teacher", "GET", `${submission}/outcomes/${POINTS}`);
    return [one.points?.points, one.publishedPoints?.points];
};

// ------------------------------------------------------------ mouse, keyboard

async function byMouse(page, quiz) {
    await cellOf(page, "ada", "quiz").click();
    await page.getByLabel("Points").fill("7.5");
    await page.getByLabel("Feedback").fill("Well done");
    await button(page, "Save").click();
    await closed(page);
    is(await read(cellOf(page, "ada", "quiz")), "7.5 ✎ not returned",
       "a cell shows what was saved, and that it is not returned");
    is(await focused(page), cell("ada", "quiz"), "and has the focus");
    is(await points(quiz.get("ada")), [7.5, undefined], "points are stored");
    await page.getByText("Average 7.5", { exact: true }).waitFor();
    await cellOf(page, "ada", "quiz").click();
    await button(page, "Save and return").click();
    await closed(page);
    is(await read(cellOf(page, "ada", "quiz")), "7.5 ✓ returned",
       "one piece of work is returned");
    is(await points(quiz.get("ada")), [7.5, 7.5], "and published");
}

async function byKeyboard(page, quiz) {
    const press = (key) => page.keyboard.press(key);
    await cellOf(page, "ada", "quiz").focus();
    await press("ArrowDown");
    is(await focused(page), cell("ben", "quiz"), "down to the next student");
    await press("Enter");
    await page.getByLabel("Points").waitFor();
    is(await focused(page), "field-points", "Enter opens, and leads to the points");
    await page.keyboard.type("x");
    await press("Enter");
    is(await read(page.locator("#field-points-note")),
       "Write the points as a number, such as 12.5, or leave them out.",
       "what is no number is told");
    await press("Control+A");
    await page.keyboard.type("9");
    await press("Enter");
    await closed(page);
    is(await points(quiz.get("ben")), [9, undefined], "Enter saves");
    is(await focused(page), cell("ben", "quiz"), "and leads back");
    await press("Enter");
    await page.getByLabel("Points").waitFor();
    await page.keyboard.type("1");
    await press("Escape");
    await page.getByText("not saved yet").waitFor();
    await press("Escape");
    await closed(page);
    is(await points(quiz.get("ben")), [9, undefined], "Esc twice drops");
    const way = [];
    for (const key of ["End", "Home", "ArrowRight", "ArrowUp", "ArrowUp"]) {
        await press(key);
        way.push(await focused(page) || await page.evaluate(() =>
            document.activeElement.textContent));
    }
    is(way, [cell("ben", "report"), cell("ben", "quiz"), cell("ben", "report"),
             cell("ada", "report"), "Return all Report"], "keys lead about");
    await press("ArrowLeft");
    await press("Enter");
    await page.getByText("Pieces of work of “Quiz” with grades").waitFor();
    await press("Tab");
    await page.locator("dialog button", { hasText: "Return all" }).press("Enter");
    await cellOf(page, "ben", "quiz").filter({ hasText: "✓ returned" }).waitFor();
    is(await points(quiz.get("ben")), [9, 9], "all of an assignment is returned");
}

async function clearing(page, quiz) {
    await cellOf(page, "cleo", "quiz").click();
    await page.getByLabel("Points").fill("4");
    await page.keyboard.press("Enter");
    await closed(page);
    await cellOf(page, "cleo", "quiz").click();
    await page.getByLabel("Points").fill("");
    await page.keyboard.press("Enter");
    await closed(page);
    is((await points(quiz.get("cleo")))[0], undefined, "points are taken back");
}

async function german(at) {
    const page = await visit("teacher", at, { locale: "de-AT" });
    await cellOf(page, "dan", "quiz").click();
    await page.getByLabel("Punkte").fill("8,25");
    await button(page, "Speichern").click();
    await closed(page);
    is(await read(cellOf(page, "dan", "quiz")), "8,25 ✎ nicht zurückgegeben",
       "a comma is a decimal point");
    await button(page, "English").click();
    await page.getByText("not returned").first().waitFor();
    is(await focused(page), "language", "the language is switched");
    await page.reload();
    await page.getByText("not returned").first().waitFor();
    await leave(page, "German");
}

// ---------------------------------------------------------------- collisions

async function collide(page, quiz) {
    const submission = quiz.get("student");
    const other = (n) => api("app", "PATCH", `${submission}/outcomes/${POINTS}`, {
        "@odata.type": "#microsoft.graph.educationPointsOutcome",
        points: { points: n } });
    const type = async (n, words) => {
        await cellOf(page, "student", "quiz").click();
        await page.getByLabel("Points").fill(n);
        await page.getByLabel("Feedback").fill(words);
    };
    await type("5", "mine");
    await other(6);
    await button(page, "Save").click();
    await page.getByText(/app has saved this meanwhile .*: 6/).waitFor();
    is(await page.getByLabel("Points").inputValue(), "5", "what was typed stays");
    is(await points(submission), [6, undefined], "nobody is overwritten");
    is(await read(page.locator(":focus")), "Keep mine", "the focus is on the choice");
    await button(page, "Keep mine").click();
    await closed(page);
    is(await points(submission), [5, undefined], "mine is kept");
    const feedback = await api("teacher", "GET",
        `${submission}/outcomes/${FEEDBACK}`);
    is(feedback.feedback.text.content, "mine", "what did not collide was saved");
    await type("5.5", "mine");
    await other(7);
    await button(page, "Save").click();
    await button(page, "Take theirs").click();
    is(await page.getByLabel("Points").inputValue(), "7", "theirs is taken");
    await other(8);
    await button(page, "Save and return").click();
    await page.getByText(/app has saved this meanwhile .*: 8/).waitFor();
    is(await points(submission), [8, undefined], "what was not seen is not returned");
    await button(page, "Take theirs").click();
    await button(page, "Save and return").click();
    await closed(page);
    is(await points(submission), [8, 8], "once seen, it is");
}

// ------------------------------------------------------------------ troubles

// What the server answers in place of a change: its status, its message, and what
// the page says.
const REFUSALS = [
    [0, "", /cannot be reached\. Your input is still here/],
    [401, "No user is authenticated.", /sign in in another tab/],
    [403, "Page x is not admitted.", /may not do this here.*Page x is not admitted/],
    [503, "It takes no changes for a while.",
     /cannot do this at the moment.*It takes no changes for a while/],
    [502, "", /answers 502/],
];

async function troubles() {
    const at = `${myClass}-trouble`;
    const inClass = await makeClass(at, "Trouble", { ada: "Ada" });
    const quiz = await assign(inClass, "quiz", {
        displayName: "Quiz", grading: { maxPoints: 10 } });
    const page = await visit("teacher", `#${at}`);
    const problem = page.locator("dialog form > .problem");
    await cellOf(page, "ada", "quiz").click();
    await page.getByLabel("Points").fill("99999999");
    await button(page, "Save").click();
    await problem.filter({ hasText: "Points must be less than" }).waitFor();
    await page.getByLabel("Points").fill("4");
    for (const [status, message, says] of REFUSALS) {
        await page.route("**/$batch", (route) => status
            ? route.fulfill({ status, contentType: "application/json",
                              body: JSON.stringify({ error: { message } }) })
            : route.abort(), { times: 1 });
        await button(page, "Save").click();
        await problem.filter({ hasText: says }).waitFor();
        is(await page.getByLabel("Points").inputValue(), "4",
           `${status}: what was typed stays`);
    }

    // Who is impatient saves once.
    let release, changes = 0;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route("**/$batch", async (route) => {
        changes += /PATCH/.test(route.request().postData());
        await held;
        await route.continue();
    });
    await page.getByLabel("Points").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await button(page, "Save and return").click();
    release();
    await closed(page);
    await page.unroute("**/$batch");
    is([changes, await points(quiz.get("ada"))], [1, [4, undefined]],
       "one change is sent");

    await cellOf(page, "ada", "quiz").click();
    await page.route("**/$batch", (route) => route.abort(), { times: 1 });
    await page.locator("dialog summary").click();
    await page.locator("dialog details", { hasText: "cannot be reached" }).waitFor();
    await page.locator("dialog summary").click();
    await page.locator("dialog summary").click();
    await page.locator("dialog details li", { hasText: "teacher: changed: 4" })
        .first().waitFor();
    await page.keyboard.press("Escape");
    page.problems = page.problems.filter((one) =>
        !one.startsWith("Failed to load resource"));
    await leave(page, "troubles");
}

// ------------------------------------------------------------------- rubrics

const RUBRIC = { levels: ["good", "poor"].map((levelId) => ({ levelId })),
                 qualities: ["Sources", "Style"].map((qualityId) => ({ qualityId })) };

// The level and the remark of each quality, as the API has them.
const ruled = async (submission) => {
    const one = await api("teacher", "GET", `${submission}/outcomes/${RUBRIC_ID}`);
    return one.rubricQualitySelectedLevels.map(({ columnId }, i) =>
        [columnId, one.rubricQualityFeedback[i].feedback?.content]);
};

async function rubric() {
    const at = `${myClass}-rubric`;
    const inClass = await makeClass(at, "Rubrics", { student: "Stu" });
    const submission = (await assign(inClass, "essay", { displayName: "Essay",
        grading: { maxPoints: 10 }, rubric: RUBRIC })).get("student");
    const page = await visit("teacher", `#${at}`);
    const essay = cellOf(page, "student", "essay");
    const level = (quality) => page.getByRole("group", { name: quality })
        .getByLabel("Level");
    const remark = (quality) => page.getByRole("group", { name: quality })
        .getByLabel("Remark");
    await essay.click();
    await level("Sources").selectOption("good");
    await remark("Style").fill("dry\nbut short");
    await button(page, "Save").click();
    await closed(page);
    is(await ruled(submission), [["good", undefined], [null, "dry\nbut short"]],
       "a level and a remark are stored");
    is(await read(essay), "no points ✎ not returned",
       "a rubric alone is not returned, too");

    // By keyboard: from the points to the first level, which is taken back.
    await essay.press("Enter");
    await page.getByLabel("Points").waitFor();
    for (const key of ["Tab", "Tab", "Home", "Tab"]) {
        await page.keyboard.press(key);
    }
    await page.keyboard.type("more of them");
    const submit = button(page, "Save");
    for (let n = 0; n < 5 && !await submit.evaluate((one) =>
        one === document.activeElement); n++) {
        await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await closed(page);
    is(await ruled(submission),
       [[null, "more of them"], [null, "dry\nbut short"]], "also by keyboard");

    // Another teacher comes first.
    await essay.click();
    await level("Style").selectOption("good");
    await page.getByLabel("Points").fill("3");
    await api("app", "PATCH", `${submission}/outcomes/${RUBRIC_ID}`, {
        "@odata.type": "#microsoft.graph.educationRubricOutcome",
        rubricQualitySelectedLevels: [{ qualityId: "Style", columnId: "poor" }] });
    await button(page, "Save").click();
    await page.getByText(/app has saved this .*: Sources: more of them; Style: poor, dry/)
        .waitFor();
    is(await ruled(submission), [[null, "more of them"], ["poor", "dry\nbut short"]],
       "no rubric is overwritten");
    is(await level("Style").inputValue(), "good", "what was chosen stays");
    is((await points(submission))[0], 3, "what did not collide is saved");
    await button(page, "Keep mine").click();
    await closed(page);
    is(await ruled(submission), [[null, "more of them"], ["good", "dry\nbut short"]],
       "mine is kept");

    // Nothing is changed, so nothing is asked; and all of it is told afterwards.
    await essay.click();
    await page.locator("dialog summary").click();
    await page.locator("dialog details li", { hasText: "Style: poor" }).waitFor();
    await page.keyboard.press("Escape");
    await closed(page);
    await essay.click();
    await button(page, "Save and return").click();
    await closed(page);
    const own = await visit("student", `#${at}`);
    await button(own, "Details Essay").click();
    is(await read(own.locator("dialog tbody")),
       "Sources–more of themStylegooddry but short", "its student sees it");
    await leave(own, "a student's rubric");
    await leave(page, "rubrics");
}

// ---------------------------------------------------------------------- harm

const HARM = [
    "<img src=x onerror=alert(1)>", "<script>alert(2)</script>",
    "\"'><svg onload=alert(3)>", "{{constructor.constructor('alert(4)')()}}",
    "=HYPERLINK(\"http://x\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "&lt;b&gt;",
];

async function harm() {
    const students = Object.fromEntries(HARM.map((text, i) => [`x${i}`, text]));
    const inClass = await makeClass(`${myClass}-harm`, HARM[0], students);
    const of = await assign(inClass, "h", {
        displayName: HARM[1], grading: { maxPoints: 10 },
        rubric: { levels: [{ levelId: "l", displayName: HARM[2] }],
                  qualities: [{ qualityId: "q", displayName: HARM[0] }] },
        gradingScheme: { grades: [{ displayName: "=1", minPercentage: 0 }] } });
    const one = of.get("x0");
    await api("teacher", "PATCH", `${one}/outcomes/${FEEDBACK}`, {
        "@odata.type": "#microsoft.graph.educationFeedbackOutcome",
        feedback: { text: { content: HARM[0], contentType: "html" } } });
    await api("teacher", "PATCH", `${one}/outcomes/${POINTS}`, {
        "@odata.type": "#microsoft.graph.educationPointsOutcome",
        points: { points: 5 } });
    await api("teacher", "POST", `${inClass}/assignments/h/`
        + "setUpFeedbackResourcesFolder", {});
    for (const link of ["javascript:alert(5)", "https://x/?\"><svg onload=alert(6)>"]) {
        await api("teacher", "POST", `${one}/outcomes`, {
            "@odata.type": "#microsoft.graph.educationFeedbackResourceOutcome",
            feedbackResource: { "@odata.type":
                "#microsoft.graph.educationLinkResource",
                displayName: HARM[2], link } }).catch(() => { /* refused */ });
    }
    const page = await visit("teacher", `#${myClass}-harm`);
    is(await page.locator("h1").textContent(), HARM[0], "a name is text");
    is((await page.locator("tbody th").allTextContents()).sort(),
       [...HARM].sort(), "all names are text");
    await cellOf(page, "x0", "h").click();
    await page.locator("dialog summary").click();
    await page.locator("dialog details li").first().waitFor();
    is(await page.locator("dialog :is(img, svg, script)").count(), 0,
       "no text is markup");
    is((await page.locator("dialog a").evaluateAll((links) =>
        links.map((link) => link.protocol))).filter((one) => one !== "https:"), [],
       "links lead to the web alone");
    await page.keyboard.press("Escape");
    const [download] = await Promise.all([page.waitForEvent("download"),
        button(page, "Download CSV").click()]);
    const fields = (await readFile(await download.path(), "utf8"))
        .match(/"(?:[^"]|"")*"/g);
    is(fields.filter((one) => /^"\s*[=+\-@]/.test(one)), [],
       "no field is a formula");
    is(fields.filter((one) => one === `"'=1"`).length, 1, "nor is a letter");
    await page.getByRole("link", { name: "Gradebook" }).click();
    await page.getByRole("link", { name: HARM[0] }).first().waitFor();
    await leave(page, "harm");
}

// ---------------------------------------------------------------------- size

// Requests are counted, not time: machines differ.
async function size() {
    const students = Object.fromEntries(Array.from({ length: 500 },
        (_, i) => [`s${i}`, `Student ${String(i).padStart(3, "0")}`]));
    const inClass = await makeClass(`${myClass}-size`, "Size", students);
    for (let i = 0; i < 20; i++) {
        await assign(inClass, `a${i}`, { displayName: `Assignment ${i}`,
                                         grading: { maxPoints: 10 } });
    }
    const page = await visit("teacher");
    let requests = 0;
    page.on("request", (request) => {
        requests += /beta/.test(request.url());
    });
    await page.evaluate((id) => { location.hash = id; }, `${myClass}-size`);
    await cellOf(page, "s0", "a19").waitFor();
    is(await page.locator("[data-cell]").count(), 500, "a page has 25 students");
    await page.waitForFunction(() => document.querySelector("#live").textContent
                               === "");
    is(requests <= 8, true, `it takes ${requests} requests`);
    await cellOf(page, "s0", "a3").focus();
    requests = 0;
    await page.keyboard.press("PageDown");
    await cellOf(page, "s25", "a3").waitFor();
    is(requests <= 8, true, `the next page takes ${requests}`);
    await leave(page, "size");
}

await run(() => withBrowser(async () => {
    const inClass = await makeClass(myClass, "Grading", {
        ada: "Ada", ben: "Ben", cleo: "Cleo", dan: "Dan", student: "Stu" });
    const quiz = await assign(inClass, "quiz",
        { displayName: "Quiz", grading: { maxPoints: 10 } });
    await assign(inClass, "report", { displayName: "Report" });
    const page = await visit("teacher", `#${myClass}`);
    await byMouse(page, quiz);
    await byKeyboard(page, quiz);
    await clearing(page, quiz);
    await german(`#${myClass}`);
    await page.reload();
    await collide(page, quiz);
    await leave(page, "grading");
    await troubles();
    await rubric();
    await harm();
    await size();
}));
