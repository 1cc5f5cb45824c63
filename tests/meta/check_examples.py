#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Every example and every flow in a page of the manual validates without a warning; the tests of
examples pass; every example is listed in examples/README.md and shows a picture.

check_examples.py ROOT MOAT-FLOW
"""

import os
import re
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("MF_TEST_PROGRAM", sys.argv[2])
os.environ.setdefault("MF_TEST_ROOT", sys.argv[1])
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import absent_kinds  # noqa: E402

root, program = Path(sys.argv[1]), str(Path(sys.argv[2]).resolve())
faults = []


def call(*args):
    done = subprocess.run([program, *args], cwd=root, capture_output=True, text=True, timeout=60)
    if done.returncode:
        faults.append(f"moat-flow {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


absent = absent_kinds(call("nodes"))
examples = sorted(path for path in (root / "examples").iterdir() if path.is_dir())
listed = (root / "examples/README.md").read_text(encoding="utf-8")
tested = 0
for example in examples:
    name = f"examples/{example.name}"
    if f"]({example.name}/)" not in listed:
        faults.append(f"{name} is not listed in examples/README.md")
    if absent and re.search(absent, "".join(f.read_text(encoding="utf-8") for f in example.glob("*.yaml"))):
        continue  # this build lacks a library that the example needs
    call("validate", "--no-env", "--deny-warnings", name)
    if "->" not in call("graph", "--no-env", "--format", "dot", name):
        faults.append(f"{name} has no edges")
    if list(example.glob("*.test.yaml")):
        call("test", name)
        tested += 1
if not absent:
    call("validate", "--no-env", "--deny-warnings", "README.md", *[str(p.relative_to(root)) for p in sorted((root / "docs").glob("*.md"))])
print("\n".join(faults))
print(f"{len(examples)} examples, {tested} with tests")
sys.exit(1 if faults or not tested else 0)
