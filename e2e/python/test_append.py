"""Appendable objects as the two Python SDKs see them."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

import sdk



def test_oss2_appends_and_resumes_by_the_position(root, bucket):
    target = sdk.Oss2("v4")._bucket(bucket)
    first = target.append_object("log", 0, b"12345", init_crc=0)
    assert first.next_position == 5
    second = target.append_object("log", 5, b"6789", init_crc=first.crc)
    assert (second.next_position, second.crc) == (9, 11051210869376104954)
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as refused:
        target.append_object("log", 5, b"x")
    assert refused.value.next_position == 9
    target.put_object("normal", b"x")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        target.append_object("normal", 1, b"x")
    head = target.head_object("log")
    assert (head.object_type, head.content_length) == ("Appendable", 9)
    assert target.get_object("log").read() == b"123456789"


def test_the_second_sdk_appends_and_seals(root, bucket):
    client = sdk.OssV2("v4").client
    request = oss_v2.AppendObjectRequest(bucket, "log", position=0, body=b"12345", server_side_encryption="AES256")
    first = client.append_object(request)
    assert (first.next_position, first.server_side_encryption) == (5, "AES256")
    second = client.append_object(oss_v2.AppendObjectRequest(bucket, "log", position=5, body=b"6789"))
    assert second.next_position == 9
    sealed = client.seal_append_object(oss_v2.SealAppendObjectRequest(bucket, "log", position=9))
    again = client.seal_append_object(oss_v2.SealAppendObjectRequest(bucket, "log", position=9))
    assert sealed.sealed_time and sealed.sealed_time == again.sealed_time
    with pytest.raises(oss_v2.exceptions.OperationError) as refused:
        client.append_object(oss_v2.AppendObjectRequest(bucket, "log", position=9, body=b"x"))
    assert refused.value.unwrap().code == "ObjectNotAppendable"
    got = client.get_object(oss_v2.GetObjectRequest(bucket, "log"))
    assert got.body.read() == b"123456789"
