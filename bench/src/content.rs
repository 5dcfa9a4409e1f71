//! Bodies whose every byte is known beforehand.

use bytes::Bytes;
use md5::{Digest, Md5};
use std::fmt::Write;

/// Bytes of one object and the ETag that a store must give them.
#[derive(Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Bytes,
    /// Upper-case hex of their MD5, with quotes.
    pub etag: String,
}

impl Content {
    /// `size` bytes that do not compress, the same for the same `seed`, different for every other.
    pub fn generate(seed: u64, size: usize) -> Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = Vec::with_capacity(size + 8);
        while bytes.len() < size {
            // splitmix64: one step mixes well enough that neighbouring seeds share nothing.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
        }
        bytes.truncate(size);
        let mut etag = String::with_capacity(34);
        etag.push('"');
        for byte in Md5::digest(&bytes) {
            // Writing to a String cannot fail.
            let _ = write!(etag, "{byte:02X}");
        }
        etag.push('"');
        Self {
            bytes: bytes.into(),
            etag,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_reproducible_and_distinct() {
        let a = Content::generate(1, 4099);
        assert_eq!(a.bytes.len(), 4099);
        assert_eq!(a.bytes, Content::generate(1, 4099).bytes);
        assert_ne!(a.bytes, Content::generate(2, 4099).bytes);
        assert_ne!(a.etag, Content::generate(2, 4099).etag);
    }

    #[test]
    fn etag_is_the_quoted_md5() {
        assert_eq!(
            Content::generate(9, 0).etag,
            "\"D41D8CD98F00B204E9800998ECF8427E\""
        );
    }
}
