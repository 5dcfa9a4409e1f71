//! Who asks, as decisions see it. Resolved from an AccessKey by the server; plain data here.

use crate::policy::Policy;
use std::sync::Arc;

/// A policy attached to an identity: to the user, to one of its groups, or to the role.
#[derive(Debug, Clone)]
pub struct Attached {
    /// Name of the policy, for explanations.
    pub name: Arc<str>,
    /// The policy.
    pub policy: Arc<Policy>,
}

/// A proven identity, owned and cheap to share: what an AccessKey stands for. It holds at the moment of the request;
/// nothing of it is fixed when a URL is signed.
#[derive(Debug, Clone)]
pub enum Principal {
    /// The account itself.
    Root {
        /// Account id.
        account: Arc<str>,
    },
    /// A RAM user.
    User {
        /// Account id.
        account: Arc<str>,
        /// User id.
        id: Arc<str>,
        /// User name.
        name: Arc<str>,
        /// Policies of the user and of its groups.
        policies: Arc<[Attached]>,
    },
    /// A session of a role.
    Session {
        /// Account id of the role.
        account: Arc<str>,
        /// Role id.
        role_id: Arc<str>,
        /// Role name.
        role: Arc<str>,
        /// Session name.
        session: Arc<str>,
        /// Policies of the role.
        policies: Arc<[Attached]>,
        /// Policy of the session, which can only narrow.
        session_policy: Option<Arc<Policy>>,
    },
}

impl Principal {
    /// Account id.
    pub fn account(&self) -> &str {
        match self {
            Self::Root { account } | Self::User { account, .. } | Self::Session { account, .. } => {
                account
            }
        }
    }

    /// The identity as a decision takes it.
    pub fn caller(&self) -> Caller<'_> {
        match self {
            Self::Root { account } => Caller::Root { account },
            Self::User {
                account,
                id,
                name,
                policies,
            } => Caller::User {
                account,
                id,
                name,
                policies,
            },
            Self::Session {
                account,
                role_id,
                role,
                session,
                policies,
                session_policy,
            } => Caller::Session {
                account,
                role_id,
                role,
                session,
                policies,
                session_policy: session_policy.as_deref(),
            },
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// No signature.
    Anonymous,
    /// A key of the account itself.
    Root {
        /// Account id.
        account: &'a str,
    },
    /// A key of a user of an account. Not the bucket owner, also when the account is: users have only what policies and
    /// ACLs give them.
    User {
        /// Account id.
        account: &'a str,
        /// User id.
        id: &'a str,
        /// User name.
        name: &'a str,
        /// Policies of the user and of its groups.
        policies: &'a [Attached],
    },
    /// Temporary credentials of a role.
    Session {
        /// Account id of the role.
        account: &'a str,
        /// Role id.
        role_id: &'a str,
        /// Role name.
        role: &'a str,
        /// Session name.
        session: &'a str,
        /// Policies of the role.
        policies: &'a [Attached],
        /// Policy of the session.
        session_policy: Option<&'a Policy>,
    },
}

impl<'a> Caller<'a> {
    /// Account id; `None` for anonymous callers.
    pub fn account(&self) -> Option<&'a str> {
        match *self {
            Self::Anonymous => None,
            Self::Root { account } | Self::User { account, .. } | Self::Session { account, .. } => {
                Some(account)
            }
        }
    }

    /// Policies attached to the identity: none for the account itself and for anonymous callers.
    pub fn policies(&self) -> &'a [Attached] {
        match *self {
            Self::Anonymous | Self::Root { .. } => &[],
            Self::User { policies, .. } | Self::Session { policies, .. } => policies,
        }
    }

    /// Policy of the session, if there is one.
    pub fn session_policy(&self) -> Option<&'a Policy> {
        match *self {
            Self::Session { session_policy, .. } => session_policy,
            _ => None,
        }
    }

    /// Whether this is the key of the account `account` itself.
    pub fn is_root_of(&self, account: &str) -> bool {
        matches!(self, Self::Root { account: own } if *own == account)
    }

    /// `AuthPrincipalType` of a refusal (access-control.md §10); `None` for anonymous callers.
    pub fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::Root { .. } => Some("RootUser"),
            Self::User { .. } => Some("SubUser"),
            Self::Session { .. } => Some("AssumedRoleUser"),
        }
    }

    /// `AuthPrincipalDisplayName` of a refusal: account id, user id, or `ROLE:SESSION`.
    pub fn display_name(&self) -> String {
        match self {
            Self::Anonymous => String::new(),
            Self::Root { account } => (*account).to_owned(),
            Self::User { id, .. } => (*id).to_owned(),
            Self::Session { role, session, .. } => format!("{role}:{session}"),
        }
    }
}
