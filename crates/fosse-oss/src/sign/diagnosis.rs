//! Why a signature does not fit: the request is changed in the ways in which proxies, copying and programs usually change requests,
//! and the change that makes the signature fit is what happened. Only somebody who has the secret can ask, so nothing is told that
//! a forger could use.

use super::description::is_signed_header;
use super::{
    Client, Description, KeyState, Keys, Params, Refusal, RequestParts, Rule, Scheme, Verified,
    VerifyContext, verify_from,
};
use crate::encode::{decode_path, encode_component, encode_path};
use std::borrow::Cow;

/// Content types that programs add by themselves.
const USUAL_TYPES: [&str; 8] = [
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "text/plain",
    "text/html",
    "application/json",
    "application/xml",
    "image/jpeg",
    "image/png",
];
/// Most requests that are tried.
const MAX_ATTEMPTS: usize = 400;

/// What most likely happened to a request between its signer and its verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// It was signed for another method.
    Method(String),
    /// It was signed for another bucket: the host name, or the part of the path that names the bucket, was changed.
    Bucket(Option<String>),
    /// It was signed for another key: something rewrote the path.
    Path(String),
    /// The path was escaped twice, or unescaped once too often.
    PathEscapes,
    /// A `+` in the query was left unescaped, which is read as a space.
    UnescapedPlus,
    /// The query was escaped twice.
    QueryEscapes,
    /// A parameter was added after signing.
    AddedParameter(String),
    /// A header that signatures cover was added after signing.
    AddedHeader(String),
    /// A header that was signed is not sent.
    MissingHeader(String),
    /// The host name is part of the signature and was changed.
    Host(String),
    /// Characters of the signature were lost or changed.
    SignatureText(&'static str),
    /// It comes from an address that it is not limited to.
    Source,
    /// Nothing that is known explains it.
    Unknown,
}

impl Cause {
    /// A sentence or two for a person.
    pub fn explain(&self) -> String {
        match self {
            Self::Method(method) => format!(
                "It was signed for {method}. A link is good for one method only: HEAD on a link for GET is refused as well."
            ),
            Self::Bucket(Some(bucket)) => format!(
                "It was signed for the bucket `{bucket}`. The host name, or the first part of the path, was changed on the way: \
                 a proxy must pass on the host name that the client asked for."
            ),
            Self::Bucket(None) => {
                "It was signed for a request without bucket: the host name was changed on the way.".to_owned()
            }
            Self::Path(key) => format!(
                "It was signed for the key `{key}`. Something on the way rewrote the path: a proxy must pass it on as it is."
            ),
            Self::PathEscapes => {
                "The path was escaped or unescaped once too often on the way: a proxy must pass it on as it is.".to_owned()
            }
            Self::UnescapedPlus => {
                "A `+` in the query was left unescaped and is read as a space: write it %2B. Copying a link through a program that \
                 unescapes it does this."
                    .to_owned()
            }
            Self::QueryEscapes => {
                "The query was escaped twice: %2B became %252B. The link was treated as a text to be escaped.".to_owned()
            }
            Self::AddedParameter(name) => {
                format!("The parameter `{name}` was added after signing.")
            }
            Self::AddedHeader(name) => format!(
                "The header `{name}` is sent and was not signed. Leave it away, or sign with it."
            ),
            Self::MissingHeader(name) => format!(
                "The header `{name}` was signed and is not sent. It must be sent exactly as it was signed."
            ),
            Self::Host(host) => format!(
                "The host name is part of this signature, and it was signed for `{host}`: a proxy must pass on the host name."
            ),
            Self::SignatureText(what) => format!("The signature itself was damaged: {what}."),
            Self::Source => {
                "It is limited to addresses, and the server sees the client at another one. Behind a proxy the server must trust \
                 the proxy (--trusted-proxy), and the link must allow forwarded addresses."
                    .to_owned()
            }
            Self::Unknown => {
                "None of the usual changes explains it: most likely it was signed with another secret, or several things were \
                 changed. Compare the lines below with those that the signer computed."
                    .to_owned()
            }
        }
    }
}

/// The first line in which what was signed differs from what arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// From 1.
    pub line: usize,
    /// As it was signed.
    pub signed: String,
    /// As it arrived.
    pub received: String,
}

/// A refusal explained.
#[derive(Debug)]
pub struct Diagnosis {
    /// The refusal.
    pub refusal: Box<Refusal>,
    /// What most likely happened; `None` where the refusal says it all.
    pub cause: Option<Cause>,
    /// Where what was signed and what arrived part; known only with a cause that was proven by trying.
    pub difference: Option<Difference>,
}

/// What a diagnosis may try beside the request itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alternatives<'a> {
    /// Buckets that may have been meant.
    pub buckets: &'a [String],
    /// Host names that the request may have been signed for.
    pub hosts: &'a [String],
}

/// Verifies like [`verify_from`], and explains a refusal. Costs up to a few hundred verifications: not for everyday requests.
///
/// # Errors
/// The explained refusal.
pub fn diagnose(
    parts: &RequestParts<'_>,
    context: &VerifyContext<'_>,
    client: &Client<'_>,
    keys: &dyn Keys,
    alternatives: Alternatives<'_>,
) -> Result<Verified, Diagnosis> {
    let refusal = match verify_from(parts, context, client, keys) {
        Ok(verified) => return Ok(verified),
        Err(refusal) => refusal,
    };
    let (cause, difference) = match refusal.rule() {
        Rule::Signature => {
            let trial = Trial {
                parts,
                context,
                client,
                keys,
                left: MAX_ATTEMPTS,
            };
            trial.find(&refusal, alternatives)
        }
        Rule::V4UrlAdditionalMissing => {
            let missing = Description::of(parts).missing_headers.into_iter().next();
            (missing.map(Cause::MissingHeader), None)
        }
        // A query that is mangled may not even look signed any more: a token without its plus signs cannot be read.
        _ => {
            let mended = |from: &str, to: &str, cause: Cause| {
                let query = parts.query.replace(from, to);
                let parts = RequestParts {
                    query: &query,
                    ..*parts
                };
                let fits =
                    parts.query.contains(to) && verify_from(&parts, context, client, keys).is_ok();
                fits.then_some(cause)
            };
            let cause = mended("+", "%2B", Cause::UnescapedPlus)
                .or_else(|| mended("%20", "%2B", Cause::UnescapedPlus))
                .or_else(|| mended("%25", "%", Cause::QueryEscapes));
            (cause, None)
        }
    };
    Err(Diagnosis {
        refusal,
        cause,
        difference,
    })
}

struct Trial<'r, 'a> {
    parts: &'r RequestParts<'a>,
    context: &'r VerifyContext<'r>,
    client: &'r Client<'r>,
    keys: &'r dyn Keys,
    left: usize,
}

impl Trial<'_, '_> {
    fn find(
        mut self,
        refusal: &Refusal,
        alternatives: Alternatives<'_>,
    ) -> (Option<Cause>, Option<Difference>) {
        let told = Description::of(self.parts);
        if let Some(missing) = told.missing_headers.first() {
            return (Some(Cause::MissingHeader(missing.clone())), None);
        }
        let found = self
            .method(refusal)
            .or_else(|| self.signature_text(refusal))
            .or_else(|| self.query(refusal, told.scheme))
            .or_else(|| self.path(refusal))
            .or_else(|| self.headers(refusal))
            .or_else(|| self.bucket(refusal, alternatives.buckets))
            .or_else(|| self.host(refusal, alternatives.hosts));
        match found {
            Some((cause, difference)) => (Some(cause), difference),
            None if refusal.is_limited_to_addresses() => (Some(Cause::Source), None),
            None => (Some(Cause::Unknown), None),
        }
    }

    /// Whether the signature fits this request; if so, where it differs from the one that arrived.
    fn fits(&mut self, parts: &RequestParts<'_>, refusal: &Refusal) -> Option<Option<Difference>> {
        self.left = self.left.checked_sub(1)?;
        verify_from(parts, self.context, self.client, self.keys).ok()?;
        Some(self.difference(parts, refusal))
    }

    fn difference(&self, signed: &RequestParts<'_>, refusal: &Refusal) -> Option<Difference> {
        // With another secret the verifier says what it computed.
        let wrong = OtherSecret(self.keys);
        let told = verify_from(signed, self.context, self.client, &wrong).err()?;
        let text = |refusal: &Refusal| {
            let text = refusal.canonical_request().or(refusal.string_to_sign())?;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        first_difference(&text(&told)?, &text(refusal)?)
    }

    fn method(&mut self, refusal: &Refusal) -> Option<(Cause, Option<Difference>)> {
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
            if method != self.parts.method
                && let Some(difference) = self.fits(
                    &RequestParts {
                        method,
                        ..*self.parts
                    },
                    refusal,
                )
            {
                return Some((Cause::Method(method.to_owned()), difference));
            }
        }
        None
    }

    fn signature_text(&mut self, refusal: &Refusal) -> Option<(Cause, Option<Difference>)> {
        let description = Description::of(self.parts);
        let name = match description.scheme? {
            Scheme::V1 => "Signature",
            Scheme::V4 => "x-oss-signature",
        };
        let params = Params::parse(self.parts.query).ok()?;
        let value = params.get(name)?.value().into_owned();
        let text = String::from_utf8(value).ok()?;
        let (length, what) = match description.scheme? {
            Scheme::V1 => (28, "it must have 28 characters"),
            Scheme::V4 => (64, "it must have 64 characters"),
        };
        if text.len() != length && !text.contains('%') {
            return Some((Cause::SignatureText(what), None));
        }
        if description.scheme? == Scheme::V4 && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let query = self.parts.query.replace(&text, &text.to_ascii_lowercase());
            self.fits(
                &RequestParts {
                    query: &query,
                    ..*self.parts
                },
                refusal,
            )?;
            return Some((Cause::SignatureText("its letters must be small"), None));
        }
        None
    }

    fn query(
        &mut self,
        refusal: &Refusal,
        scheme: Option<Scheme>,
    ) -> Option<(Cause, Option<Difference>)> {
        let query = self.parts.query;
        if query.contains('+') {
            let escaped = query.replace('+', "%2B");
            if let Some(difference) = self.fits(
                &RequestParts {
                    query: &escaped,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((Cause::UnescapedPlus, difference));
            }
        }
        if query.contains("%20") {
            // The plus became a space, which was escaped again.
            let plus = query.replace("%20", "%2B");
            if let Some(difference) = self.fits(
                &RequestParts {
                    query: &plus,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((Cause::UnescapedPlus, difference));
            }
        }
        if query.contains("%25") {
            let once = query.replace("%25", "%");
            if let Some(difference) = self.fits(
                &RequestParts {
                    query: &once,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((Cause::QueryEscapes, difference));
            }
        }
        let pieces: Vec<&str> = query.split('&').filter(|piece| !piece.is_empty()).collect();
        for (at, piece) in pieces.iter().enumerate().take(64) {
            let name = piece.split('=').next().unwrap_or(piece);
            if super::SIGNATURE_PARAMETERS.contains(&name)
                || (scheme == Some(Scheme::V1) && !super::is_signed_subresource(name.as_bytes()))
            {
                continue;
            }
            let rest: Vec<&str> = pieces
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, piece)| *piece)
                .collect();
            let rest = rest.join("&");
            if let Some(difference) = self.fits(
                &RequestParts {
                    query: &rest,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((Cause::AddedParameter(name.to_owned()), difference));
            }
        }
        None
    }

    fn path(&mut self, refusal: &Refusal) -> Option<(Cause, Option<Difference>)> {
        let key = self.parts.key;
        let text = String::from_utf8(key.to_vec()).ok()?;
        let mut attempts: Vec<(String, bool)> = Vec::new();
        if let Ok(Cow::Owned(once)) = decode_path(&text)
            && let Ok(once) = String::from_utf8(once)
        {
            attempts.push((once, true));
        }
        let mut escaped = String::new();
        encode_path(key, &mut escaped);
        attempts.push((escaped.clone(), true));
        let mut whole = String::new();
        encode_component(key, &mut whole);
        attempts.push((whole, true));
        attempts.push((text.replace('+', " "), true));
        attempts.push((text.replace(' ', "+"), true));
        if let Some(bucket) = self.parts.bucket {
            // The bucket twice, or once too few.
            attempts.push((format!("{bucket}/{text}"), false));
            attempts.extend(
                text.strip_prefix(&format!("{bucket}/"))
                    .map(|key| (key.to_owned(), false)),
            );
        }
        attempts.push((format!("{text}/"), false));
        attempts.extend(text.strip_suffix('/').map(|key| (key.to_owned(), false)));
        attempts.push((format!("/{text}"), false));
        attempts.extend(text.strip_prefix('/').map(|key| (key.to_owned(), false)));
        // A prefix that a proxy put before the path.
        attempts.extend(
            text.split_once('/')
                .map(|(_, rest)| (rest.to_owned(), false)),
        );
        attempts.push((text.to_ascii_lowercase(), false));
        for (key, escapes) in attempts {
            if key == text {
                continue;
            }
            let parts = RequestParts {
                key: key.as_bytes(),
                ..*self.parts
            };
            if let Some(difference) = self.fits(&parts, refusal) {
                let cause = if escapes {
                    Cause::PathEscapes
                } else {
                    Cause::Path(key)
                };
                return Some((cause, difference));
            }
        }
        None
    }

    fn headers(&mut self, refusal: &Refusal) -> Option<(Cause, Option<Difference>)> {
        let headers = self.parts.headers;
        for (at, (name, _)) in headers.iter().enumerate() {
            if !is_signed_header(&name.to_ascii_lowercase()) {
                continue;
            }
            let rest: Vec<(&str, &[u8])> = headers
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, header)| *header)
                .collect();
            if let Some(difference) = self.fits(
                &RequestParts {
                    headers: &rest,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((Cause::AddedHeader(name.to_ascii_lowercase()), difference));
            }
        }
        let others: Vec<(&str, &[u8])> = headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
            .copied()
            .collect();
        for kind in USUAL_TYPES {
            let mut with = others.clone();
            with.push(("content-type", kind.as_bytes()));
            if let Some(difference) = self.fits(
                &RequestParts {
                    headers: &with,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((
                    Cause::MissingHeader(format!("content-type: {kind}")),
                    difference,
                ));
            }
        }
        None
    }

    fn bucket(
        &mut self,
        refusal: &Refusal,
        buckets: &[String],
    ) -> Option<(Cause, Option<Difference>)> {
        let key = self.parts.key;
        let own = self.parts.bucket;
        let whole = own.map(|bucket| [bucket.as_bytes(), b"/", key].concat());
        for bucket in buckets {
            let name = Some(bucket.as_str());
            let other = name != own;
            let keys = [Some(key), whole.as_deref()];
            for key in keys.into_iter().flatten() {
                let parts = RequestParts {
                    bucket: name,
                    key,
                    ..*self.parts
                };
                if other && let Some(difference) = self.fits(&parts, refusal) {
                    return Some((Cause::Bucket(Some(bucket.clone())), difference));
                }
            }
        }
        if own.is_some() {
            let parts = RequestParts {
                bucket: None,
                key: b"",
                ..*self.parts
            };
            let difference = self.fits(&parts, refusal)?;
            return Some((Cause::Bucket(None), difference));
        }
        None
    }

    fn host(&mut self, refusal: &Refusal, hosts: &[String]) -> Option<(Cause, Option<Difference>)> {
        for host in hosts {
            let headers: Vec<(&str, &[u8])> = self
                .parts
                .headers
                .iter()
                .map(|(name, value)| {
                    if name.eq_ignore_ascii_case("host") {
                        (*name, host.as_bytes())
                    } else {
                        (*name, *value)
                    }
                })
                .collect();
            if let Some(difference) = self.fits(
                &RequestParts {
                    headers: &headers,
                    ..*self.parts
                },
                refusal,
            ) {
                return Some((Cause::Host(host.clone()), difference));
            }
        }
        None
    }
}

fn first_difference(signed: &str, received: &str) -> Option<Difference> {
    let (mut ours, mut theirs) = (signed.split('\n'), received.split('\n'));
    let mut line = 0;
    loop {
        line += 1;
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (signed, received) if signed == received => {}
            (signed, received) => {
                return Some(Difference {
                    line,
                    signed: signed.unwrap_or("(nothing)").to_owned(),
                    received: received.unwrap_or("(nothing)").to_owned(),
                });
            }
        }
    }
}

/// Knows every key under another secret, so that the verifier tells what it computed.
struct OtherSecret<'k>(&'k dyn Keys);

impl Keys for OtherSecret<'_> {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        match self.0.lookup(access_key_id, token) {
            KeyState::Active { secret, expires_at } => KeyState::Active {
                secret: format!("{secret}?").into(),
                expires_at,
            },
            other => other,
        }
    }
}

/// Advice for a refusal whose rule says it all.
pub fn advice(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal.rule() {
        Rule::Expired => "The link has ended: make a new one.",
        Rule::TokenExpired => {
            "The temporary credentials that signed it have ended, though the link would live longer: sign with fresh ones."
        }
        Rule::Skewed => {
            "The clock of the signer and the clock of the server are more than 15 minutes apart: set the one that is wrong."
        }
        Rule::NotYetValid => {
            "It was signed with a time in the future: the clock of the signer is ahead."
        }
        Rule::Region => {
            "It was signed for another region than this server's: configure the client with the server's region (--region), or let \
             the server accept that region (--accept-region)."
        }
        Rule::Product => "It was signed for another product than `oss`.",
        Rule::ScopeDate => {
            "The date of the credential and the time of the request are different days."
        }
        Rule::KeyUnknown => {
            "The server has no such AccessKey: it was deleted, or belongs to another server."
        }
        Rule::KeyDisabled => "The AccessKey is disabled.",
        Rule::TokenMissing => {
            "Temporary credentials need their security token beside them: it is missing from the request."
        }
        Rule::TokenUnexpected => {
            "A security token was sent with an AccessKey that is not temporary."
        }
        Rule::TokenInvalid => {
            "The security token cannot be read: it was cut off or changed on the way (an unescaped `+` is read as a space), or \
             comes from another server."
        }
        Rule::TokenMismatch => "The security token belongs to another AccessKey.",
        Rule::TwoMechanisms => {
            "There is an Authorization header and a signature in the URL: a client that is logged in followed a link. Leave one away."
        }
        Rule::DoubledParameter => "A parameter occurs twice.",
        Rule::MalformedQuery => {
            "A `%` in the query is not followed by two hex digits: the link was cut off or unescaped."
        }
        Rule::V1UrlSignatureMissing | Rule::V4UrlSignatureMissing => {
            "The end of the link is missing: in a shell, put it in quotes, because of the `&`."
        }
        Rule::V1UrlKeyIdMissing
        | Rule::V1UrlExpiresMissing
        | Rule::V4UrlRegion
        | Rule::V4UrlCredentialMissing
        | Rule::V4UrlDateMissing
        | Rule::V4UrlExpiresMissing
        | Rule::VersionMissing => {
            "Parameters of the link are missing: in a shell, put it in quotes, because of the `&`."
        }
        Rule::V4UrlExpiresRange => "A V4 link lives at most 7 days.",
        Rule::V2 => "Version 2 signatures are not served: configure the client for V1 or V4.",
        Rule::Ambiguous => {
            "Sign it with version 4: in version 1 this key or value cannot be told from further parameters."
        }
        Rule::Vpc => "It is limited to a VPC that the client is not in.",
        Rule::SubnetMask => "The subnet mask is no number of bits.",
        _ => return None,
    })
}
