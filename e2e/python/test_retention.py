"""The retention of buckets as oss2 sees it, with the server's clock."""

import oss2
import pytest
import requests

import sdk

DAY = 24 * 3600


def test_a_locked_bucket_keeps_its_objects(root, bucket, clock):
    target = sdk.Oss2("v1")._bucket(bucket)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        target.get_bucket_worm()
    assert refused.value.code == "NoSuchWORMConfiguration"
    begun = target.init_bucket_worm(1)
    assert target.get_bucket_worm().state == "InProgress"
    target.abort_bucket_worm()
    begun = target.init_bucket_worm(1)
    target.complete_bucket_worm(begun.worm_id)
    target.extend_bucket_worm(begun.worm_id, 2)
    shown = target.get_bucket_worm()
    assert (shown.worm_id, shown.state) == (begun.worm_id, "Locked")
    assert shown.retention_period_days == 2
    target.put_object("k", b"x")
    for attempt in [lambda: target.delete_object("k"), lambda: target.put_object("k", b"y")]:
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (409, "FileImmutable")
    link = target.sign_url("DELETE", "k", 4 * DAY)
    clock(2 * DAY + 60)
    assert requests.delete(link, timeout=10).status_code == 204
    clock(0)
    assert not target.object_exists("k")
