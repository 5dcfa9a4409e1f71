//! `BucketResourceGroupConfiguration`: the resource group of a bucket (api-buckets.md §6.8).

use crate::xml::{Element, Writer};
use crate::{ErrorCode, OssError};

/// The group of everything that was put into no other.
pub const DEFAULT_RESOURCE_GROUP: &str = "rg-default";

/// The resource group of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketResourceGroupConfiguration {
    /// `ResourceGroupId`, never empty.
    pub resource_group_id: String,
}

impl Default for BucketResourceGroupConfiguration {
    fn default() -> Self {
        Self {
            resource_group_id: DEFAULT_RESOURCE_GROUP.to_owned(),
        }
    }
}

impl BucketResourceGroupConfiguration {
    /// A group by its id; an empty one is the default group. Fosse keeps no list of groups, so that every id in the
    /// form of one is accepted: `rg-` and up to 60 letters and digits.
    ///
    /// Errors: 400 `ResourceGroupIdPreCheckError`.
    pub fn of(id: &str) -> Result<Self, OssError> {
        let id = id.trim();
        if id.is_empty() {
            return Ok(Self::default());
        }
        let legal = |rest: &str| {
            (1..=60).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !id.strip_prefix("rg-").is_some_and(legal) {
            return Err(
                OssError::new(ErrorCode::ResourceGroupIdPreCheckError).with("ResourceGroupId", id)
            );
        }
        Ok(Self {
            resource_group_id: id.to_owned(),
        })
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("BucketResourceGroupConfiguration", |w| {
            w.text("ResourceGroupId", &self.resource_group_id);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`; those of [`of`](Self::of).
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "BucketResourceGroupConfiguration")?;
        Self::of(&root.required("ResourceGroupId")?.text)
    }
}
