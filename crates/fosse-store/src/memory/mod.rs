//! The in-memory twin of the engines: for tests, and for servers that need not remember.

use crate::blob::{BlobId, Blobs, Extent, Ledger, Place, Sink};
use crate::error::{Result, StoreError};
use crate::meta::{Answer, Batch, Change, Entry, Meta, Outcome, Scan, Space, Update, updated};
use bytes::{Bytes, BytesMut};
use parking_lot::RwLock;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

type Map = BTreeMap<Bytes, Bytes>;

/// Metadata in ordered maps under one lock.
#[derive(Default)]
pub struct MemoryMeta {
    spaces: RwLock<HashMap<Space, Map>>,
    closed: AtomicBool,
}

fn entries(map: Option<&Map>, scan: Scan) -> Vec<Entry> {
    let Some(map) = map else {
        return Vec::new();
    };
    if crate::meta::is_empty_range(&scan.lower, &scan.upper) {
        return Vec::new();
    }
    let range = map.range::<Bytes, _>((scan.lower, scan.upper));
    let owned = |(key, value): (&Bytes, &Bytes)| (key.clone(), value.clone());
    match scan.reverse {
        false => range.take(scan.limit).map(owned).collect(),
        true => range.rev().take(scan.limit).map(owned).collect(),
    }
}

impl MemoryMeta {
    fn open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            Err(StoreError::Closed)
        } else {
            Ok(())
        }
    }

    fn scan_now(&self, space: Space, scan: Scan) -> Result<Vec<Entry>> {
        self.open()?;
        Ok(entries(self.spaces.read().get(&space), scan))
    }

    fn scans_now(&self, scans: Vec<(Space, Scan)>) -> Result<Vec<Vec<Entry>>> {
        self.open()?;
        let spaces = self.spaces.read();
        let each = |(space, scan)| entries(spaces.get(&space), scan);
        Ok(scans.into_iter().map(each).collect())
    }

    fn apply_now(&self, batch: Batch) -> Result<Outcome> {
        self.open()?;
        batch.changes.iter().try_for_each(Change::check)?;
        let mut spaces = self.spaces.write();
        let holds = batch.changes.iter().all(|change| {
            change.expect.holds(
                spaces
                    .get(&change.space)
                    .and_then(|map| map.get(&change.key)),
            )
        });
        if !holds {
            return Ok(Outcome::Conflict);
        }
        for change in &batch.changes {
            // A damaged counter is found before anything of the batch took effect.
            let before = spaces
                .get(&change.space)
                .and_then(|map| map.get(&change.key));
            if let Update::Add(_) = change.update {
                updated(&change.update, before.cloned())?;
            }
        }
        for change in batch.changes {
            let map = spaces.entry(change.space).or_default();
            match updated(&change.update, map.get(&change.key).cloned())? {
                Some(value) => map.insert(change.key, value),
                None => map.remove(&change.key),
            };
        }
        // Under the lock, so that effects follow in the order of the batches.
        if let Some(after) = batch.after {
            after();
        }
        Ok(Outcome::Applied)
    }
}

impl Meta for MemoryMeta {
    fn get(&self, space: Space, key: &[u8]) -> Answer<'_, Result<Option<Bytes>>> {
        let found = self.open().map(|()| {
            self.spaces
                .read()
                .get(&space)
                .and_then(|map| map.get(key))
                .cloned()
        });
        Answer::now(found)
    }

    fn scan(&self, space: Space, scan: Scan) -> Answer<'_, Result<Vec<Entry>>> {
        Answer::now(self.scan_now(space, scan))
    }

    fn scans(&self, scans: Vec<(Space, Scan)>) -> Answer<'_, Result<Vec<Vec<Entry>>>> {
        Answer::now(self.scans_now(scans))
    }

    fn apply(&self, batch: Batch) -> Answer<'static, Result<Outcome>> {
        Answer::now(self.apply_now(batch))
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

type Chunks = Arc<Vec<Bytes>>;

/// Blobs in a map.
#[derive(Default)]
pub struct MemoryBlobs {
    map: Arc<RwLock<HashMap<BlobId, Chunks>>>,
}

struct MemorySink {
    map: Arc<RwLock<HashMap<BlobId, Chunks>>>,
    id: BlobId,
    chunks: Vec<Bytes>,
}

impl Sink for MemorySink {
    fn append(&mut self, chunks: Vec<Bytes>) -> Answer<'_, Result<()>> {
        // Copied: a chunk may be a small part of a large network buffer.
        self.chunks
            .extend(chunks.iter().map(|chunk| Bytes::copy_from_slice(chunk)));
        Answer::now(Ok(()))
    }

    fn seal(self: Box<Self>, _len: u64, _crc64: u64) -> Answer<'static, Result<Place>> {
        self.map.write().insert(self.id, Arc::new(self.chunks));
        Answer::now(Ok(Place::Own))
    }
}

fn cut(chunks: &[Bytes], range: Range<u64>) -> Option<Bytes> {
    let mut out = BytesMut::new();
    let mut at = 0u64;
    for chunk in chunks {
        let next = at + chunk.len() as u64;
        let (from, to) = (range.start.max(at), range.end.min(next));
        if from < to {
            let piece = (from - at) as usize..(to - at) as usize;
            if from == range.start && to == range.end {
                return Some(chunk.slice(piece));
            }
            out.extend_from_slice(chunk.get(piece)?);
        }
        at = next;
    }
    (out.len() as u64 == range.end - range.start).then(|| out.freeze())
}

impl Blobs for MemoryBlobs {
    fn begin(&self, id: BlobId, _size_hint: Option<u64>) -> Box<dyn Sink> {
        Box::new(MemorySink {
            map: self.map.clone(),
            id,
            chunks: Vec::new(),
        })
    }

    fn read(&self, extent: Extent, range: Range<u64>) -> Answer<'static, Result<Option<Bytes>>> {
        let chunks = self.map.read().get(&extent.id).cloned();
        Answer::now(match chunks {
            Some(chunks) => match cut(&chunks, range) {
                Some(bytes) => Ok(Some(bytes)),
                None => Err(StoreError::Corrupt(format!(
                    "blob {} is shorter",
                    extent.id
                ))),
            },
            None => Ok(None),
        })
    }

    fn delete(&self, id: BlobId, _place: Place) -> Answer<'static, Result<u64>> {
        let freed = self.map.write().remove(&id);
        Answer::now(Ok(
            freed.map_or(0, |chunks| chunks.iter().map(|c| c.len() as u64).sum())
        ))
    }

    fn owned(&self) -> Answer<'_, Result<Vec<BlobId>>> {
        Answer::now(Ok(self.map.read().keys().copied().collect()))
    }

    fn sweep<'a>(&'a self, _ledger: &'a dyn Ledger) -> Answer<'a, Result<u64>> {
        // Nothing outlives the process, and within it everything unnamed is queued.
        Answer::now(Ok(0))
    }

    fn close(&self) {}
}
