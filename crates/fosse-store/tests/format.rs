//! A directory written by the first version of format 1 opens, and everything in it reads back.
//!
//! `cargo test -p fosse-store --test format -- --ignored` writes such a directory anew, to `target/format-1`; it is
//! committed once for each released format and never changed afterwards.

use bytes::Bytes;
use fosse_store::*;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1")
}

fn attrs() -> ObjectAttrs {
    ObjectAttrs {
        headers: vec![("content-type".into(), "text/plain".into())],
        meta: vec![("colour".into(), vec![0xFF, 0x00])],
        acl: Acl::PublicRead,
        storage_class: StorageClass::IA,
        tags: vec![("t".into(), "v".into())],
        ..ObjectAttrs::of("1234567890123456")
    }
}

fn body(seed: u8, len: usize) -> Bytes {
    (0..len)
        .map(|at| seed ^ (at as u8).wrapping_mul(31) ^ (at >> 8) as u8)
        .collect::<Vec<_>>()
        .into()
}

async fn sealed(store: &Store, bytes: Bytes) -> SealedBlob {
    let mut writer = store.begin_blob(None);
    writer.write(bytes).await.unwrap();
    writer.seal().await.unwrap()
}

async fn read(store: &Store, bucket: &Bucket, key: &str, version: Option<VersionId>) -> Vec<u8> {
    let object = store.object(bucket, key, version).await.unwrap();
    match store.read(&object, 0..object.size).await.unwrap() {
        BodyReader::Whole(bytes) => bytes.to_vec(),
        BodyReader::Chunks(mut chunks) => {
            let mut out = Vec::new();
            while let Some(chunk) = chunks.next().await {
                out.extend_from_slice(&chunk.unwrap());
            }
            out
        }
    }
}

fn options(dir: &Path) -> OpenOptions {
    OpenOptions {
        small_limit: 4096,
        ..OpenOptions::new(dir)
    }
}

const NO: WriteCondition = WriteCondition {
    must_not_exist: false,
};

async fn put(store: &Store, bucket: &Bucket, key: &str, bytes: Bytes) -> Written {
    let blob = sealed(store, bytes).await;
    store
        .put_object(bucket, key, blob, attrs(), NO, 1_700_000_000_000)
        .await
        .unwrap()
}

async fn write_all(store: &Store) {
    let new = NewBucket {
        name: "plain".into(),
        owner: "1234567890123456".into(),
        acl: Acl::PublicReadWrite,
        storage_class: StorageClass::Archive,
        redundancy: Redundancy::Zrs,
        now_ms: 1_600_000_000_000,
    };
    let versioned = NewBucket {
        name: "versioned".into(),
        ..new.clone()
    };
    let plain = store.create_bucket(new, 10).await.unwrap();
    store
        .update_bucket("plain", |b| {
            _ = b.configs.insert("cors".into(), b"<x/>".to_vec())
        })
        .await
        .unwrap();
    put(store, &plain, "empty", Bytes::new()).await;
    put(store, &plain, "small\0name", body(1, 100)).await;
    let large = put(store, &plain, "large", body(2, 5000)).await.object;
    store
        .copy_object(&large, &plain, "copy", attrs(), NO, 1_700_000_000_001)
        .await
        .unwrap();
    for (key, complete) in [("multipart", true), ("unfinished", false)] {
        let upload = store
            .create_upload(&plain, key, attrs(), NO, 1_700_000_000_002)
            .await
            .unwrap();
        for number in [1, 2, 9] {
            let blob = sealed(store, body(number as u8, 2000 * number as usize)).await;
            store
                .put_part(&plain, key, &upload.id, number, blob, 1_700_000_000_003)
                .await
                .unwrap();
        }
        if complete {
            let done = store.complete_upload(
                &plain,
                key,
                &upload.id,
                None,
                None,
                NO,
                0,
                1_700_000_000_004,
            );
            done.await.unwrap();
        }
    }
    let bucket = store.create_bucket(versioned, 10).await.unwrap();
    put(store, &bucket, "k", body(3, 10)).await;
    let bucket = store
        .update_bucket("versioned", |b| b.versioning = Versioning::Enabled)
        .await
        .unwrap();
    put(store, &bucket, "k", body(4, 20)).await;
    store
        .delete_object(&bucket, "k", None, 1_700_000_000_005)
        .await
        .unwrap();
    let key = AccessKey {
        id: "AKfixture".into(),
        secret: "not-a-secret".into(),
        owner: "1234567890123456".into(),
        user: None,
        enabled: true,
        root: true,
        created_ms: 1_600_000_000_000,
        comment: "fixture".into(),
    };
    store.put_access_key(key).await.unwrap();
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &target),
            false => _ = fs::copy(entry.path(), target).unwrap(),
        }
    }
}

#[tokio::test]
#[ignore = "writes the fixture; run once for each format"]
async fn write_the_fixture() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/format-1");
    let _ = fs::remove_dir_all(&dir);
    let store = Store::open(options(&dir)).unwrap();
    write_all(&store).await;
    store.close().await.unwrap();
    println!("written to {}", dir.display());
}

#[tokio::test]
async fn format_1_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&fixture(), dir.path());
    // The journal's preallocated room is not committed.
    let journal = fs::OpenOptions::new()
        .write(true)
        .open(dir.path().join("meta/0.jnl"))
        .unwrap();
    journal.set_len(64 << 20).unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let report = store.verify(true).await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert!(report.blobs >= 8, "{report:?}");

    let key = store.access_key("AKfixture").unwrap();
    assert_eq!(
        (key.secret.as_str(), key.root, key.enabled),
        ("not-a-secret", true, true)
    );
    let format = fs::read_to_string(dir.path().join("FORMAT")).unwrap();
    assert_eq!(
        format, "fosse-store 2\n",
        "an older Fosse must not open it now"
    );
    let plain = store.bucket("plain").await.unwrap();
    assert_eq!(
        (plain.acl, plain.redundancy),
        (Acl::PublicReadWrite, Redundancy::Zrs)
    );
    assert_eq!(plain.storage_class, StorageClass::Archive);
    assert_eq!(
        (plain.created_ms, plain.configs["cors"].as_slice()),
        (1_600_000_000_000, &b"<x/>"[..])
    );
    let object = store.object(&plain, "small\0name", None).await.unwrap();
    assert_eq!(
        (&object.attrs, object.modified_ms),
        (&attrs(), 1_700_000_000_000)
    );
    assert_eq!(read(&store, &plain, "empty", None).await, b"");
    assert_eq!(
        read(&store, &plain, "small\0name", None).await,
        body(1, 100)
    );
    assert_eq!(read(&store, &plain, "large", None).await, body(2, 5000));
    assert_eq!(read(&store, &plain, "copy", None).await, body(2, 5000));
    let parts = [body(1, 2000), body(2, 4000), body(9, 18000)].concat();
    assert_eq!(read(&store, &plain, "multipart", None).await, parts);
    let query = UploadQuery {
        max_uploads: 10,
        ..Default::default()
    };
    let uploads = store.list_uploads(&plain, query).await.unwrap().uploads;
    assert_eq!(uploads.len(), 1);
    let upload = &uploads[0];
    let done = store
        .complete_upload(&plain, "unfinished", &upload.id, None, None, NO, 0, 1)
        .await;
    assert_eq!(done.unwrap().object.size, 24_000);
    assert_eq!(read(&store, &plain, "unfinished", None).await, parts);

    let versioned = store.bucket("versioned").await.unwrap();
    assert_eq!(versioned.versioning, Versioning::Enabled);
    let Err(StoreError::DeleteMarker(marker)) = store.object(&versioned, "k", None).await else {
        panic!("the marker is gone");
    };
    assert_eq!(
        read(&store, &versioned, "k", Some(VersionId::Null)).await,
        body(3, 10)
    );
    store
        .delete_object(&versioned, "k", Some(marker), 1)
        .await
        .unwrap();
    assert_eq!(read(&store, &versioned, "k", None).await, body(4, 20));

    // It is written on as well.
    put(&store, &plain, "new", body(5, 100)).await;
    assert_eq!(
        store.verify(true).await.unwrap().problems,
        Vec::<String>::new()
    );
    store.close().await.unwrap();
}
