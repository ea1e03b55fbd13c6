// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// An outcome in the dialog of a cell: in words, and as fields by which a teacher
// changes it.

import { path } from "./api.js";
import * as book from "./book.js";
import { el } from "./dom.js";
import { instant, number, text, typed, word } from "./texts.js";

export const who = ({ lastModifiedBy: by } = {}) =>
    by?.user?.displayName ?? by?.user?.id ?? by?.application?.id ?? "?";

/**
 * The text of what may be HTML.  Its tags go, and a parser, in a document that
 * nobody shows, makes characters of the entities that are left.
 */
export function plain(item) {
    const content = item?.content ?? "";
    return item?.contentType !== "html" ? content
        : new DOMParser().parseFromString(content
            .replace(/<(br|\/p|\/div|\/li)\b[^>]*>/gi, "\n")
            .replace(/<[^>]*>/g, ""), "text/html").body.textContent.trim();
}

// --------------------------------------------------------------------- rubric

/** An outcome by its rubric: [{ id, name, level, levelName, remark }]. */
export function qualities(outcome, { rubric }, published = false) {
    const by = (name, value) => new Map((outcome[published ? `published${
        name[0].toUpperCase()}${name.slice(1)}` : name] ?? []).map((one) =>
        [one.qualityId, one[value]]));
    const levels = by("rubricQualitySelectedLevels", "columnId");
    const remarks = by("rubricQualityFeedback", "feedback");
    const names = new Map(rubric?.levels?.map((one) =>
        [one.levelId, one.displayName ?? one.levelId]));
    return (rubric?.qualities ?? []).map(({ qualityId: id, displayName }) => ({
        id, name: displayName ?? id, level: levels.get(id),
        levelName: names.get(levels.get(id)) ?? levels.get(id),
        remark: remarks.get(id) }));
}

// --------------------------------------------------------------------- fields

const labelled = (id, label, input) => {
    input.id = id;
    return [el("label", { for: id }, label), input];
};

/** The words of a teacher, in the form that they had. */
const written = (content, was) =>
    ({ content, contentType: was?.contentType ?? "text" });

/**
 * The fields of a teacher, by the type of their outcome: its inputs, what these
 * hold, the members that this makes, whether it is wrong, and what is told of it.
 */
const FIELDS = {
    [book.POINTS]: {
        form: ({ points }, { grading }) => [
            labelled("field-points", text("points"),
                     el("input", { inputmode: "decimal", autocomplete: "off" })),
            el("span", { class: "note" }, grading?.maxPoints == null ? ""
                : `${text("of_points", { max: number(grading.maxPoints) })} `,
               points?.grade ?? "")],
        show: ({ points }) => [number(points?.points)],
        members: ([value]) => ({ points: typed(value) === null ? null
            : { "@odata.type": "#microsoft.graph.educationAssignmentPointsGrade",
                points: typed(value) } }),
        wrong: ([value]) => Number.isNaN(typed(value)) && text("not_a_number"),
        tell: ({ points }) => number(points?.points) || text("no_points"),
    },
    [book.FEEDBACK]: {
        form: ({ feedback }) => labelled("field-feedback",
            word("feedback", feedback?.text?.contentType, text("feedback")),
            el("textarea", { rows: 4 })),
        show: ({ feedback }) => [feedback?.text?.content ?? ""],
        members: ([value], { feedback }) =>
            ({ feedback: { text: written(value, feedback?.text) } }),
        tell: ({ feedback }) => plain(feedback?.text),
    },
    [book.RUBRIC]: {
        form: (outcome, assignment) => [el("h3", {}, text("rubric")),
            qualities(outcome, assignment).map(({ name, remark }, i) =>
                el("fieldset", {}, el("legend", {}, name),
                    labelled(`field-level-${i}`, text("level"), el("select", {},
                        el("option", { value: "" }, "–"),
                        (assignment.rubric.levels ?? []).map((one) => el("option",
                            { value: one.levelId },
                            one.displayName ?? one.levelId)))),
                    labelled(`field-remark-${i}`,
                        word("remark", remark?.contentType, text("remark")),
                        el("textarea", { rows: 2 }))))],
        show: (outcome, assignment) => qualities(outcome, assignment).flatMap(
            ({ level, remark }) => [level ?? "", remark?.content ?? ""]),
        members: (values, outcome, assignment) => {
            const list = qualities(outcome, assignment);
            return {
                rubricQualitySelectedLevels: list.map(({ id }, i) =>
                    ({ qualityId: id, columnId: values[2 * i] || null })),
                rubricQualityFeedback: list.map(({ id, remark }, i) =>
                    ({ qualityId: id, feedback: values[2 * i + 1] === "" ? null
                        : written(values[2 * i + 1], remark) })) };
        },
        tell: (outcome, assignment) => qualities(outcome, assignment)
            .filter(({ level, remark }) => level || remark?.content)
            .map(({ name, levelName, remark }) => `${name}: ${
                [levelName, plain(remark)].filter(Boolean).join(", ")}`).join("; "),
    },
};

/** An outcome in a line of words. */
export const told = (outcome, assignment) =>
    FIELDS[outcome["@odata.type"]]?.tell(outcome, assignment);

/** A field of the dialog, of some inputs, which knows what the server has. */
export class Field {
    constructor(outcome, assignment) {
        this.type = outcome["@odata.type"];
        this.kind = FIELDS[this.type];
        this.assignment = assignment;
        this.note = el("div", { class: "problem", role: "alert" });
        this.node = el("div", { class: "field" },
                       this.kind.form(outcome, assignment), this.note);
        this.inputs = [...this.node.querySelectorAll("input, select, textarea")];
        this.note.id = `${this.inputs[0]?.id}-note`;
        for (const input of this.inputs) {
            input.setAttribute("aria-describedby", this.note.id);
        }
        this.take(outcome);
        this.values = this.was;
    }

    /** Takes what the server has as the state to change. */
    take(outcome) {
        this.outcome = outcome;
        this.was = this.kind.show(outcome, this.assignment).map((value) =>
            value.replace(/\r\n?/g, "\n")); // as a textarea has it
    }

    get values() {
        return this.inputs.map(({ value }) => value);
    }

    set values(values) {
        this.inputs.forEach((input, i) => { input.value = values[i]; });
    }

    get changed() {
        return this.values.some((value, i) => value !== this.was[i]);
    }

    isOld(outcome) {
        return outcome["@odata.etag"] !== this.outcome["@odata.etag"];
    }

    /** Tells what is wrong with what was typed; whether anything is. */
    check() {
        const wrong = this.changed && this.kind.wrong?.(this.values);
        this.note.replaceChildren(...wrong ? [wrong] : []);
        for (const input of this.inputs) {
            input.toggleAttribute("aria-invalid", Boolean(wrong));
        }
        return wrong;
    }

    focus() {
        this.inputs[0].focus();
    }

    request(cell) {
        return { method: "PATCH",
                 url: `${cell.path}/${path("outcomes", this.outcome.id)}`,
                 headers: { "If-Match": this.outcome["@odata.etag"] },
                 body: { "@odata.type": this.type,
                         ...this.kind.members(this.values, this.outcome,
                                              this.assignment) } };
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
                value: told(outcome, this.assignment) || text("empty") })),
            choose("mine", save),
            choose("theirs", () => {
                this.values = this.was;
                this.focus();
            }));
        this.note.querySelector("button").focus();
    }
}
