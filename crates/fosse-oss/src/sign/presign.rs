//! Signing into the URL (§3, §6).

use super::canon_v4::{self, AdditionalHeaders, Signable};
use super::key::sign_v1;
use super::{
    Credentials, MAX_V4_EXPIRES, Message, Params, SIGNATURE_PARAMETERS, Scheme, Scope, SignOptions,
    SignRequest, SigningKey, V4_ALGORITHM, canon_v1,
};
use crate::encode::encode_component_into;
use crate::time::compact_bytes;

/// What went wrong while signing (client-side).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A V4 URL may live for seven days at most; V1 has no limit.
    #[error("expires should be not greater than 604800(seven days)")]
    ExpiresTooLong,
    /// A URL that is never valid.
    #[error("expires must be at least 1 second")]
    ExpiresTooShort,
    /// The V4 scope needs a region.
    #[error("region must be set in sign version 4")]
    RegionMissing,
    /// A header was to be signed that the request does not have, or whose name is none.
    #[error("additional header {0:?} is not a header of the request")]
    AdditionalHeaderMissing(String),
    /// A query parameter that the signature itself uses.
    #[error("query parameter {0:?} is reserved for the signature")]
    ReservedParameter(String),
    /// `x-oss-date` or `date` of the request cannot be read.
    #[error("the date header of the request is not a date")]
    BadDate,
}

pub(super) fn refuse_reserved(query: &[(&str, &str)]) -> Result<(), SignError> {
    match query
        .iter()
        .find(|(name, _)| SIGNATURE_PARAMETERS.contains(name))
    {
        Some((name, _)) => Err(SignError::ReservedParameter((*name).to_owned())),
        None => Ok(()),
    }
}

/// The announced names, each of which must be a header of the request: a URL that protects less than was asked for
/// would be a trap.
pub(super) fn additional_headers<'a>(
    request: &SignRequest<'a>,
) -> Result<AdditionalHeaders<'a>, SignError> {
    let list = AdditionalHeaders::from_names(request.additional_headers.iter().copied())
        .map_err(|_| SignError::AdditionalHeaderMissing(request.additional_headers.join(";")))?;
    for name in list.iter() {
        if !request
            .headers
            .iter()
            .any(|(header, _)| header.eq_ignore_ascii_case(name))
        {
            return Err(SignError::AdditionalHeaderMissing(name.to_owned()));
        }
    }
    Ok(list)
}

/// ASCII bytes as text.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Signs into the URL: returns the complete encoded query (without `?`), the caller's parameters included.
///
/// `expires`: V4 seconds of life (1..=604800); V1 the same, counted from `now`, without an upper limit. `key`: a
/// cached V4 key of (secret, UTC date of `now`, region, product), derived when `None`. Query values are given
/// decoded; encoding is `ENC`, sorted by name for V4 with `x-oss-signature` last; V1: the caller's parameters in their
/// order, then Expires, OSSAccessKeyId, Signature, security-token.
///
/// # Errors
/// [`SignError`]: a life that the scheme does not have, no region in V4, an additional header that is not there, or
/// a query parameter that belongs to the signature.
pub fn presign_query(
    request: &SignRequest<'_>,
    credentials: &Credentials,
    options: &SignOptions<'_>,
    expires: i64,
    key: Option<&SigningKey>,
) -> Result<String, SignError> {
    if expires < 1 {
        return Err(SignError::ExpiresTooShort);
    }
    if options.scheme == Scheme::V4 && expires > MAX_V4_EXPIRES {
        return Err(SignError::ExpiresTooLong);
    }
    presign_query_any_life(request, credentials, options, expires, key)
}

/// As [`presign_query`], for any life: clients of the first generation sign what the server will refuse, and tests
/// of a server need such URLs.
///
/// # Errors
/// Those of [`presign_query`] but the two about the life.
pub fn presign_query_any_life(
    request: &SignRequest<'_>,
    credentials: &Credentials,
    options: &SignOptions<'_>,
    expires: i64,
    key: Option<&SigningKey>,
) -> Result<String, SignError> {
    refuse_reserved(request.query)?;
    let query = match options.scheme {
        Scheme::V1 => presign_v1(request, credentials, options.now.saturating_add(expires)),
        Scheme::V4 => presign_v4(request, credentials, options, expires, key)?,
    };
    // Everything in it went through ENC, so it is ASCII and this does not fail.
    Ok(String::from_utf8(query).unwrap_or_default())
}

fn presign_v1(request: &SignRequest<'_>, credentials: &Credentials, expires: i64) -> Vec<u8> {
    let expires = expires.to_string();
    let mut params = Params::from_pairs(request.query);
    if let Some(token) = &credentials.security_token {
        params.push("security-token", token);
    }
    let text = canon_v1::string_to_sign(&Message::from(request), &params, expires.as_bytes());
    let signature = sign_v1(&credentials.access_key_secret, &text);
    let mut out = Vec::with_capacity(256);
    for (name, value) in request.query {
        append_pair(name, value, &mut out);
    }
    append_pair("Expires", &expires, &mut out);
    append_pair("OSSAccessKeyId", &credentials.access_key_id, &mut out);
    append_pair("Signature", signature.as_str(), &mut out);
    if let Some(token) = &credentials.security_token {
        append_pair("security-token", token, &mut out);
    }
    out
}

fn append_pair(name: &str, value: &str, out: &mut Vec<u8>) {
    if name.is_empty() && value.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(b'&');
    }
    encode_component_into(name.as_bytes(), out);
    if !value.is_empty() {
        out.push(b'=');
        encode_component_into(value.as_bytes(), out);
    }
}

fn presign_v4(
    request: &SignRequest<'_>,
    credentials: &Credentials,
    options: &SignOptions<'_>,
    expires: i64,
    key: Option<&SigningKey>,
) -> Result<Vec<u8>, SignError> {
    if options.region.is_empty() {
        return Err(SignError::RegionMissing);
    }
    let additional = additional_headers(request)?;
    let announced = additional.to_line();
    let timestamp = compact_bytes(options.now);
    let timestamp = ascii(&timestamp);
    let scope = Scope {
        access_key_id: &credentials.access_key_id,
        date: timestamp.get(..8).unwrap_or_default(),
        region: options.region,
        product: options.product,
    };
    let credential = scope.to_encoded_credential();
    let expires = expires.to_string();
    let mut params = Params::from_pairs(request.query);
    params.push_encoded("x-oss-signature-version", V4_ALGORITHM);
    params.push_encoded("x-oss-credential", &credential);
    params.push_encoded("x-oss-date", timestamp);
    params.push_encoded("x-oss-expires", &expires);
    if !announced.is_empty() {
        params.push("x-oss-additional-headers", &announced);
    }
    if let Some(token) = &credentials.security_token {
        params.push("x-oss-security-token", token);
    }
    let canonical = canon_v4::canonical_request(&Message::from(request), &params, &additional);
    let signable = Signable::new(canonical, timestamp, &scope);
    let signature = match key {
        Some(key) => key.sign(signable.string_to_sign()),
        None => SigningKey::derive(
            &credentials.access_key_secret,
            scope.date,
            options.region,
            options.product,
        )
        .sign(signable.string_to_sign()),
    };
    let mut out = Vec::with_capacity(signable.query().len() + 82);
    out.extend_from_slice(signable.query());
    out.extend_from_slice(b"&x-oss-signature=");
    out.extend_from_slice(signature.as_bytes());
    Ok(out)
}
