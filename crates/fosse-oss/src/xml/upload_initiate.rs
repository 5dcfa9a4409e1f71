//! `InitiateMultipartUploadResult`.

use super::{Element, Encoding, Writer};
use crate::OssError;

/// The answer of InitiateMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InitiateMultipartUploadResult {
    /// How the key stands in the document.
    pub encoding: Encoding,
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Upload id, opaque.
    pub upload_id: String,
}

impl InitiateMultipartUploadResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("InitiateMultipartUploadResult", |w| {
            self.encoding.write(w);
            w.text("Bucket", &self.bucket);
            w.encoded("Key", &self.key, self.encoding);
            w.text("UploadId", &self.upload_id);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "InitiateMultipartUploadResult")?;
        let encoding = Encoding::of(&root)?;
        Ok(Self {
            encoding,
            bucket: root.text_of("Bucket").to_owned(),
            key: encoding.text_of(&root, "Key")?,
            upload_id: root.required("UploadId")?.text.clone(),
        })
    }
}
