//! Accounts: the alias, which RAM knows, and the accounts themselves, which only an operator manages.

use super::params::{ALIAS, invalid};
use super::{Ram, Reply, already_exists, date, delete_conflict, fault, not_exist, random_digits};
use crate::rpc::{Node, RpcError};
use fosse_store::identity::{Account, ChangeError};

/// Most accounts.
const MOST: usize = 10_000;

fn shown(account: &Account) -> Vec<(&'static str, Node)> {
    vec![
        ("AccountId", Node::from(account.id.as_str())),
        ("AccountName", account.name.as_str().into()),
        (
            "AccountAlias",
            account.alias.as_deref().unwrap_or_default().into(),
        ),
        (
            "Status",
            if account.enabled {
                "Active"
            } else {
                "Inactive"
            }
            .into(),
        ),
        ("CreateDate", date(account.created_ms)),
    ]
}

pub(super) async fn get_alias(ram: &Ram<'_>) -> Reply {
    ram.read(|records| {
        // The service has the account id where no alias was chosen.
        let alias = records.account.alias.as_deref().unwrap_or(ram.account);
        Ok(vec![("AccountAlias", alias.into())])
    })
}

pub(super) async fn set_alias(ram: &Ram<'_>) -> Reply {
    let alias = ram.params.name(&ALIAS)?.to_owned();
    ram.change(|records, change| {
        change.put_account(Account {
            alias: Some(alias),
            ..Account::clone(&records.account)
        });
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

pub(super) async fn clear_alias(ram: &Ram<'_>) -> Reply {
    ram.change(|records, change| {
        if records.account.alias.is_some() {
            change.put_account(Account {
                alias: None,
                ..Account::clone(&records.account)
            });
        }
        Ok(())
    })
    .await?;
    Ok(Vec::new())
}

/// `AccountName`, free text.
fn name(ram: &Ram<'_>) -> Result<Option<String>, RpcError> {
    let text = ram.params.text("AccountName", 128)?;
    Ok(text.map(str::to_owned))
}

pub(super) async fn create(ram: &Ram<'_>) -> Reply {
    let id = match ram.params.get("AccountId") {
        None => random_digits(16)?,
        Some(id) if id.len() == 16 && id.bytes().all(|b| b.is_ascii_digit()) => id.to_owned(),
        Some(_) => {
            return Err(invalid(
                "AccountId",
                "",
                "The parameter AccountId must be 16 digits.".into(),
            ));
        }
    };
    if ram.store.accounts().len() >= MOST {
        return Err(super::limit("Account", MOST));
    }
    let account = Account {
        id: id.clone(),
        name: name(ram)?.unwrap_or_default(),
        alias: None,
        enabled: true,
        block_public_access: false,
        created_ms: ram.now_ms,
        revision: 0,
    };
    match ram.store.create_account(account).await {
        Ok(account) => Ok(vec![("Account", shown(&account).into())]),
        Err(fosse_store::StoreError::Conflict) => Err(already_exists("Account", &id)),
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    ram.read(|records| {
        let mut fields = shown(&records.account);
        for (name, count) in [
            ("Users", records.users.len()),
            ("Groups", records.groups.len()),
            ("Roles", records.roles.len()),
            ("Policies", records.policies.len()),
        ] {
            fields.push((name, Node::Number(i64::try_from(count).unwrap_or(i64::MAX))));
        }
        Ok(vec![("Account", fields.into())])
    })
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    let accounts = ram.store.accounts();
    let accounts = accounts.iter().map(|account| shown(account).into());
    Ok(vec![(
        "Accounts",
        Node::List("Account", accounts.collect()),
    )])
}

pub(super) async fn update(ram: &Ram<'_>) -> Reply {
    let name = name(ram)?;
    let enabled = match ram.params.get("Status") {
        None => None,
        Some("Active") => Some(true),
        Some("Inactive") => Some(false),
        Some(_) => {
            return Err(invalid(
                "Status",
                "",
                "The parameter Status must be Active or Inactive.".into(),
            ));
        }
    };
    let answer = ram
        .change(|records, change| {
            if enabled == Some(false) && records.keys_of(None).iter().any(|key| key.root) {
                return Err(delete_conflict(
                    "Account",
                    "RootAccessKey",
                    "The account of the server's root AccessKey cannot be disabled.",
                ));
            }
            let old = &records.account;
            let account = Account {
                name: name.unwrap_or_else(|| old.name.clone()),
                enabled: enabled.unwrap_or(old.enabled),
                ..Account::clone(old)
            };
            let answer = shown(&account);
            change.put_account(account);
            Ok(answer)
        })
        .await?;
    Ok(vec![("Account", answer.into())])
}

pub(super) async fn delete(ram: &Ram<'_>) -> Reply {
    match ram.store.delete_account(ram.account).await {
        Ok(()) => Ok(Vec::new()),
        Err(ChangeError::NoSuchAccount) => Err(not_exist("Account", ram.account)),
        Err(ChangeError::Refused(())) => Err(delete_conflict(
            "Account",
            "Entity",
            "The account has users, groups, roles, policies, AccessKeys or buckets, delete them first.",
        )),
        Err(ChangeError::Store(error)) => Err(fault(error)),
    }
}
