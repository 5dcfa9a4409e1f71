//! AccessKeys of users, and of the account itself when no user is named.

use super::params::{USER_NAME, invalid};
use super::user::named;
use super::{ALPHANUMERIC, Ram, Reply, date, delete_conflict, limit, not_exist, random_text};
use crate::rpc::{Node, RpcError};
use fosse_store::AccessKey;
use fosse_store::identity::AccountRecords;
use std::sync::Arc;

/// Most AccessKeys of a user: one in use, one to change over to.
const MOST: usize = 2;
/// Most AccessKeys of an account itself.
const MOST_OF_ACCOUNT: usize = 20;

/// Whose keys are meant: a user's number, or the account (`None`).
fn holder(ram: &Ram<'_>, records: &AccountRecords) -> Result<Option<String>, RpcError> {
    match ram.params.get("UserName") {
        Some(_) => {
            let name = ram.params.name(&USER_NAME)?;
            named(records, name).map(|user| Some(user.id.clone()))
        }
        None => Ok(ram.user.map(str::to_owned)),
    }
}

/// The key that `UserAccessKeyId` names, if the holder has it.
fn key<'r>(ram: &Ram<'_>, records: &'r AccountRecords) -> Result<&'r Arc<AccessKey>, RpcError> {
    let id = ram.params.required("UserAccessKeyId")?;
    if ram.operator && ram.params.get("UserName").is_none() {
        // An operator may know nothing but the key, as when one has leaked.
        return records
            .key(id)
            .ok_or_else(|| not_exist("User.AccessKey", id));
    }
    let holder = holder(ram, records)?;
    records
        .key(id)
        .filter(|key| key.user == holder)
        .ok_or_else(|| not_exist("User.AccessKey", id))
}

fn status(key: &AccessKey) -> Node {
    if key.enabled { "Active" } else { "Inactive" }.into()
}

fn shown(key: &AccessKey) -> Node {
    let mut fields = vec![
        ("AccessKeyId", Node::from(key.id.as_str())),
        ("Status", status(key)),
        ("CreateDate", date(key.created_ms)),
    ];
    if !key.comment.is_empty() {
        fields.push(("Comments", key.comment.as_str().into()));
    }
    if key.root {
        fields.push(("IsRoot", true.into()));
    }
    Node::Record(fields)
}

pub(super) async fn create(ram: &Ram<'_>) -> Reply {
    let id = format!(
        "FOSSE{}",
        random_text(19, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")?
    );
    let secret = random_text(30, ALPHANUMERIC)?;
    let comment = ram.params.text("Comments", 128)?.unwrap_or_default();
    let made = AccessKey {
        id: id.clone(),
        secret: secret.clone(),
        owner: ram.account.to_owned(),
        user: None,
        enabled: true,
        root: false,
        created_ms: ram.now_ms,
        comment: comment.to_owned(),
    };
    ram.change(|records, change| {
        let user = holder(ram, records)?;
        let (what, most) = match user {
            Some(_) => ("User.AccessKey", MOST),
            None => ("Account.AccessKey", MOST_OF_ACCOUNT),
        };
        if records.keys_of(user.as_deref()).len() >= most {
            return Err(limit(what, most));
        }
        change.put_key(AccessKey { user, ..made });
        Ok(())
    })
    .await?;
    let fields = vec![
        ("AccessKeyId", Node::from(id)),
        ("AccessKeySecret", secret.into()),
        ("Status", "Active".into()),
        ("CreateDate", date(ram.now_ms)),
    ];
    Ok(vec![("AccessKey", fields.into())])
}

pub(super) async fn update(ram: &Ram<'_>) -> Reply {
    let enabled = match ram.params.required("Status")? {
        text if text.eq_ignore_ascii_case("Active") => true,
        text if text.eq_ignore_ascii_case("Inactive") => false,
        _ => {
            return Err(invalid(
                "Status",
                "",
                "The parameter Status must be Active or Inactive.".into(),
            ));
        }
    };
    ram.change(|records, change| {
        let key = key(ram, records)?;
        if key.root && !enabled {
            return Err(root_stays());
        }
        if key.enabled != enabled {
            change.put_key(AccessKey {
                enabled,
                ..AccessKey::clone(key)
            });
        }
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    ram.change(|records, change| {
        let key = key(ram, records)?;
        if key.root {
            return Err(root_stays());
        }
        change.remove_key(&key.id);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

/// Without the server's root key nobody could get in any more.
fn root_stays() -> RpcError {
    delete_conflict(
        "Account",
        "RootAccessKey",
        "This is the root AccessKey of the server. Replace it by starting the server with FOSSE_ROOT_ACCESS_KEY_ID and FOSSE_ROOT_ACCESS_KEY_SECRET.",
    )
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    ram.read(|records| {
        let holder = holder(ram, records)?;
        let keys = records.keys_of(holder.as_deref());
        let keys = keys.into_iter().map(|key| shown(key)).collect();
        Ok(vec![("AccessKeys", Node::List("AccessKey", keys))])
    })
}

pub(super) async fn last_used(ram: &Ram<'_>) -> Reply {
    let id = ram.read(|records| key(ram, records).map(|key| key.id.clone()))?;
    let used = (ram.last_used)(&id).max(ram.store.last_used(&id));
    let mut fields = Vec::new();
    if let Some(ms) = used {
        fields.push(("LastUsedDate", date(ms)));
        fields.push(("ServiceName", "Oss".into()));
    }
    Ok(vec![("AccessKeyLastUsed", fields.into())])
}
