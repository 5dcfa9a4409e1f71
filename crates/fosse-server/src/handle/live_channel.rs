//! Live channels: Fosse has none, and says so in the form of a listing, which clients ask for before they delete a bucket.

use crate::request::Call;
use crate::respond::{Answer, xml};
use fosse_oss::xml::ListLiveChannelResult;

/// `GET /?live`.
pub(crate) fn list_live_channel(call: &Call) -> Answer {
    let document = ListLiveChannelResult {
        prefix: call.query.listing_text("prefix")?.to_owned(),
        marker: call.query.listing_text("marker")?.to_owned(),
        max_keys: call.query.page_size("max-keys", 100)? as u64,
    };
    Ok(xml(document.to_xml()))
}
