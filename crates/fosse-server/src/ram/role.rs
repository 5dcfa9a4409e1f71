//! Roles and their trust policies.

use super::params::{ROLE_NAME, invalid};
use super::policy::malformed;
use super::{
    Ram, Reply, already_exists, date, delete_conflict, limit, listing, not_exist, random_digits,
};
use crate::rpc::{Node, RpcError};
use fosse_policy::TrustPolicy;
use fosse_store::identity::{AccountRecords, Permissions, Role};
use std::sync::Arc;

/// Most roles of an account.
const MOST: usize = 10_000;
/// Shortest value of `MaxSessionDuration`, and its default, in seconds.
pub(crate) const SHORTEST_MAXIMUM: u32 = 3600;
/// Longest, in seconds.
pub(crate) const LONGEST_MAXIMUM: u32 = 43_200;

/// The role that `RoleName` names.
pub(super) fn named<'r>(
    records: &'r AccountRecords,
    name: &str,
) -> Result<&'r Arc<Role>, RpcError> {
    records
        .roles
        .get(name)
        .ok_or_else(|| not_exist("Role", name))
}

/// `acs:ram::ACCOUNT:role/NAME`, the name in lower case.
pub(crate) fn arn(role: &Role) -> String {
    format!(
        "acs:ram::{}:role/{}",
        role.account,
        role.name.to_ascii_lowercase()
    )
}

fn shown(role: &Role, trust: bool) -> Vec<(&'static str, Node)> {
    let mut fields = vec![
        ("RoleId", Node::from(role.id.as_str())),
        ("RoleName", role.name.as_str().into()),
        ("Arn", arn(role).into()),
        ("Description", role.description.as_str().into()),
        ("CreateDate", date(role.created_ms)),
        (
            "MaxSessionDuration",
            Node::Number(role.max_session_seconds.into()),
        ),
    ];
    if trust {
        fields.push(("AssumeRolePolicyDocument", role.trust.as_str().into()));
    }
    fields
}

fn shown_with_update(role: &Role, trust: bool) -> Node {
    let mut fields = shown(role, trust);
    fields.push(("UpdateDate", date(role.updated_ms)));
    Node::Record(fields)
}

fn trust<'a>(ram: &Ram<'a>, parameter: &'static str) -> Result<Option<&'a str>, RpcError> {
    let text = ram.params.get(parameter);
    if let Some(text) = text {
        TrustPolicy::parse(text.as_bytes()).map_err(malformed)?;
    }
    Ok(text)
}

fn max_session(ram: &Ram<'_>, parameter: &'static str) -> Result<Option<u32>, RpcError> {
    match ram.params.number(parameter)? {
        None => Ok(None),
        Some(seconds) => u32::try_from(seconds)
            .ok()
            .filter(|seconds| (SHORTEST_MAXIMUM..=LONGEST_MAXIMUM).contains(seconds))
            .map(Some)
            .ok_or_else(|| {
                invalid(
                    parameter,
                    "",
                    format!(
                        "The parameter {parameter} must be between {SHORTEST_MAXIMUM} and {LONGEST_MAXIMUM} seconds."
                    ),
                )
            }),
    }
}

/// Who may take on a role that says nothing: whoever the account lets.
fn own_account(account: &str) -> String {
    format!(
        r#"{{"Statement":[{{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{{"RAM":["acs:ram::{account}:root"]}}}}],"Version":"1"}}"#
    )
}

pub(super) async fn create(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&ROLE_NAME)?;
    let role = Role {
        id: random_digits(18)?,
        account: ram.account.to_owned(),
        name: name.to_owned(),
        description: ram
            .params
            .text("Description", 1024)?
            .unwrap_or_default()
            .to_owned(),
        trust: trust(ram, "AssumeRolePolicyDocument")?
            .map_or_else(|| own_account(ram.account), str::to_owned),
        max_session_seconds: max_session(ram, "MaxSessionDuration")?.unwrap_or(SHORTEST_MAXIMUM),
        created_ms: ram.now_ms,
        updated_ms: ram.now_ms,
        permissions: Permissions::default(),
    };
    let answer = shown(&role, true);
    ram.change(|records, change| {
        if records.roles.get(name).is_some() {
            return Err(already_exists("Role", name));
        }
        if records.roles.len() >= MOST {
            return Err(limit("Role", MOST));
        }
        change.put_role(role);
        Ok(())
    })
    .await?;
    Ok(vec![("Role", answer.into())])
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&ROLE_NAME)?;
    let role = ram.read(|records| named(records, name).cloned())?;
    Ok(vec![("Role", shown_with_update(&role, true))])
}

pub(super) async fn update(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&ROLE_NAME)?;
    let trust = trust(ram, "NewAssumeRolePolicyDocument")?;
    let description = ram.params.text("NewDescription", 1024)?;
    let seconds = max_session(ram, "NewMaxSessionDuration")?;
    let answer = ram
        .change(|records, change| {
            let old = named(records, name)?;
            let role = Role {
                trust: trust.unwrap_or(&old.trust).to_owned(),
                description: description.unwrap_or(&old.description).to_owned(),
                max_session_seconds: seconds.unwrap_or(old.max_session_seconds),
                updated_ms: ram.now_ms,
                ..Role::clone(old)
            };
            let answer = shown_with_update(&role, true);
            change.put_role(role);
            Ok(answer)
        })
        .await?;
    Ok(vec![("Role", answer)])
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&ROLE_NAME)?;
    ram.change(|records, change| {
        let role = named(records, name)?;
        if !role.permissions.is_empty() {
            return Err(delete_conflict(
                "Role",
                "Policy",
                format!("The role has policies, detach them first : {name}."),
            ));
        }
        change.remove_role(&role.id);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    let page = ram.params.page()?;
    ram.read(|records| {
        let (roles, next) = page.cut(records.roles.iter(), |role| role.name.clone());
        let roles = roles
            .into_iter()
            .map(|role| shown_with_update(role, false))
            .collect();
        Ok(listing("Roles", "Role", roles, next))
    })
}
