# SPDX-License-Identifier: LGPL-3.0-or-later
"""modbus: against libmodbus on TCP and a serial line, and against devices that misbehave."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import tty
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import WAIT, CliTest  # noqa: E402

SERVER = os.environ.get("MF_TEST_MODBUS_SERVER", "")


class Server:
    """A device made of libmodbus."""

    def __init__(self, test, *args):
        self.process = subprocess.Popen([SERVER, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = self.process.stdout.readline().split()
        test.addCleanup(self.end)

    def end(self):
        self.process.stdin.close()
        self.process.wait(WAIT)
        self.process.stdout.close()


class Line:
    """Two ends of a serial line: what is written into one pty comes out of the other."""

    def __init__(self, test):
        self.ends = [os.openpty(), os.openpty()]
        for _, slave in self.ends:
            tty.setraw(slave)
        self.fresh = termios.tcgetattr(self.ends[0][1])
        self.names = [os.ttyname(slave) for _, slave in self.ends]
        for i in (0, 1):
            threading.Thread(target=self.carry, args=(self.ends[i][0], self.ends[1 - i][0]), daemon=True).start()

    def renew(self, end):
        """As an adapter that was pulled out and put in again: a pty keeps how it was set, and refuses the same anew."""
        termios.tcsetattr(self.ends[end][1], termios.TCSANOW, self.fresh)

    @staticmethod
    def carry(source, target):
        while data := os.read(source, 256):
            os.write(target, data)


class Device(threading.Thread):
    """A TCP device whose answers a test makes: answer(unit, pdu) gives a list of (transaction shift, pdu)."""

    def __init__(self, test, answer):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer = answer
        self.asked = []
        self.has_asked = threading.Condition()
        test.addCleanup(self.listener.close)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(ConnectionError), client, client.makefile("rb") as stream:
            while len(head := stream.read(7)) == 7:
                number, _, size, unit = struct.unpack(">HHHB", head)
                pdu = stream.read(size - 1)
                with self.has_asked:
                    self.asked.append((unit, pdu))
                    self.has_asked.notify_all()
                for shift, reply in self.answer(unit, pdu):
                    client.sendall(struct.pack(">HHHB", (number + shift) & 0xFFFF, 0, len(reply) + 1, unit) + reply)


def words(pdu):
    """The answer of a device in which register n holds n."""
    first, count = struct.unpack(">HH", pdu[1:5])
    return struct.pack(f">BB{count}H", pdu[0], 2 * count, *range(first, first + count))


class Bus(CliTest):
    """A flow with one modbus link, called `bus`."""

    def run_flow(self, link, nodes):
        self.flow(nodes, more=f"links: {{bus: {link}}}\n")
        return self.start("run", "--socket", "socket", "flow.yaml")

    @staticmethod
    def see(running, *texts):
        """Reads on until each of the texts has come, in any order."""
        left = set(texts)
        while left:
            line = running.until(*left)
            left = {text for text in left if text not in line}

    def needs_server(self):
        if not SERVER:
            self.skipTest("libmodbus is not installed")


class Modbus(Bus):
    def test_tcp(self):
        """Reads each area of a libmodbus server, writes, and reads back what was written."""
        self.needs_server()
        port = Server(self, "tcp").said[1]
        running = self.run_flow(f"{{modbus: 'tcp:127.0.0.1:{port}'}}", """
volts: {modbus.read: bus, register: 'input:0', type: float32, unit: V, every: 1s}
amps: {modbus.read: bus, register: 16, scale: 0.1, unit: A, every: 1s}
long: {modbus.read: bus, register: 1, type: uint32, words: little, every: 1s}
coil: {modbus.read: bus, register: 'coil:7', every: 1s}
bit: {modbus.read: bus, register: 'discrete:8', every: 1s}
show: {log: notice, from: [volts, amps, long, coil, bit], message: "{node}: {value} {unit}."}
out: {modbus.write: bus, register: 500, type: float32, from: volts, verify: true, limit: 0..300 V, failsafe: keep}
switch: {modbus.write: bus, register: 'coil:8', from: coil, failsafe: keep}
back: {modbus.read: bus, register: 500, type: float32, every: 100ms}
on: {modbus.read: bus, register: 'coil:8', every: 100ms}
both: {when: "back > 230 and on", then: true}
done: {log: notice, from: both, message: "written"}
""")
        self.see(running, "volts: 230.5 V.", "amps: 1.6 A.", "long: 131073 .", "coil: true .", "bit: false .")
        running.until("written")

    def test_serial(self):
        """The same over a serial line, with its checksums."""
        self.needs_server()
        line = Line(self)
        Server(self, "rtu", line.names[0], "9")
        running = self.run_flow(f"{{modbus: 'rtu:{line.names[1]}', baud: 19200, parity: even}}", """
volts: {modbus.read: bus, unit_id: 9, register: 'input:0', type: float32, unit: V, every: 1s}
out: {modbus.write: bus, unit_id: 9, register: 500, from: volts, verify: true, limit: 0..300 V, failsafe: keep}
back: {modbus.read: bus, unit_id: 9, register: 500, every: 100ms}
show: {log: notice, from: back, message: "back {value}"}
""")
        running.until("back 231", "back 230")

    def test_neighbours_travel_together(self):
        """Values side by side are one request."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu))])
        running = self.run_flow(f"{{modbus: 'tcp:127.0.0.1:{device.port}', max_gap: 2}}", """
a: {modbus.read: bus, register: 10, every: 1h}
b: {modbus.read: bus, register: 13, every: 1h}
c: {modbus.read: bus, register: 11, every: 1h}
sum: {expr: a + b + c}
show: {log: notice, from: sum, message: "sum {value}"}
""")
        running.until("sum 34")
        self.assertEqual(device.asked, [(1, struct.pack(">BHH", 3, 10, 4))])

    def test_exception_is_bad(self):
        """A register that the device does not have is bad, by name; its neighbour is not."""
        device = Device(self, lambda unit, pdu: [(0, b"\x83\x02" if pdu[2] <= 12 < pdu[2] + pdu[4] else words(pdu))])
        running = self.run_flow(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
a: {modbus.read: bus, register: 11, every: 1h}
b: {modbus.read: bus, register: 12, every: 1h}
show: {log: notice, from: [a, b], message: "{node} {quality} {value}"}
""")
        self.see(running, "a good 11", "b bad: illegal address")

    def test_dead_unit(self):
        """A unit that is silent is stale, and the others on the bus go on."""
        device = Device(self, lambda unit, pdu: [] if unit == 2 else [(0, words(pdu))])
        running = self.run_flow(f"{{modbus: 'tcp:127.0.0.1:{device.port}', timeout: 50ms, retries: 1}}", """
live: {modbus.read: bus, unit_id: 1, register: 5, every: 20ms}
dead: {modbus.read: bus, unit_id: 2, register: 6, every: 20ms}
seen: {count: 500ms, from: live}
show: {log: notice, from: seen, message: "seen {value}"}
""")
        running.until("unit 2 does not answer")
        before = len([1 for unit, _ in device.asked if unit == 2])
        self.assertEqual(before, 2)
        for _ in range(2):
            line = running.until("seen ")
        self.assertGreater(int(line.rsplit("seen ", 1)[1]), 2)
        status = self.call("status", "--socket", "socket").stdout
        self.assertRegex(status, r"link bus \(modbus\): up.*, silent_units 1\b")

    def test_late_answer_is_not_the_next(self):
        """What answers a request that was given up is not taken for the answer to the next."""
        held = []

        def answer(unit, pdu):
            held.append(pdu)
            if len(held) == 1:
                return []  # given up
            if len(held) == 2:  # now comes what the first should have been, before the right one
                return [(-1, struct.pack(">BBH", 3, 2, 666)), (0, words(pdu))]
            return [(0, words(pdu))]

        device = Device(self, answer)
        running = self.run_flow(f"{{modbus: 'tcp:127.0.0.1:{device.port}', timeout: 100ms, retries: 5}}", """
a: {modbus.read: bus, register: 7, every: 100ms}
show: {log: notice, from: a, message: "a is {value}"}
""")
        line = running.until("a is")
        self.assertIn("a is 7", line)
        self.assertNotIn("a is 666", "".join(running.lines))

    def test_found_by_another(self):
        """A node that would ask while its unit rests is stale as the one that found out, and asks when the rest is over."""
        device = Device(self, lambda unit, pdu: [])
        link = f"{{modbus: 'tcp:127.0.0.1:{device.port}', timeout: 100ms, retries: 0}}"
        nodes = """
a: {modbus.read: bus, register: 7, every: 100ms}
show: {log: notice, from: a, message: "a is {quality}"}
"""
        running = self.run_flow(link, nodes)
        running.until("a is stale")
        running.until("a is stale")  # rests for two seconds from here
        self.flow(nodes + """
b: {modbus.read: bus, register: 8, every: 1h}
too: {log: notice, from: b, message: "b is {quality}"}
""", more=f"links: {{bus: {link}}}\n")
        running.signal(signal.SIGHUP)
        running.until("b is stale")
        device.answer = lambda unit, pdu: [(0, words(pdu))]
        running.until("b is good")

    def test_gone_and_back(self):
        """While the connection is away the value is stale; it is made again by itself."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu))])
        running = self.run_flow(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
a: {modbus.read: bus, register: 7, every: 50ms, stale: 1h}
out: {file.write: out.jsonl, from: a, quality: true}
""")
        running.until("connected")
        device.answer = lambda unit, pdu: [(0, b"\x03")]  # too short: not Modbus
        running.until("not Modbus TCP")
        device.answer = lambda unit, pdu: [(0, words(pdu))]
        running.until("connected again")

    def test_read_only(self):
        """With --read-only nothing is written, whatever the flow says."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu) if pdu[0] == 3 else pdu)])
        self.flow("""
a: {modbus.read: bus, register: 7, every: 50ms}
b: {modbus.write: bus, register: 9, from: a, limit: 0..9, failsafe: 1 after 1s}
show: {log: notice, from: a, message: "a is {value}"}
n: {count: 200ms, from: a}
told: {log: notice, from: n, message: "polls {value}"}
""", more=f"links: {{bus: {{modbus: 'tcp:127.0.0.1:{device.port}'}}}}\n")
        running = self.start("run", "--read-only", "-vv", "flow.yaml")
        with device.has_asked:
            self.assertTrue(device.has_asked.wait_for(lambda: len(device.asked) > 5, WAIT))
        running.process.terminate()
        running.finish(0)
        self.assertEqual({pdu[0] for _, pdu in device.asked}, {3})


if __name__ == "__main__":
    unittest.main()
