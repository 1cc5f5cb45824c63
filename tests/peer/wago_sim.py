# SPDX-License-Identifier: LGPL-3.0-or-later
"""A WAGO controller that is not there: what its daemon does, on a clock that tests move, and a server around it.

Controller is the daemon: commands in, lines out, time by advance(). Server lends it a port. Cards: 1 has 8 inputs,
2 and 3 have 16 outputs each.
"""

import contextlib
import itertools
import re
import socket
import threading

WAIT = 60  # seconds before a test gives up: a bound for what hangs, not a measure

NO_DEVICE, INVALID, NO_FILE, BUSY, MINE = ("No such device", "Invalid argument", "No such file or directory",
                                           "Device or resource busy", "Address already in use")


class Fault(Exception):
    """A command that fails; the text is the reply without its question mark."""


class Monitor:
    """What runs on the controller: watches, counts, times, or says that it is alive."""

    def __init__(self, number, owner, kind, card=0, bit=0, **more):
        self.number, self.owner, self.kind, self.card, self.bit = number, owner, kind, card, bit
        self.direction = more.get("direction")
        self.times = more.get("times", ())  # ms: of the timer, or of both phases
        self.due = more.get("due")  # ms, virtual
        self.last = more.get("last", 0)
        self.level = more.get("level", 1)  # that the output has while the first time runs
        self.count = self.told = 0

    @property
    def drives(self):
        return self.kind in ("timed", "pwm")

    def describe(self, now):
        edge = {"+": " h", "-": " l", "*": ""}.get(self.direction, "")
        left = f"{(self.due - now) / 1000:.3f}" if self.due is not None else "-"
        names = {
            "watch": ("report change" + edge, "-"),
            "count": ("count changes" + edge, str(self.count)),
            "timed": ("timed set" if self.level else "timed clear", left),
            "pwm": ("PWM, on" if self.last else "PWM, off", left),
            "alive": ("keepalive", left),
        }
        name, detail = names[self.kind]
        return f"{self.number} {name}: {self.card}:{self.bit} {detail}"


class Controller:
    """The daemon. `say(client, line)` is how it talks."""

    def __init__(self, say, cards=((1, "in", 8), (2, "out", 16), (3, "out", 16)), loop=3000):
        self.say = say
        self.cards = {slot: (way, bits) for slot, way, bits in cards}
        self.bits = {(slot, bit): 0 for slot, _, bits in cards for bit in range(1, bits + 1)}
        self.monitors, self.numbers = {}, itertools.count(1)
        self.now = 0  # ms
        self.loop, self.next_loop = loop, loop
        self.checks = True

    # ---- time ----

    def advance(self, seconds):
        self.until(self.now + round(seconds * 1000))

    def until(self, end):
        while True:
            dues = [m.due for m in self.monitors.values() if m.due is not None]
            at = min([self.next_loop, *dues])
            if at > end:
                break
            self.now = at
            for monitor in [m for m in self.monitors.values() if m.due == at]:
                self.fire(monitor)
            if self.next_loop == at:
                self.next_loop += self.loop
                self.look()
        self.now = end

    def look(self):
        """What happens at each turn of the daemon's loop."""
        for monitor in list(self.monitors.values()):
            level = self.bits.get((monitor.card, monitor.bit))
            if monitor.kind in ("watch", "count") and level != monitor.last:
                monitor.last = level
                if monitor.direction in ("*", "+" if level else "-"):
                    self.changed(monitor, level)
            elif monitor.drives and self.checks and level != monitor.last:
                self.bits[monitor.card, monitor.bit] = 1 - monitor.level
                self.end(monitor, f"DROP {'HL'[1 - level]}: saw external change in loop")

    def changed(self, monitor, level):
        if monitor.kind == "watch":
            self.signal(monitor, "HL"[1 - level])
            return
        monitor.count += 1
        if monitor.due is None:
            monitor.told = monitor.count
            monitor.due = self.now + monitor.times[0]
            self.signal(monitor, monitor.count)

    def fire(self, monitor):
        bit = (monitor.card, monitor.bit)
        if monitor.kind == "alive":
            monitor.count += 1
            monitor.due += monitor.times[0]
            self.signal(monitor, f"PING {monitor.count}")
        elif monitor.kind == "count":
            self.signal(monitor, monitor.count)
            monitor.due = self.now + monitor.times[0] if monitor.count != monitor.told else None
            monitor.told = monitor.count
        elif monitor.kind == "pwm":
            self.bits[bit] = monitor.last = 1 - monitor.last
            monitor.due += monitor.times[0 if monitor.last == monitor.level else 1]
        elif self.bits[bit] == monitor.level:
            self.bits[bit] = 1 - monitor.level
            self.signal(monitor, "TRIGGER")
            self.end(monitor, "Deleted.")
        else:
            self.say(monitor.owner, f"!-{monitor.number} Already changed!")
            self.end(monitor, "Deleted.")

    # ---- monitors ----

    def signal(self, monitor, text):
        self.say(monitor.owner, f"!{monitor.number} {text}")

    def end(self, monitor, text):
        self.monitors.pop(monitor.number, None)
        self.say(monitor.owner, f"!-{monitor.number} {text}")

    def create(self, client, text, *args, **more):
        monitor = Monitor(next(self.numbers), client, *args, **more)
        self.monitors[monitor.number] = monitor
        return f"!+{monitor.number} {text}"

    def close(self, client):
        for monitor in [m for m in self.monitors.values() if m.owner is client]:
            if monitor.drives:
                monitor.owner = None
            else:
                del self.monitors[monitor.number]

    # ---- commands ----

    def command(self, client, line):
        """Does what the line says, and replies."""
        try:
            for reply in self.obey(client, line):
                self.say(client, reply)
        except Fault as fault:
            self.say(client, f"?{fault}")

    def obey(self, client, line):
        found = re.match(r"(m[-+#?]|D[a-zA-Z]|dc|[a-zA-Z])\s*(.*)", line.strip())
        if not found:
            raise Fault("Empty line. Help with 'h'." if not line.strip()
                        else f"Unknown character: '{line.strip()[0]}'. Help with 'h'.")
        name, args = found[1], found[2].split()
        does = {"i": self.read, "I": self.read, "s": self.write, "c": self.write, "m": self.list_monitors,
                "m+": self.watch, "m#": self.watch, "m-": self.delete, "m?": self.adopt, "d": self.interval,
                "dc": lambda *_: ["+0.000 sec"], "Dp": self.list_cards, "Da": self.alive}
        if re.fullmatch(r"D[sScCIrR]", name):
            return self.pretend(name[1])
        if name not in does:
            raise Fault(f"Unknown character: '{name[0]}'. Help with 'h'.")
        return does[name](client, name, *args)

    def pretend(self, what):
        """What the daemon of the transcript can do without a controller around it."""
        way = "in" if what in "sc" else "out"
        if what in "sScC":
            for (slot, bit) in self.bits:
                if self.cards[slot][0] == way:
                    self.bits[slot, bit] = int(what in "sS")
        if what in "SC":
            self.checks = True
        elif what == "I":
            self.checks = False
        return ["+OK"]

    def bit(self, way, card, bit, prefix="error: "):
        place = int(card), int(bit)
        if place[0] not in self.cards:
            raise Fault(prefix + NO_DEVICE)
        if self.cards[place[0]][0] != way or place not in self.bits:
            raise Fault(prefix + INVALID)
        return place

    def read(self, client, name, card, bit):
        return [f"+{self.bits[self.bit('in' if name == 'i' else 'out', card, bit)]}"]

    def write(self, client, name, card, bit, *times):
        place, level = self.bit("out", card, bit), int(name == "s")
        word = "Set" if level else "Cleared"
        if not times:
            self.bits[place] = level
            return [f"+{word}."]
        if self.bits[place] == level:
            raise Fault(f"already {word.lower()}")
        self.bits[place] = level
        spans = [int(float(t) * 1000) for t in times]
        return [self.create(client, f"{word}, monitor started.", "timed" if len(spans) == 1 else "pwm", *place,
                            times=spans, due=self.now + spans[0], last=level, level=level)]

    def watch(self, client, name, card, bit, direction, interval="1"):
        place = self.bit("in", card, bit, f"'{name}' error creating monitor: ")
        if direction not in "+-*":
            raise Fault(f"'{name}' last parameter must be one of + - *")
        if name == "m#" and float(interval) < 0.01:
            raise Fault("'m#' interval cannot be < 0.01")
        return [self.create(client, "monitor created", "watch" if name == "m+" else "count", *place,
                            direction=direction, times=(int(float(interval) * 1000),), last=self.bits[place])]

    def delete(self, client, name, number):
        monitor = self.monitors.get(int(number))
        if not monitor:
            raise Fault(f"'m-' error deleting monitor {number}: {NO_FILE}")
        self.end(monitor, "Deleted.")
        return [f"+Monitor {number} deleted."]

    def adopt(self, client, name, number):
        monitor = self.monitors.get(int(number))
        fault = NO_FILE if not monitor else MINE if monitor.owner is client else BUSY if monitor.owner else None
        if fault:
            raise Fault(f"'m?' error taking monitor {number}: {fault}")
        monitor.owner = client
        return [f"+Monitor {number} attached."]

    def list_monitors(self, client, name):
        newest_first = sorted(self.monitors.values(), key=lambda m: -m.number)
        return ["=Monitors:", *(m.describe(self.now) for m in newest_first), "."]

    def list_cards(self, client, name):
        lines = []
        for slot, (way, bits) in sorted(self.cards.items(), reverse=True):
            states = "".join(str(self.bits[slot, bit]) for bit in range(1, bits + 1))
            groups = " ".join(states[i:i + 5] for i in range(0, bits, 5))
            lines.append(f"{slot}: digital {way}put:750-{'4xx' if way == 'in' else '5xx'} {bits} "
                         f"{'<=' if way == 'in' else '=>'} {groups}")
        return ["=Reporting bus data", *lines, "."]

    def interval(self, client, name, seconds=None):
        if seconds is None:
            return [f"+{self.loop / 1000:g} seconds per loop."]
        self.loop = max(1, round(float(seconds) * 1000))
        self.next_loop = self.now + self.loop
        return ["+Loop timer changed."]

    def alive(self, client, name, seconds):
        if float(seconds) < 0.1:
            raise Fault("'Da' duration must be 0.1 min.")
        span = int(float(seconds) * 1000)
        return [self.create(client, "monitor created", "alive", times=(span,), due=self.now + span)]


class Server:
    """The controller on a port of loopback. Its time stands still but for advance(), and `commands` is what it was told."""

    def __init__(self, test, **more):
        self.controller = Controller(self.say, **more)
        self.changed = threading.Condition(threading.RLock())
        self.commands, self.clients = [], []
        self.answer = None  # answer(line) → bytes to send instead, or None
        self.is_split = self.is_mute = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        test.addCleanup(self.end)
        threading.Thread(target=self.accept, daemon=True).start()

    def end(self):
        self.listener.close()
        self.drop()

    def say(self, client, line):
        if client:
            self.send(client, line.encode() + b"\n")

    def send(self, client, data):
        pieces = [data[i:i + 1] for i in range(len(data))] if self.is_split else [data]
        with contextlib.suppress(OSError):
            for piece in [] if self.is_mute else pieces:
                client.sendall(piece)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.changed:
                    self.clients.append(client)
                    self.say(client, "* WAGO ready.")
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError, ValueError), client.makefile("r", encoding="ascii", newline="\n") as stream:
            for line in stream:
                with self.changed:
                    self.obey(client, line.rstrip("\r\n"))
        with self.changed:
            self.forget(client)

    def obey(self, client, line):
        if client not in self.clients:
            return
        self.commands.append(line)
        instead = self.answer(line) if self.answer else None
        if instead is None:
            self.controller.command(client, line)
        else:
            self.send(client, instead)
        self.changed.notify_all()

    def forget(self, client):
        if client in self.clients:
            self.clients.remove(client)
            self.controller.close(client)
            self.changed.notify_all()

    # ---- what a test does ----

    def advance(self, seconds):
        with self.changed:
            self.controller.advance(seconds)

    def set(self, card, bit, level):
        """An input changes, and the loop sees it."""
        with self.changed:
            self.controller.bits[card, bit] = level
            self.controller.look()

    def level(self, card, bit):
        with self.changed:
            return self.controller.bits[card, bit]

    def shout(self, data):
        with self.changed:
            for client in self.clients:
                self.send(client, data)

    def drop(self):
        with self.changed:
            for client in list(self.clients):
                self.forget(client)
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
                client.close()

    def until(self, condition, why):
        """Waits for what commands bring about."""
        with self.changed:
            if not self.changed.wait_for(condition, WAIT):
                raise AssertionError(f"{why}: {self.commands}")

    def until_told(self, pattern, times=1):
        self.until(lambda: len([c for c in self.commands if re.fullmatch(pattern, c)]) >= times, f"never told `{pattern}`")
