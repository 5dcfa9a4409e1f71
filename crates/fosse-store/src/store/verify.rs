//! The check of a whole store: that every record, counter and byte agrees with the others (`fsck`).

use crate::blob::{BlobId, Extent, Place};
use crate::error::Result;
use crate::key;
use crate::meta::{Entry, Scan, Space, Tally};
use crate::record::{
    BlobRecord, BodyPlace, Bucket, ManifestHeader, Object, PartRecord, Upload, VersionRecord,
    decode,
};
use crate::store::counts::Counts;
use crate::store::encryption::plain_len;
use crate::store::garbage::{Garbage, GarbageRecord};
use crate::store::{Inner, Store};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use std::collections::{HashMap, HashSet};
use std::ops::Bound;

/// Rows read at once.
const PAGE: usize = 1000;
/// Bytes of a blob read at once.
const PIECE: u64 = 512 << 10;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Blobs that records name.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that no record names: not damage, the next sweep removes them.
    pub orphans: u64,
    /// Things queued for removal.
    pub garbage: u64,
    /// What does not agree, in words for an operator. Empty when all is well.
    pub problems: Vec<String>,
}

#[derive(Default)]
struct Audit {
    report: Report,
    /// How often bodies, parts and manifest slices name each blob.
    blob_names: HashMap<BlobId, u32>,
    /// How often bodies name each manifest.
    manifest_names: HashMap<BlobId, u32>,
    counters: HashMap<Bytes, Tally>,
    /// Uploads that are over: `None` when all their parts go, else those that do.
    over: HashMap<String, Option<HashSet<u32>>>,
    doomed: HashSet<BlobId>,
    doomed_manifests: HashSet<BlobId>,
    upload_buckets: HashMap<String, u64>,
    bucket_ids: HashSet<u64>,
}

impl Audit {
    fn problem(&mut self, problem: String) {
        self.report.problems.push(problem);
    }

    fn count(&mut self, key: Bytes, tally: Tally) {
        let sum = self.counters.entry(key).or_default();
        *sum = sum.plus(&tally);
    }

    fn count_in(&mut self, bucket: u64, counts: Counts) {
        for (counter, tally) in counts.counters(bucket) {
            self.count(counter, tally);
        }
    }

    fn name(&mut self, body: &BodyPlace) {
        match body {
            BodyPlace::Empty => {}
            BodyPlace::Blob(extent) => *self.blob_names.entry(extent.id).or_default() += 1,
            BodyPlace::Manifest(id) => *self.manifest_names.entry(*id).or_default() += 1,
        }
    }

    fn bucket_of(&mut self, key: &[u8]) -> u64 {
        let id = key
            .first_chunk::<8>()
            .map_or(0, |id| u64::from_be_bytes(*id));
        if !self.bucket_ids.contains(&id) {
            self.problem(format!(
                "a record belongs to bucket {id:016x}, which is not there"
            ));
        }
        id
    }

    fn object(&mut self, key: &[u8], object: &Object) {
        let bucket = self.bucket_of(key);
        self.count_in(bucket, Counts::of(object, 1));
        self.name(&object.body.0);
        let plain = |len| match object.attrs.encryption {
            Some(_) => plain_len(len),
            None => len,
        };
        if let BodyPlace::Blob(Extent { len, .. }) = object.body.0
            && plain(len) != object.size
        {
            self.problem(format!(
                "an object of {} bytes has a body of {len}",
                object.size
            ));
        }
    }
}

/// Walks a space in pages.
struct Rows<'a> {
    inner: &'a Inner,
    space: Space,
    lower: Bound<Bytes>,
    page: std::vec::IntoIter<Entry>,
    last: bool,
}

impl Rows<'_> {
    async fn next(&mut self) -> Result<Option<Entry>> {
        if let Some(entry) = self.page.next() {
            return Ok(Some(entry));
        }
        if self.last {
            return Ok(None);
        }
        let (lower, upper) = (self.lower.clone(), Bound::Unbounded);
        let scan = Scan {
            lower,
            upper,
            reverse: false,
            limit: PAGE,
        };
        let page = self.inner.meta.scan(self.space, scan).await?;
        self.last = page.len() < PAGE;
        if let Some((key, _)) = page.last() {
            self.lower = Bound::Excluded(key.clone());
        }
        self.page = page.into_iter();
        tokio::task::yield_now().await;
        Ok(self.page.next())
    }
}

impl Store {
    /// Checks that records, counters and blobs agree; with `data` also reads every byte and compares checksums.
    /// For a store that nobody writes to meanwhile; memory grows with the number of blobs.
    pub async fn verify(&self, data: bool) -> Result<Report> {
        let mut audit = Audit::default();
        let inner = &*self.0;
        // The collector is a writer too.
        let _turn = inner.state.garbage.pause().await;
        inner.audit_garbage(&mut audit).await?;
        inner.audit_buckets(&mut audit).await?;
        inner.audit_objects(&mut audit).await?;
        inner.audit_uploads(&mut audit).await?;
        inner.audit_manifests(&mut audit).await?;
        inner.audit_blobs(&mut audit, data).await?;
        inner.audit_counters(&mut audit).await?;
        Ok(audit.report)
    }
}

impl Inner {
    fn rows(&self, space: Space) -> Rows<'_> {
        let page = Vec::new().into_iter();
        Rows {
            inner: self,
            space,
            lower: Bound::Unbounded,
            page,
            last: false,
        }
    }

    async fn audit_garbage(&self, audit: &mut Audit) -> Result<()> {
        let mut rows = self.rows(Space::Garbage);
        while let Some((key, stored)) = rows.next().await? {
            audit.report.garbage += 1;
            match (Garbage::parse(&key), decode("garbage", &stored)?) {
                (Some(Garbage::Blob(id)), _) => _ = audit.doomed.insert(id),
                (Some(Garbage::Manifest(id)), _) => _ = audit.doomed_manifests.insert(id),
                (Some(Garbage::Upload(id)), GarbageRecord::Whole) => {
                    _ = audit.over.insert(id, None)
                }
                (Some(Garbage::Upload(id)), GarbageRecord::Parts(numbers)) => {
                    audit.over.insert(id, Some(numbers.into_iter().collect()));
                }
                (None, _) => audit.problem("a garbage record names nothing known".into()),
            }
        }
        Ok(())
    }

    async fn audit_buckets(&self, audit: &mut Audit) -> Result<()> {
        let mut rows = self.rows(Space::Buckets);
        let mut owned = HashSet::new();
        while let Some((name, stored)) = rows.next().await? {
            let bucket: Bucket = decode("bucket", &stored)?;
            if bucket.name.as_bytes() != name {
                audit.problem(format!(
                    "bucket {} is stored under another name",
                    bucket.name
                ));
            }
            let state = self
                .meta
                .get(Space::BucketStates, &key::bucket(bucket.id))
                .await?;
            if state.is_none() {
                audit.problem(format!("bucket {} has no state", bucket.name));
            }
            audit.count(key::owner_counter(&bucket.owner), Tally([1, 0, 0, 0, 0]));
            owned.insert(key::owned(&bucket.owner, &bucket.name));
            audit.bucket_ids.insert(bucket.id);
        }
        let mut rows = self.rows(Space::Owned);
        while let Some((key, _)) = rows.next().await? {
            if !owned.remove(&key) {
                audit.problem("the index of buckets names one that is not there".into());
            }
        }
        if !owned.is_empty() {
            audit.problem("the index of buckets lacks some".into());
        }
        Ok(())
    }

    async fn audit_objects(&self, audit: &mut Audit) -> Result<()> {
        let mut rows = self.rows(Space::Current);
        while let Some((key, stored)) = rows.next().await? {
            audit.object(&key, &decode("object", &stored)?);
        }
        let mut rows = self.rows(Space::Versions);
        while let Some((key, stored)) = rows.next().await? {
            match decode("version", &stored)? {
                VersionRecord::Object(object) => audit.object(&key, &object),
                VersionRecord::Marker(_) => {
                    let bucket = audit.bucket_of(&key);
                    audit.count_in(bucket, Counts::marker(1));
                }
            }
        }
        Ok(())
    }

    async fn audit_uploads(&self, audit: &mut Audit) -> Result<()> {
        let mut rows = self.rows(Space::Uploads);
        while let Some((key, stored)) = rows.next().await? {
            let upload: Upload = decode("upload", &stored)?;
            let bucket = audit.bucket_of(&key);
            audit.count_in(bucket, Counts::uploads(1, 0));
            audit.upload_buckets.insert(upload.id, bucket);
        }
        let mut rows = self.rows(Space::Parts);
        while let Some((key, stored)) = rows.next().await? {
            let part: PartRecord = decode("part", &stored)?;
            let cut = key.len().saturating_sub(5);
            let id = String::from_utf8_lossy(key.get(..cut).unwrap_or_default()).into_owned();
            let number = key
                .last_chunk::<4>()
                .map_or(0, |number| u32::from_be_bytes(*number));
            let named = if let Some(bucket) = audit.upload_buckets.get(&id).copied() {
                audit.count_in(bucket, Counts::uploads(0, 1));
                true
            } else if let Some(dropped) = audit.over.get(&id) {
                dropped
                    .as_ref()
                    .is_none_or(|numbers| numbers.contains(&number))
            } else {
                audit.problem(format!("part {number} of upload {id}, which is not there"));
                true
            };
            if let (true, Some(extent)) = (named, part.extent) {
                audit.name(&BodyPlace::Blob(extent));
            }
        }
        Ok(())
    }

    async fn audit_manifests(&self, audit: &mut Audit) -> Result<()> {
        let mut rows = self.rows(Space::Manifests);
        let mut open: Option<(BlobId, u64)> = None;
        while let Some((key, stored)) = rows.next().await? {
            let Some(id) = key.first_chunk::<16>().map(|id| BlobId::from_bytes(*id)) else {
                audit.problem("a manifest without an id".into());
                continue;
            };
            if key.len() == 16 {
                let header: ManifestHeader = decode("manifest", &stored)?;
                let names = audit.manifest_names.remove(&id).unwrap_or(0);
                if header.shares != names {
                    audit.problem(format!(
                        "manifest {id} counts {} names of {names}",
                        header.shares
                    ));
                }
                if let Some((id, _)) = open.filter(|(_, left)| *left > 0) {
                    audit.problem(format!("manifest {id} is incomplete"));
                }
                open = Some((id, u64::from(header.extents)));
                continue;
            }
            let extents: Vec<Extent> = decode("manifest slice", &stored)?;
            match &mut open {
                Some((header, left)) if *header == id => {
                    *left = left.saturating_sub(extents.len() as u64)
                }
                _ if audit.doomed_manifests.contains(&id) => {}
                _ => audit.problem(format!("a slice of manifest {id}, which is not there")),
            }
            for extent in extents {
                audit.name(&BodyPlace::Blob(extent));
            }
        }
        if let Some((id, _)) = open.filter(|(_, left)| *left > 0) {
            audit.problem(format!("manifest {id} is incomplete"));
        }
        for id in std::mem::take(&mut audit.manifest_names).into_keys() {
            audit.problem(format!("a body names manifest {id}, which is not there"));
        }
        Ok(())
    }

    async fn audit_blobs(&self, audit: &mut Audit, data: bool) -> Result<()> {
        let mut present: HashSet<BlobId> = self.blobs.owned().await?.into_iter().collect();
        let mut rows = self.rows(Space::Blobs);
        while let Some((key, stored)) = rows.next().await? {
            let Some(id) = key.as_ref().try_into().ok().map(BlobId::from_bytes) else {
                audit.problem("a blob record without an id".into());
                continue;
            };
            let BlobRecord {
                shares,
                place,
                len,
                crc64,
            } = decode("blob", &stored)?;
            audit.report.blobs += 1;
            audit.report.bytes += len;
            let names = audit.blob_names.remove(&id).unwrap_or(0);
            if shares != names {
                audit.problem(format!("blob {id} counts {shares} names of {names}"));
            }
            if place == Place::Own && !present.remove(&id) {
                audit.problem(format!("blob {id} has a record and no file"));
            }
            if let Some((segment, bytes)) = self.blobs.footprint(place, len) {
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                audit.count(key::group_counter(segment), Tally([bytes, 1, 0, 0, 0]));
            }
            if data
                && let Err(error) = self
                    .read_all(Extent {
                        id,
                        place,
                        len,
                        crc64,
                    })
                    .await
            {
                audit.problem(format!("blob {id}: {error}"));
            }
        }
        for id in std::mem::take(&mut audit.blob_names).into_keys() {
            audit.problem(format!("a body names blob {id}, which is not there"));
        }
        audit.report.orphans = present
            .iter()
            .filter(|id| !audit.doomed.contains(id))
            .count() as u64;
        Ok(())
    }

    async fn read_all(&self, extent: Extent) -> Result<()> {
        use crate::error::StoreError::Corrupt;
        let mut checksum = crc_fast::Digest::new(CrcAlgorithm::Crc64Xz);
        let mut at = 0;
        while at < extent.len {
            let end = extent.len.min(at + PIECE);
            let piece = self.blobs.read(extent, at..end).await?;
            checksum.update(&piece.ok_or_else(|| Corrupt("not at its place".into()))?);
            at = end;
        }
        match checksum.finalize() == extent.crc64 {
            true => Ok(()),
            false => Err(Corrupt("checksum".into())),
        }
    }

    async fn audit_counters(&self, audit: &mut Audit) -> Result<()> {
        let mut rows = self.rows(Space::Counters);
        while let Some((key, stored)) = rows.next().await? {
            let kept = Tally::decode(Some(&stored))?;
            let kind = key.first().copied().unwrap_or_default();
            if kind == b'u' {
                let id = String::from_utf8_lossy(key.get(1..).unwrap_or_default()).into_owned();
                if !audit.upload_buckets.contains_key(&id) {
                    audit.problem(format!("a counter of upload {id}, which is not there"));
                }
                continue;
            }
            let counted = audit.counters.remove(&key).unwrap_or_default();
            if kept != counted {
                let kind = char::from(kind);
                audit.problem(format!(
                    "counter {kind} {key:?} is {kept:?}, counted {counted:?}"
                ));
            }
        }
        for (key, counted) in std::mem::take(&mut audit.counters) {
            if !counted.is_zero() {
                audit.problem(format!("counter {key:?} is absent, counted {counted:?}"));
            }
        }
        Ok(())
    }
}
