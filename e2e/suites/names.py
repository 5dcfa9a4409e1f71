"""The internet as the suites see it: a name server on UDP port 53 of loopback that answers questions for the IPv4 addresses of the
service with 127.0.0.1, and of all others with a public address that cannot be reached from here; and the one web site that
suites call back, which redirects, on 127.0.0.2."""

import http.server
import socket
import struct
import threading

SITE = b"\x03www\x06aliyun\x03com\x00"
SERVICE = b"\x08aliyuncs\x03com\x00"
ELSEWHERE = bytes([223, 5, 5, 5])


def answer(question: bytes) -> bytes | None:
    if len(question) < 12:
        return None
    at = 12
    while at < len(question) and question[at]:
        at += question[at] + 1
    if at + 5 > len(question):
        return None
    (kind,) = struct.unpack(">H", question[at + 1 : at + 3])
    count = 1 if kind == 1 else 0
    reply = question[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, count, 0, 0) + question[12 : at + 5]
    if count:
        name = question[12 : at + 1].lower()
        if name == SITE:
            address = bytes([127, 0, 0, 2])
        elif name.endswith(SERVICE):
            address = bytes([127, 0, 0, 1])
        else:
            address = ELSEWHERE
        reply += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + address
    return reply


class Site(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(301)
        self.send_header("Location", "https://www.aliyun.com/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


def main() -> None:
    site = http.server.ThreadingHTTPServer(("127.0.0.2", 80), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    print("ready", flush=True)
    while True:
        question, sender = server.recvfrom(4096)
        reply = answer(question)
        if reply:
            server.sendto(reply, sender)


if __name__ == "__main__":
    main()
