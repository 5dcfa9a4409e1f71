//! The `Authorization` header (§1.1, §2, §5).

use super::V4_ALGORITHM;
use super::canon_v4::{AdditionalHeaders, AdditionalHeadersError};
use super::scope::{Scope, ScopeError, is_access_key_id};

/// A well-formed header of a scheme that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Authorization<'a> {
    /// `OSS <id>:<signature>`.
    V1 {
        access_key_id: &'a str,
        signature: &'a str,
    },
    /// `OSS4-HMAC-SHA256 Credential=...,AdditionalHeaders=...,Signature=...`.
    V4 {
        scope: Scope<'a>,
        additional: AdditionalHeaders<'a>,
        signature: &'a str,
    },
}

/// Why a header is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthorizationError {
    /// The first word is no scheme.
    UnknownScheme,
    /// `OSS2`.
    V2,
    V1Shape,
    V1KeyId,
    V4Shape,
    V4NoCredential,
    V4Scope(ScopeError),
    V4Additional(AdditionalHeadersError),
}

impl<'a> Authorization<'a> {
    /// Reads the trimmed value of the header.
    pub(super) fn parse(text: &'a str) -> Result<Self, AuthorizationError> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_start_matches(' ');
        match word {
            "OSS" => parse_v1(rest),
            "OSS2" => Err(AuthorizationError::V2),
            V4_ALGORITHM => parse_v4(rest),
            _ => Err(AuthorizationError::UnknownScheme),
        }
    }
}

fn parse_v1(text: &str) -> Result<Authorization<'_>, AuthorizationError> {
    let (access_key_id, signature) = text.split_once(':').ok_or(AuthorizationError::V1Shape)?;
    if access_key_id.is_empty() || signature.is_empty() {
        return Err(AuthorizationError::V1Shape);
    }
    if !is_access_key_id(access_key_id) {
        return Err(AuthorizationError::V1KeyId);
    }
    Ok(Authorization::V1 {
        access_key_id,
        signature,
    })
}

/// Items in any order, separated by a comma and optional spaces; unknown and doubled ones are refused.
fn parse_v4(text: &str) -> Result<Authorization<'_>, AuthorizationError> {
    let (mut credential, mut additional, mut signature) = (None, None, None);
    for item in text.split(',') {
        let (name, value) = item
            .trim_matches(' ')
            .split_once('=')
            .ok_or(AuthorizationError::V4Shape)?;
        let slot = match name {
            "Credential" => &mut credential,
            "AdditionalHeaders" => &mut additional,
            "Signature" => &mut signature,
            _ => return Err(AuthorizationError::V4Shape),
        };
        if slot.replace(value).is_some() {
            return Err(AuthorizationError::V4Shape);
        }
    }
    let credential = credential.ok_or(AuthorizationError::V4NoCredential)?;
    let scope = Scope::parse(credential).map_err(AuthorizationError::V4Scope)?;
    let additional = match additional {
        Some(list) => AdditionalHeaders::parse(list).map_err(AuthorizationError::V4Additional)?,
        None => AdditionalHeaders::default(),
    };
    let signature = signature
        .filter(|text| !text.is_empty())
        .ok_or(AuthorizationError::V4Shape)?;
    Ok(Authorization::V4 {
        scope,
        additional,
        signature,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIAL: &str = "Credential=ak/20240115/cn-hangzhou/oss/aliyun_v4_request";

    #[test]
    fn v4_items_come_in_any_order() {
        for text in [
            format!("OSS4-HMAC-SHA256 {CREDENTIAL},AdditionalHeaders=host;range,Signature=ab"),
            format!("OSS4-HMAC-SHA256 {CREDENTIAL}, Signature=ab, AdditionalHeaders=range;host"),
            format!("OSS4-HMAC-SHA256   Signature=ab ,AdditionalHeaders=Host;Range,  {CREDENTIAL}"),
        ] {
            let Ok(Authorization::V4 {
                scope,
                additional,
                signature,
            }) = Authorization::parse(&text)
            else {
                panic!("{text}");
            };
            assert_eq!(
                (scope.access_key_id, &*additional.to_line(), signature),
                ("ak", "host;range", "ab")
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        use AuthorizationError as E;
        for (text, error) in [
            ("", E::UnknownScheme),
            ("Basic YTpi", E::UnknownScheme),
            ("oss ak:sig", E::UnknownScheme),
            ("OSS4-HMAC-SHA1 x", E::UnknownScheme),
            ("OSS2 AccessKeyId:ak,Signature:x", E::V2),
            ("OSS", E::V1Shape),
            ("OSS ak", E::V1Shape),
            ("OSS ak:", E::V1Shape),
            ("OSS :sig", E::V1Shape),
            ("OSS a k:sig", E::V1KeyId),
            ("OSS4-HMAC-SHA256", E::V4Shape),
            ("OSS4-HMAC-SHA256 Signature=ab", E::V4NoCredential),
            ("OSS4-HMAC-SHA256 Signature=ab,Signature=ab", E::V4Shape),
            ("OSS4-HMAC-SHA256 Signature=ab,Extra=1", E::V4Shape),
            (
                "OSS4-HMAC-SHA256 Credential=ak",
                E::V4Scope(ScopeError::Shape),
            ),
        ] {
            assert_eq!(Authorization::parse(text), Err(error), "{text:?}");
        }
        for (tail, error) in [
            ("", E::V4Shape),
            (",Signature=", E::V4Shape),
            (",", E::V4Shape),
            (
                ",AdditionalHeaders=,Signature=a",
                E::V4Additional(AdditionalHeadersError::Empty),
            ),
            (
                ",AdditionalHeaders=a;,Signature=a",
                E::V4Additional(AdditionalHeadersError::EmptyItem),
            ),
        ] {
            let text = format!("OSS4-HMAC-SHA256 {CREDENTIAL}{tail}");
            assert_eq!(Authorization::parse(&text), Err(error), "{text:?}");
        }
    }
}
