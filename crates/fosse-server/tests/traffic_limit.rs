//! `x-oss-traffic-limit`: how fast a request really goes, both ways, and where it may be said (access-control.md §8.2).

mod support;

use fosse_oss::sign::Scheme;
use std::time::{Duration, Instant};
use support::*;

/// Seconds that a transfer shall take. `FOSSE_TRAFFIC_SECONDS=10` for the figures of the documentation.
fn seconds() -> u64 {
    std::env::var("FOSSE_TRAFFIC_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2)
}

fn precise(what: &str, took: Duration) {
    let (took, wanted) = (took.as_secs_f64(), seconds() as f64);
    let error = (took / wanted - 1.0) * 100.0;
    println!("{what}: {took:.3} s instead of {wanted} s: {error:+.2} %");
    assert!(
        error.abs() <= 5.0,
        "{what}: {took:.3} s instead of {wanted} s"
    );
}

#[test]
fn transfers_are_as_fast_as_they_may_be() {
    let server = Server::start();
    server.bucket("bucket");
    std::thread::scope(|scope| {
        for bits in [819_200, 8_388_608, 83_886_080] {
            let server = &server;
            scope.spawn(move || {
                let body = vec![7; usize::try_from(bits / 8 * seconds()).unwrap()];
                let (key, limit) = (format!("k{bits}"), bits.to_string());
                let put = Request::new("PUT", "bucket", &key).body(&body);
                let started = Instant::now();
                let reply = server.send(&put.header("x-oss-traffic-limit", &limit));
                assert_eq!(reply.status, 200, "{}", reply.text());
                precise(&format!("up, {bits} bit/s"), started.elapsed());
                for proof in [Proof::Url(Scheme::V1, 600), Proof::Header(Scheme::V4)] {
                    let get = Request::get("bucket", &key).query("x-oss-traffic-limit", &limit);
                    let started = Instant::now();
                    let reply = server.send(&get.proof(proof));
                    assert_eq!(reply.body.len(), body.len());
                    precise(&format!("down, {bits} bit/s"), started.elapsed());
                }
            });
        }
    });
}

#[test]
fn where_and_how_it_is_said() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"x");
    let get = |request: Request| server.send(&request).error();
    let fine = (200, String::new());
    let bad = (400, "InvalidArgument".to_owned());
    for value in ["819200", "838860800"] {
        assert_eq!(
            get(Request::get("bucket", "k").query("x-oss-traffic-limit", value)),
            fine
        );
        assert_eq!(
            get(Request::get("bucket", "k").header("x-oss-traffic-limit", value)),
            fine
        );
    }
    for value in ["819199", "838860801", "0", "-1", "x", "1e6", ""] {
        let copy = Request::new("PUT", "bucket", "copy").header("x-oss-copy-source", "/bucket/k");
        for request in [
            Request::get("bucket", "k"),
            Request::new("PUT", "bucket", "new").body(b"x"),
            copy,
        ] {
            let reply = server.send(&request.header("x-oss-traffic-limit", value));
            assert_eq!(reply.error(), bad, "{value}: {}", reply.text());
        }
    }
    let both = Request::get("bucket", "k")
        .query("x-oss-traffic-limit", "819200")
        .header("x-oss-traffic-limit", "819200");
    let reply = server.send(&both);
    assert_eq!(reply.error(), bad);
    assert!(reply.text().contains("not both."));
    // It is part of the signature: nobody makes a link faster.
    let link = Request::get("bucket", "k")
        .proof(Proof::Url(Scheme::V1, 60))
        .query("x-oss-traffic-limit", "819200");
    let text = String::from_utf8(link.bytes(&server)).unwrap();
    for changed in [
        text.replace("=819200", "=838860800"),
        text.replace("x-oss-traffic-limit=819200", "x=1"),
    ] {
        assert_ne!(changed, text);
        let mut connection = server.connect();
        connection.write(changed.as_bytes());
        assert_eq!(
            connection.read_reply(false).error(),
            (403, "SignatureDoesNotMatch".into())
        );
    }
}
