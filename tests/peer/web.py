# SPDX-License-Identifier: LGPL-3.0-or-later
"""A web server whose answers a test makes, and certificates for it."""

import contextlib
import http.server
import shutil
import socket
import ssl
import subprocess
import threading

HAS_OPENSSL = shutil.which("openssl") is not None


class Asked:
    """One request as the server saw it."""

    def __init__(self, handler, body):
        self.method, self.path, self.headers, self.body = handler.command, handler.path, handler.headers, body
        self.handler = handler  # for answers that are none

    def __repr__(self):
        return f"{self.method} {self.path}"


class Web(http.server.ThreadingHTTPServer):
    """answer(asked) gives a body, or (status, body), or (status, body, headers); None: it has done so by itself.

    `asked` are the requests so far, in order of their coming.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, test, answer, tls=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        self.answer = answer
        self.asked = []
        self.more = threading.Condition()
        self.is_over = threading.Event()  # for answers that are held back
        self.tls = tls
        self.open = set()
        test.addCleanup(self.end)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path=""):
        return f"{'https' if self.tls else 'http'}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}{path}"

    def get_request(self):
        connection, address = super().get_request()
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.open.add(connection)
        return connection, address

    def handle_error(self, request, client_address):
        pass  # a client that goes away is what some tests are about

    def end(self):
        """As when the machine is switched off: nobody listens, and what was open is cut."""
        if self.is_over.is_set():
            return
        self.is_over.set()
        self.shutdown()
        self.server_close()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait(self, count, seconds=60):
        """Until so many requests have come."""
        with self.more:
            if not self.more.wait_for(lambda: len(self.asked) >= count, seconds):
                raise AssertionError(f"of {count} requests these came: {self.asked}")
            return self.asked[count - 1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self, body)
        with self.server.more:
            self.server.asked.append(asked)
            self.server.more.notify_all()
        answer = self.server.answer(asked)
        if answer is None:
            self.close_connection = True
            return
        if not isinstance(answer, tuple):
            answer = (200, answer)
        status, body, *headers = answer
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in (headers[0] if headers else {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = take


def certificates(directory, *names):
    """For each name NAME.key and NAME.pem, all signed by ca.pem; for `localhost` if that is asked of them."""

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=directory, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=Other CA", "-keyout", "other.key", "-out", "other.pem")
    for name in names:
        (directory / "san").write_text("subjectAltName=DNS:localhost\n", encoding="utf-8")
        openssl(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-extfile", "san", "-out", f"{name}.pem")


def tls(directory, wants_certificate=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    if wants_certificate:
        context.load_verify_locations(directory / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context
