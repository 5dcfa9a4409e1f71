//! Large bodies: each a file of its own, named by its id, holding its bytes and nothing else.

use super::Sync;
use super::directory::sync_dir;
use crate::blob::{BlobId, Extent};
use crate::error::{Result, StoreError};
use crate::store::state::Health;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) struct Files {
    folder: PathBuf,
    unfinished: PathBuf,
    health: Health,
    sync: Sync,
}

/// A file that is being written; dropping it removes it.
pub(crate) struct Unfinished {
    files: Arc<Files>,
    id: BlobId,
    path: PathBuf,
    file: File,
    done: bool,
}

impl Files {
    pub(crate) fn new(
        folder: PathBuf,
        unfinished: PathBuf,
        health: Health,
        sync: Sync,
    ) -> Arc<Self> {
        Arc::new(Files {
            folder,
            unfinished,
            health,
            sync,
        })
    }

    fn shard(&self, id: BlobId) -> PathBuf {
        self.folder.join(format!("{:02x}", id.sequence as u8))
    }

    fn path(&self, id: BlobId) -> PathBuf {
        self.shard(id).join(id.to_string())
    }

    pub(crate) fn create(self: &Arc<Self>, id: BlobId) -> io::Result<Unfinished> {
        let path = self.unfinished.join(id.to_string());
        let file = File::create_new(&path)?;
        Ok(Unfinished {
            files: self.clone(),
            id,
            path,
            file,
            done: false,
        })
    }

    /// A file for reading; `None` when there is none.
    pub(crate) fn open(&self, id: BlobId) -> Result<Option<Arc<File>>> {
        match File::open(self.path(id)) {
            Ok(file) => Ok(Some(Arc::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file; gives its size, nothing when there is none.
    pub(crate) fn delete(&self, id: BlobId) -> Result<u64> {
        let path = self.path(id);
        let size = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(size),
        }
    }

    /// Ids of all files of one of the 256 shards.
    pub(crate) fn list(&self, shard: u8) -> Result<Vec<BlobId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(self.folder.join(format!("{shard:02x}")))? {
            let name = entry?.file_name();
            match name.to_str().and_then(BlobId::parse) {
                Some(id) => ids.push(id),
                None => tracing::warn!(?name, "a file that is not ours among the blobs"),
            }
        }
        Ok(ids)
    }
}

/// What was read of a file; verified when it is all of it.
pub(crate) fn file_data(extent: &Extent, range: &Range<u64>, bytes: Bytes) -> Result<Bytes> {
    let whole = *range == (0..extent.len);
    if whole && crc_fast::checksum(CrcAlgorithm::Crc64Xz, &bytes) != extent.crc64 {
        return Err(StoreError::Corrupt(format!("blob {}: checksum", extent.id)));
    }
    Ok(bytes)
}

impl Unfinished {
    pub(crate) fn write(&mut self, chunks: &[Bytes]) -> io::Result<()> {
        chunks
            .iter()
            .try_for_each(|chunk| self.file.write_all(chunk))
    }

    /// Makes the bytes durable, and then the name.
    pub(crate) fn finish(mut self) -> Result<()> {
        let (files, id) = (self.files.clone(), self.id);
        files.health.check()?;
        let failed = |error: io::Error| {
            files
                .health
                .poison(format_args!("blob {id} could not be made durable: {error}"))
        };
        (files.sync)(&self.file).map_err(failed)?;
        fs::rename(&self.path, files.path(id)).map_err(failed)?;
        self.done = true;
        sync_dir(&files.shard(id)).map_err(failed)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.done
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "an unfinished file stays until the next start");
        }
    }
}
