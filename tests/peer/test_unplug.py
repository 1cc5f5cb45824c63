# SPDX-License-Identifier: LGPL-3.0-or-later
"""A meter, two thermometers, a relay, a broker and a time series database: whatever is unplugged is stale where it
matters and nowhere else, and heals by itself."""

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import unittest

from akumuli import Database
from plug import Plug, Told
from test_modbus import Server
from test_onewire import free_port

from cli import WAIT, CliTest

FLOW = """moat-flow: 1
links:
  meter: {{modbus: 'tcp:127.0.0.1:{meter}', timeout: 1s, retries: 0}}
  w1: {{owserver: '127.0.0.1:{w1}'}}
  board: {{gpio: 'fake:{board}'}}
  broker: {{mqtt: 'mqtt://127.0.0.1:{broker}'}}
  tsdb: {{akumuli: 'tcp:127.0.0.1:{tsdb}'}}
nodes:
  tick: {{every: 50ms}}
  show: {{log: notice, from: tick, message: "tick"}}
  power: {{modbus.read: meter, register: 'input:0', type: float32, unit: W, every: 100ms}}
  inside: {{onewire.read: {inside}/temperature, every: 100ms}}
  outside: {{onewire.read: {outside}/temperature, every: 100ms}}
  warmer: {{expr: inside - outside}}
  open: {{when: warmer > -1000}}
  excess: {{scale: -1, from: power}}
  flap: {{gpio.out: board/27, from: open, failsafe: false}}
  tell: {{mqtt.publish: 'home/{{node}}', from: [power, excess, inside, outside, warmer, tick]}}
  save: {{akumuli.write: 'home what={{node}}', from: [power, inside, outside, warmer]}}
"""
SOURCES = {"power", "inside", "outside"}
ALL = SOURCES | {"tick", "warmer", "open", "excess"}


class Thermometers:
    """An owserver in front of two others, each with a device of its own: one that is killed is off the bus."""

    def __init__(self, test):
        self.test = test
        self.ports = {name: free_port() for name in ("inside", "outside", "front")}
        self.running = {}
        test.addCleanup(self.end)
        self.begin("inside")
        self.begin("outside")
        self.begin("front")
        found = self.wait("front", lambda names: len(names) >= 3)
        self.inside = self.wait("inside", bool)[0]
        self.outside = next(name for name in found if name.startswith("28.") and name != self.inside)

    def begin(self, name):
        what = {"inside": ["--fake=28"], "outside": ["--fake=10,28"],
                "front": [f"--server=127.0.0.1:{self.ports[sub]}" for sub in ("inside", "outside")]}[name]
        self.running[name] = subprocess.Popen(
            ["owserver", "--foreground", "-p", f"127.0.0.1:{self.ports[name]}", *what],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait(name, bool)

    def kill(self, name):
        self.running[name].kill()
        self.running[name].wait(WAIT)

    def end(self):
        for name in self.running:
            self.kill(name)

    def wait(self, name, is_enough):
        """Names of its devices, when there are enough."""
        while self.running[name].poll() is None:
            names = self.directory(self.ports[name])
            if is_enough(names):
                return names
        return self.test.fail(f"the owserver {name} ended")

    @staticmethod
    def directory(port):
        with contextlib.suppress(OSError, struct.error), \
                socket.create_connection(("127.0.0.1", port)) as server, server.makefile("rb") as stream:
            server.sendall(struct.pack(">6i", 0, 2, 7, 0x100, 0, 0) + b"/\0")
            while True:
                _, payload, _, _, size, _ = struct.unpack(">6i", stream.read(24))
                if payload >= 0:
                    return [name[1:] for name in stream.read(payload)[:size].decode().split(",") if "." in name]
        return []


class Broker:
    """mosquitto, and one who hears all that is published, past the plug."""

    def __init__(self, test):
        self.port = free_port()
        config = test.dir / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
        self.process = subprocess.Popen(["mosquitto", "-c", str(config)], stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        for line in self.process.stderr:
            if "running" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.heard = Told()
        self.ear = test.start("mqtt", "sub", "-u", f"mqtt://127.0.0.1:{self.port}", "-t", "home/#")
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(ValueError):
            for line in self.ear.process.stdout:
                if line.startswith("home/"):
                    self.heard.add([line.split()[0].removeprefix("home/")])

    def end(self):
        self.process.kill()
        self.process.wait(WAIT)
        self.process.stderr.close()


class Rows(Database):
    """Which series a row came for, in order."""

    def __init__(self, test):
        self.rows = Told()
        super().__init__(test)

    def take(self, name, time, value):
        fault = super().take(name, time, value)
        self.rows.add([name.rsplit("what=", 1)[1]])
        return fault


@unittest.skipUnless(shutil.which("owserver") and shutil.which("mosquitto") and os.environ.get("MF_TEST_MODBUS_SERVER"),
                     "owserver, mosquitto and libmodbus are not all installed")
class Unplug(CliTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self)
        self.database = Rows(self)
        self.thermometers = Thermometers(self)
        self.plugs = {"meter": Plug(self, int(Server(self, "tcp").said[1])),
                      "w1": Plug(self, self.thermometers.ports["front"]),
                      "broker": Plug(self, self.broker.port),
                      "tsdb": Plug(self, self.database.port)}
        self.write("flow.yaml", FLOW.format(**{name: plug.port for name, plug in self.plugs.items()},
                                            board=self.dir / "chip", inside=self.thermometers.inside,
                                            outside=self.thermometers.outside))
        self.engine = self.start("run", "--socket", "control", "flow.yaml")
        self.engine.until("board: connected")
        self.chip = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.chip.close)
        self.chip.connect(str(self.dir / "chip"))
        self.until_dead(set(), set())

    def status(self):
        return json.loads(self.call("status", "--json", "--socket", "control").stdout)

    def dead(self):
        """Nodes whose value is not good, and links that are not up, as the status has them."""
        status = self.status()
        nodes = {node["name"] for node in status["nodes"] for out in node["outputs"]
                 if out["quality"] != "good" and node["name"] in ALL}
        return nodes, {link["name"] for link in status["links"] if link["state"] != "up"}

    def until(self, is_it, what):
        """Looks at the status again after each tick of the engine."""
        for _ in range(20 * WAIT):
            if is_it():
                return
            self.engine.until("tick")
        self.fail(f"still not {what}: {self.dead()}")

    def until_dead(self, nodes, links):
        self.until(lambda: self.dead() == (nodes, links), f"{nodes} and {links}")

    def flap(self):
        return next(node for node in self.status()["nodes"] if node["name"] == "flap")["guard"]["text"]

    def go_by(self, told, names, count):
        """The names that were told until each of `names` has been told `count` times from now on."""
        with told.news:
            begin = len(told.values)
        told.wait(self, lambda all_told: all(all_told[begin:].count(name) >= count for name in names))
        with told.news:
            return set(told.values[begin:])

    def check(self, pull, plug_in, nodes, links):
        """After `pull` exactly these nodes are stale and these links away; what is told elsewhere is all but them.
        After `plug_in` everything is as before."""
        pull()
        self.until_dead(nodes, links)
        told = {"broker": (self.broker.heard, ALL - {"open"}),
                "tsdb": (self.database.rows, SOURCES | {"warmer"})}
        for name, (ears, names) in told.items():
            if name not in links:
                self.go_by(ears, names - nodes, 1)  # what was under way
                self.assertEqual(self.go_by(ears, names - nodes, 2), names - nodes)
        self.assertEqual(self.dead(), (nodes, links))
        plug_in()
        self.until_dead(set(), set())
        for ears, names in told.values():
            self.go_by(ears, names, 2)

    def pull(self, name, nodes):
        self.check(self.plugs[name].pull, self.plugs[name].plug_in, nodes, {name})

    def test_meter(self):
        """Without the meter its power is stale, and what is made of it."""
        self.pull("meter", {"power", "excess"})

    def test_thermometer(self):
        """A thermometer off the bus takes along the difference and the flap, and not its neighbour."""
        self.check(lambda: self.thermometers.kill("inside"), lambda: self.thermometers.begin("inside"),
                   {"inside", "warmer", "open"}, set())

    def test_bus(self):
        """Without the whole bus both thermometers are stale; the flap is safe, and moves again afterwards."""
        self.until(lambda: self.flap() == "true by `open`", "open")
        self.plugs["w1"].pull()
        self.until(lambda: "false as failsafe" in self.flap(), "safe")
        self.plugs["w1"].plug_in()
        self.until(lambda: self.flap() == "true by `open`", "open")
        self.pull("w1", {"inside", "outside", "warmer", "open"})

    def test_relay(self):
        """A relay that is away makes nothing stale: the status says which link is away."""
        self.check(lambda: self.chip.sendall(b"unplug\n"), lambda: self.chip.sendall(b"plug\n"), set(), {"board"})

    def test_broker(self):
        """Without the broker the database gets its rows as before."""
        self.pull("broker", set())

    def test_database(self):
        """Without the database the broker gets its messages as before; the rows wait and come later."""
        self.pull("tsdb", set())
        for what in SOURCES:
            times = [int(time) for time, _ in self.database.series[f"home what={what}"]]
            self.assertEqual(times, sorted(times))

    def test_all_at_once(self):
        """With everything unplugged the clock goes on; everything heals."""
        for plug in self.plugs.values():
            plug.pull()
        self.until_dead(ALL - {"tick"}, set(self.plugs))
        for plug in self.plugs.values():
            plug.plug_in()
        self.until_dead(set(), set())


if __name__ == "__main__":
    unittest.main()
