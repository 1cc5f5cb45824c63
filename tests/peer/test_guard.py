# SPDX-License-Identifier: LGPL-3.0-or-later
"""Guarded outputs: what the peer of each kind of actuator is told, over its real link.

A kind is a class at the end: how its peer is started, what the node looks like, what the peer was told.
"""

import contextlib
import os
import shutil
import signal
import socket
import struct
import threading
import unittest

import wago_sim
from plug import Plug, Told, modbus_writes, owserver_writes, wago_writes
from test_modbus import Device, Server
from test_onewire import Owserver

from cli import CliTest


class Meter(Device):
    """Says what the flow wants, in register 0, until its plug is pulled."""

    def __init__(self, test, value):
        self.value = value
        super().__init__(test, lambda unit, pdu: [(0, struct.pack(">BBH", pdu[0], 2, self.value))])
        self.plug = Plug(test, self.port)


class Guard:
    """What holds for every kind. `numbers`: it takes them, from 0 to 200; else it is on above 100."""

    numbers = True
    node = ""  # the kind with its own options
    links = ""
    same = ()  # pairs of nodes that write one thing
    code = "MF0304"

    def told(self):
        """A struct Told of numbers."""
        raise NotImplementedError

    def tells(self, value):
        return value if self.numbers else int(value > 100)

    def setUp(self):
        super().setUp()
        self.connect()
        self.meter = Meter(self, 140)

    def text(self, options, more="", out=True):
        """The flow: `wish` follows the meter, `out` is the actuator with these options."""
        limit = "limit: 0..200, " if self.numbers else ""
        options = options if self.numbers else options.replace("failsafe: 7", "failsafe: false")
        source = "wish" if self.numbers else "want"
        nodes = "wish: {modbus.read: meter, register: 0, every: 20ms, stale: 5s}\n"
        nodes += "news: {deadband: 0, from: wish}\nshow: {log: notice, from: news, message: 'wish {value}'}\n"
        if not self.numbers:
            nodes += "want: {expr: wish > 100}\n"
        if out:
            nodes += f"out: {{{self.node}, from: {source}, {limit}{options}}}\n"
        return self.flow(nodes + more,
                         more=f"links:\n  meter: {{modbus: 'tcp:127.0.0.1:{self.meter.plug.port}', timeout: 2s}}\n"
                         + self.links)

    def run_flow(self, options, *args, more=""):
        running = self.start("run", self.text(options, more), "--socket", "control", *args)
        self.started(running)
        return running

    def started(self, running):
        """The engine runs."""

    def expect(self, value):
        self.told().last(self, value)

    def needs_numbers(self):
        if not self.numbers:
            self.skipTest("limit and ramp are for numbers")

    # ---- limit, ramp, refresh ----

    def test_limit(self):
        """What is beyond the limit becomes its end."""
        self.needs_numbers()
        self.run_flow("failsafe: 7")
        self.expect(140)
        self.meter.value = 999
        self.expect(200)

    def in_steps(self, *ends):
        """What was told goes from each end to the next, in steps: who is late takes a longer one, 40 for a second."""
        changes = self.told().changes()
        self.assertLessEqual(max(abs(a - b) for a, b in zip(changes, changes[1:])), 40)
        turns = [b for a, b, c in zip(changes, changes[1:], changes[2:]) if (b > a) != (c > b)]
        self.assertEqual([changes[0], *turns, changes[-1]], list(ends))

    def test_ramp(self):
        """The output moves in the steps of the ramp, up and down."""
        self.needs_numbers()
        self.run_flow("ramp: 40, ramp_step: 50ms, failsafe: 7")
        self.expect(140)
        self.meter.value = 200
        self.expect(200)
        self.meter.value = 90
        self.expect(90)
        self.in_steps(140, 200, 90)

    def test_refresh(self):
        """A value that nobody changes is said again; so is the failsafe value."""
        self.run_flow("refresh: 50ms, failsafe: 7")
        self.expect(self.tells(140))
        self.meter.plug.pull()
        safe = self.tells(7)
        self.told().wait(self, lambda told: told[-4:] == [safe] * 4)

    # ---- failsafe ----

    def test_stale_input(self):
        """The failsafe value comes when the source is unplugged, and goes when it is back."""
        running = self.run_flow("failsafe: 7")
        self.expect(self.tells(140))
        self.meter.plug.pull()
        self.expect(self.tells(7))
        running.until("writes the failsafe")
        self.meter.plug.plug_in()
        self.expect(self.tells(140))
        running.until("has a good value again")

    def test_stale_for_a_while(self):
        """With a time the failsafe value comes when the source is silent for that long, though it is connected."""
        running = self.run_flow("failsafe: 7 after 300ms")
        self.expect(self.tells(140))
        answer, self.meter.answer = self.meter.answer, lambda unit, pdu: []
        self.expect(self.tells(7))
        running.until("no good value for 300ms: writes the failsafe")
        self.meter.answer = answer
        self.expect(self.tells(140))

    def test_never_there(self):
        """A source that is not there from the beginning is silent, too."""
        self.meter.plug.pull()
        self.run_flow("failsafe: 7 after 100ms")
        self.expect(self.tells(7))

    def test_sigterm(self):
        """The end leaves the failsafe value behind."""
        running = self.run_flow("failsafe: 7")
        self.expect(self.tells(140))
        running.signal(signal.SIGTERM)
        running.finish(0)
        self.expect(self.tells(7))
        self.assertEqual(self.told().changes(), [self.tells(140), self.tells(7)])

    def test_taken_out(self):
        """So does a reload that takes the actuator away; the rest goes on."""
        running = self.run_flow("failsafe: 7")
        self.expect(self.tells(140))
        self.text("", out=False)
        running.signal(signal.SIGHUP)
        running.until("reload: done")
        self.expect(self.tells(7))
        self.meter.value = 150
        running.until("wish 150")
        self.assertEqual(self.told().changes(), [self.tells(140), self.tells(7)])

    def test_killed(self):
        """kill -9 writes nothing: the output stays as it is, and the next engine takes over from there."""
        running = self.run_flow("failsafe: 7")
        self.expect(self.tells(140))
        running.signal(signal.SIGKILL)
        running.finish(-signal.SIGKILL)
        self.assertEqual(self.told().changes(), [self.tells(140)])
        self.meter.value = 50
        self.run_flow("failsafe: 7")
        self.expect(self.tells(50))

    # ---- who counts ----

    def test_priority(self):
        """The first that is good counts; when it is unplugged the next does."""
        second = Meter(self, 60)
        name = "low" if self.numbers else "low_on"
        low = "low: {modbus.read: second, register: 0, every: 20ms}\n"
        low += "" if self.numbers else "low_on: {expr: low > 100}\n"
        self.links += f"  second: {{modbus: 'tcp:127.0.0.1:{second.plug.port}'}}\n"
        source = "wish" if self.numbers else "want"
        text = self.text(f"priority: [{source}, {name}], failsafe: 7", low)
        path = self.dir / text
        path.write_text(path.read_text().replace(f"from: {source},", f"from: [{source}, {name}],"), encoding="utf-8")
        self.started(self.start("run", text))
        self.expect(self.tells(140))
        self.meter.plug.pull()
        self.expect(self.tells(60))
        self.meter.plug.plug_in()
        self.expect(self.tells(140))

    def test_by_hand(self):
        """What is set counts until it is released, or its time is over."""
        running = self.run_flow("failsafe: 7")
        self.expect(self.tells(140))
        self.call("set", "out", "20" if self.numbers else "off", "--socket", "control")
        self.expect(self.tells(20))
        self.call("release", "out", "--socket", "control")
        self.expect(self.tells(140))
        self.call("set", "out", "20" if self.numbers else "off", "--for", "50ms", "--socket", "control")
        running.until("the time of `set` is over")
        self.expect(self.tells(140))
        self.assertEqual(self.told().changes(), [self.tells(140), self.tells(20)] * 2 + [self.tells(140)])

    def test_release_without_a_bump(self):
        """The way back from what was set by hand is as steep as the ramp allows."""
        self.needs_numbers()
        self.run_flow("ramp: 40, ramp_step: 50ms, failsafe: 7")
        self.expect(140)
        self.call("set", "out", "70", "--socket", "control")
        self.expect(70)
        self.call("release", "out", "--socket", "control")
        self.expect(140)
        self.in_steps(140, 70, 140)

    # ---- the link of the actuator ----

    def test_gone_and_back(self):
        """While the peer is away the newest value waits; those before it are forgotten."""
        running = self.run_flow("failsafe: 7")
        self.expect(self.tells(140))
        self.unplug()
        for value in (120, 30, 40):
            self.meter.value = value
            running.until(f"wish {value}")
        before = len(self.told().values)
        self.plug_in()
        self.told().wait(self, lambda told: len(told) > before)
        self.assertEqual(self.told().values[before], self.tells(40))

    def test_read_only(self):
        """With --read-only the peer is told nothing, by nobody, not even at the end."""
        running = self.run_flow("refresh: 20ms, failsafe: 7", "--read-only")
        running.until("wish 140")
        self.meter.value = 150
        running.until("wish 150")
        said = self.call("set", "out", "20" if self.numbers else "off", "--socket", "control")
        self.assertIn("nothing is written", said.stdout)
        self.call("release", "out", "--socket", "control")
        self.meter.plug.pull()
        running.until("writes the failsafe")
        running.signal(signal.SIGTERM)
        running.finish(0)
        self.assertEqual(self.told().values, [])

    def test_two_writers(self):
        """Two nodes that write one thing are refused, however they name it."""
        limit = "limit: 0..200, " if self.numbers else ""
        source = "a: {sim.counter: 1, every: 1s}" if self.numbers else "a: {when: n > 5}\nn: {sim.counter: 1, every: 1s}"
        for one, other in self.same:
            with self.subTest(one=one, other=other):
                self.flow(f"{source}\nx: {{{one}, from: a, {limit}failsafe: keep}}\n"
                          f"y: {{{other}, from: a, {limit}failsafe: keep}}\n", more="links:\n" + self.links)
                self.assertRegex(self.call("validate", "flow.yaml", code=1).stdout, self.code)


@unittest.skipUnless(os.environ.get("MF_TEST_MODBUS_SERVER"), "libmodbus is not installed")
class ModbusWrite(Guard, CliTest):
    """modbus.write into a device made of libmodbus."""

    node = "modbus.write: device, register: 500"
    same = (
        ("modbus.write: device, register: 52", "modbus.write: device, register: 'holding:52'"),
        ("modbus.write: device, register: 52", "modbus.write: other_way, register: 0x34"),
        ("modbus.write: device, register: 50, type: int64", "modbus.write: device, register: 53"),
        ("modbus.write: device, register: 52, unit_id: 1", "modbus.write: device, register: 51, type: float32"),
    )

    def connect(self):
        self.plug = Plug(self, int(Server(self, "tcp").said[1]), modbus_writes)
        self.links = "".join(f"  {name}: {{modbus: 'tcp:127.0.0.1:{self.plug.port}'}}\n"
                             for name in ("device", "other_way"))
        self.unplug, self.plug_in = self.plug.pull, self.plug.plug_in

    def told(self):
        return self.plug.told


@unittest.skipUnless(shutil.which("owserver"), "owserver is not installed")
class OnewireWrite(Guard, CliTest):
    """onewire.write into a switch of owserver's."""

    def connect(self):
        server = Owserver(self)
        switch = server.devices["DS2408"]
        self.node = f"onewire.write: {switch}/PIO.BYTE, link: bus"
        self.same = (
            (self.node, f"onewire.write: /{switch}/PIO.BYTE, link: bus"),
            (self.node, f"onewire.write: {switch}/PIO.BYTE, link: other_way"),
        )
        self.plug = Plug(self, server.port, owserver_writes)
        self.links = "".join(f"  {name}: {{owserver: '127.0.0.1:{self.plug.port}'}}\n" for name in ("bus", "other_way"))
        self.unplug, self.plug_in = self.plug.pull, self.plug.plug_in

    def told(self):
        return self.plug.told


class GpioOut(Guard, CliTest):
    """gpio.out on a chip in memory, whose wires a socket shows."""

    numbers = False
    node = "gpio.out: board/27"
    code = "MF0304|MF0560"  # the second: also for those who only read
    same = (
        ("gpio.out: board/27", "gpio.out: board/027"),
        ("gpio.out: board/27", "gpio.out: board/GPIO27"),
        ("gpio.out: board/27", "gpio.out: other_way/27"),
    )

    def connect(self):
        self.lines = Told()
        self.links = "".join(f"  {name}: {{gpio: 'fake:{self.dir / 'chip'}'}}\n" for name in ("board", "other_way"))

    def started(self, running):
        """The chip is in the engine: it comes and goes with it."""
        running.until("board: connected")
        self.chip = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.chip.close)
        self.chip.connect(str(self.dir / "chip"))
        threading.Thread(target=self.listen, args=(self.chip.makefile("r"),), daemon=True).start()

    def listen(self, stream):
        with stream, contextlib.suppress(OSError):
            for line in stream:
                words = line.split()
                if words[0] == "27" and words[1] != "released":
                    self.lines.add([int(words[-2])])

    def unplug(self):
        self.chip.sendall(b"unplug\n")

    def plug_in(self):
        self.chip.sendall(b"plug\n")

    def told(self):
        return self.lines


class WagoOut(Guard, CliTest):
    """wago.out into a controller made after a recorded session."""

    numbers = False
    node = "wago.out: 2/5, link: box"
    same = (
        ("wago.out: 2/5, link: box", "wago.out: 2/05, link: box"),
        ("wago.out: 2/5, link: box", "wago.out: 2/5, link: other_way"),
    )

    def connect(self):
        self.plug = Plug(self, wago_sim.Server(self).port, wago_writes)
        self.links = "".join(f"  {name}: {{wago: 'tcp:127.0.0.1:{self.plug.port}', ping: 1h}}\n"
                             for name in ("box", "other_way"))
        self.unplug, self.plug_in = self.plug.pull, self.plug.plug_in

    def told(self):
        return self.plug.told


if __name__ == "__main__":
    unittest.main()
