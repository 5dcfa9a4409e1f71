//! The metadata seam: an ordered key-value store with atomic conditional batches.
//!
//! It knows nothing of buckets or objects. Everything the store means is written once over this trait;
//! `contract::meta` is the suite every engine passes.

use crate::error::{Result, StoreError};
use bytes::Bytes;
use std::future::Future;
use std::ops::Bound;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An answer that is either there at once (local engines) or comes later (remote ones, durable writes).
/// A local read therefore costs neither an allocation nor a wake-up.
pub enum Answer<'a, T> {
    /// Already known; `None` once taken.
    Now(Option<T>),
    /// To be awaited.
    Later(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T> Answer<'a, T> {
    /// An answer that is known.
    pub fn now(value: T) -> Self {
        Answer::Now(Some(value))
    }

    /// An answer to be awaited.
    pub fn later(future: impl Future<Output = T> + Send + 'a) -> Self {
        Answer::Later(Box::pin(future))
    }
}

impl<T: Unpin> Future for Answer<'_, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.get_mut() {
            Answer::Now(value) => match value.take() {
                Some(value) => Poll::Ready(value),
                // Polling a finished future is the caller's mistake; like a fused future it never ends.
                None => Poll::Pending,
            },
            Answer::Later(future) => future.as_mut().poll(cx),
        }
    }
}

/// A key space: keys of different spaces never meet, and a scan stays within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Facts about the store itself.
    System,
    /// AccessKey id → access key.
    AccessKeys,
    /// Accounts, users, groups, roles, policies, and when AccessKeys were last used.
    Identities,
    /// Bucket name → bucket.
    Buckets,
    /// Owner and bucket name → nothing; the index behind a listing of one owner's buckets.
    Owned,
    /// Names of buckets' domains → binding; bucket numbers and names; tokens; places of certificates.
    Domains,
    /// Bucket number → what a write into the bucket depends on.
    BucketStates,
    /// Counters ([`Tally`]) of buckets, uploads, owners and storage groups.
    Counters,
    /// Bucket number and key → the current live object.
    Current,
    /// Bucket number and key → what orders the versions of a key that ever had more than one.
    Heads,
    /// Bucket number, key, version newest first → noncurrent versions and delete markers.
    Versions,
    /// Bucket number, key, upload id → multipart upload.
    Uploads,
    /// Upload id and part number → part.
    Parts,
    /// Blob id → where it is and how many bodies share it.
    Blobs,
    /// Manifest id → header; manifest id and index → slices of the part list.
    Manifests,
    /// What is no longer named and still has to be removed.
    Garbage,
}

impl Space {
    /// Every space, in the order of their numbers.
    pub const ALL: [Space; 16] = [
        Space::System,
        Space::AccessKeys,
        Space::Identities,
        Space::Buckets,
        Space::Owned,
        Space::Domains,
        Space::BucketStates,
        Space::Counters,
        Space::Current,
        Space::Heads,
        Space::Versions,
        Space::Uploads,
        Space::Parts,
        Space::Blobs,
        Space::Manifests,
        Space::Garbage,
    ];

    /// The name under which an engine stores the space; part of the format.
    pub fn name(self) -> &'static str {
        match self {
            Space::System => "system",
            Space::AccessKeys => "access-keys",
            Space::Identities => "identities",
            Space::Buckets => "buckets",
            Space::Owned => "owned",
            Space::Domains => "domains",
            Space::BucketStates => "bucket-states",
            Space::Counters => "counters",
            Space::Current => "current",
            Space::Heads => "heads",
            Space::Versions => "versions",
            Space::Uploads => "uploads",
            Space::Parts => "parts",
            Space::Blobs => "blobs",
            Space::Manifests => "manifests",
            Space::Garbage => "garbage",
        }
    }
}

/// The state a key must be in for its batch to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Whatever it is.
    Any,
    /// No value.
    Absent,
    /// Exactly this value.
    Value(Bytes),
}

impl Expect {
    /// Exactly what was read.
    pub fn same(read: &Option<Bytes>) -> Self {
        match read {
            Some(value) => Expect::Value(value.clone()),
            None => Expect::Absent,
        }
    }

    /// Whether `value` is the expected state.
    pub fn holds(&self, value: Option<&Bytes>) -> bool {
        match self {
            Expect::Any => true,
            Expect::Absent => value.is_none(),
            Expect::Value(expected) => value == Some(expected),
        }
    }
}

/// What happens to a key when its batch applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// Nothing: the change is only a condition.
    Keep,
    /// The value becomes this.
    Put(Bytes),
    /// The key goes away.
    Remove,
    /// Adds to a [`Tally`] (an absent one is all zeros). Additions commute, so writers of one counter
    /// need not expect its value and do not conflict.
    Add(Tally),
}

/// One change of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key space.
    pub space: Space,
    /// The key, 1 to [`Change::MAX_KEY`] bytes.
    pub key: Bytes,
    /// The condition.
    pub expect: Expect,
    /// The effect.
    pub update: Update,
}

impl Change {
    /// Most bytes of a key: room for an object key of which every byte is escaped, and more.
    pub const MAX_KEY: usize = 8 << 10;

    /// Refuses a key that an engine could not take.
    pub(crate) fn check(&self) -> Result<()> {
        match self.key.len() {
            1..=Self::MAX_KEY => Ok(()),
            len => Err(StoreError::Corrupt(format!(
                "a key of {len} bytes for {}",
                self.space.name()
            ))),
        }
    }
}

/// Changes that apply all together or not at all. All conditions are evaluated against the state before
/// the batch; then updates apply in order.
#[derive(Default)]
pub struct Batch {
    /// The changes.
    pub changes: Vec<Change>,
    /// Run once, by the engine, after the batch is durable and visible and before the caller is answered,
    /// in the order in which batches applied; also when the caller has gone away. Not run on conflict or failure.
    pub after: Option<Box<dyn FnOnce() + Send>>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Durable and visible.
    Applied,
    /// A condition did not hold; nothing changed.
    Conflict,
}

/// A range of one space.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Where it begins in key order.
    pub lower: Bound<Bytes>,
    /// Where it ends in key order.
    pub upper: Bound<Bytes>,
    /// From the upper end downwards.
    pub reverse: bool,
    /// Most entries to return.
    pub limit: usize,
}

impl Scan {
    /// All keys that begin with `prefix`, ascending.
    pub fn prefix(prefix: &[u8], limit: usize) -> Self {
        Scan {
            lower: Bound::Included(Bytes::copy_from_slice(prefix)),
            upper: crate::key::after_prefix(prefix),
            reverse: false,
            limit,
        }
    }
}

/// Key and value of a scan.
pub type Entry = (Bytes, Bytes);

/// An ordered key-value store with atomic, conditional, durable batches.
pub trait Meta: Send + Sync + 'static {
    /// The value of a key.
    fn get(&self, space: Space, key: &[u8]) -> Answer<'_, Result<Option<Bytes>>>;

    /// Entries of a range in order; one call sees one moment.
    fn scan(&self, space: Space, scan: Scan) -> Answer<'_, Result<Vec<Entry>>>;

    /// Entries of several ranges, each in order; all see the same moment.
    fn scans(&self, scans: Vec<(Space, Scan)>) -> Answer<'_, Result<Vec<Vec<Entry>>>>;

    /// Applies a batch. When this answers [`Outcome::Applied`] the batch survives a crash of the machine.
    /// An error leaves it open whether the batch applied, and poisons the engine: no later batch applies.
    fn apply(&self, batch: Batch) -> Answer<'static, Result<Outcome>>;

    /// Finishes queued batches; afterwards every call fails with [`StoreError::Closed`]. Blocks.
    fn close(&self);
}

/// Five counters that are added to, never set. Stored as a version byte and five little-endian `i64`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally(pub [i64; 5]);

impl Tally {
    const VERSION: u8 = 1;
    const LEN: usize = 1 + 5 * 8;

    /// The stored form.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(Self::LEN);
        out.push(Self::VERSION);
        for value in self.0 {
            out.extend_from_slice(&value.to_le_bytes());
        }
        Bytes::from(out)
    }

    /// From the stored form; absent means zeros.
    pub fn decode(stored: Option<&[u8]>) -> Result<Self> {
        let Some(bytes) = stored else {
            return Ok(Tally::default());
        };
        let Some((&Self::VERSION, rest)) = bytes.split_first() else {
            return Err(StoreError::Corrupt("counter of unknown version".into()));
        };
        let (values, []) = rest.as_chunks::<8>() else {
            return Err(StoreError::Corrupt("counter of odd length".into()));
        };
        let Ok(values): std::result::Result<&[[u8; 8]; 5], _> = values.try_into() else {
            return Err(StoreError::Corrupt("counter of wrong length".into()));
        };
        Ok(Tally(values.map(i64::from_le_bytes)))
    }

    /// The sum; wraps rather than panics, since a damaged counter must not stop a server.
    pub fn plus(&self, other: &Tally) -> Tally {
        let mut sum = *self;
        for (value, more) in sum.0.iter_mut().zip(other.0) {
            *value = value.wrapping_add(more);
        }
        sum
    }

    /// Whether all counters are zero.
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 5]
    }
}

/// The value an update leaves behind, given the value before.
pub(crate) fn updated(update: &Update, before: Option<Bytes>) -> Result<Option<Bytes>> {
    Ok(match update {
        Update::Keep => before,
        Update::Put(value) => Some(value.clone()),
        Update::Remove => None,
        Update::Add(more) => Some(Tally::decode(before.as_deref())?.plus(more).encode()),
    })
}

/// Whether a range can hold nothing; ordered maps panic on some of these.
pub(crate) fn is_empty_range(lower: &Bound<Bytes>, upper: &Bound<Bytes>) -> bool {
    match (lower, upper) {
        (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
        (Bound::Included(lower) | Bound::Excluded(lower), Bound::Excluded(upper))
        | (Bound::Excluded(lower), Bound::Included(upper)) => lower >= upper,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}
