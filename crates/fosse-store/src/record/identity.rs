//! Accounts and what belongs to them: users, groups, roles and policies, with the AccessKeys' stored form.
//!
//! Policies are kept as the text that their author wrote: the store does not know what they mean.

use super::{AccessKey, Record, whole};
use crate::error::{Result, StoreError};
use crate::master_keys::MasterKeys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An account: the owner of buckets, and the root of its users, groups, roles and policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// 16 digits.
    pub id: String,
    /// The operator's name for it.
    pub name: String,
    /// Account alias, the name in sign-in addresses.
    pub alias: Option<String>,
    /// A disabled account's keys and sessions are refused.
    pub enabled: bool,
    /// Public access to all of its buckets is blocked.
    pub block_public_access: bool,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// Grows with each change of anything that belongs to the account; changes expect what they read.
    pub revision: u64,
}

impl Account {
    /// An account that nothing was recorded about yet: one that only its AccessKeys name.
    pub(crate) fn unrecorded(id: &str) -> Self {
        Account {
            id: id.to_owned(),
            name: String::new(),
            alias: None,
            enabled: true,
            block_public_access: false,
            created_ms: 0,
            revision: 0,
        }
    }
}

/// Whose policy: one that comes with Fosse, or one of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum PolicyType {
    System,
    Custom,
}

/// A policy that is attached to a user, group or role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Whose policy.
    pub kind: PolicyType,
    /// Its name.
    pub name: String,
    /// When it was attached, Unix milliseconds.
    pub attached_ms: i64,
}

/// Permissions of a user, group or role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// Managed policies, in the order of their attachment.
    pub attached: Vec<Attachment>,
    /// Inline policies: name to text.
    pub inline: BTreeMap<String, String>,
}

impl Permissions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.attached.is_empty() && self.inline.is_empty()
    }

    /// Whether this policy is attached.
    pub fn has(&self, kind: PolicyType, name: &str) -> bool {
        self.attached
            .iter()
            .any(|a| a.kind == kind && a.name.eq_ignore_ascii_case(name))
    }
}

/// A RAM user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// 18 digits; stays when the user is renamed.
    pub id: String,
    /// Account.
    pub account: String,
    /// Name, unique in the account in any case.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// Mobile phone.
    pub mobile_phone: String,
    /// Mail address.
    pub email: String,
    /// Remark.
    pub comments: String,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was changed last, Unix milliseconds.
    pub updated_ms: i64,
    /// Groups that it is in: group id to when it joined, Unix milliseconds.
    pub groups: BTreeMap<String, i64>,
    /// What it may do by itself.
    pub permissions: Permissions,
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `g-` and 16 characters.
    pub id: String,
    /// Account.
    pub account: String,
    /// Name, unique in the account in any case.
    pub name: String,
    /// Remark.
    pub comments: String,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was changed last, Unix milliseconds.
    pub updated_ms: i64,
    /// What its members may do.
    pub permissions: Permissions,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// 18 digits. A role that is deleted and made again has another, so that sessions of the old one end.
    pub id: String,
    /// Account.
    pub account: String,
    /// Name as given; unique in the account in any case.
    pub name: String,
    /// Remark.
    pub description: String,
    /// Trust policy, JSON.
    pub trust: String,
    /// Longest session in seconds.
    pub max_session_seconds: u32,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was changed last, Unix milliseconds.
    pub updated_ms: i64,
    /// What its sessions may do.
    pub permissions: Permissions,
}

/// A policy of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Number of the record; not shown.
    pub id: String,
    /// Account.
    pub account: String,
    /// Name, unique in the account in any case.
    pub name: String,
    /// Remark.
    pub description: String,
    /// Versions, oldest first; never empty.
    pub versions: Vec<PolicyVersion>,
    /// Number of the version in force.
    pub default_version: u32,
    /// Number of the next version.
    pub next_version: u32,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was changed last, Unix milliseconds.
    pub updated_ms: i64,
}

impl Policy {
    /// The version with this number.
    pub fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|v| v.number == number)
    }

    /// The text in force; empty, which allows nothing, should the record be damaged.
    pub fn text(&self) -> &str {
        self.version(self.default_version)
            .map_or("", |v| v.text.as_str())
    }
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// 1 is `v1`.
    pub number: u32,
    /// The text, JSON.
    pub text: String,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
}

impl Record for Account {}
impl Record for User {}
impl Record for Group {}
impl Record for Role {}
impl Record for Policy {}
impl Record for i64 {}

/// An [`AccessKey`] as it is written: the secret is sealed, bound to the id.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredAccessKey {
    id: String,
    sealed_secret: Vec<u8>,
    owner: String,
    user: Option<String>,
    enabled: bool,
    root: bool,
    created_ms: i64,
    comment: String,
    /// Of a record of format 1, which had it in clear.
    #[serde(skip)]
    clear_secret: Option<String>,
}

/// Format 1.
#[derive(Deserialize)]
struct OldAccessKey {
    id: String,
    secret: String,
    owner: String,
    enabled: bool,
    root: bool,
    created_ms: i64,
    comment: String,
}

impl Record for StoredAccessKey {
    const VERSION: u8 = 2;

    fn other(version: u8, body: &[u8]) -> Option<postcard::Result<Self>> {
        (version == 1).then(|| {
            whole::<OldAccessKey>(body).map(|old| StoredAccessKey {
                id: old.id,
                sealed_secret: Vec::new(),
                owner: old.owner,
                user: None,
                enabled: old.enabled,
                root: old.root,
                created_ms: old.created_ms,
                comment: old.comment,
                clear_secret: Some(old.secret),
            })
        })
    }
}

/// What secrets of AccessKeys are sealed for.
const PURPOSE: &str = "access-key-secret";

impl StoredAccessKey {
    pub(crate) fn seal(key: &AccessKey, master_keys: &MasterKeys) -> Result<Self> {
        let sealed = master_keys.seal(PURPOSE, key.id.as_bytes(), key.secret.as_bytes())?;
        Ok(StoredAccessKey {
            id: key.id.clone(),
            sealed_secret: sealed,
            owner: key.owner.clone(),
            user: key.user.clone(),
            enabled: key.enabled,
            root: key.root,
            created_ms: key.created_ms,
            comment: key.comment.clone(),
            clear_secret: None,
        })
    }

    /// Whether the secret is still in clear on disk.
    pub(crate) fn is_clear(&self) -> bool {
        self.clear_secret.is_some()
    }

    pub(crate) fn open(self, master_keys: &MasterKeys) -> Result<AccessKey> {
        let secret = match self.clear_secret {
            Some(secret) => secret,
            None => {
                let plain = master_keys.open(PURPOSE, self.id.as_bytes(), &self.sealed_secret)?;
                String::from_utf8(plain).map_err(|_| {
                    StoreError::Corrupt(format!("the secret of AccessKey {} is no text", self.id))
                })?
            }
        };
        Ok(AccessKey {
            id: self.id,
            secret,
            owner: self.owner,
            user: self.user,
            enabled: self.enabled,
            root: self.root,
            created_ms: self.created_ms,
            comment: self.comment,
        })
    }
}
