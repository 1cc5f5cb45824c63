# SPDX-License-Identifier: LGPL-3.0-or-later
"""gpio.out in a running engine, on a chip in memory that a socket shows: what becomes of the lines when the engine ends,
is reloaded, or is killed."""

import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cli import CliTest  # noqa: E402
from wires import Wires  # noqa: E402

# The loop looks at the switch without debouncing, so that each move of it is one command.
PUMP = """
switch: {{gpio.in: board/17, debounce: 0s}}
pump: {{gpio.out: board/27, from: switch{0}}}
"""


class GpioOut(CliTest):
    def nodes(self, nodes):
        self.path = self.dir / "wires"
        self.flow(nodes, more=f"links: {{board: {{gpio: 'fake:{self.path}'}}}}\n")

    def begin(self, *options):
        running = self.start("run", "flow.yaml", *options)
        running.until("board: connected")
        return running, Wires(self, self.path)

    def run_flow(self, nodes, *options):
        self.nodes(nodes)
        return self.begin(*options)

    def ends_off(self, options):
        """Switched on, then ended by SIGTERM: off is the last that the line is told."""
        running, wires = self.run_flow(PUMP.format(options))
        wires.move("17 1")
        wires.until("27 1 ")
        running.signal(signal.SIGTERM)
        rest = [line for line in wires.rest() if line.startswith("27 ")]
        self.assertEqual(rest, ["27 0", "27 released"])
        running.finish()

    def test_end(self):
        """SIGTERM writes the failsafe value, then lets the line go."""
        self.ends_off(", failsafe: false")

    def test_pulse_ends(self):
        """A pulse that runs does not outlive the engine."""
        self.ends_off(", pulse: 1h, failsafe: keep")

    def test_killed(self):
        """`kill -9` writes nothing: the line is as it was when the kernel takes it back. The next engine goes on."""
        running, wires = self.run_flow(PUMP.format(", failsafe: false"))
        wires.move("17 1")
        wires.until("27 1 ")
        running.signal(signal.SIGKILL)
        self.assertEqual(wires.rest(), [])
        running.process.wait()
        running, wires = self.begin()
        wires.see("27 output 0")

    def test_keep(self):
        """With `keep` the line is requested with the level from before the restart, before anybody has said anything."""
        self.needs_state()
        said_once = """
first: {gpio.in: board/17, debounce: 0s, edges: rising}
pump: {gpio.out: board/27, from: first, failsafe: keep, keep: true}
"""
        self.nodes(said_once)
        state = ("--state", str(self.dir / "state"))
        running, wires = self.begin(*state)
        wires.move("17 1")
        wires.until("27 output 1 ")
        running.signal(signal.SIGTERM)
        self.assertNotIn("27 0", wires.rest())
        running.finish()
        _, wires = self.begin(*state)
        self.assertIn("27 output 1", wires.lines)

    def test_reload(self):
        """A reload keeps the lines of nodes that stay, and makes safe the one that goes."""
        lamp = "lamp: {gpio.out: board/28, from: switch, failsafe: false}\n"
        running, wires = self.run_flow(PUMP.format(", failsafe: false") + lamp)
        wires.move("17 1")
        wires.until("28 1 ")
        wires.lines.clear()
        self.nodes(PUMP.format(", failsafe: false after 1h"))
        running.signal(signal.SIGHUP)
        running.until("reload: done")
        wires.move("17 0")
        wires.until("27 0 ")
        self.assertEqual([line for line in wires.lines if line.startswith("28 ")], ["28 0", "28 released"])
        self.assertNotIn("27 released", wires.lines)
        self.assertNotIn("27 output 0", wires.lines)

    def test_read_only(self):
        """--read-only does not request the line; what would be written is in the status."""
        running, wires = self.run_flow(PUMP.format(", initial: false, failsafe: false")
                                       + 'show: {log: notice, from: switch, message: "switch {value}"}\n', "--read-only")
        wires.move("17 1")
        running.until("switch true")
        running.signal(signal.SIGUSR1)
        running.until("true by `switch`; held by read-only")
        running.signal(signal.SIGTERM)
        running.finish()
        self.assertEqual([line for line in wires.lines + wires.rest() if line.startswith("27 ")], [])

    def test_by_hand(self):
        """`set` takes over, `release` gives back, without the flow being asked."""
        running, wires = self.run_flow(PUMP.format(", failsafe: false"), "--socket", str(self.dir / "control"))
        wires.see("27 output 0")
        self.call("set", "pump", "on", "--socket", str(self.dir / "control"))
        wires.until("27 1 ")
        self.call("release", "pump", "--socket", str(self.dir / "control"))
        wires.until("27 0 ")

    def test_environment(self):
        """`validate --env` says that the chip is not there, and writes nothing."""
        self.flow("w: {sim.wave: square, every: 1s, min: 0, max: 1}\n"
                  "pump: {gpio.out: gpiochip987/27, from: w, limit: 0..1, failsafe: 0 after 1min}\n")
        done = self.call("validate", "--env", "flow.yaml", code=4)
        self.assertIn("there is no chip `/dev/gpiochip987`", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
