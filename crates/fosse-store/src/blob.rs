//! The blob seam: immutable byte strings, addressed by id. It knows no names and no objects.

use crate::error::Result;
use crate::meta::Answer;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// Names a blob or a manifest for ever: the number of the opening of the store that made it, and a number within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlobId {
    /// Which opening of the store.
    pub boot: u64,
    /// Which blob of it.
    pub sequence: u64,
}

impl BlobId {
    /// Sixteen bytes whose order is the order of creation.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.boot) << 64 | u128::from(self.sequence)).to_be_bytes()
    }

    /// From those bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(bytes);
        BlobId {
            boot: (number >> 64) as u64,
            sequence: number as u64,
        }
    }

    /// From the 32 lower-case hex digits of [`Display`](fmt::Display).
    pub fn parse(text: &str) -> Option<Self> {
        let plain =
            text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = if plain {
            u128::from_str_radix(text, 16).ok()?
        } else {
            return None;
        };
        Some(Self::from_bytes(number.to_be_bytes()))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.boot, self.sequence)
    }
}

/// Where an engine put a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// By its id alone: a file of its own, an entry of a map, an object of a remote store.
    Own,
    /// Among others in a group that is rewritten when much of it is dead.
    Segment {
        /// Number of the segment.
        segment: u64,
        /// Where its entry begins, in bytes.
        offset: u64,
    },
}

/// A blob as a body names it. The place is a hint: compaction may have moved the blob since, and then the
/// blob's record knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// Which blob.
    pub id: BlobId,
    /// Where it was when the body was written.
    pub place: Place,
    /// Bytes.
    pub len: u64,
    /// CRC-64/XZ of the bytes.
    pub crc64: u64,
}

/// A blob on its way in. Dropping it discards what was written.
pub trait Sink: Send {
    /// Takes more bytes; answers when the engine is ready for the next ones, which may be before they are written.
    fn append(&mut self, chunks: Vec<Bytes>) -> Answer<'_, Result<()>>;

    /// Makes everything durable and says where it is. `len` and `crc64` are those of all bytes taken.
    fn seal(self: Box<Self>, len: u64, crc64: u64) -> Answer<'static, Result<Place>>;
}

/// What the metadata knows of blobs, as the sweep of an engine needs it.
pub trait Ledger: Send + Sync {
    /// Whether a writer in this process still holds the blob. Ask this before [`Ledger::place`]: the record
    /// appears before the writer lets go.
    fn pending(&self, id: BlobId) -> bool;
    /// Where the blob is according to its record; `None` when no body names it.
    fn place(&self, id: BlobId) -> Answer<'_, Result<Option<Place>>>;
    /// Whether the blob is queued for removal already.
    fn doomed(&self, id: BlobId) -> Answer<'_, Result<bool>>;
    /// Bytes in a segment that records name.
    fn live_bytes(&self, segment: u64) -> Answer<'_, Result<u64>>;
    /// Points the record of a blob from one place to another; `false` when it was no longer at `from`.
    fn relocate(&self, id: BlobId, from: Place, to: Place) -> Answer<'_, Result<bool>>;
    /// Forgets the counter of a segment; `false` when the segment has live bytes.
    fn retire(&self, segment: u64) -> Answer<'_, Result<bool>>;
}

/// Immutable byte strings. `contract::blobs` is the suite every engine passes.
pub trait Blobs: Send + Sync + 'static {
    /// Begins a blob. `size_hint` is its size when known; it may be wrong.
    fn begin(&self, id: BlobId, size_hint: Option<u64>) -> Box<dyn Sink>;

    /// Bytes `range` of a blob, which must lie within `0..extent.len`; `None` when the blob is not at its place.
    /// Meant for pieces of at most a mebibyte or two. A read of the whole blob is verified against `crc64`.
    fn read(&self, extent: Extent, range: Range<u64>) -> Answer<'static, Result<Option<Bytes>>>;

    /// Drops a blob that nothing names any more; no error when it is gone. Returns the bytes freed at once.
    fn delete(&self, id: BlobId, place: Place) -> Answer<'static, Result<u64>>;

    /// Bytes that a blob of `len` takes in the segment of `place`, or `None` when the place is not shared:
    /// what the counters of segments add up.
    fn footprint(&self, place: Place, len: u64) -> Option<(u64, u64)> {
        let _ = (place, len);
        None
    }

    /// Every blob with a [`Place::Own`], in no order.
    fn owned(&self) -> Answer<'_, Result<Vec<BlobId>>>;

    /// Removes what no record names and rewrites segments that are mostly dead. Returns bytes freed.
    fn sweep<'a>(&'a self, ledger: &'a dyn Ledger) -> Answer<'a, Result<u64>>;

    /// Stops writing; blocks until what is queued is done.
    fn close(&self);
}
