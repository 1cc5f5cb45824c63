#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""What a request costs: many http.get nodes on one link ask a server beside them.

http.py BUILD [NODES [SECONDS]]
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BODY = b'{"data": {"power": 1234.5}}'
EVERY_MS = 100


class Server(threading.Thread):
    """Says the same to everybody; with `tag`, that it has not changed."""

    def __init__(self, tag):
        super().__init__(daemon=True)
        self.tag = tag
        self.ready = threading.Event()
        self.start()
        self.ready.wait()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def talk(self, reader, writer):
        head = b'ETag: "1"\r\n' if self.tag else b""
        whole = b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
        try:
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 304 Not Modified\r\n" + head + b"\r\n" if b"If-None-Match" in asked else whole)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def measure(program, place, nodes, seconds, tag):
    lines = ["moat-flow: 1", f"links: {{web: {{http: 'http://127.0.0.1:{Server(tag).port}'}}}}", "nodes:"]
    lines += [f"  n{i}: {{http.get: /{i}, every: {EVERY_MS}ms, pick: data.power, type: number, unit: W}}"
              for i in range(nodes)]
    inputs = ", ".join(f"n{i}" for i in range(nodes))
    lines += [f"  any: {{merge: , from: [{inputs}]}}"]
    (place / "flow.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine = subprocess.Popen([program, "run", "-qq", "--socket", place / "control", place / "flow.yaml"],
                              env={**os.environ, "no_proxy": "*"})

    def look():
        asked = subprocess.run([program, "status", "--json", "--socket", place / "control"], capture_output=True)
        if asked.returncode:
            return None
        with open(f"/proc/{engine.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), cpu, json.loads(asked.stdout)["links"][0]["counters"]

    while not (begin := look()) or begin[2]["requests"] < nodes:
        os.sched_yield()
    time.sleep(seconds)
    end = look()
    engine.terminate()
    engine.wait()
    wall, cpu, count = end[0] - begin[0], end[1] - begin[1], end[2]["requests"] - begin[2]["requests"]
    print(f"{'not modified' if tag else 'a new value':14} {count / wall:8.0f} requests/s  "
          f"{cpu / count * 1e6:6.1f} µs CPU per request  {end[2]['requests_failed']} failed")


def main():
    program = str(Path(sys.argv[1]).resolve() / "engine/cli/moat-flow")
    nodes = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory() as place:
        for tag in (False, True):
            measure(program, Path(place), nodes, seconds, tag)


if __name__ == "__main__":
    main()
