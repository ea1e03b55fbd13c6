// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The dialog of a cell: what was given for a submission, and for its teacher
// the fields to change it.

import { batch, body, path } from "./api.js";
import * as book from "./book.js";
import { at, el, say } from "./dom.js";
import { instant, number, text, typed, word } from "./texts.js";

const who = ({ lastModifiedBy: by } = {}) =>
    by?.user?.displayName ?? by?.user?.id ?? by?.application?.id ?? "?";

/**
 * The text of what may be HTML.  Its tags go, and a parser, in a document that
 * nobody shows, makes characters of the entities that are left.
 */
function plain(item) {
    const content = item?.content ?? "";
    return item?.contentType !== "html" ? content
        : new DOMParser().parseFromString(content
            .replace(/<(br|\/p|\/div|\/li)\b[^>]*>/gi, "\n")
            .replace(/<[^>]*>/g, ""), "text/html").body.textContent.trim();
}

/**
 * The fields of a teacher: the type of their outcome, its value as text, the
 * member that a text makes, what such a text is told as, and how it is typed.
 */
const FIELDS = {
    points: {
        type: book.POINTS,
        show: (outcome) => number(outcome.points?.points),
        member: (value) => ({ points: typed(value) === null ? null
            : { "@odata.type": "#microsoft.graph.educationAssignmentPointsGrade",
                points: typed(value) } }),
        wrong: (value) => Number.isNaN(typed(value)) && text("not_a_number"),
        input: () => el("input", { inputmode: "decimal", autocomplete: "off" }),
    },
    feedback: {
        type: book.FEEDBACK,
        show: (outcome) => outcome.feedback?.text?.content ?? "",
        member: (value, { feedback }) => ({ feedback: { text: {
            content: value, contentType: feedback?.text?.contentType ?? "text" } } }),
        wrong: () => false,
        input: () => el("textarea", { rows: 4 }),
    },
};

/** A field of the dialog, which knows what the server has. */
class Field {
    constructor(name, label, outcome, after) {
        this.kind = FIELDS[name];
        this.id = `field-${name}`;
        this.input = this.kind.input();
        this.input.id = this.id;
        this.input.setAttribute("aria-describedby", `${this.id}-note`);
        this.note = el("div", { class: "problem", id: `${this.id}-note`,
                                role: "alert" });
        this.node = el("div", { class: "field" },
            el("label", { for: this.id }, label), this.input, after, this.note);
        this.take(outcome);
        this.input.value = this.was;
    }

    /** Takes what the server has as the state to change. */
    take(outcome) {
        this.outcome = outcome;
        this.was = this.kind.show(outcome);
    }

    get changed() {
        return this.input.value !== this.was;
    }

    isOld(outcome) {
        return outcome["@odata.etag"] !== this.outcome["@odata.etag"];
    }

    /** Tells what is wrong with what was typed; whether anything is. */
    check() {
        const wrong = this.changed && this.kind.wrong(this.input.value);
        this.note.replaceChildren(...wrong ? [wrong] : []);
        this.input.toggleAttribute("aria-invalid", Boolean(wrong));
        return wrong;
    }

    request(cell) {
        return { method: "PATCH",
                 url: `${cell.path}/${path("outcomes", this.outcome.id)}`,
                 headers: { "If-Match": this.outcome["@odata.etag"] },
                 body: { "@odata.type": this.kind.type,
                         ...this.kind.member(this.input.value, this.outcome) } };
    }

    /** Shows what another has saved, beside what was typed, and offers both. */
    collide(outcome, save) {
        this.take(outcome);
        const choose = (key, chosen) => el("button", {
            type: "button", onclick: () => {
                this.note.replaceChildren();
                chosen();
            } }, text(key));
        this.note.replaceChildren(
            el("p", {}, text("conflict", {
                who: who(outcome), when: instant(outcome.lastModifiedDateTime),
                value: this.was || text("empty") })),
            choose("mine", save),
            choose("theirs", () => {
                this.input.value = this.was;
                this.input.focus();
            }));
        this.note.querySelector("button").focus();
    }
}

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

function rubric(outcome, assignment, prefix) {
    const member = (name) => outcome[
        prefix ? `published${name}` : name[0].toLowerCase() + name.slice(1)] ?? [];
    const level = new Map(member("RubricQualitySelectedLevels")
        .map((one) => [one.qualityId, one.columnId]));
    const remark = new Map(member("RubricQualityFeedback")
        .map((one) => [one.qualityId, plain(one.feedback)]));
    const names = new Map(assignment.rubric?.levels?.map((one) =>
        [one.levelId, one.displayName ?? one.levelId]));
    return el("table", {},
        el("thead", {}, el("tr", {}, ["quality", "level", "remark"].map((title) =>
            el("th", { scope: "col" }, text(title))))),
        el("tbody", {}, (assignment.rubric?.qualities ?? []).map((one) =>
            el("tr", {},
                el("th", { scope: "row" }, one.displayName ?? one.qualityId),
                el("td", {}, names.get(level.get(one.qualityId))
                   ?? level.get(one.qualityId) ?? "–"),
                el("td", {}, remark.get(one.qualityId) ?? "")))));
}

function event(version) {
    const { outcome, submission } = version;
    const value = outcome?.points !== undefined
        ? number(outcome.points?.points) || text("no_points")
        : outcome?.feedback ? plain(outcome.feedback.text)
            : submission ? word("status", submission.status) : "";
    return el("li", {}, `${instant(version.lastModifiedDateTime)}, `,
        `${who(version)}: `,
        word("action", version.action, text("action_other")),
        value && `: ${value}`);
}

// It is asked for when it is opened.
function history(cell, outcomes) {
    const list = el("ul", {});
    return el("details", { ontoggle: async () => {
        if (!list.hasChildNodes()) {
            list.replaceChildren(...(await book.versions(cell, outcomes))
                .map(event));
        }
    } }, el("summary", {}, text("history")), list);
}

/** What is there besides points and feedback. */
function rest(of, assignment, published) {
    const rubricOutcome = book.outcome(of, book.RUBRIC);
    const files = of.outcomes.filter((one) => one["@odata.type"] === book.FILE);
    return [
        rubricOutcome && section("rubric",
                                 rubric(rubricOutcome, assignment, published)),
        files.length > 0 && section("files", el("ul", {}, files.map(file))),
    ];
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
    const dialog = frame(assignment.displayName ?? assignment.id, cell,
        points && el("p", {}, `${text("points")}: ${number(points.points)} `,
                     points.grade),
        feedback && section("feedback", el("p", { class: "words" }, feedback)),
        rest(of, assignment, true), button("close", () => dialog.close()));
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
        const of = await book.submission(this.cell);
        const points = book.outcome(of, book.POINTS);
        const feedback = book.outcome(of, book.FEEDBACK);
        const max = this.assignment.grading?.maxPoints;
        this.fields = [
            points && new Field("points", text("points"), points,
                el("span", { class: "note" },
                   max == null ? "" : `${text("of_points", { max: number(max) })} `,
                   points.points?.grade ?? "")),
            feedback && new Field("feedback", text(
                feedback.feedback?.text?.contentType === "html"
                    ? "feedback_html" : "feedback"), feedback),
        ].filter(Boolean);
        this.problem = el("p", { class: "problem", role: "alert" });
        this.dialog = frame(this.title, this.cell,
            el("form", { novalidate: true, onsubmit: (submit) => {
                submit.preventDefault();
                this.save();
            } }, this.fields.map((field) => field.node), this.problem,
               el("p", { class: "buttons" }, button("save", null, "submit"),
                  button("return_one", () => this.save(true)),
                  button("close", () => this.leave()))),
            rest(of, this.assignment, false),
            history(this.cell, [points, feedback].filter(Boolean)));
        this.dialog.oncancel = (cancel) => {
            cancel.preventDefault();
            this.leave();
        };
        this.fields[0]?.input.focus();
        this.fields[0]?.input.select();
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

    /** Saves what was changed, then returns it if asked to. */
    async save(giveBack = false) {
        this.problem.textContent = "";
        const wrong = this.fields.filter((field) => field.check());
        if (wrong.length > 0) {
            wrong[0].input.focus();
            return;
        }
        try {
            const dirty = this.fields.filter((field) => field.changed);
            const answers = await batch(dirty.map((field) =>
                field.request(this.cell)));
            const collided = dirty.filter((field, i) =>
                this.settled(field, answers[i]));
            await this.reload(collided, giveBack);
        } catch (refusal) {
            this.problem.textContent = refusal.message;
        }
    }

    /** Whether a field was refused for another came first. */
    settled(field, answer) {
        if (answer.status === 412) {
            return true;
        }
        field.take(body(answer));
        field.input.value = field.was;
        return false;
    }

    /** Shows the cell anew, and what others have saved; closes where all is done. */
    async reload(collided, giveBack) {
        const of = await this.refresh();
        const unseen = this.fields.filter((field) => collided.includes(field)
            || giveBack && field.isOld(book.outcome(of, field.kind.type)));
        for (const field of unseen.reverse()) {
            field.collide(book.outcome(of, field.kind.type),
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
