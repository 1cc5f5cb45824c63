#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""A year of a house at steps of a minute: year.py BUILD_DIR [TIME]

CPU time of `moat-flow simulate` without output, with all it prints, and with a record of its sources,
which is then played again; the output of the replay must be that of the simulation.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FLOW = Path(__file__).with_name("year.yaml")
STEPS = 365 * 24 * 60


def run(directory, output, *args):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(directory / output, "wb") as out:
        subprocess.run(args, cwd=directory, stdout=out, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(what, seconds):
    print(f"{what:<40} {seconds:7.2f} s  {seconds / STEPS * 1e6:6.2f} µs per step")


def main():
    program = str(Path(sys.argv[1]).resolve() / "engine/cli/moat-flow")
    span = sys.argv[2] if len(sys.argv) > 2 else "1y"
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        simulate = (program, "simulate", str(FLOW), "--for", span)
        report("nothing printed", run(place, "none", *simulate, "-q"))
        report("all that leaves printed", run(place, "a.jsonl", *simulate))
        report("recorded", run(place, "none", *simulate, "-q", "--record", "record.jsonl"))
        report("replayed, printed", run(place, "b.jsonl", program, "run", str(FLOW), "--replay", "record.jsonl"))
        print(f"{(place / 'a.jsonl').stat().st_size / 1e6:.0f} MB printed, "
              f"{(place / 'record.jsonl').stat().st_size / 1e6:.0f} MB recorded")
        if (place / "a.jsonl").read_bytes() != (place / "b.jsonl").read_bytes():
            sys.exit("the replay says something else")


main()
