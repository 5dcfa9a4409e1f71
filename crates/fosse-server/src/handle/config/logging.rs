//! Access logs (api-buckets.md §6.4): where they go.

use super::{received, remove, store, stored_or};
use crate::bucket_config::name::LOGGING;
use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::{BucketLoggingStatus, LoggingTarget};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::StoreError;

/// `PUT /?logging`; without `LoggingEnabled` it turns logging off.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let status = BucketLoggingStatus::from_xml(&document)?;
    if let Some(target) = &status.target {
        check_target(call, &granted.bucket()?.owner, target).await?;
        call.service.access_log.want();
    }
    store(call, granted, LOGGING, status.to_xml()).await
}

/// `GET /?logging`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, LOGGING, || BucketLoggingStatus::default().to_xml())
}

/// `DELETE /?logging`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, LOGGING).await
}

/// The target has to be there and belong to the owner of the source.
async fn check_target(call: &Call, owner: &str, target: &LoggingTarget) -> Result<(), OssError> {
    match call.service.store.bucket(&target.bucket).await {
        Ok(bucket) if bucket.owner == owner => Ok(()),
        // Whether somebody else's bucket exists is nobody's business.
        Ok(_) | Err(StoreError::NoSuchBucket) => {
            Err(ErrorCode::InvalidTargetBucketForLogging.into())
        }
        Err(error) => Err(fault::of(error)),
    }
}
