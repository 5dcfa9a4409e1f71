//! Appendable objects. Each append is a blob of its own, named by the object's manifest, so it costs what it brings and
//! rewrites nothing; now and then the many small ones at the end are merged into one, so that a body of ten thousand
//! appends is still read in few pieces.
//!
//! The manifest of an appendable object grows and is merged in place. Whoever reads meanwhile knows the size of the
//! object it looked up, and the bytes before that never change: it only looks up anew where they are when a blob that it
//! wants is gone.

use crate::blob::{BlobId, Extent};
use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Scan, Space};
use crate::record::{
    Body, BodyPlace, Bucket, ManifestHeader, Object, ObjectAttrs, ObjectKind, WriteCondition,
    Written, decode, encode, upper_hex,
};
use crate::store::body::{Sealed, SealedBlob};
use crate::store::bucket::ATTEMPTS;
use crate::store::counts::Counts;
use crate::store::encryption::plain_len;
use crate::store::manifest::slice_key;
use crate::store::object::Draft;
use crate::store::protection::{self, Governance};
use crate::store::state::ObjectName;
use crate::store::transaction::{After, Transaction};
use crate::store::versions::Located;
use crate::store::{Inner, Store};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use std::borrow::Cow;
use std::ops::Bound;
use std::sync::Arc;

/// So many blobs of a tier at the end are merged.
const RUN: usize = 32;
/// What counts as small, and as not yet large, in bytes.
const TIERS: [u64; 2] = [4 << 10, 128 << 10];

/// Opaque, different after each append, and ending as those of the public service do.
fn etag(before: &str, appended: &[u8; 16]) -> String {
    let mut hash = Md5::new();
    hash.update(before);
    hash.update(appended);
    let mut etag = upper_hex(&hash.finalize());
    etag.truncate(28);
    etag.push_str("0000");
    etag
}

/// A slice of the manifest of an appendable object.
struct Slice {
    key: Bytes,
    stored: Bytes,
    extents: Vec<Extent>,
}

impl Slice {
    fn len(&self) -> u64 {
        self.extents.iter().map(|extent| extent.len).sum()
    }

    fn index(&self) -> Result<u32> {
        let index = self.key.get(16..).and_then(|index| index.try_into().ok());
        let index = index.ok_or_else(|| StoreError::Corrupt("key of a manifest slice".into()))?;
        Ok(u32::from_be_bytes(index))
    }
}

/// How many of the newest slices (newest first, at most `2 * RUN`) to merge; 0 for none.
fn to_merge(slices: &[Slice]) -> usize {
    let mut before = 0;
    for most in TIERS {
        let run = slices
            .iter()
            .take_while(|slice| slice.len() <= most)
            .count();
        if run - before >= RUN {
            return run;
        }
        before = run;
    }
    0
}

impl Store {
    /// Appends `blob` to the current version of a key, whose length must be `position`; makes the object, with `attrs`,
    /// when there is none and `position` is 0. `blob` is under the data key of the object, or of `attrs` for a new one.
    /// Of several appends at one position exactly one succeeds. Appending nothing changes nothing. In a versioned bucket
    /// the object has the null version.
    ///
    /// Errors: [`StoreError::WrongPosition`] with the length there is, [`StoreError::NotAppendable`] for an object of
    /// another kind, a sealed one, or a delete marker, [`StoreError::Immutable`], [`StoreError::NoSuchBucket`].
    #[allow(
        clippy::too_many_arguments,
        reason = "one per element of the operation"
    )]
    pub async fn append_object(
        &self,
        bucket: &Bucket,
        key: &str,
        position: u64,
        blob: SealedBlob,
        attrs: ObjectAttrs,
        now_ms: i64,
    ) -> Result<Written> {
        let inner = &self.0;
        let sealed = blob.0;
        let _turn = inner.state.queue((bucket.id, key)).await;
        let mut bucket = Cow::Borrowed(bucket);
        let name = key::object(bucket.id, key.as_bytes());
        for _ in 0..ATTEMPTS {
            let mut transaction = Transaction::default();
            let object = match inner.meta.get(Space::Current, &name).await? {
                None => {
                    if !matches!(inner.locate(&bucket, key, None).await?, Located::Nowhere) {
                        return Err(StoreError::NotAppendable);
                    }
                    if position != 0 {
                        return Err(StoreError::WrongPosition(0));
                    }
                    sealed.check_key(&attrs)?;
                    inner.stage_name(&mut transaction, &sealed)?;
                    let draft = Draft {
                        kind: ObjectKind::Appendable,
                        size: sealed.size,
                        etag: etag("", &sealed.md5),
                        md5: None,
                        crc64: sealed.crc64,
                        attrs: attrs.clone(),
                        body: sealed.body(),
                        shared: false,
                    };
                    let (no, nothing) = (WriteCondition::default(), Counts::default());
                    inner
                        .stage_write(&mut transaction, &bucket, key, &draft, no, now_ms, nothing)
                        .await?
                }
                Some(stored) => {
                    let old: Object = decode("object", &stored)?;
                    if old.kind != ObjectKind::Appendable || old.attrs.sealed_ms.is_some() {
                        return Err(StoreError::NotAppendable);
                    }
                    // Bytes under another key were meant for an object that is no more.
                    let other = sealed.extent.is_some() && sealed.check_key(&old.attrs).is_err();
                    if position != old.size || other {
                        return Err(StoreError::WrongPosition(old.size));
                    }
                    let Some(extent) = sealed.extent else {
                        return Ok(Inner::written(&bucket, Arc::new(old)));
                    };
                    protection::check(&bucket, &old, Governance::Respected, now_ms)?;
                    inner.expect_bucket(&mut transaction, &bucket)?;
                    inner.stage_name(&mut transaction, &sealed)?;
                    let unchanged = Expect::Value(stored);
                    let place = (name.clone(), ObjectName::new(bucket.id, key));
                    let appended = (&*sealed, extent);
                    inner
                        .stage_append(
                            &mut transaction,
                            bucket.id,
                            place,
                            unchanged,
                            old,
                            appended,
                            now_ms,
                        )
                        .await?
                }
            };
            if inner.commit(transaction).await? == Outcome::Applied {
                if let BodyPlace::Manifest(id) = object.body.0 {
                    inner.state.manifests.remove(&id);
                    if let Err(error) = self.merge_tail(&object, id).await {
                        // The append itself is done; the next one tries again.
                        tracing::warn!(%error, "appended pieces are not merged");
                    }
                }
                return Ok(Inner::written(&bucket, object));
            }
            bucket = Cow::Owned((*inner.again(&bucket).await?).clone());
        }
        Err(StoreError::Conflict)
    }

    /// Ends appending to the current version of a key, whose length must be `position`; ends it once, and gives the
    /// object as it is when it was ended before.
    ///
    /// Errors: as [`Store::append_object`], and those of [`Store::object`].
    pub async fn seal_object(
        &self,
        bucket: &Bucket,
        key: &str,
        position: u64,
        now_ms: i64,
    ) -> Result<Arc<Object>> {
        let seal = |object: &Object, attrs: &mut ObjectAttrs| {
            if object.kind != ObjectKind::Appendable {
                return Err(StoreError::NotAppendable);
            }
            if object.size != position {
                return Err(StoreError::WrongPosition(object.size));
            }
            attrs.sealed_ms = attrs.sealed_ms.or(Some(now_ms));
            Ok(())
        };
        self.change_object(bucket, key, None, seal).await?
    }

    /// Merges the small blobs at the end of an appendable body, when there are many.
    async fn merge_tail(&self, object: &Object, id: BlobId) -> Result<()> {
        let inner = &self.0;
        let newest = inner.newest_slices(id, 2 * RUN).await?;
        let count = to_merge(&newest);
        let mut slices: Vec<Slice> = newest.into_iter().take(count).collect();
        slices.reverse();
        let Some((first, rest)) = slices.split_first() else {
            return Ok(());
        };
        let extents: Vec<Extent> = slices.iter().flat_map(|s| s.extents.clone()).collect();
        let plain = |extent: &Extent| match object.attrs.encryption {
            Some(_) => plain_len(extent.len),
            None => extent.len,
        };
        let size = extents.iter().map(plain).sum();
        let mut writer = self.begin_body(Some(size), &object.attrs)?;
        let mut reader = self.read_extents(object, id, extents.clone(), size)?;
        while let Some(chunk) = reader.next().await {
            writer.write(chunk?).await?;
        }
        let merged = writer.seal().await?.0;
        let Some(extent) = merged.extent.filter(|_| merged.size == size) else {
            return Err(StoreError::Corrupt("merged pieces are incomplete".into()));
        };
        let header_key = Bytes::copy_from_slice(&id.to_bytes());
        let Some(stored) = inner.meta.get(Space::Manifests, &header_key).await? else {
            return Ok(());
        };
        let mut header: ManifestHeader = decode("manifest", &stored)?;
        let gone = u32::try_from(extents.len() - 1).unwrap_or(u32::MAX);
        header.extents = header.extents.saturating_sub(gone);
        let mut transaction = Transaction::default();
        let unchanged = Expect::Value(stored);
        transaction.put(Space::Manifests, header_key, unchanged, encode(&header)?);
        let unchanged = Expect::Value(first.stored.clone());
        let slice = encode(&vec![extent])?;
        transaction.put(Space::Manifests, first.key.clone(), unchanged, slice);
        for Slice { key, stored, .. } in rest {
            let unchanged = Expect::Value(stored.clone());
            transaction.remove(Space::Manifests, key.clone(), unchanged);
        }
        inner.stage_name(&mut transaction, &merged)?;
        for extent in &extents {
            inner
                .stage_release_blob(&mut transaction, extent.id)
                .await?;
        }
        // When somebody came between, the next append sees to it.
        if inner.commit(transaction).await? == Outcome::Applied {
            inner.state.manifests.remove(&id);
        }
        Ok(())
    }
}

impl Inner {
    /// Stages one more blob at the end of an appendable object.
    #[allow(clippy::too_many_arguments, reason = "the elements of an append")]
    async fn stage_append(
        &self,
        transaction: &mut Transaction,
        bucket: u64,
        (place, name): (Bytes, ObjectName),
        unchanged: Expect,
        old: Object,
        (sealed, extent): (&Sealed, Extent),
        now_ms: i64,
    ) -> Result<Arc<Object>> {
        let body = match old.body.0 {
            BodyPlace::Empty => BodyPlace::Blob(extent),
            BodyPlace::Blob(first) => {
                let id = self.next_id();
                let header = ManifestHeader {
                    shares: 1,
                    extents: 2,
                };
                let key = Bytes::copy_from_slice(&id.to_bytes());
                transaction.put(Space::Manifests, key, Expect::Absent, encode(&header)?);
                for (index, extent) in [(0, first), (1, extent)] {
                    let slice = encode(&vec![extent])?;
                    let key = slice_key(id, index);
                    transaction.put(Space::Manifests, key, Expect::Absent, slice);
                }
                BodyPlace::Manifest(id)
            }
            BodyPlace::Manifest(id) => {
                let key = Bytes::copy_from_slice(&id.to_bytes());
                let stored = self.meta.get(Space::Manifests, &key).await?;
                let stored =
                    stored.ok_or_else(|| StoreError::Corrupt(format!("manifest {id} is gone")))?;
                let mut header: ManifestHeader = decode("manifest", &stored)?;
                header.extents += 1;
                transaction.put(
                    Space::Manifests,
                    key,
                    Expect::Value(stored),
                    encode(&header)?,
                );
                let newest = self.newest_slices(id, 1).await?;
                let last = newest.first().map(Slice::index).transpose()?;
                let key = slice_key(id, last.map_or(0, |last| last.saturating_add(1)));
                let slice = encode(&vec![extent])?;
                transaction.put(Space::Manifests, key, Expect::Absent, slice);
                old.body.0
            }
        };
        let crc64 = match old.size {
            0 => sealed.crc64,
            _ => crc_fast::checksum_combine(
                CrcAlgorithm::Crc64Xz,
                old.crc64,
                sealed.crc64,
                sealed.size,
            ),
        };
        let before = Counts::of(&old, -1);
        let object = Arc::new(Object {
            size: old.size + sealed.size,
            etag: etag(&old.etag, &sealed.md5),
            crc64,
            modified_ms: now_ms,
            body: Body(body),
            ..old
        });
        Counts::of(&object, 1)
            .plus(&before)
            .stage(transaction, bucket);
        transaction.put(Space::Current, place, unchanged, encode(&*object)?);
        transaction.after(After::Object(name, Some(object.clone())));
        Ok(object)
    }

    /// The last slices of a manifest, the newest first.
    async fn newest_slices(&self, id: BlobId, limit: usize) -> Result<Vec<Slice>> {
        let scan = Scan {
            lower: Bound::Included(slice_key(id, 0)),
            upper: Bound::Included(slice_key(id, u32::MAX)),
            reverse: true,
            limit,
        };
        let entries = self.meta.scan(Space::Manifests, scan).await?;
        let slices = entries.into_iter().map(|(key, stored)| {
            let extents = decode("manifest slice", &stored)?;
            Ok(Slice {
                key,
                stored,
                extents,
            })
        });
        slices.collect()
    }
}
