# SPDX-License-Identifier: LGPL-3.0-or-later
"""What the tests of the command line share: running the program, and a program that runs on."""

import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ["MF_TEST_PROGRAM"]
ROOT = Path(os.environ["MF_TEST_ROOT"])
WAIT = 60  # seconds before a test gives up: a bound for what hangs, not a measure


def environment(**more):
    ours = ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR")
    env = {k: v for k, v in os.environ.items() if k not in ours}
    return {**env, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **more}


def absent_kinds(nodes):
    """A pattern for the kinds that `moat-flow nodes` says are not built in; empty when all are."""
    _, _, absent = nodes.partition("Not built in")
    names = re.findall(r"^ +([a-z][a-z.]*)", absent, re.M)
    return r"\b(" + "|".join(map(re.escape, names)) + "): " if names else ""


class CliTest(unittest.TestCase):
    """Each test has a directory of its own, in which the program runs."""

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="moat-flow-")
        self.addCleanup(place.cleanup)
        self.dir = Path(place.name)

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def flow(self, nodes, name="flow.yaml", more=""):
        lines = "".join(f"  {line}\n" for line in nodes.strip().splitlines())
        return self.write(name, f"moat-flow: 1\n{more}nodes:\n{lines}")

    def call(self, *args, code=0, stdin=None, env=None):
        done = subprocess.run([PROGRAM, *args], cwd=self.dir, env=self.environment(**(env or {})), input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True,
                              text=True, timeout=WAIT)
        self.assertEqual(done.returncode, code, f"{args}: {done.stdout}{done.stderr}")
        return done

    def environment(self, **more):
        """With a state directory of its own, wherever the program would look for one."""
        return environment(**{"XDG_STATE_HOME": str(self.dir / "state-home"), "STATE_DIRECTORY": "", **more})

    def needs_state(self):
        """Skips what a build without SQLite cannot do: keep something over a restart."""
        name = self.flow("n: {sim.counter: 1, every: 1s}\nkept: {counter: , from: n, keep: true}", "kept.yaml")
        done = subprocess.run([PROGRAM, "validate", "--no-env", name], cwd=self.dir, env=self.environment(),
                              capture_output=True, text=True, timeout=WAIT)
        (self.dir / name).unlink()
        if "MF0602" in done.stdout + done.stderr:
            self.skipTest("built without SQLite")

    def start(self, *args, **env):
        return Running(self, *args, env=env)


class Running:
    """The program while it runs; its output is read line by line, so nobody waits longer than needed."""

    def __init__(self, test, *args, env):
        self.test = test
        self.process = subprocess.Popen([PROGRAM, *args], cwd=test.dir, env=test.environment(**env),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.lines = []
        test.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def until(self, *texts):
        """Reads on until a line holds one of the texts."""
        previous = signal.signal(signal.SIGALRM, lambda *_: self.test.fail(f"no {texts} in\n{''.join(self.lines)}"))
        signal.alarm(WAIT)
        try:
            for line in self.process.stdout:
                self.lines.append(line)
                if any(text in line for text in texts):
                    return line
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
        return self.test.fail(f"ended without {texts}:\n{''.join(self.lines)}")

    def signal(self, number):
        self.process.send_signal(number)

    def finish(self, code=0):
        rest, _ = self.process.communicate(timeout=WAIT)
        self.lines.append(rest)
        self.test.assertEqual(self.process.returncode, code, "".join(self.lines))
        return "".join(self.lines)
