"""Reverse proxies before the server, which keep connections to it open and share them between their clients."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import careless
import server

NGINX = """
worker_processes 1;
daemon off;
{user}
pid "{work}/pid";
error_log "{work}/error.log" crit;
events {{ worker_connections 256; }}
http {{
  log_format seen "$request_method\\t$request_uri\\t$status\\t$upstream_addr\\t$upstream_http_x_oss_request_id";
  access_log "{work}/access.log" seen;
  client_body_temp_path "{work}/client";
  proxy_temp_path "{work}/proxy";
  keepalive_requests 1000000;
  merge_slashes off;
  large_client_header_buffers 4 64k;
  upstream fosse {{
    server 127.0.0.1:{upstream};
    keepalive 1;
    keepalive_requests 1000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    {settings}
    location / {{
      proxy_pass http://fosse;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      # A client that only shut down its sending side gets its answer.
      proxy_ignore_client_abort on;
    }}
  }}
}}
"""
# Hands everything on that it can make sense of, and bodies as they come instead of when they are whole.
LENIENT_NGINX = "ignore_invalid_headers off; underscores_in_headers on; proxy_request_buffering off;"

HAPROXY = """
global
  nbthread 1
  log stdout len 8192 format raw local0
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  http-reuse always
  retries 0
frontend clients
  bind 127.0.0.1:{port}
  {settings}
  log global
  capture response header x-oss-request-id len 40
  log-format "%HM\\t%HU\\t%ST\\t%s\\t%hs"
  default_backend fosse
backend fosse
  server fosse 127.0.0.1:{upstream}
"""
LENIENT_HAPROXY = "option accept-invalid-http-request"

ALL = ["nginx", "nginx-lenient", "haproxy", "haproxy-lenient", "careless"]


@dataclasses.dataclass
class Line:
    """One request that a proxy saw."""

    method: str
    target: str
    status: int
    # It chose to hand it on; what came of that, its client may not have waited for.
    handed_on: bool
    # `x-oss-request-id` of the answer that it got for it; empty without one, or when the server saw no HTTP in it.
    request_id: str


@dataclasses.dataclass
class Proxy:
    port: int
    log: pathlib.Path

    def seen(self):
        """All requests so far."""
        lines = []
        for line in self.log.read_text(encoding="latin-1").splitlines():
            parts = line.split("\t")
            if len(parts) == 5:
                method, target, status, upstream, request_id = parts
                lines.append(Line(method, target, int(status), upstream not in ("-", "<NOSRV>"), request_id.strip("{}-")))
        return lines


def find(name):
    """The program, which may be where only root looks; `None` when it is not installed."""
    return shutil.which(name.split("-")[0], path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


@contextlib.contextmanager
def start(name, work):
    """A proxy of this name, with its files in `work`."""
    if name == "careless":
        log = work / "access.log"
        with careless.start(log) as port:
            yield Proxy(port, log)
        return
    # Neither can tell which port it was given, so one is chosen here and freed for it.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    lenient = name.endswith("-lenient")
    values = {"work": work, "port": port, "upstream": server.PORT}
    config = work / "configuration"
    if name.startswith("nginx"):
        # Started by root, the worker would become another user, who cannot write here.
        values["user"] = "user root;" if os.geteuid() == 0 else ""
        config.write_text(NGINX.format(settings=LENIENT_NGINX if lenient else "", **values))
        command, log = ["-p", work, "-e", work / "error.log", "-c", config], work / "access.log"
        end = signal.SIGQUIT
    else:
        config.write_text(HAPROXY.format(settings=LENIENT_HAPROXY if lenient else "", **values))
        command, log = ["-db", "-f", config], work / "output"
        end = signal.SIGTERM
    with open(work / "output", "wb") as output, open(work / "errors", "wb") as errors:
        process = subprocess.Popen([find(name), *map(str, command)], stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        try:
            _wait(process, port, work)
            yield Proxy(port, log)
        finally:
            process.send_signal(end)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process, port, work):
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
            return
        assert process.poll() is None and time.monotonic() < deadline, (work / "errors").read_text()
        time.sleep(0.02)
