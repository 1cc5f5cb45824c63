# SPDX-License-Identifier: LGPL-3.0-or-later
"""What the tests of commands share that ask a running engine."""

import json
import signal
import socket

from cli import WAIT, CliTest

COUNT = """
tick: {sim.counter: 1, every: 50ms}
show: {log: notice, from: tick, message: "tick {value}"}
"""
CALLERS = 32  # at once, see engine/control/socket.h
REQUEST = 64 * 1024


class Caller:
    """Speaks to the socket by hand."""

    def __init__(self, test, path):
        self.sock = socket.socket(socket.AF_UNIX)
        test.addCleanup(self.sock.close)
        self.sock.connect(str(path))
        self.sock.settimeout(WAIT)
        self.file = self.sock.makefile("r", encoding="utf-8")
        test.addCleanup(self.file.close)

    def ask(self, line):
        self.sock.sendall(line if isinstance(line, bytes) else line.encode())

    def answer(self):
        """The next line of an answer; None: the engine has hung up."""
        try:
            line = self.file.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None


class ControlTest(CliTest):
    def engine(self, nodes=COUNT, *args, **env):
        running = self.start("run", self.flow(nodes), *args, **env)
        running.until("tick 1")
        return running

    def end(self, running):
        running.signal(signal.SIGTERM)
        return running.finish(0)

    def caller(self, name="control"):
        return Caller(self, self.dir / name)
