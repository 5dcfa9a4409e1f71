"""What the server does with objects as they grow old, as oss2 sees it: the tests put rules, move the clock, and look."""

import time
import urllib.request

import oss2
import oss2.models as models
import pytest

import sdk
import server

DAY = 86_400


def metric(name):
    with urllib.request.urlopen(server.ADMIN + "/metrics", timeout=10) as reply:
        for line in reply.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise AssertionError(f"{name} is not told")


@pytest.fixture
def days_pass(clock):
    """Moves the clock, waits for the lifecycle worker, and comes back: the SDK signs with the present time."""

    def run(days):
        before = metric("fosse_lifecycle_passes_total")

        def passed():
            at = metric("fosse_lifecycle_last_pass_timestamp_seconds")
            new = metric("fosse_lifecycle_passes_total") > before
            return new and abs(at - time.time() - days * DAY) < 120

        clock(days * DAY)
        limit = time.monotonic() + 20
        while not passed():
            assert time.monotonic() < limit, "no lifecycle pass"
            time.sleep(0.1)
        clock(0)

    return run


@pytest.fixture
def handle(root, bucket):
    """The bucket as oss2 has it; versions in it are removed in the end."""
    handle = root._bucket(bucket)
    yield handle
    page = handle.list_object_versions(max_keys=1000)
    for version in page.versions + page.delete_marker:
        handle.delete_object(version.key, params={"versionId": version.versionid})


def put_rules(handle, *rules):
    handle.put_bucket_lifecycle(models.BucketLifecycle(list(rules)))


def rule(name, prefix, **actions):
    return models.LifecycleRule(name, prefix, models.LifecycleRule.ENABLED, **actions)


def keys(handle):
    return [item.key for item in oss2.ObjectIterator(handle)]


def test_objects_expire_and_change_their_class(handle, days_pass):
    put_rules(
        handle,
        rule("logs", "logs/", expiration=models.LifecycleExpiration(days=30)),
        rule(
            "data", "data/",
            storage_transitions=[
                models.StorageTransition(days=60, storage_class="IA"),
                models.StorageTransition(days=180, storage_class="Archive"),
            ],
        ),
        rule("parts", "up/", abort_multipart_upload=models.AbortMultipartUpload(days=7)),
    )
    put = handle.put_object("logs/1", b"line")
    due = (int(time.time()) // DAY + 31) * DAY
    wanted = f'expiry-date="{oss2.http_date(due)}", rule-id="logs"'
    assert put.headers["x-oss-expiration"] == wanted
    assert handle.head_object("logs/1").headers["x-oss-expiration"] == wanted
    assert handle.get_object("logs/1").headers["x-oss-expiration"] == wanted
    handle.put_object("data/1", b"row")
    handle.put_object("logs-not", b"stays")
    assert "x-oss-expiration" not in handle.head_object("data/1").headers
    handle.init_multipart_upload("up/1")

    days_pass(29)
    assert keys(handle) == ["data/1", "logs-not", "logs/1"]
    assert handle.list_multipart_uploads().upload_list == []
    days_pass(31)
    assert keys(handle) == ["data/1", "logs-not"]
    before = handle.head_object("data/1")
    assert before.headers["x-oss-storage-class"] == "Standard"
    days_pass(61)
    after = handle.head_object("data/1")
    assert after.headers["x-oss-storage-class"] == "IA"
    assert (after.last_modified, after.etag) == (before.last_modified, before.etag)
    days_pass(365)
    assert handle.head_object("data/1").headers["x-oss-storage-class"] == "Archive"
    stat = handle.get_bucket_stat()
    assert (stat.object_count, stat.archive_storage) == (2, 3)


def test_tags_and_sizes_choose(handle, days_pass):
    tags = models.Tagging(models.TaggingRule())
    tags.tag_set.add("temp", "yes")
    tags.tag_set.add("team", "a")
    big = models.LifecycleFilter(object_size_greater_than=500)
    put_rules(
        handle,
        rule("tagged", "t/", expiration=models.LifecycleExpiration(days=1), tagging=tags),
        rule("sized", "s/", expiration=models.LifecycleExpiration(days=1), filter=big),
    )
    for key, header in [("t/both", "temp=yes&team=a"), ("t/one", "temp=yes"), ("t/none", "")]:
        handle.put_object(key, b"", headers={"x-oss-tagging": header} if header else None)
    handle.put_object("s/small", bytes(500))
    handle.put_object("s/big", bytes(501))
    days_pass(3)
    assert keys(handle) == ["s/small", "t/none", "t/one"]


def test_versions_are_hidden_and_then_go(handle, days_pass):
    handle.put_bucket_versioning(models.BucketVersioningConfig("Enabled"))
    put_rules(
        handle,
        rule(
            "all", "v/",
            expiration=models.LifecycleExpiration(days=10),
            noncurrent_version_expiration=models.NoncurrentVersionExpiration(20),
        ),
        rule("markers", "lone/", expiration=models.LifecycleExpiration(expired_detete_marker=True)),
    )
    first = handle.put_object("v/k", b"one").versionid
    second = handle.put_object("v/k", b"two").versionid
    handle.delete_object("lone/k")

    def versions():
        page = handle.list_object_versions(max_keys=100)
        return [v.versionid for v in page.versions], [v.key for v in page.delete_marker]

    days_pass(1)
    assert versions() == ([second, first], []), "the lonely marker goes, nothing else is due"
    days_pass(12)
    assert versions() == ([second, first], ["v/k"]), "a delete marker hides the current one"
    with pytest.raises(oss2.exceptions.NoSuchKey):
        handle.get_object("v/k")
    assert handle.get_object("v/k", params={"versionId": second}).read() == b"two"
    days_pass(22)
    assert versions() == ([second], ["v/k"]), "the first has been hidden since today"
    days_pass(34)
    assert versions() == ([], ["v/k"])


def test_reads_count_where_they_are_watched(handle, days_pass, clock):
    handle.put_object("read", bytes(70_000))
    handle.put_object("idle", bytes(70_000))
    assert "x-oss-last-access-time" not in handle.get_object_meta("read").headers
    handle.put_bucket_access_monitor(models.AccessMonitorInfo("Enabled").status)
    put_rules(
        handle,
        rule(
            "cold", "",
            storage_transitions=[
                models.StorageTransition(
                    days=30, storage_class="IA", is_access_time=True, return_to_std_when_visit=True
                )
            ],
        ),
    )
    written = oss2.utils.http_to_unixtime(handle.get_object_meta("idle").headers["x-oss-last-access-time"])
    assert abs(written - time.time()) < 60
    # Read twenty days later, through a URL that lives as long.
    url = handle.sign_url("GET", "read", 6 * DAY + 60)
    clock(6 * DAY)
    assert len(urllib.request.urlopen(url, timeout=10).read()) == 70_000
    clock(0)
    read = oss2.utils.http_to_unixtime(handle.get_object_meta("read").headers["x-oss-last-access-time"])
    assert abs(read - time.time() - 6 * DAY) < 60
    days_pass(33)
    classes = {key: handle.head_object(key).headers["x-oss-storage-class"] for key in ("read", "idle")}
    assert classes == {"read": "Standard", "idle": "IA"}


def test_inventories_are_reported(handle, root, clock):
    """Reports of a day, read as a program does: manifest, checksum, then the files it names."""
    import csv
    import gzip
    import hashlib
    import json
    import urllib.parse

    owner = handle.get_bucket_info().owner.id
    target = handle.bucket_name + "-reports"
    root.make_bucket(target)
    try:
        for key, body in [("in/a b", b"12345"), ("in/ü", b""), ("out", b"x")]:
            handle.put_object(key, body)
        destination = models.InventoryBucketDestination(
            account_id=owner, role_arn=f"acs:ram::{owner}:role/AliyunOSSRole", bucket=target,
            inventory_format=models.INVENTORY_FORMAT_CSV,
            prefix="reports",
        )
        handle.put_bucket_inventory_configuration(
            models.InventoryConfiguration(
                inventory_id="daily", is_enabled=True, inventory_schedule=models.InventorySchedule(frequency="Daily"),
                included_object_versions="Current", inventory_filter=models.InventoryFilter(prefix="in/"),
                optional_fields=["Size", "ETag", "StorageClass"],
                inventory_destination=models.InventoryDestination(bucket_destination=destination),
            )
        )
        reports = root._bucket(target)
        # The first report comes when nothing has changed for a minute.
        time.sleep(0.1)
        clock(61)

        def manifests(count):
            limit = time.monotonic() + 20
            while True:
                found = [key for key in keys(reports) if key.endswith("/manifest.json")]
                if len(found) >= count:
                    return found
                assert time.monotonic() < limit, found
                time.sleep(0.2)

        (name,) = manifests(1)
        assert name.startswith(f"reports/{handle.bucket_name}/daily/20") and name.endswith("Z/manifest.json")
        text = reports.get_object(name).read()
        checksum = reports.get_object(name.replace(".json", ".checksum")).read().decode()
        assert checksum == hashlib.md5(text).hexdigest().upper()
        manifest = json.loads(text)
        assert (manifest["sourceBucket"], manifest["destinationBucket"]) == (handle.bucket_name, target)
        columns = manifest["fileSchema"].split(", ")
        rows = []
        for file in manifest["files"]:
            packed = reports.get_object(file["key"]).read()
            assert (len(packed), hashlib.md5(packed).hexdigest().upper()) == (file["size"], file["MD5checksum"])
            rows += csv.reader(gzip.decompress(packed).decode().splitlines())
        told = [dict(zip(columns, row)) for row in rows]
        assert [(urllib.parse.unquote(row["Key"]), row["Size"], row["StorageClass"]) for row in told] == [
            ("in/a b", "5", "Standard"), ("in/ü", "0", "Standard"),
        ]
        assert told[0]["ETag"] == handle.head_object("in/a b").etag
        before = metric("fosse_inventory_reports_total")
        clock(DAY)
        limit = time.monotonic() + 20
        while metric("fosse_inventory_reports_total") == before:
            assert time.monotonic() < limit, "no second report"
            time.sleep(0.2)
        clock(0)
        assert len(manifests(2)) == 2
        handle.delete_bucket_inventory_configuration("daily")
    finally:
        clock(0)
        for key in root.list(target, max_keys=1000).keys:
            root.delete(target, key)
        root.delete_bucket(target)
