//! Requests that sign a bucket and name none, as the Java SDK (v1) sends them to any name that it takes for a custom domain.

mod support;

use fosse_oss::sign::Scheme;
use support::*;

/// As if under a custom domain: the bucket is signed and is in neither the host nor the path.
fn get(bucket: &str, key: &str, scheme: Scheme) -> Request {
    Request::get(bucket, key)
        .host("fosse:9000")
        .proof(Proof::Header(scheme))
}

#[test]
fn the_signature_tells_the_bucket() {
    let server = Server::start();
    for n in 0..20 {
        server.bucket(&format!("bucket-{n}"));
    }
    let foreign = Request::new("PUT", "foreign", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&foreign).status, 200);
    for scheme in [Scheme::V1, Scheme::V4] {
        for bucket in ["bucket-0", "bucket-7", "bucket-19"] {
            for key in ["key", "dir/a b.txt", "中", "bucket-3/key"] {
                let body = format!("{bucket} {key}");
                let put = Request {
                    method: "PUT".into(),
                    ..get(bucket, key, scheme)
                };
                assert_eq!(
                    server.send(&put.body(body.as_bytes())).status,
                    200,
                    "{bucket}/{key}"
                );
                assert_eq!(server.send(&get(bucket, key, scheme)).text(), body);
                let url = get(bucket, key, scheme).proof(Proof::Url(scheme, 60));
                assert_eq!(server.send(&url).text(), body);
                // And it really is there.
                assert_eq!(server.send(&Request::get(bucket, key)).text(), body);
            }
            let list = get(bucket, "", scheme).query("prefix", "dir/");
            let reply = server.send(&list);
            assert!(
                reply.text().contains(&format!("<Name>{bucket}</Name>")),
                "{}",
                reply.text()
            );
        }
        // A real signature of somebody else's, for a bucket that is not theirs.
        let stranger = get("bucket-7", "key", scheme).by(OTHER_ID, OTHER_SECRET);
        assert_eq!(
            server.send(&stranger).error(),
            (403, "SignatureDoesNotMatch".into())
        );
        // A wrong secret fits no bucket.
        let wrong = get("bucket-7", "key", scheme).by(ID, "wrong");
        assert_eq!(
            server.send(&wrong).error(),
            (403, "SignatureDoesNotMatch".into())
        );
        let unknown = get("no-such-bucket", "key", scheme);
        assert_eq!(
            server.send(&unknown).error(),
            (403, "SignatureDoesNotMatch".into())
        );
        // Path-style under the same name goes on working.
        let path = Request::get("bucket-7", "key").proof(Proof::Header(scheme));
        let text = String::from_utf8(path.bytes(&server)).unwrap();
        let mut connection = server.connect();
        connection.write(
            text.replace(&server.address.to_string(), "fosse:9000")
                .as_bytes(),
        );
        assert_eq!(connection.read_reply(false).text(), "bucket-7 key");
    }
    let all = Request::get("", "").host("fosse:9000");
    assert!(server.send(&all).text().contains("<Name>bucket-19</Name>"));
}

/// Only names that lead to no bucket: under all others the name says which bucket is meant.
#[test]
fn names_that_lead_somewhere_are_believed() {
    let server = Server::start();
    server.bucket("one");
    server.bucket("two");
    server.put("two", "key", b"of two");
    let bind = Request::new("POST", "one", "").query("cname", "").query("comp", "add").body(
        b"<BucketCnameConfiguration><Cname><Domain>cdn.example.test</Domain></Cname></BucketCnameConfiguration>",
    );
    assert_eq!(server.send(&bind).status, 200);
    for host in [
        "one.localhost",
        "cdn.example.test",
        "127.0.0.1",
        "localhost",
        "oss-cn-hangzhou.aliyuncs.com",
    ] {
        let request = Request::get("two", "key").host(host);
        assert_eq!(
            server.send(&request).error(),
            (403, "SignatureDoesNotMatch".into()),
            "{host}"
        );
    }
    assert_eq!(
        server
            .send(&Request::get("two", "key").host("example.test"))
            .text(),
        "of two"
    );
}
