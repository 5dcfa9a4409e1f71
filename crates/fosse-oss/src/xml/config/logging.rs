//! `BucketLoggingStatus`: where the access logs of a bucket go (api-buckets.md §6.4).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

const MAX_PREFIX: usize = 32;

/// The logging setting of a bucket; nothing inside: no logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketLoggingStatus {
    /// `LoggingEnabled`.
    pub target: Option<LoggingTarget>,
}

/// Where logs go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoggingTarget {
    /// `TargetBucket`.
    pub bucket: String,
    /// `TargetPrefix`: what names of logs begin with; may be empty.
    pub prefix: String,
    /// `LoggingRole`.
    pub role: Option<String>,
}

impl BucketLoggingStatus {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("BucketLoggingStatus", |w| {
            // Empty where there are no logs: the suite of the Java SDK v2 looks into it.
            w.element("LoggingEnabled", |w| {
                if let Some(target) = &self.target {
                    w.text("TargetBucket", &target.bucket);
                    w.text("TargetPrefix", &target.prefix);
                    if let Some(role) = &target.role {
                        w.text("LoggingRole", role);
                    }
                }
            });
        })
    }

    /// Reads and validates the document; whether the target exists is the server's to say.
    ///
    /// Errors: 400 `MalformedXML`, also for a target with a prefix and no bucket; 400 `InvalidArgument` for a prefix of more than
    /// 32 characters or one that does not begin with a letter.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "BucketLoggingStatus")?;
        let element = root.child("LoggingEnabled");
        let Some(element) = element.filter(|element| !element.children.is_empty()) else {
            return Ok(Self::default());
        };
        let target = LoggingTarget {
            bucket: element
                .value_of("TargetBucket")
                .ok_or_else(malformed)?
                .to_owned(),
            prefix: element
                .value_of("TargetPrefix")
                .unwrap_or_default()
                .to_owned(),
            // Also when it is empty: the Java SDK reads it back as it was sent.
            role: element
                .child("LoggingRole")
                .map(|role| role.text.trim().to_owned()),
        };
        let mut characters = target.prefix.chars();
        let begins_well = characters.next().is_none_or(char::is_alphabetic);
        if !begins_well
            || target.prefix.chars().count() > MAX_PREFIX
            || target.prefix.chars().any(char::is_control)
        {
            return Err(OssError::invalid_argument(
                "TargetPrefix",
                &target.prefix,
                "The TargetPrefix must begin with a letter and have at most 32 characters.",
            ));
        }
        Ok(Self {
            target: Some(target),
        })
    }
}
