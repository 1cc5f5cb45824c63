# SPDX-License-Identifier: LGPL-3.0-or-later
"""The other end of a fake GPIO chip's socket."""

import socket

from cli import WAIT


class Wires:
    def __init__(self, test, path):
        self.test = test
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("r", encoding="utf-8")
        test.addCleanup(self.socket.close)
        test.addCleanup(self.stream.close)
        self.lines = []  # all that was told, without the times
        self.until("ready")

    def until(self, start):
        for line in self.stream:
            self.lines.append(line.rpartition(" ")[0] or line.strip())
            if line.startswith(start):
                return line
        return self.test.fail(f"the chip has gone without `{start}`: {self.lines}")

    def see(self, line):
        """The same for what may have been told already."""
        if line not in self.lines:
            self.until(line + " ")

    def rest(self):
        """What is told until the chip goes."""
        return [line.rpartition(" ")[0] for line in self.stream]

    def move(self, *commands):
        self.socket.sendall("".join(f"{c}\n" for c in commands).encode())
