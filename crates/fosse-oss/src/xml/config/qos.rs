//! Storage capacity and bandwidth of a bucket (`?qos`, `?qosInfo`, `?requesterQosInfo`).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

/// Bytes of the unit of [`BucketUserQos::storage_capacity`].
pub const CAPACITY_UNIT: u64 = 1 << 30;

/// `BucketUserQos`: how much a bucket may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketUserQos {
    /// `StorageCapacity` in GiB; -1: any amount.
    pub storage_capacity: i64,
}

impl Default for BucketUserQos {
    fn default() -> Self {
        Self {
            storage_capacity: -1,
        }
    }
}

impl BucketUserQos {
    /// The capacity in bytes; `None`: any amount.
    pub fn bytes(&self) -> Option<u64> {
        let units = u64::try_from(self.storage_capacity).ok()?;
        Some(units.saturating_mul(CAPACITY_UNIT))
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("BucketUserQos", |w| {
            w.text("StorageCapacity", &self.storage_capacity.to_string());
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`; 400 `InvalidArgument` below -1.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "BucketUserQos")?;
        let storage_capacity = signed(&root, "StorageCapacity")?.ok_or_else(malformed)?;
        Ok(Self { storage_capacity })
    }
}

/// `QoSConfiguration`: bandwidths in Gbit/s and requests a second; -1: no limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QoSConfiguration {
    /// The limits in the order of [`QoSConfiguration::NAMES`].
    pub limits: [i64; 9],
}

impl Default for QoSConfiguration {
    fn default() -> Self {
        Self { limits: [-1; 9] }
    }
}

impl QoSConfiguration {
    /// Names of the limits: uploads, downloads and requests, of each the total, the intranet's and the extranet's.
    pub const NAMES: [&'static str; 9] = [
        "TotalUploadBandwidth",
        "IntranetUploadBandwidth",
        "ExtranetUploadBandwidth",
        "TotalDownloadBandwidth",
        "IntranetDownloadBandwidth",
        "ExtranetDownloadBandwidth",
        "TotalQps",
        "IntranetQps",
        "ExtranetQps",
    ];

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("QoSConfiguration", |w| self.write(w))
    }

    /// Writes the limits into an element.
    pub fn write(&self, w: &mut Writer) {
        for (name, limit) in Self::NAMES.iter().zip(self.limits) {
            w.text(name, &limit.to_string());
        }
    }

    /// Reads the document. Errors: 400 `MalformedXML`; 400 `InvalidArgument` for limits below -1.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        Self::read(&Element::parse_kept(bytes, "QoSConfiguration")?)
    }

    /// Reads the limits from an element. Errors: as [`from_xml`](Self::from_xml).
    pub fn read(element: &Element) -> Result<Self, OssError> {
        let mut limits = [-1; 9];
        for (name, limit) in Self::NAMES.iter().zip(&mut limits) {
            *limit = signed(element, name)?.unwrap_or(-1);
        }
        Ok(Self { limits })
    }

    /// Checks that no part is more than its total, and no total more than that of `most`.
    ///
    /// Errors: 400 `InvalidArgument`.
    pub fn check(&self, most: &QoSConfiguration) -> Result<(), OssError> {
        let names = Self::NAMES.chunks_exact(3);
        let groups = self.limits.chunks_exact(3).zip(most.limits.chunks_exact(3));
        for (names, (own, most)) in names.zip(groups) {
            let ceiling = most.first().copied().filter(|limit| *limit >= 0);
            let total = own.first().copied().filter(|limit| *limit >= 0);
            for (place, (name, limit)) in names.iter().zip(own).enumerate() {
                let bound = if place == 0 {
                    ceiling
                } else {
                    total.or(ceiling)
                };
                if bound.is_some_and(|bound| *limit > bound) {
                    let message = format!("The {name} is more than the total allows.");
                    return Err(OssError::invalid_argument(
                        name,
                        &limit.to_string(),
                        message,
                    ));
                }
            }
        }
        Ok(())
    }
}

/// `UserQosInfo`: the limits of an account in a region, the answer of GetUserQosInfo.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserQosInfo {
    /// `Region`.
    pub region: String,
    /// The limits.
    pub limits: QoSConfiguration,
}

impl UserQosInfo {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("UserQosInfo", |w| {
            w.text("Region", &self.region);
            self.limits.write(w);
        })
    }
}

/// `RequesterQoSInfo`: the limits of one requester, the answer of GetBucketRequesterQosInfo.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketRequesterQos {
    /// `Requester`: an account id.
    pub requester: String,
    /// The limits.
    pub limits: QoSConfiguration,
}

impl BucketRequesterQos {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("RequesterQoSInfo", |w| self.write(w))
    }

    fn write(&self, w: &mut Writer) {
        w.text("Requester", &self.requester);
        w.element("QoSConfiguration", |w| self.limits.write(w));
    }
}

/// `ListBucketRequesterQoSInfosResult`: a page of requesters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListBucketRequesterQosInfosResult {
    /// The bucket.
    pub bucket: String,
    /// The token of this page.
    pub continuation_token: String,
    /// The token of the next page; empty when there is none.
    pub next_continuation_token: String,
    /// Whether more follow.
    pub is_truncated: bool,
    /// In the order of account ids.
    pub requesters: Vec<BucketRequesterQos>,
}

impl ListBucketRequesterQosInfosResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ListBucketRequesterQoSInfosResult", |w| {
            w.text("Bucket", &self.bucket);
            w.text("ContinuationToken", &self.continuation_token);
            w.text("NextContinuationToken", &self.next_continuation_token);
            w.flag("IsTruncated", self.is_truncated);
            for requester in &self.requesters {
                w.element("RequesterQoSInfo", |w| requester.write(w));
            }
        })
    }
}

/// A number that may be -1. Errors: 400 `MalformedXML` for no number; 400 `InvalidArgument` below -1.
fn signed(element: &Element, name: &str) -> Result<Option<i64>, OssError> {
    let Some(text) = element.value_of(name) else {
        return Ok(None);
    };
    let number: i64 = text.parse().map_err(|_| malformed())?;
    if number < -1 {
        let message = format!("The {name} must not be less than -1.");
        return Err(OssError::invalid_argument(name, text, message));
    }
    Ok(Some(number))
}
