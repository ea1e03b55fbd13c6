// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Test results for t/harness.

import { isDeepStrictEqual } from "node:util";

let n = 0;

// Prints whether both values are the same.
export function is(got, wanted, what) {
    const same = isDeepStrictEqual(got, wanted);
    console.log(`${same ? "ok" : "not ok"} ${++n} - ${what}`);
    if (!same) {
        console.error(what, "\n  got:   ", got, "\n  wanted:", wanted);
    }
}

// Runs the tests; an exception that they do not catch is a failure.
export async function run(tests) {
    try {
        await tests();
    } catch (error) {
        console.error(error);
        is("an exception", "none", "the tests come to an end");
    }
    console.log(`1..${n}`);
}
