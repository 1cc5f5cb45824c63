#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""1-wire reads per second and what each costs, against owserver's own client, on an owserver with made-up devices.

onewire.py BUILD [READS]

A flow reads as fast as the server answers; `owread` is one process that reads the same attribute as often, over a
connection that it keeps. Both go past the server's cache. Last, a tree of plain files as the kernel's, which answers
at once: what is left is our own part of a read.
"""

import json
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

NODES = 20
DEVICE = "28.000028D70000"  # the first that `--tester=DS18B20` makes
BATCH = 1000  # paths on one command line


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start_server(port):
    server = subprocess.Popen(["owserver", "--foreground", "-p", f"127.0.0.1:{port}", "--tester=DS18B20"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(struct.pack(">6i", 0, 0, 1, 0x100, 0, 0))
            if client.recv(24):
                return server
    sys.exit("owserver ended")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reads_of(program, place, stat):
    asked = subprocess.run([program, "status", "--json", "--socket", place / "control"], capture_output=True, check=False)
    if asked.returncode:
        return None
    return json.loads(asked.stdout)["links"][0]["counters"][stat]


def flow(program, place, link, stat, count):
    """Reads, seconds, CPU seconds of a flow that reads whenever it can."""
    nodes = "".join(f"  t{i}: {{onewire.read: {DEVICE}/temperature, every: 10ms}}\n" for i in range(NODES))
    (place / "flow.yaml").write_text(f"moat-flow: 1\nlinks: {{bus: {link}}}\nnodes:\n{nodes}", encoding="utf-8")
    engine = subprocess.Popen([program, "run", "-qq", "--socket", place / "control", place / "flow.yaml"],
                              stderr=subprocess.DEVNULL)
    try:
        first = None
        while engine.poll() is None:
            now, reads, cpu = monotonic(), reads_of(program, place, stat), cpu_of(engine.pid)
            if not reads:
                continue
            if first is None:
                first = now, reads, cpu
            elif reads - first[1] >= count:
                return reads - first[1], now - first[0], cpu - first[2]
            sleep(1)  # who asks takes time from those that are measured
        return sys.exit("the flow ended")
    finally:
        engine.terminate()
        engine.wait()


def owread(port, count):
    paths = [f"/uncached/{DEVICE}/temperature"] * BATCH
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = monotonic()
    for _ in range(count // BATCH):
        subprocess.run(["owread", "-s", f"127.0.0.1:{port}", *paths], stdout=subprocess.DEVNULL, check=True)
    wall = monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return count // BATCH * BATCH, wall, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def make_tree(root):
    master = root / "devices/w1_bus_master1"
    device = master / "28-0000d7280000"
    device.mkdir(parents=True)
    devices = root / "bus/w1/devices"
    devices.mkdir(parents=True)
    (devices / "w1_bus_master1").symlink_to("../../../devices/w1_bus_master1")
    (devices / device.name).symlink_to(f"../../../devices/w1_bus_master1/{device.name}")
    (device / "w1_slave").write_text("50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n"
                                     "50 05 4b 46 7f ff 0c 10 1c t=21312\n", encoding="ascii")
    return devices


def report(name, result):
    reads, wall, cpu = result
    print(f"{name:32} {reads / wall:8.0f} reads/s  {cpu / reads * 1e6:6.1f} µs CPU per read")


def main():
    program = str(Path(sys.argv[1]).resolve() / "engine/cli/moat-flow")
    count = max(int(sys.argv[2]) if len(sys.argv) > 2 else 5000, BATCH)
    if not shutil.which("owserver") or not shutil.which("owread"):
        sys.exit("needs owserver and ow-shell")
    port = free_port()
    server = start_server(port)
    try:
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            report("onewire.read, owserver", flow(program, place, f"{{owserver: '127.0.0.1:{port}'}}", "requests", count))
            report("owread, a process for 1000", owread(port, count))
            devices = make_tree(place / "sys")
            report("onewire.read, a tree of files", flow(program, place, f"{{w1: {devices}}}", "reads", count))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
