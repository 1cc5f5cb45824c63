#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""JSON lines file → expr → JSON lines file: CPU time per message, start to end.

lines.py BUILD-DIRECTORY [LINES]
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FLOW = """moat-flow: 1
nodes:
  in: {file.read: in.jsonl, columns: [power], type: number, unit: W}
  kilo: {expr: in * 2 + 1 W, unit: kW}
  out: {file.write: out.jsonl, from: {kilo: kilo}}
"""


def cpu(program, place):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, "run", "--once", "flow.yaml"], cwd=place, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    program = str(Path(sys.argv[1]).resolve() / "engine/cli/moat-flow")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "flow.yaml").write_text(FLOW, encoding="utf-8")
        with open(place / "in.jsonl", "w", encoding="utf-8") as out:
            out.writelines(f'{{"time": {1700000000 + i}, "power": {i % 5000 + 0.5}, "room": "bath"}}\n' for i in range(count))
        best = 1e9
        for _ in range(3):
            (place / "out.jsonl").unlink(missing_ok=True)
            best = min(best, cpu(program, place))
        with open(place / "out.jsonl", "rb") as done:
            lines = sum(1 for _ in done)
        if lines != count:
            sys.exit(f"{lines} of {count} lines came out")
        print(f"{count} lines: {best / count * 1e6:.2f} µs CPU per message (best of 3)")


if __name__ == "__main__":
    main()
