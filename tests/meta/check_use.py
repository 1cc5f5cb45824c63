#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Drift: every kind is used by an example and by a test, every diagnostic code that the program can
print is explained and has a file in tests/diag, and the node reference in docs is what the program says.

check_use.py ROOT MOAT-FLOW
"""

import json
import re
import subprocess
import sys
from pathlib import Path

root, program = Path(sys.argv[1]), sys.argv[2]
faults = []

# Codes that no flow can bring about now → the test that does.
ELSEWHERE = {"214": "tests/unit/config/test_options.c"}  # no option is on its way out


def ask(*args):
    return subprocess.run([program, *args], capture_output=True, check=True, timeout=60).stdout.decode()


def text_of(*patterns):
    return "\n".join(f.read_text(encoding="utf-8", errors="replace")
                     for pattern in patterns for f in sorted(root.glob(pattern)))


def uses(kind, text):
    return re.search(r"[{\s\"(]" + re.escape(kind) + r":", text)


def check_kinds():
    examples = text_of("examples/**/*.yaml")
    tests = text_of("tests/**/*.c", "tests/**/*.py", "tests/**/*.yaml")
    kinds = json.loads(ask("nodes", "--format", "json"))
    for kind in kinds:
        for where, text in (("an example", examples), ("a test", tests)):
            if not uses(kind["name"], text):
                faults.append(f"{kind['what']} {kind['name']}: not used by {where}")
    return len(kinds)


def check_codes():
    defined = set(re.findall(r"MF_CODE\((\d+),", text_of("engine/config/codes.def")))
    sources = text_of("engine/**/*.c", "engine/**/*.h", "lua/**/*.c", "nodes/**/*.[ch]",
                      "rules/**/*.c")
    used = set(re.findall(r"MF_(?:ERROR|WARNING|NOTE),\s*(\d{3,4})\b", sources))
    used |= set(re.findall(r"\b(?:MF_)?CODE_\w+\s*=\s*(\d{3,4})\b", sources))
    mentioned = set(re.findall(r"\b(\d{3})\b", sources))  # as an argument of a helper
    diag = {f.name[2:6].lstrip("0") for f in (root / "tests/diag").glob("MF[0-9][0-9][0-9][0-9]*.expected")}
    faults.extend(f"MF{int(c):04}: printed, but not explained in codes.def" for c in used - defined)
    faults.extend(f"MF{int(c):04}: explained, but nothing prints it" for c in defined - used - mentioned)
    faults.extend(f"MF{int(c):04}: no file in tests/diag" for c in defined - diag - set(ELSEWHERE))
    faults.extend(f"MF{int(c):04}: not in {f}" for c, f in ELSEWHERE.items() if c not in text_of(f))
    return len(defined)


def check_reference():
    page = root / "docs/nodes.md"
    if not page.exists() or page.read_text(encoding="utf-8") != ask("nodes", "--format", "md"):
        faults.append("docs/nodes.md is not what `moat-flow nodes --format md` prints")


kinds, codes = check_kinds(), check_codes()
# A build without some library cannot tell about all kinds.
if "Not built in" not in ask("nodes"):
    check_reference()
print("\n".join(faults))
print(f"{kinds} kinds, {codes} codes")
sys.exit(1 if faults or not kinds or not codes else 0)
