//! `ListAllMyBucketsResult`: the answer of ListBuckets.

use super::{Element, Label, Owner, Writer};
use crate::OssError;

/// A page of buckets in name order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListAllMyBucketsResult {
    /// Asked prefix.
    pub prefix: String,
    /// Asked marker.
    pub marker: String,
    /// Asked page size.
    pub max_keys: u64,
    /// Whether more buckets follow.
    pub is_truncated: bool,
    /// Marker of the next page; `None` when not truncated.
    pub next_marker: Option<String>,
    /// Owner of the buckets.
    pub owner: Owner,
    /// The buckets.
    pub buckets: Vec<BucketEntry>,
}

/// A bucket of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketEntry {
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
    /// `REGION`.
    pub region: String,
    /// Storage class.
    pub storage_class: Label,
    /// Resource group, if any.
    pub resource_group_id: Option<String>,
    /// Tags, in an answer to a question about tags.
    pub tags: Vec<(String, String)>,
}

impl ListAllMyBucketsResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ListAllMyBucketsResult", |w| {
            w.text("Prefix", &self.prefix);
            w.text("Marker", &self.marker);
            w.number("MaxKeys", self.max_keys);
            w.flag("IsTruncated", self.is_truncated);
            if let Some(next) = &self.next_marker {
                w.text("NextMarker", next);
            }
            self.owner.write(w);
            w.element("Buckets", |w| {
                for bucket in &self.buckets {
                    w.element("Bucket", |w| bucket.write(w));
                }
            });
        })
    }

    /// Reads the document; the page elements may be missing. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListAllMyBucketsResult")?;
        let buckets = root
            .required("Buckets")?
            .all("Bucket")
            .map(BucketEntry::read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            prefix: root.text_of("Prefix").to_owned(),
            marker: root.text_of("Marker").to_owned(),
            max_keys: root.number_or_zero("MaxKeys")?,
            is_truncated: root.flag_of("IsTruncated")?,
            next_marker: root.value_of("NextMarker").map(str::to_owned),
            owner: Owner::read(&root).unwrap_or_default(),
            buckets,
        })
    }
}

impl BucketEntry {
    fn write(&self, w: &mut Writer) {
        w.time("CreationDate", self.creation_date);
        w.text("ExtranetEndpoint", &self.extranet_endpoint);
        w.text("IntranetEndpoint", &self.intranet_endpoint);
        w.text("Location", &self.location);
        w.text("Name", &self.name);
        w.text("Region", &self.region);
        w.text("StorageClass", &self.storage_class);
        if let Some(group) = &self.resource_group_id {
            w.text("ResourceGroupId", group);
        }
        if !self.tags.is_empty() {
            w.element("Tagging", |w| {
                super::config::bucket_tagging::write_tag_set(w, &self.tags)
            });
        }
    }

    fn read(element: &Element) -> Result<Self, OssError> {
        Ok(Self {
            name: element.required("Name")?.text.clone(),
            creation_date: element.time_of("CreationDate")?,
            extranet_endpoint: element.text_of("ExtranetEndpoint").to_owned(),
            intranet_endpoint: element.text_of("IntranetEndpoint").to_owned(),
            location: element.text_of("Location").to_owned(),
            region: element.text_of("Region").to_owned(),
            storage_class: element.text_of("StorageClass").to_owned().into(),
            resource_group_id: element.value_of("ResourceGroupId").map(str::to_owned),
            tags: element
                .child("Tagging")
                .and_then(|tagging| tagging.child("TagSet"))
                .into_iter()
                .flat_map(|set| set.all("Tag"))
                .map(|tag| {
                    (
                        tag.text_of("Key").to_owned(),
                        tag.text_of("Value").to_owned(),
                    )
                })
                .collect(),
        })
    }
}
