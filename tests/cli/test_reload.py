# SPDX-License-Identifier: LGPL-3.0-or-later
"""plan, reload, confirm, rollback, and what is kept of generations: with real processes."""

import json
import signal
import socket
import unittest

from cli import WAIT, CliTest

FLOW = """
tick: {sim.counter: 1, every: 20ms}
quiet: {deadband: 1, from: tick, heartbeat: 1h}
show: {log: notice, from: tick, message: "tick {value}"}
"""


class Reload(CliTest):
    def engine(self, *more, flow=FLOW):
        """A running engine with a socket and a state directory of its own."""
        running = self.start("run", "--socket", "s", "--state", "state", *more, self.flow(flow))
        running.until("tick 2")
        return running

    def ask(self, *args, code=0):
        return self.call(*args, "--socket", "s", code=code)

    def generation(self):
        return json.loads(self.ask("status", "--json").stdout)["engine"]["generation"]

    def kept(self):
        return sorted(path.name for path in (self.dir / "state/generations").glob("*.json"))

    def wait_for_kept(self, name):
        """What is kept is written beside the loop; each question gives it time."""
        for _ in range(1000):
            if (self.dir / "state/generations" / name).exists():
                return
            self.ask("status")
        self.fail(f"{name} is not kept")

    def finish(self, running):
        running.signal(signal.SIGTERM)
        return running.finish(0)

    def test_plan(self):
        """plan shows options, what is new, removed, of another kind, and changes nothing."""
        running = self.engine()
        self.assertIn("= 3 nodes unchanged", self.ask("plan").stdout)
        self.flow(FLOW.replace("deadband: 1,", "deadband: 3,").replace("show: {log", "print: {log"))
        text = self.ask("plan").stdout
        self.assertRegex(text, r"(?m)^flow.yaml\n  ~ quiet +deadband 1 → 3 +in place$")
        self.assertRegex(text, r"(?m)^  \+ print +log +new$")
        self.assertRegex(text, r"(?m)^  - show +log +removed$")
        self.assertIn("= 1 nodes unchanged", text)
        self.flow(FLOW.replace("deadband: 1, from: tick, heartbeat: 1h",
                               "deadband: 0.12345678901, from: tick, heartbeat: 1234567s"))
        self.assertRegex(self.ask("plan").stdout, r"(?m)^  ~ quiet  deadband 1 → .{25,} → 1234567s  in place$")
        self.flow(FLOW.replace("deadband: 1, from: tick, heartbeat: 1h", "round: 1, from: tick"))
        self.assertRegex(self.ask("plan").stdout, r"! quiet +deadband → round +kind changed: state dropped")
        plan = json.loads(self.ask("plan", "--json").stdout)
        self.assertEqual((plan["changed"], plan["unchanged"]), (1, 2))
        self.assertEqual(self.generation(), 1)
        self.finish(running)

    def test_plan_faults(self):
        """Faults in the files: exit 1, and they are said."""
        running = self.engine()
        self.flow("a: {lgo: info}")
        self.assertIn("MF0138", self.ask("plan", code=1).stderr)
        self.finish(running)

    def test_nobody(self):
        """No engine: exit 5."""
        for command in ("plan", "reload", "confirm", "rollback"):
            self.ask(command, code=5)

    def test_reload(self):
        """reload says what became of each node, and the counter goes on."""
        running = self.engine()
        self.flow(FLOW.replace("deadband: 1,", "deadband: 3,").replace("tick {value}", "tock {value}")
                  + "more: {scale: 2, from: tick}\n")
        text = self.ask("reload").stdout
        self.assertRegex(text, r"~ quiet  deadband  in place")
        self.assertRegex(text, r"~ show  log  in place")
        self.assertRegex(text, r"\+ more  scale  new")
        self.assertRegex(text, r"generation 2 active \(prepared \d+ ms, switched [\d.]+ ms\)")
        line = running.until("tock ")
        self.assertGreaterEqual(int(line.split("tock ")[1].split()[0]), 2)
        self.finish(running)

    def test_refused(self):
        """A flow with faults is refused: exit 1, the faults are said, and status knows it."""
        running = self.engine()
        self.flow("a: {lgo: info}")
        self.assertIn("MF0138", self.ask("reload", code=1).stderr)
        self.assertIn("last reload was refused", self.ask("status").stdout)
        self.assertEqual(self.generation(), 1)
        self.flow(FLOW)
        self.ask("reload")
        self.assertNotIn("refused", self.ask("status").stdout)
        self.finish(running)

    def test_failed_start(self):
        """A new node that cannot start brings the former flow back: exit 1."""
        running = self.engine()
        self.flow(FLOW + "in: {file.read: none.jsonl, columns: [x]}\n")
        self.assertIn("`in` failed", self.ask("reload", code=1).stderr)
        self.assertEqual(self.generation(), 1)
        running.until("tick ")
        self.finish(running)

    def test_no_grace(self):
        """With --grace 0s it runs, and is tried again."""
        running = self.engine("--grace", "0s")
        self.flow(FLOW + "in: {file.read: none.jsonl, columns: [x]}\n")
        self.ask("reload")
        self.assertEqual(self.generation(), 2)
        self.finish(running)

    def test_confirm(self):
        """--confirm: without confirmation it goes back by itself, with it it stays."""
        running = self.engine()
        self.flow(FLOW + "more: {scale: 2, from: tick}\n")
        self.assertIn("unless `moat-flow confirm`", self.ask("reload", "--confirm", "100ms").stdout)
        running.until("swapped back, generation 1 is live again: nobody confirmed")
        self.ask("confirm", code=1)
        self.ask("reload", "--confirm", "1h")
        self.assertIn("waits for `confirm`", self.ask("reload", code=1).stderr)
        self.ask("confirm")
        self.assertEqual(self.generation(), 3)
        self.finish(running)

    def test_rollback(self):
        """rollback goes back to a generation that was kept, whatever the files say now."""
        running = self.engine("--grace", "0s")
        self.wait_for_kept("1.json")
        self.ask("rollback", code=1)
        self.flow(FLOW.replace("tick {value}", "tock {value}"))
        self.ask("reload")
        running.until("tock ")
        self.wait_for_kept("2.json")
        (self.dir / "flow.yaml").unlink()
        self.ask("rollback")
        running.until("tick ")
        self.assertEqual(self.generation(), 1)
        self.ask("rollback", "2")
        running.until("tock ")
        self.assertIn("cannot read", self.ask("rollback", "7", code=1).stderr)
        self.call("rollback", "x", code=2)
        self.finish(running)

    def test_rollback_on_trial(self):
        """While a generation is on trial, rollback takes it back."""
        running = self.engine()
        self.flow(FLOW.replace("tick {value}", "tock {value}"))
        self.ask("reload", "--confirm", "1h")
        running.until("tock ")
        self.ask("rollback")
        running.until("tick ")
        self.assertEqual(self.generation(), 1)
        self.finish(running)

    def test_directories(self):
        """What is kept is complete: directories, patterns, parts."""
        self.write("conf/main.yaml", "moat-flow: 1\ninclude: rooms/*.yaml\nnodes:\n"
                                     "  tick: {sim.counter: 1, every: 20ms}\n"
                                     "use:\n  k: {part: ../part.yaml, word: '${word}'}\nvars: {word: tick}\n")
        self.write("conf/rooms/a.yaml", "moat-flow: 1\nnodes:\n  a: {scale: 2, from: tick}\n")
        self.write("part.yaml", "moat-flow: 1\npart: A line\nparams: {word: {}}\nnodes:\n"
                                "  s: {log: notice, from: tick, message: '${word} {value}'}\n")
        running = self.start("run", "--socket", "s", "--state", "state", "--grace", "0s", "conf")
        running.until("tick 2")
        self.wait_for_kept("1.json")
        for name in ("conf/rooms/a.yaml", "conf/main.yaml", "part.yaml"):
            (self.dir / name).unlink()
        self.write("conf/main.yaml", "moat-flow: 1\nnodes:\n  tick: {sim.counter: 1, every: 20ms}\n")
        self.ask("reload")
        self.ask("rollback")
        running.until("tick ")
        self.assertEqual(json.loads(self.ask("status", "--json").stdout)["engine"]["nodes"], 3)
        self.finish(running)

    def test_fallback(self):
        """--fallback last-good starts with what was accepted last when the files have errors."""
        running = self.engine()
        self.wait_for_kept("1.json")
        self.finish(running)
        self.flow("a: {lgo: info}")
        self.call("run", "--state", "state", "flow.yaml", code=78)
        running = self.start("run", "--socket", "s", "--state", "state", "--fallback", "last-good", "flow.yaml")
        running.until("generation 1 runs, which was accepted before")
        running.until("tick 2")
        self.assertIn("the files have errors", self.ask("status").stdout)
        self.flow(FLOW)
        self.ask("reload")
        self.assertNotIn("the files have errors", self.ask("status").stdout)
        self.finish(running)

    def test_fallback_damaged(self):
        """A generation whose file is damaged is passed over; without any there is nothing to run."""
        running = self.engine()
        self.wait_for_kept("1.json")
        self.finish(running)
        path = self.dir / "state/generations/1.json"
        path.write_text(path.read_text(encoding="utf-8").replace("tick", "tack"), encoding="utf-8")
        self.flow("a: {lgo: info}")
        done = self.call("run", "--state", "state", "--fallback", "last-good", "flow.yaml", code=78)
        self.assertIn("no generation was kept", done.stderr)

    def test_plan_from_disk(self):
        """plan PATH compares with what was accepted last, without an engine."""
        self.assertIn("no generation was kept", self.call("plan", "--state", "state", self.flow(FLOW), code=5).stderr)
        running = self.engine()
        self.wait_for_kept("1.json")
        self.finish(running)
        self.flow(FLOW.replace("deadband: 1,", "deadband: 3,"))
        done = self.call("plan", "--state", "state", "flow.yaml")
        self.assertIn("compared with generation 1", done.stderr)
        self.assertIn("deadband 1 → 3", done.stdout)

    def test_numbers_go_on(self):
        """The same flow keeps its number over a restart, another one gets the next; ten are kept."""
        running = self.engine("--grace", "0s")
        for i in range(2, 14):
            self.flow(FLOW + f"more: {{scale: {i}, from: tick}}\n")
            self.ask("reload")
            self.wait_for_kept(f"{i}.json")
        self.finish(running)
        self.assertEqual(len(self.kept()), 10)
        self.assertNotIn("1.json", self.kept())
        running = self.start("run", "--socket", "s", "--state", "state", "flow.yaml")
        running.until("tick 2")
        self.assertEqual(self.generation(), 13)
        self.finish(running)
        running = self.engine()
        self.assertEqual(self.generation(), 14)
        self.finish(running)

    def test_secrets_are_not_kept(self):
        """Secrets and variables from outside are looked up anew, never kept."""
        self.write("secrets/word", "tick")
        flow = FLOW.replace("tick {value}", "${secret:word} {value}")
        running = self.engine("--secrets", "secrets", flow=flow)
        self.wait_for_kept("1.json")
        text = (self.dir / "state/generations/1.json").read_text(encoding="utf-8")
        self.assertIn("${secret:word}", text)
        self.assertNotIn("tick {value}", text)
        self.assertEqual((self.dir / "state/generations/1.json").stat().st_mode & 0o777, 0o600)
        self.flow(flow.replace("${secret:word} {value}", "x ${secret:word} {value}"))
        self.assertIn("message ${secret:word} {value} → x ${secret:word} {value}", self.ask("plan").stdout)
        self.finish(running)

    def test_notify(self):
        """A reload by command is told to the service manager, in one message, and so is its end."""
        path = str(self.dir / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(WAIT)
            sock.bind(path)
            running = self.start("run", "--socket", "s", "--state", "state", self.flow(FLOW), NOTIFY_SOCKET=path)

            def until(word):
                while word not in (text := sock.recv(4096).decode()):
                    pass
                return text

            until("READY=1")
            self.ask("reload")
            self.assertIn("MONOTONIC_USEC=", until("RELOADING=1"))
            until("READY=1")
            self.finish(running)


if __name__ == "__main__":
    unittest.main()
