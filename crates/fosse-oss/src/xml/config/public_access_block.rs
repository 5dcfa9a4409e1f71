//! `PublicAccessBlockConfiguration`: whether public access is blocked, of an account or a bucket
//! (access-control.md §2.5).

use crate::OssError;
use crate::xml::{Element, Writer};

/// Whether public ACLs and public policies are ignored, and new ones refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublicAccessBlockConfiguration {
    /// `BlockPublicAccess`; `false` when it is left out.
    pub block_public_access: bool,
}

impl PublicAccessBlockConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("PublicAccessBlockConfiguration", |w| {
            w.flag("BlockPublicAccess", self.block_public_access);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "PublicAccessBlockConfiguration")?;
        Ok(Self {
            block_public_access: root.flag_of("BlockPublicAccess")?,
        })
    }
}
