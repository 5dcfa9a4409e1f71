//! Server-side encryption of bodies at rest.
//!
//! An object (or upload) has a random data key, sealed by the master keys and kept in its record. Each blob of it is
//! encrypted under a key of its own, HMAC-SHA-256 of the blob's id under the data key: no blob id is ever used twice, so
//! no key is. The bytes are cut into frames of 64 KiB, each sealed with AES-256-GCM (or SM4-GCM, RFC 8998), so that a
//! range is read and authenticated without the rest. The nonce of a frame is its number and whether it is the last
//! one, so frames cannot change places and a blob cannot be cut.
//!
//! Digests that clients see are those of the plain bytes; the CRC of an [`Extent`](crate::Extent) is that of the bytes
//! as they are stored.

use crate::blob::BlobId;
use crate::error::{Result, StoreError};
use crate::master_keys::MasterKeys;
use crate::record::{Encryption, EncryptionAlgorithm};
use crate::store::Store;
use crate::version::fill_random;
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use bytes::Bytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{digest, hmac};
use sm4::Sm4;
use std::ops::Range;

/// Plain bytes of a frame; the last one of a blob may be shorter.
pub(crate) const FRAME: u64 = 64 << 10;
const TAG: u64 = 16;
/// A frame as it is stored.
pub(crate) const SEALED_FRAME: u64 = FRAME + TAG;
/// What the master keys seal data keys for.
const PURPOSE: &str = "data key of an object";

/// Bytes that a blob of `plain` bytes has when it is encrypted.
pub(crate) fn sealed_len(plain: u64) -> u64 {
    plain + plain.div_ceil(FRAME) * TAG
}

/// Plain bytes of an encrypted blob of `sealed` bytes.
pub(crate) fn plain_len(sealed: u64) -> u64 {
    sealed.saturating_sub(sealed.div_ceil(SEALED_FRAME) * TAG)
}

/// Which cipher the bytes are under. The number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes256Gcm = 1,
    Sm4Gcm = 2,
}

impl Cipher {
    fn of(algorithm: EncryptionAlgorithm, data_sm4: bool) -> Self {
        if data_sm4 || algorithm == EncryptionAlgorithm::Sm4 {
            Cipher::Sm4Gcm
        } else {
            Cipher::Aes256Gcm
        }
    }
}

/// The data key of an object, open. `Debug` is not there on purpose.
#[derive(Clone)]
pub(crate) struct DataKey {
    cipher: Cipher,
    key: hmac::Key,
}

/// What a data key is sealed with: the name of the master key that the client chose.
fn named(encryption: &Encryption) -> Vec<u8> {
    let word = match encryption.algorithm {
        EncryptionAlgorithm::Aes256 => "AES256/",
        EncryptionAlgorithm::Kms => "KMS/",
        EncryptionAlgorithm::Sm4 => "SM4/",
    };
    let id = encryption.key_id.as_deref().unwrap_or_default();
    [word.as_bytes(), id.as_bytes()].concat()
}

impl DataKey {
    pub(crate) fn open(keys: &MasterKeys, encryption: &Encryption) -> Result<Self> {
        let plain = keys.open(PURPOSE, &named(encryption), &encryption.sealed_key)?;
        let cipher = match plain.first() {
            Some(1) => Cipher::Aes256Gcm,
            Some(2) => Cipher::Sm4Gcm,
            _ => return Err(StoreError::Corrupt("data key of an unknown cipher".into())),
        };
        let key = plain.get(1..).unwrap_or_default();
        Ok(DataKey {
            cipher,
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        })
    }

    /// The key of one blob.
    pub(crate) fn blob(&self, id: BlobId) -> Result<BlobKey> {
        let derived = hmac::sign(&self.key, &id.to_bytes());
        let bytes = derived.as_ref();
        let wrong = |_| StoreError::Corrupt("a derived key has the wrong size".into());
        Ok(match self.cipher {
            Cipher::Aes256Gcm => {
                let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| wrong(()))?;
                BlobKey::Aes(Box::new(LessSafeKey::new(key)))
            }
            Cipher::Sm4Gcm => {
                let key = bytes.get(..16).unwrap_or_default();
                let key = Sm4Gcm::new_from_slice(key).map_err(|_| wrong(()))?;
                BlobKey::Sm4(Box::new(key))
            }
        })
    }
}

type Sm4Gcm = AesGcm<Sm4, U12>;

/// The key of one blob.
pub(crate) enum BlobKey {
    Aes(Box<LessSafeKey>),
    Sm4(Box<Sm4Gcm>),
}

fn nonce(index: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3] = u8::from(last);
    nonce[4..].copy_from_slice(&index.to_be_bytes());
    nonce
}

impl BlobKey {
    /// Seals one frame onto the end of `out`.
    fn seal(&self, index: u64, last: bool, plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let failed = || StoreError::Corrupt("a frame cannot be encrypted".into());
        let start = out.len();
        out.extend_from_slice(plain);
        let frame = out.get_mut(start..).ok_or_else(failed)?;
        let nonce = nonce(index, last);
        match self {
            BlobKey::Aes(key) => {
                let nonce = Nonce::assume_unique_for_key(nonce);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::empty(), frame)
                    .map_err(|_| failed())?;
                out.extend_from_slice(tag.as_ref());
            }
            BlobKey::Sm4(key) => {
                let tag = key
                    .encrypt_inout_detached(&nonce.into(), b"", frame.into())
                    .map_err(|_| failed())?;
                out.extend_from_slice(&tag);
            }
        }
        Ok(())
    }

    /// Opens one frame in place; the plain bytes are its beginning.
    fn open(&self, index: u64, last: bool, frame: &mut [u8]) -> Option<usize> {
        let nonce = nonce(index, last);
        match self {
            BlobKey::Aes(key) => key
                .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), frame)
                .ok()
                .map(|plain| plain.len()),
            BlobKey::Sm4(key) => {
                let len = frame.len().checked_sub(TAG as usize)?;
                let (plain, tag) = frame.split_at_mut(len);
                let tag: &[u8; 16] = (&*tag).try_into().ok()?;
                key.decrypt_inout_detached(&nonce.into(), b"", plain.into(), tag.into())
                    .ok()?;
                Some(len)
            }
        }
    }

    /// Opens stored bytes `range` of a blob of `len` stored bytes; the range begins with a frame and ends with one.
    pub(crate) fn open_range(
        &self,
        id: BlobId,
        len: u64,
        range: &Range<u64>,
        stored: &[u8],
    ) -> Result<Bytes> {
        let mut plain = stored.to_vec();
        let (mut read, mut written) = (0, 0);
        let mut at = range.start;
        while at < range.end {
            let end = (at + SEALED_FRAME).min(range.end);
            let size = usize::try_from(end - at).unwrap_or(usize::MAX);
            let opened = plain
                .get_mut(read..)
                .and_then(|rest| rest.get_mut(..size))
                .and_then(|frame| self.open(at / SEALED_FRAME, end == len, frame));
            let Some(opened) = opened else {
                return Err(StoreError::Corrupt(format!(
                    "blob {id}: the encrypted bytes are not authentic"
                )));
            };
            plain.copy_within(read..read + opened, written);
            read += size;
            written += opened;
            at = end;
        }
        plain.truncate(written);
        Ok(Bytes::from(plain))
    }
}

/// Encrypts a blob as its bytes come in.
pub(crate) struct Sealer {
    key: BlobKey,
    /// Of the frame that is being filled.
    index: u64,
    filled: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new(key: BlobKey) -> Self {
        Sealer {
            key,
            index: 0,
            filled: Vec::new(),
        }
    }

    /// Takes plain bytes; puts the frames that are full, and are not the last, onto `out`.
    pub(crate) fn update(&mut self, chunks: &[Bytes], out: &mut Vec<u8>) -> Result<()> {
        let frame = FRAME as usize;
        for chunk in chunks {
            let mut rest: &[u8] = chunk;
            while !rest.is_empty() {
                if self.filled.len() == frame {
                    self.key.seal(self.index, false, &self.filled, out)?;
                    self.index += 1;
                    self.filled.clear();
                }
                let (now, later) = rest.split_at(rest.len().min(frame - self.filled.len()));
                self.filled.extend_from_slice(now);
                rest = later;
            }
        }
        Ok(())
    }

    /// The last frame; nothing when there were no bytes at all.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if !self.filled.is_empty() {
            self.key.seal(self.index, true, &self.filled, out)?;
            self.filled.clear();
        }
        Ok(())
    }
}

impl Store {
    /// A fresh data key under `algorithm`, sealed. `key_id`, only with `Kms`, names a key of the local ring: any name
    /// is one, and the same name is the same key. Without it, [`Store::default_kms_key_id`]. `data_sm4`, only with
    /// `Kms`, encrypts the bytes with SM4.
    ///
    /// Errors: [`StoreError::Io`] when the operating system gives no randomness.
    pub fn new_encryption(
        &self,
        algorithm: EncryptionAlgorithm,
        data_sm4: bool,
        key_id: Option<String>,
    ) -> Result<Encryption> {
        let kms = algorithm == EncryptionAlgorithm::Kms;
        let data_sm4 = kms && data_sm4;
        let mut plain = [0; 33];
        fill_random(&mut plain)?;
        plain[0] = Cipher::of(algorithm, data_sm4) as u8;
        self.seal_data_key(
            Encryption {
                algorithm,
                data_sm4,
                key_id: kms.then(|| key_id.unwrap_or_else(|| self.default_kms_key_id())),
                sealed_key: Vec::new(),
            },
            &plain,
        )
    }

    fn seal_data_key(&self, encryption: Encryption, plain: &[u8]) -> Result<Encryption> {
        let sealed_key = self
            .master_keys()
            .seal(PURPOSE, &named(&encryption), plain)?;
        Ok(Encryption {
            sealed_key,
            ..encryption
        })
    }

    /// The data key of `source` sealed as `wanted` says, for a copy that shares the encrypted bytes; `None` when the
    /// bytes are under another cipher than `wanted` asks for and must be encrypted anew.
    ///
    /// Errors: [`StoreError::Corrupt`] when the key of `source` does not open.
    pub fn rewrap(&self, source: &Encryption, wanted: &Encryption) -> Result<Option<Encryption>> {
        let keys = self.master_keys();
        let plain = keys.open(PURPOSE, &named(source), &source.sealed_key)?;
        if plain.first() != Some(&(Cipher::of(wanted.algorithm, wanted.data_sm4) as u8)) {
            return Ok(None);
        }
        self.seal_data_key(wanted.clone(), &plain).map(Some)
    }

    /// The id of the key that `KMS` without an id uses: made from the oldest master key, so it stays through rotations.
    pub fn default_kms_key_id(&self) -> String {
        let oldest = self.master_keys().ids().pop().unwrap_or_default();
        let hash = digest::digest(&digest::SHA256, format!("kms key {oldest}").as_bytes());
        let hex: String = hash.as_ref()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let cut = |range: Range<usize>| hex.get(range).unwrap_or_default();
        format!(
            "{}-{}-{}-{}-{}",
            cut(0..8),
            cut(8..12),
            cut(12..16),
            cut(16..20),
            cut(20..32)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unhex(text: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    }

    /// RFC 8998, appendix A.1.
    #[test]
    fn sm4_gcm_is_that_of_the_standard() {
        let key = unhex("0123456789ABCDEFFEDCBA9876543210");
        let nonce: [u8; 12] = unhex("00001234567800000000ABCD").try_into().unwrap();
        let aad = unhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
        let mut text = unhex(concat!(
            "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD",
            "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
        ));
        let cipher = Sm4Gcm::new_from_slice(&key).unwrap();
        let tag = cipher
            .encrypt_inout_detached(&nonce.into(), &aad, text.as_mut_slice().into())
            .unwrap();
        let sealed = unhex(concat!(
            "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735",
            "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        ));
        assert_eq!(text, sealed);
        assert_eq!(tag.to_vec(), unhex("83DE3541E4C2B58177E065A9BF7B62EC"));
    }

    #[test]
    fn lengths_are_inverse() {
        for plain in [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 5 << 30] {
            assert_eq!(plain_len(sealed_len(plain)), plain);
        }
    }

    fn seal_all(key: BlobKey, plain: &[u8], cut: usize) -> Vec<u8> {
        let mut sealer = Sealer::new(key);
        let mut out = Vec::new();
        for chunk in plain.chunks(cut.max(1)) {
            let chunk = Bytes::copy_from_slice(chunk);
            sealer.update(&[chunk], &mut out).unwrap();
        }
        sealer.finish(&mut out).unwrap();
        out
    }

    #[test]
    fn frames_cannot_be_altered_moved_or_cut() {
        let id = BlobId {
            boot: 1,
            sequence: 7,
        };
        for algorithm in [EncryptionAlgorithm::Aes256, EncryptionAlgorithm::Sm4] {
            let store = Store::memory();
            let encryption = store.new_encryption(algorithm, false, None).unwrap();
            let data_key = DataKey::open(store.master_keys(), &encryption).unwrap();
            let key = || data_key.blob(id).unwrap();
            let plain = vec![7u8; 2 * FRAME as usize + 10];
            let sealed = seal_all(key(), &plain, 1000);
            let len = sealed.len() as u64;
            let open = |bytes: &[u8], len: u64| key().open_range(id, len, &(0..len), bytes);
            assert_eq!(open(&sealed, len).unwrap(), plain);
            let frame = SEALED_FRAME as usize;
            let mut altered = sealed.clone();
            altered[frame + 3] ^= 1;
            assert!(open(&altered, len).is_err());
            let moved = [
                &sealed[frame..2 * frame],
                &sealed[..frame],
                &sealed[2 * frame..],
            ];
            assert!(open(&moved.concat(), len).is_err());
            assert!(open(&sealed[..2 * frame], 2 * SEALED_FRAME).is_err());
            let other = data_key.blob(BlobId { sequence: 8, ..id }).unwrap();
            assert!(other.open_range(id, len, &(0..len), &sealed).is_err());
        }
    }

    #[test]
    fn a_data_key_is_bound_to_the_name_of_its_master_key() {
        let store = Store::memory();
        let kms = EncryptionAlgorithm::Kms;
        let named = store.new_encryption(kms, false, Some("a".into())).unwrap();
        assert_eq!(named.key_id.as_deref(), Some("a"));
        let other = Encryption {
            key_id: Some("b".into()),
            ..named.clone()
        };
        assert!(DataKey::open(store.master_keys(), &other).is_err());
        let default = store.new_encryption(kms, false, None).unwrap();
        let id = store.default_kms_key_id();
        assert_eq!((id.len(), default.key_id), (36, Some(id.clone())));
        store.master_keys().rotate().unwrap();
        assert_eq!(store.default_kms_key_id(), id);
        let wanted = store.new_encryption(kms, false, None).unwrap();
        let wrapped = store.rewrap(&named, &wanted).unwrap().unwrap();
        assert_eq!(wrapped.key_id, wanted.key_id);
        assert!(DataKey::open(store.master_keys(), &wrapped).is_ok());
        let sm4 = store.new_encryption(kms, true, None).unwrap();
        assert!(store.rewrap(&named, &sm4).unwrap().is_none());
        let plain = store
            .new_encryption(EncryptionAlgorithm::Aes256, true, Some("x".into()))
            .unwrap();
        assert_eq!((plain.key_id, plain.data_sm4), (None, false));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_frames_read_back(len in 0usize..200_000, cut in 1usize..100_000, first in 0u64..4, sm4: bool) {
            let algorithm = if sm4 { EncryptionAlgorithm::Sm4 } else { EncryptionAlgorithm::Aes256 };
            let plain: Vec<u8> = (0..len).map(|at| (at * 31 % 251) as u8).collect();
            let id = BlobId { boot: 1, sequence: 1 };
            let store = Store::memory();
            let encryption = store.new_encryption(algorithm, false, None).unwrap();
            let data_key = DataKey::open(store.master_keys(), &encryption).unwrap();
            let sealed = seal_all(data_key.blob(id).unwrap(), &plain, cut);
            prop_assert_eq!(sealed.len() as u64, sealed_len(len as u64));
            let start = (first * SEALED_FRAME).min(sealed.len() as u64 / SEALED_FRAME * SEALED_FRAME);
            let range = start..sealed.len() as u64;
            let opened = data_key.blob(id).unwrap()
                .open_range(id, sealed.len() as u64, &range, &sealed[start as usize..]).unwrap();
            prop_assert_eq!(&opened[..], &plain[(start / SEALED_FRAME * FRAME) as usize..]);
        }
    }
}
