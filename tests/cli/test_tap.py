# SPDX-License-Identifier: LGPL-3.0-or-later
"""tap: what nodes say while they say it, how it ends, and that nobody waits for who does not read."""

import json
import signal
import time
import unittest

from cli import WAIT
from control import COUNT, ControlTest

NODES = COUNT + """
half: {expr: tick * 0.5}
odd: {expr: "math.fmod(tick, 2) == 1"}
hot: {sim.wave: sine, min: 5, max: 5, every: 50ms, period: 1s, unit: kW}
"""


class Tap(ControlTest):
    def setUp(self):
        super().setUp()
        self.running = self.engine(NODES, "--socket", "control")

    def tap(self, *args, code=0):
        return self.call("tap", *args, "--socket", "control", code=code)

    def lines(self, *args):
        return [json.loads(line) for line in self.tap(*args, "--json").stdout.splitlines()]

    def test_count(self):
        """Each message is a line, in order; --count ends it."""
        lines = self.lines("tick", "-n", "5")
        self.assertEqual([line["node"] for line in lines], ["tick"] * 5)
        first = lines[0]["value"]
        self.assertEqual([line["value"] for line in lines], list(range(first, first + 5)))
        self.assertEqual({line["quality"] for line in lines}, {"good"})
        self.end(self.running)

    def test_text(self):
        """For people: time, name, value with unit."""
        text = self.tap("hot", "--count", "1").stdout
        self.assertRegex(text, r"^\d{4}-\d\d-\d\dT[\d:.]+Z  hot = 5 kW\n$")
        self.end(self.running)

    def test_patterns(self):
        """`*` stands for any characters, in names of nodes and of their outputs."""
        self.assertEqual({line["node"] for line in self.lines("h*", "-n", "20")}, {"half", "hot"})
        self.assertEqual({line["node"] for line in self.lines("half.out", "-n", "3")}, {"half"})
        self.assertEqual({line["node"] for line in self.lines("*", "-n", "40")}, {"tick", "half", "odd", "hot"})
        self.end(self.running)

    def test_now_and_changes(self):
        """--now begins with the last value; --changes leaves out what is as before."""
        lines = self.lines("hot", "odd", "--now", "--changes", "-n", "6")
        self.assertEqual([line["node"] for line in lines].count("hot"), 1)
        odd = [line["value"] for line in lines if line["node"] == "odd"]
        self.assertEqual(odd, [odd[0], not odd[0]] * 2 + odd[:1])
        self.end(self.running)

    def test_where(self):
        """--where chooses messages, with units, and faults in it are said before anything happens."""
        values = [line["value"] for line in self.lines("tick", "--where", "math.fmod(value, 3) == 0", "-n", "3")]
        self.assertEqual([value % 3 for value in values], [0, 0, 0])
        self.assertEqual(len(self.lines("hot", "--where", "value > 4999 W", "-n", "1")), 1)
        self.assertIn("voltage", self.tap("hot", "--where", "value > 3 V", code=2).stderr)
        self.assertIn("`x`", self.tap("hot", "--where", "x > 3", code=2).stderr)
        self.assertIn("cannot be used", self.tap("hot", "--where", "value >", code=2).stderr)
        self.end(self.running)

    def test_expect(self):
        """--expect ends with 0 when it comes true, at once when it is already, and with 6 when it does not."""
        lines = self.lines("tick", "--expect", "value >= 4", "--timeout", "1min")
        self.assertGreaterEqual(lines[-1]["value"], 4)
        self.assertEqual(len(self.lines("hot", "--expect", "value == 5 kW")), 1)
        self.tap("tick", "--expect", "value < 0", "--timeout", "200ms", code=6)
        self.end(self.running)

    def test_for(self):
        """--for is a time after which it ends well."""
        self.tap("tick", "--for", "200ms")
        self.end(self.running)

    def test_wrong_use(self):
        """Names that are not there and numbers that are none are refused."""
        self.assertIn("did you mean `half`?", self.tap("halv", code=1).stderr)
        self.assertIn("no node of that name", self.tap("x*", code=1).stderr)
        self.assertIn("no node of that name", self.tap("show", code=1).stderr)
        self.tap(code=2)
        self.tap("tick", "--count", "0", code=2)
        self.tap("tick", "--for", "5", code=2)
        self.end(self.running)

    def test_engine_ends(self):
        """When the engine ends, so does the tap: exit 5, what was said before is there."""
        tap = self.start("tap", "tick", "--socket", "control")
        tap.until("tick = ")
        self.running.signal(signal.SIGTERM)
        self.assertIn("the engine has ended", tap.finish(5))
        self.running.finish(0)

    def test_reload(self):
        """A tap goes on over a reload, with the nodes that are there then."""
        tap = self.start("tap", "*", "--socket", "control")
        tap.until("half = ")
        self.flow(NODES.replace("half:", "quarter:").replace("* 0.5", "* 0.25"))
        self.running.signal(signal.SIGHUP)
        tap.until("quarter = ")
        self.end(self.running)

    def test_conditions_of_all_sorts(self):
        """A condition that fits only some outputs is a choice among them."""
        lines = self.lines("*", "--where", "value == 5 kW", "-n", "2")
        self.assertEqual({line["node"] for line in lines}, {"hot"})
        self.end(self.running)


class Slow(ControlTest):
    def test_never_slows(self):
        """Who does not read loses lines and is told how many; the flow goes on, others see everything."""
        many = "".join(f"n{i}: {{expr: tick + {i}}}\n" for i in range(300))
        running = self.engine(COUNT.replace("50ms", "10ms") + many, "--socket", "control")
        sleeper = self.caller()
        sleeper.ask('{"do":"tap","nodes":["*"]}\n')
        until = time.monotonic() + WAIT
        while json.loads(self.call("status", "--json", "--socket", "control").stdout)["control"]["dropped"] == 0:
            self.assertLess(time.monotonic(), until)
        values = [json.loads(line)["value"]
                  for line in self.call("tap", "tick", "--json", "-n", "20", "--socket", "control").stdout.splitlines()]
        self.assertEqual(values, list(range(values[0], values[0] + 20)))
        while "dropped" not in (line := sleeper.answer()):
            self.assertIn("line", line)
        self.assertGreater(line["dropped"], 0)
        self.assertIn("line", sleeper.answer())
        sleeper.sock.close()
        self.end(running)


if __name__ == "__main__":
    unittest.main()
