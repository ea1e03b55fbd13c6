// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The gradebook as a file for spreadsheets.

import { cells, key, students, submissions } from "./book.js";
import { el, say } from "./dom.js";
import { number, text, word } from "./texts.js";

const STUDENTS = 100; // a page

// What spreadsheets would take for a formula begins with a '.
function field(value) {
    const safe = /^[\s"']*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return `"${safe.replaceAll('"', '""')}"`;
}

const line = (values) => values.map(field).join(text("separator")) + "\r\n";

/** Saves all students of a class as a file, which begins with a byte order mark. */
export async function download(book) {
    const lines = [line([text("student"), "id", ...book.assignments.flatMap(
        ({ displayName }) => [displayName, `${displayName}: ${text("grade")}`,
                              `${displayName}: ${text("status")}`])])];
    for (let skip = 0, count = 1; skip < count; skip += STUDENTS) {
        const page = await students(book, skip, STUDENTS);
        const of = cells(book, await submissions(book,
            page.rows.map(({ id }) => id)));
        count = page.count;
        for (const { id, displayName } of page.rows) {
            lines.push(line([displayName ?? id, id, ...book.assignments.flatMap(
                (assignment) => {
                    const one = of.get(key(id, assignment.id));
                    return one ? [number(one.points), one.letter,
                                  word("status", one.status)] : ["", "", ""];
                })]));
        }
        say(text("shown", { first: 1, last: lines.length - 1, n: count }));
    }
    const url = URL.createObjectURL(new Blob(["\ufeff", ...lines],
        { type: "text/csv;charset=utf-8" }));
    el("a", { href: url, download: `${book.name.replace(/[^\p{L}\p{N}]+/gu, "-")
        || "class"}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url));
}
