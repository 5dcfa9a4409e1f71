//! `RestoreRequest`: the body of RestoreObject (api-objects.md §12).

use crate::OssError;
use crate::xml::{Element, Writer};

/// How soon a restored copy is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RestoreTier {
    /// Hours later, cheapest.
    Bulk,
    /// The default.
    Standard,
    /// Soonest.
    Expedited,
}

impl RestoreTier {
    /// The word in documents and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bulk => "Bulk",
            Self::Standard => "Standard",
            Self::Expedited => "Expedited",
        }
    }

    /// The tier of a word; `None` when there is no such tier.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Bulk, Self::Standard, Self::Expedited]
            .into_iter()
            .find(|tier| tier.as_str() == text)
    }
}

/// What a restore asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestoreRequest {
    /// `Days`: how long the copy is kept; `None`: the default of the class.
    pub days: Option<u32>,
    /// `JobParameters/Tier`.
    pub tier: Option<RestoreTier>,
}

impl RestoreRequest {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("RestoreRequest", |w| {
            if let Some(days) = self.days {
                w.number("Days", days.into());
            }
            if let Some(tier) = self.tier {
                w.element("JobParameters", |w| w.text("Tier", tier.as_str()));
            }
        })
    }

    /// Reads the document; an empty body asks for the defaults. Whether days and tier fit the storage class is the
    /// server's to judge. Errors: 400 `MalformedXML`; 400 `InvalidArgument` for an unknown tier (suite of oss2).
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        let root = Element::parse(bytes, "RestoreRequest")?;
        let tier = match root.child("JobParameters").and_then(|p| p.value_of("Tier")) {
            Some(word) => Some(RestoreTier::from_text(word).ok_or_else(|| {
                let message = "The tier of a restore is Expedited, Standard or Bulk.";
                OssError::invalid_argument("Tier", word, message)
            })?),
            None => None,
        };
        Ok(Self {
            days: root.optional_number("Days")?,
            tier,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_optional_and_tiers_are_known() {
        assert_eq!(
            RestoreRequest::from_xml(b" \n").unwrap(),
            RestoreRequest::default()
        );
        let xml = "<RestoreRequest><Days>2</Days><JobParameters><Tier>Standard</Tier></JobParameters></RestoreRequest>";
        let request = RestoreRequest::from_xml(xml.as_bytes()).unwrap();
        assert_eq!(
            (request.days, request.tier),
            (Some(2), Some(RestoreTier::Standard))
        );
        assert!(request.to_xml().ends_with(xml));
        let none = RestoreRequest::from_xml(b"<RestoreRequest/>").unwrap();
        assert_eq!(
            RestoreRequest::from_xml(none.to_xml().as_bytes()).unwrap(),
            none
        );
        for bad in [
            "<RestoreRequest><Days>x</Days></RestoreRequest>",
            "<RestoreRequest><Days>-1</Days></RestoreRequest>",
            "<RestoreRequest><JobParameters><Tier>fast</Tier></JobParameters></RestoreRequest>",
            "<Restore/>",
            "text",
        ] {
            assert!(RestoreRequest::from_xml(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
