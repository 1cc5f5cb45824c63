# SPDX-License-Identifier: LGPL-3.0-or-later
"""The control socket of a running engine: who may ask, what comes back, and what no caller can break."""

import json
import os
import signal
import socket
import stat
import unittest

from control import CALLERS, COUNT, REQUEST, ControlTest


class Socket(ControlTest):
    def test_mode(self):
        """Only the owner may ask, and the socket is gone with the engine."""
        running = self.engine(COUNT, "--socket", "control")
        mode = os.lstat(self.dir / "control").st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.end(running)
        self.assertFalse((self.dir / "control").exists())

    def test_usual_places(self):
        """A service listens in its runtime directory, a person's engine in that of the session, and
        commands with the same surroundings find them."""
        for variable, name in (("RUNTIME_DIRECTORY", "control"), ("XDG_RUNTIME_DIR", "moat-flow.control")):
            place = self.dir / variable
            place.mkdir()
            running = self.engine(COUNT, **{variable: str(place)})
            self.assertTrue((place / name).is_socket())
            self.assertIn("2 nodes", self.call("status", env={variable: str(place)}).stdout)
            self.end(running)

    def test_left_over(self):
        """What an engine leaves behind that was killed is replaced."""
        running = self.engine(COUNT, "--socket", "control")
        running.signal(signal.SIGKILL)
        running.finish(-signal.SIGKILL)
        self.assertTrue((self.dir / "control").is_socket())
        self.call("status", "--socket", "control", code=5)
        running = self.engine(COUNT, "--socket", "control")
        self.call("status", "--socket", "control")
        self.end(running)

    def test_living(self):
        """The place of a living engine is not taken: refused when it was asked for, else done without."""
        env = {"XDG_RUNTIME_DIR": str(self.dir)}
        running = self.engine(COUNT, **env)
        done = self.call("run", "--socket", "moat-flow.control", "flow.yaml", code=4)
        self.assertIn("another engine", done.stderr)
        other = self.start("run", "flow.yaml", **env)
        other.until("another engine")
        other.until("tick 1")
        self.end(other)
        self.assertIn("2 nodes", self.call("status", env=env).stdout)
        self.end(running)

    def test_not_a_socket(self):
        """Something else that lies there is left alone."""
        self.write("notes.txt", "dear diary")
        done = self.call("run", "--socket", "notes.txt", self.flow(COUNT), code=4)
        self.assertIn("not a socket", done.stderr)
        self.assertEqual((self.dir / "notes.txt").read_text(encoding="utf-8"), "dear diary")

    def test_places_that_cannot_be(self):
        """A path too long for a socket, and a directory that is not there, are said."""
        self.flow(COUNT)
        self.assertIn("1 to 107 bytes", self.call("run", "--socket", "x" * 108, "flow.yaml", code=4).stderr)
        self.assertIn("No such file", self.call("run", "--socket", "no/where", "flow.yaml", code=4).stderr)

    def test_nobody_there(self):
        """Without an engine a command ends with 5 and says what to do."""
        done = self.call("status", "--socket", "control", code=5)
        self.assertIn("no engine listens on `control`", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_silent_engine(self):
        """An engine that does not answer costs `--timeout`, and exit 6."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.dir / "control"))
            listener.listen()
            done = self.call("status", "--socket", "control", "--timeout", "10ms", code=6)
        self.assertIn("has not answered in time", done.stderr)

    def test_strange_engine(self):
        """What is no engine is told from one, and from one that hangs up: exit 5."""
        for answer, said in ((b"hello\n", "cannot be read"), (b"{}\n", "not a moat-flow engine"), (b"", "went away"),
                             (b'{"error":[]}\n', "refused"), (b'{"line":1}\n', "went away")):
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(self.dir / "control"))
                listener.listen()
                if os.fork() == 0:
                    asker, _ = listener.accept()
                    asker.makefile().readline()
                    asker.sendall(answer)
                    os._exit(0)
                done = self.call("status", "--socket", "control", code=1 if b"error" in answer else 5)
                os.wait()
            self.assertIn(said, done.stderr)
            os.unlink(self.dir / "control")


class Status(ControlTest):
    NODES = COUNT + """
in: {file.read: none.jsonl, columns: [x]}
low: {expr: tick * 0.5}
"""

    def test_text(self):
        """For people: whether all is well, why not, and only the nodes that want a look."""
        running = self.engine(self.NODES, "--socket", "control")
        text = self.call("status", "--socket", "control").stdout
        self.assertRegex(text, r"generation 1 \(start at .*\): 4 nodes")
        self.assertIn("not healthy:\n  node `in` failed\n", text)
        self.assertIn("in (file.read): 0 runs, failed", text)
        self.assertNotIn("low (expr)", text)
        text = self.call("status", "--all", "--socket", "control").stdout
        self.assertRegex(text, r"(?m)^low \(expr\): \d+ runs, out = ")
        self.end(running)

    def test_json(self):
        """For programs: one object with everything."""
        running = self.engine(self.NODES, "--socket", "control")
        status = json.loads(self.call("status", "--json", "--socket", "control").stdout)
        self.assertEqual(status["engine"]["generation"], 1)
        self.assertEqual(status["health"], {"healthy": False, "reasons": ["node `in` failed"]})
        nodes = {node["name"]: node for node in status["nodes"]}
        self.assertEqual(nodes["in"]["state"], "failed")
        out = nodes["low"]["outputs"][0]
        self.assertEqual(out["quality"], "good")
        self.assertGreaterEqual(out["value"], 0)
        self.assertEqual(status["control"]["callers"], 1)
        self.end(running)

    def test_check(self):
        """--check is for scripts: 1 when something is wrong, 0 when all is well."""
        running = self.engine(self.NODES, "--socket", "control")
        self.call("status", "--check", "--socket", "control", code=1)
        self.end(running)
        running = self.engine(COUNT, "--socket", "control")
        self.call("status", "--check", "--socket", "control")
        self.end(running)


class Top(ControlTest):
    def test_once(self):
        """--once is a table of all nodes with their rates, the busiest first."""
        running = self.engine(COUNT + "once: {when: tick >= 0}\n", "--socket", "control")
        lines = self.call("top", "--once", "--every", "500ms", "--socket", "control").stdout.splitlines()
        self.assertRegex(lines[0], r"^generation 1, 3 nodes, [\d.]+ turns/s, 0 messages wait$")
        self.assertEqual(lines[1], "healthy")
        rows = [line.split() for line in lines[4:]]
        self.assertEqual([row[0] for row in rows][2:], ["once"])
        rates = {row[0]: float(row[2]) for row in rows}
        self.assertGreater(rates["tick"], 1)
        self.assertEqual(rates["once"], 0)
        self.end(running)

    def test_wrong_use(self):
        """An interval that makes no sense is refused, and no engine is said."""
        self.call("top", "--every", "1ms", code=2)
        self.call("top", "--socket", "control", code=5)


class Why(ControlTest):
    NODES = COUNT + """
half: {expr: tick * 0.5}
quiet: {deadband: 1000, from: half}
high: {when: quiet < 1}
out: {file.write: out.jsonl, from: {high: high}}
"""

    def why(self, *args, code=0):
        return self.call("why", *args, "--socket", "control", code=code)

    def test_text(self):
        """The chain is a tree of values, branches and what held them back, down to the source."""
        running = self.engine(self.NODES, "--socket", "control")
        text = self.why("high").stdout
        self.assertRegex(text, r"(?m)^high = true, good.* when, flow.yaml:8$")
        self.assertIn("    took the way `then`\n", text)
        self.assertRegex(text, r"(?m)^    ← quiet = 0, good.* \* +deadband, flow.yaml:7$")
        self.assertRegex(text, r"(?m)^        held by deadband: 1000, ")
        self.assertRegex(text, r"(?m)^        ← half = [\d.]+, good.* expr, flow.yaml:6$")
        self.assertRegex(text, r"(?m)^            ← tick = \d+, good.* sim.counter, flow.yaml:3$")
        self.end(running)

    def test_json(self):
        """The same for programs."""
        running = self.engine(self.NODES, "--socket", "control")
        chain = json.loads(self.why("high", "--json").stdout)["chain"]
        self.assertEqual((chain["node"], chain["value"], chain["branch"]), ("high", True, "then"))
        quiet = chain["inputs"][0]["from"]
        self.assertEqual(quiet["held"][0]["by"], "deadband")
        self.end(running)

    def test_history(self):
        """A sink tells what it wrote, and why it did."""
        running = self.engine(self.NODES, "--socket", "control")
        text = self.why("out").stdout
        self.assertIn("written, the newest first:\n", text)
        text = self.why("out", "--history").stdout
        self.assertIn("← high = true, good", text.split("\n\n", 1)[1])
        self.end(running)

    def test_unknown_names(self):
        """A node or output that is not there is refused, with the nearest name."""
        running = self.engine(self.NODES, "--socket", "control")
        self.assertIn("did you mean `quiet`?", self.why("quite", code=1).stderr)
        self.assertIn("has no output `in`", self.why("half.in", code=1).stderr)
        self.assertIn("half = ", self.why("half.out").stdout)
        self.why(code=2)
        self.end(running)

    def test_completion(self):
        """The shell completes names of nodes of the running engine; without one it offers nothing."""
        env = {"XDG_RUNTIME_DIR": str(self.dir)}
        running = self.engine(self.NODES, **env)
        self.assertEqual(self.call("completion", "words", "why", env=env).stdout.split(),
                         ["tick", "show", "half", "quiet", "high", "out"])
        self.end(running)
        self.assertEqual(self.call("completion", "words", "why", env=env).stdout, "")


class Requests(ControlTest):
    def test_one_after_the_other(self):
        """Requests on one connection are answered in order, also when they came in one piece."""
        running = self.engine(COUNT, "--socket", "control")
        caller = self.caller()
        caller.ask('{"do":"status"}\n\n{"do":"nonsense"}\n{"do":"status"')
        self.assertIn("done", caller.answer())
        self.assertEqual(caller.answer()["error"]["exit"], 5)
        caller.ask("}\n")
        self.assertIn("done", caller.answer())
        self.end(running)

    def test_hostile(self):
        """What is no request is refused with a reason, and the flow goes on."""
        running = self.engine(COUNT, "--socket", "control")
        for line in (b"\x00\xff\xfe\n", b"[]\n", b"null\n", b'{"do":1}\n', b'{"do":"\\u0000"}\n', b'{"do":"status"} x\n',
                     b"[" * 1000 + b"\n", b'{"do":"status","do":"status"}\n', b'"\xed\xa0\x80"\n', b"{" * 60000 + b"\n"):
            caller = self.caller()
            caller.ask(line)
            self.assertIn(caller.answer()["error"]["exit"], (2, 5), line)
            caller.ask('{"do":"status"}\n')
            self.assertIn("done", caller.answer(), line)
        running.until("tick ")
        self.end(running)

    def test_request_without_end(self):
        """A line longer than the limit ends the connection, not the engine."""
        running = self.engine(COUNT, "--socket", "control")
        caller = self.caller()
        try:
            caller.ask(b"x" * (REQUEST + 1))
            caller.ask(b"x" * (16 * REQUEST))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has hung up already
        answer = caller.answer()
        self.assertTrue(answer is None or "64 KiB" in answer["error"]["message"])
        self.assertIsNone(caller.answer())
        self.call("status", "--socket", "control")
        self.end(running)

    def test_gone_before_the_answer(self):
        """Callers that hang up at once, in the middle of a line or before they read, leave nothing behind."""
        running = self.engine(COUNT, "--socket", "control")
        for line in (b"", b'{"do":"sta', b'{"do":"status"}\n' * 100):
            for _ in range(2 * CALLERS):
                caller = self.caller()
                caller.ask(line)
                caller.sock.close()
        self.call("status", "--socket", "control")
        self.end(running)

    def test_half_closed(self):
        """A caller that closes its writing end still gets the answer to what it has asked."""
        running = self.engine(COUNT, "--socket", "control")
        caller = self.caller()
        caller.ask('{"do":"status"}\n')
        caller.sock.shutdown(socket.SHUT_WR)
        self.assertIn("done", caller.answer())
        self.assertIsNone(caller.answer())
        self.end(running)

    def test_idle_callers_make_room(self):
        """Callers that only sit there do not keep others out."""
        running = self.engine(COUNT, "--socket", "control")
        idle = [self.caller() for _ in range(3 * CALLERS)]
        self.call("status", "--socket", "control")
        self.assertIsNone(idle[0].answer())
        idle[-1].ask('{"do":"status"}\n')
        self.assertIn("done", idle[-1].answer())
        self.end(running)

    def test_reader_that_sleeps(self):
        """A caller that asks and asks and never reads is sent away; the engine ends in order."""
        running = self.engine(COUNT, "--socket", "control")
        caller = self.caller()
        caller.sock.setblocking(False)
        try:
            for _ in range(100000):
                caller.ask('{"do":"status"}\n' * 100)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass
        self.call("status", "--socket", "control")
        running.until("tick ")
        self.end(running)


if __name__ == "__main__":
    unittest.main()
