//! The RPC services, STS and RAM: which requests are theirs, who sent them, and how they are answered. They share a listener
//! with OSS and nothing else: parameters, signatures, errors and answers are their own (sts.md §1, §6).

mod nonce;
mod reply;

pub(crate) use nonce::Nonces;
pub(crate) use reply::{Fields, Node, RpcError, fields_to_json};

use crate::gate::{Caller, Signed};
use crate::identity::Known;
use crate::key_ring::KeyRing;
use crate::ram;
use crate::request::Call;
use crate::respond::{self, Content};
use crate::sts;
use crate::upload::RequestBody;
use fosse_oss::sign::Carrier;
use fosse_oss::sign::sts::{
    STS_MAX_SKEW, StsFormat, StsRefusal, StsRequest, StsVerified, answer_format, verify_sts,
};
use fosse_policy::{Resource, decide_call};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderValue, Method, Response, StatusCode};
use std::sync::Arc;

/// Most bytes of a request body: the largest parameters are policies of a few kilobytes.
const MAX_BODY: usize = 64 * 1024;
/// `Version` of the STS service.
const STS: &str = "2015-04-01";
/// `Version` of the RAM service.
const RAM: &str = "2015-05-01";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");

/// What a request says before its bucket is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    /// Like a call, whatever the host: it says so itself, or the host does.
    Call,
    /// Like a call if the host names no bucket.
    CallWithoutBucket,
    /// Like OSS.
    Oss,
}

/// Whether a request looks like a call of STS or RAM. One with a signature of OSS never does.
pub(crate) fn looks(call: &Call) -> Looks {
    if call.path() != "/" || !matches!(call.method, Method::GET | Method::POST) {
        return Looks::Oss;
    }
    if call.headers.contains_key("x-acs-action") {
        return Looks::Call;
    }
    if call.headers.contains_key(AUTHORIZATION) {
        return Looks::Oss;
    }
    let has = |wanted: &str| {
        let names = call.raw_query().split('&');
        names
            .map(|pair| pair.split('=').next().unwrap_or_default())
            .any(|name| name == wanted)
    };
    if has("OSSAccessKeyId") || has("x-oss-signature") || has("x-oss-signature-version") {
        return Looks::Oss;
    }
    let form = call.method == Method::POST
        && call.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let value = value.as_bytes();
            [
                &b"application/x-www-form-urlencoded"[..],
                b"application/json",
            ]
            .iter()
            .any(|kind| {
                value
                    .get(..kind.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(kind))
            })
        });
    if !form && !has("Action") {
        return Looks::Oss;
    }
    let host = call.host().as_bytes();
    let of_service = [&b"sts."[..], b"ram.", b"sts-vpc."].iter().any(|label| {
        host.get(..label.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(label))
    });
    if of_service {
        Looks::Call
    } else {
        Looks::CallWithoutBucket
    }
}

/// Answers a call. Refusals are answers too.
pub(crate) async fn answer(call: &mut Call, body: &mut RequestBody) -> Response<Content> {
    let body = match body.document(&call.headers, MAX_BODY).await {
        Ok(body) => body,
        Err(_) => {
            let error = RpcError::new(
                400,
                "InvalidParameter.Body",
                "The request body is too large, cut off, or not what its Content-MD5 says.",
            );
            return refuse(call, error, StsFormat::Xml);
        }
    };
    let caller = {
        let mut headers: Vec<(&str, &[u8])> = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        if !call.headers.contains_key(HOST) {
            // HTTP/2 carries the host in the target.
            headers.push(("host", call.host().as_bytes()));
        }
        let request = StsRequest {
            method: call.method.as_str(),
            path: call.path(),
            query: call.raw_query(),
            headers: &headers,
            body: &body,
        };
        let format = answer_format(&request);
        authenticate(call, &request)
            .map(|(verified, known)| (verified, known, format))
            .map_err(|error| (error, format))
    };
    let (verified, known, format) = match caller {
        Ok(caller) => caller,
        Err((error, format)) => return refuse(call, error, format),
    };
    call.caller = Caller::Signed(Signed {
        access_key_id: verified.access_key_id.clone(),
        known: known.clone(),
        carrier: Carrier::Header,
    });
    match run(call, &verified, &known).await {
        Ok(fields) => {
            let id = request_id();
            let root = format!("{}Response", verified.action);
            let mut all: Fields = vec![("RequestId", id.as_str().into())];
            all.extend(fields);
            written(
                StatusCode::OK,
                reply::document(&root, all, format),
                format,
                &id,
            )
        }
        Err(error) => refuse(call, error, format),
    }
}

/// Who sent the call: shape, key, signature, time, then the nonce.
fn authenticate(
    call: &Call,
    request: &StsRequest<'_>,
) -> Result<(StsVerified, Arc<Known>), RpcError> {
    let keys = KeyRing::new(&call.service);
    let verified = verify_sts(request, call.now(), &keys).map_err(|refusal| refused(&refusal))?;
    let known = keys
        .holder(&verified.access_key_id)
        .ok_or_else(|| RpcError::internal("the verifier proved a key that it did not ask for"))?;
    // For as long as the same request would still be in time.
    let window = (verified.time + STS_MAX_SKEW - call.now()).max(0);
    if !call
        .service
        .nonces
        .take(&verified.access_key_id, &verified.nonce, call.now(), window)
    {
        return Err(refused(&StsRefusal::nonce_used()));
    }
    if !known.account_enabled {
        return Err(RpcError::new(
            403,
            "Forbidden.AccountDisabled",
            "The account is disabled.",
        ));
    }
    known.touch(call.now_ms);
    Ok((verified, known))
}

fn refused(refusal: &StsRefusal) -> RpcError {
    RpcError::new(refusal.status(), refusal.code(), refusal.message())
}

/// The action.
async fn run(call: &Call, verified: &StsVerified, known: &Arc<Known>) -> ram::Reply {
    match verified.version.as_str() {
        STS => sts::run(call, verified, known).await,
        RAM => {
            let action = ram::find(&verified.action)
                .filter(|action| !action.operator)
                .ok_or_else(not_found)?;
            let user = match &known.principal {
                fosse_policy::Principal::User { id, .. } => Some(&**id),
                _ => None,
            };
            let ram = ram::Ram {
                store: &call.service.store,
                now_ms: call.now_ms,
                account: known.principal.account(),
                user,
                operator: false,
                params: ram::Params(&verified.params),
                last_used: &|id| call.service.identities.last_uses.at(id),
            };
            let context = context(call, &known.access_key_id);
            let name = format!("ram:{}", action.name);
            for resource in action.resources(&ram) {
                let decision = decide_call(
                    &known.principal.caller(),
                    &name,
                    Resource::Ram(&resource),
                    ram.account,
                    &context,
                );
                if !decision.is_allowed() {
                    return Err(no_permission());
                }
            }
            action.run(&ram).await
        }
        _ => Err(RpcError::new(
            404,
            "InvalidVersion",
            "Specified parameter Version is not valid.",
        )),
    }
}

/// What conditions of policies may ask about a call.
pub(crate) fn context<'a>(call: &'a Call, access_key_id: &'a str) -> fosse_policy::Context<'a> {
    fosse_policy::Context {
        source_ip: Some(call.client.ip),
        vpc: call.client.vpc.as_deref(),
        user_agent: call
            .headers
            .get(http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok()),
        now: Some(call.now()),
        secure: Some(call.client.secure),
        access_id: Some(access_key_id),
        ..fosse_policy::Context::UNKNOWN
    }
}

/// 404: no such action in the version.
pub(crate) fn not_found() -> RpcError {
    RpcError::new(
        404,
        "InvalidAction.NotFound",
        "Specified api is not found, please check your url and method.",
    )
}

/// 403: no policy of the caller allows it.
pub(crate) fn no_permission() -> RpcError {
    RpcError::new(
        403,
        "NoPermission",
        "You are not authorized to do this action. You should be authorized by RAM.",
    )
}

fn refuse(call: &Call, error: RpcError, format: StsFormat) -> Response<Content> {
    let id = request_id();
    if let Some(cause) = &error.cause {
        tracing::error!(id, %cause, "a call of STS or RAM failed");
    }
    if error.status == 403 {
        call.service.metrics.refusal("RpcForbidden", "");
    }
    let fields: Fields = vec![
        ("RequestId", id.as_str().into()),
        ("HostId", call.host_id().into()),
        ("Code", (*error.code).into()),
        ("Message", (*error.message).into()),
    ];
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    written(
        status,
        reply::document("Error", fields, format),
        format,
        &id,
    )
}

fn written(status: StatusCode, text: String, format: StsFormat, id: &str) -> Response<Content> {
    let mut response = respond::response(status, Content::Whole(text.into()));
    let kind = match format {
        StsFormat::Json => "application/json;charset=utf-8",
        StsFormat::Xml => "text/xml;charset=utf-8",
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    respond::set(headers, REQUEST_ID, id);
    response
}

/// An upper-case UUID; OSS has ids of another form.
pub(crate) fn request_id() -> String {
    let mut bytes = [0; 16];
    // Without randomness ids repeat, which hurts nobody but who searches a log.
    let _ = getrandom::fill(&mut bytes);
    let mut number = u128::from_be_bytes(bytes);
    number = number & !(0xF << 76) | 4 << 76;
    number = number & !(0b11 << 62) | 0b10 << 62;
    let hex = format!("{number:032X}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_random_uuids() {
        let (one, two) = (request_id(), request_id());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'A' | b'B'));
        assert!(
            one.bytes()
                .all(|b| b == b'-' || b.is_ascii_digit() || b.is_ascii_uppercase())
        );
    }
}
