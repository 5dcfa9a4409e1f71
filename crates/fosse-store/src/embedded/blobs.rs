//! [`Blobs`] over segments and files.

use super::buffer::{Buffers, Reading};
use super::file::{Files, Unfinished, file_data};
use super::log::{Log, entry_data, entry_span, read_at};
use super::segment::entry_bytes;
use crate::blob::{BlobId, Blobs, Extent, Ledger, Place, Sink};
use crate::error::{Result, StoreError};
use crate::meta::Answer;
use bytes::Bytes;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Reads up to here are done where they are asked for, into memory of their own; larger ones when the page cache
/// has the bytes, and else on the blocking pool.
const INLINE: u64 = 128 << 10;

pub(crate) struct EmbeddedBlobs {
    pub(crate) log: Arc<Log>,
    pub(crate) files: Arc<Files>,
    small_limit: u64,
    buffers: Arc<Buffers>,
}

impl EmbeddedBlobs {
    pub(crate) fn new(log: Log, files: Arc<Files>, small_limit: u64) -> Self {
        EmbeddedBlobs {
            log: Arc::new(log),
            files,
            small_limit,
            buffers: Arc::default(),
        }
    }
}

/// Runs a blocking job at once; the answer comes later.
pub(crate) fn on_pool<T: Send + 'static>(
    job: impl FnOnce() -> Result<T> + Send + 'static,
) -> Answer<'static, Result<T>> {
    let job = tokio::task::spawn_blocking(job);
    Answer::later(async move {
        job.await
            .unwrap_or_else(|error| Err(io::Error::other(error).into()))
    })
}

enum Written {
    /// In memory as long as it is small.
    Buffer { chunks: Vec<Bytes>, len: u64 },
    /// In a file, with at most one write under way.
    Writing(JoinHandle<Result<Unfinished>>),
    /// Something failed, or the caller gave up in between.
    Broken,
}

struct EmbeddedSink {
    log: Arc<Log>,
    files: Arc<Files>,
    id: BlobId,
    small_limit: u64,
    written: Written,
}

fn broken() -> StoreError {
    StoreError::Io(io::Error::other("the write of this blob failed before"))
}

impl EmbeddedSink {
    fn start_file(&mut self, chunks: Vec<Bytes>) {
        let (files, id) = (self.files.clone(), self.id);
        self.written = Written::Writing(tokio::task::spawn_blocking(move || {
            let mut file = files.create(id)?;
            file.write(&chunks)?;
            Ok(file)
        }));
    }

    async fn append(&mut self, more: Vec<Bytes>) -> Result<()> {
        match &mut self.written {
            Written::Buffer { chunks, len } => {
                *len += more.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
                chunks.extend(more);
                if *len > self.small_limit {
                    let chunks = std::mem::take(chunks);
                    self.start_file(chunks);
                }
                Ok(())
            }
            Written::Writing(job) => {
                let finished = job.await;
                self.written = Written::Broken;
                let mut file = finished.map_err(io::Error::other)??;
                self.written = Written::Writing(tokio::task::spawn_blocking(move || {
                    file.write(&more)?;
                    Ok(file)
                }));
                Ok(())
            }
            Written::Broken => Err(broken()),
        }
    }
}

impl Sink for EmbeddedSink {
    fn append(&mut self, chunks: Vec<Bytes>) -> Answer<'_, Result<()>> {
        match &mut self.written {
            // The common case of a small body: no waiting.
            Written::Buffer {
                chunks: buffered,
                len,
            } if buffered.is_empty() => {
                let more = chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
                if more <= self.small_limit {
                    *len = more;
                    *buffered = chunks;
                    return Answer::now(Ok(()));
                }
                Answer::later(EmbeddedSink::append(self, chunks))
            }
            _ => Answer::later(EmbeddedSink::append(self, chunks)),
        }
    }

    fn seal(self: Box<Self>, len: u64, crc64: u64) -> Answer<'static, Result<Place>> {
        match self.written {
            Written::Buffer { chunks, .. } => match self.log.append(self.id, chunks, len, crc64) {
                Ok(answer) => {
                    Answer::later(async move { answer.await.unwrap_or(Err(StoreError::Closed)) })
                }
                Err(error) => Answer::now(Err(error)),
            },
            Written::Writing(job) => Answer::later(async move {
                let file = job.await.map_err(io::Error::other)??;
                on_pool(move || file.finish()).await?;
                Ok(Place::Own)
            }),
            Written::Broken => Answer::now(Err(broken())),
        }
    }
}

impl Blobs for EmbeddedBlobs {
    fn begin(&self, id: BlobId, size_hint: Option<u64>) -> Box<dyn Sink> {
        // A body that says it is large need not be gathered in memory first.
        let large = size_hint.is_some_and(|size| size > self.small_limit);
        Box::new(EmbeddedSink {
            log: self.log.clone(),
            files: self.files.clone(),
            id,
            small_limit: if large { 0 } else { self.small_limit },
            written: Written::Buffer {
                chunks: Vec::new(),
                len: 0,
            },
        })
    }

    fn read(&self, extent: Extent, range: Range<u64>) -> Answer<'static, Result<Option<Bytes>>> {
        let (file, (at, len)) = match extent.place {
            Place::Segment { segment, offset } => {
                (self.log.file(segment), entry_span(&extent, offset, &range))
            }
            Place::Own => (
                self.files.open(extent.id),
                (range.start, range.end - range.start),
            ),
        };
        let file = match file {
            Ok(Some(file)) => file,
            Ok(None) => return Answer::now(Ok(None)),
            Err(error) => return Answer::now(Err(error)),
        };
        let Ok(size) = usize::try_from(len) else {
            return Answer::now(Err(StoreError::Corrupt(format!(
                "blob {}: size",
                extent.id
            ))));
        };
        let verify = move |read: io::Result<Bytes>| {
            let bytes = read.map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    StoreError::Corrupt(format!("blob {}: its file is shorter", extent.id))
                }
                _ => StoreError::Io(error),
            })?;
            match extent.place {
                Place::Segment { .. } => entry_data(&extent, &range, bytes),
                Place::Own => file_data(&extent, &range, bytes),
            }
            .map(Some)
        };
        if len <= INLINE {
            return Answer::now(verify(read_at(&file, at, size).map(Bytes::from)));
        }
        let reading = Reading::begin(&self.buffers, file, at, size);
        match reading.is_ready() {
            true => Answer::now(verify(reading.finish())),
            false => on_pool(move || verify(reading.finish())),
        }
    }

    fn delete(&self, id: BlobId, place: Place) -> Answer<'static, Result<u64>> {
        match place {
            Place::Own => {
                let files = self.files.clone();
                on_pool(move || files.delete(id))
            }
            Place::Segment { .. } => Answer::now(Ok(0)),
        }
    }

    fn footprint(&self, place: Place, len: u64) -> Option<(u64, u64)> {
        match place {
            Place::Own => None,
            Place::Segment { segment, .. } => Some((segment, entry_bytes(len))),
        }
    }

    fn owned(&self) -> Answer<'_, Result<Vec<BlobId>>> {
        let files = self.files.clone();
        on_pool(move || {
            let mut ids = Vec::new();
            for shard in 0..=255 {
                ids.extend(files.list(shard)?);
            }
            Ok(ids)
        })
    }

    fn sweep<'a>(&'a self, ledger: &'a dyn Ledger) -> Answer<'a, Result<u64>> {
        Answer::later(super::gc::sweep(self, ledger))
    }

    fn close(&self) {
        self.log.close();
    }
}
