//! `AccessMonitorConfiguration`: whether reads of objects are noted (api-buckets.md §6.8).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

/// The access monitor of a bucket; off unless it is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessMonitorConfiguration {
    /// `Status`: `Enabled` or `Disabled`.
    pub enabled: bool,
}

impl AccessMonitorConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("AccessMonitorConfiguration", |w| {
            w.text("Status", if self.enabled { "Enabled" } else { "Disabled" });
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also for a status that is missing or unknown.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "AccessMonitorConfiguration")?;
        match root.value_of("Status") {
            Some("Enabled") => Ok(Self { enabled: true }),
            Some("Disabled") => Ok(Self { enabled: false }),
            _ => Err(malformed()),
        }
    }
}
