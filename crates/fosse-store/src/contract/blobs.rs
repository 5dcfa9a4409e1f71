//! The blob trait itself.

use super::{SIZES, bytes};
use crate::blob::{BlobId, Blobs, Extent, Ledger, Place};
use crate::meta::Answer;
use crate::{MemoryBlobs, Result, StoreError};
use bytes::Bytes;
use std::sync::Arc;

fn engines() -> (tempfile::TempDir, Vec<Arc<dyn Blobs>>) {
    let dir = tempfile::tempdir().unwrap();
    let options = crate::OpenOptions {
        small_limit: super::SMALL as u64,
        ..crate::OpenOptions::new(dir.path())
    };
    let opened = crate::embedded::open(&options).unwrap();
    (dir, vec![Arc::new(MemoryBlobs::default()), opened.blobs])
}

async fn store(blobs: &dyn Blobs, sequence: u64, body: &Bytes) -> Extent {
    let id = BlobId { boot: 1, sequence };
    let mut sink = blobs.begin(id, None);
    let crc64 = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, body);
    for chunk in body.chunks(300_000) {
        sink.append(vec![body.slice_ref(chunk)]).await.unwrap();
    }
    let len = body.len() as u64;
    let place = sink.seal(len, crc64).await.unwrap();
    Extent {
        id,
        place,
        len,
        crc64,
    }
}

/// A ledger to which every blob is unknown.
struct Nothing;

impl Ledger for Nothing {
    fn pending(&self, _id: BlobId) -> bool {
        false
    }
    fn place(&self, _id: BlobId) -> Answer<'_, Result<Option<Place>>> {
        Answer::now(Ok(None))
    }
    fn doomed(&self, _id: BlobId) -> Answer<'_, Result<bool>> {
        Answer::now(Ok(false))
    }
    fn live_bytes(&self, _segment: u64) -> Answer<'_, Result<u64>> {
        Answer::now(Ok(0))
    }
    fn relocate(&self, _id: BlobId, _from: Place, _to: Place) -> Answer<'_, Result<bool>> {
        Answer::now(Ok(false))
    }
    fn retire(&self, _segment: u64) -> Answer<'_, Result<bool>> {
        Answer::now(Ok(true))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_comes_back_until_it_is_deleted() {
    let (_dir, engines) = engines();
    for blobs in engines {
        for (n, size) in SIZES.into_iter().enumerate().skip(1) {
            let body = bytes(n as u64, size);
            let extent = store(&*blobs, n as u64, &body).await;
            let read = async |from: u64, to: u64| blobs.read(extent, from..to).await.unwrap();
            assert_eq!(read(0, extent.len).await, Some(body.clone()));
            let (third, half) = (extent.len / 3, extent.len / 2);
            assert_eq!(
                read(third, half).await,
                Some(body.slice(third as usize..half as usize))
            );
            assert_eq!(
                read(extent.len - 1, extent.len).await,
                Some(body.slice(size - 1..))
            );
            if extent.place == Place::Own {
                let freed = blobs.delete(extent.id, extent.place).await.unwrap();
                assert_eq!(freed, extent.len);
                assert_eq!(read(0, extent.len).await, None);
            }
            assert_eq!(blobs.delete(extent.id, extent.place).await.unwrap(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_no_record_names_are_swept() {
    let (_dir, engines) = engines();
    let blobs = &engines[1];
    let extent = store(&**blobs, 1, &bytes(1, 100_000)).await;
    assert_eq!(extent.place, Place::Own);
    assert_eq!(blobs.sweep(&Nothing).await.unwrap(), extent.len);
    assert_eq!(blobs.read(extent, 0..1).await.unwrap(), None);
    assert_eq!(blobs.sweep(&Nothing).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_noticed() {
    let (dir, engines) = engines();
    let blobs = &engines[1];
    for size in [1000, 100_000] {
        let extent = store(&**blobs, size as u64, &bytes(1, size)).await;
        let path = match extent.place {
            Place::Segment { segment, .. } => {
                dir.path().join(format!("segments/{segment:016x}.seg"))
            }
            Place::Own => {
                let shard = format!("files/{:02x}", extent.id.sequence as u8);
                dir.path().join(shard).join(extent.id.to_string())
            }
        };
        let whole = std::fs::read(&path).unwrap();
        for at in [whole.len() - 500, whole.len() - 1 - size % 8] {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            let got = blobs.read(extent, 0..extent.len).await;
            assert!(
                matches!(got, Err(StoreError::Corrupt(_))),
                "{size} at {at}: {got:?}"
            );
        }
        std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
        let got = blobs.read(extent, 0..extent.len).await;
        assert!(
            matches!(got, Err(StoreError::Corrupt(_))),
            "{size} cut: {got:?}"
        );
        std::fs::write(&path, &whole).unwrap();
        assert!(blobs.read(extent, 0..extent.len).await.unwrap().is_some());
    }
}
