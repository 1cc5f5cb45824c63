#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""The schema that `moat-flow schema` prints, held against files by an independent validator: it takes
every example and every flow of the tests, and refuses the bad files whose fault is in the options.

check_schema_files.py ROOT MOAT-FLOW
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("MF_TEST_PROGRAM", sys.argv[2])
os.environ.setdefault("MF_TEST_ROOT", sys.argv[1])
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import absent_kinds  # noqa: E402

root, program = Path(sys.argv[1]), sys.argv[2]

# Faults that a schema can see: keys, words, sorts of values. The rest are names, units along edges,
# the graph, limits of quantities, and what YAML readers of editors do not show (keys that stand twice).
REFUSED = ["MF0131", "MF0137", "MF0139", "MF0143", "MF0201", "MF0202", "MF0205", "MF0207",
           "MF0208", "MF0209", "MF0213", "MF0215", "MF0306"]


def is_flow(path):
    return path.suffix == ".yaml" and not path.name.endswith(".test.yaml")


def verdicts(schema, files):
    done = subprocess.run([sys.executable, str(root / "tests/unit/graph/check_schema.py"), "--files", schema,
                           *map(str, files)], capture_output=True, text=True)
    if done.returncode == 77:
        sys.exit(77)
    return {line.split(": ", 1)[0]: line.split(": ", 1)[1] for line in done.stdout.splitlines() if ": " in line}


with tempfile.NamedTemporaryFile("w", suffix=".json") as schema:
    subprocess.run([program, "schema"], stdout=schema, check=True)
    schema.flush()
    good = [p for folder in ("examples", "tests/flow") for p in sorted((root / folder).rglob("*")) if is_flow(p)]
    absent = absent_kinds(subprocess.run([program, "nodes"], capture_output=True, text=True, check=True).stdout)
    good = [p for p in good if not absent or not re.search(absent, p.read_text(encoding="utf-8"))]
    bad = [root / f"tests/diag/{code}.yaml" for code in REFUSED]
    said = verdicts(schema.name, good + bad)
faults = [f"{p}: {said.get(str(p), 'not looked at')}" for p in good if said.get(str(p)) != "good"]
faults += [f"{p}: taken, or not looked at" for p in bad if said.get(str(p), "good") == "good"]
print("\n".join(faults))
print(f"{len(good)} flows taken, {len(bad)} refused" if not faults else f"{len(faults)} disagree")
sys.exit(1 if faults or not good else 0)
