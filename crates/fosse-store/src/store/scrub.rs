//! The scrub: reads every object version, and every part of an unfinished upload, from where it is kept, and compares
//! the bytes with the digests in its record. Beside traffic: an object that changes or goes meanwhile is left out.

use crate::error::{Result, StoreError};
use crate::record::{Body, BodyPlace, Bucket, Object, ObjectAttrs, ObjectKind, PartRecord, Upload};
use crate::store::Store;
use crate::store::list::UploadQuery;
use crate::store::read::ChunkReader;
use crate::store::scan::{ScanPlace, Seen};
use crate::version::{Order, VersionId};
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use std::collections::VecDeque;
use std::sync::Arc;

/// Versions, uploads and buckets looked up at once.
const BATCH: usize = 100;

/// One thing that a scrub read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Which version; of a part of an unfinished upload, `None`.
    pub version: Option<VersionId>,
    /// Bytes read.
    pub bytes: u64,
    /// What is wrong, in words for an operator; `None` when all is well.
    pub problem: Option<String>,
}

/// What of a bucket comes next.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Current,
    Noncurrent,
    Uploads,
}

/// A walk over everything in a store. Memory does not grow with the store.
pub struct Scrub {
    store: Store,
    buckets: VecDeque<Arc<Bucket>>,
    last_bucket: String,
    /// The bucket of what is queued below.
    bucket: Option<Arc<Bucket>>,
    stage: Stage,
    after: Option<ScanPlace>,
    uploads_after: Option<(String, String)>,
    seen: VecDeque<Seen>,
    uploads: VecDeque<Upload>,
    parts: VecDeque<(Upload, u32, PartRecord)>,
}

impl Scrub {
    /// The next thing, checked; `None` at the end. What could not be read is told as a problem of it.
    ///
    /// Errors: those of reading the metadata; the walk is then over.
    pub async fn next(&mut self) -> Result<Option<Scrubbed>> {
        loop {
            if let Some((upload, number, part)) = self.parts.pop_front() {
                if let Some(checked) = self.check_part(&upload, number, &part).await? {
                    return Ok(Some(checked));
                }
                continue;
            }
            if let Some(upload) = self.uploads.pop_front() {
                let parts = self.store.0.stored_parts(&upload.id, 0, 10_000).await?;
                let parts = parts
                    .into_iter()
                    .map(|(n, _, part)| (upload.clone(), n, part));
                self.parts.extend(parts);
                continue;
            }
            if let Some(seen) = self.seen.pop_front() {
                if let Some(object) = &seen.object
                    && let Some(checked) = self.check_version(&seen, object).await?
                {
                    return Ok(Some(checked));
                }
                continue;
            }
            if self.buckets.is_empty() && !self.more_buckets().await? {
                return Ok(None);
            }
            self.more().await?;
        }
    }

    async fn more_buckets(&mut self) -> Result<bool> {
        let buckets = self.store.all_buckets(&self.last_bucket, BATCH).await?;
        if let Some(last) = buckets.last() {
            self.last_bucket.clone_from(&last.name);
        }
        self.buckets.extend(buckets);
        Ok(!self.buckets.is_empty())
    }

    /// The next batch of the first bucket; the next stage, or bucket, when there is none.
    async fn more(&mut self) -> Result<()> {
        let Some(bucket) = self.buckets.front().cloned() else {
            return Ok(());
        };
        self.bucket = Some(bucket.clone());
        let after = self.after.take();
        let batch = match self.stage {
            Stage::Current => {
                self.store
                    .scan_current(&bucket, "", after.as_ref(), BATCH)
                    .await?
            }
            Stage::Noncurrent => {
                self.store
                    .scan_noncurrent(&bucket, "", after.as_ref(), BATCH)
                    .await?
            }
            Stage::Uploads => {
                let (key_marker, upload_id_marker) = self.uploads_after.take().unwrap_or_default();
                let query = UploadQuery {
                    key_marker,
                    upload_id_marker,
                    max_uploads: BATCH,
                    ..UploadQuery::default()
                };
                let page = self.store.list_uploads(&bucket, query).await?;
                self.uploads.extend(page.uploads);
                if page.truncated {
                    self.uploads_after = Some((page.next_key, page.next_upload_id));
                } else {
                    self.buckets.pop_front();
                    self.stage = Stage::Current;
                }
                return Ok(());
            }
        };
        self.seen.extend(batch.seen);
        self.after = batch.next;
        if self.after.is_none() {
            self.stage = match self.stage {
                Stage::Current => Stage::Noncurrent,
                _ => Stage::Uploads,
            };
        }
        Ok(())
    }

    fn told(
        &self,
        key: &str,
        version: Option<VersionId>,
        bytes: u64,
        problem: Option<String>,
    ) -> Scrubbed {
        let bucket = self.bucket.as_ref().map_or("", |bucket| &bucket.name);
        Scrubbed {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version,
            bytes,
            problem,
        }
    }

    async fn check_version(&self, seen: &Seen, object: &Object) -> Result<Option<Scrubbed>> {
        let version = Some(seen.version);
        match self.store.check_body(object).await {
            Ok(()) => Ok(Some(self.told(&seen.key, version, object.size, None))),
            Err(StoreError::Closed) => Err(StoreError::Closed),
            Err(error) => {
                let Some(bucket) = &self.bucket else {
                    return Ok(None);
                };
                // Overwritten, appended to or deleted since it was looked up: another walk will see it.
                let now = self.store.object(bucket, &seen.key, version).await;
                if !now.is_ok_and(|now| now.order == object.order && now.size == object.size) {
                    return Ok(None);
                }
                let problem = Some(error.to_string());
                Ok(Some(self.told(&seen.key, version, object.size, problem)))
            }
        }
    }

    async fn check_part(
        &self,
        upload: &Upload,
        number: u32,
        part: &PartRecord,
    ) -> Result<Option<Scrubbed>> {
        let body = part.extent.map_or(BodyPlace::Empty, BodyPlace::Blob);
        let as_object = Object {
            kind: ObjectKind::Normal,
            version: VersionId::Null,
            size: part.size,
            etag: String::new(),
            md5: Some(part.md5),
            crc64: part.crc64,
            modified_ms: part.modified_ms,
            attrs: ObjectAttrs {
                encryption: upload.attrs.encryption.clone(),
                ..ObjectAttrs::of("")
            },
            body: Body(body),
            accessed_ms: None,
            order: Order::default(),
        };
        let problem = match self.store.check_body(&as_object).await {
            Ok(()) => None,
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(error) => {
                let now = self.store.0.stored_parts(&upload.id, number - 1, 1).await?;
                if !now.iter().any(|(n, _, now)| *n == number && now == part) {
                    return Ok(None);
                }
                Some(format!("part {number} of upload {}: {error}", upload.id))
            }
        };
        Ok(Some(self.told(&upload.key, None, part.size, problem)))
    }
}

impl Store {
    /// Begins a scrub.
    pub fn scrub(&self) -> Scrub {
        Scrub {
            store: self.clone(),
            buckets: VecDeque::new(),
            last_bucket: String::new(),
            bucket: None,
            stage: Stage::Current,
            after: None,
            uploads_after: None,
            seen: VecDeque::new(),
            uploads: VecDeque::new(),
            parts: VecDeque::new(),
        }
    }

    /// Reads the bytes of an object from where they are kept, and compares them with its digests.
    ///
    /// Errors: [`StoreError::Corrupt`] when they differ, and those of [`Store::read`].
    pub async fn check_body(&self, object: &Object) -> Result<()> {
        let reader = self.read_stored(object).await?;
        let (size, md5, crc64) = digests(reader).await?;
        if size != object.size {
            return Err(StoreError::Corrupt(format!(
                "{size} bytes are there of {}",
                object.size
            )));
        }
        if crc64 != object.crc64 {
            return Err(StoreError::Corrupt("the bytes have another CRC-64".into()));
        }
        if object.md5.is_some_and(|known| known != md5) {
            return Err(StoreError::Corrupt("the bytes have another MD5".into()));
        }
        Ok(())
    }
}

async fn digests(reader: Option<ChunkReader>) -> Result<(u64, [u8; 16], u64)> {
    let mut md5 = Md5::new();
    let mut crc64 = crc_fast::Digest::new(CrcAlgorithm::Crc64Xz);
    let mut size = 0;
    if let Some(mut reader) = reader {
        while let Some(chunk) = reader.next().await {
            let chunk = chunk?;
            md5.update(&chunk);
            crc64.update(&chunk);
            size += chunk.len() as u64;
            tokio::task::yield_now().await;
        }
    }
    Ok((size, md5.finalize().into(), crc64.finalize()))
}
