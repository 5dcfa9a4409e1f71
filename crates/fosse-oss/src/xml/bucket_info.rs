//! `BucketInfo`: the answer of GetBucketInfo.

use super::{Element, Label, Owner, Writer};
use crate::OssError;

/// The facts of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketInfo {
    /// Name.
    pub name: String,
    /// Unix seconds.
    pub creation_date: i64,
    /// Host name for clients outside.
    pub extranet_endpoint: String,
    /// Host name for clients inside.
    pub intranet_endpoint: String,
    /// `oss-REGION`.
    pub location: String,
    /// Storage class.
    pub storage_class: Label,
    /// `LRS` or `ZRS`.
    pub data_redundancy: Label,
    /// `Enabled` or `Suspended`; `None` when never set.
    pub versioning: Option<Label>,
    /// Owner.
    pub owner: Owner,
    /// Bucket ACL.
    pub grant: Label,
    /// Default encryption: `None` when not configured.
    pub sse_algorithm: Option<String>,
    /// Key of the default encryption.
    pub kms_master_key_id: Option<String>,
    /// `KMSDataEncryption` of the default encryption.
    pub kms_data_encryption: Option<String>,
    /// Whether public access is blocked.
    pub block_public_access: bool,
    /// Whether access is monitored.
    pub access_monitor: bool,
    /// Whether transfer acceleration is on.
    pub transfer_acceleration: bool,
    /// Whether replication is configured.
    pub cross_region_replication: bool,
    /// Resource group, if any.
    pub resource_group_id: Option<String>,
    /// Where access logs go; empty when nowhere.
    pub log_bucket: String,
    /// What names of access logs begin with.
    pub log_prefix: String,
}

fn switch(on: bool) -> &'static str {
    if on { "Enabled" } else { "Disabled" }
}

impl BucketInfo {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("BucketInfo", |w| w.element("Bucket", |w| self.write(w)))
    }

    fn write(&self, w: &mut Writer) {
        w.text("AccessMonitor", switch(self.access_monitor));
        w.flag("BlockPublicAccess", self.block_public_access);
        w.time("CreationDate", self.creation_date);
        w.text("ExtranetEndpoint", &self.extranet_endpoint);
        w.text("IntranetEndpoint", &self.intranet_endpoint);
        w.text("Location", &self.location);
        w.text("Name", &self.name);
        w.text("StorageClass", &self.storage_class);
        w.text("DataRedundancyType", &self.data_redundancy);
        w.text("TransferAcceleration", switch(self.transfer_acceleration));
        w.text(
            "CrossRegionReplication",
            switch(self.cross_region_replication),
        );
        if let Some(state) = &self.versioning {
            w.text("Versioning", state);
        }
        if let Some(group) = &self.resource_group_id {
            w.text("ResourceGroupId", group);
        }
        w.text("Comment", "");
        self.owner.write(w);
        w.element("AccessControlList", |w| w.text("Grant", &self.grant));
        // Flat here, unlike the answer of GetBucketEncryption.
        w.element("ServerSideEncryptionRule", |w| {
            w.text(
                "SSEAlgorithm",
                self.sse_algorithm.as_deref().unwrap_or("None"),
            );
            if let Some(key) = &self.kms_master_key_id {
                w.text("KMSMasterKeyID", key);
            }
            if let Some(algorithm) = &self.kms_data_encryption {
                w.text("KMSDataEncryption", algorithm);
            }
        });
        w.element("BucketPolicy", |w| {
            w.text("LogBucket", &self.log_bucket);
            w.text("LogPrefix", &self.log_prefix);
        });
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "BucketInfo")?;
        let bucket = root.required("Bucket")?;
        let empty = Element::default();
        let rule = bucket.child("ServerSideEncryptionRule").unwrap_or(&empty);
        let log = bucket.child("BucketPolicy").unwrap_or(&empty);
        let acl = bucket.child("AccessControlList").unwrap_or(&empty);
        let owned = |element: &Element, name: &str| element.value_of(name).map(str::to_owned);
        let on = |name: &str| bucket.value_of(name) == Some("Enabled");
        Ok(Self {
            name: bucket.required("Name")?.text.clone(),
            creation_date: bucket.time_of("CreationDate")?,
            extranet_endpoint: bucket.text_of("ExtranetEndpoint").to_owned(),
            intranet_endpoint: bucket.text_of("IntranetEndpoint").to_owned(),
            location: bucket.text_of("Location").to_owned(),
            storage_class: bucket.text_of("StorageClass").to_owned().into(),
            data_redundancy: bucket.text_of("DataRedundancyType").to_owned().into(),
            versioning: owned(bucket, "Versioning").map(Label::from),
            owner: Owner::read(bucket).unwrap_or_default(),
            grant: acl.text_of("Grant").to_owned().into(),
            sse_algorithm: owned(rule, "SSEAlgorithm").filter(|name| name != "None"),
            kms_master_key_id: owned(rule, "KMSMasterKeyID"),
            kms_data_encryption: owned(rule, "KMSDataEncryption"),
            block_public_access: bucket.flag_of("BlockPublicAccess")?,
            access_monitor: on("AccessMonitor"),
            transfer_acceleration: on("TransferAcceleration"),
            cross_region_replication: on("CrossRegionReplication"),
            resource_group_id: owned(bucket, "ResourceGroupId"),
            log_bucket: log.text_of("LogBucket").to_owned(),
            log_prefix: log.text_of("LogPrefix").to_owned(),
        })
    }
}
