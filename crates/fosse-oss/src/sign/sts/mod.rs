//! Requests to STS (§8): RPC signature version 1.0 and ACS3-HMAC-SHA256, signed and verified.
//!
//! STS is not OSS: it has its own parameters, its own error codes and its own answers, so nothing here is an
//! [`crate::OssError`].

mod acs3;
mod refusal;
mod rpc;

pub use acs3::{Acs3Request, sign_acs3};
pub use refusal::{StsRefusal, StsRule};
pub use rpc::sign_rpc;

use super::key_lookup::find_secret;
use super::{Keys, Params, Redacted, Rule, message_headers};
use crate::encode::{decode_query, encode_component_into};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Seconds by which a timestamp may be off, and for which a nonce must be remembered.
pub const STS_MAX_SKEW: i64 = 900;

/// What verification sees of an STS request.
#[derive(Clone, Copy)]
pub struct StsRequest<'a> {
    /// Upper-case as received.
    pub method: &'a str,
    /// Raw path.
    pub path: &'a str,
    /// Raw query without `?`.
    pub query: &'a str,
    /// Headers in the order sent, with `Host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

/// How an STS request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StsScheme {
    /// RPC parameters with `Signature`, version 1.0.
    RpcV1,
    /// `Authorization: ACS3-HMAC-SHA256 ...`.
    Acs3,
}

/// In which form the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StsFormat {
    /// `Format=JSON`, and ACS3.
    Json,
    /// `Format=XML`, and RPC without `Format`.
    Xml,
}

/// A proven STS request. `Debug` leaves token and parameter values out.
#[derive(Clone, PartialEq, Eq)]
pub struct StsVerified {
    /// How it was signed.
    pub scheme: StsScheme,
    /// The caller's AccessKey ID.
    pub access_key_id: String,
    /// The caller's security token, if its credential is temporary.
    pub token: Option<String>,
    /// `SignatureNonce`: the caller of [`verify_sts`] refuses one that this key used in the last
    /// [`STS_MAX_SKEW`] seconds either way ([`StsRefusal::nonce_used`]).
    pub nonce: String,
    /// Time of the request, Unix seconds.
    pub time: i64,
    /// `Action`.
    pub action: String,
    /// `Version`.
    pub version: String,
    /// All parameters of query and body, decoded, in the order sent, the common ones included.
    pub params: Vec<(String, String)>,
}

impl StsVerified {
    /// The parameter called `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for StsVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StsVerified")
            .field("scheme", &self.scheme)
            .field("access_key_id", &self.access_key_id)
            .field("token", &self.token.as_ref().map(|_| Redacted))
            .field("nonce", &self.nonce)
            .field("time", &self.time)
            .field("action", &self.action)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StsRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StsRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &Redacted)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Verifies an STS request: shape, key, signature, time, in this order (sts.md §6). The nonce is the caller's to check.
///
/// # Errors
/// An [`StsRefusal`] with status, code and message of the answer.
pub fn verify_sts(
    request: &StsRequest<'_>,
    now: i64,
    keys: &dyn Keys,
) -> Result<StsVerified, Box<StsRefusal>> {
    match message_headers::value(request.headers, "authorization") {
        Some(value) if value.starts_with(acs3::ALGORITHM.as_bytes()) => {
            acs3::verify(request, &value, now, keys)
        }
        _ => rpc::verify(request, now, keys),
    }
}

/// In which form to answer, refusals included: `Format` of the query or body, else JSON for ACS3 and XML for RPC.
pub fn answer_format(request: &StsRequest<'_>) -> StsFormat {
    let acs3 = message_headers::value(request.headers, "authorization")
        .is_some_and(|value| value.starts_with(acs3::ALGORITHM.as_bytes()));
    let wanted = parameters(request)
        .ok()
        .and_then(|params| params.into_iter().find(|(name, _)| name == "Format"));
    match wanted {
        Some((_, format)) if format.eq_ignore_ascii_case("JSON") => StsFormat::Json,
        Some((_, format)) if format.eq_ignore_ascii_case("XML") => StsFormat::Xml,
        _ if acs3 => StsFormat::Json,
        _ => StsFormat::Xml,
    }
}

/// The parameters of query and body, decoded, in the order sent. The same name twice is refused: which one counts would be a guess.
/// [`verify_sts`] gives those of a proven request.
///
/// # Errors
/// An [`StsRefusal`] for what is no text, no form or JSON object of texts, numbers and flags, or there twice.
pub fn parameters(request: &StsRequest<'_>) -> Result<Vec<(String, String)>, Box<StsRefusal>> {
    let refuse = |name: &str| StsRefusal::new(StsRule::BadParameter(name.to_owned()));
    let mut params: Vec<(String, String)> = Vec::new();
    let query = Params::parse(request.query).map_err(|_| refuse("Query"))?;
    for param in query.iter() {
        let name = String::from_utf8(param.name().to_vec()).map_err(|_| refuse("Query"))?;
        let value = param.text().ok_or_else(|| refuse(&name))?.into_owned();
        params.push((name, value));
    }
    if !request.body.is_empty() {
        append_body(request, &mut params)?;
        // As in queries: `=` alone is no parameter, and so nothing that a signature covers.
        params.retain(|(name, value)| !name.is_empty() || !value.is_empty());
    }
    let mut names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some(&[name, _]) = names
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a == b))
        .and_then(|pair| pair.first_chunk::<2>())
    {
        return Err(StsRefusal::new(StsRule::DoubledParameter(name.to_owned())));
    }
    Ok(params)
}

fn append_body(
    request: &StsRequest<'_>,
    params: &mut Vec<(String, String)>,
) -> Result<(), Box<StsRefusal>> {
    let content_type = message_headers::value(request.headers, "content-type").unwrap_or_default();
    let media_type = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let bad = || StsRefusal::new(StsRule::BadParameter("Body".to_owned()));
    if media_type.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        let body = std::str::from_utf8(request.body).map_err(|_| bad())?;
        for piece in body.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let text = |raw: &str| {
                let bytes = decode_query(raw).map_err(|_| bad())?.into_owned();
                String::from_utf8(bytes).map_err(|_| bad())
            };
            params.push((text(name)?, text(value)?));
        }
        return Ok(());
    }
    if media_type.eq_ignore_ascii_case(b"application/json") {
        let Ok(Value::Object(members)) = serde_json::from_slice(request.body) else {
            return Err(bad());
        };
        for (name, value) in members {
            let value = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(StsRefusal::new(StsRule::BadParameter(name)));
                }
            };
            params.push((name, value));
        }
        return Ok(());
    }
    Err(StsRefusal::new(StsRule::ContentType))
}

/// `ENC(name)=ENC(value)` sorted by name, joined with `&`; `=` is kept for empty values.
fn canonical_query<'p>(params: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<u8> {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = params
        .map(|(name, value)| {
            let (mut left, mut right) = (Vec::new(), Vec::new());
            encode_component_into(name.as_bytes(), &mut left);
            encode_component_into(value.as_bytes(), &mut right);
            (left, right)
        })
        .collect();
    pairs.sort();
    let mut out = Vec::new();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
    out
}

/// The secret of the caller. The end of a temporary credential is checked on the way.
fn secret(
    keys: &dyn Keys,
    access_key_id: &str,
    token: Option<&str>,
    now: i64,
) -> Result<Arc<str>, Box<StsRefusal>> {
    let found = find_secret(keys, access_key_id, token, now);
    found.map(|(secret, _)| secret).map_err(|rule| {
        StsRefusal::new(match rule {
            Rule::KeyDisabled => StsRule::KeyDisabled,
            Rule::TokenMissing => StsRule::Missing("SecurityToken"),
            Rule::TokenInvalid => StsRule::TokenInvalid,
            Rule::TokenMismatch => StsRule::TokenMismatch,
            Rule::TokenExpired => StsRule::TokenExpired,
            Rule::TokenUnexpected => StsRule::TokenUnexpected,
            _ => StsRule::KeyUnknown,
        })
    })
}

fn check_time(time: i64, now: i64) -> Result<(), Box<StsRefusal>> {
    if time.abs_diff(now) > STS_MAX_SKEW.unsigned_abs() {
        return Err(StsRefusal::new(StsRule::Stale));
    }
    Ok(())
}
