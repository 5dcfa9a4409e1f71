//! Settings that are a single switch (api-buckets.md §6.8).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

/// `TransferAccelerationConfiguration`: whether the bucket can be reached by the accelerated host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransferAccelerationConfiguration {
    /// `Enabled`.
    pub enabled: bool,
}

/// `ArchiveDirectReadConfiguration`: whether archived objects can be read without being restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArchiveDirectReadConfiguration {
    /// `Enabled`.
    pub enabled: bool,
}

const ACCELERATION: &str = "TransferAccelerationConfiguration";
const DIRECT_READ: &str = "ArchiveDirectReadConfiguration";

impl TransferAccelerationConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        write(ACCELERATION, self.enabled)
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also without `Enabled`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let enabled = read(ACCELERATION, bytes)?;
        Ok(Self { enabled })
    }
}

impl ArchiveDirectReadConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        write(DIRECT_READ, self.enabled)
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also without `Enabled`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let enabled = read(DIRECT_READ, bytes)?;
        Ok(Self { enabled })
    }
}

fn write(root: &str, enabled: bool) -> String {
    Writer::document(root, |w| w.flag("Enabled", enabled))
}

fn read(root: &str, bytes: &[u8]) -> Result<bool, OssError> {
    Element::parse_kept(bytes, root)?
        .optional_flag("Enabled")?
        .ok_or_else(malformed)
}
