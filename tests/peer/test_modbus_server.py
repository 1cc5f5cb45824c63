# SPDX-License-Identifier: LGPL-3.0-or-later
"""modbus.server: what clients of other makers read and write, and what clients that misbehave can not do."""

import contextlib
import os
import re
import resource
import shutil
import socket
import struct
import subprocess
import sys
import threading
import tty
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import WAIT, CliTest  # noqa: E402

try:
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient
except ImportError:
    ModbusTcpClient = None
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
there: {log: notice, from: on, message: "values are there"}
"""

SHOW = """
show: {log: notice, from: [door.limit, door.target, door.enable, door.pump, door.counter], message: "{port} = {value}."}
"""


class Line:
    """Two ends of a serial line: what is written into one pty comes out of the other, in the lumps that a test says."""

    def __init__(self, test, lump=256):
        self.lump = lump
        self.ends = [os.openpty(), os.openpty()]
        for _, slave in self.ends:
            tty.setraw(slave)
        self.names = [os.ttyname(slave) for _, slave in self.ends]
        for i in (0, 1):
            threading.Thread(target=self.carry, args=(self.ends[i][0], self.ends[1 - i][0]), daemon=True).start()
        test.addCleanup(lambda: [os.close(slave) for _, slave in self.ends])

    def carry(self, source, target):
        with contextlib.suppress(OSError):
            while data := os.read(source, self.lump):
                os.write(target, data)


class Libmodbus:
    """A client made of libmodbus."""

    def __init__(self, test, *args):
        if not CLIENT:
            test.skipTest("libmodbus is not installed")
        self.process = subprocess.Popen([CLIENT, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.end)

    def end(self):
        self.process.stdin.close()
        self.process.wait(WAIT)
        self.process.stdout.close()

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


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
    def serve(self, options="", nodes=NODES, units=UNITS, show=SHOW, place=None, links="", args=(), wait=True):
        """Runs a flow with a server; `port` is where."""
        self.port = free_port()
        place = place or f"tcp:127.0.0.1:{self.port}"
        door = f"\ndoor:\n    modbus.server: '{place}'\n" + (f"    {options}\n" if options else "") + units.strip("\n")
        self.flow(nodes + door + show, more=links)
        running = self.start("run", *args, "--socket", "socket", "flow.yaml")
        if wait:
            running.until("listens on" if place.startswith("tcp:") else "serves on")
            running.until("values are there", "old is")
        return running

    def stats(self):
        return self.call("status", "--all", "--socket", "socket").stdout

    def until(self, pattern):
        for _ in range(300):
            if re.search(pattern, self.stats()):
                return
        self.fail(f"no {pattern} in {self.stats()}")


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


    def conformance(self, ask):
        """The same questions for all clients: ask() takes a question as modbus_client has it."""
        self.assertEqual(ask("i 2 1"), "80")
        self.assertEqual(ask("i 0 2"), " ".join(map(str, struct.unpack(">HH", struct.pack(">f", 1.5)))))
        self.assertEqual(ask("d 8 1"), "1")
        self.assertEqual(ask("h 100 = 85"), "ok")
        self.assertEqual(ask("h 100 = 90 32768 17254"), "ok")
        self.assertEqual(ask("h 100 4"), "90 32768 17254 65529")
        self.assertEqual(ask("c 0 = 1"), "ok")
        self.assertEqual(ask("c 0 = 1 0"), "ok")
        self.assertEqual(ask("c 0 2"), "1 0")
        self.assertRegex(ask("i 3 1"), "(?i)illegal data address")
        self.assertRegex(ask("h 100 = 200"), "(?i)illegal data value")

    def see_conformance(self, running):
        for text in ("door.limit = 8.5.", "door.limit = 9.", "door.target = 230.5.", "door.enable = true.", "door.pump = false."):
            running.until(text)

    def test_nothing_left(self):
        """Without a descriptor even to turn clients away with, the port is left alone until there are some again."""
        running = self.serve(show="\ntick: {every: 50ms}\nticks: {log: notice, from: tick, message: tick}\n")
        process = Path("/proc") / str(running.process.pid)

        def watched():
            count = 0
            for info in (process / "fdinfo").iterdir():
                with contextlib.suppress(OSError):
                    count += info.read_text(encoding="ascii").count("tfd:")
            return count

        before = watched()
        soft, hard = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (3, hard))
        client = Client(self, self.port)
        for _ in range(100):
            running.until("ticks: tick")
            if watched() < before:
                break
        self.assertLess(watched(), before)
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(client.ask(struct.pack(">BHH", 2, 8, 1)), b"\x02\x01\x01")

    def test_libmodbus(self):
        """libmodbus as the client."""
        running = self.serve()
        self.conformance(Libmodbus(self, "tcp", self.port, 1).ask)
        self.see_conformance(running)

    def test_pymodbus(self):
        """pymodbus as the client."""
        if not ModbusTcpClient:
            self.skipTest("pymodbus is not installed")
        running = self.serve()
        client = ModbusTcpClient("127.0.0.1", port=self.port)
        self.assertTrue(client.connect())
        self.addCleanup(client.close)
        self.conformance(lambda question: pymodbus_ask(client, question, 1))
        self.see_conformance(running)
        reply = client.readwrite_registers(read_address=0, read_count=2, write_address=0, write_registers=[1, 5], unit=7)
        self.assertEqual(reply.registers, [1, 5])
        running.until("door.counter = 65541.")

    def test_mbpoll(self):
        """mbpoll as the client: it counts from 1 unless told not to."""
        if not MBPOLL:
            self.skipTest("mbpoll is not installed")
        running = self.serve()
        place = ["-1", "-0", "-q", "-p", str(self.port), "-a", "1"]

        def mbpoll(*args):
            done = subprocess.run([MBPOLL, *place, *args], capture_output=True, text=True, timeout=WAIT)
            return done.stdout + done.stderr

        self.assertRegex(mbpoll("-t", "3:float", "-B", "-r", "0", "127.0.0.1"), r"\[0\]:\s+1.5\b")
        self.assertRegex(mbpoll("-t", "1", "-r", "8", "127.0.0.1"), r"\[8\]:\s+1\b")
        self.assertRegex(mbpoll("-t", "4", "-r", "103", "127.0.0.1"), r"\[103\]:\s+(65529|-7)\b")
        place.remove("-1")
        self.assertIn("Written 1", mbpoll("-t", "4", "-r", "100", "127.0.0.1", "85"))
        running.until("door.limit = 8.5.")
        self.assertIn("Written 2", mbpoll("-t", "0", "-r", "0", "127.0.0.1", "1", "0"))
        running.until("door.pump = false.")
        self.assertIn("Illegal data value", mbpoll("-t", "4", "-r", "100", "127.0.0.1", "500"))
        place.insert(0, "-1")
        self.assertIn("Illegal data address", mbpoll("-t", "3", "-r", "3", "127.0.0.1"))

    def test_own_client(self):
        """The program's own client reads what its server shows, on the command line and in a flow."""
        running = self.serve()
        done = self.call("modbus", "write", f"tcp:127.0.0.1:{self.port}", "--verify", "h:100=85", "h:101:F2=2.5", "c:0=on")
        self.assertEqual(done.stderr, "")
        running.until("door.enable = true.")
        done = self.call("modbus", "read", f"tcp:127.0.0.1:{self.port}", "i:0:f2", "i:4:c8", "h:100", "h:101:F2", "c:0", "d:8")
        self.assertEqual([line.split("\t")[1] for line in done.stdout.splitlines()],
                         ["1.5", "hélþ", "85", "2.5", "true", "true"])
        self.flow(f"""
volts: {{modbus.read: bus, register: 'input:0', type: float32, every: 20ms}}
show: {{log: notice, from: volts, message: "read {{value}}"}}
""", name="other.yaml", more=f"links: {{bus: {{modbus: 'tcp:127.0.0.1:{self.port}'}}}}\n")
        self.start("run", "--socket", "other", "other.yaml").until("read 1.5")

    def test_dead_values(self):
        """What is stale or bad, or was never there, is not shown, unless the register says otherwise."""
        nodes = """
old: {every: 1h, value: 7, stale: 20ms}
never: {modbus.read: nobody, register: 1, every: 1h}
big: {every: 1h, value: 70000}
"""
        units = """
    units:
      1:
        input:
          0: {from: old}
          1: {from: old, when_stale: last}
          2: {from: old, when_stale: 65535}
          3: {from: never}
          4: {from: never, value: 9}
          5: {from: never, when_stale: 65534}
          6: {from: never, when_stale: last}
          7: {from: big}
          8: {from: big, when_stale: last}
"""
        show = """
show: {log: notice, from: old, message: "old is {quality}"}
"""
        links = f"links: {{nobody: {{modbus: 'tcp:127.0.0.1:{free_port()}'}}}}\n"
        running = self.serve(nodes=nodes, units=units, show=show, links=links)
        running.until("old is stale")
        client = Client(self, self.port)
        for address, value in enumerate((None, 7, 65535, None, 9, 65534, None, None, None)):
            wanted = b"\x84\x04" if value is None else struct.pack(">BBH", 4, 2, value)
            self.assertEqual(client.ask(struct.pack(">BHH", 4, address, 1)), wanted, address)
        self.assertEqual(client.ask(struct.pack(">BHH", 4, 1, 3)), b"\x84\x04")

    def test_half_frames(self):
        """A request that comes byte by byte is answered once it is whole; two at once are answered both, in order."""
        self.serve()
        client = Client(self, self.port)
        for byte in client.frame(struct.pack(">BHH", 4, 2, 1)):
            client.socket.sendall(bytes([byte]))
        self.assertEqual(client.reply(), (1, 1, b"\x04\x02\x00\x50"))
        client.socket.sendall(client.frame(struct.pack(">BHH", 4, 2, 1)) + client.frame(struct.pack(">BHH", 2, 8, 1)) +
                              client.frame(b"\x03"))
        self.assertEqual([client.reply() for _ in range(3)],
                         [(2, 1, b"\x04\x02\x00\x50"), (3, 1, b"\x02\x01\x01"), (4, 1, b"\x83\x03")])

    def test_not_modbus(self):
        """What is no Modbus is hung up on; the others go on."""
        self.serve()
        good = Client(self, self.port)
        for rubbish in (b"GET / HTTP/1.1\r\n\r\n", bytes(300), b"\0\1\0\0\xff\xff\1\3", b"\0\1\0\0\0\1\1\3", os.urandom(7) + b"\xff" * 300):
            bad = Client(self, self.port)
            with contextlib.suppress(ConnectionError):
                bad.socket.sendall(rubbish)
            self.assertTrue(bad.is_hung_up(), rubbish)
            self.assertEqual(good.ask(struct.pack(">BHH", 4, 2, 1)), b"\x04\x02\x00\x50")
        self.assertRegex(self.stats(), r"clients_broken 5, clients 1\b")

    def test_client_that_does_not_read(self):
        """Who sends and never reads is not listened to any more, and costs the others nothing."""
        self.serve()
        greedy, good = Client(self, self.port), Client(self, self.port)
        request = greedy.frame(struct.pack(">BHH", 4, 0, 3)) * 1000
        greedy.socket.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 100_000_000:
                sent += greedy.socket.send(request)
        self.assertLess(sent, 100_000_000)
        self.assertEqual(good.ask(struct.pack(">BHH", 4, 2, 1)), b"\x04\x02\x00\x50")
        greedy.socket.settimeout(WAIT)
        self.assertEqual(greedy.reply()[2], b"\x04\x06" + struct.pack(">fH", 1.5, 80))

    def test_reset(self):
        """A client that breaks off, whatever was under way, is forgotten."""
        self.serve()
        for sent in (b"", b"\0\1\0", Client(self, self.port).frame(struct.pack(">BHH", 4, 0, 3)) * 100):
            client = Client(self, self.port)
            client.socket.sendall(sent)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
        self.until(r"clients_accepted 4, .*clients 1\b")

    def test_too_many_clients(self):
        """Two hundred clients where ten may be: ten are served, the others are turned away, and one who goes makes room."""
        self.serve("max_clients: 10")
        clients = [Client(self, self.port) for _ in range(10)]
        for client in clients:
            client.ask(struct.pack(">BHH", 4, 2, 1))
        for _ in range(190):
            with socket.create_connection(("127.0.0.1", self.port), WAIT) as late:
                self.assertIn(late.recv(1), (b"",))
        for client in clients:
            self.assertEqual(client.ask(struct.pack(">BHH", 4, 2, 1)), b"\x04\x02\x00\x50")
        self.assertRegex(self.stats(), r"clients_accepted 10, clients_refused 190, .*clients 10\b")
        clients.pop().socket.close()
        while True:
            late = Client(self, self.port)
            with contextlib.suppress(ConnectionError):
                late.socket.sendall(late.frame(struct.pack(">BHH", 4, 2, 1)))
                if late.reply():
                    break

    def test_idle_clients(self):
        """Who asks nothing, or only half a question, is hung up on."""
        self.serve("idle: 100ms")
        silent, half = Client(self, self.port), Client(self, self.port)
        half.socket.sendall(b"\0\1\0\0\0")
        self.assertTrue(silent.is_hung_up())
        self.assertTrue(half.is_hung_up())
        self.assertRegex(self.stats(), r"clients_idle 2, .*clients 0\b")

    def test_no_descriptors(self):
        """When the process has no descriptor left, clients are turned away, and the loop does not spin."""
        running = self.serve("max_clients: 1000")
        pid = running.process.pid
        used = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
        subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={used}:"], check=True)
        clients = []
        for _ in range(used + 3):  # some numbers below may be free
            clients.append(Client(self, self.port))
            with contextlib.suppress(ConnectionError):
                clients[-1].socket.sendall(clients[-1].frame(struct.pack(">BHH", 4, 2, 1)))
        running.until("no descriptors left")
        subprocess.run(["prlimit", "--pid", str(pid), "--nofile=1024:"], check=True)
        for client in clients:
            client.socket.close()
        self.assertEqual(Client(self, self.port).ask(struct.pack(">BHH", 4, 2, 1)), b"\x04\x02\x00\x50")

    def test_reload(self):
        """A reload that does not change the server keeps its clients; one that does keeps what they wrote."""
        running = self.serve()
        client = Client(self, self.port)
        client.ask(struct.pack(">BHH", 6, 100, 85))
        running.until("door.limit = 8.5.")
        text = (self.dir / "flow.yaml").read_text()
        self.write("flow.yaml", text + "  more: {log: info, from: power}\n")
        self.call("reload", "--socket", "socket")
        self.assertEqual(client.ask(struct.pack(">BHH", 3, 100, 1)), b"\x03\x02\x00\x55")
        self.write("flow.yaml", text.replace("2: {from: soc}", "3: {from: soc}"))
        self.call("reload", "--socket", "socket")
        self.assertTrue(client.is_hung_up())
        client = Client(self, self.port)
        self.assertEqual(client.ask(struct.pack(">BHH", 3, 100, 1)), b"\x03\x02\x00\x55")
        self.assertEqual(client.ask(struct.pack(">BHH", 4, 3, 1)), b"\x04\x02\x00\x50")

    def test_restart(self):
        """With `keep` what clients have written is there after a restart."""
        self.needs_state()
        for wanted in (b"\x83\x04", b"\x03\x02\x00\x55"):
            running = self.serve("keep: true", args=("--state", "kept"))
            client = Client(self, self.port)
            self.assertEqual(client.ask(struct.pack(">BHH", 3, 100, 1)), wanted)
            client.ask(struct.pack(">BHH", 6, 100, 85))
            running.until("door.limit = 8.5.")
            running.process.terminate()
            running.finish(0)

    def test_port_is_taken(self):
        """A port that is taken is said, and tried again until it is free."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            running = self.serve(place=f"tcp:localhost:{port}", wait=False)
            running.until(f"cannot listen on localhost, port {port}: Address already in use; trying again")
        running.until("listens on")
        self.assertEqual(Client(self, port).ask(struct.pack(">BHH", 4, 2, 1)), b"\x04\x02\x00\x50")

    def test_read_only(self):
        """--read-only is for what the flow writes: others may read, and what they write is an input as ever."""
        running = self.serve(args=("--read-only",))
        client = Client(self, self.port)
        self.assertEqual(client.ask(struct.pack(">BHH", 4, 2, 1)), b"\x04\x02\x00\x50")
        client.ask(struct.pack(">BHH", 6, 100, 85))
        self.assertRegex(self.stats(), r"limit = 8.5 A")
        self.assertTrue(running)


def pymodbus_ask(client, question, unit):
    area, address, *rest = question.split()
    write = rest[0] == "="
    numbers = [int(word) for word in (rest[1:] if write else rest)]
    address = int(address)
    if not write:
        call = {"h": client.read_holding_registers, "i": client.read_input_registers, "c": client.read_coils,
                "d": client.read_discrete_inputs}[area]
        reply = call(address, numbers[0], slave=unit)
    elif area == "h":
        reply = (client.write_register(address, numbers[0], slave=unit) if len(numbers) == 1 else
                 client.write_registers(address, numbers, slave=unit))
    else:
        reply = (client.write_coil(address, bool(numbers[0]), slave=unit) if len(numbers) == 1 else
                 client.write_coils(address, list(map(bool, numbers)), slave=unit))
    if reply.isError():
        return {2: "illegal data address", 3: "illegal data value"}[reply.exception_code]
    if write:
        return "ok"
    values = reply.registers if area in "hi" else reply.bits[:numbers[0]]
    return " ".join(str(int(value)) for value in values)


class Rtu(Serving):
    def serve_line(self, line, units=UNITS):
        return self.serve("baud: 19200\n    parity: even", units=units, place=f"rtu:{line.names[0]}")

    conformance = Tcp.conformance
    see_conformance = Tcp.see_conformance

    def test_libmodbus(self):
        """libmodbus on a serial line."""
        line = Line(self)
        running = self.serve_line(line)
        client = Libmodbus(self, "rtu", line.names[1], 1)
        self.conformance(client.ask)
        self.see_conformance(running)

    def test_pymodbus(self):
        """pymodbus on a serial line whose bytes come one by one."""
        if not ModbusTcpClient:
            self.skipTest("pymodbus is not installed")
        line = Line(self, 1)
        running = self.serve_line(line)
        client = ModbusSerialClient(line.names[1], baudrate=19200, timeout=5)
        self.assertTrue(client.connect())
        self.addCleanup(client.close)
        self.conformance(lambda question: pymodbus_ask(client, question, 1))
        self.see_conformance(running)

    def test_own_client(self):
        """Our own client on the other end of the line."""
        line = Line(self)
        self.serve_line(line)
        done = self.call("modbus", "read", f"rtu:{line.names[1]}", "--baud", "19200", "-u", "1", "i:0:f2")
        self.assertEqual(done.stdout, "input:0\t1.5\n")
        done = self.call("modbus", "scan", f"rtu:{line.names[1]}", "--baud", "19200", "--units", "1..8", "--timeout", "100ms")
        self.assertEqual(done.stdout, "unit 1\tillegal address\nunit 7\n")

    def test_shared_line(self):
        """Others are asked on the same line and answer; garbage is passed over; unit 0 means everybody, and is not answered."""
        line = Line(self)
        running = self.serve_line(line)
        master = line.ends[1][1]

        def frame(unit, pdu):
            return bytes([unit]) + pdu + crc(bytes([unit]) + pdu)

        def reply(count):
            data = b""
            while len(data) < count:
                data += os.read(master, count - len(data))
            return data

        mine = frame(1, struct.pack(">BHH", 4, 2, 1))
        answer = frame(1, b"\x04\x02\x00\x50")
        others = frame(3, struct.pack(">BHH", 3, 0, 2)) + frame(3, b"\x03\x04\x01\x04\x00\x02")
        os.write(master, others + frame(3, b"\x83\x02") + mine)
        self.assertEqual(reply(len(answer)), answer)
        os.write(master, frame(0, struct.pack(">BHH", 6, 100, 85)))
        running.until("door.limit = 8.5.")
        os.write(master, mine)
        self.assertEqual(reply(len(answer)), answer)
        os.write(master, b"\x01\x04\x00noise" + mine[:-1] + b"\xff")
        self.until(r"garbage_bytes [1-9]")
        os.write(master, mine)
        self.assertEqual(reply(len(answer)), answer)
        os.write(master, frame(1, b"\x2b\x0e\x01\x00"))
        self.assertEqual(reply(5), frame(1, b"\xab\x01"))




PYMODBUS = """
import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
words = ModbusSequentialDataBlock(0, list(range(1000)))
bits = ModbusSequentialDataBlock(0, [n % 2 == 1 for n in range(1000)])
unit = ModbusSlaveContext(di=bits, co=bits, hr=words, ir=words, zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves=unit, single=True), address=("127.0.0.1", int(sys.argv[1])))
"""


class Others(CliTest):
    """`moat-flow modbus` and servers of others in which register n holds n, and bit n is on where n is odd."""

    def ask(self, place):
        done = self.call("modbus", "read", place, "h:7..9", "c:3..4", "d:5", "h:1:u2", "h:2:U2")
        self.assertEqual([line.split("\t")[1] for line in done.stdout.splitlines()],
                         ["7", "8", "9", "true", "false", "true", "65538", "196610"])
        self.call("modbus", "write", place, "--verify", "h:20=77", "h:21:f2=230.5", "c:4=on")
        done = self.call("modbus", "read", place, "h:20", "h:21:f2", "c:4")
        self.assertEqual(done.stdout, "holding:20\t77\nholding:21\t230.5\ncoil:4\ttrue\n")
        done = self.call("modbus", "read", place, "h:5", "h:5000", code=1)
        self.assertEqual(done.stdout, "holding:5\t5\nholding:5000\tbad: illegal address\n")
        done = self.call("modbus", "scan", place, "h:990..1010")
        self.assertEqual(len(done.stdout.splitlines()), 10)

    def test_libmodbus(self):
        """libmodbus as the device, over TCP and a serial line."""
        server = os.environ.get("MF_TEST_MODBUS_SERVER")
        if not server:
            self.skipTest("libmodbus is not installed")
        line = Line(self)
        for args in (["tcp"], ["rtu", line.names[0], "1"]):
            process = subprocess.Popen([server, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            said = process.stdout.readline().split()
            place = f"tcp:127.0.0.1:{said[1]}" if args == ["tcp"] else f"rtu:{line.names[1]}"
            try:
                self.ask(place)
            finally:
                process.stdin.close()
                process.wait(WAIT)
                process.stdout.close()

    def test_pymodbus(self):
        """pymodbus as the device."""
        if not ModbusTcpClient:
            self.skipTest("pymodbus is not installed")
        port = free_port()
        process = subprocess.Popen([sys.executable, "-c", PYMODBUS, str(port)], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
        self.ask(f"tcp:127.0.0.1:{port}")


if __name__ == "__main__":
    unittest.main()
