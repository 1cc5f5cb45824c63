# SPDX-License-Identifier: LGPL-3.0-or-later
"""modbus read, write, scan, serve, poll: devices from the command line, here one that the program plays itself."""

import json
import signal
import socket
import unittest

from cli import CliTest


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Modbus(CliTest):
    def serve(self, *registers, options=()):
        self.place = f"tcp:127.0.0.1:{free_port()}"
        running = self.start("modbus", "serve", self.place, *registers, *options)
        running.until("listens on")
        return running

    def modbus(self, what, *args, code=0):
        return self.call("modbus", what, self.place, *args, code=code)

    def test_read(self):
        """Every type is printed as what it means, and ranges as one value after the other."""
        self.serve("input:0:float32=230.5", "i:2:F2=1.5", "input:4:c8=hélþ", "input:8:s1=-5", "input:9:u2=65538",
                   "holding:10..12=7", "discrete:3=on", "coil:0..1=off")
        done = self.modbus("read", "input:0:f2", "i:2:F2", "input:4:c8", "input:4:b4", "i:8:int16", "i:8", "i:9:uint32",
                           "10..11", "discrete:3", "d:3:X", "coil:0..1")
        self.assertEqual(done.stdout.splitlines(), [
            "input:0\t230.5", "input:2\t1.5", "input:4\thélþ", "input:4\t68c3a96c", "input:8\t-5", "input:8\t65531",
            "input:9\t65538", "holding:10\t7", "holding:11\t7", "discrete:3\ttrue", "discrete:3\tfalse",
            "coil:0\tfalse", "coil:1\tfalse"])
        self.assertEqual(done.stderr, "")

    def test_json_rounds(self):
        """A JSON object for each value; again and again with the time."""
        self.serve("holding:0=7")
        lines = [json.loads(line) for line in self.modbus("read", "-j", "h:0", "h:1", code=1).stdout.splitlines()]
        self.assertEqual(lines, [{"name": "holding:0", "value": 7},
                                 {"name": "holding:1", "value": None, "bad": "illegal address"}])
        lines = [json.loads(line) for line in
                 self.modbus("read", "-j", "h:0", "--every", "10ms", "--count", "3").stdout.splitlines()]
        self.assertEqual([line["value"] for line in lines], [7, 7, 7])
        self.assertEqual(sorted({line["time"] for line in lines}), [line["time"] for line in lines])

    def test_write(self):
        """What is written is there afterwards, and whoever plays the device sees it; it stops at what is refused."""
        running = self.serve("holding:0:f2=0", "holding:2:c4=ab", "holding:4=1", "coil:9=off", "input:0=1")
        self.modbus("write", "--verify", "holding:0:f2=230.5", "h:2:c4=wörd"[:-1], "c:9=on")
        self.assertEqual(running.until("holding_0"), "holding_0\t230.5\n")
        running.until("coil_9\ttrue")
        self.assertEqual(self.modbus("read", "h:0:f2", "h:2:c4", "c:9").stdout,
                         "holding:0\t230.5\nholding:2\twör\ncoil:9\ttrue\n")
        done = self.modbus("write", "h:4=5", "h:90=1", "h:4=6", code=1)
        self.assertEqual(done.stderr, "moat-flow: h:90=1: illegal address\n")
        self.assertEqual(self.modbus("read", "h:4").stdout, "holding:4\t5\n")

    def test_scan(self):
        """Units that answer, also those that refuse, and the registers of one of them."""
        self.serve("holding:10..12=7", "input:500=3", "coil:3=on", options=("-u", "17"))
        self.assertEqual(self.modbus("scan").stdout, "unit 17\tillegal address\n")
        self.assertEqual(self.modbus("scan", "--units", "10..20", "-j").stdout, '{"unit":17}\n')
        self.assertEqual(self.modbus("scan", "--units", "18..20", code=6).stderr, "moat-flow: no unit answers\n")
        done = self.modbus("scan", "-u", "17", "holding:0..300", "input:499..501", "coil:0..7")
        self.assertEqual(done.stdout, "holding:10\t7\nholding:11\t7\nholding:12\t7\ninput:500\t3\ncoil:3\t1\n")
        self.modbus("scan", "-u", "17", "discrete:0..300", code=1)

    def test_table(self):
        """The registers that are served may stand in a file."""
        self.write("table", "# a meter\nholding:0=7   # first\n\ninput:0:f2=1.5\n")
        self.serve(options=("--table", "table"))
        self.assertEqual(self.modbus("read", "holding:0", "input:0:f2").stdout, "holding:0\t7\ninput:0\t1.5\n")
        self.write("table", "holding:0=7\nholding:1:f2=x\n")
        done = self.call("modbus", "serve", self.place, "--table", "table", code=2)
        self.assertIn("table:2: `x` is no value for a register", done.stderr)

    def test_poll(self):
        """A profile's registers, by name and with their units."""
        self.write("meter.yaml", """regs:
  volts: {register: 0, reg_type: i, type: float, len: 2, unit: V}
  energy: {register: 2, reg_type: i, type: uint, len: 2, scale: -1, unit: kWh}
  mode: {register: 9, reg_type: h, type: int, len: 1}
""")
        self.serve("input:0:f2=230.5", "input:2:u2=12345", "holding:9:s1=-3")
        self.assertEqual(self.modbus("poll", "meter.yaml").stdout, "volts\t230.5 V\nenergy\t1234.5 kWh\nmode\t-3\n")
        line = json.loads(self.modbus("poll", "meter.yaml", "energy", "--json").stdout)
        self.assertEqual(line, {"name": "energy", "value": 1234.5, "unit": "kWh"})
        self.assertIn("did you mean `volts`?", self.modbus("poll", "meter.yaml", "vots", code=2).stderr)
        self.modbus("poll", "none.yaml", code=1)

    def test_nobody(self):
        """Nobody there is exit code 5, no answer is 6, and so is a time limit."""
        self.place = f"tcp:127.0.0.1:{free_port()}"
        self.assertIn("Connection refused", self.modbus("read", "0", code=5).stderr)
        self.place = "rtu:" + str(self.dir / "none")
        self.assertIn("No such file", self.modbus("read", "0", code=5).stderr)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.place = f"tcp:127.0.0.1:{silent.getsockname()[1]}"
            self.assertEqual(self.modbus("read", "0", "--timeout", "10ms", code=6).stdout, "holding:0\tbad: no answer\n")
            self.assertIn("no answer", self.modbus("write", "0=1", "--timeout", "10ms", code=6).stderr)
            self.assertIn("time limit", self.modbus("read", "0", "--timeout", "1min", "--limit", "10ms", code=6).stderr)
            self.assertIn("does not answer", self.modbus("scan", "0..9", "--timeout", "10ms", code=6).stderr)
            done = self.modbus("serve", "0=1", code=5)
            self.assertIn("Address already in use", done.stderr)

    def test_serve_ends(self):
        """Ctrl-C ends it, with 0."""
        running = self.serve("0=1")
        running.signal(signal.SIGINT)
        running.finish(0)

    def test_command_line(self):
        """What is wrong in the command line is said, with exit code 2."""
        self.place = "tcp:127.0.0.1:1"
        for args, said in (
                ((), "say which registers"),
                (("holding:x",), "is no register"),
                (("holding:9..3",), "is no register"),
                (("holding:65535:f2",), "beyond the last register"),
                (("h:0:f3",), "there is no type `f3`"),
                (("coil:0:u1",), "a single bit"),
                (("h:0=1",), "to write, say `modbus write`"),
                (("h:0", "-u", "256"), "`--unit` takes a number from 0 to 255"),
                (("h:0..65000",), "too many"),
                (("h:0", "--baud", "9600"), "belongs to a serial line"),
        ):
            self.assertIn(said, self.modbus("read", *args, code=2).stderr)
        for args, said in (
                (("h:0",), "has no value"),
                (("i:0=1",), "cannot be written"),
                (("h:0=1e9",), "does not fit"),
                (("h:0..1=1",), "not to a range"),
                (("h:0:c2=long",), "longer than 2 bytes"),
                (("h:0:b2=0x12",), "is not 2 bytes"),
        ):
            self.assertIn(said, self.modbus("write", *args, code=2).stderr)
        self.place = "meter.lan"
        self.assertIn("`tcp:host:port` or `rtu:/dev/ttyUSB0`", self.modbus("read", "h:0", code=2).stderr)
        self.assertIn("say what to do", self.call("modbus", code=2).stderr)
        self.assertIn("say where", self.call("modbus", "read", code=2).stderr)
        self.assertIn("modbus", self.call("completion", "bash").stdout)
        self.assertEqual(self.call("completion", "words", "modbus").stdout.split(), ["read", "write", "scan", "serve", "poll"])


if __name__ == "__main__":
    unittest.main()
