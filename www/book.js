// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// A class as a gradebook: students, assignments, and for each pair a cell.

import { all, batch, body, get, path, query, quoted, rest } from "./api.js";

export const POINTS = "#microsoft.graph.educationPointsOutcome";
export const FEEDBACK = "#microsoft.graph.educationFeedbackOutcome";
export const RUBRIC = "#microsoft.graph.educationRubricOutcome";
export const FILE = "#microsoft.graph.educationFeedbackResourceOutcome";

export const ROWS = 25; // students a page
const LONGEST = 4000;   // of a list in a URL, which Apache takes 8190 bytes of

// What a teacher works on, what students see of it, and what of either counts
// where the two are compared.
const WORDS = [
    ["points", "publishedPoints", (points) => points?.points],
    ["feedback", "publishedFeedback", (feedback) => feedback?.text?.content],
    ["rubricQualityFeedback", "publishedRubricQualityFeedback", (list) =>
        list?.filter((one) => one.feedback?.content)
            .map((one) => [one.qualityId, one.feedback.content])],
    ["rubricQualitySelectedLevels", "publishedRubricQualitySelectedLevels",
        (list) => list?.filter((one) => one.columnId)
            .map((one) => [one.qualityId, one.columnId])],
];
const OUTCOMES = `outcomes($select=id,resourceStatus,${
    WORDS.flatMap(([working, published]) => [working, published])})`;

const ASSIGNMENT = "id,displayName,status,grading,rubric";

export function classes(next) {
    return get(next ?? query("me/classes", {
        select: "id,displayName", orderby: "displayName,id", top: 100 }));
}

// What is asked for to see whether it is allowed is asked for in a batch, where
// the browser takes a refusal for no error.

/** A class, and whether the caller is a teacher of it. */
export async function open(id) {
    const one = path("classes", id);
    const [entity, versions] = await batch([{ url: one },
        { url: query(`${one}/outcomeVersions`, { select: "id", top: 1 }) }]);
    return { id, path: one, name: body(entity).displayName ?? id,
             teaches: versions.status === 200 };
}

export async function isAdmin() {
    const [all] = await batch([{ url: "classes/$count" }]);
    return all.status === 200;
}

export function assignments(book) {
    return all(query(`${book.path}/assignments`, { top: 100, select:
        ASSIGNMENT, orderby: "createdDateTime,id" }));
}

/** One of them, as it is now. */
export const assignment = (book, id) => get(query(
    `${book.path}/${path("assignments", id)}`, { select: ASSIGNMENT }));

/** ROWS students from the given one on, and how many there are. */
export async function students(book, skip, top = ROWS) {
    const page = await get(query(`${book.path}/members`, {
        filter: "primaryRole eq 'student'", orderby: "displayName,id",
        select: "id,displayName", count: true, top, skip }));
    return { rows: page.value, count: page["@odata.count"] };
}

/** The submissions of some students, or of the caller, with their outcomes. */
export async function submissions(book, ids) {
    const list = ids?.map(quoted).join();
    if (encodeURIComponent(list).length > LONGEST && ids.length > 1) {
        const half = ids.length >> 1;
        return [...await submissions(book, ids.slice(0, half)),
                ...await submissions(book, ids.slice(half))];
    }
    return all(query(`${book.path}/submissions`, {
        ...ids && { filter: `recipient/userId in (${list})` },
        select: "id,assignmentId,recipient,status,returnedDateTime",
        expand: OUTCOMES, top: 500 }));
}

/** All submissions of an assignment. */
export const submissionsOf = (book, id) => all(query(
    `${book.path}/${path("assignments", id)}/submissions`, {
        select: "id,assignmentId,recipient,status", expand: OUTCOMES, top: 500 }));

/** A submission with all that its outcomes have. */
export const submission = (cell) =>
    get(query(cell.path, { expand: "outcomes" }));

/** The mean of what was given in each assignment, by its id. */
export async function averages(book, list) {
    const answers = await batch(list.map(({ id }) => ({ url: query(
        `${book.path}/${path("assignments", id)}/outcomes`, { apply:
        `filter(isof('${POINTS.slice(1)}'))`
        + "/aggregate(points/points with average as mean)" }) })));
    return new Map(answers.map((answer, i) =>
        [list[i].id, answer.body?.value?.[0]?.mean]));
}

const empty = (value) => value == null || value === "" || value.length === 0;

function differs(outcome, [working, published, what]) {
    const [mine, theirs] = [what(outcome[working]), what(outcome[published])];
    return !(empty(mine) && empty(theirs))
        && JSON.stringify(mine) !== JSON.stringify(theirs);
}

export const outcome = (of, type) =>
    of.outcomes.find((one) => one["@odata.type"] === type);

/**
 * What a cell shows of a submission: points and letter, working ones for
 * teachers, published ones for students; and the status, which is "draft" while
 * students do not see all that was given.
 */
export function cell(book, of) {
    const points = outcome(of, POINTS)?.[
        book.teaches ? "points" : "publishedPoints"];
    const draft = book.teaches && of.outcomes.some((one) =>
        WORDS.some((words) => differs(one, words))
        || one["@odata.type"] === FILE && one.resourceStatus !== "published");
    return { id: of.id, assignmentId: of.assignmentId,
             studentId: of.recipient?.userId,
             path: `${book.path}/${path("assignments", of.assignmentId,
                                        "submissions", of.id)}`,
             etag: of["@odata.etag"], points: points?.points ?? null,
             letter: points?.grade ?? "", status: draft ? "draft" : of.status };
}

export const key = (studentId, assignmentId) =>
    JSON.stringify([studentId, assignmentId]);

/** Cells by key. */
export const cells = (book, list) => new Map(list.map((of) => {
    const one = cell(book, of);
    return [key(one.studentId, one.assignmentId), one];
}));

/** Returns submissions to their students, unless others changed them since. */
export const giveBack = (list, progress) => batch(list.map((one) => ({
    method: "POST", url: `${one.path}/return`,
    headers: { "If-Match": one.etag } })), progress);

/** The versions of some outcomes of a cell and of its status, newest first. */
export async function versions(cell, outcomes) {
    const answers = await batch(
        ["", ...outcomes.map(({ id }) => `/${path("outcomes", id)}`)].map((of) =>
            ({ url: query(`${cell.path}${of}/versions`, { top: 20 }) })));
    return answers.flatMap((answer) => answer.status >= 500 ? body(answer)
        : answer.body?.value ?? []) // what was never written has none
        .sort((a, b) => Number(b.id) - Number(a.id));
}
