//! Tags of objects over HTTP: as a sub-resource, as a header of writes, on copies, and of versions.

mod support;

use support::*;

fn tagging(method: &str, key: &str) -> Request {
    Request::new(method, "bucket", key).query("tagging", "")
}

fn document(tags: &[(&str, &str)]) -> String {
    let tag =
        |(key, value): &(&str, &str)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let tags: String = tags.iter().map(tag).collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
}

fn put(server: &Server, key: &str, tags: &[(&str, &str)]) -> Reply {
    server.send(&tagging("PUT", key).body(document(tags).as_bytes()))
}

fn shown(server: &Server, key: &str) -> String {
    let reply = server.send(&tagging("GET", key));
    well_formed(&reply);
    assert_eq!(reply.status, 200, "{reply:?}");
    let text = reply.text();
    text[text.find("<Tagging>").unwrap()..].to_owned()
}

#[test]
fn tags_come_and_go_and_the_object_stays() {
    let server = Server::start();
    server.bucket("bucket");
    let before = server.put("bucket", "k", b"body");
    let etag = before.header("etag").unwrap().to_owned();
    let head = || server.send(&Request::new("HEAD", "bucket", "k"));
    let modified = head().header("last-modified").unwrap().to_owned();
    assert_eq!(head().header("x-oss-tagging-count"), None);
    assert_eq!(shown(&server, "k"), document(&[]));
    server
        .offset_ms
        .store(90_000, std::sync::atomic::Ordering::Relaxed);
    let two = [("a", "1"), ("中 +-=._:/", "")];
    let reply = put(&server, "k", &two);
    well_formed(&reply);
    assert_eq!((reply.status, reply.body.len()), (200, 0), "{reply:?}");
    assert_eq!(shown(&server, "k"), document(&two));
    assert_eq!(head().header("x-oss-tagging-count"), Some("2"));
    // All are replaced.
    assert_eq!(put(&server, "k", &[("b", "2")]).status, 200);
    assert_eq!(shown(&server, "k"), document(&[("b", "2")]));
    assert_eq!(head().header("last-modified"), Some(modified.as_str()));
    assert_eq!(head().header("etag"), Some(etag.as_str()));
    for _ in 0..2 {
        let reply = server.send(&tagging("DELETE", "k"));
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        assert_eq!(shown(&server, "k"), document(&[]));
    }
    assert_eq!(head().header("last-modified"), Some(modified.as_str()));
    assert_eq!(head().header("x-oss-tagging-count"), None);
}

#[test]
fn bad_tags_are_refused() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"body");
    assert_eq!(put(&server, "k", &[("kept", "1")]).status, 200);
    let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
    let eleven: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let eleven: Vec<(&str, &str)> = eleven.iter().map(|key| (key.as_str(), "")).collect();
    let cases: Vec<(String, &str)> = vec![
        (document(&[("a", "1"), ("a", "2")]), "InvalidTag"),
        (document(&[("", "1")]), "InvalidTag"),
        (document(&[(&long_key, "1")]), "InvalidTag"),
        (document(&[("a", &long_value)]), "InvalidTag"),
        (document(&[("a?", "1")]), "InvalidTag"),
        (document(&[("a", "&#10;")]), "InvalidTag"),
        (document(&eleven), "InvalidTag"),
        ("<Tagging/>".into(), "MalformedXML"),
        (
            "<Tagging><TagSet><Tag><Value>1</Value></Tag></TagSet></Tagging>".into(),
            "MalformedXML",
        ),
        ("<Tags><TagSet/></Tags>".into(), "MalformedXML"),
        ("<Tagging><TagSet>".into(), "MalformedXML"),
        (
            "<!DOCTYPE t><Tagging><TagSet/></Tagging>".into(),
            "MalformedXML",
        ),
        ("not xml".into(), "MalformedXML"),
        (String::new(), "MalformedXML"),
        (
            format!("<Tagging>{}</Tagging>", "<x>".repeat(50_000)),
            "MalformedXML",
        ),
        (
            format!("<Tagging><TagSet/>{}</Tagging>", " ".repeat(3 << 20)),
            "MalformedXML",
        ),
    ];
    for (body, code) in cases {
        let reply = server.send(&tagging("PUT", "k").body(body.as_bytes()));
        well_formed(&reply);
        assert_eq!(reply.error(), (400, code.into()), "{body:.60}");
    }
    let wrong = tagging("PUT", "k")
        .header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
        .body(document(&[]).as_bytes());
    assert_eq!(server.send(&wrong).error(), (400, "InvalidDigest".into()));
    assert_eq!(shown(&server, "k"), document(&[("kept", "1")]));
    for (header, code) in [
        ("a=1&a=2", "InvalidArgument"),
        ("a=%zz", "InvalidArgument"),
        ("=1", "InvalidTag"),
        ("a=%3C", "InvalidTag"),
        ("a&b&c&d&e&f&g&h&i&j&k", "InvalidTag"),
    ] {
        for request in [
            Request::new("PUT", "bucket", "new").body(b"x"),
            Request::new("POST", "bucket", "new").query("uploads", ""),
            Request::new("PUT", "bucket", "new")
                .header("x-oss-copy-source", "/bucket/k")
                .header("x-oss-tagging-directive", "Replace"),
            Request::new("PUT", "bucket", "new")
                .query("symlink", "")
                .header("x-oss-symlink-target", "k"),
        ] {
            let reply = server.send(&request.header("x-oss-tagging", header));
            assert_eq!(reply.error(), (400, code.into()), "{header}");
        }
    }
    for method in ["GET", "PUT", "DELETE"] {
        let body = document(&[]);
        let request = |bucket: &str, key: &str| {
            Request::new(method, bucket, key)
                .query("tagging", "")
                .body(body.as_bytes())
        };
        let absent = server.send(&request("bucket", "missing"));
        assert_eq!(absent.error(), (404, "NoSuchKey".into()), "{method}");
        let absent = server.send(&request("no-such-bucket", "k"));
        assert_eq!(absent.error(), (404, "NoSuchBucket".into()), "{method}");
        for denied in [
            request("bucket", "k").anonymous(),
            request("bucket", "k").by(OTHER_ID, OTHER_SECRET),
        ] {
            assert_eq!(
                server.send(&denied).error(),
                (403, "AccessDenied".into()),
                "{method}"
            );
        }
    }
}

#[test]
fn writes_bring_tags_along() {
    let server = Server::start();
    server.bucket("bucket");
    let put = Request::new("PUT", "bucket", "k")
        .header("x-oss-tagging", "a=1&b=%E4%B8%AD&c")
        .body(b"body");
    assert_eq!(server.send(&put).status, 200);
    let three = document(&[("a", "1"), ("b", "中"), ("c", "")]);
    assert_eq!(shown(&server, "k"), three);
    let copy = |directive: Option<&str>, header: Option<&str>| {
        let mut request =
            Request::new("PUT", "bucket", "copy").header("x-oss-copy-source", "/bucket/k");
        if let Some(directive) = directive {
            request = request.header("x-oss-tagging-directive", directive);
        }
        if let Some(header) = header {
            request = request.header("x-oss-tagging", header);
        }
        server.send(&request)
    };
    let replaced = document(&[("x", "9")]);
    for (directive, header, wanted) in [
        (None, None, &three),
        (Some("Copy"), Some("x=9"), &three),
        (Some("COPY"), None, &three),
        (Some("Replace"), Some("x=9"), &replaced),
        (Some("REPLACE"), None, &document(&[])),
    ] {
        let reply = copy(directive, header);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(&shown(&server, "copy"), wanted, "{directive:?} {header:?}");
    }
    assert_eq!(
        copy(Some("other"), None).error(),
        (400, "InvalidArgument".into())
    );
    // Overwriting forgets them.
    server.put("bucket", "k", b"again");
    assert_eq!(shown(&server, "k"), document(&[]));
    let begun = server.send(
        &Request::new("POST", "bucket", "k")
            .query("uploads", "")
            .header("x-oss-tagging", "u=1"),
    );
    let upload = begun.element("UploadId").unwrap();
    let part = Request::new("PUT", "bucket", "k")
        .query("partNumber", "1")
        .query("uploadId", &upload)
        .body(b"p");
    assert_eq!(server.send(&part).status, 200);
    let complete = Request::new("POST", "bucket", "k")
        .query("uploadId", &upload)
        .header("x-oss-complete-all", "yes");
    assert_eq!(server.send(&complete).status, 200);
    assert_eq!(shown(&server, "k"), document(&[("u", "1")]));
}

#[test]
fn each_version_has_its_own() {
    let server = Server::start();
    server.bucket("bucket");
    let enable = Request::new("PUT", "bucket", "")
        .query("versioning", "")
        .body(b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    assert_eq!(server.send(&enable).status, 200);
    let version = |body: &[u8]| {
        server
            .put("bucket", "k", body)
            .header("x-oss-version-id")
            .unwrap()
            .to_owned()
    };
    let (one, two) = (version(b"1"), version(b"2"));
    let at = |method: &str, version: &str| tagging(method, "k").query("versionId", version);
    for version in [&one, &two] {
        let tags = document(&[("of", &version[..8])]);
        let reply = server.send(&at("PUT", version).body(tags.as_bytes()));
        assert_eq!(
            (reply.status, reply.header("x-oss-version-id")),
            (200, Some(version.as_str()))
        );
    }
    for version in [&one, &two] {
        let reply = server.send(&at("GET", version));
        assert!(reply.text().ends_with(&document(&[("of", &version[..8])])));
        assert_eq!(reply.header("x-oss-version-id"), Some(version.as_str()));
    }
    assert_eq!(shown(&server, "k"), document(&[("of", &two[..8])]));
    let reply = server.send(&at("DELETE", &one));
    assert_eq!(
        (reply.status, reply.header("x-oss-version-id")),
        (204, Some(one.as_str()))
    );
    assert!(
        server
            .send(&at("GET", &one))
            .text()
            .ends_with(&document(&[]))
    );
    assert_eq!(shown(&server, "k"), document(&[("of", &two[..8])]));
    assert_eq!(
        server.send(&at("GET", "null")).error(),
        (404, "NoSuchVersion".into())
    );
    assert_eq!(
        server.send(&at("GET", "")).error(),
        (400, "InvalidArgument".into())
    );
}
