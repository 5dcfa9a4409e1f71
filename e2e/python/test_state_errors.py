"""What versions, archived objects and protected objects refuse and how, as both Python SDKs report it."""

import datetime

import oss2
import pytest

import calls
import test_post_form as form

EMPTY, MALFORMED = "Version id can not be the empty string.", "Invalid version id specified."
READS = [
    "GetObject", "HeadObject", "GetObjectMeta", "GetObjectAcl", "PutObjectAcl", "GetObjectTagging", "PutObjectTagging",
    "DeleteObjectTagging", "GetSymlink", "CopyObject", "RestoreObject", "GetObjectRetention", "PutObjectLegalHold",
    "GetObjectLegalHold",
]


@pytest.fixture(params=calls.BOTH, ids=lambda kind: kind.name)
def client(request):
    return request.param("v4")


def set_versioning(bucket, status):
    calls.Oss2("v4")._bucket(bucket).put_bucket_versioning(oss2.models.BucketVersioningConfig(status))


def everything(bucket):
    """All versions and delete markers of a bucket."""
    page = calls.Oss2("v4")._bucket(bucket).list_object_versions(max_keys=1000)
    return sorted((v.key, v.versionid) for v in [*page.versions, *page.delete_marker])


class Versions:
    """A bucket with versioning: `k` has one version and a marker that hides it, `live` one version."""

    def __init__(self):
        self.root, self.bucket = calls.Oss2("v4"), "py-version-errors"
        self.root.make_bucket(self.bucket)
        set_versioning(self.bucket, "Enabled")
        self.one = self.root.call("PutObject", self.bucket, key="k").versionid
        self.marker = self.root.call("DeleteObject", self.bucket, key="k").versionid
        # Well formed, and nobody has it.
        self.gone = self.root.call("PutObject", self.bucket, key="live").versionid
        self.live = self.root.call("PutObject", self.bucket, key="live").versionid
        self.root.call("DeleteObject", self.bucket, key="live", version=self.gone)

    def close(self):
        for key, version in everything(self.bucket):
            self.root.call("DeleteObject", self.bucket, key=key, version=version)
        self.root.delete_bucket(self.bucket)


@pytest.fixture(scope="module")
def versions():
    world = Versions()
    before = everything(world.bucket)
    yield world
    assert everything(world.bucket) == before
    world.close()


def asked(operation, key, version):
    """Of a copy it is the source that is looked for."""
    if operation == "CopyObject":
        return {"key": "copy", "source": key, "version": version}
    return {"key": key, "version": version}


@pytest.mark.parametrize("operation", READS)
def test_versions_that_are_not_there(client, versions, operation):
    """The five rows of a missing version, for every operation that reads one."""
    def refused(key, version):
        return calls.refusal(client.call, operation, versions.bucket, **asked(operation, key, version))

    hidden = refused("k", None)
    assert hidden.differs("NoSuchKey") == []
    if operation != "CopyObject":
        assert hidden.headers["x-oss-delete-marker"] == "true"
        assert hidden.headers["x-oss-version-id"] == versions.marker
    named = refused("k", versions.marker)
    if operation in ("GetObject", "HeadObject", "GetObjectMeta"):
        assert named.differs("MethodNotAllowed") == []
        assert (named.headers["allow"], named.headers["x-oss-delete-marker"]) == ("DELETE", "true")
        method = "GET" if operation == "GetObject" else "HEAD"
        assert (named.elements["Method"], named.elements["ResourceType"]) == (method, "DeleteMarker")
    else:
        assert named.differs("NoSuchKey") == []
    assert refused("live", versions.gone).differs("NoSuchVersion") == []
    assert refused("live", "null").differs("NoSuchVersion") == []
    assert refused("live", "malformed").differs("InvalidArgument", MALFORMED) == []
    # One character less than one that there is.
    assert refused("live", versions.live[:-1]).differs("InvalidArgument", MALFORMED) == []
    assert refused("live", "").differs("InvalidArgument", EMPTY) == []


def test_deletes_of_versions(client, versions):
    """What is not there is deleted without an error; what is no version is none."""
    before = everything(versions.bucket)
    client.call("DeleteObject", versions.bucket, key="live", version=versions.gone)
    for version, message in (("malformed", MALFORMED), ("", EMPTY)):
        refusal = calls.refusal(client.call, "DeleteObject", versions.bucket, key="live", version=version)
        assert refusal.differs("InvalidArgument", message) == []
    document = b"<Delete><Object><Key>live</Key></Object><Object><Key>k</Key><VersionId>x</VersionId></Object></Delete>"
    refusal = calls.refusal(client.send, "POST", versions.bucket, "", {"delete": ""}, {}, document)
    assert refusal.differs("InvalidArgument", MALFORMED) == []
    assert everything(versions.bucket) == before


def test_writes_in_a_bucket_with_versions(client, bucket):
    """Nothing forbids another version; appending makes the one without history, and never goes on behind a marker."""
    set_versioning(bucket, "Enabled")
    forbid = {"x-oss-forbid-overwrite": "true"}
    try:
        for status in ("Enabled", "Suspended"):
            set_versioning(bucket, status)
            for operation in ("PutObject", "CopyObject", "PutSymlink", "InitiateMultipartUpload"):
                client.call("PutObject", bucket, key="k")
                client.call(operation, bucket, key="k", source="k", headers=forbid)
        set_versioning(bucket, "Enabled")
        added = client.call("AppendObject", bucket, key="log")
        assert (added.headers["x-oss-version-id"], added.headers["x-oss-next-append-position"]) == ("null", "4")
        client.call("DeleteObject", bucket, key="log")
        assert calls.refusal(client.call, "AppendObject", bucket, key="log").differs("ObjectNotAppendable") == []
        made = client.call("DeleteObject", bucket, key="never")
        assert made.headers["x-oss-delete-marker"] == "true" and len(made.headers["x-oss-version-id"]) == 64
    finally:
        for key, version in everything(bucket):
            client.call("DeleteObject", bucket, key=key, version=version)


CLASSES = {"standard": "Standard", "archive": "Archive", "cold": "ColdArchive", "deep": "DeepColdArchive"}


@pytest.fixture
def archive(client, bucket):
    """An object of each class."""
    for key, name in CLASSES.items():
        client.call("PutObject", bucket, key=key, headers={"x-oss-storage-class": name})
    return bucket


def test_restores_that_are_not_possible(client, archive):
    wrong = {}
    for arguments, *expected in (
        ({"key": "standard"}, "OperationNotSupported", None, "0016-00000702"),
        ({"key": "absent"}, "NoSuchKey"),
        ({"key": "cold", "days": 1, "tier": "Fast"}, "InvalidArgument"),
        ({"key": "archive", "days": 1, "tier": "Standard"}, "MalformedXML"),
        ({"key": "deep", "days": 1, "tier": "Bulk"}, "MalformedXML"),
        ({"key": "archive", "days": 8}, "InvalidArgument"),
        ({"key": "cold", "days": 366}, "InvalidArgument"),
    ):
        refusal = calls.refusal(client.call, "RestoreObject", archive, **arguments)
        if differs := refusal.differs(*expected):
            wrong[str(arguments)] = differs
        if expected[0] == "OperationNotSupported":
            assert refusal.elements["Detail"] == "RestoreObject operation does not support this object storage class"
    refusal = calls.refusal(client.send, "POST", archive, "archive", {"restore": ""}, {}, b"<RestoreRequest><")
    assert refusal.differs("MalformedXML") == []
    for key, code in (
        ("standard", "OperationNotSupported"), ("absent", "NoSuchKey"), ("archive", "ArchiveRestoreFileStale"),
        ("cold", "ArchiveRestoreFileStale"),
    ):
        assert calls.refusal(client.call, "CleanRestoredObject", archive, key=key).differs(code) == [], key
    for key in ("archive", "cold", "deep"):
        assert calls.refusal(client.call, "GetObject", archive, key=key).differs("InvalidObjectState") == [], key
        assert client.head(archive, key).headers["x-oss-storage-class"] == CLASSES[key]
    assert wrong == {}


def test_a_restore_that_goes_on(client, archive, clock):
    """A server whose clock is put back by ten minutes has not finished what it began."""
    clock(600)
    client.call("RestoreObject", archive, key="archive")
    client.call("RestoreObject", archive, key="cold", days=1, tier="Bulk")
    clock(0)
    for key in ("archive", "cold"):
        assert 'ongoing-request="true"' in client.head(archive, key).headers["x-oss-restore"]
        assert calls.refusal(client.call, "GetObject", archive, key=key).differs("InvalidObjectState") == []
        refusal = calls.refusal(client.call, "CleanRestoredObject", archive, key=key)
        assert refusal.differs("ArchiveRestoreNotFinished") == []
    assert calls.refusal(client.call, "RestoreObject", archive, key="archive").differs("RestoreAlreadyInProgress") == []
    refusal = calls.refusal(client.call, "RestoreObject", archive, key="cold", days=1, tier="Bulk")
    assert refusal.differs("RestoreAlreadyInProgress") == []
    # Sooner is another matter.
    client.call("RestoreObject", archive, key="cold", days=1, tier="Expedited")
    clock(600)
    assert client.get(archive, "cold").body == b"body"
    client.call("CleanRestoredObject", archive, key="cold")
    refusal = calls.refusal(client.call, "CleanRestoredObject", archive, key="cold")
    assert refusal.differs("ArchiveRestoreFileStale") == []


def until(**period):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**period)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_what_is_held_stays(client, bucket):
    """By whichever way it would be replaced or removed."""
    client.call("PutObject", bucket, key="source")
    client.call("AppendObject", bucket, key="log")
    client.call("PutObject", bucket, key="k", body=b"held")
    for key in ("k", "log"):
        client.call("PutObjectLegalHold", bucket, key=key, hold="ON")
    upload = client.begin(bucket, "k")
    etag = client.part(bucket, "k", upload, 1, b"part")
    try:
        for operation, arguments in (
            ("PutObject", {}), ("CopyObject", {"source": "source"}), ("PutSymlink", {"target": "source"}),
            ("CompleteMultipartUpload", {"upload": upload, "parts": [(1, etag)]}), ("DeleteObject", {}),
            ("DeleteMultipleObjects", {"keys": ["k"]}), ("AppendObject", {"key": "log", "position": 4}),
        ):
            refusal = calls.refusal(client.call, operation, bucket, **{"key": "k", **arguments})
            assert refusal.differs("FileImmutable") == [], operation
        assert client.get(bucket, "k").body == b"held" and client.get(bucket, "log").body == b"body"
    finally:
        for key in ("k", "log"):
            client.call("PutObjectLegalHold", bucket, key=key, hold="OFF")
        client.abort(bucket, "k", upload)


def test_retentions(client, bucket):
    client.call("PutObject", bucket, key="k", body=b"kept")
    for operation in ("GetObjectRetention", "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold"):
        refusal = calls.refusal(client.call, operation, bucket, key="absent", until=until(days=1))
        assert refusal.differs("NoSuchKey") == [], operation
    refusal = calls.refusal(client.call, "GetObjectRetention", bucket, key="k")
    assert refusal.differs("NoSuchObjectWormConfiguration") == []
    for arguments, *expected in (
        ({"mode": "FOREVER", "until": until(days=1)}, "MalformedXML"), ({"until": "tomorrow"}, "MalformedXML"),
        ({"until": until(seconds=-60)}, "InvalidArgument"),
    ):
        refusal = calls.refusal(client.call, "PutObjectRetention", bucket, key="k", **arguments)
        assert refusal.differs(*expected) == [], arguments
    refusal = calls.refusal(client.call, "PutObjectLegalHold", bucket, key="k", hold="MAYBE")
    assert refusal.differs("MalformedXML") == []
    client.call("PutObjectRetention", bucket, key="k", until=until(hours=2))
    # Longer is free, shorter takes the right to bypass.
    client.call("PutObjectRetention", bucket, key="k", until=until(hours=3))
    refusal = calls.refusal(client.call, "PutObjectRetention", bucket, key="k", until=until(hours=1))
    assert refusal.differs("FileImmutable") == []
    assert calls.refusal(client.call, "DeleteObject", bucket, key="k").differs("FileImmutable") == []
    assert client.get(bucket, "k").body == b"kept"
    client.call("DeleteObject", bucket, key="k", headers={"x-oss-bypass-governance-retention": "true"})


def test_overwriting_by_a_form_what_is_held(bucket, root):
    """As `test_what_is_held_stays`, for the one way that no SDK has."""
    client = calls.OssV2("v4")
    client.call("PutObject", bucket, key="k", body=b"held")
    client.call("PutObjectLegalHold", bucket, key="k", hold="ON")
    try:
        answer = form.post(bucket, {"key": "k", **form.sign_v4(form.policy())})
        assert form.code(answer) == (409, "FileImmutable")
        assert root.get(bucket, "k").body == b"held"
    finally:
        client.call("PutObjectLegalHold", bucket, key="k", hold="OFF")
