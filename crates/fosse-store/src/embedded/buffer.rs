//! Reads of hundreds of kilobytes: into memory that is used again, and at once when the page cache has the bytes.
//!
//! Fresh memory of this size costs a page fault every 4 KiB, about as much as copying into it; and a hop to the
//! blocking pool costs two switches of threads, which only a read that really waits for the disk is worth.

use bytes::Bytes;
use parking_lot::Mutex;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Sizes of buffers are multiples of this, so that a body that stays in a cache wastes little.
const STEP: usize = 128 << 10;
/// Room for an entry's header beside a body whose size is a multiple.
const SPARE: usize = 64;
/// Memory kept for later.
const KEEP_BYTES: usize = 16 << 20;

/// Buffers that wait to be used again.
#[derive(Default)]
pub(crate) struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

/// A buffer that goes back when the last [`Bytes`] of it is dropped.
struct Lent {
    buffer: Vec<u8>,
    shown: Range<usize>,
    home: Arc<Buffers>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(self.shown.clone()).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut free = self.home.free.lock();
        if free.iter().map(Vec::len).sum::<usize>() + buffer.len() <= KEEP_BYTES {
            free.push(buffer);
        }
    }
}

impl Buffers {
    fn take(&self, len: usize) -> Vec<u8> {
        let size = len.saturating_sub(SPARE).next_multiple_of(STEP) + SPARE;
        let mut free = self.free.lock();
        let found = free.iter().rposition(|buffer| buffer.len() == size);
        match found {
            Some(at) => free.swap_remove(at),
            None => {
                drop(free);
                vec![0; size]
            }
        }
    }
}

/// A read that may be done already.
pub(crate) struct Reading {
    file: Arc<File>,
    offset: u64,
    len: usize,
    filled: usize,
    buffer: Vec<u8>,
    home: Arc<Buffers>,
}

impl Reading {
    /// Begins to read `len` bytes and takes what needs no waiting.
    pub(crate) fn begin(home: &Arc<Buffers>, file: Arc<File>, offset: u64, len: usize) -> Self {
        let buffer = home.take(len);
        let mut reading = Reading {
            file,
            offset,
            len,
            filled: 0,
            buffer,
            home: home.clone(),
        };
        reading.read_ready();
        reading
    }

    #[cfg(target_os = "linux")]
    fn read_ready(&mut self) {
        use rustix::io::{ReadWriteFlags, preadv2};
        while let Some(rest) = self
            .buffer
            .get_mut(self.filled..self.len)
            .filter(|rest| !rest.is_empty())
        {
            let at = self.offset + self.filled as u64;
            match preadv2(
                &self.file,
                &mut [IoSliceMut::new(rest)],
                at,
                ReadWriteFlags::NOWAIT,
            ) {
                Ok(more) if more > 0 => self.filled += more,
                // Not in memory, or a file system that cannot tell: the pool reads the rest, and meets the
                // end of the file or the error again.
                _ => return,
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn read_ready(&mut self) {
        let _: Option<IoSliceMut<'_>> = None;
    }

    /// Whether [`Reading::finish`] will not wait.
    pub(crate) fn is_ready(&self) -> bool {
        self.filled == self.len
    }

    /// Reads what is missing; blocks.
    pub(crate) fn finish(mut self) -> io::Result<Bytes> {
        if let Some(rest) = self.buffer.get_mut(self.filled..self.len) {
            self.file
                .read_exact_at(rest, self.offset + self.filled as u64)?;
        }
        Ok(Bytes::from_owner(Lent {
            buffer: self.buffer,
            shown: 0..self.len,
            home: self.home,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_file_whoever_used_the_buffer_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let content: Vec<u8> = (0..2_000_000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        std::fs::write(&path, &content).unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        let home = Arc::new(Buffers::default());
        for (at, len) in [
            (0, 1_000_000),
            (5, 999_990),
            (1_000_000, 1_000_000),
            (7, 131_073),
            (0, 1),
        ] {
            let got = Reading::begin(&home, file.clone(), at as u64, len)
                .finish()
                .unwrap();
            let slice = got.slice(1.min(len - 1)..);
            drop(got);
            assert_eq!(slice, content[at + 1.min(len - 1)..at + len]);
        }
        let kept = home.free.lock().len();
        assert!((1..=5).contains(&kept), "{kept}");
        let beyond = Reading::begin(&home, file, 1_999_999, 2);
        assert!(!beyond.is_ready());
        assert_eq!(
            beyond.finish().unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn no_more_is_kept_than_is_worth_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, vec![1; 1 << 20]).unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        let home = Arc::new(Buffers::default());
        let read = || {
            Reading::begin(&home, file.clone(), 0, 1 << 20)
                .finish()
                .unwrap()
        };
        let all: Vec<_> = (0..40).map(|_| read()).collect();
        drop(all);
        assert_eq!(home.free.lock().len(), 15);
    }
}
