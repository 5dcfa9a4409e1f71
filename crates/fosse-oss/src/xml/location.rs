//! `LocationConstraint`: the answer of GetBucketLocation.

use super::{Element, Writer};
use crate::OssError;

/// Where a bucket is, `oss-REGION`. The root element holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationConstraint(pub String);

impl LocationConstraint {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::root_text("LocationConstraint", &self.0)
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        Ok(Self(Element::parse(bytes, "LocationConstraint")?.text))
    }
}
