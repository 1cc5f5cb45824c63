#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Many Modbus devices, some of them dead: do the others keep their period?

modbus_many.py BUILD [SECONDS]: 200 TCP devices read each second. 25 refuse the connection, 25 take it and
say nothing. Then 32 units on one serial line (a pty), 4 of them dead, read each 2 s. The devices note when
they are asked; the first seconds, in which the dead are found out, are looked at on their own.
"""

import os
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import tty
from pathlib import Path

LIVE, REFUSING, SILENT = 150, 25, 25
UNITS, DEAD = 32, (5, 6, 17, 30)
FIRST = 5  # seconds


def start(build, flow, directory):
    path = Path(directory) / "flow.yaml"
    path.write_text(flow, encoding="utf-8")
    return subprocess.Popen([f"{build}/engine/cli/moat-flow", "run", "--state", directory, str(path)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cpu(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(what, asked, period, begun):
    """`asked`: times by device."""
    for name, is_it in (("first seconds", lambda t: t - begun < FIRST), ("after that", lambda t: t - begun >= FIRST)):
        gaps = [b - a for times in asked.values() for a, b in zip(times, times[1:], strict=False) if is_it(b)]
        means = [statistics.mean(g) for times in asked.values()
                 if (g := [b - a for a, b in zip(times, times[1:], strict=False) if is_it(b)])]
        gaps.sort()
        off = sum(abs(gap - period) > 0.05 * period for gap in gaps)
        print(f"{what}, {name}: {len(asked)} devices, {len(gaps)} periods of {period} s: "
              f"{gaps[0]:.3f} … median {gaps[len(gaps) // 2]:.3f} … {gaps[-1]:.3f} s, "
              f"{off} off by more than 5 %; worst mean of a device {max(means, key=lambda m: abs(m - period)):.4f} s")


def many(build, seconds):
    select = selectors.DefaultSelector()
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(LIVE)]
    silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(SILENT)]
    unbound = [socket.create_server(("127.0.0.1", 0)) for _ in range(REFUSING)]
    ports = [s.getsockname()[1] for s in listeners + silent + unbound]
    for listener in unbound:
        listener.close()
    for number, listener in enumerate(listeners):
        listener.setblocking(False)
        select.register(listener, selectors.EVENT_READ, (number, True))
    links = "".join(f"  d{i}: {{modbus: 'tcp:127.0.0.1:{port}'}}\n" for i, port in enumerate(ports))
    nodes = "".join(f"  n{i}: {{modbus.read: d{i}, register: 1, every: 1s}}\n" for i in range(len(ports)))
    asked = {number: [] for number in range(LIVE)}
    with tempfile.TemporaryDirectory() as directory:
        process = start(build, f"moat-flow: 1\nlinks:\n{links}nodes:\n{nodes}", directory)
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            for key, _ in select.select(0.5):
                number, is_listener = key.data
                if is_listener:
                    client, _ = key.fileobj.accept()
                    select.register(client, selectors.EVENT_READ, (number, False))
                    continue
                request = key.fileobj.recv(12)
                if len(request) < 12:
                    select.unregister(key.fileobj)
                    continue
                asked[number].append(time.monotonic())
                key.fileobj.send(request[:4] + struct.pack(">HBBBH", 5, request[6], request[7], 2, 7))
        used = cpu(process)
        process.kill()
        process.wait()
    report(f"{LIVE + REFUSING + SILENT} TCP devices, {REFUSING + SILENT} dead", asked, 1, begun)
    print(f"  CPU: {1e6 * used / sum(map(len, asked.values())):.0f} µs per answered request, "
          f"{100 * used / seconds:.1f} % of a core")


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def serial(build, seconds):
    master, slave = os.openpty()
    tty.setraw(slave)
    nodes = "".join(f"  n{i}: {{modbus.read: line, unit_id: {i}, register: 1, every: 2s}}\n"
                    for i in range(1, UNITS + 1))
    flow = (f"moat-flow: 1\nlinks:\n  line: {{modbus: 'rtu:{os.ttyname(slave)}', baud: 19200, timeout: 100ms, "
            f"retries: 1}}\nnodes:\n{nodes}")
    asked = {unit: [] for unit in range(1, UNITS + 1)}
    select = selectors.DefaultSelector()
    select.register(master, selectors.EVENT_READ)
    with tempfile.TemporaryDirectory() as directory:
        process = start(build, flow, directory)
        begun = time.monotonic()
        frame = b""
        while time.monotonic() - begun < seconds:
            if not select.select(0.5):
                continue
            frame += os.read(master, 256)
            if len(frame) < 8:
                continue
            unit, frame = frame[0], b""
            asked[unit].append(time.monotonic())
            if unit not in DEAD:
                reply = struct.pack(">BBBH", unit, 3, 2, 7)
                os.write(master, reply + crc(reply))
        process.kill()
        process.wait()
    tries = {unit: len(asked.pop(unit)) for unit in DEAD}
    report(f"{UNITS} units on a line, {len(DEAD)} dead", asked, 2, begun)
    print(f"  the dead were asked {sorted(tries.values())} times in {seconds} s")


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    many(sys.argv[1], seconds)
    serial(sys.argv[1], seconds)


if __name__ == "__main__":
    main()
