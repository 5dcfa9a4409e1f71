//! How links deliver objects (delivery.md §1, §3): forced downloads by host, signing, type and setting; application packages;
//! `response-*` parameters; acceleration names.

mod support;

use fosse_oss::sign::Scheme;
use fosse_oss::xml::BucketCnameConfiguration;
use fosse_server::{AdminCall, ForceDownload};
use support::*;

const TYPES: [&str; 8] = [
    "text/html",
    "text/plain",
    "image/png",
    "image/svg+xml",
    "application/xml",
    "application/xhtml+xml; charset=utf-8",
    "application/octet-stream",
    "video/mp4",
];

fn server(mode: ForceDownload) -> Server {
    let server = Server::with(|config| config.force_download = mode);
    server.bucket("bucket");
    let public = Request::new("PUT", "bucket", "")
        .query("acl", "")
        .header("x-oss-acl", "public-read");
    assert_eq!(server.send(&public).status, 200);
    let document = BucketCnameConfiguration {
        domain: "cdn.example.test".into(),
        certificate: None,
    };
    let bind = Request::new("POST", "bucket", "")
        .query("cname", "")
        .query("comp", "add")
        .body(document.to_xml().as_bytes());
    assert_eq!(server.send(&bind).status, 200);
    for (n, kind) in TYPES.iter().enumerate() {
        put(&server, &format!("o{n}"), kind);
    }
    for key in ["app.apk", "dir/App.IPA", "feed.xml"] {
        put(&server, key, "application/octet-stream");
    }
    server
}

fn put(server: &Server, key: &str, kind: &str) {
    let request = Request::new("PUT", "bucket", key)
        .header("content-type", kind)
        .body(b"0123456789");
    assert_eq!(server.send(&request).status, 200);
}

/// What a reply says about downloading: disposition, `x-oss-ec`.
fn forced(reply: &Reply) -> Option<(&str, Option<&str>)> {
    assert!(matches!(reply.status, 200 | 206), "{}", reply.text());
    let flag = reply.header("x-oss-force-download");
    assert!(matches!(flag, None | Some("true")));
    flag.map(|_| {
        (
            reply.header("content-disposition").unwrap_or_default(),
            reply.header("x-oss-ec"),
        )
    })
}

#[test]
fn downloads_are_forced_by_host_signing_and_type() {
    let proofs = [
        (Proof::None, true),
        (Proof::Url(Scheme::V1, 60), true),
        (Proof::Url(Scheme::V4, 60), true),
        (Proof::Header(Scheme::V1), false),
        (Proof::Header(Scheme::V4), false),
    ];
    for mode in [
        ForceDownload::Service,
        ForceDownload::ActiveContent,
        ForceDownload::Off,
    ] {
        let server = server(mode);
        for (host, default) in [
            (None, true),
            (Some("bucket.localhost"), true),
            (Some("bucket.oss-cn-hangzhou.aliyuncs.com"), true),
            (Some("cdn.example.test"), false),
        ] {
            for (proof, link) in &proofs {
                for (n, kind) in TYPES.iter().enumerate() {
                    let mut get = Request::get("bucket", &format!("o{n}")).proof(proof.clone());
                    get.virtual_host = host.map(str::to_owned);
                    let expected = match mode {
                        _ if !(default && *link) => None,
                        ForceDownload::Service => Some(("attachment", Some("0048-00000113"))),
                        ForceDownload::Off => None,
                        ForceDownload::ActiveContent => match kind.split(';').next().unwrap() {
                            "text/html" | "application/xhtml+xml" => {
                                Some(("attachment", Some("0048-00000001")))
                            }
                            "image/svg+xml" => Some(("attachment", Some("0048-00000105"))),
                            "application/xml" => Some(("attachment", None)),
                            _ => None,
                        },
                    };
                    let case = format!("{mode:?} {host:?} {proof:?} {kind}");
                    assert_eq!(forced(&server.send(&get)), expected, "{case}");
                    let range = get.clone().header("range", "bytes=0-3");
                    let reply = server.send(&range);
                    assert_eq!(reply.status, 206);
                    assert_eq!(forced(&reply), expected, "range of {case}");
                    assert_eq!(reply.header("content-type"), Some(*kind));
                }
            }
        }
    }
}

#[test]
fn an_override_is_no_way_around() {
    let url = |kind: &str, disposition: &str| {
        Request::get("bucket", "o1")
            .proof(Proof::Url(Scheme::V4, 60))
            .query("response-content-type", kind)
            .query("response-content-disposition", disposition)
    };
    let active = server(ForceDownload::ActiveContent);
    let reply = active.send(&url("text/html", "inline"));
    assert_eq!(forced(&reply), Some(("attachment", Some("0048-00000001"))));
    assert_eq!(reply.header("content-type"), Some("text/html"));
    let reply = active.send(&url("text/plain", "inline"));
    assert_eq!(forced(&reply), None);
    assert_eq!(reply.header("content-disposition"), Some("inline"));
    let feed = Request::get("bucket", "feed.xml").proof(Proof::Url(Scheme::V4, 60));
    assert_eq!(forced(&active.send(&feed)), Some(("attachment", None)));

    let service = server(ForceDownload::Service);
    let reply = service.send(&url("text/plain", "inline; filename=x"));
    assert_eq!(forced(&reply), Some(("attachment", Some("0048-00000113"))));
    // A download keeps the name that its signer gave it.
    let named = "attachment; filename=\"report.txt\"";
    let reply = service.send(&url("text/plain", named));
    assert_eq!(forced(&reply), Some((named, Some("0048-00000113"))));
    // Shown under the owner's own name.
    let reply = service.send(&url("text/html", "inline").host("cdn.example.test"));
    assert_eq!(forced(&reply), None);
    assert_eq!(reply.header("content-disposition"), Some("inline"));
    // An error is no download.
    let missing = Request::get("bucket", "missing").proof(Proof::Url(Scheme::V4, 60));
    let reply = service.send(&missing);
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("x-oss-force-download"), None);
    let list = Request::get("bucket", "").proof(Proof::Url(Scheme::V4, 60));
    assert_eq!(service.send(&list).header("x-oss-force-download"), None);
}

#[test]
fn packages_are_refused_to_links_under_the_servers_own_names() {
    for mode in [
        ForceDownload::Service,
        ForceDownload::ActiveContent,
        ForceDownload::Off,
    ] {
        let server = server(mode);
        for key in ["app.apk", "dir/App.IPA"] {
            for proof in [
                Proof::None,
                Proof::Url(Scheme::V1, 60),
                Proof::Url(Scheme::V4, 60),
            ] {
                let get = Request::get("bucket", key).proof(proof);
                let reply = server.send(&get);
                if mode == ForceDownload::Service {
                    assert_eq!(reply.error(), (400, "ApkDownloadForbidden".into()));
                } else {
                    assert_eq!(reply.status, 200);
                }
                let own = server.send(&get.host("cdn.example.test"));
                assert_eq!(own.status, 200);
                assert_eq!(own.header("x-oss-force-download"), None);
            }
            assert_eq!(server.send(&Request::get("bucket", key)).status, 200);
        }
    }
}

/// As `fosse admin bucket` asks.
fn administer(
    server: &Server,
    action: &str,
    params: &[(&str, &str)],
) -> Result<serde_json::Value, (u16, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let call = AdminCall {
        action: action.into(),
        account: None,
        params: params.iter().map(owned).collect(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(fosse_server::administer(&server.store, 0, &call))
        .map_err(|refusal| (refusal.status, refusal.code))
}

#[test]
fn a_bucket_has_a_mode_of_its_own() {
    let link = |key: &str| Request::get("bucket", key).proof(Proof::Url(Scheme::V4, 60));
    for of_server in [
        ForceDownload::Service,
        ForceDownload::ActiveContent,
        ForceDownload::Off,
    ] {
        let server = server(of_server);
        for (mode, own) in [
            ("service", ForceDownload::Service),
            ("active-content", ForceDownload::ActiveContent),
            ("off", ForceDownload::Off),
            ("server", of_server),
        ] {
            let params = [("BucketName", "bucket"), ("ForceDownload", mode)];
            let answer = administer(&server, "UpdateBucket", &params).unwrap();
            assert_eq!(answer["Bucket"]["ForceDownload"], mode);
            let case = format!("{of_server:?} {mode}");
            // A page and a text; the next request is answered by the new mode.
            let (page, text) = match own {
                ForceDownload::Service => {
                    let all = Some(("attachment", Some("0048-00000113")));
                    (all, all)
                }
                ForceDownload::ActiveContent => (Some(("attachment", Some("0048-00000001"))), None),
                ForceDownload::Off => (None, None),
            };
            assert_eq!(forced(&server.send(&link("o0"))), page, "{case}");
            assert_eq!(forced(&server.send(&link("o1"))), text, "{case}");
            let head = Request::new("HEAD", "bucket", "o0").anonymous();
            assert_eq!(forced(&server.send(&head)), page, "{case}");
            let package = server.send(&link("app.apk"));
            if own == ForceDownload::Service {
                let refusal = (400, "ApkDownloadForbidden".to_owned());
                assert_eq!(package.error(), refusal, "{case}");
            } else {
                assert_eq!(package.status, 200, "{case}");
            }
            // Programs and custom domains are no concern of any mode.
            let signed = server.send(&Request::get("bucket", "o0"));
            assert_eq!(forced(&signed), None, "{case}");
            let custom = server.send(&link("o0").host("cdn.example.test"));
            assert_eq!(forced(&custom), None, "{case}");
        }
        // Another bucket has nothing to do with it.
        server.bucket("other");
        let request = Request::new("PUT", "other", "o0").body(b"x");
        assert_eq!(server.send(&request).status, 200);
        let params = [("BucketName", "bucket"), ("ForceDownload", "service")];
        administer(&server, "UpdateBucket", &params).unwrap();
        let mut other = link("o0");
        other.bucket = "other".into();
        let is_forced = forced(&server.send(&other)).is_some();
        assert_eq!(is_forced, of_server == ForceDownload::Service);
    }
}

#[test]
fn modes_are_set_by_the_operator_within_the_account_of_the_owner() {
    let server = server(ForceDownload::Service);
    let foreign = Request::new("PUT", "foreign", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&foreign).status, 200);
    let update = |name: &str, mode: &str| {
        let params = [("BucketName", name), ("ForceDownload", mode)];
        administer(&server, "UpdateBucket", &params).map(|_| ())
    };
    let refused = |status: u16, code: &str| Err((status, code.to_owned()));
    let malformed = refused(400, "InvalidParameter.ForceDownload");
    for mode in ["Service", "html", "on", "service "] {
        assert_eq!(update("bucket", mode), malformed, "{mode}");
    }
    assert_eq!(update("bucket", ""), refused(400, "MissingForceDownload"));
    for name in ["foreign", "nothing", "no bucket name"] {
        let missing = refused(404, "EntityNotExist.Bucket");
        assert_eq!(update(name, "off"), missing, "{name}");
        let got = administer(&server, "GetBucket", &[("BucketName", name)]).map(|_| ());
        assert_eq!(got, missing, "{name}");
    }
    let listed = |params: &[(&str, &str)]| {
        let mut answer = administer(&server, "ListBuckets", params).unwrap();
        answer["Buckets"]["Bucket"].take()
    };
    let buckets = listed(&[]);
    assert_eq!(buckets.as_array().unwrap().len(), 1, "{buckets}");
    assert_eq!(buckets[0]["ForceDownload"], "server");
    server.bucket("abc");
    update("bucket", "off").unwrap();
    let first = administer(&server, "ListBuckets", &[("MaxItems", "1")]).unwrap();
    assert_eq!(first["Buckets"]["Bucket"][0]["BucketName"], "abc");
    let marker = first["Marker"].as_str().unwrap();
    let second = listed(&[("MaxItems", "1"), ("Marker", marker)]);
    assert_eq!(second[0]["BucketName"], "bucket");
    assert_eq!(second[0]["ForceDownload"], "off");
    // It goes with the bucket.
    for key in ["app.apk", "dir/App.IPA", "feed.xml"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..TYPES.len()).map(|n| format!("o{n}")))
    {
        let delete = Request::new("DELETE", "bucket", &key);
        assert_eq!(server.send(&delete).status, 204);
    }
    let delete = Request::new("DELETE", "bucket", "");
    assert_eq!(server.send(&delete).status, 204);
    server.bucket("bucket");
    let got = administer(&server, "GetBucket", &[("BucketName", "bucket")]).unwrap();
    assert_eq!(got["Bucket"]["ForceDownload"], "server");
}

/// Signed calls of RAM, also by the owner, do not have the action.
#[test]
fn modes_are_no_part_of_ram() {
    let server = server(ForceDownload::Service);
    let params = [("BucketName", "bucket"), ("ForceDownload", "off")];
    for action in ["UpdateBucket", "GetBucket", "ListBuckets"] {
        let refusal = support::rpc::Key::root().ram_error(&server, action, &params);
        assert_eq!(refusal, (404, "InvalidAction.NotFound".to_owned()));
    }
}

#[test]
fn response_parameters_cannot_write_headers() {
    let server = server(ForceDownload::Off);
    let parameters = [
        ("response-content-type", "content-type"),
        ("response-content-language", "content-language"),
        ("response-expires", "expires"),
        ("response-cache-control", "cache-control"),
        ("response-content-disposition", "content-disposition"),
        ("response-content-encoding", "content-encoding"),
    ];
    for (parameter, header) in parameters {
        for scheme in [Scheme::V1, Scheme::V4] {
            for proof in [Proof::Url(scheme, 60), Proof::Header(scheme)] {
                let get = |value: &str| {
                    let get = Request::get("bucket", "o1").proof(proof.clone());
                    server.send(&get.query(parameter, value))
                };
                let reply = get("some value");
                assert_eq!(reply.header(header), Some("some value"));
                for bad in [
                    "a\r\nx-injected: 1",
                    "a\nx-injected: 1",
                    "a\r",
                    "\0",
                    "a\u{7f}b",
                    "a\u{85}b",
                ] {
                    let reply = get(bad);
                    assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{bad:?}");
                    assert_eq!(reply.header("x-injected"), None);
                }
            }
        }
        let anonymous = Request::get("bucket", "o1")
            .anonymous()
            .query(parameter, "x");
        assert_eq!(
            server.send(&anonymous).error(),
            (400, "InvalidRequest".into())
        );
    }
}

#[test]
fn accelerated_names() {
    let server = server(ForceDownload::Off);
    let get = |host: &str| Request::get("bucket", "o1").host(host);
    let hosts = [
        "bucket.oss-accelerate.aliyuncs.com",
        "bucket.oss-accelerate-overseas.aliyuncs.com",
        "bucket.oss-accelerate.localhost",
    ];
    for host in hosts {
        let error = server.send(&get(host)).error();
        assert_eq!(
            error,
            (403, "TransferAccelerationDisabled".into()),
            "{host}"
        );
        // Nothing is told to those who may not ask.
        let private = Request::new("PUT", "bucket", "o1").host(host).anonymous();
        assert_eq!(server.send(&private).error(), (403, "AccessDenied".into()));
    }
    for enabled in [true, false] {
        let document = format!(
            "<TransferAccelerationConfiguration><Enabled>{enabled}</Enabled></TransferAccelerationConfiguration>"
        );
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime
            .block_on(server.store.update_bucket("bucket", move |bucket| {
                let document = document.clone().into_bytes();
                bucket
                    .configs
                    .insert("transferAcceleration".into(), document);
            }))
            .unwrap();
        for host in hosts {
            let reply = server.send(&get(host));
            assert_eq!(reply.status, if enabled { 200 } else { 403 }, "{host}");
        }
    }
    let list = Request::get("", "").host("oss-accelerate.aliyuncs.com");
    assert_eq!(server.send(&list).error(), (403, "AccessDenied".into()));
    let delete = Request::new("DELETE", "bucket", "").host("bucket.oss-accelerate.aliyuncs.com");
    assert_eq!(server.send(&delete).error(), (403, "AccessDenied".into()));
    // The internal name is another name of the same bucket.
    let internal = get("bucket.oss-cn-hangzhou-internal.aliyuncs.com");
    assert_eq!(server.send(&internal).status, 200);
}
