# SPDX-License-Identifier: LGPL-3.0-or-later
"""http.post: what arrives at the server, how often, and what becomes of the rest."""

import itertools
import json
import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import CliTest  # noqa: E402
from web import Web  # noqa: E402

ROWS = "t,n\n" + "".join(f"{1764000000 + i},{i}\n" for i in range(10))
READ = "in: {file.read: in.csv, time: t, type: number}\n"


class Post(CliTest):
    def environment(self, **more):
        """Whatever proxy the machine has, the servers here are not behind it."""
        return super().environment(**{"no_proxy": "*", "XDG_RUNTIME_DIR": str(self.dir), **more})

    def run_flow(self, web, nodes, *options, more=""):
        self.flow(nodes, more=f"{more}links: {{web: {{http: '{web.url('/api')}', headers: {{X-Key: k}}}}}}\n")
        return self.start("run", *options, "flow.yaml")

    def bodies(self, web):
        return [asked.body.decode() for asked in web.asked]

    def test_bodies(self):
        """Each value is one request, in order, with the method, path, type and header lines asked for."""
        web = Web(self, lambda asked: f'{{"got": {asked.body.decode()}}}' if asked.method == "POST" else (204, ""))
        self.write("in.csv", ROWS)
        self.run_flow(web, READ + """
a: {http.post: /a, from: in.n, headers: {X-Key: own}}
b: {http.post: b?x=1, from: in.n, format: text, method: put}
c: {http.post: /c, from: in.n, format: number, method: patch, headers: {content-type: text/csv}}
told: {file.write: told.jsonl, from: a.reply}
""", "--once").finish()
        for path, method, kind, key in (("/api/a", "POST", "application/json", "own"),
                                        ("/api/b?x=1", "PUT", "text/plain; charset=utf-8", "k"),
                                        ("/api/c", "PATCH", "text/csv", "k")):
            asked = [a for a in web.asked if a.path == path]
            self.assertEqual([int(a.body) for a in asked], list(range(10)))
            self.assertEqual({(a.method, a.headers["X-Key"]) for a in asked}, {(method, key)})
            self.assertEqual({tuple(a.headers.get_all("Content-Type")) for a in asked}, {(kind,)})
        told = (self.dir / "told.jsonl").read_text(encoding="utf-8")
        self.assertEqual([int(number) for number in re.findall(r'"got":(\d+)', told)], list(range(10)))

    def test_server_cannot(self):
        """While the server cannot, the same value is sent again; none is lost, none overtakes another."""
        answers = itertools.chain([(503, "later"), (429, "")], itertools.repeat("{}"))
        web = Web(self, lambda asked: next(answers))
        self.write("in.csv", ROWS)
        said = self.run_flow(web, READ + "a: {http.post: /a, from: in.n}", "--once").finish()
        self.assertEqual([int(body) for body in self.bodies(web)], [0, 0, *range(10)])
        self.assertIn("/api/a: status 503: later; trying again", said)

    def test_refused(self):
        """What the server refuses is a dead letter with the server's words, also after three faults of its own."""
        web = Web(self, lambda asked: (400, "no fives here") if asked.body == b"5"
                  else (500, "oops") if asked.body == b"7" else "{}")
        self.write("in.csv", ROWS)
        running = self.run_flow(web, READ + "a: {http.post: /a, from: in.n}\nstay: {every: 1h}")
        running.until("a message was refused and is a dead letter now:", "no fives here")
        running.until("oops; trying again")
        running.until("dead letter now")
        web.wait(12)
        letters = self.call("dlq", "ls").stdout
        self.assertIn("no fives here", letters)
        self.assertIn("oops", letters)
        self.assertEqual([int(body) for body in self.bodies(web)], [*range(7), 7, 7, 7, 8, 9])

    def test_gone_and_back(self):
        """Values wait while the server is gone, and arrive in order when it is back."""
        web = Web(self, lambda asked: "{}")
        running = self.run_flow(web, "n: {sim.counter: 1, every: 100ms}\na: {http.post: /a, from: n}")
        web.wait(3)
        web.end()
        running.until("web: ", "trying again in")
        again = Web(self, lambda asked: "{}", port=web.port)
        again.wait(10)
        running.signal(signal.SIGTERM)
        running.finish()
        seen = [int(body) for body in self.bodies(web) + self.bodies(again)]
        self.assertEqual(sorted(set(seen)), list(range(seen[0], seen[0] + len(set(seen)))))
        self.assertEqual(seen, sorted(seen))

    def test_spool(self):
        """What waited on disk when the engine was killed arrives when engine and server are back."""
        web = Web(self, lambda asked: "{}")
        web.end()
        self.write("in.csv", ROWS)
        nodes = READ + "a: {http.post: /a, from: in.n, queue: spool 1 MB}\nstay: {every: 1h}"
        running = self.run_flow(web, nodes)
        if "libsqlite3" in running.until("trying again in", "libsqlite3"):
            self.skipTest("built without SQLite")
        while json.loads(self.call("status", "--json").stdout)["store"]["changes"] < 10:
            pass
        running.signal(signal.SIGKILL)
        running.end()
        self.write("in.csv", "t,n\n")
        again = Web(self, lambda asked: "{}", port=web.port)
        running = self.run_flow(web, nodes)
        again.wait(10)
        self.assertEqual([int(body) for body in self.bodies(again)], list(range(10)))

    def test_read_only(self):
        """`--read-only` sends nothing, though it asks whether the server is there."""
        web = Web(self, lambda asked: "1")
        running = self.run_flow(web, """
n: {http.get: /n, every: 100ms, type: number}
a: {http.post: /a, from: n}
b: {http.post: "%s", from: n}
show: {log: notice, from: n, message: "says {value}"}
""" % web.url("/b"), "--read-only")
        for _ in range(3):
            running.until("says 1")
        self.assertEqual({asked.method for asked in web.asked}, {"GET"})

    def test_redirects(self):
        """A 307 takes the value along, a 303 says where the reply is, and a 301 would lose it."""
        web = Web(self, lambda asked: {"/api/kept": (307, "", {"Location": "/there"}),
                                       "/api/see": (303, "", {"Location": "/reply"}),
                                       "/api/moved": (301, "", {"Location": "/new?key=hidden"}),
                                       "/reply": "5"}.get(asked.path, "6"))
        self.write("in.csv", "t,n\n1764000000,1\n")
        said = self.run_flow(web, READ + """
kept: {http.post: /kept, from: in.n}
see: {http.post: /see, from: in.n}
moved: {http.post: /moved, from: in.n}
told: {log: notice, from: {kept: kept.reply, see: see.reply}, message: "{port} {value}"}
""", "--once").finish()
        seen = {(a.method, a.path, a.body.decode()) for a in web.asked}
        self.assertEqual(seen, {("POST", "/api/kept", "1"), ("POST", "/there", "1"), ("POST", "/api/see", "1"),
                                ("GET", "/reply", ""), ("POST", "/api/moved", "1")})
        self.assertIn("kept 6", said)
        self.assertIn("see 5", said)
        self.assertIn("status 301: it is at", said)
        self.assertNotIn("hidden", said)

    def test_type_goes_along(self):
        """A value that another host takes has its type there, but no other header line of ours."""
        other = Web(self, lambda asked: "6")
        web = Web(self, lambda asked: (308, "", {"Location": other.url("/there")}))
        self.write("in.csv", "t,n\n1764000000,1\n")
        self.run_flow(web, READ + "a: {http.post: /a, from: in.n}", "--once").finish()
        asked = other.wait(1)
        self.assertEqual((asked.body, asked.headers.get_all("Content-Type")), (b"1", ["application/json"]))
        self.assertNotIn("X-Key", asked.headers)

    def test_redirect_hides_login(self):
        """Where a server says the path is now is shown without the login of the link."""
        web = Web(self, lambda asked: (302, "", {"Location": "/new"}))
        self.write("in.csv", "t,n\n1764000000,1\n")
        self.flow(READ + "a: {http.post: /a, from: in.n}\nstay: {every: 1h}",
                  more=f"links: {{web: {{http: '{web.url()}', login: nobody-knows, password: secret}}}}\n")
        running = self.start("run", "flow.yaml")
        running.until("dead letter now")
        letters = self.call("dlq", "ls").stdout
        said = "".join(running.lines) + letters
        self.assertIn(f"status 302: it is at {web.url('/new')} now", letters)
        self.assertIn("Authorization", web.asked[0].headers)
        self.assertNotIn("secret", said)
        self.assertNotIn("nobody-knows", said)

    def test_reply(self):
        """A reply that is not what it should be is bad, and the value has arrived all the same."""
        web = Web(self, lambda asked: "<html>" if asked.body == b"3" else "17")
        self.write("in.csv", ROWS)
        said = self.run_flow(web, READ + """
a: {http.post: /a, from: in.n, format: text, reply_format: json}
told: {log: notice, from: a.reply, message: "{value} {quality}"}
""", "--once").finish()
        self.assertEqual(len(web.asked), 10)
        self.assertEqual(said.count("17 good"), 9)
        self.assertIn("bad: not decodable", said)


if __name__ == "__main__":
    unittest.main()
