//! `ObjectWormConfiguration`: whether object versions of a bucket can be retained, and how new ones are
//! (api-buckets.md §6.6).

use super::worm::MAX_RETENTION_DAYS;
use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, RetentionMode, Writer};

/// How long a new version is retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionPeriod {
    /// `Days`, 1 to 25550.
    Days(u32),
    /// `Years`, 1 to 70.
    Years(u32),
}

/// Retention of object versions in a bucket. Once on, it stays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectWormConfiguration {
    /// What a new version gets whose writer does not say; `None`: nothing.
    pub default: Option<(RetentionMode, RetentionPeriod)>,
}

impl ObjectWormConfiguration {
    /// Days of the default retention. A year has 365.
    pub fn default_days(&self) -> Option<(RetentionMode, u32)> {
        self.default.map(|(mode, period)| match period {
            RetentionPeriod::Days(days) => (mode, days),
            RetentionPeriod::Years(years) => (mode, years.saturating_mul(365)),
        })
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ObjectWormConfiguration", |w| {
            w.text("ObjectWormEnabled", "Enabled");
            if let Some((mode, period)) = self.default {
                w.element("Rule", |w| {
                    w.element("DefaultRetention", |w| {
                        w.text("Mode", mode.as_str());
                        match period {
                            RetentionPeriod::Days(days) => w.number("Days", days.into()),
                            RetentionPeriod::Years(years) => w.number("Years", years.into()),
                        }
                    });
                });
            }
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also for a period that is missing, twofold or out of range.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "ObjectWormConfiguration")?;
        if root.value_of("ObjectWormEnabled") != Some("Enabled") {
            return Err(malformed());
        }
        let Some(rule) = root.child("Rule") else {
            return Ok(Self { default: None });
        };
        let retention = rule.required("DefaultRetention")?;
        let mode = retention
            .value_of("Mode")
            .and_then(RetentionMode::from_text);
        let days: Option<u32> = retention.optional_number("Days")?;
        let years: Option<u32> = retention.optional_number("Years")?;
        let period = match (days, years) {
            (Some(days @ 1..=MAX_RETENTION_DAYS), None) => RetentionPeriod::Days(days),
            (None, Some(years @ 1..=70)) => RetentionPeriod::Years(years),
            _ => return Err(malformed()),
        };
        let mode = mode.ok_or_else(malformed)?;
        Ok(Self {
            default: Some((mode, period)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Result<ObjectWormConfiguration, OssError> {
        let xml = format!("<ObjectWormConfiguration>{inner}</ObjectWormConfiguration>");
        ObjectWormConfiguration::from_xml(xml.as_bytes())
    }

    #[test]
    fn documents_read_back() {
        for inner in [
            "<ObjectWormEnabled>Enabled</ObjectWormEnabled>",
            "<ObjectWormEnabled>Enabled</ObjectWormEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>",
            "<ObjectWormEnabled>Enabled</ObjectWormEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>70</Years></DefaultRetention></Rule>",
        ] {
            let document = read(inner).unwrap();
            assert!(document.to_xml().contains(inner), "{}", document.to_xml());
            assert_eq!(
                ObjectWormConfiguration::from_xml(document.to_xml().as_bytes()).unwrap(),
                document
            );
        }
        let years = read(
            "<ObjectWormEnabled>Enabled</ObjectWormEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule>",
        );
        assert_eq!(
            years.unwrap().default_days(),
            Some((RetentionMode::Compliance, 730))
        );
        let rule = |inner: &str| {
            read(&format!(
                "<ObjectWormEnabled>Enabled</ObjectWormEnabled><Rule>{inner}</Rule>"
            ))
        };
        let retention =
            |inner: &str| rule(&format!("<DefaultRetention>{inner}</DefaultRetention>"));
        assert!(
            read("").is_err() && read("<ObjectWormEnabled>Disabled</ObjectWormEnabled>").is_err()
        );
        assert!(rule("").is_err());
        for bad in [
            "<Days>1</Days>",
            "<Mode>governance</Mode><Days>1</Days>",
            "<Mode>GOVERNANCE</Mode>",
            "<Mode>GOVERNANCE</Mode><Days>0</Days>",
            "<Mode>GOVERNANCE</Mode><Years>71</Years>",
            "<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>",
        ] {
            assert!(retention(bad).is_err(), "{bad}");
        }
    }
}
