#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""What a spool costs: lines of a file go to a broker that is away, then to one that is there.

spool.py BUILD [MESSAGES]
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOW = """moat-flow: 1
links:
  broker: {{mqtt: 'mqtt://127.0.0.1:{port}'}}
nodes:
  lines: {{file.read: {dir}/in.jsonl, columns: [power]}}
  out: {{mqtt.publish: t/power, from: lines.power, qos: 1, queue: {queue}}}
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def run(program, place, queue, count, port, what="delivered"):
    """Until so many have been delivered, or wait on disk; CPU seconds, wall seconds, what the store says."""
    (place / "flow.yaml").write_text(FLOW.format(port=port, dir=place, queue=queue), encoding="utf-8")
    begin = time.monotonic()
    engine = subprocess.Popen([program, "run", "-qq", "--state", place / "state", "--socket", place / "control",
                               "--drain", "1s", place / "flow.yaml"], stderr=subprocess.DEVNULL)
    while engine.poll() is None:
        asked = subprocess.run([program, "status", "--json", "--socket", place / "control"], capture_output=True)
        if asked.returncode == 0:
            status = json.loads(asked.stdout)
            sink = next(node for node in status["nodes"] if node["name"] == "out")["queue"]
            if sink[what] >= count:
                break
        os.sched_yield()
    wall = time.monotonic() - begin
    with open(f"/proc/{engine.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    engine.terminate()
    engine.wait()
    return cpu, wall, status["store"], sink


def report(name, count, result):
    cpu, wall, store, sink = result
    print(f"{name:28} {count / wall:9.0f} messages/s  {cpu / count * 1e6:6.2f} µs CPU  "
          f"{store.get('bytes', 0) / count:7.1f} bytes written  {store.get('commits', 0):6} commits  "
          f"{sink['dropped']} dropped")


def main():
    program = Path(sys.argv[1]) / "engine/cli/moat-flow"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    with tempfile.TemporaryDirectory(prefix="moat-flow-") as name:
        place, port = Path(name), free_port()
        (place / "in.jsonl").write_text("".join(f'{{"power":{i}.5}}\n' for i in range(count)), encoding="utf-8")
        spool = "{spool: 1 GiB, pace: 1000000}"
        report("broker away, spool", count, run(program, place, spool, count, port, "waiting"))
        (place / "in.jsonl").write_text("", encoding="utf-8")
        (place / "m.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
        broker = subprocess.Popen([shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"), "-c",
                                   place / "m.conf"], stderr=subprocess.DEVNULL)
        report("broker back, from the spool", count, run(program, place, spool, count, port))
        (place / "in.jsonl").write_text("".join(f'{{"power":{i}.5}}\n' for i in range(count)), encoding="utf-8")
        report("broker there, spool", count, run(program, place, spool, count, port))
        report("broker there, memory", count, run(program, place, "1000", count, port))
        broker.kill()
        broker.wait()


if __name__ == "__main__":
    main()
