//! `Content-MD5` and `x-oss-hash-crc64ecma` as a client sends them (api-objects.md §0.6).

use crate::{ErrorCode, OssError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Reads `Content-MD5`: padded Base64 of 16 bytes. Errors: 400 `InvalidDigest`.
pub fn parse_content_md5(value: &str) -> Result<[u8; 16], OssError> {
    let bytes = STANDARD.decode(value.trim()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| ErrorCode::InvalidDigest.into())
}

/// Writes `Content-MD5`.
pub fn encode_md5(md5: &[u8; 16]) -> [u8; 24] {
    let mut text = [0; 24];
    // 16 bytes are 24 characters, always: the result cannot be "buffer too small".
    let _ = STANDARD.encode_slice(md5, &mut text);
    text
}

/// Reads `x-oss-hash-crc64ecma`: a decimal number of 64 bits. Errors: 400 `InvalidArgument`.
pub fn parse_crc64(value: &str) -> Result<u64, OssError> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten().ok_or_else(|| {
        let message = "The x-oss-hash-crc64ecma must be an unsigned decimal number of 64 bits.";
        OssError::invalid_argument("x-oss-hash-crc64ecma", value, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_is_base64_of_16_bytes() {
        let empty = [
            0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8,
            0x42, 0x7e,
        ];
        assert_eq!(
            parse_content_md5("1B2M2Y8AsgTpgAmY7PhCfg==").unwrap(),
            empty
        );
        assert_eq!(&encode_md5(&empty), b"1B2M2Y8AsgTpgAmY7PhCfg==");
        for bad in [
            "",
            "1B2M2Y8AsgTpgAmY7PhCfg",
            "1B2M2Y8AsgTpgAmY7PhC",
            "d41d8cd98f00b204e9800998ecf8427e",
            "*",
        ] {
            let error = parse_content_md5(bad).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidDigest, 400),
                "{bad}"
            );
        }
    }

    #[test]
    fn crc_is_decimal() {
        assert_eq!(
            parse_crc64("11051210869376104954").unwrap(),
            11_051_210_869_376_104_954
        );
        assert_eq!(parse_crc64("0").unwrap(), 0);
        for bad in ["", "-1", "+1", "0x1", "18446744073709551616"] {
            assert_eq!(
                parse_crc64(bad).unwrap_err().code(),
                ErrorCode::InvalidArgument,
                "{bad}"
            );
        }
    }
}
