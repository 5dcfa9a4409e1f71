"""Buckets and objects through every SDK: what an application does all day."""

import concurrent.futures
import datetime
import hashlib
import os

import pytest

import sdk
import server
import wire
import handmade


def md5(body):
    return hashlib.md5(body).hexdigest().upper()


def test_bucket_life(client):
    name = f"py-life-{client.name}-{client.scheme}"
    assert client.buckets(name) == []
    client.make_bucket(name)
    try:
        assert client.buckets(name) == [name]
        info = client.bucket_info(name)
        assert (info["name"], info["location"], info["acl"]) == (name, f"oss-{server.REGION}", "private")
        assert info["class"] == "Standard"
        assert info["owner"].isdigit() and len(info["owner"]) == 16
        assert client.bucket_location(name) == f"oss-{server.REGION}"
        # Making it again is no error for its owner.
        client.make_bucket(name)
        client.put(name, "a", b"12345")
        client.put(name, "b", b"678")
        assert client.bucket_stat(name) == (2, 8)
        with pytest.raises(sdk.Refused) as refused:
            client.delete_bucket(name)
        assert (refused.value.status, refused.value.code) == (409, "BucketNotEmpty")
        client.delete(name, "a")
        client.delete(name, "b")
    finally:
        client.delete_bucket(name)
    assert client.buckets(name) == []
    with pytest.raises(sdk.Refused) as refused:
        client.bucket_info(name)
    assert (refused.value.status, refused.value.code) == (404, "NoSuchBucket")


def test_bucket_acl(client, bucket):
    assert client.bucket_acl(bucket) == "private"
    for acl in ("public-read", "public-read-write", "private"):
        client.set_bucket_acl(bucket, acl)
        assert client.bucket_acl(bucket) == acl
        assert client.bucket_info(bucket)["acl"] == acl


def test_put_get_head(client, bucket):
    body = os.urandom(70_000)
    put = client.put(
        bucket, "dir/a.bin", body, content_type="image/x-test", meta={"colour": "blue", "x-y": "1 2"},
        Cache_Control="no-cache", Content_Disposition='attachment; filename="a.bin"', Content_Language="de",
    )
    assert put["etag"] == md5(body)
    assert len(put["request_id"]) == 24

    got = client.get(bucket, "dir/a.bin")
    assert got.body == body
    head = client.head(bucket, "dir/a.bin")
    for answer in (got, head):
        headers = answer.headers
        assert headers["etag"] == f'"{md5(body)}"'
        assert headers["content-length"] == "70000"
        assert headers["content-type"] == "image/x-test"
        assert headers["cache-control"] == "no-cache"
        assert headers["content-disposition"] == 'attachment; filename="a.bin"'
        assert headers["x-oss-meta-colour"] == "blue"
        assert headers["x-oss-meta-x-y"] == "1 2"
        assert headers["x-oss-object-type"] == "Normal"
        assert headers["x-oss-storage-class"] == "Standard"
        assert headers["x-oss-hash-crc64ecma"] == put["crc"]
        assert headers["accept-ranges"] == "bytes"
        written = datetime.datetime.strptime(headers["last-modified"], "%a, %d %b %Y %H:%M:%S GMT")
        assert abs(datetime.datetime.utcnow() - written) < datetime.timedelta(minutes=2)

    meta = client.meta(bucket, "dir/a.bin").headers
    assert (meta["etag"], meta["content-length"]) == (f'"{md5(body)}"', "70000")
    assert "x-oss-meta-colour" not in meta


def test_get_range(client, bucket):
    client.put(bucket, "digits", b"0123456789")
    got = client.get(bucket, "digits", range=(2, 5))
    assert got.body == b"2345"
    assert got.headers["content-range"] == "bytes 2-5/10"


def test_empty_object(client, bucket):
    client.put(bucket, "empty", b"")
    assert client.get(bucket, "empty").body == b""
    assert client.head(bucket, "empty").headers["content-length"] == "0"


def test_overwrite_replaces_body_and_metadata(client, bucket):
    client.put(bucket, "k", b"old", content_type="text/old", meta={"a": "1"})
    client.put(bucket, "k", b"newer", content_type="text/new")
    got = client.get(bucket, "k")
    assert (got.body, got.headers["content-type"]) == (b"newer", "text/new")
    assert "x-oss-meta-a" not in got.headers
    with pytest.raises(sdk.Refused) as refused:
        client.put(bucket, "k", b"never", x_oss_forbid_overwrite="true")
    assert (refused.value.status, refused.value.code) == (409, "FileAlreadyExists")
    assert client.get(bucket, "k").body == b"newer"


def test_body_of_unknown_length(client, bucket):
    """An iterator goes out in chunks, without Content-Length."""
    blocks = [os.urandom(9000), b"x", os.urandom(70_000)]
    put = client.put(bucket, "stream", iter(blocks))
    assert client.get(bucket, "stream").body == b"".join(blocks)
    assert client.head(bucket, "stream").headers["x-oss-hash-crc64ecma"] == put["crc"]


def test_content_md5(client, bucket):
    import base64

    good = base64.b64encode(hashlib.md5(b"right").digest()).decode()
    client.put(bucket, "md5", b"right", Content_MD5=good)
    with pytest.raises(sdk.Refused) as refused:
        client.put(bucket, "md5", b"wrong", Content_MD5=good)
    assert (refused.value.status, refused.value.code) == (400, "InvalidDigest")
    assert client.get(bucket, "md5").body == b"right"


def test_delete(client, bucket):
    client.put(bucket, "k", b"1")
    client.delete(bucket, "k")
    # Deleting what is not there is no error.
    client.delete(bucket, "k")
    with pytest.raises(sdk.Refused) as refused:
        client.get(bucket, "k")
    assert (refused.value.status, refused.value.code) == (404, "NoSuchKey")


def test_delete_many(client, bucket):
    keys = ["a", "b c", "d+e", "f/g", "中文", "<&>\"'"]
    for key in keys:
        client.put(bucket, key, b"1")
    assert sorted(client.delete_many(bucket, [*keys, "absent"])) == sorted([*keys, "absent"])
    assert client.list(bucket).keys == []


def listing_keys():
    return sorted([f"a/{n:02}" for n in range(12)] + [f"b/{n}" for n in range(3)] + ["c", "d e", "d+e", "é"],
                  key=lambda key: key.encode())


def test_list(client, bucket):
    keys = listing_keys()
    for key in keys:
        client.put(bucket, key, b"1")
    assert client.list(bucket).keys == keys

    top = client.list(bucket, delimiter="/")
    assert (top.prefixes, top.keys) == (["a/", "b/"], ["c", "d e", "d+e", "é"])
    below = client.list(bucket, prefix="a/", delimiter="/")
    assert (below.prefixes, below.keys) == ([], keys[:12])
    assert client.list(bucket, prefix="none").keys == []

    seen, marker, pages = [], "", 0
    while True:
        page = client.list(bucket, marker=marker, max_keys=5)
        assert len(page.keys) <= 5
        seen += page.keys
        pages += 1
        if not page.truncated:
            break
        marker = page.next
    assert (seen, pages) == (keys, 4)
    assert client.list(bucket, marker="b/2").keys == ["c", "d e", "d+e", "é"]


def test_list_v2(client, bucket):
    keys = listing_keys()
    for key in keys:
        client.put(bucket, key, b"1")
    seen, token, groups = [], "", []
    while True:
        page = client.list_v2(bucket, token=token, max_keys=4)
        seen += page.keys
        if not page.truncated:
            break
        token = page.next
    assert seen == keys
    token = ""
    seen = []
    while True:
        page = client.list_v2(bucket, delimiter="/", token=token, max_keys=2)
        seen += page.keys
        groups += page.prefixes
        if not page.truncated:
            break
        token = page.next
    assert (groups, seen) == (["a/", "b/"], ["c", "d e", "d+e", "é"])


def test_copy(client, bucket, root):
    client.put(bucket, "from a+b", b"copied", content_type="text/x", meta={"k": "v"})
    assert client.copy(bucket, "from a+b", bucket, "to") == md5(b"copied")
    got = client.get(bucket, "to")
    assert (got.body, got.headers["content-type"], got.headers["x-oss-meta-k"]) == (b"copied", "text/x", "v")
    with pytest.raises(sdk.Refused) as refused:
        client.copy(bucket, "absent", bucket, "to")
    assert (refused.value.status, refused.value.code) == (404, "NoSuchKey")
    other = f"py-copy-{client.name}-{client.scheme}"
    root.make_bucket(other)
    try:
        client.copy(bucket, "from a+b", other, "there")
        assert client.get(other, "there").body == b"copied"
    finally:
        root.delete(other, "there")
        root.delete_bucket(other)


def test_multipart(client, bucket):
    key = "big file.bin"
    bodies = [os.urandom(100 * 1024), os.urandom(150 * 1024), b"tail"]
    upload = client.begin(bucket, key)
    assert client.uploads(bucket) == [(key, upload)]
    etags = [client.part(bucket, key, upload, n, body) for n, body in enumerate(bodies, 1)]
    assert etags == [md5(body) for body in bodies]
    assert client.parts(bucket, key, upload) == [(n, md5(body), len(body)) for n, body in enumerate(bodies, 1)]
    with pytest.raises(sdk.Refused) as refused:
        client.get(bucket, key)
    assert refused.value.code == "NoSuchKey"
    etag = client.complete(bucket, key, upload, list(enumerate(etags, 1)))
    assert etag == md5("".join(etags).encode()) + "-3"
    got = client.get(bucket, key)
    assert got.body == b"".join(bodies)
    assert got.headers["etag"] == f'"{etag}"'
    assert got.headers["x-oss-object-type"] == "Multipart"
    assert client.uploads(bucket) == []
    with pytest.raises(sdk.Refused) as refused:
        client.part(bucket, key, upload, 1, b"late")
    assert (refused.value.status, refused.value.code) == (404, "NoSuchUpload")


def test_multipart_part_copy_and_replace(client, bucket):
    source = os.urandom(300 * 1024)
    client.put(bucket, "source", source)
    upload = client.begin(bucket, "made")
    client.part(bucket, "made", upload, 1, b"first try")
    one = client.part_copy(bucket, "made", upload, 1, bucket, "source", (0, 204_799))
    two = client.part(bucket, "made", upload, 2, b"end")
    client.complete(bucket, "made", upload, [(1, one), (2, two)])
    assert client.get(bucket, "made").body == source[:204_800] + b"end"


def test_multipart_refusals(client, bucket):
    upload = client.begin(bucket, "k")
    one = client.part(bucket, "k", upload, 1, b"a" * 102_400)
    two = client.part(bucket, "k", upload, 2, b"b")
    with pytest.raises(sdk.Refused) as refused:
        client.complete(bucket, "k", upload, [(1, md5(b"other")), (2, two)])
    assert (refused.value.status, refused.value.code) == (400, "InvalidPart")
    client.abort(bucket, "k", upload)
    assert client.uploads(bucket) == []
    with pytest.raises(sdk.Refused) as refused:
        client.complete(bucket, "k", upload, [(1, one), (2, two)])
    assert (refused.value.status, refused.value.code) == (404, "NoSuchUpload")


def test_object_acl_opens_one_object(client, bucket):
    client.put(bucket, "open", b"for all")
    client.put(bucket, "shut", b"for some")
    assert client.object_acl(bucket, "open") == "default"
    url = handmade.url(bucket, "open", [])
    assert wire.send(url).refusal() == (403, "AccessDenied")
    client.set_object_acl(bucket, "open", "public-read")
    assert client.object_acl(bucket, "open") == "public-read"
    assert wire.send(url).body == b"for all"
    assert wire.send(handmade.url(bucket, "shut", [])).refusal() == (403, "AccessDenied")
    client.set_object_acl(bucket, "open", "private")
    assert wire.send(url).refusal() == (403, "AccessDenied")


def test_bucket_acl_opens_objects_but_no_listing(client, bucket):
    client.put(bucket, "k", b"for all")
    url = handmade.url(bucket, "k", [])
    client.set_bucket_acl(bucket, "public-read")
    assert wire.send(url).body == b"for all"
    assert wire.send(url, "PUT", body=b"mine").refusal() == (403, "AccessDenied")
    assert wire.send(f"{server.ENDPOINT}/{bucket}/").refusal() == (403, "AccessDenied")
    client.set_bucket_acl(bucket, "public-read-write")
    assert wire.send(url, "PUT", body=b"mine").status == 200
    assert client.get(bucket, "k").body == b"mine"
    client.set_bucket_acl(bucket, "private")
    assert wire.send(url).refusal() == (403, "AccessDenied")


def test_conditions(client, bucket):
    client.put(bucket, "k", b"1")
    etag = client.head(bucket, "k").headers["etag"]
    url, _ = client.presign("GET", bucket, "k")
    assert wire.send(url, headers={"If-Match": etag}).status == 200
    assert wire.send(url, headers={"If-Match": '"0"'}).refusal() == (412, "PreconditionFailed")
    unchanged = wire.send(url, headers={"If-None-Match": etag})
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_large_object_streams(client, bucket):
    """Beyond every buffer on the way: 24 MiB in one PUT."""
    block = os.urandom(1024 * 1024)
    client.put(bucket, "large", block * 24)
    got = client.get(bucket, "large")
    assert md5(got.body) == md5(block * 24)
    assert got.headers["etag"] == f'"{md5(block * 24)}"'


def test_many_at_once(client, bucket):
    """16 threads write, read, overwrite and delete; each sees its own objects as it left them."""

    def work(thread):
        for number in range(12):
            key, body = f"{thread}/{number}", os.urandom(1 + (thread * 997 + number * 12_345) % 60_000)
            client.put(bucket, key, b"first")
            client.put(bucket, key, body)
            assert client.get(bucket, key).body == body
            if number % 3 == 0:
                client.delete(bucket, key)
        return client.list(bucket, prefix=f"{thread}/").keys

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        listings = list(pool.map(work, range(16)))
    left = [number for number in range(12) if number % 3]
    assert listings == [sorted(f"{thread}/{number}" for number in left) for thread in range(16)]
    assert client.bucket_stat(bucket)[0] == 16 * len(left)


def test_writers_of_one_key(client, bucket):
    """Whoever is last wins whole: no mixture of two bodies, and ETag, length and body belong together."""
    bodies = [bytes([65 + n]) * (20_000 + n) for n in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for _ in range(3):
            list(pool.map(lambda body: client.put(bucket, "one", body), bodies))
            got = client.get(bucket, "one")
            assert got.body in bodies
            assert got.headers["etag"] == f'"{md5(got.body)}"'
    assert client.bucket_stat(bucket) == (1, len(client.get(bucket, "one").body))
