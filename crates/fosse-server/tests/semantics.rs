//! Rows of the tables of conditions and ranges that concern combinations, versions, links and who asks.

mod support;

use support::*;

const OLD: &str = "Mon, 02 Jan 2006 15:04:05 GMT";

fn enable(server: &Server) {
    let body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let request = Request::new("PUT", "bucket", "")
        .query("versioning", "")
        .body(body);
    assert_eq!(server.send(&request).status, 200);
}

#[test]
fn ranges_at_the_edges() {
    let server = Server::start();
    server.bucket("bucket");
    let body: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
    server.put("bucket", "k", &body);
    for (range, standard, status, bytes) in [
        ("bytes=-1000", false, 206, 0..1000),
        ("bytes=0-999", false, 206, 0..1000),
        ("bytes=999-", false, 206, 999..1000),
        ("bytes=1000-", false, 200, 0..1000),
        ("bytes=0-1,5-6", false, 206, 0..2),
        ("Bytes=0-1", false, 206, 0..2),
        ("bytes=0-99999999999999999999999", false, 200, 0..1000),
        ("bytes=1000-", true, 416, 0..0),
        ("bytes=0-1000", true, 206, 0..1000),
        ("bytes=-2000", true, 206, 0..1000),
        ("bytes=-0", true, 416, 0..0),
        ("bytes=5-2", true, 200, 0..1000),
        ("items=0-4", true, 200, 0..1000),
        ("bytes=a-b", true, 200, 0..1000),
        ("bytes=0-99999999999999999999999", true, 206, 0..1000),
        ("bytes=0-1,5-6", true, 206, 0..2),
    ] {
        let behaviour = if standard { "standard" } else { "other" };
        let request = Request::get("bucket", "k")
            .header("Range", range)
            .header("x-oss-range-behavior", behaviour);
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.status, status, "{range} {standard}");
        match status {
            416 => {
                assert_eq!(reply.error().1, "InvalidRange");
                assert_eq!(reply.element("RangeHeader").as_deref(), Some(range));
                assert_eq!(reply.header("content-range"), Some("bytes */1000"));
            }
            _ => assert_eq!(reply.body, body[bytes], "{range} {standard}"),
        }
        // HEAD knows no ranges.
        let head = Request::new("HEAD", "bucket", "k")
            .header("Range", range)
            .header("x-oss-range-behavior", behaviour);
        let head = server.send(&head);
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-length"), Some("1000"));
    }
    server.put("bucket", "empty", b"");
    for (range, standard, status) in [
        ("bytes=0-0", false, 200),
        ("bytes=-5", false, 200),
        ("bytes=0-0", true, 416),
        ("bytes=-5", true, 416),
    ] {
        let mut request = Request::get("bucket", "empty").header("Range", range);
        if standard {
            request = request.header("x-oss-range-behavior", "standard");
        }
        assert_eq!(server.send(&request).status, status, "{range} {standard}");
    }
    let head = server.send(&Request::new("HEAD", "bucket", "k"));
    let modified = head.header("last-modified").unwrap();
    let etag = head.header("etag").unwrap();
    let weak = format!("W/{etag}");
    for (condition, status) in [(etag, 206), (modified, 206), (OLD, 200), (&weak, 200)] {
        let request = Request::get("bucket", "k")
            .header("Range", "bytes=0-9")
            .header("If-Range", condition);
        assert_eq!(server.send(&request).status, status, "{condition}");
    }
}

#[test]
fn conditions_come_together() {
    let server = Server::start();
    server.bucket("bucket");
    enable(&server);
    let reply = server.put("bucket", "k", b"first");
    let first = reply.header("x-oss-version-id").unwrap().to_owned();
    let first_tag = reply.header("etag").unwrap().to_owned();
    server
        .offset_ms
        .store(120_000, std::sync::atomic::Ordering::Relaxed);
    let etag = server.put("bucket", "k", b"second");
    let etag = etag.header("etag").unwrap().to_owned();
    let at = |version: Option<&str>| {
        let mut head = Request::new("HEAD", "bucket", "k");
        if let Some(version) = version {
            head = head.query("versionId", version);
        }
        let reply = server.send(&head);
        reply.header("last-modified").unwrap().to_owned()
    };
    let (then, now) = (at(Some(&first)), at(None));
    assert_ne!(then, now);
    let other = "\"00000000000000000000000000000000\"";
    for method in ["GET", "HEAD"] {
        for (headers, status) in [
            ([("If-Match", &*etag), ("If-Unmodified-Since", &*now)], 200),
            ([("If-Match", &*etag), ("If-Unmodified-Since", &*then)], 412),
            ([("If-Match", other), ("If-Unmodified-Since", &*now)], 412),
            (
                [("If-None-Match", &*etag), ("If-Modified-Since", &*then)],
                304,
            ),
            (
                [("If-None-Match", other), ("If-Modified-Since", &*now)],
                200,
            ),
            ([("If-Match", &*etag), ("If-None-Match", &*etag)], 304),
            ([("If-Match", other), ("If-None-Match", &*etag)], 412),
            (
                [
                    ("If-Modified-Since", &*then),
                    ("If-Unmodified-Since", &*now),
                ],
                200,
            ),
            (
                [("If-Modified-Since", &*now), ("If-Unmodified-Since", &*now)],
                304,
            ),
            (
                [("If-Match", &*etag), ("Range", "bytes=0-0")],
                if method == "GET" { 206 } else { 200 },
            ),
            ([("If-Match", other), ("Range", "bytes=0-0")], 412),
        ] {
            let mut request = Request::new(method, "bucket", "k");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let reply = server.send(&request);
            well_formed(&reply);
            assert_eq!(reply.status, status, "{method} {headers:?}");
        }
        // The version that is named is judged, not the newest.
        for (version, name, value, status) in [
            (Some(&first), "If-Match", &first_tag, 200),
            (Some(&first), "If-Match", &etag, 412),
            (None, "If-Match", &first_tag, 412),
            (Some(&first), "If-Modified-Since", &then, 304),
            (None, "If-Modified-Since", &then, 200),
        ] {
            let mut request = Request::new(method, "bucket", "k").header(name, value);
            if let Some(version) = version {
                request = request.query("versionId", version);
            }
            let reply = server.send(&request);
            assert_eq!(reply.status, status, "{method} {version:?} {name}");
        }
    }
    let part = Request::get("bucket", "k")
        .query("versionId", &first)
        .header("Range", "bytes=1-2");
    assert_eq!(server.send(&part).body, b"ir");
}

#[test]
fn deleting_versions_of_a_bucket_without_versioning() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"x");
    enable(&server);
    let id = server.put("bucket", "other", b"x");
    let id = id.header("x-oss-version-id").unwrap().to_owned();
    let plain = Server::start();
    plain.bucket("bucket");
    plain.put("bucket", "k", b"x");
    let delete = |version: &str| {
        let request = Request::new("DELETE", "bucket", "k").query("versionId", version);
        plain.send(&request)
    };
    // A well-formed id that is not there: nothing happens.
    let reply = delete(&id);
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("x-oss-version-id"), None);
    assert_eq!(plain.send(&Request::get("bucket", "k")).status, 200);
    for malformed in ["", "x"] {
        let reply = delete(malformed);
        assert_eq!(reply.error(), (400, "InvalidArgument".into()));
    }
    let null = Request::get("bucket", "k").query("versionId", "null");
    assert_eq!(plain.send(&null).status, 200);
    assert_eq!(delete("null").status, 204);
    assert_eq!(plain.send(&Request::get("bucket", "k")).status, 404);
}

#[test]
fn copies_onto_oneself_among_versions() {
    let server = Server::start();
    server.bucket("bucket");
    enable(&server);
    let put = Request::new("PUT", "bucket", "k")
        .header("x-oss-meta-a", "1")
        .body(b"body");
    let version = server.send(&put);
    let version = version.header("x-oss-version-id").unwrap().to_owned();
    let copy = || {
        Request::new("PUT", "bucket", "k")
            .header("x-oss-copy-source", "/bucket/k")
            .header("x-oss-meta-b", "2")
    };
    // The directive is obeyed: only without versions is this how metadata is edited.
    assert_eq!(server.send(&copy()).status, 200);
    let head = server.send(&Request::new("HEAD", "bucket", "k"));
    assert_eq!(head.header("x-oss-meta-a"), Some("1"));
    assert_eq!(head.header("x-oss-meta-b"), None);
    let replace = copy().header("x-oss-metadata-directive", "REPLACE");
    assert_eq!(server.send(&replace).status, 200);
    let head = server.send(&Request::new("HEAD", "bucket", "k"));
    assert_eq!(head.header("x-oss-meta-a"), None);
    assert_eq!(head.header("x-oss-meta-b"), Some("2"));
    let old = Request::new("HEAD", "bucket", "k").query("versionId", &version);
    assert_eq!(server.send(&old).header("x-oss-meta-a"), Some("1"));
    for (name, value, status) in [
        ("x-oss-copy-source-if-match", "\"00\"", 412),
        ("x-oss-copy-source-if-none-match", "*", 304),
        ("x-oss-copy-source-if-unmodified-since", OLD, 412),
        ("x-oss-copy-source-if-modified-since", OLD, 200),
    ] {
        assert_eq!(
            server.send(&copy().header(name, value)).status,
            status,
            "{name}"
        );
    }
}

#[test]
fn only_who_may_read_tags_learns_their_number() {
    let server = Server::start();
    server.bucket("bucket");
    let put = Request::new("PUT", "bucket", "k")
        .header("x-oss-object-acl", "public-read")
        .header("x-oss-tagging", "a=1&b=2")
        .body(b"body");
    assert_eq!(server.send(&put).status, 200);
    for method in ["GET", "HEAD"] {
        let request = Request::new(method, "bucket", "k");
        let own = server.send(&request);
        assert_eq!(own.header("x-oss-tagging-count"), Some("2"));
        for other in [
            request.clone().anonymous(),
            request.by(OTHER_ID, OTHER_SECRET),
        ] {
            let reply = server.send(&other);
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("x-oss-tagging-count"), None);
        }
    }
}

#[test]
fn parts_are_copied_from_versions_and_through_links() {
    let server = Server::start();
    server.bucket("bucket");
    enable(&server);
    let first = server.put("bucket", "k", b"first");
    let first = first.header("x-oss-version-id").unwrap().to_owned();
    server.put("bucket", "k", b"second");
    let link = Request::new("PUT", "bucket", "link")
        .query("symlink", "")
        .header("x-oss-symlink-target", "k");
    assert_eq!(server.send(&link).status, 200);
    let begun = server.send(&Request::new("POST", "bucket", "whole").query("uploads", ""));
    let upload = begun.element("UploadId").unwrap();
    let part = |number: &str, source: &str| {
        Request::new("PUT", "bucket", "whole")
            .query("partNumber", number)
            .query("uploadId", &upload)
            .header("x-oss-copy-source", source)
    };
    let reply = server.send(&part("1", &format!("/bucket/k?versionId={first}")));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.header("x-oss-copy-source-version-id"),
        Some(first.as_str())
    );
    let ranged = part("1", "/bucket/link").header("x-oss-copy-source-range", "bytes=1-3");
    let reply = server.send(&ranged);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-range"), Some("bytes 1-3/6"));
    let complete = Request::new("POST", "bucket", "whole")
        .query("uploadId", &upload)
        .header("x-oss-complete-all", "yes");
    assert_eq!(server.send(&complete).status, 200);
    assert_eq!(server.send(&Request::get("bucket", "whole")).body, b"eco");
    server.send(&Request::new("DELETE", "bucket", "k"));
    let begun = server.send(&Request::new("POST", "bucket", "whole").query("uploads", ""));
    let upload = begun.element("UploadId").unwrap();
    for (source, code) in [
        ("/bucket/link", "SymlinkTargetNotExist"),
        ("/bucket/k", "NoSuchKey"),
    ] {
        let request = Request::new("PUT", "bucket", "whole")
            .query("partNumber", "1")
            .query("uploadId", &upload)
            .header("x-oss-copy-source", source);
        assert_eq!(server.send(&request).error(), (404, code.into()));
    }
}
