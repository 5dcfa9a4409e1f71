"""What PostObject refuses and how. No SDK of this language sends forms: `requests` does, as a web page would."""

import base64
import json

import pytest
import requests

import calls
import server
import wire
from test_object_errors import LONG, OF_WRITERS, raw_answer
from test_post_form import policy, post, sign_v1, sign_v4


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def without(fields, *names, **others):
    return {name: value for name, value in {**fields, **others}.items() if name not in names}


EMPTY_ID, EMPTY_SIGNATURE = "Post request accessKeyId is empty.", "Post request signature is empty."
EXACTLY_ONE = "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
FAILED = "Invalid according to Policy: Policy Condition failed: "
#: Fields, status, code, beginning of the message, EC. The body of the file is nine bytes.
REFUSED = {
    "no key": (lambda: sign_v4(policy()), 400, "InvalidArgument", "The bucket POST must contain the specified field name."),
    "key of 1024 bytes": (lambda: {"key": "k" * 1024, **sign_v4(policy())}, 400, "InvalidObjectName", LONG),
    "the name of a file without one": (
        lambda: {"key": "${filename}", **sign_v4(policy())}, 400, "InvalidObjectName",
        "The Object name can not be empty."),
    "leading slash": (
        lambda: {"key": "/k", **sign_v4(policy())}, 400, "InvalidObjectName", "The specified object is not valid.",
        "0016-00000005"),
    # All of the signature or none.
    "V1 without policy": (lambda: without(sign_v1(policy()), "policy", key="k"), 400, "InvalidArgument", "", "0002-00000702"),
    "V1 without signature": (
        lambda: without(sign_v1(policy()), "Signature", key="k"), 400, "InvalidArgument", EMPTY_SIGNATURE, "0002-00000703"),
    "V1 with an empty signature": (
        lambda: {"key": "k", **sign_v1(policy()), "Signature": ""}, 400, "InvalidArgument", EMPTY_SIGNATURE,
        "0002-00000704"),
    "V1 without key id": (
        lambda: without(sign_v1(policy()), "OSSAccessKeyId", key="k"), 400, "InvalidArgument", EMPTY_ID, "0002-00000706"),
    "V1 with an empty key id": (
        lambda: {"key": "k", **sign_v1(policy()), "OSSAccessKeyId": ""}, 400, "InvalidArgument", EMPTY_ID, "0002-00000707"),
    "V4 without key id": (
        lambda: {"key": "k", **sign_v4(policy()), "x-oss-credential": "/20240115/cn-hangzhou/oss/aliyun_v4_request"}, 400,
        "InvalidArgument", "", "0002-00000708"),
    "V4 with half a credential": (
        lambda: {"key": "k", **sign_v4(policy()), "x-oss-credential": f"{server.KEY_ID}/20240115"}, 400,
        "InvalidArgument", "", "0002-00000710"),
    "unknown key id": (
        lambda: {"key": "k", **sign_v1(policy()), "OSSAccessKeyId": "nobody"}, 403, "InvalidAccessKeyId",
        "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902"),
    "wrong signature": (
        lambda: {"key": "k", **sign_v1(policy()), "Signature": "c2ln"}, 403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method."),
    "nobody": (lambda: {"key": "k"}, 403, "AccessDenied", "", "0003-00000001"),
    # Policies.
    "policy that is not JSON": (
        lambda: {"key": "k", **sign_v1(encoded("no"))}, 400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON: "),
    "policy that does not end": (
        lambda: {"key": "k", **sign_v1(encoded('{"expiration":'))}, 400, "InvalidPolicyDocument",
        "Invalid Policy: Invalid JSON: "),
    "policy without expiration": (
        lambda: {"key": "k", **sign_v1(encoded(json.dumps({"conditions": []})))}, 400, "InvalidPolicyDocument",
        "Invalid Policy: ", "0006-00000208"),
    "policy without conditions": (
        lambda: {"key": "k", **sign_v1(encoded(json.dumps({"expiration": "2035-01-01T00:00:00.000Z"})))}, 400,
        "InvalidPolicyDocument", "Invalid Policy: "),
    "condition of two": (
        lambda: {"key": "k", **sign_v1(policy({"a": "1", "b": "2"}))}, 400, "InvalidPolicyDocument", EXACTLY_ONE),
    "condition of none": (lambda: {"key": "k", **sign_v1(policy({}))}, 400, "InvalidPolicyDocument", EXACTLY_ONE),
    "policy that is over": (
        lambda: {"key": "k", **sign_v4(policy(seconds=-5))}, 403, "AccessDenied",
        "Invalid according to Policy: Policy expired."),
    **{
        f"condition {condition}": (
            lambda condition=condition: {"key": "k", **sign_v1(policy(condition))}, 403, "AccessDenied", FAILED)
        for condition in (
            ["eq", "$key", "other"], ["starts-with", "$key", "user/"], ["in", "$content-type", ["image/jpg"]],
            ["not-in", "$content-type", ["text/plain"]], ["eq", "$absent", "1"])
    },
    "another bucket": (lambda: {"key": "k", **sign_v4(policy({"bucket": "other"}))}, 403, "AccessDenied", FAILED),
    "too small": (
        lambda: {"key": "k", **sign_v1(policy(["content-length-range", 10, 20]))}, 400, "EntityTooSmall",
        "Your proposed upload smaller than the minimum allowed size."),
    "too large": (
        lambda: {"key": "k", **sign_v1(policy(["content-length-range", 1, 8]))}, 400, "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size."),
    # Limits.
    "long name": (
        lambda: {"key": "k", **sign_v4(policy()), "f" * 9000: "x"}, 400, "FieldItemTooLong",
        "Your name of form field is too long."),
    "long value": (
        lambda: {"key": "k", **sign_v4(policy()), "f": "x" * ((2 << 20) + 1)}, 400, "FieldItemTooLong"),
    "too much before the file": (
        lambda: {"key": "k", **sign_v4(policy()), **{f"f{n}": "x" * (3 << 19) for n in range(3)}}, 400,
        "MaxPOSTPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large."),
    # What the object would be.
    "exists": (
        lambda: {"key": "there", **sign_v4(policy()), "x-oss-forbid-overwrite": "true"}, 409, "FileAlreadyExists",
        "The object you specified already exists and can not be overwritten."),
    "MD5 of another file": (
        lambda: {"key": "k", **sign_v4(policy()), "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, 400, "InvalidDigest",
        "The Content-MD5 you specified was invalid."),
    "redirect to a script": (
        lambda: {"key": "k", **sign_v4(policy()), "success_action_redirect": "javascript:alert(1)"}, 400,
        "InvalidArgument"),
    "callback that is none": (
        lambda: {"key": "k", **sign_v4(policy()), "callback": "*"}, 400, "InvalidArgument",
        "The callback configuration is not base64 encoded."),
    **{
        name: (
            lambda headers=headers: {"key": "k", **sign_v4(policy()), **headers}, calls.CODES[code][0], code,
            (more[0] if more else None) or calls.CODES[code][1] or "", more[1] if len(more) > 1 else None)
        for name, (headers, code, *more) in OF_WRITERS.items()
    },
}


def wrong(answer, status, code, message="", ec=None):
    """What of an answer is not as documented."""
    error = wire.Answer(answer.status_code, {}, answer.content).error()
    found = (answer.status_code, error["Code"], error["Message"][:len(message)], error.get("EC") if ec else None)
    return [] if found == (status, code, message, ec) else [found, error]


@pytest.fixture(scope="module")
def target():
    """A bucket with one object, which stays the only one."""
    client, name = calls.Oss2("v4"), "py-form-errors"
    client.make_bucket(name)
    client.call("PutObject", name, key="there", body=b"kept")
    yield name
    client.delete(name, "there")
    client.delete_bucket(name)


@pytest.fixture
def closed(target, root):
    yield target
    assert root.list(target).keys == ["there"] and root.get(target, "there").body == b"kept"


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(closed, name):
    fields, *expected = REFUSED[name]
    filename = "" if "without one" in name else "up.txt"
    assert wrong(post(closed, fields(), filename=filename), *expected) == []


def test_what_is_no_form_with_a_file(closed):
    url, fields = f"{server.ENDPOINT}/{closed}", {"key": "k", **sign_v4(policy())}
    answer = requests.post(url, data=fields, timeout=30)
    text = "Bucket POST must be of the enclosure-type multipart/form-data."
    assert wrong(answer, 400, "RequestIsNotMultiPartContent", text) == []
    one_file = (400, "IncorrectNumberOfFilesInPOSTRequest", "POST requires exactly one file upload per request.")
    parts = [(name, (None, value)) for name, value in fields.items()]
    assert wrong(requests.post(url, files=parts, timeout=30), *one_file) == []
    file = ("file", ("f", b"x", "text/plain"))
    assert wrong(requests.post(url, files=[*parts, file, file], timeout=30), *one_file) == []
    broken = (400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
    whole = requests.Request("POST", url, files=[*parts, file]).prepare()
    headers = {"Content-Type": whole.headers["Content-Type"]}
    for body in (b"nothing of the kind", whole.body[:-20], whole.body[:100], b""):
        assert wrong(requests.post(url, data=body, headers=headers, timeout=30), *broken) == [], body
    assert wrong(requests.post(f"{url}-absent", files=[*parts, file], timeout=30), 404, "NoSuchBucket",
                 "The specified bucket does not exist.", "0015-00000101") == []
    # Nothing is read of what is too large.
    head = f"POST /{closed} HTTP/1.1\r\nHost: {wire.split(url)[1]}\r\nContent-Type: {headers['Content-Type']}\r\n"
    answer = raw_answer(f"{head}Content-Length: {6 << 30}\r\nExpect: 100-continue\r\n\r\n", shut=False)
    assert answer.startswith(b"HTTP/1.1 400") and b"<Code>EntityTooLarge</Code>" in answer


def test_a_field_that_occurs_twice(closed):
    """Nobody could say which of them the policy was checked on."""
    fields = [("key", "k"), ("key", "l"), *sign_v4(policy()).items()]
    parts = [*((name, (None, value)) for name, value in fields), ("file", ("f", b"x", "text/plain"))]
    answer = requests.post(f"{server.ENDPOINT}/{closed}", files=parts, timeout=30)
    assert wrong(answer, 400, "InvalidArgument") == []
