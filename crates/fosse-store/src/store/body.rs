//! Bodies on their way in and out: one hashing pass, bounded memory, back-pressure.

use crate::blob::{Extent, Sink};
use crate::error::{Result, StoreError};
use crate::meta::Answer;
use crate::record::{BlobRecord, BodyPlace, Object};
use crate::store::state::{Reading, State, Writing};
use crate::store::{Inner, Store};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinHandle;

/// Bytes that gather before they are hashed and written off the network task.
const GATHER: usize = 512 << 10;
/// Up to here a whole body is hashed where it is: about a quarter of a millisecond.
const HASH_INLINE: usize = 128 << 10;
/// Piece of a large read.
const PIECE: u64 = 512 << 10;
/// Reads up to here are answered in one piece, and whole bodies up to here are kept in memory.
const WHOLE: u64 = 1 << 20;
/// Pieces under way while one is being sent.
const READ_AHEAD: usize = 2;

/// MD5 and CRC-64/XZ of a body, one pass.
struct Digests {
    md5: Md5,
    crc64: crc_fast::Digest,
}

impl Digests {
    fn new() -> Self {
        Digests {
            md5: Md5::new(),
            crc64: crc_fast::Digest::new(CrcAlgorithm::Crc64Xz),
        }
    }

    fn update(&mut self, chunks: &[Bytes]) {
        for chunk in chunks {
            self.md5.update(chunk);
            self.crc64.update(chunk);
        }
    }
}

enum Hashing {
    Here(Box<Digests>),
    Away(JoinHandle<Box<Digests>>),
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
                Ok(digests)
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
        self.extent.len += chunk.len() as u64;
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
        self.extent.len
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
        self.hashing = Hashing::Away(tokio::task::spawn_blocking(move || {
            digests.update(&hashed);
            digests
        }));
        self.sink.append(chunks).await
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
        if self.gathered_len > 0 {
            digests.update(&self.gathered);
            self.sink.append(self.gathered).await?;
        }
        let Digests { md5, crc64 } = *digests;
        let crc64 = crc64.finalize();
        Ok(FinishedBlob {
            state: self.state,
            extent: Extent {
                crc64,
                ..self.extent
            },
            writing: self.writing,
            sink: self.sink,
            md5: md5.finalize().into(),
        })
    }
}

/// All bytes written, digests known, not yet durable. Dropping discards.
pub struct FinishedBlob {
    state: Arc<State>,
    extent: Extent,
    writing: Writing,
    sink: Box<dyn Sink>,
    md5: [u8; 16],
}

impl FinishedBlob {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.extent.len
    }

    /// MD5 of the bytes.
    pub fn md5(&self) -> [u8; 16] {
        self.md5
    }

    /// CRC-64/XZ of the bytes.
    pub fn crc64(&self) -> u64 {
        self.extent.crc64
    }

    /// Makes the bytes durable (group fdatasync for small ones).
    pub async fn seal(self) -> Result<SealedBlob> {
        let FinishedBlob {
            state,
            mut extent,
            writing,
            sink,
            md5,
        } = self;
        let Extent {
            len: size, crc64, ..
        } = extent;
        let extent = if size == 0 {
            None
        } else {
            extent.place = sink.seal(size, crc64).await?;
            Some(extent)
        };
        let named = AtomicBool::new(false);
        Ok(SealedBlob(Arc::new(Sealed {
            state,
            extent,
            size,
            md5,
            crc64,
            named,
            _writing: writing,
        })))
    }
}

/// Durable bytes that no record names yet. Dropping leaves garbage for the collector.
pub struct SealedBlob(pub(crate) Arc<Sealed>);

pub(crate) struct Sealed {
    state: Arc<State>,
    /// `None` when there are no bytes.
    pub(crate) extent: Option<Extent>,
    size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) crc64: u64,
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

/// Bytes of an object on their way out, in order, bounded read-ahead.
#[allow(clippy::large_enum_variant, reason = "one per request, moved once")]
pub enum BodyReader {
    /// Small and already in memory.
    Whole(Bytes),
    /// A stream of chunks (poll with `next().await`).
    Chunks(ChunkReader),
}

/// See [`BodyReader::Chunks`].
pub struct ChunkReader {
    inner: Arc<Inner>,
    extents: Extents,
    /// Which extent the next piece to ask for is in, where in it, and how many bytes are left to ask for.
    index: usize,
    offset: u64,
    left: u64,
    ahead: VecDeque<Ahead>,
    /// Checksum of an extent that is being read from its beginning.
    checksum: Option<crc_fast::Digest>,
    failed: bool,
    _reading: Reading,
}

struct Ahead {
    extent: Extent,
    range: Range<u64>,
    answer: Answer<'static, Result<Option<Bytes>>>,
}

enum Extents {
    One(Extent),
    Many(Arc<Vec<Extent>>),
}

impl Extents {
    fn get(&self, index: usize) -> Option<Extent> {
        match self {
            Extents::One(extent) => (index == 0).then_some(*extent),
            Extents::Many(extents) => extents.get(index).copied(),
        }
    }
}

impl ChunkReader {
    fn new(inner: Arc<Inner>, extents: Extents, reading: Reading, range: Range<u64>) -> Self {
        let (mut index, mut offset) = (0, range.start);
        while let Some(extent) = extents.get(index).filter(|extent| offset >= extent.len) {
            offset -= extent.len;
            index += 1;
        }
        ChunkReader {
            inner,
            extents,
            index,
            offset,
            left: range.end - range.start,
            ahead: VecDeque::new(),
            checksum: None,
            failed: false,
            _reading: reading,
        }
    }

    fn ask_ahead(&mut self) {
        while self.ahead.len() < READ_AHEAD && self.left > 0 {
            let Some(extent) = self.extents.get(self.index) else {
                return;
            };
            let end = extent.len.min(self.offset + PIECE.min(self.left));
            let range = self.offset..end;
            self.left -= end - self.offset;
            self.offset = end;
            if end == extent.len {
                self.index += 1;
                self.offset = 0;
            }
            let answer = self.inner.blobs.read(extent, range.clone());
            self.ahead.push_back(Ahead {
                extent,
                range,
                answer,
            });
        }
    }

    /// The next chunk, `None` at the end (and after an error). When an extent is read as a whole its checksum
    /// is compared before its last chunk is given out.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        if self.failed {
            return None;
        }
        self.ask_ahead();
        // The piece stays queued until it is here, so that a caller that gives up in between loses nothing.
        let ahead = self.ahead.front_mut()?;
        let answer = (&mut ahead.answer).await;
        let Ahead { extent, range, .. } = self.ahead.pop_front()?;
        let chunk = match answer {
            Ok(Some(chunk)) => Ok(chunk),
            Ok(None) => self.inner.read_moved(extent, range.clone()).await,
            Err(error) => Err(error),
        };
        self.ask_ahead();
        let checked = chunk.and_then(|chunk| self.check(extent, &range, &chunk).map(|()| chunk));
        self.failed = checked.is_err();
        Some(checked)
    }

    fn check(&mut self, extent: Extent, range: &Range<u64>, chunk: &Bytes) -> Result<()> {
        if range.start == 0 && range.end < extent.len {
            self.checksum = Some(crc_fast::Digest::new(CrcAlgorithm::Crc64Xz));
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(chunk);
            if range.end == extent.len {
                let found = checksum.finalize();
                self.checksum = None;
                if found != extent.crc64 {
                    return Err(StoreError::Corrupt(format!("blob {}: checksum", extent.id)));
                }
            }
        }
        Ok(())
    }
}

impl Inner {
    /// Reads a piece of a blob that is not where the body says: compaction moved it, or it is gone.
    async fn read_moved(&self, extent: Extent, range: Range<u64>) -> Result<Bytes> {
        if let Some(place) = self.state.moved.get(&extent.id) {
            let answer = self
                .blobs
                .read(Extent { place, ..extent }, range.clone())
                .await?;
            if let Some(bytes) = answer {
                return Ok(bytes);
            }
        }
        // Twice: it may move once more between the look-up and the read.
        for _ in 0..2 {
            let key = extent.id.to_bytes();
            let record = self
                .get::<BlobRecord>("blob", crate::Space::Blobs, &key)
                .await?;
            let Some(BlobRecord { place, .. }) = record else {
                return Err(StoreError::NoSuchKey);
            };
            let answer = self
                .blobs
                .read(Extent { place, ..extent }, range.clone())
                .await?;
            if let Some(bytes) = answer {
                self.state.moved.insert(extent.id, place);
                return Ok(bytes);
            }
        }
        Err(StoreError::Corrupt(format!(
            "blob {} is not where its record says",
            extent.id
        )))
    }

    async fn read_extent(&self, extent: Extent, range: Range<u64>) -> Result<Bytes> {
        match self.blobs.read(extent, range.clone()).await? {
            Some(bytes) => Ok(bytes),
            None => self.read_moved(extent, range).await,
        }
    }
}

impl Store {
    /// Begins a body. `size_hint`: Content-Length when known; decides segment or file.
    pub fn begin_blob(&self, size_hint: Option<u64>) -> BlobWriter {
        let id = self.0.next_id();
        let sink = self.0.blobs.begin(id, size_hint);
        BlobWriter {
            state: self.0.state.clone(),
            extent: Extent {
                id,
                place: crate::Place::Own,
                len: 0,
                crc64: 0,
            },
            writing: self.0.state.writing(id),
            sink,
            hashing: Hashing::Here(Box::new(Digests::new())),
            gathered: Vec::new(),
            gathered_len: 0,
        }
    }

    /// Bytes `range` (within `0..size`; what lies beyond is cut off) of an object. A delete of the object while
    /// reading does not break the read.
    ///
    /// Errors: [`StoreError::NoSuchKey`] when the object was deleted long before, [`StoreError::Corrupt`],
    /// [`StoreError::Io`].
    pub async fn read(&self, object: &Object, range: Range<u64>) -> Result<BodyReader> {
        if self.0.state.garbage.stopped() {
            return Err(StoreError::Closed);
        }
        let range = range.start.min(object.size)..range.end.min(object.size);
        if range.start >= range.end {
            return Ok(BodyReader::Whole(Bytes::new()));
        }
        let len = range.end - range.start;
        match object.body.0 {
            BodyPlace::Empty => Ok(BodyReader::Whole(Bytes::new())),
            BodyPlace::Blob(extent) => {
                if let Some(whole) = self.0.state.bodies.get(&extent.id) {
                    let (Ok(start), Ok(end)) = (range.start.try_into(), range.end.try_into())
                    else {
                        return Err(StoreError::Corrupt(format!("blob {}: size", extent.id)));
                    };
                    let cut: Range<usize> = start..end;
                    if whole.len() < cut.end {
                        return Err(StoreError::Corrupt(format!("blob {}: size", extent.id)));
                    }
                    return Ok(BodyReader::Whole(whole.slice(cut)));
                }
                if len > WHOLE {
                    let reading = self.0.state.reading(extent.id);
                    let extents = Extents::One(extent);
                    let reader = ChunkReader::new(self.0.clone(), extents, reading, range);
                    return Ok(BodyReader::Chunks(reader));
                }
                let bytes = self.0.read_extent(extent, range).await?;
                if len == extent.len {
                    self.0.state.bodies.insert(extent.id, bytes.clone());
                }
                Ok(BodyReader::Whole(bytes))
            }
            BodyPlace::Manifest(id) => {
                let reading = self.0.state.reading(id);
                let extents = Extents::Many(self.0.manifest(id).await?);
                let reader = ChunkReader::new(self.0.clone(), extents, reading, range);
                Ok(BodyReader::Chunks(reader))
            }
        }
    }
}
