//! Reading policies (access-control.md §3.1): every fault is named with its place, and nothing unknown is kept, so that
//! evaluation never meets what it does not understand.

use crate::condition::{self, Condition};
use crate::json::Json;
use crate::policy::{ActionPattern, Actions, Effect, Policy, Statement};
use crate::principal::PrincipalPattern;
use crate::resource::ResourcePattern;
use crate::trust::TrustPolicy;

/// Most bytes of the policy of a bucket.
pub const MAX_BUCKET_POLICY_BYTES: usize = 16 * 1024;
/// Most bytes of a policy that is attached to a user, group or role.
pub const MAX_RAM_POLICY_BYTES: usize = 6 * 1024;
/// Most characters of the policy of a session.
pub const MAX_SESSION_POLICY_CHARS: usize = 2048;
/// Most bytes of a trust policy.
pub const MAX_TRUST_POLICY_BYTES: usize = 4 * 1024;
/// Most bytes of one text in a policy.
pub const MAX_FIELD_BYTES: usize = 4095;

/// Why a text is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than its kind may be.
    #[error("The policy is too long: at most {limit} {unit}.")]
    TooLong {
        /// The limit.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// Not JSON.
    #[error("The policy is not valid JSON: {0}.")]
    Json(String),
    /// JSON, but not a policy.
    #[error("{place}: {problem}.")]
    Grammar {
        /// Where, e.g. `Statement[0].Action`.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// The kinds differ in their principals, and bucket policies in more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Bucket(Option<&'a str>),
    Identity,
    Trust,
}

impl Policy {
    /// Reads the policy of a bucket: at most [`MAX_BUCKET_POLICY_BYTES`]. With a `bucket`, every statement must name it or
    /// something in it.
    ///
    /// Errors: what is wrong and where; 400 `InvalidPolicyDocument` on the wire.
    pub fn bucket(text: &[u8], bucket: Option<&str>) -> Result<Self, PolicyError> {
        at_most(text.len(), MAX_BUCKET_POLICY_BYTES, "bytes")?;
        read(text, Kind::Bucket(bucket)).map(Self::new)
    }

    /// Reads a policy that can be attached to users, groups and roles: at most [`MAX_RAM_POLICY_BYTES`].
    ///
    /// Errors: what is wrong and where.
    pub fn ram(text: &[u8]) -> Result<Self, PolicyError> {
        at_most(text.len(), MAX_RAM_POLICY_BYTES, "bytes")?;
        read(text, Kind::Identity).map(Self::new)
    }

    /// Reads the policy of a session (sts.md §8): at most [`MAX_SESSION_POLICY_CHARS`] characters.
    ///
    /// Errors: what is wrong and where.
    pub fn session(text: &str) -> Result<Self, PolicyError> {
        at_most(text.chars().count(), MAX_SESSION_POLICY_CHARS, "characters")?;
        read(text.as_bytes(), Kind::Identity).map(Self::new)
    }
}

impl TrustPolicy {
    /// Reads the trust policy of a role (sts.md §4): at most [`MAX_TRUST_POLICY_BYTES`].
    ///
    /// Errors: what is wrong and where.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        at_most(text.len(), MAX_TRUST_POLICY_BYTES, "bytes")?;
        read(text, Kind::Trust).map(Self::new)
    }
}

fn at_most(found: usize, limit: usize, unit: &'static str) -> Result<(), PolicyError> {
    if found > limit {
        return Err(PolicyError::TooLong { limit, unit });
    }
    Ok(())
}

fn fault<T>(place: impl Into<String>, problem: impl Into<String>) -> Result<T, PolicyError> {
    Err(PolicyError::Grammar {
        place: place.into(),
        problem: problem.into(),
    })
}

fn read(text: &[u8], kind: Kind<'_>) -> Result<Vec<Statement>, PolicyError> {
    let document = Json::parse(text).map_err(|error| PolicyError::Json(error.to_string()))?;
    let Json::Object(members) = document else {
        return fault("policy", format!("{}, not an object", document.kind()));
    };
    let (mut version, mut statements) = (None, None);
    for (name, value) in members {
        match name.as_str() {
            "Version" => version = Some(value),
            "Statement" => statements = Some(value),
            _ => return fault("policy", format!("unknown member {name:?}")),
        }
    }
    match version {
        Some(Json::Text(version)) if version == "1" => {}
        Some(_) => return fault("Version", "must be the string \"1\""),
        None => return fault("Version", "is missing"),
    }
    match statements {
        None => fault("Statement", "is missing"),
        Some(Json::Array(all)) if all.is_empty() => fault("Statement", "is empty"),
        Some(Json::Array(all)) => all
            .into_iter()
            .enumerate()
            .map(|(at, one)| statement(&format!("Statement[{at}]"), one, kind))
            .collect(),
        Some(one) => Ok(vec![statement("Statement", one, kind)?]),
    }
}

fn statement(place: &str, json: Json, kind: Kind<'_>) -> Result<Statement, PolicyError> {
    let Json::Object(members) = json else {
        return fault(place, format!("{}, not an object", json.kind()));
    };
    let (mut effect, mut actions, mut resources, mut principals) = (None, None, None, None);
    let (mut conditions, mut sid) = (Box::default(), None);
    for (name, value) in members {
        let place = format!("{place}.{name}");
        match name.as_str() {
            "Sid" => match value {
                Json::Text(text) if text.len() <= MAX_FIELD_BYTES => sid = Some(text.into()),
                _ => return fault(place, "must be a string of at most 4095 bytes"),
            },
            "Effect" => {
                effect = Some(match &value {
                    Json::Text(text) if text == "Allow" => Effect::Allow,
                    Json::Text(text) if text == "Deny" => Effect::Deny,
                    _ => return fault(place, "must be \"Allow\" or \"Deny\""),
                });
            }
            "NotAction" if matches!(kind, Kind::Bucket(_) | Kind::Trust) => {
                return fault(place, "is not possible in this kind of policy");
            }
            "Action" | "NotAction" if actions.is_some() => {
                return fault(place, "only one of Action and NotAction is possible");
            }
            "Action" | "NotAction" => {
                actions = Some(Actions {
                    not: name == "NotAction",
                    patterns: action_list(&place, value, kind)?,
                });
            }
            "Resource" if kind == Kind::Trust => {
                return fault(place, "is not possible in a trust policy");
            }
            "Resource" => resources = Some(resource_list(&place, value, kind)?),
            "Principal" => principals = Some(principal_list(&place, value, kind)?),
            "Condition" => conditions = condition_list(&place, value)?,
            "NotResource" | "NotPrincipal" => return fault(place, "is not supported"),
            _ => return fault(place, "is no member of a statement"),
        }
    }
    let Some(effect) = effect else {
        return fault(format!("{place}.Effect"), "is missing");
    };
    let Some(actions) = actions else {
        return fault(format!("{place}.Action"), "is missing");
    };
    let principals = match (kind, principals) {
        // OSS takes such a statement, and calls it public.
        (Kind::Bucket(_), None) => Some(Box::from([PrincipalPattern::Anybody])),
        (Kind::Trust, None) => return fault(format!("{place}.Principal"), "is missing"),
        (_, given) => given,
    };
    let resources = match resources {
        Some(resources) => resources,
        // A trust policy is about its role.
        None if kind == Kind::Trust => Box::new([ResourcePattern::Any]),
        None => return fault(format!("{place}.Resource"), "is missing"),
    };
    Ok(Statement {
        effect,
        actions,
        principals,
        resources,
        conditions,
        sid,
    })
}

fn action_list(
    place: &str,
    value: Json,
    kind: Kind<'_>,
) -> Result<Box<[ActionPattern]>, PolicyError> {
    let texts = texts(place, value, false)?;
    let mut patterns = Vec::with_capacity(texts.len());
    for (place, text) in texts {
        let service = text
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if matches!(kind, Kind::Bucket(_)) && !matches!(service.as_str(), "oss" | "*") {
            return fault(place, format!("{text:?} is no action of OSS"));
        }
        match ActionPattern::parse(&text) {
            Ok(pattern) => patterns.push(pattern),
            Err(problem) => return fault(place, format!("{text:?}: {problem}")),
        }
    }
    Ok(patterns.into())
}

fn resource_list(
    place: &str,
    value: Json,
    kind: Kind<'_>,
) -> Result<Box<[ResourcePattern]>, PolicyError> {
    let texts = texts(place, value, false)?;
    let mut patterns = Vec::with_capacity(texts.len());
    for (place, text) in texts {
        let pattern = match ResourcePattern::parse(&text) {
            Ok(pattern) => pattern,
            Err(problem) => return fault(place, format!("{text:?}: {problem}")),
        };
        if let Kind::Bucket(Some(bucket)) = kind
            && !pattern.touches(bucket)
        {
            return fault(
                place,
                format!("{text:?} does not name the bucket {bucket:?}"),
            );
        }
        patterns.push(pattern);
    }
    Ok(patterns.into())
}

fn principal_list(
    place: &str,
    value: Json,
    kind: Kind<'_>,
) -> Result<Box<[PrincipalPattern]>, PolicyError> {
    match (kind, value) {
        (Kind::Identity, _) => fault(place, "is not possible in this kind of policy"),
        (Kind::Bucket(_), value) => {
            let texts = texts(place, value, true)?;
            if texts.is_empty() {
                return Ok(Box::new([PrincipalPattern::Anybody]));
            }
            texts
                .into_iter()
                .map(|(place, text)| match PrincipalPattern::parse(&text) {
                    Ok(principal) => Ok(principal),
                    Err(problem) => fault(place, format!("{text:?}: {problem}")),
                })
                .collect()
        }
        (Kind::Trust, Json::Object(members)) => {
            let mut principals = Vec::new();
            for (name, value) in members {
                let texts = texts(&format!("{place}.{name}"), value, false)?;
                match name.as_str() {
                    "RAM" => {
                        for (place, text) in texts {
                            match PrincipalPattern::ram(&text) {
                                Some(principal) => principals.push(principal),
                                None => {
                                    return fault(
                                        place,
                                        format!("{text:?} is no ARN of an account, user or role"),
                                    );
                                }
                            }
                        }
                    }
                    "Service" | "Federated" => principals.push(PrincipalPattern::Nobody),
                    _ => return fault(place, format!("unknown kind of principal {name:?}")),
                }
            }
            if principals.is_empty() {
                return fault(place, "is empty");
            }
            Ok(principals.into())
        }
        (Kind::Trust, other) => fault(place, format!("{}, not an object", other.kind())),
    }
}

fn condition_list(place: &str, value: Json) -> Result<Box<[Condition]>, PolicyError> {
    let Json::Object(operators) = value else {
        return fault(place, format!("{}, not an object", value.kind()));
    };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let place = format!("{place}.{operator}");
        let Some((family, negated)) = condition::operator(&operator) else {
            return fault(place, "unknown operator");
        };
        let Json::Object(keys) = keys else {
            return fault(place, format!("{}, not an object", keys.kind()));
        };
        if keys.is_empty() {
            return fault(place, "names no key");
        }
        for (key, values) in keys {
            let place = format!("{place}.{key}");
            if key.len() > MAX_FIELD_BYTES {
                return fault(place, "longer than 4095 bytes");
            }
            let values = scalars(&place, values)?;
            match Condition::new(&operator, family, negated, &key, &values) {
                Ok(condition) => conditions.push(condition),
                Err(problem) => return fault(place, problem),
            }
        }
    }
    Ok(conditions.into())
}

/// A string or an array of strings, each with its place.
fn texts(
    place: &str,
    value: Json,
    may_be_empty: bool,
) -> Result<Vec<(String, String)>, PolicyError> {
    let listed = matches!(value, Json::Array(_));
    let items = match value {
        Json::Array(items) if items.is_empty() && !may_be_empty => {
            return fault(place, "is empty");
        }
        Json::Array(items) => items,
        one => vec![one],
    };
    items
        .into_iter()
        .enumerate()
        .map(|(at, item)| {
            let place = if listed {
                format!("{place}[{at}]")
            } else {
                place.to_owned()
            };
            match item {
                Json::Text(text) if text.len() > MAX_FIELD_BYTES => {
                    fault(place, "longer than 4095 bytes")
                }
                Json::Text(text) => Ok((place, text)),
                other => fault(place, format!("{}, not a string", other.kind())),
            }
        })
        .collect()
}

/// Values of a condition: strings, and booleans and numbers written bare.
fn scalars(place: &str, value: Json) -> Result<Vec<String>, PolicyError> {
    let items = match value {
        Json::Array(items) if items.is_empty() => return fault(place, "is empty"),
        Json::Array(items) => items,
        one => vec![one],
    };
    items
        .into_iter()
        .map(|item| match item {
            Json::Text(text) if text.len() > MAX_FIELD_BYTES => {
                fault(place, "longer than 4095 bytes")
            }
            Json::Text(text) | Json::Number(text) => Ok(text),
            Json::Bool(value) => Ok(value.to_string()),
            other => fault(place, format!("{}, not a string", other.kind())),
        })
        .collect()
}

#[cfg(test)]
mod tests;
