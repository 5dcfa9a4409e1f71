//! Groups, and who is in them.

use super::params::{GROUP_NAME, USER_NAME};
use super::user::named as user_named;
use super::{
    ALPHANUMERIC, Ram, Reply, already_exists, date, delete_conflict, limit, listing, not_exist,
    random_text,
};
use crate::rpc::{Node, RpcError};
use fosse_store::identity::{AccountRecords, Group, Permissions, User};
use std::sync::Arc;

/// Most groups of an account.
const MOST: usize = 10_000;
/// Most groups of a user.
const MOST_OF_USER: usize = 50;

/// The group that `GroupName` names.
pub(super) fn named<'r>(
    records: &'r AccountRecords,
    name: &str,
) -> Result<&'r Arc<Group>, RpcError> {
    records
        .groups
        .get(name)
        .ok_or_else(|| not_exist("Group", name))
}

fn shown(group: &Group) -> Vec<(&'static str, Node)> {
    vec![
        ("GroupId", Node::from(group.id.as_str())),
        ("GroupName", group.name.as_str().into()),
        ("Comments", group.comments.as_str().into()),
        ("CreateDate", date(group.created_ms)),
    ]
}

fn shown_with_update(group: &Group) -> Node {
    let mut fields = shown(group);
    fields.push(("UpdateDate", date(group.updated_ms)));
    Node::Record(fields)
}

pub(super) async fn create(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&GROUP_NAME)?;
    let group = Group {
        id: format!("g-{}", random_text(16, ALPHANUMERIC)?),
        account: ram.account.to_owned(),
        name: name.to_owned(),
        comments: ram
            .params
            .text("Comments", 128)?
            .unwrap_or_default()
            .to_owned(),
        created_ms: ram.now_ms,
        updated_ms: ram.now_ms,
        permissions: Permissions::default(),
    };
    let answer = shown(&group);
    ram.change(|records, change| {
        if records.groups.get(name).is_some() {
            return Err(already_exists("Group", name));
        }
        if records.groups.len() >= MOST {
            return Err(limit("Group", MOST));
        }
        change.put_group(group);
        Ok(())
    })
    .await?;
    Ok(vec![("Group", answer.into())])
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&GROUP_NAME)?;
    let group = ram.read(|records| named(records, name).cloned())?;
    Ok(vec![("Group", shown_with_update(&group))])
}

pub(super) async fn update(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&GROUP_NAME)?;
    let new_name = ram.params.name_in("NewGroupName", &GROUP_NAME)?;
    let comments = ram.params.text("NewComments", 128)?;
    let answer = ram
        .change(|records, change| {
            let old = named(records, name)?;
            if let Some(new_name) = new_name
                && records
                    .groups
                    .get(new_name)
                    .is_some_and(|other| other.id != old.id)
            {
                return Err(already_exists("Group", new_name));
            }
            let group = Group {
                name: new_name.unwrap_or(&old.name).to_owned(),
                comments: comments.unwrap_or(&old.comments).to_owned(),
                updated_ms: ram.now_ms,
                ..Group::clone(old)
            };
            let answer = shown_with_update(&group);
            change.put_group(group);
            Ok(answer)
        })
        .await?;
    Ok(vec![("Group", answer)])
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&GROUP_NAME)?;
    ram.change(|records, change| {
        let group = named(records, name)?;
        if records
            .users
            .iter()
            .any(|user| user.groups.contains_key(&group.id))
        {
            return Err(delete_conflict(
                "Group",
                "User",
                format!("The group has users, remove them first : {name}."),
            ));
        }
        if !group.permissions.is_empty() {
            return Err(delete_conflict(
                "Group",
                "Policy",
                format!("The group has policies, detach them first : {name}."),
            ));
        }
        change.remove_group(&group.id);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    let page = ram.params.page()?;
    ram.read(|records| {
        let (groups, next) = page.cut(records.groups.iter(), |group| group.name.clone());
        let groups = groups
            .into_iter()
            .map(|group| shown_with_update(group))
            .collect();
        Ok(listing("Groups", "Group", groups, next))
    })
}

pub(super) async fn add_user(ram: &Ram<'_>) -> Reply {
    let (user, group) = (ram.params.name(&USER_NAME)?, ram.params.name(&GROUP_NAME)?);
    ram.change(|records, change| {
        let old = user_named(records, user)?;
        let id = named(records, group)?.id.clone();
        if old.groups.contains_key(&id) {
            return Err(already_exists("User.Group", group));
        }
        if old.groups.len() >= MOST_OF_USER {
            return Err(limit("User.Group", MOST_OF_USER));
        }
        let mut new = User::clone(old);
        new.groups.insert(id, ram.now_ms);
        change.put_user(new);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn remove_user(ram: &Ram<'_>) -> Reply {
    let (user, group) = (ram.params.name(&USER_NAME)?, ram.params.name(&GROUP_NAME)?);
    ram.change(|records, change| {
        let mut new = User::clone(user_named(records, user)?);
        if new.groups.remove(&named(records, group)?.id).is_none() {
            return Err(not_exist("User.Group", group));
        }
        change.put_user(new);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn users(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&GROUP_NAME)?;
    let page = ram.params.page()?;
    ram.read(|records| {
        let group = named(records, name)?;
        let members = records
            .users
            .iter()
            .filter_map(|user| user.groups.get(&group.id).map(|joined| (user, *joined)));
        let (members, next) = page.cut(members, |(user, _)| user.name.clone());
        let members = members
            .into_iter()
            .map(|(user, joined)| {
                Node::Record(vec![
                    ("UserName", user.name.as_str().into()),
                    ("DisplayName", user.display_name.as_str().into()),
                    ("JoinDate", date(joined)),
                ])
            })
            .collect();
        Ok(listing("Users", "User", members, next))
    })
}

pub(super) async fn of_user(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&USER_NAME)?;
    ram.read(|records| {
        let user = user_named(records, name)?;
        let groups = user
            .groups
            .iter()
            .filter_map(|(id, joined)| {
                let group = records.groups.by_id(id)?;
                Some(Node::Record(vec![
                    ("GroupName", group.name.as_str().into()),
                    ("GroupId", group.id.as_str().into()),
                    ("Comments", group.comments.as_str().into()),
                    ("JoinDate", date(*joined)),
                ]))
            })
            .collect();
        Ok(vec![("Groups", Node::List("Group", groups))])
    })
}
