//! What every engine must do, as tests: the suite runs over memory and over a data directory.

mod append;
mod blobs;
mod buckets;
mod counts;
mod domains;
mod encryption;
mod identities;
mod largest;
mod listing;
mod meta;
mod multipart;
mod objects;
mod protection;
mod races;
mod scan;
mod scrub;
mod version_listing;
mod versions;

use crate::*;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// Runs each named test over each engine.
macro_rules! over_engines {
    ($($test:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let store = crate::Store::memory();
                super::$test(store.clone()).await;
                crate::contract::all_agrees(&store).await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let dir = tempfile::tempdir().unwrap();
                let store = crate::contract::open(dir.path());
                super::$test(store.clone()).await;
                crate::contract::all_agrees(&store).await;
                store.close().await.unwrap();
            })*
        }
    };
}
pub(crate) use over_engines;

/// A data directory where bodies above 64 KiB are files, so that both kinds are cheap to make.
pub(crate) fn open(dir: &std::path::Path) -> Store {
    Store::open(OpenOptions {
        small_limit: SMALL as u64,
        ..OpenOptions::new(dir)
    })
    .unwrap()
}

/// Records, counters and bytes agree.
pub(crate) async fn all_agrees(store: &Store) {
    assert_eq!(
        store.verify(true).await.unwrap().problems,
        Vec::<String>::new()
    );
}

pub(crate) const SMALL: usize = 64 << 10;
/// Smaller than a segment entry's limit, larger, and larger than one gathering or piece.
pub(crate) const SIZES: [usize; 7] = [0, 1, 4096, SMALL, SMALL + 1, (1 << 20) + 1, 3_000_001];

/// Bytes that differ by seed and have no short period.
pub(crate) fn bytes(seed: u64, len: usize) -> Bytes {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        out.extend_from_slice(&(state >> 11).to_le_bytes()[..6]);
    }
    out.truncate(len);
    Bytes::from(out)
}

pub(crate) fn attrs() -> ObjectAttrs {
    ObjectAttrs {
        headers: vec![("content-type".into(), "text/plain".into())],
        meta: vec![("colour".into(), b"gr\xC3\xBCn".to_vec())],
        tags: vec![("t".into(), String::new())],
        ..ObjectAttrs::of("1")
    }
}

pub(crate) fn new_bucket(name: &str, owner: &str) -> NewBucket {
    NewBucket {
        name: name.into(),
        owner: owner.into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        now_ms: 1_000,
    }
}

pub(crate) async fn bucket(store: &Store, name: &str) -> Arc<Bucket> {
    store
        .create_bucket(new_bucket(name, "1"), 100)
        .await
        .unwrap()
}

pub(crate) async fn set_versioning(
    store: &Store,
    name: &str,
    versioning: Versioning,
) -> Arc<Bucket> {
    store
        .update_bucket(name, move |bucket| bucket.versioning = versioning)
        .await
        .unwrap()
}

pub(crate) async fn sealed(store: &Store, body: &Bytes) -> SealedBlob {
    let mut writer = store.begin_blob(Some(body.len() as u64));
    for chunk in body.chunks(100_000) {
        writer.write(body.slice_ref(chunk)).await.unwrap();
    }
    assert_eq!(writer.len(), body.len() as u64);
    writer.seal().await.unwrap()
}

pub(crate) async fn put(store: &Store, bucket: &Bucket, key: &str, body: &Bytes) -> Written {
    let blob = sealed(store, body).await;
    store
        .put_object(bucket, key, blob, attrs(), WriteCondition::default(), 2_000)
        .await
        .unwrap()
}

pub(crate) async fn read_range(
    store: &Store,
    object: &Object,
    range: std::ops::Range<u64>,
) -> Result<Bytes> {
    match store.read(object, range).await? {
        BodyReader::Whole(bytes) => Ok(bytes),
        BodyReader::Chunks(mut chunks) => {
            let mut out = BytesMut::new();
            while let Some(chunk) = chunks.next().await {
                out.extend_from_slice(&chunk?);
            }
            Ok(out.freeze())
        }
    }
}

pub(crate) async fn read(store: &Store, object: &Object) -> Bytes {
    read_range(store, object, 0..object.size).await.unwrap()
}

pub(crate) async fn read_key(store: &Store, bucket: &Bucket, key: &str) -> Bytes {
    read(store, &store.object(bucket, key, None).await.unwrap()).await
}

pub(crate) async fn stat(store: &Store, bucket: &Bucket) -> BucketStat {
    store.bucket_stat(bucket).await.unwrap()
}
