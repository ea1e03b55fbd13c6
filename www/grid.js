// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The table of a teacher: students and assignments.  One of its buttons takes
// the focus at a time; arrow keys lead to the others.

import { key } from "./book.js";
import { el, unseen } from "./dom.js";
import { number, text, word } from "./texts.js";

const MARKS = { draft: "✎", excused: "–", reassigned: "↻", returned: "✓",
                submitted: "●", working: "○" };

/** What stands in the button of a cell. */
export function face(cell) {
    return [
        el("span", { class: "points" }, number(cell.points)
           || unseen(text("no_points"))),
        cell.letter && [" ", el("span", { class: "letter" }, cell.letter)],
        " ", el("span", { class: `status ${cell.status}` },
                el("span", { "aria-hidden": "true" },
                   `${MARKS[cell.status] ?? "?"} `),
                word("status", cell.status)),
    ];
}

function heading(assignment, giveBack) {
    const max = assignment.grading?.maxPoints;
    const notes = [max != null && text("of_points", { max: number(max) }),
                   word("assigned", assignment.status, null)];
    return el("th", { scope: "col" },
        el("span", { class: "name" }, assignment.displayName ?? assignment.id),
        el("span", { class: "note" }, notes.filter(Boolean).join(", ")),
        el("span", { class: "note", "data-mean": assignment.id }),
        el("button", { type: "button", tabindex: -1,
                       onclick: () => giveBack(assignment) },
           text("return_all"), unseen(` ${assignment.displayName ?? ""}`)));
}

function row(student, book, open) {
    return el("tr", {},
        el("th", { scope: "row" }, student.displayName ?? student.id),
        book.assignments.map((assignment) => {
            const cell = book.cells.get(key(student.id, assignment.id));
            return el("td", {}, cell ? el("button", {
                type: "button", tabindex: -1, "aria-haspopup": "dialog",
                "data-cell": key(student.id, assignment.id),
                onclick: () => open(key(student.id, assignment.id), student,
                                    assignment) }, face(cell))
                : el("span", { class: "note" }, text("not_given")));
        }));
}

/** Where a key leads from a row and a column. */
const MOVES = {
    ArrowUp: (r, c) => [r - 1, c],
    ArrowDown: (r, c) => [r + 1, c],
    ArrowLeft: (r, c) => [r, c - 1],
    ArrowRight: (r, c) => [r, c + 1],
    Home: (r) => [r, 1],
    End: (r, c, last) => [r, last.cells.length - 1],
};

/** The next button from there on, in the same direction. */
function target(table, button, move) {
    let { cellIndex: c, parentNode: { rowIndex: r } } = button.closest("td, th");
    for (const tried = new Set(); ;) {
        [r, c] = move(r, c, table.rows[r]);
        const cell = table.rows[r]?.cells[c];
        const found = cell?.querySelector("button");
        if (found || !cell || tried.has(cell)) {
            return found;
        }
        tried.add(cell);
    }
}

function enter(table, button) {
    table.querySelector("button[tabindex='0']")?.setAttribute("tabindex", -1);
    button.setAttribute("tabindex", 0);
}

/**
 * The table of a book's page.  open(key, student, assignment) is called for a
 * cell, giveBack(assignment) for the button of a column, turn(-1 or 1) for a
 * key that turns the page.
 */
export function grid(book, { open, giveBack, turn }) {
    const table = el("table", {
        role: "grid",
        onfocusin: (event) => enter(table, event.target),
        onkeydown: (event) => {
            const page = { PageUp: -1, PageDown: 1 }[event.key];
            const move = MOVES[event.key];
            if (event.altKey || event.ctrlKey || event.metaKey
                || !(move || page)) {
                return;
            }
            event.preventDefault();
            if (page) {
                turn(page);
            } else {
                target(table, event.target, move)?.focus();
            }
        } },
        el("caption", {}, el("span", {},
                                text("caption", { name: book.name }))),
        el("thead", {}, el("tr", {},
            el("th", { scope: "col" }, text("student")),
            book.assignments.map((one) => heading(one, giveBack)))),
        el("tbody", {}, book.rows.map((one) => row(one, book, open))));
    const first = table.querySelector("tbody button")
        ?? table.querySelector("button");
    if (first) {
        enter(table, first);
    }
    return table;
}

/** Shows a cell anew, and leaves the focus where it is. */
export function refresh(cell) {
    const id = key(cell.studentId, cell.assignmentId);
    [...document.querySelectorAll("[data-cell]")]
        .find((button) => button.dataset.cell === id)
        ?.replaceChildren(...face(cell).flat(Infinity).filter(Boolean));
}

/** Writes averages, by the ids of assignments, into the headings. */
export function showAverages(means) {
    for (const note of document.querySelectorAll("[data-mean]")) {
        const mean = means.get(note.dataset.mean);
        note.textContent = mean == null ? ""
            : text("average", { mean: number(mean, 2) });
    }
}
