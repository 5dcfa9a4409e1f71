//! `VersioningConfiguration`: whether a bucket keeps versions.

use super::read::malformed;
use super::{Element, Writer};
use crate::OssError;

/// Versioning of a bucket that has, or had, it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersioningStatus {
    /// Each write adds a version.
    Enabled,
    /// Each write replaces the version `null`.
    Suspended,
}

/// Body of PutBucketVersioning, answer of GetBucketVersioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct VersioningConfiguration {
    /// `None`: never set.
    pub status: Option<VersioningStatus>,
}

impl VersioningStatus {
    /// The word of the protocol.
    pub const fn as_str(self) -> &'static str {
        match self {
            VersioningStatus::Enabled => "Enabled",
            VersioningStatus::Suspended => "Suspended",
        }
    }
}

impl VersioningConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("VersioningConfiguration", |w| {
            if let Some(status) = self.status {
                w.text("Status", status.as_str());
            }
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also for another status.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "VersioningConfiguration")?;
        let status = match root.value_of("Status") {
            None => None,
            Some("Enabled") => Some(VersioningStatus::Enabled),
            Some("Suspended") => Some(VersioningStatus::Suspended),
            Some(_) => return Err(malformed()),
        };
        Ok(Self { status })
    }
}
