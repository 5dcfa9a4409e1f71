//! The policy of a PostObject form: reading it and checking a form against it (§7, api-objects.md §10).

use crate::time::parse_iso;
use crate::{ErrorCode, OssError};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// Longest `policy` field that is read, in bytes of base64.
pub const MAX_POLICY: usize = 64 * 1024;

/// Padding may be missing: what counts is the signature over the text, which was checked before.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A policy that was read. Check its signature first ([`super::verify_form`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPolicy {
    expiration: i64,
    conditions: Vec<Condition>,
}

/// One condition. Field names are in lower case and without `$`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The field has exactly this value.
    Eq(String, String),
    /// The field begins with this.
    StartsWith(String, String),
    /// The field has one of these values.
    In(String, Vec<String>),
    /// The field has none of these values.
    NotIn(String, Vec<String>),
    /// The file has at least and at most so many bytes.
    ContentLengthRange(u64, u64),
}

/// Why a policy refuses a form, or is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormPolicyError {
    /// Not base64 of a policy: 400 `InvalidPolicyDocument`.
    #[error("Invalid Policy: {0}")]
    Invalid(String),
    /// A policy that never ends: 400 `InvalidPolicyDocument`.
    #[error("Invalid Policy: Policy missing expiration.")]
    NoExpiration,
    /// 403 `AccessDenied`.
    #[error("Invalid according to Policy: Policy expired.")]
    Expired,
    /// 403 `AccessDenied`, with the condition as JSON.
    #[error("Invalid according to Policy: Policy Condition failed: {0}")]
    Failed(String),
    /// The file is smaller than `content-length-range` allows: 400 `EntityTooSmall`.
    #[error("The file is smaller than the minimum of the policy.")]
    TooSmall,
    /// The file is larger: 400 `EntityTooLarge`.
    #[error("The file is larger than the maximum of the policy.")]
    TooLarge,
}

impl From<FormPolicyError> for OssError {
    fn from(error: FormPolicyError) -> Self {
        let code = match error {
            FormPolicyError::Invalid(_) => ErrorCode::InvalidPolicyDocument,
            FormPolicyError::NoExpiration => {
                return Self::new(ErrorCode::InvalidPolicyDocument)
                    .with_message(error.to_string())
                    .with_ec("0006-00000208");
            }
            FormPolicyError::Expired | FormPolicyError::Failed(_) => ErrorCode::AccessDenied,
            FormPolicyError::TooSmall => return Self::new(ErrorCode::EntityTooSmall),
            FormPolicyError::TooLarge => return Self::new(ErrorCode::EntityTooLarge),
        };
        Self::new(code).with_message(error.to_string())
    }
}

fn invalid(message: impl Into<String>) -> FormPolicyError {
    FormPolicyError::Invalid(message.into())
}

impl FormPolicy {
    /// Reads the text of the `policy` field: base64 of UTF-8 JSON with `expiration` and `conditions`.
    ///
    /// # Errors
    /// [`FormPolicyError::Invalid`] with the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, FormPolicyError> {
        if text.len() > MAX_POLICY {
            return Err(invalid("The policy is too long."));
        }
        let bytes = BASE64
            .decode(text.trim_ascii())
            .map_err(|_| invalid("The policy is not valid Base64."))?;
        let json = std::str::from_utf8(&bytes).map_err(|_| invalid("The policy is not UTF-8."))?;
        Self::parse_json(json)
    }

    /// Reads the JSON text.
    ///
    /// # Errors
    /// [`FormPolicyError::Invalid`] with the part that is wrong.
    pub fn parse_json(json: &str) -> Result<Self, FormPolicyError> {
        let value: Value = serde_json::from_str(&without_escaped_dollars(json))
            .map_err(|error| invalid(format!("Invalid JSON: {error}")))?;
        let Value::Object(members) = value else {
            return Err(invalid("Invalid JSON: the policy must be an object."));
        };
        let expiration = members
            .get("expiration")
            .ok_or(FormPolicyError::NoExpiration)?
            .as_str()
            .and_then(parse_iso)
            .ok_or_else(|| invalid("Invalid 'expiration' value."))?;
        let Some(Value::Array(list)) = members.get("conditions") else {
            return Err(invalid("Policy missing conditions."));
        };
        let conditions = list.iter().map(Condition::read).collect::<Result<_, _>>()?;
        Ok(Self {
            expiration,
            conditions,
        })
    }

    /// The moment from which the policy is expired, Unix seconds.
    pub fn expiration(&self) -> i64 {
        self.expiration
    }

    /// The conditions in order.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Checks expiry and every condition on fields: `bucket` is the addressed bucket, `fields` those before `file`
    /// with the names as sent. `key` is compared before `${filename}` is replaced. A field that is not there counts
    /// as empty; of a field that occurs twice, every value must pass. Where the type of the file part shall count as
    /// `content-type`, the caller passes it as a field.
    ///
    /// # Errors
    /// [`FormPolicyError::Expired`], or [`FormPolicyError::Failed`] with the first condition that is not met.
    pub fn check(
        &self,
        bucket: &str,
        fields: &[(&str, &[u8])],
        now: i64,
    ) -> Result<(), FormPolicyError> {
        if now >= self.expiration {
            return Err(FormPolicyError::Expired);
        }
        match self
            .conditions
            .iter()
            .find(|condition| !condition.holds(bucket, fields))
        {
            Some(condition) => Err(FormPolicyError::Failed(condition.to_json())),
            None => Ok(()),
        }
    }

    /// Checks the size of the file against every `content-length-range`.
    ///
    /// # Errors
    /// [`FormPolicyError::TooSmall`] or [`FormPolicyError::TooLarge`].
    pub fn check_size(&self, bytes: u64) -> Result<(), FormPolicyError> {
        for condition in &self.conditions {
            if let Condition::ContentLengthRange(least, most) = condition {
                if bytes < *least {
                    return Err(FormPolicyError::TooSmall);
                }
                if bytes > *most {
                    return Err(FormPolicyError::TooLarge);
                }
            }
        }
        Ok(())
    }

    /// Most bytes that the file may have, so that a reader can stop early; `None` when not limited.
    pub fn max_size(&self) -> Option<u64> {
        self.conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::ContentLengthRange(_, most) => Some(*most),
                _ => None,
            })
            .min()
    }
}

impl Condition {
    fn read(value: &Value) -> Result<Self, FormPolicyError> {
        match value {
            Value::Object(members) => {
                let mut members = members.iter();
                let (Some((field, value)), None) = (members.next(), members.next()) else {
                    return Err(invalid(
                        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
                    ));
                };
                let value = value.as_str().ok_or_else(|| {
                    invalid("Invalid Simple-Condition: the value must be a string.")
                })?;
                Ok(Self::Eq(field.to_ascii_lowercase(), value.to_owned()))
            }
            Value::Array(items) => Self::read_array(items),
            _ => Err(invalid(
                "Invalid Condition: a condition is an object or an array.",
            )),
        }
    }

    fn read_array(items: &[Value]) -> Result<Self, FormPolicyError> {
        let [operator, first, second] = items else {
            return Err(invalid(
                "Invalid Condition: a condition has three elements.",
            ));
        };
        let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
        if operator == "content-length-range" {
            return match (first.as_u64(), second.as_u64()) {
                (Some(least), Some(most)) => Ok(Self::ContentLengthRange(least, most)),
                _ => Err(invalid(
                    "Invalid Condition: content-length-range takes two sizes.",
                )),
            };
        }
        let field = first
            .as_str()
            .and_then(|field| field.strip_prefix('$'))
            .filter(|field| !field.is_empty())
            .ok_or_else(|| invalid("Invalid Condition: a field is written $field."))?
            .to_ascii_lowercase();
        let text = || {
            second
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| invalid("Invalid Condition: the value must be a string."))
        };
        let list = || {
            second
                .as_array()
                .and_then(|values| {
                    values
                        .iter()
                        .map(|value| value.as_str().map(str::to_owned))
                        .collect()
                })
                .ok_or_else(|| invalid("Invalid Condition: the value must be a list of strings."))
        };
        match operator.as_str() {
            "eq" => Ok(Self::Eq(field, text()?)),
            "starts-with" => Ok(Self::StartsWith(field, text()?)),
            "in" => Ok(Self::In(field, list()?)),
            "not-in" => Ok(Self::NotIn(field, list()?)),
            _ => Err(invalid("Invalid Condition: unknown operator.")),
        }
    }

    fn holds(&self, bucket: &str, fields: &[(&str, &[u8])]) -> bool {
        let field = match self {
            Self::Eq(field, _)
            | Self::StartsWith(field, _)
            | Self::In(field, _)
            | Self::NotIn(field, _) => field,
            Self::ContentLengthRange(..) => return true,
        };
        if field == "bucket" {
            return self.accepts(bucket.as_bytes());
        }
        let mut values = fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(field))
            .map(|(_, value)| *value)
            .peekable();
        if values.peek().is_none() {
            return self.accepts(b"");
        }
        values.all(|value| self.accepts(value))
    }

    /// Whether one value of the field passes.
    fn accepts(&self, value: &[u8]) -> bool {
        let among = |list: &[String]| list.iter().any(|one| one.as_bytes() == value);
        match self {
            Self::Eq(_, wanted) => value == wanted.as_bytes(),
            Self::StartsWith(_, prefix) => value.starts_with(prefix.as_bytes()),
            Self::In(_, list) => among(list),
            Self::NotIn(_, list) => !among(list),
            Self::ContentLengthRange(..) => true,
        }
    }

    /// As the error message shows it: always in array form.
    fn to_json(&self) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let text = |operator: &str, field: &str, value: String| {
            format!(
                "[\"{operator}\", {}, {value}]",
                quoted(&format!("${field}"))
            )
        };
        let list = |values: &[String]| {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            format!("[{}]", values.join(", "))
        };
        match self {
            Self::Eq(field, value) => text("eq", field, quoted(value)),
            Self::StartsWith(field, value) => text("starts-with", field, quoted(value)),
            Self::In(field, values) => text("in", field, list(values)),
            Self::NotIn(field, values) => text("not-in", field, list(values)),
            Self::ContentLengthRange(least, most) => {
                format!("[\"content-length-range\", {least}, {most}]")
            }
        }
    }
}

/// `\$` inside a string is documented as an escape, though it is none in JSON.
fn without_escaped_dollars(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some('$') => out.push('$'),
                Some(escaped) => {
                    out.push('\\');
                    out.push(escaped);
                }
                None => out.push('\\'),
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    const NOW: i64 = 1_705_307_445;

    fn policy(conditions: &str) -> FormPolicy {
        let json =
            format!(r#"{{"expiration":"2024-01-15T09:30:45.000Z","conditions":[{conditions}]}}"#);
        FormPolicy::parse(&STANDARD.encode(json)).unwrap()
    }

    fn check(conditions: &str, fields: &[(&str, &[u8])]) -> Result<(), FormPolicyError> {
        policy(conditions).check("photos", fields, NOW)
    }

    #[test]
    fn conditions_hold_or_fail() {
        let fields: &[(&str, &[u8])] = &[
            ("Key", "user/中.jpg".as_bytes()),
            ("Content-Type", b"image/jpg"),
            ("x-oss-meta-a", b"1"),
        ];
        for holding in [
            "",
            r#"{"bucket":"photos"}"#,
            r#"["eq","$bucket","photos"]"#,
            r#"["eq","$KEY","user/中.jpg"]"#,
            r#"["eq","\$key","user\/\u4e2d.jpg"]"#,
            r#"["starts-with","$key","user/"]"#,
            r#"["starts-with","$key",""]"#,
            r#"["in","$content-type",["image/png","image/jpg"]]"#,
            r#"["not-in","$content-type",["text/html"]]"#,
            r#"["not-in","$absent",["text/html"]]"#,
            r#"["content-length-range",5,1]"#,
        ] {
            assert_eq!(check(holding, fields), Ok(()), "{holding}");
        }
        for (failing, shown) in [
            (r#"{"bucket":"b"}"#, r#"["eq", "$bucket", "b"]"#),
            (r#"["eq","$key","user/"]"#, r#"["eq", "$key", "user/"]"#),
            (
                r#"["starts-with","$key","admin\""]"#,
                r#"["starts-with", "$key", "admin\""]"#,
            ),
            (r#"{"x-oss-meta-b":"1"}"#, r#"["eq", "$x-oss-meta-b", "1"]"#),
            (
                r#"["in","$content-type",["a","b"]]"#,
                r#"["in", "$content-type", ["a", "b"]]"#,
            ),
            (
                r#"["not-in","$content-type",["image/jpg"]]"#,
                r#"["not-in", "$content-type", ["image/jpg"]]"#,
            ),
        ] {
            assert_eq!(
                check(failing, fields),
                Err(FormPolicyError::Failed(shown.to_owned()))
            );
        }
    }

    #[test]
    fn every_value_of_a_repeated_field_must_pass() {
        let fields: &[(&str, &[u8])] = &[("key", b"user/a"), ("KEY", b"admin/a")];
        assert!(check(r#"["starts-with","$key","user/"]"#, fields).is_err());
    }

    #[test]
    fn expiry_is_the_first_second_that_is_too_late() {
        let policy = policy("");
        assert_eq!(policy.check("b", &[], policy.expiration() - 1), Ok(()));
        assert_eq!(
            policy.check("b", &[], policy.expiration()),
            Err(FormPolicyError::Expired)
        );
    }

    #[test]
    fn sizes() {
        let policy = policy(r#"["content-length-range",2,10],["content-length-range",0,8]"#);
        assert_eq!(policy.max_size(), Some(8));
        assert_eq!(policy.check_size(1), Err(FormPolicyError::TooSmall));
        assert_eq!(policy.check_size(9), Err(FormPolicyError::TooLarge));
        assert_eq!(
            (policy.check_size(2), policy.check_size(8)),
            (Ok(()), Ok(()))
        );
    }

    #[test]
    fn what_is_no_policy_is_refused_with_a_reason() {
        let with = |conditions: &str| {
            format!(r#"{{"expiration":"2024-01-15T09:30:45Z","conditions":[{conditions}]}}"#)
        };
        for (json, reason) in [
            ("", "Invalid JSON"),
            ("[]", "must be an object"),
            (r#"{"conditions":[]}"#, "missing expiration"),
            (r#"{"expiration":"tomorrow","conditions":[]}"#, "expiration"),
            (
                r#"{"expiration":"2024-01-15T09:30:45Z"}"#,
                "missing conditions",
            ),
            (
                r#"{"expiration":"2024-01-15T09:30:45Z","conditions":{}}"#,
                "missing conditions",
            ),
            (
                &with(r#"{"a":"1","b":"2"}"#),
                "Simple-Conditions must have exactly one property specified.",
            ),
            (
                &with("{}"),
                "Simple-Conditions must have exactly one property specified.",
            ),
            (&with(r#"{"a":1}"#), "must be a string"),
            (&with(r#"["eq","key","a"]"#), "$field"),
            (&with(r#"["eq","$","a"]"#), "$field"),
            (&with(r#"["eq","$key"]"#), "three elements"),
            (&with(r#"["like","$key","a"]"#), "unknown operator"),
            (&with(r#"["in","$key","a"]"#), "list of strings"),
            (&with(r#"["in","$key",[1]]"#), "list of strings"),
            (&with(r#"["content-length-range",-1,5]"#), "two sizes"),
            (&with("1"), "object or an array"),
            (&"[".repeat(100_000), "Invalid JSON"),
        ] {
            let error = FormPolicy::parse_json(json).unwrap_err();
            assert!(error.to_string().starts_with("Invalid Policy: "), "{error}");
            assert!(error.to_string().contains(reason), "{reason}: {error}");
        }
        assert!(matches!(
            FormPolicy::parse("*"),
            Err(FormPolicyError::Invalid(_))
        ));
        assert!(matches!(
            FormPolicy::parse("/w=="),
            Err(FormPolicyError::Invalid(_))
        ));
        assert!(matches!(
            FormPolicy::parse(&"A".repeat(MAX_POLICY + 1)),
            Err(FormPolicyError::Invalid(_))
        ));
    }
}
