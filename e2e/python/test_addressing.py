"""Every form in which the SDKs and programs reach a server."""

import itertools
import subprocess

import oss2
import pytest

import handmade
import sdk
import server
import wire

_numbers = itertools.count(1)

SERVICE = f"http://oss-{server.REGION}.localhost:{server.PORT}"
CUSTOM = f"http://{server.DOMAIN}:{server.PORT}"


def clients():
    """Name, client: each SDK on each endpoint form it can express."""
    for scheme in ("v1", "v4"):
        for name, endpoint in {
            "ipv4": server.ENDPOINT, "localhost": server.LOCALHOST, "service": SERVICE, "custom": CUSTOM,
        }.items():
            yield f"oss2-{scheme}-{name}", lambda s=scheme, e=endpoint: sdk.Oss2(s, e)
            yield f"oss-v2-{scheme}-{name}", lambda s=scheme, e=endpoint: sdk.OssV2(s, e)
        for name, endpoint in {"localhost": server.LOCALHOST, "service": SERVICE, "custom": CUSTOM}.items():
            yield f"oss2-{scheme}-{name}-path", lambda s=scheme, e=endpoint: sdk.Oss2(s, e, is_path_style=True)
            yield f"oss-v2-{scheme}-{name}-path", lambda s=scheme, e=endpoint: sdk.OssV2(s, e, use_path_style=True)
        yield f"oss-v2-{scheme}-ipv6-path", lambda s=scheme: sdk.OssV2(s, server.ENDPOINT_V6, use_path_style=True)


CLIENTS = dict(clients())


@pytest.mark.parametrize("name", CLIENTS)
def test_endpoint(name):
    client = CLIENTS[name]()
    bucket = f"py-address-{next(_numbers)}"
    client.make_bucket(bucket)
    try:
        assert bucket in client.buckets("py-address-")
        client.put(bucket, "dir/a b", b"body", meta={"k": "v"})
        assert client.get(bucket, "dir/a b").body == b"body"
        assert client.list(bucket).keys == ["dir/a b"]
        url, _ = client.presign("GET", bucket, "dir/a b")
        virtual = any(word in name for word in ("service", "custom")) or name.startswith("oss-v2") and "localhost" in name
        host = wire.split(url)[1]
        assert host.startswith(f"{bucket}.") == (virtual and not name.endswith("-path")), url
        assert wire.curl(url).body == b"body"
        assert wire.send(url).body == b"body"
        client.delete(bucket, "dir/a b")
    finally:
        client.delete_bucket(bucket)


def test_oss2_takes_no_ipv6_literal():
    """The SDK's own check of the endpoint does not know brackets; nothing is sent."""
    with pytest.raises(oss2.exceptions.ClientError, match="endpoint you has specified is not valid"):
        sdk.Oss2("v4", server.ENDPOINT_V6).buckets("")


def test_oss_v2_takes_an_ipv6_literal_for_a_name():
    """Unlike an IPv4 address it does not switch to path-style by itself; with the option it works (above)."""
    url, _ = sdk.OssV2("v4", server.ENDPOINT_V6).presign("GET", "bucket", "k")
    assert url.startswith("http://bucket.[::1]:")


@pytest.mark.parametrize("kind", [sdk.Oss2, sdk.OssV2])
def test_tls(kind, bucket, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.CA)
    options = {"is_path_style": True} if kind is sdk.Oss2 else {"use_path_style": True}
    client = kind("v4", server.TLS, **options)
    client.put(bucket, "k", b"over tls")
    assert client.get(bucket, "k").body == b"over tls"
    url, _ = client.presign("GET", bucket, "k")
    assert url.startswith("https://")
    answer = wire.curl(url, "--cacert", server.CA, "--http1.1")
    assert (answer.status, answer.body) == (200, b"over tls")


def test_tls_with_http2(bucket, root):
    root.put(bucket, "k", b"over h2")
    port = server.TLS.rpartition(":")[2]
    url, _ = sdk.OssV2("v4", f"https://{server.DOMAIN}:{port}").presign("GET", bucket, "k")
    assert f"{bucket}.{server.DOMAIN}:{port}" in url
    run = subprocess.run(
        [wire.CURL, "-sS", "--http2", "--cacert", server.CA, "--resolve", f"{bucket}.{server.DOMAIN}:{port}:127.0.0.1",
         "--write-out", "\n%{http_version} %{http_code}", url],
        capture_output=True, check=True,
    )
    assert run.stdout == b"over h2\n2 200"


def hosts(bucket):
    """Host header, path prefix."""
    region = server.REGION
    return {
        "virtual": (f"{bucket}.localhost", "/"),
        "virtual with port": (f"{bucket}.localhost:{server.PORT}", "/"),
        "another port": (f"{bucket}.localhost:80", "/"),
        "upper case domain": (f"{bucket}.LOCALHOST", "/"),
        "regional": (f"{bucket}.oss-{region}.localhost", "/"),
        "custom": (f"{bucket}.{server.DOMAIN}", "/"),
        "service name": (f"{bucket}.oss-{region}.aliyuncs.com", "/"),
        "internal name": (f"{bucket}.oss-{region}-internal.aliyuncs.com", "/"),
        "path on service name": (f"oss-{region}.aliyuncs.com", f"/{bucket}/"),
        "path on localhost": ("localhost", f"/{bucket}/"),
        "path on ipv4": ("127.0.0.1:9000", f"/{bucket}/"),
        "path on ipv6": ("[::1]:9000", f"/{bucket}/"),
        "path on an unknown name": ("storage.internal:9000", f"/{bucket}/"),
    }


@pytest.mark.parametrize("name", hosts("b"))
def test_host_header(name, bucket, root):
    root.put(bucket, "a", b"body")
    host, prefix = hosts(bucket)[name]
    headers = handmade.v4_header("GET", bucket, "a")
    answer = wire.send(f"{server.ENDPOINT}{prefix}a", headers={"Host": host, **headers})
    assert (answer.status, answer.body) == (200, b"body")


def test_empty_first_label_is_the_service(bucket):
    """ali-oss on an IP endpoint sends this for calls without a bucket."""
    headers = handmade.v4_header("GET", "", "")
    host = f".oss-{server.REGION}.aliyuncs.com"
    answer = wire.send(f"{server.ENDPOINT}/", headers={"Host": host, **headers})
    assert answer.status == 200 and b"<ListAllMyBucketsResult" in answer.body


@pytest.mark.parametrize("slash", ["", "/"])
def test_bucket_with_and_without_slash(slash, bucket, root):
    root.put(bucket, "a", b"body")
    headers = handmade.v4_header("GET", bucket, "")
    answer = wire.send(f"{server.ENDPOINT}/{bucket}{slash}", headers=headers)
    assert answer.status == 200 and b"<Key>a</Key>" in answer.body


def test_raw_path_is_not_normalised(bucket, root):
    for key in ("a//b", "./a", "../b", "a/./b", "a/../b", "a+b"):
        root.put(bucket, key, key.encode())
        headers = handmade.v4_header("GET", bucket, key)
        answer = wire.send(f"{server.ENDPOINT}/{bucket}/{key}", headers=headers)
        assert (answer.status, answer.body) == (200, key.encode())
