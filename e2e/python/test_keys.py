"""Keys that break careless code, through every SDK: put, presign, download, list, delete."""

import pytest
import requests

import sdk
import server
import wire

KEYS = server.keys()

#: requests, which both SDKs use, resolves `.` and `..` in a path before sending.
DOTS = {"dot-segment", "dot-dot-segment"}


def broken_by_sdk(client, name):
    """oss2 writes `/` in a key as `%2F`, so its paths have no dot segments; alibabacloud-oss-v2 leaves it,
    signs the key and lets its HTTP library send another path."""
    return client.name == "oss-v2" and name in DOTS


@pytest.mark.parametrize("name", [name for name in KEYS if name != "longest-unicode"] + ["longest-unicode"])
def test_key(client, bucket, name):
    key = KEYS[name]
    body = f"body of {name}".encode()
    if broken_by_sdk(client, name):
        with pytest.raises(sdk.Refused) as refused:
            client.put(bucket, key, body)
        assert (refused.value.status, refused.value.code) == (403, "SignatureDoesNotMatch")
        # What it presigns is right, and any program that sends a path as it stands can use it.
        url, headers = client.presign("PUT", bucket, key)
        assert wire.send(url, "PUT", headers, body).status == 200
        assert wire.curl(client.presign("GET", bucket, key)[0]).body == body
        assert client.list(bucket).keys == [key]
        assert client.delete_many(bucket, [key]) == [key]
        assert client.list(bucket).keys == []
        return

    client.put(bucket, key, body)
    assert client.get(bucket, key).body == body
    assert client.head(bucket, key).headers["content-length"] == str(len(body))
    url, _ = client.presign("GET", bucket, key)
    for answer in (wire.send(url), wire.curl(url)):
        assert (answer.status, answer.body) == (200, body)
    assert client.list(bucket).keys == [key]
    assert client.list(bucket, prefix=key).keys == [key]
    assert client.list_v2(bucket).keys == [key]
    url, headers = client.presign("PUT", bucket, key)
    assert wire.send(url, "PUT", headers, b"by url").status == 200
    assert client.get(bucket, key).body == b"by url"
    client.delete(bucket, key)
    assert client.list(bucket).keys == []
    client.put(bucket, key, body)
    assert client.delete_many(bucket, [key]) == [key]
    assert client.list(bucket).keys == []


@pytest.mark.parametrize("name", [name for name in KEYS if name not in DOTS])
def test_presigned_key_with_requests(client, bucket, root, name):
    root.put(bucket, KEYS[name], b"body")
    url, _ = client.presign("GET", bucket, KEYS[name])
    answer = requests.get(url, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"body")


def test_dot_segments_with_requests(root, bucket):
    """requests cannot send such a path: what arrives is another key, and the signature says so."""
    root.put(bucket, "./a", b"body")
    url, _ = sdk.OssV2("v4").presign("GET", bucket, "./a")
    assert requests.get(url, timeout=30).status_code == 403
    # oss2 escapes the slash, which keeps the segment out of sight.
    url, _ = root.presign("GET", bucket, "./a")
    assert requests.get(url, timeout=30).content == b"body"


def test_keys_do_not_alias(root, bucket):
    """Keys that a normalising server would take for one another."""
    keys = ["a", "./a", "a/", "a//", "a//b", "a/b", "a b", "a+b", "a%20b", "a%2Fb", "../a", "a/../a", "A"]
    for key in keys:
        root.put(bucket, key, key.encode())
    for key in keys:
        assert root.get(bucket, key).body == key.encode()
    assert root.list(bucket).keys == sorted(keys)


def test_too_long(client, bucket):
    with pytest.raises(Exception) as raised:
        client.put(bucket, "k" * 1024, b"")
    if isinstance(raised.value, sdk.Refused):
        assert (raised.value.status, raised.value.code) == (400, "InvalidObjectName")
    else:
        # alibabacloud-oss-v2 refuses by itself.
        assert client.name == "oss-v2"
        assert "object name is invalid" in str(raised.value).lower()


def test_leading_slash(root, bucket):
    with pytest.raises(sdk.Refused) as refused:
        root.put(bucket, "/a", b"")
    assert (refused.value.status, refused.value.code) == (400, "InvalidObjectName")
