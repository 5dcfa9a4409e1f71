//! Tags of a bucket (api-buckets.md §6.5).

use super::{change, received, remove, store, stored_or};
use crate::bucket_config::name::TAGGING;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::{Answer, empty};
use crate::upload::RequestBody;
use fosse_oss::xml::BucketTagging;
use http::StatusCode;
use std::collections::HashSet;

/// `PUT /?tagging`: replaces all tags.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let tagging = BucketTagging::from_xml(&document)?;
    store(call, granted, TAGGING, tagging.to_xml()).await
}

/// `GET /?tagging`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, TAGGING, || BucketTagging::default().to_xml())
}

/// `DELETE /?tagging`: all tags, or those whose keys it names, as in `?tagging=k1,k2`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    let keys: HashSet<String> = call
        .query
        .get("tagging")
        .unwrap_or_default()
        .split(',')
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    if keys.is_empty() {
        return remove(call, granted, TAGGING).await;
    }
    change(call, granted, move |configs| {
        if let Some(text) = configs.get(TAGGING) {
            let mut tagging = BucketTagging::from_xml(text).map_err(Call::internal)?;
            tagging.tags.retain(|(key, _)| !keys.contains(key));
            configs.insert(TAGGING.to_owned(), tagging.to_xml().into_bytes());
        }
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
