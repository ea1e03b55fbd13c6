# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Test results for t/harness."""

import sys
import traceback

count = 0


def is_(got, wanted, what):
    """Prints whether both values are the same."""
    global count
    count += 1
    same = got == wanted
    print(f"{'ok' if same else 'not ok'} {count} - {what}")
    if not same:
        print(f"{what}\n  got:    {got!r}\n  wanted: {wanted!r}", file=sys.stderr)


def run(tests):
    """Runs the tests; an exception that they do not catch is a failure."""
    try:
        tests()
    except Exception:
        traceback.print_exc()
        is_("an exception", "none", "the tests come to an end")
    print(f"1..{count}")
