"""Python's own HTTP server, which leaves bodies to its handlers; this one reads them as carelessly as such handlers do. It tells in
the answer's head what it read of a request, and goes on."""

import base64
import hashlib
import http.server
import os
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.tell
        raise AttributeError(name)

    def tell(self):
        try:
            body = self.chunks() if "chunked" in self.headers.get("Transfer-Encoding", "").lower() else self.counted()
        except ValueError:
            self.close_connection = True
            return
        target = base64.b64encode(self.path.encode("latin-1")).decode()
        self.send_response_only(200)
        self.send_header("X-Read", f"{hashlib.md5(body).hexdigest()} {target}")
        self.send_header("Content-Length", "0")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def counted(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length >= 0 else b""
        if len(body) < length:
            raise ValueError("too short")
        return body

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            if size < 0:
                raise ValueError("negative")
            body += self.rfile.read(size)
            self.rfile.readline()
        while line := self.rfile.readline():
            if not line.strip():
                return body
        raise ValueError("too short")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_):
        # A head that it cannot read ends the connection.
        pass


def end():
    """Ends with the test that started it."""
    sys.stdin.read()
    os._exit(0)


server = Server(("127.0.0.1", 0), Handler)
print("strict", server.server_port, flush=True)
threading.Thread(target=end, daemon=True).start()
server.serve_forever()
