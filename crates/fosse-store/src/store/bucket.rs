//! Buckets: create, look up, change, delete, list, count.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Scan, Space, Tally, Update};
use crate::record::{Bucket, BucketStat, NewBucket, Versioning, decode, encode};
use crate::store::counts::CLASS_COUNTERS;
use crate::store::transaction::{After, Transaction};
use crate::store::{Inner, Store};
use crate::version::fill_random;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;
use std::sync::Arc;

/// How often a change begins anew before it gives up. Writers of one key queue, so it ends long before.
pub(crate) const ATTEMPTS: usize = 100;

impl BucketStat {
    pub(crate) fn from_tally(tally: Tally) -> Self {
        let [storage, objects, uploads, parts, delete_markers] =
            tally.0.map(|value| u64::try_from(value).unwrap_or(0));
        BucketStat {
            storage,
            objects,
            uploads,
            parts,
            delete_markers,
        }
    }
}

impl Inner {
    pub(crate) async fn bucket(&self, name: &str) -> Result<Arc<Bucket>> {
        if let Some(bucket) = self.state.buckets.get(name) {
            return Ok(bucket);
        }
        let stamp = self.state.buckets.stamp(name);
        let found = self
            .get::<Bucket>("bucket", Space::Buckets, name.as_bytes())
            .await?;
        let bucket = Arc::new(found.ok_or(StoreError::NoSuchBucket)?);
        self.state
            .buckets
            .fill(stamp, name.to_owned(), bucket.clone());
        Ok(bucket)
    }

    /// The newest record of a bucket that a caller holds; it may have been deleted, even re-created.
    pub(crate) async fn again(&self, bucket: &Bucket) -> Result<Arc<Bucket>> {
        let newest = self.bucket(&bucket.name).await?;
        if newest.id == bucket.id {
            Ok(newest)
        } else {
            Err(StoreError::NoSuchBucket)
        }
    }

    /// Makes a transaction depend on the bucket being there, in the versioning state that was seen.
    pub(crate) fn expect_bucket(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
    ) -> Result<()> {
        let expect = Expect::Value(bucket.state()?);
        transaction.expect(Space::BucketStates, key::bucket(bucket.id), expect);
        Ok(())
    }
}

impl Store {
    /// Makes a bucket. `limit`: most buckets per owner.
    ///
    /// Errors: [`StoreError::BucketExists`] with the present bucket, so that the caller can tell an owner's
    /// repeat; [`StoreError::TooManyBuckets`].
    pub async fn create_bucket(&self, new: NewBucket, limit: usize) -> Result<Arc<Bucket>> {
        let NewBucket {
            name,
            owner,
            acl,
            storage_class,
            redundancy,
            now_ms,
        } = new;
        let _turn = self.0.state.queue(&owner).await;
        for _ in 0..ATTEMPTS {
            let name_key = Bytes::copy_from_slice(name.as_bytes());
            if let Some(stored) = self.0.meta.get(Space::Buckets, &name_key).await? {
                return Err(StoreError::BucketExists(Arc::new(decode(
                    "bucket", &stored,
                )?)));
            }
            let owner_key = key::owner_counter(&owner);
            let count = self.0.meta.get(Space::Counters, &owner_key).await?;
            let owned = Tally::decode(count.as_deref())?.0[0];
            if usize::try_from(owned).unwrap_or(0) >= limit {
                return Err(StoreError::TooManyBuckets);
            }
            let mut id = [0u8; 8];
            fill_random(&mut id)?;
            let bucket = Arc::new(Bucket {
                id: u64::from_be_bytes(id),
                name: name.clone(),
                owner: owner.clone(),
                acl,
                storage_class,
                redundancy,
                versioning: Versioning::Never,
                created_ms: now_ms,
                revision: 1,
                configs: BTreeMap::new(),
                worm: None,
            });
            let state = bucket.state()?;
            let index = key::owned(&owner, &name);
            let more = Update::Add(Tally([1, 0, 0, 0, 0]));
            let mut transaction = Transaction::default();
            transaction.put(Space::Buckets, name_key, Expect::Absent, encode(&*bucket)?);
            transaction.put(Space::Owned, index, Expect::Any, Bytes::new());
            transaction.put(
                Space::BucketStates,
                key::bucket(bucket.id),
                Expect::Absent,
                state,
            );
            transaction.change(Space::Counters, owner_key, Expect::same(&count), more);
            transaction.after(After::Bucket(name.clone(), Some(bucket.clone())));
            if self.0.commit(transaction).await? == Outcome::Applied {
                return Ok(bucket);
            }
        }
        Err(StoreError::Conflict)
    }

    /// The bucket of a name. Errors: [`StoreError::NoSuchBucket`].
    pub async fn bucket(&self, name: &str) -> Result<Arc<Bucket>> {
        if self.0.state.garbage.stopped() {
            return Err(StoreError::Closed);
        }
        self.0.bucket(name).await
    }

    /// Applies `change` to the newest record atomically and returns the new one; `change` may be called more
    /// than once. Number, name, owner and time of creation stay; the revision grows; a bucket that was
    /// versioned once does not become [`Versioning::Never`] again.
    ///
    /// Errors: [`StoreError::NoSuchBucket`].
    pub async fn update_bucket(
        &self,
        name: &str,
        change: impl Fn(&mut Bucket) + Send + 'static,
    ) -> Result<Arc<Bucket>> {
        let changed = self
            .try_update_bucket(name, move |bucket| {
                change(bucket);
                Ok::<(), Infallible>(())
            })
            .await?;
        match changed {
            Ok(bucket) => Ok(bucket),
            Err(never) => match never {},
        }
    }

    /// Like [`update_bucket`](Self::update_bucket), for a change that depends on what it finds: when `change` refuses,
    /// nothing is written and the refusal comes back as the inner error.
    ///
    /// Errors: [`StoreError::NoSuchBucket`].
    pub async fn try_update_bucket<E: Send + 'static>(
        &self,
        name: &str,
        change: impl Fn(&mut Bucket) -> std::result::Result<(), E> + Send + 'static,
    ) -> Result<std::result::Result<Arc<Bucket>, E>> {
        let _turn = self.0.state.queue(name).await;
        for _ in 0..ATTEMPTS {
            let name_key = Bytes::copy_from_slice(name.as_bytes());
            let stored = self.0.meta.get(Space::Buckets, &name_key).await?;
            let Some(stored) = stored else {
                return Err(StoreError::NoSuchBucket);
            };
            let old: Bucket = decode("bucket", &stored)?;
            let mut new = old.clone();
            if let Err(refusal) = change(&mut new) {
                return Ok(Err(refusal));
            }
            new.id = old.id;
            new.name.clone_from(&old.name);
            new.owner.clone_from(&old.owner);
            new.created_ms = old.created_ms;
            new.revision = old.revision + 1;
            if new.versioning == Versioning::Never {
                new.versioning = old.versioning;
            }
            let new = Arc::new(new);
            let mut transaction = Transaction::default();
            transaction.put(
                Space::Buckets,
                name_key,
                Expect::Value(stored),
                encode(&*new)?,
            );
            if new.versioning != old.versioning || new.worm != old.worm {
                let state = new.state()?;
                transaction.put(Space::BucketStates, key::bucket(new.id), Expect::Any, state);
            }
            transaction.after(After::Bucket(name.to_owned(), Some(new.clone())));
            if self.0.commit(transaction).await? == Outcome::Applied {
                return Ok(Ok(new));
            }
        }
        Err(StoreError::Conflict)
    }

    /// Deletes an empty bucket.
    ///
    /// Errors: [`StoreError::NoSuchBucket`], [`StoreError::BucketNotEmpty`] while it holds objects, versions,
    /// delete markers or uploads.
    pub async fn delete_bucket(&self, name: &str) -> Result<()> {
        let _turn = self.0.state.queue(name).await;
        for _ in 0..ATTEMPTS {
            let name_key = Bytes::copy_from_slice(name.as_bytes());
            let stored = self.0.meta.get(Space::Buckets, &name_key).await?;
            let Some(stored) = stored else {
                return Err(StoreError::NoSuchBucket);
            };
            let bucket: Bucket = decode("bucket", &stored)?;
            let counter_key = key::bucket_counter(bucket.id);
            let counter = self.0.meta.get(Space::Counters, &counter_key).await?;
            if !Tally::decode(counter.as_deref())?.is_zero() {
                return Err(StoreError::BucketNotEmpty);
            }
            let mut transaction = Transaction::default();
            // Those of classes are zero as well. They may be there, as counters are added to and never removed.
            for place in 0..CLASS_COUNTERS {
                let counter = key::class_counter(bucket.id, place);
                transaction.remove(Space::Counters, counter, Expect::Any);
            }
            // Every write into the bucket changes its counter, so one that comes between makes this fail.
            transaction.remove(Space::Counters, counter_key, Expect::same(&counter));
            transaction.remove(Space::Buckets, name_key, Expect::Value(stored));
            transaction.remove(Space::Owned, key::owned(&bucket.owner, name), Expect::Any);
            transaction.remove(Space::BucketStates, key::bucket(bucket.id), Expect::Any);
            self.0.stage_unbind_all(&mut transaction, bucket.id).await?;
            transaction.add(key::owner_counter(&bucket.owner), Tally([-1, 0, 0, 0, 0]));
            transaction.after(After::Bucket(name.to_owned(), None));
            if self.0.commit(transaction).await? == Outcome::Applied {
                return Ok(());
            }
        }
        Err(StoreError::Conflict)
    }

    /// Buckets of `owner` in name order after `marker` with `prefix`; at most `max`; `true` when more follow.
    pub async fn list_buckets(
        &self,
        owner: &str,
        prefix: &str,
        marker: &str,
        max: usize,
    ) -> Result<(Vec<Arc<Bucket>>, bool)> {
        let start = key::owned_prefix(owner).len();
        let mut lower = Bound::Included(key::owned(owner, prefix));
        if marker >= prefix && !marker.is_empty() {
            lower = Bound::Excluded(key::owned(owner, marker));
        }
        let upper = key::after_prefix(&key::owned(owner, prefix));
        if let (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(up)) = (&lower, &upper)
            && low >= up
        {
            return Ok((Vec::new(), false));
        }
        let limit = max.saturating_add(1);
        let entries = self
            .0
            .meta
            .scan(
                Space::Owned,
                Scan {
                    lower,
                    upper,
                    reverse: false,
                    limit,
                },
            )
            .await?;
        let more = entries.len() > max;
        let mut buckets = Vec::with_capacity(entries.len().min(max));
        for (entry, _) in entries.iter().take(max) {
            let name = entry
                .get(start..)
                .and_then(|name| std::str::from_utf8(name).ok());
            let name = name.ok_or_else(|| StoreError::Corrupt("index of buckets".into()))?;
            match self.0.bucket(name).await {
                Ok(bucket) => buckets.push(bucket),
                // Deleted since the scan.
                Err(StoreError::NoSuchBucket) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((buckets, more && max > 0))
    }

    /// Counters of a bucket.
    pub async fn bucket_stat(&self, bucket: &Bucket) -> Result<BucketStat> {
        let counter = self
            .0
            .meta
            .get(Space::Counters, &key::bucket_counter(bucket.id))
            .await?;
        Ok(BucketStat::from_tally(Tally::decode(counter.as_deref())?))
    }
}
