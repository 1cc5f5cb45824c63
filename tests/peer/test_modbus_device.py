# SPDX-License-Identifier: LGPL-3.0-or-later
"""modbus.device and profiles: against libmodbus on TCP and a serial line, and against devices that refuse."""

import json
import struct
import unittest

from test_modbus import WAIT, Bus, Device, Line, Server, words

# libmodbus's device holds n in holding register n, and 230.5 in the first two input registers.
PROFILE = """
dev: {limit: {regs: 20}}
regs:
  default: {reg_type: h, type: uint}
  volts: {register: 0, reg_type: i, type: float, unit: V}
  phase:
    repeat:
      n: 3
      start: 1
      offset: 2
      data:
        current: {register: 10, type: int, scale: -1, unit: A}
        big: {register: 100, type: suint, len: 2, slot: slow}
  state: {register: 5, bit: 2}
  coil: {register: 7, reg_type: c, type: bit}
  target: {register: 500, scale: -1, unit: A}
  scaled: {register: 19, scale_reg: 2}
"""


def asked(device):
    """Area, first register and number of what was asked for."""
    return [struct.unpack(">BHH", pdu) for _, pdu in device.asked]


class ModbusDevice(Bus):
    def run_device(self, link, nodes, profile=PROFILE):
        self.write("meter.yaml", profile)
        return self.run_flow(link, nodes)

    def wait_for(self, device, what):
        with device.has_asked:
            self.assertTrue(device.has_asked.wait_for(what, WAIT))

    def test_units_are_checked(self):
        """A unit of another dimension and a mistyped register are found before anything runs."""
        self.flow("""
m: {modbus.device: bus, profile: Eastron/SDM630}
a: {deadband: 1 kWh, from: m.power}
b: {deadband: 0.02 kW, from: m.power}
c: {deadband: 1 V, from: m.phase_1_voltag}
""", more="links: {bus: {modbus: 'tcp:meter.lan'}}\n")
        said = self.call("validate", "--format", "short", "flow.yaml", code=1).stdout
        self.assertIn("the deadband is in kWh, but `m.power` is in W", said)
        self.assertIn("`m` has no output `phase_1_voltag`", said)
        self.assertEqual(said.count("error["), 2, said)

    def test_tcp(self):
        """Every area and type of a profile, with units; a register of it is written and read back."""
        self.needs_server()
        port = Server(self, "tcp").said[1]
        running = self.run_device(f"{{modbus: 'tcp:127.0.0.1:{port}'}}", """
m: {modbus.device: bus, profile: meter.yaml, every: 1s}
show: {log: notice, from: [m.volts, m.phase_1_current, m.phase_3_current, m.phase_2_big], message: "{port} {value} {unit}."}
rest: {log: notice, from: [m.state, m.coil, m.target, m.scaled], message: "{port} {value} {unit}."}
kw: {expr: m.volts * m.phase_1_current, unit: kW}
wanted: {expr: m.phase_3_current * 10, unit: A}
out: {modbus.write: bus, profile: meter.yaml, value: target, from: wanted, verify: true, limit: 0..300 A, failsafe: keep}
back: {modbus.read: bus, profile: meter.yaml, value: regs.target, every: 100ms}
more: {log: notice, from: [kw, back], message: "{node} {value} {unit}."}
""")
        self.see(running, "volts 230.5 V.", "phase_1_current 1 A.", "phase_3_current 1.4 A.", "phase_2_big 6750310 .",
                 "state true .", "coil true .", "target 50 A.", "scaled 1900 .", "kw 0.2305 kW.", "back 14 A.")

    def test_serial_unplugged_and_back(self):
        """A unit that is pulled off the line is stale with a reason, and heals by itself."""
        self.needs_server()
        line = Line(self)
        server = Server(self, "rtu", line.names[0], "9")
        running = self.run_device(
            f"{{modbus: 'rtu:{line.names[1]}', baud: 19200, parity: even, timeout: 200ms, retries: 0}}", """
m: {modbus.device: bus, unit_id: 9, profile: meter.yaml, every: 300ms, registers: [volts, "phase_1_*"]}
show: {log: notice, from: m.*, message: "{port} is {quality} {value}"}
""")
        self.see(running, "volts is good 230.5", "phase_1_current is good 1", "phase_1_big is good 6619236")
        server.process.kill()
        self.see(running, "volts is stale: timeout", "phase_1_current is stale: timeout", "phase_1_big is stale: timeout",
                 "unit 9 does not answer")
        line.renew(0)
        Server(self, "rtu", line.names[0], "9")
        self.see(running, "unit 9 answers again", "volts is good 230.5", "phase_1_big is good 6619236")

    def test_what_is_read_is_asked_for(self):
        """Registers that nobody reads cost nothing; neighbours travel together, up to the device's limit."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu))])
        running = self.run_device(f"{{modbus: 'tcp:127.0.0.1:{device.port}', max_gap: 1}}", """
m: {modbus.device: bus, profile: meter.yaml, every: 1h}
sum: {expr: m.a + m.b + m.c + m.e + m.far}
show: {log: notice, from: sum, message: "sum {value}"}
""", """
dev: {limit: {regs: 8}}
default: {type: uint}
a: {register: 10}
b: {register: 11}
c: {register: 15}
d: {register: 12}
e: {register: 17}
f: {register: 13}
far: {register: 18}
""")
        running.until("sum 71")
        self.assertEqual(asked(device), [(4, 10, 2), (4, 15, 4)])

    def test_write_in_the_profiles_unit(self):
        """What is written and its limits are in any unit of the register's dimension."""
        device = Device(self, lambda unit, pdu: [(0, pdu)])
        running = self.run_device(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
wanted: {sim.counter: 1, every: 20ms, unit: kW}
out: {modbus.write: bus, unit_id: 5, profile: meter.yaml, value: power, from: wanted, limit: -1..2.5 kW, failsafe: -100 W}
told: {log: notice, from: wanted, message: "wanted {value}."}
""", "power: {register: 9, reg_type: h, type: int, scale: 1, unit: W}\n")
        running.until("wanted 4.")
        running.process.terminate()
        running.finish(0)
        written = [(unit, *struct.unpack(">BHh", pdu)) for unit, pdu in device.asked]
        self.assertEqual({written[0], written[-1]}, {(5, 6, 9, written[0][3]), (5, 6, 9, -10)})
        self.assertIn((5, 6, 9, 250), written)
        self.assertLessEqual(max(value for *_, value in written), 250)

    def requests(self, more, count):
        """What is asked for where registers lie next to each other and apart."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu))])
        self.run_device(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
m: {modbus.device: bus, profile: meter.yaml, every: 1h}
""", more + """
default: {type: uint}
a: {register: 10}
b: {register: 11}
c: {register: 15}
d: {register: 16}
e: {register: 17}
f: {register: 20, len: 2}
g: {register: 22, len: 2}
""")
        self.wait_for(device, lambda: len(device.asked) == count)
        return asked(device)

    def test_neighbours(self):
        """A request ends where the next register is not wanted."""
        self.assertEqual(self.requests("", 3), [(4, 10, 2), (4, 15, 3), (4, 20, 4)])

    def test_neighbours_up_to_the_limit(self):
        """It ends at what the device takes, too."""
        self.assertEqual(self.requests("dev: {limit: {regs: 3}}", 4), [(4, 10, 2), (4, 15, 3), (4, 20, 2), (4, 22, 2)])

    def test_refused_block(self):
        """One register that the device has not is bad, by name, its neighbours are not; and that is remembered."""

        def answer(unit, pdu):
            _, first, count = struct.unpack(">BHH", pdu)
            return [(0, b"\x84\x02" if first <= 12 < first + count else words(pdu))]

        device = Device(self, answer)
        running = self.run_device(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
m: {modbus.device: bus, profile: meter.yaml, every: 100ms}
show: {log: notice, from: m.*, message: "{port} is {quality} {value}"}
""", """
default: {type: uint}
a: {register: 10}
b: {register: 11}
c: {register: 12}
d: {register: 13}
""")
        self.see(running, "a is good 10", "b is good 11", "d is good 13", "c is bad: illegal address",
                 "`c` (unit 1, input:12): illegal address")
        self.wait_for(device, lambda: len(device.asked) > 20)
        status = json.loads(self.call("status", "--json", "--socket", "socket").stdout)
        self.assertEqual(status["nodes"][0]["gauges"], {"registers": 4, "wrong_registers": 1})
        self.assertEqual(asked(device)[0], (4, 10, 4))
        self.assertEqual(sorted(set(asked(device)[8:])), [(4, 10, 2), (4, 12, 1), (4, 13, 1)])

    def test_slots(self):
        """Registers of a slot are read as often as the flow says, else as the profile does."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu))])
        self.run_device(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
m: {modbus.device: bus, profile: meter.yaml, every: 1h, slots: {b: 20ms}}
""", """
slots: {a: {read_delay: 0.02}, b: {read_delay: 3600}}
default: {type: uint}
plain: {register: 1}
a: {register: 10, slot: a}
b: {register: 20, slot: b}
""")
        self.wait_for(device, lambda: asked(device).count((4, 10, 1)) > 5 and asked(device).count((4, 20, 1)) > 5)
        self.assertEqual(asked(device).count((4, 1, 1)), 1)

    def test_reload(self):
        """A profile that says the same leaves its device alone, one that says something else does not."""
        device = Device(self, lambda unit, pdu: [(0, words(pdu))])
        profile = "v: {register: 1, type: uint}\nw: {register: 2, type: uint}\n"
        running = self.run_device(f"{{modbus: 'tcp:127.0.0.1:{device.port}'}}", """
m: {modbus.device: bus, profile: meter.yaml, every: 50ms}
one: {modbus.read: bus, profile: meter.yaml, value: v, every: 50ms}
show: {log: notice, from: m.v, message: "v is {value}"}
""", profile)
        running.until("v is 1")
        self.write("meter.yaml", "# Only a comment.\n" + profile)
        self.assertIn("3 nodes unchanged", self.call("plan", "--socket", "socket").stdout)
        self.write("meter.yaml", profile.replace("2", "3"))
        text = self.call("plan", "--socket", "socket").stdout
        self.assertRegex(text, r"\bm\b")
        self.assertIn("2 nodes unchanged", text)
        self.write("meter.yaml", profile.replace("1", "7"))
        self.call("reload", "--socket", "socket")
        running.until("v is 7")
        (self.dir / "meter.yaml").unlink()
        self.call("rollback", "--socket", "socket")
        running.until("v is 1")


if __name__ == "__main__":
    unittest.main()
