//! Inline policies: texts that belong to one user, group or role. RAM itself has none; they are for operators, over the admin
//! listener and the command line.

use super::attachment::{Holder, Kind};
use super::params::POLICY_NAME;
use super::policy::document;
use super::{Ram, Reply, limit, not_exist};
use crate::rpc::{Node, RpcError};
use fosse_store::identity::AccountRecords;

/// Most inline policies of one user, group or role.
const MOST: usize = 20;

/// The holder: whichever of `UserName`, `GroupName`, `RoleName` was sent.
fn holder(ram: &Ram<'_>, records: &AccountRecords) -> Result<Holder, RpcError> {
    let kind = match () {
        () if ram.params.get("GroupName").is_some() => Kind::Group,
        () if ram.params.get("RoleName").is_some() => Kind::Role,
        () => Kind::User,
    };
    kind.find(ram, records)
}

pub(super) async fn put(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    let text = document(ram)?;
    ram.change(|records, change| {
        let holder = holder(ram, records)?;
        let mut permissions = holder.permissions().clone();
        permissions.inline.insert(name.to_owned(), text.to_owned());
        if permissions.inline.len() > MOST {
            return Err(limit("InlinePolicy", MOST));
        }
        holder.put(permissions, change);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    ram.read(|records| {
        let holder = holder(ram, records)?;
        let text = holder
            .permissions()
            .inline
            .get(name)
            .ok_or_else(|| not_exist("InlinePolicy", name))?;
        let fields = vec![
            ("PolicyName", Node::from(name)),
            ("PolicyDocument", text.as_str().into()),
        ];
        Ok(vec![("InlinePolicy", fields.into())])
    })
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    let name = ram.params.name(&POLICY_NAME)?;
    ram.change(|records, change| {
        let holder = holder(ram, records)?;
        let mut permissions = holder.permissions().clone();
        if permissions.inline.remove(name).is_none() {
            return Err(not_exist("InlinePolicy", name));
        }
        holder.put(permissions, change);
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    ram.read(|records| {
        let holder = holder(ram, records)?;
        let policies = holder.permissions().inline.keys();
        let policies = policies
            .map(|name| Node::Record(vec![("PolicyName", name.as_str().into())]))
            .collect();
        Ok(vec![(
            "InlinePolicies",
            Node::List("InlinePolicy", policies),
        )])
    })
}
