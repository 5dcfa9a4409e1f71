//! Website settings (api-buckets.md §6.3). What they do to anonymous reads is not here.

use super::{received, remove, store, stored_or_error};
use crate::bucket_config::name::WEBSITE;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::WebsiteConfiguration;

/// `PUT /?website`: replaces all.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let website = WebsiteConfiguration::from_xml(&document)?;
    store(call, granted, WEBSITE, website.to_xml()).await
}

/// `GET /?website`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(granted, WEBSITE, ErrorCode::NoSuchWebsiteConfiguration)
}

/// `DELETE /?website`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, WEBSITE).await
}
