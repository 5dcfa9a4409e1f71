//! Work in the background: walking a bucket in bounded batches, and changing what was seen only while it is still
//! exactly that, many objects in one transaction. A write that came between is never undone.

use crate::blob::BlobId;
use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Scan, Space, is_empty_range};
use crate::record::{
    BodyPlace, Bucket, Object, StorageClass, VersionRecord, Versioning, decode, encode,
};
use crate::store::counts::Counts;
use crate::store::protection::Governance;
use crate::store::state::ObjectName;
use crate::store::transaction::{After, Transaction};
use crate::store::{Inner, Store};
use crate::version::{Order, VersionId};
use bytes::Bytes;
use std::collections::HashSet;
use std::ops::Bound;
use std::sync::Arc;

/// Objects changed by one transaction. More would make others wait longer behind its sync.
const GROUP: usize = 128;

/// An object version or delete marker as a walk met it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Key.
    pub key: String,
    /// Its version id; `Null` in a bucket that was never versioned.
    pub version: VersionId,
    /// When it was written, Unix milliseconds.
    pub modified_ms: i64,
    /// The object; `None` for a delete marker.
    pub object: Option<Arc<Object>>,
    /// Since when a newer version or marker hides it, Unix milliseconds; `None` while it is the newest.
    pub noncurrent_since_ms: Option<i64>,
    /// Of a delete marker: nothing else of the key is left.
    pub only: bool,
    space: Space,
    place: Bytes,
    stored: Bytes,
}

/// Where a walk goes on. Opaque.
#[derive(Debug, Clone)]
pub struct ScanPlace(Bytes);

/// A piece of a walk.
#[derive(Debug, Default)]
pub struct ScanBatch {
    /// In byte order of the keys; versions of a key from the newest on.
    pub seen: Vec<Seen>,
    /// Where the next batch begins; `None` at the end.
    pub next: Option<ScanPlace>,
}

/// What to do with something that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenChange {
    /// As a delete that names no version: an unversioned object goes, in a versioned bucket a marker is added.
    Delete,
    /// Exactly this version or marker goes for good.
    Remove,
    /// The storage class becomes this. Neither the time of the object nor its version changes.
    Class(StorageClass),
}

/// The walk's range: everything of `bucket` below `prefix` after `after`.
fn range(start: Vec<u8>, after: Option<&ScanPlace>, limit: usize) -> Option<Scan> {
    let upper = key::after_prefix(&start);
    let lower = match after {
        Some(ScanPlace(place)) => Bound::Excluded(place.clone()),
        None => Bound::Included(Bytes::from(start)),
    };
    (!is_empty_range(&lower, &upper)).then_some(Scan {
        lower,
        upper,
        reverse: false,
        limit,
    })
}

/// Milliseconds of the clock when a version was made.
fn made_ms(order: Order) -> i64 {
    let [a, b, c, d, e, f, ..] = order.0;
    i64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// Key and order from a place in `Versions`.
fn version_place(place: &[u8]) -> Result<(String, Order)> {
    let corrupt = || StoreError::Corrupt("key of a version".into());
    let (name, order) = place.get(8..).and_then(key::unescape).ok_or_else(corrupt)?;
    let order: [u8; 16] = order.try_into().map_err(|_| corrupt())?;
    let name = String::from_utf8(name).map_err(|_| corrupt())?;
    Ok((name, Order(order.map(|byte| !byte))))
}

impl Store {
    /// Every bucket of every owner, by name, after `after`, at most `limit`.
    pub async fn all_buckets(&self, after: &str, limit: usize) -> Result<Vec<Arc<Bucket>>> {
        let lower = match after {
            "" => Bound::Unbounded,
            after => Bound::Excluded(Bytes::copy_from_slice(after.as_bytes())),
        };
        let scan = Scan {
            lower,
            upper: Bound::Unbounded,
            reverse: false,
            limit,
        };
        let entries = self.0.meta.scan(Space::Buckets, scan).await?;
        let decoded = entries
            .into_iter()
            .map(|(_, stored)| decode("bucket", &stored).map(Arc::new));
        decoded.collect()
    }

    /// The next current objects of a bucket below `prefix`, at most `limit`.
    pub async fn scan_current(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: Option<&ScanPlace>,
        limit: usize,
    ) -> Result<ScanBatch> {
        let start = key::object(bucket.id, prefix.as_bytes()).to_vec();
        let Some(scan) = range(start, after, limit) else {
            return Ok(ScanBatch::default());
        };
        let entries = self.0.meta.scan(Space::Current, scan).await?;
        let next = (entries.len() == limit)
            .then(|| entries.last().map(|(place, _)| ScanPlace(place.clone())));
        let seen = entries.into_iter().map(|(place, stored)| {
            let key = place.get(8..).and_then(|key| std::str::from_utf8(key).ok());
            let key = key.ok_or_else(|| StoreError::Corrupt("key of an object".into()))?;
            let object: Object = decode("object", &stored)?;
            Ok(Seen {
                key: key.to_owned(),
                version: object.version,
                modified_ms: object.modified_ms,
                object: Some(Arc::new(object)),
                noncurrent_since_ms: None,
                only: false,
                space: Space::Current,
                place,
                stored,
            })
        });
        Ok(ScanBatch {
            seen: seen.collect::<Result<_>>()?,
            next: next.flatten(),
        })
    }

    /// The next noncurrent versions and delete markers of a bucket below `prefix`, at most `limit`.
    pub async fn scan_noncurrent(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: Option<&ScanPlace>,
        limit: usize,
    ) -> Result<ScanBatch> {
        if bucket.versioning == Versioning::Never {
            return Ok(ScanBatch::default());
        }
        let start = key::escaped_start(bucket.id, prefix.as_bytes());
        // One more, to know whether the last of the batch is the last of its key.
        let Some(scan) = range(start, after, limit.saturating_add(1)) else {
            return Ok(ScanBatch::default());
        };
        let mut entries = self.0.meta.scan(Space::Versions, scan).await?;
        let mut following = None;
        if entries.len() > limit {
            following = match entries.pop() {
                Some((place, _)) => Some(version_place(&place)?.0),
                None => None,
            };
        }
        let next = match (&following, entries.last()) {
            (Some(_), Some((place, _))) => Some(ScanPlace(place.clone())),
            _ => None,
        };
        let mut newer = match after {
            Some(ScanPlace(place)) => Some(version_place(place)?),
            None => None,
        };
        let mut seen: Vec<Seen> = Vec::with_capacity(entries.len());
        for (place, stored) in entries {
            let (key, order) = version_place(&place)?;
            let since = match &newer {
                Some((name, order)) if *name == key => Some(made_ms(*order)),
                _ => self.0.current_since(bucket, &key).await?,
            };
            if let Some(last) = seen.last_mut() {
                last.only &= last.key != key;
            }
            let (version, modified_ms, object) = match decode("version", &stored)? {
                VersionRecord::Object(object) => {
                    (object.version, object.modified_ms, Some(Arc::new(object)))
                }
                VersionRecord::Marker(marker) => (marker.version, marker.modified_ms, None),
            };
            seen.push(Seen {
                key: key.clone(),
                version,
                modified_ms,
                only: object.is_none() && since.is_none(),
                object,
                noncurrent_since_ms: since,
                space: Space::Versions,
                place,
                stored,
            });
            newer = Some((key, order));
        }
        if let (Some(last), Some(following)) = (seen.last_mut(), &following) {
            last.only &= last.key != *following;
        }
        Ok(ScanBatch { seen, next })
    }

    /// Changes what was seen, each only if it is unchanged since. Says for each whether it was done; what was not is
    /// simply different now. What is done is durable.
    ///
    /// Errors: those of the engine. What was done before an error stays done.
    pub async fn change_seen(
        &self,
        bucket: &Bucket,
        changes: &[(Seen, SeenChange)],
        now_ms: i64,
    ) -> Result<Vec<bool>> {
        let mut done = vec![false; changes.len()];
        let mut left: Vec<usize> = (0..changes.len()).collect();
        while !left.is_empty() {
            let (group, rest) = independent(changes, left);
            left = rest;
            if self
                .0
                .change_unprotected(bucket, changes, &group, now_ms)
                .await?
                == Outcome::Applied
            {
                for at in group {
                    done[at] = true;
                }
                continue;
            }
            // One of them is different by now; the others still are what they were.
            for at in group {
                let alone = self
                    .0
                    .change_unprotected(bucket, changes, &[at], now_ms)
                    .await?;
                done[at] = alone == Outcome::Applied;
            }
        }
        Ok(done)
    }

    /// Writes down when current objects were last read (`accesses`: bucket number, key, Unix milliseconds). Best
    /// effort: what is gone or changes at this moment is left out, and nothing is recorded backwards.
    pub async fn record_accesses(&self, accesses: &[(u64, String, i64)]) -> Result<()> {
        for group in accesses.chunks(GROUP) {
            if self.0.record_group(group).await? == Outcome::Applied {
                continue;
            }
            for alone in group.chunks(1) {
                self.0.record_group(alone).await?;
            }
        }
        Ok(())
    }
}

/// The first of `left` that can share a transaction, and the rest. Two changes of one key, or of bodies that share a
/// blob, would each be staged from the state before the other.
fn independent(changes: &[(Seen, SeenChange)], left: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
    let mut keys: HashSet<&str> = HashSet::with_capacity(GROUP);
    let mut blobs: HashSet<BlobId> = HashSet::with_capacity(GROUP);
    let (mut group, mut rest) = (Vec::with_capacity(GROUP), Vec::new());
    for at in left {
        let (seen, change) = &changes[at];
        let blob = match seen.object.as_ref().map(|object| object.body.0) {
            Some(BodyPlace::Blob(extent)) => Some(extent.id),
            Some(BodyPlace::Manifest(id)) => Some(id),
            Some(BodyPlace::Empty) | None => None,
        };
        let released = blob.filter(|_| !matches!(change, SeenChange::Class(_)));
        let fits = group.len() < GROUP
            && !keys.contains(seen.key.as_str())
            && released.is_none_or(|id| !blobs.contains(&id));
        if fits {
            keys.insert(&seen.key);
            blobs.extend(released);
            group.push(at);
        } else {
            rest.push(at);
        }
    }
    (group, rest)
}

impl Inner {
    /// When the current object of a key was written: since then what is older is noncurrent.
    async fn current_since(&self, bucket: &Bucket, key: &str) -> Result<Option<i64>> {
        let name = key::object(bucket.id, key.as_bytes());
        let current: Option<Object> = self.get("object", Space::Current, &name).await?;
        Ok(current.map(|object| made_ms(object.order)))
    }

    /// What a retention or a legal hold protects counts as not done, as what changed meanwhile does.
    async fn change_unprotected(
        &self,
        bucket: &Bucket,
        changes: &[(Seen, SeenChange)],
        group: &[usize],
        now_ms: i64,
    ) -> Result<Outcome> {
        match self.change_group(bucket, changes, group, now_ms).await {
            Err(StoreError::Immutable) => Ok(Outcome::Conflict),
            done => done,
        }
    }

    async fn change_group(
        &self,
        bucket: &Bucket,
        changes: &[(Seen, SeenChange)],
        group: &[usize],
        now_ms: i64,
    ) -> Result<Outcome> {
        let mut transaction = Transaction::default();
        self.expect_bucket(&mut transaction, bucket)?;
        for (seen, change) in group.iter().filter_map(|at| changes.get(*at)) {
            let unchanged = Expect::Value(seen.stored.clone());
            match change {
                SeenChange::Delete => {
                    transaction.expect(seen.space, seen.place.clone(), unchanged);
                    self.stage_delete(
                        &mut transaction,
                        bucket,
                        &seen.key,
                        Governance::Respected,
                        now_ms,
                    )
                    .await?;
                }
                SeenChange::Remove => {
                    transaction.expect(seen.space, seen.place.clone(), unchanged);
                    self.stage_remove(
                        &mut transaction,
                        bucket,
                        &seen.key,
                        seen.version,
                        Governance::Respected,
                        now_ms,
                    )
                    .await?;
                }
                SeenChange::Class(class) => {
                    self.stage_class(&mut transaction, bucket, seen, *class, now_ms)?;
                }
            }
        }
        self.commit(transaction).await
    }

    fn stage_class(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
        seen: &Seen,
        class: StorageClass,
        now_ms: i64,
    ) -> Result<()> {
        let Some(object) = &seen.object else {
            return Ok(());
        };
        let before = Counts::of(object, -1);
        let mut object = Object::clone(object);
        object.attrs.storage_class = class;
        Counts::of(&object, 1)
            .plus(&before)
            .stage(transaction, bucket.id);
        object.attrs.class_changed_ms = Some(now_ms);
        object.attrs.restore = None;
        let record = match seen.space {
            Space::Current => {
                // Out of the cache, not into it: a pass over a large bucket must not push out what is read often.
                let name = ObjectName::new(bucket.id, &seen.key);
                transaction.after(After::Object(name, None));
                encode(&object)?
            }
            _ => encode(&VersionRecord::Object(object))?,
        };
        let unchanged = Expect::Value(seen.stored.clone());
        transaction.put(seen.space, seen.place.clone(), unchanged, record);
        Ok(())
    }

    async fn record_group(&self, group: &[(u64, String, i64)]) -> Result<Outcome> {
        let mut transaction = Transaction::default();
        for (bucket, key, at_ms) in group {
            let place = key::object(*bucket, key.as_bytes());
            let Some(stored) = self.meta.get(Space::Current, &place).await? else {
                continue;
            };
            let mut object: Object = decode("object", &stored)?;
            if object.accessed_ms.is_some_and(|known| known >= *at_ms) {
                continue;
            }
            object.accessed_ms = Some(*at_ms);
            let object = Arc::new(object);
            let record = encode(&*object)?;
            transaction.put(Space::Current, place, Expect::Value(stored), record);
            let name = ObjectName::new(*bucket, key);
            transaction.after(After::Object(name, Some(object)));
        }
        self.commit(transaction).await
    }
}
