//! The V4 canonical request and string to sign (§5, §6), for signer and verifier alike.

use super::message_headers::{self, HeaderReading};
use super::{Message, Param, Params, Scope, V4_ALGORITHM, V4_TERMINATOR};
use crate::encode::encode_path_into;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::ops::Range;

/// The last line of every canonical request: no SDK signs its body.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Most additional headers that one request may announce: far above any real use, and a bound on the work.
const MAX_ADDITIONAL: usize = 128;

/// A canonical request as bytes: header values need not be UTF-8.
#[derive(Clone)]
pub struct CanonicalRequest {
    text: Vec<u8>,
    query: Range<usize>,
}

impl CanonicalRequest {
    /// The whole text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The canonical query, which is also how a signer writes the query on the wire.
    pub fn query(&self) -> &[u8] {
        self.text.get(self.query.clone()).unwrap_or(&[])
    }

    /// `HEX(SHA256(text))`.
    fn hash(&self) -> [u8; 64] {
        super::key::sha256_hex(&self.text)
    }
}

/// Why a list of additional headers is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdditionalHeadersError {
    /// The list is there and empty.
    Empty,
    /// A name between two semicolons is empty.
    EmptyItem,
    /// A name has characters that no header name has, or there are too many.
    BadName,
}

/// Additional header names as the ADDITIONAL line has them: lower-case, sorted, without repeats and without those
/// that are signed anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdditionalHeaders<'a>(SmallVec<[Cow<'a, str>; 4]>);

impl<'a> AdditionalHeaders<'a> {
    /// Reads `a;b;c`, in any order and case.
    ///
    /// # Errors
    /// [`AdditionalHeadersError`] says which rule the text breaks.
    pub fn parse(text: &'a str) -> Result<Self, AdditionalHeadersError> {
        if text.is_empty() {
            return Err(AdditionalHeadersError::Empty);
        }
        Self::from_names(text.split(';'))
    }

    /// The list of these names, in any order and case.
    ///
    /// # Errors
    /// [`AdditionalHeadersError`] when a name is empty or no header name, or there are too many.
    pub fn from_names(
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Self, AdditionalHeadersError> {
        let mut list: SmallVec<[Cow<'a, str>; 4]> = SmallVec::new();
        for name in names {
            if name.is_empty() {
                return Err(AdditionalHeadersError::EmptyItem);
            }
            if !name.bytes().all(is_token) || list.len() >= MAX_ADDITIONAL {
                return Err(AdditionalHeadersError::BadName);
            }
            let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                Cow::Owned(name.to_ascii_lowercase())
            } else {
                Cow::Borrowed(name)
            };
            if !is_signed_anyway(&name) {
                list.push(name);
            }
        }
        list.sort();
        list.dedup();
        Ok(Self(list))
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Whether nothing is announced.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names joined with `;`.
    pub fn to_line(&self) -> String {
        self.0.join(";")
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|other| (**other).cmp(name)).is_ok()
    }
}

/// A character of a header name (RFC 9110 `tchar`).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Headers that every V4 signature covers. `name` in lower case.
fn is_signed_anyway(name: &str) -> bool {
    name.starts_with("x-oss-") || name == "content-type" || name == "content-md5"
}

/// How a request is read: the default is the rule, the rest are second attempts of a verifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) headers: HeaderReading,
    /// A parameter written as `name=` keeps its `=` (ali-oss, §6).
    pub(super) keep_equals: bool,
}

/// Builds the canonical request. A parameter `x-oss-signature` is left out.
pub fn canonical_request(
    message: &Message<'_>,
    params: &Params<'_>,
    additional: &AdditionalHeaders<'_>,
) -> CanonicalRequest {
    read_as(message, params, additional, Reading::default())
}

pub(super) fn read_as(
    message: &Message<'_>,
    params: &Params<'_>,
    additional: &AdditionalHeaders<'_>,
    reading: Reading,
) -> CanonicalRequest {
    let mut out = Vec::with_capacity(768 + message.key.len());
    out.extend_from_slice(message.method.as_bytes());
    out.extend_from_slice(b"\n/");
    if let Some(bucket) = message.bucket {
        encode_path_into(bucket.as_bytes(), &mut out);
        out.push(b'/');
    }
    encode_path_into(message.key, &mut out);
    out.push(b'\n');
    let start = out.len();
    append_query(params, reading.keep_equals, &mut out);
    let query = start..out.len();
    out.push(b'\n');
    message_headers::append_lines(
        message.headers,
        |name| is_signed_anyway(name) || additional.contains(name),
        reading.headers,
        &mut out,
    );
    out.push(b'\n');
    for (index, name) in additional.iter().enumerate() {
        if index > 0 {
            out.push(b';');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b'\n');
    match message_headers::value(message.headers, "x-oss-content-sha256") {
        Some(value) => out.extend_from_slice(&value),
        None => out.extend_from_slice(UNSIGNED_PAYLOAD.as_bytes()),
    }
    CanonicalRequest { text: out, query }
}

/// All parameters encoded, sorted by encoded name, then by encoded value.
fn append_query(params: &Params<'_>, keep_equals: bool, out: &mut Vec<u8>) {
    let mut sorted: SmallVec<[&Param<'_>; 12]> = params
        .iter()
        .filter(|param| param.name() != b"x-oss-signature")
        .collect();
    sorted.sort_by(|a, b| a.cmp_encoded(b));
    for (index, param) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        param.encode_name(out);
        if !param.is_empty() || (keep_equals && param.is_bare_equals()) {
            out.push(b'=');
            param.encode_value(out);
        }
    }
}

/// The string to sign. `timestamp` is the text of `x-oss-date`, or of `Date` when a header request has no other.
pub fn string_to_sign(timestamp: &str, scope: &Scope<'_>, request: &CanonicalRequest) -> Vec<u8> {
    let mut out = Vec::with_capacity(224);
    append_string_to_sign(timestamp, scope, &request.hash(), &mut out);
    out
}

fn append_string_to_sign(timestamp: &str, scope: &Scope<'_>, hash: &[u8; 64], out: &mut Vec<u8>) {
    out.extend_from_slice(V4_ALGORITHM.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(timestamp.as_bytes());
    out.push(b'\n');
    for part in [scope.date, scope.region, scope.product] {
        out.extend_from_slice(part.as_bytes());
        out.push(b'/');
    }
    out.extend_from_slice(V4_TERMINATOR.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(hash);
}

/// A canonical request and its string to sign in one buffer, as signer and verifier go through them.
pub(super) struct Signable {
    request: CanonicalRequest,
    /// Where the string to sign begins.
    end: usize,
}

impl Signable {
    pub(super) fn new(mut request: CanonicalRequest, timestamp: &str, scope: &Scope<'_>) -> Self {
        let end = request.text.len();
        let hash = request.hash();
        append_string_to_sign(timestamp, scope, &hash, &mut request.text);
        Self { request, end }
    }

    pub(super) fn string_to_sign(&self) -> &[u8] {
        self.request.text.get(self.end..).unwrap_or(&[])
    }

    /// The canonical query.
    pub(super) fn query(&self) -> &[u8] {
        self.request.query()
    }

    /// String to sign and canonical request apart.
    pub(super) fn into_parts(self) -> (Vec<u8>, Vec<u8>) {
        let string_to_sign = self.string_to_sign().to_vec();
        let mut canonical = self.request.text;
        canonical.truncate(self.end);
        (string_to_sign, canonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<String, AdditionalHeadersError> {
        AdditionalHeaders::parse(text).map(|list| list.to_line())
    }

    #[test]
    fn additional_headers_are_sorted_lowered_and_reduced() {
        assert_eq!(
            line("range;Host;content-type;x-oss-meta-a;host").as_deref(),
            Ok("host;range")
        );
        assert_eq!(line("Content-MD5").as_deref(), Ok(""));
        assert_eq!(line(""), Err(AdditionalHeadersError::Empty));
        for text in ["host;", ";host", "a;;b", ";"] {
            assert_eq!(line(text), Err(AdditionalHeadersError::EmptyItem), "{text}");
        }
        for text in ["ho st", "a\nb", "é", "a,b", "host; range"] {
            assert_eq!(line(text), Err(AdditionalHeadersError::BadName), "{text}");
        }
        let many: Vec<String> = (0..=MAX_ADDITIONAL).map(|n| format!("h{n}")).collect();
        assert_eq!(line(&many.join(";")), Err(AdditionalHeadersError::BadName));
        assert!(line(&many[1..].join(";")).is_ok());
    }

    fn query(raw: &str, keep: bool) -> String {
        let mut out = Vec::new();
        append_query(&Params::parse(raw).unwrap(), keep, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_canonical_query_is_sorted_by_encoded_bytes() {
        assert_eq!(
            query("b=1&a=2&B=3&acl=&%2a=4&x-oss-signature=s", false),
            "%2A=4&B=3&a=2&acl&b=1"
        );
        assert_eq!(query("a=2&a=1&a", false), "a&a=1&a=2");
        assert_eq!(query("acl=&cors", true), "acl=&cors");
        assert_eq!(query("", false), "");
    }

    #[test]
    fn a_request_without_signed_headers_has_two_line_feeds_in_a_row() {
        let message = Message {
            method: "GET",
            bucket: None,
            key: b"",
            headers: &[],
        };
        let canonical =
            canonical_request(&message, &Params::default(), &AdditionalHeaders::default());
        assert_eq!(canonical.as_bytes(), b"GET\n/\n\n\n\nUNSIGNED-PAYLOAD");
    }
}
