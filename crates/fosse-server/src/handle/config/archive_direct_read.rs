//! Reading archived objects without restoring them (api-buckets.md §6.8).

use super::{received, store, stored_or};
use crate::bucket_config::name::ARCHIVE_DIRECT_READ;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::ArchiveDirectReadConfiguration;

/// `PUT /?bucketArchiveDirectRead`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = ArchiveDirectReadConfiguration::from_xml(&document)?;
    store(call, granted, ARCHIVE_DIRECT_READ, config.to_xml()).await
}

/// `GET /?bucketArchiveDirectRead`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, ARCHIVE_DIRECT_READ, || {
        ArchiveDirectReadConfiguration::default().to_xml()
    })
}
