// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The gradebook: which view is shown, by the part of its address behind the #.
//   #                 the classes of the caller
//   #CLASS/SKIP       a class: of its teacher, or of a student of it

import { connect, rest } from "./api.js";
import * as model from "./book.js";
import { ask, edit, look, tell } from "./cell.js";
import { download } from "./csv.js";
import { at, el, say } from "./dom.js";
import { grid, refresh, showAverages } from "./grid.js";
import { chooseLanguage, number, switchLanguage, text, word } from "./texts.js";

let shown = 0; // the number of the view that is wanted

const problem = (refusal) => [
    el("p", { class: "problem", role: "alert" }, refusal.message),
    el("button", { type: "button", onclick: show }, text("reload"))];

/** Does what may be refused, and tells it. */
const tried = (action) => (...of) => action(...of).catch((refusal) => {
    console.info(refusal);
    tell(refusal);
});

// -------------------------------------------------------------------- classes

function link({ id, displayName }) {
    return el("li", {}, el("a", { href: `#${encodeURIComponent(id)}` },
                           displayName ?? id));
}

async function classes() {
    const list = el("ul", { class: "classes" });
    const more = el("button", { type: "button" }, text("more"));
    let next;
    const add = async () => {
        const page = await model.classes(next);
        next = rest(page["@odata.nextLink"]);
        list.append(...page.value.map(link));
        more.hidden = !next;
    };
    more.addEventListener("click", tried(add));
    await add();
    return [el("h1", { tabindex: -1 }, text("classes")),
            list.hasChildNodes() ? list : el("p", {}, text("classes_none")), more];
}

// --------------------------------------------------------------------- teacher

function pages(book) {
    const turn = (by) => {
        const skip = book.skip + by * model.ROWS;
        if (skip >= 0 && skip < book.count) {
            location.hash = `#${encodeURIComponent(book.id)}/${skip}`;
        }
    };
    const button = (key, by, off) => el("button", {
        type: "button", disabled: off, onclick: () => turn(by) }, text(key));
    const last = Math.min(book.skip + model.ROWS, book.count);
    return { turn, node: el("p", { class: "buttons" },
        button("previous", -1, book.skip === 0),
        el("span", {}, text("shown", { first: Math.min(book.skip + 1, last),
                                       last, n: book.count })),
        button("next", 1, last === book.count),
        el("button", { type: "button", onclick: tried(() => download(book)) },
           text("csv"))) };
}

async function means(book) {
    showAverages(await model.averages(book, book.assignments));
}

// Asks, returns what waits for it, and shows what became of it.
async function giveBack(book, assignment) {
    const name = assignment.displayName ?? assignment.id;
    const fetched = async () => model.cells(book,
        await model.submissionsOf(book, assignment.id));
    const waiting = [...(await fetched()).values()]
        .filter(({ status }) => status === "draft");
    const n = waiting.length;
    if (n === 0) {
        say(text("return_none", { name }));
        return;
    }
    if (!await ask(text("return_ask", { name, n }), "return_all")) {
        return;
    }
    const answers = await model.giveBack(waiting, (done) =>
        say(text("returned_n", { n: done })));
    const done = answers.filter(({ status }) => status < 300).length;
    for (const [key, cell] of await fetched()) {
        if (book.cells.has(key)) {
            Object.assign(book.cells.get(key), cell);
            refresh(cell);
        }
    }
    say(text(done === n ? "returned_n" : "returned_some",
             { n: done, left: n - done }));
}

async function teacher(book, skip) {
    const [list, page] = await Promise.all([
        model.assignments(book), model.students(book, skip)]);
    Object.assign(book, { assignments: list, skip, ...page });
    book.cells = page.rows.length === 0 ? new Map() : model.cells(book,
        await model.submissions(book, page.rows.map(({ id }) => id)));
    const changed = Object.assign((cell) => {
        refresh(cell);
        means(book).catch(console.info);
    }, { book });
    const { turn, node } = pages(book);
    means(book).catch(console.info);
    return [
        el("h1", { tabindex: -1 }, book.name), node,
        list.length === 0 && el("p", {}, text("no_assignments")),
        page.count === 0 && el("p", {}, text("students_none")),
        el("div", { class: "scroll" }, grid(book, {
            open: tried((key, student, assignment) => edit(
                book.cells.get(key), student, assignment, changed)),
            giveBack: tried((assignment) => giveBack(book, assignment)),
            turn }))];
}

// --------------------------------------------------------------------- student

function own(book, assignment) {
    const cell = book.cells.get(assignment.id);
    return el("tr", {},
        el("th", { scope: "row" }, assignment.displayName ?? assignment.id),
        el("td", {}, number(cell?.points), " ", el("span", { class: "note" },
            assignment.grading?.maxPoints == null ? ""
                : text("of_points", { max: number(assignment.grading.maxPoints) }))),
        el("td", {}, cell?.letter ?? ""),
        el("td", {}, cell ? word("status", cell.status) : text("not_given")),
        el("td", {}, cell && el("button", {
            type: "button", "aria-haspopup": "dialog",
            onclick: tried(() => look(cell, assignment)) }, text("details"),
            el("span", { class: "unseen" }, ` ${assignment.displayName ?? ""}`))));
}

async function student(book) {
    const [list, submissions] = await Promise.all([
        model.assignments(book), model.submissions(book)]);
    book.cells = new Map(submissions.map((of) =>
        [of.assignmentId, model.cell(book, of)]));
    return [
        el("h1", { tabindex: -1 }, book.name),
        list.length === 0 && el("p", {}, text("no_assignments")),
        el("div", { class: "scroll" }, el("table", {},
            el("caption", {}, text("caption_own", { name: book.name })),
            el("thead", {}, el("tr", {},
                ["assignment", "points", "grade", "status", "details"].map((key) =>
                    el("th", { scope: "col" }, text(key))))),
            el("tbody", {}, list.map((one) => own(book, one)))))];
}

// ------------------------------------------------------------------------ page

async function view() {
    const [id, skip] = location.hash.slice(1).split("/").map(decodeURIComponent);
    if (!id) {
        return classes();
    }
    const book = await model.open(id);
    return book.teaches ? teacher(book, Number(skip) || 0) : student(book);
}

// What a later call wants is shown, whichever answer comes first.
async function show() {
    const mine = ++shown;
    at("dialog").close();
    say(text("loading"));
    const nodes = await view().catch((refusal) => {
        console.info(refusal);
        return problem(refusal);
    });
    if (mine === shown) {
        say("");
        at("main").replaceChildren(...nodes.filter(Boolean));
        at("main").querySelector("tbody button[tabindex='0'], h1")?.focus();
    }
}

function dress() {
    document.title = text("title");
    at("home").textContent = text("title");
    at("language").textContent = text("other_language");
    at("language").lang = text("other_language_code");
    at("status").textContent = text("server_status");
    at("status").href = document.querySelector(
        "meta[name=edu-outcomes-status]").content;
}

at("language").addEventListener("click", () => {
    switchLanguage();
    dress();
    show().then(() => at("language").focus());
});
addEventListener("hashchange", show);

chooseLanguage();
dress();
try {
    await connect();
    at("status").hidden = !await model.isAdmin();
    await show();
} catch (refusal) {
    at("main").replaceChildren(...problem(refusal));
}
