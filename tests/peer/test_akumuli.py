# SPDX-License-Identifier: LGPL-3.0-or-later
"""akumuli.write: against a server that takes rows and finds fault with them as the real one does."""

import contextlib
import socket
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import WAIT, CliTest  # noqa: E402


class Database(threading.Thread):
    """RESP in; silence when all is well, one line and the end of the connection otherwise.

    `series` holds the rows of each series, (time, value) as text.
    """

    def __init__(self, test):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.series = {}
        self.connections = 0
        self.has_ended = threading.Event()  # the last connection, all of it has been read
        self.tells_the_row = True
        test.addCleanup(self.listener.close)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.has_ended.clear()
            with contextlib.suppress(ConnectionError), client, client.makefile("rb") as stream:
                fault = self.take_rows(stream)
                if fault:
                    client.sendall(fault.encode() + b"\r\n")
            self.has_ended.set()

    @staticmethod
    def item(stream):
        return stream.readline().decode().rstrip("\r\n")

    def take_rows(self, stream):
        names = {}
        name = self.item(stream)
        if name.startswith("*"):
            for _ in range(int(name[1:]) // 2):
                value = self.item(stream)
                names[self.item(stream)] = value
            name = self.item(stream)
        while name:
            time, value = self.item(stream), self.item(stream)
            fault = self.take(names.get(name, name), time, value)
            if fault:
                return fault
            name = self.item(stream)
        return None

    def take(self, name, time, value):
        row = f"{name}\\r\\n{time}\\r\\n{value}\\r" if self.tells_the_row else ""
        if not name.startswith("+") or "=" not in name:
            return f"-PARSER invalid series name format - {row}"
        if "bad" in name:
            return f"-PARSER can't parse double value: {value[1:]} - {row}"
        rows = self.series.setdefault(name[1:], [])
        if rows and int(rows[-1][0]) > int(time[1:]):
            return "-DB late write"
        if (time[1:], value[1:]) not in rows:
            rows.append((time[1:], value[1:]))
        return None


class Akumuli(CliTest):
    def once(self, database, rows, nodes, link=""):
        self.write("in.csv", rows)
        self.flow(nodes, more=f"links: {{tsdb: {{akumuli: 'tcp:127.0.0.1:{database.port}'{link}}}}}\n")
        said = self.call("run", "--once", "flow.yaml").stderr
        self.assertTrue(database.has_ended.wait(WAIT))
        return said

    def test_rows(self):
        """Each value is a row with its time; tags are sorted, ports and nodes are filled in."""
        database = Database(self)
        self.once(database, "t,power,volts\n1764000000,1.5,230\n1764000001,-2,231\n", """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "grid what={port} node={node} site=home", scale: 10, from: "in.*"}
""")
        self.assertEqual(database.series, {
            "grid node=in site=home what=power": [("1764000000000000000", "15"), ("1764000001000000000", "-20")],
            "grid node=in site=home what=volts": [("1764000000000000000", "2300"), ("1764000001000000000", "2310")],
        })

    def test_many_rows(self):
        """More rows than may be under way all arrive, in order, over one connection."""
        database = Database(self)
        lines = "".join(f"{1764000000 + i},{i}\n" for i in range(5000))
        self.once(database, "t,n\n" + lines, """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "count site=home", from: in.n}
""")
        self.assertEqual([int(value) for _, value in database.series["count site=home"]], list(range(5000)))
        self.assertEqual(database.connections, 1)

    def test_wrong_row(self):
        """A row that the database refuses is said and lost, alone; the others are stored once."""
        for tells in (True, False):
            database = Database(self)
            database.tells_the_row = tells
            said = self.once(database, "t,good,bad\n" + "".join(f"{1764000000 + i},{i},{i}\n" for i in range(3)), """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "x what={port}", from: "in.*"}
""")
            self.assertIn("can't parse double value", said)
            self.assertEqual([value for _, value in database.series["x what=good"]], ["0", "1", "2"])
            self.assertNotIn("x what=bad", database.series)

    def test_older_row(self):
        """What is older than the last row of its series is refused here, and costs no connection."""
        database = Database(self)
        said = self.once(database, "t,n\n1764000002,2\n1764000001,1\n1764000003,3\n", """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "n site=home", from: in.n}
""")
        self.assertIn("a series only grows", said)
        self.assertEqual([value for _, value in database.series["n site=home"]], ["2", "3"])
        self.assertEqual(database.connections, 1)

    def test_dictionary(self):
        """Behind a connection that was lost, names that are known go by number."""
        database = Database(self)
        database.tells_the_row = False
        self.once(database, "t,good,bad\n1764000000,1,1\n1764000001,2,2\n", """
in: {file.read: in.csv, time: t, type: number}
out: {akumuli.write: "x what={port}", from: "in.*"}
""", ", dictionary: true")
        self.assertEqual([value for _, value in database.series["x what=good"]], ["1", "2"])
        self.assertGreater(database.connections, 1)


if __name__ == "__main__":
    unittest.main()
