//! How much a bucket may hold. Writes are held against it in `handle/capacity.rs`.

use super::{received, store, stored_or};
use crate::bucket_config::name::CAPACITY;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::BucketUserQos;

/// `PUT /?qos`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = BucketUserQos::from_xml(&document)?;
    store(call, granted, CAPACITY, config.to_xml()).await
}

/// `GET /?qos`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, CAPACITY, || BucketUserQos::default().to_xml())
}
