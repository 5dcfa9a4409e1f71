//! CORS at work: preflight, and the headers of actual requests (api-objects.md §15). The rules themselves are put and
//! read in `config/cors.rs`.

use crate::bucket_config::BucketConfigs;
use crate::gate;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, set, set_number};
use fosse_oss::name::BucketName;
use fosse_oss::xml::CorsRule;
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::cors::{self, CorsGrant, CorsRequest};
use fosse_store::StoreError;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::sync::Arc;

/// `OPTIONS`: preflight, without signature. Whether the object exists is not looked at, so nothing is told about it.
pub(crate) async fn preflight(call: &Call) -> Answer {
    let missing =
        |message: &'static str| OssError::new(ErrorCode::BadRequest).with_message(message);
    let origin = call
        .known_header(ORIGIN)
        .ok_or_else(|| missing("Insufficient information. Origin request header needed."))?;
    let method = call
        .known_header(ACCESS_CONTROL_REQUEST_METHOD)
        .ok_or_else(|| {
            missing(
                "Insufficient information. Request Access-Control-Request-Method header needed.",
            )
        })?;
    let headers = call.known_header(ACCESS_CONTROL_REQUEST_HEADERS);
    let asked = CorsRequest {
        origin: &origin,
        method: &method,
        headers: Some(headers.as_deref().unwrap_or_default()),
    };
    let configs = configs(call).await?;
    let Some(cors) = configs
        .as_deref()
        .map(BucketConfigs::cors)
        .transpose()?
        .flatten()
    else {
        return Err(OssError::new(ErrorCode::AccessForbidden)
            .with_message("CORSResponse: CORS is not enabled for this bucket."));
    };
    let Some(grant) = matching(&cors.rules, &asked) else {
        return Err(ErrorCode::AccessForbidden.into());
    };
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    apply(headers, &grant);
    set(headers, ACCESS_CONTROL_ALLOW_METHODS, &grant.allow_methods);
    if let Some(allowed) = &grant.allow_headers {
        set(headers, ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    if let Some(seconds) = grant.max_age_seconds {
        set_number(headers, ACCESS_CONTROL_MAX_AGE, seconds);
    }
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    Ok(response)
}

/// Adds the CORS headers of an actual request, on success and on refusal, so that a script may read either. With
/// `ResponseVary` an answer to a request without an origin varies as well: a cache must not give it to one that has an origin.
pub(crate) async fn allow_origin(call: &Call, headers: &mut HeaderMap) {
    if call.method == Method::OPTIONS {
        return;
    }
    // A bucket that is gone, or a store that fails, is the answer's business and was told by it.
    let Ok(Some(configs)) = configs(call).await else {
        return;
    };
    let Ok(Some(cors)) = configs.cors() else {
        return;
    };
    let Some(origin) = call.known_header(ORIGIN) else {
        if cors.response_vary {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        return;
    };
    let asked = CorsRequest {
        origin: &origin,
        method: call.method.as_str(),
        headers: None,
    };
    let grant = matching(&cors.rules, &asked);
    if let Some(grant) = &grant {
        apply(headers, grant);
        set(headers, ACCESS_CONTROL_ALLOW_METHODS, &grant.allow_methods);
        if let Some(seconds) = grant.max_age_seconds {
            set_number(headers, ACCESS_CONTROL_MAX_AGE, seconds);
        }
    }
    if grant.is_some() || cors.response_vary {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// What preflight and actual answers have in common.
fn apply(headers: &mut HeaderMap, grant: &CorsGrant) {
    set(headers, ACCESS_CONTROL_ALLOW_ORIGIN, &grant.allow_origin);
    if let Some(exposed) = &grant.expose_headers {
        set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// The configurations of the addressed bucket.
async fn configs(call: &Call) -> Result<Option<Arc<BucketConfigs>>, OssError> {
    let Some(name) = call.target.bucket.as_deref() else {
        return Ok(None);
    };
    let name = BucketName::parse(name)?;
    match call.service.store.bucket(name.as_str()).await {
        Ok(bucket) => Ok(Some(call.service.configs.of(&bucket))),
        Err(StoreError::NoSuchBucket) => Err(gate::no_such_bucket(name.as_str())),
        Err(error) => Err(fault::of(error)),
    }
}

fn matching(rules: &[CorsRule], asked: &CorsRequest<'_>) -> Option<CorsGrant> {
    let borrowed = rules.iter().map(|rule| cors::CorsRule {
        allowed_origins: &rule.allowed_origins,
        allowed_methods: &rule.allowed_methods,
        allowed_headers: &rule.allowed_headers,
        expose_headers: &rule.expose_headers,
        max_age_seconds: rule.max_age_seconds,
    });
    cors::matching(borrowed, asked)
}
