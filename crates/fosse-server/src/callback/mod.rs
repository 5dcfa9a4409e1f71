//! Callbacks: an application is told of an upload before the client is (api-objects.md §13).
//!
//! A request of the server's own on behalf of whoever uploads, so that it goes only where the operator allows: see
//! [`allow`]. Off unless something is allowed.

mod allow;
mod image;
mod key;
mod send;

pub use allow::{BadCallbackTarget, CallbackTarget};

use crate::config::Callbacks as Settings;
use crate::request::Call;
use crate::respond::{Answer, CRC64, Content, VERSION_ID};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fosse_oss::callback::{Callback, CallbackFacts, carried, parse_variables, policy_name};
use fosse_oss::{ErrorCode, OssError, header};
use fosse_store::{Bucket, Object, Store};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderValue, Method, Response, StatusCode};
use send::{Failure, Sender};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the public key is served, path-style: no bucket can have this name.
const KEY_BUCKET: &str = "-";
const KEY_NAME: &[u8] = b"callback_pub_key.pem";
const KEY_PATH: &str = "/-/callback_pub_key.pem";
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Callbacks of a service that has them.
pub(crate) struct Callbacks {
    sender: Arc<Sender>,
}

impl Callbacks {
    /// `None` when nothing is allowed. `endpoint` is where clients reach the service, with its scheme.
    pub(crate) fn new(settings: &Settings, store: &Store, endpoint: &str) -> Option<Self> {
        if settings.allow.is_empty() {
            return None;
        }
        let key_url = match &settings.key_url {
            Some(url) => url.clone(),
            None => format!("{}{KEY_PATH}", endpoint.trim_end_matches('/')),
        };
        Some(Self {
            sender: Arc::new(Sender::new(settings.clone(), store.clone(), key_url)),
        })
    }
}

/// Whether the request is for the public key of the callbacks, which has no bucket and needs no signature.
pub(crate) fn is_key_request(call: &Call) -> bool {
    call.target.bucket.as_deref() == Some(KEY_BUCKET)
        && call.target.key == KEY_NAME
        && call.service.callbacks.is_some()
        && (call.method == Method::GET || call.method == Method::HEAD)
}

/// The public key, PEM.
pub(crate) async fn public_key(call: &Call) -> Answer {
    let Some(callbacks) = &call.service.callbacks else {
        return Err(ErrorCode::NoSuchKey.into());
    };
    let key = callbacks.sender.key().await.map_err(Call::internal)?;
    let content = Content::Whole(Bytes::from(key.public_pem().to_owned()));
    let mut response = crate::respond::response(StatusCode::OK, content);
    let pem = HeaderValue::from_static("application/x-pem-file");
    response.headers_mut().insert(CONTENT_TYPE, pem);
    Ok(response)
}

/// A callback that a request asks for, to addresses that are allowed.
pub(crate) struct Planned {
    callback: Callback,
    sender: Arc<Sender>,
}

/// The callback of a request, from its headers or its query; checked before a body is asked for.
///
/// Errors: 400 `InvalidArgument` for what is no callback or may not be called; 400 `NotImplemented` when the operator
/// allows no callbacks.
pub(crate) async fn asked(call: &Call, bucket: &Bucket) -> Result<Option<Planned>, OssError> {
    let (header, query) = (call.header("x-oss-callback"), call.query.get("callback"));
    if header.is_none() && query.is_none() {
        return Ok(None);
    }
    let Some(callback) = carried("callback", header.as_deref(), query)? else {
        return Ok(None);
    };
    let header = call.header("x-oss-callback-var");
    let query = call.query.get("callback-var");
    let variables = match carried("callback-var", header.as_deref(), query)? {
        Some(variables) => parse_variables(variables)?,
        None => BTreeMap::new(),
    };
    plan(call, bucket, callback, variables).await.map(Some)
}

/// A callback with its variables; one that names a policy of the bucket is the policy's, and the request's variables go
/// before those of the policy.
///
/// Errors: as [`asked`]; 400 `InvalidArgument` for a policy that the bucket does not have.
pub(crate) async fn plan(
    call: &Call,
    bucket: &Bucket,
    callback: &str,
    variables: BTreeMap<String, String>,
) -> Result<Planned, OssError> {
    let Some(callbacks) = &call.service.callbacks else {
        return Err(OssError::new(ErrorCode::NotImplemented)
            .with_message("Callbacks are turned off on this server.")
            .with("Header", "x-oss-callback"));
    };
    let callback = match policy_name(callback) {
        None => Callback::parse(callback, variables)?,
        Some(name) => {
            let configs = call.service.configs.of(bucket);
            let policy = configs.callback_policy(&name)?.ok_or_else(|| {
                let message = "The callback policy does not exist.";
                OssError::invalid_argument("callbackPolicy", &name, message)
            })?;
            let mut all = match policy.callback_var.as_str() {
                "" => BTreeMap::new(),
                encoded => parse_variables(encoded)?,
            };
            all.extend(variables);
            Callback::parse(&policy.callback, all)?
        }
    };
    callbacks.sender.check(&callback).await?;
    Ok(Planned {
        callback,
        sender: callbacks.sender.clone(),
    })
}

impl Planned {
    /// Tells the application of a stored object. `response` is the answer that the client would get without a
    /// callback; its headers stay.
    ///
    /// Errors: 203 `CallbackFailed`, with the headers that name what was stored.
    pub(crate) async fn answer(
        self,
        call: &Call,
        bucket: &Bucket,
        key: &str,
        object: &Object,
        mut response: Response<Content>,
    ) -> Answer {
        let image = if self.callback.wants_image_info() {
            image::of(&call.service.store, object).await
        } else {
            None
        };
        let mut stored = object.attrs.headers.iter();
        let mime_type = stored
            .find(|(name, _)| name == "content-type")
            .map_or("application/octet-stream", |(_, value)| value.as_str());
        let md5 = object.md5.map(|md5| header::encode_md5(&md5));
        let ip = call.client.ip.to_string();
        let facts = CallbackFacts {
            bucket: &bucket.name,
            object: key,
            etag: &object.etag,
            size: object.size,
            mime_type,
            crc64: object.crc64,
            content_md5: md5
                .as_ref()
                .and_then(|md5| std::str::from_utf8(md5).ok())
                .unwrap_or_default(),
            vpc_id: call.client.vpc.as_deref().unwrap_or_default(),
            client_ip: &ip,
            request_id: call.id.as_str(),
            operation: call.operation_name(),
            image,
        };
        let body = self.callback.body(&facts);
        let (bucket, id) = (bucket.name.clone(), call.id.as_str().to_owned());
        // By itself, so that an application hears of an object also when the client goes away meanwhile.
        let sent =
            tokio::spawn(async move { self.sender.send(&self.callback, body, &bucket, &id).await });
        match sent.await.map_err(Call::internal)? {
            Ok(document) => {
                *response.status_mut() = StatusCode::OK;
                *response.body_mut() = Content::Whole(document);
                let headers = response.headers_mut();
                headers.remove(CONTENT_LENGTH);
                headers.remove(LOCATION);
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Ok(response)
            }
            Err(failure) => {
                let mut error =
                    OssError::new(ErrorCode::CallbackFailed).with_message(failure.to_string());
                // Known for a wrong status only.
                if matches!(failure, Failure::Status(_)) {
                    error = error.with_ec("0007-00000203");
                }
                for (name, spelling) in [
                    (ETAG, "etag"),
                    (CONTENT_MD5, "content-md5"),
                    (CRC64, "x-oss-hash-crc64ecma"),
                    (VERSION_ID, "x-oss-version-id"),
                ] {
                    let value = response.headers().get(name).and_then(|v| v.to_str().ok());
                    if let Some(value) = value {
                        error = error.with_header(spelling, value);
                    }
                }
                Err(error)
            }
        }
    }
}

/// Standard base64.
fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
