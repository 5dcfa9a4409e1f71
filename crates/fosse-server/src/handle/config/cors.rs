//! CORS rules (api-buckets.md §5.5). What they do to requests is in `handle/cors.rs`.

use super::{remove, store, stored_or_error};
use crate::bucket_config::name::CORS;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::CorsConfiguration;

/// Largest body.
const MAX_BODY: usize = 16 * 1024;

/// `PUT /?cors`: replaces all rules.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let limit = call.service.config.limits.max_xml_bytes;
    let document = body.document(&call.headers, limit).await?;
    if document.len() > MAX_BODY {
        return Err(ErrorCode::CorsRuleBeyondLimit.into());
    }
    let cors = CorsConfiguration::from_xml(&document)?;
    store(call, granted, CORS, cors.to_xml()).await
}

/// `GET /?cors`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(granted, CORS, ErrorCode::NoSuchCorsConfiguration)
}

/// `DELETE /?cors`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, CORS).await
}
