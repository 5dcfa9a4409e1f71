//! `PostResponse`: the answer of PostObject with `success_action_status` 201.

use super::{Element, Writer};
use crate::{OssError, etag};

/// The stored object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostResponse {
    /// Name of the bucket.
    pub bucket: String,
    /// URL of the object.
    pub location: String,
    /// The object key.
    pub key: String,
    /// ETag without quotes.
    pub etag: String,
}

impl PostResponse {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("PostResponse", |w| {
            w.text("Bucket", &self.bucket);
            w.text("Location", &self.location);
            w.text("Key", &self.key);
            w.text("ETag", &etag::quote(&self.etag));
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "PostResponse")?;
        Ok(Self {
            bucket: root.text_of("Bucket").to_owned(),
            location: root.text_of("Location").to_owned(),
            key: root.text_of("Key").to_owned(),
            etag: etag::unquote(&root.required("ETag")?.text).to_owned(),
        })
    }
}
