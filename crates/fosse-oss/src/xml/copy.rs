//! `CopyObjectResult` and `CopyPartResult`.

use super::{Element, Writer};
use crate::{OssError, etag};

/// The answer of CopyObject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyObjectResult {
    /// ETag without quotes.
    pub etag: String,
    /// Unix seconds.
    pub last_modified: i64,
}

/// The answer of UploadPartCopy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyPartResult {
    /// ETag without quotes.
    pub etag: String,
    /// Unix seconds.
    pub last_modified: i64,
}

impl CopyObjectResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        write("CopyObjectResult", &self.etag, self.last_modified)
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        read("CopyObjectResult", bytes).map(|(etag, last_modified)| Self {
            etag,
            last_modified,
        })
    }
}

impl CopyPartResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        write("CopyPartResult", &self.etag, self.last_modified)
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        read("CopyPartResult", bytes).map(|(etag, last_modified)| Self {
            etag,
            last_modified,
        })
    }
}

fn write(root: &str, tag: &str, last_modified: i64) -> String {
    Writer::document(root, |w| {
        w.text("ETag", &etag::quote(tag));
        w.time("LastModified", last_modified);
    })
}

fn read(root: &str, bytes: &[u8]) -> Result<(String, i64), OssError> {
    let root = Element::parse(bytes, root)?;
    let tag = etag::unquote(&root.required("ETag")?.text).to_owned();
    Ok((tag, root.time_of("LastModified")?))
}
