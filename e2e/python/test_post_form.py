"""PostObject: forms as a web page sends them, made with requests and signed as the documentation says."""

import base64
import datetime
import hashlib
import hmac
import json

import pytest
import requests

import server

PUBLIC = {"success_action_status": "201"}


def policy(*conditions, seconds=600):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    text = json.dumps({"expiration": end.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "conditions": list(conditions)})
    return base64.b64encode(text.encode()).decode()


def sign_v1(text):
    digest = hmac.new(server.KEY_SECRET.encode(), text.encode(), hashlib.sha1).digest()
    return {"OSSAccessKeyId": server.KEY_ID, "policy": text, "Signature": base64.b64encode(digest).decode()}


def sign_v4(text):
    now = datetime.datetime.now(datetime.timezone.utc)
    day, key = now.strftime("%Y%m%d"), ("aliyun_v4" + server.KEY_SECRET).encode()
    for part in (day, server.REGION, "oss", "aliyun_v4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return {
        "policy": text,
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": f"{server.KEY_ID}/{day}/{server.REGION}/oss/aliyun_v4_request",
        "x-oss-date": now.strftime("%Y%m%dT%H%M%SZ"),
        "x-oss-signature": hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
    }


def post(bucket, fields, data=b"123456789", filename="up.txt", content_type="text/plain"):
    """requests writes the fields before the file, in order."""
    return requests.post(
        f"{server.ENDPOINT}/{bucket}", data=fields, files={"file": (filename, data, content_type)}, timeout=30,
        allow_redirects=False,
    )


def code(answer):
    return answer.status_code, answer.text.split("<Code>")[1].split("</Code>")[0]


@pytest.mark.parametrize("sign", [sign_v1, sign_v4])
def test_a_form_stores_an_object(bucket, root, sign):
    text = policy({"bucket": bucket}, ["starts-with", "$key", "user/"], ["content-length-range", 1, 100])
    fields = {
        "key": "user/${filename}", "x-oss-meta-colour": "blue", "x-oss-object-acl": "public-read", "Cache-Control": "no-cache",
        "x-oss-forbid-overwrite": "true", "success_action_status": "201", **sign(text),
    }
    answer = post(bucket, fields, filename="中 a.txt")
    assert answer.status_code == 201, answer.text
    assert f"<Bucket>{bucket}</Bucket>" in answer.text and "<Key>user/中 a.txt</Key>" in answer.text
    got = root.get(bucket, "user/中 a.txt")
    assert got.body == b"123456789"
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["cache-control"] == "no-cache"
    assert got.headers["x-oss-meta-colour"] == "blue"
    assert answer.headers["etag"] == got.headers["etag"]
    assert code(post(bucket, fields, filename="中 a.txt")) == (409, "FileAlreadyExists")


def test_a_browser_is_sent_on(bucket):
    fields = {"key": "a&b", "success_action_redirect": "http://app.example/?x=1", **sign_v4(policy())}
    answer = post(bucket, fields)
    assert answer.status_code == 303
    tag = answer.headers["etag"].strip('"')
    assert answer.headers["location"] == f"http://app.example/?x=1&bucket={bucket}&key=a%26b&etag=%22{tag}%22"


def test_refusals(bucket, root):
    good = sign_v4(policy())
    for fields, expected in [
        ({"key": "k"}, (403, "AccessDenied")),
        ({"key": "k", **good, "x-oss-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
        ({"key": "k", **sign_v4(policy(seconds=-5))}, (403, "AccessDenied")),
        ({"key": "k", **sign_v1(policy(["eq", "$key", "other"]))}, (403, "AccessDenied")),
        ({"key": "k", **sign_v1(policy(["content-length-range", 10, 20]))}, (400, "EntityTooSmall")),
        ({"key": "k", **sign_v1(policy(["content-length-range", 1, 8]))}, (400, "EntityTooLarge")),
        ({"key": "k", **sign_v1(policy({"a": "1", "b": "2"}))}, (400, "InvalidPolicyDocument")),
        ({"key": "k", **sign_v1("bm8=")}, (400, "InvalidPolicyDocument")),
        ({**good}, (400, "InvalidArgument")),
        ({"key": "k", **good, "x-oss-object-acl": "none"}, (400, "InvalidArgument")),
        ({"key": "k", **good, "f" * 9000: "x"}, (400, "FieldItemTooLong")),
    ]:
        assert code(post(bucket, fields)) == expected, fields
    plain = requests.post(f"{server.ENDPOINT}/{bucket}", data={"key": "k", **good}, timeout=30)
    assert code(plain) == (400, "RequestIsNotMultiPartContent")
    nothing = requests.post(f"{server.ENDPOINT}/{bucket}", files={k: (None, v) for k, v in {"key": "k", **good}.items()}, timeout=30)
    assert code(nothing) == (400, "IncorrectNumberOfFilesInPOSTRequest")
    assert root.list(bucket).keys == []


def test_an_anonymous_form_needs_an_open_bucket(bucket, root):
    root.set_bucket_acl(bucket, "public-read-write")
    assert post(bucket, {"key": "k"}).status_code == 204
    assert root.get(bucket, "k").body == b"123456789"
