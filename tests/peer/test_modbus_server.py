# SPDX-License-Identifier: LGPL-3.0-or-later
"""modbus.server: what clients of other makers read and write, and what clients that misbehave can not do."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import WAIT, CliTest  # noqa: E402

CLIENT = os.environ.get("MF_TEST_MODBUS_CLIENT", "")
MBPOLL = shutil.which("mbpoll")

UNITS = """
    units:
      1:
        input:
          0: {from: power, type: float32, unit: kW}
          2: {from: soc}
          4: {type: text, length: 4, value: hélþ}
        discrete:
          8: {from: on}
        holding:
          100: {name: limit, scale: 0.1, unit: A, range: 6..16}
          101: {type: float32, words: little, name: target}
          103: {type: int16, value: -7}
        coil:
          0: {name: enable}
          1: {name: pump, value: true, writable: true}
      7:
        holding:
          0: {type: uint32, name: counter, value: 65538, writable: true}
"""

NODES = """
power: {every: 1h, value: 1500, unit: W}
soc: {every: 1h, value: 80}
on: {expr: power > 0 W}
"""

SHOW = """
show: {log: notice, from: [door.limit, door.target, door.enable, door.pump, door.counter], message: "{port} = {value}."}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Client:
    """A connection that says what a test wants it to, whole or in parts."""

    def __init__(self, test, port):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT)
        self.socket.settimeout(WAIT)
        test.addCleanup(self.socket.close)
        self.number = 0

    def frame(self, pdu, unit=1):
        self.number += 1
        return struct.pack(">HHHB", self.number, 0, len(pdu) + 1, unit) + pdu

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                break
            data += part
        return data

    def reply(self):
        """Number, unit and PDU of the next reply; None: the server has hung up."""
        head = self.read(7)
        if len(head) < 7:
            return None
        number, _, size, unit = struct.unpack(">HHHB", head)
        return number, unit, self.read(size - 1)

    def ask(self, pdu, unit=1):
        self.socket.sendall(self.frame(pdu, unit))
        number, back, reply = self.reply()
        assert (number, back) == (self.number, unit)
        return reply

    def is_hung_up(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


class Serving(CliTest):
    def serve(self, options="", nodes=NODES, units=UNITS, show=SHOW, place=None):
        """Runs a flow with a server; `port` is where."""
        self.port = free_port()
        place = place or f"tcp:127.0.0.1:{self.port}"
        door = f"\ndoor:\n    modbus.server: '{place}'\n" + (f"    {options}\n" if options else "") + units.strip("\n")
        self.flow(nodes + door + show)
        running = self.start("run", "--socket", "socket", "flow.yaml")
        if place.startswith("tcp:"):
            running.until("listens on")
        return running

    def stats(self):
        return self.call("status", "--all", "--socket", "socket").stdout


class Tcp(Serving):
    def test_areas(self):
        """Each area is read, each function writes, and what is written comes out of its port."""
        running = self.serve()
        client = Client(self, self.port)
        self.assertEqual(client.ask(struct.pack(">BHH", 4, 0, 3)), b"\x04\x06" + struct.pack(">fH", 1.5, 80))
        self.assertEqual(client.ask(struct.pack(">BHH", 4, 4, 4)), b"\x04\x08" + "hélþ".encode() + b"\0\0")
        self.assertEqual(client.ask(struct.pack(">BHH", 2, 8, 1)), b"\x02\x01\x01")
        self.assertEqual(client.ask(struct.pack(">BHH", 3, 103, 1)), b"\x03\x02\xff\xf9")
        self.assertEqual(client.ask(struct.pack(">BHH", 6, 100, 85)), struct.pack(">BHH", 6, 100, 85))
        running.until("door.limit = 8.5.")
        request = struct.pack(">BHHBHHH", 16, 100, 3, 6, 120, 0x8000, 0x4366)
        self.assertEqual(client.ask(request), request[:5])
        running.until("door.target = 230.5.")
        self.assertEqual(client.ask(struct.pack(">BHH", 3, 100, 4)), b"\x03\x08" + struct.pack(">HHHh", 120, 0x8000, 0x4366, -7))
        self.assertEqual(client.ask(struct.pack(">BHH", 5, 0, 0xFF00)), struct.pack(">BHH", 5, 0, 0xFF00))
        running.until("door.enable = true.")
        self.assertEqual(client.ask(struct.pack(">BHHBB", 15, 0, 2, 1, 2)), struct.pack(">BHH", 15, 0, 2))
        running.until("door.pump = true.")
        self.assertEqual(client.ask(struct.pack(">BHH", 1, 0, 2)), b"\x01\x01\x02")
        self.assertEqual(client.ask(struct.pack(">BHH", 3, 0, 2), 7), b"\x03\x04\x00\x01\x00\x02")
        both = struct.pack(">BHHHHBHH", 23, 0, 1, 0, 2, 4, 2, 3)
        self.assertEqual(client.ask(both, 7), b"\x17\x02\x00\x02")
        running.until("door.counter = 131075.")

    def test_refusals(self):
        """What is not there, not allowed or not whole is an exception, and nothing of it is taken."""
        running = self.serve()
        client = Client(self, self.port)
        for pdu, unit, code in (
                (struct.pack(">BHH", 4, 3, 1), 1, 2),      # a gap
                (struct.pack(">BHH", 4, 0, 4), 1, 2),      # reaches into it
                (struct.pack(">BHH", 3, 100, 1), 1, 4),    # nobody has written it
                (struct.pack(">BHH", 4, 0, 126), 1, 3),
                (struct.pack(">BHH", 4, 0, 0), 1, 3),
                (struct.pack(">BHH", 6, 100, 59), 1, 3),   # below its range
                (struct.pack(">BHH", 6, 103, 1), 1, 2),    # stays as it is
                (struct.pack(">BHH", 6, 101, 1), 1, 2),    # half a float
                (struct.pack(">BHHBHH", 16, 101, 2, 4, 0, 0x7FC0), 1, 3),         # not a number
                (struct.pack(">BHHBHHHH", 16, 100, 4, 8, 70, 0, 0, 1), 1, 2),     # the last one is not writable
                (struct.pack(">BHHBB", 15, 0, 3, 1, 7), 1, 2),
                (struct.pack(">BHH", 5, 0, 1), 1, 3),
                (b"\x07", 1, 1),
                (b"\x2b\x0e\x01\x00", 1, 1),
                (struct.pack(">BHH", 3, 0, 1), 9, 11),
        ):
            self.assertEqual(client.ask(pdu, unit), bytes([pdu[0] | 0x80, code]), (pdu.hex(), unit))
        self.assertEqual(client.ask(struct.pack(">BHH", 6, 100, 60)), struct.pack(">BHH", 6, 100, 60))
        self.assertIn("door.limit = 6.", running.until("door."))
        self.assertRegex(self.stats(), r"door \(modbus.server\): .*requests 15, exceptions 14, written 1, foreign_requests 1\b")


if __name__ == "__main__":
    unittest.main()
