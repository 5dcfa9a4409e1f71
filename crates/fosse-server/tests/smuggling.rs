//! Request smuggling: messages whose end can be read in two ways. Behind a proxy that reads them the other way, the rest of one
//! would be taken for a request of somebody else. So whatever is ambiguous is refused, and the connection is closed: what follows on
//! it is never served.

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;
use support::*;

/// A request that would delete the object, if it were taken for one.
fn hidden(server: &Server) -> Vec<u8> {
    Request::new("DELETE", "bucket", "victim").head(server)
}

fn server() -> Server {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "victim", b"alive");
    server
}

/// Everything that comes back for these bytes, until the server closes.
fn answer(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    // A connection that is reset may have told its answer before.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of all answers to these bytes: as many as the server saw requests.
fn replies(server: &Server, bytes: &[u8]) -> Vec<u16> {
    let text = answer(server, bytes);
    text.match_indices("HTTP/1.")
        .filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok())
        .collect()
}

#[test]
fn messages_that_end_in_two_places() {
    let server = server();
    let hidden = hidden(&server);
    let inner = String::from_utf8(hidden.clone()).unwrap();
    let head = |framing: &str| {
        format!("POST /bucket/?delete HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n")
    };
    let length = inner.len();
    let cases: Vec<(&str, String)> = vec![
        (
            "length and chunks",
            head(&format!(
                "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"
            )) + "0\r\n\r\n"
                + &inner,
        ),
        (
            "chunks and length",
            head(&format!(
                "Transfer-Encoding: chunked\r\nContent-Length: {}\r\n",
                length + 5
            )) + "0\r\n\r\n"
                + &inner,
        ),
        (
            "two lengths",
            head(&format!(
                "Content-Length: 0\r\nContent-Length: {length}\r\n"
            )) + &inner,
        ),
        (
            "two lengths in one",
            head(&format!("Content-Length: 0, {length}\r\n")) + &inner,
        ),
        (
            "a sign",
            head(&format!("Content-Length: +{length}\r\n")) + &inner,
        ),
        ("a negative length", head("Content-Length: -1\r\n") + &inner),
        (
            "hexadecimal",
            head(&format!("Content-Length: 0x{length:x}\r\n")) + &inner,
        ),
        ("a space within", head("Content-Length: 1 0\r\n") + &inner),
        ("an empty length", head("Content-Length:\r\n") + &inner),
        (
            "too large",
            head("Content-Length: 99999999999999999999\r\n") + &inner,
        ),
        (
            "a space before the colon",
            head(&format!("Content-Length : {length}\r\n")) + &inner,
        ),
        (
            "a folded line",
            head(&format!("X: a\r\n Content-Length: {length}\r\n")) + &inner,
        ),
        (
            "folded chunks",
            head("Transfer-Encoding:\r\n chunked\r\n") + "0\r\n\r\n" + &inner,
        ),
        (
            "another coding",
            head("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n" + &inner,
        ),
        ("identity", head("Transfer-Encoding: identity\r\n") + &inner),
        (
            "chunked not last",
            head("Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n" + &inner,
        ),
        (
            "a vertical tab",
            head("Transfer-Encoding: \x0bchunked\r\n") + "0\r\n\r\n" + &inner,
        ),
        (
            "a null",
            head("Transfer-Encoding: chunked\0\r\n") + "0\r\n\r\n" + &inner,
        ),
        (
            "bare line feeds in a name",
            head("X\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + &inner,
        ),
        (
            "an underscore is another header",
            head("Content_Length: 5\r\nTransfer-Encoding: x\r\n") + &inner,
        ),
        (
            "version 1.0 with chunks",
            format!(
                "POST /bucket/?delete HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"
            ),
        ),
    ];
    for (case, bytes) in cases {
        let statuses = replies(&server, bytes.as_bytes());
        assert!(statuses.len() <= 1, "{case}: {statuses:?}");
        assert!(
            statuses.iter().all(|status| *status >= 400),
            "{case}: {statuses:?}"
        );
        let kept = server.send(&Request::get("bucket", "victim"));
        assert_eq!(kept.body, b"alive", "{case}");
    }
}

#[test]
fn broken_chunks_end_the_connection() {
    let server = server();
    let inner = String::from_utf8(hidden(&server)).unwrap();
    let put = Request::new("PUT", "bucket", "new").chunked();
    let head = String::from_utf8(put.head(&server)).unwrap();
    for (case, body) in [
        ("no size", format!("\r\nabc\r\n0\r\n\r\n{inner}")),
        (
            "a size that is none",
            format!("xyz\r\nabc\r\n0\r\n\r\n{inner}"),
        ),
        ("a sign", format!("+3\r\nabc\r\n0\r\n\r\n{inner}")),
        ("a prefix", format!("0x3\r\nabc\r\n0\r\n\r\n{inner}")),
        (
            "too large",
            format!("fffffffffffffffff\r\nabc\r\n0\r\n\r\n{inner}"),
        ),
        ("longer than told", format!("2\r\nabc\r\n0\r\n\r\n{inner}")),
        ("shorter than told", format!("a\r\nabc\r\n0\r\n\r\n{inner}")),
        (
            "no end of line after the data",
            format!("3\r\nabc0\r\n\r\n{inner}"),
        ),
        (
            "a space before the size",
            format!(" 3\r\nabc\r\n0\r\n\r\n{inner}"),
        ),
        (
            "a long extension",
            format!("3;{}\r\nabc\r\n0\r\n\r\n{inner}", "a".repeat(100_000)),
        ),
        (
            "many trailers",
            format!("3\r\nabc\r\n0\r\n{}\r\n{inner}", "x: y\r\n".repeat(20_000)),
        ),
    ] {
        let statuses = replies(&server, (head.clone() + &body).as_bytes());
        assert!(statuses.len() <= 1, "{case}: {statuses:?}");
        assert!(
            statuses.iter().all(|status| *status >= 400),
            "{case}: {statuses:?}"
        );
        let kept = server.send(&Request::get("bucket", "victim"));
        assert_eq!(kept.body, b"alive", "{case}");
        assert_eq!(
            server.send(&Request::get("bucket", "new")).status,
            404,
            "{case}"
        );
    }
}

/// The HTTP library takes a bare line feed among trailers for text, so the next request would vanish in them: behind a front
/// end that ends the message there, somebody would get the answer of somebody else.
#[test]
fn trailers_end_the_connection() {
    let server = server();
    let next = String::from_utf8(Request::get("bucket", "victim").head(&server)).unwrap();
    let signed = Request::new("PUT", "bucket", "new").chunked();
    let anonymous = signed.clone().anonymous();
    for end in [
        "0\r\n\n",
        "0\r\na: b\n\r\n",
        "0\r\na: b\n\n",
        "0\r\na: b\r\n\r\n",
    ] {
        for (request, status) in [(&signed, 200), (&anonymous, 403)] {
            let mut bytes = request.head(&server);
            bytes.extend(format!("3\r\nabc\r\n{end}{next}").bytes());
            let answer = answer(&server, &bytes);
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{end:?}: {answer}");
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{end:?}: {answer}"
            );
            assert!(
                answer.contains("connection: close\r\n"),
                "{end:?}: {answer}"
            );
        }
    }
}

/// A coding that is not understood would be stored as if it were the object.
#[test]
fn other_transfer_codings_are_refused() {
    let server = server();
    for codings in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: nonsense\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: \r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
    ] {
        let head = String::from_utf8(Request::new("PUT", "bucket", "new").head(&server)).unwrap();
        let head = head.strip_suffix("\r\n").unwrap();
        let bytes = format!("{head}{codings}\r\n3\r\nabc\r\n0\r\n\r\n");
        let answer = answer(&server, bytes.as_bytes());
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{codings}: {answer}"
        );
        assert!(answer.starts_with("HTTP/1.1 400 "), "{codings}: {answer}");
        assert!(
            answer.contains("connection: close\r\n"),
            "{codings}: {answer}"
        );
        assert_eq!(
            server.send(&Request::get("bucket", "new")).status,
            404,
            "{codings}"
        );
    }
}

/// A pool that reads `keep-alive` where the connection ends would lose the next request on it.
#[test]
fn a_connection_that_ends_says_so() {
    let server = server();
    for (version, connection, says) in [
        ("1.1", "", "keep-alive"),
        ("1.1", "Connection: close\r\n", "close"),
        ("1.1", "Connection: x, Close\r\n", "close"),
        ("1.0", "", "close"),
        ("1.0", "Connection: upgrade\r\n", "close"),
        ("1.0", "Connection: Keep-Alive\r\n", "keep-alive"),
    ] {
        let bytes =
            format!("GET /bucket/victim HTTP/{version}\r\nHost: localhost\r\n{connection}\r\n");
        let answer = answer(&server, bytes.as_bytes()).to_lowercase();
        let told: Vec<&str> = answer
            .lines()
            .filter_map(|line| line.strip_prefix("connection: "))
            .collect();
        assert_eq!(told, [says], "{version} {connection:?}");
    }
}

/// What is not ambiguous goes on working, one request after the other.
#[test]
fn honest_messages_follow_each_other() {
    let server = server();
    let mut bytes = Request::new("PUT", "bucket", "a")
        .body(b"one")
        .bytes(&server);
    bytes.extend(
        Request::new("PUT", "bucket", "b")
            .body(b"two")
            .chunked()
            .bytes(&server),
    );
    bytes.extend(Request::get("bucket", "a").bytes(&server));
    assert_eq!(replies(&server, &bytes), [200, 200, 200]);
    assert_eq!(server.send(&Request::get("bucket", "b")).body, b"two");
}

/// A body that looks like a request is a body.
#[test]
fn a_request_within_a_body_is_data() {
    let server = server();
    let inner = hidden(&server);
    assert_eq!(server.put("bucket", "data", &inner).status, 200);
    assert_eq!(server.send(&Request::get("bucket", "data")).body, inner);
    assert_eq!(
        server.send(&Request::get("bucket", "victim")).body,
        b"alive"
    );
}

#[test]
fn paths_do_not_leave_their_bucket() {
    let server = server();
    server.bucket("other");
    server.put("other", "secret", b"secret");
    for path in [
        "/bucket/../other/secret",
        "/bucket/%2e%2e/other/secret",
        "/bucket/..%2fother%2fsecret",
        "/bucket/.%2e/other/secret",
        "/bucket//../../other/secret",
        "/bucket/%2e%2e%2fother%2fsecret",
        "/bucket/..%5cother%5csecret",
        "/bucket/%252e%252e/other/secret",
        "/bucket/\\..\\other\\secret",
        "/bucket/x/../../../../../../etc/passwd",
    ] {
        let mut connection = server.connect();
        connection.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        let reply = connection.read_reply(false);
        assert!(
            matches!(reply.status, 400 | 403 | 404),
            "{path}: {}",
            reply.status
        );
        assert!(
            !reply.body.windows(6).any(|window| window == b"root:x"),
            "{path}"
        );
    }
    // For the owner the very same text is a key like any other.
    for key in [
        "../other/secret",
        "./a",
        "a/../b",
        "a//b",
        "..",
        "x/../../../../etc/passwd",
    ] {
        assert_eq!(server.put("bucket", key, key.as_bytes()).status, 200);
        assert_eq!(
            server.send(&Request::get("bucket", key)).body,
            key.as_bytes()
        );
    }
    assert_eq!(
        server.send(&Request::get("other", "secret")).body,
        b"secret"
    );
}
