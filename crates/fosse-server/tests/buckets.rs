//! Buckets over HTTP: their life, listings, ACLs and CORS.

mod support;

use support::*;

#[test]
fn a_bucket_lives_and_dies() {
    let server = Server::start();
    let put = |name: &str| Request::new("PUT", name, "");
    let reply = server.send(&put("first-bucket").header("x-oss-acl", "public-read"));
    well_formed(&reply);
    assert_eq!(
        (reply.status, reply.header("location")),
        (200, Some("/first-bucket"))
    );
    assert_eq!(
        server.send(&put("first-bucket")).status,
        200,
        "a repeat changes nothing"
    );
    let info = server.send(&Request::get("first-bucket", "").query("bucketInfo", ""));
    assert_eq!(info.element("Grant").as_deref(), Some("public-read"));
    assert_eq!(info.element("Location").as_deref(), Some("oss-cn-hangzhou"));
    assert_eq!(info.element("StorageClass").as_deref(), Some("Standard"));
    assert_eq!(info.element("ID").as_deref(), Some(OWNER));
    assert_eq!(
        info.element("ExtranetEndpoint"),
        Some(server.address.to_string())
    );
    assert_eq!(
        server
            .send(&put("first-bucket").header("x-oss-acl", "private"))
            .status,
        200
    );
    let acl = server.send(&Request::get("first-bucket", "").query("acl", ""));
    assert_eq!(acl.element("Grant").as_deref(), Some("private"));

    let class =
        b"<CreateBucketConfiguration><StorageClass>IA</StorageClass></CreateBucketConfiguration>";
    let reply = server.send(&put("first-bucket").body(class));
    assert_eq!(reply.error(), (409, "BucketAlreadyExists".into()));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("Cannot modify existing bucket's storage class.")
    );
    let reply = server.send(&put("first-bucket").by(OTHER_ID, OTHER_SECRET));
    assert_eq!(reply.error(), (409, "BucketAlreadyExists".into()));

    for (request, expected) in [
        (put("Bad_Name"), (400, "InvalidBucketName")),
        (put("ab"), (400, "InvalidBucketName")),
        (put("new-bucket").header("x-oss-acl", "everybody"), (400, "InvalidArgument")),
        (put("new-bucket").body(b"<nonsense/>"), (400, "MalformedXML")),
        (put("new-bucket").body(b"not xml"), (400, "MalformedXML")),
        (
            put("new-bucket")
                .body(b"<CreateBucketConfiguration><StorageClass>Gold</StorageClass></CreateBucketConfiguration>"),
            (400, "InvalidArgument"),
        ),
        (put("new-bucket").anonymous(), (403, "AccessDenied")),
        (Request::get("no-bucket", "").query("bucketInfo", ""), (404, "NoSuchBucket")),
        (Request::get("no-bucket", "k").anonymous(), (404, "NoSuchBucket")),
    ] {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.error(), (expected.0, expected.1.to_owned()), "{request:?}");
    }

    let location = server.send(&Request::get("first-bucket", "").query("location", ""));
    assert_eq!(
        location.element("LocationConstraint").as_deref(),
        Some("oss-cn-hangzhou")
    );
    server.put("first-bucket", "k", b"12345");
    let stat = server.send(&Request::get("first-bucket", "").query("stat", ""));
    assert_eq!(stat.element("Storage").as_deref(), Some("5"));
    assert_eq!(stat.element("ObjectCount").as_deref(), Some("1"));
    let reply = server.send(&Request::new("DELETE", "first-bucket", ""));
    assert_eq!(reply.error(), (409, "BucketNotEmpty".into()));
    assert_eq!(reply.element("BucketName").as_deref(), Some("first-bucket"));
    server.send(&Request::new("DELETE", "first-bucket", "k"));
    assert_eq!(
        server
            .send(&Request::new("DELETE", "first-bucket", ""))
            .status,
        204
    );
    assert_eq!(
        server
            .send(&Request::new("DELETE", "first-bucket", ""))
            .error(),
        (404, "NoSuchBucket".into())
    );
}

#[test]
fn buckets_are_listed_to_their_owner() {
    let server = Server::with(|config| config.max_buckets = 3);
    for name in ["bbb", "aaa", "abc"] {
        server.bucket(name);
    }
    let reply = server.send(&Request::new("PUT", "ddd", ""));
    assert_eq!(reply.error(), (400, "TooManyBuckets".into()));
    let all = server.send(&Request::get("", "")).text();
    let place = |name: &str| all.find(&format!("<Name>{name}</Name>")).unwrap();
    assert!(place("aaa") < place("abc") && place("abc") < place("bbb"));
    assert!(all.contains("<Region>cn-hangzhou</Region>"));
    let page = server.send(
        &Request::get("", "")
            .query("prefix", "a")
            .query("max-keys", "1"),
    );
    assert_eq!(page.element("Name").as_deref(), Some("aaa"));
    assert_eq!(page.element("IsTruncated").as_deref(), Some("true"));
    assert_eq!(page.element("NextMarker").as_deref(), Some("aaa"));
    let next = server.send(
        &Request::get("", "")
            .query("prefix", "a")
            .query("marker", "aaa"),
    );
    assert_eq!(next.element("Name").as_deref(), Some("abc"));
    assert_eq!(next.element("IsTruncated").as_deref(), Some("false"));
    let other = server.send(&Request::get("", "").by(OTHER_ID, OTHER_SECRET));
    assert_eq!(other.element("Buckets").as_deref(), Some(""));
    let reply = server.send(&Request::get("", "").anonymous());
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
    for bad in ["0", "1001", "-1", "x"] {
        let reply = server.send(&Request::get("", "").query("max-keys", bad));
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{bad}");
    }
}

/// Texts of all elements of a name.
fn texts(reply: &Reply, name: &str) -> Vec<String> {
    let text = reply.text();
    text.split(&format!("<{name}>"))
        .skip(1)
        .map(|rest| rest.split(&format!("</{name}>")).next().unwrap().to_owned())
        .collect()
}

#[test]
fn listings_page_and_group() {
    let server = Server::start();
    server.bucket("bucket");
    let keys = ["a", "dir/1", "dir/2", "dir/sub/3", "z z+", "é"];
    for key in keys {
        server.put("bucket", key, key.as_bytes());
    }
    let list = || Request::get("bucket", "");
    let v1 = server.send(&list());
    well_formed(&v1);
    assert_eq!(texts(&v1, "Key"), keys);
    assert_eq!(v1.element("MaxKeys").as_deref(), Some("100"));
    assert_eq!(
        texts(&v1, "ID").len(),
        keys.len(),
        "V1 names the owner of each"
    );
    let url = server.send(&list().query("encoding-type", "url"));
    assert_eq!(url.element("EncodingType").as_deref(), Some("url"));
    assert_eq!(texts(&url, "Key")[4..], ["z%20z%2B", "%C3%A9"]);

    let grouped = server.send(&list().query("delimiter", "/"));
    assert_eq!(texts(&grouped, "Key"), ["a", "z z+", "é"]);
    assert!(
        grouped
            .text()
            .contains("<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes>")
    );

    // Every page size gives the same sequence, in both versions.
    for size in 1..=4 {
        for version in [1, 2] {
            let mut seen = Vec::new();
            let mut from = String::new();
            loop {
                let mut request = list().query("max-keys", &size.to_string());
                if version == 2 {
                    request = request.query("list-type", "2");
                }
                if !from.is_empty() {
                    let name = if version == 1 {
                        "marker"
                    } else {
                        "continuation-token"
                    };
                    request = request.query(name, &from);
                }
                let page = server.send(&request);
                assert_eq!(page.status, 200, "{page:?}");
                seen.extend(texts(&page, "Key"));
                if page.element("IsTruncated").as_deref() == Some("false") {
                    assert_eq!(page.element("NextMarker"), None);
                    break;
                }
                let next = if version == 1 {
                    "NextMarker"
                } else {
                    "NextContinuationToken"
                };
                from = page.element(next).unwrap();
            }
            assert_eq!(seen, keys, "size {size} version {version}");
        }
    }
    let v2 = server.send(&list().query("list-type", "2").query("start-after", "dir/2"));
    assert_eq!(texts(&v2, "Key"), ["dir/sub/3", "z z+", "é"]);
    assert_eq!(v2.element("KeyCount").as_deref(), Some("3"));
    assert!(texts(&v2, "Owner").is_empty());
    let owned = server.send(&list().query("list-type", "2").query("fetch-owner", "true"));
    assert_eq!(texts(&owned, "Owner").len(), keys.len());
    for (name, value) in [
        ("max-keys", "0"),
        ("max-keys", "1001"),
        ("encoding-type", "base64"),
        ("list-type", "3"),
        ("prefix", &"x".repeat(1024)),
    ] {
        let reply = server.send(&list().query(name, value));
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{name}");
    }
    let token = list()
        .query("list-type", "2")
        .query("continuation-token", "!!");
    assert_eq!(server.send(&token).error(), (400, "InvalidArgument".into()));
}

#[test]
fn many_are_deleted_at_once() {
    let server = Server::start();
    server.bucket("bucket");
    for key in ["a", "b&c", "d\u{1}e"] {
        server.put("bucket", key, b"x");
    }
    let post = |body: &str| {
        Request::new("POST", "bucket", "")
            .query("delete", "")
            .body(body.as_bytes())
    };
    let reply = server.send(&post(
        "<Delete><Quiet>false</Quiet><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object>\
         <Object><Key>never</Key></Object></Delete>",
    ));
    well_formed(&reply);
    assert_eq!(texts(&reply, "Key"), ["a", "b&amp;c", "never"]);
    let quiet = server.send(
        &post("<Delete><Quiet>true</Quiet><Object><Key>d&#x01;e</Key></Object></Delete>")
            .query("encoding-type", "url"),
    );
    assert_eq!((quiet.status, quiet.body.len()), (200, 0));
    assert!(texts(&server.send(&Request::get("bucket", "")), "Key").is_empty());
    let many = format!(
        "<Delete>{}</Delete>",
        "<Object><Key>k</Key></Object>".repeat(1001)
    );
    for (body, code) in [
        ("<Delete></Delete>", "MalformedXML"),
        ("<Delete><Object></Object></Delete>", "MalformedXML"),
        ("", "MalformedXML"),
        (
            "<Delete><Object><Key>/a</Key></Object></Delete>",
            "InvalidObjectName",
        ),
        (many.as_str(), "MalformedXML"),
        (
            "<!DOCTYPE x [<!ENTITY e \"e\">]><Delete><Object><Key>&e;</Key></Object></Delete>",
            "MalformedXML",
        ),
    ] {
        assert_eq!(
            server.send(&post(body)).error(),
            (400, code.to_owned()),
            "{body:.60}"
        );
    }
    let wrong = post("<Delete><Object><Key>a</Key></Object></Delete>")
        .header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    assert_eq!(server.send(&wrong).error(), (400, "InvalidDigest".into()));
    let huge = post(&format!("<Delete>{}</Delete>", " ".repeat(3 << 20)));
    assert_eq!(server.send(&huge).error(), (400, "MalformedXML".into()));
}

#[test]
fn acls_open_exactly_what_they_say() {
    let server = Server::start();
    for (bucket, acl) in [
        ("private", "private"),
        ("readable", "public-read"),
        ("writable", "public-read-write"),
    ] {
        assert_eq!(
            server
                .send(&Request::new("PUT", bucket, "").header("x-oss-acl", acl))
                .status,
            200
        );
        for object in ["default", "private", "public-read", "public-read-write"] {
            let put = Request::new("PUT", bucket, object).header("x-oss-object-acl", object);
            assert_eq!(server.send(&put.body(b"x")).status, 200);
        }
    }
    let strangers = |request: Request| {
        let other = server
            .send(&request.clone().by(OTHER_ID, OTHER_SECRET))
            .status;
        let anonymous = server.send(&request.anonymous()).status;
        assert_eq!(other, anonymous, "a stranger with a key is a stranger");
        anonymous
    };
    for bucket in ["private", "readable", "writable"] {
        for object in ["default", "private", "public-read", "public-read-write"] {
            let effective = if object == "default" {
                match bucket {
                    "private" => "private",
                    "readable" => "public-read",
                    _ => "public-read-write",
                }
            } else {
                object
            };
            let read = if effective == "private" { 403 } else { 200 };
            assert_eq!(
                strangers(Request::get(bucket, object)),
                read,
                "read {bucket}/{object}"
            );
            assert_eq!(
                strangers(Request::new("HEAD", bucket, object)),
                read,
                "{bucket}/{object}"
            );
            let write = if effective == "public-read-write" {
                200
            } else {
                403
            };
            let put = Request::new("PUT", bucket, object)
                .header("x-oss-object-acl", object)
                .body(b"y");
            assert_eq!(strangers(put), write, "write {bucket}/{object}");
            assert_eq!(
                strangers(Request::get(bucket, object).query("acl", "")),
                403
            );
            assert_eq!(
                strangers(Request::new("PUT", bucket, object).query("acl", "")),
                403
            );
        }
        // Absent and forbidden look the same to who may not read.
        let absent = if bucket == "private" { 403 } else { 404 };
        assert_eq!(strangers(Request::get(bucket, "absent")), absent);
        for request in [
            Request::get(bucket, ""),
            Request::get(bucket, "").query("list-type", "2"),
            Request::get(bucket, "").query("acl", ""),
            Request::get(bucket, "").query("bucketInfo", ""),
            Request::new("PUT", bucket, "")
                .query("acl", "")
                .header("x-oss-acl", "public-read"),
            Request::new("DELETE", bucket, ""),
        ] {
            assert_eq!(strangers(request.clone()), 403, "{request:?}");
        }
    }
    let reply = server.send(&Request::get("private", "default").anonymous());
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
    assert_eq!(reply.header("x-oss-ec"), Some("0003-00000001"));
    let set = Request::new("PUT", "private", "default")
        .query("acl", "")
        .header("x-oss-object-acl", "public-read");
    assert_eq!(server.send(&set).status, 200);
    assert_eq!(
        server
            .send(&Request::get("private", "default").anonymous())
            .status,
        200
    );
    let acl = server.send(&Request::get("private", "default").query("acl", ""));
    assert_eq!(acl.element("Grant").as_deref(), Some("public-read"));
    // Many at once: all of them or none.
    let delete = |keys: &[&str]| {
        let keys: String = keys
            .iter()
            .map(|key| format!("<Object><Key>{key}</Key></Object>"))
            .collect();
        Request::new("POST", "writable", "")
            .query("delete", "")
            .body(format!("<Delete>{keys}</Delete>").as_bytes())
            .anonymous()
    };
    let reply = server.send(&delete(&["default", "private", "public-read-write"]));
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
    for key in ["default", "private", "public-read-write"] {
        assert_eq!(server.send(&Request::get("writable", key)).status, 200);
    }
    let reply = server.send(&delete(&["default", "public-read-write"]));
    assert_eq!(texts(&reply, "Key"), ["default", "public-read-write"]);
    assert_eq!(
        server.send(&Request::get("writable", "default")).status,
        404
    );
}

#[test]
fn scripts_of_other_origins_follow_the_rules() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"x");
    let cors = || Request::new("PUT", "bucket", "").query("cors", "");
    let get = || Request::get("bucket", "").query("cors", "");
    assert_eq!(
        server.send(&get()).error(),
        (404, "NoSuchCORSConfiguration".into())
    );
    let preflight = |origin: &str, method: &str| {
        Request::new("OPTIONS", "bucket", "k")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", method)
            .anonymous()
    };
    assert_eq!(
        server.send(&preflight("https://a.example", "GET")).error(),
        (403, "AccessForbidden".into())
    );
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example</AllowedOrigin>\
        <AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader>\
        <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>";
    assert_eq!(server.send(&cors().body(rules.as_bytes())).status, 200);
    assert_eq!(texts(&server.send(&get()), "AllowedMethod"), ["GET", "PUT"]);
    let reply = server.send(
        &preflight("https://a.example", "PUT")
            .header("Access-Control-Request-Headers", "x-oss-meta-a"),
    );
    well_formed(&reply);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("https://a.example")
    );
    assert_eq!(
        reply.header("access-control-allow-methods"),
        Some("GET, PUT")
    );
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("x-oss-meta-a")
    );
    assert_eq!(reply.header("access-control-expose-headers"), Some("ETag"));
    assert_eq!(reply.header("access-control-max-age"), Some("60"));
    assert_eq!(reply.header("vary"), Some("Origin"));
    for refused in [
        preflight("https://a.example", "DELETE"),
        preflight("http://a.other", "GET"),
        preflight("https://a.example", "GET")
            .header("Access-Control-Request-Headers", "authorization"),
    ] {
        assert_eq!(
            server.send(&refused).error(),
            (403, "AccessForbidden".into())
        );
    }
    let bare = Request::new("OPTIONS", "bucket", "k").anonymous();
    assert_eq!(server.send(&bare).error(), (400, "BadRequest".into()));
    // Actual requests, on success and on refusal.
    for (request, status) in [
        (Request::get("bucket", "k"), 200),
        (Request::get("bucket", "none"), 404),
        (Request::get("bucket", "k").anonymous(), 403),
    ] {
        let reply = server.send(&request.clone().header("Origin", "https://a.example"));
        assert_eq!(reply.status, status);
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("https://a.example")
        );
        let reply = server.send(&request.header("Origin", "https://evil.test"));
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin")),
            (status, None)
        );
    }
    for bad in ["<CORSConfiguration></CORSConfiguration>", "x", "<a/>"] {
        assert_eq!(
            server.send(&cors().body(bad.as_bytes())).error(),
            (400, "MalformedXML".into())
        );
    }
    assert_eq!(
        server
            .send(&Request::new("DELETE", "bucket", "").query("cors", ""))
            .status,
        204
    );
    assert_eq!(
        server.send(&get()).error(),
        (404, "NoSuchCORSConfiguration".into())
    );
}

/// The suite of ali-oss sets an ACL on a bucket that is not there and reads its name from `Location`.
#[test]
fn an_acl_makes_the_bucket_that_is_not_there() {
    let server = Server::start();
    let set = Request::new("PUT", "made-by-acl", "")
        .query("acl", "")
        .header("x-oss-acl", "public-read");
    let refused = server.send(&set.clone().anonymous());
    assert_eq!(refused.error(), (404, "NoSuchBucket".into()));
    for _ in 0..2 {
        let reply = server.send(&set);
        well_formed(&reply);
        assert_eq!(
            (reply.status, reply.header("location")),
            (200, Some("/made-by-acl"))
        );
    }
    let acl = server.send(&Request::get("made-by-acl", "").query("acl", ""));
    assert_eq!(acl.element("Grant").as_deref(), Some("public-read"));
}
