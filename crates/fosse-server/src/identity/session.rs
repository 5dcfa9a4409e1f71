//! Tokens of role sessions: sealed by the master keys, they hold the whole session, so that no server has to remember it
//! and a restart does not end it (sts.md §5).
//!
//! A token is base64 of a sealed value: version byte, then the postcard form of [`Stored`]. Its holder can neither read nor
//! change it. It names the AccessKey id that it was issued with, and holds that key's secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fosse_policy::Policy;
use fosse_store::MasterKeys;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What tokens are sealed for.
const PURPOSE: &str = "sts-token";
/// Version byte of the content.
const VERSION: u8 = 1;
/// Longest text that is looked at as a token, in bytes: more than the largest that is issued.
const LONGEST: usize = 8 * 1024;

/// What usual session policies are made of: the compressor points into it instead of writing it out.
const USUAL: &[u8] = br#"{"Version":"1","Statement":[{"Effect":"Deny","Action":["oss:DeleteObject","oss:ListObjects","oss:ListObjectsV2","oss:GetObjectAcl","oss:PutObjectAcl","oss:AbortMultipartUpload","oss:ListParts","oss:Get*","oss:List*","oss:Put*","oss:*"],"Condition":{"StringLike":{"oss:Prefix":["*"]},"IpAddress":{"acs:SourceIp":["0.0.0.0/0"]},"Bool":{"acs:SecureTransport":"true"}},{"Effect":"Allow","Action":["oss:PutObject","oss:GetObject"],"Resource":["acs:oss:*:*:*","acs:oss:*:*:examplebucket/*"]}]}"#;

/// A session of a role.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) access_key_id: String,
    pub(crate) secret: Arc<str>,
    /// Account of the role.
    pub(crate) account: String,
    /// Number of the role.
    pub(crate) role_id: String,
    /// `RoleSessionName`.
    pub(crate) name: Arc<str>,
    /// Unix seconds.
    pub(crate) issued_at: i64,
    /// Last good second, Unix seconds.
    pub(crate) expires_at: i64,
    /// Who took the role on: account, and user or role by number.
    pub(crate) taken_by: String,
    /// `SourceIdentity`.
    pub(crate) source_identity: Option<String>,
    /// Text of the session policy.
    pub(crate) policy_text: Option<String>,
    /// The same, compiled.
    pub(crate) policy: Option<Arc<Policy>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("access_key_id", &self.access_key_id)
            .field("account", &self.account)
            .field("role_id", &self.role_id)
            .field("name", &self.name)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The content of a token.
#[derive(Serialize, Deserialize)]
struct Stored {
    access_key_id: String,
    secret: String,
    account: String,
    role_id: String,
    name: String,
    issued_at: i64,
    expires_at: i64,
    taken_by: String,
    source_identity: Option<String>,
    policy: StoredPolicy,
}

#[derive(Serialize, Deserialize)]
enum StoredPolicy {
    None,
    /// LZ4, with [`USUAL`] as its dictionary.
    Packed(Vec<u8>),
}

/// Why a token was not taken. The client learns only that it is not valid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token is no token")]
    Malformed,
    #[error("the token cannot be opened: {0}")]
    Sealed(#[from] fosse_store::StoreError),
    #[error("the token cannot be made: {0}")]
    Encoding(String),
}

impl Session {
    /// The token of the session.
    pub(crate) fn seal(&self, master_keys: &MasterKeys) -> Result<String, TokenError> {
        let policy = match &self.policy_text {
            None => StoredPolicy::None,
            Some(text) => StoredPolicy::Packed(lz4_flex::block::compress_prepend_size_with_dict(
                text.as_bytes(),
                USUAL,
            )),
        };
        let stored = Stored {
            access_key_id: self.access_key_id.clone(),
            secret: self.secret.to_string(),
            account: self.account.clone(),
            role_id: self.role_id.clone(),
            name: self.name.to_string(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            taken_by: self.taken_by.clone(),
            source_identity: self.source_identity.clone(),
            policy,
        };
        let plain = postcard::to_extend(&stored, vec![VERSION])
            .map_err(|error| TokenError::Encoding(error.to_string()))?;
        Ok(STANDARD.encode(master_keys.seal(PURPOSE, b"", &plain)?))
    }

    /// The session of a token. Whether it is still valid, and belongs to the key that came with it, is the caller's to see.
    pub(crate) fn open(token: &str, master_keys: &MasterKeys) -> Result<Self, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Malformed);
        }
        let sealed = STANDARD.decode(token).map_err(|_| TokenError::Malformed)?;
        let plain = master_keys.open(PURPOSE, b"", &sealed)?;
        let Some((&VERSION, body)) = plain.split_first() else {
            return Err(TokenError::Malformed);
        };
        let stored: Stored = postcard::from_bytes(body).map_err(|_| TokenError::Malformed)?;
        let policy_text = match stored.policy {
            StoredPolicy::None => None,
            StoredPolicy::Packed(packed) => {
                let text = lz4_flex::block::decompress_size_prepended_with_dict(&packed, USUAL)
                    .map_err(|_| TokenError::Malformed)?;
                Some(String::from_utf8(text).map_err(|_| TokenError::Malformed)?)
            }
        };
        let policy = match &policy_text {
            None => None,
            Some(text) => Some(Arc::new(
                Policy::session(text).map_err(|_| TokenError::Malformed)?,
            )),
        };
        Ok(Session {
            access_key_id: stored.access_key_id,
            secret: stored.secret.into(),
            account: stored.account,
            role_id: stored.role_id,
            name: stored.name.into(),
            issued_at: stored.issued_at,
            expires_at: stored.expires_at,
            taken_by: stored.taken_by,
            source_identity: stored.source_identity,
            policy_text,
            policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(policy: Option<&str>) -> Session {
        Session {
            access_key_id: "STS.abcdefghijklmnopqrstuvwxy".into(),
            secret: "x".repeat(42).into(),
            account: "1000000000000001".into(),
            role_id: "300000000000000003".into(),
            name: "alice@example.com".into(),
            issued_at: 1_700_000_000,
            expires_at: 1_700_003_600,
            taken_by: "1000000000000001:200000000000000002".into(),
            source_identity: Some("Alice".into()),
            policy_text: policy.map(str::to_owned),
            policy: policy.map(|text| Arc::new(Policy::session(text).unwrap())),
        }
    }

    const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"Resource":["acs:oss:*:*:photos/users/alice/*"]}]}"#;

    #[test]
    fn a_token_holds_its_session() {
        let keys = MasterKeys::in_memory();
        for policy in [None, Some(POLICY)] {
            let session = session(policy);
            let token = session.seal(&keys).unwrap();
            let found = Session::open(&token, &keys).unwrap();
            assert_eq!(found.access_key_id, session.access_key_id);
            assert_eq!(found.secret, session.secret);
            assert_eq!(found.policy_text, session.policy_text);
            assert_eq!(found.policy, session.policy);
            assert_eq!(found.source_identity.as_deref(), Some("Alice"));
            assert_eq!(
                (found.issued_at, found.expires_at),
                (1_700_000_000, 1_700_003_600)
            );
            assert!(token.len() < 512, "{}", token.len());
            assert!(!token.contains("alice") && !format!("{found:?}").contains("xxx"));
        }
    }

    #[test]
    fn a_long_policy_makes_no_endless_token() {
        let keys = MasterKeys::in_memory();
        let mut resources = Vec::new();
        for at in 0..24 {
            resources.push(format!(
                "\"acs:oss:*:*:bucket-{at}/folder/{}/*\"",
                at * 7919
            ));
        }
        let text = format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":["oss:GetObject","oss:PutObject"],"Resource":[{}]}}]}}"#,
            resources.join(",")
        );
        assert!(text.len() > 1000 && text.len() < 2048);
        let token = session(Some(&text)).seal(&keys).unwrap();
        assert!(token.len() <= 1024, "{}", token.len());
    }

    #[test]
    fn what_was_changed_or_made_elsewhere_is_no_token() {
        let keys = MasterKeys::in_memory();
        let token = session(Some(POLICY)).seal(&keys).unwrap();
        assert!(Session::open(&token, &MasterKeys::in_memory()).is_err());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Session::open(&changed, &keys).is_err(), "{at}");
            assert!(Session::open(&token[..at], &keys).is_err(), "{at}");
        }
        for other in ["", "x", "====", "CAIS", &"A".repeat(LONGEST + 1)] {
            assert!(Session::open(other, &keys).is_err());
        }
        // A sealed value of another purpose is none either.
        let foreign = keys.seal("access-key-secret", b"", &[1, 2, 3]).unwrap();
        assert!(Session::open(&STANDARD.encode(foreign), &keys).is_err());
    }

    #[test]
    fn a_token_outlives_a_rotation() {
        let keys = MasterKeys::in_memory();
        let token = session(None).seal(&keys).unwrap();
        keys.rotate().unwrap();
        assert!(Session::open(&token, &keys).is_ok());
    }
}
