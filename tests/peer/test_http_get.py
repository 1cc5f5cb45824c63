# SPDX-License-Identifier: LGPL-3.0-or-later
"""http.get and the http link: against servers that answer well, badly, slowly and not at all."""

import gzip
import itertools
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import CliTest  # noqa: E402
from web import HAS_OPENSSL, Web, certificates, tls  # noqa: E402

SHOW = 'show: {log: notice, from: value, message: "says {value} {quality}"}'


class Http(CliTest):
    def environment(self, **more):
        """Whatever proxy the machine has, the servers here are not behind it."""
        return super().environment(**{"no_proxy": "*", "XDG_RUNTIME_DIR": str(self.dir), **more})

    def run_flow(self, nodes, web=None, link="", options=()):
        self.flow(nodes, more=f"links: {{web: {{http: '{web.url()}'{link}}}}}\n" if web else "")
        return self.start("run", *options, "flow.yaml")


class Get(Http):
    def test_values(self):
        """Answers become values by format and path, with the time that they name, on a link or without one."""
        pages = {"/json": '{"a": {"b": [1, 2.5]}}', "/number": " 42.5\n", "/bool": "on", "/text": "Grüße",
                 "/time": '{"v": 7, "at": "2026-01-02T03:04:05Z"}'}
        web = Web(self, lambda asked: pages[asked.path])
        running = self.run_flow(f"""
j: {{http.get: /json, every: 1h, pick: "a.b:1", type: number}}
n: {{http.get: number, every: 1h, format: number}}
b: {{http.get: "{web.url('/bool')}", every: 1h, format: bool}}
t: {{http.get: /text, every: 1h, format: text}}
at: {{http.get: /time, every: 1h, pick: v, time: at, type: number}}
out: {{file.write: out.jsonl, from: at}}
all: {{join: , from: {{j: j, n: n, b: b, t: t, at: at}}, wait: all}}
show: {{log: notice, from: all, message: "{{value}}"}}
""", web)
        said = running.until("Grüße")
        self.assertIn('"j":2.5', said)
        self.assertIn('"n":42.5', said)
        self.assertIn('"b":true', said)
        running.signal(signal.SIGTERM)
        running.finish()
        self.assertIn("2026-01-02T03:04:05", (self.dir / "out.jsonl").read_text(encoding="utf-8"))

    def test_not_modified(self):
        """What has not changed is not sent again, and is as fresh as if it had been."""
        def answer(asked):
            known = asked.headers.get("If-None-Match")
            if known == '"two"' or known == '"one"' and len(web.asked) < 4:
                return 304, "", {"ETag": known}
            tag = "one" if known is None else "two"
            return 200, f'"{tag}"', {"ETag": f'"{tag}"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}

        web = Web(self, answer)
        running = self.run_flow(f"value: {{http.get: /, every: 100ms, stale: 1h}}\n{SHOW}", web)
        said = [running.until("says") for _ in range(6)]
        self.assertEqual([line.split("says ")[1].split()[:2] for line in said],
                         [["one", "good"]] * 3 + [["two", "good"]] * 3)
        self.assertEqual(web.asked[1].headers["If-Modified-Since"], "Thu, 01 Jan 2026 00:00:00 GMT")

    def test_not_modified_of_what_was_refused(self):
        """A value that did not fit is asked for anew; "not modified" does not make an older one good again."""
        def answer(asked):
            known = asked.headers.get("If-None-Match")
            if len(web.asked) == 1:
                return 200, '{"t": 20}', {"ETag": '"one"'}
            return (304, "", {"ETag": known}) if known == '"two"' else (200, '{"t": null}', {"ETag": '"two"'})

        web = Web(self, answer)
        running = self.run_flow(f"value: {{http.get: /, every: 100ms, pick: t, type: number}}\n{SHOW}", web)
        running.until("says 20 good")
        running.until("says 20 bad")
        web.wait(5)
        self.assertEqual([asked.headers.get("If-None-Match") for asked in web.asked[1:5]], ['"one"', None, None, None])
        running.signal(signal.SIGTERM)
        self.assertEqual(running.finish().count("says 20 good"), 1)

    def test_server_error(self):
        """While the server has a fault the value is stale; it is asked again soon, not after `every`."""
        answers = iter([(200, "1"), (500, "out of order\nmore"), (503, ""), (200, "2")])
        web = Web(self, lambda asked: next(answers, (200, "3")))
        running = self.run_flow(f"value: {{http.get: /a?key=hidden, every: 2s}}\n{SHOW}", web)
        running.until("says 1 good")
        self.assertIn("/a: status 500: out of order; trying again", running.until("status 500"))
        running.until("says 1 stale: HTTP 500: server error")
        running.until("says 2 good")
        self.assertNotIn("hidden", "".join(running.lines))
        self.assertNotIn("more", "".join(running.lines))

    def test_retry_after(self):
        """A server that wants to be left alone for a second is, whatever `every` says."""
        times = []

        def answer(asked):
            times.append(time.monotonic())
            return (429, "slow down", {"Retry-After": "2"}) if len(times) == 2 else "1"

        web = Web(self, answer)
        running = self.run_flow(f"value: {{http.get: /, every: 100ms}}\n{SHOW}", web)
        running.until("says 1 stale: HTTP 429")
        running.until("says 1 good")
        self.assertGreaterEqual(times[2] - times[1], 2)

    def test_refused(self):
        """What is not there is bad and said with the server's words; the other node does not notice."""
        web = Web(self, lambda asked: "5" if asked.path == "/good"
                  else (404, "<!DOCTYPE html>\n<html><head><title>No such page</title>"))
        running = self.run_flow("""
value: {http.get: /none, every: 100ms, headers: {X-Secret: hidden}}
good: {http.get: /good, every: 100ms}
n: {count: 1h, from: good, sliding: true}
told: {log: notice, from: n, message: "counted {value}"}
""" + SHOW, web, ", headers: {X-Key: hidden, x-secret: other}")
        running.until("says null bad: HTTP 404: not found")
        running.until("counted 5")
        self.assertIn("/none: status 404: No such page", "".join(running.lines))
        self.assertNotIn("hidden", "".join(running.lines))
        asked = next(a for a in web.asked if a.path == "/none")
        self.assertEqual((asked.headers["X-Key"], asked.headers.get_all("X-Secret")), ("hidden", ["hidden"]))

    def test_too_large(self):
        """An answer over the limit is refused, also when it only grows on unpacking; so is an endless head."""
        bomb = gzip.compress(bytes(50_000_000))

        def answer(asked):
            if asked.path == "/no":
                return 404, "no such thing\n" + "9" * 5000
            if asked.path == "/large":
                return "9" * 5000
            if asked.path == "/bomb":
                return 200, bomb, {"Content-Encoding": "gzip"}
            if asked.path == "/head":
                return 200, "1", {f"X-{i}": "x" * 1000 for i in range(100)}
            return 200, gzip.compress(b"7"), {"Content-Encoding": "gzip"}

        web = Web(self, answer)
        running = self.run_flow("""
large: {http.get: /large, every: 1h, format: text, max_size: 4096}
bomb: {http.get: /bomb, every: 1h, format: raw}
head: {http.get: /head, every: 1h}
none: {http.get: /no, every: 1h, max_size: 4096}
value: {http.get: /packed, every: 300ms}
all: {log: notice, from: [large, bomb, head, none], message: "{node} {quality}"}
""" + SHOW, web)
        left = {"large: ", "bomb: ", "head: ", "none: "}
        while left:
            line = running.until(*left)
            left -= {name for name in left if name in line}
        running.until("says 7 good")
        said = "".join(running.lines)
        self.assertIn("/large: the answer is over 4096 bytes", said)
        self.assertIn("/bomb: the answer is over 1048576 bytes", said)
        self.assertIn("/head: the head of the answer is over", said)
        self.assertIn("/no: status 404: no such thing", said)

    def test_slow(self):
        """A server that takes a request and says nothing, or stops in the middle, costs its node only."""
        def answer(asked):
            if asked.path == "/good":
                return "5"
            if asked.path == "/half":
                asked.handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12")
            web.is_over.wait()
            return None

        web = Web(self, answer)
        running = self.run_flow("""
mute: {http.get: /mute, every: 1h, timeout: 300ms}
half: {http.get: /half, every: 1h, timeout: 300ms}
value: {http.get: /good, every: 100ms}
told: {log: notice, from: [mute, half], message: "{node} is {quality}"}
""" + SHOW, web)
        left = {"mute is stale: timeout", "half is stale: timeout"}
        while left:
            line = running.until(*left)
            left -= {name for name in left if name in line}
        running.until("says 5 good")

    def test_cut(self):
        """A connection that breaks in mid body is no answer; the next one is."""
        def answer(asked):
            if len(web.asked) > 1:
                return "12345"
            asked.handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12")
            return None

        web = Web(self, answer)
        running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web)
        running.until("the connection was cut")
        running.until("says null stale")
        running.until("says 12345 good")

    def test_chunked(self):
        """Answers in chunks are put together; chunks that are none are no answer."""
        def answer(asked):
            chunks = [b"2\r\n[1\r\n", b"3\r\n,2]\r\n", b"0\r\n\r\n"] if len(web.asked) > 1 else [b"zz\r\n[1\r\n"]
            asked.handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for chunk in chunks:
                asked.handler.wfile.write(chunk)
                asked.handler.wfile.flush()
            return None

        web = Web(self, answer)
        running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web)
        running.until("says null stale")
        running.until("says [1,2] good")

    def test_wrong_content(self):
        """What is not JSON, or lacks the part that is wanted, is bad until the next answer."""
        answers = itertools.chain(['{"a":', '{"b": 1}', '{"a": 3}'], itertools.repeat('{"a": 4}'))
        web = Web(self, lambda asked: next(answers))
        running = self.run_flow(f"value: {{http.get: /, every: 100ms, pick: a}}\n{SHOW}", web)
        running.until("is not the json that `format` says")
        running.until("says null bad: not decodable")
        running.until("says null bad: field missing")
        running.until("says 3 good")

    def test_gone_and_back(self):
        """A server that is gone makes its nodes stale, once; when it is back they are good again."""
        other = Web(self, lambda asked: "6")
        web = Web(self, lambda asked: "5")
        running = self.run_flow(f"""
value: {{http.get: /, every: 100ms}}
other: {{http.get: "{other.url('/')}", every: 100ms, stale: 1h}}
bad: {{log: notice, from: other, message: "other {{quality}}"}}
""" + SHOW, web)
        running.until("says 5 good")
        web.end()
        running.until("says 5 stale: link down")
        Web(self, lambda asked: "7", port=web.port)
        running.until("web: connected again")
        running.until("says 7 good")
        self.assertNotIn("other stale", "".join(running.lines))
        self.assertNotIn("other bad", "".join(running.lines))

    def test_reload(self):
        """A reload of something else neither asks again nor forgets when to ask."""
        web = Web(self, lambda asked: "5")
        flow = f"value: {{http.get: /, every: 1h}}\nalone: {{http.get: '{web.url('/alone')}', every: 1h}}\n{SHOW}"
        running = self.run_flow(flow, web)
        running.until("says 5 good")
        web.wait(2)
        self.flow(flow + "\nextra: {every: 1h}", more=f"links: {{web: {{http: '{web.url()}'}}}}\n")
        running.signal(signal.SIGHUP)
        running.until("generation 2")
        running.signal(signal.SIGTERM)
        running.finish()
        self.assertEqual(sorted(a.path for a in web.asked), ["/", "/alone"])

    def test_reload_options(self):
        """What a node sends stays the same when the flow around it is read again."""
        web = Web(self, lambda asked: "5")
        flow = f"value: {{http.get: /, every: 100ms, headers: {{X-Own: own}}}}\n{SHOW}"
        link = ", login: me, password: secret, headers: {X-Key: key}"
        running = self.run_flow(flow, web, link)
        running.until("says 5 good")
        self.flow(flow + "\nextra: {every: 1h}", more=f"links: {{web: {{http: '{web.url()}'{link}}}}}\n")
        running.signal(signal.SIGHUP)
        running.until("generation 2")
        web.wait(len(web.asked) + 3)
        sent = {tuple(a.headers[name] for name in ("Authorization", "X-Key", "X-Own")) for a in web.asked}
        self.assertEqual(sent, {("Basic bWU6c2VjcmV0", "key", "own")})
        web.end()
        running.until("link down")
        Web(self, lambda asked: "6", port=web.port)
        running.until("says 6 good")

    def test_end(self):
        """Requests under way, on a link and without one, do not hold up the end."""
        web = Web(self, lambda asked: web.is_over.wait() and None)
        running = self.run_flow(f"""
a: {{http.get: /a, every: 1h, timeout: 1h}}
b: {{http.get: "{web.url('/b')}", every: 1h, timeout: 1h}}
show: {{log: notice, from: [a, b]}}
""", web)
        web.wait(2)
        running.signal(signal.SIGTERM)
        self.assertNotIn("still", running.finish())

    def test_many(self):
        """However many nodes ask, a link has eight connections, and all of them get their turn."""
        busy, most, guard = 0, 0, threading.Lock()

        def answer(asked):
            nonlocal busy, most
            with guard:
                busy += 1
                most = max(most, busy)
            if len(web.asked) < 8:
                web.wait(8)  # the first ones answer together
            with guard:
                busy -= 1
            return "1"

        web = Web(self, answer)
        count = 40
        inputs = ", ".join(f"n{i}: n{i}" for i in range(count))
        running = self.run_flow("".join(f"n{i}: {{http.get: /{i}, every: 1h}}\n" for i in range(count)) + f"""
all: {{join: , from: {{{inputs}}}, wait: all}}
show: {{log: notice, from: all, message: "says {{quality}}"}}
""", web)
        running.until("says good")
        self.assertEqual((most, len(web.asked)), (8, count))

    def test_turns(self):
        """When nodes that were waiting for their answers are taken out of the flow, others get their turn."""
        web = Web(self, lambda asked: "5" if asked.path == "/last" else web.is_over.wait() and None)
        stuck = "".join(f"n{i}: {{http.get: /{i}, every: 1h, timeout: 1h}}\n" for i in range(8))
        running = self.run_flow(stuck + f"show: {{log: notice, from: [{', '.join(f'n{i}' for i in range(8))}]}}", web)
        web.wait(8)
        more = f"links: {{web: {{http: '{web.url()}'}}}}\n"
        last = f"value: {{http.get: /last, every: 200ms}}\n{SHOW}\n"
        self.flow(last + stuck, more=more)
        running.signal(signal.SIGHUP)
        running.until("generation 2")
        self.flow(last, more=more)
        running.signal(signal.SIGHUP)
        running.until("says 5 good")
        self.assertEqual(web.asked[8].path, "/last")

    def test_proxy(self):
        """The proxy of the environment is asked for hosts that nobody else knows."""
        proxy = Web(self, lambda asked: "5")
        self.flow(f"value: {{http.get: 'http://nowhere.invalid/x', every: 1h}}\n{SHOW}")
        self.start("run", "flow.yaml", http_proxy=proxy.url(), no_proxy="").until("says 5 good")
        self.assertEqual(proxy.asked[0].path, "http://nowhere.invalid/x")

    def test_unknown_host(self):
        """A host that nobody knows is said, and its node is stale; the lookup holds up nothing."""
        web = Web(self, lambda asked: "5")
        running = self.run_flow(f"""
lost: {{http.get: "http://nowhere.invalid/x", every: 1h}}
value: {{http.get: /, every: 100ms}}
told: {{log: notice, from: lost, message: "lost {{quality}}"}}
""" + SHOW, web)
        left = {"lost stale: link down", "says 5 good", "Could not resolve host"}
        while left:
            line = running.until(*left)
            left -= {name for name in left if name in line}

    def test_once(self):
        """`run --once` asks once and ends, also where the answer is none."""
        web = Web(self, lambda asked: (404, "") if asked.path == "/none" else "5")
        nodes = """
a: {http.get: /, every: 1h}
b: {http.get: /none, every: 1h, on_error: drop}
out: {file.write: out.csv, from: [a, b]}
"""
        running = self.run_flow(nodes, web, options=["--once"])
        running.finish()
        self.assertEqual(sorted(a.path for a in web.asked), ["/", "/none"])

    def test_status(self):
        """What a link has done is counted, and whether a server is there can be asked beforehand."""
        web = Web(self, lambda asked: "9" * 5000)
        running = self.run_flow("a: {http.get: /, every: 1h, max_size: 4096}\nshow: {log: notice, from: a}", web)
        running.until("over 4096 bytes")
        said = json.loads(self.call("status", "--json").stdout)
        link = next(link for link in said["links"] if link["name"] == "web")
        self.assertEqual((link["counters"]["answers_too_large"], link["gauges"]["requests_under_way"]), (1, 0))
        self.call("validate", "--env", "flow.yaml")
        web.end()
        self.assertIn("connect", self.call("validate", "--env", "flow.yaml", code=4).stderr)


class Redirects(Http):
    def test_followed(self):
        """Where the server points to is asked, with login and headers if it is the same host, and only then."""
        other = Web(self, lambda asked: json.dumps(dict(asked.headers)))
        web = Web(self, lambda asked: (302, "", {"Location": "/there"}) if asked.path == "/here"
                  else (307, "", {"Location": other.url("/far")}) if asked.path == "/away"
                  else json.dumps(dict(asked.headers)))
        running = self.run_flow("""
near: {http.get: /here, every: 1h}
far: {http.get: /away, every: 1h}
show: {log: notice, from: [near, far], message: "{node} {value}"}
""", web, ", login: me, password: secret, headers: {X-Key: k}")
        lines = [running.until("show: near", "show: far") for _ in range(2)]
        said = {name: json.loads(line[line.index("{"):]) for line in lines
                for name in ("near", "far") if f"show: {name}" in line}
        self.assertEqual((said["near"]["X-Key"], said["near"]["Authorization"]), ("k", "Basic bWU6c2VjcmV0"))
        self.assertNotIn("X-Key", said["far"])
        self.assertNotIn("Authorization", said["far"])

    def test_not_followed(self):
        """A circle ends, and other schemes than the web's are not spoken."""
        web = Web(self, lambda asked: (302, "", {"Location": "/circle" if asked.path == "/circle" else
                                                 "file:///etc/passwd"}))
        running = self.run_flow("""
a: {http.get: /circle, every: 1h}
b: {http.get: /file, every: 1h, format: text}
show: {log: notice, from: [a, b], message: "{node} {value} {quality}"}
""", web)
        lines = [running.until("show: a", "show: b") for _ in range(2)]
        self.assertTrue(all("null bad: no usable answer" in line for line in lines), lines)
        said = "".join(running.lines)
        self.assertIn("/circle: it was moved more than 5 times", said)
        self.assertIn("/file: it was moved to where we do not follow", said)
        self.assertEqual(sum(a.path == "/circle" for a in web.asked), 6)


@unittest.skipUnless(HAS_OPENSSL, "openssl is not installed")
class Tls(Http):
    def test_certificates(self):
        """A certificate is trusted only if a CA we know has signed it, and the server can ask for ours."""
        certificates(self.dir, "server", "us")
        plain = Web(self, lambda asked: "6")
        web = Web(self, lambda asked: "5" if asked.path == "/"
                  else (302, "", {"Location": plain.url("/")}), tls(self.dir))
        running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web, ", ca: ca.pem")
        running.until("says 5 good")
        running.end()
        (self.dir / "trusted").mkdir()
        shutil.copy(self.dir / "ca.pem", self.dir / "trusted")
        subprocess.run(["openssl", "rehash", "trusted"], cwd=self.dir, check=True)
        running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web, ", ca: trusted")
        running.until("says 5 good")
        running.end()
        running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web, ", ca: missing.pem")
        running.until("`ca` cannot be used")
        running.end()
        for link in ("", ", ca: other.pem"):
            running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web, link)
            running.until("the certificate is not trusted")
            running.until("says null stale: link down")
            running.end()
        running = self.run_flow(f"value: {{http.get: /down, every: 1h}}\n{SHOW}", web, ", ca: ca.pem")
        running.until("it was moved from https to http")
        self.assertEqual(plain.asked, [])
        running.end()
        self.assertEqual({a.path for a in web.asked}, {"/", "/down"})

        web = Web(self, lambda asked: "8", tls(self.dir, wants_certificate=True))
        running = self.run_flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}", web,
                                ", ca: ca.pem, cert: us.pem, key: us.key")
        running.until("says 8 good")

    def test_certificate_elsewhere(self):
        """Our certificate is for the host that was asked, not for where it points to."""
        certificates(self.dir, "server", "us")
        shown = {}

        def answer(asked):
            shown[asked.path] = bool(asked.handler.connection.getpeercert())
            return (302, "", {"Location": other.url("/far")}) if asked.path == "/away" else "5"

        both = tls(self.dir, wants_certificate=True)
        both.verify_mode = ssl.CERT_OPTIONAL
        other = Web(self, answer, both)
        web = Web(self, answer, both)
        running = self.run_flow(f"value: {{http.get: /away, every: 1h}}\n{SHOW}", web,
                                ", ca: ca.pem, cert: us.pem, key: us.key")
        running.until("says 5 good")
        self.assertEqual(shown, {"/away": True, "/far": False})

    def test_no_handshake(self):
        """A server that takes a connection and never says hello cannot be reached; the end does not wait for it."""
        with socket.create_server(("127.0.0.1", 0)) as mute:
            place = f"127.0.0.1:{mute.getsockname()[1]}"
            self.flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}",
                      more=f"links: {{web: {{http: 'https://{place}', timeout: 300ms}}}}\n")
            running = self.start("run", "flow.yaml")
            running.until("no connection in time; trying again")
            running.until("says null stale: link down")
            running.signal(signal.SIGTERM)
            running.finish()

    def test_own_timeout(self):
        """A node that waits for less time than its link would does not take the link down for the others."""
        certificates(self.dir, "server")
        real = tls(self.dir)

        class OnlyTheFirst:
            count = 0

            def wrap_socket(self, connection, **how):
                self.count += 1
                if self.count > 1:
                    web.is_over.wait()
                return real.wrap_socket(connection, **how)

        web = Web(self, lambda asked: "5", OnlyTheFirst())
        running = self.run_flow(f"value: {{http.get: /, every: 1h, timeout: 300ms}}\n{SHOW}", web, ", ca: ca.pem")
        self.assertIn("null stale: timeout", running.until("says"))
        self.assertIn("/: no connection in time; trying again", "".join(running.lines))

    def test_other_name(self):
        """A certificate for another host is not trusted."""
        certificates(self.dir, "server")
        web = Web(self, lambda asked: "5", tls(self.dir))
        self.flow(f"value: {{http.get: /, every: 1h}}\n{SHOW}",
                  more=f"links: {{web: {{http: 'https://127.0.0.1:{web.port}', ca: ca.pem}}}}\n")
        self.start("run", "flow.yaml").until("the certificate is not trusted")
        self.assertEqual(web.asked, [])


class Login(Http):
    def test_digest(self):
        """With `auth: digest` the password itself is never sent."""
        def answer(asked):
            said = asked.headers.get("Authorization")
            if not said:
                return 401, "", {"WWW-Authenticate": 'Digest realm="meter", qop="auth", nonce="abc", algorithm=MD5'}
            return 200, json.dumps(said)

        web = Web(self, answer)
        running = self.run_flow(f"value: {{http.get: /, every: 1h, format: text}}\n{SHOW}", web,
                                ", login: me, password: secret, auth: digest")
        self.assertIn('Digest username=', running.until("says"))
        self.assertNotIn("secret", "".join(str(a.headers) for a in web.asked))

    def test_secrets(self):
        """What is secret is in the request, and in nothing that people are shown."""
        web = Web(self, lambda asked: (403, "no"))
        self.write("secrets/token", "hidden-token")
        self.flow("value: {http.get: /, every: 1h}\n" + SHOW, more=f"""links:
  web:
    http: {web.url()}
    headers: {{Authorization: "Bearer ${{secret:token}}"}}
""")
        env = {"CREDENTIALS_DIRECTORY": str(self.dir / "secrets")}
        shown = self.call("expand", "flow.yaml", env=env).stdout + self.call("graph", "flow.yaml", env=env).stdout
        running = self.start("run", "flow.yaml", **env)
        running.until("status 403: no")
        shown += self.call("status", "--json").stdout + "".join(running.lines)
        self.assertEqual(web.asked[0].headers["Authorization"], "Bearer hidden-token")
        self.assertNotIn("hidden", shown)


if __name__ == "__main__":
    unittest.main()
