// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Requests to the module, as the user whom the browser signed in.

import { text, word } from "./texts.js";

const PREFER = { Prefer: "include-unknown-enum-members" };
const BATCH = 20; // EduOutcomesBatchMax by default

let mount;

/** An answer that was not promised; status 0 is none at all. */
export class Refusal extends Error {
    constructor(status, body) {
        // Graph's own message of a refused grade is "Bad request."
        const message = body?.error?.innerError?.message ?? body?.error?.message;
        const values = { status, message: message ?? "" };
        super(word("error", status, text("error", values), values));
        this.status = status;
    }
}

async function send(path, options) {
    const answer = await fetch(path, options).catch(() => {
        throw new Refusal(0);
    });
    const body = await answer.json().catch(() => null);
    if (!answer.ok) {
        throw new Refusal(answer.status, body);
    }
    return body;
}

/** Finds the mount: the first that is there of those that index.html names. */
export async function connect() {
    const mounts = document.querySelector("meta[name=edu-outcomes-mounts]")
        .content.split(" ");
    for (mount of mounts) {
        try {
            return await send(`${mount}/education`, {});
        } catch (refusal) {
            if (refusal.status !== 404 || mount === mounts.at(-1)) {
                throw refusal;
            }
        }
    }
}

/** A path below /education, of ids and literal segments. */
export const path = (...ids) => ids.map(encodeURIComponent).join("/");

/** A path with query options, without their $. */
export function query(base, options) {
    return `${base}?` + Object.entries(options).map(([name, value]) =>
        `$${name}=${encodeURIComponent(value)}`).join("&");
}

/** A string of an expression. */
export const quoted = (id) => `'${id.replaceAll("'", "''")}'`;

export function get(url) {
    return send(`${mount}/education/${url}`, { headers: PREFER });
}

/** The part of a link that get() takes, whatever host it names; or undefined. */
export function rest(link) {
    return link?.slice(link.indexOf("/education/") + "/education/".length);
}

/** All of a list, page by page. */
export async function all(url) {
    const rows = [];
    for (let next = url; next;) {
        const page = await get(next);
        rows.push(...page.value);
        next = rest(page["@odata.nextLink"]);
    }
    return rows;
}

/**
 * Sends [{ method, url, headers, body }], 20 at a time, and gives their
 * answers { status, headers, body } in the same order.  One that is refused
 * fails no other, and the browser reports no error of it.  progress is called
 * with the number of those that are done.
 */
export async function batch(requests, progress) {
    const answers = [];
    for (let i = 0; i < requests.length; i += BATCH) {
        const part = requests.slice(i, i + BATCH).map((request, id) => ({
            id: `${id}`, method: request.method ?? "GET",
            url: `/education/${request.url}`,
            headers: { ...PREFER, ...request.headers,
                       ...request.body && { "Content-Type": "application/json" } },
            body: request.body }));
        const { responses } = await send(`${mount}/$batch`, {
            method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ requests: part }) });
        const of = new Map(responses.map((answer) => [answer.id, answer]));
        answers.push(...part.map(({ id }) => of.get(id)));
        progress?.(answers.length);
    }
    return answers;
}

/** The body of an answer in a batch. */
export function body(answer) {
    if (answer.status >= 300) {
        throw new Refusal(answer.status, answer.body);
    }
    return answer.body;
}
