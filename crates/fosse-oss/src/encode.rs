//! Percent-encoding as OSS uses it (signing.md §1, §1.2, §1.3).

use std::borrow::Cow;

/// `ENC`: every byte except `A-Z a-z 0-9 - . _ ~` becomes `%XX`, upper-case hex.
pub fn encode_component(bytes: &[u8], out: &mut String) { let _ = (bytes, out); todo!() }

/// `ENCPATH`: like [`encode_component`], but `/` stays.
pub fn encode_path(bytes: &[u8], out: &mut String) { let _ = (bytes, out); todo!() }

/// Why a percent-encoded text could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a % that is not followed by two hex digits")]
pub struct BadEscape;

/// Decodes a path exactly once: `%XX` to a byte, `+` stays a plus.
pub fn decode_path(raw: &str) -> Result<Cow<'_, [u8]>, BadEscape> { let _ = raw; todo!() }

/// Decodes a query name or value: `+` to a space, then `%XX` to a byte.
pub fn decode_query(raw: &str) -> Result<Cow<'_, [u8]>, BadEscape> { let _ = raw; todo!() }
