# SPDX-License-Identifier: LGPL-3.0-or-later
"""onewire.read, onewire.write: against Debian's owserver with devices that it makes up, a fake that misbehaves, and a
tree of files like the kernel's. What is the same on both kinds of links is tested on both."""

import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cli import WAIT, CliTest  # noqa: E402
from onewire import DIR, Fake, KernelBus, ServerBus, Stuck  # noqa: E402

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
                server.sendall(struct.pack(">6i", 0, 2, DIR, 0x100, 0, 0) + b"/\0")
                names = []
                with server.makefile("rb") as stream:
                    while True:
                        _, payload, _, _, size, _ = struct.unpack(">6i", stream.read(24))
                        if payload == 0:
                            break
                        if payload > 0:
                            names.append(stream.read(payload)[:size].decode())
                return {kind: next(name for name in names if name.startswith("/" + family + "."))[1:]
                        for kind, family in FAMILIES.items()}
        return test.fail("owserver ended")


class Onewire(CliTest):
    def run_flow(self, port, nodes, more=""):
        self.flow(nodes, more=f"links: {{w1: {{owserver: '127.0.0.1:{port}'{more}}}}}\n")
        return self.start("run", "flow.yaml")

    @unittest.skipUnless(shutil.which("owserver"), "owserver is not installed")
    def test_real_server(self):
        """Reads a temperature and a switch of the real server, writes the switch, and hears of a device that is missing."""
        for options in ([], ["--pingcrazy"], ["--no_dirall"]):
            server = Owserver(self, *options)
            thermometer, switch = server.devices["DS18S20"], server.devices["DS2408"]
            running = self.run_flow(server.port, f"""
temp: {{onewire.read: {thermometer}/temperature, every: 100ms}}
kind: {{onewire.read: {thermometer}/type, every: 1h}}
gone: {{onewire.read: 10.0123456789AB/temperature, every: 1h}}
calm: {{onewire.read: {switch}/sensed.0, every: 1h, alarm: 50ms}}
both: {{onewire.read: {thermometer}/temperature, every: 1h, simultaneous: true}}
late: {{log: notice, from: both, message: "together {{quality}}"}}
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
            running.until("together good")
            self.assertFalse([line for line in running.lines if "search for devices" in line or "not an owserver" in line])
            running.end()

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

    def test_reload_while_connecting(self):
        """A reload may take the flow away from which the address of a connection came that is still being made."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        for _ in range(4):  # nobody else gets in, and nobody is told
            client = socket.socket()
            self.addCleanup(client.close)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        nodes = f"""
a: {{onewire.read: {A}/temperature, every: 1h}}
keep: {{log: notice, from: a}}
"""
        running = self.run_flow(port, nodes + "go: {every: 1h}\ntold: {log: notice, from: go, message: first}\n")
        running.until("told: first")
        for times in ("2h", "3h"):  # the first flow is gone for good then
            self.flow(nodes + f"go: {{every: {times}}}\ntold: {{log: notice, from: go, message: {times}}}\n",
                      more=f"links: {{w1: {{owserver: '127.0.0.1:{port}'}}}}\n")
            running.signal(signal.SIGHUP)
            running.until("reload: done")
        listener.close()
        running.until(f"127.0.0.1, port {port}: Connection refused")


A, B = "28.0123456789AB", "28.FFFF56789ABC"
SWITCH, EIGHT, COUNTER, BATTERY = "3A.0123456789AB", "29.0123456789AB", "1D.0123456789AB", "26.0123456789AB"

# device, what it has, attribute, how it is shown
READINGS = [
    (A, {"temperature": "21.312"}, "temperature", "21.312 °C"),
    (A, {"temperature": "-0.5"}, "temperature", "-0.5 °C"),
    (A, {"temperature": "0"}, "temperature", "0 °C"),
    ("42.0123456789AB", {"temperature": "127.5"}, "temperature", "127.5 °C"),
    (A, {"temphigh": "30", "templow": "-5"}, "temphigh", "30 °C"),
    (A, {"temphigh": "30", "templow": "-5"}, "templow", "-5 °C"),
    (A, {"power": "1"}, "power", "true "),
    (A, {"resolution": "12"}, "resolution", "12 "),
    (SWITCH, {"sensed.A": "0", "sensed.B": "1", "PIO.A": "1", "PIO.B": "0"}, "sensed.B", "true "),
    (SWITCH, {"sensed.A": "0", "sensed.B": "1", "PIO.A": "1", "PIO.B": "0"}, "sensed.A", "false "),
    (SWITCH, {"sensed.A": "0", "sensed.B": "1", "PIO.A": "1", "PIO.B": "0"}, "PIO.A", "true "),
    (SWITCH, {"sensed.A": "0", "sensed.B": "1", "PIO.A": "1", "PIO.B": "0"}, "PIO.B", "false "),
    (EIGHT, {"PIO.3": "1", "sensed.0": "1", "latch.7": "1"}, "PIO.3", "true "),
    (EIGHT, {"PIO.3": "1", "sensed.0": "1", "latch.7": "1"}, "sensed.0", "true "),
    (EIGHT, {"PIO.3": "1", "sensed.0": "1", "latch.7": "1"}, "latch.7", "true "),
    (COUNTER, {"counters.A": "4000000000", "counters.B": "5"}, "counters.A", "4000000000 "),
    (COUNTER, {"counters.A": "4000000000", "counters.B": "5"}, "counters.B", "5 "),
    (BATTERY, {"temperature": "19.25"}, "temperature", "19.25 °C"),
    (BATTERY, {"VAD": "3.14", "VDD": "5.02"}, "VAD", "3.14 V"),
]

# device, what it has, attribute, what is written, what is there then
WRITINGS = [
    (SWITCH, {"PIO.A": "0", "PIO.B": "1"}, "PIO.A", "true", "1"),
    (SWITCH, {"PIO.A": "1", "PIO.B": "1"}, "PIO.B", "false", "0"),
    (EIGHT, {f"PIO.{i}": str(i & 1) for i in range(8)}, "PIO.4", "true", "1"),
    (A, {"temphigh": "30", "templow": "10"}, "temphigh", "25", "25"),
    (A, {"temphigh": "30", "templow": "10"}, "templow", "-5", "-5"),
]


class BusTests:
    """What holds for every kind of link. make_bus() gives the bus."""

    def run_bus(self, bus, nodes, *args):
        self.flow(nodes + "tick: {every: 50ms}\nticks: {log: notice, from: tick, message: tick}\n",
                  more=f"links: {{bus: {bus.link}}}\n")
        return self.start("run", *args, "flow.yaml")

    @staticmethod
    def fill(bus, device, has):
        bus.set(device, **{name.replace(".", "_"): text for name, text in has.items()})

    def test_attributes(self):
        """Each attribute comes out as the same value of the same type in the same unit."""
        for device, has, attribute, shown in READINGS:
            with self.subTest(device=device, attribute=attribute):
                bus = self.make_bus()
                self.fill(bus, device, has)
                running = self.run_bus(bus, f"""
it: {{onewire.read: {device}/{attribute}, every: 1h}}
show: {{log: notice, from: it, message: "it is {{value}} {{unit}}."}}
""")
                self.assertIn(f"it is {shown}.", running.until("it is", "it: "))
                running.end()

    def test_names(self):
        """The same device by its long name, in lower case, and as the kernel calls it."""
        bus = self.make_bus()
        bus.set(A, temperature="20.5")
        if isinstance(bus, ServerBus):  # which takes every form, as the real one does
            bus.values |= {name: bus.values[A] for name in ("28.0123456789ab", "28.0123456789AB.33")}
        running = self.run_bus(bus, """
a: {onewire.read: 28-ab8967452301/temperature, every: 1h}
b: {onewire.read: 28.0123456789ab/temperature, every: 1h}
c: {onewire.read: 28.0123456789AB.33/temperature, every: 1h}
all: {expr: "mean(a, b, c)"}
show: {log: notice, from: all, message: "all is {value}"}
""")
        running.until("all is 20.5")

    def test_writes(self):
        """What is written arrives, and the device's other channels stay as they were."""
        for device, has, attribute, value, text in WRITINGS:
            with self.subTest(device=device, attribute=attribute):
                bus = self.make_bus()
                self.fill(bus, device, has)
                running = self.run_bus(bus, f"""
clock: {{every: 1h, value: {value}}}
out: {{onewire.write: {device}/{attribute}, from: clock, failsafe: keep, limit: -100..100}}
""" if value not in ("true", "false") else f"""
clock: {{every: 1h, value: {value}}}
out: {{onewire.write: {device}/{attribute}, from: clock, failsafe: keep}}
""")
                self.wait_for(running, lambda: bus.writes())
                running.end()
                self.assertEqual(bus.writes(), [(f"{device}/{attribute}", text)])

    def wait_for(self, running, condition):
        """Until the condition holds, looking whenever the flow has gone on a bit."""
        while not condition():
            running.until("tick")

    def test_read_only(self):
        """With --read-only nothing is written."""
        bus = self.make_bus()
        bus.set(SWITCH, PIO_A="0", PIO_B="0", sensed_A="1", sensed_B="1")
        running = self.run_bus(bus, f"""
clock: {{every: 20ms, value: true}}
out: {{onewire.write: {SWITCH}/PIO.A, from: clock, failsafe: false after 1h, refresh: 20ms}}
back: {{onewire.read: {SWITCH}/sensed.A, every: 20ms}}
n: {{count: 400ms, from: back}}
show: {{log: notice, from: n, message: "read {{value}} times"}}
""", "--read-only")
        running.until("read")
        running.signal(signal.SIGTERM)
        running.finish()
        self.assertEqual(bus.writes(), [])

    def test_gone_and_back(self):
        """A device that is taken off the bus is stale, and good again when it is back; its neighbour never notices."""
        bus = self.make_bus()
        bus.set(A, temperature="20.5")
        bus.set(B, temperature="20.5")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
b: {{onewire.read: {B}/temperature, every: 50ms}}
show: {{log: notice, from: [a, b], message: "{{node}} {{quality}}"}}
""")
        running.until("a good")
        bus.remove(A)
        running.until("no such device or attribute")
        running.until("a stale")
        running.until("b good")
        bus.bring_back(A)
        running.until("a good")
        self.assertFalse([line for line in running.lines if "b stale" in line or "b bad" in line])

    def test_comes_later(self):
        """A device that is not there when the flow starts is read once it is; what was to be written then is, too."""
        bus = self.make_bus()
        bus.set(B, temperature="20.5")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
b: {{onewire.read: {B}/temperature, every: 50ms}}
clock: {{every: 1h, value: true}}
out: {{onewire.write: {SWITCH}/PIO.A, from: clock, failsafe: keep}}
show: {{log: notice, from: [a, b], message: "{{node}} {{quality}}"}}
""")
        running.until("PIO.A: no such device")
        running.until("b good")
        bus.set(A, temperature="3")
        bus.set(SWITCH, PIO_A="0", PIO_B="0")
        running.until("a good")
        self.wait_for(running, lambda: bus.writes())
        self.assertEqual(bus.writes(), [(f"{SWITCH}/PIO.A", "1")])

    def test_reload(self):
        """A reload of something else leaves reads and writes alone, also those that wait for their device."""
        bus = self.make_bus()
        bus.set(A, temperature="20")
        nodes = f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
clock: {{every: 1h, value: true}}
out: {{onewire.write: {SWITCH}/PIO.A, from: clock, failsafe: keep, refresh: 50ms}}
"""
        running = self.run_bus(bus, nodes + 'show: {log: notice, from: a, message: "first {value}"}\n')
        running.until("PIO.A: no such device")
        running.until("first 20")
        self.flow(nodes + 'show: {log: notice, from: a, message: "second {value}"}\n'
                  "tick: {every: 50ms}\nticks: {log: notice, from: tick, message: tick}\n",
                  more=f"links: {{bus: {bus.link}}}\n")
        running.signal(signal.SIGHUP)
        running.until("second 20")
        running.until("PIO.A: no such device")
        bus.set(SWITCH, PIO_A="0", PIO_B="0")
        self.wait_for(running, lambda: bus.writes())
        self.assertEqual(bus.writes()[0], (f"{SWITCH}/PIO.A", "1"))

    def test_removed_actuator(self):
        """An actuator that waits for its device writes its failsafe value when a reload removes it."""
        bus = self.make_bus()
        read = f"a: {{onewire.read: {A}/temperature, every: 1h}}\n"
        running = self.run_bus(bus, read + f"""
clock: {{every: 1h, value: true}}
out: {{onewire.write: {SWITCH}/PIO.A, from: clock, failsafe: false}}
""")
        running.until("PIO.A: no such device")
        bus.set(SWITCH, PIO_A="1", PIO_B="1")
        self.flow(read + "tick: {every: 50ms}\nticks: {log: notice, from: tick, message: tick}\n",
                  more=f"links: {{bus: {bus.link}}}\n")
        running.signal(signal.SIGHUP)
        while (f"{SWITCH}/PIO.A", "0") not in bus.writes():
            self.assertNotIn("without its failsafe", running.until("tick", "without its failsafe"))

    def test_power_on_value(self):
        """85 degrees out of the blue are bad; on the way up they are a temperature."""
        bus = self.make_bus()
        bus.set(A, temperature="85")
        running = self.run_bus(bus, f"""
temp: {{onewire.read: {A}/temperature, every: 50ms}}
told: {{log: notice, from: temp, message: "{{quality}} {{value}}."}}
""")
        running.until("power-on value", "that did not measure")
        for text in ("21.5", "83", "85"):
            bus.set(A, temperature=text)
            running.until(f"good {text}.")

    def test_together(self):
        """`simultaneous` starts one measurement for all, and reads what came of it."""
        bus = self.make_bus()
        bus.set(A, temperature="19.25")
        bus.set(B, temperature="19.25")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 1h, simultaneous: true}}
b: {{onewire.read: {B}/temperature, every: 1h, simultaneous: true}}
both: {{expr: "mean(a, b)"}}
show: {{log: notice, from: both, message: "mean {{value}}"}}
""")
        running.until("mean 19.25")
        self.assertEqual(bus.measured_together(), ["1"])


class Server(BusTests, CliTest):
    """On an owserver."""

    def make_bus(self):
        return ServerBus(self)

    def test_alarm(self):
        """A device in alarm is read at once, again and again until it is not; the others wait for their time."""
        bus = ServerBus(self)
        self.fill(bus, EIGHT, {"latch.0": "0"})
        bus.set(A, temperature="20.5")
        running = self.run_bus(bus, f"""
bell: {{onewire.read: {EIGHT}/latch.0, every: 1h, alarm: 50ms}}
other: {{onewire.read: 29.FFFF56789ABC/latch.0, every: 1h, alarm: 1h}}
temp: {{onewire.read: {A}/temperature, every: 1h}}
show: {{log: notice, from: [bell, temp], message: "{{node}} {{quality}} {{value}}."}}
""")
        running.until("temp good 20.5.")
        self.fill(bus, EIGHT, {"latch.0": "1"})
        bus.alarm.append(EIGHT)
        running.until("bell good true.")
        running.until("bell good true.")
        self.fill(bus, EIGHT, {"latch.0": "0"})
        running.until("bell good false.")
        bus.alarm.clear()
        self.assertEqual([line for line in running.lines if "temp good" in line][1:], [])
        self.assertEqual(bus.measured_together(), [])

    def test_alarm_of_a_thermometer(self):
        """Thermometers measure before each search, and what they measured is what is read."""
        bus = ServerBus(self)
        bus.set(A, temperature="20")
        running = self.run_bus(bus, f"""
temp: {{onewire.read: {A}/temperature, every: 1h, alarm: 50ms}}
show: {{log: notice, from: temp, message: "{{quality}} {{value}}."}}
""")
        running.until("good 20.")
        bus.set(A, temperature="31")
        bus.alarm.append("28.0123456789AB")
        running.until("good 31.")
        self.assertIn(f"{A}/latesttemp", bus.asked)
        self.assertIn("1", bus.measured_together())

    def test_alarm_of_old(self):
        """A server that lists directories an entry at a time only; a search that fails is said."""
        bus = ServerBus(self)
        bus.knows_dirall = False
        self.fill(bus, EIGHT, {"latch.0": "1"})
        self.fill(bus, SWITCH, {"sensed.A": "1"})
        running = self.run_bus(bus, f"""
bell: {{onewire.read: {EIGHT}/latch.0, every: 1h, alarm: 50ms}}
door: {{onewire.read: boiler/sensed.A, every: 1h, alarm: 50ms}}
show: {{log: notice, from: [bell, door], message: "{{node}} {{quality}} {{value}}."}}
""")
        running.until("bell good true.")
        bus.values["boiler"] = {"sensed.A": "1"}
        bus.alarm += [SWITCH, EIGHT, "boiler"]
        running.until("door good true.")
        running.until("bell good true.")
        bus.alarm_fault = -44
        running.until("the search for devices in alarm failed: the bus is shorted")

    def test_restarted(self):
        """A server that ends makes all stale; when it is back all are read over a new connection."""
        bus = ServerBus(self)
        bus.set(A, temperature="20")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""")
        running.until("good 20.")
        bus.fake.end()
        running.until("stale")
        bus.set(A, temperature="21")
        bus.fake = Fake(self, bus.answer, bus.fake.port)
        running.until("good 21.")
        self.assertEqual(len(bus.fake.connections), 1)

    def test_errors_have_names(self):
        """Each error of the server's is said in words; those of the bus are stale, those of the request bad."""
        cases = [(-5, "stale: the bus does not answer"), (-41, "stale: no such device or attribute"),
                 (-44, "stale: the bus is shorted"), (-51, "stale: error on the bus"), (-58, "stale: reading failed"),
                 (-28, "bad: wrong checksum in the name"), (-60, "bad: not readable"), (-13, "bad: not allowed")]
        bus = ServerBus(self)
        bus.set(A, temperature="20")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 20ms}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""")
        for code, said in cases:
            bus.fault = 0
            running.until("good 20.")
            bus.fault = code
            running.until(said)

    def test_measures_long_enough(self):
        """However long the trigger of a common measurement takes, its result is read a while after that."""
        bus = self.make_bus()
        bus.set(A, temperature="20.5")
        go_on = threading.Event()
        times = {}

        def answer(kind, path, data):
            if path == bus.together:
                go_on.wait(WAIT)
            times[path] = time.monotonic()
            return bus.answer(kind, path, data)

        bus.fake.answer = answer
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 1h, simultaneous: true}}
late: {{count: 1500ms, from: tick}}
told: {{log: notice, from: late, message: late}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""")
        running.until("told: late")
        go_on.set()
        running.until("good 20.5.")
        self.assertGreaterEqual(times[f"/{A}/latesttemp"] - times[bus.together], 0.75)

    def test_persistence_refused(self):
        """A server that keeps no connection, and sends pings in rows, does as well; nothing is stale in between."""
        def answer(kind, path, data):
            head = struct.pack(">6i", 0, -1, 0, 0, 0, 0)
            return head * 3 + struct.pack(">6i", 0, 4, 4, 0x100, 4, 0) + b"20.5"

        server = Fake(self, answer)
        server.closes = True
        self.flow(f"""
a: {{onewire.read: {A}/temperature, every: 20ms}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""", more=f"links: {{bus: {{owserver: '127.0.0.1:{server.port}'}}}}\n")
        running = self.start("run", "flow.yaml")
        for _ in range(3):
            running.until("good 20.5.")
        self.assertGreaterEqual(len(server.connections), 3)
        self.assertFalse([line for line in running.lines if "stale" in line or "again" in line])


class Kernel(BusTests, CliTest):
    """On a tree like the kernel's."""

    buses = 0

    def make_bus(self):
        self.buses += 1
        return KernelBus(self, f"sys{self.buses}")

    def test_bad_files(self):
        """A wrong checksum, an empty read and nonsense are bad, with the reason; the next good one heals."""
        cases = [(KernelBus.slave("20", "NO"), "wrong checksum"), (b"", "nothing could be read"),
                 (b"nonsense\n", "is not understood"), (KernelBus.slave("20")[:60], "is not understood")]
        for data, reason in cases:
            with self.subTest(reason=reason):
                bus = self.make_bus()
                bus.set(A, temperature="20")
                place = bus.place(A) / "w1_slave"
                running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""")
                running.until("good 20.")
                bus.put(place, data)
                self.assertIn(reason, running.until("bad: "))
                bus.set(A, temperature="21")
                running.until("good 21.")
                running.end()

    def test_stuck_bus(self):
        """A bus that does not answer makes its own devices stale and no others, and heals; the end does not wait."""
        bus = self.make_bus()
        bus.add_master("w1_bus_master2")
        bus.set(A, temperature="20")
        bus.set(B, "w1_bus_master2", temperature="10")
        bus.link = bus.link.replace("}", ", timeout: 100ms}")
        stuck = Stuck(bus.place(A) / "w1_slave")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
name: {{onewire.read: {A}/address, every: 50ms}}
b: {{onewire.read: {B}/temperature, every: 50ms}}
show: {{log: notice, from: [a, b, name], message: "{{node}} {{quality}} {{value}}."}}
""")
        running.until("w1_bus_master1 does not answer")
        running.until("a: 28.", "a: /28.")
        running.until("b good 10.")
        running.until("b good 10.")
        stuck = stuck.release(KernelBus.slave("20"))
        running.until("w1_bus_master1 answers again")
        running.until("w1_bus_master1 does not answer")
        stuck.release(KernelBus.slave("20"), after=KernelBus.slave("20.5"))
        running.until("a good 20.5.")
        running.until("name good 28")
        Stuck(bus.place(A) / "w1_slave")
        running.until("w1_bus_master1 does not answer")
        running.signal(signal.SIGTERM)
        running.finish()
        self.assertFalse([line for line in running.lines if "b stale" in line or "b bad" in line])

    def test_ends_while_measuring(self):
        """The end does not wait for a common measurement that never begins."""
        bus = self.make_bus()
        bus.set(A, temperature="20")
        Stuck(bus.root / "devices/w1_bus_master1/therm_bulk_read")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 1h, simultaneous: true}}
show: {{log: notice, from: a}}
""")
        running.until("ticks: tick")
        running.until("ticks: tick")
        running.signal(signal.SIGTERM)
        running.finish()

    def test_common_measurement_is_not_taken_for_a_later_one(self):
        """What a common measurement left behind for a device is not read as if it had just been measured."""
        bus = self.make_bus()
        bus.set(A, temperature="20")
        bus.set(B, temperature="20")
        first = Stuck(bus.place(B) / "w1_slave")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 1h, simultaneous: true}}
b: {{onewire.read: {B}/temperature, every: 1h}}
show: {{log: notice, from: [a, b], message: "{{node}} {{quality}} {{value}}."}}
""")
        second = first.release(KernelBus.slave("99"))
        second.release(KernelBus.slave("21.5"), after=KernelBus.slave("0"))
        self.assertIn("good 21.5.", running.until("b good"))
        running.until("a good 20.")
        self.assertEqual(bus.measured_together(), ["1"])

    def test_cannot_measure_together(self):
        """A master without common measurement: each thermometer is asked for itself."""
        bus = self.make_bus()
        bus.set(A, temperature="20")
        (bus.root / "devices/w1_bus_master1/therm_bulk_read").unlink()
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 1h, simultaneous: true}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""")
        running.until("cannot measure together")
        running.until("good 20.")

    def test_no_driver(self):
        """Without the directory the link is down and says why; it comes up when a driver is loaded."""
        bus = self.make_bus()
        bus.set(A, temperature="20")
        bus.devices.rename(bus.root / "away")
        running = self.run_bus(bus, f"""
a: {{onewire.read: {A}/temperature, every: 50ms}}
show: {{log: notice, from: a, message: "{{quality}} {{value}}."}}
""")
        running.until("is a driver for the bus loaded")
        (bus.root / "away").rename(bus.devices)
        running.until("good 20.")
        bus.devices.rename(bus.root / "away")
        running.until("is a driver for the bus loaded")
        running.until("stale")
        (bus.root / "away").rename(bus.devices)
        running.until("good 20.")


if __name__ == "__main__":
    unittest.main()
