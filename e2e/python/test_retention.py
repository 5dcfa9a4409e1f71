"""The retention of buckets as oss2 sees it, with the server's clock."""

import oss2
import pytest

import sdk

DAY = 24 * 3600


def test_a_locked_bucket_keeps_its_objects(root, bucket, clock):
    target = sdk.Oss2("v4")._bucket(bucket)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        target.get_bucket_worm()
    assert refused.value.code == "NoSuchWORMConfiguration"
    begun = target.init_bucket_worm(1)
    assert target.get_bucket_worm().state == oss2.models.BUCKET_WORM_IN_PROGRESS
    target.abort_bucket_worm()
    begun = target.init_bucket_worm(1)
    target.complete_bucket_worm(begun.worm_id)
    target.extend_bucket_worm(begun.worm_id, 2)
    shown = target.get_bucket_worm()
    assert (shown.worm_id, shown.state) == (begun.worm_id, oss2.models.BUCKET_WORM_LOCKED)
    assert shown.retention_period_days == 2
    target.put_object("k", b"x")
    for attempt in [lambda: target.delete_object("k"), lambda: target.put_object("k", b"y")]:
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (409, "FileImmutable")
    clock(2 * DAY + 60)
    target.delete_object("k")
    assert not target.object_exists("k")
