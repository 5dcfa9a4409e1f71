"""Names on loopback, a bucket for each test, and a clock that is always put back."""

import itertools
import re
import socket

import pytest

import sdk
import server

_resolve = socket.getaddrinfo


def _loopback(host, *arguments, **named):
    """Any name below localhost or the test domain is this machine, whatever its resolver says."""
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.lower().rstrip(".").endswith(("localhost", server.DOMAIN)):
        host = "127.0.0.1"
    return _resolve(host, *arguments, **named)


socket.getaddrinfo = _loopback

_numbers = itertools.count(1)


@pytest.fixture(params=sdk.ALL, ids=lambda pair: f"{pair[0].name}-{pair[1]}")
def client(request):
    """Each SDK with each scheme, on the IPv4 endpoint (path-style)."""
    kind, scheme = request.param
    return kind(scheme)


@pytest.fixture
def root():
    """One client for setting things up, where the test is not about the SDK."""
    return sdk.Oss2("v4")


@pytest.fixture
def bucket(request, root):
    """A new bucket, emptied and deleted afterwards."""
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-")
    name = f"py-{next(_numbers)}-{stem}"
    root.make_bucket(name)
    yield name
    for key, upload in root.uploads(name):
        root.abort(name, key, upload)
    while keys := root.list(name, max_keys=1000).keys:
        root.delete_many(name, keys)
    root.delete_bucket(name)


@pytest.fixture
def clock():
    """Sets the server's clock; back to the present afterwards."""
    yield server.set_clock
    server.set_clock(0)
