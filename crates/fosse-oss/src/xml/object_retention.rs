//! `Retention` and `LegalHold` of an object version (api-objects.md §16).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

/// Who may shorten a retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetentionMode {
    /// Those who may bypass it.
    Governance,
    /// Nobody.
    Compliance,
}

impl RetentionMode {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }

    /// The mode of a word; `None` when there is no such mode.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Governance, Self::Compliance]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// How long a version may be neither deleted nor replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// `Mode`.
    pub mode: RetentionMode,
    /// `RetainUntilDate`, Unix seconds.
    pub until: i64,
}

impl Retention {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("Retention", |w| {
            w.text("Mode", self.mode.as_str());
            w.time("RetainUntilDate", self.until);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also for a mode or a date that is missing or none.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "Retention")?;
        let mode = root.value_of("Mode").and_then(RetentionMode::from_text);
        Ok(Self {
            mode: mode.ok_or_else(malformed)?,
            until: root.time_of("RetainUntilDate")?,
        })
    }
}

/// Whether a version is held, for as long as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegalHold {
    /// `Status`: `ON` or `OFF`.
    pub on: bool,
}

impl LegalHold {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("LegalHold", |w| {
            w.text("Status", if self.on { "ON" } else { "OFF" });
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also for a status that is missing or unknown.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "LegalHold")?;
        match root.value_of("Status") {
            Some("ON") => Ok(Self { on: true }),
            Some("OFF") => Ok(Self { on: false }),
            _ => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_read_back_and_faults_are_refused() {
        let xml = "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2026-10-11T00:00:00.000Z</RetainUntilDate></Retention>";
        let retention = Retention::from_xml(xml.as_bytes()).unwrap();
        assert_eq!(retention.mode, RetentionMode::Compliance);
        assert!(retention.to_xml().ends_with(xml));
        for bad in [
            "<Retention/>",
            "<Retention><Mode>COMPLIANCE</Mode></Retention>",
            "<Retention><RetainUntilDate>2026-10-11T00:00:00.000Z</RetainUntilDate></Retention>",
            "<Retention><Mode>x</Mode><RetainUntilDate>2026-10-11T00:00:00.000Z</RetainUntilDate></Retention>",
            "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>tomorrow</RetainUntilDate></Retention>",
        ] {
            assert!(Retention::from_xml(bad.as_bytes()).is_err(), "{bad}");
        }
        for on in [true, false] {
            let hold = LegalHold { on };
            assert_eq!(LegalHold::from_xml(hold.to_xml().as_bytes()).unwrap(), hold);
        }
        assert!(LegalHold::from_xml(b"<LegalHold><Status>on</Status></LegalHold>").is_err());
    }
}
