"""What each object operation refuses and how, as both Python SDKs report it; and that a refused write changes nothing."""

import base64
import functools
import socket

import pytest

import calls
import handmade
import server
import wire

SSE = "x-oss-server-side-encryption"
TAGGING = (
    "The header 'x-oss-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
)
NO_ACL = ("InvalidArgument", "no such object access control exists", "0017-00000104")
WRONG_MD5 = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
LONG = "The Length of Object name must be less than 1024."
NOT_A_KEY = ("InvalidObjectName", "The specified object is not valid.", "0016-00000005")
OLD, LATER = "Mon, 15 Jan 2001 08:30:45 GMT", "Mon, 15 Jan 2035 08:30:45 GMT"


def persistent(name, value):
    return {"x-oss-persistent-headers": f"{name}:{base64.b64encode(value.encode()).decode()}"}


#: What every operation that makes an object refuses: headers, and how.
OF_WRITERS = {
    "an ACL that there is not": ({"x-oss-object-acl": "open"}, *NO_ACL),
    "a class that there is not": ({"x-oss-storage-class": "Frozen"}, "InvalidArgument"),
    "a cipher that there is not": ({SSE: "ROT13"}, "InvalidEncryptionAlgorithmError"),
    "a data cipher that there is not": (
        {SSE: "KMS", "x-oss-server-side-data-encryption": "AES256"}, "InvalidDataEncryptionAlgorithmError"),
    "a key id without KMS": ({SSE: "AES256", f"{SSE}-key-id": "id"}, "InvalidArgument"),
    "a tag given twice": ({"x-oss-tagging": "a=1&a=2"}, "InvalidArgument", TAGGING),
    "a tag that is not encoded": ({"x-oss-tagging": "a=%zz"}, "InvalidArgument", TAGGING),
    "eleven tags": ({"x-oss-tagging": "&".join(f"t{n}=" for n in range(11))}, "InvalidTag"),
    "a long tag key": ({"x-oss-tagging": "k" * 129}, "InvalidTag", "The TagKey you have provided is invalid."),
    "a long tag value": (
        {"x-oss-tagging": f"k={'v' * 257}"}, "InvalidTag", "The TagValue you have provided is invalid."),
    "a name that is none for metadata": ({"x-oss-meta-a_b": "1"}, "InvalidArgument"),
    "more than 8 KiB of metadata": ({f"x-oss-meta-{n}": "v" * 4100 for n in "ab"}, "MetaTooLarge"),
    "a reserved persistent header": (persistent("Host", "a"), "InvalidArgument"),
    "a persistent header of two lines": (persistent("a", "b\r\nc: d"), "InvalidArgument"),
    "a persistent header that is not base64": ({"x-oss-persistent-headers": "a:*"}, "InvalidArgument"),
    "a persistent header that is no name": (persistent("a b", "c"), "InvalidArgument"),
}
WRITERS = ["PutObject", "CopyObject", "AppendObject", "InitiateMultipartUpload", "PutSymlink"]

BOTH_LIMITS = "x-oss-traffic-limit should be specified either in query string or header, not both."
#: The documentation's lower limit is 819200, but official SDKs and a suite of theirs know 245760.
BAD_LIMIT = "x-oss-traffic-limit is invalid, should be specified between 245760(30KB/s) and 838860800(100MB/s)."
COPY_SOURCE = "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey."
#: Operation, arguments, and how it is refused.
REFUSED = {
    # Keys, bodies and their digests.
    "put: key of 1024 bytes": ("PutObject", {"key": "k" * 1024}, "InvalidObjectName", LONG),
    "put: leading slash": ("PutObject", {"key": "/a"}, *NOT_A_KEY),
    "put: leading backslash": ("PutObject", {"key": "\\a"}, *NOT_A_KEY),
    "copy: leading slash": ("CopyObject", {"key": "/a"}, *NOT_A_KEY),
    "append: key of 1024 bytes": ("AppendObject", {"key": "k" * 1024}, "InvalidObjectName", LONG),
    "put: MD5 of another body": ("PutObject", {"key": "k", "headers": WRONG_MD5}, "InvalidDigest"),
    "put: MD5 that is none": ("PutObject", {"headers": {"Content-MD5": "none"}}, "InvalidDigest"),
    "append: MD5 of another body": (
        "AppendObject", {"key": "log", "position": 5, "headers": WRONG_MD5}, "InvalidDigest"),
    "put: CRC of another body": ("PutObject", {"key": "k", "headers": {"x-oss-hash-crc64ecma": "1"}}, "InvalidCRC64"),
    "append: CRC of another body": ("AppendObject", {"headers": {"x-oss-hash-crc64ecma": "1"}}, "InvalidCRC64"),
    "tags: MD5 of another body": ("PutObjectTagging", {"key": "k", "headers": WRONG_MD5}, "InvalidDigest"),
    "put: no bucket": ("PutObject", {"bucket": "py-no-such-bucket"}, "NoSuchBucket"),
    # There is no conditional write but this one.
    **{
        f"{operation}: exists": (
            operation, {"key": "k", "source": "link", "headers": {"x-oss-forbid-overwrite": "true"}}, "FileAlreadyExists")
        for operation in ("PutObject", "CopyObject", "InitiateMultipartUpload", "PutSymlink")
    },
    **{
        f"put: {name}": ("PutObject", {"key": "k", "headers": {name: value}}, "NotImplemented")
        for name, value in (
            ("If-Match", "*"), ("If-None-Match", "*"), ("If-Modified-Since", OLD), ("If-Unmodified-Since", LATER))
    },
    # Speed.
    **{
        f"{operation}: speed {limit}": (
            operation, {"key": "k", "source": "k", "headers": {"x-oss-traffic-limit": limit}}, "InvalidArgument", BAD_LIMIT)
        for operation in ("PutObject", "GetObject", "CopyObject") for limit in ("1000", "838860801", "fast")
    },
    # Reading.
    "get: absent": ("GetObject", {"key": "absent"}, "NoSuchKey"),
    "head: absent": ("HeadObject", {"key": "absent"}, "NoSuchKey"),
    "meta: absent": ("GetObjectMeta", {"key": "absent"}, "NoSuchKey"),
    "meta: no bucket": ("GetObjectMeta", {"key": "k", "bucket": "py-no-such-bucket"}, "NoSuchBucket"),
    "get: archived": ("GetObject", {"key": "archived"}, "InvalidObjectState"),
    **{
        f"{operation}: {key}": (operation, {"key": key}, code)
        for operation in ("GetObject", "HeadObject")
        for key, code in (("nowhere", "SymlinkTargetNotExist"), ("double", "InvalidTargetType"))
    },
    **{
        f"{operation}: {name}": (operation, {"key": "k", "headers": {name: value}}, code)
        for operation in ("GetObject", "HeadObject")
        for name, value, code in (
            ("If-Match", '"0"', "PreconditionFailed"), ("If-Unmodified-Since", OLD, "PreconditionFailed"),
            # A date to come counts like any other, as the suite of ali-oss expects.
            ("If-None-Match", "*", "NotModified"), ("If-Modified-Since", LATER, "NotModified"))
    },
    # CopyObject.
    **{
        f"copy: from {source!r}": ("CopyObject", {"headers": {"x-oss-copy-source": source}, "raw": True}, *refused)
        for source, *refused in (
            ("/", "InvalidArgument", COPY_SOURCE), ("/bucket", "InvalidArgument", COPY_SOURCE),
            ("/bucket/", "InvalidArgument", COPY_SOURCE), ("/bucket/%zz", "InvalidArgument", COPY_SOURCE),
            ("/bucket/k?versionId=", "InvalidArgument", "Version id can not be the empty string."),
            ("/py-no-such-bucket/k", "NoSuchBucket"))
    },
    "copy: absent": ("CopyObject", {"source": "absent"}, "NoSuchKey"),
    "copy: archived": ("CopyObject", {"source": "archived"}, "InvalidObjectState"),
    "copy: directive": ("CopyObject", {"headers": {"x-oss-metadata-directive": "MOVE"}}, "InvalidArgument"),
    "copy: tagging directive": ("CopyObject", {"headers": {"x-oss-tagging-directive": "Move"}}, "InvalidArgument"),
    **{
        f"copy: {name}": ("CopyObject", {"headers": {f"x-oss-copy-source-{name}": value}}, code)
        for name, value, code in (
            ("if-match", '"0"', "PreconditionFailed"), ("if-unmodified-since", OLD, "PreconditionFailed"),
            ("if-none-match", "*", "NotModified"), ("if-modified-since", LATER, "NotModified"))
    },
    # Appending.
    "append: not at the end": ("AppendObject", {"key": "log", "position": 4}, "PositionNotEqualToLength"),
    "append: absent, not at 0": ("AppendObject", {"position": 1}, "PositionNotEqualToLength"),
    "append: normal object": ("AppendObject", {"key": "k", "position": 1000}, "ObjectNotAppendable"),
    "append: link": ("AppendObject", {"key": "link"}, "ObjectNotAppendable"),
    "append: sealed": ("AppendObject", {"key": "sealed", "position": 5}, "ObjectNotAppendable"),
    "append: class": ("AppendObject", {"headers": {"x-oss-storage-class": "ColdArchive"}}, "InvalidArgument"),
    "seal: not at the end": ("SealAppendObject", {"key": "log", "position": 4}, "PositionNotEqualToLength"),
    "seal: normal object": ("SealAppendObject", {"key": "k", "position": 1000}, "ObjectNotAppendable"),
    "seal: absent": ("SealAppendObject", {"key": "absent"}, "NoSuchKey"),
    # Deleting.
    "delete: no bucket": ("DeleteObject", {"bucket": "py-no-such-bucket"}, "NoSuchBucket"),
    "delete: version that is none": (
        "DeleteObject", {"key": "k", "version": "1"}, "InvalidArgument", "Invalid version id specified."),
    "delete many: 1001 keys": (
        "DeleteMultipleObjects", {"keys": ["k"] * 1001}, "MalformedXML", None, "0016-00000608"),
    "delete many: key of 1024 bytes": (
        "DeleteMultipleObjects", {"keys": ["k", "k" * 1024]}, "InvalidObjectName", LONG),
    "delete many: no bucket": ("DeleteMultipleObjects", {"bucket": "py-no-such-bucket"}, "NoSuchBucket"),
    # ACL, links, tags.
    "put ACL: there is no such": ("PutObjectAcl", {"key": "k", "acl": "open"}, *NO_ACL),
    "put ACL: absent": ("PutObjectAcl", {"key": "absent"}, "NoSuchKey"),
    "get ACL: absent": ("GetObjectAcl", {"key": "absent"}, "NoSuchKey"),
    "link: to nothing": ("PutSymlink", {"target": ""}, "InvalidArgument"),
    "link: to what is no key": ("PutSymlink", {"target": "k" * 1024}, "InvalidArgument"),
    "get link: absent": ("GetSymlink", {"key": "absent"}, "NoSuchKey"),
    "get link: none": ("GetSymlink", {"key": "k"}, "NotSymlink"),
    "tags: eleven": ("PutObjectTagging", {"key": "k", "tags": {f"t{n}": "" for n in range(11)}}, "InvalidTag"),
    "tags: character": (
        "PutObjectTagging", {"key": "k", "tags": {"a*": "1"}}, "InvalidTag", "The TagKey you have provided is invalid."),
    "tags: long value": (
        "PutObjectTagging", {"key": "k", "tags": {"a": "v" * 257}}, "InvalidTag",
        "The TagValue you have provided is invalid."),
    "tags: absent": ("PutObjectTagging", {"key": "absent"}, "NoSuchKey"),
    "get tags: absent": ("GetObjectTagging", {"key": "absent"}, "NoSuchKey"),
    "delete tags: absent": ("DeleteObjectTagging", {"key": "absent"}, "NoSuchKey"),
}

#: What no typed call sends: method, key, query, headers, body, and how it is refused.
SENT = {
    "append without a position": ("POST", "new", {"append": ""}, {}, b"x", "MissingArgument"),
    "append at no number": ("POST", "log", {"append": "", "position": "end"}, {}, b"x", "InvalidArgument"),
    "append at -1": ("POST", "log", {"append": "", "position": "-1"}, {}, b"x", "InvalidArgument"),
    "seal without a position": ("POST", "log", {"seal": ""}, {}, None, "MissingArgument"),
    "two limits of speed": (
        "PUT", "k", {"x-oss-traffic-limit": "900000"}, {"x-oss-traffic-limit": "900000"}, b"x", "InvalidArgument",
        BOTH_LIMITS),
    "delete many, no XML": ("POST", "", {"delete": ""}, {}, b"<Delete><", "MalformedXML", None, "0016-00000608"),
    "delete many, no key": (
        "POST", "", {"delete": ""}, {}, b"<Delete></Delete>", "MalformedXML", None, "0016-00000608"),
    "delete many, MD5 of another body": (
        "POST", "", {"delete": ""}, WRONG_MD5, b"<Delete><Object><Key>k</Key></Object></Delete>", "InvalidDigest"),
    "delete many, leading slash": (
        "POST", "", {"delete": ""}, {}, b"<Delete><Object><Key>/k</Key></Object></Delete>", *NOT_A_KEY),
    "delete many, more than 2 MB": (
        "POST", "", {"delete": ""}, {},
        b"<Delete><Object><Key>k</Key></Object>" + b" " * (2 << 20) + b"</Delete>", "MalformedXML", None, "0016-00000608"),
    "delete many, empty key": (
        "POST", "", {"delete": ""}, {}, b"<Delete><Object><Key></Key></Object></Delete>", "InvalidObjectName",
        "The Object name can not be empty."),
    "tags, no XML": ("PUT", "k", {"tagging": ""}, {}, b"<Tagging><", "MalformedXML"),
    "tags, another document": ("PUT", "k", {"tagging": ""}, {}, b"<Tags/>", "MalformedXML"),
    "tags given twice": (
        "PUT", "k", {"tagging": ""}, {},
        b"<Tagging><TagSet>" + b"<Tag><Key>a</Key><Value/></Tag>" * 2 + b"</TagSet></Tagging>", "InvalidTag"),
    "tags without a key": (
        "PUT", "k", {"tagging": ""}, {}, b"<Tagging><TagSet><Tag><Key/><Value/></Tag></TagSet></Tagging>", "InvalidTag",
        "The TagKey you have provided is invalid."),
    "restore, MD5 of another body": (
        "POST", "archived", {"restore": ""}, WRONG_MD5, b"<RestoreRequest><Days>1</Days></RestoreRequest>",
        "InvalidDigest"),
    "hold, MD5 of another body": (
        "PUT", "k", {"legalHold": ""}, WRONG_MD5, b"<LegalHold><Status>ON</Status></LegalHold>", "InvalidDigest"),
    "link without a target": ("PUT", "new", {"symlink": ""}, {}, None, "InvalidArgument"),
    "no such method": ("DELETE", "k", {"acl": ""}, {}, None, "MethodNotAllowed"),
    "a part without an upload": ("PUT", "k", {"partNumber": "1"}, {}, b"x", "InvalidArgument"),
    "a sub-resource that there is not": ("PUT", "k", {"no-such-thing": ""}, {}, b"x", "InvalidArgument"),
    # What is out of scope says so, and never becomes an upload or a removal.
    **{
        f"{method} ?{query}": (method, "k", {query: ""}, {}, b"x" if method != "DELETE" else None, "NotImplemented")
        for method, query in (
            ("PUT", "live"), ("DELETE", "live"), ("POST", "vod"), ("POST", "x-oss-async-process"), ("POST", "x-oss-dir"),
            ("POST", "x-oss-delete"), ("POST", "x-oss-rename"))
    },
}

#: Requests without a key to a private bucket, and what they are told if that is documented.
CLOSED = {
    **dict.fromkeys(["PutObject", "GetObject", "HeadObject", "GetObjectMeta", "CopyObject", "DeleteObject"], ()),
    **dict.fromkeys(["InitiateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"], ()),
    **dict.fromkeys(["AbortMultipartUpload", "ListParts", "ListMultipartUploads", "DeleteMultipleObjects"], ()),
    **dict.fromkeys(["AppendObject", "SealAppendObject", "PutSymlink", "GetSymlink", "RestoreObject"], ()),
    **dict.fromkeys(["CleanRestoredObject", "GetObjectRetention", "PutObjectRetention"], ()),
    **dict.fromkeys(["PutObjectLegalHold", "GetObjectLegalHold"], ()),
    **dict.fromkeys(["PutObjectTagging", "GetObjectTagging", "DeleteObjectTagging"], ()),
    "GetObjectAcl": ("You do not have read acl permission on this object.", "0003-00000007"),
    "PutObjectAcl": ("You do not have write acl permission on this object.", "0003-00000008"),
}


@pytest.fixture(params=calls.BOTH, ids=lambda kind: kind.name)
def client(request):
    return request.param("v4")


@pytest.fixture(scope="module")
def whole():
    stage = calls.Stage("py-object-errors")
    yield stage
    stage.close()


@pytest.fixture
def stage(whole):
    yield whole
    whole.unchanged()


@pytest.mark.parametrize("name", OF_WRITERS)
@pytest.mark.parametrize("operation", WRITERS)
def test_what_no_writer_takes(client, stage, operation, name):
    headers, *expected = OF_WRITERS[name]
    assert calls.refusal(client.call, operation, stage.bucket, headers=headers).differs(*expected) == []


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(client, stage, name):
    operation, arguments, *expected = REFUSED[name]
    arguments = {"bucket": stage.bucket, **arguments}
    if arguments.pop("raw", False):
        # The typed calls write this header themselves.
        headers = {key: value.replace("/bucket/", f"/{stage.bucket}/") for key, value in arguments["headers"].items()}
        refusal = calls.refusal(client.send, "PUT", stage.bucket, "new", {}, headers)
    else:
        refusal = calls.refusal(client.call, operation, **arguments)
    assert refusal.differs(*expected) == []
    if expected[0] == "NotImplemented":
        assert refusal.elements["Header"] == next(iter(arguments["headers"]))
    if expected[0] == "PositionNotEqualToLength":
        length = {"log": "5"}.get(arguments.get("key"), "0")
        assert refusal.headers["x-oss-next-append-position"] == length
    if expected[0] == "NotModified" and operation != "CopyObject":
        assert {"etag", "last-modified"} <= set(refusal.headers)


@pytest.mark.parametrize("name", SENT)
def test_refusals_of_what_no_typed_call_sends(client, stage, name):
    method, key, query, headers, body, *expected = SENT[name]
    refusal = calls.refusal(client.send, method, stage.bucket, key, query, headers, body)
    assert refusal.differs(*expected) == []
    if expected[0] == "MethodNotAllowed":
        assert refusal.headers["allow"] == "GET, PUT"


@pytest.mark.parametrize("operation", CLOSED)
def test_who_has_no_key(client, stage, operation):
    refusal = calls.refusal(
        client.anonymous().call, operation, stage.bucket, key="k", upload=stage.upload, headers={})
    assert refusal.differs("AccessDenied", *CLOSED[operation]) == []


def test_overrides_without_a_key(client, stage):
    """They would let anybody make a public object say anything."""
    stage.do("PutObjectAcl", key="k", acl="public-read")
    try:
        anonymous = client.anonymous()
        for name in ("type", "language", "expires", "cache-control", "disposition", "encoding"):
            name = f"response-content-{name}" if name not in ("expires", "cache-control") else f"response-{name}"
            refusal = calls.refusal(anonymous.call, "GetObject", stage.bucket, key="k", params={name: "x"})
            assert refusal.differs("InvalidRequest") == [], name
    finally:
        stage.do("PutObjectAcl", key="k", acl="default")


#: Of 1000 bytes: the header, what is served by default and with the standard behaviour; None: everything, False: 416.
RANGES = [
    ("bytes=0-499", (0, 500), (0, 500)), ("bytes=500-", (500, 1000), (500, 1000)), ("bytes=-500", (500, 1000), (500, 1000)),
    ("bytes=0-1000", None, (0, 1000)), ("bytes=500-2000", None, (500, 1000)), ("bytes=1000-2000", None, False),
    ("bytes=1000-", None, False), ("bytes=-2000", None, (0, 1000)), ("bytes=-0", False, False), ("bytes=9-5", None, None),
    ("lines=0-5", None, None), ("something", None, None), ("bytes=0-1,5-6", (0, 2), (0, 2)),
]


@pytest.mark.parametrize("header, default, standard", RANGES)
def test_ranges(client, stage, header, default, standard):
    for part, more in ((default, {}), (standard, {"x-oss-range-behavior": "standard"})):
        get = functools.partial(client.send, "GET", stage.bucket, "k", {}, {"Range": header, **more})
        if part is False:
            assert calls.refusal(get).differs("InvalidRange") == []
            continue
        status, headers, body = get()
        start, end = part or (0, 1000)
        assert (status, body) == (200 if part is None else 206, stage.BODY[start:end])
        assert headers.get("content-range") == (part and f"bytes {start}-{end - 1}/1000")
        assert headers["accept-ranges"] == "bytes"


def raw_answer(request, body=b"", shut=True):
    """What a request is answered that no HTTP library would send."""
    host, _, port = wire.split(server.ENDPOINT)[1].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(request.encode() + body)
        if shut:
            sock.shutdown(socket.SHUT_WR)
        answer = b""
        while block := sock.recv(65536):
            answer += block
            if b"</Error>" in answer:
                break
    return answer


@pytest.mark.parametrize(
    "method, key, query",
    [("PUT", "k", []), ("PUT", "parts", "part"), ("POST", "log", [("append", ""), ("position", "5")])],
    ids=["put", "part", "append"],
)
def test_bodies_without_end(stage, method, key, query):
    """No length, one that is not kept, and one that is more than an upload may have."""
    if query == "part":
        query = [("partNumber", "1"), ("uploadId", stage.upload)]
    text = "&".join(f"{name}={value}" if value else name for name, value in query)
    headers = handmade.v4_header(method, stage.bucket, key, params=query)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"{method} /{stage.bucket}/{key}?{text} HTTP/1.1\r\nHost: {wire.split(server.ENDPOINT)[1]}\r\n{lines}"
    answer = raw_answer(f"{start}Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411") and b"<Code>MissingContentLength</Code>" in answer
    assert b"<Message>You must provide the Content-Length HTTP header.</Message>" in answer
    answer = raw_answer(f"{start}Content-Length: 1000\r\n\r\n", b"x" * 10)
    assert answer.startswith(b"HTTP/1.1 400") and b"<Code>IncompleteBody</Code>" in answer
    assert b"<Message>You did not provide the number of bytes specified by the Content-Length HTTP header.<" in answer
    answer = raw_answer(f"{start}Content-Length: {5 * (1 << 30) + 1}\r\nExpect: 100-continue\r\n\r\n", shut=False)
    assert answer.startswith(b"HTTP/1.1 400") and b"<Code>InvalidArgument</Code>" in answer
