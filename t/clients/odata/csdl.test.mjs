// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// OASIS's schemas of CSDL and its converter: both forms of $metadata are valid, and
// say the same.

import { readFileSync } from "node:fs";
import Ajv from "ajv";
import csdl from "odata-csdl";
import { validateXML } from "xmllint-wasm";
import { is, run } from "./tap.mjs";

const { EDU_BASE: base } = process.env;

async function metadata(dialect, version, format) {
    const answer = await fetch(`${base}/${dialect}/$metadata?$format=${format}`, {
        headers: { Authorization: "Basic " + btoa("teacher:demo"),
                   "OData-MaxVersion": version },
    });
    return answer.text();
}

// ------------------------------------------------------------------ validators

// Of these two the second imports the first.
const [edm, edmx, json] = ["edm.xsd", "edmx.xsd", "csdl.schema.json"].map((name) => ({
    fileName: name,
    contents: readFileSync(`node_modules/odata-csdl/schemas/${name}`, "utf8"),
}));

async function faultsOfXml(contents) {
    const { errors } = await validateXML({
        xml: { fileName: "metadata.xml", contents }, schema: edmx, preload: edm });
    return errors.map(({ message }) => message);
}

const valid = new Ajv({ allErrors: true }).compile(JSON.parse(json.contents));

function faultsOfJson(text) {
    valid(JSON.parse(text));
    return valid.errors?.map((error) => `${error.instancePath} ${error.message}`) ?? [];
}

// ------------------------------------------------------------------- converter

// A type may be left out where it is a string.
const plain = (name, value) => {
    if (value?.$Type === "Edm.String") {
        delete value.$Type;
    }
    return value;
};

await run(async () => {
    for (const [dialect, version] of ["v1.0", "beta"].flatMap((each) =>
        [[each, "4.0"], [each, "4.01"]])) {
        const [xml, text] = await Promise.all(["xml", "json"].map((format) =>
            metadata(dialect, version, format)));
        const which = `${dialect}, version ${version}`;
        is(JSON.parse(text).$Version, version, `${which} is asked for`);
        is(await faultsOfXml(xml), [], `${which}: the XML is valid`);
        is(faultsOfJson(text), [], `${which}: the JSON is valid`);
        const converted = csdl.xml2json(xml, { strict: true, validate: true });
        is(JSON.parse(text, plain),
           JSON.parse(JSON.stringify(converted), plain),
           `${which}: the JSON is the XML, converted`);
    }
});
