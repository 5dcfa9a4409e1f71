//! The retention of a whole bucket: the documents of its operations (api-buckets.md §6.6).

use crate::xml::{Element, Label, Writer};
use crate::{ErrorCode, OssError};

/// Longest retention in days: 70 years.
pub const MAX_RETENTION_DAYS: u32 = 25_550;

fn days(root: &Element) -> Result<u32, OssError> {
    let days = root.number_of("RetentionPeriodInDays")?;
    if !(1..=MAX_RETENTION_DAYS).contains(&days) {
        return Err(ErrorCode::InvalidWormConfiguration.into());
    }
    Ok(days)
}

/// Body of InitiateBucketWorm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitiateWormConfiguration {
    /// `RetentionPeriodInDays`, 1 to [`MAX_RETENTION_DAYS`].
    pub days: u32,
}

impl InitiateWormConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("InitiateWormConfiguration", |w| {
            w.number("RetentionPeriodInDays", self.days.into());
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`; 400 `InvalidWORMConfiguration` for days out of range.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "InitiateWormConfiguration")?;
        Ok(Self { days: days(&root)? })
    }
}

/// Body of ExtendBucketWorm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendWormConfiguration {
    /// `RetentionPeriodInDays`, 1 to [`MAX_RETENTION_DAYS`].
    pub days: u32,
}

impl ExtendWormConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ExtendWormConfiguration", |w| {
            w.number("RetentionPeriodInDays", self.days.into());
        })
    }

    /// Reads the document. Errors: as [`InitiateWormConfiguration::from_xml`].
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "ExtendWormConfiguration")?;
        Ok(Self { days: days(&root)? })
    }
}

/// Answer of GetBucketWorm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WormConfiguration {
    /// `WormId`.
    pub id: String,
    /// `State`: `InProgress` or `Locked`.
    pub state: Label,
    /// `RetentionPeriodInDays`.
    pub days: u32,
    /// `CreationDate`, Unix seconds.
    pub created: i64,
}

impl WormConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("WormConfiguration", |w| {
            w.text("WormId", &self.id);
            w.text("State", &self.state);
            w.number("RetentionPeriodInDays", self.days.into());
            w.time("CreationDate", self.created);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "WormConfiguration")?;
        Ok(Self {
            id: root.text_of("WormId").to_owned(),
            state: root.text_of("State").to_owned().into(),
            days: root.number_of("RetentionPeriodInDays")?,
            created: root.time_of("CreationDate")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_within_a_day_and_seventy_years() {
        let read = |days: &str| {
            let xml = format!(
                "<InitiateWormConfiguration><RetentionPeriodInDays>{days}</RetentionPeriodInDays></InitiateWormConfiguration>"
            );
            InitiateWormConfiguration::from_xml(xml.as_bytes())
        };
        for good in [1, 365, MAX_RETENTION_DAYS] {
            let document = read(&good.to_string()).unwrap();
            assert_eq!(document.days, good);
            assert_eq!(
                InitiateWormConfiguration::from_xml(document.to_xml().as_bytes()).unwrap(),
                document
            );
            let longer = ExtendWormConfiguration { days: good };
            assert_eq!(
                ExtendWormConfiguration::from_xml(longer.to_xml().as_bytes()).unwrap(),
                longer
            );
        }
        for bad in ["0", "25551"] {
            assert_eq!(
                read(bad).unwrap_err().code(),
                ErrorCode::InvalidWormConfiguration
            );
        }
        for bad in ["", "-1", "1.5", "x", "99999999999"] {
            assert_eq!(
                read(bad).unwrap_err().code(),
                ErrorCode::MalformedXml,
                "{bad}"
            );
        }
        let state = WormConfiguration {
            id: "0A".into(),
            state: "Locked".into(),
            days: 7,
            created: 1_602_777_032,
        };
        assert_eq!(
            WormConfiguration::from_xml(state.to_xml().as_bytes()).unwrap(),
            state
        );
    }
}
