# SPDX-License-Identifier: LGPL-3.0-or-later
"""Commands that end by themselves: validate, nodes, explain, new, graph, expand, schema, completion, help."""

import json
import re
import subprocess
import unittest

from cli import ROOT, CliTest, absent_kinds

GOOD = """
power: {sim.wave: sine, every: 1s, period: 1min, min: 0, max: 2000, unit: W}
quiet: {deadband: 20 W, from: power}
show: {log: info, from: quiet}
"""
BAD = """
power: {sim.wave: sine, every: 5, period: 1min, min: 0, max: 2000, unit: W}
quiet: {deadbnd: 20 W, from: power}
show: {log: info, from: quite}
"""


class Validate(CliTest):
    def test_good_flow(self):
        """A good flow: nothing on stdout, the summary on stderr, exit 0."""
        done = self.call("validate", self.flow(GOOD))
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"^1 file, 3 nodes: no errors \(\d+ ms\)$")

    def test_all_faults_at_once(self):
        """All faults in one run, none about what depends on a failed node; exit 1."""
        done = self.call("validate", "--format", "short", self.flow(BAD), code=1)
        self.assertIn("flow.yaml:3:", done.stdout)
        self.assertIn("flow.yaml:4:", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 3, done.stdout)
        self.assertIn("5s", self.call("validate", self.flow(BAD), code=1).stdout)

    def test_json(self):
        """--format json is one object with the keys of the contract."""
        report = json.loads(self.call("validate", "--format", "json", self.flow(BAD), code=1).stdout)
        self.assertEqual(report["errors"], 3)
        for key in ("severity", "code", "message", "file", "line", "column", "end_line", "end_column"):
            self.assertIn(key, report["diagnostics"][0])

    def test_sarif_and_github(self):
        """The other renderings are what their readers expect."""
        sarif = json.loads(self.call("validate", "--format", "sarif", self.flow(BAD), code=1).stdout)
        self.assertEqual(sarif["version"], "2.1.0")
        self.assertEqual(len(sarif["runs"][0]["results"]), 3)
        self.assertTrue(self.call("validate", "--format", "github", "flow.yaml", code=1).stdout.startswith("::error file="))

    def test_stdin(self):
        """`-` reads standard input, under the name given."""
        done = self.call("validate", "--stdin-name", "edit.yaml", "--format", "short", "-", code=1,
                         stdin="moat-flow: 1\nnodes:\n  a: {lgo: info}\n")
        self.assertIn("edit.yaml:3:", done.stdout)

    def test_directory(self):
        """A directory is its *.yaml files, without parts and tests."""
        self.flow(GOOD)
        self.write("part.yaml", "moat-flow: 1\npart: P\nparams: {}\nnodes: {x: {log: info, from: y}}\n")
        self.write("a.test.yaml", "moat-flow-test: 1\n")
        self.assertIn("1 file, 3 nodes", self.call("validate").stderr)

    def test_markdown(self):
        """Every block of a document that is a flow is checked, at its own lines."""
        self.write("doc.md", "# Doc\n\n```yaml\nmoat-flow: 1\nnodes:\n  a: {sim.counter: 1, every: 1s}\n```\n\n"
                             "```yaml\nmoat-flow: 1\nnodes:\n  b: {sim.countr: 1}\n```\n")
        done = self.call("validate", "--format", "short", "doc.md", code=1)
        self.assertIn("doc.md:12:", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)

    def test_deny_warnings(self):
        """Warnings alone are exit 0, and 3 with --deny-warnings."""
        text = "a: {sim.counter: 1, every: 1s, queue: 5}"
        self.call("validate", self.flow(text))
        self.call("validate", "--deny-warnings", "flow.yaml", code=3)

    def test_missing_file(self):
        """A path that is not there is said, with its name."""
        self.assertIn("nothing.yaml", self.call("validate", "nothing.yaml", code=1).stdout)

    def test_no_env(self):
        """A missing secret is an error that says where it looked, with --no-env only a note."""
        self.flow("a: {log: info, message: \"${secret:pin}\", from: b}\nb: {sim.counter: 1, every: 1s}")
        self.assertIn("pin", self.call("validate", "flow.yaml", code=1).stdout)
        self.call("validate", "--no-env", "flow.yaml")

    def test_set(self):
        """--set wins over vars."""
        self.flow("a: {sim.counter: 1, every: \"${t}\"}", more="vars: {t: 1s}\n")
        self.call("validate", "flow.yaml")
        self.call("validate", "--set", "t=oops", "flow.yaml", code=1)

    def test_color(self):
        """Colour only when asked for or on a terminal."""
        self.flow(BAD)
        self.assertNotIn("\033[", self.call("validate", "flow.yaml", code=1).stdout)
        self.assertIn("\033[", self.call("validate", "--color", "always", "flow.yaml", code=1).stdout)


class Usage(CliTest):
    def test_unknown_words(self):
        """Unknown commands, options and choices are exit 2 with the nearest legal one."""
        self.assertIn("`validate`", self.call("valdate", code=2).stderr)
        self.assertIn("`--format`", self.call("validate", "--fromat", "json", code=2).stderr)
        self.assertIn("`json`", self.call("validate", "--format", "jsn", code=2).stderr)
        self.assertIn("wants a value", self.call("validate", "--format", code=2).stderr)
        self.assertIn("takes no arguments", self.call("schema", "x", code=2).stderr)
        self.assertIn("takes no value", self.call("validate", "--env=1", code=2).stderr)
        self.call("--wrong", code=2)

    def test_help(self):
        """Every command has help that begins with its summary and shows examples of itself."""
        overview = self.call("help").stdout
        self.assertIn("validate", self.call().stdout)
        commands = [line.split()[0] for line in overview.split("Commands:")[1].split("\n\n")[0].splitlines() if line.strip()]
        self.assertGreater(len(commands), 8)
        for command in commands:
            text = self.call("help", command).stdout
            self.assertEqual(text, self.call(command, "--help").stdout)
            self.assertIn("Usage: moat-flow " + command, text)

    def test_version(self):
        """--version prints one line."""
        self.assertRegex(self.call("--version").stdout, r"^moat-flow \d+\.\d+\.\d+\n$")


class Mqtt(CliTest):
    def setUp(self):
        super().setUp()
        if "mqtt" not in self.call("help").stdout:
            self.skipTest("built without mqtt")

    def test_contradictions(self):
        """Flags that are each other's opposite are not given together."""
        for flags in (["--retain", "--no-retain"], ["--keep-session", "--clean-session"]):
            done = self.call("mqtt", "pub", "-t", "x", "-m", "y", *flags, code=2)
            self.assertIn("contradict each other", done.stderr)

    def test_defaults_may_be_said(self):
        """What is the default anyway may be said; nobody listens at port 1, which is exit 5."""
        self.call("mqtt", "pub", "-u", "mqtt://127.0.0.1:1", "-t", "x", "-m", "y", "--no-retain", "--clean-session", code=5)


class Reference(CliTest):
    def test_nodes(self):
        """The list names every kind, and each can be asked for."""
        kinds = json.loads(self.call("nodes", "--format", "json").stdout)
        text = self.call("nodes").stdout
        for kind in kinds:
            self.assertIn(kind["name"], text)
            self.assertIn(kind["summary"], self.call("nodes", kind["name"]).stdout)
        self.assertIn("`deadband`", self.call("nodes", "deadbnd", code=2).stderr)
        self.assertIn("stale", self.call("nodes", "common").stdout)

    def test_explain(self):
        """A code is explained however it is written; without one all are listed."""
        text = self.call("explain", "MF0203").stdout
        self.assertEqual(text, self.call("explain", "203").stdout)
        self.assertIn("```yaml", text)
        self.assertIn("MF0203", self.call("explain").stdout)
        self.call("explain", "MF9999", code=2)

    def test_new(self):
        """Every starter is a flow that validates."""
        for name in self.call("new").stdout.split():
            self.write("new.yaml", self.call("new", name).stdout)
            self.call("validate", "--no-env", "--deny-warnings", "new.yaml")
        self.call("new", "deadbnd", code=2)

    def test_schema(self):
        """The schema is JSON of the 2020-12 dialect."""
        self.assertIn("2020-12", json.loads(self.call("schema").stdout)["$schema"])

    def test_completion(self):
        """The bash script is bash, and knows commands and kinds."""
        script = self.call("completion", "bash").stdout
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        self.assertIn("validate", script)
        self.assertIn("deadband", self.call("completion", "words", "nodes").stdout)
        self.assertIn("#compdef", self.call("completion", "zsh").stdout)
        self.assertIn("complete -c moat-flow", self.call("completion", "fish").stdout)
        self.call("completion", "tcsh", code=2)


class Pictures(CliTest):
    def test_formats(self):
        """Each format shows every node."""
        self.flow(GOOD)
        for form in ("text", "dot", "mermaid", "json"):
            text = self.call("graph", "--format", form, "flow.yaml").stdout
            for node in ("power", "quiet", "show"):
                self.assertIn(node, text, form)
        json.loads(self.call("graph", "--format", "json", "flow.yaml").stdout)

    def test_svg_without_dot(self):
        """Without the program `dot`, SVG is refused with a way out."""
        self.flow(GOOD)
        self.assertIn("graphviz", self.call("graph", "--format", "svg", "flow.yaml", code=4, env={"PATH": "/nowhere"}).stderr)

    def test_errors(self):
        """A flow with faults has no picture; they are shown on stderr."""
        done = self.call("graph", self.flow(BAD), code=1)
        self.assertEqual(done.stdout, "")
        self.assertIn("error[", done.stderr)

    def test_expand(self):
        """What expand prints means the same: expanding it again changes nothing."""
        examples = sorted(path for path in (ROOT / "examples").glob("*/*.yaml")
                          if not path.name.endswith(".test.yaml") and "\npart:" not in path.read_text(encoding="utf-8"))
        self.assertTrue(examples)
        absent = absent_kinds(self.call("nodes").stdout)  # not every example can be read then
        examples = [path for path in examples if not absent or not re.search(absent, path.read_text(encoding="utf-8"))]
        for path in examples:
            once = self.call("expand", "--no-env", str(path)).stdout
            self.write("once.yaml", once)
            self.assertEqual(once, self.call("expand", "--no-env", "once.yaml").stdout, path)

    def test_expand_moves_paths(self):
        """Files that options name are found from where the expanded flow lies."""
        self.write("sub/own.yaml", "power: {register: 52, type: float, unit: W}\n")
        self.flow("meter: {modbus.device: bus, profile: own.yaml}\n"
                  "other: {modbus.device: bus, unit_id: 2, profile: Eastron/SDM630, registers: [power]}\n",
                  "sub/flow.yaml", more="links: {bus: {modbus: 'tcp:meter.lan'}}\n")
        once = self.call("expand", "sub/flow.yaml").stdout
        self.assertIn("profile: sub/own.yaml", once)
        self.assertIn("profile: Eastron/SDM630", once)
        self.write("once.yaml", once)
        self.call("validate", "once.yaml")


if __name__ == "__main__":
    unittest.main()
