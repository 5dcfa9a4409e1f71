//! Why STS refuses a request, and the answer (§8.3, sts.md §6).

use super::super::Redacted;
use std::borrow::Cow;
use std::fmt;

/// The rule that an STS request broke.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StsRule {
    /// A common parameter is missing.
    Missing(&'static str),
    /// A parameter, or the text that it stands in, cannot be read.
    BadParameter(String),
    /// The same parameter twice.
    DoubledParameter(String),
    /// A body that is neither form nor JSON.
    ContentType,
    /// Another `SignatureMethod` or `SignatureVersion`, or a malformed ACS3 header.
    Incomplete(&'static str),
    /// The timestamp cannot be read.
    BadTimestamp,
    /// The timestamp is more than 15 minutes off.
    Stale,
    /// The nonce was used before.
    NonceUsed,
    /// No such AccessKey ID.
    KeyUnknown,
    /// The AccessKey is switched off.
    KeyDisabled,
    /// The token cannot be read or was forged.
    TokenInvalid,
    /// The token belongs to another AccessKey ID.
    TokenMismatch,
    /// The token has ended.
    TokenExpired,
    /// A token with a key that is not temporary.
    TokenUnexpected,
    /// `x-acs-content-sha256` is not the hash of the body.
    BodyHash,
    /// The signature is another than the one computed.
    Signature,
}

/// A refused STS request. `Debug` leaves the string to sign out: it may contain a token.
pub struct StsRefusal {
    rule: StsRule,
    string_to_sign: Option<Vec<u8>>,
}

impl StsRefusal {
    pub(super) fn new(rule: StsRule) -> Box<Self> {
        Box::new(Self {
            rule,
            string_to_sign: None,
        })
    }

    pub(super) fn signature(string_to_sign: Vec<u8>) -> Box<Self> {
        Box::new(Self {
            rule: StsRule::Signature,
            string_to_sign: Some(string_to_sign),
        })
    }

    /// The refusal of a nonce that the key used before, for the caller that keeps them.
    pub fn nonce_used() -> Box<Self> {
        Self::new(StsRule::NonceUsed)
    }

    /// The rule that was broken.
    pub fn rule(&self) -> &StsRule {
        &self.rule
    }

    /// The string to sign that the verifier computed; there for [`StsRule::Signature`].
    pub fn string_to_sign(&self) -> Option<&[u8]> {
        self.string_to_sign.as_deref()
    }

    /// HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match &self.rule {
            StsRule::KeyUnknown | StsRule::TokenUnexpected => 404,
            StsRule::KeyDisabled
            | StsRule::TokenInvalid
            | StsRule::TokenMismatch
            | StsRule::TokenExpired
            | StsRule::Missing("SecurityToken") => 403,
            _ => 400,
        }
    }

    /// `Code` of the answer.
    pub fn code(&self) -> Cow<'static, str> {
        match &self.rule {
            StsRule::Missing(name) => format!("Missing{name}").into(),
            StsRule::BadParameter(_) | StsRule::DoubledParameter(_) => "InvalidParameter".into(),
            StsRule::ContentType => "InvalidParameter.ContentType".into(),
            StsRule::Incomplete(_) => "IncompleteSignature".into(),
            StsRule::BadTimestamp => "InvalidTimeStamp.Format".into(),
            StsRule::Stale => "InvalidTimeStamp.Expired".into(),
            StsRule::NonceUsed => "SignatureNonceUsed".into(),
            StsRule::KeyUnknown | StsRule::TokenUnexpected => "InvalidAccessKeyId.NotFound".into(),
            StsRule::KeyDisabled => "InvalidAccessKeyId.Inactive".into(),
            StsRule::TokenInvalid => "InvalidSecurityToken.Malformed".into(),
            StsRule::TokenMismatch => "InvalidSecurityToken.MismatchWithAccessKey".into(),
            StsRule::TokenExpired => "InvalidSecurityToken.Expired".into(),
            StsRule::BodyHash | StsRule::Signature => "SignatureDoesNotMatch".into(),
        }
    }

    /// `Message` of the answer. For a wrong signature it repeats the string to sign, as the service does: give it to
    /// the sender, not to a log.
    pub fn message(&self) -> String {
        match &self.rule {
            StsRule::Missing(name) => format!("{name} is mandatory for this action."),
            StsRule::BadParameter(name) => format!("The parameter {name} is wrongly formed."),
            StsRule::DoubledParameter(name) => {
                format!("The parameter {name} is specified more than once.")
            }
            StsRule::ContentType => "The ContentType request header must be either \"application/json\" or \"application/x-www-form-urlencoded\".".into(),
            StsRule::Incomplete(what) => {
                format!("The request signature does not conform to Aliyun standards: {what}.")
            }
            StsRule::BadTimestamp => {
                "Specified time stamp or date value is not well formatted.".into()
            }
            StsRule::Stale => "Specified time stamp or date value is expired.".into(),
            StsRule::NonceUsed => "Specified signature nonce was used already.".into(),
            StsRule::KeyUnknown | StsRule::TokenUnexpected => {
                "Specified access key is not found.".into()
            }
            StsRule::KeyDisabled => "Specified access key is disabled.".into(),
            StsRule::TokenInvalid => "Specified SecurityToken is malformed.".into(),
            StsRule::TokenMismatch => {
                "Specified SecurityToken mismatch with the AccessKey.".into()
            }
            StsRule::TokenExpired => "Specified SecurityToken is expired.".into(),
            StsRule::BodyHash => "Specified x-acs-content-sha256 is not the hash of the body.".into(),
            StsRule::Signature => format!(
                "Specified signature is not matched with our calculation. server string to sign is:{}",
                String::from_utf8_lossy(self.string_to_sign.as_deref().unwrap_or_default())
            ),
        }
    }
}

impl fmt::Debug for StsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StsRefusal")
            .field("rule", &self.rule)
            .field(
                "string_to_sign",
                &self.string_to_sign.as_ref().map(|_| Redacted),
            )
            .finish()
    }
}

impl fmt::Display for StsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code())
    }
}

impl std::error::Error for StsRefusal {}
