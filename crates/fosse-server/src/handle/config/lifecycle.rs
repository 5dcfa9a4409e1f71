//! Lifecycle rules (api-buckets.md §6.1). The worker that carries them out is not here.

use super::{change, received, remove, stored_or_error};
use crate::bucket_config::name::{ACCESS_MONITOR, LIFECYCLE};
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::{Answer, empty};
use crate::upload::RequestBody;
use fosse_oss::header::parse_flag;
use fosse_oss::xml::{AccessMonitorConfiguration, LifecycleConfiguration};
use fosse_oss::{ErrorCode, OssError};
use http::StatusCode;

const ALLOW_OVERLAP: &str = "x-oss-allow-same-action-overlap";

/// `PUT /?lifecycle`: replaces all rules. Rules by access time need access monitoring.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let allow_overlap = match call.header(ALLOW_OVERLAP) {
        Some(value) => parse_flag(ALLOW_OVERLAP, &value)?,
        None => false,
    };
    let mut lifecycle = LifecycleConfiguration::from_request(&document, allow_overlap)?;
    complete(call, &mut lifecycle);
    let (by_access, text) = (
        lifecycle.uses_access_time(),
        lifecycle.to_xml().into_bytes(),
    );
    change(call, granted, move |configs| {
        if by_access && !monitored(configs.get(ACCESS_MONITOR))? {
            return Err(OssError::new(ErrorCode::MalformedXml)
                .with_message("IsAccessTime needs access monitoring of the bucket."));
        }
        configs.insert(LIFECYCLE.to_owned(), text.clone());
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

/// `GET /?lifecycle`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(granted, LIFECYCLE, ErrorCode::NoSuchLifecycle)
}

/// `DELETE /?lifecycle`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, LIFECYCLE).await
}

/// Names the rules that have no name, and notes since when access counts.
fn complete(call: &Call, lifecycle: &mut LifecycleConfiguration) {
    let id = call.id.as_str().to_ascii_lowercase();
    for (at, rule) in lifecycle.rules.iter_mut().enumerate() {
        if rule.id.is_empty() {
            rule.id = format!("{id}-{at}");
        }
        rule.atime_base = rule.uses_access_time().then(|| call.now());
    }
}

fn monitored(document: Option<&Vec<u8>>) -> Result<bool, OssError> {
    match document {
        None => Ok(false),
        Some(text) => AccessMonitorConfiguration::from_xml(text)
            .map(|monitor| monitor.enabled)
            .map_err(Call::internal),
    }
}
