"""Callbacks that are refused before an upload, and those that fail after it, as both Python SDKs report them."""

import base64
import contextlib
import socket
import threading
import time

import alibabacloud_oss_v2 as oss_v2
import pytest

import calls
import sdk
import wire
from test_callback import application, encoded


def text(value):
    return base64.b64encode(value.encode()).decode()


BODY = {"callbackBody": "a=1"}
NOT_BOTH = "Either the callback query string parameter or the x-oss-callback header should be specified, not both."
#: The callback and its variables, and what is said of them.
REFUSED = {
    "not base64": ("*", None, "The callback configuration is not base64 encoded."),
    "not JSON": (text("callbackUrl=a"), None, "The callback configuration is not json format."),
    "no URL": (encoded(BODY), None, "The callback url configuration is invalid."),
    "no body": (encoded({"callbackUrl": "http://127.0.0.1:9"}), None, "The callback body is empty."),
    "empty body": (encoded({"callbackUrl": "http://127.0.0.1:9", "callbackBody": ""}), None, "The callback body is empty."),
    "no text for a body": (
        encoded({"callbackUrl": "http://127.0.0.1:9", "callbackBody": {}}), None, "The callback body is invalid."),
    "six URLs": (
        encoded({"callbackUrl": ";".join(["http://127.0.0.1:9"] * 6), **BODY}), None,
        "The number of callback url exceed max value."),
    "another type of body": (
        encoded({"callbackUrl": "http://127.0.0.1:9", "callbackBodyType": "text/plain", **BODY}), None,
        "The callback body type configuration is invalid."),
    "no host": (
        encoded({"callbackUrl": "http://127.0.0.1:9", "callbackHost": "a/b", **BODY}), None,
        "The callback host configuration is invalid."),
    "more than 5 KiB": (
        encoded({"callbackUrl": "http://127.0.0.1:9", "callbackBody": "a" * 5120}), None,
        "The length of callback exceed max value."),
    "an address nearby": (
        encoded({"callbackUrl": "http://192.168.0.1/", **BODY}), None, "Private address is forbidden to callback."),
    "variables that are not JSON": (
        encoded({"callbackUrl": "http://127.0.0.1:9", **BODY}), text("x"), "The callback var is not expecten json."),
    "a variable with capitals": (
        encoded({"callbackUrl": "http://127.0.0.1:9", **BODY}), encoded({"x:A": "1"}),
        "The callback var is not expecten json."),
    "long variables": (
        encoded({"callbackUrl": "http://127.0.0.1:9", **BODY}), encoded({"x:a": "v" * 5120}),
        "The length of callback var exceed max value."),
}


@pytest.fixture(params=calls.BOTH, ids=lambda kind: kind.name)
def client(request):
    return request.param("v4")


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(client, bucket, name):
    callback, variables, message = REFUSED[name]
    headers = {"x-oss-callback": callback, **({"x-oss-callback-var": variables} if variables else {})}
    assert calls.refusal(client.call, "PutObject", bucket, headers=headers).differs("InvalidArgument", message) == []
    upload = client.begin(bucket, "big")
    part = client.part(bucket, "big", upload, 1, b"part")
    refusal = calls.refusal(
        client.call, "CompleteMultipartUpload", bucket, key="big", upload=upload, parts=[(1, part)], headers=headers)
    assert refusal.differs("InvalidArgument", message) == []
    assert client.list(bucket).keys == [] and client.uploads(bucket) == [("big", upload)]


def test_in_two_places(client, bucket):
    callback = encoded({"callbackUrl": "http://127.0.0.1:9", **BODY})
    refusal = calls.refusal(
        client.send, "PUT", bucket, "k", {"callback": callback}, {"x-oss-callback": callback}, b"body")
    assert refusal.differs("InvalidArgument", NOT_BOTH) == []
    assert client.list(bucket).keys == []


@contextlib.contextmanager
def speaker(answer, after=0.0):
    """An application that says exactly this to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError), listener.accept()[0] as sock:
                sock.recv(65536)
                time.sleep(after)
                sock.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def failing():
    """Applications that fail, and what the client is told."""
    def said(status, headers, body=b"{}"):
        return b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n" + body

    length = b"Content-Length: 2\r\n"
    yield "redirect", said(b"301 Moved", length), 0, "Error status : 301.", "0007-00000203"
    yield "created", said(b"201 Created", length), 0, "Error status : 201.", None
    yield "no JSON", said(b"200 OK", length, b"no"), 0, "Response body is not valid json format.", None
    yield "no length", said(b"200 OK", b""), 0, "Error Status : 400.User server missing content-length.", None
    yield (
        "bad length", said(b"200 OK", b"Content-Length: x\r\n"), 0,
        "Error Status : 400.User server return invalid conent-length value.", None)
    yield (
        "long", said(b"200 OK", b"Content-Length: 9000000\r\n"), 0,
        "Error Status : 400.User server return too long content-length value.", None)
    yield "slow", said(b"200 OK", length), 7, "Cost too long time.", None
    yield (
        "nobody", None, 0, "Error Status : -1.OSS can not connect to your callbackUrl, please check it.", None)


@pytest.mark.parametrize("name, answer, after, message, ec", failing(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_callback_that_fails(client, bucket, name, answer, after, message, ec):
    """203, the object is there, and the answer names it."""
    where = contextlib.nullcontext("http://127.0.0.1:9") if answer is None else speaker(answer, after)
    with where as address:
        headers = {"x-oss-callback": encoded({"callbackUrl": address, **BODY})}
        status, told, document = client.send("PUT", bucket, "k", {}, headers, b"12345")
    error = wire.Answer(status, told, document).error()
    assert (status, error["Code"], error["Message"]) == (203, "CallbackFailed", message)
    assert ec is None or (error["EC"], told["x-oss-ec"]) == (ec, ec)
    assert told["etag"] == '"827CCB0EEA8A706C4C34A16891F84E7B"' and told["x-oss-hash-crc64ecma"].isdigit()
    assert client.get(bucket, "k").body == b"12345"


def test_the_second_sdk_reads_the_answer_of_the_application(bucket):
    client = sdk.OssV2("v4").client
    with application() as (address, got):
        callback = encoded({"callbackUrl": f"http://127.0.0.1:9;{address}", "callbackBody": "size=${size}&a=${x:a}"})
        variables = encoded({"x:a": "1"})
        put = client.put_object(
            oss_v2.PutObjectRequest(bucket, "k", body=b"12345", callback=callback, callback_var=variables))
        assert put.callback_result == '{"Status":"OK"}'
        begun = client.initiate_multipart_upload(oss_v2.InitiateMultipartUploadRequest(bucket, "big"))
        client.upload_part(
            oss_v2.UploadPartRequest(bucket, "big", part_number=1, upload_id=begun.upload_id, body=b"part"))
        done = client.complete_multipart_upload(
            oss_v2.CompleteMultipartUploadRequest(
                bucket, "big", upload_id=begun.upload_id, complete_all="yes", callback=callback, callback_var=variables))
        assert done.callback_result == '{"Status":"OK"}'
    # The first address answers nobody, so the second is asked.
    assert [body for _, _, body in got] == [b"size=5&a=1", b"size=4&a=1"]
