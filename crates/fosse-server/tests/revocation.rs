//! Replay after revocation: a link that was good a moment ago is dead as soon as its key is disabled or gone, on connections that are
//! open already too. And what the refusal of an unknown key tells.

mod support;

use fosse_oss::sign::Scheme;
use std::time::{Duration, Instant};
use support::*;

fn set_enabled(server: &Server, enabled: bool) {
    let mut key = (*server.store.access_key(ID).unwrap()).clone();
    key.enabled = enabled;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(server.store.put_access_key(key)).unwrap();
}

#[test]
fn a_link_dies_with_its_key() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "key", b"body");
    let requests: Vec<Vec<u8>> = [
        Proof::Url(Scheme::V1, 600),
        Proof::Url(Scheme::V4, 600),
        Proof::Header(Scheme::V4),
    ]
    .into_iter()
    .map(|proof| Request::get("bucket", "key").proof(proof).bytes(&server))
    .collect();
    // The very same bytes again and again, on one connection: everything that could be kept is kept.
    let mut connection = server.connect();
    let mut replay = |expected: (u16, &str)| {
        for request in &requests {
            connection.write(request);
            let reply = connection.read_reply(false);
            assert_eq!(
                reply.error(),
                (expected.0, expected.1.to_owned()),
                "{}",
                reply.text()
            );
        }
    };
    for _ in 0..3 {
        replay((200, ""));
        set_enabled(&server, false);
        replay((403, "InvalidAccessKeyId"));
        set_enabled(&server, true);
    }
    replay((200, ""));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(server.store.delete_access_key(ID))
        .unwrap();
    replay((403, "InvalidAccessKeyId"));
}

/// Whether a key exists is told by the code of the answer, as OSS tells it. How long the answer takes tells nothing beyond, and
/// nothing about the secret: a refusal of a long id costs no more than one of a short one, and no look-up goes to the disk.
#[test]
fn looking_a_key_up_takes_no_telling_time() {
    let server = Server::start();
    server.bucket("bucket");
    let mut connection = server.connect();
    let mut median = |id: &str, secret: &str| {
        let get = Request::get("bucket", "key").by(id, secret);
        let mut times: Vec<Duration> = (0..101)
            .map(|_| {
                let started = Instant::now();
                let reply = connection.send(&get, &server);
                assert_eq!(reply.status, 403);
                started.elapsed()
            })
            .collect();
        times.sort();
        times[50]
    };
    let (near, far) = (format!("{}x", &ID[..ID.len() - 1]), "zzzzzzzzzz");
    let times = [
        median(&near, "s"),
        median(far, "s"),
        median(&"a".repeat(100), "s"),
        median(ID, "wrong"),
    ];
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*most < *least * 10 + Duration::from_millis(5), "{times:?}");
}
