//! Multipart uploads. Parts stay where they were written; completing an upload writes a manifest.

use crate::blob::Extent;
use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Scan, Space, Tally, Update};
use crate::record::{
    Acl, BodyPlace, Bucket, ObjectAttrs, ObjectKind, Part, PartRecord, Retention, Sequence, Upload,
    Versioning, WriteCondition, Written, decode, encode, upper_hex,
};
use crate::store::body::{SealedBlob, Step};
use crate::store::bucket::ATTEMPTS;
use crate::store::counts::Counts;
use crate::store::garbage::{Garbage, GarbageRecord};
use crate::store::object::Draft;
use crate::store::transaction::Transaction;
use crate::store::{Inner, Store};
use crate::version::fill_random;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use std::borrow::Cow;
use std::ops::Bound;

/// Parts read at once.
const PAGE: usize = 1000;

/// What completing an upload makes of its parts.
struct Chosen {
    size: u64,
    etag: String,
    crc64: u64,
    extents: Vec<Extent>,
    /// Numbers of parts that were not listed.
    dropped: Vec<u32>,
}

fn choose(
    parts: &[(u32, PartRecord)],
    listed: Option<&[(u32, String)]>,
    min_part: u64,
) -> Result<Chosen> {
    let mut chosen: Vec<(u32, &PartRecord)> = Vec::new();
    match listed {
        None => chosen.extend(parts.iter().map(|(number, part)| (*number, part))),
        Some(listed) => {
            for (number, etag) in listed {
                if chosen.last().is_some_and(|(last, _)| last >= number) {
                    return Err(StoreError::InvalidPartOrder);
                }
                let found = parts
                    .binary_search_by_key(number, |(number, _)| *number)
                    .ok();
                let part = found.and_then(|at| parts.get(at)).map(|(_, part)| part);
                match part {
                    Some(part) if upper_hex(&part.md5).eq_ignore_ascii_case(etag) => {
                        chosen.push((*number, part));
                    }
                    _ => return Err(StoreError::InvalidPart(*number)),
                }
            }
        }
    }
    let but_last = match chosen.split_last() {
        Some((_, but_last)) => but_last,
        None if parts.is_empty() => &[],
        None => return Err(StoreError::InvalidPart(1)),
    };
    if let Some((number, _)) = but_last.iter().find(|(_, part)| part.size < min_part) {
        return Err(StoreError::PartTooSmall(*number));
    }
    let mut md5 = Md5::new();
    let (mut size, mut crc64) = (0, 0);
    let mut extents = Vec::with_capacity(chosen.len());
    for (_, part) in &chosen {
        md5.update(upper_hex(&part.md5));
        crc64 = match size {
            0 => part.crc64,
            _ => crc_fast::checksum_combine(CrcAlgorithm::Crc64Xz, crc64, part.crc64, part.size),
        };
        size += part.size;
        extents.extend(part.extent);
    }
    let etag = format!("{}-{}", upper_hex(&md5.finalize()), chosen.len());
    let kept = |number: u32| {
        chosen
            .binary_search_by_key(&number, |(number, _)| *number)
            .is_ok()
    };
    let dropped = parts
        .iter()
        .map(|(number, _)| *number)
        .filter(|number| !kept(*number))
        .collect();
    Ok(Chosen {
        size,
        etag,
        crc64,
        extents,
        dropped,
    })
}

/// A sequential upload after part `number` with these bytes; `None` for an upload in any order.
fn next_in_sequence(upload: &Upload, number: u32, step: Option<&Step>) -> Result<Option<Upload>> {
    let Some(sequence) = upload.sequence else {
        return Ok(None);
    };
    if number <= sequence.parts {
        return Err(StoreError::PartExists);
    }
    match step {
        Some(step) if step.from == sequence && step.to.parts == number => Ok(Some(Upload {
            sequence: Some(step.to),
            ..upload.clone()
        })),
        // Another part came in between, or is still missing.
        _ => Err(StoreError::PartNotSequential),
    }
}

impl Inner {
    async fn stored_upload(
        &self,
        bucket: &Bucket,
        key: &str,
        id: &str,
    ) -> Result<(Bytes, Bytes, Upload)> {
        let place = key::upload(bucket.id, key.as_bytes(), id);
        let stored = self.meta.get(Space::Uploads, &place).await?;
        let stored = stored.ok_or(StoreError::NoSuchUpload)?;
        let upload = decode("upload", &stored)?;
        Ok((place, stored, upload))
    }

    /// Parts after `marker`, at most `limit`, by number.
    pub(crate) async fn stored_parts(
        &self,
        id: &str,
        marker: u32,
        limit: usize,
    ) -> Result<Vec<(u32, Bytes, PartRecord)>> {
        let lower = Bound::Excluded(key::part(id, marker));
        let upper = key::after_prefix(&key::parts(id));
        let scan = Scan {
            lower,
            upper,
            reverse: false,
            limit,
        };
        let entries = self.meta.scan(Space::Parts, scan).await?;
        let decoded = entries.into_iter().map(|(place, stored)| {
            let number = place
                .last_chunk::<4>()
                .map(|number| u32::from_be_bytes(*number));
            let number = number.ok_or_else(|| StoreError::Corrupt("key of a part".into()))?;
            let record = decode("part", &stored)?;
            Ok((number, stored, record))
        });
        decoded.collect()
    }

    async fn all_parts(&self, id: &str) -> Result<Vec<(u32, PartRecord)>> {
        let mut parts = Vec::new();
        loop {
            let marker = parts.last().map_or(0, |(number, _)| *number);
            let page = self.stored_parts(id, marker, PAGE).await?;
            let full = page.len() == PAGE;
            parts.extend(page.into_iter().map(|(number, _, part)| (number, part)));
            if !full {
                return Ok(parts);
            }
        }
    }
}

impl Store {
    /// Begins an upload.
    ///
    /// Errors: [`StoreError::NoSuchBucket`], [`StoreError::ObjectExists`] by `condition`.
    pub async fn create_upload(
        &self,
        bucket: &Bucket,
        key: &str,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Upload> {
        self.begin_upload(bucket, key, attrs, condition, None, now_ms)
            .await
    }

    /// Begins an upload that takes its parts one after the other and gives an object with an MD5 of its own.
    ///
    /// Errors: as [`Store::create_upload`].
    pub async fn create_sequential_upload(
        &self,
        bucket: &Bucket,
        key: &str,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Upload> {
        let sequence = Some(Sequence::default());
        self.begin_upload(bucket, key, attrs, condition, sequence, now_ms)
            .await
    }

    async fn begin_upload(
        &self,
        bucket: &Bucket,
        key: &str,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        sequence: Option<Sequence>,
        now_ms: i64,
    ) -> Result<Upload> {
        let inner = &self.0;
        let mut random = [0u8; 8];
        fill_random(&mut random)?;
        let must_not_exist = condition.must_not_exist;
        // Ordered by time, so that a listing shows uploads of one key in the order in which they began.
        let id = upper_hex(&[now_ms.max(0).to_be_bytes(), random].concat());
        let upload = Upload {
            key: key.to_owned(),
            id,
            initiated_ms: now_ms,
            attrs,
            must_not_exist,
            sequence,
        };
        let mut bucket = Cow::Borrowed(bucket);
        for _ in 0..ATTEMPTS {
            if must_not_exist && bucket.versioning == Versioning::Never {
                let name = key::object(bucket.id, key.as_bytes());
                if inner.meta.get(Space::Current, &name).await?.is_some() {
                    return Err(StoreError::ObjectExists);
                }
            }
            let mut transaction = Transaction::default();
            inner.expect_bucket(&mut transaction, &bucket)?;
            let place = key::upload(bucket.id, key.as_bytes(), &upload.id);
            transaction.put(Space::Uploads, place, Expect::Absent, upload.stored()?);
            Counts::uploads(1, 0).stage(&mut transaction, bucket.id);
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(upload);
            }
            bucket = Cow::Owned((*inner.again(&bucket).await?).clone());
        }
        Err(StoreError::Conflict)
    }

    /// An upload. Errors: [`StoreError::NoSuchUpload`].
    pub async fn upload(&self, bucket: &Bucket, key: &str, id: &str) -> Result<Upload> {
        let (_, _, upload) = self.0.stored_upload(bucket, key, id).await?;
        Ok(upload)
    }

    /// Stores a part, replacing one of the same number. In a sequential upload `number` follows the last part, and the
    /// blob was begun with [`Store::begin_part`].
    ///
    /// Errors: [`StoreError::NoSuchUpload`], [`StoreError::PartNotSequential`], [`StoreError::PartExists`].
    pub async fn put_part(
        &self,
        bucket: &Bucket,
        key: &str,
        id: &str,
        number: u32,
        blob: SealedBlob,
        now_ms: i64,
    ) -> Result<Part> {
        let inner = &self.0;
        let sealed = blob.0;
        let record = PartRecord {
            size: sealed.size,
            md5: sealed.md5,
            crc64: sealed.crc64,
            modified_ms: now_ms,
            extent: sealed.extent,
        };
        for _ in 0..ATTEMPTS {
            let (upload_place, upload, begun) = inner.stored_upload(bucket, key, id).await?;
            sealed.check_key(&begun.attrs)?;
            let next = next_in_sequence(&begun, number, sealed.step.as_ref())?;
            let place = key::part(id, number);
            let before = inner.meta.get(Space::Parts, &place).await?;
            let mut transaction = Transaction::default();
            let unchanged = Expect::Value(upload);
            match next {
                // The record of such an upload never changes: it is there or it is not.
                None => transaction.expect(Space::Uploads, upload_place, unchanged),
                Some(next) => {
                    transaction.put(Space::Uploads, upload_place, unchanged, next.stored()?);
                }
            }
            transaction.put(Space::Parts, place, Expect::same(&before), encode(&record)?);
            inner.stage_name(&mut transaction, &sealed)?;
            let mut added = 1;
            if let Some(stored) = before {
                added = 0;
                if let Some(extent) = decode::<PartRecord>("part", &stored)?.extent {
                    inner
                        .stage_release_blob(&mut transaction, extent.id)
                        .await?;
                }
            }
            transaction.add(key::upload_counter(id), Tally([1, added, 0, 0, 0]));
            Counts::uploads(0, added).stage(&mut transaction, bucket.id);
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(record.part(number));
            }
        }
        Err(StoreError::Conflict)
    }

    /// Parts after `marker`, at most `max`; `true` when more follow. Errors: [`StoreError::NoSuchUpload`].
    pub async fn list_parts(
        &self,
        bucket: &Bucket,
        key: &str,
        id: &str,
        marker: u32,
        max: usize,
    ) -> Result<(Vec<Part>, bool)> {
        self.0.stored_upload(bucket, key, id).await?;
        let stored = self
            .0
            .stored_parts(id, marker, max.saturating_add(1))
            .await?;
        let more = stored.len() > max;
        let parts = stored
            .iter()
            .take(max)
            .map(|(number, _, part)| part.part(*number))
            .collect();
        Ok((parts, more && max > 0))
    }

    /// Makes an object of parts: `parts` are (number, ETag as sent, quotes stripped) ascending, or `None` for
    /// all. Copies no data. `acl` overrides the one given when the upload began. ETag:
    /// `UPPERHEX(MD5(concatenated upper-case hex part ETags))-N`; the CRC is combined from those of the parts.
    /// Parts but the last must have `min_part` bytes.
    ///
    /// Errors: [`StoreError::NoSuchUpload`], [`StoreError::InvalidPart`] (also for no parts at all),
    /// [`StoreError::InvalidPartOrder`], [`StoreError::PartNotSequential`] (a sequential upload that would leave a part
    /// out), [`StoreError::PartTooSmall`], [`StoreError::ObjectExists`] by
    /// `condition` or the one the upload began with, [`StoreError::NoSuchBucket`].
    #[allow(
        clippy::too_many_arguments,
        reason = "one per element of the operation"
    )]
    pub async fn complete_upload(
        &self,
        bucket: &Bucket,
        key: &str,
        id: &str,
        parts: Option<Vec<(u32, String)>>,
        acl: Option<Acl>,
        condition: WriteCondition,
        min_part: u64,
        now_ms: i64,
    ) -> Result<Written> {
        self.complete_retained(
            bucket, key, id, parts, acl, None, condition, min_part, now_ms,
        )
        .await
    }

    /// As [`Store::complete_upload`], with a retention for an object whose upload asked for none.
    ///
    /// Errors: as [`Store::complete_upload`].
    #[allow(
        clippy::too_many_arguments,
        reason = "one per element of the operation"
    )]
    pub async fn complete_retained(
        &self,
        bucket: &Bucket,
        key: &str,
        id: &str,
        parts: Option<Vec<(u32, String)>>,
        acl: Option<Acl>,
        retention: Option<Retention>,
        condition: WriteCondition,
        min_part: u64,
        now_ms: i64,
    ) -> Result<Written> {
        let inner = &self.0;
        let _turn = inner.state.queue((bucket.id, key)).await;
        let mut bucket = Cow::Borrowed(bucket);
        for _ in 0..ATTEMPTS {
            let (upload_place, stored, upload) = inner.stored_upload(&bucket, key, id).await?;
            // Every part changes this counter, so a part that comes in after it was read makes the batch fail.
            let counter_key = key::upload_counter(id);
            let counter = inner.meta.get(Space::Counters, &counter_key).await?;
            let present = inner.all_parts(id).await?;
            let chosen = choose(&present, parts.as_deref(), min_part)?;
            let md5 = match &upload.sequence {
                None => None,
                Some(_) if !chosen.dropped.is_empty() => return Err(StoreError::PartNotSequential),
                Some(sequence) => sequence.digest.finish(),
            };
            let mut transaction = Transaction::default();
            let body = match chosen.extents.as_slice() {
                [] => BodyPlace::Empty,
                [extent] => BodyPlace::Blob(*extent),
                extents => {
                    let manifest = inner.next_id();
                    inner.stage_manifest(&mut transaction, manifest, extents)?;
                    BodyPlace::Manifest(manifest)
                }
            };
            let mut attrs = upload.attrs;
            attrs.acl = acl.unwrap_or(attrs.acl);
            attrs.retention = attrs.retention.or(retention);
            let draft = Draft {
                kind: ObjectKind::Multipart,
                size: chosen.size,
                etag: chosen.etag,
                md5,
                crc64: chosen.crc64,
                attrs,
                body,
                shared: false,
            };
            let must_not_exist = condition.must_not_exist || upload.must_not_exist;
            let condition = WriteCondition { must_not_exist };
            let gone = i64::try_from(present.len()).unwrap_or(i64::MAX);
            let extra = Counts::uploads(-1, -gone);
            let object = inner
                .stage_write(
                    &mut transaction,
                    &bucket,
                    key,
                    &draft,
                    condition,
                    now_ms,
                    extra,
                )
                .await?;
            transaction.remove(Space::Uploads, upload_place, Expect::Value(stored));
            transaction.change(
                Space::Counters,
                counter_key,
                Expect::same(&counter),
                Update::Remove,
            );
            let record = GarbageRecord::Parts(chosen.dropped);
            transaction.discard(Garbage::Upload(id.to_owned()), &record)?;
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(Inner::written(&bucket, object));
            }
            bucket = Cow::Owned((*inner.again(&bucket).await?).clone());
        }
        Err(StoreError::Conflict)
    }

    /// Drops an upload and its parts. Errors: [`StoreError::NoSuchUpload`].
    pub async fn abort_upload(&self, bucket: &Bucket, key: &str, id: &str) -> Result<()> {
        let inner = &self.0;
        for _ in 0..ATTEMPTS {
            let (upload_place, stored, _) = inner.stored_upload(bucket, key, id).await?;
            let counter_key = key::upload_counter(id);
            let counter = inner.meta.get(Space::Counters, &counter_key).await?;
            let parts = Tally::decode(counter.as_deref())?.0[1];
            let mut transaction = Transaction::default();
            transaction.remove(Space::Uploads, upload_place, Expect::Value(stored));
            transaction.change(
                Space::Counters,
                counter_key,
                Expect::same(&counter),
                Update::Remove,
            );
            Counts::uploads(-1, -parts).stage(&mut transaction, bucket.id);
            transaction.discard(Garbage::Upload(id.to_owned()), &GarbageRecord::Whole)?;
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(());
            }
        }
        Err(StoreError::Conflict)
    }
}
