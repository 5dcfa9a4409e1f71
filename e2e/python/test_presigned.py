"""Presigned URLs by every SDK: good until they expire, and for nothing but what was signed."""

import urllib.parse

import pytest
import requests

import alibabacloud_oss_v2
import sdk
import server
import handmade
import wire

KEY = "dir/a b+c.txt"
BODY = b"the private object"
DAY = 86_400


@pytest.fixture
def object_(bucket, root):
    """A private object; gives its bucket."""
    root.put(bucket, KEY, BODY, content_type="text/plain", meta={"k": "v"})
    return bucket


def change(url, name, value):
    """The URL with one parameter's value replaced; the rest stays byte for byte."""
    base, _, query = url.partition("?")
    pieces = query.split("&")
    changed = [f"{name}={urllib.parse.quote(value, safe='')}" if piece.split("=")[0] == name else piece
               for piece in pieces]
    assert changed != pieces, f"{name} is not in {url}"
    return base + "?" + "&".join(changed)


def without(url, name):
    base, _, query = url.partition("?")
    pieces = [piece for piece in query.split("&") if piece.split("=")[0] != name]
    assert len(pieces) == query.count("&"), f"{name} is not in {url}"
    return base + "?" + "&".join(pieces)


def parameter(url, name):
    return dict(urllib.parse.parse_qsl(url.partition("?")[2], keep_blank_values=True))[name]


def assert_expired(answer, scheme):
    assert answer.status == 403
    error = answer.error()
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Request has expired.")
    assert len(error["RequestId"]) == 24 and error["RequestId"] == answer.headers["x-oss-request-id"]
    assert error["Expires"].endswith("Z") and error["ServerTime"].endswith("Z")
    if scheme == "v1":
        assert error["EC"] == answer.headers["x-oss-ec"] == "0002-00000069"


def test_get_until_it_expires(client, object_, clock):
    url, headers = client.presign("GET", object_, KEY, expires=600)
    assert headers == {}
    for offset in (0, 500):
        clock(offset)
        answer = wire.curl(url)
        assert (answer.status, answer.body) == (200, BODY)
        assert answer.headers["content-type"] == "text/plain"
        assert requests.get(url, timeout=30).content == BODY
    for offset in (602, 10 * DAY):
        clock(offset)
        assert_expired(wire.curl(url), client.scheme)
        answer = requests.get(url, timeout=30)
        assert (answer.status_code, "Request has expired." in answer.text) == (403, True)
    clock(0)
    assert wire.curl(url).body == BODY


def test_head(client, object_, clock):
    url, _ = client.presign("HEAD", object_, KEY, expires=600)
    answer = wire.curl(url, "--head")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, str(len(BODY)), b"")
    clock(602)
    answer = wire.curl(url, "--head")
    assert (answer.status, answer.body) == (403, b"")
    assert "x-oss-err" in answer.headers


@pytest.mark.parametrize("method", ["HEAD", "PUT", "POST", "DELETE"])
def test_another_method(client, object_, method):
    url, _ = client.presign("GET", object_, KEY)
    body = b"overwritten" if method == "PUT" else None
    answer = wire.send(url, method, body=body)
    assert answer.status == 403
    if method != "HEAD":
        assert answer.error()["Code"] == "SignatureDoesNotMatch"
    assert wire.send(url).body == BODY


def test_signature_refusal_tells_what_was_expected(client, object_):
    """A caller can compare the strings; no secret and no good signature is in the answer."""
    url, _ = client.presign("GET", object_, KEY)
    answer = wire.send(url.replace("/dir/", "/other/").replace("dir%2F", "other%2F"))
    error = answer.error()
    assert (answer.status, error["Code"]) == (403, "SignatureDoesNotMatch")
    assert error["EC"] == {"v1": "0002-00000040", "v4": "0002-00000201"}[client.scheme]
    assert error["OSSAccessKeyId"] == server.KEY_ID
    sent = parameter(url, {"v1": "Signature", "v4": "x-oss-signature"}[client.scheme])
    assert error["SignatureProvided"] == sent
    text = bytes.fromhex(error["StringToSignBytes"].replace(" ", "")).decode()
    assert text == error["StringToSign"]
    if client.scheme == "v1":
        assert text.endswith(f"/{object_}/other/a b+c.txt")
    else:
        assert "/other/a%20b%2Bc.txt\n" in error["CanonicalRequest"]
    assert server.KEY_SECRET.encode() not in answer.body


def alterations(scheme, url):
    """Every part of the URL, altered: name, URL, expected refusals."""
    mismatch = {(403, "SignatureDoesNotMatch")}
    base = url.partition("?")[0]
    yield "key", url.replace(base, base + "x"), mismatch
    yield "key escaped otherwise", url.replace(base, base.replace("%2B", "%20")), mismatch
    yield "bucket", url.replace("/py-", "/px-", 1), mismatch
    if scheme == "v1":
        signature = parameter(url, "Signature")
        flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
        yield "signature", change(url, "Signature", flipped), mismatch
        yield "signature cut", change(url, "Signature", signature[:-4]), mismatch
        yield "signature empty", change(url, "Signature", ""), mismatch | {(403, "AccessDenied")}
        later = str(int(parameter(url, "Expires")) + 1)
        yield "expires", change(url, "Expires", later), mismatch
        yield "expires spelled otherwise", change(url, "Expires", "0" + parameter(url, "Expires")), mismatch
        yield "key id", change(url, "OSSAccessKeyId", server.KEY_ID + "x"), {(403, "InvalidAccessKeyId")}
        yield "without signature", without(url, "Signature"), {(403, "AccessDenied")}
        yield "without expires", without(url, "Expires"), {(403, "AccessDenied")}
        yield "without key id", without(url, "OSSAccessKeyId"), {(403, "AccessDenied")}
        yield "added override", url + "&response-content-type=text%2Fhtml", mismatch
        yield "added version", url + "&versionId=null", mismatch
        yield "added process", url + "&x-oss-process=image%2Finfo", mismatch
        yield "another operation", url + "&acl", mismatch
    else:
        signature = parameter(url, "x-oss-signature")
        flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
        argument = {(400, "InvalidArgument")}
        yield "signature", change(url, "x-oss-signature", flipped), mismatch
        yield "signature cut", change(url, "x-oss-signature", signature[:-2]), mismatch | argument
        yield "expires", change(url, "x-oss-expires", "601"), mismatch
        yield "without signature", without(url, "x-oss-signature"), argument
        yield "without expires", without(url, "x-oss-expires"), argument
        yield "without date", without(url, "x-oss-date"), argument | {(403, "AccessDenied")}
        yield "without credential", without(url, "x-oss-credential"), argument
        date = parameter(url, "x-oss-date")
        earlier = date[:-2] + ("0" if date[-2] != "0" else "1") + "Z"
        yield "date", change(url, "x-oss-date", earlier), mismatch
        credential = parameter(url, "x-oss-credential")
        yield "key id", change(url, "x-oss-credential", "x" + credential), {(403, "InvalidAccessKeyId")}
        yield "region", change(url, "x-oss-credential", credential.replace("hangzhou", "beijing")), argument
        yield "product", change(url, "x-oss-credential", credential.replace("/oss/", "/sts/")), argument
        yield "scope", change(url, "x-oss-credential", credential.replace("v4_req", "v5_req")), argument
        yield "version", change(url, "x-oss-signature-version", "OSS5-HMAC-SHA256"), argument
        yield "added override", url + "&response-content-type=text%2Fhtml", mismatch
        yield "added parameter", url + "&anything=1", mismatch


def test_altered(client, object_):
    url, _ = client.presign("GET", object_, KEY, expires=600)
    wrong = {}
    for name, altered, expected in alterations(client.scheme, url):
        refusal = wire.send(altered).refusal()
        if refusal not in expected:
            wrong[name] = refusal
    assert wrong == {}
    assert wire.send(url).body == BODY


def test_put_with_signed_headers(client, object_, clock):
    signed = {"Content-Type": "text/x-signed", "x-oss-meta-colour": "blue"}
    url, headers = client.presign("PUT", object_, "up/load", expires=600, headers=signed)
    assert {name.lower() for name in headers} == {name.lower() for name in signed}

    def put(sent, body=b"uploaded"):
        headers = [part for name, value in sent.items() for part in ("--header", f"{name}: {value}")]
        return wire.curl(url, "--request", "PUT", *headers, body=body)

    for name, sent in {
        "no headers": {},
        "no content type": {"x-oss-meta-colour": "blue"},
        "no metadata": {"Content-Type": "text/x-signed"},
        "another content type": {**signed, "Content-Type": "text/html"},
        "other metadata": {**signed, "x-oss-meta-colour": "red"},
        "more metadata": {**signed, "x-oss-meta-extra": "1"},
        "another acl": {**signed, "x-oss-object-acl": "public-read"},
    }.items():
        assert (name, *put(sent).refusal()) == (name, 403, "SignatureDoesNotMatch")
    get, _ = client.presign("GET", object_, "up/load")
    assert wire.send(get).refusal() == (404, "NoSuchKey")

    answer = put(signed)
    assert answer.status == 200
    stored = wire.send(get)
    assert stored.body == b"uploaded"
    assert stored.headers["content-type"] == "text/x-signed"
    assert stored.headers["x-oss-meta-colour"] == "blue"
    # Headers that no scheme signs are free.
    assert put({**signed, "Cache-Control": "no-store"}, b"again").status == 200
    assert wire.send(get).headers["cache-control"] == "no-store"

    clock(602)
    assert_expired(put(signed, b"late"), client.scheme)
    clock(0)
    assert wire.send(get).body == b"again"


def test_put_with_requests(client, object_):
    signed = {"Content-Type": "application/x-thing", "x-oss-meta-a": "1"}
    url, headers = client.presign("PUT", object_, "by-requests", headers=signed)
    assert requests.put(url, data=b"body", headers=headers, timeout=30).status_code == 200
    assert requests.put(url, data=b"body", timeout=30).status_code == 403
    got = requests.get(client.presign("GET", object_, "by-requests")[0], timeout=30)
    assert (got.content, got.headers["content-type"], got.headers["x-oss-meta-a"]) == (
        b"body", "application/x-thing", "1",
    )


def test_additional_header(object_):
    """A header that is signed on request (V4): must come, as signed."""
    client = sdk.Oss2("v4")
    url, _ = client.presign("GET", object_, KEY, headers={"Range": "bytes=4-10"}, additional=["range"])
    answer = wire.send(url, headers={"Range": "bytes=4-10"})
    assert (answer.status, answer.body) == (206, b"private")
    assert wire.send(url).refusal() == (400, "InvalidArgument")
    assert wire.send(url, headers={"Range": "bytes=0-1"}).refusal() == (403, "SignatureDoesNotMatch")


def test_free_headers(client, object_):
    url, _ = client.presign("GET", object_, KEY)
    answer = wire.send(url, headers={"Range": "bytes=4-10", "User-Agent": "any", "X-Other": "1"})
    assert (answer.status, answer.body) == (206, b"private")


def test_overrides(client, object_):
    name = "报告 2026.txt"
    disposition = f"attachment; filename*=UTF-8''{urllib.parse.quote(name)}"
    overrides = {
        "response-content-disposition": disposition,
        "response-content-type": "application/x-report; charset=utf-8",
        "response-cache-control": "max-age=60",
        "response-content-language": "zh",
        "response-expires": "Thu, 01 Dec 2033 16:00:00 GMT",
    }
    url, _ = client.presign("GET", object_, KEY, params=overrides)
    answer = wire.curl(url)
    assert (answer.status, answer.body) == (200, BODY)
    for parameter_name, value in overrides.items():
        assert answer.headers[parameter_name.removeprefix("response-")] == value
    assert wire.send(change(url, "response-content-type", "text/html")).refusal() == (403, "SignatureDoesNotMatch")
    assert wire.send(without(url, "response-cache-control")).refusal() == (403, "SignatureDoesNotMatch")


def test_override_with_raw_utf8(client, object_):
    """A file name as plain UTF-8, which applications send although the standard has another form."""
    disposition = 'attachment; filename="报告.txt"'
    url, _ = client.presign("GET", object_, KEY, params={"response-content-disposition": disposition})
    answer = wire.curl(url)
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["content-disposition"] == disposition


def test_version_id(client, object_):
    url, _ = client.presign("GET", object_, KEY, params={"versionId": "null"})
    answer = wire.curl(url)
    assert (answer.status, answer.body) == (200, BODY)
    assert wire.send(change(url, "versionId", "other")).refusal() == (403, "SignatureDoesNotMatch")
    assert wire.send(without(url, "versionId")).refusal() == (403, "SignatureDoesNotMatch")


def test_v1_for_thirty_days(object_, clock):
    for client in (sdk.Oss2("v1"), sdk.OssV2("v1")):
        clock(0)
        url, _ = client.presign("GET", object_, KEY, expires=30 * DAY)
        for offset in (0, 8 * DAY, 30 * DAY - 60):
            clock(offset)
            assert wire.curl(url).body == BODY
        clock(30 * DAY + 2)
        assert_expired(wire.curl(url), "v1")


def test_v4_for_seven_days(object_, clock):
    for client in (sdk.Oss2("v4"), sdk.OssV2("v4")):
        clock(0)
        # A second less than the limit: alibabacloud-oss-v2 rounds its own clock.
        url, _ = client.presign("GET", object_, KEY, expires=7 * DAY - 1)
        clock(7 * DAY - 60)
        assert wire.curl(url).body == BODY
        clock(7 * DAY + 2)
        assert_expired(wire.curl(url), "v4")


def test_v4_beyond_seven_days(object_):
    # alibabacloud-oss-v2 refuses to sign it.
    with pytest.raises(alibabacloud_oss_v2.exceptions.PresignExpirationError):
        sdk.OssV2("v4").presign("GET", object_, KEY, expires=7 * DAY + 10)
    # oss2 signs anything, and the server refuses.
    url, _ = sdk.Oss2("v4").presign("GET", object_, KEY, expires=7 * DAY + 1)
    refused = wire.curl(url)
    assert refused.refusal() == (400, "InvalidArgument")
    assert refused.error()["EC"] == "0002-00000232"
    for expires in (7 * DAY + 1, 0, -1, 10**30):
        url = handmade.url(object_, KEY, handmade.v4_query("GET", object_, KEY, expires))
        assert wire.send(url).refusal() == (400, "InvalidArgument")
    url = handmade.url(object_, KEY, handmade.v4_query("GET", object_, KEY, 7 * DAY))
    assert wire.send(url).body == BODY


def test_clock_of_the_signer(object_, clock):
    """A signer whose clock is ahead by up to 15 minutes is believed; more is refused (V4)."""
    url, _ = sdk.Oss2("v4").presign("GET", object_, KEY, expires=600)
    clock(-890)
    assert wire.send(url).body == BODY
    clock(-910)
    refused = wire.send(url)
    assert refused.status == 403 and refused.error()["EC"] == "0002-00000235"


def test_skew_of_header_signatures(object_, clock, client):
    clock(-890)
    assert client.get(object_, KEY).body == BODY
    for offset in (-910, 910):
        clock(offset)
        with pytest.raises(sdk.Refused) as refused:
            client.get(object_, KEY)
        assert (refused.value.status, refused.value.code) == (403, "RequestTimeTooSkewed")


def test_presigned_multipart(object_):
    """A whole upload by URLs alone."""
    client = sdk.Oss2("v4")
    key = "by urls"
    url, _ = client.presign("POST", object_, key, params={"uploads": ""})
    begun = wire.send(url, "POST")
    assert begun.status == 200, begun.body
    upload = begun.body.decode().partition("<UploadId>")[2].partition("</UploadId>")[0]
    url, _ = client.presign("PUT", object_, key, params={"partNumber": "1", "uploadId": upload})
    etag = wire.send(url, "PUT", body=b"only part").headers["etag"]
    url, _ = client.presign("POST", object_, key, params={"uploadId": upload})
    xml = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    assert wire.send(url, "POST", body=xml.encode()).status == 200
    assert client.get(object_, key).body == b"only part"


def test_presigned_delete(root, object_):
    url, _ = root.presign("DELETE", object_, KEY)
    assert wire.send(url, "DELETE").status == 204
    assert wire.send(root.presign("GET", object_, KEY)[0]).refusal() == (404, "NoSuchKey")


def test_url_is_good_on_every_address(client, object_):
    """What is signed is bucket and key, not the host, so a proxy may serve a URL under another name."""
    url, _ = client.presign("GET", object_, KEY)
    query = url.partition("?")[2]
    for base in (
        f"{server.ENDPOINT_V6}/{object_}/dir/a%20b%2Bc.txt",
        f"http://{object_}.localhost:{server.PORT}/dir/a%20b%2Bc.txt",
        f"http://{object_}.{server.DOMAIN}:{server.PORT}/dir/a%20b%2Bc.txt",
    ):
        answer = wire.curl(f"{base}?{query}")
        assert (answer.status, answer.body) == (200, BODY)


