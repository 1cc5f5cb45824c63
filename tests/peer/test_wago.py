# SPDX-License-Identifier: LGPL-3.0-or-later
"""wago.in, wago.out: against a controller made after a recorded session, which is played to it first."""

import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import ROOT, CliTest  # noqa: E402
from wago_sim import Controller, Server  # noqa: E402

TRANSCRIPT = ROOT / "tests/data/wago/transcript.txt"
RAW_LIST = "D"  # a file of the controller's kernel, which the one here has not


class Transcript(unittest.TestCase):
    """The simulated controller says what a real daemon said."""

    def read(self):
        """(who, seconds, direction, text), in order; B is moved behind A, whose time it does not share."""
        for line in TRANSCRIPT.read_text(encoding="utf-8").splitlines():
            found = re.fullmatch(r"([AB]) +([0-9.]+) ([<>]) ?(.*)", line)
            if found:
                yield found[1], float(found[2]), found[3], found[4]

    def play(self):
        """All that both sides say, per client; the simulated one is told what the real one was, when it was."""
        recorded, heard = {"A": [], "B": []}, {"A": [], "B": []}
        controller = Controller(lambda client, line: heard[client].append(line) if client else None, loop=50)
        begun, skip = set(), False
        for who, seconds, direction, text in self.read():
            if who not in begun:
                begun.add(who)
                if who == "B":  # 2.397 s before the pulse that A has left behind ends
                    controller.close("A")
                    start = 18.432 + 3 - 2.397 - 0.501
                else:
                    start = 0
                heard[who].append("* WAGO ready.")
            if direction == ">":
                skip = text == RAW_LIST
                controller.until(round((start + seconds) * 1000))
                if not skip:
                    controller.command(who, text)
            elif not skip:
                recorded[who].append(text)
            controller.until(max(controller.now, round((start + seconds) * 1000)))
        return recorded, heard

    def test_transcript(self):
        """Each line of the recording comes, in its place; times that are left may differ by what the network took."""
        recorded, heard = self.play()
        for who in recorded:
            self.assertGreater(len(recorded[who]), 3)
            for real, ours in zip(recorded[who], heard[who], strict=False):
                left = re.fullmatch(r"(\d+ (?:timed|PWM).* )(\d+\.\d+)", real)
                if left:
                    self.assertTrue(ours.startswith(left[1]), (real, ours))
                    self.assertAlmostEqual(float(ours[len(left[1]):]), float(left[2]), delta=0.02)
                else:
                    self.assertEqual(ours, real)
            self.assertEqual(len(heard[who]), len(recorded[who]))


class WagoTest(CliTest):
    """Two controllers: `box` is what a test is about, and the inputs of `panel`, which never fails, make values."""

    def setUp(self):
        super().setUp()
        self.server, self.panel = Server(self), Server(self)

    def write_flow(self, nodes, options=""):
        self.flow(nodes, more=f"""links:
  box: {{wago: 'tcp:127.0.0.1:{self.server.port}', ping: 1h, timeout: 60s{options}}}
  panel: {{wago: 'tcp:127.0.0.1:{self.panel.port}', ping: 1h, timeout: 60s}}
""")

    def run_flow(self, nodes, *args, options=""):
        self.write_flow(nodes, options)
        return self.start("run", "flow.yaml", *args)

    def all_of(self, running, *texts):
        """Reads until each of the texts has come, in any order."""
        missing = set(texts)
        while missing:
            line = running.until(*missing)
            missing = {text for text in missing if text not in line}

    def said(self, running, *texts):
        """The messages of the log node that hold one of the texts, one for each."""
        return {running.until(*texts).split("show: ")[1].strip() for _ in texts}


class Inputs(WagoTest):
    def test_level(self):
        """The level is told at first and with each change; several nodes may watch one bit, in their own ways."""
        self.server.set(1, 3, 1)
        running = self.run_flow("""
door: {wago.in: 1/3, link: box}
shut: {wago.in: 1/3, link: box, active: low}
rang: {wago.in: 1/3, link: box, edges: falling}
show: {log: notice, from: [door, shut, rang], message: "{node} {value}"}
""")
        self.assertEqual(self.said(running, "door ", "shut "), {"door true", "shut false"})
        self.server.set(1, 3, 0)
        self.assertEqual(self.said(running, "door ", "shut ", "rang "), {"door false", "shut true", "rang false"})
        self.assertEqual(self.server.commands[:4], ["d 0.100", "Da 3600.000", "Dp", "m"])
        asked = [c for c in self.server.commands[4:] if c != "d"]
        self.assertEqual(sorted(asked[0::2]), ["m+ 1 3 *", "m+ 1 3 *", "m+ 1 3 -"])
        self.assertEqual(set(asked[1::2]), {"i 1 3"})

    def test_change_before_reply(self):
        """A change that is told between the command and its reply is not taken for the reply, and not lost."""
        def answer(line):
            return b"!1 PING 1\n+0\n!2 H\n!99 L\n!-98 Already changed!\n" if line == "i 1 3" else None

        self.server.answer = answer
        running = self.run_flow("""
door: {wago.in: 1/3, link: box}
show: {log: notice, from: door, message: "{node} {value}"}
""")
        running.until("door false")
        running.until("door true")
        self.server.set(1, 3, 1)
        self.server.set(1, 3, 0)
        running.until("door true")
        running.until("door false")

    def test_count(self):
        """Pulses are counted in the direction that is wanted, a number that comes twice is told once."""
        running = self.run_flow("""
ups: {wago.in: 1/4, link: box, count: true, interval: 500ms, base: 100}
downs: {wago.in: 1/4, link: box, count: true, active: low}
all: {wago.in: 1/4, link: box, count: true, edges: both}
show: {log: notice, from: [ups, downs, all], message: "{node} {value}"}
""")
        self.assertEqual(self.said(running, "ups", "downs", "all"), {"ups 100", "downs 0", "all 0"})
        for level in (1, 0, 1, 0, 1):
            self.server.set(1, 4, level)
        self.assertEqual(self.said(running, "ups", "downs", "all"), {"ups 101", "downs 1", "all 1"})
        self.server.advance(10)
        self.assertEqual(self.said(running, "ups", "downs", "all"), {"ups 103", "downs 2", "all 5"})
        self.assertIn("m# 1 4 + 0.500", self.server.commands)

    def test_count_goes_on(self):
        """A count goes on where it was when the connection is new, the program is, or the flow is."""
        self.needs_state()
        nodes = """
n: {wago.in: 1/4, link: box, count: true, keep: true}
show: {log: notice, from: n, message: "{node} {value}"}
"""
        running = self.run_flow(nodes)
        self.all_of(running, "box: connected", "n 0")
        self.server.set(1, 4, 1)
        running.until("n 1")
        self.server.drop()
        running.until("box: connected again")
        self.server.set(1, 4, 0)
        self.server.set(1, 4, 1)
        running.until("n 2")
        self.write_flow(nodes.replace("keep: true", "keep: true, interval: 250ms"))
        running.signal(signal.SIGHUP)
        self.server.until_told(r"m- \d+")
        self.server.until_told(r"m# 1 4 \+ 0.250")
        self.server.set(1, 4, 0)
        self.server.set(1, 4, 1)
        running.until("n 3")
        running.signal(signal.SIGTERM)
        running.finish()
        self.start("run", "flow.yaml").until("n 3")

    def test_gone_and_back(self):
        """While the controller is away its inputs are stale; a level of before is never shown as the one of now."""
        running = self.run_flow("""
door: {wago.in: 1/3, link: box}
show: {log: notice, from: door, message: "{node} {quality} {value}"}
""")
        self.all_of(running, "box: connected", "door good false")
        self.server.drop()
        running.until("the other side closed the connection")
        self.server.set(1, 3, 1)
        for _ in range(2):  # in either order
            running.until("door good true", "connected again")
        self.assertEqual(len([line for line in running.lines if "door good false" in line]), 1)

    def test_monitor_deleted(self):
        """A monitor that another client deletes is created again."""
        running = self.run_flow("""
door: {wago.in: 1/3, link: box}
show: {log: notice, from: door, message: "{node} {value}"}
""")
        running.until("door false")
        self.server.until(lambda: any(m.kind == "watch" for m in self.server.controller.monitors.values()), "no monitor")
        number = next(n for n, m in self.server.controller.monitors.items() if m.kind == "watch")
        with self.server.changed:
            self.server.controller.command(None, f"m- {number}")
        running.until("has ended and is created anew")
        self.server.until_told(r"m\+ 1 3 \*", times=2)
        self.server.set(1, 3, 1)
        running.until("door true")

    def test_no_such_input(self):
        """A bit that is not there makes its node bad, with what there is, and not its neighbours."""
        running = self.run_flow("""
far: {wago.in: 9/1, link: box}
wrong: {wago.in: 2/1, link: box}
high: {wago.in: 1/9, link: box}
door: {wago.in: 1/8, link: box}
show: {log: notice, from: door, message: "{node} {value}"}
""")
        there = "the controller has 1: 8 digital inputs, 2: 16 digital outputs, 3: 16 digital outputs"
        self.all_of(running, f"far: there is no card 9; {there}",
                    f"wrong: slot 2 has digital outputs, not digital inputs; {there}",
                    f"high: card 1 has 8 bits, and none with number 9; {there}", "door false")

    def test_both_failures(self):
        """Both signs of failure are a reply to the oldest command; the text is told."""
        for sign in ("?", "-"):
            with self.subTest(sign):
                self.server.answer = lambda line, sign=sign: f"{sign}not today\n".encode() if line[:2] == "m+" else None
                running = self.run_flow("""
door: {wago.in: 1/3, link: box}
n: {wago.in: 1/4, link: box, count: true}
show: {log: notice, from: n, message: "{node} {value}"}
""")
                self.all_of(running, "door: not today", "n 0")
                running.end()


class Connection(WagoTest):
    DOOR = """
door: {wago.in: 1/3, link: box}
show: {log: notice, from: door, message: "{node} {value}"}
"""

    def test_split(self):
        """Replies may come byte by byte."""
        self.server.is_split = True
        running = self.run_flow(self.DOOR)
        running.until("door false")
        self.server.set(1, 3, 1)
        running.until("door true")

    def test_strangers(self):
        """What no controller says ends the connection with a sentence, and it is made again."""
        for data, sentence in ((b"HTTP/1.1 400 Bad Request\r\n", "not from a WAGO controller: `HTTP/1.1 400"),
                               (b"+" + b"x" * 5000, "line is longer than 4096 bytes"),
                               (b"+yes\n", "answers what nobody asked: `yes`"),
                               (b"!+77 monitor created\n", "answers what nobody asked"),
                               (b"=x\n" + 100 * (4000 * b"y" + b"\n"), "list is longer than")):
            with self.subTest(sentence):
                running = self.run_flow(self.DOOR)
                self.all_of(running, "box: connected", "door false")
                self.server.shout(data)
                running.until(sentence)
                running.until("box: connected again")
                running.end()

    def test_environment(self):
        """`validate --env` connects, finds the nodes whose bits are not there, and changes nothing."""
        self.write_flow("""
far: {wago.in: 9/1, link: box}
lamp: {wago.out: 1/2, link: box, from: bell, failsafe: false}
bell: {wago.in: 1/1, link: panel}
show: {log: notice, from: far}
""")
        said = self.call("validate", "--env", "flow.yaml", code=4)
        self.assertIn("`far` does not find at `box` what it needs: there is no card 9; the controller has 1: 8", said.stdout)
        self.assertIn("`lamp` does not find at `box` what it needs: slot 1 has digital inputs", said.stdout)
        self.assertNotIn("`bell`", said.stdout)
        self.assertEqual(self.server.commands, ["Da 3600.000", "Dp", "m", "d"])

    def test_no_greeting(self):
        """Something else that listens there is told apart at once."""
        self.server.say = lambda client, line: self.server.send(client, b"+hello\n")
        running = self.run_flow(self.DOOR)
        running.until("no greeting of a WAGO controller, but `hello`")

    def test_silent(self):
        """A controller that says nothing any more is stale soon, although its connection stands, and good when it is back."""
        self.flow(self.DOOR, more=f"links: {{box: {{wago: 'tcp:127.0.0.1:{self.server.port}', ping: 100ms}}}}\n")
        running = self.start("run", "flow.yaml")
        running.until("the controller is silent: 3 keep-alives are missing")
        self.server.set(1, 3, 1)
        running.until("door true")

    def test_no_reply(self):
        """A command without a reply ends the connection; one that comes late is not taken for another."""
        self.server.answer = lambda line: b"" if line == "i 1 3" else None
        self.flow(self.DOOR, more=f"links: {{box: {{wago: 'tcp:127.0.0.1:{self.server.port}', timeout: 100ms}}}}\n")
        running = self.start("run", "flow.yaml")
        running.until("the controller does not answer")
        self.server.answer = None
        running.until("door false")

    def test_read_only(self):
        """With --read-only nothing is switched, and not even the poll interval is set."""
        running = self.run_flow("""
bell: {wago.in: 1/1, link: panel}
lamp: {wago.out: 2/1, link: box, from: bell, failsafe: true}
door: {wago.out: 2/2, link: box, from: bell, pulse: 1s, failsafe: false}
seen: {wago.in: 1/3, link: box}
show: {log: notice, from: [seen, bell], message: "{node} {value}"}
""", "--read-only")
        self.said(running, "seen false", "bell false")
        self.panel.set(1, 1, 1)
        running.until("bell true")
        running.signal(signal.SIGTERM)
        running.finish()
        for server in (self.server, self.panel):
            self.assertRegex("\n".join(server.commands), r"\A(Da 3600.000|Dp|m|m\+ 1 . \*|i 1 .|d|m- \d+|\n)*\Z")


class Outputs(WagoTest):
    LAMP = """
switch: {wago.in: 1/1, link: panel}
lamp: {wago.out: 2/4, link: box, from: switch, failsafe: false, refresh: 200ms}
"""
    DOOR = """
bell: {wago.in: 1/1, link: panel}
door: {wago.out: 2/4, link: box, from: bell, pulse: 3s, failsafe: false}
"""
    HEATER = """
high: {wago.in: 1/1, link: panel}
low: {wago.in: 1/2, link: panel}
need: {expr: "high and 1 or low and 0.25 or 0"}
heater: {wago.out: 2/4, link: box, from: need, pwm: {period: 1h}, limit: 0..1, failsafe: 0.5, refresh: 100ms}
"""

    def until_level(self, level):
        self.server.until(lambda: self.server.level(2, 4) == level, f"output 2/4 is not {level}")

    def drives(self):
        return [m for m in self.server.controller.monitors.values() if m.drives]

    def test_level(self):
        """An output follows its input, and is off when the program ends."""
        running = self.run_flow(self.LAMP)
        self.server.until_told("c 2 4")
        self.panel.set(1, 1, 1)
        self.until_level(1)
        running.signal(signal.SIGTERM)
        running.finish()
        self.assertEqual(self.server.level(2, 4), 0)

    def test_active_low(self):
        """`active: low` inverts the bit, of a level and of a pulse."""
        running = self.run_flow(self.LAMP.replace("2/4", "2/5").replace("link: box", "link: box, active: low")
                                + self.DOOR.replace("bell:", "bell_2:").replace("from: bell", "from: bell_2, active: low"))
        self.server.until_told("s 2 5")
        self.panel.set(1, 1, 1)
        self.server.until_told("c 2 5")
        self.server.until_told("c 2 4 3.000")
        self.assertEqual(self.server.level(2, 4), 0)
        self.server.advance(3)
        self.assertEqual(self.server.level(2, 4), 1)
        running.end()

    def test_changed_by_others(self):
        """A level that somebody else has changed comes back with `refresh`."""
        self.run_flow(self.LAMP)
        self.panel.set(1, 1, 1)
        self.until_level(1)
        with self.server.changed:
            self.server.controller.command(None, "c 2 4")
        self.until_level(1)

    def test_told_again(self):
        """A controller that was restarted is told again, without a refresh, what its outputs were."""
        running = self.run_flow(self.LAMP.replace(", refresh: 200ms", ""))
        self.panel.set(1, 1, 1)
        self.until_level(1)
        with self.server.changed:
            self.server.controller.bits[2, 4] = 0
            self.server.drop()
        self.until_level(1)
        running.until("box: connected again")

    def test_refused(self):
        """A bit that is no output is said with what there is, and so is what the controller refuses."""
        running = self.run_flow("""
on: {wago.in: 1/1, link: panel}
wrong: {wago.out: 1/4, link: box, from: on, failsafe: false}
far: {wago.out: 8/1, link: box, from: on, failsafe: false}
""")
        self.all_of(running, "wrong: was refused, and is tried again: slot 1 has digital inputs, not digital outputs",
                    "far: was refused, and is tried again: there is no card 8; the controller has 1: 8 digital inputs")
        running.end()
        for sign in ("?", "-"):
            self.server.answer = lambda line, sign=sign: f"{sign}no power\n".encode() if line[0] in "sc" else None
            running = self.run_flow(self.LAMP)
            running.until("lamp: was refused, and is tried again: no power")
            running.end()

    def test_what_may_be_said(self):
        """Numbers other than 0 and 1 are shares, which a level refuses; a unit is refused before anything runs."""
        self.write_flow("""
half: {sim.wave: square, every: 1h, min: 0.5, max: 0.5}
lamp: {wago.out: 2/4, link: box, from: half, limit: 0..1, failsafe: 0}
heater: {wago.out: 2/5, link: box, from: half, limit: 0..1, failsafe: 0, pwm: 1s}
""")
        running = self.start("run", "flow.yaml")
        running.until("lamp: was refused, and is tried again: the output is on or off, true or 1 and false or 0, not 0.5")
        self.server.until_told("s 2 5 0.500 0.500")
        running.end()
        self.write_flow("""
temp: {sim.wave: sine, every: 1h, min: 0, max: 1, unit: °C}
lamp: {wago.out: 2/4, link: box, from: temp, limit: 0..1 °C, failsafe: 0 °C}
twice: {wago.out: 2/5, link: box, from: temp, limit: 0..1 °C, failsafe: 0 °C, pwm: 1s, pulse: 1s}
""")
        said = self.call("validate", "flow.yaml", code=1)
        self.assertIn("the input is in °C, and the output is only on or off", said.stdout)
        self.assertIn("the output has either `pulse` or `pwm`", said.stdout)

    def test_pulse(self):
        """A pulse is timed by the controller; another true begins anew, false ends it."""
        self.run_flow(self.DOOR)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.assertEqual(self.server.level(2, 4), 1)
        self.server.advance(2.9)
        self.assertEqual(self.server.level(2, 4), 1)
        self.server.advance(0.1)
        self.assertEqual(self.server.level(2, 4), 0)
        del self.server.commands[:]
        self.panel.set(1, 1, 0)
        self.server.until_told("c 2 4")
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.server.advance(2)
        self.panel.set(1, 1, 0)
        self.until_level(0)
        self.assertEqual(self.drives(), [])
        del self.server.commands[:]
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.server.advance(1)
        self.assertEqual(self.server.level(2, 4), 1)

    def test_pulse_anew(self):
        """A pulse that is wanted again while it runs lasts its whole time from then on."""
        running = self.run_flow(self.DOOR.replace("link: panel", "link: panel, edges: rising"))
        self.all_of(running, "box: connected", "panel: connected")
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.server.advance(2)
        self.panel.set(1, 1, 0)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000", times=2)
        self.assertEqual(self.server.commands[-3:], ["m- 2", "c 2 4", "s 2 4 3.000"])
        self.server.advance(2.5)
        self.assertEqual(self.server.level(2, 4), 1)
        self.server.advance(0.5)
        self.assertEqual((self.server.level(2, 4), self.drives()), (0, []))

    def test_pulse_survives(self):
        """A pulse that runs when the connection breaks is taken over, and ends once."""
        running = self.run_flow(self.DOOR)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.server.drop()
        self.server.advance(1)
        running.until("door: its output goes on as it was told before")
        running.until("box: connected again")
        self.assertEqual([m.owner is None for m in self.drives()], [False])
        self.assertEqual(self.server.commands.count("s 2 4 3.000"), 1)
        self.panel.set(1, 1, 0)
        self.until_level(0)
        self.assertEqual(self.drives(), [])

    def test_pulse_is_not_given_twice(self):
        """A pulse whose confirmation was lost is not repeated, whether it runs on or is over."""
        for is_over in (False, True):
            with self.subTest(is_over):
                def answer(line, is_over=is_over):
                    if not line.startswith("s 2 4 3"):
                        return None
                    self.server.answer = None
                    client = self.server.clients[-1]
                    self.server.is_mute = True
                    self.server.controller.command(client, line)
                    self.server.is_mute = False
                    self.server.drop()
                    if is_over:
                        self.server.controller.advance(4)
                    return b""

                self.panel.set(1, 1, 0)
                running = self.run_flow(self.DOOR)
                self.all_of(running, "box: connected", "panel: connected")
                self.server.answer = answer
                del self.server.commands[:]
                self.panel.set(1, 1, 1)
                running.until("it is not given twice" if is_over else "goes on as it was told before")
                running.until("box: connected again") if not is_over else None
                running.end()
                self.assertEqual(self.server.commands.count("s 2 4 3.000"), 1)
                self.server.advance(4)

    def test_pulse_cut_short(self):
        """Somebody else who switches the bit ends the pulse; that is said, and nothing is repeated."""
        running = self.run_flow(self.DOOR)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        with self.server.changed:
            self.server.controller.command(None, "c 2 4")
            self.server.controller.look()
        running.until("door: somebody else has ended the pulse: DROP L: saw external change in loop")
        with self.server.changed:
            self.server.controller.command(None, "m- 1")
        self.assertEqual(self.server.commands.count("s 2 4 3.000"), 1)

    def test_share(self):
        """Pulse width is the controller's business; 0 and 1 hold at once, and the failsafe value is its last word."""
        running = self.run_flow(self.HEATER)
        self.panel.set(1, 2, 1)
        self.server.until_told("s 2 4 900.000 2700.000")
        self.assertEqual(self.server.level(2, 4), 1)
        self.server.advance(901)
        self.assertEqual(self.server.level(2, 4), 0)
        self.server.advance(2700)
        self.assertEqual(self.server.level(2, 4), 1)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4")
        self.assertEqual((self.server.level(2, 4), self.drives()), (1, []))
        self.panel.set(1, 1, 0)
        self.server.until_told("s 2 4 900.000 2700.000", times=2)
        running.signal(signal.SIGTERM)
        running.finish()
        self.server.until_told("s 2 4 1800.000 1800.000")

    def test_last_word_among_many(self):
        """The last word to an output is said, however many inputs end together with it."""
        doors = "".join(f"door{i}: {{wago.in: 1/3, link: box}}\n" for i in range(100))
        running = self.run_flow(doors + self.HEATER)
        self.server.until_told("m[+] 1 3 .", times=100)
        self.panel.set(1, 2, 1)
        self.server.until_told("s 2 4 900.000 2700.000")
        running.signal(signal.SIGTERM)
        running.finish()
        self.server.until_told("s 2 4 1800.000 1800.000")

    def test_share_from_next_period(self):
        """A share that changes all the time does not begin a period with each change."""
        running = self.run_flow(self.HEATER.replace("1h", "200ms").replace("high and 1 or low and 0.25 or 0",
                                                                           "high and 0.75 or 0.25"))
        self.server.until_told("s 2 4 0.050 0.150")
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 0.150 0.050")
        self.assertEqual(len(self.drives()), 1)
        running.end()

    def test_share_survives(self):
        """A pulse width goes on over a lost connection and is begun anew by a controller that has forgotten it."""
        running = self.run_flow(self.HEATER)
        self.panel.set(1, 2, 1)
        self.server.until_told("s 2 4 900.000 2700.000")
        self.server.drop()
        running.until("heater: its output goes on as it was told before")
        running.until("box: connected again")
        self.server.until(lambda: [m.owner is None for m in self.drives()] == [False], "not taken over")
        self.assertEqual(self.server.commands.count("s 2 4 900.000 2700.000"), 1)
        with self.server.changed:
            self.server.drop()
            self.server.controller.monitors.clear()
        self.server.until_told("s 2 4 900.000 2700.000", times=2)

    def test_share_left_behind(self):
        """After a kill -9 the controller goes on; the next start finds it, and replaces what it cannot know."""
        running = self.run_flow(self.HEATER)
        self.panel.set(1, 2, 1)
        self.server.until_told("s 2 4 900.000 2700.000")
        running.end()
        self.server.until(lambda: not self.server.clients, "still connected")
        self.assertEqual(len(self.drives()), 1)
        self.panel.set(1, 2, 0)
        self.start("run", "flow.yaml").until("heater: its output goes on")
        self.until_level(0)
        self.server.until(lambda: not self.drives(), "still driven")

    def test_share_ended(self):
        """A pulse width that somebody else ends is said, its output is off, and `refresh` begins it anew."""
        for command, why in (("c 2 4", "DROP L"), ("m- ID", "Deleted.")):
            with self.subTest(command):
                del self.server.commands[:]
                running = self.run_flow(self.HEATER)
                self.panel.set(1, 2, 1)
                self.server.until_told("s 2 4 900.000 2700.000")
                del self.server.commands[:]
                with self.server.changed:
                    self.server.controller.command(None, command.replace("ID", str(self.drives()[0].number)))
                    self.server.controller.look()
                running.until(f"heater: somebody else has ended the pulse width: {why}")
                self.server.until_told("s 2 4 900.000 2700.000")
                running.end()
                self.server.until(lambda: not self.server.clients, "still connected")
                with self.server.changed:
                    self.server.controller.monitors.clear()

    def test_another_driver(self):
        """What drives an output in another way than its node does is ended before the node speaks."""
        with self.server.changed:
            self.server.controller.command(None, "s 2 4 100 100")
        running = self.run_flow(self.LAMP)
        running.until("lamp: something else drove its output, and is ended")
        self.until_level(0)
        self.assertEqual(self.drives(), [])

    def test_reload_moves(self):
        """A node that a reload moves to another bit leaves what runs on the former one alone, but for its failsafe value."""
        running = self.run_flow(self.DOOR.replace("failsafe: false", "failsafe: keep") + self.HEATER.replace("2/4", "2/5"))
        self.panel.set(1, 2, 1)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.server.until_told("s 2 5 900.000 2700.000|s 2 5")
        self.write_flow(self.DOOR.replace("2/4", "2/6").replace("failsafe: false", "failsafe: keep")
                        + self.HEATER.replace("2/4", "2/7"))
        running.signal(signal.SIGHUP)
        self.server.until_told("s 2 7.*")
        running.until("reload: done")
        self.server.until_told("s 2 5 1800.000 1800.000")
        self.assertEqual(self.server.level(2, 4), 1)
        self.server.advance(3)
        self.assertEqual(self.server.level(2, 4), 0)
        self.assertFalse([c for c in self.server.commands if c.startswith(("s 2 6", "c 2 6"))])

    def test_reload(self):
        """A reload that changes a node does not give its pulse again, and takes over its pulse width."""
        running = self.run_flow(self.DOOR + self.HEATER.replace("2/4", "2/5"))
        self.panel.set(1, 2, 1)
        self.panel.set(1, 1, 1)
        self.server.until_told("s 2 4 3.000")
        self.server.until_told("s 2 5")
        self.write_flow(self.DOOR.replace("3s", "4s") + self.HEATER.replace("2/4", "2/5"))
        running.signal(signal.SIGHUP)
        running.until("reload: done")
        del self.server.commands[:]
        self.panel.set(1, 1, 0)
        self.server.until_told("m- 2")
        self.server.until_told("c 2 4")
        self.assertFalse([c for c in self.server.commands if c.startswith("s 2 4")])


if __name__ == "__main__":
    unittest.main()
