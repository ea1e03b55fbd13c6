// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Elements, made of values that are never markup.

/**
 * Makes an element.  A handler is named "onclick" and the like, an attribute
 * that is false, null or undefined is left out, and so is such a child; texts
 * become text nodes.
 */
export function el(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
        if (key.startsWith("on")) {
            node.addEventListener(key.slice(2), value);
        } else if (value !== false && value != null) {
            node.setAttribute(key, value === true ? "" : value);
        }
    }
    node.append(...children.flat(Infinity).filter((child) =>
        child !== false && child != null));
    return node;
}

export const at = (id) => document.getElementById(id);

/** A text that only screen readers tell. */
export const unseen = (text) => el("span", { class: "unseen" }, text);

/** Tells what happened, also to screen readers. */
export function say(text) {
    at("live").textContent = text;
}
