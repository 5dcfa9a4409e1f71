//! Continuation tokens of ListObjectsV2: opaque, of `A-Z a-z 0-9 - _` only, because SDKs differ in how they decode a
//! listing (api-buckets.md §3.3).

use crate::OssError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 4;

/// A token that continues after `start_after`: a version byte, the key, and a checksum that tells a cut or made-up
/// token from a real one. It is no secret and proves nothing.
pub fn encode_token(start_after: &str) -> String {
    let mut bytes = Vec::with_capacity(1 + start_after.len() + CHECK_BYTES);
    bytes.push(VERSION);
    bytes.extend_from_slice(start_after.as_bytes());
    let check = checksum(&bytes);
    bytes.extend_from_slice(&check);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a token continues after. Errors: 400 `InvalidArgument` for anything that [`encode_token`] did not make.
pub fn decode_token(token: &str) -> Result<String, OssError> {
    let decoded = || -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (content, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
        let (version, key) = content.split_first()?;
        if *version != VERSION || check != checksum(content) {
            return None;
        }
        String::from_utf8(key.to_vec()).ok()
    };
    decoded().ok_or_else(|| {
        let message = "The continuation token provided is incorrect.";
        OssError::invalid_argument("continuation-token", token, message)
    })
}

fn checksum(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::digest(bytes);
    let mut check = [0; CHECK_BYTES];
    for (to, from) in check.iter_mut().zip(digest) {
        *to = from;
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;
    use proptest::prelude::*;

    #[test]
    fn made_up_tokens_are_refused() {
        let good = encode_token("dir/");
        let cut = &good[..good.len() - 1];
        let padded = format!("{good}=");
        for bad in ["", "a", "CgJiYw--", "!", cut, &padded, "AAAAAAAA"] {
            let error = decode_token(bad).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidArgument, 400),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn tokens_carry_any_key(key in any::<String>()) {
            let token = encode_token(&key);
            prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(decode_token(&token).unwrap(), key);
        }

        #[test]
        fn decoding_is_total(token in any::<String>()) {
            let _ = decode_token(&token);
        }
    }
}
