//! Connections: early refusals, unread and short bodies, slow clients, limits, shutdown, broken requests.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::*;

const MIB: usize = 1 << 20;

#[test]
fn an_early_refusal_leaves_the_connection_usable() {
    let server = Server::start();
    server.bucket("bucket");
    let mut connection = server.connect();
    let forbidden = Request::new("PUT", "bucket", "k")
        .body(&vec![7; MIB])
        .anonymous();
    for _ in 0..3 {
        let reply = connection.send(&forbidden, &server);
        assert_eq!(reply.error(), (403, "AccessDenied".into()));
        assert_eq!(reply.header("connection"), Some("keep-alive"));
        let reply = connection.send(&Request::get("bucket", "none"), &server);
        assert_eq!(reply.error(), (404, "NoSuchKey".into()));
    }
    // A body on a request that wants none is dropped, with the connection.
    let reply = connection.send(&Request::get("bucket", "none").body(b"surplus"), &server);
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("connection"), Some("close"));
}

#[test]
fn a_refused_body_beyond_the_limit_is_answered_and_closed() {
    let server = Server::with(|config| {
        config.limits.drain_bytes = MIB as u64;
        config.limits.drain_time = Duration::from_millis(500);
    });
    server.bucket("bucket");
    let mut connection = server.connect();
    let forbidden = Request::new("PUT", "bucket", "k")
        .body(&vec![7; 8 * MIB])
        .anonymous();
    connection.write(&forbidden.head(&server));
    let reply = connection.read_reply(false);
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(connection.closes_within(Duration::from_secs(3)));
}

#[test]
fn expect_continue_is_answered_when_the_body_is_wanted() {
    let server = Server::start();
    server.bucket("bucket");
    let put = Request::new("PUT", "bucket", "k")
        .body(b"body")
        .header("Expect", "100-continue");
    let mut connection = server.connect();
    connection.write(&put.head(&server));
    let reply = connection.read_any(false);
    assert_eq!(reply.status, 100);
    connection.write(b"body");
    assert_eq!(connection.read_reply(false).status, 200);
    assert_eq!(
        connection.send(&Request::get("bucket", "k"), &server).body,
        b"body"
    );

    // Refused before the body: a final status at once, and no 100.
    for (request, expected) in [
        (put.clone().anonymous(), (403, "AccessDenied")),
        (
            put.clone().header("x-oss-forbid-overwrite", "true"),
            (409, "FileAlreadyExists"),
        ),
        (
            put.clone().header("x-oss-storage-class", "Gold"),
            (400, "InvalidArgument"),
        ),
        (
            put.clone().header("Content-Length", "6000000000"),
            (400, "InvalidArgument"),
        ),
        (
            Request::new("PUT", "bucket", "k")
                .query("partNumber", "1")
                .query("uploadId", "NONE")
                .body(b"body")
                .header("Expect", "100-continue"),
            (404, "NoSuchUpload"),
        ),
        (
            Request::new("PUT", "no-such-bucket", "k")
                .body(b"body")
                .header("Expect", "100-continue"),
            (404, "NoSuchBucket"),
        ),
    ] {
        let mut connection = server.connect();
        connection.write(&request.head(&server));
        let reply = connection.read_any(false);
        well_formed(&reply);
        assert_eq!(
            reply.error(),
            (expected.0, expected.1.to_owned()),
            "{request:?}"
        );
        assert_eq!(reply.header("connection"), Some("close"));
        assert!(connection.closes_within(Duration::from_secs(3)));
    }
}

#[test]
fn a_body_that_ends_early_leaves_nothing_behind() {
    let server = Server::start();
    server.bucket("bucket");
    let put = Request::new("PUT", "bucket", "k").header("Content-Length", "1000");
    let mut connection = server.connect();
    connection.write(&put.head(&server));
    connection.write(b"short");
    connection.shut_write();
    let reply = connection.read_reply(false);
    assert_eq!(reply.error(), (400, "IncompleteBody".into()));
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(connection.closes_within(Duration::from_secs(5)));
    assert_eq!(server.send(&Request::get("bucket", "k")).status, 404);

    let mut chunked = server.connect();
    chunked.write(&Request::new("PUT", "bucket", "k").chunked().head(&server));
    chunked.write(b"5\r\nshort\r\n");
    chunked.shut_write();
    let reply = chunked.read_reply(false);
    assert_eq!(reply.error(), (400, "IncompleteBody".into()));
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(chunked.closes_within(Duration::from_secs(5)));
    assert_eq!(server.send(&Request::get("bucket", "k")).status, 404);

    let mut broken = server.connect();
    broken.write(&Request::new("PUT", "bucket", "k").chunked().head(&server));
    broken.write(b"zz\r\nnot a chunk\r\n");
    let reply = broken.read_reply(false);
    assert_eq!(reply.error(), (400, "IncompleteBody".into()));
    assert_eq!(server.send(&Request::get("bucket", "k")).status, 404);
}

#[test]
fn slow_clients_are_let_go() {
    let server = Server::with(|config| {
        config.limits.header_timeout = Duration::from_millis(300);
        config.limits.body_idle_timeout = Duration::from_millis(300);
        config.limits.keep_alive_timeout = Duration::from_millis(600);
    });
    server.bucket("bucket");
    let limit = Duration::from_secs(3);

    let mut silent = server.connect();
    assert!(silent.closes_within(limit), "no byte at all");

    let mut dripping = server.connect();
    let started = Instant::now();
    dripping.write(b"GET / HTTP/1.1\r\nHost: x\r\n");
    let mut ended = false;
    while started.elapsed() < limit {
        std::thread::sleep(Duration::from_millis(50));
        if dripping.try_write(b"X-Drip: 1\r\n").is_err() {
            ended = true;
            break;
        }
    }
    assert!(ended, "a head may not drip in for ever");

    let mut preface = server.connect();
    preface.write(b"PRI * HT");
    assert!(preface.closes_within(limit), "half a preface of HTTP/2");

    let mut body = server.connect();
    body.write(
        &Request::new("PUT", "bucket", "k")
            .header("Content-Length", "10")
            .head(&server),
    );
    body.write(b"12345");
    let reply = body.read_reply(false);
    assert_eq!(reply.error(), (400, "RequestTimeout".into()));
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(body.closes_within(limit));

    let mut idle = server.connect();
    assert_eq!(
        idle.send(&Request::get("bucket", "none"), &server).status,
        404
    );
    assert!(
        !idle.closes_within(Duration::from_millis(200)),
        "kept alive for a while"
    );
    assert!(idle.closes_within(limit), "but not for ever");
}

#[test]
fn a_client_that_reads_nothing_is_cut() {
    let server = Server::with(|config| {
        config.limits.write_idle_timeout = Duration::from_millis(300);
    });
    server.bucket("bucket");
    server.put("bucket", "large", &vec![1; 32 * MIB]);
    let mut connection = server.connect();
    connection.write(&Request::get("bucket", "large").head(&server));
    std::thread::sleep(Duration::from_millis(1500));
    // The socket buffers still hold something; behind it is the end, far before the object's.
    assert!(connection.closes_within(Duration::from_secs(5)));
    let gauge = server.metrics();
    assert!(gauge.contains("fosse_connections 0\n"), "{gauge}");
}

#[test]
fn broken_requests_are_answered_and_harm_nobody() {
    let server = Server::start();
    for (request, status) in [
        ("NONSENSE\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        ("GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (
            "PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
            400,
        ),
        (
            "PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            400,
        ),
        ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /bucket/?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("TRACE /bucket/k HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("* / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ] {
        let mut connection = server.connect();
        connection.write(request.as_bytes());
        let reply = connection.read_reply(false);
        assert_eq!(reply.status, status, "{request:?} {reply:?}");
    }
    let mut many = server.connect();
    let lines = (0..300)
        .map(|i| format!("x-h-{i}: 1\r\n"))
        .collect::<String>();
    many.write(format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n").as_bytes());
    assert_eq!(many.read_reply(false).status, 431);
    let mut large = server.connect();
    let _ = large.try_write(
        format!(
            "GET / HTTP/1.1\r\nHost: x\r\nx-h: {}\r\n\r\n",
            "a".repeat(100_000)
        )
        .as_bytes(),
    );
    assert_eq!(large.read_reply(false).status, 431);
    let mut long = server.connect();
    let _ = long
        .try_write(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000)).as_bytes());
    assert!(matches!(long.read_reply(false).status, 414 | 431));
    assert_eq!(
        server.send(&Request::get("", "")).status,
        200,
        "the server is well"
    );
}

#[test]
fn one_connection_too_many_is_turned_away() {
    let server = Server::with(|config| config.limits.max_connections = 2);
    let mut first = server.connect();
    assert_eq!(first.send(&Request::get("", ""), &server).status, 200);
    let mut second = server.connect();
    assert_eq!(second.send(&Request::get("", ""), &server).status, 200);
    let mut third = server.connect();
    let reply = third.read_reply(false);
    assert_eq!(reply.error(), (503, "ServiceUnavailable".into()));
    assert_eq!(reply.header("retry-after"), Some("1"));
    drop(first);
    let until = Instant::now() + Duration::from_secs(3);
    loop {
        let mut next = server.connect();
        next.write(&Request::get("", "").head(&server));
        if next.read_reply(false).status == 200 {
            break;
        }
        assert!(Instant::now() < until, "a free seat is given again");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(server.metrics().contains("fosse_connections_refused_total"));
}

#[test]
fn a_shutdown_finishes_what_is_in_flight() {
    let mut server = Server::start();
    server.bucket("bucket");
    let mut put = server.connect();
    put.write(
        &Request::new("PUT", "bucket", "k")
            .header("Content-Length", "10")
            .head(&server),
    );
    put.write(b"12345");
    let mut idle = server.connect();
    assert_eq!(idle.send(&Request::get("", ""), &server).status, 200);
    std::thread::sleep(Duration::from_millis(100));
    server.begin_stop();
    assert!(
        idle.closes_within(Duration::from_secs(3)),
        "idle connections end at once"
    );
    std::thread::sleep(Duration::from_millis(100));
    assert!(
        TcpStream::connect(server.address).is_err(),
        "no new connections"
    );
    put.write(b"67890");
    let reply = put.read_reply(false);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("connection"), Some("close"));
    server.stop();
}

#[test]
fn a_shutdown_does_not_wait_for_ever() {
    let mut server = Server::with(|config| config.shutdown_deadline = Duration::from_millis(300));
    server.bucket("bucket");
    let mut put = server.connect();
    put.write(
        &Request::new("PUT", "bucket", "k")
            .header("Content-Length", "10")
            .head(&server),
    );
    put.write(b"12345");
    std::thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    server.stop();
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(put.closes_within(Duration::from_secs(1)));
}

#[test]
fn requests_may_be_pipelined() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"body");
    let mut connection = server.connect();
    let mut both = Request::get("bucket", "k").bytes(&server);
    both.extend(Request::new("HEAD", "bucket", "k").bytes(&server));
    both.extend(Request::get("bucket", "none").bytes(&server));
    connection.write(&both);
    assert_eq!(connection.read_reply(false).body, b"body");
    assert_eq!(
        connection.read_reply(true).header("content-length"),
        Some("4")
    );
    assert_eq!(connection.read_reply(false).status, 404);
}

#[test]
fn an_old_client_gets_an_answer() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /bucket/k HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 404"), "{answer}");
}

#[test]
fn a_client_that_only_stops_sending_is_answered() {
    let server = Server::start();
    server.bucket("bucket");
    let body: Vec<u8> = (0..8 * MIB).map(|at| at as u8).collect();
    let mut connection = server.connect();
    let put = Request::new("PUT", "bucket", "k").body(&body);
    assert_eq!(connection.send(&put, &server).status, 200);
    connection.write(&Request::get("bucket", "k").head(&server));
    connection.shut_write();
    let reply = connection.read_reply(false);
    assert_eq!(reply.status, 200);
    assert!(reply.body == body);
    assert!(connection.closes_within(Duration::from_secs(3)));
}

/// A client may announce a body with a GET and send none (suite of oss2, which puts the length of an upload into every URL's
/// headers): what comes next on the connection would be taken for the body.
#[test]
fn a_body_that_is_announced_where_none_belongs_ends_the_connection() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"body");
    for method in ["GET", "HEAD", "DELETE"] {
        let mut connection = server.connect();
        let request = Request::new(method, "bucket", "k").header("Content-Length", "9");
        connection.write(&request.head(&server));
        let reply = connection.read_reply(method == "HEAD");
        assert!(reply.status < 300, "{reply:?}");
        assert_eq!(reply.header("connection"), Some("close"), "{method}");
    }
}
