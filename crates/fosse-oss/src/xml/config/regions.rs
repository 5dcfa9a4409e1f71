//! `RegionInfoList`: the answer of DescribeRegions (api-buckets.md §1.2).

use crate::xml::Writer;

/// Regions and their endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegionInfoList {
    /// The regions.
    pub regions: Vec<RegionInfo>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegionInfo {
    /// `oss-REGION`.
    pub region: String,
    /// Host name for clients outside.
    pub internet_endpoint: String,
    /// Host name for clients inside.
    pub internal_endpoint: String,
    /// Host name of accelerated transfers.
    pub accelerate_endpoint: String,
}

impl RegionInfoList {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("RegionInfoList", |w| {
            for region in &self.regions {
                w.element("RegionInfo", |w| {
                    w.text("Region", &region.region);
                    w.text("InternetEndpoint", &region.internet_endpoint);
                    w.text("InternalEndpoint", &region.internal_endpoint);
                    w.text("AccelerateEndpoint", &region.accelerate_endpoint);
                });
            }
        })
    }
}
