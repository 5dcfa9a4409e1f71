//! Whether object versions of a bucket can be retained by default (api-buckets.md §6.6). Once on, it stays on.

use super::{received, store, stored_or_error};
use crate::bucket_config::name::OBJECT_WORM;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::ObjectWormConfiguration;
use fosse_oss::{ErrorCode, OssError};
use fosse_store::Versioning;

/// `PUT /?objectWorm`: needs versioning, and excludes a retention of the whole bucket.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let worm = ObjectWormConfiguration::from_xml(&document)?;
    let bucket = granted.bucket()?;
    if bucket.versioning != Versioning::Enabled {
        return Err(OssError::new(ErrorCode::InvalidRequest)
            .with_message("The versioning of the bucket must be enabled first."));
    }
    if bucket
        .worm
        .as_ref()
        .is_some_and(|worm| worm.in_force(call.now_ms))
    {
        return Err(ErrorCode::WormConfigurationAlreadyExists.into());
    }
    store(call, granted, OBJECT_WORM, worm.to_xml()).await
}

/// `GET /?objectWorm`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(
        granted,
        OBJECT_WORM,
        ErrorCode::NoSuchObjectWormConfiguration,
    )
}
