//! What an object is given back as: compressed on the fly, and with persistent headers.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use std::io::Read as _;
use support::*;

fn text(size: usize) -> Vec<u8> {
    b"line of text, again and again\n"
        .iter()
        .copied()
        .cycle()
        .take(size)
        .collect()
}

fn put(server: &Server, key: &str, content_type: &str, size: usize) {
    let request = Request::new("PUT", "bucket", key)
        .header("Content-Type", content_type)
        .body(&text(size));
    assert_eq!(server.send(&request).status, 200);
}

#[test]
fn texts_are_compressed_for_those_who_ask() {
    let server = Server::start();
    server.bucket("bucket");
    put(&server, "t", "text/plain; charset=utf-8", 300_000);
    for accepted in ["gzip", "br, gzip;q=0.5", "*"] {
        let reply = server.send(&Request::get("bucket", "t").header("Accept-Encoding", accepted));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-encoding"), Some("gzip"));
        assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
        assert_eq!(
            (reply.header("etag"), reply.header("content-length")),
            (None, None)
        );
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert!(reply.body.len() < 30_000);
        let mut plain = Vec::new();
        GzDecoder::new(reply.body.as_slice())
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain, text(300_000));
    }
}

#[test]
fn everything_else_goes_out_as_it_is() {
    let server = Server::start();
    server.bucket("bucket");
    put(&server, "small", "text/plain", 1023);
    put(&server, "least", "application/json", 1024);
    put(&server, "html", "text/html", 5000);
    put(&server, "t", "text/css", 5000);
    let encoded = Request::new("PUT", "bucket", "encoded")
        .header("Content-Type", "text/plain")
        .header("Content-Encoding", "br")
        .body(&text(5000));
    assert_eq!(server.send(&encoded).status, 200);
    let gzip = |key: &str| Request::get("bucket", key).header("Accept-Encoding", "gzip");
    assert_eq!(
        server.send(&gzip("least")).header("content-encoding"),
        Some("gzip")
    );
    for request in [
        gzip("small"),
        gzip("html"),
        Request::get("bucket", "t"),
        Request::get("bucket", "t").header("Accept-Encoding", "identity, gzip;q=0"),
        gzip("t").header("Range", "bytes=0-2000"),
        gzip("t").header("Range", "bytes=0-"),
        gzip("t").query("response-content-type", "text/html"),
    ] {
        let reply = server.send(&request);
        assert!(matches!(reply.status, 200 | 206), "{reply:?}");
        assert_eq!(reply.header("content-encoding"), None, "{request:?}");
        assert!(reply.header("etag").is_some() && reply.header("content-length").is_some());
    }
    let reply = server.send(&gzip("encoded"));
    assert_eq!(
        (reply.header("content-encoding"), &reply.body),
        (Some("br"), &text(5000))
    );
    let head = server.send(&Request::new("HEAD", "bucket", "t").header("Accept-Encoding", "gzip"));
    assert_eq!(head.header("content-length"), Some("5000"));
}

#[test]
fn persistent_headers_come_back_as_headers() {
    let server = Server::start();
    server.bucket("bucket");
    let value = format!(
        "X-Frame-Options:{},my-header:{}",
        STANDARD.encode("DENY"),
        STANDARD.encode("a, b: ü")
    );
    let put = |value: &str| {
        server.send(
            &Request::new("PUT", "bucket", "k")
                .header("x-oss-persistent-headers", value)
                .body(b"x"),
        )
    };
    assert_eq!(put(&value).status, 200);
    for method in ["GET", "HEAD"] {
        let reply = server.send(&Request::new(method, "bucket", "k"));
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("my-header"), Some("a, b: ü"));
        assert_eq!(reply.header("x-oss-persistent-headers"), None);
    }
    let copy = Request::new("PUT", "bucket", "copy").header("x-oss-copy-source", "/bucket/k");
    assert_eq!(server.send(&copy).status, 200);
    assert_eq!(
        server
            .send(&Request::get("bucket", "copy"))
            .header("x-frame-options"),
        Some("DENY")
    );
    for bad in [
        "a",
        "Host:YQ==",
        "a:*",
        &format!("a:{}", STANDARD.encode("b\r\nc: d")),
    ] {
        assert_eq!(put(bad).error(), (400, "InvalidArgument".into()), "{bad}");
    }
}
