//! Bodies on their way in: one pass that hashes and, for some, encrypts; bounded memory, back-pressure.

use crate::blob::{BlobId, Extent, Sink};
use crate::error::{Result, StoreError};
use crate::record::{BodyPlace, ObjectAttrs, RunningMd5, Sequence, Upload};
use crate::store::Store;
use crate::store::encryption::{DataKey, Sealer, sealed_len};
use crate::store::state::{State, Writing};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinHandle;

/// Bytes that gather before they are hashed and written off the network task.
const GATHER: usize = 512 << 10;
/// Up to here a whole body is hashed where it is: about a quarter of a millisecond.
const HASH_INLINE: usize = 128 << 10;

/// MD5 and CRC-64/XZ of a body, one pass; and its encryption, if it is encrypted.
struct Digests {
    md5: Md5,
    /// Of the parts before and of this one, in a sequential upload.
    whole: Option<Md5>,
    crc64: crc_fast::Digest,
    encrypting: Option<Box<Encrypting>>,
}

/// What becomes of the bytes of an encrypted body.
struct Encrypting {
    sealer: Sealer,
    /// Sealed, and not yet given to the engine.
    ready: Vec<u8>,
    /// Of everything given to the engine.
    len: u64,
    crc64: crc_fast::Digest,
}

impl Digests {
    fn new(sealer: Option<Sealer>) -> Self {
        Digests {
            md5: Md5::new(),
            whole: None,
            crc64: crc_fast::Digest::new(CrcAlgorithm::Crc64Xz),
            encrypting: sealer.map(|sealer| {
                Box::new(Encrypting {
                    sealer,
                    ready: Vec::new(),
                    len: 0,
                    crc64: crc_fast::Digest::new(CrcAlgorithm::Crc64Xz),
                })
            }),
        }
    }

    fn update(&mut self, chunks: &[Bytes]) -> Result<()> {
        for chunk in chunks {
            self.md5.update(chunk);
            self.crc64.update(chunk);
            if let Some(whole) = &mut self.whole {
                whole.update(chunk);
            }
        }
        match &mut self.encrypting {
            Some(encrypting) => {
                let Encrypting { sealer, ready, .. } = &mut **encrypting;
                sealer.update(chunks, ready)
            }
            None => Ok(()),
        }
    }

    /// What the engine is to have: the chunks themselves, or what was encrypted until now.
    fn stored(&mut self, chunks: Vec<Bytes>) -> Vec<Bytes> {
        match &mut self.encrypting {
            Some(encrypting) => encrypting.take(),
            None => chunks,
        }
    }

    /// Ends the encryption, if there is one: the bytes that are left for the engine.
    fn finish_stored(&mut self) -> Result<Vec<Bytes>> {
        match &mut self.encrypting {
            Some(encrypting) => {
                let Encrypting { sealer, ready, .. } = &mut **encrypting;
                sealer.finish(ready)?;
                Ok(encrypting.take())
            }
            None => Ok(Vec::new()),
        }
    }
}

impl Encrypting {
    fn take(&mut self) -> Vec<Bytes> {
        if self.ready.is_empty() {
            return Vec::new();
        }
        let sealed = Bytes::from(std::mem::take(&mut self.ready));
        self.len += sealed.len() as u64;
        self.crc64.update(&sealed);
        vec![sealed]
    }
}

enum Hashing {
    Here(Box<Digests>),
    Away(JoinHandle<Result<Box<Digests>>>),
    /// Only while `Here` and `Away` change places.
    Moving,
}

impl Hashing {
    async fn bring_back(&mut self) -> Result<Box<Digests>> {
        match self {
            Hashing::Away(job) => {
                // Await by reference first: a caller that gives up in between leaves the job where it is.
                let digests = job.await.map_err(std::io::Error::other)?;
                *self = Hashing::Moving;
                digests
            }
            _ => match std::mem::replace(self, Hashing::Moving) {
                Hashing::Here(digests) => Ok(digests),
                _ => Err(StoreError::Io(std::io::Error::other(
                    "the write was given up before",
                ))),
            },
        }
    }
}

/// A body being written: one hashing pass, bounded memory (about 2 MiB), nothing visible before a `put_*` call
/// takes the [`SealedBlob`]. Dropping it discards what was written. Needs a tokio runtime.
pub struct BlobWriter {
    state: Arc<State>,
    extent: Extent,
    /// Plain bytes so far.
    size: u64,
    /// The sealed data key that the bytes are encrypted under.
    sealed_key: Option<Vec<u8>>,
    /// Where the sequential upload was when this part of it began.
    after: Option<Sequence>,
    writing: Writing,
    sink: Box<dyn Sink>,
    hashing: Hashing,
    gathered: Vec<Bytes>,
    gathered_len: usize,
}

impl BlobWriter {
    /// Writes a chunk; waits for the disk when it is behind.
    ///
    /// Errors: [`StoreError::Io`], [`StoreError::Poisoned`]; the writer is then of no further use.
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.size += chunk.len() as u64;
        if !chunk.is_empty() {
            self.gathered_len += chunk.len();
            self.gathered.push(chunk);
        }
        if self.gathered_len >= GATHER {
            self.send().await
        } else {
            Ok(())
        }
    }

    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.size
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands what gathered to a hashing job and to the engine, which work side by side. Waits for the jobs
    /// before, so at most two gatherings are in memory.
    async fn send(&mut self) -> Result<()> {
        let mut digests = self.hashing.bring_back().await?;
        let chunks = std::mem::take(&mut self.gathered);
        self.gathered_len = 0;
        let hashed = chunks.clone();
        let stored = digests.stored(chunks);
        self.hashing = Hashing::Away(tokio::task::spawn_blocking(move || {
            digests.update(&hashed)?;
            Ok(digests)
        }));
        if stored.is_empty() {
            return Ok(());
        }
        self.sink.append(stored).await
    }

    /// Makes the bytes durable and gives their digests.
    pub async fn seal(self) -> Result<SealedBlob> {
        self.finish().await?.seal().await
    }

    /// Ends hashing without making anything durable, so that digests can be compared before paying for the sync.
    /// `seal` afterwards is on the returned value.
    pub async fn finish(mut self) -> Result<FinishedBlob> {
        if self.gathered_len > HASH_INLINE {
            self.send().await?;
        }
        let mut digests = self.hashing.bring_back().await?;
        let gathered = std::mem::take(&mut self.gathered);
        digests.update(&gathered)?;
        let mut stored = digests.stored(gathered);
        stored.append(&mut digests.finish_stored()?);
        if !stored.is_empty() {
            self.sink.append(stored).await?;
        }
        let Digests {
            md5,
            whole,
            crc64,
            encrypting,
        } = *digests;
        let step = self.after.zip(whole).map(|(after, whole)| Step {
            from: after,
            to: Sequence {
                parts: after.parts.saturating_add(1),
                digest: RunningMd5::of(&whole),
            },
        });
        let crc64 = crc64.finalize();
        let (stored_len, stored_crc64) = match encrypting {
            Some(encrypting) => (encrypting.len, encrypting.crc64.finalize()),
            None => (self.size, crc64),
        };
        Ok(FinishedBlob {
            state: self.state,
            extent: Extent {
                len: stored_len,
                crc64: stored_crc64,
                ..self.extent
            },
            size: self.size,
            crc64,
            sealed_key: self.sealed_key,
            step,
            writing: self.writing,
            sink: self.sink,
            md5: md5.finalize().into(),
        })
    }
}

/// All bytes written, digests known, not yet durable. Dropping discards.
pub struct FinishedBlob {
    state: Arc<State>,
    /// As the bytes are stored.
    extent: Extent,
    size: u64,
    crc64: u64,
    sealed_key: Option<Vec<u8>>,
    step: Option<Step>,
    writing: Writing,
    sink: Box<dyn Sink>,
    md5: [u8; 16],
}

impl FinishedBlob {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// MD5 of the bytes.
    pub fn md5(&self) -> [u8; 16] {
        self.md5
    }

    /// CRC-64/XZ of the bytes.
    pub fn crc64(&self) -> u64 {
        self.crc64
    }

    /// Makes the bytes durable (group fdatasync for small ones).
    pub async fn seal(self) -> Result<SealedBlob> {
        let FinishedBlob {
            state,
            mut extent,
            size,
            crc64,
            sealed_key,
            step,
            writing,
            sink,
            md5,
        } = self;
        let extent = if size == 0 {
            None
        } else {
            extent.place = sink.seal(extent.len, extent.crc64).await?;
            Some(extent)
        };
        let named = AtomicBool::new(false);
        Ok(SealedBlob(Arc::new(Sealed {
            state,
            extent,
            size,
            md5,
            crc64,
            sealed_key,
            step,
            named,
            _writing: writing,
        })))
    }
}

/// One part further in a sequential upload.
pub(crate) struct Step {
    pub(crate) from: Sequence,
    pub(crate) to: Sequence,
}

/// Durable bytes that no record names yet. Dropping leaves garbage for the collector.
pub struct SealedBlob(pub(crate) Arc<Sealed>);

pub(crate) struct Sealed {
    state: Arc<State>,
    /// `None` when there are no bytes.
    pub(crate) extent: Option<Extent>,
    /// Plain bytes.
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    /// Of the plain bytes.
    pub(crate) crc64: u64,
    /// The sealed data key that the bytes are encrypted under.
    pub(crate) sealed_key: Option<Vec<u8>>,
    /// What the bytes make of the sequential upload that they are a part of.
    pub(crate) step: Option<Step>,
    named: AtomicBool,
    _writing: Writing,
}

impl SealedBlob {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// MD5 of the bytes.
    pub fn md5(&self) -> [u8; 16] {
        self.0.md5
    }

    /// CRC-64/XZ of the bytes.
    pub fn crc64(&self) -> u64 {
        self.0.crc64
    }
}

impl Sealed {
    /// A record names the blob now.
    pub(crate) fn named(&self) {
        self.named.store(true, Ordering::Release);
    }

    /// Fails when an object with these attributes could not read the bytes.
    pub(crate) fn check_key(&self, attrs: &ObjectAttrs) -> Result<()> {
        let wanted = attrs.encryption.as_ref().map(|e| &e.sealed_key);
        if self.extent.is_none() || self.sealed_key.as_ref() == wanted {
            return Ok(());
        }
        Err(StoreError::Corrupt(
            "the bytes were written under another key than the object names".into(),
        ))
    }

    pub(crate) fn body(&self) -> BodyPlace {
        self.extent.map_or(BodyPlace::Empty, BodyPlace::Blob)
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        if let (Some(extent), false) = (self.extent, self.named.load(Ordering::Acquire)) {
            self.state.garbage.orphan(extent);
        }
    }
}

impl Store {
    /// Begins a body that is stored as it is. `size_hint`: Content-Length when known; decides segment or file.
    pub fn begin_blob(&self, size_hint: Option<u64>) -> BlobWriter {
        let id = self.0.next_id();
        self.begin(id, size_hint, None, None)
    }

    /// Begins the body of an object with these attributes: encrypted when they say so, under their data key.
    ///
    /// Errors: [`StoreError::Corrupt`] when the data key does not open.
    pub fn begin_body(&self, size_hint: Option<u64>, attrs: &ObjectAttrs) -> Result<BlobWriter> {
        let Some(encryption) = &attrs.encryption else {
            return Ok(self.begin_blob(size_hint));
        };
        let id = self.0.next_id();
        let key = DataKey::open(self.master_keys(), encryption)?.blob(id)?;
        let sealed_key = encryption.sealed_key.clone();
        let hint = size_hint.map(sealed_len);
        Ok(self.begin(id, hint, Some(Sealer::new(key)), Some(sealed_key)))
    }

    /// Begins a part of an upload: as [`Store::begin_body`], and in a sequential upload the digest of the whole goes on.
    ///
    /// Errors: as [`Store::begin_body`].
    pub fn begin_part(&self, size_hint: Option<u64>, upload: &Upload) -> Result<BlobWriter> {
        let mut writer = self.begin_body(size_hint, &upload.attrs)?;
        if let (Some(after), Hashing::Here(digests)) = (upload.sequence, &mut writer.hashing) {
            let whole = after.digest.resume();
            let damaged = || StoreError::Corrupt("running digest of an upload".into());
            digests.whole = Some(whole.ok_or_else(damaged)?);
            writer.after = Some(after);
        }
        Ok(writer)
    }

    fn begin(
        &self,
        id: BlobId,
        stored_hint: Option<u64>,
        sealer: Option<Sealer>,
        sealed_key: Option<Vec<u8>>,
    ) -> BlobWriter {
        let sink = self.0.blobs.begin(id, stored_hint);
        BlobWriter {
            state: self.0.state.clone(),
            extent: Extent {
                id,
                place: crate::Place::Own,
                len: 0,
                crc64: 0,
            },
            size: 0,
            sealed_key,
            after: None,
            writing: self.0.state.writing(id),
            sink,
            hashing: Hashing::Here(Box::new(Digests::new(sealer))),
            gathered: Vec::new(),
            gathered_len: 0,
        }
    }
}
