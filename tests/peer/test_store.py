#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""What survives: an engine that is killed at random moments, under load, while the broker comes and goes,
or while its disk is full.

The flow numbers its messages, so that none is like another; it logs each when it enters the queue of the sink. A
subscriber with a session of its own sees what arrives. MF_STORE_ROUNDS and MF_STORE_SEED make it longer or the same
again; MF_STORE_MARGIN is the time in ms before the kill in which a message may get lost: 20 is what the engine
promises on a disk that keeps up, and what a machine that does something else meanwhile does not.
"""

import datetime
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

PROGRAM = os.environ["MOAT_FLOW"]
ROUNDS = int(os.environ.get("MF_STORE_ROUNDS", "20"))
SEED = int(os.environ.get("MF_STORE_SEED", random.SystemRandom().randrange(10**9)))
MARGIN = float(os.environ.get("MF_STORE_MARGIN", "1000")) / 1000
WAIT = 120  # seconds before a test gives up: a bound for what hangs
MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
STEP = 10**6  # between the numbers of two rounds

FLOW = """moat-flow: 1
links:
  broker: {{mqtt: 'mqtt://127.0.0.1:{port}', keepalive: 5s}}
nodes:
  tick: {{sim.counter: 1, every: {every}}}
  n: {{expr: tick + {base}}}
  seen: {{log: notice, from: n, message: '{{value}}', limit: 10000}}
  out: {{mqtt.publish: t/n, from: n, qos: 1, queue: {{spool: {size}, pace: 100000}}}}
"""


COMMANDS = """moat-flow: 1
links:
  broker: {{mqtt: 'mqtt://127.0.0.1:{port}'}}
nodes:
  tick: {{every: 10min, value: word}}
  steps: {{sim.counter: 1, every: 10ms}}
  total: {{counter: , from: steps, keep: true}}
  out: {{mqtt.publish: t/word, from: tick, format: number, queue: spool 1 MiB}}
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def drain(stream):
    stream.read()
    stream.close()


class Broker:
    """A mosquitto, and the way to it for the engine, which can be cut at any byte."""

    def __init__(self, place):
        self.port, self.way = free_port(), free_port()
        config = place / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n",
                          encoding="utf-8")
        self.process = subprocess.Popen([MOSQUITTO, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if b"running" in line:
                break
        threading.Thread(target=drain, args=(self.process.stderr,), daemon=True).start()
        self.listener = None
        self.lock = threading.Lock()
        self.sockets = []

    def is_up(self):
        return self.listener is not None

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", self.way))
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            with self.lock:
                if listener is not self.listener:
                    near.close()
                    far.close()
                    return
                self.sockets += [near, far]
            for pair in (near, far), (far, near):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    def stop(self):
        with self.lock:
            if self.listener:
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
            self.listener = None
            for sock in self.sockets:
                cut(sock)
            self.sockets = []

    def end(self):
        self.stop()
        self.process.kill()
        self.process.wait()


def cut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    cut(source)
    cut(sink)


class Subscriber:
    """Reads all that arrives, each number as often as it comes: first the 0 that is there."""

    def __init__(self, port):
        subprocess.run(["mosquitto_pub", "-p", str(port), "-t", "t/n", "-r", "-q", "1", "-m", "0"], check=True)
        self.process = subprocess.Popen(
            ["mosquitto_sub", "-p", str(port), "-t", "t/n", "-q", "1", "-c", "-i", "observer", "-k", "5"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.numbers = []
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.numbers.append(int(line))
                self.changed.notify_all()

    def until(self, condition):
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), WAIT)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Engine:
    """Runs the flow; what it logs is read line by line."""

    def __init__(self, place, flow, limit=None):
        path = place / "flow.yaml"
        path.write_text(flow, encoding="utf-8")

        def before():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        self.process = subprocess.Popen([PROGRAM, "run", "--state", place / "state", "--socket", place / "control", "--drain", "1s", path],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=before)
        self.seen = []  # (time, number)
        self.log = []

    def read(self):
        line = self.process.stderr.readline()
        if not line:
            return None
        match = re.match(r"(\S+Z) notice seen: (\d+)$", line.strip())
        if match:
            when = datetime.datetime.fromisoformat(match.group(1).replace("Z", "+00:00")).timestamp()
            self.seen.append((when, int(match.group(2))))
        else:
            self.log.append(line)
        return line

    def until(self, condition):
        while not condition(self):
            if self.read() is None:
                raise AssertionError("the engine ended:\n" + "".join(self.log))

    def until_logged(self, text):
        self.until(lambda engine: any(text in line for line in engine.log))

    def finish(self):
        while not self.process.stderr.closed and self.read() is not None:
            pass
        self.process.stderr.close()
        return self.process.wait(WAIT)

    def end(self):
        self.process.kill()
        self.finish()

    def kill(self):
        """The moment before, and the end."""
        when = time.time()
        self.process.kill()
        self.finish()
        return when


class StoreTest(unittest.TestCase):
    def setUp(self):
        def too_long(*_):
            self.fail(f"still not done; seed {SEED}")

        place = tempfile.TemporaryDirectory(prefix="moat-flow-")
        self.addCleanup(place.cleanup)
        self.dir = Path(place.name)
        self.random = random.Random(SEED)
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(WAIT + 20 * ROUNDS)
        self.addCleanup(signal.alarm, 0)
        self.broker = Broker(self.dir)
        self.broker.start()
        self.addCleanup(self.broker.end)
        self.sub = Subscriber(self.broker.port)
        self.addCleanup(self.sub.end)
        self.assertTrue(self.sub.until(lambda sub: sub.numbers))

    def call(self, *args, code=0):
        done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=WAIT, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def engine(self, number, size="50 MiB", every="1ms", **more):
        engine = Engine(self.dir, FLOW.format(port=self.broker.way, base=number * STEP, size=size, every=every),
                        **more)
        self.addCleanup(engine.end)
        return engine

    def toggle(self):
        if self.broker.is_up():
            self.broker.stop()
        else:
            self.broker.start()

    def check_order(self, numbers):
        """Each is newer than all before, or has been there."""
        newest, known = -1, set()
        for number in numbers:
            self.assertTrue(number > newest or number in known, f"{number} after {newest}; seed {SEED}")
            newest = max(newest, number)
            known.add(number)
        return known

    # Killed at random moments, the broker away or back: at least once, in order, and nothing that had been there
    # for a while is missing.
    def test_killed(self):
        due, late = set(), {}
        for number in range(1, ROUNDS + 1):
            engine = self.engine(number)
            for _ in range(self.random.randrange(3)):
                wanted = len(engine.seen) + self.random.randrange(1, 400)
                engine.until(lambda e, wanted=wanted: len(e.seen) >= wanted)
                self.toggle()
            wanted = len(engine.seen) + self.random.randrange(1, 400)
            engine.until(lambda e, wanted=wanted: len(e.seen) >= wanted)
            killed = engine.kill()
            due.update(n for when, n in engine.seen if when <= killed - MARGIN)
            late.update({n: killed - when for when, n in engine.seen})
        if not self.broker.is_up():
            self.broker.start()
        last = self.engine(ROUNDS + 1)
        self.assertTrue(self.sub.until(lambda sub: any(n > (ROUNDS + 1) * STEP for n in sub.numbers)),
                        f"{last.log}; seed {SEED}")
        last.end()
        numbers = list(self.sub.numbers)
        arrived = self.check_order(numbers)
        lost = sorted(late[n] * 1000 for n in late if n not in arrived)
        print(f"seed {SEED}: {ROUNDS} kills, {len(late)} messages entered, {len(numbers) - len(arrived)} came twice, "
              f"{len(lost)} lost, the oldest {lost[-1] if lost else 0:.0f} ms before the kill, "
              f"{sum(age > 20 for age in lost)} of them more than 20 ms")
        self.assertFalse(due - arrived, f"seed {SEED}")

    # A disk that is full: the engine says so and goes on; once there is room, all is safe again, and nothing was lost
    # or went out of order.
    def test_full_disk(self):
        self.broker.stop()
        engine = self.engine(1, limit=200 * 1024)
        engine.until_logged("would not survive a restart")
        engine.until(lambda e, before=len(engine.seen): len(e.seen) > before + 100)
        resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        engine.until_logged("can be written again")
        saved = len(engine.seen)
        engine.kill()
        self.broker.start()
        engine_again = self.engine(2)
        self.assertTrue(self.sub.until(lambda sub: any(n > 2 * STEP for n in sub.numbers)), engine_again.log)
        arrived = self.check_order(self.sub.numbers)
        # What was logged before the line is older than the write it is about, but for the last moment.
        self.assertFalse({n for _, n in engine.seen[:saved - 100]} - arrived)

    # At its size the spool drops the oldest and says so; the rest arrives in order.
    def test_size(self):
        self.broker.stop()
        engine = self.engine(1, size="64 KiB")
        engine.until_logged("is full: the oldest")
        engine.until(lambda e, before=len(engine.seen): len(e.seen) > before + 2000)
        engine.process.terminate()
        self.assertEqual(engine.finish(), 0, engine.log)
        self.broker.start()
        engine_again = self.engine(2)
        self.assertTrue(self.sub.until(lambda sub: any(n > 2 * STEP for n in sub.numbers)), engine_again.log)
        arrived = self.check_order(self.sub.numbers)
        first = {n for n in arrived if STEP < n < 2 * STEP}
        newest = max(n for _, n in engine.seen)
        self.assertEqual(max(first), newest)
        self.assertEqual(len(first), newest - min(first) + 1)
        self.assertGreater(min(first), STEP + 1)

    # What is refused can be seen, sent again and dropped; what is kept can be seen and forgotten: of a running engine
    # and of one that does not run.
    def test_commands(self):
        engine = Engine(self.dir, COMMANDS.format(port=self.broker.way))
        self.addCleanup(engine.end)
        engine.until_logged("is a dead letter now")
        here = "--socket", self.dir / "control"
        self.assertIn("  out  word  ", self.call("dlq", "ls", *here))
        self.assertIn("cannot be written as number", self.call("dlq", "show", "1", *here))
        self.assertIn("1 sent again, 1 left", self.call("dlq", "retry", "1", *here))
        engine.until_logged("is a dead letter now")
        while "total (counter 1)" not in self.call("state", "ls", *here):
            pass  # it is saved within a second
        self.assertIn("there is no dead letter 99", self.call("dlq", "drop", "99", *here, code=1))
        engine.process.terminate()
        engine.finish()
        there = "--state", self.dir / "state"
        self.assertIn("  out  word  ", self.call("dlq", "ls", *there))
        self.assertIn("there is no mqtt.publish `out` that could take it", self.call("dlq", "retry", "all", *there, code=1))
        self.assertIn("1 dropped, 0 left", self.call("dlq", "drop", "--node", "out", *there))
        self.assertEqual("", self.call("dlq", "ls", *there))
        self.assertEqual(json.loads(self.call("state", "get", "total", *there))["kind"], "counter")
        self.assertEqual(json.loads(self.call("state", "export", *there))["state"][0]["node"], "total")
        self.call("state", "clear", "total", *there)
        self.assertIn("no state of `total` is kept", self.call("state", "get", "total", *there, code=1))
        self.assertIn("there is no", self.call("state", "ls", "--state", self.dir / "nowhere", code=5))

    # A damaged file is set aside, and the engine runs.
    def test_damaged(self):
        first = self.engine(1)
        first.until(lambda e: len(e.seen) >= 50)
        first.process.terminate()
        first.finish()
        path = self.dir / "state" / "state.db"
        path.write_bytes(b"no data base" + path.read_bytes()[12:])
        engine = self.engine(2)
        engine.until_logged("is set aside as")
        self.assertTrue(self.sub.until(lambda sub: any(n > 2 * STEP for n in sub.numbers)), engine.log)
        self.assertTrue(list((self.dir / "state").glob("state.db.damaged-*")))


if __name__ == "__main__":
    if not MOSQUITTO or not shutil.which("mosquitto_sub"):
        print("mosquitto is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
