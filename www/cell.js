// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The dialog of a cell: what was given for a submission, and for its teacher
// the fields to change it.

import { batch, body } from "./api.js";
import * as book from "./book.js";
import { at, el, say } from "./dom.js";
import { Field, plain, qualities, told, who } from "./field.js";
import { instant, number, text, word } from "./texts.js";

function section(title, ...children) {
    return el("section", {}, el("h3", {}, text(title)), ...children);
}

// By a link only where it leads to the web: a javascript: would run.
function file({ feedbackResource: of }) {
    const url = of?.fileUrl ?? of?.link ?? "";
    const name = of?.displayName ?? url;
    return el("li", {}, /^https?:\/\//i.test(url)
        ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, name)
        : name);
}

// A student's view of a rubric.
const rubric = (outcome, assignment) => el("table", {},
    el("thead", {}, el("tr", {}, ["quality", "level", "remark"].map((title) =>
        el("th", { scope: "col" }, text(title))))),
    el("tbody", {}, qualities(outcome, assignment, true).map((one) => el("tr", {},
        el("th", { scope: "row" }, one.name),
        el("td", {}, one.levelName ?? "–"),
        el("td", {}, plain(one.remark))))));

function event(version, assignment) {
    const { outcome, submission } = version;
    const value = outcome ? told(outcome, assignment)
        : submission && word("status", submission.status);
    return el("li", {}, `${instant(version.lastModifiedDateTime)}, `,
        `${who(version)}: `,
        word("action", version.action, text("action_other")),
        value && `: ${value}`);
}

// It is asked for when it is opened.
function history(cell, outcomes, assignment) {
    const list = el("ul", {});
    const problem = el("p", { class: "problem", role: "alert" });
    return el("details", { ontoggle: async ({ target }) => {
        if (!target.open || list.hasChildNodes()) {
            return;
        }
        problem.textContent = "";
        try {
            list.replaceChildren(...(await book.versions(cell, outcomes))
                .map((version) => event(version, assignment)));
        } catch (refusal) {
            problem.textContent = refusal.message;
        }
    } }, el("summary", {}, text("history")), problem, list);
}

function files(of) {
    const list = of.outcomes.filter((one) => one["@odata.type"] === book.FILE);
    return list.length > 0 && section("files", el("ul", {}, list.map(file)));
}

function frame(title, cell, ...children) {
    const dialog = at("dialog");
    dialog.replaceChildren(
        el("h2", { id: "dialog-title", tabindex: -1 }, title),
        el("p", { class: "note" },
           cell ? `${text("status")}: ${word("status", cell.status)}` : ""),
        ...children.flat(Infinity).filter(Boolean));
    dialog.oncancel = null;
    if (!dialog.open) {
        dialog.showModal();
    }
    return dialog;
}

const button = (key, onclick, kind = "button") =>
    el("button", { type: kind, onclick }, text(key));

/** Shows what a student sees of a submission. */
export async function look(cell, assignment) {
    const of = await book.submission(cell);
    const points = book.outcome(of, book.POINTS)?.publishedPoints;
    const feedback = plain(book.outcome(of, book.FEEDBACK)
        ?.publishedFeedback?.text);
    const ruled = book.outcome(of, book.RUBRIC);
    const dialog = frame(assignment.displayName ?? assignment.id, cell,
        points && el("p", {}, `${text("points")}: ${number(points.points)} `,
                     points.grade),
        feedback && section("feedback", el("p", { class: "words" }, feedback)),
        ruled && section("rubric", rubric(ruled, assignment)),
        files(of), button("close", () => dialog.close()));
}

/** Asks by a dialog; gives whether the answer is the action of that name. */
export function ask(question, action) {
    return new Promise((resolve) => {
        const dialog = frame(text("title"), null, el("p", {}, question),
            el("p", { class: "buttons" },
               button(action, () => dialog.close("yes")),
               button("cancel", () => dialog.close(""))));
        dialog.returnValue = "";
        dialog.addEventListener("close",
            () => resolve(dialog.returnValue === "yes"), { once: true });
    });
}

/** Tells by a dialog what went wrong. */
export function tell(refusal) {
    const dialog = frame(text("title"), null,
        el("p", { class: "problem", role: "alert" }, refusal.message),
        button("close", () => dialog.close()));
}

class Editor {
    constructor(cell, student, assignment, changed) {
        Object.assign(this, { cell, student, assignment, changed });
        this.title = `${student.displayName ?? student.id} – ${
            assignment.displayName ?? assignment.id}`;
    }

    async open() {
        // Its rubric may have changed since the table was made.
        const [of, assignment] = await Promise.all([book.submission(this.cell),
            book.assignment(this.changed.book, this.assignment.id)]);
        this.fields = [book.POINTS, book.FEEDBACK, book.RUBRIC]
            .map((type) => book.outcome(of, type)).filter(Boolean)
            .map((outcome) => new Field(outcome, assignment))
            .filter((field) => field.inputs.length > 0);
        this.problem = el("p", { class: "problem", role: "alert" });
        this.dialog = frame(this.title, this.cell,
            el("form", { novalidate: true, onsubmit: (submit) => {
                submit.preventDefault();
                this.save();
            } }, this.fields.map((field) => field.node), this.problem,
               el("p", { class: "buttons" }, button("save", null, "submit"),
                  button("return_one", () => this.save(true)),
                  button("close", () => this.leave()))),
            files(of), history(this.cell, this.fields.map(
                ({ outcome }) => outcome), assignment));
        this.dialog.oncancel = (cancel) => {
            cancel.preventDefault();
            this.leave();
        };
        this.fields[0]?.focus();
        this.fields[0]?.inputs[0].select?.();
    }

    /** Closes, but not at once over what was typed. */
    leave() {
        if (this.warned || !this.fields.some((field) => field.changed)) {
            this.dialog.close();
        } else {
            this.warned = true;
            this.problem.textContent = text("unsaved");
        }
    }

    /** Saves what was changed, then returns it if asked to.  A second call would
     *  collide with the first. */
    async save(giveBack = false) {
        if (this.saving) {
            return;
        }
        this.problem.textContent = "";
        const wrong = this.fields.filter((field) => field.check());
        if (wrong.length > 0) {
            wrong[0].focus();
            return;
        }
        this.saving = true;
        try {
            const dirty = this.fields.filter((field) => field.changed);
            const answers = await batch(dirty.map((field) =>
                field.request(this.cell)));
            const collided = dirty.filter((field, i) =>
                this.settled(field, answers[i]));
            await this.reload(collided, giveBack);
        } catch (refusal) {
            this.problem.textContent = refusal.message;
        } finally {
            this.saving = false;
        }
    }

    /** Whether a field was refused for another came first. */
    settled(field, answer) {
        if (answer.status === 412) {
            return true;
        }
        field.take(body(answer));
        field.values = field.was;
        return false;
    }

    /** Shows the cell anew, and what others have saved; closes where all is done. */
    async reload(collided, giveBack) {
        const of = await this.refresh();
        const unseen = this.fields.filter((field) => collided.includes(field)
            || giveBack && field.isOld(book.outcome(of, field.type)));
        for (const field of unseen.reverse()) {
            field.collide(book.outcome(of, field.type),
                          () => this.save(giveBack));
        }
        if (unseen.length === 0 && (!giveBack || await this.giveBack())) {
            say(text("saved", { name: this.title }));
            this.dialog.close();
        }
    }

    async refresh() {
        const of = await book.submission(this.cell);
        Object.assign(this.cell, book.cell(this.changed.book, of));
        this.changed(this.cell);
        return of;
    }

    async giveBack() {
        const [answer] = await book.giveBack([this.cell]);
        if (answer.status === 412) {
            await this.open();
            this.problem.textContent = text("return_changed");
            return false;
        }
        body(answer);
        await this.refresh();
        return true;
    }
}

/** Opens a cell for its teacher; changed(cell) is called when it has changed. */
export const edit = (...of) => new Editor(...of).open();
