//! `Tagging` of a bucket (api-buckets.md §6.5). Tags of objects have other limits.

use crate::xml::{Element, Writer};
use crate::{ErrorCode, OssError};
use std::collections::HashSet;

const MAX_TAGS: usize = 20;
const MAX_KEY_BYTES: usize = 64;
const MAX_VALUE_BYTES: usize = 128;
/// Beginnings of keys that OSS keeps for itself, in any case.
const RESERVED: [&str; 3] = ["http://", "https://", "aliyun"];

/// The tags of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketTagging {
    /// Key and value of each tag, in the order sent.
    pub tags: Vec<(String, String)>,
}

/// `TagSet`.
pub(in crate::xml) fn write_tag_set(w: &mut Writer, tags: &[(String, String)]) {
    w.element("TagSet", |w| {
        for (key, value) in tags {
            w.element("Tag", |w| {
                w.text("Key", key);
                w.text("Value", value);
            });
        }
    });
}

impl BucketTagging {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("Tagging", |w| write_tag_set(w, &self.tags))
    }

    /// Reads and validates the document; a tag without `Value` has an empty one.
    ///
    /// Errors: 400 `MalformedXML`; those of [`check`](Self::check).
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "Tagging")?;
        let read = |tag: &Element| -> Result<(String, String), OssError> {
            let key = tag.required("Key")?.text.clone();
            Ok((key, tag.text_of("Value").to_owned()))
        };
        let set = root.required("TagSet")?;
        let tags = set
            .all("Tag")
            .take(MAX_TAGS + 1)
            .map(read)
            .collect::<Result<_, _>>()?;
        let read = Self { tags };
        read.check()?;
        Ok(read)
    }

    /// The limits: 20 tags, keys of 1 to 64 bytes that differ, values of up to 128 bytes, no reserved beginning.
    ///
    /// Errors: 400 `TooManyTags`, `InvalidTag`, `RepeatedTags`.
    pub fn check(&self) -> Result<(), OssError> {
        let invalid = |message: &'static str, key: &str| {
            Err(OssError::new(ErrorCode::InvalidTag)
                .with_message(message)
                .with("TagKey", key))
        };
        if self.tags.len() > MAX_TAGS {
            return Err(ErrorCode::TooManyTags.into());
        }
        let mut keys = HashSet::new();
        for (key, value) in &self.tags {
            let lower = key.to_lowercase();
            if key.is_empty()
                || key.len() > MAX_KEY_BYTES
                || key.chars().any(char::is_control)
                || RESERVED.iter().any(|reserved| lower.starts_with(reserved))
            {
                return invalid("The TagKey you have provided is invalid.", key);
            }
            if value.len() > MAX_VALUE_BYTES || value.chars().any(char::is_control) {
                return invalid("The TagValue you have provided is invalid.", key);
            }
            if !keys.insert(key) {
                return Err(ErrorCode::RepeatedTags.into());
            }
        }
        Ok(())
    }
}
