# SPDX-License-Identifier: LGPL-3.0-or-later
"""A time series database for tests: takes rows over RESP and finds fault with them, answers questions over HTTP."""

import contextlib
import datetime
import http.server
import json
import re
import socket
import threading

STEPS = {"n": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
FUNCTIONS = {"min": min, "max": max, "sum": sum, "count": len, "mean": lambda v: sum(v) / len(v),
             "first": lambda v: v[0], "last": lambda v: v[-1]}


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
        self.questions = []
        self.instead = None  # a status and bytes: what is answered whatever is asked
        test.addCleanup(self.listener.close)
        self.start()
        self.web = None
        self.query_port = self.serve_questions(test, 0)

    # ---- rows ----

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
        if (time[1:], value[1:]) not in rows[-8:]:
            rows.append((time[1:], value[1:]))
        return None

    # ---- questions ----

    def serve_questions(self, test, port):
        database = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, data = database.instead or database.answer(self.path, body)
                self.send_response(status)
                self.send_header("Transfer-Encoding", "chunked")
                self.send_header("Connection", "close")
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # who asked may have had enough
                    for at in range(0, len(data), 1000):
                        piece = data[at:at + 1000]
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_):
                pass

        Handler.protocol_version = "HTTP/1.1"
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        test.addCleanup(self.stop_questions)
        return self.web.server_address[1]

    def stop_questions(self):
        if self.web:
            self.web.shutdown()
            self.web.server_close()
        self.web = None

    def answer(self, path, body):
        """Status and body. Errors have status 200, as of the real one."""
        if path != "/api/query":
            return 404, f"-Invalid url {path}\r\n".encode()
        try:
            question = json.loads(body)
        except ValueError:
            return 200, b"-JSON parsing error at line 1, expected value\r\n"
        self.questions.append(question)
        if question.get("output", {}).get("format", "resp") not in ("resp", "csv"):
            return 400, b"-invalid output statement (format)\r\n"
        try:
            rows = self.rows_for(question)
        except ValueError as error:
            return 200, f"-{error}\r\n".encode()
        return 200, "".join(f"{name},ts={time},{value:g}\n" if value == int(value) and abs(value) < 1e5
                            else f"{name},ts={time},{value!r}\n" for name, time, value in rows).encode()

    def rows_for(self, question):
        if "group-aggregate" in question:
            what = question["group-aggregate"]
            metric, (function,) = what["metric"], what["func"]
        elif "aggregate" in question:
            (metric, function), = question["aggregate"].items()
        elif "select" in question:
            metric, function = question["select"], None
        else:
            raise ValueError("Query object type is undefined. One of the following fields should be added: select, "
                             "aggregate, join, group-aggregate")
        if "range" not in question and not function:
            raise ValueError("Range field is not set")
        names = [name for name in sorted(self.series) if name.split(" ")[0] == metric]
        if not names:
            raise ValueError("not found")
        wanted = {f"{tag}={value}" for tag, value in question.get("where", {}).items()}
        start, end = (time_of(question["range"][key]) for key in ("from", "to"))
        rows = []
        for name in names:
            if not wanted <= set(re.split(r"(?<!\\) ", name)[1:]):
                continue
            points = [(int(time), float(value)) for time, value in self.series[name] if start <= int(time) < end]
            rows += self.put_together(name, points, question, function)
        if question.get("order-by") == "time":
            rows.sort(key=lambda row: row[1])
        return rows[:question.get("limit", len(rows))]

    @staticmethod
    def put_together(name, points, question, function):
        metric, _, tags = name.partition(" ")
        if not function:
            return [(name, time, value) for time, value in points]
        step = "group-aggregate" in question and question["group-aggregate"]["step"]
        groups = {}
        for time, value in points:
            length = int(step.rstrip("abcdefghijklmnopqrstuvwxyz")) * STEPS[step.lstrip("0123456789")] if step else 0
            groups.setdefault(time - time % length if length else points[0][0], []).append(value)
        return [(f"{metric}:{function} {tags}", time, FUNCTIONS[function](values)) for time, values in groups.items()]


def time_of(text):
    """Nanoseconds of `20261123T210500.000000001`."""
    whole, _, part = text.partition(".")
    moment = datetime.datetime.strptime(whole, "%Y%m%dT%H%M%S").replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 10**9 + int((part or "0").ljust(9, "0"))
