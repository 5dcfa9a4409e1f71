//! Decisions by a slow and obvious evaluator: over the JSON text itself, with texts for everything, written from the
//! specification and not from the crate. No compiled form, no early exit, no laziness.

use serde_json::Value;
use std::net::Ipv4Addr;

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Who {
    Anonymous,
    Root(&'static str),
    User {
        account: &'static str,
        id: &'static str,
        name: &'static str,
    },
    Session {
        account: &'static str,
        role: &'static str,
        session: &'static str,
    },
}

impl Who {
    pub(crate) fn account(&self) -> Option<&'static str> {
        match self {
            Who::Anonymous => None,
            Who::Root(account) | Who::User { account, .. } | Who::Session { account, .. } => {
                Some(account)
            }
        }
    }
}

/// Everything about one request.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) who: Who,
    pub(crate) attached: Vec<Value>,
    pub(crate) session_policy: Option<Value>,
    pub(crate) bucket_policy: Option<Value>,
    pub(crate) owner: &'static str,
    pub(crate) bucket: &'static str,
    /// `None`: the bucket itself.
    pub(crate) key: Option<&'static str>,
    pub(crate) action: &'static str,
    /// `read`, `write`, `acl`, `other`, `manage`.
    pub(crate) access: &'static str,
    pub(crate) bucket_acl: &'static str,
    pub(crate) object_acl: &'static str,
    pub(crate) block: bool,
    /// Condition keys and their values as text.
    pub(crate) facts: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Says {
    Allow,
    Deny,
    Nothing,
}

pub(crate) fn allowed(world: &World) -> bool {
    let is_root_owner = world.who == Who::Root(world.owner);
    if let Some(policy) = &world.session_policy
        && says(policy, world, false) != Says::Allow
    {
        return false;
    }
    let mut identity = Vec::new();
    if world.who.account() == Some(world.owner) {
        for policy in &world.attached {
            identity.push(says(policy, world, false));
        }
    }
    let bucket = match &world.bucket_policy {
        Some(policy) => says(policy, world, true),
        None => Says::Nothing,
    };
    let guarded = [
        "oss:GetBucketPolicy",
        "oss:PutBucketPolicy",
        "oss:DeleteBucketPolicy",
    ];
    let bucket = if is_root_owner && guarded.contains(&world.action) && bucket == Says::Deny {
        Says::Nothing
    } else {
        bucket
    };
    if identity.contains(&Says::Deny) || bucket == Says::Deny {
        return false;
    }
    if identity.contains(&Says::Allow) || bucket == Says::Allow || is_root_owner {
        return true;
    }
    let effective = |acl: &'static str| if world.block { "private" } else { acl };
    let acl = match world.object_acl {
        "default" => effective(world.bucket_acl),
        own => effective(own),
    };
    match world.access {
        "read" => acl != "private",
        "write" => acl == "public-read-write",
        _ => false,
    }
}

fn says(policy: &Value, world: &World, of_bucket: bool) -> Says {
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let mut found = Says::Nothing;
    for statement in statements {
        if !matches(&statement, world, of_bucket) {
            continue;
        }
        match statement["Effect"].as_str().unwrap() {
            "Deny" => return Says::Deny,
            _ => found = Says::Allow,
        }
    }
    found
}

fn matches(statement: &Value, world: &World, of_bucket: bool) -> bool {
    let action = world.action.to_lowercase();
    let acts = |name: &str| {
        list(&statement[name])
            .iter()
            .any(|pattern| glob(&pattern.to_lowercase(), &action, false))
    };
    let acts = match statement.get("NotAction") {
        Some(_) => !acts("NotAction"),
        None => acts("Action"),
    };
    let conditional = statement
        .get("Condition")
        .is_some_and(|conditions| !conditions.as_object().unwrap().is_empty());
    let mut principals = list(&statement["Principal"]);
    if of_bucket && principals.is_empty() {
        principals.push("*".into());
    }
    let meant = !of_bucket
        || principals.iter().any(|principal| {
            is_meant(principal, &world.who)
                && !(principal == "*" && !conditional && world.who == Who::Root(world.owner))
        });
    let there = list(&statement["Resource"])
        .iter()
        .any(|pattern| names(pattern, world));
    let blocked = of_bucket && world.block && is_public(statement);
    acts && meant && there && !blocked && holds(statement, world)
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn is_meant(principal: &str, who: &Who) -> bool {
    let spellings: Vec<String> = match who {
        Who::Anonymous => Vec::new(),
        Who::Root(account) => vec![(*account).into(), format!("acs:ram::{account}:root")],
        Who::User { account, id, name } => {
            vec![(*id).into(), format!("acs:ram::{account}:user/{name}")]
        }
        Who::Session {
            account,
            role,
            session,
        } => vec![
            format!("arn:sts::{account}:assumed-role/{role}/{session}"),
            format!("acs:ram::{account}:role/{role}"),
        ],
    };
    principal == "*"
        || spellings
            .iter()
            .any(|spelling| glob(principal, spelling, false))
}

fn names(pattern: &str, world: &World) -> bool {
    if pattern == "*" {
        return true;
    }
    let fields: Vec<&str> = pattern.splitn(5, ':').collect();
    let resource = match world.key {
        None => world.bucket.to_owned(),
        Some(key) => format!("{}/{key}", world.bucket),
    };
    fields[1] == "oss"
        && glob(fields[2], "cn-hangzhou", false)
        && glob(fields[3], world.owner, false)
        && glob(fields[4], &resource, false)
}

fn holds(statement: &Value, world: &World) -> bool {
    let Some(operators) = statement.get("Condition") else {
        return true;
    };
    operators
        .as_object()
        .unwrap()
        .iter()
        .all(|(operator, keys)| {
            keys.as_object()
                .unwrap()
                .iter()
                .all(|(key, values)| holds_one(operator, key, &list(values), world))
        })
}

fn holds_one(operator: &str, key: &str, values: &[String], world: &World) -> bool {
    let negated = operator.contains("Not");
    let positive = operator.replace("Not", "");
    let fact = world
        .facts
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value.as_str());
    let Some(fact) = fact else {
        return negated || (positive == "StringLike" && values == ["*"]);
    };
    let any = values.iter().any(|value| match positive.as_str() {
        "StringEquals" => fact == value,
        "StringEqualsIgnoreCase" => fact.eq_ignore_ascii_case(value),
        "StringLike" => glob(value, fact, true),
        "Bool" => fact == value,
        "IpAddress" => in_block(value, fact),
        "NumericEquals" => compare(fact, value, |f, v| f == v),
        "NumericLessThan" => compare(fact, value, |f, v| f < v),
        "NumericGreaterThanEquals" => compare(fact, value, |f, v| f >= v),
        // All times of the model are written alike, so that they compare as texts.
        "DateLessThan" => is_time(fact) && fact < value.as_str(),
        "DateGreaterThanEquals" => is_time(fact) && fact >= value.as_str(),
        other => panic!("{other}"),
    });
    any != negated
}

fn is_time(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z')
}

fn compare(fact: &str, value: &str, order: fn(f64, f64) -> bool) -> bool {
    match (fact.parse(), value.parse()) {
        (Ok(fact), Ok(value)) => order(fact, value),
        _ => false,
    }
}

fn in_block(block: &str, address: &str) -> bool {
    let Ok(address) = address.parse::<Ipv4Addr>() else {
        return false;
    };
    let (net, bits) = block.split_once('/').unwrap_or((block, "32"));
    let net: Ipv4Addr = net.parse().unwrap();
    let bits: usize = bits.parse().unwrap();
    let text = |address: Ipv4Addr| format!("{:032b}", u32::from(address));
    text(address)[..bits] == text(net)[..bits]
}

pub(crate) fn is_public(statement: &Value) -> bool {
    if statement["Effect"] == "Deny" {
        return false;
    }
    let principals = list(&statement["Principal"]);
    let fixed = !principals.is_empty()
        && principals.iter().all(|principal| {
            let named = match principal.strip_prefix("arn:sts::") {
                // Only the session may be open.
                Some(rest) => rest.rsplit_once('/').unwrap().0,
                None => principal.as_str(),
            };
            !named.contains('*')
        });
    let narrowed = |operator: &str, key: &str, values: &[String]| match operator {
        "StringEquals" | "StringEqualsIgnoreCase" | "StringLike" => {
            ["acs:sourcevpc", "acs:accessid"].contains(&key.to_lowercase().as_str())
                && !values.iter().any(|value| value.contains(['*', '?']))
        }
        "IpAddress" => {
            key.eq_ignore_ascii_case("acs:SourceIp")
                && values.iter().all(|value| {
                    value
                        .split_once('/')
                        .is_none_or(|(_, bits)| bits.parse::<u32>().unwrap() >= 8)
                })
        }
        _ => false,
    };
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let narrow = conditions.into_iter().flatten().any(|(operator, keys)| {
        keys.as_object()
            .unwrap()
            .iter()
            .any(|(key, values)| narrowed(operator, key, &list(values)))
    });
    !fixed && !narrow
}

/// Straight from the definition.
fn glob(pattern: &str, text: &str, marks: bool) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    fn go(pattern: &[char], text: &[char], marks: bool) -> bool {
        match pattern.first() {
            None => text.is_empty(),
            Some('*') => (0..=text.len()).any(|skip| go(&pattern[1..], &text[skip..], marks)),
            Some('?') if marks => !text.is_empty() && go(&pattern[1..], &text[1..], marks),
            Some(c) => text.first() == Some(c) && go(&pattern[1..], &text[1..], marks),
        }
    }
    go(&pattern, &text, marks)
}
