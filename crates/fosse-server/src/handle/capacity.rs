//! The storage capacity of a bucket: what would exceed it is refused before it is written.
//!
//! The bytes of all object versions count; parts of unfinished uploads do when the upload completes. Writers at the same
//! time may exceed the capacity together, by what is under way.

use crate::handle::fault;
use crate::request::Call;
use fosse_oss::{ErrorCode, OssError};
use fosse_store::Bucket;

/// Refuses `more` bytes that the bucket has no room for. Costs a look into memory for a bucket without capacity.
///
/// Errors: 403 `QuotaExceeded`.
pub(crate) async fn admit(call: &Call, bucket: &Bucket, more: u64) -> Result<(), OssError> {
    let Some(capacity) = call.service.configs.of(bucket).capacity()? else {
        return Ok(());
    };
    let stat = call
        .service
        .store
        .bucket_stat(bucket)
        .await
        .map_err(fault::of)?;
    if stat.storage.saturating_add(more) > capacity {
        return Err(OssError::new(ErrorCode::QuotaExceeded).with("BucketName", &*bucket.name));
    }
    Ok(())
}

/// As [`admit`], for a body that came without saying how long it is.
pub(crate) async fn admit_unannounced(
    call: &Call,
    bucket: &Bucket,
    announced: Option<u64>,
    received: u64,
) -> Result<(), OssError> {
    match announced {
        Some(_) => Ok(()),
        None => admit(call, bucket, received).await,
    }
}

/// As [`admit`], for the parts of an upload that is to be completed.
pub(crate) async fn admit_parts(
    call: &Call,
    bucket: &Bucket,
    key: &str,
    upload: &str,
) -> Result<(), OssError> {
    if call.service.configs.of(bucket).capacity()?.is_none() {
        return Ok(());
    }
    let (mut after, mut total) = (0, 0u64);
    loop {
        let page = call
            .service
            .store
            .list_parts(bucket, key, upload, after, 1000)
            .await;
        // An upload that is gone is told by who completes it.
        let Ok((parts, more)) = page else {
            return Ok(());
        };
        total = parts
            .iter()
            .fold(total, |sum, part| sum.saturating_add(part.size));
        match parts.last() {
            Some(last) if more => after = last.number,
            _ => return admit(call, bucket, total).await,
        }
    }
}
