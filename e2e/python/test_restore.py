"""Archived objects and their restores as the two Python SDKs see them."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests

import sdk

DAY = 24 * 3600


def test_oss2_restores_what_is_archived(root, bucket, clock):
    target = sdk.Oss2("v1")._bucket(bucket)
    target.put_object("k", b"frozen", headers={"x-oss-storage-class": "Archive"})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        target.get_object("k")
    assert (refused.value.status, refused.value.code) == (403, "InvalidObjectState")
    assert target.restore_object("k").status == 202
    assert target.get_object("k").read() == b"frozen"
    assert 'ongoing-request="false"' in target.head_object("k").headers["x-oss-restore"]
    assert target.restore_object("k").status == 200
    # A link that is good for longer than the copy.
    link = target.sign_url("GET", "k", 3 * DAY)
    clock(DAY + 60)
    assert requests.get(link, timeout=10).status_code == 403
    clock(0)
    target.put_object("standard", b"x")
    with pytest.raises(oss2.exceptions.OperationNotSupported):
        target.restore_object("standard")


def test_the_second_sdk_restores_by_days_and_cleans(root, bucket):
    client = sdk.OssV2("v4").client
    client.put_object(oss_v2.PutObjectRequest(bucket, "k", body=b"frozen", storage_class="ColdArchive"))
    request = oss_v2.RestoreRequest(days=3, job_parameters=oss_v2.JobParameters(tier="Expedited"))
    begun = client.restore_object(oss_v2.RestoreObjectRequest(bucket, "k", restore_request=request))
    assert (begun.status_code, begun.restore_priority) == (202, "Expedited")
    page = client.list_objects_v2(oss_v2.ListObjectsV2Request(bucket))
    assert 'ongoing-request="false"' in page.contents[0].restore_info
    assert client.get_object(oss_v2.GetObjectRequest(bucket, "k")).body.read() == b"frozen"
    client.clean_restored_object(oss_v2.CleanRestoredObjectRequest(bucket, "k"))
    with pytest.raises(oss_v2.exceptions.OperationError) as refused:
        client.clean_restored_object(oss_v2.CleanRestoredObjectRequest(bucket, "k"))
    assert refused.value.unwrap().code == "ArchiveRestoreFileStale"
