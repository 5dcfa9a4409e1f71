//! `PolicyStatus`: the answer of GetBucketPolicyStatus.

use crate::OssError;
use crate::xml::{Element, Writer};

/// Whether the policy of a bucket lets everybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyStatus {
    /// `IsPublic`.
    pub is_public: bool,
}

impl PolicyStatus {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("PolicyStatus", |w| w.flag("IsPublic", self.is_public))
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "PolicyStatus")?;
        Ok(Self {
            is_public: root.flag_of("IsPublic")?,
        })
    }
}
