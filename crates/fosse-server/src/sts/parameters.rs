//! The parameters of AssumeRole (sts.md §3), each on its own: pure, as strangers write them.

use fosse_policy::{Policy, PolicyError};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Most bytes of a session policy.
const MAX_POLICY: usize = 2048;

/// What a caller asks for.
#[derive(Debug)]
pub struct AssumeRole<'a> {
    /// Account of `RoleArn`: digits.
    pub account: &'a str,
    /// Name of `RoleArn`.
    pub role: &'a str,
    /// `RoleSessionName`: 2 to 64 letters, digits and `.@-_`.
    pub session: &'a str,
    /// `DurationSeconds`. How long a session may be is the role's to say.
    pub seconds: Option<u64>,
    /// `Policy`: text and meaning.
    pub policy: Option<(&'a str, Arc<Policy>)>,
    /// `ExternalId`.
    pub external_id: Option<&'a str>,
    /// `SourceIdentity`.
    pub source_identity: Option<&'a str>,
}

/// Why parameters are refused; all of it is 400. The text is the message of the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadParameter {
    /// A parameter that must be there is not, or is empty.
    #[error("{0} is mandatory for this action.")]
    Missing(&'static str),
    /// A parameter is not in form.
    #[error("The parameter {0} is wrongly formed.")]
    Malformed(&'static str),
    /// `DurationSeconds` is no number, or out of range.
    #[error("The Min/Max value of DurationSeconds is 15min/1hr.")]
    Duration,
    /// `Policy` is too long.
    #[error("The size of Policy must be smaller than 2048 bytes.")]
    PolicySize,
    /// `Policy` is no policy.
    #[error("The parameter Policy has not passed grammar check. {0}")]
    PolicyGrammar(String),
}

impl BadParameter {
    /// `Code` of the answer.
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Missing(name) => format!("Missing{name}").into(),
            Self::Malformed(name) => format!("InvalidParameter.{name}").into(),
            Self::Duration => "InvalidParameter.DurationSeconds".into(),
            Self::PolicySize => "InvalidParameter.PolicySize".into(),
            Self::PolicyGrammar(_) => "InvalidParameter.PolicyGrammar".into(),
        }
    }
}

impl<'a> AssumeRole<'a> {
    /// Reads the parameters of a call; an empty one counts as absent.
    ///
    /// # Errors
    /// The first [`BadParameter`].
    pub fn read(params: &'a [(String, String)]) -> Result<Self, BadParameter> {
        let get = |name: &str| {
            let found = params.iter().find(|(other, _)| other == name);
            let value = found.map(|(_, value)| value.as_str());
            value.filter(|value| !value.is_empty())
        };
        let required = |name: &'static str| get(name).ok_or(BadParameter::Missing(name));
        let arn = required("RoleArn")?;
        let session = required("RoleSessionName")?;
        let (account, role) = parse_arn(arn).ok_or(BadParameter::Malformed("RoleArn"))?;
        check("RoleSessionName", session, 2..=64, b".@-_")?;
        let seconds = match get("DurationSeconds") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| BadParameter::Duration)?),
        };
        let policy = match get("Policy") {
            None => None,
            Some(text) if text.len() > MAX_POLICY => return Err(BadParameter::PolicySize),
            Some(text) => match Policy::session(text) {
                Ok(policy) => Some((text, Arc::new(policy))),
                Err(PolicyError::TooLong { .. }) => return Err(BadParameter::PolicySize),
                Err(error) => return Err(BadParameter::PolicyGrammar(error.to_string())),
            },
        };
        let external_id = get("ExternalId");
        if let Some(id) = external_id {
            check("ExternalId", id, 2..=1224, b"_+=,.@:/-")?;
        }
        let source_identity = get("SourceIdentity");
        if let Some(identity) = source_identity {
            check("SourceIdentity", identity, 2..=64, b"_+=,.@-")?;
            let lower = identity.to_ascii_lowercase();
            if ["acs:", "aliyun:", "alibabacloud:"]
                .iter()
                .any(|taken| lower.starts_with(taken))
            {
                return Err(BadParameter::Malformed("SourceIdentity"));
            }
        }
        // Second factors are not known here; what is no name of one is refused all the same.
        if let Some(serial) = get("SerialNumber") {
            check("SerialNumber", serial, 9..=256, b"_+=/:,.@-")?;
        }
        if let Some(code) = get("TokenCode")
            && !(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(BadParameter::Malformed("TokenCode"));
        }
        Ok(Self {
            account,
            role,
            session,
            seconds,
            policy,
            external_id,
            source_identity,
        })
    }
}

/// Account and role of `acs:ram::ACCOUNT:role/NAME`.
fn parse_arn(arn: &str) -> Option<(&str, &str)> {
    let (account, role) = arn.strip_prefix("acs:ram::")?.split_once(":role/")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let named = |text: &str| {
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
    };
    (digits(account) && named(role)).then_some((account, role))
}

fn check(
    parameter: &'static str,
    value: &str,
    length: RangeInclusive<usize>,
    punctuation: &[u8],
) -> Result<(), BadParameter> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || punctuation.contains(&byte);
    if length.contains(&value.len()) && value.bytes().all(fits) {
        Ok(())
    } else {
        Err(BadParameter::Malformed(parameter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_arns() {
        assert_eq!(
            parse_arn("acs:ram::1000000000000001:role/Reader.x-1_2"),
            Some(("1000000000000001", "Reader.x-1_2"))
        );
        for bad in [
            "",
            "acs:ram::1:user/x",
            "acs:ram:::role/x",
            "acs:ram::1:role/",
            "acs:ram::1:role/a/b",
            "acs:ram::*:role/a",
            "acs:ram::1:role/*",
            "arn:aws:iam::1:role/a",
        ] {
            assert_eq!(parse_arn(bad), None, "{bad}");
        }
    }
}
