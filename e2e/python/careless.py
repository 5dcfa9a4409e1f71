"""The front end that a smuggler hopes for: it looks for the end of each request, and hands on what came, byte for byte, over one
connection that all its clients share. Answers belong to requests in their order, whatever they say."""

import contextlib
import socket
import socketserver
import threading

import h11

import server

# Seconds that an answer may take.
PATIENCE = 2


class Upstream:
    """The shared connection."""

    def __init__(self):
        self.lock = threading.Lock()
        self.connection = self.reader = None

    def ask(self, request, bodiless):
        """The answer to a request, as it came; nothing when there is none."""
        with self.lock:
            while True:
                kept = self.connection is not None
                try:
                    if not kept:
                        self.connection = socket.create_connection(("127.0.0.1", server.PORT), timeout=PATIENCE)
                        self.reader = self.connection.makefile("rb")
                    self.connection.sendall(request)
                    return self._answer(bodiless)
                except socket.timeout:
                    self.end()
                    return b""
                except (ConnectionError, EOFError):
                    self.end()
                    # It may have ended at any time since the last answer. A new one has no such excuse.
                    if not kept:
                        return b""

    def end(self):
        if self.connection is not None:
            self.reader.close()
            self.connection.close()
        self.connection = self.reader = None

    def _answer(self, bodiless):
        lines = [self.reader.readline()]
        while lines[-1] != b"\r\n":
            if not lines[-1]:
                raise EOFError
            lines.append(self.reader.readline())
        status = lines[0].split(b" ")[1]
        if status == b"100":
            return self._answer(bodiless)
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:-1])}
        length = 0 if bodiless or status in (b"204", b"304") else int(fields.get(b"content-length", b"0"))
        body = self.reader.read(length)
        if len(body) < length:
            raise EOFError
        if b"close" in fields.get(b"connection", b""):
            self.end()
        return b"".join(lines) + body


class Handler(socketserver.BaseRequestHandler):
    """One client."""

    def handle(self):
        held = b""
        while True:
            reader = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
            if held:
                reader.receive_data(held)
            request = None
            while not isinstance(event := self._event(reader), h11.EndOfMessage):
                if event is None:
                    # Not understood.
                    return
                if event is h11.NEED_DATA:
                    piece = self.request.recv(65536)
                    if not piece:
                        return
                    held += piece
                    reader.receive_data(piece)
                elif isinstance(event, h11.Request):
                    request = event
            rest, _ = reader.trailing_data
            answer = self.server.hand_on(request, held[: len(held) - len(rest)])
            if not answer:
                return
            self.request.sendall(answer)
            if reader.their_state is h11.MUST_CLOSE:
                return
            held = rest

    @staticmethod
    def _event(reader):
        try:
            return reader.next_event()
        except h11.RemoteProtocolError:
            return None


class FrontEnd(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, log):
        super().__init__(("127.0.0.1", 0), Handler)
        self.log = log
        self.upstream = Upstream()

    def handle_error(self, *_):
        # A client that is gone.
        pass

    def hand_on(self, request, data):
        answer = self.upstream.ask(data, request.method == b"HEAD")
        status, request_id = b"0", b""
        if answer:
            status = answer.split(b" ", 2)[1]
            lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
            request_id = next((line[18:] for line in lines if line.startswith(b"x-oss-request-id: ")), b"")
        self.log.write(b"\t".join([request.method, request.target, status, b"fosse", request_id]) + b"\n")
        self.log.flush()
        return answer


@contextlib.contextmanager
def start(log):
    """Port of a front end that writes what it hands on to the file `log`."""
    with open(log, "wb") as file, FrontEnd(file) as front_end:
        thread = threading.Thread(target=front_end.serve_forever, daemon=True)
        thread.start()
        yield front_end.server_address[1]
        front_end.shutdown()
        thread.join()
        front_end.upstream.end()
