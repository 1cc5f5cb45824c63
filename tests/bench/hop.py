#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Instructions and allocations per hop, as a table: hop.py BUILD_DIR

Each kind is run under callgrind with two lengths of its chain; the difference is what the
additional hops cost, and start, reading and the turn itself fall out.
"""

import re
import subprocess
import sys

SHORT, LONG, MESSAGES = 10, 110, 200


def run(program, kind, nodes):
    out = subprocess.run(
        [
            "valgrind",
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=mf_engine_run",
            program,
            kind,
            str(nodes),
            str(MESSAGES),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    collected = int(re.search(r"Collected : (\d+)", out.stderr).group(1))
    allocations = float(re.search(r"([\d.]+) allocations", out.stdout).group(1))
    return collected, allocations


def main():
    program = sys.argv[1] + "/tests/bench/bench_hop"
    kinds = subprocess.run([program, "list"], capture_output=True, text=True, check=True)
    print(f"{'one hop':<20} instructions  allocations per message")
    for kind in kinds.stdout.splitlines():
        try:
            short, _ = run(program, kind, SHORT)
            long, allocations = run(program, kind, LONG)
        except subprocess.CalledProcessError as err:
            print(f"{kind:<20} failed: {err.stderr.strip().splitlines()[-1]}")
            continue
        hop = (long - short) / ((LONG - SHORT) * MESSAGES)
        print(f"{kind:<20} {hop:12.0f}  {allocations:.3f}")


main()
