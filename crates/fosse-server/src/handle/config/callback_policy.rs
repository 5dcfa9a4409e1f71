//! Named callbacks of a bucket.

use super::{received, remove, store, stored_or_error};
use crate::bucket_config::name::CALLBACK_POLICY;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::BucketCallbackPolicy;

/// `PUT /?policy&comp=callback`: replaces all.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let policy = BucketCallbackPolicy::from_xml(&document)?;
    store(call, granted, CALLBACK_POLICY, policy.to_xml()).await
}

/// `GET /?policy&comp=callback`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(
        granted,
        CALLBACK_POLICY,
        ErrorCode::BucketCallbackPolicyNotExist,
    )
}

/// `DELETE /?policy&comp=callback`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, CALLBACK_POLICY).await
}
