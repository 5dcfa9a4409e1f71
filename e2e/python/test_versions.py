"""Versioning, listings of versions, tags, symlinks and counters, as the two Python SDKs see them."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

import sdk


class Oss2(sdk.Oss2):
    """oss2, with what it says of versions."""

    def set_versioning(self, bucket, status):
        config = oss2.models.BucketVersioningConfig(status)
        self._call(self._bucket(bucket).put_bucket_versioning, config)

    def versioning(self, bucket):
        return self._call(self._bucket(bucket).get_bucket_versioning).status

    def write(self, bucket, key, body, headers=None):
        return self._call(self._bucket(bucket).put_object, key, body, headers=headers).versionid

    def read(self, bucket, key, version=None):
        params = {"versionId": version} if version is not None else None
        result = self._call(self._bucket(bucket).get_object, key, params=params)
        return result.read(), result.versionid

    def peek(self, bucket, key, version=None):
        params = {"versionId": version} if version is not None else None
        result = self._call(self._bucket(bucket).head_object, key, params=params)
        return {name.lower(): value for name, value in result.headers.items()}

    def remove(self, bucket, key, version=None):
        params = {"versionId": version} if version is not None else None
        result = self._call(self._bucket(bucket).delete_object, key, params=params)
        return result.versionid, result.delete_marker

    def remove_many(self, bucket, versions):
        doomed = [oss2.models.BatchDeleteObjectVersion(key, version) for key, version in versions]
        result = self._call(
            self._bucket(bucket).delete_object_versions, oss2.models.BatchDeleteObjectVersionList(doomed)
        )
        return [
            (gone.key, gone.versionid or None, bool(gone.delete_marker), gone.delete_marker_versionid or None)
            for gone in result.delete_versions
        ]

    def versions(self, bucket, key="", version="", max_keys=100, prefix="", delimiter=""):
        page = self._call(
            self._bucket(bucket).list_object_versions, prefix=prefix, delimiter=delimiter, key_marker=key,
            versionid_marker=version, max_keys=max_keys,
        )
        found = [(v.key, v.versionid, v.is_latest, v.size) for v in page.versions]
        markers = [(v.key, v.versionid, v.is_latest) for v in page.delete_marker]
        following = (page.next_key_marker, page.next_versionid_marker) if page.is_truncated else None
        return found, markers, page.common_prefix, following

    def copy_version(self, bucket, source, version, key):
        result = self._call(
            self._bucket(bucket).copy_object, bucket, source, key, params={"versionId": version}
        )
        return result.versionid, result.headers.get("x-oss-copy-source-version-id")

    def acl(self, bucket, key, version):
        return self._call(self._bucket(bucket).get_object_acl, key, params={"versionId": version}).acl

    def set_acl(self, bucket, key, version, acl):
        self._call(self._bucket(bucket).put_object_acl, key, acl, params={"versionId": version})

    def tags(self, bucket, key, version=None):
        params = {"versionId": version} if version is not None else None
        result = self._call(self._bucket(bucket).get_object_tagging, key, params=params)
        return dict(result.tag_set.tagging_rule)

    def set_tags(self, bucket, key, tags, version=None):
        rule = oss2.models.TaggingRule()
        rule.tagging_rule = dict(tags)
        params = {"versionId": version} if version is not None else None
        self._call(self._bucket(bucket).put_object_tagging, key, oss2.models.Tagging(rule), params=params)

    def drop_tags(self, bucket, key, version=None):
        params = {"versionId": version} if version is not None else None
        self._call(self._bucket(bucket).delete_object_tagging, key, params=params)

    def link(self, bucket, key, target, headers=None):
        return self._call(self._bucket(bucket).put_symlink, target, key, headers=headers)

    def target(self, bucket, key):
        return self._call(self._bucket(bucket).get_symlink, key).target_key

    def stat(self, bucket):
        stat = self._call(self._bucket(bucket).get_bucket_stat)
        return {
            "storage": stat.storage_size_in_bytes, "objects": stat.object_count,
            "standard": (stat.standard_object_count, stat.standard_storage),
            "ia": (stat.infrequent_access_object_count, stat.infrequent_access_storage),
            "deep": (stat.deep_cold_archive_object_count, stat.deep_cold_archive_storage),
        }


class OssV2(sdk.OssV2):
    """alibabacloud-oss-v2, with what it says of versions."""

    def set_versioning(self, bucket, status):
        config = oss_v2.VersioningConfiguration(status=status)
        self._call(
            self.client.put_bucket_versioning,
            oss_v2.PutBucketVersioningRequest(bucket=bucket, versioning_configuration=config),
        )

    def versioning(self, bucket):
        request = oss_v2.GetBucketVersioningRequest(bucket=bucket)
        return self._call(self.client.get_bucket_versioning, request).version_status

    def write(self, bucket, key, body, headers=None):
        request = oss_v2.PutObjectRequest(bucket=bucket, key=key, body=body, headers=headers or {})
        return self._call(self.client.put_object, request).version_id

    def read(self, bucket, key, version=None):
        request = oss_v2.GetObjectRequest(bucket=bucket, key=key, version_id=version)
        result = self._call(self.client.get_object, request)
        return result.body.read(), result.version_id

    def peek(self, bucket, key, version=None):
        request = oss_v2.HeadObjectRequest(bucket=bucket, key=key, version_id=version)
        result = self._call(self.client.head_object, request)
        return {name.lower(): value for name, value in result.headers.items()}

    def remove(self, bucket, key, version=None):
        request = oss_v2.DeleteObjectRequest(bucket=bucket, key=key, version_id=version)
        result = self._call(self.client.delete_object, request)
        return result.version_id, result.delete_marker

    def remove_many(self, bucket, versions):
        doomed = [oss_v2.DeleteObject(key=key, version_id=version) for key, version in versions]
        request = oss_v2.DeleteMultipleObjectsRequest(bucket=bucket, objects=doomed)
        result = self._call(self.client.delete_multiple_objects, request)
        return [
            (gone.key, gone.version_id, bool(gone.delete_marker), gone.delete_marker_version_id)
            for gone in result.deleted_objects
        ]

    def versions(self, bucket, key="", version="", max_keys=100, prefix="", delimiter=""):
        request = oss_v2.ListObjectVersionsRequest(
            bucket=bucket, key_marker=key or None, version_id_marker=version or None, max_keys=max_keys,
            prefix=prefix or None, delimiter=delimiter or None,
        )
        page = self._call(self.client.list_object_versions, request)
        found = [(v.key, v.version_id, v.is_latest, v.size) for v in page.version or []]
        markers = [(v.key, v.version_id, v.is_latest) for v in page.delete_marker or []]
        prefixes = [prefix.prefix for prefix in page.common_prefixes or []]
        following = (page.next_key_marker, page.next_version_id_marker) if page.is_truncated else None
        return found, markers, prefixes, following

    def copy_version(self, bucket, source, version, key):
        request = oss_v2.CopyObjectRequest(
            bucket=bucket, key=key, source_key=source, source_version_id=version
        )
        result = self._call(self.client.copy_object, request)
        return result.version_id, result.source_version_id

    def acl(self, bucket, key, version):
        request = oss_v2.GetObjectAclRequest(bucket=bucket, key=key, version_id=version)
        return self._call(self.client.get_object_acl, request).acl

    def set_acl(self, bucket, key, version, acl):
        request = oss_v2.PutObjectAclRequest(bucket=bucket, key=key, version_id=version, acl=acl)
        self._call(self.client.put_object_acl, request)

    def tags(self, bucket, key, version=None):
        request = oss_v2.GetObjectTaggingRequest(bucket=bucket, key=key, version_id=version)
        result = self._call(self.client.get_object_tagging, request)
        return {tag.key: tag.value or "" for tag in (result.tag_set.tags if result.tag_set else None) or []}

    def set_tags(self, bucket, key, tags, version=None):
        tags = [oss_v2.Tag(key=name, value=value) for name, value in tags.items()]
        request = oss_v2.PutObjectTaggingRequest(
            bucket=bucket, key=key, version_id=version, tagging=oss_v2.Tagging(tag_set=oss_v2.TagSet(tags=tags))
        )
        self._call(self.client.put_object_tagging, request)

    def drop_tags(self, bucket, key, version=None):
        request = oss_v2.DeleteObjectTaggingRequest(bucket=bucket, key=key, version_id=version)
        self._call(self.client.delete_object_tagging, request)

    def link(self, bucket, key, target, headers=None):
        request = oss_v2.PutSymlinkRequest(bucket=bucket, key=key, target=target, headers=headers or {})
        return self._call(self.client.put_symlink, request)

    def target(self, bucket, key):
        return self._call(self.client.get_symlink, oss_v2.GetSymlinkRequest(bucket=bucket, key=key)).target

    def stat(self, bucket):
        stat = self._call(self.client.get_bucket_stat, oss_v2.GetBucketStatRequest(bucket=bucket))
        return {
            "storage": stat.storage, "objects": stat.object_count,
            "standard": (stat.standard_object_count, stat.standard_storage),
            "ia": (stat.infrequent_access_object_count, stat.infrequent_access_storage),
            "deep": (stat.deep_cold_archive_object_count, stat.deep_cold_archive_storage),
        }


@pytest.fixture(params=[(Oss2, "v1"), (Oss2, "v4"), (OssV2, "v4")], ids=["oss2-v1", "oss2-v4", "oss-v2"])
def client(request):
    kind, scheme = request.param
    return kind(scheme)


@pytest.fixture
def versioned(client, bucket):
    """A bucket with versioning; every version is removed afterwards."""
    client.set_versioning(bucket, "Enabled")
    yield bucket
    found, markers, _, following = client.versions(bucket, max_keys=1000)
    assert following is None
    doomed = [(key, version) for key, version, *_ in found + markers]
    if doomed:
        client.remove_many(bucket, doomed)


def refused(function, *arguments):
    with pytest.raises(sdk.Refused) as error:
        function(*arguments)
    return error.value.status, error.value.code


def test_states_of_a_bucket(client, bucket):
    assert client.versioning(bucket) is None
    for status in ["Enabled", "Suspended", "Enabled"]:
        client.set_versioning(bucket, status)
        assert client.versioning(bucket) == status
    assert refused(client.set_versioning, bucket, "Off") == (400, "MalformedXML")
    assert refused(client.versioning, "py-no-such-bucket") == (404, "NoSuchBucket")


def test_reading_and_deleting_versions(client, versioned):
    bucket = versioned
    one, two = client.write(bucket, "k", b"one"), client.write(bucket, "k", b"two!")
    assert len(one) == len(two) == 64 and one != two
    assert client.read(bucket, "k") == (b"two!", two)
    assert client.read(bucket, "k", one) == (b"one", one)
    marker, is_marker = client.remove(bucket, "k")
    assert is_marker and len(marker) == 64
    assert refused(client.read, bucket, "k") == (404, "NoSuchKey")
    assert refused(client.read, bucket, "k", marker) == (405, "MethodNotAllowed")
    assert refused(client.peek, bucket, "k", marker)[0] == 405
    assert refused(client.read, bucket, "k", "null") == (404, "NoSuchVersion")
    assert refused(client.read, bucket, "k", "malformed") == (400, "InvalidArgument")
    copy, source = client.copy_version(bucket, "k", one, "copy")
    assert (len(copy), source) == (64, one)
    assert client.read(bucket, "copy") == (b"one", copy)
    assert refused(client.copy_version, bucket, "k", marker, "copy") == (404, "NoSuchKey")
    removed, is_marker = client.remove(bucket, "k", two)
    assert removed == two and not is_marker
    assert client.remove(bucket, "k", marker) == (marker, True)
    assert client.read(bucket, "k") == (b"one", one)


def test_suspended(client, versioned):
    bucket = versioned
    one = client.write(bucket, "k", b"one")
    client.set_versioning(bucket, "Suspended")
    assert client.write(bucket, "k", b"null") == "null"
    assert client.write(bucket, "k", b"null again") == "null"
    assert client.read(bucket, "k", "null") == (b"null again", "null")
    assert client.read(bucket, "k", one) == (b"one", one)
    assert client.remove(bucket, "k") == ("null", True)
    found, markers, _, _ = client.versions(bucket)
    assert found == [("k", one, False, 3)]
    assert markers == [("k", "null", True)]


def test_many_deletes_with_versions(client, versioned):
    bucket = versioned
    one, _ = client.write(bucket, "a b+é", b"1"), client.write(bucket, "a b+é", b"2")
    marker, _ = client.remove(bucket, "c")
    assert client.remove_many(bucket, [("a b+é", one), ("c", marker)]) == [
        ("a b+é", one, False, None), ("c", marker, True, marker),
    ]
    assert refused(client.read, bucket, "a b+é", one) == (404, "NoSuchVersion")
    assert refused(client.read, bucket, "c") == (404, "NoSuchKey")
    assert refused(client.remove_many, bucket, [("a b+é", "malformed")]) == (400, "InvalidArgument")


def test_listing_versions(client, versioned):
    bucket = versioned
    wanted, wanted_markers = [], []
    for key in ["a b+é", "dir/1", "dir/2", "z"]:
        versions = [client.write(bucket, key, b"x" * n) for n in range(3)]
        wanted += [(key, version, at == 2, at) for at, version in reversed(list(enumerate(versions)))]
    marker, _ = client.remove(bucket, "z")
    wanted[-3] = ("z", wanted[-3][1], False, 2)
    wanted_markers.append(("z", marker, True))
    for max_keys in [1, 2, 5, 1000]:
        found, markers, following = [], [], ("", "")
        for _ in range(20):
            more, more_markers, _, following = client.versions(bucket, *following, max_keys=max_keys)
            assert len(more) + len(more_markers) <= max_keys
            found += more
            markers += more_markers
            if following is None:
                break
        assert (found, markers) == (wanted, wanted_markers), max_keys
    found, markers, prefixes, following = client.versions(bucket, delimiter="/", max_keys=4)
    assert (found, prefixes) == (wanted[:3], ["dir/"])
    key, version = following
    assert (key, version or "") == ("dir/", "")
    found, markers, prefixes, following = client.versions(bucket, key, version or "", delimiter="/")
    assert (found, markers, prefixes, following) == (wanted[-3:], wanted_markers, [], None)
    found, _, _, _ = client.versions(bucket, prefix="dir/1")
    assert found == wanted[3:6]
    assert refused(client.versions, bucket, "", "malformed") == (400, "InvalidArgument")
    assert refused(client.versions, bucket, "k", "malformed") == (400, "InvalidArgument")
    assert refused(client.versions, bucket, "", "", 1001) == (400, "InvalidArgument")


def test_acl_of_a_version(client, versioned):
    bucket = versioned
    one, two = client.write(bucket, "k", b"1"), client.write(bucket, "k", b"2")
    client.set_acl(bucket, "k", one, "public-read")
    assert client.acl(bucket, "k", one) == "public-read"
    assert client.acl(bucket, "k", two) == "default"
    marker, _ = client.remove(bucket, "k")
    assert refused(client.acl, bucket, "k", marker)[0] == 404
    assert refused(client.acl, bucket, "k", "malformed") == (400, "InvalidArgument")


def test_tags(client, versioned):
    bucket = versioned
    one = client.write(bucket, "k", b"1", {"x-oss-tagging": "a=1&b=%E4%B8%AD"})
    assert client.tags(bucket, "k") == {"a": "1", "b": "中"}
    before = client.peek(bucket, "k")
    client.set_tags(bucket, "k", {"c": "", "d +-=._:/": "é"})
    assert client.tags(bucket, "k", one) == {"c": "", "d +-=._:/": "é"}
    after = client.peek(bucket, "k")
    assert after["x-oss-tagging-count"] == "2"
    assert after["last-modified"] == before["last-modified"]
    two = client.write(bucket, "k", b"2")
    assert client.tags(bucket, "k", two) == {}
    client.drop_tags(bucket, "k", one)
    assert client.tags(bucket, "k", one) == {}
    too_many = {str(n): "" for n in range(11)}
    assert refused(client.set_tags, bucket, "k", too_many) == (400, "InvalidTag")
    assert refused(client.set_tags, bucket, "k", {"<": "1"}) == (400, "InvalidTag")
    assert refused(client.set_tags, bucket, "missing", {"a": "1"}) == (404, "NoSuchKey")
    assert refused(client.tags, bucket, "missing") == (404, "NoSuchKey")
    assert refused(client.tags, bucket, "k", "null") == (404, "NoSuchVersion")
    assert refused(client.drop_tags, bucket, "missing") == (404, "NoSuchKey")


def test_symlinks(client, bucket):
    client.write(bucket, "dir/target", b"123456789")
    client.link(bucket, "link", "dir/target")
    assert client.target(bucket, "link") == "dir/target"
    assert client.read(bucket, "link")[0] == b"123456789"
    head = client.peek(bucket, "link")
    assert (head["x-oss-object-type"], head["content-length"]) == ("Symlink", "9")
    assert head["etag"] == '"25F9E794323B453885F5181F1B624D0B"'
    client.link(bucket, "double", "link")
    client.link(bucket, "nowhere", "missing")
    assert refused(client.read, bucket, "double") == (400, "InvalidTargetType")
    assert refused(client.peek, bucket, "double")[0] == 400
    assert refused(client.read, bucket, "nowhere") == (404, "SymlinkTargetNotExist")
    assert refused(client.target, bucket, "dir/target") == (400, "NotSymlink")
    assert refused(client.target, bucket, "missing") == (404, "NoSuchKey")
    forbid = {"x-oss-forbid-overwrite": "true"}
    assert refused(client.link, bucket, "link", "other", forbid) == (409, "FileAlreadyExists")


def test_counters(client, versioned):
    bucket = versioned
    client.write(bucket, "a", b"1")
    client.write(bucket, "a", b"22", {"x-oss-storage-class": "IA"})
    client.write(bucket, "b", b"333", {"x-oss-storage-class": "DeepColdArchive"})
    client.remove(bucket, "a")
    stat = client.stat(bucket)
    assert {name: value if isinstance(value, tuple) else int(value) for name, value in stat.items()} == {
        "storage": 6, "objects": 3, "standard": (1, 1), "ia": (1, 2), "deep": (1, 3),
    }
