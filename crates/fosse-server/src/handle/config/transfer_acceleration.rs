//! Transfer acceleration (api-buckets.md §6.8): whether the accelerated host names lead to the bucket.

use super::{received, remove, store, stored_or_error};
use crate::bucket_config::name::TRANSFER_ACCELERATION;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::TransferAccelerationConfiguration;

/// `PUT /?transferAcceleration`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = TransferAccelerationConfiguration::from_xml(&document)?;
    store(call, granted, TRANSFER_ACCELERATION, config.to_xml()).await
}

/// `GET /?transferAcceleration`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(
        granted,
        TRANSFER_ACCELERATION,
        ErrorCode::NoSuchTransferAccelerationConfiguration,
    )
}

/// `DELETE /?transferAcceleration`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, TRANSFER_ACCELERATION).await
}
