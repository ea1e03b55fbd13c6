// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// OASIS's converter makes OpenAPI of $metadata: it and openapi.json describe the
// same types, with the same properties of the same types, and the same paths.

import { csdl2openapi } from "odata-openapi";
import { is, run } from "./tap.mjs";

const { EDU_BASE: base } = process.env;
const PREFIX = "#/components/schemas/";
const METHODS = ["get", "post", "put", "patch", "delete"];

// What each service has, what the converter does not make (an upsert, and an entity
// of a collection that is not contained), and what describes the service.
const BESIDE = /\/\$(count|ref|metadata)$|^put |\/(members|teachers)\/|^get \/(openapi.json)?$/;

async function read(path) {
    const answer = await fetch(base + path, {
        headers: { Authorization: "Basic " + btoa("teacher:demo") },
    });
    return answer.json();
}

// ----------------------------------------------------------------------- types

// The types that a value can be of, those of one that is derived as well: by the
// converter a base lists what is derived from it, here it is NAME.any.
function types(schemas, name) {
    const { anyOf, enum: values } = schemas[name] ?? {};
    if (values) {
        return [values.join("|")];
    }
    return anyOf?.flatMap(({ $ref }) =>
        $ref ? types(schemas, $ref.slice(PREFIX.length)) : name) ?? [name];
}

// What a property holds, in words that do not depend on how it is said.
function holds(schemas, { $ref, anyOf, type, format, items, enum: values }) {
    if ($ref) {
        return types(schemas, $ref.slice(PREFIX.length)).sort().join(" ");
    }
    if (anyOf) {
        return [...new Set(anyOf.map((each) => holds(schemas, each)))].join(" ");
    }
    if (values) {
        return [values.filter((each) => each !== null).join("|"),
                ...(values.includes(null) ? ["null"] : [])].join(" ");
    }
    const [one, ...more] = [type].flat();
    return one === "array" ? `[${holds(schemas, items)}]`
                           : [format ?? one, ...more].join(" ");
}

// Whether there can be values of a type.
function isType(csdl, name) {
    const { $Kind, $Abstract } = csdl["microsoft.graph"][
        name.replace("microsoft.graph.", "")] ?? {};
    return /^(Entity|Complex)Type$/.test($Kind) && !$Abstract;
}

// Whether "TYPE/PROPERTY HOLDS" is of what lies below an entity by its path and is
// not part of its value: a list, or what the singleton leads to.
function isBelow(csdl, line) {
    const [, type, property] = /^microsoft\.graph\.(\w+)\/(\w+)/.exec(line);
    for (let at = type; at;) {
        const { [property]: found, $BaseType } = csdl["microsoft.graph"][at];
        if (found) {
            return found.$Kind === "NavigationProperty" &&
                (found.$Collection === true || type === "educationRoot");
        }
        at = $BaseType?.replace("microsoft.graph.", "");
    }
    return false;
}

// "TYPE/PROPERTY HOLDS", of all types that there are values of.
function properties({ components: { schemas } }, names) {
    return names.flatMap((name) =>
        Object.entries(schemas[name].properties ?? {})
            .filter(([property]) => !property.includes("@"))
            .map(([property, schema]) =>
                `${name}/${property} ${holds(schemas, schema)}`)).sort();
}

// ----------------------------------------------------------------------- paths

// "METHOD PATH", with keys that have no names and calls without a namespace.
const operations = ({ paths }) => Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) =>
        `${method} ` + path.replace(/\{\w+\}/g, "{}")
            .replace(/\/microsoft\.graph\.(\w+)(\(\))?/g, "/$1"))).sort();

const lacks = (some, others) => some.filter((each) => !others.includes(each));

await run(async () => {
    for (const dialect of ["v1.0", "beta"]) {
        const csdl = await read(`/${dialect}/$metadata?$format=json`);
        const theirs = csdl2openapi(csdl, { openapiVersion: "3.1.0", maxLevels: 6 });
        const ours = await read(`/${dialect}/openapi.json`);
        const [mine, yours] = [ours, theirs].map(({ components: { schemas } }) =>
            Object.keys(schemas).filter((name) => isType(csdl, name)).sort());
        is(mine, yours, `${dialect}: the same types`);
        const [has, had] = [ours, theirs].map((api) => properties(api, mine));
        is(lacks(has, had), [], `${dialect}: no property is in openapi.json alone`);
        is(lacks(had, has).filter((each) => !isBelow(csdl, each)), [],
           `${dialect}: and none in $metadata alone`);
        is(has.length > 150, true, `${dialect}: there are properties`);
        is(lacks(operations(ours), operations(theirs))
               .filter((each) => !BESIDE.test(each)), [],
           `${dialect}: $metadata has the paths and methods of openapi.json`);
    }
});
