//! Rules against overwriting (api-buckets.md §6.8). Writes are held against them in `handle/put.rs`.

use super::{received, remove, store, stored_or_error};
use crate::bucket_config::name::OVERWRITE;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::OverwriteConfiguration;

/// `PUT /?overwriteConfig`: replaces all rules; those without a name get one.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let mut config = OverwriteConfiguration::from_xml(&document)?;
    let id = call.id.as_str().to_ascii_lowercase();
    for (at, rule) in config.rules.iter_mut().enumerate() {
        if rule.id.is_empty() {
            rule.id = format!("{id}-{at}");
        }
    }
    store(call, granted, OVERWRITE, config.to_xml()).await
}

/// `GET /?overwriteConfig`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(granted, OVERWRITE, ErrorCode::NoSuchBucketOverwriteConfig)
}

/// `DELETE /?overwriteConfig`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, OVERWRITE).await
}
