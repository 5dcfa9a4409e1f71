//! CORS: the rules of a bucket, preflight, and the headers of actual requests (api-buckets.md §5.5,
//! api-objects.md §15).

use crate::gate::{self, Authorized};
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, set, set_number, xml};
use crate::upload::RequestBody;
use fosse_oss::name::BucketName;
use fosse_oss::xml::{CorsConfiguration, CorsRule};
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::cors::{self, CorsGrant, CorsRequest};
use fosse_store::StoreError;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

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
    let Some((rules, _)) = rules(call).await? else {
        return Err(ErrorCode::AccessForbidden.into());
    };
    let Some(grant) = matching(&rules, &asked) else {
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

/// Adds the CORS headers of an actual request, on success and on refusal, so that a script may read either.
pub(crate) async fn allow_origin(call: &Call, headers: &mut HeaderMap) {
    if call.method == Method::OPTIONS {
        return;
    }
    let Some(origin) = call.known_header(ORIGIN) else {
        return;
    };
    // A bucket that is gone, or a store that fails, is the answer's business and was told by it.
    let Ok(Some((rules, always_vary))) = rules(call).await else {
        return;
    };
    let asked = CorsRequest {
        origin: &origin,
        method: call.method.as_str(),
        headers: None,
    };
    let grant = matching(&rules, &asked);
    if let Some(grant) = &grant {
        apply(headers, grant);
        set(headers, ACCESS_CONTROL_ALLOW_METHODS, &grant.allow_methods);
        if let Some(seconds) = grant.max_age_seconds {
            set_number(headers, ACCESS_CONTROL_MAX_AGE, seconds);
        }
    }
    if grant.is_some() || always_vary {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
}

/// What preflight and actual answers have in common.
fn apply(headers: &mut HeaderMap, grant: &CorsGrant) {
    set(headers, ACCESS_CONTROL_ALLOW_ORIGIN, &grant.allow_origin);
    if let Some(exposed) = &grant.expose_headers {
        set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// The rules of the addressed bucket, and whether every answer varies by origin.
async fn rules(call: &Call) -> Result<Option<(Vec<CorsRule>, bool)>, OssError> {
    let Some(name) = call.target.bucket.as_deref() else {
        return Ok(None);
    };
    let name = BucketName::parse(name)?;
    let bucket = match call.service.store.bucket(name.as_str()).await {
        Ok(bucket) => bucket,
        Err(StoreError::NoSuchBucket) => return Err(gate::no_such_bucket(name.as_str())),
        Err(error) => return Err(fault::of(error)),
    };
    let Some(document) = bucket.configs.get(CONFIG) else {
        return Ok(None);
    };
    let config = CorsConfiguration::from_xml(document).map_err(Call::internal)?;
    Ok(Some((config.rules, config.response_vary)))
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
