# SPDX-License-Identifier: LGPL-3.0-or-later
"""`run`: refusing, ending, reloading, signals, files to their end."""

import signal
import socket
import unittest

from cli import WAIT, CliTest

COUNT = """
tick: {sim.counter: 1, every: 100ms}
show: {log: notice, from: tick, message: "tick {value}"}
"""


class Run(CliTest):
    def test_refuses(self):
        """A flow with faults does not run: exit 78, the faults on stderr."""
        done = self.call("run", self.flow("a: {lgo: info}"), code=78)
        self.assertIn("error[MF0138]", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_terminates(self):
        """SIGTERM ends it in order: exit 0."""
        running = self.start("run", self.flow(COUNT))
        running.until("tick 2")
        running.signal(signal.SIGTERM)
        running.finish(0)

    def test_interrupts(self):
        """So does Ctrl-C."""
        running = self.start("run", self.flow(COUNT))
        running.until("tick 1")
        running.signal(signal.SIGINT)
        running.finish(0)

    def test_reload_keeps(self):
        """A good file swaps; the unchanged counter goes on where it was."""
        running = self.start("run", self.flow(COUNT))
        running.until("tick 3")
        self.flow(COUNT.replace("tick {value}", "tock {value}"))
        running.signal(signal.SIGHUP)
        line = running.until("tock ")
        self.assertGreaterEqual(int(line.split("tock ")[1].split()[0]), 3)
        running.signal(signal.SIGTERM)
        running.finish(0)

    def test_reload_refused(self):
        """A bad file changes nothing, and what is wrong is in the log."""
        running = self.start("run", self.flow(COUNT))
        running.until("tick 3")
        self.flow("tick: {sim.contuer: 1}")
        running.signal(signal.SIGHUP)
        running.until("MF0138")
        running.until("tick ")
        running.signal(signal.SIGTERM)
        running.finish(0)

    def test_status(self):
        """SIGUSR1 prints the status to the log."""
        running = self.start("run", self.flow(COUNT))
        running.until("tick 1")
        running.signal(signal.SIGUSR1)
        running.until("nodes")
        running.signal(signal.SIGTERM)
        running.finish(0)

    def test_once(self):
        """--once reads files to their end, drains, and exits 0."""
        self.write("in.jsonl", "".join(f'{{"x": {i}}}\n' for i in range(1000)))
        self.flow("""
in: {file.read: in.jsonl, columns: [x]}
twice: {expr: 2 * in}
out: {file.write: out.jsonl, from: {y: twice}}
""")
        self.call("run", "--once", "flow.yaml")
        lines = (self.dir / "out.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(lines), 1000)
        self.assertIn("1998", lines[-1])

    def test_read_only(self):
        """--read-only writes nothing."""
        self.write("in.jsonl", '{"x": 1}\n')
        self.flow("in: {file.read: in.jsonl, columns: [x]}\nout: {file.write: out.jsonl, from: in}")
        self.call("run", "--once", "--read-only", "flow.yaml")
        self.assertFalse((self.dir / "out.jsonl").exists())

    def test_unreadable_file(self):
        """A file that is not there is said and tried again; the rest goes on."""
        running = self.start("run", self.flow("in: {file.read: none.jsonl, columns: [x]}\n" + COUNT.strip()))
        running.until("none.jsonl")
        running.until("tick 2")
        running.signal(signal.SIGTERM)
        running.finish(0)

    def test_notify(self):
        """Ready, and later stopping, are told to the service manager."""
        path = str(self.dir / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(WAIT)
            sock.bind(path)
            running = self.start("run", self.flow(COUNT), NOTIFY_SOCKET=path)

            def until(word):
                while word not in (text := sock.recv(4096).decode()):
                    pass
                return text

            until("READY=1")
            running.signal(signal.SIGHUP)
            self.assertIn("MONOTONIC_USEC=", until("RELOADING=1"))
            until("READY=1")
            running.signal(signal.SIGTERM)
            until("STOPPING=1")
            running.finish(0)

    def test_log_level(self):
        """--log-level is the least that is said."""
        self.write("in.jsonl", '{"x": 1}\n')
        self.flow("in: {file.read: in.jsonl, columns: [x]}\nshow: {log: notice, from: in, message: seen}")
        self.assertIn("seen", self.call("run", "--once", "flow.yaml").stderr)
        self.assertNotIn("seen", self.call("run", "--once", "--log-level", "error", "flow.yaml").stderr)
        self.call("run", "--log-level", "loud", "flow.yaml", code=2)

    def test_json_log(self):
        """--log-format json is a JSON object a line."""
        import json
        running = self.start("run", "--log-format", "json", self.flow(COUNT))
        self.assertIn("tick 1", json.loads(running.until("tick 1"))["message"])
        running.signal(signal.SIGTERM)
        running.finish(0)


if __name__ == "__main__":
    unittest.main()
