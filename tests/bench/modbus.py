#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Modbus polls per second and CPU per poll, against mbpoll and pymodbus, on one server made of libmodbus.

modbus.py BUILD [SECONDS]: a poll is one request for one register and its answer, over TCP on loopback.
mbpoll waits at least 10 ms between two polls, so only its CPU compares; pymodbus's synchronous client asks as
fast as it is answered; 100 nodes want 100 polls a second each, more than one connection carries.
pymodbus runs in /usr/bin/python3 (Debian's python3-pymodbus).
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NODES = 100
PYMODBUS = """
import sys, time
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]))
client.connect()
end, count = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    assert not client.read_holding_registers(7, 1, slave=1).isError()
    count += 1
print(count)
"""


def cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def child_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(what, polls, seconds, used):
    print(f"| {what} | {polls / seconds:.0f} | {1e6 * used / polls:.0f} µs |")


def ours(build, port, seconds):
    nodes = "".join(f"  n{i}: {{modbus.read: bus, register: {5 * i}, every: 10ms}}\n" for i in range(NODES))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "flow.yaml"
        path.write_text(f"moat-flow: 1\nlinks: {{bus: {{modbus: 'tcp:127.0.0.1:{port}'}}}}\nnodes:\n{nodes}",
                        encoding="utf-8")
        program, control = f"{build}/engine/cli/moat-flow", f"{directory}/control"
        process = subprocess.Popen([program, "run", "--state", directory, "--socket", control, str(path)],
                                   stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if "connected" in line:
                break

        def look():
            text = subprocess.run([program, "status", "--json", "--socket", control], capture_output=True, check=True,
                                  text=True).stdout
            return json.loads(text)["links"][0]["counters"]["requests"], time.monotonic(), cpu(process.pid)

        before = look()
        time.sleep(seconds)
        after = look()
        process.kill()
        process.wait()
        show(f"`modbus.read`, {NODES} nodes", *(b - a for a, b in zip(before, after, strict=True)))


def theirs(what, args, seconds, count):
    if not shutil.which(args[0]):
        print(f"| {what} | not installed | |")
        return
    before = child_cpu()
    begun = time.monotonic()
    try:
        done = subprocess.run(args, capture_output=True, text=True, timeout=seconds, check=False)
        text = done.stdout
    except subprocess.TimeoutExpired as late:
        text = late.stdout.decode()
    polls = count(text)
    if polls:
        show(what, polls, time.monotonic() - begun, child_cpu() - before)
    else:
        print(f"| {what} | did not work | |")


def main():
    build, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 10
    server = subprocess.Popen([f"{build}/tests/peer/modbus_server", "tcp"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().split()[1]
    print("| | polls/s | CPU per poll |\n|---|---|---|")
    ours(build, port, seconds)
    theirs("`mbpoll -l 10`", ["mbpoll", "-p", port, "-r", "8", "-c", "1", "-l", "10", "127.0.0.1"], seconds,
           lambda text: text.count("[8]:"))
    theirs("pymodbus, synchronous", ["/usr/bin/python3", "-c", PYMODBUS, port, str(seconds)], seconds + 30,
           lambda text: int(text or 0))
    server.stdin.close()
    server.wait()


if __name__ == "__main__":
    main()
