// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// OASIS's converter makes OpenAPI of $metadata: it and openapi.json describe the
// same types, with the same properties of the same types, and the same paths and
// methods, but for those that are listed here.

import { csdl2openapi } from "odata-openapi";
import { is, run } from "./tap.mjs";

const { EDU_BASE: base } = process.env;
const PREFIX = "#/components/schemas/";
const CAPABILITIES = "@Org.OData.Capabilities.V1.";
const METHODS = ["get", "post", "put", "patch", "delete"];

// How many navigation properties a path has at most.
const LEVELS = 6;

// Paths that the converter does not make.
const BESIDE = [
    /^get \/(openapi\.json|\$metadata)?$/, // the service's documents
    /\/\$(count|ref)$/,
    /^put .*\/(members|teachers)$/,        // of a list
    /\/outcomes\/delta$/,                  // a function of what a function returns
    /\/(members|teachers)\/\{\}/,          // an entity that is not contained
];
// Paths that it makes besides.
const BEYOND = [
    // It does not read RequiresExplicitBinding.
    /^get \/education\/(me|users\/\{\})\/assignments\/delta$/,
    /\/outcomeVersions\/\{\}\/restoreVersion$/,
    // The copies in a version are read as properties are.
    /\/versions\/\{\}\/(assignment|class|member|outcome|previous|submission)(\/\w+)?$/,
];

async function read(path) {
    const answer = await fetch(base + path, {
        headers: { Authorization: "Basic " + btoa("teacher:demo") },
    });
    return answer.json();
}

const local = (name) => name?.replace("microsoft.graph.", "");

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
    const { $Kind, $Abstract } = csdl["microsoft.graph"][local(name)] ?? {};
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
        at = local($BaseType);
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
    Object.keys(item).flatMap((some) => some.split(","))
        .filter((method) => METHODS.includes(method))
        .map((method) => `${method} ` + path.replace(/\{\w+\}/g, "{}")
            .replace(/\/microsoft\.graph\.(\w+)(\(\))?/g, "/$1"))).sort();

// What is said of each navigation property, where it stands, as it is said of a path
// that leads through it.
function* restrictions(csdl, type, prefix = "", level = 0) {
    for (let at = type; at && level < LEVELS;) {
        const { $BaseType, ...members } = csdl["microsoft.graph"][local(at)];
        for (const [name, member] of Object.entries(members)) {
            if (member.$Kind === "NavigationProperty") {
                const path = prefix + name;
                yield restriction(path, member);
                yield* restrictions(csdl, member.$Type, `${path}/`, level + 1);
            }
        }
        at = $BaseType;
    }
}

function restriction(path, member) {
    const { NavigationRestrictions, IndexableByKey, ...said } = Object.fromEntries(
        Object.entries(member).filter(([name]) => name.startsWith(CAPABILITIES))
            .map(([name, value]) => [name.slice(CAPABILITIES.length), value]));
    const ends = NavigationRestrictions?.Navigability === "None" ||
        IndexableByKey === false;
    return { NavigationProperty: path, ...said, ...ends && { Navigability: "Single" } };
}

function convert(csdl) {
    const { education } = csdl["microsoft.graph"].GraphService;
    education[`${CAPABILITIES}NavigationRestrictions`] = {
        RestrictedProperties: [...restrictions(csdl, education.$Type)] };
    return csdl2openapi(csdl, { openapiVersion: "3.1.0", maxLevels: LEVELS });
}

const lacks = (some, others, but) => some.filter((each) => !others.includes(each) &&
    !but.some((one) => one.test(each)));

await run(async () => {
    for (const dialect of ["v1.0", "beta"]) {
        const csdl = await read(`/${dialect}/$metadata?$format=json`);
        const theirs = convert(csdl);
        const ours = await read(`/${dialect}/openapi.json`);
        const [mine, yours] = [ours, theirs].map(({ components: { schemas } }) =>
            Object.keys(schemas).filter((name) => isType(csdl, name)).sort());
        is(mine, yours, `${dialect}: the same types`);
        const [has, had] = [ours, theirs].map((api) => properties(api, mine));
        is(lacks(has, had, []), [], `${dialect}: no property is in openapi.json alone`);
        is(lacks(had, has, []).filter((each) => !isBelow(csdl, each)), [],
           `${dialect}: and none in $metadata alone`);
        is(has.length > 150, true, `${dialect}: there are properties`);
        const [does, did] = [ours, theirs].map(operations);
        is(lacks(does, did, BESIDE), [], `${dialect}: $metadata has the paths and methods`);
        is(lacks(did, does, BEYOND), [], `${dialect}: and no others`);
        is(did.length > 90, true, `${dialect}: there are methods`);
    }
});
