//! `CreateBucketConfiguration`: the optional body of PutBucket.

use super::read::malformed;
use super::{Element, Writer};
use crate::OssError;
use crate::header::{DataRedundancy, StorageClass};

/// What a new bucket is asked to be; what is absent is the server's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CreateBucketConfiguration {
    /// `StorageClass`.
    pub storage_class: Option<StorageClass>,
    /// `DataRedundancyType`.
    pub data_redundancy: Option<DataRedundancy>,
}

impl CreateBucketConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("CreateBucketConfiguration", |w| {
            if let Some(class) = self.storage_class {
                w.text("StorageClass", class.as_str());
            }
            if let Some(redundancy) = self.data_redundancy {
                w.text("DataRedundancyType", redundancy.as_str());
            }
        })
    }

    /// Reads the document; a body of nothing but space is an empty configuration.
    ///
    /// Errors: 400 `MalformedXML`; 400 `InvalidArgument` for a storage class that does not exist.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let root = Element::parse(bytes, "CreateBucketConfiguration")?;
        let storage_class = root
            .value_of("StorageClass")
            .map(StorageClass::parse_for_bucket)
            .transpose()?;
        let data_redundancy = match root.value_of("DataRedundancyType") {
            Some(text) => Some(DataRedundancy::from_text(text).ok_or_else(malformed)?),
            None => None,
        };
        Ok(Self {
            storage_class,
            data_redundancy,
        })
    }
}
