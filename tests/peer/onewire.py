# SPDX-License-Identifier: LGPL-3.0-or-later
"""1-wire buses for tests: the same devices behind an owserver's protocol and in a tree like the kernel's.

A device is given as `28.0123456789AB`; what it has is told in owserver's terms (`temperature`, `PIO.A`), and both
buses show it in theirs. `written` holds what a program wrote, in owserver's terms, too.
"""

import contextlib
import os
import signal
import socket
import struct
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "cli"))  # behind ours: names there may be the same
from cli import WAIT  # noqa: E402

WRITE, DIR, DIRALL = 3, 4, 7


class Fake(threading.Thread):
    """A server whose answers a test makes: answer(type, path, data) gives (code, text), or bytes to send as they are."""

    def __init__(self, test, answer, port=0):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.answer = answer
        self.connections = []
        self.closes = False  # after an answer that is bytes
        test.addCleanup(self.end)
        self.start()

    def end(self):
        """As a server that is killed: nobody listens, and its connections are gone."""
        for it in [self.listener, *self.connections]:
            with contextlib.suppress(OSError):
                it.shutdown(socket.SHUT_RDWR)
            it.close()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(client)
            with contextlib.suppress(OSError, struct.error), client, client.makefile("rb") as stream:
                self.serve(client, stream)

    def serve(self, client, stream):
        while True:
            _, payload, kind, flags, size, _ = struct.unpack(">6i", stream.read(24))
            body = stream.read(payload)
            data = body[len(body) - size:] if kind == WRITE else b""
            got = self.answer(kind, body.split(b"\0")[0].decode(), data.decode())
            if isinstance(got, bytes):
                client.sendall(got)
                if self.closes:
                    return
                continue
            code, text = got
            client.sendall(struct.pack(">6i", 0, -1, 0, 0, 0, 0))  # a ping first
            client.sendall(struct.pack(">6i", 0, len(text), code, flags, len(text), 0) + text.encode())


class ServerBus:
    """Devices on a fake owserver."""

    together = "/simultaneous/temperature"

    def __init__(self, test):
        self.values, self.gone, self.written, self.asked, self.alarm = {}, set(), [], [], []
        self.fault = self.alarm_fault = 0
        self.knows_dirall = True
        self.fake = Fake(test, self.answer)
        self.link = f"{{owserver: '127.0.0.1:{self.fake.port}'}}"

    def answer(self, kind, path, data):
        if path == "/alarm":
            return self.list_alarms(kind)
        _, device, attribute = path.split("/", 2)
        self.asked.append(f"{device}/{attribute}")
        if path == self.together:
            self.written.append((path, data))
            return 0, ""
        if device in self.gone or device not in self.values:
            return -1, ""
        if self.fault:
            return self.fault, ""
        if attribute == "latesttemp":
            attribute = "temperature"
        if attribute not in self.values[device]:
            return -1, ""
        if kind == WRITE:
            self.written.append((f"{device}/{attribute}", data))
            self.values[device][attribute] = data
            return 0, ""
        text = self.values[device][attribute]
        return len(text), text

    def list_alarms(self, kind):
        if self.alarm_fault or (kind == DIRALL and not self.knows_dirall):
            return self.alarm_fault or -42, ""
        entries = [f"/alarm/{device}" for device in self.alarm]
        if kind == DIRALL:
            return 0, ",".join(entries)
        return b"".join(struct.pack(">6i", 0, len(entry) + 1, 0, 0x104, len(entry), 0) + entry.encode() + b"\0"
                        for entry in entries) + struct.pack(">6i", 0, 0, 0, 0x104, 0, 0)

    def set(self, device, **values):
        self.values.setdefault(device, {}).update({name.replace("_", "."): text for name, text in values.items()})

    def remove(self, device):
        self.gone.add(device)

    def bring_back(self, device):
        self.gone.discard(device)

    def measured_together(self):
        return [data for path, data in self.written if path == self.together]

    def writes(self):
        """What was written and is there: a list of (attribute, text)."""
        return [(path, data) for path, data in self.written if path != self.together]


def kernel_name(device):
    family, number = device.split(".")
    return f"{family}-{bytes.fromhex(number)[::-1].hex()}".lower()


class KernelBus:
    """Devices in a directory like /sys/bus/w1/devices: links into the directories of the bus masters."""

    # Attribute → file, and how it is written there. Binary files have a byte.
    FILES = {"power": "ext_power", "resolution": "resolution"}

    def __init__(self, test, name="sys"):
        self.root = test.dir / name
        self.devices = self.root / "bus/w1/devices"
        self.devices.mkdir(parents=True)
        self.values = {}
        self.link = f"{{w1: {name}/bus/w1/devices}}"
        self.add_master("w1_bus_master1")

    def add_master(self, name):
        master = self.root / "devices" / name
        master.mkdir(parents=True)
        self.put(master / "therm_bulk_read", b"0\n")
        (self.devices / name).symlink_to(f"../../../devices/{name}")

    @staticmethod
    def put(path, data):
        """At once: a reader sees the old or the new."""
        new = path.with_name("." + path.name)
        new.write_bytes(data)
        os.replace(new, path)

    def place(self, device, master="w1_bus_master1"):
        place = self.root / "devices" / master / kernel_name(device)
        place.mkdir(exist_ok=True)
        link = self.devices / kernel_name(device)
        if not link.is_symlink():
            link.symlink_to(f"../../../devices/{master}/{kernel_name(device)}")
        return place

    @staticmethod
    def slave(celsius, verdict="YES"):
        return (f"50 05 4b 46 7f ff 0c 10 1c : crc=1c {verdict}\n"
                f"50 05 4b 46 7f ff 0c 10 1c t={round(float(celsius) * 1000)}\n").encode()

    def set(self, device, master="w1_bus_master1", **values):
        place = self.place(device, master)
        has = self.values.setdefault(device, {})
        has.update({name.replace("_", "."): text for name, text in values.items()})
        family = device[:2]
        for name, text in has.items():
            if name == "temperature" and family == "26":
                self.put(place / "temperature", f"{round(float(text) * 256)}\n".encode())
            elif name == "temperature":
                self.put(place / "w1_slave", self.slave(text))
            elif name in ("VAD", "VDD"):
                self.put(place / name.lower(), f"{round(float(text) * 100)}\n".encode())
            elif name in self.FILES:
                self.put(place / self.FILES[name], text.encode() + b"\n")
        if "temphigh" in has:
            self.put(place / "alarms", f"{has['templow']} {has['temphigh']}\n".encode())
        if "counters.A" in has:
            lines = [f"{'00 ' * 42}crc=YES c={count}\n" for count in ("7", "8", has["counters.A"], has["counters.B"])]
            self.put(place / "w1_slave", "".join(lines).encode())
        if family == "29":
            self.put(place / "state", bytes([self.byte(has, "sensed", 8)]))
            self.put(place / "output", bytes([self.byte(has, "PIO", 8) ^ 0xff]))
            self.put(place / "activity", bytes([self.byte(has, "latch", 8)]))
        if family == "3A":
            pins, flows = self.byte(has, "sensed", 2, "AB"), self.byte(has, "PIO", 2, "AB") ^ 3
            state = pins & 1 | (flows & 1) << 1 | (pins & 2) << 1 | (flows & 2) << 2
            self.put(place / "state", bytes([state | (state ^ 15) << 4]))
            self.put(place / "output", b"")

    @staticmethod
    def byte(has, name, count, letters="01234567"):
        return sum(int(has.get(f"{name}.{letters[i]}", "0")) << i for i in range(count))

    def remove(self, device):
        (self.devices / kernel_name(device)).unlink()

    def bring_back(self, device):
        self.place(device)

    def measured_together(self):
        data = (self.root / "devices/w1_bus_master1/therm_bulk_read").read_text(encoding="ascii")
        return ["1"] if data == "trigger\n" else []

    def writes(self):
        """What differs from what was set, in owserver's terms."""
        out = []
        for device, has in self.values.items():
            place = self.devices / kernel_name(device)
            if "temphigh" in has:
                low, high = (place / "alarms").read_text(encoding="ascii").split()
                out += [(f"{device}/{name}", now) for name, now in (("templow", low), ("temphigh", high))
                        if now != has[name]]
            if device[:2] == "29":
                flows = (place / "output").read_bytes()[0] ^ 0xff
                out += [(f"{device}/PIO.{i}", str(flows >> i & 1)) for i in range(8)
                        if str(flows >> i & 1) != has.get(f"PIO.{i}", "0")]
            if device[:2] == "3A":
                data = (place / "output").read_bytes()
                out += [(f"{device}/PIO.{'AB'[i]}", str(1 - (data[0] >> i & 1))) for i in range(2)
                        if data and str(1 - (data[0] >> i & 1)) != has.get(f"PIO.{'AB'[i]}", "0")]
        return out


class Stuck:
    """A file that does not answer before release()."""

    def __init__(self, path):
        self.path = path
        new = path.with_name(".stuck-" + path.name)
        os.mkfifo(new)
        os.replace(new, path)

    def release(self, data, after=None):
        """Hands `data` to who waits; behind it the file has the bytes `after`, or is stuck again and returned."""
        stuck = None
        previous = signal.signal(signal.SIGALRM, self.nobody)
        signal.alarm(WAIT)
        with open(self.path, "wb") as pipe:  # waits for who reads
            signal.alarm(0)
            if after is None:
                stuck = Stuck(self.path)
            else:
                KernelBus.put(self.path, after)
            pipe.write(data)
        signal.signal(signal.SIGALRM, previous)
        return stuck

    def nobody(self, *_):
        raise TimeoutError(f"nobody reads {self.path}")
