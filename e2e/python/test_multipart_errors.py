"""What multipart uploads refuse and how, as both Python SDKs report it; and that the upload is as it was afterwards."""

import pytest

import calls

SSE = "x-oss-server-side-encryption"
PART_NUMBER = "Part number must be an integer between 1 and 10000, inclusive."
COPY_SOURCE = "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey."
NO_UPLOAD = "NoSuchUpload", None
OLD, LATER = "Mon, 15 Jan 2001 08:30:45 GMT", "Mon, 15 Jan 2035 08:30:45 GMT"
MALFORMED = ("MalformedXML", None, "0042-00000205")
ONE = object()

#: Operation, arguments, and how it is refused. The upload is that of the stage: parts of 100 KiB, 100 bytes, 100 bytes.
REFUSED = {
    # UploadPart.
    "part: unknown upload": ("UploadPart", {"upload": "0" * 32}, *NO_UPLOAD, "0042-00000104"),
    "part: upload of another key": ("UploadPart", {"key": "k"}, *NO_UPLOAD, "0042-00000104"),
    **{f"part: number {n}": ("UploadPart", {"number": n}, "InvalidArgument", PART_NUMBER) for n in (0, 10001)},
    "part: MD5 of another body": (
        "UploadPart", {"headers": {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}}, "InvalidDigest"),
    "part: MD5 that is none": ("UploadPart", {"headers": {"Content-MD5": "none"}}, "InvalidDigest"),
    "part: CRC of another body": ("UploadPart", {"headers": {"x-oss-hash-crc64ecma": "1"}}, "InvalidCRC64"),
    "part: encryption": ("UploadPart", {"headers": {SSE: "AES256"}}, "InvalidArgument"),
    "part: speed": ("UploadPart", {"headers": {"x-oss-traffic-limit": "1"}}, "InvalidArgument"),
    "part: no bucket": ("UploadPart", {"bucket": "py-no-such-bucket"}, "NoSuchBucket"),
    # UploadPartCopy: here every condition that fails is 412.
    "copied part: unknown upload": ("UploadPartCopy", {"upload": "0" * 32}, *NO_UPLOAD, "0042-00000311"),
    **{f"copied part: number {n}": ("UploadPartCopy", {"number": n}, "InvalidArgument", PART_NUMBER) for n in (0, 10001)},
    "copied part: absent": ("UploadPartCopy", {"source": "absent"}, "NoSuchKey"),
    "copied part: archived": ("UploadPartCopy", {"source": "archived"}, "InvalidObjectState"),
    "copied part: link to nothing": ("UploadPartCopy", {"source": "nowhere"}, "SymlinkTargetNotExist"),
    "copied part: encryption": ("UploadPartCopy", {"headers": {SSE: "AES256"}}, "InvalidArgument"),
    **{
        f"copied part: {name}": ("UploadPartCopy", {"headers": {f"x-oss-copy-source-{name}": value}}, "PreconditionFailed")
        for name, value in (
            ("if-match", '"0"'), ("if-none-match", "*"), ("if-modified-since", LATER), ("if-unmodified-since", OLD))
    },
    # CompleteMultipartUpload.
    "complete: unknown upload": ("CompleteMultipartUpload", {"upload": "0" * 32}, *NO_UPLOAD),
    "complete: ETag of another body": ("CompleteMultipartUpload", {"parts": [(1, "0" * 32)]}, "InvalidPart"),
    "complete: part that was not sent": ("CompleteMultipartUpload", {"parts": [(9, "0" * 32)]}, "InvalidPart"),
    "complete: small part": ("CompleteMultipartUpload", {"parts": ONE}, "EntityTooSmall"),
    "complete: part number": (
        "CompleteMultipartUpload", {"parts": [(10001, "0" * 32)]}, "InvalidArgument", PART_NUMBER),
    "complete: no parts": ("CompleteMultipartUpload", {"parts": []}, *MALFORMED),
    "complete: all and a list": (
        "CompleteMultipartUpload", {"headers": {"x-oss-complete-all": "yes"}}, "InvalidArgument",
        "Should not speficy both complete all header and http body.", "0042-00000216"),
    "complete: MD5 of another body": (
        "CompleteMultipartUpload", {"headers": {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}}, "InvalidDigest"),
    "complete: ACL": (
        "CompleteMultipartUpload", {"headers": {"x-oss-object-acl": "open"}}, "InvalidArgument",
        "no such object access control exists", "0017-00000104"),
    # The rest.
    "abort: unknown upload": ("AbortMultipartUpload", {"upload": "0" * 32}, *NO_UPLOAD, "0042-00000002"),
    "abort: upload of another key": ("AbortMultipartUpload", {"key": "k"}, *NO_UPLOAD, "0042-00000002"),
    "parts: unknown upload": ("ListParts", {"upload": "0" * 32}, *NO_UPLOAD),
    **{f"parts: {n} of them": ("ListParts", {"most": n}, "InvalidArgument") for n in (0, 1001)},
    **{f"uploads: {n} of them": ("ListMultipartUploads", {"most": n}, "InvalidArgument") for n in (0, 1001)},
    "uploads: no bucket": ("ListMultipartUploads", {"bucket": "py-no-such-bucket"}, "NoSuchBucket"),
    "begin: no bucket": ("InitiateMultipartUpload", {"bucket": "py-no-such-bucket"}, "NoSuchBucket"),
}


def complete(*parts):
    return "".join([
        "<CompleteMultipartUpload>",
        *(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts),
        "</CompleteMultipartUpload>",
    ]).encode()


@pytest.fixture(params=calls.BOTH, ids=lambda kind: kind.name)
def client(request):
    return request.param("v4")


@pytest.fixture(scope="module")
def whole():
    stage = calls.Stage("py-multipart-errors")
    yield stage
    stage.close()


@pytest.fixture
def stage(whole):
    yield whole
    whole.unchanged()


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(client, stage, name):
    operation, arguments, *expected = REFUSED[name]
    arguments = {"bucket": stage.bucket, "key": "parts", "upload": stage.upload, **arguments}
    if arguments.get("parts") is ONE:
        arguments["parts"] = stage.parts
    refusal = calls.refusal(client.call, operation, **arguments)
    assert refusal.differs(*expected) == []


#: What the SDKs would not send: they sort the parts, for one thing.
SENT = {
    "complete, descending": (lambda s: ("POST", {}, {}, complete(*reversed(s.parts[:2]))), "InvalidPartOrder"),
    "complete, the same twice": (lambda s: ("POST", {}, {}, complete(s.parts[0], s.parts[0])), "InvalidPartOrder"),
    "complete, no XML": (lambda s: ("POST", {}, {}, b"<CompleteMultipartUpload><"), *MALFORMED),
    "complete, another document": (lambda s: ("POST", {}, {}, b"<Complete/>"), *MALFORMED),
    "complete, 10001 parts": (
        lambda s: ("POST", {}, {}, complete(*[(n, "0") for n in range(1, 10002)])), *MALFORMED),
    "complete, all of an unknown value": (
        lambda s: ("POST", {}, {"x-oss-complete-all": "no"}, None), "InvalidArgument"),
    "complete, all with a small part": (
        lambda s: ("POST", {}, {"x-oss-complete-all": "yes"}, None), "EntityTooSmall"),
    "copied part without a source key": (
        lambda s: ("PUT", {"partNumber": "4"}, {"x-oss-copy-source": f"/{s.bucket}/"}, None), "InvalidArgument",
        COPY_SOURCE),
    "copied part, empty version": (
        lambda s: ("PUT", {"partNumber": "4"}, {"x-oss-copy-source": f"/{s.bucket}/k?versionId="}, None),
        "InvalidArgument", "Version id can not be the empty string."),
    "part number that is none": (lambda s: ("PUT", {"partNumber": "one"}, {}, b"x"), "InvalidArgument", PART_NUMBER),
    "part without number": (lambda s: ("PUT", {}, {}, b"x"), "InvalidArgument", PART_NUMBER),
    "parts after no number": (lambda s: ("GET", {"part-number-marker": "x"}, {}, None), "InvalidArgument"),
    "parts in another encoding": (lambda s: ("GET", {"encoding-type": "base64"}, {}, None), "InvalidArgument"),
}


@pytest.mark.parametrize("name", SENT)
def test_refusals_of_what_no_typed_call_sends(client, stage, name):
    request, *expected = SENT[name]
    method, query, headers, body = request(stage)
    refusal = calls.refusal(
        client.send, method, stage.bucket, "parts", {**query, "uploadId": stage.upload}, headers, body)
    assert refusal.differs(*expected) == []


def test_a_copied_part_of_a_range_that_there_is_not(client, stage):
    """The whole source, and no Content-Range."""
    for asked, size, shown in (
        ("bytes=0-99", 100, "bytes 0-99/1000"), ("bytes=0-1000", 1000, None), ("bytes=2000-", 1000, None),
        ("bytes=9-5", 1000, None), ("something", 1000, None),
    ):
        upload = client.begin(stage.bucket, "ranges")
        status, headers, _ = client.send(
            "PUT", stage.bucket, "ranges", {"partNumber": "1", "uploadId": upload},
            {"x-oss-copy-source": f"/{stage.bucket}/k", "x-oss-copy-source-range": asked},
        )
        assert (status, headers.get("content-range")) == (200, shown), asked
        assert [part[2] for part in client.parts(stage.bucket, "ranges", upload)] == [size], asked
        client.abort(stage.bucket, "ranges", upload)


def test_life_of_an_upload(client, stage):
    """Parts by header alone, a key that may not be there, and an upload that is over."""
    bucket, forbid = stage.bucket, {"x-oss-forbid-overwrite": "true"}
    upload = client.begin(bucket, "k2")
    etags = [client.part(bucket, "k2", upload, number, b"x" * 102_400) for number in (1, 2)]
    stage.do("PutObject", key="k2", body=b"kept")
    for headers in (forbid, {**forbid, "x-oss-complete-all": "yes"}):
        parts = None if "x-oss-complete-all" in headers else list(enumerate(etags, 1))
        refusal = calls.refusal(client.call, "CompleteMultipartUpload", bucket, key="k2", upload=upload, parts=parts, headers=headers)
        assert refusal.differs("FileAlreadyExists") == []
    assert client.get(bucket, "k2").body == b"kept"
    client.call("CompleteMultipartUpload", bucket, key="k2", upload=upload, parts=None, headers={"x-oss-complete-all": "yes"})
    assert len(client.get(bucket, "k2").body) == 204_800
    for operation, ec in (
        ("CompleteMultipartUpload", None), ("UploadPart", "0042-00000104"), ("AbortMultipartUpload", "0042-00000002"),
        ("ListParts", None),
    ):
        refusal = calls.refusal(client.call, operation, bucket, key="k2", upload=upload, parts=list(enumerate(etags, 1)))
        assert refusal.differs(*NO_UPLOAD, ec) == [], operation
    client.delete(bucket, "k2")
