//! `x-oss-traffic-limit`: how fast a request really goes, both ways (access-control.md §8.2). Where it may be said is
//! tested in `objects.rs`.

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
        for bits in [819_200, 8_388_608] {
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
