//! The largest objects: as many parts as there may be, as large as they may be.

use super::*;
use crate::blob::{BlobId, Extent, Place};
use crate::key;
use crate::meta::{Batch, Change, Expect, Tally, Update};
use crate::record::{BlobRecord, PartRecord, encode, upper_hex};
use crate::store::counts::Counts;
use md5::{Digest, Md5};
use std::time::{Duration, Instant};

over_engines!(ten_thousand_parts);

const PARTS: u32 = 10_000;
/// 5 GB, the largest part.
const PART: u64 = 5 << 30;

/// Completing takes no longer for the number of parts than a client waits, and touches none of their bytes.
async fn ten_thousand_parts(store: Store) {
    let b = bucket(&store, "b").await;
    let no = WriteCondition::default();
    let upload = store.create_upload(&b, "k", attrs(), no, 1).await.unwrap();
    let body = |number: u32| bytes(u64::from(number), 100);
    let mut jobs = tokio::task::JoinSet::new();
    for worker in 0..250 {
        let (store, b, id) = (store.clone(), b.clone(), upload.id.clone());
        jobs.spawn(async move {
            for number in (worker + 1..=PARTS).step_by(250) {
                let blob = sealed(&store, &body(number)).await;
                store.put_part(&b, "k", &id, number, blob, 1).await.unwrap();
            }
        });
    }
    jobs.join_all().await;
    let before = store.verify(false).await.unwrap();
    let listed: Vec<(u32, String)> = (1..=PARTS)
        .map(|number| (number, upper_hex(&Md5::digest(body(number)))))
        .collect();
    let began = Instant::now();
    let written = store
        .complete_upload(&b, "k", &upload.id, Some(listed), None, no, 100, 2)
        .await
        .unwrap();
    let took = began.elapsed();
    // Unoptimized code on a busy machine gets more time.
    let most = if cfg!(debug_assertions) { 20 } else { 2 };
    assert!(took < Duration::from_secs(most), "{took:?}");
    println!("completed {PARTS} parts in {took:?}");
    assert_eq!(written.object.size, u64::from(PARTS) * 100);
    assert!(written.object.etag.ends_with("-10000"));
    // The very blobs of the parts: none added, none larger.
    let after = store.verify(false).await.unwrap();
    assert_eq!((after.blobs, after.bytes), (before.blobs, before.bytes));
    let whole = read(&store, &written.object).await;
    let wanted: Vec<u8> = (1..=PARTS)
        .flat_map(|number| body(number).to_vec())
        .collect();
    assert!(whole == wanted);
    let mut crc64 = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Xz);
    crc64.update(&wanted);
    assert_eq!(written.object.crc64, crc64.finalize());
}

/// 48.8 TB, with records of parts that nobody uploaded: sizes, offsets, counters and the ETag hold, and the last bytes are
/// found.
#[tokio::test]
async fn the_largest_geometry() {
    let store = Store::memory();
    let b = bucket(&store, "b").await;
    let no = WriteCondition::default();
    let upload = store.create_upload(&b, "k", attrs(), no, 1).await.unwrap();
    let put = |space, key, value| Change {
        space,
        key,
        expect: Expect::Absent,
        update: Update::Put(value),
    };
    let mut changes = Vec::new();
    for number in 1..PARTS {
        let extent = Extent {
            id: BlobId {
                boot: 7,
                sequence: u64::from(number),
            },
            place: Place::Own,
            len: PART,
            crc64: u64::from(number).wrapping_mul(0x1234_5678_9ABC_DEF1),
        };
        let record = PartRecord {
            size: PART,
            md5: Md5::digest(number.to_be_bytes()).into(),
            crc64: extent.crc64,
            modified_ms: 1,
            extent: Some(extent),
        };
        let blob = BlobRecord {
            shares: 1,
            place: Place::Own,
            len: PART,
            crc64: extent.crc64,
        };
        let id = Bytes::copy_from_slice(&extent.id.to_bytes());
        changes.push(put(Space::Blobs, id, encode(&blob).unwrap()));
        let place = key::part(&upload.id, number);
        changes.push(put(Space::Parts, place, encode(&record).unwrap()));
    }
    let add = |key, tally| Change {
        space: Space::Counters,
        key,
        expect: Expect::Any,
        update: Update::Add(tally),
    };
    let count = i64::from(PARTS) - 1;
    changes.push(add(
        key::upload_counter(&upload.id),
        Tally([count, count, 0, 0, 0]),
    ));
    for (key, tally) in Counts::uploads(0, count).counters(b.id) {
        changes.push(add(key, tally));
    }
    let after = None;
    store.0.meta.apply(Batch { changes, after }).await.unwrap();
    // The last part is real, and not smaller in number than any other.
    let tail = bytes(9, 1000);
    let last = sealed(&store, &tail).await;
    let last = store
        .put_part(&b, "k", &upload.id, PARTS, last, 1)
        .await
        .unwrap();

    let done = store
        .complete_upload(&b, "k", &upload.id, None, None, no, 100 << 10, 2)
        .await
        .unwrap();
    let object = done.object;
    let size = PART * u64::from(PARTS - 1) + 1000;
    assert_eq!(object.size, size);
    let mut text = String::new();
    for number in 1..PARTS {
        text.push_str(&upper_hex(&Md5::digest(number.to_be_bytes())));
    }
    text.push_str(&upper_hex(&last.md5));
    let etag = format!("{}-10000", upper_hex(&Md5::digest(text)));
    assert_eq!(object.etag, etag);
    let wanted = BucketStat {
        storage: size,
        objects: 1,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);
    for (from, to) in [(0, 1000), (0, 1), (999, 1000), (400, 600)] {
        let range = size - 1000 + from..size - 1000 + to;
        let got = read_range(&store, &object, range).await.unwrap();
        assert_eq!(got, tail.slice(from as usize..to as usize));
    }
    // A copy shares all of it.
    let copy = store
        .copy_object(&object, &b, "copy", attrs(), no, 3)
        .await
        .unwrap();
    let got = read_range(&store, &copy.object, size - 1..size)
        .await
        .unwrap();
    assert_eq!(got, tail.slice(999..));
    assert_eq!(stat(&store, &b).await.storage, 2 * size);
}
