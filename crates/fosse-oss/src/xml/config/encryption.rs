//! `ServerSideEncryptionRule`: how new objects of a bucket are encrypted (api-buckets.md §6.2).

use crate::header::{ServerSideEncryption, SseRequest};
use crate::xml::{Element, Writer};
use crate::{ErrorCode, OssError};

/// The default encryption of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSideEncryptionRule {
    /// What an object gets whose writer does not ask for something else.
    pub default: SseRequest,
}

impl ServerSideEncryptionRule {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        let SseRequest {
            algorithm,
            data_sm4,
            key_id,
        } = &self.default;
        Writer::document("ServerSideEncryptionRule", |w| {
            w.element("ApplyServerSideEncryptionByDefault", |w| {
                w.text("SSEAlgorithm", algorithm.as_str());
                if let Some(id) = key_id {
                    w.text("KMSMasterKeyID", id);
                }
                if *data_sm4 {
                    w.text("KMSDataEncryption", "SM4");
                }
            });
        })
    }

    /// Reads the document.
    ///
    /// Errors: 400 `MalformedXML`, 400 `InvalidEncryptionAlgorithmError`, 400 `InvalidDataEncryptionAlgorithmError`, and
    /// 400 `InvalidArgument` for a key id that is malformed or goes with another algorithm than KMS.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "ServerSideEncryptionRule")?;
        let rule = root.required("ApplyServerSideEncryptionByDefault")?;
        let word = rule.value_of("SSEAlgorithm").unwrap_or_default();
        let algorithm = ServerSideEncryption::from_text(word).ok_or_else(|| {
            OssError::new(ErrorCode::InvalidEncryptionAlgorithmError).with_message(
                "The Encryption request you specified is not valid. Supported value: AES256/KMS.",
            )
        })?;
        let id = rule.value_of("KMSMasterKeyID");
        if let (Some(id), true) = (id, algorithm != ServerSideEncryption::Kms) {
            return Err(OssError::invalid_argument(
                "KMSMasterKeyID",
                id,
                "KMSMasterKeyID is not applicable if the default sse algorithm is not KMS",
            ));
        }
        let data = rule.value_of("KMSDataEncryption");
        let default = SseRequest::new(algorithm, data, id, "KMSMasterKeyID")?;
        Ok(Self { default })
    }
}
