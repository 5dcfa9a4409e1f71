//! The service over the embedded engine: what was acknowledged is there after a restart, large bodies stream, and a
//! reader is not disturbed by a delete.

mod support;

use fosse_store::{OpenOptions, Store};
use std::path::Path;
use support::*;

fn open(dir: &Path) -> Store {
    let dir = dir.to_owned();
    Store::open(OpenOptions {
        dir,
        small_limit: 1 << 20,
        cache_bytes: 16 << 20,
        master_keys: None,
    })
    .unwrap()
}

fn close(server: &mut Server) {
    server.stop();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(server.store.close())
        .unwrap();
}

fn pattern(size: usize, seed: usize) -> Vec<u8> {
    (0..size)
        .map(|i| (i.wrapping_mul(31) + i / 4096 + seed) as u8)
        .collect()
}

#[test]
fn a_restart_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = [0, 1, 4096, 131_072, 1 << 20, (1 << 20) + 1, 5 << 20];
    let upload;
    {
        let mut server = Server::over(open(dir.path()), |_| {});
        server.bucket("bucket");
        for (i, size) in sizes.into_iter().enumerate() {
            server.put("bucket", &format!("dir/{i}"), &pattern(size, i));
        }
        let begun = server.send(&Request::new("POST", "bucket", "parts").query("uploads", ""));
        upload = begun.element("UploadId").unwrap();
        let part = Request::new("PUT", "bucket", "parts")
            .query("partNumber", "1")
            .query("uploadId", &upload)
            .body(&pattern(200_000, 9));
        assert_eq!(server.send(&part).status, 200);
        close(&mut server);
    }
    let mut server = Server::over(open(dir.path()), |_| {});
    for (i, size) in sizes.into_iter().enumerate() {
        let reply = server.send(&Request::get("bucket", &format!("dir/{i}")));
        assert_eq!(reply.status, 200);
        assert!(reply.body == pattern(size, i), "object of {size} bytes");
        if size > 10 {
            let middle = format!("bytes={}-{}", size / 2, size / 2 + 4);
            let part = Request::get("bucket", &format!("dir/{i}")).header("Range", middle);
            assert_eq!(
                server.send(&part).body,
                pattern(size, i)[size / 2..size / 2 + 5]
            );
        }
    }
    let done = Request::new("POST", "bucket", "parts")
        .query("uploadId", &upload)
        .header("x-oss-complete-all", "yes");
    assert_eq!(server.send(&done).status, 200);
    assert!(server.send(&Request::get("bucket", "parts")).body == pattern(200_000, 9));
    close(&mut server);
}

#[test]
fn a_reader_outlives_the_object() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::over(open(dir.path()), |_| {});
    server.bucket("bucket");
    let body = pattern(24 << 20, 3);
    server.put("bucket", "large", &body);
    let mut reader = server.connect();
    reader.write(&Request::get("bucket", "large").head(&server));
    // The head is on its way and the socket's buffers are full: most of the body is still to be read from disk.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(
        server
            .send(&Request::new("DELETE", "bucket", "large"))
            .status,
        204
    );
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(server.store.sweep())
        .unwrap();
    assert_eq!(server.send(&Request::get("bucket", "large")).status, 404);
    let reply = reader.read_reply(false);
    assert!(reply.status == 200 && reply.body == body);
    close(&mut server);
}
