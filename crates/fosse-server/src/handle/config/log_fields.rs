//! Fields of access logs (api-buckets.md §6.4).

use super::{received, remove, store, stored_or_error};
use crate::bucket_config::name::LOG_FIELDS;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::UserDefinedLogFieldsConfiguration;

/// `PUT /?userDefinedLogFieldsConfig`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = UserDefinedLogFieldsConfiguration::from_xml(&document)?;
    store(call, granted, LOG_FIELDS, config.to_xml()).await
}

/// `GET /?userDefinedLogFieldsConfig`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(
        granted,
        LOG_FIELDS,
        ErrorCode::NoSuchUserDefinedLogFieldsConfig,
    )
}

/// `DELETE /?userDefinedLogFieldsConfig`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, LOG_FIELDS).await
}
