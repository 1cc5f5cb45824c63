# SPDX-License-Identifier: LGPL-3.0-or-later
"""`simulate`, `record` and `run --replay`: virtual time, and the same again, byte for byte."""

import json
import signal
import unittest

from cli import ROOT, CliTest

FLOW = """
wave: {sim.wave: walk, seed: 3, every: 1s, min: 0, max: 10, unit: kW}
n: {sim.counter: 1, every: 7s}
quiet: {deadband: 500 W, from: wave}
mean: {mean: 1min, from: wave, every: 30s}
high: {when: wave > 5 kW, for: 20s}
tick: {every: 7s}
either: {merge: , from: [n, tick]}
night: {at: next 03:00, value: true}
show: {log: notice, from: [quiet, mean, high, night, n, either]}
"""
HOME = str(ROOT / "examples/home")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


class Simulate(CliTest):
    def test_same_each_time(self):
        """A simulation prints what nodes without outputs are given, the same each time, and nothing of the log."""
        self.flow(FLOW)
        first = self.call("simulate", "--for", "10min")
        self.assertEqual(first.stdout, self.call("simulate", "--for", "10min", "flow.yaml").stdout)
        said = lines(first.stdout)
        self.assertEqual(said[0]["time"], "2026-01-01T00:00:00Z")
        self.assertEqual({line["node"] for line in said}, {"show"})
        self.assertEqual([line["value"] for line in said if line["from"] == "n"][:3], [0, 1, 2])
        self.assertEqual(first.stderr, "")

    def test_span_and_start(self):
        """It runs for the time asked for, from the moment asked for, in the zone named there."""
        self.flow(FLOW)
        done = self.call("simulate", "--for", "2d", "--start", "2026-03-28 12:00 Europe/Berlin", "--show", "night")
        self.assertEqual([line["time"] for line in lines(done.stdout)], ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"])
        self.call("simulate", "--for", "1 year", code=2)
        self.call("simulate", "--start", "2026-03-29 02:30 Europe/Berlin", code=2)
        self.call("simulate", "--speed", "fast", code=2)
        self.assertIn("MF0138", self.call("simulate", self.flow("a: {nothing: 1}", "bad.yaml"), code=78).stderr)

    def test_files(self):
        """Files are written only when asked for."""
        self.flow("n: {sim.counter: 1, every: 1min}\nsave: {file.write: out.csv, from: n}")
        self.call("simulate", "--for", "1h", "-q")
        self.assertFalse((self.dir / "out.csv").exists())
        self.assertEqual(self.call("simulate", "--for", "1h", "-q", "--files").stdout, "")
        self.assertEqual(len((self.dir / "out.csv").read_text().splitlines()), 62)

    def test_silent_sources(self):
        """What is not simulated is silent, and its link is not opened."""
        self.flow("n: {file.read: none.csv, columns: [a], time: t}\nshow: {log: notice, from: n.a}\nt: {every: 1h}\nall: {log: info, from: t}")
        self.assertEqual({line["from"] for line in lines(self.call("simulate").stdout)}, {"t"})


class Replay(CliTest):
    def test_same_bytes(self):
        """A record gives what the run gave, byte for byte, at any speed, and so does the record of its replay;
        also where a source and a timer meet in one moment."""
        self.flow(FLOW)
        wanted = self.call("simulate", "--for", "5min", "--record", "a.jsonl").stdout
        self.assertEqual(self.call("run", "--replay", "a.jsonl", "--record", "b.jsonl").stdout, wanted)
        self.assertEqual(self.call("run", "--replay", "b.jsonl", "--speed", "100000x").stdout, wanted)
        self.assertEqual((self.dir / "a.jsonl").read_bytes(), (self.dir / "b.jsonl").read_bytes())

    def test_loop(self):
        """The same for a flow whose source listens to it: it is played, not asked."""
        wanted = self.call("simulate", HOME, "--for", "10min", "--record", "a.jsonl").stdout
        self.assertGreater(len(wanted.splitlines()), 1000)
        self.assertEqual(self.call("run", HOME, "--replay", "a.jsonl").stdout, wanted)

    def test_another_flow(self):
        """A changed flow gets the old inputs; what it has no source for is said once and left out."""
        self.flow(FLOW)
        self.call("simulate", "--for", "1min", "--record", "a.jsonl", "-q")
        self.flow("wave: {sim.wave: walk, every: 1s, min: 0, max: 10, unit: W}\nshow: {log: notice, from: wave}", "other.yaml")
        done = self.call("run", "other.yaml", "--replay", "a.jsonl")
        self.assertEqual(len(lines(done.stdout)), 61)
        self.assertTrue(all(line["unit"] == "W" for line in lines(done.stdout)))
        self.assertEqual(done.stderr.count("the record has `n`, which is not here"), 1)

    def test_quality(self):
        """A source that failed fails again at its time, and only then."""
        self.flow("p: {file.read: none.csv, columns: [a]}\nq: {deadband: 1, from: p.a}\nshow: {log: notice, from: q}")
        self.write("r.jsonl", "\n".join((
            '{"moat-flow-record":1,"start":"2026-01-01T00:00:00Z"}',
            '{"at":0,"node":"p","port":"a","value":5}',
            '{"at":7200000000000,"node":"p","port":"a","value":5,"quality":"stale","reason":"timeout","again":true}',
            '{"at":7201000000000,"node":"p","port":"a","value":5,"again":true}',
            '{"at":7202000000000,"end":true}', "")))
        said = lines(self.call("run", "--replay", "r.jsonl").stdout)
        self.assertEqual([(line["time"][11:19], line.get("quality")) for line in said],
                         [("00:00:00", None), ("02:00:00", "stale"), ("02:00:01", None)])

    def test_cut(self):
        """A record that a crash has cut is played as far as it goes."""
        self.flow(FLOW)
        self.call("simulate", "--for", "1min", "--record", "a.jsonl", "-q")
        whole = (self.dir / "a.jsonl").read_text()
        self.write("cut.jsonl", whole[:len(whole) // 2])
        self.assertTrue(self.call("run", "--replay", "cut.jsonl").stdout)

    def test_faults(self):
        """What is no record is said with its line; options for replays alone are refused without one."""
        self.flow(FLOW)
        self.write("no.jsonl", "{}\n")
        self.assertIn("no.jsonl:1: this is not a record", self.call("run", "--replay", "no.jsonl", code=1).stderr)
        self.write("bad.jsonl", '{"moat-flow-record":1,"start":"2026-01-01T00:00:00Z"}\n{"at":0,"node":"wave","value":"x"}\n')
        self.assertIn("bad.jsonl:2: it is text", self.call("run", "--replay", "bad.jsonl", code=1).stderr)
        self.call("run", "--replay", "nowhere", code=1)
        self.assertIn("goes with `--replay FILE`", self.call("run", "--speed", "60x", code=2).stderr)

    def test_interrupted(self):
        """A replay at the pace of the record ends when it is told to."""
        self.flow(FLOW)
        self.call("simulate", "--for", "1h", "--record", "a.jsonl", "-q")
        running = self.start("run", "--replay", "a.jsonl", "--speed", "real")
        running.until('"time": "2026-01-01T00:00:00Z"')
        running.signal(signal.SIGINT)
        running.finish(0)


class Record(CliTest):
    def test_running_engine(self):
        """A record of a running engine begins with what is known, and its replay gives the same twice."""
        self.flow(FLOW + 'told: {log: notice, from: n, message: "tick {value}"}', "flow.yaml")
        running = self.start("run", "--socket", "control", "--record", "whole.jsonl")
        running.until("tick 0")
        self.call("record", "part.jsonl", "--for", "2s", "--socket", "control")
        self.call("record", "two.jsonl", "--for", "1s", "--node", "n", "--socket", "control")
        running.signal(signal.SIGTERM)
        running.finish(0)
        part = lines((self.dir / "part.jsonl").read_text())
        self.assertEqual({line["node"] for line in part[1:-1] if line["at"] == 0}, {"wave", "n"})
        self.assertTrue(part[-1]["end"])
        self.assertEqual({line["node"] for line in lines((self.dir / "two.jsonl").read_text())[1:-1]}, {"n"})
        for name in ("part.jsonl", "whole.jsonl"):
            first, second = (self.call("run", "--replay", name).stdout for _ in "ab")
            self.assertTrue(first)
            self.assertEqual(first, second)

    def test_nobody_there(self):
        """Without an engine `record` ends with 5; a size that is reached ends the record with 1."""
        self.flow(FLOW)
        self.call("record", "a.jsonl", "--socket", "nobody", code=5)
        self.call("record", code=2)
        running = self.start("run", "--socket", "control", "--log-level", "info")
        running.until("notice")
        done = self.call("record", "b.jsonl", "--size", "200", "--socket", "control", code=1)
        self.assertIn("has reached 200 bytes", done.stderr)
        running.signal(signal.SIGTERM)
        running.finish(0)


if __name__ == "__main__":
    unittest.main()
