//! Bodies on their way out: bounded read-ahead, checksums of what is read whole, frames of what is encrypted.

use crate::blob::{BlobId, Extent};
use crate::error::{Result, StoreError};
use crate::meta::Answer;
use crate::record::{BlobRecord, BodyPlace, Encryption, Object};
use crate::store::encryption::{BlobKey, DataKey, FRAME, SEALED_FRAME, plain_len};
use crate::store::state::Reading;
use crate::store::{Inner, Store};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Up to here frames are opened where they are: a few dozen microseconds.
const OPEN_INLINE: usize = 128 << 10;
/// Piece of a large read.
const PIECE: u64 = 512 << 10;
/// Reads up to here are answered in one piece, and whole bodies up to here are kept in memory.
const WHOLE: u64 = 1 << 20;
/// Pieces under way while one is being sent.
const READ_AHEAD: usize = 2;
/// Frames of an encrypted body in memory at once, in a piece of a large read.
const FRAMES: u64 = 8;

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
    /// Which extent the next piece to ask for is in, and where in it, in bytes as they are stored.
    index: usize,
    offset: u64,
    /// Plain bytes at the beginning of the next piece that were not asked for: a frame is read as a whole.
    skip: u64,
    /// Plain bytes left to ask for.
    left: u64,
    /// Plain bytes of the body: where the next chunk to give out begins, and where the last one ends.
    given: u64,
    end: u64,
    ahead: VecDeque<Ahead>,
    /// Checksum of an extent that is being read from its beginning.
    checksum: Option<crc_fast::Digest>,
    opening: Option<Opening>,
    failed: bool,
    _reading: Reading,
}

/// Opens the frames of an encrypted body.
struct Opening {
    key: DataKey,
    blob: Option<(BlobId, Arc<BlobKey>)>,
}

impl Opening {
    async fn open(&mut self, extent: Extent, range: Range<u64>, stored: Bytes) -> Result<Bytes> {
        let key = match &self.blob {
            Some((id, key)) if *id == extent.id => key.clone(),
            _ => {
                let key = Arc::new(self.key.blob(extent.id)?);
                self.blob = Some((extent.id, key.clone()));
                key
            }
        };
        if stored.len() <= OPEN_INLINE {
            return key.open_range(extent.id, extent.len, &range, &stored);
        }
        let open = move || key.open_range(extent.id, extent.len, &range, &stored);
        tokio::task::spawn_blocking(open)
            .await
            .map_err(std::io::Error::other)?
    }
}

struct Ahead {
    extent: Extent,
    range: Range<u64>,
    /// Which of the plain bytes were asked for.
    wanted: Range<u64>,
    answer: Answer<'static, Result<Option<Bytes>>>,
}

enum Extents {
    One(Extent),
    /// Those of a manifest, if it is named.
    Many(Option<BlobId>, Arc<Vec<Extent>>),
}

impl Extents {
    fn get(&self, index: usize) -> Option<Extent> {
        match self {
            Extents::One(extent) => (index == 0).then_some(*extent),
            Extents::Many(_, extents) => extents.get(index).copied(),
        }
    }
}

impl ChunkReader {
    fn new(
        inner: Arc<Inner>,
        extents: Extents,
        reading: Reading,
        key: Option<DataKey>,
        range: Range<u64>,
    ) -> Self {
        let mut reader = ChunkReader {
            inner,
            extents,
            index: 0,
            offset: 0,
            skip: 0,
            left: 0,
            given: range.start,
            end: range.end,
            ahead: VecDeque::new(),
            checksum: None,
            opening: key.map(|key| Opening { key, blob: None }),
            failed: false,
            _reading: reading,
        };
        reader.begin_at_given();
        reader
    }

    /// Plans what to ask for from the first byte that was not given out yet.
    fn begin_at_given(&mut self) {
        let encrypted = self.opening.is_some();
        let plain = |extent: Extent| match encrypted {
            true => plain_len(extent.len),
            false => extent.len,
        };
        let (mut index, mut offset) = (0, self.given);
        while let Some(len) = self
            .extents
            .get(index)
            .map(plain)
            .filter(|len| offset >= *len)
        {
            offset -= len;
            index += 1;
        }
        self.index = index;
        (self.offset, self.skip) = match encrypted {
            true => (offset / FRAME * SEALED_FRAME, offset % FRAME),
            false => (offset, 0),
        };
        self.left = self.end - self.given;
        self.ahead.clear();
        self.checksum = None;
    }

    fn ask_ahead(&mut self) {
        while self.ahead.len() < READ_AHEAD && self.left > 0 {
            let Some(extent) = self.extents.get(self.index) else {
                return;
            };
            let range;
            let wanted;
            if self.opening.is_some() {
                let frames = (self.skip + self.left).div_ceil(FRAME).min(FRAMES);
                let end = extent.len.min(self.offset + frames * SEALED_FRAME);
                let there = plain_len(end - self.offset);
                range = self.offset..end;
                wanted = self.skip..there.min(self.skip + self.left);
                self.skip = 0;
            } else {
                let end = extent.len.min(self.offset + PIECE.min(self.left));
                range = self.offset..end;
                wanted = 0..end - self.offset;
            }
            self.left -= wanted.end.saturating_sub(wanted.start);
            self.offset = range.end;
            if range.end == extent.len {
                self.index += 1;
                self.offset = 0;
            }
            let answer = self.inner.blobs.read(extent, range.clone());
            self.ahead.push_back(Ahead {
                extent,
                range,
                wanted,
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
        loop {
            self.ask_ahead();
            // The piece stays queued until it is here, so that a caller that gives up in between loses nothing.
            let ahead = self.ahead.front_mut()?;
            let answer = (&mut ahead.answer).await;
            let Ahead {
                extent,
                range,
                wanted,
                ..
            } = self.ahead.pop_front()?;
            let chunk = match answer {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => self.inner.read_moved(extent, range.clone()).await,
                Err(error) => Err(error),
            };
            let chunk = match chunk {
                Err(StoreError::NoSuchKey) => match self.reload().await {
                    Ok(true) => continue,
                    Ok(false) => Err(StoreError::NoSuchKey),
                    Err(error) => Err(error),
                },
                chunk => chunk,
            };
            self.ask_ahead();
            let chunk = chunk.and_then(|chunk| self.check(extent, &range, &chunk).map(|()| chunk));
            let chunk = match (chunk, &mut self.opening) {
                (Ok(stored), Some(opening)) => opening
                    .open(extent, range, stored)
                    .await
                    .and_then(|plain| cut(extent.id, &plain, &wanted)),
                (chunk, _) => chunk,
            };
            match &chunk {
                Ok(chunk) => self.given += chunk.len() as u64,
                Err(_) => self.failed = true,
            }
            return Some(chunk);
        }
    }

    /// Looks up the blobs of the body once more: those of an appendable object are merged now and then. `false` when
    /// they are the same.
    async fn reload(&mut self) -> Result<bool> {
        let Extents::Many(Some(id), known) = &self.extents else {
            return Ok(false);
        };
        let id = *id;
        let now = self.inner.stored_manifest(id).await?;
        if now == *known {
            return Ok(false);
        }
        self.extents = Extents::Many(Some(id), now);
        self.begin_at_given();
        Ok(true)
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

/// A part of bytes that are in memory.
fn cut(id: BlobId, whole: &Bytes, range: &Range<u64>) -> Result<Bytes> {
    let wrong = || StoreError::Corrupt(format!("blob {id}: size"));
    let start = usize::try_from(range.start).map_err(|_| wrong())?;
    let end = usize::try_from(range.end).map_err(|_| wrong())?;
    if start > end || end > whole.len() {
        return Err(wrong());
    }
    Ok(whole.slice(start..end))
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
                if let Some(encryption) = &object.attrs.encryption {
                    return self.read_encrypted(extent, encryption, range).await;
                }
                if let Some(whole) = self.0.state.bodies.get(&extent.id) {
                    return cut(extent.id, &whole, &range).map(BodyReader::Whole);
                }
                if len > WHOLE {
                    let extents = Extents::One(extent);
                    return self.chunks(extent.id, extents, None, range);
                }
                let bytes = self.0.read_extent(extent, range).await?;
                if len == extent.len {
                    self.0.state.bodies.insert(extent.id, bytes.clone());
                }
                Ok(BodyReader::Whole(bytes))
            }
            BodyPlace::Manifest(id) => {
                let reading = self.0.state.reading(id);
                let extents = self.0.manifest_of(object, id).await?;
                let key = self.data_key(object)?;
                let extents = Extents::Many(Some(id), extents);
                let reader = ChunkReader::new(self.0.clone(), extents, reading, key, range);
                Ok(BodyReader::Chunks(reader))
            }
        }
    }

    /// Reads blobs one after the other, of which a body of `size` bytes consists that has the key of `object`.
    pub(crate) fn read_extents(
        &self,
        object: &Object,
        id: BlobId,
        extents: Vec<Extent>,
        size: u64,
    ) -> Result<ChunkReader> {
        let (reading, key) = (self.0.state.reading(id), self.data_key(object)?);
        let extents = Extents::Many(None, Arc::new(extents));
        Ok(ChunkReader::new(
            self.0.clone(),
            extents,
            reading,
            key,
            0..size,
        ))
    }

    /// The same past the cache of bodies, so that every byte comes from where it is kept: for checks.
    pub(crate) async fn read_stored(&self, object: &Object) -> Result<Option<ChunkReader>> {
        let (id, extents) = match object.body.0 {
            BodyPlace::Empty => return Ok(None),
            BodyPlace::Blob(extent) => (extent.id, Extents::One(extent)),
            BodyPlace::Manifest(id) => {
                let extents = self.0.manifest_of(object, id).await?;
                (id, Extents::Many(Some(id), extents))
            }
        };
        let (reading, key) = (self.0.state.reading(id), self.data_key(object)?);
        let range = 0..object.size;
        let reader = ChunkReader::new(self.0.clone(), extents, reading, key, range);
        Ok(Some(reader))
    }

    fn data_key(&self, object: &Object) -> Result<Option<DataKey>> {
        match &object.attrs.encryption {
            Some(encryption) => DataKey::open(self.master_keys(), encryption).map(Some),
            None => Ok(None),
        }
    }

    fn chunks(
        &self,
        id: BlobId,
        extents: Extents,
        key: Option<DataKey>,
        range: Range<u64>,
    ) -> Result<BodyReader> {
        let reading = self.0.state.reading(id);
        let reader = ChunkReader::new(self.0.clone(), extents, reading, key, range);
        Ok(BodyReader::Chunks(reader))
    }

    /// Bytes `range` of a body of one encrypted blob.
    async fn read_encrypted(
        &self,
        extent: Extent,
        encryption: &Encryption,
        range: Range<u64>,
    ) -> Result<BodyReader> {
        let key = DataKey::open(self.master_keys(), encryption)?;
        if range.end - range.start > WHOLE {
            return self.chunks(extent.id, Extents::One(extent), Some(key), range);
        }
        let first = range.start / FRAME;
        let end = range.end.div_ceil(FRAME) * SEALED_FRAME;
        let frames = first * SEALED_FRAME..end.min(extent.len);
        // What is kept in memory is as encrypted as what is on disk.
        let stored = match self.0.state.bodies.get(&extent.id) {
            Some(whole) => cut(extent.id, &whole, &frames)?,
            None => {
                let stored = self.0.read_extent(extent, frames.clone()).await?;
                if stored.len() as u64 == extent.len {
                    self.0.state.bodies.insert(extent.id, stored.clone());
                }
                stored
            }
        };
        let mut opening = Opening { key, blob: None };
        let plain = opening.open(extent, frames, stored).await?;
        let start = first * FRAME;
        let wanted = range.start - start..range.end - start;
        cut(extent.id, &plain, &wanted).map(BodyReader::Whole)
    }
}
