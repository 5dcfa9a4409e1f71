//! The headers of server-side encryption (api-objects.md §0.9).

use crate::header::ServerSideEncryption;
use crate::{ErrorCode, OssError};

/// `x-oss-server-side-encryption`.
pub const SSE: &str = "x-oss-server-side-encryption";
/// `x-oss-server-side-data-encryption`.
pub const SSE_DATA: &str = "x-oss-server-side-data-encryption";
/// `x-oss-server-side-encryption-key-id`.
pub const SSE_KEY_ID: &str = "x-oss-server-side-encryption-key-id";

/// Longest key id in bytes: that of a whole resource name.
const MAX_KEY_ID: usize = 256;

/// How an object is to be encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseRequest {
    /// Which keys.
    pub algorithm: ServerSideEncryption,
    /// The bytes under SM4 instead of AES; only with KMS.
    pub data_sm4: bool,
    /// Which key; only with KMS.
    pub key_id: Option<String>,
}

impl SseRequest {
    /// Reads the three headers; `None` when there is none of them.
    ///
    /// A data algorithm says nothing unless the algorithm is KMS: the suite of oss2 sends it with the others and with none.
    ///
    /// Errors: 400 `InvalidEncryptionAlgorithmError`; 400 `InvalidDataEncryptionAlgorithmError` for a data algorithm
    /// other than `SM4`; 400 `InvalidArgument` for a key id that is malformed or
    /// goes with another algorithm than KMS.
    pub fn parse(
        algorithm: Option<&str>,
        data: Option<&str>,
        key_id: Option<&str>,
    ) -> Result<Option<Self>, OssError> {
        // Some clients send what they were not told as empty.
        let data = data.filter(|text| !text.is_empty());
        let key_id = key_id.filter(|text| !text.is_empty());
        match algorithm {
            Some(word) => {
                let algorithm = ServerSideEncryption::parse(word)?;
                Self::new(algorithm, data, key_id, SSE_KEY_ID).map(Some)
            }
            None => {
                check_data(data)?;
                match key_id {
                    None => Ok(None),
                    Some(id) => Err(only_with_kms(SSE_KEY_ID, id)),
                }
            }
        }
    }

    /// The same of parts; `named` is what the key id is called where it stands.
    ///
    /// Errors: as [`SseRequest::parse`].
    pub fn new(
        algorithm: ServerSideEncryption,
        data: Option<&str>,
        key_id: Option<&str>,
        named: &str,
    ) -> Result<Self, OssError> {
        let kms = algorithm == ServerSideEncryption::Kms;
        check_data(data)?;
        if let (Some(id), false) = (key_id, kms) {
            return Err(only_with_kms(named, id));
        }
        let good = |id: &str| {
            id.len() <= MAX_KEY_ID
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_/:.*".contains(&byte))
        };
        if let Some(id) = key_id.filter(|id| !good(id)) {
            let message = "The specified parameter KMS keyId is not valid.";
            return Err(OssError::invalid_argument(named, id, message));
        }
        Ok(Self {
            algorithm,
            data_sm4: kms && data.is_some(),
            key_id: key_id.map(str::to_owned),
        })
    }
}

fn check_data(data: Option<&str>) -> Result<(), OssError> {
    match data {
        None | Some("SM4") => Ok(()),
        Some(_) => Err(ErrorCode::InvalidDataEncryptionAlgorithmError.into()),
    }
}

fn only_with_kms(name: &str, id: &str) -> OssError {
    let message = format!("{name} is not applicable if the sse algorithm is not KMS");
    OssError::invalid_argument(name, id, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(algorithm: Option<&str>, data: Option<&str>, id: Option<&str>) -> ErrorCode {
        SseRequest::parse(algorithm, data, id).unwrap_err().code()
    }

    #[test]
    fn the_headers_go_together_as_documented() {
        assert_eq!(SseRequest::parse(None, None, None).unwrap(), None);
        assert_eq!(SseRequest::parse(None, Some(""), Some("")).unwrap(), None);
        let kms = SseRequest::parse(Some("KMS"), Some("SM4"), Some("9468da86-3509")).unwrap();
        let wanted = SseRequest {
            algorithm: ServerSideEncryption::Kms,
            data_sm4: true,
            key_id: Some("9468da86-3509".into()),
        };
        assert_eq!(kms, Some(wanted));
        for word in ["AES256", "SM4", "KMS"] {
            let plain = SseRequest::parse(Some(word), None, Some(""))
                .unwrap()
                .unwrap();
            assert_eq!(plain.algorithm.as_str(), word);
        }
        let bad = ErrorCode::InvalidEncryptionAlgorithmError;
        for word in ["", "aes256", "AES128", "AES256 "] {
            assert_eq!(code(Some(word), None, None), bad, "{word}");
        }
        let bad = ErrorCode::InvalidDataEncryptionAlgorithmError;
        assert_eq!(code(Some("KMS"), Some("AES256"), None), bad);
        assert_eq!(code(Some("AES256"), Some("AES256"), None), bad);
        assert_eq!(code(None, Some("sm4"), None), bad);
        for word in ["AES256", "SM4"] {
            let asked = SseRequest::parse(Some(word), Some("SM4"), None).unwrap();
            assert!(!asked.unwrap().data_sm4, "{word}");
        }
        assert_eq!(SseRequest::parse(None, Some("SM4"), None).unwrap(), None);
        let bad = ErrorCode::InvalidArgument;
        assert_eq!(code(Some("AES256"), None, Some("id")), bad);
        assert_eq!(code(None, None, Some("id")), bad);
        assert_eq!(code(Some("KMS"), None, Some("a b")), bad);
        assert_eq!(code(Some("KMS"), None, Some(&"a".repeat(257))), bad);
    }
}
