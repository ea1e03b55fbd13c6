# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Schemathesis: no answer to what it makes of openapi.json is a failure of the
server, and none is one that the document does not tell of.

Each role has a class of its own.  EDU_EXAMPLES is the number of requests for each
operation, and makes it try the edges of all values as well; EDU_SEED makes others.
"""

import json
import os
import re
import subprocess
import sys
import time

from tap import is_, run
from world import BASE, make

EXAMPLES = os.environ.get("EDU_EXAMPLES")
DIALECT = "v1.0"

# Most query options make sense.
OPTIONS = {
    "filter": ["id ne 'x'", "lastModifiedDateTime gt 2020-01-01T00:00:00Z",
               "contains(displayName,'s')", "status eq 'working'"],
    "orderby": ["id", "id desc", "lastModifiedDateTime desc", "displayName"],
    "select": ["id", "id,displayName", "points", "*", "status"],
    "expand": ["outcomes", "submissions", "assignments",
               "submissions($expand=outcomes)"],
    "format": ["json", "application/json;odata.metadata=full"],
}

# What a document cannot say, a request may be refused for; and a caller who may
# not do a thing is not told whether it was well-formed.
CHECKS = """not_a_server_error status_code_conformance content_type_conformance
    response_headers_conformance response_schema_conformance
    unsupported_method allow_header_conformance ignored_auth
    use_after_free""".split()


def dictionaries(ids):
    """The values that parameters mostly have, as lines of TOML."""
    values = {f"path.{name}": (some, 0.9) for name, some in ids.items()}
    values |= {f"query.${name}": (some, 0.8) for name, some in OPTIONS.items()}
    values["header.If-Match"] = ["*"], 0.8
    for name, (some, _) in values.items():
        yield f'[dictionaries.{json.dumps(name)}]'
        yield f"values = {json.dumps(some)}"
    yield "[parameters]"
    for name, (_, probability) in values.items():
        key = json.dumps(name)
        yield f"{key} = {{ dictionary = {key}, probability = {probability} }}"


def configure(role):
    ids = make(role)
    os.makedirs(role, exist_ok=True)
    with open(f"{role}/schemathesis.toml", "w", encoding="utf-8") as config:
        print('hooks = "world.py"', *dictionaries(ids), sep="\n",
              file=config)


def command(role):
    phases = "coverage,fuzzing" if EXAMPLES else "fuzzing"
    return [
        sys.executable, "-m", "schemathesis.cli",
        "--config-file", f"{role}/schemathesis.toml",
        "run", f"{BASE}/{DIALECT}/openapi.json", "--auth", f"{role}:demo",
        "--phases", phases, "--max-examples", EXAMPLES or "4",
        "--checks", ",".join(CHECKS), "--no-color", "--warnings", "off",
        "--tls-verify", os.environ["EDU_CERTIFICATE"],
        "--generation-database", "none",
        "--seed", os.environ.get("EDU_SEED", "1"),
    ]


def ask(role):
    configure(role)
    began = time.monotonic()
    done = subprocess.run(
        command(role), stdout=subprocess.PIPE, text=True, check=False,
        env=os.environ | {"EDU_ROLE": role})
    tested, made = (int(found[1]) if found else 0 for found in (
        re.search(pattern, done.stdout)
        for pattern in (r"Tested: (\d+)", r"(\d+) generated")))
    print(f"# {role}: {made} requests in {time.monotonic() - began:.0f} s",
          file=sys.stderr)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    is_(tested > 140, True, f"{role}: it asks for all operations")
    is_(done.returncode, 0, f"{role}: each answer is one that is described")


run(lambda: [ask(role) for role in sys.argv[1:]])
