//! AppendObject and SealAppendObject over HTTP.

mod support;

use support::*;

fn append(key: &str, position: &str) -> Request {
    Request::new("POST", "bucket", key)
        .query("append", "")
        .query("position", position)
}

fn seal(key: &str, position: &str) -> Request {
    Request::new("POST", "bucket", key)
        .query("seal", "")
        .query("position", position)
}

fn head(server: &Server, key: &str) -> Reply {
    server.send(&Request::new("HEAD", "bucket", key))
}

#[test]
fn appends_grow_an_object() {
    let server = Server::start();
    server.bucket("bucket");
    let first = append("log", "0")
        .header("Content-Type", "text/log")
        .header("x-oss-meta-a", "1")
        .body(b"12345");
    let first = server.send(&first);
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.header("x-oss-next-append-position"), Some("5"));
    // What a later append says about the object is not heard.
    let second = append("log", "5").header("x-oss-meta-a", "2").body(b"6789");
    let second = server.send(&second);
    assert_eq!(second.header("x-oss-next-append-position"), Some("9"));
    assert_eq!(
        second.header("x-oss-hash-crc64ecma"),
        Some("11051210869376104954")
    );
    assert_ne!(first.header("etag"), second.header("etag"));
    assert!(second.header("etag").unwrap().ends_with("0000\""));
    let nothing = server.send(&append("log", "9").body(b""));
    assert_eq!(nothing.header("etag"), second.header("etag"));
    let got = server.send(&Request::get("bucket", "log"));
    assert_eq!(got.body, b"123456789");
    for (name, value) in [
        ("x-oss-object-type", "Appendable"),
        ("x-oss-next-append-position", "9"),
        ("content-type", "text/log"),
        ("x-oss-meta-a", "1"),
    ] {
        assert_eq!(got.header(name), Some(value), "{name}");
    }
    assert_eq!(
        (got.header("content-md5"), got.header("x-oss-sealed-time")),
        (None, None)
    );
    let part = server.send(&Request::get("bucket", "log").header("Range", "bytes=3-6"));
    assert_eq!((part.status, &part.body[..]), (206, &b"4567"[..]));
}

#[test]
fn appends_are_refused_as_documented() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "normal", b"x");
    server.send(&append("log", "0").body(b"12345"));
    for position in ["0", "4", "6"] {
        let refused = server.send(&append("log", position).body(b"x"));
        well_formed(&refused);
        assert_eq!(refused.error(), (409, "PositionNotEqualToLength".into()));
        assert_eq!(refused.header("x-oss-next-append-position"), Some("5"));
    }
    let absent = server.send(&append("absent", "1").body(b"x"));
    assert_eq!(absent.error(), (409, "PositionNotEqualToLength".into()));
    assert_eq!(absent.header("x-oss-next-append-position"), Some("0"));
    let no_position = Request::new("POST", "bucket", "log")
        .query("append", "")
        .body(b"x");
    assert_eq!(
        server.send(&no_position).error(),
        (400, "MissingArgument".into())
    );
    let cold = append("new", "0")
        .header("x-oss-storage-class", "ColdArchive")
        .body(b"x");
    let length = append("log", &(5u64 << 30).to_string()).body(b"x");
    for (request, expected) in [
        (
            append("normal", "1").body(b"x"),
            (409, "ObjectNotAppendable"),
        ),
        (append("log", "-1").body(b"x"), (400, "InvalidArgument")),
        (append("log", "five").body(b"x"), (400, "InvalidArgument")),
        (
            append("log", "99999999999999999999").body(b"x"),
            (400, "InvalidArgument"),
        ),
        (length, (409, "PositionNotEqualToLength")),
        (cold, (400, "InvalidArgument")),
        (
            append("log", "5")
                .header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
                .body(b"x"),
            (400, "InvalidDigest"),
        ),
        (
            append("log", "5")
                .header("x-oss-hash-crc64ecma", "1")
                .body(b"x"),
            (400, "InvalidCRC64"),
        ),
        (
            append("log", "5").anonymous().body(b"x"),
            (403, "AccessDenied"),
        ),
        (seal("normal", "1"), (409, "ObjectNotAppendable")),
        (seal("absent", "0"), (404, "NoSuchKey")),
        (seal("log", "4"), (409, "PositionNotEqualToLength")),
    ] {
        let refused = server.send(&request);
        well_formed(&refused);
        assert_eq!(refused.error(), (expected.0, expected.1.to_owned()));
    }
    assert_eq!(server.send(&Request::get("bucket", "log")).body, b"12345");
    assert_eq!(head(&server, "new").status, 404);
}

#[test]
fn a_sealed_object_says_since_when() {
    let server = Server::start();
    server.bucket("bucket");
    server.send(&append("log", "0").body(b"12345"));
    let sealed = server.send(&seal("log", "5"));
    let time = sealed.header("x-oss-sealed-time").unwrap().to_owned();
    let again = server.send(&seal("log", "5"));
    assert_eq!(again.header("x-oss-sealed-time"), Some(&*time));
    assert_eq!(
        head(&server, "log").header("x-oss-sealed-time"),
        Some(&*time)
    );
    let refused = server.send(&append("log", "5").body(b"x"));
    assert_eq!(refused.error(), (409, "ObjectNotAppendable".into()));
}

#[test]
fn a_versioned_bucket_has_no_history_of_appends() {
    let server = Server::start();
    server.bucket("bucket");
    let enable = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    server.send(
        &Request::new("PUT", "bucket", "")
            .query("versioning", "")
            .body(enable),
    );
    for position in ["0", "1"] {
        let reply = server.send(&append("log", position).body(b"x"));
        assert_eq!(reply.header("x-oss-version-id"), Some("null"), "{reply:?}");
    }
    server.send(&Request::new("DELETE", "bucket", "log"));
    let refused = server.send(&append("log", "0").body(b"x"));
    assert_eq!(refused.error(), (409, "ObjectNotAppendable".into()));
    let former = Request::get("bucket", "log").query("versionId", "null");
    assert_eq!(server.send(&former).body, b"xx");
}

#[test]
fn an_encrypted_object_is_appended_to_under_its_key() {
    let server = Server::start();
    server.bucket("bucket");
    let first = append("log", "0").header("x-oss-server-side-encryption", "AES256");
    server.send(&first.body(b"12345"));
    let second = server.send(&append("log", "5").body(b"6789"));
    assert_eq!(
        second.header("x-oss-server-side-encryption"),
        Some("AES256")
    );
    let got = server.send(&Request::get("bucket", "log"));
    assert_eq!(got.body, b"123456789");
    assert_eq!(
        got.header("x-oss-hash-crc64ecma"),
        Some("11051210869376104954")
    );
}
