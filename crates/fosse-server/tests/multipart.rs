//! Multipart uploads over HTTP.

mod support;

use support::*;

fn initiate(server: &Server, key: &str) -> String {
    let reply = server.send(
        &Request::new("POST", "bucket", key)
            .query("uploads", "")
            .header("Content-Type", "text/m")
            .header("x-oss-meta-m", "1"),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    well_formed(&reply);
    assert_eq!(reply.element("Bucket").as_deref(), Some("bucket"));
    reply.element("UploadId").unwrap()
}

fn part(id: &str, number: u32) -> Request {
    Request::new("PUT", "bucket", "key")
        .query("partNumber", &number.to_string())
        .query("uploadId", id)
}

fn complete(id: &str, parts: &[(u32, &str)]) -> Request {
    let parts: String = parts
        .iter()
        .map(|(n, tag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>"))
        .collect();
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    Request::new("POST", "bucket", "key")
        .query("uploadId", id)
        .body(body.as_bytes())
}

#[test]
fn parts_make_an_object() {
    let server = Server::start();
    server.bucket("bucket");
    let id = initiate(&server, "key");
    let large = vec![b'a'; 102_400];
    let one = server.send(&part(&id, 1).body(&large));
    well_formed(&one);
    let one = one.header("etag").unwrap().to_owned();
    let three = server.send(&part(&id, 3).body(b"tail"));
    assert_eq!(
        three.header("etag"),
        Some("\"7AEA2552DFE7EB84B9443B6FC9BA6E01\"")
    );
    let three = three.header("etag").unwrap().to_owned();

    let listed = server.send(&Request::get("bucket", "key").query("uploadId", &id));
    assert_eq!(listed.element("NextPartNumberMarker").as_deref(), Some("3"));
    assert_eq!(listed.element("Size").as_deref(), Some("102400"));
    let page = Request::get("bucket", "key")
        .query("uploadId", &id)
        .query("max-parts", "1");
    let page = server.send(&page);
    assert_eq!(page.element("IsTruncated").as_deref(), Some("true"));
    let uploads = server.send(&Request::get("bucket", "").query("uploads", ""));
    assert_eq!(uploads.element("UploadId"), Some(id.clone()));
    assert_eq!(
        server.send(&Request::new("DELETE", "bucket", "")).error(),
        (409, "BucketNotEmpty".into())
    );

    for (parts, expected) in [
        (
            &[(3, three.as_str()), (1, one.as_str())][..],
            (400, "InvalidPartOrder"),
        ),
        (
            &[(1, one.as_str()), (2, one.as_str())],
            (400, "InvalidPart"),
        ),
        (&[(1, three.as_str())], (400, "InvalidPart")),
        (&[], (400, "MalformedXML")),
        (&[(10_001, one.as_str())], (400, "InvalidArgument")),
    ] {
        let reply = server.send(&complete(&id, parts));
        well_formed(&reply);
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{parts:?}"
        );
    }
    let done = server.send(&complete(&id, &[(1, &one), (3, three.trim_matches('"'))]));
    well_formed(&done);
    assert_eq!(done.status, 200, "{done:?}");
    let etag = done.element("ETag").unwrap();
    assert!(etag.ends_with("-2\""), "{etag}");
    assert_eq!(
        done.element("Location"),
        Some(format!("http://{}/bucket/key", server.address))
    );
    let object = server.send(&Request::get("bucket", "key"));
    assert_eq!(object.body.len(), 102_404);
    assert_eq!(object.header("etag"), Some(etag.as_str()));
    assert_eq!(object.header("x-oss-object-type"), Some("Multipart"));
    assert_eq!(object.header("content-type"), Some("text/m"));
    assert_eq!(object.header("x-oss-meta-m"), Some("1"));
    assert_eq!(object.header("content-md5"), None);
    assert_eq!(
        object.header("x-oss-hash-crc64ecma"),
        done.header("x-oss-hash-crc64ecma")
    );
    // A range over the seam of two parts.
    let seam = server.send(&Request::get("bucket", "key").header("Range", "bytes=102398-102401"));
    assert_eq!((seam.status, seam.body.as_slice()), (206, &b"aata"[..]));
    assert_eq!(
        server.send(&complete(&id, &[(1, &one)])).error(),
        (404, "NoSuchUpload".into())
    );
}

#[test]
fn uploads_are_refused_as_documented() {
    let server = Server::start();
    server.bucket("bucket");
    let id = initiate(&server, "key");
    for (request, expected) in [
        (part(&id, 0).body(b"x"), (400, "InvalidArgument")),
        (part(&id, 10_001).body(b"x"), (400, "InvalidArgument")),
        (part("NONE", 1).body(b"x"), (404, "NoSuchUpload")),
        (
            part(&id, 1)
                .body(b"x")
                .header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
            (400, "InvalidDigest"),
        ),
        (
            part(&id, 1)
                .body(b"x")
                .header("x-oss-server-side-encryption", "AES256"),
            (400, "InvalidArgument"),
        ),
        (
            Request::new("DELETE", "bucket", "key").query("uploadId", "NONE"),
            (404, "NoSuchUpload"),
        ),
        (
            Request::get("bucket", "key").query("uploadId", "NONE"),
            (404, "NoSuchUpload"),
        ),
        (
            Request::get("bucket", "key")
                .query("uploadId", &id)
                .query("max-parts", "0"),
            (400, "InvalidArgument"),
        ),
    ] {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{request:?}"
        );
    }
    let small = server.send(&part(&id, 1).body(b"small"));
    let tag = small.header("etag").unwrap().to_owned();
    server.send(&part(&id, 2).body(b"small"));
    let reply = server.send(&complete(&id, &[(1, &tag), (2, &tag)]));
    assert_eq!(reply.error(), (400, "EntityTooSmall".into()));
    let both = complete(&id, &[(1, &tag)]).header("x-oss-complete-all", "yes");
    assert_eq!(server.send(&both).header("x-oss-ec"), Some("0042-00000216"));
    let abort = Request::new("DELETE", "bucket", "key").query("uploadId", &id);
    assert_eq!(server.send(&abort).status, 204);
    assert_eq!(
        server.send(&abort).header("x-oss-ec"),
        Some("0042-00000002")
    );
    assert_eq!(
        server.send(&Request::new("DELETE", "bucket", "")).status,
        204
    );
}

#[test]
fn all_parts_and_copied_parts() {
    let server = Server::start();
    server.bucket("bucket");
    let source: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    server.put("bucket", "source", &source);
    let id = initiate(&server, "key");
    let copy = |number| part(&id, number).header("x-oss-copy-source", "/bucket/source");
    let reply = server.send(&copy(1).header("x-oss-copy-source-range", "bytes=0-149999"));
    well_formed(&reply);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-range"), Some("bytes 0-149999/200000"));
    let reply = server.send(&copy(2).header("x-oss-copy-source-range", "bytes=900000-"));
    assert_eq!(
        (reply.status, reply.header("content-range")),
        (200, None),
        "beyond the end: the whole"
    );
    for name in [
        "x-oss-copy-source-if-none-match",
        "x-oss-copy-source-if-match",
    ] {
        let value = if name.ends_with("none-match") {
            "*"
        } else {
            "\"00\""
        };
        assert_eq!(
            server.send(&copy(3).header(name, value)).error(),
            (412, "PreconditionFailed".into())
        );
    }
    let all = Request::new("POST", "bucket", "key")
        .query("uploadId", &id)
        .header("x-oss-complete-all", "yes");
    let done = server.send(&all);
    assert_eq!(done.status, 200, "{done:?}");
    let object = server.send(&Request::get("bucket", "key"));
    assert!(object.body == [&source[..150_000], &source[..]].concat());
}

/// The uploader of the Go SDK v2 ends an upload from an empty reader with an empty list.
#[test]
fn an_upload_without_parts_becomes_an_empty_object() {
    let server = Server::start();
    server.bucket("bucket");
    let started = server.send(&Request::new("POST", "bucket", "key").query("uploads", ""));
    let id = started.element("UploadId").unwrap();
    let done = server.send(&complete(&id, &[]));
    well_formed(&done);
    assert_eq!(done.status, 200, "{done:?}");
    let object = server.send(&Request::get("bucket", "key"));
    assert_eq!((object.status, object.body.len()), (200, 0));
    assert_eq!(object.header("x-oss-hash-crc64ecma"), Some("0"));
}

/// `?uploads&sequential`: parts in order and once each, and an object that has an MD5 (suites of oss2 and the Go SDK v2).
#[test]
fn a_sequential_upload_gives_an_md5() {
    let server = Server::start();
    server.bucket("bucket");
    let begin = Request::new("POST", "bucket", "key")
        .query("uploads", "")
        .query("sequential", "");
    let id = server.send(&begin).element("UploadId").unwrap();
    let large = vec![b'a'; 102_400];
    let early = server.send(&part(&id, 2).body(b"tail"));
    assert_eq!(early.error(), (400, "PartNotSequential".into()));
    let one = server.send(&part(&id, 1).body(&large));
    let one = one.header("etag").unwrap().to_owned();
    let again = server.send(&part(&id, 1).body(&large));
    assert_eq!(again.error(), (409, "PartAlreadyExist".into()));
    server.put("bucket", "source", b"tail");
    let copied = server.send(&part(&id, 2).header("x-oss-copy-source", "/bucket/source"));
    assert_eq!(copied.status, 200, "{copied:?}");
    let two = copied.header("etag").unwrap().to_owned();

    let some = server.send(&complete(&id, &[(1, &one)]));
    assert_eq!(some.error(), (400, "PartNotSequential".into()));
    let done = server.send(&complete(&id, &[(1, &one), (2, &two)]));
    assert_eq!(done.status, 200, "{done:?}");
    let head = server.send(&Request::new("HEAD", "bucket", "key"));
    assert_eq!(head.header("x-oss-object-type"), Some("Multipart"));
    // Of 102,400 times "a", and "tail".
    assert_eq!(head.header("content-md5"), Some("hlTVwi9yI/kmjpWA5jcs9w=="));
}

/// A client that encrypts by itself finds what it began with in ListParts (suite of the Python SDK v2).
#[test]
fn listed_parts_tell_client_side_encryption() {
    let server = Server::start();
    server.bucket("bucket");
    let begin = Request::new("POST", "bucket", "key")
        .query("uploads", "")
        .header("x-oss-meta-client-side-encryption-key", "c2VhbGVk")
        .header(
            "x-oss-meta-client-side-encryption-cek-alg",
            "AES/CTR/NoPadding",
        )
        .header("x-oss-meta-client-side-encryption-data-size", "308445")
        .header("x-oss-meta-client-side-encryption-part-size", "many")
        .header("x-oss-meta-other", "1");
    let id = server.send(&begin).element("UploadId").unwrap();
    let listed = server.send(&Request::get("bucket", "key").query("uploadId", &id));
    well_formed(&listed);
    for (element, value) in [
        ("ClientEncryptionKey", Some("c2VhbGVk")),
        ("ClientEncryptionCekAlg", Some("AES/CTR/NoPadding")),
        ("ClientEncryptionDataSize", Some("308445")),
        // SDKs read it as a number.
        ("ClientEncryptionPartSize", None),
        ("ClientEncryptionStart", None),
    ] {
        assert_eq!(listed.element(element).as_deref(), value, "{element}");
    }
}
