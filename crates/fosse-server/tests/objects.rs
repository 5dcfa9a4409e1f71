//! Objects over HTTP: put, get, head, delete, ranges, conditions, metadata, copies.

mod support;

use fosse_oss::sign::Scheme;
use support::*;

#[test]
fn an_object_comes_back_as_it_was_put() {
    let server = Server::start();
    server.bucket("bucket");
    for scheme in [Scheme::V1, Scheme::V4] {
        let put = Request::new("PUT", "bucket", "dir/a b+c%20.txt")
            .header("Content-Type", "text/plain; charset=utf-8")
            .header("Cache-Control", "max-age=5")
            .header("x-oss-meta-Name", "wert")
            .header("x-oss-meta-utf", "中文".as_bytes())
            .body(b"123456789")
            .proof(Proof::Header(scheme));
        let reply = server.send(&put);
        well_formed(&reply);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(
            reply.header("etag"),
            Some("\"25F9E794323B453885F5181F1B624D0B\"")
        );
        assert_eq!(
            reply.header("content-md5"),
            Some("JfnnlDI7RTiF9RgfG2JNCw==")
        );
        assert_eq!(
            reply.header("x-oss-hash-crc64ecma"),
            Some("11051210869376104954")
        );
        assert_eq!(reply.header("content-length"), Some("0"));
        assert_eq!(reply.header("x-oss-version-id"), None);
        for proof in [Proof::Header(scheme), Proof::Url(scheme, 60)] {
            let reply =
                server.send(&Request::get("bucket", "dir/a b+c%20.txt").proof(proof.clone()));
            well_formed(&reply);
            assert_eq!(reply.status, 200, "{proof:?} {reply:?}");
            assert_eq!(reply.body, b"123456789");
            assert_eq!(
                reply.header("content-type"),
                Some("text/plain; charset=utf-8")
            );
            assert_eq!(reply.header("cache-control"), Some("max-age=5"));
            assert_eq!(reply.header("x-oss-meta-name"), Some("wert"));
            assert_eq!(reply.header("x-oss-meta-utf"), Some("中文"));
            assert_eq!(reply.header("x-oss-object-type"), Some("Normal"));
            assert_eq!(reply.header("x-oss-storage-class"), Some("Standard"));
            assert_eq!(reply.header("accept-ranges"), Some("bytes"));
            assert_eq!(
                reply.header("etag"),
                Some("\"25F9E794323B453885F5181F1B624D0B\"")
            );
            let head =
                server.send(&Request::new("HEAD", "bucket", "dir/a b+c%20.txt").proof(proof));
            assert_eq!(head.status, 200);
            assert_eq!(head.header("content-length"), Some("9"));
            assert_eq!(
                head.header("x-oss-hash-crc64ecma"),
                Some("11051210869376104954")
            );
        }
    }
    let meta =
        server.send(&Request::new("HEAD", "bucket", "dir/a b+c%20.txt").query("objectMeta", ""));
    assert_eq!(meta.status, 200);
    assert_eq!(meta.header("content-length"), Some("9"));
    assert_eq!(meta.header("x-oss-meta-name"), None);
    let gone = server.send(&Request::new("DELETE", "bucket", "dir/a b+c%20.txt"));
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    let reply = server.send(&Request::get("bucket", "dir/a b+c%20.txt"));
    assert_eq!(reply.error(), (404, "NoSuchKey".into()));
    assert_eq!(reply.element("Key").as_deref(), Some("dir/a b+c%20.txt"));
    well_formed(&reply);
}

#[test]
fn ranges_follow_the_table() {
    let server = Server::start();
    server.bucket("bucket");
    let body: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
    server.put("bucket", "k", &body);
    let whole = 0..1000;
    for (range, standard, status, bytes) in [
        ("bytes=0-499", false, 206, 0..500),
        ("bytes=500-", false, 206, 500..1000),
        ("bytes=-500", false, 206, 500..1000),
        ("bytes=0-1000", false, 200, whole.clone()),
        ("bytes=500-2000", false, 200, whole.clone()),
        ("bytes=1000-2000", false, 200, whole.clone()),
        ("bytes=-2000", false, 200, whole.clone()),
        ("bytes=-0", false, 416, 0..0),
        ("bytes=5-2", false, 200, whole.clone()),
        ("items=0-4", false, 200, whole.clone()),
        ("garbage", false, 200, whole.clone()),
        ("bytes=500-2000", true, 206, 500..1000),
        ("bytes=1000-2000", true, 416, 0..0),
        ("bytes=0-0", true, 206, 0..1),
    ] {
        let mut request = Request::get("bucket", "k").header("Range", range);
        if standard {
            request = request.header("x-oss-range-behavior", "standard");
        }
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.status, status, "{range} {standard}");
        if status == 416 {
            assert_eq!(reply.error().1, "InvalidRange");
            assert_eq!(reply.element("ActualObjectSize").as_deref(), Some("1000"));
            continue;
        }
        assert_eq!(reply.body, body[bytes.clone()], "{range}");
        let expected =
            (status == 206).then(|| format!("bytes {}-{}/1000", bytes.start, bytes.end - 1));
        assert_eq!(
            reply.header("content-range"),
            expected.as_deref(),
            "{range}"
        );
        // The checksum is that of the whole object, also for a part.
        let head = server.send(&Request::new("HEAD", "bucket", "k"));
        assert_eq!(
            reply.raw("x-oss-hash-crc64ecma"),
            head.raw("x-oss-hash-crc64ecma")
        );
    }
    let etag = "\"ABCDEF0123456789ABCDEF0123456789\"";
    let stale = Request::get("bucket", "k")
        .header("Range", "bytes=0-9")
        .header("If-Range", etag);
    assert_eq!(
        server.send(&stale).status,
        200,
        "If-Range with another ETag asks for the whole"
    );
}

#[test]
fn conditions_follow_the_table() {
    let server = Server::start();
    server.bucket("bucket");
    let etag = server
        .put("bucket", "k", b"x")
        .header("etag")
        .unwrap()
        .to_owned();
    let bare = etag.trim_matches('"').to_ascii_lowercase();
    let modified = server.send(&Request::new("HEAD", "bucket", "k"));
    let modified = modified.header("last-modified").unwrap().to_owned();
    let old = "Mon, 02 Jan 2006 15:04:05 GMT";
    let future = "Fri, 01 Jan 2100 00:00:00 GMT";
    for method in ["GET", "HEAD"] {
        for (name, value, status) in [
            ("If-Match", etag.as_str(), 200),
            ("If-Match", bare.as_str(), 200),
            ("If-Match", "*", 200),
            ("If-Match", "\"00\", \"11\"", 412),
            ("If-None-Match", etag.as_str(), 304),
            ("If-None-Match", "\"00\"", 200),
            ("If-Modified-Since", modified.as_str(), 304),
            ("If-Modified-Since", old, 200),
            ("If-Modified-Since", future, 304),
            ("If-Modified-Since", "not a date", 200),
            ("If-Unmodified-Since", modified.as_str(), 200),
            ("If-Unmodified-Since", old, 412),
            ("If-Unmodified-Since", "not a date", 200),
        ] {
            let reply = server.send(&Request::new(method, "bucket", "k").header(name, value));
            well_formed(&reply);
            assert_eq!(reply.status, status, "{method} {name}: {value}");
            if status == 304 {
                assert_eq!(reply.header("etag"), Some(etag.as_str()));
                assert_eq!(reply.header("last-modified"), Some(modified.as_str()));
                assert_eq!(reply.header("x-oss-ec"), None);
            }
            if status == 412 && method == "GET" {
                assert_eq!(reply.error().1, "PreconditionFailed");
                assert_eq!(reply.element("Condition").as_deref(), Some(name));
            }
        }
    }
    // If-None-Match decides before If-Modified-Since (RFC 9110).
    let both = Request::get("bucket", "k")
        .header("If-None-Match", "\"00\"")
        .header("If-Modified-Since", &modified);
    assert_eq!(server.send(&both).status, 200);
}

#[test]
fn answers_can_be_dressed_under_a_signature_only() {
    let server = Server::start();
    server.bucket("bucket");
    let public = Request::new("PUT", "bucket", "k").header("x-oss-object-acl", "public-read");
    assert_eq!(server.send(&public.body(b"text")).status, 200);
    let dressed = |proof: Proof| {
        Request::get("bucket", "k")
            .query(
                "response-content-disposition",
                "attachment; filename=\"报告 a+b.txt\"",
            )
            .query("response-content-type", "text/x; charset=utf-8")
            .proof(proof)
    };
    for proof in [
        Proof::Url(Scheme::V1, 60),
        Proof::Url(Scheme::V4, 60),
        Proof::Header(Scheme::V1),
        Proof::Header(Scheme::V4),
    ] {
        let reply = server.send(&dressed(proof.clone()));
        assert_eq!(reply.status, 200, "{proof:?} {reply:?}");
        assert_eq!(
            reply.header("content-disposition"),
            Some("attachment; filename=\"报告 a+b.txt\"")
        );
        assert_eq!(reply.header("content-type"), Some("text/x; charset=utf-8"));
    }
    let reply = server.send(&dressed(Proof::None));
    assert_eq!(reply.error(), (400, "InvalidRequest".into()));
    let split = Request::get("bucket", "k")
        .query("response-content-type", "a\r\nSet-Cookie: x=1")
        .proof(Proof::Url(Scheme::V4, 60));
    let reply = server.send(&split);
    assert_eq!(reply.error(), (400, "InvalidArgument".into()));
    assert_eq!(reply.header("set-cookie"), None);
}

#[test]
fn uploads_are_checked_against_what_was_announced() {
    let server = Server::start();
    server.bucket("bucket");
    let put = || Request::new("PUT", "bucket", "k").body(b"123456789");
    for (name, value, expected) in [
        ("Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==", (200, "")),
        (
            "Content-MD5",
            "1B2M2Y8AsgTpgAmY7PhCfg==",
            (400, "InvalidDigest"),
        ),
        ("Content-MD5", "not base64", (400, "InvalidDigest")),
        ("x-oss-hash-crc64ecma", "11051210869376104954", (200, "")),
        ("x-oss-hash-crc64ecma", "1", (400, "InvalidCRC64")),
        ("x-oss-hash-crc64ecma", "x", (400, "InvalidArgument")),
        ("x-oss-object-acl", "nobody", (400, "InvalidArgument")),
        ("x-oss-storage-class", "Gold", (400, "InvalidArgument")),
        ("x-oss-tagging", "a=1&a=2", (400, "InvalidArgument")),
        (
            "x-oss-forbid-overwrite",
            "perhaps",
            (400, "InvalidArgument"),
        ),
        ("x-oss-server-side-encryption", "AES256", (200, "")),
        (
            "x-oss-server-side-data-encryption",
            "AES256",
            (400, "InvalidDataEncryptionAlgorithmError"),
        ),
        (
            "x-oss-server-side-encryption-key-id",
            "id",
            (400, "InvalidArgument"),
        ),
        (
            "x-oss-server-side-encryption",
            "ROT13",
            (400, "InvalidEncryptionAlgorithmError"),
        ),
        ("x-oss-callback", "e30=", (400, "NotImplemented")),
        ("If-None-Match", "*", (400, "NotImplemented")),
        ("If-Match", "\"00\"", (400, "NotImplemented")),
        (
            "If-Modified-Since",
            "Mon, 02 Jan 2006 15:04:05 GMT",
            (400, "NotImplemented"),
        ),
    ] {
        server.send(&Request::new("DELETE", "bucket", "k"));
        let reply = server.send(&put().header(name, value));
        well_formed(&reply);
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{name}: {value}"
        );
        let stored = server.send(&Request::get("bucket", "k")).status;
        assert_eq!(
            stored,
            if expected.0 == 200 { 200 } else { 404 },
            "{name}: {value}"
        );
    }
    let reply = server.send(&put().header("If-None-Match", "*"));
    assert_eq!(reply.element("Header").as_deref(), Some("If-None-Match"));

    assert_eq!(
        server
            .send(&put().header("x-oss-forbid-overwrite", "true"))
            .status,
        200
    );
    let reply = server.send(&put().header("x-oss-forbid-overwrite", "true"));
    assert_eq!(reply.error(), (409, "FileAlreadyExists".into()));

    let large = put().header("x-oss-meta-a", "x".repeat(8200));
    let reply = server.send(&large);
    assert_eq!(reply.error(), (400, "MetaTooLarge".into()));
}

#[test]
fn bodies_may_be_chunked_and_must_be_framed() {
    let server = Server::start();
    server.bucket("bucket");
    let body: Vec<u8> = (0..300_000u32).map(|i| (i * 7) as u8).collect();
    let reply = server.send(&Request::new("PUT", "bucket", "k").body(&body).chunked());
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = server.send(&Request::get("bucket", "k"));
    assert!(reply.body == body);
    let empty = Request::new("PUT", "bucket", "empty").chunked();
    assert_eq!(
        server.send(&empty).header("x-oss-hash-crc64ecma"),
        Some("0")
    );
    let reply = server.send(&Request::get("bucket", "empty"));
    assert_eq!(
        (reply.status, reply.header("content-length")),
        (200, Some("0"))
    );

    let mut unframed = Request::new("PUT", "bucket", "k");
    unframed.unframed = true;
    let reply = server.send(&unframed);
    well_formed(&reply);
    assert_eq!(reply.error(), (411, "MissingContentLength".into()));
}

#[test]
fn copies_carry_over_or_replace() {
    let server = Server::start();
    server.bucket("source");
    server.bucket("target");
    let put = Request::new("PUT", "source", "a/中 b")
        .header("Content-Type", "text/a")
        .header("x-oss-meta-m", "1")
        .header("x-oss-tagging", "t=1")
        .body(b"copied");
    let etag = server.send(&put).header("etag").unwrap().to_owned();
    let copy = |key: &str| {
        Request::new("PUT", "target", key)
            .header("x-oss-copy-source", "/source/a/%E4%B8%AD%20b")
            .header("Content-Type", "text/b")
    };
    let reply = server.send(&copy("kept"));
    well_formed(&reply);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.element("ETag"), Some(etag.clone()));
    assert!(reply.element("LastModified").unwrap().ends_with(".000Z"));
    let kept = server.send(&Request::get("target", "kept"));
    assert_eq!(kept.body, b"copied");
    assert_eq!(kept.header("content-type"), Some("text/a"));
    assert_eq!(kept.header("x-oss-meta-m"), Some("1"));
    assert_eq!(kept.header("x-oss-tagging-count"), Some("1"));

    let replaced = copy("replaced")
        .header("x-oss-metadata-directive", "REPLACE")
        .header("x-oss-tagging-directive", "Replace");
    assert_eq!(server.send(&replaced).status, 200);
    let replaced = server.send(&Request::get("target", "replaced"));
    assert_eq!(replaced.header("content-type"), Some("text/b"));
    assert_eq!(replaced.header("x-oss-meta-m"), None);
    assert_eq!(replaced.header("x-oss-tagging-count"), None);

    // The bytes are what they were: their type, and the keys of a client that encrypted them, stay unless others are named.
    let encrypted = Request::new("PUT", "source", "encrypted")
        .header("Content-Type", "text/a")
        .header("x-oss-meta-client-side-encryption-key", "key")
        .header("x-oss-meta-client-side-encryption-start", "start")
        .header("x-oss-meta-m", "1")
        .body(b"sealed");
    assert_eq!(server.send(&encrypted).status, 200);
    let bare = Request::new("PUT", "target", "bare")
        .header("x-oss-copy-source", "/source/encrypted")
        .header("x-oss-metadata-directive", "REPLACE")
        .header("x-oss-meta-client-side-encryption-start", "other");
    assert_eq!(server.send(&bare).status, 200);
    let bare = server.send(&Request::get("target", "bare"));
    assert_eq!(bare.header("content-type"), Some("text/a"));
    let meta = |name| bare.header(name);
    assert_eq!(meta("x-oss-meta-client-side-encryption-key"), Some("key"));
    assert_eq!(
        meta("x-oss-meta-client-side-encryption-start"),
        Some("other")
    );
    assert_eq!(meta("x-oss-meta-m"), None);

    // Onto itself: the metadata edit, whatever the directive says.
    let edit = Request::new("PUT", "target", "kept")
        .header("x-oss-copy-source", "/target/kept")
        .header("Content-Type", "text/c");
    assert_eq!(server.send(&edit).status, 200);
    let edited = server.send(&Request::get("target", "kept"));
    assert_eq!(edited.body, b"copied");
    assert_eq!(edited.header("content-type"), Some("text/c"));
    assert_eq!(edited.header("x-oss-meta-m"), None);

    for (name, value, expected) in [
        (
            "x-oss-copy-source-if-match",
            "\"00\"",
            (412, "PreconditionFailed"),
        ),
        ("x-oss-copy-source-if-none-match", etag.as_str(), (304, "")),
        (
            "x-oss-copy-source-if-unmodified-since",
            "Mon, 02 Jan 2006 15:04:05 GMT",
            (412, "PreconditionFailed"),
        ),
        (
            "x-oss-metadata-directive",
            "MAYBE",
            (400, "InvalidArgument"),
        ),
    ] {
        let reply = server.send(&copy("x").header(name, value));
        assert_eq!(reply.error(), (expected.0, expected.1.to_owned()), "{name}");
    }
    for (source, expected) in [
        ("/source/none", (404, "NoSuchKey")),
        ("/nowhere-bucket/k", (404, "NoSuchBucket")),
        ("justabucket", (400, "InvalidArgument")),
        ("/source/%zz", (400, "InvalidArgument")),
        ("/source/k?versionId=", (400, "InvalidArgument")),
        ("/source/k?versionId=nonsense", (400, "InvalidArgument")),
    ] {
        let request = Request::new("PUT", "target", "x").header("x-oss-copy-source", source);
        let reply = server.send(&request);
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{source}"
        );
    }
    // The source must be readable to the caller, not only the target writable.
    let public = Request::new("PUT", "open-bucket", "").header("x-oss-acl", "public-read-write");
    assert_eq!(server.send(&public).status, 200);
    let theft = Request::new("PUT", "open-bucket", "x")
        .header("x-oss-copy-source", "/source/a/%E4%B8%AD%20b")
        .by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&theft).error(), (403, "AccessDenied".into()));
}

#[test]
fn heads_tell_their_refusal_in_a_header() {
    let server = Server::start();
    server.bucket("bucket");
    let get = server.send(&Request::get("bucket", "none"));
    let head = server.send(&Request::new("HEAD", "bucket", "none"));
    assert_eq!(head.status, 404);
    well_formed(&head);
    use base64::Engine as _;
    let document = base64::engine::general_purpose::STANDARD
        .decode(head.header("x-oss-err").expect("x-oss-err"))
        .unwrap();
    let strip = |text: String, id: &str| text.replace(id, "ID");
    assert_eq!(
        strip(
            String::from_utf8(document).unwrap(),
            head.header("x-oss-request-id").unwrap()
        ),
        strip(get.text(), get.header("x-oss-request-id").unwrap()),
    );
    assert_eq!(head.header("x-oss-ec"), Some("0026-00000001"));
}

#[test]
fn what_is_not_built_is_refused_and_never_ignored() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"x");
    for request in [
        Request::get("bucket", "k").query("x-oss-process", "image/resize,w_1"),
        Request::new("POST", "bucket", "")
            .query("replication", "")
            .query("comp", "add")
            .body(b"<a/>"),
        Request::new("POST", "bucket", "k").query("x-oss-async-process", ""),
    ] {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.error(), (400, "NotImplemented".into()), "{request:?}");
    }
}

#[test]
fn a_request_may_limit_its_own_speed() {
    let server = Server::start();
    server.bucket("bucket");
    let body = vec![5; 300_000];
    server.put("bucket", "k", &body);
    // 100 KiB a second: 300,000 bytes take a little under three seconds, of which the last piece is not waited for.
    let get = Request::get("bucket", "k").query("x-oss-traffic-limit", "819200");
    let started = std::time::Instant::now();
    let reply = server.send(&get.proof(Proof::Url(Scheme::V4, 60)));
    assert!(reply.status == 200 && reply.body == body);
    let took = started.elapsed().as_secs_f64();
    assert!((1.5..6.0).contains(&took), "{took}");
    let put = Request::new("PUT", "bucket", "slow").header("x-oss-traffic-limit", "819200");
    let started = std::time::Instant::now();
    assert_eq!(server.send(&put.body(&body)).status, 200);
    let took = started.elapsed().as_secs_f64();
    assert!((1.5..6.0).contains(&took), "{took}");
    assert!(server.send(&Request::get("bucket", "slow")).body == body);
    for bad in ["245759", "838860801", "x", "-1"] {
        for request in [
            Request::get("bucket", "k").header("x-oss-traffic-limit", bad),
            Request::get("bucket", "k").query("x-oss-traffic-limit", bad),
            Request::new("PUT", "bucket", "x")
                .header("x-oss-traffic-limit", bad)
                .body(b"x"),
        ] {
            assert_eq!(
                server.send(&request).error(),
                (400, "InvalidArgument".into()),
                "{bad}"
            );
        }
    }
    let both = Request::get("bucket", "k")
        .header("x-oss-traffic-limit", "819200")
        .query("x-oss-traffic-limit", "819200");
    assert_eq!(server.send(&both).error(), (400, "InvalidArgument".into()));
}
