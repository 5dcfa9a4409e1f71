//! The keyed hashes: the derived V4 key, and HMAC-SHA1 for V1.

use crate::encode::hex_lower;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

/// A derived V4 key with its HMAC state precomputed. Cheap to clone. `Debug` prints nothing secret.
///
/// Both pad blocks of the HMAC are already hashed, so that one signature costs only the blocks of the
/// message and one more. A key is good for one UTC day, one region and one product.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// k4 of signing.md §5. `date` is `YYYYMMDD`.
    pub fn derive(secret: &str, date: &str, region: &str, product: &str) -> Self {
        let mut seed = Vec::with_capacity(9 + secret.len());
        seed.extend_from_slice(b"aliyun_v4");
        seed.extend_from_slice(secret.as_bytes());
        let k1 = hmac_sha256(&seed, date.as_bytes());
        let k2 = hmac_sha256(&k1, region.as_bytes());
        let k3 = hmac_sha256(&k2, product.as_bytes());
        let k4 = hmac_sha256(&k3, super::V4_TERMINATOR.as_bytes());
        Self(keyed_sha256(&k4))
    }

    /// `HEX(HMAC-SHA256(k4, text))`: the signature of a V4 string to sign, or of a form's policy text.
    pub fn sign(&self, text: &[u8]) -> Signature {
        let mut mac = self.0.clone();
        mac.update(text);
        Signature::Hex(hex_lower(&mac.finalize().into_bytes().into()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(<redacted>)")
    }
}

/// The text of a computed signature. No `Debug`: an expected signature is as good as the secret for one request.
#[derive(Clone)]
pub enum Signature {
    /// 64 lower-case hex digits.
    Hex([u8; 64]),
    /// 28 characters of base64: an HMAC-SHA1.
    Base64([u8; 28]),
}

impl Signature {
    /// The text as bytes, all ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Hex(text) => text,
            Self::Base64(text) => text,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Compares in constant time (for equal lengths; the length of a signature is no secret). The texts are
    /// compared, not the decoded bytes, so that a signature has exactly one accepted spelling.
    pub fn matches(&self, provided: &[u8]) -> bool {
        let expected = self.as_bytes();
        if expected.len() != provided.len() {
            return false;
        }
        // Eight bytes at a time: one opaque comparison at the end instead of one a byte.
        let (expected, expected_tail) = expected.as_chunks::<8>();
        let (provided, provided_tail) = provided.as_chunks::<8>();
        let words = expected.iter().zip(provided).fold(0u64, |all, (a, b)| {
            all | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b))
        });
        let bytes = expected_tail
            .iter()
            .zip(provided_tail)
            .fold(0u8, |all, (a, b)| all | (a ^ b));
        (words | u64::from(bytes)).ct_eq(&0).into()
    }
}

/// `B64(HMAC-SHA1(secret, text))`, the signature of V1.
pub fn sign_v1(secret: &str, text: &[u8]) -> Signature {
    sign_sha1(&[secret.as_bytes()], text)
}

/// HMAC-SHA1 with the key given in pieces (STS appends `&` to the secret).
pub(super) fn sign_sha1(key: &[&[u8]], text: &[u8]) -> Signature {
    let mut mac = keyed_sha1(key);
    mac.update(text);
    let mut out = [0u8; 28];
    // 20 bytes are 28 characters, always: the result cannot be "buffer too small".
    let _ = STANDARD.encode_slice(mac.finalize().into_bytes(), &mut out);
    Signature::Base64(out)
}

/// `HEX(HMAC-SHA256(secret, text))` without derivation, as ACS3 signs.
pub(super) fn sign_sha256(secret: &str, text: &[u8]) -> Signature {
    Signature::Hex(hex_lower(&hmac_sha256(secret.as_bytes(), text)))
}

/// HMAC pads a short key with zeros to one block and hashes a longer one first; doing that here makes the key the
/// exact block, which the constructor takes without a possible error.
fn keyed_sha1(key: &[&[u8]]) -> Hmac<Sha1> {
    let mut block = [0u8; 64];
    let length: usize = key.iter().map(|piece| piece.len()).sum();
    if length > block.len() {
        let mut hash = Sha1::new();
        for piece in key {
            hash.update(piece);
        }
        fill(&mut block, hash.finalize().iter());
    } else {
        fill(&mut block, key.iter().copied().flatten());
    }
    Hmac::new(&block.into())
}

fn keyed_sha256(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0u8; 64];
    if key.len() > block.len() {
        fill(&mut block, Sha256::digest(key).iter());
    } else {
        fill(&mut block, key.iter());
    }
    Hmac::new(&block.into())
}

fn fill<'a>(block: &mut [u8; 64], bytes: impl Iterator<Item = &'a u8>) {
    for (slot, &byte) in block.iter_mut().zip(bytes) {
        *slot = byte;
    }
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = keyed_sha256(key);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// `HEX(SHA256(bytes))`.
pub(super) fn sha256_hex(bytes: &[u8]) -> [u8; 64] {
    hex_lower(&Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 case 2 and case 6 (a key longer than a block), RFC 2202 case 2 and 6 likewise.
    #[test]
    fn published_hmac_answers() {
        assert_eq!(
            sign_sha256("Jefe", b"what do ya want for nothing?").as_str(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long = [0xaau8; 131];
        assert_eq!(
            hex_lower(&hmac_sha256(
                &long,
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            *b"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert_eq!(
            sign_v1("Jefe", b"what do ya want for nothing?").as_str(),
            "7/zfauXrL6LSdBbV8YTfnCWafHk="
        );
        let long = [0xaau8; 80];
        assert_eq!(
            sign_sha1(
                &[&long],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )
            .as_str(),
            "qkrl4VJy0A6VcFY3zoo7Ve1AIRI="
        );
    }

    #[test]
    fn matching_wants_the_exact_text() {
        let signature = sign_sha256("k", b"t");
        assert!(signature.matches(signature.as_bytes()));
        assert!(!signature.matches(signature.as_str().to_uppercase().as_bytes()));
        assert!(!signature.matches(&signature.as_bytes()[..63]));
        assert!(!signature.matches(b""));
        for signature in [signature, sign_v1("k", b"t")] {
            for at in 0..signature.as_bytes().len() {
                let mut changed = signature.as_bytes().to_vec();
                changed[at] ^= 1;
                assert!(!signature.matches(&changed), "byte {at}");
            }
            assert!(signature.matches(signature.as_bytes()));
        }
        // Another spelling of the same base64 bytes: the unused low bits of the last character.
        let signature = sign_v1("Jefe", b"what do ya want for nothing?");
        assert!(!signature.matches(b"7/zfauXrL6LSdBbV8YTfnCWafHl="));
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(
            format!("{:?}", SigningKey::derive("s", "20240115", "r", "oss")),
            "SigningKey(<redacted>)"
        );
    }
}
