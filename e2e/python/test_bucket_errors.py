"""Every setting of a bucket with both SDKs: what an unset one answers, put, get, delete, and each documented refusal, which
must leave what was put before. The requests are those of the table, sent and read by the SDK, because its own calls do not
send most of what is refused; the newer SDK's own calls put and read each document as well."""

import time
import typing

import alibabacloud_oss_v2 as oss_v2
import pytest

import cases
import sdk
import server
import wire
from cases import METHOD, judged, refusal, row

#: Of nothing at all.
OTHER_DIGEST = "1B2M2Y8AsgTpgAmY7PhCfg=="
#: What no setting takes.
MALFORMED = {
    "no XML": "<This is a bad xml></bad as I am>",
    "another root": "<Unknown><Status>Enabled</Status></Unknown>",
    "nothing": "",
    "a document type": '<!DOCTYPE a [<!ENTITY e "e">]><a>&e;</a>',
}


@pytest.fixture(params=[sdk.Oss2, sdk.OssV2], ids=["oss2", "oss-v2"])
def client(request):
    return request.param("v4")


@pytest.fixture
def names(root, bucket):
    """What the table leaves open. Logs go into a bucket of their own, which gets them whenever their target is changed."""
    target = f"{bucket}-logs"
    root.make_bucket(target)
    yield {"bucket": bucket, "owner": root.bucket_info(bucket)["owner"], "target": target}
    limit = time.monotonic() + 10
    while refused := refusal(root.delete_bucket, target):
        assert refused.code == "BucketNotEmpty" and time.monotonic() < limit
        for key in root.list(target).keys:
            root.delete(target, key)


def check_unset(client, setting, bucket):
    unset = setting["unset"]
    ask = lambda: client.ask("GET", bucket, setting["query"])
    if unset.startswith("<"):
        assert cases.simplified(ask().body) == cases.simplified(unset)
    else:
        assert judged(row(unset, setting.get("message")), ask) == ""


@pytest.mark.parametrize("name", cases.SETTINGS)
def test_setting(client, bucket, names, name):
    setting = cases.SETTINGS[name]
    query, wrap, without = setting["query"], setting.get("wrap", "{}"), setting.get("adds", ())
    for method, needed, body in setting.get("needs", []):
        client.ask(method, bucket, needed, body)
    check_unset(client, setting, bucket)

    put = lambda body, **headers: client.ask("PUT", bucket, query, body, headers)
    get = lambda: cases.simplified(client.ask("GET", bucket, query).body, without)
    document = cases.document(setting, **names)
    if setting.get("typed") and isinstance(client, sdk.OssV2):
        put_and_read_by_its_own_calls(client, setting, bucket, document)
    else:
        assert put(document).body == b""
    kept = get()
    assert kept == cases.simplified(cases.filled(setting.get("read", document), **names), without)

    malformed = setting.get("malformed", "MalformedXML")
    ec = "0031-00000001" if malformed == "MalformedXML" and "missing" not in setting else ""
    digest = {"is": "400 InvalidDigest", "message": "The Content-MD5 you specified was invalid."}
    refused = {why: (text, {}, row(f"400 {malformed} {ec}")) for why, text in MALFORMED.items()}
    refused["another digest"] = (document, {"Content-MD5": OTHER_DIGEST}, digest)
    refused["no digest"] = (document, {"Content-MD5": "###"}, digest)
    for one in setting["refused"]:
        refused[one["why"]] = (cases.document(one, wrap, **names), {}, one)
    wrong = {}
    for why, (text, headers, expected) in refused.items():
        fault = judged(expected, put, text, **headers)
        if not fault and get() != kept:
            fault = "refused, and yet something changed"
        if fault:
            wrong[why] = fault
    assert wrong == {}

    # What is put replaces what was there; limits are reached and not passed.
    for one in setting.get("accepted", []):
        text = cases.document(one, wrap, **names)
        put(text)
        kept = get()
        if kept != cases.simplified(one.get("read", text), without):
            wrong[one["why"]] = f"kept as {kept}"[:500]
    assert wrong == {}

    if setting.get("delete"):
        for _ in range(2):
            assert client.ask("DELETE", bucket, query).body == b""
        check_unset(client, setting, bucket)
    else:
        expected = row("405 MethodNotAllowed 0003-00000016", METHOD)
        assert judged(expected, client.ask, "DELETE", bucket, query) == ""
        assert get() == kept


def put_and_read_by_its_own_calls(client, setting, bucket, document):
    """Put and get of a setting as the newer SDK has them: what it reads has to be what it would read of the document."""
    asked, put = call_of(client, setting, "Put", bucket)
    field, kind = body_of(type(asked))
    model = kind()
    oss_v2.serde.deserialize_xml(document, model)
    setattr(asked, field, model)
    client._call(put, asked)
    asked, get = call_of(client, setting, "Get", bucket)
    result = client._call(get, asked)
    (read,) = [value for name, value in vars(result).items() if type(value) is type(model)]
    assert plain(read) == plain(model)


def call_of(client, setting, verb, bucket):
    """A request of the newer SDK, and its call."""
    operation = verb + setting["typed"]
    kind = getattr(oss_v2, operation + "Request")
    known = {one["rename"]: name for name, one in kind._attribute_map.items() if one["position"] == "query"}
    query = {known[name]: value for name, value in setting["query"].items() if name in known}
    call = "".join("_" + c.lower() if c.isupper() else c for c in operation).lstrip("_")
    return kind(bucket=bucket, **query), getattr(client.client, call)


def body_of(kind):
    """Name and type of the body of a request of the newer SDK."""
    (field,) = [name for name, one in kind._attribute_map.items() if one["position"] == "body"]
    (model, _) = typing.get_args(typing.get_type_hints(kind.__init__)[field])
    return field, model


def plain(value):
    """What a model of the newer SDK holds."""
    if isinstance(value, oss_v2.serde.Model):
        return {name: plain(held) for name, held in vars(value).items() if held is not None and name[0] != "_"}
    return [plain(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", cases.SETTINGS)
def test_setting_of_a_bucket_that_is_not_there(client, names, name):
    setting = cases.SETTINGS[name]
    for method in ("GET", "PUT", "DELETE"):
        body = cases.document(setting, **names) if method == "PUT" else None
        if method == "DELETE" and not setting.get("delete"):
            expected = row("405 MethodNotAllowed")
        elif method in setting.get("missing", {}):
            # The newest settings are taken for a PutBucket whose body is none.
            expected = row(setting["missing"][method])
        else:
            expected = row("404 NoSuchBucket 0015-00000101", "The specified bucket does not exist.")
        assert judged(expected, client.ask, method, "py-no-such-bucket", setting["query"], body) == "", method


def test_settings_are_no_matter_of_strangers(bucket, names):
    """Whoever signs nothing learns and changes nothing, whatever the bucket's ACL."""
    root = sdk.Oss2("v4")
    root.set_bucket_acl(bucket, "public-read-write")
    for setting in cases.SETTINGS.values():
        query = "&".join(f"{name}={value}" if value else name for name, value in setting["query"].items())
        for method in ("GET", "PUT", *(["DELETE"] if setting.get("delete") else [])):
            body = cases.document(setting, **names).encode() if method == "PUT" else None
            answer = wire.send(f"{server.ENDPOINT}/{bucket}/?{query}", method, body=body)
            assert answer.refusal() == (403, "AccessDenied"), (method, setting["name"])
    for setting in cases.SETTINGS.values():
        if "needs" not in setting:
            check_unset(root, setting, bucket)


def test_acl(client, bucket):
    acl = lambda **headers: client.ask("PUT", bucket, {"acl": ""}, None, {"x-oss-" + k: v for k, v in headers.items()})
    acl(acl="public-read")
    assert client.bucket_acl(bucket) == "public-read"
    # Without the header nothing changes.
    acl()
    assert client.bucket_acl(bucket) == "public-read"
    expected = row("400 InvalidArgument 0015-00000204", "no such bucket access control exists")
    for wrong in ("default", "PUBLIC", "private,public-read"):
        assert judged(expected, acl, acl=wrong) == "", wrong
    assert client.bucket_acl(bucket) == "public-read"


def test_public_access_is_blocked(client, bucket, names):
    """Of the bucket, then of the account: what would make it public is refused, and comes back when the block goes."""
    policy = cases.document({"json": {"Version": "1", "Statement": [{
        "Effect": "Allow", "Principal": ["*"], "Action": ["oss:GetObject"], "Resource": [f"acs:oss:*:*:{bucket}/*"]}]}})
    query, body = {"publicAccessBlock": ""}, cases.document(cases.SETTINGS["publicAccessBlock"])
    client.set_bucket_acl(bucket, "public-read")
    for place in (bucket, ""):
        assert b">false<" in client.ask("GET", place, query).body
        client.ask("PUT", place, query, body)
        try:
            assert b">true<" in client.ask("GET", place, query).body
            for attempt in (
                lambda: client.set_bucket_acl(bucket, "public-read-write"),
                lambda: client.ask("PUT", bucket, {"policy": ""}, policy),
                lambda: client.put(bucket, "k", b"1", x_oss_object_acl="public-read"),
            ):
                assert judged(row("403 AccessDenied"), attempt) == "", place
            for why, text in MALFORMED.items():
                assert judged(row("400 MalformedXML"), client.ask, "PUT", place, query, text) == "", why
            assert b">true<" in client.ask("GET", place, query).body
            assert client.bucket_acl(bucket) == "public-read"
        finally:
            for _ in range(2):
                client.ask("DELETE", place, query)
        assert b">false<" in client.ask("GET", place, query).body
    client.set_bucket_acl(bucket, "public-read-write")


def test_what_cannot_be_turned_off(client, bucket):
    """Access monitoring while a rule counts accesses; versioning once it was on, or while versions are retained."""
    monitor = lambda word: client.ask(
        "PUT", bucket, {"accessmonitor": ""},
        f"<AccessMonitorConfiguration><Status>{word}</Status></AccessMonitorConfiguration>")
    monitor("Enabled")
    rule = cases.document(
        {"inner": "<Transition><Days>1</Days><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime>"
                  "<ReturnToStdWhenVisit>false</ReturnToStdWhenVisit></Transition>"},
        cases.SETTINGS["lifecycle"]["wrap"])
    client.ask("PUT", bucket, {"lifecycle": ""}, rule)
    refused = refusal(monitor, "Disabled")
    assert (refused.status, refused.code) == (409, "AccessMonitorDisableNotAllowed")
    assert b">Enabled<" in client.ask("GET", bucket, {"accessmonitor": ""}).body
    client.ask("DELETE", bucket, {"lifecycle": ""})
    monitor("Disabled")

    versioning = lambda word: client.ask(
        "PUT", bucket, {"versioning": ""},
        f"<VersioningConfiguration><Status>{word}</Status></VersioningConfiguration>")
    worm = cases.SETTINGS["objectWorm"]
    keep = lambda: client.ask("PUT", bucket, worm["query"], worm["document"])
    assert refusal(keep).status == 400, "without versioning"
    versioning("Enabled")
    keep()
    assert refusal(versioning, "Suspended").status == 400
    assert b">Enabled<" in client.ask("GET", bucket, {"versioning": ""}).body


def test_overlap_can_be_allowed(client, bucket):
    row = next(row for row in cases.SETTINGS["lifecycle"]["refused"] if row["why"] == "overlap")
    allow = {"x-oss-allow-same-action-overlap": "true"}
    client.ask("PUT", bucket, {"lifecycle": ""}, cases.document(row), allow)
    assert client.ask("GET", bucket, {"lifecycle": ""}).body.count(b"<Rule>") == 2


def test_inventories_are_listed(client, bucket, names):
    setting = cases.SETTINGS["inventory"]
    listed = lambda **query: client.ask("GET", bucket, {"inventory": "", **query})
    expected = row("404 NoSuchInventory", "No Row found in Inventory Table.")
    assert judged(expected, listed) == ""
    text = cases.document(setting, **names)
    for name in ("a", "b"):
        one = text.replace("<Id>daily<", f"<Id>{name}<")
        client.ask("PUT", bucket, {"inventory": "", "inventoryId": name}, one)
    body = listed().body
    assert body.startswith(b"<?xml") and b"<ListInventoryConfigurationsResult>" in body
    assert body.count(b"<InventoryConfiguration>") == 2 and b"<IsTruncated>false</IsTruncated>" in body
    token = {"continuation-token": "garbage!"}
    assert judged(row("400 InvalidArgument"), listed, **token) == ""
    assert judged(row("400 InvalidArgument"), client.ask, "DELETE", bucket, {"inventory": ""}) == ""
    assert listed().body == body


def test_styles_are_fifty(client, bucket):
    put = lambda name, **query: client.ask(
        "PUT", bucket, {"style": "", "styleName": name, **query}, cases.SETTINGS["style"]["document"])
    for n in range(50):
        put(f"s{n}")
    assert refusal(put, "one-more").status == 400
    put("s0", category="video")
    for name, query in [("", {}), ("a b", {}), ("x" * 64, {}), ("s1", {"category": "audio"})]:
        assert judged(row("400 InvalidArgument"), put, name, **query) == "", name
    listed = client.ask("GET", bucket, {"style": ""}).body
    assert listed.count(b"<Style>") == 50 and b"<StyleList>" in listed and b">video<" in listed


def test_some_tags_are_deleted(client, bucket):
    setting = cases.SETTINGS["tagging"]
    tags = "".join(f"<Tag><Key>{key}</Key><Value>1</Value></Tag>" for key in "abc")
    client.ask("PUT", bucket, setting["query"], setting["wrap"].replace("{}", tags))
    client.ask("DELETE", bucket, {"tagging": "a,c,none"})
    assert cases.simplified(client.ask("GET", bucket, {"tagging": ""}).body) == cases.simplified(
        setting["wrap"].replace("{}", "<Tag><Key>b</Key><Value>1</Value></Tag>"))


def test_capacity_is_kept_to(client, bucket):
    client.ask("PUT", bucket, {"qos": ""}, "<BucketUserQos><StorageCapacity>0</StorageCapacity></BucketUserQos>")
    assert judged(row("403 QuotaExceeded"), client.put, bucket, "k", b"1") == ""
    assert client.list(bucket).keys == []
