//! Objects: put, copy, look up, change, delete.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Space};
use crate::record::{
    Body, BodyPlace, Bucket, Deleted, Head, Marker, Object, ObjectAttrs, ObjectKind, VersionRecord,
    Versioning, WriteCondition, Written, decode, encode, upper_hex,
};
use crate::store::body::{Sealed, SealedBlob};
use crate::store::bucket::ATTEMPTS;
use crate::store::counts::Counts;
use crate::store::protection::{self, Governance};
use crate::store::state::{ObjectName, ObjectRef};
use crate::store::transaction::{After, Transaction};
use crate::store::versions::Located;
use crate::store::{Inner, Store};
use crate::version::{Order, VersionId};
use md5::{Digest, Md5};
use std::borrow::Cow;
use std::sync::Arc;

/// An object about to be written: everything but its version.
pub(crate) struct Draft {
    pub(crate) kind: ObjectKind,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) md5: Option<[u8; 16]>,
    pub(crate) crc64: u64,
    pub(crate) attrs: ObjectAttrs,
    pub(crate) body: BodyPlace,
    /// Whether `body` is another object's already.
    pub(crate) shared: bool,
}

impl Draft {
    fn object(&self, version: VersionId, order: Order, modified_ms: i64) -> Object {
        Object {
            kind: self.kind,
            version,
            size: self.size,
            etag: self.etag.clone(),
            md5: self.md5,
            crc64: self.crc64,
            modified_ms,
            attrs: self.attrs.clone(),
            body: Body(self.body),
            accessed_ms: None,
            order,
        }
    }
}

fn same_bytes(a: &BodyPlace, b: &BodyPlace) -> bool {
    match (a, b) {
        (BodyPlace::Empty, BodyPlace::Empty) => true,
        (BodyPlace::Blob(a), BodyPlace::Blob(b)) => a.id == b.id,
        (BodyPlace::Manifest(a), BodyPlace::Manifest(b)) => a == b,
        _ => false,
    }
}

impl Inner {
    /// Stages a write that makes `draft` the current version. `extra` is added to the bucket's counters.
    #[allow(clippy::too_many_arguments, reason = "the elements of a write")]
    pub(crate) async fn stage_write(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
        key: &str,
        draft: &Draft,
        condition: WriteCondition,
        now_ms: i64,
        extra: Counts,
    ) -> Result<Arc<Object>> {
        self.expect_bucket(transaction, bucket)?;
        let name = key::object(bucket.id, key.as_bytes());
        let current = self.meta.get(Space::Current, &name).await?;
        let old: Option<Object> = match &current {
            Some(stored) => Some(decode("object", stored)?),
            None => None,
        };
        let class = draft.attrs.storage_class;
        let mut counts = extra.plus(&Counts::object(draft.size, class, 1));
        let mut replaced = None;
        let object = if bucket.versioning == Versioning::Never {
            if condition.must_not_exist && old.is_some() {
                return Err(StoreError::ObjectExists);
            }
            let order = Order::after(now_ms, old.as_ref().map(|old| old.order))?;
            if let Some(old) = old {
                protection::check(bucket, &old, Governance::Respected, now_ms)?;
                counts = counts.plus(&Counts::of(&old, -1));
                replaced = Some(old.body.0);
            }
            draft.object(VersionId::Null, order, now_ms)
        } else {
            let stored_head = self.meta.get(Space::Heads, &name).await?;
            let mut head: Head = match &stored_head {
                Some(stored) => decode("head", stored)?,
                None => Head::default(),
            };
            let latest = head
                .latest
                .max(old.as_ref().map(|old| old.order).unwrap_or_default());
            let order = Order::after(now_ms, Some(latest))?;
            head.latest = order;
            // An appendable object has no history: it is the null version, also where others have ids.
            let appendable = draft.kind == ObjectKind::Appendable && !draft.shared;
            let version = if bucket.versioning == Versioning::Enabled && !appendable {
                VersionId::Id(order.0)
            } else {
                let removed = self
                    .stage_drop_null(transaction, bucket, key, &mut head, now_ms)
                    .await?;
                if let Some((gone, body)) = removed {
                    counts = counts.plus(&gone);
                    replaced = body;
                }
                VersionId::Null
            };
            match old {
                Some(old) if version == VersionId::Null && old.version == VersionId::Null => {
                    protection::check(bucket, &old, Governance::Respected, now_ms)?;
                    counts = counts.plus(&Counts::of(&old, -1));
                    replaced = Some(old.body.0);
                }
                Some(old) => self.stage_demote(transaction, bucket, key, old, &mut head)?,
                None => {}
            }
            transaction.put(
                Space::Heads,
                name.clone(),
                Expect::same(&stored_head),
                encode(&head)?,
            );
            draft.object(version, order, now_ms)
        };
        let kept = self.stage_bodies(transaction, draft, replaced).await?;
        let mut object = object;
        if draft.shared && !kept && object.kind == ObjectKind::Appendable {
            // Two objects must not append to the same list of bytes.
            object.kind = ObjectKind::Normal;
        }
        let object = Arc::new(object);
        transaction.put(
            Space::Current,
            name,
            Expect::same(&current),
            encode(&*object)?,
        );
        counts.stage(transaction, bucket.id);
        transaction.after(After::Object(
            ObjectName::new(bucket.id, key),
            Some(object.clone()),
        ));
        Ok(object)
    }

    /// Stages what becomes of the bytes of a write and of what it replaces; whether they are the same.
    async fn stage_bodies(
        &self,
        transaction: &mut Transaction,
        draft: &Draft,
        replaced: Option<BodyPlace>,
    ) -> Result<bool> {
        let kept = replaced.is_some_and(|old| draft.shared && same_bytes(&old, &draft.body));
        if kept {
            return Ok(true);
        }
        if draft.shared && !self.stage_share(transaction, &draft.body).await? {
            return Err(StoreError::NoSuchKey);
        }
        if let Some(old) = replaced {
            self.stage_release(transaction, &old).await?;
        }
        Ok(false)
    }

    /// Moves the current object among the noncurrent versions.
    pub(crate) fn stage_demote(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
        key: &str,
        old: Object,
        head: &mut Head,
    ) -> Result<()> {
        if old.version == VersionId::Null {
            head.null = Some(old.order);
        }
        let place = key::version(bucket.id, key.as_bytes(), old.order);
        let record = encode(&VersionRecord::Object(old))?;
        transaction.put(Space::Versions, place, Expect::Any, record);
        Ok(())
    }

    pub(crate) fn written(bucket: &Bucket, object: Arc<Object>) -> Written {
        let version = (bucket.versioning != Versioning::Never).then_some(object.version);
        Written { object, version }
    }

    async fn current(&self, bucket: &Bucket, key: &str) -> Result<Option<Arc<Object>>> {
        let name = ObjectRef {
            bucket: bucket.id,
            key,
        };
        if let Some(object) = self.state.objects.get(&name) {
            return Ok(Some(object));
        }
        let owned = ObjectName::new(bucket.id, key);
        let stamp = self.state.objects.stamp(&owned);
        let stored = key::object(bucket.id, key.as_bytes());
        let Some(object) = self
            .get::<Object>("object", Space::Current, &stored)
            .await?
        else {
            return Ok(None);
        };
        let object = Arc::new(object);
        self.state.objects.fill(stamp, owned, object.clone());
        Ok(Some(object))
    }
}

impl Store {
    /// Makes sealed bytes the current version of a key.
    ///
    /// Errors: [`StoreError::NoSuchBucket`] when the bucket was deleted, [`StoreError::ObjectExists`].
    pub async fn put_object(
        &self,
        bucket: &Bucket,
        key: &str,
        blob: SealedBlob,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Written> {
        let sealed = blob.0;
        sealed.check_key(&attrs)?;
        let draft = Draft {
            kind: ObjectKind::Normal,
            size: sealed.size,
            etag: upper_hex(&sealed.md5),
            md5: Some(sealed.md5),
            crc64: sealed.crc64,
            attrs,
            body: sealed.body(),
            shared: false,
        };
        self.write(bucket, key, &draft, Some(&sealed), condition, now_ms)
            .await
    }

    /// Metadata copy or edit without moving bytes (CopyObject): the new version shares the source's bytes, and
    /// keeps its kind, size, ETag and digests. Of an encrypted source `attrs` hold its key as [`Store::rewrap`] gives it.
    ///
    /// Errors: as [`Store::put_object`], and [`StoreError::NoSuchKey`] when the source was deleted meanwhile.
    pub async fn copy_object(
        &self,
        source: &Object,
        bucket: &Bucket,
        key: &str,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Written> {
        if source.size > 0 && source.attrs.encryption.is_some() != attrs.encryption.is_some() {
            return Err(StoreError::Corrupt(
                "a copy that shares bytes cannot change whether they are encrypted".into(),
            ));
        }
        let draft = Draft {
            kind: source.kind,
            size: source.size,
            etag: source.etag.clone(),
            md5: source.md5,
            crc64: source.crc64,
            attrs,
            body: source.body.0,
            shared: true,
        };
        self.write(bucket, key, &draft, None, condition, now_ms)
            .await
    }

    /// Makes a symlink to `target`, a key of the same bucket that need not exist, the current version of a key. Its ETag
    /// is the MD5 of the target's name.
    ///
    /// Errors: as [`Store::put_object`].
    pub async fn put_symlink(
        &self,
        bucket: &Bucket,
        key: &str,
        target: &str,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Written> {
        let draft = Draft {
            kind: ObjectKind::Symlink,
            size: 0,
            etag: upper_hex(&Md5::digest(target)),
            md5: None,
            crc64: 0,
            attrs: ObjectAttrs {
                symlink_target: Some(target.to_owned()),
                ..attrs
            },
            body: BodyPlace::Empty,
            shared: false,
        };
        self.write(bucket, key, &draft, None, condition, now_ms)
            .await
    }

    /// Makes `draft` the current version. `named`: the fresh blob that the same transaction names.
    pub(crate) async fn write(
        &self,
        bucket: &Bucket,
        key: &str,
        draft: &Draft,
        named: Option<&Arc<Sealed>>,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Written> {
        let inner = &self.0;
        let _turn = inner.state.queue((bucket.id, key)).await;
        let mut bucket = Cow::Borrowed(bucket);
        for _ in 0..ATTEMPTS {
            let mut transaction = Transaction::default();
            if let Some(sealed) = named {
                inner.stage_name(&mut transaction, sealed)?;
            }
            let extra = Counts::default();
            let object = inner
                .stage_write(
                    &mut transaction,
                    &bucket,
                    key,
                    draft,
                    condition,
                    now_ms,
                    extra,
                )
                .await?;
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(Inner::written(&bucket, object));
            }
            bucket = Cow::Owned((*inner.again(&bucket).await?).clone());
        }
        Err(StoreError::Conflict)
    }

    /// A version of an object, the current one when `version` is `None`.
    ///
    /// Errors: [`StoreError::NoSuchKey`], [`StoreError::DeleteMarker`] (the current version is one, or the named
    /// one), [`StoreError::NoSuchVersion`].
    pub async fn object(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
    ) -> Result<Arc<Object>> {
        if self.0.state.garbage.stopped() {
            return Err(StoreError::Closed);
        }
        if let Some(object) = self.0.current(bucket, key).await?
            && version.is_none_or(|version| version == object.version)
        {
            return Ok(object);
        }
        match self.0.locate(bucket, key, version).await? {
            Located::Current(_, object) => Ok(Arc::new(object)),
            Located::Noncurrent {
                record: VersionRecord::Object(object),
                ..
            } => Ok(Arc::new(object)),
            Located::Noncurrent {
                record: VersionRecord::Marker(marker),
                ..
            } => Err(StoreError::DeleteMarker(marker.version)),
            Located::Nowhere if version.is_some() => Err(StoreError::NoSuchVersion),
            Located::Nowhere => Err(StoreError::NoSuchKey),
        }
    }

    /// Deletes an object: without a version by the rules of the bucket's versioning state (remove, or add a
    /// delete marker), with one exactly that version or marker.
    ///
    /// Errors: [`StoreError::NoSuchBucket`] when the bucket was deleted, [`StoreError::Immutable`]. An absent key or
    /// version is no error.
    pub async fn delete_object(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
        now_ms: i64,
    ) -> Result<Deleted> {
        let respected = Governance::Respected;
        self.delete_retained(bucket, key, version, respected, now_ms)
            .await
    }

    /// As [`Store::delete_object`], by somebody who may pass a retention of mode `Governance`.
    ///
    /// Errors: as [`Store::delete_object`].
    pub async fn delete_retained(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
        governance: Governance,
        now_ms: i64,
    ) -> Result<Deleted> {
        let _turn = self.0.state.queue((bucket.id, key)).await;
        let mut bucket = Cow::Borrowed(bucket);
        for _ in 0..ATTEMPTS {
            let mut transaction = Transaction::default();
            let inner = &self.0;
            let deleted = match version {
                Some(version) => {
                    inner
                        .stage_remove(&mut transaction, &bucket, key, version, governance, now_ms)
                        .await?
                }
                None => {
                    inner
                        .stage_delete(&mut transaction, &bucket, key, governance, now_ms)
                        .await?
                }
            };
            if !deleted.existed && !deleted.delete_marker {
                return Ok(deleted);
            }
            inner.expect_bucket(&mut transaction, &bucket)?;
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(deleted);
            }
            bucket = Cow::Owned((*inner.again(&bucket).await?).clone());
        }
        Err(StoreError::Conflict)
    }
}

impl Inner {
    /// A delete that names no version.
    pub(crate) async fn stage_delete(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
        key: &str,
        governance: Governance,
        now_ms: i64,
    ) -> Result<Deleted> {
        let name = key::object(bucket.id, key.as_bytes());
        let current = self.meta.get(Space::Current, &name).await?;
        let old: Option<Object> = match &current {
            Some(stored) => Some(decode("object", stored)?),
            None => None,
        };
        let existed = old.is_some();
        let forget = After::Object(ObjectName::new(bucket.id, key), None);
        if bucket.versioning == Versioning::Never {
            if let Some(old) = old {
                protection::check(bucket, &old, governance, now_ms)?;
                transaction.remove(Space::Current, name, Expect::same(&current));
                Counts::of(&old, -1).stage(transaction, bucket.id);
                self.stage_release(transaction, &old.body.0).await?;
                transaction.after(forget);
            }
            return Ok(Deleted {
                existed,
                version: None,
                delete_marker: false,
            });
        }
        let stored_head = self.meta.get(Space::Heads, &name).await?;
        let mut head: Head = match &stored_head {
            Some(stored) => decode("head", stored)?,
            None => Head::default(),
        };
        let latest = head
            .latest
            .max(old.as_ref().map(|old| old.order).unwrap_or_default());
        let order = Order::after(now_ms, Some(latest))?;
        head.latest = order;
        let mut counts = Counts::marker(1);
        let mut released = None;
        let version = if bucket.versioning == Versioning::Enabled {
            VersionId::Id(order.0)
        } else {
            if let Some((more, body)) = self
                .stage_drop_null(transaction, bucket, key, &mut head, now_ms)
                .await?
            {
                counts = counts.plus(&more);
                released = body;
            }
            VersionId::Null
        };
        match old {
            Some(old) if version == VersionId::Null && old.version == VersionId::Null => {
                protection::check(bucket, &old, governance, now_ms)?;
                counts = counts.plus(&Counts::of(&old, -1));
                released = Some(old.body.0);
            }
            Some(old) => self.stage_demote(transaction, bucket, key, old, &mut head)?,
            None => {}
        }
        if version == VersionId::Null {
            head.null = Some(order);
        }
        if let Some(body) = released {
            self.stage_release(transaction, &body).await?;
        }
        let marker = VersionRecord::Marker(Marker {
            version,
            order,
            modified_ms: now_ms,
        });
        let place = key::version(bucket.id, key.as_bytes(), order);
        transaction.put(Space::Versions, place, Expect::Any, encode(&marker)?);
        transaction.remove(Space::Current, name.clone(), Expect::same(&current));
        transaction.put(
            Space::Heads,
            name,
            Expect::same(&stored_head),
            encode(&head)?,
        );
        counts.stage(transaction, bucket.id);
        transaction.after(forget);
        Ok(Deleted {
            existed,
            version: Some(version),
            delete_marker: true,
        })
    }
}
