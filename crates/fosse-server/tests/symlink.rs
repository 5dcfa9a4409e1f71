//! Symlinks over HTTP: made, read, read through, listed, copied, versioned.

mod support;

use support::*;

fn link(bucket: &str, key: &str, target: &str) -> Request {
    Request::new("PUT", bucket, key)
        .query("symlink", "")
        .header("x-oss-symlink-target", target)
}

fn read(key: &str) -> Request {
    Request::get("bucket", key).query("symlink", "")
}

#[test]
fn a_link_is_read_and_read_through() {
    let server = Server::start();
    server.bucket("bucket");
    let put = Request::new("PUT", "bucket", "dir/targét +")
        .header("Content-Type", "text/plain")
        .header("x-oss-meta-of", "target")
        .body(b"123456789");
    assert_eq!(server.send(&put).status, 200);
    server
        .offset_ms
        .store(5_000, std::sync::atomic::Ordering::Relaxed);
    let request = link("bucket", "link", "dir%2Ftarg%C3%A9t%20%2B")
        .header("Content-Type", "text/html")
        .header("x-oss-meta-of", "link")
        .header("x-oss-storage-class", "IA");
    let made = server.send(&request);
    well_formed(&made);
    assert_eq!((made.status, made.body.len()), (200, 0), "{made:?}");
    let etag = made.header("etag").unwrap().to_owned();
    assert_eq!(etag.len(), 34);

    let got = server.send(&read("link"));
    well_formed(&got);
    assert_eq!((got.status, got.body.len()), (200, 0));
    assert_eq!(
        got.header("x-oss-symlink-target"),
        Some("dir/targ%C3%A9t%20%2B")
    );
    assert_eq!(got.header("etag"), Some(etag.as_str()));
    assert_eq!(got.header("x-oss-meta-of"), Some("link"));
    assert_eq!(got.header("x-oss-version-id"), None);
    let linked = got.header("last-modified").unwrap().to_owned();

    for method in ["GET", "HEAD"] {
        let reply = server.send(&Request::new(method, "bucket", "link"));
        assert_eq!(reply.status, 200, "{reply:?}");
        for (name, value) in [
            ("content-length", "9"),
            ("etag", "\"25F9E794323B453885F5181F1B624D0B\""),
            ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
            ("x-oss-hash-crc64ecma", "11051210869376104954"),
            ("last-modified", linked.as_str()),
            ("x-oss-object-type", "Symlink"),
            ("content-type", "text/html"),
            ("x-oss-meta-of", "link"),
            ("x-oss-storage-class", "IA"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{method} {name}");
        }
        if method == "GET" {
            assert_eq!(reply.body, b"123456789");
        }
    }
    // Its own facts, without following.
    let meta = server.send(&Request::new("HEAD", "bucket", "link").query("objectMeta", ""));
    assert_eq!(meta.header("content-length"), Some("0"));
    assert_eq!(meta.header("etag"), Some(etag.as_str()));
    // Ranges and conditions are about what is served.
    let part = server.send(&Request::get("bucket", "link").header("Range", "bytes=2-4"));
    assert_eq!(
        (part.status, part.body.as_slice()),
        (206, b"345".as_slice())
    );
    assert_eq!(part.header("content-range"), Some("bytes 2-4/9"));
    for (value, status) in [
        ("25F9E794323B453885F5181F1B624D0B", 200),
        (etag.as_str(), 412),
    ] {
        let request = Request::get("bucket", "link").header("If-Match", value);
        assert_eq!(server.send(&request).status, status, "{value}");
    }
    // When the target changes later, so does the time of what is served.
    server
        .offset_ms
        .store(60_000, std::sync::atomic::Ordering::Relaxed);
    server.put("bucket", "dir/targét +", b"changed");
    let reply = server.send(&Request::get("bucket", "link"));
    assert_eq!(reply.body, b"changed");
    assert_ne!(reply.header("last-modified"), Some(linked.as_str()));

    for sub in [("list-type", "2"), ("prefix", "link")] {
        let list = server.send(
            &Request::get("bucket", "")
                .query(sub.0, sub.1)
                .query("prefix", "link"),
        );
        assert_eq!(list.element("Type").as_deref(), Some("Symlink"));
        assert_eq!(list.element("Size").as_deref(), Some("0"));
        assert_eq!(list.element("StorageClass").as_deref(), Some("IA"));
    }
    // Deleting a link leaves the target.
    assert_eq!(
        server
            .send(&Request::new("DELETE", "bucket", "link"))
            .status,
        204
    );
    assert_eq!(
        server.send(&read("link")).error(),
        (404, "NoSuchKey".into())
    );
    assert_eq!(
        server.send(&Request::get("bucket", "dir/targét +")).status,
        200
    );
}

#[test]
fn links_that_lead_nowhere() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "object", b"body");
    // Any key may be the target, present or not.
    for (key, target) in [
        ("nowhere", "missing"),
        ("link", "object"),
        ("double", "link"),
        ("self", "self"),
    ] {
        assert_eq!(server.send(&link("bucket", key, target)).status, 200);
    }
    for (key, status, code) in [
        ("nowhere", 404, "SymlinkTargetNotExist"),
        ("double", 400, "InvalidTargetType"),
        ("self", 400, "InvalidTargetType"),
    ] {
        let reply = server.send(&Request::get("bucket", key));
        well_formed(&reply);
        assert_eq!(reply.error(), (status, code.into()), "{key}");
        let head = server.send(&Request::new("HEAD", "bucket", key));
        assert_eq!(head.status, status, "{key}");
        assert!(head.header("x-oss-err").is_some());
        assert_eq!(server.send(&read(key)).status, 200);
    }
    let reply = server.send(&read("object"));
    assert_eq!(reply.error(), (400, "NotSymlink".into()));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("The object is not symlink.")
    );
    assert_eq!(
        server.send(&read("missing")).error(),
        (404, "NoSuchKey".into())
    );

    let without = Request::new("PUT", "bucket", "k").query("symlink", "");
    let long = "a".repeat(1024);
    for request in [
        without.clone(),
        link("bucket", "k", ""),
        link("bucket", "k", "%zz"),
        link("bucket", "k", "%ff"),
        link("bucket", "k", "%2Fabsolute"),
        link("bucket", "k", &long),
        link("bucket", "k", "t").header("x-oss-object-acl", "public"),
        link("bucket", "k", "t").header("x-oss-storage-class", "Cold"),
    ] {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(
            reply.error(),
            (400, "InvalidArgument".into()),
            "{request:?}"
        );
        assert_eq!(server.send(&read("k")).status, 404);
    }
    let forbidden = link("bucket", "object", "t").header("x-oss-forbid-overwrite", "true");
    assert_eq!(
        server.send(&forbidden).error(),
        (409, "FileAlreadyExists".into())
    );
    let absent = link("no-such-bucket", "k", "t");
    assert_eq!(server.send(&absent).error(), (404, "NoSuchBucket".into()));
    for denied in [
        link("bucket", "k", "t").anonymous(),
        link("bucket", "k", "t").by(OTHER_ID, OTHER_SECRET),
        read("link").anonymous(),
    ] {
        assert_eq!(server.send(&denied).error(), (403, "AccessDenied".into()));
    }
}

#[test]
fn both_acls_count() {
    let server = Server::start();
    server.bucket("bucket");
    for (target_acl, link_acl, status) in [
        ("public-read", "public-read", 200),
        ("private", "public-read", 403),
        ("public-read", "private", 403),
    ] {
        let put = Request::new("PUT", "bucket", "object")
            .header("x-oss-object-acl", target_acl)
            .body(b"body");
        assert_eq!(server.send(&put).status, 200);
        let made = link("bucket", "link", "object").header("x-oss-object-acl", link_acl);
        assert_eq!(server.send(&made).status, 200);
        let reply = server.send(&Request::get("bucket", "link").anonymous());
        assert_eq!(reply.status, status, "{target_acl} {link_acl}");
        assert_eq!(server.send(&Request::get("bucket", "link")).status, 200);
    }
    // Whether a private target exists is nobody else's business.
    let made = link("bucket", "link", "missing").header("x-oss-object-acl", "public-read");
    assert_eq!(server.send(&made).status, 200);
    let reply = server.send(&Request::get("bucket", "link").anonymous());
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
}

#[test]
fn links_are_copied_and_versioned() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "object", b"body");
    let enable = Request::new("PUT", "bucket", "")
        .query("versioning", "")
        .body(b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    assert_eq!(server.send(&enable).status, 200);
    let first = server.send(&link("bucket", "link", "object"));
    let first = first.header("x-oss-version-id").unwrap().to_owned();
    let second = server.send(&link("bucket", "link", "missing"));
    let second = second.header("x-oss-version-id").unwrap().to_owned();
    for (version, target) in [(&first, "object"), (&second, "missing")] {
        let reply = server.send(&read("link").query("versionId", version));
        assert_eq!(reply.header("x-oss-symlink-target"), Some(target));
        assert_eq!(reply.header("x-oss-version-id"), Some(version.as_str()));
    }
    let through = server.send(&Request::get("bucket", "link").query("versionId", &first));
    assert_eq!(through.body, b"body");
    assert_eq!(through.header("x-oss-version-id"), Some(first.as_str()));
    for directive in ["COPY", "REPLACE"] {
        let copy = Request::new("PUT", "bucket", "copy")
            .header(
                "x-oss-copy-source",
                format!("/bucket/link?versionId={first}"),
            )
            .header("x-oss-metadata-directive", directive);
        let reply = server.send(&copy);
        assert_eq!(reply.status, 200, "{reply:?}");
        let copied = server.send(&read("copy"));
        assert_eq!(copied.header("x-oss-symlink-target"), Some("object"));
        assert_eq!(server.send(&Request::get("bucket", "copy")).body, b"body");
    }
    // The target is always the current version: a marker is no target.
    server.send(&Request::new("DELETE", "bucket", "object"));
    let reply = server.send(&Request::get("bucket", "copy"));
    assert_eq!(reply.error(), (404, "SymlinkTargetNotExist".into()));
    // Whatever replaces a link is no link any more.
    server.put("bucket", "copy", b"plain");
    assert_eq!(
        server.send(&read("copy")).error(),
        (400, "NotSymlink".into())
    );
}

/// Whether bytes may be read is a matter of the object that holds them.
#[test]
fn an_archived_target_is_not_read_through_a_link() {
    let server = Server::start();
    server.bucket("bucket");
    let put = Request::new("PUT", "bucket", "cold")
        .header("x-oss-storage-class", "Archive")
        .body(b"body");
    assert_eq!(server.send(&put).status, 200);
    assert_eq!(server.send(&link("bucket", "link", "cold")).status, 200);
    let reply = server.send(&Request::get("bucket", "link"));
    assert_eq!(reply.error(), (403, "InvalidObjectState".into()));
    assert_eq!(
        server.send(&Request::new("HEAD", "bucket", "link")).status,
        200
    );
    let restore = Request::new("POST", "bucket", "cold").query("restore", "");
    assert_eq!(server.send(&restore).status, 202);
    assert_eq!(server.send(&Request::get("bucket", "link")).body, b"body");
    // The other way round: a link of a cold class to an object that is not.
    server.put("bucket", "warm", b"warm");
    let cold = link("bucket", "cold-link", "warm").header("x-oss-storage-class", "Archive");
    assert_eq!(server.send(&cold).status, 200);
    assert_eq!(
        server.send(&Request::get("bucket", "cold-link")).body,
        b"warm"
    );
}
