//! CORS: the rules of a bucket, preflight, and the headers of actual requests (api-buckets.md §5.5,
//! api-objects.md §15).

use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::CorsConfiguration;
use fosse_oss::{ErrorCode, OssError};
use http::{HeaderMap, StatusCode};

/// Name of the configuration in the bucket's record.
const CONFIG: &str = "cors";
/// Largest body of PutBucketCors.
const MAX_BODY: usize = 16 * 1024;

/// `GET /?cors`.
pub(crate) fn get_bucket_cors(granted: &Authorized) -> Answer {
    match granted.bucket()?.configs.get(CONFIG) {
        Some(document) => Ok(xml(String::from_utf8_lossy(document).into_owned())),
        None => Err(ErrorCode::NoSuchCorsConfiguration.into()),
    }
}

/// `PUT /?cors`: replaces all rules.
pub(crate) async fn put_bucket_cors(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let document = body.document(&call.headers, MAX_BODY).await?;
    let stored = CorsConfiguration::from_xml(&document)?
        .to_xml()
        .into_bytes();
    call.service
        .store
        .update_bucket(&granted.bucket()?.name, move |bucket| {
            bucket.configs.insert(CONFIG.to_owned(), stored.clone());
        })
        .await
        .map_err(fault::of)?;
    Ok(empty(StatusCode::OK))
}

/// `DELETE /?cors`.
pub(crate) async fn delete_bucket_cors(call: &Call, granted: &Authorized) -> Answer {
    call.service
        .store
        .update_bucket(&granted.bucket()?.name, |bucket| {
            bucket.configs.remove(CONFIG);
        })
        .await
        .map_err(fault::of)?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `OPTIONS`: preflight, without signature.
pub(crate) async fn preflight(call: &Call) -> Answer {
    let _ = call;
    Err(OssError::new(ErrorCode::AccessForbidden))
}

/// Adds the CORS headers of an actual request.
pub(crate) async fn allow_origin(call: &Call, headers: &mut HeaderMap) {
    let _ = (call, headers);
}
