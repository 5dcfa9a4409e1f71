//! Users.

use super::params::USER_NAME;
use super::{
    Ram, Reply, already_exists, date, delete_conflict, limit, listing, not_exist, random_digits,
};
use crate::rpc::{Node, RpcError};
use fosse_store::identity::{AccountRecords, Permissions, User};
use std::sync::Arc;

/// Most users of an account.
const MOST: usize = 50_000;

/// The user that `UserName` names.
pub(super) fn named<'r>(
    records: &'r AccountRecords,
    name: &str,
) -> Result<&'r Arc<User>, RpcError> {
    records
        .users
        .get(name)
        .ok_or_else(|| not_exist("User", name))
}

fn shown(user: &User) -> Vec<(&'static str, Node)> {
    let mut fields = vec![
        ("UserId", Node::from(user.id.as_str())),
        ("UserName", user.name.as_str().into()),
        ("DisplayName", user.display_name.as_str().into()),
    ];
    for (name, value) in [
        ("MobilePhone", &user.mobile_phone),
        ("Email", &user.email),
        ("Comments", &user.comments),
    ] {
        if !value.is_empty() {
            fields.push((name, value.as_str().into()));
        }
    }
    fields.push(("CreateDate", date(user.created_ms)));
    fields
}

fn shown_with_update(user: &User) -> Node {
    let mut fields = shown(user);
    fields.push(("UpdateDate", date(user.updated_ms)));
    Node::Record(fields)
}

pub(super) async fn create(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&USER_NAME)?;
    let text = |parameter, longest| {
        let text = ram.params.text(parameter, longest)?;
        Ok::<_, RpcError>(text.unwrap_or_default().to_owned())
    };
    let user = User {
        id: random_digits(18)?,
        account: ram.account.to_owned(),
        name: name.to_owned(),
        display_name: match text("DisplayName", 128)? {
            empty if empty.is_empty() => name.to_owned(),
            given => given,
        },
        mobile_phone: text("MobilePhone", 64)?,
        email: text("Email", 128)?,
        comments: text("Comments", 128)?,
        created_ms: ram.now_ms,
        updated_ms: ram.now_ms,
        groups: Default::default(),
        permissions: Permissions::default(),
    };
    let answer = shown(&user);
    ram.change(|records, change| {
        if records.users.get(name).is_some() {
            return Err(already_exists("User", name));
        }
        if records.users.len() >= MOST {
            return Err(limit("User", MOST));
        }
        change.put_user(user);
        Ok(())
    })
    .await?;
    Ok(vec![("User", answer.into())])
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    // Without a name a user asks for itself.
    let user = ram.read(|records| match (ram.params.get("UserName"), ram.user) {
        (None, Some(id)) => records
            .users
            .by_id(id)
            .cloned()
            .ok_or_else(|| not_exist("User", id)),
        _ => named(records, ram.params.name(&USER_NAME)?).cloned(),
    })?;
    Ok(vec![("User", shown_with_update(&user))])
}

pub(super) async fn update(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&USER_NAME)?;
    let new_name = ram.params.name_in("NewUserName", &USER_NAME)?;
    let display_name = ram.params.text("NewDisplayName", 128)?;
    let mobile_phone = ram.params.text("NewMobilePhone", 64)?;
    let email = ram.params.text("NewEmail", 128)?;
    let comments = ram.params.text("NewComments", 128)?;
    let now_ms = ram.now_ms;
    let answer = ram
        .change(|records, change| {
            let old = named(records, name)?;
            if let Some(new_name) = new_name
                && records
                    .users
                    .get(new_name)
                    .is_some_and(|other| other.id != old.id)
            {
                return Err(already_exists("User", new_name));
            }
            let replaced = |new: Option<&str>, old: &str| new.unwrap_or(old).to_owned();
            let user = User {
                name: replaced(new_name, &old.name),
                display_name: replaced(display_name, &old.display_name),
                mobile_phone: replaced(mobile_phone, &old.mobile_phone),
                email: replaced(email, &old.email),
                comments: replaced(comments, &old.comments),
                updated_ms: now_ms,
                ..User::clone(old)
            };
            let answer = shown_with_update(&user);
            change.put_user(user);
            Ok(answer)
        })
        .await?;
    Ok(vec![("User", answer)])
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&USER_NAME)?;
    ram.change(|records, change| {
        let user = named(records, name)?;
        if !records.keys_of(Some(&user.id)).is_empty() {
            return Err(delete_conflict(
                "User",
                "AccessKey",
                format!("The user has AccessKeys, delete them first : {name}."),
            ));
        }
        if !user.permissions.is_empty() {
            return Err(delete_conflict(
                "User",
                "Policy",
                format!("The user has policies, detach them first : {name}."),
            ));
        }
        if !user.groups.is_empty() {
            return Err(delete_conflict(
                "User",
                "Group",
                format!("The user is in groups, remove it from them first : {name}."),
            ));
        }
        change.remove_user(&user.id);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    let page = ram.params.page()?;
    ram.read(|records| {
        let (users, next) = page.cut(records.users.iter(), |user| user.name.clone());
        let users = users
            .into_iter()
            .map(|user| shown_with_update(user))
            .collect();
        Ok(listing("Users", "User", users, next))
    })
}

/// Fosse has no passwords for a console: tools that clean up ask anyway.
pub(super) async fn no_login_profile(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&USER_NAME)?;
    ram.read(|records| named(records, name).map(|_| ()))?;
    Err(not_exist("User.LoginProfile", name))
}

/// Likewise for second factors.
pub(super) async fn no_mfa_device(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&USER_NAME)?;
    ram.read(|records| named(records, name).map(|_| ()))?;
    Err(not_exist("User.MFADevice", name))
}
