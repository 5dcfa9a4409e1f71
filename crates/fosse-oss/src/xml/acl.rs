//! `AccessControlPolicy`: the answer of GetBucketAcl and GetObjectAcl.

use super::{Element, Label, Owner, Writer};
use crate::OssError;

/// Owner and ACL of a bucket or object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessControlPolicy {
    /// Owner.
    pub owner: Owner,
    /// `private`, `public-read`, `public-read-write`; `default` only for objects.
    pub grant: Label,
}

impl AccessControlPolicy {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("AccessControlPolicy", |w| {
            self.owner.write(w);
            w.element("AccessControlList", |w| w.text("Grant", &self.grant));
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "AccessControlPolicy")?;
        let grant = root
            .required("AccessControlList")?
            .required("Grant")?
            .text
            .trim()
            .to_owned();
        Ok(Self {
            owner: Owner::read(&root).unwrap_or_default(),
            grant: grant.into(),
        })
    }
}
