//! The credential of V4: an AccessKey ID and the scope of the derived key (§5).

use super::V4_TERMINATOR;
use crate::encode::encode_component_into;

/// Longest AccessKey ID that is looked up. Real ones have 16 to 34 characters.
const MAX_KEY_ID: usize = 128;

/// `<AccessKeyId>/<YYYYMMDD>/<region>/<product>/aliyun_v4_request`, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The AccessKey ID; not part of the scope text.
    pub access_key_id: &'a str,
    /// `YYYYMMDD`.
    pub date: &'a str,
    /// Region id such as `cn-hangzhou`.
    pub region: &'a str,
    /// `oss`.
    pub product: &'a str,
}

/// Which part of a credential is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeError {
    /// Not five parts, an empty part, or another terminator.
    Shape,
    /// The region is empty: the client was told none.
    Region,
    /// The date is not eight digits.
    Date,
    /// The AccessKey ID is empty, too long or has characters that no id has.
    KeyId,
}

impl<'a> Scope<'a> {
    /// Splits a credential from the right: the last four parts are fixed, the rest is the AccessKey ID.
    ///
    /// # Errors
    /// [`ScopeError`] names the part.
    pub fn parse(credential: &'a str) -> Result<Self, ScopeError> {
        let (rest, terminator) = last_part(credential)?;
        let (rest, product) = last_part(rest)?;
        let (rest, region) = last_part(rest)?;
        let (access_key_id, date) = last_part(rest)?;
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if terminator != V4_TERMINATOR || !plain(product) {
            return Err(ScopeError::Shape);
        }
        if region.is_empty() {
            return Err(ScopeError::Region);
        }
        if !plain(region) {
            return Err(ScopeError::Shape);
        }
        if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ScopeError::Date);
        }
        if !is_access_key_id(access_key_id) {
            return Err(ScopeError::KeyId);
        }
        Ok(Self {
            access_key_id,
            date,
            region,
            product,
        })
    }

    /// The whole credential.
    pub fn to_credential(&self) -> String {
        let mut out = String::with_capacity(self.access_key_id.len() + 64);
        for part in [self.access_key_id, self.date, self.region, self.product] {
            out.push_str(part);
            out.push('/');
        }
        out.push_str(V4_TERMINATOR);
        out
    }

    /// `ENC` of the whole credential.
    pub(super) fn to_encoded_credential(self) -> String {
        let mut out = Vec::with_capacity(self.access_key_id.len() + 72);
        for part in [self.access_key_id, self.date, self.region, self.product] {
            encode_component_into(part.as_bytes(), &mut out);
            out.extend_from_slice(b"%2F");
        }
        out.extend_from_slice(V4_TERMINATOR.as_bytes());
        String::from_utf8(out).unwrap_or_default()
    }
}

/// What is before the last `/`, and what is after it.
fn last_part(text: &str) -> Result<(&str, &str), ScopeError> {
    memchr::memrchr(b'/', text.as_bytes())
        .and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)))
        .ok_or(ScopeError::Shape)
}

/// Whether a text can be an AccessKey ID: 1 to 128 of `0-9 A-Z a-z . _ =`, and `-`, which the service does not
/// issue but an operator may have chosen for a root key.
pub fn is_access_key_id(text: &str) -> bool {
    (1..=MAX_KEY_ID).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'=' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_comes_apart_and_together() {
        let text = "LTAI5t/20240115/cn-hangzhou/oss/aliyun_v4_request";
        let scope = Scope::parse(text).unwrap();
        assert_eq!(
            (scope.access_key_id, scope.date, scope.region, scope.product),
            ("LTAI5t", "20240115", "cn-hangzhou", "oss")
        );
        assert_eq!(scope.to_credential(), text);
        assert_eq!(scope.to_encoded_credential(), text.replace('/', "%2F"));
    }

    #[test]
    fn wrong_parts_are_named() {
        for (text, error) in [
            ("", ScopeError::Shape),
            ("ak", ScopeError::Shape),
            (
                "20240115/cn-hangzhou/oss/aliyun_v4_request",
                ScopeError::Shape,
            ),
            (
                "ak/20240115/cn-hangzhou/oss/aws4_request",
                ScopeError::Shape,
            ),
            (
                "ak/20240115/cn-hangzhou/oss/aliyun_v4_request/",
                ScopeError::Shape,
            ),
            ("ak/20240115//oss/aliyun_v4_request", ScopeError::Region),
            (
                "ak/20240115/cn-hangzhou//aliyun_v4_request",
                ScopeError::Shape,
            ),
            (
                "ak/20240115/cn\nhangzhou/oss/aliyun_v4_request",
                ScopeError::Shape,
            ),
            (
                "ak/2024-01-15/cn-hangzhou/oss/aliyun_v4_request",
                ScopeError::Date,
            ),
            (
                "ak/2024011/cn-hangzhou/oss/aliyun_v4_request",
                ScopeError::Date,
            ),
            (
                "/20240115/cn-hangzhou/oss/aliyun_v4_request",
                ScopeError::KeyId,
            ),
            (
                "a/k/20240115/cn-hangzhou/oss/aliyun_v4_request",
                ScopeError::KeyId,
            ),
            (
                "ak é/20240115/cn-hangzhou/oss/aliyun_v4_request",
                ScopeError::KeyId,
            ),
        ] {
            assert_eq!(Scope::parse(text), Err(error), "{text:?}");
        }
        assert!(is_access_key_id("STS.NT_a=-1") && !is_access_key_id(&"a".repeat(129)));
    }
}
