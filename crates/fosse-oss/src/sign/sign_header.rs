//! Signing in the `Authorization` header (§2, §5, §12).

use super::canon_v4::{self, UNSIGNED_PAYLOAD};
use super::key::sign_v1;
use super::presign::{SignError, additional_headers, ascii, refuse_reserved};
use super::{
    Credentials, Message, Params, Scheme, Scope, SignOptions, SignRequest, SigningKey,
    V4_ALGORITHM, canon_v1, message_headers,
};
use crate::time::{date_bytes, format_compact, format_http, parse_compact, parse_http};

/// Signs in the `Authorization` header: returns the headers to add (`authorization`, `x-oss-date`/`date`,
/// `x-oss-content-sha256`, `x-oss-security-token`), in order, `authorization` last.
///
/// A header of these that the request already has is signed as it is and not returned. V4 always sends
/// `UNSIGNED-PAYLOAD`, as every SDK does.
///
/// # Errors
/// [`SignError`]: no region in V4, an additional header that is not there, a query parameter that belongs to a URL
/// signature, or an own date header that is no date.
pub fn sign_header(
    request: &SignRequest<'_>,
    credentials: &Credentials,
    options: &SignOptions<'_>,
) -> Result<Vec<(String, String)>, SignError> {
    refuse_reserved(request.query)?;
    let has = |name: &str| {
        request
            .headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    let mut added: Vec<(String, String)> = Vec::with_capacity(4);
    match options.scheme {
        Scheme::V1 if !has("x-oss-date") && !has("date") => {
            added.push(("date".to_owned(), format_http(options.now)));
        }
        Scheme::V1 => {}
        Scheme::V4 => {
            if !has("x-oss-date") {
                added.push(("x-oss-date".to_owned(), format_compact(options.now)));
            }
            if !has("x-oss-content-sha256") {
                added.push((
                    "x-oss-content-sha256".to_owned(),
                    UNSIGNED_PAYLOAD.to_owned(),
                ));
            }
        }
    }
    if let Some(token) = &credentials.security_token
        && !has("x-oss-security-token")
    {
        added.push(("x-oss-security-token".to_owned(), token.clone()));
    }
    let headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .copied()
        .chain(
            added
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes())),
        )
        .collect();
    let message = Message {
        headers: &headers,
        ..Message::from(request)
    };
    let params = Params::from_pairs(request.query);
    let authorization = match options.scheme {
        Scheme::V1 => {
            let date = message_headers::value(&headers, "x-oss-date")
                .or_else(|| message_headers::value(&headers, "date"))
                .unwrap_or_default();
            let text = canon_v1::string_to_sign(&message, &params, &date);
            let signature = sign_v1(&credentials.access_key_secret, &text);
            format!("OSS {}:{}", credentials.access_key_id, signature.as_str())
        }
        Scheme::V4 => sign_v4(request, &message, &params, credentials, options)?,
    };
    added.push(("authorization".to_owned(), authorization));
    Ok(added)
}

fn sign_v4(
    request: &SignRequest<'_>,
    message: &Message<'_>,
    params: &Params<'_>,
    credentials: &Credentials,
    options: &SignOptions<'_>,
) -> Result<String, SignError> {
    if options.region.is_empty() {
        return Err(SignError::RegionMissing);
    }
    let additional = additional_headers(request)?;
    let timestamp = message_headers::value(message.headers, "x-oss-date").unwrap_or_default();
    let timestamp = std::str::from_utf8(&timestamp).map_err(|_| SignError::BadDate)?;
    let time = parse_compact(timestamp)
        .or_else(|| parse_http(timestamp))
        .ok_or(SignError::BadDate)?;
    let date = date_bytes(time);
    let scope = Scope {
        access_key_id: &credentials.access_key_id,
        date: ascii(&date),
        region: options.region,
        product: options.product,
    };
    let canonical = canon_v4::canonical_request(message, params, &additional);
    let text = canon_v4::string_to_sign(timestamp, &scope, &canonical);
    let key = SigningKey::derive(
        &credentials.access_key_secret,
        scope.date,
        options.region,
        options.product,
    );
    let signature = key.sign(&text);
    let mut out = format!("{V4_ALGORITHM} Credential={}", scope.to_credential());
    if !additional.is_empty() {
        out.push_str(",AdditionalHeaders=");
        out.push_str(&additional.to_line());
    }
    out.push_str(",Signature=");
    out.push_str(signature.as_str());
    Ok(out)
}
