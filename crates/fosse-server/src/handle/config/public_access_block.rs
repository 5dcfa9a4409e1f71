//! Blocking of public access (access-control.md §2.5), of a bucket. The gate enforces it.

use super::{received, remove, store, stored_or};
use crate::bucket_config::name::PUBLIC_ACCESS_BLOCK;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::PublicAccessBlockConfiguration;

/// `PUT /?publicAccessBlock` on a bucket.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let block = PublicAccessBlockConfiguration::from_xml(&document)?;
    store(call, granted, PUBLIC_ACCESS_BLOCK, block.to_xml()).await
}

/// `GET /?publicAccessBlock` on a bucket.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, PUBLIC_ACCESS_BLOCK, || {
        PublicAccessBlockConfiguration::default().to_xml()
    })
}

/// `DELETE /?publicAccessBlock` on a bucket.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, PUBLIC_ACCESS_BLOCK).await
}
