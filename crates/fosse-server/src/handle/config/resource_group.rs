//! The resource group of a bucket (api-buckets.md §6.8).

use super::{received, store, stored_or};
use crate::bucket_config::name::RESOURCE_GROUP;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::BucketResourceGroupConfiguration;

/// `PUT /?resourceGroup`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = BucketResourceGroupConfiguration::from_xml(&document)?;
    store(call, granted, RESOURCE_GROUP, config.to_xml()).await
}

/// `GET /?resourceGroup`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, RESOURCE_GROUP, || {
        BucketResourceGroupConfiguration::default().to_xml()
    })
}
