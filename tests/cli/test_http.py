# SPDX-License-Identifier: LGPL-3.0-or-later
"""run --listen: pages for monitors, who may see them, and that no caller holds the flow up."""

import http.client
import json
import re
import socket
import unittest

from cli import WAIT
from control import COUNT, ControlTest

NODES = COUNT + """
half: {expr: tick * 0.5}
on: {when: tick >= 0}
name: {map: {0: none}, default: other, from: tick}
hot: {sim.wave: sine, min: 5, max: 5, every: 50ms, period: 1s, unit: kW}
"""
TOKEN = "a-token-that-is-long-enough"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+-]+)$')


class HttpTest(ControlTest):
    def serve(self, *args, nodes=NODES, address="127.0.0.1:0"):
        """Starts an engine on a free port; returns it when it listens."""
        running = self.start("run", self.flow(nodes), "--socket", "control", "--listen", address, *args)
        line = running.until("listens on http://")
        self.port = int(line.rsplit(":", 1)[1])
        running.until("tick 1")
        return running

    def get(self, path, method="GET", status=200, host="127.0.0.1", **headers):
        client = http.client.HTTPConnection(host, self.port, timeout=WAIT)
        self.addCleanup(client.close)
        client.request(method, path, headers=headers)
        answer = client.getresponse()
        body = answer.read().decode()
        self.assertEqual(answer.status, status, body)
        self.headers = answer.headers
        return body


class Pages(HttpTest):
    def test_live(self):
        """/live answers while the loop runs."""
        running = self.serve()
        self.assertEqual(self.get("/live"), "alive\n")
        self.assertEqual(self.get("/live", method="HEAD"), "")
        self.end(running)

    def test_ready(self):
        """/ready is 200 when all is well, else 503 with the reasons."""
        running = self.serve()
        self.assertEqual(json.loads(self.get("/ready")), {"ready": True, "reasons": []})
        self.end(running)
        running = self.serve(nodes=NODES + "in: {file.read: none.jsonl, columns: [x]}\n")
        self.assertEqual(json.loads(self.get("/ready", status=503)), {"ready": False, "reasons": ["node `in` failed"]})
        self.end(running)

    def samples(self):
        """What /metrics says, read as strictly as Prometheus does; {(name, labels): number}."""
        text, types, samples, done = self.get("/metrics"), {}, {}, set()
        self.assertTrue(text.endswith("\n"))
        for line in text.splitlines():
            if line.startswith("# "):
                _, what, name, rest = line.split(" ", 3)
                self.assertNotIn((what, name), done)
                done.add((what, name))
                if what == "TYPE":
                    types[name] = current = name
                    self.assertEqual(rest, "counter" if name.endswith("_total") else "gauge")
                continue
            match = SAMPLE.match(line)
            self.assertIsNotNone(match, line)
            name, labels, number = match.groups()
            self.assertEqual(name, current)  # all samples of a metric stand together, behind its type
            self.assertNotIn((name, labels), samples)
            samples[name, labels] = float(number)
        return samples

    def test_metrics(self):
        """/metrics is Prometheus text: counters of nodes and outputs, values, and every limit."""
        running = self.serve(nodes=NODES + "out: {file.write: out.jsonl, from: {half: half}}\n"
                             "rule: {lua: 'function run(input) return input.half end', from: {half: half}}\n")
        samples = self.samples()
        self.assertIn("version=0.0.4", self.headers["Content-Type"])
        self.assertEqual(samples["moat_flow_healthy", None], 1)
        self.assertEqual(samples["moat_flow_nodes", None], 8)
        self.assertGreater(samples["moat_flow_node_counter_total", 'node="rule",kind="lua",name="calls"'], 0)
        self.assertGreater(samples["moat_flow_node_gauge", 'node="rule",kind="lua",name="memory_bytes"'], 0)
        self.assertEqual(samples["moat_flow_good", 'node="half",output="out"'], 1)
        self.assertEqual(samples["moat_flow_value", 'node="hot",output="out",unit="kW"'], 5)
        self.assertEqual(samples["moat_flow_value", 'node="on",output="out",unit=""'], 1)
        self.assertEqual(samples["moat_flow_node_failed", 'node="half",kind="expr"'], 0)
        self.assertNotIn(("moat_flow_value", 'node="name",output="out",unit=""'), samples)
        self.assertGreater(samples["moat_flow_node_runs_total", 'node="half",kind="expr"'], 1)
        for limit in ("dropped_values_total", "control_dropped_lines_total", "control_refused_callers_total",
                      "dead_letters_dropped_total", "http_denied_requests_total"):
            self.assertEqual(samples["moat_flow_" + limit, None], 0)
        more = self.samples()
        for (name, labels), number in samples.items():
            if name.endswith("_total"):
                self.assertGreaterEqual(more[name, labels], number)
        self.assertEqual(more["moat_flow_http_requests_total", None], 2)
        self.end(running)

    def test_graph(self):
        """/graph is the picture of the flow, in the formats of `moat-flow graph`."""
        running = self.serve()
        graph = json.loads(self.get("/graph"))
        self.assertEqual({node["name"] for node in graph["nodes"]}, {"tick", "show", "half", "on", "name", "hot"})
        self.assertTrue(self.get("/graph?format=dot").startswith("digraph"))
        self.assertIn("half", self.get("/graph?format=text"))
        self.get("/graph?format=png", status=400)
        self.end(running)

    def test_nothing_else(self):
        """Other pages and methods are refused."""
        running = self.serve()
        self.get("/", status=404)
        self.get("/live/../ready", status=404)
        self.get("/live", method="DELETE", status=405)
        self.get("/metrics", method="POST", status=405)
        self.end(running)


class Access(HttpTest):
    def test_host(self):
        """Without a token only names of this machine are answered: a web page with a name of its own is not."""
        running = self.serve()
        for host in ("localhost", "LOCALHOST:99", "127.0.0.1", "127.1.2.3:80", "[::1]:9"):
            self.get("/live", Host=host)
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1", "[::2]", ""):
            self.get("/live", status=403, Host=host)
        self.end(running)

    def test_token(self):
        """With a token each page wants it, whole."""
        self.write("token", TOKEN + "\n")
        running = self.serve("--token-file", "token")
        self.get("/live", status=401)
        self.assertEqual(self.headers["WWW-Authenticate"], "Bearer")
        for wrong in (TOKEN, "Bearer", "Bearer ", "Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x", "Basic " + TOKEN,
                      "Bearer " + TOKEN.upper(), "Bearer " + TOKEN * 2):
            self.get("/metrics", status=401, Authorization=wrong)
        self.get("/live", Authorization="Bearer " + TOKEN)
        self.get("/live", Authorization="bearer " + TOKEN, Host="house.example")
        self.end(running)

    def test_outside(self):
        """An address that others can reach wants a token."""
        self.flow(NODES)
        for address in ("0.0.0.0:0", "[::]:0"):
            done = self.call("run", "--listen", address, "flow.yaml", code=2)
            self.assertIn("--token-file", done.stderr)
        self.write("token", TOKEN)
        running = self.serve("--token-file", "token", address="0.0.0.0:0")
        self.get("/live", status=401)
        self.get("/live", Authorization="Bearer " + TOKEN)
        self.end(running)

    def test_bad_tokens(self):
        """A token that is short, missing or unreadable is refused before the flow runs."""
        self.flow(NODES)
        for name, text in (("short", "short\n"), ("empty", ""), ("second", "\n" + TOKEN), ("nul", "a" * 20 + "\0")):
            self.write(name, text)
            self.assertIn("the token in", self.call("run", "--listen", "127.0.0.1:0", "--token-file", name, "flow.yaml",
                                                    code=2).stderr)
        self.call("run", "--listen", "127.0.0.1:0", "--token-file", "none", "flow.yaml", code=2)

    def test_bad_addresses(self):
        """What is no address, and one that is taken, are said."""
        self.flow(NODES)
        for address in ("8080", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[::1:80", ":80"):
            self.assertIn("HOST:PORT", self.call("run", "--listen", address, "flow.yaml", code=2).stderr)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assertIn("cannot listen", self.call("run", "--listen", address, "flow.yaml", code=4).stderr)


class Hostile(HttpTest):
    def raw(self, data):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        self.addCleanup(sock.close)
        sock.sendall(data)
        return sock

    def test_garbage(self):
        """What is no HTTP, headers without end and bodies that nobody wants do no harm."""
        running = self.serve()
        for data in (b"\x00\xff\x16\x03\x01\n\n", b"GET /live HTTP/9.9\r\n\r\n", b"GET " + b"/" * 50000 + b" HTTP/1.1\r\n\r\n",
                     b"GET /live HTTP/1.1\r\nHost: localhost\r\n" + b"A: " + b"b" * 60000 + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as sock:
                try:
                    sock.sendall(data)
                except (ConnectionResetError, BrokenPipeError):
                    pass  # it has heard enough
            self.assertEqual(self.get("/live"), "alive\n")
        body = b"x" * 100000
        sock = self.raw(b"POST /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertIn(b" 405 ", sock.recv(4096))
        self.assertEqual(self.get("/live"), "alive\n")
        self.end(running)

    def test_many_connections(self):
        """More connections than the limit: some wait or are closed, the flow and the next caller are served."""
        running = self.serve()
        idle = []
        for _ in range(60):
            try:
                idle.append(self.raw(b"GET /li"))
            except OSError:
                break
        running.until("tick ")
        for sock in idle:
            sock.close()
        self.assertEqual(self.get("/live"), "alive\n")
        self.end(running)

    def test_ends_with_callers(self):
        """The engine ends in order while somebody is in the middle of a request."""
        running = self.serve()
        self.raw(b"GET /live HTTP/1.1\r\nHost: local")
        self.end(running)


if __name__ == "__main__":
    unittest.main()
