# SPDX-License-Identifier: LGPL-3.0-or-later
"""`test`: which files it finds, what it prints in each format, what it ends with."""

import json
import re
import unittest
import xml.etree.ElementTree as ElementTree

from cli import CliTest

FLOW = """
power: {sim.wave: sine, every: 1s, period: 1min, min: 0, max: 8, unit: kW}
quiet: {deadband: 20 W, from: power}
alarm: {when: power > 5 kW, for: 2min}
clock: {every: 1min}
show: {log: notice, from: alarm}
"""
HEAD = "moat-flow-test: 1\nflow: flow.yaml\ntests:\n"
GOOD = HEAD + """
  - name: two minutes
    steps:
      - {at: 0s, set: {power: 6 kW}, expect: {alarm: none, show: none}}
      - {at: 119s, expect: {alarm: none, power: 6000 W}}
      - {at: 121s, expect: {alarm: true, show: true, clock: {about: 2 +- 1}}}
      - {set: {power: 4.8 kW}, expect: {alarm: [true, false]}}
"""
BAD = HEAD + """
  - name: one minute
    steps:
      - {at: 0s, set: {power: 6 kW}}
      - {at: 1min, expect: {alarm: true}}
  - {name: quiet, series: {power: 0 W + 25 W x 4 every 1s}, expect: {quiet: [0 W, 25 W]}}
"""


class Tests(CliTest):
    def put(self, text, name="flow.test.yaml"):
        self.flow(FLOW)
        return self.write(name, text)

    def cases(self, steps, more=""):
        """One test of these steps."""
        return self.put(f"{HEAD}  - name: it{more}\n    steps:\n" + "".join(f"      - {step}\n" for step in steps))

    def test_passing(self):
        """Tests that pass print nothing on stdout, their sum on stderr, their names with -v; exit 0."""
        self.put(GOOD.replace(", clock: {about: 2 +- 1}", ""))
        done = self.call("test")
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"^1 file, 1 test: 1 passed, 0 failed \(\d+ ms\)$")
        self.assertEqual(self.call("test", "-v").stdout, "ok     flow.test.yaml: two minutes\n")
        self.assertEqual(self.call("test", "-q").stderr, "")

    def test_ports_by_name(self):
        """A single output may be named, too; what is no output is said at its place."""
        self.cases(["{at: 0s, set: {power: {out: 6 kW}}, expect: {power: {out: {about: 6 kW +- 1 W}}}}"])
        self.call("test")
        self.cases(["{at: 0s, set: {power: {otu: 6 kW}}}"])
        self.assertIn("`power` has no output `otu`", self.call("test", code=1).stdout)

    def test_failing(self):
        """A failure shows the line of the expectation, what came, and the last events; exit 1."""
        self.put(BAD)
        done = self.call("test", code=1)
        self.assertIn("one minute: at 1min `alarm` has said nothing, expected true", done.stdout)
        self.assertIn("flow.test.yaml:8:36", done.stdout)
        self.assertIn("= note: at 0s in:  power = 6 kW", done.stdout)
        self.assertIn("2 tests: 1 passed, 1 failed", done.stderr)

    def test_only(self):
        """--only takes a pattern for names of tests or of files; one that fits nothing is an error."""
        self.put(BAD)
        self.call("test", "--only", "q*t")
        self.call("test", "--only", "one*", code=1)
        self.call("test", "--only", "*.test.yaml", code=1)
        self.assertIn("no test is called `x`", self.call("test", "--only", "x", code=1).stderr)

    def test_nothing(self):
        """A run that finds nothing must not look as if all were well."""
        self.flow(FLOW)
        self.assertIn("there are no tests", self.call("test", code=1).stderr)
        self.assertIn("cannot open `nowhere`", self.call("test", "nowhere", code=1).stderr)
        self.call("test", "--format", "yaml", code=2)

    def test_finding(self):
        """Directories are searched with all below them, hidden ones aside; a flow stands for the tests beside it."""
        self.flow(FLOW, "deep/er/flow.yaml")
        self.write("deep/er/flow.test.yaml", BAD)
        self.flow(FLOW, ".hidden/flow.yaml")
        self.write(".hidden/flow.test.yaml", BAD)
        (self.dir / "loop").symlink_to(self.dir, target_is_directory=True)
        for path in (".", "deep", "deep/er/flow.yaml", "deep/er/flow.test.yaml"):
            self.assertIn("1 file, 2 tests", self.call("test", path, code=1).stderr, path)

    def test_json(self):
        """--format json is one object with all tests and their failures."""
        self.put(BAD)
        report = json.loads(self.call("test", "--format", "json", "--coverage", code=1).stdout)
        self.assertEqual((report["files"], report["tests"], report["passed"], report["failed"], report["faults"]),
                         (1, 2, 1, 1, 0))
        first, second = report["results"][0]["tests"]
        self.assertEqual((first["name"], first["ok"], first["line"]), ("one minute", False, 5))
        self.assertEqual((first["failures"][0]["code"], first["failures"][0]["line"]), ("MF0813", 8))
        self.assertTrue(first["failures"][0]["events"])
        self.assertTrue(second["ok"])
        self.assertIn("was never true", [gap["gap"] for gap in report["coverage"]["gaps"] if gap["name"] == "alarm"])

    def test_junit(self):
        """--format junit is XML with a suite for each file; a file with faults is an error in it."""
        self.put(BAD.replace("one minute", "<one> & \"two\""))
        self.write("broken.test.yaml", HEAD + "  - {nome: x}\n")
        root = ElementTree.fromstring(self.call("test", "--format", "junit", code=1).stdout)
        self.assertEqual((root.get("tests"), root.get("failures"), root.get("errors")), ("3", "1", "1"))
        self.assertEqual([suite.get("name") for suite in root], ["broken.test.yaml", "flow.test.yaml"])
        case = root.find("testsuite/testcase[failure]")
        self.assertEqual(case.get("name"), "<one> & \"two\"")
        self.assertIn("expected true", case.find("failure").text)

    def test_coverage(self):
        """--coverage lists what never spoke and which way a condition never went."""
        self.put(BAD)
        lines = self.call("test", "--coverage", "--only", "quiet").stdout.splitlines()
        self.assertEqual(lines, ["coverage: 5 of 5 outputs and sinks, 1 of 2 branches",
                                 "flow.yaml:5:3: the condition of `alarm` was never true"])
        self.put(GOOD.replace(", clock: {about: 2 +- 1}", ""))
        self.assertEqual(self.call("test", "--coverage").stdout,
                         "coverage: 5 of 5 outputs and sinks, 2 of 2 branches\n")

    def test_coverage_of_scripts(self):
        """--coverage names the lines of a Lua script that no test has run, where they stand."""
        self.write("flow.yaml", "moat-flow: 1\nnodes:\n  power: {sim.counter: 1, every: 1s}\n  lim:\n"
                   "    lua: |\n      local function clip(x)\n        if x > 5 then\n          return 5\n        end\n"
                   "        return x\n      end\n      function run(input)\n        return clip(input.power)\n      end\n    from: {power: power}\n"
                   "  show: {log: notice, from: lim}\n")
        test = HEAD + "  - name: small\n    steps: [{set: {power: 3}, expect: {lim: 3}}]\n"
        self.write("flow.test.yaml", test)
        self.assertEqual(self.call("test", "--coverage").stdout.splitlines(),
                         ["coverage: 3 of 3 outputs and sinks, 0 of 0 branches, 6 of 7 lines of scripts",
                          "flow.yaml:8:1: the line was never run"])
        self.write("flow.test.yaml", test + "  - name: large\n    steps: [{set: {power: 9}, expect: {lim: 5}}]\n")
        self.assertIn("7 of 7 lines", self.call("test", "--coverage").stdout)

    def test_flow_with_faults(self):
        """Faults of the flow are shown, and its tests are not run."""
        self.put(GOOD)
        self.flow(FLOW.replace("deadband", "deadbnd"))
        done = self.call("test", code=1)
        self.assertIn("MF0138", done.stdout)
        self.assertIn("0 tests", done.stderr)

    def test_variables(self):
        """`vars` of the file are those of the flow; --set wins."""
        self.flow("a: {sim.counter: 1, every: 1s}\nb: {scale: \"${by}\", from: a}", more="vars: {by: 1}\n")
        self.write("a.test.yaml", "moat-flow-test: 1\nflow: flow.yaml\nvars: {by: 3}\ntests:\n"
                                  "  - {name: x, steps: [{set: {a: 2}, expect: {b: 6}}]}\n")
        self.call("test")
        self.assertIn("`b` is 10", self.call("test", "--set", "by=5", code=1).stdout)

    def test_quality(self):
        """A source stays good until it fails, and is good again with its next value."""
        self.cases(["{at: 0s, set: {power: 1 kW}}",
                    "{at: 1d, expect: {power: 1 kW, quiet: 1 kW}}",
                    "{fail: {power: out of range}, expect: {power: bad, quiet: bad, alarm: bad}}",
                    "{set: {power: 1 kW}, expect: {power: 1 kW, quiet: 1 kW, alarm: false}}",
                    "{fail: {power: stale}, expect: {quiet: stale}}"])
        self.call("test")

    def test_time_runs(self):
        """Kinds of time run by the clock of the test; a day on which the clocks go forward has 23 hours."""
        self.flow("tick: {every: 1h}\nhours: {count: 1d, from: tick, every: 1h}\n"
                  "night: {at: next 03:30, value: 1}\nshow: {log: notice, from: [hours, night]}")
        self.write("a.test.yaml", HEAD + "  - name: a short night\n    start: 2026-03-29 01:30 Europe/Berlin\n"
                   "    steps:\n      - {at: 59min, expect: {night: none}}\n      - {at: 61min, expect: {night: 1}}\n")
        self.call("test")

    def test_values_by_type(self):
        """What a scalar means follows from the type of the output, not from its look."""
        self.flow("t: {sim.counter: 1, every: 1s}\nword: {expr: \"'off'\", from: t}\n"
                  "none: {expr: \"'none'\", from: t}\ntruth: {when: value > 1, from: t}\n"
                  "all: {join: , from: {a: t, b: word}}\nshow: {log: notice, from: [word, none, truth, all]}")
        self.write("a.test.yaml", HEAD + "  - name: x\n    steps:\n      - set: {t: 1}\n        expect:\n"
                   "          word: off\n          none: \"none\"\n          truth: off\n          all: {a: 1, b: off}\n"
                   "          show: {all: {a: 1, b: off}, word: off}\n")
        self.call("test")

    def test_examples(self):
        """Examples of nodes are run by `test` and `validate`, once however many files of tests name the flow."""
        flow = ("power: {sim.wave: sine, every: 1s, unit: kW, min: 0, max: 1, period: 1min}\n"
                "excess: {expr: '0 W - power', from: power, examples: [{power: 1 kW, gives: -1000 W}, {power: 5, gives: %s}]}\n"
                "late: {delay: 1s, from: excess, examples: [{excess: [1, 2, 3], gives: [1, 2]}]}\n"
                "show: {log: notice, from: late}")
        self.flow(flow % "-5 kW")
        self.assertIn("4 nodes: no errors", self.call("validate", "flow.yaml").stderr)
        done = self.call("test", "-v")
        self.assertEqual(done.stdout.splitlines(), ["ok     .: example 1 of `excess`", "ok     .: example 2 of `excess`",
                                                    "ok     .: example 1 of `late`"])
        self.assertIn("1 test", self.call("test", "--only", "example 1 of `l*", "flow.yaml").stderr)
        self.flow(flow % "-6 kW")
        for name in ("a.test.yaml", "b.test.yaml"):
            self.write(name, HEAD + "  - {name: x, steps: [{expect: {show: none}}]}\n")
        self.assertIn("MF0814", self.call("validate", "flow.yaml", code=1).stdout)
        done = self.call("test", "a.test.yaml", "b.test.yaml", code=1)
        self.assertIn("example 2 of `excess`: at 0s `excess` is -5000 W, expected -6000 W", done.stdout)
        self.assertIn("5 tests: 4 passed, 1 failed", done.stderr)

    def test_examples_that_are_none(self):
        """A node whose output does not follow from its inputs has no examples; both commands say so."""
        self.flow("a: {sim.counter: 1, every: 1s, examples: [{gives: 1}]}\nshow: {log: notice, from: a}")
        self.assertIn("MF0815", self.call("validate", "flow.yaml", code=1).stdout)
        self.assertIn("MF0815", self.call("test", code=1).stdout)

    def test_examples_without_environment(self):
        """With --no-env a node that is not complete is not run."""
        self.flow("a: {sim.counter: 1, every: 1s}\nb: {scale: \"${env:NOT_THERE}\", from: a, examples: [{a: 1, gives: 5}]}\n"
                  "show: {log: notice, from: b}")
        self.call("validate", "--no-env", "flow.yaml")
        self.call("validate", "flow.yaml", env={"NOT_THERE": "5"})
        self.call("validate", "flow.yaml", env={"NOT_THERE": "6"}, code=1)

    def test_same_each_time(self):
        """Two runs of one test print the same, to the byte."""
        self.put(BAD)
        first, second = (re.sub(r'"seconds": [0-9.]+', "", self.call("test", "--format", "json", code=1).stdout) for _ in "ab")
        self.assertEqual(first, second)


if __name__ == "__main__":
    unittest.main()
