//! Policies of an account and their versions, beside those that come with Fosse.

use super::params::{POLICY_NAME, invalid};
use super::system_policy::{self, SYSTEM_POLICIES, SystemPolicy};
use super::{
    Ram, Reply, already_exists, date, delete_conflict, limit, listing, not_exist, random_digits,
};
use crate::rpc::{Node, RpcError};
use fosse_policy::PolicyError;
use fosse_store::identity::{AccountRecords, Permissions, Policy, PolicyType, PolicyVersion};
use std::sync::Arc;

/// Most policies of an account.
const MOST: usize = 10_000;
/// Most versions of a policy.
const MOST_VERSIONS: usize = 5;
/// Most characters of a policy.
const LONGEST: usize = 6144;
/// When the policies that come with Fosse were made, Unix milliseconds: the day on which the service has them from.
const SYSTEM_DATE_MS: i64 = 1_429_747_200_000;

/// 400 for a text that is no policy; the message says what is wrong and where.
pub(super) fn malformed(error: PolicyError) -> RpcError {
    RpcError::new(
        400,
        "MalformedPolicyDocument",
        format!("The policy document is malformed. {error}"),
    )
}

/// `PolicyDocument`, checked.
pub(super) fn document<'a>(ram: &Ram<'a>) -> Result<&'a str, RpcError> {
    let text = ram.params.required("PolicyDocument")?;
    if text.chars().count() > LONGEST {
        return Err(invalid(
            "PolicyDocument",
            ".Length",
            format!("The parameter PolicyDocument beyond the length limit of {LONGEST}."),
        ));
    }
    fosse_policy::Policy::ram(text.as_bytes()).map_err(malformed)?;
    Ok(text)
}

/// The policy of the account that `PolicyName` names.
pub(super) fn named<'r>(
    records: &'r AccountRecords,
    name: &str,
) -> Result<&'r Arc<Policy>, RpcError> {
    records
        .policies
        .get(name)
        .ok_or_else(|| not_exist("Policy", name))
}

/// `PolicyType`.
pub(super) fn kind(ram: &Ram<'_>) -> Result<PolicyType, RpcError> {
    match ram.params.required("PolicyType")? {
        text if text.eq_ignore_ascii_case("System") => Ok(PolicyType::System),
        text if text.eq_ignore_ascii_case("Custom") => Ok(PolicyType::Custom),
        _ => Err(invalid(
            "PolicyType",
            "",
            "The parameter PolicyType must be System or Custom.".into(),
        )),
    }
}

pub(super) fn kind_name(kind: PolicyType) -> &'static str {
    match kind {
        PolicyType::System => "System",
        PolicyType::Custom => "Custom",
    }
}

fn version_name(number: u32) -> String {
    format!("v{number}")
}

/// `VersionId` as a number.
fn version_number(ram: &Ram<'_>) -> Result<u32, RpcError> {
    let text = ram.params.required("VersionId")?;
    text.strip_prefix(['v', 'V'])
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| not_exist("Policy.Version", text))
}

/// To how many users, groups and roles a policy is attached.
fn attachments(records: &AccountRecords, kind: PolicyType, name: &str) -> usize {
    let holds = |permissions: &Permissions| permissions.has(kind, name);
    records
        .users
        .iter()
        .filter(|user| holds(&user.permissions))
        .count()
        + records
            .groups
            .iter()
            .filter(|group| holds(&group.permissions))
            .count()
        + records
            .roles
            .iter()
            .filter(|role| holds(&role.permissions))
            .count()
}

fn shown(policy: &Policy) -> Vec<(&'static str, Node)> {
    vec![
        ("PolicyName", Node::from(policy.name.as_str())),
        ("PolicyType", "Custom".into()),
        ("Description", policy.description.as_str().into()),
        (
            "DefaultVersion",
            version_name(policy.default_version).into(),
        ),
        ("CreateDate", date(policy.created_ms)),
    ]
}

fn shown_in_full(records: &AccountRecords, policy: &Policy) -> Vec<(&'static str, Node)> {
    let mut fields = shown(policy);
    let count = attachments(records, PolicyType::Custom, &policy.name);
    fields.push(("UpdateDate", date(policy.updated_ms)));
    fields.push(("AttachmentCount", Node::Number(count as i64)));
    fields
}

fn system_shown(records: &AccountRecords, policy: &SystemPolicy) -> Vec<(&'static str, Node)> {
    let count = attachments(records, PolicyType::System, policy.name);
    vec![
        ("PolicyName", Node::from(policy.name)),
        ("PolicyType", "System".into()),
        ("Description", policy.description.into()),
        ("DefaultVersion", "v1".into()),
        ("CreateDate", date(SYSTEM_DATE_MS)),
        ("UpdateDate", date(SYSTEM_DATE_MS)),
        ("AttachmentCount", Node::Number(count as i64)),
    ]
}

fn version_shown(version: &PolicyVersion, default: u32, text: bool) -> Node {
    let mut fields = vec![
        ("VersionId", Node::from(version_name(version.number))),
        ("IsDefaultVersion", (version.number == default).into()),
        ("CreateDate", date(version.created_ms)),
    ];
    if text {
        fields.push(("PolicyDocument", version.text.as_str().into()));
    }
    Node::Record(fields)
}

fn system_version(policy: &SystemPolicy) -> PolicyVersion {
    PolicyVersion {
        number: 1,
        text: policy.text.to_owned(),
        created_ms: SYSTEM_DATE_MS,
    }
}

fn system_named(name: &str) -> Result<&'static SystemPolicy, RpcError> {
    system_policy::find(name).ok_or_else(|| not_exist("Policy", name))
}

pub(super) async fn create(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let text = document(ram)?;
    let policy = Policy {
        id: random_digits(18)?,
        account: ram.account.to_owned(),
        name: name.to_owned(),
        description: ram
            .params
            .text("Description", 1024)?
            .unwrap_or_default()
            .to_owned(),
        versions: vec![PolicyVersion {
            number: 1,
            text: text.to_owned(),
            created_ms: ram.now_ms,
        }],
        default_version: 1,
        next_version: 2,
        created_ms: ram.now_ms,
        updated_ms: ram.now_ms,
    };
    let answer = shown(&policy);
    ram.change(|records, change| {
        if records.policies.get(name).is_some() || system_policy::find(name).is_some() {
            return Err(already_exists("Policy", name));
        }
        if records.policies.len() >= MOST {
            return Err(limit("Policy", MOST));
        }
        change.put_policy(policy);
        Ok(())
    })
    .await?;
    Ok(vec![("Policy", answer.into())])
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    let (kind, name) = (kind(ram)?, ram.params.name(&POLICY_NAME)?);
    ram.read(|records| {
        let (mut fields, version, default) = match kind {
            PolicyType::System => {
                let policy = system_named(name)?;
                (system_shown(records, policy), system_version(policy), 1)
            }
            PolicyType::Custom => {
                let policy = named(records, name)?;
                let version = policy
                    .version(policy.default_version)
                    .cloned()
                    .ok_or_else(|| not_exist("Policy.Version", name))?;
                (
                    shown_in_full(records, policy),
                    version,
                    policy.default_version,
                )
            }
        };
        // Older clients read the text here, newer ones below.
        fields.push(("PolicyDocument", version.text.as_str().into()));
        Ok(vec![
            ("Policy", fields.into()),
            (
                "DefaultPolicyVersion",
                version_shown(&version, default, true),
            ),
        ])
    })
}

pub(super) async fn update_description(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let description = ram.params.text("NewDescription", 1024)?.unwrap_or_default();
    let answer = ram
        .change(|records, change| {
            let policy = Policy {
                description: description.to_owned(),
                updated_ms: ram.now_ms,
                ..Policy::clone(named(records, name)?)
            };
            let answer = shown_in_full(records, &policy);
            change.put_policy(policy);
            Ok(answer)
        })
        .await?;
    Ok(vec![("Policy", answer.into())])
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let cascade = ram.params.flag("CascadingDelete")?.unwrap_or(false);
    ram.change(|records, change| {
        let policy = named(records, name)?;
        let conflict = |what: &str, message: &str| {
            Err(delete_conflict(
                "Policy",
                what,
                format!("{message} : {name}."),
            ))
        };
        if policy.versions.len() > 1 && !cascade {
            return conflict(
                "Version",
                "The policy has other versions, delete them first",
            );
        }
        let holds = |permissions: &Permissions| permissions.has(PolicyType::Custom, name);
        if records.users.iter().any(|user| holds(&user.permissions)) {
            return conflict("User", "The policy is attached to users, detach it first");
        }
        if records.groups.iter().any(|group| holds(&group.permissions)) {
            return conflict("Group", "The policy is attached to groups, detach it first");
        }
        if records.roles.iter().any(|role| holds(&role.permissions)) {
            return conflict("Role", "The policy is attached to roles, detach it first");
        }
        change.remove_policy(&policy.id);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    let only = match ram.params.get("PolicyType") {
        Some(_) => Some(kind(ram)?),
        None => None,
    };
    let page = ram.params.page()?;
    ram.read(|records| {
        let mut all: Vec<(&str, Vec<(&'static str, Node)>)> = Vec::new();
        if only != Some(PolicyType::System) {
            let own = records.policies.iter();
            all.extend(own.map(|policy| (policy.name.as_str(), shown_in_full(records, policy))));
        }
        if only != Some(PolicyType::Custom) {
            let system = SYSTEM_POLICIES.iter();
            all.extend(system.map(|policy| (policy.name, system_shown(records, policy))));
        }
        all.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        let (policies, next) = page.cut(all.into_iter(), |(name, _)| (*name).to_owned());
        let policies = policies
            .into_iter()
            .map(|(_, fields)| fields.into())
            .collect();
        Ok(listing("Policies", "Policy", policies, next))
    })
}

pub(super) async fn create_version(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let text = document(ram)?;
    let default = ram.params.flag("SetAsDefault")?.unwrap_or(false);
    let rotate = match ram.params.get("RotateStrategy") {
        None | Some("None") => false,
        Some("DeleteOldestNonDefaultVersionWhenLimitExceeded") => true,
        Some(_) => {
            return Err(invalid(
                "RotateStrategy",
                "",
                "The parameter RotateStrategy must be None or DeleteOldestNonDefaultVersionWhenLimitExceeded.".into(),
            ));
        }
    };
    let answer = ram
        .change(|records, change| {
            let mut policy = Policy::clone(named(records, name)?);
            if policy.versions.len() >= MOST_VERSIONS {
                let oldest = policy
                    .versions
                    .iter()
                    .position(|version| version.number != policy.default_version);
                match oldest {
                    Some(oldest) if rotate => _ = policy.versions.remove(oldest),
                    _ => return Err(limit("Policy.Version", MOST_VERSIONS)),
                }
            }
            let version = PolicyVersion {
                number: policy.next_version,
                text: text.to_owned(),
                created_ms: ram.now_ms,
            };
            policy.next_version = policy.next_version.saturating_add(1);
            if default {
                policy.default_version = version.number;
            }
            policy.updated_ms = ram.now_ms;
            let answer = version_shown(&version, policy.default_version, true);
            policy.versions.push(version);
            change.put_policy(policy);
            Ok(answer)
        })
        .await?;
    Ok(vec![("PolicyVersion", answer)])
}

pub(super) async fn get_version(ram: &Ram<'_>) -> Reply {
    let (kind, name) = (kind(ram)?, ram.params.name(&POLICY_NAME)?);
    let number = version_number(ram)?;
    ram.read(|records| {
        let missing = || not_exist("Policy.Version", &version_name(number));
        let answer = match kind {
            PolicyType::System if number == 1 => {
                version_shown(&system_version(system_named(name)?), 1, true)
            }
            PolicyType::System => return Err(missing()),
            PolicyType::Custom => {
                let policy = named(records, name)?;
                let version = policy.version(number).ok_or_else(missing)?;
                version_shown(version, policy.default_version, true)
            }
        };
        Ok(vec![("PolicyVersion", answer)])
    })
}

pub(super) async fn list_versions(ram: &Ram<'_>) -> Reply {
    let (kind, name) = (kind(ram)?, ram.params.name(&POLICY_NAME)?);
    ram.read(|records| {
        let versions = match kind {
            PolicyType::System => {
                vec![version_shown(&system_version(system_named(name)?), 1, true)]
            }
            PolicyType::Custom => {
                let policy = named(records, name)?;
                policy
                    .versions
                    .iter()
                    .map(|version| version_shown(version, policy.default_version, true))
                    .collect()
            }
        };
        Ok(vec![(
            "PolicyVersions",
            Node::List("PolicyVersion", versions),
        )])
    })
}

pub(super) async fn set_default_version(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let number = version_number(ram)?;
    ram.change(|records, change| {
        let old = named(records, name)?;
        if old.version(number).is_none() {
            return Err(not_exist("Policy.Version", &version_name(number)));
        }
        if old.default_version != number {
            change.put_policy(Policy {
                default_version: number,
                updated_ms: ram.now_ms,
                ..Policy::clone(old)
            });
        }
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn delete_version(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let number = version_number(ram)?;
    ram.change(|records, change| {
        let mut policy = Policy::clone(named(records, name)?);
        if policy.version(number).is_none() {
            return Err(not_exist("Policy.Version", &version_name(number)));
        }
        if policy.default_version == number {
            return Err(delete_conflict(
                "Policy.Version",
                "Default",
                "The default version of a policy cannot be deleted.",
            ));
        }
        policy.versions.retain(|version| version.number != number);
        change.put_policy(policy);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}
