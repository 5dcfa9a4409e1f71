//! Every way in which a request can fail to prove itself (signing.md §10), and 16 KiB of garbage in every field: always
//! the documented refusal, never a 500, never a hang, and the connection stays usable.

mod support;

use fosse_oss::sign::Scheme;
use std::sync::atomic::Ordering;
use support::*;

/// The text of a presigned URL's query.
fn presigned(server: &Server, scheme: Scheme, life: i64) -> String {
    let head = Request::get("bucket", "k")
        .proof(Proof::Url(scheme, life))
        .head(server);
    let text = String::from_utf8(head).unwrap();
    text.split_once('?')
        .unwrap()
        .1
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}

fn raw(connection: &mut Connection, method: &str, target: &str, headers: &str) -> Reply {
    connection.write(
        format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").as_bytes(),
    );
    let reply = connection.read_reply(method == "HEAD");
    well_formed(&reply);
    reply
}

fn ready() -> Server {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"body");
    server
}

#[test]
fn a_presigned_url_works_until_it_expires() {
    let server = ready();
    let mut connection = server.connect();
    for (scheme, ec) in [(Scheme::V1, Some("0002-00000069")), (Scheme::V4, None)] {
        let query = presigned(&server, scheme, 60);
        let target = format!("/bucket/k?{query}");
        assert_eq!(raw(&mut connection, "GET", &target, "").body, b"body");
        server.offset_ms.store(58_000, Ordering::Relaxed);
        assert_eq!(raw(&mut connection, "GET", &target, "").status, 200);
        server.offset_ms.store(62_000, Ordering::Relaxed);
        let reply = raw(&mut connection, "GET", &target, "");
        assert_eq!(reply.error(), (403, "AccessDenied".into()));
        assert_eq!(
            reply.element("Message").as_deref(),
            Some("Request has expired.")
        );
        assert!(reply.element("ServerTime").is_some() && reply.element("Expires").is_some());
        assert_eq!(reply.header("x-oss-ec"), ec);
        server.offset_ms.store(0, Ordering::Relaxed);
    }
    // V1 knows no upper limit, V4 seven days.
    let month = presigned(&server, Scheme::V1, 30 * 86_400);
    assert_eq!(
        raw(&mut connection, "GET", &format!("/bucket/k?{month}"), "").status,
        200
    );
    let query =
        presigned(&server, Scheme::V4, 60).replace("x-oss-expires=60", "x-oss-expires=604801");
    let reply = raw(&mut connection, "GET", &format!("/bucket/k?{query}"), "");
    assert_eq!(reply.error(), (400, "InvalidArgument".into()));
    assert_eq!(reply.header("x-oss-ec"), Some("0002-00000232"));
    server.offset_ms.store(-3_600_000, Ordering::Relaxed);
    let query = presigned(&server, Scheme::V4, 60);
    server.offset_ms.store(-7_200_000, Ordering::Relaxed);
    let reply = raw(&mut connection, "GET", &format!("/bucket/k?{query}"), "");
    assert_eq!(
        reply.header("x-oss-ec"),
        Some("0002-00000235"),
        "not valid yet"
    );
}

#[test]
fn any_change_of_a_presigned_request_is_refused() {
    let server = ready();
    let mut connection = server.connect();
    for scheme in [Scheme::V1, Scheme::V4] {
        let query = presigned(&server, scheme, 600);
        for (method, target) in [
            ("PUT", format!("/bucket/k?{query}")),
            ("DELETE", format!("/bucket/k?{query}")),
            ("HEAD", format!("/bucket/k?{query}")),
            ("POST", format!("/bucket/k?{query}")),
            ("GET", format!("/bucket/other?{query}")),
            ("GET", format!("/bucket/k%20?{query}")),
            ("GET", format!("/bucket//k?{query}")),
            ("GET", format!("/other-bucket/k?{query}")),
            ("GET", format!("/bucket/k?{query}&versionId=null")),
            ("GET", format!("/bucket/k?acl&{query}")),
            ("GET", format!("/bucket/k?{query}&response-content-type=a")),
        ] {
            let reply = raw(
                &mut connection,
                method,
                &target,
                if method == "PUT" {
                    "Content-Length: 0\r\n"
                } else {
                    ""
                },
            );
            assert_eq!(reply.status, 403, "{method} {target}");
            if method != "HEAD" {
                assert_eq!(
                    reply.error().1,
                    "SignatureDoesNotMatch",
                    "{method} {target}"
                );
                let ec = if scheme == Scheme::V1 {
                    "0002-00000040"
                } else {
                    "0002-00000201"
                };
                assert_eq!(reply.header("x-oss-ec"), Some(ec));
                assert!(reply.element("StringToSign").is_some());
                assert!(!reply.text().contains(SECRET));
            }
        }
        // Every character of the signature counts.
        let name = if scheme == Scheme::V1 {
            "Signature="
        } else {
            "x-oss-signature="
        };
        let at = query.find(name).unwrap() + name.len();
        let old = &query[at..=at];
        let forged = format!(
            "{}{}{}",
            &query[..at],
            if old == "a" { "b" } else { "a" },
            &query[at + 1..]
        );
        let reply = raw(&mut connection, "GET", &format!("/bucket/k?{forged}"), "");
        assert_eq!(reply.error(), (403, "SignatureDoesNotMatch".into()));
        assert_eq!(
            raw(&mut connection, "GET", &format!("/bucket/k?{query}"), "").status,
            200
        );
    }
}

#[test]
fn a_signed_header_must_come_along() {
    let server = ready();
    for scheme in [Scheme::V1, Scheme::V4] {
        let put = Request::new("PUT", "bucket", "signed")
            .header("Content-Type", "text/s")
            .header("x-oss-meta-a", "1")
            .body(b"x")
            .proof(Proof::Url(scheme, 60));
        assert_eq!(server.send(&put).status, 200, "{scheme:?}");
        let head = String::from_utf8(put.head(&server)).unwrap();
        for (from, to) in [
            ("Content-Type: text/s\r\n", ""),
            ("Content-Type: text/s\r\n", "Content-Type: text/t\r\n"),
            ("x-oss-meta-a: 1\r\n", ""),
            ("x-oss-meta-a: 1\r\n", "x-oss-meta-a: 2\r\n"),
            (
                "x-oss-meta-a: 1\r\n",
                "x-oss-meta-a: 1\r\nx-oss-meta-b: 1\r\n",
            ),
        ] {
            let mut connection = server.connect();
            connection.write(head.replace(from, to).as_bytes());
            connection.write(b"x");
            let reply = connection.read_reply(false);
            assert_eq!(
                reply.error(),
                (403, "SignatureDoesNotMatch".into()),
                "{scheme:?} {from} {to}"
            );
        }
    }
}

#[test]
fn broken_proofs_get_their_documented_refusal() {
    let server = ready();
    let mut connection = server.connect();
    let date = fosse_oss::time::format_http(server.now());
    let compact = fosse_oss::time::format_compact(server.now());
    let day = &compact[..8];
    let v4 = |credential: &str| {
        format!(
            "Authorization: OSS4-HMAC-SHA256 Credential={credential},Signature={}\r\nx-oss-date: {compact}\r\n\
             x-oss-content-sha256: UNSIGNED-PAYLOAD\r\n",
            "0".repeat(64)
        )
    };
    let scope = format!("{day}/cn-hangzhou/oss/aliyun_v4_request");
    for (headers, expected, ec) in [
        (
            format!("Authorization: OSS {ID}:AAAA\r\nDate: {date}\r\n"),
            (403, "SignatureDoesNotMatch"),
            "0002-00000040",
        ),
        (
            format!("Authorization: OSS nobody:AAAA\r\nDate: {date}\r\n"),
            (403, "InvalidAccessKeyId"),
            "0002-00000902",
        ),
        (
            format!("Authorization: OSS {ID}:AAAA\r\n"),
            (403, "AccessDenied"),
            "0002-00000503",
        ),
        (
            format!("Authorization: OSS {ID}:AAAA\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\n"),
            (403, "RequestTimeTooSkewed"),
            "0002-00000504",
        ),
        (
            "Authorization: OSS nonsense\r\n".into(),
            (400, "InvalidArgument"),
            "0002-00000063",
        ),
        (
            "Authorization: Basic eDp5\r\n".into(),
            (400, "InvalidArgument"),
            "",
        ),
        ("Authorization: \r\n".into(), (400, "InvalidArgument"), ""),
        (
            v4(&format!("{ID}/{scope}")),
            (403, "SignatureDoesNotMatch"),
            "0002-00000201",
        ),
        (
            v4(&format!("nobody/{scope}")),
            (403, "InvalidAccessKeyId"),
            "0002-00000902",
        ),
        (
            v4(&format!("{ID}/{day}/cn-elsewhere/oss/aliyun_v4_request")),
            (400, "InvalidArgument"),
            "0002-00000226",
        ),
        (
            v4(&format!("{ID}/{day}/cn-hangzhou/ecs/aliyun_v4_request")),
            (400, "InvalidArgument"),
            "0002-00000227",
        ),
        (v4("nonsense"), (400, "InvalidArgument"), "0002-00000213"),
        (
            v4(&format!("{ID}/{scope}")).replace("UNSIGNED-PAYLOAD", "HASH"),
            (400, "InvalidArgument"),
            "0002-00000214",
        ),
    ] {
        let reply = raw(&mut connection, "GET", "/bucket/k", &headers);
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{headers}"
        );
        if !ec.is_empty() {
            assert_eq!(reply.header("x-oss-ec"), Some(ec), "{headers}");
        }
    }
    let v1 = presigned(&server, Scheme::V1, 60);
    let v4 = presigned(&server, Scheme::V4, 60);
    let without = |query: &str, name: &str| {
        query
            .split('&')
            .filter(|p| !p.starts_with(name))
            .collect::<Vec<_>>()
            .join("&")
    };
    for (query, expected, ec) in [
        (
            without(&v1, "OSSAccessKeyId"),
            (403, "AccessDenied"),
            "0002-00000071",
        ),
        (
            without(&v1, "Signature"),
            (403, "AccessDenied"),
            "0002-00000074",
        ),
        (
            v1.replace("Expires=", "Expires=x"),
            (403, "AccessDenied"),
            "0002-00000070",
        ),
        (
            without(&v4, "x-oss-expires"),
            (400, "InvalidArgument"),
            "0002-00000215",
        ),
        (
            without(&v4, "x-oss-signature="),
            (400, "InvalidArgument"),
            "0002-00000219",
        ),
        (
            v4.replace("x-oss-expires=60", "x-oss-expires=0"),
            (400, "InvalidArgument"),
            "0002-00000232",
        ),
        (format!("{v1}&Signature=AAAA"), (400, "InvalidArgument"), ""),
        (
            format!("{v4}&x-oss-signature=00"),
            (400, "InvalidArgument"),
            "",
        ),
        (
            // The version parameter decides for V4, and V4 signs every parameter.
            format!("{v4}&{v1}"),
            (403, "SignatureDoesNotMatch"),
            "",
        ),
    ] {
        let reply = raw(&mut connection, "GET", &format!("/bucket/k?{query}"), "");
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{query}"
        );
        if !ec.is_empty() {
            assert_eq!(reply.header("x-oss-ec"), Some(ec), "{query}");
        }
    }
    let both = format!("Authorization: OSS {ID}:AAAA\r\nDate: {date}\r\n");
    let reply = raw(&mut connection, "GET", &format!("/bucket/k?{v1}"), &both);
    assert_eq!(reply.header("x-oss-ec"), Some("0002-00000039"));
    // Time stands still for nobody: the Date of the answer is the server's.
    server.offset_ms.store(86_400_000, Ordering::Relaxed);
    let reply = raw(
        &mut connection,
        "GET",
        "/bucket/k",
        &format!("Authorization: OSS {ID}:AAAA\r\nDate: {date}\r\n"),
    );
    assert_eq!(reply.error().1, "RequestTimeTooSkewed");
    let told = fosse_oss::time::parse_http(reply.header("date").unwrap()).unwrap();
    assert!((told - server.now()).abs() <= 2);
}

#[test]
fn keys_lose_their_power_at_once() {
    let server = ready();
    let get = Request::get("bucket", "k").proof(Proof::Url(Scheme::V4, 600));
    assert_eq!(server.send(&get).status, 200);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut key = (*server.store.access_key(ID).unwrap()).clone();
    key.enabled = false;
    runtime
        .block_on(server.store.put_access_key(key.clone()))
        .unwrap();
    let reply = server.send(&get);
    assert_eq!(reply.error(), (403, "InvalidAccessKeyId".into()));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("The OSS Access Key Id you provided is disabled.")
    );
    // A new secret under the old id: what the old one signed is void, though its derived key was cached.
    key.enabled = true;
    key.secret = "another secret".into();
    runtime.block_on(server.store.put_access_key(key)).unwrap();
    assert_eq!(
        server.send(&get).error(),
        (403, "SignatureDoesNotMatch".into())
    );
    assert_eq!(
        server.send(&get.clone().by(ID, "another secret")).status,
        200
    );
    runtime
        .block_on(server.store.delete_access_key(ID))
        .unwrap();
    let reply = server.send(&get.by(ID, "another secret"));
    assert_eq!(reply.error(), (403, "InvalidAccessKeyId".into()));
}

/// Sends garbage, wants a refusal (or an answer that ignores it), then a good request on the same connection.
#[test]
fn garbage_in_every_field_is_refused_and_forgotten() {
    let server = ready();
    let pieces = [
        "A".repeat(16 * 1024),
        "%41".repeat(5 * 1024),
        "9".repeat(16 * 1024),
        "/../".repeat(4 * 1024),
        "=&?;,:\"'".repeat(2 * 1024),
    ];
    let mut connection = server.connect();
    let mut check = |target: &str, headers: &str, what: &str| {
        connection.write(
            format!(
                "GET {target} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
                server.address
            )
            .as_bytes(),
        );
        let reply = connection.read_reply(false);
        well_formed(&reply);
        assert!(reply.status < 500, "{what}: {reply:?}");
        assert!(
            matches!(reply.status, 400 | 403 | 404),
            "{what}: {}",
            reply.status
        );
        let good = connection.send(&Request::get("bucket", "k"), &server);
        assert_eq!(
            (good.status, good.body.as_slice()),
            (200, &b"body"[..]),
            "after {what}"
        );
    };
    for piece in &pieces {
        for name in [
            "Authorization",
            "Date",
            "x-oss-date",
            "x-oss-content-sha256",
            "x-oss-security-token",
            "Content-MD5",
            "Content-Type",
            "Range",
            "If-Match",
            "If-Modified-Since",
            "x-oss-range-behavior",
            "x-oss-traffic-limit",
            "x-oss-meta-a",
            "x-oss-object-acl",
            "Origin",
            "Referer",
            "User-Agent",
            "Cookie",
        ] {
            check("/bucket/k", &format!("{name}: {piece}\r\n"), name);
            check(
                "/bucket/k",
                &format!("Authorization: OSS {ID}:AAAA\r\n{name}: {piece}\r\n"),
                name,
            );
        }
        for scheme in [
            "OSS ",
            "OSS2 ",
            "OSS4-HMAC-SHA256 ",
            "OSS4-HMAC-SHA256 Credential=",
            "OSS x:",
        ] {
            check(
                "/bucket/k",
                &format!("Authorization: {scheme}{piece}\r\n"),
                scheme,
            );
        }
        let value = piece.replace(['&', '?', '"', '\''], "");
        for name in [
            "OSSAccessKeyId",
            "Expires",
            "Signature",
            "security-token",
            "x-oss-signature-version",
            "x-oss-credential",
            "x-oss-date",
            "x-oss-expires",
            "x-oss-signature",
            "x-oss-additional-headers",
            "x-oss-security-token",
            "versionId",
            "response-content-type",
            "uploadId",
            "partNumber",
            "max-keys",
            "marker",
            "encoding-type",
            "continuation-token",
            "x-oss-process",
            "unknown",
        ] {
            check(&format!("/bucket/k?{name}={value}"), "", name);
            check(&format!("/bucket/?{name}={value}"), "", name);
        }
        check(&format!("/bucket/{value}"), "", "key");
        check(&format!("/{value}/k"), "", "bucket");
        check(&format!("/bucket/k?{value}"), "", "query name");
        let query = presigned(&server, Scheme::V4, 60);
        for part in query.split('&') {
            let (name, _) = part.split_once('=').unwrap();
            let changed = query.replace(part, &format!("{name}={value}"));
            check(&format!("/bucket/k?{changed}"), "", name);
        }
    }
}

#[test]
fn garbage_under_a_good_signature_is_refused_too() {
    let server = ready();
    let mut connection = server.connect();
    for piece in [
        "A".repeat(12 * 1024),
        "9".repeat(12 * 1024),
        "=&;,:".repeat(2 * 1024),
    ] {
        for (name, status) in [
            ("Content-MD5", 400),
            ("x-oss-hash-crc64ecma", 400),
            ("x-oss-object-acl", 400),
            ("x-oss-storage-class", 400),
            ("x-oss-tagging", 400),
            ("x-oss-forbid-overwrite", 400),
            ("x-oss-meta-a", 400),
            ("x-oss-copy-source", 400),
            ("x-oss-server-side-encryption", 400),
            ("x-oss-callback", 400),
            ("If-None-Match", 400),
        ] {
            let put = Request::new("PUT", "bucket", "new")
                .header(name, &piece)
                .body(b"x");
            let reply = connection.send(&put, &server);
            well_formed(&reply);
            assert_eq!(reply.status, status, "{name}: {reply:?}");
        }
        for (name, status) in [
            ("Range", 200),
            ("If-Range", 200),
            ("If-Match", 412),
            ("If-None-Match", 200),
            ("If-Modified-Since", 200),
            ("If-Unmodified-Since", 200),
            ("Accept-Encoding", 200),
        ] {
            let reply = connection.send(&Request::get("bucket", "k").header(name, &piece), &server);
            assert_eq!(reply.status, status, "{name}");
        }
        for name in ["versionId", "x-oss-process"] {
            let reply = connection.send(&Request::get("bucket", "k").query(name, &piece), &server);
            assert_eq!(reply.status, 400, "{name}");
        }
        for name in ["max-keys", "encoding-type", "prefix", "marker", "delimiter"] {
            let reply = connection.send(&Request::get("bucket", "").query(name, &piece), &server);
            assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{name}");
        }
    }
    assert_eq!(
        server.send(&Request::get("bucket", "new")).status,
        404,
        "nothing was stored"
    );
}
