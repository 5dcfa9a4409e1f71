//! `ListLiveChannelResult`: the answer of ListLiveChannel, of a server that has no live channels.

use super::Writer;

/// An empty page of live channels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListLiveChannelResult {
    /// Asked prefix.
    pub prefix: String,
    /// Asked marker.
    pub marker: String,
    /// Asked page size.
    pub max_keys: u64,
}

impl ListLiveChannelResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ListLiveChannelResult", |w| {
            w.text("Prefix", &self.prefix);
            w.text("Marker", &self.marker);
            w.number("MaxKeys", self.max_keys);
            w.flag("IsTruncated", false);
            w.text("NextMarker", "");
        })
    }
}
