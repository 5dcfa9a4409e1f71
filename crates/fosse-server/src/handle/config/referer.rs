//! Referer rules (hotlink.md §2). The gate matches them.

use super::{received, store, stored_or};
use crate::bucket_config::name::REFERER;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::RefererConfiguration;

/// `PUT /?referer`: replaces the rules. There is no operation that deletes them.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let rules = RefererConfiguration::from_xml(&document)?;
    store(call, granted, REFERER, rules.to_xml()).await
}

/// `GET /?referer`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, REFERER, || {
        RefererConfiguration::default().to_xml()
    })
}
