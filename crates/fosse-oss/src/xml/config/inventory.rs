//! `InventoryConfiguration`: reports about the objects of a bucket (api-buckets.md §6.7).

mod read;
#[cfg(test)]
mod tests;

use crate::header::StorageClass;
use crate::xml::{Element, Writer};

/// Most inventories of a bucket.
pub const MAX_INVENTORIES: usize = 1000;
/// Inventories of a page of ListBucketInventory.
pub const INVENTORY_PAGE: usize = 100;

/// One inventory of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryConfiguration {
    /// `Id`: 1 to 64 of `a-z`, `0-9`, `-` and `_`, unique in the bucket.
    pub id: String,
    /// `IsEnabled`: whether reports are made.
    pub enabled: bool,
    /// Which objects are reported; all without it.
    pub filter: Option<InventoryFilter>,
    /// Where reports go.
    pub destination: InventoryDestination,
    /// How often.
    pub frequency: InventoryFrequency,
    /// `DayOfMonth`, 1 to 31, of a monthly report.
    pub day_of_month: Option<u8>,
    /// `IncludedObjectVersions`: `All` or `Current`.
    pub all_versions: bool,
    /// `OptionalFields/Field`: columns beside bucket and key, in order.
    pub fields: Vec<InventoryField>,
    /// `IncrementalInventory`, kept as it came; Fosse writes no such reports.
    pub incremental: Option<Element>,
}

/// `Filter`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InventoryFilter {
    /// Keys begin with this.
    pub prefix: Option<String>,
    /// Modified at this time or later, Unix seconds.
    pub modified_from: Option<u64>,
    /// Modified at this time or before, Unix seconds.
    pub modified_to: Option<u64>,
    /// At least so many bytes.
    pub size_from: Option<u64>,
    /// At most so many bytes.
    pub size_to: Option<u64>,
    /// Of one of these classes; empty: of any. Sorted by name.
    pub storage_classes: Vec<StorageClass>,
}

/// `OSSBucketDestination`. The format is CSV.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InventoryDestination {
    /// `AccountId`: account of the role.
    pub account_id: String,
    /// `RoleArn`: role that writes the reports.
    pub role_arn: String,
    /// Name of the bucket (`acs:oss:::NAME` in the document).
    pub bucket: String,
    /// What names of reports begin with.
    pub prefix: Option<String>,
    /// How reports are encrypted.
    pub encryption: Option<InventoryEncryption>,
}

/// `Encryption` of reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InventoryEncryption {
    /// `SSE-OSS`.
    Oss,
    /// `SSE-KMS` with its key.
    Kms(String),
}

/// `Schedule/Frequency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum InventoryFrequency {
    Daily,
    Weekly,
    Monthly,
    Once,
}

impl InventoryFrequency {
    const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Once];

    /// The text of `Frequency`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "Daily",
            Self::Weekly => "Weekly",
            Self::Monthly => "Monthly",
            Self::Once => "Once",
        }
    }
}

/// A column of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum InventoryField {
    Size,
    LastModifiedDate,
    ETag,
    StorageClass,
    IsMultipartUploaded,
    EncryptionStatus,
    TransitionTime,
    ObjectAcl,
    TaggingCount,
    ObjectType,
    Crc64,
}

impl InventoryField {
    const ALL: [Self; 11] = [
        Self::Size,
        Self::LastModifiedDate,
        Self::ETag,
        Self::StorageClass,
        Self::IsMultipartUploaded,
        Self::EncryptionStatus,
        Self::TransitionTime,
        Self::ObjectAcl,
        Self::TaggingCount,
        Self::ObjectType,
        Self::Crc64,
    ];

    /// The text of `Field`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Size => "Size",
            Self::LastModifiedDate => "LastModifiedDate",
            Self::ETag => "ETag",
            Self::StorageClass => "StorageClass",
            Self::IsMultipartUploaded => "IsMultipartUploaded",
            Self::EncryptionStatus => "EncryptionStatus",
            Self::TransitionTime => "TransitionTime",
            Self::ObjectAcl => "ObjectAcl",
            Self::TaggingCount => "TaggingCount",
            Self::ObjectType => "ObjectType",
            Self::Crc64 => "Crc64",
        }
    }
}

impl InventoryConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("InventoryConfiguration", |w| self.write(w))
    }

    fn write(&self, w: &mut Writer) {
        w.text("Id", &self.id);
        w.flag("IsEnabled", self.enabled);
        if let Some(filter) = &self.filter {
            w.element("Filter", |w| filter.write(w));
        }
        w.element("Destination", |w| {
            w.element("OSSBucketDestination", |w| self.destination.write(w));
        });
        w.element("Schedule", |w| {
            w.text("Frequency", self.frequency.as_str());
            if let Some(day) = self.day_of_month {
                w.number("DayOfMonth", day.into());
            }
        });
        let versions = if self.all_versions { "All" } else { "Current" };
        w.text("IncludedObjectVersions", versions);
        if !self.fields.is_empty() {
            w.element("OptionalFields", |w| {
                for field in &self.fields {
                    w.text("Field", field.as_str());
                }
            });
        }
        if let Some(incremental) = &self.incremental {
            w.tree(incremental);
        }
    }
}

impl InventoryFilter {
    fn write(&self, w: &mut Writer) {
        if let Some(prefix) = &self.prefix {
            w.text("Prefix", prefix);
        }
        for (name, value) in [
            ("LastModifyBeginTimeStamp", self.modified_from),
            ("LastModifyEndTimeStamp", self.modified_to),
            ("LowerSizeBound", self.size_from),
            ("UpperSizeBound", self.size_to),
        ] {
            if let Some(value) = value {
                w.number(name, value);
            }
        }
        if !self.storage_classes.is_empty() {
            let names: Vec<&str> = self.storage_classes.iter().map(|c| c.as_str()).collect();
            w.text("StorageClass", &names.join(","));
        }
    }
}

impl InventoryDestination {
    fn write(&self, w: &mut Writer) {
        w.text("Format", "CSV");
        w.text("AccountId", &self.account_id);
        w.text("RoleArn", &self.role_arn);
        w.text("Bucket", &format!("acs:oss:::{}", self.bucket));
        if let Some(prefix) = &self.prefix {
            w.text("Prefix", prefix);
        }
        if let Some(encryption) = &self.encryption {
            w.element("Encryption", |w| match encryption {
                InventoryEncryption::Oss => w.text("SSE-OSS", ""),
                InventoryEncryption::Kms(key) => w.element("SSE-KMS", |w| w.text("KeyId", key)),
            });
        }
    }
}

/// `ListInventoryConfigurationsResult`: a page of inventories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListInventoryConfigurationsResult {
    /// Inventories in the order of their ids.
    pub inventories: Vec<InventoryConfiguration>,
    /// Whether more follow.
    pub is_truncated: bool,
    /// The token of this page, if one was sent.
    pub continuation_token: Option<String>,
    /// The token of the next page.
    pub next_continuation_token: Option<String>,
}

impl ListInventoryConfigurationsResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ListInventoryConfigurationsResult", |w| {
            for inventory in &self.inventories {
                w.element("InventoryConfiguration", |w| inventory.write(w));
            }
            w.flag("IsTruncated", self.is_truncated);
            if let Some(token) = &self.continuation_token {
                w.text("ContinuationToken", token);
            }
            if let Some(token) = &self.next_continuation_token {
                w.text("NextContinuationToken", token);
            }
        })
    }
}
