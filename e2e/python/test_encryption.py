"""Server-side encryption as the two Python SDKs see it."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

import sdk

SSE = "x-oss-server-side-encryption"
KEY_ID = "x-oss-server-side-encryption-key-id"


def test_oss2_encrypts_by_header_and_by_bucket(root, bucket):
    target = sdk.Oss2("v1")._bucket(bucket)
    with pytest.raises(oss2.exceptions.NoSuchServerSideEncryptionRule):
        target.get_bucket_encryption()
    rule = oss2.models.ServerSideEncryptionRule()
    rule.sse_algorithm = oss2.SERVER_SIDE_ENCRYPTION_KMS
    rule.kms_master_keyid = "my-key"
    target.put_bucket_encryption(rule)
    shown = target.get_bucket_encryption()
    assert (shown.sse_algorithm, shown.kms_master_keyid) == ("KMS", "my-key")
    body = bytes(range(256)) * 1000
    target.put_object("by-bucket", body)
    target.put_object("by-header", body, headers={SSE: "AES256"})
    for key, algorithm, key_id in [("by-bucket", "KMS", "my-key"), ("by-header", "AES256", None)]:
        got = target.get_object(key)
        assert got.read() == body
        assert (got.headers.get(SSE), got.headers.get(KEY_ID)) == (algorithm, key_id)
        assert target.get_object(key, byte_range=(70000, 70009)).read() == body[70000:70010]
    target.delete_bucket_encryption()
    copied = target.copy_object(bucket, "by-header", "copy")
    assert SSE not in copied.headers
    assert target.get_object("copy").read() == body
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        target.put_object("bad", b"x", headers={SSE: "ROT13"})
    assert refused.value.code == "InvalidEncryptionAlgorithmError"


def test_the_second_sdk_uploads_parts_under_a_default_key(root, bucket):
    client = sdk.OssV2("v4").client
    begun = client.initiate_multipart_upload(
        oss_v2.InitiateMultipartUploadRequest(bucket, "key", server_side_encryption="KMS")
    )
    part = client.upload_part(
        oss_v2.UploadPartRequest(bucket, "key", part_number=1, upload_id=begun.upload_id, body=b"0123456789")
    )
    parts = oss_v2.CompleteMultipartUpload(parts=[oss_v2.UploadPart(part_number=1, etag=part.etag)])
    client.complete_multipart_upload(
        oss_v2.CompleteMultipartUploadRequest(
            bucket, "key", upload_id=begun.upload_id, complete_multipart_upload=parts
        )
    )
    head = client.head_object(oss_v2.HeadObjectRequest(bucket, "key"))
    assert head.server_side_encryption == "KMS" and len(head.server_side_encryption_key_id) == 36
    got = client.get_object(oss_v2.GetObjectRequest(bucket, "key", range_header="bytes=3-5"))
    assert got.body.read() == b"345"


def test_a_data_cipher_counts_with_kms_only(bucket):
    """Elsewhere it is ignored, in headers and in the bucket's default; and encryption is chosen when an upload begins."""
    target = sdk.Oss2("v1")._bucket(bucket)
    data = "x-oss-server-side-data-encryption"
    for headers, shown in (
        ({SSE: "KMS", data: "SM4"}, ("KMS", "SM4")),
        ({SSE: "AES256", data: "SM4"}, ("AES256", None)),
        ({SSE: "SM4", data: "SM4"}, ("SM4", None)),
        ({data: "SM4"}, (None, None)),
    ):
        put = target.put_object("k", b"body", headers=headers)
        assert (put.headers.get(SSE), put.headers.get(data)) == shown, headers
    rule = oss2.models.ServerSideEncryptionRule()
    rule.sse_algorithm, rule.kms_data_encryption = "AES256", "SM4"
    target.put_bucket_encryption(rule)
    shown = target.get_bucket_encryption()
    assert (shown.sse_algorithm, shown.kms_data_encryption) == ("AES256", None)

    upload = target.init_multipart_upload("parts", headers={SSE: "KMS"}).upload_id
    part = oss2.models.PartInfo(1, target.upload_part("parts", upload, 1, b"body").etag)
    with pytest.raises(oss2.exceptions.InvalidArgument):
        target.complete_multipart_upload("parts", upload, [part], headers={SSE: "KMS"})
    assert target.complete_multipart_upload("parts", upload, [part]).headers[SSE] == "KMS"
