// Licensed under the Apache License, Version 2.0; see LICENSE.

import java.util.Objects;

/** Test results for t/harness. */
final class Tap {
    interface Tests {
        void run() throws Exception;
    }

    private static int count;

    private Tap() {
    }

    /** Prints whether both values are the same. */
    static void is(Object got, Object wanted, String what) {
        boolean same = Objects.equals(got, wanted);
        System.out.println((same ? "ok " : "not ok ") + ++count + " - " + what);
        if (!same) {
            System.err.println(what + "\n  got:    " + got + "\n  wanted: " + wanted);
        }
    }

    /** Runs the tests; an exception that they do not catch is a failure. */
    static void run(Tests tests) {
        try {
            tests.run();
        } catch (Exception error) {
            error.printStackTrace();
            is("an exception", "none", "the tests come to an end");
        }
        System.out.println("1.." + count);
        System.exit(0); // though the client's threads are idle, they live on
    }
}
