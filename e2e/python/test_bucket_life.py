"""Making, listing and deleting buckets, and what hangs on them (retention, domains, logs of others), with both SDKs: the
documented refusals, and that they change nothing."""

import json
import os
import socket
import ssl
import subprocess

import pytest

import cases
import handmade
import sdk
import server
import wire
from cases import METHOD, judged, refusal, row
from test_cname import certificate

NOT_EMPTY = row("409 BucketNotEmpty 0015-00000301", "The bucket has objects. Please delete them first.")
TAKEN = (
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
    "Please select a different name and try again."
)


@pytest.fixture(params=[sdk.Oss2, sdk.OssV2], ids=["oss2", "oss-v2"])
def client(request):
    return request.param("v4")


@pytest.fixture(scope="module")
def stranger():
    """The key of another account's root, as the server's administrator makes it."""

    def admin(*arguments):
        command = [os.environ["FOSSE_E2E_BIN"], "admin", "--output", "json", "--admin-url", server.ADMIN, *arguments]
        keys = {"OSS_ACCESS_KEY_ID": server.KEY_ID, "OSS_ACCESS_KEY_SECRET": server.KEY_SECRET}
        done = subprocess.run(command, env={**os.environ, **keys}, check=True, capture_output=True, text=True)
        return json.loads(done.stdout or "{}")

    account = "5550001112223334"
    admin("account", "create", "py-stranger", "--id", account)
    key = admin("access-key", "create", "--account", account)["AccessKey"]
    yield key["AccessKeyId"], key["AccessKeySecret"]
    admin("access-key", "delete", key["AccessKeyId"], "--account", account)
    admin("account", "delete", account)


@pytest.fixture
def theirs(client, stranger, monkeypatch):
    """The same SDK with the stranger's key."""
    with monkeypatch.context() as patch:
        patch.setattr(server, "KEY_ID", stranger[0])
        patch.setattr(server, "KEY_SECRET", stranger[1])
        return type(client)(client.scheme)


def test_making_a_bucket(client):
    name = f"py-never-{client.name}"
    put = lambda one: client.ask("PUT", name, {}, cases.document(one), one.get("headers"))
    wrong = {one["why"]: fault for one in cases.TABLE["creation"] if (fault := judged(one, put, one))}
    assert wrong == {}
    assert client.buckets(name) == []
    for name in ("7-7", "p" * 62 + "1"):
        client.make_bucket(name)
        assert client.bucket_info(name)["name"] == name
        client.delete_bucket(name)


def test_making_it_again(client, bucket):
    put = lambda inner="", **headers: client.ask(
        "PUT", bucket, {}, inner and f"<CreateBucketConfiguration>{inner}</CreateBucketConfiguration>", headers)
    put()
    put("<StorageClass>Standard</StorageClass><DataRedundancyType>LRS</DataRedundancyType>")
    put(**{"x-oss-acl": "public-read"})
    message = "Cannot modify existing bucket's storage class."
    assert judged(row("409 BucketAlreadyExists", message), put, "<StorageClass>IA</StorageClass>") == ""
    refused = refusal(put, "<DataRedundancyType>ZRS</DataRedundancyType>")
    assert (refused.status, refused.code) == (409, "BucketAlreadyExists")
    assert refused.message.endswith("CAN'T modify data redundancy type.")
    info = client.bucket_info(bucket)
    assert (info["class"], info["acl"]) == ("Standard", "public-read")


@pytest.mark.parametrize("name", ["ab", "a" * 64, "-ab", "ab-", "Abc", "a_b", "a.b", "ab\u00fc"])
def test_names_that_cannot_be(name):
    """The newer SDK refuses them before it sends anything; the older one signs and sends what it is given."""
    expected = row("400 InvalidBucketName", "The specified bucket is not valid.")
    for method, query in [("PUT", {}), ("GET", {}), ("GET", {"bucketInfo": ""}), ("DELETE", {}), ("PUT", {"acl": ""})]:
        assert judged(expected, sdk.Oss2("v4").ask, method, name, query) == "", (method, query)
    with pytest.raises(Exception) as raised:
        sdk.OssV2("v4").ask("PUT", name, {})
    assert not isinstance(raised.value, sdk.Refused)


def test_a_bucket_of_somebody_else(client, bucket, theirs):
    expected = row("409 BucketAlreadyExists 0015-00000104", TAKEN)
    assert judged(expected, theirs.make_bucket, bucket) == ""
    for attempt in (theirs.delete_bucket, theirs.bucket_info, theirs.bucket_acl, theirs.bucket_stat, theirs.list):
        assert judged(row("403 AccessDenied"), attempt, bucket) == "", attempt
    assert judged(row("403 AccessDenied"), theirs.set_bucket_acl, bucket, "public-read") == ""
    assert client.bucket_acl(bucket) == "private"
    assert theirs.buckets("") == []


def test_a_hundred_buckets(theirs):
    """As many as an account may have; what is refused is not there."""
    made = [f"py-many-{theirs.name}-{n:03}" for n in range(100)]
    try:
        for name in made:
            theirs.make_bucket(name)
        message = "You have attempted to create more buckets than allowed."
        assert judged(row("400 TooManyBuckets", message), theirs.make_bucket, "py-one-more") == ""
        # One that is there already is no more than before.
        theirs.make_bucket(made[0])
        assert theirs.ask("GET", "", {"max-keys": "1000"}).body.count(b"<Bucket>") == 100
        first = theirs.ask("GET", "", {"max-keys": "60"}).body
        assert b"<IsTruncated>true</IsTruncated>" in first and f"<NextMarker>{made[59]}</NextMarker>".encode() in first
        assert theirs.ask("GET", "", {"marker": made[59]}).body.count(b"<Bucket>") == 40
    finally:
        for name in theirs.buckets("py-many"):
            theirs.delete_bucket(name)


def test_deleting_what_is_not_empty(client, bucket):
    """An object, an upload, a version, a delete marker: each keeps the bucket."""
    delete = lambda: judged(NOT_EMPTY, client.delete_bucket, bucket)
    client.put(bucket, "k", b"1")
    assert delete() == ""
    client.delete(bucket, "k")
    upload = client.begin(bucket, "k")
    assert delete() == ""
    client.abort(bucket, "k", upload)
    client.ask("PUT", bucket, {"versioning": ""}, cases.SETTINGS["versioning"]["document"])
    client.put(bucket, "k", b"1")
    client.delete(bucket, "k")
    assert client.list(bucket).keys == []
    assert delete() == ""
    listed = cases.simplified(client.ask("GET", bucket, {"versions": ""}).body)
    versions = {tag: dict((name, text) for name, text, _ in held)["VersionId"]
                for tag, _, held in listed[2] if tag in ("Version", "DeleteMarker")}
    remove = lambda version: sdk.Oss2("v4")._bucket(bucket).delete_object("k", params={"versionId": version})
    remove(versions["Version"])
    assert delete() == "", "a marker alone"
    remove(versions["DeleteMarker"])
    assert client.bucket_info(bucket)["name"] == bucket


def test_deleting_takes_settings_along(client):
    """An empty bucket goes with all that was set; one of the same name begins anew, and twice is refused."""
    name = f"py-anew-{client.name}"
    client.make_bucket(name)
    client.ask("PUT", name, {"cors": ""}, cases.SETTINGS["cors"]["document"])
    client.ask("PUT", name, {"versioning": ""}, cases.SETTINGS["versioning"]["document"])
    client.delete_bucket(name)
    missing = row("404 NoSuchBucket 0015-00000101", "The specified bucket does not exist.")
    assert judged(missing, client.delete_bucket, name) == ""
    client.make_bucket(name)
    try:
        assert judged(row("404 NoSuchCORSConfiguration"), client.ask, "GET", name, {"cors": ""}) == ""
        assert b"<Status>" not in client.ask("GET", name, {"versioning": ""}).body
    finally:
        client.delete_bucket(name)


def test_the_target_of_logs_can_go(client, bucket):
    """Whoever logs into it keeps the setting, and cannot make it again while the target is not there."""
    target = f"py-log-target-{client.name}"
    document = cases.document({"inner": f"<TargetBucket>{target}</TargetBucket>"}, cases.SETTINGS["logging"]["wrap"])
    put = lambda: client.ask("PUT", bucket, {"logging": ""}, document)
    expected = row("400 InvalidTargetBucketForLogging")
    assert judged(expected, put) == ""
    client.make_bucket(target)
    put()
    client.delete_bucket(target)
    assert target.encode() in client.ask("GET", bucket, {"logging": ""}).body
    assert judged(expected, put) == ""
    client.put(bucket, "k", b"1")
    assert client.get(bucket, "k").body == b"1"


def test_logs_stay_with_their_owner(client, bucket, theirs):
    target = f"py-their-logs-{client.name}"
    theirs.make_bucket(target)
    try:
        document = cases.document({"inner": f"<TargetBucket>{target}</TargetBucket>"}, cases.SETTINGS["logging"]["wrap"])
        message = "Put bucket log requester is not target bucket owner."
        expected = row("400 InvalidTargetBucketForLogging", message)
        assert judged(expected, client.ask, "PUT", bucket, {"logging": ""}, document) == ""
        assert b"TargetBucket" not in client.ask("GET", bucket, {"logging": ""}).body
    finally:
        theirs.delete_bucket(target)


LISTINGS = {
    "buckets": {}, "objects": {}, "objects of the second protocol": {"list-type": "2"}, "versions": {"versions": ""},
    "uploads": {"uploads": ""},
}
PAGE, LONG = {"uploads": "max-uploads"}, "x" * 1024


def bad_listings(kind):
    """Parameter and value that a listing of this kind refuses."""
    size = PAGE.get(kind, "max-keys")
    yield from ((size, value) for value in ("0", "-1", "1001", "ten", "1.5", "9" * 30))
    yield "prefix", LONG
    if kind == "buckets":
        yield "marker", LONG
        return
    yield "delimiter", LONG
    yield from (("encoding-type", value) for value in ("base64", "url,url"))
    if kind == "objects":
        yield "marker", LONG
        yield from (("list-type", value) for value in ("1", "3", "two"))
    elif kind == "versions":
        yield "key-marker", LONG
        yield "version-id-marker", "null"
    elif kind == "uploads":
        yield "key-marker", LONG
    else:
        yield "start-after", LONG
        yield from (("continuation-token", value) for value in ("garbage!", "CgJiYw--", "\u00fc", LONG))


@pytest.mark.parametrize("kind", LISTINGS)
def test_limits_of_listings(client, bucket, kind):
    place, query = "" if kind == "buckets" else bucket, LISTINGS[kind]
    wrong = {}
    for name, value in bad_listings(kind):
        if fault := judged(row("400 InvalidArgument"), client.ask, "GET", place, {**query, name: value}):
            wrong[f"{name}={value[:20]}"] = fault
    assert wrong == {}
    for value in ("1", "1000"):
        client.ask("GET", place, {**query, PAGE.get(kind, "max-keys"): value})
    if kind != "buckets":
        assert b"<EncodingType>url</EncodingType>" in client.ask("GET", place, {**query, "encoding-type": "URL"}).body
    if kind == "versions":
        bad = {"versions": "", "key-marker": "k", "version-id-marker": "malformed"}
        assert judged(row("400 InvalidArgument"), client.ask, "GET", bucket, bad) == ""
    # Names and values of the argument are told. The SDKs do not show them.
    pairs = [*query.items(), (PAGE.get(kind, "max-keys"), "0")]
    headers = handmade.v4_header("GET", place, "", params=pairs)
    text = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    error = wire.send(f"{server.ENDPOINT}/{place and place + '/'}?{text}", headers=headers).error()
    assert (error["ArgumentName"], error["ArgumentValue"]) == (pairs[-1][0], "0")


def test_facts_of_a_bucket_that_is_not_there(client):
    expected = row("404 NoSuchBucket 0015-00000101", "The specified bucket does not exist.")
    for name in ("bucketInfo", "stat", "location", "acl", "policyStatus", "versions", "uploads", "worm", "live", ""):
        query = {name: ""} if name else {}
        assert judged(expected, client.ask, "GET", "py-no-such-bucket", query) == "", name


def test_facts(client, bucket):
    """What an empty bucket says of itself: every element is there, and the settings show."""
    stat = cases.simplified(client.ask("GET", bucket, {"stat": ""}).body)[2]
    assert {name for name, _, _ in stat} >= {
        "Storage", "ObjectCount", "MultipartUploadCount", "LiveChannelCount", "LastModifiedTime", "StandardStorage",
        "InfrequentAccessRealStorage", "ArchiveRealStorage", "ColdArchiveRealStorage", "DeepColdArchiveRealStorage",
        "DeepColdArchiveObjectCount", "MultipartPartCount", "DeleteMarkerCount",
    }
    assert {text for _, text, _ in stat} == {"0"}
    info = client.ask("GET", bucket, {"bucketInfo": ""}).body
    assert b"<Versioning>" not in info and b"<SSEAlgorithm>None</SSEAlgorithm>" in info
    for name in ("versioning", "encryption", "accessmonitor", "transferAcceleration", "resourceGroup", "logging"):
        client.ask("PUT", bucket, {name: ""}, cases.document(cases.SETTINGS[name], target=bucket))
    info = client.ask("GET", bucket, {"bucketInfo": ""}).body
    for told in (
        "<Versioning>Enabled<", "<SSEAlgorithm>KMS<", "<KMSMasterKeyID>my-key<", "<KMSDataEncryption>SM4<",
        "<AccessMonitor>Enabled<", "<TransferAcceleration>Enabled<", "<ResourceGroupId>rg-one<",
        f"<LogBucket>{bucket}<", "<LogPrefix>log-<", "<BlockPublicAccess>false<",
    ):
        assert told.encode() in info, told
    live = client.ask("GET", bucket, {"live": ""}).body
    assert b"<ListLiveChannelResult>" in live and b"<LiveChannel>" not in live


def test_regions(client):
    for query in ({"regions": ""}, {"regions": f"oss-{server.REGION}"}):
        body = client.ask("GET", "", query).body
        assert f"<Region>oss-{server.REGION}</Region>".encode() in body
    # The message is the name that was asked for.
    assert judged(row("404 NoSuchRegion", "oss-nowhere"), client.ask, "GET", "", {"regions": "oss-nowhere"}) == ""


@pytest.mark.parametrize("method, query, expected, message", cases.TABLE["unbuilt"])
def test_what_is_not_offered(client, bucket, method, query, expected, message):
    assert judged(row(expected, message), client.ask, method, bucket, query) == ""
    missing = row("404 NoSuchBucket 0015-00000101")
    assert judged(missing, client.ask, method, "py-no-such-bucket", query) == ""


def test_unknown_settings_and_methods(client, bucket):
    """A setting that is not known never makes or removes the bucket; a method that a setting does not have is told so."""
    for method in ("PUT", "DELETE", "POST"):
        expected = row("400 InvalidArgument")
        assert judged(expected, client.ask, method, bucket, {"newSetting": ""}) == "", method
        assert judged(expected, client.ask, method, "py-no-such-bucket", {"newSetting": ""}) == "", method
    expected = row("405 MethodNotAllowed 0003-00000016", METHOD)
    for method, query in [("POST", {"cors": ""}), ("DELETE", {"acl": ""}), ("PUT", {"bucketInfo": ""}), ("PUT", {"stat": ""}),
                          ("DELETE", {"policyStatus": ""}), ("PUT", {"worm": ""}), ("DELETE", {"cname": ""})]:
        assert judged(expected, client.ask, method, bucket, query) == "", (method, query)
    headers = handmade.v4_header("POST", bucket, "", params=[("cors", "")])
    answer = wire.send(f"{server.ENDPOINT}/{bucket}/?cors", "POST", headers=headers)
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "PUT", "DELETE"}
    assert (answer.error()["Method"], "ResourceType" in answer.error()) == ("POST", True)
    assert client.bucket_info(bucket)["name"] == bucket


WORM = "<{0}WormConfiguration><RetentionPeriodInDays>{1}</RetentionPeriodInDays></{0}WormConfiguration>"
NO_WORM = row("404 NoSuchWORMConfiguration", "The WORM Configuration does not exist.")
OTHER_WORM = row("404 NoSuchWORMConfiguration", "The specified WORM ID does not exist.")
BAD_WORM = row("400 InvalidWORMConfiguration", "Invalid WORM Configuration.")
LOCKED = row("403 WORMConfigurationLocked", "The WORM Configuration is locked.")


def test_retention_of_a_bucket(client, bucket):
    """Begun, aborted, begun again, locked, prolonged; and at each step what is refused."""
    begin = lambda days: client.ask("POST", bucket, {"worm": ""}, WORM.format("Initiate", days))
    lock = lambda name: client.ask("POST", bucket, {"wormId": name})
    extend = lambda name, days: client.ask("POST", bucket, {"wormExtend": "", "wormId": name}, WORM.format("Extend", days))
    abort = lambda: client.ask("DELETE", bucket, {"worm": ""})
    shown = lambda: {name: text for name, text, _ in cases.simplified(client.ask("GET", bucket, {"worm": ""}).body)[2]}
    assert judged(NO_WORM, shown) == judged(NO_WORM, abort) == ""
    assert judged(OTHER_WORM, lock, "none") == judged(OTHER_WORM, extend, "none", 3) == ""
    for days in (0, 25551):
        assert judged(BAD_WORM, begin, days) == "", days
    for days in ("-1", "many", ""):
        assert refusal(begin, days).status == 400, days
    for why, text in {"no XML": "<a", "another root": "<Worm/>", "nothing": ""}.items():
        assert judged(row("400 MalformedXML"), client.ask, "POST", bucket, {"worm": ""}, text) == "", why
    assert judged(NO_WORM, shown) == ""

    first = begin(1).headers["x-oss-worm-id"]
    assert (shown()["WormId"], shown()["State"], shown()["RetentionPeriodInDays"]) == (first, "InProgress", "1")
    again = row("409 WORMConfigurationAlreadyExists", "The WORM Configuration already exists.")
    assert judged(again, begin, 5) == ""
    assert judged(BAD_WORM, extend, first, 5) == "", "not locked yet"
    abort()
    assert judged(NO_WORM, shown) == ""
    second = begin(1).headers["x-oss-worm-id"]
    assert judged(OTHER_WORM, lock, first) == ""
    lock(second)
    assert judged(LOCKED, abort) == judged(again, begin, 9) == ""
    assert judged(BAD_WORM, extend, second, 1) == judged(BAD_WORM, extend, second, 25551) == ""
    extend(second, 2)
    assert (shown()["State"], shown()["RetentionPeriodInDays"]) == ("Locked", "2")


def test_retention_and_suspended_versioning_exclude_each_other(client, bucket):
    """Whichever comes first: versions may be retained, but not where the next write replaces them."""
    document = "<VersioningConfiguration><Status>{}</Status></VersioningConfiguration>".format
    versioning = lambda status: client.ask("PUT", bucket, {"versioning": ""}, document(status))
    begin = lambda: client.ask("POST", bucket, {"worm": ""}, WORM.format("Initiate", 1))
    begin()
    versioning("Enabled")
    refused = refusal(versioning, "Suspended")
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    client.ask("DELETE", bucket, {"worm": ""})
    begin()
    client.ask("DELETE", bucket, {"worm": ""})
    versioning("Suspended")
    refused = refusal(begin)
    assert (refused.status, refused.code) == (400, "InvalidArgument")


CNAME = "<BucketCnameConfiguration><Cname><Domain>{}</Domain>{}</Cname></BucketCnameConfiguration>"


def cname_calls(client, bucket):
    def post(comp, domain, more=""):
        return client.ask("POST", bucket, {"cname": "", "comp": comp}, CNAME.format(domain, more))

    def listed():
        return client.ask("GET", bucket, {"cname": ""}).body

    return post, listed


def test_domains(client, bucket, theirs):
    """Names that cannot be bound, and those that are somebody else's."""
    post, listed = cname_calls(client, bucket)
    domain = f"one.{client.name}.cname.test"
    assert b"<Domain>" not in listed()
    token = lambda name: client.ask("GET", bucket, {"comp": "token", "cname": name})
    assert judged(row("404 CnameTokenNotFound"), token, domain) == ""
    made = post("token", domain).body
    assert token(domain).body == made == post("token", domain).body
    argument, malformed = row("400 InvalidArgument"), row("400 MalformedXML 0031-00000001")
    for comp in ("add", "token", "delete"):
        for name in ("*.cname.test", "no", "a b.test", "-a.test", "10.1.2.3"):
            assert judged(argument, post, comp, name) == "", (comp, name)
        for text in ("", "<Cname/>", "<BucketCnameConfiguration/>", "<BucketCnameConfiguration><Cname/></BucketCnameConfiguration>"):
            query = {"cname": "", "comp": comp}
            assert judged(malformed, client.ask, "POST", bucket, query, text) == "", (comp, text)
    for comp in ("remove", ""):
        assert judged(argument, post, comp, domain) == "", comp
    for name in (server.DOMAIN, f"x.{server.DOMAIN}"):
        assert judged(argument, post, "add", name) == "", "the server's own"
    assert b"<Domain>" not in listed()
    post("add", domain)
    post("add", domain)
    assert listed().count(b"<Domain>") == 1

    other = f"py-their-domain-{client.name}"
    theirs.make_bucket(other)
    try:
        their_post, their_list = cname_calls(theirs, other)
        denied = row("403 CnameDenied", "The cname belongs to another user.")
        assert judged(denied, their_post, "add", domain) == ""
        their_post("delete", domain)
        assert domain.encode() in listed() and domain.encode() not in their_list()
    finally:
        theirs.delete_bucket(other)
    # What is not bound can be let go: a suite does so with a name that has no more than a token.
    for _ in range(2):
        post("delete", domain)
    assert b"<Domain>" not in listed()


def test_making_a_bucket_under_a_domain(client, bucket):
    """A bucket is made under the server's own names."""
    post, _ = cname_calls(client, bucket)
    domain = f"put.{client.name}.cname.test"
    post("add", domain)
    headers = {**handmade.v4_header("PUT", bucket, ""), "host": domain}
    error = wire.send(f"{server.ENDPOINT}/", "PUT", headers=headers)
    assert error.status == 400 and error.error()["Code"] == "InvalidHostPutBucket"
    message = "Your host is invalid. Please put bucket use Open Storage Service standard host."
    assert error.error()["Message"] == message
    post("delete", domain)


def test_certificates_of_domains(client, bucket, tmp_path):
    post, listed = cname_calls(client, bucket)
    domain = f"tls.{client.name}.cname.test"
    cert, key = (path.read_text() for path in certificate(tmp_path, domain, "ecdsa"))
    _, other_key = (path.read_text() for path in certificate(tmp_path, domain, "rsa"))
    foreign, foreign_key = (path.read_text() for path in certificate(tmp_path, "elsewhere.test", "ecdsa"))
    with_ = lambda **parts: "<CertificateConfiguration>" + "".join(
        f"<{name}>{text}</{name}>" for name, text in parts.items()) + "</CertificateConfiguration>"
    post("add", domain)
    argument = row("400 InvalidArgument")
    for why, parts in {
        "no PEM": {"Certificate": "none", "PrivateKey": key}, "no key": {"Certificate": cert},
        "no certificate": {"PrivateKey": key}, "another key": {"Certificate": cert, "PrivateKey": other_key},
        "another name": {"Certificate": foreign, "PrivateKey": foreign_key}, "unknown id": {"CertId": "1-nowhere"},
    }.items():
        assert judged(argument, post, "add", domain, with_(**parts)) == "", why
    assert judged(row("400 MalformedXML"), post, "add", domain, with_(Force="maybe")) == ""
    assert b"<Certificate>" not in listed()
    post("add", domain, with_(Certificate=cert, PrivateKey=key))
    before = listed()
    assert b"<Type>Upload</Type>" in before and b"PRIVATE" not in before
    for previous in ({}, {"PreviousCertId": "1-other"}):
        again = with_(Certificate=cert, PrivateKey=key, **previous)
        assert judged(row("409 CertIdNotMatch"), post, "add", domain, again) == "", previous
    assert listed() == before
    post("add", domain, with_(Certificate=cert, PrivateKey=key, Force="true"))
    post("add", domain, with_(DeleteCertificate="true"))
    assert b"<Certificate>" not in listed() and domain.encode() in listed()
    post("delete", domain)


def test_a_hundred_domains_and_a_deleted_bucket(client):
    """The limit; and names go with their bucket, so that they can be bound again."""
    name, other = f"py-domains-{client.name}", f"py-domains-after-{client.name}"
    client.make_bucket(name)
    post, listed = cname_calls(client, name)
    domain = "d{}.many." + client.name + ".cname.test"
    for n in range(100):
        post("add", domain.format(n))
    assert judged(row("400 TooManyCname", "You have attempted to create more buckets than allowed."),
                  post, "add", domain.format(100)) == ""
    assert listed().count(b"<Domain>") == 100
    visit = lambda: wire.send(f"{server.ENDPOINT}/", headers={"host": domain.format(7)})
    assert visit().error()["Code"] == "AccessDenied"
    client.delete_bucket(name)
    # Nothing says any longer whose the name is.
    assert visit().status in (403, 404)
    client.make_bucket(other)
    try:
        post, listed = cname_calls(client, other)
        assert b"<Domain>" not in listed()
        post("add", domain.format(7))
        assert listed().count(b"<Domain>") == 1
    finally:
        client.delete_bucket(other)


def test_answers_vary_by_origin(client, bucket):
    """ResponseVary: also where nobody asks across origins, and beside what else an answer depends on."""
    cors = cases.SETTINGS["cors"]
    client.put(bucket, "k", b"1" * 2000, content_type="text/plain", x_oss_object_acl="public-read")

    def vary(**headers):
        answer = wire.send(f"{server.ENDPOINT}/{bucket}/k", headers=headers)
        return set((answer.headers.get("vary") or "").replace(" ", "").split(","))

    asked = {"origin": "http://a.example.com"}
    packed = {**asked, "accept-encoding": "gzip"}
    client.ask("PUT", bucket, cors["query"], cors["document"])
    assert "Origin" in vary() and "Origin" in vary(**asked)
    assert vary(**packed) == {"Origin", "Accept-Encoding"}
    client.ask("PUT", bucket, cors["query"], cors["document"].replace(">true<", ">false<"))
    assert "Origin" not in vary() and "Origin" in vary(**asked)
    assert vary(**packed) == {"Origin", "Accept-Encoding"}
    client.ask("DELETE", bucket, cors["query"])
    assert "Origin" not in vary(**asked)


def test_the_accelerated_name(client, bucket):
    """Where acceleration is off nothing is served under it; what concerns buckets as such never is. The code of that is not
    documented."""

    def ask(method, key=""):
        headers = {**handmade.v4_header(method, bucket, key), "host": f"{bucket}.oss-accelerate.aliyuncs.com"}
        return wire.send(f"{server.ENDPOINT}/{key}", method, headers=headers)

    acceleration = cases.SETTINGS["transferAcceleration"]
    client.put(bucket, "k", b"1")
    off = (403, "TransferAccelerationDisabled", "Transfer acceleration is disabled.")

    def refused():
        answer = ask("GET", "k")
        return answer.status, answer.error()["Code"], answer.error()["Message"]

    assert refused() == off
    client.ask("PUT", bucket, acceleration["query"], acceleration["document"])
    assert ask("GET", "k").body == b"1"
    client.delete(bucket, "k")
    for method in ("PUT", "DELETE"):
        assert ask(method).status == 403, method
    client.ask("PUT", bucket, acceleration["query"], acceleration["document"].replace("true", "false"))
    assert refused() == off
    assert client.bucket_info(bucket)["name"] == bucket


def test_packages_need_a_domain(client, bucket):
    """Links to applications under the server's own name are refused; what is signed in the header is not, nor is a link
    under a custom domain."""
    post, _ = cname_calls(client, bucket)
    domain = f"apps.{client.name}.cname.test"
    post("add", domain)
    for key in ("a.apk", "dir/A.IPA"):
        client.put(bucket, key, b"package")
        assert client.get(bucket, key).body == b"package"
        url, _ = client.presign("GET", bucket, key)
        refused = wire.send(url).error()
        assert refused["Code"] == "ApkDownloadForbidden" and wire.send(url).status == 400
        query = handmade.v4_query("GET", bucket, key, 600)
        text = "&".join(f"{handmade.quote(name)}={handmade.quote(value)}" for name, value in query)
        answer = wire.send(f"{server.ENDPOINT}/{key}?{text}", headers={"host": domain})
        assert answer.body == b"package" and "x-oss-force-download" not in answer.headers
    post("delete", domain)


def test_versions_of_tls(client, bucket):
    """What a bucket does not allow fails in the handshake of its own names, and of no other bucket's."""

    def shake(name, version):
        context = ssl.create_default_context(cafile=server.CA)
        context.minimum_version = context.maximum_version = version
        port = int(server.TLS.rpartition(":")[2])
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname=name) as secure:
                    return secure.version()
        except ssl.SSLError:
            return None

    old, new = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    own, other = f"{bucket}.{server.DOMAIN}", f"another-bucket.{server.DOMAIN}"
    put = lambda inner: client.ask(
        "PUT", bucket, {"httpsConfig": ""}, f"<HttpsConfiguration><TLS>{inner}</TLS></HttpsConfiguration>")
    for inner, allowed in [
        ("<Enable>true</Enable><TLSVersion>TLSv1.3</TLSVersion>", [None, "TLSv1.3"]),
        ("<Enable>true</Enable><TLSVersion>TLSv1.1</TLSVersion><TLSVersion>TLSv1.2</TLSVersion>", ["TLSv1.2", None]),
        ("<Enable>false</Enable>", ["TLSv1.2", "TLSv1.3"]),
    ]:
        put(inner)
        assert [shake(own, version) for version in (old, new)] == allowed, inner
        assert [shake(other, version) for version in (old, new)] == ["TLSv1.2", "TLSv1.3"]
