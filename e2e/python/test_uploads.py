"""Uploads in parts beyond the usual: parts in sequence, and clients that encrypt by themselves."""

import base64
import hashlib

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

import sdk

PART = b"a" * 102_400
TAIL = b"tail"
MD5 = base64.b64encode(hashlib.md5(PART + TAIL).digest()).decode()


def test_oss2_uploads_in_sequence(bucket):
    target = sdk.Oss2("v1")._bucket(bucket)
    upload = target.init_multipart_upload("k", params={"sequential": ""}).upload_id
    with pytest.raises(oss2.exceptions.PartNotSequential):
        target.upload_part("k", upload, 2, TAIL)
    parts = [oss2.models.PartInfo(1, target.upload_part("k", upload, 1, PART).etag)]
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        target.upload_part("k", upload, 1, PART)
    assert (refused.value.status, refused.value.code) == (409, "PartAlreadyExist")
    parts.append(oss2.models.PartInfo(2, target.upload_part("k", upload, 2, TAIL).etag))
    with pytest.raises(oss2.exceptions.PartNotSequential):
        target.complete_multipart_upload("k", upload, parts[:1])
    target.complete_multipart_upload("k", upload, parts)
    assert target.head_object("k").headers["Content-MD5"] == MD5
    assert target.get_object("k").read() == PART + TAIL


def test_the_second_sdk_uploads_in_sequence(bucket):
    client = sdk.OssV2("v4").client
    named = {"bucket": bucket, "key": "k"}
    begun = client.initiate_multipart_upload(oss_v2.InitiateMultipartUploadRequest(**named, parameters={"sequential": ""}))
    upload = {**named, "upload_id": begun.upload_id}
    parts = []
    for number, body in ((1, PART), (2, TAIL)):
        put = client.upload_part(oss_v2.UploadPartRequest(**upload, part_number=number, body=body))
        parts.append(oss_v2.UploadPart(part_number=number, etag=put.etag))
        with pytest.raises(oss_v2.exceptions.OperationError) as refused:
            client.upload_part(oss_v2.UploadPartRequest(**upload, part_number=number, body=body))
        assert refused.value.unwrap().code == "PartAlreadyExist"
    complete = oss_v2.CompleteMultipartUpload(parts=parts)
    client.complete_multipart_upload(oss_v2.CompleteMultipartUploadRequest(**upload, complete_multipart_upload=complete))
    assert client.head_object(oss_v2.HeadObjectRequest(**named)).content_md5 == MD5


def test_an_upload_that_its_client_encrypts_is_found_again(bucket):
    """The second SDK reads from ListParts with which key it goes on."""
    client = sdk.OssV2("v4").client
    meta = {
        "client-side-encryption-key": "c2VhbGVk",
        "client-side-encryption-start": "c3RhcnQ=",
        "client-side-encryption-cek-alg": "AES/CTR/NoPadding",
        "client-side-encryption-wrap-alg": "RSA/NONE/PKCS1Padding",
        "client-side-encryption-data-size": "204800",
        "client-side-encryption-part-size": "102400",
    }
    begun = client.initiate_multipart_upload(oss_v2.InitiateMultipartUploadRequest(bucket=bucket, key="k", metadata=meta))
    listed = client.list_parts(oss_v2.ListPartsRequest(bucket=bucket, key="k", upload_id=begun.upload_id))
    assert (listed.client_encryption_key, listed.client_encryption_start) == ("c2VhbGVk", "c3RhcnQ=")
    assert (listed.client_encryption_data_size, listed.client_encryption_part_size) == (204800, 102400)
    assert listed.client_encryption_wrap_alg == "RSA/NONE/PKCS1Padding"

    # A copy keeps the keys, whatever else is replaced: the bytes are as they were.
    client.put_object(oss_v2.PutObjectRequest(bucket=bucket, key="sealed", metadata={**meta, "m": "1"}, content_type="text/a", body=b"x"))
    client.copy_object(oss_v2.CopyObjectRequest(
        bucket=bucket, key="copy", source_key="sealed", metadata_directive="REPLACE", metadata={"n": "2"}
    ))
    copy = client.head_object(oss_v2.HeadObjectRequest(bucket=bucket, key="copy"))
    assert copy.content_type == "text/a"
    assert copy.metadata == {**meta, "n": "2"}
