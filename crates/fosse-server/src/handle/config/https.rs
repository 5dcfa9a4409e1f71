//! TLS of a bucket's host names (delivery.md §4).

use super::{received, store, stored_or};
use crate::bucket_config::name::HTTPS;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::HttpsConfiguration;

/// `PUT /?httpsConfig`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = HttpsConfiguration::from_xml(&document)?;
    store(call, granted, HTTPS, config.to_xml()).await
}

/// `GET /?httpsConfig`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, HTTPS, || HttpsConfiguration::default().to_xml())
}
