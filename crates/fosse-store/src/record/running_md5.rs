//! MD5 of bytes that come in several requests, as it is kept between them.

use md5::digest::common::hazmat::{SerializableState, SerializedState};
use md5::{Digest, Md5};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Bytes of the stored form: the state (16), whole blocks so far (8, little-endian), bytes of the block begun (1), the
/// block begun (63). The test pins it, because the library promises it within a minor version only.
const STORED: usize = 88;

/// MD5 of everything until now.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunningMd5([u8; STORED]);

impl RunningMd5 {
    /// What `digest` has taken so far.
    pub(crate) fn of(digest: &Md5) -> Self {
        RunningMd5(digest.serialize().into())
    }

    /// The digest, to go on with. `None` when the stored form is damaged.
    pub(crate) fn resume(&self) -> Option<Md5> {
        Md5::deserialize(&SerializedState::<Md5>::from(self.0)).ok()
    }

    /// The MD5 of everything. `None` when the stored form is damaged.
    pub(crate) fn finish(&self) -> Option<[u8; 16]> {
        self.resume().map(|digest| digest.finalize().into())
    }
}

impl Default for RunningMd5 {
    fn default() -> Self {
        RunningMd5::of(&Md5::new())
    }
}

impl fmt::Debug for RunningMd5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunningMd5")
    }
}

impl Serialize for RunningMd5 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RunningMd5 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Vec::<u8>::deserialize(deserializer)?;
        let wrong = |stored: Vec<u8>| serde::de::Error::invalid_length(stored.len(), &"88 bytes");
        let stored = RunningMd5(stored.try_into().map_err(wrong)?);
        match stored.resume() {
            Some(_) => Ok(stored),
            None => Err(serde::de::Error::custom("not the state of an MD5")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_goes_on_where_it_was() {
        let bytes: Vec<u8> = (0..1000u32).map(|at| (at * 7) as u8).collect();
        for cut in [0, 1, 55, 63, 64, 65, 128, 999, 1000] {
            let mut first = Md5::new();
            first.update(&bytes[..cut]);
            let stored = postcard::to_allocvec(&RunningMd5::of(&first)).unwrap();
            let kept: RunningMd5 = postcard::from_bytes(&stored).unwrap();
            let mut rest = kept.resume().unwrap();
            rest.update(&bytes[cut..]);
            assert_eq!(rest.finalize(), Md5::digest(&bytes), "{cut}");
        }
        let nothing = RunningMd5::default().finish();
        assert_eq!(nothing, Some(Md5::digest(b"").into()));
    }

    /// Another version of the library must read what this one has stored.
    #[test]
    fn the_stored_form_is_known() {
        let mut digest = Md5::new();
        digest.update([b'a'; 67]);
        let stored = RunningMd5::of(&digest).0;
        let state = [
            0x56, 0xff, 0xd4, 0x89, 0x62, 0xd9, 0x5c, 0x12, 0x33, 0xde, 0xca, 0x69, 0x25, 0xe3,
            0x33, 0x00,
        ];
        assert_eq!(stored[..16], state);
        assert_eq!(stored[16..24], 1u64.to_le_bytes());
        assert_eq!(stored[24..28], [3, b'a', b'a', b'a']);
        assert_eq!(stored[28..], [0; 60]);
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let mut stored = postcard::to_allocvec(&RunningMd5::default()).unwrap();
        // A block begun that is longer than a block.
        stored[25] = 64;
        assert!(postcard::from_bytes::<RunningMd5>(&stored).is_err());
        assert!(postcard::from_bytes::<RunningMd5>(&stored[..40]).is_err());
        assert!(postcard::from_bytes::<RunningMd5>(&[3, 1, 2, 3]).is_err());
    }
}
