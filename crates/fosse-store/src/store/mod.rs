//! What an object store means, written once over [`Meta`] and [`Blobs`].
//!
//! Every change is one conditional batch: read what it depends on, stage changes that expect exactly what was read,
//! apply, and begin again when somebody came between. Nothing is acknowledged before its batch is durable.

mod access_key;
mod append;
mod body;
mod bucket;
mod change;
mod copy;
pub(crate) mod counts;
mod domain;
pub(crate) mod encryption;
pub(crate) mod garbage;
mod growth;
pub(crate) mod identity;
mod list;
mod list_versions;
mod manifest;
mod multipart;
mod object;
mod protection;
mod read;
mod scan;
mod scrub;
mod secret;
pub(crate) mod state;
mod sweep;
mod transaction;
mod verify;
mod versions;

pub use body::{BlobWriter, FinishedBlob, SealedBlob};
pub use domain::BindError;
pub use growth::measure_growth;
pub use identity::{AccountChange, AccountRecords, ByName, ChangeError, Named};
pub use list::{ListPage, ListQuery, UploadPage, UploadQuery};
pub use list_versions::{ListedVersion, VersionPage, VersionQuery};
pub use protection::Governance;
pub use read::{BodyReader, ChunkReader};
pub use scan::{ScanBatch, ScanPlace, Seen, SeenChange};
pub use scrub::{Scrub, Scrubbed};

pub use verify::Report;

use crate::blob::{BlobId, Blobs};
use crate::embedded;
use crate::error::{Result, StoreError};
use crate::master_keys::{self, MasterKeys};
use crate::memory::{MemoryBlobs, MemoryMeta};
use crate::meta::{Meta, Space};
use garbage::GRACE;
use state::State;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How to open the embedded engine.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The data directory; made when absent.
    pub dir: PathBuf,
    /// Bodies up to this size in bytes go to log segments; at most [`OpenOptions::MAX_SMALL_LIMIT`].
    pub small_limit: u64,
    /// Bytes of the caches of hot records and hot small bodies, half each.
    pub cache_bytes: u64,
    /// The file of master keys; `None` is `master.keys` in the data directory. Made when the directory never had keys.
    pub master_keys: Option<PathBuf>,
}

impl OpenOptions {
    /// Largest body of a log segment: it is held in memory until it is written.
    pub const MAX_SMALL_LIMIT: u64 = 8 << 20;

    /// The defaults: bodies up to 1 MiB in segments, 128 MiB of caches.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        OpenOptions {
            dir: dir.into(),
            small_limit: 1 << 20,
            cache_bytes: 128 << 20,
            master_keys: None,
        }
    }
}

/// The store. Cheap to clone; the engine stops when the last clone goes or [`Store::close`] is called.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) meta: Arc<dyn Meta>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) state: Arc<State>,
    boot: u64,
    sequence: AtomicU64,
    collector: parking_lot::Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Store {
    /// Opens or creates a data directory: format version, exclusive lock, recovery. Blocks.
    ///
    /// Errors: [`StoreError::Locked`], [`StoreError::Format`], [`StoreError::Corrupt`], [`StoreError::Io`].
    pub fn open(options: OpenOptions) -> Result<Self> {
        let cache_bytes = options.cache_bytes;
        let engine = embedded::open(&options)?;
        let keys = match &options.master_keys {
            Some(path) => MasterKeys::load(&options.dir, path)?,
            None => MasterKeys::load(&options.dir, &options.dir.join(master_keys::file::NAME))?,
        };
        let state = Arc::new(State::new(cache_bytes, engine.health, GRACE, keys));
        Self::start(
            engine.meta,
            engine.blobs,
            state,
            engine.boot,
            engine.recovered,
        )
    }

    /// In memory, for tests and `--memory`. Nothing survives the last clone.
    pub fn memory() -> Self {
        let keys = MasterKeys::in_memory();
        let state = Arc::new(State::new(32 << 20, Default::default(), GRACE / 10, keys));
        let (meta, blobs) = (
            Arc::new(MemoryMeta::default()),
            Arc::new(MemoryBlobs::default()),
        );
        let inner = Inner::new(meta, blobs, state, 1);
        Self::run(inner)
    }

    /// Starts over engines that hold `recovered` entries in [`Space::AccessKeys`], [`Space::Identities`] and
    /// [`Space::Garbage`].
    pub(crate) fn start(
        meta: Arc<dyn Meta>,
        blobs: Arc<dyn Blobs>,
        state: Arc<State>,
        boot: u64,
        recovered: embedded::Recovered,
    ) -> Result<Self> {
        let clear = access_key::load(&state, &recovered.access_keys, &state.master_keys)?;
        access_key::seal(&*meta, &clear, &state.master_keys)?;
        identity::load(&state, &recovered.identities)?;
        garbage::load(&state, &recovered.garbage)?;
        Ok(Self::run(Inner::new(meta, blobs, state, boot)))
    }

    fn run(inner: Inner) -> Self {
        let inner = Arc::new(inner);
        let collector = garbage::spawn(Arc::downgrade(&inner), inner.state.clone());
        *inner.collector.lock() = collector;
        Store(inner)
    }

    /// Finishes what is queued, then closes and lets go of the data directory. Reads and writes afterwards fail
    /// with [`StoreError::Closed`].
    pub async fn close(&self) -> Result<()> {
        let inner = self.0.clone();
        tokio::task::spawn_blocking(move || inner.shut_down())
            .await
            .map_err(|error| StoreError::Io(std::io::Error::other(error)))?;
        match self.0.state.health.reason() {
            Some(reason) => Err(StoreError::Poisoned(reason)),
            None => Ok(()),
        }
    }

    /// The keys that seal what the store keeps secret.
    pub fn master_keys(&self) -> &MasterKeys {
        &self.0.state.master_keys
    }

    /// Whether writes still work (readiness).
    pub fn healthy(&self) -> bool {
        self.0.state.health.reason().is_none() && !self.0.state.garbage.stopped()
    }
}

impl Inner {
    fn new(meta: Arc<dyn Meta>, blobs: Arc<dyn Blobs>, state: Arc<State>, boot: u64) -> Self {
        Inner {
            meta,
            blobs,
            state,
            boot,
            sequence: AtomicU64::new(1),
            collector: parking_lot::Mutex::new(None),
        }
    }

    /// A fresh id for a blob or a manifest.
    pub(crate) fn next_id(&self) -> BlobId {
        BlobId {
            boot: self.boot,
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(crate) async fn get<T: crate::record::Record>(
        &self,
        what: &str,
        space: Space,
        key: &[u8],
    ) -> Result<Option<T>> {
        match self.meta.get(space, key).await? {
            Some(stored) => crate::record::decode(what, &stored).map(Some),
            None => Ok(None),
        }
    }

    fn shut_down(&self) {
        self.state.garbage.stop();
        let collector = self.collector.lock().take();
        if let Some(collector) = collector {
            // The collector holds the store for the length of one pass; if that pass is where the last
            // clone went away, this runs on the collector itself, which must not wait for itself.
            if collector.thread().id() != std::thread::current().id() {
                let _ = collector.join();
            }
        }
        self.blobs.close();
        self.meta.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shut_down();
    }
}
