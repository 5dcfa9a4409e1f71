//! Which policies users, groups and roles have.

use super::params::{GROUP_NAME, POLICY_NAME, ROLE_NAME, USER_NAME};
use super::policy::{kind, kind_name, named as policy_named};
use super::system_policy;
use super::{Ram, Reply, already_exists, date, group, limit, not_exist, role, user};
use crate::rpc::{Node, RpcError};
use fosse_store::identity::{
    AccountChange, AccountRecords, Attachment, Group, Permissions, PolicyType, Role, User,
};
use std::sync::Arc;

/// Most policies of each type that are attached to one user, group or role.
const MOST: usize = 100;

/// Whom a policy is attached to.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    User,
    Group,
    Role,
}

/// The user, group or role of a request.
pub(super) enum Holder {
    User(Arc<User>),
    Group(Arc<Group>),
    Role(Arc<Role>),
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Group => "Group",
            Kind::Role => "Role",
        }
    }

    /// The holder that the request names.
    pub(super) fn find(self, ram: &Ram<'_>, records: &AccountRecords) -> Result<Holder, RpcError> {
        Ok(match self {
            Kind::User => Holder::User(user::named(records, ram.params.name(&USER_NAME)?)?.clone()),
            Kind::Group => {
                Holder::Group(group::named(records, ram.params.name(&GROUP_NAME)?)?.clone())
            }
            Kind::Role => Holder::Role(role::named(records, ram.params.name(&ROLE_NAME)?)?.clone()),
        })
    }
}

impl Holder {
    pub(super) fn permissions(&self) -> &Permissions {
        match self {
            Holder::User(user) => &user.permissions,
            Holder::Group(group) => &group.permissions,
            Holder::Role(role) => &role.permissions,
        }
    }

    pub(super) fn put(&self, permissions: Permissions, change: &mut AccountChange) {
        match self {
            Holder::User(old) => change.put_user(User {
                permissions,
                ..User::clone(old)
            }),
            Holder::Group(old) => change.put_group(Group {
                permissions,
                ..Group::clone(old)
            }),
            Holder::Role(old) => change.put_role(Role {
                permissions,
                ..Role::clone(old)
            }),
        }
    }
}

/// Name of the policy as it is written in its record, if it exists.
fn existing(records: &AccountRecords, kind: PolicyType, name: &str) -> Result<String, RpcError> {
    match kind {
        PolicyType::Custom => Ok(policy_named(records, name)?.name.clone()),
        PolicyType::System => system_policy::find(name)
            .map(|policy| policy.name.to_owned())
            .ok_or_else(|| not_exist("Policy", name)),
    }
}

async fn attach(ram: &Ram<'_>, to: Kind) -> Reply {
    let (kind, name) = (kind(ram)?, ram.params.name(&POLICY_NAME)?);
    ram.change(|records, change| {
        let holder = to.find(ram, records)?;
        let name = existing(records, kind, name)?;
        let mut permissions = holder.permissions().clone();
        if permissions.has(kind, &name) {
            return Err(already_exists(&format!("{}.Policy", to.name()), &name));
        }
        if permissions
            .attached
            .iter()
            .filter(|a| a.kind == kind)
            .count()
            >= MOST
        {
            return Err(limit(&format!("{}.Policy", to.name()), MOST));
        }
        permissions.attached.push(Attachment {
            kind,
            name,
            attached_ms: ram.now_ms,
        });
        holder.put(permissions, change);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

async fn detach(ram: &Ram<'_>, from: Kind) -> Reply {
    let (kind, name) = (kind(ram)?, ram.params.name(&POLICY_NAME)?);
    ram.change(|records, change| {
        let holder = from.find(ram, records)?;
        let mut permissions = holder.permissions().clone();
        if !permissions.has(kind, name) {
            return Err(not_exist(&format!("{}.Policy", from.name()), name));
        }
        permissions
            .attached
            .retain(|a| !(a.kind == kind && a.name.eq_ignore_ascii_case(name)));
        holder.put(permissions, change);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

async fn list(ram: &Ram<'_>, of: Kind) -> Reply {
    ram.read(|records| {
        let holder = of.find(ram, records)?;
        let shown = |attachment: &Attachment| {
            let (description, version) = match attachment.kind {
                PolicyType::System => (
                    system_policy::find(&attachment.name).map_or("", |policy| policy.description),
                    1,
                ),
                PolicyType::Custom => records
                    .policies
                    .get(&attachment.name)
                    .map_or(("", 0), |policy| {
                        (&*policy.description, policy.default_version)
                    }),
            };
            Node::Record(vec![
                ("PolicyName", attachment.name.as_str().into()),
                ("PolicyType", kind_name(attachment.kind).into()),
                ("Description", description.into()),
                ("DefaultVersion", format!("v{version}").into()),
                ("AttachDate", date(attachment.attached_ms)),
            ])
        };
        let policies = holder.permissions().attached.iter().map(shown).collect();
        Ok(vec![("Policies", Node::List("Policy", policies))])
    })
}

pub(super) async fn attach_to_user(ram: &Ram<'_>) -> Reply {
    attach(ram, Kind::User).await
}

pub(super) async fn attach_to_group(ram: &Ram<'_>) -> Reply {
    attach(ram, Kind::Group).await
}

pub(super) async fn attach_to_role(ram: &Ram<'_>) -> Reply {
    attach(ram, Kind::Role).await
}

pub(super) async fn detach_from_user(ram: &Ram<'_>) -> Reply {
    detach(ram, Kind::User).await
}

pub(super) async fn detach_from_group(ram: &Ram<'_>) -> Reply {
    detach(ram, Kind::Group).await
}

pub(super) async fn detach_from_role(ram: &Ram<'_>) -> Reply {
    detach(ram, Kind::Role).await
}

pub(super) async fn of_user(ram: &Ram<'_>) -> Reply {
    list(ram, Kind::User).await
}

pub(super) async fn of_group(ram: &Ram<'_>) -> Reply {
    list(ram, Kind::Group).await
}

pub(super) async fn of_role(ram: &Ram<'_>) -> Reply {
    list(ram, Kind::Role).await
}

/// ListEntitiesForPolicy.
pub(super) async fn holders(ram: &Ram<'_>) -> Reply {
    let (kind, name) = (kind(ram)?, ram.params.name(&POLICY_NAME)?);
    ram.read(|records| {
        let name = existing(records, kind, name)?;
        let since = |permissions: &Permissions| {
            let attached = permissions.attached.iter();
            attached
                .filter(|a| a.kind == kind && a.name.eq_ignore_ascii_case(&name))
                .map(|a| date(a.attached_ms))
                .next()
        };
        let groups = records.groups.iter().filter_map(|group| {
            let since = since(&group.permissions)?;
            Some(Node::Record(vec![
                ("GroupId", group.id.as_str().into()),
                ("GroupName", group.name.as_str().into()),
                ("Comments", group.comments.as_str().into()),
                ("AttachDate", since),
            ]))
        });
        let users = records.users.iter().filter_map(|user| {
            let since = since(&user.permissions)?;
            Some(Node::Record(vec![
                ("UserId", user.id.as_str().into()),
                ("UserName", user.name.as_str().into()),
                ("DisplayName", user.display_name.as_str().into()),
                ("AttachDate", since),
            ]))
        });
        let roles = records.roles.iter().filter_map(|held| {
            let since = since(&held.permissions)?;
            Some(Node::Record(vec![
                ("RoleId", held.id.as_str().into()),
                ("RoleName", held.name.as_str().into()),
                ("Arn", role::arn(held).into()),
                ("Description", held.description.as_str().into()),
                ("AttachDate", since),
            ]))
        });
        Ok(vec![
            ("Groups", Node::List("Group", groups.collect())),
            ("Users", Node::List("User", users.collect())),
            ("Roles", Node::List("Role", roles.collect())),
        ])
    })
}
