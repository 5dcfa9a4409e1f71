//! The default encryption of a bucket (api-buckets.md §6.2). What it does to new objects is in `handle/encryption.rs`.

use super::{received, remove, store, stored_or_error};
use crate::bucket_config::name::ENCRYPTION;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::ServerSideEncryptionRule;

/// `PUT /?encryption`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let rule = ServerSideEncryptionRule::from_xml(&document)?;
    store(call, granted, ENCRYPTION, rule.to_xml()).await
}

/// `GET /?encryption`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(
        granted,
        ENCRYPTION,
        ErrorCode::NoSuchServerSideEncryptionRule,
    )
}

/// `DELETE /?encryption`: objects that are there stay as they are.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, ENCRYPTION).await
}
