# SPDX-License-Identifier: LGPL-3.0-or-later
"""Cables that a test can pull, and what went through them."""

import contextlib
import socket
import struct
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "cli"))  # behind ours: names there may be the same
from cli import WAIT  # noqa: E402


class Told:
    """What a peer was told, in order; whoever waits for something is woken by each addition."""

    def __init__(self):
        self.values = []
        self.news = threading.Condition()

    def add(self, values):
        with self.news:
            self.values += values
            self.news.notify_all()

    def wait(self, test, is_it):
        """Until `is_it(values)` holds."""
        with self.news:
            if not self.news.wait_for(lambda: is_it(self.values), WAIT):
                test.fail(f"told only {self.values[-40:]}")

    def last(self, test, value):
        self.wait(test, lambda told: told and told[-1] == value)

    def changes(self):
        """Repetitions left out."""
        with self.news:
            return [v for i, v in enumerate(self.values) if i == 0 or v != self.values[i - 1]]


class Plug:
    """Passes TCP on to a port of this machine until it is pulled; plugged in again it has the same port.

    `take(buffer)` takes whole requests off the buffer and gives what they tell the peer.
    """

    def __init__(self, test, to, take=lambda buffer: buffer.clear() or []):
        self.to = to
        self.take = take
        self.told = Told()
        self.lock = threading.Lock()
        self.ends = set()
        self.listener = None
        self.port = 0
        self.plug_in()
        test.addCleanup(self.pull)

    def plug_in(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def pull(self):
        """Ends all connections and refuses new ones."""
        with self.lock:
            ends, self.ends = self.ends, set()
            listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
            listener.close()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(listener, client), daemon=True).start()

    def join(self, listener, client):
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.to)) as peer:
            with self.lock:
                if listener is not self.listener:
                    return
                self.ends |= {client, peer}
            back = threading.Thread(target=self.carry, args=(peer, client, None), daemon=True)
            back.start()
            self.carry(client, peer, bytearray())
            back.join()
            with self.lock:
                self.ends -= {client, peer}

    def carry(self, source, target, buffer):
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                target.sendall(data)
                if buffer is not None:
                    buffer += data
                    self.told.add(self.take(buffer))
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def modbus_writes(buffer):
    """The value of each write over Modbus TCP: of functions 5, 6 and 16, an unsigned number."""
    told = []
    while len(buffer) >= 6:
        size = 6 + struct.unpack_from(">H", buffer, 4)[0]
        if len(buffer) < size:
            break
        pdu = bytes(buffer[7:size])
        del buffer[:size]
        if pdu[0] in (5, 6):
            value = struct.unpack_from(">H", pdu, 3)[0]
            told.append(value if pdu[0] == 6 else value == 0xFF00)
        elif pdu[0] == 16:
            told.append(int.from_bytes(pdu[6:], "big"))
    return told


def owserver_writes(buffer):
    """The number in each write to owserver."""
    told = []
    while len(buffer) >= 24:
        _, payload, kind, _, size, _ = struct.unpack_from(">6i", buffer)
        if len(buffer) < 24 + payload:
            break
        body = bytes(buffer[24:24 + payload])
        del buffer[:24 + payload]
        if kind == 3:
            told.append(int(body[payload - size:]))
    return told


def wago_writes(buffer):
    """1 for each output that a WAGO controller is to set, 0 for each that it is to clear."""
    *lines, rest = bytes(buffer).split(b"\n")
    buffer[:] = rest
    return [int(line.startswith(b"s ")) for line in lines if line[:2] in (b"s ", b"c ")]
