//! What is no longer named and still takes room. A record in `Garbage` is written in the batch that stops naming
//! it, so a crash forgets nothing; the collector removes it a little later, when readers that looked it up just
//! before have opened it.

use crate::blob::{BlobId, Extent, Place};
use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Entry, Expect, Outcome, Space};
use crate::record::{Record, decode};
use crate::store::Inner;
use crate::store::state::State;
use crate::store::transaction::Transaction;
use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long the bytes of a deleted object stay for requests that looked the object up before. In memory, where
/// they cost more, a tenth of it.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// When something is in use, or failed, it is tried again after this long.
const RETRY: Duration = Duration::from_secs(2);
/// Between two passes of the collector.
const PAUSE: Duration = Duration::from_millis(500);
/// Removed behind one sync.
const MOST_AT_ONCE: usize = 10_000;
/// Parts removed in one batch.
const PAGE: usize = 512;

/// Something to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Garbage {
    /// A blob with a place of its own.
    Blob(BlobId),
    /// The blobs of a manifest whose header is gone.
    Manifest(BlobId),
    /// The part records of an upload that is over.
    Upload(String),
}

/// Value of a garbage record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GarbageRecord {
    /// All that the key names.
    Whole,
    /// Of an upload, the bytes of these parts only; the others belong to an object now.
    Parts(Vec<u32>),
}

impl Record for GarbageRecord {}

impl Garbage {
    pub(crate) fn key(&self) -> Bytes {
        let (kind, id) = match self {
            Garbage::Blob(id) => (b'b', id.to_bytes().to_vec()),
            Garbage::Manifest(id) => (b'm', id.to_bytes().to_vec()),
            Garbage::Upload(id) => (b'u', id.clone().into_bytes()),
        };
        Bytes::from([&[kind], id.as_slice()].concat())
    }

    pub(crate) fn parse(key: &[u8]) -> Option<Self> {
        let (kind, id) = key.split_first()?;
        match kind {
            b'b' => Some(Garbage::Blob(BlobId::from_bytes(id.try_into().ok()?))),
            b'm' => Some(Garbage::Manifest(BlobId::from_bytes(id.try_into().ok()?))),
            b'u' => Some(Garbage::Upload(String::from_utf8(id.to_vec()).ok()?)),
            _ => None,
        }
    }
}

enum Task {
    /// With a record.
    Recorded(Garbage),
    /// A blob that was sealed and never named; there is no record.
    Orphan(Extent),
}

struct Waiting {
    due: Instant,
    task: Task,
}

/// By when it is due, the earliest first out of a heap.
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.due.cmp(&self.due)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Waiting {}

/// What waits for the collector.
pub(crate) struct GarbageQueue {
    /// How long what was just deleted stays.
    grace: Duration,
    waiting: Mutex<BinaryHeap<Waiting>>,
    /// Something is due earlier than the collector knows.
    earlier: Notify,
    stop: Notify,
    stopped: AtomicBool,
    /// One collection at a time.
    turn: tokio::sync::Mutex<()>,
}

impl GarbageQueue {
    pub(crate) fn new(grace: Duration) -> Self {
        GarbageQueue {
            grace,
            waiting: Mutex::default(),
            earlier: Notify::new(),
            stop: Notify::new(),
            stopped: AtomicBool::new(false),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Something that may have been looked up a moment ago.
    pub(crate) fn add(&self, garbage: Garbage) {
        self.push(Instant::now() + self.grace, Task::Recorded(garbage));
    }

    /// Something that nobody can read any more.
    pub(crate) fn add_unread(&self, garbage: Garbage) {
        self.push(Instant::now(), Task::Recorded(garbage));
    }

    pub(crate) fn orphan(&self, extent: Extent) {
        // Bytes in a segment that nothing names are dead as they are.
        if extent.place == Place::Own {
            self.push(Instant::now(), Task::Orphan(extent));
        }
    }

    fn push(&self, due: Instant, task: Task) {
        let mut waiting = self.waiting.lock();
        let first = waiting.peek().is_none_or(|first| due < first.due);
        waiting.push(Waiting { due, task });
        drop(waiting);
        // Mostly it is due later than what waits already, and the collector sleeps on.
        if first {
            self.earlier.notify_one();
        }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.stop.notify_one();
        self.earlier.notify_one();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Keeps the collector from beginning anything for as long as the guard lives.
    pub(crate) async fn pause(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    fn next_due(&self) -> Option<Instant> {
        self.waiting.lock().peek().map(|first| first.due)
    }

    fn take_due(&self, now: Instant) -> Vec<Task> {
        let mut waiting = self.waiting.lock();
        let mut due = Vec::new();
        while due.len() < MOST_AT_ONCE
            && waiting.peek().is_some_and(|first| first.due <= now)
            && let Some(first) = waiting.pop()
        {
            due.push(first.task);
        }
        due
    }
}

/// Takes over what an engine found when it opened. Nobody reads it, so it is due at once.
pub(crate) fn load(state: &State, entries: &[Entry]) -> Result<()> {
    for (key, _) in entries {
        let garbage = Garbage::parse(key);
        let garbage = garbage.ok_or_else(|| StoreError::Corrupt("key of garbage".into()))?;
        state.garbage.add_unread(garbage);
    }
    Ok(())
}

/// The collector: a thread of its own, so that a store needs no runtime to be opened.
pub(crate) fn spawn(inner: Weak<Inner>, state: Arc<State>) -> Option<std::thread::JoinHandle<()>> {
    let work = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "no collector of garbage; it stays until a sweep");
                return;
            }
        };
        runtime.block_on(collect_until_stopped(inner, state));
    };
    match std::thread::Builder::new()
        .name("fosse-collect".into())
        .spawn(work)
    {
        Ok(thread) => Some(thread),
        Err(error) => {
            tracing::error!(%error, "no collector of garbage; it stays until a sweep");
            None
        }
    }
}

async fn collect_until_stopped(inner: Weak<Inner>, state: Arc<State>) {
    let queue = &state.garbage;
    while !queue.stopped() {
        let now = Instant::now();
        match queue.next_due() {
            None => queue.earlier.notified().await,
            Some(due) if due > now => {
                let _ = tokio::time::timeout(due - now, queue.earlier.notified()).await;
            }
            Some(_) => {
                let Some(inner) = inner.upgrade() else { return };
                inner.collect().await;
                drop(inner);
                if state.health.check().is_err() {
                    // Nothing may be removed any more: it is unknown which batches will be there after a
                    // restart.
                    return;
                }
                // Each pass costs a sync, so what falls due meanwhile goes together.
                let _ = tokio::time::timeout(PAUSE, queue.stop.notified()).await;
            }
        }
    }
}

impl Inner {
    /// Removes everything that is due, also what falls due by that. Returns bytes freed at once.
    pub(crate) async fn collect(&self) -> u64 {
        let _turn = self.state.garbage.pause().await;
        let mut freed = 0;
        loop {
            let due = self.state.garbage.take_due(Instant::now());
            if due.is_empty() || self.state.garbage.stopped() {
                return freed;
            }
            let mut forget = Transaction::default();
            for task in due {
                match self.remove(&task).await {
                    Ok(Some(bytes)) => {
                        freed += bytes;
                        if let Task::Recorded(garbage) = task {
                            forget.remove(Space::Garbage, garbage.key(), Expect::Any);
                        }
                    }
                    Ok(None) => self.state.garbage.push(Instant::now() + RETRY, task),
                    Err(StoreError::Poisoned(_) | StoreError::Closed) => return freed,
                    Err(error) => {
                        tracing::warn!(%error, "garbage stays for now");
                        self.state.garbage.push(Instant::now() + RETRY * 30, task);
                    }
                }
            }
            if self.commit(forget).await.is_err() {
                return freed;
            }
        }
    }

    /// Removes one thing; `None` when it is in use.
    async fn remove(&self, task: &Task) -> Result<Option<u64>> {
        self.state.health.check()?;
        match task {
            Task::Orphan(extent) => {
                if self.state.at_work.is_writing(extent.id) {
                    return Ok(None);
                }
                if self
                    .meta
                    .get(Space::Blobs, &extent.id.to_bytes())
                    .await?
                    .is_some()
                {
                    return Ok(Some(0));
                }
                self.blobs.delete(extent.id, extent.place).await.map(Some)
            }
            Task::Recorded(Garbage::Blob(id)) => {
                if self.state.at_work.is_reading(*id) {
                    return Ok(None);
                }
                self.state.bodies.remove(id);
                self.blobs.delete(*id, Place::Own).await.map(Some)
            }
            Task::Recorded(Garbage::Manifest(id)) => {
                if self.state.at_work.is_reading(*id) {
                    return Ok(None);
                }
                self.state.manifests.remove(id);
                self.remove_manifest(*id).await?;
                Ok(Some(0))
            }
            Task::Recorded(Garbage::Upload(id)) => {
                self.remove_parts(id).await?;
                Ok(Some(0))
            }
        }
    }

    async fn remove_manifest(&self, id: BlobId) -> Result<()> {
        loop {
            let slices = self.manifest_slices(id).await?;
            if slices.is_empty() {
                return Ok(());
            }
            let mut transaction = Transaction::unread();
            for (key, stored, extents) in slices {
                transaction.remove(Space::Manifests, key, Expect::Value(stored));
                for extent in extents {
                    self.stage_release_blob(&mut transaction, extent.id).await?;
                }
            }
            // On conflict (compaction moved a blob) the same slices come again.
            self.commit(transaction).await?;
        }
    }

    async fn remove_parts(&self, id: &str) -> Result<()> {
        let place = Garbage::Upload(id.to_owned()).key();
        let Some(stored) = self.meta.get(Space::Garbage, &place).await? else {
            return Ok(());
        };
        let record: GarbageRecord = decode("garbage", &stored)?;
        loop {
            let page = self.stored_parts(id, 0, PAGE).await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut transaction = Transaction::unread();
            for (number, stored, part) in page {
                let drop_bytes = match &record {
                    GarbageRecord::Whole => true,
                    GarbageRecord::Parts(numbers) => numbers.binary_search(&number).is_ok(),
                };
                transaction.remove(Space::Parts, key::part(id, number), Expect::Value(stored));
                if let (true, Some(extent)) = (drop_bytes, part.extent) {
                    self.stage_release_blob(&mut transaction, extent.id).await?;
                }
            }
            if self.commit(transaction).await? == Outcome::Conflict {
                continue;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::encode;

    #[test]
    fn garbage_keys_read_back() {
        let id = BlobId {
            boot: 1,
            sequence: 2,
        };
        for garbage in [
            Garbage::Blob(id),
            Garbage::Manifest(id),
            Garbage::Upload("0A".into()),
        ] {
            assert_eq!(Garbage::parse(&garbage.key()), Some(garbage));
        }
        assert_eq!(Garbage::parse(b"x1"), None);
        assert_eq!(Garbage::parse(b"b1"), None);
        let stored = encode(&GarbageRecord::Parts(vec![1, 7])).unwrap();
        let read: GarbageRecord = decode("garbage", &stored).unwrap();
        assert_eq!(read, GarbageRecord::Parts(vec![1, 7]));
    }
}
