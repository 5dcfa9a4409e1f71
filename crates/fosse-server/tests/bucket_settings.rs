//! Settings of buckets over connections: they survive a restart, writers do not mix, and what is no document changes
//! nothing. What each one means is tested where it is read, and with SDKs in `e2e/`.

mod support;

use fosse_server::RegionEndpoints;
use fosse_store::{OpenOptions, Store};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use support::*;

type Query = &'static [(&'static str, &'static str)];

/// Query and body of a setting that can be put, and whether it can be deleted.
const SETTINGS: &[(Query, &str, bool)] = &[
    (
        &[("cors", "")],
        "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>",
        true,
    ),
    (
        &[("lifecycle", "")],
        "<LifecycleConfiguration><Rule><ID>r</ID><Prefix>a</Prefix><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>",
        true,
    ),
    (
        &[("website", "")],
        "<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument></WebsiteConfiguration>",
        true,
    ),
    (
        &[("logging", "")],
        "<BucketLoggingStatus><LoggingEnabled><TargetBucket>bucket</TargetBucket><TargetPrefix>log/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>",
        true,
    ),
    (
        &[("userDefinedLogFieldsConfig", "")],
        "<UserDefinedLogFieldsConfiguration><HeaderSet><header>h</header></HeaderSet></UserDefinedLogFieldsConfiguration>",
        true,
    ),
    (
        &[("referer", "")],
        "<RefererConfiguration><AllowEmptyReferer>true</AllowEmptyReferer><RefererList><Referer>http://a.example</Referer></RefererList></RefererConfiguration>",
        false,
    ),
    (
        &[("policy", "")],
        r#"{"Version":"1","Statement":[{"Effect":"Deny","Principal":["1"],"Action":"oss:*","Resource":"acs:oss:*:*:bucket/*"}]}"#,
        true,
    ),
    (
        &[("publicAccessBlock", "")],
        "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>",
        true,
    ),
    (
        &[("requestPayment", "")],
        "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
        false,
    ),
    (
        &[("tagging", "")],
        "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
        true,
    ),
    (
        &[("transferAcceleration", "")],
        "<TransferAccelerationConfiguration><Enabled>true</Enabled></TransferAccelerationConfiguration>",
        true,
    ),
    (
        &[("accessmonitor", "")],
        "<AccessMonitorConfiguration><Status>Enabled</Status></AccessMonitorConfiguration>",
        false,
    ),
    (
        &[("httpsConfig", "")],
        "<HttpsConfiguration><TLS><Enable>true</Enable><TLSVersion>TLSv1.3</TLSVersion></TLS></HttpsConfiguration>",
        false,
    ),
    (
        &[("bucketArchiveDirectRead", "")],
        "<ArchiveDirectReadConfiguration><Enabled>true</Enabled></ArchiveDirectReadConfiguration>",
        false,
    ),
    (
        &[("resourceGroup", "")],
        "<BucketResourceGroupConfiguration><ResourceGroupId>rg-1</ResourceGroupId></BucketResourceGroupConfiguration>",
        false,
    ),
    (
        &[("overwriteConfig", "")],
        "<OverwriteConfiguration><Rule><Action>forbid</Action><Prefix>p</Prefix></Rule></OverwriteConfiguration>",
        true,
    ),
    (
        &[("qos", "")],
        "<BucketUserQos><StorageCapacity>5</StorageCapacity></BucketUserQos>",
        false,
    ),
    (
        &[("qosInfo", "")],
        "<QoSConfiguration><TotalQps>5</TotalQps></QoSConfiguration>",
        true,
    ),
    (
        &[("requesterQosInfo", ""), ("qosRequester", "1")],
        "<QoSConfiguration><TotalQps>5</TotalQps></QoSConfiguration>",
        true,
    ),
    (
        &[("policy", ""), ("comp", "callback")],
        "<BucketCallbackPolicy><PolicyItem><PolicyName>p</PolicyName><Callback>e30=</Callback></PolicyItem></BucketCallbackPolicy>",
        true,
    ),
    (
        &[("style", ""), ("styleName", "s")],
        "<Style><Content>image/resize,w_9</Content></Style>",
        true,
    ),
    (&[("inventory", ""), ("inventoryId", "i")], INVENTORY, true),
];
const INVENTORY: &str = "<InventoryConfiguration><Id>i</Id><IsEnabled>true</IsEnabled><Destination><OSSBucketDestination>\
    <Format>CSV</Format><AccountId>1</AccountId><RoleArn>r</RoleArn><Bucket>acs:oss:::bucket</Bucket></OSSBucketDestination>\
    </Destination><Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>All</IncludedObjectVersions>\
    </InventoryConfiguration>";

fn asked(method: &str, query: &[(&str, &str)]) -> Request {
    let bare = Request::new(method, "bucket", "");
    query
        .iter()
        .fold(bare, |request, (n, v)| request.query(n, v))
}

fn put(server: &Server, query: &[(&str, &str)], body: &str) -> Reply {
    server.send(&asked("PUT", query).body(body.as_bytes()))
}

fn open(dir: &Path) -> Store {
    Store::open(OpenOptions::new(dir)).unwrap()
}

fn close(server: &mut Server) {
    server.stop();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(server.store.close())
        .unwrap();
}

/// What a setting answers, without what differs from request to request.
fn told(server: &Server, query: &[(&str, &str)]) -> (u16, String) {
    let reply = server.send(&asked("GET", query));
    match reply.status {
        200 => (200, reply.text()),
        status => (status, reply.element("Code").unwrap_or_default()),
    }
}

#[test]
fn every_setting_survives_a_restart_and_goes_as_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let unset: Vec<_>;
    let set: Vec<_>;
    {
        let mut server = Server::over(open(dir.path()), |_| {});
        server.bucket("bucket");
        unset = SETTINGS.iter().map(|s| told(&server, s.0)).collect();
        for (query, body, _) in SETTINGS {
            let reply = put(&server, query, body);
            assert_eq!(
                (reply.status, reply.text()),
                (200, String::new()),
                "{query:?}"
            );
        }
        let body = b"<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>";
        let block = Request::new("PUT", "", "").query("publicAccessBlock", "");
        assert_eq!(server.send(&block.body(body)).status, 200);
        set = SETTINGS.iter().map(|s| told(&server, s.0)).collect();
        close(&mut server);
    }
    let mut server = Server::over(open(dir.path()), |_| {});
    let account = server.send(&Request::get("", "").query("publicAccessBlock", ""));
    assert_eq!(
        account.element("BlockPublicAccess").as_deref(),
        Some("true")
    );
    for (((query, _, deleted), set), unset) in SETTINGS.iter().zip(set).zip(unset) {
        assert_eq!(told(&server, query), set, "{query:?}");
        assert_eq!(set.0, 200, "{query:?}: {}", set.1);
        assert_ne!(set, unset, "{query:?}");
        if *deleted {
            for _ in 0..2 {
                let reply = server.send(&asked("DELETE", query));
                assert_eq!(reply.status, 204, "{query:?}");
            }
            assert_eq!(told(&server, query), unset, "{query:?}");
        }
    }
    close(&mut server);
}

#[test]
fn what_is_no_document_changes_nothing() {
    let server = Server::start();
    server.bucket("bucket");
    for (query, body, _) in SETTINGS {
        assert_eq!(put(&server, query, body).status, 200, "{query:?}");
        let before = told(&server, query);
        let fault = match *query {
            [("policy", "")] => "InvalidPolicyDocument",
            _ => "MalformedXML",
        };
        let cut = &body[..body.len() - 5];
        let huge = "<x>".to_owned() + &"y".repeat(3 << 20);
        for wrong in ["", "x", "<Other/>", "<!DOCTYPE a []><Other/>", cut, &huge] {
            let shown = &wrong[..wrong.len().min(30)];
            let reply = put(&server, query, wrong);
            assert_eq!(reply.error(), (400, fault.into()), "{query:?} {shown}");
        }
        let right = asked("PUT", query).body(body.as_bytes());
        let digest = right
            .clone()
            .header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");
        let refused = (400, "InvalidDigest".to_owned());
        assert_eq!(server.send(&digest).error(), refused, "{query:?}");
        for mut gone in [right.clone(), asked("GET", query)] {
            gone.bucket = "no-such-bucket".into();
            // The newest settings are taken for a PutBucket with a body that is none, as OSS does.
            let newest = matches!(query, [("overwriteConfig" | "objectWorm", "")]);
            let refused = match gone.method.as_str() {
                "PUT" if newest => (400, "MalformedXML".to_owned()),
                _ => (404, "NoSuchBucket".to_owned()),
            };
            assert_eq!(server.send(&gone).error(), refused, "{query:?}");
        }
        for asked in [
            right.clone().anonymous(),
            right.by(OTHER_ID, OTHER_SECRET),
            asked("GET", query).anonymous(),
        ] {
            assert_eq!(server.send(&asked).status, 403, "{query:?}");
        }
        assert_eq!(told(&server, query), before, "{query:?}");
        server.send(&asked("DELETE", query));
    }
}

#[test]
fn writers_of_one_setting_do_not_mix() {
    let server = Server::start();
    server.bucket("bucket");
    let origin = |who: usize| format!("http://w{who}.example");
    let rules = |who: usize| {
        let rule = format!(
            "<CORSRule><AllowedOrigin>{}</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>",
            origin(who)
        );
        format!(
            "<CORSConfiguration>{}</CORSConfiguration>",
            rule.repeat(5 + who)
        )
    };
    std::thread::scope(|scope| {
        for who in 0..6 {
            let (server, rules) = (&server, &rules);
            scope.spawn(move || {
                for _ in 0..15 {
                    assert_eq!(put(server, &[("cors", "")], &rules(who)).status, 200);
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let (status, text) = told(&server, &[("cors", "")]);
                    let count = text.matches("<CORSRule>").count();
                    let whole =
                        |who| count == 5 + who && text.matches(&origin(who)).count() == count;
                    assert!(status == 404 || (0..6).any(whole), "{text}");
                }
            });
        }
    });
}

#[test]
fn additions_at_the_same_time_are_all_there_and_one_of_a_kind_is_first() {
    let server = Server::start();
    server.bucket("bucket");
    let first = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for who in 0..8 {
            let (server, first) = (&server, &first);
            scope.spawn(move || {
                let name = format!("style-{who}");
                let style = "<Style><Content>image/resize,w_1</Content></Style>";
                let reply = put(server, &[("style", ""), ("styleName", &name)], style);
                assert_eq!(reply.status, 200);
                let reply = put(
                    server,
                    &[("inventory", ""), ("inventoryId", "i")],
                    INVENTORY,
                );
                if reply.status == 200 {
                    first.fetch_add(1, Ordering::Relaxed);
                } else {
                    let exists = (409, "InventoryConfigurationAlreadyExists".to_owned());
                    assert_eq!(reply.error(), exists);
                }
            });
        }
    });
    assert_eq!(first.into_inner(), 1);
    let (_, styles) = told(&server, &[("style", "")]);
    assert_eq!(styles.matches("<Style>").count(), 8, "{styles}");
}

#[test]
fn a_bucket_takes_what_it_has_room_for() {
    let server = Server::start();
    server.bucket("bucket");
    let limit = |units: &str| {
        let body =
            format!("<BucketUserQos><StorageCapacity>{units}</StorageCapacity></BucketUserQos>");
        put(&server, &[("qos", "")], &body)
    };
    server.put("bucket", "a", b"12345");
    let begun = server.send(&Request::new("POST", "bucket", "parts").query("uploads", ""));
    let id = begun.element("UploadId").unwrap();
    let part = |number: &str| {
        Request::new("PUT", "bucket", "parts")
            .query("partNumber", number)
            .query("uploadId", &id)
            .body(b"part")
    };
    let etag = server.send(&part("1")).header("etag").unwrap().to_owned();
    assert_eq!(limit("0").status, 200);
    let full = (403, "QuotaExceeded".to_owned());
    let body = Request::new("PUT", "bucket", "b").body(b"x");
    assert_eq!(server.send(&body).error(), full);
    assert_eq!(server.send(&body.chunked()).error(), full);
    assert_eq!(server.send(&part("2")).error(), full);
    let copy = Request::new("PUT", "bucket", "c").header("x-oss-copy-source", "/bucket/a");
    assert_eq!(server.send(&copy).error(), full);
    let document = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    let complete = Request::new("POST", "bucket", "parts")
        .query("uploadId", &id)
        .body(document.as_bytes());
    assert_eq!(server.send(&complete).error(), full);
    // Nothing was written, and what is there can be read.
    assert_eq!(server.send(&Request::get("bucket", "b")).status, 404);
    assert_eq!(server.send(&Request::get("bucket", "a")).body, b"12345");
    assert_eq!(limit("-2").error(), (400, "InvalidArgument".into()));
    assert_eq!(limit("1").status, 200);
    assert_eq!(server.send(&complete).status, 200);
    server.put("bucket", "b", b"x");
}

#[test]
fn regions_are_the_own_one_and_those_that_are_told() {
    let told = "oss-cn-shanghai=sh.example.com,sh-in.example.com";
    let server = Server::with(|config| {
        config.extranet_endpoint = Some("oss.example.com".into());
        config.intranet_endpoint = Some("in.example.com".into());
        config.accepted_regions = vec!["cn-beijing".into()];
        config.region_endpoints = vec![RegionEndpoints::parse(told).unwrap()];
    });
    let asked = |region: &str| server.send(&Request::get("", "").query("regions", region));
    let all = asked("").text();
    assert_eq!(all.matches("<RegionInfo>").count(), 3, "{all}");
    let one = asked("oss-cn-shanghai");
    assert_eq!(
        one.element("InternalEndpoint").as_deref(),
        Some("sh-in.example.com")
    );
    assert_eq!(
        one.element("AccelerateEndpoint").as_deref(),
        Some("sh.example.com")
    );
    let own = asked("oss-cn-hangzhou");
    assert_eq!(
        own.element("InternalEndpoint").as_deref(),
        Some("in.example.com")
    );
    assert_eq!(asked("aaa").error(), (404, "NoSuchRegion".into()));
    for wrong in ["", "a", "a=", "=b", "a=b,c,d,e"] {
        assert_eq!(RegionEndpoints::parse(wrong), None, "{wrong}");
    }
}
