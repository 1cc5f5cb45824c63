# SPDX-License-Identifier: LGPL-3.0-or-later
"""onewire.read, onewire.write: against Debian's owserver with devices that it makes up, and a fake that misbehaves."""

import contextlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import WAIT, CliTest  # noqa: E402

FAMILIES = {"DS18S20": "10", "DS2408": "29"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Owserver:
    """The real thing. Its devices have names of its own making, which the directory tells."""

    def __init__(self, test, *options):
        self.port = free_port()
        self.process = subprocess.Popen(["owserver", "--foreground", "-p", f"127.0.0.1:{self.port}",
                                         f"--fake={','.join(FAMILIES)}", *options],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.end)
        self.devices = self.directory(test)

    def end(self):
        self.process.kill()
        self.process.wait(WAIT)

    def directory(self, test):
        while self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as server:
                server.sendall(struct.pack(">6i", 0, 2, 7, 0x100, 0, 0) + b"/\0")
                with server.makefile("rb") as stream:
                    while True:
                        _, payload, _, _, size, _ = struct.unpack(">6i", stream.read(24))
                        if payload >= 0:
                            break
                    names = stream.read(payload)[:size].decode().split(",")
                return {kind: next(name for name in names if name.startswith("/" + family + "."))[1:]
                        for kind, family in FAMILIES.items()}
        return test.fail("owserver ended")


class Fake(threading.Thread):
    """A server whose answers a test makes: answer(type, path, data) gives (code, text), or bytes to send as they are."""

    def __init__(self, test, answer):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer = answer
        test.addCleanup(self.listener.close)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(ConnectionError, struct.error), client, client.makefile("rb") as stream:
                while True:
                    _, payload, kind, flags, size, _ = struct.unpack(">6i", stream.read(24))
                    body = stream.read(payload)
                    data = body[len(body) - size:] if kind == 3 else b""
                    got = self.answer(kind, body.split(b"\0")[0].decode(), data.decode())
                    if isinstance(got, bytes):
                        client.sendall(got)
                        continue
                    code, text = got
                    client.sendall(struct.pack(">6i", 0, -1, 0, 0, 0, 0))  # a ping first
                    client.sendall(struct.pack(">6i", 0, len(text), code, flags, len(text), 0) + text.encode())


class Onewire(CliTest):
    def run_flow(self, port, nodes, more=""):
        self.flow(nodes, more=f"links: {{w1: {{owserver: '127.0.0.1:{port}'{more}}}}}\n")
        return self.start("run", "flow.yaml")

    @unittest.skipUnless(shutil.which("owserver"), "owserver is not installed")
    def test_real_server(self):
        """Reads a temperature and a switch of the real server, writes the switch, and hears of a device that is missing."""
        for options in ([], ["--pingcrazy"]):
            server = Owserver(self, *options)
            thermometer, switch = server.devices["DS18S20"], server.devices["DS2408"]
            running = self.run_flow(server.port, f"""
temp: {{onewire.read: {thermometer}/temperature, every: 100ms}}
kind: {{onewire.read: {thermometer}/type, every: 1h}}
gone: {{onewire.read: 10.0123456789AB/temperature, every: 1h}}
show: {{log: notice, from: [kind, temp, gone], message: "{{node}} {{quality}} {{value}} {{unit}}"}}
on: {{when: "temp > -300", then: true}}
out: {{onewire.write: {switch}/PIO.3, from: on, failsafe: keep}}
back: {{onewire.read: {switch}/PIO.3, every: 50ms}}
told: {{log: notice, from: back, message: "switch {{value}}"}}
""")
            seen = set()
            while not seen >= {"kind", "temp", "gone"}:
                line = running.until("kind good DS18S20", "temp good", "10.0123456789AB/temperature: no such device")
                seen.add("gone" if "no such" in line else line.split("show: ")[1].split()[0])
            running.until("switch true")
            running.end()

    def test_power_on_value(self):
        """85 degrees out of the blue are bad; on the way up they are a temperature."""
        readings = iter(["85", "21.5", "83", "85"])
        server = Fake(self, lambda kind, path, data: (2, next(readings, "20")))
        running = self.run_flow(server.port, """
temp: {onewire.read: 28.0123456789AB/temperature, every: 50ms}
out: {file.write: out.jsonl, from: temp, quality: true}
n: {count: 200ms, from: temp}
told: {log: notice, from: temp, message: "at {value}"}
""")
        running.until("at 20")
        rows = (self.dir / "out.jsonl").read_text(encoding="utf-8")
        running.end()
        order = [part for part in ("bad", "21.5", ":83", ":85") if part in rows]
        self.assertEqual(order, ["bad", "21.5", ":83", ":85"], rows)

    def test_gone_and_back(self):
        """A device that is taken off the bus is stale, and good again when it is back; its neighbour never notices."""
        state = {"gone": False}

        def answer(kind, path, data):
            return (-1, "") if state["gone"] and path.startswith("/28.0123456789AB") else (2, "20.5")

        server = Fake(self, answer)
        running = self.run_flow(server.port, """
a: {onewire.read: 28.0123456789AB/temperature, every: 50ms}
b: {onewire.read: 28.FFFF56789ABC/temperature, every: 50ms}
show: {log: notice, from: [a, b], message: "{node} {quality}"}
""")
        running.until("a good")
        state["gone"] = True
        running.until("no such device or attribute")
        running.until("b good")
        state["gone"] = False
        running.until("a good")

    def test_together(self):
        """`simultaneous` starts one measurement for all, and reads what came of it."""
        asked = []

        def answer(kind, path, data):
            asked.append((kind, path, data))
            return (0, "") if kind == 3 else (2, "19.25")

        server = Fake(self, answer)
        running = self.run_flow(server.port, """
a: {onewire.read: 28.0123456789AB/temperature, every: 1h, simultaneous: true}
b: {onewire.read: 28.FFFF56789ABC/temperature, every: 1h, simultaneous: true}
both: {expr: "mean(a, b)"}
show: {log: notice, from: both, message: "mean {value}"}
""")
        running.until("mean 19.25")
        self.assertEqual([path for kind, path, _ in asked if kind == 3], ["/simultaneous/temperature"])
        self.assertEqual(sorted(path for kind, path, _ in asked if kind == 2),
                         ["/28.0123456789AB/latesttemp", "/28.FFFF56789ABC/latesttemp"])

    def test_no_owserver(self):
        """What is not this protocol ends the connection with a sentence; it is made again."""
        replies = iter([b"HTTP/1.1 400 Bad Request\r\n\r\n"])
        server = Fake(self, lambda kind, path, data: next(replies, (2, "5")))
        running = self.run_flow(server.port, """
a: {onewire.read: 26.0123456789AB/humidity, every: 50ms}
show: {log: notice, from: a, message: "a is {value}"}
""")
        running.until("not from an owserver")
        running.until("a is 5")


if __name__ == "__main__":
    unittest.main()
