"""Callbacks: an application on this machine hears of uploads, checks who tells it, and answers the client."""

import base64
import contextlib
import http.server
import json
import threading
import urllib.parse

import oss2
import pytest
import requests
from Crypto.Hash import MD5
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

import sdk
import server


@contextlib.contextmanager
def application(status=200, answer=b'{"Status":"OK"}'):
    """Its address, and what it got: (path, headers, body) of each request."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    listener = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}", got
    finally:
        listener.shutdown()
        listener.server_close()


def verify(path, headers, body):
    """As the documentation tells applications to do it."""
    url = base64.b64decode(headers["x-oss-pub-key-url"]).decode()
    assert url.endswith("/-/callback_pub_key.pem")
    key = RSA.import_key(requests.get(f"{server.ENDPOINT}/-/callback_pub_key.pem", timeout=10).content)
    path, mark, query = path.partition("?")
    text = (urllib.parse.unquote(path) + mark + query + "\n").encode() + body
    pkcs1_15.new(key).verify(MD5.new(text), base64.b64decode(headers["authorization"]))


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def oss2_bucket(bucket, scheme):
    return sdk.Oss2(scheme)._bucket(bucket)


@pytest.mark.parametrize("scheme", ["v1", "v4"])
def test_put_tells_an_application(bucket, scheme):
    with application() as (address, got):
        callback = encoded({
            "callbackUrl": f"{address}/a%20b?c=1",
            "callbackBody": "bucket=${bucket}&object=${object}&etag=${etag}&size=${size}&mimeType=${mimeType}&my=${x:var1}",
        })
        headers = {"x-oss-callback": callback, "x-oss-callback-var": encoded({"x:var1": "v 1"}), "Content-Type": "text/css"}
        put = oss2_bucket(bucket, scheme).put_object("dir/k.css", b"12345", headers=headers)
        assert put.status == 200 and put.resp.read() == b'{"Status":"OK"}'
    [(path, headers, body)] = got
    verify(path, headers, body)
    said = dict(urllib.parse.parse_qsl(body.decode()))
    assert said == {
        "bucket": bucket, "object": "dir/k.css", "etag": put.etag, "size": "5", "mimeType": "text/css", "my": "v 1",
    }
    with pytest.raises(ValueError):
        verify(path, headers, body + b"x")


def test_complete_tells_an_application(bucket):
    with application() as (address, got):
        callback = encoded({
            "callbackUrl": address, "callbackHost": "app.example", "callbackBodyType": "application/json",
            "callbackBody": '{"object":${object},"size":${size},"operation":"${operation}"}',
        })
        client = oss2_bucket(bucket, "v4")
        upload = client.init_multipart_upload("big").upload_id
        part = client.upload_part("big", upload, 1, b"part")
        info = oss2.models.PartInfo(1, part.etag, size=4, part_crc=part.crc)
        done = client.complete_multipart_upload("big", upload, [info], headers={"x-oss-callback": callback})
        assert done.status == 200
    [(path, headers, body)] = got
    verify(path, headers, body)
    assert headers["host"] == "app.example"
    assert json.loads(body) == {"object": "big", "size": 4, "operation": "CompleteMultipartUpload"}


def test_a_presigned_url_carries_a_callback(bucket):
    with application() as (address, got):
        params = {"callback": encoded({"callbackUrl": address, "callbackBody": "size=${size}"})}
        url = oss2_bucket(bucket, "v1").sign_url("PUT", "k", 60, params=params, slash_safe=True)
        answer = requests.put(url, data=b"123", timeout=30)
        assert (answer.status_code, answer.json()) == (200, {"Status": "OK"})
    assert got[0][2] == b"size=3"


def test_a_failed_callback_is_203_and_the_object_stays(bucket, root):
    with application(status=500) as (address, _):
        callback = encoded({"callbackUrl": address, "callbackBody": "a=1"})
        # oss2 takes every 2xx for success, and so tells of it by the status alone.
        put = oss2_bucket(bucket, "v4").put_object("k", b"12345", headers={"x-oss-callback": callback})
        assert put.status == 203
        body = put.resp.read().decode()
        assert "<Code>CallbackFailed</Code>" in body and "Error status : 500." in body
    assert root.get(bucket, "k").body == b"12345"


def test_what_is_not_allowed_is_not_called(bucket, root):
    for url in ("http://10.255.255.1/", "http://169.254.169.254/latest", "http://[::1]:9000/"):
        callback = encoded({"callbackUrl": url, "callbackBody": "a=1"})
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            oss2_bucket(bucket, "v4").put_object("k", b"1", headers={"x-oss-callback": callback})
        assert (refused.value.status, refused.value.code) == (400, "InvalidArgument")
        assert refused.value.message == "Private address is forbidden to callback."
    assert root.list(bucket).keys == []
