//! ACS3-HMAC-SHA256 (§8.2).

use super::{
    StsRefusal, StsRequest, StsRule, StsScheme, StsVerified, canonical_query, check_time,
    parameters, secret,
};
use crate::encode::{decode_path, encode_path_into};
use crate::sign::key::{sha256_hex, sign_sha256};
use crate::sign::message_headers;
use crate::sign::presign::ascii;
use crate::sign::scope::is_access_key_id;
use crate::sign::{Credentials, Keys, Params};
use crate::time::{format_iso_millis, parse_iso};

pub(super) const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Headers that must be signed. Without the nonce among them, a repeat could carry another one.
const REQUIRED: [&str; 6] = [
    "host",
    "x-acs-action",
    "x-acs-version",
    "x-acs-date",
    "x-acs-content-sha256",
    "x-acs-signature-nonce",
];

/// Most names in `SignedHeaders`.
const MAX_SIGNED: usize = 128;

/// The header's three items, each once, in any order.
struct Authorization<'a> {
    access_key_id: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix(ALGORITHM).ok_or("unknown algorithm")?;
        let rest = rest.strip_prefix(' ').ok_or("unknown algorithm")?;
        let (mut credential, mut signed, mut signature) = (None, None, None);
        for item in rest.split(',') {
            let (name, value) = item
                .trim_matches(' ')
                .split_once('=')
                .ok_or("malformed Authorization")?;
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed,
                "Signature" => &mut signature,
                _ => return Err("unknown item in Authorization"),
            };
            if value.is_empty() || slot.replace(value).is_some() {
                return Err("empty or doubled item in Authorization");
            }
        }
        let access_key_id = credential.ok_or("Credential is missing")?;
        if !is_access_key_id(access_key_id) {
            return Err("Credential is not an AccessKey ID");
        }
        Ok(Self {
            access_key_id,
            signed_headers: signed.ok_or("SignedHeaders is missing")?,
            signature: signature.ok_or("Signature is missing")?,
        })
    }
}

/// `None` when a listed header is not there.
fn canonical_request(
    method: &str,
    path: &str,
    query: &[u8],
    headers: &[(&str, &[u8])],
    signed_headers: &str,
    body_hash: &[u8],
) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(method.as_bytes());
    out.push(b'\n');
    encode_path_into(&decode_path(path).ok()?, &mut out);
    out.push(b'\n');
    out.extend_from_slice(query);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(&message_headers::value(headers, name)?);
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(body_hash);
    Some(out)
}

fn string_to_sign(canonical: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(82);
    out.extend_from_slice(ALGORITHM.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(&sha256_hex(canonical));
    out
}

pub(super) fn verify(
    request: &StsRequest<'_>,
    authorization: &[u8],
    now: i64,
    keys: &dyn Keys,
) -> Result<StsVerified, Box<StsRefusal>> {
    let incomplete = |what| StsRefusal::new(StsRule::Incomplete(what));
    let text =
        std::str::from_utf8(authorization).map_err(|_| incomplete("Authorization is not text"))?;
    let claim = Authorization::parse(text).map_err(incomplete)?;
    let signed: Vec<&str> = claim.signed_headers.split(';').collect();
    if signed.len() > MAX_SIGNED
        || signed
            .iter()
            .any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
    {
        return Err(incomplete("SignedHeaders is too long or not lower-case"));
    }
    if REQUIRED.iter().any(|name| !signed.contains(name)) {
        return Err(incomplete(
            "SignedHeaders must have host, x-acs-action, x-acs-version, x-acs-date, x-acs-content-sha256 and x-acs-signature-nonce",
        ));
    }
    let params = parameters(request)?;
    let header = |name: &'static str, parameter: &'static str| {
        message_headers::value(request.headers, name)
            .and_then(|value| String::from_utf8(value.into_owned()).ok())
            .filter(|value| !value.is_empty())
            .ok_or_else(|| StsRefusal::new(StsRule::Missing(parameter)))
    };
    let action = header("x-acs-action", "Action")?;
    let version = header("x-acs-version", "Version")?;
    let nonce = header("x-acs-signature-nonce", "SignatureNonce")?;
    let time = parse_iso(&header("x-acs-date", "Timestamp")?)
        .ok_or_else(|| StsRefusal::new(StsRule::BadTimestamp))?;
    let body_hash = header("x-acs-content-sha256", "ContentSha256")?;
    let token = message_headers::value(request.headers, "x-acs-security-token")
        .filter(|token| !token.is_empty())
        .map(|token| String::from_utf8(token.into_owned()))
        .transpose()
        .map_err(|_| StsRefusal::new(StsRule::TokenInvalid))?;
    let secret = secret(keys, claim.access_key_id, token.as_deref(), now)?;
    let query = Params::parse(request.query)
        .map_err(|_| StsRefusal::new(StsRule::BadParameter("Query".to_owned())))?;
    let pairs: Vec<(String, String)> = query
        .iter()
        .map(|param| {
            let name = String::from_utf8_lossy(param.name()).into_owned();
            (name, String::from_utf8_lossy(&param.value()).into_owned())
        })
        .collect();
    let canonical_query = canonical_query(
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let canonical = canonical_request(
        request.method,
        request.path,
        &canonical_query,
        request.headers,
        claim.signed_headers,
        body_hash.as_bytes(),
    )
    .ok_or_else(|| incomplete("a signed header is not in the request"))?;
    let text = string_to_sign(&canonical);
    if !sign_sha256(&secret, &text).matches(claim.signature.as_bytes()) {
        return Err(StsRefusal::signature(text));
    }
    if body_hash.as_bytes() != sha256_hex(request.body) {
        return Err(StsRefusal::new(StsRule::BodyHash));
    }
    check_time(time, now)?;
    Ok(StsVerified {
        scheme: StsScheme::Acs3,
        access_key_id: claim.access_key_id.to_owned(),
        token,
        nonce,
        time,
        action,
        version,
        params,
    })
}

/// A call to sign with ACS3. The operation's parameters are in the query; the body is empty.
#[derive(Debug, Clone, Copy)]
pub struct Acs3Request<'a> {
    /// Upper-case HTTP method.
    pub method: &'a str,
    /// Host header, with the port if there is one.
    pub host: &'a str,
    /// Path, `/`.
    pub path: &'a str,
    /// Decoded parameters of the operation.
    pub query: &'a [(&'a str, &'a str)],
    /// Such as `AssumeRole`.
    pub action: &'a str,
    /// Such as `2015-04-01`.
    pub version: &'a str,
}

/// Signs a call: returns the headers to add, `authorization` last. `Host` is signed and not returned. `nonce` must
/// be new for each call; `now` is Unix seconds.
pub fn sign_acs3(
    request: &Acs3Request<'_>,
    credentials: &Credentials,
    now: i64,
    nonce: &str,
) -> Vec<(String, String)> {
    let body_hash = sha256_hex(b"");
    let body_hash = ascii(&body_hash);
    let date = format_iso_millis(now).replace(".000Z", "Z");
    let mut headers: Vec<(&str, &str)> = vec![("host", request.host)];
    if let Some(token) = &credentials.security_token {
        headers.push(("x-acs-accesskey-id", &credentials.access_key_id));
        headers.push(("x-acs-security-token", token));
    }
    headers.extend([
        ("x-acs-action", request.action),
        ("x-acs-content-sha256", body_hash),
        ("x-acs-date", &date),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", request.version),
    ]);
    headers.sort_unstable();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let signed_headers = names.join(";");
    let bytes: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    let query = canonical_query(request.query.iter().copied());
    let canonical = canonical_request(
        request.method,
        request.path,
        &query,
        &bytes,
        &signed_headers,
        body_hash.as_bytes(),
    )
    .unwrap_or_default();
    let signature = sign_sha256(&credentials.access_key_secret, &string_to_sign(&canonical));
    let authorization = format!(
        "{ALGORITHM} Credential={},SignedHeaders={signed_headers},Signature={}",
        credentials.access_key_id,
        signature.as_str()
    );
    headers
        .into_iter()
        .filter(|(name, _)| *name != "host")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(std::iter::once(("authorization".to_owned(), authorization)))
        .collect()
}
