//! One conditional batch in the making, with what is to happen in memory once it applied.

use crate::blob::{BlobId, Extent, Place};
use crate::error::Result;
use crate::key;
use crate::meta::{Batch, Change, Expect, Outcome, Space, Tally, Update};
use crate::record::{
    AccessKey, BlobRecord, BodyPlace, Bucket, Domain, ManifestHeader, Object, encode,
};
use crate::store::Inner;
use crate::store::body::Sealed;
use crate::store::garbage::{Garbage, GarbageRecord};
use crate::store::growth;
use crate::store::identity::AccountChange;
use crate::store::state::ObjectName;
use bytes::Bytes;
use std::sync::Arc;

/// What happens in memory after the batch applied.
pub(crate) enum After {
    Object(ObjectName, Option<Arc<Object>>),
    Bucket(String, Option<Arc<Bucket>>),
    Domain(String, Option<Arc<Domain>>),
    AccessKey(String, Option<Arc<AccessKey>>),
    Account(String, Box<AccountChange>),
    AccountGone(String),
    Used(Vec<(String, i64)>),
    Named(Arc<Sealed>),
    Garbage(Garbage),
    GarbageNow(Garbage),
    Moved(BlobId, Place),
}

#[derive(Default)]
pub(crate) struct Transaction {
    changes: Vec<Change>,
    after: Vec<After>,
    /// What is discarded has no reader any more and need not wait.
    unread: bool,
}

impl Transaction {
    /// A transaction of the collector, which waited for readers before it began.
    pub(crate) fn unread() -> Self {
        Transaction {
            unread: true,
            ..Self::default()
        }
    }

    pub(crate) fn change(&mut self, space: Space, key: Bytes, expect: Expect, update: Update) {
        self.changes.push(Change {
            space,
            key,
            expect,
            update,
        });
    }

    pub(crate) fn expect(&mut self, space: Space, key: Bytes, expect: Expect) {
        self.change(space, key, expect, Update::Keep);
    }

    pub(crate) fn put(&mut self, space: Space, key: Bytes, expect: Expect, value: Bytes) {
        self.change(space, key, expect, Update::Put(value));
    }

    pub(crate) fn remove(&mut self, space: Space, key: Bytes, expect: Expect) {
        self.change(space, key, expect, Update::Remove);
    }

    pub(crate) fn add(&mut self, key: Bytes, tally: Tally) {
        if !tally.is_zero() {
            self.change(Space::Counters, key, Expect::Any, Update::Add(tally));
        }
    }

    pub(crate) fn after(&mut self, after: After) {
        self.after.push(after);
    }

    /// Queues something for removal in the same batch that stopped naming it.
    pub(crate) fn discard(&mut self, garbage: Garbage, record: &GarbageRecord) -> Result<()> {
        self.put(Space::Garbage, garbage.key(), Expect::Any, encode(record)?);
        self.after(if self.unread {
            After::GarbageNow(garbage)
        } else {
            After::Garbage(garbage)
        });
        Ok(())
    }
}

impl Inner {
    /// Applies the transaction.
    pub(crate) async fn commit(&self, transaction: Transaction) -> Result<Outcome> {
        let Transaction { changes, after, .. } = transaction;
        let grown = growth::of(&changes);
        let state = self.state.clone();
        let after = move || {
            for after in after {
                match after {
                    After::Object(name, object) => state.objects.wrote(name, object),
                    After::Bucket(name, bucket) => state.buckets.wrote(name, bucket),
                    After::Domain(name, domain) => state.domains.wrote(name, Some(domain)),
                    After::AccessKey(id, key) => {
                        state.identities.write().wrote_key(&id, key.as_ref());
                        let mut keys = state.access_keys.write();
                        match key {
                            Some(key) => _ = keys.insert(id, key),
                            None => _ = keys.remove(&id),
                        }
                        drop(keys);
                        state.identities_changed();
                    }
                    After::Account(id, change) => {
                        state.identities.write().apply(&id, *change);
                        state.identities_changed();
                    }
                    After::AccountGone(id) => {
                        state.identities.write().remove_account(&id);
                        state.identities_changed();
                    }
                    After::Used(uses) => state.identities.write().used(uses),
                    After::Named(sealed) => sealed.named(),
                    After::Garbage(garbage) => state.garbage.add(garbage),
                    After::GarbageNow(garbage) => state.garbage.add_unread(garbage),
                    After::Moved(id, place) => state.moved.insert(id, place),
                }
            }
        };
        let outcome = self
            .meta
            .apply(Batch {
                changes,
                after: Some(Box::new(after)),
            })
            .await?;
        if let (Outcome::Applied, Some(bytes)) = (outcome, grown) {
            growth::add(bytes);
        }
        Ok(outcome)
    }

    /// The first naming of a sealed blob by a body, a part or a manifest.
    pub(crate) fn stage_name(
        &self,
        transaction: &mut Transaction,
        sealed: &Arc<Sealed>,
    ) -> Result<()> {
        if let Some(extent) = sealed.extent {
            let Extent {
                id,
                place,
                len,
                crc64,
            } = extent;
            let record = BlobRecord {
                shares: 1,
                place,
                len,
                crc64,
            };
            let key = Bytes::copy_from_slice(&id.to_bytes());
            transaction.put(Space::Blobs, key, Expect::Any, encode(&record)?);
            self.count(transaction, place, len, 1);
        }
        transaction.after(After::Named(sealed.clone()));
        Ok(())
    }

    /// Adds a blob to the counter of its segment, or takes it off.
    pub(crate) fn count(&self, transaction: &mut Transaction, place: Place, len: u64, sign: i64) {
        if let Some((segment, bytes)) = self.blobs.footprint(place, len) {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            transaction.add(
                key::group_counter(segment),
                Tally([sign * bytes, sign, 0, 0, 0]),
            );
        }
    }

    /// One more body shares these bytes. `false` when they are gone.
    pub(crate) async fn stage_share(
        &self,
        transaction: &mut Transaction,
        body: &BodyPlace,
    ) -> Result<bool> {
        match body {
            BodyPlace::Empty => Ok(true),
            BodyPlace::Blob(extent) => {
                let key = Bytes::copy_from_slice(&extent.id.to_bytes());
                let Some(stored) = self.meta.get(Space::Blobs, &key).await? else {
                    return Ok(false);
                };
                let mut record: BlobRecord = crate::record::decode("blob", &stored)?;
                record.shares += 1;
                transaction.put(Space::Blobs, key, Expect::Value(stored), encode(&record)?);
                Ok(true)
            }
            BodyPlace::Manifest(id) => {
                let key = Bytes::copy_from_slice(&id.to_bytes());
                let Some(stored) = self.meta.get(Space::Manifests, &key).await? else {
                    return Ok(false);
                };
                let mut header: ManifestHeader = crate::record::decode("manifest", &stored)?;
                header.shares += 1;
                transaction.put(
                    Space::Manifests,
                    key,
                    Expect::Value(stored),
                    encode(&header)?,
                );
                Ok(true)
            }
        }
    }

    /// One body less shares these bytes; the last one queues them for removal.
    pub(crate) async fn stage_release(
        &self,
        transaction: &mut Transaction,
        body: &BodyPlace,
    ) -> Result<()> {
        match body {
            BodyPlace::Empty => Ok(()),
            BodyPlace::Blob(extent) => self.stage_release_blob(transaction, extent.id).await,
            BodyPlace::Manifest(id) => {
                let key = Bytes::copy_from_slice(&id.to_bytes());
                let Some(stored) = self.meta.get(Space::Manifests, &key).await? else {
                    tracing::warn!(%id, "a body names a manifest that is gone");
                    return Ok(());
                };
                let mut header: ManifestHeader = crate::record::decode("manifest", &stored)?;
                let expect = Expect::Value(stored);
                if header.shares > 1 {
                    header.shares -= 1;
                    transaction.put(Space::Manifests, key, expect, encode(&header)?);
                } else {
                    transaction.remove(Space::Manifests, key, expect);
                    transaction.discard(Garbage::Manifest(*id), &GarbageRecord::Whole)?;
                }
                Ok(())
            }
        }
    }

    /// See [`Inner::stage_release`].
    pub(crate) async fn stage_release_blob(
        &self,
        transaction: &mut Transaction,
        id: BlobId,
    ) -> Result<()> {
        let key = Bytes::copy_from_slice(&id.to_bytes());
        let Some(stored) = self.meta.get(Space::Blobs, &key).await? else {
            tracing::warn!(%id, "a body names a blob that is gone");
            return Ok(());
        };
        let mut record: BlobRecord = crate::record::decode("blob", &stored)?;
        let expect = Expect::Value(stored);
        if record.shares > 1 {
            record.shares -= 1;
            transaction.put(Space::Blobs, key, expect, encode(&record)?);
            return Ok(());
        }
        transaction.remove(Space::Blobs, key, expect);
        self.count(transaction, record.place, record.len, -1);
        if record.place == Place::Own {
            transaction.discard(Garbage::Blob(id), &GarbageRecord::Whole)?;
        }
        Ok(())
    }
}
