//! From an AccessKey id, or a token, to what is known about its holder; cached.

use super::last_use::{LastUse, LastUses};
use super::session::Session;
use crate::ram::system_policy;
use fosse_policy::{Attached, Policy, Principal};
use fosse_store::identity::{AccountRecords, Permissions, PolicyType, Role, User};
use fosse_store::{AccessKey, Store};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// AccessKeys whose principals are kept.
const KEYS: usize = 65_536;
/// Sessions that are kept.
const SESSIONS: usize = 65_536;
/// Compiled policies that are kept: one per text, so thousands of users with one policy share it.
const POLICIES: usize = 8_192;

/// What stands in for a policy that cannot be read any more: refusing is the safe side.
const REFUSE_ALL: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// What is known about the holder of a key.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) access_key_id: Arc<str>,
    /// Whom the key stands for, with the policies that are attached now.
    pub(crate) principal: Principal,
    /// The secret; never printed.
    pub(crate) secret: Secret,
    /// The key may be used.
    pub(crate) enabled: bool,
    /// The account may.
    pub(crate) account_enabled: bool,
    /// The session, if it is one.
    pub(crate) session: Option<Arc<Session>>,
    last_use: Option<Arc<LastUse>>,
}

/// A secret that does not print itself.
pub(crate) struct Secret(pub(crate) Arc<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Known {
    /// Notes that the key was used for a request.
    pub(crate) fn touch(&self, now_ms: i64) {
        if let Some(last_use) = &self.last_use {
            last_use.touch(now_ms);
        }
    }

    /// Last good second of a session, Unix seconds; `None` for permanent keys.
    pub(crate) fn expires_at(&self) -> Option<i64> {
        self.session.as_ref().map(|session| session.expires_at)
    }
}

/// What a look-up found.
pub(crate) enum Look {
    Known(Arc<Known>),
    /// No such key.
    Unknown,
    /// The token was not made here, was changed, or its role is gone.
    BadToken,
    /// The token was issued with another key.
    OtherKey,
}

/// Something that was derived from the store's records at a revision.
#[derive(Clone)]
struct Derived {
    revision: u64,
    known: Arc<Known>,
}

/// The caches. One per service.
pub(crate) struct Principals {
    keys: Cache<String, Derived>,
    sessions: Cache<String, Derived>,
    policies: Cache<String, Arc<Policy>>,
    pub(crate) last_uses: LastUses,
}

impl Principals {
    pub(crate) fn new() -> Self {
        Self {
            keys: Cache::new(KEYS),
            sessions: Cache::new(SESSIONS),
            policies: Cache::new(POLICIES),
            last_uses: LastUses::default(),
        }
    }

    /// The holder of a permanent key.
    pub(crate) fn by_key(&self, store: &Store, access_key_id: &str) -> Look {
        // Before the records: what is derived from newer ones only counts as old too early.
        let revision = store.identity_revision();
        if let Some(derived) = self.keys.get(access_key_id)
            && derived.revision == revision
        {
            return Look::Known(derived.known);
        }
        let Some(known) = self.derive_key(store, access_key_id) else {
            self.keys.remove(access_key_id);
            return Look::Unknown;
        };
        let known = Arc::new(known);
        let derived = Derived {
            revision,
            known: known.clone(),
        };
        self.keys.insert(access_key_id.to_owned(), derived);
        Look::Known(known)
    }

    /// The holder of a session's key.
    pub(crate) fn by_token(&self, store: &Store, access_key_id: &str, token: &str) -> Look {
        let revision = store.identity_revision();
        let cached = self.sessions.get(token);
        if let Some(derived) = &cached
            && derived.revision == revision
        {
            return look(derived.known.clone(), access_key_id);
        }
        let session = match cached.and_then(|derived| derived.known.session.clone()) {
            Some(session) => session,
            None => match Session::open(token, store.master_keys()) {
                Ok(session) => Arc::new(session),
                Err(error) => {
                    tracing::debug!(%error, "a security token was refused");
                    return Look::BadToken;
                }
            },
        };
        let Some(known) = self.derive_session(store, session) else {
            self.sessions.remove(token);
            return Look::BadToken;
        };
        let known = Arc::new(known);
        let derived = Derived {
            revision,
            known: known.clone(),
        };
        self.sessions.insert(token.to_owned(), derived);
        look(known, access_key_id)
    }

    fn derive_key(&self, store: &Store, access_key_id: &str) -> Option<Known> {
        let key: Arc<AccessKey> = store.access_key(access_key_id)?;
        let account: Arc<str> = key.owner.as_str().into();
        let (principal, account_enabled) = store.read_account(&key.owner, |records| {
            let principal = match &key.user {
                None => Principal::Root { account },
                Some(id) => {
                    let user = records.users.by_id(id)?;
                    Principal::User {
                        account,
                        id: user.id.as_str().into(),
                        name: user.name.as_str().into(),
                        policies: self.of_user(records, user),
                    }
                }
            };
            Some((principal, records.account.enabled))
        })??;
        Some(Known {
            access_key_id: key.id.as_str().into(),
            principal,
            secret: Secret(key.secret.as_str().into()),
            enabled: key.enabled,
            account_enabled,
            session: None,
            last_use: Some(self.last_uses.of(access_key_id)),
        })
    }

    /// `None`: the role is gone. One that was made again with the same name has another number.
    fn derive_session(&self, store: &Store, session: Arc<Session>) -> Option<Known> {
        let (principal, account_enabled) = store.read_account(&session.account, |records| {
            let role = records.roles.by_id(&session.role_id)?;
            let principal = Principal::Session {
                account: role.account.as_str().into(),
                role_id: role.id.as_str().into(),
                role: role.name.to_ascii_lowercase().into(),
                session: session.name.clone(),
                policies: self.of_role(records, role),
                session_policy: session.policy.clone(),
            };
            Some((principal, records.account.enabled))
        })??;
        Some(Known {
            access_key_id: session.access_key_id.as_str().into(),
            principal,
            secret: Secret(session.secret.clone()),
            enabled: true,
            account_enabled,
            session: Some(session),
            last_use: None,
        })
    }

    fn of_user(&self, records: &AccountRecords, user: &User) -> Arc<[Attached]> {
        let mut all = Vec::new();
        self.collect(records, &user.permissions, &mut all);
        for id in user.groups.keys() {
            if let Some(group) = records.groups.by_id(id) {
                self.collect(records, &group.permissions, &mut all);
            }
        }
        all.into()
    }

    fn of_role(&self, records: &AccountRecords, role: &Role) -> Arc<[Attached]> {
        let mut all = Vec::new();
        self.collect(records, &role.permissions, &mut all);
        all.into()
    }

    fn collect(
        &self,
        records: &AccountRecords,
        permissions: &Permissions,
        all: &mut Vec<Attached>,
    ) {
        for attachment in &permissions.attached {
            let text = match attachment.kind {
                PolicyType::System => system_policy::find(&attachment.name).map(|p| p.text),
                PolicyType::Custom => records.policies.get(&attachment.name).map(|p| p.text()),
            };
            // A policy cannot go while it is attached; should it have gone, it may have refused something.
            let policy = self.compiled(text.unwrap_or(REFUSE_ALL), &attachment.name);
            all.push(Attached {
                name: attachment.name.as_str().into(),
                policy,
            });
        }
        for (name, text) in &permissions.inline {
            all.push(Attached {
                name: name.as_str().into(),
                policy: self.compiled(text, name),
            });
        }
    }

    fn compiled(&self, text: &str, name: &str) -> Arc<Policy> {
        if let Some(policy) = self.policies.get(text) {
            return policy;
        }
        let policy = Policy::ram(text.as_bytes()).unwrap_or_else(|error| {
            tracing::error!(name, %error, "a stored policy cannot be read: it refuses everything");
            refuse_all()
        });
        let policy = Arc::new(policy);
        self.policies.insert(text.to_owned(), policy.clone());
        policy
    }
}

fn look(known: Arc<Known>, access_key_id: &str) -> Look {
    if *known.access_key_id == *access_key_id {
        Look::Known(known)
    } else {
        Look::OtherKey
    }
}

/// The policy of [`REFUSE_ALL`].
fn refuse_all() -> Policy {
    #[allow(clippy::expect_used, reason = "a constant, which a test reads")]
    Policy::ram(REFUSE_ALL.as_bytes()).expect("the constant is a policy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_policy_refuses() {
        let principals = Principals::new();
        let policy = principals.compiled("{", "broken");
        assert_eq!(*policy, refuse_all());
        assert_eq!(policy.len(), 1);
    }
}
