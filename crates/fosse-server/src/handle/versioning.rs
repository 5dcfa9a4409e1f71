//! PutBucketVersioning and GetBucketVersioning (api-buckets.md §4).

use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::{VersioningConfiguration, VersioningStatus};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::Versioning;
use http::StatusCode;

/// `PUT /?versioning`.
pub(crate) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let limit = call.service.config.limits.max_xml_bytes;
    let document = body.document(&call.headers, limit).await?;
    let status = VersioningConfiguration::from_xml(&document)?.status;
    let versioning = match status {
        Some(VersioningStatus::Enabled) => Versioning::Enabled,
        Some(VersioningStatus::Suspended) => Versioning::Suspended,
        None => {
            let message = "The Versioning element must be specified.";
            return Err(OssError::invalid_argument("Status", "", message));
        }
    };
    let configs = call.service.configs.of(granted.bucket()?);
    if versioning == Versioning::Suspended && configs.object_worm()?.is_some() {
        // Versions that are retained would be replaced.
        return Err(OssError::new(ErrorCode::InvalidRequest)
            .with_message("The bucket retains object versions, so its versioning stays enabled."));
    }
    let now_ms = call.now_ms;
    call.service
        .store
        .try_update_bucket(&granted.bucket()?.name, move |bucket| {
            let retained = bucket.worm.as_ref().is_some_and(|w| w.in_force(now_ms));
            if retained && versioning == Versioning::Suspended {
                return Err(OssError::invalid_argument(
                    "Status",
                    "Suspended",
                    "The versioning of a bucket that has a retention policy cannot be suspended.",
                ));
            }
            bucket.versioning = versioning;
            Ok(())
        })
        .await
        .map_err(fault::of)??;
    Ok(empty(StatusCode::OK))
}

/// `GET /?versioning`. Without a status while it was never set.
pub(crate) fn get(granted: &Authorized) -> Answer {
    let status = match granted.bucket()?.versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some(VersioningStatus::Enabled),
        Versioning::Suspended => Some(VersioningStatus::Suspended),
    };
    Ok(xml(VersioningConfiguration { status }.to_xml()))
}
