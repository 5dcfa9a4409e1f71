//! Bucket policies (access-control.md §4). The gate evaluates them.

use super::{remove, store};
use crate::bucket_config::invalid_policy;
use crate::bucket_config::name::POLICY;
use crate::gate::{self, Authorized};
use crate::request::Call;
use crate::respond::{Answer, Content, response, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::PolicyStatus;
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::Policy;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

/// Most bytes that are read of a policy; longer ones are refused before they are looked at.
const MAX_BODY: usize = 64 * 1024;

/// `PUT /?policy`: a JSON document, kept as it came.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = body
        .document(&call.headers, MAX_BODY)
        .await
        .map_err(|error| match error.code() {
            ErrorCode::MalformedXml => ErrorCode::InvalidPolicyDocument.into(),
            _ => error,
        })?;
    let policy =
        Policy::bucket(&document, Some(&granted.bucket()?.name)).map_err(invalid_policy)?;
    gate::check_new_policy(call, granted, &policy)?;
    let text = String::from_utf8(document.to_vec())
        .map_err(|_| OssError::from(ErrorCode::InvalidPolicyDocument))?;
    store(call, granted, POLICY, text).await
}

/// `GET /?policy`.
pub(super) fn get(granted: &Authorized) -> Answer {
    let stored = granted.bucket()?.configs.get(POLICY);
    let text = stored.ok_or(ErrorCode::NoSuchBucketPolicy)?;
    let mut response = response(StatusCode::OK, Content::Whole(text.clone().into()));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

/// `DELETE /?policy`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, POLICY).await
}

/// `GET /?policyStatus`.
pub(super) fn status(call: &Call, granted: &Authorized) -> Answer {
    let configs = call.service.configs.of(granted.bucket()?);
    let is_public = configs.policy()?.is_some_and(Policy::is_public);
    Ok(xml(PolicyStatus { is_public }.to_xml()))
}
