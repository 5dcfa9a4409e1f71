//! The bytes of a segment: a header, then entries one after the other. See `docs/format.md`.

use crate::blob::BlobId;
use crc_fast::CrcAlgorithm;

/// Bytes before the first entry.
pub(crate) const SEGMENT_HEADER: u64 = 32;
/// Bytes before the data of an entry.
pub(crate) const ENTRY_HEADER: u64 = 48;

const SEGMENT_MAGIC: &[u8; 8] = b"FOSSESEG";
const ENTRY_MAGIC: &[u8; 4] = b"FsEn";
const VERSION: u8 = 1;

/// Bytes an entry of `len` data bytes takes: entries begin at multiples of eight.
pub(crate) fn entry_bytes(len: u64) -> u64 {
    (ENTRY_HEADER + len).next_multiple_of(8)
}

fn checksum(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Xz, bytes)
}

/// The first bytes of a segment.
pub(crate) fn segment_header(number: u64) -> [u8; SEGMENT_HEADER as usize] {
    let mut out = [0; SEGMENT_HEADER as usize];
    out[..8].copy_from_slice(SEGMENT_MAGIC);
    out[8] = VERSION;
    out[16..24].copy_from_slice(&number.to_le_bytes());
    let sum = checksum(&out[..24]);
    out[24..].copy_from_slice(&sum.to_le_bytes());
    out
}

/// Whether these are the first bytes of segment `number`.
pub(crate) fn is_segment_header(bytes: &[u8], number: u64) -> bool {
    bytes == segment_header(number)
}

/// What stands before the data of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryHeader {
    pub(crate) id: BlobId,
    pub(crate) len: u64,
    /// CRC-64/XZ of the data.
    pub(crate) crc64: u64,
}

impl EntryHeader {
    pub(crate) fn encode(&self) -> [u8; ENTRY_HEADER as usize] {
        let mut out = [0; ENTRY_HEADER as usize];
        out[..4].copy_from_slice(ENTRY_MAGIC);
        out[4] = VERSION;
        out[8..24].copy_from_slice(&self.id.to_bytes());
        out[24..32].copy_from_slice(&self.len.to_le_bytes());
        out[32..40].copy_from_slice(&self.crc64.to_le_bytes());
        let sum = checksum(&out[..40]);
        out[40..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// `None` when the bytes are not a header as it was written.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<{ ENTRY_HEADER as usize }>()?;
        let id = BlobId::from_bytes(*bytes[8..].first_chunk()?);
        let len = u64::from_le_bytes(*bytes[24..].first_chunk()?);
        let crc64 = u64::from_le_bytes(*bytes[32..].first_chunk()?);
        let header = EntryHeader { id, len, crc64 };
        // Everything of a header is determined by these three, magic, version and checksum included.
        (header.encode() == *bytes).then_some(header)
    }

    /// Whether `data` is what was written under this header.
    pub(crate) fn matches(&self, data: &[u8]) -> bool {
        data.len() as u64 == self.len && checksum(data) == self.crc64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> impl Strategy<Value = EntryHeader> {
        (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()).prop_map(
            |(boot, sequence, len, crc64)| EntryHeader {
                id: BlobId { boot, sequence },
                len,
                crc64,
            },
        )
    }

    proptest! {
        #[test]
        fn headers_read_back(header in header()) {
            prop_assert_eq!(EntryHeader::decode(&header.encode()), Some(header));
        }

        #[test]
        fn a_changed_bit_is_noticed(header in header(), bit in 0usize..48 * 8) {
            let mut bytes = header.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(EntryHeader::decode(&bytes), None);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = EntryHeader::decode(&bytes);
            prop_assert!(!is_segment_header(&bytes, 1));
        }
    }

    #[test]
    fn entries_are_aligned() {
        assert_eq!(entry_bytes(0), 48);
        assert_eq!(entry_bytes(1), 56);
        assert_eq!(entry_bytes(8), 56);
        assert!(is_segment_header(&segment_header(7), 7));
        assert!(!is_segment_header(&segment_header(7), 8));
    }
}
