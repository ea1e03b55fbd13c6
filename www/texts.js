// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// All words of the page, in all its languages, and how these write values.

const LANGUAGES = ["en", "de"];

const TEXTS = {
    /* key: [English, German]; {name} is replaced */
    action_create: ["created", "angelegt"],
    action_delete: ["deleted", "gelöscht"],
    action_other: ["changed", "geändert"],
    action_reassign: ["given back for revision", "zur Überarbeitung gegeben"],
    action_restore: ["restored", "wiederhergestellt"],
    action_return: ["returned", "zurückgegeben"],
    action_submit: ["submitted", "abgegeben"],
    assigned_draft: ["draft", "Entwurf"],
    assigned_inactive: ["inactive", "inaktiv"],
    assigned_published: ["scheduled", "geplant"],
    assigned_scheduled: ["scheduled", "geplant"],
    assignment: ["Assignment", "Aufgabe"],
    average: ["Average {mean}", "Mittel {mean}"],
    cancel: ["Cancel", "Abbrechen"],
    caption: ["Grades of {name}. Arrow keys lead from cell to cell; Enter opens one.",
              "Noten von {name}. Die Pfeiltasten führen von Zelle zu Zelle, die "
              + "Eingabetaste öffnet sie."],
    caption_own: ["Your grades in {name}", "Ihre Noten in {name}"],
    classes: ["Classes", "Klassen"],
    classes_none: ["You are in no class.", "Sie sind in keiner Klasse."],
    close: ["Close", "Schließen"],
    conflict: ["{who} has saved this meanwhile ({when}): {value}",
               "{who} hat inzwischen gespeichert ({when}): {value}"],
    csv: ["Download CSV", "CSV herunterladen"],
    decimal: [".", ","],
    details: ["Details", "Einzelheiten"],
    empty: ["nothing", "nichts"],
    error: ["The server answers {status}: {message}",
            "Der Server antwortet {status}: {message}"],
    error_401: ["You are not signed in. Reload the page or, to keep what you have "
                + "typed, sign in in another tab and try again here.",
                "Sie sind nicht angemeldet. Laden Sie die Seite neu, oder, um Ihre "
                + "Eingaben zu behalten, melden Sie sich in einem anderen Tab an und "
                + "versuchen es hier wieder."],
    error_403: ["You may not do this here. {message}",
                "Dazu haben Sie hier kein Recht. {message}"],
    error_404: ["This is not there, or no longer.",
                "Das gibt es hier nicht oder nicht mehr."],
    error_0: ["The server cannot be reached. Your input is still here: try again.",
              "Der Server ist nicht erreichbar. Ihre Eingaben sind noch da: "
              + "versuchen Sie es wieder."],
    error_503: ["The server cannot do this at the moment. {message} Try again soon.",
                "Der Server kann das gerade nicht. {message} Versuchen Sie es bald "
                + "wieder."],
    feedback: ["Feedback", "Rückmeldung"],
    feedback_html: ["Feedback (HTML)", "Rückmeldung (HTML)"],
    files: ["Files", "Dateien"],
    grade: ["Letter", "Note"],
    history: ["History", "Verlauf"],
    level: ["Level", "Stufe"],
    loading: ["Loading …", "Wird geladen …"],
    mine: ["Keep mine", "Meines behalten"],
    more: ["More classes", "Weitere Klassen"],
    next: ["Next students", "Nächste Schüler"],
    no_assignments: ["This class has no assignments yet.",
                     "Diese Klasse hat noch keine Aufgaben."],
    no_points: ["no points", "keine Punkte"],
    not_a_number: ["Write the points as a number, such as 12.5, or leave them out.",
                   "Schreiben Sie die Punkte als Zahl wie 12,5 oder lassen Sie "
                   + "sie weg."],
    not_given: ["not given", "nicht gestellt"],
    of_points: ["of {max}", "von {max}"],
    other_language: ["Deutsch", "English"],
    other_language_code: ["de", "en"],
    points: ["Points", "Punkte"],
    previous: ["Previous students", "Vorige Schüler"],
    quality: ["Quality", "Kriterium"],
    reload: ["Try again", "Noch einmal"],
    remark: ["Remark", "Anmerkung"],
    remark_html: ["Remark (HTML)", "Anmerkung (HTML)"],
    return_all: ["Return all", "Alle zurückgeben"],
    return_ask: ["Pieces of work of “{name}” with grades or feedback that their "
                 + "students do not see yet: {n}. Return them?",
                 "Arbeiten zu „{name}“ mit Noten oder Rückmeldungen, die ihre "
                 + "Schüler noch nicht sehen: {n}. Zurückgeben?"],
    return_changed: ["Somebody has changed this meanwhile. Look at it, and return it "
                     + "then.",
                     "Jemand hat das inzwischen geändert. Sehen Sie es an und geben "
                     + "Sie es dann zurück."],
    return_none: ["Of “{name}”, nothing waits to be returned.",
                  "Zu „{name}“ wartet nichts darauf, zurückgegeben zu werden."],
    return_one: ["Save and return", "Speichern und zurückgeben"],
    returned_n: ["{n} returned", "{n} zurückgegeben"],
    returned_some: ["Returned: {n}. Changed meanwhile or refused, and left for you to "
                    + "look at: {left}.",
                    "Zurückgegeben: {n}. Inzwischen geändert oder abgelehnt, zum "
                    + "Nachsehen: {left}."],
    rubric: ["Rubric", "Bewertungsraster"],
    save: ["Save", "Speichern"],
    saved: ["Saved: {name}", "Gespeichert: {name}"],
    separator: [",", ";"],
    server_status: ["Server status", "Zustand des Servers"],
    shown: ["Students {first} to {last} of {n}", "Schüler {first} bis {last} von {n}"],
    status: ["Status", "Status"],
    status_draft: ["not returned", "nicht zurückgegeben"],
    status_excused: ["excused", "entschuldigt"],
    status_reassigned: ["in revision", "in Überarbeitung"],
    status_returned: ["returned", "zurückgegeben"],
    status_submitted: ["submitted", "abgegeben"],
    status_working: ["in work", "in Arbeit"],
    student: ["Student", "Schüler"],
    students_none: ["This class has no students yet.",
                    "Diese Klasse hat noch keine Schüler."],
    theirs: ["Take theirs", "Anderes übernehmen"],
    title: ["Gradebook", "Notenbuch"],
    unsaved: ["Your changes are not saved yet. Press Esc or Close again to drop them.",
              "Ihre Änderungen sind noch nicht gespeichert. Mit Esc oder Schließen "
              + "noch einmal verwerfen Sie sie."],
};

let n = 0;

/** Takes the language chosen before, else the first of the browser's. */
export function chooseLanguage() {
    let codes = navigator.languages.map((tag) => tag.slice(0, 2));
    try {
        codes = [localStorage.getItem("language"), ...codes];
    } catch { /* storage is forbidden: the browser's language will do */ }
    n = Math.max(0, LANGUAGES.indexOf(
        codes.find((code) => LANGUAGES.includes(code))));
    document.documentElement.lang = LANGUAGES[n];
}

export function switchLanguage() {
    n = (n + 1) % LANGUAGES.length;
    try {
        localStorage.setItem("language", LANGUAGES[n]);
    } catch { /* as above */ }
    document.documentElement.lang = LANGUAGES[n];
}

/** The text of a key, with {name} replaced by values.name. */
export function text(key, values = {}) {
    return TEXTS[key][n].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The text of a word of the API, or that word, where it is newer than this. */
export function word(kind, value, otherwise = value, values = {}) {
    return `${kind}_${value}` in TEXTS ? text(`${kind}_${value}`, values)
        : otherwise;
}

export function number(value, digits = 6) {
    return value == null ? "" : new Intl.NumberFormat(LANGUAGES[n], {
        maximumFractionDigits: digits, useGrouping: false }).format(value);
}

/** The number that somebody typed; null for nothing, NaN for what is none. */
export function typed(value) {
    const plain = value.trim().replace(",", ".");
    return plain === "" ? null
        : /^\d+(\.\d*)?$/.test(plain) ? Number(plain) : NaN;
}

export function instant(value) {
    return value == null ? "" : new Intl.DateTimeFormat(LANGUAGES[n], {
        dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
}
