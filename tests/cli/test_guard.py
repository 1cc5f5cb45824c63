# SPDX-License-Identifier: LGPL-3.0-or-later
"""Actuators of a running engine: `set`, `release`, and what is left at the end."""

import json
import signal
import unittest

from cli import CliTest

HEATER = """
tick:   {sim.counter: 1, every: 20ms}
want:   {expr: 1.5, from: tick, unit: kW}
heater: {file.write: heater.jsonl, from: want, actuator: true, limit: 0..3 kW, failsafe: 250 W}
show:   {log: notice, from: tick, message: "tick {value}"}
"""


class Guard(CliTest):
    def engine(self, nodes=HEATER, *args):
        running = self.start("run", self.flow(nodes), "--socket", "control", *args)
        running.until("tick 2")
        return running

    def ask(self, *args, code=0):
        done = self.call(*args, "--socket", "control", code=code)
        return done.stderr if code else done.stdout

    def end(self, running):
        running.signal(signal.SIGTERM)
        return running.finish(0)

    def written(self):
        """What the heater was told, repetitions left out."""
        values = [json.loads(line)["want"] for line in (self.dir / "heater.jsonl").read_text().splitlines()]
        return [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]

    def wait(self, running, value):
        """Until the status says so: each look is answered by the engine, nobody sleeps."""
        while value not in self.ask("status"):
            running.until("tick ")

    def test_set_and_release(self):
        """What is set holds, in any unit and within the limit, until it is released; SIGTERM leaves the
        failsafe value; exit 0."""
        running = self.engine()
        self.assertEqual(self.ask("set", "heater", "800", "W"), "`heater` is set to 0.8 kW until it is released\n")
        self.wait(running, "0.8 kW, set by hand")
        said = self.ask("set", "heater", "9 kW", "--for", "1h")
        self.assertEqual(said, "`heater` is set to 9 kW for 1h\nits limit makes that 3 kW\n")
        self.wait(running, "3 kW, set by hand for another 59min")
        why = self.ask("why", "heater")
        self.assertIn("held by limit: wanted is 9 kW", why)
        self.assertIn("held by override", why)
        self.assertRegex(why, "(?s)written, the newest first:.*3 kW.*0.8 kW.*1.5 kW")
        self.assertEqual(self.ask("release", "heater"), "`heater` is released\n")
        self.wait(running, "1.5 kW by `want`")
        log = self.end(running)
        self.assertIn("`heater` is set to 9 kW for 1h", log)
        self.assertEqual(self.written(), [1.5, 0.8, 3, 1.5, 0.25])

    def test_ends_by_itself(self):
        """With `--for` the flow has it again, without a word from anybody."""
        running = self.engine()
        self.ask("set", "heater", "0", "--for", "50ms")
        running.until("the time of `set` is over")
        self.wait(running, "1.5 kW by `want`")
        self.end(running)
        self.assertEqual(self.written(), [1.5, 0, 1.5, 0.25])

    def test_outlives_a_reload(self):
        """An edit of the actuator itself leaves it set."""
        running = self.engine()
        self.ask("set", "heater", "2.5")
        self.wait(running, "2.5 kW, set by hand")
        self.flow(HEATER.replace("0..3 kW", "0..2 kW"))
        running.signal(signal.SIGHUP)
        running.until("reload: done")
        self.wait(running, "2 kW, set by hand")
        self.end(running)
        self.assertEqual(self.written(), [1.5, 2.5, 2, 0.25])

    def test_refused(self):
        """What cannot be is said in a sentence, exit 1; what is no command, exit 2; without an engine, 5."""
        running = self.engine()
        self.assertIn("did you mean `heater`?", self.ask("set", "haeter", "1", code=1))
        self.assertIn("`want` is not an actuator", self.ask("set", "want", "1", code=1))
        self.assertIn("`heater` is not set", self.ask("release", "heater", code=1))
        self.assertIn("number in kW is wanted, `warm` came", self.ask("set", "heater", "warm", code=1))
        self.assertIn("°C (temperature)", self.ask("set", "heater", "5 °C", code=1))
        self.ask("set", "heater", code=2)
        self.ask("set", "heater", "1", "--for", "5", code=2)
        self.end(running)
        self.ask("set", "heater", "1", code=5)
        self.assertEqual(self.written(), [1.5, 0.25])

    def test_read_only(self):
        """With --read-only it is said that nothing comes of it, and nothing does."""
        running = self.engine(HEATER, "--read-only")
        self.assertIn("nothing is written", self.ask("set", "heater", "1"))
        self.end(running)
        self.assertFalse((self.dir / "heater.jsonl").exists())

    def test_tests(self):
        """`moat-flow test` expects of an actuator what it is told, and shows what led to it."""
        self.flow(HEATER.replace("from: want", "from: plan").replace("limit:", "ramp: 1 kW/s, limit:")
                  .replace("250 W}", "250 W after 30s}") + "plan: {sim.wave: sine, every: 1s, unit: kW}")
        steps = """moat-flow-test: 1
flow: [flow.yaml]
tests:
  - name: bounded, steady and safe
    steps:
      - {at: 0s, expect: {heater: none}}
      - {at: 1s, set: {plan: 1 kW}, expect: {heater: 1 kW}}
      - {at: 2s, set: {plan: 9000 W}, expect: {heater: 2 kW}}
      - {at: 9s, expect: {heater: 3000 W}}
      - {at: 31s, expect: {heater: 3 kW}}
      - {at: 32s, expect: {heater: 250 W}}
    expect: {heater: [1, 2, 3, 0.25]}
"""
        self.write("heater.test.yaml", steps)
        self.assertIn("1 passed", self.call("test", "heater.test.yaml").stderr)
        self.write("heater.test.yaml", steps.replace("250 W", "300 W"))
        self.assertIn("told: heater = 0.25 kW", self.call("test", "heater.test.yaml", code=1).stdout)

    def test_once(self):
        """`run --once` leaves the failsafe value, too."""
        self.write("in.csv", "power\n1\n2\n")
        self.flow("in: {file.read: in.csv}\n"
                  "out: {file.write: heater.jsonl, from: {want: in.power}, actuator: true, limit: 0.., failsafe: 0}")
        self.call("run", "--once", "flow.yaml")
        self.assertEqual(self.written(), [1, 2, 0])


if __name__ == "__main__":
    unittest.main()
