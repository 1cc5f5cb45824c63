# SPDX-License-Identifier: LGPL-3.0-or-later
"""akumuli.write, akumuli.read: against a server that finds fault with rows and answers as the real one does."""

import csv
import json
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from akumuli import Database  # noqa: E402
from cli import PROGRAM, ROOT, WAIT, CliTest, absent_kinds  # noqa: E402


class Akumuli(CliTest):
    def once(self, database, rows, nodes, link=""):
        self.write("in.csv", rows)
        self.flow(nodes, more=f"links: {{tsdb: {{akumuli: 'tcp:127.0.0.1:{database.port}'{link}}}}}\n")
        said = self.call("run", "--once", "flow.yaml").stderr
        self.assertTrue(database.has_ended.wait(WAIT))
        return said

    def test_rows(self):
        """Each value is a row with its time; tags are sorted, ports and nodes are filled in."""
        database = Database(self)
        self.once(database, "t,power,volts\n1764000000,1.5,230\n1764000001,-2,231\n", """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "grid what={port} node={node} site=home", scale: 10, from: "in.*"}
""")
        self.assertEqual(database.series, {
            "grid node=in site=home what=power": [("1764000000000000000", "15"), ("1764000001000000000", "-20")],
            "grid node=in site=home what=volts": [("1764000000000000000", "2300"), ("1764000001000000000", "2310")],
        })

    def test_many_rows(self):
        """More rows than may be under way all arrive, in order, over one connection."""
        database = Database(self)
        lines = "".join(f"{1764000000 + i},{i}\n" for i in range(5000))
        self.once(database, "t,n\n" + lines, """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "count site=home", from: in.n}
""")
        self.assertEqual([int(value) for _, value in database.series["count site=home"]], list(range(5000)))
        self.assertEqual(database.connections, 1)

    def test_wrong_row(self):
        """A row that the database refuses is said and lost, alone; the others are stored once."""
        for tells in (True, False):
            database = Database(self)
            database.tells_the_row = tells
            said = self.once(database, "t,good,bad\n" + "".join(f"{1764000000 + i},{i},{i}\n" for i in range(3)), """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "x what={port}", from: "in.*"}
""")
            self.assertIn("can't parse double value", said)
            self.assertEqual([value for _, value in database.series["x what=good"]], ["0", "1", "2"])
            self.assertNotIn("x what=bad", database.series)

    def test_older_row(self):
        """What is older than the last row of its series is refused here, and costs no connection."""
        database = Database(self)
        said = self.once(database, "t,n\n1764000002,2\n1764000001,1\n1764000003,3\n", """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "n site=home", from: in.n}
""")
        self.assertIn("a series only grows", said)
        self.assertEqual([value for _, value in database.series["n site=home"]], ["2", "3"])
        self.assertEqual(database.connections, 1)

    def test_dictionary(self):
        """Behind a connection that was lost, names that are known go by number."""
        database = Database(self)
        database.tells_the_row = False
        self.once(database, "t,good,bad\n1764000000,1,1\n1764000001,2,2\n", """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "x what={port}", from: "in.*"}
""", ", dictionary: true")
        self.assertEqual([value for _, value in database.series["x what=good"]], ["1", "2"])
        self.assertGreater(database.connections, 1)


def can_read():
    nodes = subprocess.run([PROGRAM, "nodes"], capture_output=True, text=True, check=True, timeout=WAIT).stdout
    absent = absent_kinds(nodes)
    return not (absent and re.search(absent, "akumuli.read: "))


@unittest.skipUnless(can_read(), "akumuli.read is not built in")
class Reading(CliTest):
    def links(self, database):
        return (f"links: {{tsdb: {{akumuli: 'tcp:127.0.0.1:{database.port}', "
                f"query_port: {database.query_port}}}}}\n")

    def read(self, database, nodes, code=0):
        """What a run with --once says and writes into out.jsonl: (value, time) and all else of each row."""
        self.flow(nodes, more=self.links(database))
        said = self.call("run", "--once", "flow.yaml", code=code).stderr
        out = self.dir / "out.jsonl"
        lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
        return said, [{"time" if key == "time" else "value": value for key, value in json.loads(line).items()}
                      for line in lines]

    def test_round_trip(self):
        """What akumuli.write stored comes out of akumuli.read: the same values with the same times."""
        database = Database(self)
        values = [1.5, -2, 0.1, 1e300, 3, 123456789.25]
        self.write("in.csv", "t,power\n" + "".join(f"{1764000000 + i}.{i}5,{value!r}\n"
                                                   for i, value in enumerate(values)))
        self.flow("""
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: 'power site=old\\ home what=grid', from: in.power}
""", more=self.links(database))
        self.call("run", "--once", "flow.yaml")
        self.assertTrue(database.has_ended.wait(WAIT))
        _, rows = self.read(database, """
was: {akumuli.read: 'power site=old\\ home', since: 2025-11-24, until: 2025-11-25T00:00:00Z}
name: {expr: "was.series"}
out: {file.write: out.jsonl, from: was.out}
show: {log: notice, from: name, message: "from {value}"}
""")
        self.assertEqual([row["value"] for row in rows], values)
        self.assertEqual([row["time"] for row in rows],
                         [f"2025-11-24T16:00:0{i}.{i}5Z" for i in range(len(values))])

    def test_pages(self):
        """More rows than are asked for at once come once each, in order, also where many have one time."""
        database = Database(self)
        database.series = {f"n site=home what={what}": [(str(10**18 + i // 7 * 1000), str(i)) for i in range(12000)]
                           for what in "ab"}
        _, rows = self.read(database, """
was: {akumuli.read: n site=home, since: 2001-09-09, until: 2001-09-10}
out: {file.write: out.jsonl, from: was}
""")
        order = sorted((i // 7, what, i) for what in "ab" for i in range(12000))
        self.assertEqual([row["value"] for row in rows], [value for _, _, value in order])
        self.assertGreater(len(database.questions), 2)

    def test_limit(self):
        """More than `limit` rows are not read, and that is said; exactly as many are no reason to say anything."""
        database = Database(self)
        database.series = {"n site=home": [(str(10**18 + i), str(i)) for i in range(10)]}
        nodes = """
was: {{akumuli.read: n site=home, since: 2001-09-09, until: 2001-09-10, limit: {limit}}}
out: {{file.write: out.jsonl, from: was}}
"""
        said, rows = self.read(database, nodes.format(limit=4))
        self.assertEqual([row["value"] for row in rows], [0, 1, 2, 3])
        self.assertIn("more than `limit: 4` rows are not read", said)
        said, _ = self.read(database, nodes.format(limit=11))
        self.assertNotIn("are not read", said)

    def test_aggregates(self):
        """The database puts rows together: by time, or all."""
        database = Database(self)
        database.series = {"n site=home": [(str(10**18 + i * 600 * 10**9), str(i)) for i in range(12)],
                           "n site=other": [(str(10**18), "99")]}
        for options, wanted in [("aggregate: mean, group: 1h", [0.5, 4.5, 9.5]), ("aggregate: max", [11]),
                                ("aggregate: count, group: 1d", [12])]:
            with self.subTest(options=options):
                (self.dir / "out.jsonl").unlink(missing_ok=True)
                _, rows = self.read(database, f"""
was: {{akumuli.read: n site=home, since: 2001-09-09, until: 2001-09-10, {options}}}
out: {{file.write: out.jsonl, from: was}}
""")
                self.assertEqual([row["value"] for row in rows], wanted)
        self.assertEqual(database.questions[0]["group-aggregate"], {"metric": "n", "step": "1h", "func": ["mean"]})

    def test_errors(self):
        """What the database says against a question is told with the name of the series, and ends the run."""
        database = Database(self)
        database.series = {"n site=home": [(str(10**18), "1"), (str(10**18 + 1), "2")]}
        cases = [(None, "nosuch site=home", "nosuch site=home: the database says: not found"),
                 ((200, b"-Query object type is undefined.\r\n"), "n site=home", "n site=home: the database says: Query"),
                 ((400, b"-invalid output statement (format)\r\n"), "n site=home", "invalid output statement"),
                 ((404, b"-Invalid url\r\n"), "n site=home", "404"),
                 ((200, b"n site=home,ts=5\nn site=home,ts=1000000000000000000,7\n"), "n site=home",
                  "is no `series,time,number`"),
                 ((200, b"n site=home,ts=1000000000000000000,7\n-DB broken\r\n"), "n site=home",
                  "the database says: DB broken"),
                 ((200, b"\xff\x00,,\n"), "n site=home", "is no `series,time,number`"),
                 ((200, b"x" * (33 * 1024 * 1024)), "n site=home", "the answer is over")]
        for instead, series, wanted in cases:
            with self.subTest(wanted=wanted):
                database.instead = instead
                said, _ = self.read(database, f"""
was: {{akumuli.read: {series}, since: 2001-09-09, until: 2001-09-10}}
show: {{log: notice, from: was, message: "{{quality}} {{value}}"}}
""")
                self.assertIn(wanted, said)

    def test_follows(self):
        """With `every` only what is new is said; with `repeat: all` all of it again."""
        database = Database(self)
        now = 4 * 10**18
        database.series = {"n site=home": [(str(now), "1"), (str(now), "2")]}
        self.flow("""
new: {akumuli.read: n site=home, since: 2096-01-01, until: 2097-01-01, every: 100ms}
all: {akumuli.read: n site=home, since: 2096-01-01, until: 2097-01-01, every: 100ms, repeat: all}
show: {log: notice, from: all.out, message: "all {value}."}
told: {log: notice, from: new.out, message: "new {value}."}
""", more=self.links(database))
        running = self.start("run", "flow.yaml")
        for text in ("new 2.", "all 1.", "all 2.", "all 1.", "all 2."):
            running.until(text)
        database.series["n site=home"] += [(str(now), "3"), (str(now + 1), "4")]
        running.until("new 4.")
        running.until("all 4.")
        lines = [line.split("told: ")[1].strip() for line in running.lines if "told: " in line]
        self.assertEqual(lines, ["new 1.", "new 2.", "new 3.", "new 4."])

    def test_goes_on(self):
        """A reload that changes the node and a restart with `keep` say only what is new."""
        self.needs_state()
        database = Database(self)
        now = 4 * 10**18
        database.series = {"n site=home": [(str(now), "1")]}
        nodes = """
new: {{akumuli.read: n site=home, since: 2096-01-01, until: 2097-01-01, every: {every}, keep: true}}
told: {{log: notice, from: new.out, message: "new {{value}}."}}
"""
        self.flow(nodes.format(every="100ms"), more=self.links(database))
        running = self.start("run", "flow.yaml", "--state", "state")
        running.until("new 1.")
        self.flow(nodes.format(every="110ms"), more=self.links(database))
        running.signal(signal.SIGHUP)
        running.until("generation 2")
        database.series["n site=home"] += [(str(now + 1), "2")]
        running.until("new 2.")
        running.signal(signal.SIGTERM)
        lines = running.finish()
        self.assertEqual((lines.count("new 1."), lines.count("new 2.")), (1, 1))
        running = self.start("run", "flow.yaml", "--state", "state")
        database.series["n site=home"] += [(str(now + 2), "3")]
        running.until("new 3.")
        self.assertNotIn("new 2.", "".join(running.lines))

    def test_away_and_back(self):
        """A database that is away makes the node stale; it is asked again, and the node has nothing to say twice."""
        database = Database(self)
        database.series = {"n site=home": [(str(10**18), "1")]}
        database.stop_questions()
        self.flow("""
was: {akumuli.read: n site=home, since: 2001-09-09, until: 2001-09-10}
show: {log: notice, from: was.out, message: "{quality} {value}."}
""", more=self.links(database))
        running = self.start("run", "flow.yaml")
        running.until("trying again")
        database.serve_questions(self, database.query_port)
        running.until("good 1.")

    def test_example(self):
        """The backtest of examples/backtest, over a day of rows, comes to what they add up to."""
        database = Database(self)
        hour, now = 3600 * 10**9, time.time_ns()
        watts = [-1000, -3000, -2500, -500, 300, -1900, -2100]
        database.series = {"power site=home what=grid":
                           [(str(now - (len(watts) - i) * hour), str(power)) for i, power in enumerate(watts)]}
        self.call("run", "--once", str(ROOT / "examples/backtest"), "--set", f"tsdb=tcp:127.0.0.1:{database.port}",
                  "--set", f"query_port={database.query_port}")
        rows = list(csv.DictReader((self.dir / "backtest.csv").read_text(encoding="utf-8").splitlines()))
        # 0, 2, 2, 0.5, 0, 0, 2 kW; the mean of two rows over the hour between.
        self.assertAlmostEqual(float(rows[-1]["energy"]), (0 + 2) / 2 + 2 + (2 + 0.5) / 2 + 0.5 / 2 + 0 + 2 / 2, 6)


if __name__ == "__main__":
    unittest.main()
