# SPDX-License-Identifier: LGPL-3.0-or-later
"""gpio.in in a running engine, on a chip in memory whose wires a socket moves."""

import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cli import CliTest  # noqa: E402
from wires import Wires  # noqa: E402

STORM = 400  # edges in one go; the kernel, and so the fake, keeps 16


class GpioIn(CliTest):
    def nodes(self, nodes):
        path = self.dir / "wires"
        self.flow(nodes, more=f"links: {{board: {{gpio: 'fake:{path}'}}}}\n")
        return path

    def run_flow(self, nodes, *options):
        path = self.nodes(nodes)
        running = self.start("run", "flow.yaml", *options)
        running.until("board: connected")
        return running, Wires(self, path)

    def test_storm(self):
        """A contact that bounces for ever so long is one change; what was lost is counted, and the level is right."""
        running, wires = self.run_flow("""
door: {gpio.in: board/17, policy: quiet}
n: {count: 1h, from: door}
show: {log: notice, from: door, message: "door {value}"}
""")
        running.until("door false")
        wires.move(*(["17 1", "17 0"] * (STORM // 2)), "17 1")
        self.assertRegex(running.until("door true", "came too fast"), "door: [0-9]+ edges came too fast")
        running.until("door true")
        wires.move("17 0")
        running.until("door false")
        shown = "".join(running.lines)
        self.assertEqual(re.findall(r"show: door (\w+)", shown), ["false", "true", "false"], shown)

    def test_unplugged(self):
        """The lines of a chip that goes are stale and nothing else is; when it is back they are read anew."""
        running, wires = self.run_flow("""
door: {gpio.in: board/17}
tick: {every: 100ms}
show: {log: notice, from: door, message: "door {value} {quality}"}
beat: {log: notice, from: tick, message: "beat {quality}"}
""")
        running.until("door false good")
        wires.move("unplug")
        running.until("door false stale")
        running.until("beat good")
        wires.move("17 1", "plug")
        running.until("door true good")
        self.assertNotIn("beat stale", "".join(running.lines))

    def test_taken(self):
        """A line that another program has fails alone, and is had once that has let it go."""
        running, wires = self.run_flow("""
door: {gpio.in: board/17}
gate: {gpio.in: board/18}
show: {log: notice, from: [door, gate], message: "{node} {value} {quality}"}
""")
        running.until("gate false good")
        wires.move("unplug")
        running.until("trying again")
        wires.move("17 taken thief", "plug")
        running.until("in use by `thief`")
        running.until("gate false good")
        wires.move("17 left")
        running.until("door false good")

    def test_count_goes_on(self):
        """A reload that changes the counter and a restart with `keep` go on counting."""
        self.needs_state()
        counter = """
meter: {{gpio.in: board/17, count: true, edges: both, debounce: {0}ms, interval: 0s, keep: true}}
show: {{log: notice, from: meter, message: "meter {{value}}"}}
"""
        path = self.nodes(counter.format(1))
        for first in (0, 4):
            running = self.start("run", "flow.yaml", "--state", str(self.dir / "state"))
            running.until(f"meter {first}")
            wires = Wires(self, path)
            for number, level in enumerate("10", first + 1):
                wires.move(f"17 {level}")
                running.until(f"meter {number}")
            self.nodes(counter.format(first + 2))
            running.signal(signal.SIGHUP)
            running.until(f"meter {first + 2}")
            for number, level in enumerate("10", first + 3):
                wires.move(f"17 {level}")
                running.until(f"meter {number}")
            running.signal(signal.SIGTERM)
            running.finish()

    def test_button_to_relay(self):
        """A click, as a person would make it, switches a relay; the clicks that its contact makes do not."""
        running, wires = self.run_flow("""
button: {gpio.in: board/17, pull: up, active: low, debounce: 5ms, policy: quiet}
tap: {gesture: , click: 0s..1h, long: 1h.., double: 0s, from: button}
light: {toggle: off, from: tap.click}
relay: {gpio.out: board/27, from: light, initial: off, failsafe: off}
show: {log: notice, from: button, message: "button {value}"}
""")
        running.until("button false")
        for relay in ("1", "0"):
            wires.move("17 0", "17 1", "17 0")
            running.until("button true")
            wires.move("17 1", "17 0", "17 1")
            wires.until(f"27 {relay} ")
            running.until("button false")


if __name__ == "__main__":
    unittest.main()
