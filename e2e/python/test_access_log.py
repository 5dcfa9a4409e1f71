"""Access logs of a bucket, turned on and read through both Python SDKs."""

import shlex
import time
import urllib.request

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

import sdk
import server


def metric(name):
    with urllib.request.urlopen(server.ADMIN + "/metrics", timeout=10) as reply:
        for line in reply.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise AssertionError(f"{name} is not told")


def fields(line):
    """Words, quoted texts, and the time in brackets as one field."""
    lexer = shlex.shlex(line.replace("[", '"').replace("]", '"'), posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    return list(lexer)


def turn_on_oss2(source, target, prefix):
    sdk.Oss2("v1")._bucket(source).put_bucket_logging(oss2.models.BucketLogging(target, prefix))


def turn_on_v2(source, target, prefix):
    enabled = oss_v2.LoggingEnabled(target_bucket=target, target_prefix=prefix)
    status = oss_v2.BucketLoggingStatus(logging_enabled=enabled)
    sdk.OssV2("v4").client.put_bucket_logging(
        oss_v2.PutBucketLoggingRequest(bucket=source, bucket_logging_status=status)
    )


@pytest.mark.parametrize("turn_on", [turn_on_oss2, turn_on_v2], ids=["oss2", "oss_v2"])
def test_requests_become_lines_of_an_object(root, bucket, clock, turn_on):
    target = bucket + "-logs"
    root.make_bucket(target)
    try:
        turn_on(bucket, target, "MyLog-")
        status = root._bucket(bucket).get_bucket_logging()
        assert (status.target_bucket, status.target_prefix) == (target, "MyLog-")
        put = root.put(bucket, "dir/k.txt", b"hello", referer="http://from.example/")
        root.get(bucket, "dir/k.txt", range=(0, 1))
        url = root.presign("GET", bucket, "dir/k.txt")
        url = url[0] if isinstance(url, tuple) else url
        urllib.request.urlopen(url, timeout=10).read()
        with pytest.raises(sdk.Refused):
            root.get(bucket, "absent")
        delivered = metric("fosse_access_log_objects_total")
        clock(3700)
        limit = time.monotonic() + 20
        while metric("fosse_access_log_objects_total") == delivered:
            assert time.monotonic() < limit, "no log was delivered"
            time.sleep(0.1)
        clock(0)
        (key,) = root.list(target).keys
        assert key.startswith(f"MyLog-{bucket}20") and key.endswith("-00-00-0000")
        lines = [fields(line) for line in root.get(target, key).body.decode().splitlines()]
        lines = [line for line in lines if line[15] == bucket and line[14] in ("PutObject", "GetObject")]
        write, part, signed, missing = lines
        assert (write[0], write[5], write[8]) == ("127.0.0.1", "200", "http://from.example/")
        assert (write[11], write[12], write[14]) == (put["request_id"], "true", "PutObject")
        assert (write[16], write[17], write[22]) == ("dir%2Fk.txt", "5", "5")
        assert write[3].endswith(" +0800") and write[13] == write[21] and len(write[13]) == 16
        assert (part[5], part[6], part[17], part[22]) == ("206", "2", "5", "-")
        secrets = {name: value for name, _, value in (p.partition("=") for p in url.partition("?")[2].split("&"))}
        signature = secrets.get("x-oss-signature") or secrets["Signature"]
        assert signed[14] == "GetObject" and signature not in signed[4]
        assert (missing[5], missing[19]) == ("404", "NoSuchKey")
        # Off again: the same requests leave nothing behind.
        root._bucket(bucket).delete_bucket_logging()
        assert root._bucket(bucket).get_bucket_logging().target_bucket == ""
    finally:
        clock(0)
        for key in root.list(target).keys:
            root.delete(target, key)
        root.delete_bucket(target)


def test_a_target_that_is_not_there(root, bucket):
    with pytest.raises(oss2.exceptions.OssError) as refused:
        root._bucket(bucket).put_bucket_logging(oss2.models.BucketLogging("no-such-bucket-at-all", "x"))
    assert (refused.value.status, refused.value.code) == (400, "InvalidTargetBucketForLogging")
