"""Settings of buckets with the newer Python SDK, and with the older one where it is stricter: put, get, delete, what an
unset one answers, and the refusals."""

import datetime
import json

import alibabacloud_oss_v2 as v2
import oss2
import pytest

import sdk
import server


@pytest.fixture
def client():
    """The newer SDK."""
    return sdk.OssV2("v4").client


@pytest.fixture
def old(bucket):
    """The older SDK, on the bucket of the test."""
    return sdk.Oss2("v4")._bucket(bucket)


def refused(call, *arguments, **named):
    """Status and code of what the SDK reports."""
    with pytest.raises((v2.exceptions.OperationError, oss2.exceptions.ServerError)) as caught:
        call(*arguments, **named)
    if isinstance(caught.value, oss2.exceptions.ServerError):
        return caught.value.status, caught.value.code
    error = caught.value.unwrap()
    assert isinstance(error, v2.exceptions.ServiceError), error
    return error.status_code, error.code


def test_tags(client, old, bucket):
    get = lambda: client.get_bucket_tags(v2.GetBucketTagsRequest(bucket=bucket)).tagging.tag_set.tags
    assert not get()
    tags = [v2.Tag(key="%@a", value="++1%"), v2.Tag(key="b", value="2"), v2.Tag(key="c", value="")]
    client.put_bucket_tags(
        v2.PutBucketTagsRequest(bucket=bucket, tagging=v2.Tagging(tag_set=v2.TagSet(tags=tags)))
    )
    assert [(tag.key, tag.value or "") for tag in get()] == [("%@a", "++1%"), ("b", "2"), ("c", "")]

    service = oss2.Service(old.auth, server.ENDPOINT, region=server.REGION)
    found = lambda **params: [
        info.name for info in service.list_buckets(params={k.replace("_", "-"): v for k, v in params.items()}).buckets
    ]
    assert found(tag_key="b") == found(tag_key="b", tag_value="2") == [bucket]
    assert found(tag_key="b", tag_value="3") == []

    old.delete_bucket_tagging(params={"tagging": "%@a,c"})
    assert [tag.key for tag in get()] == ["b"]
    client.delete_bucket_tags(v2.DeleteBucketTagsRequest(bucket=bucket))
    assert not get()

    def put(*pairs):
        tags = [v2.Tag(key=key, value=value) for key, value in pairs]
        request = v2.PutBucketTagsRequest(bucket=bucket, tagging=v2.Tagging(tag_set=v2.TagSet(tags=tags)))
        return refused(client.put_bucket_tags, request)

    assert put(*[(f"k{n}", "v") for n in range(21)]) == (400, "TooManyTags")
    assert put(("a", "1"), ("a", "2")) == (400, "RepeatedTags")
    assert put(("aliyun-x", "1")) == put(("k" * 65, "1")) == put(("k", "v" * 129)) == (400, "InvalidTag")


def test_lifecycle(client, old, bucket):
    get = lambda: client.get_bucket_lifecycle(v2.GetBucketLifecycleRequest(bucket=bucket)).lifecycle_configuration.rules
    assert refused(get) == (404, "NoSuchLifecycle")
    rules = [
        v2.LifecycleRule(
            id="r1", prefix="logs/", status="Enabled",
            expiration=v2.LifecycleRuleExpiration(days=30),
            transitions=[v2.LifecycleRuleTransition(days=10, storage_class="IA", is_access_time=False)],
            filter=v2.LifecycleRuleFilter(
                object_size_greater_than=500,
                nots=[v2.LifecycleRuleNot(prefix="logs/keep/", tag=v2.Tag(key="k", value="v"))],
            ),
        ),
        v2.LifecycleRule(
            prefix="", status="Disabled", abort_multipart_upload=v2.LifecycleRuleAbortMultipartUpload(days=1)
        ),
    ]

    def put(*rules, overlap=None):
        client.put_bucket_lifecycle(
            v2.PutBucketLifecycleRequest(
                bucket=bucket, allow_same_action_overlap=overlap,
                lifecycle_configuration=v2.LifecycleConfiguration(rules=list(rules)),
            )
        )

    put(*rules)
    first, second = get()
    assert (first.id, first.prefix, first.expiration.days, first.transitions[0].days) == ("r1", "logs/", 30, 10)
    assert first.transitions[0].is_access_time is False
    assert first.filter.object_size_greater_than == 500
    assert first.filter.nots[0].prefix == "logs/keep/"
    assert second.id and second.status == "Disabled" and second.abort_multipart_upload.days == 1
    assert old.get_bucket_lifecycle().rules[0].id == "r1"

    expire = lambda prefix, **when: v2.LifecycleRule(
        prefix=prefix, status="Enabled", expiration=v2.LifecycleRuleExpiration(**when)
    )
    assert refused(put, expire("a", days=1), expire("a/b", days=2)) == (400, "InvalidArgument")
    put(expire("a", days=1), expire("a/b", days=2), overlap="true")
    put(expire("d", created_before_date=datetime.datetime(2016, 12, 25, tzinfo=datetime.timezone.utc)))
    assert get()[0].expiration.created_before_date.year == 2016
    assert refused(put, expire("a", days=0)) == (400, "InvalidArgument")
    assert refused(put) == (400, "MalformedXML")
    by_access = v2.LifecycleRule(
        prefix="", status="Enabled",
        transitions=[v2.LifecycleRuleTransition(days=1, storage_class="IA", is_access_time=True)],
    )
    assert refused(put, by_access) == (400, "MalformedXML")
    monitor = lambda status: client.put_bucket_access_monitor(
        v2.PutBucketAccessMonitorRequest(
            bucket=bucket, access_monitor_configuration=v2.AccessMonitorConfiguration(status=status)
        )
    )
    monitor("Enabled")
    put(by_access)
    assert refused(monitor, "Disabled") == (409, "AccessMonitorDisableNotAllowed")
    client.delete_bucket_lifecycle(v2.DeleteBucketLifecycleRequest(bucket=bucket))
    monitor("Disabled")
    assert refused(get) == (404, "NoSuchLifecycle")
    # The first fault of older clients: what is no document.
    assert refused(old.put_bucket_lifecycle, "<This is a bad xml></bad as I am>") == (400, "MalformedXML")


def test_website(client, old, bucket):
    get = lambda: client.get_bucket_website(v2.GetBucketWebsiteRequest(bucket=bucket)).website_configuration
    assert refused(get) == (404, "NoSuchWebsiteConfiguration")

    def put(**parts):
        client.put_bucket_website(
            v2.PutBucketWebsiteRequest(bucket=bucket, website_configuration=v2.WebsiteConfiguration(**parts))
        )

    redirect = v2.RoutingRule(
        rule_number=1,
        condition=v2.RoutingRuleCondition(key_prefix_equals="abc/", http_error_code_returned_equals=404),
        redirect=v2.RoutingRuleRedirect(
            redirect_type="External", protocol="https", host_name="example.com", http_redirect_code=302,
            replace_key_with="prefix/${key}", pass_query_string=False,
        ),
    )
    put(
        index_document=v2.IndexDocument(suffix="index.html", support_sub_dir=True, type=2),
        error_document=v2.ErrorDocument(key="error.html", http_status=404),
        routing_rules=v2.RoutingRules(routing_rules=[redirect]),
    )
    site = get()
    assert (site.index_document.suffix, site.index_document.type) == ("index.html", 2)
    assert site.error_document.key == "error.html"
    rule = site.routing_rules.routing_rules[0]
    assert (rule.redirect.host_name, rule.redirect.http_redirect_code) == ("example.com", 302)
    assert rule.redirect.replace_key_with == "prefix/${key}"
    assert old.get_bucket_website().index_file == "index.html"
    assert refused(put) == (400, "MalformedXML")
    assert refused(put, index_document=v2.IndexDocument(suffix="a/b")) == (400, "InvalidArgument")
    for _ in range(2):
        client.delete_bucket_website(v2.DeleteBucketWebsiteRequest(bucket=bucket))
    assert refused(get) == (404, "NoSuchWebsiteConfiguration")


def test_logging(client, old, bucket):
    def put(target, prefix):
        enabled = v2.LoggingEnabled(target_bucket=target, target_prefix=prefix)
        client.put_bucket_logging(
            v2.PutBucketLoggingRequest(
                bucket=bucket, bucket_logging_status=v2.BucketLoggingStatus(logging_enabled=enabled)
            )
        )

    get = lambda: client.get_bucket_logging(v2.GetBucketLoggingRequest(bucket=bucket)).bucket_logging_status
    # There, and empty: the SDK for Java looks into it.
    assert get().logging_enabled.target_bucket is None
    put(bucket, "日志+/")
    assert (get().logging_enabled.target_bucket, get().logging_enabled.target_prefix) == (bucket, "日志+/")
    info = client.get_bucket_info(v2.GetBucketInfoRequest(bucket=bucket)).bucket_info
    assert info.bucket_policy.log_bucket == bucket
    assert refused(put, "no-such-bucket-here", "a") == (400, "InvalidTargetBucketForLogging")
    assert refused(put, bucket, "1abc") == (400, "InvalidArgument")
    client.delete_bucket_logging(v2.DeleteBucketLoggingRequest(bucket=bucket))
    assert get().logging_enabled.target_bucket is None
    assert old.get_bucket_logging().target_bucket == ""

    fields = v2.UserDefinedLogFieldsConfiguration(
        header_set=v2.LoggingHeaderSet(headers=["h1", "h2"]), param_set=v2.LoggingParamSet(parameters=["p1"])
    )
    read = lambda: client.get_user_defined_log_fields_config(v2.GetUserDefinedLogFieldsConfigRequest(bucket=bucket))
    assert refused(read) == (404, "NoSuchUserDefinedLogFieldsConfig")
    client.put_user_defined_log_fields_config(
        v2.PutUserDefinedLogFieldsConfigRequest(bucket=bucket, user_defined_log_fields_configuration=fields)
    )
    kept = read().user_defined_log_fields_configuration
    assert (kept.header_set.headers, kept.param_set.parameters) == (["h1", "h2"], ["p1"])
    client.delete_user_defined_log_fields_config(v2.DeleteUserDefinedLogFieldsConfigRequest(bucket=bucket))
    assert refused(read) == (404, "NoSuchUserDefinedLogFieldsConfig")


def test_referer(client, old, bucket):
    get = lambda: client.get_bucket_referer(v2.GetBucketRefererRequest(bucket=bucket)).referer_configuration
    assert (get().allow_empty_referer, get().allow_truncate_query_string) == (True, True)

    def put(**settings):
        client.put_bucket_referer(
            v2.PutBucketRefererRequest(bucket=bucket, referer_configuration=v2.RefererConfiguration(**settings))
        )

    sites = ["http://www.example.com", "中文+referer"]
    put(allow_empty_referer=False, referer_list=v2.RefererList(referers=sites),
        referer_blacklist=v2.RefererBlacklist(referers=["http://bad.example"]))
    assert get().allow_empty_referer is False
    assert get().referer_list.referers == sites
    assert get().referer_blacklist.referers == ["http://bad.example"]
    assert old.get_bucket_referer().referers == sites
    many = [f"http://{'x' * 500}{n}.example" for n in range(50)]
    assert refused(put, allow_empty_referer=True, referer_list=v2.RefererList(referers=many)) == (
        400, "InlineDataTooLarge")
    assert refused(put, allow_empty_referer=True, truncate_path=True, allow_truncate_query_string=False,
                   referer_list=v2.RefererList(referers=[])) == (400, "InvalidArgument")
    old.put_bucket_referer(oss2.models.BucketReferer(True, []))
    assert get().allow_empty_referer is True


def test_policy(client, bucket):
    get = lambda: client.get_bucket_policy(v2.GetBucketPolicyRequest(bucket=bucket)).body
    status = lambda: client.get_bucket_policy_status(v2.GetBucketPolicyStatusRequest(bucket=bucket)).policy_status
    assert refused(get) == (404, "NoSuchBucketPolicy")
    assert status().is_public is False

    def put(text):
        client.put_bucket_policy(v2.PutBucketPolicyRequest(bucket=bucket, body=text))

    def policy(**changes):
        statement = {
            "Effect": "Allow", "Principal": ["*"], "Action": ["oss:GetObject"],
            "Resource": [f"acs:oss:*:*:{bucket}/*"], **changes,
        }
        return json.dumps({"Version": "1", "Statement": [statement]})

    put(policy())
    assert json.loads(get()) == json.loads(policy())
    assert status().is_public is True
    put(policy(Principal=["1234567890123456"]))
    assert status().is_public is False
    everybody = json.loads(policy())
    del everybody["Statement"][0]["Principal"]
    put(json.dumps(everybody))
    assert status().is_public is True
    put(policy(Principal=["1234567890123456"]))
    for wrong in ("{", "[]", policy(Effect="Maybe"), policy(Resource=["acs:oss:*:*:another/*"]), "x" * 100_000):
        assert refused(put, wrong) == (400, "InvalidPolicyDocument")
    assert json.loads(get()) == json.loads(policy(Principal=["1234567890123456"]))
    for _ in range(2):
        client.delete_bucket_policy(v2.DeleteBucketPolicyRequest(bucket=bucket))
    assert refused(get) == (404, "NoSuchBucketPolicy")


def test_public_access_block(client, old, bucket):
    get = lambda: client.get_bucket_public_access_block(
        v2.GetBucketPublicAccessBlockRequest(bucket=bucket)
    ).public_access_block_configuration.block_public_access
    block = v2.PublicAccessBlockConfiguration(block_public_access=True)
    assert get() is False
    client.put_bucket_public_access_block(
        v2.PutBucketPublicAccessBlockRequest(bucket=bucket, public_access_block_configuration=block)
    )
    try:
        assert get() is True
        info = client.get_bucket_info(v2.GetBucketInfoRequest(bucket=bucket)).bucket_info
        assert info.block_public_access is True
        assert refused(old.put_bucket_acl, "public-read") == (403, "AccessDenied")
        public = {
            "Version": "1",
            "Statement": [{"Effect": "Allow", "Principal": ["*"], "Action": ["oss:GetObject"],
                           "Resource": [f"acs:oss:*:*:{bucket}/*"]}],
        }
        request = v2.PutBucketPolicyRequest(bucket=bucket, body=json.dumps(public))
        assert refused(client.put_bucket_policy, request) == (403, "AccessDenied")
    finally:
        client.delete_bucket_public_access_block(v2.DeleteBucketPublicAccessBlockRequest(bucket=bucket))
    assert get() is False

    service = oss2.Service(old.auth, server.ENDPOINT, region=server.REGION)
    assert service.get_public_access_block().block_public_access is False
    service.put_public_access_block(True)
    try:
        assert service.get_public_access_block().block_public_access is True
    finally:
        service.delete_public_access_block()
    assert service.get_public_access_block().block_public_access is False


def test_small_settings(client, old, bucket):
    # Transfer acceleration.
    get = lambda: client.get_bucket_transfer_acceleration(v2.GetBucketTransferAccelerationRequest(bucket=bucket))
    assert refused(get) == (404, "NoSuchTransferAccelerationConfiguration")
    for enabled in (True, False):
        client.put_bucket_transfer_acceleration(
            v2.PutBucketTransferAccelerationRequest(
                bucket=bucket,
                transfer_acceleration_configuration=v2.TransferAccelerationConfiguration(enabled=enabled),
            )
        )
        assert get().transfer_acceleration_configuration.enabled is enabled
    # Archive direct read.
    assert old.get_bucket_archive_direct_read().enabled is False
    old.put_bucket_archive_direct_read(True)
    assert old.get_bucket_archive_direct_read().enabled is True
    assert refused(old.put_bucket_archive_direct_read, "aa") == (400, "MalformedXML")
    # Access monitor.
    assert old.get_bucket_access_monitor().access_monitor.status == "Disabled"
    old.put_bucket_access_monitor("Enabled")
    assert old.get_bucket_access_monitor().access_monitor.status == "Enabled"
    assert old.get_bucket_info().access_monitor == "Enabled"
    assert refused(old.put_bucket_access_monitor, "aa") == (400, "MalformedXML")
    # Request payment.
    assert old.get_bucket_request_payment().payer == "BucketOwner"
    old.put_bucket_request_payment("Requester")
    assert old.get_bucket_request_payment().payer == "Requester"
    assert refused(old.put_bucket_request_payment, "Nobody") == (400, "MalformedXML")
    old.put_bucket_request_payment("BucketOwner")
    # HTTPS.
    tls = oss2.models.BucketTlsVersion
    assert old.get_bucket_https_config().tls_enabled is False
    old.put_bucket_https_config(tls(True, ["TLSv1.2", "TLSv1.3", "TLSv1.2"]))
    assert old.get_bucket_https_config().tls_version == ["TLSv1.2", "TLSv1.3"]
    for wrong in (tls(True), tls(True, ["SSLv3"])):
        assert refused(old.put_bucket_https_config, wrong) == (400, "MalformedXML")
    old.put_bucket_https_config(tls())
    assert old.get_bucket_https_config().tls_version == []
    # Resource group.
    group = old.get_bucket_resource_group().resource_group_id
    old.put_bucket_resource_group("rg-test123")
    assert old.get_bucket_info().resource_group_id == "rg-test123"
    service = oss2.Service(old.auth, server.ENDPOINT, region=server.REGION)
    listed = service.list_buckets(headers={"x-oss-resource-group-id": "rg-test123"}).buckets
    assert [(info.name, info.resource_group_id) for info in listed] == [(bucket, "rg-test123")]
    assert refused(old.put_bucket_resource_group, "no-exist-id") == (400, "ResourceGroupIdPreCheckError")
    old.put_bucket_resource_group("")
    assert old.get_bucket_resource_group().resource_group_id == group


def test_styles(client, old, bucket):
    get = lambda name: client.get_style(v2.GetStyleRequest(bucket=bucket, style_name=name)).style
    names = lambda: [style.name for style in old.list_bucket_style().styles]
    assert names() == []
    assert refused(get, "none") == (404, "NoSuchStyle")
    put = lambda name, content: client.put_style(
        v2.PutStyleRequest(bucket=bucket, style_name=name, category="image", style=v2.StyleContent(content=content))
    )
    put("z", "image/resize,p_50")
    put("a", "image/resize,w_200")
    put("z", "image/resize,w_300")
    assert names() == ["z", "a"]
    assert (get("z").content, get("z").category) == ("image/resize,w_300", "image")
    assert get("z").create_time and get("z").last_modify_time
    assert refused(put, "a b", "image/resize,w_1") == (400, "InvalidArgument")
    for name in ("z", "a", "none"):
        client.delete_style(v2.DeleteStyleRequest(bucket=bucket, style_name=name))
    assert names() == []


def inventory(bucket, name, **changes):
    settings = {
        "id": name, "is_enabled": True, "included_object_versions": "All",
        "schedule": v2.InventorySchedule(frequency="Daily"),
        "filter": v2.InventoryFilter(prefix="aaa", lower_size_bound=1024, storage_class="Standard,IA"),
        "optional_fields": v2.OptionalFields(fields=["Size", "ETag"]),
        "destination": v2.InventoryDestination(
            oss_bucket_destination=v2.InventoryOSSBucketDestination(
                format="CSV", account_id="1000000000000000", role_arn="acs:ram::1000000000000000:role/r",
                bucket=f"acs:oss:::{bucket}", prefix="p",
            )
        ),
    }
    settings.update(changes)
    return v2.InventoryConfiguration(**settings)


def test_inventory(client, old, bucket):
    listed = lambda token=None: client.list_bucket_inventory(
        v2.ListBucketInventoryRequest(bucket=bucket, continuation_token=token)
    ).list_inventory_configurations_result
    put = lambda name, **changes: client.put_bucket_inventory(
        v2.PutBucketInventoryRequest(
            bucket=bucket, inventory_id=name, inventory_configuration=inventory(bucket, name, **changes)
        )
    )
    get = lambda name: client.get_bucket_inventory(
        v2.GetBucketInventoryRequest(bucket=bucket, inventory_id=name)
    ).inventory_configuration
    assert refused(listed) == (404, "NoSuchInventory")
    assert refused(get, "a") == (404, "NoSuchInventory")
    for n in range(101):
        put(f"id-{n:03}")
    one = get("id-000")
    assert (one.id, one.filter.storage_class, one.filter.lower_size_bound) == ("id-000", "IA,Standard", 1024)
    assert one.destination.oss_bucket_destination.bucket == f"acs:oss:::{bucket}"
    assert refused(put, "id-000") == (409, "InventoryConfigurationAlreadyExists")
    assert refused(put, "other", id="another") == (400, "InvalidArgument")
    nowhere = inventory(bucket + "-nowhere", "other").destination
    assert refused(put, "other", destination=nowhere) == (400, "InvalidArgument")
    page = listed()
    assert (len(page.inventory_configurations), page.is_truncated) == (100, True)
    page = listed(page.next_continuation_token)
    assert [one.id for one in page.inventory_configurations] == ["id-100"]
    for n in range(101):
        old.delete_bucket_inventory_configuration(f"id-{n:03}")
    assert refused(listed) == (404, "NoSuchInventory")


def test_overwrite_rules(client, old, bucket):
    get = lambda: client.get_bucket_overwrite_config(v2.GetBucketOverwriteConfigRequest(bucket=bucket))
    assert refused(get)[0] == 404
    rules = [
        v2.OverwriteRule(action="forbid", prefix="a/", suffix=".txt"),
        v2.OverwriteRule(id="r2", action="forbid", prefix="b/", principals=v2.OverwritePrincipals(principals=["333"])),
    ]
    client.put_bucket_overwrite_config(
        v2.PutBucketOverwriteConfigRequest(
            bucket=bucket, overwrite_configuration=v2.OverwriteConfiguration(rules=rules)
        )
    )
    first, second = get().overwrite_configuration.rules
    assert first.id and (first.action, first.prefix, first.suffix) == ("forbid", "a/", ".txt")
    assert (second.id, second.principals.principals) == ("r2", ["333"])
    for key in ("a/1.txt", "a/1.jpg", "b/1"):
        old.put_object(key, b"1")
    assert refused(old.put_object, "a/1.txt", b"2") == (409, "FileAlreadyExists")
    assert refused(old.copy_object, bucket, "b/1", "a/1.txt") == (409, "FileAlreadyExists")
    for key in ("a/1.jpg", "b/1"):
        old.put_object(key, b"2")
    assert old.get_object("a/1.txt").read() == b"1"
    wrong = v2.OverwriteConfiguration(rules=[v2.OverwriteRule(action="allow")])
    request = v2.PutBucketOverwriteConfigRequest(bucket=bucket, overwrite_configuration=wrong)
    assert refused(client.put_bucket_overwrite_config, request) == (400, "MalformedXML")
    client.delete_bucket_overwrite_config(v2.DeleteBucketOverwriteConfigRequest(bucket=bucket))
    old.put_object("a/1.txt", b"3")
    assert refused(get)[0] == 404


def test_storage_capacity(old):
    assert old.get_bucket_storage_capacity().storage_capacity == -1
    set_to = lambda units: old.set_bucket_storage_capacity(oss2.models.BucketUserQos(units))
    assert refused(set_to, -2) == (400, "InvalidArgument")
    set_to(1)
    assert old.get_bucket_storage_capacity().storage_capacity == 1
    old.put_object("fits", b"x" * 1000)
    set_to(0)
    assert refused(old.put_object, "full", b"x") == (403, "QuotaExceeded")
    assert refused(old.copy_object, old.bucket_name, "fits", "copy") == (403, "QuotaExceeded")
    upload = old.init_multipart_upload("parts").upload_id
    assert refused(old.upload_part, "parts", upload, 1, b"x" * 10) == (403, "QuotaExceeded")
    set_to(-1)
    old.put_object("full", b"x")
    old.abort_multipart_upload("parts", upload)


def test_bandwidths(old):
    service = oss2.Service(old.auth, server.ENDPOINT, region=server.REGION)
    most = service.get_user_qos_info()
    assert most.region == f"oss-{server.REGION}" and most.total_upload_bw > 0
    assert refused(old.get_bucket_qos_info)[0] == 404
    old.put_bucket_qos_info(oss2.models.BucketQosInfo(total_upload_bw=5, intranet_upload_bw=2))
    kept = old.get_bucket_qos_info()
    assert (kept.total_upload_bw, kept.intranet_upload_bw, kept.total_qps) == (5, 2, -1)
    for wrong in (
        oss2.models.BucketQosInfo(total_upload_bw=most.total_upload_bw + 1),
        oss2.models.BucketQosInfo(total_upload_bw=3, extranet_upload_bw=4),
    ):
        assert refused(old.put_bucket_qos_info, wrong) == (400, "InvalidArgument")
    old.delete_bucket_qos_info()
    assert refused(old.get_bucket_qos_info)[0] == 404
    limits = oss2.models.QoSConfiguration(total_upload_bw=4, total_qps=100)
    old.put_bucket_requester_qos_info("1234567890123456", limits)
    assert old.get_bucket_requester_qos_info("1234567890123456").qos_configuration.total_qps == 100
    listed = old.list_bucket_requester_qos_infos()
    assert [one.requester for one in listed.requester_qos_info] == ["1234567890123456"]
    old.delete_bucket_requester_qos_info("1234567890123456")
    assert old.list_bucket_requester_qos_infos().requester_qos_info == []


def test_named_callbacks(old):
    item = oss2.models.CallbackPolicyInfo("first", "e30=", "e30=")
    assert refused(old.get_bucket_callback_policy) == (404, "BucketCallbackPolicyNotExist")
    old.put_bucket_callback_policy([item])
    assert old.get_bucket_callback_policy().callback_policies[0].policy_name == "first"
    old.delete_bucket_callback_policy()
    assert refused(old.get_bucket_callback_policy) == (404, "BucketCallbackPolicyNotExist")


def test_regions_and_what_there_is_none_of(client, old, bucket):
    regions = client.describe_regions(v2.DescribeRegionsRequest()).region_info
    assert regions[0].region == f"oss-{server.REGION}" and regions[0].internet_endpoint
    one = client.describe_regions(v2.DescribeRegionsRequest(regions=f"oss-{server.REGION}")).region_info
    assert len(one) == 1
    assert refused(client.describe_regions, v2.DescribeRegionsRequest(regions="aaa")) == (404, "NoSuchRegion")
    assert old.list_live_channel().channels == []
    assert refused(old.get_bucket_replication) == (404, "NoSuchReplicationConfiguration")
    query = v2.GetMetaQueryStatusRequest(bucket=bucket)
    assert refused(client.get_meta_query_status, query) == (400, "NotImplemented")
    # Out of scope or not, a bucket that is not there is told first.
    gone = oss2.Bucket(old.auth, server.ENDPOINT, "no-such-bucket-here", region=server.REGION)
    assert refused(gone.get_bucket_replication) == (404, "NoSuchBucket")


def test_making_a_bucket_with_labels(client):
    name = "py-labelled-bucket"
    make = lambda storage="IA": client.put_bucket(
        v2.PutBucketRequest(
            bucket=name, acl="public-read", resource_group_id="rg-one", bucket_tagging="k1=v1&k2=v2",
            create_bucket_configuration=v2.CreateBucketConfiguration(
                storage_class=storage, data_redundancy_type="ZRS"
            ),
        )
    )
    make()
    try:
        info = client.get_bucket_info(v2.GetBucketInfoRequest(bucket=name)).bucket_info
        assert (info.storage_class, info.data_redundancy_type, info.acl) == ("IA", "ZRS", "public-read")
        assert info.resource_group_id == "rg-one"
        tags = client.get_bucket_tags(v2.GetBucketTagsRequest(bucket=name)).tagging.tag_set.tags
        assert [(tag.key, tag.value) for tag in tags] == [("k1", "v1"), ("k2", "v2")]
        make()
        assert refused(make, "Standard") == (409, "BucketAlreadyExists")
    finally:
        client.delete_bucket(v2.DeleteBucketRequest(bucket=name))
