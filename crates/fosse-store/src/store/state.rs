//! What the store keeps in memory beside its engines: caches, access keys, and who is at work on what.

use crate::blob::{BlobId, Extent, Place};
use crate::cache::{ByBytes, Hot, Weigh};
use crate::error::StoreError;
use crate::master_keys::MasterKeys;
use crate::record::{AccessKey, Bucket, Domain, Object};
use crate::store::garbage::GarbageQueue;
use crate::store::identity::Identities;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The reason why an engine stopped writing, once there is one. Shared by metadata and blobs: after either failed
/// to make something durable, neither writes on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<OnceLock<String>>);

impl Health {
    /// Stops all writing. The first reason stays.
    pub(crate) fn poison(&self, reason: impl std::fmt::Display) -> StoreError {
        let reason = reason.to_string();
        if self.0.set(reason.clone()).is_ok() {
            tracing::error!(reason, "the store stops writing");
        }
        StoreError::Poisoned(self.reason().unwrap_or(reason))
    }

    pub(crate) fn reason(&self) -> Option<String> {
        self.0.get().cloned()
    }

    /// Fails once something poisoned the store.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            Some(reason) => Err(StoreError::Poisoned(reason.clone())),
            None => Ok(()),
        }
    }
}

/// Key of the cache of current objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ObjectName {
    bucket: u64,
    key: Box<str>,
}

impl ObjectName {
    pub(crate) fn new(bucket: u64, key: &str) -> Self {
        ObjectName {
            bucket,
            key: key.into(),
        }
    }
}

/// The same, borrowed. Fields in the same order, so that it hashes the same.
#[derive(Debug, Clone, Copy, Hash)]
pub(crate) struct ObjectRef<'a> {
    pub(crate) bucket: u64,
    pub(crate) key: &'a str,
}

impl Equivalent<ObjectName> for ObjectRef<'_> {
    fn equivalent(&self, name: &ObjectName) -> bool {
        self.bucket == name.bucket && *self.key == *name.key
    }
}

impl Weigh for ObjectName {
    fn bytes(&self) -> u64 {
        self.key.len() as u64 + 64
    }
}

impl Weigh for Arc<Object> {
    fn bytes(&self) -> u64 {
        let attrs = &self.attrs;
        let pair = |a: usize, b: usize| (a + b) as u64 + 64;
        let headers: u64 = attrs
            .headers
            .iter()
            .map(|(n, v)| pair(n.len(), v.len()))
            .sum();
        let meta: u64 = attrs.meta.iter().map(|(n, v)| pair(n.len(), v.len())).sum();
        let tags: u64 = attrs.tags.iter().map(|(n, v)| pair(n.len(), v.len())).sum();
        size_of::<Object>() as u64 + 128 + headers + meta + tags
    }
}

impl Weigh for String {
    fn bytes(&self) -> u64 {
        self.len() as u64 + 64
    }
}

impl Weigh for Arc<Bucket> {
    fn bytes(&self) -> u64 {
        let configs: usize = self
            .configs
            .iter()
            .map(|(n, v)| n.len() + v.len() + 96)
            .sum();
        (size_of::<Bucket>() + configs) as u64 + 128
    }
}

impl Weigh for Option<Arc<Domain>> {
    fn bytes(&self) -> u64 {
        let Some(domain) = self else { return 64 };
        let certificate = domain.certificate.as_ref();
        let pem = certificate.map_or(0, |it| it.chain.len() + it.private_key.len());
        (size_of::<Domain>() + pem) as u64 + 192
    }
}

impl Weigh for BlobId {
    fn bytes(&self) -> u64 {
        48
    }
}

impl Weigh for Bytes {
    fn bytes(&self) -> u64 {
        self.len() as u64 + 64
    }
}

impl Weigh for Arc<Vec<Extent>> {
    fn bytes(&self) -> u64 {
        (self.len() * size_of::<Extent>()) as u64 + 64
    }
}

/// Blobs that are being written or not yet named, and bodies that are being read.
#[derive(Default)]
pub(crate) struct AtWork {
    writing: Mutex<HashSet<BlobId>>,
    reading: Mutex<HashMap<BlobId, usize>>,
}

impl AtWork {
    pub(crate) fn is_writing(&self, id: BlobId) -> bool {
        self.writing.lock().contains(&id)
    }

    pub(crate) fn is_reading(&self, id: BlobId) -> bool {
        self.reading.lock().contains_key(&id)
    }
}

/// Marks a blob as being written for as long as it lives.
pub(crate) struct Writing {
    state: Arc<State>,
    id: BlobId,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.state.at_work.writing.lock().remove(&self.id);
    }
}

/// Keeps the blobs of a body from being removed for as long as it lives.
pub(crate) struct Reading {
    state: Arc<State>,
    id: BlobId,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut reading = self.state.at_work.reading.lock();
        if let Some(count) = reading.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                reading.remove(&self.id);
            }
        }
    }
}

const LOCKS: usize = 4096;

pub(crate) struct State {
    pub(crate) health: Health,
    pub(crate) master_keys: MasterKeys,
    pub(crate) objects: Hot<ObjectName, Arc<Object>>,
    pub(crate) buckets: Hot<String, Arc<Bucket>>,
    /// By name; that there is none is kept as well.
    pub(crate) domains: Hot<String, Option<Arc<Domain>>>,
    pub(crate) manifests: Cache<BlobId, Arc<Vec<Extent>>, ByBytes>,
    pub(crate) bodies: Cache<BlobId, Bytes, ByBytes>,
    /// Blobs that compaction moved in this process, so that a stale hint costs one look-up.
    pub(crate) moved: Cache<BlobId, Place>,
    pub(crate) access_keys: RwLock<HashMap<String, Arc<AccessKey>>>,
    pub(crate) identities: RwLock<Identities>,
    /// Grows after each change of `access_keys` and `identities`.
    pub(crate) identity_revision: AtomicU64,
    pub(crate) at_work: AtWork,
    pub(crate) garbage: GarbageQueue,
    /// One sweep at a time.
    pub(crate) sweeping: tokio::sync::Mutex<()>,
    locks: Vec<tokio::sync::Mutex<()>>,
    hasher: RandomState,
}

impl State {
    pub(crate) fn new(
        cache_bytes: u64,
        health: Health,
        grace: Duration,
        master_keys: MasterKeys,
    ) -> Self {
        let records = cache_bytes / 2;
        let bodies = cache_bytes - records;
        // The estimate decides into how many parts the cache is split, each with its share of the bytes. A large
        // average makes few parts, so that bodies of the largest size that is kept do not evict each other from
        // one while others are empty.
        let body_items = usize::try_from(bodies >> 18).unwrap_or(usize::MAX).max(64);
        State {
            health,
            master_keys,
            objects: Hot::new(records / 8 * 6, 512),
            buckets: Hot::new(records / 16, 1024),
            domains: Hot::new(records / 16, 256),
            manifests: Cache::with_weighter(256, records / 8, ByBytes),
            bodies: Cache::with_weighter(body_items, bodies, ByBytes),
            moved: Cache::new(4096),
            access_keys: RwLock::default(),
            identities: RwLock::default(),
            identity_revision: AtomicU64::new(1),
            at_work: AtWork::default(),
            garbage: GarbageQueue::new(grace),
            sweeping: tokio::sync::Mutex::new(()),
            locks: (0..LOCKS).map(|_| tokio::sync::Mutex::new(())).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Lets writers of one key queue instead of making each other's batches fail. Only a courtesy: the
    /// conditions of the batches are what keeps them apart.
    pub(crate) async fn queue(&self, key: impl Hash) -> tokio::sync::MutexGuard<'_, ()> {
        self.locks[self.hasher.hash_one(key) as usize % LOCKS]
            .lock()
            .await
    }

    /// What was derived from identities is old from here on.
    pub(crate) fn identities_changed(&self) {
        self.identity_revision.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn writing(self: &Arc<Self>, id: BlobId) -> Writing {
        self.at_work.writing.lock().insert(id);
        Writing {
            state: self.clone(),
            id,
        }
    }

    pub(crate) fn reading(self: &Arc<Self>, id: BlobId) -> Reading {
        *self.at_work.reading.lock().entry(id).or_insert(0) += 1;
        Reading {
            state: self.clone(),
            id,
        }
    }
}
