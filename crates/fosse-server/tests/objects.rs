//! Objects over HTTP: put, get, head, delete, ranges, conditions, metadata, copies.

mod support;

use fosse_oss::sign::Scheme;
use support::*;

#[test]
fn an_object_comes_back_as_it_was_put() {
    let server = Server::start();
    server.bucket("bucket");
    for scheme in [Scheme::V1, Scheme::V4] {
        let put = Request::new("PUT", "bucket", "dir/a b+c%20.txt")
            .header("Content-Type", "text/plain; charset=utf-8")
            .header("Cache-Control", "max-age=5")
            .header("x-oss-meta-Name", "wert")
            .header("x-oss-meta-utf", "中文".as_bytes())
            .body(b"123456789")
            .proof(Proof::Header(scheme));
        let reply = server.send(&put);
        well_formed(&reply);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(
            reply.header("etag"),
            Some("\"25F9E794323B453885F5181F1B624D0B\"")
        );
        assert_eq!(
            reply.header("content-md5"),
            Some("JfnnlDI7RTiF9RgfG2JNCw==")
        );
        assert_eq!(
            reply.header("x-oss-hash-crc64ecma"),
            Some("11051210869376104954")
        );
        assert_eq!(reply.header("content-length"), Some("0"));
        assert_eq!(reply.header("x-oss-version-id"), None);
        for proof in [Proof::Header(scheme), Proof::Url(scheme, 60)] {
            let reply =
                server.send(&Request::get("bucket", "dir/a b+c%20.txt").proof(proof.clone()));
            well_formed(&reply);
            assert_eq!(reply.status, 200, "{proof:?} {reply:?}");
            assert_eq!(reply.body, b"123456789");
            assert_eq!(
                reply.header("content-type"),
                Some("text/plain; charset=utf-8")
            );
            assert_eq!(reply.header("cache-control"), Some("max-age=5"));
            assert_eq!(reply.header("x-oss-meta-name"), Some("wert"));
            assert_eq!(reply.header("x-oss-meta-utf"), Some("中文"));
            assert_eq!(reply.header("x-oss-object-type"), Some("Normal"));
            assert_eq!(reply.header("x-oss-storage-class"), Some("Standard"));
            assert_eq!(reply.header("accept-ranges"), Some("bytes"));
            assert_eq!(
                reply.header("etag"),
                Some("\"25F9E794323B453885F5181F1B624D0B\"")
            );
            let head =
                server.send(&Request::new("HEAD", "bucket", "dir/a b+c%20.txt").proof(proof));
            assert_eq!(head.status, 200);
            assert_eq!(head.header("content-length"), Some("9"));
            assert_eq!(
                head.header("x-oss-hash-crc64ecma"),
                Some("11051210869376104954")
            );
        }
    }
    let meta =
        server.send(&Request::new("HEAD", "bucket", "dir/a b+c%20.txt").query("objectMeta", ""));
    assert_eq!(meta.status, 200);
    assert_eq!(meta.header("content-length"), Some("9"));
    assert_eq!(meta.header("x-oss-meta-name"), None);
    let gone = server.send(&Request::new("DELETE", "bucket", "dir/a b+c%20.txt"));
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    let reply = server.send(&Request::get("bucket", "dir/a b+c%20.txt"));
    assert_eq!(reply.error(), (404, "NoSuchKey".into()));
    assert_eq!(reply.element("Key").as_deref(), Some("dir/a b+c%20.txt"));
    well_formed(&reply);
}
