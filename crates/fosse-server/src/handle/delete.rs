//! DeleteObject (api-objects.md §7).

use crate::gate::Authorized;
use crate::handle::{fault, retention};
use crate::request::Call;
use crate::respond::{Answer, DELETE_MARKER, VERSION_ID, empty, set};
use fosse_store::Versioning;
use http::{HeaderValue, StatusCode};

/// `DELETE /KEY[?versionId=]`: 204, also when there was nothing.
pub(crate) async fn delete_object(call: &Call, granted: &Authorized) -> Answer {
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let governance = retention::governance(call, bucket, key).await?;
    let deleted = call
        .service
        .store
        .delete_retained(bucket, key, granted.version(), governance, call.now_ms)
        .await
        .map_err(fault::of)?;
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    if bucket.versioning != Versioning::Never {
        if let Some(version) = deleted.version.or(granted.version()) {
            set(headers, VERSION_ID, &version.to_string());
        }
        if deleted.delete_marker {
            headers.insert(DELETE_MARKER, HeaderValue::from_static("true"));
        }
    }
    Ok(response)
}
