//! Replay after revocation: a link that was good a moment ago is dead as soon as its key is disabled or gone, on connections that are
//! open already too.

mod support;

use fosse_oss::sign::Scheme;
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
