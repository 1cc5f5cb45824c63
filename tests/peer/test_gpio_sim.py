# SPDX-License-Identifier: LGPL-3.0-or-later
"""gpio.in and gpio.out on a chip that the kernel simulates (gpio-sim), where there is one: as root, after
`modprobe gpio-sim`. Debian's kernels have none; a User-Mode Linux with CONFIG_GPIO_SIM, CONFIG_CONFIGFS_FS,
CONFIG_UML_PCI_OVER_VIRTIO (which leaves it interrupts) and hostfs as its root can run this from its init, once its
random numbers are seeded."""

import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import CliTest  # noqa: E402

CONFIG = Path("/sys/kernel/config/gpio-sim")
ROW = 16  # edges of a line that wait in the kernel


def interrupts():
    """How often the kernel was told of an edge."""
    lines = Path("/proc/interrupts").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.endswith("moat-flow s"))


class Chip:
    """A simulated chip of 16 lines; the fifth is called RELAY."""

    def __init__(self, test, label):
        self.place = CONFIG / f"moat-flow-{os.getpid()}-{label}"
        self.bank = self.place / "bank0"
        for directory in (self.place, self.bank, self.bank / "line5"):
            directory.mkdir()
            test.addCleanup(directory.rmdir)
        test.addCleanup(self.plug, False)
        (self.bank / "num_lines").write_text("16")
        (self.bank / "label").write_text(label)
        (self.bank / "line5" / "name").write_text("RELAY")
        self.plug(True)

    def plug(self, is_in):
        if (self.place / "live").read_text().strip() != str(int(is_in)):
            (self.place / "live").write_text(str(int(is_in)))
        if is_in:
            self.name = (self.bank / "chip_name").read_text().strip()
            self.lines = Path("/sys/devices/platform", (self.place / "dev_name").read_text().strip(), self.name)

    def pull(self, line, way):
        (self.lines / f"sim_gpio{line}" / "pull").write_text(f"pull-{way}")

    def level(self, line):
        return (self.lines / f"sim_gpio{line}" / "value").read_text().strip()


class GpioSim(CliTest):
    def setUp(self):
        super().setUp()
        self.chip = Chip(self, "moat-flow-test")
        # What is shown is shown after the lines were written.
        self.flow("""
s: {gpio.in: sim/3, debounce: 2ms, policy: quiet}
pump: {gpio.out: sim/RELAY, active: low, from: s, failsafe: false}
drain: {gpio.out: sim/7, drive: open-drain, pull: up, from: s, failsafe: keep}
late: {delay: 50ms, from: s}
show: {log: notice, from: late, message: "s {value}"}
""", more="links: {sim: {gpio: moat-flow-test}}\n")

    def expect(self, running, value, relay):
        running.until(f"s {value}")
        self.assertEqual(self.chip.level(5), relay)

    def test_both_ways(self):
        """An edge is seen and a line is switched, inverted once; the end writes the failsafe value."""
        running = self.start("run", "flow.yaml")
        self.expect(running, "false", "1")
        self.assertEqual(self.chip.level(7), "0")
        self.chip.pull(3, "up")
        self.expect(running, "true", "0")
        running.signal(signal.SIGTERM)
        self.assertNotIn("ends without its failsafe value", running.finish())

    def test_taken(self):
        """The kernel gives a line to one program, and tells the other one who that is."""
        self.expect(self.start("run", "flow.yaml"), "false", "1")
        self.flow(f"e: {{every: 1h, value: true}}\nb: {{gpio.out: {self.chip.name}/5, from: e, initial: true, failsafe: keep}}\n",
                  name="other.yaml")
        self.start("run", "other.yaml", "--state", str(self.dir / "other")).until("is in use by `moat-flow pump`")

    def test_overflow(self):
        """Edges that the kernel had no room for are counted, and the level is right."""
        running = self.start("run", "flow.yaml")
        self.expect(running, "false", "1")
        running.signal(signal.SIGSTOP)
        for _ in range(2 * ROW):
            for way in ("up", "down"):  # each when the one before has come: two at once would be none
                before = interrupts()
                self.chip.pull(3, way)
                while interrupts() == before:
                    pass
        self.chip.pull(3, "up")
        running.signal(signal.SIGCONT)
        running.until("edges came too fast")
        self.expect(running, "true", "0")

    def test_replugged(self):
        """A chip that comes back by another name is found, and its lines are what they should be."""
        running = self.start("run", "flow.yaml")
        self.expect(running, "false", "1")
        self.chip.plug(False)
        running.until("has gone")
        Chip(self, "another")
        self.chip.plug(True)
        self.chip.pull(3, "up")
        running.until("connected again")
        self.expect(running, "true", "0")

    def test_read_only(self):
        """--read-only leaves outputs to whoever has them."""
        running = self.start("run", "flow.yaml", "--read-only")
        self.chip.pull(3, "up")
        running.until("s true")
        self.assertEqual(self.chip.level(5), "0")


if __name__ == "__main__":
    if not os.access(CONFIG, os.W_OK):
        sys.exit(77)
    unittest.main()
