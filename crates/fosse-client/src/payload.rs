//! Request bodies: hashed on the way out, watched for silence, and sent again when their source allows it.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};
use hyper::body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeekExt as _, ReadBuf};

use crate::error::{Error, Result};

/// Bytes read from a source at once.
const CHUNK: usize = 128 * 1024;

/// What a request carries.
pub enum Payload {
    /// Bytes in memory; empty for no body.
    Bytes(Bytes),
    /// Part of a file, read while it is sent.
    File {
        /// The file.
        path: PathBuf,
        /// First byte.
        offset: u64,
        /// Number of bytes; the file must hold them.
        length: u64,
    },
    /// A source that can be read once. Without `length` the body goes out chunked.
    Reader {
        /// The source.
        reader: Box<dyn AsyncRead + Send + Unpin>,
        /// Number of bytes, when known.
        length: Option<u64>,
    },
}

impl Payload {
    /// No body.
    pub fn empty() -> Self {
        Self::Bytes(Bytes::new())
    }

    /// Whether it is known to have no bytes.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::File { length, .. } => *length == 0,
            Self::Reader { length, .. } => *length == Some(0),
        }
    }

    /// Whether it can be sent again after a failure.
    pub(crate) fn replayable(&self) -> bool {
        !matches!(self, Self::Reader { .. })
    }

    /// Opens it for one attempt. A [`Payload::Reader`] is empty afterwards.
    pub(crate) async fn open(&mut self, progress: Arc<Progress>) -> Result<Outgoing> {
        let (source, remaining) = match self {
            Self::Bytes(bytes) => (Source::Bytes(bytes.clone()), Some(bytes.len() as u64)),
            Self::File {
                path,
                offset,
                length,
            } => {
                let fail = |doing, source| Error::File {
                    doing,
                    path: path.clone(),
                    source,
                };
                let mut file = File::open(&*path)
                    .await
                    .map_err(|error| fail("open", error))?;
                file.set_max_buf_size(CHUNK);
                if *offset > 0 {
                    file.seek(io::SeekFrom::Start(*offset))
                        .await
                        .map_err(|error| fail("read", error))?;
                }
                (Source::Reader(Box::new(file)), Some(*length))
            }
            Self::Reader { reader, length } => {
                let reader = std::mem::replace(reader, Box::new(tokio::io::empty()));
                (Source::Reader(reader), *length)
            }
        };
        Ok(Outgoing {
            source,
            remaining,
            buffer: Vec::new(),
            pause: None,
            progress,
        })
    }
}

/// What is known about a body while it is on its way.
pub(crate) struct Progress {
    started: Instant,
    /// Milliseconds after `started` when bytes last moved.
    moved_ms: AtomicU64,
    crc: Mutex<Digest>,
    fault: Mutex<Option<io::Error>>,
}

impl Progress {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            moved_ms: AtomicU64::new(0),
            crc: Mutex::new(Digest::new(CrcAlgorithm::Crc64Xz)),
            fault: Mutex::new(None),
        })
    }

    /// Time since bytes last moved.
    pub(crate) fn silence(&self) -> std::time::Duration {
        let moved = std::time::Duration::from_millis(self.moved_ms.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(moved)
    }

    /// CRC-64 of what went out.
    pub(crate) fn crc64(&self) -> u64 {
        self.crc
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .finalize()
    }

    /// The error of the source, when that is what ended the body.
    pub(crate) fn take_fault(&self) -> Option<io::Error> {
        self.fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn moved(&self, bytes: &[u8]) {
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_ms.store(ms, Ordering::Relaxed);
        self.crc
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(bytes);
    }

    fn fail(&self, error: io::Error) -> io::Error {
        let copy = io::Error::new(error.kind(), error.to_string());
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        copy
    }
}

enum Source {
    Bytes(Bytes),
    Reader(Box<dyn AsyncRead + Send + Unpin>),
}

/// A body on its way out.
pub(crate) struct Outgoing {
    source: Source,
    /// Bytes still to come; `None` when nobody knows.
    remaining: Option<u64>,
    buffer: Vec<u8>,
    /// Bytes in memory are always ready. Between two pieces the runtime looks for what has arrived, or the
    /// connection would write all of them before it reads that the server has refused.
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    progress: Arc<Progress>,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.remaining == Some(0) {
            return Poll::Ready(None);
        }
        if let Some(pause) = &mut this.pause {
            match pause.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => this.pause = None,
            }
        }
        let chunk = match &mut this.source {
            Source::Bytes(bytes) => {
                this.pause = Some(Box::pin(tokio::task::yield_now()));
                bytes.split_to(bytes.len().min(CHUNK))
            }
            Source::Reader(reader) => {
                let want = this.remaining.map_or(CHUNK, |left| {
                    usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)
                });
                this.buffer.resize(want, 0);
                let mut read = ReadBuf::new(&mut this.buffer);
                match Pin::new(reader).poll_read(context, &mut read) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => {
                        return Poll::Ready(Some(Err(this.progress.fail(error))));
                    }
                    Poll::Ready(Ok(())) => {}
                }
                Bytes::copy_from_slice(read.filled())
            }
        };
        if chunk.is_empty() {
            return match this.remaining {
                None => Poll::Ready(None),
                Some(_) => {
                    let error = io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the source ended before its announced length",
                    );
                    Poll::Ready(Some(Err(this.progress.fail(error))))
                }
            };
        }
        if let Some(left) = &mut this.remaining {
            *left -= chunk.len() as u64;
        }
        this.progress.moved(&chunk);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        match self.remaining {
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Payload, Progress};
    use crate::crc64;
    use http_body_util::BodyExt as _;

    async fn collect(mut payload: Payload) -> (std::io::Result<Vec<u8>>, u64) {
        let progress = Progress::new();
        let body = payload.open(progress.clone()).await.unwrap();
        let bytes = body.collect().await.map(|all| all.to_bytes().to_vec());
        (bytes, progress.crc64())
    }

    #[tokio::test]
    async fn a_slice_of_a_file_is_sent_and_hashed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let (bytes, crc) = collect(Payload::File {
            path: path.clone(),
            offset: 1000,
            length: 200_000,
        })
        .await;
        assert_eq!(bytes.unwrap(), content[1000..201_000]);
        assert_eq!(crc, crc64(&content[1000..201_000]));
        let (bytes, _) = collect(Payload::File {
            path,
            offset: 0,
            length: 300_001,
        })
        .await;
        assert_eq!(bytes.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn a_reader_of_unknown_length_ends_where_it_ends() {
        let reader = Box::new(std::io::Cursor::new(b"hello".to_vec()));
        let (bytes, crc) = collect(Payload::Reader {
            reader,
            length: None,
        })
        .await;
        assert_eq!(bytes.unwrap(), b"hello");
        assert_eq!(crc, crc64(b"hello"));
        assert_eq!(crc64(b"123456789"), 0x995D_C9BB_DF19_39FA);
    }
}
