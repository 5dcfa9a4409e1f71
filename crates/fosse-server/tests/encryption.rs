//! Server-side encryption over HTTP: by header, by the default of a bucket, in every operation that writes an object.

mod support;

use support::*;

const SSE: &str = "x-oss-server-side-encryption";
const DATA: &str = "x-oss-server-side-data-encryption";
const KEY_ID: &str = "x-oss-server-side-encryption-key-id";

fn put(key: &str) -> Request {
    Request::new("PUT", "bucket", key).body(b"0123456789")
}

/// What a reply says: algorithm, data algorithm, key id.
fn told(reply: &Reply) -> (Option<&str>, Option<&str>, Option<&str>) {
    assert!(matches!(reply.status, 200 | 206), "{reply:?}");
    (reply.header(SSE), reply.header(DATA), reply.header(KEY_ID))
}

fn rule(server: &Server, inner: &str) -> Reply {
    let body = format!(
        "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>{inner}\
         </ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"
    );
    let request = Request::new("PUT", "bucket", "").query("encryption", "");
    server.send(&request.body(body.as_bytes()))
}

#[test]
fn an_encrypted_object_reads_as_any_other() {
    let server = Server::start();
    server.bucket("bucket");
    let plain = server.send(&put("plain"));
    assert_eq!(told(&plain), (None, None, None));
    for word in ["AES256", "SM4", "KMS"] {
        let written = server.send(&put(word).header(SSE, word));
        assert_eq!(told(&written).0, Some(word));
        for header in ["etag", "content-md5", "x-oss-hash-crc64ecma"] {
            assert_eq!(written.header(header), plain.header(header));
        }
        let got = server.send(&Request::get("bucket", word));
        assert_eq!(
            (told(&got).0, &got.body[..]),
            (Some(word), &b"0123456789"[..])
        );
        let part = server.send(&Request::get("bucket", word).header("Range", "bytes=3-5"));
        assert_eq!((part.status, &part.body[..]), (206, &b"345"[..]));
        assert_eq!(told(&part).0, Some(word));
        let head = server.send(&Request::new("HEAD", "bucket", word));
        assert_eq!(
            (told(&head).0, head.header("content-length")),
            (Some(word), Some("10"))
        );
        assert_eq!(told(&head).2.is_some(), word == "KMS");
    }
    // The default key has one id, and another one can be named.
    let first = server.send(&Request::new("HEAD", "bucket", "KMS"));
    let second = server.send(&put("again").header(SSE, "KMS").header(KEY_ID, ""));
    assert_eq!(told(&first).2, told(&second).2);
    let named = put("named")
        .header(SSE, "KMS")
        .header(KEY_ID, "my-key")
        .header(DATA, "SM4");
    assert_eq!(
        told(&server.send(&named)),
        (Some("KMS"), Some("SM4"), Some("my-key"))
    );
    let got = server.send(&Request::get("bucket", "named"));
    assert_eq!(got.body, b"0123456789");
    for request in [
        put("x").header(SSE, "KMS").header(DATA, "AES256"),
        put("x").header(SSE, "AES256").header(DATA, "AES256"),
        put("x").header(SSE, "AES256").header(KEY_ID, "id"),
        put("x").header(SSE, "KMS").header(KEY_ID, "no id"),
    ] {
        let refused = server.send(&request);
        well_formed(&refused);
        assert_eq!(refused.status, 400);
        assert_eq!(server.send(&Request::get("bucket", "x")).status, 404);
    }
    // A data cipher says nothing beside another algorithm than KMS (suite of oss2).
    for (request, algorithm) in [
        (
            put("y").header(SSE, "AES256").header(DATA, "SM4"),
            Some("AES256"),
        ),
        (put("y").header(DATA, "SM4"), None),
    ] {
        assert_eq!(told(&server.send(&request)), (algorithm, None, None));
    }
}

#[test]
fn a_bucket_has_a_default() {
    let server = Server::start();
    server.bucket("bucket");
    let get = Request::get("bucket", "").query("encryption", "");
    let absent = server.send(&get);
    assert_eq!(
        absent.error(),
        (404, "NoSuchServerSideEncryptionRule".into())
    );
    server.send(&put("before"));
    assert_eq!(
        rule(
            &server,
            "<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>one</KMSMasterKeyID>"
        )
        .status,
        200
    );
    let shown = server.send(&get);
    assert_eq!(shown.element("SSEAlgorithm").as_deref(), Some("KMS"));
    assert_eq!(shown.element("KMSMasterKeyID").as_deref(), Some("one"));
    assert_eq!(
        told(&server.send(&put("k"))),
        (Some("KMS"), None, Some("one"))
    );
    assert_eq!(
        told(&server.send(&put("k").header(SSE, "AES256"))),
        (Some("AES256"), None, None)
    );
    assert_eq!(
        told(&server.send(&Request::get("bucket", "before"))),
        (None, None, None)
    );
    assert_eq!(
        rule(
            &server,
            "<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID/>"
        )
        .status,
        200
    );
    assert_eq!(told(&server.send(&put("k"))), (Some("AES256"), None, None));
    for (inner, code) in [
        (
            "<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>one</KMSMasterKeyID>",
            "InvalidArgument",
        ),
        (
            "<SSEAlgorithm>aes</SSEAlgorithm>",
            "InvalidEncryptionAlgorithmError",
        ),
        ("", "InvalidEncryptionAlgorithmError"),
        (
            "<SSEAlgorithm>KMS</SSEAlgorithm><KMSDataEncryption>AES</KMSDataEncryption>",
            "InvalidDataEncryptionAlgorithmError",
        ),
    ] {
        assert_eq!(
            rule(&server, inner).error(),
            (400, code.to_owned()),
            "{inner}"
        );
    }
    let malformed = Request::new("PUT", "bucket", "")
        .query("encryption", "")
        .body(b"<Other/>");
    assert_eq!(
        server.send(&malformed).error(),
        (400, "MalformedXML".into())
    );
    for _ in 0..2 {
        let delete = Request::new("DELETE", "bucket", "").query("encryption", "");
        assert_eq!(server.send(&delete).status, 204);
    }
    assert_eq!(told(&server.send(&put("k"))), (None, None, None));
    assert_eq!(server.send(&get).status, 404);
}

#[test]
fn a_copy_is_encrypted_as_it_asks_and_never_as_its_source() {
    let server = Server::start();
    server.bucket("bucket");
    let kinds = [None, Some("AES256"), Some("SM4"), Some("KMS")];
    let name = |kind: Option<&str>| kind.unwrap_or("plain").to_owned();
    for kind in kinds {
        let request = put(&name(kind));
        server.send(&match kind {
            Some(word) => request.header(SSE, word),
            None => request,
        });
    }
    for from in kinds {
        for to in kinds {
            let source = format!("/bucket/{}", name(from));
            let copy = Request::new("PUT", "bucket", "copy").header("x-oss-copy-source", source);
            let copied = server.send(&match to {
                Some(word) => copy.header(SSE, word),
                None => copy,
            });
            assert_eq!(told(&copied).0, to, "{from:?} to {to:?}");
            let got = server.send(&Request::get("bucket", "copy"));
            assert_eq!((told(&got).0, &got.body[..]), (to, &b"0123456789"[..]));
            assert_eq!(got.header("content-md5"), Some("eB5eJF1ptWaXm4bijSPyxw=="));
        }
    }
    // The metadata edit of an encrypted object onto itself.
    let edit = Request::new("PUT", "bucket", "KMS")
        .header("x-oss-copy-source", "/bucket/KMS")
        .header("x-oss-meta-a", "1")
        .header(SSE, "KMS");
    assert_eq!(server.send(&edit).status, 200);
    let got = server.send(&Request::get("bucket", "KMS"));
    assert_eq!(
        (got.header("x-oss-meta-a"), &got.body[..]),
        (Some("1"), &b"0123456789"[..])
    );
}

#[test]
fn an_upload_is_encrypted_as_it_began() {
    let server = Server::start();
    server.bucket("bucket");
    server.send(&put("plain"));
    server.send(&put("sm4").header(SSE, "SM4"));
    let begin = Request::new("POST", "bucket", "key")
        .query("uploads", "")
        .header(SSE, "KMS");
    let begun = server.send(&begin);
    assert_eq!(told(&begun).0, Some("KMS"));
    let id = begun.element("UploadId").unwrap();
    let part = |number: &str| {
        Request::new("PUT", "bucket", "key")
            .query("partNumber", number)
            .query("uploadId", &id)
    };
    for header in [SSE, DATA, KEY_ID] {
        let refused = server.send(&part("1").header(header, "AES256").body(b"x"));
        assert_eq!(refused.error(), (400, "InvalidArgument".into()), "{header}");
    }
    let large = vec![b'a'; 102_400];
    let mut tags = Vec::new();
    let one = server.send(&part("1").body(&large));
    assert_eq!(told(&one).0, Some("KMS"));
    tags.push(one.header("etag").unwrap().to_owned());
    server.send(
        &Request::new("PUT", "bucket", "large")
            .header(SSE, "AES256")
            .body(&large),
    );
    for (number, source) in [("2", "large"), ("3", "sm4"), ("4", "plain")] {
        // Parts below the least size go last, so only the first two are kept.
        let copy = part(number).header("x-oss-copy-source", format!("/bucket/{source}"));
        let copied = server.send(&copy);
        assert_eq!(told(&copied).0, Some("KMS"), "{copied:?}");
        tags.push(copied.header("etag").unwrap().to_owned());
    }
    let parts: String = [(1, 0), (2, 1), (3, 2)]
        .map(|(number, at)| {
            format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>",
                tags[at]
            )
        })
        .concat();
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let complete = Request::new("POST", "bucket", "key").query("uploadId", &id);
    let done = server.send(&complete.body(body.as_bytes()));
    assert_eq!(told(&done).0, Some("KMS"));
    let got = server.send(&Request::get("bucket", "key"));
    let whole = [&large[..], &large, b"0123456789"].concat();
    assert_eq!((told(&got).0, got.body.len()), (Some("KMS"), whole.len()));
    assert_eq!(got.body, whole);
    let across = Request::get("bucket", "key").header("Range", "bytes=102390-102409");
    assert_eq!(server.send(&across).body, vec![b'a'; 20]);
}

/// oss2 makes buckets with a default encryption by headers.
#[test]
fn a_bucket_is_made_with_a_default_encryption() {
    let server = Server::start();
    let made = Request::new("PUT", "made", "").header("x-oss-server-side-encryption", "AES256");
    assert_eq!(server.send(&made).status, 200);
    let rule = server.send(&Request::get("made", "").query("encryption", ""));
    assert_eq!(rule.element("SSEAlgorithm").as_deref(), Some("AES256"));
    server.put("made", "k", b"x");
    let object = server.send(&Request::get("made", "k"));
    assert_eq!(
        object.header("x-oss-server-side-encryption"),
        Some("AES256")
    );
    let bad = Request::new("PUT", "bad-one", "").header("x-oss-server-side-encryption", "ROT13");
    assert_eq!(
        server.send(&bad).error(),
        (400, "InvalidEncryptionAlgorithmError".into())
    );
}
