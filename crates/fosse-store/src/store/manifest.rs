//! Manifests: the list of blobs of a body that is made of several, kept in records of its own.

use crate::blob::{BlobId, Extent};
use crate::error::{Result, StoreError};
use crate::meta::{Expect, Scan, Space};
use crate::record::{ManifestHeader, Object, decode, encode};
use crate::store::Inner;
use crate::store::encryption::plain_len;
use crate::store::transaction::Transaction;
use bytes::Bytes;
use std::sync::Arc;

/// Extents per slice: a slice is removed in one batch with its blobs.
const SLICE: usize = 512;

/// Key of a slice; the header's key is the id alone.
pub(crate) fn slice_key(id: BlobId, index: u32) -> Bytes {
    let mut key = id.to_bytes().to_vec();
    key.extend_from_slice(&index.to_be_bytes());
    Bytes::from(key)
}

impl Inner {
    /// Stages a new manifest with one share.
    pub(crate) fn stage_manifest(
        &self,
        transaction: &mut Transaction,
        id: BlobId,
        extents: &[Extent],
    ) -> Result<()> {
        let count = u32::try_from(extents.len())
            .map_err(|_| StoreError::Corrupt("manifest of too many parts".into()))?;
        let header = ManifestHeader {
            shares: 1,
            extents: count,
        };
        let key = Bytes::copy_from_slice(&id.to_bytes());
        transaction.put(Space::Manifests, key, Expect::Absent, encode(&header)?);
        for (index, slice) in (0..).zip(extents.chunks(SLICE)) {
            let key = slice_key(id, index);
            transaction.put(Space::Manifests, key, Expect::Any, encode(&slice.to_vec())?);
        }
        Ok(())
    }

    /// The blobs of a manifest in order. Errors: [`StoreError::NoSuchKey`] when it is gone.
    pub(crate) async fn manifest(&self, id: BlobId) -> Result<Arc<Vec<Extent>>> {
        if let Some(extents) = self.state.manifests.get(&id) {
            return Ok(extents);
        }
        let extents = self.stored_manifest(id).await?;
        self.state.manifests.insert(id, extents.clone());
        Ok(extents)
    }

    /// The blobs of an object's manifest. The list of an appendable object grows: one that was kept in memory before it
    /// grew is read again.
    pub(crate) async fn manifest_of(
        &self,
        object: &Object,
        id: BlobId,
    ) -> Result<Arc<Vec<Extent>>> {
        let encrypted = object.attrs.encryption.is_some();
        let len = |extent: &Extent| match encrypted {
            true => plain_len(extent.len),
            false => extent.len,
        };
        let extents = self.manifest(id).await?;
        if extents.iter().map(len).sum::<u64>() >= object.size {
            return Ok(extents);
        }
        self.state.manifests.remove(&id);
        self.manifest(id).await
    }

    /// The same, not from memory.
    pub(crate) async fn stored_manifest(&self, id: BlobId) -> Result<Arc<Vec<Extent>>> {
        let scan = Scan::prefix(&id.to_bytes(), 1 << 16);
        let mut entries = self.meta.scan(Space::Manifests, scan).await?.into_iter();
        let Some((key, stored)) = entries.next() else {
            return Err(StoreError::NoSuchKey);
        };
        if key.len() != 16 {
            // The header is gone, the collector is at the slices.
            return Err(StoreError::NoSuchKey);
        }
        let header: ManifestHeader = decode("manifest", &stored)?;
        let mut extents = Vec::new();
        for (_, stored) in entries {
            extents.extend(decode::<Vec<Extent>>("manifest slice", &stored)?);
        }
        if extents.len() as u64 != u64::from(header.extents) {
            return Err(StoreError::Corrupt(format!("manifest {id} is incomplete")));
        }
        Ok(Arc::new(extents))
    }

    /// Slices that are left of a manifest whose header is gone, as many as one batch can take.
    pub(crate) async fn manifest_slices(
        &self,
        id: BlobId,
    ) -> Result<Vec<(Bytes, Bytes, Vec<Extent>)>> {
        let entries = self
            .meta
            .scan(Space::Manifests, Scan::prefix(&id.to_bytes(), SLICE))
            .await?;
        let mut slices = Vec::new();
        let mut blobs = 0;
        for (key, stored) in entries {
            let extents: Vec<Extent> = decode("manifest slice", &stored)?;
            blobs += extents.len();
            if blobs > SLICE && !slices.is_empty() {
                break;
            }
            slices.push((key, stored, extents));
        }
        Ok(slices)
    }
}
