"""Error answers as the SDKs read them, and refusals that no SDK would provoke."""

import base64
import email.utils
import datetime
import re
import socket
import time

import pytest

import handmade
import sdk
import server
import wire

REQUEST_ID = re.compile(r"[0-9A-F]{24}")


def test_missing_key(client, bucket):
    for method in (client.get, client.head):
        with pytest.raises(sdk.Refused) as refused:
            method(bucket, "absent")
        error = refused.value
        assert (error.status, error.code) == (404, "NoSuchKey"), method
        assert error.message == "The specified key does not exist."
        assert error.ec == "0026-00000001"
        assert REQUEST_ID.fullmatch(error.request_id)


def test_missing_bucket(client):
    for method in (client.get, client.head):
        with pytest.raises(sdk.Refused) as refused:
            method("py-no-such-bucket", "k")
        error = refused.value
        assert (error.status, error.code, error.ec) == (404, "NoSuchBucket", "0015-00000101"), method
        assert REQUEST_ID.fullmatch(error.request_id)


def test_wrong_secret(bucket, monkeypatch):
    monkeypatch.setattr(server, "KEY_SECRET", "not the secret")
    for kind, scheme in sdk.ALL:
        client = kind(scheme)
        for method in (client.get, client.head):
            with pytest.raises(sdk.Refused) as refused:
                method(bucket, "k")
            error = refused.value
            assert (error.status, error.code) == (403, "SignatureDoesNotMatch")
            assert error.ec == {"v1": "0002-00000040", "v4": "0002-00000201"}[scheme]
            assert REQUEST_ID.fullmatch(error.request_id)


def test_unknown_key_id(bucket, monkeypatch):
    monkeypatch.setattr(server, "KEY_ID", "nobodyKnowsThisKey")
    for kind, scheme in sdk.ALL:
        with pytest.raises(sdk.Refused) as refused:
            kind(scheme).get(bucket, "k")
        error = refused.value
        assert (error.status, error.code, error.ec) == (403, "InvalidAccessKeyId", "0002-00000902")
        assert error.message == "The OSS Access Key Id you provided does not exist in our records."


def test_head_error_equals_get_error(bucket):
    query = handmade.v4_query("GET", bucket, "absent", 600)
    get = wire.send(handmade.url(bucket, "absent", query))
    head = wire.send(handmade.url(bucket, "absent", handmade.v4_query("HEAD", bucket, "absent", 600)), "HEAD")
    assert (head.status, head.body) == (404, b"")
    assert head.headers["x-oss-ec"] == get.headers["x-oss-ec"] == "0026-00000001"
    packed = wire.Answer(404, head.headers, base64.b64decode(head.headers["x-oss-err"], validate=True))
    first, second = get.error(), packed.error()
    assert first.pop("RequestId") == get.headers["x-oss-request-id"]
    assert second.pop("RequestId") == head.headers["x-oss-request-id"]
    assert first == second


def test_common_headers(bucket, root):
    root.put(bucket, "k", b"1")
    ids = set()
    for key in ("k", "absent"):
        answer = wire.send(handmade.url(bucket, key, handmade.v4_query("GET", bucket, key, 600)))
        assert REQUEST_ID.fullmatch(answer.headers["x-oss-request-id"])
        ids.add(answer.headers["x-oss-request-id"])
        date = email.utils.parsedate_to_datetime(answer.headers["date"])
        assert abs(time.time() - date.timestamp()) < 60
        assert answer.headers["x-oss-server-time"].isdigit()
        assert "server" in answer.headers
    assert len(ids) == 2


def test_error_names_are_escaped(bucket):
    """A key with markup comes back as text."""
    key = "a<b>&\"'"
    answer = wire.send(handmade.url(bucket, key, handmade.v4_query("GET", bucket, key, 600)))
    assert answer.error()["Key"] == key


def test_anonymous(bucket, root):
    root.put(bucket, "k", b"private")
    for method, target in (("GET", "/k"), ("PUT", "/k"), ("DELETE", "/k"), ("GET", ""), ("GET", "/?acl"), ("DELETE", "")):
        answer = wire.send(f"{server.ENDPOINT}/{bucket}{target}", method)
        assert answer.refusal() == (403, "AccessDenied"), (method, target)
    assert wire.send(f"{server.ENDPOINT}/").refusal() == (403, "AccessDenied")
    assert root.get(bucket, "k").body == b"private"


def test_anonymous_overrides_are_refused(bucket, root):
    root.put(bucket, "k", b"public", x_oss_object_acl="public-read")
    url = f"{server.ENDPOINT}/{bucket}/k"
    assert wire.send(url).body == b"public"
    assert wire.send(url + "?response-content-type=text/html").refusal() == (400, "InvalidRequest")


GARBAGE = "".join(chr(33 + (7 * n + n // 90) % 94) for n in range(16 * 1024))
PLAIN_GARBAGE = re.sub(r"[^A-Za-z0-9]", "x", GARBAGE)
SCOPE = f"{server.REGION}/oss/aliyun_v4_request"


def bad_requests(bucket):
    """Name, (method, target, headers, body), accepted refusals. What is documented; where several checks may
    come first, each of them."""
    path = f"/{bucket}/k"
    denied, argument = (403, "AccessDenied"), (400, "InvalidArgument")
    mismatch, unknown = (403, "SignatureDoesNotMatch"), (403, "InvalidAccessKeyId")
    skewed = (403, "RequestTimeTooSkewed")
    good_v4 = handmade.v4_header("GET", bucket, "k")
    good_v1 = handmade.v1_header("GET", bucket, "k")
    v4 = handmade.v4_query("GET", bucket, "k", 600)
    v1 = handmade.v1_query("GET", bucket, "k", int(time.time()) + 600)

    def target(query):
        return handmade.url(bucket, "k", query, endpoint="")

    def with_value(query, name, value):
        return target([(n, value if n == name else v) for n, v in query])

    def without(query, name):
        return target([(n, v) for n, v in query if n != name])

    def get(where, headers=None):
        return ("GET", where, headers or {}, None)

    # The Authorization header.
    for name, value, expected in [
        ("empty", "", {argument, denied}),
        ("unknown scheme", "AWS4-HMAC-SHA256 Credential=x", {argument}),
        ("scheme alone", "OSS", {argument}),
        ("v1 without colon", "OSS nothing", {argument}),
        ("v1 without key id", "OSS :c2ln", {argument, unknown}),
        ("v1 without signature", f"OSS {server.KEY_ID}:", {argument, mismatch}),
        ("v1 unknown key", "OSS nobody:c2ln", {unknown}),
        ("v1 wrong signature", f"OSS {server.KEY_ID}:c2ln", {mismatch}),
        ("v1 garbage", "OSS " + GARBAGE, {argument, unknown, mismatch}),
        ("v2", f"OSS2 AccessKeyId:{server.KEY_ID},Signature:c2ln", {argument}),
        ("v4 alone", "OSS4-HMAC-SHA256", {argument}),
        ("v4 without signature", good_v4["authorization"].partition(",Signature")[0], {argument}),
        ("v4 without credential", "OSS4-HMAC-SHA256 Signature=" + "0" * 64, {argument}),
        ("v4 empty additional headers", good_v4["authorization"].replace(",Sig", ",AdditionalHeaders=,Sig"), {argument}),
        ("v4 doubled item", good_v4["authorization"] + ",Signature=" + "0" * 64, {argument}),
        ("v4 unknown item", good_v4["authorization"] + ",Other=1", {argument}),
        ("v4 short signature", good_v4["authorization"][:-8], {mismatch, argument}),
        ("v4 wrong region", good_v4["authorization"].replace("hangzhou", "beijing"), {argument}),
        ("v4 wrong product", good_v4["authorization"].replace("/oss/", "/s3/"), {argument}),
        ("v4 wrong date", re.sub(r"/\d{8}/", "/20010101/", good_v4["authorization"]), {argument}),
        ("v4 unknown key", good_v4["authorization"].replace(server.KEY_ID, "nobody"), {unknown}),
        ("v4 garbage", "OSS4-HMAC-SHA256 " + GARBAGE, {argument}),
        ("v4 garbage credential", "OSS4-HMAC-SHA256 Credential=" + PLAIN_GARBAGE + ",Signature=0", {argument}),
        ("v4 garbage signature", good_v4["authorization"].partition("Signature=")[0] + "Signature=" + PLAIN_GARBAGE,
         {argument, mismatch}),
        ("garbage", GARBAGE, {argument}),
    ]:
        base = good_v1 if value.startswith("OSS ") else good_v4
        yield f"authorization {name}", get(path, {**base, "authorization": value}), expected

    # Dates of header signatures.
    for name, value, expected in [
        ("garbage", GARBAGE, {denied}), ("words", "yesterday", {denied}), ("empty", "", {denied}),
        ("old", "Mon, 15 Jan 2001 08:30:45 GMT", {skewed}), ("far", "Mon, 15 Jan 2035 08:30:45 GMT", {skewed}),
        ("impossible", "Mon, 32 Jan 2001 08:30:45 GMT", {denied}),
    ]:
        yield f"v1 date {name}", get(path, {**good_v1, "date": value}), expected
    yield "v1 without date", get(path, {"authorization": good_v1["authorization"]}), {denied}
    for name, value, expected in [
        ("garbage", GARBAGE, {denied, argument}), ("words", "yesterday", {denied, argument}),
        ("month 13", "20241301T000000Z", {denied, argument}),
    ]:
        yield f"v4 date {name}", get(path, {**good_v4, "x-oss-date": value}), expected
    yield "v4 without date", get(path, {"authorization": good_v4["authorization"]}), {denied, argument}
    yield "v4 payload hash", get(path, {**good_v4, "x-oss-content-sha256": GARBAGE}), {argument}

    # Presigned: parts missing, doubled, mixed.
    yield "header and query v4", get(target(v4), good_v4), {argument}
    yield "header and query v1", get(target(v1), good_v1), {argument}
    yield "header and query mixed", get(target(v1), good_v4), {argument}
    for name in ("OSSAccessKeyId", "Expires", "Signature"):
        yield f"v1 without {name}", get(without(v1, name)), {denied}
        yield f"v1 empty {name}", get(with_value(v1, name, "")), {denied, argument, unknown, mismatch}
        yield f"v1 doubled {name}", get(target([*v1, (name, dict(v1)[name])])), {argument}
        yield f"v1 garbage {name}", get(with_value(v1, name, GARBAGE)), {denied, argument, unknown, mismatch}
    for value in ("soon", "-1", "1.5", "+9999999999", "99999999999999999999999", " 9999999999"):
        yield f"v1 expires {value!r}", get(with_value(v1, "Expires", value)), {denied, mismatch}
    for name in ("x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-signature"):
        yield f"v4 without {name}", get(without(v4, name)), {argument, denied}
        yield f"v4 empty {name}", get(with_value(v4, name, "")), {argument, denied, mismatch}
        yield f"v4 doubled {name}", get(target([*v4, (name, dict(v4)[name])])), {argument}
        yield f"v4 garbage {name}", get(with_value(v4, name, GARBAGE)), {argument, denied, unknown, mismatch}
    yield "v4 garbage version", get(with_value(v4, "x-oss-signature-version", GARBAGE)), {argument}
    yield "v4 garbage additional", get(target([*v4, ("x-oss-additional-headers", GARBAGE)])), {argument, mismatch}
    for value in ("604801", "0", "-5", "1e3", "99999999999999999999"):
        yield f"v4 expires {value}", get(with_value(v4, "x-oss-expires", value)), {argument}
    for credential in ("", "/", "////", server.KEY_ID, f"{server.KEY_ID}/2024/{SCOPE}", f"/20240115/{SCOPE}",
                       f"{server.KEY_ID}/20240115/{SCOPE}/more"):
        yield f"v4 credential {credential!r}", get(with_value(v4, "x-oss-credential", credential)), {
            argument, denied, unknown, mismatch,
        }

    # Addresses and other fields.
    yield "bad escape", get(f"/{bucket}/%zz", good_v4), {(400, "InvalidURI"), argument, mismatch}
    yield "cut escape", get(f"/{bucket}/a%2", good_v4), {(400, "InvalidURI"), argument, mismatch}
    yield "not utf-8", get(f"/{bucket}/%ff%fe", good_v4), {(400, "InvalidObjectName"), (400, "InvalidURI"), argument, mismatch}
    yield "long key", get(f"/{bucket}/{PLAIN_GARBAGE}", good_v4), {(400, "InvalidObjectName"), mismatch}
    yield "long query", get(f"{path}?{PLAIN_GARBAGE}={PLAIN_GARBAGE}", good_v4), {mismatch, argument}
    yield "long bucket", get(f"/{PLAIN_GARBAGE}/k", good_v4), {(400, "InvalidBucketName"), mismatch}
    yield "long header", get(path, {**good_v1, "x-oss-meta-x": GARBAGE}), {mismatch}
    yield "garbage host", get(path, {"host": re.sub(r"[^a-z]", "x", GARBAGE)[:8000]}), {
        denied, (400, "InvalidBucketName"), (400, "InvalidRequest"), (404, "NoSuchBucket"),
    }
    yield "bad bucket name", get("/Bad_Bucket/k", handmade.v4_header("GET", "Bad_Bucket", "k")), {
        (400, "InvalidBucketName"),
    }
    yield "malformed xml", (
        "POST", f"/{bucket}/?delete", handmade.v4_header("POST", bucket, "", params=[("delete", "")]), b"<Delete><",
    ), {(400, "MalformedXML")}
    yield "garbage xml", (
        "POST", f"/{bucket}/?delete", handmade.v4_header("POST", bucket, "", params=[("delete", "")]), GARBAGE.encode(),
    ), {(400, "MalformedXML")}
    yield "digest not base64", (
        "PUT", path, handmade.v4_header("PUT", bucket, "k", headers={"content-md5": "###"}), b"body",
    ), {(400, "InvalidDigest")}
    for name in ("max-keys", "encoding-type", "continuation-token"):
        query = [("list-type", "2"), (name, "garbage!")]
        headers = handmade.v4_header("GET", bucket, "", params=query)
        text = "&".join(f"{n}={handmade.quote(v)}" for n, v in query)
        yield f"listing {name}", get(f"/{bucket}/?{text}", headers), {argument}
    for number in ("0", "10001", "x", "-1", ""):
        query = [("partNumber", number), ("uploadId", "0" * 32)]
        headers = handmade.v4_header("PUT", bucket, "k", params=query)
        yield f"part number {number!r}", (
            "PUT", f"{path}?partNumber={number}&uploadId={'0' * 32}", headers, b"body",
        ), {argument, (404, "NoSuchUpload")}


def test_bad_requests_keep_the_connection(bucket, root):
    """Each bad request gets its documented refusal, and the next request on the same connection works."""
    root.put(bucket, "k", b"good")
    cases = list(bad_requests(bucket))
    assert len(cases) > 90
    wrong = {}
    conn = wire.connection(wire.split(server.ENDPOINT)[1])
    for name, (method, target, headers, body), expected in cases:
        try:
            answer = wire.exchange(conn, method, target, headers, body)
            refusal = answer.refusal()
            if refusal not in expected:
                wrong[name] = (*refusal, answer.error().get("Message"))
            elif not REQUEST_ID.fullmatch(answer.error()["RequestId"]):
                wrong[name] = answer.error()
            elif server.KEY_SECRET.encode() in answer.body:
                wrong[name] = "the secret"
            sock = conn.sock
            good = wire.exchange(conn, "GET", f"/{bucket}/k", handmade.v4_header("GET", bucket, "k"))
            if (good.status, good.body) != (200, b"good"):
                wrong[name] = f"then {good.status}"
            elif conn.sock is not sock:
                wrong[name] = "the connection was closed"
        except Exception as error:
            wrong[name] = repr(error)
            conn.close()
            conn = wire.connection(wire.split(server.ENDPOINT)[1])
    conn.close()
    assert wrong == {}


@pytest.mark.parametrize(
    "name, data",
    {
        "no http": b"hello\r\n\r\n",
        "binary": bytes(range(256)) * 8 + b"\r\n\r\n",
        "bad length": b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        "two lengths": b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "length and chunks": b"GET /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "no host": b"GET / HTTP/1.1\r\n\r\n",
    }.items(),
)
def test_broken_http(name, data, root, bucket):
    """An answer of 4xx or a closed connection; no hang, and the server goes on."""
    host, _, port = wire.split(server.ENDPOINT)[1].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(data)
        answer = b""
        try:
            sock.shutdown(socket.SHUT_WR)
            while block := sock.recv(65536):
                answer += block
        except OSError:
            # Closed by the server already.
            pass
    assert answer == b"" or answer.split()[1].startswith(b"4"), answer
    root.put(bucket, "k", b"1")


def test_body_cut_short_leaves_nothing(root, bucket):
    headers = handmade.v4_header("PUT", bucket, "half")
    host, _, port = wire.split(server.ENDPOINT)[1].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        sock.sendall(
            f"PUT /{bucket}/half HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n{lines}\r\n".encode() + b"x" * 5000
        )
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    assert root.list(bucket).keys == []


def test_expect_continue(root, bucket):
    """The final answer comes without 100 when the request is refused, and after it when it is not."""
    host, _, port = wire.split(server.ENDPOINT)[1].partition(":")

    def begin(headers):
        sock = socket.create_connection((host, int(port)), timeout=20)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        sock.sendall(
            f"PUT /{bucket}/k HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n{lines}\r\n".encode()
        )
        return sock, sock.recv(65536)

    sock, first = begin(handmade.v4_header("PUT", bucket, "k"))
    assert first.startswith(b"HTTP/1.1 100")
    sock.sendall(b"body")
    assert b" 200 " in sock.recv(65536)
    sock.close()
    assert root.get(bucket, "k").body == b"body"

    sock, first = begin({"Authorization": f"OSS {server.KEY_ID}:c2ln", "Date": email.utils.formatdate(usegmt=True)})
    assert first.startswith(b"HTTP/1.1 403")
    sock.close()


def test_no_length(root, bucket):
    """PUT with neither Content-Length nor chunks."""
    host, _, port = wire.split(server.ENDPOINT)[1].partition(":")
    headers = handmade.v4_header("PUT", bucket, "k")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        sock.sendall(f"PUT /{bucket}/k HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n".encode())
        answer = b""
        while block := sock.recv(65536):
            answer += block
    assert answer.startswith(b"HTTP/1.1 411") and b"<Code>MissingContentLength</Code>" in answer


def test_dates_are_utc(bucket, root):
    info = root.bucket_info(bucket)
    # Three zeros, always: the only fraction that oss2 and the C# SDK parse.
    created = datetime.datetime.strptime(info["created"], "%Y-%m-%dT%H:%M:%S.000Z")
    assert abs(datetime.datetime.utcnow() - created) < datetime.timedelta(minutes=10)
