//! The V1 string to sign (§2, §3), for signer and verifier alike.

use super::message_headers::{self, HeaderReading};
use super::{Message, Param, Params, is_signed_subresource};
use smallvec::SmallVec;

/// The string to sign. `date` is the DATE line: the text of `x-oss-date` or `Date`, or of `Expires` in a URL.
/// Bytes, because a key or a header need not be UTF-8.
pub fn string_to_sign(message: &Message<'_>, params: &Params<'_>, date: &[u8]) -> Vec<u8> {
    read_as(message, params, date, HeaderReading::default())
}

/// Whether the string to sign of this request is also that of another one. The resource is not escaped, so `&versionId=1` at the end
/// of one value reads like a parameter of its own, and `?acl` at the end of a key like a sub-resource. Only names that take part
/// in signatures count: other text has one reading.
pub(super) fn is_ambiguous(message: &Message<'_>, params: &Params<'_>) -> bool {
    hides_parameter(message.key, b"?&")
        || params
            .iter()
            .filter(|param| is_signed_subresource(param.name()))
            .any(|param| {
                // A name that holds what ends names could end earlier.
                memchr::memchr3(b'=', b'&', b'?', param.name()).is_some()
                    || hides_parameter(&param.value(), b"&")
            })
}

/// Whether a signed parameter could begin at one of `starts` in this text.
fn hides_parameter(text: &[u8], starts: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| starts.contains(byte)) {
        rest = rest.get(at + 1..).unwrap_or(&[]);
        let end = memchr::memchr2(b'=', b'&', rest).unwrap_or(rest.len());
        if rest.get(..end).is_some_and(is_signed_subresource) {
            return true;
        }
    }
    false
}

pub(super) fn read_as(
    message: &Message<'_>,
    params: &Params<'_>,
    date: &[u8],
    reading: HeaderReading,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + message.key.len());
    out.extend_from_slice(message.method.as_bytes());
    out.push(b'\n');
    for name in ["content-md5", "content-type"] {
        if let Some(value) = message_headers::value(message.headers, name) {
            message_headers::append_value(&value, reading, &mut out);
        }
        out.push(b'\n');
    }
    out.extend_from_slice(date);
    out.push(b'\n');
    message_headers::append_lines(
        message.headers,
        |name| name.starts_with("x-oss-"),
        reading,
        &mut out,
    );
    append_resource(message, params, &mut out);
    out
}

/// `/bucket/key?sub-resources`, decoded.
fn append_resource(message: &Message<'_>, params: &Params<'_>, out: &mut Vec<u8>) {
    out.push(b'/');
    if let Some(bucket) = message.bucket {
        out.extend_from_slice(bucket.as_bytes());
        out.push(b'/');
    }
    out.extend_from_slice(message.key);
    let mut signed: SmallVec<[&Param<'_>; 10]> = params
        .iter()
        .filter(|param| is_signed_subresource(param.name()))
        .collect();
    signed.sort_by(|a, b| a.name().cmp(b.name()));
    for (index, param) in signed.iter().enumerate() {
        out.push(if index == 0 { b'?' } else { b'&' });
        out.extend_from_slice(param.name());
        if !param.is_empty() {
            out.push(b'=');
            out.extend_from_slice(&param.value());
        }
    }
}
