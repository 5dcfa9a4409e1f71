"""What a reader makes of a case: which requests it sees, and with which bodies.

The readers are servers on loopback, or a library in this process. Servers are sent the case as it is, on a connection of its own
of which the sending side is then shut down, so that nobody waits for more; what they read, they tell in their answers.
"""

import base64
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import pathlib
import shutil
import socket
import subprocess
import sys

import h11

REFERENCES = pathlib.Path(__file__).parent / "references"


@dataclasses.dataclass(frozen=True)
class Seen:
    """One request, as it was read."""

    # `first`, `hidden`, `last`, `other`, or `refused`: bytes that were taken for the beginning of a request and for none.
    what: str
    # MD5 of the body in lower case; `None` when the reader does not tell.
    body: "str | None" = None
    # The reader says nothing of ending the connection after it.
    goes_on: bool = False
    status: int = 200


@dataclasses.dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    def goes_on(self):
        return "close" not in self.headers.get("connection", "").lower().replace(" ", "").split(",")


def _connect(port, timeout):
    connection = socket.socket()
    connection.settimeout(timeout)
    connection.connect(("127.0.0.1", port))
    return connection


def exchange(port, sent):
    """Everything that comes back on a connection of its own."""
    with _connect(port, 20) as connection:
        received = bytearray()
        # A connection that is reset may have told its answers before.
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                received += piece
    return bytes(received)


def stays_open(port, sent):
    """Whether a connection is still open after these bytes, of which the sending side was not shut down."""
    with _connect(port, 1) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            try:
                while connection.recv(65536):
                    pass
            except socket.timeout:
                return True
    return False


def replies(received, bodiless=False):
    """The answers in these bytes; `bodiless`: the first is to a HEAD. An answer that is cut short does not count."""
    answers = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        if not end:
            break
        line, *lines = head.decode("latin-1").split("\r\n")
        assert line.startswith("HTTP/1."), received[:200]
        status = int(line.split(" ")[1])
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if status < 200:
            received = rest
            continue
        length = headers.get("content-length")
        if length is None and status not in (204, 304):
            # Nothing can follow it.
            assert "close" in headers.get("connection", "close"), headers
            length = len(rest)
        if status in (204, 304) or bodiless and not answers:
            length = 0
        body, received = rest[: int(length)], rest[int(length) :]
        answers.append(Reply(status, headers, body))
    return answers


def _what(target):
    return next((name for name in ("first", "hidden", "last") if f"/{name}" in target), "other")


def told(received, bodiless):
    """The reading of a reference server; it ends before what that refused."""
    seen = []
    for reply in replies(received, bodiless):
        if "x-read" not in reply.headers:
            break
        body, target = reply.headers["x-read"].split(" ")
        seen.append(Seen(_what(base64.b64decode(target).decode("latin-1")), body, reply.goes_on()))
    return seen


def by_h11(sent):
    """The reading of h11, which is no server."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
    seen = []
    target, digest = "", hashlib.md5()
    connection.receive_data(sent)
    connection.receive_data(b"")
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return seen
        if isinstance(event, h11.Request):
            target, digest = event.target.decode("latin-1"), hashlib.md5()
        elif isinstance(event, h11.Data):
            digest.update(event.data)
        elif isinstance(event, h11.EndOfMessage):
            # A CONNECT that succeeds would end HTTP.
            connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            goes_on = connection.our_state is h11.DONE and connection.their_state is h11.DONE
            seen.append(Seen(_what(target), digest.hexdigest(), goes_on))
            if not goes_on:
                return seen
            connection.start_next_cycle()
        else:
            return seen


@contextlib.contextmanager
def _program(names, *command):
    """Ports of the servers in a program that prints them as `NAME PORT`; it ends when its input does."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            ports = dict(process.stdout.readline().split() for _ in range(names))
            yield {name: int(port) for name, port in ports.items()}
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def reference(name, work):
    """A reference server; `work` is a directory for what must be built first."""
    if name == "node":
        return _program(2, shutil.which("node"), REFERENCES / "server.mjs")
    if name == "python":
        return _program(1, sys.executable, REFERENCES / "server.py")
    binary = work / "server"
    subprocess.run([shutil.which("go"), "build", "-o", binary, REFERENCES / "server.go"], cwd=REFERENCES, check=True)
    return _program(1, binary)


def each(function, items):
    """Results in order, several at a time."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(function, items))
