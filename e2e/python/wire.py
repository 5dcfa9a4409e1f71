"""Plain HTTP, sent exactly as written: no path normalisation, no retries, no followed redirects.

`send` is on http.client, `curl` runs the program; both give an `Answer`.
"""

import dataclasses
import http.client
import shutil
import subprocess
import urllib.parse
import xml.etree.ElementTree

CURL = shutil.which("curl")


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def error(self):
        """The elements of an error body, by name."""
        root = xml.etree.ElementTree.fromstring(self.body)
        assert root.tag == "Error", self.body
        return {child.tag: child.text or "" for child in root}

    def refusal(self):
        """Status and code, for comparing."""
        return self.status, self.error()["Code"]


def split(url):
    """Scheme, network location and raw target of a URL."""
    scheme, rest = url.split("://", 1)
    netloc, slash, target = rest.partition("/")
    if not slash:
        netloc, mark, target = rest.partition("?")
        target = mark + target
    return scheme, netloc, "/" + target


def connection(netloc):
    parts = urllib.parse.urlsplit("//" + netloc)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)


def exchange(conn, method, target, headers=None, body=None):
    """One request on an open connection."""
    headers = dict(headers or {})
    names = {name.lower() for name in headers}
    conn.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        conn.putheader("Content-Length", str(len(body)))
    elif body is None and method in ("PUT", "POST") and "content-length" not in names:
        conn.putheader("Content-Length", "0")
    for name, value in headers.items():
        conn.putheader(name, value)
    conn.endheaders(body)
    return read(conn.getresponse())


def read(response):
    headers = {}
    for name, value in response.getheaders():
        name = name.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Answer(response.status, headers, response.read())


def send(url, method="GET", headers=None, body=None):
    """One request on a connection of its own."""
    _, netloc, target = split(url)
    conn = connection(netloc)
    try:
        return exchange(conn, method, target, headers, body)
    finally:
        conn.close()


def curl(url, *arguments, body=None):
    """One request by the curl program, with the name of the URL resolved to loopback."""
    parts = urllib.parse.urlsplit(url)
    command = [CURL, "--silent", "--show-error", "--globoff", "--path-as-is", "--include", "--max-time", "30"]
    if ":" not in parts.hostname:
        command += ["--resolve", f"{parts.hostname}:{parts.port}:127.0.0.1"]
    if body is not None:
        command += ["--data-binary", "@-", "--header", "Expect:"]
        if not any(argument.lower().startswith("content-type:") for argument in arguments):
            # curl would announce a form.
            command += ["--header", "Content-Type:"]
    run = subprocess.run([*command, *arguments, url], input=body or b"", capture_output=True, check=True)
    head, _, rest = run.stdout.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, rest = rest.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Answer(int(first.split()[1]), headers, rest)
