//! Small bodies: appended to the current segment by one thread, a group of writers per sync.

use super::Sync;
use super::directory::sync_dir;
use super::segment::{
    ENTRY_HEADER, EntryHeader, SEGMENT_HEADER, entry_bytes, is_segment_header, segment_header,
};
use crate::blob::{BlobId, Extent, Place};
use crate::error::{Result, StoreError};
use crate::store::garbage::GRACE;
use crate::store::state::Health;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use quick_cache::sync::Cache;
use rustix::buffer::spare_capacity;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// A segment is closed when it has this many bytes.
pub(crate) const SEGMENT_BYTES: u64 = 256 << 20;
/// Most bytes behind one sync: bounds memory, and how long the first of a group waits.
const GROUP_BYTES: usize = 8 << 20;
const GROUP: usize = 512;
/// Segment files kept open for reading.
const OPEN_FILES: usize = 256;

pub(crate) struct Append {
    pub(crate) id: BlobId,
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) len: u64,
    pub(crate) crc64: u64,
    pub(crate) reply: oneshot::Sender<Result<Place>>,
}

/// The segments of a data directory.
pub(crate) struct Log {
    folder: PathBuf,
    health: Health,
    queue: RwLock<Option<mpsc::Sender<Append>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Number of the segment being written; those below are complete.
    current: Arc<AtomicU64>,
    /// The first number of this opening.
    pub(crate) first: u64,
    segment_bytes: u64,
    files: Cache<u64, Arc<File>>,
    /// Removed segments, readable a little longer for who looked up a body before.
    retired: Mutex<HashMap<u64, (Arc<File>, Instant)>>,
}

fn file_name(number: u64) -> String {
    format!("{number:016x}.seg")
}

/// Reads exactly `len` bytes into fresh memory that is not cleared before.
pub(crate) fn read_at(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        // `with_capacity` may give more than was asked for; what lies behind is read but not kept.
        let at = offset + out.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut out), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    out.truncate(len);
    Ok(out)
}

impl Log {
    pub(crate) fn open(
        folder: PathBuf,
        health: Health,
        sync: Sync,
        segment_bytes: u64,
    ) -> Result<Self> {
        let first = numbers(&folder)?.last().map_or(1, |last| last + 1);
        let current = Arc::new(AtomicU64::new(first));
        let (sender, receiver) = mpsc::channel();
        let mut writer = Writer {
            folder: folder.clone(),
            health: health.clone(),
            sync,
            segment_bytes,
            next: first,
            current: current.clone(),
            open: None,
            buffer: Vec::new(),
        };
        let writer = std::thread::Builder::new()
            .name("fosse-segment".into())
            .spawn(move || writer.write_until_closed(&receiver))?;
        Ok(Log {
            folder,
            health,
            queue: RwLock::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
            current,
            first,
            segment_bytes,
            files: Cache::new(OPEN_FILES),
            retired: Mutex::default(),
        })
    }

    /// Queues an entry; the answer comes when it is durable.
    pub(crate) fn append(
        &self,
        id: BlobId,
        chunks: Vec<Bytes>,
        len: u64,
        crc64: u64,
    ) -> Result<oneshot::Receiver<Result<Place>>> {
        self.health.check()?;
        let (reply, answer) = oneshot::channel();
        match &*self.queue.read() {
            Some(queue) => {
                let append = Append {
                    id,
                    chunks,
                    len,
                    crc64,
                    reply,
                };
                queue.send(append).map_err(|_| StoreError::Closed)?;
                Ok(answer)
            }
            None => Err(StoreError::Closed),
        }
    }

    /// A segment for reading; `None` when there is none of this number.
    pub(crate) fn file(&self, number: u64) -> Result<Option<Arc<File>>> {
        if let Some(file) = self.files.get(&number) {
            return Ok(Some(file));
        }
        if let Some((file, _)) = self.retired.lock().get(&number) {
            return Ok(Some(file.clone()));
        }
        match File::open(self.path(number)) {
            Ok(file) => {
                let file = Arc::new(file);
                self.files.insert(number, file.clone());
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn path(&self, number: u64) -> PathBuf {
        self.folder.join(file_name(number))
    }

    /// Complete segments, ascending.
    pub(crate) fn complete(&self) -> Result<Vec<u64>> {
        let current = self.current.load(Ordering::Acquire);
        let mut complete = numbers(&self.folder)?;
        complete.retain(|number| *number < current);
        Ok(complete)
    }

    pub(crate) fn segment_bytes(&self) -> u64 {
        self.segment_bytes
    }

    /// Removes a segment that nothing names any more.
    pub(crate) fn remove(&self, number: u64) -> Result<()> {
        if let Some(file) = self.file(number)? {
            self.retired.lock().insert(number, (file, Instant::now()));
        }
        self.files.remove(&number);
        match fs::remove_file(self.path(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Lets go of segments that were removed long ago.
    pub(crate) fn forget_retired(&self) {
        self.retired
            .lock()
            .retain(|_, (_, when)| when.elapsed() < GRACE);
    }

    pub(crate) fn close(&self) {
        self.queue.write().take();
        if let Some(writer) = self.writer.lock().take() {
            let _ = writer.join();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}

/// Where in its segment the bytes are that a read of an entry needs: all of it, header included, or a range of the
/// data alone.
pub(crate) fn entry_span(extent: &Extent, offset: u64, range: &Range<u64>) -> (u64, u64) {
    if *range == (0..extent.len) {
        (offset, ENTRY_HEADER + extent.len)
    } else {
        (offset + ENTRY_HEADER + range.start, range.end - range.start)
    }
}

/// The data out of what [`entry_span`] asked for; verified when it is all of it.
pub(crate) fn entry_data(extent: &Extent, range: &Range<u64>, bytes: Bytes) -> Result<Bytes> {
    if *range != (0..extent.len) {
        return Ok(bytes);
    }
    let damaged = |what: &str| StoreError::Corrupt(format!("blob {}: {what}", extent.id));
    let header = EntryHeader::decode(&bytes).filter(|header| header.id == extent.id);
    let header = header.ok_or_else(|| damaged("another entry is at its place"))?;
    let data = bytes.slice(ENTRY_HEADER as usize..);
    if header.matches(&data) {
        Ok(data)
    } else {
        Err(damaged("checksum"))
    }
}

/// Numbers of the segment files in a folder, ascending.
fn numbers(folder: &Path) -> Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".seg"));
        if let Some(number) = stem.and_then(|stem| u64::from_str_radix(stem, 16).ok()) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Walks the entries of a segment from its beginning.
pub(crate) struct Entries {
    file: Arc<File>,
    pub(crate) end: u64,
    offset: u64,
}

impl Entries {
    /// `None` when the segment does not begin as one.
    pub(crate) fn new(file: Arc<File>, number: u64) -> Result<Option<Self>> {
        let end = file.metadata()?.len();
        if end < SEGMENT_HEADER
            || !is_segment_header(&read_at(&file, 0, SEGMENT_HEADER as usize)?, number)
        {
            return Ok(None);
        }
        Ok(Some(Entries {
            file,
            end,
            offset: SEGMENT_HEADER,
        }))
    }

    /// The next entry and where it begins; `None` at the end, or where something is that is no entry.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, EntryHeader)>> {
        if self.end - self.offset < ENTRY_HEADER {
            return Ok(None);
        }
        let header = read_at(&self.file, self.offset, ENTRY_HEADER as usize)?;
        let Some(header) = EntryHeader::decode(&header) else {
            return Ok(None);
        };
        if header.len > self.end - self.offset - ENTRY_HEADER {
            return Ok(None);
        }
        let offset = self.offset;
        self.offset = (offset + entry_bytes(header.len)).min(self.end);
        Ok(Some((offset, header)))
    }

    /// Whether everything up to the end of the file was entries.
    pub(crate) fn at_end(&self) -> bool {
        self.offset == self.end
    }

    /// The data of an entry, verified; `None` when it is damaged.
    pub(crate) fn data(&self, offset: u64, header: &EntryHeader) -> Result<Option<Bytes>> {
        let Ok(len) = usize::try_from(header.len) else {
            return Ok(None);
        };
        let data = read_at(&self.file, offset + ENTRY_HEADER, len)?;
        Ok(header.matches(&data).then(|| Bytes::from(data)))
    }
}

struct Writer {
    folder: PathBuf,
    health: Health,
    sync: Sync,
    segment_bytes: u64,
    next: u64,
    current: Arc<AtomicU64>,
    /// Number, file and end of the segment being written.
    open: Option<(u64, File, u64)>,
    buffer: Vec<u8>,
}

impl Writer {
    fn write_until_closed(&mut self, queue: &mpsc::Receiver<Append>) {
        let mut group = Vec::new();
        while let Ok(first) = queue.recv() {
            let mut bytes = first.len as usize;
            group.push(first);
            while group.len() < GROUP
                && bytes < GROUP_BYTES
                && let Ok(next) = queue.try_recv()
            {
                bytes += next.len as usize;
                group.push(next);
            }
            self.write_group(&mut group);
        }
    }

    fn write_group(&mut self, group: &mut Vec<Append>) {
        let written = self.health.check().and_then(|()| self.write(group));
        match written {
            Ok(places) => {
                for (append, place) in group.drain(..).zip(places) {
                    let _ = append.reply.send(Ok(place));
                }
            }
            Err(error) => {
                let poisoned = self.health.reason();
                let kind = match &error {
                    StoreError::Io(error) => error.kind(),
                    _ => io::ErrorKind::Other,
                };
                for append in group.drain(..) {
                    let error = match &poisoned {
                        Some(reason) => StoreError::Poisoned(reason.clone()),
                        None => StoreError::Io(io::Error::new(kind, error.to_string())),
                    };
                    let _ = append.reply.send(Err(error));
                }
            }
        }
    }

    fn write(&mut self, group: &[Append]) -> Result<Vec<Place>> {
        let (segment, file, start) = self.segment()?;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut places = Vec::with_capacity(group.len());
        for append in group {
            let Append {
                id,
                chunks,
                len,
                crc64,
                ..
            } = append;
            places.push(Place::Segment {
                segment,
                offset: start + buffer.len() as u64,
            });
            buffer.extend_from_slice(
                &EntryHeader {
                    id: *id,
                    len: *len,
                    crc64: *crc64,
                }
                .encode(),
            );
            chunks
                .iter()
                .for_each(|chunk| buffer.extend_from_slice(chunk));
            buffer.resize(buffer.len().next_multiple_of(8), 0);
        }
        let end = start + buffer.len() as u64;
        // After a write that failed, for want of room say, this segment is not written further.
        file.write_all_at(&buffer, start)?;
        if let Err(error) = (self.sync)(&file) {
            return Err(self.health.poison(format_args!(
                "segment {segment} could not be synced: {error}"
            )));
        }
        if buffer.capacity() <= 2 * GROUP_BYTES {
            self.buffer = buffer;
        }
        if end < self.segment_bytes {
            self.open = Some((segment, file, end));
        } else {
            self.current.store(self.next, Ordering::Release);
        }
        Ok(places)
    }

    /// The segment to write to. It is put back only when the write succeeded.
    fn segment(&mut self) -> Result<(u64, File, u64)> {
        if let Some(open) = self.open.take() {
            return Ok(open);
        }
        let number = self.next;
        self.next += 1;
        self.current.store(number, Ordering::Release);
        let path = self.folder.join(file_name(number));
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all_at(&segment_header(number), 0)?;
        sync_dir(&self.folder)?;
        Ok((number, file, SEGMENT_HEADER))
    }
}
